/* SPDX-License-Identifier: MIT */
/* Rows of two datasets side by side: as a multiset, and by a key. */
#include "store_internal.h"

static uint64_t rows_hash(const mlpipe__store_rows *rows, uint32_t side,
                          int64_t row)
{
    uint64_t hash = 1;
    uint32_t k;

    for (k = 0; k < rows->count; k++)
        hash = mlpipe__dataset_cell_hash(rows->d[side],
                                         rows->column[side][k], row, hash);
    return hash;
}

/* The hashes of all rows of one side. */
static mlpipe_status rows_hashes(mlpipe_ctx *ctx,
                                 const mlpipe__store_rows *rows,
                                 uint32_t side, uint64_t **out)
{
    const int64_t n = mlpipe_dataset_rows(rows->d[side]);
    mlpipe_status st = MLPIPE_OK;
    int64_t i;

    *out = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof **out);
    if (!*out)
        return mlpipe__nomem(ctx);
    for (i = 0; i < n && !st; i++) {
        (*out)[i] = rows_hash(rows, side, i);
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "compare rows", (uint64_t)i, (uint64_t)n);
    }
    return st;
}

static int64_t rows_meet(const uint64_t *a, int64_t n, const uint64_t *b,
                         int64_t m)
{
    int64_t i = 0, k = 0, common = 0;

    while (i < n && k < m) {
        const uint64_t x = a[i], y = b[k];

        common += x == y;
        i += x <= y;
        k += y <= x;
    }
    return common;
}

mlpipe_status mlpipe__store_rows_common(mlpipe_ctx *ctx,
                                        const mlpipe__store_rows *rows,
                                        int64_t *common)
{
    const int64_t n = mlpipe_dataset_rows(rows->d[0]);
    const int64_t m = mlpipe_dataset_rows(rows->d[1]);
    uint64_t *a = NULL, *b = NULL, *scratch;
    mlpipe_status st = rows_hashes(ctx, rows, 0, &a);

    *common = 0;
    if (!st)
        st = rows_hashes(ctx, rows, 1, &b);
    scratch = mlpipe__alloc_array(ctx->env, (size_t)(n > m ? n : m),
                                  sizeof *scratch);
    if (!st && !scratch)
        st = mlpipe__nomem(ctx);
    if (!st) {
        mlpipe__sort_u64(a, (uint64_t)n, scratch);
        mlpipe__sort_u64(b, (uint64_t)m, scratch);
        *common = rows_meet(a, n, b, m);
    }
    mlpipe__free(ctx->env, a);
    mlpipe__free(ctx->env, b);
    mlpipe__free(ctx->env, scratch);
    return st;
}

/* ---- cells ---------------------------------------------------------- */

/* Of columns of one type, which may lie in different datasets. */
static bool rows_cell_equal(const mlpipe_dataset *a, uint32_t ca, int64_t ra,
                            const mlpipe_dataset *b, uint32_t cb, int64_t rb)
{
    const int32_t type = mlpipe_dataset_type(a, ca);
    int64_t i[2];
    double x[2];
    uint8_t valid[2];

    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY) {
        size_t n = 0, m = 0;
        const char *s = mlpipe__dataset_cell_text(a, ca, ra, &n);
        const char *t = mlpipe__dataset_cell_text(b, cb, rb, &m);

        return !s || !t ? !s && !t : n == m && !memcmp(s, t, n);
    }
    if (type == MLPIPE_TYPE_F64) {
        mlpipe__dataset_block(a, ca, ra, 1, &x[0], &valid[0]);
        mlpipe__dataset_block(b, cb, rb, 1, &x[1], &valid[1]);
        return valid[0] == valid[1] &&
               (!valid[0] || x[0] == x[1] ||
                (x[0] != x[0] && x[1] != x[1]));
    }
    mlpipe__dataset_block_i64(a, ca, ra, 1, &i[0], &valid[0]);
    mlpipe__dataset_block_i64(b, cb, rb, 1, &i[1], &valid[1]);
    return valid[0] == valid[1] && (!valid[0] || i[0] == i[1]);
}

bool mlpipe__store_rows_equal(const mlpipe__store_rows *rows, uint32_t k,
                              int64_t a, int64_t b)
{
    return rows_cell_equal(rows->d[0], rows->column[0][k], a, rows->d[1],
                           rows->column[1][k], b);
}

void mlpipe__store_cell(const mlpipe_dataset *d, uint32_t column, int64_t row,
                        mlpipe__text *out)
{
    const int32_t type = mlpipe_dataset_type(d, column);
    uint8_t valid;
    int64_t whole;
    double x;

    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY) {
        size_t n = 0;
        const char *text = mlpipe__dataset_cell_text(d, column, row, &n);

        if (text && n)
            mlpipe__text_put(out, text, n);
        else if (!text)
            mlpipe__text_add(out, "null");
        return;
    }
    if (type == MLPIPE_TYPE_F64) {
        mlpipe__dataset_block(d, column, row, 1, &x, &valid);
        mlpipe__text_add(out, valid ? "%g" : "null", x);
        return;
    }
    mlpipe__dataset_block_i64(d, column, row, 1, &whole, &valid);
    if (!valid)
        mlpipe__text_add(out, "null");
    else if (type == MLPIPE_TYPE_BOOL)
        mlpipe__text_add(out, whole ? "true" : "false");
    else
        mlpipe__text_add(out, "%lld", (long long)whole);
}

