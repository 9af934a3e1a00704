/* SPDX-License-Identifier: MIT */
/* Drift that is there is found, drift that is not there is not; truths,
 * capture and swaps, through the exported functions. */
#include "serve_support.h"

#include "deploy/watch_internal.h"
#include "golden_text.h"

typedef struct world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    uint32_t token[4]; /* red, green, blue, pink */
    uint64_t next;     /* id of the next request */
} world;

static void make_of(world *d, const char *params, bool private)
{
    static const char *const colors[] = {"red", "green", "blue", "pink"};

    memset(d, 0, sizeof *d);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &d->c));
    d->m = serve_model(d->c, 1, 0, true);
    for (uint32_t i = 0; private && i < d->m->reference->input_count; i++) {
        mlpipe__ref_input *in = &d->m->reference->inputs[i];
        mlpipe__ref_input_free(d->c->env, in);
        memset(in, 0, sizeof *in);
    }
    d->l = serve_layout(d->c);
    for (int i = 0; i < 4; i++)
        d->token[i] = serve_token(d->c, d->l, colors[i]);
    assert_ok(d->c, mlpipe_slot_new(d->c, d->m, d->l, NULL, &d->slot));
    assert_ok(d->c,
              mlpipe_monitor_new(d->c, d->slot, params, &d->monitor));
    assert_ok(d->c, mlpipe_worker_new(d->c, d->slot, NULL, &d->w));
    d->next = 1;
}

static void make(world *d, const char *params)
{
    make_of(d, params, false);
}

static void drop(world *d)
{
    mlpipe_ctx_free(d->c);
    mlpipe_slot_free(d->slot);
    mlpipe_monitor_free(d->monitor);
    mlpipe_worker_free(d->w);
    mlpipe_layout_free(d->l);
    mlpipe_model_free(d->m);
}

/* A row as the reference says it is. */
static serve_record draw(const world *d, uint64_t id)
{
    serve_record r = {serve_random(id, 0), 0, 0};

    if (serve_random(id, 1) < 0.02)
        r.x = mlpipe__nan();
    r.n = (int16_t)(serve_random(id, 2) * 10);
    r.color = d->token[(uint32_t)(serve_random(id, 3) * 3)];
    return r;
}

enum { NONE, SHIFT, MISSING, UNSEEN, OUTSIDE };

/* n requests, of one kind of drift, told at second `s`; gives the first id. */
static uint64_t serve(world *d, uint32_t n, int kind, int64_t s)
{
    const uint64_t first = d->next;

    for (uint32_t i = 0; i < n; i++) {
        const uint64_t id = d->next++;
        serve_record r = draw(d, id);
        double out;
        if (kind == SHIFT)
            r.x = r.x * r.x;
        if (kind == MISSING && serve_random(id, 4) < 0.1)
            r.x = mlpipe__nan();
        if (kind == UNSEEN && serve_random(id, 4) < 0.05)
            r.color = d->token[3];
        if (kind == OUTSIDE && serve_random(id, 4) < 0.05)
            r.x = 1.5;
        assert_ok(d->c, mlpipe_worker_predict(d->w, id, s * 1000000, &r,
                                              &out, 1));
    }
    return first;
}

/* Truths: what the model said plus noise of this standard deviation. */
static void tell(world *d, uint64_t first, uint64_t n, double sd, int64_t s)
{
    for (uint64_t id = first; id < first + n; id++) {
        const serve_record r = draw(d, id);
        const double weight = r.color == d->token[0]   ? 0.25
                              : r.color == d->token[1] ? 0.5
                                                       : 0.75;
        const double noise =
            sd * mlpipe__normal_quantile(serve_random(id, 9));
        assert_ok(d->c, mlpipe_monitor_truth(
                            d->c, d->monitor, id, s * 1000000,
                            (r.x == r.x ? r.x : 0) + r.n + weight + noise));
    }
}

static mlpipe_report *report(world *d)
{
    mlpipe_report *r;

    assert_ok(d->c, mlpipe_monitor_report(d->c, d->monitor, &r));
    return r;
}

