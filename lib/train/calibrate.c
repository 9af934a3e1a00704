/* SPDX-License-Identifier: MIT */
/*
 * Probabilities that mean what they say: a monotone map behind the learner,
 * fitted on answers for rows that the learner did not see. platt and
 * temperature work on log odds, as J. Platt (1999) and C. Guo et al. (ICML
 * 2017) do; isotonic is the pool-adjacent-violators fit of B. Zadrozny and C.
 * Elkan (KDD 2002). The maps of three classes or more are normalised.
 */
#include "train_internal.h"

#include "../report/report_internal.h"

enum { CALIBRATE_AUTO, CALIBRATE_PLATT, CALIBRATE_ISOTONIC,
       CALIBRATE_TEMPERATURE };

enum { CALIBRATE_ROUNDS = 100 };

static const mlpipe__param calibrate_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "auto", 0, 0,
     "auto,platt,isotonic,temperature", 0x000100,
     "platt: a line on log odds, for two classes; temperature: one factor on "
     "log odds; isotonic: any rising map, for 1,000 rows or more; auto: platt "
     "for two classes, else temperature"},
    {"folds", MLPIPE_PARAM_INT, "5", 2, 50, NULL, 0x000100,
     "the recipe is fitted once more on each fold's other rows, for answers "
     "that no learner could learn by heart"},
};

/* A row of weight 0 counts nothing. */
static double calibrate_weight(const mlpipe__tail_job *job, uint64_t i)
{
    return job->w ? job->w[i] : 1.0;
}

/* ---- a line on log odds ------------------------------------------------- */

typedef struct calibrate_line {
    double slope, shift; /* p = 1 / (1 + exp(-(slope x + shift))) */
} calibrate_line;

/* Loss, gradient and Hessian of the line. */
typedef struct calibrate_sums {
    double loss, ga, gb, haa, hab, hbb;
} calibrate_sums;

/* log(1 + exp(x)) */
static double calibrate_softplus(double x)
{
    const double far = mlpipe__log1p(mlpipe__exp(x > 0 ? -x : x));
    return (x > 0 ? x : 0) + far;
}

/* t: the targets of Platt, short of 0 and 1; in the order of the rows, so that
 * the sums are the same for every number of threads. */
static calibrate_sums calibrate_line_sums(const mlpipe__tail_job *job,
                                          const double *x, const double t[2],
                                          calibrate_line l)
{
    mlpipe__tree tree[6] = {{0}};
    calibrate_sums s;
    for (uint64_t at = 0; at < job->n; at += MLPIPE__SUM_BLOCK) {
        const uint64_t end = job->n - at < MLPIPE__SUM_BLOCK
                                 ? job->n
                                 : at + MLPIPE__SUM_BLOCK;
        double part[6] = {0};
        for (uint64_t i = at; i < end; i++) {
            const double w = calibrate_weight(job, i);
            const double z = l.slope * x[i] + l.shift;
            const double p = mlpipe__sigmoid(z);
            const double want = t[job->y[i] >= 0.5];
            const double d = w * (p - want), h = w * (p * (1.0 - p));
            part[0] += w * (calibrate_softplus(z) - want * z);
            part[1] += d * x[i];
            part[2] += d;
            part[3] += h * x[i] * x[i];
            part[4] += h * x[i];
            part[5] += h;
        }
        for (int k = 0; k < 6; k++)
            mlpipe__tree_add(&tree[k], part[k]);
    }
    s.loss = mlpipe__tree_value(&tree[0]);
    s.ga = mlpipe__tree_value(&tree[1]);
    s.gb = mlpipe__tree_value(&tree[2]);
    s.haa = mlpipe__tree_value(&tree[3]);
    s.hab = mlpipe__tree_value(&tree[4]);
    s.hbb = mlpipe__tree_value(&tree[5]);
    return s;
}

/* Asked once a round of passes over the rows. */
static mlpipe_status calibrate_poll(const mlpipe__tail_job *job, int round)
{
    return mlpipe__poll(job->ctx, job->name, (uint64_t)round,
                        CALIBRATE_ROUNDS);
}