/* ---- by a key ------------------------------------------------------- */

/* Rows of one side by the hash of their key: open addressing. */
typedef struct rows_table {
    const mlpipe__store_rows *rows;
    uint32_t side;
    uint32_t slot_count; /* a power of two */
    uint32_t *slots;     /* row + 1 */
    const char *owner;   /* who asks, for messages */
    const char *of;      /* whose rows */
    const char *advice;
} rows_table;

/* Row `row` of side `side` in the table, or the free slot for it. */
static uint32_t rows_slot(const rows_table *t, uint32_t side, int64_t row)
{
    const mlpipe__store_rows *r = t->rows;
    uint32_t at = (uint32_t)rows_hash(r, side, row) & (t->slot_count - 1);
    uint32_t k;

    for (; t->slots[at]; at = (at + 1) & (t->slot_count - 1)) {
        for (k = 0; k < r->count; k++)
            if (!rows_cell_equal(r->d[side], r->column[side][k], row,
                                 r->d[t->side], r->column[t->side][k],
                                 (int64_t)t->slots[at] - 1))
                break;
        if (k == r->count)
            break;
    }
    return at;
}

/* Two rows have one key: which, and what it is. */
static mlpipe_status rows_twice(mlpipe_ctx *ctx, const rows_table *t,
                                int64_t first, int64_t second)
{
    const mlpipe_dataset *d = t->rows->d[t->side];
    mlpipe_status st;
    mlpipe__text key;
    uint32_t k, column;

    mlpipe__text_init(&key, ctx->env);
    for (k = 0; k < t->rows->count; k++) {
        column = t->rows->column[t->side][k];
        mlpipe__text_add(&key, "%s%s=", k ? ", " : "",
                         mlpipe_dataset_name(d, column));
        mlpipe__store_cell(d, column, first, &key);
    }
    st = key.failed
             ? mlpipe__nomem(ctx)
             : mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "%s: rows %lld and %lld%s have the same key, %s; "
                            "name columns that identify a row, or %s",
                            t->owner, (long long)first, (long long)second,
                            t->of, key.data, t->advice);
    mlpipe__text_free(&key);
    return st == MLPIPE_E_CONFLICT ? mlpipe__fail_at(ctx, second, NULL) : st;
}

static mlpipe_status rows_fill(mlpipe_ctx *ctx, rows_table *t)
{
    const int64_t n = mlpipe_dataset_rows(t->rows->d[t->side]);
    mlpipe_status st = MLPIPE_OK;
    int64_t i;
    uint32_t at;

    if (n > INT32_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s: %lld rows are more than the %d that are "
                            "compared by a key; %s", t->owner, (long long)n,
                            INT32_MAX, t->advice);
    for (t->slot_count = 16; t->slot_count < 2 * (uint64_t)n;)
        t->slot_count *= 2;
    t->slots = mlpipe__alloc_array(ctx->env, t->slot_count,
                                   sizeof *t->slots);
    if (!t->slots)
        return mlpipe__nomem(ctx);
    for (i = 0; i < n && !st; i++) {
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "match rows", (uint64_t)i, (uint64_t)n);
        if (st)
            break;
        at = rows_slot(t, t->side, i);
        if (t->slots[at])
            return rows_twice(ctx, t, (int64_t)t->slots[at] - 1, i);
        t->slots[at] = (uint32_t)i + 1;
    }
    return st;
}

mlpipe_status mlpipe__store_rows_match(mlpipe_ctx *ctx,
                                       const mlpipe__store_rows *rows,
                                       int64_t *match)
{
    const int64_t n = mlpipe_dataset_rows(rows->d[0]);
    const char *advice = "give key=none to compare whole rows";
    rows_table t[2] = {
        {.rows = rows, .side = 0, .owner = "store_diff",
         .of = " of the first version", .advice = advice},
        {.rows = rows, .side = 1, .owner = "store_diff",
         .of = " of the second version", .advice = advice}};
    mlpipe_status st = rows_fill(ctx, &t[0]);
    int64_t i;

    /* The first side is filled to see that its keys are keys. */
    mlpipe__free(ctx->env, t[0].slots);
    if (!st)
        st = rows_fill(ctx, &t[1]);
    for (i = 0; i < n && !st; i++) {
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "match rows", (uint64_t)i, (uint64_t)n);
        match[i] = (int64_t)t[1].slots[rows_slot(&t[1], 0, i)] - 1;
    }
    mlpipe__free(ctx->env, t[1].slots);
    return st;
}

mlpipe_status mlpipe__store_rows_unique(mlpipe_ctx *ctx,
                                        const mlpipe__store_rows *rows)
{
    rows_table t = {.rows = rows, .owner = "store_commit", .of = "",
                    .advice = "leave key= out"};
    const mlpipe_status st = rows_fill(ctx, &t);

    mlpipe__free(ctx->env, t.slots);
    return st;
}

mlpipe__hash128 mlpipe__store_schema(const mlpipe__store_manifest *m)
{
    mlpipe__hasher h;
    uint32_t i;

    mlpipe__hasher_init(&h);
    for (i = 0; i < m->column_count; i++) {
        const int32_t parts[2] = {m->columns[i].type, m->columns[i].unit};

        mlpipe__hasher_add(&h, m->columns[i].name,
                           strlen(m->columns[i].name) + 1);
        mlpipe__hasher_add(&h, parts, sizeof parts);
    }
    return mlpipe__hasher_end(&h);
}
