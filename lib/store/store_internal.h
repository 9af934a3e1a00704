/* SPDX-License-Identifier: MIT */
/*
 * A store is a folder:
 *
 *   format                "mlpipe-store 3"
 *   packs/abcd...         objects: containers named by their content, with
 *                         an index behind them; never changed
 *   refs/name             "dataset <version> <commit>"; replaced as a whole
 *   tags/name             the same; never replaced
 *   log                   what was done, framed and hashed records
 *   lock                  held while a name moves, and by gc
 *   leases/name           one for each writer, locked while it lives
 *   gc                    a byte for each gc that was begun
 *
 * A version is content alone: a manifest (kind MANI), a model's bundle or a
 * report (REPT). A commit (CMIT) tells which version a name had, when, why and
 * from where, and names the commit before it; it has the times.
 *
 * What one writer brings lies in one pack, which is written without the lock
 * and known to the disk by name before the name that points into it, and that
 * before the log, so that a crash leaves the old state or the new one. A gc
 * that ran meanwhile may have taken what was found instead of written: who is
 * about to move a name holds the lock, sees it by the file gc, and looks
 * again.
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
    double wait;          /* seconds that a writer waits for another */
    char *author, *code;  /* of commits that name none; "" = none */
    struct mlpipe__packs *packs;
};

/* What a name points to. */
typedef struct mlpipe__store_ref {
    char kind[8]; /* "dataset", "model" or "report" */
    char id[MLPIPE__STORE_ID];     /* the version */
    char commit[MLPIPE__STORE_ID]; /* "" where a version was named */
} mlpipe__store_ref;

/* ---- names (store.c, store_ref.c) ----------------------------------- */

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
/* Reads folder/name if it is there; *found tells. E_CORRUPT. */
mlpipe_status mlpipe__store_ref_read(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     const char *folder, const char *name,
                                     mlpipe__store_ref *out, bool *found);
/* A name, a tag or an id of that kind. */
mlpipe_status mlpipe__store_resolve(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const char *name, const char *kind,
                                    mlpipe__store_ref *out);
/* The same of any kind; a version's is in its object. */
mlpipe_status mlpipe__store_resolve_any(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        const char *name,
                                        mlpipe__store_ref *out);
mlpipe_status mlpipe__store_point(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *folder, const char *name,
                                  const mlpipe__store_ref *ref);
/* Is this damage, and not a fault of the machine? */
bool mlpipe__store_is_damage(mlpipe_status st);

/* ---- locks and leases (store_lease.c) ------------------------------- */

/* Where an object is in a pack, as it lies in the pack's index. */
typedef struct mlpipe__pack_entry {
    uint64_t hi, lo;        /* its id */
    uint64_t offset, bytes; /* of the record */
    uint64_t hash;          /* in its header, of its table of hashes */
} mlpipe__pack_entry;

/* One that is writing objects. */
typedef struct mlpipe__store_writer {
    void *lease;
    mlpipe__text path; /* of the lease */
    int64_t began;     /* nanoseconds since 1970 as the file system tells, 0
                          where it does not */
    uint64_t gc;       /* how many were begun by then */
    bool used;         /* objects that others wrote */
    mlpipe__new_file file;  /* the pack under way, if there is one */
    mlpipe__text pack_path, buffer;
    uint64_t offset;        /* behind the last record */
    uint64_t reserved;      /* bytes that the disk was asked for, or 0 */
    mlpipe__pack_entry *entries;
    uint32_t count, room;
    mlpipe__dict ids;       /* of entries, by 16 bytes */
} mlpipe__store_writer;

/* Waits as long as the store says; E_BUSY. */
mlpipe_status mlpipe__store_lock(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 void **lock);
void mlpipe__store_unlock(mlpipe_ctx *ctx, void *lock);
mlpipe_status mlpipe__store_lease(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_writer *w);
/* Ends the lease; what is not settled is forgotten. */
void mlpipe__store_release(mlpipe_ctx *ctx, const mlpipe_store *s,
                           mlpipe__store_writer *w);