static int tick(world *d, int64_t s)
{
    int32_t closed = -1;

    assert_ok(d->c, mlpipe_monitor_tick(d->c, d->monitor, s * 1000000,
                                        &closed));
    return closed;
}

static void test_drift_is_found(void **state)
{
    const struct {
        int kind;
        const char *verdict, *name;
        double at_least;
        uint32_t drifted;
    } cases[] = {
        {NONE, "OK", "x.psi", 0, 0},
        {SHIFT, "DRIFT", "x.psi", 0.1, 1},
        {MISSING, "DRIFT", "x.missing", 0.08, 1},
        {UNSEEN, "DRIFT", "color.unseen", 0.03, 1},
        {OUTSIDE, "DRIFT", "x.out_of_range", 0.03, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_report *r;
        world d;
        make(&d, "pane=2000");
        serve(&d, 1999, cases[i].kind, 1);
        assert_int_equal(tick(&d, 2), 0);
        r = report(&d);
        assert_string_equal(mlpipe_report_text(r, "features"),
                            "INSUFFICIENT_DATA");
        assert_string_equal(mlpipe_report_text(r, "performance"),
                            "INSUFFICIENT_DATA");
        assert_true(mlpipe_report_get(r, "x.psi") !=
                    mlpipe_report_get(r, "x.psi"));
        mlpipe_report_free(r);
        serve(&d, 1, cases[i].kind, 3);
        assert_int_equal(tick(&d, 4), 1);
        r = report(&d);
        assert_string_equal(mlpipe_report_text(r, "features"),
                            cases[i].verdict);
        assert_true(mlpipe_report_get(r, cases[i].name) >=
                    cases[i].at_least);
        assert_int_equal((int)mlpipe_report_get(r, "features_drifted"),
                         cases[i].drifted);
        assert_true(mlpipe_report_get(r, "n.psi") < 0.1);
        assert_int_equal((int)mlpipe_report_get(r, "pane_rows"), 2000);
        assert_int_equal((int)mlpipe_report_get(r, "rows"), 2000);
        mlpipe_report_free(r);
        drop(&d);
    }
    (void)state;
}

/* Of inputs that are all private nothing is known, not that they are well. */
static void test_all_private(void **state)
{
    mlpipe_report *r;
    world d;

    make_of(&d, "pane=100", true);
    serve(&d, 100, SHIFT, 1);
    assert_int_equal(tick(&d, 2), 1);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "pane_rows"), 100);
    assert_string_equal(mlpipe_report_text(r, "features"),
                        "INSUFFICIENT_DATA");
    assert_true(mlpipe_report_get(r, "features_drifted") !=
                mlpipe_report_get(r, "features_drifted"));
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* Under no drift the p-value of PSI is uniform enough: at the nominal 5 % it
 * is below 0.05 in 5 % of panes, within three standard errors. */
