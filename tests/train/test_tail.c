/* SPDX-License-Identifier: MIT */
/* The maps behind a learner, beside scikit-learn's and SciPy's. */
#include "support.h"

#include "../golden/tail.h"
#include "report/report_internal.h"
#include "train/train_internal.h"

/* One tail over a program whose inputs are the answers. */
typedef struct tail_rig {
    mlpipe_ctx *ctx;
    mlpipe__program *program;
    mlpipe__params params;
    mlpipe_report *notes;
    uint32_t answer[TAIL_K];
    mlpipe__tail_job job;
} tail_rig;

static void rig_open(tail_rig *r, const mlpipe__tail *tail, const char *params,
                     uint32_t width, const double *p, const double *y,
                     const double *w)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    assert_int_equal(0, mlpipe_ctx_new(NULL, &r->ctx));
    r->program = mlpipe__program_new(r->ctx->env);
    r->notes = mlpipe__report_new(r->ctx->env, "fit");
    assert_non_null(r->notes);
    for (uint32_t k = 0; k < width; k++)
        r->answer[k] =
            mlpipe__program_add_input(r->program, names[k], MLPIPE_TYPE_F64,
                                      0, MLPIPE__NUMBER, NULL);
    assert_ok(r->ctx,
              mlpipe__params_parse(r->ctx, tail->name, tail->params,
                                   tail->param_count, params, &r->params));
    r->job = (mlpipe__tail_job){
        .ctx = r->ctx, .params = &r->params, .name = tail->name,
        .task = width > 1 ? MLPIPE__TASK_MULTICLASS : MLPIPE__TASK_BINARY,
        .classes = width > 1 ? width : 2, .class_names = names,
        .target = "y", .n = TAIL_N, .width = width, .y = y, .p = p, .w = w,
        .notes = r->notes, .program = r->program, .answer = r->answer};
}

/* Fits, and makes the answers outputs. */
static void rig_fit(tail_rig *r, const mlpipe__tail *tail)
{
    assert_ok(r->ctx, tail->fit(&r->job));
    for (uint32_t k = 0; k < r->job.width; k++)
        mlpipe__program_add_output(r->program, "out", r->answer[k]);
    assert_ok(r->ctx, mlpipe__program_seal(r->ctx, r->program));
}

static void rig_run(const tail_rig *r, const double *in, double *out)
{
    void *scratch = malloc(mlpipe__program_scratch(r->program, 1));
    assert_non_null(scratch);
    for (uint32_t k = 0; k < r->job.width; k++)
        *mlpipe__program_lane(r->program, scratch, 1, k) = in[k];
    mlpipe__program_run(r->program, scratch, 1, 1, out, NULL);
    free(scratch);
}

static double rig_note(tail_rig *r, const char *name)
{
    mlpipe_report *sealed;
    double value;
    assert_ok(r->ctx, mlpipe__report_seal(r->ctx, r->notes, &sealed));
    r->notes = NULL;
    value = mlpipe_report_get(sealed, name);
    mlpipe_report_free(sealed);
    return value;
}

static void rig_close(tail_rig *r)
{
    mlpipe__program_free(r->program);
    mlpipe_report_free(r->notes);
    mlpipe__params_free(&r->params);
    mlpipe_ctx_free(r->ctx);
}

static void line_like(const double *w, const double *golden)
{
    tail_rig r;
    double in = 0.3, out;
    rig_open(&r, &mlpipe__tail_calibrate, NULL, 1, tail_p, tail_y, w);
    rig_fit(&r, &mlpipe__tail_calibrate);
    rig_run(&r, &in, &out);
    assert_near(out,
                mlpipe__sigmoid(golden[0] * mlpipe__logit(0.3) + golden[1]),
                1e-9);
    assert_near(rig_note(&r, "calibrate.slope"), golden[0], 1e-9);
    rig_close(&r);
}

static void platt(void **state)
{
    (void)state;
    line_like(NULL, tail_line_plain);
    line_like(tail_w, tail_line_weighted);
}

