/* SPDX-License-Identifier: MIT */
/* Two models on the same rows: the test of a metric, and how far apart they
 * are in its units. */
#include "validate_internal.h"

static bool compare_is_auc(const mlpipe__metric *metric)
{
    return !strcmp(metric->name, "auc");
}

bool mlpipe__comparable(const mlpipe__metric *metric, uint32_t width)
{
    return mlpipe__metric_has_loss(metric, width) ||
           (width == 1 && (compare_is_auc(metric) || metric->by_query));
}

mlpipe_status mlpipe__compare_metric(mlpipe_ctx *ctx, const char *what,
                                     const char *name,
                                     const mlpipe_model *model, bool queries,
                                     mlpipe__metric *out)
{
    enum { NAMES_MAX = 64 };
    const uint32_t task = model->task, width = mlpipe__model_width(model);
    const char *fit[NAMES_MAX], *near;
    const mlpipe__metric *m;
    uint32_t count = 0;
    bool found;
    mlpipe_status st;
    if (!*name)
        name = mlpipe__task_metric(task);
    st = mlpipe__metric_read(ctx, name, out, &found);
    if (!st && found && out->by_query && !queries)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "%s=%s is of queries, and this takes rows one by "
                            "one; take %s=%s, and compare by queries with "
                            "mlpipe_compare",
                            what, name, what, mlpipe__task_metric(task));
    if (st || (found && (out->tasks & task) &&
               mlpipe__comparable(out, width)))
        return st;
    for (uint32_t i = 0; (m = mlpipe__metric_at(i)) && count < NAMES_MAX;
         i++) {
        if ((m->tasks & task) && mlpipe__comparable(m, width))
            fit[count++] = m->name;
    }
    for (uint32_t i = 0; queries && count < NAMES_MAX &&
                         (m = mlpipe__query_metric_at(i)); i++)
        if ((m->tasks & task) && mlpipe__comparable(m, width))
            fit[count++] = m->name;
    near = mlpipe__nearest(name, mlpipe__metric_stem(name), fit, count);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "%s = %q is no metric that a paired test can "
                        "compare for this task; %s is one",
                        what, name, near ? near : mlpipe__task_metric(task));
}

/* ---- right or wrong ----------------------------------------------------- */

static bool compare_wrong(const mlpipe__scored *s, uint64_t i)
{
    return (s->width > 1 ? mlpipe__loss_wrong_classes(
                               s->y[i], s->p + i * s->width, s->width)
                         : mlpipe__loss_wrong(s->y[i], s->p[i])) != 0.0;
}

void mlpipe__compare_right(const mlpipe__scored *sa, const mlpipe__scored *sb,
                           uint64_t *only_a, uint64_t *only_b)
{
    *only_a = *only_b = 0;
    for (uint64_t i = 0; i < sa->n; i++) {
        const bool wrong_a = compare_wrong(sa, i);
        const bool wrong_b = compare_wrong(sb, i);
        *only_a += !wrong_a && wrong_b;
        *only_b += wrong_a && !wrong_b;
    }
}

/* ---- how far apart, in the metric's units ------------------------------- */

/* How a metric follows from the mean of its losses. */
typedef enum compare_kind {
    COMPARE_MEAN,    /* it is it */
    COMPARE_SHARE,   /* 1 - it */
    COMPARE_ROOT,    /* its root */
    COMPARE_R2,      /* 1 - it / the variance */
    COMPARE_UNKNOWN  /* no interval */
} compare_kind;

static bool compare_near(double x, double y)
{
    const double d = x < y ? y - x : x - y;
    return d <= 1e-9 * (x < 0 ? -x : x);
}

static compare_kind compare_kind_of(const mlpipe__metric *metric,
                                    double value, double loss)
{
    if (!strcmp(metric->name, "rmse"))
        return COMPARE_ROOT;
    if (!strcmp(metric->name, "r2"))
        return COMPARE_R2;
    if (metric->higher_is_better)
        return compare_near(1.0 - value, loss) ? COMPARE_SHARE
                                               : COMPARE_UNKNOWN;
    return compare_near(value, loss) ? COMPARE_MEAN : COMPARE_UNKNOWN;
}

/* What each row adds to the difference, to the first order, so that the
 * deviation of its mean is that of the difference (delta method). */