/* Newton with halving, as H.-T. Lin, C.-J. Lin and R. Weng (2007) advise. */
static mlpipe_status calibrate_fit_line(const mlpipe__tail_job *job,
                                        const double *x, calibrate_line *out)
{
    double weight[2] = {0, 0}, t[2];
    calibrate_line l = {1.0, 0.0};
    calibrate_sums now;
    mlpipe_status st = MLPIPE_OK;
    for (uint64_t i = 0; i < job->n; i++)
        weight[job->y[i] >= 0.5] += calibrate_weight(job, i);
    t[1] = (weight[1] + 1.0) / (weight[1] + 2.0);
    t[0] = 1.0 / (weight[0] + 2.0);
    now = calibrate_line_sums(job, x, t, l);
    for (int round = 0; round < CALIBRATE_ROUNDS && !st; round++) {
        const double small = 1e-12 * (now.haa + now.hbb);
        const double haa = now.haa + small, hbb = now.hbb + small;
        const double det = haa * hbb - now.hab * now.hab;
        const double da = (hbb * now.ga - now.hab * now.gb) / det;
        const double db = (haa * now.gb - now.hab * now.ga) / det;
        const double drop = now.ga * da + now.gb * db;
        calibrate_sums next = now;
        double step = 1.0;
        if (!(drop > 1e-14 * (1.0 + now.loss)))
            break;
        st = calibrate_poll(job, round);
        for (; step > 1e-6; step /= 2.0) {
            const calibrate_line to = {l.slope - step * da,
                                       l.shift - step * db};
            next = calibrate_line_sums(job, x, t, to);
            if (!(next.loss <= now.loss - 1e-4 * step * drop))
                continue;
            l = to;
            break;
        }
        if (!(step > 1e-6))
            break;
        now = next;
    }
    *out = l;
    return st;
}

static void calibrate_emit_line(mlpipe__tail_job *job, calibrate_line l)
{
    const double c[2] = {l.slope, l.shift};
    mlpipe__program *p = job->program;
    uint32_t reg = mlpipe__program_op(p, MLPIPE__OP_LOGIT, job->answer[0], 0,
                                      0, 0, 1);
    reg = mlpipe__program_op(p, MLPIPE__OP_AFFINE, reg, 0,
                             mlpipe__program_const(p, c, 2), 0, 1);
    job->answer[0] =
        mlpipe__program_op(p, MLPIPE__OP_SIGMOID, reg, 0, 0, 0, 1);
}

static mlpipe_status calibrate_platt(mlpipe__tail_job *job)
{
    double *x =
        mlpipe__alloc_array(job->ctx->env, (size_t)job->n, sizeof *x);
    if (!x)
        return mlpipe__nomem(job->ctx);
    for (uint64_t i = 0; i < job->n; i++)
        x[i] = mlpipe__logit(job->p[i]);
    calibrate_line l;
    const mlpipe_status st = calibrate_fit_line(job, x, &l);
    mlpipe__free(job->ctx->env, x);
    if (st)
        return st;
    if (!(l.slope > 0))
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "the slope on log odds is %g: rows that the learner "
                         "calls likelier are not; look at the features, or "
                         "leave calibrate out",
                         l.slope);
    mlpipe__report_number(job->notes, "calibrate.slope", l.slope);
    mlpipe__report_number(job->notes, "calibrate.shift", l.shift);
    calibrate_emit_line(job, l);
    return MLPIPE_OK;
}

/* ---- one factor on log odds --------------------------------------------- */

/* log p of class k, of a probability that is never 0. */
static double calibrate_log(const mlpipe__tail_job *job, uint64_t row,
                            uint32_t k)
{
    const double p = job->p[row * job->width + k];
    return mlpipe__log(p > 1e-300 ? p : 1e-300);
}

/* First and second derivative of the mean loss of softmax(beta log p). */
static void calibrate_slope(const mlpipe__tail_job *job, double beta,
                            double *first, double *second)
{
    mlpipe__tree one = {0}, two = {0};
    for (uint64_t at = 0; at < job->n; at += MLPIPE__SUM_BLOCK) {
        const uint64_t end = job->n - at < MLPIPE__SUM_BLOCK
                                 ? job->n
                                 : at + MLPIPE__SUM_BLOCK;
        double d = 0, h = 0;
        for (uint64_t i = at; i < end; i++) {
            const double w = calibrate_weight(job, i);
            double high = -mlpipe__inf(), sum = 0, mean = 0, square = 0;
            for (uint32_t k = 0; k < job->width; k++) {
                const double z = calibrate_log(job, i, k);
                high = z > high ? z : high;
            }
            for (uint32_t k = 0; k < job->width; k++) {
                const double z = calibrate_log(job, i, k);
                const double e = mlpipe__exp(beta * (z - high));
                sum += e;
                mean += e * z;
                square += e * z * z;
            }
            mean /= sum;
            d += w * (mean - calibrate_log(job, i, (uint32_t)job->y[i]));
            h += w * (square / sum - mean * mean);
        }
        mlpipe__tree_add(&one, d);
        mlpipe__tree_add(&two, h);
    }
    *first = mlpipe__tree_value(&one);
    *second = mlpipe__tree_value(&two);
}

