/* SPDX-License-Identifier: MIT */
/* Datasets of numbers and texts, and fits of steps over them. */
#ifndef MLPIPE_TESTS_CLEAN_SUPPORT_H
#define MLPIPE_TESTS_CLEAN_SUPPORT_H

#include "support.h"

#include <math.h>

#include "model/model_internal.h"

enum { CLEAN_LINES = 128 };

/* What a context logged. */
typedef struct clean_log {
    char lines[CLEAN_LINES][256];
    uint32_t count;
} clean_log;

static inline void clean_log_line(void *user, uint32_t level,
                                  const char *component, const char *message)
{
    clean_log *log = user;
    (void)level;
    (void)component;
    if (log->count < CLEAN_LINES)
        snprintf(log->lines[log->count++], 256, "%s", message);
}

static inline bool clean_logged(const clean_log *log, const char *what)
{
    for (uint32_t i = 0; i < log->count; i++)
        if (strstr(log->lines[i], what))
            return true;
    return false;
}

static inline mlpipe_ctx *clean_ctx_of(clean_log *log, uint32_t threads)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *c;
    if (log) {
        memset(log, 0, sizeof *log);
        o.log = clean_log_line;
        o.user = log;
        o.log_level = MLPIPE_LOG_INFO;
    }
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

static inline mlpipe_ctx *clean_ctx(clean_log *log)
{
    return clean_ctx_of(log, 1);
}

/* CSV text as a dataset. */
static inline mlpipe_dataset *clean_csv(mlpipe_ctx *c, const char *text,
                                        const char *params)
{
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_read_csv_memory(c, text, strlen(text), params, &d));
    return d;
}

/* A recipe of one step, or of steps by ; as "name params". */
static inline mlpipe_pipeline *clean_recipe(mlpipe_ctx *c, const char *roles,
                                            const char *steps)
{
    mlpipe_pipeline *p;
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    while (steps && *steps) {
        const size_t n = strcspn(steps, ";");
        char text[512];
        char *space;
        assert_true(n < sizeof text);
        memcpy(text, steps, n);
        text[n] = 0;
        space = strchr(text, ' ');
        if (space)
            *space++ = 0;
        assert_ok(c, mlpipe_pipeline_add(c, p, text, space));
        steps += n + (steps[n] == ';');
    }
    return p;
}

/* Fits a transform; its status. */
static inline mlpipe_status clean_fit(mlpipe_ctx *c, const mlpipe_dataset *d,
                                      const char *roles, const char *steps,
                                      mlpipe_dataset **rows,
                                      mlpipe_transform **out)
{
    mlpipe_pipeline *p = clean_recipe(c, roles, steps);
    const mlpipe_status st = mlpipe_transform_fit(c, p, d, rows, out);
    mlpipe_pipeline_free(p);
    return st;
}

static inline void clean_column(mlpipe_ctx *c, const mlpipe_dataset *d,
                                const char *name, double *out)
{
    const int32_t at = mlpipe_dataset_find(d, name);
    if (at < 0)
        fail_msg("there is no column \"%s\"", name);
    assert_ok(c, mlpipe_dataset_doubles(c, d, (uint32_t)at, 0, out,
                                        (size_t)mlpipe_dataset_rows(d)));
}

/* The text of a cell; "" where it is null. */
static inline const char *clean_text(const mlpipe_dataset *d,
                                     const char *name, int64_t row)
{
    const int32_t at = mlpipe_dataset_find(d, name);
    mlpipe_value v;
    assert_true(at >= 0);
    assert_int_equal(0, mlpipe_dataset_cell(d, row, (uint32_t)at, &v));
    return v.kind == MLPIPE_VALUE_TEXT ? v.str : "";
}

#endif