static void test_psi_size(void **state)
{
    enum { PANES = 2000, ROWS = 1000 };
    mlpipe__ref_input *in;
    mlpipe__drift_row row;
    uint64_t counts[40], scratch[80];
    uint32_t below = 0;
    mlpipe_model *m;
    mlpipe_ctx *c;
    uint64_t at = 0;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    in = &m->reference->inputs[0];
    for (uint32_t i = 0; i < PANES; i++) {
        /* a fresh reference each time: it is a sample too */
        memset(in->counts, 0, in->cells * sizeof *in->counts);
        memset(counts, 0, sizeof counts);
        for (uint32_t k = 0; k < 5 * ROWS; k++)
            in->counts[2 + (uint32_t)(serve_random(at++, 0) * 20)]++;
        for (uint32_t k = 0; k < ROWS; k++)
            counts[2 + (uint32_t)(serve_random(at++, 0) * 20)]++;
        mlpipe__drift_measure(in, counts, 0.05, scratch, &row);
        below += row.test[MLPIPE__TEST_CHI2].p <= 0.05;
    }
    print_message("PSI below 0.05 in %u of %d panes\n", below, PANES);
    assert_in_range(below, PANES * 0.035, PANES * 0.065);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Over many undrifted panes hardly any report says DRIFT. */
static void test_false_alarms(void **state)
{
    uint32_t alarms = 0;
    world d;

    make(&d, "pane=500");
    for (int i = 0; i < 200; i++) {
        mlpipe_report *r;
        serve(&d, 500, NONE, i);
        assert_int_equal(tick(&d, i), 1);
        r = report(&d);
        alarms += !strcmp(mlpipe_report_text(r, "features"), "DRIFT");
        mlpipe_report_free(r);
    }
    assert_in_range(alarms, 0, 2);
    drop(&d);
    (void)state;
}

static void test_performance(void **state)
{
    const struct {
        double sd;
        const char *verdict;
    } cases[] = {{1.0, "OK"}, {0.8, "OK"}, {1.5, "DRIFT"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_report *r;
        uint64_t first;
        world d;
        make(&d, "pane=2000");
        first = serve(&d, 2000, NONE, 1);
        tick(&d, 2);
        tell(&d, first, 150, cases[i].sd, 3);
        tick(&d, 4);
        r = report(&d);
        assert_string_equal(mlpipe_report_text(r, "performance"),
                            "INSUFFICIENT_DATA");
        mlpipe_report_free(r);
        tell(&d, first + 150, 1850, cases[i].sd, 5);
        tick(&d, 6);
        r = report(&d);
        assert_string_equal(mlpipe_report_text(r, "performance"),
                            cases[i].verdict);
        assert_near(mlpipe_report_get(r, "rmse"), cases[i].sd, 0.1);
        assert_near(mlpipe_report_get(r, "rmse.reference"), 1.0, 1e-15);
        assert_int_equal((int)mlpipe_report_get(r, "truths_matched"), 2000);
        assert_int_equal((int)mlpipe_report_get(r, "labelled"), 2000);
        mlpipe_report_free(r);
        drop(&d);
    }
    (void)state;
}

static void test_truths_are_counted(void **state)
{
    mlpipe_report *r;
    uint64_t first;
    world d;

    make(&d, "pane=100 label_delay=10s");
    tell(&d, 1, 50, 1, 0); /* early: before the prediction */
    first = serve(&d, 100, NONE, 1);
    tell(&d, first, 50, 1, 2);   /* these were told already */
    tell(&d, 5000, 7, 1, 2);     /* of nobody */
    assert_told(d.c, MLPIPE_E_NUMERIC,
                mlpipe_monitor_truth(d.c, d.monitor, 1, 0, mlpipe__nan()));
    tick(&d, 3);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "truths"), 107);
    assert_int_equal((int)mlpipe_report_get(r, "truths_matched"), 50);
    assert_int_equal((int)mlpipe_report_get(r, "truths_duplicate"), 50);
    assert_int_equal((int)mlpipe_report_get(r, "truths_early"), 7);
    assert_int_equal((int)mlpipe_report_get(r, "predictions_waiting"), 50);
    mlpipe_report_free(r);
    tick(&d, 20);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "predictions_expired"), 50);
    assert_int_equal((int)mlpipe_report_get(r, "truths_unmatched"), 7);
    assert_int_equal((int)mlpipe_report_get(r, "ids_lost"), 0);
    mlpipe_report_free(r);
    /* a ring of 4,096 ids loses the rest, and says so */
    serve(&d, 5000, NONE, 21);
    tick(&d, 22);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "ids_lost"), 5000 - 4096);
    assert_int_equal((int)mlpipe_report_get(r, "rows"), 5100);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* Time that goes back, or is ahead, is taken and told of; a minute is none. */
