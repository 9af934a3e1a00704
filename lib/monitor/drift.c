/* SPDX-License-Identifier: MIT */
/*
 * Drift of the inputs and of the score: PSI with its null distribution, and
 * rates of missing, unseen and outside values with exact tails. A verdict
 * needs both: significance after Benjamini-Hochberg over all tests, and an
 * effect that matters.
 */
#include "monitor_internal.h"

/* A rate matters from one percentage point on. */
static const double drift_rate_effect = 0.01;
/* Cells of PSI, but that of missing values, hold at least this many expected
 * rows of the pane, so that the chi-square tail is near enough. */
static const double drift_least_expected = 5.0;

const char *mlpipe__verdict_name(uint32_t verdict)
{
    static const char *const names[] = {"OK", "INSUFFICIENT_DATA", "WARN",
                                        "DRIFT"};

    return names[verdict <= MLPIPE__VERDICT_DRIFT ? verdict : 0];
}

/* The cells that PSI compares: what never occurs in the reference is left to
 * the rates, outermost numbers go with their neighbours, small ones join. */
static uint32_t drift_cells(const mlpipe__ref_input *in,
                            const uint64_t *counts, double share,
                            uint64_t *ref, uint64_t *now)
{
    const bool number = in->kind == MLPIPE__NUMBER;
    const uint32_t last = in->cells;
    uint64_t r = 0, n = 0;
    uint32_t used = 0;

    if (in->counts[0]) {
        ref[used] = in->counts[0];
        now[used++] = counts[0];
    }
    for (uint32_t c = number ? 1 : 2; c < last; c++) {
        r += in->counts[c];
        n += counts[c];
        if (number && c + 2 == last)
            continue; /* above the range goes with the last cell inside */
        if ((double)r * share < drift_least_expected)
            continue;
        ref[used] = r;
        now[used++] = n;
        r = n = 0;
    }
    if (r + n && used) {
        ref[used - 1] += r;
        now[used - 1] += n;
    } else if (r + n) {
        ref[used] = r;
        now[used++] = n;
    }
    return used;
}

/* P(X >= k of n) under a rate seen in `c` of `rows`, with `extra` pseudo rows:
 * what was never seen is not impossible. */
static double drift_rate_p(uint64_t k, uint64_t n, uint64_t c, uint64_t rows,
                           double extra)
{
    const double rate = ((double)c + extra) / ((double)rows + extra);

    return k ? mlpipe__rate_tail(k, n, rate < 1 ? rate : 1.0) : 1.0;
}

void mlpipe__drift_measure(const mlpipe__ref_input *in, const uint64_t *counts,
                           uint64_t *scratch, mlpipe__drift_row *out)
{
    const bool number = in->kind == MLPIPE__NUMBER;
    uint64_t ref_rows = 0, rows = 0, outside, ref_outside;
    uint32_t used;

    memset(out, 0, sizeof *out);
    out->verdict = MLPIPE__VERDICT_INSUFFICIENT;
    out->psi = out->psi_p = out->missing = out->unseen = out->outside =
        mlpipe__nan();
    out->missing_p = out->unseen_p = out->outside_p = mlpipe__nan();
    for (uint32_t c = 0; c < in->cells; c++) {
        ref_rows += in->counts[c];
        rows += counts ? counts[c] : 0;
    }
    if (!rows || !ref_rows)
        return;
    used = drift_cells(in, counts, (double)rows / (double)ref_rows, scratch,
                       scratch + in->cells);
    if (used > 1)
        out->psi =
            mlpipe__psi(scratch, scratch + in->cells, used, &out->psi_p);
    else
        out->psi = 0.0, out->psi_p = 1.0;
    out->missing = (double)counts[0] / (double)rows;
    out->missing_ref = (double)in->counts[0] / (double)ref_rows;
    out->missing_p =
        drift_rate_p(counts[0], rows, in->counts[0], ref_rows, 1.0);
    if (!number) {
        out->unseen = (double)counts[1] / (double)rows;
        out->unseen_p =
            drift_rate_p(counts[1], rows, in->counts[1], ref_rows, 1.0);
        return;
    }
    if (!in->cut_count)
        return;
    outside = counts[1] + counts[in->cells - 1];
    ref_outside = in->counts[1] + in->counts[in->cells - 1];
    out->outside = (double)outside / (double)rows;
    /* Two rows more: the next value of a continuous column is outside all
     * N that were seen with probability 2 / (N + 1). */
    out->outside_p = drift_rate_p(outside, rows, ref_outside, ref_rows, 2.0);
}

