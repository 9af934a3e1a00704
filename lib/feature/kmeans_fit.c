/* SPDX-License-Identifier: MIT */
/*
 * Lloyd's k-means: rows to their nearest centre, centres to the mean of their
 * rows, until no row changes or the centres hardly move. A centre without rows
 * goes to the row that is farthest from its own.
 */
#include "kmeans_types.h"

/* ---- memory ------------------------------------------------------------- */

static void kmeans_free(kmeans_state *s)
{
    mlpipe__env *env = s->env;

    mlpipe__free(env, s->own_x);
    mlpipe__free(env, s->own_w);
    mlpipe__free(env, s->shift);
    mlpipe__free(env, s->tile);
    mlpipe__free(env, s->norm);
    mlpipe__free(env, s->label);
    mlpipe__free(env, s->centre);
    mlpipe__free(env, s->before);
    mlpipe__free(env, s->group);
    mlpipe__free(env, s->half);
    mlpipe__free(env, s->sums);
    mlpipe__free(env, s->score);
    mlpipe__free(env, s->changed);
    mlpipe__free(env, s->part);
    mlpipe__free(env, s->near);
    mlpipe__free(env, s->reach);
    mlpipe__free(env, s->better);
    mlpipe__free(env, s->gain);
}

/* The grids of sums: as many bits as keep a sum of n values exact, and one
 * more for those that are on their way. */
static void kmeans_grids(kmeans_state *s)
{
    double coarse = 0x1p-48, fine, rows = 16;

    while (rows < s->n) {
        rows *= 2;
        coarse *= 2;
    }
    fine = coarse * coarse * 0.5;
    s->magic[0] = 0x1.8p52 * coarse;
    s->magic[1] = 0x1.8p52 * fine;
}

static mlpipe_status kmeans_allocate(kmeans_state *s)
{
    mlpipe__env *env = s->env;
    const size_t k = s->k, d = s->d;
    const size_t tiles = ((size_t)s->n + KMEANS_LANES - 1) / KMEANS_LANES;
    const size_t padded = (size_t)s->groups * KMEANS_GROUP;

    s->sum_room = k * 2 * (d + 1);
    s->shift = mlpipe__alloc_array(env, d, sizeof *s->shift);
    s->tile = mlpipe__alloc_array(env, tiles * KMEANS_LANES,
                                  d * sizeof *s->tile);
    s->norm = mlpipe__alloc_array(env, tiles * KMEANS_LANES, sizeof *s->norm);
    s->label = mlpipe__alloc_array(env, s->n, sizeof *s->label);
    s->centre = mlpipe__alloc_array(env, k, d * sizeof *s->centre);
    s->before = mlpipe__alloc_array(env, k, d * sizeof *s->before);
    s->group = mlpipe__alloc_array(env, padded, d * sizeof *s->group);
    s->half = mlpipe__alloc_array(env, padded, sizeof *s->half);
    s->sums = mlpipe__alloc_array(env, s->tasks + (size_t)1,
                                  s->sum_room * sizeof *s->sums);
    s->score = mlpipe__alloc_array(env, s->tasks * padded,
                                   KMEANS_LANES * sizeof *s->score);
    s->changed = mlpipe__alloc_array(env, s->tasks, sizeof *s->changed);
    s->part = mlpipe__alloc_array(env, s->blocks, sizeof *s->part);
    s->near = mlpipe__alloc_array(env, s->n, sizeof *s->near);
    s->reach =
        mlpipe__alloc_array(env, tiles * KMEANS_LANES, sizeof *s->reach);
    s->better = mlpipe__alloc_array(env, s->n, sizeof *s->better);
    s->gain = mlpipe__alloc_array(env, s->blocks,
                                  KMEANS_DRAWS_MAX * sizeof *s->gain);
    if (!s->shift || !s->tile || !s->norm || !s->label || !s->centre ||
        !s->before || !s->group || !s->half || !s->sums || !s->score ||
        !s->changed || !s->part || !s->near || !s->reach || !s->better ||
        !s->gain)
        return mlpipe__nomem(s->ctx);
    return MLPIPE_OK;
}

