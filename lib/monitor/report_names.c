/* SPDX-License-Identifier: MIT */
/* The names that a monitor's report of a model has, so that a rule can be
 * checked when it is made and not when it should have fired. */
#include "monitor_internal.h"

/* Numbers of every report, whatever the model. */
static const char *const names_general[] = {
    "age",
    "deployment",
    "rows",
    "pane_rows",
    "panes",
    "errors",
    "deployment.errors",
    "rows_per_second",
    "deployment.rows_per_second",
    "latency_ns_p50",
    "latency_ns_p90",
    "latency_ns_p99",
    "latency_ns_p99_9",
    "latency_ns_max",
    "latency_ns_n",
    "latency_seconds_sum",
    "deployment.latency_ns_p50",
    "deployment.latency_ns_p90",
    "deployment.latency_ns_p99",
    "deployment.latency_ns_p99_9",
    "deployment.latency_ns_max",
    "deployment.latency_ns_n",
    "imputed",
    "unseen",
    "out_of_range",
    "nulls_made",
    "features_drifted",
    "features_warned",
    "labelled",
    "concept.n",
    "concept.loss",
    "concept.reference",
    "concept.statistic",
    "concept.threshold",
    "concept.alarms",
    "concept.mde",
    "maturity",
    "pane_maturity",
    "truths",
    "truths_matched",
    "truths_duplicate",
    "truths_unmatched",
    "truths_early",
    "truths_refused",
    "truths_ahead",
    "truths_before",
    "ticks_back",
    "rows_ahead",
    "rows_late",
    "predictions",
    "predictions_waiting",
    "predictions_expired",
    "predictions_repeated",
    "ids_lost",
};

const char *mlpipe__drift_number_name(uint32_t i)
{
    static const char *const names[MLPIPE__DRIFT_NUMBERS] = {
        "psi",    "p",          "ks",          "ks_p", "ad", "ad_p",
        "effect", "effect_low", "effect_high", "q",    "mde",
    };

    return names[i];
}

void mlpipe__drift_numbers(const mlpipe__drift_row *r,
                           double value[MLPIPE__DRIFT_NUMBERS])
{
    const mlpipe__drift_test *t = r->test;
    const mlpipe__drift_test *ks = &t[MLPIPE__TEST_KS];
    const mlpipe__drift_test *ad = &t[MLPIPE__TEST_AD];
    const double all[] = {r->psi,     t[MLPIPE__TEST_CHI2].p, ks->statistic,
                          ks->p,      ad->statistic,          ad->p,
                          ad->effect, ad->low,                ad->high,
                          r->q,       ad->mde};

    memcpy(value, all, sizeof all);
}

/* Room for one name more. */
static bool names_reserve(mlpipe__report_names *n)
{
    const uint32_t room = n->room ? n->room * 2 : 64;
    uint8_t *kinds, *performance;

    if (n->names.count < n->room)
        return true;
    kinds = mlpipe__grow(n->names.env, n->kinds, room, 1);
    if (kinds)
        n->kinds = kinds;
    performance = mlpipe__grow(n->names.env, n->performance, room, 1);
    if (performance)
        n->performance = performance;
    if (!kinds || !performance)
        return false;
    n->room = room;
    return true;
}

static bool names_add(mlpipe__report_names *n, const char *name, uint8_t kind,
                      bool performance)
{
    uint32_t i;

    if (!names_reserve(n))
        return false;
    i = mlpipe__dict_add(&n->names, name, strlen(name));
    if (i == UINT32_MAX)
        return false;
    n->kinds[i] |= kind;
    n->performance[i] = performance;
    return true;
}

/* <a>.<b>, a number that needs a reference of performance. */
static bool names_add_joined(mlpipe__report_names *n, mlpipe__text *t,
                             const char *a, const char *b)
{
    t->size = 0;
    mlpipe__text_add(t, "%s.%s", a, b);
    return !t->failed && names_add(n, t->data, MLPIPE__NAME_NUMBER, true);
}

/* score.psi, performance.p and f1.p are of the model, and input.score.psi of
 * an input that is called score. */
const char *mlpipe__report_input_prefix(const char *input)
{
    return strcmp(input, "score") && strcmp(input, "performance") &&
                   strncmp(input, "input.", 6) && !mlpipe__metric_find(input)
               ? ""
               : "input.";
}

static bool names_add_input(mlpipe__report_names *n, mlpipe__text *t,
                            const mlpipe_model *model, uint32_t input,
                            const char *what)
{
    const char *name = model->program->inputs[input].name;

    t->size = 0;
    mlpipe__text_add(t, "%s%s.%s", mlpipe__report_input_prefix(name),
                     name, what);
    return !t->failed && names_add(n, t->data, MLPIPE__NAME_NUMBER, false);
}

static bool names_of_moments(mlpipe__report_names *n)
{
    static const char *const numbers[] = {
        "moments_rows",   "correlations_changed",     "correlation_change",
        "reconstruction", "reconstruction_reference", "reconstruction_p",
    };
    bool ok = names_add(n, "correlations", MLPIPE__NAME_VERDICT, false) &&
              names_add(n, "reconstruction", MLPIPE__NAME_VERDICT, false);

    for (size_t i = 0; ok && i < sizeof numbers / sizeof *numbers; i++)
        ok = names_add(n, numbers[i], MLPIPE__NAME_NUMBER, false);
    return ok;
}