/* One test: its p-value, and whether the effect matters. */
typedef struct drift_test {
    double p;
    bool matters;
} drift_test;

enum { DRIFT_TESTS = 4 };

static void drift_tests(const mlpipe__drift_row *r, double psi,
                        drift_test out[DRIFT_TESTS])
{
    out[0] = (drift_test){r->psi_p, r->psi >= psi};
    out[1] = (drift_test){
        r->missing_p, r->missing - r->missing_ref >= drift_rate_effect};
    out[2] = (drift_test){r->unseen_p, r->unseen >= drift_rate_effect};
    out[3] = (drift_test){r->outside_p, r->outside >= drift_rate_effect};
}

/* Largest p that Benjamini and Hochberg (1995) reject; -1 = none. */
static double drift_bh(double *p, uint32_t n, double alpha, double *scratch)
{
    mlpipe__sort_f64(p, n, scratch);
    for (uint32_t k = n; k; k--)
        if (p[k - 1] <= alpha * k / n)
            return p[k - 1];
    return -1.0;
}

void mlpipe__drift_judge(mlpipe__drift_row *rows, uint32_t n,
                         const mlpipe__drift_limits *limits, double *sorted)
{
    drift_test tests[DRIFT_TESTS];
    uint32_t count = 0;
    double cut;

    for (uint32_t i = 0; i < n; i++) {
        drift_tests(&rows[i], limits->psi, tests);
        for (uint32_t k = 0; k < DRIFT_TESTS; k++)
            if (tests[k].p == tests[k].p)
                sorted[count++] = tests[k].p;
    }
    cut = drift_bh(sorted, count, limits->alpha, sorted + DRIFT_TESTS * n);
    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].psi != rows[i].psi)
            continue;
        rows[i].verdict = MLPIPE__VERDICT_OK;
        drift_tests(&rows[i], limits->psi, tests);
        for (uint32_t k = 0; k < DRIFT_TESTS; k++) {
            uint32_t verdict = MLPIPE__VERDICT_OK;
            if (tests[k].p <= cut)
                verdict = tests[k].matters ? MLPIPE__VERDICT_DRIFT
                                           : MLPIPE__VERDICT_WARN;
            if (verdict > rows[i].verdict)
                rows[i].verdict = verdict;
        }
    }
}

/* ---- the report -------------------------------------------------------- */

static void drift_put_number(mlpipe_report *report, mlpipe__text *name,
                             const char *prefix, const char *input,
                             const char *what, double value)
{
    name->size = 0;
    mlpipe__text_add(name, "%s%s.%s", prefix, input, what);
    if (!name->failed)
        mlpipe__report_number(report, name->data, value);
}

static void drift_put_input(mlpipe_report *report, mlpipe__text *name,
                            const char *input, bool number,
                            const mlpipe__drift_row *r)
{
    const char *prefix = mlpipe__report_input_prefix(input);

    drift_put_number(report, name, prefix, input, "psi", r->psi);
    drift_put_number(report, name, prefix, input, "p", r->psi_p);
    drift_put_number(report, name, prefix, input, "missing", r->missing);
    if (number)
        drift_put_number(report, name, prefix, input, "out_of_range",
                         r->outside);
    else
        drift_put_number(report, name, prefix, input, "unseen", r->unseen);
}

static void drift_put_table(mlpipe_report *report, const mlpipe_model *model,
                            const mlpipe__drift_row *rows)
{
    const mlpipe__reference *ref = model->reference;

    mlpipe__report_table(report, "inputs",
                         "input,psi,p,missing,unseen,out_of_range,verdict");
    for (uint32_t i = 0; i < ref->input_count; i++) {
        const char *name = model->program->inputs[i].name;
        const char *verdict = mlpipe__verdict_name(rows[i].verdict);
        if (!ref->inputs[i].kind)
            continue;
        mlpipe__report_cell_text(report, name, strlen(name));
        mlpipe__report_cell_number(report, rows[i].psi);
        mlpipe__report_cell_number(report, rows[i].psi_p);
        mlpipe__report_cell_number(report, rows[i].missing);
        mlpipe__report_cell_number(report, rows[i].unseen);
        mlpipe__report_cell_number(report, rows[i].outside);
        mlpipe__report_cell_text(report, verdict, strlen(verdict));
    }
}

