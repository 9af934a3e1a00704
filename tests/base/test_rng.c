/* SPDX-License-Identifier: MIT */
/* Philox against the published known answers, and the shape of its uses. */
#include "support.h"

#include "base/base_internal.h"

/* kat_vectors of Random123: {counter, key, result} of philox4x32, 10. */
static const uint32_t rng_known[3][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
     0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
     0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint32_t *k = rng_known[i];
        uint32_t out[4];
        mlpipe__philox((uint64_t)k[5] << 32 | k[4], 0, k[3],
                       (uint64_t)k[1] << 32 | k[0], k[2], out);
        assert_memory_equal(out, k + 6, sizeof out);
    }
}

static void test_counter_layout(void **state)
{
    uint32_t a[4], b[4];
    (void)state;
    mlpipe__philox(7, MLPIPE__FOR_SAMPLE, 5, 11, 3, a);
    mlpipe__philox(7, 0, 4u << 24 ^ 5, 11, 3, b);
    assert_memory_equal(a, b, sizeof a);
    assert_true(mlpipe__random64(7, MLPIPE__FOR_SAMPLE, 5, 11, 3)
                == ((uint64_t)a[1] << 32 | a[0]));
}

/* Every argument matters: changing one changes the draw. */
static void test_arguments_matter(void **state)
{
    const uint64_t base = mlpipe__random64(1, 2, 3, 4, 5);
    (void)state;
    assert_true(base == mlpipe__random64(1, 2, 3, 4, 5));
    assert_true(base != mlpipe__random64(9, 2, 3, 4, 5));
    assert_true(base != mlpipe__random64(1, 9, 3, 4, 5));
    assert_true(base != mlpipe__random64(1, 2, 9, 4, 5));
    assert_true(base != mlpipe__random64(1, 2, 3, 9, 5));
    assert_true(base != mlpipe__random64(1, 2, 3, 4, 9));
    assert_true(base != mlpipe__random64(1, 2, 3, 4 + (1ull << 40), 5));
    assert_true(base != mlpipe__random64(1 + (1ull << 40), 2, 3, 4, 5));
}

/* Mean 1/2 and chi-square of 256 cells within five standard errors. */
static void test_uniform(void **state)
{
    enum { DRAWS = 1 << 18, CELLS = 256 };
    static uint32_t cells[CELLS];
    double sum = 0, chi2 = 0;
    (void)state;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double u =
            mlpipe__random_unit(42, MLPIPE__FOR_TEST, 0, i, 0);
        assert_true(u > 0.0 && u < 1.0);
        sum += u;
        cells[(int)(u * CELLS)]++;
    }
    const double expected = (double)DRAWS / CELLS;
    for (int i = 0; i < CELLS; i++)
        chi2 += (cells[i] - expected) * (cells[i] - expected) / expected;
    assert_near(sum / DRAWS, 0.5, 5 * 0.2887 / 512);
    assert_true(chi2 > 255 - 5 * 22.6 && chi2 < 255 + 5 * 22.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_counter_layout),
        cmocka_unit_test(test_arguments_matter),
        cmocka_unit_test(test_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
