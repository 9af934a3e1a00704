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
    uint32_t bins_first;  /* MLPIPE__SCORE_BINS of classes; 0 = not counted */
    uint32_t width;       /* outputs that are probabilities, or 1 */
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

/* Count the row, its flags and its score, the first output; gives the flags
 * with _NULL. */
uint32_t mlpipe__recorder_score(const mlpipe__recorder *r,
                                mlpipe__count *counters, uint32_t flags,
                                const double *out);

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
    /* an entry: mlpipe__served, outputs behind its score, a record */
    size_t entry_bytes, more_bytes, record_bytes;
    uint64_t room; /* a power of two */
    _Alignas(64) atomic_uint_least64_t head;
    _Alignas(64) atomic_uint_least64_t tail;
    _Alignas(64) unsigned char entries[];
} mlpipe__ring;

/* The most outputs of a prediction that are carried to the monitor. */
enum { MLPIPE__SCORES_MOST = 64 };
mlpipe__ring *mlpipe__ring_new(mlpipe__env *env, uint64_t room,
                               size_t more_bytes, size_t record_bytes);
/* more: the outputs behind the score. */
bool mlpipe__ring_push(mlpipe__ring *r, const mlpipe__served *s,
                       const double *more, const void *record);
/* The oldest entry, or NULL; outputs and record follow it. */
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
/* row: the low 32 bits of its number; the id tells whether it is the one. */
void mlpipe__capture_truth(mlpipe__capture *c, uint32_t row, uint64_t id,
                           double truth);
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
    uint64_t id, number;
    uint32_t row; /* of the capture: the low 32 bits of its number */
    int64_t now_us, label_us;
    double score, truth;
    uint64_t pane;      /* in which it was predicted */
    const double *more; /* outputs behind the score, until the next call */
} mlpipe__match;

/*
 * The join of predictions and truths by id, in bounded memory. Entries lie in
 * a ring in the order in which they came; a table of places finds them by id.
 * Matched ones stay until they are due, which tells a repeated truth from an
 * unknown one.
 *   truths told  = matched + duplicate + unmatched + early
 *   predictions  = matched + expired + repeated + waiting
 *
 * 31.4 bytes for each of `room`: 24 of an entry, 2 of its mark, 5.3 of the
 * table, 0.1 of its block; and 8 for each output behind the first.
 */
typedef struct mlpipe__truth_entry {
    uint64_t id;
    double value;  /* score or truth */
    uint32_t time; /* of prediction or label, in its block's units */
    uint32_t row;  /* of the capture: its low 32 bits */
} mlpipe__truth_entry;

/* Times of 256 entries: base + (time << shift), exact while they lie within
 * 71 minutes and to 1 / 2^32 of their span otherwise, rounded down. */
typedef struct mlpipe__truth_block {
    int64_t base;  /* no live entry is older; INT64_MAX = none lives */
    uint32_t shift;
    uint32_t reserved;
} mlpipe__truth_block;

/* Who predicted, and in which pane: what entries have in common. */
typedef struct mlpipe__truth_epoch {
    uint64_t number, pane;
    uint32_t live; /* entries that speak of it */
    uint32_t reserved;
} mlpipe__truth_epoch;

enum {
    MLPIPE__TRUTH_HOLE = 0,
    MLPIPE__TRUTH_WAITING = 1,
    MLPIPE__TRUTH_EARLY = 2,
    MLPIPE__TRUTH_DONE = 3,
    MLPIPE__TRUTH_STATES = 4,
    MLPIPE__TRUTH_BLOCK = 256,
    MLPIPE__TRUTH_EPOCHS = 16384
};

/* Where an id is found (truth_index.c): open addressing over places. */
typedef struct mlpipe__truth_index {
    uint32_t *slots; /* hash, distance, place + 1; 0 = empty */
    uint64_t count;
    uint32_t place_bits, far_bits;
} mlpipe__truth_index;

