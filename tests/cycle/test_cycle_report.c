/* SPDX-License-Identifier: MIT */
/* One report of what was seen and what was done, and its page. */
#include "cycle_world.h"

#include "report_table.h"

#define LOOP "when=performance gate_min=100 probation=1000 cooldown=300"

static mlpipe_report *told(world *d)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_cycle_report(d->c, d->cycle, &r));
    assert_string_equal(mlpipe__report_kind(r), "monitor");
    return r;
}

/* The law changes, a challenger is fitted and swapped in. */
static void changed(world *d)
{
    world_make(d, LOOP);
    assert_int_equal(world_until(d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d->c, mlpipe_cycle_retrain(d->c, d->cycle));
    assert_int_equal(world_until(d, 2, -2.0), MLPIPE_ACTION_SWAPPED);
    assert_int_equal(world_live(d, 500, -2.0), MLPIPE_ACTION_NONE);
}

static void tells_decisions(void **state)
{
    const mlpipe__report_cell *cells;
    mlpipe_report *r;
    uint32_t rows;
    world d;

    (void)state;
    changed(&d);
    r = told(&d);
    cells = table_cells(r, "decisions",
                        "time,action,reason,metric,deployment,rows,champion,"
                        "challenger,p",
                        &rows);
    assert_int_equal(rows, 2);
    assert_string_equal(table_text(r, &cells[1]), "retrain");
    assert_string_equal(table_text(r, &cells[9 + 1]), "swapped");
    assert_string_equal(table_text(r, &cells[9 + 3]), "rmse");
    assert_near(cells[9 + 4].number, 2, 0);
    assert_true(cells[9 + 5].number >= 100);
    assert_true(cells[9 + 7].number < cells[9 + 6].number);
    assert_true(cells[9 + 8].number <= 0.01);
    mlpipe_report_free(r);
    world_drop(&d);
}

/* A pane keeps what the report said when it was closed. */
static void keeps_panes(void **state)
{
    enum { COLUMNS = 18, DEPLOYMENT = 3, PERFORMANCE = 10, REFERENCE = 13 };
    const mlpipe__report_cell *cells;
    mlpipe_report *r;
    uint32_t rows, worse = 0;
    world d;

    (void)state;
    changed(&d);
    r = told(&d);
    cells = table_cells(
        r, "panes_closed",
        "pane,closed,closed_s,deployment,rows,predictions,matched,maturity,"
        "features_drifted,score_psi,performance,performance_low,"
        "performance_high,reference,estimated,errors,latency_ns_p99,verdict",
        &rows);
    assert_true(rows >= 3);
    for (uint32_t i = 0; i < rows; i++) {
        const mlpipe__report_cell *p = cells + i * COLUMNS;
        worse += p[DEPLOYMENT].number == 1 &&
                 p[PERFORMANCE].number > 1.5 * p[REFERENCE].number;
        assert_true(p[DEPLOYMENT].number == 1 || p[DEPLOYMENT].number == 2);
    }
    assert_true(worse > 0);
    assert_string_equal(mlpipe_report_text(r, "panes_metric"), "rmse");
    mlpipe_report_free(r);
    world_drop(&d);
}

/* Weights are shares; what moves the answer has the greatest. */
static void weighs_inputs(void **state)
{
    const char *columns =
        "input,weight,psi,p,ks,ks_p,ad,ad_p,effect,effect_low,effect_high,q,"
        "mde,missing,unseen,out_of_range,tail_low,tail_high,verdict";
    const mlpipe__report_cell *cells;
    double sum = 0, n = 0, x = 0;
    mlpipe_report *r;
    uint32_t rows;
    world d;

    (void)state;
    changed(&d);
    r = told(&d);
    cells = table_cells(r, "inputs", columns, &rows);
    assert_int_equal(rows, 2);
    for (uint32_t i = 0; i < rows; i++) {
        const double weight = cells[i * 19 + 1].number;
        sum += weight;
        if (!strcmp(table_text(r, &cells[i * 19]), "x"))
            x = weight;
        else
            n = weight;
    }
    assert_near(sum, 1.0, 1e-12);
    assert_true(n > x && x > 0); /* y = -2 x + n, n from 0 to 9 */
    cells = table_cells(r, "bins", "input,cell,reference,current", &rows);
    sum = 0;
    for (uint32_t i = 0; i < rows; i++)
        if (!strcmp(table_text(r, &cells[i * 4]), "x"))
            sum += cells[i * 4 + 3].number;
    assert_near(sum, 1.0, 1e-12);
    mlpipe_report_free(r);
    world_drop(&d);
}

static void draws_a_page(void **state)
{
    mlpipe_buffer *b;
    mlpipe_report *r;
    const char *page;
    world d;

    (void)state;
    changed(&d);
    r = told(&d);
    assert_ok(d.c, mlpipe_report_render(d.c, r, "html", &b));
    page = mlpipe_buffer_data(b);
    assert_non_null(strstr(page, "<h3>Performance: rmse</h3>"));
    assert_non_null(strstr(page, "<title>deployment 2</title>"));
    assert_non_null(strstr(page, "<h2>Decisions</h2>"));
    assert_non_null(strstr(page, "swapped"));
    assert_null(strstr(page, "<script"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    world_drop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_decisions),
        cmocka_unit_test(keeps_panes),
        cmocka_unit_test(weighs_inputs),
        cmocka_unit_test(draws_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
