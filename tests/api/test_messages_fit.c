/* SPDX-License-Identifier: MIT */
/* What people read of recipes, data and models that do not go together. */
#include "api/messages.h"
#include "golden_text.h"
#include "model/model_support.h"

static mlpipe_ctx *c;

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

/* x and k are numbers, s a text of three values, b true or false, y follows
 * x, w weighs, e is y of two classes, t a time, id a number of its own. */
static mlpipe_dataset *made_rows(int rows, const char *params)
{
    char *csv = malloc((size_t)rows * 80 + 80);
    size_t n = (size_t)sprintf(csv, "id,t,x,k,s,b,y,w,e,z\n");
    mlpipe_dataset *d;
    for (int i = 0; i < rows; i++)
        n += (size_t)sprintf(csv + n, "%d,2020-01-%02d,%d.5,%d,%s,%s,%d.25,%d,"
                             "%s,0\n", i, 1 + i % 28, i * 7 % 30, i % 5,
                             i % 3 ? i % 2 ? "red" : "blue" : "green",
                             i % 2 ? "true" : "false", i * 7 % 30 + i % 3,
                             1 + i % 2, i % 4 ? "yes" : "no");
    d = read_text(c, csv, params ? params : "as=s:category,e:category");
    free(csv);
    return d;
}

/* Fits steps, told as "step params; step params", and notes what it tells. */
static void fit_tells(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                      const mlpipe_dataset *valid, const char *roles,
                      const char *steps)
{
    mlpipe_pipeline *p;
    mlpipe_model *m = NULL;
    char name[1024], step[512];
    snprintf(name, sizeof name, "%s | %s", roles, steps);
    mlpipe_status st = mlpipe_pipeline_new(ctx, roles, &p);
    for (const char *s = steps; !st && *s;) {
        const size_t n = strcspn(s, ";");
        snprintf(step, sizeof step, "%.*s", (int)n, s);
        char *params = strchr(step, ' ');
        if (params)
            *params++ = 0;
        st = mlpipe_pipeline_add(ctx, p, step, params);
        s += n + (s[n] == ';');
        s += strspn(s, " ");
    }
    if (!st)
        st = mlpipe_fit(ctx, p, d, valid, &m);
    if (!st)
        fail_msg("is fitted: %s", name);
    golden_error(__BASE_FILE__, name, ctx, st);
    mlpipe_pipeline_free(p);
}

