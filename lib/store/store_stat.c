/* SPDX-License-Identifier: MIT */
/*
 * What a manifest keeps of each column. Moments and counts are num's exact
 * states. Distinct values are counted up to 1,024 and then estimated by
 * HyperLogLog with 4,096 cells (error 1.6 %), the curve of quantiles is drawn
 * from one row of each of 8,192 runs of rows, all rows where there are fewer.
 * Both depend on values and their places alone, not on threads or chunks: a
 * chunk is gathered by itself, and joined to its column in any order.
 */
#include "store_internal.h"

enum {
    STAT_ROW = 4, /* hashes that are looked up together */
    STAT_SET = 2048, /* slots for values that are counted */
    STAT_SET_MOST = 1024,
    STAT_SPAN = 4096, /* whole numbers that are looked up before they are
                         hashed */
    STAT_LOOK = 16384 /* values after which the lowest cell is looked for */
};

struct mlpipe__store_gather {
    mlpipe__env *env;
    const mlpipe_dataset *dataset;
    uint32_t column;
    uint32_t vector; /* bytes, for statistics */
    const mlpipe__store_lanes *lanes;
    int64_t stride; /* rows for each row of the sample */
    mlpipe__stats stats;
    uint8_t cells[MLPIPE__STORE_CELLS];
    uint64_t set[STAT_SET];
    uint32_t set_count; /* above STAT_SET_MOST: given up */
    uint64_t below;     /* rests above this one are in all cells already */
    uint32_t unlooked;  /* hashes since that was found out */
    bool zero;          /* the hash 0 was seen, which no slot holds */
    uint32_t sampled;
    double sample[MLPIPE__STORE_SAMPLE];
};

typedef mlpipe__store_gather stat_state;

static void stat_set_add(stat_state *s, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash % STAT_SET);

    if (!hash) {
        s->set_count += !s->zero;
        s->zero = true;
        return;
    }
    while (s->set[at] && s->set[at] != hash)
        at = (at + 1) % STAT_SET;
    s->set_count += !s->set[at];
    s->set[at] = hash;
}

static void stat_distinct(stat_state *s, uint64_t hash)
{
    const uint32_t cell = (uint32_t)(hash >> 52);
    const uint64_t rest = mlpipe__store_rest(hash);
    const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);

    if (rank > s->cells[cell])
        s->cells[cell] = rank;
    if (s->set_count <= STAT_SET_MOST)
        stat_set_add(s, hash);
}

/* What no cell learns from: a rank that is as low as that of the lowest. */
static void stat_look(stat_state *s, const uint8_t *cells)
{
    uint8_t low = UINT8_MAX;
    uint32_t i;

    for (i = 0; i < MLPIPE__STORE_CELLS; i++)
        low = cells[i] < low ? cells[i] : low;
    if (s->below > UINT64_MAX >> low)
        s->below = UINT64_MAX >> low;
    s->unlooked = 0;
}

/* Are all of these where they are looked for first or next? Then they are
 * known. An empty slot holds 0. */
static bool stat_known(const stat_state *s, const uint64_t hashes[STAT_ROW])
{
    uint32_t i, known = 0;

    for (i = 0; i < STAT_ROW; i++) {
        const uint64_t hash = hashes[i];

        known += (hash != 0) & ((s->set[hash % STAT_SET] == hash) |
                                (s->set[(hash + 1) % STAT_SET] == hash));
    }
    return known == STAT_ROW;
}

/* Of n values, while they are counted. */
static void stat_distinct_all(stat_state *s, const uint64_t *hashes,
                              uint32_t n)
{
    uint32_t i, k;

    for (i = 0; i + STAT_ROW <= n; i += STAT_ROW)
        if (!stat_known(s, hashes + i))
            for (k = 0; k < STAT_ROW; k++)
                stat_distinct(s, hashes[i + k]);
    for (; i < n; i++)
        stat_distinct(s, hashes[i]);
}

