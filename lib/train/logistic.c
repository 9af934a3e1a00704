/* SPDX-License-Identifier: MIT */
/*
 * Logistic regression, of two classes or more: the learner. Its objective is
 * the weighted mean of the log loss plus l2 / (sum of weights) times
 * (1 - l1_ratio) |w|^2 / 2 + l1_ratio |w|, so that l2 is 1 / C of
 * scikit-learn; the intercept is not penalised.
 */
#include "logistic_types.h"

#include "../report/report_internal.h"

static const mlpipe__param logistic_params[] = {
    {"l2", MLPIPE_PARAM_REAL, "1", 0, 1e100, NULL, 0x000100,
     "Strength of the penalty on the coefficients: 1 / C of scikit-learn, "
     "and n times the lambda of glmnet."},
    {"l1_ratio", MLPIPE_PARAM_REAL, "0", 0, 1, NULL, 0x000100,
     "Which share of the penalty is on the sizes of the coefficients, which "
     "makes many of them zero; the rest is on half their squares."},
    {"intercept", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Whether a constant is fitted too; it is never penalised."},
    {"tol", MLPIPE_PARAM_REAL, "1e-10", 1e-15, 1, NULL, 0x000100,
     "The fit ends once no gradient, of a feature of spread one, is larger."},
    {"iterations", MLPIPE_PARAM_INT, "1000", 1, 1000000, NULL, 0x000100,
     "Steps at most; a fit that needs more fails."},
};

enum { LOGISTIC_FEATURES_MAX = 1 << 20 };

/* ---- what is given ------------------------------------------------------ */

static mlpipe_status logistic_features(const logistic_fit *fit)
{
    const mlpipe__frame *t = fit->rows;

    if (!t->features || t->features > LOGISTIC_FEATURES_MAX)
        return mlpipe__fail(fit->ctx,
                            t->features ? MLPIPE_E_LIMIT : MLPIPE_E_EMPTY,
                            "%s: %u features; logistic takes 1 to %d",
                            fit->job->name, t->features,
                            LOGISTIC_FEATURES_MAX);
    for (uint32_t f = 0; f < t->features; f++)
        if (t->feature[f].kind == MLPIPE__CODE) {
            mlpipe__fail(fit->ctx, MLPIPE_E_SCHEMA,
                         "%s: feature %q is a category; add onehot or "
                         "ordinal before logistic",
                         fit->job->name, t->feature[f].name);
            return mlpipe__fail_at(fit->ctx, -1, t->feature[f].name);
        }
    return MLPIPE_OK;
}

/* Weights of the classes, each of which must have some. */
static mlpipe_status logistic_targets(logistic_fit *fit)
{
    const mlpipe__frame *t = fit->rows;

    for (int64_t i = 0; i < t->rows; i++) {
        const double w = t->weight ? t->weight[i] : 1, y = t->target[i];

        if (!(y >= 0 && y < fit->classes) || !mlpipe__linear_weight_ok(w)) {
            const long long at = mlpipe__frame_row(t, i);
            mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                         "%s: row %lld has class %g of %u and weight %g; a "
                         "weight is 0 or within 1e-100 and 1e100",
                         fit->job->name, at, y, fit->classes, w);
            return mlpipe__fail_at(fit->ctx, at, "");
        }
        fit->share[(uint32_t)y] += w;
    }
    for (uint32_t k = 0; k < fit->classes; k++)
        fit->weight += fit->share[k];
    for (uint32_t k = 0; k < fit->classes; k++) {
        const char *const *names = fit->job->class_names;

        if (!(fit->share[k] > 0))
            return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                                "%s: no training row of class %q has a "
                                "weight above 0, so that there is nothing "
                                "to tell it by; leave the class out",
                                fit->job->name,
                                names ? names[k] : k ? "1" : "0");
        fit->share[k] /= fit->weight;
    }
    return MLPIPE_OK;
}

