/* SPDX-License-Identifier: MIT */
/*
 * A dialect is chosen by the start of a file and confirmed by windows over the
 * rest: where half of them are written by another delimiter the file is
 * refused, where fewer are the margin falls.
 */
#include "support.h"

#include "collect/input_rig.h"

enum { WINDOWS_ROWS = 160000 }; /* of about 20 bytes: three times the start */

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

/* Rows of which those from `from` up to `to` have another delimiter. */
static rig_bytes rows(int from, int to, char other)
{
    rig_bytes b = {NULL, 0, 0};
    char line[80];

    rig_put(&b, "name,x,y\n", 9);
    for (int i = 0; i < WINDOWS_ROWS; i++) {
        const char c = i >= from && i < to ? other : ',';
        const int n = sprintf(line, "word%d%c%d%c%d.5\n", i % 50, c, i, c,
                              i % 1000);
        rig_put(&b, line, (size_t)n);
    }
    return b;
}

static mlpipe_report *dialect(const rig_bytes *b, const char *params)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_csv_dialect_memory(ctx, b->data, b->size, params,
                                             &r));
    return r;
}

static void tells(const rig_bytes *b, const char *params, double windows,
                  double confirming, double against, double ambiguous)
{
    mlpipe_report *r = dialect(b, params);
    assert_same(windows, mlpipe_report_get(r, "windows"));
    assert_same(confirming, mlpipe_report_get(r, "windows_confirming"));
    assert_same(against, mlpipe_report_get(r, "windows_against"));
    assert_same(ambiguous, mlpipe_report_get(r, "ambiguous"));
    mlpipe_report_free(r);
}

static double margin(const rig_bytes *b)
{
    mlpipe_report *r = dialect(b, NULL);
    const double x = mlpipe_report_get(r, "margin");
    mlpipe_report_free(r);
    return x;
}

static void test_all_alike(void **state)
{
    rig_bytes b = rows(0, 0, ';');

    tells(&b, NULL, 8, 8, 0, 0);
    tells(&b, "delimiter=,", 0, 0, 0, 0);
    /* The start is all there is. */
    b.size = 1 << 20;
    tells(&b, NULL, 0, 0, 0, 0);
    free(b.data);
}

static void test_half_is_another(void **state)
{
    rig_bytes b = rows(WINDOWS_ROWS / 2, WINDOWS_ROWS, ';');
    mlpipe_dataset *d;
    mlpipe_report *r = dialect(&b, NULL);

    assert_true(mlpipe_report_get(r, "windows_against") >= 4);
    assert_same(1, mlpipe_report_get(r, "ambiguous"));
    mlpipe_report_free(r);
    assert_status(MLPIPE_E_AMBIGUOUS,
                  mlpipe_read_csv_memory(ctx, b.data, b.size, NULL, &d));
    assert_null(d);
    const char *text = mlpipe_ctx_error(ctx)->text;
    assert_non_null(strstr(text, "\",\" (3 cells a line: [name] [x] [y])"));
    assert_non_null(strstr(text, "\";\" (3 cells a line: [word"));
    assert_non_null(strstr(text, ", as about byte "));
    /* Who says which is believed. */
    assert_ok(ctx, mlpipe_read_csv_memory(
        ctx, b.data, b.size,
        "delimiter=, rows=quarantine max_rejects=100000", &d));
    assert_int_equal(WINDOWS_ROWS / 2, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    free(b.data);
}

static void test_a_part_is_another(void **state)
{
    const int eighth = WINDOWS_ROWS / 12;
    rig_bytes plain = rows(0, 0, ';');
    rig_bytes b = rows(6 * eighth, 7 * eighth, '|');
    const double before = margin(&plain), after = margin(&b);

    tells(&b, NULL, 8, 7, 1, 0);
    assert_true(after < before && after > 0.8 * before);
    free(plain.data);
    free(b.data);
}

/* What the first 64 KiB have settled is asked again where lines behind them,
 * within the first MiB, show a quote, an escape, a comment or a delimiter that
 * the others do not. */
static void test_behind_the_first_look(void **state)
{
    static const struct {
        const char *line, *params;
        int rows; /* of 20,002 lines, 2 of which are of that kind */
    } cases[] = {
        {"'a,b',1,2.5\n", NULL, 20002},
        {"\"a \\\"b, c\\\" d\",1,2.5\n", NULL, 20002},
        {"\"a,b\",1,2.5\n", NULL, 20002},
        {"# a, b\n", NULL, 20000},
        {"a;b;c\n", "rows=quarantine", 20000},
    };

    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        rig_bytes b = {NULL, 0, 0};
        mlpipe_dataset *d;
        char line[80];

        rig_put(&b, "name,x,y\n", 9);
        for (int i = 0; i < 20002; i++)
            if (i == 12000 || i == 12001)
                rig_put(&b, cases[t].line, strlen(cases[t].line));
            else
                rig_put(&b, line, (size_t)sprintf(line, "word%d,%d,%d.5\n",
                                                  i % 50, i, i % 1000));
        assert_ok(ctx, mlpipe_read_csv_memory(ctx, b.data, b.size,
                                              cases[t].params, &d));
        assert_int_equal(cases[t].rows, mlpipe_dataset_rows(d));
        assert_int_equal(3, mlpipe_dataset_columns(d));
        assert_int_equal(MLPIPE_TYPE_I64, mlpipe_dataset_type(d, 1));
        mlpipe_dataset_free(d);
        free(b.data);
    }
}

