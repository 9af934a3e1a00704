/* SPDX-License-Identifier: MIT */
/* Datasets of datasets: select, sort, sample, concat. */
#include "golden_text.h"
#include "support.h"

#include "data/data_internal.h"

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

enum { ROWS = 1200 };
static uint64_t drawn;

static uint64_t draw(uint64_t below)
{
    return mlpipe__random64(5, MLPIPE__FOR_TEST, 0, drawn++, 0) % below;
}

/* Every type, with nulls, ties, NaN, both zeros and both infinities. */
static mlpipe_dataset *made(int64_t rows, const char *params)
{
    static const double odd[] = {0.0, -0.0, 1.5, -2, 1.0 / 3, 1e300};
    static const char *const names[] = {"b", "a", "", "ab", "\xc3\xa9", "Z"};
    static double x[ROWS];
    static int64_t i64[ROWS], when[ROWS];
    static uint8_t yes[ROWS], some[ROWS];
    static const char *text[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t k = draw(9);
        x[i] = k < 6    ? odd[k]
               : k == 6 ? mlpipe__nan()
               : k == 7 ? mlpipe__inf()
                        : (double)draw(5) - 2;
        i64[i] = (int64_t)draw(20) - 10;
        when[i] = (int64_t)draw(7) - 3;
        yes[i] = draw(2) != 0;
        some[i] = draw(6) != 0;
        text[i] = draw(6) ? names[draw(6)] : NULL;
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, params, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "x", MLPIPE_F64, x, some,
                                         rows));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "n", MLPIPE_I64, i64, some,
                                         rows));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "yes", MLPIPE_BOOL, yes,
                                         NULL, rows));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "when", MLPIPE_UNIT_MS, when,
                                        some, rows));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "name", text, rows));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* The same content with `name` as plain text. */
static mlpipe_dataset *as_text(const mlpipe_dataset *d)
{
    const uint32_t at = (uint32_t)mlpipe_dataset_find(d, "name");
    mlpipe__column *columns[8];
    mlpipe_dataset *out;
    mlpipe__column_writer *w = mlpipe__writer_new(
        ctx->env, "name", 4, MLPIPE_TYPE_TEXT, 0, NULL);
    for (int64_t i = 0; i < d->rows; i++) {
        size_t n;
        const char *s = mlpipe__dataset_cell_text(d, at, i, &n);
        assert_true(s ? mlpipe__writer_text(w, s, n)
                      : mlpipe__writer_null(w));
    }
    for (uint32_t i = 0; i < d->column_count; i++)
        columns[i] = i == at ? mlpipe__writer_finish(w)
                             : mlpipe__column_keep(d->columns[i]);
    assert_ok(ctx, mlpipe__dataset_over(ctx, d, columns, d->column_count,
                                        &out));
    return out;
}

static void same_print(const mlpipe_dataset *a, const mlpipe_dataset *b)
{
    mlpipe_buffer *one, *other;
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, a, &one));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, b, &other));
    assert_memory_equal(mlpipe_buffer_data(one), mlpipe_buffer_data(other),
                        32);
    mlpipe_buffer_free(one);
    mlpipe_buffer_free(other);
}

static bool same_ids(const mlpipe_dataset *a, const mlpipe_dataset *b)
{
    bool same = a->rows == b->rows;
    for (int64_t i = 0; same && i < a->rows; i++)
        same = mlpipe_dataset_row_id(a, i) == mlpipe_dataset_row_id(b, i);
    return same;
}

static double figure(const mlpipe_dataset *d, const char *name)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    const double x = mlpipe_report_get(r, name);
    mlpipe_report_free(r);
    return x;
}

static void told(mlpipe_status expected, mlpipe_status st, const char *part)
{
    if (st != expected || !strstr(mlpipe_ctx_error(ctx)->text, part))
        fail_msg("%s: %s", mlpipe_status_name(st),
                 mlpipe_ctx_error(ctx)->text);
    golden_error(__BASE_FILE__, part, ctx, st);
}

