/* SPDX-License-Identifier: MIT */
/* ridge, lasso and elastic_net against scikit-learn, glmnet and NIST, and
 * against what must hold of any solution. */
#include "train_rig.h"

#include "golden/linear.h"
#include "golden/nist.h"
#include "report_table.h"
#include "train/linear_types.h"
#include "golden_text.h"

static mlpipe_ctx *lin_ctx;

static int lin_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &lin_ctx);
}

static int lin_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(lin_ctx);
    return 0;
}

static const mlpipe__learner *const lin_learners[] = {
    &mlpipe__learner_ridge, &mlpipe__learner_lasso,
    &mlpipe__learner_elastic_net};

static const double *lin_model(const rig_fit *f)
{
    const mlpipe__op *op = &f->program->ops[f->program->op_count - 1];

    assert_int_equal(MLPIPE__OP_LINEAR, op->code);
    return f->program->consts + op->b;
}

/* ---- the peers' fixtures ------------------------------------------------ */

typedef struct lin_set {
    const double *rows;
    uint32_t n, p;
} lin_set;

#define LIN_SET(k)                                                            \
    {                                                                         \
        golden_linear_##k[0],                                                 \
            sizeof golden_linear_##k / sizeof *golden_linear_##k,             \
            sizeof *golden_linear_##k / sizeof(double) - 2                    \
    }
static const lin_set lin_sets[] = {LIN_SET(0), LIN_SET(1), LIN_SET(2),
                                   LIN_SET(3), LIN_SET(4)};

#define LIN_W(k) golden_linear_want_##k
static const double *const lin_want[] = {
    LIN_W(0),  LIN_W(1),  LIN_W(2),  LIN_W(3),  LIN_W(4),  LIN_W(5),
    LIN_W(6),  LIN_W(7),  LIN_W(8),  LIN_W(9),  LIN_W(10), LIN_W(11),
    LIN_W(12), LIN_W(13), LIN_W(14), LIN_W(15), LIN_W(16), LIN_W(17),
    LIN_W(18), LIN_W(19), LIN_W(20), LIN_W(21), LIN_W(22), LIN_W(23),
    LIN_W(24), LIN_W(25), LIN_W(26), LIN_W(27), LIN_W(28), LIN_W(29),
    LIN_W(30), LIN_W(31)};

static void lin_table(rig_table *t, uint32_t set, bool weighted)
{
    const lin_set *s = &lin_sets[set];

    rig_table_new(t, s->n, s->p);
    t->w = weighted ? calloc(s->n, sizeof(double)) : NULL;
    for (uint32_t i = 0; i < s->n; i++) {
        const double *row = s->rows + (size_t)i * (s->p + 2);
        for (uint32_t f = 0; f < s->p; f++)
            t->x[f][i] = row[f];
        t->y[i] = row[s->p];
        if (weighted)
            t->w[i] = row[s->p + 1];
    }
}

static long double lin_objective(const rig_table *t, const double *model,
                                 double lambda, double share)
{
    long double loss = 0, weight = 0, squares = 0, sizes = 0;

    for (uint32_t i = 0; i < t->rows; i++) {
        const double w = t->w ? t->w[i] : 1;
        long double r = t->y[i] - (long double)model[0];
        for (uint32_t f = 0; f < t->features; f++)
            r -= (long double)model[1 + f] * t->x[f][i];
        loss += w * r * r / 2;
        weight += w;
    }
    for (uint32_t f = 0; f < t->features; f++) {
        squares += (long double)model[1 + f] * model[1 + f];
        sizes += fabsl((long double)model[1 + f]);
    }
    return loss / weight + lambda * ((1 - share) / 2 * squares +
                                     share * sizes);
}

