/* SPDX-License-Identifier: MIT */
/*
 * Permutation importance: how much worse a model scores where a column tells
 * it of other rows (L. Breiman, "Random forests", 2001; A. Fisher, C. Rudin,
 * F. Dominici, "All models are wrong, but many are useful", 2019). Nothing is
 * copied: the lanes of the column are filled from a view of the same rows in
 * another order.
 */
#include "fit_types.h"

const mlpipe__param mlpipe__importance_params[] = {
    {"metric", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "what is scored; default: that of the task, rmse or logloss"},
    MLPIPE__QUERY_PARAM,
    {"repeats", MLPIPE_PARAM_INT, "5", 1, 10000, NULL, 0x000100,
     "in how many orders; two or more for an interval"},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9007199254740991, NULL, 0x000100,
     "of the orders"},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "which inputs; default: each of them"},
    {"together", MLPIPE_PARAM_BOOL, "false", 0, 1, NULL, 0x000100,
     "take the columns as one, which moves them all by the same order"},
};
const uint32_t mlpipe__importance_param_count =
    sizeof mlpipe__importance_params / sizeof *mlpipe__importance_params;

typedef struct importance {
    mlpipe_ctx *ctx;
    const mlpipe_model *model;
    mlpipe__metric metric;
    mlpipe_dataset *rows;  /* those with a target and an answer */
    mlpipe_dataset *other; /* the same in another order */
    mlpipe__binding binding;
    uint32_t width, repeats, columns, units;
    uint64_t n, seed;
    double *y, *w, *p;     /* of rows; w NULL: all one */
    double *y_left, *w_left, *p_left; /* of those that still have an answer */
    uint32_t *query, *query_left;     /* NULL: the metric is not by query */
    int32_t query_column;
    const char **names;    /* columns */
    bool by_time;          /* the last of names is the time of a row */
    mlpipe__swap swap;
    uint8_t *inputs;       /* of swap */
    double *drop;          /* units x repeats */
    uint64_t *lost;        /* units: answers that went missing */
    mlpipe_figure score;
} importance;

/* ---- which rows, which columns ------------------------------------------- */

static mlpipe_status importance_load(importance *a, const mlpipe_dataset *d)
{
    const size_t rows = (size_t)d->rows;
    mlpipe__env *env = a->ctx->env;
    mlpipe_status st;

    a->y = mlpipe__alloc_array(env, rows, sizeof *a->y);
    a->p = mlpipe__alloc_array(env, rows, a->width * sizeof *a->p);
    a->y_left = mlpipe__alloc_array(env, rows, sizeof *a->y);
    a->w_left = mlpipe__alloc_array(env, rows, sizeof *a->w);
    a->p_left = mlpipe__alloc_array(env, rows, a->width * sizeof *a->p);
    if (!a->y || !a->p || !a->y_left || !a->w_left || !a->p_left)
        return mlpipe__nomem(a->ctx);
    st = mlpipe__model_target(a->ctx, a->model, d, a->y);
    if (!st)
        st = mlpipe__model_weights(a->ctx, a->model, d, &a->w);
    return st ? st : mlpipe__model_answers(a->ctx, a->model, d, a->p);
}

/* Moves the rows that count to the front; at[i] is where row i was. */
static mlpipe_status importance_keep(importance *a, const mlpipe_dataset *d)
{
    mlpipe__rowset *at = mlpipe__rowset_new(a->ctx->env, d->rows);
    const size_t width = a->width;

    if (!at)
        return mlpipe__nomem(a->ctx);
    for (int64_t i = 0; i < d->rows; i++) {
        const double *p = a->p + (size_t)i * width;
        if (a->y[i] != a->y[i] || *p != *p)
            continue;
        at->rows[a->n] = i;
        a->y[a->n] = a->y[i];
        if (a->w)
            a->w[a->n] = a->w[i];
        memmove(a->p + a->n++ * width, p, width * sizeof *p);
    }
    at->count = (int64_t)a->n;
    const mlpipe_status st =
        a->n ? mlpipe__most_rows(a->ctx, "importance", a->n, UINT32_MAX - 1)
             : mlpipe__fail(a->ctx, MLPIPE_E_EMPTY,
                            "no row to score: none of %lld has both a target "
                            "and an answer",
                            (long long)d->rows);
    if (!st)
        return mlpipe__dataset_view(a->ctx, d, at, &a->rows);
    mlpipe__rowset_drop(at);
    return st;
}

