/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * Contexts, status codes, errors, and what the host may supply.
 */
#ifndef MLPIPE_BASE_H
#define MLPIPE_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MLPIPE_API __attribute__((visibility("default")))
#define MLPIPE_CHECK __attribute__((warn_unused_result))
#else
#define MLPIPE_API
#define MLPIPE_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Zero or one of the negative MLPIPE_E_ codes; values never change meaning. */
typedef int32_t mlpipe_status;

/** What a call can end in. The text is in mlpipe_ctx_error(). */
enum {
    MLPIPE_OK = 0,               /**< done */
    MLPIPE_E_NOMEM = -1,       /**< the allocator or the memory cap said no */
    MLPIPE_E_ARG = -2,         /**< a NULL, a bad size, an object of no use */
    MLPIPE_E_PARAM = -3,       /**< unknown, misspelt or out-of-range name */
    MLPIPE_E_IO = -4,          /**< a file operation failed */
    MLPIPE_E_FORMAT = -5,      /**< bytes do not follow their format */
    MLPIPE_E_CORRUPT = -6,     /**< a hash or an invariant does not hold */
    MLPIPE_E_VERSION = -7,     /**< written by another format version */
    MLPIPE_E_LIMIT = -8,       /**< a limit of mlpipe_limits is exceeded */
    MLPIPE_E_SCHEMA = -9,      /**< columns are missing or of another type */
    MLPIPE_E_STATE = -10,      /**< not in this order, or after fork */
    MLPIPE_E_BUSY = -11,       /**< somebody else is doing it; try again */
    MLPIPE_E_CANCELLED = -12,  /**< mlpipe_ctx_cancel or progress said stop */
    MLPIPE_E_HOST = -13,       /**< a callback of the host failed */
    MLPIPE_E_NOT_FOUND = -14,  /**< no such file, name, version or column */
    MLPIPE_E_CONFLICT = -15,   /**< it exists, or has changed meanwhile */
    MLPIPE_E_EMPTY = -16,      /**< no rows, or none that can be used */
    MLPIPE_E_NUMERIC = -17,    /**< the numbers have no finite answer */
    MLPIPE_E_LEAK = -18,       /**< the target would reach the features */
    MLPIPE_E_UNSUPPORTED = -19, /**< not built in, or not for such data */
    MLPIPE_E_INTERNAL = -20,   /**< a defect of the library; please report */
    MLPIPE_E_AMBIGUOUS = -21   /**< two readings fit; say which is meant */
};

/** Severity of a log line. */
enum {
    MLPIPE_LOG_ERROR = 1,        /**< why a call failed, as its error says */
    MLPIPE_LOG_WARN = 2,         /**< done, but look at it */
    MLPIPE_LOG_INFO = 3,         /**< what was done */
    MLPIPE_LOG_DEBUG = 4         /**< how it was done */
};

/** Kind of an mlpipe_value. */
enum {
    MLPIPE_VALUE_NULL = 0,   /**< missing; from the library num is NaN */
    MLPIPE_VALUE_NUMBER = 1, /**< num holds it */
    MLPIPE_VALUE_TEXT = 2    /**< str and len hold UTF-8, no NUL needed */
};

/**
 * One cell, in or out. A text is borrowed: inputs are read during the call,
 * outputs live as long as the object that gave them.
 */
typedef struct mlpipe_value {
    double num;      /**< of a number; NaN from the library for a null */
    const char *str; /**< of a text: UTF-8, no NUL needed */
    int32_t len;     /**< bytes of the text */
    int32_t kind;    /**< MLPIPE_VALUE_ */
} mlpipe_value;

/** Why the last call on a context failed. Owned by the context. */
typedef struct mlpipe_error {
    mlpipe_status status; /**< the code that the call returned */
    int32_t detail;       /**< finer cause within the code, or 0 */
    int64_t row;          /**< row, counted from 0, or -1 */
    const char *column;   /**< name of the column, or "" */
    const char *where;    /**< the function, file or pointer, or "" */
    const char *text;     /**< what, where, and what to do; one line or more */
} mlpipe_error;

