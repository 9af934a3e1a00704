/* SPDX-License-Identifier: MIT */
/*
 * Two versions side by side. Schema, changed columns and distributions come
 * from the manifests alone; rows and cells are read, of columns that changed
 * and of the key only.
 */
#include "store_internal.h"

enum { DIFF_BINS = 10 };

const mlpipe__param mlpipe__store_diff_params[] = {
    {"rows", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "compare rows; false reads manifests alone"},
    {"key", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns that identify a row, or none: whole rows; default is the key of "
     "the commit"},
    {"limit", MLPIPE_PARAM_INT, "20", 0, 1000000, NULL, 0x000100,
     "examples of changed cells"},
};
const uint32_t mlpipe__store_diff_param_count =
    sizeof mlpipe__store_diff_params / sizeof *mlpipe__store_diff_params;

typedef struct diff_job {
    mlpipe_ctx *ctx;
    const mlpipe_store *store;
    mlpipe__store_manifest m[2];
    mlpipe_report *report;
    uint32_t *shared[2];   /* columns of one name and type, in both */
    bool *same;            /* of these: the same content */
    uint32_t shared_count, changed, added, removed, retyped;
    mlpipe__dict key;      /* names of its columns */
    bool key_given;        /* by the call, not by a commit */
    int64_t limit;
    mlpipe_dataset *d[2];
    mlpipe__store_rows rows, cells; /* the key; the columns that changed */
    int64_t *match;
} diff_job;

/* ---- distributions -------------------------------------------------- */

