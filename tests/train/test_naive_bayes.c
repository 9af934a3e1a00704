/* SPDX-License-Identifier: MIT */
/* naive_bayes against scikit-learn's; exact sums; missing and unseen values;
 * what it refuses. */
#include "near_rig.h"

#include "train/naive_bayes.h"

enum { Q = GOLDEN_NEAR_QUERIES };

static void fitted(mlpipe_ctx *c, const char *text, uint32_t task,
                   rig_table *t, near_fit *out)
{
    assert_ok(c, near_fit_new(c, &mlpipe__learner_naive_bayes, text, task, t,
                              out));
    assert_true(out->raw);
}

static void equals_peer(void **state)
{
    static const uint32_t tasks[] = {MLPIPE__TASK_MULTICLASS,
                                     MLPIPE__TASK_BINARY};
    for (uint32_t i = 0; i < 8; i++) {
        const bool codes = i & 1, two = i >> 1 & 1;
        const double *g = codes ? golden_near_categorical[i >> 2]
                                : golden_near_gaussian[i >> 2];
        rig_table t;
        near_fit f;
        char text[64];

        snprintf(text, sizeof text, "%s=%.17g",
                 codes ? "alpha" : "var_smoothing", g[0]);
        near_table(&t, codes, tasks[two]);
        fitted(*state, text, tasks[two], &t, &f);
        near_compare(&f, codes ? golden_near_asked[0] : golden_near_q[0],
                     g + 1 + (two ? 3 * Q : 0), 1e-12);
        near_fit_free(&f);
        rig_table_free(&t);
    }
}

/* Numbers and categories together: the product of what each says alone, over
 * the prior that both have. */
static void mixed_features(void **state)
{
    rig_table a, b, both;
    near_fit f, g, h;
    double x[Q][7], first[Q * 6], second[Q * 6], got[Q * 6];

    near_table(&a, false, MLPIPE__TASK_MULTICLASS);
    near_table(&b, true, MLPIPE__TASK_MULTICLASS);
    rig_table_new(&both, GOLDEN_NEAR_ROWS, 7);
    for (uint32_t i = 0; i < GOLDEN_NEAR_ROWS; i++) {
        for (uint32_t k = 0; k < 7; k++)
            both.x[k][i] = k & 1 ? b.x[k / 2][i] : a.x[k / 2][i];
        both.y[i] = a.y[i];
    }
    for (uint32_t i = 0; i < Q; i++)
        for (uint32_t k = 0; k < 7; k++)
            x[i][k] = k & 1 ? golden_near_asked[i][k / 2]
                            : golden_near_q[i][k / 2];
    for (uint32_t k = 1; k < 7; k += 2)
        both.codes[k] = b.codes[k / 2];
    fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &a, &f);
    fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &b, &g);
    fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &both, &h);
    near_answers(&f, golden_near_q[0], Q, first);
    near_answers(&g, golden_near_asked[0], Q, second);
    near_answers(&h, x[0], Q, got);
    for (uint32_t i = 0; i < Q; i++) {
        double p[3], all = 0;
        for (uint32_t c = 0; c < 3; c++) {
            double prior = 0;
            for (uint32_t r = 0; r < GOLDEN_NEAR_ROWS; r++)
                prior += a.y[r] == c;
            p[c] = first[6 * i + c] * second[6 * i + c] / prior;
            all += p[c];
        }
        for (uint32_t c = 0; c < 3; c++)
            assert_near(p[c] / all, got[6 * i + c], 1e-12);
    }
    near_fit_free(&f);
    near_fit_free(&g);
    near_fit_free(&h);
    rig_table_free(&a);
    rig_table_free(&b);
    rig_table_free(&both);
}

/* A value that is missing: the answer of a model that never had the feature;
 * so where training has gaps, too. A category never seen was counted never. */
