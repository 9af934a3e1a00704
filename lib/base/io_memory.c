/* SPDX-License-Identifier: MIT */
/*
 * Files in memory, for tests and for hosts without a disk: the rules of a
 * file system (exclusive creation, open files that outlive their name,
 * rename over an existing file) on a plain list. For one thread at a time.
 */
#include "base/base_internal.h"

typedef struct memory_node {
    char *path; /* NULL once removed or replaced */
    char *data;
    uint64_t size, room;
    uint32_t opened; /* handles that still point here */
    bool is_dir, locked;
} memory_node;

typedef struct memory_handle {
    memory_node *node;
    int32_t mode;
} memory_handle;

struct mlpipe__memory_io {
    mlpipe__env *env;
    memory_node **nodes;
    uint32_t count, room;
};

/* "./a/b/" and "a/b" are one path; "" and "." are the folder of it all. */
size_t mlpipe__path_clean(const char **path)
{
    size_t n;
    while ((*path)[0] == '.' && (*path)[1] == '/')
        *path += 2;
    n = strlen(*path);
    while (n > 1 && (*path)[n - 1] == '/')
        n--;
    if (n == 1 && (*path)[0] == '.')
        n = 0;
    return n;
}

static bool memory_is(const memory_node *node, const char *path, size_t n)
{
    return node->path && strlen(node->path) == n &&
           !memcmp(node->path, path, n);
}

static memory_node *memory_find(const mlpipe__memory_io *m, const char *path,
                                size_t n)
{
    uint32_t i;
    for (i = 0; i < m->count; i++)
        if (memory_is(m->nodes[i], path, n))
            return m->nodes[i];
    return NULL;
}

static bool memory_is_root(const char *path, size_t n)
{
    return n == 0 || (n == 1 && path[0] == '/');
}

static bool memory_has_dir(const mlpipe__memory_io *m, const char *path,
                           size_t n)
{
    const memory_node *node;
    if (memory_is_root(path, n))
        return true;
    node = memory_find(m, path, n);
    return node && node->is_dir;
}

static bool memory_has_parent(const mlpipe__memory_io *m, const char *path,
                              size_t n)
{
    while (n && path[n - 1] != '/')
        n--;
    if (n > 1)
        n--;
    return memory_has_dir(m, path, n);
}

static void memory_node_free(mlpipe__memory_io *m, memory_node *node)
{
    mlpipe__free(m->env, node->path);
    mlpipe__free(m->env, node->data);
    mlpipe__free(m->env, node);
}

static memory_node *memory_add(mlpipe__memory_io *m, const char *path,
                               size_t n, bool is_dir)
{
    memory_node *node;
    if (m->count == m->room) {
        const uint32_t room = m->room ? 2 * m->room : 8;
        memory_node **nodes =
            mlpipe__grow(m->env, m->nodes, room, sizeof *nodes);
        if (!nodes)
            return NULL;
        m->nodes = nodes;
        m->room = room;
    }
    node = mlpipe__alloc(m->env, sizeof *node);
    if (!node)
        return NULL;
    node->path = mlpipe__strdup(m->env, path, n);
    if (!node->path) {
        mlpipe__free(m->env, node);
        return NULL;
    }
    node->is_dir = is_dir;
    m->nodes[m->count++] = node;
    return node;
}

/* Take the name away; the bytes stay for those who have the file open. */
static void memory_unlink(mlpipe__memory_io *m, memory_node *node)
{
    uint32_t i;
    for (i = 0; i < m->count && m->nodes[i] != node; i++) {
    }
    if (i == m->count)
        return;
    m->nodes[i] = m->nodes[--m->count];
    mlpipe__free(m->env, node->path);
    node->path = NULL;
    if (!node->opened)
        memory_node_free(m, node);
}

static int32_t memory_open(void *user, const char *path, int32_t mode,
                           void **file)
{
    mlpipe__memory_io *m = user;
    const size_t n = mlpipe__path_clean(&path);
    memory_node *node = memory_find(m, path, n);
    const bool made = !node;
    memory_handle *h;
    *file = NULL;
    if (!node && mode == MLPIPE_IO_READ)
        return MLPIPE_IO_NOT_FOUND;
    if (node && mode == MLPIPE_IO_CREATE)
        return MLPIPE_IO_EXISTS;
    if (memory_is_root(path, n) || (node && node->is_dir))
        return MLPIPE_IO_FAILED;
    if (!node && !memory_has_parent(m, path, n))
        return MLPIPE_IO_NOT_FOUND;
    if (!node)
        node = memory_add(m, path, n, false);
    if (!node)
        return MLPIPE_IO_NO_SPACE;
    h = mlpipe__alloc(m->env, sizeof *h);
    if (!h) {
        if (made)
            memory_unlink(m, node);
        return MLPIPE_IO_FAILED;
    }
    h->node = node;
    h->mode = mode;
    node->opened++;
    *file = h;
    return MLPIPE_IO_OK;
}

