/* SPDX-License-Identifier: MIT */
/*
 * Histograms: one 16-byte addition for each row and feature. The sums are of
 * integers, so that the split into tasks changes no bit; a sibling is what the
 * parent has more than the other child.
 */
#include "gbt_types.h"

enum { HIST_PARALLEL = 1 << 16, HIST_AHEAD = 16, HIST_PART_ROWS = 4096 };

typedef struct hist_job {
    const gbt_fit *fit;
    const uint32_t *rows;
    uint32_t count, parts;
    uint32_t slot;
} hist_job;

/* Part 0 writes to the leaf's own cells, the others to spare ones. */
static gbt_cell *hist_cells(const gbt_fit *fit, uint32_t slot, uint32_t part)
{
    const uint32_t at = part ? fit->opt.leaves + part - 1 : slot;

    return fit->cells + (size_t)at * fit->layout.cells;
}

/* Both sums in one addition; vectors of this size are plain SSE2 or NEON. */
#if defined(__GNUC__)
typedef uint64_t hist_pair __attribute__((vector_size(16), may_alias));

static inline void hist_add(gbt_cell *cell, hist_pair pair)
{
    *(hist_pair *)cell += pair;
}

static inline hist_pair hist_pair_of(int64_t g, uint64_t w)
{
    return (hist_pair){(uint64_t)g, w};
}
#else
typedef gbt_cell hist_pair;

static inline void hist_add(gbt_cell *cell, hist_pair pair)
{
    cell->g += pair.g;
    cell->w += pair.w;
}

static inline hist_pair hist_pair_of(int64_t g, uint64_t w)
{
    return (hist_pair){g, w};
}
#endif

static void hist_rows(const gbt_fit *fit, const uint8_t *block,
                      const uint32_t *from, uint32_t groups,
                      const uint32_t *rows, uint32_t n,
                      gbt_cell *restrict cells)
{
    const gbt_grad *const grad = fit->grad;
    const uint32_t shift = fit->shift;
    gbt_cell *start[GBT_WIDTH];

    for (uint32_t k = 0; k < GBT_WIDTH; k++)
        start[k] = cells + from[k];
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *bin = block + (size_t)rows[i] * GBT_WIDTH;
        const gbt_grad q = grad[rows[i]];
        const hist_pair pair =
            hist_pair_of(q.g, ((uint64_t)q.h << shift) + 1);
        if (i + HIST_AHEAD < n) {
            const size_t next = rows[i + HIST_AHEAD];
            __builtin_prefetch(block + next * GBT_WIDTH);
            __builtin_prefetch(grad + next);
        }
        for (uint32_t k = 0; k < 4 * groups; k += 4) {
            hist_add(start[k] + bin[k], pair);
            hist_add(start[k + 1] + bin[k + 1], pair);
            hist_add(start[k + 2] + bin[k + 2], pair);
            hist_add(start[k + 3] + bin[k + 3], pair);
        }
    }
}

static void hist_wide_rows(const gbt_fit *fit, const uint16_t *bins,
                           const uint32_t *rows, uint32_t n,
                           gbt_cell *restrict cells)
{
    const gbt_grad *const grad = fit->grad;
    const uint32_t shift = fit->shift;

    for (uint32_t i = 0; i < n; i++) {
        const gbt_grad q = grad[rows[i]];
        if (i + HIST_AHEAD < n) {
            __builtin_prefetch(bins + rows[i + HIST_AHEAD]);
            __builtin_prefetch(grad + rows[i + HIST_AHEAD]);
        }
        hist_add(cells + bins[rows[i]],
                 hist_pair_of(q.g, ((uint64_t)q.h << shift) + 1));
    }
}

