/* SPDX-License-Identifier: MIT */
/* Calls that must be refused or do no harm, by their names. */
#ifndef MLPIPE_TESTS_MISUSE_H
#define MLPIPE_TESTS_MISUSE_H

#include "api/api_world.h"
#include "golden_text.h"

enum { TRIED_MAX = 512 };

static api_world w;
static const char *tried[TRIED_MAX];
static uint32_t tried_count;
static int32_t garbage;

static void note(const char *call)
{
    assert_true(tried_count < TRIED_MAX);
    tried[tried_count++] = call;
}

/* Forgets what an earlier call told of. */
void mlpipe__error_clear(mlpipe_ctx *ctx, const char *where);
static void refusing(void)
{
    mlpipe__error_clear(w.c, "");
}

/* The call fails, and what w.c says of it is in the golden file. */
static void refused(const char *call, mlpipe_status st)
{
    note(call);
    if (!st)
        fail_msg("succeeds: %s", call);
    if (st == MLPIPE_E_INTERNAL || st == MLPIPE_E_NOMEM)
        fail_msg("%s: %s", mlpipe_status_name(st), call);
    if (mlpipe_ctx_error(w.c)->status)
        golden_error(__BASE_FILE__, call, w.c, st);
}

#define REFUSED(call) refused(#call, (refusing(), (call)))
/* The call fails and sets `out`, declared here, to NULL. */
#define NOTHING(type, call)                                                \
    do {                                                                   \
        type *out = (type *)(void *)&garbage;                              \
        refused(#call, (refusing(), (call)));                              \
        if (out)                                                           \
            fail_msg("leaves its output: %s", #call);                      \
    } while (0)
/* Nothing to check but that it returns. */
#define HARMLESS(call) (note(#call), (void)(call))
#define EXPECTED(expected, call)                                           \
    do {                                                                   \
        note(#call);                                                       \
        assert_true((expected) == (call));                                 \
    } while (0)

#endif
