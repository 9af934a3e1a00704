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

/* Sorts the raw cuts of each used feature; how many steps a search takes. */
static void forest_count_bins(forest_engine *e, double *raw,
                              const uint32_t *fill)
{
    uint32_t u;

    for (u = 0; u < e->used; u++) {
        forest_feature *v = &e->features[u];
        const uint32_t kept =
            v->codes ? 0 : forest_sort_distinct(raw + v->cut, fill[u]);

        v->bins = (v->codes ? v->codes : kept) + 2;
        v->steps = forest_log2_room(kept);
        e->max_bins = v->bins > e->max_bins ? v->bins : e->max_bins;
    }
}

/* Numbers first, those with the longest search before the others; four
 * neighbours search together and so take equally many steps. */
static bool forest_order_used(const mlpipe__forest *f, forest_engine *e,
                              uint32_t *used_of)
{
    forest_feature *sorted =
        mlpipe__alloc_array(f->env, e->used, sizeof *sorted);
    uint32_t u, steps, at = 0;

    if (!sorted)
        return false;
    for (steps = 32; steps-- > 0;)
        for (u = 0; u < e->used; u++)
            if (!e->features[u].codes && e->features[u].steps == steps)
                sorted[at++] = e->features[u];
    e->quads = at / 4 * 4;
    for (u = 0; u < e->used; u++)
        if (e->features[u].codes)
            sorted[at++] = e->features[u];
    for (u = 0; u < e->used; u++) {
        if (u < e->quads)
            sorted[u].steps = sorted[u / 4 * 4].steps;
        used_of[sorted[u].feature] = u;
    }
    mlpipe__free(f->env, e->features);
    e->features = sorted;
    return true;
}

/* The cuts of each used number, padded to 2^steps - 1 by NaN, which no value
 * reaches. */
static bool forest_pad_cuts(const mlpipe__forest *f, forest_engine *e,
                            const double *raw)
{
    size_t total = 0;
    uint32_t u, i;

    for (u = 0; u < e->used; u++)
        total += (1u << e->features[u].steps) - 1;
    if (total > UINT32_MAX)
        return false;
    e->cuts = mlpipe__alloc_array(f->env, total, 8);
    if (!e->cuts)
        return false;
    for (total = u = 0; u < e->used; u++) {
        forest_feature *v = &e->features[u];
        const uint32_t kept = v->codes ? 0 : v->bins - 2;

        for (i = 0; i < (1u << v->steps) - 1; i++)
            e->cuts[total + i] = i < kept ? raw[v->cut + i] : mlpipe__nan();
        v->cut = (uint32_t)total;
        total += (1u << v->steps) - 1;
    }
    return true;
}

static bool forest_collect_cuts(const mlpipe__forest *f, forest_engine *e,
                                uint32_t *used_of)
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
    if (ok) {
        forest_count_bins(e, raw, fill);
        ok = forest_order_used(f, e, used_of) && forest_pad_cuts(f, e, raw);
    }
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
    mlpipe__free(f->env, e->blocks);
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
    e->isa = mlpipe__mask_isa(f->env);
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

/* Where a used feature lies, from row `from` on. */
static inline const double *forest_lane(const forest_lanes *lanes,
                                        uint32_t feature, uint32_t from,
                                        const uint8_t **valid)
{
    if (lanes->regs) {
        const size_t at = lanes->regs[feature] * lanes->stride + from;

        *valid = lanes->flags + at;
        return lanes->values + at;
    }
    *valid = lanes->valid[feature] + from;
    return lanes->x[feature] + from;
}

static inline void forest_bin_code(const forest_feature *v, double x,
                                   uint8_t valid, uint32_t *bin)
{
    const uint32_t code = x >= 0 && x < v->codes ? (uint32_t)x : v->codes;

    *bin = valid ? code : v->bins - 1;
}

/*
 * Four searches at once, of the same number of steps: one waits for another's
 * compare. A step chooses an address, so that no branch depends on a value.
 */
