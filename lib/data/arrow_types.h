/* SPDX-License-Identifier: MIT */
/*
 * What the arrow_*.c share. A schema is read into a tree of nodes once; each
 * array that comes is checked against it as a whole (arrow_check.c), and only
 * then are values looked at.
 */
#ifndef MLPIPE_ARROW_TYPES_H
#define MLPIPE_ARROW_TYPES_H

#include "data_internal.h"

enum {
    MLPIPE__ARROW_DEPTH = 64,       /* of nested types */
    MLPIPE__ARROW_METADATA = 1 << 20 /* bytes, of one field */
};

/* What an array of a node looks like. */
enum mlpipe__arrow_kind {
    MLPIPE__ARROW_NULL,
    MLPIPE__ARROW_BOOL,
    MLPIPE__ARROW_INT,     /* also dates, times, timestamps, durations */
    MLPIPE__ARROW_FLOAT,
    MLPIPE__ARROW_DECIMAL,
    MLPIPE__ARROW_TEXT,    /* offsets of 4 or 8 bytes */
    MLPIPE__ARROW_VIEW,    /* of text */
    MLPIPE__ARROW_STRUCT,
    MLPIPE__ARROW_LIST,    /* and maps; offsets of 4 or 8 bytes */
    MLPIPE__ARROW_LIST_VIEW,
    MLPIPE__ARROW_LIST_FIXED,
    MLPIPE__ARROW_RUNS     /* run-end encoded: children run_ends, values */
};

typedef struct mlpipe__arrow_node {
    enum mlpipe__arrow_kind kind;
    char *name;       /* "" where it has none */
    char *path;       /* a.b, for messages */
    char *format;     /* as the schema tells it */
    const char *zone; /* of a timestamp, within format; "" = none */
    int32_t bytes;    /* of an element: INT, FLOAT, DECIMAL, an offset */
    bool is_signed;   /* INT */
    int32_t type;     /* of a column: MLPIPE_TYPE_; 0: STRUCT, lists, RUNS */
    int32_t unit;     /* MLPIPE_UNIT_ */
    int32_t seconds;  /* what an INT is multiplied by: 86,400 for days */
    int32_t scale;    /* DECIMAL */
    int64_t size;     /* LIST_FIXED */
    uint32_t child_count;
    struct mlpipe__arrow_node *children;
    struct mlpipe__arrow_node *dictionary; /* this is then its index */
} mlpipe__arrow_node;

/* The bare type of a format, without children (arrow_format.c). */
mlpipe_status mlpipe__arrow_format(mlpipe_ctx *ctx,
                                   mlpipe__arrow_node *node);
/* gives: free with mlpipe__arrow_node_free (arrow_schema.c) */
mlpipe_status mlpipe__arrow_schema(mlpipe_ctx *ctx,
                                   const struct ArrowSchema *schema,
                                   mlpipe__arrow_node **out);
void mlpipe__arrow_node_free(mlpipe__env *env, mlpipe__arrow_node *root);

/* Does the array keep the rules, down to its last child (arrow_check.c)? Its
 * row 0 is row `first` of the dataset. */
mlpipe_status mlpipe__arrow_check(mlpipe_ctx *ctx,
                                  const mlpipe__arrow_node *node,
                                  const struct ArrowArray *array,
                                  int64_t first);
/* Clear bits of n from bit `from`, which are nulls. */
int64_t mlpipe__arrow_count_nulls(const void *bits, int64_t from, int64_t n);

/* ---- values of checked arrays (arrow_cell.c) ----------------------------- */

/* A place: element i of the array's buffers, its offset counted in. */
typedef struct mlpipe__arrow_place {
    const mlpipe__arrow_node *node;
    const struct ArrowArray *array;
    int64_t at;
} mlpipe__arrow_place;

/* The element that row i of an array is, behind runs and dictionaries. */
mlpipe__arrow_place mlpipe__arrow_row(const mlpipe__arrow_node *node,
                                      const struct ArrowArray *array,
                                      int64_t i);
/* Has the element a value of its own? */
bool mlpipe__arrow_valid(const mlpipe__arrow_place *p);
/* The integer of an INT; an u64 as its bits. */
int64_t mlpipe__arrow_int(const mlpipe__arrow_place *p);
double mlpipe__arrow_float(const mlpipe__arrow_place *p);
/* The text of a TEXT or VIEW; borrowed from the array. */
const char *mlpipe__arrow_text(const mlpipe__arrow_place *p, size_t *bytes);
/* The digits of a DECIMAL. */
enum { MLPIPE__ARROW_DIGITS = 96 };
size_t mlpipe__arrow_decimal(const mlpipe__arrow_place *p,
                             char out[MLPIPE__ARROW_DIGITS]);
/* Where the elements of a list lie: rows of its one child. */
void mlpipe__arrow_list(const mlpipe__arrow_place *p, int64_t *from,
                        int64_t *count);
/*
 * Lists may overlap, and runs and dictionaries give one value to many rows: a
 * small array may be more to unpack than anyone has time for. What is
 * unpacked is counted against the elements that are stored (arrow_check.c).
 */
