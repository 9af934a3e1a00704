/* SPDX-License-Identifier: MIT */
/*
 * Losses of a number: gradients against differences of the losses, quantiles
 * and renewed leaves against slow ones, what one loss says of another, the
 * same bytes for any threads and order, monotone proofs, refusals.
 */
#include "train_rig.h"

#include "train/gbt_types.h"
#include "golden_text.h"

static mlpipe_ctx *number_ctx;
static const char *const number_losses[] = {
    "loss=absolute",         "loss=huber",
    "loss=quantile level=0.8", "loss=poisson",
    "loss=gamma",            "loss=tweedie power=1.3"};
enum { NUMBER_LOSSES = sizeof number_losses / sizeof *number_losses };

static int number_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &number_ctx);
}

static int number_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(number_ctx);
    return 0;
}

static void number_fit(const char *text, rig_table *t, rig_table *valid,
                       rig_fit *f)
{
    assert_ok(number_ctx,
              rig_fit_new(number_ctx, &mlpipe__learner_gbt, text,
                          MLPIPE__TASK_REGRESSION, t, valid, f));
}

/* Numbers above 0 with a skewed error, one feature with missing values and one
 * category. */
static void number_table(rig_table *t, uint32_t rows, uint32_t from)
{
    rig_table_new(t, rows, 4);
    t->codes[3] = 5;
    for (uint32_t i = 0; i < rows; i++) {
        const uint64_t id = from + i;
        for (uint32_t f = 0; f < 3; f++)
            t->x[f][i] = 4 * rig_uniform(id, f);
        t->x[3][i] = floor(5 * rig_uniform(id, 3));
        t->y[i] = exp(0.5 * t->x[0][i] + sin(2 * t->x[1][i]) +
                      0.4 * (t->x[3][i] == 2) + 0.4 * rig_normal(id, 4));
        if (rig_uniform(id, 5) < 0.2)
            t->x[2][i] = NAN;
        t->ids[i] = id;
    }
}

/* ---- one row ------------------------------------------------------------- */

enum { SLOPE_ROWS = 64 };

/* As much of a fit as gradients need; scores are in units of 2^-24. */
typedef struct slope_rig {
    mlpipe__frame frame;
    mlpipe__fit_job job;
    gbt_fit fit;
    double base, peak[2], sums[1];
    int32_t score[SLOPE_ROWS];
    gbt_grad grad[SLOPE_ROWS];
    gbt_slope slope[SLOPE_ROWS];
} slope_rig;

static void slope_make(slope_rig *r, gbt_number number, const double *y)
{
    memset(r, 0, sizeof *r);
    r->frame = (mlpipe__frame){.rows = SLOPE_ROWS, .target = y};
    r->job.train = &r->frame;
    r->base = 0.5;
    r->fit = (gbt_fit){.ctx = number_ctx, .env = number_ctx->env,
                       .job = &r->job, .rows = SLOPE_ROWS, .tasks = 1,
                       .shift = 7, .number = number, .base = &r->base,
                       .score_scale = 0x1p-24, .score = r->score,
                       .grad = r->grad, .slope = r->slope, .peak = r->peak,
                       .g_scale = 0x1p-28, .h_scale = 1,
                       .unit_hessian = !number.has_log_link,
                       .outputs = 1};
    r->fit.opt.task = MLPIPE__TASK_REGRESSION;
}

static double slope_loss(const slope_rig *r, uint32_t i, double s)
{
    mlpipe__gbt_number_losses(&r->fit, &r->frame, i, 1, &s);
    return s;
}

/* What is made small has these gradients; deviances are twice it. The hessian
 * is the slope of the gradient, Poisson's one 0.7 ahead. */
