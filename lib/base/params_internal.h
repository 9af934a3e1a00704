/* SPDX-License-Identifier: MIT */
/* What the files of the parameter parser share. */
#ifndef MLPIPE_BASE_PARAMS_INTERNAL_H
#define MLPIPE_BASE_PARAMS_INTERNAL_H

#include "base_internal.h"

/* One parse under way. */
typedef struct mlpipe__params_run {
    mlpipe_ctx *ctx;
    const char *owner;
    const mlpipe__param *table;
    uint32_t count;
    const char *text; /* what a caret can point into; NULL: nothing */
    size_t size, at;  /* length of text; where the parser stands */
    size_t mark;      /* where a message points */
    mlpipe__params *out;
} mlpipe__params_run;

/* E_PARAM: the owner, the message, and the place that mark names. */
mlpipe_status mlpipe__params_fail(const mlpipe__params_run *r,
                                  const char *format, ...);
/*
 * The setting for a key that occurs in the text, marked as given. E_PARAM
 * where there is none or it was given before.
 */
mlpipe_status mlpipe__params_claim(mlpipe__params_run *r, const char *key,
                                   size_t n, mlpipe__setting **out);
/* Check a value's text against its row of the table and store it. */
mlpipe_status mlpipe__params_set(const mlpipe__params_run *r,
                                 mlpipe__setting *s, const char *value,
                                 size_t n);
/* Whether the choices of a row have this word. */
bool mlpipe__params_has_choice(const char *choices, const char *word);
/* The form {"key": value}; the text begins with '{'. */
mlpipe_status mlpipe__params_object(mlpipe__params_run *r);

/* Names by comma as much as fits, then "...". */
void mlpipe__params_list(char *out, size_t room, const char *const *names,
                         uint32_t count);

enum { MLPIPE__PARAMS_WORD = 72, MLPIPE__PARAMS_LIST = 320 };
/* The first bytes of a text, for %q. */
void mlpipe__params_word(const char *s, size_t n,
                         char out[MLPIPE__PARAMS_WORD]);

#endif
