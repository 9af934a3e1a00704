/* SPDX-License-Identifier: MIT */
/*
 * Who may do what beside whom: the lock, which is held while a name moves and
 * by gc, and leases, which tell gc of writers. Both are locks of the operating
 * system, so that they end with whoever holds them.
 */
#include "store_internal.h"

/* Naps begin short and grow. */
enum { LEASE_NAP_US = 50, LEASE_NAP_MAX_US = 2000, LEASE_ATTEMPTS = 16 };

mlpipe_status mlpipe__store_lock(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 void **lock)
{
    const mlpipe_io *io = &ctx->env->io;
    uint32_t nap = LEASE_NAP_US;
    double waited = 0;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", "lock", &path);
    while (!st) {
        got = io->lock(io->user, path.data, lock);
        if (got == MLPIPE_IO_OK)
            break;
        if (got != MLPIPE_IO_BUSY) {
            st = mlpipe__io_fail(ctx, got, "lock", path.data);
        } else if (waited >= s->wait) {
            st = mlpipe__fail(ctx, MLPIPE_E_BUSY,
                              "store: %q is being written by another "
                              "process or thread, after %g s of waiting; try "
                              "again or raise wait= of mlpipe_store_open",
                              s->path, waited);
        } else {
            /* Naps are counted, not timed: a clock may stand still. */
            st = mlpipe__poll(ctx, "wait for another writer", 0, 1);
            mlpipe__os_nap(nap);
            waited += nap / 1e6;
            nap = 2 * nap < LEASE_NAP_MAX_US ? 2 * nap : LEASE_NAP_MAX_US;
        }
    }
    mlpipe__text_free(&path);
    return st;
}

void mlpipe__store_unlock(mlpipe_ctx *ctx, void *lock)
{
    const mlpipe_io *io = &ctx->env->io;

    if (lock)
        io->unlock(io->user, lock);
}

mlpipe_status mlpipe__store_gc_count(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     uint64_t *count)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got;

    *count = 0;
    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", "gc", &path);
    if (!st) {
        got = io->stat(io->user, path.data, &stat);
        if (got == MLPIPE_IO_OK)
            *count = stat.size;
        else if (got != MLPIPE_IO_NOT_FOUND)
            st = mlpipe__io_fail(ctx, got, "read", path.data);
    }
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_gc_begin(mlpipe_ctx *ctx, const mlpipe_store *s)
{
    const mlpipe_io *io = &ctx->env->io;
    void *file = NULL;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got, closed;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", "gc", &path);
    if (!st) {
        got = io->open(io->user, path.data, MLPIPE_IO_APPEND, &file);
        if (got == MLPIPE_IO_OK) {
            got = io->write(io->user, file, ".", 1);
            closed = io->close(io->user, file);
            got = got != MLPIPE_IO_OK ? got : closed;
        }
        if (got != MLPIPE_IO_OK)
            st = mlpipe__io_fail(ctx, got, "write", path.data);
    }
    mlpipe__text_free(&path);
    return st;
}

/* ---- leases --------------------------------------------------------- */

/* Under the lock, so that nobody takes a file that is not locked yet for one
 * that a dead writer left. */
static mlpipe_status lease_take(mlpipe_ctx *ctx, const mlpipe_store *s,
                                mlpipe__store_writer *w)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text base;
    mlpipe_status st;
    uint32_t attempt;
    int32_t got = MLPIPE_IO_BUSY;

    mlpipe__text_init(&base, s->env);
    st = mlpipe__store_path(ctx, s, "leases", "writer", &base);
    for (attempt = 0; !st && got == MLPIPE_IO_BUSY &&
                      attempt < LEASE_ATTEMPTS; attempt++) {
        mlpipe__text_free(&w->path);
        mlpipe__text_init(&w->path, s->env);
        st = mlpipe__temp_name(ctx, base.data, attempt, &w->path);
        if (!st)
            got = io->lock(io->user, w->path.data, &w->lease);
    }
    if (!st && got != MLPIPE_IO_OK)
        st = mlpipe__io_fail(ctx, got, "lock", w->path.data);
    if (!st && io->stat(io->user, w->path.data, &stat) == MLPIPE_IO_OK)
        w->began = stat.mtime_ns;
    mlpipe__text_free(&base);
    return st;
}

