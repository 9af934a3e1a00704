/* SPDX-License-Identifier: MIT */
/* Datasets of Arrow arrays: values, what is copied, whose memory it is. */
#include "support.h"

#include <pthread.h>

#include "arrow_refuse.h"
#include "data/data_internal.h"
#include "golden_text.h"

static double number(const mlpipe_dataset *d, int64_t row, uint32_t column)
{
    mlpipe_value v;

    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    return v.num;
}

/* A text of the dataset; "<null>" where there is none. */
static const char *text(const mlpipe_dataset *d, int64_t row, uint32_t column)
{
    static char out[4][128];
    static int at;
    mlpipe_value v;

    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (v.kind == MLPIPE_VALUE_NULL)
        return "<null>";
    at = (at + 1) % 4;
    assert_true(v.len < (int32_t)sizeof out[0]);
    memcpy(out[at], v.str, (size_t)v.len);
    out[at][v.len] = '\0';
    return out[at];
}

/* What the reading says of copies. */
static double copied(const mlpipe_dataset *d)
{
    mlpipe_report *r;
    double bytes;

    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    bytes = mlpipe_report_get(r, "copied_bytes");
    assert_same(mlpipe_report_get(r, "rows_in"),
                (double)mlpipe_dataset_rows(d));
    assert_same(mlpipe_report_get(r, "loaded"),
                (double)mlpipe_dataset_rows(d));
    mlpipe_report_free(r);
    return bytes;
}

static mlpipe_dataset *import(struct ArrowSchema *s, struct ArrowArray *a,
                              const char *params)
{
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, s, a, params, &d));
    assert_null(a->release);
    assert_non_null(s->release);
    s->release(s);
    return d;
}

/* ---- nothing is copied --------------------------------------------------- */

static void test_plain_columns_are_not_copied(void **state)
{
    const int64_t i64[] = {1, 99, -3}; /* the second is null: anything */
    const double f64[] = {1.5, -0.0, 1e300};
    const float f32[] = {0.5f, 1.25f, -2};
    const uint8_t valid[] = {0x05}, bits[] = {0x06};
    const int64_t when[] = {-1, 0, 86400000};
    struct ArrowSchema s;
    struct ArrowArray a, *c;

    (void)state;
    rig_type(&s, "+s", "");
    rig_field(&s, "l", "i");
    rig_field(&s, "g", "g");
    rig_field(&s, "f", "f");
    rig_field(&s, "b", "b");
    rig_field(&s, "tsm:Asia/Tokyo", "t");
    rig_field(&s, "tDn", "d");
    rig_rows(&a, 3, 1);
    c = rig_child(&a, 3, 2);
    RIG(c, 0, valid);
    const void *there = RIG(c, 1, i64);
    RIG(rig_child(&a, 3, 2), 1, f64);
    RIG(rig_child(&a, 3, 2), 1, f32);
    c = rig_child(&a, 3, 2);
    RIG(c, 0, valid);
    RIG(c, 1, bits);
    RIG(rig_child(&a, 3, 2), 1, when);
    RIG(rig_child(&a, 3, 2), 1, when);
    mlpipe_dataset *d = import(&s, &a, "copy=never");
    assert_int_equal(3, mlpipe_dataset_rows(d));
    assert_ptr_equal(there, d->columns[0]->chunks[0].data);
    assert_same(0, copied(d));
    assert_same(1, number(d, 0, 0));
    assert_same(-3, number(d, 2, 0));
    assert_int_equal(1, mlpipe_dataset_nulls(d, 0));
    assert_same(-0.0, number(d, 1, 1));
    assert_same(1.25, number(d, 1, 2));
    assert_same(0, number(d, 0, 3));
    assert_same(1, number(d, 2, 3));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(d, 4));
    assert_int_equal(MLPIPE_UNIT_MS, mlpipe_dataset_unit(d, 4));
    assert_int_equal(MLPIPE_TYPE_DURATION, mlpipe_dataset_type(d, 5));
    assert_int_equal(MLPIPE_UNIT_NS, mlpipe_dataset_unit(d, 5));
    /* Blocks hold zero where the producer's slot held anything. */
    double block[3];
    int64_t whole[3];
    uint8_t ok[3];
    mlpipe__dataset_block(d, 0, 0, 3, block, ok);
    assert_same(0, block[1]);
    assert_int_equal(0, ok[1]);
    mlpipe__dataset_block_i64(d, 3, 0, 3, whole, ok);
    assert_int_equal(0, whole[1]);
    assert_int_equal(7, rig_arrays);
    mlpipe_dataset_free(d);
    assert_int_equal(0, rig_arrays);
}

