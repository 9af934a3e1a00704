/* SPDX-License-Identifier: MIT */
/*
 * Records to inputs, predictors, deployments, slots and seats. Everything that
 * this header declares, but the monitor, is in libmlpipe-serve.
 */
#ifndef MLPIPE_DEPLOY_INTERNAL_H
#define MLPIPE_DEPLOY_INTERNAL_H

#include "../monitor/monitor_internal.h"

/* ---- from a record to the program's inputs (bind_layout.c) ------------- */

/* One field: bytes in the record, bytes in the scratch. */
typedef struct mlpipe__bound_field {
    uint32_t offset, lane;
} mlpipe__bound_field;

/* The codes that a field of kind MLPIPE__BOUND_CODE maps to. */
typedef struct mlpipe__bound_codes {
    const double *codes; /* borrowed from the binding */
    double other;        /* for what is no such code */
    uint32_t count;
    uint32_t reserved;
} mlpipe__bound_codes;

/* A value that means missing, and the lane that may hold it. */
typedef struct mlpipe__bound_missing {
    double value;
    uint32_t lane[2];
} mlpipe__bound_missing;

/* Kinds of fields beside MLPIPE_F64 .. MLPIPE_TOKEN. */
enum {
    MLPIPE__BOUND_ABSENT = 0, /* null, by declaration of the layout */
    MLPIPE__BOUND_CODE = 13,  /* a double that holds a code */
    MLPIPE__BOUND_KINDS
};

/*
 * How a record feeds a program. Fields lie in the order of their kinds, those
 * of a kind up to its end. [0]: scratch of width 1, [1]: of width
 * MLPIPE__BLOCK_ROWS. `codes` holds, for each field of kind MLPIPE_TOKEN, the
 * codes of the tokens 0 to token_count - 1 and one for all other tokens.
 */
typedef struct mlpipe__record_binding {
    mlpipe__env *env;
    size_t record_bytes;
    uint32_t field_count, missing_count;
    mlpipe__bound_field *fields[2];
    const mlpipe__bound_field *ends[2][MLPIPE__BOUND_KINDS];
    mlpipe__bound_missing *missing;
    mlpipe__bound_codes *maps; /* of the fields of kind MLPIPE__BOUND_CODE */
    double *codes;
    double null; /* the NaN that stands for it, at hand for every record */
    uint32_t token_count;
    uint32_t *lanes; /* of each input in a scratch of width 1 */
    const mlpipe__feed *time; /* as_of, or NULL where no op reads it */
    uint32_t time_lane[2];
} mlpipe__record_binding;

/* as_of of a row, in microseconds, where the program reads it and the recipe
 * fixes none. */
static inline void mlpipe__record_time(const mlpipe__record_binding *b,
                                       void *scratch, uint32_t wide,
                                       uint32_t row, double us)
{
    if (!b->time)
        return;
    if (b->time->fixed == b->time->fixed)
        us = b->time->fixed;
    memcpy((char *)scratch + b->time_lane[wide] + row * sizeof us, &us,
           sizeof us);
}

/*
 * Give every category that the program knows a token of the layout, so that
 * the texts that a host asks tokens for later are already bound. Done where a
 * layout's owner binds it (slot_new, predictor_new), never by a swap, which
 * may run beside the thread that appends tokens.
 */
mlpipe_status mlpipe__layout_learn(mlpipe_ctx *ctx,
                                   const mlpipe_layout *layout,
                                   const mlpipe__program *p);

/*
 * Bind by name. layout NULL: records are doubles in the order of the inputs of
 * `first` (a program), whose codes they hold. E_SCHEMA, E_NOMEM, E_LIMIT.
 */
mlpipe_status mlpipe__record_bind(mlpipe_ctx *ctx, mlpipe__env *env,
                                  const mlpipe__program *p,
                                  mlpipe_layout *layout,
                                  const mlpipe__program *first,
                                  mlpipe__record_binding *out);
void mlpipe__record_binding_free(mlpipe__record_binding *b);
/* Fill position `row` of the input lanes from a record. */
void mlpipe__record_load(const mlpipe__record_binding *b, const void *record,
                         void *scratch, uint32_t wide, uint32_t row);

/* Log lines for the fields of a layout (NULL: none) that feed no input of the
 * model (unread.c). Not while the writer's place is held. */
