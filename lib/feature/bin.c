/* SPDX-License-Identifier: MIT */
/*
 * Numbers cut into cells: of equal width, of equally many training rows, or
 * between edges that are given. The first and the last cell are open, so that
 * every number lies in one, infinite ones too, which make no edge.
 */
#include "feature_internal.h"

enum bin_method { BIN_QUANTILE, BIN_WIDTH, BIN_EXPLICIT };
enum { BIN_DEFAULT = 5 };

/* Edges closer than this times their magnitude are one: the trace of
 * interpolating between equal values, whatever the scale of the data. */
#define BIN_SAME 0x1p-50

static const mlpipe__param bin_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "quantile", 0, 0,
     "quantile,width,explicit", 0x000100,
     "Cells of equally many rows, of equal width, or by edges=."},
    {"bins", MLPIPE_PARAM_INT, "0", 0, 65536, NULL, 0x000100,
     "How many cells, from 2; fewer where quantiles fall together. 0: five, "
     "and as many as edges= make."},
    {"edges", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 0x000100,
     "The inner edges of method=explicit, rising, such as 0,10,100."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which numeric features; all where it is not set."},
    {"encode", MLPIPE_PARAM_CHOICE, "code", 0, 0, "code,number", 0x000100,
     "A category with names such as [0, 10), or the cell's number from 0."},
    {"closed", MLPIPE_PARAM_CHOICE, "left", 0, 0, "left,right", 0x000100,
     "The side on which a cell holds its edge."},
};

static enum bin_method bin_method(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "method")->choice;
}

static bool bin_closed_right(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "closed")->choice == 1;
}

static mlpipe_status bin_check(const mlpipe__job *job)
{
    const mlpipe__setting *edges = mlpipe__params_get(job->params, "edges");
    const bool given = bin_method(job) == BIN_EXPLICIT;
    const int64_t bins = mlpipe__params_get(job->params, "bins")->integer;

    if (bins == 1)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: bins=1: one cell tells nothing; take "
                            "at least 2",
                            job->name);
    if (given && bins)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: bins= and method=explicit: the edges "
                            "tell how many cells there are; leave bins out",
                            job->name);
    if (given != (edges->count > 0))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            given ? "step %q: method=explicit takes its "
                                    "edges from edges=, which is not set; "
                                    "list them, such as edges=0,10,100"
                                  : "step %q: edges= are listed, and only "
                                    "method=explicit reads them; give that "
                                    "as well",
                            job->name);
    for (uint32_t i = 1; i < edges->count; i++)
        if (!(edges->reals[i - 1] < edges->reals[i]))
            return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                                "step %q: edges= must rise, and the edge "
                                "%g is followed by %g",
                                job->name, edges->reals[i - 1],
                                edges->reals[i]);
    return MLPIPE_OK;
}

static mlpipe_status bin_select(mlpipe__job *job)
{
    static const uint32_t needs[] = {MLPIPE__NEED_QUANTILES,
                                     MLPIPE__NEED_MOMENTS, 0};
    const mlpipe_status st = bin_check(job);

    return st ? st
              : mlpipe__job_choose(job, "columns", MLPIPE__NUMBER,
                                   needs[bin_method(job)]);
}

/* ---- edges -------------------------------------------------------------- */

/* Edge k of n equal widths; halves where the range is no double. */
static double bin_width_edge(double low, double high, uint32_t k, uint32_t n)
{
    const double step = (high - low) / n;

    if (mlpipe__finite(step))
        return low + k * step;
    return (low / 2 + k * ((high / 2 - low / 2) / n)) * 2;
}

/* Lowest to highest edge, those of bins cells; NaN where there is no value. */
static void bin_all_edges(const mlpipe__job *job, const mlpipe__stats *s,
                          uint32_t bins, double *edge)
{
    for (uint32_t k = 0; k <= bins; k++)
        edge[k] =
            bin_method(job) == BIN_QUANTILE
                ? mlpipe__stats_quantile(s, (double)k / bins)
                : k < bins ? bin_width_edge(s->low, s->high, k, bins)
                           : s->high;
}

/* Leaves out edges that are the one before; gives how many are left. */
static uint32_t bin_distinct(double *edge, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t k = 0; k < count; k++) {
        const double x = edge[k];
        const double before = kept ? edge[kept - 1] : 0;
        const double size = x < 0 ? -before : x; /* the larger magnitude */

        if (!mlpipe__finite(x) ||
            (kept && !(x - before > size * BIN_SAME)))
            continue;
        edge[kept++] = x;
    }
    return kept;
}

