/* SPDX-License-Identifier: MIT */
/*
 * Exact sums: a fixed-point number of 4,480 bits that holds every finite
 * double and every product of two, with room for 2^64 of them. Limb i weighs
 * 2^(32 i - 2176). Between carries a limb may hold up to 63 bits; in normal
 * form all limbs but the last are digits of 32 bits, which is unique, so that
 * equal sums are equal bytes.
 */
#include "num_internal.h"

enum {
    EXACT_ZERO = 2176,      /* bit that weighs 2^0 */
    EXACT_MIN = 2176 - 1074, /* bit of the smallest double */
    EXACT_LOW = 34,         /* no double reaches below this limb */
    EXACT_PENDING = 1 << 29, /* adds of less than 2^33 that a limb can take */
    EXACT_PART = 512,   /* values at a time, for exact_add_near */
    EXACT_BINS = 64,    /* exponents */
    EXACT_LANES = 4,
    EXACT_NEAR = 64,    /* fewer values are not worth it */
    EXACT_ROOM = 65536, /* and at most, of whole numbers */
    EXACT_WHOLE_SHORT = 1 << 27 /* 512 squares of which fit 64 bits */
};

__extension__ typedef unsigned __int128 exact_u128;

void mlpipe__exact_init(mlpipe__exact *e)
{
    memset(e, 0, sizeof *e);
}

void mlpipe__exact_normal(mlpipe__exact *e)
{
    int64_t carry = 0;
    for (uint32_t i = 0; i + 1 < MLPIPE__EXACT_LIMBS; ++i) {
        const int64_t v = e->limb[i] + carry;
        const int64_t digit = v & INT64_C(0xffffffff);
        carry = (v - digit) / INT64_C(0x100000000);
        e->limb[i] = digit;
    }
    e->limb[MLPIPE__EXACT_LIMBS - 1] += carry;
    e->pending = 0;
}

/* A finite double as mantissa * 2^(exponent - 1074); sign is 0 or -1. */
static inline uint64_t exact_split(double x, uint32_t *exponent,
                                   int64_t *sign)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    *sign = -(int64_t)(bits >> 63);
    const uint32_t field = (uint32_t)(bits >> 52) & 2047;
    const uint64_t normal = field != 0;
    *exponent = field - (uint32_t)normal;
    return (bits & UINT64_C(0xfffffffffffff)) | normal << 52;
}

/* v or -v, without a branch: signs of data are hard to foretell. */
static inline int64_t exact_signed(uint64_t v, int64_t sign)
{
    return ((int64_t)v ^ sign) - sign;
}

/* Every limb is touched once, so that adds in a row overlap. */
static inline void exact_put(mlpipe__exact *e, uint64_t m, uint32_t exponent,
                             int64_t sign)
{
    const uint32_t at = exponent + EXACT_MIN;
    const exact_u128 v = (exact_u128)m << at % 32;
    int64_t *const limb = e->limb + at / 32;
    limb[0] += exact_signed((uint32_t)v, sign);
    limb[1] += exact_signed((uint32_t)(v >> 32), sign);
    limb[2] += exact_signed((uint64_t)(v >> 64), sign);
}

/* A number of 128 bits at a bit of the sum. */
static inline void exact_put_wide(mlpipe__exact *e, exact_u128 m, uint32_t at,
                                  int64_t sign)
{
    const exact_u128 low = (exact_u128)(uint64_t)m << at % 32;
    const exact_u128 high = (m >> 64) << at % 32;
    int64_t *const limb = e->limb + at / 32;
    limb[0] += exact_signed((uint32_t)low, sign);
    limb[1] += exact_signed((uint32_t)(low >> 32), sign);
    limb[2] += exact_signed((uint64_t)(low >> 64) + (uint32_t)high, sign);
    limb[3] += exact_signed((uint32_t)(high >> 32), sign);
    limb[4] += exact_signed((uint64_t)(high >> 64), sign);
}

/* The product of two mantissas; exponent is the sum of theirs. */
static inline void exact_put_product(mlpipe__exact *e, uint64_t a, uint64_t b,
                                     uint32_t exponent, int64_t sign)
{
    exact_put_wide(e, (exact_u128)a * b,
                   exponent + (EXACT_ZERO - 2 * 1074), sign);
}

/* Carry before `adds` more would be too many. */
static inline void exact_expect(mlpipe__exact *e, uint32_t adds)
{
    if (adds > EXACT_PENDING - e->pending)
        mlpipe__exact_normal(e);
    e->pending += adds;
}

