/* SPDX-License-Identifier: MIT */
/* ridge against scikit-learn's Ridge, and what it refuses. */
#include "train_rig.h"

#include "golden/steps.h"
#include "golden_text.h"

enum {
    RIDGE_N = sizeof golden_ridge_y / sizeof *golden_ridge_y,
    RIDGE_P = 5,
    RIDGE_CASES = sizeof golden_ridge / sizeof *golden_ridge
};

static mlpipe_ctx *ridge_ctx;

static int ridge_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &ridge_ctx);
}

static int ridge_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(ridge_ctx);
    return 0;
}

static void ridge_table(rig_table *t, bool weighted)
{
    rig_table_new(t, RIDGE_N, RIDGE_P);
    for (uint32_t i = 0; i < RIDGE_N; i++) {
        for (uint32_t f = 0; f < RIDGE_P; f++)
            t->x[f][i] = golden_ridge_x[i][f];
        t->y[i] = golden_ridge_y[i];
    }
    if (!weighted)
        return;
    t->w = calloc(RIDGE_N, sizeof(double));
    memcpy(t->w, golden_ridge_w, sizeof golden_ridge_w);
}

/* The constant and the coefficients as the program stores them. */
static const double *ridge_model(const rig_fit *f)
{
    const mlpipe__op *op = &f->program->ops[f->program->op_count - 1];

    assert_int_equal(MLPIPE__OP_LINEAR, op->code);
    return f->program->consts + op->b;
}

static void ridge_equals_peer(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < RIDGE_CASES; k++) {
        const double *g = golden_ridge[k];
        rig_table t;
        rig_fit f;
        char text[64];
        snprintf(text, sizeof text, "l2=%g intercept=%s", g[0],
                 g[1] > 0 ? "true" : "false");
        ridge_table(&t, g[2] > 0);
        assert_ok(ridge_ctx,
                  rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, text,
                              MLPIPE__TASK_REGRESSION, &t, NULL, &f));
        for (uint32_t i = 0; i <= RIDGE_P; i++) {
            const double want = g[3 + i], got = ridge_model(&f)[i];
            if (fabs(got - want) > 1e-9 * fabs(want) + 1e-12)
                fail_msg("case %u (%s), coefficient %u: %.17g, not %.17g", k,
                         text, i, got, want);
        }
        rig_fit_free(&f);
        rig_table_free(&t);
    }
}

/* An integer weight is a row that is there so often; 0 is none. */
static void ridge_weight_is_repetition(void **state)
{
    rig_table t, u;
    rig_fit f, g;
    uint32_t n = 0;
    (void)state;

    ridge_table(&t, true);
    for (uint32_t i = 0; i < RIDGE_N; i++)
        n += (uint32_t)t.w[i];
    rig_table_new(&u, n, RIDGE_P);
    n = 0;
    for (uint32_t i = 0; i < RIDGE_N; i++)
        for (uint32_t k = 0; k < (uint32_t)t.w[i]; k++, n++) {
            for (uint32_t c = 0; c < RIDGE_P; c++)
                u.x[c][n] = t.x[c][i];
            u.y[n] = t.y[i];
        }
    assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                                     MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                                     MLPIPE__TASK_REGRESSION, &u, NULL, &g));
    for (uint32_t i = 0; i < RIDGE_N; i++)
        assert_near(rig_predict_row(&f, &t, i), rig_predict_row(&g, &t, i),
                    1e-11);
    rig_fit_free(&f);
    rig_fit_free(&g);
    rig_table_free(&t);
    rig_table_free(&u);
}