mlpipe_status mlpipe__store_lease(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_writer *w)
{
    void *lock = NULL;
    mlpipe_status st;

    mlpipe__store_writer_init(s, w);
    st = mlpipe__store_lock(ctx, s, &lock);
    if (!st)
        st = lease_take(ctx, s, w);
    if (!st)
        st = mlpipe__store_gc_count(ctx, s, &w->gc);
    mlpipe__store_unlock(ctx, lock);
    /* What a gc takes from here on shows as one that was begun. */
    if (!st)
        st = mlpipe__packs_refresh(ctx, s, NULL);
    if (st)
        mlpipe__store_release(ctx, s, w);
    else
        s->packs->writer = w;
    return st;
}

void mlpipe__store_release(mlpipe_ctx *ctx, const mlpipe_store *s,
                           mlpipe__store_writer *w)
{
    const mlpipe_io *io = &ctx->env->io;

    mlpipe__store_abandon(ctx, s, w);
    if (w->lease) {
        /* What stays behind of it is taken away by the next gc. */
        (void)io->remove(io->user, w->path.data);
        (void)io->unlock(io->user, w->lease);
    }
    mlpipe__text_free(&w->path);
    w->lease = NULL;
}

static int32_t lease_name(void *arg, const char *name)
{
    /* Memory that is not there shows as a failed list. */
    return mlpipe__dict_add(arg, name, strlen(name)) == UINT32_MAX;
}

mlpipe_status mlpipe__store_list(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *folder, mlpipe__dict *names)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got;

    mlpipe__dict_init(names, s->env);
    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", folder, &path);
    if (!st) {
        got = io->stat(io->user, path.data, &stat);
        if (got == MLPIPE_IO_OK)
            got = io->list(io->user, path.data, lease_name, names);
        if (got != MLPIPE_IO_OK && got != MLPIPE_IO_NOT_FOUND)
            st = mlpipe__io_fail(ctx, got, "list", path.data);
    }
    mlpipe__text_free(&path);
    if (st) {
        mlpipe__dict_free(names);
        mlpipe__dict_init(names, s->env);
    }
    return st;
}

/* One lease: of a living writer, or of one that ended. */
static mlpipe_status lease_look(mlpipe_ctx *ctx, const char *path, bool look,
                                uint32_t *live, int64_t *began)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    void *lock = NULL;
    int32_t got = io->stat(io->user, path, &stat);

    if (got == MLPIPE_IO_NOT_FOUND)
        return MLPIPE_OK; /* it has ended since it was listed */
    if (got == MLPIPE_IO_OK)
        got = io->lock(io->user, path, &lock);
    if (got == MLPIPE_IO_BUSY) {
        if (!*live || stat.mtime_ns < *began)
            *began = stat.mtime_ns;
        ++*live;
        return MLPIPE_OK;
    }
    if (got != MLPIPE_IO_OK)
        return mlpipe__io_fail(ctx, got, "lock", path);
    if (!look)
        (void)io->remove(io->user, path);
    (void)io->unlock(io->user, lock);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__store_writers(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    bool look, uint32_t *live, int64_t *began)
{
    mlpipe__dict names;
    mlpipe__text path;
    mlpipe_status st = mlpipe__store_list(ctx, s, "leases", &names);
    uint32_t i;

    *live = 0;
    *began = 0;
    mlpipe__text_init(&path, s->env);
    for (i = 0; i < names.count && !st; i++) {
        st = mlpipe__store_path(ctx, s, "leases",
                                mlpipe__dict_text(&names, i), &path);
        if (!st)
            st = lease_look(ctx, path.data, look, live, began);
    }
    mlpipe__dict_free(&names);
    mlpipe__text_free(&path);
    return st;
}
