/* SPDX-License-Identifier: MIT */
/* Arrow arrays within limits, cancelled, and blamed by the right row. */
#include "support.h"

#include "arrow_refuse.h"

/* A text of n rows of two bytes: "00", "01", ..., "99", "00", ... */
static void two_digits(struct ArrowSchema *s, struct ArrowArray *a, int n)
{
    rig_type(s, "u", "t");
    rig_rows(a, n, 3);
    int32_t *offsets = rig_buffer(a, 1, NULL, ((size_t)n + 1) * 4);
    char *bytes = rig_buffer(a, 2, NULL, (size_t)n * 2);
    for (int i = 0; i < n; i++) {
        offsets[i] = i * 2;
        bytes[2 * i] = (char)('0' + i / 10 % 10);
        bytes[2 * i + 1] = (char)('0' + i % 10);
    }
    offsets[n] = n * 2;
}

/* A context of our own for one test. */
static mlpipe_ctx *other_ctx(const mlpipe_limits *limits,
                             int32_t (*progress)(void *, const char *,
                                                 double))
{
    mlpipe_ctx_options options = {.size = sizeof options};
    mlpipe_ctx *made;

    options.limits = limits;
    options.progress = progress;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&options, &made));
    return made;
}

static void test_categories_have_a_limit(void **state)
{
    const mlpipe_limits limits = {.size = sizeof limits, .categories = 50};
    const int32_t codes[] = {0, 1}, entries[] = {0, 1, 2};
    mlpipe_ctx *kept = ctx;
    struct ArrowSchema s;
    struct ArrowArray a;
    mlpipe_dataset *d;

    (void)state;
    ctx = other_ctx(&limits, NULL);
    two_digits(&s, &a, 51);
    refuse(MLPIPE_E_LIMIT, &s, &a, "text=category",
           "51 different texts; the limit categories is 50; text=text");
    two_digits(&s, &a, 51);
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &s, &a, NULL, &d));
    assert_int_equal(MLPIPE_TYPE_TEXT, mlpipe_dataset_type(d, 0));
    mlpipe_dataset_free(d);
    s.release(&s);
    two_digits(&s, &a, 50);
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &s, &a, "text=category",
                                             &d));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 0));
    mlpipe_dataset_free(d);
    s.release(&s);
    mlpipe_ctx_free(ctx);
    const mlpipe_limits one = {.size = sizeof one, .categories = 1};
    ctx = other_ctx(&one, NULL);
    rig_type(&s, "i", "t");
    rig_values(&s, "u");
    rig_rows(&a, 2, 2);
    RIG(&a, 1, codes);
    RIG(rig_entries(&a, 2, 3), 1, entries);
    rig_buffer(a.dictionary, 2, "ab", 2);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "2 different texts; the limit");
    mlpipe_ctx_free(ctx);
    ctx = kept;
}

/* ---- rows ---------------------------------------------------------------- */

static void make_text_schema(struct ArrowSchema *s)
{
    rig_type(s, "+s", "");
    rig_field(s, "u", "t");
    struct ArrowSchema *list = rig_field(s, "+l", "l");
    rig_field(list, "u", "item");
}

/* Three rows behind an offset of one: t and one list item each. */
static void make_text_batch(struct ArrowArray *a, const char *texts,
                            const char *items)
{
    const int32_t offsets[] = {0, 1, 2, 3, 4};

    rig_rows(a, 3, 1);
    a->offset = 1;
    struct ArrowArray *t = rig_child(a, 4, 3);
    RIG(t, 1, offsets);
    rig_buffer(t, 2, texts, 4);
    struct ArrowArray *l = rig_child(a, 4, 2);
    RIG(l, 1, offsets);
    struct ArrowArray *item = rig_child(l, 4, 3);
    RIG(item, 1, offsets);
    rig_buffer(item, 2, items, 4);
}

/* The second batch is wrong: told with its row, and where it has one. */
static void second_batch(const char *texts, const char *items,
                         const char *told, int64_t row)
{
    struct ArrowArrayStream stream;
    struct ArrowArray arrays[2];
    rig_stream p = {.make = make_text_schema, .arrays = arrays, .count = 2,
                    .fail_at = -1};
    mlpipe_dataset *d;

    make_text_batch(&arrays[0], "abcd", "efgh");
    make_text_batch(&arrays[1], texts, items);
    rig_open(&stream, &p);
    assert_status(MLPIPE_E_FORMAT, mlpipe_dataset_from_arrow_stream(
                                       ctx, &stream, NULL, &d));
    if (!strstr(mlpipe_ctx_error(ctx)->text, told))
        fail_msg("%s: nothing of %s", mlpipe_ctx_error(ctx)->text, told);
    assert_int_equal(row, mlpipe_ctx_error(ctx)->row);
    stream.release(&stream);
}

static void test_rows_are_those_of_the_dataset(void **state)
{
    (void)state;
    second_batch("abc\xff", "efgh", "\"t\", row 5 is no UTF-8", 5);
    second_batch("a\xff" "cd", "efgh", "\"t\", row 3 is no UTF-8", 3);
    /* Before the first row of the batch: no row of the dataset. */
    second_batch("\xff" "bcd", "efgh", "\"t\", element 0 is no UTF-8", -1);
    second_batch("abcd", "ef\xff" "h", "element 2 is no UTF-8", -1);
}

/* ---- cancelling ---------------------------------------------------------- */

static int32_t stop(void *user, const char *stage, double fraction)
{
    (void)user;
    (void)stage;
    (void)fraction;
    return 1;
}

