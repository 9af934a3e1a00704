/* SPDX-License-Identifier: MIT */
/* Layouts, their values and tokens, and builders that use them. */
#include "budget.h"

#include "data/data_internal.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

#pragma pack(push, 1)
struct record { /* packed: fields lie at any alignment */
    uint8_t yes;
    double f64;
    float f32;
    int64_t i64;
    int32_t i32;
    int16_t i16;
    int8_t i8;
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    uint8_t u8;
    uint32_t token;
};
#pragma pack(pop)

#define FIELD(l, name, kind)                                               \
    assert_ok(ctx, mlpipe_layout_field(ctx, l, #name, kind,                \
                                       offsetof(struct record, name)))

static mlpipe_layout *whole(void)
{
    mlpipe_layout *l;

    assert_ok(ctx, mlpipe_layout_new(ctx, sizeof(struct record), &l));
    FIELD(l, yes, MLPIPE_BOOL);
    FIELD(l, f64, MLPIPE_F64);
    FIELD(l, f32, MLPIPE_F32);
    FIELD(l, i64, MLPIPE_I64);
    FIELD(l, i32, MLPIPE_I32);
    FIELD(l, i16, MLPIPE_I16);
    FIELD(l, i8, MLPIPE_I8);
    FIELD(l, u64, MLPIPE_U64);
    FIELD(l, u32, MLPIPE_U32);
    FIELD(l, u16, MLPIPE_U16);
    FIELD(l, u8, MLPIPE_U8);
    FIELD(l, token, MLPIPE_TOKEN);
    return l;
}

static const struct record one = {
    .yes = 7, .f64 = 0.1, .f32 = -2.5f, .i64 = INT64_MIN, .i32 = -5,
    .i16 = -300, .i8 = -128, .u64 = 9, .u32 = 4000000000u, .u16 = 65535,
    .u8 = 200};

static void test_fields(void **state)
{
    static const double expected[] = {1, 0.1, -2.5, -9223372036854775808.0,
                                      -5, -300, -128, 9, 4000000000.0, 65535,
                                      200};
    mlpipe_layout *l = whole();
    struct record r = one;

    for (uint32_t i = 0; i < 11; i++)
        assert_same(expected[i], mlpipe__field_number(&l->fields[i], &r));
    assert_int_equal(3, mlpipe__layout_find(l, "i64"));
    assert_int_equal(-1, mlpipe__layout_find(l, "absent"));
    assert_ok(ctx, mlpipe_layout_missing(ctx, l, "i32", -5));
    assert_ok(ctx, mlpipe_layout_missing(ctx, l, "f32", -999.9));
    r.f32 = -999.9f;
    assert_true(mlpipe__field_number(&l->fields[4], &r)
                != mlpipe__field_number(&l->fields[4], &r));
    assert_true(mlpipe__field_number(&l->fields[2], &r)
                != mlpipe__field_number(&l->fields[2], &r));
    mlpipe_layout_free(l);
}

static void test_refuses(void **state)
{
    mlpipe_layout *l;

    assert_told(ctx, MLPIPE_E_ARG, mlpipe_layout_new(ctx, 0, &l));
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_layout_new(ctx, (1 << 20) + 1, &l));
    assert_null(l);
    assert_ok(ctx, mlpipe_layout_new(ctx, 16, &l));
    assert_ok(ctx, mlpipe_layout_field(ctx, l, "a", MLPIPE_F64, 8));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_layout_field(ctx, l, "b", MLPIPE_F64,
                                    9));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_layout_field(ctx, l, "b", MLPIPE_F64,
                                    SIZE_MAX));
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_layout_field(ctx, l, "b", 13, 0));
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_layout_field(ctx, l, "b", 0, 0));
    assert_told(ctx, MLPIPE_E_CONFLICT,
                mlpipe_layout_field(ctx, l, "a",
                                    MLPIPE_F64, 0));
    assert_told(ctx, MLPIPE_E_CONFLICT, mlpipe_layout_absent(ctx, l, "a"));
    assert_ok(ctx, mlpipe_layout_absent(ctx, l, "c"));
    assert_told(ctx, MLPIPE_E_NOT_FOUND, mlpipe_layout_missing(ctx, l, "c", 1));
    assert_told(ctx, MLPIPE_E_NOT_FOUND, mlpipe_layout_missing(ctx, l, "d", 1));
    mlpipe__layout_bind(l);
    assert_told(ctx, MLPIPE_E_STATE,
                mlpipe_layout_field(ctx, l, "e",
                                    MLPIPE_F64, 0));
    assert_told(ctx, MLPIPE_E_STATE, mlpipe_layout_absent(ctx, l, "e"));
    assert_told(ctx, MLPIPE_E_STATE, mlpipe_layout_missing(ctx, l, "a", 1));
    mlpipe_layout_free(l);
    mlpipe_layout_free(NULL);
}

