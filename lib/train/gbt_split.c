/* SPDX-License-Identifier: MIT */
/*
 * The best split of a leaf. Gains are in squared units of the gradient scale,
 * computed from exact sums in one order; ties go to the lower feature, then
 * to the lower bin.
 */
#include "gbt_types.h"

enum { SPLIT_PARALLEL_CELLS = 1 << 14 };

static const double gain_least_gain = 1e-12;

typedef struct gain_job {
    gbt_fit *fit;
    const gbt_open *leaf;
    const gbt_cell *cells;
    uint32_t chunk; /* features of a task */
} gain_job;

static double gain_score(double g, double h, double l2)
{
    const double den = h + l2;

    return den > 0 ? g * g / den : 0;
}

/*
 * Cuts above bin t, first <= t < last, where the sums to the left are `from`
 * plus bins first .. t. A cut that leaves too few rows on a side is none.
 */
static void gain_number_side(const gbt_scan *s, gbt_cell from,
                              uint32_t first, uint32_t last, uint32_t flags,
                              gbt_split *best)
{
    const gbt_fit *fit = s->fit;
    const gbt_cell none = {0, 0};
    const double l2 = fit->opt.l2;
    double gl[GBT_SLOTS], hl[GBT_SLOTS], gain[GBT_SLOTS];
    gbt_cell sums[GBT_SLOTS];
    uint32_t n = 0, bin[GBT_SLOTS];
    gbt_cell sum = from;

    for (uint32_t t = first; t < last; t++) {
        const gbt_cell c = t ? s->cell[t] : none;
        sum.g += c.g;
        sum.w += c.w;
        const uint32_t rows = gbt_cell_rows(fit, sum);
        if (s->n - rows < fit->opt.min_rows)
            break;
        /* The cut above an empty bin says what the one below it says. */
        if (rows < fit->opt.min_rows || (t > first && !c.w))
            continue;
        bin[n] = t;
        sums[n] = sum;
        gl[n] = (double)sum.g;
        hl[n++] = gbt_cell_hessian(fit, sum);
    }
    if (fit->monotone)
        for (uint32_t i = 0; i < n; i++)
            gain[i] = gbt_gain_bounded(s, gl[i], hl[i] + l2, s->g - gl[i],
                                   s->h - hl[i] + l2,
                                   bin[i] ? s->direction : 0);
    else
        for (uint32_t i = 0; i < n; i++)
            gain[i] = gbt_gain(gl[i], hl[i] + l2, s->g - gl[i],
                                 s->h - hl[i] + l2);
    for (uint32_t i = 0; i < n; i++)
        if (gain[i] > best->gain) {
            best->gain = gain[i];
            best->bin = bin[i];
            best->flags = flags;
            best->left = sums[i];
        }
}

static void gain_number(const gbt_scan *s, gbt_split *best)
{
    const gbt_cell none = {0, 0};
    const uint32_t last = s->feature->slots - 1;
    const uint32_t missing = gbt_cell_rows(s->fit, s->cell[0]);

    if (!missing) {
        gain_number_side(s, none, 1, last, 0, best);
        /* What training never saw missing goes with the greater part. */
        if (best->left.w &&
            2 * (uint64_t)gbt_cell_rows(s->fit, best->left) < s->n)
            best->flags |= GBT_MISSING_RIGHT;
        return;
    }
    /* Bin 0 stays left; t = 0 tells missing from all that is there. */
    gain_number_side(s, s->cell[0], 0, last, 0, best);
    gain_number_side(s, none, 1, last, GBT_MISSING_RIGHT, best);
}

/* What the leaf takes from the loss as it is. */
static double gain_whole(const gbt_scan *s)
{
    const double l2 = s->fit->opt.l2;

    if (!s->fit->monotone)
        return gain_score(s->g, s->h, l2);
    return gbt_gain_of_value(s->g, s->h + l2,
                         gbt_bounded(s->g, s->h + l2, s->low, s->high));
}

static void gain_task(void *arg, uint32_t index)
{
    const gain_job *j = arg;
    const gbt_fit *fit = j->fit;
    const uint32_t first = index * j->chunk;
    const uint32_t last = gbt_min_u32(first + j->chunk,
                                      fit->layout.features);
    gbt_scan s = {.fit = fit, .total = j->leaf->sum, .n = j->leaf->count,
                    .g = (double)j->leaf->sum.g,
                    .h = gbt_cell_hessian(fit, j->leaf->sum),
                    .low = j->leaf->low, .high = j->leaf->high};
    const double whole = gain_whole(&s);
    /* Below this a split only tells rounding errors apart. */
    const double least =
        whole * (whole > 0 ? 1 + gain_least_gain : 1 - gain_least_gain);

    for (uint32_t f = first; f < last; f++) {
        gbt_split *best = &fit->found[f];
        const gbt_feature *feature = &fit->layout.feature[f];
        memset(best, 0, sizeof *best);
        best->feature = f;
        best->l2 = fit->opt.l2;
        if (!fit->active[f] || feature->slots < 3)
            continue;
        s.cell = j->cells + feature->offset;
        s.feature = feature;
        s.direction = fit->direction[f];
        best->gain = least;
        if (feature->kind == MLPIPE__CODE)
            mlpipe__gbt_category(&s, best);
        else
            gain_number(&s, best);
        best->gain = best->gain > least ? best->gain - whole : 0;
    }
}

mlpipe_status mlpipe__gbt_find(gbt_fit *fit, gbt_open *leaf)
{
    const uint32_t features = fit->layout.features;
    gain_job j = {.fit = fit, .leaf = leaf, .chunk = features};
    mlpipe_status st = MLPIPE_OK;

    j.cells = fit->cells + (size_t)leaf->slot * fit->layout.cells;
    if (fit->tasks == 1 || fit->layout.cells < SPLIT_PARALLEL_CELLS) {
        gain_task(&j, 0);
    } else {
        j.chunk = (features + 4 * fit->tasks - 1) / (4 * fit->tasks);
        st = mlpipe__parallel(fit->ctx, gain_task, &j,
                              (features + j.chunk - 1) / j.chunk);
    }
    memset(&leaf->best, 0, sizeof leaf->best);
    for (uint32_t f = 0; f < features && !st; f++)
        if (fit->found[f].gain > leaf->best.gain)
            leaf->best = fit->found[f];
    return st;
}
