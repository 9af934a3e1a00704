/* SPDX-License-Identifier: MIT */
/*
 * Ridge regression and least squares from moments. The intercept is not
 * penalised; l2 is the alpha of scikit-learn, and lambda the same by the sum
 * of the weights. Least squares whose equations lose digits get them back
 * from the rows: the gradient of the residuals is solved for by the same
 * factor (Björck's corrected semi-normal equations).
 */
#include "linear_types.h"

#include "../report/report_internal.h"

/* Condition numbers of the equations: beyond, so many corrections. Each takes
 * the error down by the condition times 2^-52. */
#define RIDGE_CORRECT_ONCE 1e5
#define RIDGE_CORRECT_TWICE 1e9
#define RIDGE_CORRECT_THRICE 1e12
#define RIDGE_PIVOT 1e-14 /* below is rounding of its square */

static const mlpipe__param ridge_params[] = {
    {"l2", MLPIPE_PARAM_REAL, "1", 0, 1e100, NULL, 0x000100,
     "Penalty on the squares of the coefficients."},
    {"intercept", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Whether a constant is fitted too; it is never penalised."},
    {"lambda", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "In place of l2: auto, by cross-validation; or l2 by the sum of the "
     "weights."},
    {"lambdas", MLPIPE_PARAM_INT, "50", 2, MLPIPE__LINEAR_LAMBDAS_MAX, NULL,
     0x000100, "How many lambdas lambda=auto tries."},
    {"lambda_ratio", MLPIPE_PARAM_REAL, "1e-8", 1e-16, 0.999, NULL, 0x000100,
     "The least lambda that is tried, by the sum of the features' "
     "variances."},
    {"folds", MLPIPE_PARAM_INT, "5", 2, MLPIPE__LINEAR_FOLDS_MAX, NULL,
     0x000100, "Folds of rows, or of groups, that lambda=auto leaves out."},
    {"rule", MLPIPE_PARAM_CHOICE, "min", 0, 0, "min,1se", 0x000100,
     "The lambda of least error, or the strongest within one standard error "
     "of it."},
};

/* Equations in coefficients times size, a power of two near the root of the
 * diagonal, so that scaling rounds nothing. */
typedef struct ridge_solver {
    const mlpipe__moments *m;
    double *factor; /* p x p */
    double *diagonal, *size, *w, *x, *y; /* p */
    double norm;    /* largest sum of a column */
} ridge_solver;

typedef struct ridge_fit {
    mlpipe__linear *l;
    mlpipe__gram gram;
    mlpipe__moments *moments; /* folds + 1, the last of all rows */
    ridge_solver *solver;     /* the same */
    uint32_t fits;
    double *sum;              /* q x q of scratch */
    double *errors, *weights; /* folds x lambdas; folds */
    uint32_t at;              /* place of the lambda */
    double condition, l2;
} ridge_fit;

/* ---- one set of equations ----------------------------------------------- */

static bool ridge_solver_init(mlpipe__env *env, const mlpipe__moments *m,
                              ridge_solver *s)
{
    const size_t p = m->p;

    s->m = m;
    s->factor = mlpipe__alloc_array(env, p * p, sizeof(double));
    s->diagonal = mlpipe__alloc_array(env, p, sizeof(double));
    s->size = mlpipe__alloc_array(env, p, sizeof(double));
    s->w = mlpipe__alloc_array(env, p, sizeof(double));
    s->x = mlpipe__alloc_array(env, p, sizeof(double));
    s->y = mlpipe__alloc_array(env, p, sizeof(double));
    if (!s->factor || !s->diagonal || !s->size || !s->w || !s->x || !s->y)
        return false;
    memset(s->w, 0, p * sizeof(double));
    return true;
}

static void ridge_solver_free(mlpipe__env *env, ridge_solver *s)
{
    mlpipe__free(env, s->factor);
    mlpipe__free(env, s->diagonal);
    mlpipe__free(env, s->size);
    mlpipe__free(env, s->w);
    mlpipe__free(env, s->x);
    mlpipe__free(env, s->y);
}

/* The upper triangle of the scaled equations. */
static void ridge_equations(ridge_solver *s, double lambda)
{
    const uint32_t p = s->m->p;

    for (uint32_t i = 0; i < p; i++) {
        const double d = s->m->a[(size_t)i * p + i] + lambda;
        s->size[i] = d > 0 ? mlpipe__linear_power(d) : 1;
        s->x[i] = 0;
    }
    for (uint32_t j = 0; j < p; j++) {
        const double *a = s->m->a + (size_t)j * p;
        double *to = s->factor + (size_t)j * p;
        for (uint32_t i = 0; i <= j; i++) {
            to[i] = (a[i] + (i == j ? lambda : 0)) / s->size[i] / s->size[j];
            const double size = to[i] < 0 ? -to[i] : to[i];
            s->x[j] += size;
            s->x[i] += i < j ? size : 0;
        }
        s->diagonal[j] = to[j];
    }
    s->norm = 0;
    for (uint32_t j = 0; j < p; j++)
        if (s->x[j] > s->norm)
            s->norm = s->x[j];
}

/* The first pivot that is only rounding; p where there is none. */
static uint32_t ridge_factor(ridge_solver *s, double lambda)
{
    const uint32_t p = s->m->p;

    ridge_equations(s, lambda);
    const uint32_t minor = mlpipe__cholesky(p, s->factor);
    const uint32_t end = minor ? minor - 1 : p;
    for (uint32_t k = 0; k < end; k++) {
        const double u = s->factor[(size_t)k * p + k];
        if (!(u * u > RIDGE_PIVOT * s->diagonal[k]))
            return k;
    }
    return end;
}

/* w += the solution for this right side. */
static void ridge_step(ridge_solver *s, const double *right)
{
    const uint32_t p = s->m->p;

    for (uint32_t i = 0; i < p; i++)
        s->x[i] = right[i] / s->size[i];
    mlpipe__cholesky_solve(p, s->factor, s->x);
    for (uint32_t i = 0; i < p; i++)
        s->w[i] += s->x[i] / s->size[i];
}

/* Norm 1 of the equations by an estimate of that of their inverse (Hager
 * 1984, which is hardly ever more than three times too small). */
static double ridge_condition(ridge_solver *s)
{
    const uint32_t p = s->m->p;
    uint32_t at = UINT32_MAX;
    double inverse = 0;

    for (uint32_t turn = 0; turn < 5; turn++) {
        double norm = 0;
        uint32_t most = 0;
        for (uint32_t i = 0; i < p; i++)
            s->x[i] = at == UINT32_MAX ? 1.0 / p : i == at;
        mlpipe__cholesky_solve(p, s->factor, s->x);
        for (uint32_t i = 0; i < p; i++) {
            norm += s->x[i] < 0 ? -s->x[i] : s->x[i];
            s->y[i] = s->x[i] < 0 ? -1 : 1;
        }
        if (norm <= inverse)
            break;
        inverse = norm;
        mlpipe__cholesky_solve(p, s->factor, s->y);
        for (uint32_t i = 0; i < p; i++) {
            s->y[i] = s->y[i] < 0 ? -s->y[i] : s->y[i];
            if (s->y[i] > s->y[most])
                most = i;
        }
        if (most == at)
            break;
        at = most;
    }
    return s->norm * inverse;
}

/* ---- what cannot be solved ---------------------------------------------- */

/*
 * Say which features make feature k: those with weight in the best
 * combination of the ones before it, which the factor so far gives.
 */
static mlpipe_status ridge_collinear(const ridge_fit *r, const ridge_solver *s,
                                     uint32_t k)
{
    const mlpipe__linear *l = r->l;
    const mlpipe__feature *feature = l->job->train->feature;
    char names[512];
    size_t at = 0;
    uint32_t told = 0;

    mlpipe__linear_combination(l->p, s->factor, k, s->x);
    names[0] = 0;
    for (uint32_t i = 0; i < k && told < 6; i++) {
        if (!(s->x[i] > 1e-6 || s->x[i] < -1e-6))
            continue;
        at += mlpipe__format(names + at, sizeof names - at, "%s%q",
                             told ? ", " : "", feature[i].name);
        told++;
    }
    if (!told)
        mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is constant in the training rows; leave "
                     "it out, or set l2 above 0 (it is %g)",
                     l->job->name, feature[k].name, r->l2);
    else
        mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                     "%s: feature %q is a linear combination of %s; leave one "
                     "out, or raise l2 (it is %g; scale makes it count)",
                     l->job->name, feature[k].name, names, r->l2);
    return mlpipe__fail_at(l->ctx, -1, feature[k].name);
}

