/* SPDX-License-Identifier: MIT */
/*
 * Which call tells of which error. A build with -Dmessages=true puts these
 * functions before the library's own (ld --wrap); each writes what a person
 * reads, and from where it was called, to the file that MLPIPE_MESSAGES names.
 * sites.py makes file and line of the addresses.
 */
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base_internal.h"

enum {
    RECORD_FRAMES = 12,      /* an error of an expression goes through five */
    RECORD_SEEN = 1 << 16,
    RECORD_LINE = 8192,
};

extern const char __executable_start; /* from the linker */

/* The same text from the same place is written once by a program. */
static uint64_t record_seen[RECORD_SEEN];
static uint32_t record_count;
static int record_file = -1;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;

static bool record_is_new(uint64_t hash)
{
    uint32_t at = (uint32_t)hash % RECORD_SEEN;
    if (record_count >= RECORD_SEEN / 2)
        return false;
    for (; record_seen[at]; at = (at + 1) % RECORD_SEEN)
        if (record_seen[at] == hash)
            return false;
    record_seen[at] = hash;
    record_count++;
    return true;
}

static bool record_open(void)
{
    const char *path = getenv("MLPIPE_MESSAGES");
    if (record_file < 0 && path)
        record_file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    return record_file >= 0;
}

/* A line: program, addresses within it, text with \n and \\ escaped. */
static void record_line(void *const *frames, int count, const char *text)
{
    char line[RECORD_LINE];
    const ssize_t n = readlink("/proc/self/exe", line, sizeof line / 4);
    size_t at = n > 0 ? (size_t)n : 0;
    for (int i = 0; i < count; i++)
        at += mlpipe__format(line + at, sizeof line - at, "%s%llu",
                             i ? " " : "\t",
                             (unsigned long long)((uintptr_t)frames[i] -
                                 (uintptr_t)&__executable_start));
    line[at++] = '\t';
    for (; *text && at < sizeof line - 3; text++) {
        if (*text == '\n' || *text == '\\')
            line[at++] = '\\';
        line[at++] = *text == '\n' ? 'n' : *text;
    }
    line[at++] = '\n';
    if (write(record_file, line, at) < 0)
        record_file = -1;
}

static void record(const char *text)
{
    void *frames[RECORD_FRAMES];
    int count = backtrace(frames, RECORD_FRAMES);
    uint64_t hash = 1469598103934665603u;
    for (int i = 0; i < count; i++)
        hash = (hash ^ (uintptr_t)frames[i]) * 1099511628211u;
    for (const char *p = text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    pthread_mutex_lock(&record_lock);
    if (record_open() && record_is_new(hash | 1))
        record_line(frames, count, text);
    pthread_mutex_unlock(&record_lock);
}

/* The names that ld gives. */
mlpipe_status __wrap_mlpipe__fail(mlpipe_ctx *ctx, mlpipe_status status,
                                  const char *format, ...);
mlpipe_status __real_mlpipe__fail(mlpipe_ctx *ctx, mlpipe_status status,
                                  const char *format, ...);
mlpipe_status __wrap_mlpipe__null_arg(mlpipe_ctx *ctx, const char *name);
mlpipe_status __real_mlpipe__null_arg(mlpipe_ctx *ctx, const char *name);
mlpipe_status __wrap_mlpipe__io_fail(mlpipe_ctx *ctx, int32_t result,
                                     const char *doing, const char *path);
mlpipe_status __real_mlpipe__io_fail(mlpipe_ctx *ctx, int32_t result,
                                     const char *doing, const char *path);
mlpipe_status __wrap_mlpipe__fail_at(mlpipe_ctx *ctx, int64_t row,
                                     const char *column);
mlpipe_status __real_mlpipe__fail_at(mlpipe_ctx *ctx, int64_t row,
                                     const char *column);
mlpipe_status __wrap_mlpipe__fail_where(mlpipe_ctx *ctx, const char *where);
mlpipe_status __real_mlpipe__fail_where(mlpipe_ctx *ctx, const char *where);
mlpipe_status __wrap_mlpipe__fail_detail(mlpipe_ctx *ctx, int32_t detail);
mlpipe_status __real_mlpipe__fail_detail(mlpipe_ctx *ctx, int32_t detail);

static void record_of(const mlpipe_ctx *ctx)
{
    record(ctx ? ctx->error_text : "");
}

mlpipe_status __wrap_mlpipe__fail(mlpipe_ctx *ctx, mlpipe_status status,
                                  const char *format, ...)
{
    char text[sizeof ctx->error_text];
    va_list args;
    va_start(args, format);
    mlpipe__vformat(text, sizeof text, format, args);
    va_end(args);
    status = __real_mlpipe__fail(ctx, status, "%s", text);
    record_of(ctx);
    return status;
}

mlpipe_status __wrap_mlpipe__null_arg(mlpipe_ctx *ctx, const char *name)
{
    const mlpipe_status st = __real_mlpipe__null_arg(ctx, name);
    record_of(ctx);
    return st;
}

mlpipe_status __wrap_mlpipe__io_fail(mlpipe_ctx *ctx, int32_t result,
                                     const char *doing, const char *path)
{
    const mlpipe_status st = __real_mlpipe__io_fail(ctx, result, doing, path);
    record_of(ctx);
    return st;
}

mlpipe_status __wrap_mlpipe__fail_at(mlpipe_ctx *ctx, int64_t row,
                                     const char *column)
{
    const mlpipe_status st = __real_mlpipe__fail_at(ctx, row, column);
    record_of(ctx);
    return st;
}

mlpipe_status __wrap_mlpipe__fail_where(mlpipe_ctx *ctx, const char *where)
{
    const mlpipe_status st = __real_mlpipe__fail_where(ctx, where);
    record_of(ctx);
    return st;
}

mlpipe_status __wrap_mlpipe__fail_detail(mlpipe_ctx *ctx, int32_t detail)
{
    const mlpipe_status st = __real_mlpipe__fail_detail(ctx, detail);
    record_of(ctx);
    return st;
}
