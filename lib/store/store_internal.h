/* SPDX-License-Identifier: MIT */
/*
 * A store is a folder:
 *
 *   format                "mlpipe-store 1"
 *   objects/ab/abcd...    containers named by their content; never changed
 *   refs/name             "dataset <id>" or "model <id>"; replaced as a whole
 *   tags/name             the same; never replaced
 *   log                   what was done, framed and hashed records
 *   lock                  held by the writer
 *
 * Objects are written, and known to the disk by name, before the name that
 * points to them, and that before the log, so that a crash leaves the old
 * state or the new one.
 */
#ifndef MLPIPE_STORE_INTERNAL_H
#define MLPIPE_STORE_INTERNAL_H

#include "../data/data_internal.h"
#include "../model/model_internal.h"

enum { MLPIPE__STORE_ID = 33, MLPIPE__STORE_NAME_MAX = 128 };

struct mlpipe_store {
    mlpipe__env *env;
    char *path;
    bool sync;
};

/* What a name points to. */
typedef struct mlpipe__store_ref {
    char kind[8]; /* "dataset" or "model" */
    char id[MLPIPE__STORE_ID];
} mlpipe__store_ref;

/* ---- names (store.c) ---------------------------------------------------- */

/* mlpipe__begin_here, and the store: E_ARG without one, E_STATE where it was
 * opened before a fork. Every exported call but open starts with it. */
mlpipe_status mlpipe__store_begin(mlpipe_ctx *ctx, const char *where,
                                  const mlpipe_store *s);
mlpipe_status mlpipe__store_name_check(mlpipe_ctx *ctx, const char *name);
/* Path of something in the store, in t (emptied first); E_NOMEM. */
mlpipe_status mlpipe__store_path(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *folder, const char *name,
                                 mlpipe__text *t);
/* The file at that path; *data is NULL where there is none. gives: path, and
 * data for mlpipe__free. */
mlpipe_status mlpipe__store_read_file(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const char *folder, const char *name,
                                      uint64_t limit, mlpipe__text *path,
                                      char **data, size_t *bytes);
/* May be given: no version's digits, and not in use in `folder`, where names
 * and tags must not meet. E_PARAM, E_CONFLICT. */
mlpipe_status mlpipe__store_name_free(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const char *folder, const char *name);
/* A name, a tag or an id of that kind. */
mlpipe_status mlpipe__store_resolve(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const char *name, const char *kind,
                                    mlpipe__store_ref *out);
mlpipe_status mlpipe__store_point(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *folder, const char *name,
                                  const mlpipe__store_ref *ref);
mlpipe_status mlpipe__store_lock(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 void **lock);
void mlpipe__store_unlock(mlpipe_ctx *ctx, void *lock);

/* ---- objects (store_object.c) ------------------------------------------- */

/* Writes the container under its id unless it is there; tells the id. */
mlpipe_status mlpipe__store_put_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s,
                                       const mlpipe__container *object,
                                       const char *kind,
                                       char id[MLPIPE__STORE_ID]);
mlpipe_status mlpipe__store_put_bytes(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const void *data, size_t bytes,
                                      const char *id);
/* Reads and checks an object; its id must be what it is filed under. */
mlpipe_status mlpipe__store_get_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       const char *kind,
                                       mlpipe__container *out);
mlpipe_status mlpipe__store_read_bytes(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       char **data, size_t *bytes);

/* ---- columns as chunk objects (store_chunk.c) --------------------------- */

/* Rows start .. start + n - 1 (n <= MLPIPE__CHUNK_ROWS) of a column. */
mlpipe_status mlpipe__store_chunk_save(mlpipe_ctx *ctx,
                                       const mlpipe_dataset *d,
                                       uint32_t column, int64_t start,
                                       uint32_t n, mlpipe__text *out);
mlpipe_status mlpipe__store_chunk_load(mlpipe_ctx *ctx,
                                       const mlpipe__section *section,
                                       int32_t type, uint32_t n,
                                       uint32_t categories,
                                       mlpipe__column_writer *w);

/* ---- the log (store_log.c) ---------------------------------------------- */

typedef struct mlpipe__store_entry {
    const char *action;  /* "put" or "tag" */
    const char *kind;    /* "dataset" or "model" */
    const char *name;
    const char *id;
    const char *content; /* fingerprint of the data; of a model: of the rows
                            that it was fitted on */
} mlpipe__store_entry;

mlpipe_status mlpipe__store_log_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const mlpipe__store_entry *entry);
/* Calls visit for each entry in order; a torn tail ends the reading. */
mlpipe_status mlpipe__store_log_read(
    mlpipe_ctx *ctx, const mlpipe_store *s,
    void (*visit)(void *arg, const mlpipe__store_entry *entry), void *arg);

/* Parameters, for the catalog. */
extern const mlpipe__param mlpipe__store_params[];
extern const uint32_t mlpipe__store_param_count;

#endif