/* The program reads the time of a row, which is no input. */
static bool importance_reads_time(const mlpipe_model *m)
{
    const mlpipe__program *p = m->program;

    for (uint32_t i = 0; i < p->feed_count; i++)
        if (p->feeds[i].source == MLPIPE__FEED_TIME &&
            p->feeds[i].fixed != p->feeds[i].fixed)
            return m->time_column[0];
    return false;
}

/* Every column that the model reads, but for its offset, which is given and
 * not learnt. */
static mlpipe_status importance_columns(importance *a)
{
    const mlpipe__program *p = a->model->program;
    bool time = importance_reads_time(a->model);
    mlpipe_status st;

    a->names = mlpipe__alloc_array(a->ctx->env, (size_t)p->input_count + 1,
                                   sizeof *a->names);
    a->inputs = mlpipe__alloc(a->ctx->env, (size_t)p->input_count + 1);
    if (!a->names || !a->inputs)
        return mlpipe__nomem(a->ctx);
    st = mlpipe__model_offset_alone(a->ctx, a->model, a->inputs);
    if (st)
        return st;
    for (uint32_t i = 0; i < p->input_count; i++) {
        if (a->inputs[i])
            continue;
        a->names[a->columns++] = p->inputs[i].name;
        time = time && strcmp(p->inputs[i].name, a->model->time_column);
    }
    if (time)
        a->names[a->columns++] = a->model->time_column;
    a->by_time = importance_reads_time(a->model);
    return MLPIPE_OK;
}

/* The offset is an input too; mlpipe__model_offset_alone left it out. */
static mlpipe_status importance_is_offset(const importance *a,
                                          const char *name)
{
    const mlpipe__program *p = a->model->program;

    for (uint32_t i = 0; i < p->input_count; i++)
        if (!strcmp(p->inputs[i].name, name))
            return mlpipe__fail(a->ctx, MLPIPE_E_PARAM,
                                "columns names %q, which the model reads for "
                                "its offset alone: that is given and not "
                                "learnt; leave it out",
                                name);
    return MLPIPE_OK;
}

/* Those that were asked for, in their own order. */
static mlpipe_status importance_choose(importance *a,
                                       const mlpipe__setting *asked)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < asked->count; i++) {
        const char *name = asked->names[i], *near;
        uint32_t k = 0;
        while (k < a->columns && strcmp(a->names[k], name))
            k++;
        if (k < a->columns)
            continue;
        const mlpipe_status st = importance_is_offset(a, name);
        if (st)
            return st;
        near = mlpipe__nearest(name, strlen(name), a->names, a->columns);
        return mlpipe__fail(a->ctx, MLPIPE_E_PARAM,
                            near ? "columns names %q, which is none of the "
                                   "model's %u inputs; did you mean %q?"
                                 : "columns names %q, which is none of the "
                                   "model's %u inputs",
                            name, a->columns, near);
    }
    for (uint32_t k = 0; asked->count && k < a->columns; k++)
        for (uint32_t i = 0; i < asked->count; i++)
            if (!strcmp(a->names[k], asked->names[i])) {
                a->names[kept++] = a->names[k];
                break;
            }
    a->columns = asked->count ? kept : a->columns;
    return MLPIPE_OK;
}

/* ---- another order ------------------------------------------------------- */

