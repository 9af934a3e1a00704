/* SPDX-License-Identifier: MIT */
/* Columns, datasets, builders and layouts as the other folders see them. */
#ifndef MLPIPE_DATA_INTERNAL_H
#define MLPIPE_DATA_INTERNAL_H

#include "../num/num_internal.h"
#include "../report/report_internal.h"

/* ---- columns (column.c) ------------------------------------------------- */

enum {
    MLPIPE__CHUNK_ROWS = 65536,
    /* Columns of more different texts are TEXT, unless CATEGORY is asked. */
    MLPIPE__AUTO_CATEGORIES = 65536
};

/* A dictionary that columns and programs share. */
typedef struct mlpipe__dictionary {
    atomic_uint_fast64_t refs;
    mlpipe__dict dict;
} mlpipe__dictionary;
mlpipe__dictionary *mlpipe__dictionary_new(mlpipe__env *env);
mlpipe__dictionary *mlpipe__dictionary_keep(const mlpipe__dictionary *d);
void mlpipe__dictionary_drop(mlpipe__dictionary *d); /* NULL is allowed */
/*
 * A new dictionary of the texts of `from` in the order of their bytes, so that
 * codes depend on the set of texts and not on which row came first. map[old]
 * is the new code; entries with used[old] = 0 are left out (used NULL: all
 * stay) and map to -1. NULL on out of memory.
 */
mlpipe__dictionary *mlpipe__dictionary_sorted(const mlpipe__dict *from,
                                              const uint8_t *used,
                                              int32_t *map);

/*
 * Memory that is not ours, such as an imported array: given back by `release`
 * when the last chunk that reads it is gone, on whatever thread that is.
 */
typedef struct mlpipe__owner {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    void (*release)(struct mlpipe__owner *self); /* not the struct itself */
} mlpipe__owner;
mlpipe__owner *mlpipe__owner_keep(mlpipe__owner *o);
void mlpipe__owner_drop(mlpipe__owner *o); /* NULL is allowed */
/* The same n times at once. */
void mlpipe__owner_keep_many(mlpipe__owner *o, uint64_t n);
void mlpipe__owner_drop_many(mlpipe__owner *o, uint64_t n);

/*
 * 65,536 rows (the last chunk: at most) in Arrow's layout: BOOL a bitmap, I64,
 * TIMESTAMP, DURATION int64, F64 double (or float under f32), CATEGORY int32
 * codes, TEXT int32 offsets (rows + 1) into bytes. Our own buffers are aligned
 * to 64 bytes, padded, and zero in null slots. Those of an owner are aligned
 * to their element, end where Arrow lets them end, and hold anything in null
 * slots: whoever reads values blanks them where `loose` is set. Bitmaps are
 * read byte by byte for that reason.
 */
typedef struct mlpipe__chunk {
    void *data;
    char *bytes;       /* TEXT only */
    uint8_t *validity; /* bit set = valid; NULL = all valid */
    uint32_t rows;
    uint32_t nulls;
    uint8_t shift;     /* bit of the first row in bitmaps, 0 to 7 */
    bool loose;        /* there are nulls, and their slots hold anything */
    mlpipe__owner *owner; /* of all three buffers; NULL = our own memory */
} mlpipe__chunk;

static inline bool mlpipe__bit(const void *bits, uint64_t at)
{
    return ((const uint8_t *)bits)[at / 8] >> (at % 8) & 1;
}

static inline bool mlpipe__chunk_valid(const mlpipe__chunk *chunk,
                                       uint32_t at)
{
    return !chunk->validity
        || mlpipe__bit(chunk->validity, (uint64_t)at + chunk->shift);
}

typedef struct mlpipe__column {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    char *name;
    int32_t type; /* MLPIPE_TYPE_ */
    int32_t unit; /* MLPIPE_UNIT_ */
    bool f32;     /* F64 stored as float */
    int64_t rows, nulls;
    uint32_t chunk_count;
    mlpipe__chunk *chunks;
    struct mlpipe__column *lender; /* whose chunks they are; NULL: its own */
    mlpipe__dictionary *dictionary; /* CATEGORY */
} mlpipe__column;