/* The inner edges of a chosen column; *edges is to be freed. */
static mlpipe_status bin_edges(mlpipe__job *job, uint32_t i, double **edges,
                               uint32_t *count)
{
    const mlpipe__setting *given = mlpipe__params_get(job->params, "edges");
    const int64_t asked = mlpipe__params_get(job->params, "bins")->integer;
    const uint32_t bins = asked ? (uint32_t)asked : BIN_DEFAULT;
    const uint32_t room = given->count ? given->count : bins + 1;
    double *edge = mlpipe__alloc_array(job->ctx->env, room, sizeof *edge);
    uint32_t kept;

    *edges = edge;
    *count = 0;
    if (!edge)
        return mlpipe__nomem(job->ctx);
    if (given->count) {
        memcpy(edge, given->reals, given->count * sizeof *edge);
        *count = given->count;
        return MLPIPE_OK;
    }
    mlpipe__job_tell_infinite(job, i,
                              "the edges are those of finite ones, and "
                              "infinite ones lie in the first or last cell");
    bin_all_edges(job, &job->stats[i], bins, edge);
    kept = bin_distinct(edge, bins + 1);
    *count = kept > 2 ? kept - 2 : 0;
    memmove(edge, edge + 1, *count * sizeof *edge);
    if (*count + 1 < bins)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s is cut into %u cells in place of %u: its "
                         "training rows have too few different finite values",
                         job->plan->vars[job->chosen[i]].name, *count + 1,
                         bins);
    return MLPIPE_OK;
}

/* ---- names of cells ----------------------------------------------------- */

static void bin_label(mlpipe__text *t, const double *edge, uint32_t count,
                      uint32_t cell, bool right)
{
    t->size = 0;
    if (cell)
        mlpipe__text_add(t, "%s%g", right ? "(" : "[", edge[cell - 1]);
    else
        mlpipe__text_add(t, "(-inf");
    if (cell < count)
        mlpipe__text_add(t, ", %g%s", edge[cell], right ? "]" : ")");
    else
        mlpipe__text_add(t, ", inf)");
}

static mlpipe_status bin_dict(mlpipe__job *job, const double *edge,
                              uint32_t count, mlpipe__dict **out)
{
    mlpipe__env *env = job->plan->env;
    mlpipe__dict *dict = mlpipe__alloc(env, sizeof *dict);
    mlpipe__text label;
    bool ok = dict != NULL;

    *out = NULL;
    if (!dict)
        return mlpipe__nomem(job->ctx);
    mlpipe__dict_init(dict, env);
    mlpipe__text_init(&label, env);
    for (uint32_t cell = 0; cell <= count && ok; cell++) {
        bin_label(&label, edge, count, cell, bin_closed_right(job));
        ok = !label.failed &&
             mlpipe__dict_add(dict, label.data, label.size) != UINT32_MAX;
    }
    mlpipe__text_free(&label);
    if (!ok) {
        mlpipe__dict_free(dict);
        mlpipe__free(env, dict);
        return mlpipe__nomem(job->ctx);
    }
    *out = dict;
    return mlpipe__plan_own_dict(job->ctx, job->plan, dict);
}

/* ---- the step ----------------------------------------------------------- */

/* The cell as a number: its code, looked up. */
static mlpipe_status bin_number(mlpipe__job *job, mlpipe__var *v,
                                uint32_t reg, uint32_t cells)
{
    mlpipe__program *p = job->plan->program;
    double *table = mlpipe__alloc_array(job->ctx->env, (size_t)cells + 2,
                                        sizeof *table);

    if (!table)
        return mlpipe__nomem(job->ctx);
    for (uint32_t k = 0; k < cells; k++)
        table[k] = k;
    table[cells] = table[cells + 1] = mlpipe__nan();
    reg = mlpipe__program_op(p, MLPIPE__OP_LOOKUP, reg, 0,
                             mlpipe__program_const(p, table, cells + 2),
                             cells, 1);
    mlpipe__free(job->ctx->env, table);
    mlpipe__var_number(v, reg, MLPIPE_TYPE_I64);
    return MLPIPE_OK;
}

static mlpipe_status bin_code(mlpipe__job *job, mlpipe__var *v, uint32_t reg,
                              const double *edge, uint32_t count)
{
    mlpipe__dict *dict;
    const mlpipe_status st = bin_dict(job, edge, count, &dict);

    if (st)
        return st;
    v->reg = reg;
    v->kind = MLPIPE__CODE;
    v->codes = count + 1;
    v->dict = dict;
    v->type = MLPIPE_TYPE_CATEGORY;
    v->unit = 0;
    return MLPIPE_OK;
}

static mlpipe_status bin_one(mlpipe__job *job, uint32_t i)
{
    const bool number = mlpipe__params_get(job->params, "encode")->choice;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    mlpipe__program *p = job->plan->program;
    double *edge;
    uint32_t count;
    mlpipe_status st = bin_edges(job, i, &edge, &count);

    if (!st) {
        const uint32_t reg = mlpipe__program_op(
            p, MLPIPE__OP_BUCKET, v->reg, bin_closed_right(job),
            mlpipe__program_const(p, edge, count), count, 1);
        st = number ? bin_number(job, v, reg, count + 1)
                    : bin_code(job, v, reg, edge, count);
    }
    mlpipe__free(job->ctx->env, edge);
    return st;
}

static mlpipe_status bin_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = bin_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_bin = {
    .name = "bin",
    .kind = MLPIPE_KIND_FIT,
    .params = bin_params,
    .param_count = sizeof bin_params / sizeof *bin_params,
    .doc = "Cut numbers into cells.",
    .select = bin_select,
    .emit = bin_emit,
    .typed = true,
};
