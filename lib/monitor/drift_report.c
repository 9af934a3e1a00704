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
    const char *prefix = mlpipe__report_input_prefix(input);

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

/* How many inputs have pictures. */
enum { DRIFT_PICTURES = 200 };

/* What is put into a report. */
typedef struct drift_told {
    const mlpipe_model *model;
    const mlpipe__recorder *recorder;
    const uint64_t *counts; /* of the pane; NULL: none is closed */
    uint32_t tell;
    const mlpipe__drift_row *rows; /* of the inputs, then of the score */
    uint32_t *order;         /* of the inputs */
    mlpipe_report *report;
    mlpipe__text name;
} drift_told;

/* PSI less its bias; of categories, which have no such test, PSI. */
static double drift_effect(const mlpipe__drift_row *r)
{
    const double effect = r->test[MLPIPE__TEST_AD].effect;

    return effect == effect ? effect : r->psi;
}

/* Those first that matter to the answer and have changed: weight x effect. */
static bool drift_order(mlpipe__env *env, drift_told *d)
{
    const mlpipe__reference *ref = d->model->reference;
    const uint32_t n = ref->input_count;
    double *key = mlpipe__alloc_array(env, n, sizeof *key);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    const bool ok = key && scratch;

    for (uint32_t i = 0; ok && i < n; i++) {
        const double effect = drift_effect(&d->rows[i]);
        key[i] = effect > 0 ? -ref->inputs[i].weight * effect : 0.0;
    }
    if (ok)
        mlpipe__argsort_f64(key, d->order, n, scratch);
    mlpipe__free(env, scratch);
    mlpipe__free(env, key);
    return ok;
}

static void drift_put_table(drift_told *d)
{
    const mlpipe__reference *ref = d->model->reference;

    mlpipe__report_table(d->report, "inputs",
                         "input,weight,psi,p,ks,ks_p,ad,ad_p,effect,"
                         "effect_low,effect_high,q,mde,missing,unseen,"
                         "out_of_range,tail_low,tail_high,verdict");
    for (uint32_t k = 0; k < ref->input_count; k++) {
        const uint32_t i = d->order[k];
        const char *name, *verdict = mlpipe__verdict_name(d->rows[i].verdict);
        const mlpipe__drift_row *r = drift_row_of(d->model, d->rows, i, &name);
        double value[MLPIPE__DRIFT_NUMBERS];
        if (!r)
            continue;
        const double rates[] = {r->missing, r->unseen, r->outside,
                                r->tail_low, r->tail_high};
        mlpipe__drift_numbers(r, value);
        mlpipe__report_cell_text(d->report, name, strlen(name));
        mlpipe__report_cell_number(d->report, ref->inputs[i].weight);
        for (uint32_t m = 0; m < MLPIPE__DRIFT_NUMBERS; m++)
            mlpipe__report_cell_number(d->report, value[m]);
        for (uint32_t m = 0; m < sizeof rates / sizeof *rates; m++)
            mlpipe__report_cell_number(d->report, rates[m]);
        mlpipe__report_cell_text(d->report, verdict, strlen(verdict));
    }
}

static void drift_put_pictures(drift_told *d)
{
    const mlpipe__reference *ref = d->model->reference;
    const uint32_t n =
        ref->input_count < DRIFT_PICTURES ? ref->input_count : DRIFT_PICTURES;

    if (!d->counts || d->tell < MLPIPE__TELL_PICTURES)
        return;
    mlpipe__report_table(d->report, "bins", "input,cell,reference,current");
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t i = d->order[k];
        const mlpipe__program_input *in = &d->model->program->inputs[i];
        if (ref->inputs[i].kind)
            mlpipe__drift_put_bins(d->report, in->name, &ref->inputs[i],
                                   in->dict, d->counts + d->recorder->first[i],
                                   &d->name);
    }
    if (ref->score.kind)
        mlpipe__drift_put_bins(d->report, "(score)", &ref->score, NULL,
                               d->counts + d->recorder->score_first,
                               &d->name);
}

