/* SPDX-License-Identifier: MIT */
/*
 * Losses with a number of their own, which stands behind the name: pinball@0.9
 * is that of the 90 % quantile.
 */
#include "metric_types.h"

static double at_magnitude(double x)
{
    return x < 0.0 ? -x : x;
}

double mlpipe__loss_pinball_at(double level, double y, double p)
{
    const double d = y - p;
    return d > 0.0 ? level * d : (level - 1.0) * d;
}

double mlpipe__loss_huber_at(double delta, double y, double p)
{
    const double d = at_magnitude(y - p);
    return d <= delta ? 0.5 * (d * d) : delta * (d - 0.5 * delta);
}

/* ---- Tweedie ------------------------------------------------------------ */

/* (r^c - 1) / c of the log of r, which at c = 0 is that log. */
static double at_power(double c, double log)
{
    const double e = mlpipe__expm1(c * log);
    return at_magnitude(c) > 0x1p-1000 ? e / c : log;
}

/*
 * The deviance of y = r p by p^(2 - power), halved: r E(1 - power) - E(2 -
 * power) of E(c) = (r^c - 1) / c. Both are near r - 1 where r is near 1; there
 * it is the sum over k of binomial(-power, k) d^(k + 2) / ((k + 1) (k + 2)),
 * d = r - 1, which is the integral of (r - u) u^-power from 1 to r.
 */
static double at_unit_deviance(double power, double y, double p)
{
    enum { TERMS = 30 }; /* 0.2^30 is less than the rounding of 1 */
    const double d = (y - p) / p;
    double factor = 1.0, sum = 0.0;
    if (at_magnitude(d) >= 0.2) {
        const double log = mlpipe__log(y / p);
        return y / p * at_power(1.0 - power, log)
             - at_power(2.0 - power, log);
    }
    for (int32_t k = 0; k < TERMS; ++k) {
        sum += factor / ((k + 1.0) * (k + 2.0));
        factor *= -(power + k) / (k + 1.0) * d;
    }
    return sum * d * d;
}

/* The same times p^b, halved, of numbers whose ratio may be no double: powers
 * of it are taken where they are, and otherwise those of y and p. */
static double at_far_deviance(double a, double b, double y, double p)
{
    const double log = mlpipe__log(y) - mlpipe__log(p);
    const double power = mlpipe__pow(p, b);
    const double up = a > -0.25 && y < p
                        ? y * mlpipe__pow(p, a) * at_power(a, log)
                    : y < p ? (mlpipe__pow(y, b) - y * mlpipe__pow(p, a)) / a
                            : y * mlpipe__pow(p, a) * at_power(a, log);
    const double down = b < 0.25 || y < p
                          ? power * at_power(b, log)
                          : (mlpipe__pow(y, b) - power) / b;
    return up - down;
}

double mlpipe__loss_tweedie_at(double power, double y, double p)
{
    const double a = 1.0 - power, b = 2.0 - power, ratio = y / p;
    if (a >= 0.0)
        return mlpipe__loss_poisson(y, p);
    if (b <= 0.0)
        return mlpipe__loss_gamma(y, p);
    if (!(y >= 0.0) || !(p > 0.0))
        return mlpipe__nan();
    if (y <= 0.0)
        return 2.0 * (mlpipe__pow(p, b) / b);
    if (ratio > 0x1p-500 && ratio < 0x1p500)
        return 2.0 * (mlpipe__pow(p, b) * at_unit_deviance(power, y, p));
    return 2.0 * at_far_deviance(a, b, y, p);
}

/* ---- names -------------------------------------------------------------- */

mlpipe_status mlpipe__metric_at_number(mlpipe_ctx *ctx, const char *name,
                                       const mlpipe__metric *m,
                                       mlpipe__metric *out)
{
    const size_t n = mlpipe__metric_stem(name);
    const char *const text = name + n + 1;
    char number[MLPIPE__NUMBER_BYTES];
    double at;
    if (!mlpipe__parse_f64(text, strlen(text), false, &at)
        || !(at >= m->at_least) || !(at <= m->at_most))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "metric %q: behind @ stands %s, a number from %g "
                            "to %g, such as %s@%g",
                            name, m->at_name, m->at_least, m->at_most,
                            m->name, m->at_example);
    *out = *m;
    out->at = at;
    number[mlpipe__print_f64(at, number)] = 0;
    mlpipe__format(out->name, sizeof out->name, "%s@%s", m->name, number);
    return MLPIPE_OK;
}
