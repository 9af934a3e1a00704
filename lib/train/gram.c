/* SPDX-License-Identifier: MIT */
/*
 * The Gram matrix of the training rows from one pass: shifted columns over
 * fixed blocks of rows, combined as a binary tree over blocks, so that neither
 * large offsets nor the number of threads cost digits. Rows of a block are
 * sorted by fold on the way in; the matrix of a training fold is then the sum
 * of the others, without a subtraction.
 */
#include "linear_types.h"

enum {
    /* From one column to the next; the odd 64 bytes keep columns of a chunk
     * in different sets of the caches. */
    GRAM_STRIDE = MLPIPE__GRAM_ROWS + MLPIPE__LINEAR_FOLDS_MAX * 8 + 8 + 112
};

/* A block on its way through one task. */
typedef struct gram_worker {
    int64_t start;
    void *scratch;
    double *values;
    uint8_t *valid;
    double *x;      /* columns of GRAM_STRIDE */
    double *lanes;
    double *sum;    /* folds matrices of this block */
    uint32_t *place;
    double *root;
    int64_t bad_row; /* -1, or where a feature is missing */
    uint32_t bad_feature;
} gram_worker;

typedef struct gram_run {
    const mlpipe__fit_job *job;
    mlpipe__gram *g;
    const mlpipe__gram_kernel *kernel;
    uint32_t columns;   /* of a block: q to a full tile */
    uint32_t tasks;
    gram_worker *worker; /* tasks */
    mlpipe__sums *sums; /* folds */
} gram_run;

uint32_t mlpipe__linear_fold(const mlpipe__fit_job *job, int64_t row,
                             uint32_t folds)
{
    static const char purpose[] = "lambda";
    const mlpipe__frame *t = job->train;
    /* A draw of its own: what validates this fit may leave a fold out by the
     * same seed, and all rows would then be in the others. */
    const uint64_t seed =
        mlpipe__hash64(purpose, sizeof purpose - 1, job->seed);

    return mlpipe__fold_of(seed, (t->keys ? t->keys : t->ids)[row], folds);
}

int64_t mlpipe__linear_origin(const mlpipe__frame *rows)
{
    int64_t i = 0;

    while (rows->weight && i < rows->rows && !(rows->weight[i] > 0))
        i++;
    return i < rows->rows ? i - i % MLPIPE__GRAM_ROWS : 0;
}

mlpipe_status mlpipe__linear_null(const mlpipe__fit_job *job, uint32_t feature,
                                  int64_t row)
{
    const char *name = job->train->feature[feature].name;
    const long long at = mlpipe__frame_row(job->train, row);

    mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                 "%s: feature %q is missing in row %lld; add impute before it",
                 job->name, name, at);
    return mlpipe__fail_at(job->ctx, at, name);
}

static uint32_t gram_rows(const gram_run *r, int64_t start)
{
    const int64_t left = r->job->train->rows - start;

    return left < MLPIPE__GRAM_ROWS ? (uint32_t)left : MLPIPE__GRAM_ROWS;
}

/* Where each row of a block goes: its fold begins at first[fold], and count
 * rows of it are there. */
static void gram_places(const gram_run *r, gram_worker *w, uint32_t rows,
                        uint32_t *first, uint32_t *count)
{
    const uint32_t folds = r->g->folds;
    uint32_t at = 0;

    memset(count, 0, folds * sizeof *count);
    for (uint32_t i = 0; i < rows; i++) {
        w->place[i] = folds > 1 ? mlpipe__linear_fold(r->job, w->start + i,
                                                      folds)
                                : 0;
        count[w->place[i]]++;
    }
    for (uint32_t k = 0; k < folds; k++) {
        first[k] = at;
        at += (count[k] + 7) / 8 * 8;
        count[k] = 0;
    }
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t k = w->place[i];
        w->place[i] = first[k] + count[k]++;
    }
}

/* n values of a column to their places, less the shift, by the roots. */
static void gram_put(const gram_run *r, gram_worker *w, uint32_t column,
                     uint32_t at, uint32_t n, const double *values)
{
    const double shift = r->g->shift[column];
    const double *root = w->root + at;
    const uint32_t *place = w->place + at;
    double *x = w->x + (size_t)column * GRAM_STRIDE;

    if (r->g->folds == 1)
        for (uint32_t i = 0; i < n; i++)
            x[at + i] = (values[i] - shift) * root[i];
    else
        for (uint32_t i = 0; i < n; i++)
            x[place[i]] = (values[i] - shift) * root[i];
}

static bool gram_all_valid(const uint8_t *valid, uint32_t n, uint32_t *bad)
{
    uint32_t i, all = 1;

    for (i = 0; i < n; i++)
        all &= valid[i];
    for (i = 0; !all && valid[i]; i++)
        ;
    *bad = i;
    return all;
}

