/* SPDX-License-Identifier: MIT */
/* Transforms: the steps alone, by dataset and by row, saved and loaded. */
#include "model_support.h"
#include "golden_text.h"

static mlpipe_pipeline *steps(mlpipe_ctx *c, const char *pipeline)
{
    mlpipe_pipeline *p;
    assert_ok(c, mlpipe_pipeline_new(c, pipeline, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", "text=none"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "scale",
                                     "columns=size,lot method=minmax"));
    return p;
}

static int64_t output(const mlpipe_transform *t, const char *name)
{
    for (uint32_t i = 0; i < mlpipe_transform_outputs(t); i++)
        if (!strcmp(mlpipe_transform_output(t, i), name))
            return i;
    fail_msg("no output %s", name);
    return -1;
}

static double number_at(const mlpipe_dataset *d, const char *name, int64_t row)
{
    double x;
    uint8_t valid;
    mlpipe__dataset_block(d, (uint32_t)mlpipe_dataset_find(d, name), row, 1,
                          &x, &valid);
    return valid ? x : mlpipe__nan();
}

/* Whole numbers, bools, categories and names come out as they went in; what
 * was scaled is a number. */
static void types(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *features, *again;
    mlpipe_pipeline *p = steps(
        c, "id=id time=day features=size,lot,rooms,town,new,price");
    mlpipe_transform *t;
    (void)state;
    assert_ok(c, mlpipe_transform_fit(c, p, d, &features, &t));
    assert_int_equal(6, mlpipe_transform_outputs(t));
    assert_int_equal(6, mlpipe_transform_inputs(t));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_transform_output_type(
                                          t, (uint32_t)output(t, "size")));
    assert_int_equal(MLPIPE_TYPE_CATEGORY,
                     mlpipe_transform_output_type(
                         t, (uint32_t)output(t, "town")));
    assert_int_equal(300, mlpipe_dataset_rows(features));
    assert_int_equal(mlpipe_dataset_row_id(d, 7),
                     mlpipe_dataset_row_id(features, 7));
    for (int64_t i = 0; i < 300; i++) {
        size_t n, m;
        const char *a = mlpipe__dataset_cell_text(
            d, (uint32_t)mlpipe_dataset_find(d, "town"), i, &n);
        const char *b = mlpipe__dataset_cell_text(
            features, (uint32_t)mlpipe_dataset_find(features, "town"), i,
            &m);
        assert_true(!a == !b && (!a || (n == m && !memcmp(a, b, n))));
        assert_true(number_at(features, "rooms", i) ==
                    number_at(d, "rooms", i));
        assert_true(number_at(features, "size", i) >= 0 &&
                    number_at(features, "size", i) <= 1);
    }
    /* Nothing learns from the target: the same rows may come again. */
    assert_ok(c, mlpipe_transform_apply(c, t, d, NULL, &again));
    {
        mlpipe_buffer *one, *other;
        assert_ok(c, mlpipe_dataset_fingerprint(c, features, &one));
        assert_ok(c, mlpipe_dataset_fingerprint(c, again, &other));
        assert_string_equal(mlpipe_buffer_data(one),
                            mlpipe_buffer_data(other));
        mlpipe_buffer_free(one);
        mlpipe_buffer_free(other);
    }
    mlpipe_dataset_free(again);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* One row through a predictor has the bits of the dataset, for every row, and
 * so has what was saved and loaded. */
