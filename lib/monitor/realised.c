/* SPDX-License-Identifier: MIT */
/*
 * What the deployment that serves was worth, by the truths that are known:
 * metrics of the newest matches beside the reference, and a verdict whose
 * false alarms are bounded over all of its life.
 */
#include "monitor_internal.h"

bool mlpipe__realised_init(mlpipe__realised *r, mlpipe__env *env,
                           uint64_t room, uint32_t width)
{
    memset(r, 0, sizeof *r);
    r->env = env;
    r->room = room;
    r->width = width;
    r->score = mlpipe__alloc_array(env, room, width * sizeof *r->score);
    r->truth = mlpipe__alloc_array(env, room, sizeof *r->truth);
    r->loss = mlpipe__alloc_array(env, room, sizeof *r->loss);
    if (r->score && r->truth && r->loss)
        return true;
    mlpipe__realised_free(r);
    return false;
}

void mlpipe__realised_free(mlpipe__realised *r)
{
    if (!r->env)
        return;
    mlpipe__free(r->env, r->score);
    mlpipe__free(r->env, r->truth);
    mlpipe__free(r->env, r->loss);
    r->score = NULL;
    r->truth = NULL;
    r->loss = NULL;
}

/* The mean loss behind a metric's value: rmse is the root of one. */
static double realised_mean_loss(const mlpipe__metric *m, double value)
{
    return strcmp(m->name, "rmse") ? value : value * value;
}

/* And the value of a mean loss. */
static double realised_value(const mlpipe__metric *m, double loss)
{
    return strcmp(m->name, "rmse") ? loss : mlpipe__sqrt(loss);
}

static const mlpipe__ref_metric *realised_reference(const mlpipe_model *model)
{
    return model && model->reference && model->reference->held_out
               ? mlpipe__ref_metric_find(model->reference,
                                         mlpipe__task_metric(model->task))
               : NULL;
}

static double realised_ref_se(const mlpipe__ref_metric *ref)
{
    return mlpipe__finite(ref->se) ? ref->se : 0.0;
}

/* Evidence begins: against the upper end of the reference's mean loss. */
static void realised_start(mlpipe__realised *r, const mlpipe_model *model,
                           double alpha)
{
    const mlpipe__ref_metric *ref = realised_reference(model);
    double bound = mlpipe__nan();

    r->metric = NULL;
    if (ref && mlpipe__model_width(model) == r->width) {
        const mlpipe__metric *m = mlpipe__metric_find(ref->name);
        bound = realised_mean_loss(m, ref->value) -
                mlpipe__normal_quantile(alpha / 3) * realised_ref_se(ref);
        if (bound > 0 && mlpipe__finite(bound) &&
            mlpipe__metric_has_loss(m, r->width))
            r->metric = m;
    }
    mlpipe__evidence_start(&r->evidence, bound, alpha / 3, r->room);
}

void mlpipe__realised_reset(mlpipe__realised *r, const mlpipe_model *model,
                            double alpha, uint64_t number, uint64_t window)
{
    const double nan = mlpipe__nan();

    r->number = number;
    r->first_window = window;
    r->next = r->fed = r->predictions = r->matched = 0;
    r->look = (mlpipe__look){.verdict = MLPIPE__VERDICT_INSUFFICIENT,
                             .change = nan, .p = nan, .level = nan,
                             .evidence = nan, .mde = nan, .mde_n = nan};
    realised_start(r, model, alpha);
}

/* Matches that came since become evidence, before others take their place. */
static void realised_feed(mlpipe__realised *r)
{
    while (r->fed < r->next) {
        const uint64_t at = r->fed % r->room;
        const uint64_t left = r->next - r->fed, end = r->room - at;
        const mlpipe__scored part = {r->truth + at, r->score + at * r->width,
                                     NULL, left < end ? left : end,
                                     r->width, NULL};
        if (r->metric) {
            mlpipe__metric_losses(r->metric, &part, r->loss);
            mlpipe__evidence_add(&r->evidence, r->loss, part.n);
        }
        r->fed += part.n;
    }
}

