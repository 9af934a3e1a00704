/* SPDX-License-Identifier: MIT */
/*
 * Files in memory that remember every change, and tell what a disk may hold
 * after a power loss behind any of them: bytes that were not synced may be
 * lost or torn, names whose folder was not synced may be the old ones.
 */
#include "base/base_internal.h"

enum crash_kind {
    CRASH_NAME, /* a path now means an inode (created) */
    CRASH_DIR,
    CRASH_WRITE,
    CRASH_TRUNCATE,
    CRASH_SYNC,
    CRASH_RENAME,
    CRASH_REMOVE,
    CRASH_SYNC_DIR
};

typedef struct crash_event {
    enum crash_kind kind;
    uint32_t inode;
    char *path, *to; /* clean */
    char *data;
    uint64_t bytes;
} crash_event;

/* A folder has the inode CRASH_FOLDER. */
typedef struct crash_name {
    char *path;
    uint32_t inode;
} crash_name;

typedef struct crash_names {
    crash_name *items;
    uint32_t count, room;
} crash_names;

typedef struct crash_inode {
    mlpipe__text data, synced;
} crash_inode;

typedef struct crash_disk {
    mlpipe__env *env;
    crash_inode *inodes;
    uint32_t count, room;
    crash_names now, durable;
} crash_disk;

typedef struct crash_handle {
    void *inner;
    uint32_t inode;
} crash_handle;

struct mlpipe__crash_io {
    mlpipe__env *env;
    mlpipe__memory_io *memory;
    mlpipe_io inner;
    crash_event *events;
    uint32_t count, room;
    crash_disk disk; /* as it is now: which inode a path means */
};

static const uint32_t crash_folder = UINT32_MAX;

/* ---- names ------------------------------------------------------------- */

static crash_name *crash_find(const crash_names *set, const char *path)
{
    uint32_t i;
    for (i = 0; i < set->count; i++)
        if (!strcmp(set->items[i].path, path))
            return &set->items[i];
    return NULL;
}

static void crash_forget(mlpipe__env *env, crash_names *set,
                         const char *path)
{
    crash_name *name = crash_find(set, path);
    if (!name)
        return;
    mlpipe__free(env, name->path);
    *name = set->items[--set->count];
}

static bool crash_set(mlpipe__env *env, crash_names *set, const char *path,
                      uint32_t inode)
{
    crash_name *name = crash_find(set, path);
    char *copy;
    if (name) {
        name->inode = inode;
        return true;
    }
    if (set->count == set->room) {
        const uint32_t room = set->room ? 2 * set->room : 8;
        crash_name *items =
            mlpipe__grow(env, set->items, room, sizeof *items);
        if (!items)
            return false;
        set->items = items;
        set->room = room;
    }
    copy = mlpipe__strdup(env, path, strlen(path));
    if (!copy)
        return false;
    set->items[set->count].path = copy;
    set->items[set->count++].inode = inode;
    return true;
}

/* Is path directly inside the folder? */
static bool crash_child(const char *path, const char *folder)
{
    const char *slash = NULL, *p;
    size_t n;
    for (p = path; *p; p++)
        if (*p == '/')
            slash = p;
    if (!slash)
        return !folder[0];
    n = (size_t)(slash - path);
    if (!n)
        n = 1; /* the parent of "/a" is "/" */
    return strlen(folder) == n && !memcmp(folder, path, n);
}

/* What is inside the folder now is there after a power loss as well. */
static bool crash_harden(crash_disk *d, const char *folder)
{
    uint32_t i;
    for (i = d->durable.count; i-- > 0;)
        if (crash_child(d->durable.items[i].path, folder) &&
            !crash_find(&d->now, d->durable.items[i].path))
            crash_forget(d->env, &d->durable, d->durable.items[i].path);
    for (i = 0; i < d->now.count; i++)
        if (crash_child(d->now.items[i].path, folder) &&
            !crash_set(d->env, &d->durable, d->now.items[i].path,
                       d->now.items[i].inode))
            return false;
    return true;
}

