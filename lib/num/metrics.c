/* SPDX-License-Identifier: MIT */
/*
 * Metrics of predictions p against truths y, as scikit-learn defines them,
 * but NaN where there is nothing to say. All sums run in the canonical order.
 */
#include "num_internal.h"

static double metric_abs(double x)
{
    return x < 0.0 ? -x : x;
}

double mlpipe__loss_squared(double y, double p)
{
    return (y - p) * (y - p);
}

double mlpipe__loss_absolute(double y, double p)
{
    return metric_abs(y - p);
}

double mlpipe__loss_wrong(double y, double p)
{
    if (p != p)
        return p;
    return (p >= 0.5) == (y >= 0.5) ? 0.0 : 1.0;
}

static double metric_log(double at)
{
    if (at < 0x1p-52) /* NaN passes, so that it is seen */
        at = 0x1p-52;
    if (at > 1.0 - 0x1p-52)
        at = 1.0 - 0x1p-52;
    return -mlpipe__log(at);
}

double mlpipe__loss_log(double y, double p)
{
    return metric_log(y >= 0.5 ? p : 1.0 - p);
}

double mlpipe__loss_log_classes(double y, const double *p, uint32_t classes)
{
    return y >= 0.0 && y < classes ? metric_log(p[(uint32_t)y])
                                   : mlpipe__nan();
}

double mlpipe__loss_wrong_classes(double y, const double *p,
                                  uint32_t classes)
{
    uint32_t best = 0;
    for (uint32_t k = 0; k < classes; ++k) {
        if (p[k] != p[k])
            return p[k];
        if (p[k] > p[best])
            best = k;
    }
    return (double)best == y ? 0.0 : 1.0;
}

/* What one row adds to a sum. */
typedef double metric_term(const void *arg, uint64_t row);

static double metric_sum(metric_term *term, const void *arg, uint64_t n)
{
    mlpipe__tree tree = {0};
    double lanes[MLPIPE__SUM_LANES] = {0};
    for (uint64_t i = 0; i < n; ++i) {
        lanes[i % MLPIPE__SUM_LANES] += term(arg, i);
        if (i + 1 == n || (i + 1) % MLPIPE__SUM_BLOCK == 0) {
            mlpipe__tree_add(&tree, mlpipe__lanes_value(lanes));
            memset(lanes, 0, sizeof lanes);
        }
    }
    return mlpipe__tree_value(&tree);
}

typedef struct metric_rows {
    const double *y, *p, *w;
    double (*loss)(double y, double p);
    double centre;
} metric_rows;

static double metric_term_loss(const void *arg, uint64_t i)
{
    const metric_rows *const r = arg;
    const double loss = r->loss(r->y[i], r->p[i]);
    return r->w ? r->w[i] * loss : loss;
}

/* (w (loss - centre))^2 */
static double metric_term_spread(const void *arg, uint64_t i)
{
    const metric_rows *const r = arg;
    const double d = r->loss(r->y[i], r->p[i]) - r->centre;
    const double wd = r->w ? r->w[i] * d : d;
    return wd * wd;
}

static double metric_term_weight(const void *arg, uint64_t i)
{
    const metric_rows *const r = arg;
    return r->w[i];
}

static double metric_term_truth(const void *arg, uint64_t i)
{
    const metric_rows *const r = arg;
    return r->w ? r->w[i] * r->y[i] : r->y[i];
}

static double metric_term_centred(const void *arg, uint64_t i)
{
    const metric_rows *const r = arg;
    const double d = r->y[i] - r->centre;
    return r->w ? r->w[i] * (d * d) : d * d;
}

static double metric_weight(const metric_rows *r, uint64_t n)
{
    return r->w ? metric_sum(metric_term_weight, r, n) : (double)n;
}

uint64_t mlpipe__weighted_rows(const double *w, uint64_t n)
{
    uint64_t rows = w ? 0 : n;
    for (uint64_t i = 0; w && i < n; ++i)
        rows += w[i] > 0.0;
    return rows;
}

mlpipe__mean mlpipe__mean_loss(double (*loss)(double y, double p),
                               const double *y, const double *p,
                               const double *w, uint64_t n, bool spread)
{
    metric_rows r = {y, p, w, loss, 0.0};
    mlpipe__mean out = {mlpipe__nan(), mlpipe__nan()};
    const double weight = metric_weight(&r, n);
    if (!(weight > 0.0))
        return out;
    out.value = metric_sum(metric_term_loss, &r, n) / weight;
    const double rows = (double)mlpipe__weighted_rows(w, n);
    if (!spread || rows < 2.0)
        return out;
    r.centre = out.value;
    const double s = metric_sum(metric_term_spread, &r, n);
    out.se = mlpipe__sqrt(s * (rows / (rows - 1.0))) / weight;
    return out;
}

/* The losses are there already. */
static double metric_given(double y, double loss)
{
    (void)y;
    return loss;
}

mlpipe__mean mlpipe__mean_of(const double *losses, const double *w,
                             uint64_t n, bool spread)
{
    return mlpipe__mean_loss(metric_given, losses, losses, w, n, spread);
}

double mlpipe__metric_rmse(const double *y, const double *p, const double *w,
                           uint64_t n)
{
    return mlpipe__sqrt(
        mlpipe__mean_loss(mlpipe__loss_squared, y, p, w, n, false).value);
}

double mlpipe__metric_mae(const double *y, const double *p, const double *w,
                          uint64_t n)
{
    return mlpipe__mean_loss(mlpipe__loss_absolute, y, p, w, n, false).value;
}

double mlpipe__metric_logloss(const double *y, const double *p,
                              const double *w, uint64_t n)
{
    return mlpipe__mean_loss(mlpipe__loss_log, y, p, w, n, false).value;
}

double mlpipe__metric_accuracy(const double *y, const double *p,
                               const double *w, uint64_t n)
{
    return 1.0
         - mlpipe__mean_loss(mlpipe__loss_wrong, y, p, w, n, false).value;
}

double mlpipe__metric_r2(const double *y, const double *p, const double *w,
                         uint64_t n)
{
    metric_rows r = {y, p, w, mlpipe__loss_squared, 0.0};
    const double weight = metric_weight(&r, n);
    if (n < 2 || !(weight > 0.0))
        return mlpipe__nan();
    const double left = metric_sum(metric_term_loss, &r, n);
    bool same = true;
    for (uint64_t i = 1; i < n; ++i)
        same &= y[i] == y[0];
    if (same)
        return left > 0.0 ? 0.0 : left == 0.0 ? 1.0 : left;
    r.centre = metric_sum(metric_term_truth, &r, n) / weight;
    const double all = metric_sum(metric_term_centred, &r, n);
    return all > 0.0 ? 1.0 - left / all : mlpipe__nan();
}
