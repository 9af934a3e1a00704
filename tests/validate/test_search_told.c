/* SPDX-License-Identifier: MIT */
/* What a search says while it runs, and what it refuses before it begins. */
#include "model/model_support.h"

typedef struct teller {
    char log[16384];
    uint32_t fits; /* how often a fit told its progress */
} teller;

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    teller *t = user;
    const size_t n = strlen(t->log);
    (void)level;
    if (!strcmp(component, "search"))
        snprintf(t->log + n, sizeof t->log - n, "%s\n", text);
}

static int32_t count_fits(void *user, const char *stage, double fraction)
{
    teller *t = user;
    (void)fraction;
    t->fits += !strcmp(stage, "fit");
    return 0;
}

static mlpipe_ctx *telling(teller *t)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .user = t,
                                  .log_level = MLPIPE_LOG_INFO,
                                  .log = keep_log,
                                  .progress = count_fits};
    mlpipe_ctx *c;
    memset(t, 0, sizeof *t);
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

static mlpipe_pipeline *searched_recipe(mlpipe_ctx *c, const char *target,
                                        const char *tail)
{
    char text[96];
    mlpipe_pipeline *p;
    snprintf(text, sizeof text, "target=%s features=size,lot,rooms", target);
    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=5 min_rows=5"));
    if (tail)
        assert_ok(c, mlpipe_pipeline_add(c, p, tail, NULL));
    return p;
}

/* Lines of the log as the report has the trials: from 0, and each with the
 * best of those up to and with it. */
static void lines(void **state)
{
    enum { TRIALS = 6 };
    teller t;
    mlpipe_ctx *c = telling(&t);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *v = made_dataset(c, 300,
                                                                   200);
    mlpipe_pipeline *p = searched_recipe(c, "price", NULL), *tuned;
    mlpipe_report *r;
    const char *at = t.log;
    double least = 1e300, score, best;
    unsigned trial, last, of, least_of = 0;
    (void)state;
    assert_ok(c, mlpipe_search(c, p, d, v, "gbt.rate=0.01..0.9",
                               "trials=6 method=random", &tuned, &r));
    for (unsigned i = 0; i < TRIALS; i++) {
        assert_non_null(at);
        assert_int_equal(5, sscanf(at, "trial %u of 0 to %u: rmse %lf; the "
                                   "best so far is %lf of trial %u\n",
                                   &trial, &last, &score, &best, &of));
        assert_int_equal(i, trial);
        assert_int_equal(TRIALS - 1, last);
        least_of = score < least ? i : least_of;
        least = score < least ? score : least;
        assert_near(best, least, 0);
        assert_int_equal(least_of, of);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(0, *at);
    assert_int_equal(least_of, (int)mlpipe_report_get(r, "best_trial"));
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

/* What the journal gives is told once, and not as if it were run. */
static void resumed(void **state)
{
    static const char journal[] = "search-told.jsonl";
    teller t;
    mlpipe_ctx *c = telling(&t);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *v = made_dataset(c, 300,
                                                                   200);
    mlpipe_pipeline *p = searched_recipe(c, "price", NULL);
    (void)state;
    remove(journal);
    for (int trials = 4; trials < 8; trials += 1 + (trials == 4)) {
        mlpipe_pipeline *tuned;
        mlpipe_report *r;
        char params[96];
        snprintf(params, sizeof params, "trials=%d method=random batch=1 "
                 "journal=%s", trials, journal);
        for (int again = 0; again < 2; again++) {
            t.log[0] = 0;
            assert_ok(c, mlpipe_search(c, p, d, v, "gbt.rate=0.01..0.9",
                                       params, &tuned, &r));
            mlpipe_report_free(r);
            mlpipe_pipeline_free(tuned);
            if (again) { /* nothing was left to run */
                assert_null(strstr(t.log, "trial 0"));
                assert_null(strstr(t.log, "so far"));
                assert_non_null(strstr(t.log, "results of trials from "
                                              "search-told.jsonl"));
            } else if (trials == 6) {
                assert_int_equal(0, strncmp(t.log, "4 results of trials ",
                                            20));
                assert_non_null(strstr(t.log, "\ntrial 4 of 0 to 5"));
            }
        }
    }
    remove(journal);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    mlpipe_ctx_free(c);
}

/* Metrics of another task, and values that none can see: before any fit. */
static void refused_early(void **state)
{
    static const struct {
        const char *target, *tail, *space, *params, *part;
    } cases[] = {
        {"risk", NULL, "gbt.rate=0.1,0.2", "metric=rmse",
         "metric=rmse does not score the task binary of the target "
         "\"risk\", whose default is logloss"},
        {"town", NULL, "gbt.rate=0.1,0.2", "metric=rmse",
         "the task multiclass"},
        {"price", NULL, "gbt.rate=0.1,0.2", "metric=auc",
         "the task regression"},
        {"price", "conformal", "gbt.rate=0.1,0.2 conformal.level=0.8,0.9",
         NULL, "leave conformal.level out of the space"},
        {"risk", "conformal", "conformal.level=0.8,0.9", "metric=auc",
         "metric=auc scores the answer"},
    };
    teller t;
    mlpipe_ctx *c = telling(&t);
    mlpipe_dataset *d = made_dataset(c, 0, 200);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p = searched_recipe(c, cases[i].target,
                                             cases[i].tail), *tuned;
        mlpipe_report *r;
        assert_status(MLPIPE_E_PARAM,
                      mlpipe_search(c, p, d, NULL, cases[i].space,
                                    cases[i].params, &tuned, &r));
        if (!strstr(mlpipe_ctx_error(c)->text, cases[i].part))
            fail_msg("%s", mlpipe_ctx_error(c)->text);
        assert_null(strstr(mlpipe_ctx_error(c)->text, "trials failed"));
        assert_int_equal(0, t.fits);
        assert_true(!tuned && !r);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(resumed),
        cmocka_unit_test(refused_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
