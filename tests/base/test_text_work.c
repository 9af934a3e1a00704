/* SPDX-License-Identifier: MIT */
/* Case, accents, cuts and searches in UTF-8. */
#include "support.h"

#include "base/base_internal.h"
#include "golden/text_case.h"

static uint64_t work_draw(uint64_t i, uint32_t draw)
{
    return mlpipe__random64(2026, MLPIPE__FOR_TEST, 9, i, draw);
}

typedef size_t (*work_map)(const char *s, size_t n, char *out, size_t room);

/* The result with the room it needs; one byte less is too little. */
static void work_check(work_map f, const char *s, size_t n, const char *want,
                       size_t want_n)
{
    char *exact = malloc(want_n + 1);
    assert_non_null(exact);
    const size_t got = f(s, n, exact, want_n);
    if (got != want_n || memcmp(exact, want, want_n))
        fail_msg("%.*s gives %.*s, not %.*s", (int)n, s,
                 got == SIZE_MAX ? 0 : (int)got, exact, (int)want_n, want);
    if (want_n)
        assert_true(f(s, n, exact, want_n - 1) == SIZE_MAX);
    free(exact);
}

static void work_check_text(work_map f, const char *s, const char *want)
{
    work_check(f, s, strlen(s), want, strlen(want));
}

static size_t work_encode(unsigned c, char out[2])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    return 2;
}

static void work_check_letter(work_map f, unsigned c, unsigned want)
{
    char a[2], b[2];
    const size_t n = work_encode(c, a), m = work_encode(want, b);
    work_check(f, a, n, b, m);
}

/* Every letter of the ranges, those without a pair as well. */
static void test_case(void **state)
{
    size_t row = 0;
    (void)state;
    for (unsigned c = 1; c < 0x800; c++) {
        const unsigned *g = golden_case[row];
        const int has = row < sizeof golden_case / sizeof golden_case[0]
            && g[0] == c;
        work_check_letter(mlpipe__text_lower, c, has ? g[1] : c);
        work_check_letter(mlpipe__text_upper, c, has ? g[2] : c);
        row += (size_t)has;
    }
    assert_int_equal(row, sizeof golden_case / sizeof golden_case[0]);
    work_check_text(mlpipe__text_lower, "7 ÀΣЖ ẞ 日本", "7 àσж ẞ 日本");
    work_check_text(mlpipe__text_upper, "straße ÿ ς", "STRAßE Ÿ Σ");
    work_check_text(mlpipe__text_lower, "", "");
    assert_int_equal(mlpipe__text_lower(NULL, 0, NULL, 0), 0);
}

/* The base letter of those that have one, and a spelling of the others. */
static void test_accents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden_base / sizeof golden_base[0]; i++)
        work_check_letter(mlpipe__text_strip_accents, golden_base[i][0],
                          golden_base[i][1]);
    for (unsigned c = 0xc0; c < 0x180; c++) {
        char s[2], out[4];
        const size_t n = mlpipe__text_strip_accents(
            s, work_encode(c, s), out, sizeof out);
        if (c == 0xd7 || c == 0xf7)
            assert_true(n == 2 && !memcmp(s, out, 2));
        else
            assert_true((n == 1 || n == 2) && out[0] > 0);
    }
    work_check_text(mlpipe__text_strip_accents, "Größe Œuvre Łódź",
                    "Grosse OEuvre Lodz");
    work_check_text(mlpipe__text_strip_accents, "e\xcc\x81t\xc3\xa9", "ete");
    work_check_text(mlpipe__text_strip_accents, "й 日 ½", "й 日 ½");
    assert_int_equal(mlpipe__text_strip_accents(NULL, 0, NULL, 0), 0);
}

/* Bytes that are no UTF-8 stay where they are. */
static void test_invalid(void **state)
{
    static const char bad[] = "A\xff\xc3(\xe2\x82\xc0\xaf\xed\xa0\x80Z\xc3";
    static const char low[] = "a\xff\xc3(\xe2\x82\xc0\xaf\xed\xa0\x80z\xc3";
    char out[64];
    const size_t n = sizeof bad - 1;
    (void)state;
    work_check(mlpipe__text_lower, bad, n, low, n);
    work_check(mlpipe__text_upper, low, n, bad, n);
    work_check(mlpipe__text_strip_accents, bad, n, bad, n);
    work_check(mlpipe__text_trim, bad, n, bad, n);
    work_check(mlpipe__text_squeeze, bad, n, bad, n);
    assert_int_equal(mlpipe__text_length(bad, n), n);
    assert_int_equal(mlpipe__text_substr(bad, n, 1, 2, out, 64), 2);
    assert_memory_equal(out, "\xff\xc3", 2);
    assert_int_equal(mlpipe__text_length("\xc2", 1), 1);
}

