/* SPDX-License-Identifier: MIT */
/*
 * Cells of a dataset: blocks of numbers, texts, hashes, equality. Our buffers
 * hold zero in null slots, so that numbers are copied without looking at
 * validity; those of an owner may not, and are blanked behind the copy.
 */
#include "data_internal.h"

enum { CELLS_PIECE = 512, CELLS_NO_GROUP = 1 /* a seed */ };

/* ---- one cell ----------------------------------------------------------- */

static inline const mlpipe__chunk *cells_chunk(const mlpipe__column *c,
                                               int64_t physical,
                                               uint32_t *at)
{
    *at = (uint32_t)(physical % MLPIPE__CHUNK_ROWS);
    return &c->chunks[physical / MLPIPE__CHUNK_ROWS];
}

static inline bool cells_bit(const mlpipe__chunk *chunk, uint32_t at)
{
    return mlpipe__bit(chunk->data, (uint64_t)at + chunk->shift);
}

/* A value of any type but TEXT and F64 as an integer. */
static inline int64_t cells_i64(const mlpipe__column *c,
                                const mlpipe__chunk *chunk, uint32_t at)
{
    if (c->type == MLPIPE_TYPE_BOOL)
        return cells_bit(chunk, at);
    if (c->type == MLPIPE_TYPE_CATEGORY)
        return ((const int32_t *)chunk->data)[at];
    return ((const int64_t *)chunk->data)[at];
}

static inline double cells_f64(const mlpipe__column *c,
                               const mlpipe__chunk *chunk, uint32_t at)
{
    if (c->type != MLPIPE_TYPE_F64)
        return (double)cells_i64(c, chunk, at);
    return c->f32 ? (double)((const float *)chunk->data)[at]
                  : ((const double *)chunk->data)[at];
}

/* ---- blocks ------------------------------------------------------------- */

/* Validity of rows that lie side by side in one chunk. */
static void cells_valid_run(const mlpipe__chunk *chunk, uint32_t at,
                            uint32_t n, uint8_t *valid)
{
    if (!chunk->validity) {
        memset(valid, 1, n);
        return;
    }
    at += chunk->shift;
    for (uint32_t i = 0; i < n; i++)
        valid[i] = mlpipe__bit(chunk->validity, at + i);
}

/* Copies n values of a C type that lie side by side. */
#define CELLS_RUN(to, from)                                                \
    for (uint32_t i = 0; i < n; i++)                                       \
        values[i] = (to)((const from *)chunk->data)[at + i]

static void cells_f64_run(const mlpipe__column *c, const mlpipe__chunk *chunk,
                          uint32_t at, uint32_t n, double *values)
{
    if (c->type == MLPIPE_TYPE_F64 && !c->f32)
        memcpy(values, (const double *)chunk->data + at, n * sizeof *values);
    else if (c->type == MLPIPE_TYPE_F64)
        CELLS_RUN(double, float);
    else if (c->type == MLPIPE_TYPE_CATEGORY)
        CELLS_RUN(double, int32_t);
    else if (c->type == MLPIPE_TYPE_BOOL)
        for (uint32_t i = 0; i < n; i++)
            values[i] = cells_bit(chunk, at + i);
    else
        CELLS_RUN(double, int64_t);
}

static void cells_i64_run(const mlpipe__column *c, const mlpipe__chunk *chunk,
                          uint32_t at, uint32_t n, int64_t *values)
{
    if (c->type == MLPIPE_TYPE_CATEGORY)
        CELLS_RUN(int64_t, int32_t);
    else if (c->type == MLPIPE_TYPE_BOOL)
        for (uint32_t i = 0; i < n; i++)
            values[i] = cells_bit(chunk, at + i);
    else
        memcpy(values, (const int64_t *)chunk->data + at,
               n * sizeof *values);
}

/* How many of n rows from physical row p lie in its chunk. */
static inline uint32_t cells_in_chunk(int64_t p, uint32_t n)
{
    const uint32_t left = MLPIPE__CHUNK_ROWS
        - (uint32_t)(p % MLPIPE__CHUNK_ROWS);

    return left < n ? left : n;
}