/* Of those that were picked of n: of a long column nearly all are put aside
 * at a glance. */
static void stat_distinct_few(stat_state *s, const uint64_t *few,
                              uint32_t count, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        stat_distinct(s, few[i]);
    s->unlooked += n;
    if (s->unlooked >= STAT_LOOK)
        stat_look(s, s->cells);
}

/* The row of the sample in a run of rows: any, but always the same. */
static int64_t stat_pick(const stat_state *s, int64_t run)
{
    const int64_t seed = run + 1;
    uint64_t hash;

    s->lanes->hash(&seed, NULL, 1, &hash);
    return run * s->stride + (int64_t)(hash % (uint64_t)s->stride);
}

/* Of whole numbers, or where that is NULL of values. */
static void stat_sample(stat_state *s, int64_t start, const int64_t *whole,
                        const double *values, const uint8_t *valid,
                        uint32_t n)
{
    int64_t run = start / s->stride;

    for (; run * s->stride < start + n; run++) {
        const int64_t at = stat_pick(s, run) - start;
        double x;

        if (at < 0 || at >= n || !valid[at])
            continue;
        x = whole ? (double)whole[at] : values[at];
        if (mlpipe__finite(x) && s->sampled < MLPIPE__STORE_SAMPLE)
            s->sample[s->sampled++] = x;
    }
}

void mlpipe__store_gather_texts(stat_state *s, int64_t start, uint32_t n)
{
    uint32_t i;
    size_t bytes;

    for (i = 0; i < n; i++) {
        const char *text = mlpipe__dataset_cell_text(s->dataset, s->column,
                                                     start + i, &bytes);

        s->stats.rows++;
        s->stats.nulls += !text;
        if (text)
            stat_distinct(s, mlpipe__hash64(text, bytes, 0));
    }
}

/* Moves the hashes of what is there to the front. */
static uint32_t stat_there(const double *values, const uint8_t *valid,
                           uint32_t n, uint64_t *hashes)
{
    uint32_t i, count = 0;

    for (i = 0; i < n; i++) {
        hashes[count] = hashes[i];
        count += valid[i] && (!values || values[i] == values[i]);
    }
    return count;
}

/* Whole numbers, or where that is NULL values; plain: all are there, and none
 * is NaN. */
static void stat_values(stat_state *s, const int64_t *whole,
                        const double *values, const uint8_t *valid,
                        uint32_t n, bool plain)
{
    uint64_t hashes[MLPIPE__STORE_PIECE], few[MLPIPE__STORE_PIECE];
    uint32_t at, part, count;

    for (at = 0; at < n; at += part) {
        const int64_t *numbers = whole ? whole + at : NULL;
        const double *doubles = values ? values + at : NULL;
        const bool counted = s->set_count <= STAT_SET_MOST;

        part = count = n - at < MLPIPE__STORE_PIECE ? n - at
                                                    : MLPIPE__STORE_PIECE;
        if (plain && !counted) {
            count = s->lanes->pick(numbers, doubles, part, s->below, few);
            stat_distinct_few(s, few, count, part);
            continue;
        }
        s->lanes->hash(numbers, doubles, part, hashes);
        if (!plain)
            count = stat_there(doubles, valid + at, part, hashes);
        if (counted)
            stat_distinct_all(s, hashes, count);
        else
            stat_distinct_few(s, few,
                              s->lanes->sift(hashes, count, s->below, few),
                              count);
    }
}

/* Whole numbers that lie close together, of which none is null: each of them is
 * hashed once, however often it is there. */
static bool stat_values_near(stat_state *s, const mlpipe__store_scratch *in,
                             uint32_t n)
{
    uint8_t seen[STAT_SPAN] = {0};
    uint64_t hash;
    int64_t value;
    uint32_t i;

    if (in->nulls || !n ||
        (uint64_t)in->high - (uint64_t)in->low >= STAT_SPAN)
        return false;
    for (i = 0; i < n; i++)
        seen[in->whole[i] - in->low] = 1;
    for (i = 0; i < STAT_SPAN; i++) {
        if (!seen[i])
            continue;
        value = in->low + (int64_t)i;
        s->lanes->hash(&value, NULL, 1, &hash);
        stat_distinct(s, hash);
    }
    return true;
}

