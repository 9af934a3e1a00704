/* SPDX-License-Identifier: MIT */
/*
 * What is told of a text with several mistakes: each once, the first to the
 * context, and nothing that the text does not say.
 */
#include "golden_text.h"
#include "support.h"

#include "expr_rig.h"

enum { TOLD_MOST = 64 };

typedef struct told {
    uint32_t count;
    int32_t detail[TOLD_MOST];
    mlpipe_status status[TOLD_MOST];
    char message[TOLD_MOST][256];
} told;

static void keep(void *user, const mlpipe__expr_finding *f)
{
    told *t = user;

    if (f->lint)
        return;
    assert_true(t->count < TOLD_MOST);
    t->detail[t->count] = f->detail;
    t->status[t->count] = f->status;
    snprintf(t->message[t->count++], 256, "%s", f->message);
}

/* All that is told of definitions, with and without the columns; `details`
 * ends with 0. The first one is the context's as well. */
static void tells(const mlpipe_ctx_options *o, const char *text,
                  const int32_t *details, told *t)
{
    const mlpipe__expr_sink sink = {keep, t};
    mlpipe_status st;
    mlpipe_ctx *c;
    uint32_t want = 0;
    expr_rig r;

    memset(t, 0, sizeof *t);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(o, &c));
    expr_rig_open(&r, c);
    st = mlpipe__expr_derive(c, &r.plan, "derive", text, &sink);
    while (details[want])
        want++;
    for (uint32_t i = 0; i < t->count && i < want; i++)
        if (t->detail[i] != details[i])
            fail_msg("%s\nmessage %u is %d, not %d: %s", text, i,
                     (int)t->detail[i], (int)details[i], t->message[i]);
    if (t->count != want)
        fail_msg("%s\n%u messages, not %u; the last: %s", text, t->count,
                 want, t->count ? t->message[t->count - 1] : "none");
    if (want) {
        assert_int_equal(t->status[0], st);
        assert_int_equal(details[0], mlpipe_ctx_error(c)->detail);
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, t->message[0]));
        if (strlen(text) < 200)
            golden_error(__BASE_FILE__, text, c, st);
    } else {
        assert_ok(c, st);
    }
    expr_rig_close(&r);
    mlpipe_ctx_free(c);
}

#define TELLS(text, ...)                                                     \
    do {                                                                     \
        static const int32_t details[] = {__VA_ARGS__, 0};                   \
        told found;                                                          \
        tells(NULL, text, details, &found);                                  \
    } while (0)

#define SYNTAX MLPIPE_DETAIL_SYNTAX
#define UNCLOSED MLPIPE_DETAIL_UNCLOSED
#define DUPLICATE MLPIPE_DETAIL_DUPLICATE
#define NO_COLUMN MLPIPE_DETAIL_UNKNOWN_COLUMN
#define NO_FUNCTION MLPIPE_DETAIL_UNKNOWN_FUNCTION
#define CHARACTER MLPIPE_DETAIL_CHARACTER

static void test_definitions_behind_an_error(void **state)
{
    (void)state;
    TELLS("a = x +;b = 2;c = b + nothing", SYNTAX, NO_COLUMN);
    TELLS("a = x + *\nb = 2\nc = b + nothing", SYNTAX, NO_COLUMN);
    TELLS("a = x y\nb = 2\nc = a + b", SYNTAX);
    TELLS("a = x + *\r\n\r\n  b = y * *\n`c` = 2\nd = b + c", SYNTAX, SYNTAX);
    TELLS("3 + 4\nb = 2\nc = b", SYNTAX);
    TELLS("a = 1 b = 2\nc = b", SYNTAX);
    TELLS("a = mx(x\nb = 2\nc = b", NO_FUNCTION, SYNTAX);
    TELLS("a = x & y\nb = 2\nc = b", CHARACTER);
    TELLS("a = \"open\nb = 2\nc = b", UNCLOSED);
    TELLS("a = `open\nb = 2\nc = b", UNCLOSED);
    TELLS("a = case when flag x\nend\nb = 2\nc = b", SYNTAX);
    TELLS("a = let p = 3, 4 in p\nb = 2\nc = b", SYNTAX);
    TELLS("and = x\nb = +\nc = b", MLPIPE_DETAIL_RESERVED, SYNTAX);
    TELLS("a = +\na = 2\nc = a", SYNTAX, DUPLICATE);
}

static void test_brackets_behind_an_error(void **state)
{
    (void)state;
    /* name = is no definition within them */
    TELLS("a = max(*, 1,\n b = 2,\n y = 3)\nc = 2\nd = c", SYNTAX);
    TELLS("a = bucket(x, [1 2],\n [\"a\", \"b\"],\n closed = \"left\")\n"
          "b = 2\nc = b", SYNTAX);
    TELLS("a = bucket(x, [1 2], [\"a\", \"b\"],\n closed = \"left\"); b = 2;"
          "c = b", SYNTAX);
    /* unless they are never closed */
    TELLS("a = (x + 1\nb = 2\nc = b", SYNTAX);
    TELLS("a = max(x,\nb = 2\nc = b", SYNTAX);
    TELLS("a = max(x, y,\nb = 2", UNCLOSED);
    TELLS("a = max(x, [1,\nb = (2)\nc = b", SYNTAX);
    TELLS("a = (x\nb = 2; c = b", SYNTAX);
    TELLS("a = (x +\nb = 2; c = b", SYNTAX);
    TELLS("a = max(x,\nb = mx(2)\nc = b", NO_FUNCTION, SYNTAX);
    TELLS("a = max(x,\nb = mx(2)", NO_FUNCTION, UNCLOSED);
}

static void test_a_name_given_twice(void **state)
{
    static const int32_t twice[] = {DUPLICATE, 0};
    told t;

    (void)state;
    tells(NULL,
          "a = bucket(x, [1], [\"l\", \"r\"], closed=\"left\","
          " closed=\"right\")",
          twice, &t);
    assert_string_equal("closed of bucket is given twice", t.message[0]);
    tells(NULL,
          "a = bucket(x, closed=\"left\", [1], closed=\"left\","
          " [\"l\", \"r\"]); b = a",
          twice, &t);
    TELLS("a = bucket(x, [1], [\"l\", \"r\"], closed=nosuch)", NO_COLUMN);
    TELLS("a = bucket(x, [1], [\"l\", \"r\"], closed=x)",
          MLPIPE_DETAIL_VALUE);
}

/* A limit that is passed behind the first error. */
static void test_a_limit_behind_an_error(void **state)
{
    static const int32_t both[] = {NO_COLUMN, MLPIPE_DETAIL_TOO_MANY, 0};
    static const int32_t one[] = {MLPIPE_DETAIL_TOO_MANY, 0};
    const mlpipe_limits limits = {.size = sizeof limits, .categories = 2};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    told t;

    (void)state;
    tells(&o, "a = nothing; b = if(flag, lower(city), \"none\")", both, &t);
    assert_int_equal(MLPIPE_E_PARAM, t.status[0]);
    assert_int_equal(MLPIPE_E_LIMIT, t.status[1]);
    assert_non_null(strstr(t.message[1], "3 different texts"));
    tells(&o, "a = if(flag, lower(city), \"none\"); b = nothing", one, &t);
    /* where it is emitted, after all was checked */
    tells(&o, "a = x + 1; b = lower(city)", one, &t);
    assert_int_equal(MLPIPE_E_LIMIT, t.status[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions_behind_an_error),
        cmocka_unit_test(test_brackets_behind_an_error),
        cmocka_unit_test(test_a_name_given_twice),
        cmocka_unit_test(test_a_limit_behind_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
