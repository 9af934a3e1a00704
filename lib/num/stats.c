/* SPDX-License-Identifier: MIT */
/*
 * The statistics of one column: exact moments, kept values for quantiles,
 * counts of codes. Any partition of the rows, merged in any order, finishes
 * in the same bytes. Infinite values are counted and are in nothing else: one
 * of them would leave no mean, no spread and no bound to fit by.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#include "num_internal.h"

enum {
    STATS_PART = 512, /* values at a time, on the stack */
    STATS_LANES = 8,
    STATS_FEW = 32,   /* codes that are counted by lanes */
    /* What 2^64 finite doubles, and as many squares, stay below: 2^1088 and
     * 2^2112. */
    STATS_SUM_LIMBS = 102,
    STATS_SQUARES_LIMBS = 134
};

void mlpipe__stats_init(mlpipe__stats *s, mlpipe__env *env, uint32_t needs,
                        uint32_t codes)
{
    memset(s, 0, sizeof *s);
    s->env = env;
    s->needs = needs;
    s->codes = codes;
    s->low = mlpipe__nan();
    s->high = mlpipe__nan();
    s->whole = true;
}

/* Room for n more values and for the counts, before anything changes. */
static bool stats_reserve(mlpipe__stats *s, uint64_t n)
{
    if ((s->needs & MLPIPE__NEED_COUNTS) && !s->counts) {
        s->counts = mlpipe__alloc_array(s->env, s->codes, sizeof *s->counts);
        if (!s->counts)
            return false;
    }
    if (!(s->needs & MLPIPE__NEED_QUANTILES)
        || n <= s->value_room - s->value_count)
        return true;
    uint64_t room = s->value_room + s->value_room / 2;
    if (n > UINT64_MAX / 2 - s->value_count)
        return false;
    if (room < s->value_count + n)
        room = s->value_count + n;
    if (room < 64)
        room = 64;
    double *const values = mlpipe__grow(s->env, s->values, (size_t)room,
                                        sizeof *values);
    if (!values)
        return false;
    s->values = values;
    s->value_room = room;
    return true;
}

static void stats_count_code(mlpipe__stats *s, double x)
{
    if (x >= 0.0 && x < (double)s->codes)
        ++s->counts[(uint32_t)x];
    else
        ++s->unseen;
}

static void stats_bound(mlpipe__stats *s, double x)
{
    if (!(s->low <= x))
        s->low = x;
    if (!(s->high >= x))
        s->high = x;
}

/* The lowest and the highest of n > 0, side by side and not one by one. */
static void stats_range(const double *values, uint32_t n, double *least,
                        double *most)
{
    double low[STATS_LANES], high[STATS_LANES];
    uint32_t at = 0;
    for (uint32_t k = 0; k < STATS_LANES; ++k)
        low[k] = high[k] = values[0];
    for (; at + STATS_LANES <= n; at += STATS_LANES)
        for (uint32_t k = 0; k < STATS_LANES; ++k) {
            const double x = values[at + k];
            low[k] = x < low[k] ? x : low[k];
            high[k] = x > high[k] ? x : high[k];
        }
    for (; at < n; ++at) {
        low[0] = values[at] < low[0] ? values[at] : low[0];
        high[0] = values[at] > high[0] ? values[at] : high[0];
    }
    for (uint32_t k = 1; k < STATS_LANES; ++k) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    *least = low[0];
    *most = high[0];
}

/* Are all n finite? */
static bool stats_all_finite(const double *values, uint32_t n)
{
    double none[STATS_LANES] = {0};
    uint32_t i = 0;
    for (; i + STATS_LANES <= n; i += STATS_LANES)
        for (uint32_t k = 0; k < STATS_LANES; ++k)
            none[k] += values[i + k] - values[i + k]; /* 0, or NaN */
    for (; i < n; ++i)
        none[0] += values[i] - values[i];
    for (uint32_t k = 1; k < STATS_LANES; ++k)
        none[0] += none[k];
    return none[0] == 0;
}