/* Does the tree look at any feature of it? */
static bool hist_unit_used(const gbt_fit *fit, uint32_t unit)
{
    const gbt_layout *l = &fit->layout;
    const uint32_t first = unit * GBT_WIDTH;
    uint32_t used = 0;

    if (unit >= l->blocks)
        return fit->active[l->wide[unit - l->blocks]];
    for (uint32_t f = first; f < gbt_min_u32(first + GBT_WIDTH, l->features);
         f++)
        used |= fit->active[f];
    return used != 0;
}

static void hist_task(void *arg, uint32_t index)
{
    const hist_job *j = arg;
    const gbt_fit *fit = j->fit;
    const gbt_layout *l = &fit->layout;
    const uint32_t unit = index / j->parts, part = index % j->parts;
    const uint32_t first = unit * GBT_WIDTH, begin = l->unit[unit];
    gbt_cell *cells = hist_cells(fit, j->slot, part);
    const uint64_t from = (uint64_t)j->count * part / j->parts;
    const uint64_t to = (uint64_t)j->count * (part + 1) / j->parts;
    const uint32_t *rows = j->rows + from;
    const uint32_t n = (uint32_t)(to - from);

    if (!hist_unit_used(fit, unit))
        return;
    memset(cells + begin, 0, (l->unit[unit + 1] - begin) * sizeof *cells);
    if (unit >= l->blocks)
        hist_wide_rows(fit,
                       fit->bins.wide +
                           (size_t)(unit - l->blocks) * fit->rows,
                       rows, n, cells + begin);
    else
        hist_rows(fit, fit->bins.data + (size_t)first * fit->rows,
                  l->offset + first,
                  (gbt_min_u32(GBT_WIDTH, l->features - first) + 3) / 4, rows,
                  n, cells);
}

/* The other parts of a unit are added to the first. */
static void hist_merge_task(void *arg, uint32_t unit)
{
    const hist_job *j = arg;
    const gbt_layout *l = &j->fit->layout;
    gbt_cell *to = hist_cells(j->fit, j->slot, 0);

    if (!hist_unit_used(j->fit, unit))
        return;
    for (uint32_t part = 1; part < j->parts; part++) {
        const gbt_cell *from = hist_cells(j->fit, j->slot, part);
        for (uint32_t i = l->unit[unit]; i < l->unit[unit + 1]; i++)
            hist_add(&to[i], hist_pair_of(from[i].g, from[i].w));
    }
}

mlpipe_status mlpipe__gbt_histogram(gbt_fit *fit, const gbt_open *leaf)
{
    const uint32_t units = fit->layout.units;
    hist_job j = {.fit = fit, .rows = fit->list + leaf->start,
                  .count = leaf->count, .parts = 1, .slot = leaf->slot};
    const uint64_t work = (uint64_t)leaf->count * fit->layout.features;
    mlpipe_status st;

    if (fit->tasks == 1 || work < HIST_PARALLEL) {
        for (uint32_t unit = 0; unit < units; unit++)
            hist_task(&j, unit);
        return MLPIPE_OK;
    }
    if (units < fit->tasks) {
        const uint32_t most = leaf->count / HIST_PART_ROWS + 1;
        j.parts = gbt_min_u32((fit->tasks + units - 1) / units, most);
    }
    st = mlpipe__parallel(fit->ctx, hist_task, &j, units * j.parts);
    if (!st && j.parts > 1)
        st = mlpipe__parallel(fit->ctx, hist_merge_task, &j, units);
    return st;
}

void mlpipe__gbt_subtract(const gbt_fit *fit, uint32_t from, uint32_t what)
{
    const gbt_layout *l = &fit->layout;
    gbt_cell *a = hist_cells(fit, from, 0);
    const gbt_cell *b = hist_cells(fit, what, 0);

    for (uint32_t unit = 0; unit < l->units; unit++) {
        if (!hist_unit_used(fit, unit))
            continue;
        for (uint32_t i = l->unit[unit]; i < l->unit[unit + 1]; i++) {
            a[i].g -= b[i].g;
            a[i].w -= b[i].w;
        }
    }
}