/* How many gc were begun. */
mlpipe_status mlpipe__store_gc_count(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     uint64_t *count);
mlpipe_status mlpipe__store_gc_begin(mlpipe_ctx *ctx, const mlpipe_store *s);
/* Under the lock: how many writers live and when the first of them began; the
 * leases of others are taken away, unless `look` only. */
mlpipe_status mlpipe__store_writers(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    bool look, uint32_t *live,
                                    int64_t *began);
/* Names in a folder of the store; none where it is absent. gives: free dict. */
mlpipe_status mlpipe__store_list(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *folder, mlpipe__dict *names);

/* ---- packs (store_pack.c, store_packer.c) --------------------------- */

typedef struct mlpipe__pack {
    mlpipe__hash128 name; /* of the index */
    uint64_t bytes;       /* of the file */
    bool damaged;         /* its index cannot be read */
    uint32_t count;
    mlpipe__pack_entry *entries; /* by id */
    uint8_t *doubts; /* NULL, or for each entry: its record is damaged */
} mlpipe__pack;

/* The packs that are known. */
typedef struct mlpipe__packs {
    mlpipe__pack *items;
    uint32_t count, room;
    mlpipe__store_writer *writer; /* of this store, or NULL */
} mlpipe__packs;

/* The hash in the header of a record. */
uint64_t mlpipe__pack_record_hash(const void *record);
/* Where a pack lies, in path. */
mlpipe_status mlpipe__pack_path(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__pack *p, mlpipe__text *path);
/* Index and footer behind `offset` bytes of records; tells the name. */
void mlpipe__pack_index(const mlpipe__pack_entry *entries, uint32_t count,
                        uint64_t offset, mlpipe__hash128 *name,
                        mlpipe__text *out);
/* Takes entries of p where it is MLPIPE_OK. */
mlpipe_status mlpipe__packs_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__pack *p);
void mlpipe__packs_free(mlpipe_store *s);
/* Looks into the folder; *changed (or NULL): there are others than before. */
mlpipe_status mlpipe__packs_refresh(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    bool *changed);
const mlpipe__pack_entry *mlpipe__pack_find(const mlpipe__pack *p,
                                            mlpipe__hash128 id);
/* A record, whose header is what the index tells. gives: mlpipe__free */
mlpipe_status mlpipe__pack_record(mlpipe_ctx *ctx, void *file,
                                  const char *path,
                                  const mlpipe__pack_entry *e, char **data);
/* The same of a pack by name; E_NOT_FOUND where it was taken away. */
mlpipe_status mlpipe__pack_get(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const mlpipe__pack *p,
                               const mlpipe__pack_entry *e, char **data);
/* Notes that a record is damaged; no memory for it is no failure. */
void mlpipe__pack_doubt(const mlpipe_store *s, mlpipe__pack *p,
                        const mlpipe__pack_entry *e);
/* The copy of an object that was read last is damaged: is there another that
 * is not? */
bool mlpipe__packs_doubt(const mlpipe_store *s, const char *id);
/* With nothing written and no lease. */
void mlpipe__store_writer_init(const mlpipe_store *s,
                               mlpipe__store_writer *w);
/* Place of an object that is written and not in a pack yet; UINT32_MAX. */
uint32_t mlpipe__store_pending(const mlpipe__store_writer *w,
                               mlpipe__hash128 id);
mlpipe_status mlpipe__store_pending_get(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        mlpipe__store_writer *w,
                                        mlpipe__hash128 id, char **data,
                                        size_t *bytes);
/* Writes a record, whether it is there or not; `more` bytes at tail (or 0)
 * are its end. */
mlpipe_status mlpipe__store_append(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w, const void *data,
                                   size_t bytes, const void *tail,
                                   size_t more, mlpipe__hash128 id);
/* Waits until the disk has what was written: settling is short then. */
mlpipe_status mlpipe__store_write_out(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w);
/* The pack under way becomes one that all see; waits until the disk knows it,
 * and those of others that were used. */
