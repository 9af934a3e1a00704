/* SPDX-License-Identifier: MIT */
/* What could never work is refused where a cycle or a rule is made, and says
 * why; a weight that is none among what is served ends no loop. */
#include "cycle_world.h"
#include "golden_text.h"

enum { ROWS = 600 };

typedef struct record {
    double x, w;
    uint32_t token;
} record;

/* x, y = 2 x + noise, the class k of three, a weight w, id and at. */
static mlpipe_dataset *rows_of(mlpipe_ctx *c)
{
    static const char *const names[] = {"low", "middle", "high"};
    static double x[ROWS], y[ROWS], w[ROWS];
    static int64_t id[ROWS];
    const char *k[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int i = 0; i < ROWS; i++) {
        x[i] = serve_random((uint64_t)i, 0);
        y[i] = 2 * x[i] +
               0.3 * mlpipe__normal_quantile(serve_random((uint64_t)i, 2));
        k[i] = names[y[i] < 0.7 ? 0 : y[i] < 1.3 ? 1 : 2];
        w[i] = 1 + serve_random((uint64_t)i, 3);
        id[i] = i + 1;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "k", k, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, w, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       ROWS));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_S, id, NULL,
                                      ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_pipeline *recipe_of(mlpipe_ctx *c, const char *params,
                                  const char *learner)
{
    mlpipe_pipeline *p;

    assert_ok(c, mlpipe_pipeline_new(c, params, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, NULL));
    return p;
}

/* A slot of such a model, and what watches it. layout NULL: doubles. */
typedef struct loop {
    mlpipe_ctx *c;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
} loop;

static void loop_make(loop *l, const char *params, const char *learner,
                      mlpipe_layout *layout, const char *monitor)
{
    mlpipe_dataset *d = rows_of(l->c);

    l->p = recipe_of(l->c, params, learner);
    assert_ok(l->c, mlpipe_fit(l->c, l->p, d, NULL, &l->m));
    assert_ok(l->c, mlpipe_slot_new(l->c, l->m, layout, NULL, &l->slot));
    assert_ok(l->c, mlpipe_monitor_new(l->c, l->slot, monitor, &l->monitor));
    mlpipe_dataset_free(d);
}

static void loop_drop(loop *l)
{
    mlpipe_monitor_free(l->monitor);
    mlpipe_slot_free(l->slot);
    mlpipe_model_free(l->m);
    mlpipe_pipeline_free(l->p);
}

/* ---- rules that never fire ----------------------------------------------- */

#define NUMBER "target=y id=id time=at features=x"
#define CLASSES "target=k id=id time=at features=x"
#define KEPT "capture=2000"

static const struct {
    const char *recipe, *learner, *monitor, *rule;
    mlpipe_status want;
} rules[] = {
    {NUMBER " holdout=0.2", "ridge", KEPT, "concept", MLPIPE_OK},
    {NUMBER " holdout=0.2", "ridge", KEPT " detector=none", "concept",
     MLPIPE_E_STATE},
    {NUMBER " holdout=0.2", "ridge", KEPT " detector=none",
     "performance or concept.loss > 0.1", MLPIPE_E_STATE},
    {NUMBER " holdout=0.2", "ridge", KEPT " detector=none", "performance",
     MLPIPE_OK},
    {NUMBER " holdout=0", "ridge", KEPT, "concept", MLPIPE_E_STATE},
    {NUMBER " holdout=0", "ridge", KEPT " detector='page_hinkley mode=up'",
     "concept", MLPIPE_OK},
    {NUMBER " holdout=0", "ridge", KEPT " detector='e_detector mean=0.1'",
     "concept", MLPIPE_OK},
    {NUMBER " holdout=0", "ridge", KEPT " detector='page_hinkley mode=up'",
     "concept.loss > 1.1 * concept.reference", MLPIPE_E_STATE},
    {NUMBER " holdout=0", "ridge", KEPT, "performance", MLPIPE_E_STATE},
    {NUMBER " holdout=0", "ridge", KEPT, "rmse > 0.5", MLPIPE_OK},
    {NUMBER " holdout=0 private=x", "ridge", KEPT, "features",
     MLPIPE_E_STATE},
    {NUMBER " holdout=0.2 private=x", "ridge", KEPT, "features_drifted > 0",
     MLPIPE_E_STATE},
    {NUMBER " holdout=0.2", "ridge", KEPT, "rows < 0", MLPIPE_OK},
    {CLASSES " holdout=0.2", "gbt", KEPT, "concept", MLPIPE_E_STATE},
    {CLASSES " holdout=0.2", "gbt", KEPT " detector=adwin",
     "age > 1 d or concept", MLPIPE_E_STATE},
    {CLASSES " holdout=0.2", "gbt", KEPT, "accuracy < 0.5 or performance",
     MLPIPE_OK},
};

