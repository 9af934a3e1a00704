/* SPDX-License-Identifier: MIT */
/* Reports: made, read, rendered, saved, loaded. */
#include "torture.h"

#include "report/report_internal.h"

static mlpipe_status torture_report_make(mlpipe_ctx *c, mlpipe_report **out)
{
    const mlpipe_figure figure = {0.5, 0.25, 0.75, 100};
    const double series[] = {1, 2, 0.1};
    mlpipe_report *r = mlpipe__report_new(c->env, "torture");
    *out = NULL;
    if (!r)
        return mlpipe__nomem(c);
    mlpipe__report_number(r, "rows_in", 12);
    mlpipe__report_figure(r, "rmse", &figure);
    mlpipe__report_text(r, "verdict", "fine", 4);
    mlpipe__report_series(r, "loss", series, 3);
    mlpipe__report_table(r, "rejects", "line,reason");
    mlpipe__report_cell_number(r, 7);
    mlpipe__report_cell_text(r, "too \"few\" cells", 15);
    return mlpipe__report_seal(c, r, out);
}

static mlpipe_status torture_report_life(torture *t)
{
    mlpipe_report *r;
    const mlpipe_status st = torture_report_make(t->c, &r);
    torture_check(t, !st == (r != NULL));
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_report_read(torture *t)
{
    mlpipe_figure figure;
    mlpipe_report *r;
    mlpipe_status st = torture_report_make(t->plain, &r);
    uint32_t i;
    double rows;
    if (st)
        return st;
    rows = mlpipe_report_get(r, "rows_in");
    torture_record(t, &rows, sizeof rows);
    torture_text(t, mlpipe_report_text(r, "verdict"));
    torture_check(t, !mlpipe_report_text(r, "nothing"));
    for (i = 0; i < mlpipe_report_count(r); i++) {
        const char *name = NULL;
        torture_check(t, !mlpipe_report_figure(r, i, &name, &figure));
        torture_text(t, name);
        torture_record(t, &figure.value, sizeof figure.value);
    }
    torture_check(t, mlpipe_report_figure(r, i, NULL, NULL) == MLPIPE_E_ARG);
    mlpipe_report_free(r);
    return MLPIPE_OK;
}

static mlpipe_status torture_report_render(torture *t)
{
    static const char *const formats[] = {"text", "json", "prometheus"};
    mlpipe_report *r;
    mlpipe_status st = torture_report_make(t->plain, &r);
    int i;
    for (i = 0; !st && i < 3; i++) {
        mlpipe_buffer *b = (mlpipe_buffer *)r;
        st = mlpipe_report_render(t->c, r, formats[i], &b);
        torture_check(t, !st == (b != NULL));
        torture_text(t, mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
    }
    mlpipe_report_free(r);
    return st;
}

static mlpipe_status torture_report_load(torture *t)
{
    mlpipe_report *r, *again = NULL;
    mlpipe__text saved;
    mlpipe_status st = torture_report_make(t->plain, &r);
    mlpipe__text_init(&saved, t->c->env);
    if (!st) {
        mlpipe__report_save(r, &saved);
        st = saved.failed ? mlpipe__nomem(t->c) : MLPIPE_OK;
    }
    if (!st)
        st = mlpipe__report_load(t->c, saved.data, saved.size, &again);
    if (!st)
        torture_record(t, saved.data, saved.size);
    torture_check(t, !st == (again != NULL));
    mlpipe__text_free(&saved);
    mlpipe_report_free(again);
    mlpipe_report_free(r);
    return st;
}

const torture_scenario torture_report[] = {
    {"mlpipe_report_free", torture_report_life, 0},
    {"mlpipe_report_get", torture_report_read, TORTURE_NO_ALLOC},
    {"mlpipe_report_text", torture_report_read, TORTURE_NO_ALLOC},
    {"mlpipe_report_count", torture_report_read, TORTURE_NO_ALLOC},
    {"mlpipe_report_figure", torture_report_read, TORTURE_NO_ALLOC},
    {"mlpipe_report_render", torture_report_render, 0},
    {"mlpipe__report_load", torture_report_load, 0},
    {NULL, NULL, 0},
};
