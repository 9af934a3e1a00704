/* SPDX-License-Identifier: MIT */
/*
 * Naive Bayes: given its class, the features of a row are independent; a
 * number has a normal distribution, a category the share of each code. One
 * pass of exact sums; all answers are sums of logarithms. A value that is
 * missing is left out, in fitting and in answering.
 */
#include "naive_bayes.h"

#include "../report/report_internal.h"

#define BAYES_TWO_PI 6.283185307179586

static const mlpipe__param bayes_params[] = {
    {"var_smoothing", MLPIPE_PARAM_REAL, "1e-9", 0, 1, NULL, 0x000100,
     "Added to the variance of each number in each class, as a share of the "
     "greatest variance of a number."},
    {"alpha", MLPIPE_PARAM_REAL, "1", 1e-10, 1e10, NULL, 0x000100,
     "Added to the count of each code of a category in each class."},
};

typedef struct bayes_fit {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    mlpipe__fit_job *job;
    uint32_t classes;
    bayes_state state;
    void *scratch;
    double *values;
    uint8_t *valid;
    double alpha, epsilon;
    double *prior;       /* classes: logarithms */
    double *mean, *var;  /* classes x numbers; var 0: the feature is out */
    double *table;       /* codes + 2 of the widest category */
    double *form;        /* of the widest op */
    uint32_t *regs;      /* of the widest op */
    uint32_t *lookup;    /* classes x categories: registers */
    uint32_t *missing;   /* numbers: register of is_null, or NO_REG */
    uint32_t categories;
    bool complete;       /* no number is ever missing in a row */
} bayes_fit;

/* ---- reading ------------------------------------------------------------ */

static mlpipe_status bayes_check_rows(const bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    bool any = false;

    for (int64_t i = 0; i < t->rows; i++) {
        const double w = t->weight ? t->weight[i] : 1;

        if (!(w >= 0) || !(w <= MLPIPE__BAYES_WEIGHT_MAX)) {
            const long long at = mlpipe__frame_row(t, i);
            mlpipe__fail(b->ctx, MLPIPE_E_NUMERIC,
                         "%s: row %lld has weight %g; it must be within 0 "
                         "and 1e100",
                         b->job->name, at, w);
            return mlpipe__fail_at(b->ctx, at, "");
        }
        any = any || w > 0;
    }
    return any ? MLPIPE_OK
               : mlpipe__fail(b->ctx, MLPIPE_E_EMPTY,
                              "%s: no training row has a weight above 0; look "
                              "at the weight column",
                              b->job->name);
}

static mlpipe_status bayes_check_values(const bayes_fit *b, int64_t start,
                                        uint32_t n)
{
    const mlpipe__frame *t = b->job->train;

    for (uint32_t f = 0; f < t->features; f++)
        for (uint32_t i = 0; i < n; i++) {
            const double x = b->values[(size_t)f * n + i];

            if (!b->valid[(size_t)f * n + i] ||
                (x >= -MLPIPE__BAYES_VALUE_MAX && x <= MLPIPE__BAYES_VALUE_MAX))
                continue;
            const long long at = mlpipe__frame_row(t, start + i);
            mlpipe__fail(b->ctx, MLPIPE_E_NUMERIC,
                         "%s: feature %q is %g in row %lld, and its square "
                         "must be a double; keep it within +-%g, as by scale",
                         b->job->name, t->feature[f].name, x,
                         at, MLPIPE__BAYES_VALUE_MAX);
            return mlpipe__fail_at(b->ctx, at, t->feature[f].name);
        }
    return MLPIPE_OK;
}

static mlpipe_status bayes_read(bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t i = 0; i < t->rows && !st; i += MLPIPE__BLOCK_ROWS) {
        const uint32_t n = t->rows - i < MLPIPE__BLOCK_ROWS
                               ? (uint32_t)(t->rows - i)
                               : MLPIPE__BLOCK_ROWS;

        st = mlpipe__poll(b->ctx, b->job->name, (uint64_t)i,
                          (uint64_t)t->rows);
        if (st)
            break;
        t->read(t, b->scratch, i, n, b->values, b->valid);
        st = bayes_check_values(b, i, n);
        if (!st)
            mlpipe__bayes_update(&b->state, n, b->values, b->valid,
                                 t->target + i,
                                 t->weight ? t->weight + i : NULL);
    }
    return st;
}