/* Rows from the middle of buffers: both offsets count, bits included. */
static void test_offsets_need_no_copy(void **state)
{
    enum { ROWS = 200, SKIP = 13, INNER = 6 };
    int64_t values[ROWS];
    uint8_t valid[ROWS / 8], bits[ROWS / 8];
    struct ArrowSchema s;
    struct ArrowArray a, *c;

    (void)state;
    for (int i = 0; i < ROWS; i++)
        values[i] = i;
    for (int i = 0; i < ROWS / 8; i++) {
        valid[i] = (uint8_t)(i * 37 + 11);
        bits[i] = (uint8_t)(i * 101 + 5);
    }
    rig_type(&s, "+s", "");
    rig_field(&s, "l", "i");
    rig_field(&s, "b", "b");
    rig_rows(&a, ROWS - SKIP - INNER, 1);
    a.offset = INNER;
    for (int k = 0; k < 2; k++) {
        c = rig_child(&a, ROWS - SKIP, 2);
        c->offset = SKIP;
        RIG(c, 0, valid);
        rig_buffer(c, 1, k ? (const void *)bits : values,
                   k ? sizeof bits : sizeof values);
    }
    mlpipe_dataset *d = import(&s, &a, "copy=never");
    for (int i = 0; i < ROWS - SKIP - INNER; i++) {
        const int at = i + SKIP + INNER;
        const int has = valid[at / 8] >> (at % 8) & 1;
        const double x = number(d, i, 0), y = number(d, i, 1);
        assert_int_equal(has, x == x);
        if (has)
            assert_same(at, x);
        if (has)
            assert_same(bits[at / 8] >> (at % 8) & 1, y);
    }
    /* The same rows, copied, have the same fingerprint. */
    mlpipe__hash128 one, two;
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *again;
    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, d, NULL, &schema, &array));
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &schema, &array,
                                             "copy=always", &again));
    schema.release(&schema);
    assert_ok(ctx, mlpipe__dataset_hash(ctx, d, &one));
    mlpipe_dataset_free(d);
    assert_int_equal(0, rig_arrays);
    assert_ok(ctx, mlpipe__dataset_hash(ctx, again, &two));
    assert_memory_equal(&one, &two, sizeof one);
    assert_true(copied(again) > 0);
    mlpipe_dataset_free(again);
}

static void text_rows(struct ArrowArray *a)
{
    static const int32_t offsets[] = {0, 2, 4, 4, 9};
    static const uint8_t valid[] = {0x0d};

    RIG(a, 0, valid);
    RIG(a, 1, offsets);
    rig_buffer(a, 2, "abzz\xc3\xa4 cd", 9);
}

static void test_texts(void **state)
{
    static const char *const how[] = {"text=text copy=never", "text=category",
                                      NULL, "text=as_is copy=never"};
    static const int32_t types[] = {MLPIPE_TYPE_TEXT, MLPIPE_TYPE_CATEGORY,
                                    MLPIPE_TYPE_CATEGORY, MLPIPE_TYPE_TEXT};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct ArrowSchema s;
        struct ArrowArray a;
        rig_type(&s, "u", "word");
        text_rows(rig_rows(&a, 4, 3));
        mlpipe_dataset *d = import(&s, &a, how[i]);
        assert_string_equal("word", mlpipe_dataset_name(d, 0));
        assert_int_equal(types[i], mlpipe_dataset_type(d, 0));
        assert_string_equal("ab", text(d, 0, 0));
        assert_string_equal("<null>", text(d, 1, 0));
        assert_string_equal("", text(d, 2, 0));
        assert_string_equal("\xc3\xa4 cd", text(d, 3, 0));
        assert_int_equal(i % 3 ? 0 : 1, rig_arrays);
        mlpipe_dataset_free(d);
    }
}

