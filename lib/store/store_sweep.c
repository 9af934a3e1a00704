/* SPDX-License-Identifier: MIT */
/*
 * What gc does with packs. One of which nothing stays goes; one of which less
 * than half stays is written anew, and so are small ones where there are many.
 * What is written anew is known to the disk before the first old pack goes, so
 * that a crash leaves an object once or twice, never not at all.
 */
#include "store_internal.h"

enum { SWEEP_SMALL = 256 * 1024, SWEEP_SMALL_MOST = 32 };

/* What becomes of a pack. */
enum sweep_fate { SWEEP_STAYS, SWEEP_YOUNG, SWEEP_GOES };

typedef struct sweep_pack {
    enum sweep_fate fate;
    uint32_t live;
    uint64_t bytes, live_bytes; /* of records */
} sweep_pack;

static bool sweep_lives(const mlpipe__store_sweep_job *job,
                        const mlpipe__pack_entry *e)
{
    const mlpipe__hash128 id = {e->lo, e->hi};
    char hex[MLPIPE__STORE_ID];

    mlpipe__hash_hex(id, hex);
    return mlpipe__dict_find(job->objects, hex, 32) != UINT32_MAX;
}

static mlpipe_status sweep_look(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__store_sweep_job *job,
                                const mlpipe__pack *p, sweep_pack *out)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text path;
    mlpipe_status st;
    uint32_t i;
    int32_t r;

    if (p->damaged)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "store_gc: a pack of %q is damaged, so that it "
                            "cannot be told what is needed; take it from a "
                            "backup", s->path);
    mlpipe__text_init(&path, s->env);
    st = mlpipe__pack_path(ctx, s, p, &path);
    if (!st) {
        r = io->stat(io->user, path.data, &stat);
        if (r != MLPIPE_IO_OK)
            st = mlpipe__io_fail(ctx, r, "read", path.data);
        else if (job->writers && stat.mtime_ns >= job->began)
            out->fate = SWEEP_YOUNG;
    }
    for (i = 0; i < p->count; i++) {
        const bool lives = sweep_lives(job, &p->entries[i]);

        out->live += lives;
        out->bytes += p->entries[i].bytes;
        out->live_bytes += lives ? p->entries[i].bytes : 0;
    }
    if (out->fate != SWEEP_YOUNG && out->live_bytes < out->bytes -
                                                          out->live_bytes)
        out->fate = SWEEP_GOES;
    mlpipe__text_free(&path);
    return st;
}

/* Many small packs become one. */
static void sweep_small(const mlpipe_store *s, sweep_pack *packs)
{
    uint32_t i, small = 0;

    for (i = 0; i < s->packs->count; i++)
        small += packs[i].fate == SWEEP_STAYS && packs[i].bytes < SWEEP_SMALL;
    for (i = 0; i < s->packs->count && small > SWEEP_SMALL_MOST; i++)
        if (packs[i].fate == SWEEP_STAYS && packs[i].bytes < SWEEP_SMALL)
            packs[i].fate = SWEEP_GOES;
}

static void sweep_count(const mlpipe_store *s, const sweep_pack *packs,
                        mlpipe__store_sweep_job *job)
{
    uint32_t i;

    for (i = 0; i < s->packs->count; i++) {
        const sweep_pack *p = &packs[i];
        const uint32_t dead = s->packs->items[i].count - p->live;

        if (p->fate == SWEEP_GOES) {
            job->removed += dead;
            job->removed_bytes += p->bytes - p->live_bytes;
            job->kept_bytes += p->live_bytes;
        } else {
            job->young += p->fate == SWEEP_YOUNG ? dead : 0;
            job->kept_bytes += p->bytes;
        }
    }
}

/* A copy that was read and is whole, of the packs that go or of the others.
 * What is damaged in one may be whole in another; *data is NULL, with the
 * error set, where there is none. */
static mlpipe_status sweep_read(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const sweep_pack *packs, uint32_t count,
                                bool goes, mlpipe__hash128 id, char **data,
                                size_t *bytes)
{
    mlpipe_status st = MLPIPE_OK;
    char hex[MLPIPE__STORE_ID];
    uint32_t i;

    mlpipe__hash_hex(id, hex);
    *data = NULL;
    for (i = 0; i < s->packs->count && !*data; i++) {
        const mlpipe__pack *p = &s->packs->items[i];
        const mlpipe__pack_entry *e = mlpipe__pack_find(p, id);

        if (!e || (i < count && packs[i].fate == SWEEP_GOES) != goes)
            continue;
        st = mlpipe__pack_get(ctx, s, p, e, data);
        if (!st)
            st = mlpipe__store_whole(ctx, hex, *data, (size_t)e->bytes, NULL);
        *bytes = (size_t)e->bytes;
        if (st) {
            mlpipe__free(ctx->env, *data);
            *data = NULL;
        }
        if (st && !mlpipe__store_is_damage(st))
            return st;
    }
    return MLPIPE_OK;
}

