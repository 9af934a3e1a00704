/* SPDX-License-Identifier: MIT */
/* What is predicted: the task, its classes, and the target of a row. */
#include "fit_types.h"

const char *mlpipe__task_metric(uint32_t task)
{
    return task & MLPIPE__TASK_BINARY ? "logloss" : "rmse";
}

mlpipe_status mlpipe__task_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t column)
{
    const mlpipe__column *c = d->columns[column];
    if (c->type != MLPIPE_TYPE_TEXT && c->type != MLPIPE_TYPE_TIMESTAMP)
        return MLPIPE_OK;
    mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                 "the target %q is %s; a target is a number, a bool or a "
                 "category",
                 c->name, mlpipe__type_name(c->type));
    return mlpipe__fail_at(ctx, -1, c->name);
}

/* ---- classes ------------------------------------------------------------ */

/* The text of a target cell as a class has it; NULL where it is none. */
static const char *task_class_text(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row, double value,
                                   char number[MLPIPE__NUMBER_BYTES],
                                   size_t *bytes)
{
    const int32_t type = d->columns[column]->type;
    if (type == MLPIPE_TYPE_CATEGORY)
        return mlpipe__dataset_cell_text(d, column, row, bytes);
    if (type == MLPIPE_TYPE_BOOL) {
        *bytes = value != 0 ? 4 : 5;
        return value != 0 ? "true" : "false";
    }
    /* 2^53 itself may be a rounded neighbour */
    if (!(value > -0x1p53 && value < 0x1p53) ||
        (double)(int64_t)value != value)
        return NULL;
    *bytes = mlpipe__print_i64((int64_t)value, number);
    return number;
}

/* Two classes in sort order: numbers by value, texts by their bytes. */
static mlpipe_status task_order(mlpipe__fitting *f, mlpipe__dict *found,
                                bool numbers)
{
    mlpipe__dict *classes = &f->model->classes;
    const char *a = mlpipe__dict_text(found, 0);
    const char *b = mlpipe__dict_text(found, 1);
    const size_t na = mlpipe__dict_bytes(found, 0);
    const size_t nb = mlpipe__dict_bytes(found, 1);
    double x = 0, y = 1;
    bool turned;
    if (numbers) {
        mlpipe__parse_f64(a, na, false, &x);
        mlpipe__parse_f64(b, nb, false, &y);
        turned = y < x;
    } else {
        const int order = memcmp(a, b, na < nb ? na : nb);
        turned = order > 0 || (order == 0 && nb < na);
    }
    if (mlpipe__dict_add(classes, turned ? b : a, turned ? nb : na) ==
            UINT32_MAX ||
        mlpipe__dict_add(classes, turned ? a : b, turned ? na : nb) ==
            UINT32_MAX)
        return mlpipe__nomem(f->ctx);
    return MLPIPE_OK;
}

/* The different values among the training rows, up to three of them. */
static mlpipe_status task_find_classes(mlpipe__fitting *f,
                                       mlpipe__dict *found, bool *odd)
{
    const mlpipe_dataset *d = f->train.data;
    double values[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    char number[MLPIPE__NUMBER_BYTES];
    int64_t start;
    uint32_t n, i;
    *odd = false;
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, f->target_column, start, n, values, valid);
        for (i = 0; i < n && found->count < 3; i++) {
            size_t bytes;
            const char *text = task_class_text(d, f->target_column, start + i,
                                               values[i], number, &bytes);
            if (!text) {
                *odd = true;
                return MLPIPE_OK;
            }
            if (mlpipe__dict_add(found, text, bytes) == UINT32_MAX)
                return mlpipe__nomem(f->ctx);
        }
    }
    return MLPIPE_OK;
}

static mlpipe_status task_refuse(mlpipe__fitting *f, uint32_t found, bool odd)
{
    const char *target = f->model->target;
    mlpipe_status st = found > 2 ? MLPIPE_E_UNSUPPORTED : MLPIPE_E_SCHEMA;
    if (odd)
        st = mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                          "the target %q holds fractions and cannot be a "
                          "class; leave task=binary out",
                          target);
    else
        st = mlpipe__fail(f->ctx, st,
                          "the target %q has %s and a classifier needs two; "
                          "%s",
                          target,
                          found > 2 ? "three or more classes" : "one class",
                          found > 2 ? "more classes come with a later version"
                                    : "give it rows of the other one");
    mlpipe__fail_at(f->ctx, -1, target);
    return st;
}

/* Is a target without a stated task a class? Then it is told. */
static bool task_is_binary(const mlpipe__column *c, const mlpipe__dict *found,
                           bool odd)
{
    if (c->type == MLPIPE_TYPE_BOOL || c->type == MLPIPE_TYPE_CATEGORY)
        return true;
    return c->type == MLPIPE_TYPE_I64 && !odd && found->count == 2 &&
           mlpipe__dict_find(found, "0", 1) != UINT32_MAX &&
           mlpipe__dict_find(found, "1", 1) != UINT32_MAX;
}

