/* SPDX-License-Identifier: MIT */
/*
 * Up to 65,536 rows of one column as bytes, whatever chunks and views they
 * came from: a bitmap of what is valid (left out where all is), then values
 * with zeros in null places. Whole numbers, times, codes and bools are told as
 * what they are above the lowest of them, in the fewest bytes of 0, 1, 2, 4
 * and 8 that hold all. Equal content gives equal bytes.
 */
#include "store_internal.h"

/* Bits of the validity bytes; returns how many are null. */
static uint32_t chunk_pack(const uint8_t *valid, uint32_t n, uint64_t *bits)
{
    uint32_t i, nulls = 0;

    if (!memchr(valid, 0, n))
        return 0;
    for (i = 0; i < n; i++) {
        nulls += valid[i] == 0;
        bits[i / 64] |= (uint64_t)(valid[i] != 0) << (i % 64);
    }
    return nulls;
}

/* As the fingerprint has it, which knows one NaN. */
static void chunk_one_nan(double *values, uint32_t n)
{
    const double one = mlpipe__nan();
    uint32_t i;

    for (i = 0; i < n; i++)
        values[i] = values[i] == values[i] ? values[i] : one;
}

static void chunk_put_validity(mlpipe__store_scratch *scratch, uint32_t n,
                               mlpipe__text *out)
{
    const uint32_t words = (n + 63) / 64;

    memset(scratch->bits, 0, words * sizeof *scratch->bits);
    scratch->nulls = chunk_pack(scratch->valid, n, scratch->bits);
    mlpipe__put_u32(out, n);
    mlpipe__put_u32(out, scratch->nulls);
    if (scratch->nulls)
        mlpipe__put_array(out, scratch->bits, words, sizeof *scratch->bits);
}

/* Bytes that hold 0 .. span. */
static uint32_t chunk_width(uint64_t span)
{
    return span == 0             ? 0
           : span <= UINT8_MAX   ? 1
           : span <= UINT16_MAX  ? 2
           : span <= UINT32_MAX  ? 4
                                 : 8;
}

static void chunk_put_whole(mlpipe__store_scratch *scratch, uint32_t n,
                            mlpipe__text *out)
{
    uint64_t low;
    uint32_t width;

    scratch->low = scratch->high = 0;
    if (n)
        scratch->lanes->range(scratch->whole, n, &scratch->low,
                              &scratch->high);
    low = (uint64_t)scratch->low;
    width = chunk_width((uint64_t)scratch->high - low);
    mlpipe__put_u64(out, low);
    mlpipe__put_u32(out, width);
    scratch->lanes->narrow(scratch->whole, n, low, width, scratch->narrow);
    mlpipe__put_array(out, scratch->narrow, n, width);
}

static void chunk_put_texts(const mlpipe_dataset *d, uint32_t column,
                            int64_t start, uint32_t n, mlpipe__text *out)
{
    uint32_t i;
    size_t bytes;

    for (i = 0; i < n; i++) {
        const char *s = mlpipe__dataset_cell_text(d, column, start + i,
                                                  &bytes);

        mlpipe__put_text(out, s ? s : "", s ? bytes : 0);
    }
}

static void chunk_save_texts(const mlpipe_dataset *d, uint32_t column,
                             int64_t start, uint32_t n,
                             mlpipe__store_scratch *scratch,
                             mlpipe__store_gather *gather, mlpipe__text *out)
{
    size_t bytes;
    uint32_t i;

    for (i = 0; i < n; i++)
        scratch->valid[i] = mlpipe__dataset_cell_text(d, column, start + i,
                                                      &bytes) != NULL;
    chunk_put_validity(scratch, n, out);
    chunk_put_texts(d, column, start, n, out);
    if (gather)
        mlpipe__store_gather_texts(gather, start, n);
}

/* Numbers that lie in the dataset as they lie in a chunk need no copy. */
static void chunk_save_doubles(const mlpipe_dataset *d, uint32_t column,
                               int64_t start, uint32_t n,
                               mlpipe__store_scratch *scratch,
                               mlpipe__store_gather *gather,
                               mlpipe__text *out, mlpipe__store_tail *tail)
{
    const double *run = mlpipe__dataset_run(d, column, start, n,
                                            scratch->valid);
    const bool same = run && scratch->lanes->no_nan(run, n);

    if (!same) {
        mlpipe__dataset_block(d, column, start, n, scratch->values.doubles,
                              scratch->valid);
        run = scratch->values.doubles;
        chunk_one_nan(scratch->values.doubles, n);
    }
    chunk_put_validity(scratch, n, out);
    mlpipe__put_array(out, run, same ? 0 : n, sizeof *run);
    *tail = (mlpipe__store_tail){same ? run : NULL,
                                 same ? n * sizeof *run : 0};
    if (gather)
        mlpipe__store_gather_doubles(gather, start, n, run, scratch->valid);
}