/* How large the problem is, and so how it is solved. */
static mlpipe_status logistic_shape(logistic_fit *fit)
{
    const uint32_t k = fit->classes;

    fit->corner = fit->l2 * fit->l1_ratio / fit->weight;
    fit->smooth = fit->l2 * (1 - fit->l1_ratio) / fit->weight;
    fit->p = fit->rows->features;
    fit->q = fit->p + fit->intercept;
    fit->paired = k == 2 ? 1 : k - 1;
    fit->size = (size_t)fit->paired * fit->q;
    fit->square = fit->corner > 0 || fit->size <= LOGISTIC_SQUARE_MAX;
    /* All forms, where nothing has to be inverted, are better balanced. */
    fit->forms = k == 2                              ? 1
                 : fit->corner > 0 || !fit->square ? k
                                                     : k - 1;
    fit->size = (size_t)fit->forms * fit->q;
    if (fit->corner > 0 && fit->size > LOGISTIC_LASSO_MAX)
        return mlpipe__fail(fit->ctx, MLPIPE_E_LIMIT,
                            "%s: %zu coefficients with l1_ratio=%g, of which "
                            "at most %d are fitted; use l1_ratio=0, or fewer "
                            "features",
                            fit->job->name, fit->size, fit->l1_ratio,
                            LOGISTIC_LASSO_MAX);
    if (!fit->square && !(fit->l2 > 0))
        return mlpipe__fail(fit->ctx, MLPIPE_E_LIMIT,
                            "%s: %zu coefficients without a penalty, of "
                            "which at most %d can be told to have a best "
                            "value; set l2 above 0",
                            fit->job->name, fit->size, LOGISTIC_SQUARE_MAX);
    fit->terms = LOGISTIC_SUMS + fit->size;
    fit->most_terms = fit->terms;
    if (fit->square)
        fit->most_terms += (size_t)fit->paired * (fit->paired + 1) / 2 *
                           fit->q * fit->q;
    fit->blocks = (fit->rows->rows + MLPIPE__SUM_BLOCK - 1) /
                  MLPIPE__SUM_BLOCK;
    return MLPIPE_OK;
}

/* ---- memory ------------------------------------------------------------- */

static double *logistic_doubles(logistic_fit *fit, size_t a, size_t b,
                                bool *failed)
{
    size_t n;
    double *x = mlpipe__mul(a, b, &n)
                    ? NULL
                    : mlpipe__alloc_array(fit->env, n, sizeof(double));

    *failed = *failed || !x;
    return x;
}

static void logistic_lane_new(logistic_fit *fit, logistic_lane *lane,
                              bool *failed)
{
    const size_t unit = LOGISTIC_UNIT, k = fit->classes;
    size_t valid;

    lane->null_row = -1;
    lane->scratch = mlpipe__alloc(fit->env, fit->rows->scratch_bytes);
    if (!mlpipe__mul(fit->p, unit, &valid))
        lane->valid = mlpipe__alloc(fit->env, valid);
    lane->eta = logistic_doubles(fit, k, unit, failed);
    lane->residual = logistic_doubles(fit, fit->forms, unit, failed);
    lane->chance = logistic_doubles(fit, k, LOGISTIC_BLOCK, failed);
    lane->work = logistic_doubles(fit, 2, unit, failed);
    lane->loss = logistic_doubles(fit, 1, unit, failed);
    lane->root = logistic_doubles(fit, 1, LOGISTIC_BLOCK, failed);
    if (fit->square) {
        lane->scaled = logistic_doubles(
            fit, (size_t)fit->q + MLPIPE__GRAM_TILE, LOGISTIC_STRIDE, failed);
        lane->tiles = logistic_doubles(fit, mlpipe__gram_lanes(fit->q), 1,
                                       failed);
    }
    lane->lanes = logistic_doubles(fit, fit->terms + 2 * (size_t)fit->p,
                                   MLPIPE__SUM_LANES, failed);
    lane->sums = logistic_doubles(fit, fit->most_terms, 1, failed);
    *failed = *failed || !lane->scratch || !lane->valid;
}