/* A row of weight 0 is as good as absent. */
static mlpipe_status kmeans_leave_out(kmeans_state *s)
{
    const uint64_t kept = s->w ? mlpipe__weighted_rows(s->w, s->n) : s->n;
    uint32_t at = 0;

    if (!kept)
        return mlpipe__fail(s->ctx, MLPIPE_E_EMPTY,
                            "%s: none of the %u training rows has a weight "
                            "above 0; look at the weight column",
                            s->owner, s->n);
    if (kept == s->n)
        return MLPIPE_OK;
    s->own_x = mlpipe__alloc_array(s->env, (size_t)kept,
                                   s->d * sizeof *s->own_x);
    s->own_w = mlpipe__alloc_array(s->env, (size_t)kept, sizeof *s->own_w);
    if (!s->own_x || !s->own_w)
        return mlpipe__nomem(s->ctx);
    for (uint32_t i = 0; i < s->n; i++) {
        if (!(s->w[i] > 0))
            continue;
        memcpy(s->own_x + (size_t)at * s->d, s->x + (size_t)i * s->d,
               s->d * sizeof *s->x);
        s->own_w[at++] = s->w[i];
    }
    s->n = at;
    s->x = s->own_x;
    s->w = s->own_w;
    return MLPIPE_OK;
}

/* ---- distances of all rows to their centres ----------------------------- */

static void kmeans_near_block(kmeans_state *s, uint32_t task, uint32_t block)
{
    const uint32_t n = kmeans_block_rows(s, block);
    double lanes[MLPIPE__SUM_LANES] = {0};
    (void)task;

    for (uint32_t i = 0; i < n; i++) {
        const size_t row = (size_t)block * KMEANS_BLOCK + i;
        const double *c = s->centre + (size_t)s->label[row] * s->d;

        s->near[row] = kmeans_distance(s->x + row * s->d, c, s->d);
        lanes[i % MLPIPE__SUM_LANES] +=
            (s->w ? s->w[row] * s->unit : 1.0) * s->near[row];
    }
    s->part[block] = mlpipe__lanes_value(lanes);
}

/* Sets s->near; the sum of them by weight, in units of s->unit. */
static mlpipe_status kmeans_inertia(kmeans_state *s, double *out)
{
    mlpipe__tree tree = {0};
    const mlpipe_status st = mlpipe__kmeans_pass(s, kmeans_near_block);

    for (uint32_t b = 0; b < s->blocks; b++)
        mlpipe__tree_add(&tree, s->part[b]);
    *out = mlpipe__tree_value(&tree);
    return st;
}

/* ---- centres ------------------------------------------------------------ */

static double *kmeans_sum_of(const kmeans_state *s, uint32_t centre)
{
    return s->sums + (size_t)centre * 2 * ((size_t)s->d + 1);
}

static double kmeans_weight(const kmeans_state *s, uint32_t centre)
{
    const double *sum = kmeans_sum_of(s, centre);

    return sum[s->d] + sum[2 * s->d + 1];
}

/* Moves what a row adds from one centre's sums to another's. */
static void kmeans_move(kmeans_state *s, uint32_t row, uint32_t to)
{
    const uint32_t d = s->d;
    const double *x = s->x + (size_t)row * d;
    const double w = s->w ? s->w[row] * s->unit : 1.0;
    double *from = kmeans_sum_of(s, s->label[row]);
    double *into = kmeans_sum_of(s, to);

    for (uint32_t c = 0; c <= d; c++) {
        const double v =
            c < d ? (x[c] - s->shift[c]) * s->scale * w : w;
        const double high = (v + s->magic[0]) - s->magic[0];
        const double low = ((v - high) + s->magic[1]) - s->magic[1];

        from[c] -= high;
        into[c] += high;
        from[d + 1 + c] -= low;
        into[d + 1 + c] += low;
    }
    s->label[row] = to;
    s->near[row] = 0;
}

/* Centres without rows get the farthest ones, of equally far ones the first;
 * one that is a centre's last row stays. */
static mlpipe_status kmeans_fill(kmeans_state *s, uint64_t *changed)
{
    mlpipe_status st = MLPIPE_OK;
    bool known = false;
    double sum;

    for (uint32_t k = 0; k < s->k && !st; k++) {
        uint32_t far = UINT32_MAX;

        if (kmeans_weight(s, k) > 0)
            continue;
        if (!known)
            st = kmeans_inertia(s, &sum);
        known = true;
        for (uint32_t i = 0; i < s->n && !st; i++)
            if (s->near[i] > (far == UINT32_MAX ? 0 : s->near[far]))
                far = i;
        if (far != UINT32_MAX) {
            kmeans_move(s, far, k);
            ++*changed;
        }
    }
    return st;
}

