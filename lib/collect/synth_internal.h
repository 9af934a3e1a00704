/* SPDX-License-Identifier: MIT */
/* Made data: laws with a known truth, defects with a known key, copulas. */
#ifndef MLPIPE_SYNTH_INTERNAL_H
#define MLPIPE_SYNTH_INTERNAL_H

#include "collect_internal.h"

extern const mlpipe__param mlpipe__synth_params[];
extern const uint32_t mlpipe__synth_param_count;
extern const mlpipe__param mlpipe__dirty_params[];
extern const uint32_t mlpipe__dirty_param_count;
extern const mlpipe__param mlpipe__copula_fit_params[];
extern const uint32_t mlpipe__copula_fit_param_count;
extern const mlpipe__param mlpipe__copula_sample_params[];
extern const uint32_t mlpipe__copula_sample_param_count;

/* ---- rows of a function of their number (synth_rows.c) ------------------ */

enum { MLPIPE__SYNTH_BLOCK = 256, MLPIPE__SYNTH_COUNTS = 4,
       MLPIPE__SYNTH_TEXT = 96 };

typedef struct mlpipe__synth_column {
    const char *name;
    int32_t type, unit;
    mlpipe__dictionary *dictionary; /* CATEGORY: borrowed */
    int64_t base, step; /* I64 and times: base + value * step */
} mlpipe__synth_column;

typedef struct mlpipe__synth_maker {
    const char *stage;   /* for progress */
    uint32_t columns;
    const mlpipe__synth_column *column;
    uint32_t scratch;    /* doubles that a block needs for itself */
    void *model;
    /* Before the blocks of a run of rows; NULL: nothing to do. */
    mlpipe_status (*prepare)(mlpipe_ctx *ctx, void *model, uint64_t first,
                             uint64_t rows);
    /* n rows, row by row; NaN is null. Any thread. */
    void (*block)(const void *model, uint64_t first, uint32_t n, double *out,
                  double *scratch, uint64_t counts[MLPIPE__SYNTH_COUNTS]);
    /* The text of a TEXT cell; returns its bytes. */
    size_t (*text)(const void *model, uint32_t column, double value,
                   char out[MLPIPE__SYNTH_TEXT]);
} mlpipe__synth_maker;

/* Rows start .. start + rows - 1 as columns, one reference each, and the sums
 * of what the blocks counted. `columns` has room for maker->columns. */
mlpipe_status mlpipe__synth_make(mlpipe_ctx *ctx,
                                 const mlpipe__synth_maker *maker,
                                 uint64_t start, int64_t rows,
                                 mlpipe__column **columns,
                                 uint64_t counts[MLPIPE__SYNTH_COUNTS]);
/* seed= where it is given, else the seed of the context. */
uint64_t mlpipe__synth_seed(const mlpipe_ctx *ctx, const mlpipe__params *p);

/* ---- kinds (synth.c; synth_tables.c, synth_streams.c, synth_mixed.c) ----- */

enum { MLPIPE__SYNTH_DRIFTS = 16, MLPIPE__SYNTH_FEATURES = 1000,
       MLPIPE__SYNTH_CLASSES = 64, MLPIPE__SYNTH_CLUSTERS = 16,
       MLPIPE__SYNTH_CORNER_BITS = 62 };

typedef struct mlpipe__synth_spec mlpipe__synth_spec;

/* A kind: what it is called, takes and does. */
typedef struct mlpipe__synth_kind {
    const char *name;
    const char *takes;    /* parameters beside those that all take */
    double noise;         /* by default */
    uint32_t features;    /* how many it has; 0: as features= says */
    uint32_t least;       /* of features= */
    uint32_t concepts;    /* it knows; 0: each is drawn */
    const char *target;   /* of the last column; NULL: own columns */
    bool classes;         /* the target is one of classes, an I64 */
    mlpipe_status (*set_up)(mlpipe_ctx *ctx, mlpipe__synth_spec *s);
    void (*row)(const mlpipe__synth_spec *s, uint64_t row, double *x);
    void (*truth)(const mlpipe__synth_spec *s, mlpipe_report *r);
} mlpipe__synth_kind;

