/* SPDX-License-Identifier: MIT */
/*
 * A part of a column in another unit: apart from the rest by a gap, and the
 * rest's distribution multiplied by one of the factors that people mix up.
 */
#include "profile_types.h"

typedef struct units_part {
    uint64_t at, count; /* of the values */
    double median, spread; /* of the logarithms, or of the values */
} units_part;

static const struct {
    double factor, offset;
    const char *name;
} units_known[] = {
    {10, 0, "x 10"},         {100, 0, "x 100"},
    {1000, 0, "x 1000"},     {1e4, 0, "x 10^4"},
    {1e6, 0, "x 10^6"},      {1e9, 0, "x 10^9"},
    {2.54, 0, "x 2.54 (inch, cm)"},
    {1 / 0.3048, 0, "x 3.2808 (m, ft)"},
    {1 / 0.4536, 0, "x 2.2046 (kg, lb)"},
    {1.609344, 0, "x 1.6093 (mile, km)"},
    {10.763910416709722, 0, "x 10.764 (m2, sqft)"},
    {1.8, 32, "x 1.8 + 32 (C, F)"},
};

static double units_value(const mlpipe__profile_column *c, uint64_t i,
                          bool logs)
{
    return logs ? mlpipe__log(c->values[i]) : c->values[i];
}

static void units_describe(const mlpipe__profile_column *c, units_part *u,
                           bool logs)
{
    u->median = units_value(c, u->at + u->count / 2, logs);
    u->spread = (units_value(c, u->at + u->count * 3 / 4, logs) -
                 units_value(c, u->at + u->count / 4, logs)) / 1.349;
}

/*
 * The gap between the lower and the upper part: 1.5 deviations of the greater
 * part where the smaller has five values or more, three where it has three;
 * tails of 100 or more normal or lognormal values have none of them. It must
 * also be wider than what is left of the range would be by chance: the gap of
 * the greater part is looked for from the middle outward, the widest wins.
 */
static bool units_split(const mlpipe__profile_column *c, bool logs,
                        units_part *main, units_part *part)
{
    double widest = 0;
    uint64_t at = 0;

    for (uint64_t i = 3; i + 3 <= c->count; i++) {
        if (c->values[i] == c->values[i - 1])
            continue;
        const double gap =
            units_value(c, i, logs) - units_value(c, i - 1, logs);
        if (gap > widest) {
            widest = gap;
            at = i;
        }
    }
    if (!at)
        return false;
    const bool upper = c->count - at < at; /* the part lies above */
    *main = (units_part){upper ? 0 : at, upper ? at : c->count - at, 0, 0};
    *part = (units_part){upper ? at : 0, upper ? c->count - at : at, 0, 0};
    if ((double)part->count > 0.3 * (double)c->count)
        return false;
    units_describe(c, main, logs);
    units_describe(c, part, logs);
    return main->spread > 0 &&
           widest >= (part->count >= 5 ? 1.5 : 3) * main->spread;
}

/* Are the medians apart by the factor, within three standard errors of the
 * smaller one's and 2 %, and the spreads by no more than a factor of two? */
static bool units_matches(const units_part *main, const units_part *part,
                          uint32_t i, bool logs, double *off)
{
    const double n = mlpipe__sqrt((double)part->count);
    const bool upper = part->at > main->at;
    const double factor = units_known[i].factor;
    double distance, scale = 1;

    if (logs) {
        distance = (upper ? 1 : -1) * (part->median - main->median) -
                   mlpipe__log(factor);
    } else {
        const double low = upper ? main->median : part->median;
        const double high = upper ? part->median : main->median;
        distance = high - (factor * low + units_known[i].offset);
        scale = upper ? factor : 1 / factor;
        if (!upper)
            distance /= factor;
    }
    const double error = 3 * 1.2533 * main->spread * scale / n;
    const double room = logs ? 0.02 : 0.02 * main->spread;
    const double ratio = part->spread / (main->spread * scale);
    *off = distance < 0 ? -distance : distance;
    return *off <= error + room &&
           (part->count < 8 ? ratio < 3 : ratio < 2 && ratio > 0.5);
}

/* Logarithms of values that are spread evenly down to 0 have a long tail below,
 * with gaps that mean nothing: there the values themselves must be apart. */
static bool units_natural(const mlpipe__profile_column *c,
                          const units_part *main, const units_part *part)
{
    const uint64_t tenth = main->count / 10, end = main->at + main->count;
    const double low = units_value(c, main->at + tenth, true);
    const double high = units_value(c, end - 1 - tenth, true);
    const double iqr = c->values[main->at + main->count * 3 / 4] -
                       c->values[main->at + main->count / 4];

    return part->at > main->at ||
           low + high - 2 * main->median > -0.15 * (high - low) ||
           c->values[main->at] - c->values[main->at - 1] > iqr;
}

/* Temperatures lie evenly about their median; of counts, the few in a long tail
 * would pass for others in Fahrenheit. */
static bool units_even(const mlpipe__profile_column *c,
                       const units_part *main)
{
    const uint64_t tenth = main->count / 10, end = main->at + main->count;
    const double low = c->values[main->at + tenth];
    const double high = c->values[end - 1 - tenth];
    const double lean = low + high - 2 * main->median;

    return lean <= 0.3 * (high - low) && -lean <= 0.3 * (high - low);
}

static bool units_try(mlpipe__profile *p, const mlpipe__profile_column *c,
                      bool logs)
{
    const uint32_t n = sizeof units_known / sizeof *units_known;
    units_part main, part;
    uint32_t best = n;
    double least = mlpipe__inf(), off;

    if (!units_split(c, logs, &main, &part) ||
        (logs ? !units_natural(c, &main, &part) : !units_even(c, &main)))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (logs != (units_known[i].offset == 0))
            continue;
        if (units_matches(&main, &part, i, logs, &off) && off < least) {
            least = off;
            best = i;
        }
    }
    if (best == n)
        return false;
    mlpipe__profile_find(
        p, MLPIPE__PROFILE_UNITS, true, c->column, part.count,
        (double)part.count / (double)c->rows,
        "%s: %llu values about %g, %llu about %g", units_known[best].name,
        (unsigned long long)main.count,
        c->values[main.at + main.count / 2], (unsigned long long)part.count,
        c->values[part.at + part.count / 2]);
    return true;
}

void mlpipe__profile_units(mlpipe__profile *p,
                           const mlpipe__profile_column *c)
{
    if (c->count < 20 || c->distinct < 10)
        return;
    if (c->values[0] <= 0 || !units_try(p, c, true))
        (void)units_try(p, c, false);
}
