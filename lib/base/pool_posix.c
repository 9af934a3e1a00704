/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads that belongs to one context. The caller works too; a
 * worker that wakes up too late finds the job closed and goes back to sleep,
 * so that a short job never waits for a thread that had nothing to do.
 */
#include <pthread.h>
#include <signal.h>

#include "base/base_internal.h"

/* Polls before a worker sleeps: tens of microseconds, for jobs in a row. */
enum { POOL_SPINS = 2000 };

struct mlpipe__pool {
    mlpipe__env *env;
    int64_t pid;
    uint32_t workers; /* threads that run, without the caller */
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    atomic_uint_fast64_t generation; /* grows by one with each job */
    bool open, stop;                 /* under lock */
    uint32_t active;                 /* workers inside the job; under lock */
    mlpipe_task task;
    void *arg;
    uint32_t count;
    atomic_uint_fast64_t next;
    pthread_t threads[];
};

static inline void pool_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void pool_work(mlpipe__pool *p)
{
    for (;;) {
        const uint64_t i =
            atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (i >= p->count)
            return;
        p->task(p->arg, (uint32_t)i);
    }
}

static void pool_spin(const mlpipe__pool *p, uint64_t seen)
{
    uint32_t i;
    for (i = 0; i < POOL_SPINS; i++) {
        if (atomic_load_explicit(&p->generation, memory_order_relaxed) !=
            seen)
            return;
        pool_pause();
    }
}

static void *pool_main(void *arg)
{
    mlpipe__pool *p = arg;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && atomic_load_explicit(&p->generation,
                                                memory_order_relaxed) == seen)
            pthread_cond_wait(&p->wake, &p->lock);
        if (p->stop)
            break;
        seen = atomic_load_explicit(&p->generation, memory_order_relaxed);
        if (p->open) {
            p->active++;
            pthread_mutex_unlock(&p->lock);
            pool_work(p);
            pthread_mutex_lock(&p->lock);
            if (!--p->active)
                pthread_cond_signal(&p->idle);
        }
        pthread_mutex_unlock(&p->lock);
        pool_spin(p, seen);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

bool mlpipe__os_has_threads(void)
{
    return true;
}

/* Signals are for the host's own threads; ours are born with all blocked. */
static bool pool_start(mlpipe__pool *p, uint32_t workers)
{
    sigset_t all, before;
    bool started = true;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before))
        return false;
    while (started && p->workers < workers) {
        if (pthread_create(&p->threads[p->workers], NULL, pool_main, p))
            started = false;
        else
            p->workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

mlpipe__pool *mlpipe__os_pool_new(mlpipe__env *env, uint32_t threads)
{
    mlpipe__pool *p;
    const uint32_t workers = threads > 1 ? threads - 1 : 0;
    size_t bytes;
    if (mlpipe__mul(workers, sizeof p->threads[0], &bytes) ||
        mlpipe__add(bytes, sizeof *p, &bytes))
        return NULL;
    p = mlpipe__alloc(env, bytes);
    if (!p)
        return NULL;
    p->env = env;
    p->pid = mlpipe__os_pid();
    atomic_init(&p->generation, 0);
    atomic_init(&p->next, 0);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->idle, NULL);
    if (!pool_start(p, workers)) {
        mlpipe__os_pool_free(p);
        return NULL;
    }
    return p;
}

void mlpipe__os_pool_free(mlpipe__pool *p)
{
    uint32_t i;
    /* In a child process the threads do not exist: only memory is left. */
    if (p->pid == mlpipe__os_pid()) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        atomic_fetch_add_explicit(&p->generation, 1, memory_order_relaxed);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
        for (i = 0; i < p->workers; i++)
            pthread_join(p->threads[i], NULL);
        pthread_cond_destroy(&p->idle);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
    }
    mlpipe__free(p->env, p);
}

int32_t mlpipe__os_pool_run(mlpipe__pool *p, mlpipe_task task, void *arg,
                            uint32_t count, void (*first)(void *arg))
{
    pthread_mutex_lock(&p->lock);
    p->task = task;
    p->arg = arg;
    p->count = count;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    p->open = true;
    atomic_fetch_add_explicit(&p->generation, 1, memory_order_relaxed);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    if (first)
        first(arg);
    pool_work(p);
    pthread_mutex_lock(&p->lock);
    p->open = false;
    while (p->active)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return 0;
}