void mlpipe__exact_add(mlpipe__exact *e, double x)
{
    uint32_t exponent;
    int64_t sign;
    const uint64_t m = exact_split(x, &exponent, &sign);
    exact_expect(e, 1);
    exact_put(e, m, exponent, sign);
}

void mlpipe__exact_add_product(mlpipe__exact *e, double a, double b)
{
    uint32_t ea, eb;
    int64_t sa, sb;
    const uint64_t ma = exact_split(a, &ea, &sa);
    const uint64_t mb = exact_split(b, &eb, &sb);
    exact_expect(e, 1);
    exact_put_product(e, ma, mb, ea + eb, sa ^ sb);
}

/* Values one by one, whatever their exponents. */
static void exact_add_each(mlpipe__exact *sum, mlpipe__exact *squares,
                           const double *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t exponent;
        int64_t sign;
        const uint64_t m = exact_split(values[i], &exponent, &sign);
        exact_put(sum, m, exponent, sign);
        exact_put_product(squares, m, m, 2 * exponent, 0);
    }
}

/*
 * Values whose exponents lie close together are first summed as mantissas,
 * one sum for each exponent: 512 of 53 bits fit 64 bits, 512 squares of 106
 * bits fit 128. Neighbours go to sums of their own, so that none waits.
 */
typedef struct exact_bin {
    exact_u128 square;
    int64_t sum;
} exact_bin;

static void exact_add_near(mlpipe__exact *sum, mlpipe__exact *squares,
                           const double *values, uint32_t n, uint32_t low,
                           uint32_t count)
{
    exact_bin bins[EXACT_BINS][EXACT_LANES];
    memset(bins, 0, count * sizeof bins[0]);
    for (uint32_t i = 0; i < n; ++i) {
        uint32_t exponent;
        int64_t sign;
        const uint64_t m = exact_split(values[i], &exponent, &sign);
        exact_bin *const bin = &bins[m ? exponent - low : 0][i % EXACT_LANES];
        bin->sum += exact_signed(m, sign);
        bin->square += (exact_u128)m * m;
    }
    for (uint32_t k = 0; k < count; ++k) {
        int64_t total = 0;
        exact_u128 square = 0;
        for (uint32_t lane = 0; lane < EXACT_LANES; ++lane) {
            total += bins[k][lane].sum;
            square += bins[k][lane].square;
        }
        exact_put(sum, total < 0 ? 0 - (uint64_t)total : (uint64_t)total,
                  low + k, -(int64_t)(total < 0));
        exact_put_wide(squares, square,
                       2 * (low + k) + (EXACT_ZERO - 2 * 1074), 0);
    }
}

/* The lowest and the highest exponent of what is not zero; low > high where
 * all is. */
static void exact_exponents(const double *values, uint32_t n, uint32_t *low,
                            uint32_t *high)
{
    *low = 2047;
    *high = 0;
    for (uint32_t i = 0; i < n; ++i) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint32_t field = (uint32_t)(bits >> 52) & 2047;
        const uint32_t exponent = field - (field != 0);
        const bool zero = !(bits << 1);
        *low = !zero && exponent < *low ? exponent : *low;
        *high = !zero && exponent > *high ? exponent : *high;
    }
}

/* A part of at most EXACT_PART values, by exponents. */
static void exact_add_part(mlpipe__exact *sum, mlpipe__exact *squares,
                           const double *values, uint32_t n)
{
    uint32_t low, high;
    exact_expect(sum, n);
    exact_expect(squares, n);
    exact_exponents(values, n, &low, &high);
    if (n < EXACT_NEAR || high - low >= EXACT_BINS)
        exact_add_each(sum, squares, values, n);
    else
        exact_add_near(sum, squares, values, n, low, high - low + 1);
}

/* A whole number of units of 2^unit. */
static void exact_put_units(mlpipe__exact *e, int64_t units, int32_t unit)
{
    exact_expect(e, 1);
    exact_put_wide(e, units < 0 ? 0 - (uint64_t)units : (uint64_t)units,
                   (uint32_t)(EXACT_ZERO + unit), -(int64_t)(units < 0));
}

