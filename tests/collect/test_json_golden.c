/* SPDX-License-Identifier: MIT */
/* 150 random texts of NDJSON, cell by cell as Python's json reads them; also
 * when they were written again. */
#include "support.h"

#include "collect/collect_internal.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    return 0;
}

static size_t from_hex(const mlpipe__json *j, char *out, size_t room)
{
    const char *hex = mlpipe__json_text(j);
    size_t n = 0;

    for (; hex[2 * n]; n++) {
        unsigned byte;
        assert_true(n < room);
        assert_int_equal(1, sscanf(hex + 2 * n, "%2x", &byte));
        out[n] = (char)byte;
    }
    return n;
}

/* Equal trees, keys in any order; numbers by their text. */
static bool same_tree(const mlpipe__json *a, const mlpipe__json *b)
{
    const enum mlpipe__json_kind kind = mlpipe__json_kind_of(a);

    if (kind != mlpipe__json_kind_of(b)
        || mlpipe__json_count(a) != mlpipe__json_count(b))
        return false;
    if (kind == MLPIPE__JSON_BOOL)
        return mlpipe__json_bool(a, false) == mlpipe__json_bool(b, false);
    if (kind == MLPIPE__JSON_NUMBER || kind == MLPIPE__JSON_TEXT)
        return !strcmp(mlpipe__json_text(a), mlpipe__json_text(b));
    for (uint32_t i = 0; i < mlpipe__json_count(a); i++) {
        const mlpipe__json *x = mlpipe__json_at(a, i);
        const mlpipe__json *y = kind == MLPIPE__JSON_ARRAY
            ? mlpipe__json_at(b, i)
            : mlpipe__json_get(b, mlpipe__json_key(x));
        if (!y || !same_tree(x, y))
            return false;
    }
    return true;
}

/* The tree's parser refuses NULs, which columns do not. */
static bool same_nested(const char *s, size_t n, const char *expected)
{
    mlpipe__json *a, *b;

    if (strstr(expected, "\\u0000"))
        return true;
    assert_ok(ctx, mlpipe__json_parse(ctx, s, n, &a));
    assert_ok(ctx, mlpipe__json_parse(ctx, expected, strlen(expected), &b));
    const bool same = same_tree(a, b);
    mlpipe__json_free(a);
    mlpipe__json_free(b);
    return same;
}

static bool same_cell(const mlpipe_dataset *d, int64_t row, uint32_t column,
                      const char *kind, const mlpipe__json *expected)
{
    const char *text = mlpipe__json_text(expected);
    const int32_t type = mlpipe_dataset_type(d, column);
    char bytes[400];
    mlpipe_value v;
    int64_t i64;
    uint8_t valid;

    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    if (!strcmp(kind, "null") || !strcmp(kind, "absent"))
        return v.kind == MLPIPE_VALUE_NULL;
    if (v.kind == MLPIPE_VALUE_NULL)
        return false;
    if (!strcmp(kind, "text") || !strcmp(kind, "nested")) {
        if (v.kind != MLPIPE_VALUE_TEXT)
            return false;
        if (*kind == 'n')
            return same_nested(v.str, v.len, text);
        const size_t n = from_hex(expected, bytes, sizeof bytes);
        return (size_t)v.len == n && !memcmp(v.str, bytes, n);
    }
    if (!strcmp(kind, "f64"))
        return type == MLPIPE_TYPE_F64 && v.num == strtod(text, NULL)
            && (v.num != 0 || (*text == '-') == (1 / v.num < 0));
    if (type != (*kind == 'b' ? MLPIPE_TYPE_BOOL : MLPIPE_TYPE_I64))
        return false;
    mlpipe__dataset_block_i64(d, column, row, 1, &i64, &valid);
    return i64 == strtoll(text, NULL, 10);
}

static void check_dataset(uint32_t number, const mlpipe__json *test,
                          const mlpipe_dataset *d)
{
    const mlpipe__json *rows = mlpipe__json_get(test, "rows");
    const mlpipe__json *keys = mlpipe__json_get(test, "keys");

    assert_int_equal(mlpipe__json_count(rows), mlpipe_dataset_rows(d));
    assert_int_equal(mlpipe__json_count(keys), mlpipe_dataset_columns(d));
    for (uint32_t k = 0; k < mlpipe__json_count(keys); k++) {
        char name[400];
        name[from_hex(mlpipe__json_at(keys, k), name, sizeof name - 1)] = 0;
        assert_string_equal(name, mlpipe_dataset_name(d, k));
        for (uint32_t i = 0; i < mlpipe__json_count(rows); i++) {
            const mlpipe__json *cell =
                mlpipe__json_at(mlpipe__json_at(rows, i), k);
            const char *kind = mlpipe__json_text(mlpipe__json_at(cell, 0));
            if (!same_cell(d, i, k, kind, mlpipe__json_at(cell, 1)))
                fail_msg("case %u, row %u, key %s: not %s %s", number, i,
                         name, kind,
                         mlpipe__json_text(mlpipe__json_at(cell, 1)));
        }
    }
}

static void check_case(uint32_t number, const mlpipe__json *test)
{
    static char text[100000];
    const size_t n = from_hex(mlpipe__json_get(test, "text"), text,
                              sizeof text);
    mlpipe_dataset *d;
    mlpipe_buffer *b;

    assert_ok(ctx, mlpipe_read_json_memory(ctx, text, n, "nested=text", &d));
    check_dataset(number, test, d);
    for (int array = 0; array < 2; array++) {
        mlpipe_dataset *back;
        assert_ok(ctx, mlpipe_write_json_memory(
            ctx, d, array ? "format=array" : NULL, &b));
        assert_ok(ctx, mlpipe_read_json_memory(
            ctx, mlpipe_buffer_data(b), mlpipe_buffer_size(b), NULL, &back));
        check_dataset(number, test, back);
        mlpipe_dataset_free(back);
        mlpipe_buffer_free(b);
    }
    mlpipe_dataset_free(d);
}

static void as_python_reads(void **state)
{
    char path[1000], *bytes;
    size_t size;
    mlpipe__json *cases;
    (void)state;

    snprintf(path, sizeof path, "%s/ndjson_cases.json",
             getenv("MLPIPE_GOLDEN"));
    assert_ok(ctx, mlpipe__file_read(ctx, path, 1 << 24, &bytes, &size));
    assert_ok(ctx, mlpipe__json_parse(ctx, bytes, size, &cases));
    assert_int_equal(150, mlpipe__json_count(cases));
    for (uint32_t i = 0; i < 150; i++)
        check_case(i, mlpipe__json_at(cases, i));
    mlpipe__json_free(cases);
    mlpipe__free(ctx->env, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_python_reads),
    };
    return cmocka_run_group_tests_name("json_golden", tests, set_up,
                                       tear_down);
}
