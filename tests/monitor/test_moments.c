/* SPDX-License-Identifier: MIT */
/*
 * Second moments: exact whatever worker saw which row, correlations that
 * changed are found, and those that did not are called changed as seldom as
 * alpha says, also for heavy tails and few values.
 */
#include "serve_support.h"

#include "deploy/watch_internal.h"

enum { NORMAL, T3, LOGNORMAL, THREE_VALUES, LAWS, MOST_INPUTS = 12 };
enum { REFERENCE_ROWS = 6000 };

static double normal_of(uint64_t row, uint32_t draw)
{
    return mlpipe__normal_quantile(serve_random(row, draw));
}

/* Pairs of inputs of this correlation (of the normals behind them); pairs know
 * nothing of each other. */
static void draw_row(int law, double rho, uint32_t inputs, uint64_t row,
                     double *x)
{
    for (uint32_t i = 0; i < inputs; i++) {
        const double z = normal_of(row, i);
        double y = i % 2 ? rho * normal_of(row, i - 1) +
                               mlpipe__sqrt(1 - rho * rho) * z
                         : z;
        if (law == T3) {
            double chi = 0;
            for (uint32_t k = 0; k < 3; k++) {
                const double g = normal_of(row, 100 + 4 * (i / 2) + k);
                chi += g * g;
            }
            y /= mlpipe__sqrt(chi / 3);
        } else if (law == LOGNORMAL) {
            y = mlpipe__exp(1.5 * y);
        } else if (law == THREE_VALUES) {
            y = (y > -1) + (y > 0.5);
        }
        x[i] = y;
    }
}

/* A model fitted on rows of the law, which are those from `seed` on. */
static mlpipe_model *fitted(mlpipe_ctx *c, int law, double rho,
                            uint32_t inputs, uint64_t seed, uint32_t rows)
{
    double *column = calloc((size_t)rows * (inputs + 1), sizeof *column);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    char name[12];

    assert_non_null(column);
    for (uint32_t r = 0; r < rows; r++) {
        double x[MOST_INPUTS];
        draw_row(law, rho, inputs, seed + r, x);
        for (uint32_t i = 0; i < inputs; i++)
            column[i * rows + r] = x[i];
        column[inputs * rows + r] = x[0] + 0.1 * normal_of(seed + r, 99);
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t i = 0; i <= inputs; i++) {
        if (i < inputs)
            snprintf(name, sizeof name, "x%u", i);
        else
            snprintf(name, sizeof name, "y");
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64,
                                           column + i * rows, NULL, rows));
    }
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    free(column);
    return m;
}

/* ---- a recorder alone ---------------------------------------------------- */

typedef struct bench {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe__recorder r;
    mlpipe__count *counters;
    uint64_t *counts;
    uint32_t lanes[MOST_INPUTS], inputs;
} bench;

static void bench_new(bench *b, int law, double rho, uint32_t inputs,
                      uint64_t seed, uint32_t rows)
{
    memset(b, 0, sizeof *b);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &b->c));
    b->m = fitted(b->c, law, rho, inputs, seed, rows);
    b->inputs = inputs;
    assert_int_equal(b->m->program->input_count, inputs);
    assert_non_null(b->m->reference->moments);
    assert_true(mlpipe__recorder_init(&b->r, b->c->env, b->m));
    b->counters =
        mlpipe__alloc_array(b->c->env, b->r.total, sizeof *b->counters);
    b->counts =
        mlpipe__alloc_array(b->c->env, b->r.total, sizeof *b->counts);
    assert_true(b->counters && b->counts);
    for (uint32_t i = 0; i < inputs; i++)
        b->lanes[i] = i * 8;
}

static void bench_free(bench *b)
{
    mlpipe__free(b->c->env, b->counters);
    mlpipe__free(b->c->env, b->counts);
    mlpipe__recorder_free(&b->r);
    mlpipe_model_free(b->m);
    mlpipe_ctx_free(b->c);
}

