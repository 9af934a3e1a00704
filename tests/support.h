/* SPDX-License-Identifier: MIT */
/* What every test program includes first. */
#ifndef MLPIPE_TESTS_SUPPORT_H
#define MLPIPE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mlpipe/mlpipe.h>

/* The call succeeds, or the context's message is printed. */
#define assert_ok(ctx, call)                                               \
    do {                                                                   \
        const mlpipe_status st_ = (call);                                  \
        if (st_)                                                           \
            fail_msg("%s: %s: %s", #call, mlpipe_status_name(st_),         \
                     mlpipe_ctx_error(ctx)->text);                         \
    } while (0)
#define assert_status(expected, call)                                      \
    assert_string_equal(mlpipe_status_name(expected),                      \
                        mlpipe_status_name(call))
/* Bitwise equality of doubles, with both shown. */
#define assert_same(a, b)                                                  \
    do {                                                                   \
        const double a_ = (a), b_ = (b);                                   \
        if (memcmp(&a_, &b_, sizeof a_))                                   \
            fail_msg("%s = %.17g, %s = %.17g", #a, a_, #b, b_);            \
    } while (0)
/* |a - b| <= tol max(1, |b|) */
#define assert_near(a, b, tol)                                             \
    do {                                                                   \
        const double a_ = (a), b_ = (b);                                   \
        const double m_ = b_ < 0 ? -b_ : b_;                               \
        const double d_ = a_ < b_ ? b_ - a_ : a_ - b_;                     \
        if (!(d_ <= (tol) * (m_ > 1 ? m_ : 1)))                            \
            fail_msg("%s = %.17g, expected %.17g", #a, a_, b_);            \
    } while (0)

#endif
