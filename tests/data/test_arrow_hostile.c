/* SPDX-License-Identifier: MIT */
/* Arrow arrays that break the rules: refused by name, and left alone. */
#include "support.h"

#include "arrow_refuse.h"
#include "golden_text.h"

/* One i64 column; `spoil` breaks a rule. */
static void spoiled(void (*spoil)(struct ArrowSchema *, struct ArrowArray *),
                    mlpipe_status expected, const char *told)
{
    const int64_t values[] = {1, 2, 3};
    const uint8_t valid[] = {0x05};
    struct ArrowSchema s;
    struct ArrowArray a, *c;

    rig_type(&s, "+s", "");
    rig_field(&s, "l", "x");
    rig_rows(&a, 3, 1);
    c = rig_child(&a, 3, 2);
    RIG(c, 0, valid);
    RIG(c, 1, values);
    spoil(&s, &a);
    refuse(expected, &s, &a, NULL, told);
}

#define SPOIL(name, what)                                                  \
    static void spoil_##name(struct ArrowSchema *s, struct ArrowArray *a)  \
    {                                                                      \
        struct ArrowArray *c = a->children[0];                             \
        (void)s;                                                           \
        (void)c;                                                           \
        what;                                                              \
    }
SPOIL(length, c->length = -1)
SPOIL(long, c->length = INT64_MAX)
SPOIL(short, c->length = 2)
SPOIL(offset, c->offset = -1)
SPOIL(root_offset, a->offset = 1)
SPOIL(far, c->offset = INT64_MAX)
SPOIL(nulls, c->null_count = 2)
SPOIL(few_nulls, c->null_count = -2)
SPOIL(many_nulls, c->null_count = 4)
SPOIL(no_bitmap, c->null_count = 1; c->buffers[0] = NULL)
SPOIL(no_values, c->buffers[1] = NULL)
SPOIL(no_buffers, c->buffers = NULL)
SPOIL(buffers, c->n_buffers = 1)
SPOIL(children, a->n_children = 0)
SPOIL(more, c->n_children = 1)
SPOIL(null_child, a->children[0] = NULL; c->release(c))
SPOIL(null_children, a->children = NULL)
SPOIL(moved, c->release(c))
SPOIL(dictionary, c->dictionary = a)
SPOIL(schema_children, s->children = NULL)
SPOIL(negative_children, s->n_children = -1)
SPOIL(format, s->children[0]->format = NULL)
SPOIL(name, s->children[0]->name = NULL)
SPOIL(bad_name, s->children[0]->name = "\xff")
SPOIL(metadata, s->metadata = "\xff\xff\xff\xff")
SPOIL(metadata_key, s->metadata = "\1\0\0\0\xff\xff\xff\xff")

static void test_broken_structs(void **state)
{
    (void)state;
    spoiled(spoil_length, MLPIPE_E_FORMAT, "length");
    spoiled(spoil_long, MLPIPE_E_FORMAT, "length");
    spoiled(spoil_short, MLPIPE_E_FORMAT, "fewer rows");
    spoiled(spoil_offset, MLPIPE_E_FORMAT, "offset");
    spoiled(spoil_root_offset, MLPIPE_E_FORMAT, "fewer rows");
    spoiled(spoil_far, MLPIPE_E_FORMAT, "offset");
    spoiled(spoil_nulls, MLPIPE_E_FORMAT, "null_count does not fit");
    spoiled(spoil_few_nulls, MLPIPE_E_FORMAT, "null_count");
    spoiled(spoil_many_nulls, MLPIPE_E_FORMAT, "null_count");
    spoiled(spoil_no_bitmap, MLPIPE_E_FORMAT, "without a bitmap");
    spoiled(spoil_no_values, MLPIPE_E_FORMAT, "without a buffer");
    spoiled(spoil_no_buffers, MLPIPE_E_FORMAT, "buffers is a NULL");
    spoiled(spoil_buffers, MLPIPE_E_FORMAT, "n_buffers");
    spoiled(spoil_children, MLPIPE_E_FORMAT, "n_children");
    spoiled(spoil_more, MLPIPE_E_FORMAT, "n_children");
    spoiled(spoil_null_child, MLPIPE_E_FORMAT, "NULL pointer");
    spoiled(spoil_null_children, MLPIPE_E_FORMAT, "children is a NULL");
    spoiled(spoil_moved, MLPIPE_E_STATE, "released");
    spoiled(spoil_dictionary, MLPIPE_E_FORMAT, "dictionaries");
    spoiled(spoil_format, MLPIPE_E_FORMAT, "no format");
    spoiled(spoil_name, MLPIPE_E_SCHEMA, "no name");
    spoiled(spoil_bad_name, MLPIPE_E_FORMAT, "UTF-8");
    spoiled(spoil_metadata, MLPIPE_E_FORMAT, "metadata");
    spoiled(spoil_metadata_key, MLPIPE_E_FORMAT, "metadata");
}

