/* SPDX-License-Identifier: MIT */
/*
 * The order of rows and the ends of their labels, as whole numbers: times are
 * brought to one unit, doubles become integers of the same order.
 */
#include "validate_internal.h"

mlpipe_status mlpipe__split_rows_init(mlpipe_ctx *ctx, const char *owner,
                                     const mlpipe_dataset *data,
                                     mlpipe__split_rows *out)
{
    memset(out, 0, sizeof *out);
    out->ctx = ctx;
    out->env = ctx->env;
    out->owner = owner;
    out->data = data;
    out->null_stratum = UINT32_MAX;
    const mlpipe_status st = mlpipe__most_rows(
        ctx, owner, (uint64_t)data->rows, UINT32_MAX - 1);
    if (st)
        return st;
    if (!data->rows)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "%s: the dataset has no rows; read it again, or "
                            "look at what filtered it", owner);
    out->rows = (uint32_t)data->rows;
    return MLPIPE_OK;
}

void mlpipe__split_rows_free(mlpipe__split_rows *r)
{
    mlpipe__env *env = r->env;
    if (!env)
        return;
    mlpipe__free(env, r->key);
    mlpipe__free(env, r->end);
    mlpipe__free(env, r->order);
    mlpipe__free(env, r->group);
    mlpipe__free(env, r->group_key);
    mlpipe__free(env, r->stratum);
    memset(r, 0, sizeof *r);
}

int64_t mlpipe__split_key(double x)
{
    int64_t bits;
    x += 0.0; /* -0 becomes +0 */
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

/* ---- the columns -------------------------------------------------------- */

static mlpipe_status plan_find(const mlpipe__split_rows *r, const char *param,
                               const mlpipe__setting *s, uint32_t *column)
{
    const char *name = s->names[0];
    mlpipe_status st;
    int32_t type;
    if (s->count > 1)
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "%s: %s= names %u columns and takes 1", r->owner,
                            param, s->count);
    st = mlpipe__dataset_column(r->ctx, r->data, name, column);
    if (st)
        return st;
    type = mlpipe_dataset_type(r->data, *column);
    if (type != MLPIPE_TYPE_TEXT && type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                 "%s=%s: the column is %s and only numbers and times have an "
                 "order to split by",
                 param, name, mlpipe__type_name(type));
    return mlpipe__fail_at(r->ctx, -1, name);
}

static mlpipe_status plan_null(const mlpipe__split_rows *r, const char *param,
                               uint32_t column, uint32_t row)
{
    const char *name = mlpipe_dataset_name(r->data, column);
    mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                 "%s=%s: row %u has no value; fill the column or leave such "
                 "rows out first",
                 param, name, row);
    return mlpipe__fail_at(r->ctx, row, name);
}

/* How many of the finer unit make one of the coarser. */
static int64_t plan_scale(int32_t from, int32_t to)
{
    static const int64_t in_second[] = {1, 1, 1000, 1000000, 1000000000};
    return in_second[to] / in_second[from];
}

static bool plan_is_time(int32_t type)
{
    return type == MLPIPE_TYPE_TIMESTAMP || type == MLPIPE_TYPE_DURATION;
}

static mlpipe_status plan_beyond(const mlpipe__split_rows *r, uint32_t column,
                                 uint32_t row)
{
    const char *name = mlpipe_dataset_name(r->data, column);
    mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                 "row %u of %s lies beyond the times that can be counted in "
                 "%s, the unit of the other column",
                 row, name, mlpipe__unit_name(r->unit));
    return mlpipe__fail_at(r->ctx, row, name);
}

/* Values of a column as keys, in r's type and unit. */
static mlpipe_status plan_load(const mlpipe__split_rows *r, const char *param,
                               uint32_t column, int64_t *key)
{
    const bool whole = mlpipe__split_whole(r);
    const int64_t scale =
        plan_is_time(r->type)
            ? plan_scale(mlpipe_dataset_unit(r->data, column), r->unit)
            : 1;
    double x[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t start, n, i;
    for (start = 0; start < r->rows; start += n) {
        n = r->rows - start;
        if (n > MLPIPE__BLOCK_ROWS)
            n = MLPIPE__BLOCK_ROWS;
        if (whole)
            mlpipe__dataset_block_i64(r->data, column, start, n, key + start,
                                      valid);
        else
            mlpipe__dataset_block(r->data, column, start, n, x, valid);
        for (i = 0; i < n; i++) {
            if (!valid[i] || (!whole && x[i] != x[i]))
                return plan_null(r, param, column, start + i);
            if (!whole)
                key[start + i] = mlpipe__split_key(x[i]);
            else if (__builtin_mul_overflow(key[start + i], scale,
                                            &key[start + i]))
                return plan_beyond(r, column, start + i);
        }
    }
    return MLPIPE_OK;
}

/* Rows by (key, row id). */
static mlpipe_status plan_sort(mlpipe__split_rows *r)
{
    mlpipe__env *env = r->env;
    const uint32_t n = r->rows;
    int64_t *value = mlpipe__alloc_array(env, n, sizeof *value);
    uint32_t *by_id = mlpipe__alloc_array(env, n, sizeof *by_id);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    r->order = mlpipe__alloc_array(env, n, sizeof *r->order);
    if (value && by_id && scratch && r->order) {
        for (i = 0; i < n; i++) /* ids are sorted as if they had a sign */
            value[i] = (int64_t)(mlpipe_dataset_row_id(r->data, i) ^
                                 (UINT64_C(1) << 63));
        mlpipe__argsort_i64(value, by_id, n, scratch);
        for (i = 0; i < n; i++)
            value[i] = r->key[by_id[i]];
        mlpipe__argsort_i64(value, r->order, n, scratch);
        for (i = 0; i < n; i++)
            r->order[i] = by_id[r->order[i]];
    } else {
        st = mlpipe__nomem(r->ctx);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, by_id);
    mlpipe__free(env, value);
    return st;
}

/* ---- order= and label_end= ---------------------------------------------- */

/* One type and unit for both columns: the finer unit, doubles before whole
 * numbers. */
static mlpipe_status plan_common_type(mlpipe__split_rows *r, uint32_t end)
{
    const int32_t type = mlpipe_dataset_type(r->data, end);
    const int32_t unit = mlpipe_dataset_unit(r->data, end);
    if (plan_is_time(type) != plan_is_time(r->type) ||
        (plan_is_time(type) && type != r->type)) {
        mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                     "label_end=%s is %s and order=%s is %s; a span needs "
                     "both ends on one scale",
                     mlpipe_dataset_name(r->data, end),
                     mlpipe__type_name(type),
                     mlpipe_dataset_name(r->data, r->column),
                     mlpipe__type_name(
                         mlpipe_dataset_type(r->data, r->column)));
        return mlpipe__fail_at(r->ctx, -1,
                               mlpipe_dataset_name(r->data, end));
    }
    if (type == MLPIPE_TYPE_F64)
        r->type = type;
    if (plan_is_time(type) && unit > r->unit)
        r->unit = unit;
    return MLPIPE_OK;
}

