/* SPDX-License-Identifier: MIT */
/*
 * The second moments of a reference from the training rows. Scores by rank
 * (the normal scores of B. L. van der Waerden, 1952, as means within a cell)
 * are bounded, so that a correlation of heavy tails has a variance, and one
 * row cannot make it.
 */
#include "fit_types.h"

enum { MOMENTS_LEAST = 50 }; /* rows, for a variance of a correlation */
static const double moments_share = 0.65; /* of the variance in the basis */
static const double moments_most = 0.999; /* correlation */
/* A row's part in atanh of a correlation has variance 1 where the two are
 * normal; far less is what few rows say that are nearly all alike. */
static const double moments_spread_least = 0.25;

mlpipe_status mlpipe__comoments_begin(mlpipe_ctx *ctx, uint64_t rows,
                                    uint32_t inputs, mlpipe__comoments_fit *m)
{
    const uint64_t most = MLPIPE__MOMENTS_ROWS;

    memset(m, 0, sizeof *m);
    m->ctx = ctx;
    m->whole = rows;
    if (rows < MOMENTS_LEAST || inputs < 2)
        return MLPIPE_OK;
    if (inputs > MLPIPE__MOMENTS_INPUTS)
        inputs = MLPIPE__MOMENTS_INPUTS;
    m->rows = rows < most ? rows : most;
    m->picked =
        mlpipe__alloc_array(ctx->env, (size_t)m->rows, sizeof *m->picked);
    m->scores = mlpipe__alloc_array(ctx->env, (size_t)m->rows * inputs,
                                    sizeof *m->scores);
    return m->picked && m->scores ? MLPIPE_OK : mlpipe__nomem(ctx);
}

void mlpipe__comoments_free(mlpipe__comoments_fit *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        mlpipe__free(m->ctx->env, m->table[i]);
    mlpipe__free(m->ctx->env, m->picked);
    mlpipe__free(m->ctx->env, m->scores);
}

void mlpipe__comoments_pick(mlpipe__comoments_fit *m, const double *values)
{
    for (uint64_t i = 0; m->count < MLPIPE__MOMENTS_INPUTS && i < m->rows; i++)
        m->picked[i] = values[i * m->whole / m->rows];
}

/* The density of a normal at its quantile p. */
static double moments_density(double p)
{
    const double root_two_pi = 2.5066282746310002;
    double z;

    if (!(p > 0 && p < 1))
        return 0.0;
    z = mlpipe__normal_quantile(p);
    return mlpipe__exp(-0.5 * z * z) / root_two_pi;
}

/* The score of a cell between the shares low and high of n rows. A cell that
 * training left empty stands at its edge, half a row within. */
static int16_t moments_score(uint64_t low, uint64_t high, uint64_t n)
{
    const double a = (double)low / (double)n, b = (double)high / (double)n;
    const double most = MLPIPE__MOMENTS_SCORE;
    double score;

    score = high > low ? (moments_density(a) - moments_density(b)) / (b - a)
                       : mlpipe__normal_quantile(((double)low + 0.5) /
                                                 ((double)n + 1));
    score = mlpipe__floor(score * MLPIPE__MOMENTS_UNIT + 0.5);
    return (int16_t)(score > most ? most : score < -most ? -most : score);
}

mlpipe_status mlpipe__comoments_column(mlpipe__comoments_fit *m, uint32_t input,
                                     const mlpipe__ref_input *in)
{
    uint64_t low = 0, n = 0;
    int16_t *table, *scores = m->scores + m->count * m->rows;
    bool varies = false;

    if (!m->rows || m->count == MLPIPE__MOMENTS_INPUTS ||
        in->kind != MLPIPE__NUMBER || !in->cut_count)
        return MLPIPE_OK;
    for (uint32_t c = 1; c < in->cells; c++)
        n += in->counts[c];
    table = mlpipe__alloc_array(m->ctx->env, in->cells, sizeof *table);
    if (!table)
        return mlpipe__nomem(m->ctx);
    for (uint32_t c = 1; c < in->cells; c++) {
        table[c] = moments_score(low, low + in->counts[c], n);
        low += in->counts[c];
    }
    for (uint64_t i = 0; i < m->rows; i++) {
        const double x = m->picked[i];
        scores[i] = table[mlpipe__ref_cell(in, x, x == x)];
        varies = varies || scores[i] != scores[0];
    }
    if (!varies) {
        mlpipe__free(m->ctx->env, table);
        return MLPIPE_OK;
    }
    m->input[m->count] = input;
    m->cells[m->count] = in->cells;
    m->table[m->count++] = table;
    return MLPIPE_OK;
}

static void moments_sums(const mlpipe__comoments_fit *m, mlpipe__ref_moments *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const int16_t *a = m->scores + i * m->rows;
        for (uint64_t t = 0; t < m->rows; t++)
            r->sum[i] += a[t];
        for (uint32_t k = 0; k <= i; k++) {
            const int16_t *b = m->scores + k * m->rows;
            int64_t sum = 0;
            for (uint64_t t = 0; t < m->rows; t++)
                sum += (int32_t)a[t] * b[t];
            r->cross[mlpipe__comoments_at(i, k)] = sum;
        }
    }
}

