/* SPDX-License-Identifier: MIT */
/* Tasks on the calling thread, on the pool, on executors of the host. */
#include "support.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>

#include "base/base_internal.h"
#include "golden_text.h"

enum { TASKS = 997 };

typedef struct work {
    atomic_uint ran[TASKS];
    atomic_uint wrong_mode, sees_signals;
    pthread_t caller;
} work;

static double third(void)
{
    volatile double one = 1.0, three = 3.0;
    return one / three;
}

static void work_task(void *arg, uint32_t index)
{
    work *w = arg;
    atomic_fetch_add(&w->ran[index], 1);
    /* fegetround would tell of the x87 unit, where nothing is computed */
    if (third() != 1.0 / 3.0)
        atomic_fetch_add(&w->wrong_mode, 1);
    if (!pthread_equal(pthread_self(), w->caller)) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        if (!sigismember(&mask, SIGUSR1))
            atomic_fetch_add(&w->sees_signals, 1);
    }
}

static void work_check(work *w, mlpipe_ctx *c, uint32_t count)
{
    uint32_t i;
    memset(w, 0, sizeof *w);
    w->caller = pthread_self();
    assert_ok(c, mlpipe__parallel(c, work_task, w, count));
    for (i = 0; i < TASKS; i++)
        assert_int_equal(atomic_load(&w->ran[i]), i < count);
    assert_int_equal(atomic_load(&w->wrong_mode), 0);
    assert_int_equal(atomic_load(&w->sees_signals), 0);
}

static void every_index_runs_once(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 3, 64, TASKS};
    static work w;
    uint32_t threads, i, again;
    (void)state;
    for (threads = 0; threads <= 5; threads++) {
        mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
        mlpipe_ctx *c;
        uint64_t live;
        assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
        mlpipe_ctx_memory(c, &live, NULL);
        for (again = 0; again < 50; again++)
            for (i = 0; i < sizeof counts / sizeof *counts; i++)
                work_check(&w, c, counts[i]);
        mlpipe_ctx_free(c);
    }
}

static void pools_come_and_go(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = 4};
    int i;
    (void)state;
    for (i = 0; i < 50; i++) {
        mlpipe_ctx *c;
        assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
        mlpipe_ctx_free(c); /* threads that may not have started yet */
    }
}

/* Backwards, and in the rounding mode of a careless host. */
static int32_t backwards(void *user, mlpipe_task task, void *arg,
                         uint32_t count)
{
    uint32_t *limit = user;
    fesetround(FE_UPWARD);
    if (third() == 1.0 / 3.0)
        return 9;
    while (count > *limit)
        task(arg, --count);
    fesetround(FE_TONEAREST);
    return 0;
}

static int32_t refuses(void *user, mlpipe_task task, void *arg,
                       uint32_t count)
{
    (void)user, (void)task, (void)arg, (void)count;
    return 7;
}

static int32_t twice_and_beyond(void *user, mlpipe_task task, void *arg,
                                uint32_t count)
{
    uint32_t i;
    (void)user;
    task(arg, count + 5); /* out of range: never reaches the task */
    task(arg, 0);
    for (i = 0; i < count; i++)
        task(arg, i);
    return 0;
}

static void executors_of_the_host(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = 8};
    static work w;
    uint32_t limit = 0;
    mlpipe_ctx *c;
    (void)state;
    o.user = &limit;
    o.parallel = backwards;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_null(c->pool);
    work_check(&w, c, 100);
    limit = 3; /* it forgets three tasks */
    assert_told(c, MLPIPE_E_HOST, mlpipe__parallel(c, work_task, &w, 100));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "97 tasks"));
    mlpipe_ctx_free(c);
    o.parallel = refuses;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_told(c, MLPIPE_E_HOST, mlpipe__parallel(c, work_task, &w, 100));
    mlpipe_ctx_free(c);
    o.parallel = twice_and_beyond;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_told(c, MLPIPE_E_HOST, mlpipe__parallel(c, work_task, &w, 100));
    mlpipe_ctx_free(c);
}

typedef struct aside {
    work *w;
    uint32_t calls;
    bool on_caller;
    mlpipe_status st;
} aside;

static mlpipe_status aside_do(void *with)
{
    aside *a = with;
    a->calls++;
    a->on_caller = pthread_equal(pthread_self(), a->w->caller);
    return a->st;
}

static void aside_check(mlpipe_ctx *c, uint32_t count, mlpipe_status st)
{
    static work w;
    aside a = {.w = &w, .st = st};
    memset(&w, 0, sizeof w);
    w.caller = pthread_self();
    assert_int_equal(mlpipe__parallel_beside(c, work_task, &w, count,
                                             aside_do, &a),
                     st);
    assert_int_equal(a.calls, 1);
    assert_true(a.on_caller);
    for (uint32_t i = 0; i < TASKS; i++)
        assert_int_equal(atomic_load(&w.ran[i]), i < count);
}

/* Once, on the calling thread, and all tasks are done whatever it says. */
static void something_beside(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 64, TASKS};
    uint32_t threads, i, limit = 0;
    (void)state;
    for (threads = 0; threads <= 4; threads++) {
        mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
        mlpipe_ctx *c;
        if (threads == 4) {
            o.user = &limit;
            o.parallel = backwards;
        }
        assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
        for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            aside_check(c, counts[i], MLPIPE_OK);
            aside_check(c, counts[i], MLPIPE_E_IO);
        }
        mlpipe_ctx_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_runs_once),
        cmocka_unit_test(pools_come_and_go),
        cmocka_unit_test(executors_of_the_host),
        cmocka_unit_test(something_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