/* The share of values at or below x, of a curve of quantiles. */
static double diff_share(const mlpipe__store_stat *s, double x)
{
    const double step = 1.0 / (s->points - 1);
    uint32_t low = 0, high = s->points;

    while (low < high) { /* the first point above x */
        const uint32_t mid = (low + high) / 2;

        if (s->curve[mid] <= x)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return 0;
    if (low == s->points)
        return 1;
    return (low - 1 + (x - s->curve[low - 1]) /
                          (s->curve[low] - s->curve[low - 1])) * step;
}

/* Rows in tenths of the first version, the nulls apart; of both. */
static uint32_t diff_bins(const mlpipe__store_stat *a,
                          const mlpipe__store_stat *b,
                          uint64_t counts[2][MLPIPE__STORE_TOP + 2])
{
    const mlpipe__store_stat *const s[2] = {a, b};
    uint32_t i, k, n = 0;

    for (k = 0; k < 2; k++) {
        const double finite =
            (double)(s[k]->rows - s[k]->nulls - s[k]->infinite);
        double before = 0, edge = 0, share;

        n = 0;
        for (i = 1; i <= DIFF_BINS; i++) {
            const double at = i * (a->points - 1) / (double)DIFF_BINS;
            const uint32_t left = (uint32_t)at;
            const double next = left + 1 < a->points ? a->curve[left + 1]
                                                     : a->curve[left];

            edge = a->curve[left] + (at - left) * (next - a->curve[left]);
            share = i == DIFF_BINS ? 1 : diff_share(s[k], edge);
            counts[k][n++] = (uint64_t)((share - before) * finite + 0.5);
            before = share;
        }
        counts[k][n++] = s[k]->nulls + s[k]->infinite;
    }
    return n;
}

static uint64_t diff_top_rows(const mlpipe__store_stat *s, const char *text)
{
    uint32_t i;

    for (i = 0; i < s->top_count; i++)
        if (!strcmp(s->top[i], text))
            return s->top_rows[i];
    return 0;
}

/* Rows of the first version's most frequent values, of all others, of null. */
static uint32_t diff_tops(const mlpipe__store_stat *a,
                          const mlpipe__store_stat *b,
                          uint64_t counts[2][MLPIPE__STORE_TOP + 2])
{
    const mlpipe__store_stat *const s[2] = {a, b};
    uint32_t i, k;

    for (k = 0; k < 2; k++) {
        uint64_t left = s[k]->rows - s[k]->nulls;

        for (i = 0; i < a->top_count; i++) {
            counts[k][i] = diff_top_rows(s[k], a->top[i]);
            left -= counts[k][i];
        }
        counts[k][i++] = left;
        counts[k][i] = s[k]->nulls;
    }
    return a->top_count + 2;
}

/* Stability of the second against the first; NaN where it cannot be told. */
static double diff_psi(const mlpipe__store_stat *a,
                       const mlpipe__store_stat *b)
{
    uint64_t counts[2][MLPIPE__STORE_TOP + 2];
    uint32_t bins = 0;
    double p;

    if (a->points && b->points)
        bins = diff_bins(a, b, counts);
    else if (a->top_count && b->top_count)
        bins = diff_tops(a, b, counts);
    return bins ? mlpipe__psi(counts[0], counts[1], bins, &p)
                : mlpipe__nan();
}

static double diff_nulls(const mlpipe__store_stat *s)
{
    return s->rows ? (double)s->nulls / (double)s->rows : 0;
}

/* ---- columns -------------------------------------------------------- */

static void diff_text(diff_job *j, const char *text)
{
    mlpipe__report_cell_text(j->report, text, strlen(text));
}

/* A row of the table; a column that is in one version only has the other's
 * figures missing. */
static void diff_row(diff_job *j, const char *name, const char *change,
                     uint32_t a, uint32_t b, double chunks)
{
    const uint32_t at[2] = {a, b};
    const mlpipe__store_stat *s[2] = {NULL, NULL};
    const double none = mlpipe__nan();
    uint32_t k;

    diff_text(j, name);
    diff_text(j, change);
    for (k = 0; k < 2; k++) {
        if (at[k] != UINT32_MAX)
            s[k] = &j->m[k].stats[at[k]];
        diff_text(j, s[k] ? mlpipe__type_name(j->m[k].columns[at[k]].type)
                          : "");
    }
    mlpipe__report_cell_number(j->report, chunks);
    for (k = 0; k < 2; k++)
        mlpipe__report_cell_number(j->report, s[k] ? diff_nulls(s[k]) : none);
    for (k = 0; k < 2; k++)
        mlpipe__report_cell_number(j->report, s[k] ? s[k]->mean : none);
    mlpipe__report_cell_number(
        j->report,
        s[0] && s[1] && s[0]->sd > 0 ? (s[1]->mean - s[0]->mean) / s[0]->sd
                                     : none);
    for (k = 0; k < 2; k++)
        mlpipe__report_cell_number(j->report,
                                   s[k] ? (double)s[k]->distinct : none);
    mlpipe__report_cell_number(j->report,
                               s[0] && s[1] ? diff_psi(s[0], s[1]) : none);
}

static uint32_t diff_chunks(const diff_job *j, uint32_t a, uint32_t b)
{
    const uint64_t *x = j->m[0].columns[a].chunks;
    const uint64_t *y = j->m[1].columns[b].chunks;
    const uint32_t n = j->m[0].chunk_count, m = j->m[1].chunk_count;
    uint32_t i, other = n > m ? n - m : m - n;

    for (i = 0; i < n && i < m; i++)
        other += x[2 * i] != y[2 * i] || x[2 * i + 1] != y[2 * i + 1];
    return other;
}

static bool diff_same_type(const mlpipe__store_column *a,
                           const mlpipe__store_column *b)
{
    const bool texts = (a->type == MLPIPE_TYPE_TEXT ||
                        a->type == MLPIPE_TYPE_CATEGORY) &&
                       (b->type == MLPIPE_TYPE_TEXT ||
                        b->type == MLPIPE_TYPE_CATEGORY);

    return (a->type == b->type || texts) && a->unit == b->unit;
}

static void diff_column(diff_job *j, uint32_t a)
{
    const mlpipe__store_column *x = &j->m[0].columns[a], *y;
    const uint32_t b = mlpipe__store_column_find(&j->m[1], x->name);
    bool same;

    if (b == UINT32_MAX) {
        j->removed++;
        diff_row(j, x->name, "removed", a, b, mlpipe__nan());
        return;
    }
    y = &j->m[1].columns[b];
    if (!diff_same_type(x, y)) {
        j->retyped++;
        diff_row(j, x->name, "type", a, b, mlpipe__nan());
        return;
    }
    same = x->print.lo == y->print.lo && x->print.hi == y->print.hi;
    j->shared[0][j->shared_count] = a;
    j->shared[1][j->shared_count] = b;
    j->same[j->shared_count++] = same;
    j->changed += !same;
    diff_row(j, x->name, same ? "same" : "changed", a, b,
             same ? 0 : diff_chunks(j, a, b));
}

static void diff_columns(diff_job *j)
{
    uint32_t i;

    mlpipe__report_table(j->report, "columns",
                         "name,change,type_a,type_b,chunks_changed,nulls_a,"
                         "nulls_b,mean_a,mean_b,mean_shift,distinct_a,"
                         "distinct_b,psi");
    for (i = 0; i < j->m[0].column_count; i++)
        diff_column(j, i);
    for (i = 0; i < j->m[1].column_count; i++)
        if (mlpipe__store_column_find(&j->m[0], j->m[1].columns[i].name) ==
            UINT32_MAX) {
            j->added++;
            diff_row(j, j->m[1].columns[i].name, "added", UINT32_MAX, i,
                     mlpipe__nan());
        }
    mlpipe__report_number(j->report, "rows_a", (double)j->m[0].rows);
    mlpipe__report_number(j->report, "rows_b", (double)j->m[1].rows);
    mlpipe__report_number(j->report, "columns_added", j->added);
    mlpipe__report_number(j->report, "columns_removed", j->removed);
    mlpipe__report_number(j->report, "columns_retyped", j->retyped);
    mlpipe__report_number(j->report, "columns_changed", j->changed);
}

/* ---- rows ----------------------------------------------------------- */

static bool diff_is_key(const diff_job *j, uint32_t k)
{
    const char *name = j->m[0].columns[j->shared[0][k]].name;

    return mlpipe__dict_find(&j->key, name, strlen(name)) != UINT32_MAX;
}

/* Loads of one side what is needed: without a key all that is shared, else
 * the key and what changed. */
static mlpipe_status diff_load(diff_job *j, uint32_t side)
{
    const mlpipe__store_manifest *m = &j->m[side];
    uint8_t *wanted = mlpipe__alloc(j->ctx->env, m->column_count);
    mlpipe_status st = wanted ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    uint32_t k;

    for (k = 0; k < j->shared_count && !st; k++)
        wanted[j->shared[side][k]] = !j->key.count || !j->same[k] ||
                                     diff_is_key(j, k);
    if (!st)
        st = mlpipe__store_manifest_load(j->ctx, j->store, m, wanted, NULL,
                                         &j->d[side]);
    mlpipe__free(j->ctx->env, wanted);
    return st;
}

/* A pair of columns joins the key or the cells. */
static mlpipe_status diff_pair(diff_job *j, mlpipe__store_rows *rows,
                               uint32_t k)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t side;

    for (side = 0; side < 2 && !st; side++)
        st = mlpipe__dataset_column(
            j->ctx, j->d[side], j->m[0].columns[j->shared[0][k]].name,
            &rows->column[side][rows->count]);
    rows->count++;
    return st;
}

