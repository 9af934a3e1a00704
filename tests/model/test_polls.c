/* SPDX-License-Identifier: MIT */
/*
 * Calls that take long are stopped soon: work that grows with the rows or with
 * what a row is compared with is polled in between. Counted in polls, since
 * the time of a machine under load says nothing.
 */
#include "support.h"

typedef struct polls {
    const char *stage; /* NULL: of any */
    int64_t count, stop_at; /* -1: never */
} polls;

static int32_t polls_progress(void *user, const char *stage, double fraction)
{
    polls *p = user;
    (void)fraction;
    if (p->stage && strcmp(stage, p->stage))
        return 0;
    return p->count++ == p->stop_at;
}

static mlpipe_ctx *polls_ctx(polls *p, uint32_t threads)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *c;
    o.user = p;
    o.progress = polls_progress;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* Columns a..; y is a number, or "no" and "yes" for one row in `rare`. */
static mlpipe_dataset *polls_data(mlpipe_ctx *c, int64_t rows,
                                  uint32_t columns, int64_t rare)
{
    double *x = malloc((size_t)rows * sizeof *x);
    const char **text = malloc((size_t)rows * sizeof *text);
    char name[2] = "a";
    uint64_t state = 7;
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t k = 0; k <= columns; k++, name[0]++) {
        for (int64_t i = 0; i < rows; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
            x[i] = (double)(state >> 40) / 1024;
            text[i] = rare && i % rare == 0 ? "yes" : "no";
        }
        if (k == columns && rare)
            assert_ok(c, mlpipe_builder_texts(c, b, "y", text, rows));
        else
            assert_ok(c, mlpipe_builder_column(c, b, k == columns ? "y" : name,
                                               MLPIPE_F64, x, NULL, rows));
    }
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(text);
    free(x);
    return d;
}

static mlpipe_model *polls_model(mlpipe_ctx *c, const mlpipe_dataset *d,
                                 const char *before, const char *learner)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
    if (before)
        assert_ok(c, mlpipe_pipeline_add(c, p, before, NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

/* Rows are compared with the 18,000 points that are not held out, of 20
 * coordinates: two blocks of 512 rows are 369 million of those. */
static void neighbours(void **state)
{
    enum { ROWS = 20000, ASKED = 3000 };
    static double answers[2][ASKED];
    polls p = {.stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1), *two;
    mlpipe_dataset *d = polls_data(c, ROWS, 20, 0), *some;
    mlpipe_model *m = polls_model(c, d, NULL, "knn");
    (void)state;
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, ASKED, &some));
    p.stage = "predict";
    p.count = 0;
    assert_ok(c, mlpipe_predict(c, m, some, answers[0], ASKED));
    assert_int_equal(3, p.count);
    for (int64_t k = p.count; k-- > 0;) {
        p.count = 0;
        p.stop_at = k;
        assert_status(MLPIPE_E_CANCELLED,
                      mlpipe_predict(c, m, some, answers[1], ASKED));
        assert_int_equal(k + 1, p.count);
    }
    p.stop_at = -1;
    two = polls_ctx(&p, 2);
    assert_ok(two, mlpipe_predict(two, m, some, answers[1], ASKED));
    assert_memory_equal(answers[0], answers[1], sizeof answers[0]);
    mlpipe_model_free(m);
    mlpipe_dataset_free(some);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(two);
    mlpipe_ctx_free(c);
}

/* 5,000 rows among each other. */
static void smote(void **state)
{
    polls p = {.stage = "smote", .stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1);
    mlpipe_dataset *d = polls_data(c, 20000, 10, 4);
    mlpipe_model *m = polls_model(c, d, "smote", "logistic");
    (void)state;
    assert_true(p.count >= 15); /* 10 features, and before and after them */
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Metrics, one by one, and sorts of all rows within them. */
static void metrics(void **state)
{
    polls p = {.stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1);
    mlpipe_dataset *d = polls_data(c, 2000, 3, 0);
    mlpipe_model *m = polls_model(c, d, NULL, "ridge");
    mlpipe_report *r = NULL;
    (void)state;
    p.stage = "evaluate";
    p.count = 0;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=rmse,mae", &r));
    mlpipe_report_free(r);
    assert_int_equal(4, p.count);
    p.stage = "sort";
    p.count = 0;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=spearman", &r));
    mlpipe_report_free(r);
    assert_true(p.count >= 8);
    p.stage = "look for rows of the fit";
    p.count = 0;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=rmse", &r));
    mlpipe_report_free(r);
    assert_true(p.count >= 2);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Bins of equal weight sort all rows: a tenth of a second for a million. */
static void bins(void **state)
{
    polls p = {.stage = "sort", .stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1);
    mlpipe_dataset *d = polls_data(c, 2000, 3, 2);
    mlpipe_model *m = polls_model(c, d, NULL, "logistic");
    mlpipe_report *r = NULL;
    (void)state;
    p.count = 0;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=ece_mass", &r));
    mlpipe_report_free(r);
    assert_true(p.count >= 2);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Each look at all rows before a learner begins. */
static void begins(void **state)
{
    polls p = {.stage = "fit", .stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1);
    mlpipe_dataset *d = polls_data(c, 200, 3, 0);
    mlpipe_model *m = polls_model(c, d, NULL, "knn");
    (void)state;
    assert_true(p.count >= 7);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Stopped at each of them: nothing is given, and the next call works. */
static void stopped(const char *learner, int64_t rare)
{
    polls p = {.stop_at = -1};
    mlpipe_ctx *c = polls_ctx(&p, 1);
    mlpipe_dataset *d = polls_data(c, 200, 3, rare);
    mlpipe_model *m = polls_model(c, d, NULL, learner);
    mlpipe_report *r = NULL;
    int64_t all;
    p.count = 0;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=all", &r));
    mlpipe_report_free(r);
    all = p.count;
    for (int64_t k = 0; k < all; k++) {
        p.count = 0;
        p.stop_at = k;
        assert_status(MLPIPE_E_CANCELLED,
                      mlpipe_evaluate(c, m, d, "metrics=all", &r));
        assert_null(r);
    }
    p.stop_at = -1;
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=all", &r));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void stopped_everywhere(void **state)
{
    (void)state;
    stopped("ridge", 0);
    stopped("logistic", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours),
        cmocka_unit_test(smote),
        cmocka_unit_test(metrics),
        cmocka_unit_test(bins),
        cmocka_unit_test(begins),
        cmocka_unit_test(stopped_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