static mlpipe_status task_binary(mlpipe__fitting *f, mlpipe__dict *found,
                                 bool odd)
{
    const int32_t type = f->given->columns[f->target_column]->type;
    mlpipe_status st;
    if (odd || found->count != 2)
        return task_refuse(f, found->count, odd);
    if (f->recipe->transform)
        return mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                            "the target %q is a class; %s makes no sense of "
                            "it",
                            f->model->target,
                            mlpipe__params_get(&f->recipe->params,
                                               "target")->text);
    f->model->task = MLPIPE__TASK_BINARY;
    st = task_order(f, found, type == MLPIPE_TYPE_I64 ||
                                  type == MLPIPE_TYPE_F64);
    if (!st)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                         "binary task: the positive class of %s is %s, the "
                         "other %s",
                         f->model->target,
                         mlpipe__dict_text(&f->model->classes, 1),
                         mlpipe__dict_text(&f->model->classes, 0));
    return st;
}

mlpipe_status mlpipe__fit_task(mlpipe__fitting *f)
{
    const mlpipe__column *c = f->given->columns[f->target_column];
    mlpipe__dict found;
    bool odd = false;
    mlpipe_status st;
    if (f->recipe->task == MLPIPE__TASK_REGRESSION &&
        c->type == MLPIPE_TYPE_CATEGORY) {
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "task=regression, but the target %q is a category",
                     c->name);
        return mlpipe__fail_at(f->ctx, -1, c->name);
    }
    mlpipe__dict_init(&found, f->ctx->env);
    st = f->recipe->task == MLPIPE__TASK_REGRESSION
             ? MLPIPE_OK
             : task_find_classes(f, &found, &odd);
    if (!st) {
        const bool binary = f->recipe->task
                                ? f->recipe->task == MLPIPE__TASK_BINARY
                                : task_is_binary(c, &found, odd);
        f->model->task = MLPIPE__TASK_REGRESSION;
        if (binary)
            st = task_binary(f, &found, odd);
    }
    mlpipe__dict_free(&found);
    if (!st && f->learner &&
        !(f->learner->learner->tasks & f->model->task))
        st = mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                          "the learner %q does not do %s; take another",
                          f->learner->learner->name,
                          f->model->task == MLPIPE__TASK_BINARY
                              ? "binary classification"
                              : "regression");
    return st;
}

/* ---- the target of any dataset ------------------------------------------ */

/* 0 or 1, NaN where it is null, -1 where the model knows no such class. */
static double task_class(const mlpipe_model *m, const mlpipe_dataset *d,
                         uint32_t column, int64_t row, double value)
{
    char number[MLPIPE__NUMBER_BYTES];
    size_t bytes;
    uint32_t at;
    const char *text =
        task_class_text(d, column, row, value, number, &bytes);
    if (!text)
        return -1.0;
    at = mlpipe__dict_find(&m->classes, text, bytes);
    if (at == UINT32_MAX && d->columns[column]->type == MLPIPE_TYPE_BOOL)
        at = mlpipe__dict_find(&m->classes, value != 0 ? "1" : "0", 1);
    if (at == UINT32_MAX && (value == 0 || value == 1) &&
        d->columns[column]->type != MLPIPE_TYPE_CATEGORY)
        at = mlpipe__dict_find(&m->classes, value != 0 ? "true" : "false",
                               value != 0 ? 4 : 5);
    return at == UINT32_MAX ? -1.0 : (double)at;
}

static mlpipe_status task_unknown(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  const mlpipe_dataset *d, uint32_t column,
                                  int64_t row, double value)
{
    char number[MLPIPE__NUMBER_BYTES];
    size_t bytes;
    const char *text =
        task_class_text(d, column, row, value, number, &bytes);
    mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                 "row %lld: the target %q is %q, and the model knows %q and "
                 "%q",
                 (long long)row, m->target, text ? text : "a fraction",
                 mlpipe__dict_text(&m->classes, 0),
                 mlpipe__dict_text(&m->classes, 1));
    return mlpipe__fail_at(ctx, row, m->target);
}

static mlpipe_status task_block(mlpipe_ctx *ctx, const mlpipe_model *m,
                                const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, double *out)
{
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t i;
    mlpipe__dataset_block(d, column, start, n, out, valid);
    for (i = 0; i < n; i++) {
        const double value = out[i];
        if (!valid[i] || value != value) {
            out[i] = mlpipe__nan();
            continue;
        }
        if (m->task != MLPIPE__TASK_BINARY)
            continue;
        out[i] = task_class(m, d, column, start + i, value);
        if (out[i] < 0)
            return task_unknown(ctx, m, d, column, start + i, value);
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__model_target(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d, double *out)
{
    uint32_t column, n;
    int64_t start;
    mlpipe_status st = mlpipe__dataset_column(ctx, d, m->target, &column);
    if (!st)
        st = mlpipe__task_column(ctx, d, column);
    if (!st && m->task != MLPIPE__TASK_BINARY &&
        d->columns[column]->type == MLPIPE_TYPE_CATEGORY) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the target %q is a category here and was a number when "
                     "the model was fitted",
                     m->target);
        st = mlpipe__fail_at(ctx, -1, m->target);
    }
    for (start = 0; !st && start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        st = task_block(ctx, m, d, column, start, n, out + start);
    }
    return st;
}