/* What stays of the pack into the one under way. */
static mlpipe_status sweep_copy(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__store_sweep_job *job,
                                const sweep_pack *packs, uint32_t count,
                                uint32_t pack, mlpipe__store_writer *w)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    for (i = 0; packs[pack].live && i < s->packs->items[pack].count && !st;
         i++) {
        /* Settling moves the list of packs. */
        const mlpipe__pack_entry e = s->packs->items[pack].entries[i];
        const mlpipe__hash128 id = {e.lo, e.hi};
        char *data = NULL;
        size_t bytes = 0;
        bool stays;

        if (!sweep_lives(job, &e) ||
            mlpipe__store_pending(w, id) != UINT32_MAX)
            continue;
        st = sweep_read(ctx, s, packs, count, false, id, &data, &bytes);
        stays = data != NULL;
        if (!st && !stays)
            st = sweep_read(ctx, s, packs, count, true, id, &data, &bytes);
        if (!st && !data)
            st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                              "store_gc: a pack of %q that is to be written "
                              "anew holds damaged objects that are needed; "
                              "mlpipe_store_verify lists them", s->path);
        else if (!st && !stays)
            st = mlpipe__store_append(ctx, s, w, data, bytes, NULL, 0, id);
        mlpipe__free(ctx->env, data);
    }
    return st;
}

/* Was a pack of that name written by this gc? What a gc wrote that did not
 * come to its end is written again under the very same name. */
static bool sweep_written(const mlpipe_store *s, uint32_t count,
                          mlpipe__hash128 name)
{
    uint32_t i;

    for (i = count; i < s->packs->count; i++)
        if (s->packs->items[i].name.lo == name.lo &&
            s->packs->items[i].name.hi == name.hi)
            return true;
    return false;
}

static mlpipe_status sweep_remove(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const sweep_pack *packs, uint32_t count)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe__text path;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    int32_t r;

    mlpipe__text_init(&path, s->env);
    for (i = 0; i < count && !st; i++) {
        if (packs[i].fate != SWEEP_GOES ||
            sweep_written(s, count, s->packs->items[i].name))
            continue;
        st = mlpipe__pack_path(ctx, s, &s->packs->items[i], &path);
        if (st)
            break;
        r = io->remove(io->user, path.data);
        if (r != MLPIPE_IO_OK && r != MLPIPE_IO_NOT_FOUND)
            st = mlpipe__io_fail(ctx, r, "remove", path.data);
    }
    mlpipe__text_free(&path);
    return st ? st : mlpipe__packs_refresh(ctx, s, NULL);
}

static mlpipe_status sweep_run(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const mlpipe__store_sweep_job *job,
                               const sweep_pack *packs, uint32_t count)
{
    mlpipe__store_writer w;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    mlpipe__store_writer_init(s, &w);
    for (i = 0; i < count && !st; i++) {
        if (packs[i].fate != SWEEP_GOES)
            continue;
        st = mlpipe__poll(ctx, "gc: write anew", i, count);
        if (!st)
            st = sweep_copy(ctx, s, job, packs, count, i, &w);
    }
    if (!st)
        st = mlpipe__store_settle(ctx, s, &w);
    mlpipe__store_abandon(ctx, s, &w);
    return st ? st : sweep_remove(ctx, s, packs, count);
}

mlpipe_status mlpipe__store_sweep(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_sweep_job *job)
{
    const uint32_t count = s->packs->count;
    sweep_pack *packs = mlpipe__alloc_array(s->env, count, sizeof *packs);
    mlpipe_status st = packs ? MLPIPE_OK : mlpipe__nomem(ctx);
    uint32_t i;

    for (i = 0; i < count && !st; i++) {
        st = mlpipe__poll(ctx, "gc: look at packs", i, count);
        if (!st)
            st = sweep_look(ctx, s, job, &s->packs->items[i], &packs[i]);
    }
    if (!st) {
        sweep_small(s, packs);
        sweep_count(s, packs, job);
        if (!job->dry)
            st = sweep_run(ctx, s, job, packs, count);
    }
    mlpipe__free(s->env, packs);
    return st;
}
