/* SPDX-License-Identifier: MIT */
/*
 * The best split of a leaf. Gains are in squared units of the gradient scale,
 * computed from exact sums in one order; ties go to the lower feature, then
 * to the lower bin.
 */
#include "gbt_types.h"

/*
 * Categories with few values are split one against the rest; more of them are
 * sorted by their smoothed mean gradient and cut once, with more
 * regularisation against the choice among many orders.
 */
enum {
    SPLIT_ONE_AGAINST_REST = 4,
    SPLIT_CATEGORY_SMOOTH = 10,
    SPLIT_CATEGORY_L2 = 10,
    SPLIT_CATEGORY_MOST = 32,
    SPLIT_PARALLEL_CELLS = 1 << 14
};

static const double gain_least_gain = 1e-12;

typedef struct gain_job {
    gbt_fit *fit;
    const gbt_open *leaf;
    const gbt_cell *cells;
    uint32_t chunk; /* features of a task */
} gain_job;

/* What one feature's search works on. */
typedef struct gain_scan {
    const gbt_fit *fit;
    const gbt_cell *cell;
    uint32_t slots;
    gbt_cell total;
    double g, h; /* of total */
    uint32_t n;
    int32_t direction; /* of the feature, where some are constrained */
    double low, high;  /* of the leaf's value */
} gain_scan;

static double gain_score(double g, double h, double l2)
{
    const double den = h + l2;

    return den > 0 ? g * g / den : 0;
}

/* gl^2 / hl + gr^2 / hr with one division. */
static inline double gain_value(double gl, double hl, double gr, double hr)
{
    const double den = hl * hr;
    const double q = (gl * gl * hr + gr * gr * hl) / den;

    return den > 0 ? q : 0;
}

/* What a leaf with this value takes from the loss, twice; g^2 / den where it
 * is the best value. */
static double gain_of_value(double g, double den, double v)
{
    return -(2 * g + den * v) * v;
}

/* The same as gain_value where leaves are held within bounds; no gain where
 * sides that have to be are not in order. */
static double gain_bounded(const gain_scan *s, double gl, double hl,
                           double gr, double hr, int32_t direction)
{
    const double a = gbt_bounded(gl, hl, s->low, s->high);
    const double b = gbt_bounded(gr, hr, s->low, s->high);

    if ((direction > 0 && a > b) || (direction < 0 && a < b))
        return -mlpipe__inf();
    return gain_of_value(gl, hl, a) + gain_of_value(gr, hr, b);
}

/*
 * Cuts above bin t, first <= t < last, where the sums to the left are `from`
 * plus bins first .. t. A cut that leaves too few rows on a side is none.
 */
static void gain_number_side(const gain_scan *s, gbt_cell from,
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
            gain[i] = gain_bounded(s, gl[i], hl[i] + l2, s->g - gl[i],
                                   s->h - hl[i] + l2,
                                   bin[i] ? s->direction : 0);
    else
        for (uint32_t i = 0; i < n; i++)
            gain[i] = gain_value(gl[i], hl[i] + l2, s->g - gl[i],
                                 s->h - hl[i] + l2);
    for (uint32_t i = 0; i < n; i++)
        if (gain[i] > best->gain) {
            best->gain = gain[i];
            best->bin = bin[i];
            best->flags = flags;
            best->left = sums[i];
        }
}

static void gain_number(const gain_scan *s, gbt_split *best)
{
    const gbt_cell none = {0, 0};
    const uint32_t missing = gbt_cell_rows(s->fit, s->cell[0]);

    if (!missing) {
        gain_number_side(s, none, 1, s->slots - 1, 0, best);
        /* What training never saw missing goes with the greater part. */
        if (best->left.w &&
            2 * (uint64_t)gbt_cell_rows(s->fit, best->left) < s->n)
            best->flags |= GBT_MISSING_RIGHT;
        return;
    }
    /* Bin 0 stays left; t = 0 tells missing from all that is there. */
    gain_number_side(s, s->cell[0], 0, s->slots - 1, 0, best);
    gain_number_side(s, none, 1, s->slots - 1, GBT_MISSING_RIGHT, best);
}

static void gain_add(gbt_cell *to, gbt_cell what)
{
    to->g += what.g;
    to->w += what.w;
}

