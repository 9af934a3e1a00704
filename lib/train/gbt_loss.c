/* SPDX-License-Identifier: MIT */
/*
 * Losses of the boosted trees: squared error and the logistic loss; that of
 * three classes or more is in gbt_classes.c, and those of a number beyond
 * squared error are in gbt_regression.c. Scores are
 * integers times one power of two, the same that the stored forest sums, so
 * that training sees exactly what prediction will say.
 */
#include "gbt_types.h"

enum { GBT_STEP_MAX = 16 };

typedef struct loss_job {
    gbt_fit *fit;
    const mlpipe__frame *frame;
    const int32_t *score;
    uint32_t chunks;
} loss_job;

double mlpipe__gbt_power(double x)
{
    uint64_t bits, one;
    double p;

    memcpy(&bits, &x, sizeof bits);
    one = bits & 0x7ff0000000000000u;
    if (bits != one)
        one += 0x0010000000000000u;
    memcpy(&p, &one, sizeof p);
    /* Below 2^-900 nothing is told apart any more. */
    return p > 0x1p-900 ? p : 0x1p-900;
}

static bool loss_target_fits(const gbt_fit *fit, double y)
{
    if (fit->opt.task == MLPIPE__TASK_BINARY)
        return y == 0 || y == 1;
    if (fit->outputs > 1)
        return y >= 0 && y < fit->outputs && y == (double)(uint32_t)y;
    return mlpipe__gbt_number_fits(fit, y);
}

static mlpipe_status loss_check(const gbt_fit *fit,
                                const mlpipe__frame *frame, double *weight)
{
    *weight = frame->weight ? 0 : 1;
    for (int64_t i = 0; i < frame->rows; i++) {
        const double y = frame->target[i];
        const double w = frame->weight ? frame->weight[i] : 1;
        if (!loss_target_fits(fit, y)) {
            const long long at = mlpipe__frame_row(frame, i);
            mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                         "%s: the target of row %lld is %g; %s",
                         fit->job->name, at, y,
                         fit->opt.task == MLPIPE__TASK_BINARY
                             ? "a binary target is 0 or 1"
                         : fit->outputs > 1
                             ? "a class is a whole number below their count"
                             : mlpipe__gbt_number_takes(fit));
            return mlpipe__fail_at(fit->ctx, at, "");
        }
        if (!(w >= 0) || !(w <= 1e100) || (w > 0 && w < 1e-100)) {
            const long long at = mlpipe__frame_row(frame, i);
            mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                         "%s: the weight of row %lld is %g; a weight is 0 or "
                         "within 1e-100 and 1e100",
                         fit->job->name, at, w);
            return mlpipe__fail_at(fit->ctx, at, "");
        }
        *weight = w > *weight ? w : *weight;
    }
    if (*weight > 0)
        return MLPIPE_OK;
    return mlpipe__fail(fit->ctx, MLPIPE_E_EMPTY,
                        "%s: no row has a weight above 0; look at the weight "
                        "column", fit->job->name);
}

/* The weighted mean, rounded once. */
static double loss_mean(const mlpipe__frame *frame, mlpipe__exact *up)
{
    mlpipe__exact down;

    mlpipe__exact_init(up);
    mlpipe__exact_init(&down);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        mlpipe__exact_add_product(up, w, frame->target[i]);
        mlpipe__exact_add(&down, w);
    }
    return mlpipe__exact_value(up) / mlpipe__exact_value(&down);
}

static mlpipe_status loss_base(gbt_fit *fit)
{
    if (fit->outputs > 1)
        return mlpipe__gbt_class_base(fit);
    if (fit->number.kind)
        return mlpipe__gbt_number_base(fit);
    const double mean = loss_mean(fit->job->train, fit->sums);

    fit->base[0] = mean;
    if (fit->opt.task == MLPIPE__TASK_REGRESSION)
        return MLPIPE_OK;
    if (!(mean > 0 && mean < 1))
        return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                            "%s: all training rows are of one class (mean "
                            "%g); there is nothing to tell apart; give rows of "
                            "both",
                            fit->job->name, mean);
    if (fit->job->train->offset)
        return mlpipe__offset_base(fit->job, 1e-12, fit->base);
    fit->base[0] = mlpipe__log(mean / (1 - mean));
    return MLPIPE_OK;
}