/* Many blocks, a large offset, an exact law: the law comes back. */
static void ridge_large_offset(void **state)
{
    enum { N = 20000 };
    rig_table t;
    rig_fit f;
    (void)state;

    rig_table_new(&t, N, 2);
    for (uint32_t i = 0; i < N; i++) {
        t.x[0][i] = 1e9 + rig_normal(i, 0);
        t.x[1][i] = rig_normal(i, 1);
        t.y[i] = 3 * (t.x[0][i] - 1e9) - 2 * t.x[1][i] + 7;
    }
    assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, &mlpipe__learner_ridge,
                                     "l2=0", MLPIPE__TASK_REGRESSION, &t,
                                     NULL, &f));
    assert_near(ridge_model(&f)[1], 3, 1e-10);
    assert_near(ridge_model(&f)[2], -2, 1e-10);
    assert_true(mlpipe_report_get(f.notes, "train_loss") < 1e-9);
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void ridge_collinear_columns(void **state)
{
    rig_table t;
    rig_fit f;
    const char *text;
    (void)state;

    ridge_table(&t, false);
    for (uint32_t i = 0; i < RIDGE_N; i++)
        t.x[3][i] = 2 * t.x[0][i] - t.x[2][i] + 5;
    assert_told(ridge_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, "l2=0",
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    text = mlpipe_ctx_error(ridge_ctx)->text;
    assert_non_null(strstr(text, "f3"));
    assert_non_null(strstr(text, "f0"));
    assert_non_null(strstr(text, "f2"));
    assert_null(strstr(text, "f1"));
    assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                                     MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    rig_fit_free(&f);
    for (uint32_t i = 0; i < RIDGE_N; i++)
        t.x[3][i] = 4;
    assert_told(ridge_ctx, MLPIPE_E_NUMERIC,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, "l2=0",
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    assert_non_null(strstr(mlpipe_ctx_error(ridge_ctx)->text, "constant"));
    rig_table_free(&t);
}

static void ridge_refuses(void **state)
{
    rig_table t;
    rig_fit f;
    (void)state;

    ridge_table(&t, false);
    assert_told(ridge_ctx, MLPIPE_E_UNSUPPORTED,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                            MLPIPE__TASK_BINARY, &t, NULL, &f));
    assert_told(ridge_ctx, MLPIPE_E_PARAM,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, "l2=-1",
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    t.x[1][17] = NAN;
    assert_told(ridge_ctx, MLPIPE_E_SCHEMA,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    assert_int_equal(17, mlpipe_ctx_error(ridge_ctx)->row);
    assert_string_equal("f1", mlpipe_ctx_error(ridge_ctx)->column);
    t.codes[1] = 3;
    assert_told(ridge_ctx, MLPIPE_E_SCHEMA,
                rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, NULL,
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    assert_non_null(strstr(mlpipe_ctx_error(ridge_ctx)->text, "onehot"));
    rig_table_free(&t);
}

static void ridge_starves(void **state)
{
    rig_table t;
    (void)state;

    ridge_table(&t, true);
    rig_starve(&mlpipe__learner_ridge, NULL, MLPIPE__TASK_REGRESSION, &t,
               NULL);
    rig_table_free(&t);
}

/* Columns whose squares are beyond a double are no columns that do not vary:
 * neither is left out, nor a penalty chosen by errors that are no numbers. */
static void ridge_huge_columns(void **state)
{
    static const struct {
        const mlpipe__learner *learner;
        const char *text;
    } cases[] = {{&mlpipe__learner_ridge, "l2=1"},
                 {&mlpipe__learner_ridge, "lambda=auto"},
                 {&mlpipe__learner_lasso, "lambda=auto"},
                 {&mlpipe__learner_lasso, "lambda=0.1"},
                 {&mlpipe__learner_lasso, "lambda=0.2"}};
    (void)state;
    for (uint32_t k = 0; k < 10; k++) {
        const bool target = k & 1;
        rig_table t;
        rig_fit f;
        rig_table_new(&t, 100, k < 8 ? 1 : 101); /* the last by rows */
        for (uint32_t i = 0; i < 100; i++) {
            t.x[0][i] = rig_normal(i, 0) * (target ? 1 : 1e160);
            t.y[i] = rig_normal(i, 0) * (target ? 1e160 : 1);
        }
        assert_told(ridge_ctx, MLPIPE_E_NUMERIC,
                    rig_fit_new(ridge_ctx, cases[k / 2].learner,
                                cases[k / 2].text, MLPIPE__TASK_REGRESSION,
                                &t, NULL, &f));
        assert_non_null(strstr(mlpipe_ctx_error(ridge_ctx)->text,
                               target ? "the target are beyond"
                                      : "\"f0\" are beyond"));
        rig_table_free(&t);
    }
}

/*
 * Rows of weight 0 are as good as absent, whatever they hold: here a first
 * block of them, far from all others, and one among the others.
 */
static void ridge_weightless_rows(void **state)
{
    enum { GONE = MLPIPE__SUM_BLOCK, REST = 300 };
    static const mlpipe__learner *const learners[] = {
        &mlpipe__learner_ridge, &mlpipe__learner_lasso};
    static const char *const texts[] = {"l2=0.5", "lambda=0.01"};
    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        const uint32_t gone = k & 1 ? 1 : GONE;
        rig_table with, rest;
        rig_fit a, b;
        rig_table_new(&with, gone + REST, 2);
        rig_table_new(&rest, REST, 2);
        with.w = calloc(gone + REST, sizeof(double));
        for (uint32_t i = 0; i < gone + REST; i++) {
            const bool counts = i >= gone;
            with.x[0][i] = counts ? 1e9 + rig_normal(i, 0) : -3e11;
            with.x[1][i] = counts ? rig_normal(i, 1) : 5e10;
            with.y[i] = counts ? with.x[0][i] - 2 * with.x[1][i] : 7e13;
            with.w[i] = counts;
            if (!counts)
                continue;
            rest.x[0][i - gone] = with.x[0][i];
            rest.x[1][i - gone] = with.x[1][i];
            rest.y[i - gone] = with.y[i];
        }
        assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, learners[k / 2],
                                         texts[k / 2],
                                         MLPIPE__TASK_REGRESSION, &with, NULL,
                                         &a));
        assert_ok(ridge_ctx, rig_fit_new(ridge_ctx, learners[k / 2],
                                         texts[k / 2],
                                         MLPIPE__TASK_REGRESSION, &rest, NULL,
                                         &b));
        for (uint32_t j = 1; j < 3; j++)
            assert_near(ridge_model(&a)[j], ridge_model(&b)[j], 1e-6);
        rig_fit_free(&a);
        rig_fit_free(&b);
        rig_table_free(&with);
        rig_table_free(&rest);
    }
}

/* The unit of the weights changes least squares as little as it should, and
 * weights that would lose digits are refused. */
static void ridge_unit_of_weights(void **state)
{
    static const double units[] = {1, 1e-99, 1e99, 1e-318};
    double first[3] = {0};
    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        rig_table t;
        rig_fit f;
        mlpipe_status st;
        rig_table_new(&t, 200, 2);
        t.w = calloc(200, sizeof(double));
        for (uint32_t i = 0; i < 200; i++) {
            t.x[0][i] = rig_normal(i, 0);
            t.x[1][i] = 1e-8 * rig_normal(i, 1);
            t.y[i] = t.x[0][i] + rig_normal(i, 2);
            t.w[i] = units[k] * (1 + i % 3);
        }
        st = rig_fit_new(ridge_ctx, &mlpipe__learner_ridge, "l2=0",
                         MLPIPE__TASK_REGRESSION, &t, NULL, &f);
        if (k == 3) {
            assert_status(MLPIPE_E_NUMERIC, st);
            assert_non_null(
                strstr(mlpipe_ctx_error(ridge_ctx)->text, "1e-100"));
            rig_table_free(&t);
            continue;
        }
        assert_ok(ridge_ctx, st);
        for (uint32_t j = 0; j < 3; j++) {
            const double w = ridge_model(&f)[j];
            first[j] = k ? first[j] : w;
            assert_near(w / first[j], 1, 1e-9);
        }
        rig_fit_free(&f);
        rig_table_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_huge_columns),
        cmocka_unit_test(ridge_weightless_rows),
        cmocka_unit_test(ridge_unit_of_weights),
        cmocka_unit_test(ridge_equals_peer),
        cmocka_unit_test(ridge_weight_is_repetition),
        cmocka_unit_test(ridge_large_offset),
        cmocka_unit_test(ridge_collinear_columns),
        cmocka_unit_test(ridge_refuses),
        cmocka_unit_test(ridge_starves),
    };
    return cmocka_run_group_tests(tests, ridge_open, ridge_close);
}
