/* SPDX-License-Identifier: MIT */
/*
 * Mask tables: a bit for each leaf of a tree, cleared where a feature's bin
 * rules the leaf out. What the AND over all features leaves is the leaf. The
 * masks of 32 trees of up to 32 leaves (16 of up to 64) are one line; a block
 * of trees knows the features that it uses, and for each of them only the
 * lines that differ.
 */
#include "forest_types.h"

/* What building needs beside the engine. */
typedef struct mask_work {
    uint64_t *left, *right; /* of each node: leaves on that side */
    uint32_t *order;        /* trees by output */
    uint32_t *head, *next;  /* nodes of a block by used feature */
    uint32_t *touched;      /* used features of a block */
    uint8_t *lane;          /* of each node: its tree's place in the block */
    uint8_t *mark;          /* bins at which some node changes side */
    uint32_t line_count;
    size_t map_count;
} mask_work;

static uint32_t mask_lanes(const forest_engine *e)
{
    return e->wide ? 16 : 32;
}

static bool mask_work_new(const mlpipe__forest *f, const forest_engine *e,
                          mask_work *w)
{
    mlpipe__env *env = f->env;

    w->left = mlpipe__alloc_array(env, f->nodes, 8);
    w->right = mlpipe__alloc_array(env, f->nodes, 8);
    w->order = mlpipe__alloc_array(env, f->trees, 4);
    w->head = mlpipe__alloc_array(env, e->used, 4);
    w->next = mlpipe__alloc_array(env, f->nodes, 4);
    w->touched = mlpipe__alloc_array(env, e->used, 4);
    w->lane = mlpipe__alloc_array(env, f->nodes, 1);
    w->mark = mlpipe__alloc_array(env, (size_t)e->max_bins + 1, 1);
    return w->left && w->right && w->order && w->head && w->next &&
           w->touched && w->lane && w->mark;
}

static void mask_work_free(const mlpipe__forest *f, mask_work *w)
{
    mlpipe__env *env = f->env;

    mlpipe__free(env, w->left);
    mlpipe__free(env, w->right);
    mlpipe__free(env, w->order);
    mlpipe__free(env, w->head);
    mlpipe__free(env, w->next);
    mlpipe__free(env, w->touched);
    mlpipe__free(env, w->lane);
    mlpipe__free(env, w->mark);
}

/* ---- leaves from left to right ------------------------------------------ */

static uint64_t mask_bits(uint32_t from, uint32_t count)
{
    return (count > 63 ? ~0ull : (1ull << count) - 1) << (from & 63);
}

/*
 * Number the leaves of a tree from left to right: counts from the last node
 * up, first positions from the root down. Both stand in the mask arrays until
 * the masks replace them. place[leaf] is told.
 */
static void mask_number_tree(const mlpipe__forest *f, uint32_t t,
                             mask_work *w, uint8_t *place)
{
    const uint32_t first = f->tree_node[t];
    const uint32_t n = f->tree_node[t + 1] - first;
    uint64_t *count = w->left + first, *start = w->right + first;
    uint32_t i;

    place[0] = 0;
    for (i = n; i-- > 0;) {
        const int32_t l = f->node_left[first + i];
        const int32_t r = f->node_right[first + i];

        count[i] = (l < 0 ? 1 : count[l]) + (r < 0 ? 1 : count[r]);
        start[i] = 0;
    }
    for (i = 0; i < n; i++) {
        const int32_t l = f->node_left[first + i];
        const int32_t r = f->node_right[first + i];
        const uint32_t from = (uint32_t)start[i], all = (uint32_t)count[i];
        const uint32_t left = l < 0 ? 1 : (uint32_t)count[l];

        if (l < 0)
            place[~(uint32_t)l] = (uint8_t)from;
        else
            start[l] = from;
        if (r < 0)
            place[~(uint32_t)r] = (uint8_t)(from + left);
        else
            start[r] = from + left;
        w->left[first + i] = mask_bits(from, left);
        w->right[first + i] = mask_bits(from + left, all - left);
    }
}

