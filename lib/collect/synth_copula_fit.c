/* SPDX-License-Identifier: MIT */
/*
 * How columns go together: the correlation of their normal scores, over the
 * rows where both are there, taken back to that of the normal variables, since
 * mass points have one score for a whole interval of them. A column and whether
 * it is null are never seen together and are taken as independent, so that the
 * margin of what was seen is that of what is drawn. Categories have no
 * order of their own; they take that of the column that they tell most of.
 */
#include "synth_copula.h"

enum { FIT_BLOCK = 4096, FIT_VECTOR = 16 };
static const double fit_least_eigenvalue = 1e-6;

/* The score of a cell, NaN where there is none. */
static double fit_score(const mlpipe_copula *k, uint32_t variable,
                        const mlpipe_dataset *d, int64_t row)
{
    const mlpipe__copula_variable *v = &k->variable[variable];
    const double x = v->unknown ? mlpipe__nan()
                                : mlpipe__copula_cell(k, v->column, d, row);

    if (v->indicator)
        return mlpipe__margin_score(&v->margin, x != x);
    return x != x ? x : mlpipe__margin_score(&v->margin, x);
}

/* ---- the order of categories -------------------------------------------- */

static bool fit_is_category(const mlpipe_copula *k, uint32_t variable)
{
    return k->variable[variable].margin.code_z != NULL;
}

/* Sums of the scores of one variable by the codes of another. */
static void fit_sums(const mlpipe_copula *k, uint32_t category,
                     uint32_t number, const mlpipe_dataset *d, double *sum,
                     uint64_t *count)
{
    const uint32_t column = k->variable[category].column;

    for (int64_t i = 0; i < d->rows; i++) {
        const double code = mlpipe__copula_cell(k, column, d, i);
        const double z = fit_score(k, number, d, i);
        if (code != code || z != z)
            continue;
        sum[(uint32_t)code] += z;
        count[(uint32_t)code]++;
    }
}

/* How much of the variance lies between codes. */
static double fit_between(const double *sum, const uint64_t *count,
                          uint32_t codes)
{
    double all = 0.0, between = 0.0, n = 0.0;

    for (uint32_t i = 0; i < codes; i++) {
        all += sum[i];
        n += (double)count[i];
        between += count[i] ? sum[i] * sum[i] / (double)count[i] : 0.0;
    }
    return n > 0.0 ? between / n - (all / n) * (all / n) : 0.0;
}

typedef struct fit_order {
    double *sum, *mean;
    uint64_t *count, *scratch, *all;
    uint32_t *order;
} fit_order;

static void fit_order_free(mlpipe__env *env, fit_order *o)
{
    mlpipe__free(env, o->sum);
    mlpipe__free(env, o->mean);
    mlpipe__free(env, o->count);
    mlpipe__free(env, o->scratch);
    mlpipe__free(env, o->all);
    mlpipe__free(env, o->order);
}

static bool fit_order_make(mlpipe__env *env, fit_order *o, uint32_t codes)
{
    memset(o, 0, sizeof *o);
    o->sum = mlpipe__alloc_array(env, codes, sizeof o->sum[0]);
    o->mean = mlpipe__alloc_array(env, codes, sizeof o->mean[0]);
    o->count = mlpipe__alloc_array(env, codes, sizeof o->count[0]);
    o->scratch = mlpipe__alloc_array(env, codes, 4 * sizeof o->scratch[0]);
    o->all = mlpipe__alloc_array(env, codes, sizeof o->all[0]);
    o->order = mlpipe__alloc_array(env, codes, sizeof o->order[0]);
    return o->sum && o->mean && o->count && o->scratch && o->all && o->order;
}

/* Replaces the margin of a category by one in a better order. */
static mlpipe_status fit_order_one(mlpipe_ctx *ctx, mlpipe_copula *k,
                                   uint32_t at, const mlpipe_dataset *d)
{
    mlpipe__margin *m = &k->variable[at].margin;
    const uint32_t codes = m->codes;
    mlpipe__margin better = {.env = k->env};
    double most = 0.0;
    fit_order o;
    mlpipe_status st = fit_order_make(k->env, &o, codes)
        ? MLPIPE_OK : mlpipe__nomem(ctx);

    for (uint32_t j = 0; !st && j < k->variables; j++) {
        if (fit_is_category(k, j) || k->variable[j].unknown
            || k->variable[j].column == k->variable[at].column)
            continue;
        st = mlpipe__poll(ctx, "copula_fit", k->columns, 2 * k->columns);
        memset(o.sum, 0, codes * sizeof o.sum[0]);
        memset(o.count, 0, codes * sizeof o.count[0]);
        if (!st)
            fit_sums(k, at, j, d, o.sum, o.count);
        const double between = fit_between(o.sum, o.count, codes);
        if (st || !(between > most))
            continue;
        most = between;
        for (uint32_t i = 0; i < codes; i++)
            o.mean[i] = o.count[i] ? o.sum[i] / (double)o.count[i] : 0.0;
    }
    for (int64_t i = 0; !st && i < d->rows; i++) {
        const double code = mlpipe__copula_cell(k, k->variable[at].column, d,
                                                i);
        if (code == code)
            o.all[(uint32_t)code]++;
    }
    if (!st && most > 0.0) {
        mlpipe__argsort_f64(o.mean, o.order, codes, o.scratch);
        if (mlpipe__margin_codes(&better, o.all, o.order, codes)) {
            mlpipe__margin_free(m);
            *m = better;
        } else {
            mlpipe__margin_free(&better);
            st = mlpipe__nomem(ctx);
        }
    }
    fit_order_free(k->env, &o);
    return st;
}

