/* SPDX-License-Identifier: MIT */
/* logistic against scikit-learn and glmnet, its laws, and what it refuses. */
#include "train_rig.h"

#include "golden/logistic.h"
#include "golden_text.h"

enum {
    LOGI_P = GOLDEN_LOGISTIC_P,
    LOGI_TWO = sizeof golden_logistic_two_y / sizeof(double),
    LOGI_THREE = sizeof golden_logistic_three_y / sizeof(double),
    LOGI_CASES = sizeof golden_logistic / sizeof *golden_logistic,
    LOGI_CLASSES_MAX = 4
};

static mlpipe_ctx *logi_ctx;

static int logi_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &logi_ctx);
}

static int logi_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(logi_ctx);
    return 0;
}

/* A fitted learner: its program, with an output a class. */
typedef struct logi_fit {
    mlpipe__program *program;
    mlpipe_report *notes;
    uint32_t width, raw;
} logi_fit;

static void logi_free(logi_fit *f)
{
    mlpipe__program_free(f->program);
    mlpipe_report_free(f->notes);
}

/* As long as a category may be, and longer than a line of a report. */
#define LOGI_TEN "\u00fcber\u00fcber"
#define LOGI_LONG_NAME                                                     \
    "white " LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN         \
        LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN LOGI_TEN

static mlpipe_status logi_new(mlpipe_ctx *ctx, const char *text,
                              uint32_t classes, rig_table *t, logi_fit *out)
{
    static const char *const names[] = {"red", "green", "blue",
                                        LOGI_LONG_NAME};
    uint32_t regs[RIG_FEATURES_MAX];
    mlpipe__params params;
    mlpipe_report *notes = mlpipe__report_new(ctx->env, "notes");

    assert_ok(ctx, mlpipe__params_parse(
                       ctx, "logistic", mlpipe__learner_logistic.params,
                       mlpipe__learner_logistic.param_count, text, &params));
    memset(out, 0, sizeof *out);
    out->program = rig_program(ctx, t, regs);
    out->width = classes > 2 ? classes : 1;
    mlpipe__fit_job job = {
        .ctx = ctx, .params = &params, .name = "logistic",
        .task = classes > 2 ? MLPIPE__TASK_MULTICLASS : MLPIPE__TASK_BINARY,
        .classes = classes, .class_names = names, .train = rig_frame(t),
        .notes = notes, .program = out->program, .regs = regs,
        .raw = MLPIPE__NO_REG};
    const mlpipe_status st = mlpipe__learner_logistic.fit(&job);
    mlpipe__params_free(&params);
    if (st) {
        mlpipe_report_free(notes);
        mlpipe__program_free(out->program);
        return st;
    }
    for (uint32_t k = 0; k < out->width; k++)
        mlpipe__program_add_output(out->program, "p", job.out + k);
    out->raw = job.raw;
    assert_ok(ctx, mlpipe__program_seal(ctx, out->program));
    assert_ok(ctx, mlpipe__report_seal(ctx, notes, &out->notes));
    return st;
}

/* Constant and coefficients of form k. */
static const double *logi_model(const logi_fit *f, uint32_t k)
{
    const mlpipe__program *p = f->program;

    for (uint32_t i = 0; i < p->op_count; i++)
        if (p->ops[i].code == MLPIPE__OP_LINEAR && !k--)
            return p->consts + p->ops[i].b;
    return NULL;
}

static void logi_golden(rig_table *t, uint32_t classes, bool weighted)
{
    const uint32_t n = classes == 2 ? LOGI_TWO : LOGI_THREE;
    const double *y = classes == 2 ? golden_logistic_two_y
                                   : golden_logistic_three_y;
    const double *w = classes == 2 ? golden_logistic_two_w
                                   : golden_logistic_three_w;

    rig_table_new(t, n, LOGI_P);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t f = 0; f < LOGI_P; f++)
            t->x[f][i] = classes == 2 ? golden_logistic_two_x[i][f]
                                      : golden_logistic_three_x[i][f];
        t->y[i] = y[i];
    }
    if (!weighted)
        return;
    t->w = calloc(n, sizeof(double));
    memcpy(t->w, w, n * sizeof *w);
}