static void number_gradients(void **state)
{
    static const gbt_number numbers[] = {
        {.kind = GBT_NUMBER_ABSOLUTE, .level = 0.5},
        {.kind = GBT_NUMBER_HUBER, .delta = 1.25},
        {.kind = GBT_NUMBER_QUANTILE, .level = 0.9},
        {.kind = GBT_NUMBER_POISSON, .power = 1, .has_log_link = true},
        {.kind = GBT_NUMBER_GAMMA, .power = 2, .has_log_link = true},
        {.kind = GBT_NUMBER_TWEEDIE, .power = 1.3, .has_log_link = true}};
    double y[SLOPE_ROWS];
    slope_rig r;
    (void)state;

    for (uint32_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        const bool has_log = numbers[k].has_log_link;
        const double step = 1e-4, ahead = k == 3 ? exp(0.7) : 1;
        for (uint32_t i = 0; i < SLOPE_ROWS; i++)
            y[i] = has_log ? 5 * rig_uniform(i, 1) + (k == 4) * 0.1
                           : 3 * rig_normal(i, 2);
        slope_make(&r, numbers[k], y);
        for (uint32_t i = 0; i < SLOPE_ROWS; i++)
            r.score[i] = (int32_t)(ldexp(rig_normal(i, 3), 24));
        assert_ok(number_ctx, mlpipe__gbt_gradients(&r.fit));
        for (uint32_t i = 0; i < SLOPE_ROWS; i++) {
            const double s = r.base + ldexp(r.score[i], -24);
            const double up = slope_loss(&r, i, s + step);
            const double down = slope_loss(&r, i, s - step);
            const double mid = slope_loss(&r, i, s);
            const double half = has_log ? 0.5 : 1;
            if (!has_log && fabs(fabs(s - y[i]) - 1.25) < 2 * step)
                continue; /* a corner of Huber's loss */
            if (!has_log && fabs(s - y[i]) < 2 * step)
                continue;
            assert_near(r.grad[i].g * r.fit.g_scale,
                        half * (up - down) / (2 * step), 1e-6);
            if (has_log)
                assert_near(r.grad[i].h * r.fit.h_scale,
                            ahead * half * (up - 2 * mid + down) /
                                (step * step),
                            1e-5);
            else
                assert_int_equal(r.grad[i].h, 1);
        }
    }
}

/* ---- quantiles ----------------------------------------------------------- */

static int slow_order(const void *a, const void *b)
{
    const double x = ((const gbt_value *)a)->x, y = ((const gbt_value *)b)->x;

    return (x > y) - (x < y);
}

static double slow_quantile(const gbt_value *v, uint32_t n, double level)
{
    gbt_value *s = malloc(n * sizeof *s);
    uint64_t total = 0, sum = 0;
    uint32_t i = 0;

    memcpy(s, v, n * sizeof *s);
    qsort(s, n, sizeof *s, slow_order);
    for (uint32_t k = 0; k < n; k++)
        total += s[k].w;
    while ((double)(sum += s[i].w) < level * (double)total && i + 1 < n)
        i++;
    double x = s[i].x;
    if ((double)sum <= level * (double)total && i + 1 < n)
        x = x / 2 + s[i + 1].x / 2;
    free(s);
    return x;
}

static void number_quantiles(void **state)
{
    static const double levels[] = {0.5, 0.1, 0.25, 0.9, 0.75, 0.001, 0.999};
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 8, 20, 101, 1000, 5000};
    gbt_value v[5000], was[5000];
    (void)state;

    for (uint32_t round = 0; round < 300; round++) {
        const uint32_t n = sizes[round % 10], kind = round % 4;
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t id = round * 10000 + i;
            v[i].x = kind == 0   ? rig_normal(id, 0)
                     : kind == 1 ? floor(6 * rig_uniform(id, 0))
                     : kind == 2 ? i
                                 : -(double)i * i;
            v[i].w = round % 3 ? 1 + (uint64_t)(7 * rig_uniform(id, 1)) : 1;
        }
        for (uint32_t k = 0; k < sizeof levels / sizeof *levels; k++) {
            memcpy(was, v, n * sizeof *v);
            const double want = slow_quantile(v, n, levels[k]);
            assert_same(mlpipe__gbt_quantile(v, n, levels[k]), want + 0.0);
            qsort(was, n, sizeof *was, slow_order);
            qsort(v, n, sizeof *v, slow_order);
            for (uint32_t i = 0; i < n; i++) /* none got lost */
                assert_true(v[i].x <= was[i].x && v[i].x >= was[i].x);
        }
        for (uint32_t k = 1; k <= n && k < 40; k++) {
            const double want = was[n - k].x + 0.0;
            assert_same(mlpipe__gbt_greatest(v, n, k), want);
        }
    }
}