static void test_spaces(void **state)
{
    char same[] = "\xc2\xa0 a  b\t\n ";
    (void)state;
    work_check_text(mlpipe__text_trim, " \t\xc2\xa0" "a  b\xc2\xa0\r\n",
                    "a  b");
    work_check_text(mlpipe__text_trim, " \v\f ", "");
    work_check_text(mlpipe__text_trim, "", "");
    work_check_text(mlpipe__text_trim, "é ", "é");
    work_check_text(mlpipe__text_squeeze, "a \xc2\xa0\t b  c", "a b c");
    work_check_text(mlpipe__text_squeeze, "  a  ", " a ");
    assert_int_equal(mlpipe__text_trim(NULL, 0, NULL, 0), 0);
    /* In place. */
    assert_int_equal(mlpipe__text_squeeze(same, strlen(same), same, 64), 5);
    assert_memory_equal(same, " a b ", 5);
    assert_int_equal(mlpipe__text_trim(same, 5, same, 5), 3);
    assert_memory_equal(same, "a b", 3);
}

static void work_check_substr(int64_t from, int64_t count, const char *want)
{
    static const char s[] = "aé日\xf0\x9f\x98\x80z"; /* five code points */
    char out[16];
    const size_t got = mlpipe__text_substr(s, sizeof s - 1, from, count, out,
                                           sizeof out);
    if (got != strlen(want) || memcmp(out, want, got))
        fail_msg("from %d, %d: %.*s", (int)from, (int)count, (int)got, out);
    if (got)
        assert_true(mlpipe__text_substr(s, sizeof s - 1, from, count, out,
                                        got - 1) == SIZE_MAX);
}

static void test_substr(void **state)
{
    (void)state;
    assert_int_equal(mlpipe__text_length("aé日\xf0\x9f\x98\x80z", 11), 5);
    work_check_substr(0, 2, "aé");
    work_check_substr(1, 2, "é日");
    work_check_substr(2, INT64_MAX, "日\xf0\x9f\x98\x80z");
    work_check_substr(5, 1, "");
    work_check_substr(INT64_MAX, 1, "");
    work_check_substr(-1, 5, "z");
    work_check_substr(-2, 1, "\xf0\x9f\x98\x80");
    work_check_substr(-9, 1, "a");
    work_check_substr(INT64_MIN, 1, "a");
    work_check_substr(1, 0, "");
    work_check_substr(1, -1, "");
    assert_int_equal(mlpipe__text_substr(NULL, 0, -1, 3, NULL, 0), 0);
}

static void work_check_part(const char *s, const char *by, int64_t part,
                            const char *want)
{
    char out[32];
    const size_t got = mlpipe__text_split_part(s, strlen(s), by, strlen(by),
                                               part, out, sizeof out);
    if (got != strlen(want) || memcmp(out, want, got))
        fail_msg("part %d of %s is %.*s", (int)part, s, (int)got, out);
}

static void test_split_part(void **state)
{
    char out[4];
    (void)state;
    work_check_part("a,b,,c", ",", 1, "a");
    work_check_part("a,b,,c", ",", 3, "");
    work_check_part("a,b,,c", ",", 4, "c");
    work_check_part("a,b,,c", ",", 5, "");
    work_check_part("a,b,,c", ",", 0, "");
    work_check_part("a,b,,c", ",", -1, "c");
    work_check_part("a,b,,c", ",", -4, "a");
    work_check_part("a,b,,c", ",", -5, "");
    work_check_part("a,b,,c", ",", INT64_MIN, "");
    work_check_part("a,b,,c", ",", INT64_MAX, "");
    work_check_part("a::b", "::", 2, "b");
    work_check_part("abc", "", 1, "abc");
    work_check_part("abc", "", 2, "");
    work_check_part("abc,", ",", 2, "");
    work_check_part("7 Average", " ", 1, "7");
    assert_true(mlpipe__text_split_part("abc,d", 5, ",", 1, 1, out, 2)
                == SIZE_MAX);
    assert_int_equal(mlpipe__text_split_part(NULL, 0, ",", 1, 1, out, 4), 0);
}