static void steps(void **state)
{
    static const char *const recipes[][2] = {
        {"target=y features=x,s", "smote; onehot; gbt"},
        {"target=e features=x,s", "smote; gbt"},
        {"target=y features=x,b", "jitter columns=b; gbt"},
        {"target=y features=x,k", "impute numeric=none text=none; gbt"},
        {"target=y features=x,k", "impute numeric=constant value=red; gbt"},
        {"target=y features=x,k", "impute value=7; gbt"},
        {"target=y features=x,k", "outlier serving=flag action=cap; gbt"},
        {"target=y features=x,k",
         "outlier method=quantile low=0.9 high=0.1; gbt"},
        {"target=y features=x,k",
         "derive expressions='q = y * 2'; outlier columns=q action=drop; gbt"},
        {"target=y features=x,k", "filter condition='y > 3'; gbt"},
        {"target=y features=x,s", "format columns=s to=number decimal=x; gbt"},
        {"target=y features=x,s", "format columns=s to=unit; gbt"},
        {"target=y features=x,s", "format columns=s to=unit unit=smoots; gbt"},
        {"target=y features=x,s", "format columns=s to=date pattern=%Q; gbt"},
        {"target=y features=x,s",
         "format columns=s to=category map=a:b,a:c; gbt"},
        {"target=y features=x,s",
         "format columns=s to=category map=a:b:c; gbt"},
        {"target=y features=x,s",
         "format columns=s to=category map=a:b null=a; gbt"},
        {"target=y features=x,s", "format columns=s,s to=category; gbt"},
        {"target=y features=x,k",
         "bin columns=x method=quantile edges=1,2; gbt"},
        {"target=y features=x,k", "bin columns=x method=explicit; gbt"},
        {"target=y features=x,k",
         "bin columns=x method=explicit edges=2,1; gbt"},
        {"target=y features=s", "kmeans; gbt"},
        {"target=y features=s", "pca; gbt"},
        {"target=y features=x,k", "pca components=1.5; gbt"},
        {"target=y features=x,s", "onehot unknown=other; gbt"},
        {"target=y features=x,s", "ordinal values=red,blue; gbt"},
        {"target=y features=x,s", "ordinal order=given; gbt"},
        {"target=y features=x,s",
         "ordinal order=given values=red,blue,red; gbt"},
        {"target=y features=x,s", "target_encode smooth=-1; gbt"},
        {"target=y features=x,k", "scale clip=true; gbt"},
        {"target=y features=x,s", "interact columns=x,s; gbt"},
        {"target=y features=x,s", "interact columns=s squares=true; gbt"},
        {"target=y features=x,s", "lower; gbt"},
        {"target=y features=x,s", "gbtt"},
        {"target=y features=x", "gbt; gbt"},
        {"target=y features=x,k", "scale; scale; gbt"},
        {"target=y features=x,k", "scale; calibrate"},
        {"target=e features=x,k", "gbt; conformal; calibrate"},
        {"target=y features=x,k", "gbt; conformal; scale"},
        {"target=e features=x,s", "smote; onehot; gbt"},
    };
    mlpipe_dataset *const d = made_rows(60, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        fit_tells(c, d, NULL, recipes[i][0], recipes[i][1]);
    mlpipe_dataset_free(d);
}

static void roles(void **state)
{
    static const char *const recipes[][2] = {
        {"target=y id=id,k", "gbt"},
        {"target=y id=y", "gbt"},
        {"target=``", "gbt"},
        {"target=y as_of=soon", "gbt"},
        {"features=x", "gbt"},
        {"target=y features=x", ""},
        {"target=y features=x key=id", "gbt"},
        {"target=y features=x,y", "gbt"},
        {"target=y features=x,x", "gbt"},
        {"target=y features=x,id id=id", "gbt"},
        {"target=y features=x weight=s", "gbt"},
        {"target=y features=x weight=z", "gbt"},
        {"target=y features=x weight=z", "ridge"},
        {"target=y features=x weight=z", "lasso"},
        {"target=y features=x weight=z", "knn"},
        {"target=e features=x weight=z", "naive_bayes"},
        {"target=e features=x weight=z", "logistic"},
        {"target=t features=x", "gbt"},
        {"target=y features=x task=binary", "gbt"},
        {"target=k features=x task=binary", "gbt"},
        {"target=z features=x task=binary", "gbt"},
        {"target=log(e) features=x", "gbt"},
        {"target=e features=x task=regression", "gbt"},
        {"target=e features=x", "ridge"},
        {"target=y features=x", "naive_bayes"},
        {"target=y features=x,s", "ridge"},
        {"target=y features=x,s", "knn"},
        {"target=y features=x", "derive expressions='a = year(as_of)'; gbt"},
        {"target=y features=x time=x",
         "derive expressions='a = year(as_of)'; gbt"},
        {"target=y features=x", "filter condition='x < 0'; gbt"},
        {"target=y features=x offset=`x + 1`", "gbt"},
        {"target=y features=x offset=s", "gbt"},
        {"target=k features=x task=multiclass offset=z", "gbt"},
        {"target=y features=x offset=z", "knn"},
        {"target=y features=x", "gbt increasing=xx"},
        {"target=y features=x,s", "gbt increasing=s"},
        {"target=y features=x", "gbt increasing=x decreasing=x"},
        {"target=k features=x task=multiclass", "gbt increasing=x"},
        {"target=y features=x", "lasso lambda=zz"},
        {"target=y features=x", "lasso lambda=0"},
        {"target=y features=x", "knn k=999"},
        {"target=e features=x", "gbt; calibrate method=zz"},
        {"target=k features=x task=multiclass", "gbt; calibrate method=platt"},
        {"target=y features=x", "gbt; calibrate"},
        {"target=y features=x", "gbt; conformal level=0.9999"},
    };
    mlpipe_dataset *const d = made_rows(60, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        fit_tells(c, d, NULL, recipes[i][0], recipes[i][1]);
    mlpipe_dataset_free(d);
}

/* Values that no fit takes. */
static void values(void **state)
{
    static const char *const rows[][3] = {
        {"x,y,w\n1,1,1\n2,2,-1\n3,4,1\n", "target=y weight=w", "gbt"},
        {"x,y,w\n1,1,1\n2,2,\n3,4,1\n", "target=y weight=w", "gbt"},
        {"x,y\n1,1\n2,inf\n3,4\n", "target=y", "gbt"},
        {"x,y,w\n1,1,1\n2,2,1e200\n3,4,1\n", "target=y weight=w", "gbt"},
        {"x,y,w\n1,1,1\n2,2,1e200\n3,4,1\n", "target=y weight=w", "ridge"},
        {"x,y\n1,\n2,\n3,\n", "target=y", "gbt"},
        {"x,y\n1,1\n,2\n3,4\n", "target=y", "ridge"},
        {"x,y\n1,1\n,2\n3,4\n", "target=y", "knn k=1"},
        {"x,y\n1,1\n1e200,2\n3,4\n", "target=y", "knn k=1"},
        {"x,y\n1,1\n1e200,2\n3,4\n", "target=y", "ridge"},
        {"x,y\n1,1e200\n2,2\n3,4\n", "target=y holdout=0", "ridge"},
        {"x,y\n1,0.5\n1,0.25\n1,0.125\n", "target=y holdout=0", "ridge l2=0"},
        {"x,q,y\n1,2,0.5\n2,4,1.5\n3,6,9\n", "target=y holdout=0",
         "ridge l2=0"},
        {"x,y\n1,a\n1,b\n1,a\n1,b\n", "target=y holdout=0", "logistic l2=0"},
        {"y\n1\n2\n3\n", "target=y", "gbt"},
        {"x,y\n1,a\n2,a\n3,a\n", "target=y task=binary", "gbt"},
        {"x,y\n1,1\n2,2\n3,3\n", "target=y holdout=0",
         "drop_missing columns=x min_present=2; gbt"},
        {"t,y\nfree text one,1\nanother text,2\nand a third,3\n", "target=y",
         "gbt"},
        {"x,y,o\n1,1,\n2,2,\n3,4,\n", "target=y offset=o", "gbt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mlpipe_dataset *d = read_text(
            c, rows[i][0], strstr(rows[i][0], ",o\n") ? "as=o:f64"
            : strstr(rows[i][0], "inf") ? "as=y:f64"
            : strstr(rows[i][0], "free") ? "as=t:text" : NULL);
        fit_tells(c, d, NULL, rows[i][1], rows[i][2]);
        mlpipe_dataset_free(d);
    }
}

static void limits(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .features = 3,
                                 .classes = 2, .categories = 2};
    const mlpipe_limits few = {.size = sizeof few, .classes = 2,
                               .categories = 3};
    mlpipe_ctx *const tight = limited(&small), *const close = limited(&few);
    mlpipe_dataset *const d = made_rows(60, NULL);
    (void)state;
    fit_tells(tight, d, NULL, "target=y features=x", "gbt");
    fit_tells(close, d, NULL, "target=k features=x task=multiclass", "gbt");
    fit_tells(close, d, NULL, "target=y features=x,s",
              "impute text=constant value=new; gbt");
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(close);
    mlpipe_ctx_free(tight);
}

/* Rows beside the training rows, and rows that a model meets later. */
static void later(void **state)
{
    mlpipe_dataset *const d = made_rows(60, NULL);
    mlpipe_dataset *const none = read_text(
        c, "id,x,s,y,e,w\n900,1,red,,,1\n", "as=s:category,y:f64,e:category");
    mlpipe_dataset *const typed = read_text(
        c, "id,x,s,y,e,w\n900,1,red,a,maybe,-1\n901,2,red,b,no,1\n",
        "as=s:category,y:category,e:category");
    mlpipe_dataset *const texts = read_text(
        c, "id,x,s,y,e,w\n900,one,red,1,yes,1\n901,two,red,2,no,1\n",
        "as=x:text,s:category,e:category");
    mlpipe_pipeline *number, *kind;
    mlpipe_model *m, *k;
    mlpipe_report *r;
    double out[60];
    (void)state;
    fit_tells(c, d, none, "target=y features=x", "gbt");
    fit_tells(c, d, d, "target=y features=x", "gbt");
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x weight=w",
                                     &number));
    assert_ok(c, mlpipe_pipeline_add(c, number, "gbt", "trees=2"));
    assert_ok(c, mlpipe_pipeline_new(c, "target=e features=x", &kind));
    assert_ok(c, mlpipe_pipeline_add(c, kind, "gbt", "trees=2"));
    assert_ok(c, mlpipe_fit(c, number, d, NULL, &m));
    assert_ok(c, mlpipe_fit(c, kind, d, NULL, &k));
    TOLD(c, mlpipe_predict(c, m, d, out, 59));
    TOLD(c, mlpipe_predict(c, m, texts, out, 60));
    TOLD(c, mlpipe_evaluate(c, m, none, NULL, &r));
    TOLD(c, mlpipe_evaluate(c, m, typed, NULL, &r));
    TOLD(c, mlpipe_evaluate(c, k, typed, NULL, &r));
    TOLD(c, mlpipe_evaluate(c, m, d, "metrics=auc", &r));
    TOLD(c, mlpipe_evaluate(c, m, d, "metrics=rmsee", &r));
    TOLD(c, mlpipe_compare(c, m, k, d, NULL, &r));
    TOLD(c, mlpipe_compare(c, m, m, none, NULL, &r));
    mlpipe_dataset *const weights = read_text(
        c, "id,x,y,w\n900,1,1,-1\n901,2,2,1\n902,4,2,1\n", NULL);
    TOLD(c, mlpipe_evaluate(c, m, weights, NULL, &r));
    TOLD(c, mlpipe_compare(c, m, m, weights, NULL, &r));
    mlpipe_dataset_free(weights);
    mlpipe_model_free(m);
    mlpipe_model_free(k);
    mlpipe_pipeline_free(number);
    mlpipe_pipeline_free(kind);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(typed);
    mlpipe_dataset_free(texts);
}