/* One order serves every column of a repeat. */
static mlpipe_status importance_shuffle(importance *a, uint32_t repeat)
{
    const uint32_t n = (uint32_t)a->n;
    mlpipe__env *env = a->ctx->env;
    mlpipe__rowset *to = mlpipe__rowset_new(env, n);
    int64_t *key = mlpipe__alloc_array(env, n, sizeof *key);
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st;

    mlpipe_dataset_free(a->other);
    a->other = NULL;
    if (to && key && order && scratch) {
        for (uint32_t i = 0; i < n; i++)
            key[i] = (int64_t)mlpipe__random64(a->seed, MLPIPE__FOR_PERMUTE,
                                               repeat, i, 0);
        mlpipe__argsort_i64(key, order, n, scratch);
        for (uint32_t i = 0; i < n; i++)
            to->rows[i] = order[i];
        st = mlpipe__dataset_view(a->ctx, a->rows, to, &a->other);
    } else {
        mlpipe__rowset_drop(to);
        st = mlpipe__nomem(a->ctx);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, key);
    return st;
}

/* The columns of a unit, as inputs of the program. */
static void importance_mark(importance *a, uint32_t unit)
{
    const mlpipe__program *p = a->model->program;
    const bool all = a->units < a->columns;

    memset(a->inputs, 0, p->input_count);
    a->swap.time = false;
    for (uint32_t k = all ? 0 : unit; k < (all ? a->columns : unit + 1);
         k++) {
        for (uint32_t i = 0; i < p->input_count; i++)
            if (!strcmp(p->inputs[i].name, a->names[k]))
                a->inputs[i] = 1;
        if (a->by_time && !strcmp(a->model->time_column, a->names[k]))
            a->swap.time = true;
    }
    a->swap.inputs = a->inputs;
    a->swap.from = a->other;
}

/* The metric of rows that have an answer. */
static mlpipe_status importance_metric(importance *a, double *p, double *out,
                                       uint64_t *lost)
{
    mlpipe__scored s = {a->y_left, p, a->w ? a->w_left : NULL, 0, a->width,
                        a->query_left};
    mlpipe_figure figure;
    mlpipe_status st;

    for (uint64_t i = 0; i < a->n; i++) {
        const double *at = p + i * a->width;
        if (*at != *at)
            continue;
        a->y_left[s.n] = a->y[i];
        if (a->query)
            a->query_left[s.n] = a->query[i];
        if (a->w)
            a->w_left[s.n] = a->w[i];
        memmove(p + s.n++ * a->width, at, a->width * sizeof *at);
    }
    *lost += a->n - s.n;
    *out = mlpipe__nan();
    if (!s.n)
        return MLPIPE_OK;
    st = mlpipe__metric_value(a->ctx, &a->metric, &s, &figure);
    *out = figure.value;
    return st;
}

static mlpipe_status importance_unit(importance *a, uint32_t repeat,
                                     uint32_t unit)
{
    double value;
    mlpipe_status st;

    importance_mark(a, unit);
    st = mlpipe__predict_swapped(a->ctx, "importance", a->model->program,
                                 &a->binding, a->rows, &a->swap, a->width,
                                 a->p_left);
    a->swap.turn++;
    if (!st)
        st = importance_metric(a, a->p_left, &value, &a->lost[unit]);
    if (!st)
        a->drop[(size_t)unit * a->repeats + repeat] =
            a->metric.higher_is_better ? a->score.value - value
                                        : value - a->score.value;
    return st;
}

/* The queries of the rows that count. */
static mlpipe_status importance_queries(importance *a)
{
    uint32_t queries;

    if (a->query_column < 0)
        return MLPIPE_OK;
    a->query_left = mlpipe__alloc_array(a->ctx->env, (size_t)a->n,
                                        sizeof *a->query_left);
    if (!a->query_left)
        return mlpipe__nomem(a->ctx);
    return mlpipe__query_codes(a->ctx, a->rows, (uint32_t)a->query_column,
                               NULL, a->n, &a->query, &queries);
}

