/* SPDX-License-Identifier: MIT */
/* The formatter, UTF-8, growing text, JSON texts, buffers. */
#include "support.h"

#include "base/base_internal.h"

static void conversions(void **state)
{
    char s[512];
    size_t n;
    (void)state;
    n = mlpipe__format(s, sizeof s, "%s|%.*s|%c|%%|%d|%u|%x", "ab", 2,
                       "xyz", '!', INT32_MIN, UINT32_MAX, 48879u);
    assert_string_equal(s, "ab|xy|!|%|-2147483648|4294967295|beef");
    assert_int_equal(n, strlen(s));
    mlpipe__format(s, sizeof s, "%zu %lld %llu %ld %lu %llx %d", SIZE_MAX,
                   (long long)INT64_MIN, (unsigned long long)UINT64_MAX,
                   -5L, 6UL, 255ULL, 0);
    assert_string_equal(s, "18446744073709551615 -9223372036854775808 "
                           "18446744073709551615 -5 6 ff 0");
    mlpipe__format(s, sizeof s, "%g %g %g", 0.1, -1e300, 5e-324);
    assert_string_equal(s, "0.1 -1e+300 5e-324");
    mlpipe__format(s, sizeof s, "%s %q %y %", (const char *)NULL,
                   (const char *)NULL);
    assert_string_equal(s, "(null) (null) %y %");
    assert_int_equal(mlpipe__format(s, sizeof s, "plain"), 5);
}

static void quotes(void **state)
{
    char s[512], a[200];
    (void)state;
    mlpipe__format(s, sizeof s, "%q", "a\"b\\c\n\x01\xff\xc3\xa9");
    assert_string_equal(s, "\"a\\\"b\\\\c\\x0a\\x01\\xff\xc3\xa9\"");
    memset(a, 'a', sizeof a);
    a[64] = 0;
    mlpipe__format(s, sizeof s, "%q", a);
    assert_int_equal(strlen(s), 66);
    a[64] = 'a';
    a[65] = 0;
    mlpipe__format(s, sizeof s, "%q", a);
    assert_int_equal(strlen(s), 69);
    assert_string_equal(s + 65, "...\"");
    memcpy(a + 63, "\xc3\xa9", 3); /* a character across the cut */
    mlpipe__format(s, sizeof s, "%q", a);
    assert_string_equal(s + 60, "aaaa...\"");
    mlpipe__format(s, sizeof s, "%.*q", 3, a);
    assert_string_equal(s, "\"aaa\"");
}

static void fixed_buffers(void **state)
{
    char s[8];
    (void)state;
    memset(s, 'x', sizeof s);
    assert_int_equal(mlpipe__format(s, 4, "abcdef"), 3);
    assert_string_equal(s, "abc");
    assert_int_equal(s[4], 'x');
    assert_int_equal(mlpipe__format(s, 1, "abc"), 0);
    assert_string_equal(s, "");
    s[0] = 'y';
    assert_int_equal(mlpipe__format(s, 0, "abc"), 0);
    assert_int_equal(s[0], 'y');
    assert_int_equal(mlpipe__format(s, 5, "ab\xe2\x82\xac"), 2);
    assert_int_equal(mlpipe__format(s, 6, "ab\xe2\x82\xac"), 5);
    assert_int_equal(mlpipe__format(s, 4, "a\xf0\x9f\x98\x80"), 1);
}

static void utf8(void **state)
{
    static const char *const good[] = {
        "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "abcdefgh\xc3\xa9",
    };
    static const char *const bad[] = {
        "\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe0\xa0",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "abcdefgh\xc3", "\xf0\x90\x80",
        "\xc3\x28", "\xe2\x28\xa1", "\xe2\x82\x28",
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(mlpipe__utf8_valid(good[i], strlen(good[i])));
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mlpipe__utf8_valid(bad[i], strlen(bad[i])));
    assert_true(mlpipe__utf8_valid("a\0b", 3));
}