/* Both at once, of n > 0: are all finite, and what are their bounds? */
static bool stats_look(const double *values, uint32_t n, double *least,
                       double *most)
{
    if (!stats_all_finite(values, n))
        return false;
    stats_range(values, n, least, most);
    return true;
}

#if defined(__x86_64__) && defined(__GNUC__)
/* One body for both widths; a compiler makes no minimum of vectors of what is
 * written for any machine. A minimum with NaN is its second operand. */
#define STATS_LOOK(name, isa, bits, lanes, vector)                            \
    __attribute__((target(isa))) static bool name(                            \
        const double *values, uint32_t n, double *least, double *most)        \
    {                                                                         \
        double low[lanes], high[lanes], lost[lanes];                          \
        vector low0 = _mm##bits##_set1_pd(values[0]), low1 = low0;            \
        vector high0 = low0, high1 = low0;                                    \
        vector none = _mm##bits##_setzero_pd();                               \
        uint32_t at = 0;                                                      \
        for (; at + 2 * lanes <= n; at += 2 * lanes) {                        \
            const vector x = _mm##bits##_loadu_pd(values + at);               \
            const vector y = _mm##bits##_loadu_pd(values + at + lanes);       \
            low0 = _mm##bits##_min_pd(x, low0);                               \
            low1 = _mm##bits##_min_pd(y, low1);                               \
            high0 = _mm##bits##_max_pd(x, high0);                             \
            high1 = _mm##bits##_max_pd(y, high1);                             \
            none += (x - x) + (y - y);                                        \
        }                                                                     \
        _mm##bits##_storeu_pd(low, _mm##bits##_min_pd(low0, low1));           \
        _mm##bits##_storeu_pd(high, _mm##bits##_max_pd(high0, high1));        \
        _mm##bits##_storeu_pd(lost, none);                                    \
        for (; at < n; ++at) {                                                \
            low[0] = values[at] < low[0] ? values[at] : low[0];               \
            high[0] = values[at] > high[0] ? values[at] : high[0];            \
            lost[0] += values[at] - values[at];                               \
        }                                                                     \
        for (uint32_t k = 1; k < lanes; ++k) {                                \
            low[0] = low[k] < low[0] ? low[k] : low[0];                       \
            high[0] = high[k] > high[0] ? high[k] : high[0];                  \
            lost[0] += lost[k];                                               \
        }                                                                     \
        *least = low[0];                                                      \
        *most = high[0];                                                      \
        return lost[0] == 0;                                                  \
    }
STATS_LOOK(stats_look_avx2, "avx2", 256, 4, __m256d)
STATS_LOOK(stats_look_avx512, "avx512f,avx2", 512, 8, __m512d)
#else
#define stats_look_avx2 stats_look
#define stats_look_avx512 stats_look
#endif

/* n > 0 finite values within these bounds, at most STATS_PART. */
static void stats_add_bounded(mlpipe__stats *s, const double *values,
                              uint32_t n, double low, double high)
{
    stats_bound(s, low + 0.0); /* -0 becomes +0 */
    stats_bound(s, high + 0.0);
    for (uint32_t i = 0; i < n && s->whole; ++i)
        s->whole = values[i] == mlpipe__floor(values[i]);
    mlpipe__exact_add_bounded(&s->sum, &s->squares, values, n,
                              high > -low ? high : -low, s->vector);
}

static void stats_add_moments(mlpipe__stats *s, const double *values,
                              uint32_t n)
{
    double low, high;
    if (!n)
        return;
    stats_range(values, n, &low, &high);
    stats_add_bounded(s, values, n, low, high);
}

