/* SPDX-License-Identifier: MIT */
/* The metrics by name, with their intervals. */
#include "num_internal.h"

/* The 97.5 % point of the normal distribution. */
static const double metric_z = 1.959963984540054;

static const mlpipe__metric metric_list[] = {
    {"rmse", MLPIPE__TASK_REGRESSION, false, mlpipe__loss_squared, NULL,
     "root of the mean squared error"},
    {"mae", MLPIPE__TASK_REGRESSION, false, mlpipe__loss_absolute, NULL,
     "mean absolute error"},
    {"r2", MLPIPE__TASK_REGRESSION, true, mlpipe__loss_squared, NULL,
     "share of the variance that is explained"},
    {"logloss", MLPIPE__TASK_CLASSES, false, mlpipe__loss_log,
     mlpipe__loss_log_classes,
     "mean negative log-likelihood, in nats"},
    {"auc", MLPIPE__TASK_BINARY, true, NULL, NULL,
     "chance that a positive outranks a negative"},
    {"accuracy", MLPIPE__TASK_CLASSES, true, mlpipe__loss_wrong,
     mlpipe__loss_wrong_classes,
     "share of right classes: the likeliest, of two the one above 0.5"},
};
enum { METRIC_COUNT = sizeof metric_list / sizeof metric_list[0] };

enum { METRIC_RMSE, METRIC_MAE, METRIC_R2, METRIC_LOGLOSS, METRIC_AUC,
       METRIC_ACCURACY };

const mlpipe__metric *mlpipe__metric_at(uint32_t i)
{
    return i < METRIC_COUNT ? &metric_list[i] : NULL;
}

const mlpipe__metric *mlpipe__metric_find(const char *name)
{
    for (uint32_t i = 0; name && i < METRIC_COUNT; ++i)
        if (!strcmp(metric_list[i].name, name))
            return &metric_list[i];
    return NULL;
}

/* value +- z se, cut to [floor, ceiling]. */
static void metric_interval(mlpipe_figure *out, double se, double floor,
                            double ceiling)
{
    const double low = out->value - metric_z * se;
    const double high = out->value + metric_z * se;
    out->low = low < floor ? floor : low;
    out->high = high > ceiling ? ceiling : high;
}

/* J. A. Hanley and B. J. McNeil, Radiology 143 (1982). */
static double metric_auc_se(double a, double positives, double negatives)
{
    const double q1 = a / (2.0 - a);
    const double q2 = 2.0 * a * a / (1.0 + a);
    const double s = a * (1.0 - a) + (positives - 1.0) * (q1 - a * a)
                   + (negatives - 1.0) * (q2 - a * a);
    return mlpipe__sqrt((s > 0.0 ? s : 0.0) / positives / negatives);
}

static mlpipe_status metric_value_auc(mlpipe_ctx *ctx, const double *y,
                                      const double *p, const double *w,
                                      uint64_t n, mlpipe_figure *out)
{
    if (n >= UINT32_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "auc of %llu rows: the limit is %u",
                            (unsigned long long)n, UINT32_MAX - 1);
    double *const scratch = mlpipe__alloc_array(ctx->env, (size_t)n,
                                                5 * sizeof *scratch);
    if (!scratch)
        return mlpipe__nomem(ctx);
    out->value = mlpipe__metric_auc(y, p, w, (uint32_t)n, scratch);
    mlpipe__free(ctx->env, scratch);
    double positives = 0.0;
    for (uint64_t i = 0; i < n; ++i)
        positives += y[i] >= 0.5 && (!w || w[i] > 0.0) ? 1.0 : 0.0;
    const double se = metric_auc_se(out->value, positives,
                                    out->n - positives);
    metric_interval(out, se, 0.0, 1.0);
    return MLPIPE_OK;
}

bool mlpipe__metric_has_loss(const mlpipe__metric *m, uint32_t width)
{
    return width > 1 ? m->class_loss != NULL : m->loss != NULL;
}

void mlpipe__metric_losses(const mlpipe__metric *m, const mlpipe__scored *s,
                           double *out)
{
    for (uint64_t i = 0; i < s->n; ++i)
        out[i] = s->width > 1
                     ? m->class_loss(s->y[i], s->p + i * s->width, s->width)
                     : m->loss(s->y[i], s->p[i]);
}

static mlpipe_status metric_mean(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                 const mlpipe__scored *s, mlpipe__mean *out)
{
    if (s->width == 1) {
        *out = mlpipe__mean_loss(m->loss, s->y, s->p, s->w, s->n, true);
        return MLPIPE_OK;
    }
    double *const losses = mlpipe__alloc_array(ctx->env, (size_t)s->n,
                                               sizeof *losses);
    if (!losses)
        return mlpipe__nomem(ctx);
    mlpipe__metric_losses(m, s, losses);
    *out = mlpipe__mean_of(losses, s->w, s->n, true);
    mlpipe__free(ctx->env, losses);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__metric_value(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                   const mlpipe__scored *s,
                                   mlpipe_figure *out)
{
    const uint32_t which = (uint32_t)(m - metric_list);
    *out = (mlpipe_figure){mlpipe__nan(), mlpipe__nan(), mlpipe__nan(),
                           (double)mlpipe__weighted_rows(s->w, s->n)};
    if (which == METRIC_AUC)
        return metric_value_auc(ctx, s->y, s->p, s->w, s->n, out);
    if (which == METRIC_R2) {
        out->value = mlpipe__metric_r2(s->y, s->p, s->w, s->n);
        return MLPIPE_OK;
    }
    mlpipe__mean mean;
    const mlpipe_status st = metric_mean(ctx, m, s, &mean);
    if (st)
        return st;
    double se = mean.se;
    out->value = mean.value;
    if (which == METRIC_RMSE) {
        out->value = mlpipe__sqrt(mean.value);
        se = mean.value > 0.0 ? 0.5 * se / out->value : se;
    }
    if (which == METRIC_ACCURACY)
        out->value = 1.0 - mean.value;
    metric_interval(out, se, 0.0,
                    which == METRIC_ACCURACY ? 1.0 : mlpipe__inf());
    return MLPIPE_OK;
}
