/* SPDX-License-Identifier: MIT */
/*
 * Ridge regression from one pass: the Gram matrix of shifted columns over
 * fixed blocks of rows, combined as a binary tree over blocks, so that neither
 * large offsets nor the number of threads cost digits. The intercept is not
 * penalised; l2 is the alpha of scikit-learn.
 */
#include "train_internal.h"

#include "../report/report_internal.h"

enum { RIDGE_ROWS = 4096, RIDGE_LEVELS = 52, RIDGE_FEATURES_MAX = 8192 };

static const mlpipe__param ridge_params[] = {
    {"l2", MLPIPE_PARAM_REAL, "1", 0, 1e100, NULL, 0x000100,
     "Penalty on the squares of the coefficients."},
    {"intercept", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Whether a constant is fitted too; it is never penalised."},
};

/*
 * Columns of the Gram matrix: the features, the target, and a one, each less
 * its shift and times the root of the row's weight.
 */
typedef struct ridge_fit {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    const mlpipe__fit_job *job;
    double l2;
    bool intercept;
    uint32_t p, q;    /* features; columns, p + 2 */
    double *shift;    /* q */
    double *block;    /* RIDGE_ROWS x q */
    double *level[RIDGE_LEVELS]; /* q x q each; the sum of 2^k blocks */
    bool full[RIDGE_LEVELS];
    double *gram;     /* the sum of all */
    void *scratch;
    double *values;
    uint8_t *valid;
    double *a, *b, *factor, *size; /* of the equations */
    double *model;    /* intercept, then coefficients */
} ridge_fit;

static mlpipe_status ridge_null(const ridge_fit *r, uint32_t f, int64_t row)
{
    const char *name = r->job->train->feature[f].name;

    mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                 "%s: feature %q is missing in row %lld; add impute before it",
                 r->job->name, name, (long long)row);
    return mlpipe__fail_at(r->ctx, row, name);
}

/* One block of at most RIDGE_ROWS rows, column-major, shifted and weighted. */
static mlpipe_status ridge_read(ridge_fit *r, int64_t start, uint32_t rows)
{
    const mlpipe__frame *t = r->job->train;

    for (uint32_t at = 0; at < rows; at += MLPIPE__BLOCK_ROWS) {
        const uint32_t n = rows - at < MLPIPE__BLOCK_ROWS
                               ? rows - at
                               : MLPIPE__BLOCK_ROWS;
        t->read(t, r->scratch, start + at, n, r->values, r->valid);
        for (uint32_t f = 0; f < r->p; f++)
            for (uint32_t i = 0; i < n; i++) {
                if (!r->valid[(size_t)f * n + i])
                    return ridge_null(r, f, start + at + i);
                r->block[(size_t)f * RIDGE_ROWS + at + i] =
                    r->values[(size_t)f * n + i];
            }
    }
    for (uint32_t i = 0; i < rows; i++) {
        r->block[(size_t)r->p * RIDGE_ROWS + i] = t->target[start + i];
        r->block[((size_t)r->p + 1) * RIDGE_ROWS + i] = 1;
    }
    return MLPIPE_OK;
}

/* Without an intercept the columns stay where they are. */
static void ridge_shifts(ridge_fit *r, uint32_t rows)
{
    mlpipe__exact sum;

    for (uint32_t c = 0; c <= r->p && r->intercept; c++) {
        mlpipe__exact_init(&sum);
        for (uint32_t i = 0; i < rows; i++)
            mlpipe__exact_add(&sum, r->block[(size_t)c * RIDGE_ROWS + i]);
        r->shift[c] = mlpipe__exact_value(&sum) / rows;
    }
}

static void ridge_weigh(ridge_fit *r, int64_t start, uint32_t rows)
{
    const double *w = r->job->train->weight;

    for (uint32_t c = 0; c < r->q; c++)
        for (uint32_t i = 0; i < rows; i++) {
            const double root = w ? mlpipe__sqrt(w[start + i]) : 1;
            double *x = &r->block[(size_t)c * RIDGE_ROWS + i];
            *x = (*x - r->shift[c]) * root;
        }
}