static void lin_case(uint32_t k)
{
    const double *g = golden_linear_case[k], *want = lin_want[k];
    const uint32_t set = (uint32_t)g[0], learner = (uint32_t)g[1];
    rig_table t;
    rig_fit f;
    char text[160];
    int n;

    n = snprintf(text, sizeof text, "lambda=%.17g intercept=%s", g[2],
                 g[4] > 0 ? "true" : "false");
    if (learner)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      " positive=%s tol=1e-14", g[6] > 0 ? "true" : "false");
    if (learner == 2)
        snprintf(text + n, sizeof text - (size_t)n, " l1_ratio=%.17g", g[3]);
    lin_table(&t, set, g[5] > 0);
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, lin_learners[learner], text,
                                   MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    for (uint32_t i = 0; i <= t.features; i++) {
        const double got = lin_model(&f)[i];
        if (fabs(got - want[i]) > 1e-6 * (1 + fabs(want[i])))
            fail_msg("case %u (%s), coefficient %u: %.17g, not %.17g", k,
                     text, i, got, want[i]);
    }
    const long double ours = lin_objective(&t, lin_model(&f), g[2], g[3]);
    const long double peer = lin_objective(&t, want, g[2], g[3]);
    if (ours > peer * (1 + 1e-12L))
        fail_msg("case %u (%s): objective %.17Lg, the peer's is %.17Lg", k,
                 text, ours, peer);
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void lin_equals_peers(void **state)
{
    (void)state;
    assert_int_equal(GOLDEN_LINEAR_CASES,
                     sizeof lin_want / sizeof *lin_want);
    assert_int_equal(GOLDEN_LINEAR_SETS, sizeof lin_sets / sizeof *lin_sets);
    for (uint32_t k = 0; k < GOLDEN_LINEAR_CASES; k++)
        lin_case(k);
}

/* ---- certified values --------------------------------------------------- */

static void lin_certified(const double *rows, uint32_t n, uint32_t p,
                          const double *certified)
{
    rig_table t;
    rig_fit f;

    rig_table_new(&t, n, p);
    for (uint32_t i = 0; i < n; i++) {
        t.y[i] = rows[(size_t)i * (p + 1)];
        for (uint32_t k = 0; k < p; k++)
            t.x[k][i] = rows[(size_t)i * (p + 1) + 1 + k];
    }
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, &mlpipe__learner_ridge, "l2=0",
                                   MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    for (uint32_t k = 0; k <= p; k++) {
        const double got = lin_model(&f)[k], want = certified[k];
        if (-log10(fabs(got - want) / fabs(want) + 1e-16) < 9)
            fail_msg("coefficient %u: %.17g, certified %.15g", k, got, want);
    }
    rig_fit_free(&f);
    rig_table_free(&t);
}

static void lin_nist(void **state)
{
    (void)state;
    lin_certified(golden_norris[0],
                  sizeof golden_norris / sizeof *golden_norris, 1,
                  golden_norris_certified);
    lin_certified(golden_longley[0],
                  sizeof golden_longley / sizeof *golden_longley, 6,
                  golden_longley_certified);
}

/* Powers of a number: the equations have a condition of 7e12, and the law
 * comes back. */
static void lin_ill_conditioned(void **state)
{
    enum { N = 6000, P = 6 };
    rig_table t;
    rig_fit f;
    double condition;
    (void)state;

    rig_table_new(&t, N, P);
    for (uint32_t i = 0; i < N; i++) {
        const double x = 1 + (double)i / N;
        double power = 1;
        t.y[i] = 1;
        for (uint32_t k = 0; k < P; k++) {
            power *= x;
            t.x[k][i] = power;
            t.y[i] += power;
        }
    }
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, &mlpipe__learner_ridge, "l2=0",
                                   MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    condition = mlpipe_report_get(f.notes, "condition");
    assert_true(condition > 1e12);
    for (uint32_t k = 0; k <= P; k++)
        assert_near(lin_model(&f)[k], 1, 1e-9);
    rig_fit_free(&f);
    rig_table_free(&t);
}

/* ---- products ----------------------------------------------------------- */

