/* SPDX-License-Identifier: MIT */
/*
 * What an as-of join compares: keys as dense numbers, which equal keys of both
 * sides share, and clocks as whole numbers of one unit.
 */
#include "asof_types.h"

enum { ASOF_PIECE = 512 };

/* ---- keys --------------------------------------------------------------- */

static bool asof_is_text(const mlpipe__column *c)
{
    return c->type == MLPIPE_TYPE_TEXT || c->type == MLPIPE_TYPE_CATEGORY;
}

static mlpipe_status asof_same_type(const asof_job *j, uint32_t left,
                                    uint32_t right)
{
    const mlpipe__column *a = j->left.data->columns[left];
    const mlpipe__column *b = j->right.data->columns[right];

    if ((asof_is_text(a) && asof_is_text(b))
        || (a->type == b->type && a->unit == b->unit))
        return MLPIPE_OK;
    mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                 "%s: the key %q is %s%s%s on the left, and %q is %s%s%s on "
                 "the right; read or compute them with one type", asof_owner,
                 a->name, mlpipe__type_name(a->type), a->unit ? " " : "",
                 mlpipe__unit_name(a->unit), b->name,
                 mlpipe__type_name(b->type), b->unit ? " " : "",
                 mlpipe__unit_name(b->unit));
    return mlpipe__fail_at(j->ctx, -1, a->name);
}

/* The number of some bytes: found, or added where they are the right side's.
 * MISSING means that memory was short. */
static uint32_t asof_number(mlpipe__dict *dict, const void *bytes, size_t n,
                            bool add)
{
    if (add)
        return mlpipe__dict_add(dict, bytes, n);
    const uint32_t at = mlpipe__dict_find(dict, bytes, n);
    return at == UINT32_MAX ? ASOF_KEY_UNKNOWN : at;
}

/* Number of one cell that is not null, of bytes that equal cells share. */
static uint32_t asof_cell(mlpipe__dict *dict, const mlpipe_dataset *d,
                          uint32_t column, int64_t row, bool add)
{
    if (asof_is_text(d->columns[column])) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(d, column, row, &bytes);
        return asof_number(dict, text, bytes, add);
    }
    const uint64_t bits = mlpipe__dataset_cell_bits(d, column, row);
    return asof_number(dict, &bits, sizeof bits, add);
}

/*
 * Numbers of cells that were looked up, by code or by whole number where these
 * lie close together: most keys are such, and are looked up once each. 0: not
 * yet; a number is kept plus 1.
 */
typedef struct asof_memo {
    int64_t low;
    uint64_t size; /* 0: the column has none */
    uint32_t *plus_one;
} asof_memo;

static void asof_range(const asof_side *s, uint32_t column, int64_t *low,
                       int64_t *high)
{
    int64_t values[ASOF_PIECE];
    uint8_t valid[ASOF_PIECE];

    *low = INT64_MAX;
    *high = INT64_MIN;
    for (uint32_t at = 0, n; at < s->n; at += n) {
        n = s->n - at < ASOF_PIECE ? s->n - at : ASOF_PIECE;
        mlpipe__dataset_block_i64(s->data, column, at, n, values, valid);
        for (uint32_t i = 0; i < n; i++) {
            if (valid[i] && values[i] < *low)
                *low = values[i];
            if (valid[i] && values[i] > *high)
                *high = values[i];
        }
    }
}

/* False: no memory. */
static bool asof_memo_make(mlpipe__env *env, const asof_side *s,
                           uint32_t column, asof_memo *memo)
{
    const int32_t type = s->data->columns[column]->type;
    int64_t low, high;

    *memo = (asof_memo){0};
    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_F64)
        return true;
    asof_range(s, column, &low, &high);
    if (low > high || (uint64_t)high - (uint64_t)low > 4 * (uint64_t)s->n)
        return true;
    memo->low = low;
    memo->size = (uint64_t)high - (uint64_t)low + 1;
    memo->plus_one = mlpipe__alloc_array(env, (size_t)memo->size,
                                         sizeof memo->plus_one[0]);
    return memo->plus_one != NULL;
}