/* Codes of a dictionary: as they are where its texts are in order. */
static void dictionary_case(const char *format, const void *codes,
                            size_t bytes, const char *letters, bool same)
{
    const int32_t offsets[] = {0, 1, 2, 3};
    const uint8_t valid[] = {0x17}; /* row 3 of 5 is null */
    struct ArrowSchema s;
    struct ArrowArray a, *c;

    rig_type(&s, format, "c");
    rig_values(&s, "u");
    rig_rows(&a, 5, 2);
    RIG(&a, 0, valid);
    rig_buffer(&a, 1, codes, bytes);
    c = rig_entries(&a, 3, 3);
    RIG(c, 1, offsets);
    rig_buffer(c, 2, letters, 3);
    mlpipe_dataset *d = import(&s, &a, NULL);
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 0));
    const int expected[] = {2, 0, 1, -1, 0};
    for (int i = 0; i < 5; i++) {
        const char one[2] = {expected[i] < 0 ? '<' : letters[expected[i]], 0};
        assert_memory_equal(one, text(d, i, 0), 1);
    }
    assert_true(same == (copied(d) == 0));
    assert_int_equal(same ? 2 : 0, rig_arrays);
    /* Whatever came, codes follow the texts. */
    const mlpipe__dict *dict = &d->columns[0]->dictionary->dict;
    for (uint32_t i = 1; i < dict->count; i++)
        assert_true(mlpipe__dict_before(dict, i - 1, i));
    mlpipe_dataset_free(d);
}

static void test_dictionaries(void **state)
{
    const int32_t wide[] = {2, 0, 1, 77, 0};
    const int8_t narrow[] = {2, 0, 1, -4, 0};
    const uint64_t huge[] = {2, 0, 1, UINT64_MAX, 0};

    (void)state;
    dictionary_case("i", wide, sizeof wide, "abc", true);
    dictionary_case("I", wide, sizeof wide, "abc", true);
    dictionary_case("i", wide, sizeof wide, "cab", false);
    dictionary_case("i", wide, sizeof wide, "aba", false);
    dictionary_case("c", narrow, sizeof narrow, "abc", false);
    dictionary_case("L", huge, sizeof huge, "abc", false);
}

/* ---- what is converted --------------------------------------------------- */

