/* SPDX-License-Identifier: MIT */
/*
 * Distribution functions for tests and intervals: lgamma, the incomplete
 * gamma and beta functions, and the tails that follow from them. Prefactors
 * are formed as deviances (C. Loader, 2000), so that large arguments do not
 * cancel. Used in training and monitoring only.
 */
#include "num_internal.h"

#include "dist_table.h"

static const double dist_tau = 6.283185307179586; /* 2 pi */
static const double dist_half_log_tau = 0.9189385332046727;
static const double dist_eps = 0x1p-54;
enum { DIST_STEPS = 200000 };

static double dist_abs(double x)
{
    return x < 0.0 ? -x : x;
}

/* lgamma(2 + z) for |z| <= 1/2. */
static double dist_lgamma_two(double z)
{
    double s = dist_taylor[DIST_TAYLOR - 1];
    for (int32_t k = DIST_TAYLOR - 2; k >= 0; --k)
        s = s * z + dist_taylor[k];
    return s * z;
}

/* Stirling's series: lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2. */
static double dist_stirling_sum(double x)
{
    const double z = 1.0 / (x * x);
    double s = dist_stirling[DIST_STIRLING - 1];
    for (int32_t k = DIST_STIRLING - 2; k >= 0; --k)
        s = s * z + dist_stirling[k];
    return s / x;
}

double mlpipe__lgamma(double x)
{
    if (!(x > 0.0))
        return x == 0.0 ? mlpipe__inf() : mlpipe__nan();
    if (!mlpipe__finite(x))
        return x;
    if (x < 0.5)
        return mlpipe__lgamma(x + 1.0) - mlpipe__log(x);
    if (x < 1.5)
        return dist_lgamma_two(x - 1.0) - mlpipe__log1p(x - 1.0);
    if (x >= 12.0)
        return (x - 0.5) * (mlpipe__log(x) - 1.0)
             + (dist_half_log_tau - 0.5 + dist_stirling_sum(x));
    double product = 1.0;
    while (x >= 2.5) {
        x -= 1.0;
        product *= x;
    }
    return dist_lgamma_two(x - 2.0) + mlpipe__log(product);
}

/* What Stirling's formula for Gamma(x + 1) leaves, in logs. */
static double dist_stirling_error(double x)
{
    if (x >= 12.0)
        return dist_stirling_sum(x);
    return mlpipe__lgamma(x + 1.0) - (x + 0.5) * mlpipe__log(x) + x
         - dist_half_log_tau;
}

/* The deviance x log(x/m) + m - x, without cancellation near x = m. */
static double dist_deviance(double x, double m)
{
    const double d = x - m;
    if (dist_abs(d) >= 0.1 * (x + m))
        return x * mlpipe__log(x / m) - d;
    const double v = d / (x + m);
    const double v2 = v * v;
    double term = 2.0 * x * v;
    double s = d * v;
    for (double j = 3.0; j < 200.0; j += 2.0) {
        term *= v2;
        const double next = s + term / j;
        if (next == s)
            break;
        s = next;
    }
    return s;
}

/* x^a e^-x / Gamma(a + 1) */
static double dist_poisson(double a, double x)
{
    return mlpipe__exp(-dist_stirling_error(a) - dist_deviance(a, x))
         / mlpipe__sqrt(dist_tau * a);
}

/* P(a, x) by its series; x < a + 1. */
static double dist_gamma_series(double a, double x)
{
    double term = 1.0;
    double s = 1.0;
    for (uint32_t k = 1; k < DIST_STEPS; ++k) {
        term *= x / (a + k);
        s += term;
        if (term < s * dist_eps)
            break;
    }
    return dist_poisson(a, x) * s;
}

/* Lentz's method steps over a denominator of zero. */
static double dist_nonzero(double x)
{
    return dist_abs(x) < 1e-300 ? 1e-300 : x;
}