/* ---- against peers ------------------------------------------------------ */

/* The objective in long doubles; model: forms x (features + 1). */
static double logi_objective(const rig_table *t, uint32_t classes, double l2,
                             double ratio, const double *model)
{
    const uint32_t forms = classes == 2 ? 1 : classes, width = t->features + 1;
    long double loss = 0, weight = 0, penalty = 0;

    for (uint32_t i = 0; i < t->rows; i++) {
        long double eta[LOGI_CLASSES_MAX] = {0}, sum = 0;
        const uint32_t y = (uint32_t)t->y[i];
        const double w = t->w ? t->w[i] : 1;
        for (uint32_t k = 0; k < forms; k++) {
            long double *e = &eta[forms == 1 ? 1 : k];
            *e = model[k * width];
            for (uint32_t f = 0; f < t->features; f++)
                *e += (long double)model[k * width + 1 + f] * t->x[f][i];
        }
        for (uint32_t k = 0; k < classes; k++)
            sum += expl(eta[k] - eta[y]);
        loss += w * logl(sum);
        weight += w;
    }
    for (uint32_t k = 0; k < forms; k++)
        for (uint32_t f = 1; f < width; f++) {
            const long double b = model[k * width + f];
            penalty += (1 - ratio) / 2 * b * b + ratio * fabsl(b);
        }
    return (double)((loss + l2 * penalty) / weight);
}

static void logi_case_text(const golden_logistic_case *g, char text[128])
{
    snprintf(text, 128, "l2=%g l1_ratio=%g intercept=%s", g->l2, g->l1_ratio,
             g->intercept ? "true" : "false");
}

static void logi_equals_peers(void **state)
{
    (void)state;
    assert_true(LOGI_CASES >= 20);
    for (uint32_t c = 0; c < LOGI_CASES; c++) {
        const golden_logistic_case *g = &golden_logistic[c];
        const uint32_t forms = g->classes == 2 ? 1 : g->classes;
        double model[LOGI_CLASSES_MAX][LOGI_P + 1];
        char text[128];
        rig_table t;
        logi_fit f;

        logi_case_text(g, text);
        logi_golden(&t, g->classes, g->weighted);
        assert_ok(logi_ctx, logi_new(logi_ctx, text, g->classes, &t, &f));
        for (uint32_t k = 0; k < forms; k++) {
            memcpy(model[k], logi_model(&f, k), sizeof model[k]);
            for (uint32_t i = 0; i <= LOGI_P; i++)
                if (fabs(model[k][i] - g->model[k][i]) > 1e-6)
                    fail_msg("case %u (%s, %u classes, %s), form %u, "
                             "coefficient %u: %.17g, not %.17g",
                             c, g->peer, g->classes, text, k, i, model[k][i],
                             g->model[k][i]);
        }
        const double ours = logi_objective(&t, g->classes, g->l2, g->l1_ratio,
                                           model[0]);
        const double peer = logi_objective(&t, g->classes, g->l2, g->l1_ratio,
                                           g->model[0]);
        if (ours > peer * (1 + 1e-12))
            fail_msg("case %u (%s, %s): objective %.17g above %.17g", c,
                     g->peer, text, ours, peer);
        assert_near(mlpipe_report_get(f.notes, "objective"), ours, 1e-13);
        if (!(mlpipe_report_get(f.notes, "gradient") <= 1e-10))
            fail_msg("case %u (%s): gradient %g", c, text,
                     mlpipe_report_get(f.notes, "gradient"));
        logi_free(&f);
        rig_table_free(&t);
    }
}

/* ---- laws --------------------------------------------------------------- */

