/* SPDX-License-Identifier: MIT */
/* Tokens of JSON in a window of bytes (json_scan.c). */
#ifndef MLPIPE_JSON_TOKENS_H
#define MLPIPE_JSON_TOKENS_H

#include "../data/data_internal.h"

/*
 * A strict reader of tokens (RFC 8259) over bytes that are there. Each call
 * returns true and moves `at` behind what it took; false with `bad` says why
 * it is none, false without that it does not end before `end`.
 */
typedef struct mlpipe__json_lexer {
    const char *at, *end;
    bool whole;       /* nothing comes behind `end` */
    bool loose;       /* only where values end is asked for */
    bool wide;        /* a byte above 0x7f was met */
    const char *bad;
    uint32_t deepest; /* where depth is what is bad: the limit */
} mlpipe__json_lexer;

struct mlpipe__csv_field;
/* False at the end; *c is the next byte that is no space. */
bool mlpipe__json_peek(mlpipe__json_lexer *l, char *c);
bool mlpipe__json_string(mlpipe__json_lexer *l, struct mlpipe__csv_field *f);
/* A number, true, false or null. */
bool mlpipe__json_scalar(mlpipe__json_lexer *l, struct mlpipe__csv_field *f);
/* Appends the text of a string whose inside is s. */
void mlpipe__json_decode(mlpipe__text *t, const char *s, size_t n);

/* A value of any depth that is passed over, in as many pieces as it takes.
 * All zero is the start. */
enum { MLPIPE__JSON_DEPTH = 512 };
typedef struct mlpipe__json_pass {
    uint32_t depth, most; /* most 0: MLPIPE__JSON_DEPTH */
    uint32_t limit;       /* of which most is what is left, for messages */
    uint32_t state;
    uint64_t objects[MLPIPE__JSON_DEPTH / 64]; /* bit: the level is one */
} mlpipe__json_pass;
bool mlpipe__json_skip(mlpipe__json_lexer *l, mlpipe__json_pass *pass);
/* Levels that a text may have. */
static inline uint32_t mlpipe__json_deepest(const mlpipe_limits *limits)
{
    return limits->json_depth < MLPIPE__JSON_DEPTH
        ? (uint32_t)limits->json_depth : MLPIPE__JSON_DEPTH;
}
/* Why the lexer stopped, with the limit where that is why; may be in room. */
const char *mlpipe__json_bad(const mlpipe__json_lexer *l, char room[64]);

#endif
