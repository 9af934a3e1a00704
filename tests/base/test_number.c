/* SPDX-License-Identifier: MIT */
/* Numbers as text against the C library's strtod, and against themselves. */
#include "support.h"

#include <fenv.h>
#include <inttypes.h>
#include <math.h>

#include "base/base_internal.h"

static uint64_t number_draw(uint64_t i, uint32_t draw)
{
    return mlpipe__random64(2026, MLPIPE__FOR_TEST, 1, i, draw);
}

/* Ours against strtod, to the bit. */
static void number_check(const char *text)
{
    double ours = -1;
    const double theirs = strtod(text, NULL);
    if (!mlpipe__parse_f64(text, strlen(text), false, &ours)
        || memcmp(&ours, &theirs, sizeof ours))
        fail_msg("%s: %a, expected %a", text, ours, theirs);
}

static void number_check_round_trip(double x)
{
    char text[MLPIPE__NUMBER_BYTES], shorter[64];
    double back;
    const size_t n = mlpipe__print_f64(x, text);
    assert_int_equal(n, strlen(text));
    if (!mlpipe__parse_f64(text, n, true, &back)
        || memcmp(&back, &x, sizeof x))
        fail_msg("%a prints %s, which reads %a", x, text, back);
    const double theirs = strtod(text, NULL);
    if (memcmp(&theirs, &x, sizeof x))
        fail_msg("%a prints %s, which strtod reads as %a", x, text, theirs);
    /* Where 17 digits are printed, 16 do not read back. */
    size_t digits = 0;
    for (const char *p = text; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && (digits || *p != '0'))
            digits++;
    if (digits == 17) {
        snprintf(shorter, sizeof shorter, "%.15e", x);
        if (strtod(shorter, NULL) == x)
            fail_msg("%s is longer than %s", text, shorter);
    }
}

static void test_round_trip_bits(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        const uint64_t bits = number_draw(i, 0);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (x == x)
            number_check_round_trip(x);
    }
    for (uint64_t i = 0; i < 100000; i++) { /* denormals */
        const uint64_t bits = number_draw(i, 1) >> (12 + i % 52);
        double x;
        memcpy(&x, &bits, sizeof x);
        number_check_round_trip(x);
    }
    for (uint64_t e = 0; e < 2047; e++) { /* powers of two, neighbours */
        for (int d = -2; d <= 2; d++) {
            const uint64_t bits = (e << 52) + (uint64_t)d;
            double x;
            memcpy(&x, &bits, sizeof x);
            if (x == x)
                number_check_round_trip(x);
        }
    }
}

static void test_round_trip_plain(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300000; i++) {
        const double cents = (double)(number_draw(i, 0) >> 30);
        number_check_round_trip(cents / 100);
        number_check_round_trip(-cents);
        number_check_round_trip(cents * 0.001);
    }
}

/* Random digits of any length, point and exponent anywhere. */
static void test_random_decimals(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 500000; i++) {
        char text[128];
        const uint64_t shape = number_draw(i, 0);
        const size_t count = 1 + shape % 45, point = 1 + (shape >> 8) % count;
        size_t n = 0;
        if (shape >> 63)
            text[n++] = '-';
        for (size_t k = 0; k < count; k++) {
            const uint64_t d = number_draw(i, 1 + (uint32_t)k / 16);
            if (k == point)
                text[n++] = '.';
            text[n++] = (char)('0' + (d >> 4 * (k % 16) & 15) % 10);
        }
        if (shape >> 62 & 1)
            snprintf(text + n, sizeof text - n, "e%d",
                     (int)((shape >> 20) % 720) - 370);
        else
            text[n] = '\0';
        number_check(text);
    }
}

/*
 * Points exactly halfway between two doubles, printed exactly by the C
 * library, and the same with a last digit behind that decides.
 */
