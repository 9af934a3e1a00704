/* SPDX-License-Identifier: MIT */
/*
 * The nearest points of each row. Floats rule out rows that cannot be among
 * them, whatever rounding did; those that are left are compared by doubles, so
 * that the answer is that of comparing all rows by doubles, for every number
 * of rows at once and every instruction set.
 */
#include "points_types.h"
#include "vm_ops.h"

typedef struct points_near {
    double distance;
    uint32_t row;
} points_near;

/* A row whose nearest points are looked for. */
typedef struct points_query {
    double *x;          /* features */
    points_near *near;  /* k, rising; the best so far by doubles */
    points_near *maybe; /* rows to be compared by doubles */
    double *bound;      /* k, rising; least upper bounds of float distances */
    double zero;        /* what a float distance lacks: half its square */
    double slack;       /* what it may be off by, of its own rounding */
    uint32_t near_count, maybe_count, bound_count;
    bool far;           /* no float can tell; all rows are compared */
} points_query;

/* ---- scratch ------------------------------------------------------------ */

static uint32_t points_maybes(const mlpipe__points *p)
{
    return 4 * p->k + 64;
}

static size_t points_query_bytes(const mlpipe__points *p)
{
    return sizeof(points_query) + 16 + (size_t)p->features * 16 +
           (size_t)p->k * (sizeof(points_near) + 8) +
           points_maybes(p) * sizeof(points_near);
}

/* Queries that go over the panels together. */
static uint32_t points_slab(const mlpipe__points *p, size_t stride)
{
    size_t n = POINTS_SLAB_BYTES / points_query_bytes(p) / POINTS_GROUP *
               POINTS_GROUP;

    if (stride == 1)
        return 1;
    n = n > MLPIPE__BLOCK_ROWS ? MLPIPE__BLOCK_ROWS : n;
    return n ? (uint32_t)n : POINTS_GROUP;
}

size_t mlpipe__points_scratch(const mlpipe__points *p, uint32_t width)
{
    return points_slab(p, width) * points_query_bytes(p) +
           POINTS_GROUP * POINTS_PANEL * sizeof(float);
}

/* ---- by floats ---------------------------------------------------------- */

#if defined(__GNUC__)
#if defined(__clang__)
#define POINTS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define POINTS_UNROLL _Pragma("GCC unroll 16")
#endif

#define POINTS_NAME(name) name##_plain
#define POINTS_TARGET
#define POINTS_BYTES 16
#define POINTS_SOME 1
#include "points_tile.h"
#else
static uint32_t points_tile_plain(const mlpipe__points *p, const float *panel,
                                  const float *x, const float *limit,
                                  uint32_t n, float *out)
{
    const bool euclid = p->metric == MLPIPE__POINTS_EUCLIDEAN;
    uint32_t q, f, i;

    for (q = 0; q < n; q++, out += POINTS_PANEL) {
        const float *y = panel;

        memcpy(out, y, POINTS_PANEL * sizeof *out);
        for (f = 0; f < p->features; f++)
            for (y += POINTS_PANEL, i = 0; i < POINTS_PANEL; i++) {
                const float own = x[(size_t)f * n + q], d = y[i] - own;

                out[i] += euclid ? y[i] * own : d < 0 ? -d : d;
            }
    }
    return (1u << n) - 1;
}
#endif

/* libmlpipe-serve is small before all, and waits for memory anyway. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(MLPIPE_SERVE)
#define POINTS_NAME(name) name##_avx2
#define POINTS_TARGET __attribute__((target("avx2")))
#define POINTS_BYTES 32
#define POINTS_SOME 2
#include "points_tile.h"

#define POINTS_NAME(name) name##_avx512
#define POINTS_TARGET __attribute__((target("avx512f,avx2")))
#define POINTS_BYTES 64
#define POINTS_SOME 8
#include "points_tile.h"

static uint32_t points_tile(const mlpipe__points *p, const float *panel,
                            const float *x, const float *limit, uint32_t n,
                            float *out)
{
    switch (p->engine->isa) {
    case MASK_AVX512:
        return points_tile_avx512(p, panel, x, limit, n, out);
    case MASK_AVX2:
        return points_tile_avx2(p, panel, x, limit, n, out);
    default:
        return points_tile_plain(p, panel, x, limit, n, out);
    }
}
#else
#define points_tile points_tile_plain
#endif

/* ---- by doubles --------------------------------------------------------- */

/* Eight sums by feature mod 8, put together as a tree: the square of the
 * euclidean distance, or the manhattan distance. */
