/* SPDX-License-Identifier: MIT */
/*
 * What a row costs: nanoseconds per row, the best of many rounds, over 4,096
 * distinct rows. It times the program alone, without layout and worker.
 */
#include "support.h"

#include <time.h>

#include "../program/forest_random.h"
#include "program/forest_types.h"

enum { ROWS = 4096, ROUNDS = 60 };

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static volatile double bench_sink;
static bool bench_plain; /* the portable path */

/* Rows lie input by input, as a caller's ready values. */
static double time_width(const mlpipe__program *p, const double *x,
                         uint32_t width)
{
    char *scratch = aligned_alloc(
        64, (mlpipe__program_scratch(p, width) + 63) / 64 * 64);
    double *out = malloc(width * 8 * (size_t)p->output_count), best = 1e18;
    uint32_t round, at, i, k;

    for (round = 0; round < ROUNDS; round++) {
        const double start = now_ns();
        double each;

        for (at = 0; at < ROWS; at += width) {
            for (k = 0; k < p->input_count; k++) {
                double *lane = mlpipe__program_lane(p, scratch, width, k);

                for (i = 0; i < width; i++)
                    lane[i] = x[(size_t)(at + i) * p->input_count + k];
            }
            mlpipe__program_run(p, scratch, width, width, out, NULL);
            bench_sink += out[0];
        }
        each = (now_ns() - start) / ROWS;
        best = each < best ? each : best;
    }
    free(scratch);
    free(out);
    return best;
}

static void report(mlpipe_ctx *c, const char *name, mlpipe__program *p,
                   const double *x)
{
    if (mlpipe__program_seal(c, p)) {
        printf("%s: %s\n", name, mlpipe_ctx_error(c)->text);
        exit(1);
    }
    if (bench_plain && p->forest_count)
        p->forests[0]->engine->isa = MASK_PLAIN;
    printf("%-34s row %8.1f ns   block of 512 %8.1f ns/row\n", name,
           time_width(p, x, 1), time_width(p, x, 512));
    mlpipe__program_free(p);
}

static void add_numbers(mlpipe__program *p, uint32_t n)
{
    char name[] = "x00";
    uint32_t i;

    for (i = 0; i < n; i++) {
        name[1] = (char)('0' + i / 10);
        name[2] = (char)('0' + i % 10);
        mlpipe__program_add_input(p, name, 1, 0, MLPIPE__NUMBER, NULL);
    }
}

static void add_forest(mlpipe__program *p, const forest_shape *s,
                       const uint32_t *regs)
{
    mlpipe__forest *f = random_forest(p->env, s, 1);
    const uint32_t y = mlpipe__program_op(
        p, MLPIPE__OP_FOREST, mlpipe__program_forest(p, f), 0,
        mlpipe__program_words(p, regs, s->features), s->features, 1);

    mlpipe__program_add_output(p, "y", y);
}

static void bench_forest(mlpipe_ctx *c, const char *name, uint32_t trees,
                         uint32_t leaves, const double *x)
{
    const forest_shape s = {28, 1, trees, leaves, 0, 255, true};
    mlpipe__program *p = mlpipe__program_new(c->env);
    uint32_t regs[28], i;

    for (i = 0; i < 28; i++)
        regs[i] = i;
    add_numbers(p, 28);
    add_forest(p, &s, regs);
    report(c, name, p, x);
}

/* 20 numbers, imputed with an indicator and scaled; 8 categories of 6 codes,
 * one-hot; 100 trees of 31 leaves over all of it, or 88 weights. */
static void bench_pipeline(mlpipe_ctx *c, bool linear, const double *x)
{
    enum { NUMBERS = 20, CODES = 8, HOT = 6, FEATURES = 88 };
    static const uint32_t set[HOT] = {0, 1, 2, 3, 4, 5};
    const double c0[2] = {0.5, 2};
    const forest_shape s = {FEATURES, 1, 100, 31, 0, 255, true};
    mlpipe__program *p = mlpipe__program_new(c->env);
    uint32_t regs[FEATURES], i, k, n = 0;
    double weights[FEATURES + 1];
    mlpipe__dict dict;
    char name[] = "c0";

    mlpipe__dict_init(&dict, c->env);
    for (i = 0; i < HOT; i++, name[1]++)
        mlpipe__dict_add(&dict, name, 2);
    add_numbers(p, NUMBERS);
    for (i = 0; i < CODES; i++, name[1]++)
        mlpipe__program_add_input(p, name, 4, 0, MLPIPE__CODE, &dict);
    mlpipe__dict_free(&dict);
    for (i = 0; i < NUMBERS; i++) {
        const uint32_t at = mlpipe__program_const(p, c0, 2);
        const uint32_t r =
            mlpipe__program_op(p, MLPIPE__OP_IMPUTE, i, 0, at, 0, 1);

        regs[n++] = mlpipe__program_op(p, MLPIPE__OP_SHIFT_SCALE, r, 0, at,
                                       0, 1);
        regs[n++] =
            mlpipe__program_op(p, MLPIPE__OP_IS_NULL, i, 0, 0, 0, 1);
    }
    for (i = 0; i < CODES; i++) {
        const uint32_t r = mlpipe__program_op(
            p, MLPIPE__OP_ONEHOT, NUMBERS + i, HOT,
            mlpipe__program_words(p, set, HOT), HOT, HOT);

        for (k = 0; k < HOT; k++)
            regs[n++] = r + k;
    }
    if (!linear) {
        add_forest(p, &s, regs);
        report(c, "impute+scale+onehot+100x31", p, x);
        return;
    }
    for (i = 0; i <= FEATURES; i++)
        weights[i] = 0.01 * i;
    k = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                           mlpipe__program_const(p, weights, FEATURES + 1),
                           mlpipe__program_words(p, regs, FEATURES),
                           FEATURES, 1);
    mlpipe__program_add_output(p, "y", k);
    report(c, "impute+scale+onehot+linear", p, x);
}

int main(int argc, char **argv)
{
    double *x = malloc(ROWS * 28 * 8);
    mlpipe_ctx *c;
    uint32_t i;

    if (mlpipe_ctx_new(NULL, &c))
        return 1;
    for (i = 0; i < ROWS * 28; i++) {
        x[i] = (random_below(1u << 30) * 0x1p-30 - 0.5) * 70;
        if (i % 28 >= 20)
            x[i] = x[i] < 0 ? 0 : (double)((uint32_t)x[i] % 6);
        if (random_below(50) == 0)
            x[i] = mlpipe__nan();
    }
    bench_plain = argc > 1 && !strcmp(argv[1], "plain");
    bench_forest(c, "forest 100 x 31 x 28", 100, 31, x);
    bench_forest(c, "forest 500 x 31 x 28", 500, 31, x);
    bench_forest(c, "forest 100 x 64 x 28", 100, 64, x);
    bench_forest(c, "forest 100 x 255 x 28", 100, 255, x);
    bench_pipeline(c, false, x);
    bench_pipeline(c, true, x);
    mlpipe_ctx_free(c);
    free(x);
    return 0;
}
