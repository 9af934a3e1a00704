/* SPDX-License-Identifier: MIT */
/*
 * The numeric core: deterministic functions, exact sums, statistics states,
 * sorting, metrics, tests, folds, and the only door to BLAS and LAPACK.
 */
#ifndef MLPIPE_NUM_INTERNAL_H
#define MLPIPE_NUM_INTERNAL_H

#include "../base/base_internal.h"
#include "math_functions.h"

/* ---- distributions (dist.c): upper tails, training and monitoring ------- */

double mlpipe__gamma_p(double a, double x);        /* regularised lower */
double mlpipe__lgamma(double x);
double mlpipe__chi2_tail(double x, double df);     /* P(X >= x) */
double mlpipe__normal_tail(double z);              /* P(Z >= z) */
double mlpipe__student_tail(double t, double df);  /* P(T >= t) */
double mlpipe__student_quantile(double p, double df);
double mlpipe__binomial_tail(int64_t k, int64_t n, double p); /* P(X >= k) */
double mlpipe__binomial_mass(double k, double n, double p); /* P(X = k) */
double mlpipe__beta_inc(double a, double b, double x);

/* ---- exact sums (exact.c) ------------------------------------------------ */

/*
 * The exact sum of doubles, in any order and partition: fixed-point digits of
 * 32 bits in int64 limbs. add_product adds a*b without rounding.
 */
enum { MLPIPE__EXACT_LIMBS = 140 };
typedef struct mlpipe__exact {
    int64_t limb[MLPIPE__EXACT_LIMBS];
    uint32_t pending; /* adds since the last carry */
    uint32_t reserved;
} mlpipe__exact;

void mlpipe__exact_init(mlpipe__exact *e);
void mlpipe__exact_add(mlpipe__exact *e, double x); /* x finite */
void mlpipe__exact_add_product(mlpipe__exact *e, double a, double b);
/* Of finite values: x to sum, x*x to squares. */
void mlpipe__exact_add_moments(mlpipe__exact *sum, mlpipe__exact *squares,
                               const double *values, uint32_t n);
/* The same of values between -most and most (finite), with vectors of so many
 * bytes as the machine has: 16 (or 0), 32 or 64. */
void mlpipe__exact_add_bounded(mlpipe__exact *sum, mlpipe__exact *squares,
                               const double *values, uint32_t n, double most,
                               uint32_t vector);
/* The same of whole numbers between -most and most, most <= 2^53. */
void mlpipe__exact_add_whole(mlpipe__exact *sum, mlpipe__exact *squares,
                             const int64_t *values, uint32_t n, int64_t most,
                             uint32_t vector);
void mlpipe__exact_merge(mlpipe__exact *e, const mlpipe__exact *other);
/* The same without the normal form: for many that are short. */
void mlpipe__exact_join(mlpipe__exact *e, const mlpipe__exact *other);
double mlpipe__exact_value(const mlpipe__exact *e); /* rounded once */
double mlpipe__exact_mean(const mlpipe__exact *e, uint64_t n); /* once, too */
/* The unique form: equal sums are then equal bytes. */
void mlpipe__exact_normal(mlpipe__exact *e);
/* Whether a normal form's magnitude has no digit from this limb on. */
bool mlpipe__exact_fits(const mlpipe__exact *e, uint32_t limbs);
/* What is saved and read again is a normal form, and nothing else is taken:
 * digits of 32 bits, and none from the limb `most` on, since the square of a
 * sum must have room. */
void mlpipe__exact_save(const mlpipe__exact *e, mlpipe__text *out);
bool mlpipe__exact_load(mlpipe__exact *e, uint32_t most, mlpipe__cursor *in);
/* (sum x^2 - (sum x)^2 / n) rounded once from the exact state. */
double mlpipe__exact_centred(const mlpipe__exact *sum,
                             const mlpipe__exact *squares, uint64_t n);
/* sqrt of that over (n - ddof), also where the squares themselves are beyond
 * the doubles, as of values near 1e308 or 1e-308. */
double mlpipe__exact_deviation(const mlpipe__exact *sum,
                               const mlpipe__exact *squares, uint64_t n,
                               uint32_t ddof);

/* ---- sums of limbs (limbs.c) -------------------------------------------- */

/*
 * Values as three signed digits of 24 bits below a common top, whose sums and
 * sums of products are whole numbers of a unit, and as doubles exact.
 */
enum { MLPIPE__LIMBS = 3, MLPIPE__LIMB_PRODUCTS = 6 };
typedef struct mlpipe__limbs {
    int64_t sum[MLPIPE__LIMBS];
    int64_t product[MLPIPE__LIMB_PRODUCTS];
    int32_t unit[MLPIPE__LIMBS];  /* powers of 2 */
    int32_t product_unit[MLPIPE__LIMB_PRODUCTS];
} mlpipe__limbs;
/* Values at a time for vectors of so many bytes. */
uint32_t mlpipe__limbs_part(uint32_t vector);
/* Of n values up to a part, between -most and most; false where they have bits
 * below the third digit, or so high or low that a product would leave the
 * doubles. */
bool mlpipe__limbs_sum(const double *values, uint32_t n, double most,
                       uint32_t vector, mlpipe__limbs *out);
double mlpipe__limbs_most(const double *values, uint32_t n); /* max |x| */