mlpipe_status mlpipe__store_settle(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w);
/* Forgets the pack under way. */
void mlpipe__store_abandon(mlpipe_ctx *ctx, const mlpipe_store *s,
                           mlpipe__store_writer *w);

/* ---- what gc takes of packs (store_sweep.c) ------------------------- */

typedef struct mlpipe__store_sweep_job {
    const mlpipe__dict *objects; /* that stay, by their digits */
    bool dry;
    uint32_t writers;
    int64_t began;          /* of the oldest writer */
    uint64_t removed, young; /* objects */
    uint64_t removed_bytes, kept_bytes;
} mlpipe__store_sweep_job;

/* Under the lock, with packs as they are: takes away the packs of which
 * nothing stays, and writes what stays of those that are mostly dead into
 * another, before they go. */
mlpipe_status mlpipe__store_sweep(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_sweep_job *job);

/* ---- objects (store_object.c) --------------------------------------- */

/* Writes the container unless it is there; tells the id. */
mlpipe_status mlpipe__store_put_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s,
                                       mlpipe__store_writer *w,
                                       const mlpipe__container *object,
                                       const char *kind,
                                       char id[MLPIPE__STORE_ID]);
mlpipe_status mlpipe__store_put_bytes(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w,
                                      const void *data, size_t bytes,
                                      const char *id);
/* The same of an object that goes on with `more` bytes at tail. */
mlpipe_status mlpipe__store_put_parts(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      mlpipe__store_writer *w,
                                      const void *data, size_t bytes,
                                      const void *tail, size_t more,
                                      const char *id);
/* Is it there, as far as the packs are known, and not known as damaged? */
bool mlpipe__store_has(const mlpipe_store *s, mlpipe__store_writer *w,
                       const char *id);
/* Reads and checks an object; its id must be what it is filed under. */
mlpipe_status mlpipe__store_get_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       const char *kind,
                                       mlpipe__container *out);
/* After E_FORMAT: tells what it is where it is a whole object of another kind,
 * since somebody gave the wrong version. E_FORMAT */
mlpipe_status mlpipe__store_other_kind(mlpipe_ctx *ctx, const char *id,
                                       const char *kind, const char *data,
                                       size_t bytes);
/* The same of its bytes. */
mlpipe_status mlpipe__store_parse_object(mlpipe_ctx *ctx, const char *id,
                                         const char *kind, const char *data,
                                         size_t bytes,
                                         mlpipe__container *out);
/* Reading a copy of these bytes ended so: is there another copy to read? */
bool mlpipe__store_other_copy(const mlpipe_store *s, const char *id,
                              const char *data, size_t bytes,
                              mlpipe_status st);
/* Checks an object of any kind, which is told by its four letters. */
mlpipe_status mlpipe__store_whole(mlpipe_ctx *ctx, const char *id,
                                  const char *data, size_t bytes,
                                  const char **kind);
mlpipe_status mlpipe__store_read_bytes(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       char **data, size_t *bytes);

/* ---- loops over numbers (store_lanes.c) ----------------------------- */

enum { MLPIPE__STORE_PIECE = 512 }; /* values at a time, on the stack */
typedef struct mlpipe__store_lanes {
    /* The lowest and the highest of n > 0. */
    void (*range)(const int64_t *values, uint32_t n, int64_t *low,
                  int64_t *high);
    /* What each value is above low, in `width` bytes of 0, 1, 2, 4 and 8. */
    void (*narrow)(const int64_t *values, uint32_t n, uint64_t low,
                   uint32_t width, void *to);
    /* Of whole numbers, or where that is NULL of doubles, as content. */
    void (*hash)(const int64_t *whole, const double *values, uint32_t n,
                 uint64_t *hashes);
    /* Those whose rest is not above `below`, in their order; returns how
     * many. few: room for n. */
    uint32_t (*sift)(const uint64_t *hashes, uint32_t n, uint64_t below,
                     uint64_t *few);
    /* Both of at most MLPIPE__STORE_PIECE, which keeps no hash but those. */
    uint32_t (*pick)(const int64_t *whole, const double *values, uint32_t n,
                     uint64_t below, uint64_t *few);
    /* Is none of them NaN? */
    bool (*no_nan)(const double *values, uint32_t n);
} mlpipe__store_lanes;

