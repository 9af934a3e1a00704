/* SPDX-License-Identifier: MIT */
/*
 * Metrics of the table of classes that are and classes that are said. Their
 * intervals are those of the delta method over the cells: a metric f of the
 * shares pi of the cells has the variance sum over cells of (sum w^2)
 * (g - mean g)^2 / W^2, where g = df / dpi. All of these g are the sum of a
 * part of the row, one of the column and one of the diagonal (for kappa as in
 * J. L. Fleiss, J. Cohen, B. S. Everitt, Psychological Bulletin 72, 1969).
 */
#include "metric_types.h"

/* ---- shares of a row or a column ---------------------------------------- */

mlpipe_status mlpipe__value_share(mlpipe__scoring *g, const mlpipe__metric *m,
                                  mlpipe_figure *out)
{
    const mlpipe__confusion *c;
    const mlpipe_status st = mlpipe__scoring_confusion(g, &c);
    if (st)
        return st;
    const bool column = m->which == MLPIPE__SHARE_PRECISION
                     || m->which == MLPIPE__SHARE_NPV;
    const uint32_t k = m->which == MLPIPE__SHARE_PRECISION
                    || m->which == MLPIPE__SHARE_RECALL;
    const uint32_t other = column ? 2 * (1 - k) + k : 2 * k + (1 - k);
    const double all = column ? c->said[k] : c->truth[k];
    const double squares = c->w2[3 * k] + c->w2[other];
    if (!(all > 0.0))
        return MLPIPE_OK;
    out->value = c->w[3 * k] / all;
    mlpipe__metric_wilson(out, all * all / squares);
    return MLPIPE_OK;
}

/* ---- functions of all cells --------------------------------------------- */

/* A metric under way: its value and the three parts of its gradient. */
typedef struct agree {
    const mlpipe__confusion *c;
    double value;
    double *row, *column, *diagonal;
} agree;

/* Adds `scale` times above / below of class k, where the two grow with the
 * row, the column and the diagonal by the factors given. */
static double agree_class(agree *a, uint32_t k, double scale, double below,
                          double row, double column, double diagonal)
{
    const double hit = a->c->w[(size_t)k * (a->c->classes + 1)]
                     / a->c->weight;
    const double v = below > 0.0 ? diagonal * hit / below : 0.0;
    a->value += scale * v;
    if (below > 0.0) {
        a->row[k] -= scale * v * row / below;
        a->column[k] -= scale * v * column / below;
        a->diagonal[k] += scale * diagonal / below;
    }
    return v;
}

static double agree_truth(const agree *a, uint32_t k)
{
    return a->c->truth[k] / a->c->weight;
}

static double agree_said(const agree *a, uint32_t k)
{
    return a->c->said[k] / a->c->weight;
}

static double agree_precision(agree *a, uint32_t k, double scale)
{
    return agree_class(a, k, scale, agree_said(a, k), 0.0, 1.0, 1.0);
}

static double agree_recall(agree *a, uint32_t k, double scale)
{
    return agree_class(a, k, scale, agree_truth(a, k), 1.0, 0.0, 1.0);
}

static double agree_f1(agree *a, uint32_t k, double scale)
{
    return agree_class(a, k, scale, agree_truth(a, k) + agree_said(a, k), 1.0,
                       1.0, 2.0);
}

/* Jaccard: hit / (truth + said - hit), of the second class. */
static void agree_jaccard(agree *a)
{
    const double hit = a->c->w[3] / a->c->weight;
    const double any = agree_truth(a, 1) + agree_said(a, 1) - hit;
    a->value = any > 0.0 ? hit / any : mlpipe__nan();
    a->row[1] = -a->value / any;
    a->column[1] = -a->value / any;
    a->diagonal[1] = (1.0 + a->value) / any;
}

/* The mean over the classes that are there: in the truth alone, or also in
 * what is said. */
static void agree_macro(agree *a, bool truth,
                        double (*of)(agree *a, uint32_t k, double scale))
{
    const mlpipe__confusion *const c = a->c;
    uint32_t there = 0;
    for (uint32_t k = 0; k < c->classes; ++k)
        there += c->truth[k] > 0.0 || (!truth && c->said[k] > 0.0);
    for (uint32_t k = 0; k < c->classes; ++k)
        if (c->truth[k] > 0.0 || (!truth && c->said[k] > 0.0))
            of(a, k, 1.0 / (double)there);
}

/* The mean by the weights of the true classes, which vary too. */
static void agree_weighted(agree *a,
                           double (*of)(agree *a, uint32_t k, double scale))
{
    for (uint32_t k = 0; k < a->c->classes; ++k)
        a->row[k] += of(a, k, agree_truth(a, k));
}

/* Chance's sums: of truth x said, and of the squares of each. */
typedef struct agree_chance {
    double hits, both, truth, said; /* of weights */
    uint32_t truths, sayings;       /* classes that are there */
} agree_chance;

static agree_chance agree_sums(const mlpipe__confusion *c)
{
    agree_chance s = {0};
    for (uint32_t k = 0; k < c->classes; ++k) {
        s.hits += c->w[(size_t)k * (c->classes + 1)];
        s.both += c->truth[k] * c->said[k];
        s.truth += c->truth[k] * c->truth[k];
        s.said += c->said[k] * c->said[k];
        s.truths += c->truth[k] > 0.0;
        s.sayings += c->said[k] > 0.0;
    }
    return s;
}

