/* SPDX-License-Identifier: MIT */
/* Layout fields to inputs: every kind, missing values, tokens, refusals. */
#include "serve_support.h"

#include <math.h>

#include "deploy/deploy_internal.h"
#include "golden_text.h"

/* A record with one field of every kind, none of them aligned. */
#pragma pack(push, 1)
typedef struct kinds_record {
    char pad;
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
    uint8_t flag;
    uint32_t token;
} kinds_record;
#pragma pack(pop)

#define KIND(name, kind, value)                                             \
    {#name, kind, offsetof(kinds_record, name), value}
static const struct {
    const char *name;
    int32_t kind;
    size_t offset;
    double expected;
} kinds[] = {
    KIND(f64, MLPIPE_F64, -1.5e300),
    KIND(f32, MLPIPE_F32, 0.100000001490116119384765625),
    KIND(i64, MLPIPE_I64, -9007199254740992.0),
    KIND(i32, MLPIPE_I32, -2147483648.0),
    KIND(i16, MLPIPE_I16, -32768),
    KIND(i8, MLPIPE_I8, -128),
    KIND(u64, MLPIPE_U64, 18446744073709551616.0),
    KIND(u32, MLPIPE_U32, 4294967295.0),
    KIND(u16, MLPIPE_U16, 65535),
    KIND(u8, MLPIPE_U8, 255),
    KIND(flag, MLPIPE_BOOL, 1),
    KIND(token, MLPIPE_TOKEN, 1),
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const kinds_record full = {
    'x',    -1.5e300, 0.1f,       -9007199254740992,    INT32_MIN,
    INT16_MIN, INT8_MIN, UINT64_MAX, UINT32_MAX, UINT16_MAX,
    UINT8_MAX, 7,       2};

/* A program whose inputs are the fields, in reverse; it only passes on. */
static mlpipe__program *kinds_program(mlpipe_ctx *c)
{
    mlpipe__program *p = mlpipe__program_new(c->env);
    mlpipe__dict dict;

    assert_non_null(p);
    mlpipe__dict_init(&dict, c->env);
    assert_int_equal(mlpipe__dict_add(&dict, "a", 1), 0);
    assert_int_equal(mlpipe__dict_add(&dict, "b", 1), 1);
    for (uint32_t i = KINDS; i--;) {
        const bool code = kinds[i].kind == MLPIPE_TOKEN;
        mlpipe__program_add_input(
            p, kinds[i].name,
            code ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_F64, 0,
            code ? MLPIPE__CODE : MLPIPE__NUMBER, code ? &dict : NULL);
    }
    mlpipe__dict_free(&dict);
    mlpipe__program_add_output(p, "out", 1);
    assert_ok(c, mlpipe__program_seal(c, p));
    return p;
}

static mlpipe_layout *kinds_layout(mlpipe_ctx *c)
{
    mlpipe_layout *l;

    assert_ok(c, mlpipe_layout_new(c, sizeof(kinds_record), &l));
    for (uint32_t i = 0; i < KINDS; i++)
        assert_ok(c, mlpipe_layout_field(c, l, kinds[i].name, kinds[i].kind,
                                         kinds[i].offset));
    assert_int_equal(serve_token(c, l, "zzz"), 1); /* no model knows it */
    assert_int_equal(serve_token(c, l, "b"), 2);
    return l;
}

static double lane_of(const mlpipe__program *p, void *scratch, uint32_t wide,
                      uint32_t row, uint32_t kind)
{
    return mlpipe__program_lane(p, scratch, wide ? MLPIPE__BLOCK_ROWS : 1,
                                KINDS - 1 - kind)[row];
}

static void *big_scratch(const mlpipe__program *p)
{
    const size_t n = mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS);
    void *s = aligned_alloc(64, (n + 63) / 64 * 64);

    assert_non_null(s);
    return s;
}

static void test_every_kind(void **state)
{
    mlpipe__record_binding b;
    mlpipe__program *p;
    mlpipe_layout *l;
    mlpipe_ctx *c;
    void *s;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    p = kinds_program(c);
    l = kinds_layout(c);
    s = big_scratch(p);
    assert_ok(c, mlpipe__record_bind(c, c->env, p, l, p, &b));
    for (uint32_t wide = 0; wide < 2; wide++) {
        const uint32_t row = wide ? 511 : 0;
        mlpipe__record_load(&b, &full, s, wide, row);
        for (uint32_t i = 0; i < KINDS; i++)
            assert_same(lane_of(p, s, wide, row, i), kinds[i].expected);
    }
    mlpipe__record_binding_free(&b);
    mlpipe__program_free(p);
    mlpipe_layout_free(l);
    free(s);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Each field missing in turn, by its own missing value. */
static void test_missing_values(void **state)
{
    for (uint32_t k = 0; k < KINDS - 1; k++) { /* a token's is 0 */
        mlpipe__record_binding b;
        mlpipe__program *p;
        mlpipe_layout *l;
        mlpipe_ctx *c;
        void *s;
        assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
        p = kinds_program(c);
        l = kinds_layout(c);
        s = big_scratch(p);
        assert_ok(c, mlpipe_layout_missing(c, l, kinds[k].name,
                                           kinds[k].expected));
        assert_ok(c, mlpipe__record_bind(c, c->env, p, l, p, &b));
        mlpipe__record_load(&b, &full, s, 0, 0);
        for (uint32_t i = 0; i < KINDS; i++) {
            const double x = lane_of(p, s, 0, 0, i);
            if (i == k)
                assert_true(isnan(x));
            else
                assert_same(x, kinds[i].expected);
        }
        mlpipe__record_binding_free(&b);
        mlpipe__program_free(p);
        mlpipe_layout_free(l);
        free(s);
        mlpipe_ctx_free(c);
    }
    (void)state;
}

static void test_tokens(void **state)
{
    mlpipe__record_binding b;
    mlpipe__program *p;
    mlpipe_layout *l;
    mlpipe_ctx *c;
    kinds_record r = full;
    void *s;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    p = kinds_program(c);
    l = kinds_layout(c);
    s = big_scratch(p);
    assert_ok(c, mlpipe__record_bind(c, c->env, p, l, p, &b));
    /* unknown to the model, made after the binding, never made */
    const uint32_t late = serve_token(c, l, "a");
    const uint32_t odd[] = {1, late, 12345, UINT32_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        r.token = odd[i];
        mlpipe__record_load(&b, &r, s, 0, 0);
        assert_same(lane_of(p, s, 0, 0, KINDS - 1), -1.0);
    }
    r.token = 0;
    mlpipe__record_load(&b, &r, s, 0, 0);
    assert_true(isnan(lane_of(p, s, 0, 0, KINDS - 1)));
    mlpipe__record_binding_free(&b);
    /* A new binding, as at a swap, knows the late one. */
    assert_ok(c, mlpipe__record_bind(c, c->env, p, l, p, &b));
    r.token = late;
    mlpipe__record_load(&b, &r, s, 0, 0);
    assert_same(lane_of(p, s, 0, 0, KINDS - 1), 0.0);
    mlpipe__record_binding_free(&b);
    mlpipe__program_free(p);
    mlpipe_layout_free(l);
    free(s);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- many fields, against the reading of one field ----------------------- */

enum { MANY = 40, MANY_BYTES = 400, MANY_RECORDS = 6 };

static uint32_t draw(uint64_t row, uint32_t n)
{
    static uint32_t next;

    return (uint32_t)(serve_random(row, next++) * n);
}

/* n inputs named as the fields, in reverse; a token's knows "b" and "a". */
static mlpipe__program *many_program(mlpipe_ctx *c, const int32_t *kind,
                                     uint32_t n)
{
    mlpipe__program *p = mlpipe__program_new(c->env);
    mlpipe__dict dict;
    char name[16];

    assert_non_null(p);
    mlpipe__dict_init(&dict, c->env);
    assert_int_equal(mlpipe__dict_add(&dict, "b", 1), 0);
    assert_int_equal(mlpipe__dict_add(&dict, "a", 1), 1);
    for (uint32_t i = n; i--;) {
        const bool code = kind[i] == MLPIPE_TOKEN;
        mlpipe__format(name, sizeof name, "f%u", i);
        mlpipe__program_add_input(
            p, name, code ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_F64, 0,
            code ? MLPIPE__CODE : MLPIPE__NUMBER, code ? &dict : NULL);
    }
    mlpipe__dict_free(&dict);
    mlpipe__program_add_output(p, "out", 0);
    assert_ok(c, mlpipe__program_seal(c, p));
    return p;
}

/* Fields anywhere, over each other; a third has a missing value that the
 * first record holds. */
static mlpipe_layout *many_layout(mlpipe_ctx *c, const int32_t *kind,
                                  uint32_t n, uint64_t round,
                                  const unsigned char *record)
{
    mlpipe_layout *l;
    char name[16];

    assert_ok(c, mlpipe_layout_new(c, MANY_BYTES, &l));
    for (uint32_t i = 0; i < n; i++) {
        mlpipe__format(name, sizeof name, "f%u", i);
        if (!kind[i]) {
            assert_ok(c, mlpipe_layout_absent(c, l, name));
            continue;
        }
        assert_ok(c, mlpipe_layout_field(c, l, name, kind[i],
                                         draw(round, MANY_BYTES - 7)));
        if (kind[i] != MLPIPE_TOKEN && !draw(round, 3))
            assert_ok(c, mlpipe_layout_missing(
                             c, l, name,
                             mlpipe__field_number(&l->fields[i], record)));
    }
    assert_int_equal(serve_token(c, l, "a"), 1);
    assert_int_equal(serve_token(c, l, "zzz"), 2); /* no model knows it */
    assert_int_equal(serve_token(c, l, "b"), 3);
    return l;
}

static double many_expected(const mlpipe__field *f,
                            const unsigned char *record)
{
    static const double code[] = {0, 1, -1, 0};

    if (f->kind != MLPIPE_TOKEN)
        return mlpipe__field_number(f, record);
    const uint32_t token = mlpipe__field_token(f, record);
    if (!token)
        return mlpipe__nan();
    return token < 4 ? code[token] : -1.0;
}

static void many_round(mlpipe_ctx *c, uint64_t round)
{
    static unsigned char record[MANY_RECORDS][MANY_BYTES];
    const uint32_t n = 1 + draw(round, MANY);
    int32_t kind[MANY];
    mlpipe__record_binding b;

    for (uint32_t i = 0; i < n; i++)
        kind[i] = (int32_t)draw(round, MLPIPE_TOKEN + 1);
    /* Zeros and small numbers, so that tokens are known now and then. */
    for (uint32_t i = 0; i < sizeof record; i++)
        record[i / MANY_BYTES][i % MANY_BYTES] =
            (unsigned char)(i < 3 * MANY_BYTES
                                ? draw(round, 256)
                                : draw(round, 8) ? 0 : draw(round, 5));
    mlpipe__program *p = many_program(c, kind, n);
    mlpipe_layout *l = many_layout(c, kind, n, round, record[0]);
    void *s = big_scratch(p);
    assert_ok(c, mlpipe__record_bind(c, c->env, p, l, p, &b));
    for (uint32_t k = 0; k < 2 * MANY_RECORDS; k++) {
        const uint32_t wide = k % 2, row = wide ? draw(round, 512) : 0;
        mlpipe__record_load(&b, record[k / 2], s, wide, row);
        for (uint32_t i = 0; i < n; i++) {
            const double *lane = mlpipe__program_lane(
                p, s, wide ? MLPIPE__BLOCK_ROWS : 1, n - 1 - i);
            const double x = many_expected(&l->fields[i], record[k / 2]);
            if (!isnan(x) || !isnan(lane[row]))
                assert_same(lane[row], x);
        }
    }
    mlpipe__record_binding_free(&b);
    mlpipe__program_free(p);
    mlpipe_layout_free(l);
    free(s);
}

static void test_many_fields(void **state)
{
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (uint64_t round = 0; round < 200; round++)
        many_round(c, round);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Rows of doubles for a first model, read by one with other codes. */
static void test_codes_of_another_model(void **state)
{
    static const char *const texts[2][3] = {{"p", "q", "r"},
                                            {"r", "p", "s"}};
    static const double given[] = {0, 1, 2, 3, -1, 0.5, 1e300, -0.0};
    static const double expected[] = {1, -1, 0, -1, -1, -1, -1, 1};
    mlpipe__record_binding b;
    mlpipe__program *p[2];
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (uint32_t k = 0; k < 2; k++) {
        mlpipe__dict dict;
        p[k] = mlpipe__program_new(c->env);
        assert_non_null(p[k]);
        mlpipe__dict_init(&dict, c->env);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(mlpipe__dict_add(&dict, texts[k][i], 1), i);
        for (uint32_t i = 0; i < 3; i++) {
            const uint32_t at = k ? 2 - i : i;
            mlpipe__program_add_input(
                p[k], at == 0 ? "u" : at == 1 ? "x" : "v",
                at == 1 ? MLPIPE_TYPE_F64 : MLPIPE_TYPE_CATEGORY, 0,
                at == 1 ? MLPIPE__NUMBER : MLPIPE__CODE,
                at == 1 ? NULL : &dict);
        }
        mlpipe__dict_free(&dict);
        mlpipe__program_add_output(p[k], "out", 1);
        assert_ok(c, mlpipe__program_seal(c, p[k]));
    }
    void *s = big_scratch(p[1]);
    assert_ok(c, mlpipe__record_bind(c, c->env, p[1], NULL, p[0], &b));
    for (uint32_t i = 0; i < 8; i++) {
        const double row[3] = {given[i], 0.25, mlpipe__nan()};
        mlpipe__record_load(&b, row, s, 0, 0);
        assert_true(isnan(*mlpipe__program_lane(p[1], s, 1, 0)));
        assert_same(*mlpipe__program_lane(p[1], s, 1, 1), 0.25);
        assert_same(*mlpipe__program_lane(p[1], s, 1, 2), expected[i]);
        const double back[3] = {mlpipe__nan(), -0.0, given[i]};
        mlpipe__record_load(&b, back, s, 0, 0);
        assert_same(*mlpipe__program_lane(p[1], s, 1, 0), expected[i]);
        assert_same(*mlpipe__program_lane(p[1], s, 1, 1), -0.0);
        assert_true(isnan(*mlpipe__program_lane(p[1], s, 1, 2)));
    }
    mlpipe__record_binding_free(&b);
    free(s);
    mlpipe__program_free(p[0]);
    mlpipe__program_free(p[1]);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_absent_and_refused(void **state)
{
    mlpipe_ctx *c;
    mlpipe_layout *l;
    mlpipe_model *m;
    mlpipe_predictor *p;
    serve_record r = {0.5, 0, 4};
    double out;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, false);
    assert_ok(c, mlpipe_layout_new(c, sizeof r, &l));
    assert_ok(c, mlpipe_layout_field(c, l, "x", MLPIPE_F64, 0));
    assert_ok(c, mlpipe_layout_field(c, l, "n", MLPIPE_I16,
                                     offsetof(serve_record, n)));
    assert_ok(c, mlpipe_layout_field(c, l, "colour", MLPIPE_TOKEN,
                                     offsetof(serve_record, color)));
    p = (mlpipe_predictor *)1;
    assert_told(c, MLPIPE_E_SCHEMA, mlpipe_predictor_new(c, m, l, &p));
    assert_null(p);
    assert_string_equal(mlpipe_ctx_error(c)->column, "color");
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "colour"));
    mlpipe_layout_free(l);

    assert_ok(c, mlpipe_layout_new(c, sizeof r, &l));
    assert_ok(c, mlpipe_layout_field(c, l, "x", MLPIPE_F64, 0));
    assert_ok(c, mlpipe_layout_field(c, l, "n", MLPIPE_I16,
                                     offsetof(serve_record, n)));
    assert_ok(c, mlpipe_layout_absent(c, l, "color"));
    assert_ok(c, mlpipe_predictor_new(c, m, l, &p));
    void *s = aligned_alloc(64, (mlpipe_predictor_scratch(p) + 63) / 64 * 64);
    assert_ok(c, mlpipe_predict_row(p, s, &r, &out));
    assert_same(out, 4.5);
    free(s);
    mlpipe_predictor_free(p);
    mlpipe_layout_free(l);

    static const int32_t wrong[2][2] = {{MLPIPE_F64, MLPIPE_U32},
                                        {MLPIPE_TOKEN, MLPIPE_TOKEN}};
    for (int i = 0; i < 2; i++) {
        assert_ok(c, mlpipe_layout_new(c, sizeof r, &l));
        assert_ok(c, mlpipe_layout_field(c, l, "x", wrong[i][0], 0));
        assert_ok(c, mlpipe_layout_field(c, l, "n", MLPIPE_I16, 12));
        assert_ok(c, mlpipe_layout_field(c, l, "color", wrong[i][1], 8));
        assert_told(c, MLPIPE_E_SCHEMA, mlpipe_predictor_new(c, m, l, &p));
        assert_string_equal(mlpipe_ctx_error(c)->column, i ? "x" : "color");
        mlpipe_layout_free(l);
    }
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

typedef struct told {
    int lines, warnings;
    char text[4][256];
} told;

static void tell(void *user, uint32_t level, const char *component,
                 const char *text)
{
    told *t = user;

    (void)component;
    t->warnings += level == MLPIPE_LOG_WARN;
    snprintf(t->text[t->lines++ % 4], sizeof t->text[0], "%s", text);
}

/* A field that feeds nothing is told by a slot, once for each model. */
static void test_unused_fields(void **state)
{
    told t = {0};
    mlpipe_ctx_options o = {.size = sizeof o, .user = &t, .log = tell,
                            .log_level = MLPIPE_LOG_INFO};
    mlpipe_slot *slot;
    mlpipe_layout *l;
    mlpipe_model *m;
    mlpipe_ctx *c;
    char name[16];

    assert_ok(NULL, mlpipe_ctx_new(&o, &c));
    m = serve_model(c, 1, 0, false);
    l = serve_layout(c);
    assert_ok(c, mlpipe_slot_new(c, m, l, NULL, &slot));
    assert_int_equal(t.lines, 0);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);

    assert_ok(c, mlpipe_layout_new(c, sizeof(serve_record), &l));
    assert_ok(c, mlpipe_layout_field(c, l, "x", MLPIPE_F64, 0));
    assert_ok(c, mlpipe_layout_field(c, l, "x2", MLPIPE_F64, 0));
    assert_ok(c, mlpipe_layout_absent(c, l, "n"));
    assert_ok(c, mlpipe_layout_absent(c, l, "color"));
    assert_ok(c, mlpipe_layout_absent(c, l, "spare"));
    assert_ok(c, mlpipe_layout_field(c, l, "colour", MLPIPE_TOKEN,
                                     offsetof(serve_record, color)));
    assert_ok(c, mlpipe_slot_new(c, m, l, NULL, &slot));
    assert_int_equal(t.lines, 2);
    assert_int_equal(t.warnings, 1);
    assert_non_null(strstr(t.text[0], "\"x2\""));
    assert_non_null(strstr(t.text[1], "\"colour\""));
    assert_non_null(strstr(t.text[1], "\"color\""));
    assert_ok(c, mlpipe_slot_swap(c, slot, m));
    assert_int_equal(t.lines, 4);
    assert_ok(c, mlpipe_slot_rollback(c, slot));
    assert_int_equal(t.lines, 4);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);

    l = serve_layout(c);
    memset(&t, 0, sizeof t);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "spare_%d", i);
        assert_ok(c, mlpipe_layout_field(c, l, name, MLPIPE_F64, 0));
    }
    assert_ok(c, mlpipe_slot_new(c, m, l, NULL, &slot));
    assert_int_equal(t.lines, 17);
    assert_non_null(strstr(t.text[0], "34 more"));
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_many_fields),
        cmocka_unit_test(test_codes_of_another_model),
        cmocka_unit_test(test_absent_and_refused),
        cmocka_unit_test(test_unused_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