/* Classes of a known model, over several blocks of rows. */
static void logi_made(rig_table *t, uint32_t rows, uint32_t classes)
{
    rig_table_new(t, rows, 3);
    for (uint32_t i = 0; i < rows; i++) {
        double best = -INFINITY;
        for (uint32_t f = 0; f < 3; f++)
            t->x[f][i] = rig_normal(i, f);
        for (uint32_t k = 0; k < classes; k++) {
            const double e = k * 0.4 * t->x[k % 3][i] -
                             0.7 * t->x[(k + 1) % 3][i] -
                             log(-log(rig_uniform(i, 10 + k)));
            if (e > best) {
                best = e;
                t->y[i] = k;
            }
        }
    }
}

static void logi_same_models(const logi_fit *a, const logi_fit *b,
                             double within)
{
    const uint32_t p = a->program->input_count;

    for (uint32_t k = 0; k < a->width; k++)
        for (uint32_t i = 0; i <= p; i++)
            assert_near(logi_model(a, k)[i], logi_model(b, k)[i], within);
}

/* An integer weight is a row that is there so often; 0 is none. */
static void logi_weight_is_repetition(void **state)
{
    (void)state;
    for (uint32_t classes = 2; classes <= 3; classes++) {
        rig_table t, u;
        logi_fit f, g;
        uint32_t n = 0;

        logi_golden(&t, classes, true);
        for (uint32_t i = 0; i < t.rows; i++)
            n += (uint32_t)t.w[i];
        rig_table_new(&u, n, LOGI_P);
        n = 0;
        for (uint32_t i = 0; i < t.rows; i++)
            for (uint32_t k = 0; k < (uint32_t)t.w[i]; k++, n++) {
                for (uint32_t c = 0; c < LOGI_P; c++)
                    u.x[c][n] = t.x[c][i];
                u.y[n] = t.y[i];
            }
        for (uint32_t l1 = 0; l1 < 2; l1++) {
            const char *text = l1 ? "l1_ratio=0.5" : NULL;
            assert_ok(logi_ctx, logi_new(logi_ctx, text, classes, &t, &f));
            assert_ok(logi_ctx, logi_new(logi_ctx, text, classes, &u, &g));
            logi_same_models(&f, &g, 1e-8);
            logi_free(&f);
            logi_free(&g);
        }
        rig_table_free(&t);
        rig_table_free(&u);
    }
}

/* Ten rows that nearly all have a class of their own, with a penalty that is
 * nearly nothing: what coordinate descent alone needs minutes for. Polls tell
 * how long it takes. */
static int32_t logi_count(void *user, const char *stage, double fraction)
{
    int *polls = user;
    (void)stage;
    (void)fraction;
    return ++*polls > 20000;
}

static void logi_small_penalties(void **state)
{
    static const char *const texts[] = {
        "l2=1e-3 l1_ratio=0.05", "l2=1e-5 l1_ratio=0.05",
        "l2=1e-5 l1_ratio=1",    "l2=1e-8 l1_ratio=0.05",
        "l2=1e-8 l1_ratio=1"};
    static const double u[] = {0.561, 0.179, 0.758, 0.488, 0.222,
                               0.671, 0.933, 0.087, 0.349, 0.815};
    static const double y[] = {2, 0, 3, 1, 3, 0, 1, 2, 3, 0};
    int polls = 0;
    mlpipe_ctx_options o = {.size = sizeof o, .user = &polls,
                            .progress = logi_count};
    mlpipe_ctx *c;
    rig_table t;
    (void)state;

    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    rig_table_new(&t, 10, 2);
    for (uint32_t i = 0; i < 10; i++) {
        t.x[0][i] = u[i];
        t.x[1][i] = u[i] * 1e-8 + i % 2;
        t.y[i] = y[i];
    }
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        logi_fit f;
        double model[4 * 3], l2 = 0, ratio = 0;

        polls = 0;
        assert_int_equal(2, sscanf(texts[k], "l2=%lf l1_ratio=%lf", &l2,
                                   &ratio));
        assert_ok(c, logi_new(c, texts[k], 4, &t, &f));
        assert_true(mlpipe_report_get(f.notes, "gradient") < 1e-7);
        assert_true(mlpipe_report_get(f.notes, "iterations") < 200);
        /* and no coefficient has a better value beside its own */
        for (uint32_t i = 0; i < 4; i++)
            memcpy(model + 3 * i, logi_model(&f, i), 3 * sizeof *model);
        const double best = logi_objective(&t, 4, l2, ratio, model);
        for (uint32_t i = 0; i < 4 * 3; i++)
            for (int side = -1; side <= 1; side += 2) {
                const double own = model[i];
                model[i] += side * 0.01 * (1 + fabs(own));
                assert_true(logi_objective(&t, 4, l2, ratio, model) >=
                            best * (1 - 1e-12));
                model[i] = own;
            }
        logi_free(&f);
    }
    rig_table_free(&t);
    mlpipe_ctx_free(c);
}