static int32_t memory_read_at(void *user, void *file, uint64_t offset,
                              void *buffer, size_t bytes, size_t *got)
{
    const memory_node *node = ((const memory_handle *)file)->node;
    (void)user;
    *got = 0;
    if (offset >= node->size || !bytes)
        return MLPIPE_IO_OK;
    *got = bytes < node->size - offset ? bytes : node->size - offset;
    memcpy(buffer, node->data + offset, *got);
    return MLPIPE_IO_OK;
}

static int32_t memory_resize(mlpipe__memory_io *m, memory_node *node,
                             uint64_t size)
{
    if (size > node->room) {
        uint64_t room = node->room ? node->room : 64;
        char *data;
        while (room < size && room < UINT64_MAX / 2)
            room *= 2;
        data = mlpipe__grow(m->env, node->data, room, 1);
        if (!data)
            return MLPIPE_IO_NO_SPACE;
        node->data = data;
        node->room = room;
    }
    if (size > node->size)
        memset(node->data + node->size, 0, size - node->size);
    node->size = size;
    return MLPIPE_IO_OK;
}

static int32_t memory_write(void *user, void *file, const void *data,
                            size_t bytes)
{
    const memory_handle *h = file;
    const uint64_t at = h->node->size;
    int32_t r;
    if (h->mode == MLPIPE_IO_READ)
        return MLPIPE_IO_DENIED;
    if (!bytes)
        return MLPIPE_IO_OK;
    if (bytes > UINT64_MAX / 4 - at)
        return MLPIPE_IO_NO_SPACE;
    r = memory_resize(user, h->node, at + bytes);
    if (!r)
        memcpy(h->node->data + at, data, bytes);
    return r;
}

static int32_t memory_truncate(void *user, void *file, uint64_t bytes)
{
    const memory_handle *h = file;
    if (h->mode == MLPIPE_IO_READ)
        return MLPIPE_IO_DENIED;
    return memory_resize(user, h->node, bytes);
}

static int32_t memory_sync(void *user, void *file)
{
    (void)user, (void)file;
    return MLPIPE_IO_OK;
}

static int32_t memory_close(void *user, void *file)
{
    mlpipe__memory_io *m = user;
    memory_handle *h = file;
    if (!--h->node->opened && !h->node->path)
        memory_node_free(m, h->node);
    mlpipe__free(m->env, h);
    return MLPIPE_IO_OK;
}

static int32_t memory_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    const mlpipe__memory_io *m = user;
    const size_t n = mlpipe__path_clean(&path);
    const memory_node *node = memory_find(m, path, n);
    memset(out, 0, sizeof *out);
    if (!node && !memory_is_root(path, n))
        return MLPIPE_IO_NOT_FOUND;
    out->size = node ? node->size : 0;
    out->is_dir = !node || node->is_dir;
    return MLPIPE_IO_OK;
}

/* The part of path behind "dir/", or NULL where it is not inside dir. */
static const char *memory_inside(const char *path, const char *dir, size_t n)
{
    if (!n)
        return path[0] == '/' ? NULL : path;
    if (n == 1 && dir[0] == '/')
        return path[0] == '/' ? path + 1 : NULL;
    if (strlen(path) <= n || memcmp(path, dir, n) || path[n] != '/')
        return NULL;
    return path + n + 1;
}

static bool memory_is_empty(const mlpipe__memory_io *m,
                            const memory_node *dir)
{
    uint32_t i;
    for (i = 0; i < m->count; i++)
        if (memory_inside(m->nodes[i]->path, dir->path, strlen(dir->path)))
            return false;
    return true;
}

/*
 * New names for a folder and all in it: made first, so that a failure
 * leaves every name as it was.
 */
static int32_t memory_move(mlpipe__memory_io *m, memory_node *node,
                           const char *to, size_t to_bytes)
{
    const size_t old_bytes = strlen(node->path);
    char **names = mlpipe__alloc_array(m->env, m->count, sizeof *names);
    int32_t r = names ? MLPIPE_IO_OK : MLPIPE_IO_NO_SPACE;
    uint32_t i;
    for (i = 0; !r && i < m->count; i++) {
        const memory_node *other = m->nodes[i];
        const size_t n = strlen(other->path);
        if (other != node && !(node->is_dir && memory_inside(other->path,
                                                             node->path,
                                                             old_bytes)))
            continue;
        names[i] = mlpipe__alloc(m->env, to_bytes + n - old_bytes + 1);
        if (!names[i]) {
            r = MLPIPE_IO_NO_SPACE;
            break;
        }
        memcpy(names[i], to, to_bytes);
        memcpy(names[i] + to_bytes, other->path + old_bytes, n - old_bytes);
    }
    for (i = 0; names && i < m->count; i++) {
        if (!r && names[i]) {
            mlpipe__free(m->env, m->nodes[i]->path);
            m->nodes[i]->path = names[i];
        } else {
            mlpipe__free(m->env, names[i]);
        }
    }
    mlpipe__free(m->env, names);
    return r;
}

