/* SPDX-License-Identifier: MIT */
/* Searches of a small recipe, and what they come to as a text. */
#ifndef MLPIPE_TESTS_SEARCH_RIG_H
#define MLPIPE_TESTS_SEARCH_RIG_H

#include "support.h"

#include <math.h>

#include "validate/search_types.h"

/* A wave with noise: 240 rows, four of which share a group. */
static inline mlpipe_dataset *wave(mlpipe_ctx *c, uint64_t first)
{
    enum { ROWS = 240 };
    double x[ROWS], z[ROWS], y[ROWS];
    int64_t g[ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    char params[64];
    for (int i = 0; i < ROWS; i++) {
        const uint64_t id = first + (uint64_t)i;
        x[i] = 6 * mlpipe__random_unit(1, MLPIPE__FOR_TEST, 0, id, 0);
        z[i] = mlpipe__random_unit(1, MLPIPE__FOR_TEST, 1, id, 0);
        y[i] = sin(x[i]) + 0.3 * z[i] +
               0.2 * (mlpipe__random_unit(1, MLPIPE__FOR_TEST, 2, id, 0) -
                      0.5);
        g[i] = (int64_t)id / 4;
        if (i % 17 == 0)
            z[i] = NAN;
    }
    snprintf(params, sizeof params, "first_row_id=%llu",
             (unsigned long long)first);
    assert_ok(c, mlpipe_builder_new(c, NULL, params, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "z", MLPIPE_F64, z, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "g", MLPIPE_I64, g, NULL, ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static inline mlpipe_pipeline *recipe(mlpipe_ctx *c, const char *roles)
{
    mlpipe_pipeline *p;
    char text[128];
    snprintf(text, sizeof text, "target=y features=x,z %s", roles);
    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "scale", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=10 min_rows=5"));
    return p;
}

static inline mlpipe_ctx *made(uint32_t threads)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *c;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* The report as text up to the durations, and the recipe behind it. */
static inline char *outcome(mlpipe_ctx *c, const mlpipe_report *r,
                     const mlpipe_pipeline *p)
{
    mlpipe_buffer *text, *json;
    char *out, *end;
    assert_ok(c, mlpipe_report_render(c, r, "json", &text));
    assert_ok(c, mlpipe_pipeline_json(c, p, &json));
    out = calloc(mlpipe_buffer_size(text) + mlpipe_buffer_size(json) + 1, 1);
    memcpy(out, mlpipe_buffer_data(text), mlpipe_buffer_size(text));
    end = strstr(out, "\"seconds\"");
    assert_non_null(end);
    memcpy(end, mlpipe_buffer_data(json), mlpipe_buffer_size(json));
    end[mlpipe_buffer_size(json)] = 0;
    mlpipe_buffer_free(text);
    mlpipe_buffer_free(json);
    return out;
}

static inline char *searched(mlpipe_ctx *c, bool valid, const char *roles,
                      const char *space, const char *params)
{
    mlpipe_dataset *d = wave(c, 0), *v = valid ? wave(c, 1000) : NULL;
    mlpipe_pipeline *p = recipe(c, roles), *tuned;
    mlpipe_report *r;
    char *out;
    assert_ok(c, mlpipe_search(c, p, d, v, space, params, &tuned, &r));
    out = outcome(c, r, tuned);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    return out;
}

static const char usual[] = "gbt.leaves=2..12 gbt.rate=0.05..0.5:log "
                            "scale.method=zscore,robust";

static inline void check_cell(const char *out, const char *part)
{
    if (!strstr(out, part))
        fail_msg("no %s in %s", part, out);
}

#endif