void mlpipe__exact_add_bounded(mlpipe__exact *sum, mlpipe__exact *squares,
                               const double *values, uint32_t n, double most,
                               uint32_t vector)
{
    const uint32_t room = mlpipe__limbs_part(vector);
    mlpipe__limbs limbs;
    if (most == 0)
        return;
    while (n) {
        const uint32_t part = n < room ? n : room;
        if (part >= EXACT_NEAR
            && mlpipe__limbs_sum(values, part, most, vector, &limbs)) {
            for (uint32_t i = 0; i < MLPIPE__LIMBS; ++i)
                exact_put_units(sum, limbs.sum[i], limbs.unit[i]);
            for (uint32_t i = 0; i < MLPIPE__LIMB_PRODUCTS; ++i)
                exact_put_units(squares, limbs.product[i],
                                limbs.product_unit[i]);
        } else {
            for (uint32_t at = 0; at < part; at += EXACT_PART)
                exact_add_part(sum, squares, values + at,
                               part - at < EXACT_PART ? part - at
                                                      : EXACT_PART);
        }
        values += part;
        n -= part;
    }
}

void mlpipe__exact_add_moments(mlpipe__exact *sum, mlpipe__exact *squares,
                               const double *values, uint32_t n)
{
    while (n) {
        const uint32_t part = n < EXACT_PART ? n : EXACT_PART;
        mlpipe__exact_add_bounded(sum, squares, values, part,
                                  mlpipe__limbs_most(values, part), 0);
        values += part;
        n -= part;
    }
}

#if defined(__GNUC__)
#define EXACT_INLINE static inline __attribute__((always_inline))
#else
#define EXACT_INLINE static inline
#endif

