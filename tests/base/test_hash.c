/* SPDX-License-Identifier: MIT */
/* XXH3 against its published values, and the dictionary. */
#include "support.h"

#include "budget.h"
#include "base/base_internal.h"

/*
 * XXH3 of the first n bytes of the sanity buffer of xxHash's own tests
 * (XSUM_fillTestBuffer), without a seed: made by tests/golden/make_xxh3.py.
 */
static void hash_fill(unsigned char *bytes, size_t n)
{
    uint64_t generator = UINT64_C(2654435761);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (unsigned char)(generator >> 56);
        generator *= UINT64_C(11400714785074694797);
    }
}

static const struct {
    size_t bytes;
    const char *hex;
} hash_known[] = {
    {0, "99aa06d3014798d86001c324468d497f"},
    {1, "a6cd5e9392000f6ac44bdff4074eecdb"},
    {3, "20efc49ff02422ea54247382a8d6b94d"},
    {4, "970d585ac632bf8e2e7d8d6876a39fe9"},
    {6, "082afe0b8162d12a3e7039bdda43cfc6"},
    {8, "47a7f080d82bb45664c69cab4bb21dc5"},
    {9, "564ef6078950d457ed7ccbc501eb7501"},
    {12, "6e3efd8fc7802b18061a192713f69ad9"},
    {16, "c68c368ecf8a9c05562980258a998629"},
    {17, "955fa78643ed3669abbc12d11973d7db"},
    {64, "6d90e81a9b0fd622efdb6a44690721a9"},
    {81, "4952f58181ab00425e8bafb9f95fb803"},
    {128, "39992220e045260aebb15e34a7fb5ab1"},
    {129, "03815fc91f1b30b686c9e3bc8f0a3b5c"},
    {222, "337e09641b948717f1aebd597cec6b3a"},
    {240, "aa4202daa2769dc85c9aae94c8ebe5a0"},
    {241, "99a80ecf0ecfc647c5a639ecd2030e5e"},
    {403, "1b6de21e332dd73dcdeb804d65c6dea4"},
    {512, "18d2d110dcc9bca1617e49599013cb6b"},
    {1024, "0d30d24071c64c57dd85c9b5c1109c5c"},
    {2048, "f736557fd47073a5dd59e2c3a5f038e0"},
    {2240, "ccb134fbfa7ce49d6e73a90539cf2948"},
    {2367, "e89c0f6ff369b427cb37aeb9e5d361ed"},
};

static void test_known(void **state)
{
    unsigned char bytes[2367];
    char hex[33];
    (void)state;
    hash_fill(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof hash_known / sizeof hash_known[0]; i++) {
        mlpipe__hash_hex(mlpipe__hash(bytes, hash_known[i].bytes), hex);
        assert_string_equal(hex, hash_known[i].hex);
    }
}

/* Any way of cutting the input into pieces gives the one-shot hash. */
static void test_streaming(void **state)
{
    unsigned char bytes[2367];
    (void)state;
    hash_fill(bytes, sizeof bytes);
    for (size_t step = 1; step < 1300; step += 1 + step / 7) {
        mlpipe__hasher h;
        size_t done = 0;
        mlpipe__hasher_init(&h);
        while (done < sizeof bytes) {
            const size_t rest = sizeof bytes - done;
            const size_t n = step < rest ? step : rest;
            mlpipe__hasher_add(&h, bytes + done, n);
            done += n;
            mlpipe__hasher_add(&h, NULL, 0);
            const mlpipe__hash128 so_far = mlpipe__hasher_end(&h);
            const mlpipe__hash128 whole = mlpipe__hash(bytes, done);
            assert_true(so_far.lo == whole.lo && so_far.hi == whole.hi);
        }
    }
}

static void test_hex(void **state)
{
    const mlpipe__hash128 h = {UINT64_C(0x0123456789abcdef),
                               UINT64_C(0xfedcba9876543210)};
    mlpipe__hash128 back;
    char hex[33];
    (void)state;
    mlpipe__hash_hex(h, hex);
    assert_string_equal(hex, "fedcba98765432100123456789abcdef");
    assert_true(mlpipe__hash_from_hex(hex, 32, &back));
    assert_true(back.lo == h.lo && back.hi == h.hi);
    assert_false(mlpipe__hash_from_hex(hex, 31, &back));
    assert_false(mlpipe__hash_from_hex("", 0, &back));
    hex[7] = 'g';
    assert_false(mlpipe__hash_from_hex(hex, 32, &back));
    hex[7] = 'A'; /* one spelling only: upper case is refused */
    assert_false(mlpipe__hash_from_hex(hex, 32, &back));
}

static void test_seed(void **state)
{
    (void)state;
    assert_true(mlpipe__hash64("abc", 3, 0) != mlpipe__hash64("abc", 3, 1));
    assert_true(mlpipe__hash64("abc", 3, 1) == mlpipe__hash64("abc", 3, 1));
}

