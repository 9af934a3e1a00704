/* SPDX-License-Identifier: MIT */
/*
 * Long calls are stopped at every poll: each says so, gives nothing, holds
 * no memory, and works when it is called again.
 */
#include "api/api_world.h"

#include <pthread.h>
#include <sched.h>

/* What the progress callback sees and does. */
typedef struct stopper {
    int64_t calls, stop_at; /* -1: never */
    bool odd_fraction;
} stopper;

static int32_t stopper_progress(void *user, const char *stage,
                                double fraction)
{
    stopper *s = user;
    if (!stage || !*stage || !(fraction >= 0.0 && fraction <= 1.0))
        s->odd_fraction = true;
    return s->calls++ == s->stop_at;
}

static mlpipe_ctx *stopper_ctx(stopper *s, const mlpipe_io *io)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    o.user = s;
    o.progress = stopper_progress;
    o.io = io;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* One call: stopped at its k-th poll, then let run. */
static void stop_at(const api_world *w, mlpipe_ctx *c, stopper *s, int64_t k,
                    const struct api_named *call, const api_result *expected)
{
    const uint64_t live = made_live(c);
    api_result got;
    mlpipe_status st;
    memset(&got, 0, sizeof got);
    s->calls = 0;
    s->stop_at = k;
    st = call->run(w, c, &got);
    if (st != MLPIPE_E_CANCELLED)
        fail_msg("%s: stopped at poll %lld: %s", call->name, (long long)k,
                 mlpipe_status_name(st));
    assert_int_equal(MLPIPE_E_CANCELLED, mlpipe_ctx_error(c)->status);
    assert_string_not_equal("", mlpipe_ctx_error(c)->text);
    assert_int_equal(k + 1, s->calls);
    assert_int_equal(live, made_live(c));
    memset(&got, 0, sizeof got);
    s->stop_at = -1;
    assert_ok(c, call->run(w, c, &got));
    if (memcmp(&got, expected, sizeof got))
        fail_msg("%s: other bytes after a stop at poll %lld", call->name,
                 (long long)k);
    assert_int_equal(live, made_live(c));
}

static void stop_everywhere(const api_world *w, mlpipe_ctx *c, stopper *s,
                            const struct api_named *call)
{
    api_result expected;
    int64_t polls;
    memset(&expected, 0, sizeof expected);
    s->calls = 0;
    s->stop_at = -1;
    assert_ok(c, call->run(w, c, &expected));
    polls = s->calls;
    if (polls < 1)
        fail_msg("%s never polls", call->name);
    for (int64_t k = 0; k < polls; k++)
        stop_at(w, c, s, k, call, &expected);
    assert_false(s->odd_fraction);
}

static void every_poll(void **state)
{
    api_world w;
    stopper s = {.stop_at = -1};
    mlpipe_ctx *c = stopper_ctx(&s, NULL);
    (void)state;
    api_world_open(&w);
    for (uint32_t i = 0; i < API_CALLS; i++)
        stop_everywhere(&w, c, &s, &api_calls[i]);
    mlpipe_ctx_free(c);
    api_world_close(&w);
}

static mlpipe_status store_put(const api_world *w, mlpipe_ctx *c,
                               api_result *out)
{
    mlpipe_store *store;
    mlpipe_dataset *d = NULL;
    mlpipe_status st = mlpipe_store_open(c, "store", NULL, &store);
    if (st)
        return st;
    st = mlpipe_store_put_dataset(c, store, "rows", w->all);
    if (!st)
        st = mlpipe_store_put_model(c, store, "best", w->model);
    if (!st)
        st = mlpipe_store_get_dataset(c, store, "rows", &d);
    if (!st)
        api_print(w, d, out->text[0]);
    mlpipe_dataset_free(d);
    mlpipe_store_free(store);
    return st;
}

static mlpipe_status store_get_rows(const api_world *w, mlpipe_ctx *c,
                                    api_result *out)
{
    mlpipe_store *store;
    mlpipe_dataset *d = (mlpipe_dataset *)out;
    mlpipe_status st = mlpipe_store_open(c, "store", NULL, &store);
    if (st)
        return st;
    st = mlpipe_store_get_dataset(c, store, "rows", &d);
    assert_true(!st == (d != NULL));
    if (!st)
        api_print(w, d, out->text[0]);
    mlpipe_dataset_free(d);
    mlpipe_store_free(store);
    return st;
}

static mlpipe_status store_get_best(const api_world *w, mlpipe_ctx *c,
                                    api_result *out)
{
    mlpipe_store *store;
    mlpipe_model *m = (mlpipe_model *)out;
    mlpipe_status st = mlpipe_store_open(c, "store", NULL, &store);
    if (st)
        return st;
    st = mlpipe_store_get_model(c, store, "best", &m);
    assert_true(!st == (m != NULL));
    mlpipe_model_free(m);
    mlpipe_store_free(store);
    (void)w;
    return st;
}

