/* SPDX-License-Identifier: MIT */
/*
 * What a rule would wait for in vain. A report has a place for every name,
 * whatever the monitor was made with, and says NaN or INSUFFICIENT_DATA where
 * nothing can ever be known; a rule of such a name never fires, and whoever
 * made it should hear of it then.
 */
#include "cycle_internal.h"

static bool never_in(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

/* Make the detector that the monitor would give this model, and look. */
mlpipe_status mlpipe__rule_world_init(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe_monitor *monitor,
                                      mlpipe__rule_world *out)
{
    /* one that needs no reference: some monitor has it */
    const char *text = monitor ? monitor->concept.text
                               : "page_hinkley threshold=20 mode=up";
    mlpipe__concept concept;
    mlpipe_status st = MLPIPE_OK;

    *out = (mlpipe__rule_world){model, monitor, false, false};
    mlpipe__concept_init(&concept, ctx->env);
    if (text)
        st = mlpipe__concept_setup(ctx, &concept, text);
    if (!st && text)
        st = mlpipe__concept_follow(ctx, &concept, model, 1);
    out->detector = concept.detector != NULL;
    out->loss = mlpipe__finite(concept.mean);
    mlpipe__concept_free(&concept);
    return st;
}

static const char *never_concept(const mlpipe__rule_world *w,
                                 const char *name)
{
    if (!w->detector && w->monitor && !w->monitor->concept.text)
        return "the monitor was made with detector=none, so that this is "
               "never known; make it with detector=auto";
    if (!w->detector && mlpipe__model_width(w->model) > 1)
        return "the detector takes no loss of three classes or more, so that "
               "this is never known; ask for performance, or for a metric "
               "such as accuracy";
    if (!w->detector)
        return "the model's reference has no rows that its learner did not "
               "see, so that the detector has no loss to begin with; fit with "
               "a validation dataset or holdout=0.1, or make the monitor with "
               "detector='page_hinkley threshold=20 mode=up'";
    if (!strcmp(name, "concept.reference") && w->monitor && !w->loss)
        return "the model's reference has no rows that its learner did not "
               "see, so that its loss is not known; fit with a validation "
               "dataset or holdout=0.1";
    return NULL;
}

static const char *never_features(const mlpipe__rule_world *w)
{
    const mlpipe__reference *ref = w->model->reference;

    for (uint32_t i = 0; ref && i < ref->input_count; i++)
        if (ref->inputs[i].kind)
            return NULL;
    return "the model's reference has no inputs, since all of them are "
           "private, so that this is never known; ask for score, or for "
           "performance";
}

/* A metric's own value, or what the reference says of it. */
static const char *never_metric(const mlpipe__rule_world *w, const char *name)
{
    const char *dot = strchr(name, '.');
    const size_t n = dot ? (size_t)(dot - name) : strlen(name);
    const bool verdict = !strncmp(name, "performance", 11);
    const mlpipe__metric *m;
    const mlpipe__ref_metric *ref;
    char stem[64];

    if (n >= sizeof stem)
        return NULL;
    memcpy(stem, name, n);
    stem[n] = '\0';
    m = mlpipe__metric_find(verdict ? mlpipe__task_metric(w->model->task)
                                    : stem);
    if (!m)
        return NULL;
    if (mlpipe__model_width(w->model) > MLPIPE__SCORES_MOST)
        return "the monitor joins no truths with the answers of more than 64 "
               "classes, so that this is never known; ask for features, or "
               "for age";
    ref = mlpipe__ref_metric_find(w->model->reference, m->name);
    if ((verdict || (dot && (!strcmp(dot, ".reference") ||
                             !strcmp(dot, ".p")))) &&
        (!ref || ref->value != ref->value))
        return "the held-out rows of the model's reference do not tell this "
               "metric, so that there is nothing to compare with; hold more "
               "of them out, such as holdout=0.2";
    return NULL;
}

const char *mlpipe__rule_never(const mlpipe__rule_world *w, const char *name)
{
    /* and not concept.psi, of an input that is called so */
    static const char *const concept[] = {
        "concept",           "concept.n",         "concept.loss",
        "concept.reference", "concept.statistic", "concept.threshold",
        "concept.alarms"};
    static const char *const features[] = {"features", "features_drifted",
                                           "features_warned"};
    static const char *const moments[] = {
        "correlations",       "correlations_changed", "correlation_change",
        "reconstruction",     "moments_rows",         "reconstruction_p",
        "reconstruction_reference"};

    if (never_in(name, concept, sizeof concept / sizeof *concept))
        return never_concept(w, name);
    if (never_in(name, features, sizeof features / sizeof *features))
        return never_features(w);
    if (never_in(name, moments, sizeof moments / sizeof *moments))
        return w->monitor && !w->monitor->moments
                   ? "the monitor was made with moments=0, so that this is "
                     "never known; make it with moments=32"
                   : NULL;
    return never_metric(w, name);
}
