/* SPDX-License-Identifier: MIT */
/* Some columns of a dataset, in another order or under other names. */
#include "data_internal.h"

const mlpipe__param mlpipe__select_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns to take, in this order; all where it is not set."},
    {"drop", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns to leave out, in place of columns=."},
    {"rename", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Pairs old:new by comma; odd ones are written `old name:new name`."},
};
const uint32_t mlpipe__select_param_count =
    sizeof mlpipe__select_params / sizeof *mlpipe__select_params;

static const char *const select_owner = "mlpipe_dataset_select";

typedef struct select_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    uint32_t count;
    uint32_t *taken;    /* columns, in their new order */
    bool *listed;       /* of each column of the dataset */
    const char **names; /* the new name of each; NULL: it keeps its own */
} select_job;

/* Positions of listed names; each may stand there once. */
static mlpipe_status select_list(select_job *j, const mlpipe__setting *list)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < list->count; i++) {
        uint32_t at;
        st = mlpipe__dataset_column(j->ctx, j->data, list->names[i], &at);
        if (!st && j->listed[at]) {
            mlpipe__fail(j->ctx, MLPIPE_E_PARAM, "%s: %s= lists %q twice",
                         select_owner, list->param->name, list->names[i]);
            st = mlpipe__fail_at(j->ctx, -1, list->names[i]);
        }
        if (st)
            break;
        j->listed[at] = true;
        if (!strcmp(list->param->name, "columns"))
            j->taken[j->count++] = at;
    }
    return st;
}

static mlpipe_status select_columns(select_job *j, const mlpipe__params *p)
{
    const mlpipe__setting *take = mlpipe__params_get(p, "columns");
    const mlpipe__setting *drop = mlpipe__params_get(p, "drop");

    if (take->count && drop->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: columns= says what to take, drop= what to "
                            "leave out; give one of them", select_owner);
    if (take->count)
        return select_list(j, take);
    const mlpipe_status st = select_list(j, drop);
    for (uint32_t i = 0; !st && i < j->data->column_count; i++)
        if (!j->listed[i])
            j->taken[j->count++] = i;
    if (!st && !j->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "%s: none of the %u columns is left; drop fewer",
                            select_owner, j->data->column_count);
    return st;
}

/*
 * Where the old name of a pair ends: at the colon behind a column's name. A
 * name may hold colons itself, so that two readings are refused.
 */
static mlpipe_status select_pair(select_job *j, const char *pair,
                                 uint32_t *column, const char **name)
{
    const mlpipe__dict *names = &j->data->names;
    uint32_t found = 0;

    for (const char *at = strchr(pair, ':'); at; at = strchr(at + 1, ':')) {
        const uint32_t is = mlpipe__dict_find(names, pair,
                                              (size_t)(at - pair));
        if (is == UINT32_MAX)
            continue;
        *column = is;
        *name = at + 1;
        found++;
    }
    if (found > 1)
        return mlpipe__fail(j->ctx, MLPIPE_E_AMBIGUOUS,
                            "%s: rename=%s can be read in %u ways, since "
                            "names of columns hold a colon; rename in two "
                            "steps", select_owner, pair, found);
    if (found)
        return MLPIPE_OK;
    if (!strchr(pair, ':'))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: rename=%s names no new name; write it as "
                            "%s:new", select_owner, pair, pair);
    char *old = mlpipe__strdup(j->ctx->env, pair,
                               (size_t)(strchr(pair, ':') - pair));
    if (!old)
        return mlpipe__nomem(j->ctx);
    const mlpipe_status st = mlpipe__dataset_column(j->ctx, j->data, old,
                                                    column);
    mlpipe__free(j->ctx->env, old);
    return st;
}

static bool select_takes(const select_job *j, uint32_t column)
{
    for (uint32_t i = 0; i < j->count; i++)
        if (j->taken[i] == column)
            return true;
    return false;
}

static mlpipe_status select_name(select_job *j, uint32_t column,
                                 const char *name)
{
    const char *old = j->data->columns[column]->name;

    if (!name[0])
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: the new name of %q is empty", select_owner,
                            old);
    if (j->names[column])
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: %q is renamed twice, to %q and to %q",
                            select_owner, old, j->names[column], name);
    if (!select_takes(j, column))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: %q is renamed to %q, and not taken; take it "
                            "or leave the name", select_owner, old, name);
    j->names[column] = name;
    return MLPIPE_OK;
}

static mlpipe_status select_rename(select_job *j,
                                   const mlpipe__setting *pairs)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < pairs->count; i++) {
        uint32_t column = 0;
        const char *name = "";
        st = select_pair(j, pairs->names[i], &column, &name);
        if (!st)
            st = select_name(j, column, name);
    }
    return st;
}

static mlpipe_status select_make(const select_job *j, mlpipe_dataset **out)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe__column **columns = mlpipe__alloc_array(env, j->count,
                                                   sizeof columns[0]);
    uint32_t made = 0;

    for (; columns && made < j->count; made++) {
        const mlpipe__column *c = j->data->columns[j->taken[made]];
        const char *name = j->names[j->taken[made]];
        columns[made] = name ? mlpipe__column_renamed(c, name, strlen(name))
                             : mlpipe__column_keep(c);
        if (!columns[made])
            break;
    }
    mlpipe_status st;
    if (columns && made == j->count) {
        st = mlpipe__dataset_over(j->ctx, j->data, columns, made, out);
    } else {
        while (made--)
            mlpipe__column_drop(columns[made]);
        st = mlpipe__nomem(j->ctx);
    }
    mlpipe__free(env, columns);
    return st;
}

static mlpipe_status select_run(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                const char *params, mlpipe_dataset **out)
{
    mlpipe__env *env = ctx->env;
    select_job j = {.ctx = ctx, .data = d};
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, select_owner, mlpipe__select_params, mlpipe__select_param_count,
        params, &p);

    if (st)
        return st;
    j.taken = mlpipe__alloc_array(env, d->column_count, sizeof j.taken[0]);
    j.listed = mlpipe__alloc_array(env, d->column_count, sizeof j.listed[0]);
    j.names = mlpipe__alloc_array(env, d->column_count, sizeof j.names[0]);
    st = j.taken && j.listed && j.names ? select_columns(&j, &p)
                                        : mlpipe__nomem(ctx);
    if (!st)
        st = select_rename(&j, mlpipe__params_get(&p, "rename"));
    if (!st)
        st = select_make(&j, out);
    mlpipe__free(env, (void *)j.names);
    mlpipe__free(env, j.listed);
    mlpipe__free(env, j.taken);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_dataset_select(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *dataset,
                                    const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, select_owner);

    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = select_run(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}
