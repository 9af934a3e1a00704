/* SPDX-License-Identifier: MIT */
/*
 * What people read where rows run out, names are gone and times are not told:
 * the edges of calls that mostly work.
 */
#include "api/messages.h"
#include "golden_text.h"
#include "model/model_support.h"

static mlpipe_ctx *c;

/* x is a number, s a text of three values, e yes or no, t a time, u another
 * that is mostly later, w weights, o an offset, y what is to be told. */
static mlpipe_dataset *rows_of(int rows)
{
    char *csv = malloc((size_t)rows * 80 + 80);
    size_t n = (size_t)sprintf(csv, "x,s,e,t,u,w,o,y\n");
    mlpipe_dataset *d;
    for (int i = 0; i < rows; i++)
        n += (size_t)sprintf(csv + n, "%d.5,%s,%s,2020-01-%02d,2020-02-%02d,"
                             "%d,%d.25,%d.5\n", i * 7 % 30,
                             i % 3 ? i % 2 ? "red" : "blue" : "green",
                             i % 4 ? "yes" : "no", 1 + i % 28, 1 + i % 28,
                             i % 2, i % 5, i * 7 % 30 + i % 3);
    d = read_text(c, csv, "as=s:category,e:category");
    free(csv);
    return d;
}

static mlpipe_dataset *table(const char *csv)
{
    return read_text(c, csv, NULL);
}

static mlpipe_pipeline *recipe_of(const char *roles, const char *steps)
{
    mlpipe_pipeline *p;
    char step[512];
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    for (const char *s = steps; *s;) {
        const size_t n = strcspn(s, ";");
        snprintf(step, sizeof step, "%.*s", (int)n, s);
        char *params = strchr(step, ' ');
        if (params)
            *params++ = 0;
        assert_ok(c, mlpipe_pipeline_add(c, p, step, params));
        s += n + (s[n] == ';');
        s += strspn(s, " ");
    }
    return p;
}

/* A fit that fails, and notes what it tells. */
static void fit_tells(const mlpipe_dataset *d, const char *roles,
                      const char *steps)
{
    mlpipe_pipeline *const p = recipe_of(roles, steps);
    mlpipe_model *m = NULL;
    char name[1024];
    snprintf(name, sizeof name, "%s | %s", roles, steps);
    const mlpipe_status st = mlpipe_fit(c, p, d, NULL, &m);
    if (!st)
        fail_msg("is fitted: %s", name);
    golden_error(__BASE_FILE__, name, c, st);
    mlpipe_pipeline_free(p);
}