/* A column of a key under way. */
typedef struct asof_key_job {
    asof_job *j;
    asof_side *side;
    uint32_t k;          /* which column of the key */
    bool add;            /* the right side's numbers are new */
    mlpipe__dict *cells, *pairs;
    asof_memo memo;
} asof_key_job;

static uint32_t asof_cell_number(asof_key_job *w, int64_t row, int64_t value)
{
    const uint32_t column = w->side->by[w->k];
    uint32_t *kept = w->memo.size
        ? &w->memo.plus_one[(uint64_t)value - (uint64_t)w->memo.low] : NULL;

    if (kept && *kept)
        return *kept - 1;
    const uint32_t number = asof_cell(w->cells, w->side->data, column, row,
                                      w->add);
    if (kept)
        *kept = number + 1; /* out of memory becomes 0: not looked up */
    return number;
}

/* Joins a row's number with those of the columns before it: a pair of numbers
 * has a number in turn. False: no memory. */
static bool asof_key_row(asof_key_job *w, int64_t row, int64_t value)
{
    uint32_t *key = &w->side->keys[row];
    const uint32_t pair[2] = {*key, asof_cell_number(w, row, value)};

    if (w->add && pair[1] == UINT32_MAX)
        return false;
    if (pair[0] == ASOF_KEY_UNKNOWN || pair[1] == ASOF_KEY_UNKNOWN)
        *key = ASOF_KEY_UNKNOWN;
    else
        *key = w->k ? asof_number(w->pairs, pair, sizeof pair, w->add)
                    : pair[1];
    return !w->add || *key != UINT32_MAX;
}

/* Validity of n rows, and their whole numbers or codes where there is a memo
 * of such. */
static void asof_key_piece(const asof_key_job *w, uint32_t at, uint32_t n,
                           int64_t *values, uint8_t *valid)
{
    const mlpipe_dataset *d = w->side->data;
    const uint32_t column = w->side->by[w->k];
    const mlpipe__column *c = d->columns[column];

    if (w->memo.size) {
        mlpipe__dataset_block_i64(d, column, at, n, values, valid);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const int64_t p = mlpipe__dataset_physical(d, at + i);
        valid[i] = mlpipe__chunk_valid(&c->chunks[p / MLPIPE__CHUNK_ROWS],
                                       (uint32_t)(p % MLPIPE__CHUNK_ROWS));
        values[i] = 0;
    }
}

static mlpipe_status asof_key_rows(asof_key_job *w)
{
    asof_side *s = w->side;
    int64_t values[ASOF_PIECE];
    uint8_t valid[ASOF_PIECE];
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t at = 0, n; !st && at < s->n; at += n) {
        n = s->n - at < ASOF_PIECE ? s->n - at : ASOF_PIECE;
        if (at % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(w->j->ctx, "asof", at, s->n);
        asof_key_piece(w, at, n, values, valid);
        for (uint32_t i = 0; !st && i < n; i++) {
            if (!valid[i])
                s->keys[at + i] = ASOF_KEY_MISSING;
            else if (s->keys[at + i] != ASOF_KEY_MISSING
                     && !asof_key_row(w, at + i, values[i]))
                st = mlpipe__nomem(w->j->ctx);
        }
    }
    return st;
}

static mlpipe_status asof_key_column(asof_job *j, asof_side *s, uint32_t k,
                                     mlpipe__dict *cells,
                                     mlpipe__dict *pairs)
{
    asof_key_job w = {.j = j, .side = s, .k = k, .add = s == &j->right,
                      .cells = cells, .pairs = pairs};
    const mlpipe_status st =
        asof_memo_make(j->ctx->env, s, s->by[k], &w.memo)
            ? asof_key_rows(&w) : mlpipe__nomem(j->ctx);

    mlpipe__free(j->ctx->env, w.memo.plus_one);
    return st;
}