/* What the iterations do not suffice for says what would help. */
static void logi_gives_up(void **state)
{
    rig_table t;
    logi_fit f;
    (void)state;

    logi_made(&t, 300, 3);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] = t.x[0][i] * (1 + 1e-9 * (i % 7));
    assert_told(logi_ctx, MLPIPE_E_NUMERIC,
                logi_new(logi_ctx, "l2=1e-6 l1_ratio=0.3 iterations=1", 3,
                         &t, &f));
    assert_non_null(strstr(mlpipe_ctx_error(logi_ctx)->text, "raise l2"));
    rig_table_free(&t);
}

/* Rows in another order; without a penalty also other units of a column. */
static void logi_order_and_units(void **state)
{
    enum { N = 9000 };
    rig_table t, u;
    logi_fit f, g;
    (void)state;

    for (uint32_t classes = 2; classes <= 4; classes++) {
        logi_made(&t, N, classes);
        logi_made(&u, N, classes);
        for (uint32_t i = 0; i < N; i++) {
            const uint32_t from = (uint32_t)((i * 4099ull) % N);
            for (uint32_t c = 0; c < 3; c++)
                u.x[c][i] = t.x[c][from];
            u.y[i] = t.y[from];
        }
        assert_ok(logi_ctx, logi_new(logi_ctx, NULL, classes, &t, &f));
        assert_ok(logi_ctx, logi_new(logi_ctx, NULL, classes, &u, &g));
        logi_same_models(&f, &g, 1e-9);
        logi_free(&f);
        logi_free(&g);
        assert_ok(logi_ctx, logi_new(logi_ctx, "l2=0", classes, &t, &f));
        for (uint32_t i = 0; i < N; i++)
            t.x[1][i] = t.x[1][i] * 1e6 + 1e9;
        assert_ok(logi_ctx, logi_new(logi_ctx, "l2=0", classes, &t, &g));
        for (uint32_t k = 0; k < f.width; k++) {
            assert_near(logi_model(&f, k)[1], logi_model(&g, k)[1], 1e-8);
            assert_near(logi_model(&f, k)[2], logi_model(&g, k)[2] * 1e6,
                        1e-8);
        }
        logi_free(&f);
        logi_free(&g);
        rig_table_free(&t);
        rig_table_free(&u);
    }
}

static mlpipe__hash128 logi_hash(mlpipe_ctx *ctx, const logi_fit *f)
{
    rig_fit r = {.program = f->program};

    return rig_hash(ctx, &r);
}

