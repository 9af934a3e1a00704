/* SPDX-License-Identifier: MIT */
/*
 * Everything at once: two workers predict and record, one thread tells
 * truths, one ticks, and one swaps, starts, promotes and drops canaries, rolls
 * back and reads reports. What the library counted must be what the threads
 * counted for themselves: nothing lost, nothing torn.
 */
#include "serve_support.h"

#include <pthread.h>
#include <sched.h>

#include "deploy/watch_internal.h"

enum {
    WORKERS = 2,
    IDS = 50000,       /* of each worker */
    DEPLOYMENTS = 65536,
    AGAIN = 97,        /* every so manieth truth is told twice */
    UNKNOWN = 500      /* truths of no request */
};

typedef struct crowd {
    mlpipe_ctx *c;
    mlpipe_model *model[2]; /* of even and of odd deployments */
    mlpipe_layout *l;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    atomic_uint_fast64_t done[WORKERS]; /* ids that were predicted */
    atomic_bool stop;
    atomic_uint busy;  /* threads that still work */
    uint64_t bad_truths, bad_ticks; /* each of one thread */
} crowd;

typedef struct hand {
    crowd *all;
    mlpipe_worker *worker;
    uint32_t index;
    uint64_t bad, missing;
    uint64_t *tally; /* rows by deployment */
} hand;

/* The record and the truth of a request. */
static serve_record drawn(uint64_t id)
{
    serve_record r = {(double)(id % 1009) / 1009.0, 0, (int16_t)(id % 10)};

    if (id % 50 == 0)
        r.n = -1; /* missing */
    return r;
}

static double truth_of(uint64_t id)
{
    return (double)(id % 10) + 1.25;
}

/* ---- the threads --------------------------------------------------------- */

static void *predict_run(void *arg)
{
    hand *h = arg;

    for (uint64_t k = 0; k < IDS; k++) {
        const uint64_t id = 1 + k * WORKERS + h->index;
        const serve_record r = drawn(id);
        double out = -1;
        uint64_t version;
        h->bad += mlpipe_worker_predict(h->worker, id, 1000, &r, &out, 1) !=
                  MLPIPE_OK;
        version = mlpipe_worker_version(h->worker);
        h->bad += out != (r.n < 0 ? 0 : r.n) + (version % 2 ? 1.0 : 2.0);
        h->missing += (mlpipe_worker_flags(h->worker) &
                       MLPIPE_FLAG_IMPUTED) != 0;
        h->tally[version % DEPLOYMENTS]++;
        atomic_store_explicit(&h->all->done[h->index], k + 1,
                              memory_order_release);
        if (k % 256 == 0)
            sched_yield();
    }
    atomic_fetch_sub(&h->all->busy, 1);
    return NULL;
}

static void tell(crowd *all, mlpipe_ctx *c, uint64_t id)
{
    const mlpipe_status st =
        mlpipe_monitor_truth(c, all->monitor, id, 2000, truth_of(id));

    all->bad_truths += st != MLPIPE_OK;
}

static void *truth_run(void *arg)
{
    crowd *all = arg;
    uint64_t told[WORKERS] = {0}, left = (uint64_t)WORKERS * IDS;
    mlpipe_ctx *c;

    if (mlpipe_ctx_new(NULL, &c))
        return arg;
    for (uint64_t i = 0; i < UNKNOWN; i++)
        tell(all, c, UINT64_C(1) << 40 | i);
    while (left) {
        for (uint32_t w = 0; w < WORKERS; w++) {
            const uint64_t ready = atomic_load_explicit(
                &all->done[w], memory_order_acquire);
            for (; told[w] < ready; told[w]++, left--) {
                const uint64_t id = 1 + told[w] * WORKERS + w;
                tell(all, c, id);
                if (id % AGAIN == 0)
                    tell(all, c, id);
            }
        }
        sched_yield();
    }
    mlpipe_ctx_free(c);
    atomic_fetch_sub(&all->busy, 1);
    return NULL;
}

static void *tick_run(void *arg)
{
    crowd *all = arg;
    mlpipe_ctx *c;

    if (mlpipe_ctx_new(NULL, &c))
        return arg;
    while (!atomic_load(&all->stop)) {
        const mlpipe_status st =
            mlpipe_monitor_tick(c, all->monitor, 3000, NULL);
        all->bad_ticks += st && st != MLPIPE_E_BUSY;
        sched_yield();
    }
    mlpipe_ctx_free(c);
    return NULL;
}

/* ---- who deploys --------------------------------------------------------- */

