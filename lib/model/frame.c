/* SPDX-License-Identifier: MIT */
/*
 * Rows as a learner sees them: the front of the program run over a dataset.
 * Added rows come after the real ones, one copy of all rows behind the other;
 * they are made anew at each read and never stored.
 */
#include "fit_types.h"

/* The stream of ids of repeated rows, beyond those of copies. */
enum { FRAME_REPEAT = 0xffffff };

/* The step and its copy behind segment `segment` of added rows, from 0. */
static const mlpipe__job *frame_adder(const mlpipe__fitting *f,
                                      uint32_t segment, uint32_t *copy)
{
    uint32_t i;
    for (i = 0; i < f->step_count; i++) {
        const mlpipe__job *job = &f->steps[i].job;
        uint32_t copies;
        if (!job->step || !job->step->copies)
            continue;
        copies = job->step->copies(job);
        if (segment < copies) {
            *copy = segment;
            return job;
        }
        segment -= copies;
    }
    return NULL;
}

static void frame_vary(const mlpipe__fit_rows *rows, void *scratch,
                       int64_t start, uint32_t n, uint32_t segment)
{
    const mlpipe__fitting *f = rows->fitting;
    const uint64_t *ids = rows->vary_ids ? rows->vary_ids : rows->ids;
    uint32_t copy = 0, c;
    const mlpipe__job *job = frame_adder(f, segment, &copy);
    if (!job)
        return;
    for (c = 0; c < job->chosen_count; c++) {
        const uint32_t input = job->plan->vars[job->chosen[c]].reg;
        if (input == MLPIPE__NO_REG) /* nothing reads it */
            continue;
        job->step->vary(job, ids + start, n, copy, c,
                        mlpipe__program_lane(f->plan.program, scratch,
                                             MLPIPE__BLOCK_ROWS, input));
    }
}

/* What is read of rows: registers, and what each takes between two of its
 * values (NULL: MLPIPE__BETWEEN_ANY). */
typedef struct frame_ask {
    const uint32_t *regs;
    uint32_t count;
    const uint8_t *between;
} frame_ask;

/* Where a read of n rows goes: values[k * n + i]. */
typedef struct frame_answer {
    uint32_t n;
    double *values;
    uint8_t *valid;
} frame_answer;

/* The registers of `count` rows that the lanes hold, from place `at` on. */
static void frame_lanes(const mlpipe__fit_rows *rows, const frame_ask *ask,
                        void *scratch, uint32_t count, uint32_t at,
                        const frame_answer *to)
{
    const mlpipe__fitting *f = rows->fitting;
    const mlpipe__program *p = f->plan.program;
    uint32_t k;
    mlpipe__program_run_ops(p, scratch, MLPIPE__BLOCK_ROWS, count,
                            f->front_ops, NULL);
    for (k = 0; k < ask->count; k++) {
        const size_t place = (size_t)k * to->n + at;
        memcpy(to->values + place,
               mlpipe__program_values(p, scratch, MLPIPE__BLOCK_ROWS,
                                      ask->regs[k]),
               count * sizeof *to->values);
        memcpy(to->valid + place,
               mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS,
                                     ask->regs[k]),
               count);
    }
}

/* Rows of one segment. */
static void frame_segment(const mlpipe__fit_rows *rows, const frame_ask *ask,
                          void *scratch, int64_t start, uint32_t count,
                          int64_t segment, uint32_t at,
                          const frame_answer *to)
{
    mlpipe__binding_load(&rows->binding, rows->fitting->plan.program,
                         rows->data, start, count, scratch,
                         MLPIPE__BLOCK_ROWS);
    if (segment)
        frame_vary(rows, scratch, start, count, (uint32_t)(segment - 1));
    frame_lanes(rows, ask, scratch, count, at, to);
}

/* Rows between two others: those they come from, then moved towards those
 * they go to. */
