/* SPDX-License-Identifier: MIT */
/*
 * What the metrics will be once the truths are known, from the scores alone:
 * confidence-based performance estimation. A bin of scores has a calibrated
 * probability, from held-out rows, with which a row of it is positive; every
 * row then counts for as much as a positive and the rest as a negative. It
 * holds where inputs change and what they mean does not.
 */
#include "monitor_internal.h"

enum { CBPE_BINS = MLPIPE__SCORE_BINS };

/* The bins of a pane beside the reference. */
typedef struct cbpe_job {
    const uint64_t *counts; /* of the pane */
    double rows;
    double score[CBPE_BINS];   /* the middle of a bin */
    double truth[CBPE_BINS];   /* calibrated, rising */
    double spread[CBPE_BINS];  /* variance of `truth` as an estimate */
    uint32_t step[CBPE_BINS];  /* bins whose truth is one number */
    double loss[CBPE_BINS][2]; /* -log of the probability of 0, of 1 */
} cbpe_job;

/* ---- bins -------------------------------------------------------------- */

/* Where bin i of the lower half begins. */
static double cbpe_edge(uint32_t i)
{
    const uint64_t bits = ((uint64_t)((1023 - 9) << 4) + i) << 48;
    double x;

    memcpy(&x, &bits, sizeof x);
    return i ? x : 0.0;
}

static double cbpe_middle(uint32_t bin)
{
    const uint32_t i = bin < CBPE_BINS / 2 ? bin : CBPE_BINS - 1 - bin;
    const double x = 0.5 * (cbpe_edge(i) + cbpe_edge(i + 1));

    return bin < CBPE_BINS / 2 ? x : 1.0 - x;
}

/*
 * How sure the calibration is: isotonic regression over bins, by pooling
 * neighbours that are out of order, gives steps; the variance of one is that
 * of a share with half a row of either kind more, so that steps that were all
 * right are not certain.
 */
static void cbpe_steps(cbpe_job *j, const mlpipe__ref_scores *ref)
{
    double rows[CBPE_BINS], right[CBPE_BINS];
    uint32_t end[CBPE_BINS], steps = 0, bin = 0;

    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        if (!ref->rows[i])
            continue;
        rows[steps] = (double)ref->rows[i];
        right[steps] = (double)ref->right[i];
        end[steps++] = i;
        while (steps > 1 && right[steps - 2] * rows[steps - 1] >=
                                right[steps - 1] * rows[steps - 2]) {
            rows[steps - 2] += rows[steps - 1];
            right[steps - 2] += right[steps - 1];
            end[steps - 2] = end[steps - 1];
            steps--;
        }
    }
    for (uint32_t s = 0; s < steps; s++)
        for (; bin < CBPE_BINS && (bin <= end[s] || s + 1 == steps); bin++) {
            const double c = (right[s] + 0.5) / (rows[s] + 1.0);
            j->spread[bin] = c * (1.0 - c) / rows[s];
            j->step[bin] = s;
        }
}

/* The calibrated probability of a bin. Between two that have held-out rows
 * it lies on a line between them, and beyond the outermost it is theirs. */
static void cbpe_bridge(cbpe_job *j, const mlpipe__ref_scores *ref)
{
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        if (!ref->rows[i]) {
            j->truth[i] = last == UINT32_MAX ? 0.0 : j->truth[last];
            continue;
        }
        j->truth[i] = ref->truth[i];
        for (uint32_t k = 0; last == UINT32_MAX && k < i; k++)
            j->truth[k] = ref->truth[i];
        for (uint32_t k = last + 1; last != UINT32_MAX && k < i; k++)
            j->truth[k] = j->truth[last] +
                          (j->truth[i] - j->truth[last]) *
                              (j->score[k] - j->score[last]) /
                              (j->score[i] - j->score[last]);
        last = i;
    }
}