/* ---- from sums to distributions ----------------------------------------- */

/* A class that has no row is as improbable as a double can say. */
static void bayes_priors(bayes_fit *b)
{
    mlpipe__exact total;

    mlpipe__exact_init(&total);
    for (uint32_t c = 0; c < b->classes; c++)
        mlpipe__exact_merge(&total, &b->state.prior[c]);
    const double all = mlpipe__exact_value(&total);
    for (uint32_t c = 0; c < b->classes; c++) {
        const double share = mlpipe__exact_value(&b->state.prior[c]) / all;

        b->prior[c] = mlpipe__log(share > 0x1p-1022 ? share : 0x1p-1022);
    }
}

static void bayes_pool(const bayes_fit *b, uint32_t number,
                       bayes_moments *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t c = 0; c < b->classes; c++) {
        const bayes_moments *m =
            &b->state.moments[(size_t)c * b->state.numbers + number];

        mlpipe__exact_merge(&out->w, &m->w);
        mlpipe__exact_merge(&out->wx, &m->wx);
        mlpipe__exact_merge(&out->wxx, &m->wxx);
    }
}

static mlpipe_status bayes_wide(const bayes_fit *b, uint32_t f, double var)
{
    const char *name = b->job->train->feature[f].name;

    mlpipe__fail(b->ctx, MLPIPE_E_NUMERIC,
                 "%s: feature %q has a variance of %g: the sum of its squares "
                 "by weight must be below 1.8e308; add scale before it, or "
                 "divide the weights",
                 b->job->name, name, var);
    return mlpipe__fail_at(b->ctx, -1, name);
}

static mlpipe_status bayes_narrow(const bayes_fit *b, uint32_t f, uint32_t c,
                                  double var)
{
    const char *name = b->job->train->feature[f].name;

    mlpipe__fail(b->ctx, MLPIPE_E_NUMERIC,
                 "%s: feature %q has a variance of %g in the rows of class "
                 "%q, which is too little; raise var_smoothing, or leave the "
                 "feature out",
                 b->job->name, name, var,
                 b->job->class_names ? b->job->class_names[c] : "");
    return mlpipe__fail_at(b->ctx, -1, name);
}

/* Of one number in each class; a class that has no value of it takes those of
 * all classes, so that it says nothing there. */
static mlpipe_status bayes_normal(bayes_fit *b, uint32_t f,
                                  const bayes_moments *pool)
{
    const uint32_t k = b->state.place[f], numbers = b->state.numbers;
    double all, mean, var, w;

    mlpipe__bayes_spread(pool, &all, &mean, &var);
    for (uint32_t c = 0; c < b->classes; c++) {
        double *m = &b->mean[(size_t)c * numbers + k];
        double *v = &b->var[(size_t)c * numbers + k];

        if (!(all > 0) || (var == 0 && b->epsilon == 0)) {
            *m = *v = 0;
            continue;
        }
        mlpipe__bayes_spread(&b->state.moments[(size_t)c * numbers + k], &w,
                             m, v);
        if (!(w > 0)) {
            *m = mean;
            *v = var;
        }
        *v += b->epsilon;
        if (!mlpipe__finite(0.5 / *v))
            return bayes_narrow(b, f, c, *v);
    }
    return MLPIPE_OK;
}

/* The greatest variance of a number decides what is added to each. */
static mlpipe_status bayes_normals(bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    const double share =
        mlpipe__params_get(b->job->params, "var_smoothing")->number;
    bayes_moments pool;
    double all, mean, var, most = 0;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t f = 0; f < t->features; f++) {
        if (t->feature[f].kind == MLPIPE__CODE)
            continue;
        bayes_pool(b, b->state.place[f], &pool);
        mlpipe__bayes_spread(&pool, &all, &mean, &var);
        if (all > 0 && !mlpipe__finite(var))
            return bayes_wide(b, f, var);
        most = var > most ? var : most;
    }
    b->epsilon = share * most;
    for (uint32_t f = 0; f < t->features && !st; f++) {
        if (t->feature[f].kind == MLPIPE__CODE)
            continue;
        bayes_pool(b, b->state.place[f], &pool);
        st = bayes_normal(b, f, &pool);
    }
    return st;
}

