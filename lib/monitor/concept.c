/* SPDX-License-Identifier: MIT */
/*
 * Has the relation of inputs and target changed? The loss of each prediction
 * that met its truth goes, in the order of (label time, id), into a detector
 * that begins anew with each deployment. An alarm stays until somebody has
 * done something about it.
 */
#include "detector_internal.h"
#include "monitor_internal.h"

enum { CONCEPT_LEAST = 30 }; /* losses below which nothing is said */

/* A change of the loss that would not matter: this share of it, and for
 * classes at least so much. */
static const double concept_margin = 0.1, concept_least_margin = 0.005;

/* Errors of numbers are cut at so many times the held-out rmse. */
static const double concept_cap = 4.0;

void mlpipe__concept_init(mlpipe__concept *c, mlpipe__env *env)
{
    memset(c, 0, sizeof *c);
    c->env = env;
}

void mlpipe__concept_free(mlpipe__concept *c)
{
    mlpipe_detector_free(c->detector);
    mlpipe__free(c->env, c->text);
    mlpipe__free(c->env, c->losses);
    c->detector = NULL;
    c->text = NULL;
    c->losses = NULL;
}

/* ---- what loss is to be expected --------------------------------------- */

/* The upper end of Clopper and Pearson's one-sided 95 % interval. */
static double concept_upper_rate(double rate, double n)
{
    const double k = rate * n;
    double low = rate, high = 1.0;

    if (!(k + 1 <= n))
        return 1.0;
    for (int i = 0; i < 60; i++) {
        const double mid = (low + high) / 2;
        if (mlpipe__beta_inc(k + 1, n - k, mid) < 0.95)
            low = mid;
        else
            high = mid;
    }
    return high;
}

/* The held-out loss, and the upper bound of its sampling error; NaN: none. */
static void concept_reference(mlpipe__concept *c, const mlpipe_model *model)
{
    const mlpipe__reference *ref = model->reference;
    const mlpipe__ref_metric *m = NULL, *root = NULL;

    c->cap = c->mean = c->upper = mlpipe__nan();
    if (!ref || !ref->held_out)
        return;
    m = mlpipe__ref_metric_find(ref, c->classes ? "accuracy" : "mae");
    root = mlpipe__ref_metric_find(ref, "rmse");
    if (c->classes && m && m->n) {
        c->mean = 1.0 - m->value;
        c->upper = concept_upper_rate(c->mean, (double)m->n);
    } else if (!c->classes && m && root && root->value > 0) {
        c->cap = concept_cap * root->value;
        c->mean = m->value / c->cap;
        c->upper = c->mean;
        if (mlpipe__finite(m->se))
            c->upper += 1.6448536269514722 * m->se / c->cap;
    }
}

static double concept_margin_of(const mlpipe__concept *c)
{
    double margin = concept_margin * c->upper;

    if (c->classes && margin < concept_least_margin)
        margin = concept_least_margin;
    return c->upper - c->mean + margin;
}

/* ---- the detector ------------------------------------------------------ */

/* An e-detector without mean= takes that of the reference. */
static mlpipe_status concept_detector(mlpipe_ctx *ctx,
                                      const mlpipe__concept *c,
                                      mlpipe_detector **out)
{
    const bool automatic = !strcmp(c->text, "auto");
    const char *text = automatic ? "e_detector" : c->text;
    mlpipe__text t;
    mlpipe_status st;

    if (strncmp(text, "e_detector", 10) || strstr(text, "mean="))
        return mlpipe__detector_of_text(ctx, text, out);
    if (!mlpipe__finite(c->mean))
        return MLPIPE_OK;
    mlpipe__text_init(&t, ctx->env);
    mlpipe__text_add(&t, "%s mean=%g", text, c->mean);
    if (!strstr(text, "margin="))
        mlpipe__text_add(&t, " margin=%g", concept_margin_of(c));
    st = t.failed ? mlpipe__nomem(ctx)
                  : mlpipe__detector_of_text(ctx, t.data, out);
    mlpipe__text_free(&t);
    return st;
}

mlpipe_status mlpipe__concept_setup(mlpipe_ctx *ctx, mlpipe__concept *c,
                                    const char *text)
{
    mlpipe_detector *d = NULL;
    mlpipe_status st;

    if (!strcmp(text, "none"))
        return MLPIPE_OK;
    c->text = mlpipe__strdup(c->env, text, strlen(text));
    if (!c->text)
        return mlpipe__nomem(ctx);
    c->mean = c->upper = 0.5; /* to see whether it can be made */
    st = concept_detector(ctx, c, &d);
    mlpipe_detector_free(d);
    return st;
}