static mlpipe_status importance_run(importance *a)
{
    const mlpipe__scored s = {a->y, a->p, a->w, a->n, a->width, a->query};
    mlpipe__env *env = a->ctx->env;
    mlpipe_status st =
        mlpipe__metric_value(a->ctx, &a->metric, &s, &a->score);

    a->drop = mlpipe__alloc_array(env, a->units,
                                  a->repeats * sizeof *a->drop);
    a->lost = mlpipe__alloc_array(env, a->units, sizeof *a->lost);
    if (!st && (!a->drop || !a->lost))
        st = mlpipe__nomem(a->ctx);
    if (!st)
        st = mlpipe__bind_dataset(a->ctx, a->model->program, a->rows,
                                  a->model->time_column, &a->binding);
    a->swap.turns = (uint64_t)a->repeats * a->units;
    for (uint32_t r = 0; !st && r < a->repeats; r++) {
        st = importance_shuffle(a, r);
        for (uint32_t k = 0; !st && k < a->units; k++)
            st = importance_unit(a, r, k);
    }
    return st;
}

/* ---- the report ---------------------------------------------------------- */

/* Mean with its interval over the orders; their standard deviation. */
static mlpipe_figure importance_figure(const importance *a, uint32_t unit,
                                       double *sd)
{
    const double *drop = a->drop + (size_t)unit * a->repeats;
    const double repeats = a->repeats, none = mlpipe__nan();
    mlpipe_figure f = {0, none, none, (double)a->n};
    double squares = 0, margin;

    for (uint32_t r = 0; r < a->repeats; r++)
        f.value += drop[r] / repeats;
    for (uint32_t r = 0; r < a->repeats; r++)
        squares += (drop[r] - f.value) * (drop[r] - f.value);
    *sd = none;
    if (a->repeats < 2)
        return f;
    *sd = mlpipe__sqrt(squares / (repeats - 1));
    margin = mlpipe__student_quantile(0.975, repeats - 1) * *sd /
             mlpipe__sqrt(repeats);
    f.low = f.value - margin;
    f.high = f.value + margin;
    return f;
}

/* The column, or all of them by comma, behind a prefix. */
static void importance_name(const importance *a, uint32_t unit,
                            const char *prefix, mlpipe__text *out)
{
    out->size = 0;
    mlpipe__text_add(out, "%s", prefix);
    if (a->units == a->columns) {
        mlpipe__text_add(out, "%s", a->names[unit]);
        return;
    }
    for (uint32_t k = 0; k < a->columns; k++)
        mlpipe__text_add(out, k ? ",%s" : "%s", a->names[k]);
}

static void importance_lines(const importance *a, const uint32_t *order,
                             mlpipe__text *name, mlpipe_report *r)
{
    double sd;

    for (uint32_t i = 0; i < a->units; i++) {
        const mlpipe_figure f = importance_figure(a, order[i], &sd);
        importance_name(a, order[i], "drop.", name);
        if (!name->failed)
            mlpipe__report_figure(r, name->data, &f);
    }
    mlpipe__report_table(r, "importance",
                         "column,drop,sd,low,high,without_answer");
    for (uint32_t i = 0; i < a->units && !name->failed; i++) {
        const mlpipe_figure f = importance_figure(a, order[i], &sd);
        importance_name(a, order[i], "", name);
        if (name->failed)
            break;
        mlpipe__report_cell_text(r, name->data, name->size);
        mlpipe__report_cell_number(r, f.value);
        mlpipe__report_cell_number(r, sd);
        mlpipe__report_cell_number(r, f.low);
        mlpipe__report_cell_number(r, f.high);
        mlpipe__report_cell_number(r, (double)a->lost[order[i]]);
    }
}

/* The greatest drop first; equal ones in the order of the inputs. */
static mlpipe_status importance_tell(const importance *a, mlpipe_report *r)
{
    mlpipe__env *env = a->ctx->env;
    double sd;
    double *key = mlpipe__alloc_array(env, a->units, sizeof *key);
    uint32_t *order = mlpipe__alloc_array(env, a->units, sizeof *order);
    uint64_t *scratch =
        mlpipe__alloc_array(env, a->units, 4 * sizeof *scratch);
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text name;

    mlpipe__text_init(&name, env);
    if (key && order && scratch) {
        for (uint32_t i = 0; i < a->units; i++)
            key[i] = -importance_figure(a, i, &sd).value;
        mlpipe__argsort_f64(key, order, a->units, scratch);
        importance_lines(a, order, &name, r);
    }
    if (!key || !order || !scratch || name.failed)
        st = mlpipe__nomem(a->ctx);
    mlpipe__text_free(&name);
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, key);
    return st;
}