static mlpipe_status diff_pairs(diff_job *j)
{
    mlpipe__store_rows *const all[2] = {&j->rows, &j->cells};
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, k;

    for (i = 0; i < 2 && !st; i++)
        for (k = 0; k < 2 && !st; k++) {
            all[i]->d[k] = j->d[k];
            all[i]->column[k] = mlpipe__alloc_array(
                j->ctx->env, j->shared_count, sizeof **all[i]->column);
            if (!all[i]->column[k])
                st = mlpipe__nomem(j->ctx);
        }
    for (k = 0; k < j->shared_count && !st; k++) {
        const bool key = diff_is_key(j, k);

        if (!j->key.count || key)
            st = diff_pair(j, &j->rows, k);
        if (!st && j->key.count && !key && !j->same[k])
            st = diff_pair(j, &j->cells, k);
    }
    return st;
}

/* One changed cell as an example. */
static void diff_example(diff_job *j, uint32_t k, int64_t a, int64_t b)
{
    mlpipe__text text;
    uint32_t i;

    mlpipe__text_init(&text, j->ctx->env);
    for (i = 0; i < j->rows.count; i++) {
        if (i)
            mlpipe__text_add(&text, ",");
        mlpipe__store_cell(j->d[0], j->rows.column[0][i], a, &text);
    }
    diff_text(j, text.size ? text.data : "");
    diff_text(j, mlpipe_dataset_name(j->d[0], j->cells.column[0][k]));
    for (i = 0; i < 2; i++) {
        mlpipe__text_free(&text);
        mlpipe__text_init(&text, j->ctx->env);
        mlpipe__store_cell(j->d[i], j->cells.column[i][k], i ? b : a, &text);
        diff_text(j, text.size ? text.data : "");
    }
    mlpipe__text_free(&text);
}