static void recipes_as_json(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{\"format\":2}",
        "{\"format\":1,\"pipelin\":{}}",
        "{\"format\":1,\"pipeline\":1}",
        "{\"format\":1,\"pipeline\":{\"target\":{}}}",
        "{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":1}",
        "{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":[{}]}",
        "{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":[1]}",
        "{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":"
        "[{\"step\":\"gbt\",\"parms\":{}}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mlpipe_pipeline *p = NULL;
        const mlpipe_status st =
            mlpipe_pipeline_parse(c, bad[i], strlen(bad[i]), &p);
        if (!st)
            fail_msg("is a recipe: %s", bad[i]);
        golden_error(__BASE_FILE__, bad[i], c, st);
    }
}

/* Texts of a map that are longer than any that are worked on. */
static void long_texts(void **state)
{
    static char steps_of[6000];
    mlpipe_dataset *const d = made_rows(20, NULL);
    mlpipe_pipeline *p;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x,s", &p));
    size_t n = (size_t)sprintf(steps_of, "columns=s to=category map=a:");
    memset(steps_of + n, 'b', 5000);
    const mlpipe_status st = mlpipe_pipeline_add(c, p, "format", steps_of);
    if (!st) {
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", NULL));
        golden_error(__BASE_FILE__, "a long map", c,
                     mlpipe_fit(c, p, d, NULL, &m));
    } else {
        golden_error(__BASE_FILE__, "a long map", c, st);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
}

static void expressions(void **state)
{
    static const char *const bad[] = {
        "a = [1, 2]",       "a = 1.2.3",
        "a = 1e400",        "a = ``",
        ";",                "x",
        "a = if(x > 1, 1, 'b')",
        "a = case when x > 1 then 1 else 'b' end",
        "a = bucket(x, [1, 2], [3])",
        "a = x in [1, 'b']", "a = x in []",
        "a = b; a = c",     "a = x; a = x",
        "a = lower(x",      "a = x in [1",
        "a = 9007199254740993",
        "a = 5 parsecs",    "a = 99999999999999 d",
        "a = @2020",        "a = 'x",
        "a = x + siz",
    };
    mlpipe_dataset *const d = made_rows(20, NULL);
    mlpipe_dataset *out;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const mlpipe_status st =
            mlpipe_dataset_with_column(c, d, bad[i], &out);
        if (!st)
            fail_msg("is computed: %s", bad[i]);
        golden_error(__BASE_FILE__, bad[i], c, st);
    }
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),           cmocka_unit_test(roles),
        cmocka_unit_test(values),          cmocka_unit_test(limits),
        cmocka_unit_test(later),           cmocka_unit_test(recipes_as_json),
        cmocka_unit_test(expressions),     cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
