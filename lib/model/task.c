/* SPDX-License-Identifier: MIT */
/* What is predicted: the task, its classes, and the target of a row. */
#include "fit_types.h"

const char *mlpipe__task_metric(uint32_t task)
{
    return task & MLPIPE__TASK_CLASSES ? "logloss" : "rmse";
}

const char *mlpipe__task_name(uint32_t task)
{
    return task == MLPIPE__TASK_BINARY ? "binary"
           : task == MLPIPE__TASK_MULTICLASS ? "multiclass"
                                             : "regression";
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

/* The classes of the model in the order of their numbers. */
static mlpipe_status task_order_numbers(mlpipe__fitting *f,
                                        const mlpipe__dict *found)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t n = found->count;
    double *value = mlpipe__alloc_array(env, n, sizeof *value);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    bool ok = value && scratch && order;
    uint32_t i;
    for (i = 0; ok && i < n; i++)
        mlpipe__parse_f64(mlpipe__dict_text(found, i),
                          mlpipe__dict_bytes(found, i), false, &value[i]);
    if (ok)
        mlpipe__argsort_f64(value, order, n, scratch);
    for (i = 0; ok && i < n; i++)
        ok = mlpipe__dict_add(&f->model->classes,
                              mlpipe__dict_text(found, order[i]),
                              mlpipe__dict_bytes(found, order[i])) !=
             UINT32_MAX;
    mlpipe__free(env, order);
    mlpipe__free(env, scratch);
    mlpipe__free(env, value);
    return ok ? MLPIPE_OK : mlpipe__nomem(f->ctx);
}

/* In sort order: numbers by value, texts by their bytes. */
static mlpipe_status task_order(mlpipe__fitting *f, const mlpipe__dict *found,
                                bool numbers)
{
    mlpipe__env *env = f->ctx->env;
    int32_t *map;
    bool ok;
    if (numbers)
        return task_order_numbers(f, found);
    map = mlpipe__alloc_array(env, found->count, sizeof *map);
    ok = map && mlpipe__dict_sorted(found, NULL, map, &f->model->classes);
    mlpipe__free(env, map);
    return ok ? MLPIPE_OK : mlpipe__nomem(f->ctx);
}

/* The different values among the training rows, up to `most` of them. */
static mlpipe_status task_find_classes(mlpipe__fitting *f, uint32_t most,
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
        for (i = 0; i < n && found->count < most; i++) {
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
    const int32_t type = f->given->columns[f->target_column]->type;
    if (odd)
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the target %q holds fractions, or numbers beyond "
                     "2^53, and cannot be a class; give task=regression, "
                     "or the target as a category",
                     target);
    else if (found > 2 && (type == MLPIPE_TYPE_I64 || type == MLPIPE_TYPE_F64))
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the target %q has three different numbers or more and "
                     "task=binary is of two; give task=regression, or "
                     "task=multiclass where each number stands for a class",
                     target);
    else if (found > 2)
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the target %q has three classes or more and "
                     "task=binary is of two; give task=multiclass",
                     target);
    else
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the target %q has %s and a classifier needs two; give "
                     "it rows of the other one",
                     target, found ? "one class" : "no class");
    return mlpipe__fail_at(f->ctx, -1, target);
}

/* The task of a target without a stated one. Whole numbers are classes by
 * their values, not by how they are kept: a column of 0 and 1 with one null
 * is of doubles wherever a frame knows no other null. */
static uint32_t task_guess(const mlpipe__column *c, const mlpipe__dict *found,
                           bool odd)
{
    if (c->type == MLPIPE_TYPE_BOOL || c->type == MLPIPE_TYPE_CATEGORY)
        return found->count > 2 ? MLPIPE__TASK_MULTICLASS
                                : MLPIPE__TASK_BINARY;
    return (c->type == MLPIPE_TYPE_I64 || c->type == MLPIPE_TYPE_F64) &&
                   !odd && found->count == 2 &&
                   mlpipe__dict_find(found, "0", 1) != UINT32_MAX &&
                   mlpipe__dict_find(found, "1", 1) != UINT32_MAX
               ? MLPIPE__TASK_BINARY
               : MLPIPE__TASK_REGRESSION;
}

enum { TASK_SHOWN = 8 }; /* classes of a line; then ... */

static mlpipe_status task_tell(const mlpipe__fitting *f)
{
    const mlpipe_model *m = f->model;
    const uint32_t count = m->classes.count;
    mlpipe__text names;
    bool failed;
    if (m->task == MLPIPE__TASK_BINARY)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                         "binary task: the positive class of %s is %s, the "
                         "other %s",
                         m->target, mlpipe__dict_text(&m->classes, 1),
                         mlpipe__dict_text(&m->classes, 0));
    if (m->task == MLPIPE__TASK_BINARY)
        return MLPIPE_OK;
    mlpipe__text_init(&names, f->ctx->env);
    for (uint32_t i = 0; i < count && i < TASK_SHOWN; i++)
        mlpipe__text_add(&names, "%s%s", i ? ", " : "",
                         mlpipe__dict_text(&m->classes, i));
    if (count > TASK_SHOWN)
        mlpipe__text_add(&names, ", ...");
    failed = names.failed;
    if (!failed)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                         "multiclass task: %s has %u classes: %s", m->target,
                         count, names.data);
    mlpipe__text_free(&names);
    return failed ? mlpipe__nomem(f->ctx) : MLPIPE_OK;
}

