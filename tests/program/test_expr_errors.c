/* SPDX-License-Identifier: MIT */
/*
 * Messages, whole and to the byte: golden/expr_errors.txt holds an input
 * behind "= " (definitions) or "? " (a condition), then the detail and the
 * message that it gets. With MLPIPE_GOLDEN_WRITE the file is made anew.
 */
#include "support.h"

#include "expr_rig.h"

typedef struct golden {
    char *data;
    size_t size, room;
} golden;

static void put(golden *g, const char *s, size_t n)
{
    if (g->size + n + 1 > g->room) {
        g->room = 2 * (g->size + n + 1);
        g->data = realloc(g->data, g->room);
        assert_non_null(g->data);
    }
    memcpy(g->data + g->size, s, n);
    g->size += n;
    g->data[g->size] = 0;
}

static void path(char *out, size_t room)
{
    const char *folder = getenv("MLPIPE_GOLDEN");

    assert_non_null(folder);
    snprintf(out, room, "%s/expr_errors.txt", folder);
}

static void read_file(golden *g)
{
    char name[1024], block[4096];
    size_t n;
    FILE *f;

    path(name, sizeof name);
    f = fopen(name, "rb");
    if (!f)
        fail_msg("%s is missing", name);
    put(g, "", 0);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        put(g, block, n);
    fclose(f);
}

/* \n in an input of the file stands for a line break. */
static void unescape(const char *from, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        if (from[i] == '\\' && i + 1 < n && from[i + 1] == 'n') {
            *out++ = '\n';
            i++;
        } else {
            *out++ = from[i];
        }
    }
    *out = 0;
}

/* The detail and message of an input, or that it is none. */
static void answer(mlpipe_ctx *ctx, char kind, const char *text, golden *g)
{
    const mlpipe_error *error = mlpipe_ctx_error(ctx);
    mlpipe__var out;
    mlpipe_status st;
    char head[64];
    expr_rig r;

    expr_rig_open(&r, ctx);
    st = kind == '=' ? mlpipe__expr_derive(ctx, &r.plan, "derive", text, NULL)
                     : mlpipe__expr_condition(ctx, &r.plan, "filter", text,
                                              NULL, &out);
    if (!st) {
        put(g, "no error\n", 9);
    } else {
        assert_true(mlpipe__utf8_valid(error->text, strlen(error->text)));
        assert_true(error->detail >= MLPIPE_DETAIL_SYNTAX);
        snprintf(head, sizeof head, "%d ", (int)error->detail);
        put(g, head, strlen(head));
        put(g, error->text, strlen(error->text));
        put(g, "\n", 1);
    }
    expr_rig_close(&r);
}

static const char *line_end(const char *s)
{
    const char *end = strchr(s, '\n');

    return end ? end : s + strlen(s);
}

/* The file as it is now; how many inputs. */
static uint32_t make(mlpipe_ctx *ctx, const golden *wanted, golden *made)
{
    uint32_t count = 0;
    char text[4096];

    for (const char *s = wanted->data; *s;) {
        const char *end = line_end(s);
        if ((s[0] == '=' || s[0] == '?') && s[1] == ' ') {
            assert_true((size_t)(end - s) < sizeof text);
            unescape(s + 2, (size_t)(end - s) - 2, text);
            put(made, count ? "\n" : "", count ? 1 : 0);
            put(made, s, (size_t)(end - s));
            put(made, "\n", 1);
            answer(ctx, s[0], text, made);
            count++;
        }
        s = *end ? end + 1 : end;
    }
    return count;
}

static void write_file(const golden *g)
{
    char name[1024];
    FILE *f;

    path(name, sizeof name);
    f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(g->size, fwrite(g->data, 1, g->size, f));
    fclose(f);
}

/* Lines that differ, with the input that they stand behind. */
static uint32_t diff(const golden *wanted, const golden *made)
{
    const char *a = wanted->data, *b = made->data, *input = "", *end = "";
    uint32_t lines = 0;

    while (*a || *b) {
        const char *ae = line_end(a), *be = line_end(b);
        if (*b && (b[0] == '=' || b[0] == '?')) {
            input = b;
            end = be;
        }
        if (ae - a != be - b || memcmp(a, b, (size_t)(ae - a))) {
            printf("%.*s\n- %.*s\n+ %.*s\n", (int)(end - input), input,
                   (int)(ae - a), a, (int)(be - b), b);
            lines++;
        }
        a = *ae ? ae + 1 : ae;
        b = *be ? be + 1 : be;
    }
    return lines;
}

static void test_messages(void **state)
{
    golden wanted = {0}, made = {0};
    mlpipe_ctx *ctx;
    uint32_t count;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &ctx));
    read_file(&wanted);
    count = make(ctx, &wanted, &made);
    if (getenv("MLPIPE_GOLDEN_WRITE"))
        write_file(&made);
    else
        assert_int_equal(0, diff(&wanted, &made));
    assert_true(count >= 120);
    assert_null(strstr(made.data, "no error"));
    free(wanted.data);
    free(made.data);
    mlpipe_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