/* One tree that counts in full: what it answers is the quantile of the
 * targets of the rows that it answers so. */
static void number_leaves_are_quantiles(void **state)
{
    static const char *const texts[] = {
        "loss=absolute trees=1 rate=1 leaves=12",
        "loss=quantile level=0.8 trees=1 rate=1 leaves=12"};
    static gbt_value v[2000];
    static double p[2000];
    rig_table t;
    rig_fit f;
    (void)state;

    number_table(&t, 2000, 0);
    for (uint32_t weighted = 0; weighted < 2; weighted++) {
        t.w = weighted ? calloc(t.rows, sizeof *t.w) : NULL;
        for (uint32_t i = 0; i < t.rows && weighted; i++)
            t.w[i] = 0.25 * (i % 5);
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t leaves = 0;
            number_fit(texts[k], &t, NULL, &f);
            for (uint32_t i = 0; i < t.rows; i++)
                p[i] = rig_predict_row(&f, &t, i);
            for (uint32_t i = 0; i < t.rows; i++) {
                uint32_t n = 0;
                for (uint32_t r = 0; r < t.rows; r++)
                    if (!(p[r] < p[i]) && !(p[r] > p[i]) &&
                        (!weighted || t.w[r] > 0))
                        v[n++] = (gbt_value){
                            t.y[r],
                            weighted ? (uint64_t)(4 * t.w[r]) : 1};
                assert_true(n >= 20 || weighted);
                assert_near(p[i], slow_quantile(v, n, k ? 0.8 : 0.5), 1e-6);
                leaves += i && (p[i] < p[i - 1] || p[i] > p[i - 1]);
            }
            assert_true(leaves > 10);
            rig_fit_free(&f);
        }
    }
    rig_table_free(&t);
}

/* ---- what they say of each other ----------------------------------------- */

static void number_same_answers(const char *a, const char *b, rig_table *t,
                                rig_table *u, double times, double tol)
{
    rig_fit f, g;

    number_fit(a, t, NULL, &f);
    number_fit(b, u, NULL, &g);
    for (uint32_t i = 0; i < t->rows; i++) {
        const double p = times * rig_predict_row(&f, t, i);
        const double q = rig_predict_row(&g, t, i);
        if (!(fabs(p - q) <= tol * fabs(p)))
            fail_msg("row %u: %s says %.17g, %s %.17g", i, a, p, b, q);
    }
    rig_fit_free(&f);
    rig_fit_free(&g);
}

static void number_identities(void **state)
{
    rig_table t, u;
    (void)state;

    number_table(&t, 1500, 0);
    number_table(&u, 1500, 0);
    number_same_answers("trees=30 loss=tweedie power=1",
                        "trees=30 loss=poisson", &t, &t, 1, 0);
    number_same_answers("trees=30 loss=tweedie power=2",
                        "trees=30 loss=gamma", &t, &t, 1, 0);
    number_same_answers("trees=30 loss=absolute",
                        "trees=30 loss=quantile level=0.5", &t, &t, 1,
                        0); /* of half the size, gain and all */
    /* beyond the greatest error Huber's loss is half the square */
    number_same_answers("trees=30 loss=huber delta=1e6", "trees=30", &t, &t,
                        1, 1e-6);
    /* a target twice as large; smoothing of categories is in units of the
     * hessian, so that there is none */
    t.features = u.features = 3;
    for (uint32_t i = 0; i < u.rows; i++)
        u.y[i] *= 2;
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        char text[100];
        snprintf(text, sizeof text, "trees=30 l2=0 %s", number_losses[k]);
        number_same_answers(text, text, &t, &u, 2, 1e-5);
    }
    t.features = u.features = 4;
    rig_table_free(&t);
    rig_table_free(&u);
}