/* The loss is convex in beta = 1 / T: Newton within a bracket. */
static mlpipe_status calibrate_fit_beta(const mlpipe__tail_job *job,
                                        double *out)
{
    double low = 1e-2, high = 1e2, beta = 1.0;
    mlpipe_status st = MLPIPE_OK;
    for (int round = 0; round < CALIBRATE_ROUNDS && !st; round++) {
        double d, h, next;
        bool still;
        st = calibrate_poll(job, round);
        calibrate_slope(job, beta, &d, &h);
        if (d > 0)
            high = beta;
        else
            low = beta;
        next = h > 0 ? beta - d / h : beta;
        if (!(next > low && next < high))
            next = mlpipe__sqrt(low * high);
        still = (next > beta ? next - beta : beta - next) <= 1e-12 * beta;
        beta = next;
        if (still)
            break;
    }
    *out = beta;
    return st;
}

static mlpipe_status calibrate_temperature(mlpipe__tail_job *job)
{
    static const double floor[2] = {1e-300, 1.0};
    mlpipe__program *p = job->program;
    uint32_t regs[1], first = 0;
    calibrate_line line = {1.0, 0.0};
    mlpipe_status st;
    if (job->width == 1) { /* one number: a line through 0 */
        double *both = mlpipe__alloc_array(job->ctx->env, (size_t)job->n,
                                           2 * sizeof *both);
        mlpipe__tail_job two = *job;
        if (!both)
            return mlpipe__nomem(job->ctx);
        for (uint64_t i = 0; i < job->n; i++) {
            both[2 * i] = 1.0 - job->p[i];
            both[2 * i + 1] = job->p[i];
        }
        two.p = both;
        two.width = 2;
        st = calibrate_fit_beta(&two, &line.slope);
        mlpipe__free(job->ctx->env, both);
        if (st)
            return st;
        mlpipe__report_number(job->notes, "calibrate.temperature",
                              1.0 / line.slope);
        calibrate_emit_line(job, line);
        return MLPIPE_OK;
    }
    st = calibrate_fit_beta(job, &line.slope);
    if (st)
        return st;
    const double c[2] = {line.slope, 0.0};
    mlpipe__report_number(job->notes, "calibrate.temperature", 1.0 / c[0]);
    uint32_t *logits =
        mlpipe__alloc_array(job->ctx->env, job->width, sizeof *logits);
    if (!logits)
        return mlpipe__nomem(job->ctx);
    for (uint32_t k = 0; k < job->width; k++) {
        regs[0] = mlpipe__program_op(p, MLPIPE__OP_CLAMP, job->answer[k], 0,
                                     mlpipe__program_const(p, floor, 2), 0,
                                     1);
        regs[0] = mlpipe__program_op(p, MLPIPE__OP_LOG, regs[0], 0, 0, 0, 1);
        logits[k] = mlpipe__program_op(p, MLPIPE__OP_AFFINE, regs[0], 0,
                                       mlpipe__program_const(p, c, 2), 0, 1);
    }
    first = mlpipe__program_op(p, MLPIPE__OP_SOFTMAX, 0, 0,
                               mlpipe__program_words(p, logits, job->width),
                               job->width, job->width);
    for (uint32_t k = 0; k < job->width; k++)
        job->answer[k] = first + k;
    mlpipe__free(job->ctx->env, logits);
    return MLPIPE_OK;
}

/* ---- any rising map ----------------------------------------------------- */

/* The map of one class as an op; the ends are kept away from 0 and 1 by
 * 1 / (n + 2), so that no loss is infinite. */
