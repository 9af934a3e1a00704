/* SPDX-License-Identifier: MIT */
/* Datasets as Arrow arrays: what is copied, who holds it, round trips. */
#include "support.h"

#include <mlpipe/arrow.h>

#include "data/data_internal.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    return 0;
}

/* Every type; nulls in all but y and t. Values differ by row. */
static mlpipe_dataset *mixed(int64_t rows)
{
    int64_t *i64 = calloc((size_t)rows + 1, 8);
    double *f64 = calloc((size_t)rows + 1, 8);
    uint8_t *some = calloc((size_t)rows + 1, 1);
    uint8_t *odd = calloc((size_t)rows + 1, 1);
    const char **words = calloc((size_t)rows + 1, sizeof *words);
    static const char *const all[] = {"red", "green", "", "b\xc3\xa4r", NULL};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < rows; i++) {
        i64[i] = i * 1000003;
        f64[i] = (double)i / 7;
        some[i] = i % 5 != 3;
        odd[i] = i % 3 == 1;
        words[i] = all[i * 7 % 5];
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "id", MLPIPE_I64, i64, some,
                                         rows));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "y", MLPIPE_F64, f64, NULL,
                                         rows));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "odd", MLPIPE_BOOL, odd,
                                         some, rows));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "t", MLPIPE_UNIT_US, i64,
                                        NULL, rows));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "word", words, rows));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    free(i64);
    free(f64);
    free(some);
    free(odd);
    free(words);
    return d;
}

/* Plain texts, made by a trip through Arrow, and floats. */
static mlpipe_dataset *as_text(mlpipe_dataset *d)
{
    struct ArrowArrayStream stream;
    mlpipe_dataset *out;

    assert_ok(ctx, mlpipe_dataset_to_arrow_stream(ctx, d, NULL, &stream));
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream, "text=text",
                                                    &out));
    mlpipe_dataset_free(d);
    return out;
}

static uint64_t live(void)
{
    uint64_t bytes = 0;

    mlpipe_ctx_memory(ctx, &bytes, NULL);
    return bytes;
}

static void assert_equal(const mlpipe_dataset *a, const mlpipe_dataset *b)
{
    mlpipe__hash128 x, y;

    assert_ok(ctx, mlpipe__dataset_hash(ctx, a, &x));
    assert_ok(ctx, mlpipe__dataset_hash(ctx, b, &y));
    assert_memory_equal(&x, &y, sizeof x);
}

static double copied(const mlpipe_dataset *d)
{
    mlpipe_report *r;
    double bytes;

    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    bytes = mlpipe_report_get(r, "copied_bytes");
    mlpipe_report_free(r);
    return bytes;
}

/* Through an array and through a stream, and the same comes back. */
static void round_trip(const mlpipe_dataset *d, const char *params,
                       const char *back)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    mlpipe_dataset *out;

    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, d, params, &schema, &array));
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &schema, &array,
                                             back, &out));
    schema.release(&schema);
    assert_equal(d, out);
    assert_same(0, copied(out));
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_to_arrow_stream(ctx, d, params, &stream));
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream, NULL,
                                                    &out));
    assert_equal(d, out);
    mlpipe_dataset_free(out);
}

static void test_round_trips(void **state)
{
    static const int64_t sizes[] = {0, 1, 9, 65536, 65537, 200001};

    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        for (int texts = 0; texts < 2; texts++) {
            const char *back = texts ? "text=text copy=never" : "copy=never";
            const uint64_t before = live();
            mlpipe_dataset *d = mixed(sizes[k]), *part, *folded, *rest;
            if (texts)
                d = as_text(d);
            round_trip(d, NULL, back);
            round_trip(d, "metadata=true", back);
            assert_ok(ctx, mlpipe_dataset_slice(ctx, d, sizes[k] / 3,
                                                sizes[k] / 2, &part));
            round_trip(part, NULL, back);
            mlpipe_dataset_free(part);
            if (sizes[k] > 8) {
                assert_ok(ctx, mlpipe_dataset_fold(ctx, d, "folds=3", 1,
                                                   &folded, &rest));
                round_trip(folded, NULL, back);
                mlpipe_dataset_free(folded);
                mlpipe_dataset_free(rest);
            }
            mlpipe_dataset_free(d);
            assert_int_equal(before, live());
        }
}

/*
 * What export and import of a table cost in memory: what describes it, and
 * none of its 16 MB of values.
 */
static void test_nothing_is_copied(void **state)
{
    struct ArrowArrayStream stream;
    mlpipe_dataset *d = mixed(500000), *out, *again;
    const uint64_t before = live();

    (void)state;
    assert_ok(ctx, mlpipe_dataset_to_arrow_stream(ctx, d, NULL, &stream));
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream,
                                                    "copy=never", &out));
    assert_true(live() - before < 64 << 10);
    assert_same(0, copied(out));
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t k = 0; k < d->columns[i]->chunk_count; k++)
            assert_ptr_equal(d->columns[i]->chunks[k].data,
                             out->columns[i]->chunks[k].data);
    /* And once more, of what was borrowed. */
    assert_ok(ctx, mlpipe_dataset_to_arrow_stream(ctx, out, NULL, &stream));
    mlpipe_dataset_free(out);
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream,
                                                    "copy=never", &again));
    assert_ptr_equal(d->columns[0]->chunks[3].data,
                     again->columns[0]->chunks[3].data);
    assert_equal(d, again);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(again);
}