/* n rows of the law from `seed` on into a report. */
static mlpipe_report *bench_report(bench *b, int law, double rho,
                                   uint64_t seed, uint32_t n, double alpha)
{
    mlpipe_report *r = mlpipe__report_new(b->c->env, "monitor"), *out;
    uint32_t worst = 0;

    assert_non_null(r);
    memset(b->counters, 0, b->r.total * sizeof *b->counters);
    for (uint32_t i = 0; i < n; i++) {
        double x[MOST_INPUTS];
        draw_row(law, rho, b->inputs, seed + i, x);
        mlpipe__recorder_moments(&b->r, b->counters,
                                 (const unsigned char *)x, b->lanes);
    }
    for (uint32_t i = 0; i < b->r.total; i++)
        b->counts[i] = mlpipe__count_get(b->counters + i);
    assert_ok(b->c, mlpipe__moments_report(b->c, b->m,
                                           b->counts + b->r.moments_first,
                                           MLPIPE__TELL_TABLES, alpha, r,
                                           &worst));
    assert_ok(b->c, mlpipe__report_seal(b->c, r, &out));
    return out;
}

typedef struct rates {
    double correlations, reconstruction;
} rates;

/* Shares of windows with a verdict that is not OK, over some references. */
static rates alarms(int law, double rho, double now, uint32_t inputs,
                    uint32_t n, uint32_t references, uint32_t windows,
                    double alpha)
{
    rates out = {0, 0};
    uint64_t seed = 1;

    for (uint32_t k = 0; k < references; k++) {
        bench b;
        bench_new(&b, law, rho, inputs, seed, REFERENCE_ROWS);
        seed += REFERENCE_ROWS;
        for (uint32_t i = 0; i < windows; i++, seed += n) {
            mlpipe_report *r = bench_report(&b, law, now, seed, n, alpha);
            out.correlations +=
                strcmp(mlpipe_report_text(r, "correlations"), "OK") != 0;
            out.reconstruction +=
                strcmp(mlpipe_report_text(r, "reconstruction"), "OK") != 0;
            mlpipe_report_free(r);
        }
        bench_free(&b);
    }
    out.correlations /= (double)references * windows;
    out.reconstruction /= (double)references * windows;
    return out;
}

static void test_power(void **state)
{
    const rates weaker = alarms(NORMAL, 0.7, 0.6, 2, 500, 4, 100, 0.05);
    const rates turned = alarms(NORMAL, 0.7, -0.7, 2, 500, 2, 50, 0.05);

    print_message("0.7 -> 0.6 %.3f, reconstruction %.3f\n",
                  weaker.correlations, weaker.reconstruction);
    assert_true(weaker.correlations >= 0.95);
    assert_true(turned.correlations >= 1.0 && turned.reconstruction >= 1.0);
    (void)state;
}

/* 1,200 windows: 0.05 within four standard errors, which are 0.025. */
static void test_size(void **state)
{
    static const char *const names[] = {"normal", "t3", "lognormal",
                                        "three values"};
    const bool all = getenv("MLPIPE_SWEEP_ALL") != NULL;
    const uint32_t windows = all ? 2000 : 120;
    const double room = all ? 0.012 : 0.0252;

    for (int law = 0; law < LAWS; law++)
        for (uint32_t inputs = 2; inputs <= 6; inputs += 4) {
            const rates r =
                alarms(law, 0.5, 0.5, inputs, 500, 10, windows, 0.05);
            print_message("%-12s %u inputs: correlations %.4f, "
                          "reconstruction %.4f\n",
                          names[law], inputs, r.correlations,
                          r.reconstruction);
            assert_true(r.correlations <= 0.05 + room);
            assert_true(r.reconstruction <= 0.05 + room);
            /* Benjamini and Hochberg over 15 pairs stays below. */
            assert_true(r.correlations >= (inputs > 2 ? 0.02 : 0.05 - room));
            assert_true(r.reconstruction >= 0.05 - room);
        }
    (void)state;
}