/* Pairs of rows: their cells, and how many rows and cells are others. */
static mlpipe_status diff_cells(diff_job *j, int64_t *removed,
                                int64_t *changed, uint64_t *cells)
{
    const int64_t n = j->m[0].rows;
    int64_t a;
    uint32_t k;

    mlpipe__report_table(j->report, "cells", "key,column,old,new");
    for (a = 0; a < n; a++) {
        const int64_t b = j->match[a];
        uint32_t others = 0;

        if (a % MLPIPE__CHUNK_ROWS == 0) {
            const mlpipe_status st = mlpipe__poll(j->ctx, "compare cells",
                                                  (uint64_t)a, (uint64_t)n);
            if (st)
                return st;
        }
        *removed += b < 0;
        for (k = 0; k < j->cells.count && b >= 0; k++) {
            if (mlpipe__store_rows_equal(&j->cells, k, a, b))
                continue;
            others++;
            if ((int64_t)++*cells <= j->limit)
                diff_example(j, k, a, b);
        }
        *changed += others > 0;
    }
    return MLPIPE_OK;
}

static mlpipe_status diff_keyed(diff_job *j)
{
    int64_t removed = 0, changed = 0;
    uint64_t cells = 0;
    mlpipe_status st;

    j->match = mlpipe__alloc_array(j->ctx->env, (size_t)j->m[0].rows,
                                   sizeof *j->match);
    st = j->match ? mlpipe__store_rows_match(j->ctx, &j->rows, j->match)
                  : mlpipe__nomem(j->ctx);
    if (!st)
        st = diff_cells(j, &removed, &changed, &cells);
    if (st)
        return st;
    mlpipe__report_number(j->report, "rows_removed", (double)removed);
    mlpipe__report_number(j->report, "rows_added",
                          (double)(j->m[1].rows - (j->m[0].rows - removed)));
    mlpipe__report_number(j->report, "rows_changed", (double)changed);
    mlpipe__report_number(j->report, "cells_changed", (double)cells);
    return MLPIPE_OK;
}

static mlpipe_status diff_multiset(diff_job *j)
{
    int64_t common = 0;
    const mlpipe_status st = mlpipe__store_rows_common(j->ctx, &j->rows,
                                                       &common);

    if (st)
        return st;
    mlpipe__report_number(j->report, "rows_removed",
                          (double)(j->m[0].rows - common));
    mlpipe__report_number(j->report, "rows_added",
                          (double)(j->m[1].rows - common));
    return MLPIPE_OK;
}