VM_INLINE double points_distance(const mlpipe__points *p, const double *x,
                                 const double *y, bool euclid)
{
    const uint32_t n = p->features;
    double sum[8] = {0};
    uint32_t f, l;

    for (f = 0; f < n; f += 8)
        for (l = 0; l < 8 && l < n - f; l++) {
            const double d = x[f + l] - y[f + l];

            sum[l] += euclid ? d * d : d < 0 ? -d : d;
        }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) +
           ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* A float that is not less than v. */
static float points_above(double v)
{
    return (float)(v + (v < 0 ? -v : v) * 0x1p-22 + 0x1p-120);
}

/* Rows come by rising index, so that the lower one stays on ties. */
static void points_keep(const mlpipe__points *p, points_query *q,
                        uint32_t row)
{
    const double *y = p->x + (size_t)row * p->features;
    const double d = p->metric == MLPIPE__POINTS_EUCLIDEAN
                         ? points_distance(p, q->x, y, true)
                         : points_distance(p, q->x, y, false);
    uint32_t at = q->near_count;

    if (at == p->k && !(d < q->near[--at].distance))
        return;
    q->near_count += q->near_count < p->k;
    for (; at && d < q->near[at - 1].distance; at--)
        q->near[at] = q->near[at - 1];
    q->near[at] = (points_near){d, row};
}

/* Compares the rows that may be near by doubles, which then limit others. */
static void points_settle(const mlpipe__points *p, points_query *q,
                          float *limit)
{
    uint32_t i;

    for (i = 0; i < q->maybe_count; i++)
        if (q->maybe[i].distance <= *limit)
            points_keep(p, q, q->maybe[i].row);
    q->maybe_count = 0;
    if (q->near_count == p->k && !q->far) {
        const double d = q->near[p->k - 1].distance * p->engine->unit;
        const float by = points_above(d * (1 + 0x1p-48) - q->zero + q->slack);

        *limit = by < *limit ? by : *limit;
    }
}

/* The k-th least upper bound of a distance rules out what is above it. */
static void points_bound(const mlpipe__points *p, points_query *q, double d,
                         float *limit)
{
    uint32_t at = q->bound_count;
    float by;

    if (at == p->k && !(d < q->bound[--at]))
        return;
    q->bound_count += q->bound_count < p->k;
    for (; at && d < q->bound[at - 1]; at--)
        q->bound[at] = q->bound[at - 1];
    q->bound[at] = d;
    if (q->bound_count < p->k || q->far)
        return;
    by = points_above(q->bound[p->k - 1] + 2 * q->slack);
    *limit = by < *limit ? by : *limit;
}

static void points_scan(const mlpipe__points *p, points_query *q,
                        uint32_t first, const float *distance, float *limit)
{
    const uint32_t n = p->rows - first < POINTS_PANEL ? p->rows - first
                                                      : POINTS_PANEL;
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (!(distance[i] <= *limit))
            continue;
        q->maybe[q->maybe_count++] = (points_near){distance[i], first + i};
        points_bound(p, q, (double)distance[i] + p->engine->spread[first + i],
                     limit);
        if (q->maybe_count == points_maybes(p))
            points_settle(p, q, limit);
    }
}

/* ---- answers ------------------------------------------------------------ */

static double points_root(const mlpipe__points *p, double d)
{
    return p->metric == MLPIPE__POINTS_EUCLIDEAN ? mlpipe__sqrt(d) : d;
}

/* Weights relative to the nearest row's, so that none overflows. */
static double points_share(const mlpipe__points *p, const points_query *q,
                           uint32_t i)
{
    const double own = q->near[i].distance, least = q->near[0].distance;

    if (p->vote == MLPIPE__POINTS_UNIFORM || own == least)
        return 1;
    return points_root(p, least) / points_root(p, own);
}

/* From the nearest to the farthest, whatever the width. */
static void points_answer(const mlpipe__points *p, const points_query *q,
                          size_t stride, double *v, uint8_t *flags)
{
    const bool sure = mlpipe__finite(q->near[p->k - 1].distance);
    double total = 0;
    uint32_t i, c;

    for (c = 0; c < p->outputs; c++)
        v[c * stride] = 0;
    for (i = 0; i < p->k; i++) {
        const uint32_t row = q->near[i].row;
        const double w = p->weight[row] * points_share(p, q, i);

        total += w;
        if (p->outputs > 1)
            v[(size_t)p->target[row] * stride] += w;
        else
            *v += w * p->target[row];
    }
    for (c = 0; c < p->outputs; c++)
        vm_put(&v[c * stride], &flags[c * stride],
               vm_give(v[c * stride] / total, sure));
}

/* ---- queries ------------------------------------------------------------ */

