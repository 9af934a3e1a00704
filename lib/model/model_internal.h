/* SPDX-License-Identifier: MIT */
/* Recipes, fitted models and their monitoring reference. */
#ifndef MLPIPE_MODEL_INTERNAL_H
#define MLPIPE_MODEL_INTERNAL_H

#include "../data/data_internal.h"
#include "../train/train_internal.h"

/* ---- the catalog (steps.c, catalog.c) ----------------------------------- */

const mlpipe__step *mlpipe__step_at(uint32_t i);       /* NULL past the end */
const mlpipe__learner *mlpipe__learner_at(uint32_t i); /* NULL past the end */
const mlpipe__tail *mlpipe__tail_at(uint32_t i);       /* NULL past the end */

/* ---- recipes (pipeline.c) ----------------------------------------------- */

typedef struct mlpipe__recipe_step {
    const mlpipe__step *step;       /* one of the three */
    const mlpipe__learner *learner;
    const mlpipe__tail *tail;       /* behind the learner */
    char *name;
    mlpipe__param *table;           /* its parameters and as= */
    mlpipe__params params;
} mlpipe__recipe_step;

struct mlpipe_pipeline {
    mlpipe__env *env;
    mlpipe__params params; /* of mlpipe_pipeline_new */
    char *target;          /* the column; "" = none */
    uint16_t transform;    /* MLPIPE__OP_ that was applied to it, or 0 */
    uint16_t inverse;      /* MLPIPE__OP_ that takes it back, or 0 */
    uint32_t task;         /* MLPIPE__TASK_, or 0 = from the data */
    double as_of;          /* of every row, us since 1970; NaN: not given */
    mlpipe__recipe_step *steps; /* steps, the learner, what follows it */
    uint32_t step_count, step_room;
    uint32_t derives, filters; /* names from the first on that are taken */
};

/* Append a step; `as` is NULL or its name. */
mlpipe_status mlpipe__pipeline_append(mlpipe_ctx *ctx, mlpipe_pipeline *p,
                                      const char *step, const char *as,
                                      const char *params);
/* Sets step or learner of that name; E_PARAM names the nearest. */
mlpipe_status mlpipe__pipeline_find(mlpipe_ctx *ctx, const char *name,
                                    mlpipe__recipe_step *s);
/* An object of parameters, or one of its members alone, as the text that the
 * parser of such takes (pipeline_json.c); initialises out, also on failure. */
mlpipe_status mlpipe__recipe_params(mlpipe_ctx *ctx, const mlpipe__json *j,
                                    const char *where, mlpipe__text *out);
mlpipe_status mlpipe__recipe_member(mlpipe_ctx *ctx, const mlpipe__json *item,
                                    const char *where, mlpipe__text *out);
/* The canonical JSON (pipeline_json.c). */
void mlpipe__pipeline_write(const mlpipe_pipeline *p, mlpipe__text *out);
mlpipe_status mlpipe__pipeline_copy(mlpipe_ctx *ctx,
                                    const mlpipe_pipeline *pipeline,
                                    mlpipe_pipeline **out);
/* The name of a step's kind, and its own parameters. */
const char *mlpipe__recipe_kind(const mlpipe__recipe_step *s);
const mlpipe__param *mlpipe__recipe_own(const mlpipe__recipe_step *s,
                                        uint32_t *count);
/* The learner of a recipe; NULL: it has none. */
const mlpipe__recipe_step *mlpipe__pipeline_learner(const mlpipe_pipeline *p);
/* Column that has the role by the recipe ("" = none), e.g. "id", "time". */
const char *mlpipe__pipeline_role(const mlpipe_pipeline *p, const char *role);
/* The as= that every step takes beside its own parameters. */
extern const mlpipe__param mlpipe__param_as;
/* Tables of calls, for the catalog. */
extern const mlpipe__param mlpipe__pipeline_params[];
extern const uint32_t mlpipe__pipeline_param_count;
extern const mlpipe__param mlpipe__evaluate_params[];
extern const uint32_t mlpipe__evaluate_param_count;
extern const mlpipe__param mlpipe__importance_params[];
extern const uint32_t mlpipe__importance_param_count;

/* ---- the reference (reference.c), read by recorder and monitor ---------- */