static int32_t memory_rename(void *user, const char *from, const char *to)
{
    mlpipe__memory_io *m = user;
    const size_t from_bytes = mlpipe__path_clean(&from);
    const size_t to_bytes = mlpipe__path_clean(&to);
    memory_node *node = memory_find(m, from, from_bytes);
    memory_node *old = memory_find(m, to, to_bytes);
    int32_t r;
    if (!node || !memory_has_parent(m, to, to_bytes))
        return MLPIPE_IO_NOT_FOUND;
    if (memory_is_root(to, to_bytes))
        return MLPIPE_IO_DENIED;
    if (old == node)
        return MLPIPE_IO_OK;
    if (old && (old->is_dir != node->is_dir ||
                (old->is_dir && !memory_is_empty(m, old))))
        return MLPIPE_IO_EXISTS;
    if (node->is_dir && memory_inside(to, node->path, from_bytes))
        return MLPIPE_IO_FAILED;
    r = memory_move(m, node, to, to_bytes);
    if (!r && old)
        memory_unlink(m, old);
    return r;
}

static int32_t memory_remove(void *user, const char *path)
{
    mlpipe__memory_io *m = user;
    const size_t n = mlpipe__path_clean(&path);
    memory_node *node = memory_find(m, path, n);
    if (!node)
        return MLPIPE_IO_NOT_FOUND;
    if (node->is_dir && !memory_is_empty(m, node))
        return MLPIPE_IO_EXISTS;
    memory_unlink(m, node);
    return MLPIPE_IO_OK;
}

static int32_t memory_make_dir(void *user, const char *path)
{
    mlpipe__memory_io *m = user;
    const size_t n = mlpipe__path_clean(&path);
    if (memory_is_root(path, n) || memory_find(m, path, n))
        return MLPIPE_IO_EXISTS;
    if (!memory_has_parent(m, path, n))
        return MLPIPE_IO_NOT_FOUND;
    return memory_add(m, path, n, true) ? MLPIPE_IO_OK : MLPIPE_IO_NO_SPACE;
}

static int32_t memory_sync_dir(void *user, const char *path)
{
    const size_t n = mlpipe__path_clean(&path);
    return memory_has_dir(user, path, n) ? MLPIPE_IO_OK
                                         : MLPIPE_IO_NOT_FOUND;
}

static int32_t memory_list(void *user, const char *path,
                           int32_t (*name)(void *arg, const char *name),
                           void *arg)
{
    const mlpipe__memory_io *m = user;
    const size_t n = mlpipe__path_clean(&path);
    uint32_t i;
    if (!memory_has_dir(m, path, n))
        return MLPIPE_IO_NOT_FOUND;
    for (i = 0; i < m->count; i++) {
        const char *rest = memory_inside(m->nodes[i]->path, path, n);
        size_t slash = 0;
        int32_t r;
        while (rest && rest[slash] && rest[slash] != '/')
            slash++;
        if (!rest || rest[slash])
            continue;
        r = name(arg, rest);
        if (r)
            return r;
    }
    return MLPIPE_IO_OK;
}

static int32_t memory_lock(void *user, const char *path, void **lock)
{
    memory_handle *h;
    int32_t r = memory_open(user, path, MLPIPE_IO_APPEND, lock);
    if (r)
        return r;
    h = *lock;
    if (h->node->locked) {
        memory_close(user, h);
        *lock = NULL;
        return MLPIPE_IO_BUSY;
    }
    h->node->locked = true;
    return MLPIPE_IO_OK;
}

static int32_t memory_unlock(void *user, void *lock)
{
    ((memory_handle *)lock)->node->locked = false;
    return memory_close(user, lock);
}

mlpipe__memory_io *mlpipe__memory_io_new(mlpipe__env *env, mlpipe_io *out)
{
    static const mlpipe_io table = {
        .size = sizeof(mlpipe_io),
        .open = memory_open,
        .read_at = memory_read_at,
        .write = memory_write,
        .truncate = memory_truncate,
        .sync = memory_sync,
        .close = memory_close,
        .stat = memory_stat,
        .rename = memory_rename,
        .remove = memory_remove,
        .make_dir = memory_make_dir,
        .sync_dir = memory_sync_dir,
        .list = memory_list,
        .lock = memory_lock,
        .unlock = memory_unlock,
    };
    mlpipe__memory_io *m = mlpipe__alloc(env, sizeof *m);
    if (!m)
        return NULL;
    m->env = mlpipe__env_keep(env);
    *out = table;
    out->user = m;
    return m;
}

void mlpipe__memory_io_free(mlpipe__memory_io *m)
{
    mlpipe__env *env;
    uint32_t i;
    if (!m)
        return;
    env = m->env;
    for (i = 0; i < m->count; i++)
        memory_node_free(m, m->nodes[i]);
    mlpipe__free(env, m->nodes);
    mlpipe__free(env, m);
    mlpipe__env_drop(env);
}