/* ---- spreads between which distances are (scales.c) --------------------- */

/* Where they differ by more, the widest column alone decides. */
#define MLPIPE__SCALES_APART 100.0
typedef struct mlpipe__scales {
    double low, high;     /* standard deviations of columns that vary */
    double apart;         /* high / low; 1 where no column varies */
    uint32_t least, most; /* the columns that have them */
} mlpipe__scales;
/* Of x, rows x columns, all finite. */
mlpipe_status mlpipe__scales_of(mlpipe_ctx *ctx, const char *step,
                                const double *x, uint32_t rows,
                                uint32_t columns, mlpipe__scales *s);
/* Warns where they are too far apart; most, least: names of the columns. */
void mlpipe__scales_tell(mlpipe_ctx *ctx, const char *step,
                         const mlpipe__scales *s, const char *most,
                         const char *least);

/* ---- sums in the canonical order (sum.c) -------------------------------- */

/*
 * Every float reduction over rows: blocks of 4,096 rows, eight lanes by index
 * mod 8, lanes combined as ((0+4)+(2+6))+((1+5)+(3+7)), then a binary tree
 * over the block index. Tasks may sum blocks on any thread; the tree takes
 * the block sums in order of their index. Start lanes and tree with {0}.
 */
enum { MLPIPE__SUM_BLOCK = 4096, MLPIPE__SUM_LANES = 8 };
typedef struct mlpipe__tree {
    uint64_t blocks;
    double level[64];
} mlpipe__tree;

/* n is a multiple of 8 in all calls but the last of a block. */
void mlpipe__lanes_add(double lanes[MLPIPE__SUM_LANES], const double *values,
                       uint32_t n);
double mlpipe__lanes_value(const double lanes[MLPIPE__SUM_LANES]);
double mlpipe__block_sum(const double *values, uint32_t n); /* n <= 4096 */
double mlpipe__block_dot(const double *a, const double *b, uint32_t n);
void mlpipe__tree_add(mlpipe__tree *t, double block);
double mlpipe__tree_value(const mlpipe__tree *t);

/* The same of n sums at a time; n may fall below `room` from one start to the
 * next. Zero it, set env and room; free it whatever became of it. */
typedef struct mlpipe__sums {
    mlpipe__env *env;
    size_t room, n;
    uint64_t blocks;
    double *level[64]; /* the sums of 2^k blocks */
} mlpipe__sums;
void mlpipe__sums_start(mlpipe__sums *s, size_t n); /* forgets all blocks */
bool mlpipe__sums_add(mlpipe__sums *s, double *block); /* spent; false: nomem */
void mlpipe__sums_value(const mlpipe__sums *s, double *sums); /* 0 of none */
void mlpipe__sums_free(mlpipe__sums *s);
double mlpipe__sum(const double *values, uint64_t n);

/* ---- statistics of a column (stats.c): init/update/merge/finish --------- */

/* What a state gathers; see mlpipe__stats. */
enum {
    MLPIPE__NEED_MOMENTS = 1, /* mean, variance, min, max */
    MLPIPE__NEED_QUANTILES = 2, /* exact quantiles: keeps the values */
    MLPIPE__NEED_COUNTS = 4   /* how often each code occurs */
};

/*
 * One column's statistics: updated block by block, merged in any order, with
 * the same bits in the end. rows, nulls and infinities are always counted; all
 * else is of the finite values.
 */
typedef struct mlpipe__stats {
    mlpipe__env *env;
    uint32_t needs;
    uint32_t codes;     /* how many codes exist, for COUNTS */
    uint64_t rows, nulls, unseen; /* unseen: codes beyond `codes` */
    uint64_t infinite[2]; /* -inf and +inf: counted, and in nothing below */
    mlpipe__exact sum, squares;
    double low, high;   /* MOMENTS; NaN where there are no values */
    bool whole;         /* MOMENTS: no value has a fraction */
    double *values;     /* QUANTILES: sorted by finish */
    uint64_t value_count, value_room;
    uint64_t *counts;   /* COUNTS */
    uint32_t vector;    /* bytes of those that may be used; 0 = any has them */
    bool finished;
} mlpipe__stats;

void mlpipe__stats_init(mlpipe__stats *s, mlpipe__env *env, uint32_t needs,
                        uint32_t codes);
/* n values with their validity bytes (NULL = all valid); NaN is null. False on
 * out of memory, with the state unchanged. */
bool mlpipe__stats_update(mlpipe__stats *s, const double *values,
                          const uint8_t *valid, uint32_t n);
/* The same of whole numbers as doubles; without validity bytes low and high
 * are the lowest and the highest of them. */
bool mlpipe__stats_update_whole(mlpipe__stats *s, const int64_t *values,
                                const uint8_t *valid, uint32_t n, int64_t low,
                                int64_t high);
/* False on out of memory, or where needs or codes differ. */
bool mlpipe__stats_merge(mlpipe__stats *s, const mlpipe__stats *other);
bool mlpipe__stats_finish(mlpipe__stats *s);
void mlpipe__stats_save(const mlpipe__stats *s, mlpipe__text *out);
bool mlpipe__stats_load(mlpipe__stats *s, mlpipe__env *env,
                        mlpipe__cursor *in);
