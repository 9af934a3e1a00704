/* SPDX-License-Identifier: MIT */
/* What a monitor's report says of inputs and score. Every number here is in
 * report_names.c. */
#include "monitor_internal.h"

static void drift_put_number(mlpipe_report *report, mlpipe__text *name,
                             const char *prefix, const char *input,
                             const char *what, double value)
{
    name->size = 0;
    mlpipe__text_add(name, "%s%s.%s", prefix, input, what);
    if (!name->failed)
        mlpipe__report_number(report, name->data, value);
}

/* The numbers of an input, or of the score, in the order of their table. */
static void drift_put_row(mlpipe_report *report, mlpipe__text *name,
                          const char *prefix, const char *input,
                          const mlpipe__drift_row *r)
{
    double value[MLPIPE__DRIFT_NUMBERS];

    mlpipe__drift_numbers(r, value);
    for (uint32_t i = 0; i < MLPIPE__DRIFT_NUMBERS; i++)
        drift_put_number(report, name, prefix, input,
                         mlpipe__drift_number_name(i), value[i]);
}

static void drift_put_input(mlpipe_report *report, mlpipe__text *name,
                            const mlpipe_model *model, uint32_t i,
                            const mlpipe__drift_row *r)
{
    const char *input = model->program->inputs[i].name;
    const char *prefix = mlpipe__report_input_prefix(model, input);

    drift_put_row(report, name, prefix, input, r);
    drift_put_number(report, name, prefix, input, "missing", r->missing);
    if (model->reference->inputs[i].kind == MLPIPE__CODE) {
        drift_put_number(report, name, prefix, input, "unseen", r->unseen);
        return;
    }
    drift_put_number(report, name, prefix, input, "out_of_range", r->outside);
    drift_put_number(report, name, prefix, input, "tail_low", r->tail_low);
    drift_put_number(report, name, prefix, input, "tail_high", r->tail_high);
}

/* Inputs, and the score as a last row where it has a reference. */
static const mlpipe__drift_row *drift_row_of(const mlpipe_model *model,
                                             const mlpipe__drift_row *rows,
                                             uint32_t i, const char **name)
{
    const mlpipe__reference *ref = model->reference;
    const bool input = i < ref->input_count;

    *name = input ? model->program->inputs[i].name : "(score)";
    return (input ? ref->inputs[i].kind : ref->score.kind) ? &rows[i] : NULL;
}

static void drift_put_table(mlpipe_report *report, const mlpipe_model *model,
                            const mlpipe__drift_row *rows)
{
    mlpipe__report_table(report, "inputs",
                         "input,psi,p,ks,ks_p,ad,ad_p,effect,effect_low,"
                         "effect_high,q,mde,missing,unseen,out_of_range,"
                         "tail_low,tail_high,verdict");
    for (uint32_t i = 0; i < model->reference->input_count; i++) {
        const char *name, *verdict = mlpipe__verdict_name(rows[i].verdict);
        const mlpipe__drift_row *r = drift_row_of(model, rows, i, &name);
        double value[MLPIPE__DRIFT_NUMBERS];
        if (!r)
            continue;
        const double rates[] = {r->missing, r->unseen, r->outside,
                                r->tail_low, r->tail_high};
        mlpipe__drift_numbers(r, value);
        mlpipe__report_cell_text(report, name, strlen(name));
        for (uint32_t k = 0; k < MLPIPE__DRIFT_NUMBERS; k++)
            mlpipe__report_cell_number(report, value[k]);
        for (uint32_t k = 0; k < sizeof rates / sizeof *rates; k++)
            mlpipe__report_cell_number(report, rates[k]);
        mlpipe__report_cell_text(report, verdict, strlen(verdict));
    }
}

/* Each test with its effect. */
static void drift_put_tests(mlpipe_report *report, const mlpipe_model *model,
                            const mlpipe__drift_row *rows)
{
    mlpipe__report_table(report, "drift_tests",
                         "input,test,statistic,effect,effect_low,effect_high,"
                         "p,mde");
    for (uint32_t i = 0; i <= model->reference->input_count; i++) {
        const char *name;
        const mlpipe__drift_row *r = drift_row_of(model, rows, i, &name);
        for (uint32_t k = 0; r && k < MLPIPE__TESTS; k++) {
            const mlpipe__drift_test *t = &r->test[k];
            const char *test = mlpipe__drift_test_name(k);
            const double x[] = {t->statistic, t->effect, t->low, t->high,
                                t->p, t->mde};
            if (t->p != t->p)
                continue;
            mlpipe__report_cell_text(report, name, strlen(name));
            mlpipe__report_cell_text(report, test, strlen(test));
            for (uint32_t m = 0; m < sizeof x / sizeof *x; m++)
                mlpipe__report_cell_number(report, x[m]);
        }
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
        drift_put_input(report, name, model, i, &rows[i]);
        drifted += rows[i].verdict == MLPIPE__VERDICT_DRIFT;
        warned += rows[i].verdict == MLPIPE__VERDICT_WARN;
    }
    if (ref->score.kind)
        drift_put_row(report, name, "", "score", &rows[n]);
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
    *worst = features > *worst ? features : *worst;
    if (ref->score.kind) {
        text = mlpipe__verdict_name(rows[n].verdict);
        mlpipe__report_text(report, "score", text, strlen(text));
        *worst = rows[n].verdict > *worst ? rows[n].verdict : *worst;
    }
    drift_put_table(report, model, rows);
    drift_put_tests(report, model, rows);
}

static void drift_measure_all(const mlpipe_model *model,
                              const mlpipe__recorder *rec,
                              const uint64_t *counts, double alpha,
                              uint64_t *scratch, mlpipe__drift_row *rows)
{
    const mlpipe__reference *ref = model->reference;

    for (uint32_t i = 0; i < ref->input_count; i++)
        mlpipe__drift_measure(&ref->inputs[i],
                              counts ? counts + rec->first[i] : NULL, alpha,
                              scratch, &rows[i]);
    mlpipe__drift_measure(&ref->score,
                          counts ? counts + rec->score_first : NULL, alpha,
                          scratch, &rows[ref->input_count]);
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
    uint64_t *scratch =
        mlpipe__alloc_array(ctx->env, rec->total, 2 * sizeof *scratch);
    mlpipe__text name;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&name, ctx->env);
    if (rows && scratch) {
        drift_measure_all(model, rec, counts, limits->alpha, scratch, rows);
        if (mlpipe__drift_judge(ctx->env, rows, n - 1, limits))
            drift_put_all(report, model, rows, counts != NULL, &name, worst);
        else
            name.failed = true;
        if (name.failed)
            st = mlpipe__nomem(ctx);
    } else {
        st = mlpipe__nomem(ctx);
    }
    mlpipe__text_free(&name);
    mlpipe__free(ctx->env, scratch);
    mlpipe__free(ctx->env, rows);
    return st;
}
