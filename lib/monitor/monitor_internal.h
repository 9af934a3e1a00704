/* SPDX-License-Identifier: MIT */
/*
 * What is written down of served rows, and what is made of it.
 *
 * The parts here know nothing of slots, so that deploy/ can build on them: the
 * recorder and the ring are written by a worker (and are in libmlpipe-serve),
 * truths, capture, drift and performance are read by mlpipe_monitor, whose
 * exported functions live in deploy/watch.c because they need the slot.
 */
#ifndef MLPIPE_MONITOR_INTERNAL_H
#define MLPIPE_MONITOR_INTERNAL_H

#include "../model/model_internal.h"

#include <mlpipe/detector.h>

/* ---- counters (recorder.c, also in libmlpipe-serve) -------------------- */

/* The counters that every lane begins with. */
enum {
    MLPIPE__COUNT_ROWS = 0,       /* predicted */
    MLPIPE__COUNT_UNANSWERED = 1, /* ... with an output of NaN */
    MLPIPE__COUNT_IMPUTED = 2,    /* ... with an input missing */
    MLPIPE__COUNT_UNSEEN = 3,     /* ... with a category not seen */
    MLPIPE__COUNT_RANGE = 4,      /* ... with a number out of range */
    MLPIPE__COUNT_FAILED = 5,     /* calls refused */
    MLPIPE__COUNT_LOST = 6,       /* ids that found the ring full */
    MLPIPE__COUNT_FAULTS = 7,     /* operations that had no answer */
    MLPIPE__COUNT_CODES = 8,      /* refused calls by -status; 0 = others */
    MLPIPE__COUNT_HEAD = 30 /* one for each code of base.h */
};
enum { MLPIPE__COUNT_CODE_ROOM = MLPIPE__COUNT_HEAD - MLPIPE__COUNT_CODES };

/*
 * A count has one writer, the worker, and any number of readers. It only
 * grows, so that a pane is the difference of two readings and nothing has to
 * be reset; a relaxed load and store make it one plain add.
 */
typedef atomic_uint_least64_t mlpipe__count;

static inline void mlpipe__count_add(mlpipe__count *c, uint64_t n)
{
    const uint64_t now = atomic_load_explicit(c, memory_order_relaxed);
    atomic_store_explicit(c, now + n, memory_order_relaxed);
}

static inline uint64_t mlpipe__count_get(const mlpipe__count *c)
{
    /* C11 forgot the const of atomic_load's argument. */
    return atomic_load_explicit((mlpipe__count *)(uintptr_t)c,
                                memory_order_relaxed);
}

typedef struct mlpipe__recorder mlpipe__recorder;

/*
 * A number whose cuts lie in a table (recorder_cells.c): eight pivots, then
 * blocks of eight entries, the last of each block a pivot, NaN behind the last
 * of all. At least four blocks, so that few can be halved five times without
 * looking where they end; the ninth block, which no pivot ends, ends in a NaN.
 */
enum {
    MLPIPE__CELLS_EIGHT = 8,
    MLPIPE__CELLS_FEW = 30, /* cuts; one entry more comes before them */
    MLPIPE__CELLS_MOST = 70
};
typedef struct mlpipe__recorder_number {
    const double *table;
    const uint8_t *flags; /* MLPIPE_FLAG_ of each cell */
    uint32_t input, first;
    bool many; /* cuts */
} mlpipe__recorder_number;

/* One way to count the numbers of a row; gives its flags. */
typedef uint32_t mlpipe__cells_run(const mlpipe__recorder *r,
                                   mlpipe__count *counters,
                                   const unsigned char *scratch,
                                   const uint32_t *lanes);

/* The cell of a number with a table, in one way. */
typedef uint32_t mlpipe__cells_find(const mlpipe__recorder_number *q,
                                    double x);

/* Where the counters of a model's inputs and score lie in a lane. */
struct mlpipe__recorder {
    mlpipe__env *env;
    const mlpipe__reference *reference; /* of the model; NULL = none */
    uint32_t input_count;
    uint8_t *coded;       /* per input: 1 = category */
    uint32_t *first;      /* per input: its first counter; 0 = not counted */
    uint32_t score_first; /* 0 = not counted */
    uint32_t latency_first;
    uint32_t total;       /* counters of a lane */
    uint32_t number_count, other_count;
    mlpipe__recorder_number *numbers;
    uint32_t *others; /* inputs that have no table */
    mlpipe__recorder_number score; /* table NULL: it has none */
    double *tables;
    uint8_t *cell_flags;
    mlpipe__cells_run *run;
    uint32_t moments_first; /* == total: none */
    mlpipe__cells_find *find;
    uint32_t *moments_table; /* per input of the moments: its number among
                                `numbers`, or UINT32_MAX */
};

