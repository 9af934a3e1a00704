/* SPDX-License-Identifier: MIT */
/*
 * The law of rows over ten million of them in random dirty files of all
 * dialects and policies: rows_in = loaded + rejected + skipped; what is left
 * of a file without the bytes of its rejects loads to the same dataset with
 * none rejected; and the size of the blocks that a file comes in changes
 * nothing. Where no quote occurs the rows are the lines, counted here.
 */
#include <stdbool.h>

#include "support.h"

#include "base/base_internal.h"

enum { LAW_ROWS = 4000, LAW_BYTES = LAW_ROWS * 120 };
#ifdef __SANITIZE_ADDRESS__
enum { LAW_TOTAL = 500000 }; /* the rows of release are too slow there */
#else
enum { LAW_TOTAL = 10000000 };
#endif

static mlpipe_ctx *ctx;
static uint64_t seed = 88172645463325252u;

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 20) % sides);
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

/* ---- files -------------------------------------------------------------- */

typedef struct law_file {
    char delimiter, quote;     /* quote 0: none occurs */
    bool backslash;
    int columns, dirt;         /* of dirt rows in a thousand are dirty */
    char *text;
    size_t size;
    char params[300];
} law_file;

static void law_put(law_file *f, const char *s, size_t n)
{
    memcpy(f->text + f->size, s, n);
    f->size += n;
}

static void law_cell(law_file *f, int column)
{
    static const char *const words[] = {"a", "bc", "", "NA", "x y", " z ",
                                        "\xc3\xa9t\xc3\xa9", "#", "-"};
    char out[40];
    int n = 0;

    switch (column % 3) {
    case 0:
        n = sprintf(out, "%d", (int)dice(100000) - 50000);
        break;
    case 1:
        n = sprintf(out, "%d.%d", (int)dice(1000), (int)dice(100));
        break;
    default:
        if (f->quote && !dice(4))
            n = sprintf(out, "%cq%s%c%s%c", f->quote,
                        dice(3) ? "" : dice(2) ? "\n" : "\r\n",
                        f->delimiter, dice(3) ? "" : f->backslash
                        ? (f->quote == '"' ? "\\\"" : "\\'")
                        : f->quote == '"' ? "\"\"" : "''", f->quote);
        else
            n = sprintf(out, "%s", words[dice(9)]);
    }
    law_put(f, out, (size_t)n);
}

/* What a dirty row has instead of a row. */
static void law_dirt(law_file *f)
{
    char out[60];
    int n;

    switch (dice(f->quote ? 8 : 5)) {
    case 0: n = sprintf(out, "1"); break;
    case 1: n = sprintf(out, "1%c2%c3%c4%c5%c6%c7%c8", f->delimiter,
                        f->delimiter, f->delimiter, f->delimiter,
                        f->delimiter, f->delimiter, f->delimiter); break;
    case 2: n = sprintf(out, "%c\xff", f->delimiter); break;
    case 3: n = 0; break;
    case 4: n = sprintf(out, "# note"); break;
    case 5: n = sprintf(out, "%cp%cq%c1", f->quote, f->quote, f->delimiter);
            break;
    case 6: n = sprintf(out, "1%c%copen", f->delimiter, f->quote); break;
    default: n = sprintf(out, "x%cy", f->quote);
    }
    law_put(f, out, (size_t)n);
}

static void law_end(law_file *f, uint32_t kind)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    const char *end = ends[kind < 3 ? kind : dice(3)];
    law_put(f, end, strlen(end));
}

static void law_make(law_file *f, uint32_t policy)
{
    static const char *const policies[] = {"quarantine", "pad", "fail"};
    const uint32_t ends = dice(4);
    const bool comments = dice(2);
    char name[20];

    f->delimiter = ",;\t|"[dice(4)];
    f->quote = "\"'\0"[dice(3)];
    f->backslash = dice(3) == 0;
    f->columns = 2 + (int)dice(5);
    f->dirt = policy == 2 ? 0 : (int)dice(40);
    f->size = 0;
    for (int c = 0; c < f->columns; c++)
        law_put(f, name, (size_t)sprintf(name, "%.*sn%d", c > 0,
                                         &f->delimiter, c));
    law_end(f, ends);
    for (int i = 0; i < LAW_ROWS; i++) {
        if ((int)dice(1000) < f->dirt)
            law_dirt(f);
        else
            for (int c = 0; c < f->columns; c++) {
                if (c)
                    law_put(f, &f->delimiter, 1);
                law_cell(f, c);
            }
        law_end(f, ends);
    }
    sprintf(f->params, "rows=%s max_rejects=1000000 delimiter=%s quote=%s "
            "escape=%s comment=%s header=true header_rows=1 skip=0 footer=0 "
            "trim=%s", policies[policy], f->delimiter == '\t' ? "tab"
            : f->delimiter == ',' ? "," : f->delimiter == ';' ? ";" : "'|'",
            f->quote == '"' ? "'\"'" : f->quote ? "''''" : "''",
            f->backslash ? "backslash" : "doubled", comments ? "#" : "''",
            dice(2) ? "true" : "false");
}

/* ---- what comes of it --------------------------------------------------- */

typedef struct law_result {
    char print[33];
    char *report;
    double rows_in, loaded, rejected, skipped;
} law_result;

