/* SPDX-License-Identifier: MIT */
/*
 * What looks wrong with numbers and times. Each rule asks for more than any
 * of the usual distributions (normal, uniform, lognormal, exponential, counts)
 * shows by chance, which a test draws 200 tables of.
 */
#include "profile_types.h"

/* ---- where the bulk lies ------------------------------------------------ */

/* A scale on which the bulk is symmetric: the values themselves or, where all
 * are above 0 and lean to the right, their logarithms. */
typedef struct number_scale {
    bool logs;
    double centre, spread; /* median; 1.4826 MAD, of a normal its sd */
} number_scale;

static double number_quantile(const mlpipe__profile_column *c, double q)
{
    return mlpipe__quantile_sorted(c->values, c->count, q);
}

static double number_on(const number_scale *s, double x)
{
    return s->logs ? mlpipe__log(x) : x;
}

/* Median distance from the centre: a walk from the middle to both sides. */
static double number_mad(const mlpipe__profile_column *c,
                         const number_scale *s)
{
    uint64_t above = c->count / 2, below = above;
    double distance = 0;

    for (uint64_t i = 0; i < c->count / 2 + 1; i++) {
        const double up = above < c->count
            ? number_on(s, c->values[above]) - s->centre : mlpipe__inf();
        const double down = below
            ? s->centre - number_on(s, c->values[below - 1])
            : mlpipe__inf();
        distance = up <= down ? up : down;
        if (up <= down)
            above++;
        else
            below--;
    }
    return distance;
}

/* 1.4826 MAD; where more than half of the values are one, 1.2533 mean
 * distances instead, as Iglewicz and Hoaglin have it. */
static double number_spread(const mlpipe__profile_column *c,
                            const number_scale *s)
{
    const double mad = number_mad(c, s);
    mlpipe__tree tree = {0};

    if (mad > 0)
        return 1.4826 * mad;
    for (uint64_t at = 0; at < c->count; at += 512) {
        double far[512];
        uint32_t n = 0;
        for (; n < 512 && at + n < c->count; n++) {
            const double d = number_on(s, c->values[at + n]) - s->centre;
            far[n] = d < 0 ? -d : d;
        }
        mlpipe__tree_add(&tree, mlpipe__block_sum(far, n));
    }
    return 1.2533 * mlpipe__tree_value(&tree) / (double)c->count;
}

static void number_scale_of(const mlpipe__profile_column *c,
                            number_scale *s)
{
    const double low = number_quantile(c, 0.1);
    const double high = number_quantile(c, 0.9);
    const double middle = number_quantile(c, 0.5);

    s->logs = c->values[0] > 0 &&
              low + high - 2 * middle > 0.1 * (high - low);
    s->centre = number_on(s, middle);
    s->spread = number_spread(c, s);
}

/* ---- outliers ----------------------------------------------------------- */

/*
 * More than six robust deviations from the median (B. Iglewicz and D. Hoaglin,
 * 1993, cut at 3.5; six stays silent on 100,000 normal values), below on the
 * scale of the values, above on the one that fits. Warned of where nothing
 * lies between them and the rest for six deviations more, which no tail does.
 */
static void number_outliers(mlpipe__profile *p,
                            const mlpipe__profile_column *c)
{
    number_scale s, plain = {.logs = false};
    uint64_t low = 0, high = c->count;

    if (c->count < 20 || c->distinct < 6)
        return;
    number_scale_of(c, &s);
    plain.centre = number_quantile(c, 0.5);
    plain.spread = number_spread(c, &plain);
    if (!(s.spread > 0) || !(plain.spread > 0))
        return;
    while (low < c->count && c->values[low] <
                                 plain.centre - 6 * plain.spread)
        low++;
    while (high > low &&
           number_on(&s, c->values[high - 1]) > s.centre + 6 * s.spread)
        high--;
    const uint64_t count = low + (c->count - high);
    if (!count || (double)count > 0.05 * (double)c->count || high <= low ||
        !(c->values[low] < c->values[high - 1])) /* one value and others */
        return;
    const double below =
        low ? (c->values[low] - c->values[low - 1]) / plain.spread : 0;
    const double above =
        high < c->count ? (number_on(&s, c->values[high]) -
                           number_on(&s, c->values[high - 1])) / s.spread
                        : 0;
    mlpipe__profile_find(p, MLPIPE__PROFILE_OUTLIERS,
                         below >= 6 || above >= 6, c->column, count,
                         (double)count / (double)c->rows,
                         "%g; the rest lies in %g .. %g",
                         high < c->count ? c->values[c->count - 1]
                                         : c->values[0],
                         c->values[low], c->values[high - 1]);
}

