/* SPDX-License-Identifier: MIT */
/* Losses of one row beyond those of metrics.c. */
#include "metric_types.h"

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
    const double d = mlpipe__log1p(y) - mlpipe__log1p(p);
    return d * d;
}

double mlpipe__loss_pinball(double y, double p)
{
    return 0.5 * loss_magnitude(y - p);
}

double mlpipe__loss_poisson(double y, double p)
{
    if (!(y >= 0.0) || !(p > 0.0))
        return mlpipe__nan();
    return 2.0 * ((y > 0.0 ? y * mlpipe__log(y / p) : 0.0) - y + p);
}

double mlpipe__loss_gamma(double y, double p)
{
    if (!(y > 0.0) || !(p > 0.0))
        return mlpipe__nan();
    return 2.0 * (mlpipe__log(p / y) + y / p - 1.0);
}

/* Of power 1.5, where all powers are roots. */
double mlpipe__loss_tweedie(double y, double p)
{
    if (!(y >= 0.0) || !(p > 0.0))
        return mlpipe__nan();
    const double root = mlpipe__sqrt(p);
    return 2.0 * (2.0 * (y / root) + 2.0 * root - 4.0 * mlpipe__sqrt(y));
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