struct mlpipe__synth_spec {
    mlpipe__env *env;
    const mlpipe__synth_kind *kind;
    uint32_t stream;      /* of the kind */
    uint64_t seed, start;
    int64_t rows;
    uint32_t order;       /* 0 none, 1 row, 2 time: a first column */
    uint32_t features, informative, classes, clusters, drift_features;
    uint32_t drift;       /* 0 lea, 1 gra, 2 gsg */
    double noise, bias, separation, width, change, sigma, nulls;
    uint32_t stages;      /* drifts + 1 */
    double drift_at[MLPIPE__SYNTH_DRIFTS];
    uint32_t concept[MLPIPE__SYNTH_DRIFTS + 1];
    double share[MLPIPE__SYNTH_CLASSES]; /* of classes; adds up to 1 */
    double *table;        /* stages x whatever the kind draws */
    double *walk;         /* hyperplane: weights at each block */
    double *path;         /* hyperplane: where the walk has come to */
    uint64_t walked;      /* rows of it */
    uint64_t first;       /* row of the first block in walk */
    uint32_t columns;
    mlpipe__synth_column *column;
    char *names;
    mlpipe__dictionary *dictionary[3]; /* mixed */
};

extern const mlpipe__synth_kind mlpipe__synth_regression;
extern const mlpipe__synth_kind mlpipe__synth_classification;
extern const mlpipe__synth_kind mlpipe__synth_friedman1;
extern const mlpipe__synth_kind mlpipe__synth_friedman2;
extern const mlpipe__synth_kind mlpipe__synth_friedman3;
extern const mlpipe__synth_kind mlpipe__synth_sea;
extern const mlpipe__synth_kind mlpipe__synth_hyperplane;
extern const mlpipe__synth_kind mlpipe__synth_agrawal;
extern const mlpipe__synth_kind mlpipe__synth_friedman_drift;
extern const mlpipe__synth_kind mlpipe__synth_mixed;

/* Draw j of a row, in (0, 1); and of a table that belongs to no row. */
double mlpipe__synth_unit(const mlpipe__synth_spec *s, uint64_t row,
                          uint32_t j);
double mlpipe__synth_normal(const mlpipe__synth_spec *s, uint64_t row,
                            uint32_t j);
double mlpipe__synth_table_unit(const mlpipe__synth_spec *s, uint32_t which,
                                uint64_t i);
/* The concept of a row: below s->stages. */
uint32_t mlpipe__synth_stage(const mlpipe__synth_spec *s, uint64_t row);
enum { MLPIPE__SYNTH_NOISE = 100000, MLPIPE__SYNTH_DRAW = 100001,
       MLPIPE__SYNTH_COIN = 100002, MLPIPE__SYNTH_OTHER = 100003,
       MLPIPE__SYNTH_DRIFT = 100100, MLPIPE__SYNTH_TURN = 200000 };
/* The table {stage, from_row, concept} of a report. */
void mlpipe__synth_tell_concepts(const mlpipe__synth_spec *s,
                                 mlpipe_report *r);

/* The published functions. */
double mlpipe__synth_friedman(uint32_t which, const double *x);
bool mlpipe__synth_sea_label(uint32_t concept, const double *x);
bool mlpipe__synth_agrawal_label(uint32_t function, const double x[9]);
/* old: the coin of the window of gsg. */
double mlpipe__synth_friedman_moved(uint32_t drift, const double at[3],
                                    double width, bool old, uint64_t row,
                                    const double *x);
/* Before the blocks of a hyperplane. */
mlpipe_status mlpipe__synth_walk(mlpipe_ctx *ctx, void *spec, uint64_t first,
                                 uint64_t rows);

/* mixed: its columns, and the texts of some of them. */
mlpipe_status mlpipe__synth_mixed_columns(mlpipe_ctx *ctx,
                                          mlpipe__synth_spec *s);
size_t mlpipe__synth_mixed_text(const void *spec, uint32_t column,
                                double value, char out[MLPIPE__SYNTH_TEXT]);

