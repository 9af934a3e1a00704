/* SPDX-License-Identifier: MIT */
/*
 * ADWIN: the newest values as buckets of 2^row values each, at most five of
 * every size, with their sum and their sum of squared deviations. A look (at
 * every clock-th value) tries all cuts between buckets, and drops the oldest
 * one while a cut divides the window into parts of different means. In the
 * order of river's arithmetic, so that the same values give the alarm.
 */
#include "detector_internal.h"

/* Rows: windows of 2^64 values fit; a double counts to 2^53. */
enum { ADWIN_ROWS = 62, ADWIN_BUCKETS = 5 };

static const mlpipe__param adwin_params[] = {
    {"delta", MLPIPE_PARAM_REAL, "0.002", 1e-300, 1, NULL, 1,
     "chance of an alarm by accident, at a look"},
    {"clock", MLPIPE_PARAM_INT, "32", 1, 1000000000, NULL, 1,
     "values from one look to the next"},
    {"min_window", MLPIPE_PARAM_INT, "5", 1, 1000000000, NULL, 1,
     "values that each part of a window has at least"},
    {"grace", MLPIPE_PARAM_INT, "10", 0, 1000000000, NULL, 1,
     "values that a window has more than, to be looked at"},
};
static const uint32_t adwin_param_count =
    sizeof adwin_params / sizeof *adwin_params;

typedef struct adwin_row {
    double sum[ADWIN_BUCKETS];   /* the oldest bucket first */
    double square[ADWIN_BUCKETS]; /* squared deviations from its mean */
} adwin_row;

typedef struct adwin_state {
    double delta, min_window, grace;
    uint64_t clock;
    /* what values change */
    uint64_t until; /* values up to the next look */
    double width, sum, square;
    uint64_t rows; /* in use */
    uint64_t count[ADWIN_ROWS];
    adwin_row row[ADWIN_ROWS];
} adwin_state;

/* What all cuts of a window have in common. */
typedef struct adwin_look {
    double less;     /* min_window - 1 */
    double variance; /* of the window */
    double log;      /* ln(2 ln(width) / delta) */
} adwin_look;

static mlpipe_status adwin_init(mlpipe_ctx *ctx, const mlpipe__params *p,
                                void *state)
{
    adwin_state *a = state;

    (void)ctx;
    a->delta = mlpipe__params_get(p, "delta")->number;
    a->clock = (uint64_t)mlpipe__params_get(p, "clock")->integer;
    a->min_window = mlpipe__params_get(p, "min_window")->number;
    a->grace = mlpipe__params_get(p, "grace")->number;
    return MLPIPE_OK;
}

static void adwin_start(void *state)
{
    adwin_state *a = state;

    a->until = a->clock;
}

static inline double adwin_size(uint64_t row)
{
    return (double)(UINT64_C(1) << row);
}

/* ---- the window --------------------------------------------------------- */

/* The two oldest buckets of a full row become one of the next row, and the
 * new one stands behind the others. */
static inline void adwin_carry(adwin_row *r, double size, double *sum,
                               double *square)
{
    const double apart = r->sum[0] / size - r->sum[1] / size;
    const double carry = r->sum[0] + r->sum[1];
    const double carried =
        r->square[0] + r->square[1] + size * 0.5 * apart * apart;

    for (int k = 0; k < ADWIN_BUCKETS - 2; k++) {
        r->sum[k] = r->sum[k + 2];
        r->square[k] = r->square[k + 2];
    }
    r->sum[ADWIN_BUCKETS - 2] = *sum;
    r->square[ADWIN_BUCKETS - 2] = *square;
    r->sum[ADWIN_BUCKETS - 1] = 0;
    r->square[ADWIN_BUCKETS - 1] = 0;
    *sum = carry;
    *square = carried;
}

static void adwin_insert(adwin_state *a, double x)
{
    double sum = x, square = 0;
    uint64_t i;

    a->width += 1;
    if (a->width > 1) {
        const double off = x - a->sum / (a->width - 1);

        a->square += (a->width - 1) * off * off / a->width;
    }
    a->sum += x;
    for (i = 0; i < ADWIN_ROWS && a->count[i] == ADWIN_BUCKETS; i++) {
        adwin_carry(&a->row[i], adwin_size(i), &sum, &square);
        a->count[i] = ADWIN_BUCKETS - 1;
    }
    if (i == ADWIN_ROWS)
        return; /* beyond 2^64 values the oldest ones are forgotten */
    a->row[i].sum[a->count[i]] = sum;
    a->row[i].square[a->count[i]] = square;
    a->count[i]++;
    if (i >= a->rows)
        a->rows = i + 1;
}

static void adwin_drop_oldest(adwin_state *a)
{
    const uint64_t last = a->rows - 1;
    const double size = adwin_size(last);
    adwin_row *r = &a->row[last];
    double off;
    uint64_t k;

    a->width -= size;
    a->sum -= r->sum[0];
    off = r->sum[0] / size - a->sum / a->width;
    a->square -= r->square[0] +
                 size * a->width * off * off / (size + a->width);
    for (k = 0; k + 1 < ADWIN_BUCKETS; k++) {
        r->sum[k] = r->sum[k + 1];
        r->square[k] = r->square[k + 1];
    }
    r->sum[k] = 0;
    r->square[k] = 0;
    if (--a->count[last] == 0)
        a->rows--;
}