static void ridge_add(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* A block's matrix in r->gram goes up as a binary counter would carry it. */
static mlpipe_status ridge_carry(ridge_fit *r)
{
    const size_t n = (size_t)r->q * r->q;
    uint32_t k = 0;

    for (; r->full[k]; k++) {
        ridge_add(r->gram, r->level[k], n);
        r->full[k] = false;
    }
    if (!r->level[k])
        r->level[k] = mlpipe__alloc_array(r->env, n, sizeof(double));
    if (!r->level[k])
        return mlpipe__nomem(r->ctx);
    memcpy(r->level[k], r->gram, n * sizeof(double));
    r->full[k] = true;
    return MLPIPE_OK;
}

static mlpipe_status ridge_gram(ridge_fit *r)
{
    const size_t n = (size_t)r->q * r->q;
    const int64_t rows = r->job->train->rows;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t start = 0; start < rows && !st; start += RIDGE_ROWS) {
        const uint32_t m = rows - start < RIDGE_ROWS
                               ? (uint32_t)(rows - start)
                               : RIDGE_ROWS;
        st = mlpipe__poll(r->ctx, r->job->name, (uint64_t)start,
                          (uint64_t)rows);
        if (!st)
            st = ridge_read(r, start, m);
        if (st)
            return st;
        if (!start)
            ridge_shifts(r, m);
        ridge_weigh(r, start, m);
        memset(r->gram, 0, n * sizeof(double));
        mlpipe__syrk(m, r->q, r->block, RIDGE_ROWS, r->gram);
        st = ridge_carry(r);
    }
    memset(r->gram, 0, n * sizeof(double));
    for (uint32_t k = 0; k < RIDGE_LEVELS; k++)
        if (r->full[k])
            ridge_add(r->gram, r->level[k], n);
    return st;
}

/* Entry of the sum, of its upper triangle. */
static double ridge_at(const ridge_fit *r, uint32_t i, uint32_t j)
{
    return i < j ? r->gram[(size_t)j * r->q + i]
                 : r->gram[(size_t)i * r->q + j];
}

/* The same about the means. */
static double ridge_centred(const ridge_fit *r, uint32_t i, uint32_t j)
{
    const uint32_t one = r->p + 1;
    const double x = ridge_at(r, i, j);

    if (!r->intercept)
        return x;
    return x - ridge_at(r, i, one) * ridge_at(r, j, one) /
                   ridge_at(r, one, one);
}

/* A power of two near the root of x, so that scaling rounds nothing. */
static double ridge_power(double x)
{
    double p = 1;

    while (p * p < x && p < 0x1p500)
        p *= 2;
    while (p * p > x && p > 0x1p-500)
        p /= 2;
    return p;
}

static mlpipe_status ridge_equations(ridge_fit *r)
{
    for (uint32_t i = 0; i < r->p; i++) {
        const double d = ridge_centred(r, i, i) + r->l2;
        r->size[i] = d > 0 ? ridge_power(d) : 1;
    }
    for (uint32_t j = 0; j < r->p; j++) {
        for (uint32_t i = 0; i <= j; i++)
            r->a[(size_t)j * r->p + i] =
                (ridge_centred(r, i, j) + (i == j ? r->l2 : 0)) /
                r->size[i] / r->size[j];
        r->b[j] = ridge_centred(r, j, r->p) / r->size[j];
        if (!mlpipe__finite(r->b[j]) ||
            !mlpipe__finite(r->a[(size_t)j * r->p + j]))
            return mlpipe__fail(r->ctx, MLPIPE_E_NUMERIC,
                                "%s: the squares of feature %q or of the "
                                "target are beyond a double; add scale",
                                r->job->name,
                                r->job->train->feature[j].name);
    }
    memcpy(r->factor, r->a, (size_t)r->p * r->p * sizeof *r->a);
    return MLPIPE_OK;
}

/* The first pivot that is only rounding; p where there is none. */
static uint32_t ridge_bad_pivot(const ridge_fit *r, uint32_t minor)
{
    const uint32_t p = r->p, end = minor ? minor - 1 : p;

    for (uint32_t k = 0; k < end; k++) {
        const double u = r->factor[(size_t)k * p + k];
        if (!(u * u > 1e-14 * r->a[(size_t)k * p + k]))
            return k;
    }
    return end;
}

/*
 * Say which features make feature k: those with weight in the best
 * combination of the ones before it, which the factor so far gives.
 */