/* ---- moments ------------------------------------------------------------ */

/*
 * Columns of the sums of products: scores (0 where there is none), their
 * squares, and where they are there, so that each pair has the moments of the
 * rows that have both.
 */
typedef struct fit_moments {
    uint32_t p, width;
    double *mean, *centred;
    double weight;
} fit_moments;

/* Sum of products of two of these columns; UINT32_MAX: of ones. */
static double fit_raw(const fit_moments *f, uint32_t a, uint32_t b)
{
    if (a == UINT32_MAX)
        return b == UINT32_MAX ? f->weight : f->weight * f->mean[b];
    return b == UINT32_MAX ? f->weight * f->mean[a]
        : f->centred[(size_t)a * f->width + b]
            + f->weight * f->mean[a] * f->mean[b];
}

/* Where the mask of a variable is, UINT32_MAX: it has all rows. */
static uint32_t fit_mask(const mlpipe_copula *k, const fit_moments *f,
                         uint32_t variable)
{
    const mlpipe__copula_variable *v = &k->variable[variable];

    return v->indicator || !k->column[v->column].nulls
        ? UINT32_MAX : 2 * f->p + variable;
}

static double fit_pair(const mlpipe_copula *k, const fit_moments *f,
                       uint32_t a, uint32_t b)
{
    const uint32_t ma = fit_mask(k, f, a), mb = fit_mask(k, f, b);
    const bool squares = f->width > f->p;
    const double n = fit_raw(f, ma, mb);
    const double sa = fit_raw(f, a, mb), sb = fit_raw(f, b, ma);
    const double aa = squares ? fit_raw(f, f->p + a, mb)
                              : fit_raw(f, a, a);
    const double bb = squares ? fit_raw(f, f->p + b, ma)
                              : fit_raw(f, b, b);

    if (n < 3.0)
        return 0.0;
    const double va = aa - sa * sa / n, vb = bb - sb * sb / n;
    const double r = (fit_raw(f, a, b) - sa * sb / n)
        / mlpipe__sqrt(va * vb);
    if (!(va > 1e-9 * n && vb > 1e-9 * n) || !mlpipe__finite(r))
        return 0.0;
    return r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
}

static void fit_fill(const mlpipe_copula *k, const mlpipe_dataset *d,
                     int64_t start, uint32_t rows, uint32_t width, double *x)
{
    const uint32_t p = k->variables;

    for (uint32_t i = 0; i < rows; i++, x += width)
        for (uint32_t j = 0; j < p; j++) {
            const double z = fit_score(k, j, d, start + i);
            const bool there = z == z;
            x[j] = there ? z : 0.0;
            if (width == p)
                continue;
            x[p + j] = x[j] * x[j];
            x[2 * p + j] = there;
        }
}

static mlpipe_status fit_gather(mlpipe_ctx *ctx, const mlpipe_copula *k,
                                const mlpipe_dataset *d, fit_moments *f)
{
    double *x = mlpipe__alloc_array(k->env, FIT_BLOCK,
                                    f->width * sizeof x[0]);
    mlpipe__scatter s;
    mlpipe_status st = x ? MLPIPE_OK : mlpipe__nomem(ctx);

    mlpipe__scatter_init(&s, k->env, f->width);
    for (int64_t at = 0; !st && at < d->rows; at += FIT_BLOCK) {
        const int64_t left = d->rows - at;
        const uint32_t n = (uint32_t)(left < FIT_BLOCK ? left : FIT_BLOCK);
        st = mlpipe__poll(ctx, "copula_fit", (uint64_t)(d->rows + at),
                          (uint64_t)(2 * d->rows));
        if (st)
            break;
        fit_fill(k, d, at, n, f->width, x);
        st = mlpipe__scatter_update(ctx, "copula_fit", &s, x, NULL, n,
                                    FIT_VECTOR);
    }
    if (!st)
        st = mlpipe__scatter_finish(ctx, &s, f->mean, f->centred, &f->weight);
    mlpipe__scatter_free(&s);
    mlpipe__free(k->env, x);
    return st;
}

/* ---- the matrix --------------------------------------------------------- */