static void frame_between(const mlpipe__fit_rows *rows, const frame_ask *ask,
                          void *scratch, int64_t start, uint32_t count,
                          uint32_t at, const frame_answer *to)
{
    const mlpipe__fitting *f = rows->fitting;
    const mlpipe__program *p = f->plan.program;
    uint32_t k, i;
    mlpipe__binding_load(&rows->binding, p, rows->from, start, count, scratch,
                         MLPIPE__BLOCK_ROWS);
    frame_lanes(rows, ask, scratch, count, at, to);
    mlpipe__binding_load(&rows->binding, p, rows->to, start, count, scratch,
                         MLPIPE__BLOCK_ROWS);
    mlpipe__program_run_ops(p, scratch, MLPIPE__BLOCK_ROWS, count,
                            f->front_ops, NULL);
    for (k = 0; k < ask->count; k++) {
        const double *b = mlpipe__program_values(
            p, scratch, MLPIPE__BLOCK_ROWS, ask->regs[k]);
        const uint8_t *ok = mlpipe__program_valid(
            p, scratch, MLPIPE__BLOCK_ROWS, ask->regs[k]);
        double *a = to->values + (size_t)k * to->n + at;
        uint8_t *has = to->valid + (size_t)k * to->n + at;
        for (i = 0; i < count; i++) {
            has[i] = has[i] && ok[i];
            a[i] = has[i] ? mlpipe__between(a[i], b[i],
                                            rows->between[start + i],
                                            ask->between
                                                ? ask->between[k]
                                                : MLPIPE__BETWEEN_ANY)
                          : 0.0;
        }
    }
}

static void frame_rows(const mlpipe__fit_rows *rows, const frame_ask *ask,
                       void *scratch, int64_t start, const frame_answer *to)
{
    const int64_t real = rows->data->rows;
    const int64_t behind = real * ((int64_t)rows->copies + 1);
    uint32_t at = 0;
    while (at < to->n) {
        const int64_t row = start + at;
        const int64_t first = row < behind ? row % real : row - behind;
        uint32_t count = to->n - at;
        if (row < behind && count > real - first)
            count = (uint32_t)(real - first);
        if (row < behind)
            frame_segment(rows, ask, scratch, first, count, row / real, at,
                          to);
        else
            frame_between(rows, ask, scratch, first, count, at, to);
        at += count;
    }
}

static void frame_read(const mlpipe__frame *frame, void *scratch,
                       int64_t start, uint32_t n, double *values,
                       uint8_t *valid)
{
    const mlpipe__fit_rows *rows = frame->user;
    const mlpipe__fitting *f = rows->fitting;
    const frame_ask ask = {f->regs, f->feature_count, f->between};
    const frame_answer to = {n, values, valid};
    frame_rows(rows, &ask, scratch, start, &to);
}

/* A row of those that were given to the fit, by its id: steps and the holdout
 * take rows out. Where it is none of them, as it is here. */
int64_t mlpipe__fit_given_row(const mlpipe__fitting *f, uint64_t id,
                              int64_t row)
{
    const mlpipe_dataset *const all[] = {f->given_all, f->given,
                                         f->given_valid};
    for (uint32_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int64_t i = 0; all[k] && i < all[k]->rows; i++)
            if (mlpipe_dataset_row_id(all[k], i) == id)
                return i;
    return row;
}

static int64_t frame_row_of(const mlpipe__frame *frame, int64_t row)
{
    const mlpipe__fit_rows *rows = frame->user;
    return mlpipe__fit_given_row(rows->fitting, rows->ids[row], row);
}

/* ---- offsets ------------------------------------------------------------ */

/* Rows that have none were left out; a copy may lose its own. */
static mlpipe_status frame_offset_missing(const mlpipe__fit_rows *rows,
                                          int64_t at)
{
    const mlpipe__fitting *f = rows->fitting;
    const int64_t row = mlpipe__fit_given_row(
        f, mlpipe_dataset_row_id(rows->data, at % rows->data->rows), at);
    const char *name = mlpipe__fit_offset_name(f);
    mlpipe__fail(f->ctx, MLPIPE_E_NUMERIC,
                 "the offset %q has no finite value in what a step made of "
                 "row %lld; take %q out of the columns= of steps that change "
                 "rows",
                 name, (long long)row, name);
    return mlpipe__fail_at(f->ctx, row, name);
}