/* ---- select ------------------------------------------------------------- */

static void columns_are_shared(void **state)
{
    mlpipe_dataset *d = made(50, NULL), *view, *few, *back;
    (void)state;
    assert_ok(ctx, mlpipe_dataset_slice(ctx, d, 5, 30, &view));
    assert_ok(ctx, mlpipe_dataset_select(
        ctx, view, "columns=name,n,x rename=n:count,x:n", &few));
    assert_int_equal(3, mlpipe_dataset_columns(few));
    assert_string_equal("name", mlpipe_dataset_name(few, 0));
    assert_string_equal("count", mlpipe_dataset_name(few, 1));
    assert_string_equal("n", mlpipe_dataset_name(few, 2));
    assert_ptr_equal(d->columns[4], few->columns[0]);
    assert_ptr_equal(d->columns[1]->chunks, few->columns[1]->chunks);
    assert_true(same_ids(view, few));
    mlpipe_dataset_free(d); /* chunks live on with who lends them */
    mlpipe_dataset_free(view);
    assert_ok(ctx, mlpipe_dataset_select(ctx, few, "rename=count:n,n:x",
                                         &view));
    mlpipe_dataset_free(few);
    assert_ok(ctx, mlpipe_dataset_select(ctx, view, "columns=x,n,name",
                                         &back));
    d = made(50, NULL); /* other values: nothing to compare, all to free */
    assert_int_equal(30, mlpipe_dataset_rows(back));
    mlpipe_dataset_free(view);
    mlpipe_dataset_free(back);
    assert_ok(ctx, mlpipe_dataset_select(ctx, d, "drop=x,yes", &few));
    assert_int_equal(3, mlpipe_dataset_columns(few));
    assert_ok(ctx, mlpipe_dataset_select(ctx, d, NULL, &back));
    same_print(d, back);
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(few);
    mlpipe_dataset_free(d);
}

static void odd_names(void **state)
{
    static const double x[] = {1};
    mlpipe_builder *b;
    mlpipe_dataset *d, *out;
    (void)state;
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "a", MLPIPE_F64, x, NULL,
                                         1));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "a:b", MLPIPE_F64, x, NULL,
                                         1));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "-a", MLPIPE_F64, x, NULL,
                                         1));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "lot size", MLPIPE_F64, x,
                                         NULL, 1));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    assert_ok(ctx, mlpipe_dataset_select(
        ctx, d, "columns=`lot size` rename=`lot size:the, lot`", &out));
    assert_string_equal("the, lot", mlpipe_dataset_name(out, 0));
    mlpipe_dataset_free(out);
    told(MLPIPE_E_AMBIGUOUS, mlpipe_dataset_select(ctx, d, "rename=a:b:c",
                                                   &out), "2 ways");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "rename=a", &out),
         "no new name");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "rename=a:", &out),
         "is empty");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "rename=a:q,a:r",
                                               &out), "renamed twice");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "drop=a rename=a:q",
                                               &out), "not taken");
    told(MLPIPE_E_SCHEMA, mlpipe_dataset_select(ctx, d, "rename=z:q", &out),
         "no column \"z\"");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "rename=a:\xff",
                                               &out), "UTF-8");
    told(MLPIPE_E_CONFLICT, mlpipe_dataset_select(
        ctx, d, "rename=`a:lot size`", &out), "both named");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "columns=a,a", &out),
         "twice");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "columns=a drop=a",
                                               &out), "one of them");
    told(MLPIPE_E_EMPTY, mlpipe_dataset_select(
        ctx, d, "drop=a,`a:b`,`-a`,`lot size`", &out), "none of the 4");
    told(MLPIPE_E_PARAM, mlpipe_dataset_sort(ctx, d, "by=-a", &out),
         "rename one");
    /* What one writes before one knows of keys. */
    told(MLPIPE_E_PARAM, mlpipe_dataset_sort(ctx, d, "-a", &out),
         "did you mean by=-a?");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "a,b", &out),
         "did you mean columns=a,b?");
    told(MLPIPE_E_PARAM, mlpipe_dataset_select(ctx, d, "columns=a b", &out),
         "put values with spaces");
    assert_ok(ctx, mlpipe_dataset_sort(ctx, d, "by=`-lot size`", &out));
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(d);
}

