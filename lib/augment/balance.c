/* SPDX-License-Identifier: MIT */
/*
 * What the steps share that change how many rows a class has: counts, and
 * an order of rows by chance. Everything random depends on the seed of the
 * step and ids of rows, so that neither threads nor the order of a file can
 * change which rows are taken.
 */
#include "augment_internal.h"

mlpipe_status mlpipe__augment_classes(const mlpipe__job *job,
                                      const mlpipe__resample *r,
                                      augment_classes *out)
{
    uint32_t count[2] = {0, 0};
    memset(out, 0, sizeof *out);
    if (job->task == MLPIPE__TASK_MULTICLASS)
        return mlpipe__fail(job->ctx, MLPIPE_E_UNSUPPORTED,
                            "step %q: the target has %u classes, and "
                            "oversample, undersample and smote balance two; "
                            "leave it out, and weigh rows by a weight= "
                            "column",
                            job->name, job->classes);
    if (job->task != MLPIPE__TASK_BINARY)
        return mlpipe__fail(job->ctx, MLPIPE_E_UNSUPPORTED,
                            "step %q balances the two classes of a target, "
                            "and this target is a number; to train on more "
                            "rows of a regression use the step jitter, or "
                            "give the recipe task=binary if it has two "
                            "classes",
                            job->name);
    for (uint32_t i = 0; i < r->rows; i++)
        count[r->target[i] > 0.5]++;
    if (!count[0] || !count[1])
        return mlpipe__fail(job->ctx, MLPIPE_E_EMPTY,
                            "step %q: %u of the %u training rows are of the "
                            "positive class, %u of the other; it needs rows "
                            "of both",
                            job->name, count[1], r->rows, count[0]);
    out->minority = count[1] <= count[0];
    out->few = count[out->minority];
    out->many = count[!out->minority];
    return MLPIPE_OK;
}

uint64_t mlpipe__augment_round(double x)
{
    return (uint64_t)mlpipe__floor(x + 0.5);
}

void mlpipe__augment_reached(const mlpipe__job *job, const augment_classes *c)
{
    const double ratio = mlpipe__params_get(job->params, "ratio")->number;
    if (mlpipe__augment_round(ratio * c->many) >= c->few)
        return;
    mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                     "%u rows of the smaller class against %u of the larger "
                     "are a ratio of %g, and ratio=%g is less; the rows stay "
                     "as they are",
                     c->few, c->many, (double)c->few / (double)c->many,
                     ratio);
}

/* ---- rows in an order by chance ----------------------------------------- */

typedef struct balance_work {
    int64_t *key;
    uint32_t *order;
    uint64_t *scratch;
} balance_work;

/* rows->row by rising id (place on ties), with repeats counted. */
static void balance_by_id(const mlpipe__resample *r, augment_rows *rows,
                          balance_work *w)
{
    for (uint32_t i = 0; i < rows->count; i++)
        w->key[i] = (int64_t)r->ids[rows->row[i]];
    mlpipe__argsort_i64(w->key, w->order, rows->count, w->scratch);
    for (uint32_t i = 0; i < rows->count; i++)
        rows->rank[i] = rows->row[w->order[i]];
    memcpy(rows->row, rows->rank, rows->count * sizeof *rows->row);
    for (uint32_t i = 1; i < rows->count; i++)
        rows->repeat[i] =
            r->ids[rows->row[i]] == r->ids[rows->row[i - 1]]
                ? rows->repeat[i - 1] + 1
                : 0;
}

static void balance_shuffle(const mlpipe__job *job, const mlpipe__resample *r,
                            augment_rows *rows, balance_work *w)
{
    for (uint32_t i = 0; i < rows->count; i++)
        w->key[i] = (int64_t)mlpipe__random64(
            job->seed, MLPIPE__FOR_SAMPLE, AUGMENT_ORDER,
            r->ids[rows->row[i]], rows->repeat[i]);
    mlpipe__argsort_i64(w->key, w->order, rows->count, w->scratch);
    for (uint32_t i = 0; i < rows->count; i++)
        rows->rank[w->order[i]] = i;
}

mlpipe_status mlpipe__augment_rows(const mlpipe__job *job,
                                   const mlpipe__resample *r, uint32_t class,
                                   uint32_t count, augment_rows *out)
{
    mlpipe__env *env = job->ctx->env;
    balance_work w = {
        .key = mlpipe__alloc_array(env, count, sizeof *w.key),
        .order = mlpipe__alloc_array(env, count, sizeof *w.order),
        .scratch = mlpipe__alloc_array(env, count, 4 * sizeof *w.scratch),
    };
    mlpipe_status st = MLPIPE_OK;
    *out = (augment_rows){
        .row = mlpipe__alloc_array(env, count, sizeof *out->row),
        .rank = mlpipe__alloc_array(env, count, sizeof *out->rank),
        .repeat = mlpipe__alloc_array(env, count, sizeof *out->repeat),
    };
    if (!w.key || !w.order || !w.scratch || !out->row || !out->rank ||
        !out->repeat)
        st = mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; !st && i < r->rows; i++)
        if ((r->target[i] > 0.5) == class)
            out->row[out->count++] = i;
    if (!st) {
        balance_by_id(r, out, &w);
        balance_shuffle(job, r, out, &w);
    } else {
        mlpipe__augment_rows_free(env, out);
    }
    mlpipe__free(env, w.scratch);
    mlpipe__free(env, w.order);
    mlpipe__free(env, w.key);
    return st;
}

void mlpipe__augment_rows_free(mlpipe__env *env, augment_rows *rows)
{
    mlpipe__free(env, rows->row);
    mlpipe__free(env, rows->rank);
    mlpipe__free(env, rows->repeat);
    memset(rows, 0, sizeof *rows);
}

uint32_t mlpipe__augment_uses(const augment_rows *rows, uint32_t i,
                              uint32_t uses)
{
    return uses / rows->count + (rows->rank[i] < uses % rows->count);
}
