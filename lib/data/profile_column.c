/* SPDX-License-Identifier: MIT */
/*
 * What one column holds: its values sorted, so that every figure is exact and
 * no order of rows changes a bit.
 */
#include "profile_types.h"

enum { COLUMN_TERMS = 4096, COLUMN_READ = 512,
       COLUMN_EXAMPLE = 80 };

static uint64_t column_key(int64_t x)
{
    return (uint64_t)x ^ UINT64_C(0x8000000000000000);
}

static int64_t column_of_key(uint64_t key)
{
    return (int64_t)(key ^ UINT64_C(0x8000000000000000));
}

/* ---- numbers, bools, times ---------------------------------------------- */

/* Keys of all values that are there, NaN and infinities left out. */
static mlpipe_status column_gather(mlpipe__profile_column *c, uint64_t *keys)
{
    const bool real = c->type == MLPIPE_TYPE_F64;
    double x[COLUMN_READ];
    int64_t k[COLUMN_READ];
    uint8_t valid[COLUMN_READ];
    mlpipe_status st = MLPIPE_OK;

    for (int64_t at = 0; at < c->data->rows && !st; at += COLUMN_READ) {
        const uint32_t n = c->data->rows - at < COLUMN_READ
                               ? (uint32_t)(c->data->rows - at)
                               : COLUMN_READ;
        if (real)
            mlpipe__dataset_block(c->data, c->column, at, n, x, valid);
        else
            mlpipe__dataset_block_i64(c->data, c->column, at, n, k, valid);
        for (uint32_t i = 0; i < n; i++) {
            if (!valid[i])
                c->nulls++;
            else if (!real)
                keys[c->count++] = column_key(k[i]);
            else if (x[i] != x[i])
                c->nan++;
            else if (!mlpipe__finite(x[i])) {
                c->infinite++;
                c->minus_infinite += x[i] < 0;
            } else
                keys[c->count++] = mlpipe__order_key(x[i]);
        }
        st = mlpipe__poll(c->ctx, "profile", (uint64_t)at,
                          (uint64_t)c->data->rows);
    }
    return st;
}

/* A run of equal values among the most frequent; equal counts: the lesser. */
static void column_top(mlpipe__profile_column *c, double value,
                       uint64_t count)
{
    uint32_t at = c->top_count;

    while (at && c->top[at - 1].count < count)
        at--;
    if (at == MLPIPE__PROFILE_TOP)
        return;
    if (c->top_count < MLPIPE__PROFILE_TOP)
        c->top_count++;
    for (uint32_t i = c->top_count - 1; i > at; i--)
        c->top[i] = c->top[i - 1];
    c->top[at].value = value;
    c->top[at].count = count;
}

/* Sorted keys become values; runs of equal ones are counted. keys and values
 * are the same memory. */
static void column_runs(mlpipe__profile_column *c, uint64_t *keys)
{
    const bool real = c->type == MLPIPE_TYPE_F64;
    const double there = (double)(c->rows - c->nulls);
    const double n = there > 1 ? there : 2;
    uint64_t start = 0, runs = 0;
    double before = 0;

    if (c->count && !real) {
        c->low = column_of_key(keys[0]);
        c->high = column_of_key(keys[c->count - 1]);
    }
    for (uint64_t i = 1; i <= c->count; i++) {
        if (i < c->count && keys[i] == keys[start])
            continue;
        const double value = real ? mlpipe__order_value(keys[start])
                                  : (double)column_of_key(keys[start]);
        const double count = (double)(i - start);

        column_top(c, value, i - start);
        c->collisions += count / n * ((count - 1) / (n - 1));
        if (value == 0)
            c->zeros += i - start;
        if (value < 0)
            c->negative += i - start;
        c->integral &= mlpipe__floor(value) == value;
        if (runs && !(value - before >= c->step))
            c->step = value - before;
        before = value;
        runs++;
        start = i;
    }
    c->distinct = runs + (c->nan > 0) + (c->minus_infinite > 0) +
                  (c->infinite > c->minus_infinite);
    for (uint64_t i = 0; i < c->count; i++) {
        const double value = real ? mlpipe__order_value(keys[i])
                                  : (double)column_of_key(keys[i]);
        memcpy(&keys[i], &value, sizeof value);
    }
}

/* The mean of ((x - mean - off) / sd)^power over the sorted values. off is what
 * rounding the mean took away, which large and narrow values would show. */