/* Every kernel gives the bits of the sums that all others are. */
static void lin_kernels(void **state)
{
    enum { Q = 13, LD = 1608 };
    double *x = calloc((size_t)(Q + 5) * LD, sizeof(double));
    double *lanes = calloc(mlpipe__gram_lanes(Q), sizeof(double));
    (void)state;

    for (uint32_t wide = 0; wide <= mlpipe__gram_width(); wide++)
        for (uint32_t n = 1; n < 1600; n = n * 3 + 1) {
            const mlpipe__gram_kernel *k = mlpipe__gram_kernel_of(wide);
            double gram[Q * Q] = {0};
            memset(x, 0, (size_t)(Q + 5) * LD * sizeof(double));
            for (uint32_t c = 0; c < Q; c++)
                for (uint32_t i = 0; i < n; i++)
                    x[(size_t)c * LD + i] = rig_normal(i, c);
            mlpipe__gram_add(k, x, LD, Q, n, lanes, gram);
            for (uint32_t j = 0; j < Q; j++)
                for (uint32_t i = 0; i <= j; i++) {
                    const double *a = x + (size_t)i * LD;
                    const double *b = x + (size_t)j * LD;
                    const double want = mlpipe__block_dot(a, b, n);
                    assert_memory_equal(&want, &gram[j * Q + i], sizeof want);
                    const double dot = k->dot(a, b, n);
                    assert_memory_equal(&want, &dot, sizeof want);
                }
        }
    free(x);
    free(lanes);
}

/* More columns than lanes are kept for take the other way. */
static void lin_many_columns(void **state)
{
    enum { Q = 520, N = 40, LD = 40 };
    const mlpipe__gram_kernel *k =
        mlpipe__gram_kernel_of(mlpipe__gram_width());
    double *x = calloc((size_t)(Q + 5) * LD, sizeof(double));
    double *gram = calloc((size_t)Q * Q, sizeof(double));
    double *lanes = calloc(mlpipe__gram_lanes(Q), sizeof(double));
    (void)state;

    for (uint32_t c = 0; c < Q; c++)
        for (uint32_t i = 0; i < N - 3; i++)
            x[(size_t)c * LD + i] = rig_normal(i, c);
    mlpipe__gram_add(k, x, LD, Q, N - 3, lanes, gram);
    for (uint32_t j = 0; j < Q; j += 37)
        for (uint32_t i = 0; i <= j; i++) {
            const double want = mlpipe__block_dot(
                x + (size_t)i * LD, x + (size_t)j * LD, N - 3);
            assert_memory_equal(&want, &gram[(size_t)j * Q + i], 8);
        }
    free(x);
    free(gram);
    free(lanes);
}

static void lin_random(rig_table *t, uint32_t n, uint32_t p)
{
    rig_table_new(t, n, p);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t f = 0; f < p; f++)
            t->x[f][i] = rig_normal(i, f) + (f ? 0.5 * t->x[f - 1][i] : 0);
        t->y[i] = 3 * t->x[0][i] - t->x[p / 2][i] + rig_normal(i, p) + 2;
    }
}

/* As many threads as there are, the same bits. */
static void lin_threads(void **state)
{
    static const char *const texts[] = {NULL, "lambda=auto", "lambda=auto"};
    (void)state;

    for (uint32_t k = 0; k < 3; k++) {
        mlpipe__hash128 h[2];
        rig_table t;
        lin_random(&t, 20001, 6);
        for (uint32_t i = 0; i < 2; i++) {
            const mlpipe_ctx_options o = {.size = sizeof o,
                                          .threads = i ? 3 : 1};
            mlpipe_ctx *ctx;
            rig_fit f;
            assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
            assert_ok(ctx, rig_fit_new(ctx, lin_learners[k], texts[k],
                                       MLPIPE__TASK_REGRESSION, &t, NULL,
                                       &f));
            h[i] = rig_hash(ctx, &f);
            rig_fit_free(&f);
            mlpipe_ctx_free(ctx);
        }
        assert_memory_equal(&h[0], &h[1], sizeof h[0]);
        rig_table_free(&t);
    }
}

/* ---- cross-validation --------------------------------------------------- */

