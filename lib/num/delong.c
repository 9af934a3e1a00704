/* SPDX-License-Identifier: MIT */
/* Two areas under the ROC curve of the same rows, and their covariance. */
#include "num_internal.h"

/* Rows with their placements: the weight of the other class that a row beats,
 * ties one half. Without weights they are whole halves, so exact. */
typedef struct delong_rows {
    const double *y, *w;
    uint32_t n;
    double weight[2]; /* of the negatives, of the positives */
    double rows[2];
    uint8_t *class;   /* in the order of rows, as what is gathered is small */
    double *place[2]; /* by the scores a and b */
    mlpipe__keyed *keyed; /* 2n */
    mlpipe__wide_cells *cells;
} delong_rows;

static inline double delong_weight(const delong_rows *r, uint64_t i)
{
    return r->w ? r->w[i] : 1.0;
}

static void delong_count(delong_rows *r)
{
    for (uint32_t i = 0; i < r->n; ++i) {
        const double w = delong_weight(r, i);
        const uint32_t k = r->class[i] = r->y[i] >= 0.5;
        r->weight[k] += w;
        r->rows[k] += w > 0.0 ? 1.0 : 0.0;
    }
}

/* A row and its class beside its score, as one number: what is gathered for
 * each of a million rows costs more than their sort. */
static inline double delong_row(const delong_rows *r, uint32_t i)
{
    return 2.0 * i + r->class[i];
}

/* The order of scores, equal ones in that of rows; NULL where one is NaN. */
static const mlpipe__keyed *delong_sort(const delong_rows *r, const double *p)
{
    mlpipe__keyed *const keyed = r->keyed;
    uint64_t least = UINT64_MAX, most = 0;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < r->n; ++i) {
        const uint64_t key = mlpipe__order_key(p[i]);
        keyed[i] = (mlpipe__keyed){key, delong_row(r, i)};
        least = key < least ? key : least;
        most = key > most ? key : most;
    }
    if (most == UINT64_MAX)
        return NULL;
    for (uint32_t i = 0; i < r->n; ++i)
        keyed[i].key -= least;
    while (bits < 64 && (most - least) >> bits)
        ++bits;
    return mlpipe__sort_keyed(keyed, keyed + r->n, r->n, bits, r->cells);
}

/* False where a score is NaN. */
static bool delong_place(delong_rows *r, const double *p, double *place)
{
    const mlpipe__keyed *const sorted = delong_sort(r, p);
    double below[2] = {0.0, 0.0};
    for (uint32_t i = 0; sorted && i < r->n;) {
        const uint64_t key = sorted[i].key;
        double tied[2] = {0.0, 0.0};
        uint32_t end = i;
        do {
            const uint64_t row = (uint64_t)sorted[end].value;
            const double positive = (double)(row & 1);
            const double w = delong_weight(r, row >> 1);
            tied[0] += w * (1.0 - positive);
            tied[1] += w * positive;
        } while (++end < r->n && sorted[end].key == key);
        const double of[2] = {r->weight[1] - below[1] - 0.5 * tied[1],
                              below[0] + 0.5 * tied[0]};
        for (; i < end; ++i) {
            const uint64_t row = (uint64_t)sorted[i].value;
            place[row >> 1] = of[row & 1];
        }
        below[0] += tied[0];
        below[1] += tied[1];
    }
    return sorted != NULL;
}

/* Of a class: sums over its rows of w v, or of (w (v - centre))^2, of the
 * placements a and b and of how those of b exceed those of a. */
enum { DELONG_VALUES = 3 };
typedef struct delong_sums {
    double of[2][DELONG_VALUES];
} delong_sums;

/* All of them in one pass, each in the canonical order: rows of the other
 * class add 0. centre: NULL for the sums of w v. */
static void delong_sum(const delong_rows *r, const delong_sums *centre,
                       delong_sums *out)
{
    static const delong_sums none = {{{0}}};
    const delong_sums *const at = centre ? centre : &none;
    const double *const a = r->place[0], *const b = r->place[1];
    mlpipe__tree tree[2][DELONG_VALUES] = {{{0}}};
    double lanes[2][DELONG_VALUES][MLPIPE__SUM_LANES] = {{{0}}};
    for (uint32_t i = 0; i < r->n; ++i) {
        const uint32_t k = r->class[i], lane = i % MLPIPE__SUM_LANES;
        const double w = delong_weight(r, i);
        const double v[DELONG_VALUES] = {a[i], b[i], b[i] - a[i]};
        for (uint32_t j = 0; j < DELONG_VALUES; ++j) {
            const double x = w * (v[j] - at->of[k][j]);
            lanes[k][j][lane] += centre ? x * x : x;
        }
        if (i + 1 < r->n && (i + 1) % MLPIPE__SUM_BLOCK)
            continue;
        for (uint32_t j = 0; j < 2 * DELONG_VALUES; ++j)
            mlpipe__tree_add(&tree[j / DELONG_VALUES][j % DELONG_VALUES],
                             mlpipe__lanes_value(
                                 lanes[j / DELONG_VALUES][j % DELONG_VALUES]));
        memset(lanes, 0, sizeof lanes);
    }
    for (uint32_t j = 0; j < 2 * DELONG_VALUES; ++j)
        out->of[j / DELONG_VALUES][j % DELONG_VALUES] =
            mlpipe__tree_value(&tree[j / DELONG_VALUES][j % DELONG_VALUES]);
}

/* The means of the structural components of the positives, which are the areas
 * and their difference, and their variances. */
