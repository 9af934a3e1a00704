/* SPDX-License-Identifier: MIT */
/*
 * Which rows the learner sees, where steps drop, repeat or make some. Nothing
 * else sees them: statistics, reference and held-out rows are those of the
 * data as they are, and probabilities are taken back to their shares.
 */
#include "fit_types.h"

/* The learner's rows: places in the training rows, or between two of them. */
typedef struct resample_list {
    uint32_t count;
    mlpipe__added_row *row; /* u = 0: row a itself */
} resample_list;

static bool resample_plain(const mlpipe__added_row *r)
{
    return r->u == 0.0;
}

/* The features of the first rows of the frame, row by row, for steps that
 * measure distances; behind them come copies. */
static mlpipe_status resample_values(mlpipe__fitting *f, int64_t rows,
                                     double *x, uint8_t *valid)
{
    const mlpipe__frame *frame = &f->learn.frame;
    mlpipe__env *env = f->ctx->env;
    const uint32_t k = frame->features;
    void *scratch = mlpipe__alloc(env, frame->scratch_bytes);
    double *v = mlpipe__alloc_array(env, (size_t)k * MLPIPE__BLOCK_ROWS,
                                    sizeof *v);
    uint8_t *ok = mlpipe__alloc(env, (size_t)k * MLPIPE__BLOCK_ROWS);
    mlpipe_status st =
        scratch && v && ok ? MLPIPE_OK : mlpipe__nomem(f->ctx);
    uint32_t n;
    for (int64_t start = 0; !st && start < rows; start += n) {
        const int64_t left = rows - start;
        n = left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS;
        if (start % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)start,
                              (uint64_t)rows);
        if (st)
            break;
        frame->read(frame, scratch, start, n, v, ok);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t c = 0; c < k; c++) {
                x[((size_t)start + i) * k + c] = v[(size_t)c * n + i];
                valid[((size_t)start + i) * k + c] = ok[(size_t)c * n + i];
            }
    }
    mlpipe__free(env, ok);
    mlpipe__free(env, v);
    mlpipe__free(env, scratch);
    return st;
}

/* The rows of the list that a step keeps, then those that it adds. */
static mlpipe_status resample_merge(mlpipe__fitting *f, const char *step,
                                    resample_list *list,
                                    const mlpipe__resample *r)
{
    mlpipe__added_row *row;
    uint64_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        kept += r->keep[i];
    const mlpipe_status st = mlpipe__most_rows(
        f->ctx, step, kept + r->added_count, UINT32_MAX - 1);
    if (st)
        return st;
    row = mlpipe__alloc_array(f->ctx->env, (size_t)kept + r->added_count,
                              sizeof *row);
    if (!row)
        return mlpipe__nomem(f->ctx);
    kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (r->keep[i])
            row[kept++] = list->row[i];
    for (uint32_t i = 0; i < r->added_count; i++) {
        const mlpipe__added_row *a = &r->added[i];
        row[kept++] = (mlpipe__added_row){list->row[a->a].a,
                                          list->row[a->b].a, a->u};
    }
    mlpipe__free(f->ctx->env, list->row);
    list->row = row;
    list->count = (uint32_t)kept;
    return MLPIPE_OK;
}

/* A view of the training rows at these places. */
static mlpipe_status resample_view(mlpipe__fitting *f,
                                   const resample_list *list, bool plain,
                                   bool second, mlpipe_dataset **out)
{
    mlpipe__rowset *rows;
    int64_t n = 0;
    for (uint32_t i = 0; i < list->count; i++)
        n += resample_plain(&list->row[i]) == plain;
    rows = mlpipe__rowset_new(f->ctx->env, n);
    if (!rows)
        return mlpipe__nomem(f->ctx);
    n = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (resample_plain(&list->row[i]) == plain)
            rows->rows[n++] = second ? list->row[i].b : list->row[i].a;
    return mlpipe__dataset_view(f->ctx, f->train.data, rows, out);
}