static void law_take(mlpipe_ctx *c, mlpipe_dataset *d, law_result *x)
{
    mlpipe_report *r;
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &b));
    strcpy(x->print, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_dataset_reading(c, d, &r));
    x->rows_in = mlpipe_report_get(r, "rows_in");
    x->loaded = mlpipe_report_get(r, "loaded");
    x->rejected = mlpipe_report_get(r, "rejected");
    x->skipped = mlpipe_report_get(r, "skipped");
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    x->report = strdup(mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    assert_same(x->rows_in, x->loaded + x->rejected + x->skipped);
    assert_same(x->loaded, (double)mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
}

/* Without the bytes of the rejects the rest is what was loaded. */
static void law_check_rest(const law_file *f, const law_result *x)
{
    mlpipe__json *report;
    mlpipe_dataset *d;
    law_result rest;
    char *text = malloc(f->size), params[320];
    size_t size = 0, from = 0;

    assert_ok(ctx, mlpipe__json_parse(ctx, x->report, strlen(x->report),
                                      &report));
    const mlpipe__json *rows = mlpipe__json_get(
        mlpipe__json_get(report, "rejects"), "rows");
    assert_same(x->rejected, (double)mlpipe__json_count(rows));
    for (uint32_t i = 0; i <= mlpipe__json_count(rows); i++) {
        const mlpipe__json *row = i < mlpipe__json_count(rows)
            ? mlpipe__json_at(rows, i) : NULL;
        const size_t to = row ? (size_t)mlpipe__json_number(
            mlpipe__json_at(row, 1), -1) : f->size;
        assert_true(to >= from && to <= f->size); /* they do not overlap */
        memcpy(text + size, f->text + from, to - from);
        size += to - from;
        from = row ? (size_t)mlpipe__json_number(mlpipe__json_at(row, 2), -1)
                   : to;
        assert_true(!row || from > to);
    }
    mlpipe__json_free(report);
    sprintf(params, "rows=fail %s", strchr(f->params, ' ') + 1);
    if (mlpipe_read_csv_memory(ctx, text, size, params, &d))
        fail_msg("%s; %s", mlpipe_ctx_error(ctx)->text, params);
    law_take(ctx, d, &rest);
    assert_same(x->loaded, rest.loaded);
    assert_string_equal(x->print, rest.print);
    free(rest.report);
    free(text);
}

/* Where no quote is, a row is a line. */
static void law_check_lines(const law_file *f, const law_result *x)
{
    double lines = -1; /* the header */

    for (size_t i = 0; i < f->size; i++)
        lines += f->text[i] == '\n'
            || (f->text[i] == '\r'
                && (i + 1 == f->size || f->text[i + 1] != '\n'));
    assert_same(lines, x->rows_in);
}

/* A file that comes in pieces of any size. */
typedef struct law_drops {
    const char *bytes;
    size_t size, most;
} law_drops;

static int32_t law_open(void *user, const char *path, int32_t mode,
                        void **file)
{
    (void)path;
    (void)mode;
    *file = user;
    return 0;
}

static int32_t law_read(void *user, void *file, uint64_t offset, void *into,
                        size_t size, size_t *got)
{
    const law_drops *d = file;
    size_t n = d->size > offset ? d->size - (size_t)offset : 0;
    (void)user;
    n = n > size ? size : n;
    *got = n > d->most ? d->most : n;
    memcpy(into, d->bytes + offset, *got);
    return 0;
}

static int32_t law_close(void *user, void *file)
{
    (void)user;
    (void)file;
    return 0;
}

static int32_t law_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    const law_drops *d = user;
    (void)path;
    memset(out, 0, sizeof *out);
    out->size = d->size;
    return 0;
}

static void law_check_blocks(const law_file *f, const law_result *x)
{
    law_drops drops = {f->text, f->size, 200 + dice(20000)};
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);
    const mlpipe_ctx_options options = {.size = sizeof options, .io = &io};
    mlpipe_ctx *c;
    mlpipe_dataset *d;
    law_result other;

    io.user = &drops;
    io.open = law_open;
    io.read_at = law_read;
    io.close = law_close;
    io.stat = law_stat;
    assert_int_equal(0, mlpipe_ctx_new(&options, &c));
    assert_ok(c, mlpipe_read_csv(c, "x", f->params, &d));
    law_take(c, d, &other);
    assert_string_equal(x->print, other.print);
    assert_string_equal(x->report, other.report);
    free(other.report);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(memory);
}

static void test_law(void **state)
{
    law_file f = {.text = malloc(LAW_BYTES)};
    double rows = 0, rejected = 0, skipped = 0;
    int files = 0, refused = 0;

    assert_non_null(f.text);
    for (; rows < LAW_TOTAL; files++) {
        const uint32_t policy = dice(3);
        law_result x;
        mlpipe_dataset *d;
        law_make(&f, policy);
        assert_true(files < 2 * LAW_TOTAL / LAW_ROWS);
        if (mlpipe_read_csv_memory(ctx, f.text, f.size, f.params, &d)) {
            /* One open quote may swallow all there is. */
            refused++;
            assert_int_equal(MLPIPE_E_EMPTY, mlpipe_ctx_error(ctx)->status);
            continue;
        }
        law_take(ctx, d, &x);
        if (!f.quote)
            law_check_lines(&f, &x);
        if (policy == 0)
            law_check_rest(&f, &x);
        if (files % 8 == 0)
            law_check_blocks(&f, &x);
        rows += x.rows_in;
        rejected += x.rejected;
        skipped += x.skipped;
        free(x.report);
    }
    printf("# %.0f rows of %d files: %.0f rejected, %.0f skipped, %d files "
           "refused\n", rows, files, rejected, skipped, refused);
    free(f.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_law)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