static void test_halfway(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 30000; i++) {
        char text[1200];
        const uint64_t r = number_draw(i, 0);
        /* m 2^e with m odd of 54 bits is halfway; built as a sum of longs */
        const uint64_t m = (r >> 10 | UINT64_C(1) << 53 | 1)
                           & ((UINT64_C(1) << 54) - 1);
        const int e = (int)(number_draw(i, 1) % 2000) - 1070;
        long double x = (long double)m;
        for (int k = 0; k < e; k++)
            x *= 2;
        for (int k = 0; k > e; k--)
            x /= 2;
        snprintf(text, sizeof text - 4, "%.1080Lf", x);
        if (e > 0 || strlen(text) > sizeof text - 8)
            snprintf(text, sizeof text - 4, "%.100Lf", x);
        number_check(text);
        strcat(text, "1");
        number_check(text);
        for (size_t k = strlen(text); k-- > 0;) {
            if (text[k] > '0') {
                text[k]--;
                break;
            }
        }
        number_check(text);
    }
}

/* Digits beyond the 768th still decide, and a million zeros are cheap. */
static void test_long_texts(void **state)
{
    static char text[1200000];
    (void)state;
    for (int zeros = 0; zeros < 900; zeros += 37) {
        int n = sprintf(text, "9007199254740993.%0*d", zeros + 1, 0);
        number_check(text);
        text[n] = '1';
        text[n + 1] = '\0';
        number_check(text);
    }
    memset(text, '0', 1000000);
    strcpy(text + 1000000, "1");
    number_check(text);
    text[1] = '.';
    number_check(text);
    strcpy(text + 1000000, "1e1000000");
    number_check(text);
    text[0] = '1';
    memset(text + 1, '0', 1000000);
    strcpy(text + 1000000, "e-999999");
    number_check(text);
    memset(text, '7', 5000);
    strcpy(text + 5000, "e-5000");
    number_check(text);
    memset(text, '9', 5000);
    strcpy(text + 5000, "e-5310");
    number_check(text);
}

static void test_edges(void **state)
{
    static const char *const texts[] = {
        "0", "-0", "0.0", "-0e5", "00012", "1", "+1", "-1", "5.", ".5",
        "0e999999999999999999999", "1e999999999999999999999",
        "1e-999999999999999999999", "-1e400", "4.9e-324", "2.47e-324",
        "2.4703282292062327e-324", "2.4703282292062328e-324",
        "2.2250738585072011e-308", "2.2250738585072012e-308",
        "2.2250738585072014e-308", "1.7976931348623157e308",
        "1.7976931348623158e308", "1.7976931348623159e308",
        "179769313486231580793728971405303415079934132710037826936173778980"
        "444968292764750946649017977587207096330286416692887910946555547851"
        "940402630657488671505820681908902000708383676273854845817711531764"
        "475730270069855571366959622842914819860834936475292719074168444365"
        "510704342711559699508093042880",
        "9007199254740991", "9007199254740992", "9007199254740993",
        "9007199254740995", "9007199254740993.00000000000000000000000000001",
        "1e22", "1e23", "8.5e22", "3e-324", "6.631236846766476e-316",
        "3.2378839133029012895883524125015321748630094994006e-319",
        "7.2057594037927933e16", "1.00000000000000011102230246251565",
        "1.00000000000000011102230246251566", "123456789012345678901234567890",
        "2.2250738585072011360574097967091319759348195463516456480234261098e"
        "-308", "1E5", "1E+5", "1e-05"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        number_check(texts[i]);
}

static void test_refused(void **state)
{
    static const char *const texts[] = {
        "", "+", "-", ".", "e5", ".e5", "1e", "1e+", "1e-", "1.2.3", "1 ",
        " 1", "0x10", "1,5", "--1", "+-1", "1e5.5", "1e5e5", "1d5", "nan",
        "inf", "1_000", "infinity", "\xc2\xb2"};
    double x = 3;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (mlpipe__parse_f64(texts[i], strlen(texts[i]), false, &x))
            fail_msg("\"%s\" was taken", texts[i]);
    assert_false(mlpipe__parse_f64("1\0", 2, false, &x));
    assert_false(mlpipe__parse_f64(NULL, 0, true, &x));
    assert_false(mlpipe__parse_f64("nane", 4, true, &x));
    assert_false(mlpipe__parse_f64("in", 2, true, &x));
    assert_same(x, 3.0);
}

/* The rounding mode of the host changes nothing. */
static void test_rounding_modes(void **state)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static const char *const texts[] = {"0.1", "1e23", "9007199254740993",
                                        "123456789012345678901234567890",
                                        "2.4703282292062328e-324", "1e-5"};
    char text[MLPIPE__NUMBER_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const double expected = strtod(texts[i], NULL);
        for (size_t k = 0; k < 3; k++) {
            double x = -1, back = -1;
            assert_int_equal(fesetround(modes[k]), 0);
            const bool taken = mlpipe__parse_f64(texts[i], strlen(texts[i]),
                                                 false, &x);
            const size_t n = mlpipe__print_f64(x, text);
            (void)mlpipe__parse_f64(text, n, false, &back);
            fesetround(FE_TONEAREST);
            assert_true(taken);
            assert_same(x, expected);
            assert_same(back, expected);
        }
    }
}

