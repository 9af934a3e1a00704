/* SPDX-License-Identifier: MIT */
/*
 * The nearest points against comparing all by doubles, to the bit: ties,
 * duplicates, coordinates of every size, every number of rows at once.
 */
#include "support.h"

#include <math.h>

#include "program/forest_types.h"
#include "program/points_types.h"

enum { NEAR_QUERIES = 600 };

static uint32_t near_draws;

static double near_uniform(void)
{
    return mlpipe__random_unit(11, MLPIPE__FOR_TEST, 0, near_draws++, 0);
}

static uint32_t near_below(uint32_t n)
{
    return (uint32_t)(near_uniform() * n);
}

/* What rows look like. */
enum near_kind {
    NEAR_SPREAD,  /* anywhere within a cube */
    NEAR_LATTICE, /* few values: many ties and duplicates */
    NEAR_SAME,    /* all rows are one */
    NEAR_FAR,     /* far from 0, close to one another */
    NEAR_MIXED,   /* some coordinates of every size */
    NEAR_HUGE,    /* squares near the largest double */
    NEAR_TINY,    /* squares below the smallest double */
    NEAR_KINDS
};

static double near_value(enum near_kind kind)
{
    switch (kind) {
    case NEAR_LATTICE:
        return near_below(3);
    case NEAR_SAME:
        return 0.1;
    case NEAR_FAR:
        return 1e7 + near_uniform();
    case NEAR_MIXED:
        return ldexp(near_uniform() - 0.5, (int)near_below(200) - 100);
    case NEAR_HUGE:
        return (near_uniform() - 0.5) * 2e150;
    case NEAR_TINY:
        return near_uniform() * 1e-170;
    default:
        return near_uniform();
    }
}

typedef struct near_case {
    enum near_kind kind;
    uint32_t rows, features, k, classes, metric, vote;
} near_case;

static mlpipe__program *near_program(mlpipe_ctx *c, const near_case *t)
{
    mlpipe__points *m =
        mlpipe__points_new(c->env, t->features, t->rows, t->classes);
    mlpipe__program *p = mlpipe__program_new(c->env);
    uint32_t regs[64], i, dst;
    char name[16];

    m->k = t->k;
    m->metric = t->metric;
    m->vote = t->vote;
    for (i = 0; i < t->rows * t->features; i++)
        m->x[i] = near_value(t->kind);
    for (i = 0; i < t->rows; i++) {
        m->target[i] = t->classes ? near_below(t->classes)
                                  : near_uniform() - 0.3;
        m->weight[i] = 1 + near_below(3) / 2.0;
    }
    for (i = 0; i < t->features; i++) {
        snprintf(name, sizeof name, "x%u", i);
        regs[i] = mlpipe__program_add_input(p, name, MLPIPE_TYPE_F64, 0,
                                            MLPIPE__NUMBER, NULL);
    }
    dst = mlpipe__program_op(p, MLPIPE__OP_KNN, mlpipe__program_points(p, m),
                             0, mlpipe__program_words(p, regs, t->features),
                             t->features, m->outputs);
    for (i = 0; i < m->outputs; i++) {
        snprintf(name, sizeof name, "y%u", i);
        mlpipe__program_add_output(p, name, dst + i);
    }
    assert_ok(c, mlpipe__program_seal(c, p));
    return p;
}

static double near_distance(const mlpipe__points *m, const double *x,
                            const double *y)
{
    double sum[8] = {0};

    for (uint32_t f = 0; f < m->features; f++) {
        const double d = x[f] - y[f];

        sum[f & 7] += m->metric == MLPIPE__POINTS_EUCLIDEAN ? d * d : fabs(d);
    }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) +
           ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* All distances, and k times the least of those that are left. */
static void near_oracle(const mlpipe__points *m, const double *x, double *out)
{
    double *d = malloc(m->rows * sizeof *d), total = 0, least = 0;
    bool sure = true;

    for (uint32_t i = 0; i < m->rows; i++)
        d[i] = near_distance(m, x, m->x + (size_t)i * m->features);
    memset(out, 0, m->outputs * sizeof *out);
    for (uint32_t n = 0; n < m->k; n++) {
        uint32_t best = UINT32_MAX;
        double w;

        for (uint32_t i = 0; i < m->rows; i++)
            if (!isnan(d[i]) && (best == UINT32_MAX || d[i] < d[best]))
                best = i;
        const double own =
            m->metric == MLPIPE__POINTS_EUCLIDEAN ? sqrt(d[best]) : d[best];
        least = n ? least : own;
        w = m->weight[best];
        if (m->vote == MLPIPE__POINTS_DISTANCE)
            w *= own == least ? 1 : least / own;
        sure = sure && isfinite(d[best]);
        total += w;
        if (m->outputs > 1)
            out[(uint32_t)m->target[best]] += w;
        else
            *out += w * m->target[best];
        d[best] = NAN;
    }
    for (uint32_t c = 0; c < m->outputs; c++)
        out[c] = sure ? out[c] / total : mlpipe__nan();
    free(d);
}

