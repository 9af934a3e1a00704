/* SPDX-License-Identifier: MIT */
/* What the linear learners have in common: what they refuse, the strength of
 * the penalty and how it is chosen, and the fitted form. */
#include "linear_types.h"

/* ---- checks ------------------------------------------------------------- */

static mlpipe_status linear_check_features(const mlpipe__linear *l)
{
    const mlpipe__frame *t = l->job->train;
    const char *name = l->job->name;

    if (!t->features)
        return mlpipe__fail(l->ctx, MLPIPE_E_EMPTY,
                            "%s: there is no feature; leave one or more to "
                            "the learner",
                            name);
    if (t->features > MLPIPE__LINEAR_FEATURES_MAX && !l->lasso)
        return mlpipe__fail(l->ctx, MLPIPE_E_LIMIT,
                            "%s: %u features; it takes 1 to %d, and lasso and "
                            "elastic_net take more",
                            name, t->features, MLPIPE__LINEAR_FEATURES_MAX);
    for (uint32_t f = 0; f < t->features; f++)
        if (t->feature[f].kind == MLPIPE__CODE) {
            mlpipe__fail(l->ctx, MLPIPE_E_SCHEMA,
                         "%s: feature %q is a category; add onehot or "
                         "ordinal before it",
                         name, t->feature[f].name);
            return mlpipe__fail_at(l->ctx, -1, t->feature[f].name);
        }
    return MLPIPE_OK;
}

static mlpipe_status linear_check_rows(const mlpipe__linear *l)
{
    const mlpipe__frame *t = l->job->train;
    double weight = 0;

    for (int64_t i = 0; i < t->rows; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        if (!mlpipe__finite(t->target[i]) || !mlpipe__linear_weight_ok(w)) {
            const long long at = mlpipe__frame_row(t, i);
            mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                         "%s: row %lld has target %g and weight %g; both must "
                         "be finite, the weight 0 or within 1e-100 and 1e100",
                         l->job->name, at, t->target[i], w);
            return mlpipe__fail_at(l->ctx, at, "");
        }
        weight += w;
    }
    if (!(weight > 0))
        return mlpipe__fail(l->ctx, MLPIPE_E_EMPTY,
                            "%s: no training row has a weight above 0; look at "
                            "the weight column",
                            l->job->name);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__linear_too_large(const mlpipe__linear *l,
                                       uint32_t column)
{
    const char *name;

    if (column == l->p)
        return mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                            "%s: the squares of the target are beyond a "
                            "double; give the target in larger units",
                            l->job->name);
    name = l->job->train->feature[column].name;
    mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                 "%s: the squares of feature %q are beyond a double; add "
                 "scale before it, or outlier",
                 l->job->name, name);
    return mlpipe__fail_at(l->ctx, -1, name);
}

mlpipe_status mlpipe__linear_finite(const mlpipe__linear *l,
                                    const mlpipe__moments *m)
{
    if (!(m->weight > 0))
        return MLPIPE_OK;
    for (uint32_t j = 0; j < m->p; j++)
        if (!mlpipe__finite(m->a[(size_t)j * m->p + j]))
            return mlpipe__linear_too_large(l, j);
    return mlpipe__finite(m->yy) ? MLPIPE_OK
                                 : mlpipe__linear_too_large(l, l->p);
}

mlpipe_status mlpipe__linear_lambda(mlpipe_ctx *ctx, const char *name,
                                    const mlpipe__params *params, bool lasso,
                                    double *lambda)
{
    const char *text = mlpipe__params_get(params, "lambda")->text;

    *lambda = -1;
    if (!strcmp(text, "auto") || (!text[0] && !lasso))
        return MLPIPE_OK;
    if (!mlpipe__parse_f64(text, strlen(text), false, lambda) ||
        !(*lambda >= 0 && *lambda <= 1e100))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "%s: lambda=%q is neither auto nor a number from "
                            "0 to 1e100",
                            name, text);
    if (lasso && *lambda == 0)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "%s: lambda=0 leaves least squares; ask ridge for "
                            "them, with l2=0, or give lambda above 0",
                            name);
    return MLPIPE_OK;
}

static bool linear_flag(const mlpipe__linear *l, const char *name)
{
    return mlpipe__params_get(l->job->params, name)->number != 0;
}

static uint32_t linear_count(const mlpipe__linear *l, const char *name)
{
    return (uint32_t)mlpipe__params_get(l->job->params, name)->integer;
}

static mlpipe_status linear_params(mlpipe__linear *l)
{
    const mlpipe__params *p = l->job->params;

    l->intercept = linear_flag(l, "intercept");
    l->lambdas = linear_count(l, "lambdas");
    l->folds = linear_count(l, "folds");
    l->rule = mlpipe__params_get(p, "rule")->choice;
    l->ratio = mlpipe__params_get(p, "lambda_ratio")->number;
    if (l->lasso) {
        l->positive = linear_flag(l, "positive");
        l->tol = mlpipe__params_get(p, "tol")->number;
        l->sweeps_max = linear_count(l, "max_iter");
    }
    l->automatic = !strcmp(mlpipe__params_get(p, "lambda")->text, "auto");
    return mlpipe__linear_lambda(l->ctx, l->job->name, p, l->lasso,
                                 &l->lambda);
}