/* A query of its own scratch; packed gets its floats, `step` apart. */
static void points_query_set(const mlpipe__points *p, points_query *q,
                             float *packed, uint32_t step, float *limit)
{
    const struct mlpipe__points_engine *e = p->engine;
    const bool euclid = p->metric == MLPIPE__POINTS_EUCLIDEAN;
    double norm = 0;
    uint32_t f;

    q->near_count = q->maybe_count = q->bound_count = 0;
    q->far = false;
    for (f = 0; f < p->features; f++) {
        const double exact = (q->x[f] - e->centre[f]) * e->scale;
        const bool far = !(exact <= POINTS_FAR && exact >= -POINTS_FAR);
        const float v = far ? 0 : (float)exact;
        const double w = v;

        q->far |= far;
        norm += euclid ? w * w : w < 0 ? -w : w;
        packed[(size_t)f * step] = euclid ? -v : v;
    }
    q->zero = euclid ? norm / 2 : 0;
    q->slack = e->rounding * norm + p->features * 0x1p-80;
    *limit = (float)mlpipe__inf();
}

/* Where the parts of a slab of n queries lie. */
typedef struct points_room {
    points_query *query;
    float *packed, *limit, *out;
} points_room;

static points_room points_rooms(const mlpipe__points *p, void *scratch,
                                uint32_t n)
{
    points_room r = {.query = scratch};
    points_near *near = (points_near *)(r.query + n);
    points_near *maybe = near + (size_t)n * p->k;
    double *x = (double *)(maybe + (size_t)n * points_maybes(p));
    double *bound = x + (size_t)n * p->features;
    uint32_t i;

    for (i = 0; i < n; i++) {
        r.query[i].near = near + (size_t)i * p->k;
        r.query[i].maybe = maybe + (size_t)i * points_maybes(p);
        r.query[i].x = x + (size_t)i * p->features;
        r.query[i].bound = bound + (size_t)i * p->k;
    }
    r.packed = (float *)(bound + (size_t)n * p->k);
    r.limit = r.packed + (size_t)n * p->features;
    r.out = r.limit + n;
    return r;
}

/* Groups of POINTS_GROUP queries, then the others one by one. */
static void points_find(const mlpipe__points *p, const points_room *r,
                          uint32_t n)
{
    const uint32_t grouped = n / POINTS_GROUP * POINTS_GROUP;
    const size_t floats = ((size_t)p->features + 1) * POINTS_PANEL;
    uint32_t i, b, q, some;

    for (i = 0; i < n; i++)
        points_query_set(p, &r->query[i],
                         i < grouped ? r->packed + i % POINTS_GROUP +
                                           (size_t)(i - i % POINTS_GROUP) *
                                               p->features
                                     : r->packed + (size_t)i * p->features,
                         i < grouped ? POINTS_GROUP : 1, &r->limit[i]);
    for (b = 0; b < p->engine->panels; b++)
        for (i = 0; i < n; i += some) {
            some = i < grouped ? POINTS_GROUP : 1;
            uint32_t hits = points_tile(
                p, p->engine->panel + b * floats,
                r->packed + (size_t)i * p->features, r->limit + i, some,
                r->out);
            for (q = 0; hits; q++, hits >>= 1)
                if (hits & 1)
                    points_scan(p, &r->query[i + q], b * POINTS_PANEL,
                                r->out + q * POINTS_PANEL, &r->limit[i + q]);
        }
    for (i = 0; i < n; i++)
        points_settle(p, &r->query[i], &r->limit[i]);
}

void mlpipe__vm_run_knn(const mlpipe__vm_run *run, const mlpipe__op *op)
{
    const mlpipe__points *p = run->p->points[op->a];
    const uint32_t *regs = run->p->words + op->arg;
    const uint32_t slab = points_slab(p, run->stride);
    const points_room r = points_rooms(p, run->extra, slab);
    uint32_t start, i, f, c, n;

    for (start = 0; start < run->n; start += n) {
        n = run->n - start < slab ? run->n - start : slab;
        for (f = 0; f < op->count; f++)
            for (i = 0; i < n; i++)
                r.query[i].x[f] =
                    run->values[regs[f] * run->stride + start + i];
        points_find(p, &r, n);
        for (i = 0; i < n; i++) {
            const size_t at = op->dst * run->stride + start + i;
            uint8_t there = 1;

            points_answer(p, &r.query[i], run->stride, run->values + at,
                          run->flags + at);
            for (f = 0; f < op->count; f++)
                there &= run->flags[regs[f] * run->stride + start + i];
            for (c = 0; c < p->outputs && !there; c++)
                vm_copy(&run->values[at + c * run->stride],
                        &run->flags[at + c * run->stride], vm_give(0, 0));
        }
    }
}