typedef struct mlpipe__truths {
    mlpipe__env *env;
    uint64_t room;      /* the most entries */
    int64_t delay_us;
    bool expire_as;     /* a prediction that expires gets expire_value */
    double expire_value;
    uint32_t more;      /* outputs behind the first */
    uint64_t pane;      /* of the predictions that come next */
    mlpipe__truth_entry *pool;
    uint16_t *marks;    /* state << 14 | epoch */
    double *outputs;    /* places x more */
    mlpipe__truth_block *blocks;
    mlpipe__truth_index index;
    uint64_t places;    /* of the ring */
    uint64_t tail, head; /* entry s lies at s % places */
    int64_t due;        /* no live entry is older */
    uint64_t scan;      /* where expiry goes on; UINT64_MAX = anew */
    mlpipe__truth_epoch *epochs;
    uint32_t epoch_room, epochs_used, epoch_recent[4];
    uint64_t count[MLPIPE__TRUTH_STATES];
    uint64_t told, matched, duplicate, unmatched;
    uint64_t predictions, expired, repeated;
} mlpipe__truths;

/* Room for as many places; false = out of memory. Empties it. */
bool mlpipe__truth_index_init(mlpipe__truth_index *x, mlpipe__env *env,
                              uint64_t places);
void mlpipe__truth_index_clear(mlpipe__truth_index *x);
/* The place of an id, or UINT32_MAX. */
uint32_t mlpipe__truth_index_find(const mlpipe__truth_index *x,
                                  const mlpipe__truth_entry *pool,
                                  uint64_t id);
/* Fetch what a search for the id will read; then, a while later, the place
 * that it will most likely give, without a look at the entry. */
void mlpipe__truth_index_near(const mlpipe__truth_index *x, uint64_t id);
uint32_t mlpipe__truth_index_guess(const mlpipe__truth_index *x, uint64_t id);
/* An id that is not there. */
void mlpipe__truth_index_add(mlpipe__truth_index *x, uint64_t id,
                             uint32_t place);
/* The id of a place, which is there. */
void mlpipe__truth_index_drop(mlpipe__truth_index *x,
                              const mlpipe__truth_entry *pool,
                              uint32_t place);

void mlpipe__truths_init(mlpipe__truths *t, mlpipe__env *env, uint64_t room,
                         int64_t delay_us, uint32_t more);
void mlpipe__truths_free(mlpipe__truths *t);
/* Memory for one entry more; false = out of memory, nothing lost. */
bool mlpipe__truths_reserve(mlpipe__truths *t);
/* After a reserve: a prediction and its outputs behind the score; true and
 * *out where its truth is there. */
bool mlpipe__truths_predicted(mlpipe__truths *t, const mlpipe__served *s,
                              const double *more, uint64_t row,
                              mlpipe__match *out);
/* After a reserve: a truth; true and *out where its prediction is there. */
bool mlpipe__truths_told(mlpipe__truths *t, const mlpipe__told *told,
                         mlpipe__match *out);
/*
 * The table is larger than a cache, and a look into it mostly waits for
 * memory. Who knows ids ahead says so: `far` of them first (the slot), then,
 * MLPIPE__TRUTH_AHEAD calls later, near ones (the entry).
 */
enum { MLPIPE__TRUTH_AHEAD = 8 };
void mlpipe__truths_far(const mlpipe__truths *t, uint64_t id);
void mlpipe__truths_near(const mlpipe__truths *t, uint64_t id);
/* Drop what is too old, one entry a call; true while there was one. With
 * *matched the entry got the value of expire= and *out tells of it. */
bool mlpipe__truths_expire(mlpipe__truths *t, int64_t now_us, bool *matched,
                           mlpipe__match *out);
/* A list by (label time, id), ties in the order of the list. */
mlpipe__told *mlpipe__told_sort(mlpipe__told *list);

/* ---- evidence of a worse loss (evidence.c) ------------------------------ */

enum { MLPIPE__EVIDENCE_BETS = 7 };

