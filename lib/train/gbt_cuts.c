/* SPDX-License-Identifier: MIT */
/*
 * Where the bins of each feature are. Cuts are doubles taken from a sample of
 * the rows that depends on row ids alone, so that neither the order of rows
 * nor the number of threads moves them; x >= cut goes up.
 */
#include "gbt_types.h"

enum {
    GBT_SAMPLE_ROWS = 200000,
    GBT_SAMPLE_MIN = 4096,
    GBT_SAMPLE_VALUES = 1 << 25 /* over all features */
};

static uint32_t cuts_sample_limit(uint32_t features)
{
    const uint32_t fit = GBT_SAMPLE_VALUES / (features ? features : 1);
    return fit < GBT_SAMPLE_MIN    ? GBT_SAMPLE_MIN
           : fit > GBT_SAMPLE_ROWS ? GBT_SAMPLE_ROWS
                                   : fit;
}

/* A row is taken where its random number is below this. */
static uint64_t cuts_threshold(uint32_t rows, uint32_t limit)
{
    if (rows <= limit)
        return UINT64_MAX;
    return (uint64_t)((double)limit / (double)rows * 18446744073709549568.0);
}

static bool cuts_takes(const gbt_fit *fit, int64_t row, uint64_t threshold)
{
    const mlpipe__frame *frame = fit->job->train;

    if (!gbt_counts(frame, row))
        return false;
    return threshold == UINT64_MAX ||
           mlpipe__random64(fit->job->seed, MLPIPE__FOR_SAMPLE, 0,
                            frame->ids[row], 0) < threshold;
}

/* sample[f * count + i]: the values of the chosen rows, NaN where missing. */
static mlpipe_status cuts_read(gbt_fit *fit, uint64_t threshold,
                               uint32_t count, double *sample)
{
    const mlpipe__frame *frame = fit->job->train;
    const size_t room = (size_t)frame->features * MLPIPE__BLOCK_ROWS;
    mlpipe_status st = MLPIPE_OK;
    void *scratch = mlpipe__alloc(fit->env, frame->scratch_bytes);
    double *values = mlpipe__alloc_array(fit->env, room, sizeof *values);
    uint8_t *valid = mlpipe__alloc(fit->env, room);
    uint32_t at = 0;

    if (!scratch || !values || !valid) {
        st = mlpipe__nomem(fit->ctx);
        goto done;
    }
    for (int64_t start = 0; start < frame->rows;
         start += MLPIPE__BLOCK_ROWS) {
        const int64_t rest = frame->rows - start;
        const uint32_t n = rest < MLPIPE__BLOCK_ROWS ? (uint32_t)rest
                                                     : MLPIPE__BLOCK_ROWS;
        if (start % GBT_CHUNK_ROWS == 0) {
            st = mlpipe__poll(fit->ctx, fit->job->name, 0, fit->opt.trees);
            if (st)
                goto done;
        }
        frame->read(frame, scratch, start, n, values, valid);
        for (uint32_t i = 0; i < n; i++) {
            if (!cuts_takes(fit, start + i, threshold))
                continue;
            for (uint32_t f = 0; f < frame->features; f++)
                sample[(size_t)f * count + at] =
                    valid[(size_t)f * n + i] ? values[(size_t)f * n + i]
                                             : mlpipe__nan();
            at++;
        }
    }
done:
    mlpipe__free(fit->env, valid);
    mlpipe__free(fit->env, values);
    mlpipe__free(fit->env, scratch);
    return st;
}

/* The least x with a < x <= b that lies in the middle where it can. */
static double cuts_between(double a, double b)
{
    const double middle = a / 2 + b / 2;

    return middle > a && middle <= b ? middle : b;
}

/* Distinct values of a sorted array in place, with their counts. */
static uint32_t cuts_distinct(double *values, uint32_t n, uint32_t *counts)
{
    uint32_t m = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (m && values[i] == values[m - 1]) {
            counts[m - 1]++;
            continue;
        }
        values[m] = values[i];
        counts[m++] = 1;
    }
    return m;
}

/*
 * Bins of about equal frequency. A value as frequent as a whole bin gets one
 * of its own, and the others share what is left.
 */
