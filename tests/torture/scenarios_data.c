/* SPDX-License-Identifier: MIT */
/* Datasets, builders, layouts. */
#include "torture.h"

/* Everything that the getters say. */
static void torture_data_say(torture *t, const mlpipe_dataset *d)
{
    const int64_t rows = mlpipe_dataset_rows(d);
    const uint32_t columns = mlpipe_dataset_columns(d);
    uint32_t k;
    int64_t i;
    torture_record(t, &rows, sizeof rows);
    for (k = 0; k < columns; k++) {
        const int32_t facts[4] = {
            mlpipe_dataset_type(d, k), mlpipe_dataset_unit(d, k),
            mlpipe_dataset_role(d, k),
            mlpipe_dataset_find(d, mlpipe_dataset_name(d, k))};
        const int64_t nulls = mlpipe_dataset_nulls(d, k);
        torture_text(t, mlpipe_dataset_name(d, k));
        torture_record(t, facts, sizeof facts);
        torture_record(t, &nulls, sizeof nulls);
        for (i = 0; i < rows; i++) {
            mlpipe_value v;
            const uint64_t id = mlpipe_dataset_row_id(d, i);
            torture_check(t, !mlpipe_dataset_cell(d, i, k, &v));
            torture_record(t, &id, sizeof id);
            if (v.kind == MLPIPE_VALUE_TEXT)
                torture_record(t, v.str, (size_t)v.len);
            else if (v.kind == MLPIPE_VALUE_NUMBER)
                torture_record(t, &v.num, sizeof v.num);
        }
    }
}

static mlpipe_status torture_data_build(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    const mlpipe_status st = torture_dataset(t->c, &d);
    torture_check(t, !st == (d != NULL));
    if (!st)
        torture_data_say(t, d);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_data_read(torture *t)
{
    mlpipe_dataset *d;
    const mlpipe_status st = torture_dataset(t->plain, &d);
    if (!st)
        torture_data_say(t, d);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_data_doubles(torture *t)
{
    double out[10];
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);
    uint32_t k;
    for (k = 0; !st && k < mlpipe_dataset_columns(d); k++) {
        st = mlpipe_dataset_doubles(t->c, d, k, 5, out, 10);
        if (!st)
            torture_record(t, out, sizeof out);
    }
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_data_slice(torture *t)
{
    mlpipe_dataset *d, *view = (mlpipe_dataset *)t;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (st)
        return st;
    st = mlpipe_dataset_slice(t->c, d, 7, 20, &view);
    torture_check(t, !st == (view != NULL));
    torture_check(t, mlpipe_dataset_rows(d) == 60);
    mlpipe_dataset_free(d); /* the view keeps what it needs */
    if (!st)
        torture_data_say(t, view);
    mlpipe_dataset_free(view);
    return st;
}

static mlpipe_status torture_data_fingerprint(torture *t)
{
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (st)
        return st;
    st = mlpipe_dataset_fingerprint(t->c, d, &b);
    torture_check(t, !st == (b != NULL));
    torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    return st;
}

/* Not read from a source: an error that needs no memory. */
static mlpipe_status torture_data_reading(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (st)
        return st;
    st = mlpipe_dataset_reading(t->c, d, &r);
    torture_check(t, st == MLPIPE_E_NOT_FOUND && !r);
    mlpipe_dataset_free(d);
    return st == MLPIPE_E_NOT_FOUND ? MLPIPE_OK : st;
}

static mlpipe_status torture_data_duplicates(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_dataset *d;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (st)
        return st;
    st = mlpipe_dataset_duplicates(t->c, d, "on=color label=x", &r);
    torture_check(t, !st == (r != NULL));
    torture_check(t, mlpipe_dataset_rows(d) == 60);
    if (!st)
        torture_tell(t, r);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

/* A failed call leaves the builder as it was: the next one may succeed. */
static mlpipe_status torture_data_append(torture *t)
{
    const torture_row rows[3] = {{1.5, 1}, {-2, 0}, {0.25, 2}};
    mlpipe_layout *l = NULL;
    mlpipe_builder *b = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_status st, later;
    uint32_t token;
    torture_calm(t);
    st = torture_layout(t->c, &l);
    if (!st)
        st = mlpipe_layout_token(t->c, l, "red", 3, &token);
    if (!st)
        st = mlpipe_layout_token(t->c, l, "blue", 4, &token);
    torture_storm(t);
    if (!st)
        st = mlpipe_builder_new(t->c, l, "first_row_id=500", &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        st = mlpipe_builder_append(t->c, b, rows, 3);
    if (!st)
        st = mlpipe_builder_append(t->c, b, rows, 2);
    if (b) {
        torture_calm(t);
        later = mlpipe_builder_append(t->plain, b, rows, 1);
        torture_check(t, !later);
        torture_storm(t);
    }
    if (!st)
        st = mlpipe_builder_finish(t->c, b, &d);
    if (!st)
        torture_data_say(t, d);
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    mlpipe_layout_free(l);
    return st;
}

/* A failed token leaves those that were there, and none half made. */
static mlpipe_status torture_data_layout(torture *t)
{
    mlpipe_layout *l = (mlpipe_layout *)t;
    mlpipe_status st = torture_layout(t->c, &l);
    uint32_t i, token = 0, again;
    char text[16];
    torture_check(t, !st == (l != NULL));
    if (!st)
        st = mlpipe_layout_missing(t->c, l, "x", -1);
    if (!st)
        st = mlpipe_layout_absent(t->c, l, "y");
    for (i = 1; !st && i < 40; i++) {
        const size_t n = mlpipe__format(text, sizeof text, "word %u", i);
        st = mlpipe_layout_token(t->c, l, text, n, &token);
        torture_check(t, st || token == i);
    }
    if (l && token) {
        torture_calm(t);
        torture_check(t,
                      !mlpipe_layout_token(t->plain, l, "word 1", 6,
                                           &again));
        torture_check(t, again == 1);
        torture_storm(t);
    }
    mlpipe_layout_free(l);
    return st;
}

const torture_scenario torture_data[] = {
    {"mlpipe_builder_new", torture_data_build, 0},
    {"mlpipe_builder_column", torture_data_build, 0},
    {"mlpipe_builder_times", torture_data_build, 0},
    {"mlpipe_builder_texts", torture_data_build, 0},
    {"mlpipe_builder_finish", torture_data_build, 0},
    {"mlpipe_builder_free", torture_data_build, 0},
    {"mlpipe_builder_append", torture_data_append, 0},
    {"mlpipe_dataset_rows", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_columns", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_find", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_name", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_type", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_unit", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_role", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_nulls", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_cell", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_row_id", torture_data_read, TORTURE_NO_ALLOC},
    {"mlpipe_dataset_doubles", torture_data_doubles, 0},
    {"mlpipe_dataset_slice", torture_data_slice, 0},
    {"mlpipe_dataset_free", torture_data_slice, 0},
    {"mlpipe_dataset_fingerprint", torture_data_fingerprint, 0},
    {"mlpipe_dataset_reading", torture_data_reading, 0},
    {"mlpipe_dataset_duplicates", torture_data_duplicates, 0},
    {"mlpipe_layout_new", torture_data_layout, 0},
    {"mlpipe_layout_field", torture_data_layout, 0},
    {"mlpipe_layout_missing", torture_data_layout, 0},
    {"mlpipe_layout_absent", torture_data_layout, 0},
    {"mlpipe_layout_token", torture_data_layout, 0},
    {"mlpipe_layout_free", torture_data_layout, 0},
    {NULL, NULL, 0},
};