static mlpipe_status plan_check_spans(const mlpipe__split_rows *r,
                                      uint32_t end)
{
    uint32_t i;
    for (i = 0; i < r->rows; i++) {
        if (r->end[i] >= r->key[i])
            continue;
        mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                     "row %u ends in %s before it begins in %s; a label is "
                     "known at its row's own time at the earliest",
                     i, mlpipe_dataset_name(r->data, end),
                     mlpipe_dataset_name(r->data, r->column));
        return mlpipe__fail_at(r->ctx, i, mlpipe_dataset_name(r->data, end));
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__split_rows_order(mlpipe__split_rows *r,
                                      const mlpipe__setting *order,
                                      const mlpipe__setting *label_end)
{
    mlpipe__env *env = r->env;
    const bool spans = label_end && label_end->count;
    uint32_t end = 0;
    mlpipe_status st;
    if (!order->count)
        return spans ? mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                                    "%s: label_end=%s needs order=column, "
                                    "where the span begins",
                                    r->owner, label_end->names[0])
                     : MLPIPE_OK;
    st = plan_find(r, "order", order, &r->column);
    if (st)
        return st;
    r->type = mlpipe_dataset_type(r->data, r->column);
    r->unit = mlpipe_dataset_unit(r->data, r->column);
    if (spans) {
        st = plan_find(r, "label_end", label_end, &end);
        if (!st)
            st = plan_common_type(r, end);
        if (st)
            return st;
        r->end = mlpipe__alloc_array(env, r->rows, sizeof *r->end);
    }
    r->key = mlpipe__alloc_array(env, r->rows, sizeof *r->key);
    if (!r->key || (spans && !r->end))
        return mlpipe__nomem(r->ctx);
    st = plan_load(r, "order", r->column, r->key);
    if (!st && spans)
        st = plan_load(r, "label_end", end, r->end);
    if (!st && spans)
        st = plan_check_spans(r, end);
    return st ? st : plan_sort(r);
}

/* ---- stretches ---------------------------------------------------------- */

static mlpipe_status plan_reach_time(const mlpipe__split_rows *r,
                                     const mlpipe__setting *s, double seconds,
                                     mlpipe__split_reach *out)
{
    static const double in_second[] = {1, 1, 1e3, 1e6, 1e9};
    double count;
    if (!r->key || !plan_is_time(r->type))
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "%s: %s=%s is a time and needs order= with a "
                            "column of times; a number alone counts rows",
                            r->owner, s->param->name, s->text);
    count = seconds * in_second[r->unit];
    if (!(count >= 0 && count < 0x1p62))
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "%s: %s=%s is %s", r->owner, s->param->name,
                            s->text, count < 0 ? "negative" : "too long");
    out->time = true;
    out->value = (int64_t)count;
    out->value += (double)out->value < count; /* not shorter than asked */
    return MLPIPE_OK;
}

mlpipe_status mlpipe__split_reach_parse(const mlpipe__split_rows *r,
                                       const mlpipe__setting *s,
                                       mlpipe__split_reach *out)
{
    const size_t n = strlen(s->text);
    mlpipe_status st = MLPIPE_OK;
    double seconds;
    memset(out, 0, sizeof *out);
    if (!n)
        return MLPIPE_OK;
    if (mlpipe__parse_i64(s->text, n, &out->value)) {
        if (out->value < 0)
            st = mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                              "%s: %s=%s is negative; give 0 or more", r->owner,
                              s->param->name, s->text);
        else if (out->value > UINT32_MAX)
            out->value = UINT32_MAX; /* more rows than there can be */
    } else if (s->text[n - 1] >= 'a' &&
               mlpipe__parse_span(s->text, n, &seconds)) {
        st = plan_reach_time(r, s, seconds, out);
    } else {
        st = mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                          "%s: %s=%s is neither a number of rows, such as "
                          "20, nor a time, such as 5 d",
                          r->owner, s->param->name, s->text);
    }
    out->given = !st && out->value > 0;
    return st;
}
