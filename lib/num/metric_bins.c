/* SPDX-License-Identifier: MIT */
/* Calibration: how often what was said to be likely came true. */
#include "metric_types.h"

/* What was said of a row, and whether it came. */
static double bins_said(const mlpipe__scored *s, uint64_t row, double *seen)
{
    const double *const p = s->p + row * s->width;
    uint32_t best = 0;
    if (s->width == 1) {
        *seen = s->y[row] >= 0.5 ? 1.0 : 0.0;
        return *p;
    }
    for (uint32_t k = 1; k < s->width; ++k)
        if (p[k] > p[best])
            best = k;
    *seen = (double)best == s->y[row] ? 1.0 : 0.0;
    return p[best];
}

static void bins_add(mlpipe__bins *out, uint32_t at, double w, double said,
                     double seen)
{
    out->rows[at] += 1.0;
    out->weight[at] += w;
    out->squares[at] += w * w;
    out->said[at] += w * said;
    out->seen[at] += w * seen;
}

static void bins_width(const mlpipe__scored *s, mlpipe__bins *out)
{
    for (uint64_t i = 0; i < s->n; ++i) {
        double seen;
        const double said = bins_said(s, i, &seen);
        uint32_t at = 0;
        for (uint32_t k = 1; k < MLPIPE__BINS; ++k)
            at += said > k * 0.1; /* the edges of numpy.linspace(0, 1, 11) */
        bins_add(out, at, s->w ? s->w[i] : 1.0, said, seen);
    }
}

/* Rows in order of what was said; those of one number go where the middle of
 * their weight lies. */
static void bins_mass(const mlpipe__scored *s, double weight,
                      const double *said, const uint32_t *order,
                      mlpipe__bins *out)
{
    double below = 0.0;
    for (uint64_t i = 0, end; i < s->n; i = end) {
        double tied = 0.0;
        for (end = i; end < s->n && said[order[end]] == said[order[i]]; ++end)
            tied += s->w ? s->w[order[end]] : 1.0;
        const double share = (below + 0.5 * tied) / weight * MLPIPE__BINS;
        const uint32_t at = share < MLPIPE__BINS ? (uint32_t)share
                                                 : MLPIPE__BINS - 1;
        for (; i < end; ++i) {
            double seen;
            const double p = bins_said(s, order[i], &seen);
            bins_add(out, at, s->w ? s->w[order[i]] : 1.0, p, seen);
        }
        below += tied;
    }
}

mlpipe_status mlpipe__scoring_bins(mlpipe__scoring *g, bool mass,
                                   mlpipe__bins *out)
{
    const mlpipe__scored *const s = &g->s;
    double *said;
    memset(out, 0, sizeof *out);
    if (g->undefined)
        return MLPIPE_OK;
    if (!mass) {
        bins_width(s, out);
        return MLPIPE_OK;
    }
    mlpipe_status st = mlpipe__most_rows(
        g->ctx, "bins of equal weight", s->n, UINT32_MAX - 1);
    if (st)
        return st;
    said = mlpipe__alloc_array(g->ctx->env, (size_t)s->n, 6 * sizeof *said);
    if (!said)
        return mlpipe__nomem(g->ctx);
    uint64_t *const scratch = (uint64_t *)(said + s->n);
    uint32_t *const order = (uint32_t *)(scratch + 4 * s->n);
    for (uint64_t i = 0; i < s->n; ++i) {
        double seen;
        said[i] = bins_said(s, i, &seen);
    }
    st = mlpipe__argsort_polled(g->ctx, said, order, (uint32_t)s->n, scratch);
    if (!st)
        bins_mass(s, g->weight, said, order, out);
    mlpipe__free(g->ctx->env, said);
    return st;
}

mlpipe_status mlpipe__value_bins(mlpipe__scoring *g, const mlpipe__metric *m,
                                 mlpipe_figure *out)
{
    mlpipe__bins b;
    double sum = 0.0;
    const mlpipe_status st =
        mlpipe__scoring_bins(g, m->which == MLPIPE__BINS_MASS, &b);
    if (st)
        return st;
    for (uint32_t k = 0; k < MLPIPE__BINS; ++k) {
        const double d = b.said[k] - b.seen[k];
        sum += d < 0.0 ? -d : d;
    }
    out->value = sum / g->weight;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__value_curve(mlpipe__scoring *g, const mlpipe__metric *m,
                                  mlpipe_figure *out)
{
    const mlpipe__curve *c;
    const mlpipe_status st = mlpipe__scoring_curve(g, &c);
    if (st)
        return st;
    switch (m->which) {
    case MLPIPE__CURVE_AUC:
        out->value = c->auc;
        mlpipe__metric_interval(out, c->auc_se, 0.0, 1.0);
        break;
    case MLPIPE__CURVE_GINI:
        out->value = 2.0 * c->auc - 1.0;
        mlpipe__metric_interval(out, 2.0 * c->auc_se, -1.0, 1.0);
        break;
    case MLPIPE__CURVE_AP:
        out->value = c->ap;
        if (c->ap > 0.0 && c->ap < 1.0) {
            const double odds = c->ap / (1.0 - c->ap);
            const double step = mlpipe__exp(
                MLPIPE__METRIC_Z
                / mlpipe__sqrt(c->positive_rows * c->ap * (1.0 - c->ap)));
            out->low = odds / step / (1.0 + odds / step);
            out->high = 1.0 - 1.0 / (1.0 + odds * step);
        }
        break;
    case MLPIPE__CURVE_KS: out->value = c->ks; break;
    default: out->value = c->best_f1; break;
    }
    return MLPIPE_OK;
}
