/* SPDX-License-Identifier: MIT */
/* Predictors: rows of doubles, records, values; one row equals many. */
#include "serve_support.h"

#include <fenv.h>
#include <math.h>
#include "golden_text.h"

static void *scratch_of(const mlpipe_predictor *p)
{
    const size_t n = (mlpipe_predictor_scratch(p) + 63) / 64 * 64;
    void *s = aligned_alloc(64, n);

    assert_non_null(s);
    memset(s, 0xa5, n); /* contents do not matter */
    return s;
}

static void test_doubles(void **state)
{
    mlpipe_ctx *c;
    mlpipe_predictor *p;
    mlpipe_model *m;
    double out, row[3] = {0.5, 3, 1};
    void *s;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 2.0, 10.0, true);
    assert_ok(c, mlpipe_predictor_new(c, m, NULL, &p));
    mlpipe_model_free(m); /* the predictor keeps it */
    s = scratch_of(p);
    assert_ok(c, mlpipe_predict_row(p, s, row, &out));
    assert_same(out, 10.0 + 1.0 + 3.0 + 0.5);
    row[0] = row[1] = row[2] = mlpipe__nan();
    assert_ok(c, mlpipe_predict_row(p, s, row, &out));
    assert_same(out, 10.0);
    /* codes that no dictionary gave are unseen, not out of bounds */
    const double odd[] = {-1, 3, 1e300, -1e300, 0.5, mlpipe__inf()};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const double r[3] = {0, 0, odd[i]};
        assert_ok(c, mlpipe_predict_row(p, s, r, &out));
        assert_same(out, 10.0);
    }
    assert_same(mlpipe_predictor_code(p, 2, "blue", 4), 2.0);
    assert_same(mlpipe_predictor_code(p, 2, "pink", 4), -1.0);
    assert_true(isnan(mlpipe_predictor_code(p, 0, "blue", 4)));
    assert_true(isnan(mlpipe_predictor_code(p, 9, "blue", 4)));
    assert_status(MLPIPE_E_ARG, mlpipe_predict_row(NULL, s, row, &out));
    assert_status(MLPIPE_E_ARG, mlpipe_predict_row(p, NULL, row, &out));
    assert_status(MLPIPE_E_ARG, mlpipe_predict_row(p, s, NULL, &out));
    assert_status(MLPIPE_E_ARG, mlpipe_predict_row(p, s, row, NULL));
    assert_int_equal(mlpipe_predictor_scratch(NULL), 0);
    free(s);
    mlpipe_predictor_free(p);
    mlpipe_predictor_free(NULL);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_records_equal_doubles_and_values(void **state)
{
    enum { ROWS = 1300 };
    static serve_record records[ROWS];
    static double one[ROWS], many[ROWS];
    static const char *const names[] = {"", "red", "green", "blue", "pink"};
    mlpipe_ctx *c;
    mlpipe_layout *l;
    mlpipe_predictor *p, *q;
    mlpipe_model *m;
    uint32_t token[5] = {0};
    void *s, *t;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1.0 / 3, 0.1, false);
    l = serve_layout(c);
    for (uint32_t i = 4; i; i--)
        token[i] = serve_token(c, l, names[i]);
    assert_ok(c, mlpipe_predictor_new(c, m, l, &p));
    assert_ok(c, mlpipe_predictor_new(c, m, NULL, &q));
    s = scratch_of(p);
    t = scratch_of(q);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t color = i % 5;
        serve_record *r = &records[i];
        r->x = i % 7 ? serve_random(i, 0) : mlpipe__nan();
        r->n = (int16_t)(i % 11 == 10 ? -1 : (int)(i % 11));
        r->color = token[color];
        const double row[3] = {r->x, r->n == -1 ? mlpipe__nan() : r->n,
                               color == 0   ? mlpipe__nan()
                               : color == 4 ? -1.0
                                            : color - 1.0};
        const mlpipe_value values[3] = {
            {r->x, NULL, 0, i % 7 ? MLPIPE_VALUE_NUMBER : MLPIPE_VALUE_NULL},
            {r->n, NULL, 0,
             r->n == -1 ? MLPIPE_VALUE_NULL : MLPIPE_VALUE_NUMBER},
            {0, names[color], (int32_t)strlen(names[color]),
             color ? MLPIPE_VALUE_TEXT : MLPIPE_VALUE_NULL}};
        double d, v;
        assert_ok(c, mlpipe_predict_row(p, s, r, &one[i]));
        assert_ok(c, mlpipe_predict_row(q, t, row, &d));
        assert_ok(c, mlpipe_predict_values(q, t, values, &v));
        assert_same(one[i], d);
        assert_same(one[i], v);
    }
    static const size_t counts[] = {0, 1, 7, 8, 511, 512, 513, ROWS};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        memset(many, 0, sizeof many);
        assert_ok(c, mlpipe_predict_rows(p, s, records, sizeof *records,
                                         counts[k], many));
        assert_memory_equal(one, many, counts[k] * sizeof *one);
    }
    /* A stride may skip, and may be odd. */
    assert_ok(c, mlpipe_predict_rows(p, s, records, 2 * sizeof *records,
                                     ROWS / 2, many));
    for (uint32_t i = 0; i < ROWS / 2; i++)
        assert_same(many[i], one[2 * i]);
    free(s);
    free(t);
    mlpipe_predictor_free(p);
    mlpipe_predictor_free(q);
    mlpipe_layout_free(l);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A layout that lacked a field can still be given it. */
