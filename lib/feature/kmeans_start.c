/* SPDX-License-Identifier: MIT */
/*
 * Starts of k-means: each one is drawn among the rows by their squared
 * distance to the nearest start so far (Arthur and Vassilvitskii 2007), the
 * best of 2 + floor(ln k) draws. What a draw makes nearer is found as the
 * nearest centre is: single precision tells where to look.
 */
#include "kmeans_types.h"

/* What a row weighs in the next draw. */
KMEANS_INLINE double start_mass(const kmeans_state *s, size_t row)
{
    const double w = s->w ? s->w[row] * s->unit : 1.0;

    return s->plain ? (s->near[row] > 0 ? w : 0) : w * s->near[row];
}

/* Takes the candidate s->taken as a start, and weighs the rows anew. */
static void start_take_block(kmeans_state *s, uint32_t task, uint32_t block)
{
    const uint32_t n = kmeans_block_rows(s, block);
    const size_t first = (size_t)block * KMEANS_BLOCK;
    const double *c = s->before + (size_t)s->taken * s->d;
    double lanes[MLPIPE__SUM_LANES] = {0};
    (void)task;

    for (uint32_t i = 0; i < n; i++) {
        const size_t row = first + i;

        if (s->better[row] >> s->taken & 1) {
            const double norm = s->norm[row];
            const double low = norm * (1 - 4e-7);
            const double near = kmeans_distance(s->x + row * s->d, c, s->d);

            s->near[row] = near;
            s->reach[row] =
                (float)((near * s->scale * s->scale - low * low) * 0.5 +
                        1.1 * kmeans_error(s->d, norm, s->norm_max));
        }
        lanes[i % MLPIPE__SUM_LANES] += start_mass(s, row);
    }
    s->part[block] = mlpipe__lanes_value(lanes);
}

/* Is any of eight scores within reach? */
KMEANS_INLINE bool start_any(const float *score, const float *reach)
{
    const kmeans_eight a = *(const kmeans_eight *)score;
    const kmeans_eight b = *(const kmeans_eight *)(score + 8);
    uint64_t any[4];

    typedef int32_t start_mask __attribute__((vector_size(32)));
    const start_mask m = (a < *(const kmeans_eight *)reach) |
                         (b < *(const kmeans_eight *)(reach + 8));
    memcpy(any, &m, sizeof any);
    return (any[0] | any[1] | any[2] | any[3]) != 0;
}

/* Which of a tile's rows candidate `draw` is nearer to; its gain. */
KMEANS_INLINE void start_look(kmeans_state *s, size_t first, uint32_t rows,
                              uint32_t draw, const float *score,
                              double *lanes)
{
    const double *c = s->before + (size_t)draw * s->d;

    for (uint32_t r = 0; r < rows; r++) {
        const size_t row = first + r;
        double near, w;

        if (!(score[r] < s->reach[row]))
            continue;
        near = kmeans_distance(s->x + row * s->d, c, s->d);
        if (!(near < s->near[row]))
            continue;
        w = s->w ? s->w[row] * s->unit : 1.0;
        s->better[row] |= (uint16_t)(1u << draw);
        lanes[r % MLPIPE__SUM_LANES] += w * (s->near[row] - near);
    }
}

KMEANS_INLINE void start_try(kmeans_state *s, uint32_t task, uint32_t block,
                             bool wide)
{
    const uint32_t groups = (s->draws + KMEANS_GROUP - 1) / KMEANS_GROUP;
    const uint32_t n = kmeans_block_rows(s, block);
    const size_t begin = (size_t)block * KMEANS_BLOCK;
    float *score = s->score +
                   (size_t)task * s->groups * KMEANS_GROUP * KMEANS_LANES;
    double lanes[KMEANS_DRAWS_MAX][MLPIPE__SUM_LANES];

    memset(lanes, 0, sizeof lanes);
    memset(s->better + begin, 0, n * sizeof *s->better);
    for (uint32_t i = 0; i < n; i += KMEANS_LANES) {
        const size_t first = begin + i;
        const uint32_t rows = n - i < KMEANS_LANES ? n - i : KMEANS_LANES;

        kmeans_scores(s, first / KMEANS_LANES, groups, score, wide);
        for (uint32_t k = 0; k < s->draws; k++)
            if (start_any(score + (size_t)k * KMEANS_LANES,
                          s->reach + first))
                start_look(s, first, rows, k,
                           score + (size_t)k * KMEANS_LANES, lanes[k]);
    }
    for (uint32_t k = 0; k < s->draws; k++)
        s->gain[(size_t)block * KMEANS_DRAWS_MAX + k] =
            mlpipe__lanes_value(lanes[k]);
}