static void row_and_bundle(void **state)
{
    mlpipe_ctx *c = made_ctx(2);
    mlpipe_dataset *d = made_dataset(c, 0, 700), *features;
    mlpipe_pipeline *p =
        steps(c, "target=price id=id time=day features=size,lot,town");
    mlpipe_transform *t, *loaded;
    mlpipe_predictor *one;
    mlpipe_model *m = (mlpipe_model *)c;
    mlpipe_buffer *b;
    void *scratch;
    (void)state;
    assert_ok(c, mlpipe_transform_fit(c, p, d, &features, &t));
    assert_ok(c, mlpipe_transform_bytes(c, t, &b));
    assert_told(c, MLPIPE_E_FORMAT,
                mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                        mlpipe_buffer_size(b), &m));
    assert_null(m);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "this is a transform; "
                                                      "load it with mlpipe_"
                                                      "transform_load"));
    assert_ok(c, mlpipe_transform_load_bytes(c, mlpipe_buffer_data(b),
                                             mlpipe_buffer_size(b),
                                             &loaded));
    assert_string_equal(mlpipe_transform_id(t), mlpipe_transform_id(loaded));
    assert_ok(c, mlpipe_transform_predictor(c, loaded, NULL, &one));
    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe_predictor_scratch(one)));
    for (int64_t i = 0; i < 700; i++) {
        double out[3];
        mlpipe_value v[3];
        size_t n = 0;
        for (uint32_t k = 0; k < 3; k++) {
            const char *name = mlpipe_transform_input(loaded, k);
            const double x = number_at(d, name, i);
            v[k] = (mlpipe_value){.kind = x == x ? MLPIPE_VALUE_NUMBER
                                                 : MLPIPE_VALUE_NULL,
                                  .num = x};
            if (strcmp(name, "town"))
                continue;
            v[k].str = mlpipe__dataset_cell_text(
                d, (uint32_t)mlpipe_dataset_find(d, name), i, &n);
            v[k].len = (int32_t)n;
            v[k].kind = v[k].str ? MLPIPE_VALUE_TEXT : MLPIPE_VALUE_NULL;
        }
        assert_status(MLPIPE_OK,
                      mlpipe_predict_values(one, scratch, v, out));
        for (uint32_t k = 0; k < 3; k++) {
            const char *name = mlpipe_transform_output(loaded, k);
            if (strcmp(name, "town")) {
                const double x = number_at(features, name, i);
                assert_memory_equal(&x, &out[k], sizeof x);
            } else if (v[2].kind == MLPIPE_VALUE_TEXT) {
                assert_string_equal(
                    mlpipe_transform_category(loaded, k, out[k]), v[2].str);
            }
        }
    }
    free(scratch);
    mlpipe_predictor_free(one);
    mlpipe_transform_free(loaded);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* as_of of a row: by a field named as the time column, in its unit; a layout
 * without one is refused, unless the recipe fixed a time. */
static void time_of_a_row(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 100), *features;
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_layout *l;
    mlpipe_predictor *one;
    struct {
        double rooms;
        int64_t day;
    } record;
    double out[2];
    void *scratch;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "time=day features=rooms", &p));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "s = second(as_of) + "
                                              "60 * minute(as_of)"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, &features, &t));
    assert_ok(c, mlpipe_layout_new(c, sizeof record, &l));
    assert_ok(c, mlpipe_layout_field(c, l, "rooms", MLPIPE_F64, 0));
    assert_told(c, MLPIPE_E_STATE, mlpipe_transform_predictor(c, t, l, &one));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "field \"day\""));
    assert_ok(c, mlpipe_layout_field(c, l, "day", MLPIPE_I64, 8));
    assert_ok(c, mlpipe_transform_predictor(c, t, l, &one));
    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe_predictor_scratch(one)));
    for (int64_t i = 0; i < 100; i++) {
        record.rooms = number_at(d, "rooms", i);
        record.day = (int64_t)number_at(d, "day", i);
        assert_status(MLPIPE_OK,
                      mlpipe_predict_row(one, scratch, &record, out));
        assert_true(out[1] == number_at(features, "s", i));
    }
    free(scratch);
    mlpipe_predictor_free(one);
    mlpipe_layout_free(l);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A time that the recipe fixes is that of every row, whatever its column. */
static void fixed_time(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 20), *features;
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_predictor *one;
    double out[2], rooms;
    void *scratch;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "time=day as_of=2026-01-31 features=rooms", &p));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "y = year(as_of)"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, &features, &t));
    assert_ok(c, mlpipe_transform_predictor(c, t, NULL, &one));
    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe_predictor_scratch(one)));
    for (int64_t i = 0; i < 20; i++) {
        rooms = number_at(d, "rooms", i);
        assert_true(number_at(features, "y", i) == 2026);
        assert_status(MLPIPE_OK, mlpipe_predict_row(one, scratch, &rooms,
                                                    out));
        assert_true(out[1] == 2026);
    }
    free(scratch);
    mlpipe_predictor_free(one);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Pairs of categories keep their texts where other ops are pruned. */
