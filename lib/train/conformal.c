/* SPDX-License-Identifier: MIT */
/*
 * Intervals and sets that hold the truth with a stated chance, whatever the
 * learner is: the finite-sample quantile of a score on rows that it did not
 * see (V. Vovk et al. 2005; of classes, M. Sadinle et al., JASA 2019). The
 * score is |target - answer| in the learner's units, so that a target=log()
 * gives intervals in proportion; of classes it is 1 - P(class).
 */
#include "train_internal.h"

#include "../report/report_internal.h"

enum { CONFORMAL_SPLIT, CONFORMAL_CROSS };

static const mlpipe__param conformal_params[] = {
    {"level", MLPIPE_PARAM_REAL, "0.9", 0.01, 0.9999, NULL, 0x000100,
     "chance that the interval, or the set of classes, holds the truth"},
    {"method", MLPIPE_PARAM_CHOICE, "split", 0, 0, "split,cross", 0x000100,
     "split: share= of the rows is kept from the learner for the scores, "
     "which makes level exact; cross: every row has a score by folds, and the "
     "learner sees all, close to level in practice"},
    {"share", MLPIPE_PARAM_REAL, "0.2", 0.01, 0.9, NULL, 0x000100,
     "of the training rows, for method=split"},
    {"folds", MLPIPE_PARAM_INT, "5", 2, 50, NULL, 0x000100,
     "for method=cross"},
};

static bool conformal_cross(const mlpipe__params *params)
{
    return mlpipe__params_get(params, "method")->choice == CONFORMAL_CROSS;
}

static uint32_t conformal_folds(const mlpipe__params *params)
{
    return conformal_cross(params)
               ? (uint32_t)mlpipe__params_get(params, "folds")->integer
               : 0;
}

static double conformal_share(const mlpipe__params *params)
{
    return mlpipe__params_get(params, "share")->number;
}

static double conformal_score(const mlpipe__tail_job *job, uint64_t i)
{
    if (job->width > 1)
        return 1.0 - job->p[i * job->width + (uint32_t)job->y[i]];
    if (job->task == MLPIPE__TASK_BINARY)
        return job->y[i] >= 0.5 ? 1.0 - job->p[i] : job->p[i];
    const double a = mlpipe__target_forward(job->transform, job->y[i]);
    const double b = mlpipe__target_forward(job->transform, job->p[i]);
    return a < b ? b - a : a - b;
}

static double conformal_weight(const mlpipe__tail_job *job, uint64_t i)
{
    return job->w ? job->w[i] : 1.0;
}

/* The score below which the rows weigh so much; by the largest weight. */
static double conformal_walk(const mlpipe__tail_job *job, const double *score,
                             const uint32_t *order, double largest,
                             double need)
{
    double weight = conformal_weight(job, order[0]) / largest;
    uint64_t i = 0;
    while (i + 1 < job->n && weight < need)
        weight += conformal_weight(job, order[++i]) / largest;
    return score[order[i]];
}

static mlpipe_status conformal_too_few(const mlpipe__tail_job *job,
                                       double level, double rows)
{
    return mlpipe__fail(job->ctx, MLPIPE_E_EMPTY,
                        "step %q: level=%g needs at least %g rows with "
                        "scores and there are %g (as many of equal weight); "
                        "lower level, raise share, or take method=cross",
                        job->name, level,
                        mlpipe__ceil(level / (1.0 - level) - 1e-9), rows);
}

/*
 * The ceil((n + 1) level)-th smallest score. With weights the row to come
 * weighs as much as one that is drawn by them does, sum w^2 / sum w (R.
 * Tibshirani et al., NeurIPS 2019): no unit of the weights changes a score.
 */
static mlpipe_status conformal_quantile(const mlpipe__tail_job *job,
                                        double level, double *out)
{
    mlpipe__env *env = job->ctx->env;
    const size_t n = (size_t)job->n;
    double *score = mlpipe__alloc_array(env, n, sizeof *score);
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    double largest = 0.0, sum = 0.0, squares = 0.0;
    mlpipe_status st =
        score && order && scratch ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    for (uint64_t i = 0; !st && i < job->n; i++) {
        const double w = conformal_weight(job, i);
        score[i] = conformal_score(job, i);
        largest = w > largest ? w : largest;
    }
    for (uint64_t i = 0; !st && i < job->n; i++) {
        const double w = conformal_weight(job, i) / largest;
        sum += w;
        squares += w * w;
    }
    const double next = squares / sum;
    const double need = (sum + next) * level - 1e-9 * next;
    if (!st && need > sum)
        st = conformal_too_few(job, level, sum / next);
    if (!st) {
        mlpipe__argsort_f64(score, order, (uint32_t)n, scratch);
        *out = conformal_walk(job, score, order, largest, need);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, score);
    return st;
}

