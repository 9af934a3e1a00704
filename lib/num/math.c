/* SPDX-License-Identifier: MIT */
/*
 * exp, log and their kin from + - * / sqrt and tables alone, so that every
 * compiler and machine gives the same bits. No libm, no fused multiply-add.
 */
#include "num_internal.h"

#include "math_table.h"

static double math_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t math_to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

double mlpipe__nan(void)
{
    return math_from_bits(UINT64_C(0x7ff8000000000000));
}

double mlpipe__inf(void)
{
    return math_from_bits(UINT64_C(0x7ff0000000000000));
}

/* 2^e for -1022 <= e <= 1023. */
static double math_power(int64_t e)
{
    return math_from_bits((uint64_t)(e + 1023) << 52);
}

/*
 * exp(x) = 2^power (high + low): |low| < 0.006 high, and the pair is good to
 * about 60 bits. Two steps of ln 2 / 64 keep the reduction exact: the first
 * has 34 bits and the multiple at most 17.
 */
typedef struct math_pair {
    double high, low;
    int64_t power;
} math_pair;

static math_pair math_exp_pair(double x)
{
    const double shift = 0x1.8p52; /* rounds to an integer when added */
    const double steps = x * math_steps + shift;
    const double k = steps - shift;
    const int64_t ki = (int64_t)k;
    const double r = (x - k * math_step_hi) - k * math_step_lo;
    const double r2 = r * r;
    const double tail = r2 * (0.5 + r * (1.0 / 6))
                      + r2 * r2 * (1.0 / 24 + r * (1.0 / 120)
                                   + r2 * (1.0 / 720));
    const int64_t j = ki & 63;
    math_pair out;
    out.high = math_power_hi[j];
    out.low = math_power_lo[j] + out.high * (r + tail);
    out.power = (ki - j) / 64;
    return out;
}

double mlpipe__exp(double x)
{
    if (x != x)
        return mlpipe__nan();
    if (x > 709.79)
        return mlpipe__inf();
    if (x < -745.14)
        return 0.0;
    const math_pair e = math_exp_pair(x);
    /* Two factors: the first never leaves the normal range. */
    const int64_t half = e.power / 2;
    return (e.high + e.low) * math_power(half) * math_power(e.power - half);
}

/*
 * log((1 + f) 2^k) + c for 1 + f in [sqrt(1/2), sqrt(2)]: with s = f/(2 + f)
 * it is 2 atanh(s), and f - f^2/2 is split off, as it is nearly exact.
 */
static double math_log_core(double f, double k, double c)
{
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double z2 = z * z;
    const double z4 = z2 * z2;
    /* 2 (z/3 + z^2/5 + ... + z^11/23) in pairs */
    const double a = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9));
    const double b = (2.0 / 11 + z * (2.0 / 13))
                   + z2 * (2.0 / 15 + z * (2.0 / 17));
    const double d = (2.0 / 19 + z * (2.0 / 21)) + z2 * (2.0 / 23);
    const double r = z * (a + z4 * (b + z4 * d));
    const double square = 0.5 * f * f;
    const double low = s * (square + r) + (k * math_ln2_lo + c);
    return k * math_ln2_hi - ((square - low) - f);
}

/* x = m 2^k with m in [sqrt(1/2), sqrt(2)); x positive and finite. */
static double math_split(double x, double *k)
{
    int64_t e = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        e = -54;
    }
    /* Adding the distance of 1 and sqrt(1/2) moves the cut to the latter. */
    const uint64_t cut = UINT64_C(0x3ff0000000000000)
                       - UINT64_C(0x3fe6a09e667f3bcd);
    const uint64_t bits = math_to_bits(x) + cut;
    e += (int64_t)(bits >> 52) - 1023;
    *k = (double)e;
    return math_from_bits((bits & UINT64_C(0xfffffffffffff))
                          + UINT64_C(0x3fe6a09e667f3bcd));
}

double mlpipe__log(double x)
{
    if (!(x >= 0.0))
        return mlpipe__nan();
    if (x == 0.0)
        return -mlpipe__inf();
    if (!mlpipe__finite(x))
        return x;
    double k;
    const double m = math_split(x, &k);
    return math_log_core(m - 1.0, k, 0.0);
}

double mlpipe__log1p(double x)
{
    if (!(x >= -1.0))
        return mlpipe__nan();
    if (x == -1.0)
        return -mlpipe__inf();
    if (!mlpipe__finite(x))
        return x;
    if (x > -0x1p-54 && x < 0x1p-54)
        return x; /* also keeps -0 and subnormals */
    if (x > -0.2928 && x < 0.4142)
        return math_log_core(x, 0.0, 0.0);
    /* 1 + x was rounded to u; c makes up for it. */
    const double u = 1.0 + x;
    const double lost = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
    double k;
    const double m = math_split(u, &k);
    return math_log_core(m - 1.0, k, lost / u);
}