/* ---- sort --------------------------------------------------------------- */

/* Compares two cells: below 0, 0, above 0; a null is no cell. */
static int order(const mlpipe_dataset *d, uint32_t column, int64_t a,
                 int64_t b)
{
    mlpipe_value x, y;
    assert_int_equal(0, mlpipe_dataset_cell(d, a, column, &x));
    assert_int_equal(0, mlpipe_dataset_cell(d, b, column, &y));
    if (x.kind == MLPIPE_VALUE_TEXT) {
        const int n = x.len < y.len ? x.len : y.len;
        const int first = memcmp(x.str, y.str, (size_t)n);
        return first ? first : x.len - y.len;
    }
    if (x.num != x.num || y.num != y.num)
        return (x.num != x.num) - (y.num != y.num);
    return (x.num > y.num) - (x.num < y.num);
}

static bool is_null(const mlpipe_dataset *d, uint32_t column, int64_t row)
{
    mlpipe_value v;
    assert_int_equal(0, mlpipe_dataset_cell(d, row, column, &v));
    return v.kind == MLPIPE_VALUE_NULL;
}

/* Neighbours stand as two columns say, and equal ones as they came. */
static void check_order(const mlpipe_dataset *d, const uint32_t column[2],
                        const bool down[2], bool first)
{
    for (int64_t i = 1; i < mlpipe_dataset_rows(d); i++) {
        int c = 0;
        for (int k = 0; !c && k < 2; k++) {
            const bool a = is_null(d, column[k], i - 1);
            const bool b = is_null(d, column[k], i);
            if (a || b)
                c = first ? b - a : a - b;
            else
                c = order(d, column[k], i - 1, i) * (down[k] ? -1 : 1);
        }
        assert_true(c <= 0);
        if (!c)
            assert_true(mlpipe_dataset_row_id(d, i - 1)
                        < mlpipe_dataset_row_id(d, i));
    }
}

static void every_order(void **state)
{
    static const char *const names[] = {"x", "n", "yes", "when", "name"};
    (void)state;
    for (int pass = 0; pass < 50; pass++) {
        mlpipe_dataset *d = made(pass == 0 ? 0 : ROWS / 4, NULL), *sorted;
        mlpipe_dataset *text = as_text(d), *back;
        const uint32_t a = (uint32_t)draw(5);
        const uint32_t column[] = {a, (a + 1 + (uint32_t)draw(4)) % 5};
        const bool down[] = {draw(2) != 0, draw(2) != 0};
        const bool first = draw(2) != 0;
        char params[80];
        snprintf(params, sizeof params, "by=%s%s,%s%s nulls=%s",
                 down[0] ? "-" : "", names[column[0]], down[1] ? "-" : "",
                 names[column[1]], first ? "first" : "last");
        assert_ok(ctx, mlpipe_dataset_sort(ctx, pass & 1 ? d : text, params,
                                           &sorted));
        assert_int_equal(d->rows, sorted->rows);
        check_order(sorted, column, down, first);
        /* Sorted back by the row id, it is what it was. */
        {
            mlpipe__rowset *rows = mlpipe__rowset_new(ctx->env, d->rows);
            for (int64_t i = 0; i < d->rows; i++)
                rows->rows[mlpipe_dataset_row_id(sorted, i)] = i;
            assert_ok(ctx, mlpipe__dataset_view(ctx, sorted, rows, &back));
        }
        same_print(d, back);
        mlpipe_dataset_free(back);
        mlpipe_dataset_free(sorted);
        mlpipe_dataset_free(text);
        mlpipe_dataset_free(d);
    }
}