void mlpipe__layout_tell_unread(mlpipe_ctx *ctx, const mlpipe_layout *layout,
                                const mlpipe_model *model);

/* ---- predictors (predictor.c) ------------------------------------------ */

struct mlpipe_predictor {
    mlpipe__env *env;
    mlpipe_model *model;
    mlpipe_layout *layout; /* NULL: doubles */
    mlpipe__record_binding binding;
    size_t row_scratch, scratch; /* bytes for one row, for a block */
    bool counts_faults; /* an op of an expression may have no answer */
    const mlpipe__field *time_field; /* of the layout, or NULL */
    uint32_t outputs;
};

/* As mlpipe_predictor_new; first: see mlpipe__record_bind, NULL = model. */
mlpipe_status mlpipe__predictor_make(mlpipe_ctx *ctx,
                                     const mlpipe_model *model,
                                     const mlpipe_layout *layout,
                                     const mlpipe_model *first,
                                     mlpipe_predictor **out);

/* ---- slots (slot.c, canary.c) ------------------------------------------ */

enum { MLPIPE__RETIRED_MOST = 64 };

/* One worker's share of one deployment. */
typedef struct mlpipe__lane {
    mlpipe__count *counters;
    void *scratch;
} mlpipe__lane;

struct mlpipe__deployment;

/*
 * What is published by one pointer and never changed after: the model that
 * serves, and the canary that answers some of its requests.
 */
typedef struct mlpipe__deployed {
    struct mlpipe__deployed *next; /* among the pairs that are retired */
    struct mlpipe__deployment *main, *canary; /* canary: NULL = none */
    uint32_t cut; /* ids whose hash is below it, of 10,000, are the canary's */
} mlpipe__deployed;

/* A model in service. `alone` is published where it has no canary, so that to
 * end one, or to roll back, takes no memory. */
typedef struct mlpipe__deployment {
    mlpipe__deployed alone;
    struct mlpipe__deployment *next; /* among the retired */
    uint64_t number;
    mlpipe_predictor *predictor;
    mlpipe__recorder recorder;
    mlpipe__lane *lanes; /* one for each seat that was ever taken */
    uint64_t beside[MLPIPE__COUNT_HEAD]; /* a canary: of what served, when it
                                            came */
} mlpipe__deployment;

/*
 * Where a worker sits. It outlives the worker, so that what was counted stays;
 * the next worker goes on with it. `active` names what is being used: a hazard
 * pointer on a cache line of its own.
 */
typedef struct mlpipe__seat {
    _Alignas(64) _Atomic(mlpipe__deployed *) active;
    char pad[56];
    _Alignas(64) _Atomic(mlpipe__ring *) ring; /* NULL: nobody watches */
    mlpipe__ring *rings;                       /* all that ever were */
    atomic_bool taken;
    char pad2[128];
} mlpipe__seat;

struct mlpipe_slot {
    mlpipe__env *env;
    _Alignas(64) _Atomic(mlpipe__deployed *) current;
    atomic_uint_fast64_t version; /* current->main->number, at any time */
    atomic_uint_fast64_t canary_version; /* 0 = none */
    atomic_uint_least32_t moments; /* see mlpipe__moments_take */
    char pad[40];
    _Alignas(64) atomic_uint_fast64_t refs;
    atomic_flag writer; /* tried, never waited for */
    atomic_bool watched;
    mlpipe_layout *layout;
    mlpipe_model *first; /* names the doubles where layout is NULL */
    uint32_t seat_room;
    uint32_t latency_every; /* every so many calls are timed; 0 = none */
    uint64_t ring_room;
    mlpipe__seat **seats; /* seat_room; NULL = never taken */
    mlpipe__deployment *previous;
    mlpipe__deployment *retired; /* newest first */
    mlpipe__deployed *pairs;      /* that were published, newest first */
    uint32_t retired_count;      /* of either */
    uint64_t last_number;
    bool has_rings;
    size_t ring_more_bytes, ring_record_bytes;
    uint64_t folded[MLPIPE__COUNT_HEAD]; /* of deployments that are gone */
};

mlpipe_slot *mlpipe__slot_keep(mlpipe_slot *slot);
void mlpipe__slot_drop(mlpipe_slot *slot);
/* The writer's place: E_BUSY where another thread is in it, E_STATE after a
 * fork. */
