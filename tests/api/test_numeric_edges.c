/* SPDX-License-Identifier: MIT */
/*
 * The numeric contract of fitting: data at the edges of what numbers can do
 * gives a model whose predictions are finite, or an error that says why.
 */
#include "api/api_world.h"

#include <float.h>
#include <math.h>
#include "golden_text.h"

enum { EDGE_ROWS = 80, MANY = 65537 };

static mlpipe_ctx *c;

static int open_ctx(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    const uint64_t live = made_live(c);
    mlpipe_ctx *fresh = made_ctx(1);
    const uint64_t empty = made_live(fresh);
    (void)state;
    mlpipe_ctx_free(fresh);
    mlpipe_ctx_free(c);
    return live != empty;
}

/* x and y are filled by the case; z is a well-behaved second feature. */
typedef struct edge_table {
    int64_t rows;
    double x[EDGE_ROWS], z[EDGE_ROWS], y[EDGE_ROWS];
    uint8_t x_valid[EDGE_ROWS], y_valid[EDGE_ROWS];
} edge_table;

static edge_table edge_start(int64_t rows)
{
    edge_table t = {.rows = rows};
    for (int i = 0; i < EDGE_ROWS; i++) {
        t.x[i] = i % 10;
        t.z[i] = (double)(i * 7 % 13) / 4.0;
        t.y[i] = 1.0 + t.x[i] + 0.5 * t.z[i];
        t.x_valid[i] = t.y_valid[i] = 1;
    }
    return t;
}

static mlpipe_dataset *edge_dataset(const edge_table *t)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, t->x,
                                       t->x_valid, t->rows));
    assert_ok(c, mlpipe_builder_column(c, b, "z", MLPIPE_F64, t->z, NULL,
                                       t->rows));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, t->y,
                                       t->y_valid, t->rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* Recipes that meet each case. */
static const struct edge_recipe {
    const char *name, *roles;
    const char *steps[5][2];
} edge_recipes[] = {
    {"gbt", "target=y task=regression", {{"gbt", "trees=5 min_rows=1"}}},
    {"gbt binary", "target=y task=binary", {{"gbt", "trees=5 min_rows=1"}}},
    {"all and gbt", "target=y task=regression",
     {{"impute", "indicator=true"}, {"outlier", NULL}, {"scale", NULL},
      {"jitter", NULL}, {"gbt", "trees=5 min_rows=1"}}},
    {"zscore and ridge", "target=y task=regression",
     {{"impute", "numeric=mean"}, {"scale", NULL}, {"ridge", "l2=0.1"}}},
    {"minmax and ridge", "target=y task=regression",
     {{"impute", NULL}, {"scale", "method=minmax"}, {"ridge", NULL}}},
    {"robust and ridge", "target=y task=regression",
     {{"impute", "numeric=mode"}, {"outlier", "method=zscore"},
      {"scale", "method=robust"}, {"ridge", "l2=0.1"}}},
    {"ridge without penalty", "target=y task=regression",
     {{"impute", NULL}, {"ridge", "l2=0"}}},
    {"log target", "target=log(y) task=regression",
     {{"gbt", "trees=5 min_rows=1"}}},
};

enum { EDGE_RECIPES = sizeof edge_recipes / sizeof *edge_recipes };

static mlpipe_pipeline *edge_pipeline(const struct edge_recipe *r)
{
    mlpipe_pipeline *p;
    assert_ok(c, mlpipe_pipeline_new(c, r->roles, &p));
    for (uint32_t i = 0; i < 5 && r->steps[i][0]; i++)
        assert_ok(c, mlpipe_pipeline_add(c, p, r->steps[i][0],
                                         r->steps[i][1]));
    return p;
}

/* An error that is the data's, and says so. */
static void edge_error(const char *name, const char *recipe,
                       mlpipe_status st)
{
    const bool clear = st == MLPIPE_E_EMPTY || st == MLPIPE_E_NUMERIC ||
                       st == MLPIPE_E_SCHEMA || st == MLPIPE_E_LIMIT ||
                       st == MLPIPE_E_UNSUPPORTED;
    if (!clear || strlen(mlpipe_ctx_error(c)->text) < 20)
        fail_msg("%s, %s: %s: %s", name, recipe, mlpipe_status_name(st),
                 mlpipe_ctx_error(c)->text);
}