static void test_tokens(void **state)
{
    enum { N = 3000 };
    mlpipe_layout *l;
    mlpipe__text t;
    uint32_t token;
    char text[400];

    assert_ok(ctx, mlpipe_layout_new(ctx, 4, &l));
    for (int twice = 0; twice < 2; twice++)
        for (uint32_t i = 0; i < N; i++) {
            const int n = sprintf(text, "%0*u", 1 + (int)(i % 390), i);
            assert_ok(ctx, mlpipe_layout_token(ctx, l, text, (size_t)n,
                                               &token));
            assert_int_equal(i + 1, token);
        }
    assert_int_equal(N, mlpipe__layout_tokens(l));
    mlpipe__text_init(&t, ctx->env);
    for (uint32_t i = 0; i < N; i++) {
        const int n = sprintf(text, "%0*u", 1 + (int)(i % 390), i);
        t.size = 0;
        assert_true(mlpipe__layout_token_text(l, i + 1, &t));
        assert_int_equal(n, t.size);
        assert_memory_equal(text, t.data, (size_t)n);
    }
    assert_false(mlpipe__layout_token_text(l, 0, &t));
    assert_false(mlpipe__layout_token_text(l, N + 1, &t));
    mlpipe__text_free(&t);
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_layout_token(ctx, l, "\xc0", 1,
                                    &token));
    assert_int_equal(0, token);
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_layout_token(ctx, l, NULL, 1,
                                    &token));
    mlpipe_layout_free(l);
}

static void test_records(void **state)
{
    mlpipe_layout *l = whole();
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_value v;
    struct record r[3] = {one, one, one};

    for (uint32_t i = 0; i < 3; i++) {
        uint32_t token; /* the field lies at an odd address */
        assert_ok(ctx, mlpipe_layout_token(ctx, l, "cba" + i, 1, &token));
        r[i].token = token;
    }
    r[2].token = r[0].token; /* "a" is never used */
    r[1].f64 = 0.0 / 0.0;
    r[1].token = 0;
    assert_ok(ctx, mlpipe_builder_new(ctx, l, NULL, &b));
    assert_told(ctx, MLPIPE_E_STATE, mlpipe_layout_absent(ctx, l, "late"));
    for (int i = 0; i < 30000; i++)
        assert_ok(ctx, mlpipe_builder_append(ctx, b, r, 3));
    r[1].token = 4;
    assert_told(ctx, MLPIPE_E_ARG, mlpipe_builder_append(ctx, b, r, 3));
    r[1].token = 0;
    r[2].u64 = UINT64_MAX;
    assert_told(ctx, MLPIPE_E_NUMERIC, mlpipe_builder_append(ctx, b, r, 3));
    assert_told(ctx, MLPIPE_E_STATE,
                mlpipe_builder_column(
ctx, b, "x", MLPIPE_I8, "a", NULL, 1));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    mlpipe_layout_free(l);
    assert_int_equal(90000, mlpipe_dataset_rows(d));
    assert_int_equal(12, mlpipe_dataset_columns(d));
    assert_int_equal(MLPIPE_TYPE_BOOL, mlpipe_dataset_type(d, 0));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_dataset_type(d, 2));
    assert_int_equal(MLPIPE_TYPE_I64, mlpipe_dataset_type(d, 10));
    assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_dataset_type(d, 11));
    assert_int_equal(30000, mlpipe_dataset_nulls(d, 1));
    assert_int_equal(30000, mlpipe_dataset_nulls(d, 11));
    assert_int_equal(0, mlpipe_dataset_cell(d, 89999, 11, &v));
    assert_int_equal('c', v.str[0]);
    assert_int_equal(1, d->columns[11]->dictionary->dict.count);
    int64_t low;
    uint8_t valid;
    mlpipe__dataset_block_i64(d, 3, 70000, 1, &low, &valid);
    assert_true(low == INT64_MIN && valid == 1); /* exactly */
    mlpipe_dataset_free(d);
}