/* The greatest step of one tree before the rate, for the range of scores. */
static double loss_reach(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    double most = 0;

    if (fit->opt.task & MLPIPE__TASK_CLASSES)
        return GBT_STEP_MAX;
    if (fit->number.kind)
        return mlpipe__gbt_number_reach(fit);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double d = gbt_counts(frame, i)
                             ? frame->target[i] - fit->base[0]
                             : 0;
        most = d > most ? d : -d > most ? -d : most;
    }
    return 2 * most;
}

/* The greatest gradient of a row of weight 1 whose steps are within `reach`. */
static double loss_gradient_most(const gbt_fit *fit, double reach)
{
    const bool errs = fit->number.kind == GBT_NUMBER_SQUARED ||
                      fit->number.kind == GBT_NUMBER_HUBER;

    return errs && !(fit->opt.task & MLPIPE__TASK_CLASSES) ? reach : 1;
}

/* The greatest hessian of a row of weight 1. */
static double loss_hessian_most(const gbt_fit *fit)
{
    if (fit->opt.task == MLPIPE__TASK_REGRESSION)
        return 1;
    return fit->outputs > 1 ? 0.25 * fit->outputs / (fit->outputs - 1) : 0.25;
}

mlpipe_status mlpipe__gbt_loss_init(gbt_fit *fit)
{
    const bool classes = (fit->opt.task & MLPIPE__TASK_CLASSES) != 0;
    double weight = 1, other;
    mlpipe_status st = loss_check(fit, fit->job->train, &weight);

    if (!st && fit->job->valid)
        st = loss_check(fit, fit->job->valid, &other);
    if (st)
        return st;
    fit->unit_hessian = !classes && !fit->job->train->weight &&
                        !fit->number.has_log_link;
    fit->h_scale = fit->unit_hessian
                       ? 1
                       : gbt_hessian_unit(fit,
                                          loss_hessian_most(fit) * weight);
    st = loss_base(fit);
    if (st)
        return st;
    const double reach = loss_reach(fit);
    if (!(reach > 0)) { /* a constant target: the base says it all */
        fit->opt.trees = 0;
        fit->score_scale = fit->g_scale = fit->h_scale = 1;
        return MLPIPE_OK;
    }
    const double most = reach * fit->opt.rate * fit->opt.trees;
    const double power = (double)((int64_t)1 << GBT_LEAF_BITS);
    fit->score_scale = mlpipe__gbt_power(most / power);
    fit->leaf_limit = (int32_t)(power / fit->opt.trees);
    fit->g_scale =
        mlpipe__gbt_power(loss_gradient_most(fit, reach) * weight) /
        (double)((int64_t)1 << GBT_GRADIENT_BITS);
    return MLPIPE_OK;
}

static void loss_gradient_task(void *arg, uint32_t chunk)
{
    const loss_job *j = arg;
    gbt_fit *fit = j->fit;
    const mlpipe__frame *frame = j->frame;
    const int64_t first = (int64_t)chunk * GBT_CHUNK_ROWS;
    const int64_t rest = frame->rows - first;
    const int64_t last = first + (rest < GBT_CHUNK_ROWS ? rest
                                                        : GBT_CHUNK_ROWS);
    const double per_g = 1 / fit->g_scale, per_h = 1 / fit->h_scale;
    const double base = fit->base[0], scale = fit->score_scale;
    const double *const target = frame->target, *const weight = frame->weight;
    const double *const offset = frame->offset; /* of two classes here */
    const bool binary = fit->opt.task == MLPIPE__TASK_BINARY;
    const int32_t *const score = j->score;
    gbt_grad *const grad = fit->grad;

    if (fit->outputs > 1) {
        mlpipe__gbt_class_gradients(fit, first, last);
        return;
    }
    if (fit->number.kind) {
        mlpipe__gbt_number_gradients(fit, first, last);
        return;
    }
    if (fit->unit_hessian) {
        for (int64_t i = first; i < last; i++) {
            const double s = base + scale * score[i];
            grad[i].g = gbt_fixed((s - target[i]) * per_g);
            grad[i].h = 1;
        }
        return;
    }
    for (int64_t i = first; i < last; i++) {
        const double s = base + scale * score[i] + (offset ? offset[i] : 0);
        const double w = weight ? weight[i] : 1;
        const double p = binary ? mlpipe__sigmoid(s) : s;
        const double h = binary ? p * (1 - p) : 1;
        grad[i].g = gbt_fixed((p - target[i]) * w * per_g);
        grad[i].h = (uint32_t)(h * w * per_h + 0.5);
    }
}