/* For vectors of so many bytes as the machine has. */
const mlpipe__store_lanes *mlpipe__store_lanes_of(uint32_t vector);

/* The bits of a hash behind the 12 of its cell (MLPIPE__STORE_CELLS), ended
 * by a one. */
static inline uint64_t mlpipe__store_rest(uint64_t hash)
{
    return hash << 12 | UINT64_C(0x800);
}

/* ---- columns as chunk objects (store_chunk.c) ----------------------- */

/* Where the values of a chunk lie on their way. */
typedef struct mlpipe__store_scratch {
    union {
        double doubles[MLPIPE__CHUNK_ROWS];
        int64_t whole[MLPIPE__CHUNK_ROWS];
    } values;
    uint64_t narrow[MLPIPE__CHUNK_ROWS];
    uint64_t bits[MLPIPE__CHUNK_ROWS / 64];
    uint8_t valid[MLPIPE__CHUNK_ROWS];
    const int64_t *whole; /* of the last chunk of such: above, or its own */
    uint32_t nulls;       /* of the last chunk, and where they are none */
    int64_t low, high;    /* and it is of whole numbers: of them */
    const mlpipe__store_lanes *lanes;
} mlpipe__store_scratch;

/* The end of a chunk that needs no copy, since it lies in the dataset so:
 * doubles of which none is NaN. */
typedef struct mlpipe__store_tail {
    const void *data;
    size_t bytes; /* 0: there is none */
} mlpipe__store_tail;

/* The statistics of rows, gathered chunk by chunk (store_stat.c). */
typedef struct mlpipe__store_gather mlpipe__store_gather;

/* Rows start .. start + n - 1 (n <= MLPIPE__CHUNK_ROWS) of a column; gather
 * (or NULL) sees them as well. out tells whether memory failed. */
void mlpipe__store_chunk_save(const mlpipe_dataset *d, uint32_t column,
                              int64_t start, uint32_t n,
                              mlpipe__store_scratch *scratch,
                              mlpipe__store_gather *gather,
                              mlpipe__text *out, mlpipe__store_tail *tail);
/* E_CORRUPT has no text of its own: the caller knows which column it is. */
mlpipe_status mlpipe__store_chunk_load(mlpipe_ctx *ctx,
                                       const mlpipe__section *section,
                                       int32_t type, uint32_t n,
                                       uint32_t categories,
                                       mlpipe__column_writer *w);

/* ---- statistics of a column (store_stat.c) -------------------------- */

enum {
    MLPIPE__STORE_QUANTILES = 65, /* points of a curve, ends included */
    MLPIPE__STORE_TOP = 32,
    MLPIPE__STORE_SAMPLE = 8192,  /* rows that the curve is drawn from */
    MLPIPE__STORE_CELLS = 4096    /* of the sketch of distinct values */
};

/* What a manifest keeps of a column, so that two versions are compared without
 * their data. Texts point into the manifest. */
typedef struct mlpipe__store_stat {
    uint64_t rows, nulls, infinite;
    double low, high, mean, sd; /* finite values; NaN where there are none */
    uint64_t distinct;          /* values that are not null */
    bool exact;                 /* distinct was counted, not estimated */
    uint32_t sampled;           /* finite values behind the curve */
    uint32_t points;            /* 0 or MLPIPE__STORE_QUANTILES */
    double curve[MLPIPE__STORE_QUANTILES];
    uint32_t top_count;         /* most frequent first */
    const char *top[MLPIPE__STORE_TOP];
    uint64_t top_rows[MLPIPE__STORE_TOP];
} mlpipe__store_stat;

