/* SPDX-License-Identifier: MIT */
/* Numbers as people write them, and units of measure. */
#include "support.h"

#include <math.h>

#include "base/base_internal.h"

#define NBSP "\xc2\xa0"

typedef struct text_case {
    const char *text;
    char decimal;
    double want;
} text_case;

static const text_case text_good[] = {
    {"$1,234.50", '.', 1234.5},
    {"1.234,50 EUR", ',', 1234.5},
    {"(1,200)", '.', -1200},
    {"12%", '.', 0.12},
    {"1_000", '.', 1000},
    {"1 234", '.', 1234},
    {"1" NBSP "234" NBSP "567,8", ',', 1234567.8},
    {"1\xe2\x80\xaf" "234", ',', 1234},
    {"1'234.5", '.', 1234.5},
    {"1\xe2\x80\x99" "234", '.', 1234},
    {"1,234", '.', 1234},
    {"1.234", ',', 1234},
    {"1.234", '.', 1.234},
    {"1,5", ',', 1.5},
    {" \t-5 ", '.', -5},
    {"+5", '.', 5},
    {"\xe2\x88\x92" "5", '.', -5},
    {"-$5", '.', -5},
    {"$-5", '.', -5},
    {"$ 5", '.', 5},
    {"($5)", '.', -5},
    {"$(5)", '.', -5},
    {"( 5.5 )", '.', -5.5},
    {"(1,200) USD", '.', -1200},
    {"(3%)", '.', -0.03},
    {"\xe2\x82\xac" "5", '.', 5},
    {"5" NBSP "\xe2\x82\xac", '.', 5},
    {"5\xc2\xa3", '.', 5},
    {"USD 5", '.', 5},
    {"US$5", '.', 5},
    {"EUR5", '.', 5},
    {".5", '.', 0.5},
    {"5.", '.', 5},
    {"-0", '.', -0.0},
    {"0.1", '.', 0.1},
    {"1.5e3", '.', 1500},
    {"1,5E-3", ',', 0.0015},
    {"29 %", '.', 0.29},
    {"0.7%", '.', 0.007},
    {"1,234.5%", '.', 12.345},
    {"9007199254740993", '.', 9007199254740992},
    {"12,345,678,901,234,567,890", '.', 12345678901234567890.0},
    {"007", '.', 7},
};

static const char *const text_bad[] = {
    "", " ", "$", "EUR", "-", "+", ".", "%", "()", "( )", "(", ")", "(5",
    "5)", "-(5)", "(-5)", "((5))", "--5", "+-5", "5-", "3.5k", "2M", "1k",
    "1,23", "12,34", "1,2345", "1234,567", "1,23,456", ",123", "1,,234",
    "1,234,", "1,234 567", "1 23", "0,123", "1.2.3", "1.234,5", "1.5,000",
    "$5$", "$5 USD", "5 EUR EUR", "ABC 5", "eur 5", "5 apples", "$12%",
    "5%%", "%5", "5e", "e5", "5e5%", "5e1.5", "1e999", "nan", "inf", "0x10",
    "5+5", "5-5", "1/2", "2015-02-01", "12:30", "\xff", "5\xff", "1__000",
    "1,000.000,5", "1\t234", "\xc2", "5\xe2\x82", "NaN", "US5"};

static void test_numbers(void **state)
{
    double x = 77;
    char longest[400];
    (void)state;
    for (size_t i = 0; i < sizeof text_good / sizeof text_good[0]; i++) {
        const text_case *c = &text_good[i];
        if (!mlpipe__parse_number_text(c->text, strlen(c->text), c->decimal,
                                       &x))
            fail_msg("%s is no number", c->text);
        if (memcmp(&x, &c->want, sizeof x))
            fail_msg("%s is %.17g, not %.17g", c->text, x, c->want);
    }
    x = 77;
    for (size_t i = 0; i < sizeof text_bad / sizeof text_bad[0]; i++)
        if (mlpipe__parse_number_text(text_bad[i], strlen(text_bad[i]), '.',
                                      &x))
            fail_msg("%s is %.17g", text_bad[i], x);
    assert_false(mlpipe__parse_number_text("1,234.5", 7, ',', &x));
    assert_false(mlpipe__parse_number_text("5", 1, ';', &x));
    assert_false(mlpipe__parse_number_text(NULL, 0, '.', &x));
    memset(longest, '1', sizeof longest);
    assert_false(mlpipe__parse_number_text(longest, 400, '.', &x));
    assert_same(x, 77.0);
    memset(longest + 1, '0', sizeof longest - 1);
    assert_true(mlpipe__parse_number_text(longest, 201, '.', &x));
    assert_same(x, 1e200);
}

