/* SPDX-License-Identifier: MIT */
/*
 * Units of measure, each as an exact fraction of the first of its dimension;
 * those of temperature have a zero of their own as well. Definitions are
 * those of the SI and of the international yard and pound of 1959.
 */
#include "dd_internal.h"

enum unit_dimension {
    UNIT_LENGTH, UNIT_AREA, UNIT_VOLUME, UNIT_MASS, UNIT_TIME,
    UNIT_TEMPERATURE, UNIT_SPEED, UNIT_PRESSURE, UNIT_ENERGY, UNIT_POWER,
    UNIT_DATA
};

static const char *const unit_dimensions[] = {
    "length", "area", "volume", "mass", "time", "temperature", "speed",
    "pressure", "energy", "power", "data"};

/* base = x top / bottom + zero / 900. */
typedef struct unit_row {
    const char *name, *others; /* parted by blanks */
    uint8_t dimension;
    uint64_t top, bottom;
    int32_t zero;
} unit_row;

#define K UINT64_C(1000)
#define M UINT64_C(1000000)
#define G UINT64_C(1000000000)
#define T UINT64_C(1000000000000)

static const unit_row unit_rows[] = {
    {"m", "meter meters metre metres", UNIT_LENGTH, 1, 1, 0},
    {"km", "KM kilometer kilometers kilometre kilometres", UNIT_LENGTH, K, 1,
     0},
    {"cm", "CM centimeter centimeters centimetre centimetres", UNIT_LENGTH, 1,
     100, 0},
    {"mm", "MM millimeter millimeters millimetre millimetres", UNIT_LENGTH, 1,
     K, 0},
    {"um", "\xc2\xb5m \xce\xbcm micrometer micrometers micron microns",
     UNIT_LENGTH, 1, M, 0},
    {"nm", "nanometer nanometers", UNIT_LENGTH, 1, G, 0},
    {"in", "IN \" inch inches", UNIT_LENGTH, 254, 10 * K, 0},
    {"ft", "FT foot feet", UNIT_LENGTH, 3048, 10 * K, 0},
    {"yd", "YD yard yards", UNIT_LENGTH, 9144, 10 * K, 0},
    {"mi", "MI mile miles", UNIT_LENGTH, 1609344, K, 0},
    {"nmi", "nautical_mile nautical_miles", UNIT_LENGTH, 1852, 1, 0},

    {"m2", "m^2 m\xc2\xb2 sqm", UNIT_AREA, 1, 1, 0},
    {"km2", "km^2 km\xc2\xb2 sqkm", UNIT_AREA, M, 1, 0},
    {"cm2", "cm^2 cm\xc2\xb2", UNIT_AREA, 1, 10 * K, 0},
    {"mm2", "mm^2 mm\xc2\xb2", UNIT_AREA, 1, M, 0},
    {"ha", "hectare hectares", UNIT_AREA, 10 * K, 1, 0},
    {"acre", "ac acres", UNIT_AREA, UINT64_C(40468564224), 10 * M, 0},
    {"sqft", "ft2 ft^2 ft\xc2\xb2", UNIT_AREA, 9290304, 100 * M, 0},
    {"sqin", "in2 in^2 in\xc2\xb2", UNIT_AREA, 64516, 100 * M, 0},
    {"sqyd", "yd2 yd^2 yd\xc2\xb2", UNIT_AREA, 83612736, 100 * M, 0},
    {"sqmi", "mi2 mi^2 mi\xc2\xb2", UNIT_AREA, UINT64_C(2589988110336), M, 0},

    {"l", "L liter liters litre litres", UNIT_VOLUME, 1, 1, 0},
    {"ml", "mL ML milliliter milliliters millilitre millilitres", UNIT_VOLUME,
     1, K, 0},
    {"cl", "cL centiliter centiliters", UNIT_VOLUME, 1, 100, 0},
    {"dl", "dL deciliter deciliters", UNIT_VOLUME, 1, 10, 0},
    {"m3", "m^3 m\xc2\xb3", UNIT_VOLUME, K, 1, 0},
    {"cm3", "cm^3 cm\xc2\xb3 ccm", UNIT_VOLUME, 1, K, 0},
    {"gal", "gallon gallons", UNIT_VOLUME, UINT64_C(3785411784), G, 0},
    {"qt", "quart quarts", UNIT_VOLUME, 946352946, G, 0},
    {"pt", "pint pints", UNIT_VOLUME, 473176473, G, 0},
    {"cup", "cups", UNIT_VOLUME, UINT64_C(2365882365), 10 * G, 0},
    {"floz", "fl_oz", UNIT_VOLUME, UINT64_C(295735295625), 10 * T, 0},
    {"galuk", "gallon_uk gallons_uk", UNIT_VOLUME, 454609, 100 * K, 0},
    {"bbl", "barrel barrels", UNIT_VOLUME, UINT64_C(158987294928), G, 0},
    {"ft3", "ft^3 ft\xc2\xb3 cuft", UNIT_VOLUME, UINT64_C(28316846592), G, 0},
    {"in3", "in^3 in\xc2\xb3 cuin", UNIT_VOLUME, 16387064, G, 0},
    {"yd3", "yd^3 yd\xc2\xb3 cuyd", UNIT_VOLUME, UINT64_C(764554857984), G, 0},

    {"kg", "KG kilogram kilograms", UNIT_MASS, 1, 1, 0},
    {"g", "gram grams", UNIT_MASS, 1, K, 0},
    {"mg", "milligram milligrams", UNIT_MASS, 1, M, 0},
    {"ug", "\xc2\xb5g \xce\xbcg microgram micrograms", UNIT_MASS, 1, G, 0},
    {"t", "tonne tonnes", UNIT_MASS, K, 1, 0},
    {"lb", "LB lbs pound pounds", UNIT_MASS, 45359237, 100 * M, 0},
    {"oz", "OZ ounce ounces", UNIT_MASS, 45359237, UINT64_C(1600000000), 0},
    {"st", "stone", UNIT_MASS, 635029318, 100 * M, 0},
    {"short_ton", "short_tons", UNIT_MASS, 90718474, 100 * K, 0},
    {"ct", "carat carats", UNIT_MASS, 2, 10 * K, 0},

    {"s", "sec secs second seconds", UNIT_TIME, 1, 1, 0},
    {"ms", "millisecond milliseconds", UNIT_TIME, 1, K, 0},
    {"us", "\xc2\xb5s \xce\xbcs microsecond microseconds", UNIT_TIME, 1, M, 0},
    {"ns", "nanosecond nanoseconds", UNIT_TIME, 1, G, 0},
    {"min", "mins minute minutes", UNIT_TIME, 60, 1, 0},
    {"h", "hr hrs hour hours", UNIT_TIME, 3600, 1, 0},
    {"d", "day days", UNIT_TIME, 86400, 1, 0},
    {"w", "week weeks", UNIT_TIME, 604800, 1, 0},

    {"K", "kelvin", UNIT_TEMPERATURE, 1, 1, 0},
    {"C", "\xc2\xb0" "C degC celsius", UNIT_TEMPERATURE, 1, 1, 245835},
    {"F", "\xc2\xb0" "F degF fahrenheit", UNIT_TEMPERATURE, 5, 9, 229835},

    {"m/s", "mps", UNIT_SPEED, 1, 1, 0},
    {"km/h", "kmh kph", UNIT_SPEED, 1000, 3600, 0},
    {"mph", "mi/h", UNIT_SPEED, 44704, 100 * K, 0},
    {"ft/s", "fps", UNIT_SPEED, 3048, 10 * K, 0},
    {"kn", "kt knot knots", UNIT_SPEED, 1852, 3600, 0},

    {"Pa", "pascal pascals", UNIT_PRESSURE, 1, 1, 0},
    {"hPa", "hectopascal", UNIT_PRESSURE, 100, 1, 0},
    {"kPa", "kilopascal", UNIT_PRESSURE, K, 1, 0},
    {"MPa", "megapascal", UNIT_PRESSURE, M, 1, 0},
    {"bar", "bars", UNIT_PRESSURE, 100 * K, 1, 0},
    {"mbar", "millibar millibars", UNIT_PRESSURE, 100, 1, 0},
    {"atm", "atmosphere atmospheres", UNIT_PRESSURE, 101325, 1, 0},
    {"psi", "", UNIT_PRESSURE, UINT64_C(44482216152605), UINT64_C(6451600000),
     0},
    {"mmHg", "", UNIT_PRESSURE, UINT64_C(133322387415), G, 0},
    {"inHg", "", UNIT_PRESSURE, UINT64_C(3386388640341), G, 0},
    {"torr", "", UNIT_PRESSURE, 101325, 760, 0},

    {"J", "joule joules", UNIT_ENERGY, 1, 1, 0},
    {"kJ", "kilojoule kilojoules", UNIT_ENERGY, K, 1, 0},
    {"MJ", "megajoule megajoules", UNIT_ENERGY, M, 1, 0},
    {"Wh", "", UNIT_ENERGY, 3600, 1, 0},
    {"kWh", "", UNIT_ENERGY, 3600 * K, 1, 0},
    {"MWh", "", UNIT_ENERGY, 3600 * M, 1, 0},
    {"cal", "calorie calories", UNIT_ENERGY, 4184, K, 0},
    {"kcal", "kilocalorie kilocalories", UNIT_ENERGY, 4184, 1, 0},
    {"BTU", "Btu", UNIT_ENERGY, UINT64_C(105505585262), 100 * M, 0},

    {"W", "watt watts", UNIT_POWER, 1, 1, 0},
    {"kW", "KW kilowatt kilowatts", UNIT_POWER, K, 1, 0},
    {"MW", "megawatt megawatts", UNIT_POWER, M, 1, 0},
    {"GW", "gigawatt gigawatts", UNIT_POWER, G, 1, 0},
    {"hp", "HP horsepower", UNIT_POWER, UINT64_C(37284993579113511), 50 * T, 0},
    {"PS", "", UNIT_POWER, 73549875, 100 * K, 0},

    {"B", "byte bytes", UNIT_DATA, 1, 1, 0},
    {"kB", "KB kilobyte kilobytes", UNIT_DATA, K, 1, 0},
    {"MB", "megabyte megabytes", UNIT_DATA, M, 1, 0},
    {"GB", "gigabyte gigabytes", UNIT_DATA, G, 1, 0},
    {"TB", "terabyte terabytes", UNIT_DATA, T, 1, 0},
    {"KiB", "kibibyte kibibytes", UNIT_DATA, 1 << 10, 1, 0},
    {"MiB", "mebibyte mebibytes", UNIT_DATA, 1 << 20, 1, 0},
    {"GiB", "gibibyte gibibytes", UNIT_DATA, 1 << 30, 1, 0},
    {"TiB", "tebibyte tebibytes", UNIT_DATA, UINT64_C(1) << 40, 1, 0},
    {"bit", "bits", UNIT_DATA, 1, 8, 0},
    {"kbit", "kilobit kilobits", UNIT_DATA, 125, 1, 0},
    {"Mbit", "megabit megabits", UNIT_DATA, 125 * K, 1, 0},
    {"Gbit", "gigabit gigabits", UNIT_DATA, 125 * M, 1, 0},
};

