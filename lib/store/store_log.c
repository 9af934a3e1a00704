/* SPDX-License-Identifier: MIT */
/*
 * The log of a store: records [u32 bytes][payload][u64 hash of both], so that
 * a tail torn by a crash is seen and cut. The tail that counts is found again
 * at every write, under the lock. Damage in the middle hides what it hit, and
 * nothing behind it.
 */
#include "store_internal.h"

enum { STORE_RECORD_MAX = 4096, STORE_LOG_FIELDS = 5 };
static const uint64_t store_log_bytes_max = UINT64_C(1) << 30;
/* Bytes that are hashed at most in search of the entry behind damage. */
static const uint64_t store_log_search_max = UINT64_C(1) << 28;

/* The entry at data; 0 = torn or damaged, else the bytes it takes. */
static size_t log_entry(const char *data, size_t bytes,
                        mlpipe__store_entry *out)
{
    const char **field[STORE_LOG_FIELDS] = {&out->action, &out->kind,
                                            &out->name, &out->id,
                                            &out->content};
    mlpipe__cursor in;
    uint32_t size, i, n;
    uint64_t hash;

    if (bytes < 12)
        return 0;
    memcpy(&size, data, sizeof size);
    if (size > STORE_RECORD_MAX || bytes < (size_t)size + 12)
        return 0;
    memcpy(&hash, data + 4 + size, sizeof hash);
    if (mlpipe__hash64(data, 4 + (size_t)size, 0) != hash)
        return 0;
    mlpipe__cursor_init(&in, data + 4, size);
    for (i = 0; i < STORE_LOG_FIELDS; i++)
        *field[i] = mlpipe__get_text(&in, &n);
    return mlpipe__cursor_done(&in) ? (size_t)size + 12 : 0;
}

/* A walk over a log in memory. */
typedef struct log_walk {
    const char *data;
    size_t bytes, at, end; /* the next byte; behind the last good entry */
    uint64_t skipped;      /* bytes between entries, that are damaged */
    uint64_t work;         /* bytes that were hashed in the search */
} log_walk;

/* The next good entry, or false at the end: what is behind `end` is torn then,
 * or the search was given up (work is at its limit). */
static bool log_next(log_walk *w, mlpipe__store_entry *entry)
{
    while (w->at + 12 <= w->bytes && w->work < store_log_search_max) {
        const size_t n = log_entry(w->data + w->at, w->bytes - w->at, entry);
        uint32_t size;

        if (n) {
            w->skipped += w->at - w->end;
            w->at += n;
            w->end = w->at;
            return true;
        }
        memcpy(&size, w->data + w->at, sizeof size);
        w->work += size > STORE_RECORD_MAX ? 1 : size + 4;
        w->at++;
    }
    return false;
}

/* The whole log in memory; an absent one is empty. */
static mlpipe_status log_load(mlpipe_ctx *ctx, const mlpipe_store *s,
                              mlpipe__text *path, char **data, size_t *bytes)
{
    return mlpipe__store_read_file(ctx, s, "", "log", store_log_bytes_max,
                                   path, data, bytes);
}

mlpipe_status mlpipe__store_log_read(
    mlpipe_ctx *ctx, const mlpipe_store *s,
    void (*visit)(void *arg, const mlpipe__store_entry *entry), void *arg,
    uint64_t *skipped)
{
    mlpipe__store_entry entry;
    log_walk walk = {.at = 0};
    mlpipe__text path;
    char *data;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    st = log_load(ctx, s, &path, &data, &walk.bytes);
    walk.data = data;
    while (!st && log_next(&walk, &entry))
        visit(arg, &entry);
    if (skipped)
        *skipped = walk.skipped;
    mlpipe__free(ctx->env, data);
    mlpipe__text_free(&path);
    return st;
}

