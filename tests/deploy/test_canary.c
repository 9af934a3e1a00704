/* SPDX-License-Identifier: MIT */
/* A canary beside the model that serves: who answers, what is counted, how it
 * ends, and what a failure leaves behind. */
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

/* What answers the request: the value; *version: of which deployment. */
static double answer(mlpipe_worker *w, uint64_t id, uint64_t *version)
{
    double out = 0;

    assert_int_equal(mlpipe_worker_predict(w, id, 0, &empty, &out, 1), 0);
    *version = mlpipe_worker_version(w);
    return out;
}

typedef struct nest {
    mlpipe_ctx *c;
    mlpipe_model *a, *b;
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_worker *w;
} nest;

static void nest_open(nest *n, const mlpipe_ctx_options *options)
{
    assert_ok(NULL, mlpipe_ctx_new(options, &n->c));
    n->a = constant(n->c, 1);
    n->b = constant(n->c, 2);
    n->l = serve_layout(n->c);
    assert_ok(n->c, mlpipe_slot_new(n->c, n->a, n->l, NULL, &n->slot));
    assert_ok(n->c, mlpipe_worker_new(n->c, n->slot, NULL, &n->w));
}

static void nest_close(nest *n)
{
    mlpipe_worker_free(n->w);
    mlpipe_slot_free(n->slot);
    mlpipe_layout_free(n->l);
    mlpipe_model_free(n->a);
    mlpipe_model_free(n->b);
    mlpipe_ctx_free(n->c);
}

/* XXH3 of the eight bytes of an id, by the function itself. */
static bool is_canary(uint64_t id, uint32_t cut)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(id >> 8 * i);
    return mlpipe__hash64(bytes, 8, 0) % 10000 < cut;
}

/* The share is that of the ids; the same id is answered by the same model;
 * a batch is what its rows are one by one; a greater share keeps the smaller
 * one's ids. */
static void test_share(void **state)
{
    enum { IDS = 20000 };
    static double batch[IDS];
    static serve_record rows[IDS];
    uint64_t counts[4096], version, hits = 0;
    nest n;

    nest_open(&n, NULL);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.05));
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 2);
    assert_int_equal(mlpipe_slot_version(n.slot), 1);
    for (uint64_t id = 1; id <= IDS; id++) {
        const bool canary = is_canary(id, 500);
        assert_same(answer(n.w, id, &version), canary ? 2.0 : 1.0);
        assert_int_equal(version, canary ? 2 : 1);
        hits += canary;
    }
    assert_in_range(hits, 1000 - 100, 1000 + 100); /* 3.2 deviations */
    assert_same(answer(n.w, 0, &version), 1.0); /* no id, no canary */
    assert_int_equal(
        mlpipe_worker_predict(n.w, 1, 0, rows, batch, IDS), 0);
    for (uint64_t id = 1; id <= IDS; id++)
        assert_same(batch[id - 1], is_canary(id, 500) ? 2.0 : 1.0);
    assert_int_equal(mlpipe_worker_version(n.w),
                     is_canary(IDS, 500) ? 2 : 1);
    /* counts belong to who answered */
    const mlpipe__deployed *s = mlpipe__slot_deployed(n.slot);
    assert_true(s->canary->recorder.total <= 4096);
    mlpipe__deployment_counts(n.slot, s->canary, counts);
    assert_int_equal(counts[MLPIPE__COUNT_ROWS], 2 * hits);
    mlpipe__deployment_counts(n.slot, s->main, counts);
    assert_int_equal(counts[MLPIPE__COUNT_ROWS], 2 * (IDS - hits) + 1);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, NULL, 0.2));
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 2);
    for (uint64_t id = 1; id <= IDS; id++) {
        const double now = answer(n.w, id, &version);
        assert_same(now, is_canary(id, 2000) ? 2.0 : 1.0);
        assert_true(now == 2.0 || !is_canary(id, 500));
    }
    nest_close(&n);
    (void)state;
}

