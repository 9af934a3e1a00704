/* SPDX-License-Identifier: MIT */
/*
 * Whether numbers go together as they did in training. Correlations of scores
 * by rank: two-sample tests of atanh(r) (R. A. Fisher, 1921), with the
 * variance that the reference measured in place of 1, so that pairs which are
 * not normal are tested right, too. Distance from the reference's principal
 * components: tr(M) - tr(V M V'), which needs no rows.
 */
#include "monitor_internal.h"

/* A change of a correlation, or of the distance in parts of its reference,
 * below which no change matters. */
static const double moments_effect = 0.1;
static const double moments_z95 = 1.959963984540054;
static const double moments_most_now = 0.9999;
enum { MOMENTS_SHOWN = 10 };

typedef struct moments_pair {
    uint32_t i, k;
    double was, now, low, high, p, q;
} moments_pair;

/* A window of counters beside the reference. */
typedef struct moments_view {
    const mlpipe__ref_moments *ref;
    bool words; /* the report is for people */
    uint64_t rows;
    const int64_t *sum, *cross;
    moments_pair *pairs; /* that can be tested */
    uint32_t count;
    double *p, *q;
    uint64_t *scratch;
    uint32_t *order;
} moments_view;

static double moments_clip(double r)
{
    return r > moments_most_now    ? moments_most_now
           : r < -moments_most_now ? -moments_most_now
                                   : r;
}

/* atanh */
static double moments_fisher(double r)
{
    r = moments_clip(r);
    return 0.5 * mlpipe__log1p(2 * r / (1 - r));
}

/* The pair that has this spread; false where it cannot be tested. */
static bool moments_test(const moments_view *v, uint32_t i, uint32_t k,
                         double spread, moments_pair *out)
{
    const double n = (double)v->rows, most = (double)v->ref->rows;
    const double a =
        mlpipe__comoments_correlation(v->ref->rows, v->ref->sum,
                                      v->ref->cross, i, k);
    const double b =
        mlpipe__comoments_correlation(v->rows, v->sum, v->cross, i, k);
    const double left_a = 1 - a * a, left_b = 1 - b * b;
    double z, se;

    if (a != a || b != b)
        return false;
    z = moments_fisher(b) - moments_fisher(a);
    z /= mlpipe__sqrt(spread * (1 / (n - 3) + 1 / most));
    se = mlpipe__sqrt(spread * (left_b * left_b / n + left_a * left_a / most));
    *out = (moments_pair){i, k, a, b, b - a - moments_z95 * se,
                          b - a + moments_z95 * se, 0, 0};
    out->low = out->low < -2 ? -2.0 : out->low;
    out->high = out->high > 2 ? 2.0 : out->high;
    out->p = 2 * mlpipe__normal_tail(z < 0 ? -z : z);
    return true;
}

static void moments_tests(moments_view *v)
{
    const double *spread = v->ref->spread;

    for (uint32_t i = 1; i < v->ref->count; i++)
        for (uint32_t k = 0; k < i; k++)
            v->count += moments_test(v, i, k, *spread++, &v->pairs[v->count]);
    for (uint32_t i = 0; i < v->count; i++)
        v->p[i] = v->pairs[i].p;
    mlpipe__argsort_f64(v->p, v->order, v->count, v->scratch);
    mlpipe__fdr(v->p, v->order, v->count, v->q);
    for (uint32_t i = 0; i < v->count; i++)
        v->pairs[i].q = v->q[i];
}

static uint32_t moments_verdict(double p, double change, double alpha)
{
    if (!(p <= alpha))
        return MLPIPE__VERDICT_OK;
    return change >= moments_effect || change <= -moments_effect
               ? MLPIPE__VERDICT_DRIFT
               : MLPIPE__VERDICT_WARN;
}

static void moments_put_verdict(mlpipe_report *report, const char *name,
                                uint32_t verdict, uint32_t *worst)
{
    const char *text = mlpipe__verdict_name(verdict);

    mlpipe__report_text(report, name, text, strlen(text));
    /* Rows for it are looked at more slowly than a pane is filled: that they
     * are too few yet says nothing of the rest. */
    if (verdict > MLPIPE__VERDICT_INSUFFICIENT && verdict > *worst)
        *worst = verdict;
}