static mlpipe_ctx *capped_ctx(uint64_t cap)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    o.memory_cap = cap;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    return c;
}

static void texts_grow_into_buffers(void **state)
{
    mlpipe_ctx *c = capped_ctx(0);
    mlpipe_buffer *b;
    mlpipe__text t;
    uint64_t before, after;
    int i;
    (void)state;
    mlpipe_ctx_memory(c, &before, NULL);
    mlpipe__text_init(&t, c->env);
    for (i = 0; i < 1000; i++)
        mlpipe__text_add(&t, "%d,", i);
    assert_false(t.failed);
    assert_int_equal(t.size, 3890);
    assert_int_equal(t.data[t.size], 0);
    assert_ok(c, mlpipe__text_give(c, &t, &b));
    assert_null(t.data);
    assert_int_equal(mlpipe_buffer_size(b), 3890);
    assert_int_equal(strncmp(mlpipe_buffer_data(b), "0,1,2,", 6), 0);
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe__text_give(c, &t, &b)); /* nothing written */
    assert_int_equal(mlpipe_buffer_size(b), 0);
    assert_string_equal(mlpipe_buffer_data(b), "");
    mlpipe_buffer_free(b);
    mlpipe_buffer_free(NULL);
    assert_string_equal(mlpipe_buffer_data(NULL), "");
    assert_int_equal(mlpipe_buffer_size(NULL), 0);
    mlpipe_ctx_memory(c, &after, NULL);
    assert_int_equal(before, after);
    mlpipe_ctx_free(c);
}

static void a_buffer_outlives_its_context(void **state)
{
    mlpipe_ctx *c = capped_ctx(0);
    mlpipe_buffer *b;
    mlpipe__text t;
    (void)state;
    mlpipe__text_init(&t, c->env);
    mlpipe__text_add(&t, "still here");
    assert_ok(c, mlpipe__text_give(c, &t, &b));
    mlpipe_ctx_free(c);
    assert_string_equal(mlpipe_buffer_data(b), "still here");
    mlpipe_buffer_free(b);
}

static void a_failed_text_says_so_at_its_end(void **state)
{
    mlpipe_ctx *c = capped_ctx(8192);
    mlpipe_buffer *b;
    mlpipe__text t;
    int i;
    (void)state;
    mlpipe__text_init(&t, c->env);
    for (i = 0; i < 5000; i++)
        mlpipe__text_add(&t, "%d,", i);
    assert_true(t.failed);
    mlpipe__text_json(&t, "x", 1);
    b = (mlpipe_buffer *)&t;
    assert_status(MLPIPE_E_NOMEM, mlpipe__text_give(c, &t, &b));
    assert_null(b);
    assert_null(t.data);
    mlpipe_ctx_free(c);
}

static void json_texts(void **state)
{
    mlpipe_ctx *c = capped_ctx(0);
    mlpipe__text t;
    (void)state;
    mlpipe__text_init(&t, c->env);
    mlpipe__text_json(&t, "a\"b\\/\n\r\t\x01\x7f\xc3\xa9\xff\0z", 15);
    assert_string_equal(t.data, "\"a\\\"b\\\\/\\n\\r\\t\\u0001\\u007f\xc3\xa9"
                                "\\ufffd\\u0000z\"");
    mlpipe__text_free(&t);
    mlpipe__text_json(&t, "", 0);
    assert_string_equal(t.data, "\"\"");
    mlpipe__text_free(&t);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions),
        cmocka_unit_test(quotes),
        cmocka_unit_test(fixed_buffers),
        cmocka_unit_test(utf8),
        cmocka_unit_test(texts_grow_into_buffers),
        cmocka_unit_test(a_buffer_outlives_its_context),
        cmocka_unit_test(a_failed_text_says_so_at_its_end),
        cmocka_unit_test(json_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