/* Move a folder with all in it; this is taken as durable at once. */
static bool crash_move_dir(mlpipe__env *env, crash_names *set,
                           const char *from, const char *to)
{
    const size_t n = strlen(from), m = strlen(to);
    uint32_t i;
    for (i = 0; i < set->count; i++) {
        char *path = set->items[i].path, *moved;
        const size_t k = strlen(path);
        if (k < n || memcmp(path, from, n) || (path[n] && path[n] != '/'))
            continue;
        moved = mlpipe__alloc(env, k - n + m + 1);
        if (!moved)
            return false;
        memcpy(moved, to, m);
        memcpy(moved + m, path + n, k - n);
        mlpipe__free(env, path);
        set->items[i].path = moved;
    }
    return true;
}

/* ---- the disk ---------------------------------------------------------- */

static bool crash_rename_on(crash_disk *d, const crash_event *e)
{
    const crash_name *name = crash_find(&d->now, e->path);
    uint32_t inode;
    if (!name)
        return true;
    inode = name->inode;
    if (inode == crash_folder)
        return crash_move_dir(d->env, &d->now, e->path, e->to) &&
               crash_move_dir(d->env, &d->durable, e->path, e->to);
    if (!crash_set(d->env, &d->now, e->to, inode))
        return false;
    crash_forget(d->env, &d->now, e->path);
    return true;
}

static bool crash_make(crash_disk *d, const crash_event *e)
{
    if (e->inode == d->count) {
        if (d->count == d->room) {
            const uint32_t room = d->room ? 2 * d->room : 8;
            crash_inode *inodes =
                mlpipe__grow(d->env, d->inodes, room, sizeof *inodes);
            if (!inodes)
                return false;
            d->inodes = inodes;
            d->room = room;
        }
        mlpipe__text_init(&d->inodes[d->count].data, d->env);
        mlpipe__text_init(&d->inodes[d->count].synced, d->env);
        d->count++;
    }
    return crash_set(d->env, &d->now, e->path, e->inode);
}

static bool crash_apply(crash_disk *d, const crash_event *e)
{
    crash_inode *inode = e->inode < d->count ? &d->inodes[e->inode] : NULL;
    switch (e->kind) {
    case CRASH_NAME:
        return crash_make(d, e);
    case CRASH_DIR:
        return crash_set(d->env, &d->now, e->path, crash_folder);
    case CRASH_WRITE:
        mlpipe__text_put(&inode->data, e->data, e->bytes);
        return !inode->data.failed;
    case CRASH_TRUNCATE:
        while (inode->data.size < e->bytes && !inode->data.failed)
            mlpipe__text_put(&inode->data, "", 1);
        inode->data.size = e->bytes;
        return !inode->data.failed;
    case CRASH_SYNC:
        mlpipe__text_free(&inode->synced);
        mlpipe__text_put(&inode->synced, inode->data.data,
                         inode->data.size);
        return !inode->synced.failed;
    case CRASH_RENAME:
        return crash_rename_on(d, e);
    case CRASH_REMOVE:
        crash_forget(d->env, &d->now, e->path);
        return true;
    case CRASH_SYNC_DIR:
        return crash_harden(d, e->path);
    }
    return false;
}

static void crash_names_free(mlpipe__env *env, crash_names *set)
{
    uint32_t i;
    for (i = 0; i < set->count; i++)
        mlpipe__free(env, set->items[i].path);
    mlpipe__free(env, set->items);
}

static void crash_disk_free(crash_disk *d)
{
    uint32_t i;
    for (i = 0; i < d->count; i++) {
        mlpipe__text_free(&d->inodes[i].data);
        mlpipe__text_free(&d->inodes[i].synced);
    }
    mlpipe__free(d->env, d->inodes);
    crash_names_free(d->env, &d->now);
    crash_names_free(d->env, &d->durable);
}

/* ---- recording --------------------------------------------------------- */

static char *crash_path(mlpipe__env *env, const char *path)
{
    const size_t n = mlpipe__path_clean(&path);
    return mlpipe__strdup(env, path, n);
}