/* ---- lambda by cross-validation ----------------------------------------- */

static void ridge_task(void *arg, uint32_t k)
{
    ridge_fit *r = arg;
    ridge_solver *s = &r->solver[k];
    const mlpipe__linear *l = r->l;

    memset(s->w, 0, l->p * sizeof(double));
    if (s->m->weight > 0 && ridge_factor(s, l->path[r->at]) == l->p)
        ridge_step(s, s->m->b);
    r->errors[(size_t)k * l->lambdas + r->at] =
        mlpipe__gram_error(&r->gram, k, s->m, s->w, &r->weights[k]);
}

static mlpipe_status ridge_choose(ridge_fit *r)
{
    mlpipe__linear *l = r->l;
    const mlpipe__moments *all = &r->moments[r->fits - 1];
    mlpipe_status st = MLPIPE_OK;
    double trace = 0;
    uint32_t best = 0;

    for (uint32_t j = 0; j < l->p; j++)
        trace += all->a[(size_t)j * l->p + j];
    mlpipe__linear_grid(l, trace > 0 ? trace : 1);
    for (r->at = 0; r->at < l->lambdas && !st; r->at++) {
        st = mlpipe__poll(l->ctx, l->job->name, r->at, l->lambdas);
        if (!st)
            st = mlpipe__parallel(l->ctx, ridge_task, r, l->folds);
        for (uint32_t k = 0; k < l->folds; k++)
            l->nonzero[r->at] += r->weights[k] > 0 ? l->p : 0;
    }
    if (!st)
        st = mlpipe__linear_choose(l, r->errors, r->weights, &best);
    if (!st)
        l->lambda = l->path[best];
    return st;
}