/* vector: bytes of those that may be used. NULL: out of memory. */
mlpipe__store_gather *mlpipe__store_gather_new(mlpipe__env *env,
                                               uint32_t vector);
void mlpipe__store_gather_free(mlpipe__store_gather *g);
/* Empty, for rows of this column, which join `joined` later (or NULL): what
 * that one knows need not be found again. False: out of memory. */
bool mlpipe__store_gather_begin(mlpipe__store_gather *g,
                                const mlpipe_dataset *d, uint32_t column,
                                const mlpipe__store_gather *joined);
void mlpipe__store_gather_doubles(mlpipe__store_gather *g, int64_t start,
                                  uint32_t n, const double *values,
                                  const uint8_t *valid);
/* n values as the scratch has them. */
void mlpipe__store_gather_whole(mlpipe__store_gather *g, int64_t start,
                                uint32_t n, const mlpipe__store_scratch *in);
void mlpipe__store_gather_texts(mlpipe__store_gather *g, int64_t start,
                                uint32_t n);
/* Rows of the same column that were gathered elsewhere. */
bool mlpipe__store_gather_join(mlpipe__store_gather *g,
                               const mlpipe__store_gather *other);
/* scratch: MLPIPE__STORE_SAMPLE. Texts of out point into the dataset. */
bool mlpipe__store_gather_end(mlpipe__store_gather *g, double *scratch,
                              mlpipe__store_stat *out);
void mlpipe__store_stat_save(const mlpipe__store_stat *stat,
                             mlpipe__text *out);
/* False where it says what no column could have. */
bool mlpipe__store_stat_load(mlpipe__store_stat *stat, mlpipe__cursor *in);

/* ---- manifests (store_manifest.c) ----------------------------------- */

typedef struct mlpipe__store_column {
    const char *name;
    int32_t type, unit;
    mlpipe__hash128 print;       /* of its content */
    uint32_t categories;         /* entries of the dictionary */
    const unsigned char *dictionary; /* they, as texts of a cursor */
    size_t dictionary_bytes;
    const uint64_t *chunks;      /* ids, low word first */
} mlpipe__store_column;

typedef struct mlpipe__store_manifest {
    mlpipe__container object; /* all below points into it */
    char id[MLPIPE__STORE_ID], print[MLPIPE__STORE_ID];
    int64_t rows;
    uint32_t column_count, chunk_count;
    mlpipe__store_column *columns;
    mlpipe__store_stat *stats;
    uint64_t first_id;        /* of the rows, counting up; or */
    const uint64_t *id_chunks; /* NULL, or where they are */
} mlpipe__store_manifest;

/* Reads and checks; E_CORRUPT. gives: mlpipe__store_manifest_free. */
mlpipe_status mlpipe__store_manifest_get(mlpipe_ctx *ctx,
                                         const mlpipe_store *s,
                                         const char *id,
                                         mlpipe__store_manifest *out);
void mlpipe__store_manifest_free(mlpipe__store_manifest *m);
/* The id of chunk i as hexadecimal digits. */
void mlpipe__store_chunk_id(const uint64_t *chunks, uint32_t i,
                            char id[MLPIPE__STORE_ID]);
/* Same type, unit, dictionary and content? */
bool mlpipe__store_column_same(const mlpipe__store_column *a,
                               const mlpipe__store_column *b);
/* UINT32_MAX where there is none of that name. */
uint32_t mlpipe__store_column_find(const mlpipe__store_manifest *m,
                                   const char *name);
uint32_t mlpipe__store_chunks(int64_t rows);
uint32_t mlpipe__store_chunk_rows(int64_t rows, uint32_t chunk);
/* Writes all of a dataset; what old (or NULL) has is not written again. */
mlpipe_status mlpipe__store_manifest_put(mlpipe_ctx *ctx,
                                         const mlpipe_store *s,
                                         mlpipe__store_writer *w,
                                         const mlpipe_dataset *d,
                                         const mlpipe__store_manifest *old,
                                         char id[MLPIPE__STORE_ID],
                                         char print[MLPIPE__STORE_ID]);
