/* SPDX-License-Identifier: MIT */
/* Programs that use every op, for tests: three numbers, two categories. */
#ifndef MLPIPE_TESTS_PROGRAM_SAMPLE_H
#define MLPIPE_TESTS_PROGRAM_SAMPLE_H

#include "forest_random.h"

enum { SAMPLE_NUMBERS = 3, SAMPLE_CODES = 2, SAMPLE_INPUTS = 5 };

static inline uint32_t sample_consts(mlpipe__program *p, double a, double b)
{
    const double c[2] = {a, b};

    return mlpipe__program_const(p, c, 2);
}

static inline uint32_t sample_op(mlpipe__program *p, uint16_t code,
                                 uint32_t a, double c0, double c1)
{
    return mlpipe__program_op(p, code, a, 0, sample_consts(p, c0, c1), 0, 1);
}

static inline void sample_inputs(mlpipe__program *p, mlpipe__env *env)
{
    mlpipe__dict dict;
    char name[] = "x0";
    uint32_t i;

    mlpipe__dict_init(&dict, env);
    mlpipe__dict_add(&dict, "red", 3);
    mlpipe__dict_add(&dict, "", 0);
    mlpipe__dict_add(&dict, "gr\xc3\xbcn", 5);
    for (i = 0; i < SAMPLE_INPUTS; i++, name[1]++)
        mlpipe__program_add_input(p, name, i < 3 ? 1 : 4, 0,
                                  i < 3 ? MLPIPE__NUMBER : MLPIPE__CODE,
                                  i < 3 ? NULL : &dict);
    mlpipe__dict_free(&dict);
}

/* A forest over the three numbers and, as its feature 1, a code of three. */
static inline uint32_t sample_forest(mlpipe__program *p, uint32_t leaves)
{
    const forest_shape s = {4, 2, 3, leaves, 3, 40, true};
    const uint32_t regs[4] = {0, 3, 1, 2};
    mlpipe__forest *f = random_forest(p->env, &s, leaves);

    return mlpipe__program_op(p, MLPIPE__OP_FOREST,
                              mlpipe__program_forest(p, f), 0,
                              mlpipe__program_words(p, regs, 4), 4, 2);
}

/* Ops of two registers, of one, and of other shapes, as expressions use them;
 * their registers come behind all that is there. */
static inline void sample_expressions(mlpipe__program *p)
{
    static const uint32_t map[5] = {1, MLPIPE__MAP_NULL, MLPIPE__MAP_UNSEEN,
                                    0, 2};
    const double edges[3] = {-2, 0.5, 1e3};
    const double folds[16] = {2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                              14, mlpipe__nan()};
    const double none = mlpipe__nan();
    uint32_t x, part, code, bucket;

    for (code = MLPIPE__OP_ADD; code <= MLPIPE__OP_NULL_IF; code++)
        for (x = 0; x < SAMPLE_NUMBERS; x++)
            mlpipe__program_op(p, (uint16_t)code, x, (x + 1) % 3, 0, 0, 1);
    for (code = MLPIPE__OP_NEG; code <= MLPIPE__OP_COS_TURN; code++)
        for (x = 0; x < SAMPLE_NUMBERS; x++)
            sample_op(p, (uint16_t)code, x, 2, 0);
    for (part = 1; part <= MLPIPE__DATE_PARTS; part++) {
        sample_op(p, MLPIPE__OP_DATE_PART, 0, 1, part);
        sample_op(p, MLPIPE__OP_DATE_TRUNC, 1, 1000, part);
    }
    mlpipe__program_op(p, MLPIPE__OP_ADD_MONTHS, 0, 1,
                       sample_consts(p, 1, 0), 0, 1);
    sample_op(p, MLPIPE__OP_PRIOR, 2, 0.25, 0);
    sample_op(p, MLPIPE__OP_CONST, 0, 7.5, 0);
    mlpipe__program_op(p, MLPIPE__OP_CONST, 0, 0,
                       mlpipe__program_const(p, &none, 1), 0, 1);
    code = sample_op(p, MLPIPE__OP_CONST_CODE, 0, -1, 0);
    mlpipe__program_op(p, MLPIPE__OP_SELECT, 0, 1, 2, 0, 1);
    mlpipe__program_op(p, MLPIPE__OP_SELECT_CODE, 0, 3, code, 0, 1);
    bucket = mlpipe__program_op(p, MLPIPE__OP_BUCKET, 0, 0,
                                mlpipe__program_const(p, edges, 3), 3, 1);
    mlpipe__program_op(p, MLPIPE__OP_BUCKET, 1, 1,
                       mlpipe__program_const(p, edges, 3), 3, 1);
    mlpipe__program_op(p, MLPIPE__OP_MAP_CODE, 3, 3,
                       mlpipe__program_words(p, map, 5), 3, 1);
    mlpipe__program_op(p, MLPIPE__OP_EQ_CODE, 3, 4, 0, 0, 1);
    mlpipe__program_op(p, MLPIPE__OP_COALESCE_CODE, 3, 4, 0, 0, 1);
    mlpipe__program_op(p, MLPIPE__OP_CROSS, 3, bucket, 3, 4, 1);
    mlpipe__program_op(p, MLPIPE__OP_LOOKUP_FOLD, 3, 2,
                       mlpipe__program_const(p, folds, 16), 3, 1);
}

