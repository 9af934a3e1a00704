/* SPDX-License-Identifier: MIT */
/*
 * The files of the operating system. An interrupted call is repeated here,
 * a short write is completed here: nobody above knows of either. A file is
 * its descriptor plus one, so that opening needs no memory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base_internal.h"

/* Linux moves at most this much in one call. */
enum { IO_POSIX_CHUNK = 0x40000000 };

static int32_t io_posix_result(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return MLPIPE_IO_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return MLPIPE_IO_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return MLPIPE_IO_DENIED;
    case ENOSPC:
    case EDQUOT:
        return MLPIPE_IO_NO_SPACE;
    case EWOULDBLOCK:
    case EBUSY:
        return MLPIPE_IO_BUSY;
    default:
        return MLPIPE_IO_FAILED;
    }
}

static void *io_posix_handle(int fd)
{
    return (void *)((intptr_t)fd + 1);
}

static int io_posix_fd(const void *file)
{
    return (int)((intptr_t)file - 1);
}

static int io_posix_open_fd(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static int32_t io_posix_open(void *user, const char *path, int32_t mode,
                             void **file)
{
    int fd, flags = O_RDONLY;
    struct stat st;
    (void)user;
    *file = NULL;
    if (mode == MLPIPE_IO_CREATE)
        flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    else if (mode == MLPIPE_IO_APPEND)
        flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;
    fd = io_posix_open_fd(path, flags);
    if (fd < 0)
        return io_posix_result(errno);
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return MLPIPE_IO_FAILED;
    }
    *file = io_posix_handle(fd);
    return MLPIPE_IO_OK;
}

static int32_t io_posix_read_at(void *user, void *file, uint64_t offset,
                                void *buffer, size_t bytes, size_t *got)
{
    char *at = buffer;
    (void)user;
    *got = 0;
    if (offset > INT64_MAX || bytes > INT64_MAX - offset)
        return MLPIPE_IO_FAILED;
    while (bytes) {
        const ssize_t n =
            pread(io_posix_fd(file), at,
                  bytes < IO_POSIX_CHUNK ? bytes : IO_POSIX_CHUNK,
                  (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_posix_result(errno);
        if (!n)
            break;
        at += n;
        offset += (uint64_t)n;
        bytes -= (size_t)n;
        *got += (size_t)n;
    }
    return MLPIPE_IO_OK;
}

static int32_t io_posix_write(void *user, void *file, const void *data,
                              size_t bytes)
{
    const char *at = data;
    (void)user;
    while (bytes) {
        const ssize_t n =
            write(io_posix_fd(file), at,
                  bytes < IO_POSIX_CHUNK ? bytes : IO_POSIX_CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_posix_result(errno);
        at += n;
        bytes -= (size_t)n;
    }
    return MLPIPE_IO_OK;
}

static int32_t io_posix_truncate(void *user, void *file, uint64_t bytes)
{
    int r;
    (void)user;
    if (bytes > INT64_MAX)
        return MLPIPE_IO_FAILED;
    do
        r = ftruncate(io_posix_fd(file), (off_t)bytes);
    while (r && errno == EINTR);
    return r ? io_posix_result(errno) : MLPIPE_IO_OK;
}

/* Blocks that are there already are written to in half the time. */
static int32_t io_posix_reserve(void *user, void *file, uint64_t bytes)
{
    (void)user;
#if defined(FALLOC_FL_KEEP_SIZE)
    if (bytes <= INT64_MAX && !fallocate(io_posix_fd(file),
                                         FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes))
        return MLPIPE_IO_OK;
#else
    (void)file, (void)bytes;
#endif
    return MLPIPE_IO_FAILED;
}

static int32_t io_posix_sync(void *user, void *file)
{
    int r;
    (void)user;
    do
        r = fsync(io_posix_fd(file));
    while (r && errno == EINTR);
    return r ? io_posix_result(errno) : MLPIPE_IO_OK;
}

static int32_t io_posix_close(void *user, void *file)
{
    (void)user;
    /* After EINTR the descriptor is closed; a second try would be another's. */
    if (close(io_posix_fd(file)) && errno != EINTR)
        return io_posix_result(errno);
    return MLPIPE_IO_OK;
}

static int32_t io_posix_stat(void *user, const char *path,
                             mlpipe_io_stat *out)
{
    struct stat st;
    (void)user;
    memset(out, 0, sizeof *out);
    if (stat(path, &st))
        return io_posix_result(errno);
    out->size = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
    out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 +
                    (int64_t)st.st_mtim.tv_nsec;
    out->is_dir = S_ISDIR(st.st_mode) ? 1 : 0;
    return MLPIPE_IO_OK;
}

static int32_t io_posix_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to) ? io_posix_result(errno) : MLPIPE_IO_OK;
}

static int32_t io_posix_remove(void *user, const char *path)
{
    int r = unlink(path);
    (void)user;
    if (r && (errno == EISDIR || errno == EPERM))
        r = rmdir(path);
    return r ? io_posix_result(errno) : MLPIPE_IO_OK;
}

static int32_t io_posix_make_dir(void *user, const char *path)
{
    (void)user;
    return mkdir(path, 0777) ? io_posix_result(errno) : MLPIPE_IO_OK;
}

static int32_t io_posix_sync_dir(void *user, const char *path)
{
    const int fd = io_posix_open_fd(path, O_RDONLY | O_DIRECTORY);
    int32_t result;
    if (fd < 0)
        return io_posix_result(errno);
    result = io_posix_sync(user, io_posix_handle(fd));
    /* Some file systems cannot sync a folder: there is nothing to wait for. */
    if (result && errno == EINVAL)
        result = MLPIPE_IO_OK;
    close(fd);
    return result;
}

static int32_t io_posix_list(void *user, const char *path,
                             int32_t (*name)(void *arg, const char *name),
                             void *arg)
{
    int32_t result = MLPIPE_IO_OK;
    DIR *dir = opendir(path);
    (void)user;
    if (!dir)
        return io_posix_result(errno);
    while (!result) {
        const struct dirent *entry;
        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            if (errno)
                result = io_posix_result(errno);
            break;
        }
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            result = name(arg, entry->d_name);
    }
    closedir(dir);
    return result;
}