/* These break what their own release walks: put right before it runs. */
static void test_broken_schema_children(void **state)
{
    struct ArrowSchema s, kept;
    struct ArrowArray a;
    mlpipe_dataset *d;

    (void)state;
    rig_type(&s, "+s", "");
    rig_field(&s, "l", "x");
    rig_rows(&a, 0, 1);
    rig_child(&a, 0, 2);
    kept = s;
    spoil_schema_children(&s, &a);
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_dataset_from_arrow(ctx, &s, &a, NULL, &d));
    s = kept;
    spoil_negative_children(&s, &a);
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_dataset_from_arrow(ctx, &s, &a, NULL, &d));
    s = kept;
    /* Two columns of one name. */
    rig_field(&s, "l", "x");
    rig_child(&a, 0, 2);
    refuse(MLPIPE_E_CONFLICT, &s, &a, NULL, "\"x\"");
}

/* Texts whose offsets, bytes or indices lie. */
static void broken_text(const int32_t offsets[3], const char *bytes,
                        mlpipe_status expected, const char *told)
{
    struct ArrowSchema s;
    struct ArrowArray a;

    rig_type(&s, "u", "t");
    rig_rows(&a, 2, 3);
    rig_buffer(&a, 1, offsets, 12);
    if (bytes)
        rig_buffer(&a, 2, bytes, 2);
    refuse(expected, &s, &a, "text=text", told);
}

static void test_broken_texts(void **state)
{
    const int32_t back[] = {0, 2, 1}, below[] = {-1, 0, 1};
    const int32_t fine[] = {0, 1, 2};
    const int8_t code[] = {1};
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    broken_text(back, "ab", MLPIPE_E_FORMAT, "an offset below");
    broken_text(below, "ab", MLPIPE_E_FORMAT, "an offset below");
    broken_text(fine, NULL, MLPIPE_E_FORMAT, "without a buffer");
    broken_text(fine, "a\xff", MLPIPE_E_FORMAT, "row 1 is no UTF-8");
    broken_text(fine, "\xc3\xa4", MLPIPE_E_FORMAT, "row 0 is no UTF-8");
    rig_type(&s, "c", "t");
    rig_values(&s, "u");
    rig_rows(&a, 1, 2);
    RIG(&a, 1, code);
    rig_buffer(rig_entries(&a, 1, 3), 1, fine, 8);
    rig_buffer(a.dictionary, 2, "ab", 1);
    refuse(MLPIPE_E_FORMAT, &s, &a, NULL, "an index past the dictionary");
}

static void test_broken_views_runs_and_lists(void **state)
{
    unsigned char view[16] = {13, 0, 0, 0, 'l', 'o', 'n', 'g'};
    const int64_t sizes[] = {12};
    const int16_t ends[] = {2, 2}, few[] = {1, 2};
    const int32_t lists[] = {0, 3};
    struct ArrowSchema s, *f;
    struct ArrowArray a;

    (void)state;
    rig_type(&s, "vu", "v");
    rig_rows(&a, 1, 4);
    RIG(&a, 1, view);
    rig_buffer(&a, 2, "longer words", 12);
    RIG(&a, 3, sizes);
    refuse(MLPIPE_E_FORMAT, &s, &a, NULL, "ends past its buffer");
    for (int i = 0; i < 2; i++) {
        f = rig_type(&s, "+r", "r");
        rig_field(f, "s", "run_ends");
        rig_field(f, "n", "values");
        rig_rows(&a, 3, 0);
        rig_buffer(rig_child(&a, 2, 2), 1, i ? few : ends, 4);
        rig_child(&a, 2, 0);
        refuse(MLPIPE_E_FORMAT, &s, &a, NULL,
               i ? "the last run ends before" : "ends before it begins");
    }
    f = rig_type(&s, "+l", "l");
    rig_field(f, "n", "item");
    rig_rows(&a, 1, 2);
    RIG(&a, 1, lists);
    rig_child(&a, 2, 0);
    refuse(MLPIPE_E_FORMAT, &s, &a, NULL, "past the end");
}

static void test_depth_has_an_end(void **state)
{
    struct ArrowSchema s, *f = rig_type(&s, "+l", "deep");
    struct ArrowArray a;

    (void)state;
    for (int i = 0; i < 70; i++)
        f = rig_field(f, "+l", "x");
    rig_rows(&a, 0, 2);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "deeper than 64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_structs),
        cmocka_unit_test(test_broken_schema_children),
        cmocka_unit_test(test_broken_texts),
        cmocka_unit_test(test_broken_views_runs_and_lists),
        cmocka_unit_test(test_depth_has_an_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