static inline void forest_search4(const double *const cuts[4],
                                  const double x[4], uint32_t steps,
                                  uint32_t at[4])
{
    const double *a = cuts[0], *b = cuts[1], *c = cuts[2], *d = cuts[3];
    size_t half = steps ? (size_t)1 << (steps - 1) : 0;

    for (; half; half >>= 1) {
        const double *const a2 = a + half, *const b2 = b + half;
        const double *const c2 = c + half, *const d2 = d + half;

        a = a2[-1] <= x[0] ? a2 : a;
        b = b2[-1] <= x[1] ? b2 : b;
        c = c2[-1] <= x[2] ? c2 : c;
        d = d2[-1] <= x[3] ? d2 : d;
    }
    at[0] = (uint32_t)(a - cuts[0]);
    at[1] = (uint32_t)(b - cuts[1]);
    at[2] = (uint32_t)(c - cuts[2]);
    at[3] = (uint32_t)(d - cuts[3]);
}

/* Four numbers of the same number of steps, row by row. */
static inline void forest_bin4(const forest_engine *e,
                               const forest_lanes *lanes,
                               const forest_feature *v, uint32_t from,
                               uint32_t n, uint32_t *bins)
{
    const double *x[4], *cuts[4];
    const uint8_t *valid[4];
    uint32_t i, k, at[4];
    double now[4];

    for (k = 0; k < 4; k++) {
        x[k] = forest_lane(lanes, v[k].feature, from, &valid[k]);
        cuts[k] = e->cuts + v[k].cut;
    }
    for (i = 0; i < n; i++) {
        for (k = 0; k < 4; k++)
            now[k] = x[k][i];
        forest_search4(cuts, now, v->steps, at);
        for (k = 0; k < 4; k++)
            bins[(size_t)k * n + i] = valid[k][i] ? at[k] : v[k].bins - 1;
    }
}

/* bins[u * n + i] of n rows from row `from` on. */
static inline void forest_bins(const forest_engine *e,
                               const forest_lanes *lanes, uint32_t from,
                               uint32_t n, uint32_t *bins)
{
    uint32_t u, i;

    for (u = 0; u < e->quads; u += 4)
        forest_bin4(e, lanes, &e->features[u], from, n,
                    bins + (size_t)u * n);
    for (; u < e->used; u++) {
        const forest_feature *v = &e->features[u];
        const uint8_t *valid;
        const double *x = forest_lane(lanes, v->feature, from, &valid);

        for (i = 0; i < n; i++) {
            uint32_t *bin = &bins[(size_t)u * n + i];

            if (v->codes)
                forest_bin_code(v, x[i], valid[i], bin);
            else
                *bin = valid[i] ? forest_count_cuts(e->cuts + v->cut,
                                                    v->steps, x[i])
                                : v->bins - 1;
        }
    }
}

/* ---- run ---------------------------------------------------------------- */

static void forest_run_tile(const mlpipe__forest *f, uint32_t *bins,
                            const forest_lanes *lanes, uint32_t from,
                            uint32_t n, double *out, size_t out_stride)
{
    const forest_engine *e = f->engine;

    if (n == 1) /* with strides that the compiler knows */
        forest_bins(e, lanes, from, 1, bins);
    else
        forest_bins(e, lanes, from, n, bins);
    if (e->masks)
        mlpipe__mask_run(f, bins, n, out + from, out_stride);
    else
        mlpipe__steps_run(f, bins, n, out + from, out_stride);
}

static void forest_run_lanes(const mlpipe__forest *f, uint32_t *bins,
                             const forest_lanes *lanes, uint32_t n,
                             double *out, size_t out_stride)
{
    uint32_t from, k, i;

    for (k = 0; k < f->outputs; k++)
        for (i = 0; i < n; i++)
            out[k * out_stride + i] = 0;
    for (from = 0; from < n; from += FOREST_TILE) {
        const uint32_t m = n - from < FOREST_TILE ? n - from : FOREST_TILE;

        forest_run_tile(f, bins, lanes, from, m, out, out_stride);
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