/* The length of a text, a code of it in lower case, and the time of a row. */
static inline void sample_feeds(mlpipe__program *p)
{
    mlpipe__text_step *steps = mlpipe__alloc(p->env, sizeof *steps);
    mlpipe__dict *dict = mlpipe__alloc(p->env, sizeof *dict);

    steps->code = MLPIPE__TEXT_LENGTH;
    mlpipe__program_feed(p, MLPIPE__FEED_TEXT, 3, steps, 1, NULL);
    steps = mlpipe__alloc(p->env, sizeof *steps);
    steps->code = MLPIPE__TEXT_LOWER;
    mlpipe__dict_init(dict, p->env);
    mlpipe__dict_add(dict, "red", 3);
    mlpipe__program_feed(p, MLPIPE__FEED_TEXT, 4, steps, 1, dict);
    mlpipe__program_feed(p, MLPIPE__FEED_TIME, 0, NULL, 0, NULL);
}

/* A row into position `at` of the lanes: the inputs, and what of them a feed
 * could be. */
static inline void sample_load(const mlpipe__program *p, void *scratch,
                               uint32_t width, uint32_t at, const double *x)
{
    uint32_t i;

    for (i = 0; i < p->input_count; i++)
        mlpipe__program_lane(p, scratch, width, i)[at] =
            x[i % SAMPLE_INPUTS];
    for (i = 0; i < p->feed_count; i++)
        mlpipe__program_lane(p, scratch, width, p->feeds[i].reg)[at] =
            x[i % SAMPLE_INPUTS];
}

/* What learners and their tails are made of. */
static inline void sample_learners(mlpipe__program *p, const uint32_t *regs)
{
    static const double points[] = {-1, 0.5, 2, -3, 0, 7};
    const double centre[23] = {1, 0.5, 2, -1, 0.25, 3, 1, 7, 0.125, 0.3, 1,
                               -4, 1, 0, 2, 9, 1, 1e9, 1, 0.1, 1, 2, 1};
    const uint32_t words = mlpipe__program_words(p, regs, 11);
    const uint32_t consts = mlpipe__program_const(p, centre, 23);
    const uint32_t three = mlpipe__program_op(p, MLPIPE__OP_SOFTMAX, 0, 0,
                                              words, 3, 3);
    mlpipe__program_op(p, MLPIPE__OP_SOFTMAX, 0, 0, words, 11, 11);
    for (uint32_t i = 0; i < 3; i++)
        mlpipe__program_op(p, MLPIPE__OP_LOGIT, three + i, 0, 0, 0, 1);
    mlpipe__program_op(p, MLPIPE__OP_LOGIT, 0, 0, 0, 0, 1);
    mlpipe__program_op(p, MLPIPE__OP_INTERPOLATE, 0, 0,
                       mlpipe__program_const(p, points, 6), 3, 1);
    mlpipe__program_op(p, MLPIPE__OP_DISTANCE, 0, consts, words, 11, 1);
    mlpipe__program_op(p, MLPIPE__OP_DISTANCE, 1, consts, words, 11, 1);
    mlpipe__program_op(p, MLPIPE__OP_ARGMIN, 0, 0, words, 11, 1);
}

/* The nearest of a few points: a number, and three classes. */
static inline void sample_points(mlpipe__program *p, const uint32_t *regs)
{
    for (uint32_t classes = 0; classes <= 3; classes += 3) {
        mlpipe__points *m = mlpipe__points_new(p->env, 3, 9, classes);

        m->k = 2 + classes;
        m->metric = classes ? MLPIPE__POINTS_MANHATTAN
                            : MLPIPE__POINTS_EUCLIDEAN;
        m->vote = classes ? MLPIPE__POINTS_DISTANCE : MLPIPE__POINTS_UNIFORM;
        for (uint32_t i = 0; i < 9; i++) {
            m->target[i] = i % 3;
            m->weight[i] = 1 + i % 2;
            for (uint32_t f = 0; f < 3; f++)
                m->x[3 * i + f] = (i * 7 + f * 3) % 5;
        }
        mlpipe__program_op(p, MLPIPE__OP_KNN, mlpipe__program_points(p, m),
                           0, mlpipe__program_words(p, regs, 3), 3,
                           classes ? 3 : 1);
    }
}