static mlpipe_model *model_of(const mlpipe_dataset *d, const char *roles,
                              const char *steps)
{
    mlpipe_pipeline *const p = recipe_of(roles, steps);
    mlpipe_model *m;
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static void fits(void **state)
{
    static const char *const recipes[][2] = {
        {"target=y features=x", "oversample; gbt trees=2"},
    };
    static const char *const csv[][3] = {
        {"x,y,w\n1,1e308,1\n2,1e308,1\n3,1e308,1\n4,1e308,1\n",
         "target=y features=x weight=w holdout=0", "gbt trees=2"},
        {"x,y\n1,1\n2,2\n3,3\n4,4\n", "target=y features=x holdout=0",
         "filter condition='x > 9'; gbt trees=2"},
        {"x,e\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,c\n",
         "target=e features=x holdout=0",
         "gbt trees=2; calibrate folds=3"},
        {"x,y,o\n1,1,1\n2,2,1\n3,3,1\n4,4,1\n",
         "target=y features=x offset=o holdout=0",
         "onehot columns=o; gbt trees=2"},
    };
    mlpipe_dataset *const d = rows_of(60);
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        fit_tells(d, recipes[i][0], recipes[i][1]);
    for (size_t i = 0; i < sizeof csv / sizeof *csv; i++) {
        mlpipe_dataset *const few = table(csv[i][0]);
        fit_tells(few, csv[i][1], csv[i][2]);
        mlpipe_dataset_free(few);
    }
    mlpipe_dataset_free(d);
}

static void times(void **state)
{
    mlpipe_dataset *const d = rows_of(60);
    mlpipe_dataset *const no_time = table("x,y\n1,2\n3,4\n");
    mlpipe_dataset *const other = table("x,y,t\n1,2,5\n3,4,6\n");
    mlpipe_model *const timed = model_of(
        d, "target=y features=x time=t",
        "derive expressions='a = year(as_of)'; gbt trees=2");
    mlpipe_predictor *p;
    double out[2];
    (void)state;
    TOLD(c, mlpipe_predict(c, timed, no_time, out, 2));
    TOLD(c, mlpipe_predict(c, timed, other, out, 2));
    TOLD(c, mlpipe_predictor_new(c, timed, NULL, &p));
    mlpipe_model_free(timed);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(no_time);
    mlpipe_dataset_free(other);
}

static void models(void **state)
{
    mlpipe_dataset *const d = rows_of(60);
    mlpipe_model *const m = model_of(d, "target=y features=x", "gbt trees=2");
    mlpipe_model *next;
    mlpipe_transform *t;
    mlpipe_report *r;
    mlpipe_buffer *b;
    (void)state;
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    TOLD(c, mlpipe_transform_load_bytes(c, mlpipe_buffer_data(b),
                                        mlpipe_buffer_size(b), &t));
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_evaluate(c, m, d, "metrics=rmse", &r));
    m->attached_count = 4096;
    TOLD(c, mlpipe_model_attach(c, m, r, &next));
    m->attached_count = 0;
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

/* ---- folds, searches ---------------------------------------------------- */

static void folds(void **state)
{
    mlpipe_dataset *const rare = table(
        "x,e\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,a\n8,c\n");
    mlpipe_dataset *const late = table(
        "x,e\n1,a\n2,b\n3,c\n4,d\n5,a\n6,b\n7,c\n8,a\n9,b\n10,c\n11,a\n"
        "12,b\n13,c\n14,a\n15,b\n16,c\n");
    mlpipe_dataset *const once = table(
        "x,e\n1,a\n2,b\n3,c\n4,b\n5,a\n6,b\n7,a\n8,b\n9,a\n10,b\n11,a\n"
        "12,b\n13,b\n14,a\n15,b\n16,a\n");
    mlpipe_dataset *const gaps = table(
        "x,y\n1,1\n2,3\n3,2\n4,5\n5,4\n6,6\n7,8\n8,7\n9,9\n10,\n11,\n12,\n");
    mlpipe_pipeline *const number = recipe_of(
        "target=y features=x holdout=0", "gbt trees=2");
    mlpipe_dataset *const spans = table(
        "x,t,u,y\n1,2020-01-01,2019-01-01,1\n2,2020-01-02,2020-02-01,2\n"
        "3,2020-01-03,2020-02-01,3\n4,2020-01-04,2020-02-01,4\n");
    mlpipe_pipeline *const p = recipe_of("target=e features=x holdout=0",
                                         "gbt trees=2");
    static const char sliding[] = "kind=ordered order=x folds=3 max_train=4";
    mlpipe_dataset *part[2];
    mlpipe_report *r;
    (void)state;
    TOLD(c, mlpipe_cross_validate(c, p, rare, "kind=ordered order=x folds=3",
                                  &r));
    TOLD(c, mlpipe_compare_recipes(c, number, number, gaps,
                                   "kind=ordered order=x folds=3", &r));
    mlpipe_pipeline_free(number);
    mlpipe_dataset_free(gaps);
    TOLD(c, mlpipe_dataset_split(c, spans, "order=t parts=0.5,0.5 "
                                 "label_end=u", part, 2));
    TOLD(c, mlpipe_cross_validate(c, p, late, sliding, &r));
    TOLD(c, mlpipe_compare_recipes(c, p, p, once, sliding, &r));
    mlpipe_model *const three = model_of(once, "target=e features=x "
                                         "holdout=0", "gbt trees=2");
    TOLD(c, mlpipe_evaluate(c, three, late, NULL, &r));
    mlpipe_model_free(three);
    mlpipe_dataset_free(once);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(late);
    mlpipe_dataset_free(rare);
    mlpipe_dataset_free(spans);
}

/* Nanoseconds reach from 1677 to 2262. */
static void times_beyond(void **state)
{
    static const int64_t far[4] = {1, 2, 99999999999, 99999999999};
    static const int64_t near[4] = {1, 2, 3, 4};
    mlpipe_dataset *d, *part[2];
    mlpipe_builder *b;
    (void)state;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_times(c, b, "t", MLPIPE_UNIT_NS, near, NULL,
                                      4));
    assert_ok(c, mlpipe_builder_times(c, b, "u", MLPIPE_UNIT_S, far, NULL,
                                      4));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    TOLD(c, mlpipe_dataset_split(c, d, "order=t parts=0.5,0.5 label_end=u",
                                 part, 2));
    mlpipe_dataset_free(d);
}

