/* SPDX-License-Identifier: MIT */
/* Forests: every engine gives the bits of the plain walk; what does not hold
 * together is refused. */
#include "support.h"

#include "forest_random.h"
#include "program/forest_types.h"

enum { ROWS = 512 };

/* A row and all rows at once against the walk, by one instruction set. */
static void equals_walk(mlpipe_ctx *c, const forest_shape *s, uint64_t seed,
                        uint32_t n, uint32_t isa)
{
    mlpipe__forest *f = random_forest(c->env, s, seed);
    const size_t cells = (size_t)s->features * n + 1;
    double *x = malloc(cells * 8), *row = malloc(s->features * 8 + 8);
    uint8_t *ok = malloc(cells), *row_ok = malloc(s->features + 1);
    double *out = malloc((size_t)s->outputs * n * 8);
    double *one = malloc(s->outputs * 8), *want = malloc(s->outputs * 8);
    const double **xs = malloc(s->features * sizeof *xs + 8);
    const uint8_t **oks = malloc(s->features * sizeof *oks + 8);
    void *scratch;
    uint32_t i, k;

    if (mlpipe__forest_check(f, &c->env->limits))
        fail_msg("%s", mlpipe__forest_check(f, &c->env->limits));
    assert_true(mlpipe__forest_compile(f));
    f->engine->isa = isa;
    scratch = malloc(mlpipe__forest_scratch(f) + 1);
    for (i = 0; i < n; i++) {
        random_row(f, s, row, row_ok);
        for (k = 0; k < s->features; k++) {
            x[(size_t)k * n + i] = row[k];
            ok[(size_t)k * n + i] = row_ok[k];
        }
    }
    for (k = 0; k < s->features; k++) {
        xs[k] = x + (size_t)k * n;
        oks[k] = ok + (size_t)k * n;
    }
    mlpipe__forest_run(f, scratch, xs, oks, n, out, n);
    for (i = 0; i < n; i++) {
        for (k = 0; k < s->features; k++) {
            row[k] = x[(size_t)k * n + i];
            row_ok[k] = ok[(size_t)k * n + i];
            xs[k] = row + k;
            oks[k] = row_ok + k;
        }
        mlpipe__forest_walk(f, row, row_ok, want);
        mlpipe__forest_run(f, scratch, xs, oks, 1, one, 1);
        for (k = 0; k < s->outputs; k++) {
            assert_same(one[k], want[k]);
            assert_same(out[(size_t)k * n + i], want[k]);
        }
    }
    mlpipe__forest_free(f);
    free(x), free(row), free(ok), free(row_ok), free(out), free(one);
    free(want), free((void *)xs), free((void *)oks), free(scratch);
}

