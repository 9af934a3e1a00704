/* SPDX-License-Identifier: MIT */
/* CSV: from a file, from memory, block by block. */
#include "torture.h"

static const char torture_csv[] =
    "id,when,x,color,ok\n"
    "1,2024-01-31,0.5,red,true\n"
    "2,2024-02-01,,\"green, \"\"dark\"\"\",false\n"
    "3,2024-02-29,1e3,?,true\n"
    "4,2024-03-01,-7,red,\n"
    "5,2024-03-02,8,blue,true\n";

static mlpipe_status torture_csv_file(torture *t)
{
    return mlpipe__file_write(t->plain, "in.csv", torture_csv,
                              sizeof torture_csv - 1, false);
}

/* The content by its fingerprint, which needs the plain context. */
static void torture_csv_say(torture *t, const mlpipe_dataset *d)
{
    mlpipe_buffer *b;
    const int64_t rows = mlpipe_dataset_rows(d);
    torture_record(t, &rows, sizeof rows);
    torture_check(t, !mlpipe_dataset_fingerprint(t->plain, d, &b));
    torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
}

static mlpipe_status torture_csv_read(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_status st = torture_csv_file(t);
    if (st)
        return st;
    st = mlpipe_read_csv(t->c, "in.csv", NULL, &d);
    torture_check(t, !st == (d != NULL));
    if (!st)
        torture_csv_say(t, d);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_csv_memory(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = mlpipe_read_csv_memory(
        t->c, torture_csv, sizeof torture_csv - 1,
        "dates=ymd rows=quarantine", &d);
    torture_check(t, !st == (d != NULL));
    if (!st) {
        torture_csv_say(t, d);
        st = mlpipe_dataset_reading(t->c, d, &r);
        torture_check(t, !st == (r != NULL));
        mlpipe_report_free(r);
    }
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_csv_source(torture *t)
{
    mlpipe_source *s = (mlpipe_source *)t;
    mlpipe_dataset *d = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = torture_csv_file(t);
    if (st)
        return st;
    st = mlpipe_source_csv(t->c, "in.csv", NULL, &s);
    torture_check(t, !st == (s != NULL));
    do {
        if (st)
            break;
        d = (mlpipe_dataset *)t;
        st = mlpipe_source_next(t->c, s, &d);
        torture_check(t, !st || !d);
        if (!st && d)
            torture_csv_say(t, d);
        mlpipe_dataset_free(d);
    } while (d);
    if (!st) {
        r = (mlpipe_report *)t;
        st = mlpipe_source_reading(t->c, s, &r);
        torture_check(t, !st == (r != NULL));
        mlpipe_report_free(r);
    }
    mlpipe_source_free(s);
    return st;
}

const torture_scenario torture_collect[] = {
    {"mlpipe_read_csv", torture_csv_read, 0},
    {"mlpipe_read_csv_memory", torture_csv_memory, 0},
    {"mlpipe_source_csv", torture_csv_source, 0},
    {"mlpipe_source_next", torture_csv_source, 0},
    {"mlpipe_source_reading", torture_csv_source, 0},
    {"mlpipe_source_free", torture_csv_source, 0},
    {NULL, NULL, 0},
};
