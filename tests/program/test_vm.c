/* SPDX-License-Identifier: MIT */
/* The ops: what each gives for null, unseen and edge values; equal bits for
 * every width; what is no program is refused. */
#include "golden_text.h"
#include "support.h"

#include <math.h>

#include "program_sample.h"

#define NAN_ mlpipe__nan()
#define INF_ mlpipe__inf()

/* ---- semantics ---------------------------------------- */

typedef struct op_case {
    uint16_t code;
    double c0, c1, x, want; /* NaN = null */
} op_case;

/* out[0] is the register `reg`, NaN where it is null. */
static double run_one(mlpipe_ctx *c, mlpipe__program *p, uint32_t reg,
                      const double *x)
{
    char *scratch;
    double out;
    uint32_t i;

    mlpipe__program_add_output(p, "y", reg);
    assert_ok(c, mlpipe__program_seal(c, p));
    scratch = malloc(mlpipe__program_scratch(p, 1));
    for (i = 0; i < p->input_count; i++)
        *mlpipe__program_lane(p, scratch, 1, i) = x[i];
    mlpipe__program_run(p, scratch, 1, 1, &out, NULL);
    if (out != out)
        assert_same(*mlpipe__program_values(p, scratch, 1, reg), 0.0);
    assert_int_equal(*mlpipe__program_valid(p, scratch, 1, reg), out == out);
    free(scratch);
    return out;
}

static void ops_give_what_they_say(void **state)
{
    mlpipe_ctx *c = *state;
    const op_case cases[] = {
        {MLPIPE__OP_IMPUTE, 2.5, 0, NAN_, 2.5},
        {MLPIPE__OP_IMPUTE, 2.5, 0, -1, -1},
        {MLPIPE__OP_IS_NULL, 0, 0, NAN_, 1},
        {MLPIPE__OP_IS_NULL, 0, 0, 0, 0},
        {MLPIPE__OP_IS_NULL, 0, 0, INF_, 0},
        {MLPIPE__OP_SHIFT_SCALE, 1, 3, 2, 1.0 / 3},
        {MLPIPE__OP_SHIFT_SCALE, 1, 3, NAN_, NAN_},
        {MLPIPE__OP_SHIFT_SCALE, -1e308, 1, 1e308, NAN_},
        {MLPIPE__OP_SHIFT_SCALE, 0, 5e-324, 1, NAN_},
        {MLPIPE__OP_SHIFT_SCALE, 0, 1, INF_, NAN_},
        {MLPIPE__OP_CLAMP, -1, 2, -5, -1},
        {MLPIPE__OP_CLAMP, -1, 2, 5, 2},
        {MLPIPE__OP_CLAMP, -1, 2, 0.5, 0.5},
        {MLPIPE__OP_CLAMP, -1, 2, INF_, 2},
        {MLPIPE__OP_CLAMP, -1, 2, -INF_, -1},
        {MLPIPE__OP_CLAMP, -1, 2, NAN_, NAN_},
        {MLPIPE__OP_NULL_OUTSIDE, -1, 2, -1, -1},
        {MLPIPE__OP_NULL_OUTSIDE, -1, 2, 2, 2},
        {MLPIPE__OP_NULL_OUTSIDE, -1, 2, 2.5, NAN_},
        {MLPIPE__OP_NULL_OUTSIDE, -1, 2, -INF_, NAN_},
        {MLPIPE__OP_NULL_OUTSIDE, -1, 2, NAN_, NAN_},
        {MLPIPE__OP_OUTSIDE, -1, 2, -1, 0},
        {MLPIPE__OP_OUTSIDE, -1, 2, 2.5, 1},
        {MLPIPE__OP_OUTSIDE, -1, 2, INF_, 1},
        {MLPIPE__OP_OUTSIDE, 1, 2, NAN_, 0},
        {MLPIPE__OP_EXP, 0, 0, 0, 1},
        {MLPIPE__OP_EXP, 0, 0, 1000, NAN_},
        {MLPIPE__OP_EXP, 0, 0, -1000, 0},
        {MLPIPE__OP_EXP, 0, 0, NAN_, NAN_},
        {MLPIPE__OP_LOG, 0, 0, 1, 0},
        {MLPIPE__OP_LOG, 0, 0, 0, NAN_},
        {MLPIPE__OP_LOG, 0, 0, -0.0, NAN_},
        {MLPIPE__OP_LOG, 0, 0, -1, NAN_},
        {MLPIPE__OP_LOG, 0, 0, INF_, NAN_},
        {MLPIPE__OP_LOG, 0, 0, NAN_, NAN_},
        {MLPIPE__OP_EXPM1, 0, 0, 0, 0},
        {MLPIPE__OP_EXPM1, 0, 0, -1000, -1},
        {MLPIPE__OP_EXPM1, 0, 0, 1000, NAN_},
        {MLPIPE__OP_LOG1P, 0, 0, 0, 0},
        {MLPIPE__OP_LOG1P, 0, 0, -1, NAN_},
        {MLPIPE__OP_LOG1P, 0, 0, -2, NAN_},
        {MLPIPE__OP_SQUARE, 0, 0, -3, 9},
        {MLPIPE__OP_SQUARE, 0, 0, 1e200, NAN_},
        {MLPIPE__OP_SQUARE, 0, 0, NAN_, NAN_},
        {MLPIPE__OP_SQRT, 0, 0, 9, 3},
        {MLPIPE__OP_SQRT, 0, 0, -1e-300, NAN_},
        {MLPIPE__OP_SQRT, 0, 0, INF_, NAN_},
        {MLPIPE__OP_SIGMOID, 0, 0, 0, 0.5},
        {MLPIPE__OP_SIGMOID, 0, 0, 1e9, 1},
        {MLPIPE__OP_SIGMOID, 0, 0, -1e9, 0},
        {MLPIPE__OP_SIGMOID, 0, 0, NAN_, NAN_},
        {MLPIPE__OP_AFFINE, 2, 1, 3, 7},
        {MLPIPE__OP_AFFINE, 1e308, 0, 1e10, NAN_},
        {MLPIPE__OP_AFFINE, 2, 1, NAN_, NAN_},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const op_case *t = &cases[i];
        mlpipe__program *p = mlpipe__program_new(c->env);
        double got;

        mlpipe__program_add_input(p, "x", 1, 0, MLPIPE__NUMBER, NULL);
        got = run_one(c, p, sample_op(p, t->code, 0, t->c0, t->c1), &t->x);
        if (got != t->want && (got == got || t->want == t->want))
            fail_msg("case %zu, op %d: %g, not %g", i, t->code, got, t->want);
        mlpipe__program_free(p);
    }
}