static void start_try_plain(kmeans_state *s, uint32_t task, uint32_t block)
{
    start_try(s, task, block, false);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
start_try_avx2(kmeans_state *s, uint32_t task, uint32_t block)
{
    start_try(s, task, block, false);
}

__attribute__((target("avx512f,avx2"))) static void
start_try_avx512(kmeans_state *s, uint32_t task, uint32_t block)
{
    start_try(s, task, block, true);
}
#else
#define start_try_avx2 start_try_plain
#define start_try_avx512 start_try_plain
#endif

/* The row at a share of all that rows weigh, counted from the first. */
static uint32_t start_row(const kmeans_state *s, double target)
{
    uint32_t block = 0, last = 0, row;
    double before = 0;

    for (uint32_t b = 0; b < s->blocks; b++) {
        if (!(s->part[b] > 0))
            continue;
        block = b;
        if (before + s->part[b] > target)
            break;
        before += s->part[b];
    }
    last = row = block * KMEANS_BLOCK;
    for (uint32_t i = 0; i < kmeans_block_rows(s, block); i++, row++) {
        const double mass = start_mass(s, row);

        if (!(mass > 0))
            continue;
        last = row;
        before += mass;
        if (before > target)
            break;
    }
    return last;
}

/* Draws the candidates for start `at`; false: every row is a start. */
static bool start_draw(kmeans_state *s, uint64_t seed, uint32_t repeat,
                       uint32_t at)
{
    double total = 0;

    for (uint32_t b = 0; b < s->blocks; b++)
        total += s->part[b];
    if (!(total > 0))
        return false;
    for (uint32_t k = 0; k < s->draws; k++) {
        const double u = mlpipe__random_unit(seed, MLPIPE__FOR_CENTRES,
                                             repeat, at, k);
        const uint32_t row = start_row(s, u * total);

        memcpy(s->before + (size_t)k * s->d, s->x + (size_t)row * s->d,
               s->d * sizeof *s->x);
    }
    return true;
}

/* The candidate that takes most off the sum; of equal ones the first. */
static uint32_t start_best(const kmeans_state *s)
{
    double most = -1;
    uint32_t best = 0;

    for (uint32_t k = 0; k < s->draws; k++) {
        mlpipe__tree tree = {0};
        double gain;

        for (uint32_t b = 0; b < s->blocks; b++)
            mlpipe__tree_add(&tree,
                             s->gain[(size_t)b * KMEANS_DRAWS_MAX + k]);
        gain = mlpipe__tree_value(&tree);
        if (gain > most) {
            most = gain;
            best = k;
        }
    }
    return best;
}

/* Before the first one all rows are as far. */
static void start_begin(kmeans_state *s)
{
    for (uint32_t b = 0; b < s->blocks; b++) {
        const uint32_t n = kmeans_block_rows(s, b);
        double lanes[MLPIPE__SUM_LANES] = {0};

        for (uint32_t i = 0; i < n; i++) {
            const size_t row = (size_t)b * KMEANS_BLOCK + i;

            s->near[row] = 1;
            s->better[row] = 1;
            lanes[i % MLPIPE__SUM_LANES] += start_mass(s, row);
        }
        s->part[b] = mlpipe__lanes_value(lanes);
    }
    for (size_t i = s->n; i % KMEANS_LANES; i++)
        s->reach[i] = -1e30F; /* behind the last row there is none */
    s->draws = 1;
    s->taken = 0;
}

mlpipe_status mlpipe__kmeans_start(kmeans_state *s, uint64_t seed,
                                   uint32_t repeat)
{
    const uint32_t draws =
        s->plain ? 1 : 2 + (uint32_t)mlpipe__log((double)s->k);
    mlpipe_status st = MLPIPE_OK;
    uint32_t at = 0;

    start_begin(s);
    for (; !st && at < s->k; at++) {
        if (!start_draw(s, seed, repeat, at))
            break;
        if (at) {
            mlpipe__kmeans_pack(s, s->before, s->draws);
            st = mlpipe__kmeans_pass(s, s->vector == 64   ? start_try_avx512
                                        : s->vector == 32 ? start_try_avx2
                                                          : start_try_plain);
            s->taken = st ? 0 : start_best(s);
        }
        memcpy(s->centre + (size_t)at * s->d,
               s->before + (size_t)s->taken * s->d, s->d * sizeof *s->x);
        if (!st)
            st = mlpipe__kmeans_pass(s, start_take_block);
        s->draws = draws;
    }
    if (!st && at < s->k) {
        s->k = at;
        s->groups = (at + KMEANS_GROUP - 1) / KMEANS_GROUP;
    }
    return st;
}
