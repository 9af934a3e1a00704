/* SPDX-License-Identifier: MIT */
/*
 * The rows of logistic regression: read once, shifted and kept where they fit
 * into a part of the memory, else read anew for each pass. Tasks take blocks
 * of 4,096 rows, and the sums of blocks are put together as a binary tree over
 * their index, so that no number of threads changes a bit.
 */
#include "logistic_types.h"

/* Beyond so many bytes the features are not kept. */
static const size_t rows_cache_max = (size_t)1 << 30;

typedef struct rows_job {
    logistic_fit *fit;
    const logistic_pass *pass; /* NULL: the first reading */
    int64_t first;             /* block of task 0 */
    size_t terms;              /* sums that are put together */
} rows_job;

static uint32_t rows_in(const logistic_fit *fit, int64_t start, uint32_t most)
{
    const int64_t rest = fit->rows->rows - start;

    return rest < most ? (uint32_t)rest : most;
}

/* ---- reading ------------------------------------------------------------ */

/* The features of a unit that starts at a row; columns n apart. */
static double *rows_place(const logistic_fit *fit, logistic_lane *lane,
                          int64_t start)
{
    if (fit->cache)
        return fit->cache + (size_t)start * fit->p;
    return lane->values +
           (fit->square ? (size_t)(start % LOGISTIC_BLOCK) * fit->p : 0);
}

static void rows_read(const logistic_fit *fit, logistic_lane *lane,
                      int64_t start, uint32_t n, double *x)
{
    const mlpipe__frame *t = fit->rows;

    t->read(t, lane->scratch, start, n, x, lane->valid);
    for (uint32_t f = 0; f < fit->p && lane->null_row < 0; f++) {
        const uint8_t *valid = lane->valid + (size_t)f * n;
        const uint8_t *null = memchr(valid, 0, n);

        if (!null)
            continue;
        lane->null_row = start + (null - valid);
        lane->null_feature = f;
    }
}

/* Less the shift; its weighted sum and that of its squares to eight lanes
 * each. */
static inline void rows_shift(double *restrict x, double shift,
                              const double *s, uint32_t n,
                              double *restrict lanes)
{
    double sum[MLPIPE__SUM_LANES], square[MLPIPE__SUM_LANES];
    uint32_t i = 0;

    memcpy(sum, lanes, sizeof sum);
    memcpy(square, lanes + MLPIPE__SUM_LANES, sizeof square);
    for (; i + MLPIPE__SUM_LANES <= n; i += MLPIPE__SUM_LANES)
        for (uint32_t k = 0; k < MLPIPE__SUM_LANES; k++) {
            const double v = x[i + k] - shift, w = s ? s[i + k] * v : v;
            x[i + k] = v;
            sum[k] += w;
            square[k] += w * v;
        }
    for (uint32_t k = 0; i + k < n; k++) {
        const double v = x[i + k] - shift, w = s ? s[i + k] * v : v;
        x[i + k] = v;
        sum[k] += w;
        square[k] += w * v;
    }
    memcpy(lanes, sum, sizeof sum);
    memcpy(lanes + MLPIPE__SUM_LANES, square, sizeof square);
}

static void rows_load_unit(const logistic_fit *fit, logistic_lane *lane,
                           int64_t start, uint32_t n)
{
    const double *s = fit->rows->weight ? fit->rows->weight + start : NULL;
    double *x = rows_place(fit, lane, start);

    rows_read(fit, lane, start, n, x);
    for (uint32_t f = 0; f < fit->p; f++)
        rows_shift(x + (size_t)f * n, fit->shift[f], s, n,
                   lane->lanes + (size_t)f * 2 * MLPIPE__SUM_LANES);
}

/* The unit at row `at` of a block, of which `take` rows count. */
static logistic_unit rows_unit(const logistic_fit *fit, logistic_lane *lane,
                               int64_t start, uint32_t at, uint32_t take)
{
    const mlpipe__frame *t = fit->rows;
    const uint32_t n = rows_in(fit, start + at, LOGISTIC_UNIT);
    double *x = rows_place(fit, lane, start + at);

    if (!fit->cache) {
        rows_read(fit, lane, start + at, n, x);
        for (uint32_t f = 0; f < fit->p; f++)
            for (uint32_t i = 0; i < n; i++)
                x[(size_t)f * n + i] -= fit->shift[f];
    }
    return (logistic_unit){
        .x = x,
        .target = t->target + start + at,
        .weight = t->weight ? t->weight + start + at : NULL,
        .offset = t->offset ? t->offset + start + at : NULL,
        .at = at,
        .n = take - at < n ? take - at : n,
        .stride = n};
}