static void test_integers_are_widened(void **state)
{
    static const struct {
        const char *format;
        unsigned char bytes[8];
        size_t n;
        double value;
    } cases[] = {
        {"c", {0x80}, 1, -128},
        {"C", {0x80}, 1, 128},
        {"s", {0xff, 0xff}, 2, -1},
        {"S", {0xff, 0xff}, 2, 65535},
        {"i", {0, 0, 0, 0x80}, 4, -2147483648.0},
        {"I", {0, 0, 0, 0x80}, 4, 2147483648.0},
        {"L", {1, 0, 0, 0, 0, 0, 0, 0}, 8, 1},
        {"e", {0x00, 0x3c}, 2, 1},
        {"e", {0x01, 0x00}, 2, 5.9604644775390625e-8},
        {"e", {0xff, 0xfb}, 2, -65504},
        {"tdD", {0xff, 0xff, 0xff, 0xff}, 4, -86400},
        {"tdm", {2, 0, 0, 0, 0, 0, 0, 0}, 8, 2},
        {"tts", {3, 0, 0, 0}, 4, 3},
        {"ttn", {4, 0, 0, 0, 0, 0, 0, 0}, 8, 4},
        {"d:5,2", {0x2e, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0,
         -12.34},
        {"d:9,-3,32", {0x05, 0, 0, 0}, 4, 5000},
        {"d:18,1,64", {0x05, 0, 0, 0, 0, 0, 0, 0}, 8, 0.5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ArrowSchema s;
        struct ArrowArray a;
        unsigned char bytes[16];
        memset(bytes, 0xff, sizeof bytes);
        memcpy(bytes, cases[i].bytes, 8);
        rig_type(&s, cases[i].format, "x");
        rig_rows(&a, 1, 2);
        rig_buffer(&a, 1, bytes, cases[i].n ? cases[i].n : 16);
        mlpipe_dataset *d = import(&s, &a, "decimals=f64");
        assert_same(cases[i].value, number(d, 0, 0));
        mlpipe_dataset_free(d);
    }
}

static void test_views_of_text(void **state)
{
    unsigned char views[2][16] = {{3, 0, 0, 0, 'a', 'b', 'c'},
                                  {13, 0, 0, 0, 'l', 'o', 'n', 'g'}};
    const int64_t sizes[] = {15};
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    views[1][12] = 2;
    rig_type(&s, "vu", "v");
    rig_rows(&a, 2, 4);
    RIG(&a, 1, views);
    rig_buffer(&a, 2, "__longer words_", 15);
    RIG(&a, 3, sizes);
    mlpipe_dataset *d = import(&s, &a, NULL);
    assert_string_equal("abc", text(d, 0, 0));
    assert_string_equal("longer words_", text(d, 1, 0));
    mlpipe_dataset_free(d);
}

/* Runs of 1, 1, 1, 2, 2 from the second on; a dictionary of floats. */
static void test_runs_and_other_dictionaries(void **state)
{
    const int16_t ends[] = {3, 5};
    const int64_t values[] = {10, 20};
    const double entries[] = {0.5, 1.5};
    const int8_t codes[] = {1, 0, 1, 1};
    struct ArrowSchema s;
    struct ArrowArray a, *c;

    (void)state;
    rig_type(&s, "+s", "");
    struct ArrowSchema *runs = rig_field(&s, "+r", "r");
    rig_field(runs, "s", "run_ends");
    rig_field(runs, "l", "values");
    rig_values(rig_field(&s, "c", "f"), "g");
    rig_rows(&a, 4, 1);
    c = rig_child(&a, 4, 0);
    c->offset = 1;
    RIG(rig_child(c, 2, 2), 1, ends);
    RIG(rig_child(c, 2, 2), 1, values);
    c = rig_child(&a, 4, 2);
    RIG(c, 1, codes);
    RIG(rig_entries(c, 2, 2), 1, entries);
    mlpipe_dataset *d = import(&s, &a, NULL);
    assert_same(10, number(d, 1, 0));
    assert_same(20, number(d, 2, 0));
    assert_same(1.5, number(d, 0, 1));
    assert_same(0.5, number(d, 1, 1));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_dataset_type(d, 1));
    mlpipe_dataset_free(d);
}

/* A struct of i64 x and a list of texts, whose second row is null. */
static void nested(struct ArrowSchema *s, struct ArrowArray *a)
{
    const uint8_t valid[] = {0x05};
    const int64_t x[] = {1, 2, 3};
    const int32_t lists[] = {0, 2, 2, 3}, offsets[] = {0, 1, 1, 2};
    struct ArrowArray *c, *l;

    rig_type(s, "+s", "");
    struct ArrowSchema *f = rig_field(s, "+s", "a");
    rig_field(f, "l", "x");
    rig_field(rig_field(f, "+l", "l"), "u", "item");
    rig_rows(a, 3, 1);
    c = rig_child(a, 3, 1);
    RIG(c, 0, valid);
    RIG(rig_child(c, 3, 2), 1, x);
    l = rig_child(c, 3, 2);
    RIG(l, 1, lists);
    c = rig_child(l, 3, 3);
    RIG(c, 1, offsets);
    rig_buffer(c, 2, "p\"", 2);
}

static void test_nested(void **state)
{
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    nested(&s, &a);
    mlpipe_dataset *d = import(&s, &a, NULL);
    assert_string_equal("a.x", mlpipe_dataset_name(d, 0));
    assert_string_equal("a.l", mlpipe_dataset_name(d, 1));
    assert_same(1, number(d, 0, 0));
    assert_int_equal(1, mlpipe_dataset_nulls(d, 0));
    assert_string_equal("[\"p\",\"\"]", text(d, 0, 1));
    assert_string_equal("<null>", text(d, 1, 1));
    assert_string_equal("[\"\\\"\"]", text(d, 2, 1));
    mlpipe_dataset_free(d);
    nested(&s, &a);
    d = import(&s, &a, "nested=text");
    assert_string_equal("a", mlpipe_dataset_name(d, 0));
    assert_string_equal("{\"x\":3,\"l\":[\"\\\"\"]}", text(d, 2, 0));
    mlpipe_dataset_free(d);
    nested(&s, &a);
    refuse(MLPIPE_E_UNSUPPORTED, &s, &a, "nested=fail", "nested=flatten");
}

/* ---- what is refused ----------------------------------------------------- */

static void test_every_format_has_an_answer(void **state)
{
    static const struct {
        const char *format;
        mlpipe_status status;
        const char *told;
    } cases[] = {
        {"z", MLPIPE_E_UNSUPPORTED, "binary"},
        {"Z", MLPIPE_E_UNSUPPORTED, "large binary"},
        {"vz", MLPIPE_E_UNSUPPORTED, "binary view"},
        {"w:16", MLPIPE_E_UNSUPPORTED, "fixed-size binary"},
        {"tiM", MLPIPE_E_UNSUPPORTED, "intervals of months"},
        {"tiD", MLPIPE_E_UNSUPPORTED, "intervals of days"},
        {"tin", MLPIPE_E_UNSUPPORTED, "intervals"},
        {"+ud:0,1", MLPIPE_E_UNSUPPORTED, "dense union"},
        {"+us:0,1", MLPIPE_E_UNSUPPORTED, "sparse union"},
        {"d:5,2", MLPIPE_E_UNSUPPORTED, "decimals=f64"},
        {"d:5", MLPIPE_E_FORMAT, "no format"},
        {"d:0,2", MLPIPE_E_FORMAT, "no format"},
        {"d:5,2,48", MLPIPE_E_FORMAT, "no format"},
        {"d:5,2,128x", MLPIPE_E_FORMAT, "no format"},
        {"+w:", MLPIPE_E_FORMAT, "no format"},
        {"+w:-1", MLPIPE_E_FORMAT, "no format"},
        {"+w:4294967297", MLPIPE_E_FORMAT, "no format"},
        {"", MLPIPE_E_FORMAT, "no format"},
        {"q", MLPIPE_E_FORMAT, "no format"},
        {"ll", MLPIPE_E_FORMAT, "no format"},
        {"ts", MLPIPE_E_FORMAT, "no format"},
        {"tsu", MLPIPE_E_FORMAT, "no format"},
        {"tsx:", MLPIPE_E_FORMAT, "no format"},
        {"+x", MLPIPE_E_FORMAT, "no format"},
        {"+s", MLPIPE_E_UNSUPPORTED, "struct without fields"},
        {"+l", MLPIPE_E_FORMAT, "has 1 children, not 0"},
        {"+r", MLPIPE_E_FORMAT, "has 2 children, not 0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ArrowSchema s;
        struct ArrowArray a;
        rig_type(&s, "+s", "");
        rig_field(&s, cases[i].format, "x");
        rig_rows(&a, 0, 1);
        rig_child(&a, 0, 2);
        refuse(cases[i].status, &s, &a, NULL, cases[i].told);
    }
}

static void test_large_unsigned_is_refused_with_its_row(void **state)
{
    const uint64_t values[] = {1, UINT64_MAX, UINT64_C(1) << 63};
    const uint8_t valid[] = {0x05};
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    rig_type(&s, "L", "u");
    rig_rows(&a, 3, 2);
    RIG(&a, 0, valid);
    RIG(&a, 1, values);
    refuse(MLPIPE_E_NUMERIC, &s, &a, NULL, "row 2: 9223372036854775808");
    assert_int_equal(2, mlpipe_ctx_error(ctx)->row);
    assert_string_equal("u", mlpipe_ctx_error(ctx)->column);
    rig_type(&s, "L", "u");
    rig_rows(&a, 2, 2);
    RIG(&a, 0, valid);
    RIG(&a, 1, values);
    mlpipe_dataset *d = import(&s, &a, "copy=never");
    assert_same(1, number(d, 0, 0));
    mlpipe_dataset_free(d);
}

/* ---- streams ------------------------------------------------------------- */

static void make_stream_schema(struct ArrowSchema *s)
{
    rig_type(s, "+s", "");
    rig_field(s, "l", "i");
    rig_field(s, "b", "b");
}

/* Rows from .. of i = row, null in each 7th, b = odd. */
static void make_batch(struct ArrowArray *a, int64_t from, int64_t rows)
{
    rig_rows(a, rows, 1);
    struct ArrowArray *c = rig_child(a, rows, 2);
    const size_t bits = (size_t)(rows + 7) / 8;
    uint8_t *valid = rig_buffer(c, 0, NULL, bits);
    int64_t *v = rig_buffer(c, 1, NULL, (size_t)rows * 8);
    struct ArrowArray *b = rig_child(a, rows, 2);
    uint8_t *odd = rig_buffer(b, 1, NULL, bits);
    memset(valid, 0, bits);
    memset(odd, 0, bits);
    for (int64_t i = 0; i < rows; i++) {
        v[i] = from + i;
        valid[i / 8] |= (uint8_t)(((from + i) % 7 != 0) << (i % 8));
        odd[i / 8] |= (uint8_t)(((from + i) % 2) << (i % 8));
    }
}

static void stream_case(const int64_t *rows, int count, bool whole)
{
    struct ArrowArrayStream stream;
    struct ArrowArray arrays[8];
    rig_stream p = {.make = make_stream_schema, .arrays = arrays,
                    .count = count, .fail_at = -1};
    int64_t all = 0;
    mlpipe_dataset *d;

    for (int i = 0; i < count; all += rows[i++])
        make_batch(&arrays[i], all, rows[i]);
    rig_open(&stream, &p);
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream, NULL, &d));
    assert_null(stream.release);
    assert_int_equal(all, mlpipe_dataset_rows(d));
    assert_true(whole == (copied(d) == 0));
    for (int64_t i = 0; i < all; i++) {
        const double x = number(d, i, 0);
        if (i % 7 ? x != (double)i : x == x)
            fail_msg("row %d: %g", (int)i, x);
        if (number(d, i, 1) != (double)(i % 2))
            fail_msg("row %d: not odd", (int)i);
    }
    mlpipe_dataset_free(d);
    assert_int_equal(0, rig_arrays);
}