static mlpipe__fit_job lin_folds_job(rig_table *t)
{
    return (mlpipe__fit_job){.ctx = lin_ctx, .name = "x", .seed = 3,
                             .train = rig_frame(t)};
}

/* The error of each fold by a fit of its own, of the rows without it. */
static double lin_by_refit(const mlpipe__learner *l, const char *more,
                           rig_table *t, double lambda, uint32_t folds)
{
    const mlpipe__fit_job job = lin_folds_job(t);
    double sum = 0, weight = 0;

    for (uint32_t k = 0; k < folds; k++) {
        rig_table u;
        rig_fit f;
        char text[160];
        uint32_t n = 0;
        rig_table_new(&u, t->rows, t->features);
        u.w = t->w ? calloc(t->rows, sizeof(double)) : NULL;
        for (uint32_t i = 0; i < t->rows; i++) {
            if (mlpipe__linear_fold(&job, i, folds) == k)
                continue;
            for (uint32_t c = 0; c < t->features; c++)
                u.x[c][n] = t->x[c][i];
            if (t->w)
                u.w[n] = t->w[i];
            u.y[n++] = t->y[i];
        }
        u.rows = n;
        snprintf(text, sizeof text, "lambda=%.17g %s", lambda, more);
        assert_ok(lin_ctx, rig_fit_new(lin_ctx, l, text,
                                       MLPIPE__TASK_REGRESSION, &u, NULL,
                                       &f));
        for (uint32_t i = 0; i < t->rows; i++) {
            const double w = t->w ? t->w[i] : 1;
            if (mlpipe__linear_fold(&job, i, folds) != k)
                continue;
            const double e = t->y[i] - rig_predict_row(&f, t, i);
            sum += w * e * e;
            weight += w;
        }
        rig_fit_free(&f);
        rig_table_free(&u);
    }
    return sum / weight;
}

static void lin_cv_of(const mlpipe__learner *l, const char *more,
                      rig_table *t, const char *what)
{
    rig_fit f;
    char text[200];
    double path[12], mse[12];
    uint32_t best = 0, rows;

    snprintf(text, sizeof text, "lambda=auto lambdas=12 folds=4 %s", more);
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, l, text, MLPIPE__TASK_REGRESSION,
                                   t, NULL, &f));
    const mlpipe__report_cell *cell = table_cells(
        f.notes, "path", "lambda,error,error_se,nonzero", &rows);
    assert_int_equal(12, rows);
    for (uint32_t i = 0; i < 12; i++) {
        path[i] = cell[4 * i].number;
        mse[i] = cell[4 * i + 1].number;
        assert_true(cell[4 * i + 3].number >= 0 &&
                    cell[4 * i + 3].number <= t->features);
        if (l == &mlpipe__learner_ridge)
            assert_near(cell[4 * i + 3].number, t->features, 0);
        if (i % 4 == 1) {
            const double want = lin_by_refit(l, more, t, path[i], 4);
            if (fabs(mse[i] - want) > 1e-6 * want)
                fail_msg("%s, lambda %g: %.17g, by fits %.17g", what, path[i],
                         mse[i], want);
        }
        best = mse[i] < mse[best] ? i : best;
    }
    assert_near(mlpipe_report_get(f.notes, "lambda"), path[best], 0);
    assert_true(cell[4 * 11 + 3].number >= cell[3].number);
    rig_fit_free(&f);
}

/* Folds from one pass are those that fits of the other rows would give. */
static void lin_cv_is_refits(void **state)
{
    rig_table t;
    (void)state;

    for (uint32_t weighted = 0; weighted < 2; weighted++) {
        lin_table(&t, 2, weighted);
        lin_cv_of(&mlpipe__learner_ridge, "", &t, "ridge");
        lin_cv_of(&mlpipe__learner_lasso, "tol=1e-12", &t, "lasso");
        lin_cv_of(&mlpipe__learner_elastic_net,
                  "tol=1e-12 l1_ratio=0.3 intercept=false", &t, "elastic_net");
        lin_cv_of(&mlpipe__learner_lasso, "tol=1e-12 positive=true", &t,
                  "positive");
        rig_table_free(&t);
        lin_table(&t, 3, weighted);
        lin_cv_of(&mlpipe__learner_lasso, "tol=1e-12 lambda_ratio=0.05", &t,
                  "wide");
        rig_table_free(&t);
    }
}