/* ---- sample ------------------------------------------------------------- */

static bool has_id(const mlpipe_dataset *d, uint64_t id)
{
    for (int64_t i = 0; i < d->rows; i++)
        if (mlpipe_dataset_row_id(d, i) == id)
            return true;
    return false;
}

static void samples_know_ids_alone(void **state)
{
    static const char *const params[] = {
        "rows=100 seed=3", "share=0.25 by=name", "rows=300 replace=true",
        "share=1.5 replace=true by=yes seed=9", "rows=0", "share=1"};
    (void)state;
    mlpipe_dataset *d = made(ROWS, NULL), *turned, *a, *b, *c, *e;
    assert_ok(ctx, mlpipe_dataset_sort(ctx, d, "by=-name,x", &turned));
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        assert_ok(ctx, mlpipe_dataset_sample(ctx, d, params[i], &a));
        assert_ok(ctx, mlpipe_dataset_sample(ctx, turned, params[i], &b));
        assert_ok(ctx, mlpipe_dataset_sort(ctx, a, "by=-name,x", &c));
        assert_ok(ctx, mlpipe_dataset_sort(ctx, b, "by=-name,x", &e));
        assert_true(same_ids(c, e));
        for (int64_t k = 1; k < a->rows; k++) /* the order is kept */
            assert_true(mlpipe_dataset_row_id(a, k - 1)
                        <= mlpipe_dataset_row_id(a, k));
        mlpipe_dataset_free(a);
        mlpipe_dataset_free(b);
        mlpipe_dataset_free(c);
        mlpipe_dataset_free(e);
    }
    /* A larger sample holds the smaller one; another seed draws others. */
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "rows=50", &a));
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "rows=80", &b));
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "rows=50 seed=1", &c));
    assert_int_equal(50, a->rows);
    for (int64_t i = 0; i < 50; i++) {
        assert_true(has_id(b, mlpipe_dataset_row_id(a, i)));
        if (i)
            assert_true(mlpipe_dataset_row_id(a, i)
                        != mlpipe_dataset_row_id(a, i - 1));
    }
    assert_false(same_ids(a, c));
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
    mlpipe_dataset_free(c);
    mlpipe_dataset_free(turned);
    mlpipe_dataset_free(d);
}

/* Rows of each value, nulls behind: within one of the exact share. */
static void strata_get_their_share(void **state)
{
    mlpipe_dataset *d = made(ROWS, NULL), *s;
    const uint32_t at = (uint32_t)mlpipe_dataset_find(d, "name");
    (void)state;
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "rows=301 by=name", &s));
    assert_int_equal(301, s->rows);
    for (int64_t i = 0; i < d->rows; i++) {
        double all = 0, taken = 0;
        const uint64_t h = mlpipe__dataset_cell_hash(d, at, i, 0);
        for (int64_t k = 0; k < d->rows; k++)
            all += mlpipe__dataset_cell_hash(d, at, k, 0) == h;
        for (int64_t k = 0; k < s->rows; k++)
            taken += mlpipe__dataset_cell_hash(s, at, k, 0) == h;
        assert_true(taken > all * 301 / ROWS - 1);
        assert_true(taken < all * 301 / ROWS + 1);
    }
    mlpipe_dataset_free(s);
    /* With replacement every row is drawn about as often. */
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "rows=240000 replace=true",
                                         &s));
    double squares = 0;
    int64_t run = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        run++;
        if (i + 1 == s->rows || mlpipe_dataset_row_id(s, i)
                                    != mlpipe_dataset_row_id(s, i + 1)) {
            squares += (double)((run - 200) * (run - 200)) / 200;
            run = 0;
        }
    }
    /* chi-square of 1199 degrees: within five standard deviations */
    assert_true(squares > 1199 - 5 * 49 && squares < 1199 + 5 * 49);
    mlpipe_dataset_free(s);
    told(MLPIPE_E_PARAM, mlpipe_dataset_sample(ctx, d, "rows=1201", &s),
         "rows=1201 of a dataset of 1200");
    told(MLPIPE_E_PARAM, mlpipe_dataset_sample(ctx, d, "share=1.1", &s),
         "more rows than there are");
    told(MLPIPE_E_PARAM, mlpipe_dataset_sample(ctx, d, "", &s), "by one of");
    told(MLPIPE_E_PARAM, mlpipe_dataset_sample(ctx, d, "rows=1 share=1", &s),
         "by one of");
    told(MLPIPE_E_SCHEMA, mlpipe_dataset_sample(ctx, d, "rows=1 by=nam", &s),
         "did you mean \"name\"");
    mlpipe_dataset_free(d);
    d = made(0, NULL);
    assert_ok(ctx, mlpipe_dataset_sample(ctx, d, "share=0.5 by=name", &s));
    mlpipe_dataset_free(s);
    told(MLPIPE_E_EMPTY, mlpipe_dataset_sample(
        ctx, d, "rows=3 replace=true", &s), "has none");
    mlpipe_dataset_free(d);
}

