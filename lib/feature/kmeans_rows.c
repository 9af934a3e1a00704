/* SPDX-License-Identifier: MIT */
/*
 * Rows as k-means goes over them: about their mean and scaled by a power of
 * two, in single precision, sixteen rows a tile, feature by feature.
 */
#include "kmeans_types.h"

enum { KMEANS_ROUND = 64 }; /* blocks of a task between two polls */

static void kmeans_task(void *arg, uint32_t index)
{
    kmeans_state *s = arg;

    for (int32_t b = s->first + (int32_t)index; b < s->end;
         b += (int32_t)s->tasks)
        s->block(s, index, (uint32_t)b);
}

mlpipe_status mlpipe__kmeans_pass(kmeans_state *s,
                                  void (*block)(kmeans_state *s,
                                                uint32_t task,
                                                uint32_t block))
{
    const int32_t blocks = (int32_t)s->blocks;
    const int32_t round = KMEANS_ROUND * (int32_t)s->tasks;
    mlpipe_status st = MLPIPE_OK;

    s->block = block;
    for (s->first = 0; !st && s->first < blocks; s->first = s->end) {
        s->end = blocks - s->first < round ? blocks : s->first + round;
        st = mlpipe__poll(s->ctx, s->owner, (uint64_t)s->first,
                          (uint64_t)blocks);
        if (!st)
            st = mlpipe__parallel(s->ctx, kmeans_task, s, s->tasks);
    }
    return st;
}

/* Weighted sums of a block by column, in units of the heaviest row or so: of
 * x, or of (x - shift)^2. */
static void kmeans_block_sums(const kmeans_state *s, uint32_t block,
                              bool squares, double *lanes)
{
    const uint32_t n = kmeans_block_rows(s, block), d = s->d;
    const size_t first = (size_t)block * KMEANS_BLOCK;

    memset(lanes, 0, (size_t)d * MLPIPE__SUM_LANES * sizeof *lanes);
    for (uint32_t i = 0; i < n; i++) {
        const double *x = s->x + (first + i) * d;
        const double w = s->w ? s->w[first + i] * s->unit : 1.0;
        double *to = lanes + (size_t)(i % MLPIPE__SUM_LANES) * d;

        if (squares)
            for (uint32_t c = 0; c < d; c++) {
                const double away = x[c] - s->shift[c];
                to[c] += w * (away * away);
            }
        else
            for (uint32_t c = 0; c < d; c++)
                to[c] += w * x[c];
    }
}

/* The same over all rows, divided by their weight. */
static void kmeans_means(const kmeans_state *s, bool squares, double weight,
                         double *lanes, mlpipe__tree *trees, double *out)
{
    memset(trees, 0, s->d * sizeof *trees);
    for (uint32_t b = 0; b < s->blocks; b++) {
        kmeans_block_sums(s, b, squares, lanes);
        for (uint32_t c = 0; c < s->d; c++) {
            double lane[MLPIPE__SUM_LANES];

            for (uint32_t k = 0; k < MLPIPE__SUM_LANES; k++)
                lane[k] = lanes[(size_t)k * s->d + c];
            mlpipe__tree_add(&trees[c], mlpipe__lanes_value(lane));
        }
    }
    for (uint32_t c = 0; c < s->d; c++)
        out[c] = mlpipe__tree_value(&trees[c]) / weight;
}

/* A power of two that brings values up to `most` within one. */
static double kmeans_power(double most)
{
    double p = 1;

    while (most * p > 1)
        p *= 0.5;
    while (most * p <= 0.5 && p < 0x1p1000 && most > 0)
        p *= 2;
    return p;
}

/* The weight of all rows, by which no weight is too large: in units. */
static double kmeans_weigh(kmeans_state *s)
{
    double heavy = 0;

    s->unit = 1;
    if (!s->w)
        return s->n;
    for (size_t i = 0; i < s->n; i++)
        heavy = s->w[i] > heavy ? s->w[i] : heavy;
    s->unit = kmeans_power(heavy);
    for (size_t i = 0; i < s->n; i++)
        s->near[i] = s->w[i] * s->unit;
    return mlpipe__sum(s->near, s->n);
}