/* Those that are least likely by chance. */
static void moments_put_table(mlpipe_report *report, const mlpipe_model *model,
                              const moments_view *v)
{
    const uint32_t n = v->count < MOMENTS_SHOWN ? v->count : MOMENTS_SHOWN;

    mlpipe__report_table(report, "correlations",
                         "input,other,reference,now,change,low,high,p,q");
    for (uint32_t s = 0; s < n; s++) {
        const moments_pair *c = &v->pairs[v->order[s]];
        const char *a = model->program->inputs[v->ref->input[c->k]].name;
        const char *b = model->program->inputs[v->ref->input[c->i]].name;
        mlpipe__report_cell_text(report, a, strlen(a));
        mlpipe__report_cell_text(report, b, strlen(b));
        mlpipe__report_cell_number(report, c->was);
        mlpipe__report_cell_number(report, c->now);
        mlpipe__report_cell_number(report, c->now - c->was);
        mlpipe__report_cell_number(report, c->low);
        mlpipe__report_cell_number(report, c->high);
        mlpipe__report_cell_number(report, c->p);
        mlpipe__report_cell_number(report, c->q);
    }
}

static void moments_put_pairs(mlpipe_report *report, const mlpipe_model *model,
                              const moments_view *v, double alpha,
                              uint32_t *worst)
{
    uint32_t verdict = MLPIPE__VERDICT_OK, changed = 0;
    double largest = v->count ? 0.0 : mlpipe__nan();

    for (uint32_t i = 0; i < v->count; i++) {
        const moments_pair *c = &v->pairs[i];
        const double change = c->now - c->was;
        const uint32_t own = moments_verdict(c->q, change, alpha);
        verdict = own > verdict ? own : verdict;
        changed += own == MLPIPE__VERDICT_DRIFT;
        if ((change < 0 ? -change : change) > largest)
            largest = change < 0 ? -change : change;
    }
    mlpipe__report_number(report, "correlations_changed", changed);
    mlpipe__report_number(report, "correlation_change", largest);
    moments_put_verdict(report, "correlations",
                        v->count ? verdict : MLPIPE__VERDICT_INSUFFICIENT,
                        worst);
    if (v->words)
        mlpipe__report_why(report, "correlations",
                           "pairs tested: %u, of which changed by 0.1 or more "
                           "and beyond chance: %u", v->count, changed);
    moments_put_table(report, model, v);
}

/* Mean product of inputs i and k, standardised as the reference was. */
static double moments_standard(const moments_view *v, uint32_t i, uint32_t k,
                               const double *mean, const double *sd)
{
    const double n = (double)v->rows;
    const uint32_t at =
        i > k ? mlpipe__comoments_at(i, k) : mlpipe__comoments_at(k, i);
    const double about = (double)v->cross[at] / n -
                         mean[i] * ((double)v->sum[k] / n) -
                         mean[k] * ((double)v->sum[i] / n) + mean[i] * mean[k];

    return about / (sd[i] * sd[k]);
}

static double moments_distance(const moments_view *v)
{
    const mlpipe__ref_moments *ref = v->ref;
    double mean[MLPIPE__MOMENTS_INPUTS], sd[MLPIPE__MOMENTS_INPUTS];
    double left = 0;

    for (uint32_t i = 0; i < ref->count; i++) {
        mean[i] = mlpipe__ref_moments_mean(ref, i);
        sd[i] = mlpipe__ref_moments_sd(ref, i);
    }
    for (uint32_t i = 0; i < ref->count; i++)
        for (uint32_t k = 0; k <= i; k++) {
            const double m = moments_standard(v, i, k, mean, sd);
            double weight = i == k;
            for (uint32_t c = 0; c < ref->components; c++) {
                const double *b = ref->basis + c * ref->count;
                weight -= b[i] * b[k];
            }
            left += (i == k ? 1 : 2) * weight * m;
        }
    return left > 0 ? left : 0.0;
}