void mlpipe__stats_free(mlpipe__stats *s);
uint64_t mlpipe__stats_infinite(const mlpipe__stats *s);
uint64_t mlpipe__stats_finite(const mlpipe__stats *s);
/* Of a finished state; NaN where there is no finite value. */
double mlpipe__stats_mean(const mlpipe__stats *s);
double mlpipe__stats_variance(const mlpipe__stats *s, uint32_t ddof);
double mlpipe__stats_deviation(const mlpipe__stats *s, uint32_t ddof);
double mlpipe__stats_quantile(const mlpipe__stats *s, double q); /* HF 7 */
/* MOMENTS: are the values 0 and 1, both of them, and no other? x^2 = x. */
bool mlpipe__stats_flag(const mlpipe__stats *s);
/* Quantile of n rising values by linear interpolation (Hyndman-Fan 7). */
double mlpipe__quantile_sorted(const double *values, uint64_t n, double q);
/* The most frequent value (smallest on ties) or code (lowest on ties). */
double mlpipe__stats_mode(const mlpipe__stats *s);

/* ---- statistics by group (groups.c): init/update/merge/finish ------------ */

/*
 * The values of each group, kept and in the end sorted, so that every
 * statistic of a group is exact and no partition of the rows changes a bit.
 * The fit of scale and target_encode gathers them (passes_group.c); save and
 * load are for states that are merged across processes, which nothing in the
 * library does yet: the tests alone call them.
 */
typedef struct mlpipe__groups {
    mlpipe__env *env;
    uint32_t groups;
    uint64_t count, room;
    uint32_t *key;     /* below groups */
    double *value;     /* finite */
    uint64_t *start;   /* finished: groups + 1 places in value */
    bool finished;
} mlpipe__groups;

void mlpipe__groups_init(mlpipe__groups *g, mlpipe__env *env,
                         uint32_t groups);
/* E_LIMIT where these are more values than a state takes; `owner` names who
 * gathers them. For who reserves, which tells no cause. */
mlpipe_status mlpipe__groups_check(mlpipe_ctx *ctx, const char *owner,
                                   uint64_t values);
/* Room for n more, so that adding them cannot fail; false: no memory, or more
 * than mlpipe__groups_check lets pass. */
bool mlpipe__groups_reserve(mlpipe__groups *g, uint64_t n);
/* A value that is NaN or infinite, or a key past the last, is left out. */
bool mlpipe__groups_add(mlpipe__groups *g, uint32_t key, double value);
bool mlpipe__groups_merge(mlpipe__groups *g, const mlpipe__groups *other);
bool mlpipe__groups_finish(mlpipe__groups *g);
void mlpipe__groups_save(const mlpipe__groups *g, mlpipe__text *out);
bool mlpipe__groups_load(mlpipe__groups *g, mlpipe__env *env,
                         mlpipe__cursor *in);
void mlpipe__groups_free(mlpipe__groups *g);
/* Of a finished state; NaN where the group is empty. */
uint64_t mlpipe__groups_count(const mlpipe__groups *g, uint32_t group);
double mlpipe__groups_mean(const mlpipe__groups *g, uint32_t group);
double mlpipe__groups_variance(const mlpipe__groups *g, uint32_t group,
                               uint32_t ddof);
double mlpipe__groups_deviation(const mlpipe__groups *g, uint32_t group,
                                uint32_t ddof);
double mlpipe__groups_low(const mlpipe__groups *g, uint32_t group);
double mlpipe__groups_high(const mlpipe__groups *g, uint32_t group);
double mlpipe__groups_quantile(const mlpipe__groups *g, uint32_t group,
                               double q); /* HF 7 */
/* Adds the values of a group to exact sums (squares may be NULL). */
void mlpipe__groups_sum(const mlpipe__groups *g, uint32_t group,
                        mlpipe__exact *sum, mlpipe__exact *squares);

/* ---- sorting (sort.c): stable radix, total order of bits ----------------- */

/* Order: -inf .. -0 = +0 .. +inf, NaN last; index breaks ties. scratch holds
 * as much as the array that it serves. */
void mlpipe__sort_f64(double *values, uint64_t n, double *scratch);
void mlpipe__argsort_f64(const double *values, uint32_t *order, uint32_t n,
                         uint64_t *scratch /* 4n */);
/* The same, polled pass by pass; E_CANCELLED, with an order that is none. */
mlpipe_status mlpipe__argsort_polled(mlpipe_ctx *ctx, const double *values,
                                     uint32_t *order, uint32_t n,
                                     uint64_t *scratch /* 4n */);
void mlpipe__argsort_i64(const int64_t *values, uint32_t *order, uint32_t n,
                         uint64_t *scratch /* 4n */);
void mlpipe__sort_u64(uint64_t *values, uint64_t n, uint64_t *scratch);

/* An unsigned key in the order of doubles, and the double of a key. */
static inline uint64_t mlpipe__order_key(double x)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    if (x != x)
        return UINT64_MAX;
    x += 0.0; /* -0 becomes +0 */
    memcpy(&bits, &x, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}
static inline double mlpipe__order_value(uint64_t key)
{
    const uint64_t sign = UINT64_C(1) << 63;
    double x;
    key = key & sign ? key ^ sign : ~key;
    memcpy(&x, &key, sizeof x);
    return x;
}