mlpipe_status mlpipe__concept_follow(mlpipe_ctx *ctx, mlpipe__concept *c,
                                     const mlpipe_model *model,
                                     uint64_t number)
{
    mlpipe__concept next = *c;
    mlpipe_status st;

    if (!c->text)
        return MLPIPE_OK;
    next.detector = NULL;
    next.number = number;
    next.classes = model->task & MLPIPE__TASK_CLASSES;
    concept_reference(&next, model);
    /* a truth is joined to one number: of three classes it is no answer */
    if (mlpipe__model_width(model) == 1) {
        st = concept_detector(ctx, &next, &next.detector);
        /* A later model whose reference has no loss must not end the ticks:
         * nothing is said of it. */
        if (st && (st != MLPIPE_E_PARAM || !c->number))
            return st;
    }
    mlpipe_detector_free(c->detector);
    *c = next;
    c->pending = 0;
    mlpipe__concept_reset(c);
    return MLPIPE_OK;
}

void mlpipe__concept_reset(mlpipe__concept *c)
{
    mlpipe_detector_reset(c->detector);
    c->n = c->alarms = 0;
    c->sum = c->squares = 0;
    c->statistic = mlpipe__nan();
}

/* ---- losses ------------------------------------------------------------ */

bool mlpipe__concept_reserve(mlpipe__concept *c)
{
    const uint32_t room = c->room ? c->room * 2 : 256;
    mlpipe__loss *losses;

    if (!c->detector || c->pending < c->room)
        return true;
    losses = mlpipe__grow(c->env, c->losses, room, sizeof *losses);
    if (!losses)
        return false;
    c->losses = losses;
    c->room = room;
    return true;
}

void mlpipe__concept_add(mlpipe__concept *c, const mlpipe__match *m)
{
    double loss;

    if (!c->detector || m->number != c->number || !mlpipe__finite(m->score))
        return;
    loss = m->score > m->truth ? m->score - m->truth : m->truth - m->score;
    if (c->classes)
        loss = (m->score >= 0.5) != (m->truth >= 0.5);
    else if (mlpipe__finite(c->cap))
        loss = loss < c->cap ? loss / c->cap : 1.0;
    c->losses[c->pending++] = (mlpipe__loss){m->label_us, m->id, loss};
}

static bool concept_before(const mlpipe__loss *a, const mlpipe__loss *b)
{
    return a->label_us != b->label_us ? a->label_us < b->label_us
                                      : a->id < b->id;
}

/* Merge sort, bottom up; what is nearly always in order costs one look. */
static bool concept_sort(mlpipe__concept *c)
{
    mlpipe__loss *from = c->losses, *to, *scratch;
    uint32_t i = 1;

    while (i < c->pending && !concept_before(&from[i], &from[i - 1]))
        i++;
    if (i >= c->pending)
        return true;
    scratch = to = mlpipe__alloc_array(c->env, c->pending, sizeof *to);
    if (!to)
        return false;
    for (uint64_t run = 1; run < c->pending; run *= 2) {
        mlpipe__loss *swap = from;
        for (uint64_t at = 0; at < c->pending; at += 2 * run) {
            const uint64_t mid = at + run < c->pending ? at + run : c->pending;
            const uint64_t end =
                mid + run < c->pending ? mid + run : c->pending;
            uint64_t a = at, b = mid;
            for (uint64_t k = at; k < end; k++)
                to[k] = b == end || (a < mid && !concept_before(&from[b],
                                                                &from[a]))
                            ? from[a++]
                            : from[b++];
        }
        from = to;
        to = swap;
    }
    if (from == scratch)
        memcpy(c->losses, from, c->pending * sizeof *from);
    mlpipe__free(c->env, scratch);
    return true;
}

mlpipe_status mlpipe__concept_feed(mlpipe_ctx *ctx, mlpipe__concept *c)
{
    if (!c->pending)
        return MLPIPE_OK;
    if (!concept_sort(c))
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < c->pending; i++) {
        const double loss = c->losses[i].loss;
        const int32_t state = mlpipe_detector_update(c->detector, loss);
        c->n++;
        c->sum += loss;
        c->squares += loss * loss;
        if (state != MLPIPE_DETECTOR_DRIFT)
            continue;
        if (!c->alarms++)
            c->statistic = mlpipe_detector_get(c->detector, "statistic");
    }
    c->pending = 0;
    return MLPIPE_OK;
}

/* ---- the report -------------------------------------------------------- */

/* Of classes an error rate of so much more matters, however small it was. */
static const double concept_matters = 0.05;

/*
 * The mean loss that the losses so far would have shown with probability 0.8,
 * had they had it from the first on. Of classes the spread is that of the
 * larger rate; inf: there is none.
 */