static void log_record(const mlpipe__store_entry *entry, mlpipe__text *out,
                       mlpipe__env *env)
{
    const char *const field[STORE_LOG_FIELDS] = {entry->action, entry->kind,
                                                 entry->name, entry->id,
                                                 entry->content};
    const size_t begin = out->size;
    mlpipe__text payload;
    uint64_t hash;
    uint32_t i;

    mlpipe__text_init(&payload, env);
    for (i = 0; i < STORE_LOG_FIELDS; i++)
        mlpipe__put_text(&payload, field[i], strlen(field[i]));
    i = (uint32_t)payload.size;
    mlpipe__text_put(out, &i, sizeof i);
    mlpipe__text_put(out, payload.data, payload.size);
    out->failed |= payload.failed;
    if (!out->failed) {
        hash = mlpipe__hash64(out->data + begin, out->size - begin, 0);
        mlpipe__text_put(out, &hash, sizeof hash);
    }
    mlpipe__text_free(&payload);
}

static int32_t log_append(const mlpipe_io *io, const char *path,
                          uint64_t keep, const mlpipe__text *record,
                          bool sync)
{
    void *file = NULL;
    int32_t got = io->open(io->user, path, MLPIPE_IO_APPEND, &file);
    int32_t closed;

    if (got != MLPIPE_IO_OK)
        return got;
    got = io->truncate(io->user, file, keep);
    if (got == MLPIPE_IO_OK)
        got = io->write(io->user, file, record->data, record->size);
    if (got == MLPIPE_IO_OK && sync)
        got = io->sync(io->user, file);
    closed = io->close(io->user, file);
    return got != MLPIPE_IO_OK ? got : closed;
}

mlpipe_status mlpipe__store_log_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const mlpipe__store_entry *entries,
                                    uint32_t count)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe__store_entry old;
    log_walk walk = {.at = 0};
    mlpipe__text path, record;
    char *data = NULL;
    mlpipe_status st;
    uint32_t i;
    int32_t got;

    mlpipe__text_init(&path, s->env);
    mlpipe__text_init(&record, s->env);
    st = log_load(ctx, s, &path, &data, &walk.bytes);
    if (st)
        goto done;
    walk.data = data;
    while (log_next(&walk, &old))
        continue;
    if (walk.work >= store_log_search_max)
        walk.end = walk.bytes; /* nothing is cut that was not looked at */
    for (i = 0; i < count; i++)
        log_record(&entries[i], &record, s->env);
    if (record.failed) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    got = log_append(io, path.data, walk.end, &record, s->sync);
    if (got == MLPIPE_IO_OK && s->sync && walk.bytes == 0)
        got = io->sync_dir(io->user, s->path);
    if (got != MLPIPE_IO_OK)
        st = mlpipe__io_fail(ctx, got, "write", path.data);
done:
    mlpipe__free(ctx->env, data);
    mlpipe__text_free(&path);
    mlpipe__text_free(&record);
    return st;
}

/* ---- the log as a report -------------------------------------------- */

typedef struct log_report {
    mlpipe_report *report;
    uint64_t count;
} log_report;

static void log_visit(void *arg, const mlpipe__store_entry *e)
{
    log_report *l = arg;

    mlpipe__report_cell_number(l->report, (double)++l->count);
    mlpipe__report_cell_text(l->report, e->action, strlen(e->action));
    mlpipe__report_cell_text(l->report, e->kind, strlen(e->kind));
    mlpipe__report_cell_text(l->report, e->name, strlen(e->name));
    mlpipe__report_cell_text(l->report, e->id, strlen(e->id));
    mlpipe__report_cell_text(l->report, e->content, strlen(e->content));
}

mlpipe_status mlpipe_store_log(mlpipe_ctx *ctx, mlpipe_store *store,
                               mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_log", store);
    log_report l = {0};

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (st)
        return mlpipe__end(ctx, st);
    l.report = mlpipe__report_new(ctx->env, "store log");
    mlpipe__report_table(l.report, "log",
                         "entry,action,kind,name,version,content");
    st = mlpipe__store_log_read(ctx, store, log_visit, &l, NULL);
    if (st)
        mlpipe_report_free(l.report);
    else
        st = mlpipe__report_seal(ctx, l.report, out);
    return mlpipe__end(ctx, st);
}