/* Any number printed in groups reads back as itself, in each country. */
static void test_round_trip(void **state)
{
    static const struct {
        const char *group;
        char decimal;
    } styles[] = {{",", '.'}, {".", ','}, {" ", ','}, {NBSP, ','}, {"'", '.'},
                  {"_", '.'}};
    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        char plain[64], text[160];
        size_t n = 0;
        double x = 0;
        const uint64_t r = mlpipe__random64(2026, MLPIPE__FOR_TEST, 10, i, 0);
        const int style = (int)(i % 6), digits = (int)(r % 8);
        const double value = (double)(r >> 11) / exp2((double)(r % 50));
        snprintf(plain, sizeof plain, "%.*f", digits, value);
        const double want = strtod(plain, NULL);
        const size_t whole = strcspn(plain, ".");
        if (r & 1024)
            text[n++] = '(';
        for (size_t k = 0; plain[k]; k++) {
            if (k && k < whole && (whole - k) % 3 == 0) {
                strcpy(text + n, styles[style].group);
                n += strlen(styles[style].group);
            }
            text[n++] = plain[k] == '.' ? styles[style].decimal : plain[k];
        }
        if (r & 1024)
            text[n++] = ')';
        if (!mlpipe__parse_number_text(text, n, styles[style].decimal, &x))
            fail_msg("%.*s is no number", (int)n, text);
        assert_same(x, r & 1024 ? -want : want);
    }
}

/* ---- units -------------------------------------------------------------- */

static uint32_t text_unit(const char *name)
{
    uint32_t u = UINT32_MAX;
    if (!mlpipe__unit_find(name, strlen(name), &u))
        fail_msg("no unit %s", name);
    return u;
}

static void text_check(double x, const char *from, const char *to,
                       double want)
{
    double got = 0;
    if (!mlpipe__unit_convert(text_unit(from), text_unit(to), x, &got)
        || got != want)
        fail_msg("%g %s are %.17g %s, not %.17g", x, from, got, to, want);
}

static void test_known_conversions(void **state)
{
    double out = 5;
    (void)state;
    text_check(1, "mi", "km", 1.609344);
    text_check(1, "mile", "Feet", 5280);
    text_check(1, "ft", "in", 12);
    text_check(12, "\"", "ft", 1);
    text_check(1, "in", "cm", 2.54);
    text_check(1, "yd", "m", 0.9144);
    text_check(1, "acre", "sqft", 43560);
    text_check(640, "acre", "sqmi", 1);
    text_check(1, "ha", "m2", 10000);
    text_check(1, "m\xc2\xb2", "cm2", 10000);
    text_check(1, "gal", "in3", 231);
    text_check(1, "gal", "l", 3.785411784);
    text_check(1, "gal", "floz", 128);
    text_check(16, "cup", "gal", 1);
    text_check(1, "yd3", "ft3", 27);
    text_check(1, "bbl", "gal", 42);
    text_check(1, "lb", "oz", 16);
    text_check(1, "lb", "kg", 0.45359237);
    text_check(1, "st", "lb", 14);
    text_check(1, "short_ton", "lb", 2000);
    text_check(5, "ct", "g", 1);
    text_check(1, "w", "h", 168);
    text_check(90, "min", "h", 1.5);
    text_check(100, "C", "F", 212);
    text_check(-40, "F", "C", -40);
    text_check(0, "K", "C", -273.15);
    text_check(25, "celsius", "K", 298.15);
    text_check(98.6, "\xc2\xb0" "F", "\xc2\xb0" "C", 37);
    text_check(0, "F", "K", 255.37222222222222222);
    text_check(100, "km/h", "m/s", 100 / 3.6);
    text_check(1, "kn", "km/h", 1.852);
    text_check(60, "mph", "ft/s", 88);
    text_check(1, "atm", "torr", 760);
    text_check(1, "bar", "kPa", 100);
    text_check(1, "psi", "Pa", 6894.7572931683613367);
    text_check(1, "kWh", "MJ", 3.6);
    text_check(1, "kcal", "J", 4184);
    text_check(1, "hp", "W", 745.69987158227022);
    text_check(1, "PS", "kW", 0.73549875);
    text_check(1, "GiB", "MiB", 1024);
    text_check(1, "GB", "kB", 1e6);
    text_check(8, "bit", "B", 1);
    text_check(100, "Mbit", "MB", 12.5);
    text_check(1e308, "km", "m", HUGE_VAL);
    text_check(0x1p-1074, "km", "m", 1000 * 0x1p-1074);
    text_check(1e-320, "m", "km", 1e-323);
    text_check(HUGE_VAL, "C", "F", HUGE_VAL);
    text_check(-0.0, "m", "km", 0.0);
    assert_false(mlpipe__unit_convert(text_unit("m"), text_unit("s"), 1,
                                      &out));
    assert_false(mlpipe__unit_convert(text_unit("m2"), text_unit("m"), 1,
                                      &out));
    assert_false(mlpipe__unit_convert(UINT32_MAX, 0, 1, &out));
    assert_false(mlpipe__unit_convert(0, mlpipe__unit_count(), 1, &out));
    assert_same(out, 5.0);
}

