/* SPDX-License-Identifier: MIT */
/* A monitor's report as a page: charts, pictures and verdicts. */
#include "support.h"

#include "report/report_internal.h"

static void text_of(mlpipe_report *r, const char *name, const char *text)
{
    mlpipe__report_text(r, name, text, strlen(text));
}

static void cell_text(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

enum { PANES = 24, SWAP = 17, ALARM = 15 };

static void put_pane(mlpipe_report *r, int pane)
{
    const double nan = mlpipe__nan();
    const double score = pane < 11 ? 0.9 : pane < SWAP ? 0.85 - 0.01 * pane
                                                       : 0.89;

    mlpipe__report_cell_number(r, pane + 1);
    cell_text(r, "2026-01-02T03:04:05");
    mlpipe__report_cell_number(r, pane < SWAP ? 1 : 2);
    mlpipe__report_cell_number(r, 1000);
    mlpipe__report_cell_number(r, pane < 12 ? 0 : pane - 11);
    mlpipe__report_cell_number(r, pane < 12 ? 0.01 : 0.2);
    mlpipe__report_cell_number(r, pane == 5 ? nan : score);
    mlpipe__report_cell_number(r, pane == 5 ? nan : score - 0.03);
    mlpipe__report_cell_number(r, pane == 5 ? nan : score + 0.03);
    mlpipe__report_cell_number(r, 0.9);
    mlpipe__report_cell_number(r, 0.88);
    mlpipe__report_cell_number(r, 0);
    mlpipe__report_cell_number(r, nan);
    cell_text(r, pane >= ALARM && pane < SWAP ? "DRIFT" : "OK");
}

/* inputs: how many; each has 20 bins. */
static mlpipe_report *page_of(mlpipe_ctx *c, int inputs, int panes)
{
    mlpipe_report *r = mlpipe__report_new(c->env, "monitor"), *out;
    char name[32];

    text_of(r, "verdict", "DRIFT");
    text_of(r, "performance", "INSUFFICIENT_DATA");
    mlpipe__report_number(r, "rows", 24000);
    mlpipe__report_number(r, "x0.psi", 0.31);
    mlpipe__report_table(r, "panes_closed",
                         "pane,closed,deployment,rows,features_drifted,"
                         "score_psi,performance,performance_low,"
                         "performance_high,estimated,reference,errors,"
                         "latency_ns_p99,verdict");
    for (int i = 0; i < panes; i++)
        put_pane(r, i);
    mlpipe__report_table(r, "inputs", "input,psi,q,verdict");
    for (int i = 0; i < inputs; i++) {
        snprintf(name, sizeof name, "x%d<b>", i);
        cell_text(r, name);
        mlpipe__report_cell_number(r, 0.3 / (i + 1));
        mlpipe__report_cell_number(r, 0.001 * i);
        cell_text(r, i ? "OK" : "DRIFT");
    }
    mlpipe__report_table(r, "bins", "input,cell,reference,current");
    for (int i = 0; i < inputs * 20; i++) {
        snprintf(name, sizeof name, "x%d<b>", i / 20);
        cell_text(r, name);
        cell_text(r, "0 to 1");
        mlpipe__report_cell_number(r, 0.05);
        mlpipe__report_cell_number(r, 0.002 * (i % 20) + 0.03);
    }
    mlpipe__report_table(r, "decisions", "time,action,deployment,reason");
    cell_text(r, "2026-01-02T03:04:05");
    cell_text(r, "swapped");
    mlpipe__report_cell_number(r, 2);
    cell_text(r, "<script>alert(1)</script>");
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    return out;
}

static mlpipe_buffer *page(mlpipe_ctx *c, int inputs, int panes)
{
    mlpipe_report *r = page_of(c, inputs, panes);
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_report_render(c, r, "html", &b));
    mlpipe_report_free(r);
    return b;
}

static int count(const mlpipe_buffer *b, const char *what)
{
    const char *at = mlpipe_buffer_data(b);
    int n = 0;

    while ((at = strstr(at, what)))
        n++, at++;
    return n;
}

static void draws_what_is_there(void **state)
{
    mlpipe_buffer *b = page(*state, 3, PANES);

    /* performance, inputs, scores and errors; latency is never a number */
    assert_int_equal(count(b, "<svg class=\"chart\""), 4);
    assert_int_equal(count(b, "<title>deployment 2</title>"), 4);
    assert_int_equal(count(b, "<title>DRIFT</title>"), SWAP - ALARM);
    assert_int_equal(count(b, "aria-label=\"distribution\""), 3);
    assert_int_equal(count(b, "<script"), 0);
    assert_int_equal(count(b, "x1<b>"), 0);
    assert_int_equal(count(b, "http"), 1); /* of the policy's meta */
    assert_int_equal(count(b, "NaN") + count(b, "nan"), 0);
    assert_int_equal(count(b, "<dt>x0.psi</dt>"), 1);
    mlpipe_buffer_free(b);
}

/* A gap in a line ends it; a number between two gaps is a dot. */
static void breaks_lines_at_gaps(void **state)
{
    mlpipe_buffer *b = page(*state, 1, PANES);
    const char *at = strstr(mlpipe_buffer_data(b), "class=\"lb\"");
    int moves = 0;

    assert_non_null(at);
    for (at = strstr(at, "d=\"") + 3; *at != '"'; at++)
        moves += *at == 'M';
    assert_int_equal(moves, 2); /* before pane 6 and after it */
    mlpipe_buffer_free(b);
    b = page(*state, 1, 1);
    assert_non_null(strstr(mlpipe_buffer_data(b), "h.1\"/>"));
    mlpipe_buffer_free(b);
    b = page(*state, 0, 0);
    assert_int_equal(count(b, "<svg"), 0);
    mlpipe_buffer_free(b);
}

/* Panes whose numbers lie as far apart as doubles do. */
static void draws_any_numbers(void **state)
{
    static const double ends[] = {-1.7e308, 1.7e308, 0};
    mlpipe_report *r, *out;
    mlpipe_buffer *b;

    r = mlpipe__report_new(((mlpipe_ctx *)*state)->env, "monitor");
    mlpipe__report_table(r, "panes_closed", "pane,performance");
    for (int i = 0; i < 3; i++) {
        mlpipe__report_cell_number(r, i + 1);
        mlpipe__report_cell_number(r, ends[i]);
    }
    assert_ok(*state, mlpipe__report_seal(*state, r, &out));
    assert_ok(*state, mlpipe_report_render(*state, out, "html", &b));
    mlpipe_report_free(out);
    assert_int_equal(count(b, "NaN") + count(b, "nan"), 0);
    assert_int_equal(count(b, " 130h.1"), 1); /* the lowest is below, */
    assert_int_equal(count(b, " 10L"), 1);    /* the highest on top */
    mlpipe_buffer_free(b);
}

static void is_small(void **state)
{
    mlpipe_buffer *b = page(*state, 100, PANES);

    assert_true(mlpipe_buffer_size(b) <= 400 * 1000);
    mlpipe_buffer_free(b);
}

static int setup(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int teardown(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(draws_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(breaks_lines_at_gaps, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(draws_any_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(is_small, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