mlpipe_status mlpipe__linear_start(mlpipe__fit_job *job, mlpipe__linear *l)
{
    mlpipe_status st;

    l->ctx = job->ctx;
    l->env = job->ctx->env;
    l->job = job;
    l->p = job->train->features;
    l->kernel = mlpipe__gram_kernel_of(mlpipe__gram_width());
    if (job->task != MLPIPE__TASK_REGRESSION)
        return mlpipe__fail(l->ctx, MLPIPE_E_UNSUPPORTED,
                            "%s predicts numbers and this target has classes; "
                            "use gbt, or state task=regression",
                            job->name);
    st = linear_check_features(l);
    if (!st)
        st = linear_check_rows(l);
    if (!st)
        st = linear_params(l);
    if (st)
        return st;
    l->model = mlpipe__alloc_array(l->env, (size_t)l->p + 1, sizeof(double));
    l->path = mlpipe__alloc_array(l->env, l->lambdas, sizeof(double));
    l->cv = mlpipe__alloc_array(l->env, l->lambdas, sizeof(double));
    l->cv_se = mlpipe__alloc_array(l->env, l->lambdas, sizeof(double));
    l->nonzero = mlpipe__alloc_array(l->env, l->lambdas, sizeof(double));
    if (!l->model || !l->path || !l->cv || !l->cv_se || !l->nonzero)
        return mlpipe__nomem(l->ctx);
    memset(l->nonzero, 0, l->lambdas * sizeof(double));
    return MLPIPE_OK;
}

void mlpipe__linear_free(mlpipe__linear *l)
{
    mlpipe__free(l->env, l->model);
    mlpipe__free(l->env, l->path);
    mlpipe__free(l->env, l->cv);
    mlpipe__free(l->env, l->cv_se);
    mlpipe__free(l->env, l->nonzero);
}

/* ---- the choice of lambda ----------------------------------------------- */

void mlpipe__linear_grid(mlpipe__linear *l, double highest)
{
    const double low = mlpipe__log(l->ratio);

    for (uint32_t i = 0; i < l->lambdas; i++)
        l->path[i] = i ? highest * mlpipe__exp(low * i / (l->lambdas - 1))
                       : highest;
}

/* Mean and standard error over folds, which count by their weights. */
static void linear_score(mlpipe__linear *l, const double *errors,
                         const double *weights, uint32_t i, uint32_t used)
{
    double sum = 0, weight = 0, spread = 0;

    for (uint32_t k = 0; k < l->folds; k++) {
        sum += weights[k] * errors[(size_t)k * l->lambdas + i];
        weight += weights[k];
    }
    l->cv[i] = sum / weight;
    const double unit = l->cv[i] > 0 ? l->cv[i] : 1; /* so that squares are */
    for (uint32_t k = 0; k < l->folds; k++) {
        const double d =
            (errors[(size_t)k * l->lambdas + i] - l->cv[i]) / unit;
        spread += weights[k] / weight * d * d;
    }
    l->cv_se[i] = unit * mlpipe__sqrt(spread / (used - 1));
    l->nonzero[i] /= used;
}

mlpipe_status mlpipe__linear_choose(mlpipe__linear *l, const double *errors,
                                    const double *weights, uint32_t *best)
{
    uint32_t used = 0, at = 0;

    for (uint32_t k = 0; k < l->folds; k++)
        used += weights[k] > 0;
    if (used < 2)
        return mlpipe__fail(l->ctx, MLPIPE_E_EMPTY,
                            "%s: lambda=auto needs rows in two folds at "
                            "least, and %u of %u have any; give lambda, or "
                            "more rows or groups",
                            l->job->name, used, l->folds);
    for (uint32_t i = 0; i < l->lambdas; i++)
        linear_score(l, errors, weights, i, used);
    for (uint32_t i = 1; i < l->lambdas; i++)
        if (l->cv[i] < l->cv[at]) /* the strongest on ties */
            at = i;
    *best = at;
    for (uint32_t i = 0; l->rule && i <= at; i++)
        if (l->cv[i] <= l->cv[at] + l->cv_se[at]) {
            *best = i;
            break;
        }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__linear_not_reached(const mlpipe__linear *l,
                                         double lambda, double gap)
{
    return mlpipe__fail(l->ctx, MLPIPE_E_NUMERIC,
                        "%s: the duality gap at lambda %g is still %g of the "
                        "target's variance after %u sweeps, and tol is %g; "
                        "raise max_iter or tol, scale the features, or raise "
                        "lambda",
                        l->job->name, lambda, gap, l->sweeps_max, l->tol);
}

/* ---- the fitted form ---------------------------------------------------- */

double mlpipe__linear_power(double x)
{
    double p = 1;

    while (p * p < x && p < 0x1p500)
        p *= 2;
    while (p * p > x && p > 0x1p-500)
        p /= 2;
    return p;
}

void mlpipe__linear_combination(size_t n, const double *factor, uint32_t k,
                                double *x)
{
    for (uint32_t i = k; i-- > 0;) {
        double s = factor[k * n + i];
        for (uint32_t j = i + 1; j < k; j++)
            s -= factor[j * n + i] * x[j];
        x[i] = s / factor[i * n + i];
    }
}

void mlpipe__linear_keep(mlpipe__linear *l, const double *w,
                         const double *mean)
{
    double c = mean[l->p];

    for (uint32_t i = 0; i < l->p; i++) {
        l->model[1 + i] = w[i];
        c -= w[i] * mean[i];
    }
    l->model[0] = l->intercept ? c : 0;
}

void mlpipe__linear_emit(const mlpipe__linear *l)
{
    mlpipe__fit_job *job = l->job;
    const uint32_t consts =
        mlpipe__program_const(job->program, l->model, l->p + 1);
    const uint32_t words =
        mlpipe__program_words(job->program, job->regs, l->p);

    job->raw = mlpipe__program_op(job->program, MLPIPE__OP_LINEAR, 0, consts,
                                  words, l->p, 1);
    job->out = job->raw = mlpipe__with_offset(job, job->raw);
    mlpipe__linear_notes(l);
}
