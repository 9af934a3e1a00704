/* SPDX-License-Identifier: MIT */
/* Did the data change since they were put? */
#include "store_internal.h"

/* A dataset beside a version of the store. */
typedef struct changed_job {
    mlpipe_ctx *ctx;
    const mlpipe_store *store;
    const mlpipe_dataset *now;
    const mlpipe__store_manifest *then;
    mlpipe__hash128 *prints;  /* of the columns of now */
    uint32_t *shared[2];      /* columns of one name and type, in both */
    uint32_t shared_count, same, lively, added, removed, retyped;
    mlpipe_report *report;
} changed_job;

static bool changed_text(int32_t type)
{
    return type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY;
}

static void changed_tell(changed_job *j, const char *name, const char *what)
{
    mlpipe__report_cell_text(j->report, name, strlen(name));
    mlpipe__report_cell_text(j->report, what, strlen(what));
}

static void changed_column(changed_job *j, uint32_t i)
{
    const char *name = mlpipe_dataset_name(j->now, i);
    const int32_t type = mlpipe_dataset_type(j->now, i);
    const uint32_t at = mlpipe__store_column_find(j->then, name);
    const mlpipe__store_column *c;

    if (at == UINT32_MAX) {
        j->added++;
        changed_tell(j, name, "added");
        return;
    }
    c = &j->then->columns[at];
    if ((c->type != type && !(changed_text(c->type) && changed_text(type))) ||
        c->unit != mlpipe_dataset_unit(j->now, i)) {
        j->retyped++;
        changed_tell(j, name, "type");
        return;
    }
    j->shared[0][j->shared_count] = at;
    j->shared[1][j->shared_count++] = i;
    if (c->print.lo == j->prints[i].lo && c->print.hi == j->prints[i].hi) {
        j->same++;
        /* A column of one value is the same in any order of rows. */
        j->lively += j->then->stats[at].distinct > 1;
        changed_tell(j, name, "same");
    } else {
        changed_tell(j, name, "changed");
    }
}

static void changed_columns(changed_job *j)
{
    uint32_t i;

    mlpipe__report_table(j->report, "columns", "name,change");
    for (i = 0; i < j->now->column_count; i++)
        changed_column(j, i);
    for (i = 0; i < j->then->column_count; i++)
        if (mlpipe__dict_find(&j->now->names, j->then->columns[i].name,
                              strlen(j->then->columns[i].name)) ==
            UINT32_MAX) {
            j->removed++;
            changed_tell(j, j->then->columns[i].name, "removed");
        }
}

/* Rows that both have, by the columns that they share. */
static mlpipe_status changed_rows(changed_job *j, int64_t *common)
{
    mlpipe__store_rows rows = {.count = j->shared_count,
                               .column = {NULL, j->shared[1]}};
    uint8_t *wanted = mlpipe__alloc(j->ctx->env, j->then->column_count);
    uint32_t *place = mlpipe__alloc_array(j->ctx->env, j->shared_count,
                                          sizeof *place);
    mlpipe_dataset *then = NULL;
    mlpipe_status st = wanted && place ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    uint32_t i;

    for (i = 0; i < j->shared_count && !st; i++)
        wanted[j->shared[0][i]] = 1;
    if (!st)
        st = mlpipe__store_manifest_load(j->ctx, j->store, j->then, wanted,
                                         NULL, &then);
    for (i = 0; i < j->shared_count && !st; i++)
        st = mlpipe__dataset_column(
            j->ctx, then, j->then->columns[j->shared[0][i]].name, &place[i]);
    rows.column[0] = place;
    rows.d[0] = then;
    rows.d[1] = j->now;
    if (!st)
        st = mlpipe__store_rows_common(j->ctx, &rows, common);
    mlpipe_dataset_free(then);
    mlpipe__free(j->ctx->env, wanted);
    mlpipe__free(j->ctx->env, place);
    return st;
}

