/* SPDX-License-Identifier: MIT */
/*
 * The best set of categories to split from the rest. A feature of few of them
 * is split one against the rest. More are sorted by their smoothed mean
 * gradient, which has the best of all sets among its prefixes (Fisher 1958),
 * and cut once: with more regularisation against the choice among many orders,
 * and with enough rows between one cut that is tried and the next.
 *
 * A search tells how many of which end it took; the set itself is made again
 * from the histogram for the one split of a leaf that is taken.
 */
#include "gbt_types.h"

enum {
    CATEGORY_SET_ROOM = 1024,
    CATEGORY_FEW = 64 /* up to here picking the ends is sooner than sorting */
};

static void category_add(gbt_cell *to, gbt_cell what)
{
    to->g += what.g;
    to->w += what.w;
}

/* Is it better than the best so far that these go right? */
static void category_try(const gbt_scan *s, gbt_cell right, double l2,
                         uint32_t flags, uint32_t bin, gbt_split *best)
{
    const double g = (double)right.g, h = gbt_cell_hessian(s->fit, right);
    const double gain =
        s->fit->monotone
            ? gbt_gain_bounded(s, g, h + l2, s->g - g, s->h - h + l2, 0)
            : gbt_gain(g, h + l2, s->g - g, s->h - h + l2);

    if (!(gain > best->gain))
        return;
    best->gain = gain;
    best->l2 = l2;
    best->flags = GBT_SET | flags;
    best->bin = bin;
    best->left.g = s->total.g - right.g;
    best->left.w = s->total.w - right.w;
}

/* Stable merge sort of bins by key; `other` has room for as many. */
static void category_sort(uint16_t *bins, const double *key, uint32_t n,
                          uint16_t *other)
{
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t at = 0; at < n; at += 2 * width) {
            const uint32_t middle = gbt_min_u32(at + width, n);
            const uint32_t end = gbt_min_u32(at + 2 * width, n);
            uint32_t a = at, b = middle;
            for (uint32_t i = at; i < end; i++) {
                const bool take_b =
                    b < end && (a == middle || key[bins[b]] < key[bins[a]]);
                other[i] = take_b ? bins[b++] : bins[a++];
            }
        }
        memcpy(bins, other, n * sizeof *bins);
    }
}

/* The first `most` from one end of what a stable sort would give. */
static void category_pick(const double *key, const uint16_t *bins, uint32_t n,
                          uint32_t most, bool end, uint16_t *out)
{
    const double way = end ? -1 : 1;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++) {
        const uint16_t b = bins[end ? n - 1 - i : i];
        const double x = way * key[b];
        if (kept == most && !(x < way * key[out[most - 1]]))
            continue;
        uint32_t at = kept < most ? kept++ : most - 1;
        for (; at && x < way * key[out[at - 1]]; at--)
            out[at] = out[at - 1];
        out[at] = b;
    }
}

/* Sorts the bins as far as the search looks at them, from both ends. */
static void category_order(const double *key, uint16_t *bins, uint32_t n,
                           uint32_t most, uint16_t *other)
{
    if (most > CATEGORY_FEW || 2 * most >= n) {
        category_sort(bins, key, n, other);
        return;
    }
    category_pick(key, bins, n, most, false, other);
    category_pick(key, bins, n, most, true, other + most);
    memcpy(bins, other, most * sizeof *bins);
    for (uint32_t i = 0; i < most; i++)
        bins[n - 1 - i] = other[most + i];
}

/* How many of n sorted categories a side takes at most. */
static uint32_t category_limit(const gbt_fit *fit, uint32_t n)
{
    const uint32_t half = (n + 1) / 2, most = fit->opt.category_most;

    return most ? gbt_min_u32(half, most) : half;
}

/*
 * The bins that have rows enough, by their mean gradient; gives how many. Rows
 * are counted by their share of the leaf's hessian, so that a category that
 * the trees are sure of gives way to one that they know little about. No two
 * features share cells, so that tasks have room of their own here.
 */
