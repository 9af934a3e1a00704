/* SPDX-License-Identifier: MIT */
/* Splits, folds and comparisons as the cycle and the catalog see them. */
#ifndef MLPIPE_VALIDATE_INTERNAL_H
#define MLPIPE_VALIDATE_INTERNAL_H

#include "../model/model_internal.h"

/* ---- what rows are dealt by (split_rows.c, split_labels.c) ------------- */

/*
 * Rows of a dataset with what decides where they go. Nothing here depends on
 * the place of a row in the dataset: ties of the order are sorted by row id,
 * groups and strata are numbered by what their cells hold.
 */
typedef struct mlpipe__split_rows {
    mlpipe_ctx *ctx;
    mlpipe__env *env;  /* of the arrays: the context's */
    const char *owner; /* the call, for messages */
    const mlpipe_dataset *data;
    uint32_t rows;
    /* order= and label_end=: */
    uint32_t column;      /* of the order */
    int32_t type, unit;   /* of both: TIMESTAMP, DURATION, F64 or I64 */
    int64_t *key, *end;   /* of each row in the order of values, or NULL */
    uint32_t *order;      /* rows by key, or NULL: as they are */
    /* group=: */
    uint32_t groups;
    uint32_t *group;      /* of each row, or NULL */
    uint64_t *group_key;  /* of each group: a hash of its value, rising as a
                             number with a sign */
    uint64_t salt;        /* of the keys of rows without a group */
    /* stratify=: */
    uint32_t strata;
    uint32_t *stratum;    /* of each row, or NULL */
    uint32_t stratify;    /* the column */
    uint32_t null_stratum; /* UINT32_MAX: there is none */
} mlpipe__split_rows;

/* The position p of the order is this row. */
static inline uint32_t mlpipe__split_at(const mlpipe__split_rows *r, uint32_t p)
{
    return r->order ? r->order[p] : p;
}
/* Checks the number of rows; free also after a failure. */
mlpipe_status mlpipe__split_rows_init(mlpipe_ctx *ctx, const char *owner,
                                     const mlpipe_dataset *data,
                                     mlpipe__split_rows *out);
void mlpipe__split_rows_free(mlpipe__split_rows *r);
/* order= and label_end=; a setting without a name does nothing. */
mlpipe_status mlpipe__split_rows_order(mlpipe__split_rows *r,
                                      const mlpipe__setting *order,
                                      const mlpipe__setting *label_end);
/* group=: one column or more, and stratify= in so many bins. */
mlpipe_status mlpipe__split_rows_group(mlpipe__split_rows *r,
                                      const mlpipe__setting *group);
mlpipe_status mlpipe__split_rows_stratify(mlpipe__split_rows *r,
                                         const mlpipe__setting *stratify,
                                         uint32_t bins);
/* A whole number in the order of doubles; -0 = 0. */
int64_t mlpipe__split_key(double x);
/* Does the order hold whole numbers, and not keys of doubles? */
static inline bool mlpipe__split_whole(const mlpipe__split_rows *r)
{
    return r->type != MLPIPE_TYPE_F64;
}
/*
 * Numbers the different keys from 0 in their order: place[i] of each, how
 * many, and (unless NULL) the keys themselves, which the caller frees.
 */
mlpipe_status mlpipe__split_number(mlpipe_ctx *ctx, const int64_t *keys,
                                  uint32_t n, uint32_t *place,
                                  uint32_t *count, int64_t **distinct);

/* A stretch of rows or of time: "20" or "5 d". */
typedef struct mlpipe__split_reach {
    bool given;
    bool time;    /* value counts units of the order, else rows */
    int64_t value;
} mlpipe__split_reach;
mlpipe_status mlpipe__split_reach_parse(const mlpipe__split_rows *r,
                                       const mlpipe__setting *s,
                                       mlpipe__split_reach *out);

/* ---- who goes where at random (split_deal.c) ---------------------------- */

/*
 * Deals rows into parts of these shares: by row id alone; with strata such
 * that each part gets its share of each stratum, to one row; with groups
 * whole, large ones first, each to the part where the sum over strata and
 * parts of (rows of the stratum in the part / rows of the stratum - share)^2
 * grows least. Where shares differ, groups sorted by size are cut into blocks
 * of which each part takes as many as it lacks rows, and each group goes to
 * the part that has least of its share of the group's strata: the size of a
 * group says nothing of its part. None exceeds its share by a group or more.
 */
typedef struct mlpipe__deal {
    const mlpipe__split_rows *rows;
    uint64_t seed;
    uint32_t purpose; /* MLPIPE__FOR_SPLIT, MLPIPE__FOR_FOLD */
    uint32_t parts;
    const double *shares;
    const char *what; /* "folds" or "parts", for messages */
} mlpipe__deal;
mlpipe_status mlpipe__deal_rows(const mlpipe__deal *deal, uint32_t *part);

