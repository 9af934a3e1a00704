/* SPDX-License-Identifier: MIT */
/* The estimator of a search against its formulas, and against chance. */
#include <math.h>

#include "support.h"

#include "golden/search_tpe.h"
#include "validate/search_types.h"

static char *const list_values[4] = {"a", "b", "c", "d"};

/* As in golden/make_search.py. */
static mlpipe__dim golden_dims[TPE_DIMS] = {
    {.name = "real", .kind = MLPIPE__DIM_REAL, .low = 0, .high = 10},
    {.name = "log", .kind = MLPIPE__DIM_REAL, .log = true, .low = 1e-3,
     .high = 1},
    {.name = "int", .kind = MLPIPE__DIM_INT, .low = 1, .high = 20},
    {.name = "intlog", .kind = MLPIPE__DIM_INT, .log = true, .low = 1,
     .high = 1000},
    {.name = "list", .kind = MLPIPE__DIM_LIST, .count = 4,
     .values = (char **)(uintptr_t)list_values},
};

static void golden_case(mlpipe_ctx *c, const double (*history)[TPE_DIMS],
                        const unsigned char *below, uint32_t n,
                        const double (*density)[4], uint32_t densities,
                        const double (*suggestion)[TPE_DIMS])
{
    const mlpipe__space space = {NULL, TPE_DIMS, golden_dims};
    mlpipe__tpe t;
    double x[TPE_DIMS];
    uint32_t i;
    assert_ok(c, mlpipe__tpe_init(c, &t, &space, n));
    for (i = 0; i < n; i++)
        mlpipe__tpe_add(&t, history[i]);
    memcpy(t.below, below, n);
    for (i = 0; i < densities; i++) {
        const uint32_t dim = (uint32_t)density[i][0];
        mlpipe__tpe_fit(&t, dim);
        for (uint32_t which = 0; which < 2; which++)
            assert_near(mlpipe__tpe_log(&t, dim, which, density[i][1]),
                        density[i][2 + which], 1e-9);
    }
    for (i = 0; i < 3; i++) {
        mlpipe__tpe_suggest(&t, TPE_SEED, n + i, x);
        for (uint32_t k = 0; k < TPE_DIMS; k++)
            assert_near(x[k], suggestion[i][k], 1e-9);
    }
    mlpipe__tpe_free(&t);
}

static void formulas(void **state)
{
    mlpipe_ctx *c;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
#define CASE(n)                                                            \
    golden_case(c, tpe_history_##n, tpe_below_##n, n, tpe_densities_##n,   \
                sizeof tpe_densities_##n / sizeof *tpe_densities_##n,      \
                tpe_suggestions_##n)
    CASE(2);
    CASE(13);
    CASE(40);
    CASE(300);
#undef CASE
    assert_int_equal(0, mlpipe__tpe_good(0));
    assert_int_equal(1, mlpipe__tpe_good(1));
    assert_int_equal(1, mlpipe__tpe_good(10));
    assert_int_equal(2, mlpipe__tpe_good(11));
    assert_int_equal(25, mlpipe__tpe_good(250));
    assert_int_equal(25, mlpipe__tpe_good(100000));
    mlpipe_ctx_free(c);
}

/* Many trials, so that kernels are narrow and skipped: each density is the sum
 * over all of its kernels, and has a mass of one. */
static void whole_mass(void **state)
{
    const mlpipe__space space = {NULL, TPE_DIMS, golden_dims};
    mlpipe_ctx *c;
    mlpipe__tpe t;
    double x[TPE_DIMS], low, high;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe__tpe_init(c, &t, &space, 1500));
    for (uint32_t i = 0; i < 1500; i++) {
        mlpipe__space_random(&space, 3, i, x);
        mlpipe__tpe_add(&t, x);
        t.below[i] = i % 60 == 0;
    }
    for (uint32_t dim = 0; dim < TPE_DIMS; dim++) {
        const mlpipe__dim *d = &golden_dims[dim];
        mlpipe__tpe_fit(&t, dim);
        mlpipe__dim_ends(d, &low, &high);
        for (uint32_t which = 0; which < 2; which++) {
            double sum = 0;
            const int cells = 20000;
            if (d->kind == MLPIPE__DIM_LIST)
                for (uint32_t i = 0; i < d->count; i++)
                    sum += exp(mlpipe__tpe_log(&t, dim, which, i));
            else if (d->kind == MLPIPE__DIM_INT)
                for (double v = d->low; v <= d->high; v++)
                    sum += exp(mlpipe__tpe_log(&t, dim, which, v));
            else
                for (int i = 0; i < cells; i++) {
                    const double at =
                        low + (high - low) * (i + 0.5) / cells;
                    sum += (high - low) / cells *
                           exp(mlpipe__tpe_log(&t, dim, which,
                                               d->log ? exp(at) : at));
                }
            assert_near(sum, 1.0, d->kind == MLPIPE__DIM_REAL ? 1e-5 : 1e-9);
        }
    }
    mlpipe__tpe_free(&t);
    mlpipe_ctx_free(c);
}