/* The sum and that of squares, which fit 64 bits. */
EXACT_INLINE void exact_short(const int64_t *values, uint32_t n,
                              int64_t *total, uint64_t *square)
{
    int64_t sum = 0;
    uint64_t squares = 0; /* up to 2^63, which is no int64_t */
    for (uint32_t i = 0; i < n; ++i) {
        const int32_t v = (int32_t)values[i];
        sum += v;
        squares += (uint64_t)((int64_t)v * v);
    }
    *total = sum;
    *square = squares;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
exact_short_avx2(const int64_t *values, uint32_t n, int64_t *total,
                 uint64_t *square)
{
    exact_short(values, n, total, square);
}
#else
#define exact_short_avx2 exact_short
#endif

static void exact_long(const int64_t *values, uint32_t n, int64_t *total,
                       exact_u128 *square)
{
    for (uint32_t i = 0; i < n; ++i) {
        const int64_t v = values[i];
        const uint64_t m = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
        *total += v;
        *square += (exact_u128)m * m;
    }
}

/* Values of at most `most` whose squares add up within 64 bits: fewer sums are
 * put into the long ones. */
static uint32_t exact_room(int64_t most)
{
    uint32_t room = EXACT_PART;
    while (most <= EXACT_WHOLE_SHORT && room < EXACT_ROOM
           && (uint64_t)most * (uint64_t)most <= (UINT64_MAX >> 2) / room)
        room *= 2;
    return room;
}

void mlpipe__exact_add_whole(mlpipe__exact *sum, mlpipe__exact *squares,
                             const int64_t *values, uint32_t n, int64_t most,
                             uint32_t vector)
{
    const uint32_t room = exact_room(most);
    while (n) {
        const uint32_t part = n < room ? n : room;
        int64_t total = 0;
        uint64_t few = 0;
        exact_u128 square = 0;
        if (most > EXACT_WHOLE_SHORT)
            exact_long(values, part, &total, &square);
        else if (vector >= 32)
            exact_short_avx2(values, part, &total, &few);
        else
            exact_short(values, part, &total, &few);
        square += few;
        exact_put_units(sum, total, 0);
        exact_expect(squares, 1);
        exact_put_wide(squares, square, EXACT_ZERO, 0);
        values += part;
        n -= part;
    }
}

void mlpipe__exact_merge(mlpipe__exact *e, const mlpipe__exact *other)
{
    mlpipe__exact copy = *other;
    mlpipe__exact_normal(&copy);
    mlpipe__exact_normal(e);
    for (uint32_t i = 0; i < MLPIPE__EXACT_LIMBS; ++i)
        e->limb[i] += copy.limb[i];
    mlpipe__exact_normal(e);
}

void mlpipe__exact_join(mlpipe__exact *e, const mlpipe__exact *other)
{
    if (other->pending >= EXACT_PENDING - 1) {
        mlpipe__exact_merge(e, other);
        return;
    }
    exact_expect(e, other->pending + 1); /* its digits count as one more */
    for (uint32_t i = 0; i < MLPIPE__EXACT_LIMBS; ++i)
        e->limb[i] += other->limb[i];
}

/* The sign of a normal form, which is then made positive. */
static bool exact_absolute(mlpipe__exact *e)
{
    const bool minus = e->limb[MLPIPE__EXACT_LIMBS - 1] < 0;
    if (minus) {
        for (uint32_t i = 0; i < MLPIPE__EXACT_LIMBS; ++i)
            e->limb[i] = -e->limb[i];
        mlpipe__exact_normal(e);
    }
    return minus;
}

bool mlpipe__exact_fits(const mlpipe__exact *e, uint32_t limbs)
{
    mlpipe__exact copy = *e;
    exact_absolute(&copy);
    for (uint32_t i = limbs; i < MLPIPE__EXACT_LIMBS; ++i)
        if (copy.limb[i])
            return false;
    return true;
}

static uint64_t exact_bit(const mlpipe__exact *e, uint32_t at)
{
    return (uint64_t)e->limb[at / 32] >> at % 32 & 1;
}

/*
 * A non-negative normal form, to the nearest double, ties to even. `sticky`
 * says that something below the last limb was cut off.
 */
static double exact_round(const mlpipe__exact *e, bool sticky)
{
    uint32_t top = MLPIPE__EXACT_LIMBS;
    while (top && !e->limb[top - 1])
        --top;
    if (!top)
        return 0.0;
    const uint64_t first = (uint64_t)e->limb[top - 1];
    uint32_t high = (top - 1) * 32;
    while (first >> (high - (top - 1) * 32) > 1)
        ++high;
    uint32_t low = EXACT_MIN;
    if (high > EXACT_MIN + 52)
        low = high - 52;
    uint64_t m = 0;
    for (uint32_t at = low; at <= high; ++at)
        m |= exact_bit(e, at) << (at - low);
    for (uint32_t i = 0; i < (low - 1) / 32; ++i)
        sticky = sticky || e->limb[i];
    const uint64_t below = ((uint64_t)1 << (low - 1) % 32) - 1;
    sticky = sticky || ((uint64_t)e->limb[(low - 1) / 32] & below);
    if (exact_bit(e, low - 1) && (sticky || (m & 1)))
        ++m;
    /* A carry out of m runs into the exponent, as it should. */
    uint64_t bits = ((uint64_t)(low - EXACT_MIN) << 52) + m;
    if (bits > UINT64_C(0x7ff0000000000000))
        bits = UINT64_C(0x7ff0000000000000);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double mlpipe__exact_value(const mlpipe__exact *e)
{
    mlpipe__exact copy = *e;
    mlpipe__exact_normal(&copy);
    const bool minus = exact_absolute(&copy);
    const double x = exact_round(&copy, false);
    return minus ? 0.0 - x : x; /* no -0 */
}

/* Divide a non-negative normal form; true where there is a remainder. */
static bool exact_divide(mlpipe__exact *e, uint64_t n)
{
    uint64_t rest = 0;
    for (uint32_t i = MLPIPE__EXACT_LIMBS; i-- > 0;) {
        const exact_u128 v = (exact_u128)rest << 32
                           | (exact_u128)(uint64_t)e->limb[i];
        e->limb[i] = (int64_t)(uint64_t)(v / n);
        rest = (uint64_t)(v % n);
    }
    return rest;
}

double mlpipe__exact_mean(const mlpipe__exact *e, uint64_t n)
{
    if (!n)
        return mlpipe__nan();
    mlpipe__exact copy = *e;
    mlpipe__exact_normal(&copy);
    const bool minus = exact_absolute(&copy);
    const bool sticky = exact_divide(&copy, n);
    const double x = exact_round(&copy, sticky);
    return minus ? 0.0 - x : x; /* no -0 */
}

/* e -= (digits of sum above EXACT_LOW)^2; the units agree by choice. */
static void exact_less_square(mlpipe__exact *e, const mlpipe__exact *sum)
{
    for (uint32_t i = EXACT_LOW; i < MLPIPE__EXACT_LIMBS; ++i) {
        if (!sum->limb[i])
            continue;
        for (uint32_t j = EXACT_LOW; j < MLPIPE__EXACT_LIMBS; ++j) {
            if (!sum->limb[j])
                continue;
            const uint64_t v = (uint64_t)sum->limb[i]
                             * (uint64_t)sum->limb[j];
            const uint32_t at = i + j - 2 * EXACT_LOW;
            e->limb[at] -= (int64_t)(v & UINT32_MAX);
            e->limb[at + 1] -= (int64_t)(v >> 32);
        }
    }
}

/* e *= n, for a normal form whose product has room. */
static void exact_times(mlpipe__exact *e, uint64_t n)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < MLPIPE__EXACT_LIMBS; ++i) {
        const exact_u128 v = (exact_u128)(uint64_t)e->limb[i] * n + carry;
        e->limb[i] = (int64_t)(uint32_t)v;
        carry = (uint64_t)(v >> 32);
    }
}