/* Each test with its effect. */
static void drift_put_tests(drift_told *d)
{
    mlpipe_report *report = d->report;

    mlpipe__report_table(report, "drift_tests",
                         "input,test,statistic,effect,effect_low,effect_high,"
                         "p,mde");
    for (uint32_t i = 0; i <= d->model->reference->input_count; i++) {
        const char *name;
        const mlpipe__drift_row *r =
            drift_row_of(d->model, d->rows, i, &name);
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

/* The first input, by weight and effect, of the worst verdict. */
static const char *drift_first(const drift_told *d, uint32_t verdict)
{
    const mlpipe__reference *ref = d->model->reference;

    for (uint32_t k = 0; k < ref->input_count; k++)
        if (ref->inputs[d->order[k]].kind &&
            d->rows[d->order[k]].verdict == verdict)
            return d->model->program->inputs[d->order[k]].name;
    return "";
}

/* Where a pane is closed; the monitor knows what it lacks. */
static void drift_put_whys(const drift_told *d, uint32_t judged,
                           uint32_t drifted, uint32_t warned)
{
    const mlpipe__reference *ref = d->model->reference;
    const mlpipe__drift_row *score = &d->rows[ref->input_count];

    if (!judged)
        mlpipe__report_why(d->report, "features",
                           "nothing can be tested: the pane has no values, or "
                           "no input is public");
    else if (drifted + warned)
        mlpipe__report_why(d->report, "features",
                           "inputs tested: %u, of which changed by what "
                           "matters: %u, by less: %u; first of all %s",
                           judged, drifted, warned,
                           drift_first(d, drifted ? MLPIPE__VERDICT_DRIFT
                                                  : MLPIPE__VERDICT_WARN));
    else
        mlpipe__report_why(d->report, "features",
                           "inputs tested: %u, none changed beyond chance",
                           judged);
    if (ref->score.kind && score->verdict == MLPIPE__VERDICT_INSUFFICIENT)
        mlpipe__report_why(d->report, "score", "the pane has no answers");
    else if (ref->score.kind)
        mlpipe__report_why(d->report, "score", "p %g; PSI less its bias %g",
                           mlpipe__report_short(score->p),
                           mlpipe__report_short(drift_effect(score)));
}

static void drift_put_all(drift_told *d, uint32_t *worst)
{
    const mlpipe_model *model = d->model;
    const mlpipe__reference *ref = model->reference;
    const mlpipe__drift_row *rows = d->rows;
    const bool enough = d->counts != NULL;
    mlpipe_report *report = d->report;
    const uint32_t n = ref->input_count;
    uint32_t drifted = 0, warned = 0, judged = 0, features;
    const char *text;

    for (uint32_t i = 0; i < n; i++) {
        if (!ref->inputs[i].kind)
            continue;
        drift_put_input(report, &d->name, model, i, &rows[i]);
        drifted += rows[i].verdict == MLPIPE__VERDICT_DRIFT;
        warned += rows[i].verdict == MLPIPE__VERDICT_WARN;
        judged += rows[i].verdict != MLPIPE__VERDICT_INSUFFICIENT;
    }
    if (ref->score.kind)
        drift_put_row(report, &d->name, "", "score", &rows[n]);
    features = !judged   ? MLPIPE__VERDICT_INSUFFICIENT
               : drifted ? MLPIPE__VERDICT_DRIFT
               : warned  ? MLPIPE__VERDICT_WARN
                         : MLPIPE__VERDICT_OK;
    mlpipe__report_number(report, "features_drifted",
                          judged ? drifted : mlpipe__nan());
    mlpipe__report_number(report, "features_warned",
                          judged ? warned : mlpipe__nan());
    text = mlpipe__verdict_name(features);
    mlpipe__report_text(report, "features", text, strlen(text));
    /* A model whose inputs are all private is told by its score alone. */
    if (features > *worst && (judged || !enough))
        *worst = features;
    if (ref->score.kind) {
        text = mlpipe__verdict_name(rows[n].verdict);
        mlpipe__report_text(report, "score", text, strlen(text));
        *worst = rows[n].verdict > *worst ? rows[n].verdict : *worst;
    }
    if (d->tell < MLPIPE__TELL_TABLES)
        return;
    if (enough)
        drift_put_whys(d, judged, drifted, warned);
    drift_put_table(d);
    drift_put_tests(d);
    drift_put_pictures(d);
}

void mlpipe__drift_forget(mlpipe__drift_known *known)
{
    mlpipe__free(known->env, known->rows);
    known->rows = NULL;
    known->fresh = false;
}

/* Measure and judge a pane, once; false = out of memory. */
static bool drift_know(mlpipe__env *env, const drift_told *d,
                       const mlpipe__drift_limits *limits,
                       mlpipe__drift_known *known)
{
    const mlpipe__reference *ref = d->model->reference;
    const mlpipe__recorder *rec = d->recorder;
    const uint64_t *counts = d->counts;
    const uint32_t n = ref->input_count;
    uint64_t *scratch;

    if (known->fresh)
        return true;
    mlpipe__drift_forget(known);
    known->rows = mlpipe__alloc_array(known->env, (size_t)n + 1,
                                      sizeof *known->rows);
    scratch = mlpipe__alloc_array(env, rec->total, 2 * sizeof *scratch);
    if (known->rows && scratch) {
        for (uint32_t i = 0; i < n; i++)
            mlpipe__drift_measure(&ref->inputs[i],
                                  counts ? counts + rec->first[i] : NULL,
                                  limits->alpha, scratch, &known->rows[i]);
        mlpipe__drift_measure(&ref->score,
                              counts ? counts + rec->score_first : NULL,
                              limits->alpha, scratch, &known->rows[n]);
        known->fresh = mlpipe__drift_judge(env, known->rows, n, limits);
    }
    mlpipe__free(env, scratch);
    return known->fresh;
}

mlpipe_status mlpipe__drift_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe__recorder *rec,
                                   const uint64_t *counts, uint32_t tell,
                                   const mlpipe__drift_limits *limits,
                                   mlpipe__drift_known *known,
                                   mlpipe_report *report, uint32_t *worst)
{
    mlpipe__env *env = ctx->env;
    drift_told d = {.model = model, .recorder = rec, .counts = counts,
                    .tell = tell, .report = report};
    bool ok = drift_know(env, &d, limits, known);

    mlpipe__text_init(&d.name, env);
    d.rows = known->rows;
    if (ok && tell >= MLPIPE__TELL_TABLES) {
        d.order = mlpipe__alloc_array(env, model->reference->input_count,
                                      sizeof *d.order);
        ok = d.order && drift_order(env, &d);
    }
    if (ok)
        drift_put_all(&d, worst);
    ok = ok && !d.name.failed;
    mlpipe__text_free(&d.name);
    mlpipe__free(env, d.order);
    return ok ? MLPIPE_OK : mlpipe__nomem(ctx);
}