/* What the caller wrote is looked at before defaults that do not fit it. */
static void test_written_first(void **state)
{
    static const struct {
        const char *params, *says;
    } cases[] = {
        {"when='perfomance'", "did you mean \"performance\""},
        {"gate=rmsee", "rmse"},
        {NULL, "say probation=1000 or less, or make the monitor with "
               "capture=2000 or more"},
    };
    mlpipe_cycle *cycle;
    loop l;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &l.c));
    loop_make(&l, NUMBER " holdout=0.2", "ridge", NULL, "capture=1000");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const mlpipe_status st = mlpipe_cycle_new(l.c, l.monitor, l.p,
                                                  cases[i].params, &cycle);
        assert_int_equal(st, MLPIPE_E_PARAM);
        if (!strstr(mlpipe_ctx_error(l.c)->text, cases[i].says))
            fail_msg("%s", mlpipe_ctx_error(l.c)->text);
    }
    loop_drop(&l);
    mlpipe_ctx_free(l.c);
    (void)state;
}

static void test_never(void **state)
{
    mlpipe_cycle *cycle;
    loop l;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &l.c));
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char params[256];
        mlpipe_status st;
        loop_make(&l, rules[i].recipe, rules[i].learner, NULL,
                  rules[i].monitor);
        snprintf(params, sizeof params, "when='%s'", rules[i].rule);
        cycle = (mlpipe_cycle *)1;
        st = mlpipe_cycle_new(l.c, l.monitor, l.p, params, &cycle);
        if (st != rules[i].want)
            fail_msg("%s with %s gave %d: %s", rules[i].rule,
                     rules[i].monitor, st, mlpipe_ctx_error(l.c)->text);
        if (st) {
            assert_null(cycle);
            golden_error(__BASE_FILE__, params, l.c, st);
        }
        mlpipe_cycle_free(cycle);
        loop_drop(&l);
    }
    mlpipe_ctx_free(l.c);
    (void)state;
}

/* A rule alone knows no monitor: what some monitor could tell is taken. */
static void test_never_alone(void **state)
{
    mlpipe_trigger *t;
    loop l;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &l.c));
    loop_make(&l, NUMBER " holdout=0", "ridge", NULL, "detector=none");
    assert_ok(l.c, mlpipe_trigger_new(l.c, l.m, "concept", &t));
    mlpipe_trigger_free(t);
    loop_drop(&l);
    loop_make(&l, CLASSES, "gbt", NULL, NULL);
    assert_told(l.c, MLPIPE_E_STATE,
                mlpipe_trigger_new(l.c, l.m, "concept", &t));
    assert_null(t);
    loop_drop(&l);
    mlpipe_ctx_free(l.c);
    (void)state;
}

/* The moments of a pane need two inputs; then they are told, or not. */
static void test_moments(void **state)
{
    mlpipe_cycle *cycle;
    world d;
    mlpipe_monitor *other;

    world_make(&d, "when=correlations");
    mlpipe_cycle_free(d.cycle);
    d.cycle = NULL;
    mlpipe_monitor_free(d.monitor);
    d.monitor = NULL;
    assert_ok(d.c, mlpipe_monitor_new(d.c, d.slot, "capture=4000 moments=0",
                                      &other));
    assert_told(d.c, MLPIPE_E_STATE,
                mlpipe_cycle_new(d.c, other, d.recipe, "when=reconstruction",
                                 &cycle));
    mlpipe_monitor_free(other);
    world_drop(&d);
    (void)state;
}

static void test_no_learner(void **state)
{
    mlpipe_pipeline *p;
    mlpipe_cycle *cycle;
    loop l;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &l.c));
    loop_make(&l, NUMBER " holdout=0.2", "ridge", NULL, KEPT);
    p = recipe_of(l.c, NUMBER " holdout=0.2", "impute");
    assert_told(l.c, MLPIPE_E_STATE,
                mlpipe_cycle_new(l.c, l.monitor, p, NULL, &cycle));
    mlpipe_pipeline_free(p);
    loop_drop(&l);
    mlpipe_ctx_free(l.c);
    (void)state;
}

/* ---- weights ------------------------------------------------------------- */

#define WEIGHED NUMBER " weight=w holdout=0.2"

static mlpipe_layout *layout_of(mlpipe_ctx *c, int32_t weight)
{
    mlpipe_layout *l;

    assert_ok(c, mlpipe_layout_new(c, sizeof(record), &l));
    assert_ok(c, mlpipe_layout_field(c, l, "x", MLPIPE_F64,
                                     offsetof(record, x)));
    if (weight)
        assert_ok(c, mlpipe_layout_field(c, l, "w", weight,
                                         weight == MLPIPE_TOKEN
                                             ? offsetof(record, token)
                                             : offsetof(record, w)));
    return l;
}