/* One imported array of many chunks is one array again, also from within. */
static void test_one_piece_stays_one(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d = as_text(mixed(200001)), *one, *part;

    (void)state;
    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, d, NULL, &schema, &array));
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &schema, &array,
                                             "text=text copy=never", &one));
    schema.release(&schema);
    assert_int_equal(4, one->columns[0]->chunk_count);
    assert_ok(ctx, mlpipe_dataset_slice(ctx, one, 70003, 130001 - 70003,
                                        &part));
    const uint64_t before = live();
    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, part, NULL, &schema, &array));
    assert_true(live() - before < 16 << 10);
    mlpipe_dataset_free(one);
    one = NULL;
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &schema, &array,
                                             "text=text copy=never", &one));
    schema.release(&schema);
    assert_equal(part, one);
    mlpipe_dataset_free(part);
    mlpipe_dataset_free(one);
    mlpipe_dataset_free(d);
}

/* The consumer's rules: children and dictionaries may be moved out; all is
 * released after the context and the dataset. */
static void test_released_last(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray array, child, entries;
    mlpipe_ctx *own;
    mlpipe_dataset *d, *mine = mixed(100);
    struct ArrowArrayStream stream;

    (void)state;
    assert_ok(ctx, mlpipe_dataset_to_arrow_stream(ctx, mine, NULL, &stream));
    mlpipe_dataset_free(mine);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &own));
    assert_ok(own, mlpipe_dataset_from_arrow_stream(own, &stream,
                                                    "copy=always", &d));
    assert_ok(own, mlpipe_dataset_to_arrow_stream(own, d, NULL, &stream));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(own);
    assert_int_equal(0, stream.get_schema(&stream, &schema));
    assert_int_equal(0, stream.get_next(&stream, &array));
    assert_null(stream.get_last_error(&stream));
    struct ArrowArray end = {.release = array.release};
    assert_int_equal(0, stream.get_next(&stream, &end));
    assert_null(end.release);
    stream.release(&stream);
    assert_null(stream.release);
    assert_string_equal("+s", schema.format);
    assert_string_equal("i", schema.children[4]->format);
    assert_string_equal("u", schema.children[4]->dictionary->format);
    assert_string_equal("tsu:UTC", schema.children[3]->format);
    assert_true(schema.children[0]->flags & ARROW_FLAG_NULLABLE);
    assert_false(schema.children[1]->flags & ARROW_FLAG_NULLABLE);
    assert_null(schema.metadata);
    struct ArrowSchema field = *schema.children[4];
    schema.children[4]->release = NULL;
    schema.release(&schema);
    assert_null(schema.release);
    assert_string_equal("word", field.name);
    field.release(&field);
    child = *array.children[4];
    array.children[4]->release = NULL;
    array.release(&array);
    assert_null(array.release);
    entries = *child.dictionary;
    child.dictionary->release = NULL;
    assert_int_equal(100, child.length);
    assert_int_equal(3, ((const int32_t *)child.buffers[1])[0]);
    child.release(&child);
    assert_int_equal(4, entries.length);
    assert_memory_equal("b\xc3\xa4rgreenred", entries.buffers[2], 12);
    entries.release(&entries);
}

/* A value of the metadata; NULL where there is none. */
static const char *metadata(const char *pairs, const char *key, char out[64])
{
    int32_t count = 0, n, m;

    if (pairs)
        memcpy(&count, pairs, 4);
    for (pairs += 4; count-- > 0; pairs += 8 + n + m) {
        memcpy(&n, pairs, 4);
        memcpy(&m, pairs + 4 + n, 4);
        if ((size_t)n != strlen(key) || memcmp(pairs + 4, key, (size_t)n))
            continue;
        memcpy(out, pairs + 8 + n, (size_t)m);
        out[m] = '\0';
        return out;
    }
    return NULL;
}

static void test_metadata_on_demand(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d = mixed(50);
    mlpipe_buffer *print;
    char out[64];

    (void)state;
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, d, &print));
    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, d, "metadata=true", &schema,
                                           &array));
    assert_string_equal(mlpipe_buffer_data(print),
                        metadata(schema.metadata, "mlpipe:fingerprint", out));
    assert_string_equal("id", metadata(schema.children[0]->metadata,
                                       "mlpipe:role", out));
    assert_null(schema.children[2]->metadata);
    schema.release(&schema);
    array.release(&array);
    mlpipe_buffer_free(print);
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_nothing_is_copied),
        cmocka_unit_test(test_one_piece_stays_one),
        cmocka_unit_test(test_released_last),
        cmocka_unit_test(test_metadata_on_demand),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