#undef K
#undef M
#undef G
#undef T

enum { UNIT_ROWS = sizeof unit_rows / sizeof unit_rows[0] };

static char unit_fold(char c, bool exact)
{
    return !exact && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Whether the text is one of the names, which blanks part. */
static bool unit_has(const char *names, const char *s, size_t n, bool exact)
{
    for (const char *p = names; *p; p += *p == ' ') {
        size_t i = 0;
        while (i < n && unit_fold(p[i], exact) == unit_fold(s[i], exact)
               && p[i] && p[i] != ' ')
            i++;
        if (i == n && (p[i] == ' ' || !p[i]))
            return true;
        while (*p && *p != ' ')
            p++;
    }
    return false;
}

/* As written; then, of four letters on, in any case: "mW" is not "MW". */
bool mlpipe__unit_find(const char *name, size_t n, uint32_t *unit)
{
    if (!n || n > 32)
        return false;
    for (uint32_t exact = 2; exact-- > 0;)
        for (uint32_t i = 0; i < UNIT_ROWS && (exact || n > 3); i++)
            if (unit_has(unit_rows[i].name, name, n, exact)
                || unit_has(unit_rows[i].others, name, n, exact)) {
                *unit = i;
                return true;
            }
    return false;
}

uint32_t mlpipe__unit_count(void)
{
    return UNIT_ROWS;
}

const char *mlpipe__quantity_name(uint32_t unit)
{
    return unit < UNIT_ROWS ? unit_rows[unit].name : NULL;
}

const char *mlpipe__quantity_dimension(uint32_t unit)
{
    return unit < UNIT_ROWS ? unit_dimensions[unit_rows[unit].dimension]
                            : NULL;
}

/* Without common factors, so that their products stay small. */
static void unit_reduce(uint64_t *a, uint64_t *b)
{
    uint64_t x = *a, y = *b;
    while (y) {
        const uint64_t rest = x % y;
        x = y;
        y = rest;
    }
    *a /= x;
    *b /= x;
}

/* An integer as two doubles. */
static mlpipe__dd unit_dd(uint64_t v)
{
    const double high = (double)(v >> 32) * 0x1p32;
    return mlpipe__dd_fast(high, (double)(v & UINT32_MAX));
}

/* (x top + shift) / bottom, rounded once but for a trifle. */
static double unit_apply(double x, uint64_t top, uint64_t bottom,
                         double shift)
{
    /* To where products of two doubles neither overflow nor get lost. */
    const double size = mlpipe__f64_abs(x);
    const double scale = size > 0x1p700 ? 0x1p-400
        : size < 0x1p-700 && shift == 0.0 ? 0x1p400 : 1.0;
    const mlpipe__dd t = unit_dd(top);
    const mlpipe__dd p = mlpipe__dd_product(x * scale, t.high);
    const mlpipe__dd s = mlpipe__dd_sum(p.high, shift * scale);
    const mlpipe__dd sum = mlpipe__dd_fast(
        s.high, s.low + (p.low + x * scale * t.low));
    return mlpipe__dd_quotient(sum, unit_dd(bottom)) / scale;
}

/* y bt / bb + zero of b = x at / ab + zero of a, all over 900. */
static double unit_temperature(const unit_row *a, const unit_row *b, double x)
{
    const uint64_t top = 900 * a->top * b->bottom;
    const uint64_t bottom = 900 * a->bottom * b->top;
    const int64_t shift = (int64_t)(a->zero - b->zero)
        * (int64_t)(a->bottom * b->bottom);
    return unit_apply(x, top, bottom, (double)shift);
}

static double unit_factor(const unit_row *a, const unit_row *b, double x)
{
    uint64_t at = a->top, ab = a->bottom, bt = b->top, bb = b->bottom;
    uint64_t top, bottom;
    unit_reduce(&at, &ab);
    unit_reduce(&bt, &bb);
    unit_reduce(&at, &bt);
    unit_reduce(&bb, &ab);
    if (__builtin_mul_overflow(at, bb, &top)
        || __builtin_mul_overflow(ab, bt, &bottom)) /* a few odd pairs */
        return unit_apply(unit_apply(x, at, ab, 0.0), bb, bt, 0.0);
    return unit_apply(x, top, bottom, 0.0);
}

bool mlpipe__unit_convert(uint32_t from, uint32_t to, double x, double *out)
{
    if (from >= UNIT_ROWS || to >= UNIT_ROWS
        || unit_rows[from].dimension != unit_rows[to].dimension)
        return false;
    const unit_row *a = &unit_rows[from], *b = &unit_rows[to];
    if (from == to || x - x != 0.0)
        *out = x;
    else if (a->dimension == UNIT_TEMPERATURE)
        *out = unit_temperature(a, b, x);
    else
        *out = unit_factor(a, b, x);
    return true;
}
