/* SPDX-License-Identifier: MIT */
/*
 * The fingerprint: XXH3-128 over canonical bytes. Each column is cut into
 * segments of 65,536 rows of the view, however they are stored; a segment is
 *
 *     type tag u32, unit u32, rows u64, packed validity (no pad bits), values
 *
 * where null slots are zero, bools are packed, NaN is the one quiet NaN, -0
 * stays -0, and texts (plain or category alike) are u32 length and bytes. A
 * column is the hash of its segments, the dataset the hash of its schema and
 * columns. All integers are little-endian. So it depends on neither chunks
 * nor threads nor dictionaries.
 */
#include "data_internal.h"

enum {
    PRINT_SEGMENT = MLPIPE__CHUNK_ROWS,
    PRINT_PIECE = 512,
    PRINT_BUFFER = 4096,
    PRINT_BATCH = 64, /* segments between two polls */
    PRINT_LABELS = 256, /* texts of a dictionary that are made ready, */
    PRINT_LABEL = 20    /* of so many bytes with their length */
};

/* Small pieces are gathered before they are hashed. */
typedef struct print_sink {
    mlpipe__hasher hasher;
    size_t used;
    unsigned char buffer[PRINT_BUFFER];
} print_sink;

static void print_flush(print_sink *s)
{
    mlpipe__hasher_add(&s->hasher, s->buffer, s->used);
    s->used = 0;
}

static void print_put(print_sink *s, const void *bytes, size_t n)
{
    if (n > PRINT_BUFFER - s->used)
        print_flush(s);
    if (n > PRINT_BUFFER) {
        mlpipe__hasher_add(&s->hasher, bytes, n);
        return;
    }
    memcpy(s->buffer + s->used, bytes, n);
    s->used += n;
}

static void print_u32(print_sink *s, uint32_t v)
{
    const unsigned char b[4] = {(unsigned char)v, (unsigned char)(v >> 8),
                                (unsigned char)(v >> 16),
                                (unsigned char)(v >> 24)};

    print_put(s, b, sizeof b);
}

static void print_u64(print_sink *s, uint64_t v)
{
    print_u32(s, (uint32_t)v);
    print_u32(s, (uint32_t)(v >> 32));
}

static void print_begin(print_sink *s, uint32_t vector)
{
    mlpipe__hasher_init(&s->hasher);
    mlpipe__hasher_wide(&s->hasher, vector);
    s->used = 0;
}

static mlpipe__hash128 print_end(print_sink *s)
{
    print_flush(s);
    return mlpipe__hasher_end(&s->hasher);
}

/* Texts and categories of equal content are equal. */
static uint32_t print_tag(const mlpipe__column *c)
{
    return (uint32_t)(c->type == MLPIPE_TYPE_CATEGORY ? MLPIPE_TYPE_TEXT
                                                      : c->type);
}

static bool print_is_text(const mlpipe__column *c)
{
    return print_tag(c) == MLPIPE_TYPE_TEXT;
}

/* n bytes of 0 or 1 as bits, the last byte filled up with zeros. */
static void print_bits(print_sink *s, const uint8_t *bits, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += 8) {
        unsigned char packed = 0;
        for (uint32_t k = 0; k < 8 && i + k < n; k++)
            packed |= (unsigned char)(bits[i + k] << k);
        print_put(s, &packed, 1);
    }
}

/* n bits that are set. */
static void print_ones(print_sink *s, uint32_t n)
{
    unsigned char bits[PRINT_PIECE / 8];

    memset(bits, 0xff, sizeof bits);
    if (n % 8)
        bits[n / 8] = (unsigned char)((1u << n % 8) - 1);
    print_put(s, bits, (n + 7) / 8);
}

/* ---- values of one piece of at most PRINT_PIECE rows -------------------- */

static void print_texts(print_sink *s, const mlpipe_dataset *d,
                        uint32_t column, int64_t start, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(d, column, start + i,
                                                     &bytes);
        print_u32(s, (uint32_t)bytes);
        if (text)
            print_put(s, text, bytes);
    }
}

