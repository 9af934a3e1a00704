/* SPDX-License-Identifier: MIT */
/* Calls that fail, with a part of what a person then reads. */
#ifndef MLPIPE_TESTS_MESSAGES_H
#define MLPIPE_TESTS_MESSAGES_H

#include "support.h"

/* The message holds the words, and what failed is told by its status. */
static inline void told(mlpipe_ctx *c, const char *call, mlpipe_status st,
                        mlpipe_status expected, const char *words)
{
    const mlpipe_error *e = mlpipe_ctx_error(c);
    if (st != expected || !strstr(e->text, words))
        fail_msg("%s\n    gives %s: %s\n    and not %s: %s", call,
                 mlpipe_status_name(st), st ? e->text : "",
                 mlpipe_status_name(expected), words);
    assert_int_equal(st, e->status);
}

/* SAYS(ctx, PARAM, "words", call): MLPIPE_E_PARAM, and the words in it. */
#define SAYS(ctx, status, words, call)                                     \
    told((ctx), #call, (call), MLPIPE_E_##status, (words))
/* The same of a call that must leave NULL in its output `out`. */
#define NO(type, ctx, status, words, call)                                 \
    do {                                                                   \
        type *out = NULL;                                                  \
        SAYS(ctx, status, words, call);                                    \
        assert_null(out);                                                  \
    } while (0)

/* A context with these limits; all others are the defaults. */
static inline mlpipe_ctx *limited(const mlpipe_limits *limits)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    o.limits = limits;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    return c;
}

static inline mlpipe_dataset *read_text(mlpipe_ctx *c, const char *csv,
                                        const char *params)
{
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_read_csv_memory(c, csv, strlen(csv), params, &d));
    return d;
}

#endif