/* Latent correlations of all pairs. */
static mlpipe_status fit_latent(mlpipe_ctx *ctx, mlpipe_copula *k,
                                const fit_moments *f)
{
    const uint32_t p = k->variables;
    double *terms = mlpipe__alloc_array(
        k->env, p, MLPIPE__COPULA_TERMS * sizeof terms[0]);
    double *sd = mlpipe__alloc_array(k->env, p, sizeof sd[0]);
    mlpipe_status st = terms && sd ? MLPIPE_OK : mlpipe__nomem(ctx);

    for (uint32_t a = 0; !st && a < p; a++)
        if (!k->variable[a].unknown)
            mlpipe__margin_terms(&k->variable[a].margin,
                                 terms + (size_t)a * MLPIPE__COPULA_TERMS,
                                 &sd[a]);
    for (uint32_t a = 0; !st && a < p; a++) {
        st = mlpipe__poll(ctx, "copula_fit", a, p);
        k->correlation[(size_t)a * p + a] = 1.0;
        for (uint32_t b = 0; !st && b < a; b++) {
            const bool can = sd[a] > 0.0 && sd[b] > 0.0
                && k->variable[a].column != k->variable[b].column;
            const double rho = !can ? 0.0 : mlpipe__copula_latent(
                terms + (size_t)a * MLPIPE__COPULA_TERMS, sd[a],
                terms + (size_t)b * MLPIPE__COPULA_TERMS, sd[b],
                fit_pair(k, f, a, b));
            k->correlation[(size_t)a * p + b] =
                k->correlation[(size_t)b * p + a] = rho;
        }
    }
    mlpipe__free(k->env, terms);
    mlpipe__free(k->env, sd);
    return st;
}

/* With no eigenvalue below the least: those that are get raised to it, and the
 * diagonal is made 1 again. */
static void fit_rebuild(mlpipe_copula *k, const double *values,
                        const double *vectors, double *made, double *moved)
{
    const uint32_t p = k->variables;

    for (uint32_t a = 0; a < p; a++)
        for (uint32_t b = 0; b <= a; b++) {
            double sum = 0.0;
            for (uint32_t j = 0; j < p; j++) {
                const double *v = vectors + (size_t)j * p;
                sum += (values[j] < fit_least_eigenvalue
                        ? fit_least_eigenvalue : values[j]) * v[a] * v[b];
            }
            made[(size_t)a * p + b] = sum;
        }
    for (uint32_t a = 0; a < p; a++)
        for (uint32_t b = 0; b < a; b++) {
            const double now = made[(size_t)a * p + b]
                / mlpipe__sqrt(made[(size_t)a * p + a]
                               * made[(size_t)b * p + b]);
            const double off = now - k->correlation[(size_t)a * p + b];
            const double size = off < 0.0 ? -off : off;
            *moved = size > *moved ? size : *moved;
            k->correlation[(size_t)a * p + b] =
                k->correlation[(size_t)b * p + a] = now;
        }
}

static mlpipe_status fit_positive(mlpipe_ctx *ctx, mlpipe_copula *k,
                                  uint32_t *clipped, double *moved)
{
    const uint32_t p = k->variables;
    const size_t bytes = (size_t)p * sizeof(double);
    double *a = mlpipe__alloc_array(k->env, p, bytes);
    double *values = mlpipe__alloc_array(k->env, p, sizeof values[0]);
    double *vectors = mlpipe__alloc_array(k->env, p, bytes);
    bool blas = false;
    mlpipe_status st = a && values && vectors ? MLPIPE_OK
                                              : mlpipe__nomem(ctx);

    if (!st) {
        memcpy(a, k->correlation, (size_t)p * bytes);
        st = mlpipe__eigen(ctx, "copula_fit", p, a, values, vectors, &blas);
    }
    for (uint32_t j = 0; !st && j < p; j++)
        *clipped += values[j] < fit_least_eigenvalue;
    if (!st && *clipped)
        fit_rebuild(k, values, vectors, a, moved);
    mlpipe__free(k->env, a);
    mlpipe__free(k->env, values);
    mlpipe__free(k->env, vectors);
    return st;
}

mlpipe_status mlpipe__copula_correlate(mlpipe_ctx *ctx, mlpipe_copula *k,
                                       const mlpipe_dataset *d,
                                       uint32_t *clipped, double *moved)
{
    const uint32_t p = k->variables;
    mlpipe_status st = MLPIPE_OK;
    bool nulls = false;

    for (uint32_t i = 0; i < k->columns; i++)
        nulls = nulls || k->column[i].nulls;
    for (uint32_t i = 0; !st && i < p; i++)
        if (fit_is_category(k, i))
            st = fit_order_one(ctx, k, i, d);
    fit_moments f = {.p = p, .width = nulls ? 3 * p : p};
    f.mean = mlpipe__alloc_array(k->env, f.width, sizeof f.mean[0]);
    f.centred = mlpipe__alloc_array(k->env, f.width,
                                    f.width * sizeof f.centred[0]);
    k->correlation = mlpipe__alloc_array(k->env, p,
                                         p * sizeof k->correlation[0]);
    if (!st && (!f.mean || !f.centred || !k->correlation))
        st = mlpipe__nomem(ctx);
    if (!st)
        st = fit_gather(ctx, k, d, &f);
    if (!st)
        st = fit_latent(ctx, k, &f);
    if (!st)
        st = fit_positive(ctx, k, clipped, moved);
    mlpipe__free(k->env, f.mean);
    mlpipe__free(k->env, f.centred);
    return st;
}