/* Integers so many that a cell is 1e-13 of a kernel, where differences of
 * tails have no digits left: as the density of reals. */
static void narrow_cells(void **state)
{
    mlpipe__dim dims[2] = {
        {.name = "i", .kind = MLPIPE__DIM_INT, .low = 0, .high = 1e15},
        {.name = "r", .kind = MLPIPE__DIM_REAL, .low = -0.5,
         .high = 1e15 + 0.5}};
    const mlpipe__space space = {NULL, 2, dims};
    mlpipe_ctx *c;
    mlpipe__tpe t;
    double x[2], at[2];
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe__tpe_init(c, &t, &space, 300));
    for (uint32_t i = 0; i < 300; i++) {
        x[0] = x[1] = floor(1e15 * (i + 0.5) / 300);
        mlpipe__tpe_add(&t, x);
        t.below[i] = i % 30 == 0;
    }
    for (uint32_t i = 0; i < 100; i++) {
        x[0] = floor(1e15 * (i + 0.5) / 100);
        for (uint32_t which = 0; which < 2; which++) {
            for (uint32_t dim = 0; dim < 2; dim++) {
                mlpipe__tpe_fit(&t, dim);
                at[dim] = mlpipe__tpe_log(&t, dim, which, x[0]);
            }
            assert_near(at[0], at[1], 1e-9);
        }
    }
    mlpipe__tpe_free(&t);
    mlpipe_ctx_free(c);
}

/* Of 12 trials of which 9 failed, one in ten of three is good. */
static void marks(void **state)
{
    mlpipe__trial trial[30] = {{0}};
    uint8_t good[30];
    uint32_t i, n = 0;
    (void)state;
    for (i = 0; i < 12; i++) {
        trial[i].state = i % 4 == 3 ? MLPIPE__TRIAL_DONE
                                    : MLPIPE__TRIAL_FAILED;
        trial[i].loss = i % 4 == 3 ? 20.0 - i : INFINITY;
    }
    mlpipe__search_mark(trial, 12, good);
    for (i = 0; i < 12; i++)
        assert_int_equal(i == 11, good[i]);
    for (i = 0; i < 30; i++) { /* two are equal: the earlier one */
        trial[i].state = i < 25 ? MLPIPE__TRIAL_PRUNED : MLPIPE__TRIAL_DONE;
        trial[i].rung = i < 10;
        trial[i].loss = i >= 25 ? 7.0 : i;
    }
    mlpipe__search_mark(trial, 30, good);
    for (i = 0; i < 30; i++)
        n += good[i];
    assert_int_equal(3, n);
    assert_true(good[25] && good[26] && good[27]);
    for (i = 0; i < 30; i++)
        trial[i].state = MLPIPE__TRIAL_FAILED;
    mlpipe__search_mark(trial, 30, good);
    for (i = 0; i < 30; i++)
        assert_int_equal(0, good[i]);
}

/* ---- against chance ------------------------------------------------------ */

