/* SPDX-License-Identifier: MIT */
/* Reports: what goes in comes out, as text, as JSON, and from saved bytes. */
#include "golden_text.h"
#include "support.h"

#include "report/report_internal.h"

static mlpipe_report *sample(mlpipe_ctx *c)
{
    static const double series[3] = {1, 2.5, -3};
    const mlpipe_figure rmse = {12.34567891, 12, 13, 100};
    mlpipe_report *r = mlpipe__report_new(c->env, "sample"), *out;

    mlpipe__report_figure(r, "rmse", &rmse);
    mlpipe__report_number(r, "rows", 21597);
    mlpipe__report_number(r, "empty", 0.0 / (double)(c->seed - c->seed));
    mlpipe__report_text(r, "verdict", "O\"K", 3);
    mlpipe__report_series(r, "curve", series, 3);
    mlpipe__report_table(r, "rejects", "line,reason");
    mlpipe__report_cell_number(r, 7);
    mlpipe__report_cell_text(r, "too few", 7);
    mlpipe__report_cell_number(r, 9);
    mlpipe__report_cell_text(r, "too many", 8);
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    return out;
}

static void check_getters(const mlpipe_report *r)
{
    mlpipe_figure f;
    const char *name;

    assert_near(mlpipe_report_get(r, "rmse"), 12.34567891, 0);
    assert_near(mlpipe_report_get(r, "rows"), 21597, 0);
    assert_true(mlpipe_report_get(r, "none") != mlpipe_report_get(r, "none"));
    assert_string_equal(mlpipe_report_text(r, "verdict"), "O\"K");
    assert_null(mlpipe_report_text(r, "rmse"));
    assert_int_equal(mlpipe_report_count(r), 3);
    assert_int_equal(mlpipe_report_figure(r, 0, &name, &f), 0);
    assert_string_equal(name, "rmse");
    assert_near(f.low, 12, 0);
    assert_near(f.n, 100, 0);
    assert_int_equal(mlpipe_report_figure(r, 3, &name, &f), MLPIPE_E_ARG);
}

static void gives_what_was_put(void **state)
{
    mlpipe_report *r = sample(*state);

    check_getters(r);
    mlpipe_report_free(r);
    assert_int_equal(mlpipe_report_count(NULL), 0);
    mlpipe_report_free(NULL);
}

static void renders_json(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = sample(c);
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_string_equal(mlpipe_buffer_data(b),
        "{\"report\":\"sample\",\"rmse\":{\"value\":12.34567891,\"low\":12,"
        "\"high\":13,\"n\":100},\"rows\":{\"value\":21597},\"empty\":"
        "{\"value\":null},\"verdict\":\"O\\\"K\",\"curve\":[1,2.5,-3],"
        "\"rejects\":{\"columns\":[\"line\",\"reason\"],\"rows\":"
        "[[7,\"too few\"],[9,\"too many\"]]}}");
    mlpipe_buffer_free(b);
    assert_int_equal(mlpipe_report_render(c, r, "xml", &b), MLPIPE_E_PARAM);
    assert_null(b);
    mlpipe_report_free(r);
}

static void renders_text(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = sample(c);
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_report_render(c, r, "text", &b));
    assert_string_equal(mlpipe_buffer_data(b),
        "sample\n"
        "  rmse     12.3457  [12, 13]  n=100\n"
        "  rows     21597\n"
        "  empty    nan\n"
        "  verdict  O\"K\n"
        "  curve    1 2.5 -3\n"
        "  rejects\n"
        "  line  reason\n"
        "  7     too few\n"
        "  9     too many\n");
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

