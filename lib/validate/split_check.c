/* SPDX-License-Identifier: MIT */
/* The report of what parts of data have in common; check_part.c finds it. */
#include "validate_internal.h"

enum { CHECK_PARTS_MAX = 100, CHECK_SHOWN = 20 };

const mlpipe__param mlpipe__split_check_params[] = {
    {"id", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns that name a row and are left out where rows are compared"},
    {"group", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns whose equal rows should lie in one part"},
    {"order", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "column by which each part should lie before the next"},
    {"label_end", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "column in which a row's label is known: spans from order= to it should "
     "not meet those of a later part"},
};
const uint32_t mlpipe__split_check_param_count =
    sizeof mlpipe__split_check_params / sizeof *mlpipe__split_check_params;

typedef struct check_job {
    mlpipe_ctx *ctx;
    uint32_t n;
    const mlpipe__params *params;
    mlpipe__check_part *part;
    uint8_t **found;           /* of each part but the first */
    mlpipe__pair_check *pair;  /* by (b, a < b) */
    uint64_t rows, twins;      /* rows that equal one of an earlier part */
} check_job;

static void check_free(check_job *j)
{
    mlpipe__env *env = j->ctx->env;
    uint32_t i;
    for (i = 0; j->part && i < j->n; i++)
        mlpipe__check_part_free(&j->part[i]);
    for (i = 0; j->found && i < j->n; i++)
        mlpipe__free(env, j->found[i]);
    mlpipe__free(env, j->part);
    mlpipe__free(env, j->found);
    mlpipe__free(env, j->pair);
}

static mlpipe_status check_load(check_job *j,
                                mlpipe_dataset *const *parts)
{
    const mlpipe__check_columns columns = {
        mlpipe__params_get(j->params, "id"),
        mlpipe__params_get(j->params, "group"),
        mlpipe__params_get(j->params, "order"),
        mlpipe__params_get(j->params, "label_end")};
    mlpipe__env *env = j->ctx->env;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    j->part = mlpipe__alloc_array(env, j->n, sizeof *j->part);
    j->found = mlpipe__alloc_array(env, j->n, sizeof *j->found);
    j->pair = mlpipe__alloc_array(env, (size_t)j->n * (j->n - 1) / 2,
                                  sizeof *j->pair);
    if (!j->part || !j->found || !j->pair)
        return mlpipe__nomem(j->ctx);
    for (i = 0; !st && i < columns.id->count; i++) {
        uint32_t ignored;
        st = mlpipe__dataset_column(j->ctx, parts[0], columns.id->names[i],
                                    &ignored);
    }
    for (i = 0; !st && i < j->n; i++) {
        st = mlpipe__check_part_load(j->ctx, "mlpipe_split_check", parts[i],
                                     parts[0], &columns, i, &j->part[i]);
        if (!st) {
            j->found[i] = mlpipe__alloc(env, j->part[i].rows.rows);
            st = j->found[i] ? MLPIPE_OK : mlpipe__nomem(j->ctx);
        }
    }
    return st;
}

static mlpipe_status check_pairs(check_job *j)
{
    mlpipe__pair_check *pair = j->pair;
    mlpipe_status st = MLPIPE_OK;
    uint32_t a, b, i;
    for (b = 0; !st && b < j->n; b++) {
        for (a = 0; !st && a < b; a++) {
            st = mlpipe__poll(j->ctx, "split_check",
                              (uint64_t)(pair - j->pair),
                              (uint64_t)j->n * (j->n - 1) / 2);
            if (!st)
                mlpipe__check_pair(&j->part[a], &j->part[b], j->found[b],
                                   pair++);
        }
        for (i = 0; i < j->part[b].rows.rows; i++)
            j->twins += j->found[b][i];
        j->rows += j->part[b].rows.rows;
    }
    return st;
}

static void check_report_pairs(const check_job *j, mlpipe_report *r)
{
    const mlpipe__pair_check *pair = j->pair;
    const bool groups = j->part[0].rows.group, times = j->part[0].begin,
               spans = j->part[0].rows.end;
    const double none = mlpipe__nan(); /* was not asked for */
    uint32_t a, b, k;
    mlpipe__report_table(r, "pairs",
                         "a,b,rows_a,rows_b,same_id,same_row,equal_rows,"
                         "equal_share,groups,rows_out_of_order,spans");
    for (b = 0; b < j->n; b++)
        for (a = 0; a < b; a++, pair++) {
            const double rows_b = (double)j->part[b].rows.rows;
            const double cells[] = {(double)a,
                                    (double)b,
                                    (double)j->part[a].rows.rows,
                                    rows_b,
                                    (double)pair->same_id,
                                    (double)pair->same_row,
                                    (double)pair->equal_rows,
                                    (double)pair->equal_rows / rows_b,
                                    groups ? (double)pair->groups : none,
                                    times ? (double)pair->later : none,
                                    spans ? (double)pair->spans : none};
            for (k = 0; k < sizeof cells / sizeof *cells; k++)
                mlpipe__report_cell_number(r, cells[k]);
        }
}

/* The first row of an earlier part with this content. */
static void check_example(const check_job *j, uint32_t b, uint32_t row,
                          mlpipe_report *r)
{
    const uint64_t content = j->part[b].content[row];
    uint32_t a, i;
    for (a = 0; a < b; a++)
        for (i = 0; i < j->part[a].rows.rows; i++)
            if (j->part[a].content[i] == content) {
                mlpipe__report_cell_number(r, a);
                mlpipe__report_cell_number(r, i);
                mlpipe__report_cell_number(r, b);
                mlpipe__report_cell_number(r, row);
                return;
            }
}

static void check_report_examples(const check_job *j, mlpipe_report *r)
{
    uint32_t b, i, shown = 0;
    mlpipe__report_table(r, "examples", "a,row_a,b,row_b");
    for (b = 1; b < j->n; b++)
        for (i = 0; i < j->part[b].rows.rows && shown < CHECK_SHOWN; i++)
            if (j->found[b][i]) {
                check_example(j, b, i, r);
                shown++;
            }
}

static mlpipe_status check_report(const check_job *j, mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "split_check");
    const uint64_t later = j->rows - j->part[0].rows.rows;
    const uint32_t pairs = j->n * (j->n - 1) / 2;
    mlpipe__pair_check sum = {0};
    const char *verdict = "clean";
    uint32_t i;
    if (!r)
        return mlpipe__nomem(j->ctx);
    for (i = 0; i < pairs; i++) {
        sum.same_id += j->pair[i].same_id;
        sum.same_row += j->pair[i].same_row;
        sum.groups += j->pair[i].groups;
        sum.later += j->pair[i].later;
        sum.spans += j->pair[i].spans;
    }
    if (sum.same_row || j->twins || sum.groups || sum.later || sum.spans)
        verdict = "overlap";
    mlpipe__report_text(r, "verdict", verdict, strlen(verdict));
    mlpipe__report_number(r, "parts", j->n);
    mlpipe__report_number(r, "rows", (double)j->rows);
    mlpipe__report_number(r, "same_id", (double)sum.same_id);
    mlpipe__report_number(r, "same_row", (double)sum.same_row);
    mlpipe__report_number(r, "equal_rows", (double)j->twins);
    mlpipe__report_number(r, "equal_share",
                          (double)j->twins / (double)later);
    if (j->part[0].rows.group)
        mlpipe__report_number(r, "groups", (double)sum.groups);
    if (j->part[0].begin)
        mlpipe__report_number(r, "rows_out_of_order", (double)sum.later);
    if (j->part[0].rows.end)
        mlpipe__report_number(r, "spans", (double)sum.spans);
    check_report_pairs(j, r);
    check_report_examples(j, r);
    return mlpipe__report_seal(j->ctx, r, out);
}

static mlpipe_status split_check_run(mlpipe_ctx *ctx,
                                     mlpipe_dataset *const *parts, size_t n,
                                     const char *params, mlpipe_report **out)
{
    check_job j = {.ctx = ctx, .n = (uint32_t)n};
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_split_check", mlpipe__split_check_params,
        mlpipe__split_check_param_count, params, &p);
    if (st)
        return st;
    j.params = &p;
    st = check_load(&j, parts);
    if (!st)
        st = check_pairs(&j);
    if (!st)
        st = check_report(&j, out);
    check_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_split_check(mlpipe_ctx *ctx,
                                 mlpipe_dataset *const *parts, size_t n,
                                 const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_split_check");
    size_t i;
    if (out)
        *out = NULL;
    if (!st && !parts)
        st = mlpipe__null_arg(ctx, "parts");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && (n < 2 || n > CHECK_PARTS_MAX))
        st = mlpipe__fail(ctx, MLPIPE_E_ARG,
                          "mlpipe_split_check: n is %zu; 2 to %d parts can "
                          "be compared",
                          n, (int)CHECK_PARTS_MAX);
    for (i = 0; !st && i < n; i++)
        if (!parts[i])
            st = mlpipe__fail(ctx, MLPIPE_E_ARG,
                              "mlpipe_split_check: part %zu is NULL; pass a "
                              "dataset", i);
    if (!st)
        st = split_check_run(ctx, parts, n, params, out);
    return mlpipe__end(ctx, st);
}