static void near_query(const mlpipe__points *m, enum near_kind kind,
                       double *x)
{
    const uint32_t how = near_below(8);
    const double *row = m->x + (size_t)near_below(m->rows) * m->features;

    for (uint32_t f = 0; f < m->features; f++)
        x[f] = how < 2 ? row[f] : near_value(kind);
    if (how == 2)
        x[near_below(m->features)] *= 1e20;
    if (how == 3)
        x[near_below(m->features)] = near_uniform() < 0.5 ? 1e300 : -1e160;
    if (how == 4 && near_uniform() < 0.2)
        x[near_below(m->features)] = INFINITY;
}

/* Blocks of any number of rows. */
static void near_blocks(const mlpipe__program *p, const double *x,
                        const double *want)
{
    const uint32_t d = p->input_count, outputs = p->output_count;
    double *got = malloc((size_t)MLPIPE__BLOCK_ROWS * outputs * 8);
    void *scratch;

    assert_int_equal(0, posix_memalign(
                            &scratch, 64,
                            mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS)));
    for (uint32_t at = 0, n, step = 1; at < NEAR_QUERIES; at += n) {
        n = step < NEAR_QUERIES - at ? step : NEAR_QUERIES - at;
        step = step < 32 ? step + 1 : 512;
        for (uint32_t f = 0; f < d; f++)
            for (uint32_t i = 0; i < n; i++)
                mlpipe__program_lane(p, scratch, MLPIPE__BLOCK_ROWS, f)[i] =
                    x[(size_t)(at + i) * d + f];
        mlpipe__program_run(p, scratch, MLPIPE__BLOCK_ROWS, n, got, NULL);
        assert_memory_equal(got, want + (size_t)at * outputs,
                            (size_t)n * outputs * 8);
    }
    free(scratch);
    free(got);
}

static void near_rows(const mlpipe__program *p, const double *x,
                      const double *want)
{
    const uint32_t d = p->input_count, outputs = p->output_count;
    double *got = malloc(outputs * sizeof *got);
    void *scratch;

    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe__program_scratch(p, 1)));
    for (uint32_t i = 0; i < NEAR_QUERIES; i++) {
        memcpy(scratch, x + (size_t)i * d, d * 8);
        mlpipe__program_run(p, scratch, 1, 1, got, NULL);
        assert_memory_equal(got, want + (size_t)i * outputs, outputs * 8);
    }
    free(scratch);
    free(got);
}

static void near_check(mlpipe_ctx *c, const near_case *t)
{
    mlpipe__program *p = near_program(c, t);
    mlpipe__points *m = p->points[0];
    const uint32_t best = m->engine->isa;
    double *x = malloc((size_t)NEAR_QUERIES * t->features * 8);
    double *want = malloc((size_t)NEAR_QUERIES * m->outputs * 8);

    for (uint32_t i = 0; i < NEAR_QUERIES; i++) {
        near_query(m, t->kind, x + (size_t)i * t->features);
        near_oracle(m, x + (size_t)i * t->features, want + i * m->outputs);
    }
    for (uint32_t isa = MASK_PLAIN; isa <= best; isa++) {
        m->engine->isa = isa;
        near_blocks(p, x, want);
        near_rows(p, x, want);
    }
    free(x);
    free(want);
    mlpipe__program_free(p);
}

static void equal_to_comparing_all(void **state)
{
    static const uint32_t features[] = {1, 2, 7, 8, 9, 33, 64};
    uint32_t n = 0;

    for (uint32_t kind = 0; kind < NEAR_KINDS; kind++)
        for (uint32_t f = 0; f < 7; f++, n++) {
            const near_case t = {
                .kind = kind,
                .rows = n % 5 == 0 ? 1 + n % 7 : 40 + 83 * (n % 9),
                .features = features[f],
                .k = n % 5 == 0 ? 1 : n % 3 == 0 ? 35 : 1 + n % 12,
                .classes = n % 4 == 1 ? 2 : n % 4 == 2 ? 5 : 0,
                .metric = 1 + n % 2,
                .vote = 1 + n / 2 % 2};
            near_check(*state, &t);
        }
}

/* More rows at one distance than are held back for doubles. */
static void more_ties_than_room(void **state)
{
    for (uint32_t metric = 1; metric <= 2; metric++) {
        const near_case t = {NEAR_LATTICE, 3000, 2, 3, 3, metric, 1};
        const near_case u = {NEAR_SAME, 3000, 3, 300, 0, metric, 2};

        near_check(*state, &t);
        near_check(*state, &u);
    }
}

/* Slabs of a block: many features and neighbours. */
static void wide_points(void **state)
{
    const near_case t = {NEAR_SPREAD, 500, 64, 400, 2, 1, 2};

    near_check(*state, &t);
}

