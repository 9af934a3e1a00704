/* SPDX-License-Identifier: MIT */
/*
 * The k nearest training rows. Fitting is keeping: the rows become the points
 * of an operation, in their order, so that of two rows at one distance the
 * earlier one counts. Rows of weight 0 are left out.
 */
#include "train_internal.h"

#include "../report/report_internal.h"

static const mlpipe__param knn_params[] = {
    {"k", MLPIPE_PARAM_INT, "5", 1, MLPIPE__POINTS_K_MAX, NULL, 0x000100,
     "How many of the nearest training rows answer."},
    {"weights", MLPIPE_PARAM_CHOICE, "uniform", 0, 0, "uniform,distance",
     0x000100,
     "uniform: each counts by its row's weight; distance: also by 1 / its "
     "distance, and where some distance is 0, only those rows count."},
    {"metric", MLPIPE_PARAM_CHOICE, "euclidean", 0, 0, "euclidean,manhattan",
     0x000100,
     "Distance: the root of the sum of squares, or the sum of absolute "
     "values."},
};

typedef struct knn_fit {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    mlpipe__fit_job *job;
    uint32_t rows;   /* of weight above 0 */
    mlpipe__points *points;
    void *scratch;
    double *values;
    uint8_t *valid;
} knn_fit;

static mlpipe_status knn_row_fails(const knn_fit *k, uint32_t f, int64_t row,
                                   double x, bool valid)
{
    const char *name = k->job->train->feature[f].name;
    const long long at = mlpipe__frame_row(k->job->train, row);

    if (!valid)
        mlpipe__fail(k->ctx, MLPIPE_E_SCHEMA,
                     "%s: feature %q is missing in row %lld; add impute "
                     "before it",
                     k->job->name, name, at);
    else
        mlpipe__fail(k->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is %g in row %lld, and the square of a "
                     "distance must be a double; keep it within +-%g, as by "
                     "scale",
                     k->job->name, name, x, at,
                     MLPIPE__POINTS_VALUE_MAX);
    return mlpipe__fail_at(k->ctx, at, name);
}

/* A block of rows, from position `at` of the points on. */
static mlpipe_status knn_block(knn_fit *k, int64_t start, uint32_t n,
                               uint32_t *at)
{
    const mlpipe__frame *t = k->job->train;
    const double most = MLPIPE__POINTS_VALUE_MAX;

    t->read(t, k->scratch, start, n, k->values, k->valid);
    for (uint32_t i = 0; i < n; i++) {
        const double w = t->weight ? t->weight[start + i] : 1;
        double *to = k->points->x + (size_t)*at * t->features;

        if (!(w > 0))
            continue;
        for (uint32_t f = 0; f < t->features; f++) {
            const double x = k->values[(size_t)f * n + i];
            const bool valid = k->valid[(size_t)f * n + i];

            if (!valid || !(x >= -most && x <= most))
                return knn_row_fails(k, f, start + i, x, valid);
            to[f] = x;
        }
        k->points->target[*at] = t->target[start + i];
        k->points->weight[*at] = w;
        ++*at;
    }
    return MLPIPE_OK;
}

static mlpipe_status knn_read(knn_fit *k)
{
    const int64_t rows = k->job->train->rows;
    mlpipe_status st = MLPIPE_OK;
    uint32_t at = 0;

    for (int64_t i = 0; i < rows && !st; i += MLPIPE__BLOCK_ROWS) {
        const uint32_t n = rows - i < MLPIPE__BLOCK_ROWS
                               ? (uint32_t)(rows - i) : MLPIPE__BLOCK_ROWS;

        st = mlpipe__poll(k->ctx, k->job->name, (uint64_t)i, (uint64_t)rows);
        if (!st)
            st = knn_block(k, i, n, &at);
    }
    return st;
}

/* ---- scales ------------------------------------------------------------- */

