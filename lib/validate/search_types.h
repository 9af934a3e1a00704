/* SPDX-License-Identifier: MIT */
/* What the files of the search share; for the files of this folder alone. */
#ifndef MLPIPE_VALIDATE_SEARCH_TYPES_H
#define MLPIPE_VALIDATE_SEARCH_TYPES_H

#include "validate_internal.h"

/* ---- the space (search_space.c) ------------------------------------------ */

enum mlpipe__dim_kind { MLPIPE__DIM_INT, MLPIPE__DIM_REAL, MLPIPE__DIM_LIST };

/* One parameter that is searched. A point holds a number for each of them:
 * the value of a range, or the place in a list. */
typedef struct mlpipe__dim {
    char *name;           /* "gbt.leaves" */
    uint32_t step, param; /* places in the recipe */
    uint32_t kind;
    bool log;
    double low, high;     /* of a range, inclusive */
    uint32_t count;       /* LIST */
    char **values;
    double own;           /* the recipe's; NaN where that is not in here */
} mlpipe__dim;

typedef struct mlpipe__space {
    mlpipe__env *env;
    uint32_t count;
    mlpipe__dim *dims; /* in the recipe's order */
} mlpipe__space;

/* `name=a..b[:log] name=v,w,x`, or a JSON object of such. E_PARAM. */
mlpipe_status mlpipe__space_parse(mlpipe_ctx *ctx,
                                  const mlpipe_pipeline *recipe,
                                  const char *text, mlpipe__space *out);
void mlpipe__space_free(mlpipe__space *s);
/* The one text of equal spaces. */
void mlpipe__space_write(const mlpipe__space *s, mlpipe__text *out);
/* A value of a point as a parameter's text. */
void mlpipe__dim_text(const mlpipe__dim *d, double x, mlpipe__text *out);
/* The recipe with these values. */
mlpipe_status mlpipe__space_apply(mlpipe_ctx *ctx, const mlpipe__space *s,
                                  const mlpipe_pipeline *recipe,
                                  const double *x, mlpipe_pipeline **out);

/* ---- where to look (search_grid.c, search_tpe.c) ------------------------- */

/* A point at random: uniform, on the scale of logarithms where `log` is. */
void mlpipe__space_random(const mlpipe__space *s, uint64_t seed,
                          uint32_t trial, double *x);
/* From the scale on which a range is even to its values, and back. */
double mlpipe__dim_scale(const mlpipe__dim *d, double x);
double mlpipe__dim_value(const mlpipe__dim *d, double t);
/* The ends of that scale; integers reach half a step beyond theirs. */
void mlpipe__dim_ends(const mlpipe__dim *d, double *low, double *high);
/* Points of the grid that cuts ranges at `levels` values; UINT64_MAX: more
 * than can be counted. */
uint64_t mlpipe__grid_size(const mlpipe__space *s, uint32_t levels);
/* Point i of them; the last parameter turns fastest. */
void mlpipe__grid_point(const mlpipe__space *s, uint32_t levels, uint64_t i,
                        double *x);

enum {
    MLPIPE__TPE_STARTUP = 10,    /* trials at random before it learns */
    MLPIPE__TPE_CANDIDATES = 24,
    MLPIPE__TPE_BELOW = 25       /* most trials that count as good */
};

/*
 * The tree-structured Parzen estimator of J. Bergstra et al. (NeurIPS 2011) in
 * the form of Optuna's independent sampler, each parameter by itself.
 */
typedef struct mlpipe__tpe_kernel {
    double mu, weight;
    uint32_t number; /* of the trial */
} mlpipe__tpe_kernel;

/* The density of one parameter among good or among other trials. */
typedef struct mlpipe__tpe_density {
    uint32_t count;  /* kernels, the prior among them */
    uint32_t wide;   /* the first of them; those behind have the same width,
                        and mu rises */
    double *mu;
    double *steep;   /* 1 / sigma */
    double *factor;  /* weight over what normalises the kernel */
    double *weight;  /* of the mixture */
    double steepest; /* no kernel is steeper */
    double *mass;    /* LIST: of each value */
    bool avx2;
} mlpipe__tpe_density;

typedef struct mlpipe__tpe {
    mlpipe__env *env;
    const mlpipe__space *space;
    uint32_t count, room; /* trials told, in the order of their numbers */
    double *scale;        /* dims x room; NaN: no value in the space */
    double *whole;        /* dims x room: 1 / what a kernel of the least width
                             has within the ends */
    uint32_t *order;      /* dims x room: those with a value, rising */
    uint32_t *ordered;    /* dims: how many */
    uint8_t *below;       /* room: counts as good */
    uint32_t *place;      /* room: in its group; scratch */
    double *weight;       /* room: scratch */
    uint32_t group[2];    /* good, others: trials */
    double prior[2];      /* weight of the prior */
    mlpipe__tpe_kernel *spare[2]; /* room: scratch */
    mlpipe__tpe_density density[2]; /* good, others */
} mlpipe__tpe;

/* P(Z > z), z >= 0 (search_kernels.c). */
double mlpipe__tpe_upper(double z);
/* What a normal kernel has between low and high. */
double mlpipe__tpe_inside(double mu, double sigma, double low, double high);
/* The density at left = right, or the mass between the two; where either is
 * more than `enough`, something above that. */
double mlpipe__tpe_sum(const mlpipe__tpe_density *d, double left,
                       double right, double enough);

/* Room for so many trials. */
mlpipe_status mlpipe__tpe_init(mlpipe_ctx *ctx, mlpipe__tpe *t,
                               const mlpipe__space *space, uint32_t room);
