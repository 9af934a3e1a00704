/* SPDX-License-Identifier: MIT */
/* Reports for scrapers: what is written, and that a strict reader takes it,
 * whatever names and texts a report has. */
#include "prometheus_parser.h"

#include "report/report_internal.h"

static void cell(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

static mlpipe_buffer *render(mlpipe_ctx *c, mlpipe_report *r)
{
    mlpipe_report *sealed;
    mlpipe_buffer *b;

    assert_ok(c, mlpipe__report_seal(c, r, &sealed));
    assert_ok(c, mlpipe_report_render(c, sealed, "prometheus", &b));
    mlpipe_report_free(sealed);
    return b;
}

static void check(mlpipe_ctx *c, mlpipe_report *r, const char *expected)
{
    mlpipe_buffer *b = render(c, r);

    assert_string_equal(mlpipe_buffer_data(b), expected);
    prom_read(mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
}

#define LEFT(kind, n)                                                         \
    "# HELP mlpipe_" kind "_left_out " kind " report: left_out\n"             \
    "# TYPE mlpipe_" kind "_left_out gauge\n"                                 \
    "mlpipe_" kind "_left_out " n "\n"

static void test_numbers(void **state)
{
    mlpipe_ctx *c = *state;
    const mlpipe_figure rmse = {0.5, 0.25, 0.75, 100};
    mlpipe_report *r = mlpipe__report_new(c->env, "sample");

    mlpipe__report_figure(r, "rmse", &rmse);
    mlpipe__report_number(r, "p@5", mlpipe__nan());
    mlpipe__report_number(r, "p\n\\\"5", mlpipe__inf());
    mlpipe__report_number(r, "a.b", -mlpipe__inf());
    mlpipe__report_number(r, "a_b", 1e-300);
    mlpipe__report_number(r, "rows", 7); /* counts of monitors alone */
    check(c, r,
          "# HELP mlpipe_sample_rmse sample report: rmse\n"
          "# TYPE mlpipe_sample_rmse gauge\n"
          "mlpipe_sample_rmse 0.5\n"
          "# HELP mlpipe_sample_rmse_low sample report: rmse.low\n"
          "# TYPE mlpipe_sample_rmse_low gauge\n"
          "mlpipe_sample_rmse_low 0.25\n"
          "# HELP mlpipe_sample_rmse_high sample report: rmse.high\n"
          "# TYPE mlpipe_sample_rmse_high gauge\n"
          "mlpipe_sample_rmse_high 0.75\n"
          "# HELP mlpipe_sample_rmse_n sample report: rmse.n\n"
          "# TYPE mlpipe_sample_rmse_n gauge\n"
          "mlpipe_sample_rmse_n 100\n"
          "# HELP mlpipe_sample_p_5 sample report: p@5\n"
          "# TYPE mlpipe_sample_p_5 gauge\n"
          "mlpipe_sample_p_5{name=\"p@5\"} NaN\n"
          "# HELP mlpipe_sample_p___5 sample report: p\\n\\\\\"5\n"
          "# TYPE mlpipe_sample_p___5 gauge\n"
          "mlpipe_sample_p___5{name=\"p\\n\\\\\\\"5\"} +Inf\n"
          "# HELP mlpipe_sample_a_b sample report: a.b\n"
          "# TYPE mlpipe_sample_a_b gauge\n"
          "mlpipe_sample_a_b -Inf\n"
          "mlpipe_sample_a_b{name=\"a_b\"} 1e-300\n"
          "# HELP mlpipe_sample_rows sample report: rows\n"
          "# TYPE mlpipe_sample_rows gauge\n"
          "mlpipe_sample_rows 7\n" LEFT("sample", "0"));
}

/* What a monitor only counts up is a counter, and what waits is none. */
static void test_counters_of_truths(void **state)
{
    static const char *const counts[] = {
        "truths_refused", "ticks_back", "rows_ahead", "rows_late",
        "truths_ahead", "truths_before", "ids_lost", "truths_unmatched",
    };
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "monitor");
    mlpipe_buffer *b;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        mlpipe__report_number(r, counts[i], (double)i);
    mlpipe__report_number(r, "truths_early", 4);
    b = render(c, r);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char line[128];
        snprintf(line, sizeof line, "\nmlpipe_monitor_%s_total %zu\n",
                 counts[i], i);
        if (!strstr(mlpipe_buffer_data(b), line))
            fail_msg("no %s", line);
    }
    assert_non_null(strstr(mlpipe_buffer_data(b),
                           "\nmlpipe_monitor_truths_early 4\n"));
    mlpipe_buffer_free(b);
}

