/* SPDX-License-Identifier: MIT */
/* Reading CSV, whole and block by block. */
#include "torture.h"

/* Every type, nulls, a reject, a blank line, and texts that are missed at
 * first because the column starts as numbers. */
static const char torture_csv_text[] =
    "id,when,x,\"odd \"\"name\"\"\",late,yes\n"
    "1,2015-02-01,1.5,red,1,yes\n"
    "2,2015-02-02,?, green ,2,no\n"
    "\n"
    "3,2015-02-03,2\n"
    "4,2015-02-04T10:11:12.5,-3,\"say \"\"hi\"\"\",three,NA\n";
static const char torture_csv_params[] = "rows=quarantine";

static mlpipe_status torture_csv_finish(torture *t, mlpipe_status st,
                                        mlpipe_dataset *d)
{
    mlpipe_report *r = NULL;
    torture_check(t, !st == (d != NULL));
    if (!st) {
        torture_check(t, mlpipe_dataset_rows(d) == 3);
        torture_check(t, !mlpipe_dataset_reading(t->plain, d, &r));
        torture_print(t, d);
        torture_tell(t, r);
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_csv_memory(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    const mlpipe_status st = mlpipe_read_csv_memory(
        t->c, torture_csv_text, sizeof torture_csv_text - 1,
        torture_csv_params, &d);
    return torture_csv_finish(t, st, d);
}

/* The file that both contexts see. */
static mlpipe_status torture_csv_file(torture *t)
{
    return mlpipe__file_write(t->plain, "in.csv", torture_csv_text,
                              sizeof torture_csv_text - 1, false);
}

static mlpipe_status torture_csv_read(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_status st = torture_csv_file(t);
    if (st)
        return st;
    st = mlpipe_read_csv(t->c, "in.csv", torture_csv_params, &d);
    return torture_csv_finish(t, st, d);
}

/* A block that fails can be asked for again and is then the same. */
static mlpipe_status torture_csv_source(torture *t)
{
    mlpipe_source *s = (mlpipe_source *)t;
    mlpipe_dataset *d = NULL, *end = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = torture_csv_file(t);
    if (st)
        return st;
    st = mlpipe_source_csv(t->c, "in.csv", torture_csv_params, &s);
    torture_check(t, !st == (s != NULL));
    if (st)
        return st;
    st = mlpipe_source_next(t->c, s, &d);
    torture_check(t, !st == (d != NULL));
    if (st) {
        torture_calm(t);
        torture_check(t, !mlpipe_source_next(t->plain, s, &d));
        torture_check(t, d && mlpipe_dataset_rows(d) == 3);
        mlpipe_dataset_free(d);
        torture_storm(t);
        mlpipe_source_free(s);
        return st;
    }
    st = mlpipe_source_next(t->c, s, &end);
    torture_check(t, !end);
    if (!st)
        st = mlpipe_source_reading(t->c, s, &r);
    torture_check(t, !st == (r != NULL));
    if (!st) {
        torture_print(t, d);
        torture_tell(t, r);
    }
    mlpipe_source_free(s);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

/* Titles, footers, comments, several lines of names, mended rows. */
static const char torture_csv_odd[] =
    "Sales\n\nn;when;x\n(1);(2);\n1;2015-02-01;'a''b'\n"
    "2;2015-02-02;it\n3;2015-02-03\n4;2015-02-04;'p'q';\n"
    "# so far\n5;2015-02-05;r\nTotal;;\n";

static mlpipe_status torture_csv_mend(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_report *r = NULL;
    const mlpipe_status st = mlpipe_read_csv_memory(
        t->c, torture_csv_odd, sizeof torture_csv_odd - 1, "rows=pad", &d);
    torture_check(t, !st == (d != NULL));
    if (!st) {
        torture_check(t, mlpipe_dataset_rows(d) == 5);
        torture_check(t, !mlpipe_dataset_reading(t->plain, d, &r));
        torture_print(t, d);
        torture_tell(t, r);
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_csv_dialect(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    mlpipe_status st = torture_csv_file(t);
    if (st)
        return st;
    st = mlpipe_csv_dialect(t->c, "in.csv", NULL, &r);
    torture_check(t, !st == (r != NULL));
    torture_tell(t, r);
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_csv_dialect_memory(torture *t)
{
    mlpipe_report *r = (mlpipe_report *)t;
    const mlpipe_status st = mlpipe_csv_dialect_memory(
        t->c, torture_csv_odd, sizeof torture_csv_odd - 1, NULL, &r);
    torture_check(t, !st == (r != NULL));
    torture_tell(t, r);
    mlpipe_report_free(r);
    return st;
}

const torture_scenario torture_collect[] = {
    {"mlpipe_csv_dialect", torture_csv_dialect, 0},
    {"mlpipe_csv_dialect_memory", torture_csv_dialect_memory, 0},
    {"mlpipe_read_csv", torture_csv_read, 0},
    {"mlpipe_read_csv_memory", torture_csv_memory, 0},
    {"mlpipe_read_csv_memory", torture_csv_mend, 0},
    {"mlpipe_source_csv", torture_csv_source, 0},
    {"mlpipe_source_next", torture_csv_source, 0},
    {"mlpipe_source_reading", torture_csv_source, 0},
    {"mlpipe_source_free", torture_csv_source, 0},
    {NULL, NULL, 0},
};
