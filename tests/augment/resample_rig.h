/* SPDX-License-Identifier: MIT */
/* Steps that resample, without a fit around them: rows from arrays. */
#ifndef MLPIPE_TESTS_RESAMPLE_RIG_H
#define MLPIPE_TESTS_RESAMPLE_RIG_H

#include "support.h"

#include <math.h>

#include "augment/augment_internal.h"
#include "report/report_internal.h"

enum { RIG_COLUMNS_MAX = 24 };

typedef struct sample_rig {
    mlpipe_ctx *ctx;
    uint32_t warnings; /* logged since the rig was opened */
    char warning[512];
    mlpipe__var var[RIG_COLUMNS_MAX];
    const mlpipe__var *vars[RIG_COLUMNS_MAX];
    char names[RIG_COLUMNS_MAX][12];
    double *x, *target;
    uint8_t *valid, *keep, *between;
    uint64_t *ids;
    mlpipe__resample r;
    mlpipe_report *notes; /* of the last run */
    int64_t left;         /* allocations before one fails; -1 = never */
} sample_rig;

static void *sample_alloc(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    sample_rig *g = user;
    void *out = NULL;

    if (new_size) {
        if (!g->left)
            return NULL;
        g->left -= g->left > 0;
        assert_int_equal(0, posix_memalign(&out, align < 8 ? 8 : align,
                                           new_size));
        if (old_size)
            memcpy(out, ptr, old_size < new_size ? old_size : new_size);
    }
    if (old_size)
        free(ptr);
    return out;
}

static void sample_log(void *user, uint32_t level, const char *component,
                       const char *text)
{
    sample_rig *g = user;
    (void)component;

    if (level > MLPIPE_LOG_WARN)
        return;
    g->warnings++;
    snprintf(g->warning, sizeof g->warning, "%s", text);
}

/* Rows with ids 1000, 1001 ..., all values 0, the first `few` positive. */
static void sample_open(sample_rig *g, uint32_t rows, uint32_t few,
                        uint32_t columns, uint32_t threads)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .user = g,
                                  .threads = threads, .log = sample_log,
                                  .log_level = MLPIPE_LOG_WARN,
                                  .alloc = sample_alloc};

    memset(g, 0, sizeof *g);
    g->left = -1;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &g->ctx));
    g->x = calloc((size_t)rows * columns, sizeof *g->x);
    g->valid = calloc(rows, columns);
    memset(g->valid, 1, (size_t)rows * columns);
    g->keep = calloc(rows, 1);
    g->between = calloc(columns, 1);
    g->target = calloc(rows, sizeof *g->target);
    g->ids = calloc(rows, sizeof *g->ids);
    for (uint32_t i = 0; i < rows; i++) {
        g->ids[i] = 1000 + i;
        g->target[i] = i < few;
    }
    for (uint32_t c = 0; c < columns; c++) {
        snprintf(g->names[c], sizeof g->names[c], "x%u", c);
        g->var[c] = (mlpipe__var){.name = g->names[c], .feature = true,
                                  .kind = MLPIPE__NUMBER};
        g->vars[c] = &g->var[c];
    }
    g->r = (mlpipe__resample){.rows = rows, .features = columns,
                              .vars = g->vars, .target = g->target,
                              .ids = g->ids, .x = g->x, .valid = g->valid,
                              .keep = g->keep, .between = g->between};
}

static void sample_forget(sample_rig *g)
{
    mlpipe__free(g->ctx->env, g->r.added);
    g->r.added = NULL;
    g->r.added_count = 0;
    mlpipe_report_free(g->notes);
    g->notes = NULL;
    memset(g->keep, 1, g->r.rows);
    memset(g->between, 0, g->r.features);
}

static mlpipe_status sample_run_as(sample_rig *g, const mlpipe__step *step,
                                   const char *text, uint32_t task,
                                   uint64_t seed)
{
    mlpipe__params params;
    mlpipe_report *notes;
    mlpipe_status st;

    sample_forget(g);
    st = mlpipe__params_parse(g->ctx, step->name, step->params,
                              step->param_count, text, &params);
    if (st)
        return st;
    notes = mlpipe__report_new(g->ctx->env, "notes");
    mlpipe__job job = {.ctx = g->ctx, .step = step, .name = step->name,
                       .params = &params, .seed = seed, .task = task,
                       .notes = notes};
    st = notes ? step->resample(&job, &g->r) : mlpipe__nomem(g->ctx);
    mlpipe__params_free(&params);
    if (st)
        mlpipe_report_free(notes);
    else
        st = mlpipe__report_seal(g->ctx, notes, &g->notes);
    return st;
}

static mlpipe_status sample_run(sample_rig *g, const mlpipe__step *step,
                                const char *text)
{
    return sample_run_as(g, step, text, MLPIPE__TASK_BINARY, 17);
}

static void sample_close(sample_rig *g)
{
    uint64_t live;

    sample_forget(g);
    mlpipe_ctx_memory(g->ctx, &live, NULL);
    mlpipe_ctx_free(g->ctx);
    free(g->x);
    free(g->valid);
    free(g->keep);
    free(g->between);
    free(g->target);
    free(g->ids);
}

static inline double sample_unit(uint32_t row, uint32_t column)
{
    return mlpipe__random_unit(23, MLPIPE__FOR_TEST, column, row, 0);
}

/* Column `column` of an added row. */
static inline double sample_added(const sample_rig *g, uint32_t i,
                                  uint32_t column)
{
    const mlpipe__added_row *row = &g->r.added[i];
    const uint32_t k = g->r.features;
    const double a = g->x[(size_t)row->a * k + column];
    const double b = g->x[(size_t)row->b * k + column];

    return row->u > 0
               ? mlpipe__between(a, b, row->u, g->between[column])
               : a;
}

static inline uint32_t sample_kept(const sample_rig *g)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->r.rows; i++)
        n += g->keep[i];
    return n;
}

/* No row of the class is used oftener than another by more than one, and no
 * row of the other class at all. */
static inline void sample_check_uses(const sample_rig *g)
{
    uint32_t *uses = calloc(g->r.rows, sizeof *uses), few = 0;

    for (uint32_t i = 0; i < g->r.rows; i++)
        few += g->target[i] > 0.5;
    const bool class = 2 * few <= g->r.rows;
    const uint32_t count = class ? few : g->r.rows - few;
    for (uint32_t i = 0; i < g->r.added_count; i++)
        uses[g->r.added[i].a]++;
    for (uint32_t i = 0; i < g->r.rows; i++) {
        const uint32_t low = g->r.added_count / count;
        if ((g->target[i] > 0.5) != class)
            assert_int_equal(0, uses[i]);
        else
            assert_true(uses[i] == low ||
                        (uses[i] == low + 1 &&
                         g->r.added_count % count));
    }
    free(uses);
}

#endif
