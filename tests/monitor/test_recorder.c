/* SPDX-License-Identifier: MIT */
/* Counters by reference cell, and the ring between worker and tick. */
#include "serve_support.h"

#include <pthread.h>

#include "monitor/monitor_internal.h"

static void test_cells(void **state)
{
    mlpipe__recorder r;
    mlpipe__count *counters;
    mlpipe_model *m;
    mlpipe_ctx *c;
    const uint32_t lanes[3] = {0, 8, 16};
    const struct {
        double x[3], score;
        uint32_t cell[3], score_cell, flags;
    } rows[] = {
        {{0.0, 0, 0}, 0.0, {2, 2, 2}, 2, 0},
        {{0.999, 9.5, 2}, 10.5, {21, 11, 4}, 12, 0},
        {{-1e-9, 3, 1}, 0.5, {1, 5, 3}, 2, MLPIPE_FLAG_RANGE},
        {{1.0, 3, 1}, 11.0, {22, 5, 3}, 13, MLPIPE_FLAG_RANGE},
        {{0.5, 3, -1}, -1, {12, 5, 1}, 1, MLPIPE_FLAG_UNSEEN},
        {{0, 0, 0}, 0, {0, 0, 0}, 0, MLPIPE_FLAG_IMPUTED | MLPIPE_FLAG_NULL},
    };
    uint64_t expected[200 + MLPIPE__LATENCY_COUNTERS] = {0};

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    assert_true(mlpipe__recorder_init(&r, c->env, m));
    assert_in_range(r.total, MLPIPE__COUNT_HEAD + 10,
                    199 + MLPIPE__LATENCY_COUNTERS);
    counters = mlpipe__alloc_array(c->env, r.total, sizeof *counters);
    assert_non_null(counters);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double x[3], score = rows[i].score;
        memcpy(x, rows[i].x, sizeof x);
        if (rows[i].flags & MLPIPE_FLAG_NULL)
            x[0] = x[1] = x[2] = score = mlpipe__nan();
        uint32_t flags = mlpipe__recorder_inputs(
            &r, counters, (const unsigned char *)x, lanes);
        flags = mlpipe__recorder_score(&r, counters, flags, &score);
        assert_int_equal(flags, rows[i].flags);
        for (uint32_t k = 0; k < 3; k++)
            expected[r.first[k] + rows[i].cell[k]]++;
        expected[r.score_first + rows[i].score_cell]++;
        expected[MLPIPE__COUNT_ROWS]++;
        expected[MLPIPE__COUNT_IMPUTED] +=
            (flags & MLPIPE_FLAG_IMPUTED) != 0;
        expected[MLPIPE__COUNT_UNSEEN] += (flags & MLPIPE_FLAG_UNSEEN) != 0;
        expected[MLPIPE__COUNT_RANGE] += (flags & MLPIPE_FLAG_RANGE) != 0;
        expected[MLPIPE__COUNT_UNANSWERED] +=
            (flags & MLPIPE_FLAG_NULL) != 0;
    }
    for (uint32_t i = 0; i < r.total; i++)
        assert_int_equal(mlpipe__count_get(counters + i), expected[i]);
    mlpipe__free(c->env, counters);
    mlpipe__recorder_free(&r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Bins rise with the score, meet at one half, and their edges are where a
 * sixteenth of an octave ends. */
static void test_score_bins(void **state)
{
    uint32_t last = 0;

    assert_int_equal(mlpipe__score_bin(0.0), 0);
    assert_int_equal(mlpipe__score_bin(1.0), MLPIPE__SCORE_BINS - 1);
    assert_int_equal(mlpipe__score_bin(0.5), MLPIPE__SCORE_BINS / 2);
    assert_int_equal(mlpipe__score_bin(0.49999999),
                     MLPIPE__SCORE_BINS / 2 - 1);
    assert_in_range(mlpipe__score_bin(-1.0), 0, MLPIPE__SCORE_BINS - 1);
    assert_in_range(mlpipe__score_bin(7.0), 0, MLPIPE__SCORE_BINS - 1);
    for (uint32_t i = 0; i <= 1 << 16; i++) {
        const double s = i / 65536.0;
        const uint32_t bin = mlpipe__score_bin(s);
        assert_in_range(bin, last, last + 1);
        assert_true((s >= 0.5) == (bin >= MLPIPE__SCORE_BINS / 2));
        last = bin;
    }
    assert_int_equal(last, MLPIPE__SCORE_BINS - 1);
    (void)state;
}

/* Private inputs and models without a reference count rows alone. */
static void test_nothing_to_compare(void **state)
{
    const double x[3] = {1, 2, 0};
    const uint32_t lanes[3] = {0, 8, 16};
    mlpipe__recorder r;
    mlpipe__count counters[64];
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, false);
    memset(counters, 0, sizeof counters);
    assert_true(mlpipe__recorder_init(&r, c->env, m));
    assert_int_equal(r.total,
                     MLPIPE__COUNT_HEAD + MLPIPE__LATENCY_COUNTERS);
    mlpipe__recorder_inputs(&r, counters, (const unsigned char *)x, lanes);
    mlpipe__recorder_score(&r, counters, 0, (const double[]){1.0});
    assert_int_equal(mlpipe__count_get(counters + MLPIPE__COUNT_ROWS), 1);
    mlpipe__recorder_free(&r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Numbers with 1 to 90 cuts, looked up in every way that this machine has:
 * values on, beside and between the cuts, zeros, infinities and missing. */
enum { WAYS_INPUTS = 90, WAYS_ROWS = 400 };

static mlpipe_model *ways_model(mlpipe_ctx *c)
{
    mlpipe_model *m = serve_model(c, 1, 0, false);
    mlpipe__reference *ref = mlpipe__alloc(c->env, sizeof *ref);

    mlpipe__program_free(m->program);
    m->program = mlpipe__program_new(c->env);
    assert_true(ref && m->program);
    m->reference = ref;
    ref->env = mlpipe__env_keep(c->env);
    ref->rows = 9000;
    ref->input_count = WAYS_INPUTS;
    ref->inputs = mlpipe__alloc_array(c->env, WAYS_INPUTS, sizeof *ref->inputs);
    assert_non_null(ref->inputs);
    for (uint32_t i = 0; i < WAYS_INPUTS; i++) {
        char name[16];
        mlpipe__format(name, sizeof name, "x%u", i);
        mlpipe__program_add_input(m->program, name, MLPIPE_TYPE_F64, 0,
                                  MLPIPE__NUMBER, NULL);
        if (i) /* the first is not counted */
            serve_ref_number(c, &ref->inputs[i], -1, 1, i, 9000, 100);
    }
    mlpipe__program_add_output(m->program, "y", 0);
    assert_ok(c, mlpipe__program_seal(c, m->program));
    return m;
}

static double ways_value(const mlpipe__ref_input *in, uint32_t row, uint32_t i)
{
    const uint32_t draw =
        (uint32_t)(serve_random(row, 2 * i) * 8 /* kinds of values */);
    const double u = serve_random(row, 2 * i + 1);
    const double cut = in->cut_count ? in->cuts[(uint32_t)(u * in->cut_count)]
                                     : 0.0;
    const double inf = 1e308 * 10;

    switch (draw) {
    case 0:
        return mlpipe__nan();
    case 1:
        return u < 0.5 ? -inf : inf;
    case 2:
        return u < 0.5 ? -0.0 : 0.0;
    case 3:
        return cut;
    case 4:
        return cut - 1e-15;
    case 5:
        return cut + 1e-15;
    default:
        return 2.4 * u - 1.2;
    }
}

static void test_ways(void **state)
{
    uint32_t lanes[WAYS_INPUTS];
    double x[WAYS_INPUTS];
    mlpipe__recorder r;
    uint64_t *expected;
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = ways_model(c);
    assert_true(mlpipe__recorder_init(&r, c->env, m));
    assert_int_equal(r.number_count + r.other_count, WAYS_INPUTS);
    assert_int_equal(r.number_count, MLPIPE__CELLS_MOST - 1);
    expected = mlpipe__alloc_array(c->env, r.total, sizeof *expected);
    for (uint32_t isa = 0; isa < 3; isa++) {
        mlpipe__count *counters =
            mlpipe__alloc_array(c->env, r.total, sizeof *counters);
        assert_true(expected && counters);
        memset(expected, 0, r.total * sizeof *expected);
        mlpipe__recorder_way(&r, isa);
        for (uint32_t row = 0; row < WAYS_ROWS; row++) {
            uint32_t flags = 0;
            for (uint32_t i = 0; i < WAYS_INPUTS; i++) {
                const mlpipe__ref_input *in = &m->reference->inputs[i];
                lanes[i] = i * 8;
                x[i] = ways_value(in, row, i);
                if (x[i] != x[i])
                    flags |= MLPIPE_FLAG_IMPUTED;
                else if (i && (x[i] < -1 || x[i] >= 1))
                    flags |= MLPIPE_FLAG_RANGE;
                if (i)
                    expected[r.first[i] +
                             mlpipe__ref_cell(in, x[i], x[i] == x[i])]++;
            }
            assert_int_equal(mlpipe__recorder_inputs(
                                 &r, counters, (const unsigned char *)x,
                                 lanes),
                             flags);
        }
        for (uint32_t i = 0; i < r.total; i++)
            assert_int_equal(mlpipe__count_get(counters + i), expected[i]);
        mlpipe__free(c->env, counters);
    }
    mlpipe__free(c->env, expected);
    mlpipe__recorder_free(&r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- rings ------------------------------------------------------------- */

enum { RING_SENT = 2000000 };

typedef struct ring_job {
    mlpipe__ring *ring;
    uint64_t lost;
    atomic_bool done;
} ring_job;

static void *ring_write(void *arg)
{
    ring_job *j = arg;

    for (uint64_t i = 1; i <= RING_SENT; i++) {
        const mlpipe__served s = {i, (int64_t)i * 2, i * 3, (double)i};
        const uint64_t record[3] = {i, ~i, i * i};
        j->lost += !mlpipe__ring_push(j->ring, &s, NULL, record);
    }
    atomic_store(&j->done, true);
    return NULL;
}

static void test_ring_two_threads(void **state)
{
    ring_job job = {0};
    uint64_t got = 0, last = 0;
    pthread_t thread;
    mlpipe_ctx *c;
    bool more = true;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    job.ring = mlpipe__ring_new(c->env, 1024, 0, 24);
    assert_non_null(job.ring);
    assert_int_equal(pthread_create(&thread, NULL, ring_write, &job), 0);
    while (more) {
        const mlpipe__served *s = mlpipe__ring_peek(job.ring);
        uint64_t record[3];
        if (!s) {
            more = !atomic_load(&job.done);
            continue;
        }
        memcpy(record, s + 1, sizeof record);
        assert_true(s->id > last);
        last = s->id;
        assert_int_equal(s->now_us, last * 2);
        assert_int_equal(s->number, last * 3);
        assert_int_equal(record[0], last);
        assert_int_equal(record[1], ~last);
        assert_int_equal(record[2], last * last);
        mlpipe__ring_pop(job.ring);
        got++;
    }
    pthread_join(thread, NULL);
    while (mlpipe__ring_peek(job.ring)) {
        mlpipe__ring_pop(job.ring);
        got++;
    }
    assert_int_equal(got + job.lost, RING_SENT);
    mlpipe__free(c->env, job.ring);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_ring_full(void **state)
{
    const mlpipe__served s = {1, 2, 3, 4};
    mlpipe__ring *r;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    r = mlpipe__ring_new(c->env, 16, 0, 0);
    assert_non_null(r);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 16; i++)
            assert_true(mlpipe__ring_push(r, &s, NULL, NULL));
        assert_false(mlpipe__ring_push(r, &s, NULL, NULL));
        for (int i = 0; i < 16; i++) {
            assert_non_null(mlpipe__ring_peek(r));
            mlpipe__ring_pop(r);
        }
        assert_null(mlpipe__ring_peek(r));
    }
    mlpipe__free(c->env, r);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_score_bins),
        cmocka_unit_test(test_nothing_to_compare),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_ring_two_threads),
        cmocka_unit_test(test_ring_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