static void pairs_of_categories(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *features;
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "features=town,risk", &p));
    assert_ok(c, mlpipe_pipeline_filter(c, p, "rooms > 0 and rooms < 99"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "interact", "columns=town,risk"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, &features, &t));
    for (int64_t i = 0; i < 300; i++) {
        static const char *const names[] = {"town", "risk", "town:risk"};
        size_t n[3];
        const char *text[3];
        for (int k = 0; k < 3; k++)
            text[k] = mlpipe__dataset_cell_text(
                features, (uint32_t)mlpipe_dataset_find(features, names[k]),
                i, &n[k]);
        assert_int_equal(text[0] && text[1], text[2] != NULL);
        if (!text[2])
            continue;
        assert_memory_equal(text[2], text[0], n[0]);
        assert_memory_equal(text[2] + n[2] - n[1], text[1], n[1]);
    }
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Cells between given edges, and one cell beside an op that is pruned: the
 * canonical recipe fits again and gives the same features. */
static void recipe_of_bins(void **state)
{
    static const char *const steps_of[][3] = {
        {"features=size,lot", "bin", "columns=size method=explicit "
                                     "edges=60,90"},
        {"features=lot,rooms", "bin", "columns=lot bins=4"},
        {"features=one", "bin", "columns=one"},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 200);
    (void)state;
    for (size_t i = 0; i < sizeof steps_of / sizeof *steps_of; i++) {
        mlpipe_pipeline *p, *again;
        mlpipe_transform *t, *same;
        mlpipe_buffer *json;
        assert_ok(c, mlpipe_pipeline_new(c, steps_of[i][0], &p));
        if (i == 2) {
            mlpipe_pipeline_free(p);
            assert_ok(c, mlpipe_pipeline_new(c, "features=lot", &p));
            assert_ok(c, mlpipe_pipeline_derive(c, p,
                                                "one = lot * 0; two = 7"));
        }
        assert_ok(c, mlpipe_pipeline_filter(c, p, "rooms > 0 and rooms < 99"));
        assert_ok(c, mlpipe_pipeline_add(c, p, steps_of[i][1],
                                         steps_of[i][2]));
        assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
        assert_ok(c, mlpipe_pipeline_json(c, p, &json));
        assert_ok(c, mlpipe_pipeline_parse(c, mlpipe_buffer_data(json),
                                           mlpipe_buffer_size(json), &again));
        assert_ok(c, mlpipe_transform_fit(c, again, d, NULL, &same));
        assert_string_equal(mlpipe_transform_id(t), mlpipe_transform_id(same));
        mlpipe_buffer_free(json);
        mlpipe_transform_free(t);
        mlpipe_transform_free(same);
        mlpipe_pipeline_free(p);
        mlpipe_pipeline_free(again);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

typedef struct edge_log {
    int warnings;
    char text[512];
} edge_log;

static void edge_told(void *user, uint32_t level, const char *component,
                      const char *text)
{
    edge_log *l = user;
    (void)component;
    l->warnings += level == MLPIPE_LOG_WARN;
    snprintf(l->text, sizeof l->text, "%s", text);
}

static int64_t whole_at(const mlpipe_dataset *d, const char *name, int64_t row)
{
    int64_t x;
    uint8_t valid;
    mlpipe__dataset_block_i64(d, (uint32_t)mlpipe_dataset_find(d, name), row,
                              1, &x, &valid);
    assert_true(valid);
    return x;
}

/* A column k of two whole numbers, or of times where unit is one. */
static mlpipe_status edge_of(mlpipe_ctx *c, int64_t a, int64_t b, int32_t unit,
                             mlpipe_dataset **features)
{
    const int64_t k[2] = {a, b};
    mlpipe_builder *builder;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_status st;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &builder));
    if (unit)
        assert_ok(c, mlpipe_builder_times(c, builder, "k", unit, k, NULL, 2));
    else
        assert_ok(c, mlpipe_builder_column(c, builder, "k", MLPIPE_I64, k,
                                           NULL, 2));
    assert_ok(c, mlpipe_builder_finish(c, builder, &d));
    mlpipe_builder_free(builder);
    assert_ok(c, mlpipe_pipeline_new(c, "features=k", &p));
    st = mlpipe_transform_fit(c, p, d, features, &t);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return st;
}