/* Memory that refuses one size: features are then read anew, not kept. */
static void *logi_no_cache(void *user, void *ptr, size_t old_size,
                           size_t new_size, size_t align)
{
    void *out = NULL;

    if (new_size && new_size == *(size_t *)user)
        return NULL;
    if (new_size) {
        assert_int_equal(0, posix_memalign(&out, align < 8 ? 8 : align,
                                           new_size));
        if (old_size)
            memcpy(out, ptr, old_size < new_size ? old_size : new_size);
    }
    if (old_size)
        free(ptr);
    return out;
}

static const char *const logi_texts[] = {NULL, "l2=0", "l1_ratio=0.7 l2=5",
                                         "intercept=false"};

/* Any number of threads, and with or without a copy of the features. */
static void logi_same_bits(void **state)
{
    enum { N = 30001 };
    size_t refused = (size_t)N * 3 * sizeof(double);
    const mlpipe_ctx_options few = {.size = sizeof few, .threads = 3};
    const mlpipe_ctx_options small = {.size = sizeof small, .user = &refused,
                                      .alloc = logi_no_cache};
    mlpipe_ctx *ctx[2];
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&few, &ctx[0]));
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&small, &ctx[1]));
    for (uint32_t classes = 2; classes <= 3; classes++)
        for (uint32_t k = 0; k < 4; k++) {
            rig_table t;
            logi_fit f;
            logi_made(&t, N, classes);
            assert_ok(logi_ctx,
                      logi_new(logi_ctx, logi_texts[k], classes, &t, &f));
            const mlpipe__hash128 one = logi_hash(logi_ctx, &f);
            logi_free(&f);
            for (uint32_t c = 0; c < 2; c++) {
                assert_ok(ctx[c],
                          logi_new(ctx[c], logi_texts[k], classes, &t, &f));
                const mlpipe__hash128 other = logi_hash(ctx[c], &f);
                if (memcmp(&one, &other, sizeof one))
                    fail_msg("%u classes, %s: other bits with %s", classes,
                             logi_texts[k] ? logi_texts[k] : "defaults",
                             c ? "no copy" : "3 threads");
                logi_free(&f);
            }
            rig_table_free(&t);
        }
    mlpipe_ctx_free(ctx[0]);
    mlpipe_ctx_free(ctx[1]);
}

/* Answers of n rows from `start`, by a scratch of that width. */
static void logi_answers(const logi_fit *f, const rig_table *t,
                         uint32_t start, uint32_t n, uint32_t width,
                         double *out)
{
    void *scratch;

    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe__program_scratch(f->program,
                                                               width)));
    for (uint32_t c = 0; c < t->features; c++)
        memcpy(mlpipe__program_lane(f->program, scratch, width, c),
               t->x[c] + start, n * sizeof(double));
    mlpipe__program_run(f->program, scratch, width, n, out, NULL);
    free(scratch);
}

/* A row alone has the bits that it has in a block; classes add up to one,
 * and follow from the raw scale. */
static void logi_row_is_batch(void **state)
{
    enum { N = 512 };
    static double block[N * LOGI_CLASSES_MAX];
    (void)state;

    for (uint32_t classes = 2; classes <= 4; classes++) {
        rig_table t;
        logi_fit f;

        logi_made(&t, N, classes);
        assert_ok(logi_ctx, logi_new(logi_ctx, NULL, classes, &t, &f));
        logi_answers(&f, &t, 0, N, N, block);
        for (uint32_t i = 0; i < N; i++) {
            double one[LOGI_CLASSES_MAX], sum = 0;
            logi_answers(&f, &t, i, 1, 1, one);
            assert_memory_equal(one, block + i * f.width,
                                f.width * sizeof *one);
            for (uint32_t k = 0; k < f.width; k++)
                sum += one[k];
            if (classes > 2)
                assert_near(sum, 1, 1e-14);
        }
        assert_int_equal(MLPIPE__OP_LINEAR,
                         f.program->ops[f.raw - t.features].code);
        logi_free(&f);
        rig_table_free(&t);
    }
}

/* Many coefficients go without a matrix of second derivatives; the optimum
 * is the same one. */