/** Work for an executor: run it once for each index. It never allocates. */
typedef void (*mlpipe_task)(void *arg, uint32_t index);

/** Results of the functions of an mlpipe_io. */
enum {
    MLPIPE_IO_OK = 0,            /**< done */
    MLPIPE_IO_FAILED = 1,    /**< any other failure */
    MLPIPE_IO_NOT_FOUND = 2, /**< no such file or folder */
    MLPIPE_IO_EXISTS = 3,    /**< it is there already */
    MLPIPE_IO_DENIED = 4,    /**< no permission */
    MLPIPE_IO_NO_SPACE = 5,  /**< disk or quota is full */
    MLPIPE_IO_BUSY = 6       /**< locked by somebody else */
};

/** How a file is opened. */
enum {
    MLPIPE_IO_READ = 0,   /**< must exist */
    MLPIPE_IO_CREATE = 1, /**< must not exist; written from its start */
    MLPIPE_IO_APPEND = 2  /**< made if absent; written at its end */
};

/** What io->stat tells of a path. */
typedef struct mlpipe_io_stat {
    uint64_t size;     /**< bytes */
    int64_t mtime_ns;  /**< last change, in ns since 1970, or 0 */
    uint32_t is_dir;   /**< 1 for a folder */
    uint32_t reserved; /**< 0 */
} mlpipe_io_stat;

/**
 * The files as the library sees them. A host may supply its own table (an
 * archive, an encrypted disk); every function gets `user`, returns one of
 * MLPIPE_IO_ and is called on the thread that called the library. Paths are
 * UTF-8 with '/' between parts. Short reads at the end of a file are no
 * failure; write is all or failure and never interrupted. The struct may grow
 * at its end: set size to its sizeof. `reserve` may be NULL: it asks for room
 * on the disk for `bytes` from the start of a file that is being written, and
 * changes neither its size nor its content; what it answers is a hint, and
 * truncate gives back what was not needed.
 */
typedef struct mlpipe_io {
    size_t size; /**< sizeof(mlpipe_io) */
    void *user;  /**< given to every function */
    /** Opens a file in one of the modes MLPIPE_IO_READ, CREATE and APPEND. */
    int32_t (*open)(void *user, const char *path, int32_t mode, void **file);
    /** Reads bytes from offset on; got is fewer only at the end. */
    int32_t (*read_at)(void *user, void *file, uint64_t offset, void *buffer,
                       size_t bytes, size_t *got);
    /** Writes all of data behind what was written before. */
    int32_t (*write)(void *user, void *file, const void *data, size_t bytes);
    /** Cuts the file off behind so many bytes. */
    int32_t (*truncate)(void *user, void *file, uint64_t bytes);
    /** Returns when what was written would outlive a loss of power. */
    int32_t (*sync)(void *user, void *file);
    /** Closes a file. */
    int32_t (*close)(void *user, void *file);
    /** Tells of a file or folder. */
    int32_t (*stat)(void *user, const char *path, mlpipe_io_stat *out);
    /** Renames a file at once, in place of one that is there. */
    int32_t (*rename)(void *user, const char *from, const char *to);
    /** Removes a file. */
    int32_t (*remove)(void *user, const char *path);
    /** Makes a folder, whose parent is there. */
    int32_t (*make_dir)(void *user, const char *path);
    /** As sync, for the names in a folder. */
    int32_t (*sync_dir)(void *user, const char *path);
    /** Calls name(arg, ...) for each entry; what it returns, not 0, ends it. */
    int32_t (*list)(void *user, const char *path,
                    int32_t (*name)(void *arg, const char *name), void *arg);
    /** Locks a file, made if absent; MLPIPE_IO_BUSY where it is taken. */
    int32_t (*lock)(void *user, const char *path, void **lock);
    /** Gives a lock back. */
    int32_t (*unlock)(void *user, void *lock);
    /** Asks for room for bytes from the start of a file; may be NULL. */
    int32_t (*reserve)(void *user, void *file, uint64_t bytes);
} mlpipe_io;