/* An infinite input is a value for those that only hand it on. */
static void infinite_inputs_reach_trees(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__program *p = mlpipe__program_new(c->env);
    mlpipe__forest *f = mlpipe__forest_new(c->env, 1, 1, 1, 1, 2, 0);
    const double x[1] = {INF_};
    const uint32_t zero = 0;
    uint32_t r;

    f->tree_node[1] = 1;
    f->tree_leaf[1] = 2;
    f->node_cut[0] = 1e308;
    f->node_left[0] = ~0;
    f->node_right[0] = ~1;
    f->leaf[0] = 5;
    f->leaf[1] = 6;
    mlpipe__program_add_input(p, "x", 1, 0, MLPIPE__NUMBER, NULL);
    r = sample_op(p, MLPIPE__OP_IMPUTE, 0, 1, 0);
    r = mlpipe__program_op(p, MLPIPE__OP_FOREST,
                           mlpipe__program_forest(p, f), 0,
                           mlpipe__program_words(p, &zero, 1), 1, 1);
    assert_same(run_one(c, p, r, x), 6.0);
    mlpipe__program_free(p);
}

/* Of the sample program's first category: the one-hot, and the look-up. */
static void codes_are_known_unseen_or_null(void **state)
{
    static const struct {
        double code, hot[3], look, is_null;
    } cases[] = {{0, {0, 1, 0}, 0.5, 0}, {1, {0, 0, 1}, NAN, 0},
                 {2, {1, 0, 0}, -3, 0},  {-1, {0, 0, 0}, 9, 0},
                 {7, {0, 0, 0}, 9, 0},   {1e300, {0, 0, 0}, 9, 0},
                 {-5, {0, 0, 0}, 9, 0},  {NAN, {0, 0, 0}, 7, 1}};
    mlpipe_ctx *c = *state;
    mlpipe__program *p = sample_program(c);
    uint32_t hot = 0, look = 0, is_null = 0, i, k;
    double *out = malloc(p->register_count * 8);
    char *scratch;

    assert_ok(c, mlpipe__program_seal(c, p));
    for (i = 0; i < p->op_count; i++) {
        if (p->ops[i].code == MLPIPE__OP_ONEHOT && p->ops[i].a == 3)
            hot = p->ops[i].dst;
        if (p->ops[i].code == MLPIPE__OP_LOOKUP)
            look = p->ops[i].dst;
        if (p->ops[i].code == MLPIPE__OP_IS_NULL && p->ops[i].a == 4)
            is_null = p->ops[i].dst;
    }
    scratch = malloc(mlpipe__program_scratch(p, 1));
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (k = 0; k < SAMPLE_INPUTS; k++)
            *mlpipe__program_lane(p, scratch, 1, k) =
                k < 3 ? 0.5 : cases[i].code;
        mlpipe__program_run(p, scratch, 1, 1, out, NULL);
        for (k = 0; k < 3; k++)
            assert_same(out[hot + k], cases[i].hot[k]);
        if (cases[i].look == cases[i].look)
            assert_same(out[look], cases[i].look);
        else
            assert_true(out[look] != out[look]);
        assert_same(out[is_null], cases[i].is_null);
    }
    free(scratch);
    free(out);
    mlpipe__program_free(p);
}

