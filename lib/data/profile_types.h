/* SPDX-License-Identifier: MIT */
/* A profile under way; for the files profile*.c and dataset_drift*.c. */
#ifndef MLPIPE_PROFILE_TYPES_H
#define MLPIPE_PROFILE_TYPES_H

#include "data_internal.h"

/* ---- one column (profile_column.c) -------------------------------------- */

typedef struct mlpipe__profile_entry {
    const char *text; /* of the dataset; no NUL need stand behind it */
    size_t bytes;
    uint64_t count;
    int64_t row; /* the first that holds it */
} mlpipe__profile_entry;

/* How often a number occurs. */
typedef struct mlpipe__profile_run {
    double value;
    uint64_t count;
} mlpipe__profile_run;

/* What a column holds, for as long as it is looked at. */
typedef struct mlpipe__profile_column {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    uint32_t column;
    const char *name;
    int32_t type, unit;
    uint64_t rows, nulls; /* nulls without the NaN of the next line */
    uint64_t nan, infinite, minus_infinite; /* the last is of the second */
    uint64_t distinct;    /* of all values that are there, NaN being one */
    /* numbers, bools, times: */
    double *values;       /* finite, rising */
    uint64_t count;
    bool integral;
    double step;          /* least difference of two values; NaN */
    int64_t low, high;    /* of the integers and times, exact */
    double mean, sd, skew;
    uint64_t zeros, negative;
    /* texts and categories, the most frequent first, then by bytes: */
    mlpipe__profile_entry *entries;
    uint32_t entry_count;
    double collisions;    /* share of the pairs of values that are equal */
    mlpipe__profile_run top[32]; /* the most frequent numbers */
    uint32_t top_count;
} mlpipe__profile_column;

enum { MLPIPE__PROFILE_TOP = 32 };

static inline bool mlpipe__profile_is_text(int32_t type)
{
    return type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY;
}
static inline bool mlpipe__profile_is_time(int32_t type)
{
    return type == MLPIPE_TYPE_TIMESTAMP;
}

mlpipe_status mlpipe__profile_column_make(mlpipe_ctx *ctx,
                                          const mlpipe_dataset *data,
                                          uint32_t column,
                                          mlpipe__profile_column *out);
void mlpipe__profile_column_free(mlpipe__profile_column *c);
/* As much of a text as a finding shows, in whole characters. */
int mlpipe__profile_shown(const mlpipe__profile_entry *e);
/* How many values lie in low .. high, both included. */
uint64_t mlpipe__profile_between(const mlpipe__profile_column *c, double low,
                                 double high);

/* ---- the whole (profile.c) ---------------------------------------------- */

/* In the order of mlpipe__profile_rules. */
enum mlpipe__profile_code {
    MLPIPE__PROFILE_CONSTANT,
    MLPIPE__PROFILE_ALMOST_CONSTANT,
    MLPIPE__PROFILE_ID_LIKE,
    MLPIPE__PROFILE_MISSING,
    MLPIPE__PROFILE_SENTINEL,
    MLPIPE__PROFILE_OUTLIERS,
    MLPIPE__PROFILE_UNITS,
    MLPIPE__PROFILE_CASE_VARIANTS,
    MLPIPE__PROFILE_TYPOS,
    MLPIPE__PROFILE_NUMBERS_AS_TEXT,
    MLPIPE__PROFILE_DATES_AS_TEXT,
    MLPIPE__PROFILE_MIXED_DATE_ORDERS,
    MLPIPE__PROFILE_CODE_LIKE,
    MLPIPE__PROFILE_WHITESPACE,
    MLPIPE__PROFILE_PLACEHOLDER_TEXT,
    MLPIPE__PROFILE_DUPLICATE_ROWS,
    MLPIPE__PROFILE_DUPLICATE_COLUMNS,
    MLPIPE__PROFILE_LEAK,
    MLPIPE__PROFILE_LABEL_CONFLICTS,
    MLPIPE__PROFILE_IMBALANCE,
    MLPIPE__PROFILE_FUTURE_DATES,
    MLPIPE__PROFILE_INFINITE,
    MLPIPE__PROFILE_HIGH_CARDINALITY,
    MLPIPE__PROFILE_TRUNCATED_TEXT,
    MLPIPE__PROFILE_EMPTY,
    MLPIPE__PROFILE_CODES
};

typedef struct mlpipe__profile_finding {
    uint32_t column; /* UINT32_MAX: the table */
    enum mlpipe__profile_code code;
    bool warn;
    double count, share;
    uint32_t example; /* an entry of texts */
} mlpipe__profile_finding;