/* Both must have the key. That of a commit is not insisted on. */
static mlpipe_status diff_check_key(diff_job *j)
{
    uint32_t k, count = 0;

    for (k = 0; k < j->shared_count; k++)
        count += diff_is_key(j, k);
    if (count == j->key.count)
        return MLPIPE_OK;
    if (j->key_given)
        return mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                            "store_diff: key= names %u columns and the two "
                            "versions share %u of them with the same type; "
                            "name columns of both", j->key.count, count);
    mlpipe__dict_free(&j->key);
    mlpipe__dict_init(&j->key, j->store->env);
    return MLPIPE_OK;
}

/* By which columns rows are told apart. */
static mlpipe_status diff_tell_key(diff_job *j)
{
    mlpipe__text by;
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    mlpipe__text_init(&by, j->ctx->env);
    for (i = 0; i < j->key.count; i++)
        mlpipe__text_add(&by, "%s%s", i ? "," : "",
                         mlpipe__dict_text(&j->key, i));
    if (by.failed)
        st = mlpipe__nomem(j->ctx);
    else if (by.size)
        mlpipe__report_text(j->report, "compared_by", by.data, by.size);
    else
        mlpipe__report_text(j->report, "compared_by", "whole rows", 10);
    mlpipe__text_free(&by);
    return st;
}

static mlpipe_status diff_rows(diff_job *j)
{
    mlpipe_status st = diff_check_key(j);
    uint32_t i, k;

    if (st || !j->shared_count)
        return st;
    st = diff_tell_key(j);
    if (!st)
        st = diff_load(j, 0);
    if (!st)
        st = diff_load(j, 1);
    if (!st)
        st = diff_pairs(j);
    if (!st)
        st = j->key.count ? diff_keyed(j) : diff_multiset(j);
    for (i = 0; i < 2; i++) {
        for (k = 0; k < 2; k++)
            mlpipe__free(j->ctx->env,
                         (i ? &j->cells : &j->rows)->column[k]);
        mlpipe_dataset_free(j->d[i]);
    }
    mlpipe__free(j->ctx->env, j->match);
    return st;
}

/* ---- the call ------------------------------------------------------- */

/* key=none is no key, but where both have a column of that name. */
static bool diff_key_none(const diff_job *j, const mlpipe__setting *given)
{
    return given->count == 1 && !strcmp(given->names[0], "none") &&
           (mlpipe__store_column_find(&j->m[0], "none") == UINT32_MAX ||
            mlpipe__store_column_find(&j->m[1], "none") == UINT32_MAX);
}

/* The columns of a key, as a commit has them: by comma. */
static mlpipe_status diff_key_add(diff_job *j, const char *at)
{
    while (*at) {
        const char *comma = strchr(at, ',');
        const size_t n = comma ? (size_t)(comma - at) : strlen(at);

        if (mlpipe__dict_add(&j->key, at, n) == UINT32_MAX)
            return mlpipe__nomem(j->ctx);
        at += n + (comma != NULL);
    }
    return MLPIPE_OK;
}

/* The newest commit that gave a version a key. */
typedef struct diff_search {
    const char *version;
    int64_t time;
    char commit[MLPIPE__STORE_ID]; /* "" = none */
} diff_search;

static bool diff_visit(void *arg, const char *id,
                       const mlpipe__store_commit *c)
{
    diff_search *f = arg;

    if (strcmp(c->kind, "dataset") || strcmp(c->version, f->version) ||
        !c->text[MLPIPE__STORE_KEY][0] ||
        (f->commit[0] && c->time <= f->time))
        return true;
    f->time = c->time;
    memcpy(f->commit, id, sizeof f->commit);
    return true;
}

/* Of a name or a tag its commit tells; a version may stand in several. */
static mlpipe_status diff_key_of(diff_job *j, const mlpipe__store_ref *ref)
{
    diff_search f = {.version = ref->id};
    mlpipe__store_commit c;
    mlpipe_status st = MLPIPE_OK;

    if (ref->commit[0])
        memcpy(f.commit, ref->commit, sizeof f.commit);
    else
        st = mlpipe__store_walk(j->ctx, j->store, diff_visit, &f);
    if (st || !f.commit[0])
        return st;
    st = mlpipe__store_commit_get(j->ctx, j->store, f.commit, &c);
    if (st)
        return st;
    st = diff_key_add(j, c.text[MLPIPE__STORE_KEY]);
    mlpipe__store_commit_free(&c);
    return st;
}

