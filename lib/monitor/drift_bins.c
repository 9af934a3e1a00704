/* SPDX-License-Identifier: MIT */
/* Pictures of inputs: what their cells hold in the reference and in a pane. */
#include "monitor_internal.h"

/* An edge, for people. */
static void bins_edge(mlpipe__text *t, double x)
{
    char number[MLPIPE__NUMBER_BYTES];

    mlpipe__text_put(t, number, mlpipe__render_number(x, number));
}

static void bins_number(const mlpipe__ref_input *in, uint32_t cell,
                        mlpipe__text *t)
{
    const uint32_t last = in->cells - 1;

    if (!in->cut_count) {
        mlpipe__text_add(t, "a value");
    } else if (cell == 1) {
        mlpipe__text_add(t, "below ");
        bins_edge(t, in->cuts[0]);
    } else {
        const bool one = mlpipe__drift_atom(in, cell);
        bins_edge(t, in->cuts[cell - 2]);
        if (!one)
            mlpipe__text_add(t, cell == last ? " and above" : " to ");
        if (cell != last && !one)
            bins_edge(t, in->cuts[cell - 1]);
    }
}

/* A category, or how many share a cell. */
static void bins_code(const mlpipe__ref_input *in, const mlpipe__dict *dict,
                      uint32_t cell, mlpipe__text *t)
{
    uint32_t codes = 0, first = 0;

    for (uint32_t i = 0; i < in->codes; i++) {
        if (in->cell_of[i] != cell)
            continue;
        first = codes++ ? first : i;
    }
    if (cell == 1)
        mlpipe__text_add(t, "unseen");
    else if (codes == 1 && dict && first < dict->count)
        mlpipe__text_put(t, mlpipe__dict_text(dict, first),
                         mlpipe__dict_bytes(dict, first));
    else
        mlpipe__text_add(t, "%u categories", codes);
}

void mlpipe__drift_put_bins(mlpipe_report *report, const char *name,
                            const mlpipe__ref_input *in,
                            const mlpipe__dict *dict, const uint64_t *counts,
                            mlpipe__text *t)
{
    uint64_t ref_rows = 0, rows = 0;

    for (uint32_t c = 0; c < in->cells; c++) {
        ref_rows += in->counts[c];
        rows += counts[c];
    }
    for (uint32_t c = 0; rows && ref_rows && c < in->cells; c++) {
        t->size = 0;
        /* between two values, and nothing there */
        if (in->kind == MLPIPE__NUMBER && c > 1 && c + 1 < in->cells &&
            !in->counts[c] && !counts[c])
            continue;
        if (!c)
            mlpipe__text_add(t, "missing");
        else if (in->kind == MLPIPE__NUMBER)
            bins_number(in, c, t);
        else
            bins_code(in, dict, c, t);
        if (t->failed)
            return;
        mlpipe__report_cell_text(report, name, strlen(name));
        mlpipe__report_cell_text(report, t->size ? t->data : "", t->size);
        mlpipe__report_cell_number(report,
                                   (double)in->counts[c] / (double)ref_rows);
        mlpipe__report_cell_number(report, (double)counts[c] / (double)rows);
    }
}