static double column_power(const mlpipe__profile_column *c, double off,
                           double sd, bool cube)
{
    mlpipe__tree tree = {0};
    double terms[COLUMN_TERMS];

    for (uint64_t at = 0; at < c->count; at += COLUMN_TERMS) {
        uint32_t i;
        for (i = 0; i < COLUMN_TERMS && at + i < c->count; i++) {
            const double z = (c->values[at + i] - c->mean - off) / sd;
            terms[i] = cube ? z * z * z : z;
        }
        mlpipe__tree_add(&tree, mlpipe__block_sum(terms, i));
    }
    return mlpipe__tree_value(&tree) / (double)c->count;
}

/* Mean and deviation of exact sums; the skew is G1 of D. N. Joanes and C. A.
 * Gill, The Statistician 47, 1998. */
static void column_moments(mlpipe__profile_column *c)
{
    mlpipe__exact sum, squares;
    const double n = (double)c->count;

    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    for (uint64_t at = 0; at < c->count; at += COLUMN_TERMS) {
        const uint64_t left = c->count - at;
        mlpipe__exact_add_moments(
            &sum, &squares, c->values + at,
            left < COLUMN_TERMS ? (uint32_t)left : COLUMN_TERMS);
    }
    if (!c->count)
        return;
    c->mean = mlpipe__exact_mean(&sum, c->count);
    if (c->count < 2)
        return;
    c->sd = mlpipe__exact_deviation(&sum, &squares, c->count, 1);
    const double sd = mlpipe__exact_deviation(&sum, &squares, c->count, 0);
    if (c->count < 3 || !(sd > 0) || !mlpipe__finite(sd))
        return;
    const double off = column_power(c, 0, sd, false) * sd;
    c->skew = column_power(c, off, sd, true) * mlpipe__sqrt(n * (n - 1)) /
              (n - 2);
}

static mlpipe_status column_numbers(mlpipe__profile_column *c)
{
    mlpipe__env *env = c->ctx->env;
    uint64_t *keys = mlpipe__alloc_array(env, (size_t)c->rows, sizeof *keys);
    uint64_t *scratch =
        mlpipe__alloc_array(env, (size_t)c->rows, sizeof *scratch);
    mlpipe_status st = keys && scratch ? MLPIPE_OK : mlpipe__nomem(c->ctx);

    if (!st)
        st = column_gather(c, keys);
    if (!st) {
        mlpipe__sort_u64(keys, c->count, scratch);
        c->integral = c->count > 0;
        c->step = mlpipe__nan();
        column_runs(c, keys);
        c->values = (double *)(void *)keys;
        keys = NULL;
        column_moments(c);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, keys);
    return st;
}

/* ---- texts -------------------------------------------------------------- */

static bool column_before(const mlpipe__profile_entry *a,
                          const mlpipe__profile_entry *b)
{
    const size_t n = a->bytes < b->bytes ? a->bytes : b->bytes;
    int order;

    if (a->count != b->count)
        return a->count > b->count;
    order = n ? memcmp(a->text, b->text, n) : 0;
    return order ? order < 0 : a->bytes < b->bytes;
}

/* Bottom-up merges; scratch holds as many. The sorted ones are in `e`. */
static void column_sort(mlpipe__profile_entry *e,
                        mlpipe__profile_entry *scratch, uint32_t n)
{
    mlpipe__profile_entry *from = e, *to = scratch;

    for (uint64_t width = 1; width < n; width *= 2) {
        for (uint64_t at = 0; at < n; at += 2 * width) {
            const uint64_t middle = at + width < n ? at + width : n;
            const uint64_t end = at + 2 * width < n ? at + 2 * width : n;
            uint64_t a = at, b = middle;

            for (uint64_t i = at; i < end; i++)
                to[i] = b == end ||
                        (a < middle && !column_before(&from[b], &from[a]))
                            ? from[a++] : from[b++];
        }
        mlpipe__profile_entry *other = from;
        from = to;
        to = other;
    }
    if (from != e)
        memcpy(e, from, n * sizeof *e);
}

/* Counts and the first row of each code, or of each different hash. */
static mlpipe_status column_hash(mlpipe__profile_column *c,
                                 mlpipe__keyed *keyed, uint64_t *count)
{
    mlpipe_status st = MLPIPE_OK;

    for (int64_t i = 0; i < c->data->rows && !st; i++) {
        size_t bytes;
        const char *text =
            mlpipe__dataset_cell_text(c->data, c->column, i, &bytes);
        if (!text) {
            c->nulls++;
        } else {
            keyed[*count].key = mlpipe__hash64(text, bytes, 0);
            keyed[(*count)++].value = (double)i;
        }
        if (i % 65536 == 0)
            st = mlpipe__poll(c->ctx, "profile", (uint64_t)i,
                              (uint64_t)c->data->rows);
    }
    return st;
}