mlpipe_status mlpipe__slot_lock(mlpipe_ctx *ctx, mlpipe_slot *slot);
void mlpipe__slot_unlock(mlpipe_slot *slot);
/* E_STATE in a child of the process that made env; `what` is "slot". */
mlpipe_status mlpipe__slot_here(mlpipe_ctx *ctx, const mlpipe__env *env,
                                const char *what);
/*
 * Swap a model in, or go back (model NULL). expected: the deployment that the
 * caller judged, E_BUSY where another serves by now; 0 = any. number: what
 * serves after it; may be NULL.
 */
mlpipe_status mlpipe__slot_change(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                  const mlpipe_model *model,
                                  uint64_t expected, uint64_t *number);
/* Start a canary for `cut` of 10,000 ids beside the deployment `expected` (0 =
 * any); model NULL: the one that runs gets another cut. */
mlpipe_status mlpipe__slot_begin_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                        const mlpipe_model *model,
                                        uint32_t cut, uint64_t expected,
                                        uint64_t *number);
/* Promote or drop the canary `expected` (0 = any). */
mlpipe_status mlpipe__slot_end_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                      bool promote, uint64_t expected);
/* With the lock held: */
void mlpipe__slot_sweep(mlpipe_slot *slot);
mlpipe__deployment *mlpipe__slot_current(mlpipe_slot *slot);
const mlpipe__deployed *mlpipe__slot_deployed(mlpipe_slot *slot);
/* E_BUSY where `now` is not the deployment that the caller judged. */
mlpipe_status mlpipe__slot_expect(mlpipe_ctx *ctx, uint64_t expected,
                                  uint64_t now);
/* E_BUSY where as many are retired as may be. */
mlpipe_status mlpipe__slot_has_room(mlpipe_ctx *ctx, mlpipe_slot *slot);
/* A deployment that nobody sees yet, with all that can fail. */
mlpipe_status mlpipe__slot_prepare(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                   const mlpipe_model *model,
                                   mlpipe__deployment **out);
void mlpipe__deployment_free(mlpipe_slot *slot, mlpipe__deployment *d);
/* What follows cannot fail. A pair that was published goes to the retired
 * ones, its deployments are the caller's to place. */
void mlpipe__slot_publish(mlpipe_slot *slot, mlpipe__deployed *s);
void mlpipe__slot_retire(mlpipe_slot *slot, mlpipe__deployment *d);
/* d serves alone from now on; what served stays to go back to. */
void mlpipe__slot_succeed(mlpipe_slot *slot, mlpipe__deployment *d);
/* Sum of one counter of the head over all deployments that ever were. */
uint64_t mlpipe__slot_total(const mlpipe_slot *slot, uint32_t counter);
/* All counters of a deployment, over its lanes. */
void mlpipe__deployment_counts(const mlpipe_slot *slot,
                               const mlpipe__deployment *d, uint64_t *out);
/* Add the counters of the head; d: NULL adds nothing. */
void mlpipe__deployment_head(const mlpipe_slot *slot,
                             const mlpipe__deployment *d, uint64_t *head);
/* Give every seat a ring for outputs behind the first and for records of
 * these bytes (0 = none). */
mlpipe_status mlpipe__slot_watch(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                 size_t more_bytes, size_t record_bytes);
void mlpipe__slot_unwatch(mlpipe_slot *slot);
/* Bytes of a record of the slot. */
size_t mlpipe__slot_record_bytes(const mlpipe_slot *slot);
/* A seat for a new worker, with its share of what is deployed. */
mlpipe_status mlpipe__slot_sit(mlpipe_ctx *ctx, mlpipe_slot *slot,
                               uint32_t *index);

struct mlpipe_worker {
    mlpipe_slot *slot;
    mlpipe__seat *seat;
    uint32_t index;
    uint32_t flags;
    uint32_t until; /* calls to the next one that is timed; 0 = none is */
    uint64_t version;
    const char *error;
};

/* Which of the two answers a request. */
static inline mlpipe__deployment *mlpipe__deployed_pick(
    const mlpipe__deployed *s, uint64_t id)
{
    unsigned char bytes[8];

    for (uint32_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(id >> (8 * i));
    return mlpipe__hash64(bytes, sizeof bytes, 0) % 10000 < s->cut ? s->canary
                                                                   : s->main;
}

/* Parameters of mlpipe_slot_new, for the catalog. */
extern const mlpipe__param mlpipe__slot_params[];
extern const uint32_t mlpipe__slot_param_count;

#endif