static void print_doubles(print_sink *s, const mlpipe_dataset *d,
                          uint32_t column, int64_t start, uint32_t n)
{
    const double one = mlpipe__nan();
    double values[PRINT_PIECE];
    uint8_t valid[PRINT_PIECE];

    mlpipe__dataset_block(d, column, start, n, values, valid);
    for (uint32_t i = 0; i < n; i++)
        values[i] = values[i] == values[i] ? values[i] : one;
    print_put(s, values, n * sizeof *values);
}

static void print_integers(print_sink *s, const mlpipe_dataset *d,
                           uint32_t column, int64_t start, uint32_t n)
{
    int64_t values[PRINT_PIECE];
    uint8_t valid[PRINT_PIECE];

    mlpipe__dataset_block_i64(d, column, start, n, values, valid);
    print_put(s, values, n * sizeof *values);
}

static void print_bools(print_sink *s, const mlpipe_dataset *d,
                        uint32_t column, int64_t start, uint32_t n)
{
    int64_t values[PRINT_PIECE];
    uint8_t valid[PRINT_PIECE], bits[PRINT_PIECE];

    mlpipe__dataset_block_i64(d, column, start, n, values, valid);
    for (uint32_t i = 0; i < n; i++)
        bits[i] = (uint8_t)values[i];
    print_bits(s, bits, n);
}

static void print_values(print_sink *s, const mlpipe_dataset *d,
                         uint32_t column, int64_t start, uint32_t n)
{
    const mlpipe__column *c = d->columns[column];

    if (print_is_text(c))
        print_texts(s, d, column, start, n);
    else if (c->type == MLPIPE_TYPE_F64)
        print_doubles(s, d, column, start, n);
    else if (c->type == MLPIPE_TYPE_BOOL)
        print_bools(s, d, column, start, n);
    else
        print_integers(s, d, column, start, n);
}

/* ---- values of a segment that lie side by side -------------------------- */

static bool print_no_nan(const double *values, uint32_t n)
{
    uint64_t others = 0;

    for (uint32_t i = 0; i < n; i++)
        others += values[i] != values[i];
    return !others;
}

/* Numbers of 8 bytes as they are; false where they are not to be had so. */
static bool print_run(print_sink *s, const mlpipe_dataset *d, uint32_t column,
                      int64_t start, uint32_t n, bool no_nan)
{
    const void *run = mlpipe__dataset_run(d, column, start, n, NULL);

    if (!run || (d->columns[column]->type == MLPIPE_TYPE_F64 && !no_nan &&
                 !print_no_nan(run, n)))
        return false;
    print_put(s, run, n * sizeof(double));
    return true;
}

/* Bools of which a byte begins where one of ours does. */
static bool print_bool_run(print_sink *s, const mlpipe_dataset *d,
                           uint32_t column, int64_t start, uint32_t n)
{
    const int64_t p = d->start + start;
    const uint32_t at = (uint32_t)(p % MLPIPE__CHUNK_ROWS);
    const mlpipe__chunk *chunk;
    const unsigned char *bits;

    if (d->rowset || !n || n > MLPIPE__CHUNK_ROWS - at)
        return false;
    chunk = &d->columns[column]->chunks[p / MLPIPE__CHUNK_ROWS];
    if (chunk->loose || (at + chunk->shift) % 8)
        return false;
    bits = (const unsigned char *)chunk->data + (at + chunk->shift) / 8;
    print_put(s, bits, n / 8);
    if (n % 8) {
        const unsigned char last =
            (unsigned char)(bits[n / 8] & ((1u << n % 8) - 1));
        print_put(s, &last, 1);
    }
    return true;
}

/* A short text of a dictionary, with its length in front. */
typedef struct print_label {
    unsigned char bytes[PRINT_LABEL], size;
} print_label;

static bool print_labels(const mlpipe__dict *dict, print_label *labels)
{
    if (dict->count > PRINT_LABELS)
        return false;
    for (uint32_t i = 0; i < dict->count; i++) {
        const size_t size = mlpipe__dict_bytes(dict, i);
        if (size > PRINT_LABEL - 4)
            return false;
        memset(&labels[i], 0, sizeof labels[i]);
        labels[i].bytes[0] = (unsigned char)size;
        memcpy(labels[i].bytes + 4, mlpipe__dict_text(dict, i), size);
        labels[i].size = (unsigned char)(size + 4);
    }
    return true;
}