/* Borrows the model, which must outlive it. False = out of memory. */
bool mlpipe__recorder_init(mlpipe__recorder *r, mlpipe__env *env,
                           const mlpipe_model *model);
void mlpipe__recorder_free(mlpipe__recorder *r);
/* Take the best way of this machine up to 0 plain, 1 AVX2, 2 AVX-512; they
 * count alike. */
void mlpipe__recorder_way(mlpipe__recorder *r, uint32_t isa);
/*
 * Count the inputs of one row: input i is the double at scratch + lanes[i].
 * Gives the MLPIPE_FLAG_ bits of the row.
 */
uint32_t mlpipe__recorder_inputs(const mlpipe__recorder *r,
                                 mlpipe__count *counters,
                                 const unsigned char *scratch,
                                 const uint32_t *lanes);
/*
 * Second moments (moments.c; libmlpipe-serve has none). Counters of a lane
 * from moments_first on: rows that were looked at, sums of scores, sums of
 * their products in the order of mlpipe__ref_moments. Sums that fall wrap
 * around, so that a difference of two readings is right as an int64_t.
 *
 * A row is looked at where the hash of its key is at most `most` (0: none,
 * UINT32_MAX: all). The key is the request's id, so that which rows they are
 * depends on no worker; rows without an id take their number in the lane. The
 * golden ratio spreads numbers that follow each other evenly.
 */
static inline bool mlpipe__moments_take(uint32_t most, uint64_t key)
{
    key ^= key >> 32;
    return most &&
           (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) <= most;
}
bool mlpipe__recorder_moments_init(mlpipe__recorder *r);
void mlpipe__recorder_moments(const mlpipe__recorder *r,
                              mlpipe__count *counters,
                              const unsigned char *scratch,
                              const uint32_t *lanes);
static inline uint32_t mlpipe__moments_counters(const mlpipe__ref_moments *m)
{
    return 1 + m->count + mlpipe__comoments_at(m->count, 0);
}

/* Count the row, its flags and its score; gives the flags with _NULL. */
uint32_t mlpipe__recorder_score(const mlpipe__recorder *r,
                                mlpipe__count *counters, uint32_t flags,
                                double score);

/* A call that failed, by its status; codes of the host count as 0. */
void mlpipe__recorder_failed(mlpipe__count *counters, mlpipe_status status);

/*
 * Latencies: a log-linear histogram (the shape of HdrHistogram) among the
 * counters of a lane, so that panes, sums over workers and deployments are
 * those of every other counter, and exact. First the sum of all, then the
 * cells: 64 for each doubling, from 16 to 2^36 ns; cell i holds what is above
 * its own edge and at most the next one's, the first and the last also what
 * is beyond. A value is known to 1/128 of itself.
 */
enum {
    MLPIPE__LATENCY_STEPS = 64, /* cells of a doubling */
    MLPIPE__LATENCY_LOW = 4,    /* the first edge is 2^4 ns, */
    MLPIPE__LATENCY_HIGH = 36,  /* the last 2^36 ns = 68.7 s */
    MLPIPE__LATENCY_CELLS = MLPIPE__LATENCY_STEPS *
                            (MLPIPE__LATENCY_HIGH - MLPIPE__LATENCY_LOW),
    MLPIPE__LATENCY_COUNTERS = 1 + MLPIPE__LATENCY_CELLS
};

uint32_t mlpipe__latency_cell(uint64_t ns); /* ns at most 2^53 */
void mlpipe__recorder_latency(const mlpipe__recorder *r,
                              mlpipe__count *counters, uint64_t ns);

/* ---- rings (recorder.c, also in libmlpipe-serve) ----------------------- */

/* A prediction on its way to the monitor. */
typedef struct mlpipe__served {
    uint64_t id;
    int64_t now_us;
    uint64_t number; /* of the deployment */
    double score;
} mlpipe__served;

/* One writer (a worker), one reader (the tick); full = the new one is lost. */
typedef struct mlpipe__ring {
    struct mlpipe__ring *next; /* all rings of a seat */
    size_t entry_bytes, record_bytes;
    uint64_t room; /* a power of two */
    _Alignas(64) atomic_uint_least64_t head;
    _Alignas(64) atomic_uint_least64_t tail;
    _Alignas(64) unsigned char entries[];
} mlpipe__ring;

