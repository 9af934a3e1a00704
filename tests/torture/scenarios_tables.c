/* SPDX-License-Identifier: MIT */
/* Tables of reports. */
#include "torture.h"

#include "report/report_internal.h"

static mlpipe_status torture_tables_make(mlpipe_ctx *c, mlpipe_report **out)
{
    static const double series[] = {1, 2, 3};
    mlpipe_report *r = mlpipe__report_new(c->env, "torture");

    mlpipe__report_series(r, "loss", series, 3);
    mlpipe__report_table(r, "rejects", "line,reason");
    mlpipe__report_cell_number(r, 7);
    mlpipe__report_cell_text(r, "too \xff few", 9);
    mlpipe__report_cell_number(r, 8);
    mlpipe__report_cell_number(r, 0.5);
    return mlpipe__report_seal(c, r, out);
}

static mlpipe_status torture_tables_list(torture *t)
{
    mlpipe_report *r;
    const mlpipe_status st = torture_tables_make(t->plain, &r);

    if (st)
        return st;
    torture_check(t, mlpipe_report_tables(r) == 2);
    torture_text(t, mlpipe_report_table_name(r, 0));
    torture_text(t, mlpipe_report_table_name(r, 1));
    torture_check(t, !mlpipe_report_table_name(r, 2));
    mlpipe_report_free(r);
    return MLPIPE_OK;
}

static mlpipe_status torture_tables_table(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_report *r;
    mlpipe_status st = torture_tables_make(t->plain, &r);

    if (st)
        return st;
    st = mlpipe_report_table(t->c, r, "rejects", &d);
    torture_check(t, !st == (d != NULL));
    if (!st) {
        torture_check(t, mlpipe_dataset_rows(d) == 2);
        torture_print(t, d);
    }
    mlpipe_dataset_free(d);
    mlpipe_report_free(r);
    return st;
}

const torture_scenario torture_tables[] = {
    {"mlpipe_report_tables", torture_tables_list, TORTURE_NO_ALLOC},
    {"mlpipe_report_table_name", torture_tables_list, TORTURE_NO_ALLOC},
    {"mlpipe_report_table", torture_tables_table, 0},
    {NULL, NULL, 0},
};