/*
 * Variance of atanh(r), by the influence of a row on r, u v - r (u^2 + v^2) / 2
 * (S. J. Devlin, R. Gnanadesikan, J. R. Kettenring, Biometrika 62, 1975), over
 * (1 - r^2)^2. It is 1 for a normal pair, and is what lets others be tested.
 */
static double moments_spread(const double *u, const double *v, uint64_t rows,
                             double r)
{
    double sum[4] = {0}, variance, left;

    for (uint64_t t = 0; t < rows; t++) {
        const double h =
            u[t] * v[t] - 0.5 * r * (u[t] * u[t] + v[t] * v[t]);
        sum[t % 4] += h * h;
    }
    variance = (sum[0] + sum[1] + (sum[2] + sum[3])) / (double)rows;
    r = r > moments_most ? moments_most : r < -moments_most ? -moments_most : r;
    left = 1 - r * r;
    variance /= left * left;
    return variance > moments_spread_least ? variance : moments_spread_least;
}

static mlpipe_status moments_spreads(mlpipe__ref_moments *r, mlpipe_ctx *ctx,
                                     const double *z)
{
    double *out = r->spread;

    for (uint32_t i = 1; i < r->count; i++) {
        const mlpipe_status st = mlpipe__poll(ctx, "fit", i, r->count);
        if (st)
            return st;
        for (uint32_t k = 0; k < i; k++)
            *out++ = moments_spread(
                z + i * r->rows, z + k * r->rows, r->rows,
                mlpipe__comoments_correlation(r->rows, r->sum, r->cross, i, k));
    }
    return MLPIPE_OK;
}

/* Principal components of the correlations: as many as hold the share, but
 * never all, since then nothing would be left to tell. */
static mlpipe_status moments_basis(mlpipe__ref_moments *r, mlpipe_ctx *ctx,
                                   double *work)
{
    const uint32_t n = r->count;
    double *a = work, *values = a + n * n, *vectors = values + n;
    double held = 0;
    bool used_blas;
    mlpipe_status st;

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k <= i; k++)
            a[i * n + k] = a[k * n + i] =
                i == k ? 1.0
                       : mlpipe__comoments_correlation(r->rows, r->sum,
                                                     r->cross, i, k);
    st = mlpipe__eigen(ctx, "fit", n, a, values, vectors, &used_blas);
    while (!st && r->components + 1 < n &&
           (!r->components || held < moments_share * n))
        held += values[r->components++];
    if (!st)
        memcpy(r->basis, vectors, r->components * n * sizeof *r->basis);
    return st;
}

/* Distance of the rows from the basis. */
static void moments_errors(mlpipe__ref_moments *r, const double *z)
{
    double sum = 0, squares = 0;

    for (uint64_t t = 0; t < r->rows; t++) {
        double left = 0;
        for (uint32_t i = 0; i < r->count; i++)
            left += z[i * r->rows + t] * z[i * r->rows + t];
        for (uint32_t c = 0; c < r->components; c++) {
            double along = 0;
            for (uint32_t i = 0; i < r->count; i++)
                along += r->basis[c * r->count + i] * z[i * r->rows + t];
            left -= along * along;
        }
        sum += left;
        squares += left * left;
    }
    r->error = sum / (double)r->rows;
    squares = squares / (double)r->rows - r->error * r->error;
    r->error = r->error > 0 ? r->error : 0.0;
    r->error_sd = squares > 0 ? mlpipe__sqrt(squares) : 0.0;
}

static mlpipe_status moments_fill(const mlpipe__comoments_fit *m,
                                  mlpipe__ref_moments *r, double *z,
                                  double *work)
{
    uint32_t cells = 0;
    mlpipe_status st;

    r->rows = m->rows;
    for (uint32_t i = 0; i < m->count; i++) {
        r->input[i] = m->input[i];
        r->start[i] = cells;
        memcpy(r->score + cells, m->table[i], m->cells[i] * sizeof *r->score);
        cells += m->cells[i];
    }
    moments_sums(m, r);
    for (uint32_t i = 0; i < m->count; i++) {
        const double mean = mlpipe__ref_moments_mean(r, i);
        const double sd = mlpipe__ref_moments_sd(r, i);
        for (uint64_t t = 0; t < m->rows; t++)
            z[i * m->rows + t] = (m->scores[i * m->rows + t] - mean) / sd;
    }
    st = moments_spreads(r, m->ctx, z);
    if (!st)
        st = moments_basis(r, m->ctx, work);
    if (!st)
        moments_errors(r, z);
    return st;
}

mlpipe_status mlpipe__comoments_finish(mlpipe__comoments_fit *m,
                                     mlpipe__reference *r)
{
    mlpipe__env *env = m->ctx->env;
    const size_t n = m->count;
    double *z, *work;
    uint32_t cells = 0;
    mlpipe_status st;

    if (n < 2)
        return MLPIPE_OK;
    for (uint32_t i = 0; i < n; i++)
        cells += m->cells[i];
    r->moments = mlpipe__ref_moments_new(env, m->count, cells);
    z = mlpipe__alloc_array(env, n * (size_t)m->rows, sizeof *z);
    work = mlpipe__alloc_array(env, n * (2 * n + 1), sizeof *work);
    st = r->moments && z && work ? moments_fill(m, r->moments, z, work)
                                 : mlpipe__nomem(m->ctx);
    mlpipe__free(env, work);
    mlpipe__free(env, z);
    return st;
}