/* Moves the finite values to the front and counts the others. */
static uint32_t stats_finite(mlpipe__stats *s, double *values, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; ++i) {
        const double x = values[i];
        values[count] = x;
        if (mlpipe__finite(x))
            ++count;
        else
            ++s->infinite[x > 0.0];
    }
    return count;
}

/* The values that are there, without nulls, NaN and negative zeros. */
static uint32_t stats_keep(const double *values, const uint8_t *valid,
                           uint32_t n, double kept[STATS_PART])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; ++i) {
        kept[count] = values[i] + 0.0; /* -0 becomes +0 */
        count += (!valid || valid[i]) && values[i] == values[i];
    }
    return count;
}

/* Are all n there and finite, as most are? Tells their bounds. */
static bool stats_plain(const double *values, const uint8_t *valid,
                        uint32_t n, uint32_t vector, double *low,
                        double *high)
{
    if (valid && memchr(valid, 0, n))
        return false;
    return (vector >= 64   ? stats_look_avx512
            : vector >= 32 ? stats_look_avx2
                           : stats_look)(values, n, low, high);
}

/* At most STATS_PART values, for which there is memory. */
static void stats_part(mlpipe__stats *s, const double *values,
                       const uint8_t *valid, uint32_t n)
{
    double kept[STATS_PART], low, high;
    const bool plain = stats_plain(values, valid, n, s->vector, &low, &high);
    if (plain && s->needs == MLPIPE__NEED_MOMENTS) {
        stats_add_bounded(s, values, n, low, high);
        return;
    }
    const uint32_t count = stats_keep(values, valid, n, kept);
    s->nulls += n - count;
    if (s->needs & MLPIPE__NEED_COUNTS)
        for (uint32_t i = 0; i < count; ++i)
            stats_count_code(s, kept[i]);
    const uint32_t finite = plain ? count : stats_finite(s, kept, count);
    if (s->needs & MLPIPE__NEED_MOMENTS)
        stats_add_moments(s, kept, finite);
    if (s->needs & MLPIPE__NEED_QUANTILES) {
        memcpy(s->values + s->value_count, kept, finite * sizeof *kept);
        s->value_count += finite;
    }
}

bool mlpipe__stats_update(mlpipe__stats *s, const double *values,
                          const uint8_t *valid, uint32_t n)
{
    if (!stats_reserve(s, n))
        return false;
    s->finished = false;
    s->rows += n;
    for (uint32_t at = 0; at < n; at += STATS_PART)
        stats_part(s, values + at, valid ? valid + at : NULL,
                   n - at < STATS_PART ? n - at : STATS_PART);
    return true;
}

/* How often each code is there; neighbours are counted apart, so that none
 * waits for the other. */
static void stats_count_whole(mlpipe__stats *s, const int64_t *values,
                              uint32_t n)
{
    uint32_t few[STATS_LANES][STATS_FEW] = {{0}};
    for (uint32_t i = 0; i < n; ++i)
        if (values[i] < 0 || values[i] >= (int64_t)s->codes)
            ++s->unseen;
        else if (s->codes <= STATS_FEW)
            ++few[i % STATS_LANES][values[i]];
        else
            ++s->counts[values[i]];
    for (uint32_t k = 0; k < STATS_LANES && s->codes <= STATS_FEW; ++k)
        for (uint32_t i = 0; i < s->codes; ++i)
            s->counts[i] += few[k][i];
}

/* At most STATS_PART whole numbers as doubles. */
static void stats_part_whole(mlpipe__stats *s, const int64_t *values,
                             const uint8_t *valid, uint32_t n)
{
    double same[STATS_PART];
    for (uint32_t i = 0; i < n; ++i)
        same[i] = (double)values[i];
    stats_part(s, same, valid, n);
}