static mlpipe_status importance_report(const importance *a,
                                       const mlpipe_dataset *d,
                                       mlpipe_report **out)
{
    const mlpipe_model *m = a->model;
    mlpipe_report *r = mlpipe__report_new(a->ctx->env, "importance");
    mlpipe__hash128 hash;
    char print[33];
    mlpipe_status st = r ? mlpipe__dataset_hash(a->ctx, d, &hash)
                         : mlpipe__nomem(a->ctx);

    if (!st) {
        mlpipe__hash_hex(hash, print);
        mlpipe__report_text(r, "model", m->id, strlen(m->id));
        mlpipe__report_text(r, "dataset", print, strlen(print));
        mlpipe__report_text(r, "metric", a->metric.name,
                            strlen(a->metric.name));
        mlpipe__report_number(r, "rows", (double)d->rows);
        mlpipe__report_number(r, "n", (double)a->n);
        mlpipe__report_number(r, "repeats", a->repeats);
        mlpipe__report_number(r, "seed", (double)a->seed);
        mlpipe__report_figure(r, "score", &a->score);
        st = importance_tell(a, r);
    }
    if (!st)
        return mlpipe__report_seal(a->ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

/* ---- the call ------------------------------------------------------------ */

static void importance_free(importance *a)
{
    mlpipe__env *env = a->ctx->env;

    mlpipe__binding_free(&a->binding);
    mlpipe_dataset_free(a->other);
    mlpipe_dataset_free(a->rows);
    mlpipe__free(env, a->y);
    mlpipe__free(env, a->w);
    mlpipe__free(env, a->p);
    mlpipe__free(env, a->query);
    mlpipe__free(env, a->query_left);
    mlpipe__free(env, a->y_left);
    mlpipe__free(env, a->w_left);
    mlpipe__free(env, a->p_left);
    mlpipe__free(env, a->names);
    mlpipe__free(env, a->inputs);
    mlpipe__free(env, a->drop);
    mlpipe__free(env, a->lost);
}

static mlpipe_status importance_call(mlpipe_ctx *ctx, const mlpipe_model *m,
                                     const mlpipe_dataset *d,
                                     const mlpipe__params *p,
                                     mlpipe_report **out)
{
    importance a = {.ctx = ctx, .model = m,
                    .width = mlpipe__model_width(m)};
    const char *metric = mlpipe__params_get(p, "metric")->text;
    mlpipe_status st = mlpipe__metric_of_task(
        ctx, m->task, metric[0] ? metric : mlpipe__task_metric(m->task),
        &a.metric);

    if (!st)
        st = mlpipe__query_column(ctx, mlpipe__params_get(p, "query"),
                                  m->group_column,
                                  a.metric.by_query ? &a.metric : NULL, d,
                                  &a.query_column);
    a.repeats = (uint32_t)mlpipe__params_get(p, "repeats")->integer;
    a.seed = (uint64_t)mlpipe__params_get(p, "seed")->integer;
    if (!st)
        st = importance_columns(&a);
    if (!st)
        st = importance_choose(&a, mlpipe__params_get(p, "columns"));
    a.units = mlpipe__params_get(p, "together")->number != 0 && a.columns
                  ? 1
                  : a.columns;
    if (!st)
        st = importance_load(&a, d);
    if (!st)
        st = importance_keep(&a, d);
    if (!st)
        st = importance_queries(&a);
    if (!st)
        st = importance_run(&a);
    if (!st)
        st = importance_report(&a, d, out);
    importance_free(&a);
    return st;
}

mlpipe_status mlpipe_importance(mlpipe_ctx *ctx, const mlpipe_model *model,
                                const mlpipe_dataset *dataset,
                                const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_importance");
    mlpipe__params p;

    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_importance",
                                  mlpipe__importance_params,
                                  mlpipe__importance_param_count, params, &p);
    if (!st) {
        st = importance_call(ctx, model, dataset, &p, out);
        mlpipe__params_free(&p);
    }
    return mlpipe__end(ctx, st);
}