/* ---- the program -------------------------------------------------------- */

/* Is a register never null, whatever a row brings; or, with finite, whatever a
 * row of values brings that are finite and stay so? */
static bool bayes_always(const mlpipe__program *p, uint32_t reg, bool finite)
{
    for (uint32_t i = p->op_count; i-- > 0;) {
        const mlpipe__op *op = &p->ops[i];

        if (reg < op->dst || reg >= op->dst + mlpipe__op_width(p, op))
            continue;
        switch (op->code) {
        case MLPIPE__OP_IMPUTE:
        case MLPIPE__OP_IS_NULL:
        case MLPIPE__OP_ONEHOT:
        case MLPIPE__OP_OUTSIDE:
            return true;
        case MLPIPE__OP_SHIFT_SCALE:
        case MLPIPE__OP_AFFINE:
            if (!finite)
                return false;
            reg = op->a;
            break;
        case MLPIPE__OP_CLAMP:
            reg = op->a;
            break;
        default:
            return false;
        }
    }
    return false;
}

/* The logarithms of a category's shares in a class; a code that training
 * never saw is one that was counted never, a missing one says nothing. */
static void bayes_shares(bayes_fit *b, uint32_t f, uint32_t class)
{
    const uint32_t codes = b->job->train->feature[f].codes;
    const uint32_t first = b->state.place[f];
    double total = 0;
    bool pooled = false;

    for (;;) {
        for (uint32_t k = 0; k < codes; k++)
            b->table[k] = mlpipe__bayes_count(
                &b->state, pooled ? 0 : class,
                pooled ? b->classes : class + 1, first + k);
        total = mlpipe__sum(b->table, codes);
        if (total > 0 || pooled)
            break;
        pooled = true;
    }
    b->table[codes] = 0;
    const double all = mlpipe__log(total + b->alpha * (codes ? codes : 1));
    for (uint32_t k = 0; k <= codes; k++)
        b->table[k] = mlpipe__log(b->table[k] + b->alpha) - all;
    b->table[codes + 1] = 0;
}

static void bayes_emit_lookups(bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    mlpipe__program *p = b->job->program;
    uint32_t at = 0;

    for (uint32_t c = 0; c < b->classes; c++)
        for (uint32_t f = 0; f < t->features; f++) {
            const uint32_t codes = t->feature[f].codes;

            if (t->feature[f].kind != MLPIPE__CODE)
                continue;
            bayes_shares(b, f, c);
            b->lookup[at++] = mlpipe__program_op(
                p, MLPIPE__OP_LOOKUP, b->job->regs[f], 0,
                mlpipe__program_const(p, b->table, codes + 2), codes, 1);
        }
}

/* Where no number is ever missing but for one that is infinite or becomes so,
 * such a row has no answer; else it is as one where it is missing. */
static uint32_t bayes_emit_missing(bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    mlpipe__program *p = b->job->program;
    uint32_t made = 0;

    b->complete = true;
    for (uint32_t f = 0; f < t->features; f++)
        b->complete = b->complete &&
                      (t->feature[f].kind == MLPIPE__CODE ||
                       bayes_always(p, b->job->regs[f], true));
    for (uint32_t f = 0; f < t->features; f++) {
        uint32_t *to = &b->missing[b->state.place[f]];

        if (t->feature[f].kind == MLPIPE__CODE)
            continue;
        *to = MLPIPE__NO_REG;
        if (b->complete || bayes_always(p, b->job->regs[f], false))
            continue;
        *to = mlpipe__program_shared(p, MLPIPE__OP_IS_NULL, b->job->regs[f],
                                     0, 0, 0);
        made++;
    }
    return made;
}

/* Half the logarithm of 2 pi s^2, which a missing number must give back. */
static double bayes_half_log(double var)
{
    return var > 0 ? 0.5 * mlpipe__log(BAYES_TWO_PI * var) : 0;
}