static void missing_and_unseen(void **state)
{
    rig_table t, less;
    near_fit f, g;
    double x[Q][4], y[Q][3], a[Q * 6], b[Q * 6];

    near_table(&t, false, MLPIPE__TASK_MULTICLASS);
    near_table(&less, false, MLPIPE__TASK_MULTICLASS);
    free(less.x[3]);
    less.features = 3;
    fitted(*state, "var_smoothing=0", MLPIPE__TASK_MULTICLASS, &t, &f);
    fitted(*state, "var_smoothing=0", MLPIPE__TASK_MULTICLASS, &less, &g);
    for (uint32_t i = 0; i < Q; i++)
        for (uint32_t k = 0; k < 4; k++) {
            x[i][k] = k < 3 ? golden_near_q[i][k] : NAN;
            if (k < 3)
                y[i][k] = x[i][k];
        }
    near_answers(&f, x[0], Q, a);
    near_answers(&g, y[0], Q, b);
    for (uint32_t i = 0; i < 6 * Q; i++)
        assert_near(a[i], b[i], 1e-9);
    near_fit_free(&f);
    near_fit_free(&g);
    rig_table_free(&t);
    rig_table_free(&less);

    near_table(&t, true, MLPIPE__TASK_BINARY);
    t.codes[2] = 10; /* one more than training has */
    fitted(*state, NULL, MLPIPE__TASK_BINARY, &t, &f);
    const double rows[][3] = {{0, 1, 9}, {0, 1, -1}, {0, 1, 55}};
    near_answers(&f, rows[0], 3, a);
    assert_true(a[0] == a[2] && a[2] == a[4] && a[0] > 0 && a[0] < 1);
    const double none[][3] = {{NAN, NAN, NAN}};
    near_answers(&f, none[0], 1, a);
    double prior = 0;
    for (uint32_t i = 0; i < t.rows; i++)
        prior += t.y[i] / t.rows;
    assert_near(prior, a[0], 1e-12);
    near_fit_free(&f);
    rig_table_free(&t);
}

/* Bits of the programs: an integer weight is a row that is there so often,
 * and no order of the rows counts. */
static void weight_is_repetition(void **state)
{
    for (uint32_t codes = 0; codes < 2; codes++) {
        rig_table t, u;
        near_fit f, g;
        mlpipe__text a, b;
        uint32_t n = 0;

        near_table(&t, codes, MLPIPE__TASK_MULTICLASS);
        t.w = calloc(t.rows, sizeof *t.w);
        for (uint32_t i = 0; i < t.rows; i++)
            n += (uint32_t)(t.w[i] = i % 4);
        rig_table_new(&u, n, t.features);
        memcpy(u.codes, t.codes, sizeof u.codes);
        for (uint32_t i = t.rows; i-- > 0;)
            for (uint32_t k = 0; k < (uint32_t)t.w[i]; k++) {
                n--;
                for (uint32_t c = 0; c < t.features; c++)
                    u.x[c][n] = t.x[c][t.rows - 1 - i];
                u.y[n] = t.y[t.rows - 1 - i];
            }
        for (uint32_t i = 0; i < t.rows / 2; i++) {
            const double w = t.w[i];
            t.w[i] = t.w[t.rows - 1 - i];
            t.w[t.rows - 1 - i] = w;
        }
        fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &t, &f);
        fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &u, &g);
        mlpipe__text_init(&a, ((mlpipe_ctx *)*state)->env);
        mlpipe__text_init(&b, ((mlpipe_ctx *)*state)->env);
        mlpipe__program_save(f.program, &a);
        mlpipe__program_save(g.program, &b);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
        mlpipe__text_free(&a);
        mlpipe__text_free(&b);
        near_fit_free(&f);
        near_fit_free(&g);
        rig_table_free(&t);
        rig_table_free(&u);
    }
}

/* ---- states ------------------------------------------------------------- */

enum { STATE_ROWS = 300, STATE_FEATURES = 3 };

static void state_update(bayes_state *s, uint32_t from, uint32_t to)
{
    double x[STATE_FEATURES * STATE_ROWS], y[STATE_ROWS], w[STATE_ROWS];
    uint8_t valid[STATE_FEATURES * STATE_ROWS];
    const uint32_t n = to - from;

    for (uint32_t i = 0; i < n; i++) {
        const uint32_t row = from + i;
        y[i] = row % 3;
        w[i] = rig_uniform(row, 0) * 3;
        for (uint32_t f = 0; f < STATE_FEATURES; f++) {
            x[f * n + i] = f == 1 ? row % 5
                                  : 1e8 * rig_normal(row, 2 * f + 1) +
                                        rig_normal(row, 2 * f + 2);
            valid[f * n + i] = (row + f) % 7 > 0;
        }
    }
    mlpipe__bayes_update(s, n, x, valid, y, w);
}

static void same_sum(const mlpipe__exact *a, const mlpipe__exact *b)
{
    mlpipe__exact x = *a, y = *b;

    mlpipe__exact_normal(&x);
    mlpipe__exact_normal(&y);
    assert_memory_equal(x.limb, y.limb, sizeof x.limb);
}