/* Eight sums by index mod 8, as the design says, and null from any null. */
static void linear_sums_in_eight_lanes(void **state)
{
    enum { N = 21 };
    mlpipe_ctx *c = *state;
    mlpipe__program *p = mlpipe__program_new(c->env);
    double w[N + 1], x[N], s[8] = {0}, want;
    uint32_t regs[N], i, r;
    char name[3] = "aa";

    forest_state = 7;
    for (i = 0; i < N; i++, name[1]++) {
        mlpipe__program_add_input(p, name, 1, 0, MLPIPE__NUMBER, NULL);
        x[i] = (random_below(1u << 30) - 5e8) / 3;
        w[i + 1] = (random_below(1u << 30) - 5e8) / 7;
        regs[i] = i;
        s[i % 8] += w[i + 1] * x[i];
    }
    w[0] = 0.1;
    want = w[0] + (((s[0] + s[4]) + (s[2] + s[6]))
                   + ((s[1] + s[5]) + (s[3] + s[7])));
    r = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                           mlpipe__program_const(p, w, N + 1),
                           mlpipe__program_words(p, regs, N), N, 1);
    assert_same(run_one(c, p, r, x), want);
    mlpipe__free(c->env, p->outputs[0].name);
    p->output_count = 0;
    x[13] = mlpipe__nan();
    assert_true(run_one(c, p, r, x) != want);
    mlpipe__program_free(p);
}

/* ---- widths ---------------------------------------- */