static void crash_event_free(mlpipe__env *env, crash_event *e)
{
    mlpipe__free(env, e->path);
    mlpipe__free(env, e->to);
    mlpipe__free(env, e->data);
}

/* Keep what happened; the event's memory belongs to the list from here. */
static int32_t crash_record(mlpipe__crash_io *m, crash_event *e)
{
    if (m->count == m->room) {
        const uint32_t room = m->room ? 2 * m->room : 16;
        crash_event *events =
            mlpipe__grow(m->env, m->events, room, sizeof *events);
        if (!events) {
            crash_event_free(m->env, e);
            return MLPIPE_IO_FAILED;
        }
        m->events = events;
        m->room = room;
    }
    m->events[m->count++] = *e;
    return crash_apply(&m->disk, e) ? MLPIPE_IO_OK : MLPIPE_IO_FAILED;
}

static int32_t crash_record_path(mlpipe__crash_io *m, enum crash_kind kind,
                                 const char *path, const char *to,
                                 uint32_t inode)
{
    crash_event e = {.kind = kind, .inode = inode};
    e.path = crash_path(m->env, path);
    if (to)
        e.to = crash_path(m->env, to);
    if (!e.path || (to && !e.to)) {
        crash_event_free(m->env, &e);
        return MLPIPE_IO_FAILED;
    }
    return crash_record(m, &e);
}

static int32_t crash_open(void *user, const char *path, int32_t mode,
                          void **file)
{
    mlpipe__crash_io *m = user;
    const crash_name *known;
    crash_handle *h;
    void *inner;
    char *clean;
    int32_t r = m->inner.open(m->inner.user, path, mode, &inner);
    *file = NULL;
    if (r)
        return r;
    clean = crash_path(m->env, path);
    h = mlpipe__alloc(m->env, sizeof *h);
    r = clean && h ? MLPIPE_IO_OK : MLPIPE_IO_FAILED;
    if (!r) {
        known = crash_find(&m->disk.now, clean);
        h->inner = inner;
        h->inode = known ? known->inode : m->disk.count;
        if (!known)
            r = crash_record_path(m, CRASH_NAME, path, NULL, h->inode);
    }
    mlpipe__free(m->env, clean);
    if (r) {
        (void)m->inner.close(m->inner.user, inner);
        mlpipe__free(m->env, h);
        return r;
    }
    *file = h;
    return MLPIPE_IO_OK;
}

static int32_t crash_read_at(void *user, void *file, uint64_t offset,
                             void *buffer, size_t bytes, size_t *got)
{
    const mlpipe__crash_io *m = user;
    const crash_handle *h = file;
    return m->inner.read_at(m->inner.user, h->inner, offset, buffer, bytes,
                            got);
}

static int32_t crash_write(void *user, void *file, const void *data,
                           size_t bytes)
{
    mlpipe__crash_io *m = user;
    const crash_handle *h = file;
    crash_event e = {.kind = CRASH_WRITE, .inode = h->inode, .bytes = bytes};
    int32_t r = m->inner.write(m->inner.user, h->inner, data, bytes);
    if (r)
        return r;
    e.data = mlpipe__strdup(m->env, data, bytes);
    return e.data ? crash_record(m, &e) : MLPIPE_IO_FAILED;
}

static int32_t crash_truncate(void *user, void *file, uint64_t bytes)
{
    mlpipe__crash_io *m = user;
    const crash_handle *h = file;
    crash_event e = {
        .kind = CRASH_TRUNCATE, .inode = h->inode, .bytes = bytes};
    const int32_t r = m->inner.truncate(m->inner.user, h->inner, bytes);
    return r ? r : crash_record(m, &e);
}

static int32_t crash_sync(void *user, void *file)
{
    const crash_handle *h = file;
    crash_event e = {.kind = CRASH_SYNC, .inode = h->inode};
    return crash_record(user, &e);
}

static int32_t crash_close(void *user, void *file)
{
    mlpipe__crash_io *m = user;
    crash_handle *h = file;
    const int32_t r = m->inner.close(m->inner.user, h->inner);
    mlpipe__free(m->env, h);
    return r;
}