/* One standard error is a stronger penalty, and fewer features. */
static void lin_one_se(void **state)
{
    rig_table t;
    rig_fit f, g;
    (void)state;

    lin_random(&t, 300, 20);
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, &mlpipe__learner_lasso, NULL,
                                   MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    assert_ok(lin_ctx, rig_fit_new(lin_ctx, &mlpipe__learner_lasso,
                                   "rule=1se", MLPIPE__TASK_REGRESSION, &t,
                                   NULL, &g));
    assert_true(mlpipe_report_get(g.notes, "lambda") >
                mlpipe_report_get(f.notes, "lambda"));
    assert_true(mlpipe_report_get(g.notes, "nonzero") <=
                mlpipe_report_get(f.notes, "nonzero"));
    assert_true(mlpipe_report_get(g.notes, "nonzero") >= 2);
    rig_fit_free(&f);
    rig_fit_free(&g);
    rig_table_free(&t);
}

/* The choice does not depend on the units of the target, even where squares
 * of errors are beyond a double. */
static void lin_one_se_units(void **state)
{
    rig_fit f[2];
    rig_table t;
    (void)state;

    lin_random(&t, 300, 20);
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; k && i < t.rows; i++)
            t.y[i] *= 0x1p300;
        assert_ok(lin_ctx, rig_fit_new(lin_ctx, &mlpipe__learner_lasso,
                                       "rule=1se", MLPIPE__TASK_REGRESSION,
                                       &t, NULL, &f[k]));
    }
    assert_same(mlpipe_report_get(f[1].notes, "lambda"),
                mlpipe_report_get(f[0].notes, "lambda") * 0x1p300);
    rig_fit_free(&f[0]);
    rig_fit_free(&f[1]);
    rig_table_free(&t);
}

/* Rows of one key stay together: two folds are the two keys. */
static void lin_folds_by_key(void **state)
{
    rig_table t;
    uint64_t keys[60];
    uint32_t met[2] = {0, 0};
    mlpipe__fit_job job;
    mlpipe__frame frame;
    (void)state;

    lin_table(&t, 2, false);
    job = lin_folds_job(&t);
    frame = *job.train;
    frame.keys = keys;
    job.train = &frame;
    for (uint32_t i = 0; i < 60; i++)
        keys[i] = i / 6;
    for (uint32_t i = 0; i < 60; i++)
        assert_int_equal(mlpipe__linear_fold(&job, i / 6 * 6, 5),
                         mlpipe__linear_fold(&job, i, 5));
    /* Rows of one fold that something else drew by this seed are of both. */
    for (uint32_t i = 0; i < 60; i++) {
        keys[i] = i;
        if (!mlpipe__fold_of(job.seed, i, 2))
            met[mlpipe__linear_fold(&job, i, 2)]++;
    }
    assert_true(met[0] > 5 && met[1] > 5);
    rig_table_free(&t);
}

/* ---- what must hold of any solution ------------------------------------- */