/* The table, the figures, and the distance that rows themselves have. */
static void test_report(void **state)
{
    const mlpipe__ref_moments *m;
    double left = 0;
    mlpipe_report *r;
    mlpipe_figure f;
    const char *name;
    uint32_t found = 0;
    bench b;

    bench_new(&b, NORMAL, 0.7, 6, 1, 20000);
    m = b.m->reference->moments;
    assert_int_equal(m->rows, MLPIPE__MOMENTS_ROWS);
    assert_int_equal(m->count, 6);
    for (uint32_t i = 1, at = 0; i < 6; i++)
        for (uint32_t k = 0; k < i; k++, at++) {
            const double c = mlpipe__comoments_correlation(m->rows, m->sum,
                                                           m->cross, i, k);
            const double rho = i % 2 && k + 1 == i ? 0.7 : 0.0;
            assert_true(c > rho - 0.03 && c < rho + 0.03);
            assert_true(m->spread[at] > 0.85 && m->spread[at] < 1.15);
        }
    r = bench_report(&b, NORMAL, -0.2, 50000, 3000, 0.01);
    assert_string_equal(mlpipe_report_text(r, "correlations"), "DRIFT");
    assert_string_equal(mlpipe_report_text(r, "reconstruction"), "DRIFT");
    assert_int_equal((int)mlpipe_report_get(r, "moments_rows"), 3000);
    assert_int_equal((int)mlpipe_report_get(r, "correlations_changed"), 3);
    assert_true(mlpipe_report_get(r, "correlation_change") > 0.8);
    assert_true(mlpipe_report_get(r, "correlation_change") < 1.0);
    for (uint32_t i = 0; i < 3000; i++) {
        double x[MOST_INPUTS], z[MOST_INPUTS], square = 0;
        draw_row(NORMAL, -0.2, 6, 50000 + i, x);
        for (uint32_t k = 0; k < 6; k++) {
            const uint32_t cell = mlpipe__ref_cell(
                &b.m->reference->inputs[m->input[k]], x[k], true);
            z[k] = (m->score[m->start[k] + cell] -
                    mlpipe__ref_moments_mean(m, k)) /
                   mlpipe__ref_moments_sd(m, k);
            square += z[k] * z[k];
        }
        for (uint32_t q = 0; q < m->components; q++) {
            double along = 0;
            for (uint32_t k = 0; k < 6; k++)
                along += m->basis[q * 6 + k] * z[k];
            square -= along * along;
        }
        left += square;
    }
    assert_true(mlpipe_report_get(r, "reconstruction") - left / 3000 < 1e-9);
    assert_true(left / 3000 - mlpipe_report_get(r, "reconstruction") < 1e-9);
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++)
        if (!mlpipe_report_figure(r, i, &name, &f) &&
            !strcmp(name, "reconstruction")) {
            assert_true(f.low < f.value && f.value < f.high && f.n == 3000);
            found++;
        }
    assert_int_equal(found, 1);
    mlpipe_report_free(r);
    bench_free(&b);
    (void)state;
}

/* ---- merging ------------------------------------------------------------- */

enum { DEALT_ROWS = 3000, DEALT_LANES = 7 };

/* Rows dealt to lanes at random, in random order, missing ones among them:
 * the sums over the lanes are those of one lane, to the last unit, in every
 * way to look a number up. */