/*
 * How an input was distributed in training. Cells of a number: 0 missing, then
 * 1 + how many cuts are <= x; cuts[0] is the least value and the last cut the
 * next double above the greatest, so that cell 1 is below and the last cell is
 * above all that training saw. Cells of a category: 0 missing, 1 unseen, then
 * cell_of[code]: codes that hold a 64th of the rows each their own, the others
 * dealt to what is left of 64 cells, whatever their counts, since the most
 * frequent of many rare ones are those that chance made so.
 */
typedef struct mlpipe__ref_input {
    uint32_t kind;      /* MLPIPE__NUMBER, MLPIPE__CODE; 0 = private */
    uint32_t cells;
    uint32_t cut_count; /* NUMBER */
    double *cuts;
    uint32_t codes;     /* CODE */
    uint32_t *cell_of;
    uint64_t *counts;   /* cells */
    double low, high;
    double *nulls;      /* NUMBER: curves of mlpipe__grid_nulls, or NULL */
    /* CODE: how many codes have one row, and two. NUMBER: once is 1 where
     * every quantile among the cuts is the value of a single row or of a cell
     * of its own. */
    uint64_t once, twice;
    double weight; /* share of what all inputs move the answer by */
} mlpipe__ref_input;

/* A mean loss or metric on rows that the learner did not see. */
typedef struct mlpipe__ref_metric {
    char *name;
    double value, se; /* se: of the mean loss, NaN where it is none */
    double value_se;  /* of the value; NaN where it has no interval */
    uint64_t n;
} mlpipe__ref_metric;

/*
 * How the numeric inputs went together in training (ref_moments.c). Each cell
 * of an input has a score, the mean of a standard normal within the cell's
 * share of the rows that have a value, and 0 where it is missing; scores are
 * whole numbers, so that sums of their products are exact in any order. One
 * block of memory.
 */
enum {
    MLPIPE__MOMENTS_INPUTS = 64,
    MLPIPE__MOMENTS_UNIT = 1024, /* the score 1 */
    MLPIPE__MOMENTS_SCORE = 8 * MLPIPE__MOMENTS_UNIT,
    MLPIPE__MOMENTS_ROWS = 16384 /* of the training rows, evenly */
};

typedef struct mlpipe__ref_moments {
    uint64_t rows;       /* behind all that follows */
    double error, error_sd; /* squared distance of a standardised row from
                               the span of the basis: mean, deviation */
    uint32_t count, cells;  /* inputs, and cells of all of them */
    uint32_t components;    /* rows of the basis */
    int64_t *sum;        /* count: scores of an input */
    int64_t *cross;      /* products, (0,0) (1,0) (1,1) (2,0) ... */
    double *spread;      /* pairs (1,0) (2,0) (2,1) ...: variance of a row's
                            part in atanh of the correlation */
    double *basis;       /* components x count */
    uint32_t *input;     /* number among the model's inputs, rising */
    uint32_t *start;     /* first score of an input */
    int16_t *score;      /* cells */
} mlpipe__ref_moments;

/* NULL = out of memory. free with mlpipe__free */
mlpipe__ref_moments *mlpipe__ref_moments_new(mlpipe__env *env, uint32_t count,
                                             uint32_t cells);
double mlpipe__ref_moments_mean(const mlpipe__ref_moments *m, uint32_t i);
/* Standard deviation of the scores of input i. */
double mlpipe__ref_moments_sd(const mlpipe__ref_moments *m, uint32_t i);
/* Correlation of inputs i > k from any such sums, NaN where one is constant. */
double mlpipe__comoments_correlation(uint64_t rows, const int64_t *sum,
                                   const int64_t *cross, uint32_t i,
                                   uint32_t k);
static inline uint32_t mlpipe__comoments_pairs(uint32_t count)
{
    return count * (count - 1) / 2;
}
static inline uint32_t mlpipe__comoments_at(uint32_t i, uint32_t k)
{
    return i * (i + 1) / 2 + k;
}

/*
 * Scores of classes in bins: of two classes the probability of the second, of
 * more that of the likeliest. An octave has 16 bins from 2^-9 to 1/2, and from
 * the other end too, so that one division of any share of positives is fine.
 */