static mlpipe_status change(crowd *all, uint32_t k)
{
    const mlpipe_model *m = all->model[(all->slot->last_number + 1) % 2];

    switch (k % 8) {
    case 0: return mlpipe_slot_canary(all->c, all->slot, m, 0.3);
    case 1: return mlpipe_slot_canary(all->c, all->slot, NULL, 0.6);
    case 2: return mlpipe_slot_promote(all->c, all->slot);
    case 3: return mlpipe_slot_canary(all->c, all->slot, m, 0.05);
    case 4: return mlpipe_slot_drop(all->c, all->slot);
    case 5: return mlpipe_slot_canary(all->c, all->slot, m, 0.5);
    case 6: return mlpipe_slot_rollback(all->c, all->slot);
    default: return mlpipe_slot_swap(all->c, all->slot, m);
    }
}

/* Reports, where nobody else has the slot; counts never go back. */
static void look(crowd *all, double *rows)
{
    mlpipe_report *r = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_status st = mlpipe_monitor_canary(all->c, all->monitor, &r);

    if (!st)
        assert_true(mlpipe_report_get(r, "share") > 0);
    else
        assert_true(st == MLPIPE_E_STATE || st == MLPIPE_E_BUSY);
    mlpipe_report_free(r);
    st = mlpipe_monitor_report(all->c, all->monitor, &r);
    if (!st) {
        const double now = mlpipe_report_get(r, "predictions");
        assert_true(now >= *rows);
        *rows = now;
    } else {
        assert_status(MLPIPE_E_BUSY, st);
    }
    mlpipe_report_free(r);
    st = mlpipe_monitor_captured(all->c, all->monitor, &d);
    assert_true(!st || st == MLPIPE_E_BUSY || st == MLPIPE_E_EMPTY);
    mlpipe_dataset_free(d);
}

/* ---- the reckoning ------------------------------------------------------- */

/* What was captured is what was served, row by row. */
static void check_captured(crowd *all)
{
    uint32_t id, x, n, y;
    mlpipe_dataset *d;
    mlpipe_value v[4];

    assert_ok(all->c, mlpipe_monitor_captured(all->c, all->monitor, &d));
    id = (uint32_t)mlpipe_dataset_find(d, "id");
    x = (uint32_t)mlpipe_dataset_find(d, "x");
    n = (uint32_t)mlpipe_dataset_find(d, "n");
    y = (uint32_t)mlpipe_dataset_find(d, "y");
    assert_in_range(mlpipe_dataset_rows(d), 1, 5000);
    for (int64_t i = 0; i < mlpipe_dataset_rows(d); i++) {
        const uint32_t columns[] = {id, x, n, y};
        for (int k = 0; k < 4; k++)
            assert_ok(all->c,
                      mlpipe_dataset_cell(d, i, columns[k], &v[k]));
        const uint64_t request = (uint64_t)v[0].num;
        const serve_record r = drawn(request);
        assert_same(v[1].num, r.x);
        if (r.n >= 0)
            assert_same(v[2].num, (double)r.n);
        assert_same(v[3].num, truth_of(request));
    }
    mlpipe_dataset_free(d);
}

static void check_deployment(crowd *all, const mlpipe__deployment *d,
                             const hand *hands)
{
    uint64_t *counts = calloc(d->recorder.total, sizeof *counts), sum = 0;
    const uint64_t number = d->number % DEPLOYMENTS;

    assert_non_null(counts);
    mlpipe__deployment_counts(all->slot, d, counts);
    assert_int_equal(counts[MLPIPE__COUNT_ROWS],
                     hands[0].tally[number] + hands[1].tally[number]);
    /* every row is in one cell of each input */
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t first = d->recorder.first[i];
        sum = 0;
        for (uint32_t k = 0; k < d->recorder.reference->inputs[i].cells; k++)
            sum += counts[first + k];
        assert_int_equal(sum, counts[MLPIPE__COUNT_ROWS]);
    }
    free(counts);
}