/* Room that mlpipe__sort_wide counts in (sort_wide.c). */
enum { MLPIPE__WIDE_PASSES = 6, MLPIPE__WIDE_CELLS = 2048 };
typedef struct mlpipe__wide_cells {
    uint32_t cell[MLPIPE__WIDE_PASSES][MLPIPE__WIDE_CELLS];
} mlpipe__wide_cells;
/* Sorts values below 2^bits; the sorted ones are in one of the two arrays,
 * which is returned. */
uint64_t *mlpipe__sort_wide(uint64_t *values, uint64_t *scratch, uint32_t n,
                            uint32_t bits, mlpipe__wide_cells *cells);
/* The same of keys, each with a number that goes along; stable. */
typedef struct mlpipe__keyed {
    uint64_t key;
    double value;
} mlpipe__keyed;
mlpipe__keyed *mlpipe__sort_keyed(mlpipe__keyed *values,
                                  mlpipe__keyed *scratch, uint32_t n,
                                  uint32_t bits, mlpipe__wide_cells *cells);

/* ---- metrics (metrics.c): exact definitions, ties, weights --------------- */

/* w may be NULL (all one). Results are NaN where undefined. */
double mlpipe__metric_rmse(const double *y, const double *p, const double *w,
                           uint64_t n);
double mlpipe__metric_mae(const double *y, const double *p, const double *w,
                          uint64_t n);
double mlpipe__metric_r2(const double *y, const double *p, const double *w,
                         uint64_t n);
double mlpipe__metric_logloss(const double *y, const double *p,
                              const double *w, uint64_t n);
double mlpipe__metric_accuracy(const double *y, const double *p,
                               const double *w, uint64_t n);
/* scratch: 5n doubles; y is 0 or 1 */
double mlpipe__metric_auc(const double *y, const double *p, const double *w,
                          uint32_t n, double *scratch);

/* ---- all thresholds from one sort (curve.c) ------------------------------ */

/*
 * Scores p beside classes y (0 or 1), sorted once. NaN where a score is NaN
 * or a class is missing. auc: chance that a positive outranks a negative, a
 * tie one half; auc_se: DeLong, DeLong, Clarke-Pearson 1988, of placements
 * that are counted exactly where there are no weights. ap: sum of precision
 * over steps of recall, ties together. ks: largest difference of the two
 * distributions. best_f1: of all thresholds "p >= threshold", the highest one
 * where several are best.
 */
typedef struct mlpipe__curve {
    const double *y, *p, *w; /* borrowed; w may be NULL */
    uint32_t n;
    const uint64_t *packed;  /* sorted in room: keys and classes, */
    const mlpipe__keyed *keyed; /* or these with weights, */
    uint64_t least;
    const uint32_t *order;   /* or the order of rows */
    double positives, negatives; /* weights */
    double positive_rows;    /* as many of equal weight would say as much */
    double auc, auc_se, ap, ks, best_f1, threshold;
} mlpipe__curve;
/* How many u64 of room mlpipe__curve_make needs; 5n are always enough. */
size_t mlpipe__curve_room(const double *p, const double *w, uint32_t n);
void mlpipe__curve_make(mlpipe__curve *c, const double *y, const double *p,
                        const double *w, uint32_t n, uint64_t *room);
/* The points of the ROC and precision-recall curves, from the highest score
 * down: the weights called positive at each; arrays of n. Gives how many. */
uint32_t mlpipe__curve_points(const mlpipe__curve *c, double *threshold,
                              double *tp, double *fp);

/* Losses of one row, and their weighted mean with its standard error. */
double mlpipe__loss_squared(double y, double p);
double mlpipe__loss_absolute(double y, double p);
double mlpipe__loss_log(double y, double p);
double mlpipe__loss_wrong(double y, double p); /* 1 where wrong */
/* Those with a number of their own (metric_at.c): a level within 0 and 1; the
 * error from which on the loss is a line; a power from 1 (Poisson) to 2
 * (gamma), of which it is the deviance. */
double mlpipe__loss_pinball_at(double level, double y, double p);
double mlpipe__loss_huber_at(double delta, double y, double p);
double mlpipe__loss_tweedie_at(double power, double y, double p);
typedef struct mlpipe__mean {
    double value;
    double se; /* NaN unless spread is asked for and rows > 1 */
} mlpipe__mean;
/* Rows that count: a row of weight 0 is as good as absent. */
uint64_t mlpipe__weighted_rows(const double *w, uint64_t n);
mlpipe__mean mlpipe__mean_loss(double (*loss)(double y, double p),
                               const double *y, const double *p,
                               const double *w, uint64_t n, bool spread);

/* Predictions beside truths. */
typedef struct mlpipe__scored {
    const double *y;  /* n: the number, 0 or 1, or the class */
    const double *p;  /* n x width */
    const double *w;  /* n, or NULL = all one */
    uint64_t n;
    uint32_t width;   /* classes where there are three or more, else 1 */
    const uint32_t *query; /* n: the query of a row, for metrics by query;
                              NULL: none is known */
} mlpipe__scored;
/* The query of a row that is of none. */
#define MLPIPE__NO_QUERY UINT32_MAX

/* The same of the classes of a row; they add up to 1. */
double mlpipe__loss_log_classes(double y, const double *p, uint32_t classes);
double mlpipe__loss_wrong_classes(double y, const double *p,
                                  uint32_t classes);