static mlpipe_status column_entries(mlpipe__profile_column *c,
                                    const mlpipe__keyed *keyed)
{
    mlpipe__env *env = c->ctx->env;
    mlpipe__profile_entry *scratch = NULL;
    uint32_t distinct = 0;

    for (uint64_t i = 0; i < c->count; i++)
        distinct += !i || keyed[i].key != keyed[i - 1].key;
    c->entries = mlpipe__alloc_array(env, distinct, sizeof *c->entries);
    scratch = mlpipe__alloc_array(env, distinct, sizeof *scratch);
    if (!c->entries || !scratch) {
        mlpipe__free(env, scratch);
        return mlpipe__nomem(c->ctx);
    }
    for (uint64_t i = 0; i < c->count; i++) {
        if (!i || keyed[i].key != keyed[i - 1].key) {
            mlpipe__profile_entry *e = &c->entries[c->entry_count++];
            e->row = (int64_t)keyed[i].value;
            e->text = mlpipe__dataset_cell_text(c->data, c->column, e->row,
                                                &e->bytes);
        }
        c->entries[c->entry_count - 1].count++;
    }
    column_sort(c->entries, scratch, distinct);
    mlpipe__free(env, scratch);
    c->distinct = distinct;
    for (uint32_t i = 0; i < distinct && c->count > 1; i++) {
        const double n = (double)c->count, count = (double)c->entries[i].count;
        c->collisions += count / n * ((count - 1) / (n - 1));
    }
    return MLPIPE_OK;
}

static mlpipe_status column_texts(mlpipe__profile_column *c)
{
    mlpipe__env *env = c->ctx->env;
    mlpipe__keyed *keyed =
        mlpipe__alloc_array(env, (size_t)c->rows, sizeof *keyed);
    mlpipe__keyed *scratch =
        mlpipe__alloc_array(env, (size_t)c->rows, sizeof *scratch);
    mlpipe__wide_cells *cells = mlpipe__alloc(env, sizeof *cells);
    mlpipe_status st =
        keyed && scratch && cells ? MLPIPE_OK : mlpipe__nomem(c->ctx);

    if (!st)
        st = column_hash(c, keyed, &c->count);
    if (!st)
        st = column_entries(c, mlpipe__sort_keyed(keyed, scratch,
                                                  (uint32_t)c->count, 64,
                                                  cells));
    mlpipe__free(env, cells);
    mlpipe__free(env, scratch);
    mlpipe__free(env, keyed);
    return st;
}

/* ---- the door ----------------------------------------------------------- */

mlpipe_status mlpipe__profile_column_make(mlpipe_ctx *ctx,
                                          const mlpipe_dataset *data,
                                          uint32_t column,
                                          mlpipe__profile_column *out)
{
    const mlpipe__column *c = data->columns[column];
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    out->ctx = ctx;
    out->data = data;
    out->column = column;
    out->name = c->name;
    out->type = c->type;
    out->unit = c->unit;
    out->rows = (uint64_t)data->rows;
    out->mean = out->sd = out->skew = mlpipe__nan();
    st = mlpipe__profile_is_text(c->type) ? column_texts(out)
                                          : column_numbers(out);
    if (st)
        mlpipe__profile_column_free(out);
    return st;
}

void mlpipe__profile_column_free(mlpipe__profile_column *c)
{
    if (!c->ctx)
        return;
    mlpipe__free(c->ctx->env, c->values);
    mlpipe__free(c->ctx->env, c->entries);
    c->values = NULL;
    c->entries = NULL;
}

int mlpipe__profile_shown(const mlpipe__profile_entry *e)
{
    size_t n = e->bytes < COLUMN_EXAMPLE ? e->bytes : COLUMN_EXAMPLE;

    while (n && n < e->bytes && ((unsigned char)e->text[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

/* Values below x, or not above it. */
static uint64_t column_rank(const mlpipe__profile_column *c, double x,
                            bool equal)
{
    uint64_t low = 0, high = c->count;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (c->values[middle] < x || (equal && c->values[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t mlpipe__profile_between(const mlpipe__profile_column *c, double low,
                                 double high)
{
    const uint64_t from = column_rank(c, low, false);
    const uint64_t to = column_rank(c, high, true);

    return to > from ? to - from : 0;
}