static mlpipe_status ridge_collinear(const ridge_fit *r, uint32_t k)
{
    const mlpipe__feature *feature = r->job->train->feature;
    char names[512];
    size_t at = 0;
    uint32_t told = 0;

    for (uint32_t i = k; i-- > 0;) {
        double s = r->factor[(size_t)k * r->p + i];
        for (uint32_t j = i + 1; j < k; j++)
            s -= r->factor[(size_t)j * r->p + i] * r->b[j];
        r->b[i] = s / r->factor[(size_t)i * r->p + i];
    }
    names[0] = 0;
    for (uint32_t i = 0; i < k && told < 6; i++) {
        if (!(r->b[i] > 1e-6 || r->b[i] < -1e-6))
            continue;
        at += mlpipe__format(names + at, sizeof names - at, "%s%q",
                             told ? ", " : "", feature[i].name);
        told++;
    }
    if (!told)
        mlpipe__fail(r->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is constant in the training rows; leave "
                     "it out, or set l2 above 0 (it is %g)",
                     r->job->name, feature[k].name, r->l2);
    else
        mlpipe__fail(r->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is a linear combination of %s; leave one "
                     "out, or raise l2 (it is %g; scale makes it count)",
                     r->job->name, feature[k].name, names, r->l2);
    return mlpipe__fail_at(r->ctx, -1, feature[k].name);
}

static mlpipe_status ridge_solve(ridge_fit *r)
{
    const uint32_t p = r->p, one = p + 1;
    const mlpipe_status st = ridge_equations(r);
    uint32_t minor;

    if (st)
        return st;
    minor = mlpipe__cholesky(p, r->factor);
    const uint32_t bad = ridge_bad_pivot(r, minor);
    if (bad < p)
        return ridge_collinear(r, bad);
    mlpipe__cholesky_solve(p, r->factor, r->b);
    for (uint32_t i = 0; i < p; i++)
        r->model[1 + i] = r->b[i] / r->size[i];
    r->model[0] = 0;
    if (!r->intercept)
        return MLPIPE_OK;
    const double weight = ridge_at(r, one, one);
    double c = r->shift[p] + ridge_at(r, p, one) / weight;
    for (uint32_t i = 0; i < p; i++)
        c -= r->model[1 + i] *
             (r->shift[i] + ridge_at(r, i, one) / weight);
    r->model[0] = c;
    return MLPIPE_OK;
}

/* The mean squared error of the training rows, from the Gram matrix. */
static double ridge_loss(const ridge_fit *r)
{
    double e = ridge_centred(r, r->p, r->p);

    for (uint32_t i = 0; i < r->p; i++) {
        double g = -2 * ridge_centred(r, i, r->p);
        for (uint32_t j = 0; j < r->p; j++)
            g += ridge_centred(r, i, j) * r->model[1 + j];
        e += g * r->model[1 + i];
    }
    e /= ridge_at(r, r->p + 1, r->p + 1);
    return e > 0 ? e : 0;
}

static mlpipe_status ridge_allocate(ridge_fit *r)
{
    const mlpipe__frame *t = r->job->train;
    const size_t p = r->p, q = r->q;
    mlpipe__env *env = r->env;

    r->shift = mlpipe__alloc_array(env, q, sizeof(double));
    r->block = mlpipe__alloc_array(env, q, RIDGE_ROWS * sizeof(double));
    r->gram = mlpipe__alloc_array(env, q * q, sizeof(double));
    r->scratch = mlpipe__alloc(env, t->scratch_bytes);
    r->values = mlpipe__alloc_array(env, p,
                                    MLPIPE__BLOCK_ROWS * sizeof(double));
    r->valid = mlpipe__alloc_array(env, p, MLPIPE__BLOCK_ROWS);
    r->a = mlpipe__alloc_array(env, p * p, sizeof(double));
    r->factor = mlpipe__alloc_array(env, p * p, sizeof(double));
    r->b = mlpipe__alloc_array(env, p, sizeof(double));
    r->size = mlpipe__alloc_array(env, p, sizeof(double));
    r->model = mlpipe__alloc_array(env, p + 1, sizeof(double));
    if (!r->shift || !r->block || !r->gram || !r->scratch || !r->values ||
        !r->valid || !r->a || !r->factor || !r->b || !r->size || !r->model)
        return mlpipe__nomem(r->ctx);
    return MLPIPE_OK;
}