static void moments_put_distance(mlpipe_report *report, const moments_view *v,
                                 double alpha, uint32_t *worst)
{
    const mlpipe__ref_moments *ref = v->ref;
    const double n = (double)v->rows, most = (double)ref->rows;
    const double now = moments_distance(v);
    const double half = moments_z95 * ref->error_sd / mlpipe__sqrt(n);
    const double se = ref->error_sd * mlpipe__sqrt(1 / n + 1 / most);
    const double z = (now - ref->error) / se;
    const double p = 2 * mlpipe__normal_tail(z < 0 ? -z : z);
    const mlpipe_figure figure = {now, now > half ? now - half : 0.0,
                                  now + half, n};
    const mlpipe_figure was = {ref->error, mlpipe__nan(), mlpipe__nan(), most};
    const bool tells = ref->error > 0 && ref->error_sd > 0;

    mlpipe__report_figure(report, "reconstruction", &figure);
    mlpipe__report_figure(report, "reconstruction_reference", &was);
    mlpipe__report_number(report, "reconstruction_p",
                          tells ? p : mlpipe__nan());
    moments_put_verdict(report, "reconstruction",
                        tells ? moments_verdict(p, now / ref->error - 1, alpha)
                              : MLPIPE__VERDICT_INSUFFICIENT,
                        worst);
    if (tells && v->words)
        mlpipe__report_why(report, "reconstruction",
                           "mean squared distance %g, that of training %g: "
                           "p %g", mlpipe__report_short(now),
                           mlpipe__report_short(ref->error),
                           mlpipe__report_short(p));
}

static void moments_put_none(mlpipe_report *report, uint32_t *worst)
{
    static const char *const names[] = {
        "correlations_changed", "correlation_change", "reconstruction",
        "reconstruction_reference", "reconstruction_p"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        mlpipe__report_number(report, names[i], mlpipe__nan());
    moments_put_verdict(report, "correlations", MLPIPE__VERDICT_INSUFFICIENT,
                        worst);
    moments_put_verdict(report, "reconstruction", MLPIPE__VERDICT_INSUFFICIENT,
                        worst);
}

mlpipe_status mlpipe__moments_report(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const uint64_t *counts, uint32_t tell,
                                     double alpha, mlpipe_report *report,
                                     uint32_t *worst)
{
    const mlpipe__ref_moments *ref = model->reference->moments;
    mlpipe__env *env = ctx->env;
    moments_view v = {.ref = ref, .words = tell >= MLPIPE__TELL_TABLES};
    mlpipe_status st = MLPIPE_OK;
    uint32_t most;

    if (!ref)
        return MLPIPE_OK;
    mlpipe__report_number(report, "moments_rows",
                          counts ? (double)counts[0] : 0.0);
    if (!counts) {
        moments_put_none(report, worst);
        return MLPIPE_OK;
    }
    most = mlpipe__comoments_pairs(ref->count);
    v.rows = counts[0];
    v.sum = (const int64_t *)(const void *)(counts + 1);
    v.cross = v.sum + ref->count;
    v.pairs = mlpipe__alloc_array(env, most, sizeof *v.pairs);
    v.p = mlpipe__alloc_array(env, most, sizeof *v.p);
    v.q = mlpipe__alloc_array(env, most, sizeof *v.q);
    v.order = mlpipe__alloc_array(env, most, sizeof *v.order);
    v.scratch = mlpipe__alloc_array(env, most, 4 * sizeof *v.scratch);
    if (v.pairs && v.p && v.q && v.order && v.scratch) {
        moments_tests(&v);
        moments_put_pairs(report, model, &v, alpha, worst);
        moments_put_distance(report, &v, alpha, worst);
    } else {
        st = mlpipe__nomem(ctx);
    }
    mlpipe__free(env, v.scratch);
    mlpipe__free(env, v.order);
    mlpipe__free(env, v.q);
    mlpipe__free(env, v.p);
    mlpipe__free(env, v.pairs);
    return st;
}
