/* SPDX-License-Identifier: MIT */
/* Drops training rows that equal another one; row_groups.c finds them. */
#include "clean_internal.h"

enum dedupe_keep { DEDUPE_FIRST, DEDUPE_LAST, DEDUPE_NONE };

static const mlpipe__param dedupe_params[] = {
    {"on", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns that must be equal; all where it is not set. The target may be "
     "one of them, but not the only one."},
    {"keep", MLPIPE_PARAM_CHOICE, "first", 0, 0, "first,last,none", 0x000100,
     "Which of equal rows stays, in row order."},
};

/* Clears keep of the rows that go; gives how many those are. */
static uint64_t dedupe_drop(const mlpipe__row_groups *g,
                            enum dedupe_keep which, uint32_t *seen,
                            uint8_t *keep)
{
    uint64_t dropped = 0;

    for (int64_t i = 0; i < g->rows->rows; i++) {
        const uint32_t first = g->first[i];
        bool stays;
        if (first == MLPIPE__NO_ROW)
            continue;
        seen[first]++;
        if (which == DEDUPE_NONE)
            stays = g->count[first] == 1;
        else
            stays = seen[first] ==
                    (which == DEDUPE_FIRST ? 1 : g->count[first]);
        keep[i] = stays;
        dropped += !stays;
    }
    return dropped;
}

static void dedupe_tell(mlpipe__job *job, const mlpipe__row_figures *figures,
                        uint64_t dropped, bool labels)
{
    mlpipe__report_note(job->notes, job->name, NULL, "rows_dropped",
                        (double)dropped);
    mlpipe__report_note(job->notes, job->name, NULL, "groups",
                        (double)figures->groups);
    if (labels)
        mlpipe__report_note(job->notes, job->name, NULL, "label_conflicts",
                            (double)figures->conflicts);
    if (dropped)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_INFO, job->name,
                         "%llu of %llu rows equal another one and were "
                         "dropped; %llu groups of equal rows",
                         (unsigned long long)dropped,
                         (unsigned long long)figures->rows,
                         (unsigned long long)figures->groups);
    if (figures->conflicts)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%llu of %llu groups of equal rows have different "
                         "values of the target %q; look at them with "
                         "mlpipe_dataset_duplicates, or keep=none",
                         (unsigned long long)figures->conflicts,
                         (unsigned long long)figures->groups, job->target);
}

/*
 * Rows whose features, and then whose target too, are equal are the same row
 * twice. Rows of which only the target is looked at are chosen by it: one is
 * left of each value, which is a sample that serving never meets.
 */
static mlpipe_status dedupe_leak(const mlpipe__job *job,
                                 const mlpipe__setting *on)
{
    if (!on->count || !job->target || !job->target[0])
        return MLPIPE_OK;
    for (uint32_t i = 0; i < on->count; i++)
        if (strcmp(on->names[i], job->target))
            return MLPIPE_OK;
    mlpipe__fail(job->ctx, MLPIPE_E_LEAK,
                 "%s: on= names the target %q alone, so that rows would be "
                 "chosen by their target; name the columns that make two "
                 "rows the same one, or leave on= out for all of them",
                 job->name, job->target);
    return mlpipe__fail_at(job->ctx, -1, job->target);
}

static mlpipe_status dedupe_rows(mlpipe__job *job, const mlpipe_dataset *rows,
                                 uint8_t *keep)
{
    const mlpipe__setting *on = mlpipe__params_get(job->params, "on");
    const int32_t label =
        job->target ? mlpipe_dataset_find(rows, job->target) : -1;
    mlpipe__row_figures figures;
    mlpipe__row_groups g;
    uint32_t *seen = NULL;
    mlpipe_status st = dedupe_leak(job, on);

    if (st)
        return st;
    st = mlpipe__row_groups_find(job->ctx, job->name, rows, on, keep, &g);
    if (!st)
        st = mlpipe__row_groups_figures(job->ctx, &g, label, &figures);
    if (!st) {
        seen = mlpipe__alloc_array(job->ctx->env, (size_t)rows->rows,
                                   sizeof *seen);
        st = seen ? MLPIPE_OK : mlpipe__nomem(job->ctx);
    }
    if (!st) {
        const enum dedupe_keep which =
            mlpipe__params_get(job->params, "keep")->choice;
        dedupe_tell(job, &figures, dedupe_drop(&g, which, seen, keep),
                    label >= 0);
    }
    mlpipe__free(job->ctx->env, seen);
    mlpipe__row_groups_free(&g);
    return st;
}

