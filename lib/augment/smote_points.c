/* SPDX-License-Identifier: MIT */
/*
 * Equal rows become one point, so that no point is its own neighbour; then
 * the nearest points by comparing all with all, tile by tile: memory is that
 * of the points and of the answer. A distance is summed feature by feature,
 * whatever the tile, so that threads change nothing.
 */
#include "augment_internal.h"

enum {
    SMOTE_LANES = 16,     /* points whose distances are summed at once */
    SMOTE_TILE = 64,      /* points whose neighbours one task looks for */
    SMOTE_ROUND = 64 * 64, /* those between two polls at most */
    SMOTE_WORK = 100 * 1000 * 1000 /* coordinates of a task in between */
};

void mlpipe__smote_free(smote_points *p)
{
    mlpipe__free(p->env, p->row);
    mlpipe__free(p->env, p->of);
    mlpipe__free(p->env, p->x);
    mlpipe__free(p->env, p->near);
}

/* ---- points ------------------------------------------------------------- */

static bool points_equal(const mlpipe__resample *r, uint32_t a, uint32_t b)
{
    const double *x = r->x + (size_t)a * r->features;
    const double *y = r->x + (size_t)b * r->features;
    for (uint32_t c = 0; c < r->features; c++)
        if (x[c] != y[c])
            return false;
    return true;
}

/* The same for equal rows; zeros have no sign. */
static uint64_t points_hash(const mlpipe__resample *r, uint32_t row,
                            double *copy)
{
    const double *x = r->x + (size_t)row * r->features;
    for (uint32_t c = 0; c < r->features; c++)
        copy[c] = x[c] + 0.0;
    return mlpipe__hash64(copy, r->features * sizeof *copy, 0);
}

/* Numbers points in the order of the list; slots holds points + 1. */
static void points_number(const mlpipe__resample *r, const augment_rows *rows,
                          uint32_t *slots, size_t mask, double *copy,
                          smote_points *p)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t at = (size_t)points_hash(r, rows->row[i], copy) & mask;
        while (slots[at] &&
               !points_equal(r, p->row[slots[at] - 1], rows->row[i]))
            at = (at + 1) & mask;
        if (!slots[at]) {
            p->row[p->count++] = rows->row[i];
            slots[at] = p->count;
        }
        p->of[i] = slots[at] - 1;
    }
}

mlpipe_status mlpipe__smote_collapse(const mlpipe__job *job,
                                     const mlpipe__resample *r,
                                     const augment_rows *rows,
                                     smote_points *out)
{
    mlpipe__env *env = job->ctx->env;
    size_t room = 16;
    uint32_t *slots;
    double *copy;
    mlpipe_status st = MLPIPE_OK;
    while (room < (size_t)rows->count * 2)
        room *= 2;
    slots = mlpipe__alloc_array(env, room, sizeof *slots);
    copy = mlpipe__alloc_array(env, r->features, sizeof *copy);
    *out = (smote_points){
        .env = env,
        .row = mlpipe__alloc_array(env, rows->count, sizeof *out->row),
        .of = mlpipe__alloc_array(env, rows->count, sizeof *out->of),
    };
    if (slots && copy && out->row && out->of)
        points_number(r, rows, slots, room - 1, copy, out);
    else
        st = mlpipe__nomem(job->ctx);
    mlpipe__free(env, copy);
    mlpipe__free(env, slots);
    return st;
}

/* ---- neighbours --------------------------------------------------------- */

/* Far apart for certain, and its square still finite. */
static double points_clip(double x)
{
    return x > 1e150 ? 1e150 : x < -1e150 ? -1e150 : x;
}

/* The difference in spreads, also where it is no double itself. */
static double points_place(double x, double shift, double weight)
{
    const double far = x - shift;

    return points_clip(mlpipe__finite(far) ? far * weight
                                           : x * weight - shift * weight);
}

static mlpipe_status points_scale(const mlpipe__job *job,
                                  const mlpipe__resample *r,
                                  const double *shift, const double *weight,
                                  smote_points *p)
{
    const size_t tiles = ((size_t)p->count + SMOTE_LANES - 1) / SMOTE_LANES;
    for (uint32_t c = 0; c < r->features; c++)
        p->features += weight[c] > 0;
    p->x = mlpipe__alloc_array(job->ctx->env, tiles * SMOTE_LANES,
                               (size_t)p->features * sizeof *p->x);
    if (!p->x)
        return mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; i < p->count; i++) {
        const double *from = r->x + (size_t)p->row[i] * r->features;
        double *to = p->x +
                     (size_t)(i / SMOTE_LANES) * p->features * SMOTE_LANES +
                     i % SMOTE_LANES;
        for (uint32_t c = 0; c < r->features; c++) {
            if (!(weight[c] > 0))
                continue;
            *to = points_place(from[c], shift[c], weight[c]);
            to += SMOTE_LANES;
        }
    }
    return MLPIPE_OK;
}

typedef struct points_search {
    smote_points *p;
    const uint32_t *query; /* points whose neighbours are looked for */
    double *distance;      /* queries x k: of p->near, rising */
    uint32_t first, end;   /* queries of this round */
    bool avx2;             /* wider vectors: the same bits, lane by lane */
} points_search;

#if defined(__GNUC__)
#define POINTS_INLINE static inline __attribute__((always_inline))
#else
#define POINTS_INLINE static inline
#endif

/* Four of SMOTE_LANES at once, whatever the machine's vectors hold. */
typedef double points_lanes
    __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t points_below __attribute__((vector_size(32)));