static void delong_moments(const delong_rows *r, double mean[DELONG_VALUES],
                           double variance[DELONG_VALUES])
{
    delong_sums centre, squares;
    delong_sum(r, NULL, &centre);
    for (uint32_t which = 0; which < 2; ++which)
        for (uint32_t j = 0; j < DELONG_VALUES; ++j)
            centre.of[which][j] /= r->weight[which];
    delong_sum(r, &centre, &squares);
    for (uint32_t j = 0; j < DELONG_VALUES; ++j) {
        mean[j] = centre.of[1][j] / r->weight[0];
        variance[j] = 0.0;
        for (uint32_t which = 0; which < 2; ++which) {
            const double n = r->rows[which];
            const double scale = r->weight[which] * r->weight[1 - which];
            variance[j] += n < 2.0 ? mlpipe__nan()
                                   : squares.of[which][j] * (n / (n - 1.0))
                                         / scale / scale;
        }
    }
}

static void delong_z(mlpipe__delong *out)
{
    mlpipe__test *const t = &out->test;
    if (out->se > 0.0)
        t->statistic = out->difference / out->se;
    else if (out->se == 0.0)
        t->statistic = out->difference == 0.0  ? 0.0
                       : out->difference > 0.0 ? mlpipe__inf()
                                               : -mlpipe__inf();
    else
        return;
    const double z = t->statistic < 0.0 ? -t->statistic : t->statistic;
    t->p = 2.0 * mlpipe__normal_tail(z);
    t->below = mlpipe__normal_tail(-t->statistic);
}

static void delong_run(delong_rows *r, const double *a, const double *b,
                       mlpipe__delong *out)
{
    delong_count(r);
    if (!(r->weight[0] > 0.0) || !(r->weight[1] > 0.0) ||
        !delong_place(r, a, r->place[0]) || !delong_place(r, b, r->place[1]))
        return;
    double mean[DELONG_VALUES], var[DELONG_VALUES];
    delong_moments(r, mean, var);
    out->auc_a = mean[0];
    out->auc_b = mean[1];
    out->difference = mean[2];
    out->se_a = mlpipe__sqrt(var[0]);
    out->se_b = mlpipe__sqrt(var[1]);
    out->se = mlpipe__sqrt(var[2]);
    out->covariance = 0.5 * (var[0] + var[1] - var[2]);
    delong_z(out);
}

/* Room for n rows; free with delong_free whatever comes of it. */
static mlpipe_status delong_make(mlpipe_ctx *ctx, delong_rows *r, uint64_t n)
{
    const mlpipe_status st =
        mlpipe__most_rows(ctx, "auc", n, UINT32_MAX - 1);
    if (st)
        return st;
    r->n = (uint32_t)n;
    r->place[0] =
        mlpipe__alloc_array(ctx->env, (size_t)n, 2 * sizeof *r->place[0]);
    r->class = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *r->class);
    r->keyed = mlpipe__alloc_array(ctx->env, (size_t)n, 2 * sizeof *r->keyed);
    r->cells = mlpipe__alloc(ctx->env, sizeof *r->cells);
    if (!r->place[0] || !r->class || !r->keyed || !r->cells)
        return mlpipe__nomem(ctx);
    r->place[1] = r->place[0] + n;
    return MLPIPE_OK;
}

static void delong_free(mlpipe_ctx *ctx, const delong_rows *r)
{
    mlpipe__free(ctx->env, r->place[0]);
    mlpipe__free(ctx->env, r->class);
    mlpipe__free(ctx->env, r->keyed);
    mlpipe__free(ctx->env, r->cells);
}

mlpipe_status mlpipe__delong_test(mlpipe_ctx *ctx, const double *y,
                                  const double *a, const double *b,
                                  const double *w, uint64_t n,
                                  mlpipe__delong *out)
{
    delong_rows r = {.y = y, .w = w};
    const double nan = mlpipe__nan();
    *out = (mlpipe__delong){nan, nan, nan, nan, nan, nan, nan,
                            {nan, nan, nan, nan}};
    const mlpipe_status st = delong_make(ctx, &r, n);
    if (!st)
        delong_run(&r, a, b, out);
    delong_free(ctx, &r);
    return st;
}

/* The structural components less their mean, each by the share of its class:
 * a class has sum 0, and so has all. */
static void delong_spread(delong_rows *r, const double *a, const double *b,
                          double *out)
{
    delong_count(r);
    if (!(r->weight[0] > 0.0) || !(r->weight[1] > 0.0) ||
        !delong_place(r, a, r->place[0]) || !delong_place(r, b, r->place[1]))
        return;
    const double scale = r->n / r->weight[0] / r->weight[1];
    delong_sums centre;
    delong_sum(r, NULL, &centre);
    for (uint32_t i = 0; i < r->n; ++i) {
        const uint32_t k = r->class[i];
        out[i] = delong_weight(r, i) * scale
               * (r->place[1][i] - r->place[0][i]
                  - centre.of[k][DELONG_VALUES - 1] / r->weight[k]);
    }
}

mlpipe_status mlpipe__delong_influence(mlpipe_ctx *ctx, const double *y,
                                       const double *a, const double *b,
                                       const double *w, uint64_t n,
                                       double *out)
{
    delong_rows r = {.y = y, .w = w};
    const mlpipe_status st = delong_make(ctx, &r, n);
    for (uint64_t i = 0; i < n; ++i)
        out[i] = mlpipe__nan();
    if (!st)
        delong_spread(&r, a, b, out);
    delong_free(ctx, &r);
    return st;
}