/* Categories of few and short texts: what is written for a row is ready. */
static bool print_label_run(print_sink *s, const mlpipe_dataset *d,
                            uint32_t column, int64_t start, uint32_t n)
{
    static const unsigned char null[4] = {0};
    const mlpipe__column *c = d->columns[column];
    const int64_t p = d->start + start;
    const uint32_t at = (uint32_t)(p % MLPIPE__CHUNK_ROWS);
    print_label labels[PRINT_LABELS];

    if (d->rowset || !n || n > MLPIPE__CHUNK_ROWS - at ||
        !print_labels(&c->dictionary->dict, labels))
        return false;
    const mlpipe__chunk *chunk = &c->chunks[p / MLPIPE__CHUNK_ROWS];
    const int32_t *codes = (const int32_t *)chunk->data + at;
    size_t used = s->used; /* here, where no byte that is written can be it */
    for (uint32_t i = 0; i < n; i++) {
        if (chunk->nulls && !mlpipe__chunk_valid(chunk, at + i)) {
            s->used = used;
            print_put(s, null, sizeof null);
            used = s->used;
            continue;
        }
        if (PRINT_LABEL > PRINT_BUFFER - used) {
            s->used = used;
            print_flush(s);
            used = 0;
        }
        memcpy(s->buffer + used, labels[codes[i]].bytes, PRINT_LABEL);
        used += labels[codes[i]].size;
    }
    s->used = used;
    return true;
}

/* The whole segment, where it lies so that it need not be taken apart. */
static bool print_whole(print_sink *s, const mlpipe_dataset *d,
                        uint32_t column, int64_t start, uint32_t n,
                        bool no_nan)
{
    const int32_t type = d->columns[column]->type;

    return type == MLPIPE_TYPE_CATEGORY ? print_label_run(s, d, column, start,
                                                          n)
           : type == MLPIPE_TYPE_BOOL   ? print_bool_run(s, d, column, start,
                                                         n)
                                        : print_run(s, d, column, start, n,
                                                    no_nan);
}

