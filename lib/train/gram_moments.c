/* SPDX-License-Identifier: MIT */
/* What a Gram matrix says: moments about the means, errors of coefficients,
 * and the gradient that only the rows themselves tell exactly. */
#include "linear_types.h"

/* A feature varies where its squares about the mean are more than rounding
 * of those about the shift, and of the feature itself. */
#define MOMENTS_ROUNDING 1e-13
#define MOMENTS_OF_SHIFT 0x1p-102

bool mlpipe__moments_init(mlpipe__env *env, uint32_t p, mlpipe__moments *m)
{
    m->p = p;
    m->a = mlpipe__alloc_array(env, (size_t)p * p, sizeof(double));
    m->b = mlpipe__alloc_array(env, p, sizeof(double));
    m->mean = mlpipe__alloc_array(env, (size_t)p + 1, sizeof(double));
    return m->a && m->b && m->mean;
}

void mlpipe__moments_free(mlpipe__env *env, mlpipe__moments *m)
{
    mlpipe__free(env, m->a);
    mlpipe__free(env, m->b);
    mlpipe__free(env, m->mean);
}

/* About the means, of column j with columns up to j. */
static double moments_entry(const double *sum, uint32_t q, uint32_t i,
                            uint32_t j, bool intercept)
{
    const double *one = sum + (size_t)(q - 1) * q;
    const double x = sum[(size_t)j * q + i];

    return intercept ? x - one[i] * one[j] / one[q - 1] : x;
}

static double moments_square(const mlpipe__gram *g, const double *sum,
                             uint32_t j, bool intercept)
{
    const double all = sum[(size_t)j * g->q + j];
    const double x = moments_entry(sum, g->q, j, j, intercept);
    const double shift = g->shift[j];
    const double weight = sum[(size_t)g->q * g->q - 1];

    if (!mlpipe__finite(all)) /* which is above every limit, but no number */
        return all;
    return x <= MOMENTS_ROUNDING * all ||
                   x <= MOMENTS_OF_SHIFT * shift * shift * weight
               ? 0
               : x;
}

void mlpipe__moments_fill(const mlpipe__gram *g, uint32_t left_out,
                          bool intercept, double *sum, mlpipe__moments *m)
{
    const uint32_t p = g->p, q = g->q;
    const size_t size = (size_t)q * q;
    const double *one = sum + (size_t)(q - 1) * q;

    memset(sum, 0, size * sizeof *sum);
    for (uint32_t k = 0; k < g->folds; k++)
        for (size_t i = 0; k != left_out && i < size; i++)
            sum[i] += g->sum[k * size + i];
    m->weight = one[q - 1];
    memset(m->mean, 0, ((size_t)p + 1) * sizeof(double));
    if (!(m->weight > 0))
        return;
    for (uint32_t j = 0; intercept && j <= p; j++)
        m->mean[j] = g->shift[j] + one[j] / m->weight;
    for (uint32_t j = 0; j < p; j++)
        m->a[(size_t)j * p + j] =
            moments_square(g, sum, j, intercept) / m->weight;
    for (uint32_t j = 0; j < p; j++) {
        const bool varies = m->a[(size_t)j * p + j] != 0;
        for (uint32_t i = 0; i < j; i++) {
            const double x =
                varies && m->a[(size_t)i * p + i] != 0
                    ? moments_entry(sum, q, i, j, intercept) / m->weight
                    : 0;
            m->a[(size_t)j * p + i] = m->a[(size_t)i * p + j] = x;
        }
        m->b[j] = varies
                      ? moments_entry(sum, q, j, p, intercept) / m->weight
                      : 0;
    }
    m->yy = moments_square(g, sum, p, intercept) / m->weight;
    if (m->yy == 0)
        memset(m->b, 0, p * sizeof(double));
}

/* An entry of a fold's matrix, either way round. */
static double moments_at(const double *sum, uint32_t q, uint32_t i, uint32_t j)
{
    return i < j ? sum[(size_t)j * q + i] : sum[(size_t)i * q + j];
}

/*
 * The error of a row is v'x of its shifted columns, with v = -w for the
 * features, 1 for the target and what is left of the constant for the one.
 */
double mlpipe__gram_error(const mlpipe__gram *g, uint32_t fold,
                          const mlpipe__moments *m, const double *w,
                          double *weight)
{
    const uint32_t p = g->p, q = g->q;
    const double *sum = g->sum + (size_t)fold * q * q;
    double c = m->mean[p] - g->shift[p], e = 0, cross = 0;

    *weight = sum[(size_t)q * q - 1];
    for (uint32_t j = 0; j < p; j++)
        c -= w[j] * (m->mean[j] - g->shift[j]);
    for (uint32_t j = 0; j < p; j++) {
        double s = 0;
        if (w[j] == 0)
            continue;
        for (uint32_t i = 0; i < j; i++)
            s += sum[(size_t)j * q + i] * w[i];
        e += w[j] * (2 * s + sum[(size_t)j * q + j] * w[j]);
        cross += w[j] * (moments_at(sum, q, j, p) -
                         c * moments_at(sum, q, j, p + 1));
    }
    e += moments_at(sum, q, p, p) - 2 * c * moments_at(sum, q, p, p + 1) +
         c * c * *weight - 2 * cross;
    if (!(*weight > 0))
        return 0;
    return e > 0 ? e / *weight : 0;
}