/* How often each class (row) was taken for each (column): weights, and their
 * squares. Of two classes the answer is the second from 0.5 on, else the
 * likeliest one, the first of several. */
typedef struct mlpipe__confusion {
    uint32_t classes;
    double weight;
    double *w, *w2;        /* classes x classes */
    double *truth, *said;  /* sums of rows and of columns */
} mlpipe__confusion;

/*
 * The rows of each query that has a relevant one (y > 0), the highest score
 * first and of equal scores the largest truth, and their truths, the largest
 * first. A query weighs the mean of its rows' weights.
 */
typedef struct mlpipe__rankings {
    uint32_t queries, without; /* with a relevant row; without one: left out */
    uint64_t strays;           /* rows of no query */
    uint64_t *start;           /* queries + 1: the first row of each */
    double *y, *p, *best;      /* the rows, their scores, the truths alone */
    double *w;                 /* queries */
    double *discount;          /* 1 / log2(rank + 2), as far as rows go */
} mlpipe__rankings;

/* Rows beside what several metrics need of them, made once. */
typedef struct mlpipe__scoring {
    mlpipe_ctx *ctx;
    mlpipe__scored s;      /* the rows that count: of a weight above 0 */
    double *room;          /* holds them where they are not as they came */
    double unit;           /* of the weights: a power of two, mostly 1 */
    double weight;
    double rows;           /* as many of equal weight would say as much
                              (Kish): (sum w)^2 / sum w^2 */
    bool undefined;        /* a NaN, or a class that is none */
    bool curve_made, confusion_made, rankings_made;
    mlpipe__rankings rankings;
    double *rankings_room;
    mlpipe__curve curve;
    uint64_t *curve_room;
    mlpipe__confusion confusion;
} mlpipe__scoring;

/* A metric by name, for evaluate, gate and search: one table. */
typedef struct mlpipe__metric mlpipe__metric;
struct mlpipe__metric {
    char name[48];        /* a metric is a value that may be copied */
    uint32_t tasks;       /* MLPIPE__TASK_ bits */
    uint32_t standard;    /* those where it is told without being asked for */
    bool higher_is_better;
    /*
     * Per-row loss, lower is better, whose mean ranks predictions of the same
     * rows as the metric does (rmse and r2: squared error; accuracy: 1 where
     * wrong); NULL where there is none. Not always the metric's own mean.
     */
    double (*loss)(double y, double p);
    double (*class_loss)(double y, const double *p, uint32_t classes);
    mlpipe_status (*value)(mlpipe__scoring *s, const mlpipe__metric *m,
                           mlpipe_figure *out);
    uint32_t which;       /* of those that one function gives */
    const char *doc;      /* with its interval, where it has one */
    bool by_query;        /* the mean of what it is in each query */
    uint32_t k;           /* by_query: ranks that count; 0: all */
    /* A loss that takes a number behind an "@", and what that may be; NULL:
     * takes none. Without one `loss` is what the name stands for. */
    double (*loss_at)(double at, double y, double p);
    const char *at_name;
    double at_least, at_most, at_example;
    double at;            /* 0: none is given */
};
enum {
    MLPIPE__TASK_REGRESSION = 1,
    MLPIPE__TASK_BINARY = 2,
    MLPIPE__TASK_MULTICLASS = 4, /* three classes or more */
    MLPIPE__TASK_CLASSES = MLPIPE__TASK_BINARY | MLPIPE__TASK_MULTICLASS
};
enum { MLPIPE__METRICS_MAX = 64 }; /* of one task */
const mlpipe__metric *mlpipe__metric_at(uint32_t i); /* NULL past the last */
const mlpipe__metric *mlpipe__metric_find(const char *name);
/* Is it one that a reference keeps and a monitor tells? The standard ones, and
 * of two classes precision, recall and mcc. */
bool mlpipe__metric_watched(const mlpipe__metric *m, uint32_t task);
/* Those by query, apart, since nothing asks for them unless by name
 * (metric_query.c). Some have a name in "@k", which stands for @1, @2, ... */
const mlpipe__metric *mlpipe__query_metric_at(uint32_t i);
enum { MLPIPE__QUERY_K_MAX = 1000000 };
/*
 * The metric of a name, which may have "@10" behind it: the one place that
 * reads this. *found is false where no metric is of that name, and E_PARAM
 * says what is wrong with the @.
 */
mlpipe_status mlpipe__metric_read(mlpipe_ctx *ctx, const char *name,
                                  mlpipe__metric *out, bool *found);
/* Bytes of a name before its @. */
size_t mlpipe__metric_stem(const char *name);
/* value with 95 % interval where one is defined; E_NOMEM */
mlpipe_status mlpipe__metric_value(mlpipe_ctx *ctx, const mlpipe__metric *m,
                                   const mlpipe__scored *s,
                                   mlpipe_figure *out);

/* Of the status of a value: MLPIPE_OK where it is beyond every double, which
 * for one who watches is a number that is not known (NaN) and no end. */
mlpipe_status mlpipe__metric_beyond(mlpipe_status st);

/* Several metrics of the same rows share a sort and a count (scoring.c).
 * borrows what s points to; free also where it fails. */