static void work_check_replace(const char *s, const char *from,
                               const char *to, const char *want)
{
    char out[64];
    const size_t n = strlen(want);
    const size_t got = mlpipe__text_replace(s, strlen(s), from, strlen(from),
                                            to, strlen(to), out, n);
    if (got != n || memcmp(out, want, n))
        fail_msg("%s: %s by %s gives %.*s", s, from, to, (int)n, out);
    if (n)
        assert_true(mlpipe__text_replace(s, strlen(s), from, strlen(from), to,
                                         strlen(to), out, n - 1)
                    == SIZE_MAX);
}

static void test_replace(void **state)
{
    (void)state;
    work_check_replace("a,b,c", ",", "", "abc");
    work_check_replace("a,b,c", ",", ";;", "a;;b;;c");
    work_check_replace("aaaa", "aa", "b", "bb");
    work_check_replace("aaa", "aa", "b", "ba");
    work_check_replace("abc", "", "x", "abc");
    work_check_replace("", "a", "x", "");
    work_check_replace("été", "é", "e", "ete");
    work_check_replace("abc", "abc", "", "");
    assert_int_equal(mlpipe__text_replace(NULL, 0, "a", 1, "b", 1, NULL, 0),
                     0);
}

static size_t work_find(const char *s, size_t n, const char *what, size_t m)
{
    for (size_t i = 0; i + m <= n; i++)
        if (!memcmp(s + i, what, m))
            return i;
    return SIZE_MAX;
}

/* Texts of few letters, with runs and periods, against each place in turn. */
static void test_find(void **state)
{
    static char s[600], what[200];
    (void)state;
    for (uint64_t i = 0; i < 60000; i++) {
        const uint64_t r = work_draw(i, 0);
        const size_t n = r % sizeof s, m = (r >> 16) % sizeof what;
        const size_t period = (r >> 32) % 40 + 1;
        const unsigned letters = (unsigned)(r >> 48) % 3 + 1;
        for (size_t k = 0; k < n; k++)
            s[k] = (char)('a' + (work_draw(k % period, 1) >> i % 30)
                          % letters);
        if (n && r >> 60 < 12)
            s[(r >> 50) % n] = (char)(r >> 61);
        for (size_t k = 0; k < m; k++)
            what[k] = (char)('a' + (work_draw(k % period, 1) >> i % 30)
                             % letters);
        if (m <= n && r >> 60 > 8) /* surely in it */
            memcpy(what, s + (r >> 40) % (n - m + 1), m);
        if (mlpipe__text_find(s, n, what, m) != work_find(s, n, what, m))
            fail_msg("%.*s in %.*s", (int)m, what, (int)n, s);
    }
    assert_true(mlpipe__text_find("abc", 3, "c", 1) == 2);
    assert_true(mlpipe__text_find("abc", 3, "", 0) == 0);
    assert_true(mlpipe__text_find(NULL, 0, "a", 1) == SIZE_MAX);
    assert_true(mlpipe__text_find("ab", 2, "abc", 3) == SIZE_MAX);
}

/* What would take hours if each place were tried in full. */
static void test_find_is_linear(void **state)
{
    const size_t n = 4000000, m = 2000000;
    char *s = malloc(n), *what = malloc(m);
    (void)state;
    assert_true(s && what);
    memset(s, 'a', n);
    memset(what, 'a', m);
    what[m / 2] = 'b';
    assert_true(mlpipe__text_find(s, n, what, m) == SIZE_MAX);
    what[m / 2] = 'a';
    what[0] = 'b';
    assert_true(mlpipe__text_find(s, n, what, m) == SIZE_MAX);
    s[n - m] = 'b';
    assert_true(mlpipe__text_find(s, n, what, m) == n - m);
    free(s);
    free(what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case),
        cmocka_unit_test(test_accents),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_spaces),
        cmocka_unit_test(test_substr),
        cmocka_unit_test(test_split_part),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