/* ---- sentinels ---------------------------------------------------------- */

/*
 * A value that people write for "none": more than three times as often there,
 * and three rows more, than all other values within a tenth of it, or within
 * five of the column's steps. So a spike is told from a value that belongs to
 * its neighbourhood, whatever the distribution.
 */
static bool number_spike(const mlpipe__profile_column *c, double v,
                         double reach, uint64_t *count)
{
    const uint64_t here = mlpipe__profile_between(c, v, v);
    const uint64_t near =
        mlpipe__profile_between(c, v - reach, v + reach) - here;

    *count = here;
    return here >= 2 && here < c->count - here + 1 && here >= 2 + 3 * near &&
           c->count - here >= 10;
}

/* Least step of what is left without v, whose distance is no step. */
static double number_step(const mlpipe__profile_column *c, double v)
{
    double step = mlpipe__inf();

    if (c->integral && c->type != MLPIPE_TYPE_TIMESTAMP)
        return 1;
    for (uint64_t i = 1; i < c->count; i++) {
        const double gap = c->values[i] - c->values[i - 1];
        if (gap > 0 && gap < step && c->values[i] != v &&
            c->values[i - 1] != v)
            step = gap;
    }
    return step;
}

/* 0 where all else is above 0 and far from it: fewer values lie below half of
 * the others' first percentile than are 0, by the rule above. In more than a
 * twentieth of the rows it may mean just that: none. */
static void number_zero(mlpipe__profile *p, const mlpipe__profile_column *c)
{
    const uint64_t zeros = c->zeros;

    if (c->negative || zeros < 2 || c->count - zeros < 20)
        return;
    const double *rest = c->values + zeros;
    const uint64_t left = c->count - zeros;
    const double half = mlpipe__quantile_sorted(rest, left, 0.01) / 2;
    if (!(half >= 3 * number_step(c, 0)))
        return;
    const uint64_t near = mlpipe__profile_between(c, 0, half) - zeros;
    if (zeros < 2 + 3 * near)
        return;
    const double share = (double)zeros / (double)c->rows;
    mlpipe__profile_find(p, MLPIPE__PROFILE_SENTINEL,
                         share <= 0.05 && zeros >= 3 + 10 * near,
                         c->column, zeros, share,
                         "0; all others are from %g on", rest[0]);
}

static void number_sentinels(mlpipe__profile *p,
                             const mlpipe__profile_column *c)
{
    static const double known[] = {
        -1,     -9,     -99,     -999,    -9999,  -99999, -999999, -888,
        -777,   99,     999,     9999,    99999,  999999, 9999999,
        -32768, 32767,  -2147483648.0,    2147483647.0,
        -0x1p63, 0x1.fffffffffffffp1023,  -0x1.fffffffffffffp1023,
        1e20,   -1e20,  1e30,    -1e30};

    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double v = known[i];
        const double size = v < 0 ? -v : v;
        uint64_t here = mlpipe__profile_between(c, v, v);
        if (here < 2)
            continue;
        const double step = number_step(c, v);
        const double reach = size * 0.1 > 5 * step ? size * 0.1 : 5 * step;
        if (mlpipe__finite(reach) && number_spike(c, v, reach, &here))
            mlpipe__profile_find(p, MLPIPE__PROFILE_SENTINEL, here >= 3,
                                 c->column, here,
                                 (double)here / (double)c->rows,
                                 "%g; the median is %g", v,
                                 number_quantile(c, 0.5));
    }
    number_zero(p, c);
}

/* ---- codes and ids ------------------------------------------------------ */

static bool number_same_digits(const mlpipe__profile_column *c)
{
    double power = 10000;

    if (!c->integral || !c->count || c->values[0] < power)
        return false;
    while (c->values[0] >= power * 10)
        power *= 10;
    return c->values[c->count - 1] < power * 10;
}

/*
 * Codes: by their name, or whole numbers of as many digits, five or more, that
 * come again ten times each. Ids: nearly as many values as rows (95 %, since
 * rows may be there twice); that the
 * column names its rows is only sure where its name says so, or the values
 * count the rows.
 */