static void logi_wide(void **state)
{
    enum { N = 400, P = RIG_FEATURES_MAX, K = 60 };
    rig_table t;
    logi_fit f;
    uint32_t regs[P];
    mlpipe__params params;
    (void)state;

    rig_table_new(&t, N, P);
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t c = 0; c < P; c++)
            t.x[c][i] = rig_normal(i, c) * (c % 3 ? 1 : 3);
        t.y[i] = i < K ? i : (double)(rig_uniform(i, 99) * K);
        t.y[i] = floor(t.y[i]);
    }
    assert_ok(logi_ctx,
              mlpipe__params_parse(logi_ctx, "logistic",
                                   mlpipe__learner_logistic.params,
                                   mlpipe__learner_logistic.param_count,
                                   "l2=1", &params));
    memset(&f, 0, sizeof f);
    mlpipe_report *notes = mlpipe__report_new(logi_ctx->env, "notes");
    f.program = rig_program(logi_ctx, &t, regs);
    mlpipe__fit_job job = {.ctx = logi_ctx, .params = &params,
                           .name = "logistic",
                           .task = MLPIPE__TASK_MULTICLASS, .classes = K,
                           .train = rig_frame(&t), .notes = notes,
                           .program = f.program, .regs = regs};
    assert_ok(logi_ctx, mlpipe__learner_logistic.fit(&job));
    mlpipe__params_free(&params);
    assert_ok(logi_ctx, mlpipe__report_seal(logi_ctx, notes, &f.notes));
    assert_true(mlpipe_report_get(f.notes, "gradient") <= 1e-10);
    logi_free(&f);
    rig_table_free(&t);
}

/* ---- what it refuses ---------------------------------------------------- */

static void logi_expect(rig_table *t, const char *text, uint32_t classes,
                        mlpipe_status want, const char *word,
                        const char *absent)
{
    logi_fit f;
    const mlpipe_status st = logi_new(logi_ctx, text, classes, t, &f);
    const char *said = mlpipe_ctx_error(logi_ctx)->text;

    if (!st)
        logi_free(&f);
    assert_status(want, st);
    if (!strstr(said, word))
        fail_msg("\"%s\" is not in: %s", word, said);
    if (absent && strstr(said, absent))
        fail_msg("\"%s\" is in: %s", absent, said);
    golden_gist(__BASE_FILE__, text ? text : "logistic", said);
}

static void logi_separation(void **state)
{
    rig_table t;
    logi_fit f;
    (void)state;

    for (uint32_t classes = 2; classes <= 3; classes++) {
        /* Wholly: one feature tells the classes apart. */
        logi_golden(&t, classes, false);
        for (uint32_t i = 0; i < t.rows; i++)
            t.x[2][i] = t.y[i] * 2 + 0.5 * rig_uniform(i, 0);
        logi_expect(&t, "l2=0", classes, MLPIPE_E_NUMERIC, "f2", NULL);
        assert_non_null(strstr(mlpipe_ctx_error(logi_ctx)->text, "l2"));
        assert_ok(logi_ctx, logi_new(logi_ctx, "l2=0.001", classes, &t, &f));
        logi_free(&f);
        rig_table_free(&t);
        /* In part: where f1 is 1 there is one class only; the other
         * features have a best value. */
        logi_golden(&t, classes, false);
        for (uint32_t i = 0; i < t.rows; i++)
            t.x[1][i] = t.y[i] == 1 && i % 9 == 0;
        logi_expect(&t, "l2=0", classes, MLPIPE_E_NUMERIC, "\"f1\"",
                    "\"f0\"");
        assert_non_null(strstr(mlpipe_ctx_error(logi_ctx)->text,
                               "separated"));
        rig_table_free(&t);
    }
    /* Rare, in many rows: the gradient is small long before the end. */
    logi_made(&t, 20000, 2);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] = 0;
    for (uint32_t i = 0, n = 0; n < 2; i++)
        if (t.y[i] > 0) {
            t.x[1][i] = 1;
            n++;
        }
    logi_expect(&t, "l2=0", 2, MLPIPE_E_NUMERIC, "separated by \"f1\"",
                "f0");
    logi_expect(&t, "l2=0 tol=1e-4", 2, MLPIPE_E_NUMERIC,
                "separated by \"f1\"", "f0");
    rig_table_free(&t);
}