/* All rows in one state, and parts of them in three that are merged. */
static void states_merge(void **state)
{
    static const mlpipe__feature feature[STATE_FEATURES] = {
        {"a", MLPIPE__NUMBER, 0, true},
        {"b", MLPIPE__CODE, 5, true},
        {"c", MLPIPE__NUMBER, 0, true}};
    mlpipe__env *env = ((mlpipe_ctx *)*state)->env;
    bayes_state all, part[3];
    double w[2], mean[2], var[2];

    assert_true(mlpipe__bayes_init(&all, env, feature, STATE_FEATURES, 3,
                                   true));
    state_update(&all, 0, STATE_ROWS);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(mlpipe__bayes_init(&part[i], env, feature,
                                       STATE_FEATURES, 3, true));
        state_update(&part[i], i ? i * 90 + 7 : 0, i < 2 ? i * 90 + 97 : 300);
    }
    assert_true(mlpipe__bayes_merge(&part[2], &part[0]));
    assert_true(mlpipe__bayes_merge(&part[2], &part[1]));
    for (uint32_t c = 0; c < 3; c++)
        same_sum(&all.prior[c], &part[2].prior[c]);
    for (uint32_t i = 0; i < 6; i++) {
        same_sum(&all.moments[i].w, &part[2].moments[i].w);
        same_sum(&all.moments[i].wx, &part[2].moments[i].wx);
        same_sum(&all.moments[i].wxx, &part[2].moments[i].wxx);
        mlpipe__bayes_spread(&all.moments[i], &w[0], &mean[0], &var[0]);
        mlpipe__bayes_spread(&part[2].moments[i], &w[1], &mean[1], &var[1]);
        assert_true(w[0] == w[1] && mean[0] == mean[1] && var[0] == var[1]);
    }
    for (uint32_t i = 0; i < 15; i++)
        same_sum(&all.counts[i], &part[2].counts[i]);
    mlpipe__bayes_free(&all);
    for (uint32_t i = 0; i < 3; i++)
        mlpipe__bayes_free(&part[i]);
}

/* A large mean and odd weights cost the variance no digit. */
static void variance_keeps_its_digits(void **state)
{
    static const mlpipe__feature feature = {"a", MLPIPE__NUMBER, 0, false};
    mlpipe__env *env = ((mlpipe_ctx *)*state)->env;
    bayes_state s;
    double x[64], y[64] = {0}, w[64], mean, var, weight, about = 0, all = 0;
    uint8_t valid[64];

    memset(valid, 1, sizeof valid);
    for (uint32_t i = 0; i < 64; i++) {
        w[i] = rig_uniform(i, 0);
        x[i] = 1e12 + i / 64.0;
    }
    assert_true(mlpipe__bayes_init(&s, env, &feature, 1, 2, true));
    mlpipe__bayes_update(&s, 64, x, valid, y, w);
    mlpipe__bayes_spread(&s.moments[0], &weight, &mean, &var);
    for (uint32_t i = 0; i < 64; i++) {
        all += w[i];
        about += w[i] * (x[i] - mean) * (x[i] - mean);
    }
    assert_near(about / all, var, 1e-14);
    mlpipe__bayes_free(&s);
}

/* ---- edges -------------------------------------------------------------- */

/* A class without rows is possible and no more; a constant says nothing. */
static void degenerate_classes(void **state)
{
    rig_table t;
    near_fit f;
    double got[Q * 6];

    near_table(&t, false, MLPIPE__TASK_MULTICLASS);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.y[i] = t.y[i] > 1 ? 1 : t.y[i];
        t.x[2][i] = 4;
    }
    fitted(*state, NULL, MLPIPE__TASK_MULTICLASS, &t, &f);
    near_answers(&f, golden_near_q[0], Q, got);
    for (uint32_t i = 0; i < Q; i++)
        assert_true(got[6 * i + 2] >= 0 && got[6 * i + 2] < 1e-200 &&
                    fabs(got[6 * i] + got[6 * i + 1] - 1) < 1e-12);
    near_fit_free(&f);
    rig_table_free(&t);
}

static void refused(mlpipe_ctx *c, rig_table *t, const char *text,
                    uint32_t task, mlpipe_status want, const char *says)
{
    near_fit f;

    assert_status(want, near_fit_new(c, &mlpipe__learner_naive_bayes, text,
                                     task, t, &f));
    if (!strstr(mlpipe_ctx_error(c)->text, says))
        fail_msg("%s", mlpipe_ctx_error(c)->text);
}