void mlpipe__realised_add(mlpipe__realised *r, const mlpipe__match *m)
{
    const uint64_t at = r->room ? r->next % r->room : 0;
    double *score = r->score + at * r->width;

    if (m->number != r->number)
        return;
    if (r->next - r->fed == r->room)
        realised_feed(r);
    r->matched += m->pane >= r->first_window;
    /* What had no answer is in the report's errors. */
    if (!mlpipe__finite(m->score))
        return;
    for (uint32_t i = 1; i < r->width; i++)
        if (!mlpipe__finite(m->more[i - 1]))
            return;
    score[0] = m->score;
    if (r->width > 1)
        memcpy(score + 1, m->more, (r->width - 1) * sizeof *score);
    r->truth[at] = m->truth;
    r->next++;
}

double mlpipe__realised_maturity(const mlpipe__realised *r)
{
    return r->predictions ? (double)r->matched / (double)r->predictions
                          : mlpipe__nan();
}

static uint64_t realised_rows(const mlpipe__realised *r)
{
    return r->next < r->room ? r->next : r->room;
}

/* Can the matches be scored, and are there enough? */
static bool realised_enough(const mlpipe_model *model,
                            const mlpipe__realised *r,
                            const mlpipe__realised_limits *limits)
{
    const uint64_t n = realised_rows(r);

    return n >= limits->least && n > 1 &&
           mlpipe__model_width(model) == r->width &&
           !(mlpipe__realised_maturity(r) < limits->maturity);
}

/* ---- looks ------------------------------------------------------------- */

/* P(Z >= worse / se), where both may be 0. */
static double realised_tail(double worse, double se)
{
    const double z = se > 0      ? worse / se
                     : worse > 0 ? mlpipe__inf()
                                 : 0.0;

    return worse == worse ? mlpipe__normal_tail(z) : mlpipe__nan();
}

/* What a mean loss is worse by, as a share of the metric's value. */
static double realised_change(const mlpipe__metric *m,
                              const mlpipe__ref_metric *ref, double loss)
{
    return ref->value > 0 ? realised_value(m, loss) / ref->value - 1.0 : 0.0;
}

/* Matches over which a change is given time to show itself: so many panes, and
 * where panes are small so many. */
enum { REALISED_MDE_PANES = 4, REALISED_MDE_ROWS = 4000 };

/* The least loss that a look at n matches would have found, and that the
 * evidence of `seen` would have. */
static double realised_seen(const mlpipe__realised *r, double base, double se,
                            double variance, double n, double seen,
                            bool gathered)
{
    return gathered ? mlpipe__evidence_mde(&r->evidence, seen, variance)
                    : base + mlpipe__level_mde(r->look.level,
                                               mlpipe__sqrt(variance / n +
                                                            se * se));
}

/*
 * The least loss that would have been found with probability 0.8: by a look at
 * n matches, or by the evidence of those of some panes, whichever is less. The
 * spread is that of the reference's losses, so that it is known beforehand;
 * their variance is taken to grow as their mean does, in one step.
 */
static void realised_mde(mlpipe__realised *r, const mlpipe__metric *m,
                         const mlpipe__ref_metric *ref, double n)
{
    const double se = realised_ref_se(ref);
    const double variance = se * se * (double)ref->n;
    const double base = realised_mean_loss(m, ref->value);
    const double some = (double)r->room * REALISED_MDE_PANES;
    const double most = some > REALISED_MDE_ROWS ? some : REALISED_MDE_ROWS;
    const double seen =
        (double)r->evidence.n < most ? (double)r->evidence.n : most;
    double found = mlpipe__inf();

    r->look.mde = mlpipe__nan();
    if (!(base > 0))
        return;
    for (uint32_t way = 0; way < 2; way++) {
        double loss;
        if (way && !(r->metric && seen > 0))
            continue;
        loss = realised_seen(r, base, se, variance, n, seen, way);
        loss = realised_seen(r, base, se, variance * loss / base, n, seen,
                             way);
        if (!(loss < found))
            continue;
        found = loss;
        r->look.mde_n = way ? seen : n;
    }
    r->look.mde = realised_change(m, ref, found);
}