enum { MLPIPE__SCORE_BINS = 256 };
static inline uint32_t mlpipe__score_bin(double score)
{
    const uint32_t least = (1023 - 9) << 4;
    const double x = score < 0.5 ? score : 1.0 - score;
    uint64_t bits;
    uint32_t bin;

    memcpy(&bits, &x, sizeof bits);
    bin = (uint32_t)(bits >> 48);
    bin = bin > least ? bin - least : 0;
    bin = bin < MLPIPE__SCORE_BINS / 2 ? bin : MLPIPE__SCORE_BINS / 2 - 1;
    return score < 0.5 ? bin : MLPIPE__SCORE_BINS - 1 - bin;
}

/* What became of held-out rows by their bins (reference_scores.c). */
typedef struct mlpipe__ref_scores {
    uint64_t rows[MLPIPE__SCORE_BINS];
    uint64_t right[MLPIPE__SCORE_BINS]; /* positive; of more classes: right */
    /* mean of the isotonic regression of all rows, over those of the bin;
     * NaN where there are none */
    double truth[MLPIPE__SCORE_BINS];
    /* mean -log of the score in the first bin, of 1 - score in the last */
    double end_loss[2];
} mlpipe__ref_scores;

typedef struct mlpipe__reference {
    mlpipe__env *env;
    uint64_t rows;            /* training rows before rows were added */
    uint32_t input_count;
    mlpipe__ref_input *inputs; /* as the model's inputs */
    mlpipe__ref_input score;  /* of the held-out predictions */
    uint64_t held_out;        /* rows behind score and metrics; 0 = none */
    uint32_t metric_count;
    mlpipe__ref_metric *metrics;
    mlpipe__ref_scores *scores; /* of classes, or NULL */
    int64_t fitted_us;        /* newest time of the training rows, or 0 */
    mlpipe__ref_moments *moments; /* NULL: fewer than two numbers vary, or
                                     libmlpipe-serve, which watches nothing */
} mlpipe__reference;

/* Tags of the parts behind a bundle's reference: a reader passes those that it
 * does not know. */
enum {
    MLPIPE__PART_MOMENTS = 1,
    MLPIPE__PART_SCORES = 2,
    MLPIPE__PART_NULLS = 3,
    MLPIPE__PART_WEIGHTS = 4
};
void mlpipe__ref_moments_save(const mlpipe__ref_moments *m, mlpipe__text *t);
/* E_CORRUPT where it does not fit the inputs. */
mlpipe_status mlpipe__ref_moments_load(mlpipe_ctx *ctx, const void *data,
                                       size_t bytes, mlpipe__reference *r);

void mlpipe__reference_free(mlpipe__reference *r);
/* Held-out answers beside truths into r->scores; E_NOMEM. */
mlpipe_status mlpipe__ref_scores_make(mlpipe_ctx *ctx, mlpipe__reference *r,
                                      const mlpipe__scored *s);
/* The part with them and value_se. */
void mlpipe__ref_scores_save(const mlpipe__reference *r, mlpipe__text *t);
/* False = it cannot be; E_NOMEM in *st. */
bool mlpipe__ref_scores_load(mlpipe_ctx *ctx, mlpipe__reference *r,
                             mlpipe__cursor *c, mlpipe_status *st);
/* An input of values (NaN = missing), which are sorted; scratch as large. like:
 * one whose null curves may be the same, or NULL. */
mlpipe_status mlpipe__ref_number(mlpipe_ctx *ctx, double *values,
                                 double *scratch, uint64_t rows,
                                 const mlpipe__ref_input *like,
                                 mlpipe__ref_input *in);
/* An input of codes below `codes`. */
mlpipe_status mlpipe__ref_codes(mlpipe_ctx *ctx, const double *values,
                                uint64_t rows, uint32_t codes,
                                mlpipe__ref_input *in);
void mlpipe__ref_input_free(mlpipe__env *env, mlpipe__ref_input *in);
uint32_t mlpipe__ref_cell(const mlpipe__ref_input *in, double value,
                          bool valid);
const mlpipe__ref_metric *mlpipe__ref_metric_find(
    const mlpipe__reference *r, const char *name);

/* ---- models (model.c, fit.c, bundle_*.c) -------------------------------- */

/* The table "calibration" of a report: the bins of ece, what was said in each
 * and what was seen, with Wilson's interval (evaluate_tables.c). */
mlpipe_status mlpipe__calibration_table(mlpipe__scoring *g, mlpipe_report *r);

/* What always saying the same would say: the mean, or a table `shares`
 * (card.c). */
void mlpipe__model_baseline(const mlpipe_model *m, mlpipe_report *r);