mlpipe__ring *mlpipe__ring_new(mlpipe__env *env, uint64_t room,
                               size_t record_bytes);
bool mlpipe__ring_push(mlpipe__ring *r, const mlpipe__served *s,
                       const void *record);
/* The oldest entry, or NULL; its record follows it. */
const mlpipe__served *mlpipe__ring_peek(mlpipe__ring *r);
void mlpipe__ring_pop(mlpipe__ring *r);

/* ---- captured records (capture.c) -------------------------------------- */

/* The newest records, as the host gave them. */
typedef struct mlpipe__captured {
    uint64_t id, number;
    int64_t now_us;
    double truth;
    bool known; /* truth is there */
} mlpipe__captured;

typedef struct mlpipe__capture {
    mlpipe__env *env;
    uint64_t room, next;   /* row s lies at s % room; next = rows ever */
    uint64_t held;         /* rows for which memory was taken */
    size_t record_bytes;
    mlpipe__captured *rows;
    unsigned char *records;
    uint64_t labelled;     /* rows in the window whose truth is known */
} mlpipe__capture;

void mlpipe__capture_init(mlpipe__capture *c, mlpipe__env *env, uint64_t room,
                          size_t record_bytes);
void mlpipe__capture_free(mlpipe__capture *c);
/* Memory for one row more; false = out of memory. */
bool mlpipe__capture_reserve(mlpipe__capture *c);
/* After a reserve: keeps the row; gives its number. */
uint64_t mlpipe__capture_add(mlpipe__capture *c, const mlpipe__served *s,
                             const void *record);
void mlpipe__capture_truth(mlpipe__capture *c, uint64_t row, double truth);
/* How many of the labelled rows deployment `number` predicted; 0 = any; from:
 * the first row that counts. */
uint64_t mlpipe__capture_labelled(const mlpipe__capture *c, uint64_t number,
                                  uint64_t from);
/*
 * The labelled rows, oldest prediction first, as a dataset with the columns
 * that `model` was trained on, and the inputs of `other` (NULL: none). Records
 * follow `layout`, or are doubles in the order of the inputs of `first`.
 * number: of that deployment only; 0 = all; from: that row and newer ones.
 */
mlpipe_status mlpipe__capture_dataset(mlpipe_ctx *ctx,
                                      const mlpipe__capture *c,
                                      const mlpipe_model *model,
                                      const mlpipe_model *other,
                                      mlpipe_layout *layout,
                                      const mlpipe_model *first,
                                      uint64_t number, uint64_t from,
                                      mlpipe_dataset **out);

/* ---- truths (truth.c) -------------------------------------------------- */

/* A truth that was told and not yet looked at. */
typedef struct mlpipe__told {
    struct mlpipe__told *next;
    uint64_t id;
    int64_t label_us;
    double truth;
} mlpipe__told;

/* A prediction that met its truth. */
typedef struct mlpipe__match {
    uint64_t id, number, row; /* row: of the capture, UINT64_MAX = none */
    int64_t now_us, label_us;
    double score, truth;
} mlpipe__match;

/*
 * The join of predictions and truths by id, in bounded memory. Entries lie in
 * a pool; three queues (predictions that wait, truths that came early, and
 * done ones, which tell a repeated truth from an unknown one) give the order
 * in which they expire or give way.
 *   truths told  = matched + duplicate + unmatched + early
 *   predictions  = matched + expired + repeated + waiting
 */
typedef struct mlpipe__truth_entry {
    uint64_t id, number, row;
    int64_t us;   /* of the prediction, or of the label of an early truth */
    double value; /* score or truth */
    uint32_t next, prev; /* in its queue; UINT32_MAX = end */
    uint32_t queue;
    uint32_t reserved;
} mlpipe__truth_entry;

enum {
    MLPIPE__TRUTH_WAITING = 0,
    MLPIPE__TRUTH_EARLY = 1,
    MLPIPE__TRUTH_DONE = 2,
    MLPIPE__TRUTH_QUEUES = 3
};