static void ridge_free(ridge_fit *r)
{
    for (uint32_t k = 0; k < RIDGE_LEVELS; k++)
        mlpipe__free(r->env, r->level[k]);
    mlpipe__free(r->env, r->shift);
    mlpipe__free(r->env, r->block);
    mlpipe__free(r->env, r->gram);
    mlpipe__free(r->env, r->scratch);
    mlpipe__free(r->env, r->values);
    mlpipe__free(r->env, r->valid);
    mlpipe__free(r->env, r->a);
    mlpipe__free(r->env, r->factor);
    mlpipe__free(r->env, r->b);
    mlpipe__free(r->env, r->size);
    mlpipe__free(r->env, r->model);
}

static mlpipe_status ridge_check(const ridge_fit *r)
{
    const mlpipe__frame *t = r->job->train;
    double weight = 0;

    if (r->job->task != MLPIPE__TASK_REGRESSION)
        return mlpipe__fail(r->ctx, MLPIPE_E_UNSUPPORTED,
                            "%s: ridge predicts numbers and this target has "
                            "two classes; use gbt, or state task=regression",
                            r->job->name);
    if (!t->features || t->features > RIDGE_FEATURES_MAX)
        return mlpipe__fail(r->ctx,
                            t->features ? MLPIPE_E_LIMIT : MLPIPE_E_EMPTY,
                            "%s: %u features; ridge takes 1 to %d",
                            r->job->name, t->features, RIDGE_FEATURES_MAX);
    for (uint32_t f = 0; f < t->features; f++)
        if (t->feature[f].kind == MLPIPE__CODE) {
            mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                         "%s: feature %q is a category; add onehot or "
                         "ordinal before ridge",
                         r->job->name, t->feature[f].name);
            return mlpipe__fail_at(r->ctx, -1, t->feature[f].name);
        }
    for (int64_t i = 0; i < t->rows; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        if (!mlpipe__finite(t->target[i]) || !(w >= 0) || !(w <= 1e100)) {
            mlpipe__fail(r->ctx, MLPIPE_E_NUMERIC,
                         "%s: row %lld has target %g and weight %g; both must "
                         "be finite, the weight within 0 and 1e100",
                         r->job->name, (long long)i, t->target[i], w);
            return mlpipe__fail_at(r->ctx, i, "");
        }
        weight += w;
    }
    if (!(weight > 0))
        return mlpipe__fail(r->ctx, MLPIPE_E_EMPTY,
                            "%s: no training row has a weight above 0",
                            r->job->name);
    return MLPIPE_OK;
}

static void ridge_emit(const ridge_fit *r)
{
    mlpipe__fit_job *job = (mlpipe__fit_job *)r->job;
    const uint32_t consts = mlpipe__program_const(job->program, r->model,
                                                  r->p + 1);
    const uint32_t words = mlpipe__program_words(job->program, job->regs,
                                                 r->p);

    job->out = mlpipe__program_op(job->program, MLPIPE__OP_LINEAR, 0, consts,
                                  words, r->p, 1);
    job->raw = job->out;
    if (!job->notes)
        return;
    mlpipe__report_number(job->notes, "train_loss", ridge_loss(r));
    mlpipe__report_number(job->notes, "intercept", r->model[0]);
    mlpipe__report_series(job->notes, "coefficients", r->model + 1, r->p);
}

static mlpipe_status ridge_learn(mlpipe__fit_job *job)
{
    ridge_fit r = {.ctx = job->ctx, .env = job->ctx->env, .job = job};
    mlpipe_status st = ridge_check(&r);

    if (st)
        return st;
    r.p = job->train->features;
    r.q = r.p + 2;
    r.l2 = mlpipe__params_get(job->params, "l2")->number;
    r.intercept = mlpipe__params_get(job->params, "intercept")->number != 0;
    st = ridge_allocate(&r);
    if (!st)
        st = ridge_gram(&r);
    if (!st)
        st = ridge_solve(&r);
    if (!st)
        ridge_emit(&r);
    ridge_free(&r);
    return st;
}

const mlpipe__learner mlpipe__learner_ridge = {
    .name = "ridge",
    .tasks = MLPIPE__TASK_REGRESSION,
    .takes_nulls = false,
    .takes_codes = false,
    .blas = true,
    .params = ridge_params,
    .param_count = sizeof ridge_params / sizeof *ridge_params,
    .doc = "Linear regression with a penalty on squared coefficients; no "
           "classes.",
    .fit = ridge_learn,
};
