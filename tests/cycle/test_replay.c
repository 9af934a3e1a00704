/* SPDX-License-Identifier: MIT */
/* The loop over rows that lie there is the live loop, byte for byte. */
#include "cycle_world.h"
#include "golden_text.h"

enum { ROWS = 9000, WARM = 2250, CHANGE = 4000 };

#define RECIPE "target=y id=id time=at features=x,n,kind holdout=0.2"
#define MONITOR "pane=250 capture=2000"
#define CYCLE "when=performance gate_min=100 probation=400 cooldown=300"

static double stream_y(uint64_t id)
{
    static const double worth[] = {0, 1, -1};

    return world_y(id, id <= CHANGE ? 2.0 : -2.0) + worth[id % 3];
}

/* Rows 1 .. ROWS; row i is asked for at second 10 i, its truth is there at
 * once, or as many seconds later as its number says, or never. */
static mlpipe_dataset *stream(mlpipe_ctx *c)
{
    static const char *const kinds[] = {"a", "b", "c"};
    static double x[ROWS], y[ROWS];
    static int64_t id[ROWS], n[ROWS], at[ROWS], known[ROWS];
    static const char *kind[ROWS];
    static uint8_t valid[ROWS];
    mlpipe_dataset *d;
    mlpipe_builder *b;

    for (int i = 0; i < ROWS; i++) {
        const world_row r = world_draw((uint64_t)i + 1);
        x[i] = r.x;
        n[i] = r.n;
        kind[i] = kinds[(i + 1) % 3];
        y[i] = stream_y((uint64_t)i + 1);
        id[i] = i + 1;
        at[i] = 10 * (i + 1);
        known[i] = at[i] + (i * 37) % 900;
        valid[i] = i % 11 != 0;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, n, NULL, ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "kind", kind, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, ROWS));
    assert_ok(c,
              mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL, ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_S, at, NULL,
                                      ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "known", MLPIPE_UNIT_S, known,
                                      valid, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_pipeline *recipe(mlpipe_ctx *c)
{
    mlpipe_pipeline *p;

    assert_ok(c, mlpipe_pipeline_new(c, RECIPE, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "onehot", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    return p;
}

/* ---- the same by hand -------------------------------------------------- */

typedef struct hand_row {
    double x, n;
    uint32_t kind, pad;
} hand_row;

typedef struct hand {
    mlpipe_ctx *c;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    mlpipe_cycle *cycle;
    uint32_t counts[MLPIPE_ACTION_DROPPED + 1];
    double sum; /* of squared errors */
} hand;

static void hand_make(hand *h, const mlpipe_dataset *d, const char *cycle)
{
    mlpipe_dataset *warm;

    memset(h, 0, sizeof *h);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &h->c));
    h->p = recipe(h->c);
    assert_ok(h->c, mlpipe_dataset_slice(h->c, d, 0, WARM, &warm));
    assert_ok(h->c, mlpipe_fit(h->c, h->p, warm, NULL, &h->m));
    mlpipe_dataset_free(warm);
    assert_ok(h->c, mlpipe_layout_new(h->c, sizeof(hand_row), &h->l));
    assert_ok(h->c, mlpipe_layout_field(h->c, h->l, "x", MLPIPE_F64,
                                        offsetof(hand_row, x)));
    assert_ok(h->c, mlpipe_layout_field(h->c, h->l, "n", MLPIPE_F64,
                                        offsetof(hand_row, n)));
    assert_ok(h->c, mlpipe_layout_field(h->c, h->l, "kind", MLPIPE_TOKEN,
                                        offsetof(hand_row, kind)));
    assert_ok(h->c, mlpipe_slot_new(h->c, h->m, h->l, NULL, &h->slot));
    assert_ok(h->c, mlpipe_monitor_new(h->c, h->slot, MONITOR, &h->monitor));
    assert_ok(h->c, mlpipe_worker_new(h->c, h->slot, NULL, &h->w));
    assert_ok(h->c, mlpipe_cycle_new(h->c, h->monitor, h->p, cycle,
                                     &h->cycle));
}

static void hand_free(hand *h)
{
    mlpipe_cycle_free(h->cycle);
    mlpipe_worker_free(h->w);
    mlpipe_monitor_free(h->monitor);
    mlpipe_slot_free(h->slot);
    mlpipe_layout_free(h->l);
    mlpipe_model_free(h->m);
    mlpipe_pipeline_free(h->p);
    mlpipe_ctx_free(h->c);
}

static void hand_predict(hand *h, int row)
{
    const char *const kind = (const char *const[]){"a", "b", "c"}[row % 3];
    const world_row r = world_draw((uint64_t)row);
    hand_row record = {.x = r.x, .n = r.n};
    double out, e;

    assert_ok(h->c,
              mlpipe_layout_token(h->c, h->l, kind, 1, &record.kind));
    assert_ok(h->c, mlpipe_worker_predict(h->w, (uint64_t)(row - WARM),
                                          row * INT64_C(10000000), &record,
                                          &out, 1));
    e = out - stream_y((uint64_t)row);
    h->sum += e * e;
}

static void hand_truth(hand *h, int row, int64_t us)
{
    assert_ok(h->c, mlpipe_monitor_truth(h->c, h->monitor,
                                         (uint64_t)(row - WARM), us,
                                         stream_y((uint64_t)row)));
}

static void hand_tick(hand *h, int row)
{
    const int64_t now = row * INT64_C(10000000);
    int32_t action;

    assert_ok(h->c, mlpipe_cycle_tick(h->c, h->cycle, now, &action));
    h->counts[action]++;
    if (action != MLPIPE_ACTION_RETRAIN)
        return;
    assert_ok(h->c, mlpipe_cycle_retrain(h->c, h->cycle));
    assert_ok(h->c, mlpipe_cycle_tick(h->c, h->cycle, now, &action));
    h->counts[action]++;
}

/* When the truth of a row (1 ..) is told, in seconds; -1 = never. */
static int64_t known_at(int row, int how)
{
    if (how == 0)
        return row + 3 <= ROWS ? 10 * (row + 3) : -1;
    if (how == 1)
        return 10 * row + 125;
    return (row - 1) % 11 ? 10 * row + ((row - 1) * 37) % 900 : -1;
}

/* Truths are told behind the first row that is not before them. */
static void by_hand(hand *h, int how)
{
    for (int row = WARM + 1; row <= ROWS; row++) {
        hand_predict(h, row);
        for (int i = row < WARM + 101 ? WARM + 1 : row - 100; i <= row; i++) {
            const int64_t s = known_at(i, how);
            if (s >= 0 && s <= 10 * row && (s > 10 * (row - 1) || i == row))
                hand_truth(h, i, s * 1000000);
        }
        if ((row - WARM) % 50 == 0 || row == ROWS)
            hand_tick(h, row);
    }
}

static mlpipe_figure figure(const mlpipe_report *r, const char *name)
{
    const uint32_t n = mlpipe_report_count(r);
    mlpipe_figure f = {0};

    for (uint32_t i = 0; i < n; i++) {
        const char *each;
        if (!mlpipe_report_figure(r, i, &each, &f) && !strcmp(each, name))
            return f;
    }
    fail_msg("no %s", name);
    return f;
}

static const struct {
    const char *name;
    int32_t action;
} counted[] = {
    {"retrains", MLPIPE_ACTION_RETRAIN},
    {"swaps", MLPIPE_ACTION_SWAPPED},
    {"rejected", MLPIPE_ACTION_REJECTED},
    {"shadows", MLPIPE_ACTION_SHADOW},
    {"canaries", MLPIPE_ACTION_CANARY},
    {"dropped", MLPIPE_ACTION_DROPPED},
    {"confirmed", MLPIPE_ACTION_CONFIRMED},
    {"rolled_back", MLPIPE_ACTION_ROLLED_BACK},
};

static void same_log(const char *late, int how, const char *cycle)
{
    mlpipe_buffer *log, *mine;
    mlpipe_report *r;
    mlpipe_dataset *d;
    uint64_t decisions;
    char params[400];
    hand h;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = stream(c);
    hand_make(&h, d, cycle);
    snprintf(params, sizeof params,
             "tick=50 pane=500 %s monitor='" MONITOR "' cycle='%s'", late,
             cycle);
    assert_ok(c, mlpipe_cycle_replay(c, h.p, NULL, d, params, &log, &r));
    by_hand(&h, how);
    assert_ok(h.c, mlpipe_cycle_log(h.c, h.cycle, &mine));
    assert_string_equal(mlpipe_buffer_data(mine), mlpipe_buffer_data(log));
    assert_non_null(strstr(mlpipe_buffer_data(log),
                           strstr(cycle, "canary") ? "\"promoted\""
                                                   : "\"swapped\""));
    assert_non_null(strstr(mlpipe_buffer_data(log), "\"confirmed\""));
    assert_ok(c, mlpipe_cycle_audit(c, mlpipe_buffer_data(log),
                                    mlpipe_buffer_size(log), &decisions));
    assert_true(decisions >= 3);
    assert_int_equal((int)mlpipe_report_get(r, "rows"), ROWS - WARM);
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        assert_int_equal((int)mlpipe_report_get(r, counted[i].name),
                         (int)h.counts[counted[i].action]);
    assert_true(mlpipe_report_get(r, "retrains_failed") == 0);
    assert_int_equal(!!h.counts[MLPIPE_ACTION_SHADOW],
                     !!strstr(cycle, "shadow="));
    assert_int_equal(!!h.counts[MLPIPE_ACTION_CANARY],
                     !!strstr(cycle, "canary="));
    assert_float_equal(mlpipe_report_get(r, "rmse"),
                       mlpipe__sqrt(h.sum / (ROWS - WARM)), 1e-9);
    /* the loop is better than what it began with, by more than chance */
    assert_true(mlpipe_report_get(r, "rmse") <
                mlpipe_report_get(r, "rmse.frozen"));
    assert_true(figure(r, "mae.difference").high < 0);
    mlpipe_report_free(r);
    mlpipe_buffer_free(mine);
    mlpipe_buffer_free(log);
    mlpipe_dataset_free(d);
    hand_free(&h);
    mlpipe_ctx_free(c);
}

static void test_rows_late(void **state)
{
    same_log("label_rows=3", 0, CYCLE);
    (void)state;
}

static void test_time_late(void **state)
{
    same_log("label_delay='125 s'", 1, CYCLE);
    (void)state;
}

static void test_label_time(void **state)
{
    same_log("label_time=known", 2, CYCLE);
    (void)state;
}

/* With what lies between the gate and the swap. */
static void test_stages(void **state)
{
    same_log("label_rows=3", 0, CYCLE " shadow=150");
    same_log("label_time=known", 2, CYCLE " canary=0.3 canary_rows=100");
    same_log("label_rows=3", 0,
             CYCLE " shadow=150 canary=0.3 canary_rows=100");
    (void)state;
}

/* ---- what it says ------------------------------------------------------ */

static void test_report(void **state)
{
    mlpipe_report *r;
    mlpipe_dataset *d, *panes;
    mlpipe_pipeline *p;
    mlpipe_ctx *c;
    double labelled[14], sum = 0;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = stream(c);
    p = recipe(c);
    assert_ok(c, mlpipe_cycle_replay(c, p, NULL, d,
                                     "pane=500 label_rows=3 monitor='" MONITOR
                                     "' cycle='" CYCLE "'",
                                     NULL, &r));
    assert_ok(c, mlpipe_report_table(c, r, "panes", &panes));
    assert_int_equal(mlpipe_dataset_rows(panes), 14);
    assert_ok(c, mlpipe_dataset_doubles(
                     c, panes,
                     (uint32_t)mlpipe_dataset_find(panes, "labelled"), 0,
                     labelled, 14));
    for (int i = 0; i < 14; i++)
        sum += labelled[i];
    assert_int_equal((int)sum, ROWS - WARM - 3);
    assert_int_equal((int)mlpipe_report_get(r, "labelled"), ROWS - WARM - 3);
    assert_int_equal((int)mlpipe_report_get(r, "ticks"), 68);
    mlpipe_dataset_free(panes);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

static void refused(mlpipe_ctx *c, const mlpipe_pipeline *p,
                    const mlpipe_model *m, const mlpipe_dataset *d,
                    const char *params, mlpipe_status want, const char *part)
{
    mlpipe_report *r = (mlpipe_report *)c;
    mlpipe_buffer *log = (mlpipe_buffer *)c;

    assert_status(want, mlpipe_cycle_replay(c, p, m, d, params, &log, &r));
    if (!strstr(mlpipe_ctx_error(c)->text, part))
        fail_msg("%s: no %s", mlpipe_ctx_error(c)->text, part);
    golden_error(__BASE_FILE__, params ? params : "no parameters", c, want);
    assert_null(r);
    assert_null(log);
}

static void test_refused(void **state)
{
    mlpipe_dataset *d, *back, *few, *before;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = stream(c);
    p = recipe(c);
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 500, &few));
    assert_ok(c, mlpipe_fit(c, p, few, NULL, &m));
    assert_ok(c, mlpipe_dataset_sort(c, d, "by=-at", &back));
    refused(c, p, NULL, back, NULL, MLPIPE_E_SCHEMA, "sort the rows");
    refused(c, p, NULL, d, "label_time=x", MLPIPE_E_SCHEMA, "timestamp");
    refused(c, p, NULL, few, "start=0.001", MLPIPE_E_EMPTY, "more rows");
    assert_ok(c, mlpipe_dataset_with_column(c, d, "early = at - 1 h",
                                            &before));
    refused(c, p, NULL, before, "label_time=early", MLPIPE_E_SCHEMA,
            "before the row");
    mlpipe_dataset_free(before);
    refused(c, p, NULL, d, "label_time=knwon", MLPIPE_E_SCHEMA, "known");
    refused(c, p, NULL, d, "label_time=known label_rows=2", MLPIPE_E_PARAM,
            "one of them");
    refused(c, p, m, d, "start=0.5", MLPIPE_E_PARAM, "was given");
    refused(c, p, NULL, d, "start=0.00100001 tikc=3", MLPIPE_E_PARAM, "tick");
    refused(c, p, NULL, d, "monitor='captrue=5'", MLPIPE_E_PARAM, "capture");
    refused(c, p, NULL, d, "monitor='pane=100 capture=0'", MLPIPE_E_STATE,
            "capture");
    refused(c, p, NULL, d, "cycle='when=perfromance'", MLPIPE_E_PARAM,
            "performance");
    mlpipe_model_free(m);
    mlpipe_dataset_free(few);
    mlpipe_dataset_free(back);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Rows without a column of times: how far apart they are is told, and a truth
 * beyond all times never comes. */
static void test_edges(void **state)
{
    mlpipe_report *r;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = stream(c);
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=y id=id features=x,n,kind holdout=0.2", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "onehot", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    refused(c, p, NULL, d, "interval='3153600000 s'", MLPIPE_E_PARAM,
            "shorter");
    assert_ok(c, mlpipe_cycle_replay(
                     c, p, NULL, d,
                     "start=0.9 interval='1000000000 s' "
                     "label_delay='3153600000 s'", NULL, &r));
    assert_int_equal((int)mlpipe_report_get(r, "labelled"), 896);
    mlpipe_report_free(r);
    /* what the monitor keeps is told only where it is another number */
    assert_ok(c, mlpipe_cycle_replay(c, p, NULL, d,
                                     "start=0.9 monitor=pane=100", NULL, &r));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

static int32_t stop_half(void *user, const char *stage, double fraction)
{
    double *seen = user;

    if (strcmp(stage, "replay"))
        return 0;
    *seen = fraction;
    return fraction > 0.5;
}

static void test_cancelled(void **state)
{
    double seen = -1;
    const mlpipe_ctx_options o = {
        .size = sizeof o, .progress = stop_half, .user = &seen};
    mlpipe_report *r;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(&o, &c));
    d = stream(c);
    p = recipe(c);
    assert_told(c, MLPIPE_E_CANCELLED,
                mlpipe_cycle_replay(c, p, NULL, d, NULL, NULL, &r));
    assert_null(r);
    assert_true(seen > 0.5 && seen < 0.6);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_late),  cmocka_unit_test(test_time_late),
        cmocka_unit_test(test_label_time), cmocka_unit_test(test_report),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_stages),     cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