static void test_times(void **state)
{
    mlpipe_report *r;
    uint64_t first;
    world d;

    make(&d, "pane=100");
    tick(&d, 1000);
    serve(&d, 10, NONE, 941); /* as late as clocks differ */
    serve(&d, 3, NONE, 900);  /* before the last tick */
    tick(&d, 1001);
    serve(&d, 10, NONE, 1060);
    first = serve(&d, 4, NONE, 2000); /* nobody can have served it yet */
    tell(&d, first, 2, 1, 1500);      /* before it was asked, and ahead */
    tell(&d, first - 10, 5, 1, 1060); /* as soon as it was asked */
    tick(&d, 1002);
    tick(&d, 1002);
    tick(&d, 1001); /* back */
    tick(&d, 1003);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "rows_late"), 3);
    assert_int_equal((int)mlpipe_report_get(r, "rows_ahead"), 4);
    assert_int_equal((int)mlpipe_report_get(r, "truths_before"), 2);
    assert_int_equal((int)mlpipe_report_get(r, "truths_ahead"), 2);
    assert_int_equal((int)mlpipe_report_get(r, "ticks_back"), 1);
    assert_int_equal((int)mlpipe_report_get(r, "truths_matched"), 7);
    assert_int_equal((int)mlpipe_report_get(r, "rows"), 27);
    mlpipe_report_free(r);
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, INT64_MIN, NULL));
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, INT64_MAX, NULL));
    assert_ok(d.c, mlpipe_monitor_tick(d.c, d.monitor, INT64_MIN, NULL));
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "ticks_back"), 3);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* Truths that no tick looks at are bounded, and what is refused is counted. */
static void test_told_is_bounded(void **state)
{
    uint64_t before, after;
    mlpipe_report *r;
    world d;

    make(&d, "pane=100 pending=10000");
    mlpipe_ctx_memory(d.c, &before, NULL);
    tell(&d, 1, 5000, 1, 0);
    mlpipe_ctx_memory(d.c, &after, NULL);
    assert_in_range(after - before, 1, 10000 * 32);
    for (int i = 0; i < 3; i++)
        assert_told(d.c, MLPIPE_E_LIMIT,
                    mlpipe_monitor_truth(d.c, d.monitor, 1, 0, 1.0));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "5000 truths"));
    /* so is what is no number at all */
    assert_told(d.c, MLPIPE_E_NUMERIC,
                mlpipe_monitor_truth(d.c, d.monitor, 1, 0, mlpipe__nan()));
    tick(&d, 1);
    tell(&d, 1, 10, 1, 0);
    tick(&d, 2);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "truths"), 5010);
    assert_int_equal((int)mlpipe_report_get(r, "truths_refused"), 4);
    assert_int_equal((int)mlpipe_report_get(r, "truths_duplicate"), 10);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

static void test_capture(void **state)
{
    mlpipe_dataset *rows = NULL;
    mlpipe_value cell;
    uint64_t first;
    world d;

    make(&d, "pane=100 capture=80");
    assert_told(d.c, MLPIPE_E_EMPTY,
                mlpipe_monitor_captured(d.c, d.monitor, &rows));
    assert_null(rows);
    first = serve(&d, 100, NONE, 7);
    tick(&d, 8);
    tell(&d, first, 60, 0, 9); /* 20 of them are pushed out already */
    tick(&d, 10);
    assert_ok(d.c, mlpipe_monitor_captured(d.c, d.monitor, &rows));
    assert_int_equal(mlpipe_dataset_rows(rows), 40);
    assert_int_equal(mlpipe_dataset_columns(rows), 6);
    assert_int_equal(mlpipe_dataset_type(
                         rows, (uint32_t)mlpipe_dataset_find(rows, "n")),
                     MLPIPE_TYPE_I64);
    assert_int_equal(mlpipe_dataset_type(
                         rows, (uint32_t)mlpipe_dataset_find(rows, "at")),
                     MLPIPE_TYPE_TIMESTAMP);
    for (uint32_t i = 0; i < 40; i++) {
        static const char *const colors[] = {"red", "green", "blue"};
        const uint64_t id = first + 20 + i;
        const serve_record r = draw(&d, id);
        assert_ok(d.c, mlpipe_dataset_cell(
                           rows, i,
                           (uint32_t)mlpipe_dataset_find(rows, "id"), &cell));
        assert_same(cell.num, (double)id);
        assert_ok(d.c, mlpipe_dataset_cell(
                           rows, i,
                           (uint32_t)mlpipe_dataset_find(rows, "x"), &cell));
        assert_int_equal(cell.kind, r.x == r.x ? MLPIPE_VALUE_NUMBER
                                               : MLPIPE_VALUE_NULL);
        if (cell.kind)
            assert_same(cell.num, r.x);
        assert_ok(d.c, mlpipe_dataset_cell(
                           rows, i,
                           (uint32_t)mlpipe_dataset_find(rows, "color"),
                           &cell));
        const char *want = colors[r.color - d.token[0]];
        assert_int_equal(cell.len, strlen(want));
        assert_memory_equal(cell.str, want, strlen(want));
        assert_ok(d.c, mlpipe_dataset_cell(
                           rows, i,
                           (uint32_t)mlpipe_dataset_find(rows, "at"), &cell));
        assert_same(cell.num, 7.0);
    }
    mlpipe_dataset_free(rows);
    drop(&d);
    make(&d, NULL);
    assert_told(d.c, MLPIPE_E_STATE,
                mlpipe_monitor_captured(d.c, d.monitor, &rows));
    drop(&d);
    (void)state;
}