/* The rows of a manifest, of all columns or of those with wanted[i] != 0;
 * reading (or NULL) is taken, also on failure. */
mlpipe_status mlpipe__store_manifest_load(mlpipe_ctx *ctx,
                                          const mlpipe_store *s,
                                          const mlpipe__store_manifest *m,
                                          const uint8_t *wanted,
                                          mlpipe_report *reading,
                                          mlpipe_dataset **out);
/* By name, with the report of its reading. */
mlpipe_status mlpipe__store_dataset_get(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        const char *name,
                                        mlpipe_dataset **out);

/* ---- columns on their way (store_columns.c) ------------------------- */

/* A dataset on its way into the store. */
typedef struct mlpipe__store_put {
    const mlpipe_store *store;
    mlpipe__store_writer *writer;
    const mlpipe_dataset *dataset;
    const mlpipe__store_manifest *old; /* or NULL */
    mlpipe__hash128 print, *prints;
    mlpipe__hash128 *segments; /* that prints are of; NULL: they are known */
    uint64_t *chunks;        /* ids of all columns, and of row ids */
    uint8_t *wanted;         /* columns that are to be made */
    mlpipe__store_stat *stats;
    mlpipe__text *dictionaries;
    bool plain;              /* row ids count up */
} mlpipe__store_put;

/* Writes the chunks of the columns that are wanted; fills in their ids and
 * statistics. */
mlpipe_status mlpipe__store_columns_put(mlpipe_ctx *ctx,
                                        mlpipe__store_put *p);

/* ---- commits (store_commit.c) --------------------------------------- */

/* Texts that whoever commits may give. */
enum mlpipe__store_text {
    MLPIPE__STORE_NOTE,
    MLPIPE__STORE_AUTHOR,
    MLPIPE__STORE_URI,
    MLPIPE__STORE_LICENCE,
    MLPIPE__STORE_SOURCE,    /* state of the source: a cursor, a date */
    MLPIPE__STORE_RETRIEVED,
    MLPIPE__STORE_KEY,       /* columns that identify a row */
    MLPIPE__STORE_CODE,      /* version of the host's code */
    MLPIPE__STORE_TEXTS
};
extern const char *const mlpipe__store_text_names[MLPIPE__STORE_TEXTS];

/* Texts are borrowed: from the object that it was read from, or the call. */
typedef struct mlpipe__store_commit {
    const char *kind, *name;
    char version[MLPIPE__STORE_ID];
    char parent[MLPIPE__STORE_ID]; /* a commit; "" = the first */
    char content[MLPIPE__STORE_ID]; /* fingerprint of the rows; of a model: of
                                       its training rows; of a report: the
                                       version that it is about */
    char valid[MLPIPE__STORE_ID];   /* of a model: of its other rows, or "" */
    int64_t time;                   /* microseconds since 1970; 0 = unknown */
    uint64_t rows;
    const char *changed;            /* columns that differ from the parent's */
    const char *text[MLPIPE__STORE_TEXTS];
    mlpipe__container object;       /* empty where it was not read */
} mlpipe__store_commit;

mlpipe_status mlpipe__store_commit_get(mlpipe_ctx *ctx, const mlpipe_store *s,
                                       const char *id,
                                       mlpipe__store_commit *out);
void mlpipe__store_commit_free(mlpipe__store_commit *c);

/* A name that is about to move. */
typedef struct mlpipe__store_change {
    mlpipe__store_commit commit;
    const char *expect; /* "" = anything, "none", or a version */
    const mlpipe_report *reading; /* or NULL */
    const mlpipe_dataset *dataset; /* one of these three */
    const mlpipe_model *model;
    const mlpipe_report *report;
} mlpipe__store_change;