static void test_streams(void **state)
{
    enum { CHUNK = MLPIPE__CHUNK_ROWS };
    const int64_t even[] = {CHUNK, 2 * CHUNK, 17};
    const int64_t odd[] = {3, 5, CHUNK, 2};
    const int64_t mixed[] = {2 * CHUNK + 1, CHUNK - 1, 9};
    const int64_t gaps[] = {0, CHUNK, 0, 0, 1, 0};

    (void)state;
    stream_case(even, 3, true);
    stream_case(odd, 4, false);
    stream_case(mixed, 3, false);
    stream_case(gaps, 6, true);
    stream_case(NULL, 0, true);
}

static void test_a_stream_that_fails(void **state)
{
    struct ArrowArrayStream stream;
    struct ArrowArray arrays[3];
    rig_stream p = {.make = make_stream_schema, .arrays = arrays, .count = 3,
                    .fail_at = 2};
    mlpipe_dataset *d = (mlpipe_dataset *)&stream;

    (void)state;
    for (int i = 0; i < 3; i++)
        make_batch(&arrays[i], 0, 10);
    rig_open(&stream, &p);
    assert_told(ctx, MLPIPE_E_HOST,
                mlpipe_dataset_from_arrow_stream(
                    ctx, &stream, NULL, &d));
    assert_null(d);
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "the tape is torn"));
    assert_non_null(stream.release);
    stream.release(&stream);
    assert_told(ctx, MLPIPE_E_STATE,
                mlpipe_dataset_from_arrow_stream(
                    ctx, &stream, NULL, &d));
}