void mlpipe__store_chunk_save(const mlpipe_dataset *d, uint32_t column,
                              int64_t start, uint32_t n,
                              mlpipe__store_scratch *scratch,
                              mlpipe__store_gather *gather,
                              mlpipe__text *out, mlpipe__store_tail *tail)
{
    const int32_t type = mlpipe_dataset_type(d, column);
    uint8_t *valid = scratch->valid;

    *tail = (mlpipe__store_tail){NULL, 0};
    if (type == MLPIPE_TYPE_TEXT) {
        chunk_save_texts(d, column, start, n, scratch, gather, out);
    } else if (type == MLPIPE_TYPE_F64) {
        chunk_save_doubles(d, column, start, n, scratch, gather, out, tail);
    } else {
        scratch->whole = mlpipe__dataset_run(d, column, start, n, valid);
        if (!scratch->whole) {
            mlpipe__dataset_block_i64(d, column, start, n,
                                      scratch->values.whole, valid);
            scratch->whole = scratch->values.whole;
        }
        chunk_put_validity(scratch, n, out);
        chunk_put_whole(scratch, n, out);
        if (gather)
            mlpipe__store_gather_whole(gather, start, n, scratch);
    }
}

/* One value into the writer; -1 = damaged, 0 = out of memory. */
static int32_t chunk_put_value(mlpipe__column_writer *w, int32_t type,
                               int64_t bits, uint32_t categories)
{
    double number;

    switch (type) {
    case MLPIPE_TYPE_F64:
        memcpy(&number, &bits, sizeof number);
        return mlpipe__writer_f64(w, number);
    case MLPIPE_TYPE_BOOL:
        return bits == 0 || bits == 1 ? mlpipe__writer_bool(w, bits == 1)
                                      : -1;
    case MLPIPE_TYPE_CATEGORY:
        return bits >= 0 && bits < categories
                   ? mlpipe__writer_code(w, (int32_t)bits)
                   : -1;
    default:
        return mlpipe__writer_i64(w, bits);
    }
}

/* Numbers as they lie in a chunk. */
typedef struct chunk_values {
    const unsigned char *data; /* NULL: they are texts */
    uint64_t low;
    uint32_t width;
} chunk_values;

static bool chunk_get_values(mlpipe__cursor *in, int32_t type, uint32_t n,
                             chunk_values *v)
{
    v->width = 8;
    v->low = 0;
    if (type != MLPIPE_TYPE_F64) {
        v->low = mlpipe__get_u64(in);
        v->width = mlpipe__get_u32(in);
        if (v->width > 8 || v->width == 3 || (v->width > 4 && v->width < 8))
            return false;
    }
    v->data = mlpipe__get_array(in, n, v->width);
    return !in->failed;
}

static int64_t chunk_value(const chunk_values *v, uint32_t i)
{
    const unsigned char *at = v->data + (size_t)i * v->width;
    uint16_t two;
    uint32_t four;
    uint64_t x = 0;

    if (v->width == 1) {
        x = *at;
    } else if (v->width == 2) {
        memcpy(&two, at, 2);
        x = two;
    } else if (v->width == 4) {
        memcpy(&four, at, 4);
        x = four;
    } else if (v->width == 8) {
        memcpy(&x, at, 8);
    }
    return (int64_t)(v->low + x);
}

static int32_t chunk_get_row(mlpipe__cursor *in, const chunk_values *values,
                             uint32_t i, bool valid, int32_t type,
                             uint32_t categories, mlpipe__column_writer *w)
{
    uint32_t bytes = 0;
    const char *s = type == MLPIPE_TYPE_TEXT ? mlpipe__get_text(in, &bytes)
                                             : NULL;

    if (!valid)
        return mlpipe__writer_null(w);
    if (type != MLPIPE_TYPE_TEXT)
        return chunk_put_value(w, type, chunk_value(values, i), categories);
    if (in->failed || !mlpipe__utf8_valid(s, bytes))
        return -1;
    return mlpipe__writer_text(w, s, bytes);
}

mlpipe_status mlpipe__store_chunk_load(mlpipe_ctx *ctx,
                                       const mlpipe__section *section,
                                       int32_t type, uint32_t n,
                                       uint32_t categories,
                                       mlpipe__column_writer *w)
{
    const uint64_t *bits = NULL;
    chunk_values values = {NULL, 0, 0};
    mlpipe__cursor in;
    int32_t got = 1;
    uint32_t i, nulls;

    mlpipe__cursor_init(&in, section->data, section->bytes);
    got = mlpipe__get_u32(&in) == n ? 1 : -1;
    nulls = mlpipe__get_u32(&in);
    if (nulls)
        bits = mlpipe__get_array(&in, (n + 63) / 64, sizeof *bits);
    if (type != MLPIPE_TYPE_TEXT && !chunk_get_values(&in, type, n, &values))
        got = -1;
    if (in.failed)
        got = -1;
    for (i = 0; i < n && got > 0; i++) {
        const bool valid = !bits || (bits[i / 64] >> (i % 64) & 1);

        got = chunk_get_row(&in, &values, i, valid, type, categories, w);
    }
    if (got == 0)
        return mlpipe__nomem(ctx);
    return got < 0 || !mlpipe__cursor_done(&in) ? MLPIPE_E_CORRUPT
                                                : MLPIPE_OK;
}
