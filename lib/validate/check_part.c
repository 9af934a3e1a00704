/* SPDX-License-Identifier: MIT */
/*
 * What two parts of data have in common: rows, contents, groups, times. All
 * is asked of sorted 64-bit keys, so that a pair costs one walk along both.
 */
#include "validate_internal.h"

enum { CHECK_POLL = 65536 };

/* ---- a part ------------------------------------------------------------- */

static bool check_is_text(int32_t type)
{
    return type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY;
}

static bool check_left_out(const mlpipe__setting *id, const char *name)
{
    uint32_t i;
    for (i = 0; i < id->count; i++)
        if (!strcmp(id->names[i], name))
            return true;
    return false;
}

/* Positions in `data` of the columns of `like` that are compared. */
static mlpipe_status check_columns(mlpipe_ctx *ctx, const char *owner,
                                   const mlpipe_dataset *data,
                                   const mlpipe_dataset *like,
                                   const mlpipe__setting *id,
                                   uint32_t *columns, uint32_t *count)
{
    uint32_t i;
    *count = 0;
    for (i = 0; i < like->column_count; i++) {
        const char *name = mlpipe_dataset_name(like, i);
        const int32_t type = mlpipe_dataset_type(like, i);
        const int32_t unit = mlpipe_dataset_unit(like, i);
        uint32_t at;
        mlpipe_status st;
        if (check_left_out(id, name))
            continue;
        st = mlpipe__dataset_column(ctx, data, name, &at);
        if (st)
            return st;
        if ((mlpipe_dataset_type(data, at) != type ||
             mlpipe_dataset_unit(data, at) != unit) &&
            !(check_is_text(type) &&
              check_is_text(mlpipe_dataset_type(data, at)))) {
            mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                         "%s: column %q is %s %s in one part and %s %s in "
                         "another, so that rows cannot be compared; read them "
                         "with one type",
                         owner, name, mlpipe__type_name(type),
                         mlpipe__unit_name(unit),
                         mlpipe__type_name(mlpipe_dataset_type(data, at)),
                         mlpipe__unit_name(mlpipe_dataset_unit(data, at)));
            return mlpipe__fail_at(ctx, -1, name);
        }
        columns[(*count)++] = at;
    }
    return MLPIPE_OK;
}

static mlpipe_status check_hash(mlpipe_ctx *ctx, mlpipe__check_part *p,
                                const uint32_t *columns, uint32_t count)
{
    const mlpipe__split_rows *r = &p->rows;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, c;
    for (i = 0; !st && i < r->rows; i++) {
        uint64_t both[2] = {mlpipe_dataset_row_id(r->data, i), 0};
        if (i % CHECK_POLL == 0)
            st = mlpipe__poll(ctx, "split_check", i, r->rows);
        for (c = 0; c < count; c++)
            both[1] = mlpipe__dataset_cell_hash(r->data, columns[c], i,
                                                both[1]);
        p->id[i] = both[0];
        p->content[i] = both[1];
        p->sorted[i] = both[1];
        p->same[i] = mlpipe__hash64(both, sizeof both, 0);
    }
    return st;
}

static mlpipe_status check_contents(mlpipe_ctx *ctx, const char *owner,
                                    const mlpipe_dataset *like,
                                    const mlpipe__setting *id,
                                    mlpipe__check_part *p)
{
    mlpipe__env *env = ctx->env;
    const uint32_t n = p->rows.rows;
    uint32_t count = 0;
    uint32_t *columns =
        mlpipe__alloc_array(env, like->column_count, sizeof *columns);
    uint64_t *scratch = mlpipe__alloc_array(env, n, sizeof *scratch);
    mlpipe_status st = columns && scratch ? MLPIPE_OK : mlpipe__nomem(ctx);
    if (!st)
        st = check_columns(ctx, owner, p->rows.data, like, id, columns,
                           &count);
    if (!st)
        st = check_hash(ctx, p, columns, count);
    if (!st) {
        mlpipe__sort_u64(p->id, n, scratch);
        mlpipe__sort_u64(p->sorted, n, scratch);
        mlpipe__sort_u64(p->same, n, scratch);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, columns);
    return st;
}