static void every_width_gives_the_same_bits(void **state)
{
    enum { ROWS = 16384 };
    static const uint32_t widths[] = {512, 2, 3, 7, 16, 17, 33, 511};
    mlpipe_ctx *c = *state;
    mlpipe__program *p = sample_program(c);
    double *x = malloc(ROWS * SAMPLE_INPUTS * 8), *want, *got;
    uint32_t i, k, at, n, columns;
    uint64_t nulls = 0, values = 0;
    char *scratch;

    assert_ok(c, mlpipe__program_seal(c, p));
    columns = p->output_count;
    want = malloc((size_t)ROWS * columns * 8);
    got = malloc((size_t)512 * columns * 8);
    forest_state = 99;
    for (i = 0; i < ROWS; i++)
        sample_row(x + i * SAMPLE_INPUTS);
    scratch = malloc(mlpipe__program_scratch(p, 1));
    for (i = 0; i < ROWS; i++) {
        sample_load(p, scratch, 1, 0, x + i * SAMPLE_INPUTS);
        mlpipe__program_run(p, scratch, 1, 1, want + (size_t)i * columns,
                            NULL);
    }
    free(scratch);
    for (i = 0; i < ROWS * columns; i++)
        nulls += want[i] != want[i];
    assert_in_range(nulls, ROWS, (uint64_t)ROWS * columns / 2);
    for (k = 0; k < sizeof widths / sizeof *widths; k++) {
        const uint32_t width = widths[k];

        scratch = malloc(mlpipe__program_scratch(p, width));
        for (at = 0; at < ROWS; at += n) {
            uint32_t r;

            n = width - (at / width) % 2; /* full, and one less */
            n = n > ROWS - at ? ROWS - at : n;
            for (r = 0; r < n; r++)
                sample_load(p, scratch, width, r,
                            x + (at + r) * SAMPLE_INPUTS);
            values += (uint64_t)n * columns;
            mlpipe__program_run(p, scratch, width, n, got, NULL);
            if (memcmp(got, want + (size_t)at * columns,
                       (size_t)n * columns * 8))
                fail_msg("width %u differs at row %u", width, at);
        }
        free(scratch);
    }
    assert_true(values > 10000000);
    free(x), free(want), free(got);
    mlpipe__program_free(p);
}

/* The sample has every op that there is. */
static void the_sample_is_whole(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__program *p = sample_program(c);
    uint16_t code;

    for (code = 1; code < MLPIPE__OP_END; code++) {
        uint32_t i = 0;

        while (i < p->op_count && p->ops[i].code != code)
            i++;
        if (mlpipe__op_version(code) && i == p->op_count)
            fail_msg("no op %s", mlpipe__op_name(code));
    }
    mlpipe__program_free(p);
}

static void runs_the_front_alone(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__program *p = sample_program(c);
    const uint32_t r = p->ops[0].dst;
    char *scratch;
    uint32_t i;

    assert_ok(c, mlpipe__program_seal(c, p));
    scratch = malloc(mlpipe__program_scratch(p, 512));
    for (i = 0; i < SAMPLE_INPUTS; i++) {
        mlpipe__program_lane(p, scratch, 512, i)[0] = mlpipe__nan();
        mlpipe__program_lane(p, scratch, 512, i)[1] = 2;
    }
    mlpipe__program_run_ops(p, scratch, 512, 2, p->front_ops, NULL);
    assert_same(mlpipe__program_values(p, scratch, 512, 0)[0], 0.0);
    assert_int_equal(mlpipe__program_valid(p, scratch, 512, 0)[0], 0);
    assert_same(mlpipe__program_values(p, scratch, 512, r)[0], 0.75);
    assert_same(mlpipe__program_values(p, scratch, 512, r)[1], 2.0);
    assert_int_equal(mlpipe__program_valid(p, scratch, 512, r)[0], 1);
    free(scratch);
    mlpipe__program_free(p);
}

/* ---- refusals ---------------------------------------- */

static mlpipe__op *find_op(mlpipe__program *p, uint16_t code)
{
    uint32_t i;

    for (i = 0; i < p->op_count; i++)
        if (p->ops[i].code == code)
            return &p->ops[i];
    fail();
    return NULL;
}