/* Does the learner read offsets itself, since its raw score is no difference
 * to the target? */
static bool frame_offset_apart(const mlpipe__fitting *f)
{
    const mlpipe__learner *l = f->learner ? f->learner->learner : NULL;
    return f->model->task != MLPIPE__TASK_REGRESSION ||
           (l && l->log_link && l->log_link(&f->learner->params));
}

/* Sets rows->offset, of all rows; of most regressions the target becomes what
 * is left to learn, which is all that their losses read. */
static mlpipe_status frame_offsets(mlpipe__fitting *f, mlpipe__fit_rows *rows,
                                   int64_t total)
{
    const frame_ask ask = {&f->offset, 1, NULL};
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    void *scratch;
    mlpipe_status st = MLPIPE_OK;
    if (f->offset == MLPIPE__NO_REG)
        return MLPIPE_OK;
    rows->offset = mlpipe__alloc_array(f->ctx->env, (size_t)total,
                                       sizeof *rows->offset);
    scratch = mlpipe__alloc(
        f->ctx->env,
        mlpipe__program_scratch(f->plan.program, MLPIPE__BLOCK_ROWS));
    if (!rows->offset || !scratch)
        st = mlpipe__nomem(f->ctx);
    for (int64_t at = 0; !st && at < total; at += MLPIPE__BLOCK_ROWS) {
        const int64_t left = total - at;
        const frame_answer to = {
            left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS,
            rows->offset + at, valid};
        if (at % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)at, (uint64_t)total);
        if (st)
            break;
        frame_rows(rows, &ask, scratch, at, &to);
        for (uint32_t i = 0; !st && i < to.n; i++)
            if (!valid[i] || !mlpipe__finite(rows->offset[at + i]))
                st = frame_offset_missing(rows, at + i);
    }
    for (int64_t i = 0; !st && i < total && !frame_offset_apart(f); i++)
        rows->target[i] -= rows->offset[i];
    mlpipe__free(f->ctx->env, scratch);
    return st;
}

/* ---- targets and weights ------------------------------------------------ */

mlpipe_status mlpipe__fit_check_target(mlpipe__fitting *f,
                                       const mlpipe_dataset *d, int64_t row,
                                       double y)
{
    const mlpipe_model *m = f->model;
    if (mlpipe__finite(mlpipe__target_forward(m->transform, y)))
        return MLPIPE_OK;
    row = mlpipe__fit_given_row(f, mlpipe_dataset_row_id(d, row), row);
    mlpipe__fail(f->ctx, MLPIPE_E_NUMERIC,
                 "the target %q is %g in row %lld, where %s has no finite "
                 "value; use another transform, or leave such rows out",
                 m->target, y, (long long)row,
                 mlpipe__params_get(&f->recipe->params, "target")->text);
    return mlpipe__fail_at(f->ctx, row, m->target);
}

mlpipe_status mlpipe__fit_targets(mlpipe__fitting *f, const mlpipe_dataset *d,
                                  double *out)
{
    int64_t i;
    mlpipe_status st = mlpipe__model_target(f->ctx, f->model, d, out);
    for (i = 0; !st && i < d->rows; i++) {
        st = mlpipe__fit_check_target(f, d, i, out[i]);
        out[i] = mlpipe__target_forward(f->model->transform, out[i]);
    }
    return st;
}