mlpipe_status mlpipe__asof_keys(asof_job *j)
{
    mlpipe_status st = MLPIPE_OK;

    j->key_count = 1;
    for (uint32_t k = 0; !st && k < j->by_count; k++) {
        mlpipe__dict cells, pairs;
        mlpipe__dict_init(&cells, j->ctx->env);
        mlpipe__dict_init(&pairs, j->ctx->env);
        st = asof_same_type(j, j->left.by[k], j->right.by[k]);
        if (!st)
            st = asof_key_column(j, &j->right, k, &cells, &pairs);
        if (!st)
            st = asof_key_column(j, &j->left, k, &cells, &pairs);
        j->key_count = k ? pairs.count : cells.count;
        mlpipe__dict_free(&pairs);
        mlpipe__dict_free(&cells);
    }
    return st;
}

/* ---- clocks ------------------------------------------------------------- */

/* A column can be compared with the left time; the finest unit counts. */
static mlpipe_status asof_clock_type(asof_job *j, const char *param,
                                     const asof_side *s, uint32_t column)
{
    const mlpipe__column *c = s->data->columns[column];

    if (!j->type && (c->type == MLPIPE_TYPE_I64
                     || c->type == MLPIPE_TYPE_TIMESTAMP
                     || c->type == MLPIPE_TYPE_DURATION))
        j->type = c->type;
    if (c->unit > j->unit)
        j->unit = c->unit;
    if (c->type == j->type)
        return MLPIPE_OK;
    if (!j->type)
        mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                     "%s: %s=%s is %s; a time is a timestamp, a duration or "
                     "whole numbers (i64)", asof_owner, param, c->name,
                     mlpipe__type_name(c->type));
    else
        mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                     "%s: %s=%s is %s, and on= is %s; read or compute them "
                     "with one type", asof_owner, param, c->name,
                     mlpipe__type_name(c->type), mlpipe__type_name(j->type));
    return mlpipe__fail_at(j->ctx, -1, c->name);
}

static mlpipe_status asof_clock(const asof_job *j, const asof_side *s,
                                uint32_t column, int64_t *time, uint8_t *ok)
{
    const mlpipe__column *c = s->data->columns[column];
    const int64_t times = mlpipe__unit_ratio(c->unit, j->unit);

    for (uint32_t at = 0, n; at < s->n; at += n) {
        n = s->n - at < ASOF_PIECE ? s->n - at : ASOF_PIECE;
        mlpipe__dataset_block_i64(s->data, column, at, n, time + at, ok + at);
        for (uint32_t i = at; i < at + n; i++) {
            const int64_t given = time[i];
            if (!__builtin_mul_overflow(given, times, &time[i]))
                continue;
            mlpipe__fail(j->ctx, MLPIPE_E_NUMERIC,
                         "%s: the time %q of row %u is %lld %s, which is "
                         "beyond what the %s of the other times can hold",
                         asof_owner, c->name, i, (long long)given,
                         mlpipe__unit_name(c->unit),
                         mlpipe__unit_name(j->unit));
            return mlpipe__fail_at(j->ctx, i, c->name);
        }
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__asof_clocks(asof_job *j)
{
    asof_side *l = &j->left, *r = &j->right;
    const uint32_t known_at = l->known >= 0 ? (uint32_t)l->known : l->on;
    mlpipe_status st = asof_clock_type(j, "on", l, l->on);

    if (!st)
        st = asof_clock_type(j, "right_on", r, r->on);
    if (!st && r->known >= 0)
        st = asof_clock_type(j, "known", r, (uint32_t)r->known);
    if (!st && r->known >= 0)
        st = asof_clock_type(j, "known_at", l, known_at);
    if (!st)
        st = asof_clock(j, l, l->on, l->time, l->time_ok);
    if (!st)
        st = asof_clock(j, r, r->on, r->time, r->time_ok);
    if (!st && r->known >= 0)
        st = asof_clock(j, r, (uint32_t)r->known, r->clock, r->clock_ok);
    if (!st && r->known >= 0)
        st = asof_clock(j, l, known_at, l->clock, l->clock_ok);
    return st;
}