/* In the order of the report. */
enum {
    MLPIPE__PROFILE_PART_COLUMNS,
    MLPIPE__PROFILE_PART_NUMBERS,
    MLPIPE__PROFILE_PART_TIMES,
    MLPIPE__PROFILE_PART_TEXTS,
    MLPIPE__PROFILE_PART_TOPS,
    MLPIPE__PROFILE_PART_HISTOGRAMS,
    MLPIPE__PROFILE_PART_DUPLICATES,
    MLPIPE__PROFILE_PARTS
};

typedef struct mlpipe__profile {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    const uint32_t *columns; /* positions in data */
    uint32_t column_count;
    int32_t target;   /* a position in data, or -1 */
    uint32_t top, bins;
    bool has_now;
    int64_t now_us;
    mlpipe__profile_finding *findings;
    uint32_t finding_count, finding_room;
    mlpipe__dict texts;
    mlpipe__text line; /* scratch */
    bool failed;       /* out of memory; told at the end */
    uint64_t duplicate_rows, duplicate_groups;
    double collisions; /* chance that two rows are equal, were columns
                          independent */
    double other_collisions; /* the same without the target */
    /* of each of the columns, for comparisons of two: */
    uint64_t *distinct;
    double *sd;        /* NaN where it is no number */
    double *alike;     /* chance that two rows are equal in it */
    uint8_t *disputed; /* rows whose target others contradict; NULL: none */
    uint64_t null_cells;
    mlpipe_report *part[MLPIPE__PROFILE_PARTS]; /* a table each */
} mlpipe__profile;

/* Has the row a value in the column of data? */
static inline bool mlpipe__profile_there(const mlpipe__profile *p,
                                         uint32_t column, int64_t row)
{
    const int64_t at = mlpipe__dataset_physical(p->data, row);

    return mlpipe__chunk_valid(
        &p->data->columns[column]->chunks[at / MLPIPE__CHUNK_ROWS],
        (uint32_t)(at % MLPIPE__CHUNK_ROWS));
}

/* The same, where NaN is none. */
static inline bool mlpipe__profile_value(const mlpipe__profile *p,
                                         uint32_t column, int64_t row)
{
    double x;
    uint8_t valid;

    if (p->data->columns[column]->type != MLPIPE_TYPE_F64)
        return mlpipe__profile_there(p, column, row);
    mlpipe__dataset_block(p->data, column, row, 1, &x, &valid);
    return valid && x == x;
}

/* Adds a finding; the example is told as mlpipe__format does. */
void mlpipe__profile_find(mlpipe__profile *p, enum mlpipe__profile_code code,
                          bool warn, uint32_t column, uint64_t count,
                          double share, const char *format, ...);

/* ---- findings ------------------------------------------------------------ */

/* profile_number.c: numbers and times. */
void mlpipe__profile_numbers(mlpipe__profile *p,
                             const mlpipe__profile_column *c);
/* profile_units.c */
void mlpipe__profile_units(mlpipe__profile *p,
                           const mlpipe__profile_column *c);
/* profile_text.c and profile_spelling.c: texts. */
mlpipe_status mlpipe__profile_texts(mlpipe__profile *p,
                                    const mlpipe__profile_column *c);
mlpipe_status mlpipe__profile_spelling(mlpipe__profile *p,
                                       const mlpipe__profile_column *c);
/* Does a name speak of a code, such as zipcode? */
bool mlpipe__profile_names_code(const char *name);
/* profile_pairs.c: rows and pairs of columns. */
mlpipe_status mlpipe__profile_pairs(mlpipe__profile *p);
/* profile_leak.c: what columns say of the target. */
mlpipe_status mlpipe__profile_leaks(mlpipe__profile *p);

/* ---- report (profile_report.c) ------------------------------------------ */

typedef struct mlpipe__profile_rule {
    const char *name, *advice;
} mlpipe__profile_rule;
extern const mlpipe__profile_rule mlpipe__profile_rules[];

/* The tables of the report; false: no memory. */
bool mlpipe__profile_parts(mlpipe__profile *p);
/* Adds what they tell of a column. */
void mlpipe__profile_tell(mlpipe__profile *p,
                          const mlpipe__profile_column *c);
mlpipe_status mlpipe__profile_report(mlpipe__profile *p, int64_t rows_all,
                                     mlpipe_report **out);
/* The count as a double, which may have been rounded out of range. */
static inline int64_t mlpipe__profile_count(double x)
{
    if (x >= 0x1p63)
        return INT64_MAX;
    return x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

#endif