/* One block, column by column. */
static void gram_read(const gram_run *r, gram_worker *w, uint32_t rows)
{
    const mlpipe__frame *t = r->job->train;
    const uint32_t p = r->g->p;
    uint32_t bad;

    for (uint32_t at = 0; at < rows; at += MLPIPE__BLOCK_ROWS) {
        const uint32_t n = rows - at < MLPIPE__BLOCK_ROWS ? rows - at
                                                          : MLPIPE__BLOCK_ROWS;
        t->read(t, w->scratch, w->start + at, n, w->values, w->valid);
        for (uint32_t f = 0; f < p; f++) {
            if (!gram_all_valid(w->valid + (size_t)f * n, n, &bad)) {
                w->bad_row = w->start + at + bad;
                w->bad_feature = f;
                return;
            }
            gram_put(r, w, f, at, n, w->values + (size_t)f * n);
        }
        gram_put(r, w, p, at, n, t->target + w->start + at);
    }
    for (uint32_t i = 0; i < rows; i++)
        w->x[((size_t)p + 1) * GRAM_STRIDE + w->place[i]] = w->root[i];
}

static void gram_roots(const mlpipe__frame *t, gram_worker *w, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        w->root[i] = t->weight ? mlpipe__sqrt(t->weight[w->start + i]) : 1;
}

/* Zeros up to a multiple of eight rows behind each fold. */
static void gram_pad(const gram_run *r, gram_worker *w, const uint32_t *first,
                     const uint32_t *count)
{
    for (uint32_t c = 0; c < r->g->q; c++)
        for (uint32_t k = 0; k < r->g->folds; k++)
            for (uint32_t i = count[k]; i % 8; i++)
                w->x[(size_t)c * GRAM_STRIDE + first[k] + i] = 0;
}

static void gram_task(void *arg, uint32_t task)
{
    const gram_run *r = arg;
    const mlpipe__gram *g = r->g;
    gram_worker *w = &r->worker[task];
    const size_t size = (size_t)g->q * g->q;
    uint32_t first[MLPIPE__LINEAR_FOLDS_MAX], count[MLPIPE__LINEAR_FOLDS_MAX];

    if (w->start >= r->job->train->rows)
        return;
    const uint32_t rows = gram_rows(r, w->start);
    gram_places(r, w, rows, first, count);
    gram_roots(r->job->train, w, rows);
    gram_read(r, w, rows);
    if (w->bad_row >= 0)
        return;
    gram_pad(r, w, first, count);
    memset(w->sum, 0, g->folds * size * sizeof(double));
    for (uint32_t k = 0; k < g->folds; k++)
        mlpipe__gram_add(r->kernel, w->x + first[k], GRAM_STRIDE, g->q,
                         count[k], w->lanes, w->sum + k * size);
}

/* The shift of a column is about its mean, over the first block that counts;
 * without a constant the columns stay where they are. */
static mlpipe_status gram_shifts(gram_run *r, bool intercept)
{
    const mlpipe__frame *t = r->job->train;
    gram_worker *w = r->worker;
    const int64_t origin = mlpipe__linear_origin(t);
    const uint32_t rows = gram_rows(r, origin), folds = r->g->folds;
    uint32_t first, count, counting = 0;

    w->start = origin;
    r->g->folds = 1;
    gram_places(r, w, rows, &first, &count);
    for (uint32_t i = 0; i < rows; i++) {
        w->root[i] = !t->weight || t->weight[origin + i] > 0;
        counting += w->root[i] > 0;
    }
    gram_read(r, w, rows);
    r->g->folds = folds;
    if (w->bad_row >= 0)
        return mlpipe__linear_null(r->job, w->bad_feature, w->bad_row);
    for (uint32_t c = 0; c <= r->g->p && intercept; c++) {
        const double mean =
            mlpipe__block_sum(w->x + (size_t)c * GRAM_STRIDE, rows) /
            counting;
        r->g->shift[c] = mlpipe__finite(mean) ? mean : 0;
    }
    return MLPIPE_OK;
}

static mlpipe_status gram_run_all(gram_run *r)
{
    const int64_t rows = r->job->train->rows;
    const size_t size = (size_t)r->g->q * r->g->q;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t at = 0; at < rows && !st;) {
        for (uint32_t i = 0; i < r->tasks; i++, at += MLPIPE__GRAM_ROWS)
            r->worker[i].start = at;
        st = mlpipe__poll(r->job->ctx, r->job->name,
                          (uint64_t)r->worker[0].start, (uint64_t)rows);
        if (!st)
            st = mlpipe__parallel(r->job->ctx, gram_task, r, r->tasks);
        for (uint32_t i = 0; i < r->tasks && !st; i++) {
            gram_worker *w = &r->worker[i];
            if (w->start >= rows)
                break;
            if (w->bad_row >= 0)
                st = mlpipe__linear_null(r->job, w->bad_feature, w->bad_row);
            for (uint32_t k = 0; k < r->g->folds && !st; k++)
                if (!mlpipe__sums_add(&r->sums[k], w->sum + k * size))
                    st = mlpipe__nomem(r->job->ctx);
        }
    }
    for (uint32_t k = 0; k < r->g->folds && !st; k++)
        mlpipe__sums_value(&r->sums[k], r->g->sum + k * size);
    return st;
}