/* A value that means missing need not fit into a column. */
static void test_missing_u64(void **state)
{
    const uint64_t values[2] = {UINT64_MAX, 5};
    mlpipe_layout *l;
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(ctx, mlpipe_layout_new(ctx, sizeof values[0], &l));
    assert_ok(ctx, mlpipe_layout_field(ctx, l, "n", MLPIPE_U64, 0));
    assert_ok(ctx, mlpipe_layout_missing(ctx, l, "n", 18446744073709551615.0));
    assert_ok(ctx, mlpipe_builder_new(ctx, l, NULL, &b));
    assert_ok(ctx, mlpipe_builder_append(ctx, b, values, 2));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    assert_int_equal(1, mlpipe_dataset_nulls(d, 0));
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    mlpipe_layout_free(l);
}

/* finish fails at its n-th allocation, is given another record, and again. */
static bool finish_again(int64_t n)
{
    struct budget budget;
    mlpipe_ctx *c = budget_ctx(&budget);
    mlpipe_layout *l;
    mlpipe_builder *b;
    mlpipe_dataset *d;
    uint32_t token;

    assert_ok(c, mlpipe_layout_new(c, sizeof token, &l));
    assert_ok(c, mlpipe_layout_field(c, l, "t", MLPIPE_TOKEN, 0));
    assert_ok(c, mlpipe_layout_token(c, l, "red", 3, &token));
    assert_ok(c, mlpipe_builder_new(c, l, NULL, &b));
    assert_ok(c, mlpipe_builder_append(c, b, &token, 1));
    budget.left = n;
    const bool failed = mlpipe_builder_finish(c, b, &d) != MLPIPE_OK;
    budget.left = -1;
    if (failed) {
        const mlpipe_status st = mlpipe_builder_append(c, b, &token, 1);
        assert_true(st == MLPIPE_OK || st == MLPIPE_E_STATE);
        if (st)
            golden_error(__BASE_FILE__, "append to half a dataset", c, st);
        assert_ok(c, mlpipe_builder_finish(c, b, &d));
        assert_int_equal(st ? 1 : 2, mlpipe_dataset_rows(d));
    }
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    mlpipe_layout_free(l);
    mlpipe_ctx_free(c);
    assert_int_equal(0, budget.blocks);
    return failed;
}

static void test_finish_again(void **state)
{
    int64_t n = 0;

    while (finish_again(n))
        n++;
    assert_true(n > 5);
}

/* Microseconds, rounded down, also where a double does not hold the count. */
static void test_times(void **state)
{
    static const struct {
        int32_t unit;
        int64_t count;
        double us;
    } cases[] = {
        {MLPIPE_UNIT_S, -7, -7e6},
        {MLPIPE_UNIT_MS, 1700000000123, 1700000000123000.0},
        {MLPIPE_UNIT_US, 1700000000123457, 1700000000123457.0},
        {MLPIPE_UNIT_NS, 1700006399999999999, 1700006399999999.0},
        {MLPIPE_UNIT_NS, 1700006399999999000, 1700006399999999.0},
        {MLPIPE_UNIT_NS, -1, -1},
        {MLPIPE_UNIT_NS, -1000, -1},
        {MLPIPE_UNIT_NS, -1001, -2},
    };
    const mlpipe__field f = {.kind = MLPIPE_I64};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t count = cases[i].count;
        assert_true(mlpipe__time_us(count, cases[i].unit) == cases[i].us);
        assert_true(mlpipe__field_time(&f, &count, cases[i].unit) ==
                    cases[i].us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_missing_u64),
        cmocka_unit_test(test_finish_again),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