/* ---- defects (synth_dirty.c, synth_dirty_cells.c, synth_dirty_write.c) --- */

/* What a defect changes. */
enum mlpipe__dirty_how { MLPIPE__DIRTY_CELLS, MLPIPE__DIRTY_COLUMN,
                         MLPIPE__DIRTY_ADDS, MLPIPE__DIRTY_ROWS };

typedef struct mlpipe__dirty mlpipe__dirty;

/* A cell as it is written: null, a number, a whole number or a text. */
typedef struct mlpipe__dirty_cell {
    bool null, whole;
    double number;
    int64_t integer;      /* where whole */
    const char *text;     /* NULL: a number */
    size_t bytes;
} mlpipe__dirty_cell;

typedef struct mlpipe__dirty_defect {
    const char *name;
    enum mlpipe__dirty_how how;
    /* CELLS, COLUMN: may it be in this column? */
    bool (*takes)(const mlpipe__dirty *j, uint32_t column);
    /* CELLS: may this cell have it? NULL: any that is not null. */
    bool (*cell)(const mlpipe__dirty *j, uint32_t column,
                 const mlpipe__dirty_cell *c);
    /* Changes the cell; `draw` are 64 random bits of the row, `chosen`
     * whether it is one of the share. Text goes to j->text. */
    void (*edit)(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                 bool chosen, mlpipe__dirty_cell *c);
    int32_t type;         /* that the column gets; 0: it keeps its own */
    const char *needs;    /* for messages */
} mlpipe__dirty_defect;

/* What is known of a column of numbers; count 0: nothing finite. */
typedef struct mlpipe__dirty_facts {
    uint64_t count;
    double low, high, spread; /* spread: between the quartiles, above 0 */
} mlpipe__dirty_facts;

struct mlpipe__dirty {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    const mlpipe_dataset *d;
    uint64_t seed;
    uint32_t target;      /* UINT32_MAX: none */
    int64_t kept, rows;   /* rows that stay; all rows */
    int64_t *source;      /* rows: row of d */
    int64_t *copy_of;     /* rows: position, itself where it is no copy */
    bool whole;           /* all rows of d in their order, no others */
    int64_t *label;       /* kept + copies: the target as a class, or NULL */
    int64_t *labels;      /* the different ones, rising */
    uint32_t label_count;
    int64_t conflicts;    /* the last rows: copies with another label */
    mlpipe__dirty_facts *facts; /* of the columns of d */
    const mlpipe__dirty_defect **of; /* columns of d: the defect, or NULL */
    double *share;        /* of it */
    uint8_t *may;         /* columns of d that defects may be put into */
    mlpipe_report *key;
    mlpipe__text text, old; /* of the cell under way */
};

extern const mlpipe__dirty_defect mlpipe__dirty_defects[];
extern const uint32_t mlpipe__dirty_defect_count;

uint64_t mlpipe__dirty_random(const mlpipe__dirty *j, uint32_t stream,
                              int64_t row, uint32_t draw);
void mlpipe__dirty_read(const mlpipe__dirty *j, uint32_t column, int64_t row,
                        mlpipe__dirty_cell *c);
bool mlpipe__dirty_write(mlpipe__column_writer *w, int32_t type,
                         const mlpipe__dirty_cell *c);
/* A row of the key. */
void mlpipe__dirty_tell(mlpipe__dirty *j, const char *defect,
                        const char *column, int64_t row,
                        const mlpipe__dirty_cell *old,
                        const mlpipe__dirty_cell *now);
/* how: NULL copies. */
mlpipe_status mlpipe__dirty_column(mlpipe__dirty *j, uint32_t column,
                                   const mlpipe__dirty_defect *how,
                                   double share, const char *name,
                                   mlpipe__column **out);
/* The new column of a defect that adds one; *out NULL: not possible here. */
mlpipe_status mlpipe__dirty_add(mlpipe__dirty *j, uint32_t defect,
                                double share, const char *name,
                                mlpipe__column **out);

#endif