void mlpipe__tpe_free(mlpipe__tpe *t);
/* One more trial, under way or done; it counts as one of the others. */
void mlpipe__tpe_add(mlpipe__tpe *t, const double *x);
/* How many of n finished trials count as good. */
uint32_t mlpipe__tpe_good(uint32_t n);
/* The densities of parameter `dim`, as log g wants them. */
void mlpipe__tpe_fit(mlpipe__tpe *t, uint32_t dim);
/* log of density which (0: good) at a value; needs mlpipe__tpe_fit. */
double mlpipe__tpe_log(const mlpipe__tpe *t, uint32_t dim, uint32_t which,
                       double x);
/* The candidate of the best ratio, for each parameter. */
void mlpipe__tpe_suggest(mlpipe__tpe *t, uint64_t seed, uint32_t trial,
                         double *x);

/* ---- the search (search*.c) ---------------------------------------------- */

enum mlpipe__trial_state {
    MLPIPE__TRIAL_WAITING,
    MLPIPE__TRIAL_DONE,
    MLPIPE__TRIAL_PRUNED,
    MLPIPE__TRIAL_FAILED
};

typedef struct mlpipe__trial {
    double *x;          /* dims */
    uint32_t state;
    uint32_t rung;      /* how far it came, 0 .. rungs - 1 */
    uint32_t reached;   /* scratch: it goes on to more rows */
    uint32_t same;      /* an earlier trial of these values, or UINT32_MAX */
    double loss;        /* the score, turned so that less is better */
    double score, low, high, sd;
    double n;           /* rows behind the score */
    double seconds;
    mlpipe_status status; /* what it failed with */
    char *message;      /* why it failed, or NULL */
} mlpipe__trial;

enum { MLPIPE__SEARCH_RUNGS = 16, MLPIPE__SEARCH_FOLDS = 1000 };
enum mlpipe__search_method {
    MLPIPE__SEARCH_TPE,
    MLPIPE__SEARCH_RANDOM,
    MLPIPE__SEARCH_GRID
};

/* The record of evaluations on disk (search_journal.c). */
typedef struct mlpipe__journal {
    const char *path;   /* NULL: none is kept */
    void *lock;
    char *data;         /* what was there at the start */
    size_t bytes;
    size_t first, end;  /* of its records */
    size_t at;          /* behind the one that was taken last */
    size_t keep;        /* where the next record is written */
} mlpipe__journal;

typedef struct mlpipe__search {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *recipe;
    const mlpipe_dataset *train, *valid;
    mlpipe__params params;
    mlpipe__space space;
    uint32_t method;
    uint32_t limit;     /* trials */
    uint32_t batch, levels, halving;
    uint32_t folds;     /* 0: on valid */
    uint64_t seed, min_rows;
    double seconds;     /* 0: no end */
    uint64_t started;
    const mlpipe__metric *metric; /* NULL: not yet known by the task */
    mlpipe__metric asked;         /* what it is where it was named */
    /* rows (search_rows.c): of rung r and fold k at r * max(folds, 1) + k */
    uint32_t rungs;
    uint64_t rung_rows[MLPIPE__SEARCH_RUNGS];
    mlpipe_dataset **fit_rows;
    mlpipe_dataset **score_rows; /* of fold k */
    /* trials */
    mlpipe__trial *trials;
    uint32_t trial_room;
    uint32_t count;     /* of them so far */
    uint32_t best;      /* UINT32_MAX: none is done */
    uint32_t evaluated; /* fits and scores that were not repeated */
    uint32_t replayed;  /* of them, those from the journal */
    bool replay_told;
    bool out_of_time;
    mlpipe__tpe tpe;
    uint64_t grid_at;   /* the next point of the grid */
    mlpipe__journal journal;
    char recipe_print[33], space_print[33], train_print[33], valid_print[33];
} mlpipe__search;

/* Which of n finished trials are good; one that failed never is. */
void mlpipe__search_mark(const mlpipe__trial *trials, uint32_t n,
                         uint8_t *good);

/* Views for every rung and fold. */
mlpipe_status mlpipe__search_rows(mlpipe__search *s);
void mlpipe__search_rows_free(mlpipe__search *s);

/* Fit and score a trial on the rows of a rung (search_trial.c). A trial that
 * fails by itself is no failure of the call. */
mlpipe_status mlpipe__search_measure(mlpipe__search *s, uint32_t trial,
                                     uint32_t rung);
/* How many results the journal gave, told once. */
void mlpipe__search_tell_replayed(mlpipe__search *s);
/* Does the metric score this task? */
mlpipe_status mlpipe__search_check_metric(mlpipe__search *s, uint32_t task);
/* Is the time up? Always false without a budget. */
bool mlpipe__search_late(mlpipe__search *s);
/* Seconds since a reading of the clock. */
double mlpipe__search_since(const mlpipe__search *s, uint64_t start);

mlpipe_status mlpipe__journal_open(mlpipe__search *s, const char *path);
/* The next evaluation from the journal; *found = false: not in there. */
mlpipe_status mlpipe__journal_take(mlpipe__search *s, uint32_t trial,
                                   uint32_t rung, bool *found);
mlpipe_status mlpipe__journal_add(mlpipe__search *s, uint32_t trial,
                                  uint32_t rung);
void mlpipe__journal_close(mlpipe__search *s);

/* The report of all of it (search_report.c). */
mlpipe_status mlpipe__search_report(mlpipe__search *s,
                                    const mlpipe_pipeline *tuned,
                                    mlpipe_report **out);

#endif