static void mask_place_tree(const mlpipe__forest *f, forest_engine *e,
                            mask_work *w, uint32_t t, uint32_t block,
                            uint32_t lane)
{
    int32_t *leaf = e->leaf + (size_t)block * FOREST_BLOCK_LEAVES
                  + lane * (e->wide ? 64 : 32);
    uint8_t place[64];
    uint32_t i;

    mask_number_tree(f, t, w, place);
    for (i = f->tree_node[t]; i < f->tree_node[t + 1]; i++)
        w->lane[i] = (uint8_t)lane;
    for (i = f->tree_leaf[t]; i < f->tree_leaf[t + 1]; i++)
        leaf[place[i - f->tree_leaf[t]]] = f->leaf[i];
}

/* ---- blocks ------------------------------------------------------------- */

/* Trees in order of their output, stable; false where blocks of one output
 * would be mostly empty. */
static bool mask_order(const mlpipe__forest *f, forest_engine *e,
                       mask_work *w, uint32_t *count)
{
    const uint32_t lanes = mask_lanes(e);
    uint32_t t, k, at = 0;
    uint64_t blocks = 0;

    for (t = 0; t < f->trees; t++)
        count[f->tree_output[t]]++;
    for (k = 0; k < f->outputs; k++) {
        const uint32_t here = count[k];

        blocks += ((uint64_t)here + lanes - 1) / lanes;
        count[k] = at;
        at += here;
    }
    for (t = 0; t < f->trees; t++)
        w->order[count[f->tree_output[t]]++] = t;
    if (blocks * FOREST_BLOCK_LEAVES * 4 > FOREST_TABLE_BYTES)
        return false;
    e->block_count = (uint32_t)blocks;
    return true;
}

/* Which trees a block holds: `from` on, at most lanes, of one output. */
static uint32_t mask_block_end(const mlpipe__forest *f,
                               const forest_engine *e, const mask_work *w,
                               uint32_t from)
{
    const uint32_t k = f->tree_output[w->order[from]];
    uint32_t end = from;

    while (end < f->trees && end - from < mask_lanes(e) &&
           f->tree_output[w->order[end]] == k)
        end++;
    return end;
}

/* The nodes of a block by used feature; gives how many features those are. */
static uint32_t mask_gather(const mlpipe__forest *f, const mask_work *w,
                            uint32_t from, uint32_t end,
                            const uint32_t *used_of)
{
    uint32_t t, i, count = 0;

    for (t = from; t < end; t++) {
        const uint32_t tree = w->order[t];

        for (i = f->tree_node[tree]; i < f->tree_node[tree + 1]; i++) {
            const uint32_t u = used_of[f->node_feature[i]];

            if (w->head[u] == UINT32_MAX)
                w->touched[count++] = u;
            w->next[i] = w->head[u];
            w->head[u] = i;
        }
    }
    return count;
}

/* How large the tables can become at most; false where that is too large. */
static bool mask_measure(const mlpipe__forest *f, forest_engine *e,
                         mask_work *w, const uint32_t *used_of)
{
    uint64_t lines = f->nodes, map = 0, pairs = 0;
    uint32_t from, end, k, count;

    for (from = 0; from < f->trees; from = end) {
        end = mask_block_end(f, e, w, from);
        count = mask_gather(f, w, from, end, used_of);
        for (k = 0; k < count; k++) {
            const forest_feature *v = &e->features[w->touched[k]];

            lines += v->codes ? v->bins : 2;
            map += v->bins;
            w->head[w->touched[k]] = UINT32_MAX;
        }
        pairs += count;
        if (lines * FOREST_LINE_BYTES + map * 4 +
                pairs * sizeof(forest_pair) > FOREST_TABLE_BYTES)
            return false;
    }
    e->pair_count = (uint32_t)pairs;
    w->line_count = (uint32_t)lines;
    w->map_count = (size_t)map;
    return true;
}