/* f->learn as the list says, ready to be read. */
static mlpipe_status resample_build(mlpipe__fitting *f,
                                    const resample_list *list)
{
    mlpipe__env *env = f->ctx->env;
    mlpipe__fit_rows *l = &f->learn;
    uint32_t made = 0;
    mlpipe_status st;
    for (uint32_t i = 0; i < list->count; i++)
        made += !resample_plain(&list->row[i]);
    mlpipe__fit_rows_free(env, l);
    memset(l, 0, sizeof *l);
    st = resample_view(f, list, true, false, &l->data);
    if (!st && made) {
        l->between = mlpipe__alloc_array(env, made, sizeof *l->between);
        st = l->between ? resample_view(f, list, false, false, &l->from)
                        : mlpipe__nomem(f->ctx);
        if (!st)
            st = resample_view(f, list, false, true, &l->to);
        made = 0;
        for (uint32_t i = 0; !st && i < list->count; i++)
            if (!resample_plain(&list->row[i]))
                l->between[made++] = list->row[i].u;
    }
    return st ? st : mlpipe__fit_learn_rows(f);
}

static mlpipe_status resample_check(mlpipe__fitting *f, const char *step,
                                    const resample_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!resample_plain(&list->row[i]))
            return mlpipe__fail(f->ctx, MLPIPE_E_CONFLICT,
                                "%s would resample rows that a step before "
                                "it made; put it before that step",
                                step);
    return MLPIPE_OK;
}

static mlpipe_status resample_step(mlpipe__fitting *f, mlpipe__job *job,
                                   resample_list *list)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t n = list->count, k = f->feature_count;
    const bool reads = job->step->resample_values;
    const mlpipe__var **vars =
        mlpipe__alloc_array(env, f->plan.var_count, sizeof *vars);
    uint8_t *keep = mlpipe__alloc(env, n);
    double *x = NULL;
    uint8_t *valid = NULL;
    mlpipe__resample r = {.rows = n, .features = k, .vars = vars};
    mlpipe_status st = resample_check(f, job->name, list);
    if (!st)
        st = resample_build(f, list);
    if (!st && reads) {
        x = mlpipe__alloc_array(env, n, (size_t)k * sizeof *x);
        valid = mlpipe__alloc_array(env, n, k);
        st = x && valid ? resample_values(f, n, x, valid)
                        : mlpipe__nomem(f->ctx);
    }
    if (!st && (!vars || !keep))
        st = mlpipe__nomem(f->ctx);
    if (!st) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < f->plan.var_count; i++)
            if (f->plan.vars[i].feature)
                vars[at++] = &f->plan.vars[i];
        memset(keep, 1, n);
        r.target = f->learn.target;
        r.ids = f->learn.ids;
        r.x = x;
        r.valid = valid;
        r.copies = f->learn.copies;
        r.keep = keep;
        r.between = f->between;
        job->task = f->model->task;
        job->classes = f->model->classes.count;
        st = job->step->resample(job, &r);
    }
    if (!st)
        st = resample_merge(f, job->name, list, &r);
    mlpipe__free(env, r.added);
    mlpipe__free(env, valid);
    mlpipe__free(env, x);
    mlpipe__free(env, keep);
    mlpipe__free(env, vars);
    return st;
}

/* Odds of the positive class among rows, by weight where there are some; NaN
 * where a class is missing. */
static double resample_odds(const double *target, const double *weight,
                            int64_t n)
{
    mlpipe__exact sum[2];
    mlpipe__exact_init(&sum[0]);
    mlpipe__exact_init(&sum[1]);
    for (int64_t i = 0; i < n; i++)
        mlpipe__exact_add(&sum[target[i] > 0.5], weight ? weight[i] : 1.0);
    const double no = mlpipe__exact_value(&sum[0]);
    const double yes = mlpipe__exact_value(&sum[1]);
    return no > 0 && yes > 0 ? yes / no : mlpipe__nan();
}