/* Is this set of categories better than the best so far? */
static void gain_category_try(const gain_scan *s, gbt_cell right,
                               double l2, const uint8_t *bins, uint32_t count,
                               gbt_split *best)
{
    const gbt_fit *fit = s->fit;
    const uint32_t rows = gbt_cell_rows(fit, right);
    const double g = (double)right.g, h = gbt_cell_hessian(fit, right);

    if (rows < fit->opt.min_rows || s->n - rows < fit->opt.min_rows)
        return;
    const double gain =
        fit->monotone
            ? gain_bounded(s, g, h + l2, s->g - g, s->h - h + l2, 0)
            : gain_value(g, h + l2, s->g - g, s->h - h + l2);
    if (!(gain > best->gain))
        return;
    best->gain = gain;
    best->flags = GBT_SET;
    best->left.g = s->total.g - right.g;
    best->left.w = s->total.w - right.w;
    memset(best->set, 0, sizeof best->set);
    for (uint32_t i = 0; i < count; i++)
        best->set[bins[i] >> 6] |= (uint64_t)1 << (bins[i] & 63);
}

/* Stable merge sort of bins by key. */
static void gain_sort(uint8_t *bins, const double *key, uint32_t n)
{
    uint8_t other[GBT_SLOTS];

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
        memcpy(bins, other, n);
    }
}

static void gain_category_sorted(const gain_scan *s, uint8_t *bins,
                                  uint32_t n, gbt_split *best)
{
    const gbt_fit *fit = s->fit;
    const double l2 = fit->opt.l2 + SPLIT_CATEGORY_L2;
    const uint32_t most = gbt_min_u32(n - 1, SPLIT_CATEGORY_MOST);
    double key[GBT_SLOTS];

    for (uint32_t i = 0; i < n; i++) {
        const gbt_cell c = s->cell[bins[i]];
        key[bins[i]] = (double)c.g / (gbt_cell_hessian(fit, c) +
                                      SPLIT_CATEGORY_SMOOTH);
    }
    gain_sort(bins, key, n);
    for (uint32_t end = 0; end < 2; end++) {
        gbt_cell sum = {0, 0};
        for (uint32_t i = 0; i < most; i++) {
            const uint32_t at = end ? n - 1 - i : i;
            gain_add(&sum, s->cell[bins[at]]);
            gain_category_try(s, sum, l2, end ? bins + at : bins, i + 1,
                               best);
        }
    }
}

/* Missing is a category like others. What was not seen here goes left. */
static void gain_category(const gain_scan *s, gbt_split *best)
{
    const double l2 = s->fit->opt.l2;
    uint8_t bins[GBT_SLOTS];
    uint32_t n = 0;

    for (uint32_t b = 0; b < s->slots; b++)
        if (gbt_cell_rows(s->fit, s->cell[b]))
            bins[n++] = (uint8_t)b;
    if (n < 2)
        return;
    if (n > SPLIT_ONE_AGAINST_REST) {
        gain_category_sorted(s, bins, n, best);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        gain_category_try(s, s->cell[bins[i]], l2, bins + i, 1, best);
}

/* What the leaf takes from the loss as it is. */
static double gain_whole(const gain_scan *s)
{
    const double l2 = s->fit->opt.l2;

    if (!s->fit->monotone)
        return gain_score(s->g, s->h, l2);
    return gain_of_value(s->g, s->h + l2,
                         gbt_bounded(s->g, s->h + l2, s->low, s->high));
}

static void gain_task(void *arg, uint32_t index)
{
    const gain_job *j = arg;
    const gbt_fit *fit = j->fit;
    const uint32_t first = index * j->chunk;
    const uint32_t last = gbt_min_u32(first + j->chunk,
                                      fit->layout.features);
    gain_scan s = {.fit = fit, .total = j->leaf->sum, .n = j->leaf->count,
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
        if (!fit->active[f] || feature->slots < 3)
            continue;
        s.cell = j->cells + feature->offset;
        s.slots = feature->slots;
        s.direction = fit->direction[f];
        best->gain = least;
        if (feature->kind == MLPIPE__CODE)
            gain_category(&s, best);
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