enum { MLPIPE__ARROW_FREE_ITEMS = 1 << 24 }; /* before a ratio is asked for */
mlpipe_status mlpipe__arrow_ratio(mlpipe_ctx *ctx,
                                  const mlpipe__arrow_node *node,
                                  uint64_t items, uint64_t stored);
/* Elements of an array and of all that is below it. */
uint64_t mlpipe__arrow_stored(const struct ArrowArray *array);

/* Values of a batch on their way to JSON. */
typedef struct mlpipe__arrow_unpacking {
    mlpipe_ctx *ctx;
    const mlpipe__arrow_node *node; /* the column's, for messages */
    uint64_t items, stored;
    mlpipe_status status;           /* cancelled, or too many */
} mlpipe__arrow_unpacking;

/* Any value as JSON, unless u->status tells why not (arrow_json.c). */
void mlpipe__arrow_json(mlpipe__arrow_unpacking *u,
                        const mlpipe__arrow_place *p, mlpipe__text *out);

/* Numbers in buffers that need not be aligned. */
static inline int64_t mlpipe__arrow_i32_at(const void *buffer, int64_t i)
{
    int32_t v;

    memcpy(&v, (const char *)buffer + i * 4, sizeof v);
    return v;
}

static inline int64_t mlpipe__arrow_i64_at(const void *buffer, int64_t i)
{
    int64_t v;

    memcpy(&v, (const char *)buffer + i * 8, sizeof v);
    return v;
}

/* An offset, size or run end of 4 or 8 bytes. */
static inline int64_t mlpipe__arrow_offset(const void *buffer, int32_t bytes,
                                           int64_t i)
{
    return bytes == 8 ? mlpipe__arrow_i64_at(buffer, i)
                      : mlpipe__arrow_i32_at(buffer, i);
}

/* ---- import (arrow_import.c, arrow_column.c) ----------------------------- */

enum { MLPIPE__ARROW_TEXT_AUTO, MLPIPE__ARROW_TEXT_CATEGORY,
       MLPIPE__ARROW_TEXT_PLAIN, MLPIPE__ARROW_TEXT_AS_IS };
enum { MLPIPE__ARROW_FLATTEN, MLPIPE__ARROW_JSON, MLPIPE__ARROW_FLAT };
enum { MLPIPE__ARROW_COPY_AUTO, MLPIPE__ARROW_COPY_ALWAYS,
       MLPIPE__ARROW_COPY_NEVER };

typedef struct mlpipe__arrow_options {
    uint32_t text, nested, copy;
    bool decimals;
} mlpipe__arrow_options;

/* An imported array and who reads it. */
typedef struct mlpipe__arrow_batch {
    mlpipe__owner owner;
    struct ArrowArray array;
} mlpipe__arrow_batch;

/* A column being made of the leaf that steps lead to from the root. */
typedef struct mlpipe__arrow_leaf {
    const mlpipe__arrow_node *node;  /* the leaf, runs not looked through */
    const mlpipe__arrow_node *value; /* what its values are in the end */
    uint32_t depth;
    uint32_t *steps; /* which child, from the root on */
    const mlpipe__arrow_node **nodes; /* root, ..., depth entries */
    mlpipe__column_writer *writer;
    const char *why; /* it was copied; NULL: it was not */
    double copied_bytes; /* of the finished column, in memory of our own */
    bool may_overflow; /* a category that may become text */
    int32_t *map;      /* of a batch's dictionary; -1: null */
    uint32_t map_count;
    bool map_same;     /* it changes nothing */
    mlpipe__text json;
} mlpipe__arrow_leaf;

mlpipe_status mlpipe__arrow_leaf_open(mlpipe_ctx *ctx,
                                      const mlpipe__arrow_options *options,
                                      const char *name,
                                      mlpipe__arrow_leaf *leaf);
/* All rows of a batch; `last`: nothing follows. */
mlpipe_status mlpipe__arrow_leaf_take(mlpipe_ctx *ctx,
                                      const mlpipe__arrow_options *options,
                                      mlpipe__arrow_leaf *leaf,
                                      mlpipe__arrow_batch *batch, bool last);
/* frees what it holds */
void mlpipe__arrow_leaf_close(mlpipe__env *env, mlpipe__arrow_leaf *leaf);

/* ---- export (arrow_export.c, arrow_gather.c) ----------------------------- */

/* Bytes of an element of a column's data; 0: bits. */
size_t mlpipe__arrow_width(const mlpipe__column *c);
/* Bytes of text in rows of a view. */
uint64_t mlpipe__arrow_text_bytes(const mlpipe_dataset *d, uint32_t column,
                                  int64_t start, int64_t rows);
/* Rows of a view as a column of one chunk, however many they are: no dataset
 * ever sees it. ctx: who may cancel; NULL: nobody. E_NOMEM comes
 * without a message. */
mlpipe_status mlpipe__arrow_gather(mlpipe__env *env, mlpipe_ctx *ctx,
                                   const mlpipe_dataset *d, uint32_t column,
                                   int64_t start, int64_t rows,
                                   mlpipe__column **out);

#endif