static uint32_t cuts_greedy(const double *values, const uint32_t *counts,
                            uint32_t m, uint32_t n, uint32_t bins,
                            double *cuts)
{
    const double mean = (double)n / bins;
    uint32_t heavy = 0, made = 0;
    double rest_n = n, in_bin = 0;

    for (uint32_t i = 0; i < m; i++)
        if (counts[i] >= mean) {
            heavy++;
            rest_n -= counts[i];
        }
    double rest_bins = (double)(bins - heavy);
    double target = rest_bins > 0 ? rest_n / rest_bins : rest_n;
    for (uint32_t i = 0; i + 1 < m && made + 1 < bins; i++) {
        const bool is_heavy = counts[i] >= mean;
        in_bin += counts[i];
        if (!is_heavy)
            rest_n -= counts[i];
        if (!is_heavy && in_bin < target &&
            !(counts[i + 1] >= mean && in_bin >= target / 2))
            continue;
        cuts[made++] = cuts_between(values[i], values[i + 1]);
        in_bin = 0;
        if (!is_heavy && rest_bins > 1) {
            rest_bins -= 1;
            target = rest_n / rest_bins;
        }
    }
    return made;
}

static mlpipe_status cuts_number(gbt_fit *fit, gbt_feature *f, double *values,
                                 uint32_t count, double *scratch,
                                 uint32_t *counts)
{
    double cuts[GBT_SLOTS];
    uint32_t n = 0, made = 0;

    for (uint32_t i = 0; i < count; i++)
        if (mlpipe__finite(values[i]))
            values[n++] = values[i];
    mlpipe__sort_f64(values, n, scratch);
    const uint32_t m = cuts_distinct(values, n, counts);
    if (m > fit->opt.bins)
        made = cuts_greedy(values, counts, m, n, fit->opt.bins, cuts);
    else
        for (; made + 1 < m; made++)
            cuts[made] = cuts_between(values[made], values[made + 1]);
    f->cut_count = made;
    f->slots = m ? made + 2 : 1;
    f->cuts = mlpipe__alloc_array(fit->env, made, sizeof *f->cuts);
    if (!f->cuts)
        return mlpipe__nomem(fit->ctx);
    memcpy(f->cuts, cuts, made * sizeof *cuts);
    return MLPIPE_OK;
}

/*
 * How many of the codes, sorted, have a bin of their own: as many as a byte
 * tells, and beyond those the ones that may have rows enough to be sorted. By
 * their share of the hessian these can be some fewer than category_min_rows.
 */
static uint32_t cuts_codes_kept(const gbt_fit *fit, const uint64_t *key,
                                uint32_t codes, uint32_t count)
{
    const uint32_t most = gbt_min_u32(codes, fit->opt.category_bins);
    const double each = count ? (double)fit->weighty / count : 0;
    uint32_t n = gbt_min_u32(most, GBT_SLOTS - 2);

    while (n < most) {
        const double rows = each * (UINT32_MAX - (uint32_t)(key[n] >> 32));
        if (!(rows > 0) || 2 * rows < fit->opt.category_min_rows)
            break;
        n++;
    }
    return n;
}

/* The most frequent codes get a bin each, ties by code; the rest share one. */
static mlpipe_status cuts_code(gbt_fit *fit, gbt_feature *f,
                               const double *values, uint32_t count,
                               uint32_t codes)
{
    mlpipe_status st = MLPIPE_OK;
    uint64_t *key = mlpipe__alloc_array(fit->env, codes, sizeof *key);
    uint64_t *scratch = mlpipe__alloc_array(fit->env, codes, sizeof *key);

    f->codes = codes;
    f->bin_of = mlpipe__alloc_array(fit->env, codes, sizeof *f->bin_of);
    if (!key || !scratch || !f->bin_of) {
        st = mlpipe__nomem(fit->ctx);
        goto done;
    }
    /* Sorting ascending by (count of the others, code). */
    for (uint32_t c = 0; c < codes; c++)
        key[c] = (uint64_t)UINT32_MAX << 32 | c;
    for (uint32_t i = 0; i < count; i++)
        if (values[i] >= 0 && values[i] < codes)
            key[(uint32_t)values[i]] -= (uint64_t)1 << 32;
    mlpipe__sort_u64(key, codes, scratch);
    const uint32_t kept = cuts_codes_kept(fit, key, codes, count);
    for (uint32_t i = 0; i < codes; i++)
        f->bin_of[(uint32_t)key[i]] =
            (uint16_t)(i < kept ? i + 1 : kept + 1);
    f->slots = kept + 2;
done:
    mlpipe__free(fit->env, scratch);
    mlpipe__free(fit->env, key);
    return st;
}