static void cbpe_prepare(cbpe_job *j, const mlpipe__ref_scores *ref,
                         const uint64_t *counts)
{
    const uint32_t last = CBPE_BINS - 1;
    uint64_t rows = 0;

    j->counts = counts;
    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        rows += counts[i];
        j->score[i] = cbpe_middle(i);
        j->loss[i][0] = mlpipe__loss_log(0.0, j->score[i]);
        j->loss[i][1] = mlpipe__loss_log(1.0, j->score[i]);
    }
    if (ref->rows[0])
        j->loss[0][1] = ref->end_loss[0];
    if (ref->rows[last])
        j->loss[last][0] = ref->end_loss[1];
    j->rows = (double)rows;
    cbpe_steps(j, ref);
    cbpe_bridge(j, ref);
}

/* ---- metrics that are ratios of sums over rows ------------------------- */

enum {
    CBPE_ACCURACY,
    CBPE_PRECISION,
    CBPE_RECALL,
    CBPE_F1,
    CBPE_BRIER,
    CBPE_LOGLOSS,
    CBPE_RIGHT, /* accuracy of many classes */
    CBPE_AUC
};

/* What a row of this bin adds above and below the line when it is true, or
 * false. */
static void cbpe_terms(const cbpe_job *j, uint32_t which, uint32_t bin,
                       double truth, double *above, double *below)
{
    const double said = bin >= CBPE_BINS / 2;
    const double miss = truth - j->score[bin];

    *below = 1.0;
    switch (which) {
    case CBPE_ACCURACY:
        *above = said == truth;
        break;
    case CBPE_PRECISION:
        *above = said * truth;
        *below = said;
        break;
    case CBPE_RECALL:
        *above = said * truth;
        *below = truth;
        break;
    case CBPE_F1:
        *above = 2.0 * said * truth;
        *below = said + truth;
        break;
    case CBPE_BRIER:
        *above = miss * miss;
        break;
    case CBPE_LOGLOSS:
        *above = j->loss[bin][truth > 0];
        break;
    default:
        *above = truth;
    }
}

/*
 * value = A / B with A and B expected sums. Its variance by the delta method
 * is that of which rows come and which of them are true, and that of the
 * calibration: truths of a step move together.
 */
static void cbpe_ratio(const cbpe_job *j, uint32_t which, mlpipe_figure *out,
                       double *se)
{
    double a = 0.0, b = 0.0, variance = 0.0, together = 0.0;
    double above[2], below[2];

    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        const double n = (double)j->counts[i], c = j->truth[i];
        for (uint32_t k = 0; k < 2; k++)
            cbpe_terms(j, which, i, k, &above[k], &below[k]);
        a += n * (c * above[1] + (1.0 - c) * above[0]);
        b += n * (c * below[1] + (1.0 - c) * below[0]);
    }
    out->value = b > 0 ? a / b : mlpipe__nan();
    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        const double n = (double)j->counts[i], c = j->truth[i];
        double rest[2];
        for (uint32_t k = 0; k < 2; k++) {
            cbpe_terms(j, which, i, k, &above[k], &below[k]);
            rest[k] = above[k] - out->value * below[k];
        }
        variance += n * (c * rest[1] * rest[1] +
                         (1.0 - c) * rest[0] * rest[0]);
        together += n * (rest[1] - rest[0]);
        if (i + 1 < CBPE_BINS && j->step[i + 1] == j->step[i])
            continue;
        variance += together * together * j->spread[i];
        together = 0.0;
    }
    *se = mlpipe__sqrt(variance) / b;
}

/* Ties of a bin count one half; the variance is that of Hanley and McNeil
 * (Radiology 143, 1982), of as many positives and negatives as expected. */