static void test_counters_and_texts(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "monitor");

    mlpipe__report_number(r, "rows", 7);
    mlpipe__report_text(r, "model", "a\"b", 3);
    mlpipe__report_text(r, "features", "DRIFT", 5);
    mlpipe__report_text(r, "score", "insufficient_data", 17);
    mlpipe__report_table(r, "errors_by_code", "code,requests,pane_requests");
    cell(r, "MLPIPE_E_IO");
    mlpipe__report_cell_number(r, 9);
    mlpipe__report_cell_number(r, 2);
    check(c, r,
          "# HELP mlpipe_monitor_errors_by_code_requests_total monitor "
          "report: errors_by_code.requests\n"
          "# TYPE mlpipe_monitor_errors_by_code_requests_total counter\n"
          "mlpipe_monitor_errors_by_code_requests_total"
          "{code=\"MLPIPE_E_IO\"} 9\n"
          "# HELP mlpipe_monitor_errors_by_code_pane_requests monitor "
          "report: errors_by_code.pane_requests\n"
          "# TYPE mlpipe_monitor_errors_by_code_pane_requests gauge\n"
          "mlpipe_monitor_errors_by_code_pane_requests"
          "{code=\"MLPIPE_E_IO\"} 2\n"
          "# HELP mlpipe_monitor_rows_total monitor report: rows\n"
          "# TYPE mlpipe_monitor_rows_total counter\n"
          "mlpipe_monitor_rows_total 7\n"
          "# HELP mlpipe_monitor_info monitor report: info\n"
          "# TYPE mlpipe_monitor_info gauge\n"
          "mlpipe_monitor_info{name=\"model\",value=\"a\\\"b\"} 1\n"
          "# HELP mlpipe_monitor_verdict monitor report: verdict\n"
          "# TYPE mlpipe_monitor_verdict gauge\n"
          "mlpipe_monitor_verdict{name=\"features\"} 3\n"
          "mlpipe_monitor_verdict{name=\"score\"} 1\n"
          LEFT("monitor", "0"));
}

static void histogram(mlpipe_report *r, const char *name, double last,
                      double top)
{
    mlpipe__report_table(r, name, "le,count");
    mlpipe__report_cell_number(r, 2.56e-7);
    mlpipe__report_cell_number(r, 3);
    mlpipe__report_cell_number(r, top);
    mlpipe__report_cell_number(r, last);
}

static void test_histogram(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "sample");

    mlpipe__report_number(r, "took_sum", 0.125);
    mlpipe__report_number(r, "took_count", 5); /* its name is taken */
    histogram(r, "took", 4, mlpipe__inf());
    histogram(r, "falls", 2, mlpipe__inf());
    histogram(r, "ends", 4, 8);
    check(c, r,
          "# HELP mlpipe_sample_took sample report: took\n"
          "# TYPE mlpipe_sample_took histogram\n"
          "mlpipe_sample_took_bucket{le=\"2.56e-07\"} 3\n"
          "mlpipe_sample_took_bucket{le=\"+Inf\"} 4\n"
          "mlpipe_sample_took_sum 0.125\n"
          "mlpipe_sample_took_count 4\n" LEFT("sample", "1"));
}

/* 1,000 inputs are 20, the worst ones; numbers of theirs are not told again,
 * and of other names with dots there are 200. */
static void test_bounded(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "monitor");
    const char *text;
    mlpipe_buffer *b;
    char name[32];

    mlpipe__report_table(r, "inputs", "input,psi,missing,verdict");
    for (int i = 0; i < 1000; i++) {
        mlpipe__format(name, sizeof name, "x%d", i);
        cell(r, name);
        mlpipe__report_cell_number(r, i % 7 ? i : mlpipe__nan());
        mlpipe__report_cell_number(r, 0);
        cell(r, i == 5 ? "DRIFT" : i == 3 ? "WARN" : "OK");
    }
    for (int i = 0; i < 1000; i++) {
        mlpipe__format(name, sizeof name, i % 2 ? "x%d.psi" : "input.x%d.psi",
                       i);
        mlpipe__report_number(r, name, i);
        mlpipe__format(name, sizeof name, "x%d.other", i);
        mlpipe__report_number(r, name, i);
    }
    b = render(c, r);
    text = mlpipe_buffer_data(b);
    assert_int_equal(prom_read(text), 20 * 3 + 200 + 1);
    assert_non_null(strstr(text, "gauge\n"
                                 "mlpipe_monitor_inputs_psi{input=\"x5\"} 5\n"
                                 "mlpipe_monitor_inputs_psi{input=\"x3\"} 3\n"
                                 "mlpipe_monitor_inputs_psi{input=\"x999\"} "
                                 "999\n"));
    assert_non_null(strstr(text, "mlpipe_monitor_inputs_verdict"
                                 "{input=\"x5\"} 3\n"));
    assert_non_null(strstr(text, "mlpipe_monitor_left_out 3740\n"));
    assert_null(strstr(text, "\"x0\""));
    mlpipe_buffer_free(b);
}