mlpipe__column *mlpipe__column_new(mlpipe__env *env, const char *name,
                                   size_t name_bytes, int32_t type,
                                   int32_t unit);
mlpipe__column *mlpipe__column_keep(const mlpipe__column *c);
void mlpipe__column_drop(mlpipe__column *c); /* NULL is allowed */
/* The same values under another name; NULL: no memory. */
mlpipe__column *mlpipe__column_renamed(const mlpipe__column *c,
                                       const char *name, size_t bytes);

/*
 * A column being filled, one value at a time. False = out of memory, or a
 * chunk of more than 2 GiB of text (mlpipe__writer_full tells which). A
 * CATEGORY writer without a dictionary makes its own and sorts it by text
 * when it is finished; one that was given is left as it is.
 */
typedef struct mlpipe__column_writer mlpipe__column_writer;
mlpipe__column_writer *mlpipe__writer_new(mlpipe__env *env, const char *name,
                                          size_t name_bytes, int32_t type,
                                          int32_t unit,
                                          mlpipe__dictionary *dictionary);
/* Makes room for n more values (not for bytes of text): they cannot fail. */
bool mlpipe__writer_reserve(mlpipe__column_writer *w, int64_t n);
bool mlpipe__writer_full(const mlpipe__column_writer *w);
/* Before the first value of an F64 column: keep floats. */
void mlpipe__writer_floats(mlpipe__column_writer *w);
/* How far it is; its dictionary is added to by mlpipe__writer_text alone. */
const mlpipe__column *mlpipe__writer_column(const mlpipe__column_writer *w);
/*
 * Room for n chunks of owners' buffers, for the caller to fill in: zero, and
 * no part of the column until mlpipe__writer_borrow. Only where the rows so
 * far are whole chunks. NULL: out of memory.
 */
mlpipe__chunk *mlpipe__writer_room(mlpipe__column_writer *w, uint32_t n);
/*
 * Takes n chunks that were filled in there as they are, and one reference of
 * the owner for each. All but the last are whole; after one that is not, none
 * can follow. Codes are of the column's dictionary as it is now.
 */
void mlpipe__writer_borrow(mlpipe__column_writer *w, uint32_t n);
bool mlpipe__writer_null(mlpipe__column_writer *w);
bool mlpipe__writer_i64(mlpipe__column_writer *w, int64_t v); /* and times */
bool mlpipe__writer_f64(mlpipe__column_writer *w, double v);
bool mlpipe__writer_bool(mlpipe__column_writer *w, bool v);
bool mlpipe__writer_code(mlpipe__column_writer *w, int32_t code);
/* TEXT: the bytes; CATEGORY: adds to the dictionary. */
bool mlpipe__writer_text(mlpipe__column_writer *w, const char *s, size_t n);
/* Gives the column (one reference) and frees the writer; NULL on failure. */
mlpipe__column *mlpipe__writer_finish(mlpipe__column_writer *w);
void mlpipe__writer_free(mlpipe__column_writer *w);

/* ---- datasets (dataset.c) ----------------------------------------------- */

/* A counted array of physical rows that views share. */
typedef struct mlpipe__rowset {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    int64_t count;
    int64_t *rows;
} mlpipe__rowset;
mlpipe__rowset *mlpipe__rowset_new(mlpipe__env *env, int64_t count);
mlpipe__rowset *mlpipe__rowset_keep(const mlpipe__rowset *s);
void mlpipe__rowset_drop(mlpipe__rowset *s);

struct mlpipe_dataset {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    uint32_t column_count;
    mlpipe__column **columns;
    mlpipe__dict names;     /* name -> position */
    int64_t rows, start;    /* physical row of view row i: */
    mlpipe__rowset *rowset; /* rowset ? rowset->rows[start + i] : start + i */
    uint64_t first_id;      /* id of physical row p: */
    uint64_t *ids;          /* ids ? ids[p] : first_id + p */
    mlpipe__rowset *id_owner; /* holds ids; NULL without them */
    mlpipe_report *reading; /* NULL where it was not read from a source */
};