/* A lock that belongs to this open file, not to the process. */
static int32_t io_posix_lock(void *user, const char *path, void **lock)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int r, fd = io_posix_open_fd(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    int32_t result = MLPIPE_IO_OK;
    (void)user;
    *lock = NULL;
    if (fd < 0)
        return io_posix_result(errno);
#if defined(F_OFD_SETLK)
    r = fcntl(fd, F_OFD_SETLK, &whole);
    if (r && errno == EINVAL)
        r = flock(fd, LOCK_EX | LOCK_NB);
#else
    (void)whole;
    r = flock(fd, LOCK_EX | LOCK_NB);
#endif
    if (r) {
        const bool held = errno == EACCES || errno == EAGAIN;
        result = held ? MLPIPE_IO_BUSY : io_posix_result(errno);
        close(fd);
    } else {
        *lock = io_posix_handle(fd);
    }
    return result;
}

bool mlpipe__os_io(mlpipe_io *out)
{
    static const mlpipe_io table = {
        .size = sizeof(mlpipe_io),
        .open = io_posix_open,
        .read_at = io_posix_read_at,
        .write = io_posix_write,
        .truncate = io_posix_truncate,
        .sync = io_posix_sync,
        .close = io_posix_close,
        .stat = io_posix_stat,
        .rename = io_posix_rename,
        .remove = io_posix_remove,
        .make_dir = io_posix_make_dir,
        .sync_dir = io_posix_sync_dir,
        .list = io_posix_list,
        .lock = io_posix_lock,
        .unlock = io_posix_close,
        .reserve = io_posix_reserve,
    };
    *out = table;
    return true;
}