typedef struct mlpipe__truths {
    mlpipe__env *env;
    uint64_t room;      /* the most entries */
    int64_t delay_us;
    bool expire_as;     /* a prediction that expires gets expire_value */
    double expire_value;
    mlpipe__truth_entry *pool;
    uint32_t pool_used, pool_room, free_list;
    uint32_t *slots;    /* pool index + 1 */
    uint32_t slot_count;
    uint32_t count[MLPIPE__TRUTH_QUEUES];
    uint32_t oldest[MLPIPE__TRUTH_QUEUES], newest[MLPIPE__TRUTH_QUEUES];
    uint64_t told, matched, duplicate, unmatched;
    uint64_t predictions, expired, repeated;
} mlpipe__truths;

void mlpipe__truths_init(mlpipe__truths *t, mlpipe__env *env, uint64_t room,
                         int64_t delay_us);
void mlpipe__truths_free(mlpipe__truths *t);
/* Memory for one entry more; false = out of memory, nothing changed. */
bool mlpipe__truths_reserve(mlpipe__truths *t);
/* After a reserve: a prediction; true and *out where its truth is there. */
bool mlpipe__truths_predicted(mlpipe__truths *t, const mlpipe__served *s,
                              uint64_t row, mlpipe__match *out);
/* After a reserve: a truth; true and *out where its prediction is there. */
bool mlpipe__truths_told(mlpipe__truths *t, const mlpipe__told *told,
                         mlpipe__match *out);
/* Drop what is too old, one entry a call; true while there was one. With
 * *matched the entry got the value of expire= and *out tells of it. */
bool mlpipe__truths_expire(mlpipe__truths *t, int64_t now_us, bool *matched,
                           mlpipe__match *out);
/* A list by (label time, id), ties in the order of the list. */
mlpipe__told *mlpipe__told_sort(mlpipe__told *list);

/* ---- realised losses (realised.c) -------------------------------------- */

/* The newest matches of the deployment that serves. */
typedef struct mlpipe__realised {
    mlpipe__env *env;
    uint64_t number; /* of the deployment */
    uint64_t room, next;
    double *score, *truth; /* row s at s % room */
} mlpipe__realised;

/* False = out of memory. */
bool mlpipe__realised_init(mlpipe__realised *r, mlpipe__env *env,
                           uint64_t room);
void mlpipe__realised_free(mlpipe__realised *r);
void mlpipe__realised_reset(mlpipe__realised *r, uint64_t number);
void mlpipe__realised_add(mlpipe__realised *r, const mlpipe__match *m);

/* ---- the stream of losses (concept.c) ---------------------------------- */

/* The loss of a match, until it is its turn. */
typedef struct mlpipe__loss {
    int64_t label_us;
    uint64_t id;
    double loss;
} mlpipe__loss;

/*
 * Losses of the deployment that serves, into a detector: 1 where the class is
 * wrong; of numbers |error| / cap, at most 1, with cap = 4 times the held-out
 * rmse (no reference: the error as it is).
 */
typedef struct mlpipe__concept {
    mlpipe__env *env;
    char *text; /* of detector=; NULL: none */
    mlpipe_detector *detector; /* NULL: none for this model */
    uint64_t number;           /* of the deployment */
    bool classes;
    double cap;         /* of numbers; NaN: none */
    double mean, upper; /* the held-out loss and its upper 95 % bound; NaN */
    mlpipe__loss *losses; /* of this tick */
    uint32_t pending, room;
    uint64_t n, alarms; /* since it began */
    double sum;         /* of the losses */
    double statistic;   /* of the first alarm */
} mlpipe__concept;

void mlpipe__concept_init(mlpipe__concept *c, mlpipe__env *env);
void mlpipe__concept_free(mlpipe__concept *c);
/* text: none, auto or a detector with its parameters. */
mlpipe_status mlpipe__concept_setup(mlpipe_ctx *ctx, mlpipe__concept *c,
                                    const char *text);
/* Begin with another deployment; where it fails nothing has changed. */
mlpipe_status mlpipe__concept_follow(mlpipe_ctx *ctx, mlpipe__concept *c,
                                     const mlpipe_model *model,
                                     uint64_t number);
/* Forget alarms and losses: somebody has looked into it. */
void mlpipe__concept_reset(mlpipe__concept *c);
/* Memory for one loss more; false = out of memory. */
bool mlpipe__concept_reserve(mlpipe__concept *c);
/* After a reserve: the loss of a match of this deployment. */
void mlpipe__concept_add(mlpipe__concept *c, const mlpipe__match *m);
/* What came in this tick, in the order of (label time, id). */
mlpipe_status mlpipe__concept_feed(mlpipe_ctx *ctx, mlpipe__concept *c);
/* "concept" and its numbers. */
void mlpipe__concept_report(const mlpipe__concept *c, mlpipe_report *r,
                            uint32_t *worst);