/* ---- what must not train (split_drop.c) --------------------------------- */

enum { MLPIPE__ROLE_NONE, MLPIPE__ROLE_TRAIN, MLPIPE__ROLE_TEST };

typedef struct mlpipe__split_dropped {
    uint64_t group;   /* rows whose group is tested */
    uint64_t purge;   /* label span overlaps a tested one */
    uint64_t gap, embargo;
} mlpipe__split_dropped;

/*
 * Takes training rows out (their role becomes NONE) whose group is tested,
 * whose label span overlaps that of a run of tested rows, which lie within
 * the gap of such a run or within the embargo behind it. A row is counted by
 * the first of these that holds.
 *
 * Runs need not be formed: no row that trains starts within one, so that a
 * span overlaps the hull of a run exactly where it overlaps a row of it, and
 * a row lies within h behind the run's end where it lies within h behind the
 * end of one of its rows, or is purged.
 */
mlpipe_status mlpipe__split_drop(const mlpipe__split_rows *r, bool groups,
                                const mlpipe__split_reach *gap,
                                const mlpipe__split_reach *embargo,
                                uint8_t *role, mlpipe__split_dropped *out);

/* ---- plans of folds (fold_plan.c) --------------------------------------- */

/* The parameters of a plan, for the tables of all calls that make one. */
#define MLPIPE__FOLD_PARAMS                                                  \
    {"folds", MLPIPE_PARAM_INT, "5", 2, 1000, NULL, 0x000100,                \
     "how many folds"},                                                      \
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,               \
     "of the deal by row id, or by the value of group="},                    \
    {"kind", MLPIPE_PARAM_CHOICE, "random", 0, 0,                            \
     "random,contiguous,ordered,groups", 0x000100,                           \
     "random; contiguous: runs of rows; ordered: train before, test "        \
     "after; groups: each value of group= in turn"},                         \
    {"repeats", MLPIPE_PARAM_INT, "1", 1, 1000, NULL, 0x000100,              \
     "kind=random: how often, with seed, seed + 1, ..."},                    \
    {"stratify", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,               \
     "kind=random: column whose classes, or bins of whose numbers, every "   \
     "fold has in equal shares"},                                            \
    {"bins", MLPIPE_PARAM_INT, "10", 2, 1000, NULL, 0x000100,                \
     "quantile bins of stratify= where it has more different numbers"},      \
    {"group", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,                  \
     "columns whose equal rows are never in a fold and its rest"},           \
    {"order", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,                  \
     "column to sort by; rows of equal value stay together"},                \
    {"label_end", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,              \
     "column in which a row's label is known; training rows whose span "     \
     "from order= to it meets a tested one are purged"},                     \
    {"gap", MLPIPE_PARAM_TEXT, "0", 0, 0, NULL, 0x000100,                    \
     "rows (20) or time (5 d) between training and tested rows"},            \
    {"embargo", MLPIPE_PARAM_TEXT, "0", 0, 0, NULL, 0x000100,                \
     "rows or time after a tested run in which no row trains"},              \
    {"max_train", MLPIPE_PARAM_TEXT, "0", 0, 0, NULL, 0x000100,              \
     "kind=ordered: at most so many rows, or so much time, train; 0: all"},  \
    {"test", MLPIPE_PARAM_TEXT, "0", 0, 0, NULL, 0x000100,                   \
     "kind=ordered: rows (20) or time (5 d) of a fold; 0: rows / (folds + "  \
     "1)"}

/* Columns by name, of parameters or of a recipe's roles; empty settings for
 * none. */
typedef struct mlpipe__fold_columns {
    const mlpipe__setting *group, *order, *label_end;
} mlpipe__fold_columns;
/* A column by a recipe's role, as a parameter would name it; the setting
 * points into the struct, which stays where it is. */
typedef struct mlpipe__role {
    const char *name; /* "" = none */
    mlpipe__setting setting;
} mlpipe__role;
/* Of recipe a, or else of b (NULL: of a alone). */
void mlpipe__role_of(const mlpipe_pipeline *a, const mlpipe_pipeline *b,
                     const char *role, mlpipe__role *out);
typedef struct mlpipe__fold_roles {
    mlpipe__role time, label_time, group;
    mlpipe__fold_columns columns;
} mlpipe__fold_roles;
/* What p says, or where it is silent the roles that fit its kind of fold; of
 * times that order the folds an INFO line of `stage` tells. */
void mlpipe__fold_roles_init(mlpipe_ctx *ctx, const char *stage,
                             const mlpipe__params *p,
                             const mlpipe_pipeline *a,
                             const mlpipe_pipeline *b,
                             mlpipe__fold_roles *out);