/*
 * takes one reference of each column and of reading (NULL is allowed), also
 * on failure; all columns have the same rows. E_CONFLICT: a name occurs twice.
 */
mlpipe_status mlpipe__dataset_new(mlpipe_ctx *ctx, mlpipe__column **columns,
                                  uint32_t count, uint64_t first_id,
                                  mlpipe_report *reading,
                                  mlpipe_dataset **out);
/* The same with an id for each row: takes the reference of ids as well. */
mlpipe_status mlpipe__dataset_new_ids(mlpipe_ctx *ctx,
                                      mlpipe__column **columns,
                                      uint32_t count, mlpipe__rowset *ids,
                                      mlpipe_report *reading,
                                      mlpipe_dataset **out);
mlpipe_dataset *mlpipe__dataset_keep(const mlpipe_dataset *d);
/* A view of rows by their position in d; takes the reference of `rows`, whose
 * entries are positions in d, and turns them into physical rows. */
mlpipe_status mlpipe__dataset_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__rowset *rows,
                                   mlpipe_dataset **out);
/* Other columns, as long as d's, over the rows of d: takes one reference of
 * each, also on failure. E_CONFLICT: a name occurs twice. */
mlpipe_status mlpipe__dataset_over(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__column **columns, uint32_t count,
                                   mlpipe_dataset **out);
/* Rows of d's columns, of which a view shows some. */
int64_t mlpipe__dataset_stored(const mlpipe_dataset *d);
/* For each of them the last row of d that shows it, or -1; NULL: no memory.
 * What is computed of a row for d becomes a column beside d's by this. */
int64_t *mlpipe__dataset_places(mlpipe__env *env, const mlpipe_dataset *d);
/* E_LIMIT where a dataset has 2^31 - 1 rows or more. */
mlpipe_status mlpipe__dataset_countable(mlpipe_ctx *ctx, const char *owner,
                                        const mlpipe_dataset *d);
/* Appends a cell to a column of the same type, and dictionary if it was given
 * one. False as of the writer. */
bool mlpipe__writer_cell(mlpipe__column_writer *w, const mlpipe_dataset *d,
                         uint32_t column, int64_t row);
/* E_NOMEM, or E_LIMIT where 2^31 bytes of text in a chunk were too few; the
 * writer may be NULL. */
mlpipe_status mlpipe__writer_failed(mlpipe_ctx *ctx,
                                    const mlpipe__column_writer *w);
static inline int64_t mlpipe__dataset_physical(const mlpipe_dataset *d,
                                               int64_t row)
{
    return d->rowset ? d->rowset->rows[d->start + row] : d->start + row;
}
/*
 * n rows of a column from row `start` as doubles with validity bytes (1 or
 * 0; null slots hold 0.0): numbers, bools, times as they are, categories as
 * codes of the column's dictionary. No TEXT. Any thread, never fails.
 */
void mlpipe__dataset_block(const mlpipe_dataset *d, uint32_t column,
                           int64_t start, uint32_t n, double *values,
                           uint8_t *valid);
/* The same exactly, for I64, BOOL, TIMESTAMP, DURATION, CATEGORY. */
void mlpipe__dataset_block_i64(const mlpipe_dataset *d, uint32_t column,
                               int64_t start, uint32_t n, int64_t *values,
                               uint8_t *valid);
/* The n values themselves, of 8 bytes each, and their validity (or NULL) as
 * above, where they lie side by side as a block would hold them; else NULL. */
const void *mlpipe__dataset_run(const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, uint8_t *valid);
/* Text of a TEXT or CATEGORY cell; NULL where it is null. */
const char *mlpipe__dataset_cell_text(const mlpipe_dataset *d, uint32_t column,
                                      int64_t row, size_t *bytes);