static mlpipe_status store_put_best(const api_world *w, mlpipe_ctx *c,
                                    api_result *out)
{
    mlpipe_store *store;
    mlpipe_status st = mlpipe_store_open(c, "store", NULL, &store);
    if (st)
        return st;
    st = mlpipe_store_put_model(c, store, "best", w->model);
    mlpipe_store_free(store);
    (void)out;
    return st;
}

static mlpipe_status store_verify(const api_world *w, mlpipe_ctx *c,
                                  api_result *out)
{
    mlpipe_store *store;
    mlpipe_report *r = (mlpipe_report *)out;
    mlpipe_status st = mlpipe_store_open(c, "store", NULL, &store);
    if (st)
        return st;
    st = mlpipe_store_verify(c, store, &r);
    assert_true(!st == (r != NULL));
    out->numbers[0] = mlpipe_report_get(r, "versions");
    out->numbers[1] = mlpipe_report_get(r, "damaged");
    mlpipe_report_free(r);
    mlpipe_store_free(store);
    (void)w;
    return st;
}

static void stores(void **state)
{
    static const struct api_named calls[] = {
        {"store put", store_put},
        {"store put model", store_put_best},
        {"store get dataset", store_get_rows},
        {"store get model", store_get_best},
        {"store verify", store_verify},
    };
    api_world w;
    stopper s = {.stop_at = -1};
    mlpipe_io io;
    mlpipe__memory_io *files;
    mlpipe_ctx *c;
    api_result got, expected = {.numbers = {2, 0}};
    (void)state;
    api_world_open(&w);
    files = mlpipe__memory_io_new(w.c->env, &io);
    assert_non_null(files);
    c = stopper_ctx(&s, &io);
    /* An empty store first, where each stop leaves a part behind. */
    for (int64_t k = 0;; k++) {
        memset(&got, 0, sizeof got);
        s.calls = 0;
        s.stop_at = k;
        if (!store_put(&w, c, &got))
            break;
        assert_int_equal(MLPIPE_E_CANCELLED, mlpipe_ctx_error(c)->status);
    }
    s.stop_at = -1;
    for (uint32_t i = 0; i < sizeof calls / sizeof *calls; i++)
        stop_everywhere(&w, c, &s, &calls[i]);
    memset(&got, 0, sizeof got);
    assert_ok(c, store_verify(&w, c, &got));
    assert_memory_equal(&expected, &got, sizeof got);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    api_world_close(&w);
}

/* A second thread that stops the fit while it runs. */
typedef struct outsider {
    mlpipe_ctx *c;
    atomic_int seen, done;
} outsider;

static int32_t outsider_progress(void *user, const char *stage,
                                 double fraction)
{
    outsider *o = user;
    (void)stage, (void)fraction;
    if (atomic_fetch_add(&o->seen, 1) == 4)
        while (!atomic_load(&o->done))
            sched_yield();
    return 0;
}

static void *outsider_main(void *arg)
{
    outsider *o = arg;
    while (atomic_load(&o->seen) < 5)
        sched_yield();
    mlpipe_ctx_cancel(o->c);
    atomic_store(&o->done, 1);
    return NULL;
}

static void from_another_thread(void **state)
{
    api_world w;
    outsider o = {0};
    mlpipe_ctx_options options = {.size = sizeof options, .threads = 3};
    mlpipe_model *m = (mlpipe_model *)&w;
    api_result before, after;
    pthread_t thread;
    (void)state;
    options.user = &o;
    options.progress = outsider_progress;
    api_world_open(&w);
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    assert_ok(w.c, api_fit_trees(&w, w.c, &before));
    assert_int_equal(0, mlpipe_ctx_new(&options, &o.c));
    assert_int_equal(0, pthread_create(&thread, NULL, outsider_main, &o));
    assert_status(MLPIPE_E_CANCELLED,
                  mlpipe_fit(o.c, w.trees, w.train, w.valid, &m));
    assert_null(m);
    pthread_join(thread, NULL);
    assert_ok(o.c, api_fit_trees(&w, o.c, &after));
    assert_memory_equal(&before, &after, sizeof before);
    mlpipe_ctx_free(o.c);
    api_world_close(&w);
}

/* With no call under way, the next one that polls is the one. */
static void ahead_of_the_call(void **state)
{
    api_world w;
    mlpipe_ctx *c = made_ctx(1);
    (void)state;
    api_world_open(&w);
    for (uint32_t i = 0; i < API_CALLS; i++) {
        api_result out;
        mlpipe_ctx_cancel(c);
        assert_status(MLPIPE_E_CANCELLED, api_calls[i].run(&w, c, &out));
        assert_ok(c, api_calls[i].run(&w, c, &out));
    }
    mlpipe_ctx_free(c);
    api_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_poll),
        cmocka_unit_test(stores),
        cmocka_unit_test(from_another_thread),
        cmocka_unit_test(ahead_of_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