static void test_any_partition(void **state)
{
    uint64_t *sum, *one;
    bench b;

    bench_new(&b, T3, 0.5, 12, 1, 2000);
    one = calloc(b.r.total, sizeof *one);
    sum = calloc(b.r.total, sizeof *sum);
    assert_true(one && sum);
    for (uint32_t round = 0; round < 9; round++) {
        const uint32_t lanes = round ? 1 + round % DEALT_LANES : 1;
        const uint32_t most = UINT32_MAX / 4;
        mlpipe__count *counters[DEALT_LANES];
        mlpipe__recorder_way(&b.r, round % 3);
        for (uint32_t l = 0; l < lanes; l++) {
            counters[l] =
                mlpipe__alloc_array(b.c->env, b.r.total, sizeof **counters);
            assert_non_null(counters[l]);
        }
        for (uint64_t i = 0; i < DEALT_ROWS; i++) {
            /* 1,001 and 3,000 have no common part: all rows, mixed */
            const uint64_t id = 1 + (i * (round ? 1001 : 1)) % DEALT_ROWS;
            const uint32_t l =
                (uint32_t)(serve_random(id, 40 + round) * lanes);
            double x[MOST_INPUTS];
            draw_row(T3, 0.5, 12, 70000 + id, x);
            if (id % 5 == 0)
                x[id % 12] = mlpipe__nan();
            mlpipe__recorder_score(
                &b.r, counters[l],
                mlpipe__recorder_inputs(&b.r, counters[l],
                                        (const unsigned char *)x, b.lanes),
                x);
            if (mlpipe__moments_take(most, id))
                mlpipe__recorder_moments(&b.r, counters[l],
                                         (const unsigned char *)x, b.lanes);
        }
        memset(sum, 0, b.r.total * sizeof *sum);
        for (uint32_t l = 0; l < lanes; l++) {
            for (uint32_t i = 0; i < b.r.total; i++)
                sum[i] += mlpipe__count_get(counters[l] + i);
            mlpipe__free(b.c->env, counters[l]);
        }
        if (!round)
            memcpy(one, sum, b.r.total * sizeof *sum);
        assert_memory_equal(one, sum, b.r.total * sizeof *sum);
    }
    /* One row in four, which golden steps hit nearly on the spot. */
    assert_in_range(one[b.r.moments_first], DEALT_ROWS / 4 - 3,
                    DEALT_ROWS / 4 + 3);
    free(sum);
    free(one);
    bench_free(&b);
    (void)state;
}

/* ---- served -------------------------------------------------------------- */

enum { SERVED_ROWS = 4000 };

/* Serve rows, in calls of `batch`, ids or none, by workers in turn; gives the
 * report. */
static mlpipe_report *served(const char *params, uint32_t batch,
                             uint32_t workers, bool ids, double rho,
                             uint64_t *looked_at)
{
    mlpipe_worker *w[3];
    mlpipe_monitor *monitor;
    mlpipe_report *r;
    mlpipe_slot *slot;
    mlpipe_model *m;
    mlpipe_ctx *c;
    double x[64 * 4], out[64];

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = fitted(c, NORMAL, 0.6, 4, 1, 2000);
    assert_ok(c, mlpipe_slot_new(c, m, NULL, NULL, &slot));
    assert_ok(c, mlpipe_monitor_new(c, slot, params, &monitor));
    for (uint32_t i = 0; i < workers; i++)
        assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w[i]));
    for (uint32_t i = 0; i < SERVED_ROWS; i += batch) {
        for (uint32_t k = 0; k < batch; k++)
            draw_row(NORMAL, rho, 4, 9000 + i + k, x + 4 * k);
        assert_ok(c, mlpipe_worker_predict(w[i / batch % workers],
                                           ids ? 1 + i : 0, 5, x, out,
                                           batch));
    }
    assert_ok(c, mlpipe_monitor_tick(c, monitor, 1000000, NULL));
    assert_ok(c, mlpipe_monitor_report(c, monitor, &r));
    *looked_at = monitor->now[monitor->moments_first];
    for (uint32_t i = 0; i < workers; i++)
        mlpipe_worker_free(w[i]);
    mlpipe_monitor_free(monitor);
    assert_int_equal(atomic_load(&slot->moments), 0);
    mlpipe_slot_free(slot);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    return r;
}

