/* SPDX-License-Identifier: MIT */
/* Second moments of a reference: their memory, their bytes, what they say. */
#include "model_internal.h"

mlpipe__ref_moments *mlpipe__ref_moments_new(mlpipe__env *env, uint32_t count,
                                             uint32_t cells)
{
    const size_t cross = mlpipe__comoments_at(count, 0);
    const size_t pairs = mlpipe__comoments_pairs(count);
    const size_t eights = count + cross + pairs + (size_t)count * count;
    size_t bytes = sizeof(mlpipe__ref_moments) + 8 * (eights + count);
    mlpipe__ref_moments *m;

    if (mlpipe__add(bytes, 2 * (size_t)cells, &bytes))
        return NULL;
    m = mlpipe__alloc(env, bytes);
    if (!m)
        return NULL;
    m->count = count;
    m->cells = cells;
    m->sum = (int64_t *)(void *)(m + 1);
    m->cross = m->sum + count;
    m->spread = (double *)(void *)(m->cross + cross);
    m->basis = m->spread + pairs;
    m->input = (uint32_t *)(void *)(m->basis + (size_t)count * count);
    m->start = m->input + count;
    m->score = (int16_t *)(void *)(m->start + count);
    return m;
}

double mlpipe__ref_moments_mean(const mlpipe__ref_moments *m, uint32_t i)
{
    return (double)m->sum[i] / (double)m->rows;
}

/* Sums stay below 2^26 times the rows, so that their products by the rows are
 * differences of numbers that a double holds to 2^-52 of the greater one. */
static double moments_about(uint64_t rows, const int64_t *sum,
                            const int64_t *cross, uint32_t i, uint32_t k)
{
    const double n = (double)rows;
    const double mean = (double)sum[i] / n;

    return (double)cross[mlpipe__comoments_at(i, k)] / n -
           mean * ((double)sum[k] / n);
}

double mlpipe__ref_moments_sd(const mlpipe__ref_moments *m, uint32_t i)
{
    const double v = moments_about(m->rows, m->sum, m->cross, i, i);

    return v > 0 ? mlpipe__sqrt(v) : 0.0;
}

double mlpipe__comoments_correlation(uint64_t rows, const int64_t *sum,
                                   const int64_t *cross, uint32_t i,
                                   uint32_t k)
{
    const double vi = moments_about(rows, sum, cross, i, i);
    const double vk = moments_about(rows, sum, cross, k, k);
    double r;

    if (!(vi > 1e-3) || !(vk > 1e-3)) /* 1e-3: of 1024 squared */
        return mlpipe__nan();
    r = moments_about(rows, sum, cross, i, k) /
        (mlpipe__sqrt(vi) * mlpipe__sqrt(vk));
    return r > 1 ? 1.0 : r < -1 ? -1.0 : r;
}

/* ---- bytes -------------------------------------------------------------- */

void mlpipe__ref_moments_save(const mlpipe__ref_moments *m, mlpipe__text *t)
{
    const uint32_t n = m->count;

    mlpipe__put_u32(t, n);
    mlpipe__put_u32(t, m->cells);
    mlpipe__put_u32(t, m->components);
    mlpipe__put_u64(t, m->rows);
    mlpipe__put_f64(t, m->error);
    mlpipe__put_f64(t, m->error_sd);
    mlpipe__put_array(t, m->input, n, sizeof *m->input);
    mlpipe__put_array(t, m->sum, n, sizeof *m->sum);
    mlpipe__put_array(t, m->cross, mlpipe__comoments_at(n, 0),
                      sizeof *m->cross);
    mlpipe__put_array(t, m->spread, mlpipe__comoments_pairs(n),
                      sizeof *m->spread);
    mlpipe__put_array(t, m->basis, (uint64_t)m->components * n,
                      sizeof *m->basis);
    mlpipe__put_array(t, m->score, m->cells, sizeof *m->score);
}

static void moments_get(mlpipe__cursor *r, uint64_t count, size_t bytes,
                        void *out)
{
    const void *from = mlpipe__get_array(r, count, bytes);

    if (!r->failed && count)
        memcpy(out, from, (size_t)count * bytes);
}