/* Two classes, of which there may be more than a multiclass task asks for. */
static mlpipe_status task_classes(mlpipe__fitting *f, uint32_t task,
                                  const mlpipe__dict *found, bool odd)
{
    const int32_t type = f->given->columns[f->target_column]->type;
    const uint64_t limit = f->ctx->env->limits.classes;
    mlpipe_status st;
    if (odd || found->count < 2 ||
        (task == MLPIPE__TASK_BINARY && found->count > 2))
        return task_refuse(f, found->count, odd);
    if (found->count > limit)
        return mlpipe__fail(f->ctx, MLPIPE_E_LIMIT,
                            "the target %q has more than the %llu classes "
                            "that the limit allows, classes of "
                            "mlpipe_limits; raise it, or join rare classes",
                            f->model->target, (unsigned long long)limit);
    if (f->recipe->transform)
        return mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                            "the target %q is a class; %s makes no sense of "
                            "it",
                            f->model->target,
                            mlpipe__params_get(&f->recipe->params,
                                               "target")->text);
    f->model->task = found->count == 2 ? MLPIPE__TASK_BINARY
                                       : MLPIPE__TASK_MULTICLASS;
    st = task_order(f, found, type == MLPIPE_TYPE_I64 ||
                                  type == MLPIPE_TYPE_F64);
    return st || f->inner ? st : task_tell(f);
}

/* Tells of a number that has one value, or two as classes have. */
static void task_doubt(const mlpipe__fitting *f)
{
    const mlpipe_dataset *d = f->train.data;
    const char *name = f->model->target;
    double values[MLPIPE__BLOCK_ROWS], two[2] = {0, 0};
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t count = 0, n;
    for (int64_t start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, f->target_column, start, n, values, valid);
        for (uint32_t i = 0; i < n; i++) {
            if ((count && values[i] == two[0]) ||
                (count == 2 && values[i] == two[1]))
                continue;
            if (count == 2)
                return;
            two[count++] = values[i];
        }
    }
    if (count == 1 && d->rows > 1)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the target %s is %g in all %lld rows, so that there "
                         "is nothing to learn; look at how it was read",
                         name, two[0], (long long)d->rows);
    else if (count == 2 && d->rows > 2)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the target %s has 2 distinct values, %g and %g, "
                         "taken as a number; say %s, or task=regression",
                         name, two[0], two[1],
                         mlpipe__trunc(two[0]) == two[0] &&
                                 mlpipe__trunc(two[1]) == two[1]
                             ? "task=binary"
                             : "that it is a category");
}

/* How many classes are worth finding: one more than tell the task. */
static uint32_t task_most(const mlpipe__fitting *f)
{
    const mlpipe__column *c = f->given->columns[f->target_column];
    const uint64_t limit = f->ctx->env->limits.classes;
    const bool many = f->recipe->task == MLPIPE__TASK_MULTICLASS ||
                      (!f->recipe->task && c->type == MLPIPE_TYPE_CATEGORY);
    if (!many)
        return 3;
    return limit < UINT32_MAX - 1 ? (uint32_t)limit + 1 : UINT32_MAX - 1;
}

static mlpipe_status task_learner(const mlpipe__fitting *f)
{
    const mlpipe__learner *l;
    const int32_t type = f->given->columns[f->target_column]->type;
    const bool number = !f->recipe->task && type != MLPIPE_TYPE_CATEGORY &&
                        f->model->task == MLPIPE__TASK_BINARY;
    mlpipe__text others;
    mlpipe_status st;
    if (!f->learner || (f->learner->learner->tasks & f->model->task))
        return MLPIPE_OK;
    mlpipe__text_init(&others, f->ctx->env);
    for (uint32_t i = 0; (l = mlpipe__learner_at(i)); i++)
        if (l->tasks & f->model->task)
            mlpipe__text_add(&others, "%s%s", others.size ? ", " : "",
                             l->name);
    st = others.failed
             ? mlpipe__nomem(f->ctx)
             : mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                            "the learner %q does not do the task %s of this "
                            "target; take one of: %s%s",
                            f->learner->learner->name,
                            mlpipe__task_name(f->model->task), others.data,
                            number ? "; or say task=regression" : "");
    mlpipe__text_free(&others);
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
                     "task=regression, but the target %q is a category; leave "
                     "task= out, or read it as numbers",
                     c->name);
        return mlpipe__fail_at(f->ctx, -1, c->name);
    }
    mlpipe__dict_init(&found, f->ctx->env);
    st = f->recipe->task == MLPIPE__TASK_REGRESSION
             ? MLPIPE_OK
             : task_find_classes(f, task_most(f), &found, &odd);
    if (!st) {
        const uint32_t task = f->recipe->task ? f->recipe->task
                                              : task_guess(c, &found, odd);
        f->model->task = MLPIPE__TASK_REGRESSION;
        if (task != MLPIPE__TASK_REGRESSION)
            st = task_classes(f, task, &found, odd);
        else if (!f->recipe->task && !f->inner)
            task_doubt(f);
    }
    mlpipe__dict_free(&found);
    return st ? st : task_learner(f);
}

/* ---- the target of any dataset ------------------------------------------ */

/* Its number, NaN where it is null, -1 where the model knows no such class. */
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
    if (m->task == MLPIPE__TASK_BINARY)
        mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                     "row %lld: the target %q is %q, and the model knows %q "
                     "and %q",
                     (long long)row, m->target, text ? text : "a fraction",
                     mlpipe__dict_text(&m->classes, 0),
                     mlpipe__dict_text(&m->classes, 1));
    else
        mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                     "row %lld: the target %q is %q, which is none of the "
                     "%u classes that the model knows",
                     (long long)row, m->target, text ? text : "a fraction",
                     m->classes.count);
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
        if (!(m->task & MLPIPE__TASK_CLASSES))
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
    if (!st && !(m->task & MLPIPE__TASK_CLASSES) &&
        d->columns[column]->type == MLPIPE_TYPE_CATEGORY) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the target %q is a category here and was a number when "
                     "the model was fitted; read it as numbers",
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