/* No coefficient from the highest lambda on; constant and doubled columns. */
static void lin_odd_columns(void **state)
{
    static const char *const texts[] = {"lambda=0.05", "lambda=auto"};
    rig_table t;
    rig_fit f;
    (void)state;

    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t wide = 0; wide < 2; wide++) {
            lin_table(&t, wide ? 3 : 2, false);
            for (uint32_t i = 0; i < t.rows; i++) {
                t.x[3][i] = 0.1;
                t.x[5][i] = t.x[4][i];
            }
            assert_ok(lin_ctx,
                      rig_fit_new(lin_ctx, &mlpipe__learner_lasso, texts[k],
                                  MLPIPE__TASK_REGRESSION, &t, NULL, &f));
            assert_true(lin_model(&f)[4] == 0);
            assert_true(mlpipe_report_get(f.notes, "duality_gap") <= 1e-7);
            rig_fit_free(&f);
            assert_ok(lin_ctx,
                      rig_fit_new(lin_ctx, &mlpipe__learner_lasso,
                                  "lambda=1000", MLPIPE__TASK_REGRESSION, &t,
                                  NULL, &f));
            assert_true(mlpipe_report_get(f.notes, "nonzero") == 0);
            rig_fit_free(&f);
            for (uint32_t i = 0; i < t.rows; i++)
                t.y[i] = 0.3;
            assert_ok(lin_ctx,
                      rig_fit_new(lin_ctx, &mlpipe__learner_lasso, texts[k],
                                  MLPIPE__TASK_REGRESSION, &t, NULL, &f));
            assert_near(lin_model(&f)[0], 0.3, 1e-15);
            assert_true(mlpipe_report_get(f.notes, "nonzero") == 0);
            rig_fit_free(&f);
            rig_table_free(&t);
        }
}

/* By rows and by products are the same fit. */
static void lin_rows_equal_products(void **state)
{
    rig_table t;
    (void)state;

    for (uint32_t k = 0; k < 4; k++) {
        mlpipe__linear l[2];
        mlpipe__params params;
        mlpipe__fit_job job;
        lin_table(&t, 2, k & 1);
        assert_ok(lin_ctx,
                  mlpipe__params_parse(
                      lin_ctx, "x", mlpipe__learner_elastic_net.params,
                      mlpipe__learner_elastic_net.param_count,
                      k & 2 ? "lambda=auto tol=1e-13 lambdas=20"
                            : "lambda=0.03 tol=1e-13",
                      &params));
        job = lin_folds_job(&t);
        job.params = &params;
        job.task = MLPIPE__TASK_REGRESSION;
        for (uint32_t i = 0; i < 2; i++) {
            l[i] = (mlpipe__linear){.lasso = true, .l1_ratio = 0.5};
            assert_ok(lin_ctx, mlpipe__linear_start(&job, &l[i]));
            assert_ok(lin_ctx, (i ? mlpipe__linear_by_rows
                                  : mlpipe__linear_by_gram)(&l[i]));
        }
        assert_near(l[0].lambda, l[1].lambda, 1e-12);
        assert_near(l[0].loss, l[1].loss, 1e-9);
        for (uint32_t i = 0; i <= t.features; i++)
            assert_near(l[0].model[i], l[1].model[i], 1e-6);
        for (uint32_t i = 0; k & 2 && i < 20; i++)
            assert_near(l[0].cv[i], l[1].cv[i], 1e-6);
        mlpipe__linear_free(&l[0]);
        mlpipe__linear_free(&l[1]);
        mlpipe__params_free(&params);
        rig_table_free(&t);
    }
}

