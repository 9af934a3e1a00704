/* SPDX-License-Identifier: MIT */
/*
 * Losses of one row beyond those of metrics.c. Deviances are the difference of
 * terms that are nearly the same where the answer is near the target: there
 * they are taken of y - p by itself, so that none is below 0 or only rounding
 * (as in C. Loader, Fast and accurate computation of binomial probabilities,
 * 2000).
 */
#include "metric_types.h"

enum { LOSS_TERMS = 10 }; /* (1 / 9)^20 is less than the rounding of 1 */

static double loss_magnitude(double x)
{
    return x < 0.0 ? -x : x;
}

/* A target of 0 counts as the machine's epsilon, as in scikit-learn. */
double mlpipe__loss_percentage(double y, double p)
{
    const double size = loss_magnitude(y);
    return loss_magnitude(y - p) / (size > 0x1p-52 ? size : 0x1p-52);
}

/* 0 .. 2; two zeros agree. */
double mlpipe__loss_symmetric(double y, double p)
{
    const double size = loss_magnitude(y) + loss_magnitude(p);
    return size > 0.0 ? 2.0 * loss_magnitude(y - p) / size : size;
}

double mlpipe__loss_squared_log(double y, double p)
{
    if (!(y > -1.0) || !(p > -1.0))
        return mlpipe__nan();
    const double t = (y - p) / (1.0 + p);
    const double d = loss_magnitude(t) < 0.5
                       ? mlpipe__log1p(t)
                       : mlpipe__log1p(y) - mlpipe__log1p(p);
    return d * d;
}

double mlpipe__loss_pinball(double y, double p)
{
    return 0.5 * loss_magnitude(y - p);
}

double mlpipe__loss_huber(double y, double p)
{
    return mlpipe__loss_huber_at(1.0, y, p);
}

/* Are a and b so near that t - log(1 + t) of their difference loses digits? */
static bool loss_near(double a, double b)
{
    return loss_magnitude(a - b) < 0.2 * b;
}

/* t - log(1 + t) of t = (a - b) / b, for |t| < 1/5: of v = t / (2 + t) it is
 * v^2 (2 + t - 2 v (1 / 3 + v^2 / 5 + v^4 / 7 + ...)), and no term of that is
 * as large as the first. */
static double loss_excess(double a, double b)
{
    const double t = (a - b) / b;
    const double v = t / (2.0 + t);
    double sum = 0.0;
    for (int32_t k = LOSS_TERMS; k > 0; --k)
        sum = sum * (v * v) + 1.0 / (2.0 * k + 1.0);
    return v * v * (2.0 + t - 2.0 * v * sum);
}

/* log(a / b) for positive numbers whose ratio may be no double. */
static double loss_log_ratio(double a, double b)
{
    const double ratio = a / b;
    return ratio > 0x1p-1000 && ratio < 0x1p1000
             ? mlpipe__log(ratio)
             : mlpipe__log(a) - mlpipe__log(b);
}

double mlpipe__loss_poisson(double y, double p)
{
    if (!(y >= 0.0) || !(p > 0.0))
        return mlpipe__nan();
    if (loss_near(p, y))
        return 2.0 * (y * loss_excess(p, y));
    return 2.0 * ((y > 0.0 ? y * loss_log_ratio(y, p) : 0.0) - y + p);
}

double mlpipe__loss_gamma(double y, double p)
{
    if (!(y > 0.0) || !(p > 0.0))
        return mlpipe__nan();
    if (loss_near(y, p))
        return 2.0 * loss_excess(y, p);
    return 2.0 * (loss_log_ratio(p, y) + y / p - 1.0);
}

/* Of power 1.5, where all powers are roots: 4 (sqrt(y) - sqrt(p))^2 /
 * sqrt(p). */
double mlpipe__loss_tweedie(double y, double p)
{
    if (!(y >= 0.0) || !(p > 0.0))
        return mlpipe__nan();
    const double root = mlpipe__sqrt(p);
    const double d = (y - p) / (mlpipe__sqrt(y) + root);
    return 4.0 * (d * (d / root));
}

double mlpipe__loss_brier(double y, double p)
{
    const double d = (y >= 0.5 ? 1.0 : 0.0) - p;
    return d * d;
}

double mlpipe__loss_brier_classes(double y, const double *p,
                                  uint32_t classes)
{
    double sum = 0.0;
    for (uint32_t k = 0; k < classes; ++k) {
        const double d = ((double)k == y ? 1.0 : 0.0) - p[k];
        sum += d * d;
    }
    return sum;
}

/* 0 where the class is among the `most` likeliest; of several that are as
 * likely the first come first. */
static double loss_beyond(double y, const double *p, uint32_t classes,
                          uint32_t most)
{
    const uint32_t truth = (uint32_t)y;
    uint32_t before = 0;
    if (!(y >= 0.0) || y >= classes || p[truth] != p[truth])
        return mlpipe__nan();
    for (uint32_t k = 0; k < classes; ++k) {
        if (p[k] != p[k])
            return p[k];
        before += p[k] > p[truth] || (p[k] == p[truth] && k < truth);
    }
    return before < most ? 0.0 : 1.0;
}

double mlpipe__loss_beyond_2(double y, const double *p, uint32_t classes)
{
    return loss_beyond(y, p, classes, 2);
}

double mlpipe__loss_beyond_3(double y, const double *p, uint32_t classes)
{
    return loss_beyond(y, p, classes, 3);
}
