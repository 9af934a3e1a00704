/* SPDX-License-Identifier: MIT */
/*
 * Held-out scores of classes in bins, with what became of them: from these a
 * monitor tells how right a model is before any truth comes. Saved as a part
 * of the reference that libmlpipe-serve skips.
 */
#include "fit_types.h"

/* Of two classes the score and whether it came true; of more the likeliest
 * one's and whether it is the class. */
static void scores_of(const mlpipe__scored *s, uint64_t row, double *score,
                      bool *right)
{
    const double *p = s->p + row * s->width;
    uint32_t top = 0;

    if (s->width == 1) {
        *score = p[0];
        *right = s->y[row] == 1.0;
        return;
    }
    for (uint32_t k = 1; k < s->width; k++)
        if (p[k] > p[top])
            top = k;
    *score = p[top];
    *right = s->y[row] == (double)top;
}

/* x and y: points of the rising function nearest to the rows, lines between
 * them; scores are sorted here. */
static void scores_mean(const double *x, const double *y, uint32_t points,
                        double *score, uint64_t n, double *scratch,
                        mlpipe__ref_scores *out)
{
    double sum[MLPIPE__SCORE_BINS] = {0.0};
    uint32_t k = 0;

    mlpipe__sort_f64(score, n, scratch);
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t bin = mlpipe__score_bin(score[i]);
        while (k + 1 < points && x[k + 1] <= score[i])
            k++;
        sum[bin] += k + 1 < points && score[i] > x[k]
                        ? y[k] + (y[k + 1] - y[k]) * (score[i] - x[k]) /
                                     (x[k + 1] - x[k])
                        : y[k];
    }
    for (uint32_t i = 0; i < MLPIPE__SCORE_BINS; i++)
        out->truth[i] =
            out->rows[i] ? sum[i] / (double)out->rows[i] : mlpipe__nan();
    for (uint32_t i = 0; i < MLPIPE__SCORE_BINS; i++)
        if (out->truth[i] > 1.0)
            out->truth[i] = 1.0; /* by rounding */
}

static mlpipe_status scores_calibrate(mlpipe_ctx *ctx,
                                      const mlpipe__scored *s,
                                      mlpipe__ref_scores *out)
{
    const size_t n = (size_t)s->n;
    double *room = mlpipe__alloc_array(ctx->env, n, 8 * sizeof *room);
    double *score = room, *right = room + n, *weight = room + 2 * n;
    double *x = room + 3 * n, *y = room + 5 * n;
    uint32_t points = 0;
    mlpipe_status st;

    if (!room)
        return mlpipe__nomem(ctx);
    for (size_t i = 0; i < n; i++) {
        bool is;
        scores_of(s, i, &score[i], &is);
        right[i] = is;
        weight[i] = 1.0;
    }
    st = mlpipe__isotonic(ctx, score, right, weight, n, x, y, &points);
    if (!st)
        scores_mean(x, y, points, score, n, room + 7 * n, out);
    mlpipe__free(ctx->env, room);
    return st;
}

mlpipe_status mlpipe__ref_scores_make(mlpipe_ctx *ctx, mlpipe__reference *r,
                                      const mlpipe__scored *s)
{
    const uint32_t last = MLPIPE__SCORE_BINS - 1;
    mlpipe__ref_scores *out = mlpipe__alloc(ctx->env, sizeof *out);
    double sum[2] = {0.0, 0.0};

    if (!out)
        return mlpipe__nomem(ctx);
    r->scores = out; /* freed with the reference */
    for (uint64_t i = 0; i < s->n; i++) {
        double score;
        bool right;
        scores_of(s, i, &score, &right);
        const uint32_t bin = mlpipe__score_bin(score);
        out->rows[bin]++;
        out->right[bin] += right;
        if (bin == 0)
            sum[0] += mlpipe__loss_log(1.0, score);
        else if (bin == last)
            sum[1] += mlpipe__loss_log(0.0, score);
    }
    out->end_loss[0] =
        out->rows[0] ? sum[0] / (double)out->rows[0] : mlpipe__nan();
    out->end_loss[1] =
        out->rows[last] ? sum[1] / (double)out->rows[last] : mlpipe__nan();
    return scores_calibrate(ctx, s, out);
}

void mlpipe__ref_scores_save(const mlpipe__reference *r, mlpipe__text *t)
{
    for (uint32_t i = 0; i < r->metric_count; i++)
        mlpipe__put_f64(t, r->metrics[i].value_se);
    mlpipe__put_u64(t, r->scores ? MLPIPE__SCORE_BINS : 0);
    if (!r->scores)
        return;
    mlpipe__put_array(t, r->scores->rows, MLPIPE__SCORE_BINS, 8);
    mlpipe__put_array(t, r->scores->right, MLPIPE__SCORE_BINS, 8);
    mlpipe__put_array(t, r->scores->truth, MLPIPE__SCORE_BINS, 8);
    mlpipe__put_array(t, r->scores->end_loss, 2, 8);
}

static bool scores_hold(const mlpipe__reference *r)
{
    const mlpipe__ref_scores *s = r->scores;
    uint64_t left = r->held_out;

    for (uint32_t i = 0; i < MLPIPE__SCORE_BINS; i++) {
        if (s->rows[i] > left || s->right[i] > s->rows[i])
            return false;
        left -= s->rows[i];
        if (s->rows[i] ? !(s->truth[i] >= 0 && s->truth[i] <= 1)
                       : s->truth[i] == s->truth[i])
            return false;
    }
    for (uint32_t i = 0; i < 2; i++) {
        const double loss = s->end_loss[i];
        const bool any = s->rows[i ? MLPIPE__SCORE_BINS - 1 : 0] > 0;
        if (any ? !(loss >= 0 && mlpipe__finite(loss)) : loss == loss)
            return false;
    }
    return left == 0;
}

bool mlpipe__ref_scores_load(mlpipe_ctx *ctx, mlpipe__reference *r,
                             mlpipe__cursor *c, mlpipe_status *st)
{
    uint64_t bins;
    const void *rows, *right, *truth, *end;

    if (r->scores)
        return false; /* twice */
    for (uint32_t i = 0; i < r->metric_count; i++) {
        const double se = mlpipe__get_f64(c);
        if (se == se && !(se >= 0 && mlpipe__finite(se)))
            return false;
        r->metrics[i].value_se = se;
    }
    bins = mlpipe__get_u64(c);
    if (!bins)
        return mlpipe__cursor_done(c);
    rows = mlpipe__get_array(c, MLPIPE__SCORE_BINS, 8);
    right = mlpipe__get_array(c, MLPIPE__SCORE_BINS, 8);
    truth = mlpipe__get_array(c, MLPIPE__SCORE_BINS, 8);
    end = mlpipe__get_array(c, 2, 8);
    if (bins != MLPIPE__SCORE_BINS || !mlpipe__cursor_done(c))
        return false;
    r->scores = mlpipe__alloc(ctx->env, sizeof *r->scores);
    if (!r->scores) {
        *st = mlpipe__nomem(ctx);
        return true;
    }
    memcpy(r->scores->rows, rows, sizeof r->scores->rows);
    memcpy(r->scores->right, right, sizeof r->scores->right);
    memcpy(r->scores->truth, truth, sizeof r->scores->truth);
    memcpy(r->scores->end_loss, end, sizeof r->scores->end_loss);
    return scores_hold(r);
}