/* Prior and numbers of a class, none of them missing. */
static uint32_t bayes_emit_normal(bayes_fit *b, uint32_t class)
{
    const mlpipe__frame *t = b->job->train;
    const uint32_t numbers = b->state.numbers;
    const double *mean = b->mean + (size_t)class * numbers;
    const double *var = b->var + (size_t)class * numbers;
    mlpipe__program *p = b->job->program;
    double *form = b->form + 1;

    b->form[0] = b->prior[class];
    for (uint32_t f = 0; f < t->features; f++) {
        const uint32_t k = b->state.place[f];

        if (t->feature[f].kind == MLPIPE__CODE)
            continue;
        b->regs[k] = b->job->regs[f];
        b->form[0] -= bayes_half_log(var[k]);
        *form++ = mean[k];
        *form++ = var[k] > 0 ? -0.5 / var[k] : 0;
    }
    return mlpipe__program_op(
        p, MLPIPE__OP_DISTANCE, b->complete ? 0 : 1,
        mlpipe__program_const(p, b->form, 2 * numbers + 1),
        mlpipe__program_words(p, b->regs, numbers), numbers, 1);
}

/* The same, with categories, and what missing numbers give back. */
static uint32_t bayes_emit_sum(bayes_fit *b, uint32_t class, uint32_t normal)
{
    const uint32_t numbers = b->state.numbers;
    mlpipe__program *p = b->job->program;
    uint32_t n = 0;

    b->form[0] = numbers ? 0 : b->prior[class];
    if (numbers) {
        b->regs[n++] = normal;
        b->form[n] = 1;
    }
    for (uint32_t k = 0; k < b->categories; k++) {
        b->regs[n++] = b->lookup[class * b->categories + k];
        b->form[n] = 1;
    }
    for (uint32_t k = 0; k < numbers; k++) {
        if (b->missing[k] == MLPIPE__NO_REG)
            continue;
        b->regs[n++] = b->missing[k];
        b->form[n] = bayes_half_log(b->var[(size_t)class * numbers + k]);
    }
    return mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                              mlpipe__program_const(p, b->form, n + 1),
                              mlpipe__program_words(p, b->regs, n), n, 1);
}

/* From the logarithm of each class, in registers that follow one another. */
static void bayes_emit_answer(bayes_fit *b, uint32_t first)
{
    static const double difference[] = {0, -1, 1};
    mlpipe__fit_job *job = b->job;
    mlpipe__program *p = job->program;

    for (uint32_t c = 0; c < b->classes; c++)
        b->regs[c] = first + c;
    const uint32_t words = mlpipe__program_words(p, b->regs, b->classes);
    job->raw = first;
    if (b->classes > 2) {
        job->out = mlpipe__program_op(p, MLPIPE__OP_SOFTMAX, 0, 0, words,
                                      b->classes, b->classes);
        return;
    }
    job->raw = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0,
                                  mlpipe__program_const(p, difference, 3),
                                  words, 2, 1);
    job->out = mlpipe__program_op(p, MLPIPE__OP_SIGMOID, job->raw, 0, 0, 0,
                                  1);
}

