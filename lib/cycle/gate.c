/* SPDX-License-Identifier: MIT */
/*
 * The gate: rows that a challenger never saw, and both models scored on the
 * same of them. Nothing that either was fitted on may speak for it.
 */
#include "cycle_internal.h"

/* A model may be silent on this share of rows more than the other. */
static const double gate_silence = 0.01;

/* ---- scoring ----------------------------------------------------------- */

static double gate_greater(double x, double y)
{
    return x > y ? x : y;
}

/* The class of a row's probabilities. */
static uint32_t gate_class(const double *p, uint32_t width)
{
    uint32_t best = 0;

    if (width == 1)
        return mlpipe__loss_wrong(1.0, *p) == 0.0;
    for (uint32_t k = 1; k < width; k++)
        if (p[k] > p[best])
            best = k;
    return best;
}

/* Rows with another class, or a number that is off by more than a tenth of
 * the error of a. */
static double gate_differs(const mlpipe__pair_rows *r, bool classes)
{
    double square = 0;
    uint64_t n = 0;

    for (uint64_t i = 0; !classes && i < r->n; i++)
        square += (r->a[i] - r->y[i]) * (r->a[i] - r->y[i]);
    square *= 0.01 / (double)r->n;
    for (uint64_t i = 0; i < r->n; i++) {
        const double *a = r->a + i * r->width, *b = r->b + i * r->width;
        n += classes ? gate_class(a, r->width) != gate_class(b, r->width)
                     : (*a - *b) * (*a - *b) > square;
    }
    return (double)n / (double)r->n;
}

double mlpipe__gate_waves(double rows)
{
    const double waves = 0.3 * mlpipe__pow(rows, 2.0 / 3.0);

    return waves < 4 ? 4 : waves > 48 ? 48 : (double)(uint32_t)waves;
}

/* d: what each row adds to the difference, in order of time, by weight; their
 * sum is 0. */
static mlpipe_status gate_serial(mlpipe_ctx *ctx, const double *d, uint64_t n,
                                 mlpipe__gate *g)
{
    const double pi = 3.141592653589793, rows = (double)n;
    const double waves = mlpipe__gate_waves(rows);
    double sum = 0, t;

    for (uint32_t j = 1; j <= (uint32_t)waves; j++) {
        double wave = 0;
        const mlpipe_status st = mlpipe__poll(ctx, "gate", j, (uint32_t)waves);
        if (st)
            return st;
        for (uint64_t i = 0; i < n; i++)
            wave += d[i] * mlpipe__cos(pi * j * ((double)i + 0.5) / rows);
        sum += wave * wave;
    }
    g->serial_se = mlpipe__sqrt(2.0 * sum / waves) / rows;
    g->serial_df = waves;
    if (!(g->serial_se > 0))
        return MLPIPE_OK;
    t = g->compared.mean / g->serial_se;
    g->compared.p = gate_greater(g->compared.p,
                                 mlpipe__student_tail(-t, waves));
    g->compared.two.p =
        gate_greater(g->compared.two.p,
                     2.0 * mlpipe__student_tail(t < 0 ? -t : t, waves));
    return MLPIPE_OK;
}

/* By how much the loss of b exceeds that of a, row by row, less its mean. */
static mlpipe_status gate_by_loss(mlpipe_ctx *ctx,
                                  const mlpipe__metric *metric,
                                  const mlpipe__scored *a,
                                  const mlpipe__scored *b, mlpipe__gate *g,
                                  double *d)
{
    const uint64_t n = a->n;
    double *lb = mlpipe__alloc_array(ctx->env, (size_t)n, sizeof *lb);
    double all = 0;

    if (!lb)
        return mlpipe__nomem(ctx);
    mlpipe__metric_losses(metric, a, d);
    mlpipe__metric_losses(metric, b, lb);
    g->scale = mlpipe__mean_of(d, a->w, n, false).value;
    for (uint64_t i = 0; i < n; i++)
        all += a->w ? a->w[i] : 1.0;
    for (uint64_t i = 0; i < n; i++)
        d[i] = (lb[i] - d[i] - g->compared.mean) *
               (a->w ? a->w[i] * (double)n / all : 1.0);
    mlpipe__free(ctx->env, lb);
    return MLPIPE_OK;
}