static void drift_put_all(mlpipe_report *report, const mlpipe_model *model,
                          const mlpipe__drift_row *rows, bool enough,
                          mlpipe__text *name, uint32_t *worst)
{
    const mlpipe__reference *ref = model->reference;
    const uint32_t n = ref->input_count;
    uint32_t drifted = 0, warned = 0, features;
    const char *text;

    for (uint32_t i = 0; i < n; i++) {
        if (!ref->inputs[i].kind)
            continue;
        drift_put_input(report, name, model->program->inputs[i].name,
                        ref->inputs[i].kind == MLPIPE__NUMBER, &rows[i]);
        drifted += rows[i].verdict == MLPIPE__VERDICT_DRIFT;
        warned += rows[i].verdict == MLPIPE__VERDICT_WARN;
    }
    if (ref->score.kind) {
        mlpipe__report_number(report, "score.psi", rows[n].psi);
        mlpipe__report_number(report, "score.p", rows[n].psi_p);
    }
    features = !enough   ? MLPIPE__VERDICT_INSUFFICIENT
               : drifted ? MLPIPE__VERDICT_DRIFT
               : warned  ? MLPIPE__VERDICT_WARN
                         : MLPIPE__VERDICT_OK;
    mlpipe__report_number(report, "features_drifted",
                          enough ? drifted : mlpipe__nan());
    mlpipe__report_number(report, "features_warned",
                          enough ? warned : mlpipe__nan());
    text = mlpipe__verdict_name(features);
    mlpipe__report_text(report, "features", text, strlen(text));
    text = mlpipe__verdict_name(rows[n].verdict);
    mlpipe__report_text(report, "score", text, strlen(text));
    *worst = features > *worst ? features : *worst;
    if (ref->score.kind && rows[n].verdict > *worst)
        *worst = rows[n].verdict;
    drift_put_table(report, model, rows);
}

static void drift_measure_all(const mlpipe_model *model,
                              const mlpipe__recorder *rec,
                              const uint64_t *counts, uint64_t *scratch,
                              mlpipe__drift_row *rows)
{
    const mlpipe__reference *ref = model->reference;

    for (uint32_t i = 0; i < ref->input_count; i++)
        mlpipe__drift_measure(&ref->inputs[i],
                              counts ? counts + rec->first[i] : NULL, scratch,
                              &rows[i]);
    mlpipe__drift_measure(&ref->score,
                          counts ? counts + rec->score_first : NULL, scratch,
                          &rows[ref->input_count]);
}

mlpipe_status mlpipe__drift_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe__recorder *rec,
                                   const uint64_t *counts,
                                   const mlpipe__drift_limits *limits,
                                   mlpipe_report *report, uint32_t *worst)
{
    const uint32_t n = model->reference->input_count + 1;
    mlpipe__drift_row *rows =
        mlpipe__alloc_array(ctx->env, n, sizeof *rows);
    double *sorted =
        mlpipe__alloc_array(ctx->env, n, 2 * DRIFT_TESTS * sizeof *sorted);
    uint64_t *scratch =
        mlpipe__alloc_array(ctx->env, rec->total, 2 * sizeof *scratch);
    mlpipe__text name;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&name, ctx->env);
    if (rows && sorted && scratch) {
        drift_measure_all(model, rec, counts, scratch, rows);
        mlpipe__drift_judge(rows, n, limits, sorted);
        drift_put_all(report, model, rows, counts != NULL, &name, worst);
        if (name.failed)
            st = mlpipe__nomem(ctx);
    } else {
        st = mlpipe__nomem(ctx);
    }
    mlpipe__text_free(&name);
    mlpipe__free(ctx->env, scratch);
    mlpipe__free(ctx->env, sorted);
    mlpipe__free(ctx->env, rows);
    return st;
}
