/* SPDX-License-Identifier: MIT */
/*
 * The nearest centre of each row, and the sums of the rows of each centre.
 * What a row adds to a sum is cut into two parts on fixed grids, so coarse
 * that sums of them are exact: rows may come and go in any order.
 */
#include "kmeans_types.h"

/* ---- sums --------------------------------------------------------------- */

/* The sums of a centre: d + 1 first parts, then as many second ones. */
static inline double *kmeans_sums(const kmeans_state *s, uint32_t slot,
                                  uint32_t centre)
{
    return s->sums + slot * s->sum_room +
           (size_t)centre * 2 * ((size_t)s->d + 1);
}

/* Adds a value on the coarse grid, and what is left of it on the fine one. */
KMEANS_INLINE void kmeans_put(const kmeans_state *s, double v, double sign,
                              double *first, double *second)
{
    const double high = (v + s->magic[0]) - s->magic[0];
    const double low = ((v - high) + s->magic[1]) - s->magic[1];

    *first += sign * high;
    *second += sign * low;
}

/* Adds a row to the sums of a centre, or takes it out. */
KMEANS_INLINE void kmeans_count(const kmeans_state *s, uint32_t slot,
                                uint32_t centre, uint32_t row, double sign)
{
    const uint32_t d = s->d;
    const double *restrict x = s->x + (size_t)row * d;
    const double *restrict shift = s->shift;
    const double w = s->w ? s->w[row] * s->unit : 1.0;
    double *restrict first = kmeans_sums(s, slot, centre);
    double *restrict second = first + d + 1;

    for (uint32_t c = 0; c < d; c++)
        kmeans_put(s, (x[c] - shift[c]) * s->scale * w, sign, &first[c],
                   &second[c]);
    kmeans_put(s, w, sign, &first[d], &second[d]);
}

/* ---- the nearest centre ------------------------------------------------- */

typedef struct kmeans_nearest {
    float best[KMEANS_LANES], next[KMEANS_LANES];
    float at[KMEANS_LANES]; /* whole numbers */
} kmeans_nearest;

typedef int32_t kmeans_mask __attribute__((vector_size(32), may_alias));

/* a where the mask is set, else b; no function, whose vectors would be passed
 * by rules that differ between machines. */
#define KMEANS_PICK(m, a, b)                                                \
    ((kmeans_eight)(((m) & (kmeans_mask)(a)) | (~(m) & (kmeans_mask)(b))))

/* The least and the second least score of eight rows. */
KMEANS_INLINE void kmeans_least(const float *score, uint32_t k, float *best,
                                float *next, float *at)
{
    kmeans_eight low = *(const kmeans_eight *)score;
    kmeans_eight second = (kmeans_eight){0} + 1e30F;
    kmeans_eight index = {0}, place = {0};

    for (uint32_t c = 1; c < k; c++) {
        const kmeans_eight x =
            *(const kmeans_eight *)(score + (size_t)c * KMEANS_LANES);
        const kmeans_mask less = x < low;
        const kmeans_eight other = KMEANS_PICK(less, low, x);
        const kmeans_mask nearer = other < second;

        place += 1.0F;
        second = KMEANS_PICK(nearer, other, second);
        low = KMEANS_PICK(less, x, low);
        index = KMEANS_PICK(less, place, index);
    }
    memcpy(best, &low, sizeof low);
    memcpy(next, &second, sizeof second);
    memcpy(at, &index, sizeof index);
}

KMEANS_INLINE void kmeans_tile(const kmeans_state *s, size_t tile,
                               float *score, bool wide,
                               kmeans_nearest *out)
{
    kmeans_scores(s, tile, s->groups, score, wide);
    for (uint32_t h = 0; h < KMEANS_LANES; h += 8)
        kmeans_least(score + h, s->k, out->best + h, out->next + h,
                     out->at + h);
}

/* Among the centres that may be it, the nearest for certain; of equally near
 * ones the first. */
KMEANS_INLINE uint32_t kmeans_decide(const kmeans_state *s, uint32_t row,
                                     const float *score, float limit)
{
    const double *x = s->x + (size_t)row * s->d;
    uint32_t best = UINT32_MAX;
    double least = 0;

    for (uint32_t c = 0; c < s->k; c++) {
        double distance;

        if (score[(size_t)c * KMEANS_LANES] > limit)
            continue;
        distance = kmeans_distance(x, s->centre + (size_t)c * s->d, s->d);
        if (best == UINT32_MAX || distance < least) {
            best = c;
            least = distance;
        }
    }
    return best;
}

KMEANS_INLINE void kmeans_assign_rows(kmeans_state *s, uint32_t task,
                                      uint32_t block, bool wide)
{
    const uint32_t n = kmeans_block_rows(s, block);
    float *score = s->score +
                   (size_t)task * s->groups * KMEANS_GROUP * KMEANS_LANES;
    uint64_t changed = 0;

    for (uint32_t i = 0; i < n; i += KMEANS_LANES) {
        const uint32_t first = block * KMEANS_BLOCK + i;
        const uint32_t rows = n - i < KMEANS_LANES ? n - i : KMEANS_LANES;
        kmeans_nearest near;

        kmeans_tile(s, first / KMEANS_LANES, score, wide, &near);
        for (uint32_t r = 0; r < rows; r++) {
            const uint32_t row = first + r, old = s->label[row];
            const double error =
                2 * kmeans_error(s->d, s->norm[row], s->centre_max);
            uint32_t now = (uint32_t)near.at[r];

            if (!((double)near.next[r] - near.best[r] > error))
                now = kmeans_decide(s, row, score + r,
                                    (float)(near.best[r] + 1.1 * error));
            if (now == old)
                continue;
            if (old != UINT32_MAX)
                kmeans_count(s, task + 1, old, row, -1);
            kmeans_count(s, task + 1, now, row, 1);
            s->label[row] = now;
            changed++;
        }
    }
    s->changed[task] += changed;
}

static void kmeans_assign_plain(kmeans_state *s, uint32_t task,
                                uint32_t block)
{
    kmeans_assign_rows(s, task, block, false);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
kmeans_assign_avx2(kmeans_state *s, uint32_t task, uint32_t block)
{
    kmeans_assign_rows(s, task, block, false);
}

__attribute__((target("avx512f,avx2"))) static void
kmeans_assign_avx512(kmeans_state *s, uint32_t task, uint32_t block)
{
    kmeans_assign_rows(s, task, block, true);
}
#else
#define kmeans_assign_avx2 kmeans_assign_plain
#define kmeans_assign_avx512 kmeans_assign_plain
#endif

mlpipe_status mlpipe__kmeans_assign(kmeans_state *s, uint64_t *changed)
{
    const size_t part = s->sum_room;
    mlpipe_status st;

    mlpipe__kmeans_pack(s, s->centre, s->k);
    memset(s->sums + part, 0, s->tasks * part * sizeof *s->sums);
    memset(s->changed, 0, s->tasks * sizeof *s->changed);
    st = mlpipe__kmeans_pass(s, s->vector == 64   ? kmeans_assign_avx512
                                : s->vector == 32 ? kmeans_assign_avx2
                                                  : kmeans_assign_plain);
    *changed = 0;
    for (uint32_t t = 0; t < s->tasks; t++) {
        const double *from = s->sums + (t + 1) * part;

        for (size_t i = 0; i < part; i++)
            s->sums[i] += from[i];
        *changed += s->changed[t];
    }
    return st;
}