static mlpipe_status check_times(mlpipe_ctx *ctx, mlpipe__check_part *p)
{
    const mlpipe__split_rows *r = &p->rows;
    uint32_t i;
    if (!r->key)
        return MLPIPE_OK;
    p->begin = mlpipe__alloc_array(ctx->env, r->rows, sizeof *p->begin);
    p->latest = mlpipe__alloc_array(ctx->env, r->rows, sizeof *p->latest);
    if (!p->begin || !p->latest)
        return mlpipe__nomem(ctx);
    for (i = 0; i < r->rows; i++) {
        const uint32_t row = r->order[i];
        p->begin[i] = r->key[row];
        p->latest[i] = r->end ? r->end[row] : r->key[row];
        if (i && p->latest[i - 1] > p->latest[i])
            p->latest[i] = p->latest[i - 1];
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__check_part_load(mlpipe_ctx *ctx, const char *owner,
                                      const mlpipe_dataset *data,
                                      const mlpipe_dataset *like,
                                      const mlpipe__check_columns *columns,
                                      uint32_t number,
                                      mlpipe__check_part *out)
{
    mlpipe__split_rows *r = &out->rows;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    st = mlpipe__split_rows_init(ctx, owner, data, r);
    r->salt = (uint64_t)number + 1;
    if (!st)
        st = mlpipe__split_rows_order(r, columns->order, columns->label_end);
    if (!st)
        st = mlpipe__split_rows_group(r, columns->group);
    if (st)
        return st;
    out->id = mlpipe__alloc_array(r->env, r->rows, sizeof *out->id);
    out->same = mlpipe__alloc_array(r->env, r->rows, sizeof *out->same);
    out->content = mlpipe__alloc_array(r->env, r->rows, sizeof *out->content);
    out->sorted = mlpipe__alloc_array(r->env, r->rows, sizeof *out->sorted);
    if (!out->id || !out->same || !out->content || !out->sorted)
        return mlpipe__nomem(ctx);
    st = check_contents(ctx, owner, like, columns->id, out);
    return st ? st : check_times(ctx, out);
}

void mlpipe__check_part_free(mlpipe__check_part *p)
{
    mlpipe__env *env = p->rows.env;
    if (!env)
        return;
    mlpipe__free(env, p->id);
    mlpipe__free(env, p->same);
    mlpipe__free(env, p->content);
    mlpipe__free(env, p->sorted);
    mlpipe__free(env, p->begin);
    mlpipe__free(env, p->latest);
    mlpipe__split_rows_free(&p->rows);
    memset(p, 0, sizeof *p);
}

/* ---- a pair ------------------------------------------------------------- */

/* How many entries of rising b are among rising a. */
static uint64_t check_common(const uint64_t *a, uint64_t n, const uint64_t *b,
                             uint64_t m)
{
    uint64_t i = 0, k, common = 0;
    for (k = 0; k < m; k++) {
        while (i < n && a[i] < b[k])
            i++;
        common += i < n && a[i] == b[k];
    }
    return common;
}

static uint64_t check_groups(const mlpipe__split_rows *a,
                             const mlpipe__split_rows *b)
{
    uint64_t common = 0;
    uint32_t i = 0, k;
    for (k = 0; k < b->groups; k++) {
        const int64_t key = (int64_t)b->group_key[k];
        while (i < a->groups && (int64_t)a->group_key[i] < key)
            i++;
        common += i < a->groups && (int64_t)a->group_key[i] == key;
    }
    return common;
}

static bool check_has(const uint64_t *sorted, uint32_t n, uint64_t x)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (sorted[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && sorted[low] == x;
}

void mlpipe__check_pair(const mlpipe__check_part *a,
                        const mlpipe__check_part *b, uint8_t *found,
                        mlpipe__pair_check *out)
{
    const uint32_t n = a->rows.rows, m = b->rows.rows;
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->same_id = check_common(a->id, n, b->id, m);
    out->same_row = check_common(a->same, n, b->same, m);
    out->equal_rows = check_common(a->sorted, n, b->sorted, m);
    for (i = 0; found && out->equal_rows && i < m; i++)
        found[i] |= check_has(a->sorted, n, b->content[i]);
    if (a->rows.group && b->rows.group)
        out->groups = check_groups(&a->rows, &b->rows);
    if (!a->begin || !b->begin)
        return;
    for (i = 0; i < n; i++) {
        out->later += a->rows.key[i] > b->begin[0];
        out->spans += a->rows.end &&
                      mlpipe__split_meets(b->begin, b->latest, m,
                                          a->rows.key[i], a->rows.end[i]);
    }
}