static void test_ends(void **state)
{
    uint64_t version;
    uint32_t waiting;
    mlpipe_model *now;
    mlpipe_worker *late;
    nest n;

    nest_open(&n, NULL);
    assert_told(n.c, MLPIPE_E_STATE, mlpipe_slot_promote(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_STATE, mlpipe_slot_drop(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_STATE,
                mlpipe_slot_canary(n.c, n.slot, NULL, 0.5));
    /* dropped */
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.9999));
    assert_told(n.c, MLPIPE_E_CONFLICT,
                mlpipe_slot_canary(n.c, n.slot, n.a, 0.5));
    assert_ok(n.c, mlpipe_worker_new(n.c, n.slot, NULL, &late));
    assert_same(answer(late, 1, &version), 2.0);
    assert_ok(n.c, mlpipe_slot_drop(n.c, n.slot));
    assert_same(answer(n.w, 1, &version), 1.0);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_told(n.c, MLPIPE_E_STATE, mlpipe_slot_rollback(n.c, n.slot));
    /* promoted: it keeps its number, numbers are never used again */
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 3);
    assert_ok(n.c, mlpipe_slot_model(n.c, n.slot, &now));
    assert_ptr_equal(now, n.a);
    mlpipe_model_free(now);
    assert_ok(n.c, mlpipe_slot_promote(n.c, n.slot));
    assert_int_equal(mlpipe_slot_version(n.slot), 3);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_same(answer(n.w, 0, &version), 2.0);
    assert_same(answer(late, 5, &version), 2.0);
    /* and back */
    assert_ok(n.c, mlpipe_slot_rollback(n.c, n.slot));
    assert_int_equal(mlpipe_slot_version(n.slot), 1);
    assert_same(answer(n.w, 1, &version), 1.0);
    /* a swap and a rollback end it */
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.9999));
    assert_ok(n.c, mlpipe_slot_swap(n.c, n.slot, n.b));
    assert_int_equal(mlpipe_slot_version(n.slot), 5);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.9999));
    assert_ok(n.c, mlpipe_slot_rollback(n.c, n.slot));
    assert_int_equal(mlpipe_slot_version(n.slot), 1);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_same(answer(n.w, 1, &version), 1.0);
    assert_ok(n.c, mlpipe_slot_reclaim(n.c, n.slot, &waiting));
    assert_int_equal(waiting, 0);
    assert_int_equal(mlpipe__slot_total(n.slot, MLPIPE__COUNT_ROWS), 6);
    /* freed while one runs, in another order */
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
    mlpipe_slot_free(n.slot);
    n.slot = NULL;
    assert_same(answer(late, 0, &version), 1.0);
    mlpipe_worker_free(late);
    nest_close(&n);
    (void)state;
}