/* Counts belong to the deployment that predicted. */
static void test_across_swaps(void **state)
{
    mlpipe_monitor *second;
    mlpipe_model *other;
    mlpipe_report *r;
    world d;

    make(&d, "pane=100");
    assert_told(d.c, MLPIPE_E_CONFLICT,
                mlpipe_monitor_new(d.c, d.slot, NULL, &second));
    assert_null(second);
    other = serve_model(d.c, 2, 0, true);
    serve(&d, 99, NONE, 1);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, other));
    serve(&d, 99, NONE, 2);
    assert_int_equal(tick(&d, 3), 0); /* 198 rows, but of two models */
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "deployment"), 2);
    assert_int_equal((int)mlpipe_report_get(r, "rows"), 99);
    mlpipe_report_free(r);
    assert_ok(d.c, mlpipe_slot_rollback(d.c, d.slot));
    assert_int_equal(tick(&d, 4), 0);
    serve(&d, 99, NONE, 5);
    assert_int_equal(tick(&d, 6), 0); /* the pane began at the rollback */
    serve(&d, 1, NONE, 7);
    assert_int_equal(tick(&d, 8), 1);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "deployment"), 1);
    assert_int_equal((int)mlpipe_report_get(r, "rows"), 199);
    assert_int_equal((int)mlpipe_report_get(r, "pane_rows"), 100);
    mlpipe_report_free(r);
    mlpipe_model_free(other);
    /* after the monitor is gone a new one may watch */
    mlpipe_monitor_free(d.monitor);
    serve(&d, 10, NONE, 9);
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, "capture=50 pane=10",
                                      &d.monitor));
    tell(&d, serve(&d, 10, NONE, 10), 10, 0, 11);
    assert_int_equal(tick(&d, 12), 1);
    r = report(&d);
    assert_int_equal((int)mlpipe_report_get(r, "truths_matched"), 10);
    mlpipe_report_free(r);
    drop(&d);
    (void)state;
}