mlpipe_status mlpipe__scoring_init(mlpipe__scoring *g, mlpipe_ctx *ctx,
                                   const mlpipe__scored *s);
mlpipe_status mlpipe__scoring_value(mlpipe__scoring *g,
                                    const mlpipe__metric *m,
                                    mlpipe_figure *out);
/* E_LIMIT where there are too many rows to sort. */
mlpipe_status mlpipe__scoring_sortable(const mlpipe__scoring *g);
mlpipe_status mlpipe__scoring_curve(mlpipe__scoring *g,
                                    const mlpipe__curve **out);
mlpipe_status mlpipe__scoring_confusion(mlpipe__scoring *g,
                                        const mlpipe__confusion **out);
mlpipe_status mlpipe__scoring_rankings(mlpipe__scoring *g,
                                       const mlpipe__rankings **out);
/* What a metric by query is in each query of the rankings. E_SCHEMA where a
 * truth is no gain. */
mlpipe_status mlpipe__scoring_queries(mlpipe__scoring *g,
                                      const mlpipe__metric *m, double *out);
void mlpipe__scoring_free(mlpipe__scoring *g);

/* Answers beside what came of them, in bins of the probability (of three
 * classes or more: of the likeliest one) (metric_bins.c). */
enum { MLPIPE__BINS = 10 };
typedef struct mlpipe__bins {
    double rows[MLPIPE__BINS], weight[MLPIPE__BINS];
    double squares[MLPIPE__BINS]; /* of the weights */
    double said[MLPIPE__BINS], seen[MLPIPE__BINS]; /* weighted sums */
} mlpipe__bins;
/* Bins (k/10, (k+1)/10], the first with 0; or, with `mass`, of equal weight,
 * where equal probabilities stay together. */
mlpipe_status mlpipe__scoring_bins(mlpipe__scoring *g, bool mass,
                                   mlpipe__bins *out);
/* Half a figure's interval in standard errors; NaN where it has none. */
double mlpipe__figure_se(const mlpipe_figure *f);
/* Wilson's interval of a share that was seen in as many rows. */
void mlpipe__metric_wilson(mlpipe_figure *out, double rows);

/* Has it a loss of each row, for predictions of this width? */
bool mlpipe__metric_has_loss(const mlpipe__metric *m, uint32_t width);
/* The loss of each of n rows. */
void mlpipe__metric_losses(const mlpipe__metric *m, const mlpipe__scored *s,
                           double *out);
/* The weighted mean of n losses. */
mlpipe__mean mlpipe__mean_of(const double *losses, const double *w,
                             uint64_t n, bool spread);

/* ---- isotonic regression (isotonic.c) ------------------------------------ */

/* Ends of the steps of the rising function nearest to n points: at most 2 n of
 * them, x rising strictly. E_EMPTY where no weight is above 0. */
mlpipe_status mlpipe__isotonic(mlpipe_ctx *ctx, const double *x,
                               const double *y, const double *w, uint64_t n,
                               double *out_x, double *out_y, uint32_t *count);

/* ---- two samples (twosample.c) ------------------------------------------- */

/* PSI of counts against reference counts with 0.5 added to each cell of both;
 * p = P(chi2_{K-1} > psi N n / (N + n)). */
double mlpipe__psi(const uint64_t *ref, const uint64_t *now, uint32_t bins,
                   double *p);
/* Paired mean difference of n losses a - b: mean, standard error, one-sided
 * p that the mean is >= 0 (Student t). */
void mlpipe__paired(const double *a, const double *b, uint64_t n,
                    double *mean, double *se, double *p);
/* Largest distance of the distributions of two rising samples, and its limiting
 * p-value (N. Smirnov, 1948), which ties make too large, never too small. */
double mlpipe__ks(const double *a, uint64_t n, const double *b, uint64_t m,
                  double *p);
/* Chi-squared of homogeneity of a 2 x cells table, where cells without a row
 * do not count; NaN and p NaN where fewer than two are left. */
double mlpipe__chi2_table(const uint64_t *a, const uint64_t *b,
                          uint32_t cells, double *df, double *p);
/* P of such a statistic or larger by a gamma distribution with the mean and
 * variance that chi-squared has among all tables of these margins (R. B.
 * Dawson, JASA 49, 1954): nearer than chi-squared where cells are small. */
double mlpipe__table_tail(double statistic, const uint64_t *a,
                          const uint64_t *b, uint32_t cells);
/* Welch's interval (B. L. Welch, Biometrika 34, 1947) of the difference of two
 * means b - a, each with its standard deviation and rows; NaN below two. */
void mlpipe__welch(const double mean[2], const double sd[2],
                   const double rows[2], mlpipe_figure *out);
/* The false discovery rate at which each p is called (Y. Benjamini and Y.
 * Hochberg, JRSS B 57, 1995); NaN stays NaN and counts as no test. order: that
 * of p, by mlpipe__argsort_f64. */
void mlpipe__fdr(const double *p, const uint32_t *order, uint32_t n,
                 double *q);
/* Counts in the same ordered cells. The statistics are those of the samples
 * that have a cell's number for each row. */