/* The first `take` rows of a block. */
static void rows_pass_block(const logistic_fit *fit, logistic_lane *lane,
                            const logistic_pass *pass, int64_t start,
                            uint32_t take)
{
    logistic_unit units[LOGISTIC_BLOCK / LOGISTIC_UNIT];
    uint32_t count = 0;

    for (uint32_t at = 0; at < take; at += LOGISTIC_UNIT) {
        units[count] = rows_unit(fit, lane, start, at, take);
        mlpipe__logistic_unit(fit, lane, pass->theta, &units[count++]);
    }
    if (pass->matrices)
        mlpipe__logistic_matrices(fit, lane, units, count);
}

/* Task t takes block first + t. */
static void rows_task(void *arg, uint32_t t)
{
    const rows_job *j = arg;
    const logistic_fit *fit = j->fit;
    logistic_lane *lane = &fit->lane[t];
    const int64_t start = (j->first + t) * LOGISTIC_BLOCK;
    const uint32_t rows = rows_in(fit, start, LOGISTIC_BLOCK);
    const size_t laned = j->pass ? fit->terms : j->terms;

    memset(lane->sums, 0, j->terms * sizeof *lane->sums);
    memset(lane->lanes, 0,
           laned * MLPIPE__SUM_LANES * sizeof *lane->lanes);
    if (j->pass)
        rows_pass_block(fit, lane, j->pass, start,
                        j->pass->take < rows ? j->pass->take : rows);
    else
        for (uint32_t at = 0; at < rows; at += LOGISTIC_UNIT)
            rows_load_unit(fit, lane, start + at,
                           rows_in(fit, start + at, LOGISTIC_UNIT));
    for (size_t i = 0; i < laned; i++)
        lane->sums[i] =
            mlpipe__lanes_value(lane->lanes + i * MLPIPE__SUM_LANES);
}

static mlpipe_status rows_null(const logistic_fit *fit)
{
    const logistic_lane *first = NULL;

    for (uint32_t t = 0; t < fit->tasks; t++)
        if (fit->lane[t].null_row >= 0 &&
            (!first || fit->lane[t].null_row < first->null_row))
            first = &fit->lane[t];
    if (!first)
        return MLPIPE_OK;
    const char *name = fit->rows->feature[first->null_feature].name;
    const long long at = mlpipe__frame_row(fit->rows, first->null_row);
    mlpipe__fail(fit->ctx, MLPIPE_E_SCHEMA,
                 "%s: feature %q is missing in row %lld; add impute before it",
                 fit->job->name, name, at);
    return mlpipe__fail_at(fit->ctx, at, name);
}