static void try_layout(mlpipe_ctx *c, int32_t weight, const char *served,
                       mlpipe_status want)
{
    mlpipe_layout *layout = layout_of(c, weight);
    mlpipe_pipeline *recipe = recipe_of(c, WEIGHED, "ridge");
    mlpipe_cycle *cycle;
    loop l = {.c = c};

    loop_make(&l, served, "ridge", layout, KEPT);
    if (want)
        assert_told(c, want, mlpipe_cycle_new(c, l.monitor, recipe, NULL,
                                              &cycle));
    else
        assert_ok(c, mlpipe_cycle_new(c, l.monitor, recipe, NULL, &cycle));
    mlpipe_cycle_free(cycle);
    loop_drop(&l);
    mlpipe_pipeline_free(recipe);
    mlpipe_layout_free(layout);
}

static void test_weight_column(void **state)
{
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    try_layout(c, MLPIPE_F64, WEIGHED, MLPIPE_OK);
    try_layout(c, MLPIPE_TOKEN, WEIGHED, MLPIPE_E_SCHEMA);
    try_layout(c, 0, WEIGHED, MLPIPE_E_SCHEMA);
    try_layout(c, MLPIPE_F64, NUMBER " holdout=0.2", MLPIPE_E_SCHEMA);
    mlpipe_ctx_free(c);
    (void)state;
}

/* y = slope x; bad: every tenth row has no weight, or one that is none. */
static void serve_rows(loop *l, mlpipe_worker *w, uint64_t from, uint64_t to,
                       double slope, bool bad)
{
    const double none[] = {-1, 0, mlpipe__inf()};

    for (uint64_t i = from; i < to; i++) {
        record r = {serve_random(i, 0), 1 + serve_random(i, 3), 0};
        double out;
        if (bad && i % 10 == 0)
            r.w = i % 40 ? none[i / 10 % 3] : mlpipe__nan();
        assert_ok(l->c, mlpipe_worker_predict(w, i, (int64_t)i * 1000000, &r,
                                              &out, 1));
        assert_ok(l->c,
                  mlpipe_monitor_truth(
                      l->c, l->monitor, i, (int64_t)i * 1000000,
                      slope * r.x +
                          0.3 * mlpipe__normal_quantile(serve_random(i, 2))));
    }
}

/* Probation goes on with the rows that have a weight, and tells the others. */
static void test_weight_values(void **state)
{
    mlpipe_layout *layout;
    mlpipe_buffer *log;
    mlpipe_worker *w;
    mlpipe_cycle *cycle;
    int32_t action = 0;
    loop l;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &l.c));
    layout = layout_of(l.c, MLPIPE_F64);
    loop_make(&l, WEIGHED, "ridge", layout, KEPT " pane=200");
    assert_ok(l.c, mlpipe_worker_new(l.c, l.slot, NULL, &w));
    assert_ok(l.c, mlpipe_cycle_new(l.c, l.monitor, l.p,
                                    "when='rows > 700' gate_min=100 "
                                    "probation=400",
                                    &cycle));
    serve_rows(&l, w, 1001, 1801, -2, false);
    assert_ok(l.c, mlpipe_cycle_tick(l.c, cycle, 1801000000, &action));
    assert_int_equal(action, MLPIPE_ACTION_RETRAIN);
    assert_ok(l.c, mlpipe_cycle_retrain(l.c, cycle));
    assert_ok(l.c, mlpipe_cycle_tick(l.c, cycle, 1801000000, &action));
    assert_int_equal(action, MLPIPE_ACTION_SWAPPED);
    serve_rows(&l, w, 1801, 2301, -2, true);
    assert_ok(l.c, mlpipe_cycle_tick(l.c, cycle, 2301000000, &action));
    assert_int_equal(action, MLPIPE_ACTION_CONFIRMED);
    assert_ok(l.c, mlpipe_cycle_log(l.c, cycle, &log));
    /* of 50 rows, those with weight 0 count as without a target */
    assert_non_null(strstr(mlpipe_buffer_data(log), "\"unweighted\":0"));
    assert_non_null(strstr(mlpipe_buffer_data(log), "\"unlabelled\":13,"
                                                    "\"unweighted\":37"));
    mlpipe_buffer_free(log);
    mlpipe_cycle_free(cycle);
    mlpipe_worker_free(w);
    loop_drop(&l);
    mlpipe_layout_free(layout);
    mlpipe_ctx_free(l.c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_first),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_never_alone),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_no_learner),
        cmocka_unit_test(test_weight_column),
        cmocka_unit_test(test_weight_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