enum { RACE_TRIALS = 40, RACE_BATCH = 4 };

static double bowl(const double *x)
{
    return (x[0] - 0.3) * (x[0] - 0.3) + (x[1] + 1.5) * (x[1] + 1.5);
}

static void mark(mlpipe__tpe *t, const double *loss, uint32_t known)
{
    memset(t->below, 0, t->count);
    for (uint32_t k = 0; k < mlpipe__tpe_good(known); k++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < known; i++)
            if (!t->below[i] && (best == UINT32_MAX || loss[i] < loss[best]))
                best = i;
        t->below[best] = 1;
    }
}

static double race(mlpipe_ctx *c, const mlpipe__space *space, uint64_t seed,
                   bool learns)
{
    double loss[RACE_TRIALS], x[2], best = INFINITY;
    mlpipe__tpe t;
    assert_ok(c, mlpipe__tpe_init(c, &t, space, RACE_TRIALS));
    for (uint32_t first = 0; first < RACE_TRIALS; first += RACE_BATCH) {
        mark(&t, loss, first);
        for (uint32_t i = first; i < first + RACE_BATCH; i++) {
            if (learns && first >= MLPIPE__TPE_STARTUP)
                mlpipe__tpe_suggest(&t, seed, i, x);
            else
                mlpipe__space_random(space, seed, i, x);
            mlpipe__tpe_add(&t, x);
            loss[i] = bowl(x);
            best = loss[i] < best ? loss[i] : best;
        }
    }
    mlpipe__tpe_free(&t);
    return best;
}

static void beats_chance(void **state)
{
    mlpipe__dim dims[2] = {
        {.name = "x", .kind = MLPIPE__DIM_REAL, .low = -5, .high = 5},
        {.name = "y", .kind = MLPIPE__DIM_REAL, .low = -5, .high = 5}};
    const mlpipe__space space = {NULL, 2, dims};
    mlpipe_ctx *c;
    double tpe = 0, random = 0;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (uint64_t seed = 0; seed < 20; seed++) {
        tpe += race(c, &space, seed, true) / 20;
        random += race(c, &space, seed, false) / 20;
    }
    print_message("# mean of the best: tpe %.4f, random %.4f\n", tpe,
                  random);
    assert_true(tpe < random);
    mlpipe_ctx_free(c);
}

/* ---- grids --------------------------------------------------------------- */

static void grids(void **state)
{
    static char *const values[3] = {"p", "q", "r"};
    mlpipe__dim dims[3] = {
        {.name = "n", .kind = MLPIPE__DIM_INT, .low = 2, .high = 4},
        {.name = "r", .kind = MLPIPE__DIM_REAL, .log = true, .low = 0.01,
         .high = 1},
        {.name = "l", .kind = MLPIPE__DIM_LIST, .count = 3,
         .values = (char **)(uintptr_t)values}};
    const mlpipe__space space = {NULL, 3, dims};
    double x[3];
    uint32_t seen[3][3][3] = {{{0}}};
    (void)state;
    assert_int_equal(45, mlpipe__grid_size(&space, 5)); /* 2, 3, 4 once */
    assert_int_equal(27, mlpipe__grid_size(&space, 3));
    for (uint64_t i = 0; i < 27; i++) {
        mlpipe__grid_point(&space, 3, i, x);
        const int a = (int)x[0] - 2, k = (int)x[2];
        const int b = (int)lround(log10(x[1])) + 2;
        assert_in_range(a, 0, 2);
        assert_in_range(b, 0, 2);
        assert_in_range(k, 0, 2);
        seen[a][b][k]++;
    }
    for (int i = 0; i < 27; i++)
        assert_int_equal(1, seen[i / 9][i / 3 % 3][i % 3]);
    mlpipe__grid_point(&space, 3, 26, x);
    assert_same(x[1], 1.0); /* the ends are the ends */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(whole_mass),
        cmocka_unit_test(narrow_cells),
        cmocka_unit_test(marks),
        cmocka_unit_test(beats_chance),
        cmocka_unit_test(grids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