void mlpipe__store_gather_doubles(stat_state *s, int64_t start, uint32_t n,
                                  const double *values, const uint8_t *valid)
{
    const uint64_t nulls = s->stats.nulls;

    /* Counts have their memory since mlpipe__store_gather_begin. */
    (void)mlpipe__stats_update(&s->stats, values, valid, n);
    stat_values(s, NULL, values, valid, n, s->stats.nulls == nulls);
    stat_sample(s, start, NULL, values, valid, n);
}

void mlpipe__store_gather_whole(stat_state *s, int64_t start, uint32_t n,
                                const mlpipe__store_scratch *in)
{
    const int32_t type = mlpipe_dataset_type(s->dataset, s->column);
    const uint8_t *valid = in->nulls ? in->valid : NULL;

    (void)mlpipe__stats_update_whole(&s->stats, in->whole, valid, n, in->low,
                                     in->high);
    if (type == MLPIPE_TYPE_BOOL || type == MLPIPE_TYPE_CATEGORY)
        return;
    if (!stat_values_near(s, in, n))
        stat_values(s, in->whole, NULL, in->valid, n, !in->nulls);
    stat_sample(s, start, in->whole, NULL, in->valid, n);
}

static uint32_t stat_needs(int32_t type)
{
    if (type == MLPIPE_TYPE_CATEGORY)
        return MLPIPE__NEED_COUNTS;
    if (type == MLPIPE_TYPE_BOOL)
        return MLPIPE__NEED_COUNTS | MLPIPE__NEED_MOMENTS;
    return type == MLPIPE_TYPE_TEXT ? 0 : MLPIPE__NEED_MOMENTS;
}

stat_state *mlpipe__store_gather_new(mlpipe__env *env, uint32_t vector)
{
    stat_state *s = mlpipe__alloc(env, sizeof *s);

    if (!s)
        return NULL;
    s->env = env;
    s->vector = vector;
    s->lanes = mlpipe__store_lanes_of(vector);
    return s;
}

void mlpipe__store_gather_free(stat_state *s)
{
    if (!s)
        return;
    if (s->stats.env)
        mlpipe__stats_free(&s->stats);
    mlpipe__free(s->env, s);
}

bool mlpipe__store_gather_begin(stat_state *s, const mlpipe_dataset *d,
                                uint32_t column, const stat_state *joined)
{
    const int32_t type = mlpipe_dataset_type(d, column);
    const mlpipe__dictionary *dictionary = d->columns[column]->dictionary;

    if (s->stats.env)
        mlpipe__stats_free(&s->stats);
    s->dataset = d;
    s->column = column;
    s->stride = (d->rows + MLPIPE__STORE_SAMPLE - 1) / MLPIPE__STORE_SAMPLE;
    if (s->stride < 1)
        s->stride = 1;
    memset(s->cells, 0, sizeof s->cells);
    memset(s->set, 0, sizeof s->set);
    s->set_count = 0;
    s->zero = false;
    s->sampled = 0;
    s->below = UINT64_MAX;
    s->unlooked = 0;
    if (joined && joined->dataset == d && joined->column == column) {
        /* It learns nothing from what it has, and will not count again. */
        stat_look(s, joined->cells);
        if (joined->set_count > STAT_SET_MOST)
            s->set_count = joined->set_count;
    }
    mlpipe__stats_init(&s->stats, s->env, stat_needs(type),
                       type == MLPIPE_TYPE_BOOL ? 2
                       : dictionary             ? dictionary->dict.count
                                                : 0);
    s->stats.vector = s->vector;
    /* No rows: memory for the counts, so that tasks never ask for any. */
    return mlpipe__stats_update(&s->stats, NULL, NULL, 0);
}