/* Finite answers for the rows of training and for odd ones. */
static void edge_predicts(const char *name, const char *recipe,
                          const mlpipe_model *m, const mlpipe_dataset *d)
{
    double out[EDGE_ROWS];
    const int64_t rows = mlpipe_dataset_rows(d);
    assert_ok(c, mlpipe_predict(c, m, d, out, EDGE_ROWS));
    for (int64_t i = 0; i < rows; i++)
        if (!isfinite(out[i]))
            fail_msg("%s, %s: row %d: %g", name, recipe, (int)i, out[i]);
}

static void edge_card(const char *name, const char *recipe,
                      const mlpipe_model *m)
{
    mlpipe_status st;
    mlpipe_report *r;
    mlpipe_buffer *b;
    mlpipe_model *again;
    assert_ok(c, mlpipe_model_card(c, m, &r));
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    st = mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                 mlpipe_buffer_size(b), &again);
    if (st)
        fail_msg("%s, %s: %s", name, recipe, mlpipe_ctx_error(c)->text);
    assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(again));
    mlpipe_model_free(again);
    mlpipe_buffer_free(b);
}

/* How many of the recipes end in a model. */
static uint32_t edge_case(const char *name, const edge_table *t)
{
    mlpipe_dataset *const d = edge_dataset(t);
    uint32_t fitted = 0;
    for (uint32_t i = 0; i < EDGE_RECIPES; i++) {
        mlpipe_pipeline *const p = edge_pipeline(&edge_recipes[i]);
        mlpipe_model *m;
        const mlpipe_status st = mlpipe_fit(c, p, d, NULL, &m);
        if (st) {
            edge_error(name, edge_recipes[i].name, st);
            assert_null(m);
        } else {
            fitted++;
            edge_predicts(name, edge_recipes[i].name, m, d);
            edge_card(name, edge_recipes[i].name, m);
        }
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    return fitted;
}

static void few_rows(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 8; n++) {
        const edge_table t = edge_start(n);
        char name[32];
        snprintf(name, sizeof name, "%d rows", (int)n);
        const uint32_t fitted = edge_case(name, &t);
        assert_true(n > 0 || !fitted);
    }
}

static void odd_features(void **state)
{
    static const double odd[] = {1e308,   -1e308,     INFINITY, -INFINITY,
                                 NAN,     5e-324,     -5e-324,  DBL_MIN,
                                 DBL_MAX, -DBL_MAX,   -0.0,     0x1p53,
                                 1e-300,  0x1p53 + 2, 1e15};
    (void)state;
    for (uint32_t k = 0; k < sizeof odd / sizeof *odd; k++) {
        edge_table t = edge_start(EDGE_ROWS);
        char name[48];
        t.x[3] = odd[k];
        snprintf(name, sizeof name, "one x is %g", odd[k]);
        edge_case(name, &t);
        for (int i = 0; i < EDGE_ROWS; i += 2)
            t.x[i] = odd[k];
        snprintf(name, sizeof name, "half of x is %g", odd[k]);
        edge_case(name, &t);
        for (int i = 1; i < EDGE_ROWS; i += 2)
            t.x[i] = -odd[k];
        snprintf(name, sizeof name, "x is +- %g", odd[k]);
        edge_case(name, &t);
        for (int i = 0; i < EDGE_ROWS; i++)
            t.x[i] = odd[k];
        snprintf(name, sizeof name, "x is always %g", odd[k]);
        edge_case(name, &t);
    }
}

static void odd_columns(void **state)
{
    edge_table t = edge_start(EDGE_ROWS);
    (void)state;
    assert_true(edge_case("plain", &t) >= EDGE_RECIPES - 1);
    memset(t.x_valid, 0, sizeof t.x_valid);
    edge_case("x is null", &t);
    t.x_valid[5] = 1;
    edge_case("one x", &t);
    t = edge_start(EDGE_ROWS);
    for (int i = 0; i < EDGE_ROWS; i++)
        t.x[i] = i % 2 ? 1.0 : 1.0 + DBL_EPSILON;
    edge_case("constant but for the last bit", &t);
    for (int i = 0; i < EDGE_ROWS; i++)
        t.x[i] = i % 2 ? 1e300 : nextafter(1e300, 0);
    edge_case("large constant but for the last bit", &t);
    for (int i = 0; i < EDGE_ROWS; i++)
        t.x[i] = t.z[i] = 4.0;
    edge_case("nothing varies", &t);
}