mlpipe_status mlpipe__fit_weights(mlpipe__fitting *f, const mlpipe_dataset *d,
                                  double *out)
{
    const char *name = f->model->weight_column;
    const int64_t real = d->rows;
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t column, n, i;
    int64_t start;
    mlpipe_status st =
        mlpipe__dataset_column(f->ctx, d, name, &column);
    if (st)
        return st;
    for (start = 0; start < real; start += n) {
        n = real - start < MLPIPE__BLOCK_ROWS ? (uint32_t)(real - start)
                                              : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, out + start, valid);
        for (i = 0; i < n; i++) {
            const double w = out[start + i];
            if (valid[i] && w >= 0.0 && mlpipe__finite(w))
                continue;
            const int64_t at = mlpipe__fit_given_row(
                f, mlpipe_dataset_row_id(d, start + i), start + i);
            mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                         valid[i] ? "the weight %q of row %lld is %g; weights "
                                    "are finite and not negative"
                                  : "the weight %q of row %lld is missing; "
                                    "fill it, or leave such rows out",
                         name, (long long)at, w);
            return mlpipe__fail_at(f->ctx, at, name);
        }
    }
    return MLPIPE_OK;
}

/* Rows between two others have the target, the weight and an id of the first
 * of them. */
static mlpipe_status frame_tail(mlpipe__fitting *f, mlpipe__fit_rows *rows,
                                int64_t at)
{
    mlpipe_status st = MLPIPE_OK;
    int64_t i;
    if (!rows->from)
        return MLPIPE_OK;
    st = mlpipe__fit_targets(f, rows->from, rows->target + at);
    if (!st && rows->weight)
        st = mlpipe__fit_weights(f, rows->from, rows->weight + at);
    for (i = 0; i < rows->from->rows; i++)
        rows->ids[at + i] = mlpipe__random64(
            f->model->seed, MLPIPE__FOR_SAMPLE, 0,
            mlpipe_dataset_row_id(rows->from, i), (uint32_t)i);
    return st;
}

/* Copies get the target and weight of their row and an id of their own. */
static void frame_repeat(mlpipe__fit_rows *rows, uint64_t seed)
{
    const int64_t real = rows->data->rows;
    uint32_t c;
    int64_t i;
    for (c = 1; c <= rows->copies; c++) {
        const int64_t at = real * c;
        memcpy(rows->target + at, rows->target, (size_t)real * 8);
        if (rows->weight)
            memcpy(rows->weight + at, rows->weight, (size_t)real * 8);
        for (i = 0; i < real; i++)
            rows->ids[at + i] = mlpipe__random64(seed, MLPIPE__FOR_SAMPLE, c,
                                                 rows->ids[i], 0);
    }
}

/* Ids that rise are all different, and so rows are but for resampling. */
static bool frame_rises(const uint64_t *ids, int64_t n)
{
    int64_t i = 1;
    while (i < n && ids[i - 1] < ids[i])
        i++;
    return i >= n;
}

/* Sets vary_ids: the first row of an id keeps it, each further one has a
 * random one by its number. */