/* ---- lines -------------------------------------------------------------- */

static bool mask_right(const mlpipe__forest *f, const forest_feature *v,
                       const double *cuts, uint32_t n, uint32_t bin)
{
    const uint32_t flags = f->node_flags[n];

    if (bin == v->bins - 1)
        return flags & MLPIPE__NODE_MISSING_RIGHT;
    if (!v->codes)
        return bin >= forest_count_cuts(cuts, v->steps, f->node_cut[n]);
    if (bin == v->codes)
        return flags & MLPIPE__NODE_OTHER_RIGHT;
    return f->set_bits[f->node_set[n] + bin / 32] >> (bin % 32) & 1;
}

static void mask_line(const mlpipe__forest *f, const forest_engine *e,
                      const mask_work *w, uint32_t used, uint32_t bin,
                      uint64_t *line)
{
    const forest_feature *v = &e->features[used];
    uint32_t n;

    memset(line, 0xff, FOREST_LINE_BYTES);
    for (n = w->head[used]; n != UINT32_MAX; n = w->next[n]) {
        const bool right = mask_right(f, v, e->cuts + v->cut, n, bin);
        const uint64_t out = right ? w->left[n] : w->right[n];

        if (e->wide) {
            line[w->lane[n]] &= ~out;
        } else {
            uint32_t mask;

            memcpy(&mask, (char *)line + 4 * (size_t)w->lane[n], 4);
            mask &= ~(uint32_t)out;
            memcpy((char *)line + 4 * (size_t)w->lane[n], &mask, 4);
        }
    }
}

/* Where the line of a number changes: at the cuts of the block's nodes. */
static void mask_mark(const mlpipe__forest *f, const forest_engine *e,
                      mask_work *w, uint32_t used)
{
    const forest_feature *v = &e->features[used];
    uint32_t n;

    memset(w->mark, v->codes != 0, v->bins);
    w->mark[0] = w->mark[v->bins - 1] = 1;
    for (n = w->head[used]; !v->codes && n != UINT32_MAX; n = w->next[n])
        w->mark[forest_count_cuts(e->cuts + v->cut, v->steps,
                                  f->node_cut[n])] = 1;
}

static void mask_fill_pair(const mlpipe__forest *f, forest_engine *e,
                           mask_work *w, uint32_t used, forest_pair *pair)
{
    enum { LOOK_BACK = 16 };
    const forest_feature *v = &e->features[used];
    uint64_t *first = e->lines + (size_t)w->line_count * FOREST_LINE_WORDS;
    uint32_t b, i, lines = 0, at = 0;

    pair->used = used;
    pair->map = (uint32_t)w->map_count;
    mask_mark(f, e, w, used);
    for (b = 0; b < v->bins; b++) {
        if (w->mark[b]) {
            uint64_t *line = first + (size_t)lines * FOREST_LINE_WORDS;

            mask_line(f, e, w, used, b, line);
            at = lines;
            for (i = lines; i-- > 0 && lines - i <= LOOK_BACK;)
                if (!memcmp(first + (size_t)i * FOREST_LINE_WORDS, line,
                            FOREST_LINE_BYTES))
                    at = i;
            lines += at == lines;
        }
        e->map[w->map_count++] = (w->line_count + at) * FOREST_LINE_BYTES;
    }
    w->line_count += lines;
}

