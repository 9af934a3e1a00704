/* SPDX-License-Identifier: MIT */
/* Made-up data of the numeric tests; tests/golden/make_num.py has the same. */
#ifndef MLPIPE_TESTS_NUM_SUPPORT_H
#define MLPIPE_TESTS_NUM_SUPPORT_H

#include <math.h>

/* splitmix64 */
static inline uint64_t num_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline double num_unit(uint64_t *state)
{
    return (double)(num_bits(state) >> 11) * 0x1p-53;
}

/* A column with ties. */
static inline void num_column(uint64_t seed, uint32_t n, double *out)
{
    for (uint32_t i = 0; i < n; ++i) {
        const double u = num_unit(&seed);
        const double v = num_unit(&seed);
        out[i] = v < 0.3 ? floor(u * 16) / 4 : (u - 0.4) * 1000;
    }
}

/* Truths, predictions with ties, and weights, every fifth of them 0. */
static inline void num_predictions(uint64_t seed, uint32_t n, int binary,
                                   double *y, double *p, double *w)
{
    for (uint32_t i = 0; i < n; ++i) {
        const double a = num_unit(&seed);
        const double b = num_unit(&seed);
        const double c = num_unit(&seed);
        const double score = i % 3 ? floor(a * 20) / 20 : a;
        y[i] = binary ? (b < 0.1 + 0.8 * a ? 1.0 : 0.0) : 100 * a + 10 * b;
        p[i] = binary ? score : 100 * a + 5;
        w[i] = i % 5 ? 0.25 + 2 * c : 0.0;
    }
}

/* |got - want| <= tol |want|, NaN for NaN, infinity for infinity. */
#define assert_relative(got, want, tol)                                    \
    do {                                                                   \
        const double g_ = (got), w_ = (want);                              \
        const int same_ = isnan(w_) ? isnan(g_) : g_ == w_;                \
        if (!same_ && !(fabs(g_ - w_) <= (tol) * fabs(w_)))                \
            fail_msg("%s = %.17g, expected %.17g", #got, g_, w_);          \
    } while (0)

#endif
