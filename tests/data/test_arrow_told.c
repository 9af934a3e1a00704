/* SPDX-License-Identifier: MIT */
/* What people read of Arrow arrays that break a rule of their own type. */
#include "support.h"

#include "api/messages.h"
#include "arrow_refuse.h"

static struct ArrowSchema s;
static struct ArrowArray a;

#define BAD(params, told) refuse(MLPIPE_E_FORMAT, &s, &a, params, told)

static void views(void **state)
{
    const unsigned char below[16] = {0xff, 0xff, 0xff, 0xff},
        elsewhere[16] = {13, 0, 0, 0, 'l', 'o', 'n', 'g', 5},
        other[16] = {12 + 1, 0, 0, 0, 'l', 'u', 'n', 'g'};
    const int64_t sizes[] = {13}, negative[] = {-1};
    (void)state;
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 3);
    RIG(&a, 1, below);
    BAD(NULL, "the length of a text");
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 4);
    RIG(&a, 1, elsewhere);
    rig_buffer(&a, 2, "longer words!", 13);
    RIG(&a, 3, sizes);
    BAD(NULL, "the buffer of a text");
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 4);
    RIG(&a, 1, other);
    rig_buffer(&a, 2, "longer words!", 13);
    RIG(&a, 3, sizes);
    BAD(NULL, "the prefix of a text is not what the text begins with");
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 3);
    BAD(NULL, "rows without a buffer of views");
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 4);
    RIG(&a, 1, other);
    BAD(NULL, "buffers without their lengths");
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 4);
    RIG(&a, 1, other);
    RIG(&a, 3, negative);
    BAD(NULL, "the length of a buffer of text");
}

static void lists_and_runs(void **state)
{
    const int32_t at[] = {0}, many[] = {9};
    const int16_t ends[] = {1, 3};
    const double reals[] = {1, 3};
    struct ArrowSchema *f;
    (void)state;
    for (int i = 0; i < 2; i++) {
        f = rig_type(&s, "+vl", "l");
        rig_field(f, "n", "item");
        rig_rows(&a, 1, 3);
        rig_child(&a, 2, 0);
        if (i) {
            RIG(&a, 1, at);
            RIG(&a, 2, many);
        }
        BAD("nested=flatten", i ? "a list ends past its values"
                                : "rows without buffers");
    }
    for (int i = 0; i < 3; i++) {
        f = rig_type(&s, "+r", "r");
        rig_field(f, i == 2 ? "g" : "s", "run_ends");
        rig_field(f, "n", "values");
        rig_rows(&a, 3, 0);
        a.null_count = i ? 0 : 1;
        if (i == 2)
            rig_buffer(rig_child(&a, 2, 2), 1, reals, sizeof reals);
        else
            rig_buffer(rig_child(&a, 2, 2), 1, ends, sizeof ends);
        rig_child(&a, i == 1 ? 1 : 2, 0);
        BAD(NULL, i == 2 ? "run ends are i16, i32 or i64, not \"g\""
            : i ? "fewer values than runs" : "runs have no nulls of their own");
    }
    rig_type(&s, "u", "t");
    rig_rows(&a, 2, 3);
    BAD(NULL, "rows without a buffer of offsets");
}

static void schemas(void **state)
{
    const double real[] = {0};
    (void)state;
    rig_type(&s, "g", "d");
    rig_values(&s, "u");
    rig_rows(&a, 1, 2);
    RIG(&a, 1, real);
    rig_entries(&a, 0, 3);
    BAD(NULL, "the index of a dictionary is an integer, not \"g\"");
    rig_type(&s, "+s", "");
    rig_field(&s, "l", "x");
    rig_rows(&a, 0, 1);
    rig_child(&a, 0, 2);
    s.children[0]->release(s.children[0]);
    refuse(MLPIPE_E_STATE, &s, &a, NULL, "the schema of a field below");
    rig_type(&s, "+s", "");
    rig_field(&s, "l", "x");
    rig_rows(&a, 0, 1);
    rig_child(&a, 0, 2);
    struct ArrowSchema *const first = s.children[0];
    s.children[0] = NULL;
    first->release(first);
    BAD(NULL, "is a NULL pointer");
}