/**
 * What untrusted bytes may ask for. Zero means the default, given with each;
 * everything is checked before memory is taken.
 */
typedef struct mlpipe_limits {
    size_t size;               /**< sizeof(mlpipe_limits) */
    uint64_t csv_line_bytes;   /**< 64 MiB */
    uint64_t csv_field_bytes;  /**< 16 MiB */
    uint64_t csv_columns;      /**< 100,000 */
    uint64_t csv_rows;         /**< 2^40 */
    uint64_t cell_bytes;       /**< 1 MiB, a text in a dataset */
    uint64_t categories;       /**< 4 Mi per column */
    uint64_t json_bytes;       /**< 16 MiB */
    uint64_t json_depth;       /**< 64 */
    uint64_t json_nodes;       /**< 1 Mi */
    uint64_t json_key_bytes;   /**< 4 KiB */
    uint64_t expression_bytes; /**< 64 KiB */
    uint64_t expression_depth; /**< 200, and never more */
    uint64_t bundle_bytes;     /**< 4 GiB */
    uint64_t bundle_sections;  /**< 64 */
    uint64_t trees;            /**< 1 Mi */
    uint64_t tree_nodes;       /**< 4 Mi per tree */
    uint64_t features;         /**< 1 Mi */
    uint64_t classes;          /**< 65,536 */
    uint64_t unpacked_bytes;   /**< 1 TiB, of a compressed input */
    uint64_t unpacked_ratio;   /**< 1,000 to one, from 64 MiB on */
    uint64_t stream_bytes;     /**< 4 GiB, held of an mlpipe_stream */
} mlpipe_limits;

/**
 * What the host supplies. All zero is valid; NULL in place of the struct
 * means all zero. The struct may grow at its end: set size to its sizeof.
 *
 * - alloc: old_size 0 = allocate, new_size 0 = free (result ignored); NULL
 *   result = out of memory; the library asks for alignments up to 64. Callable
 *   from several threads at once. libmlpipe-serve has no default for it.
 * - parallel: runs task(arg, i) once for each i < count, on any threads, and
 *   returns when all are done; non-zero = it could not (MLPIPE_E_HOST).
 * - log, progress: called on the calling thread only, never with a lock held;
 *   progress returns non-zero to cancel. Each call that fails is a line of
 *   MLPIPE_LOG_ERROR with where and text of its error, but for those that
 *   end in MLPIPE_E_BUSY, to be tried again, and MLPIPE_E_CANCELLED, which
 *   the host asked for. A callback makes no calls on its context.
 * - clock_ns: nanoseconds of any steady clock, for durations in INFO records
 *   and latencies (mlpipe_slot_new); libmlpipe-serve has no default for it.
 * - entropy: fills bytes with random ones, for names of temporary files only;
 *   NULL uses a counter and the clock.
 */
typedef struct mlpipe_ctx_options {
    size_t size;           /**< sizeof(mlpipe_ctx_options), or 0 */
    uint64_t seed;         /**< of everything random; 0 is a seed like others */
    uint32_t threads;      /**< 0 and 1: the calling thread alone; n: a pool */
    uint32_t log_level;    /**< MLPIPE_LOG_; 0: silent */
    uint64_t memory_cap;   /**< bytes that may be live; 0: no cap */
    void *user;            /**< given to every callback */
    /** Allocates, resizes and frees; see above. */
    void *(*alloc)(void *user, void *ptr, size_t old_size, size_t new_size,
                   size_t align);
    /** Runs a task once for each index; see above. */
    int32_t (*parallel)(void *user, mlpipe_task task, void *arg,
                        uint32_t count);
    /** Takes a line of the log; see above. */
    void (*log)(void *user, uint32_t level, const char *component,
                const char *text);
    /** Hears how far a long call is, 0 to 1; non-zero cancels it. */
    int32_t (*progress)(void *user, const char *stage, double fraction);
    /** Tells the time of a steady clock, in nanoseconds. */
    uint64_t (*clock_ns)(void *user);
    /** Fills bytes with random ones; 0, or it could not. */
    int32_t (*entropy)(void *user, void *bytes, size_t size);
    const mlpipe_io *io;         /**< NULL: the operating system's files */
    const mlpipe_limits *limits; /**< NULL: the defaults */
} mlpipe_ctx_options;