static void engines_equal_the_walk(void **state)
{
    static const forest_shape shapes[] = {
        {28, 1, 100, 31, 0, 255, true},
        {28, 1, 100, 31, 5, 63, false},
        {6, 1, 37, 32, 3, 4, true},
        {9, 3, 50, 33, 40, 9, false},
        {9, 1, 20, 64, 33, 100, true},
        {5, 7, 3, 2, 1, 1, false},
        {300, 2, 64, 20, 2, 3, false},
        {4, 1, 16, 65, 31, 12, true},
        {12, 3, 40, 400, 70, 60, false},
        {1, 1, 1, 2, 0, 1, true},
        {1, 1, 5, 1, 0, 1, true},
        {0, 2, 3, 1, 0, 1, true},
        {3, 1, 10, 30, 100000, 20, true},
        {2, 1, 8, 60, 3000, 20, true},
    };
    const mlpipe_ctx *c = *state;
    uint32_t isa;
    size_t i, seed;

    for (isa = 0; isa <= mlpipe__mask_isa(c->env); isa++)
        for (i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (seed = 0; seed < 4; seed++)
                equals_walk(*state, &shapes[i], seed + 10 * i,
                            seed == 3 ? ROWS : 1 + (uint32_t)seed * 70, isa);
}

static void no_trees_give_the_base(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__forest *f = mlpipe__forest_new(c->env, 2, 2, 0, 0, 0, 0);
    double out[2];
    char scratch[64];

    f->base[0] = 1.5;
    f->base[1] = -2;
    assert_null(mlpipe__forest_check(f, &c->env->limits));
    assert_true(mlpipe__forest_compile(f));
    assert_true(mlpipe__forest_scratch(f) <= sizeof scratch);
    mlpipe__forest_run(f, scratch, NULL, NULL, 1, out, 1);
    assert_same(out[0], 1.5);
    assert_same(out[1], -2);
    mlpipe__forest_free(f);
}

/* ---- refusals ----------------------------------------------------------- */

static const forest_shape small = {6, 2, 8, 9, 40, 9, true};

#define REFUSED(change)                                                     \
    do {                                                                    \
        mlpipe__forest *f = random_forest(c->env, &small, 5);               \
        const char *why;                                                    \
        uint32_t code = 0, number = 0, i;                                   \
                                                                            \
        assert_null(mlpipe__forest_check(f, &c->env->limits));              \
        for (i = 0; i < f->nodes; i++) {                                    \
            if (f->node_flags[i] & MLPIPE__NODE_CATEGORY)                   \
                code = i;                                                   \
            else                                                            \
                number = i;                                                 \
        }                                                                   \
        (void)code, (void)number;                                           \
        change;                                                             \
        why = mlpipe__forest_check(f, &c->env->limits);                     \
        if (!why)                                                           \
            fail_msg("taken: %s", #change);                                 \
        mlpipe__forest_free(f);                                             \
    } while (0)

static void refuses_what_does_not_hold(void **state)
{
    mlpipe_ctx *c = *state;
    const double nan = mlpipe__nan(), inf = mlpipe__inf();

    REFUSED(f->node_feature[3] = 6);
    REFUSED(f->node_flags[number] |= MLPIPE__NODE_CATEGORY);
    REFUSED(f->node_flags[code] &= ~(uint32_t)MLPIPE__NODE_CATEGORY);
    REFUSED(f->node_flags[code] |= 8);
    REFUSED(f->node_cut[number] = nan);
    REFUSED(f->node_set[code] = 12);
    REFUSED(f->node_set[code] = 0xffffffffu);
    REFUSED(f->node_left[0] = 0);
    REFUSED(f->node_left[1] = 1);
    REFUSED(f->node_left[2] = 8);
    REFUSED(f->node_left[2] = INT32_MAX);
    REFUSED(f->node_left[2] = INT32_MIN);
    REFUSED(f->node_left[7] = f->node_right[7]);
    REFUSED(f->node_right[7] = ~9);
    REFUSED(f->tree_node[1] += 1);
    REFUSED(f->tree_node[0] = 1);
    REFUSED(f->tree_leaf[8] += 1);
    REFUSED(f->tree_leaf[2] = 0xffffffffu);
    REFUSED(f->tree_output[4] = 2);
    REFUSED(f->base[1] = inf);
    REFUSED(f->base[0] = nan);
    REFUSED(f->scale = 0);
    REFUSED(f->scale = 3);
    REFUSED(f->scale = -1);
    REFUSED(f->scale = inf);
    REFUSED(f->scale = nan);
    REFUSED(f->feature_codes[1] = 0);
    REFUSED(f->feature_codes[1] = 0xfffffffeu);
}

static void a_long_chain_is_checked_in_windows(void **state)
{
    enum { NODES = 40000 };
    mlpipe_ctx *c = *state;
    mlpipe__forest *f =
        mlpipe__forest_new(c->env, 1, 1, 1, NODES, NODES + 1, 0);
    int32_t i;

    for (i = 0; i < NODES; i++) {
        f->node_left[i] = ~i;
        f->node_right[i] = i + 1 < NODES ? i + 1 : ~NODES;
        f->node_cut[i] = i;
        f->leaf[i] = i;
    }
    f->tree_node[1] = NODES;
    f->tree_leaf[1] = NODES + 1;
    assert_null(mlpipe__forest_check(f, &c->env->limits));
    f->node_left[NODES - 1] = ~(NODES - 2);
    assert_non_null(mlpipe__forest_check(f, &c->env->limits));
    mlpipe__forest_free(f);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_equal_the_walk),
        cmocka_unit_test(no_trees_give_the_base),
        cmocka_unit_test(refuses_what_does_not_hold),
        cmocka_unit_test(a_long_chain_is_checked_in_windows),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