static void isotonic_like(const double *w, const double *golden)
{
    const double edge = 1.0 / (TAIL_N + 2.0);
    tail_rig r;
    rig_open(&r, &mlpipe__tail_calibrate, "method=isotonic", 1, tail_p,
             tail_y, w);
    rig_fit(&r, &mlpipe__tail_calibrate);
    for (uint32_t i = 0; i < TAIL_AT; i++) {
        double out, in = tail_grid[i], want = golden[i];
        rig_run(&r, &in, &out);
        /* An end is kept off 0 and 1, which moves what lies between it and
         * the next step by as much at most. */
        assert_true(out >= edge && out <= 1 - edge);
        assert_near(out, want, want > 0.05 && want < 0.95 ? 1e-12 : edge);
    }
    rig_close(&r);
}

static void isotonic(void **state)
{
    (void)state;
    isotonic_like(NULL, tail_isotonic_plain);
    isotonic_like(tail_w, tail_isotonic_weighted);
}

static void temperature(void **state)
{
    tail_rig r;
    (void)state;
    rig_open(&r, &mlpipe__tail_calibrate, NULL, TAIL_K, tail_sharp,
             tail_label, NULL);
    rig_fit(&r, &mlpipe__tail_calibrate);
    for (uint32_t i = 0; i < TAIL_N; i++) {
        double out[TAIL_K], sum = 0;
        rig_run(&r, tail_sharp + i * TAIL_K, out);
        for (uint32_t k = 0; k < TAIL_K; k++)
            sum += out[k];
        assert_near(sum, 1, 1e-15);
    }
    assert_near(rig_note(&r, "calibrate.temperature"), tail_temperature[0],
                1e-10);
    rig_close(&r);
}

/* Two classes as one number or as two give the same temperature. */
static void temperature_of_two(void **state)
{
    double both[2 * TAIL_N], one, two;
    tail_rig r;
    (void)state;
    for (uint32_t i = 0; i < TAIL_N; i++) {
        both[2 * i] = 1 - tail_p[i];
        both[2 * i + 1] = tail_p[i];
    }
    rig_open(&r, &mlpipe__tail_calibrate, "method=temperature", 1, tail_p,
             tail_y, tail_w);
    rig_fit(&r, &mlpipe__tail_calibrate);
    one = rig_note(&r, "calibrate.temperature");
    rig_close(&r);
    rig_open(&r, &mlpipe__tail_calibrate, "method=temperature", 2, both,
             tail_y, tail_w);
    rig_fit(&r, &mlpipe__tail_calibrate);
    two = rig_note(&r, "calibrate.temperature");
    rig_close(&r);
    assert_near(one, two, 1e-10);
    assert_true(one > 1); /* the answers are overconfident */
}

/* Maps of classes add up to 1 and rise. */
static void isotonic_of_classes(void **state)
{
    tail_rig r;
    (void)state;
    rig_open(&r, &mlpipe__tail_calibrate, "method=isotonic", TAIL_K,
             tail_sharp, tail_label, NULL);
    rig_fit(&r, &mlpipe__tail_calibrate);
    for (uint32_t i = 0; i < TAIL_N; i++) {
        double out[TAIL_K], sum = 0;
        rig_run(&r, tail_sharp + i * TAIL_K, out);
        for (uint32_t k = 0; k < TAIL_K; k++) {
            assert_true(out[k] > 0 && out[k] < 1);
            sum += out[k];
        }
        assert_near(sum, 1, 1e-15);
    }
    rig_close(&r);
}

static void platt_of_classes(void **state)
{
    tail_rig r;
    (void)state;
    rig_open(&r, &mlpipe__tail_calibrate, "method=platt", TAIL_K, tail_sharp,
             tail_label, NULL);
    assert_status(MLPIPE_E_PARAM, mlpipe__tail_calibrate.fit(&r.job));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text, "temperature"));
    rig_close(&r);
}

