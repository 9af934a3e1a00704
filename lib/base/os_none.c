/* SPDX-License-Identifier: MIT */
/*
 * No operating system: what libmlpipe-serve links in place of os_posix.c,
 * io_posix.c and pool_posix.c. The host supplies what it wants.
 */
#include "base/base_internal.h"

void *mlpipe__os_alloc(void *user, void *ptr, size_t old_size,
                       size_t new_size, size_t align)
{
    (void)user, (void)ptr, (void)old_size, (void)new_size, (void)align;
    return NULL;
}

bool mlpipe__os_has_alloc(void)
{
    return false;
}

uint64_t mlpipe__os_clock_ns(void *user)
{
    (void)user;
    return 0;
}

int64_t mlpipe__os_pid(void)
{
    return 0;
}

bool mlpipe__os_io(mlpipe_io *out)
{
    (void)out;
    return false;
}

bool mlpipe__os_has_threads(void)
{
    return false;
}

mlpipe__pool *mlpipe__os_pool_new(mlpipe__env *env, uint32_t threads)
{
    (void)env, (void)threads;
    return NULL;
}

void mlpipe__os_pool_free(mlpipe__pool *pool)
{
    (void)pool;
}

int32_t mlpipe__os_pool_run(mlpipe__pool *pool, mlpipe_task task, void *arg,
                            uint32_t count, void (*first)(void *arg))
{
    (void)pool, (void)task, (void)arg, (void)count, (void)first;
    return 1;
}
