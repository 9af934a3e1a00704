/* SPDX-License-Identifier: MIT */
/*
 * The best constant beside given log odds: where the weighted sum of
 * probabilities is that of the targets. The sum rises with the constant, so
 * that Newton's steps are kept within what is known of it.
 */
#include "train_internal.h"

enum { OFFSET_STEPS = 200 };

typedef struct offset_sums {
    double more, slope; /* of weight (p - y) and weight p (1 - p) */
} offset_sums;

static double offset_weight(const mlpipe__frame *t, int64_t i)
{
    return t->weight ? t->weight[i] : 1;
}

static void offset_at(const mlpipe__frame *t, double c, offset_sums *out)
{
    mlpipe__exact more, slope;

    mlpipe__exact_init(&more);
    mlpipe__exact_init(&slope);
    for (int64_t i = 0; i < t->rows; i++) {
        const double w = offset_weight(t, i);
        const double p = mlpipe__sigmoid(t->offset[i] + c);

        mlpipe__exact_add_product(&more, w, p - t->target[i]);
        mlpipe__exact_add_product(&slope, w, p * (1 - p));
    }
    out->more = mlpipe__exact_value(&more);
    out->slope = mlpipe__exact_value(&slope);
}

/* Where the constant must lie: all offsets are between the least and the
 * greatest. */
static void offset_bounds(const mlpipe__frame *t, double *low, double *high)
{
    double least = mlpipe__inf(), most = -mlpipe__inf();
    mlpipe__exact up, all;

    mlpipe__exact_init(&up);
    mlpipe__exact_init(&all);
    for (int64_t i = 0; i < t->rows; i++) {
        const double w = offset_weight(t, i), o = t->offset[i];

        if (!(w > 0))
            continue;
        least = o < least ? o : least;
        most = o > most ? o : most;
        mlpipe__exact_add_product(&up, w, t->target[i]);
        mlpipe__exact_add(&all, w);
    }
    const double mean = mlpipe__exact_value(&up) / mlpipe__exact_value(&all);
    const double odds = mlpipe__log(mean / (1 - mean));
    *low = odds - most;
    *high = odds - least;
}

mlpipe_status mlpipe__offset_base(const mlpipe__fit_job *job, double within,
                                  double *out)
{
    const mlpipe__frame *t = job->train;
    mlpipe_status st = MLPIPE_OK;
    double low, high, c;

    offset_bounds(t, &low, &high);
    c = low + (high - low) / 2;
    for (uint32_t k = 0; k < OFFSET_STEPS && high - low > within && !st;
         k++) {
        offset_sums s;

        offset_at(t, c, &s);
        if (s.more > 0)
            high = c;
        else
            low = c;
        const double next = s.slope > 0 ? c - s.more / s.slope : low;
        const double step = next > c ? next - c : c - next;
        const bool inside = next > low && next < high;
        c = inside ? next : low + (high - low) / 2;
        if (inside && step <= within)
            break;
        st = mlpipe__poll(job->ctx, job->name, 0, 1);
    }
    *out = c;
    return st;
}