/* A worker inside a pair holds back both of its deployments, and no other. */
static void test_stuck_in_a_pair(void **state)
{
    mlpipe__deployed *pair;
    uint32_t waiting;
    nest n;

    nest_open(&n, NULL);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
    pair = atomic_load(&n.slot->current);
    atomic_store(&n.w->seat->active, pair);
    for (int i = 0; i < 50; i++) {
        assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, NULL, 0.25));
        assert_ok(n.c, mlpipe_slot_drop(n.c, n.slot));
        assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
        assert_ok(n.c, mlpipe_slot_promote(n.c, n.slot));
        assert_ok(n.c, mlpipe_slot_swap(n.c, n.slot, n.a));
        assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
    }
    assert_ok(n.c, mlpipe_slot_reclaim(n.c, n.slot, &waiting));
    assert_int_equal(waiting, 3); /* the pair, its model, its canary */
    assert_int_equal(pair->main->number, 1);
    assert_int_equal(pair->canary->number, 2);
    n.slot->retired_count = MLPIPE__RETIRED_MOST - 2;
    assert_told(n.c, MLPIPE_E_BUSY, mlpipe_slot_drop(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_BUSY, mlpipe_slot_promote(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_BUSY,
                mlpipe_slot_canary(n.c, n.slot, NULL, 0.75));
    n.slot->retired_count = 3;
    atomic_store(&n.w->seat->active, NULL);
    assert_ok(n.c, mlpipe_slot_reclaim(n.c, n.slot, &waiting));
    assert_int_equal(waiting, 0);
    assert_ok(n.c, mlpipe__slot_lock(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_BUSY, mlpipe_slot_drop(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_BUSY, mlpipe_slot_promote(n.c, n.slot));
    assert_told(n.c, MLPIPE_E_BUSY, mlpipe_slot_canary(n.c, n.slot, n.b, 0.75));
    mlpipe__slot_unlock(n.slot);
    nest_close(&n);
    (void)state;
}

static void test_refused(void **state)
{
    static const double bad[] = {0, -0.1, 0.00001, 0.99999, 1, 5};
    mlpipe_model *other;
    nest n;

    nest_open(&n, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(n.c, MLPIPE_E_ARG,
                    mlpipe_slot_canary(n.c, n.slot, n.b, bad[i]));
    assert_told(n.c, MLPIPE_E_ARG,
                mlpipe_slot_canary(n.c, n.slot, n.b, mlpipe__nan()));
    other = constant(n.c, 3);
    mlpipe__free(n.c->env, other->target);
    other->target = serve_text(n.c, "z");
    assert_told(n.c, MLPIPE_E_SCHEMA,
                mlpipe_slot_canary(n.c, n.slot, other, 0.5));
    assert_non_null(strstr(mlpipe_ctx_error(n.c)->text, "z"));
    mlpipe_model_free(other);
    assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
    assert_ok(n.c, mlpipe_slot_swap(n.c, n.slot, n.b));
    assert_int_equal(mlpipe_slot_version(n.slot), 2); /* none was used up */
    nest_close(&n);
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

/* To start one may fail and then changes nothing; to end it needs none. */
static void test_without_memory(void **state)
{
    mlpipe_ctx_options options = {.size = sizeof options};
    uint64_t live, now, version;
    int64_t k;
    nest n;

    options.alloc = failing_alloc;
    fail_after = -1;
    nest_open(&n, &options);
    mlpipe_ctx_memory(n.c, &live, NULL);
    for (k = 0; k < 1000; k++) {
        fail_after = k;
        const mlpipe_status st = mlpipe_slot_canary(n.c, n.slot, n.b, 0.9999);
        fail_after = -1;
        if (!st)
            break;
        assert_status(MLPIPE_E_NOMEM, st);
        assert_int_equal(mlpipe_slot_canary_version(n.slot), 0);
        assert_same(answer(n.w, 1, &version), 1.0);
        mlpipe_ctx_memory(n.c, &now, NULL);
        assert_int_equal(now, live);
    }
    assert_in_range(k, 5, 999);
    fail_after = 0;
    assert_status(MLPIPE_E_NOMEM,
                  mlpipe_slot_canary(n.c, n.slot, NULL, 0.0001));
    assert_same(answer(n.w, 1, &version), 2.0);
    assert_ok(n.c, mlpipe_slot_drop(n.c, n.slot));
    fail_after = -1;
    mlpipe_ctx_memory(n.c, &now, NULL);
    assert_int_equal(now, live);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.5));
    fail_after = 0;
    assert_ok(n.c, mlpipe_slot_promote(n.c, n.slot));
    assert_ok(n.c, mlpipe_slot_rollback(n.c, n.slot));
    fail_after = -1;
    assert_same(answer(n.w, 1, &version), 1.0);
    mlpipe_ctx_memory(n.c, &now, NULL);
    assert_int_equal(now, live);
    nest_close(&n);
    (void)state;
}

static void test_fork(void **state)
{
    int status;
    pid_t pid;
    nest n;

    nest_open(&n, NULL);
    assert_ok(n.c, mlpipe_slot_canary(n.c, n.slot, n.b, 0.9999));
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        mlpipe_ctx *own;
        double out = 0;
        int bad = 0;
        alarm(60);
        if (mlpipe_ctx_new(NULL, &own))
            _exit(100);
        bad |= mlpipe_slot_canary(own, n.slot, NULL, 0.5) != MLPIPE_E_STATE;
        bad |= (mlpipe_slot_promote(own, n.slot) != MLPIPE_E_STATE) << 1;
        bad |= (mlpipe_slot_drop(own, n.slot) != MLPIPE_E_STATE) << 2;
        bad |= (mlpipe_worker_predict(n.w, 1, 0, &empty, &out, 1) ||
                out != 2.0)
               << 3;
        bad |= !strstr(mlpipe_ctx_error(own)->text,
                       "made before fork, in process ") << 4;
        mlpipe_slot_free(n.slot);
        mlpipe_worker_free(n.w);
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    nest_close(&n);
    (void)state;
}

/* ---- the soak ---------------------------------------------------------- */

enum { SOAK_ROWS = 1000000, SOAK_ROUNDS = 400 };

typedef struct soak {
    mlpipe_worker *worker;
    atomic_bool *stop;
    uint64_t rows, mixed;
} soak;

/* Odd deployments answer 1, even ones 2, champion or canary. */
static void *soak_run(void *arg)
{
    soak *s = arg;

    while (s->rows < SOAK_ROWS || !atomic_load(s->stop)) {
        double out[3] = {0};
        static const serve_record three[3];
        const uint64_t id = 1 + s->rows, n = s->rows % 16 ? 1 : 3;
        uint64_t version;
        mlpipe_worker_predict(s->worker, id, 0, three, out, n);
        version = mlpipe_worker_version(s->worker);
        s->mixed += out[n - 1] != (version % 2 ? 1.0 : 2.0);
        for (uint64_t i = 0; i < n; i++)
            s->mixed += out[i] != 1.0 && out[i] != 2.0;
        s->rows += n;
    }
    return NULL;
}

static mlpipe_status soak_step(nest *n, uint32_t k)
{
    const uint64_t next = n->slot->last_number + 1;
    const mlpipe_model *m = next % 2 ? n->a : n->b;

    switch (k % 8) {
    case 0: return mlpipe_slot_canary(n->c, n->slot, m, 0.3);
    case 1: return mlpipe_slot_canary(n->c, n->slot, NULL, 0.6);
    case 2: return mlpipe_slot_promote(n->c, n->slot);
    case 3: return mlpipe_slot_canary(n->c, n->slot, m, 0.01);
    case 4: return mlpipe_slot_drop(n->c, n->slot);
    case 5: return mlpipe_slot_canary(n->c, n->slot, m, 0.5);
    case 6: return mlpipe_slot_rollback(n->c, n->slot);
    default: return mlpipe_slot_swap(n->c, n->slot, m);
    }
}

static void test_soak(void **state)
{
    atomic_bool stop = false;
    soak s[2] = {{0}};
    pthread_t thread[2];
    uint32_t waiting;
    nest n;

    nest_open(&n, NULL);
    for (int i = 0; i < 2; i++) {
        s[i].stop = &stop;
        assert_ok(n.c, mlpipe_worker_new(n.c, n.slot, NULL, &s[i].worker));
        assert_int_equal(pthread_create(&thread[i], NULL, soak_run, &s[i]),
                         0);
    }
    for (uint32_t k = 0; k < 8 * SOAK_ROUNDS; k++) {
        mlpipe_status st;
        while ((st = soak_step(&n, k)) == MLPIPE_E_BUSY)
            usleep(1000); /* a worker was taken off inside a prediction */
        assert_ok(n.c, st);
        if (k % 8 == 2)
            usleep(100);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(s[0].mixed + s[1].mixed, 0);
    assert_ok(n.c, mlpipe_slot_reclaim(n.c, n.slot, &waiting));
    assert_int_equal(waiting, 0);
    assert_int_equal(mlpipe__slot_total(n.slot, MLPIPE__COUNT_ROWS),
                     s[0].rows + s[1].rows);
    for (int i = 0; i < 2; i++)
        mlpipe_worker_free(s[i].worker);
    nest_close(&n);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_stuck_in_a_pair),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_soak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