static void odd_targets(void **state)
{
    static const double odd[] = {1e308, -1e308, INFINITY, NAN, 5e-324,
                                 DBL_MAX, 0.0, -1.0};
    edge_table t = edge_start(EDGE_ROWS);
    char name[48];
    (void)state;
    memset(t.y_valid, 0, sizeof t.y_valid);
    assert_int_equal(0, edge_case("target is null", &t));
    t.y_valid[7] = 1;
    edge_case("one target", &t);
    for (uint32_t k = 0; k < sizeof odd / sizeof *odd; k++) {
        t = edge_start(EDGE_ROWS);
        t.y[3] = odd[k];
        snprintf(name, sizeof name, "one target is %g", odd[k]);
        edge_case(name, &t);
        for (int i = 0; i < EDGE_ROWS; i++)
            t.y[i] = odd[k];
        snprintf(name, sizeof name, "every target is %g", odd[k]);
        edge_case(name, &t);
        for (int i = 0; i < EDGE_ROWS; i += 2)
            t.y[i] = -odd[k];
        snprintf(name, sizeof name, "targets are +- %g", odd[k]);
        edge_case(name, &t);
    }
    for (int i = 0; i < EDGE_ROWS; i++)
        t.y[i] = i == 4;
    edge_case("one positive", &t);
    for (int i = 0; i < EDGE_ROWS; i++)
        t.y[i] = i % 2;
    edge_case("two classes", &t);
    for (int i = 0; i < EDGE_ROWS; i++)
        t.y[i] = t.x[i] > 4;
    edge_case("separable", &t);
}

/* Columns that say the same are named. */
static void collinear(void **state)
{
    edge_table t = edge_start(EDGE_ROWS);
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    (void)state;
    memcpy(t.z, t.x, sizeof t.z);
    edge_case("x twice", &t);
    d = edge_dataset(&t);
    assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", "l2=0"));
    assert_told(c, MLPIPE_E_NUMERIC, mlpipe_fit(c, p, d, NULL, &m));
    assert_null(m);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "x"));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "z"));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
}

static void integers(void **state)
{
    static const int64_t odd[] = {INT64_MAX, INT64_MIN,
                                  INT64_C(9007199254740993), -1};
    int64_t x[EDGE_ROWS];
    double y[EDGE_ROWS];
    (void)state;
    for (int i = 0; i < EDGE_ROWS; i++) {
        x[i] = odd[i % 4];
        y[i] = 1 + i % 4;
    }
    for (uint32_t k = 0; k < EDGE_RECIPES; k++) {
        mlpipe_pipeline *const p = edge_pipeline(&edge_recipes[k]);
        mlpipe_builder *b;
        mlpipe_dataset *d;
        mlpipe_model *m;
        mlpipe_status st;
        assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
        assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_I64, x, NULL,
                                           EDGE_ROWS));
        assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                           EDGE_ROWS));
        assert_ok(c, mlpipe_builder_finish(c, b, &d));
        st = mlpipe_fit(c, p, d, NULL, &m);
        if (st)
            edge_error("integers", edge_recipes[k].name, st);
        else
            edge_predicts("integers", edge_recipes[k].name, m, d);
        mlpipe_model_free(m);
        mlpipe_dataset_free(d);
        mlpipe_builder_free(b);
        mlpipe_pipeline_free(p);
    }
}

static mlpipe_dataset *categories(void)
{
    char *const names = malloc((size_t)MANY * 8);
    const char **const texts = malloc((size_t)MANY * sizeof *texts);
    double *const y = malloc((size_t)MANY * sizeof *y);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_true(names && texts && y);
    for (int i = 0; i < MANY; i++) {
        snprintf(names + i * 8, 8, "t%d", i);
        texts[i] = names + i * 8;
        y[i] = i % 17;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "k", texts, MANY));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                       MANY));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(names);
    free(texts);
    free(y);
    return d;
}

/* One more value than a category can have: a text, which no step takes. */
static void too_many_categories(void **state)
{
    mlpipe_dataset *const d = categories();
    (void)state;
    assert_int_equal(MLPIPE_TYPE_TEXT,
                     mlpipe_dataset_type(d, 0));
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        mlpipe_status st;
        assert_ok(c, mlpipe_pipeline_new(c, "target=y features=k", &p));
        if (k)
            assert_ok(c, mlpipe_pipeline_add(c, p, "onehot", NULL));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
        st = mlpipe_fit(c, p, d, NULL, &m);
        assert_int_not_equal(0, st);
        edge_error("too many categories", k ? "onehot" : "gbt", st);
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, "k"));
        assert_null(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows),
        cmocka_unit_test(odd_features),
        cmocka_unit_test(odd_columns),
        cmocka_unit_test(odd_targets),
        cmocka_unit_test(collinear),
        cmocka_unit_test(integers),
        cmocka_unit_test(too_many_categories),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