static mlpipe_status frame_tell_apart(mlpipe__fitting *f,
                                      mlpipe__fit_rows *rows)
{
    mlpipe__env *env = f->ctx->env;
    const uint64_t *ids = rows->ids;
    const size_t n = (size_t)rows->data->rows;
    uint32_t *order, repeat = 0;
    uint64_t *scratch;
    mlpipe_status st;
    if (!rows->copies || frame_rises(ids, rows->data->rows))
        return MLPIPE_OK;
    st = mlpipe__most_rows(f->ctx, "copies", n, UINT32_MAX - 1);
    if (st)
        return st;
    order = mlpipe__alloc_array(env, n, sizeof *order);
    scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    rows->vary_ids = mlpipe__alloc_array(env, n, sizeof *rows->vary_ids);
    if (order && scratch && rows->vary_ids)
        mlpipe__argsort_i64((const int64_t *)ids, order, (uint32_t)n,
                            scratch);
    else
        st = mlpipe__nomem(f->ctx);
    for (size_t i = 0; !st && i < n; i++) {
        const uint64_t id = ids[order[i]];
        repeat = i && id == ids[order[i - 1]] ? repeat + 1 : 0;
        rows->vary_ids[order[i]] =
            repeat ? mlpipe__random64(f->model->seed, MLPIPE__FOR_JITTER,
                                      FRAME_REPEAT, id, repeat)
                   : id;
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    return st;
}

/* The group of a row, or its id; a copy's are those of its row, and those of a
 * row between two others are the first one's. */
static void frame_keys(mlpipe__fit_rows *rows)
{
    const int64_t real = rows->data->rows;
    const int64_t behind = real * ((int64_t)rows->copies + 1);
    int64_t i;
    for (i = 0; i < real; i++)
        rows->keys[i] = mlpipe__binding_key(&rows->binding, rows->data, i);
    for (; i < behind; i++)
        rows->keys[i] = rows->keys[i - real];
    for (i = 0; rows->from && i < rows->from->rows; i++)
        rows->keys[behind + i] =
            mlpipe__binding_key(&rows->binding, rows->from, i);
}

static uint32_t frame_count_copies(const mlpipe__fitting *f)
{
    uint32_t i, copies = 0;
    for (i = 0; i < f->step_count; i++) {
        const mlpipe__job *job = &f->steps[i].job;
        if (job->step && job->step->copies)
            copies += job->step->copies(job);
    }
    return copies;
}

mlpipe_status mlpipe__fit_frame(mlpipe__fitting *f, mlpipe__fit_rows *rows,
                                bool adds_rows)
{
    mlpipe__env *env = f->ctx->env;
    const int64_t real = rows->data->rows;
    const bool weighted = f->model->weight_column[0];
    mlpipe_status st = MLPIPE_OK;
    size_t total;
    int64_t i;
    rows->fitting = f;
    rows->copies = adds_rows ? frame_count_copies(f) : 0;
    if (mlpipe__mul((size_t)real, (size_t)rows->copies + 1, &total) ||
        mlpipe__add(total, rows->from ? (size_t)rows->from->rows : 0,
                    &total) ||
        total > INT64_MAX)
        return mlpipe__nomem(f->ctx);
    rows->target = mlpipe__alloc_array(env, total, sizeof *rows->target);
    rows->ids = mlpipe__alloc_array(env, total, sizeof *rows->ids);
    rows->keys = mlpipe__alloc_array(env, total, sizeof *rows->keys);
    if (weighted)
        rows->weight = mlpipe__alloc_array(env, total, sizeof *rows->weight);
    if (!rows->target || !rows->ids || !rows->keys ||
        (weighted && !rows->weight))
        return mlpipe__nomem(f->ctx);
    for (i = 0; i < real; i++)
        rows->ids[i] = mlpipe_dataset_row_id(rows->data, i);
    st = mlpipe__fit_targets(f, rows->data, rows->target);
    if (!st && weighted)
        st = mlpipe__fit_weights(f, rows->data, rows->weight);
    if (!st)
        st = frame_tail(f, rows, real * ((int64_t)rows->copies + 1));
    if (!st)
        st = frame_tell_apart(f, rows);
    if (st)
        return st;
    frame_repeat(rows, f->model->seed);
    frame_keys(rows);
    st = frame_offsets(f, rows, (int64_t)total);
    if (st)
        return st;
    rows->frame = (mlpipe__frame){
        .rows = (int64_t)total,
        .features = f->feature_count,
        .feature = f->features,
        .target = rows->target,
        .weight = rows->weight,
        .offset = frame_offset_apart(f) ? rows->offset : NULL,
        .ids = rows->ids,
        .keys = rows->keys,
        .scratch_bytes =
            mlpipe__program_scratch(f->plan.program, MLPIPE__BLOCK_ROWS),
        .read = frame_read,
        .user = rows,
        .row_of = frame_row_of,
    };
    return MLPIPE_OK;
}

void mlpipe__fit_rows_free(mlpipe__env *env, mlpipe__fit_rows *rows)
{
    mlpipe__free(env, rows->target);
    mlpipe__free(env, rows->weight);
    mlpipe__free(env, rows->offset);
    mlpipe__free(env, rows->ids);
    mlpipe__free(env, rows->vary_ids);
    mlpipe__free(env, rows->keys);
    mlpipe__free(env, rows->between);
    mlpipe__binding_free(&rows->binding);
    mlpipe_dataset_free(rows->from);
    mlpipe_dataset_free(rows->to);
    mlpipe_dataset_free(rows->data);
}