/* Q(a, x) by its continued fraction; x >= a + 1. */
static double dist_gamma_fraction(double a, double x)
{
    double b = x + 1.0 - a;
    double c = 1e300;
    double d = 1.0 / dist_nonzero(b);
    double h = d;
    for (uint32_t k = 1; k < DIST_STEPS; ++k) {
        const double an = -(double)k * ((double)k - a);
        b += 2.0;
        d = 1.0 / dist_nonzero(an * d + b);
        c = dist_nonzero(b + an / c);
        h *= d * c;
        if (dist_abs(d * c - 1.0) < dist_eps)
            break;
    }
    return dist_poisson(a, x) * a * h;
}

static double dist_gamma_q(double a, double x)
{
    if (!(a > 0.0) || !(x >= 0.0))
        return mlpipe__nan();
    if (x == 0.0)
        return 1.0;
    if (!mlpipe__finite(x))
        return 0.0;
    return x < a + 1.0 ? 1.0 - dist_gamma_series(a, x)
                       : dist_gamma_fraction(a, x);
}

double mlpipe__gamma_p(double a, double x)
{
    if (!(a > 0.0) || !(x >= 0.0))
        return mlpipe__nan();
    if (x == 0.0)
        return 0.0;
    if (!mlpipe__finite(x))
        return 1.0;
    return x < a + 1.0 ? dist_gamma_series(a, x)
                       : 1.0 - dist_gamma_fraction(a, x);
}

double mlpipe__chi2_tail(double x, double df)
{
    return x <= 0.0 && df > 0.0 ? 1.0 : dist_gamma_q(0.5 * df, 0.5 * x);
}

double mlpipe__normal_tail(double z)
{
    if (z != z)
        return mlpipe__nan();
    const double q = 0.5 * dist_gamma_q(0.5, 0.5 * z * z);
    return z < 0.0 ? 1.0 - q : q;
}

/* x^a y^b / B(a, b) with y = 1 - x */
static double dist_beta_front(double a, double b, double x, double y)
{
    const double n = a + b;
    const double stirling = dist_stirling_error(n) - dist_stirling_error(a)
                          - dist_stirling_error(b);
    const double deviance = dist_deviance(a, n * x)
                          + dist_deviance(b, n * y);
    return mlpipe__sqrt(a / n * b / dist_tau)
         * mlpipe__exp(stirling - deviance);
}

/*
 * The continued fraction of the incomplete beta function in the form of
 * A. R. DiDonato and A. H. Morris, ACM TOMS 18 (1992), algorithm 708: with
 * distance = a - (a + b) x >= 0 it does not cancel where x is close to 1.
 */
static double dist_beta_fraction(double a, double b, double x, double y,
                                 double distance)
{
    const double c = 1.0 + distance;
    const double c1 = 1.0 + 1.0 / a;
    double p = 1.0;
    double s = a + 1.0;
    double up = 0.0, up_next = 1.0;
    double down = 1.0, down_next = c / c1;
    double ratio = c1 / c;
    for (uint32_t k = 1; k < DIST_STEPS; ++k) {
        const double n = k;
        const double t = n / a;
        const double w = n * (b - n) * x;
        const double e = a / s;
        const double alpha = (p * (p + b / a) * e * e) * (w * x);
        const double e1 = (1.0 + t) / (c1 + t + t);
        const double beta = n + w / s + e1 * (c + n * (y + 1.0));
        p = 1.0 + t;
        s += 2.0;
        const double u = alpha * up + beta * up_next;
        const double d = alpha * down + beta * down_next;
        const double last = ratio;
        ratio = u / d;
        if (dist_abs(ratio - last) <= dist_eps * dist_abs(ratio))
            break;
        up = up_next / d;
        down = down_next / d;
        up_next = ratio;
        down_next = 1.0;
    }
    return ratio;
}

/* I_x(a, b), where the caller knows y = 1 - x better than 1 - x does. */
static double dist_beta(double a, double b, double x, double y)
{
    if (!(a > 0.0) || !(b > 0.0) || !(x >= 0.0) || !(y >= 0.0))
        return mlpipe__nan();
    if (x == 0.0 || y == 0.0)
        return x == 0.0 ? 0.0 : 1.0;
    const double front = dist_beta_front(a, b, x, y);
    const double distance = a > b ? (a + b) * y - b : a - (a + b) * x;
    if (distance >= 0.0)
        return front * dist_beta_fraction(a, b, x, y, distance);
    return 1.0 - front * dist_beta_fraction(b, a, y, x, -distance);
}