static void test_words(void **state)
{
    static const char *const infinite[] = {"inf", "+INF", "Infinity",
                                           "INFINITY"};
    uint64_t bits;
    double x;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(mlpipe__parse_f64(infinite[i], strlen(infinite[i]), true,
                                      &x));
        assert_same(x, (double)INFINITY);
    }
    assert_true(mlpipe__parse_f64("-inf", 4, true, &x));
    assert_same(x, -(double)INFINITY);
    assert_true(mlpipe__parse_f64("NaN", 3, true, &x));
    memcpy(&bits, &x, sizeof x);
    assert_true(bits == UINT64_C(0x7ff8000000000000));
}

static void test_look(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0, "0"}, {-0.0, "-0"}, {0.1, "0.1"}, {1, "1"}, {-1.5, "-1.5"},
        {100, "100"}, {1e15, "1000000000000000"}, {1e16, "1e+16"},
        {123456789012345.6, "123456789012345.6"},
        {9007199254740993.0, "9007199254740992"}, {1e22, "1e+22"},
        {0.0001, "0.0001"}, {0.00001, "1e-05"}, {0.00012345, "0.00012345"},
        {1.5e300, "1.5e+300"}, {5e-324, "5e-324"}, {1e-100, "1e-100"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {INFINITY, "inf"}, {-INFINITY, "-inf"}, {9.5, "9.5"}, {1e23, "1e+23"},
        {2e-44, "2e-44"}, {9e-265, "9e-265"}, {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"}};
    char text[MLPIPE__NUMBER_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t n = mlpipe__print_f64(cases[i].x, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, strlen(text));
    }
    const uint64_t nan = UINT64_C(0xfff8000000000001);
    double x;
    memcpy(&x, &nan, sizeof x);
    mlpipe__print_f64(x, text);
    assert_string_equal(text, "nan");
}

static void test_integers(void **state)
{
    char text[MLPIPE__NUMBER_BYTES], theirs[32];
    int64_t back;
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        const int64_t x = (int64_t)(number_draw(i, 0)) >> (i % 64);
        const size_t n = mlpipe__print_i64(x, text);
        snprintf(theirs, sizeof theirs, "%" PRId64, x);
        assert_string_equal(text, theirs);
        assert_true(mlpipe__parse_i64(text, n, &back));
        assert_true(back == x);
    }
    mlpipe__print_i64(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808");
    assert_true(mlpipe__parse_i64(text, 20, &back) && back == INT64_MIN);
    assert_true(mlpipe__parse_i64("+9223372036854775807", 20, &back));
    assert_true(back == INT64_MAX);
    assert_true(mlpipe__parse_i64("-00000000000000000000000", 24, &back));
    assert_true(back == 0);
    static const char *const refused[] = {
        "", "-", "+", "9223372036854775808", "-9223372036854775809", "1.0",
        "1e3", " 1", "1 ", "18446744073709551616", "0x1",
        "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_false(mlpipe__parse_i64(refused[i], strlen(refused[i]),
                                       &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rounding_modes),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_round_trip_bits),
        cmocka_unit_test(test_round_trip_plain),
        cmocka_unit_test(test_random_decimals),
        cmocka_unit_test(test_halfway),
        cmocka_unit_test(test_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