static const char *changed_verdict(const changed_job *j, int64_t common)
{
    const int64_t rows = mlpipe_dataset_rows(j->now);
    const bool columns = j->added || j->removed || j->retyped;
    const bool empty = rows == 0 || j->then->rows == 0;

    if (!j->shared_count || (common == 0 && !j->lively && !empty))
        return "unrelated";
    if (rows == j->then->rows && common == rows && j->same < j->shared_count)
        return columns ? "columns changed" : "same rows reordered";
    if (rows == j->then->rows && (columns || j->lively))
        return "columns changed";
    return "rows differ";
}

static mlpipe_status changed_compare(changed_job *j, const char *print)
{
    const int64_t rows = mlpipe_dataset_rows(j->now);
    const char *verdict = "same";
    int64_t common = rows;
    bool unrelated;
    mlpipe_status st = MLPIPE_OK;

    changed_columns(j);
    if (strcmp(print, j->then->print)) {
        if (j->shared_count && j->same < j->shared_count)
            st = changed_rows(j, &common);
        verdict = changed_verdict(j, common);
    }
    if (st)
        return st;
    /* What has nothing in common gained and lost no rows. */
    unrelated = !strcmp(verdict, "unrelated");
    mlpipe__report_text(j->report, "verdict", verdict, strlen(verdict));
    mlpipe__report_text(j->report, "version", j->then->id, 32);
    mlpipe__report_text(j->report, "fingerprint", print, 32);
    mlpipe__report_text(j->report, "fingerprint_then", j->then->print, 32);
    mlpipe__report_number(j->report, "rows", (double)rows);
    mlpipe__report_number(j->report, "rows_then", (double)j->then->rows);
    mlpipe__report_number(j->report, "rows_added",
                          unrelated ? mlpipe__nan()
                                    : (double)(rows - common));
    mlpipe__report_number(j->report, "rows_removed",
                          unrelated ? mlpipe__nan()
                                    : (double)(j->then->rows - common));
    mlpipe__report_number(j->report, "columns_changed",
                          j->shared_count - j->same + j->retyped);
    mlpipe__report_number(j->report, "columns_added", j->added);
    mlpipe__report_number(j->report, "columns_removed", j->removed);
    return MLPIPE_OK;
}

static mlpipe_status changed_run(changed_job *j, mlpipe_report **out)
{
    mlpipe__env *env = j->ctx->env;
    const size_t count = j->now->column_count;
    mlpipe__hash128 hash;
    char print[33];
    mlpipe_status st;

    j->prints = mlpipe__alloc_array(env, count, sizeof *j->prints);
    j->shared[0] = mlpipe__alloc_array(env, count, sizeof **j->shared);
    j->shared[1] = mlpipe__alloc_array(env, count, sizeof **j->shared);
    j->report = mlpipe__report_new(env, "store changed");
    st = j->prints && j->shared[0] && j->shared[1]
             ? mlpipe__dataset_hashes(j->ctx, j->now, &hash, j->prints)
             : mlpipe__nomem(j->ctx);
    if (!st) {
        mlpipe__hash_hex(hash, print);
        st = changed_compare(j, print);
    }
    mlpipe__free(env, j->prints);
    mlpipe__free(env, j->shared[0]);
    mlpipe__free(env, j->shared[1]);
    if (!st)
        return mlpipe__report_seal(j->ctx, j->report, out);
    mlpipe_report_free(j->report);
    return st;
}

mlpipe_status mlpipe_store_changed(mlpipe_ctx *ctx, mlpipe_store *store,
                                   const char *name,
                                   const mlpipe_dataset *dataset,
                                   mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_changed",
                                           store);
    mlpipe__store_manifest then;
    mlpipe__store_ref ref;

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__store_resolve(ctx, store, name, "dataset", &ref);
    if (!st)
        st = mlpipe__store_manifest_get(ctx, store, ref.id, &then);
    if (!st) {
        changed_job j = {.ctx = ctx, .store = store, .now = dataset,
                         .then = &then};

        st = changed_run(&j, out);
        mlpipe__store_manifest_free(&then);
    }
    return mlpipe__end(ctx, st);
}