#define REFUSED(change)                                                      \
    do {                                                                     \
        mlpipe__program *p = sample_program(c);                              \
        assert_null(mlpipe__program_check(p, &c->env->limits));              \
        change;                                                              \
        if (!mlpipe__program_check(p, &c->env->limits))                      \
            fail_msg("taken: %s", #change);                                  \
        assert_told(c, MLPIPE_E_INTERNAL, mlpipe__program_seal(c, p));       \
        mlpipe__program_free(p);                                             \
    } while (0)
#define OP(name) find_op(p, MLPIPE__OP_##name)

static void refuses_what_is_no_program(void **state)
{
    mlpipe_ctx *c = *state;

    REFUSED(OP(EXP)->code = 0);
    REFUSED(OP(EXP)->code = MLPIPE__OP_END);
    REFUSED(OP(EXP)->version = 0);
    REFUSED(OP(EXP)->version = 2);
    REFUSED(OP(EXP)->a = OP(EXP)->dst);
    REFUSED(OP(EXP)->a = MLPIPE__NO_REG);
    REFUSED(OP(EXP)->a = 3);
    REFUSED(OP(EXP)->dst += 1);
    REFUSED(OP(IMPUTE)->dst = 0);
    REFUSED(OP(IMPUTE)->arg = p->const_count);
    REFUSED(OP(IMPUTE)->arg = 0xffffffffu);
    REFUSED(p->consts[OP(IMPUTE)->arg] = INF_);
    REFUSED(p->consts[OP(SHIFT_SCALE)->arg + 1] = 0);
    REFUSED(p->consts[OP(SHIFT_SCALE)->arg] = NAN_);
    REFUSED(p->consts[OP(CLAMP)->arg] = 2);
    REFUSED(p->consts[OP(OUTSIDE)->arg] = 2);
    REFUSED(OP(ONEHOT)->count = 0);
    REFUSED(OP(ONEHOT)->count = 4);
    REFUSED(OP(ONEHOT)->b = 0xffffffffu);
    REFUSED(OP(ONEHOT)->a = 0);
    REFUSED(p->words[OP(ONEHOT)->arg] = 4);
    REFUSED(OP(LOOKUP)->count = 0xffffffffu);
    REFUSED(p->consts[OP(LOOKUP)->arg] = INF_);
    REFUSED(OP(LINEAR)->b = p->const_count - 3);
    REFUSED(OP(LINEAR)->arg = p->word_count - 3);
    REFUSED(OP(LINEAR)->count = 0xffffffffu);
    REFUSED(p->words[OP(LINEAR)->arg] = OP(LINEAR)->dst);
    REFUSED(p->words[OP(LINEAR)->arg] = 4);
    REFUSED(OP(FOREST)->a = 3);
    REFUSED(OP(FOREST)->count = 3);
    REFUSED(p->words[OP(FOREST)->arg] = 3);
    REFUSED(p->words[OP(FOREST)->arg + 1] = 0);
    REFUSED(p->forests[1]->scale = 3);
    REFUSED(p->forests[1]->outputs = 1);
    REFUSED(p->outputs[0].reg = p->register_count);
    REFUSED(p->register_count += 1);
    REFUSED(p->front_ops = p->op_count + 1);
    REFUSED(p->inputs[0].kind = 3);
    REFUSED(p->inputs[0].kind = MLPIPE__CODE);
}

static void an_empty_program_runs(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__program *p = mlpipe__program_new(c->env);
    char scratch[256];

    assert_ok(c, mlpipe__program_seal(c, p));
    assert_true(mlpipe__program_scratch(p, 1) <= sizeof scratch);
    mlpipe__program_run(p, scratch, 1, 1, NULL, NULL);
    mlpipe__program_free(p);
    mlpipe__program_free(NULL);
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

/* ---- blocks in which every value is there ------------------------------- */

enum { DENSE_ROWS = 101, DENSE_INPUTS = 3 };

static mlpipe__program *dense_program(mlpipe_ctx *c)
{
    static const uint16_t codes[] = {MLPIPE__OP_ADD, MLPIPE__OP_SUB,
                                     MLPIPE__OP_MUL, MLPIPE__OP_DIV,
                                     MLPIPE__OP_MIN, MLPIPE__OP_MAX};
    static const uint32_t set[2] = {1, 0};
    const double constant = -2.5;
    mlpipe__program *p = mlpipe__program_new(c->env);
    mlpipe__dict dict;
    uint32_t r, i;

    mlpipe__dict_init(&dict, c->env);
    mlpipe__dict_add(&dict, "a", 1);
    mlpipe__dict_add(&dict, "b", 1);
    mlpipe__program_add_input(p, "x", 1, 0, MLPIPE__NUMBER, NULL);
    mlpipe__program_add_input(p, "y", 1, 0, MLPIPE__NUMBER, NULL);
    mlpipe__program_add_input(p, "z", 4, 0, MLPIPE__CODE, &dict);
    mlpipe__dict_free(&dict);
    r = mlpipe__program_op(p, MLPIPE__OP_CONST, 0, 0,
                           mlpipe__program_const(p, &constant, 1), 0, 1);
    mlpipe__program_add_output(p, "constant", r);
    for (i = 0; i < sizeof codes / sizeof *codes; i++) {
        r = mlpipe__program_op(p, codes[i], 0, 1, 0, 0, 1);
        mlpipe__program_add_output(p, "xy", r);
        r = mlpipe__program_op(p, codes[i], r, 3, 0, 0, 1);
        mlpipe__program_add_output(p, "of both", r);
    }
    r = mlpipe__program_op(p, MLPIPE__OP_ONEHOT, 2, 2,
                           mlpipe__program_words(p, set, 2), 2, 2);
    mlpipe__program_add_output(p, "b", r);
    mlpipe__program_add_output(p, "a", r + 1);
    mlpipe__program_add_output(p, "x", 0);
    assert_ok(c, mlpipe__program_seal(c, p));
    return p;
}

/* Rows without gaps; with a null; with what has no finite result. */
static double dense_value(uint32_t kind, uint32_t row, uint32_t input)
{
    if (kind == 1 && row == 50 + input)
        return NAN_;
    if (kind == 2 && row == 7)
        return input == 1 ? 0.0 : 1e308;
    if (kind == 2 && row == 90)
        return input ? -1e308 : INF_;
    if (input == 2)
        return row % 3;
    return ((int)(row * 37 % 101) - 50) / (input ? 7.0 : 3.0);
}

static void dense_run(const mlpipe__program *p, uint32_t kind, uint32_t width,
                      double *out, uint64_t *faults)
{
    char *scratch = malloc(mlpipe__program_scratch(p, width));
    uint32_t at, i, k;

    for (at = 0; at < DENSE_ROWS; at += width) {
        const uint32_t left = DENSE_ROWS - at, n = left < width ? left : width;

        for (k = 0; k < DENSE_INPUTS; k++)
            for (i = 0; i < n; i++)
                mlpipe__program_lane(p, scratch, width, k)[i] =
                    dense_value(kind, at + i, k);
        mlpipe__program_run(p, scratch, width, n,
                            out + (size_t)at * p->output_count, faults);
    }
    free(scratch);
}

static void blocks_without_gaps_give_the_same_bits(void **state)
{
    static const uint32_t widths[] = {2, 8, 13, 101, 512};
    mlpipe_ctx *c = *state;
    mlpipe__program *p = dense_program(c);
    const size_t values = (size_t)DENSE_ROWS * p->output_count;
    double *one = calloc(values, sizeof *one);
    double *many = calloc(values, sizeof *many);
    const bool avx2 = p->avx2;
    uint32_t kind, w;

    for (kind = 0; kind < 3; kind++) {
        uint64_t faults[32] = {0};
        dense_run(p, kind, 1, one, faults);
        for (w = 0; w < 2 * sizeof widths / sizeof *widths; w++) {
            uint64_t same[32] = {0};
            p->avx2 = avx2 && w % 2;
            dense_run(p, kind, widths[w / 2], many, same);
            assert_memory_equal(one, many, values * sizeof *one);
            assert_memory_equal(faults, same, sizeof faults);
        }
        assert_true(kind != 2 || faults[1]);
    }
    free(one);
    free(many);
    mlpipe__program_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_give_what_they_say),
        cmocka_unit_test(infinite_inputs_reach_trees),
        cmocka_unit_test(codes_are_known_unseen_or_null),
        cmocka_unit_test(linear_sums_in_eight_lanes),
        cmocka_unit_test(every_width_gives_the_same_bits),
        cmocka_unit_test(blocks_without_gaps_give_the_same_bits),
        cmocka_unit_test(the_sample_is_whole),
        cmocka_unit_test(runs_the_front_alone),
        cmocka_unit_test(refuses_what_is_no_program),
        cmocka_unit_test(an_empty_program_runs),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