static mlpipe_status knn_scales(const knn_fit *k)
{
    const mlpipe__feature *feature = k->job->train->feature;
    const mlpipe__points *p = k->points;
    mlpipe__scales s;
    const mlpipe_status st = mlpipe__scales_of(k->ctx, k->job->name, p->x,
                                               p->rows, p->features, &s);

    if (st)
        return st;
    if (k->job->notes)
        mlpipe__report_number(k->job->notes, "scales_apart", s.apart);
    mlpipe__scales_tell(k->ctx, k->job->name, &s, feature[s.most].name,
                        feature[s.least].name);
    return MLPIPE_OK;
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status knn_check_features(const knn_fit *k)
{
    const mlpipe__frame *t = k->job->train;

    if (!t->features || t->features > MLPIPE__POINTS_FEATURES_MAX)
        return mlpipe__fail(k->ctx,
                            t->features ? MLPIPE_E_LIMIT : MLPIPE_E_EMPTY,
                            "%s: %u features; knn takes 1 to %d", k->job->name,
                            t->features, MLPIPE__POINTS_FEATURES_MAX);
    for (uint32_t f = 0; f < t->features; f++)
        if (t->feature[f].kind == MLPIPE__CODE) {
            mlpipe__fail(k->ctx, MLPIPE_E_SCHEMA,
                         "%s: feature %q is a category; add onehot or "
                         "ordinal before knn",
                         k->job->name, t->feature[f].name);
            return mlpipe__fail_at(k->ctx, -1, t->feature[f].name);
        }
    return MLPIPE_OK;
}

static mlpipe_status knn_check_rows(knn_fit *k, int64_t neighbours)
{
    const mlpipe__frame *t = k->job->train;
    int64_t rows = 0;

    for (int64_t i = 0; i < t->rows; i++) {
        const double w = t->weight ? t->weight[i] : 1;

        if (!mlpipe__finite(t->target[i]) ||
            !(w == 0 || (w >= 0x1p-1022 && w <= 1e100))) {
            const long long at = mlpipe__frame_row(t, i);
            mlpipe__fail(k->ctx, MLPIPE_E_NUMERIC,
                         "%s: row %lld has target %g and weight %g; both must "
                         "be finite, the weight 0 or within 2.3e-308 and "
                         "1e100",
                         k->job->name, at, t->target[i], w);
            return mlpipe__fail_at(k->ctx, at, "");
        }
        rows += w > 0;
    }
    if (rows < neighbours)
        return mlpipe__fail(k->ctx, MLPIPE_E_EMPTY,
                            "%s: k is %lld, and %lld training rows have a "
                            "weight above 0; lower k, or give more rows",
                            k->job->name, (long long)neighbours,
                            (long long)rows);
    k->rows = (uint32_t)rows;
    return mlpipe__most_rows(k->ctx, k->job->name, (uint64_t)rows,
                             INT32_MAX);
}

static mlpipe_status knn_allocate(knn_fit *k)
{
    const mlpipe__frame *t = k->job->train;

    k->points = mlpipe__points_new(
        k->env, t->features, k->rows,
        k->job->task == MLPIPE__TASK_MULTICLASS ? k->job->classes
        : k->job->task == MLPIPE__TASK_BINARY   ? 2
                                                : 0);
    k->scratch = mlpipe__alloc(k->env, t->scratch_bytes);
    k->values = mlpipe__alloc_array(k->env, t->features,
                                    MLPIPE__BLOCK_ROWS * sizeof(double));
    k->valid = mlpipe__alloc_array(k->env, t->features, MLPIPE__BLOCK_ROWS);
    return k->points && k->scratch && k->values && k->valid
               ? MLPIPE_OK
               : mlpipe__nomem(k->ctx);
}

static void knn_emit(knn_fit *k)
{
    mlpipe__fit_job *job = k->job;
    mlpipe__program *p = job->program;
    const uint32_t features = k->points->features;
    const uint32_t outputs = k->points->outputs;
    const uint32_t index = mlpipe__program_points(p, k->points);
    const uint32_t words = mlpipe__program_words(p, job->regs, features);

    k->points = NULL; /* the program's now */
    job->out = mlpipe__program_op(p, MLPIPE__OP_KNN, index, 0, words, features,
                                  outputs);
    job->raw = job->task == MLPIPE__TASK_REGRESSION ? job->out
                                                    : MLPIPE__NO_REG;
    if (job->notes)
        mlpipe__report_number(job->notes, "points", k->rows);
}

static mlpipe_status knn_learn(mlpipe__fit_job *job)
{
    const mlpipe__params *params = job->params;
    const int64_t neighbours = mlpipe__params_get(params, "k")->integer;
    knn_fit k = {.ctx = job->ctx, .env = job->ctx->env, .job = job};
    mlpipe_status st = knn_check_features(&k);

    if (!st)
        st = knn_check_rows(&k, neighbours);
    if (!st)
        st = mlpipe__poll(job->ctx, job->name, 0, k.rows);
    if (!st)
        st = knn_allocate(&k);
    if (!st) {
        k.points->k = (uint32_t)neighbours;
        k.points->metric = MLPIPE__POINTS_EUCLIDEAN +
                           mlpipe__params_get(params, "metric")->choice;
        k.points->vote = MLPIPE__POINTS_UNIFORM +
                         mlpipe__params_get(params, "weights")->choice;
        st = knn_read(&k);
    }
    if (!st)
        st = knn_scales(&k);
    if (!st)
        knn_emit(&k);
    mlpipe__points_free(k.points);
    mlpipe__free(k.env, k.scratch);
    mlpipe__free(k.env, k.values);
    mlpipe__free(k.env, k.valid);
    return st;
}

const mlpipe__learner mlpipe__learner_knn = {
    .name = "knn",
    .tasks = MLPIPE__TASK_REGRESSION | MLPIPE__TASK_CLASSES,
    .takes_nulls = false,
    .takes_codes = false,
    .blas = false,
    .params = knn_params,
    .param_count = sizeof knn_params / sizeof *knn_params,
    .doc = "The k nearest training rows, all of which the model keeps: their "
           "mean, or their shares of the classes. Exact.",
    .fit = knn_learn,
};