/** A context: the environment of every call, and its last error. */
typedef struct mlpipe_ctx mlpipe_ctx;

/** Bytes or text made by the library for the caller. */
typedef struct mlpipe_buffer mlpipe_buffer;

/**
 * The name of a status, such as "MLPIPE_E_PARAM".
 *
 * @param status any value
 * @return static text; "MLPIPE_E_UNKNOWN" for a value that is none
 * @thread any
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_status_name(mlpipe_status status);

/**
 * Make a context. Contexts are cheap and independent; objects made with one
 * may be used with another and may outlive it.
 *
 * @param options borrows; NULL for the defaults
 * @param out gives; free with mlpipe_ctx_free
 * @return MLPIPE_OK
 * @status MLPIPE_E_NOMEM, MLPIPE_E_ARG (a size smaller than the first
 *         version's, a newer struct that asks for what this library does not
 *         know, an io table with a function missing, more than 1,024 threads,
 *         a missing allocator in libmlpipe-serve)
 * @thread any
 * @since 0.1
 *
 *     mlpipe_ctx *c;
 *     if (mlpipe_ctx_new(NULL, &c)) return 1;
 */
MLPIPE_API MLPIPE_CHECK mlpipe_status
mlpipe_ctx_new(const mlpipe_ctx_options *options, mlpipe_ctx **out);

/**
 * End a context and its pool of threads; objects made with it live on.
 *
 * @param ctx takes; NULL is allowed
 * @thread owner
 * @since 0.1
 */
MLPIPE_API void mlpipe_ctx_free(mlpipe_ctx *ctx);

/**
 * Ask the call that runs on this context to stop: it returns
 * MLPIPE_E_CANCELLED at its next poll. With no call running, the next call
 * that polls is the one that stops. Safe in a signal handler.
 *
 * @param ctx borrows; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_ctx_cancel(mlpipe_ctx *ctx);

/**
 * Why the last call on this context failed.
 *
 * @param ctx borrows; NULL gives a static MLPIPE_E_ARG, "there is no
 *        context": why mlpipe_ctx_new failed is in its status alone
 * @return owned by the context, valid until its next call; status MLPIPE_OK
 *         and text "" after a call that succeeded
 * @thread ctx
 * @since 0.1
 */
MLPIPE_API const mlpipe_error *mlpipe_ctx_error(const mlpipe_ctx *ctx);

/**
 * Memory held by a context's environment: all objects made with it.
 *
 * @param ctx borrows; NULL gives 0
 * @param live bytes held now; may be NULL
 * @param peak the most that were ever held; may be NULL
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_ctx_memory(const mlpipe_ctx *ctx, uint64_t *live,
                                  uint64_t *peak);

/**
 * The bytes of a buffer. A NUL stands behind the last one, so that a text
 * can be printed as it is.
 *
 * @param buffer borrows; NULL gives ""
 * @return owned by the buffer
 * @thread shared
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_buffer_data(const mlpipe_buffer *buffer);

/**
 * The number of bytes in a buffer, without the closing NUL.
 *
 * @param buffer borrows; NULL gives 0
 * @return bytes
 * @thread shared
 * @since 0.1
 */
MLPIPE_API size_t mlpipe_buffer_size(const mlpipe_buffer *buffer);

/**
 * Free a buffer.
 *
 * @param buffer takes; NULL is allowed
 * @thread any
 * @since 0.1
 */
MLPIPE_API void mlpipe_buffer_free(mlpipe_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