/* Noise of rounding is left out where people read, and not in JSON. */
static void renders_long_numbers(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "sample");
    mlpipe_buffer *b;

    mlpipe__report_number(r, "a", 6252450.0000000009);
    mlpipe__report_number(r, "b", -1234567.1000000001);
    mlpipe__report_number(r, "c", 1234567.125);
    mlpipe__report_number(r, "d", 1e15 + 0.125);
    assert_ok(c, mlpipe__report_seal(c, r, &r));
    assert_ok(c, mlpipe_report_render(c, r, "text", &b));
    assert_string_equal(mlpipe_buffer_data(b),
                        "sample\n"
                        "  a  6252450\n"
                        "  b  -1234567.1\n"
                        "  c  1234567.125\n"
                        "  d  1000000000000000.1\n");
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_non_null(strstr(mlpipe_buffer_data(b), "6252450.000000001"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

static void renders_markdown(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = sample(c);
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_report_render(c, r, "markdown", &b));
    assert_string_equal(mlpipe_buffer_data(b),
        "# sample\n\n"
        "- `verdict`: O\"K\n\n"
        "| figure | value | 95 % interval | n |\n"
        "| --- | --- | --- | --- |\n"
        "| `rmse` | 12.3457 | 12 to 13 | 100 |\n"
        "| `rows` | 21597 |  |  |\n"
        "| `empty` | not defined |  |  |\n\n"
        "`curve`: 1, 2.5, -3\n\n"
        "`rejects`:\n\n"
        "| line | reason |\n"
        "| --- | --- |\n"
        "| 7 | too few |\n"
        "| 9 | too many |\n");
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

static void saves_and_loads(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = sample(c), *back;
    mlpipe__text first, second;
    size_t i, loaded = 0;

    mlpipe__text_init(&first, c->env);
    mlpipe__text_init(&second, c->env);
    mlpipe__report_save(r, &first);
    assert_ok(c, mlpipe__report_load(c, first.data, first.size, &back));
    check_getters(back);
    mlpipe__report_save(back, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    mlpipe_report_free(back);
    for (i = 0; i < first.size; i++)
        assert_int_equal(mlpipe__report_load(c, first.data, i, &back),
                         MLPIPE_E_CORRUPT);
    golden_gist(__BASE_FILE__, "a report cut short",
                mlpipe_ctx_error(c)->text);
    /* all 255 wrong values: refused, or a report that can be used */
    for (i = 0; i < 255 * first.size; i++) {
        const char wrong = (char)(1 + i % 255);
        mlpipe_buffer *b;

        first.data[i / 255] ^= wrong;
        if (!mlpipe__report_load(c, first.data, first.size, &back)) {
            assert_ok(c, mlpipe_report_render(c, back, "text", &b));
            mlpipe_buffer_free(b);
            assert_ok(c, mlpipe_report_render(c, back, "markdown", &b));
            mlpipe_buffer_free(b);
            mlpipe_report_free(back);
            loaded++;
        }
        first.data[i / 255] ^= wrong;
    }
    assert_true(loaded > 0 && loaded < i);
    mlpipe__text_free(&first);
    mlpipe__text_free(&second);
    mlpipe_report_free(r);
}

/* A step's notes are told apart by its name and by that of a column, however
 * long it is; where nobody listens they are nothing. */
static void notes_have_whole_names(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "fit"), *out;
    char column[401], name[420];

    memset(column, 'c', 400);
    column[400] = 0;
    mlpipe__report_note(r, "clean", NULL, "dropped", 3);
    mlpipe__report_note(r, "clean", column, "unread", 4);
    mlpipe__report_note_text(r, "clean", "day", "pattern", "%Y");
    mlpipe__report_note(NULL, "clean", NULL, "dropped", 3);
    mlpipe__report_note_text(NULL, "clean", NULL, "dropped", "x");
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    assert_near(mlpipe_report_get(out, "clean.dropped"), 3, 0);
    snprintf(name, sizeof name, "clean.%s.unread", column);
    assert_near(mlpipe_report_get(out, name), 4, 0);
    assert_string_equal(mlpipe_report_text(out, "clean.day.pattern"), "%Y");
    mlpipe_report_free(out);
}

static uint32_t occurs(const char *text, const char *part)
{
    uint32_t n = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

/* A profile of many columns: a picture for the first thousand, and it says
 * so; the tables need not have their columns in the same order. */
static void draws_a_thousand_columns(void **state)
{
    enum { COLUMNS = 3000 };
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "profile"), *out;
    mlpipe_buffer *b;
    char name[16];

    mlpipe__report_table(r, "columns", "column,type");
    for (int i = 0; i < COLUMNS; i++) {
        snprintf(name, sizeof name, "c%d", i);
        mlpipe__report_cell_text(r, name, strlen(name));
        mlpipe__report_cell_text(r, "f64", 3);
    }
    mlpipe__report_table(r, "histograms", "column,from,to,rows");
    for (int i = COLUMNS; i--;)
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "c%d", i);
            mlpipe__report_cell_text(r, name, strlen(name));
            mlpipe__report_cell_number(r, k);
            mlpipe__report_cell_number(r, k + 1);
            mlpipe__report_cell_number(r, i + 1);
        }
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    assert_ok(c, mlpipe_report_render(c, out, "html", &b));
    assert_int_equal(1000, occurs(mlpipe_buffer_data(b), "<svg "));
    assert_int_equal(1, occurs(mlpipe_buffer_data(b), "<p>Pictures of the "
                               "first 1000 rows alone, of 3000.</p>"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(out);
}

static int setup(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int teardown(void **state)
{
    uint64_t live;

    mlpipe_ctx_memory(*state, &live, NULL);
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_what_was_put, setup, teardown),
        cmocka_unit_test_setup_teardown(notes_have_whole_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(renders_json, setup, teardown),
        cmocka_unit_test_setup_teardown(renders_long_numbers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(renders_markdown, setup, teardown),
        cmocka_unit_test_setup_teardown(draws_a_thousand_columns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(renders_text, setup, teardown),
        cmocka_unit_test_setup_teardown(saves_and_loads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