mlpipe_status mlpipe__gbt_gradients(gbt_fit *fit)
{
    loss_job j = {.fit = fit, .frame = fit->job->train, .score = fit->score};

    if (fit->number.has_log_link) {
        const mlpipe_status st = mlpipe__gbt_number_scales(fit);
        if (st)
            return st;
    }
    j.chunks = (fit->rows + GBT_CHUNK_ROWS - 1) / GBT_CHUNK_ROWS;
    return mlpipe__parallel(fit->ctx, loss_gradient_task, &j, j.chunks);
}

/* log(1 + e^x) without overflow. */
static double loss_softplus(double x)
{
    return (x > 0 ? x : 0) + mlpipe__log1p(mlpipe__exp(x > 0 ? -x : x));
}

/* The losses of n <= MLPIPE__BLOCK_ROWS rows. */
static void loss_rows(const loss_job *j, int64_t first, uint32_t n,
                      double *out)
{
    const gbt_fit *fit = j->fit;
    const mlpipe__frame *frame = j->frame;
    const double base =
        fit->base[0] +
        (frame == fit->job->valid ? fit->job->valid_shift : 0.0);

    if (fit->outputs > 1) {
        mlpipe__gbt_class_losses(fit, frame, j->score, first, n, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const double s = base + fit->score_scale * j->score[first + i] +
                         (frame->offset ? frame->offset[first + i] : 0);
        const double y = frame->target[first + i], d = s - y;
        out[i] = fit->opt.task == MLPIPE__TASK_BINARY
                     ? loss_softplus(y > 0 ? -s : s)
                 : fit->number.kind ? s
                                    : d * d;
    }
    if (fit->number.kind)
        mlpipe__gbt_number_losses(fit, frame, first, n, out);
}

/* Task t adds every chunks-th part to its own exact sum. */
static void loss_sum_task(void *arg, uint32_t t)
{
    const loss_job *j = arg;
    const gbt_fit *fit = j->fit;
    const mlpipe__frame *frame = j->frame;
    const int64_t step = MLPIPE__BLOCK_ROWS;
    double loss[MLPIPE__BLOCK_ROWS];

    mlpipe__exact_init(&fit->sums[t]);
    for (int64_t at = t * step; at < frame->rows; at += j->chunks * step) {
        const int64_t rest = frame->rows - at;
        const uint32_t n = (uint32_t)(rest < step ? rest : step);
        loss_rows(j, at, n, loss);
        for (uint32_t i = 0; i < n; i++) {
            if (frame->weight)
                mlpipe__exact_add_product(&fit->sums[t],
                                          frame->weight[at + i], loss[i]);
            else
                mlpipe__exact_add(&fit->sums[t], loss[i]);
        }
    }
}

static double loss_weight(const mlpipe__frame *frame)
{
    mlpipe__exact e;

    if (!frame->weight)
        return (double)frame->rows;
    mlpipe__exact_init(&e);
    for (int64_t i = 0; i < frame->rows; i++)
        mlpipe__exact_add(&e, frame->weight[i]);
    return mlpipe__exact_value(&e);
}

mlpipe_status mlpipe__gbt_loss(gbt_fit *fit, const mlpipe__frame *frame,
                               const int32_t *score, double *out)
{
    loss_job j = {.fit = fit, .frame = frame, .score = score,
                  .chunks = fit->tasks};
    const mlpipe_status st = mlpipe__parallel(fit->ctx, loss_sum_task, &j,
                                              j.chunks);

    if (st)
        return st;
    for (uint32_t t = 1; t < j.chunks; t++)
        mlpipe__exact_merge(&fit->sums[0], &fit->sums[t]);
    *out = mlpipe__exact_value(&fit->sums[0]) / loss_weight(frame);
    if (mlpipe__finite(*out))
        return MLPIPE_OK;
    return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                        "%s: the sum of the losses by weight is %g; make the "
                        "target or its weights smaller",
                        fit->job->name, *out);
}