struct mlpipe_model {
    atomic_uint_fast64_t refs;
    mlpipe__env *env;
    struct mlpipe_model *root; /* NULL, or the model that owns all that is
                                  shared: this one differs in `attached` */
    mlpipe__program *program;
    mlpipe__reference *reference;
    uint32_t steps_only;       /* 1: a transform, which has no learner */
    uint32_t task;             /* MLPIPE__TASK_; 0: a transform of no target */
    char *target;              /* the column; "" in a transform without */
    mlpipe__dict classes;      /* binary: two, the last is positive;
                                  multiclass: more; in sort order */
    double *shares;            /* multiclass: of each class in training */
    uint16_t transform, inverse;
    char *id_column, *time_column, *group_column, *weight_column; /* or "" */
    int32_t time_type, time_unit; /* of the time column */
    int32_t id_type;
    char *recipe;              /* canonical JSON */
    size_t recipe_bytes;
    char train_print[33], valid_print[33]; /* fingerprints, "" = none */
    uint64_t train_rows, valid_rows;
    uint64_t seed;
    double baseline;           /* training mean, or share of positives, by
                                  weight where the recipe has one; 0 where
                                  there are shares */
    uint32_t any_machine;      /* 1: equal bits on every machine */
    uint32_t learns_target;    /* 1: a step learnt from the target, so that
                                  training rows must not be seen again */
    double level;              /* of an interval or a set behind the answer;
                                  0: there is none */
    mlpipe_report *notes;      /* of the fit */
    mlpipe_report **attached;
    uint32_t attached_count;
    uint64_t *train_ids;       /* sorted hashes of the rows it was fitted on,
                                  so that the gate can take them out; where
                                  learns_target, also of rows that taught a
                                  step and were dropped by a later one */
    uint64_t train_id_count;
    char *info;                /* INFO section: JSON, outside the identity */
    char id[33];
    char fit_id[33];           /* the same without attached reports */
};

/* A model without a learner, by another name. */
struct mlpipe_transform {
    mlpipe_model *model;
};
/* takes model, also on failure. */
mlpipe_status mlpipe__transform_wrap(mlpipe_ctx *ctx, mlpipe_model *model,
                                     mlpipe_transform **out);
extern const mlpipe__param mlpipe__transform_params[];
extern const uint32_t mlpipe__transform_param_count;
/* What a bundle holds: the kind of its container. */
#define MLPIPE__BUNDLE_MODEL "MODL"
#define MLPIPE__BUNDLE_TRANSFORM "XFRM"
mlpipe_status mlpipe__bundle_load(mlpipe_ctx *ctx, const char *kind,
                                  const void *bytes, size_t size,
                                  mlpipe_model **out);
/* The same of a file (not in the serving library). */
mlpipe_status mlpipe__bundle_load_file(mlpipe_ctx *ctx, const char *kind,
                                       const char *path, mlpipe_model **out);

mlpipe_model *mlpipe__model_new(mlpipe__env *env);
mlpipe_model *mlpipe__model_keep(const mlpipe_model *m);
/* How a dataset's columns feed the program's inputs and feeds. */
typedef struct mlpipe__binding {
    mlpipe__env *env;
    uint32_t count;
    int32_t *column;   /* of each input; -1 = absent (null) */
    int32_t **codes;   /* CODE: code in the dataset -> code in the program */
    uint32_t feed_count;
    double **feed;     /* of each feed of a category: value by its code; NULL:
                          row by row */
    int32_t time_column; /* of as_of; -1: what is fixed */
    char *time_name;   /* "" = the model has no time column */
    bool folds;        /* the rows train: they have folds */
    int32_t fold_column; /* group column; -1: the row id decides */
    uint64_t fold_seed;
} mlpipe__binding;
/* time_column: the model's; "" = none. */
mlpipe_status mlpipe__bind_dataset(mlpipe_ctx *ctx, const mlpipe__program *p,
                                   const mlpipe_dataset *d,
                                   const char *time_column,
                                   mlpipe__binding *out);
/* The feeds that p has got since; E_SCHEMA where as_of has no source. */
mlpipe_status mlpipe__bind_feeds(mlpipe_ctx *ctx, const mlpipe__program *p,
                                 const mlpipe_dataset *d,
                                 mlpipe__binding *out);
/* What keeps a row's place among folds and shares: its group (a column, -1:
 * none), or its id. */