static void mask_fill(const mlpipe__forest *f, forest_engine *e,
                      mask_work *w, const uint32_t *used_of)
{
    uint32_t from, end, k, t, count, block = 0, pair = 0;

    w->line_count = 0;
    w->map_count = 0;
    for (from = 0; from < f->trees; from = end, block++) {
        end = mask_block_end(f, e, w, from);
        for (t = from; t < end; t++)
            mask_place_tree(f, e, w, w->order[t], block, t - from);
        count = mask_gather(f, w, from, end, used_of);
        e->blocks[block].pair = pair;
        e->blocks[block].end = pair + count;
        e->blocks[block].output = f->tree_output[w->order[from]];
        e->blocks[block].lanes = (end - from + 3) / 4 * 4;
        for (k = 0; k < count; k++) {
            const uint32_t used = w->touched[k];

            mask_fill_pair(f, e, w, used, &e->pairs[pair++]);
            w->head[used] = UINT32_MAX;
        }
    }
}

static bool mask_alloc(const mlpipe__forest *f, forest_engine *e,
                       const mask_work *w)
{
    mlpipe__env *env = f->env;

    e->blocks = mlpipe__alloc_array(env, e->block_count, sizeof *e->blocks);
    e->pairs = mlpipe__alloc_array(env, e->pair_count, sizeof *e->pairs);
    e->map = mlpipe__alloc_array(env, w->map_count, 4);
    /* At least two lines, so that they begin at a multiple of 64. */
    e->lines = mlpipe__alloc_array(env, (size_t)w->line_count + 2,
                                   FOREST_LINE_BYTES);
    e->leaf = mlpipe__alloc_array(env, e->block_count,
                                  FOREST_BLOCK_LEAVES * 4);
    return e->blocks && e->pairs && e->map && e->lines && e->leaf;
}

bool mlpipe__mask_build(const mlpipe__forest *f, forest_engine *e,
                        const uint32_t *used_of, bool *nomem)
{
    mask_work w = {0};
    uint32_t *count = NULL, t, most = 0;
    bool fits = false;

    for (t = 0; t < f->trees; t++)
        most = forest_tree_leaves(f, t) > most ? forest_tree_leaves(f, t)
                                               : most;
    if (most > 64)
        return false;
    e->wide = most > 32;
    count = mlpipe__alloc_array(f->env, f->outputs, 4);
    if (!count || !mask_work_new(f, e, &w)) {
        *nomem = true;
        goto done;
    }
    memset(w.head, 0xff, (size_t)e->used * 4);
    fits = mask_order(f, e, &w, count) && mask_measure(f, e, &w, used_of);
    if (!fits)
        goto done;
    if (!mask_alloc(f, e, &w)) {
        *nomem = true;
        goto done;
    }
    mask_fill(f, e, &w, used_of);
done:
    mlpipe__free(f->env, count);
    mask_work_free(f, &w);
    return fits;
}

/* ---- run ---------------------------------------------------------------- */

#define MASK_NAME(name) name##_plain
#define MASK_TARGET
#define MASK_BYTES 16
#include "forest_mask_run.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define MASK_NAME(name) name##_avx2
#define MASK_TARGET __attribute__((target("avx2,bmi")))
#define MASK_BYTES 32
#include "forest_mask_run.h"

#define MASK_NAME(name) name##_avx512
#define MASK_TARGET __attribute__((target("avx512f,avx2,bmi")))
#define MASK_BYTES 64
#include "forest_mask_run.h"

#endif

uint32_t mlpipe__mask_isa(const mlpipe__env *env)
{
    return env->vector == 64   ? MASK_AVX512
           : env->vector == 32 ? MASK_AVX2
                               : MASK_PLAIN;
}

void mlpipe__mask_run(const mlpipe__forest *f, const uint32_t *bins,
                      uint32_t n, double *out, size_t out_stride)
{
    const forest_engine *e = f->engine;

    switch (e->isa) {
#if defined(__x86_64__) && defined(__GNUC__)
    case MASK_AVX512:
        mask_run_avx512(e, bins, n, out, out_stride);
        break;
    case MASK_AVX2:
        mask_run_avx2(e, bins, n, out, out_stride);
        break;
#endif
    default:
        mask_run_plain(e, bins, n, out, out_stride);
        break;
    }
}