double mlpipe__beta_inc(double a, double b, double x)
{
    return dist_beta(a, b, x, 1.0 - x);
}

/* P(|T| >= t) and P(|T| <= t) for t >= 0, both without cancellation. */
static double dist_student(double t, double df, bool outside)
{
    const double t2 = t * t;
    double x = df / (df + t2);
    double y = t2 / (df + t2);
    if (!mlpipe__finite(t2)) {
        x = df / t / t; /* t beyond 1e154 */
        y = 1.0;
    }
    return outside ? dist_beta(0.5 * df, 0.5, x, y)
                   : dist_beta(0.5, 0.5 * df, y, x);
}

double mlpipe__student_tail(double t, double df)
{
    if (t != t || !(df > 0.0))
        return mlpipe__nan();
    if (!mlpipe__finite(df))
        return mlpipe__normal_tail(t);
    if (!mlpipe__finite(t))
        return t > 0.0 ? 0.0 : 1.0;
    const double q = 0.5 * dist_student(dist_abs(t), df, true);
    return t < 0.0 ? 1.0 - q : q;
}

double mlpipe__student_quantile(double p, double df)
{
    if (!(p >= 0.0 && p <= 1.0) || !(df > 0.0))
        return mlpipe__nan();
    if (p == 0.5)
        return 0.0;
    if (p == 0.0 || p == 1.0)
        return p > 0.5 ? mlpipe__inf() : -mlpipe__inf();
    if (!mlpipe__finite(df))
        return mlpipe__normal_quantile(p);
    const double tail = p < 0.5 ? p : 1.0 - p;
    const bool outside = tail < 0.25;
    const double goal = 2.0 * (outside ? tail : dist_abs(p - 0.5));
    /* Bracket by squaring, then halve in logs until the ends meet. */
    double low = 0.0;
    double high = 1.0;
    while (mlpipe__finite(high)) {
        const double at = dist_student(high, df, outside);
        if (outside ? at <= goal : at >= goal)
            break;
        low = high;
        high = high < 4.0 ? high * 2.0 : high * high;
    }
    if (!mlpipe__finite(high))
        high = 0x1.fffffffffffffp1023;
    for (uint32_t i = 0; i < 2200 && low < high; ++i) {
        double middle = 0.5 * low + 0.5 * high;
        if (low > 0.0 && high / low > 4.0)
            middle = mlpipe__sqrt(low) * mlpipe__sqrt(high);
        if (!(middle > low && middle < high))
            break;
        const double at = dist_student(middle, df, outside);
        if (outside ? at <= goal : at >= goal)
            high = middle;
        else
            low = middle;
    }
    return p < 0.5 ? -high : high;
}

double mlpipe__binomial_tail(int64_t k, int64_t n, double p)
{
    if (n < 0 || !(p >= 0.0 && p <= 1.0))
        return mlpipe__nan();
    if (k <= 0)
        return 1.0;
    if (k > n)
        return 0.0;
    return dist_beta((double)k, (double)(n - k) + 1.0, p, 1.0 - p);
}

double mlpipe__binomial_mass(double k, double n, double p)
{
    if (!(k >= 0.0 && k <= n) || !(p >= 0.0 && p <= 1.0))
        return 0.0;
    if (p == 0.0 || p == 1.0)
        return k == (p == 0.0 ? 0.0 : n) ? 1.0 : 0.0;
    if (k == 0.0)
        return mlpipe__exp(n * mlpipe__log1p(-p));
    if (k == n)
        return mlpipe__exp(n * mlpipe__log(p));
    const double stirling = dist_stirling_error(n) - dist_stirling_error(k)
                          - dist_stirling_error(n - k);
    const double deviance = dist_deviance(k, n * p)
                          + dist_deviance(n - k, n * (1.0 - p));
    return mlpipe__exp(stirling - deviance)
         * mlpipe__sqrt(n / (dist_tau * k * (n - k)));
}