/* ---- the fit ------------------------------------------------------------ */

/* Least squares lose digits by the condition of their equations, and the
 * rows know them. */
static mlpipe_status ridge_correct(ridge_fit *r, ridge_solver *s)
{
    const uint32_t turns = r->condition > RIDGE_CORRECT_THRICE  ? 3
                           : r->condition > RIDGE_CORRECT_TWICE ? 2
                           : r->condition > RIDGE_CORRECT_ONCE  ? 1
                                                                : 0;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t t = 0; r->l2 == 0 && t < turns && !st; t++) {
        st = mlpipe__gram_gradient(r->l->job, s->m->mean, s->w, s->y);
        for (uint32_t i = 0; i < r->l->p; i++)
            s->y[i] = s->m->a[(size_t)i * r->l->p + i] != 0
                          ? s->y[i] / s->m->weight
                          : 0;
        if (!st)
            ridge_step(s, s->y);
    }
    return st;
}

/* The mean squared error of the training rows. */
static double ridge_loss(const ridge_solver *s)
{
    const mlpipe__moments *m = s->m;
    double e = m->yy;

    for (uint32_t i = 0; i < m->p; i++) {
        double g = -2 * m->b[i];
        for (uint32_t j = 0; j < m->p; j++)
            g += m->a[(size_t)i * m->p + j] * s->w[j];
        e += g * s->w[i];
    }
    return e > 0 ? e : 0;
}

static mlpipe_status ridge_solve(ridge_fit *r)
{
    mlpipe__linear *l = r->l;
    ridge_solver *s = &r->solver[r->fits - 1];
    mlpipe_status st = MLPIPE_OK;

    if (l->automatic)
        st = ridge_choose(r);
    if (st)
        return st;
    r->l2 = l->lambda >= 0
                ? l->lambda * s->m->weight
                : mlpipe__params_get(l->job->params, "l2")->number;
    const uint32_t bad = ridge_factor(s, r->l2 / s->m->weight);
    if (bad < l->p)
        return ridge_collinear(r, s, bad);
    ridge_step(s, s->m->b);
    r->condition = ridge_condition(s);
    st = ridge_correct(r, s);
    l->loss = ridge_loss(s);
    mlpipe__linear_keep(l, s->w, s->m->mean);
    return st;
}