/*
 * A bet b pays 1 + b (x / m - 1) for a loss x: never below 0, and at most 1 in
 * expectation while the mean of x, given what came before, is at most the
 * bound m. What gamblers of block k own begins with 1 / (k (k + 1)), which
 * adds up to 1 over all blocks, so that the sum over them, and the mean of
 * that over bets, is an e-process: it ever reaches 1 / alpha with a chance of
 * alpha at most (J. Ville, 1939; G. Shafer, JRSS A 184, 2021). A change in
 * block k costs a delay of 2 ln k beside one from the start, and no power.
 */
typedef struct mlpipe__evidence {
    double bound; /* m; NaN or 0: there is no evidence */
    double limit; /* 1 / alpha */
    uint64_t block, n; /* rows of a block; seen */
    double wealth[MLPIPE__EVIDENCE_BETS];
} mlpipe__evidence;

void mlpipe__evidence_start(mlpipe__evidence *e, double bound, double alpha,
                            uint64_t block);
void mlpipe__evidence_add(mlpipe__evidence *e, const double *loss, uint64_t n);
double mlpipe__evidence_value(const mlpipe__evidence *e);
/* The mean loss that the next n rows would show with probability 0.8, if their
 * losses have that variance; inf: there is none. */
double mlpipe__evidence_mde(const mlpipe__evidence *e, double n,
                            double variance);
/* For bets in general: the excess of x / m over 1 at which n rows of variance v
 * multiply what one of them owns by e^gain with probability 0.8. */
double mlpipe__bets_mde(const double *bets, uint32_t count, double gain,
                        double n, double v);
/* The difference that a one-sided z-test at this level finds with probability
 * 0.8. */
double mlpipe__level_mde(double level, double se);

/* ---- realised losses (realised.c) -------------------------------------- */

/* What is asked before performance is judged. */
typedef struct mlpipe__realised_limits {
    double alpha;    /* of a false alarm in all of a deployment's life */
    uint64_t least;  /* matches */
    double maturity; /* share of predictions whose truth is known */
} mlpipe__realised_limits;

/* Worse by less than this share is never DRIFT. */
#define MLPIPE__REALISED_EFFECT 0.1
/* Where a loss worse by this share would not be seen, nothing is OK. */
#define MLPIPE__MDE_MOST 1.0

/*
 * The loss is compared with the reference's at looks: the first when there are
 * `least` matches, then one whenever as many as a pane has come. Alpha has
 * three equal parts. A third is spent by the looks themselves, alpha / 3 / (k
 * (k + 1)) by look k, which adds up however many there are, and whatever
 * errors they share, such as the reference's own: it finds a large change
 * within its pane. A third is the chance that the mean loss is above the bound
 * of the reference, a third that of evidence against a mean loss that is not:
 * both grow with what is gathered over panes, and keep their power.
 */
typedef struct mlpipe__look {
    uint64_t count, next; /* next: matches that the next one waits for */
    double change, p, level;
    double evidence;     /* NaN: there is none */
    double mde, mde_n;   /* of change, and the matches that it takes */
    uint32_t verdict;
} mlpipe__look;

/* The newest matches of the deployment that serves. */
typedef struct mlpipe__realised {
    mlpipe__env *env;
    uint64_t number; /* of the deployment */
    uint64_t room, next;
    uint32_t width;
    double *score, *truth; /* row s at s % room; scores: width each */
    double *loss;          /* scratch, room */
    const mlpipe__metric *metric; /* whose losses are evidence, or NULL */
    uint64_t fed;          /* rows that are */
    mlpipe__evidence evidence;
    /* since it was swapped in, in the window `first_window` */
    uint64_t first_window, predictions, matched;
    mlpipe__look look;
} mlpipe__realised;

/* False = out of memory. */
bool mlpipe__realised_init(mlpipe__realised *r, mlpipe__env *env,
                           uint64_t room, uint32_t width);
void mlpipe__realised_free(mlpipe__realised *r);
/* model: of the deployment; NULL: of none. alpha: as limits have it. */
void mlpipe__realised_reset(mlpipe__realised *r, const mlpipe_model *model,
                            double alpha, uint64_t number, uint64_t window);
