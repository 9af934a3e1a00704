/* SPDX-License-Identifier: MIT */
/*
 * Memory: the environment that outlives a context, and blocks that know
 * their own size, so that frees need neither a size nor a context and every
 * byte is accounted for.
 */
#include "base/base_internal.h"

/*
 * In front of each block, directly before the pointer that is given out.
 * Small blocks have a head of 16 bytes, large ones of a cache line, so that
 * the payload keeps the alignment of the block; `bytes` tells which it is.
 */
typedef struct alloc_head {
    uint64_t bytes; /* of the payload */
    uint64_t check; /* bytes ^ a constant: a foreign pointer is no block */
} alloc_head;

enum { ALLOC_SMALL_HEAD = 16, ALLOC_LARGE_HEAD = 64, ALLOC_LARGE = 256 };

static const uint64_t alloc_check = UINT64_C(0x6d6c706970652121);

static size_t alloc_head_bytes(uint64_t bytes)
{
    return bytes >= ALLOC_LARGE ? ALLOC_LARGE_HEAD : ALLOC_SMALL_HEAD;
}

static alloc_head *alloc_head_of(void *ptr)
{
    return (alloc_head *)(void *)((char *)ptr - sizeof(alloc_head));
}

/* Count bytes as live before they are asked for; false: over the cap. */
static bool alloc_take(mlpipe__env *env, uint64_t bytes)
{
    const uint64_t live =
        atomic_fetch_add_explicit(&env->live, bytes, memory_order_relaxed) +
        bytes;
    if (env->cap && live > env->cap) {
        atomic_fetch_sub_explicit(&env->live, bytes, memory_order_relaxed);
        return false;
    }
    return true;
}

static void alloc_give_back(mlpipe__env *env, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&env->live, bytes, memory_order_relaxed);
}

/*
 * The peak is raised only once the bytes are really there, so that refused
 * requests leave no trace in it.
 */
static void alloc_raise_peak(mlpipe__env *env)
{
    const uint_fast64_t live =
        atomic_load_explicit(&env->live, memory_order_relaxed);
    uint_fast64_t peak =
        atomic_load_explicit(&env->peak, memory_order_relaxed);
    while (live > peak && !atomic_compare_exchange_weak_explicit(
                              &env->peak, &peak, live, memory_order_relaxed,
                              memory_order_relaxed)) {
    }
}

/* Ask the host; accounted. The block starts at its head, not zeroed. */
static void *alloc_ask(mlpipe__env *env, void *base, size_t old_size,
                       size_t new_size, size_t align)
{
    void *got;
    if (new_size > old_size && !alloc_take(env, new_size - old_size))
        return NULL;
    got = env->alloc(env->user, base, old_size, new_size, align);
    if (!got) {
        if (new_size > old_size)
            alloc_give_back(env, new_size - old_size);
        return NULL;
    }
    if (new_size < old_size)
        alloc_give_back(env, old_size - new_size);
    alloc_raise_peak(env);
    return got;
}

static void *alloc_finish(void *base, size_t head, size_t bytes)
{
    void *ptr = (char *)base + head;
    alloc_head *h = alloc_head_of(ptr);
    h->bytes = bytes;
    h->check = bytes ^ alloc_check;
    return ptr;
}

void *mlpipe__alloc(mlpipe__env *env, size_t bytes)
{
    const size_t head = alloc_head_bytes(bytes);
    void *base;
    if (bytes > PTRDIFF_MAX - ALLOC_LARGE_HEAD)
        return NULL;
    base = alloc_ask(env, NULL, 0, head + bytes, head);
    if (!base)
        return NULL;
    memset(base, 0, head + bytes);
    return alloc_finish(base, head, bytes);
}

void *mlpipe__alloc_array(mlpipe__env *env, size_t count, size_t bytes)
{
    size_t total;
    return mlpipe__mul(count, bytes, &total) ? NULL
                                             : mlpipe__alloc(env, total);
}

void *mlpipe__grow(mlpipe__env *env, void *ptr, size_t count, size_t bytes)
{
    size_t total, head, old;
    void *base;
    if (!ptr)
        return mlpipe__alloc_array(env, count, bytes);
    if (mlpipe__mul(count, bytes, &total) ||
        total > PTRDIFF_MAX - ALLOC_LARGE_HEAD)
        return NULL;
    old = (size_t)alloc_head_of(ptr)->bytes;
    head = alloc_head_bytes(total);
    if (head != alloc_head_bytes(old)) {
        /* The alignment changes, which no realloc can do in place. */
        void *moved = mlpipe__alloc(env, total);
        if (!moved)
            return NULL;
        memcpy(moved, ptr, old < total ? old : total);
        mlpipe__free(env, ptr);
        return moved;
    }
    base = alloc_ask(env, (char *)ptr - head, head + old, head + total, head);
    if (!base)
        return NULL;
    if (total > old)
        memset((char *)base + head + old, 0, total - old);
    return alloc_finish(base, head, total);
}

void mlpipe__free(mlpipe__env *env, void *ptr)
{
    alloc_head *h;
    size_t head, bytes;
    if (!ptr)
        return;
    h = alloc_head_of(ptr);
    /* A pointer that is none of ours is left alone: a leak beats a crash. */
    if ((h->bytes ^ alloc_check) != h->check)
        return;
    bytes = (size_t)h->bytes;
    head = alloc_head_bytes(bytes);
    h->check = 0;
    (void)env->alloc(env->user, (char *)ptr - head, head + bytes, 0, head);
    alloc_give_back(env, head + bytes);
}

char *mlpipe__strdup(mlpipe__env *env, const char *text, size_t bytes)
{
    char *copy;
    if (bytes >= PTRDIFF_MAX)
        return NULL;
    copy = mlpipe__alloc(env, bytes + 1);
    if (copy && bytes)
        memcpy(copy, text, bytes);
    return copy;
}

mlpipe__env *mlpipe__env_new(const mlpipe__env *initial)
{
    mlpipe__env *env;
    if (initial->cap && sizeof *env > initial->cap)
        return NULL;
    env = initial->alloc(initial->user, NULL, 0, sizeof *env, 64);
    if (!env)
        return NULL;
    memset(env, 0, sizeof *env);
    env->cap = initial->cap;
    env->user = initial->user;
    env->alloc = initial->alloc;
    env->clock_ns = initial->clock_ns;
    env->entropy = initial->entropy;
    env->io = initial->io;
    env->limits = initial->limits;
    env->pid = initial->pid;
    env->vector = mlpipe__cpu_vector();
    atomic_init(&env->refs, 1);
    atomic_init(&env->live, sizeof *env);
    atomic_init(&env->peak, sizeof *env);
    return env;
}

mlpipe__env *mlpipe__env_keep(mlpipe__env *env)
{
    atomic_fetch_add_explicit(&env->refs, 1, memory_order_relaxed);
    return env;
}

void mlpipe__env_drop(mlpipe__env *env)
{
    if (!env)
        return;
    /* No fence instead: the thread sanitizer does not know them. */
    if (atomic_fetch_sub_explicit(&env->refs, 1, memory_order_acq_rel) != 1)
        return;
    (void)env->alloc(env->user, env, sizeof *env, 0, 64);
}