void mlpipe__dataset_block(const mlpipe_dataset *d, uint32_t column,
                           int64_t start, uint32_t n, double *values,
                           uint8_t *valid)
{
    const mlpipe__column *c = d->columns[column];
    const int64_t first = d->start + start;
    uint32_t at;

    if (d->rowset) {
        for (uint32_t i = 0; i < n; i++) {
            const mlpipe__chunk *chunk =
                cells_chunk(c, d->rowset->rows[first + i], &at);
            valid[i] = mlpipe__chunk_valid(chunk, at);
            values[i] = valid[i] ? cells_f64(c, chunk, at) : 0;
        }
        return;
    }
    for (uint32_t done = 0, run; done < n; done += run) {
        const mlpipe__chunk *chunk = cells_chunk(c, first + done, &at);
        run = cells_in_chunk(first + done, n - done);
        cells_f64_run(c, chunk, at, run, values + done);
        cells_valid_run(chunk, at, run, valid + done);
        for (uint32_t i = done; chunk->loose && i < done + run; i++)
            values[i] = valid[i] ? values[i] : 0;
    }
}

void mlpipe__dataset_block_i64(const mlpipe_dataset *d, uint32_t column,
                               int64_t start, uint32_t n, int64_t *values,
                               uint8_t *valid)
{
    const mlpipe__column *c = d->columns[column];
    const int64_t first = d->start + start;
    uint32_t at;

    if (d->rowset) {
        for (uint32_t i = 0; i < n; i++) {
            const mlpipe__chunk *chunk =
                cells_chunk(c, d->rowset->rows[first + i], &at);
            valid[i] = mlpipe__chunk_valid(chunk, at);
            values[i] = valid[i] ? cells_i64(c, chunk, at) : 0;
        }
        return;
    }
    for (uint32_t done = 0, run; done < n; done += run) {
        const mlpipe__chunk *chunk = cells_chunk(c, first + done, &at);
        run = cells_in_chunk(first + done, n - done);
        cells_i64_run(c, chunk, at, run, values + done);
        cells_valid_run(chunk, at, run, valid + done);
        for (uint32_t i = done; chunk->loose && i < done + run; i++)
            values[i] = valid[i] ? values[i] : 0;
    }
}

const void *mlpipe__dataset_run(const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, uint8_t *valid)
{
    const mlpipe__column *c = d->columns[column];
    const mlpipe__chunk *chunk;
    uint32_t at;

    if (d->rowset || !n || c->f32 || c->type == MLPIPE_TYPE_TEXT ||
        c->type == MLPIPE_TYPE_CATEGORY || c->type == MLPIPE_TYPE_BOOL)
        return NULL;
    chunk = cells_chunk(c, d->start + start, &at);
    if (chunk->loose || n > cells_in_chunk(d->start + start, n))
        return NULL;
    if (valid)
        cells_valid_run(chunk, at, n, valid);
    return (const char *)chunk->data + at * sizeof(double);
}

/* ---- texts, hashes, equality -------------------------------------------- */

/* Text at a place; NULL where it is null. */
static const char *cells_text(const mlpipe__column *c,
                              const mlpipe__chunk *chunk, uint32_t at,
                              size_t *bytes)
{
    *bytes = 0;
    if (!mlpipe__chunk_valid(chunk, at))
        return NULL;
    if (c->type == MLPIPE_TYPE_CATEGORY) {
        const mlpipe__dict *dict = &c->dictionary->dict;
        const uint32_t code = (uint32_t)((const int32_t *)chunk->data)[at];
        *bytes = mlpipe__dict_bytes(dict, code);
        return mlpipe__dict_text(dict, code);
    }
    const int32_t *offsets = chunk->data;
    *bytes = (size_t)(offsets[at + 1] - offsets[at]);
    return chunk->bytes ? chunk->bytes + offsets[at] : "";
}

const char *mlpipe__dataset_cell_text(const mlpipe_dataset *d,
                                      uint32_t column, int64_t row,
                                      size_t *bytes)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    return cells_text(c, chunk, at, bytes);
}