static mlpipe_status logistic_allocate(logistic_fit *fit)
{
    const size_t n = fit->size;
    bool failed = false;

    /* The first reading has two sums a feature. */
    if (fit->most_terms < 2 * (size_t)fit->p)
        fit->most_terms = 2 * (size_t)fit->p;
    fit->tree = (mlpipe__sums){.env = fit->env, .room = fit->most_terms};
    fit->lane = mlpipe__alloc_array(fit->env, fit->tasks, sizeof *fit->lane);
    if (!fit->lane)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t t = 0; t < fit->tasks; t++)
        logistic_lane_new(fit, &fit->lane[t], &failed);
    fit->sums = logistic_doubles(fit, fit->most_terms, 1, &failed);
    fit->shift = logistic_doubles(fit, fit->q, 1, &failed);
    fit->scale = logistic_doubles(fit, fit->q, 1, &failed);
    fit->theta = logistic_doubles(fit, n, 1, &failed);
    fit->gradient = logistic_doubles(fit, n, 1, &failed);
    fit->next = logistic_doubles(fit, n, 1, &failed);
    fit->next_gradient = logistic_doubles(fit, n, 1, &failed);
    fit->step = logistic_doubles(fit, n, 1, &failed);
    fit->slope = logistic_doubles(fit, n, 1, &failed);
    fit->moves = logistic_doubles(fit, n, LOGISTIC_MEMORY, &failed);
    fit->turns = logistic_doubles(fit, n, LOGISTIC_MEMORY, &failed);
    fit->curve = logistic_doubles(fit, LOGISTIC_MEMORY, 1, &failed);
    fit->model = logistic_doubles(fit, fit->classes, (size_t)fit->p + 1,
                                  &failed);
    if (fit->square) {
        fit->hessian = logistic_doubles(fit, n, n, &failed);
        fit->factor = logistic_doubles(fit, n, n, &failed);
        fit->size_of = logistic_doubles(fit, n, 1, &failed);
        fit->active = mlpipe__alloc_array(fit->env, n, sizeof *fit->active);
        failed = failed || !fit->active;
    }
    return failed ? mlpipe__nomem(fit->ctx) : MLPIPE_OK;
}

static void logistic_free(logistic_fit *fit)
{
    mlpipe__env *env = fit->env;
    double *const all[] = {
        fit->share,         fit->cache, fit->sums,  fit->shift, fit->scale,
        fit->theta,         fit->gradient, fit->next, fit->next_gradient,
        fit->step,          fit->slope, fit->moves, fit->turns, fit->curve,
        fit->model,         fit->hessian, fit->factor, fit->size_of};

    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        mlpipe__free(env, all[i]);
    mlpipe__sums_free(&fit->tree);
    for (uint32_t t = 0; t < fit->tasks && fit->lane; t++) {
        logistic_lane *lane = &fit->lane[t];
        double *const some[] = {lane->values, lane->eta, lane->residual,
                                lane->chance, lane->work, lane->loss,
                                lane->root, lane->scaled, lane->tiles,
                                lane->lanes, lane->sums};

        for (uint32_t i = 0; i < sizeof some / sizeof *some; i++)
            mlpipe__free(env, some[i]);
        mlpipe__free(env, lane->scratch);
        mlpipe__free(env, lane->valid);
    }
    mlpipe__free(env, fit->lane);
    mlpipe__free(env, fit->active);
}

/* ---- what is made ------------------------------------------------------- */

/* Less the mean over the classes, which changes no probability. */
static void logistic_centre(const logistic_fit *fit, uint32_t j)
{
    const size_t width = (size_t)fit->p + 1;
    double mean = 0;

    for (uint32_t k = 0; k < fit->classes; k++)
        mean += fit->model[k * width + j] / fit->classes;
    for (uint32_t k = 0; k < fit->classes; k++)
        fit->model[k * width + j] -= mean;
}

/*
 * Constants and coefficients of the columns as they were before the shift, of
 * each class. Those of three classes or more add up to nothing, as a penalty
 * on squares has it; corners choose their coefficients themselves.
 */
static void logistic_model(const logistic_fit *fit)
{
    const uint32_t rows = fit->classes == 2 ? 1 : fit->classes;
    const size_t width = (size_t)fit->p + 1;

    for (uint32_t k = 0; k < fit->forms; k++) {
        const double *theta = fit->theta + (size_t)k * fit->q;
        double *model = fit->model + k * width;

        memcpy(model + 1, theta, fit->p * sizeof *model);
        model[0] = fit->intercept ? theta[fit->p] : 0;
        for (uint32_t j = 0; j < fit->p && fit->intercept; j++)
            model[0] -= theta[j] * fit->shift[j];
    }
    for (uint32_t j = 0; j <= fit->p && rows > 1; j++)
        if (j ? !(fit->corner > 0) : fit->intercept)
            logistic_centre(fit, j);
}

/* The whole name, however long that of a class is. */
static mlpipe_status logistic_intercept(const logistic_fit *fit,
                                        mlpipe_report *notes, uint32_t k,
                                        double value)
{
    const char *const *names = fit->job->class_names;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text name;

    mlpipe__text_init(&name, fit->env);
    mlpipe__text_add(&name, "intercept %s", names ? names[k] : "");
    if (name.failed)
        st = mlpipe__nomem(fit->ctx);
    else
        mlpipe__report_number(notes, name.data, value);
    mlpipe__text_free(&name);
    return st;
}