/*
 * What a margin is a share of, and the test once more for rows that follow one
 * another with like errors. The variance of the mean is that at frequency 0,
 * from the first cosines of the differences in order of time, and Student's t
 * has as many degrees of freedom as cosines (Lazarus, Lewis, Stock and Watson,
 * HAR Inference, 2018). An area is no mean of losses, but to the first order
 * the mean of what DeLong's structural components make of each row, and these
 * go on from row to row as losses do. The greater p counts: where rows are
 * independent this costs a little power, where they are not the other test
 * would lie.
 */
static mlpipe_status gate_by_time(mlpipe_ctx *ctx,
                                  const mlpipe__metric *metric,
                                  const mlpipe__scored *a,
                                  const mlpipe__scored *b, mlpipe__gate *g)
{
    const bool loss = mlpipe__metric_has_loss(metric, a->width);
    double *d;
    mlpipe_status st;

    g->scale = 1.0 - g->compared.a;
    if (!loss && !(g->compared.se >= 0)) /* no two rows of either class */
        return MLPIPE_OK;
    d = mlpipe__alloc_array(ctx->env, (size_t)a->n, sizeof *d);
    if (!d)
        return mlpipe__nomem(ctx);
    st = loss ? gate_by_loss(ctx, metric, a, b, g, d)
              : mlpipe__delong_influence(ctx, a->y, b->p, a->p, a->w, a->n, d);
    if (!st)
        st = gate_serial(ctx, d, a->n, g);
    mlpipe__free(ctx->env, d);
    return st;
}

mlpipe_status mlpipe__gate_compare(mlpipe_ctx *ctx,
                                   const mlpipe__metric *metric,
                                   const mlpipe__scored *a,
                                   const mlpipe__scored *b, mlpipe__gate *g)
{
    const mlpipe_status st = mlpipe__compare(ctx, metric, a, b,
                                             &g->compared);

    return st ? st : gate_by_time(ctx, metric, a, b, g);
}

mlpipe_status mlpipe__gate_score(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *rows,
                                 const mlpipe__metric *metric, uint64_t least,
                                 mlpipe__gate *out)
{
    mlpipe__pair_rows r;
    mlpipe_status st = mlpipe__pair_rows_load(ctx, a, b, rows, &r);

    memset(out, 0, sizeof *out);
    if (!st) {
        out->rows = r.n;
        out->removed = r.seen;
        out->unlabelled = r.unlabelled;
        out->unweighted = r.unweighted;
        out->silent_a = r.silent_a;
        out->silent_b = r.silent_b;
        out->enough = out->rows >= least && out->rows >= 2;
    }
    if (out->enough) {
        const mlpipe__scored sa = {r.y, r.a, r.w, r.n, r.width};
        const mlpipe__scored sb = {r.y, r.b, r.w, r.n, r.width};
        st = mlpipe__gate_compare(ctx, metric, &sa, &sb, out);
        if (!st)
            out->differs =
                gate_differs(&r, a->task != MLPIPE__TASK_REGRESSION);
    }
    mlpipe__pair_rows_free(ctx->env, &r);
    return st;
}

bool mlpipe__gate_passes(const mlpipe__gate *g, double alpha)
{
    const double all =
        (double)(g->rows + g->silent_a + g->silent_b);

    if (!g->enough ||
        (double)g->silent_b > (double)g->silent_a + gate_silence * all)
        return false;
    return g->compared.mean < 0 && g->compared.p <= alpha;
}

bool mlpipe__gate_worse(const mlpipe__gate *g, double alpha)
{
    const double all =
        (double)(g->rows + g->silent_a + g->silent_b);

    if (!g->enough)
        return false;
    return (double)g->silent_b > (double)g->silent_a + gate_silence * all ||
           (g->compared.mean > 0 && 0.5 * g->compared.two.p <= alpha);
}