/* What a look says of a change that it measured. */
static uint32_t realised_verdict(const mlpipe__realised *r,
                                 const mlpipe__metric *m,
                                 const mlpipe__ref_metric *ref)
{
    const mlpipe__look *look = &r->look;
    const double most =
        realised_mean_loss(m, ref->value) * (1.0 + MLPIPE__MDE_MOST);

    if (look->p != look->p)
        return MLPIPE__VERDICT_INSUFFICIENT;
    if (look->p <= look->level || look->evidence >= r->evidence.limit)
        return look->change > MLPIPE__REALISED_EFFECT ? MLPIPE__VERDICT_DRIFT
                                                      : MLPIPE__VERDICT_WARN;
    return look->mde > realised_change(m, ref, most)
               ? MLPIPE__VERDICT_INSUFFICIENT
               : MLPIPE__VERDICT_OK;
}

static mlpipe_status realised_judge(mlpipe_ctx *ctx,
                                    const mlpipe_model *model, double level,
                                    mlpipe__realised *r)
{
    const uint64_t n = realised_rows(r);
    const mlpipe__ref_metric *ref = realised_reference(model);
    const mlpipe__metric *m = mlpipe__metric_find(ref->name);
    const double se = realised_ref_se(ref);
    const mlpipe__scored scored = {r->truth, r->score, NULL, n, r->width,
                                   NULL};
    mlpipe_figure now;
    mlpipe__mean mean;
    const mlpipe_status st =
        mlpipe__metric_beyond(mlpipe__metric_value(ctx, m, &scored, &now));

    if (st)
        return st;
    mlpipe__metric_losses(m, &scored, r->loss);
    mean = mlpipe__mean_of(r->loss, NULL, n, true);
    /* A single huge truth or answer is enough: nothing is known then. */
    r->look.p =
        mlpipe__finite(mean.se) && now.value == now.value
            ? realised_tail(mean.value - realised_mean_loss(m, ref->value),
                            mlpipe__sqrt(mean.se * mean.se + se * se))
            : mlpipe__nan();
    r->look.change = ref->value > 0 ? now.value / ref->value - 1.0 : 0.0;
    r->look.level = level;
    r->look.evidence = r->metric ? mlpipe__evidence_value(&r->evidence)
                                 : mlpipe__nan();
    realised_mde(r, m, ref, (double)n);
    r->look.verdict = realised_verdict(r, m, ref);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__realised_look(mlpipe_ctx *ctx,
                                    const mlpipe_model *model,
                                    const mlpipe__realised_limits *limits,
                                    mlpipe__realised *r)
{
    const double k = (double)(r->look.count + 1);
    mlpipe_status st;

    if (r->next < r->look.next || !realised_enough(model, r, limits) ||
        !realised_reference(model))
        return MLPIPE_OK;
    realised_feed(r);
    st = realised_judge(ctx, model, limits->alpha / 3 / (k * (k + 1.0)), r);
    if (st)
        return st; /* a later tick looks */
    r->look.count++;
    r->look.next = r->next + r->room;
    return MLPIPE_OK;
}

/* ---- the report -------------------------------------------------------- */

/* One metric in the report: numbers by name and a row of the table. */
static void realised_put(mlpipe_report *report, const mlpipe__metric *m,
                         const mlpipe_figure *f,
                         const mlpipe__ref_metric *ref, double level)
{
    const double base = ref ? ref->value : mlpipe__nan();
    const double se = mlpipe__figure_se(f);
    const double ref_se =
        ref && mlpipe__finite(ref->value_se) ? ref->value_se : 0.0;
    const double worse =
        m->higher_is_better ? base - f->value : f->value - base;
    /* what is lost: for metrics that 1 is the best of, what they lack to it */
    const double lost = m->higher_is_better ? 1.0 - base : base;
    const double p =
        se == se ? realised_tail(worse, mlpipe__sqrt(se * se +
                                                     ref_se * ref_se))
                 : mlpipe__nan();
    uint32_t verdict = MLPIPE__VERDICT_INSUFFICIENT;
    const char *text;
    char name[64];

    if (p == p && level == level)
        verdict = !(p <= level) ? MLPIPE__VERDICT_OK
                  : worse > MLPIPE__REALISED_EFFECT * lost
                      ? MLPIPE__VERDICT_DRIFT
                      : MLPIPE__VERDICT_WARN;
    text = mlpipe__verdict_name(verdict);
    mlpipe__report_cell_text(report, m->name, strlen(m->name));
    mlpipe__report_cell_number(report, f->n);
    mlpipe__report_cell_number(report, f->value);
    mlpipe__report_cell_number(report, f->low);
    mlpipe__report_cell_number(report, f->high);
    mlpipe__report_cell_number(report, base);
    mlpipe__report_cell_number(report, p);
    mlpipe__report_cell_text(report, text, strlen(text));
    mlpipe__report_figure(report, m->name, f);
    mlpipe__format(name, sizeof name, "%s.reference", m->name);
    mlpipe__report_number(report, name, base);
    mlpipe__format(name, sizeof name, "%s.p", m->name);
    mlpipe__report_number(report, name, p);
}

/* Mean of answer - target: which way a regression errs. */
static mlpipe_status realised_bias(mlpipe_ctx *ctx,
                                   const mlpipe__scored *s,
                                   mlpipe_report *report)
{
    double *error = mlpipe__alloc_array(ctx->env, s->n, sizeof *error);
    mlpipe_figure f = {mlpipe__nan(), mlpipe__nan(), mlpipe__nan(),
                       (double)s->n};
    mlpipe__mean mean;

    if (!error)
        return mlpipe__nomem(ctx);
    for (uint64_t i = 0; i < s->n; i++)
        error[i] = s->p[i] - s->y[i];
    if (s->n) {
        mean = mlpipe__mean_of(error, NULL, s->n, true);
        f.value = mean.value;
        f.low = mean.value - 1.959963984540054 * mean.se;
        f.high = mean.value + 1.959963984540054 * mean.se;
    }
    mlpipe__free(ctx->env, error);
    mlpipe__report_figure(report, "bias", &f);
    return MLPIPE_OK;
}

static mlpipe_status realised_metrics(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *r, uint64_t n,
                                      mlpipe_report *report)
{
    const mlpipe__scored scored = {r->truth, r->score, NULL, n, r->width,
                                   NULL};
    const mlpipe__metric *m;
    mlpipe__scoring g;
    mlpipe_status st = mlpipe__scoring_init(&g, ctx, &scored);

    mlpipe__report_table(report, "metrics",
                         "metric,n,value,low,high,reference,p,verdict");
    for (uint32_t i = 0; !st && (m = mlpipe__metric_at(i)); i++) {
        mlpipe_figure f = {mlpipe__nan(), mlpipe__nan(), mlpipe__nan(), 0.0};
        if (!mlpipe__metric_watched(m, model->task))
            continue;
        if (n)
            st = mlpipe__metric_beyond(mlpipe__scoring_value(&g, m, &f));
        if (!st)
            realised_put(report, m, &f,
                         mlpipe__ref_metric_find(model->reference, m->name),
                         r->look.level);
    }
    if (!st && n && model->task == MLPIPE__TASK_BINARY)
        st = mlpipe__calibration_table(&g, report);
    mlpipe__scoring_free(&g);
    if (!st && model->task == MLPIPE__TASK_REGRESSION)
        st = realised_bias(ctx, &scored, report);
    return st;
}

/* Why nothing is known; false: a look was taken. */
static bool realised_why_not(const mlpipe_model *model,
                             const mlpipe__realised_limits *limits,
                             const mlpipe__realised *r, mlpipe_report *report)
{
    const uint64_t n = realised_rows(r);
    const uint64_t least = limits->least > 1 ? limits->least : 2;
    const double maturity = mlpipe__realised_maturity(r);

    if (!realised_reference(model))
        mlpipe__report_why(report, "performance",
                           "the model has no loss on rows that its learner "
                           "did not see; fit it with validation rows, or "
                           "holdout=");
    else if (mlpipe__model_width(model) > MLPIPE__SCORES_MOST)
        mlpipe__report_why(report, "performance",
                           "the model has %u classes, and those of more than "
                           "%u are not kept", mlpipe__model_width(model),
                           (uint32_t)MLPIPE__SCORES_MOST);
    else if (mlpipe__model_width(model) != r->width)
        mlpipe__report_why(report, "performance",
                           "the model answers with %u numbers, the monitor "
                           "was made for %u", mlpipe__model_width(model),
                           r->width);
    else if (n < least)
        mlpipe__report_why(report, "performance",
                           "%g of the %g matched truths that a look takes",
                           (double)n, (double)least);
    else if (maturity < limits->maturity)
        mlpipe__report_why(report, "performance",
                           "the truths of %g %% of the predictions are known, "
                           "maturity= asks for %g %%",
                           mlpipe__report_short(100 * maturity),
                           100 * limits->maturity);
    else if (!r->look.count)
        mlpipe__report_why(report, "performance", "no tick has looked yet");
    else if (r->look.p != r->look.p)
        mlpipe__report_why(report, "performance",
                           "a truth or an answer is too large to be squared");
    else
        return false;
    return true;
}

void mlpipe__realised_why(const mlpipe_model *model,
                          const mlpipe__realised_limits *limits,
                          const mlpipe__realised *r, mlpipe_report *report)
{
    const mlpipe__look *look = &r->look;

    if (realised_why_not(model, limits, r, report))
        return;
    const char *metric = realised_reference(model)->name;
    const double change = mlpipe__report_short(100 * look->change);
    const double mde = mlpipe__report_short(100 * look->mde);
    if (look->p <= look->level)
        mlpipe__report_why(report, "performance",
                           "%s changed by %g %%: p %g at level %g",
                           metric, change, mlpipe__report_short(look->p),
                           mlpipe__report_short(look->level));
    else if (look->evidence >= r->evidence.limit)
        mlpipe__report_why(report, "performance",
                           "%s changed by %g %%: evidence %g, %g is an alarm",
                           metric, change,
                           mlpipe__report_short(look->evidence),
                           mlpipe__report_short(r->evidence.limit));
    else if (look->verdict == MLPIPE__VERDICT_INSUFFICIENT)
        mlpipe__report_why(report, "performance",
                           "%g truths would not show a doubled mean loss, "
                           "only %s that is %g %% worse; larger panes or a "
                           "larger validation set are wanted",
                           mlpipe__report_short(look->mde_n), metric, mde);
    else
        mlpipe__report_why(report, "performance",
                           "%s changed by %g %%; %g %% worse would have been "
                           "seen", metric, change, mde);
}

mlpipe_status mlpipe__realised_report(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised_limits *limits,
                                      const mlpipe__realised *r,
                                      mlpipe_report *report, uint32_t *worst)
{
    const bool enough = realised_enough(model, r, limits);
    const uint32_t verdict =
        enough ? r->look.verdict : (uint32_t)MLPIPE__VERDICT_INSUFFICIENT;
    const char *text = mlpipe__verdict_name(verdict);
    mlpipe_status st = realised_metrics(ctx, model, r,
                                        enough ? realised_rows(r) : 0,
                                        report);

    if (st)
        return st;
    mlpipe__report_number(report, "performance.change", r->look.change);
    mlpipe__report_number(report, "performance.p", r->look.p);
    mlpipe__report_number(report, "performance.level", r->look.level);
    mlpipe__report_number(report, "performance.looks",
                          (double)r->look.count);
    mlpipe__report_number(report, "performance.evidence", r->look.evidence);
    mlpipe__report_number(report, "performance.bound",
                          r->metric ? realised_value(r->metric,
                                                     r->evidence.bound)
                                    : mlpipe__nan());
    mlpipe__report_number(report, "performance.mde", r->look.mde);
    mlpipe__report_number(report, "performance.mde_n", r->look.mde_n);
    mlpipe__report_number(report, "labelled", (double)realised_rows(r));
    mlpipe__report_number(report, "maturity", mlpipe__realised_maturity(r));
    mlpipe__report_text(report, "performance", text, strlen(text));
    if (verdict > *worst)
        *worst = verdict;
    return MLPIPE_OK;
}