static mlpipe_status logistic_notes(const logistic_fit *fit,
                                    mlpipe_report *notes)
{
    const uint32_t rows = fit->classes == 2 ? 1 : fit->classes;
    const size_t width = (size_t)fit->p + 1;
    mlpipe_status st = MLPIPE_OK;

    if (!notes)
        return MLPIPE_OK;
    mlpipe__report_number(notes, "train_loss", fit->loss);
    mlpipe__report_number(notes, "objective", fit->value);
    mlpipe__report_number(notes, "gradient", fit->gap);
    mlpipe__report_number(notes, "iterations", fit->passes);
    if (rows == 1)
        mlpipe__report_number(notes, "intercept", fit->model[0]);
    for (uint32_t k = 0; k < rows && rows > 1 && !st; k++)
        st = logistic_intercept(fit, notes, k, fit->model[k * width]);
    if (!st)
        mlpipe__coefficients_note(fit->job, fit->model, rows);
    return st;
}

static void logistic_emit(const logistic_fit *fit, mlpipe__fit_job *job)
{
    mlpipe__program *p = job->program;
    const uint32_t rows = fit->classes == 2 ? 1 : fit->classes;
    const uint32_t words = mlpipe__program_words(p, job->regs, fit->p);

    for (uint32_t k = 0; k < rows; k++) {
        const uint32_t consts = mlpipe__program_const(
            p, fit->model + k * ((size_t)fit->p + 1), fit->p + 1);
        const uint32_t reg = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                                                consts, words, fit->p, 1);
        if (!k)
            job->raw = reg;
    }
    if (rows == 1) {
        job->raw = mlpipe__with_offset(job, job->raw);
        job->out = mlpipe__program_op(p, MLPIPE__OP_SIGMOID, job->raw, 0, 0,
                                      0, 1);
        return;
    }
    uint32_t *regs = mlpipe__alloc_array(fit->env, rows, sizeof *regs);
    for (uint32_t k = 0; regs && k < rows; k++)
        regs[k] = job->raw + k;
    p->failed = p->failed || !regs;
    if (regs)
        job->out = mlpipe__program_op(
            p, MLPIPE__OP_SOFTMAX, 0, 0,
            mlpipe__program_words(p, regs, rows), rows, rows);
    mlpipe__free(fit->env, regs);
}

static mlpipe_status logistic_learn(mlpipe__fit_job *job)
{
    logistic_fit fit = {.ctx = job->ctx, .env = job->ctx->env, .job = job,
                        .rows = job->train, .tasks = job->ctx->threads,
                        .avx2 = mlpipe__has_avx2(),
                        .kernel = mlpipe__gram_kernel_of(
                            mlpipe__gram_width())};
    mlpipe_status st = logistic_features(&fit);

    fit.l2 = mlpipe__params_get(job->params, "l2")->number;
    fit.l1_ratio = mlpipe__params_get(job->params, "l1_ratio")->number;
    fit.intercept = mlpipe__params_get(job->params, "intercept")->number != 0;
    fit.tol = mlpipe__params_get(job->params, "tol")->number;
    fit.most =
        (uint32_t)mlpipe__params_get(job->params, "iterations")->integer;
    fit.classes = job->classes > 2 ? job->classes : 2;
    fit.share = mlpipe__alloc_array(fit.env, fit.classes, sizeof *fit.share);
    if (!st && !fit.share)
        st = mlpipe__nomem(fit.ctx);
    if (!st)
        st = logistic_targets(&fit);
    if (!st)
        st = logistic_shape(&fit);
    if (!st)
        st = logistic_allocate(&fit);
    if (!st)
        st = mlpipe__logistic_load(&fit);
    if (!st && fit.rows->offset && fit.intercept)
        st = mlpipe__offset_base(job, 1e-3, &fit.start);
    if (!st)
        st = mlpipe__logistic_solve(&fit);
    if (!st) {
        logistic_model(&fit);
        logistic_emit(&fit, job);
        st = logistic_notes(&fit, job->notes);
    }
    logistic_free(&fit);
    return st;
}

const mlpipe__learner mlpipe__learner_logistic = {
    .name = "logistic",
    .tasks = MLPIPE__TASK_CLASSES,
    .takes_nulls = false,
    .takes_codes = false,
    .takes_offset = true,
    .blas = true,
    .params = logistic_params,
    .param_count = sizeof logistic_params / sizeof *logistic_params,
    .doc = "Logistic regression of two classes or more, with a penalty on "
           "squares, sizes or both.",
    .fit = logistic_learn,
};