/* ---- cuts --------------------------------------------------------------- */

/* Do the means of n0 older and n1 newer values with these sums differ? */
static bool adwin_differ(const adwin_look *w, double n0, double n1, double u0,
                         double u1)
{
    const double m = 1.0 / (n0 - w->less) + 1.0 / (n1 - w->less);
    const double apart = u0 / n0 - u1 / n1;
    const double bound = mlpipe__sqrt(2.0 * m * w->variance * w->log) +
                         2.0 / 3.0 * w->log * m;

    return (apart < 0 ? -apart : apart) > bound;
}

/*
 * The same without a quotient or a root: true where they surely do not
 * differ, since their difference, with more than its rounding, is below one
 * of the two terms of the bound. Where a product may have lost bits to
 * underflow, nothing is sure.
 */
static inline bool adwin_near(const adwin_look *w, double n0, double n1,
                              double u0, double u1)
{
    const double p0 = u0 * n1, p1 = u1 * n0, n01 = n0 * n1;
    const double m0 = n0 - w->less, m1 = n1 - w->less, m01 = m0 * m1;
    const double apart = p0 - p1;
    const double most = (apart < 0 ? -apart : apart) +
                        1e-14 * ((p0 < 0 ? -p0 : p0) + (p1 < 0 ? -p1 : p1));
    const double root =
        (2.0 - 1e-9) * w->variance * w->log * (m0 + m1) * n01 * n01;
    const double line = (0.666 * w->log) * (m0 + m1) * n01;

    return (root > 1e-200 && most * most * m01 < root) || most * m01 < line;
}

/* Is there a cut between parts that differ? All buckets of all rows. */
static bool adwin_cut(const adwin_state *a)
{
    const adwin_look w = {
        a->min_window - 1,
        a->square / a->width,
        mlpipe__log(2.0 * mlpipe__log(a->width) / a->delta),
    };
    double n0 = 0, n1 = a->width, u0 = 0, u1 = a->sum;

    for (uint64_t i = a->rows; i-- > 0;) {
        const double size = adwin_size(i);
        const uint64_t count = a->count[i] - (i == 0); /* not behind all */

        for (uint64_t k = 0; k < count; k++) {
            const double sum = a->row[i].sum[k];

            n0 += size;
            n1 -= size;
            u0 += sum;
            u1 -= sum;
            if (n1 >= a->min_window && n0 >= a->min_window &&
                !adwin_near(&w, n0, n1, u0, u1) &&
                adwin_differ(&w, n0, n1, u0, u1))
                return true;
        }
    }
    return false;
}

static int32_t adwin_update(void *state, double x, double n)
{
    adwin_state *a = state;
    int32_t said = MLPIPE_DETECTOR_NONE;

    (void)n;
    adwin_insert(a, x);
    if (--a->until)
        return said;
    a->until = a->clock;
    if (a->width <= a->grace)
        return said;
    while (adwin_cut(a)) {
        adwin_drop_oldest(a);
        said = MLPIPE_DETECTOR_DRIFT;
    }
    return said;
}

static bool adwin_get(const void *state, const char *name, double n,
                      double *out)
{
    const adwin_state *a = state;

    if (!strcmp(name, "mean"))
        *out = n > 0 ? a->sum / a->width : mlpipe__nan();
    else if (!strcmp(name, "width"))
        *out = a->width;
    else if (!strcmp(name, "variance"))
        *out = n > 0 ? a->square / a->width : mlpipe__nan();
    else
        return false;
    return true;
}

static bool adwin_valid(const void *state, double n, int32_t last)
{
    const adwin_state *a = state;
    const double most = 2 * MLPIPE__DETECTOR_MAX * (n + 1);
    double width = 0;

    (void)last;
    if (a->until < 1 || a->until > a->clock || a->rows > ADWIN_ROWS ||
        !(a->sum >= -most && a->sum <= most) ||
        !mlpipe__finite(a->square))
        return false;
    for (uint64_t i = 0; i < ADWIN_ROWS; i++) {
        const uint64_t count = a->count[i];

        if (count > ADWIN_BUCKETS || (count > 0) != (i < a->rows))
            return false;
        width += adwin_size(i) * (double)count;
        for (uint64_t k = 0; k < ADWIN_BUCKETS; k++) {
            const double sum = a->row[i].sum[k];
            const double square = a->row[i].square[k];

            if (!(sum >= -most && sum <= most) || !(square >= 0) ||
                !mlpipe__finite(square) ||
                (k >= count && (sum != 0 || square != 0)))
                return false;
        }
    }
    return width == a->width && width <= n && (width > 0 || n <= 0);
}

const mlpipe__detector_kind mlpipe__detector_adwin = {
    .name = "adwin",
    .doc = "A window of the newest values whose parts have one mean.",
    .params = adwin_params,
    .param_count = &adwin_param_count,
    .version = 1,
    .bytes = sizeof(adwin_state),
    .fixed = offsetof(adwin_state, until),
    .low = -MLPIPE__DETECTOR_MAX,
    .high = MLPIPE__DETECTOR_MAX,
    .init = adwin_init,
    .start = adwin_start,
    .update = adwin_update,
    .get = adwin_get,
    .valid = adwin_valid,
};