static void test_dict(void **state)
{
    mlpipe_ctx *c = NULL;
    mlpipe__dict d;
    char text[32];
    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &c), 0);
    mlpipe__dict_init(&d, c->env);
    assert_int_equal(mlpipe__dict_find(&d, "", 0), UINT32_MAX);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 50000; i++) {
            const int n = snprintf(text, sizeof text, "%x", i * 2654435761u);
            assert_int_equal(mlpipe__dict_add(&d, text, (size_t)n), i);
        }
        assert_int_equal(d.count, 50000);
    }
    for (uint32_t i = 0; i < 50000; i++) {
        const int n = snprintf(text, sizeof text, "%x", i * 2654435761u);
        assert_int_equal(mlpipe__dict_find(&d, text, (size_t)n), i);
        assert_string_equal(mlpipe__dict_text(&d, i), text);
        assert_int_equal(mlpipe__dict_bytes(&d, i), n);
    }
    assert_int_equal(mlpipe__dict_find(&d, "absent", 6), UINT32_MAX);
    mlpipe__dict_free(&d);
    assert_int_equal(d.count, 0);
    assert_int_equal(mlpipe__dict_add(&d, "again", 5), 0);
    mlpipe__dict_free(&d);
    mlpipe_ctx_free(c);
}

/* The empty text and texts with NUL inside are entries like others. */
static void test_dict_bytes(void **state)
{
    mlpipe_ctx *c = NULL;
    mlpipe__dict d;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &c), 0);
    mlpipe__dict_init(&d, c->env);
    assert_int_equal(mlpipe__dict_add(&d, "a\0b", 3), 0);
    assert_int_equal(mlpipe__dict_add(&d, "a\0c", 3), 1);
    assert_int_equal(mlpipe__dict_add(&d, "a", 1), 2);
    assert_int_equal(mlpipe__dict_add(&d, "", 0), 3);
    assert_int_equal(mlpipe__dict_add(&d, NULL, 0), 3);
    assert_int_equal(mlpipe__dict_find(&d, "a\0b", 3), 0);
    assert_int_equal(mlpipe__dict_find(&d, NULL, 0), 3);
    assert_int_equal(mlpipe__dict_bytes(&d, 3), 0);
    assert_string_equal(mlpipe__dict_text(&d, 3), "");
    mlpipe__dict_free(&d);
    mlpipe_ctx_free(c);
}

/* Out of memory at any point leaves the entries as they were. */
static void test_dict_torture(void **state)
{
    (void)state;
    for (int64_t fail = 0; fail < 60; fail++) {
        struct budget budget;
        mlpipe_ctx *c = budget_ctx(&budget);
        mlpipe__dict d;
        char text[32];
        uint32_t refused = 0;
        mlpipe__dict_init(&d, c->env);
        budget.left = fail;
        for (uint32_t i = 0; i < 300; i++) {
            const int n = snprintf(text, sizeof text, "key %u", i);
            uint32_t at = mlpipe__dict_add(&d, text, (size_t)n);
            if (at == UINT32_MAX) {
                refused++;
                assert_int_equal(d.count, i);
                assert_int_equal(mlpipe__dict_find(&d, text, (size_t)n),
                                 UINT32_MAX);
                at = mlpipe__dict_add(&d, text, (size_t)n);
            }
            assert_int_equal(at, i);
        }
        assert_true(refused <= 1);
        mlpipe__dict_free(&d);
        mlpipe_ctx_free(c);
        assert_int_equal(budget.blocks, 0);
        if (!refused)
            return;
    }
    fail_msg("the sweep never ended");
}

/* Any width of vectors, and any pieces, give what the whole gives. */
static void test_wide(void **state)
{
    enum { MOST = 20000 };
    static unsigned char bytes[MOST];
    uint64_t dice = 5;
    (void)state;
    hash_fill(bytes, sizeof bytes);
    for (uint32_t t = 0; t < 600; t++) {
        const size_t n = t < 300 ? t : t * 7919u % MOST;
        const mlpipe__hash128 whole = mlpipe__hash(bytes, n);
        for (uint32_t vector = 16; vector <= mlpipe__cpu_vector();
             vector *= 2) {
            mlpipe__hasher h;
            mlpipe__hash128 got;
            size_t part;
            mlpipe__hasher_init(&h);
            mlpipe__hasher_wide(&h, vector);
            for (size_t at = 0; at < n; at += part) {
                dice = dice * UINT64_C(6364136223846793005) + 1;
                part = (size_t)(dice >> 40) % (t % 3 ? 5000 : 90) + 1;
                part = part < n - at ? part : n - at;
                mlpipe__hasher_add(&h, bytes + at, part);
            }
            got = mlpipe__hasher_end(&h);
            assert_true(got.lo == whole.lo && got.hi == whole.hi);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_dict),
        cmocka_unit_test(test_dict_bytes),
        cmocka_unit_test(test_dict_torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