/* Each batch has a dictionary of its own; the last one adds a text. */
static void make_word_schema(struct ArrowSchema *s)
{
    rig_type(s, "i", "w");
    rig_values(s, "u");
}

static void test_dictionaries_that_change(void **state)
{
    static const char *const words[] = {"bc", "cb", "ab"};
    const int32_t codes[] = {0, 1}, offsets[] = {0, 1, 2};
    struct ArrowArrayStream stream;
    struct ArrowArray arrays[3], *c;
    rig_stream p = {.make = make_word_schema, .arrays = arrays, .count = 3,
                    .fail_at = -1};
    mlpipe_dataset *d;

    (void)state;
    for (int i = 0; i < 3; i++) {
        rig_rows(&arrays[i], 2, 2);
        RIG(&arrays[i], 1, codes);
        c = rig_entries(&arrays[i], 2, 3);
        RIG(c, 1, offsets);
        rig_buffer(c, 2, words[i], 2);
    }
    rig_open(&stream, &p);
    assert_ok(ctx, mlpipe_dataset_from_arrow_stream(ctx, &stream, NULL, &d));
    for (int i = 0; i < 6; i++)
        assert_memory_equal(&words[i / 2][i % 2], text(d, i, 0), 1);
    assert_int_equal(3, d->columns[0]->dictionary->dict.count);
    assert_string_equal("a", mlpipe__dict_text(
                                 &d->columns[0]->dictionary->dict, 0));
    mlpipe_dataset_free(d);
}