bool mlpipe__stats_update_whole(mlpipe__stats *s, const int64_t *values,
                                const uint8_t *valid, uint32_t n, int64_t low,
                                int64_t high)
{
    const int64_t limit = INT64_C(1) << 53; /* doubles tell them apart */
    if (!stats_reserve(s, n))
        return false;
    s->finished = false;
    s->rows += n;
    if (valid || low < -limit || high > limit
        || (s->needs & MLPIPE__NEED_QUANTILES)) {
        for (uint32_t at = 0; at < n; at += STATS_PART)
            stats_part_whole(s, values + at, valid ? valid + at : NULL,
                             n - at < STATS_PART ? n - at : STATS_PART);
        return true;
    }
    if (s->needs & MLPIPE__NEED_COUNTS)
        stats_count_whole(s, values, n);
    if (n && (s->needs & MLPIPE__NEED_MOMENTS)) {
        stats_bound(s, (double)low);
        stats_bound(s, (double)high);
        mlpipe__exact_add_whole(&s->sum, &s->squares, values, n,
                                high > -low ? high : -low, s->vector);
    }
    return true;
}

bool mlpipe__stats_merge(mlpipe__stats *s, const mlpipe__stats *other)
{
    if (s->needs != other->needs || s->codes != other->codes
        || !stats_reserve(s, other->value_count))
        return false;
    s->finished = false;
    s->rows += other->rows;
    s->nulls += other->nulls;
    s->unseen += other->unseen;
    s->infinite[0] += other->infinite[0];
    s->infinite[1] += other->infinite[1];
    s->whole = s->whole && other->whole;
    if (other->low == other->low) {
        stats_bound(s, other->low);
        stats_bound(s, other->high);
    }
    mlpipe__exact_merge(&s->sum, &other->sum);
    mlpipe__exact_merge(&s->squares, &other->squares);
    if (other->value_count)
        memcpy(s->values + s->value_count, other->values,
               (size_t)other->value_count * sizeof *s->values);
    s->value_count += other->value_count;
    if (other->counts)
        for (uint32_t i = 0; i < s->codes; ++i)
            s->counts[i] += other->counts[i];
    return true;
}

bool mlpipe__stats_finish(mlpipe__stats *s)
{
    if (s->finished)
        return true;
    if (!stats_reserve(s, 0))
        return false;
    if (s->value_count > 1) {
        double *const scratch = mlpipe__alloc_array(
            s->env, (size_t)s->value_count, sizeof *scratch);
        if (!scratch)
            return false;
        mlpipe__sort_f64(s->values, s->value_count, scratch);
        mlpipe__free(s->env, scratch);
    }
    mlpipe__exact_normal(&s->sum);
    mlpipe__exact_normal(&s->squares);
    s->finished = true;
    return true;
}

void mlpipe__stats_save(const mlpipe__stats *s, mlpipe__text *out)
{
    mlpipe__put_u32(out, s->needs);
    mlpipe__put_u32(out, s->codes);
    mlpipe__put_u32(out, s->finished);
    mlpipe__put_u32(out, s->counts != NULL);
    mlpipe__put_u32(out, s->whole);
    mlpipe__put_u64(out, s->rows);
    mlpipe__put_u64(out, s->nulls);
    mlpipe__put_u64(out, s->unseen);
    mlpipe__put_u64(out, s->infinite[0]);
    mlpipe__put_u64(out, s->infinite[1]);
    mlpipe__put_f64(out, s->low);
    mlpipe__put_f64(out, s->high);
    mlpipe__put_u64(out, s->value_count);
    mlpipe__exact_save(&s->sum, out);
    mlpipe__exact_save(&s->squares, out);
    mlpipe__put_array(out, s->values, s->value_count, sizeof *s->values);
    mlpipe__put_array(out, s->counts, s->counts ? s->codes : 0,
                      sizeof *s->counts);
}

