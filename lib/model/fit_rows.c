/* SPDX-License-Identifier: MIT */
/* Which columns play which role, and which rows train. */
#include "fit_types.h"

static mlpipe_status rows_keep_text(mlpipe_ctx *ctx, const char *text,
                                    char **out)
{
    *out = mlpipe__strdup(ctx->env, text, strlen(text));
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* offset= takes no formula, whereas target= does. */
static mlpipe_status rows_offset_formula(mlpipe__fitting *f, const char *name)
{
    const char *call = strncmp(name, "log", 3) ? "off" : "log_e";

    mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                 "there is no column %q, and offset= takes no formula: "
                 "derive \"%s = %s\" and say offset=%s", name, call, name,
                 call);
    return mlpipe__fail_at(f->ctx, -1, name);
}

/* Every column that the recipe names must be there; an offset may be made by
 * a step instead. */
static mlpipe_status rows_check_roles(mlpipe__fitting *f)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t r, i, column;
    for (r = 0; r < MLPIPE__FIT_ROLES; r++) {
        const mlpipe__setting *s =
            mlpipe__params_get(&f->recipe->params, mlpipe__fit_roles[r]);
        const bool made = !strcmp(mlpipe__fit_roles[r], "offset");
        for (i = 0; !st && i < s->count; i++)
            if (!made || !mlpipe__fit_derived(f, s->names[i]))
                st = mlpipe__dataset_column(f->ctx, f->given, s->names[i],
                                            &column);
        if (st == MLPIPE_E_SCHEMA && made && strchr(s->names[0], '('))
            return rows_offset_formula(f, s->names[0]);
        if (st)
            return st;
    }
    return st;
}

static mlpipe_status rows_number_role(mlpipe__fitting *f, const char *role,
                                      const char *name, int32_t *type,
                                      int32_t *unit)
{
    uint32_t column;
    mlpipe_status st;
    if (!name[0])
        return MLPIPE_OK;
    st = mlpipe__dataset_column(f->ctx, f->given, name, &column);
    if (st)
        return st;
    *type = mlpipe_dataset_type(f->given, column);
    *unit = mlpipe_dataset_unit(f->given, column);
    if (*type != MLPIPE_TYPE_TEXT && *type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                 "the column %q is %s and cannot be %s=, which takes %s",
                 name, mlpipe__type_name(*type), role,
                 strcmp(role, "time") ? "numbers" : "times or numbers");
    return mlpipe__fail_at(f->ctx, -1, name);
}

mlpipe_status mlpipe__fit_schema(mlpipe__fitting *f)
{
    mlpipe_model *m = f->model;
    const mlpipe_pipeline *p = f->recipe;
    int32_t type = 0, unit = 0;
    uint32_t id;
    mlpipe_status st = rows_check_roles(f);
    if (!st && p->target[0])
        st = mlpipe__dataset_column(f->ctx, f->given, p->target,
                                    &f->target_column);
    if (!st)
        st = rows_keep_text(f->ctx, p->target, &m->target);
    if (!st)
        st = rows_keep_text(f->ctx, mlpipe__pipeline_role(p, "id"),
                            &m->id_column);
    if (!st)
        st = rows_keep_text(f->ctx, mlpipe__pipeline_role(p, "time"),
                            &m->time_column);
    if (!st)
        st = rows_keep_text(f->ctx, mlpipe__pipeline_role(p, "group"),
                            &m->group_column);
    if (!st)
        st = rows_keep_text(f->ctx, mlpipe__pipeline_role(p, "weight"),
                            &m->weight_column);
    if (!st)
        st = rows_number_role(f, "time", m->time_column, &m->time_type,
                              &m->time_unit);
    if (!st)
        st = rows_number_role(f, "weight", m->weight_column, &type, &unit);
    if (!st && m->id_column[0]) {
        st = mlpipe__dataset_column(f->ctx, f->given, m->id_column, &id);
        if (!st)
            m->id_type = mlpipe_dataset_type(f->given, id);
    }
    m->transform = p->transform;
    m->inverse = p->inverse;
    return st;
}