static void test_a_failure_binds_nothing(void **state)
{
    mlpipe_ctx *c;
    mlpipe_layout *l;
    mlpipe_predictor *p;
    mlpipe_model *m;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, false);
    assert_ok(c, mlpipe_layout_new(c, 64, &l));
    assert_told(c, MLPIPE_E_SCHEMA, mlpipe_predictor_new(c, m, l, &p));
    for (uint32_t i = 0; i < mlpipe_model_inputs(m); i++)
        assert_ok(c, mlpipe_layout_field(
                         c, l, mlpipe_model_input(m, i),
                         mlpipe_model_input_type(m, i) ==
                                 MLPIPE_TYPE_CATEGORY
                             ? MLPIPE_TOKEN
                             : MLPIPE_F64,
                         8 * i));
    assert_ok(c, mlpipe_predictor_new(c, m, l, &p));
    assert_told(c, MLPIPE_E_STATE,
                mlpipe_layout_field(c, l, "late", MLPIPE_F64, 32));
    mlpipe_predictor_free(p);
    mlpipe_layout_free(l);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_values_refuse(void **state)
{
    mlpipe_ctx *c;
    mlpipe_layout *l;
    mlpipe_predictor *p, *q;
    mlpipe_model *m;
    double out;
    void *s;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, false);
    l = serve_layout(c);
    assert_ok(c, mlpipe_predictor_new(c, m, l, &p));
    assert_ok(c, mlpipe_predictor_new(c, m, NULL, &q));
    s = scratch_of(p);
    mlpipe_value v[3] = {{1, NULL, 0, MLPIPE_VALUE_NUMBER},
                         {2, NULL, 0, MLPIPE_VALUE_NUMBER},
                         {0, "red", 3, MLPIPE_VALUE_TEXT}};
    assert_status(MLPIPE_E_STATE, mlpipe_predict_values(p, s, v, &out));
    assert_ok(c, mlpipe_predict_values(q, s, v, &out));
    assert_same(out, 3.25);
    v[2].kind = MLPIPE_VALUE_NUMBER;
    assert_status(MLPIPE_E_SCHEMA, mlpipe_predict_values(q, s, v, &out));
    v[2].kind = MLPIPE_VALUE_TEXT;
    v[0].kind = MLPIPE_VALUE_TEXT;
    v[0].str = "1";
    assert_status(MLPIPE_E_SCHEMA, mlpipe_predict_values(q, s, v, &out));
    assert_status(MLPIPE_E_ARG, mlpipe_predict_values(q, s, NULL, &out));
    free(s);
    mlpipe_predictor_free(p);
    mlpipe_predictor_free(q);
    mlpipe_layout_free(l);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A host that rounds up gets the same bits, and its mode back. */
static void test_rounding_mode(void **state)
{
    mlpipe_ctx *c;
    mlpipe_predictor *p;
    mlpipe_model *m;
    const double row[3] = {1.0 / 3, 1, 0};
    double a, b;
    void *s;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1.0 / 7, 0.1, false);
    assert_ok(c, mlpipe_predictor_new(c, m, NULL, &p));
    s = scratch_of(p);
    assert_ok(c, mlpipe_predict_row(p, s, row, &a));
    fesetround(FE_UPWARD);
    const mlpipe_status st = mlpipe_predict_row(p, s, row, &b);
    const int mode = fegetround();
    fesetround(FE_TONEAREST);
    assert_int_equal(st, MLPIPE_OK);
    assert_int_equal(mode, FE_UPWARD);
    assert_same(a, b);
    free(s);
    mlpipe_predictor_free(p);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_records_equal_doubles_and_values),
        cmocka_unit_test(test_a_failure_binds_nothing),
        cmocka_unit_test(test_values_refuse),
        cmocka_unit_test(test_rounding_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