/* More different texts than a category has by itself. */
static void test_many_texts_become_text(void **state)
{
    enum { ROWS = MLPIPE__AUTO_CATEGORIES + 1000 };
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    rig_type(&s, "u", "t");
    rig_rows(&a, ROWS, 3);
    int32_t *offsets = rig_buffer(&a, 1, NULL, (ROWS + 1) * 4);
    char *bytes = rig_buffer(&a, 2, NULL, ROWS * 5);
    for (int i = 0; i < ROWS; i++) {
        char five[12];
        offsets[i] = i * 5;
        snprintf(five, sizeof five, "%05d", i);
        memcpy(bytes + 5 * i, five, 5);
    }
    offsets[ROWS] = ROWS * 5;
    mlpipe_dataset *d = import(&s, &a, NULL);
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, 0));
    assert_string_equal("00000", text(d, 0, 0));
    assert_string_equal("65999", text(d, 65999, 0));
    mlpipe_dataset_free(d);
}

/* ---- release ------------------------------------------------------------- */

static void *free_dataset(void *d)
{
    mlpipe_dataset_free(d);
    return NULL;
}

/* Views on two threads end; the last one releases, and no context is left. */
static void test_release_on_another_thread(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct ArrowSchema s;
        struct ArrowArray a;
        mlpipe_ctx *own;
        mlpipe_dataset *d, *view[2];
        pthread_t thread[2];
        make_stream_schema(&s);
        make_batch(&a, 0, 100);
        assert_int_equal(0, mlpipe_ctx_new(NULL, &own));
        assert_ok(own, mlpipe_dataset_from_arrow(own, &s, &a, NULL, &d));
        s.release(&s);
        assert_ok(own, mlpipe_dataset_slice(own, d, 10, 50, &view[0]));
        assert_ok(own, mlpipe_dataset_slice(own, d, 0, 20, &view[1]));
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(own);
        assert_int_equal(3, rig_arrays);
        for (int i = 0; i < 2; i++)
            assert_int_equal(0, pthread_create(&thread[i], NULL,
                                               free_dataset, view[i]));
        for (int i = 0; i < 2; i++)
            pthread_join(thread[i], NULL);
        assert_int_equal(0, rig_arrays);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_columns_are_not_copied),
        cmocka_unit_test(test_offsets_need_no_copy),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_dictionaries),
        cmocka_unit_test(test_integers_are_widened),
        cmocka_unit_test(test_views_of_text),
        cmocka_unit_test(test_runs_and_other_dictionaries),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_every_format_has_an_answer),
        cmocka_unit_test(test_large_unsigned_is_refused_with_its_row),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_a_stream_that_fails),
        cmocka_unit_test(test_dictionaries_that_change),
        cmocka_unit_test(test_many_texts_become_text),
        cmocka_unit_test(test_release_on_another_thread),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