double mlpipe__gate_no_worse(const mlpipe__gate *g, double margin)
{
    const double off = g->compared.mean - margin * g->scale;
    double p;

    if (!g->enough)
        return 1.0;
    if (!(g->compared.se > 0))
        return off <= 0 ? 0.0 : 1.0;
    p = mlpipe__student_tail(-off / g->compared.se, (double)g->rows - 1.0);
    if (!(g->serial_se > 0))
        return p;
    return gate_greater(
        p, mlpipe__student_tail(-off / g->serial_se, g->serial_df));
}

/* ---- the split --------------------------------------------------------- */

/* Mark the newest rows until there are enough; a group goes as a whole. */
static void gate_mark(const int64_t *group, const uint32_t *order,
                      uint32_t *rank, uint32_t n, double share, uint8_t *held)
{
    const double want = share * n;
    uint32_t taken = 0;

    for (uint32_t i = 0; group && i < n; i++)
        rank[order[i]] = i;
    for (uint32_t i = n; i-- && taken < want;) {
        if (held[i])
            continue;
        held[i] = 1;
        taken++;
        if (!group)
            continue;
        for (uint32_t k = rank[i] + 1; k < n && group[order[k]] == group[i];
             k++)
            taken += !held[order[k]], held[order[k]] = 1;
        for (uint32_t k = rank[i]; k && group[order[k - 1]] == group[i]; k--)
            taken += !held[order[k - 1]], held[order[k - 1]] = 1;
    }
}

/* Rows whose truths reach into withheld ones are in no part: 2. */
static void gate_purge(uint8_t *held, uint32_t n, uint64_t gap)
{
    uint64_t left = 0;

    for (uint32_t i = n; i--;) {
        if (held[i])
            left = gap;
        else if (left)
            held[i] = 2, left--;
    }
}

static mlpipe_status gate_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                               const uint8_t *held, uint8_t which,
                               mlpipe_dataset **out)
{
    const int64_t n = mlpipe_dataset_rows(d);
    mlpipe__rowset *rows;
    int64_t count = 0;

    for (int64_t i = 0; i < n; i++)
        count += held[i] == which;
    rows = mlpipe__rowset_new(ctx->env, count);
    if (!rows)
        return mlpipe__nomem(ctx);
    count = 0;
    for (int64_t i = 0; i < n; i++)
        if (held[i] == which)
            rows->rows[count++] = i;
    return mlpipe__dataset_view(ctx, d, rows, out);
}

mlpipe_status mlpipe__gate_split(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                 const char *group, double share, uint64_t gap,
                                 mlpipe_dataset **fit,
                                 mlpipe_dataset **withheld)
{
    mlpipe__env *env = ctx->env;
    const uint32_t n = (uint32_t)mlpipe_dataset_rows(d);
    const int32_t column = group && *group ? mlpipe_dataset_find(d, group)
                                           : -1;
    uint8_t *held = mlpipe__alloc_array(env, n, 1);
    int64_t *key = mlpipe__alloc_array(env, n, sizeof *key);
    uint32_t *order = mlpipe__alloc_array(env, n, 2 * sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st = MLPIPE_OK;

    *fit = *withheld = NULL;
    if (!held || !key || !order || !scratch) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    for (uint32_t i = 0; column >= 0 && i < n; i++)
        key[i] = (int64_t)mlpipe__dataset_group_key(d, (uint32_t)column, i);
    if (column >= 0)
        mlpipe__argsort_i64(key, order, n, scratch);
    gate_mark(column >= 0 ? key : NULL, order, order + n, n, share, held);
    gate_purge(held, n, gap);
    st = gate_view(ctx, d, held, 0, fit);
    if (!st)
        st = gate_view(ctx, d, held, 1, withheld);
    if (st) {
        mlpipe_dataset_free(*fit);
        *fit = NULL;
    }
done:
    mlpipe__free(env, held);
    mlpipe__free(env, key);
    mlpipe__free(env, order);
    mlpipe__free(env, scratch);
    return st;
}