void mlpipe__report_error_name(uint32_t code, char *out, size_t room)
{
    /* "MLPIPE_E_ARG" without what all of them begin with */
    mlpipe__format(out, room, "errors.%s",
                   mlpipe_status_name(code ? -(mlpipe_status)code
                                           : INT32_MIN) + 7);
}

bool mlpipe__report_name_zero(const char *name)
{
    if (!strncmp(name, "deployment.", 11))
        name += 11;
    return !strncmp(name, "errors.E_", 9);
}

static bool names_add_errors(mlpipe__report_names *n)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < MLPIPE__COUNT_CODE_ROOM; i++) {
        char name[64] = "deployment.";
        mlpipe__report_error_name(i, name + 11, sizeof name - 11);
        ok = names_add(n, name, MLPIPE__NAME_NUMBER, false) &&
             names_add(n, name + 11, MLPIPE__NAME_NUMBER, false);
    }
    return ok;
}

static bool names_of_performance(mlpipe__report_names *n)
{
    static const char *const names[] = {
        "performance.change", "performance.p",        "performance.level",
        "performance.looks",  "performance.evidence", "performance.bound",
        "performance.mde",    "performance.mde_n",
    };
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof names / sizeof *names; i++)
        ok = names_add(n, names[i], MLPIPE__NAME_NUMBER, true);
    return ok;
}

/* cbpe.<metric> and cbpe.<metric>.reference */
static bool names_of_cbpe(mlpipe__report_names *n, mlpipe__text *t,
                          const mlpipe_model *model)
{
    const char *name;
    bool ok = true;

    for (uint32_t i = 0; ok && (name = mlpipe__cbpe_name(model, i)); i++) {
        ok = names_add_joined(n, t, "cbpe", name);
        mlpipe__text_add(t, ".reference");
        ok = ok && !t->failed &&
             names_add(n, t->data, MLPIPE__NAME_NUMBER, true);
    }
    return ok;
}

static bool names_of_model(mlpipe__report_names *n, mlpipe__text *t,
                           const mlpipe_model *model)
{
    const mlpipe__reference *ref = model->reference;
    const mlpipe__metric *m;
    bool ok = true;

    for (uint32_t i = 0; ok && (m = mlpipe__metric_at(i)); i++)
        if (mlpipe__metric_watched(m, model->task))
            ok = names_add(n, m->name, MLPIPE__NAME_NUMBER, false) &&
                 names_add_joined(n, t, m->name, "reference") &&
                 names_add_joined(n, t, m->name, "p");
    if (ok && model->task == MLPIPE__TASK_REGRESSION)
        ok = names_add(n, "bias", MLPIPE__NAME_NUMBER, false);
    ok = ok && names_of_cbpe(n, t, model);
    if (ok && ref && ref->moments)
        ok = names_of_moments(n);
    for (uint32_t i = 0; ok && ref && i < ref->input_count; i++) {
        const bool number = ref->inputs[i].kind == MLPIPE__NUMBER;
        if (!ref->inputs[i].kind)
            continue;
        for (uint32_t k = 0; ok && k < MLPIPE__DRIFT_NUMBERS; k++)
            ok = names_add_input(n, t, model, i,
                                 mlpipe__drift_number_name(k));
        ok = ok && names_add_input(n, t, model, i, "missing");
        if (number)
            ok = ok && names_add_input(n, t, model, i, "out_of_range") &&
                 names_add_input(n, t, model, i, "tail_low") &&
                 names_add_input(n, t, model, i, "tail_high");
        else
            ok = ok && names_add_input(n, t, model, i, "unseen");
    }
    if (ok && ref && ref->score.kind)
        ok = names_add(n, "score", MLPIPE__NAME_VERDICT, true);
    for (uint32_t k = 0;
         ok && ref && ref->score.kind && k < MLPIPE__DRIFT_NUMBERS; k++)
        ok = names_add_joined(n, t, "score", mlpipe__drift_number_name(k));
    return ok;
}

mlpipe_status mlpipe__report_names_init(mlpipe_ctx *ctx,
                                        const mlpipe_model *model,
                                        mlpipe__report_names *out)
{
    mlpipe__text t;
    bool ok = true;

    memset(out, 0, sizeof *out);
    mlpipe__dict_init(&out->names, ctx->env);
    mlpipe__text_init(&t, ctx->env);
    for (size_t i = 0; ok && i < sizeof names_general / sizeof *names_general;
         i++)
        ok = names_add(out, names_general[i], MLPIPE__NAME_NUMBER, false);
    ok = ok && names_add_errors(out) &&
         names_add(out, "features", MLPIPE__NAME_VERDICT, false) &&
         names_add(out, "concept", MLPIPE__NAME_VERDICT, false) &&
         names_add(out, "performance", MLPIPE__NAME_VERDICT, true) &&
         names_of_performance(out) && names_of_model(out, &t, model);
    out->has_performance =
        model->reference && model->reference->held_out > 0;
    mlpipe__text_free(&t);
    if (ok)
        return MLPIPE_OK;
    mlpipe__report_names_free(out);
    return mlpipe__nomem(ctx);
}

void mlpipe__report_names_free(mlpipe__report_names *n)
{
    mlpipe__free(n->names.env, n->kinds);
    mlpipe__free(n->names.env, n->performance);
    n->kinds = NULL;
    n->performance = NULL;
    mlpipe__dict_free(&n->names);
}