/* 0 where one class is all that there is or is said, and then no interval. */
static void agree_mcc(agree *a)
{
    const mlpipe__confusion *const c = a->c;
    const agree_chance s = agree_sums(c);
    const double w2 = c->weight * c->weight;
    const double x = 1.0 - s.said / w2, y = 1.0 - s.truth / w2;
    if (s.truths < 2 || s.sayings < 2)
        return;
    const double root = mlpipe__sqrt(x * y);
    a->value = (s.hits * c->weight - s.both)
             / mlpipe__sqrt((w2 - s.said) * (w2 - s.truth));
    for (uint32_t k = 0; k < c->classes; ++k) {
        const double t = agree_truth(a, k), p = agree_said(a, k);
        a->row[k] = a->value * t / y - p / root;
        a->column[k] = a->value * p / x - t / root;
        a->diagonal[k] = 1.0 / root;
    }
}

static void agree_kappa(agree *a)
{
    const mlpipe__confusion *const c = a->c;
    const agree_chance s = agree_sums(c);
    const double w2 = c->weight * c->weight;
    const double miss = 1.0 - s.both / w2;     /* expected by chance */
    const double wrong = 1.0 - s.hits / c->weight;
    a->value = mlpipe__nan();
    if (s.truths < 2 && s.sayings < 2 && s.both > 0.0)
        return;
    a->value = 0.0;
    if (s.truths < 2 || s.sayings < 2)
        return; /* no better than chance, whatever rows there were */
    a->value = (s.hits * c->weight - s.both) / (w2 - s.both);
    for (uint32_t k = 0; k < c->classes; ++k) {
        a->row[k] = -agree_said(a, k) * wrong / (miss * miss);
        a->column[k] = -agree_truth(a, k) * wrong / (miss * miss);
        a->diagonal[k] = 1.0 / miss;
    }
}

static void agree_compute(agree *a, uint32_t which)
{
    const bool any = agree_truth(a, 1) + agree_said(a, 1) > 0.0;
    switch (which) {
    case MLPIPE__AGREE_F1:
        agree_f1(a, 1, 1.0);
        a->value = any ? a->value : mlpipe__nan();
        break;
    case MLPIPE__AGREE_JACCARD: agree_jaccard(a); break;
    case MLPIPE__AGREE_BALANCED: agree_macro(a, true, agree_recall); break;
    case MLPIPE__AGREE_MCC: agree_mcc(a); break;
    case MLPIPE__AGREE_KAPPA: agree_kappa(a); break;
    case MLPIPE__AGREE_PRECISION_MACRO:
        agree_macro(a, false, agree_precision);
        break;
    case MLPIPE__AGREE_RECALL_MACRO:
        agree_macro(a, false, agree_recall);
        break;
    case MLPIPE__AGREE_F1_MACRO: agree_macro(a, false, agree_f1); break;
    case MLPIPE__AGREE_PRECISION_WEIGHTED:
        agree_weighted(a, agree_precision);
        break;
    case MLPIPE__AGREE_RECALL_WEIGHTED:
        agree_weighted(a, agree_recall);
        break;
    default: agree_weighted(a, agree_f1); break;
    }
}

/* The standard error by the gradient; NaN of one row. */
static double agree_se(const agree *a, double rows)
{
    const mlpipe__confusion *const c = a->c;
    const uint32_t n = c->classes;
    double mean = 0.0, sum = 0.0;
    if (rows < 2.0)
        return mlpipe__nan();
    for (uint32_t k = 0; k < n; ++k)
        mean += a->row[k] * agree_truth(a, k)
              + a->column[k] * agree_said(a, k)
              + a->diagonal[k] * (c->w[(size_t)k * (n + 1)] / c->weight);
    for (uint32_t i = 0; i < n; ++i) {
        for (uint32_t j = 0; j < n; ++j) {
            const double g = a->row[i] + a->column[j]
                           + (i == j ? a->diagonal[i] : 0.0) - mean;
            sum += c->w2[(size_t)i * n + j] * g * g;
        }
    }
    return mlpipe__sqrt(sum * (rows / (rows - 1.0))) / c->weight;
}

mlpipe_status mlpipe__value_agreement(mlpipe__scoring *g,
                                      const mlpipe__metric *m,
                                      mlpipe_figure *out)
{
    const bool signs = m->which == MLPIPE__AGREE_MCC
                    || m->which == MLPIPE__AGREE_KAPPA;
    const mlpipe__confusion *c;
    mlpipe_status st = mlpipe__scoring_confusion(g, &c);
    agree a = {0};
    if (st)
        return st;
    a.c = c;
    a.row = mlpipe__alloc_array(g->ctx->env, c->classes, 3 * sizeof *a.row);
    if (!a.row)
        return mlpipe__nomem(g->ctx);
    a.column = a.row + c->classes;
    a.diagonal = a.column + c->classes;
    agree_compute(&a, m->which);
    out->value = a.value;
    if (m->which != MLPIPE__AGREE_MCC || a.diagonal[0] > 0.0)
        mlpipe__metric_interval(out, agree_se(&a, out->n),
                                signs ? -1.0 : 0.0, 1.0);
    mlpipe__free(g->ctx->env, a.row);
    return st;
}