/* The ceil((n + 1) level)-th score; more rows than there are is an error. */
static void quantile(void **state)
{
    static const struct {
        const char *params;
        uint32_t n, rank;
    } cases[] = {{"level=0.9", 9, 9}, {"level=0.9", 10, 10},
                 {"level=0.9", 19, 18}, {"level=0.5", 3, 2},
                 {"level=0.95", 199, 190}};
    double y[TAIL_N], p[TAIL_N];
    (void)state;
    for (uint32_t i = 0; i < TAIL_N; i++) { /* scores 1, 2, 3 in some order */
        y[i] = 0;
        p[i] = i % 2 ? -(double)(i + 1) : (double)(i + 1);
    }
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tail_rig r;
        rig_open(&r, &mlpipe__tail_conformal, cases[i].params, 1, p, y, NULL);
        r.job.task = MLPIPE__TASK_REGRESSION;
        r.job.n = cases[i].n;
        rig_fit(&r, &mlpipe__tail_conformal);
        assert_near(rig_note(&r, "conformal.quantile"), cases[i].rank, 0);
        rig_close(&r);
    }
    tail_rig r;
    rig_open(&r, &mlpipe__tail_conformal, "level=0.9", 1, p, y, NULL);
    r.job.task = MLPIPE__TASK_REGRESSION;
    r.job.n = 8;
    assert_status(MLPIPE_E_EMPTY, mlpipe__tail_conformal.fit(&r.job));
    assert_non_null(strstr(mlpipe_ctx_error(r.ctx)->text,
                           "needs at least 9 rows"));
    rig_close(&r);
}

/* Rows of weight 1 among others that weigh next to nothing are all there is,
 * and no unit of the weights matters. */
static void weighted_quantile(void **state)
{
    static const double units[] = {1e-9, 1, 1e300};
    double y[TAIL_N] = {0}, p[TAIL_N], w[TAIL_N];
    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        tail_rig r;
        for (uint32_t i = 0; i < 38; i++) { /* the light ones are far off */
            p[i] = i < 19 ? i + 1.0 : 1000.0 + i;
            w[i] = units[k] * (i < 19 ? 1 : 1e-12);
        }
        rig_open(&r, &mlpipe__tail_conformal, "level=0.9", 1, p, y, w);
        r.job.task = MLPIPE__TASK_REGRESSION;
        r.job.n = 38;
        rig_fit(&r, &mlpipe__tail_conformal);
        assert_near(rig_note(&r, "conformal.quantile"), 18, 0);
        rig_close(&r);
        for (uint32_t i = 8; i < 19; i++)
            w[i] = units[k] * 1e-12; /* 8 rows are left: too few */
        rig_open(&r, &mlpipe__tail_conformal, "level=0.9", 1, p, y, w);
        r.job.task = MLPIPE__TASK_REGRESSION;
        r.job.n = 38;
        assert_status(MLPIPE_E_EMPTY, mlpipe__tail_conformal.fit(&r.job));
        rig_close(&r);
    }
}

/* A map that is fitted by passes over the rows can be cancelled. */
static void cancelled(void **state)
{
    static const char *const methods[] = {"method=platt",
                                          "method=temperature"};
    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        tail_rig r;
        rig_open(&r, &mlpipe__tail_calibrate, methods[k > 0],
                 k < 2 ? 1 : TAIL_K, k < 2 ? tail_p : tail_sharp,
                 k < 2 ? tail_y : tail_label, NULL);
        mlpipe_ctx_cancel(r.ctx);
        assert_status(MLPIPE_E_CANCELLED,
                      mlpipe__tail_calibrate.fit(&r.job));
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platt),
        cmocka_unit_test(isotonic),
        cmocka_unit_test(temperature),
        cmocka_unit_test(temperature_of_two),
        cmocka_unit_test(isotonic_of_classes),
        cmocka_unit_test(platt_of_classes),
        cmocka_unit_test(quantile),
        cmocka_unit_test(weighted_quantile),
        cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