static bool gram_worker_init(const gram_run *r, gram_worker *w)
{
    const mlpipe__gram *g = r->g;
    const size_t block = (size_t)GRAM_STRIDE * sizeof(double);

    w->bad_row = -1;
    w->scratch = mlpipe__alloc(g->env, r->job->train->scratch_bytes);
    w->values = mlpipe__alloc_array(g->env, g->p,
                                    MLPIPE__BLOCK_ROWS * sizeof(double));
    w->valid = mlpipe__alloc_array(g->env, g->p, MLPIPE__BLOCK_ROWS);
    w->x = mlpipe__alloc_array(g->env, r->columns, block);
    w->lanes = mlpipe__alloc_array(g->env, mlpipe__gram_lanes(g->q),
                                   sizeof(double));
    w->sum = mlpipe__alloc_array(g->env, g->folds,
                                 (size_t)g->q * g->q * sizeof(double));
    w->place = mlpipe__alloc_array(g->env, MLPIPE__GRAM_ROWS, sizeof(uint32_t));
    w->root = mlpipe__alloc_array(g->env, MLPIPE__GRAM_ROWS, sizeof(double));
    if (w->x) /* the columns that fill the last tile */
        memset(w->x, 0, r->columns * block);
    return w->scratch && w->values && w->valid && w->x && w->lanes && w->sum &&
           w->place && w->root;
}

static void gram_worker_free(mlpipe__env *env, gram_worker *w)
{
    mlpipe__free(env, w->scratch);
    mlpipe__free(env, w->values);
    mlpipe__free(env, w->valid);
    mlpipe__free(env, w->x);
    mlpipe__free(env, w->lanes);
    mlpipe__free(env, w->sum);
    mlpipe__free(env, w->place);
    mlpipe__free(env, w->root);
}

static mlpipe_status gram_allocate(gram_run *r)
{
    mlpipe__gram *g = r->g;
    const size_t cells = (size_t)g->q * g->q;
    const size_t size = cells * sizeof(double);

    g->shift = mlpipe__alloc_array(g->env, g->q, sizeof(double));
    g->sum = mlpipe__alloc_array(g->env, g->folds, size);
    r->sums = mlpipe__alloc_array(g->env, g->folds, sizeof *r->sums);
    r->worker = mlpipe__alloc_array(g->env, r->tasks, sizeof *r->worker);
    for (uint32_t k = 0; r->sums && k < g->folds; k++)
        r->sums[k] = (mlpipe__sums){.env = g->env, .room = cells,
                                    .n = cells};
    if (r->worker)
        memset(r->worker, 0, r->tasks * sizeof *r->worker);
    if (!g->shift || !g->sum || !r->sums || !r->worker)
        return mlpipe__nomem(r->job->ctx);
    memset(g->shift, 0, g->q * sizeof(double));
    memset(g->sum, 0, g->folds * size);
    for (uint32_t i = 0; i < r->tasks; i++)
        if (!gram_worker_init(r, &r->worker[i]))
            return mlpipe__nomem(r->job->ctx);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__gram_fit(const mlpipe__fit_job *job, bool intercept,
                               uint32_t folds, mlpipe__gram *g)
{
    const int64_t blocks =
        (job->train->rows + MLPIPE__GRAM_ROWS - 1) / MLPIPE__GRAM_ROWS;
    const uint32_t threads = job->ctx->threads;
    gram_run r = {.job = job, .g = g,
                  .kernel = mlpipe__gram_kernel_of(mlpipe__gram_width())};
    mlpipe_status st;

    *g = (mlpipe__gram){.env = job->ctx->env, .p = job->train->features,
                        .q = job->train->features + 2, .folds = folds};
    r.columns = (g->q + r.kernel->tile - 1) / r.kernel->tile * r.kernel->tile;
    r.tasks = blocks < threads ? (uint32_t)blocks : threads;
    st = gram_allocate(&r);
    if (!st)
        st = gram_shifts(&r, intercept);
    if (!st)
        st = gram_run_all(&r);
    for (uint32_t i = 0; r.worker && i < r.tasks; i++)
        gram_worker_free(g->env, &r.worker[i]);
    for (uint32_t k = 0; r.sums && k < folds; k++)
        mlpipe__sums_free(&r.sums[k]);
    mlpipe__free(g->env, r.worker);
    mlpipe__free(g->env, r.sums);
    return st;
}

void mlpipe__gram_free(mlpipe__gram *g)
{
    mlpipe__free(g->env, g->shift);
    mlpipe__free(g->env, g->sum);
}