static void what_it_refuses(void **state)
{
    mlpipe_ctx *c = *state;
    rig_table t;

    near_table(&t, false, MLPIPE__TASK_BINARY);
    refused(c, &t, NULL, MLPIPE__TASK_REGRESSION, MLPIPE_E_UNSUPPORTED,
            "predicts classes");
    t.x[1][5] = INFINITY;
    refused(c, &t, NULL, MLPIPE__TASK_BINARY, MLPIPE_E_NUMERIC,
            "inf in row 5");
    for (uint32_t i = 0; i < t.rows; i++)
        t.x[1][i] = t.y[i];
    refused(c, &t, "var_smoothing=0", MLPIPE__TASK_BINARY, MLPIPE_E_NUMERIC,
            "raise var_smoothing");
    t.w = calloc(t.rows, sizeof *t.w);
    for (uint32_t i = 0; i < t.rows; i++) {
        t.w[i] = 1e100;
        t.x[2][i] = 1e120 * t.x[3][i];
    }
    refused(c, &t, NULL, MLPIPE__TASK_BINARY, MLPIPE_E_NUMERIC,
            "\"f2\" has a variance of inf");
    memset(t.w, 0, t.rows * sizeof *t.w);
    refused(c, &t, NULL, MLPIPE__TASK_BINARY, MLPIPE_E_EMPTY,
            "no training row has a weight above 0");
    t.w[4] = -1;
    refused(c, &t, NULL, MLPIPE__TASK_BINARY, MLPIPE_E_NUMERIC,
            "row 4 has weight -1");
    rig_table_free(&t);
    rig_table_new(&t, 10, 0);
    refused(c, &t, NULL, MLPIPE__TASK_BINARY, MLPIPE_E_EMPTY, "no feature");
    rig_table_free(&t);
}

/* Answers behind impute and scale of every number, which knows no infinity,
 * and behind scale of some alone. */
static void infinite_values(void **state)
{
    mlpipe_ctx *c = *state;
    static const double zero = 0, shift[] = {0, 1};

    for (uint32_t imputed = 0; imputed < 2; imputed++) {
        rig_table t;
        uint32_t regs[4];
        double got[2], inf[] = {1, 2, INFINITY, 3}, nan[] = {1, 2, NAN, 3};
        near_fit f = {.outputs = 1};
        mlpipe__params params;

        near_table(&t, false, MLPIPE__TASK_BINARY);
        assert_ok(c, mlpipe__params_parse(
                         c, "naive_bayes", mlpipe__learner_naive_bayes.params,
                         mlpipe__learner_naive_bayes.param_count, NULL,
                         &params));
        mlpipe__program *p = f.program = rig_program(c, &t, regs);
        for (uint32_t k = 0; k < 4; k++) {
            if (imputed || k == 2)
                regs[k] = mlpipe__program_op(
                    p, MLPIPE__OP_IMPUTE, regs[k], 0,
                    mlpipe__program_const(p, &zero, 1), 0, 1);
            regs[k] = mlpipe__program_op(p, MLPIPE__OP_SHIFT_SCALE, regs[k],
                                         0, mlpipe__program_const(p, shift, 2),
                                         0, 1);
        }
        mlpipe__fit_job job = {
            .ctx = c, .params = &params, .name = "naive_bayes",
            .task = MLPIPE__TASK_BINARY, .classes = 2,
            .train = rig_frame(&t), .program = p, .regs = regs};
        assert_ok(c, mlpipe__learner_naive_bayes.fit(&job));
        mlpipe__program_add_output(p, "y", job.out);
        assert_ok(c, mlpipe__program_seal(c, p));
        near_answers(&f, inf, 1, &got[0]);
        /* no answer, or that of a row where the value is missing */
        free(t.x[2]);
        t.x[2] = t.x[3];
        t.features = 3;
        near_fit less;
        fitted(c, NULL, MLPIPE__TASK_BINARY, &t, &less);
        nan[2] = nan[3];
        double both[2];
        near_answers(&less, nan, 1, both);
        if (imputed)
            assert_true(isnan(got[0]));
        else
            assert_near(both[0], got[0], 1e-9);
        near_fit_free(&less);
        near_fit_free(&f);
        mlpipe__params_free(&params);
        rig_table_free(&t);
    }
}

/* A category of many codes costs bytes and not kilobytes a code and class. */
static void many_codes(void **state)
{
    mlpipe_ctx_options o = {.memory_cap = 64 << 20};
    mlpipe_ctx *c;
    rig_table t;
    near_fit f;
    (void)state;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    near_table(&t, true, MLPIPE__TASK_MULTICLASS);
    t.codes[0] = 50000;
    fitted(c, NULL, MLPIPE__TASK_MULTICLASS, &t, &f);
    near_fit_free(&f);
    rig_table_free(&t);
    mlpipe_ctx_free(c);
}

static void lack_of_memory(void **state)
{
    rig_table t;

    (void)state;
    near_table(&t, true, MLPIPE__TASK_BINARY);
    rig_starve(&mlpipe__learner_naive_bayes, NULL, MLPIPE__TASK_BINARY, &t,
               NULL);
    rig_table_free(&t);
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_peer),
        cmocka_unit_test(mixed_features),
        cmocka_unit_test(missing_and_unseen),
        cmocka_unit_test(weight_is_repetition),
        cmocka_unit_test(states_merge),
        cmocka_unit_test(variance_keeps_its_digits),
        cmocka_unit_test(degenerate_classes),
        cmocka_unit_test(what_it_refuses),
        cmocka_unit_test(infinite_values),
        cmocka_unit_test(many_codes),
        cmocka_unit_test(lack_of_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
