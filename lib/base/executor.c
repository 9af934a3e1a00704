/* SPDX-License-Identifier: MIT */
/*
 * Running tasks: on the executor of the host, on the pool of the context, or
 * here. What a task computes may not depend on which of these it was.
 */
#include "base/base_internal.h"

typedef struct executor_job {
    mlpipe_task task;
    void *arg;
    uint32_t count;
    mlpipe_status (*beside)(void *with); /* or NULL */
    void *with;
    mlpipe_status st; /* of it */
    atomic_uint_fast64_t done; /* a host that forgets a task is found out */
} executor_job;

/* Another thread may have another rounding mode than the caller's. */
static void executor_run(void *arg, uint32_t index)
{
    executor_job *job = arg;
    uint32_t saved;
    if (index >= job->count)
        return;
    saved = mlpipe__fp_enter();
    job->task(job->arg, index);
    mlpipe__fp_leave(saved);
    atomic_fetch_add_explicit(&job->done, 1, memory_order_relaxed);
}

static void executor_first(void *arg)
{
    executor_job *job = arg;
    if (job->beside)
        job->st = job->beside(job->with);
    job->beside = NULL;
}

mlpipe_status mlpipe__parallel(mlpipe_ctx *ctx, mlpipe_task task, void *arg,
                               uint32_t count)
{
    return mlpipe__parallel_beside(ctx, task, arg, count, NULL, NULL);
}

mlpipe_status mlpipe__parallel_beside(mlpipe_ctx *ctx, mlpipe_task task,
                                      void *arg, uint32_t count,
                                      mlpipe_status (*beside)(void *with),
                                      void *with)
{
    executor_job job = {.task = task, .arg = arg, .count = count,
                        .beside = beside, .with = with};
    int32_t result = 0;
    uint64_t done;
    uint32_t i;
    if (!ctx->pool || ctx->parallel || count == 0)
        executor_first(&job);
    if (count < 2u - (job.beside != NULL) || (!ctx->parallel && !ctx->pool)) {
        for (i = 0; i < count; i++)
            task(arg, i);
        return job.st;
    }
    atomic_init(&job.done, 0);
    if (ctx->parallel) {
        result = ctx->parallel(ctx->user, executor_run, &job, count);
    } else {
        /* The threads of a pool do not follow into a child process. */
        const mlpipe_status st = mlpipe__check_process(ctx);
        if (st)
            return st;
        result = mlpipe__os_pool_run(ctx->pool, executor_run, &job, count,
                                     executor_first);
    }
    if (job.st)
        return job.st;
    if (result)
        return mlpipe__fail(ctx, MLPIPE_E_HOST,
                            "the executor failed with %d on %u tasks; look at "
                            "what it says",
                            (int)result, (unsigned)count);
    done = atomic_load_explicit(&job.done, memory_order_relaxed);
    if (done != count)
        return mlpipe__fail(ctx, MLPIPE_E_HOST,
                            "the executor ran %llu tasks instead of %u; it "
                            "must run each index once and wait for all",
                            (unsigned long long)done, (unsigned)count);
    return MLPIPE_OK;
}