/* Inputs may be called as numbers of the model are. */
static void test_names_are_unique(void **state)
{
    static const char *const odd[] = {"score", "performance"};
    mlpipe__report_names names;
    mlpipe_report *r;
    world d;

    make(&d, NULL);
    mlpipe_model *m = serve_model(d.c, 1, 0, true);
    for (int i = 0; i < 2; i++) {
        mlpipe__free(d.c->env, (void *)(uintptr_t)m->program->inputs[i].name);
        m->program->inputs[i].name = serve_text(d.c, odd[i]);
    }
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    assert_ok(d.c, mlpipe_slot_new(d.c, m, NULL, NULL, &slot));
    assert_ok(d.c, mlpipe_monitor_new(d.c, slot, NULL, &monitor));
    assert_ok(d.c, mlpipe_monitor_report(d.c, monitor, &r));
    assert_ok(d.c, mlpipe__report_names_init(d.c, m, &names));
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *a, *b;
        mlpipe_figure f;
        if (mlpipe_report_figure(r, i, &a, &f))
            continue;
        assert_true(mlpipe__dict_find(&names.names, a, strlen(a)) !=
                    UINT32_MAX);
        for (uint32_t k = 0; k < i; k++)
            if (!mlpipe_report_figure(r, k, &b, &f))
                assert_string_not_equal(a, b);
    }
    mlpipe__report_names_free(&names);
    mlpipe_report_free(r);
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_model_free(m);
    drop(&d);
    (void)state;
}

/* What a monitor watches keeps its target; what nobody watches need not. */
static void test_other_targets(void **state)
{
    static const char *const names[2][2] = {{"no", "yes"}, {"0", "1"}};
    mlpipe_model *rent, *kind, *class[2];
    world d;

    make(&d, NULL);
    rent = serve_model(d.c, 2, 0, true);
    memcpy(rent->target, "z", 1);
    kind = serve_model(d.c, 2, 0, true);
    kind->task = MLPIPE__TASK_BINARY;
    assert_told(d.c, MLPIPE_E_SCHEMA, mlpipe_slot_swap(d.c, d.slot, rent));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "\"z\""));
    assert_non_null(strstr(mlpipe_ctx_error(d.c)->text, "\"y\""));
    assert_told(d.c, MLPIPE_E_SCHEMA, mlpipe_slot_swap(d.c, d.slot, kind));
    assert_int_equal(mlpipe_slot_version(d.slot), 1);
    mlpipe_monitor_free(d.monitor);
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, rent));
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, NULL, &d.monitor));
    assert_told(d.c, MLPIPE_E_SCHEMA, mlpipe_slot_rollback(d.c, d.slot));
    assert_int_equal(mlpipe_slot_version(d.slot), 2);
    /* a truth of a class is told by its number */
    mlpipe_monitor_free(d.monitor);
    for (int i = 0; i < 2; i++) {
        class[i] = serve_model(d.c, 2, 0, false);
        class[i]->task = MLPIPE__TASK_BINARY;
        for (int k = 0; k < 2; k++)
            assert_int_equal(mlpipe__dict_add(&class[i]->classes, names[i][k],
                                              strlen(names[i][k])),
                             k);
    }
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, class[0]));
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, NULL, &d.monitor));
    assert_told(d.c, MLPIPE_E_SCHEMA, mlpipe_slot_swap(d.c, d.slot, class[1]));
    assert_ok(d.c, mlpipe_slot_swap(d.c, d.slot, class[0]));
    for (int i = 0; i < 2; i++)
        mlpipe_model_free(class[i]);
    mlpipe_model_free(rent);
    mlpipe_model_free(kind);
    drop(&d);
    (void)state;
}

static void test_parameters(void **state)
{
    static const char *const bad[] = {"pane=1", "alpha=0", "expire=soon",
                                      "panel=10", "label_delay=-1 s"};
    mlpipe_monitor *m;
    world d;

    make(&d, "expire=0 label_delay=1s pane=10");
    mlpipe_monitor_free(d.monitor);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        m = (mlpipe_monitor *)1;
        assert_told(d.c, MLPIPE_E_PARAM,
                    mlpipe_monitor_new(d.c, d.slot, bad[i], &m));
        assert_null(m);
    }
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, NULL, &d.monitor));
    drop(&d);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift_is_found),
        cmocka_unit_test(test_all_private),
        cmocka_unit_test(test_psi_size),
        cmocka_unit_test(test_false_alarms),
        cmocka_unit_test(test_performance),
        cmocka_unit_test(test_truths_are_counted),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_told_is_bounded),
        cmocka_unit_test(test_capture),
        cmocka_unit_test(test_across_swaps),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_other_targets),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
