/* SPDX-License-Identifier: MIT */
/* A k-means fit under way; for the files kmeans*.c and their tests. */
#ifndef MLPIPE_KMEANS_TYPES_H
#define MLPIPE_KMEANS_TYPES_H

#include "feature_internal.h"

enum {
    KMEANS_LANES = 16,   /* rows of a tile */
    KMEANS_GROUP = 6,    /* centres that a tile is compared to at once */
    KMEANS_BLOCK = MLPIPE__SUM_BLOCK, /* rows that one task takes */
    KMEANS_TILES = KMEANS_BLOCK / KMEANS_LANES,
    KMEANS_CENTRES_MAX = 4096,
    KMEANS_DRAWS_MAX = 16 /* 2 + floor(ln KMEANS_CENTRES_MAX) are less */
};

/* Squares, and sums of them over all that fits into memory, stay finite. */
#define KMEANS_LARGEST 1e140

typedef struct mlpipe__kmeans_options {
    uint32_t k, repeats, iterations;
    double tol;          /* of the mean variance: squared way of all centres */
    uint64_t seed;
    bool plain;          /* starts are rows, one as good as another */
    const double *start; /* k x d; NULL: they are drawn */
    uint32_t vector;     /* bytes: 16, 32, 64; 0: the machine's. Same bits */
} mlpipe__kmeans_options;

/* What a fit gives: mlpipe__kmeans_free */
typedef struct mlpipe__kmeans {
    mlpipe__env *env;
    uint32_t k;          /* fewer than asked for where points are fewer */
    double *centre;      /* k x d */
    uint64_t *size;      /* rows of each */
    double inertia;      /* sum of weight times squared distance */
    double moved;        /* squared way of all centres in the last step */
    double least;        /* what it had to be */
    uint32_t iterations;
    bool converged;
} mlpipe__kmeans;

/*
 * x: n rows of d finite values within KMEANS_LARGEST; w: their weights, or
 * NULL; n, d and k are at least 1. owner: for messages. gives: out.
 */
mlpipe_status mlpipe__kmeans_fit(mlpipe_ctx *ctx, const char *owner,
                                 const double *x, const double *w, uint32_t n,
                                 uint32_t d,
                                 const mlpipe__kmeans_options *options,
                                 mlpipe__kmeans *out);
void mlpipe__kmeans_free(mlpipe__kmeans *k);

/*
 * The state. Which centre is nearest is decided by distances as the op
 * DISTANCE sums them. Most of these are never computed: single precision over
 * tiles of shifted and scaled rows, with a bound of its error, leaves few
 * centres to choose from.
 */
typedef struct kmeans_state {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    const char *owner;
    const double *x, *w;   /* rows of weight 0 are left out */
    double *own_x, *own_w; /* where some were, else NULL */
    uint32_t n, d, k, groups, blocks, tasks;
    uint32_t vector;       /* bytes of the machine's vectors */
    /* rows */
    double *shift;         /* d: the mean */
    double scale;          /* a power of two: |(x - shift) scale| <= 1 */
    double unit;           /* a power of two: w unit <= 1 */
    double tol;            /* squared way of all centres */
    float *tile;           /* tiles x d x lanes: shifted and scaled */
    float *norm;           /* tiles x lanes: at least that of the row */
    double norm_max;
    uint32_t *label;       /* n; UINT32_MAX: none yet */
    /* centres */
    double *centre, *before; /* k x d */
    float *group;          /* groups x d x KMEANS_GROUP */
    float *half;           /* groups x KMEANS_GROUP: half the squared norm */
    double centre_max;     /* norm of the longest */
    /* sums of rows by centre: two exact parts of each of d columns and the
     * weight; the first k x 2 x (d + 1) are the state's, then a task's */
    double *sums;
    size_t sum_room;
    double magic[2];
    /* tasks */
    float *score;          /* tasks x groups x KMEANS_GROUP x lanes */
    uint64_t *changed;     /* tasks */
    double *part;          /* blocks: sums over the rows of each */
    /* drawing of starts */
    double *near;          /* n: squared distance to the nearest start */
    float *reach;          /* tiles x lanes: a better score is below it */
    uint16_t *better;      /* n: bit i: candidate i is nearer */
    double *gain;          /* blocks x KMEANS_DRAWS_MAX */
    uint32_t draws, taken;
    bool plain;
    int32_t first, end;    /* blocks of this round */
    void (*block)(struct kmeans_state *s, uint32_t task, uint32_t block);
} kmeans_state;

#if defined(__GNUC__)
#define KMEANS_INLINE static inline __attribute__((always_inline))
#else
#define KMEANS_INLINE static inline
#endif

/* Rows of a tile; four values of a row. */
typedef float kmeans_sixteen
    __attribute__((vector_size(64), aligned(4), may_alias));
typedef float kmeans_eight
    __attribute__((vector_size(32), aligned(4), may_alias));
typedef double kmeans_four
    __attribute__((vector_size(32), aligned(8), may_alias));