/* expm1 for |x| < 0.35: Taylor's series, of which x itself is exact. */
static double math_expm1_small(double x)
{
    const double z = x * x;
    const double odd = 1.0 / 6
        + z * (1.0 / 120 + z * (1.0 / 5040 + z * (1.0 / 362880
        + z * (1.0 / 39916800 + z * (1.0 / 6227020800.0)))));
    const double even = 1.0 / 24
        + z * (1.0 / 720 + z * (1.0 / 40320 + z * (1.0 / 3628800
        + z * (1.0 / 479001600 + z * (1.0 / 87178291200.0)))));
    return x + (0.5 * z + z * (x * odd + z * even));
}

double mlpipe__expm1(double x)
{
    if (x != x)
        return mlpipe__nan();
    if (x > -0x1p-54 && x < 0x1p-54)
        return x;
    if (x > -0.35 && x < 0.35)
        return math_expm1_small(x);
    if (x > 40.0)
        return mlpipe__exp(x);
    if (x < -40.0)
        return -1.0;
    const math_pair e = math_exp_pair(x);
    const double scale = math_power(e.power);
    const double high = e.high * scale;
    const double d = high - 1.0;
    /* What the subtraction lost (Knuth's two-sum). */
    const double back = d - high;
    const double lost = (high - (d - back)) + (-1.0 - back);
    return d + (lost + e.low * scale);
}

/* The high 26 bits of x, so that products of halves are exact. */
static double math_half(double x)
{
    return math_from_bits(math_to_bits(x) & ~UINT64_C(0x7ffffff));
}

/* What a * b loses when it is rounded to p (Dekker's product). */
static double math_product_rest(double a, double b, double p)
{
    const double ah = math_half(a);
    const double bh = math_half(b);
    const double al = a - ah;
    const double bl = b - bh;
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
}

double mlpipe__sigmoid(double x)
{
    if (x != x)
        return mlpipe__nan();
    if (x < -40.0)
        return mlpipe__exp(x);
    if (x > 40.0)
        return 1.0;
    /* t = exp(-|x|) in two parts, d = 1 + t, then n / d by one correction. */
    const math_pair e = math_exp_pair(x < 0.0 ? x : -x);
    const double scale = math_power(e.power);
    const double th = (e.high + e.low) * scale;
    const double tl = ((e.high - (e.high + e.low)) + e.low) * scale;
    const double dh = 1.0 + th;
    const double dl = ((1.0 - dh) + th) + tl;
    const double nh = x < 0.0 ? th : 1.0;
    const double nl = x < 0.0 ? tl : 0.0;
    const double inverse = 1.0 / dh;
    const double q = nh * inverse;
    const double p = q * dh;
    const double rest = ((nh - p) - math_product_rest(q, dh, p))
                      + (nl - q * dl);
    return q + rest * inverse;
}

double mlpipe__logit(double p)
{
    const double low = p > 0x1p-53 ? p : 0x1p-53;
    const double q = low < 1.0 - 0x1p-53 ? low : 1.0 - 0x1p-53;

    return mlpipe__log(q / (1.0 - q));
}

double mlpipe__sqrt(double x)
{
    return x >= 0.0 ? __builtin_sqrt(x) : mlpipe__nan();
}

/* A quotient of two polynomials of degree 7, lowest coefficient first. */
static double math_ratio(const double a[8], const double b[8], double r)
{
    double n = a[7];
    double d = b[7];
    for (int32_t i = 6; i >= 0; --i) {
        n = n * r + a[i];
        d = d * r + b[i];
    }
    return n / d;
}

/*
 * M. J. Wichura, Algorithm AS 241: the percentage points of the normal
 * distribution, Applied Statistics 37 (1988); about 16 digits.
 */
double mlpipe__normal_quantile(double p)
{
    static const double a[8] = {
        3.387132872796366608, 133.14166789178437745, 1971.5909503065514427,
        13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
        33430.575583588128105, 2509.0809287301226727};
    static const double b[8] = {
        1.0, 42.313330701600911252, 687.1870074920579083,
        5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
        28729.085735721942674, 5226.495278852545925};
    static const double c[8] = {
        1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055,
        3.64784832476320460504, 1.27045825245236838258,
        .24178072517745061177, .0227238449892691845833,
        7.7454501427834140764e-4};
    static const double d[8] = {
        1.0, 2.05319162663775882187, 1.6763848301838038494,
        .68976733498510000455, .14810397642748007459, .0151986665636164571966,
        5.475938084995344946e-4, 1.05075007164441684324e-9};
    static const double e[8] = {
        6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358,
        .29656057182850489123, .026532189526576123093, .0012426609473880784386,
        2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {
        1.0, .59983220655588793769, .13692988092273580531,
        .0148753612908506148525, 7.868691311456132591e-4,
        1.8463183175100546818e-5, 1.4215117583164458887e-7,
        2.04426310338993978564e-15};
    if (!(p >= 0.0 && p <= 1.0))
        return mlpipe__nan();
    if (p == 0.0)
        return -mlpipe__inf();
    if (p == 1.0)
        return mlpipe__inf();
    const double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * math_ratio(a, b, 0.180625 - q * q);
    const double tail = q < 0.0 ? p : 1.0 - p;
    const double r = mlpipe__sqrt(-mlpipe__log(tail));
    const double x = r <= 5.0 ? math_ratio(c, d, r - 1.6)
                              : math_ratio(e, f, r - 5.0);
    return q < 0.0 ? -x : x;
}
