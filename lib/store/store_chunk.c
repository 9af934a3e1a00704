/* SPDX-License-Identifier: MIT */
/*
 * Up to 65,536 rows of one column as bytes, whatever chunks and views they
 * came from: a bitmap of what is valid (left out where all is), then values
 * with zeros in null places. Equal content gives equal bytes.
 */
#include "store_internal.h"

/* Bits of the validity bytes; returns how many are null. */
static uint32_t chunk_pack(const uint8_t *valid, uint32_t n, uint64_t *bits)
{
    uint32_t i, nulls = 0;

    for (i = 0; i < n; i++) {
        bits[i / 64] |= (uint64_t)(valid[i] != 0) << (i % 64);
        nulls += valid[i] == 0;
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

static void chunk_put_validity(const uint8_t *valid, uint32_t n,
                               uint64_t *bits, mlpipe__text *out)
{
    const uint32_t words = (n + 63) / 64;
    uint32_t nulls;

    memset(bits, 0, words * sizeof *bits);
    nulls = chunk_pack(valid, n, bits);
    mlpipe__put_u32(out, n);
    mlpipe__put_u32(out, nulls);
    if (nulls)
        mlpipe__put_array(out, bits, words, sizeof *bits);
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

mlpipe_status mlpipe__store_chunk_save(mlpipe_ctx *ctx,
                                       const mlpipe_dataset *d,
                                       uint32_t column, int64_t start,
                                       uint32_t n, mlpipe__text *out)
{
    const int32_t type = mlpipe_dataset_type(d, column);
    int64_t *values = mlpipe__alloc_array(ctx->env, n, sizeof *values);
    uint64_t *bits = mlpipe__alloc_array(ctx->env, n / 64 + 1, sizeof *bits);
    uint8_t *valid = mlpipe__alloc(ctx->env, n);
    size_t bytes;
    uint32_t i;

    if (!values || !bits || !valid)
        goto done;
    if (type == MLPIPE_TYPE_TEXT)
        for (i = 0; i < n; i++)
            valid[i] = mlpipe__dataset_cell_text(d, column, start + i,
                                                 &bytes) != NULL;
    else if (type == MLPIPE_TYPE_F64)
        mlpipe__dataset_block(d, column, start, n, (double *)values, valid);
    else
        mlpipe__dataset_block_i64(d, column, start, n, values, valid);
    if (type == MLPIPE_TYPE_F64)
        chunk_one_nan((double *)values, n);
    chunk_put_validity(valid, n, bits, out);
    if (type == MLPIPE_TYPE_TEXT)
        chunk_put_texts(d, column, start, n, out);
    else
        mlpipe__put_array(out, values, n, sizeof *values);
done:
    i = !values || !bits || !valid || out->failed;
    mlpipe__free(ctx->env, values);
    mlpipe__free(ctx->env, bits);
    mlpipe__free(ctx->env, valid);
    return i ? mlpipe__nomem(ctx) : MLPIPE_OK;
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

static int32_t chunk_get_row(mlpipe__cursor *in, const int64_t *values,
                             uint32_t i, bool valid, int32_t type,
                             uint32_t categories, mlpipe__column_writer *w)
{
    uint32_t bytes = 0;
    const char *s = values ? NULL : mlpipe__get_text(in, &bytes);

    if (!valid)
        return mlpipe__writer_null(w);
    if (values)
        return chunk_put_value(w, type, values[i], categories);
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
    const int64_t *values = NULL;
    mlpipe__cursor in;
    int32_t got = 1;
    uint32_t i, nulls;

    mlpipe__cursor_init(&in, section->data, section->bytes);
    got = mlpipe__get_u32(&in) == n ? 1 : -1;
    nulls = mlpipe__get_u32(&in);
    if (nulls)
        bits = mlpipe__get_array(&in, (n + 63) / 64, sizeof *bits);
    if (type != MLPIPE_TYPE_TEXT)
        values = mlpipe__get_array(&in, n, sizeof *values);
    if (in.failed)
        got = -1;
    for (i = 0; i < n && got > 0; i++) {
        const bool valid = !bits || (bits[i / 64] >> (i % 64) & 1);

        got = chunk_get_row(&in, values, i, valid, type, categories, w);
    }
    if (got == 0)
        return mlpipe__nomem(ctx);
    if (got < 0 || !mlpipe__cursor_done(&in))
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "store: a chunk of a column is damaged; take "
                            "the store from a backup or put the dataset "
                            "again");
    return MLPIPE_OK;
}