static void searches(void **state)
{
    mlpipe_dataset *const d = rows_of(60);
    mlpipe_dataset *const few = table("x,y\n1,2\n2,3\n3,4\n4,5\n");
    mlpipe_pipeline *const p = recipe_of("target=y features=x", "gbt trees=2");
    uint64_t (*const clock_ns)(void *) = c->env->clock_ns;
    mlpipe_pipeline *tuned;
    mlpipe_report *r;
    (void)state;
    c->env->clock_ns = NULL;
    TOLD(c, mlpipe_search(c, p, d, NULL, "gbt.trees=2,3", "seconds=5",
                          &tuned, &r));
    c->env->clock_ns = clock_ns;
    TOLD(c, mlpipe_search(c, p, few, NULL, "gbt.trees=2,3", "folds=4",
                          &tuned, &r));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(few);
    mlpipe_dataset_free(d);
}

static void cycles(void **state)
{
    mlpipe_dataset *const d = rows_of(60);
    mlpipe_model *const m = model_of(d, "target=y features=x",
                                     "gbt trees=2");
    mlpipe_pipeline *const steps = recipe_of("target=y features=x", "scale");
    mlpipe_pipeline *const other = recipe_of("target=x features=y",
                                             "gbt trees=2");
    mlpipe_monitor *monitor;
    mlpipe_cycle *cycle;
    mlpipe_slot *slot;
    (void)state;
    assert_ok(c, mlpipe_slot_new(c, m, NULL, NULL, &slot));
    assert_ok(c, mlpipe_monitor_new(c, slot, "capture=1000", &monitor));
    TOLD(c, mlpipe_cycle_new(c, monitor, steps, "probation=100", &cycle));
    TOLD(c, mlpipe_cycle_new(c, monitor, other, "probation=100", &cycle));
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_pipeline_free(steps);
    mlpipe_pipeline_free(other);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

/* ---- made data ---------------------------------------------------------- */

static void defects(void **state)
{
    static const double x[4] = {1, 2, 3, 4};
    mlpipe_dataset *d, *out;
    mlpipe_report *key;
    mlpipe_builder *b;
    (void)state;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 4));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    d->first_id = UINT64_MAX - 3; /* as it may be in what others wrote */
    TOLD(c, mlpipe_synth_dirty(c, d, "defects=duplicate_rows share=0.5", &out,
                               &key));
    mlpipe_dataset_free(d);
}

static int open_ctx(void **state)
{
    (void)state;
    c = made_ctx(1);
    return 0;
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),         cmocka_unit_test(times),
        cmocka_unit_test(models),       cmocka_unit_test(folds),
        cmocka_unit_test(times_beyond), cmocka_unit_test(searches),
        cmocka_unit_test(cycles),       cmocka_unit_test(defects),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