static void check(crowd *all, const hand *hands)
{
    const uint64_t ids = (uint64_t)WORKERS * IDS;
    const mlpipe__truths *t = &all->monitor->truths;
    uint64_t lost, again = 0, rows = 0;

    assert_ok(all->c,
              mlpipe_monitor_tick(all->c, all->monitor, 3000, NULL));
    for (uint64_t id = 1; id <= ids; id++)
        again += id % AGAIN == 0;
    for (uint32_t w = 0; w < WORKERS; w++)
        for (uint32_t k = 0; k < DEPLOYMENTS; k++)
            rows += hands[w].tally[k];
    lost = mlpipe__slot_total(all->slot, MLPIPE__COUNT_LOST);
    assert_int_equal(rows, ids);
    assert_int_equal(mlpipe__slot_total(all->slot, MLPIPE__COUNT_ROWS), ids);
    assert_int_equal(mlpipe__slot_total(all->slot, MLPIPE__COUNT_IMPUTED),
                     hands[0].missing + hands[1].missing);
    assert_int_equal(t->predictions + lost, ids);
    assert_int_equal(t->matched, t->predictions);
    assert_int_equal(t->told, ids + again + UNKNOWN);
    assert_int_equal(t->duplicate, again);
    assert_int_equal(t->count[MLPIPE__TRUTH_EARLY], lost + UNKNOWN);
    assert_int_equal(t->unmatched + t->expired + t->repeated, 0);
    check_deployment(all, mlpipe__slot_current(all->slot), hands);
    if (all->slot->previous)
        check_deployment(all, all->slot->previous, hands);
    check_captured(all);
    print_message("%llu rows, %llu deployments, %llu ids found a ring full\n",
                  (unsigned long long)ids,
                  (unsigned long long)all->slot->last_number,
                  (unsigned long long)lost);
}

/* `ring`: for slot_new. Gives how many ids found it full. */
static uint64_t together(const char *ring)
{
    static crowd all;
    hand hands[WORKERS] = {{0}};
    pthread_t thread[WORKERS + 2];
    double rows = 0;
    uint64_t lost;
    uint32_t k = 0;
    void *failed;

    memset(&all, 0, sizeof all);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &all.c));
    all.model[0] = serve_model(all.c, 0, 2, true);
    all.model[1] = serve_model(all.c, 0, 1, true);
    all.l = serve_layout(all.c);
    assert_ok(all.c, mlpipe_slot_new(all.c, all.model[1], all.l, ring,
                                     &all.slot));
    assert_ok(all.c, mlpipe_monitor_new(all.c, all.slot,
                                        "pane=1000 capture=5000",
                                        &all.monitor));
    atomic_store(&all.busy, WORKERS + 1);
    for (uint32_t w = 0; w < WORKERS; w++) {
        hands[w].all = &all;
        hands[w].index = w;
        hands[w].tally = calloc(DEPLOYMENTS, sizeof(uint64_t));
        assert_non_null(hands[w].tally);
        assert_ok(all.c, mlpipe_worker_new(all.c, all.slot, NULL,
                                           &hands[w].worker));
    }
    for (uint32_t w = 0; w < WORKERS; w++)
        assert_int_equal(
            pthread_create(&thread[w], NULL, predict_run, &hands[w]), 0);
    assert_int_equal(pthread_create(&thread[WORKERS], NULL, truth_run, &all),
                     0);
    assert_int_equal(
        pthread_create(&thread[WORKERS + 1], NULL, tick_run, &all), 0);
    while (atomic_load(&all.busy) || k % 8 < 4) {
        const mlpipe_status st =
            k < DEPLOYMENTS - 8 ? change(&all, k) : MLPIPE_OK;
        if (st == MLPIPE_E_BUSY) { /* a tick has the slot */
            sched_yield();
            continue;
        }
        assert_ok(all.c, st);
        if (++k % 3 == 0)
            look(&all, &rows);
        sched_yield();
    }
    atomic_store(&all.stop, true);
    for (uint32_t i = 0; i < WORKERS + 2; i++) {
        assert_int_equal(pthread_join(thread[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(all.bad_truths + all.bad_ticks, 0);
    assert_int_equal(hands[0].bad + hands[1].bad, 0);
    check(&all, hands);
    lost = mlpipe__slot_total(all.slot, MLPIPE__COUNT_LOST);
    for (uint32_t w = 0; w < WORKERS; w++) {
        mlpipe_worker_free(hands[w].worker);
        free(hands[w].tally);
    }
    mlpipe_monitor_free(all.monitor);
    mlpipe_slot_free(all.slot);
    mlpipe_layout_free(all.l);
    mlpipe_model_free(all.model[0]);
    mlpipe_model_free(all.model[1]);
    mlpipe_ctx_free(all.c);
    return lost;
}

static void test_nothing_lost(void **state)
{
    assert_int_equal(together("ring=65536"), 0);
    (void)state;
}

/* What a full ring loses is counted, by id. */
static void test_full_rings(void **state)
{
    assert_true(together("ring=64") > 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_lost),
                                       cmocka_unit_test(test_full_rings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