static int32_t crash_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    const mlpipe__crash_io *m = user;
    return m->inner.stat(m->inner.user, path, out);
}

static int32_t crash_rename(void *user, const char *from, const char *to)
{
    mlpipe__crash_io *m = user;
    const int32_t r = m->inner.rename(m->inner.user, from, to);
    return r ? r : crash_record_path(m, CRASH_RENAME, from, to, 0);
}

static int32_t crash_remove(void *user, const char *path)
{
    mlpipe__crash_io *m = user;
    const int32_t r = m->inner.remove(m->inner.user, path);
    return r ? r : crash_record_path(m, CRASH_REMOVE, path, NULL, 0);
}

static int32_t crash_make_dir(void *user, const char *path)
{
    mlpipe__crash_io *m = user;
    const int32_t r = m->inner.make_dir(m->inner.user, path);
    return r ? r : crash_record_path(m, CRASH_DIR, path, NULL, 0);
}

static int32_t crash_sync_dir(void *user, const char *path)
{
    mlpipe__crash_io *m = user;
    const int32_t r = m->inner.sync_dir(m->inner.user, path);
    return r ? r : crash_record_path(m, CRASH_SYNC_DIR, path, NULL, 0);
}

static int32_t crash_list(void *user, const char *path,
                          int32_t (*name)(void *arg, const char *name),
                          void *arg)
{
    const mlpipe__crash_io *m = user;
    return m->inner.list(m->inner.user, path, name, arg);
}

static int32_t crash_lock(void *user, const char *path, void **lock)
{
    const mlpipe__crash_io *m = user;
    return m->inner.lock(m->inner.user, path, lock);
}

static int32_t crash_unlock(void *user, void *lock)
{
    const mlpipe__crash_io *m = user;
    return m->inner.unlock(m->inner.user, lock);
}

mlpipe__crash_io *mlpipe__crash_io_new(mlpipe__env *env, mlpipe_io *out)
{
    static const mlpipe_io table = {
        .size = sizeof(mlpipe_io),
        .open = crash_open,
        .read_at = crash_read_at,
        .write = crash_write,
        .truncate = crash_truncate,
        .sync = crash_sync,
        .close = crash_close,
        .stat = crash_stat,
        .rename = crash_rename,
        .remove = crash_remove,
        .make_dir = crash_make_dir,
        .sync_dir = crash_sync_dir,
        .list = crash_list,
        .lock = crash_lock,
        .unlock = crash_unlock,
    };
    mlpipe__crash_io *m = mlpipe__alloc(env, sizeof *m);
    if (!m)
        return NULL;
    m->env = mlpipe__env_keep(env);
    m->disk.env = env;
    m->memory = mlpipe__memory_io_new(env, &m->inner);
    if (!m->memory) {
        mlpipe__crash_io_free(m);
        return NULL;
    }
    *out = table;
    out->user = m;
    return m;
}

void mlpipe__crash_io_free(mlpipe__crash_io *m)
{
    mlpipe__env *env;
    uint32_t i;
    if (!m)
        return;
    env = m->env;
    for (i = 0; i < m->count; i++)
        crash_event_free(env, &m->events[i]);
    mlpipe__free(env, m->events);
    crash_disk_free(&m->disk);
    mlpipe__memory_io_free(m->memory);
    mlpipe__free(env, m);
    mlpipe__env_drop(env);
}

uint32_t mlpipe__crash_io_events(const mlpipe__crash_io *m)
{
    return m->count;
}

/* ---- what is left ------------------------------------------------------ */

/* Of a seed and a path or file: what the disk did to it. */
static uint32_t crash_dice(uint32_t state, const void *what, size_t bytes)
{
    return (uint32_t)(mlpipe__hash64(what, bytes,
                                     state / MLPIPE__CRASH_MIXED) >> 20);
}

