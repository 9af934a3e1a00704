/* SPDX-License-Identifier: MIT */
/*
 * The torture runner: every exported function is run while the n-th
 * allocation fails, and while the n-th file operation fails, for every n,
 * once and from then on.
 *
 * A folder adds tests/torture/scenarios_<folder>.c, which meson finds by its
 * name (run `meson setup --reconfigure` once):
 *
 *     #include "torture.h"
 *
 *     static mlpipe_status torture_report_get(torture *t)
 *     {
 *         mlpipe_report *r = torture_data_report(t->plain);
 *         ... call the function with t->c, record what it gave ...
 *         mlpipe_report_free(r);
 *         return st;
 *     }
 *
 *     const torture_scenario torture_report[] = {
 *         {"mlpipe_report_get", torture_report_get, TORTURE_NO_ALLOC},
 *         {NULL, NULL, 0},
 *     };
 *
 * What a scenario does:
 * - Inputs are made with t->plain, which never fails. What is called is
 *   called with t->c, whose allocator and files fail. Where an input must be
 *   made with t->c too, torture_calm(t) and torture_storm(t) stand around it.
 * - It returns the status of the call, frees all that it got, and asserts
 *   (torture_check) what must hold even after a failure: outputs are NULL,
 *   inputs are as they were.
 * - What a successful call gives goes to torture_record: the runner checks
 *   that it is the same in each run that succeeds.
 * - At most 200 rows and 3 trees. Costly inputs (a fitted model) are kept in
 *   a static of the scenario file, made once with torture_forever(), a
 *   context that lives as long as the program; free them with torture_at_end.
 * - Files of t->plain and t->c are the same, in memory, empty at the start.
 *
 * The runner checks that a failed allocation ends in MLPIPE_E_NOMEM or in the
 * undisturbed bytes, a failed file operation in MLPIPE_E_IO or those bytes;
 * that an error has a text; that nothing is live at the end; that the sizes
 * told to the allocator fit; that a retry on the same context succeeds.
 */
#ifndef MLPIPE_TESTS_TORTURE_H
#define MLPIPE_TESTS_TORTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mlpipe/mlpipe.h>

#include "base/base_internal.h"

/* Flags of a scenario. */
enum {
    TORTURE_NO_ALLOC = 1, /* the call must not allocate at all */
    TORTURE_OWN_CTX = 2,  /* makes its contexts itself, from t->options */
    TORTURE_NO_RETRY = 4, /* a second call on the same objects differs */
    /* other statuses than E_IO may come of a failed file operation */
    TORTURE_ANY_STATUS = 8
};

typedef struct torture {
    mlpipe_ctx *c;              /* fails */
    mlpipe_ctx *plain;          /* does not */
    mlpipe_ctx_options options; /* what c was made with */
    struct torture_state *state;
} torture;

typedef mlpipe_status (*torture_function)(torture *t);

typedef struct torture_scenario {
    const char *name; /* of the exported function */
    torture_function run;
    uint32_t flags;
} torture_scenario;

/* What the call gave: must be equal in all runs that succeed. */
void torture_record(torture *t, const void *bytes, size_t size);
void torture_text(torture *t, const char *text);
/* The fingerprint of a dataset, and a report as JSON; NULL: nothing. */
void torture_print(torture *t, const mlpipe_dataset *dataset);
void torture_tell(torture *t, const mlpipe_report *report);
/* No failures between calm and storm. */
void torture_calm(torture *t);
void torture_storm(torture *t);
/* What must hold, even after a failure. */
void torture_check_at(torture *t, bool holds, const char *what,
                      const char *file, int line);
#define torture_check(t, holds)                                            \
    torture_check_at((t), (holds), #holds, __FILE__, __LINE__)

/* A context for inputs that are kept; and what ends them. */
mlpipe_ctx *torture_forever(void);
void torture_at_end(void (*end)(void));

/* 60 rows: id i64, when timestamp, x f64 with nulls, color category with
 * nulls, y f64, which is about 3 x. */
mlpipe_status torture_dataset(mlpipe_ctx *c, mlpipe_dataset **out);
/* A record that feeds x and color, and its layout. */
typedef struct torture_row {
    double x;
    uint32_t color;
} torture_row;
mlpipe_status torture_layout(mlpipe_ctx *c, mlpipe_layout **out);

#endif