/* A row of weight 2 is a row twice; rows of weight 0 are not there. */
static void number_weights_are_copies(void **state)
{
    enum { ROWS = 600 };
    rig_table t, u;
    uint32_t n = 0;
    (void)state;

    number_table(&t, ROWS, 0);
    number_table(&u, 2 * ROWS, 0);
    t.w = calloc(ROWS, sizeof *t.w);
    for (uint32_t i = 0; i < ROWS; i++) {
        t.w[i] = i % 3;
        for (uint32_t f = 0; f < 3; f++) /* every value a bin */
            t.x[f][i] = floor(10 * t.x[f][i]) / 10;
        for (uint32_t k = 0; k < i % 3; k++, n++) {
            for (uint32_t f = 0; f < 4; f++)
                u.x[f][n] = t.x[f][i];
            u.y[n] = t.y[i];
        }
    }
    u.rows = n;
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        char text[160];
        /* what counts rows must not tell a row from its copies */
        snprintf(text, sizeof text,
                 "trees=20 min_rows=1 leaves=6 category_rows=1 "
                 "category_min_rows=1 %s",
                 number_losses[k]);
        number_same_answers(text, text, &t, &u, 1, 1e-5);
    }
    rig_table_free(&t);
    rig_table_free(&u);
}

static mlpipe__hash128 number_hash(uint32_t threads, const char *text,
                                   rig_table *t, rig_table *valid)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *ctx;
    rig_fit f;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    assert_ok(ctx, rig_fit_new(ctx, &mlpipe__learner_gbt, text,
                               MLPIPE__TASK_REGRESSION, t, valid, &f));
    const mlpipe__hash128 h = rig_hash(ctx, &f);
    rig_fit_free(&f);
    mlpipe_ctx_free(ctx);
    return h;
}

static void number_same_bytes(void **state)
{
    rig_table t, back, valid;
    (void)state;

    number_table(&t, 70000, 0);
    number_table(&back, 70000, 0);
    number_table(&valid, 3000, 90000);
    for (uint32_t i = 0; i < t.rows; i++) {
        const uint32_t r = t.rows - 1 - i;
        for (uint32_t f = 0; f < 4; f++)
            back.x[f][i] = t.x[f][r];
        back.y[i] = t.y[r];
        back.ids[i] = t.ids[r];
    }
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        char text[100];
        snprintf(text, sizeof text, "trees=4 leaves=20 rows=0.8 %s",
                 number_losses[k]);
        const mlpipe__hash128 one = number_hash(1, text, &t, &valid);
        for (uint32_t threads = 2; threads < 9; threads += 3) {
            const mlpipe__hash128 h = number_hash(threads, text, &t, &valid);
            assert_memory_equal(&h, &one, sizeof h);
        }
        const mlpipe__hash128 h = number_hash(2, text, &back, &valid);
        assert_memory_equal(&h, &one, sizeof h);
    }
    rig_table_free(&t);
    rig_table_free(&back);
    rig_table_free(&valid);
}

