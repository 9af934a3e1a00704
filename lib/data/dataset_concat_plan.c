/* SPDX-License-Identifier: MIT */
/* Parts below each other: which columns there will be, of which type. */
#include "concat_types.h"

/* ---- types -------------------------------------------------------------- */

static bool concat_is_text(int32_t type)
{
    return type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY;
}

static bool concat_is_number(int32_t type)
{
    return type == MLPIPE_TYPE_I64 || type == MLPIPE_TYPE_F64;
}

static mlpipe_status concat_clash(const concat_job *j,
                                  const concat_column *made, uint32_t part,
                                  const mlpipe__column *c)
{
    mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                 "%s: the column %q is %s%s%s in part %u and %s%s%s in part "
                 "%u; read or compute it with one type", concat_owner,
                 c->name, mlpipe__type_name(c->type), c->unit ? " " : "",
                 mlpipe__unit_name(c->unit), part,
                 mlpipe__type_name(made->type), made->unit ? " " : "",
                 mlpipe__unit_name(made->unit), made->typed_by);
    return mlpipe__fail_at(j->ctx, -1, c->name);
}

/* The type of both the column so far and of one more part. */
static mlpipe_status concat_type(const concat_job *j, concat_column *made,
                                 uint32_t part, const mlpipe__column *c)
{
    if (made->type == c->type) {
        /* a later unit is a finer one */
        if (c->unit > made->unit)
            made->unit = c->unit;
        return MLPIPE_OK;
    }
    if (concat_is_number(made->type) && concat_is_number(c->type))
        made->type = MLPIPE_TYPE_F64;
    else if (concat_is_text(made->type) && concat_is_text(c->type))
        made->type = MLPIPE_TYPE_TEXT;
    else
        return concat_clash(j, made, part, c);
    return MLPIPE_OK;
}

/* Has the column a value among the rows of the part? */
static bool concat_has_value(const mlpipe_dataset *d, uint32_t column)
{
    return d->rows
        && (!d->columns[column]->nulls
            || mlpipe_dataset_nulls(d, column) < d->rows);
}

/* Parts without a value have no say, unless no part has one. */
static mlpipe_status concat_types_of(const concat_job *j, concat_column *made,
                                     bool valued)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t k = 0; !st && k < j->part_count; k++) {
        const mlpipe_dataset *d = j->parts[k];
        const int32_t at = made->from[k];
        if (at < 0
            || (valued && !concat_has_value(d, (uint32_t)at))
            || (!valued && made->type))
            continue;
        const mlpipe__column *c = d->columns[at];
        if (!made->type) {
            made->type = c->type;
            made->unit = c->unit;
            made->typed_by = k;
        } else {
            st = concat_type(j, made, k, c);
        }
    }
    return st;
}

/* ---- columns ------------------------------------------------------------ */

static mlpipe_status concat_differs(const concat_job *j, uint32_t has,
                                    uint32_t lacks, const char *name)
{
    mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                 "%s: part %u has the column %q and part %u has not; say "
                 "columns=union to have nulls there, or "
                 "columns=intersection to leave it out", concat_owner, has,
                 name, lacks);
    return mlpipe__fail_at(j->ctx, -1, name);
}

/* One more column, unless what columns= says leaves it out. */
static mlpipe_status concat_add(concat_job *j, uint32_t part, uint32_t column)
{
    const char *name = j->parts[part]->columns[column]->name;
    concat_column *made = &j->columns[j->column_count];
    uint32_t having = 0, lacks = 0;

    made->from = mlpipe__alloc_array(j->ctx->env, j->part_count,
                                     sizeof made->from[0]);
    if (!made->from)
        return mlpipe__nomem(j->ctx);
    made->name = name;
    j->column_count++;
    for (uint32_t k = j->part_count; k-- > 0;) {
        made->from[k] = mlpipe_dataset_find(j->parts[k], name);
        having += made->from[k] >= 0;
        if (made->from[k] < 0)
            lacks = k;
    }
    if (having == j->part_count || j->which == CONCAT_UNION)
        return MLPIPE_OK;
    if (j->which == CONCAT_SAME)
        return concat_differs(j, part, lacks, name);
    mlpipe__free(j->ctx->env, made->from);
    made->from = NULL;
    j->column_count--;
    j->left_out++;
    return MLPIPE_OK;
}

static mlpipe_status concat_names(concat_job *j)
{
    mlpipe__dict seen;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&seen, j->ctx->env);
    for (uint32_t k = 0; !st && k < j->part_count; k++)
        for (uint32_t i = 0; !st && i < j->parts[k]->column_count; i++) {
            const char *name = j->parts[k]->columns[i]->name;
            const uint32_t before = seen.count;
            if (mlpipe__dict_add(&seen, name, strlen(name)) == UINT32_MAX)
                st = mlpipe__nomem(j->ctx);
            else if (seen.count > before)
                st = concat_add(j, k, i);
        }
    mlpipe__dict_free(&seen);
    return st;
}

mlpipe_status mlpipe__concat_plan(concat_job *j)
{
    size_t most = 0;

    for (uint32_t k = 0; k < j->part_count; k++)
        most += j->parts[k]->column_count;
    j->columns = mlpipe__alloc_array(j->ctx->env, most, sizeof *j->columns);
    mlpipe_status st = j->columns ? concat_names(j) : mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; !st && i < j->column_count; i++) {
        st = concat_types_of(j, &j->columns[i], true);
        if (!st)
            st = concat_types_of(j, &j->columns[i], false);
    }
    if (!st && !j->column_count)
        st = mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                          "%s: the %u parts have no column in common",
                          concat_owner, j->part_count);
    return st;
}
