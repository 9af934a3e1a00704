/* SPDX-License-Identifier: MIT */
/*
 * Compiling a forest and running it: features to bins once, then the mask
 * tables (forest_mask.c) or the walk over bins (forest_steps.c).
 */
#include "forest_types.h"

/* ---- which features are used, and their cuts ---------------------------- */

/* Heap sort: no memory, no bad case. */
static void forest_sift(double *v, uint32_t from, uint32_t n)
{
    const double x = v[from];
    uint32_t child;

    for (; (child = 2 * from + 1) < n; from = child) {
        child += child + 1 < n && v[child] < v[child + 1];
        if (!(x < v[child]))
            break;
        v[from] = v[child];
    }
    v[from] = x;
}

static uint32_t forest_sort_distinct(double *v, uint32_t n)
{
    uint32_t i, kept = 0;

    for (i = n / 2; i-- > 0;)
        forest_sift(v, i, n);
    for (i = n; i-- > 1;) {
        const double top = v[0];

        v[0] = v[i];
        v[i] = top;
        forest_sift(v, 0, i);
    }
    for (i = 0; i < n; i++)
        if (!kept || v[kept - 1] < v[i])
            v[kept++] = v[i];
    return kept;
}

static uint32_t forest_log2_room(uint32_t cuts)
{
    uint32_t steps = 0;

    while (steps < 31 && (1u << steps) - 1 < cuts)
        steps++;
    return steps;
}

/* used_of[feature] = its place among the used ones, from the node counts
 * that first stand there. */
static bool forest_list_used(const mlpipe__forest *f, forest_engine *e,
                             uint32_t *used_of)
{
    uint32_t i, room = 0;

    for (i = 0; i < f->nodes; i++)
        used_of[f->node_feature[i]]++;
    for (i = 0; i < f->features; i++)
        e->used += used_of[i] > 0;
    e->features = mlpipe__alloc_array(f->env, e->used, sizeof *e->features);
    if (!e->features)
        return false;
    e->used = 0;
    for (i = 0; i < f->features; i++) {
        forest_feature *u = &e->features[e->used];

        if (!used_of[i]) {
            used_of[i] = UINT32_MAX;
            continue;
        }
        u->feature = i;
        u->codes = f->feature_codes[i];
        u->cut = room; /* where its raw cuts are collected */
        room += u->codes ? 0 : used_of[i];
        used_of[i] = e->used++;
    }
    return true;
}

/* Sorted distinct cuts of each used number, padded to 2^steps - 1 by NaN,
 * which no value reaches. raw holds the cuts of all nodes. */
static bool forest_pad_cuts(const mlpipe__forest *f, forest_engine *e,
                            double *raw, const uint32_t *fill)
{
    uint32_t u, i, total = 0;

    for (u = 0; u < e->used; u++) {
        forest_feature *v = &e->features[u];
        const uint32_t kept =
            v->codes ? 0 : forest_sort_distinct(raw + v->cut, fill[u]);

        v->bins = (v->codes ? v->codes : kept) + 2;
        v->steps = forest_log2_room(kept);
        total += (1u << v->steps) - 1;
        e->max_bins = v->bins > e->max_bins ? v->bins : e->max_bins;
    }
    e->cuts = mlpipe__alloc_array(f->env, total, 8);
    if (!e->cuts)
        return false;
    e->cut_count = total;
    for (total = u = 0; u < e->used; u++) {
        forest_feature *v = &e->features[u];
        const uint32_t kept = v->codes ? 0 : v->bins - 2;

        for (i = 0; i < (1u << v->steps) - 1; i++)
            e->cuts[total + i] = i < kept ? raw[v->cut + i] : mlpipe__nan();
        v->cut = total;
        total += (1u << v->steps) - 1;
    }
    return true;
}

static bool forest_collect_cuts(const mlpipe__forest *f, forest_engine *e,
                                const uint32_t *used_of)
{
    double *raw = mlpipe__alloc_array(f->env, f->nodes, 8);
    uint32_t *fill = mlpipe__alloc_array(f->env, e->used, 4);
    bool ok = raw && fill;
    uint32_t i;

    for (i = 0; ok && i < f->nodes; i++) {
        const uint32_t u = used_of[f->node_feature[i]];

        if (!e->features[u].codes)
            raw[e->features[u].cut + fill[u]++] = f->node_cut[i];
    }
    ok = ok && forest_pad_cuts(f, e, raw, fill);
    mlpipe__free(f->env, raw);
    mlpipe__free(f->env, fill);
    return ok;
}

/* ---- compile, release --------------------------------------------------- */