/* ---- an interval -------------------------------------------------------- */

/* The answer moved by `by` in the learner's units. */
static uint32_t conformal_moved(const mlpipe__tail_job *job, double by)
{
    static const double not_negative[] = {0.0, 0x1.fffffffffffffp1023};
    const double c[2] = {1.0, by};
    mlpipe__program *p = job->program;
    uint32_t reg = job->answer[0];
    if (job->transform)
        reg = mlpipe__program_op(p, job->transform, reg, 0, 0, 0, 1);
    reg = mlpipe__program_op(p, MLPIPE__OP_AFFINE, reg, 0,
                             mlpipe__program_const(p, c, 2), 0, 1);
    if (job->inverse == MLPIPE__OP_SQUARE) /* a root is never negative */
        reg = mlpipe__program_op(p, MLPIPE__OP_CLAMP, reg, 0,
                                 mlpipe__program_const(p, not_negative, 2),
                                 0, 1);
    if (job->inverse)
        reg = mlpipe__program_op(p, job->inverse, reg, 0, 0, 0, 1);
    return reg;
}

static void conformal_output(const mlpipe__tail_job *job, const char *before,
                             const char *name, const char *behind,
                             uint32_t reg, int32_t type)
{
    mlpipe__text t;
    mlpipe__text_init(&t, job->ctx->env);
    mlpipe__text_add(&t, "%s%s%s", before, name, behind);
    if (!t.failed)
        mlpipe__program_add_typed_output(job->program, t.data, reg, type, 0,
                                         NULL);
    job->program->failed |= t.failed;
    mlpipe__text_free(&t);
}

static void conformal_interval(const mlpipe__tail_job *job, double q)
{
    const uint32_t low = conformal_moved(job, -q);
    const uint32_t high = conformal_moved(job, q);
    conformal_output(job, "", job->target, "_low", low, MLPIPE_TYPE_F64);
    conformal_output(job, "", job->target, "_high", high, MLPIPE_TYPE_F64);
}

/* ---- a set of classes --------------------------------------------------- */

/* 1 where 1 - P(class) <= q. */
static void conformal_set(const mlpipe__tail_job *job, double q)
{
    static const double less[2] = {-1.0, 1.0};
    mlpipe__program *p = job->program;
    const uint32_t bound = mlpipe__program_op(
        p, MLPIPE__OP_CONST, 0, 0, mlpipe__program_const(p, &q, 1), 0, 1);
    for (uint32_t k = 0; k < job->classes; k++) {
        uint32_t score = job->answer[job->width > 1 ? k : 0];
        if (job->width > 1 || k == 1) /* P(first of two) is 1 - P(second) */
            score = mlpipe__program_op(p, MLPIPE__OP_AFFINE, score, 0,
                                       mlpipe__program_const(p, less, 2), 0,
                                       1);
        conformal_output(
            job, "may_be(", job->class_names[k], ")",
            mlpipe__program_op(p, MLPIPE__OP_LE, score, bound, 0, 0, 1),
            MLPIPE_TYPE_BOOL);
    }
}

static mlpipe_status conformal_fit(mlpipe__tail_job *job)
{
    const double level = mlpipe__params_get(job->params, "level")->number;
    double q = 0.0;
    mlpipe_status st = mlpipe__most_rows(job->ctx, job->name, job->n,
                                         UINT32_MAX - 1);
    if (!st)
        st = conformal_quantile(job, level, &q);
    if (st)
        return st;
    if (!mlpipe__finite(q))
        return mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                            "step %q: the errors on %llu rows are beyond "
                            "every double; scale the target down",
                            job->name, (unsigned long long)job->n);
    mlpipe__report_number(job->notes, "conformal.rows", (double)job->n);
    mlpipe__report_number(job->notes, "conformal.level", level);
    mlpipe__report_number(job->notes, "conformal.quantile", q);
    job->level = level;
    if (job->task == MLPIPE__TASK_REGRESSION)
        conformal_interval(job, q);
    else
        conformal_set(job, q);
    return MLPIPE_OK;
}

const mlpipe__tail mlpipe__tail_conformal = {
    .name = "conformal",
    .tasks = MLPIPE__TASK_REGRESSION | MLPIPE__TASK_CLASSES,
    .params = conformal_params,
    .param_count = sizeof conformal_params / sizeof *conformal_params,
    .doc = "An interval, or a set of classes, that holds the truth with a "
           "stated chance; outputs behind the answer.",
    .folds = conformal_folds,
    .share = conformal_share,
    .fit = conformal_fit,
};