/* Validity of a piece; texts have no block of numbers. */
static void print_validity(print_sink *s, const mlpipe_dataset *d,
                           uint32_t column, int64_t start, uint32_t n)
{
    uint8_t valid[PRINT_PIECE];

    if (!d->columns[column]->nulls) {
        print_ones(s, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const mlpipe__column *c = d->columns[column];
        const int64_t p = mlpipe__dataset_physical(d, start + i);
        const mlpipe__chunk *chunk = &c->chunks[p / MLPIPE__CHUNK_ROWS];
        const uint32_t at = (uint32_t)(p % MLPIPE__CHUNK_ROWS);
        valid[i] = mlpipe__chunk_valid(chunk, at);
    }
    print_bits(s, valid, n);
}

/* ---- segments, columns, dataset ----------------------------------------- */

typedef struct print_job {
    const mlpipe_dataset *dataset;
    uint64_t segments; /* of each column */
    uint64_t first;    /* of this batch */
    uint32_t vector;   /* bytes */
    mlpipe__hash128 *hashes;
} print_job;

mlpipe__hash128 mlpipe__dataset_hash_segment(const mlpipe_dataset *d,
                                             uint32_t column,
                                             uint64_t segment, bool no_nan,
                                             uint32_t vector)
{
    const int64_t start = (int64_t)segment * PRINT_SEGMENT;
    const int64_t left = d->rows - start;
    const uint32_t rows = left < PRINT_SEGMENT ? (uint32_t)left
                                               : PRINT_SEGMENT;
    print_sink s;

    print_begin(&s, vector);
    print_u32(&s, print_tag(d->columns[column]));
    print_u32(&s, (uint32_t)d->columns[column]->unit);
    print_u64(&s, rows);
    for (uint32_t at = 0, n; at < rows; at += n) {
        n = rows - at < PRINT_PIECE ? rows - at : PRINT_PIECE;
        print_validity(&s, d, column, start + at, n);
    }
    if (print_whole(&s, d, column, start, rows, no_nan))
        goto done;
    for (uint32_t at = 0, n; at < rows; at += n) {
        n = rows - at < PRINT_PIECE ? rows - at : PRINT_PIECE;
        print_values(&s, d, column, start + at, n);
    }
done:
    return print_end(&s);
}

static void print_segment(void *arg, uint32_t index)
{
    const print_job *job = arg;
    const uint64_t leaf = job->first + index;

    job->hashes[leaf] = mlpipe__dataset_hash_segment(
        job->dataset, (uint32_t)(leaf / job->segments), leaf % job->segments,
        false, job->vector);
}

mlpipe__hash128 mlpipe__dataset_hash_join(const mlpipe_dataset *d,
                                          const mlpipe__hash128 *segments,
                                          mlpipe__hash128 *columns)
{
    const uint64_t count =
        ((uint64_t)d->rows + PRINT_SEGMENT - 1) / PRINT_SEGMENT;
    print_sink all, one;

    print_begin(&all, 0);
    print_put(&all, "mlpipe dataset 1", 16);
    print_u32(&all, d->column_count);
    print_u64(&all, (uint64_t)d->rows);
    for (uint32_t i = 0; i < d->column_count; i++) {
        const mlpipe__column *c = d->columns[i];
        const size_t bytes = strlen(c->name);
        print_begin(&one, 0);
        for (uint64_t k = 0; k < count; k++) {
            print_u64(&one, segments[i * count + k].hi);
            print_u64(&one, segments[i * count + k].lo);
        }
        const mlpipe__hash128 column = print_end(&one);
        if (columns)
            columns[i] = column;
        print_u32(&all, (uint32_t)bytes);
        print_put(&all, c->name, bytes);
        print_u32(&all, print_tag(c));
        print_u32(&all, (uint32_t)c->unit);
        print_u64(&all, column.hi);
        print_u64(&all, column.lo);
    }
    return print_end(&all);
}

mlpipe_status mlpipe__dataset_hash(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__hash128 *out)
{
    return mlpipe__dataset_hashes(ctx, d, out, NULL);
}

mlpipe_status mlpipe__dataset_hashes(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     mlpipe__hash128 *out,
                                     mlpipe__hash128 *columns)
{
    print_job job = {.dataset = d, .vector = mlpipe__cpu_vector()};
    mlpipe_status st = MLPIPE_OK;

    memset(out, 0, sizeof *out);
    job.segments = ((uint64_t)d->rows + PRINT_SEGMENT - 1) / PRINT_SEGMENT;
    const uint64_t leaves = job.segments * d->column_count;
    job.hashes = mlpipe__alloc_array(ctx->env, leaves, sizeof job.hashes[0]);
    if (!job.hashes)
        return mlpipe__nomem(ctx);
    while (!st && job.first < leaves) {
        const uint64_t left = leaves - job.first;
        const uint32_t n = left < PRINT_BATCH ? (uint32_t)left : PRINT_BATCH;
        st = mlpipe__poll(ctx, "fingerprint", job.first, leaves);
        if (!st)
            st = mlpipe__parallel(ctx, print_segment, &job, n);
        job.first += n;
    }
    if (!st)
        *out = mlpipe__dataset_hash_join(d, job.hashes, columns);
    mlpipe__free(ctx->env, job.hashes);
    return st;
}

static mlpipe_status print_give(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                mlpipe_buffer **out)
{
    mlpipe__hash128 hash;
    char hex[33];

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    const mlpipe_status st = mlpipe__dataset_hash(ctx, d, &hash);
    if (st)
        return st;
    mlpipe__text t;
    mlpipe__text_init(&t, ctx->env);
    mlpipe__hash_hex(hash, hex);
    mlpipe__text_put(&t, hex, sizeof hex - 1);
    return mlpipe__text_give(ctx, &t, out);
}

mlpipe_status mlpipe_dataset_fingerprint(mlpipe_ctx *ctx,
                                         const mlpipe_dataset *d,
                                         mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_fingerprint");

    if (out)
        *out = NULL;
    if (!st)
        st = print_give(ctx, d, out);
    return mlpipe__end(ctx, st);
}