static bool moments_inputs_hold(mlpipe__ref_moments *m,
                                const mlpipe__reference *r)
{
    uint32_t cells = 0;

    for (uint32_t i = 0; i < m->count; i++) {
        const uint32_t input = m->input[i];
        if (input >= r->input_count || (i && input <= m->input[i - 1]) ||
            r->inputs[input].kind != MLPIPE__NUMBER ||
            !r->inputs[input].cut_count ||
            r->inputs[input].cells > m->cells - cells)
            return false;
        m->start[i] = cells;
        cells += r->inputs[input].cells;
    }
    for (uint32_t i = 0; i < m->cells; i++)
        if (m->score[i] > MLPIPE__MOMENTS_SCORE ||
            m->score[i] < -MLPIPE__MOMENTS_SCORE)
            return false;
    return cells == m->cells;
}

static bool moments_sums_hold(const mlpipe__ref_moments *m)
{
    const int64_t most = (int64_t)m->rows * MLPIPE__MOMENTS_SCORE;
    const int64_t square = most * MLPIPE__MOMENTS_SCORE;

    for (uint32_t i = 0; i < m->count; i++) {
        if (m->sum[i] > most || m->sum[i] < -most ||
            !(mlpipe__ref_moments_sd(m, i) > 0))
            return false;
        for (uint32_t k = 0; k <= i; k++) {
            const int64_t c = m->cross[mlpipe__comoments_at(i, k)];
            if (c > square || c < -square)
                return false;
        }
    }
    for (uint32_t i = 0; i < mlpipe__comoments_pairs(m->count); i++)
        if (!(m->spread[i] > 0) || !mlpipe__finite(m->spread[i]))
            return false;
    for (uint32_t i = 0; i < m->components * m->count; i++)
        if (!(m->basis[i] >= -1.0001 && m->basis[i] <= 1.0001))
            return false;
    return true;
}

mlpipe_status mlpipe__ref_moments_load(mlpipe_ctx *ctx, const void *data,
                                       size_t bytes, mlpipe__reference *ref)
{
    const char *const bad = "the model is damaged: section REFR: moments that "
                            "cannot be; take it from its source or a backup";
    mlpipe__ref_moments *m;
    mlpipe__cursor r;
    uint32_t count, cells;

    mlpipe__cursor_init(&r, data, bytes);
    count = mlpipe__get_u32(&r);
    cells = mlpipe__get_u32(&r);
    if (r.failed || count < 2 || count > MLPIPE__MOMENTS_INPUTS ||
        cells > bytes / sizeof *m->score)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT, "%s", bad);
    m = mlpipe__ref_moments_new(ctx->env, count, cells);
    if (!m)
        return mlpipe__nomem(ctx);
    ref->moments = m; /* freed with the reference */
    m->components = mlpipe__get_u32(&r);
    m->rows = mlpipe__get_u64(&r);
    m->error = mlpipe__get_f64(&r);
    m->error_sd = mlpipe__get_f64(&r);
    if (r.failed || !m->components || m->components >= count || !m->rows ||
        m->rows > ref->rows || m->rows > UINT32_MAX || !(m->error >= 0) ||
        !mlpipe__finite(m->error) || !(m->error_sd >= 0) ||
        !mlpipe__finite(m->error_sd))
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT, "%s", bad);
    moments_get(&r, count, sizeof *m->input, m->input);
    moments_get(&r, count, sizeof *m->sum, m->sum);
    moments_get(&r, mlpipe__comoments_at(count, 0), sizeof *m->cross, m->cross);
    moments_get(&r, mlpipe__comoments_pairs(count), sizeof *m->spread,
                m->spread);
    moments_get(&r, (uint64_t)m->components * count, sizeof *m->basis,
                m->basis);
    moments_get(&r, cells, sizeof *m->score, m->score);
    if (!mlpipe__cursor_done(&r) || !moments_inputs_hold(m, ref) ||
        !moments_sums_hold(m))
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT, "%s", bad);
    return MLPIPE_OK;
}