static void compare_influence(compare_kind kind, const mlpipe__comparison *c,
                              const mlpipe__scored *s, const double *la,
                              const double *lb, double *out)
{
    const double half_a = c->a > 0 ? 0.5 / c->a : 0.0;
    const double half_b = c->b > 0 ? 0.5 / c->b : 0.0;
    for (uint64_t i = 0; i < s->n; i++)
        out[i] = kind == COMPARE_ROOT    ? lb[i] * half_b - la[i] * half_a
                 : kind == COMPARE_SHARE ? la[i] - lb[i]
                                         : lb[i] - la[i];
    if (kind != COMPARE_R2)
        return;
    /* (mean la - mean lb) / variance, where the variance varies too */
    const double centre = mlpipe__mean_of(s->y, s->w, s->n, false).value;
    for (uint64_t i = 0; i < s->n; i++)
        out[i] = (s->y[i] - centre) * (s->y[i] - centre);
    const double variance = mlpipe__mean_of(out, s->w, s->n, false).value;
    for (uint64_t i = 0; i < s->n; i++)
        out[i] = (la[i] - lb[i] - (c->b - c->a) * out[i]) / variance;
}

static mlpipe_figure compare_figure(double value, double se, double df,
                                    uint64_t n)
{
    const double quantile = df == df ? mlpipe__student_quantile(0.975, df)
                                     : mlpipe__normal_quantile(0.975);
    mlpipe_figure f = {value, mlpipe__nan(), mlpipe__nan(), (double)n};
    if (se == se) {
        f.low = value - quantile * se;
        f.high = value + quantile * se;
    }
    return f;
}

/* ---- the tests ---------------------------------------------------------- */

static void compare_counts(const mlpipe__scored *sa, const mlpipe__scored *sb,
                           mlpipe__comparison *out)
{
    uint64_t only_a, only_b;
    mlpipe__compare_right(sa, sb, &only_a, &only_b);
    mlpipe__mcnemar(only_a, only_b, &out->two);
    out->test = only_a + only_b < 25 ? "McNemar, exact"
                                     : "McNemar, chi-squared";
}

/* Losses la and lb, and room for as many. */
static void compare_losses(const mlpipe__metric *metric,
                           const mlpipe__scored *sa, const mlpipe__scored *sb,
                           double *la, double *lb, double *d,
                           mlpipe__comparison *out)
{
    const bool hard = metric->loss == mlpipe__loss_wrong && !sa->w;
    mlpipe__mean mean;
    compare_kind kind;
    double df;
    mlpipe__metric_losses(metric, sa, la);
    mlpipe__metric_losses(metric, sb, lb);
    for (uint64_t i = 0; i < sa->n; i++)
        d[i] = lb[i] - la[i];
    mlpipe__paired_t(d, sa->w, sa->n, &mean, &out->two);
    df = out->two.df;
    out->test = "paired t of losses";
    out->mean = mean.value;
    out->se = mean.se;
    out->loss = compare_figure(mean.value, mean.se, df, sa->n);
    if (hard)
        compare_counts(sa, sb, out);
    out->p = out->two.below;
    kind = compare_kind_of(metric, out->a,
                           mlpipe__mean_of(la, sa->w, sa->n, false).value);
    out->difference_se = mlpipe__nan();
    if (kind != COMPARE_UNKNOWN) {
        compare_influence(kind, out, sa, la, lb, d);
        out->difference_se = mlpipe__mean_of(d, sa->w, sa->n, true).se;
    }
    out->difference = compare_figure(out->b - out->a, out->difference_se, df,
                                     sa->n);
}

static mlpipe_status compare_by_loss(mlpipe_ctx *ctx,
                                     const mlpipe__metric *metric,
                                     const mlpipe__scored *sa,
                                     const mlpipe__scored *sb,
                                     mlpipe__comparison *out)
{
    double *losses = mlpipe__alloc_array(ctx->env, (size_t)sa->n,
                                         3 * sizeof *losses);
    if (!losses)
        return mlpipe__nomem(ctx);
    compare_losses(metric, sa, sb, losses, losses + sa->n,
                   losses + 2 * sa->n, out);
    mlpipe__free(ctx->env, losses);
    return MLPIPE_OK;
}