/* Writes what it brings and moves the name; commit.version tells to what. */
mlpipe_status mlpipe__store_publish(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    mlpipe__store_change *change);
/* Calls visit for each commit of a name from the newest on, until it says
 * false; `first` is a commit's id. */
mlpipe_status mlpipe__store_chain(
    mlpipe_ctx *ctx, const mlpipe_store *s, const char *first,
    bool (*visit)(void *arg, const char *id, const mlpipe__store_commit *c),
    void *arg);
/* The same of every name, and of what tags point to. */
mlpipe_status mlpipe__store_walk(
    mlpipe_ctx *ctx, const mlpipe_store *s,
    bool (*visit)(void *arg, const char *id, const mlpipe__store_commit *c),
    void *arg);
/* "2026-01-31T12:00:00Z"; "" where it is 0. */
void mlpipe__store_time(int64_t us, char out[32]);
/* Of a parameter; E_PARAM. */
mlpipe_status mlpipe__store_time_parse(mlpipe_ctx *ctx, const char *owner,
                                       const mlpipe__setting *setting,
                                       int64_t *us);

/* ---- comparing rows (store_rows.c) ---------------------------------- */

/* Two datasets and the columns, pair by pair and of equal types, by which
 * their rows are compared. */
typedef struct mlpipe__store_rows {
    const mlpipe_dataset *d[2];
    uint32_t count;
    uint32_t *column[2];
} mlpipe__store_rows;

/* How many rows both have, each as often as in the one that has it less. */
mlpipe_status mlpipe__store_rows_common(mlpipe_ctx *ctx,
                                        const mlpipe__store_rows *rows,
                                        int64_t *common);
/* For each row of d[0] the row of d[1] that has the same values, or -1.
 * E_CONFLICT where two rows of one have. */
mlpipe_status mlpipe__store_rows_match(mlpipe_ctx *ctx,
                                       const mlpipe__store_rows *rows,
                                       int64_t *match);
/* E_CONFLICT where two rows of d[0] have the same values, with an example. */
mlpipe_status mlpipe__store_rows_unique(mlpipe_ctx *ctx,
                                        const mlpipe__store_rows *rows);
/* Is the cell of pair k the same in row a of d[0] and row b of d[1]? */
bool mlpipe__store_rows_equal(const mlpipe__store_rows *rows, uint32_t k,
                              int64_t a, int64_t b);
/* A cell for people. */
void mlpipe__store_cell(const mlpipe_dataset *d, uint32_t column, int64_t row,
                        mlpipe__text *out);
/* XXH3 of names, types and units. */
mlpipe__hash128 mlpipe__store_schema(const mlpipe__store_manifest *m);

/* ---- the log (store_log.c) ------------------------------------------ */

typedef struct mlpipe__store_entry {
    const char *action;  /* "put", "tag" or "drop" */
    const char *kind;    /* "dataset", "model" or "report" */
    const char *name;
    const char *id;
    const char *content; /* fingerprint of the data; of a model: of the rows
                            that it was fitted on */
} mlpipe__store_entry;

mlpipe_status mlpipe__store_log_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const mlpipe__store_entry *entries,
                                    uint32_t count);
/* Calls visit for each entry in order; a torn tail ends the reading. *skipped
 * (or NULL): bytes of the log that are damaged. */
mlpipe_status mlpipe__store_log_read(
    mlpipe_ctx *ctx, const mlpipe_store *s,
    void (*visit)(void *arg, const mlpipe__store_entry *entry), void *arg,
    uint64_t *skipped);

/* Parameters, for the catalog. */
extern const mlpipe__param mlpipe__store_params[];
extern const uint32_t mlpipe__store_param_count;
extern const mlpipe__param mlpipe__store_commit_params[];
extern const uint32_t mlpipe__store_commit_param_count;
extern const mlpipe__param mlpipe__store_gc_params[];
extern const uint32_t mlpipe__store_gc_param_count;
extern const mlpipe__param mlpipe__store_diff_params[];
extern const uint32_t mlpipe__store_diff_param_count;

#endif
