/* SPDX-License-Identifier: MIT */
/*
 * Boosting three classes or more: a score for each, whose exponentials have
 * the shares of the classes. All trees of a round see the scores that it began
 * with: of these the log of the sum of exponentials is kept, and a class's own
 * score does not change before its tree is grown.
 */
#include "gbt_types.h"

/* A class without a training row begins at the log of this. */
static const double class_share_least = 1e-15;

mlpipe_status mlpipe__gbt_class_base(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    const uint32_t classes = fit->outputs;
    mlpipe__exact *sum = mlpipe__alloc_array(
        fit->env, (size_t)classes + 1, sizeof *sum);
    uint32_t met = 0, first = 0;

    if (!sum)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t k = 0; k <= classes; k++)
        mlpipe__exact_init(&sum[k]);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        mlpipe__exact_add(&sum[(uint32_t)frame->target[i]], w);
        mlpipe__exact_add(&sum[classes], w);
    }
    for (uint32_t k = 0; k < classes; k++) {
        const double share = mlpipe__exact_value(&sum[k]) /
                             mlpipe__exact_value(&sum[classes]);
        fit->base[k] = mlpipe__log(
            share > class_share_least ? share : class_share_least);
        first = share > 0 && !met ? k : first;
        met += share > 0;
    }
    mlpipe__free(fit->env, sum);
    if (met > 1)
        return MLPIPE_OK;
    return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                        "%s: all training rows are of class %u of %u (%q); "
                        "there is nothing to tell apart",
                        fit->job->name, first, classes,
                        fit->job->class_names ? fit->job->class_names[first]
                                              : "");
}

/* log(sum of exp) of the scores of n <= MLPIPE__BLOCK_ROWS rows of `rows`. */
static void class_norm_rows(const gbt_fit *fit, const int32_t *score,
                            int64_t rows, int64_t first, uint32_t n,
                            double *out)
{
    const double scale = fit->score_scale;
    double high[MLPIPE__BLOCK_ROWS], sum[MLPIPE__BLOCK_ROWS];

    for (uint32_t k = 0; k < fit->outputs; k++) {
        const int32_t *const at = score + k * (size_t)rows + first;
        for (uint32_t i = 0; i < n; i++) {
            const double s = fit->base[k] + scale * at[i];
            high[i] = k && high[i] > s ? high[i] : s;
        }
    }
    memset(sum, 0, sizeof sum);
    for (uint32_t k = 0; k < fit->outputs; k++) {
        const int32_t *const at = score + k * (size_t)rows + first;
        for (uint32_t i = 0; i < n; i++)
            sum[i] += mlpipe__exp(fit->base[k] + scale * at[i] - high[i]);
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = high[i] + mlpipe__log(sum[i]);
}

static void class_norm_task(void *arg, uint32_t chunk)
{
    gbt_fit *fit = arg;
    const int64_t first = (int64_t)chunk * GBT_CHUNK_ROWS;
    const int64_t rest = (int64_t)fit->rows - first;
    const int64_t last = first + (rest < GBT_CHUNK_ROWS ? rest
                                                        : GBT_CHUNK_ROWS);

    for (int64_t at = first; at < last; at += MLPIPE__BLOCK_ROWS) {
        const int64_t left = last - at;
        class_norm_rows(fit, fit->score, fit->rows, at,
                        left < MLPIPE__BLOCK_ROWS ? (uint32_t)left
                                                  : MLPIPE__BLOCK_ROWS,
                        fit->norm + at);
    }
}

mlpipe_status mlpipe__gbt_class_norms(gbt_fit *fit)
{
    return mlpipe__parallel(fit->ctx, class_norm_task, fit,
                            (fit->rows + GBT_CHUNK_ROWS - 1) /
                                GBT_CHUNK_ROWS);
}

/* J. Friedman, "Greedy function approximation", 2001, with the second
 * derivative times K / (K - 1), as the scores of all classes share a shift. */
void mlpipe__gbt_class_gradients(const gbt_fit *fit, int64_t first,
                                 int64_t last)
{
    const mlpipe__frame *frame = fit->job->train;
    const uint32_t k = fit->output, classes = fit->outputs;
    const int32_t *const score = fit->score + (size_t)k * fit->rows;
    const double base = fit->base[k], scale = fit->score_scale;
    const double per_g = 1 / fit->g_scale, per_h = 1 / fit->h_scale;
    const double factor = (double)classes / (classes - 1);

    for (int64_t i = first; i < last; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        const double e = mlpipe__exp(base + scale * score[i] - fit->norm[i]);
        const double p = e < 1 ? e : 1; /* rounding may take it past 1 */
        const double y = frame->target[i] == k;
        fit->grad[i].g = gbt_fixed((p - y) * w * per_g);
        fit->grad[i].h = (uint32_t)(factor * p * (1 - p) * w * per_h + 0.5);
    }
}

void mlpipe__gbt_class_losses(const gbt_fit *fit, const mlpipe__frame *frame,
                              const int32_t *score, int64_t first,
                              uint32_t n, double *out)
{
    class_norm_rows(fit, score, frame->rows, first, n, out);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t k = (uint32_t)frame->target[first + i];
        const size_t at = k * (size_t)frame->rows + (size_t)(first + i);
        out[i] -= fit->base[k] + fit->score_scale * score[at];
    }
}