/* What training and validation were told is what the answers lose. */
static void number_notes(void **state)
{
    static const char *const metrics[NUMBER_LOSSES] = {
        "mae", "huber@2", "pinball@0.8", "mean_poisson_deviance",
        "mean_gamma_deviance", "mean_tweedie_deviance@1.3"};
    static const char *const names[NUMBER_LOSSES] = {
        "absolute", "huber", "quantile", "poisson", "gamma", "tweedie"};
    rig_table t, valid;
    double p[2000];
    (void)state;

    number_table(&t, 2000, 0);
    number_table(&valid, 900, 5000);
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        rig_fit f;
        char text[100];
        snprintf(text, sizeof text, "%s%s", number_losses[k],
                 k == 1 ? " delta=2" : "");
        number_fit(text, &t, &valid, &f);
        assert_true(mlpipe_report_get(f.notes, "trees") < 300);
        assert_string_equal(names[k], mlpipe_report_text(f.notes, "loss"));
        for (uint32_t part = 0; part < 2; part++) {
            const rig_table *rows = part ? &valid : &t;
            const mlpipe__scored s = {rows->y, p, NULL, rows->rows, 1, NULL};
            mlpipe_figure figure;
            mlpipe__metric m;
            bool found;
            for (uint32_t i = 0; i < rows->rows; i++)
                p[i] = rig_predict_row(&f, rows, i);
            assert_ok(number_ctx, mlpipe__metric_read(number_ctx, metrics[k],
                                                      &m, &found));
            assert_ok(number_ctx,
                      mlpipe__metric_value(number_ctx, &m, &s, &figure));
            assert_near(mlpipe_report_get(f.notes, part ? "valid_loss"
                                                        : "train_loss") /
                            figure.value,
                        1, 1e-11);
        }
        rig_fit_free(&f);
    }
    rig_table_free(&t);
    rig_table_free(&valid);
}

/* Each loss is smaller than where another was made small. */
static void number_is_what_it_says(void **state)
{
    static const char *const metrics[] = {"mae", "pinball@0.8",
                                          "mean_gamma_deviance"};
    static const uint32_t which[] = {0, 2, 4};
    rig_table t, test;
    static double p[3][4000];
    (void)state;

    number_table(&t, 6000, 0);
    number_table(&test, 4000, 20000);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] *= exp(0.8 * rig_normal(t.ids[i], 9));
    for (uint32_t i = 0; i < test.rows; i++)
        test.y[i] *= exp(0.8 * rig_normal(test.ids[i], 9));
    for (uint32_t k = 0; k < 3; k++) {
        char text[100];
        rig_fit f;
        uint32_t below = 0;
        snprintf(text, sizeof text, "trees=80 leaves=8 %s",
                 number_losses[which[k]]);
        number_fit(text, &t, NULL, &f);
        for (uint32_t i = 0; i < test.rows; i++) {
            p[k][i] = rig_predict_row(&f, &test, i);
            below += test.y[i] < p[k][i];
        }
        if (k == 1) /* the share below is the level, within 4 errors */
            assert_near(below / 4000.0, 0.8, 4 * sqrt(0.16 / 4000));
        rig_fit_free(&f);
    }
    for (uint32_t k = 0; k < 3; k++) {
        double loss[3];
        for (uint32_t j = 0; j < 3; j++) {
            const mlpipe__scored s = {test.y, p[j], NULL, test.rows, 1, NULL};
            mlpipe_figure figure;
            mlpipe__metric m;
            bool found;
            assert_ok(number_ctx, mlpipe__metric_read(number_ctx, metrics[k],
                                                      &m, &found));
            assert_ok(number_ctx,
                      mlpipe__metric_value(number_ctx, &m, &s, &figure));
            loss[j] = figure.value;
        }
        for (uint32_t j = 0; j < 3; j++)
            assert_true(j == k || loss[k] < loss[j]);
    }
    rig_table_free(&t);
    rig_table_free(&test);
}

/* One target far from all others changes neither median nor its unit. */
static void number_outlier(void **state)
{
    rig_table t;
    rig_fit f, g;
    double before = 0, after = 0;
    (void)state;

    number_table(&t, 3000, 0);
    number_fit("trees=60 loss=absolute", &t, NULL, &f);
    t.y[17] = 1e15;
    number_fit("trees=60 loss=absolute", &t, NULL, &g);
    for (uint32_t i = 18; i < t.rows; i++) {
        before += fabs(rig_predict_row(&f, &t, i) - t.y[i]);
        after += fabs(rig_predict_row(&g, &t, i) - t.y[i]);
    }
    assert_true(after < 1.02 * before);
    rig_fit_free(&g);
    number_fit("trees=60 loss=huber", &t, NULL, &g);
    for (uint32_t i = 0; i < t.rows; i++)
        assert_true(rig_predict_row(&g, &t, i) < 100);
    rig_fit_free(&f);
    rig_fit_free(&g);
    rig_table_free(&t);
}

