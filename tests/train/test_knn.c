/* SPDX-License-Identifier: MIT */
/* knn against scikit-learn's, and what it refuses. Which rows are nearest is
 * test_points.c's. */
#include "near_rig.h"

enum { Q = GOLDEN_NEAR_QUERIES };

static const struct {
    uint32_t task, at; /* where its answers start in a golden row */
} knn_tasks[] = {{MLPIPE__TASK_REGRESSION, 3},
                 {MLPIPE__TASK_MULTICLASS, 3 + Q},
                 {MLPIPE__TASK_BINARY, 3 + 4 * Q}};

static void equals_peer(void **state)
{
    for (uint32_t i = 0; i < 12; i++)
        for (uint32_t t = 0; t < 3; t++) {
            const double *g = golden_near_knn[i];
            rig_table table;
            near_fit f;
            char text[80];

            snprintf(text, sizeof text, "k=%g weights=%s metric=%s", g[0],
                     g[1] > 0 ? "distance" : "uniform",
                     g[2] > 0 ? "manhattan" : "euclidean");
            near_table(&table, false, knn_tasks[t].task);
            assert_ok(*state,
                      near_fit_new(*state, &mlpipe__learner_knn, text,
                                   knn_tasks[t].task, &table, &f));
            assert_int_equal(f.raw, t == 0);
            near_compare(&f, golden_near_q[0], g + knn_tasks[t].at, 1e-12);
            near_fit_free(&f);
            rig_table_free(&table);
        }
}

/* A row of weight 0 is as good as absent; others count by their weight. */
static void weights(void **state)
{
    rig_table t, less;
    near_fit f, g;
    double a[2 * Q], b[2 * Q];
    uint32_t n = 0;

    near_table(&t, false, MLPIPE__TASK_REGRESSION);
    near_table(&less, false, MLPIPE__TASK_REGRESSION);
    t.w = calloc(t.rows, sizeof *t.w);
    less.w = calloc(t.rows, sizeof *t.w);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.w[i] = i % 3;
        if (!t.w[i])
            continue;
        for (uint32_t k = 0; k < t.features; k++)
            less.x[k][n] = t.x[k][i];
        less.y[n] = t.y[i];
        less.w[n++] = t.w[i];
    }
    less.rows = n;
    assert_ok(*state, near_fit_new(*state, &mlpipe__learner_knn, "k=2",
                                   MLPIPE__TASK_REGRESSION, &t, &f));
    assert_ok(*state, near_fit_new(*state, &mlpipe__learner_knn, "k=2",
                                   MLPIPE__TASK_REGRESSION, &less, &g));
    assert_int_equal(n, (uint32_t)mlpipe_report_get(f.notes, "points"));
    near_predict(&f, golden_near_q[0], Q, false, a);
    near_predict(&g, golden_near_q[0], Q, false, b);
    for (uint32_t i = 0; i < Q; i++)
        assert_true(a[2 * i] == b[2 * i]);
    near_fit_free(&f);
    near_fit_free(&g);
    rig_table_free(&t);
    rig_table_free(&less);
}

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    char *kept = user;

    assert_int_equal(MLPIPE_LOG_WARN, level);
    snprintf(kept, 512, "%s: %s", component, text);
}

/* A column whose spread decides alone is told of; constants are not. */
static void far_scales_are_told(void **state)
{
    char told[512] = "";
    const mlpipe_ctx_options o = {.size = sizeof o, .user = told,
                                  .log = keep_log,
                                  .log_level = MLPIPE_LOG_WARN};
    mlpipe_ctx *c;
    rig_table t;
    near_fit f;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    near_table(&t, false, MLPIPE__TASK_REGRESSION);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[2][i] = 7;
    assert_ok(c, near_fit_new(c, &mlpipe__learner_knn, NULL,
                              MLPIPE__TASK_REGRESSION, &t, &f));
    assert_string_equal("", told);
    near_fit_free(&f);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] *= 1000;
    assert_ok(c, near_fit_new(c, &mlpipe__learner_knn, NULL,
                              MLPIPE__TASK_REGRESSION, &t, &f));
    assert_true(strstr(told, "knn: feature \"f1\"") &&
                strstr(told, "add scale before knn"));
    assert_true(mlpipe_report_get(f.notes, "scales_apart") > 100);
    near_fit_free(&f);
    rig_table_free(&t);
    mlpipe_ctx_free(c);
}

static void refused(mlpipe_ctx *c, rig_table *t, const char *text,
                    mlpipe_status want, const char *says)
{
    near_fit f;

    assert_status(want, near_fit_new(c, &mlpipe__learner_knn, text,
                                     MLPIPE__TASK_REGRESSION, t, &f));
    if (!strstr(mlpipe_ctx_error(c)->text, says))
        fail_msg("%s", mlpipe_ctx_error(c)->text);
}

static void what_it_refuses(void **state)
{
    mlpipe_ctx *c = *state;
    rig_table t;

    near_table(&t, false, MLPIPE__TASK_REGRESSION);
    refused(c, &t, "k=91", MLPIPE_E_EMPTY, "k is 91, and 90 training rows");
    t.x[2][7] = NAN;
    refused(c, &t, NULL, MLPIPE_E_SCHEMA, "missing in row 7; add impute");
    t.x[2][7] = 1e151;
    refused(c, &t, NULL, MLPIPE_E_NUMERIC, "1e+151 in row 7");
    t.x[2][7] = 1;
    t.y[3] = INFINITY;
    refused(c, &t, NULL, MLPIPE_E_NUMERIC, "row 3 has target inf");
    t.y[3] = 1;
    t.codes[1] = 4;
    refused(c, &t, NULL, MLPIPE_E_SCHEMA, "add onehot or ordinal");
    rig_table_free(&t);
}

static int stop_at(void *user, const char *stage, double done)
{
    int64_t *left = user;
    (void)stage;
    (void)done;

    return (*left)-- == 0;
}

/* Reading and the look at each column can be stopped. */
static void cancels(void **state)
{
    int64_t left = 0;
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &left,
                                  .progress = stop_at};
    mlpipe_ctx *c;
    rig_table t;
    near_fit f;
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    near_table(&t, false, MLPIPE__TASK_REGRESSION);
    const uint64_t live = atomic_load(&c->env->live);
    /* a look before each block of rows, and each eight columns */
    for (int64_t k = 0; k < 1 + (t.features + 7) / 8; k++) {
        left = k;
        assert_status(MLPIPE_E_CANCELLED,
                      near_fit_new(c, &mlpipe__learner_knn, NULL,
                                   MLPIPE__TASK_REGRESSION, &t, &f));
        assert_int_equal(live, atomic_load(&c->env->live));
    }
    rig_table_free(&t);
    mlpipe_ctx_free(c);
}

static void lack_of_memory(void **state)
{
    rig_table t;

    (void)state;
    near_table(&t, false, MLPIPE__TASK_REGRESSION);
    rig_starve(&mlpipe__learner_knn, "k=3", MLPIPE__TASK_REGRESSION, &t,
               NULL);
    rig_table_free(&t);
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_peer),
        cmocka_unit_test(weights),
        cmocka_unit_test(far_scales_are_told),
        cmocka_unit_test(what_it_refuses),
        cmocka_unit_test(cancels),
        cmocka_unit_test(lack_of_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
