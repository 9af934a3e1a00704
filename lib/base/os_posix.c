/* SPDX-License-Identifier: MIT */
/*
 * The operating system: the default allocator (the only place that knows
 * malloc), the clock and the process id. Files are in io_posix.c, threads in
 * pool_posix.c.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base_internal.h"

enum { OS_MALLOC_ALIGN = 16 };

void *mlpipe__os_alloc(void *user, void *ptr, size_t old_size,
                       size_t new_size, size_t align)
{
    void *got = NULL;
    (void)user;
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    if (align <= OS_MALLOC_ALIGN)
        return old_size ? realloc(ptr, new_size) : malloc(new_size);
    /* realloc does not keep an alignment, so a move is a copy. */
    if (posix_memalign(&got, align, new_size))
        return NULL;
    if (old_size) {
        memcpy(got, ptr, old_size < new_size ? old_size : new_size);
        free(ptr);
    }
    return got;
}

bool mlpipe__os_has_alloc(void)
{
    return true;
}

uint64_t mlpipe__os_clock_ns(void *user)
{
    struct timespec t;
    (void)user;
    if (clock_gettime(CLOCK_MONOTONIC, &t))
        return 0;
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

int64_t mlpipe__os_pid(void)
{
    return getpid();
}

void mlpipe__os_nap(uint32_t us)
{
    const struct timespec t = {.tv_sec = us / 1000000,
                               .tv_nsec = (long)(us % 1000000) * 1000};

    /* Woken early it is a shorter nap, and whoever naps counts them. */
    (void)nanosleep(&t, NULL);
}