/* A loaded state says nothing that updates could not have made. */
static bool stats_plausible(const mlpipe__stats *s)
{
    const uint32_t all = MLPIPE__NEED_MOMENTS | MLPIPE__NEED_QUANTILES
                       | MLPIPE__NEED_COUNTS;
    if ((s->needs & ~all) || s->nulls > s->rows
        || s->unseen > s->rows - s->nulls)
        return false;
    const uint64_t seen = s->rows - s->nulls;
    if (s->infinite[0] > seen || s->infinite[1] > seen - s->infinite[0])
        return false;
    const uint64_t finite = seen - s->infinite[0] - s->infinite[1];
    if (s->value_count != (s->needs & MLPIPE__NEED_QUANTILES ? finite : 0))
        return false;
    if ((s->needs & MLPIPE__NEED_COUNTS) && s->unseen < seen - finite)
        return false; /* no code is infinite */
    const bool bounds = (s->needs & MLPIPE__NEED_MOMENTS) && finite;
    return bounds ? s->low <= s->high && mlpipe__finite(s->low)
                        && mlpipe__finite(s->high)
                  : s->low != s->low && s->high != s->high && s->whole;
}

static bool stats_values_plausible(const mlpipe__stats *s)
{
    for (uint64_t i = 0; i < s->value_count; ++i) {
        if (!mlpipe__finite(s->values[i]))
            return false;
        if (s->finished && i && !(s->values[i - 1] <= s->values[i]))
            return false;
    }
    if (!s->counts)
        return true;
    uint64_t left = s->rows - s->nulls - s->unseen;
    for (uint32_t i = 0; i < s->codes; ++i) {
        if (s->counts[i] > left)
            return false;
        left -= s->counts[i];
    }
    return left == 0;
}

/* Copies an array of the cursor; NULL where it is too short. */
static void *stats_get_copy(mlpipe__env *env, mlpipe__cursor *in,
                            uint64_t count, size_t bytes)
{
    const void *const data = mlpipe__get_array(in, count, bytes);
    if (in->failed)
        return NULL;
    void *const copy = mlpipe__alloc_array(env, (size_t)count, bytes);
    if (copy && count)
        memcpy(copy, data, (size_t)count * bytes);
    return copy;
}

bool mlpipe__stats_load(mlpipe__stats *s, mlpipe__env *env,
                        mlpipe__cursor *in)
{
    const uint32_t needs = mlpipe__get_u32(in);
    const uint32_t codes = mlpipe__get_u32(in);
    const uint32_t finished = mlpipe__get_u32(in);
    const uint32_t counted = mlpipe__get_u32(in);
    const uint32_t whole = mlpipe__get_u32(in);
    mlpipe__stats_init(s, env, needs, codes);
    s->finished = finished == 1;
    s->whole = whole == 1;
    s->rows = mlpipe__get_u64(in);
    s->nulls = mlpipe__get_u64(in);
    s->unseen = mlpipe__get_u64(in);
    s->infinite[0] = mlpipe__get_u64(in);
    s->infinite[1] = mlpipe__get_u64(in);
    s->low = mlpipe__get_f64(in);
    s->high = mlpipe__get_f64(in);
    s->value_count = mlpipe__get_u64(in);
    bool good = !in->failed && finished < 2 && counted < 2 && whole < 2
             && (!counted || (needs & MLPIPE__NEED_COUNTS))
             && mlpipe__exact_load(&s->sum, STATS_SUM_LIMBS, in)
             && mlpipe__exact_load(&s->squares, STATS_SQUARES_LIMBS, in)
             && s->squares.limb[MLPIPE__EXACT_LIMBS - 1] >= 0
             && stats_plausible(s);
    if (good) {
        s->values = stats_get_copy(env, in, s->value_count,
                                   sizeof *s->values);
        s->value_room = s->values ? s->value_count : 0;
        good = s->values != NULL;
    }
    if (good) {
        s->counts = stats_get_copy(env, in, counted ? codes : 0,
                                   sizeof *s->counts);
        good = s->counts != NULL;
    }
    if (good && !counted) {
        mlpipe__free(env, s->counts);
        s->counts = NULL;
        good = !(needs & MLPIPE__NEED_COUNTS) || s->rows == s->nulls;
    }
    if (good && stats_values_plausible(s))
        return true;
    in->failed = true;
    s->value_count = 0;
    mlpipe__stats_free(s);
    return false;
}

