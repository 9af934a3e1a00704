/* SPDX-License-Identifier: MIT */
/* 300 dirty texts, cell by cell as Python's csv module reads them. */
#include "support.h"

#include "collect/collect_internal.h"

static mlpipe_ctx *ctx;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(ctx);
    return 0;
}

/* Everything as raw text: no trimming, no nulls, no types. */
static void raw_params(const mlpipe__json *test, uint32_t width, char *out)
{
    const char *delimiter = mlpipe__json_text(mlpipe__json_get(test,
                                                               "delimiter"));
    const char *quote = mlpipe__json_text(mlpipe__json_get(test, "quote"));

    out += sprintf(out, "header=false trim=false na='' rows=quarantine "
                        "skip=0 footer=0 comment='' escape=doubled "
                        "delimiter='%s' quote='%s' as=",
                   *delimiter == '\t' ? "tab" : delimiter,
                   *quote == '\'' ? "''" : quote);
    for (uint32_t i = 0; i < width; i++)
        out += sprintf(out, "%scolumn_%u:text", i ? "," : "", i + 1);
}

static void check_case(uint32_t number, const mlpipe__json *test)
{
    const char *text = mlpipe__json_text(mlpipe__json_get(test, "text"));
    const mlpipe__json *rows = mlpipe__json_get(test, "rows");
    const uint32_t width = mlpipe__json_count(mlpipe__json_at(rows, 0));
    mlpipe_dataset *d;
    mlpipe_report *r;
    char params[2000];

    raw_params(test, width, params);
    assert_ok(ctx, mlpipe_read_csv_memory(ctx, text, strlen(text), params,
                                          &d));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    if (mlpipe_dataset_rows(d) != mlpipe__json_count(rows))
        fail_msg("case %u: %d rows, expected %u", number,
                 (int)mlpipe_dataset_rows(d), mlpipe__json_count(rows));
    assert_int_equal(width, mlpipe_dataset_columns(d));
    assert_same(mlpipe__json_number(mlpipe__json_get(test, "rejected"), -1),
                mlpipe_report_get(r, "rejected"));
    assert_same(mlpipe__json_number(mlpipe__json_get(test, "skipped"), -1),
                mlpipe_report_get(r, "skipped"));
    for (uint32_t i = 0; i < mlpipe__json_count(rows); i++)
        for (uint32_t k = 0; k < width; k++) {
            const char *cell = mlpipe__json_text(
                mlpipe__json_at(mlpipe__json_at(rows, i), k));
            mlpipe_value v;
            assert_int_equal(0, mlpipe_dataset_cell(d, i, k, &v));
            if (v.kind != MLPIPE_VALUE_TEXT
                || (size_t)v.len != strlen(cell)
                || memcmp(v.str, cell, strlen(cell)))
                fail_msg("case %u, row %u, column %u: '%.*s', expected '%s'",
                         number, i, k, (int)v.len, v.str ? v.str : "", cell);
        }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* ---- a file that comes in drops ----------------------------------------- */

/* The only file of a table whose reads give 1 to 3 bytes each, so that every
 * place of a text is the end of the window once. */
typedef struct drip {
    const char *text;
    size_t size;
} drip;

static int32_t drip_open(void *user, const char *path, int32_t mode,
                         void **file)
{
    *file = user;
    return MLPIPE_IO_OK;
}

static int32_t drip_read_at(void *user, void *file, uint64_t offset,
                            void *buffer, size_t bytes, size_t *got)
{
    const drip *d = user;
    const size_t left = d->size - (size_t)offset;

    *got = 1 + (size_t)offset * 7 % 3;
    if (*got > left)
        *got = left;
    memcpy(buffer, d->text + offset, *got);
    return MLPIPE_IO_OK;
}

static int32_t drip_close(void *user, void *file)
{
    return MLPIPE_IO_OK;
}

static int32_t drip_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    const drip *d = user;

    *out = (mlpipe_io_stat){.size = d->size};
    return MLPIPE_IO_OK;
}

static void print_of(mlpipe_ctx *c, mlpipe_dataset *d, char out[33])
{
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &b));
    memcpy(out, mlpipe_buffer_data(b), 33);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

/* In drops and at once: the same. */
static void check_drops(const mlpipe__json *test)
{
    const char *text = mlpipe__json_text(mlpipe__json_get(test, "text"));
    const mlpipe__json *rows = mlpipe__json_get(test, "rows");
    drip drops = {text, strlen(text)};
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);
    const mlpipe_ctx_options options = {.size = sizeof options, .io = &io};
    mlpipe_ctx *c;
    mlpipe_dataset *d;
    char params[2000], one[33], two[33];

    raw_params(test, mlpipe__json_count(mlpipe__json_at(rows, 0)), params);
    /* The others stay as they are in memory: nobody calls them. */
    io.user = &drops;
    io.open = drip_open;
    io.read_at = drip_read_at;
    io.close = drip_close;
    io.stat = drip_stat;
    assert_int_equal(0, mlpipe_ctx_new(&options, &c));
    assert_ok(c, mlpipe_read_csv(c, "x", params, &d));
    print_of(c, d, one);
    assert_ok(c, mlpipe_read_csv_memory(c, text, drops.size, params, &d));
    print_of(c, d, two);
    assert_string_equal(one, two);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
}

static void test_cases(void **state)
{
    char path[1000], *bytes;
    size_t size;
    mlpipe__json *cases;

    snprintf(path, sizeof path, "%s/csv_cases.json",
             getenv("MLPIPE_GOLDEN"));
    assert_ok(ctx, mlpipe__file_read(ctx, path, 1 << 24, &bytes, &size));
    assert_ok(ctx, mlpipe__json_parse(ctx, bytes, size, &cases));
    assert_int_equal(300, mlpipe__json_count(cases));
    for (uint32_t i = 0; i < 300; i++) {
        check_case(i, mlpipe__json_at(cases, i));
        check_drops(mlpipe__json_at(cases, i));
    }
    mlpipe__json_free(cases);
    mlpipe__free(ctx->env, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