static void logi_same_columns(void **state)
{
    rig_table t;
    logi_fit f;
    (void)state;

    logi_golden(&t, 2, false);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[3][i] = 2 * t.x[0][i] - t.x[2][i] + 5;
    logi_expect(&t, "l2=0", 2, MLPIPE_E_NUMERIC, "\"f0\", \"f2\"", "f1");
    assert_ok(logi_ctx, logi_new(logi_ctx, "l2=1e-9", 2, &t, &f));
    logi_free(&f);
    assert_ok(logi_ctx, logi_new(logi_ctx, "l1_ratio=1", 2, &t, &f));
    logi_free(&f);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[3][i] = 0.1;
    logi_expect(&t, "l2=0", 2, MLPIPE_E_NUMERIC, "\"f3\" is constant", NULL);
    for (uint32_t l1 = 0; l1 < 2; l1++) {
        assert_ok(logi_ctx,
                  logi_new(logi_ctx, l1 ? "l1_ratio=1" : NULL, 2, &t, &f));
        assert_true(logi_model(&f, 0)[4] == 0);
        logi_free(&f);
    }
    rig_table_free(&t);
}

static void logi_refuses(void **state)
{
    rig_table t;
    (void)state;

    logi_golden(&t, 2, true);
    logi_expect(&t, "l2=0.001 iterations=2", 2, MLPIPE_E_NUMERIC,
                "iterations", NULL);
    for (uint32_t i = 0; i < t.rows; i++)
        t.w[i] = t.y[i];
    logi_expect(&t, NULL, 2, MLPIPE_E_NUMERIC, "\"red\"", NULL);
    for (uint32_t i = 0; i < t.rows; i++)
        t.w[i] = 1;
    t.w[5] = -1;
    logi_expect(&t, NULL, 2, MLPIPE_E_NUMERIC, "row 5", NULL);
    t.w[5] = 1e-318; /* its products would lose digits */
    logi_expect(&t, NULL, 2, MLPIPE_E_NUMERIC, "row 5", NULL);
    t.w[5] = 1;
    t.x[1][17] = 1e200;
    logi_expect(&t, NULL, 2, MLPIPE_E_NUMERIC, "\"f1\"", NULL);
    t.x[1][17] = NAN;
    logi_expect(&t, NULL, 2, MLPIPE_E_SCHEMA, "impute", NULL);
    assert_int_equal(17, mlpipe_ctx_error(logi_ctx)->row);
    assert_string_equal("f1", mlpipe_ctx_error(logi_ctx)->column);
    t.codes[1] = 3;
    logi_expect(&t, NULL, 2, MLPIPE_E_SCHEMA, "onehot", NULL);
    rig_table_free(&t);
}

static void logi_starves(void **state)
{
    rig_table t;
    (void)state;

    logi_golden(&t, 2, true);
    rig_starve(&mlpipe__learner_logistic, NULL, MLPIPE__TASK_BINARY, &t,
               NULL);
    rig_starve(&mlpipe__learner_logistic, "l1_ratio=0.5",
               MLPIPE__TASK_BINARY, &t, NULL);
    rig_table_free(&t);
}

/*
 * Rows of weight 0 are as good as absent, whatever they hold: a column that is
 * constant but for them, and a first block of them far from all others.
 */