/* Warns where folds may tear the rows of a query apart: where the columns that
 * they keep whole are not that of queries. */
void mlpipe__warn_torn(mlpipe_ctx *ctx, const char *stage, const char *query,
                       const mlpipe__setting *whole);
/*
 * Which fold each row is in: made once, then read by any thread. `p` was
 * parsed by a table that holds MLPIPE__FOLD_PARAMS; columns are what its
 * group=, order= and label_end= say, or what stands in for them; NULL: as p
 * says. keeps the dataset.
 */
typedef struct mlpipe__fold_plan mlpipe__fold_plan;
mlpipe_status mlpipe__fold_plan_new(mlpipe_ctx *ctx, const char *owner,
                                    const mlpipe_dataset *data,
                                    const mlpipe__params *p,
                                    const mlpipe__fold_columns *columns,
                                    mlpipe__fold_plan **out);
void mlpipe__fold_plan_free(mlpipe__fold_plan *plan); /* NULL is allowed */
/* Folds of all repeats together. */
uint32_t mlpipe__fold_plan_count(const mlpipe__fold_plan *plan);
/* Folds of one repeat: fold i belongs to repeat i / this. */
uint32_t mlpipe__fold_plan_folds(const mlpipe__fold_plan *plan);
/* Rows of fold i and those that may train for it; dropped may be NULL. */
mlpipe_status mlpipe__fold_plan_views(mlpipe_ctx *ctx,
                                      const mlpipe__fold_plan *plan,
                                      uint32_t i, mlpipe_dataset **fold,
                                      mlpipe_dataset **rest,
                                      mlpipe__split_dropped *dropped);

/* ---- leaks between parts (check_part.c) --------------------------------- */

/* Columns by name; empty settings for none. */
typedef struct mlpipe__check_columns {
    const mlpipe__setting *id; /* left out where contents are compared */
    const mlpipe__setting *group, *order, *label_end;
} mlpipe__check_columns;

/* A part, ready to be held against others. */
typedef struct mlpipe__check_part {
    mlpipe__split_rows rows;
    uint64_t *id;        /* rising row ids */
    uint64_t *same;      /* rising hashes of id and content */
    uint64_t *content;   /* of each row, a hash of its cells */
    uint64_t *sorted;    /* the same, rising */
    int64_t *begin, *latest; /* with order=: rising, and the latest end yet */
} mlpipe__check_part;
/* like: a dataset with the columns that this one must have too; number: of
 * the part, another for each. free also after a failure. */
mlpipe_status mlpipe__check_part_load(mlpipe_ctx *ctx, const char *owner,
                                      const mlpipe_dataset *data,
                                      const mlpipe_dataset *like,
                                      const mlpipe__check_columns *columns,
                                      uint32_t number,
                                      mlpipe__check_part *out);
void mlpipe__check_part_free(mlpipe__check_part *p);

/* What two parts have in common; a comes before b. */
typedef struct mlpipe__pair_check {
    uint64_t same_id;    /* rows of b whose row id a has too */
    uint64_t same_row;   /* of these, with equal cells as well */
    uint64_t equal_rows; /* rows of b that equal one of a in content */
    uint64_t groups;     /* of b that a has too */
    uint64_t later;      /* rows of a that lie after the first of b */
    uint64_t spans;      /* rows of a whose label span meets one of b */
} mlpipe__pair_check;
/* found: NULL, or becomes 1 for each row of b that equals one of a. */
void mlpipe__check_pair(const mlpipe__check_part *a,
                        const mlpipe__check_part *b, uint8_t *found,
                        mlpipe__pair_check *out);
/* Does a tested row begin by `by` that does not end before `from`? begin
 * rises, latest[i] is the latest end of the first i + 1 (split_drop.c). */
bool mlpipe__split_meets(const int64_t *begin, const int64_t *latest,
                         uint32_t n, int64_t from, int64_t by);

/* ---- two models on the same rows (compare_rows.c, compare.c) ------------- */

/* Truths and the answers of two models, of the rows that can be compared. */
typedef struct mlpipe__pair_rows {
    double *y, *a, *b; /* n; n x width each */
    double *w;         /* n, above 0; NULL: all one */
    uint32_t *query;   /* n; NULL: not asked for */
    uint64_t n;
    uint32_t width;
    uint64_t seen;       /* in the training set of a or b */
    uint64_t unlabelled; /* without a usable target, or of weight 0 */
    uint64_t unweighted; /* of no weight, or one that is none */
    uint64_t silent_a, silent_b; /* rows that a model did not answer */
} mlpipe__pair_rows;