mlpipe_status mlpipe__fit_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               const uint8_t *keep, mlpipe_dataset **out)
{
    mlpipe__rowset *set;
    int64_t i, count = 0;
    for (i = 0; i < d->rows; i++)
        count += keep[i] != 0;
    set = mlpipe__rowset_new(ctx->env, count);
    if (!set)
        return mlpipe__nomem(ctx);
    count = 0;
    for (i = 0; i < d->rows; i++)
        if (keep[i])
            set->rows[count++] = i;
    return mlpipe__dataset_view(ctx, d, set, out);
}

/* The rows of d whose target is known; task.c refuses free text. */
static mlpipe_status rows_with_target(mlpipe__fitting *f,
                                      const mlpipe_dataset *d,
                                      uint64_t *dropped, mlpipe_dataset **out)
{
    double values[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint8_t *keep;
    int64_t start;
    uint32_t n, i, column;
    mlpipe_status st;
    if (!f->recipe->target[0]) {
        *out = mlpipe__dataset_keep(d);
        return MLPIPE_OK;
    }
    st = mlpipe__dataset_column(f->ctx, d, f->recipe->target, &column);
    if (!st)
        st = mlpipe__task_column(f->ctx, d, column);
    if (st)
        return st;
    keep = mlpipe__alloc(f->ctx->env, (size_t)d->rows);
    if (!keep)
        return mlpipe__nomem(f->ctx);
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, values, valid);
        for (i = 0; i < n; i++)
            keep[start + i] = valid[i] && values[i] == values[i];
    }
    st = mlpipe__fit_view(f->ctx, d, keep, out);
    if (!st)
        *dropped = (uint64_t)(d->rows - (*out)->rows);
    mlpipe__free(f->ctx->env, keep);
    return st;
}

/* Steps that say which training rows stay, such as dedupe. */
static mlpipe_status rows_steps(mlpipe__fitting *f)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    for (i = 0; !st && i < f->step_count; i++) {
        mlpipe__job *job = &f->steps[i].job;
        const int64_t before = f->train.data->rows;
        mlpipe_dataset *fewer = NULL;
        uint8_t *keep;
        if (!job->step->keep)
            continue;
        keep = mlpipe__alloc(f->ctx->env, (size_t)before);
        if (!keep)
            return mlpipe__nomem(f->ctx);
        memset(keep, 1, (size_t)before);
        st = job->step->keep(job, f->train.data, keep);
        if (!st)
            st = mlpipe__fit_view(f->ctx, f->train.data, keep, &fewer);
        mlpipe__free(f->ctx->env, keep);
        if (st)
            return st;
        f->dropped_steps += (uint64_t)(before - fewer->rows);
        mlpipe_dataset_free(f->train.data);
        f->train.data = fewer;
    }
    return st;
}

mlpipe_status mlpipe__fit_target_rows(mlpipe__fitting *f)
{
    mlpipe_status st = rows_with_target(f, f->given, &f->dropped_target,
                                        &f->train.data);
    if (!st && !f->train.data->rows)
        st = mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                          f->model->target[0]
                              ? "none of the %lld training rows has a value "
                                "of the target %q"
                              : "there are no training rows",
                          (long long)f->given->rows, f->model->target);
    if (!st && f->recipe->target[0])
        st = mlpipe__fit_task(f);
    return st;
}

mlpipe_status mlpipe__fit_choose_rows(mlpipe__fitting *f)
{
    mlpipe_status st = mlpipe__fit_target_rows(f);
    if (!st && f->given_valid)
        st = rows_with_target(f, f->given_valid, &f->dropped_valid,
                              &f->held.data);
    if (!st && f->given_valid && !f->held.data->rows)
        st = mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                          "none of the %lld validation rows has a value of "
                          "the target %q",
                          (long long)f->given_valid->rows, f->model->target);
    if (!st)
        st = rows_steps(f);
    if (!st && !f->given_valid && f->learner)
        st = mlpipe__fit_holdout(f);
    if (!st && !f->train.data->rows)
        st = mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                          "no training row is left: %lld given, %llu without "
                          "a target, %llu dropped by steps",
                          (long long)f->given->rows,
                          (unsigned long long)f->dropped_target,
                          (unsigned long long)f->dropped_steps);
    if (!st)
        f->whole = mlpipe__dataset_keep(f->train.data);
    return st;
}