static inline bool cells_is_text(const mlpipe__column *c)
{
    return c->type == MLPIPE_TYPE_TEXT || c->type == MLPIPE_TYPE_CATEGORY;
}

/* The bits of a number with one zero and one NaN. */
static uint64_t cells_bits(const mlpipe__column *c,
                           const mlpipe__chunk *chunk, uint32_t at)
{
    if (c->type != MLPIPE_TYPE_F64)
        return (uint64_t)cells_i64(c, chunk, at);
    double x = cells_f64(c, chunk, at);
    if (x == 0)
        x = 0;
    else if (x != x)
        x = mlpipe__nan();
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

uint64_t mlpipe__dataset_cell_hash(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row, uint64_t seed)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    if (!mlpipe__chunk_valid(chunk, at))
        return mlpipe__hash64("null", 5, ~seed);
    if (cells_is_text(c)) {
        size_t bytes;
        const char *text = cells_text(c, chunk, at, &bytes);
        return mlpipe__hash64(text, bytes, seed);
    }
    const uint64_t bits = cells_bits(c, chunk, at);
    return mlpipe__hash64(&bits, sizeof bits, seed);
}

uint64_t mlpipe__dataset_group_key(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    if (!mlpipe__chunk_valid(chunk, at)) {
        const uint64_t id = mlpipe_dataset_row_id(d, row);
        return mlpipe__hash64(&id, sizeof id, CELLS_NO_GROUP);
    }
    return mlpipe__dataset_cell_hash(d, column, row, 0);
}

uint64_t mlpipe__dataset_cell_bits(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    if (!mlpipe__chunk_valid(chunk, at))
        return UINT64_C(0x6e756c6c);
    return c->type == MLPIPE_TYPE_TEXT
               ? mlpipe__dataset_cell_hash(d, column, row, 0)
               : cells_bits(c, chunk, at);
}

const void *mlpipe__dataset_cell_at(const mlpipe_dataset *d, uint32_t column,
                                    int64_t row)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    if (c->type == MLPIPE_TYPE_BOOL)
        return (const uint8_t *)chunk->data + at / 8;
    if (c->type == MLPIPE_TYPE_CATEGORY || c->type == MLPIPE_TYPE_TEXT)
        return (const int32_t *)chunk->data + at;
    return (const char *)chunk->data + (size_t)at * (c->f32 ? 4 : 8);
}

bool mlpipe__dataset_cell_equal(const mlpipe_dataset *d, uint32_t column,
                                int64_t row_a, int64_t row_b)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t a, b;
    const mlpipe__chunk *in_a =
        cells_chunk(c, mlpipe__dataset_physical(d, row_a), &a);
    const mlpipe__chunk *in_b =
        cells_chunk(c, mlpipe__dataset_physical(d, row_b), &b);
    const bool valid = mlpipe__chunk_valid(in_a, a);

    if (valid != mlpipe__chunk_valid(in_b, b))
        return false;
    if (!valid)
        return true;
    if (c->type != MLPIPE_TYPE_TEXT)
        return cells_bits(c, in_a, a) == cells_bits(c, in_b, b);
    size_t bytes_a, bytes_b;
    const char *text_a = cells_text(c, in_a, a, &bytes_a);
    const char *text_b = cells_text(c, in_b, b, &bytes_b);
    return bytes_a == bytes_b && !memcmp(text_a, text_b, bytes_a);
}

/* ---- cells of another column -------------------------------------------- */

static bool cells_copy(mlpipe__column_writer *w, const mlpipe__column *c,
                       const mlpipe__chunk *chunk, uint32_t at)
{
    size_t bytes;

    switch (c->type) {
    case MLPIPE_TYPE_TEXT: {
        const char *text = cells_text(c, chunk, at, &bytes);
        return mlpipe__writer_text(w, text, bytes);
    }
    case MLPIPE_TYPE_CATEGORY:
        return mlpipe__writer_code(w, ((const int32_t *)chunk->data)[at]);
    case MLPIPE_TYPE_F64:
        return mlpipe__writer_f64(w, cells_f64(c, chunk, at));
    case MLPIPE_TYPE_BOOL:
        return mlpipe__writer_bool(w, cells_bit(chunk, at));
    default:
        return mlpipe__writer_i64(w, cells_i64(c, chunk, at));
    }
}