/* Canonical 64-bit hash of a cell: equal values of equal type hash equal; null
 * has a hash of its own; -0 = 0, NaN = NaN. */
uint64_t mlpipe__dataset_cell_hash(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row, uint64_t seed);
/* What the rows of a group share where the column is a group role: the hash of
 * the cell with seed 0. Rows of unknown group are not one group for that: each
 * has a key of its own, made of its row id. */
uint64_t mlpipe__dataset_group_key(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row);
/* 64 bits that equal cells of one column share; of texts a hash. */
uint64_t mlpipe__dataset_cell_bits(const mlpipe_dataset *d, uint32_t column,
                                   int64_t row);
/* Where its bytes lie, for asking for them ahead. */
const void *mlpipe__dataset_cell_at(const mlpipe_dataset *d, uint32_t column,
                                    int64_t row);
bool mlpipe__dataset_cell_equal(const mlpipe_dataset *d, uint32_t column,
                                int64_t row_a, int64_t row_b);
/* E_SCHEMA with the nearest name where there is no such column. */
mlpipe_status mlpipe__dataset_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     const char *name, uint32_t *out);
mlpipe_status mlpipe__dataset_hash(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   mlpipe__hash128 *out);
/* And of the content of each column (NULL: not wanted), without its name. */
mlpipe_status mlpipe__dataset_hashes(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     mlpipe__hash128 *out,
                                     mlpipe__hash128 *columns);
/* The same in two halves, for who passes over the values anyway: 65,536 rows
 * of a column from `segment` times as many on (any thread; no_nan: it is
 * known that none is NaN; vector: mlpipe__cpu_vector, or 0); and all of them,
 * column by column, together (columns as above). */
mlpipe__hash128 mlpipe__dataset_hash_segment(const mlpipe_dataset *d,
                                             uint32_t column,
                                             uint64_t segment, bool no_nan,
                                             uint32_t vector);
mlpipe__hash128 mlpipe__dataset_hash_join(const mlpipe_dataset *d,
                                          const mlpipe__hash128 *segments,
                                          mlpipe__hash128 *columns);
const char *mlpipe__type_name(int32_t type); /* "f64", "category", ... */
const char *mlpipe__unit_name(int32_t unit); /* "s", "ms", "us", "ns", "" */
/* ISO 8601 of a count of the unit, in UTC; how many bytes (time_text.c). */
enum { MLPIPE__TIME_TEXT_BYTES = 40 };
size_t mlpipe__time_text(int64_t count, int32_t unit,
                         char out[MLPIPE__TIME_TEXT_BYTES]);
int64_t mlpipe__unit_ticks(int32_t unit); /* of a second; 1 without a unit */
/* How many of `to` are one of `from`, which is no finer. */
int64_t mlpipe__unit_ratio(int32_t from, int32_t to);

/* ---- equal rows (row_groups.c) ------------------------------------------ */

/* Rows are equal where the cells of all columns are: missing equals missing,
 * NaN equals NaN, -0 equals 0. */
typedef struct mlpipe__row_groups {
    mlpipe__env *env;
    const mlpipe_dataset *rows;
    uint32_t *columns;
    uint32_t column_count;
    uint32_t *first; /* of each row: the first that equals it, or itself */
    uint32_t *count; /* of first rows: how many there are; 0 elsewhere */
    uint64_t *hash;
    uint32_t *slots;
    size_t mask;
} mlpipe__row_groups;

#define MLPIPE__NO_ROW UINT32_MAX /* first[] of a row that was left out */

/* on: names of columns, all where it is empty; use: NULL, or 0 for rows that
 * are left out. free also after a failure. */
mlpipe_status mlpipe__row_groups_find(mlpipe_ctx *ctx, const char *owner,
                                      const mlpipe_dataset *rows,
                                      const mlpipe__setting *on,
                                      const uint8_t *use,
                                      mlpipe__row_groups *out);
void mlpipe__row_groups_free(mlpipe__row_groups *g);