/* The key that is given, or else that of the newer commit that has one. */
static mlpipe_status diff_key(diff_job *j, const mlpipe__setting *given,
                              const mlpipe__store_ref ref[2])
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    if (diff_key_none(j, given))
        return MLPIPE_OK;
    j->key_given = given->count > 0;
    for (i = 0; i < given->count; i++)
        if (mlpipe__dict_add(&j->key, given->names[i],
                             strlen(given->names[i])) == UINT32_MAX)
            return mlpipe__nomem(j->ctx);
    for (i = 2; i-- > 0 && !st && !j->key.count;)
        st = diff_key_of(j, &ref[i]);
    return st;
}

static mlpipe_status diff_run(diff_job *j, bool rows)
{
    const size_t count = j->m[0].column_count;
    mlpipe_status st;

    j->shared[0] = mlpipe__alloc_array(j->ctx->env, count,
                                       sizeof **j->shared);
    j->shared[1] = mlpipe__alloc_array(j->ctx->env, count,
                                       sizeof **j->shared);
    j->same = mlpipe__alloc_array(j->ctx->env, count, sizeof *j->same);
    st = j->shared[0] && j->shared[1] && j->same ? MLPIPE_OK
                                                 : mlpipe__nomem(j->ctx);
    mlpipe__report_text(j->report, "version_a", j->m[0].id, 32);
    mlpipe__report_text(j->report, "version_b", j->m[1].id, 32);
    if (!st)
        diff_columns(j);
    if (!st && rows)
        st = diff_rows(j);
    mlpipe__free(j->ctx->env, j->shared[0]);
    mlpipe__free(j->ctx->env, j->shared[1]);
    mlpipe__free(j->ctx->env, j->same);
    return st;
}

static mlpipe_status store_diff(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *a, const char *b,
                                const mlpipe__params *p, mlpipe_report **out)
{
    const char *const names[2] = {a, b};
    diff_job j = {.ctx = ctx, .store = s};
    mlpipe__store_ref ref[2];
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    mlpipe__dict_init(&j.key, s->env);
    j.limit = mlpipe__params_get(p, "limit")->integer;
    j.report = mlpipe__report_new(ctx->env, "store diff");
    for (i = 0; i < 2 && !st; i++) {
        st = mlpipe__store_resolve(ctx, s, names[i], "dataset", &ref[i]);
        if (!st)
            st = mlpipe__store_manifest_get(ctx, s, ref[i].id, &j.m[i]);
    }
    if (!st)
        st = diff_key(&j, mlpipe__params_get(p, "key"), ref);
    if (!st)
        st = diff_run(&j, mlpipe__params_get(p, "rows")->number != 0.0);
    mlpipe__store_manifest_free(&j.m[0]);
    mlpipe__store_manifest_free(&j.m[1]);
    mlpipe__dict_free(&j.key);
    if (!st)
        return mlpipe__report_seal(ctx, j.report, out);
    mlpipe_report_free(j.report);
    return st;
}

mlpipe_status mlpipe_store_diff(mlpipe_ctx *ctx, mlpipe_store *store,
                                const char *a, const char *b,
                                const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_diff", store);
    mlpipe__params p = {0};

    if (out)
        *out = NULL;
    if (!st && (!a || !b))
        st = mlpipe__null_arg(ctx, a ? "b" : "a");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_store_diff",
                                  mlpipe__store_diff_params,
                                  mlpipe__store_diff_param_count, params, &p);
    if (!st) {
        st = store_diff(ctx, store, a, b, &p, out);
        mlpipe__params_free(&p);
    }
    return mlpipe__end(ctx, st);
}