static mlpipe_status compare_by_rank(mlpipe_ctx *ctx,
                                     const mlpipe__scored *sa,
                                     const mlpipe__scored *sb,
                                     mlpipe__comparison *out)
{
    const double nan = mlpipe__nan();
    mlpipe__delong d;
    const mlpipe_status st =
        mlpipe__delong_test(ctx, sa->y, sb->p, sa->p, sa->w, sa->n, &d);
    if (st)
        return st;
    out->test = "DeLong";
    out->two = d.test; /* of a - b, below 0 where b is better */
    out->mean = d.difference;
    out->se = out->difference_se = d.se;
    out->p = d.test.below;
    out->loss = (mlpipe_figure){nan, nan, nan, nan};
    out->difference = compare_figure(-d.difference, d.se, nan, sa->n);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__compare_queries(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const mlpipe__scored *sa,
                                      const mlpipe__scored *sb, double **d,
                                      double **w, uint32_t *n)
{
    const mlpipe__scored *const both[2] = {sa, sb};
    mlpipe_status st = MLPIPE_OK;
    *d = *w = NULL;
    *n = 0;
    for (uint32_t k = 0; !st && k < 2; k++) {
        const mlpipe__rankings *r = NULL;
        mlpipe__scoring g;
        st = mlpipe__scoring_init(&g, ctx, both[k]);
        if (!st)
            st = mlpipe__scoring_rankings(&g, &r);
        if (!st && !k) {
            *n = r->queries;
            *d = mlpipe__alloc_array(ctx->env, r->queries, 3 * sizeof **d);
            st = *d ? MLPIPE_OK : mlpipe__nomem(ctx);
        }
        if (!st)
            st = mlpipe__scoring_queries(&g, metric, *d + k * r->queries);
        if (!st && sa->w) {
            *w = *d + 2 * (size_t)r->queries;
            memcpy(*w, r->w, r->queries * sizeof **w);
        }
        mlpipe__scoring_free(&g);
    }
    for (uint32_t i = 0; !st && i < *n; i++)
        (*d)[i] -= (*d)[*n + i];
    return st;
}

static mlpipe_status compare_by_query(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const mlpipe__scored *sa,
                                      const mlpipe__scored *sb,
                                      mlpipe__comparison *out)
{
    const double nan = mlpipe__nan();
    mlpipe__mean mean;
    double *d, *w;
    uint32_t n;
    mlpipe_status st =
        mlpipe__compare_queries(ctx, metric, sa, sb, &d, &w, &n);
    if (!st && n < 2)
        st = mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                          "two models cannot be compared by %s on %u queries "
                          "with a relevant row; it takes two",
                          metric->name, n);
    if (!st) {
        mlpipe__paired_t(d, w, n, &mean, &out->two);
        out->test = "paired t over queries";
        out->n = n;
        out->mean = mean.value;
        out->se = out->difference_se = mean.se;
        out->p = out->two.below;
        out->loss = (mlpipe_figure){nan, nan, nan, nan};
        out->difference = compare_figure(out->b - out->a, mean.se,
                                         out->two.df, n);
    }
    mlpipe__free(ctx->env, d);
    return st;
}

mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const mlpipe__scored *sa,
                              const mlpipe__scored *sb,
                              mlpipe__comparison *out)
{
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    if (!mlpipe__comparable(metric, sa->width))
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "no paired test is known for %s; compare by "
                            "%s instead",
                            metric->name,
                            mlpipe__task_metric(metric->tasks));
    if (sa->n < 2)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "two models cannot be compared on %llu rows; it "
                            "takes two",
                            (unsigned long long)sa->n);
    st = mlpipe__metric_value(ctx, metric, sa, &out->of_a);
    if (!st)
        st = mlpipe__metric_value(ctx, metric, sb, &out->of_b);
    out->a = out->of_a.value;
    out->b = out->of_b.value;
    out->n = sa->n;
    if (!st)
        st = metric->by_query
                 ? compare_by_query(ctx, metric, sa, sb, out)
             : mlpipe__metric_has_loss(metric, sa->width)
                 ? compare_by_loss(ctx, metric, sa, sb, out)
                 : compare_by_rank(ctx, sa, sb, out);
    return st;
}

/* ---- what it comes to --------------------------------------------------- */

const char *mlpipe__compare_verdict(double better, double p, double alpha)
{
    if (!(p <= alpha) || better == 0)
        return "no difference shown";
    return better > 0 ? "b better" : "a better";
}

double mlpipe__compare_detectable(double se, double df, double alpha)
{
    const double power = 0.8, outer = 1.0 - 0.5 * alpha;
    if (!(df == df))
        return se * (mlpipe__normal_quantile(outer) +
                     mlpipe__normal_quantile(power));
    return se * (mlpipe__student_quantile(outer, df) +
                 mlpipe__student_quantile(power, df));
}