static void test_names(void **state)
{
    static const char *const none[] = {"", " ", "M", "Mm", "mw", "KW h", "x",
                                       "meterss", "mete", "m ", "s m",
                                       "Kelvins", "c", "f", "\xff"};
    uint32_t u = 5;
    (void)state;
    assert_in_range(mlpipe__unit_count(), 60, 200);
    for (uint32_t i = 0; i < mlpipe__unit_count(); i++) {
        assert_int_equal(text_unit(mlpipe__quantity_name(i)), i);
        assert_non_null(mlpipe__quantity_dimension(i));
    }
    assert_null(mlpipe__quantity_name(mlpipe__unit_count()));
    assert_null(mlpipe__quantity_dimension(UINT32_MAX));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (mlpipe__unit_find(none[i], strlen(none[i]), &u))
            fail_msg("%s is %s", none[i], mlpipe__quantity_name(u));
    assert_false(mlpipe__unit_find("m\0", 2, &u));
    assert_false(mlpipe__unit_find(NULL, 0, &u));
    assert_int_equal(u, 5);
    assert_string_equal(mlpipe__quantity_name(text_unit("KiloMetres")), "km");
    assert_string_equal(mlpipe__quantity_name(text_unit("MW")), "MW");
    assert_string_equal(mlpipe__quantity_name(text_unit("\xce\xbcm")), "um");
    assert_string_equal(mlpipe__quantity_dimension(text_unit("psi")),
                        "pressure");
}

/* There and back, and by way of a third unit: a few units in the last place
 * at most, whatever the pair. */
static void test_all_pairs(void **state)
{
    const uint32_t n = mlpipe__unit_count();
    (void)state;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b < n; b++) {
            const double x = 1.0 + (a * n + b) % 97 / 7.0;
            double y = 0, back = 0, far = 0, there = 0;
            if (!mlpipe__unit_convert(a, b, x, &y)) {
                assert_string_not_equal(mlpipe__quantity_dimension(a),
                                        mlpipe__quantity_dimension(b));
                continue;
            }
            assert_true(mlpipe__unit_convert(b, a, y, &back));
            const double scale = fabs(y) > 300 ? fabs(y) : 300;
            const int hot = !strcmp(mlpipe__quantity_dimension(a),
                                    "temperature");
            assert_true(fabs(back - x) <= (hot ? 0x1p-52 * scale
                                               : 0x1p-52 * x));
            for (uint32_t c = 0; c < n; c++)
                if (mlpipe__unit_convert(a, c, x, &far)) {
                    assert_true(mlpipe__unit_convert(c, b, far, &there));
                    assert_true(fabs(there - y)
                                <= (hot ? 0x1p-51 * 1000
                                        : 0x1.8p-52 * fabs(y)));
                }
        }
}

typedef struct text_quantity {
    const char *text;
    char decimal;
    double x;
    const char *unit;
} text_quantity;

static void test_quantities(void **state)
{
    static const text_quantity good[] = {
        {"12.5 km", '.', 12.5, "km"},
        {"1,200sqft", '.', 1200, "sqft"},
        {"1.200,5 m2", ',', 1200.5, "m2"},
        {" -40\xc2\xb0" "C ", '.', -40, "C"},
        {"98.6 F", '.', 98.6, "F"},
        {"1.5e3 m", '.', 1500, "m"},
        {"5 \xc2\xb5m", '.', 5, "um"},
        {"5" NBSP "kg", '.', 5, "kg"},
        {"1" NBSP "234 Kilograms", '.', 1234, "kg"},
        {"65\"", '.', 65, "in"},
        {"10 m^2", '.', 10, "m2"},
        {"100 km/h", '.', 100, "km/h"},
    };
    static const char *const bad[] = {"", "km", "5", "5 parsecs", "$5 m",
                                      "5% m", "(5) m", "5 6 m", "5 m 3",
                                      "1,23 m", "m 5", "5 E", "5e3", "5 USD"};
    double x = 77;
    uint32_t u = 99;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const text_quantity *q = &good[i];
        if (!mlpipe__parse_quantity(q->text, strlen(q->text), q->decimal, &x,
                                    &u))
            fail_msg("%s is no quantity", q->text);
        assert_same(x, q->x);
        assert_string_equal(mlpipe__quantity_name(u), q->unit);
    }
    x = 77;
    u = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mlpipe__parse_quantity(bad[i], strlen(bad[i]), '.', &x, &u))
            fail_msg("%s is %g %s", bad[i], x, mlpipe__quantity_name(u));
    assert_false(mlpipe__parse_quantity(NULL, 0, '.', &x, &u));
    assert_same(x, 77.0);
    assert_int_equal(u, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_known_conversions),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_all_pairs),
        cmocka_unit_test(test_quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