typedef struct mlpipe__grid {
    double effective; /* N n / (N + n) */
    double ks, ks_se; /* largest distance of the distributions, and its error
                         where it lies */
    double ad; /* Anderson and Darling's A2 with mid-ranks (F. W. Scholz and M.
                  A. Stephens, JASA 82, 1987, equation 7, two samples) */
} mlpipe__grid;
void mlpipe__grid_compare(const uint64_t *ref, const uint64_t *now,
                          uint32_t cells, mlpipe__grid *out);
/* The likelihood ratio's chi-squared of a 2 x cells table, p with the
 * correction of D. A. Williams (Biometrika 63, 1976). */
double mlpipe__g_table(const uint64_t *a, const uint64_t *b, uint32_t cells,
                       double *df, double *p);
/* Rates a / n and b / m by R. A. Fisher's exact test: P of a table with as
 * many in both whose b is as large or larger (above), as small or smaller
 * (below), and of this table alone (own). */
typedef struct mlpipe__rates {
    double above, below, own;
} mlpipe__rates;
void mlpipe__fisher(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                    mlpipe__rates *out);
/* The p of a tail that holds a table of probability `own` itself. tie orders
 * tables that are equal here: how likely it is, by chance and whatever this
 * table is, that something else speaks as loudly; p is uniform as far as tie
 * is. Where tie is NaN half of `own` counts, and p is at least 1 / 1.1 of the
 * tail, so that no level is passed by more than a tenth. */
double mlpipe__rate_tie(double tail, double own, double tie);
/* P that b or more of m rows lie beyond an order statistic of n rows that has
 * a of them beyond it: as above, of the beta-binomial distribution, with
 * tie. */
double mlpipe__rate_beyond(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                           double tie);
/* b / m - a / n with R. G. Newcombe's interval (Statistics in Medicine 17,
 * 1998, method 10). */
void mlpipe__rate_difference(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                             mlpipe_figure *out);
/* P(X >= k) under rate p: exact up to 1,000,000 rows, then normal. */
double mlpipe__rate_tail(uint64_t k, uint64_t n, double p);

/* ---- null distributions on cells (grid_null.c, quadratic.c) -------------- */

/* A step of s, then ln P(S >= s) at 1, 2, ... steps. */
enum { MLPIPE__CURVE = 17 };
/* Curves of sqrt(A2) and of sqrt(N_e) D for cells with these counts in the
 * reference; *found is false where fewer than two have rows. */
mlpipe_status mlpipe__grid_nulls(mlpipe_ctx *ctx, const uint64_t *counts,
                                 uint32_t cells,
                                 double curves[2 * MLPIPE__CURVE],
                                 bool *found);
double mlpipe__curve_tail(const double curve[MLPIPE__CURVE], double s);
/* The s with P(S >= s) = p, p no less than that of the last step. */
double mlpipe__curve_quantile(const double curve[MLPIPE__CURVE], double p);
/* P(sum lambda_i Z_i^2 >= x) for rising x; lambda falls, at most 64 of them
 * are told apart. */
void mlpipe__quadratic_tails(const double *lambda, uint32_t n,
                             const double *x, uint32_t count, double *p);

/* ---- tests of pairs (paired.c, delong.c) --------------------------------- */

typedef struct mlpipe__test {
    double statistic;
    double df;    /* of Student's t or chi-squared; NaN where it has none */
    double p;     /* two-sided */
    double below; /* one-sided: small where what is tested is below 0 */
} mlpipe__test;

/* Is the mean of n differences 0, by Student's t? mean and its standard error
 * by weight where w is given. */
void mlpipe__paired_t(const double *d, const double *w, uint64_t n,
                      mlpipe__mean *mean, mlpipe__test *out);
/*
 * McNemar's test of two counts of rows on which just one of two classifiers is
 * right: exact below 25 rows, else (|a - b| - 1)^2 / (a + b), which is 0 where
 * a = b. below: small where b is the greater.
 */
void mlpipe__mcnemar(uint64_t a, uint64_t b, mlpipe__test *out);
/*
 * Wilcoxon's signed-rank test of n differences without those of 0: exact for
 * up to 50 that are all of different sizes, else the normal distribution with
 * the correction for ties. statistic: the smaller sum of ranks. E_LIMIT from
 * 2^32 - 1 rows on.
 */
mlpipe_status mlpipe__wilcoxon(mlpipe_ctx *ctx, const double *d, uint64_t n,
                               mlpipe__test *out);
/*
 * The mean of values of resamples whose training sets overlap; ratio = tested
 * rows / training rows: t = mean / sqrt((1 / n + ratio) s^2) with n - 1
 * degrees of freedom (C. Nadeau and Y. Bengio, Machine Learning 52, 2003).
 * Values that are not finite are left out; df tells how many remain.
 */
void mlpipe__corrected_t(const double *values, uint32_t n, double ratio,
                         mlpipe__mean *mean, double *sd, mlpipe__test *out);

/* Two areas under the ROC curve of the same rows. */
typedef struct mlpipe__delong {
    double auc_a, auc_b;
    double difference;    /* auc_b - auc_a, without cancellation */
    double se_a, se_b, se; /* NaN for fewer than two rows of a class */
    double covariance;    /* of auc_a and auc_b */
    mlpipe__test test;    /* z; below: small where b is the lesser */
} mlpipe__delong;
/*
 * E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44 (1988),
 * by ranks as X. Sun and W. Xu, IEEE SPL 21 (2014): O(n log n). y is 0 or 1,
 * w may be NULL. Equal areas without variance give z = 0. All is NaN where a
 * class has no row or a score is NaN. E_LIMIT from 2^32 - 1 rows on.
 */
