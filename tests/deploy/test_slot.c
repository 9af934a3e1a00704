/* SPDX-License-Identifier: MIT */
/* Slots and workers: swaps under load, rollback, seats, failures. */
#include "serve_support.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deploy/deploy_internal.h"
#include "golden_text.h"

/* A model that answers `value` to an empty record. */
static mlpipe_model *constant(mlpipe_ctx *c, double value)
{
    return serve_model(c, 0.0, value, true);
}

static const serve_record empty = {0, 0, 0};

static double answer(mlpipe_worker *w)
{
    double out = 0;

    assert_int_equal(mlpipe_worker_predict(w, 0, 0, &empty, &out, 1), 0);
    return out;
}

static void test_swap_and_rollback(void **state)
{
    mlpipe_model *a, *b, *now;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_worker *w;
    mlpipe_ctx *c;
    uint32_t waiting = 9;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = constant(c, 1);
    b = constant(c, 2);
    l = serve_layout(c);
    assert_ok(c, mlpipe_slot_new(c, a, l, NULL, &slot));
    mlpipe_layout_free(l);
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    assert_int_equal(mlpipe_worker_version(w), 0);
    assert_same(answer(w), 1.0);
    assert_int_equal(mlpipe_worker_version(w), 1);
    assert_told(c, MLPIPE_E_STATE, mlpipe_slot_rollback(c, slot));
    assert_ok(c, mlpipe_slot_swap(c, slot, b));
    assert_int_equal(mlpipe_slot_version(slot), 2);
    assert_same(answer(w), 2.0);
    assert_ok(c, mlpipe_slot_rollback(c, slot));
    assert_int_equal(mlpipe_slot_version(slot), 1);
    assert_same(answer(w), 1.0);
    assert_int_equal(mlpipe_worker_version(w), 1);
    assert_told(c, MLPIPE_E_STATE, mlpipe_slot_rollback(c, slot));
    assert_ok(c, mlpipe_slot_swap(c, slot, b)); /* numbers are never reused */
    assert_int_equal(mlpipe_slot_version(slot), 3);
    assert_same(answer(w), 2.0);
    assert_ok(c, mlpipe_slot_model(c, slot, &now));
    assert_ptr_equal(now, b);
    mlpipe_model_free(now);
    assert_ok(c, mlpipe_slot_reclaim(c, slot, &waiting));
    assert_int_equal(waiting, 0);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_ROWS), 4);
    /* any order of frees */
    mlpipe_ctx_free(c);
    mlpipe_model_free(a);
    mlpipe_slot_free(slot);
    mlpipe_model_free(b);
    mlpipe_worker_free(w);
    mlpipe_slot_free(NULL);
    mlpipe_worker_free(NULL);
    (void)state;
}

static void test_seats(void **state)
{
    mlpipe_worker *w[3];
    mlpipe_model *a;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    double row[3] = {0, 0, 0};
    double out;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = constant(c, 1);
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_slot_new(c, a, NULL, "ring=1000", &slot));
    assert_null(slot);
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_slot_new(c, a, NULL, "workers=0", &slot));
    assert_ok(c, mlpipe_slot_new(c, a, NULL, "workers=2", &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w[0]));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w[1]));
    assert_told(c, MLPIPE_E_BUSY, mlpipe_worker_new(c, slot, NULL, &w[2]));
    assert_null(w[2]);
    assert_told(c, MLPIPE_E_UNSUPPORTED,
                mlpipe_worker_new(c, slot, (mlpipe_live *)row, &w[2]));
    assert_int_equal(mlpipe_worker_predict(w[0], 0, 0, row, &out, 1), 0);
    mlpipe_worker_free(w[0]);
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w[0]));
    assert_int_equal(mlpipe_worker_predict(w[0], 0, 0, row, &out, 1), 0);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_ROWS), 2);
    assert_int_equal(mlpipe_worker_predict(w[0], 0, 0, NULL, &out, 1),
                     MLPIPE_E_ARG);
    assert_string_equal(mlpipe_worker_error(w[0]), "records is NULL");
    assert_int_equal(mlpipe_worker_predict(w[0], 0, 0, row, NULL, 1),
                     MLPIPE_E_ARG);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_FAILED), 2);
    assert_int_equal(mlpipe_worker_predict(w[0], 0, 0, NULL, NULL, 0), 0);
    assert_string_equal(mlpipe_worker_error(w[0]), "");
    assert_int_equal(mlpipe_worker_predict(NULL, 0, 0, row, &out, 1),
                     MLPIPE_E_ARG);
    mlpipe_worker_free(w[0]);
    mlpipe_worker_free(w[1]);
    mlpipe_slot_free(slot);
    mlpipe_model_free(a);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_flags(void **state)
{
    mlpipe_worker *w;
    mlpipe_layout *l;
    mlpipe_model *a;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    double out;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = constant(c, 1);
    l = serve_layout(c);
    const uint32_t red = serve_token(c, l, "red");
    const uint32_t pink = serve_token(c, l, "pink");
    const struct {
        serve_record r;
        uint32_t flags;
    } rows[] = {
        {{0.5, red, 3}, 0},
        {{mlpipe__nan(), red, 3}, MLPIPE_FLAG_IMPUTED},
        {{0.5, 0, 3}, MLPIPE_FLAG_IMPUTED},
        {{0.5, red, -1}, MLPIPE_FLAG_IMPUTED},
        {{0.5, pink, 3}, MLPIPE_FLAG_UNSEEN},
        {{-0.5, red, 3}, MLPIPE_FLAG_RANGE},
        {{0.5, red, 11}, MLPIPE_FLAG_RANGE},
        {{mlpipe__nan(), pink, 11},
         MLPIPE_FLAG_IMPUTED | MLPIPE_FLAG_UNSEEN | MLPIPE_FLAG_RANGE},
        {{mlpipe__inf(), red, 3}, MLPIPE_FLAG_RANGE | MLPIPE_FLAG_NULL},
    };
    assert_ok(c, mlpipe_slot_new(c, a, l, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(
            mlpipe_worker_predict(w, 0, 0, &rows[i].r, &out, 1), 0);
        assert_int_equal(mlpipe_worker_flags(w), rows[i].flags);
    }
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_IMPUTED), 4);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_UNSEEN), 2);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_RANGE), 4);
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_UNANSWERED), 1);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(a);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- the soak ---------------------------------------------------------- */