/* Every op once at least; outputs are all registers behind the inputs. */
static inline mlpipe__program *sample_program(mlpipe_ctx *c)
{
    static const uint16_t plain[] = {
        MLPIPE__OP_EXP, MLPIPE__OP_LOG, MLPIPE__OP_EXPM1, MLPIPE__OP_LOG1P,
        MLPIPE__OP_SQUARE, MLPIPE__OP_SQRT, MLPIPE__OP_SIGMOID,
        MLPIPE__OP_IS_NULL};
    static const uint32_t set[4] = {1, 2, 0, 2};
    const double table[5] = {0.5, mlpipe__nan(), -3, 9, 7};
    const double weights[12] = {0.25, 1, -2, 3, 0.1, 0.7, -1e3, 1e-9, 4,
                                5, 6, 7};
    mlpipe__program *p = mlpipe__program_new(c->env);
    uint32_t x, i, regs[11];
    char name[16];

    sample_inputs(p, c->env);
    for (x = 0; x < SAMPLE_NUMBERS; x++) {
        regs[x] = sample_op(p, MLPIPE__OP_IMPUTE, x, 0.75, 0);
        regs[3 + x] = sample_op(p, MLPIPE__OP_SHIFT_SCALE, regs[x], 0.1, 3);
        sample_op(p, MLPIPE__OP_CLAMP, x, -1, 1.25);
        sample_op(p, MLPIPE__OP_NULL_OUTSIDE, x, -1, 1.25);
        sample_op(p, MLPIPE__OP_OUTSIDE, x, -1, 1.25);
        regs[6 + x] = sample_op(p, MLPIPE__OP_AFFINE, x, -0.3, 1e-3);
        for (i = 0; i < 8; i++)
            mlpipe__program_op(p, plain[i], x, 0, 0, 0, 1);
    }
    mlpipe__program_op(p, MLPIPE__OP_ONEHOT, 3, 3,
                       mlpipe__program_words(p, set, 3), 3, 3);
    x = sample_op(p, MLPIPE__OP_IMPUTE, 4, 3, 0);
    mlpipe__program_op(p, MLPIPE__OP_ONEHOT, x, 4,
                       mlpipe__program_words(p, set, 4), 2, 2);
    mlpipe__program_op(p, MLPIPE__OP_IS_NULL, 4, 0, 0, 0, 1);
    regs[9] = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, 3, 0,
                                 mlpipe__program_const(p, table, 5), 3, 1);
    regs[10] = 2;
    sample_feeds(p);
    sample_expressions(p);
    p->front_ops = p->op_count;
    mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                       mlpipe__program_const(p, weights, 12),
                       mlpipe__program_words(p, regs, 11), 11, 1);
    mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                       mlpipe__program_const(p, weights, 4),
                       mlpipe__program_words(p, regs, 3), 3, 1);
    sample_forest(p, 7);
    sample_forest(p, 34);
    sample_forest(p, 66);
    sample_learners(p, regs);
    sample_points(p, regs);
    for (i = 0; i < p->register_count; i++) {
        memcpy(name, "r0000", 6);
        name[1] = (char)('0' + i / 100 % 10);
        name[2] = (char)('0' + i / 10 % 10);
        name[3] = (char)('0' + i % 10);
        name[4] = 0;
        mlpipe__program_add_output(p, name, i);
    }
    return p;
}

/* What a caller may write to the lanes, the absurd included. */
static inline void sample_row(double *x)
{
    uint32_t i;

    for (i = 0; i < SAMPLE_INPUTS; i++) {
        const uint32_t kind = random_below(24);

        if (i < SAMPLE_NUMBERS)
            x[i] = kind < 8 ? random_value(20)
                            : (random_below(1u << 20) - 524288.0)
                                  / (1u << random_below(20));
        else
            x[i] = (double)random_below(4) - 1;
        if (kind == 8)
            x[i] = mlpipe__nan();
        if (kind == 9)
            x[i] *= 1e300;
        if (kind == 10 && i >= SAMPLE_NUMBERS)
            x[i] = 3 + random_below(3);
    }
}

#endif