static mlpipe_status calibrate_isotonic_class(mlpipe__tail_job *job,
                                              uint32_t k, uint32_t *reg)
{
    mlpipe__env *env = job->ctx->env;
    const size_t n = (size_t)job->n;
    const double edge = 1.0 / ((double)n + 2.0);
    double *x = mlpipe__alloc_array(env, n, 3 * sizeof *x);
    double *points = mlpipe__alloc_array(env, n, 4 * sizeof *points);
    mlpipe_status st = x && points ? MLPIPE_OK : mlpipe__nomem(job->ctx);
    uint32_t count = 0;
    for (size_t i = 0; !st && i < n; i++) {
        x[i] = job->p[i * job->width + k];
        x[n + i] = job->width == 1 ? job->y[i] : job->y[i] == (double)k;
        x[2 * n + i] = calibrate_weight(job, i);
    }
    if (!st)
        st = mlpipe__isotonic(job->ctx, x, x + n, x + 2 * n, n, points,
                              points + 2 * n, &count);
    if (!st) {
        const uint32_t at = mlpipe__program_const(job->program, points, count);
        for (uint32_t i = 0; i < count; i++) {
            double *y = &points[2 * n + i];
            *y = *y < edge ? edge : *y > 1.0 - edge ? 1.0 - edge : *y;
        }
        mlpipe__program_const(job->program, points + 2 * n, count);
        *reg = mlpipe__program_op(job->program, MLPIPE__OP_INTERPOLATE,
                                  job->answer[k], 0, at, count, 1);
    }
    mlpipe__free(env, points);
    mlpipe__free(env, x);
    return st;
}

static mlpipe_status calibrate_isotonic(mlpipe__tail_job *job)
{
    mlpipe__program *p = job->program;
    mlpipe__env *env = job->ctx->env;
    uint32_t *reg = mlpipe__alloc_array(env, job->width, sizeof *reg);
    double *ones =
        mlpipe__alloc_array(env, (size_t)job->width + 1, sizeof *ones);
    mlpipe_status st = reg && ones ? MLPIPE_OK : mlpipe__nomem(job->ctx);
    if (!st && job->n < 1000)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "isotonic on %llu rows fits chance as well; below "
                         "1,000 rows platt or temperature are safer",
                         (unsigned long long)job->n);
    for (uint32_t k = 0; !st && k < job->width; k++)
        st = calibrate_isotonic_class(job, k, &reg[k]);
    if (!st && job->width == 1)
        job->answer[0] = reg[0];
    if (!st && job->width > 1) {
        uint32_t sum;
        for (uint32_t k = 0; k < job->width; k++)
            ones[1 + k] = 1.0;
        sum = mlpipe__program_op(
            p, MLPIPE__OP_LINEAR, 0,
            mlpipe__program_const(p, ones, job->width + 1),
            mlpipe__program_words(p, reg, job->width), job->width, 1);
        for (uint32_t k = 0; k < job->width; k++)
            job->answer[k] = mlpipe__program_op(p, MLPIPE__OP_DIV, reg[k],
                                                sum, 0, 0, 1);
    }
    mlpipe__free(env, ones);
    mlpipe__free(env, reg);
    return st;
}

/* ---- the step ----------------------------------------------------------- */

static uint32_t calibrate_folds(const mlpipe__params *params)
{
    return (uint32_t)mlpipe__params_get(params, "folds")->integer;
}

static mlpipe_status calibrate_fit(mlpipe__tail_job *job)
{
    uint32_t method = mlpipe__params_get(job->params, "method")->choice;
    if (method == CALIBRATE_AUTO)
        method = job->width == 1 ? CALIBRATE_PLATT : CALIBRATE_TEMPERATURE;
    mlpipe__report_number(job->notes, "calibrate.rows", (double)job->n);
    if (method == CALIBRATE_ISOTONIC)
        return calibrate_isotonic(job);
    if (method == CALIBRATE_TEMPERATURE)
        return calibrate_temperature(job);
    if (job->width == 1)
        return calibrate_platt(job);
    return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                        "step %q: method=platt is for two classes and the "
                        "target has %u; take temperature or isotonic",
                        job->name, job->width);
}

const mlpipe__tail mlpipe__tail_calibrate = {
    .name = "calibrate",
    .tasks = MLPIPE__TASK_CLASSES,
    .params = calibrate_params,
    .param_count = sizeof calibrate_params / sizeof *calibrate_params,
    .doc = "Makes probabilities agree with frequencies, by a map fitted on "
           "cross-fitted answers.",
    .folds = calibrate_folds,
    .fit = calibrate_fit,
};
