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
    MLPIPE__COUNT_HEAD = 8
};

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

/* Where the counters of a model's inputs and score lie in a lane. */
typedef struct mlpipe__recorder {
    mlpipe__env *env;
    const mlpipe__reference *reference; /* of the model; NULL = none */
    uint32_t input_count;
    uint8_t *coded;       /* per input: 1 = category */
    uint32_t *first;      /* per input: its first counter; 0 = not counted */
    uint32_t score_first; /* 0 = not counted */
    uint32_t total;       /* counters of a lane */
} mlpipe__recorder;

/* Borrows the model, which must outlive it. False = out of memory. */
bool mlpipe__recorder_init(mlpipe__recorder *r, mlpipe__env *env,
                           const mlpipe_model *model);
void mlpipe__recorder_free(mlpipe__recorder *r);
/*
 * Count the inputs of one row: input i is the double at scratch + lanes[i].
 * Gives the MLPIPE_FLAG_ bits of the row.
 */
uint32_t mlpipe__recorder_inputs(const mlpipe__recorder *r,
                                 mlpipe__count *counters,
                                 const unsigned char *scratch,
                                 const uint32_t *lanes);
/* Count the row, its flags and its score; gives the flags with _NULL. */
uint32_t mlpipe__recorder_score(const mlpipe__recorder *r,
                                mlpipe__count *counters, uint32_t flags,
                                double score);

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
/* How many of the labelled rows deployment `number` predicted. */
uint64_t mlpipe__capture_labelled(const mlpipe__capture *c, uint64_t number);
/*
 * The labelled rows, oldest prediction first, as a dataset with the columns
 * that `model` was trained on, and the inputs of `other` (NULL: none). Records
 * follow `layout`, or are doubles in the order of the inputs of `first`.
 * number: of that deployment only; 0 = all.
 */
mlpipe_status mlpipe__capture_dataset(mlpipe_ctx *ctx,
                                      const mlpipe__capture *c,
                                      const mlpipe_model *model,
                                      const mlpipe_model *other,
                                      mlpipe_layout *layout,
                                      const mlpipe_model *first,
                                      uint64_t number, mlpipe_dataset **out);

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

/* The tests of one input. */
enum {
    MLPIPE__TEST_CHI2 = 0,  /* homogeneity of all cells; effect: Cohen's w */
    MLPIPE__TEST_G = 1,     /* its likelihood ratio; the same effect */
    MLPIPE__TEST_KS = 2,    /* greatest distance of the distributions */
    MLPIPE__TEST_AD = 3,    /* Anderson and Darling; effect: PSI less bias */
    MLPIPE__TEST_LOW = 4,   /* more rows in the low tail */
    MLPIPE__TEST_HIGH = 5,  /* ... in the high tail */
    MLPIPE__TEST_MISSING = 6,
    MLPIPE__TEST_UNSEEN = 7,
    MLPIPE__TEST_OUTSIDE = 8,
    MLPIPE__TESTS = 9
};
const char *mlpipe__drift_test_name(uint32_t test);

/* One test; NaN throughout where there is nothing to test. */
typedef struct mlpipe__drift_test {
    double statistic, effect, low, high; /* 95 % interval of the effect */
    double p;
    double mde; /* the effect that is found with probability 0.8 at alpha */
} mlpipe__drift_test;

/* How one input, or the score, differs from its reference. */
typedef struct mlpipe__drift_row {
    double psi;                      /* with its bias */
    double missing, unseen, outside; /* rates */
    double tail_low, tail_high;      /* rates, beside share of the reference */
    mlpipe__drift_test test[MLPIPE__TESTS];
    double p;  /* Holm's, of the tests that decide */
    double q;  /* false discovery rate over the inputs; of the score: p */
    uint32_t verdict;
} mlpipe__drift_row;

/* What a report tells of each row, by name (report_names.c). */
enum { MLPIPE__DRIFT_NUMBERS = 11 };
const char *mlpipe__drift_number_name(uint32_t i);
void mlpipe__drift_numbers(const mlpipe__drift_row *r,
                           double value[MLPIPE__DRIFT_NUMBERS]);

/* counts: cells of `in`, or NULL (too few rows). All NaN where there are too
 * few rows or `in` is private. scratch: 2 * cells. */
void mlpipe__drift_measure(const mlpipe__ref_input *in, const uint64_t *counts,
                           double alpha, uint64_t *scratch,
                           mlpipe__drift_row *out);
/* Holm within a row, Benjamini and Hochberg over the first n of n + 1 rows,
 * whose last is the score's; then verdicts. False: out of memory. */
bool mlpipe__drift_judge(mlpipe__env *env, mlpipe__drift_row *rows, uint32_t n,
                         const mlpipe__drift_limits *limits);
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
/* Metrics on the matches beside the reference, and "performance". */
mlpipe_status mlpipe__realised_report(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised *realised,
                                      uint64_t least, double alpha,
                                      mlpipe_report *report, uint32_t *worst);

/* What stands before <input>.psi and its like: "", but "input." for inputs
 * that are called score or performance, as numbers of the model are. */
const char *mlpipe__report_input_prefix(const char *input);

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