typedef struct mlpipe__row_figures {
    uint64_t rows, distinct; /* extra = rows - distinct */
    uint64_t groups;         /* of two rows or more */
    uint64_t largest;        /* rows; 0 where there are none at all */
    uint64_t conflicts;      /* groups whose labels differ */
} mlpipe__row_figures;
/* label: a column, or -1: no conflicts are looked for. */
mlpipe_status mlpipe__row_groups_figures(mlpipe_ctx *ctx,
                                         const mlpipe__row_groups *g,
                                         int32_t label,
                                         mlpipe__row_figures *out);

/* ---- profile and drift (profile.c, dataset_drift.c) --------------------- */

/* Parameters, for the catalog. */
extern const mlpipe__param mlpipe__profile_params[];
extern const uint32_t mlpipe__profile_param_count;
extern const mlpipe__param mlpipe__dataset_drift_params[];
extern const uint32_t mlpipe__dataset_drift_param_count;

/* Parameters of calls, for the catalog. */
extern const mlpipe__param mlpipe__builder_params[];
extern const uint32_t mlpipe__builder_param_count;
extern const mlpipe__param mlpipe__select_params[];
extern const uint32_t mlpipe__select_param_count;
extern const mlpipe__param mlpipe__sort_params[];
extern const uint32_t mlpipe__sort_param_count;
extern const mlpipe__param mlpipe__sample_params[];
extern const uint32_t mlpipe__sample_param_count;
extern const mlpipe__param mlpipe__concat_params[];
extern const uint32_t mlpipe__concat_param_count;
extern const mlpipe__param mlpipe__asof_params[];
extern const uint32_t mlpipe__asof_param_count;

/* Parameters of the Arrow interfaces, for the catalog (arrow_*.c). */
extern const mlpipe__param mlpipe__from_arrow_params[];
extern const uint32_t mlpipe__from_arrow_param_count;
extern const mlpipe__param mlpipe__to_arrow_params[];
extern const uint32_t mlpipe__to_arrow_param_count;

/* ---- layouts (layout.c), also in libmlpipe-serve ------------------------ */

typedef struct mlpipe__field {
    const char *name;
    int32_t kind;     /* MLPIPE_F64 .. MLPIPE_TOKEN; 0 = declared absent */
    uint32_t offset;
    bool has_missing;
    double missing;
} mlpipe__field;

struct mlpipe_layout {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    size_t record_bytes;
    uint32_t field_count, field_room;
    mlpipe__field *fields;
    mlpipe__dict names; /* of the fields, in their order */
    atomic_bool bound;
    atomic_flag token_lock; /* held for a few instructions, never in predict */
    mlpipe__dict tokens;    /* token t is entry t - 1 */
};

mlpipe_layout *mlpipe__layout_keep(const mlpipe_layout *l);
/* No more fields: something was made by it, and all went well. */
void mlpipe__layout_bind(mlpipe_layout *l);
void mlpipe__layout_drop(mlpipe_layout *l);
/* Position of a field; -1 where there is none. */
int32_t mlpipe__layout_find(const mlpipe_layout *l, const char *name);
uint32_t mlpipe__layout_tokens(mlpipe_layout *l); /* how many exist now */
/* Copies the text of a token (1 ..) to t; false where there is none. */
bool mlpipe__layout_token_text(mlpipe_layout *l, uint32_t token,
                               mlpipe__text *t);
/* Bytes of a value of this kind; 0 where there is no such kind. */
size_t mlpipe__kind_bytes(int32_t kind);
/* The number in a field (not TOKEN), NaN where it is missing. */
double mlpipe__field_number(const mlpipe__field *f, const void *record);
/* The time in a field, counted in `unit`, in microseconds; NaN: missing. */
double mlpipe__field_time(const mlpipe__field *f, const void *record,
                          int32_t unit);
/* A count of `unit` in whole microseconds, as a host would tell a worker. */
double mlpipe__time_us(int64_t count, int32_t unit);
/* The token in a TOKEN field, 0 where it is missing. */
uint32_t mlpipe__field_token(const mlpipe__field *f, const void *record);

#endif