/* Centres become the means; the squared way that they went. */
static double kmeans_means_of(kmeans_state *s)
{
    const size_t cells = (size_t)s->k * s->d;

    memcpy(s->before, s->centre, cells * sizeof *s->centre);
    for (uint32_t k = 0; k < s->k; k++) {
        const double *sum = kmeans_sum_of(s, k);
        const double weight = kmeans_weight(s, k);
        double *c = s->centre + (size_t)k * s->d;

        for (uint32_t i = 0; i < s->d && weight > 0; i++)
            c[i] = s->shift[i] +
                   (sum[i] + sum[s->d + 1 + i]) / weight / s->scale;
    }
    for (size_t i = 0; i < cells; i++) {
        const double way = s->centre[i] - s->before[i];
        s->before[i] = way * way;
    }
    return mlpipe__sum(s->before, cells);
}

static mlpipe_status kmeans_lloyd(kmeans_state *s, uint32_t most,
                                  mlpipe__kmeans *out)
{
    mlpipe_status st = MLPIPE_OK;
    uint64_t changed = 1;

    memset(s->sums, 0, s->sum_room * sizeof *s->sums);
    memset(s->label, 0xff, s->n * sizeof *s->label);
    out->iterations = 0;
    out->converged = false;
    out->least = s->tol;
    while (!st && !out->converged && out->iterations < most) {
        st = mlpipe__kmeans_assign(s, &changed);
        if (!st)
            st = kmeans_fill(s, &changed);
        if (st)
            break;
        out->moved = kmeans_means_of(s);
        out->iterations++;
        out->converged = !changed || out->moved <= s->tol;
    }
    if (!st && changed)
        st = mlpipe__kmeans_assign(s, &changed);
    return st ? st : kmeans_inertia(s, &out->inertia);
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status kmeans_give(const kmeans_state *s, mlpipe__kmeans *out)
{
    out->k = s->k;
    if (!out->centre)
        out->centre = mlpipe__alloc_array(s->env, s->k,
                                          s->d * sizeof *out->centre);
    if (!out->size)
        out->size = mlpipe__alloc_array(s->env, s->k, sizeof *out->size);
    if (!out->centre || !out->size)
        return mlpipe__nomem(s->ctx);
    memcpy(out->centre, s->centre,
           (size_t)s->k * s->d * sizeof *out->centre);
    memset(out->size, 0, s->k * sizeof *out->size);
    for (uint32_t i = 0; i < s->n; i++)
        out->size[s->label[i]]++;
    return MLPIPE_OK;
}

static mlpipe_status kmeans_repeats(kmeans_state *s,
                                    const mlpipe__kmeans_options *o,
                                    mlpipe__kmeans *out)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t r = 0; r < o->repeats && !st; r++) {
        mlpipe__kmeans one = *out;

        if (o->start)
            memcpy(s->centre, o->start,
                   (size_t)s->k * s->d * sizeof *s->centre);
        else
            st = mlpipe__kmeans_start(s, o->seed, r);
        if (!st)
            st = kmeans_lloyd(s, o->iterations, &one);
        if (st || (r && !(one.inertia < out->inertia)))
            continue;
        *out = one;
        st = kmeans_give(s, out);
    }
    out->inertia /= s->unit;
    return st;
}

mlpipe_status mlpipe__kmeans_fit(mlpipe_ctx *ctx, const char *owner,
                                 const double *x, const double *w, uint32_t n,
                                 uint32_t d,
                                 const mlpipe__kmeans_options *options,
                                 mlpipe__kmeans *out)
{
    kmeans_state s = {.ctx = ctx,
                      .env = ctx->env,
                      .owner = owner,
                      .x = x,
                      .w = w,
                      .n = n,
                      .d = d,
                      .k = options->k,
                      .tol = options->tol,
                      .plain = options->plain,
                      .vector = options->vector           ? options->vector
                                : mlpipe__has_avx512() ? 64
                                : mlpipe__has_avx2()   ? 32
                                                       : 16};
    mlpipe_status st = kmeans_leave_out(&s);

    *out = (mlpipe__kmeans){.env = ctx->env};
    s.groups = (s.k + KMEANS_GROUP - 1) / KMEANS_GROUP;
    s.blocks = (s.n + KMEANS_BLOCK - 1) / KMEANS_BLOCK;
    s.tasks = s.blocks < ctx->threads ? s.blocks : ctx->threads;
    if (!st)
        st = kmeans_allocate(&s);
    if (!st) {
        kmeans_grids(&s);
        st = mlpipe__kmeans_rows(&s);
    }
    if (!st)
        st = kmeans_repeats(&s, options, out);
    kmeans_free(&s);
    if (st)
        mlpipe__kmeans_free(out);
    return st;
}

void mlpipe__kmeans_free(mlpipe__kmeans *k)
{
    if (k->env) {
        mlpipe__free(k->env, k->centre);
        mlpipe__free(k->env, k->size);
    }
    memset(k, 0, sizeof *k);
}