static void same_moments(const mlpipe_report *a, const mlpipe_report *b)
{
    static const char *const names[] = {
        "moments_rows",   "correlations_changed",     "correlation_change",
        "reconstruction", "reconstruction_reference", "reconstruction_p"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const double x = mlpipe_report_get(a, names[i]);
        const double y = mlpipe_report_get(b, names[i]);
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void test_row_is_batch(void **state)
{
    uint64_t n[4];
    mlpipe_report *a = served("moments=4", 1, 1, true, 0.6, &n[0]);
    mlpipe_report *b = served("moments=4", 50, 1, true, 0.6, &n[1]);
    mlpipe_report *c = served("moments=4", 8, 3, true, 0.6, &n[2]);
    mlpipe_report *d = served("moments=4", 40, 1, false, 0.6, &n[3]);

    for (int i = 0; i < 4; i++)
        assert_in_range(n[i], SERVED_ROWS / 4 - 3, SERVED_ROWS / 4 + 3);
    same_moments(a, b);
    same_moments(a, c);
    assert_string_equal(mlpipe_report_text(a, "correlations"), "OK");
    assert_string_equal(mlpipe_report_text(d, "correlations"), "OK");
    mlpipe_report_free(a);
    mlpipe_report_free(b);
    mlpipe_report_free(c);
    mlpipe_report_free(d);
    (void)state;
}

static void test_verdicts(void **state)
{
    static const struct {
        const char *params, *verdict;
        double rho;
        uint32_t least, most;
    } cases[] = {
        {"moments=1", "DRIFT", -0.6, SERVED_ROWS, SERVED_ROWS},
        {"moments=1", "OK", 0.6, SERVED_ROWS, SERVED_ROWS},
        {NULL, "INSUFFICIENT_DATA", -0.6, 122, 128},
        {"moments=0", "INSUFFICIENT_DATA", -0.6, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t n;
        mlpipe_report *r =
            served(cases[i].params, 20, 2, true, cases[i].rho, &n);
        assert_in_range(n, cases[i].least, cases[i].most);
        assert_string_equal(mlpipe_report_text(r, "correlations"),
                            cases[i].verdict);
        assert_string_equal(mlpipe_report_text(r, "reconstruction"),
                            cases[i].verdict);
        if (!strcmp(cases[i].verdict, "DRIFT"))
            assert_string_equal(mlpipe_report_text(r, "verdict"), "DRIFT");
        mlpipe_report_free(r);
    }
    (void)state;
}

/* ---- kept ------------------------------------------------------------- */

/* A bundle keeps all of it; rules may ask for every number and verdict. */
static void test_kept(void **state)
{
    const mlpipe__ref_moments *a, *b;
    mlpipe__report_names names;
    mlpipe_report *r;
    mlpipe_model *again;
    mlpipe_buffer *bytes;
    bench w;

    bench_new(&w, NORMAL, 0.5, 6, 1, 900);
    assert_ok(w.c, mlpipe_model_bytes(w.c, w.m, &bytes));
    assert_ok(w.c,
              mlpipe_model_load_bytes(w.c, mlpipe_buffer_data(bytes),
                                      mlpipe_buffer_size(bytes), &again));
    a = w.m->reference->moments;
    b = again->reference->moments;
    assert_non_null(b);
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->components, b->components);
    assert_memory_equal(a->sum, b->sum, 6 * 8);
    assert_memory_equal(a->cross, b->cross, 21 * 8);
    assert_memory_equal(a->spread, b->spread, 15 * 8);
    assert_memory_equal(a->basis, b->basis, a->components * 6 * 8);
    assert_memory_equal(a->start, b->start, 6 * 4);
    assert_memory_equal(a->score, b->score, a->cells * 2);
    assert_ok(w.c, mlpipe__report_names_init(w.c, again, &names));
    r = bench_report(&w, NORMAL, 0.5, 5000, 600, 0.01);
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *name;
        mlpipe_figure f;
        if (!mlpipe_report_figure(r, i, &name, &f))
            assert_true(mlpipe__dict_find(&names.names, name,
                                          strlen(name)) != UINT32_MAX);
    }
    assert_true(mlpipe__dict_find(&names.names, "correlations", 12) !=
                UINT32_MAX);
    assert_true(mlpipe__dict_find(&names.names, "reconstruction", 14) !=
                UINT32_MAX);
    mlpipe_report_free(r);
    mlpipe__report_names_free(&names);
    mlpipe_model_free(again);
    mlpipe_buffer_free(bytes);
    bench_free(&w);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_any_partition),
        cmocka_unit_test(test_row_is_batch),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