static void cbpe_auc(const cbpe_job *j, mlpipe_figure *out, double *se)
{
    double positives = 0.0, negatives = 0.0, pairs = 0.0, v, q1, q2;

    for (uint32_t i = 0; i < CBPE_BINS; i++) {
        const double n = (double)j->counts[i];
        const double p = n * j->truth[i], q = n - p;
        pairs += p * (negatives + 0.5 * q);
        positives += p;
        negatives += q;
    }
    *se = mlpipe__nan();
    out->value = pairs / (positives * negatives);
    if (!(positives >= 1.0 && negatives >= 1.0)) {
        out->value = mlpipe__nan();
        return;
    }
    v = out->value;
    q1 = v / (2.0 - v) - v * v;
    q2 = 2.0 * v * v / (1.0 + v) - v * v;
    *se = mlpipe__sqrt((v * (1.0 - v) + (positives - 1.0) * q1 +
                        (negatives - 1.0) * q2) /
                       (positives * negatives));
}

/* ---- the report -------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t which, task;
    bool share; /* 1 is the most */
} cbpe_metrics[] = {
    {"accuracy", CBPE_ACCURACY, MLPIPE__TASK_BINARY, true},
    {"precision", CBPE_PRECISION, MLPIPE__TASK_BINARY, true},
    {"recall", CBPE_RECALL, MLPIPE__TASK_BINARY, true},
    {"f1", CBPE_F1, MLPIPE__TASK_BINARY, true},
    {"brier", CBPE_BRIER, MLPIPE__TASK_BINARY, true},
    {"logloss", CBPE_LOGLOSS, MLPIPE__TASK_BINARY, false},
    {"auc", CBPE_AUC, MLPIPE__TASK_BINARY, true},
    {"accuracy", CBPE_RIGHT, MLPIPE__TASK_MULTICLASS, true},
};
enum { CBPE_METRICS = sizeof cbpe_metrics / sizeof *cbpe_metrics };

const char *mlpipe__cbpe_name(const mlpipe_model *model, uint32_t i)
{
    if (!model->reference || !model->reference->scores)
        return NULL;
    for (uint32_t k = 0; k < CBPE_METRICS; k++)
        if ((cbpe_metrics[k].task & model->task) && !i--)
            return cbpe_metrics[k].name;
    return NULL;
}

static void cbpe_figure(const cbpe_job *j, uint32_t k, mlpipe_figure *out)
{
    double se;

    *out = (mlpipe_figure){mlpipe__nan(), mlpipe__nan(), mlpipe__nan(),
                           j->rows};
    if (!(j->rows > 0))
        return;
    if (cbpe_metrics[k].which == CBPE_AUC)
        cbpe_auc(j, out, &se);
    else
        cbpe_ratio(j, cbpe_metrics[k].which, out, &se);
    if (out->value != out->value || !mlpipe__finite(se))
        return;
    out->low = out->value - 1.959963984540054 * se;
    out->high = out->value + 1.959963984540054 * se;
    out->low = out->low < 0 ? 0.0 : out->low;
    if (cbpe_metrics[k].share && out->high > 1)
        out->high = 1.0;
}

mlpipe_status mlpipe__cbpe_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                  const uint64_t *counts,
                                  mlpipe_report *report)
{
    const mlpipe__reference *ref = model->reference;
    cbpe_job *j;

    if (!ref || !ref->scores)
        return MLPIPE_OK;
    j = mlpipe__alloc(ctx->env, sizeof *j);
    if (!j)
        return mlpipe__nomem(ctx);
    if (counts)
        cbpe_prepare(j, ref->scores, counts);
    for (uint32_t k = 0; k < CBPE_METRICS; k++) {
        const mlpipe__ref_metric *r =
            mlpipe__ref_metric_find(ref, cbpe_metrics[k].name);
        mlpipe_figure f;
        char name[64];
        if (!(cbpe_metrics[k].task & model->task))
            continue;
        cbpe_figure(j, k, &f);
        mlpipe__format(name, sizeof name, "cbpe.%s", cbpe_metrics[k].name);
        mlpipe__report_figure(report, name, &f);
        mlpipe__format(name, sizeof name, "cbpe.%s.reference",
                       cbpe_metrics[k].name);
        mlpipe__report_number(report, name, r ? r->value : mlpipe__nan());
    }
    mlpipe__free(ctx->env, j);
    return MLPIPE_OK;
}