/* An input may be called score: its numbers have a prefix, so that those
 * without are the score's own and told. */
static void test_input_called_score(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe_report *r = mlpipe__report_new(c->env, "sample");

    mlpipe__report_table(r, "inputs", "input,psi");
    cell(r, "score");
    mlpipe__report_cell_number(r, 0.25);
    mlpipe__report_number(r, "input.score.psi", 0.25);
    mlpipe__report_number(r, "score.psi", 0.5);
    check(c, r,
          "# HELP mlpipe_sample_inputs_psi sample report: inputs.psi\n"
          "# TYPE mlpipe_sample_inputs_psi gauge\n"
          "mlpipe_sample_inputs_psi{input=\"score\"} 0.25\n"
          "# HELP mlpipe_sample_score_psi sample report: score.psi\n"
          "# TYPE mlpipe_sample_score_psi gauge\n"
          "mlpipe_sample_score_psi 0.5\n" LEFT("sample", "0"));
}

/* ---- whatever the names are --------------------------------------------- */

static uint64_t dice(uint64_t *state, uint64_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % n;
}

static const char *odd_text(uint64_t *state, char out[32])
{
    static const char letters[] = "ab._\\\"\n{}= 1\xc3\xa9,#le";
    const uint64_t n = dice(state, 7);
    static const char *const words[] = {"le", "name", "_sum", "DRIFT", "OK",
                                        "took", "took_count", "info"};

    if (!dice(state, 4))
        return words[dice(state, 8)];
    for (uint64_t i = 0; i < n; i++)
        out[i] = letters[dice(state, sizeof letters - 1)];
    out[n] = 0;
    return out;
}

static void odd_table(mlpipe_report *r, uint64_t *state)
{
    char name[32], columns[160] = "";
    const uint64_t n = 1 + dice(state, 4), rows = dice(state, 30);

    for (uint64_t i = 0; i < n; i++) {
        const char *s = odd_text(state, name);
        size_t at = strlen(columns);
        if (i)
            columns[at++] = ',';
        for (; *s; s++)
            if (*s != ',')
                columns[at++] = *s;
        columns[at] = 0;
    }
    mlpipe__report_table(r, odd_text(state, name), columns);
    for (uint64_t i = 0; i < rows * n; i++) {
        if (i % n == 0 || !dice(state, 3))
            cell(r, odd_text(state, name));
        else
            mlpipe__report_cell_number(r, (double)dice(state, 5) - 2);
    }
}

static void test_any_names(void **state)
{
    mlpipe_ctx *c = *state;
    uint64_t seed = 11;

    for (int round = 0; round < 2000; round++) {
        char kind[32], name[32], text[32];
        mlpipe_report *r =
            mlpipe__report_new(c->env, odd_text(&seed, kind));
        mlpipe_buffer *b;
        const uint64_t items = dice(&seed, 25);
        for (uint64_t i = 0; i < items; i++) {
            const mlpipe_figure f = {(double)i, dice(&seed, 2) ? 1.0 :
                                     mlpipe__nan(), 2, 3};
            const uint64_t what = dice(&seed, 5);
            const char *is = odd_text(&seed, name);
            const char *says = odd_text(&seed, text);
            if (what < 2)
                mlpipe__report_figure(r, is, &f);
            else if (what == 2)
                mlpipe__report_text(r, is, says, strlen(says));
            else if (what == 3)
                odd_table(r, &seed);
            else
                histogram(r, is, 3 + (double)dice(&seed, 3), mlpipe__inf());
        }
        b = render(c, r);
        prom_read(mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
    }
}

static int open_ctx(void **state)
{
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    *state = c;
    return 0;
}

static int close_ctx(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counters_of_truths),
        cmocka_unit_test(test_counters_and_texts),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_input_called_score),
        cmocka_unit_test(test_any_names),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
