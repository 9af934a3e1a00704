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
    double *place[2]; /* by the scores a and b */
    uint32_t *order;
    uint64_t *scratch;
} delong_rows;

static inline uint32_t delong_class(const delong_rows *r, uint64_t i)
{
    return r->y[i] >= 0.5;
}

static inline double delong_weight(const delong_rows *r, uint64_t i)
{
    return r->w ? r->w[i] : 1.0;
}

static void delong_count(delong_rows *r)
{
    for (uint32_t i = 0; i < r->n; ++i) {
        const double w = delong_weight(r, i);
        r->weight[delong_class(r, i)] += w;
        r->rows[delong_class(r, i)] += w > 0.0 ? 1.0 : 0.0;
    }
}

/* False where a score is NaN. */
static bool delong_place(delong_rows *r, const double *p, double *place)
{
    const uint32_t *const order = r->order;
    double below[2] = {0.0, 0.0};
    mlpipe__argsort_f64(p, r->order, r->n, r->scratch);
    if (r->n && p[order[r->n - 1]] != p[order[r->n - 1]])
        return false;
    for (uint32_t i = 0; i < r->n;) {
        const double score = p[order[i]];
        double tied[2] = {0.0, 0.0};
        uint32_t end = i;
        for (; end < r->n && p[order[end]] == score; ++end)
            tied[delong_class(r, order[end])] +=
                delong_weight(r, order[end]);
        for (; i < end; ++i)
            place[order[i]] =
                delong_class(r, order[i])
                    ? below[0] + 0.5 * tied[0]
                    : r->weight[1] - below[1] - 0.5 * tied[1];
        below[0] += tied[0];
        below[1] += tied[1];
    }
    return true;
}

/* Placements of one score (b NULL), or how those of b exceed those of a. */
typedef struct delong_values {
    const double *a, *b;
} delong_values;

static inline double delong_value(const delong_values *v, uint32_t i)
{
    return v->b ? v->b[i] - v->a[i] : v->a[i];
}

/* Sum over a class of w v, or of (w (v - centre))^2, in the canonical order:
 * rows of the other class add 0. */
static double delong_sum(const delong_rows *r, const delong_values *v,
                         uint32_t which, double centre, bool squares)
{
    mlpipe__tree tree = {0};
    double lanes[MLPIPE__SUM_LANES] = {0};
    for (uint32_t i = 0; i < r->n; ++i) {
        if (delong_class(r, i) == which) {
            const double x = delong_weight(r, i)
                           * (delong_value(v, i) - centre);
            lanes[i % MLPIPE__SUM_LANES] += squares ? x * x : x;
        }
        if (i + 1 == r->n || (i + 1) % MLPIPE__SUM_BLOCK == 0) {
            mlpipe__tree_add(&tree, mlpipe__lanes_value(lanes));
            memset(lanes, 0, sizeof lanes);
        }
    }
    return mlpipe__tree_value(&tree);
}

/* The mean of the structural components of the positives, which is the area
 * or the difference of two, and its variance. */
static void delong_moments(const delong_rows *r, const delong_values *v,
                           double *mean, double *variance)
{
    *variance = 0.0;
    for (uint32_t which = 0; which < 2; ++which) {
        const double own = r->weight[which];
        const double other = r->weight[1 - which];
        const double n = r->rows[which];
        const double centre = delong_sum(r, v, which, 0.0, false) / own;
        if (which)
            *mean = centre / other;
        if (n < 2.0) {
            *variance = mlpipe__nan();
            continue;
        }
        const double scale = own * other;
        *variance += delong_sum(r, v, which, centre, true)
                   * (n / (n - 1.0)) / scale / scale;
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
    const delong_values va = {r->place[0], NULL};
    const delong_values vb = {r->place[1], NULL};
    const delong_values both = {r->place[0], r->place[1]};
    double var_a, var_b, var;
    delong_moments(r, &va, &out->auc_a, &var_a);
    delong_moments(r, &vb, &out->auc_b, &var_b);
    delong_moments(r, &both, &out->difference, &var);
    out->se_a = mlpipe__sqrt(var_a);
    out->se_b = mlpipe__sqrt(var_b);
    out->se = mlpipe__sqrt(var);
    out->covariance = 0.5 * (var_a + var_b - var);
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
    r->order = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *r->order);
    r->scratch =
        mlpipe__alloc_array(ctx->env, (size_t)n, 4 * sizeof *r->scratch);
    if (!r->place[0] || !r->order || !r->scratch)
        return mlpipe__nomem(ctx);
    r->place[1] = r->place[0] + n;
    return MLPIPE_OK;
}

static void delong_free(mlpipe_ctx *ctx, const delong_rows *r)
{
    mlpipe__free(ctx->env, r->place[0]);
    mlpipe__free(ctx->env, r->order);
    mlpipe__free(ctx->env, r->scratch);
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
    const delong_values both = {r->place[0], r->place[1]};
    const double scale = r->n / r->weight[0] / r->weight[1];
    double centre[2];
    for (uint32_t which = 0; which < 2; ++which)
        centre[which] = delong_sum(r, &both, which, 0.0, false)
                      / r->weight[which];
    for (uint32_t i = 0; i < r->n; ++i)
        out[i] = delong_weight(r, i) * scale
               * (delong_value(&both, i) - centre[delong_class(r, i)]);
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