static void lin_refuses(void **state)
{
    static const struct {
        const mlpipe__learner *l;
        const char *text;
        mlpipe_status status;
        const char *says;
    } cases[] = {
        {&mlpipe__learner_lasso, "lambda=0", MLPIPE_E_PARAM, "l2=0"},
        {&mlpipe__learner_lasso, "lambda=much", MLPIPE_E_PARAM, "much"},
        {&mlpipe__learner_lasso, "lambda=-1", MLPIPE_E_PARAM, "1e100"},
        {&mlpipe__learner_elastic_net, "l1_ratio=0", MLPIPE_E_PARAM, "0.001"},
        {&mlpipe__learner_lasso, "lambda=1e-9 max_iter=1 tol=1e-15",
         MLPIPE_E_NUMERIC, "gap"},
        {&mlpipe__learner_ridge, "lambda=x", MLPIPE_E_PARAM, "auto"},
        {&mlpipe__learner_ridge, "folds=1", MLPIPE_E_PARAM, "2"},
    };
    rig_table t;
    rig_fit f;
    (void)state;

    lin_table(&t, 0, false);
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(cases[i].status,
                      rig_fit_new(lin_ctx, cases[i].l, cases[i].text,
                                  MLPIPE__TASK_REGRESSION, &t, NULL, &f));
        if (!strstr(mlpipe_ctx_error(lin_ctx)->text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, mlpipe_ctx_error(lin_ctx)->text);
        golden_gist(__BASE_FILE__, cases[i].text,
                    mlpipe_ctx_error(lin_ctx)->text);
    }
    for (uint32_t wide = 0; wide < 2; wide++) {
        rig_table_free(&t);
        lin_table(&t, wide ? 3 : 0, false);
        t.x[1][17] = NAN;
        assert_told(lin_ctx, MLPIPE_E_SCHEMA,
                    rig_fit_new(lin_ctx, &mlpipe__learner_lasso, NULL,
                                MLPIPE__TASK_REGRESSION, &t, NULL, &f));
        assert_int_equal(17, mlpipe_ctx_error(lin_ctx)->row);
        t.x[1][17] = 1e300;
        assert_told(lin_ctx, MLPIPE_E_NUMERIC,
                    rig_fit_new(lin_ctx, &mlpipe__learner_lasso, NULL,
                                MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    }
    t.rows = 1;
    assert_told(lin_ctx, MLPIPE_E_EMPTY,
                rig_fit_new(lin_ctx, &mlpipe__learner_ridge, "lambda=auto",
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    rig_table_free(&t);
}

typedef struct lin_progress {
    uint32_t calls, most; /* so many, then it asks to stop; 0 = never */
} lin_progress;

static int32_t lin_told(void *user, const char *stage, double done)
{
    lin_progress *p = user;
    (void)stage;
    (void)done;
    return ++p->calls == p->most;
}

/* A descent asks within a lambda, not only between two of them. */
static void lin_cancels(void **state)
{
    lin_progress p = {0, 0};
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &p,
                                  .progress = lin_told};
    mlpipe_ctx *ctx;
    rig_table t;
    rig_fit f;
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    lin_random(&t, 60, 100);
    assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_lasso,
                               "lambda=1e-2 tol=1e-9",
                               MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    rig_fit_free(&f);
    assert_true(p.calls > 12); /* one reading, and nine lambdas */
    p = (lin_progress){0, p.calls};
    assert_status(MLPIPE_E_CANCELLED,
                rig_fit_new(ctx, &mlpipe__learner_lasso,
                            "lambda=1e-2 tol=1e-9",
                            MLPIPE__TASK_REGRESSION, &t, NULL, &f));
    rig_table_free(&t);
    mlpipe_ctx_free(ctx);
}

static void lin_starves(void **state)
{
    rig_table t;
    (void)state;

    lin_table(&t, 1, true);
    rig_starve(&mlpipe__learner_lasso, "lambdas=3 folds=2",
               MLPIPE__TASK_REGRESSION, &t, NULL);
    rig_starve(&mlpipe__learner_ridge, "lambda=auto lambdas=3 folds=2",
               MLPIPE__TASK_REGRESSION, &t, NULL);
    rig_table_free(&t);
    lin_table(&t, 3, true);
    rig_starve(&mlpipe__learner_elastic_net, "lambdas=3 folds=2",
               MLPIPE__TASK_REGRESSION, &t, NULL);
    rig_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lin_equals_peers),
        cmocka_unit_test(lin_nist),
        cmocka_unit_test(lin_ill_conditioned),
        cmocka_unit_test(lin_kernels),
        cmocka_unit_test(lin_many_columns),
        cmocka_unit_test(lin_threads),
        cmocka_unit_test(lin_cv_is_refits),
        cmocka_unit_test(lin_one_se),
        cmocka_unit_test(lin_one_se_units),
        cmocka_unit_test(lin_folds_by_key),
        cmocka_unit_test(lin_odd_columns),
        cmocka_unit_test(lin_rows_equal_products),
        cmocka_unit_test(lin_refuses),
        cmocka_unit_test(lin_cancels),
        cmocka_unit_test(lin_starves),
    };
    return cmocka_run_group_tests(tests, lin_open, lin_close);
}