/* Before the texts are found to be wrong. */
static void test_the_check_is_cancelled(void **state)
{
    mlpipe_ctx *kept = ctx;
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    ctx = other_ctx(NULL, stop);
    two_digits(&s, &a, 10);
    ((char *)rig_buffer(&a, 2, NULL, 20))[0] = '\xff';
    refuse(MLPIPE_E_CANCELLED, &s, &a, NULL, "stop");
    mlpipe_ctx_free(ctx);
    ctx = kept;
}

static void test_a_gathering_export_is_cancelled(void **state)
{
    mlpipe_ctx *stopped = other_ctx(NULL, stop);
    struct ArrowSchema s;
    struct ArrowArray a;
    mlpipe_dataset *d, *parts[2];

    (void)state;
    two_digits(&s, &a, 100);
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &s, &a, "text=text", &d));
    s.release(&s);
    assert_ok(ctx, mlpipe_dataset_split(ctx, d, "parts=0.5,0.5", parts, 2));
    assert_status(MLPIPE_E_CANCELLED, mlpipe_dataset_to_arrow(
                                          stopped, parts[0], NULL, &s, &a));
    assert_null(s.release);
    assert_null(a.release);
    assert_ok(ctx, mlpipe_dataset_to_arrow(ctx, parts[0], NULL, &s, &a));
    assert_int_equal(mlpipe_dataset_rows(parts[0]), a.length);
    a.release(&a);
    s.release(&s);
    mlpipe_dataset_free(parts[0]);
    mlpipe_dataset_free(parts[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(stopped);
}

/* ---- more than is stored ------------------------------------------------- */

/* Views of which each is all of the child's elements. */
static struct ArrowArray *whole_views(struct ArrowArray *a, int64_t views,
                                      int64_t elements)
{
    int32_t *from = rig_buffer(a, 1, NULL, (size_t)views * 4);
    int32_t *sizes = rig_buffer(a, 2, NULL, (size_t)views * 4);

    for (int64_t i = 0; i < views; i++) {
        from[i] = 0;
        sizes[i] = (int32_t)elements;
    }
    return a;
}

static void put_ones(struct ArrowArray *a, int64_t rows)
{
    memset(rig_buffer(a, 1, NULL, (size_t)rows), 1, (size_t)rows);
}

static void test_lists_overlap_within_a_limit(void **state)
{
    enum { VIEWS = 50000 };
    struct ArrowSchema s;
    struct ArrowArray a;
    mlpipe_dataset *d;

    (void)state;
    rig_field(rig_type(&s, "+vl", "v"), "c", "item");
    whole_views(rig_rows(&a, VIEWS, 3), VIEWS, VIEWS);
    put_ones(rig_child(&a, VIEWS, 2), VIEWS);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL,
           "\"v\", format \"+vl\": 2500000000 elements or more are unpacked "
           "of 100000 that are stored; the limit unpacked_ratio is 1000");
    rig_field(rig_type(&s, "+vl", "v"), "c", "item");
    whole_views(rig_rows(&a, 500, 3), 500, 500);
    put_ones(rig_child(&a, 500, 2), 500);
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &s, &a, NULL, &d));
    mlpipe_dataset_free(d);
    s.release(&s);
}

/* 200 lists of 200 lists of 1,000 numbers, of which 1,000 are stored. */
static void nested_views(struct ArrowSchema *s, struct ArrowArray *a)
{
    rig_field(rig_field(rig_type(s, "+vl", "v"), "+vl", "item"), "c",
              "item");
    whole_views(rig_rows(a, 200, 3), 200, 200);
    put_ones(rig_child(whole_views(rig_child(a, 200, 3), 200, 1000), 1000,
                       2), 1000);
}

static int polls;

static int32_t stop_late(void *user, const char *stage, double fraction)
{
    (void)user;
    (void)stage;
    (void)fraction;
    return ++polls > 50;
}

static void test_nested_lists_are_counted(void **state)
{
    mlpipe_ctx *kept = ctx;
    struct ArrowSchema s;
    struct ArrowArray a;

    (void)state;
    nested_views(&s, &a);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "of 1400 that are stored");
    ctx = other_ctx(NULL, stop_late);
    nested_views(&s, &a);
    refuse(MLPIPE_E_CANCELLED, &s, &a, NULL, "stop");
    mlpipe_ctx_free(ctx);
    ctx = kept;
}

static void runs_of_one(struct ArrowSchema *s, struct ArrowArray *a,
                        int64_t rows)
{
    struct ArrowSchema *f = rig_type(s, "+r", "r");
    const int64_t end = rows;

    rig_field(f, "l", "run_ends");
    rig_field(f, "c", "values");
    rig_rows(a, rows, 0);
    rig_buffer(rig_child(a, 1, 2), 1, &end, sizeof end);
    put_ones(rig_child(a, 1, 2), 1);
}

static void test_runs_are_counted(void **state)
{
    struct ArrowSchema s;
    struct ArrowArray a;
    mlpipe_dataset *d;

    (void)state;
    runs_of_one(&s, &a, 1 << 25);
    refuse(MLPIPE_E_LIMIT, &s, &a, NULL, "33554432 elements or more are "
           "unpacked of 1 that are stored");
    runs_of_one(&s, &a, 1 << 20);
    assert_ok(ctx, mlpipe_dataset_from_arrow(ctx, &s, &a, NULL, &d));
    assert_int_equal(1 << 20, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    s.release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_categories_have_a_limit),
        cmocka_unit_test(test_rows_are_those_of_the_dataset),
        cmocka_unit_test(test_the_check_is_cancelled),
        cmocka_unit_test(test_a_gathering_export_is_cancelled),
        cmocka_unit_test(test_lists_overlap_within_a_limit),
        cmocka_unit_test(test_nested_lists_are_counted),
        cmocka_unit_test(test_runs_are_counted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