const mlpipe__step mlpipe__step_dedupe = {
    .name = "dedupe",
    .kind = MLPIPE_KIND_ROWS,
    .params = dedupe_params,
    .param_count = sizeof dedupe_params / sizeof *dedupe_params,
    .doc = "Drop training rows that repeat another one.",
    .keep = dedupe_rows,
};

/* ---- the same as a report ----------------------------------------------- */

const mlpipe__param mlpipe__duplicates_params[] = {
    {"on", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns that must be equal; all where it is not set."},
    {"label", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "A column that equal rows should agree on; conflicts are counted."},
};
const uint32_t mlpipe__duplicates_param_count =
    sizeof mlpipe__duplicates_params / sizeof *mlpipe__duplicates_params;

enum { DEDUPE_SHOWN = 20 };

static void dedupe_report_groups(mlpipe_report *r,
                                 const mlpipe__row_groups *g)
{
    uint32_t shown = 0;

    mlpipe__report_table(r, "groups", "first_row,rows");
    for (int64_t i = 0; i < g->rows->rows && shown < DEDUPE_SHOWN; i++) {
        if (g->count[i] < 2)
            continue;
        mlpipe__report_cell_number(r, (double)i);
        mlpipe__report_cell_number(r, (double)g->count[i]);
        shown++;
    }
}

static mlpipe_status dedupe_report(mlpipe_ctx *ctx,
                                   const mlpipe__row_groups *g,
                                   int32_t label, mlpipe_report **out)
{
    mlpipe__row_figures f;
    mlpipe_status st = mlpipe__row_groups_figures(ctx, g, label, &f);
    mlpipe_report *r;

    if (st)
        return st;
    r = mlpipe__report_new(ctx->env, "duplicates");
    if (!r)
        return mlpipe__nomem(ctx);
    mlpipe__report_number(r, "rows", (double)f.rows);
    mlpipe__report_number(r, "distinct_rows", (double)f.distinct);
    mlpipe__report_number(r, "groups", (double)f.groups);
    mlpipe__report_number(r, "extra_rows", (double)(f.rows - f.distinct));
    mlpipe__report_number(r, "largest_group", (double)f.largest);
    if (label >= 0)
        mlpipe__report_number(r, "label_conflicts", (double)f.conflicts);
    dedupe_report_groups(r, g);
    return mlpipe__report_seal(ctx, r, out);
}

static mlpipe_status dedupe_duplicates(mlpipe_ctx *ctx,
                                       const mlpipe_dataset *d,
                                       const char *params,
                                       mlpipe_report **out)
{
    static const char *const owner = "mlpipe_dataset_duplicates";
    mlpipe__params p;
    mlpipe__row_groups g;
    uint32_t label = 0;
    mlpipe_status st = mlpipe__params_parse(
        ctx, owner, mlpipe__duplicates_params,
        mlpipe__duplicates_param_count, params, &p);

    if (st)
        return st;
    const char *name = mlpipe__params_get(&p, "label")->text;
    if (name[0])
        st = mlpipe__dataset_column(ctx, d, name, &label);
    if (!st) {
        st = mlpipe__row_groups_find(ctx, owner, d,
                                     mlpipe__params_get(&p, "on"), NULL, &g);
        if (!st)
            st = dedupe_report(ctx, &g, name[0] ? (int32_t)label : -1, out);
        mlpipe__row_groups_free(&g);
    }
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_dataset_duplicates(mlpipe_ctx *ctx,
                                        const mlpipe_dataset *dataset,
                                        const char *params,
                                        mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_duplicates");

    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = dedupe_duplicates(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}