/* Newton's step would be 250 where one row in 500 is above 0. */
static void number_far_off(void **state)
{
    static const char *const texts[] = {"trees=50 rate=1 l2=0 loss=poisson",
                                        "trees=50 rate=1 l2=0 loss=tweedie"};
    rig_table t;
    (void)state;

    rig_table_new(&t, 20000, 1);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.x[0][i] = i < 40;
        t.y[i] = i < 40 ? 7 : i % 1000 == 999 ? 0.001 : 0;
    }
    for (uint32_t k = 0; k < 2; k++) {
        rig_fit f;
        number_fit(texts[k], &t, NULL, &f);
        assert_near(rig_predict_row(&f, &t, 3), 7, 1e-4);
        assert_near(rig_predict_row(&f, &t, 30000 % 20000) * 1e6, 1.0,
                    0.01);
        rig_fit_free(&f);
    }
    rig_table_free(&t);
}

static void number_constant(void **state)
{
    rig_table t;
    (void)state;

    number_table(&t, 200, 0);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = 3;
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        rig_fit f;
        number_fit(number_losses[k], &t, NULL, &f);
        assert_near(rig_predict_row(&f, &t, 0), 3, 1e-15);
        assert_int_equal(0, (int)mlpipe_report_get(f.notes, "trees"));
        rig_fit_free(&f);
    }
    rig_table_free(&t);
}

/* ---- monotone ------------------------------------------------------------ */

static void number_monotone(void **state)
{
    rig_table t;
    (void)state;

    number_table(&t, 3000, 0);
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] *= 1.5 + sin(9 * t.x[0][i]);
    for (uint32_t k = 0; k < NUMBER_LOSSES; k++) {
        char text[120];
        rig_fit f;
        double far = 0;
        snprintf(text, sizeof text,
                 "trees=60 increasing=f0 decreasing=f2 %s", number_losses[k]);
        number_fit(text, &t, NULL, &f);
        for (uint32_t r = 0; r < 100; r++)
            for (uint32_t c = 0; c < 3; c += 2) {
                double x[4], before = 0, now = 0, first = 0;
                for (uint32_t i = 0; i < 4; i++)
                    x[i] = isnan(t.x[i][r]) ? 1 : t.x[i][r];
                for (uint32_t step = 0; step <= 200; step++) {
                    x[c] = -0.5 + step * 0.025;
                    now = rig_predict(&f, x);
                    if (step && (c ? now > before : now < before))
                        fail_msg("%s: f%u goes from %g to %g", text, c,
                                 before, now);
                    before = now;
                    first = step ? first : now;
                }
                far += c ? 0 : now / first / 100;
            }
        assert_true(far > 3); /* it learns what there is to learn */
        rig_fit_free(&f);
    }
    rig_table_free(&t);
}

/* ---- refusals ------------------------------------------------------------ */

static void number_refused(mlpipe_status status, const char *text,
                           uint32_t task, rig_table *t, const char *says)
{
    rig_fit f;

    assert_told(number_ctx, status,
                rig_fit_new(number_ctx, &mlpipe__learner_gbt, text, task, t,
                            NULL, &f));
    if (!strstr(mlpipe_ctx_error(number_ctx)->text, says))
        fail_msg("%s", mlpipe_ctx_error(number_ctx)->text);
}