bool mlpipe__store_gather_join(stat_state *s, const stat_state *other)
{
    uint32_t i;

    for (i = 0; i < MLPIPE__STORE_CELLS; i++)
        s->cells[i] = other->cells[i] > s->cells[i] ? other->cells[i]
                                                    : s->cells[i];
    /* What one part gave up counting, the whole cannot count. */
    if (other->set_count > STAT_SET_MOST)
        s->set_count = other->set_count;
    if (other->zero && s->set_count <= STAT_SET_MOST)
        stat_set_add(s, 0);
    for (i = 0; i < STAT_SET && s->set_count <= STAT_SET_MOST; i++)
        if (other->set[i])
            stat_set_add(s, other->set[i]);
    for (i = 0; i < other->sampled && s->sampled < MLPIPE__STORE_SAMPLE; i++)
        s->sample[s->sampled++] = other->sample[i];
    return mlpipe__stats_merge(&s->stats, &other->stats);
}

/* ---- what came of it ------------------------------------------------ */

/* HyperLogLog with the correction for few values (linear counting). */
static double stat_estimate(const uint8_t cells[MLPIPE__STORE_CELLS])
{
    const double m = MLPIPE__STORE_CELLS;
    double sum = 0, x;
    uint32_t i, empty = 0;

    for (i = 0; i < MLPIPE__STORE_CELLS; i++) {
        sum += 1.0 / (double)(UINT64_C(1) << cells[i]);
        empty += cells[i] == 0;
    }
    x = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    if (x <= 2.5 * m && empty)
        x = m * mlpipe__log(m / empty);
    return mlpipe__floor(x + 0.5);
}

static const char *stat_text(const stat_state *s, uint32_t code)
{
    if (mlpipe_dataset_type(s->dataset, s->column) == MLPIPE_TYPE_BOOL)
        return code ? "true" : "false";
    return mlpipe__dict_text(
        &s->dataset->columns[s->column]->dictionary->dict, code);
}

/* The most frequent codes, the lower one first where they are equal. */
static void stat_top(const stat_state *s, mlpipe__store_stat *out)
{
    const uint64_t *counts = s->stats.counts;
    uint32_t code, i;

    out->distinct = 0;
    out->exact = true;
    for (code = 0; code < s->stats.codes; code++) {
        if (!counts[code])
            continue;
        out->distinct++;
        i = out->top_count < MLPIPE__STORE_TOP ? out->top_count
                                               : MLPIPE__STORE_TOP - 1;
        if (out->top_count == MLPIPE__STORE_TOP &&
            counts[code] <= out->top_rows[i])
            continue;
        out->top_count += out->top_count < MLPIPE__STORE_TOP;
        for (; i > 0 && counts[code] > out->top_rows[i - 1]; i--) {
            out->top_rows[i] = out->top_rows[i - 1];
            out->top[i] = out->top[i - 1];
        }
        out->top_rows[i] = counts[code];
        out->top[i] = stat_text(s, code);
    }
}

static void stat_curve(stat_state *s, double *scratch,
                       mlpipe__store_stat *out)
{
    uint32_t i;

    out->sampled = s->sampled;
    if (!s->sampled)
        return;
    out->points = MLPIPE__STORE_QUANTILES;
    mlpipe__sort_f64(s->sample, s->sampled, scratch);
    for (i = 0; i < out->points; i++)
        out->curve[i] = mlpipe__quantile_sorted(
            s->sample, s->sampled, i / (double)(out->points - 1));
}

