/* SPDX-License-Identifier: MIT */
/* A join as of a time under way; for three files of this folder. */
#ifndef MLPIPE_ASOF_TYPES_H
#define MLPIPE_ASOF_TYPES_H

#include "data_internal.h"

#define asof_owner "mlpipe_dataset_asof"

/* Choices of direction=, in their order. */
enum { ASOF_BACKWARD, ASOF_FORWARD, ASOF_NEAREST };

/* Keys are numbered 0 .. key_count - 1; these are none. */
#define ASOF_KEY_MISSING UINT32_MAX       /* null in some column */
#define ASOF_KEY_UNKNOWN (UINT32_MAX - 1) /* of no right row */

/* Why a left row has no match. */
enum {
    ASOF_MATCHED,
    ASOF_NULL_TIME,
    ASOF_NULL_KEY,
    ASOF_NO_KEY,
    ASOF_NO_ROW,
    ASOF_NOT_KNOWN,
    ASOF_ENDS
};

/* One dataset's rows by what the join needs of them. */
typedef struct asof_side {
    const mlpipe_dataset *data;
    uint32_t n;
    uint32_t on;      /* column of the time */
    int32_t known;    /* of the second clock; -1: there is none */
    uint32_t *by;     /* columns of the key */
    uint32_t *keys;   /* of each row */
    int64_t *time, *clock; /* of each row, in one unit; clock: the second */
    uint8_t *time_ok, *clock_ok;
} asof_side;

typedef struct asof_job {
    mlpipe_ctx *ctx;
    asof_side left, right;
    uint32_t by_count, key_count, direction;
    bool strict;
    int32_t type, unit;  /* of all clocks */
    uint64_t tolerance;  /* UINT64_MAX: none */

    /* Right rows that can match, by key, time, second clock and row id: */
    uint32_t m;
    uint32_t *row;       /* position in the right dataset */
    int64_t *time, *clock;
    uint32_t *first;     /* key_count + 1: where the rows of a key begin */
    uint32_t *hint;      /* key_count: where the last search of it ended */
    uint32_t leaves;     /* of the tree: a power of two */
    int64_t *least;      /* 2 leaves: node i has the least clock of nodes 2 i
                            and 2 i + 1; NULL without a second clock */

    uint32_t *visit;     /* left rows in the order of answering */
    int64_t *match;      /* of each left row: a right row, or -1 */
    uint64_t ends[ASOF_ENDS], held_back;
    uint64_t right_null_time, right_null_key, right_null_known;
} asof_job;

/* dataset_asof_keys.c: keys and clocks of both sides. */
mlpipe_status mlpipe__asof_keys(asof_job *j);
mlpipe_status mlpipe__asof_clocks(asof_job *j);
/* dataset_asof_match.c: the match of every left row. */
mlpipe_status mlpipe__asof_match(asof_job *j);

#endif