/*
 * Rows in their order, without those that a model was fitted on. They weigh
 * what their column says where both recipes name the same and the dataset has
 * it; a row whose weight is missing or none is left out and counted, since
 * rows that were served are as they are. E_SCHEMA where the models predict
 * another column or other classes. free also after a failure.
 */
mlpipe_status mlpipe__pair_rows_load(mlpipe_ctx *ctx, const mlpipe_model *a,
                                     const mlpipe_model *b,
                                     const mlpipe_dataset *d,
                                     mlpipe__pair_rows *out);
/* Of a dataset that somebody gives: E_SCHEMA names such a weight. Also with
 * the query of each row, by a column of d; -1: without. keep_seen: with the
 * rows that a model was fitted on. */
mlpipe_status mlpipe__pair_queries_load(mlpipe_ctx *ctx,
                                        const mlpipe_model *a,
                                        const mlpipe_model *b,
                                        const mlpipe_dataset *d,
                                        bool keep_seen, int32_t query,
                                        mlpipe__pair_rows *out);
void mlpipe__pair_rows_free(mlpipe__env *env, mlpipe__pair_rows *r);

typedef struct mlpipe__comparison {
    double a, b;     /* the metric of either */
    double mean, se; /* of the paired differences, in the metric's sense of
                        better: negative = b is better than a */
    double p;        /* one-sided: that b is no better than a */
    uint64_t n;       /* rows, or queries */
    const char *test; /* its name, static */
    mlpipe_figure of_a, of_b, difference; /* b - a, in the metric's units */
    mlpipe_figure loss;    /* of b - of a, by row; NaN where it has none */
    double difference_se;
    mlpipe__test two;      /* the test; its p is two-sided */
} mlpipe__comparison;

/*
 * Can this metric be compared? One that ranks as the mean of a loss does is,
 * by Student's t of the losses' differences, or by McNemar's test where the
 * losses say right or wrong and rows have no weights; auc is, by DeLong's;
 * and one by query is, by Student's t of the differences, query by query.
 */
bool mlpipe__comparable(const mlpipe__metric *metric, uint32_t width);
/* The metric of a name, "" for the default of the model's task; E_PARAM names
 * the nearest. what: the parameter that it is the value of; queries: may it be
 * one by query? */
mlpipe_status mlpipe__compare_metric(mlpipe_ctx *ctx, const char *what,
                                     const char *name,
                                     const mlpipe_model *model, bool queries,
                                     mlpipe__metric *out);
/*
 * Compare predictions sa (champion) and sb (challenger) of the same rows, of
 * the same width, with the same targets and weights. E_EMPTY below two rows;
 * E_UNSUPPORTED where no test is known for the metric.
 */
mlpipe_status mlpipe__compare(mlpipe_ctx *ctx, const mlpipe__metric *metric,
                              const mlpipe__scored *sa,
                              const mlpipe__scored *sb,
                              mlpipe__comparison *out);
/* What a is better by in each query (as a loss: below 0 where b is better)
 * and the weights of queries, NULL where all are one. *d holds both and is to
 * be freed, also after a failure. */
mlpipe_status mlpipe__compare_queries(mlpipe_ctx *ctx,
                                      const mlpipe__metric *metric,
                                      const mlpipe__scored *sa,
                                      const mlpipe__scored *sb, double **d,
                                      double **w, uint32_t *n);
/* On how many rows a alone, and b alone, says the right class. */
void mlpipe__compare_right(const mlpipe__scored *sa, const mlpipe__scored *sb,
                           uint64_t *only_a, uint64_t *only_b);
/* "a better", "b better" or "no difference shown". better: b - a, above 0
 * where b is better. */
const char *mlpipe__compare_verdict(double better, double p, double alpha);
/* The difference that 80 % of samples of this size would show. */
double mlpipe__compare_detectable(double se, double df, double alpha);

/* Tables of calls, for the catalog. */
extern const mlpipe__param mlpipe__split_params[];
extern const uint32_t mlpipe__split_param_count;
extern const mlpipe__param mlpipe__fold_params[];
extern const uint32_t mlpipe__fold_param_count;
extern const mlpipe__param mlpipe__cross_validate_params[];
extern const uint32_t mlpipe__cross_validate_param_count;
extern const mlpipe__param mlpipe__compare_params[];
extern const uint32_t mlpipe__compare_param_count;
extern const mlpipe__param mlpipe__compare_recipes_params[];
extern const uint32_t mlpipe__compare_recipes_param_count;
extern const mlpipe__param mlpipe__split_check_params[];
extern const uint32_t mlpipe__split_check_param_count;
extern const mlpipe__param mlpipe__search_params[];
extern const uint32_t mlpipe__search_param_count;

#endif