static void logi_weightless_rows(void **state)
{
    enum { GONE = MLPIPE__SUM_BLOCK, REST = 300 };
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        const uint32_t gone = k ? 1 : GONE;
        rig_table with, rest;
        logi_fit a, b;
        rig_table_new(&with, gone + REST, 2);
        rig_table_new(&rest, REST, 2);
        with.classes = rest.classes = 2;
        with.w = calloc(gone + REST, sizeof(double));
        for (uint32_t i = 0; i < gone + REST; i++) {
            const bool counts = i >= gone;
            with.x[0][i] = counts ? 1e9 + rig_normal(i, 0) : -3e11;
            with.x[1][i] = counts ? 0.1 : 1e5;
            with.y[i] = counts && with.x[0][i] + rig_normal(i, 1) > 1e9;
            with.w[i] = counts;
            if (!counts)
                continue;
            for (uint32_t f = 0; f < 2; f++)
                rest.x[f][i - gone] = with.x[f][i];
            rest.y[i - gone] = with.y[i];
        }
        assert_ok(logi_ctx, logi_new(logi_ctx, NULL, 2, &with, &a));
        assert_ok(logi_ctx, logi_new(logi_ctx, NULL, 2, &rest, &b));
        for (uint32_t j = 1; j < 3; j++)
            assert_near(logi_model(&a, 0)[j], logi_model(&b, 0)[j], 1e-6);
        logi_free(&a);
        logi_free(&b);
        rig_table_free(&with);
        rig_table_free(&rest);
    }
}

/* Notes of a class have its whole name. */
static void logi_long_names(void **state)
{
    rig_table t;
    logi_fit f;
    (void)state;

    logi_made(&t, 400, 4);
    assert_ok(logi_ctx, logi_new(logi_ctx, NULL, 4, &t, &f));
    assert_near(mlpipe_report_get(f.notes, "intercept " LOGI_LONG_NAME),
                logi_model(&f, 3)[0], 0);
    logi_free(&f);
    rig_table_free(&t);
}

typedef struct logi_progress {
    uint32_t calls, most; /* so many, then it asks to stop; 0 = never */
} logi_progress;

static int32_t logi_told(void *user, const char *stage, double done)
{
    logi_progress *p = user;
    (void)stage;
    (void)done;
    return ++p->calls == p->most;
}

/* Columns that are nearly one need many sweeps, between which the fit asks
 * whether to go on. */
static void logi_cancels(void **state)
{
    logi_progress p = {0, 0};
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &p,
                                  .progress = logi_told};
    mlpipe_ctx *ctx;
    rig_table t;
    logi_fit f;
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    logi_made(&t, 400, 2);
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] = t.x[0][i] + 0.01 * t.x[1][i];
    assert_ok(ctx, logi_new(ctx, "l1_ratio=0.5 l2=0.01", 2, &t, &f));
    const double passes = mlpipe_report_get(f.notes, "iterations");
    assert_true(p.calls > passes + 2); /* one a pass, and the reading */
    logi_free(&f);
    p = (logi_progress){0, 5};
    assert_status(MLPIPE_E_CANCELLED,
                logi_new(ctx, "l1_ratio=0.5 l2=0.01", 2, &t, &f));
    rig_table_free(&t);
    mlpipe_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logi_equals_peers),
        cmocka_unit_test(logi_weight_is_repetition),
        cmocka_unit_test(logi_small_penalties),
        cmocka_unit_test(logi_gives_up),
        cmocka_unit_test(logi_order_and_units),
        cmocka_unit_test(logi_same_bits),
        cmocka_unit_test(logi_row_is_batch),
        cmocka_unit_test(logi_wide),
        cmocka_unit_test(logi_separation),
        cmocka_unit_test(logi_same_columns),
        cmocka_unit_test(logi_refuses),
        cmocka_unit_test(logi_weightless_rows),
        cmocka_unit_test(logi_long_names),
        cmocka_unit_test(logi_cancels),
        cmocka_unit_test(logi_starves),
    };
    return cmocka_run_group_tests(tests, logi_open, logi_close);
}