static void a_null_has_no_answer(void **state)
{
    const near_case t = {NEAR_SPREAD, 60, 3, 3, 4, 1, 1};
    mlpipe__program *p = near_program(*state, &t);
    const double x[3] = {0.5, NAN, 0.5};
    double out[4];
    void *scratch;

    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe__program_scratch(p, 1)));
    memcpy(scratch, x, sizeof x);
    mlpipe__program_run(p, scratch, 1, 1, out, NULL);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(isnan(out[i]));
    free(scratch);
    mlpipe__program_free(p);
}

/* ---- what is refused ---------------------------------------------------- */

static void refused(mlpipe__points *m, const mlpipe_limits *limits)
{
    assert_non_null(mlpipe__points_check(m, limits));
}

/* One change at a time, each of which alone makes points wrong. */
static void wrong_points_are_refused(void **state)
{
    mlpipe_ctx *c = *state;
    const mlpipe_limits *limits = &c->env->limits;
    const near_case t = {NEAR_SPREAD, 10, 2, 3, 3, 1, 1};
    mlpipe__program *p = near_program(c, &t);
    mlpipe__points *m = p->points[0];
    const mlpipe__points right = *m;
    static const double wrong[] = {NAN, INFINITY, -1e151};

#define WRONG(field, value)                                                 \
    do {                                                                    \
        m->field = value;                                                   \
        refused(m, limits);                                                 \
        *m = right;                                                         \
    } while (0)
    WRONG(k, 0);
    WRONG(k, 11);
    WRONG(metric, 0);
    WRONG(metric, 3);
    WRONG(vote, 0);
    WRONG(vote, 3);
    WRONG(classes, 1);
    WRONG(classes, 2);
    WRONG(features, 0);
    WRONG(features, MLPIPE__POINTS_FEATURES_MAX + 1);
    WRONG(rows, UINT32_MAX);
    for (uint32_t i = 0; i < 3; i++) {
        const double was = m->x[7];
        m->x[7] = wrong[i];
        refused(m, limits);
        m->x[7] = was;
        m->weight[9] = wrong[i];
        refused(m, limits);
        m->weight[9] = 1;
        m->target[2] = wrong[i];
        refused(m, limits);
        m->target[2] = 2;
    }
    m->weight[0] = 0;
    refused(m, limits);
    m->weight[0] = 1;
    m->target[0] = 1.5;
    refused(m, limits);
    m->target[0] = 1;
    assert_null(mlpipe__points_check(m, limits));
    mlpipe__program_free(p);
}

/* Each op has points of its own, as pruning takes for granted. */
static void points_of_one_op(void **state)
{
    mlpipe_ctx *c = *state;
    const near_case t = {NEAR_SPREAD, 10, 2, 3, 0, 1, 1};
    mlpipe__program *p = near_program(c, &t);
    const mlpipe__op *op = &p->ops[p->op_count - 1];

    assert_int_equal(MLPIPE__OP_KNN, op->code);
    assert_null(mlpipe__program_check(p, &c->env->limits));
    mlpipe__program_op(p, MLPIPE__OP_KNN, op->a, 0, op->arg, op->count, 1);
    assert_non_null(mlpipe__program_check(p, &c->env->limits));
    mlpipe__program_free(p);
}

/* Sizes that no bytes stand behind are refused before memory is taken. */
static void absurd_sizes_take_no_memory(void **state)
{
    mlpipe_ctx *c = *state;
    const near_case t = {NEAR_SPREAD, 10, 2, 3, 3, 1, 1};
    mlpipe__program *p = near_program(c, &t), *q;
    mlpipe__text bytes;

    mlpipe__text_init(&bytes, c->env);
    mlpipe__program_save(p, &bytes);
    assert_false(bytes.failed);
    const size_t points = bytes.size - (10 * 2 + 20) * 8 - 24;
    for (uint32_t field = 0; field < 2; field++) {
        const uint32_t absurd = 0xfffffff0;
        char *copy = malloc(bytes.size);

        memcpy(copy, bytes.data, bytes.size);
        memcpy(copy + points + 4 * field, &absurd, 4);
        const uint64_t live = atomic_load(&c->env->live);
        assert_status(MLPIPE_E_CORRUPT,
                      mlpipe__program_load(c, copy, bytes.size, &q));
        assert_int_equal(live, atomic_load(&c->env->live));
        free(copy);
    }
    mlpipe__text_free(&bytes);
    mlpipe__program_free(p);
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
        cmocka_unit_test(equal_to_comparing_all),
        cmocka_unit_test(more_ties_than_room),
        cmocka_unit_test(wide_points),
        cmocka_unit_test(a_null_has_no_answer),
        cmocka_unit_test(wrong_points_are_refused),
        cmocka_unit_test(points_of_one_op),
        cmocka_unit_test(absurd_sizes_take_no_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
