/* SPDX-License-Identifier: MIT */
/*
 * An io table that fails where a test wants it to: the n-th operation, once
 * or from then on. A failed close or unlock still releases what it holds,
 * and a failed write leaves half of its bytes, as real disks do.
 */
#include "base/base_internal.h"

/* Does the operation that begins now fail? */
static bool fault_now(mlpipe__fault_io *f)
{
    const int64_t index = f->count++;
    if (f->fail_at < 0)
        return false;
    return f->persistent ? index >= f->fail_at : index == f->fail_at;
}

static int32_t fault_open(void *user, const char *path, int32_t mode,
                          void **file)
{
    mlpipe__fault_io *f = user;
    *file = NULL;
    if (fault_now(f))
        return f->result;
    return f->inner->open(f->inner->user, path, mode, file);
}

static int32_t fault_read_at(void *user, void *file, uint64_t offset,
                             void *buffer, size_t bytes, size_t *got)
{
    mlpipe__fault_io *f = user;
    *got = 0;
    if (fault_now(f))
        return f->result;
    return f->inner->read_at(f->inner->user, file, offset, buffer, bytes,
                             got);
}

static int32_t fault_write(void *user, void *file, const void *data,
                           size_t bytes)
{
    mlpipe__fault_io *f = user;
    const bool fails = fault_now(f);
    const int32_t r = f->inner->write(f->inner->user, file, data,
                                      fails ? bytes / 2 : bytes);
    return fails ? f->result : r;
}

static int32_t fault_truncate(void *user, void *file, uint64_t bytes)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->truncate(f->inner->user, file, bytes);
}

static int32_t fault_sync(void *user, void *file)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->sync(f->inner->user, file);
}

static int32_t fault_close(void *user, void *file)
{
    mlpipe__fault_io *f = user;
    const bool fails = fault_now(f);
    const int32_t r = f->inner->close(f->inner->user, file);
    return fails ? f->result : r;
}

static int32_t fault_stat(void *user, const char *path, mlpipe_io_stat *out)
{
    mlpipe__fault_io *f = user;
    memset(out, 0, sizeof *out);
    if (fault_now(f))
        return f->result;
    return f->inner->stat(f->inner->user, path, out);
}

static int32_t fault_rename(void *user, const char *from, const char *to)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->rename(f->inner->user, from, to);
}

static int32_t fault_remove(void *user, const char *path)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->remove(f->inner->user, path);
}

static int32_t fault_make_dir(void *user, const char *path)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->make_dir(f->inner->user, path);
}

static int32_t fault_sync_dir(void *user, const char *path)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->sync_dir(f->inner->user, path);
}

static int32_t fault_list(void *user, const char *path,
                          int32_t (*name)(void *arg, const char *name),
                          void *arg)
{
    mlpipe__fault_io *f = user;
    if (fault_now(f))
        return f->result;
    return f->inner->list(f->inner->user, path, name, arg);
}

static int32_t fault_lock(void *user, const char *path, void **lock)
{
    mlpipe__fault_io *f = user;
    *lock = NULL;
    if (fault_now(f))
        return f->result;
    return f->inner->lock(f->inner->user, path, lock);
}

static int32_t fault_unlock(void *user, void *lock)
{
    mlpipe__fault_io *f = user;
    const bool fails = fault_now(f);
    const int32_t r = f->inner->unlock(f->inner->user, lock);
    return fails ? f->result : r;
}

void mlpipe__fault_io_table(mlpipe__fault_io *f, mlpipe_io *out)
{
    static const mlpipe_io table = {
        .size = sizeof(mlpipe_io),
        .open = fault_open,
        .read_at = fault_read_at,
        .write = fault_write,
        .truncate = fault_truncate,
        .sync = fault_sync,
        .close = fault_close,
        .stat = fault_stat,
        .rename = fault_rename,
        .remove = fault_remove,
        .make_dir = fault_make_dir,
        .sync_dir = fault_sync_dir,
        .list = fault_list,
        .lock = fault_lock,
        .unlock = fault_unlock,
    };
    *out = table;
    out->user = f;
}