/* Long texts of several lines, in which a window may begin, say nothing. */
static void test_within_texts(void **state)
{
    rig_bytes b = {NULL, 0, 0};
    char line[80];

    rig_put(&b, "id,text\n", 8);
    for (int i = 0; i < 60; i++) {
        rig_put(&b, line, (size_t)sprintf(line, "%d,\"", i));
        for (int k = 0; k < 3000; k++)
            rig_put(&b, line, (size_t)sprintf(
                line, k % 7 ? "so; it; goes %d\n" : "on, and on\n", k));
        rig_put(&b, "\"\n", 2);
    }
    mlpipe_report *r = dialect(&b, NULL);
    assert_same(0, mlpipe_report_get(r, "windows_against"));
    assert_same(8, mlpipe_report_get(r, "windows"));
    mlpipe_report_free(r);
    free(b.data);
}

/* A file tells the same, whatever the reads give; one that is packed has no
 * windows. */
static void test_files(void **state)
{
    rig_bytes b = rows(WINDOWS_ROWS / 2, WINDOWS_ROWS, ';');
    rig_bytes packed = {NULL, 0, 0};
    mlpipe_io io, inner;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &inner);
    rig_short pieces = {inner, 5000};
    const mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *files;
    mlpipe_report *r, *there = dialect(&b, NULL);
    mlpipe_buffer *here, *other;

    rig_short_table(&pieces, &io);
    assert_int_equal(0, mlpipe_ctx_new(&o, &files));
    assert_true(rig_write(&inner, "t.csv", &b));
    assert_ok(files, mlpipe_csv_dialect(files, "t.csv", NULL, &r));
    assert_ok(files, mlpipe_report_render(files, r, "json", &here));
    assert_ok(ctx, mlpipe_report_render(ctx, there, "json", &other));
    assert_string_equal(mlpipe_buffer_data(other), mlpipe_buffer_data(here));
    mlpipe_buffer_free(here);
    mlpipe_buffer_free(other);
    mlpipe_report_free(r);
    mlpipe_report_free(there);
    mlpipe_ctx_free(files);
    mlpipe__memory_io_free(memory);
    if (rig_has(RIG_GZIP)) {
        rig_pack(&b, RIG_GZIP, &packed);
        tells(&packed, NULL, 0, 0, 0, 0);
        free(packed.data);
    }
    free(b.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_is_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_part_is_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_behind_the_first_look, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_within_texts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