/* Two texts of 3 and 5 bytes, as column t. */
static void two_texts(const char *format)
{
    const int32_t offsets[] = {0, 3, 8};
    rig_type(&s, format, "t");
    rig_rows(&a, 2, 3);
    RIG(&a, 1, offsets);
    rig_buffer(&a, 2, "onethree", 8);
}

static void limits(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .cell_bytes = 4,
                                 .csv_columns = 1, .csv_rows = 1};
    const mlpipe_limits cells = {.size = sizeof cells, .cell_bytes = 4};
    const int32_t ends[] = {0, 3}, numbers[] = {100, 200, 300};
    mlpipe_ctx *const usual = ctx;
    (void)state;
    ctx = limited(&small);
    two_texts("u");
    refuse(MLPIPE_E_LIMIT, &s, &a, "text=text", "the limit ");
    rig_type(&s, "+s", "");
    rig_field(&s, "n", "x");
    rig_rows(&a, 2, 1);
    rig_child(&a, 2, 0);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "the schema has more than 1 fields");
    rig_type(&s, "n", "x");
    rig_rows(&a, 2, 0);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "0 rows and 2 more; the limit ");
    mlpipe_ctx_free(ctx);
    ctx = limited(&cells);
    rig_field(rig_type(&s, "+l", "x"), "i", "item");
    rig_rows(&a, 1, 2);
    RIG(&a, 1, ends);
    rig_buffer(rig_child(&a, 3, 2), 1, numbers, sizeof numbers);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "bytes of JSON, the limit ");
    mlpipe_ctx_free(ctx);
    ctx = usual;
    rig_field(rig_type(&s, "+w:1000000", "x"), "i", "item");
    rig_rows(&a, INT64_C(1) << 39, 1);
    rig_child(&a, 0, 2);
    BAD(NULL, "rows of lists of a fixed size");
}

static void copies(void **state)
{
    const int8_t codes[] = {0, 1};
    const int32_t offsets[] = {0, 1, 2}, wide[] = {0, 1};
    (void)state;
    two_texts("u");
    refuse(MLPIPE_E_UNSUPPORTED, &s, &a, "copy=never text=category",
           "has to be copied");
    rig_type(&s, "c", "t");
    rig_values(&s, "u");
    rig_rows(&a, 2, 2);
    RIG(&a, 1, codes);
    rig_buffer(rig_entries(&a, 2, 3), 1, offsets, 12);
    rig_buffer(a.dictionary, 2, "ba", 2);
    refuse(MLPIPE_E_UNSUPPORTED, &s, &a, "copy=never", "has to be copied");
    rig_type(&s, "i", "t");
    rig_values(&s, "u");
    rig_rows(&a, 2, 2);
    RIG(&a, 1, wide);
    rig_buffer(rig_entries(&a, 2, 3), 1, offsets, 12);
    rig_buffer(a.dictionary, 2, "ba", 2);
    refuse(MLPIPE_E_UNSUPPORTED, &s, &a, "copy=never",
           "is not in the order of its texts' bytes");
}

static void no_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static void streams(void **state)
{
    struct ArrowArrayStream stream = {.release = no_release};
    mlpipe_dataset *d;
    (void)state;
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_dataset_from_arrow_stream(ctx, &stream, NULL, &d));
    stream.release = NULL;
    assert_told(ctx, MLPIPE_E_STATE,
                mlpipe_dataset_from_arrow_stream(ctx, &stream, NULL, &d));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(views),  TEST(lists_and_runs), TEST(schemas),
        TEST(limits), TEST(copies),         TEST(streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