static void kmeans_scales(kmeans_state *s)
{
    double most = 0;

    for (size_t i = 0; i < s->n; i++) {
        const double *x = s->x + i * s->d;

        for (uint32_t c = 0; c < s->d; c++) {
            const double away = x[c] - s->shift[c];
            const double size = away < 0 ? -away : away;
            most = size > most ? size : most;
        }
    }
    s->scale = kmeans_power(most);
}

static void kmeans_tile_block(kmeans_state *s, uint32_t task, uint32_t block)
{
    const uint32_t n = kmeans_block_rows(s, block), d = s->d;
    const size_t first = (size_t)block * KMEANS_BLOCK;
    double longest = 0;
    (void)task;

    for (uint32_t i = 0; i < n; i++) {
        const size_t row = first + i;
        const double *x = s->x + row * d;
        float *to = s->tile + row / KMEANS_LANES * KMEANS_LANES * d +
                    row % KMEANS_LANES;
        double square = 0;

        for (uint32_t c = 0; c < d; c++) {
            const double y = (x[c] - s->shift[c]) * s->scale;
            to[(size_t)c * KMEANS_LANES] = (float)y;
            square += y * y;
        }
        s->norm[row] = (float)(mlpipe__sqrt(square) * (1 + 2e-7) + 1e-30);
        longest = s->norm[row] > longest ? s->norm[row] : longest;
    }
    s->part[block] = longest;
}

mlpipe_status mlpipe__kmeans_rows(kmeans_state *s)
{
    double *lanes = mlpipe__alloc_array(s->env, s->d,
                                        MLPIPE__SUM_LANES * sizeof *lanes);
    double *spread = mlpipe__alloc_array(s->env, s->d, sizeof *spread);
    mlpipe__tree *trees = mlpipe__alloc_array(s->env, s->d, sizeof *trees);
    mlpipe_status st =
        lanes && trees && spread ? MLPIPE_OK : mlpipe__nomem(s->ctx);

    if (!st) {
        const double weight = kmeans_weigh(s);

        kmeans_means(s, false, weight, lanes, trees, s->shift);
        kmeans_means(s, true, weight, lanes, trees, spread);
        s->tol *= mlpipe__sum(spread, s->d) / s->d;
        kmeans_scales(s);
        st = mlpipe__kmeans_pass(s, kmeans_tile_block);
    }
    s->norm_max = 0;
    for (uint32_t b = 0; !st && b < s->blocks; b++)
        s->norm_max = s->part[b] > s->norm_max ? s->part[b] : s->norm_max;
    mlpipe__free(s->env, trees);
    mlpipe__free(s->env, spread);
    mlpipe__free(s->env, lanes);
    return st;
}

/* Places behind the last centre have a score that none is above. */
void mlpipe__kmeans_pack(kmeans_state *s, const double *from, uint32_t count)
{
    const uint32_t room = (count + KMEANS_GROUP - 1) / KMEANS_GROUP *
                          KMEANS_GROUP;
    const uint32_t d = s->d;
    double longest = 0;

    for (uint32_t k = 0; k < room; k++) {
        float *to = s->group + (size_t)(k / KMEANS_GROUP) * d * KMEANS_GROUP +
                    k % KMEANS_GROUP;
        double square = 0;

        for (uint32_t c = 0; c < d; c++) {
            const double z =
                k < count ? (from[(size_t)k * d + c] - s->shift[c]) * s->scale
                          : 0.0;
            to[(size_t)c * KMEANS_GROUP] = (float)z;
            square += z * z;
        }
        s->half[k] = k < count ? (float)(square * 0.5) : 1e30F;
        longest = square > longest ? square : longest;
    }
    s->centre_max = mlpipe__sqrt(longest) * (1 + 1e-6) + 1e-30;
}