static double concept_mde(const mlpipe__concept *c)
{
    const double n = (double)c->n, mean = c->n ? c->sum / n : 0.0;
    double variance = c->n ? c->squares / n - mean * mean : 0.0;
    const double least = c->upper * (1 - c->upper);

    if (c->n < CONCEPT_LEAST)
        return mlpipe__nan();
    if (c->classes && !(variance > least) && least == least)
        variance = least;
    return mlpipe__detector_mde(c->detector, n, variance > 0 ? variance : 0);
}

/* Would what matters have been seen? Where nobody knows, it is left to the
 * detector's own word. */
static bool concept_blind(const mlpipe__concept *c)
{
    double matters = c->mean * (1 + MLPIPE__MDE_MOST);

    if (c->classes && matters < c->mean + concept_matters)
        matters = c->mean + concept_matters;
    return concept_mde(c) > matters;
}

static uint32_t concept_verdict(const mlpipe__concept *c)
{
    if (c->alarms)
        return MLPIPE__VERDICT_DRIFT;
    if (!c->detector || c->n < CONCEPT_LEAST)
        return MLPIPE__VERDICT_INSUFFICIENT;
    if (mlpipe_detector_get(c->detector, "state") == MLPIPE_DETECTOR_WARN)
        return MLPIPE__VERDICT_WARN;
    return concept_blind(c) ? MLPIPE__VERDICT_INSUFFICIENT
                            : MLPIPE__VERDICT_OK;
}

/* Why there is no detector for this model; false: there is one. */
static bool concept_why_none(const mlpipe__concept *c,
                             const mlpipe_model *model, mlpipe_report *r)
{
    if (c->detector)
        return false;
    mlpipe__report_why(
        r, "concept",
        !c->text ? "detector=none"
        : mlpipe__model_width(model) > 1
            ? "a detector takes one loss of one answer, and the model has "
              "three classes or more; performance tells of them"
            : "the model has no loss on rows that its learner did not see; "
              "fit it with validation rows or holdout=, or give detector= a "
              "mean=");
    return true;
}

void mlpipe__concept_why(const mlpipe__concept *c, const mlpipe_model *model,
                         mlpipe_report *r)
{
    const double n = (double)c->n;
    const double loss = mlpipe__report_short(c->n ? c->sum / n : 0);
    const double mean = mlpipe__report_short(c->mean);

    if (concept_why_none(c, model, r))
        return;
    if (c->alarms)
        mlpipe__report_why(r, "concept",
                           "mean loss %g of %g truths, %g was held out; "
                           "alarms: %g", loss, n, mean, (double)c->alarms);
    else if (c->n < CONCEPT_LEAST)
        mlpipe__report_why(r, "concept",
                           "%g of the %d truths that it begins with", n,
                           CONCEPT_LEAST);
    else if (concept_verdict(c) == MLPIPE__VERDICT_INSUFFICIENT &&
             !mlpipe__finite(concept_mde(c)))
        mlpipe__report_why(r, "concept",
                           "%g truths would not have shown any mean loss", n);
    else if (concept_verdict(c) == MLPIPE__VERDICT_INSUFFICIENT)
        mlpipe__report_why(r, "concept",
                           "%g truths would not have shown a mean loss below "
                           "%g; %g was held out", n,
                           mlpipe__report_short(concept_mde(c)), mean);
    else
        mlpipe__report_why(r, "concept",
                           "mean loss %g of %g truths, %g was held out",
                           loss, n, mean);
}

void mlpipe__concept_report(const mlpipe__concept *c, mlpipe_report *r,
                            uint32_t *worst)
{
    const uint32_t verdict = concept_verdict(c);
    const char *text = mlpipe__verdict_name(verdict);
    const bool on = c->detector != NULL;

    mlpipe__report_text(r, "concept", text, strlen(text));
    mlpipe__report_number(r, "concept.n", (double)c->n);
    mlpipe__report_number(r, "concept.loss",
                          c->n ? c->sum / (double)c->n : mlpipe__nan());
    mlpipe__report_number(r, "concept.reference",
                          on ? c->mean : mlpipe__nan());
    mlpipe__report_number(
        r, "concept.statistic",
        c->alarms ? c->statistic
                  : mlpipe_detector_get(c->detector, "statistic"));
    mlpipe__report_number(r, "concept.threshold",
                          mlpipe_detector_get(c->detector, "threshold"));
    mlpipe__report_number(r, "concept.alarms", (double)c->alarms);
    mlpipe__report_number(r, "concept.mde", concept_mde(c));
    if (on && verdict > *worst)
        *worst = verdict;
}