/* ---- latencies read (latency.c) ---------------------------------------- */

/* The edge above a cell, ns. */
uint64_t mlpipe__latency_edge(uint32_t cell);
/*
 * Of the counters of one histogram: how many values, how many of them are at
 * most 2^power ns, and a quantile with the 95 % interval of its rank (NaN
 * where so few values have none).
 */
uint64_t mlpipe__latency_count(const uint64_t *counters);
uint64_t mlpipe__latency_within(const uint64_t *counters, uint32_t power);
mlpipe_figure mlpipe__latency_quantile(const uint64_t *counters, double q);
/* The upper edge of the highest cell that holds a value; NaN = none does. */
double mlpipe__latency_max(const uint64_t *counters);

/* ---- the report (drift.c, realised.c) ---------------------------------- */

enum {
    MLPIPE__VERDICT_OK = 0,
    MLPIPE__VERDICT_INSUFFICIENT = 1,
    MLPIPE__VERDICT_WARN = 2,
    MLPIPE__VERDICT_DRIFT = 3
};

const char *mlpipe__verdict_name(uint32_t verdict);

typedef struct mlpipe__drift_limits {
    double alpha, psi;
} mlpipe__drift_limits;

/* How one input, or the score, differs from its reference. */
typedef struct mlpipe__drift_row {
    double psi, psi_p;
    double missing, unseen, outside; /* rates */
    double missing_p, unseen_p, outside_p;
    double missing_ref;
    uint32_t verdict;
} mlpipe__drift_row;

/* counts: cells of `in`, or NULL (too few rows). Gives psi, rates and p, all
 * NaN where there are too few rows or `in` is private. */
void mlpipe__drift_measure(const mlpipe__ref_input *in, const uint64_t *counts,
                           uint64_t *scratch /* 2 * cells */,
                           mlpipe__drift_row *out);
/* Benjamini-Hochberg over all tests of all rows, then verdicts. sorted: room
 * for 8 * n doubles. */
void mlpipe__drift_judge(mlpipe__drift_row *rows, uint32_t n,
                         const mlpipe__drift_limits *limits, double *sorted);
/*
 * Inputs and score of a pane (counters of a lane, or NULL where none is
 * closed) into a report: <input>.psi ... and the verdicts "features" and
 * "score". *drifted counts the inputs at DRIFT.
 */
mlpipe_status mlpipe__drift_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe__recorder *recorder,
                                   const uint64_t *counts,
                                   const mlpipe__drift_limits *limits,
                                   mlpipe_report *report, uint32_t *worst);
/*
 * Correlations and the distance from the reference's basis (counters of the
 * recorder from moments_first on, or NULL where there are too few rows), with
 * the verdicts "correlations" and "reconstruction". Only where the model's
 * reference has moments.
 */
mlpipe_status mlpipe__moments_report(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const uint64_t *counts, double alpha,
                                     mlpipe_report *report, uint32_t *worst);
/* Metrics on the matches beside the reference, and "performance". */
mlpipe_status mlpipe__realised_report(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *realised,
                                      uint64_t least, double alpha,
                                      mlpipe_report *report, uint32_t *worst);

/* What stands before <input>.psi and its like: "", but "input." for inputs
 * that are called score or performance, as numbers of the model are. */
const char *mlpipe__report_input_prefix(const char *input);

/* errors.E_ARG and its like, by -status; 0 = codes of the host. */
void mlpipe__report_error_name(uint32_t code, char *out, size_t room);
/* Is a name that the report does not have 0? So are errors that never came. */
bool mlpipe__report_name_zero(const char *name);

/* What a monitor's report of this model can be asked, for rules. */
enum { MLPIPE__NAME_NUMBER = 1, MLPIPE__NAME_VERDICT = 2 };
typedef struct mlpipe__report_names {
    mlpipe__dict names;
    uint8_t *kinds;      /* MLPIPE__NAME_ */
    uint8_t *performance; /* 1 = needs a reference of performance */
    uint32_t room;        /* of the two arrays */
    bool has_performance;
} mlpipe__report_names;
mlpipe_status mlpipe__report_names_init(mlpipe_ctx *ctx,
                                        const mlpipe_model *model,
                                        mlpipe__report_names *out);
void mlpipe__report_names_free(mlpipe__report_names *n);

#endif