static uint32_t crash_mixed(uint32_t state, uint32_t inode)
{
    static const uint32_t fates[4] = {MLPIPE__CRASH_KEPT, MLPIPE__CRASH_LOST,
                                      MLPIPE__CRASH_TORN, MLPIPE__CRASH_LOST};

    return state < MLPIPE__CRASH_MIXED
               ? state
               : fates[crash_dice(state, &inode, sizeof inode) % 4];
}

/* Of each name whether it is the old one or the new one. A folder is the new
 * one: what was durable in it is, and its own name was so before. */
static bool crash_mix_names(crash_disk *d, uint32_t state, crash_names *out)
{
    const crash_names *const sets[2] = {&d->durable, &d->now};
    uint32_t k, i;

    for (k = 0; k < 2; k++)
        for (i = 0; i < sets[k]->count; i++) {
            const crash_name *name = &sets[k]->items[i];
            const uint32_t dice = crash_dice(state, name->path,
                                             strlen(name->path)) & 1;

            if ((dice == k || name->inode == crash_folder) &&
                !crash_set(d->env, out, name->path, name->inode))
                return false;
        }
    return true;
}

static int32_t crash_put(const mlpipe_io *io, const char *path,
                         const crash_inode *inode, uint32_t state)
{
    const mlpipe__text *from = &inode->data;
    size_t bytes = from->size;
    void *file;
    int32_t r;
    if (state & MLPIPE__CRASH_LOST) {
        from = &inode->synced;
        bytes = from->size;
    } else if ((state & MLPIPE__CRASH_TORN) && bytes > inode->synced.size) {
        bytes -= (bytes - inode->synced.size + 1) / 2;
    }
    r = io->open(io->user, path, MLPIPE_IO_CREATE, &file);
    if (r)
        return r == MLPIPE_IO_NOT_FOUND ? MLPIPE_IO_OK : r;
    r = io->write(io->user, file, from->data, bytes);
    if (io->close(io->user, file))
        return MLPIPE_IO_FAILED;
    return r;
}

/* Folders first, the outer ones before the inner ones. */
static int32_t crash_put_dirs(const mlpipe_io *io, const crash_names *set)
{
    size_t depth = 0, left = 1;
    int32_t r;
    for (depth = 0; left; depth++) {
        uint32_t i;
        left = 0;
        for (i = 0; i < set->count; i++) {
            const char *path = set->items[i].path;
            const size_t n = strlen(path);
            if (set->items[i].inode != crash_folder || n < depth)
                continue;
            left += n > depth;
            if (n != depth)
                continue;
            r = io->make_dir(io->user, path);
            if (r && r != MLPIPE_IO_NOT_FOUND)
                return r;
        }
    }
    return MLPIPE_IO_OK;
}

mlpipe_status mlpipe__crash_io_build(mlpipe_ctx *ctx,
                                     const mlpipe__crash_io *m,
                                     uint32_t events, uint32_t state,
                                     const mlpipe_io *target)
{
    crash_disk d = {.env = ctx->env};
    crash_names mixed = {NULL, 0, 0};
    const crash_names *names = &d.now;
    bool ok = true;
    int32_t r = MLPIPE_IO_OK;
    uint32_t i;
    for (i = 0; ok && i < events && i < m->count; i++)
        ok = crash_apply(&d, &m->events[i]);
    if (ok && state >= MLPIPE__CRASH_MIXED) {
        ok = crash_mix_names(&d, state, &mixed);
        names = &mixed;
    } else if (state & MLPIPE__CRASH_OLD_NAMES) {
        names = &d.durable;
    }
    if (ok)
        r = crash_put_dirs(target, names);
    for (i = 0; ok && !r && i < names->count; i++)
        if (names->items[i].inode != crash_folder)
            r = crash_put(target, names->items[i].path,
                          &d.inodes[names->items[i].inode],
                          crash_mixed(state, names->items[i].inode));
    crash_names_free(ctx->env, &mixed);
    crash_disk_free(&d);
    if (!ok)
        return mlpipe__nomem(ctx);
    return r ? mlpipe__io_fail(ctx, r, "build", "a crash state") : MLPIPE_OK;
}