void mlpipe__stats_free(mlpipe__stats *s)
{
    mlpipe__free(s->env, s->values);
    mlpipe__free(s->env, s->counts);
    s->values = NULL;
    s->counts = NULL;
    s->value_count = 0;
    s->value_room = 0;
}

uint64_t mlpipe__stats_infinite(const mlpipe__stats *s)
{
    return s->infinite[0] + s->infinite[1];
}

uint64_t mlpipe__stats_finite(const mlpipe__stats *s)
{
    return s->rows - s->nulls - mlpipe__stats_infinite(s);
}

double mlpipe__stats_mean(const mlpipe__stats *s)
{
    if (!(s->needs & MLPIPE__NEED_MOMENTS))
        return mlpipe__nan();
    return mlpipe__exact_mean(&s->sum, mlpipe__stats_finite(s));
}

double mlpipe__stats_variance(const mlpipe__stats *s, uint32_t ddof)
{
    const uint64_t n = mlpipe__stats_finite(s);
    if (!(s->needs & MLPIPE__NEED_MOMENTS) || n <= ddof)
        return mlpipe__nan();
    const double centred = mlpipe__exact_centred(&s->sum, &s->squares, n);
    /* Only a loaded state whose sums contradict each other is below 0. */
    return centred >= 0.0 ? centred / (double)(n - ddof) : mlpipe__nan();
}

double mlpipe__stats_deviation(const mlpipe__stats *s, uint32_t ddof)
{
    const uint64_t n = mlpipe__stats_finite(s);
    if (!(s->needs & MLPIPE__NEED_MOMENTS))
        return mlpipe__nan();
    return mlpipe__exact_deviation(&s->sum, &s->squares, n, ddof);
}

bool mlpipe__stats_flag(const mlpipe__stats *s)
{
    return s->finished && s->low == 0.0 && s->high == 1.0
        && !memcmp(s->sum.limb, s->squares.limb, sizeof s->sum.limb);
}

double mlpipe__quantile_sorted(const double *values, uint64_t n, double q)
{
    if (!n || !(q >= 0.0 && q <= 1.0))
        return mlpipe__nan();
    const double h = (double)(n - 1) * q;
    const uint64_t i = (uint64_t)h;
    if (i + 1 >= n)
        return values[n - 1];
    const double t = h - (double)i;
    const double a = values[i];
    const double b = values[i + 1];
    if (a == b || t == 0.0)
        return a;
    if (!mlpipe__finite(b - a))
        return a * (1.0 - t) + b * t;
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1.0 - t);
}

double mlpipe__stats_quantile(const mlpipe__stats *s, double q)
{
    return s->finished ? mlpipe__quantile_sorted(s->values, s->value_count, q)
                       : mlpipe__nan();
}

static double stats_mode_value(const mlpipe__stats *s)
{
    double best = mlpipe__nan();
    uint64_t best_run = 0;
    uint64_t run = 0;
    for (uint64_t i = 0; i < s->value_count; ++i) {
        run = i && s->values[i] == s->values[i - 1] ? run + 1 : 1;
        if (run > best_run) {
            best_run = run;
            best = s->values[i];
        }
    }
    return best;
}

double mlpipe__stats_mode(const mlpipe__stats *s)
{
    if (!s->finished)
        return mlpipe__nan();
    if (!s->counts)
        return stats_mode_value(s);
    double best = mlpipe__nan();
    uint64_t best_count = 0;
    for (uint32_t i = 0; i < s->codes; ++i) {
        if (s->counts[i] > best_count) {
            best_count = s->counts[i];
            best = i;
        }
    }
    return best;
}