/* ---- concat ------------------------------------------------------------- */

static mlpipe_status concat(const mlpipe_dataset *a, const mlpipe_dataset *b,
                            const char *params, mlpipe_dataset **out)
{
    const mlpipe_dataset *const parts[] = {a, b};
    return mlpipe_dataset_concat(ctx, parts, 2, params, out);
}

static void slices_make_the_whole(void **state)
{
    mlpipe_dataset *d = made(ROWS, "first_row_id=40"), *part[4], *whole;
    mlpipe_dataset *turned, *text;
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_ok(ctx, mlpipe_dataset_slice(ctx, d, ROWS / 4 * i, ROWS / 4,
                                            &part[i]));
    assert_ok(ctx, mlpipe_dataset_concat(
        ctx, (const mlpipe_dataset *const *)part, 4, NULL, &whole));
    same_print(d, whole);
    assert_true(same_ids(d, whole));
    assert_same(0, figure(whole, "new_ids"));
    mlpipe_dataset_free(whole);
    /* other columns order, text for category: the first part decides */
    text = as_text(d);
    mlpipe_dataset_free(part[1]);
    assert_ok(ctx, mlpipe_dataset_slice(ctx, text, ROWS / 4, ROWS / 4,
                                        &part[1]));
    assert_ok(ctx, mlpipe_dataset_select(
        ctx, part[1], "columns=name,when,yes,n,x", &turned));
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(text);
    part[1] = turned;
    assert_ok(ctx, mlpipe_dataset_concat(
        ctx, (const mlpipe_dataset *const *)part, 4, NULL, &whole));
    same_print(d, whole);
    mlpipe_dataset_free(whole);
    assert_ok(ctx, concat(part[0], part[0], NULL, &whole));
    assert_same(1, figure(whole, "new_ids"));
    assert_int_equal(ROWS / 2 - 1,
                     mlpipe_dataset_row_id(whole, ROWS / 2 - 1));
    mlpipe_dataset_free(whole);
    for (int i = 0; i < 4; i++)
        mlpipe_dataset_free(part[i]);
    mlpipe_dataset_free(d);
}