mlpipe_status mlpipe__delong_test(mlpipe_ctx *ctx, const double *y,
                                  const double *a, const double *b,
                                  const double *w, uint64_t n,
                                  mlpipe__delong *out);
/* What each row adds to the difference auc_b - auc_a, to the first order: the
 * mean of `out` (n values, in the order of rows) is 0, and the root of the sum
 * of their squares over n is the difference's deviation where rows are
 * independent. NaN where a class or a score is missing. */
mlpipe_status mlpipe__delong_influence(mlpipe_ctx *ctx, const double *y,
                                       const double *a, const double *b,
                                       const double *w, uint64_t n,
                                       double *out);

/* ---- folds (folds.c) ---------------------------------------------------- */

/* Which of `folds` a row id belongs to, and a share in (0, 1). */
uint32_t mlpipe__fold_of(uint64_t seed, uint64_t row_id, uint32_t folds);
double mlpipe__share_of(uint64_t seed, uint32_t purpose, uint64_t row_id);

/* ---- covariances (scatter.c, eigen.c): init/update/merge/finish ---------- */

/*
 * Weighted sums of products of columns about a shift, and of the columns.
 * Blocks of 4,096 rows are added as a tree: an update but the last has a
 * multiple of 4,096 rows. A merge adds the other's sum as one more block, so
 * that it is equal to an update but for rounding.
 */
typedef struct mlpipe__scatter {
    mlpipe__env *env;
    uint32_t columns;
    uint64_t rows;
    double *shift; /* NULL before the first row */
    mlpipe__sums sums;
} mlpipe__scatter;

void mlpipe__scatter_init(mlpipe__scatter *s, mlpipe__env *env,
                          uint32_t columns);
/* rows x columns, row by row, all finite; w: not negative, or NULL. vector: 64
 * where the machine has AVX-512, 32 where AVX2, else 16: the same bits. */
mlpipe_status mlpipe__scatter_update(mlpipe_ctx *ctx, const char *owner,
                                     mlpipe__scatter *s, const double *x,
                                     const double *w, uint64_t rows,
                                     uint32_t vector);
mlpipe_status mlpipe__scatter_merge(mlpipe_ctx *ctx, mlpipe__scatter *s,
                                    const mlpipe__scatter *other);
/* The means, the sums of products about them (columns x columns), and the sum
 * of weights, which must be above 0. */
mlpipe_status mlpipe__scatter_finish(mlpipe_ctx *ctx,
                                     const mlpipe__scatter *s, double *mean,
                                     double *centred, double *weight);
void mlpipe__scatter_free(mlpipe__scatter *s);
/* What is loaded goes on as what was saved. False: no memory, other bytes than
 * those of a state of so many columns, or sums that left the doubles. For
 * states that are merged across processes: as yet the tests alone call them. */
void mlpipe__scatter_save(const mlpipe__scatter *s, mlpipe__text *out);
bool mlpipe__scatter_load(mlpipe__scatter *s, mlpipe__env *env,
                          uint32_t columns, mlpipe__cursor *in);
/* Of one matrix, upper triangle, columns and behind them one that is all
 * weight: the same sums about another shift; its bytes. */
void mlpipe__products_about(uint32_t columns, const double *from,
                            const double *to, double *gram);
void mlpipe__products_save(const double *gram, uint32_t columns,
                           mlpipe__text *out);
bool mlpipe__products_load(double *gram, uint32_t columns,
                           mlpipe__cursor *in);

/*
 * Eigenvalues of a symmetric matrix (p x p, spent), the largest first, and
 * their vectors row by row. Up to 500 columns by our own loops; beyond, and
 * where there is LAPACK, by that, which used_blas tells.
 */
mlpipe_status mlpipe__eigen(mlpipe_ctx *ctx, const char *owner, uint32_t p,
                            double *a, double *values, double *vectors,
                            bool *used_blas);

/* ---- blas.c: the only door to BLAS and LAPACK --------------------------- */

/* Column-major. Sizes are checked before the call; none is ever rejected by
 * xerbla. Fixed blocks are the caller's business (4,096 rows). */
/* c (p x p, upper) += x' x for x (n x p, leading dimension ld) */
void mlpipe__syrk(uint32_t n, uint32_t p, const double *x, uint32_t ld,
                  double *c);
/* Upper Cholesky in place; 0, or k where minor k is not positive. Below 500
 * columns our own, so that its bits do not depend on BLAS threads. */
uint32_t mlpipe__cholesky(uint32_t p, double *a);
/* Solve u'u x = b in place for the factor above. */
void mlpipe__cholesky_solve(uint32_t p, const double *u, double *b);
/* Eigenvectors of a symmetric matrix (p x p, spent), as mlpipe__eigen gives
 * them; false: no memory. Only where mlpipe__blas_takes says so. */
bool mlpipe__blas_takes(uint32_t p);
bool mlpipe__blas_eigen(mlpipe__env *env, uint32_t p, double *a,
                        double *values, double *vectors, bool *found);
const char *mlpipe__blas_name(void); /* "openblas" or "none" */
const char *mlpipe__blas_core(void); /* core name, or "" */

#endif