bool mlpipe__store_gather_end(stat_state *s, double *scratch,
                              mlpipe__store_stat *out)
{
    const bool done = mlpipe__stats_finish(&s->stats);

    memset(out, 0, sizeof *out);
    out->rows = s->stats.rows;
    out->nulls = s->stats.nulls;
    out->infinite = mlpipe__stats_infinite(&s->stats);
    out->low = s->stats.low;
    out->high = s->stats.high;
    out->mean = mlpipe__stats_mean(&s->stats);
    out->sd = mlpipe__stats_deviation(&s->stats, 1);
    out->exact = s->set_count <= STAT_SET_MOST;
    out->distinct = out->exact ? s->set_count
                               : (uint64_t)stat_estimate(s->cells);
    if (s->stats.counts)
        stat_top(s, out);
    else
        stat_curve(s, scratch, out);
    if (out->distinct > out->rows - out->nulls)
        out->distinct = out->rows - out->nulls;
    return done;
}

/* ---- bytes ---------------------------------------------------------- */

void mlpipe__store_stat_save(const mlpipe__store_stat *stat,
                             mlpipe__text *out)
{
    uint32_t i;

    mlpipe__put_u64(out, stat->rows);
    mlpipe__put_u64(out, stat->nulls);
    mlpipe__put_u64(out, stat->infinite);
    mlpipe__put_u64(out, stat->distinct);
    mlpipe__put_u32(out, stat->exact);
    mlpipe__put_u32(out, stat->sampled);
    mlpipe__put_u32(out, stat->points);
    mlpipe__put_u32(out, stat->top_count);
    mlpipe__put_f64(out, stat->low);
    mlpipe__put_f64(out, stat->high);
    mlpipe__put_f64(out, stat->mean);
    mlpipe__put_f64(out, stat->sd);
    mlpipe__put_array(out, stat->curve, stat->points, sizeof *stat->curve);
    for (i = 0; i < stat->top_count; i++) {
        mlpipe__put_text(out, stat->top[i], strlen(stat->top[i]));
        mlpipe__put_u64(out, stat->top_rows[i]);
    }
}

/* A curve rises, from numbers to numbers. */
static bool stat_plausible(const mlpipe__store_stat *s)
{
    uint32_t i;

    if (s->nulls > s->rows || s->infinite > s->rows - s->nulls ||
        s->distinct > s->rows - s->nulls)
        return false;
    for (i = 0; i < s->points; i++)
        if (!mlpipe__finite(s->curve[i]) ||
            (i && s->curve[i] < s->curve[i - 1]))
            return false;
    return s->points == 0 ||
           (s->points == MLPIPE__STORE_QUANTILES && s->sampled);
}

bool mlpipe__store_stat_load(mlpipe__store_stat *stat, mlpipe__cursor *in)
{
    const void *curve;
    uint64_t left;
    uint32_t i;

    memset(stat, 0, sizeof *stat);
    stat->rows = mlpipe__get_u64(in);
    stat->nulls = mlpipe__get_u64(in);
    stat->infinite = mlpipe__get_u64(in);
    stat->distinct = mlpipe__get_u64(in);
    stat->exact = mlpipe__get_u32(in) == 1;
    stat->sampled = mlpipe__get_u32(in);
    stat->points = mlpipe__get_u32(in);
    stat->top_count = mlpipe__get_u32(in);
    stat->low = mlpipe__get_f64(in);
    stat->high = mlpipe__get_f64(in);
    stat->mean = mlpipe__get_f64(in);
    stat->sd = mlpipe__get_f64(in);
    if (in->failed || stat->points > MLPIPE__STORE_QUANTILES ||
        stat->top_count > MLPIPE__STORE_TOP)
        return false;
    curve = mlpipe__get_array(in, stat->points, sizeof *stat->curve);
    if (in->failed)
        return false;
    if (stat->points)
        memcpy(stat->curve, curve, stat->points * sizeof *stat->curve);
    left = stat->rows >= stat->nulls ? stat->rows - stat->nulls : 0;
    for (i = 0; i < stat->top_count; i++) {
        stat->top[i] = mlpipe__get_text(in, NULL);
        stat->top_rows[i] = mlpipe__get_u64(in);
        if (in->failed || stat->top_rows[i] > left)
            return false;
        left -= stat->top_rows[i];
    }
    return stat_plausible(stat);
}