uint64_t mlpipe__row_key(const mlpipe_dataset *d, int32_t group, int64_t row);
/* What decides the fold of a row: its group, or its id. */
uint64_t mlpipe__binding_key(const mlpipe__binding *b,
                             const mlpipe_dataset *d, int64_t row);
/* The fold of a row, the same for all rows of a group. */
uint32_t mlpipe__binding_fold(const mlpipe__binding *b,
                              const mlpipe_dataset *d, int64_t row,
                              uint32_t folds);
/* Fill the input lanes for n rows from `start`. Any thread. */
void mlpipe__binding_load(const mlpipe__binding *b, const mlpipe__program *p,
                          const mlpipe_dataset *d, int64_t start, uint32_t n,
                          void *scratch, uint32_t width);
/* Some lanes of these rows from another view of the same dataset. */
typedef struct mlpipe__swap {
    const mlpipe_dataset *from;
    const uint8_t *inputs; /* 1: this one, and what is made of its text */
    bool time;             /* the time of a row */
    uint64_t turn, turns;  /* for progress: so many passes over the rows */
} mlpipe__swap;
void mlpipe__binding_load_swap(const mlpipe__binding *b,
                               const mlpipe__program *p,
                               const mlpipe__swap *swap, int64_t start,
                               uint32_t n, void *scratch, uint32_t width);
void mlpipe__binding_ahead(const mlpipe__binding *b, const mlpipe_dataset *d,
                           int64_t start, uint32_t n);
void mlpipe__binding_free(mlpipe__binding *b);
/* How many numbers an answer has: of three classes or more, one each. */
static inline uint32_t mlpipe__model_width(const mlpipe_model *m)
{
    return m->task == MLPIPE__TASK_MULTICLASS ? m->classes.count : 1;
}
/* How many outputs the answer and what tells of its uncertainty have: behind
 * the answer an interval, or for each class whether it may be it. */
static inline uint32_t mlpipe__model_ends(const mlpipe_model *m)
{
    const uint32_t width = mlpipe__model_width(m);
    if (!(m->level > 0))
        return width;
    return width + (m->task == MLPIPE__TASK_REGRESSION ? 2
                                                       : m->classes.count);
}
/* All outputs of every row, row by row; the answers alone, the same way. */
mlpipe_status mlpipe__program_apply(mlpipe_ctx *ctx, const char *stage,
                                    const mlpipe__program *p,
                                    const mlpipe__binding *binding,
                                    const mlpipe_dataset *d, double *out);
mlpipe_status mlpipe__model_answers(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d, double *out);
/* The target of every row in its own units (classes as 0/1); NaN where it is
 * null; E_SCHEMA, E_FORMAT (a class that the model does not know). */
mlpipe_status mlpipe__model_target(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   const mlpipe_dataset *d, double *out);
/* The weight of every row, to be freed, where the model and the dataset have
 * such; else NULL (evaluate.c). */
mlpipe_status mlpipe__model_weights(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d, double **out);
/* A metric of the task by name; E_PARAM names the nearest. */
mlpipe_status mlpipe__metric_of_task(mlpipe_ctx *ctx, uint32_t task,
                                     const char *name, mlpipe__metric *out);
/* What else than its inputs makes a row the same row. A transform is also
 * applied without the target, and then knows its rows by their ids. */
typedef enum mlpipe__row_by {
    MLPIPE__ROW_BY_TARGET, /* and the id and time columns, where known */
    MLPIPE__ROW_BY_NAME,   /* the id and time columns */
    MLPIPE__ROW_BY_PLACE   /* the row id of the dataset */
} mlpipe__row_by;
/*
 * A hash of each row over its inputs and what `by` names. A row is in the
 * training set of a model where mlpipe__model_trained_on finds its hash by
 * target; in that of a transform, by name or place.
 */
mlpipe_status mlpipe__model_row_hashes(mlpipe_ctx *ctx, const mlpipe_model *m,
                                       const mlpipe_dataset *d,
                                       mlpipe__row_by by, uint64_t *out);
/* How many hashes the model has of a training row: a transform one by place,
 * and one by name where its recipe names an id or a time. */