enum { SOAK_ROWS = 5000000, SOAK_SWAPS = 1000 };

typedef struct soak {
    mlpipe_worker *worker;
    atomic_bool *stop;
    uint64_t rows, mixed, backwards;
} soak;

/* Odd deployments answer 1, even ones 2, and numbers never go back. */
static void *soak_run(void *arg)
{
    soak *s = arg;
    uint64_t last = 0;

    while (s->rows < SOAK_ROWS || !atomic_load(s->stop)) {
        double out = 0;
        uint64_t version;
        mlpipe_worker_predict(s->worker, 0, 0, &empty, &out, 1);
        version = mlpipe_worker_version(s->worker);
        s->mixed += out != (version % 2 ? 1.0 : 2.0);
        s->backwards += version < last;
        last = version;
        s->rows++;
    }
    return NULL;
}

/* A worker's room is for the outputs of the first model: a swap to one that
 * writes more would overrun it, and one that writes fewer leaves what was. */
static void test_outputs_stay(void **state)
{
    char text[8000] = "x,y\n";
    mlpipe_model *m[2];
    mlpipe_dataset *d;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    size_t n = 4;

    for (int i = 0; i < 400; i++)
        n += (size_t)sprintf(text + n, "%d.5,%d\n", i % 37, i % 37 + i % 5);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_read_csv_memory(c, text, n, NULL, &d));
    for (int i = 0; i < 2; i++) {
        mlpipe_pipeline *p;
        assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
        if (i)
            assert_ok(c, mlpipe_pipeline_add(c, p, "conformal", NULL));
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m[i]));
        mlpipe_pipeline_free(p);
    }
    assert_int_equal(mlpipe_model_outputs(m[1]), 3);
    for (int i = 0; i < 2; i++) {
        assert_ok(c, mlpipe_slot_new(c, m[i], NULL, NULL, &slot));
        assert_told(c, MLPIPE_E_SCHEMA, mlpipe_slot_swap(c, slot, m[!i]));
        assert_told(c, MLPIPE_E_SCHEMA,
                    mlpipe_slot_canary(c, slot, m[!i], 0.5));
        assert_int_equal(mlpipe_slot_version(slot), 1);
        mlpipe_slot_free(slot);
    }
    mlpipe_model_free(m[0]);
    mlpipe_model_free(m[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_soak(void **state)
{
    mlpipe_model *model[2];
    mlpipe_worker *idle;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    atomic_bool stop = false;
    soak s[2] = {0};
    pthread_t thread[2];
    uint32_t waiting, most = 0;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    model[0] = constant(c, 1);
    model[1] = constant(c, 2);
    l = serve_layout(c);
    assert_ok(c, mlpipe_slot_new(c, model[0], l, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &idle));
    for (int i = 0; i < 2; i++) {
        s[i].stop = &stop;
        assert_ok(c, mlpipe_worker_new(c, slot, NULL, &s[i].worker));
        assert_int_equal(pthread_create(&thread[i], NULL, soak_run, &s[i]),
                         0);
    }
    for (uint32_t i = 1; i <= SOAK_SWAPS; i++) {
        /* 64 retired ones may wait for a worker that the scheduler took off
         * inside a prediction; everything else must succeed. */
        mlpipe_status st;
        while ((st = mlpipe_slot_swap(c, slot, model[i % 2])) ==
               MLPIPE_E_BUSY)
            usleep(1000);
        assert_ok(c, st);
        assert_ok(c, mlpipe_slot_reclaim(c, slot, &waiting));
        most = waiting > most ? waiting : most;
        if (i % 4 == 0)
            usleep(200);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(mlpipe_slot_version(slot), SOAK_SWAPS + 1);
    assert_int_equal(s[0].mixed + s[1].mixed, 0);
    assert_int_equal(s[0].backwards + s[1].backwards, 0);
    assert_ok(c, mlpipe_slot_reclaim(c, slot, &waiting));
    assert_int_equal(waiting, 0); /* the idle worker holds nothing back */
    assert_int_equal(mlpipe__slot_total(slot, MLPIPE__COUNT_ROWS),
                     s[0].rows + s[1].rows);
    print_message("%llu predictions, %d swaps, at most %u waited\n",
                  (unsigned long long)(s[0].rows + s[1].rows), SOAK_SWAPS,
                  most);
    mlpipe_worker_free(idle);
    mlpipe_worker_free(s[0].worker);
    mlpipe_worker_free(s[1].worker);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(model[0]);
    mlpipe_model_free(model[1]);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A worker that stays inside a prediction holds its own deployment back, and
 * of those after it no more than there is room for. */
static void test_stuck_worker(void **state)
{
    mlpipe_worker *w, *free_one;
    mlpipe_model *a;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    uint32_t waiting;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = constant(c, 1);
    l = serve_layout(c);
    assert_ok(c, mlpipe_slot_new(c, a, l, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &free_one));
    atomic_store(&w->seat->active, &mlpipe__slot_current(slot)->alone);
    for (int i = 0; i < 200; i++) {
        assert_ok(c, mlpipe_slot_swap(c, slot, a));
        assert_same(answer(free_one), 1.0);
    }
    assert_ok(c, mlpipe_slot_reclaim(c, slot, &waiting));
    assert_int_equal(waiting, 1); /* a hazard pointer holds just one */
    /* 64 of them: as many workers, each in a deployment of its own */
    mlpipe__seat *real = slot->seats[1];
    slot->retired_count = MLPIPE__RETIRED_MOST;
    assert_told(c, MLPIPE_E_BUSY, mlpipe_slot_swap(c, slot, a));
    assert_int_equal(mlpipe_slot_version(slot), 201);
    slot->retired_count = 1;
    assert_ptr_equal(real, slot->seats[1]);
    atomic_store(&w->seat->active, NULL);
    assert_ok(c, mlpipe_slot_reclaim(c, slot, &waiting));
    assert_int_equal(waiting, 0);
    /* While another thread has the writer's place: */
    assert_ok(c, mlpipe__slot_lock(c, slot));
    assert_told(c, MLPIPE_E_BUSY, mlpipe_slot_swap(c, slot, a));
    assert_told(c, MLPIPE_E_BUSY, mlpipe_slot_rollback(c, slot));
    assert_told(c, MLPIPE_E_BUSY, mlpipe_slot_reclaim(c, slot, &waiting));
    assert_same(answer(free_one), 1.0); /* predictions do not care */
    mlpipe__slot_unlock(slot);
    mlpipe_worker_free(w);
    mlpipe_worker_free(free_one);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(a);
    mlpipe_ctx_free(c);
    (void)state;
}

/* ---- failures ---------------------------------------------------------- */

static int64_t fail_after = -1;

static void *failing_alloc(void *user, void *ptr, size_t old_size,
                           size_t new_size, size_t align)
{
    void *p;

    (void)user;
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    if (fail_after == 0)
        return NULL;
    if (fail_after > 0)
        fail_after--;
    p = aligned_alloc(align < 64 ? 64 : align, (new_size + 63) / 64 * 64);
    if (p && ptr) {
        memcpy(p, ptr, old_size < new_size ? old_size : new_size);
        free(ptr);
    }
    return p;
}

static void test_swap_without_memory(void **state)
{
    mlpipe_ctx_options options = {.size = sizeof options};
    mlpipe_model *a, *b;
    mlpipe_worker *w;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    uint64_t live, now;
    int64_t n;

    options.alloc = failing_alloc;
    fail_after = -1;
    assert_ok(NULL, mlpipe_ctx_new(&options, &c));
    a = constant(c, 1);
    b = constant(c, 2);
    l = serve_layout(c);
    (void)serve_token(c, l, "red");
    assert_ok(c, mlpipe_slot_new(c, a, l, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    mlpipe_ctx_memory(c, &live, NULL);
    for (n = 0; n < 1000; n++) {
        fail_after = n;
        const mlpipe_status st = mlpipe_slot_swap(c, slot, b);
        fail_after = -1;
        if (!st)
            break;
        assert_status(MLPIPE_E_NOMEM, st);
        assert_int_equal(mlpipe_slot_version(slot), 1);
        assert_same(answer(w), 1.0);
        mlpipe_ctx_memory(c, &now, NULL);
        assert_int_equal(now, live);
    }
    assert_in_range(n, 10, 999);
    assert_same(answer(w), 2.0);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_ctx_memory(c, &live, NULL);
    mlpipe_ctx_free(c);
    (void)state;
}

/* After fork a worker predicts on its copy; the slot may not be changed. */
static void test_fork(void **state)
{
    mlpipe_model *a;
    mlpipe_worker *w;
    mlpipe_monitor *m;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    int status;
    pid_t pid;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = constant(c, 1);
    l = serve_layout(c);
    assert_ok(c, mlpipe_slot_new(c, a, l, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    assert_ok(c, mlpipe_monitor_new(c, slot, NULL, &m));
    /* as if another thread swapped at this moment */
    assert_ok(c, mlpipe__slot_lock(c, slot));
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        mlpipe_ctx *own;
        mlpipe_worker *w2;
        mlpipe_slot *slot2;
        mlpipe_model *now;
        double out = 0;
        int bad = 0;
        alarm(60);
        if (mlpipe_ctx_new(NULL, &own))
            _exit(100);
        bad |= mlpipe_slot_swap(own, slot, a) != MLPIPE_E_STATE;
        bad |= (mlpipe_slot_rollback(own, slot) != MLPIPE_E_STATE) << 1;
        bad |= (mlpipe_worker_new(own, slot, NULL, &w2) != MLPIPE_E_STATE)
               << 2;
        bad |= (mlpipe_slot_swap(c, slot, a) != MLPIPE_E_STATE) << 3;
        bad |= (mlpipe_worker_predict(w, 0, 0, &empty, &out, 1) ||
                out != 1.0)
               << 4;
        bad |= (mlpipe_slot_model(own, slot, &now) != MLPIPE_E_STATE) << 5;
        bad |= (mlpipe_slot_new(c, a, l, NULL, &slot2) != MLPIPE_E_STATE)
               << 6;
        mlpipe_monitor_free(m); /* does not wait for who has the slot */
        mlpipe_worker_free(w);
        mlpipe_slot_free(slot);
        _exit(bad);
    }
    mlpipe__slot_unlock(slot);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_same(answer(w), 1.0);
    mlpipe_monitor_free(m);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_model_free(a);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Rows of doubles: a later model gets the first one's codes by text. */
static void test_doubles_across_swaps(void **state)
{
    mlpipe_model *a, *b;
    mlpipe_worker *w;
    mlpipe_slot *slot;
    mlpipe_ctx *c;
    const double row[3] = {0.5, 3, 2}, unseen[3] = {0.5, 3, 7};
    double out;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    a = serve_model(c, 1, 0, false);
    b = serve_model(c, 2, 0, false);
    /* the same texts under other codes: blue 0, green 1, red 2 */
    mlpipe__dict *d = b->program->inputs[2].dict;
    mlpipe__dict_free(d);
    mlpipe__dict_init(d, c->env);
    assert_int_equal(mlpipe__dict_add(d, "blue", 4), 0);
    assert_int_equal(mlpipe__dict_add(d, "green", 5), 1);
    assert_int_equal(mlpipe__dict_add(d, "red", 3), 2);
    assert_ok(c, mlpipe_slot_new(c, a, NULL, NULL, &slot));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    assert_ok(c, mlpipe_worker_predict(w, 0, 0, row, &out, 1));
    assert_same(out, 0.5 + 3 + 0.75);
    assert_ok(c, mlpipe_slot_swap(c, slot, b));
    assert_ok(c, mlpipe_worker_predict(w, 0, 0, row, &out, 1));
    assert_same(out, 1.0 + 3 + 0.25);
    assert_ok(c, mlpipe_worker_predict(w, 0, 0, unseen, &out, 1));
    assert_same(out, 1.0 + 3);
    assert_int_equal(mlpipe_worker_flags(w), MLPIPE_FLAG_UNSEEN);
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swap_and_rollback),
        cmocka_unit_test(test_outputs_stay),
        cmocka_unit_test(test_seats),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_stuck_worker),
        cmocka_unit_test(test_swap_without_memory),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_doubles_across_swaps),
        cmocka_unit_test(test_soak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