static uint32_t category_sorted(const gbt_fit *fit, const gbt_feature *f,
                                const gbt_cell *cell, gbt_cell total,
                                uint16_t **out)
{
    const double smooth = fit->opt.category_smooth;
    const uint32_t min_rows = fit->opt.category_min_rows;
    const double least = min_rows > 1 ? min_rows - 0.5 : 0; /* rounded */
    const double h_total = gbt_cell_hessian(fit, total);
    const double each =
        h_total > 0 ? gbt_cell_rows(fit, total) / h_total : 0;
    double *key = fit->category_key + f->offset;
    uint16_t *bins = fit->category_order + 2 * (size_t)f->offset;
    uint32_t n = 0;

    for (uint32_t b = 0; b < f->slots; b++) {
        const gbt_cell c = cell[b];
        const double h = gbt_cell_hessian(fit, c);
        if (!gbt_cell_rows(fit, c) || each * h < least)
            continue;
        key[b] = h + smooth > 0 ? (double)c.g / (h + smooth) : 0;
        bins[n++] = (uint16_t)b;
    }
    category_order(key, bins, n, category_limit(fit, n), bins + f->slots);
    *out = bins;
    return n;
}

/* Cuts from one end; those with too few rows behind them are none. */
static void category_scan(const gbt_scan *s, const uint16_t *bins,
                          uint32_t n, uint32_t end, gbt_split *best)
{
    const gbt_options *o = &s->fit->opt;
    const double l2 = o->l2 + o->category_l2;
    const uint32_t most = category_limit(s->fit, n);
    const uint32_t flags = GBT_SORTED | (end ? GBT_FROM_END : 0);
    gbt_cell sum = {0, 0};
    uint32_t tried = 0; /* rows up to the last cut that was */

    for (uint32_t i = 0; i < most; i++) {
        category_add(&sum, s->cell[bins[end ? n - 1 - i : i]]);
        const uint32_t rows = gbt_cell_rows(s->fit, sum);
        const uint32_t rest = s->n - rows;
        if (rest < o->min_rows || rest < o->category_rows)
            break;
        if (rows < o->min_rows || rows - tried < o->category_rows)
            continue;
        tried = rows;
        category_try(s, sum, l2, flags, i + 1, best);
    }
}

static void category_one(const gbt_scan *s, gbt_split *best)
{
    const gbt_options *o = &s->fit->opt;

    for (uint32_t b = 0; b < s->feature->slots; b++) {
        const uint32_t rows = gbt_cell_rows(s->fit, s->cell[b]);
        if (rows && rows >= o->min_rows && s->n - rows >= o->min_rows)
            category_try(s, s->cell[b], o->l2, 0, b, best);
    }
}

/* Missing is a category like others. What was not seen here goes left. */
void mlpipe__gbt_category(const gbt_scan *s, gbt_split *best)
{
    uint16_t *bins;
    uint32_t n = 0;

    for (uint32_t b = 0; b < s->feature->slots; b++)
        n += gbt_cell_rows(s->fit, s->cell[b]) != 0;
    if (n < 2)
        return;
    if (n <= s->fit->opt.category_single) {
        category_one(s, best);
        return;
    }
    n = category_sorted(s->fit, s->feature, s->cell, s->total, &bins);
    for (uint32_t end = 0; end < 2; end++)
        category_scan(s, bins, n, end, best);
}

/* So many words of zeros behind the sets of all trees so far. */
static uint64_t *category_room(gbt_trees *t, uint32_t words, uint32_t *at)
{
    if (t->set_room - t->set_count < words) {
        const uint64_t room =
            2 * (uint64_t)t->set_room + CATEGORY_SET_ROOM + words;
        uint64_t *set = room <= UINT32_MAX
                            ? mlpipe__grow(t->env, t->set, room, sizeof *set)
                            : NULL;
        if (!set)
            return NULL;
        t->set = set;
        t->set_room = (uint32_t)room;
    }
    *at = t->set_count;
    t->set_count += words;
    return t->set + *at;
}

mlpipe_status mlpipe__gbt_set(gbt_fit *fit, const gbt_open *leaf,
                              uint32_t *at)
{
    const gbt_split *s = &leaf->best;
    const gbt_feature *f = &fit->layout.feature[s->feature];
    const gbt_cell *cell = fit->cells +
                           (size_t)leaf->slot * fit->layout.cells + f->offset;
    uint64_t *set = category_room(&fit->trees, (f->slots + 63) / 64, at);
    uint16_t one = (uint16_t)s->bin, *bins = &one;
    uint32_t n = 1, count = 1;

    if (!set)
        return mlpipe__nomem(fit->ctx);
    if (s->flags & GBT_SORTED) {
        n = category_sorted(fit, f, cell, leaf->sum, &bins);
        count = s->bin;
    }
    bins += s->flags & GBT_FROM_END ? n - count : 0;
    for (uint32_t i = 0; i < count; i++)
        set[bins[i] >> 6] |= (uint64_t)1 << (bins[i] & 63);
    return MLPIPE_OK;
}