static void number_refuses(void **state)
{
    const uint32_t regression = MLPIPE__TASK_REGRESSION;
    rig_table t;
    (void)state;

    number_table(&t, 200, 0);
    number_refused(MLPIPE_E_PARAM, "loss=logloss", regression, &t,
                   "is of classes");
    number_refused(MLPIPE_E_PARAM, "loss=l1", regression, &t, "absolute");
    t.y[7] = -2;
    number_refused(MLPIPE_E_NUMERIC, "loss=poisson", regression, &t,
                   "the target of row 7 is -2");
    assert_int_equal(7, mlpipe_ctx_error(number_ctx)->row);
    number_refused(MLPIPE_E_NUMERIC, "loss=tweedie", regression, &t,
                   "take 0 and numbers above it");
    t.y[7] = 0;
    number_refused(MLPIPE_E_NUMERIC, "loss=gamma", regression, &t,
                   "takes numbers above 0");
    t.y[7] = 1e101;
    number_refused(MLPIPE_E_NUMERIC, "loss=gamma", regression, &t, "1e100");
    t.y[7] = INFINITY;
    number_refused(MLPIPE_E_NUMERIC, "loss=absolute", regression, &t,
                   "finite");
    t.w = calloc(t.rows, sizeof *t.w);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.w[i] = i ? 1e100 : 1e-101;
        t.y[i] = 1e148 * (i % 9);
    }
    number_refused(MLPIPE_E_NUMERIC, "loss=huber", regression, &t,
                   "the weight of row 0 is 1e-101");
    t.w[0] = 0;
    number_refused(MLPIPE_E_NUMERIC, "loss=squared", regression, &t,
                   "the sum of the losses by weight is inf");
    free(t.w);
    t.w = NULL;
    for (uint32_t i = 0; i < t.rows; i++)
        t.y[i] = 0;
    number_refused(MLPIPE_E_NUMERIC, "loss=poisson", regression, &t,
                   "all targets are 0");
    t.y[3] = 5;
    number_refused(MLPIPE_E_NUMERIC, "loss=huber", regression, &t,
                   "give loss=huber a delta");
    t.y[3] = 1;
    t.classes = 2;
    number_refused(MLPIPE_E_PARAM, "loss=absolute", MLPIPE__TASK_BINARY, &t,
                   "is of a number");
    rig_table_free(&t);
}

/* A parameter that the loss does not read. */
static void number_checks(void **state)
{
    static const char *const wrong[] = {"level=0.9", "delta=3",
                                        "loss=gamma power=1.2",
                                        "loss=absolute level=0.2"};
    mlpipe_pipeline *p;
    (void)state;

    assert_ok(number_ctx, mlpipe_pipeline_new(number_ctx, "target=y", &p));
    for (uint32_t i = 0; i < 4; i++) {
        assert_told(number_ctx, MLPIPE_E_PARAM,
                    mlpipe_pipeline_add(number_ctx, p, "gbt", wrong[i]));
    }
    assert_ok(number_ctx,
              mlpipe_pipeline_add(number_ctx, p, "gbt",
                                  "loss=quantile level=0.9"));
    mlpipe_pipeline_free(p);
}

static void number_starves(void **state)
{
    rig_table t;
    (void)state;

    number_table(&t, 120, 0);
    rig_starve(&mlpipe__learner_gbt, "trees=2 leaves=4 loss=quantile",
               MLPIPE__TASK_REGRESSION, &t, &t);
    rig_starve(&mlpipe__learner_gbt, "trees=2 leaves=4 loss=tweedie",
               MLPIPE__TASK_REGRESSION, &t, &t);
    rig_table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_gradients),
        cmocka_unit_test(number_quantiles),
        cmocka_unit_test(number_leaves_are_quantiles),
        cmocka_unit_test(number_identities),
        cmocka_unit_test(number_weights_are_copies),
        cmocka_unit_test(number_same_bytes),
        cmocka_unit_test(number_notes),
        cmocka_unit_test(number_is_what_it_says),
        cmocka_unit_test(number_outlier),
        cmocka_unit_test(number_far_off),
        cmocka_unit_test(number_constant),
        cmocka_unit_test(number_monotone),
        cmocka_unit_test(number_refuses),
        cmocka_unit_test(number_checks),
        cmocka_unit_test(number_starves),
    };
    return cmocka_run_group_tests(tests, number_open, number_close);
}