/* Is any of them below the limit? Only then they are given. */
POINTS_INLINE bool points_distances(const smote_points *p, uint32_t query,
                                    size_t block, double limit, double *out)
{
    const size_t bytes = (size_t)p->features * SMOTE_LANES;
    const double *x = p->x + block * bytes;
    const double *q = p->x + (query / SMOTE_LANES) * bytes +
                      query % SMOTE_LANES;
    points_lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (uint32_t i = 0; i < p->features; i++) {
        const points_lanes *at = (const points_lanes *)(x + i * SMOTE_LANES);
        const double own = q[(size_t)i * SMOTE_LANES];
        a += (at[0] - own) * (at[0] - own);
        b += (at[1] - own) * (at[1] - own);
        c += (at[2] - own) * (at[2] - own);
        d += (at[3] - own) * (at[3] - own);
    }
    const points_below below =
        (a < limit) | (b < limit) | (c < limit) | (d < limit);
    if (!(below[0] | below[1] | below[2] | below[3]))
        return false;
    memcpy(out, &a, sizeof a);
    memcpy(out + 4, &b, sizeof b);
    memcpy(out + 8, &c, sizeof c);
    memcpy(out + 12, &d, sizeof d);
    return true;
}

static bool points_distances_plain(const smote_points *p, uint32_t query,
                                   size_t block, double limit, double *out)
{
    return points_distances(p, query, block, limit, out);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static bool
points_distances_avx2(const smote_points *p, uint32_t query, size_t block,
                      double limit, double *out)
{
    return points_distances(p, query, block, limit, out);
}
#else
#define points_distances_avx2 points_distances_plain
#endif

/* Points come by rising index, so that the smaller one stays on ties. */
static void points_take(uint32_t *near, double *distance, uint32_t k,
                        uint32_t point, double d)
{
    uint32_t at = k - 1;
    for (; at && distance[at - 1] > d; at--) {
        distance[at] = distance[at - 1];
        near[at] = near[at - 1];
    }
    distance[at] = d;
    near[at] = point;
}

static void points_block(const points_search *s, uint32_t i, size_t block)
{
    const smote_points *p = s->p;
    const uint32_t query = s->query[i], k = p->k;
    uint32_t *near = p->near + (size_t)query * k;
    double *distance = s->distance + (size_t)(i - s->first) * k;
    double d[SMOTE_LANES];
    const uint32_t start = (uint32_t)block * SMOTE_LANES;
    const uint32_t n =
        p->count - start < SMOTE_LANES ? p->count - start : SMOTE_LANES;
    if (!(s->avx2 ? points_distances_avx2 : points_distances_plain)(
            p, query, block, distance[k - 1], d))
        return;
    for (uint32_t l = 0; l < n; l++)
        if (d[l] < distance[k - 1] && start + l != query)
            points_take(near, distance, k, start + l, d[l]);
}

static void points_task(void *arg, uint32_t task)
{
    const points_search *s = arg;
    const uint32_t first = s->first + task * SMOTE_TILE;
    const uint32_t end =
        s->end - first < SMOTE_TILE ? s->end : first + SMOTE_TILE;
    const size_t blocks =
        ((size_t)s->p->count + SMOTE_LANES - 1) / SMOTE_LANES;
    double *distance = s->distance + (size_t)(first - s->first) * s->p->k;
    for (size_t i = 0; i < (size_t)(end - first) * s->p->k; i++)
        distance[i] = mlpipe__inf();
    for (size_t b = 0; b < blocks; b++)
        for (uint32_t i = first; i < end; i++)
            points_block(s, i, b);
}

static mlpipe_status points_rounds(const mlpipe__job *job, points_search *s,
                                   uint32_t queries)
{
    const double a_query = (double)s->p->count * s->p->features;
    uint32_t a_round = SMOTE_ROUND;
    mlpipe_status st = MLPIPE_OK;
    while (a_round / 2 >= SMOTE_TILE * job->ctx->threads &&
           a_query * a_round > (double)SMOTE_WORK * job->ctx->threads)
        a_round /= 2;
    for (s->first = 0; !st && s->first < queries; s->first = s->end) {
        const uint32_t left = queries - s->first;
        s->end = left < a_round ? queries : s->first + a_round;
        st = mlpipe__poll(job->ctx, job->name, s->first, queries);
        if (!st)
            st = mlpipe__parallel(job->ctx, points_task, s,
                                  (s->end - s->first + SMOTE_TILE - 1) /
                                      SMOTE_TILE);
    }
    return st;
}

mlpipe_status mlpipe__smote_neighbours(const mlpipe__job *job,
                                       const mlpipe__resample *r,
                                       const double *shift,
                                       const double *weight,
                                       const uint8_t *wanted, uint32_t k,
                                       smote_points *p)
{
    mlpipe__env *env = job->ctx->env;
    uint32_t *query = mlpipe__alloc_array(env, p->count, sizeof *query);
    uint32_t queries = 0;
    points_search s = {
        .p = p, .query = query, .avx2 = mlpipe__has_avx2()};
    mlpipe_status st = query ? points_scale(job, r, shift, weight, p)
                             : mlpipe__nomem(job->ctx);
    for (uint32_t i = 0; !st && i < p->count; i++)
        if (wanted[i])
            query[queries++] = i;
    if (!st) {
        const uint32_t most = queries < SMOTE_ROUND ? queries : SMOTE_ROUND;
        p->k = k;
        p->near = mlpipe__alloc_array(env, p->count, k * sizeof *p->near);
        s.distance =
            mlpipe__alloc_array(env, most, k * sizeof *s.distance);
        st = p->near && s.distance ? points_rounds(job, &s, queries)
                                   : mlpipe__nomem(job->ctx);
    }
    mlpipe__free(env, s.distance);
    mlpipe__free(env, query);
    return st;
}