static void number_keys(mlpipe__profile *p, const mlpipe__profile_column *c)
{
    const bool named = mlpipe__profile_names_code(c->name);
    const bool id = mlpipe_dataset_role(c->data, c->column) ==
                    MLPIPE_ROLE_ID;
    const double share = (double)c->count / (double)c->rows;
    char example[MLPIPE__NUMBER_BYTES];

    if (!c->integral || c->count < 20 || c->type == MLPIPE_TYPE_BOOL ||
        mlpipe__profile_is_time(c->type) || c->negative)
        return;
    example[mlpipe__print_f64(c->values[c->count / 2], example)] = 0;
    if ((double)c->distinct >= 0.95 * (double)c->count) {
        const bool counts =
            (uint64_t)c->high - (uint64_t)c->low == c->count - 1 &&
            c->distinct == c->count && c->type == MLPIPE_TYPE_I64;
        if (c->type == MLPIPE_TYPE_I64)
            mlpipe__profile_find(p, MLPIPE__PROFILE_ID_LIKE, id || counts,
                                 c->column, c->distinct,
                                 (double)c->distinct / (double)c->count,
                                 "%s", example);
    }
    if (!id && c->distinct > 2 &&
        (named || (number_same_digits(c) &&
                   c->distinct * 10 <= c->count)))
        mlpipe__profile_find(p, MLPIPE__PROFILE_CODE_LIKE, named, c->column,
                             c->count, share, "%s", example);
}

/* ---- times -------------------------------------------------------------- */

static double number_per_day(const mlpipe__profile_column *c)
{
    static const double seconds[] = {1, 1, 1e3, 1e6, 1e9};

    return 86400 * seconds[c->unit];
}

static void number_time_find(mlpipe__profile *p,
                             const mlpipe__profile_column *c,
                             enum mlpipe__profile_code code, bool warn,
                             uint64_t count, double example)
{
    char text[MLPIPE__TIME_TEXT_BYTES];

    mlpipe__time_text(mlpipe__profile_count(example), c->unit, text);
    mlpipe__profile_find(p, code, warn, c->column, count,
                         (double)count / (double)c->rows, "%s", text);
}

/* Days that stand for "none": 0001-01-01, 1899-12-30, 1900-01-01, 1970-01-01,
 * 2099-12-31, 9999-12-31; other days within a month are neighbours. */
static uint64_t number_time_sentinels(mlpipe__profile *p,
                                      const mlpipe__profile_column *c)
{
    static const int64_t known[] = {-719162, -25569, -25567,
                                    0,       47481,  2932896};
    const double day = number_per_day(c);
    uint64_t late = 0, here;

    for (uint32_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double v = (double)known[i] * day;
        if (!number_spike(c, v, 30 * day, &here))
            continue;
        number_time_find(p, c, MLPIPE__PROFILE_SENTINEL, here >= 3, here, v);
        late += known[i] > 0 ? here : 0;
    }
    return late;
}

/* Later than now=; or without it, behind a gap of a year and of half the span
 * of all the others, and a twentieth of the rows at most. */
static void number_future(mlpipe__profile *p,
                          const mlpipe__profile_column *c)
{
    const double day = number_per_day(c);
    uint64_t from = c->count;

    if (p->has_now) {
        const double now = (double)p->now_us / (86400e6 / day);
        while (from && c->values[from - 1] > now)
            from--;
        if (from < c->count)
            number_time_find(p, c, MLPIPE__PROFILE_FUTURE_DATES, true,
                             c->count - from, c->values[c->count - 1]);
        return;
    }
    if (c->count < 20)
        return;
    const uint64_t least = c->count - c->count / 20;
    const double span =
        number_quantile(c, 0.95) - number_quantile(c, 0.05);
    for (uint64_t i = least > 1 ? least : 1; i < c->count; i++) {
        const double gap = c->values[i] - c->values[i - 1];
        if (gap >= 365 * day && gap >= 0.5 * span) {
            number_time_find(p, c, MLPIPE__PROFILE_FUTURE_DATES, true,
                             c->count - i, c->values[c->count - 1]);
            return;
        }
    }
}

void mlpipe__profile_numbers(mlpipe__profile *p,
                             const mlpipe__profile_column *c)
{
    if (c->type == MLPIPE_TYPE_BOOL || !c->count || c->distinct < 2)
        return;
    if (mlpipe__profile_is_time(c->type)) {
        number_time_sentinels(p, c);
        number_future(p, c);
        return;
    }
    number_keys(p, c);
    number_sentinels(p, c);
    mlpipe__profile_units(p, c);
    number_outliers(p, c); /* what lies off may be near ten times the rest */
}