void mlpipe__forest_release(mlpipe__forest *f)
{
    forest_engine *e = f->engine;

    if (!e)
        return;
    mlpipe__free(f->env, e->features);
    mlpipe__free(f->env, e->cuts);
    mlpipe__free(f->env, e->block_pair);
    mlpipe__free(f->env, e->block_output);
    mlpipe__free(f->env, e->pairs);
    mlpipe__free(f->env, e->map);
    mlpipe__free(f->env, e->lines);
    mlpipe__free(f->env, e->leaf);
    mlpipe__free(f->env, e->steps);
    mlpipe__free(f->env, e->bits);
    mlpipe__free(f->env, e);
    f->engine = NULL;
}

static bool forest_build(mlpipe__forest *f, uint32_t *used_of)
{
    forest_engine *e = f->engine;
    bool nomem = false;

    if (!forest_list_used(f, e, used_of) ||
        !forest_collect_cuts(f, e, used_of))
        return false;
    e->masks = mlpipe__mask_build(f, e, used_of, &nomem);
    if (nomem)
        return false;
    return e->masks || mlpipe__steps_build(f, e, used_of);
}

bool mlpipe__forest_compile(mlpipe__forest *f)
{
    uint32_t *used_of;
    bool ok;

    if (f->engine)
        return true;
    used_of = mlpipe__alloc_array(f->env, f->features, 4);
    f->engine = mlpipe__alloc(f->env, sizeof *f->engine);
    ok = used_of && f->engine && forest_build(f, used_of);
    mlpipe__free(f->env, used_of);
    if (!ok)
        mlpipe__forest_release(f);
    return ok;
}

/* ---- bins --------------------------------------------------------------- */

/* The walk needs each bin twice: missing as the lowest, and as the highest. */
size_t mlpipe__forest_scratch(const mlpipe__forest *f)
{
    const forest_engine *e = f->engine;

    return (size_t)e->used * FOREST_TILE * 4 * (e->masks ? 1 : 2);
}

static inline uint32_t forest_bin(const forest_feature *u,
                                  const double *cuts, double x,
                                  uint32_t valid)
{
    uint32_t bin;

    if (u->codes)
        bin = x >= 0 && x < u->codes ? (uint32_t)x : u->codes;
    else
        bin = forest_count_cuts(cuts, u->steps, x);
    return valid ? bin : u->bins - 1;
}

/* bins[u * n + i] of n rows from row `from` on. */
static void forest_bins(const forest_engine *e, const forest_lanes *lanes,
                        uint32_t from, uint32_t n, uint32_t *bins)
{
    uint32_t u, i;

    for (u = 0; u < e->used; u++) {
        const forest_feature *v = &e->features[u];
        const double *cuts = e->cuts + v->cut;
        const double *x;
        const uint8_t *valid;

        if (lanes->regs) {
            const size_t at = lanes->regs[v->feature] * lanes->stride;

            x = lanes->values + at;
            valid = lanes->flags + at;
        } else {
            x = lanes->x[v->feature];
            valid = lanes->valid[v->feature];
        }
        for (i = 0; i < n; i++)
            bins[(size_t)u * n + i] =
                forest_bin(v, cuts, x[from + i], valid[from + i]);
    }
}

/* ---- run ---------------------------------------------------------------- */

static void forest_run_lanes(const mlpipe__forest *f, uint32_t *bins,
                             const forest_lanes *lanes, uint32_t n,
                             double *out, size_t out_stride)
{
    const forest_engine *e = f->engine;
    uint32_t from, k, i;

    for (k = 0; k < f->outputs; k++)
        for (i = 0; i < n; i++)
            out[k * out_stride + i] = 0;
    for (from = 0; from < n; from += FOREST_TILE) {
        const uint32_t m = n - from < FOREST_TILE ? n - from : FOREST_TILE;

        forest_bins(e, lanes, from, m, bins);
        if (e->masks)
            mlpipe__mask_run(f, bins, m, out + from, out_stride);
        else
            mlpipe__steps_run(f, bins, m, out + from, out_stride);
    }
    for (k = 0; k < f->outputs; k++)
        for (i = 0; i < n; i++)
            out[k * out_stride + i] =
                f->base[k] + f->scale * out[k * out_stride + i];
}

void mlpipe__forest_run(const mlpipe__forest *f, void *scratch,
                        const double *const *x, const uint8_t *const *valid,
                        uint32_t n, double *out, size_t out_stride)
{
    const forest_lanes lanes = {.x = x, .valid = valid};

    forest_run_lanes(f, scratch, &lanes, n, out, out_stride);
}

void mlpipe__forest_run_regs(const mlpipe__forest *f, void *scratch,
                             const double *values, const uint8_t *valid,
                             size_t stride, const uint32_t *regs, uint32_t n,
                             double *out)
{
    const forest_lanes lanes = {.values = values, .flags = valid,
                                .stride = stride, .regs = regs};

    forest_run_lanes(f, scratch, &lanes, n, out, stride);
}