void mlpipe__realised_add(mlpipe__realised *r, const mlpipe__match *m);
/* The share of predictions whose truth is known; NaN without any. */
double mlpipe__realised_maturity(const mlpipe__realised *r);
/* A look, where it is time for one. */
mlpipe_status mlpipe__realised_look(mlpipe_ctx *ctx,
                                    const mlpipe_model *model,
                                    const mlpipe__realised_limits *limits,
                                    mlpipe__realised *r);

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
    double sum, squares; /* of the losses */
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
/* Why its verdict is what it is. */
void mlpipe__concept_why(const mlpipe__concept *c, const mlpipe_model *model,
                         mlpipe_report *r);
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
/* And back; a text that is none, or NULL, is INSUFFICIENT_DATA. */
uint32_t mlpipe__verdict_number(const char *name);

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
    bool counted; /* of a rate: there are such rows, or chance expects some */
} mlpipe__drift_test;

/* Does the cell of a number hold one value? */
bool mlpipe__drift_atom(const mlpipe__ref_input *in, uint32_t cell);

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
/* How much a report tells. Rules and panes ask for numbers and verdicts alone;
 * tables of a thousand inputs cost more than what they tell of. */
enum {
    MLPIPE__TELL_NUMBERS = 0,
    MLPIPE__TELL_TABLES = 1,
    MLPIPE__TELL_PICTURES = 2 /* also "bins", of the inputs that stand first */
};
/* What was measured of a pane, until another is closed. It outlives contexts,
 * so that its memory is of an environment of its own. */
typedef struct mlpipe__drift_known {
    mlpipe__env *env;
    mlpipe__drift_row *rows; /* of the inputs, then of the score */
    bool fresh;
} mlpipe__drift_known;
/* Another pane, or another model. */
void mlpipe__drift_forget(mlpipe__drift_known *known);
/*
 * Inputs and score of a pane (counters of a lane, or NULL where none is
 * closed) into a report: <input>.psi ... and the verdicts "features" and
 * "score". known: of this pane; measured where it is not fresh.
 */
mlpipe_status mlpipe__drift_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe__recorder *recorder,
                                   const uint64_t *counts, uint32_t tell,
                                   const mlpipe__drift_limits *limits,
                                   mlpipe__drift_known *known,
                                   mlpipe_report *report, uint32_t *worst);
/* Rows of the table "bins": cells of an input beside counts (drift_bins.c).
 * dict: texts of its codes, or NULL; t: scratch. */
void mlpipe__drift_put_bins(mlpipe_report *report, const char *name,
                            const mlpipe__ref_input *in,
                            const mlpipe__dict *dict, const uint64_t *counts,
                            mlpipe__text *t);
/* Rows that a test of correlations takes at the least: it sees a correlation
 * of 0.7 that fell to 0.6. */
enum { MLPIPE__MOMENTS_LEAST = 500 };
/*
 * Correlations and the distance from the reference's basis (counters of the
 * recorder from moments_first on, or NULL where there are too few rows), with
 * the verdicts "correlations" and "reconstruction". Only where the model's
 * reference has moments.
 */
mlpipe_status mlpipe__moments_report(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const uint64_t *counts, uint32_t tell,
                                     double alpha, mlpipe_report *report,
                                     uint32_t *worst);
/* Metrics on the matches beside the reference, and "performance". */
void mlpipe__realised_why(const mlpipe_model *model,
                          const mlpipe__realised_limits *limits,
                          const mlpipe__realised *r, mlpipe_report *report);
mlpipe_status mlpipe__realised_report(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe__realised_limits *limits,
                                      const mlpipe__realised *r,
                                      mlpipe_report *report, uint32_t *worst);
/* Metrics that are expected of a pane's scores (counts of their bins, NULL:
 * none is closed): cbpe.<name> (cbpe.c). */
mlpipe_status mlpipe__cbpe_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                  const uint64_t *counts,
                                  mlpipe_report *report);
/* The name of the i-th of them; NULL past the last. */
const char *mlpipe__cbpe_name(const mlpipe_model *model, uint32_t i);

/* What stands before <input>.psi and its like: "", but "input." for inputs
 * that are called score, performance or as a metric of the model, which have
 * a .p too. */
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