static mlpipe_status rows_run(logistic_fit *fit, rows_job *j)
{
    mlpipe__sums_start(&fit->tree, j->terms);
    for (j->first = 0; j->first < fit->blocks; j->first += fit->tasks) {
        const int64_t rest = fit->blocks - j->first;
        const uint32_t count = rest < fit->tasks ? (uint32_t)rest
                                                 : fit->tasks;
        mlpipe_status st = mlpipe__poll(fit->ctx, fit->job->name,
                                        fit->passes, fit->most);
        if (!st)
            st = mlpipe__parallel(fit->ctx, rows_task, j, count);
        if (!st)
            st = rows_null(fit);
        for (uint32_t t = 0; t < count && !st; t++)
            if (!mlpipe__sums_add(&fit->tree, fit->lane[t].sums))
                st = mlpipe__nomem(fit->ctx);
        if (st)
            return st;
    }
    mlpipe__sums_value(&fit->tree, fit->sums);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__logistic_pass(logistic_fit *fit,
                                    const logistic_pass *pass)
{
    rows_job j = {.fit = fit, .pass = pass,
                  .terms = pass->matrices ? fit->most_terms : fit->terms};
    mlpipe_status st;

    for (uint32_t t = 0; t < fit->tasks; t++)
        fit->lane[t].least = 1;
    st = rows_run(fit, &j);
    fit->least = 1;
    for (uint32_t t = 0; t < fit->tasks; t++)
        if (fit->lane[t].least < fit->least)
            fit->least = fit->lane[t].least;
    fit->passes++;
    return st;
}

/* ---- the first reading -------------------------------------------------- */

/* The values of a unit in rows that have a weight. */
static uint32_t rows_mean_add(const logistic_fit *fit, int64_t start,
                              uint32_t n, const double *x,
                              mlpipe__exact *sum)
{
    const double *s = fit->rows->weight ? fit->rows->weight + start : NULL;
    uint32_t counting = 0;

    for (uint32_t i = 0; i < n; i++)
        counting += !s || s[i] > 0;
    for (uint32_t f = 0; f < fit->p; f++)
        for (uint32_t i = 0; i < n; i++)
            if ((!s || s[i] > 0) && mlpipe__finite(x[(size_t)f * n + i]))
                mlpipe__exact_add(&sum[f], x[(size_t)f * n + i]);
    return counting;
}

/* The means of the first block that counts, rounded once: a constant column is
 * then 0. */
static mlpipe_status rows_shifts(logistic_fit *fit)
{
    logistic_lane *lane = &fit->lane[0];
    const int64_t origin = mlpipe__linear_origin(fit->rows);
    const uint32_t rows = rows_in(fit, origin, LOGISTIC_BLOCK);
    uint32_t counting = 0;
    mlpipe__exact *sum =
        mlpipe__alloc_array(fit->env, fit->p, sizeof *sum);
    mlpipe_status st = MLPIPE_OK;

    if (!sum)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t f = 0; f < fit->p; f++)
        mlpipe__exact_init(&sum[f]);
    for (uint32_t at = 0; at < rows && !st; at += LOGISTIC_UNIT) {
        const uint32_t n = rows_in(fit, origin + at, LOGISTIC_UNIT);
        double *x = rows_place(fit, lane, origin + at);

        rows_read(fit, lane, origin + at, n, x);
        st = rows_null(fit);
        if (!st)
            counting += rows_mean_add(fit, origin + at, n, x, sum);
    }
    for (uint32_t f = 0; f < fit->p && !st; f++)
        fit->shift[f] = mlpipe__exact_mean(&sum[f], counting);
    mlpipe__free(fit->env, sum);
    return st;
}

/* The spread of each column, for the scale of its gradient. */
static mlpipe_status rows_scales(logistic_fit *fit)
{
    for (uint32_t f = 0; f < fit->p; f++) {
        const double sum = fit->sums[2 * f], square = fit->sums[2 * f + 1];
        const double mean = fit->intercept ? sum / fit->weight : 0;
        const double spread = square / fit->weight - mean * mean;

        if (!mlpipe__finite(sum) || !mlpipe__finite(square)) {
            mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                         "%s: the squares of feature %q are beyond a double; "
                         "add scale, or outlier",
                         fit->job->name, fit->rows->feature[f].name);
            return mlpipe__fail_at(fit->ctx, -1,
                                   fit->rows->feature[f].name);
        }
        fit->scale[f] = spread > 0 ? mlpipe__sqrt(spread) : 1;
    }
    if (fit->intercept)
        fit->scale[fit->p] = 1;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__logistic_load(logistic_fit *fit)
{
    rows_job j = {.fit = fit, .terms = 2 * (size_t)fit->p};
    mlpipe_status st = MLPIPE_OK;
    size_t cells, bytes;

    if (!mlpipe__mul((size_t)fit->rows->rows, fit->p, &cells) &&
        !mlpipe__mul(cells, sizeof(double), &bytes) &&
        bytes <= rows_cache_max)
        fit->cache = mlpipe__alloc(fit->env, bytes);
    for (uint32_t t = 0; t < fit->tasks && !fit->cache; t++) {
        const size_t rows = fit->square ? LOGISTIC_BLOCK : LOGISTIC_UNIT;
        fit->lane[t].values = mlpipe__alloc_array(fit->env, fit->p,
                                                  rows * sizeof(double));
        if (!fit->lane[t].values)
            return mlpipe__nomem(fit->ctx);
    }
    if (fit->intercept)
        st = rows_shifts(fit);
    if (!st)
        st = rows_run(fit, &j);
    return st ? st : rows_scales(fit);
}