/* What comes out is what went in, or it is refused, or it is told. */
static void whole_numbers_at_their_edge(void **state)
{
    const int64_t edge = INT64_C(1) << 53;
    const int64_t beyond[] = {edge, edge + 1, -edge, -edge - 1,
                              INT64_MAX, INT64_MIN};
    const int64_t us = INT64_C(1767225600000001); /* in 2026 */
    edge_log l = {0};
    const mlpipe_ctx_options o = {
        .user = &l, .log = edge_told, .log_level = MLPIPE_LOG_WARN};
    mlpipe_dataset *features;
    mlpipe_ctx *c;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, edge_of(c, edge - 1, 1 - edge, 0, &features));
    assert_true(whole_at(features, "k", 0) == edge - 1);
    assert_true(whole_at(features, "k", 1) == 1 - edge);
    mlpipe_dataset_free(features);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        assert_status(MLPIPE_E_NUMERIC,
                      edge_of(c, 7, beyond[i], 0, &features));
        assert_int_equal(1, mlpipe_ctx_error(c)->row);
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, "(2^53)"));
        golden_gist(__BASE_FILE__, "a number that is too large",
                    mlpipe_ctx_error(c)->text);
    }
    assert_ok(c, edge_of(c, us, -us, MLPIPE_UNIT_US, &features));
    assert_true(whole_at(features, "k", 0) == us);
    assert_true(whole_at(features, "k", 1) == -us);
    mlpipe_dataset_free(features);
    assert_int_equal(0, l.warnings);
    assert_ok(c, edge_of(c, us * 1000, 1, MLPIPE_UNIT_NS, &features));
    assert_true(whole_at(features, "k", 0) == (int64_t)(double)(us * 1000));
    assert_true(whole_at(features, "k", 0) % 256 == 0);
    assert_true(whole_at(features, "k", 1) == 1);
    mlpipe_dataset_free(features);
    assert_int_equal(1, l.warnings);
    assert_non_null(strstr(l.text, "1 of 2 times are 2^53 ns"));
    mlpipe_ctx_free(c);
}

/* The same bytes for every number of threads. */
static void threads(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 8};
    char first[33] = "";
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        mlpipe_ctx *c = made_ctx(counts[i]);
        mlpipe_dataset *d = made_dataset(c, 0, 3000);
        mlpipe_pipeline *p = steps(c, "features=size,lot,rooms,town");
        mlpipe_transform *t;
        assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
        if (!i)
            memcpy(first, mlpipe_transform_id(t), 33);
        assert_string_equal(first, mlpipe_transform_id(t));
        mlpipe_transform_free(t);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* What a transform cannot hold, and the words that say so. */
static void refusals(void **state)
{
    static const struct {
        const char *pipeline, *step, *params;
        mlpipe_status status;
        const char *word;
    } cases[] = {
        {"features=size", "ridge", NULL, MLPIPE_E_STATE, "mlpipe_fit"},
        {"features=size", "jitter", NULL, MLPIPE_E_CONFLICT, "jitter"},
        {"features=sise", "scale", NULL, MLPIPE_E_SCHEMA, "size"},
        {"features=size,ratio", "derive",
         "expressions='double = 2 * size;ratio = size / lot'",
         MLPIPE_E_SCHEMA, "a feature by itself"},
        {"features=size,ratio", "derive",
         "expressions='ratios = size / lot'", MLPIPE_E_SCHEMA,
         "no column"},
        {"target=prize features=size", "scale", NULL, MLPIPE_E_SCHEMA,
         "price"},
        {"target=price features=price", "scale", NULL, MLPIPE_E_LEAK,
         "price"},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 100);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p;
        mlpipe_transform *t = (mlpipe_transform *)c;
        mlpipe_dataset *rows = (mlpipe_dataset *)c;
        const uint64_t live = made_live(c);
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].pipeline, &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, cases[i].step,
                                         cases[i].params));
        if (mlpipe_transform_fit(c, p, d, &rows, &t) != cases[i].status ||
            !strstr(mlpipe_ctx_error(c)->text, cases[i].word))
            fail_msg("%s: %s", cases[i].pipeline, mlpipe_ctx_error(c)->text);
        golden_error(__BASE_FILE__, cases[i].step, c, cases[i].status);
        assert_null(t);
        assert_null(rows);
        mlpipe_pipeline_free(p);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(row_and_bundle),
        cmocka_unit_test(time_of_a_row),
        cmocka_unit_test(fixed_time),
        cmocka_unit_test(pairs_of_categories),
        cmocka_unit_test(recipe_of_bins),
        cmocka_unit_test(whole_numbers_at_their_edge),
        cmocka_unit_test(threads),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