static mlpipe_dataset *whole_numbers(const char *name, const int64_t *x,
                                     int64_t n)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_I64, x, NULL,
                                         n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_dataset *reals(const char *name, const double *x,
                             const uint8_t *valid, int64_t n)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, x, valid,
                                         n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_dataset *times(const char *name, const int64_t *x, int32_t unit,
                             int64_t n)
{
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, name, unit, x, NULL, n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void types_meet(void **state)
{
    static const int64_t small[] = {3, -4}, large[] = {5, (1LL << 53) + 1};
    static const int64_t late[] = {INT64_MAX / 1000};
    static const double half[] = {0.5};
    static const uint8_t never[] = {0};
    mlpipe_dataset *a = whole_numbers("v", small, 2);
    mlpipe_dataset *b = reals("v", half, NULL, 1), *out;
    mlpipe_dataset *big = whole_numbers("v", large, 2);
    mlpipe_dataset *none = reals("v", half, never, 1);
    mlpipe_dataset *s = times("v", small, MLPIPE_UNIT_S, 2);
    mlpipe_dataset *ms = times("v", late, MLPIPE_UNIT_MS, 1);
    mlpipe_dataset *us = times("v", small, MLPIPE_UNIT_US, 1);
    mlpipe_dataset *ns = times("v", small, MLPIPE_UNIT_NS, 1);
    mlpipe_dataset *other = whole_numbers("w", small, 2);
    mlpipe_value v;
    (void)state;
    assert_ok(ctx, concat(a, b, NULL, &out));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_dataset_type(out, 0));
    assert_int_equal(0, mlpipe_dataset_cell(out, 1, 0, &v));
    assert_same(-4, v.num);
    mlpipe_dataset_free(out);
    told(MLPIPE_E_NUMERIC, concat(b, big, NULL, &out),
         "9007199254740993, in row 1 of part 1");
    assert_ok(ctx, concat(a, big, NULL, &out)); /* whole numbers stay */
    mlpipe_dataset_free(out);
    assert_ok(ctx, concat(none, big, NULL, &out)); /* nulls have no type */
    assert_int_equal(MLPIPE_TYPE_I64, mlpipe_dataset_type(out, 0));
    mlpipe_dataset_free(out);
    assert_ok(ctx, concat(none, s, NULL, &out));
    assert_int_equal(MLPIPE_TYPE_TIMESTAMP, mlpipe_dataset_type(out, 0));
    assert_int_equal(1, mlpipe_dataset_nulls(out, 0));
    mlpipe_dataset_free(out);
    told(MLPIPE_E_SCHEMA, concat(a, s, NULL, &out),
         "\"v\" is timestamp s in part 1 and i64 in part 0");
    assert_ok(ctx, concat(s, us, NULL, &out));
    assert_int_equal(MLPIPE_UNIT_US, mlpipe_dataset_unit(out, 0));
    assert_int_equal(0, mlpipe_dataset_cell(out, 1, 0, &v));
    assert_same(-4e6, v.num);
    mlpipe_dataset_free(out);
    told(MLPIPE_E_NUMERIC, concat(ms, ns, NULL, &out), "\"v\" is in ns");
    told(MLPIPE_E_SCHEMA, concat(a, other, NULL, &out),
         "part 0 has the column \"v\" and part 1 has not");
    told(MLPIPE_E_EMPTY, concat(a, other, "columns=intersection", &out),
         "no column in common");
    assert_ok(ctx, concat(a, other, "columns=union", &out));
    assert_int_equal(2, mlpipe_dataset_nulls(out, 0));
    assert_int_equal(2, mlpipe_dataset_nulls(out, 1));
    assert_same(4, figure(out, "nulls_added"));
    mlpipe_dataset_free(out);
    told(MLPIPE_E_PARAM, concat(a, a, "columns=sane", &out), "same");
    told(MLPIPE_E_ARG, concat(a, NULL, NULL, &out), "part 1 is NULL");
    told(MLPIPE_E_ARG, mlpipe_dataset_concat(
        ctx, (const mlpipe_dataset *const *)&a, 0, NULL, &out), "0 parts");
    mlpipe_dataset_free(a);
    mlpipe_dataset_free(b);
    mlpipe_dataset_free(big);
    mlpipe_dataset_free(none);
    mlpipe_dataset_free(s);
    mlpipe_dataset_free(ms);
    mlpipe_dataset_free(us);
    mlpipe_dataset_free(ns);
    mlpipe_dataset_free(other);
}

#define COMBINE(name)                                                      \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMBINE(columns_are_shared), COMBINE(odd_names),
        COMBINE(every_order), COMBINE(samples_know_ids_alone),
        COMBINE(strata_get_their_share), COMBINE(slices_make_the_whole),
        COMBINE(types_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