static void bayes_emit(bayes_fit *b)
{
    uint32_t sums, first = 0, last = 0;

    bayes_emit_lookups(b);
    sums = bayes_emit_missing(b) + b->categories;
    for (uint32_t c = 0; c < b->classes && b->state.numbers; c++) {
        last = bayes_emit_normal(b, c);
        first = c ? first : last;
    }
    for (uint32_t c = 0, normal = first; c < b->classes && sums; c++) {
        last = bayes_emit_sum(b, c, normal + c);
        first = c ? first : last;
    }
    bayes_emit_answer(b, first);
    if (!b->job->notes)
        return;
    mlpipe__report_number(b->job->notes, "epsilon", b->epsilon);
    mlpipe__report_table(b->job->notes, "priors", "class,prior");
    for (uint32_t c = 0; c < b->classes; c++) {
        const char *const *names = b->job->class_names;
        const char *name = names ? names[c] : c ? "1" : "0";

        mlpipe__report_cell_text(b->job->notes, name, strlen(name));
        mlpipe__report_cell_number(b->job->notes, mlpipe__exp(b->prior[c]));
    }
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status bayes_allocate(bayes_fit *b)
{
    const mlpipe__frame *t = b->job->train;
    const size_t features = t->features, classes = b->classes;
    mlpipe__env *env = b->env;
    uint32_t widest = 0;

    if (!mlpipe__bayes_init(&b->state, env, t->feature, t->features,
                            b->classes, t->weight != NULL))
        return mlpipe__nomem(b->ctx);
    for (uint32_t f = 0; f < t->features; f++)
        widest = t->feature[f].codes > widest ? t->feature[f].codes : widest;
    b->categories = t->features - b->state.numbers;
    b->scratch = mlpipe__alloc(env, t->scratch_bytes);
    b->values = mlpipe__alloc_array(env, features,
                                    MLPIPE__BLOCK_ROWS * sizeof(double));
    b->valid = mlpipe__alloc_array(env, features, MLPIPE__BLOCK_ROWS);
    b->prior = mlpipe__alloc_array(env, classes, sizeof(double));
    b->mean = mlpipe__alloc_array(env, classes,
                                  b->state.numbers * sizeof(double));
    b->var = mlpipe__alloc_array(env, classes,
                                 b->state.numbers * sizeof(double));
    b->table = mlpipe__alloc_array(env, (size_t)widest + 2, sizeof(double));
    b->form = mlpipe__alloc_array(env, 2 * features + 2, sizeof(double));
    b->regs = mlpipe__alloc_array(env, features + classes + 1,
                                  sizeof(uint32_t));
    b->lookup = mlpipe__alloc_array(env, classes,
                                    b->categories * sizeof(uint32_t));
    b->missing = mlpipe__alloc_array(env, features, sizeof(uint32_t));
    if (!b->scratch || !b->values || !b->valid || !b->prior || !b->mean ||
        !b->var || !b->table || !b->form || !b->regs || !b->lookup ||
        !b->missing)
        return mlpipe__nomem(b->ctx);
    return MLPIPE_OK;
}

static void bayes_free(bayes_fit *b)
{
    mlpipe__bayes_free(&b->state);
    mlpipe__free(b->env, b->scratch);
    mlpipe__free(b->env, b->values);
    mlpipe__free(b->env, b->valid);
    mlpipe__free(b->env, b->prior);
    mlpipe__free(b->env, b->mean);
    mlpipe__free(b->env, b->var);
    mlpipe__free(b->env, b->table);
    mlpipe__free(b->env, b->form);
    mlpipe__free(b->env, b->regs);
    mlpipe__free(b->env, b->lookup);
    mlpipe__free(b->env, b->missing);
}

static mlpipe_status bayes_learn(mlpipe__fit_job *job)
{
    bayes_fit b = {.ctx = job->ctx, .env = job->ctx->env, .job = job};
    mlpipe_status st;

    if (!(job->task & MLPIPE__TASK_CLASSES))
        return mlpipe__fail(job->ctx, MLPIPE_E_UNSUPPORTED,
                            "%s: naive_bayes predicts classes and this target "
                            "is a number; use gbt, ridge or knn, or state "
                            "task=binary",
                            job->name);
    if (!job->train->features)
        return mlpipe__fail(job->ctx, MLPIPE_E_EMPTY,
                            "%s: there is no feature to learn from; keep at "
                            "least one column",
                            job->name);
    b.classes = job->task == MLPIPE__TASK_BINARY ? 2 : job->classes;
    b.alpha = mlpipe__params_get(job->params, "alpha")->number;
    st = bayes_check_rows(&b);
    if (st)
        return st;
    st = bayes_allocate(&b);
    if (!st)
        st = bayes_read(&b);
    if (!st)
        st = bayes_normals(&b);
    if (!st) {
        bayes_priors(&b);
        bayes_emit(&b);
    }
    bayes_free(&b);
    return st;
}

const mlpipe__learner mlpipe__learner_naive_bayes = {
    .name = "naive_bayes",
    .tasks = MLPIPE__TASK_CLASSES,
    .takes_nulls = true,
    .takes_codes = true,
    .blas = false,
    .params = bayes_params,
    .param_count = sizeof bayes_params / sizeof *bayes_params,
    .doc = "Naive Bayes: numbers are normal in each class, categories have "
           "shares; missing values are left out.",
    .fit = bayes_learn,
};
