/* SPDX-License-Identifier: MIT */
/*
 * Five million decimal texts read through CSV, each compared with strtod to
 * the bit: 17 digits of random bits, few digits, exact half-way points of 40
 * digits and more, subnormals, numbers with hundreds of digits, and what is
 * beyond the range of doubles.
 */
#include <stdbool.h>

#include "support.h"

#include "data/data_internal.h"

enum { DOUBLES_FILE = 50000, DOUBLES_FILES = 100, DOUBLES_LONG = 1200 };

static mlpipe_ctx *ctx;
static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t next_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1du;
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

/* A finite double of random bits. */
static double random_double(void)
{
    uint64_t bits;
    double x;

    do
        bits = next_bits();
    while ((bits >> 52 & 0x7ff) == 0x7ff);
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The point half-way between a double and the next one, every digit of it. */
static int half_way(char *out)
{
    const uint64_t mantissa = next_bits() >> 11 | UINT64_C(1) << 52;
    const int exponent = (int)(next_bits() % 140) - 100;
    const long double x = (long double)(2 * mantissa + 1);
    long double scale = 1;

    for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++)
        scale *= 2;
    return sprintf(out, "%.170Lg", exponent < 0 ? x / scale : x * scale);
}

/* Hundreds of digits, which begin like a double's. */
static int long_digits(char *out)
{
    (void)sprintf(out, "%.*e", 20 + (int)(next_bits() % 700),
                  random_double());
    char *e = strchr(out, 'e'), tail[20];

    strcpy(tail, e);
    for (int i = (int)(next_bits() % 20); i > 0; i--)
        *e++ = (char)('0' + next_bits() % 10);
    strcpy(e, tail);
    return (int)strlen(out);
}

static int number_text(int kind, char *out)
{
    const uint64_t small = next_bits() >> 12;
    double x;

    switch (kind) {
    case 0:
        return sprintf(out, "%.17g", random_double());
    case 1:
        return sprintf(out, "%.*g", 1 + (int)(next_bits() % 17),
                       random_double());
    case 2:
        return sprintf(out, "%d.%0*d", (int)(next_bits() % 100000),
                       1 + (int)(next_bits() % 8),
                       (int)(next_bits() % 100000));
    case 3:
        return half_way(out);
    case 4:
        memcpy(&x, &small, sizeof x); /* subnormal */
        return sprintf(out, "%.*g", 1 + (int)(next_bits() % 25), x);
    case 5:
        return sprintf(out, "%llu.%llue%d",
                       (unsigned long long)next_bits(),
                       (unsigned long long)next_bits(),
                       (int)(next_bits() % 700) - 350);
    case 6:
        return sprintf(out, "%.30g", (double)(int64_t)next_bits());
    default:
        return next_bits() % 50 ? sprintf(out, "%.16e", random_double())
                                : long_digits(out);
    }
}

static void test_doubles(void **state)
{
    char *text = malloc(DOUBLES_FILE * DOUBLES_LONG / 8);
    size_t *at = malloc((DOUBLES_FILE + 1) * sizeof at[0]);
    double *got = malloc(DOUBLES_FILE * sizeof got[0]);
    int64_t wrong = 0, all = 0;

    assert_true(text && at && got);
    for (int file = 0; file < DOUBLES_FILES; file++) {
        mlpipe_dataset *d;
        size_t n = (size_t)sprintf(text, "x\n");
        for (int i = 0; i < DOUBLES_FILE; i++) {
            at[i] = n;
            n += (size_t)number_text(i ? i % 8 : 0, text + n);
            text[n++] = '\n';
        }
        assert_ok(ctx, mlpipe_read_csv_memory(
            ctx, text, n, "delimiter=tab as=x:f64 header=true", &d));
        assert_int_equal(DOUBLES_FILE, mlpipe_dataset_rows(d));
        assert_ok(ctx, mlpipe_dataset_doubles(ctx, d, 0, 0, got,
                                              DOUBLES_FILE));
        for (int i = 0; i < DOUBLES_FILE; i++, all++) {
            const double right = strtod(text + at[i], NULL);
            if (!memcmp(&right, &got[i], sizeof right))
                continue;
            if (!wrong++)
                printf("# %.60s: %a, not %a\n", text + at[i], got[i], right);
        }
        mlpipe_dataset_free(d);
    }
    printf("# %lld doubles, %lld wrong\n", (long long)all, (long long)wrong);
    assert_int_equal(0, wrong);
    free(text);
    free(at);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_doubles)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