static mlpipe_status cuts_features(gbt_fit *fit, double *sample,
                                   uint32_t count)
{
    const mlpipe__frame *frame = fit->job->train;
    gbt_layout *l = &fit->layout;
    mlpipe_status st = MLPIPE_OK;
    double *scratch = mlpipe__alloc_array(fit->env, count, sizeof *scratch);
    uint32_t *counts = mlpipe__alloc_array(fit->env, count, sizeof *counts);

    if (!scratch || !counts)
        st = mlpipe__nomem(fit->ctx);
    for (uint32_t i = 0; i < l->features && !st; i++) {
        const mlpipe__feature *from = &frame->feature[i];
        gbt_feature *f = &l->feature[i];
        double *values = sample + (size_t)i * count;
        f->kind = from->kind;
        f->wide = GBT_NARROW;
        st = from->kind == MLPIPE__CODE
                 ? cuts_code(fit, f, values, count, from->codes)
                 : cuts_number(fit, f, values, count, scratch, counts);
    }
    mlpipe__free(fit->env, counts);
    mlpipe__free(fit->env, scratch);
    return st;
}

/* Cells one feature after the other, a dummy behind each block, then the wide
 * ones. */
static mlpipe_status cuts_offsets(gbt_fit *fit)
{
    gbt_layout *l = &fit->layout;
    uint32_t at = 0, wides = 0;

    for (uint32_t i = 0; i < l->features; i++)
        if (l->feature[i].slots > GBT_SLOTS)
            l->feature[i].wide = (int32_t)wides++;
    l->units = l->blocks + wides;
    l->unit = mlpipe__alloc_array(fit->env, (size_t)l->units + 1,
                                  sizeof *l->unit);
    l->wide = mlpipe__alloc_array(fit->env, wides, sizeof *l->wide);
    if (!l->unit || !l->wide)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t b = 0; b < l->blocks; b++) {
        const uint32_t first = b * GBT_WIDTH, end = first + GBT_WIDTH;
        l->unit[b] = at;
        for (uint32_t i = first; i < gbt_min_u32(end, l->features); i++)
            if (l->feature[i].wide == GBT_NARROW) {
                l->feature[i].offset = l->offset[i] = at;
                at += l->feature[i].slots;
            }
        for (uint32_t i = first; i < end; i++)
            if (i >= l->features || l->feature[i].wide != GBT_NARROW)
                l->offset[i] = at;
        at++;
    }
    for (uint32_t i = 0; i < l->features; i++)
        if (l->feature[i].wide != GBT_NARROW) {
            const uint32_t k = (uint32_t)l->feature[i].wide;
            l->wide[k] = i;
            l->unit[l->blocks + k] = l->feature[i].offset = at;
            if (at > UINT32_MAX - l->feature[i].slots)
                return mlpipe__nomem(fit->ctx);
            at += l->feature[i].slots;
        }
    l->cells = l->unit[l->units] = at;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__gbt_layout(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    const uint32_t limit = cuts_sample_limit(frame->features);
    const uint64_t threshold = cuts_threshold(fit->weighty, limit);
    gbt_layout *l = &fit->layout;
    mlpipe_status st;
    double *sample = NULL;
    uint32_t count = 0;
    size_t values;

    for (int64_t i = 0; i < frame->rows; i++)
        count += cuts_takes(fit, i, threshold);
    l->env = fit->env;
    l->features = frame->features;
    l->blocks = (frame->features + GBT_WIDTH - 1) / GBT_WIDTH;
    l->feature = mlpipe__alloc_array(fit->env, l->features,
                                     sizeof *l->feature);
    l->offset = mlpipe__alloc_array(fit->env, l->blocks,
                                    GBT_WIDTH * sizeof *l->offset);
    if (!l->feature || !l->offset ||
        mlpipe__mul(count, frame->features, &values))
        return mlpipe__nomem(fit->ctx);
    sample = mlpipe__alloc_array(fit->env, values, sizeof *sample);
    if (!sample)
        return mlpipe__nomem(fit->ctx);
    st = cuts_read(fit, threshold, count, sample);
    if (!st)
        st = cuts_features(fit, sample, count);
    if (!st)
        st = cuts_offsets(fit);
    mlpipe__free(fit->env, sample);
    return st;
}

void mlpipe__gbt_layout_free(gbt_layout *l)
{
    for (uint32_t i = 0; l->feature && i < l->features; i++) {
        mlpipe__free(l->env, l->feature[i].cuts);
        mlpipe__free(l->env, l->feature[i].bin_of);
    }
    mlpipe__free(l->env, l->feature);
    mlpipe__free(l->env, l->offset);
    mlpipe__free(l->env, l->unit);
    mlpipe__free(l->env, l->wide);
}