/* n times the sum of squared deviations, as a non-negative normal form; true
 * where it is below 0, as only sums that contradict each other are. */
static bool exact_spread(const mlpipe__exact *sum,
                         const mlpipe__exact *squares, uint64_t n,
                         mlpipe__exact *q)
{
    mlpipe__exact s = *sum;
    *q = *squares;
    mlpipe__exact_normal(&s);
    mlpipe__exact_normal(q);
    exact_absolute(&s);
    exact_times(q, n);
    exact_less_square(q, &s);
    mlpipe__exact_normal(q);
    return exact_absolute(q);
}

double mlpipe__exact_centred(const mlpipe__exact *sum,
                             const mlpipe__exact *squares, uint64_t n)
{
    mlpipe__exact q;
    if (!n)
        return mlpipe__nan();
    const bool minus = exact_spread(sum, squares, n, &q);
    const bool sticky = exact_divide(&q, n);
    const double x = exact_round(&q, sticky);
    return minus ? 0.0 - x : x; /* no -0 */
}

/* Move a form by whole limbs, so that its first digit weighs 2^0; gives by
 * how many. What falls off the end is told by sticky. */
static int32_t exact_centre(mlpipe__exact *e, bool *sticky)
{
    const int32_t one = EXACT_ZERO / 32;
    int32_t top = MLPIPE__EXACT_LIMBS - 1;
    mlpipe__exact moved = {0};
    while (top > 0 && !e->limb[top])
        --top;
    const int32_t shift = top - one;
    for (int32_t i = 0; i < MLPIPE__EXACT_LIMBS; ++i) {
        const int32_t to = i - shift;
        if (to >= 0 && to < MLPIPE__EXACT_LIMBS)
            moved.limb[to] = e->limb[i];
        else
            *sticky = *sticky || e->limb[i];
    }
    *e = moved;
    return shift;
}

double mlpipe__exact_deviation(const mlpipe__exact *sum,
                               const mlpipe__exact *squares, uint64_t n,
                               uint32_t ddof)
{
    mlpipe__exact q;
    if (n <= ddof || exact_spread(sum, squares, n, &q))
        return mlpipe__nan();
    bool sticky = exact_divide(&q, n);
    const int32_t shift = exact_centre(&q, &sticky);
    const double scaled = exact_round(&q, sticky) / (double)(n - ddof);
    /* The root of 2^(32 shift), in two halves that are doubles. */
    const uint64_t bits = (uint64_t)(1023 + 8 * shift) << 52;
    double half;
    memcpy(&half, &bits, sizeof half);
    return mlpipe__sqrt(scaled) * half * half;
}

/* ---- saving: the limbs in use: first, count, then they ------------------- */

void mlpipe__exact_save(const mlpipe__exact *e, mlpipe__text *out)
{
    mlpipe__exact copy = *e;
    mlpipe__exact_normal(&copy);
    uint32_t first = 0;
    uint32_t end = MLPIPE__EXACT_LIMBS;
    while (first < end && !copy.limb[first])
        ++first;
    while (end > first && !copy.limb[end - 1])
        --end;
    mlpipe__put_u32(out, first == end ? 0 : first);
    mlpipe__put_u32(out, end - first);
    mlpipe__put_array(out, copy.limb + first, end - first,
                      sizeof copy.limb[0]);
}

bool mlpipe__exact_load(mlpipe__exact *e, uint32_t most, mlpipe__cursor *in)
{
    mlpipe__exact_init(e);
    const uint32_t first = mlpipe__get_u32(in);
    const uint32_t count = mlpipe__get_u32(in);
    if (in->failed || count > MLPIPE__EXACT_LIMBS
        || first > MLPIPE__EXACT_LIMBS - count)
        return false;
    const void *const limbs = mlpipe__get_array(in, count,
                                                sizeof e->limb[0]);
    if (in->failed)
        return false;
    if (count)
        memcpy(e->limb + first, limbs, count * sizeof e->limb[0]);
    for (uint32_t i = 0; i + 1 < MLPIPE__EXACT_LIMBS; ++i)
        if (e->limb[i] < 0 || e->limb[i] > INT64_C(0xffffffff))
            return false;
    const int64_t last = e->limb[MLPIPE__EXACT_LIMBS - 1];
    return last >= -INT64_C(0x100000000) && last <= INT64_C(0xffffffff)
        && mlpipe__exact_fits(e, most);
}
