/* SPDX-License-Identifier: MIT */
/* Truths, answers and weights; tests/golden/make_metrics.py has the same. */
#ifndef MLPIPE_TESTS_METRIC_CASES_H
#define MLPIPE_TESTS_METRIC_CASES_H

#include "num/num_support.h"

enum { METRIC_CLASSES_MAX = 5 };

/* An answer of a regression or the score of two classes. */
static inline void metric_number(int kind, uint32_t i, double a, double b,
                                 double *y, double *p)
{
    switch (kind) {
    case 0: *y = 100 * a + 10 * b; *p = 100 * a + 5; break;
    case 1: *y = floor(6 * a); *p = 0.5 + floor(8 * (a + b)) / 4; break;
    case 2:
        *y = 10 * (a - 0.5);
        *p = 5 * (a - 0.5) + 3 * (b - 0.5);
        break;
    case 3: *y = 0.1; *p = a; break;
    case 4: *y = 0.1; *p = 0.1; break;
    case 5:
        *y = b < 0.1 + 0.8 * a ? 1.0 : 0.0;
        *p = i % 3 ? floor(a * 20) / 20 : a;
        break;
    case 6:
        *y = b < 0.2 + 0.5 * a ? 1.0 : 0.0;
        *p = floor(a * 5) / 5;
        break;
    case 7: *y = 1.0; *p = a; break;
    case 8: *y = 0.0; *p = a; break;
    default: *y = b < 0.3 * a ? 1.0 : 0.0; *p = 0.4 * a; break;
    }
}

/* The chances of the classes of a row. */
static inline void metric_chances(int kind, int classes, double a, double b,
                                  uint64_t *seed, double *y, double *p)
{
    int truth = (int)floor(a * classes);
    double total = 0;
    truth = truth < classes ? truth : classes - 1;
    if (kind == 11 && truth == 2)
        truth = 1;
    if (kind == 12)
        truth = 0;
    for (int k = 0; k < classes; ++k) {
        double u = num_unit(seed);
        if (kind == 13)
            u = floor(4 * u) + 1.0;
        p[k] = u + (k == truth && b < 0.7 ? 0.75 : 0.0);
    }
    for (int k = 0; k < classes; ++k)
        total += p[k];
    for (int k = 0; k < classes; ++k)
        p[k] /= total;
    *y = truth;
}

static inline void metric_case(int kind, int classes, int n, double *y,
                               double *p, double *w)
{
    uint64_t seed = (uint64_t)(1000 * kind + 10 * classes + n);
    for (int i = 0; i < n; ++i) {
        const double a = num_unit(&seed);
        const double b = num_unit(&seed);
        const double c = num_unit(&seed);
        w[i] = i % 5 ? 0.25 + 2 * c : 0.0;
        if (kind < 10)
            metric_number(kind, (uint32_t)i, a, b, &y[i], &p[i]);
        else
            metric_chances(kind, classes, a, b, &seed, &y[i],
                           p + (size_t)i * (size_t)classes);
    }
}

#endif