/* As the op DISTANCE sums it: eight lanes by the column mod 8, then a tree. */
KMEANS_INLINE double kmeans_distance(const double *x, const double *c,
                                     uint32_t d)
{
    kmeans_four low = {0}, high = {0};
    double lane[8];
    uint32_t i = 0;

    for (; i + 8 <= d; i += 8) {
        const kmeans_four a = *(const kmeans_four *)(x + i) -
                              *(const kmeans_four *)(c + i);
        const kmeans_four b = *(const kmeans_four *)(x + i + 4) -
                              *(const kmeans_four *)(c + i + 4);
        low += a * a;
        high += b * b;
    }
    memcpy(lane, &low, sizeof low);
    memcpy(lane + 4, &high, sizeof high);
    for (uint32_t k = 0; i < d; i++, k++) {
        const double a = x[i] - c[i];
        lane[k] += a * a;
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Six centres against a tile: half the squared norm of a centre less its
 * product with each row. */
KMEANS_INLINE void kmeans_six(const float *y, uint32_t d, const float *z,
                              const float *half, float *score)
{
    kmeans_eight a[KMEANS_GROUP], b[KMEANS_GROUP];

    for (uint32_t g = 0; g < KMEANS_GROUP; g++)
        a[g] = b[g] = (kmeans_eight){0} + half[g];
    for (uint32_t i = 0; i < d; i++) {
        const kmeans_eight p = *(const kmeans_eight *)y;
        const kmeans_eight q = *(const kmeans_eight *)(y + 8);

        a[0] -= p * z[0];
        b[0] -= q * z[0];
        a[1] -= p * z[1];
        b[1] -= q * z[1];
        a[2] -= p * z[2];
        b[2] -= q * z[2];
        a[3] -= p * z[3];
        b[3] -= q * z[3];
        a[4] -= p * z[4];
        b[4] -= q * z[4];
        a[5] -= p * z[5];
        b[5] -= q * z[5];
        y += KMEANS_LANES;
        z += KMEANS_GROUP;
    }
    for (uint32_t g = 0; g < KMEANS_GROUP; g++) {
        memcpy(score + g * KMEANS_LANES, &a[g], sizeof a[g]);
        memcpy(score + g * KMEANS_LANES + 8, &b[g], sizeof b[g]);
    }
}

/* Two groups of six, whose vectors hold a whole tile. */
KMEANS_INLINE void kmeans_twelve(const float *y, uint32_t d, const float *z,
                                 const float *half, float *score)
{
    const float *next = z + (size_t)d * KMEANS_GROUP;
    kmeans_sixteen a[KMEANS_GROUP], b[KMEANS_GROUP];

    for (uint32_t g = 0; g < KMEANS_GROUP; g++) {
        a[g] = (kmeans_sixteen){0} + half[g];
        b[g] = (kmeans_sixteen){0} + half[KMEANS_GROUP + g];
    }
    for (uint32_t i = 0; i < d; i++) {
        const kmeans_sixteen p = *(const kmeans_sixteen *)y;

        a[0] -= p * z[0];
        a[1] -= p * z[1];
        a[2] -= p * z[2];
        a[3] -= p * z[3];
        a[4] -= p * z[4];
        a[5] -= p * z[5];
        b[0] -= p * next[0];
        b[1] -= p * next[1];
        b[2] -= p * next[2];
        b[3] -= p * next[3];
        b[4] -= p * next[4];
        b[5] -= p * next[5];
        y += KMEANS_LANES;
        z += KMEANS_GROUP;
        next += KMEANS_GROUP;
    }
    memcpy(score, a, sizeof a);
    memcpy(score + KMEANS_GROUP * KMEANS_LANES, b, sizeof b);
}

/* The scores of a tile with all centres of these groups. */
KMEANS_INLINE void kmeans_scores(const kmeans_state *s, size_t tile,
                                 uint32_t groups, float *score, bool wide)
{
    const float *y = s->tile + tile * KMEANS_LANES * s->d;
    uint32_t g = 0;

    for (; wide && g + 2 <= groups; g += 2)
        kmeans_twelve(y, s->d, s->group + (size_t)g * s->d * KMEANS_GROUP,
                      s->half + g * KMEANS_GROUP,
                      score + (size_t)g * KMEANS_GROUP * KMEANS_LANES);
    for (; g < groups; g++)
        kmeans_six(y, s->d, s->group + (size_t)g * s->d * KMEANS_GROUP,
                   s->half + g * KMEANS_GROUP,
                   score + (size_t)g * KMEANS_GROUP * KMEANS_LANES);
}

/*
 * What a score may be wrong by, at most, between a row of this norm and any
 * centre of norm `longest`: rounding to single precision of both, of their
 * products and sums, with more than half of it to spare, and what the
 * distances in double precision themselves round.
 */
KMEANS_INLINE double kmeans_error(uint32_t d, double norm, double longest)
{
    const double both = norm + longest;

    return (d + 8) * (0x1p-23 * longest * both + 0x1p-50 * both * both +
                      0x1p-120);
}

/* kmeans_rows.c: a pass over all blocks by tasks, and what it is over. */
mlpipe_status mlpipe__kmeans_pass(kmeans_state *s,
                                  void (*block)(kmeans_state *s,
                                                uint32_t task,
                                                uint32_t block));
mlpipe_status mlpipe__kmeans_rows(kmeans_state *s);
/* Centres as tiles are compared to; count of them, at s->centre or `from`. */
void mlpipe__kmeans_pack(kmeans_state *s, const double *from, uint32_t count);
static inline uint32_t kmeans_block_rows(const kmeans_state *s,
                                         uint32_t block)
{
    const uint32_t left = s->n - block * KMEANS_BLOCK;

    return left < KMEANS_BLOCK ? left : KMEANS_BLOCK;
}
/* kmeans_start.c: draws s->k starts; fewer where there are fewer points. */
mlpipe_status mlpipe__kmeans_start(kmeans_state *s, uint64_t seed,
                                   uint32_t repeat);
/* kmeans_assign.c: labels by the centres; sums follow, s->changed counts. */
mlpipe_status mlpipe__kmeans_assign(kmeans_state *s, uint64_t *changed);

#endif