/* ---- from the rows ------------------------------------------------------ */

typedef struct moments_rows {
    const mlpipe__fit_job *job;
    const double *mean, *w;
    void *scratch;
    double *values; /* p columns of a block of the frame */
    uint8_t *valid;
    double *lanes;  /* p x 8 */
    double *r;
    mlpipe__tree *tree; /* p */
} moments_rows;

/* At most MLPIPE__BLOCK_ROWS rows: weighted residuals, then their products
 * with the columns. */
static void moments_rows_add(moments_rows *s, int64_t start, uint32_t n)
{
    const mlpipe__frame *t = s->job->train;
    const uint32_t p = t->features;

    t->read(t, s->scratch, start, n, s->values, s->valid);
    for (uint32_t i = 0; i < n; i++)
        s->r[i] = t->target[start + i] - s->mean[p];
    for (uint32_t j = 0; j < p; j++) {
        double *x = s->values + (size_t)j * n;
        for (uint32_t i = 0; i < n; i++) {
            x[i] -= s->mean[j];
            s->r[i] -= x[i] * s->w[j];
        }
    }
    for (uint32_t i = 0; t->weight && i < n; i++)
        s->r[i] *= t->weight[start + i];
    for (uint32_t j = 0; j < p; j++) {
        double *x = s->values + (size_t)j * n;
        for (uint32_t i = 0; i < n; i++)
            x[i] *= s->r[i];
        mlpipe__lanes_add(s->lanes + (size_t)j * MLPIPE__SUM_LANES, x, n);
    }
}

static mlpipe_status moments_rows_all(moments_rows *s)
{
    const int64_t rows = s->job->train->rows;
    const uint32_t p = s->job->train->features;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t at = 0; at < rows && !st; at += MLPIPE__GRAM_ROWS) {
        const int64_t end =
            rows - at < MLPIPE__GRAM_ROWS ? rows : at + MLPIPE__GRAM_ROWS;
        st = mlpipe__poll(s->job->ctx, s->job->name, (uint64_t)at,
                          (uint64_t)rows);
        memset(s->lanes, 0, p * MLPIPE__SUM_LANES * sizeof(double));
        for (int64_t i = at; i < end && !st; i += MLPIPE__BLOCK_ROWS)
            moments_rows_add(s, i,
                             end - i < MLPIPE__BLOCK_ROWS
                                 ? (uint32_t)(end - i)
                                 : MLPIPE__BLOCK_ROWS);
        for (uint32_t j = 0; j < p; j++)
            mlpipe__tree_add(&s->tree[j],
                             mlpipe__lanes_value(
                                 s->lanes + (size_t)j * MLPIPE__SUM_LANES));
    }
    return st;
}

mlpipe_status mlpipe__gram_gradient(const mlpipe__fit_job *job,
                                    const double *mean, const double *w,
                                    double *out)
{
    mlpipe__env *env = job->ctx->env;
    const uint32_t p = job->train->features;
    const size_t block = MLPIPE__BLOCK_ROWS;
    moments_rows s = {.job = job, .mean = mean, .w = w};
    mlpipe_status st = MLPIPE_OK;

    s.scratch = mlpipe__alloc(env, job->train->scratch_bytes);
    s.values = mlpipe__alloc_array(env, p, block * sizeof(double));
    s.valid = mlpipe__alloc_array(env, p, block);
    s.lanes = mlpipe__alloc_array(env, p, MLPIPE__SUM_LANES * sizeof(double));
    s.r = mlpipe__alloc_array(env, block, sizeof(double));
    s.tree = mlpipe__alloc_array(env, p, sizeof *s.tree);
    if (!s.scratch || !s.values || !s.valid || !s.lanes || !s.r || !s.tree)
        st = mlpipe__nomem(job->ctx);
    if (!st) {
        memset(s.tree, 0, p * sizeof *s.tree);
        st = moments_rows_all(&s);
    }
    for (uint32_t j = 0; j < p && !st; j++)
        out[j] = mlpipe__tree_value(&s.tree[j]);
    mlpipe__free(env, s.scratch);
    mlpipe__free(env, s.values);
    mlpipe__free(env, s.valid);
    mlpipe__free(env, s.lanes);
    mlpipe__free(env, s.r);
    mlpipe__free(env, s.tree);
    return st;
}