/* r of p r / (p r + 1 - p): odds as they are by odds as the learner saw. */
static mlpipe_status resample_prior(mlpipe__fitting *f)
{
    mlpipe__env *env = f->ctx->env;
    const int64_t n = f->train.data->rows;
    const bool weighted = f->learn.weight != NULL;
    double *target, *weight;
    mlpipe_status st;
    if (f->model->task != MLPIPE__TASK_BINARY)
        return MLPIPE_OK;
    target = mlpipe__alloc_array(env, (size_t)n, sizeof *target);
    weight = mlpipe__alloc_array(env, weighted ? (size_t)n : 0,
                                 sizeof *weight);
    st = target && weight ? mlpipe__fit_targets(f, f->train.data, target)
                          : mlpipe__nomem(f->ctx);
    if (!st && weighted)
        st = mlpipe__fit_weights(f, f->train.data, weight);
    if (!st) {
        const double r =
            resample_odds(target, weighted ? weight : NULL, n) /
            resample_odds(f->learn.target, f->learn.weight,
                          f->learn.frame.rows);
        f->prior = r > 0 && mlpipe__finite(r) ? r : 1.0;
        mlpipe__report_number(f->notes, "prior_ratio", f->prior);
    }
    mlpipe__free(env, weight);
    mlpipe__free(env, target);
    return st;
}

/* Whether the steps want probabilities as the data have them: there is one
 * way back, past all of them, and so they must agree. */
static mlpipe_status resample_corrects(const mlpipe__fitting *f, bool *out)
{
    const mlpipe__job *first = NULL;
    for (uint32_t i = 0; i < f->step_count; i++) {
        const mlpipe__job *job = &f->steps[i].job;
        if (!job->step->resample)
            continue;
        const bool asks =
            mlpipe__params_get(job->params, "correct")->number != 0;
        if (first && asks != *out)
            return mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                                "%s has correct=%s and %s correct=%s; "
                                "probabilities are taken back past all steps "
                                "that resample or past none, so give both "
                                "the same",
                                first->name, *out ? "true" : "false",
                                job->name, asks ? "true" : "false");
        if (!first)
            *out = asks;
        first = job;
    }
    return MLPIPE_OK;
}

static mlpipe_status resample_all(mlpipe__fitting *f, resample_list *list)
{
    bool corrects = false;
    mlpipe_status st = resample_corrects(f, &corrects);
    for (uint32_t i = 0; !st && i < f->step_count; i++)
        if (f->steps[i].job.step->resample)
            st = resample_step(f, &f->steps[i].job, list);
    if (!st)
        st = resample_build(f, list);
    if (!st && corrects)
        st = resample_prior(f);
    return st;
}

static bool resample_any(const mlpipe__fitting *f)
{
    for (uint32_t i = 0; i < f->step_count; i++)
        if (f->steps[i].job.step->resample)
            return true;
    return false;
}

mlpipe_status mlpipe__fit_resample(mlpipe__fitting *f)
{
    const int64_t n = f->train.data->rows;
    resample_list list = {0};
    mlpipe_status st;
    f->prior = 1.0;
    if (!resample_any(f)) {
        f->learn.data = mlpipe__dataset_keep(f->train.data);
        return mlpipe__fit_learn_rows(f);
    }
    st = mlpipe__most_rows(f->ctx, "resampling", (uint64_t)n,
                           UINT32_MAX - 1);
    if (st)
        return st;
    list.count = (uint32_t)n;
    list.row =
        mlpipe__alloc_array(f->ctx->env, (size_t)n, sizeof *list.row);
    f->between = mlpipe__alloc(f->ctx->env, f->feature_count);
    for (uint32_t i = 0; list.row && i < list.count; i++)
        list.row[i].a = list.row[i].b = i;
    st = list.row && f->between ? resample_all(f, &list)
                                : mlpipe__nomem(f->ctx);
    mlpipe__free(f->ctx->env, list.row);
    return st;
}
