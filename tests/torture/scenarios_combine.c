/* SPDX-License-Identifier: MIT */
/* Datasets of datasets. */
#include "torture.h"

static void combine_say(torture *t, const mlpipe_dataset *d)
{
    const int64_t rows = mlpipe_dataset_rows(d);
    uint32_t k;
    int64_t i;
    torture_record(t, &rows, sizeof rows);
    for (k = 0; k < mlpipe_dataset_columns(d); k++) {
        torture_text(t, mlpipe_dataset_name(d, k));
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

typedef mlpipe_status (*combine_call)(torture *t, const mlpipe_dataset *d,
                                      mlpipe_dataset **out);

/* The call on the dataset of 60 rows, which it leaves as it is. */
static mlpipe_status combine_run(torture *t, combine_call call)
{
    mlpipe_dataset *d, *out = (mlpipe_dataset *)(void *)t;
    mlpipe_status st = torture_dataset(t->plain, &d);
    if (st)
        return st;
    st = call(t, d, &out);
    torture_check(t, !st == (out != NULL));
    torture_check(t, mlpipe_dataset_rows(d) == 60);
    torture_check(t, mlpipe_dataset_columns(d) == 5);
    mlpipe_dataset_free(d);
    if (!st)
        combine_say(t, out);
    mlpipe_dataset_free(out);
    return st;
}

static mlpipe_status combine_filter_call(torture *t, const mlpipe_dataset *d,
                                         mlpipe_dataset **out)
{
    return mlpipe_dataset_filter(t->c, d, "x > 2 and upper(color) == 'RED'",
                                 out);
}

static mlpipe_status torture_combine_filter(torture *t)
{
    return combine_run(t, combine_filter_call);
}

static mlpipe_status combine_column_call(torture *t, const mlpipe_dataset *d,
                                         mlpipe_dataset **out)
{
    return mlpipe_dataset_with_column(
        t->c, d, "ratio = x / y; hour = hour(`when`); x = x > 3; "
        "c = lower(color); twin = id", out);
}

static mlpipe_status torture_combine_column(torture *t)
{
    return combine_run(t, combine_column_call);
}

static mlpipe_status combine_select_call(torture *t, const mlpipe_dataset *d,
                                         mlpipe_dataset **out)
{
    return mlpipe_dataset_select(t->c, d,
                                 "columns=color,x,id rename=x:y,id:x", out);
}

static mlpipe_status torture_combine_select(torture *t)
{
    return combine_run(t, combine_select_call);
}

static mlpipe_status combine_concat_call(torture *t, const mlpipe_dataset *d,
                                         mlpipe_dataset **out)
{
    const mlpipe_dataset *const parts[] = {d, d};
    return mlpipe_dataset_concat(t->c, parts, 2, "columns=union", out);
}

static mlpipe_status torture_combine_concat(torture *t)
{
    return combine_run(t, combine_concat_call);
}

static mlpipe_status combine_sample_call(torture *t, const mlpipe_dataset *d,
                                         mlpipe_dataset **out)
{
    return mlpipe_dataset_sample(t->c, d, "rows=30 by=color replace=true",
                                 out);
}

static mlpipe_status torture_combine_sample(torture *t)
{
    return combine_run(t, combine_sample_call);
}

static mlpipe_status combine_sort_call(torture *t, const mlpipe_dataset *d,
                                       mlpipe_dataset **out)
{
    return mlpipe_dataset_sort(t->c, d, "by=-color,x nulls=first", out);
}

static mlpipe_status torture_combine_sort(torture *t)
{
    return combine_run(t, combine_sort_call);
}

static mlpipe_status combine_asof_call(torture *t, const mlpipe_dataset *d,
                                       mlpipe_dataset **out)
{
    return mlpipe_dataset_asof(t->c, d, d, "on=when by=color known=when "
                               "direction=nearest strict=true columns=color,x",
                               out);
}

static mlpipe_status torture_combine_asof(torture *t)
{
    return combine_run(t, combine_asof_call);
}

const torture_scenario torture_combine[] = {
    {"mlpipe_dataset_filter", torture_combine_filter, 0},
    {"mlpipe_dataset_with_column", torture_combine_column, 0},
    {"mlpipe_dataset_select", torture_combine_select, 0},
    {"mlpipe_dataset_concat", torture_combine_concat, 0},
    {"mlpipe_dataset_sample", torture_combine_sample, 0},
    {"mlpipe_dataset_sort", torture_combine_sort, 0},
    {"mlpipe_dataset_asof", torture_combine_asof, 0},
    {NULL, NULL, 0},
};