static inline uint32_t mlpipe__model_row_marks(const mlpipe_model *m)
{
    return m->steps_only && (m->id_column[0] || m->time_column[0]) ? 2 : 1;
}
bool mlpipe__model_trained_on(const mlpipe_model *m, uint64_t row_hash);
/* How many rows of a dataset that are, and the first of them, or -1. */
mlpipe_status mlpipe__model_seen(mlpipe_ctx *ctx, const mlpipe_model *m,
                                 const mlpipe_dataset *d, mlpipe__row_by by,
                                 int64_t *seen, int64_t *first);
/* Is an attached report a note of mlpipe_model_note? (attach.c) */
bool mlpipe__report_is_note(const mlpipe_report *r);
/* Truths, answers and what answers by no feature, of the rows that have both
 * a target and an answer. */
typedef struct mlpipe__evaluated {
    double *target, *prediction, *baseline; /* n, n x width, n x width */
    double *weight;                         /* n, or NULL: all one */
    int64_t *row;                           /* n: where in the dataset */
    uint32_t *query;                        /* n, or NULL: not asked for */
    uint32_t queries;                       /* how many numbers these are */
    uint64_t n;
    uint32_t width;
    uint64_t no_target, no_answer; /* rows that were left out */
} mlpipe__evaluated;
/* E_EMPTY where no row can be scored; free also after a failure. */
mlpipe_status mlpipe__evaluate_load(mlpipe_ctx *ctx, const mlpipe_model *m,
                                    const mlpipe_dataset *d,
                                    mlpipe__evaluated *e);
void mlpipe__evaluated_free(mlpipe__env *env, mlpipe__evaluated *e);
static inline mlpipe__scored mlpipe__evaluated_scored(
    const mlpipe__evaluated *e)
{
    const mlpipe__scored s = {e->target, e->prediction, e->weight,
                              e->n,      e->width,      e->query};
    return s;
}
/* Are these metrics of the task? E_PARAM names the nearest. */
mlpipe_status mlpipe__evaluate_check(mlpipe_ctx *ctx, uint32_t task,
                                     const mlpipe__setting *asked);
/* The metrics that are told: those asked for by name or by "all", or else the
 * standard ones, each once; those by query, as they are named, last. */
typedef struct mlpipe__metric_list {
    mlpipe__metric *items;          /* count */
    uint32_t count;
    mlpipe__metric first;           /* what segments are told by */
    const mlpipe__metric *by_query; /* the first of items that is; or NULL */
} mlpipe__metric_list;
/* free also after a failure */
mlpipe_status mlpipe__metric_list_make(mlpipe_ctx *ctx, uint32_t task,
                                       const mlpipe__setting *asked,
                                       mlpipe__metric_list *out);
void mlpipe__metric_list_free(mlpipe__env *env, mlpipe__metric_list *list);

/* ---- queries (evaluate_queries.c) ---------------------------------------- */

#define MLPIPE__METRICS_DOC                                                  \
    "which metrics; all: all of the task but those by query; default: a few "\
    "of them"
#define MLPIPE__QUERY_PARAM                                                  \
    {"query", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,                  \
     "column whose equal rows are a query, for metrics such as ndcg@10; "    \
     "default: the recipe's group="}
/*
 * The column of queries: that of `given`, else the group role. metric: one by
 * query that asks, NULL: none does, and *column is -1. E_PARAM where nothing
 * names a column, or nobody reads it; E_SCHEMA where there is none.
 */
mlpipe_status mlpipe__query_column(mlpipe_ctx *ctx,
                                   const mlpipe__setting *given,
                                   const char *group,
                                   const mlpipe__metric *metric,
                                   const mlpipe_dataset *d, int32_t *column);
/* Numbers from 0 on of the queries of n rows of d (rows NULL: the first n), in
 * an order that is not that of the rows; MLPIPE__NO_QUERY where it is missing.
 * *out is to be freed, also after a failure. */
mlpipe_status mlpipe__query_codes(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t column, const int64_t *rows,
                                  uint64_t n, uint32_t **out,
                                  uint32_t *queries);
/* The task that a fit on these rows would have, before there is any; what it
 * refuses, such as a learner of another task, is refused. */
mlpipe_status mlpipe__recipe_task(mlpipe_ctx *ctx,
                                  const mlpipe_pipeline *recipe,
                                  const mlpipe_dataset *rows,
                                  uint32_t *task);
/* The default metric of the task: "rmse" or "logloss". */
const char *mlpipe__task_metric(uint32_t task);
/* "regression", "binary" or "multiclass". */
const char *mlpipe__task_name(uint32_t task);

#endif