static mlpipe_status ridge_prepare(ridge_fit *r)
{
    const mlpipe__linear *l = r->l;
    const size_t size = (size_t)r->gram.q * r->gram.q;
    mlpipe_status st = MLPIPE_OK;

    r->moments = mlpipe__alloc_array(l->env, r->fits, sizeof *r->moments);
    r->solver = mlpipe__alloc_array(l->env, r->fits, sizeof *r->solver);
    r->sum = mlpipe__alloc_array(l->env, size, sizeof(double));
    r->errors = mlpipe__alloc_array(l->env, r->fits,
                                    l->lambdas * sizeof(double));
    r->weights = mlpipe__alloc_array(l->env, r->fits, sizeof(double));
    if (r->moments)
        memset(r->moments, 0, r->fits * sizeof *r->moments);
    if (r->solver)
        memset(r->solver, 0, r->fits * sizeof *r->solver);
    if (!r->moments || !r->solver || !r->sum || !r->errors || !r->weights)
        return mlpipe__nomem(l->ctx);
    for (uint32_t k = 0; k < r->fits && !st; k++) {
        mlpipe__moments *m = &r->moments[k];
        if (!mlpipe__moments_init(l->env, l->p, m) ||
            !ridge_solver_init(l->env, m, &r->solver[k]))
            return mlpipe__nomem(l->ctx);
        mlpipe__moments_fill(&r->gram, k + 1 == r->fits ? UINT32_MAX : k,
                             l->intercept, r->sum, m);
        st = mlpipe__linear_finite(l, m);
    }
    return st;
}

static void ridge_free(ridge_fit *r)
{
    mlpipe__env *env = r->l->env;

    for (uint32_t k = 0; r->moments && k < r->fits; k++)
        mlpipe__moments_free(env, &r->moments[k]);
    for (uint32_t k = 0; r->solver && k < r->fits; k++)
        ridge_solver_free(env, &r->solver[k]);
    mlpipe__free(env, r->moments);
    mlpipe__free(env, r->solver);
    mlpipe__free(env, r->sum);
    mlpipe__free(env, r->errors);
    mlpipe__free(env, r->weights);
    mlpipe__gram_free(&r->gram);
}

static mlpipe_status ridge_learn(mlpipe__fit_job *job)
{
    mlpipe__linear l = {0};
    ridge_fit r = {.l = &l};
    mlpipe_status st = mlpipe__linear_start(job, &l);

    if (!st) {
        r.fits = l.automatic ? l.folds + 1 : 1;
        st = mlpipe__gram_fit(job, l.intercept, l.automatic ? l.folds : 1,
                              &r.gram);
        if (!st)
            st = ridge_prepare(&r);
        if (!st)
            st = ridge_solve(&r);
        ridge_free(&r);
    }
    if (!st)
        mlpipe__linear_emit(&l);
    if (!st && job->notes) {
        mlpipe__report_number(job->notes, "condition", r.condition);
        mlpipe__report_number(job->notes, "l2", r.l2);
    }
    mlpipe__linear_free(&l);
    return st;
}

static mlpipe_status ridge_check(mlpipe_ctx *ctx, const char *name,
                                 const mlpipe__params *params)
{
    double lambda;

    return mlpipe__linear_lambda(ctx, name, params, false, &lambda);
}

const mlpipe__learner mlpipe__learner_ridge = {
    .name = "ridge",
    .tasks = MLPIPE__TASK_REGRESSION,
    .takes_nulls = false,
    .takes_codes = false,
    .takes_offset = true,
    .blas = true,
    .params = ridge_params,
    .param_count = sizeof ridge_params / sizeof *ridge_params,
    .doc = "Linear regression with a penalty on squared coefficients; no "
           "classes.",
    .fit = ridge_learn,
    .check = ridge_check,
};