bool mlpipe__writer_cell(mlpipe__column_writer *w, const mlpipe_dataset *d,
                         uint32_t column, int64_t row)
{
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);

    return mlpipe__chunk_valid(chunk, at) ? cells_copy(w, c, chunk, at)
                                          : mlpipe__writer_null(w);
}

mlpipe_status mlpipe__writer_failed(mlpipe_ctx *ctx,
                                    const mlpipe__column_writer *w)
{
    if (!w || !mlpipe__writer_full(w))
        return mlpipe__nomem(ctx);
    const char *const name = mlpipe__writer_column(w)->name;
    mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                 "column %q would hold more than 2 GiB of text in 65,536 "
                 "rows; shorten its texts", name);
    return mlpipe__fail_at(ctx, -1, name);
}

/* ---- the public side ---------------------------------------------------- */

mlpipe_status mlpipe_dataset_cell(const mlpipe_dataset *d, int64_t row,
                                  uint32_t column, mlpipe_value *out)
{
    if (!out)
        return MLPIPE_E_ARG;
    memset(out, 0, sizeof *out);
    if (!d || row < 0 || row >= d->rows || column >= d->column_count)
        return MLPIPE_E_ARG;
    const mlpipe__column *c = d->columns[column];
    uint32_t at;
    const mlpipe__chunk *chunk =
        cells_chunk(c, mlpipe__dataset_physical(d, row), &at);
    if (!mlpipe__chunk_valid(chunk, at)) {
        /* So that a host that copies the number copies "missing". */
        out->num = mlpipe__nan();
        return MLPIPE_OK;
    }
    if (cells_is_text(c)) {
        size_t bytes;
        out->str = cells_text(c, chunk, at, &bytes);
        out->len = (int32_t)bytes;
        out->kind = MLPIPE_VALUE_TEXT;
    } else {
        out->num = cells_f64(c, chunk, at);
        out->kind = MLPIPE_VALUE_NUMBER;
    }
    return MLPIPE_OK;
}

int64_t mlpipe_dataset_nulls(const mlpipe_dataset *d, uint32_t column)
{
    if (!d || column >= d->column_count)
        return -1;
    const mlpipe__column *c = d->columns[column];
    if (!c->nulls || (!d->rowset && d->rows == c->rows))
        return c->nulls;
    int64_t nulls = 0;
    for (int64_t i = 0; i < d->rows; i++) {
        uint32_t at;
        const mlpipe__chunk *chunk =
            cells_chunk(c, mlpipe__dataset_physical(d, i), &at);
        nulls += !mlpipe__chunk_valid(chunk, at);
    }
    return nulls;
}

static mlpipe_status cells_doubles(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   uint32_t column, int64_t start,
                                   double *out, size_t n)
{
    uint8_t valid[CELLS_PIECE];

    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    if (!out && n)
        return mlpipe__null_arg(ctx, "out");
    if (column >= d->column_count)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "there is no column %u; the dataset has %u",
                            column, d->column_count);
    if (start < 0 || start > d->rows || n > (uint64_t)(d->rows - start))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "%zu rows from row %lld do not lie within the "
                            "dataset's %lld rows", n, (long long)start,
                            (long long)d->rows);
    if (d->columns[column]->type == MLPIPE_TYPE_TEXT)
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "column %q holds text, which has no numbers; "
                            "read its cells with mlpipe_dataset_cell",
                            d->columns[column]->name);
    for (size_t done = 0, run; done < n; done += run) {
        run = n - done < CELLS_PIECE ? n - done : CELLS_PIECE;
        mlpipe__dataset_block(d, column, start + (int64_t)done,
                              (uint32_t)run, out + done, valid);
        for (size_t i = 0; i < run; i++)
            if (!valid[i])
                out[done + i] = mlpipe__nan();
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe_dataset_doubles(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     uint32_t column, int64_t start,
                                     double *out, size_t n)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_doubles");

    if (!st)
        st = cells_doubles(ctx, d, column, start, out, n);
    return mlpipe__end(ctx, st);
}
