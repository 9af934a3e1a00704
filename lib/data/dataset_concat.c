/* SPDX-License-Identifier: MIT */
/* Parts below each other: the values, the row ids, the report. */
#include "concat_types.h"

const mlpipe__param mlpipe__concat_params[] = {
    {"columns", MLPIPE_PARAM_CHOICE, "same", 0, 0, "same,union,intersection",
     0x000100,
     "Which columns: all parts have the same ones, nulls where a part lacks "
     "one, or those that all have."},
};
const uint32_t mlpipe__concat_param_count =
    sizeof mlpipe__concat_params / sizeof *mlpipe__concat_params;

enum { CONCAT_PIECE = 512, CONCAT_PARTS_MAX = 1000000 };

/* ---- values ------------------------------------------------------------- */

static mlpipe_status concat_not_exact(const concat_job *j,
                                      const concat_column *made,
                                      uint32_t part, int64_t row,
                                      int64_t value)
{
    if (made->type == MLPIPE_TYPE_F64)
        mlpipe__fail(j->ctx, MLPIPE_E_NUMERIC,
                     "%s: %q is f64 in another part, and %lld, in row %lld of "
                     "part %u, is no f64 exactly", concat_owner, made->name,
                     (long long)value, (long long)row, part);
    else
        mlpipe__fail(j->ctx, MLPIPE_E_NUMERIC,
                     "%s: %q is in %s in another part, and %lld, in row %lld "
                     "of part %u, is beyond what they can hold", concat_owner,
                     made->name, mlpipe__unit_name(made->unit),
                     (long long)value, (long long)row, part);
    return mlpipe__fail_at(j->ctx, row, made->name);
}

/* Rows of whole numbers: times become those of the unit, numbers doubles. */
static mlpipe_status concat_whole(const concat_job *j,
                                  const concat_column *made, uint32_t part,
                                  int64_t start, uint32_t n,
                                  mlpipe__column_writer *w)
{
    const mlpipe_dataset *d = j->parts[part];
    const uint32_t column = (uint32_t)made->from[part];
    const int64_t times = mlpipe__unit_ratio(d->columns[column]->unit,
                                             made->unit);
    int64_t values[CONCAT_PIECE];
    uint8_t valid[CONCAT_PIECE];
    bool ok = true;

    mlpipe__dataset_block_i64(d, column, start, n, values, valid);
    for (uint32_t i = 0; ok && i < n; i++) {
        const double x = (double)values[i];
        int64_t v;
        const bool over = __builtin_mul_overflow(values[i], times, &v);
        if (over || (made->type == MLPIPE_TYPE_F64
                     && (x >= 0x1p63 || (int64_t)x != values[i])))
            return concat_not_exact(j, made, part, start + i, values[i]);
        ok = !valid[i] ? mlpipe__writer_null(w)
            : made->type == MLPIPE_TYPE_F64 ? mlpipe__writer_f64(w, x)
            : made->type == MLPIPE_TYPE_BOOL ? mlpipe__writer_bool(w, v != 0)
            : mlpipe__writer_i64(w, v);
    }
    return ok ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

static bool concat_reals(const mlpipe_dataset *d, uint32_t column,
                         int64_t start, uint32_t n, mlpipe__column_writer *w)
{
    double values[CONCAT_PIECE];
    uint8_t valid[CONCAT_PIECE];
    bool ok = true;

    mlpipe__dataset_block(d, column, start, n, values, valid);
    for (uint32_t i = 0; ok && i < n; i++)
        ok = valid[i] ? mlpipe__writer_f64(w, values[i])
                      : mlpipe__writer_null(w);
    return ok;
}

static bool concat_texts(const mlpipe_dataset *d, uint32_t column,
                         int64_t start, uint32_t n, mlpipe__column_writer *w)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < n; i++) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(d, column, start + i,
                                                     &bytes);
        ok = text ? mlpipe__writer_text(w, text, bytes)
                  : mlpipe__writer_null(w);
    }
    return ok;
}

static bool concat_nulls(uint32_t n, mlpipe__column_writer *w)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < n; i++)
        ok = mlpipe__writer_null(w);
    return ok;
}

static mlpipe_status concat_piece(const concat_job *j,
                                  const concat_column *made, uint32_t part,
                                  int64_t start, uint32_t n,
                                  mlpipe__column_writer *w)
{
    const mlpipe_dataset *d = j->parts[part];
    const int32_t at = made->from[part];
    const int32_t type = at < 0 ? 0 : d->columns[at]->type;
    bool ok;

    if (!type)
        ok = concat_nulls(n, w);
    else if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY)
        ok = concat_texts(d, (uint32_t)at, start, n, w);
    else if (type == MLPIPE_TYPE_F64)
        ok = concat_reals(d, (uint32_t)at, start, n, w);
    else
        return concat_whole(j, made, part, start, n, w);
    return ok ? MLPIPE_OK : MLPIPE_E_NOMEM;
}

/* One part's rows; E_NOMEM also where a chunk of text is full. */
static mlpipe_status concat_part(concat_job *j, const concat_column *made,
                                 uint32_t part, mlpipe__column_writer *w)
{
    const int64_t rows = j->parts[part]->rows;
    mlpipe_status st = MLPIPE_OK;

    if (made->from[part] < 0)
        j->nulls_added += rows;
    for (int64_t at = 0, n; !st && at < rows; at += n) {
        n = rows - at < CONCAT_PIECE ? rows - at : CONCAT_PIECE;
        if (at % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(j->ctx, "concat",
                              (uint64_t)(made - j->columns),
                              j->column_count);
        if (!st)
            st = concat_piece(j, made, part, at, (uint32_t)n, w);
    }
    return st;
}

static mlpipe_status concat_column_make(concat_job *j,
                                        const concat_column *made,
                                        mlpipe__column **out)
{
    mlpipe__column_writer *w = mlpipe__writer_new(
        j->ctx->env, made->name, strlen(made->name), made->type, made->unit,
        NULL);
    mlpipe_status st = w && mlpipe__writer_reserve(w, j->rows)
                           ? MLPIPE_OK : MLPIPE_E_NOMEM;

    for (uint32_t k = 0; !st && k < j->part_count; k++)
        st = concat_part(j, made, k, w);
    if (st == MLPIPE_E_NOMEM)
        st = mlpipe__writer_failed(j->ctx, w);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

/* ---- row ids ------------------------------------------------------------ */

/* All ids, unless two of them are equal: then the rows are numbered. */
static mlpipe_status concat_ids(concat_job *j)
{
    mlpipe__env *env = j->ctx->env;
    const size_t n = (size_t)j->rows;
    uint64_t *sorted = mlpipe__alloc_array(env, n, sizeof sorted[0]);
    uint64_t *scratch = mlpipe__alloc_array(env, n, sizeof scratch[0]);
    int64_t at = 0;

    j->ids = mlpipe__rowset_new(env, j->rows);
    if (sorted && scratch && j->ids) {
        for (uint32_t k = 0; k < j->part_count; k++)
            for (int64_t i = 0; i < j->parts[k]->rows; i++)
                sorted[at++] = mlpipe_dataset_row_id(j->parts[k], i);
        memcpy(j->ids->rows, sorted, n * sizeof sorted[0]);
        mlpipe__sort_u64(sorted, n, scratch);
        for (size_t i = 1; !j->new_ids && i < n; i++)
            j->new_ids = sorted[i] == sorted[i - 1];
        for (int64_t i = 0; j->new_ids && i < j->rows; i++)
            j->ids->rows[i] = i;
    }
    const bool ok = sorted && scratch && j->ids;
    mlpipe__free(env, scratch);
    mlpipe__free(env, sorted);
    if (ok && j->new_ids)
        mlpipe__log_line(j->ctx, MLPIPE_LOG_INFO, "concat",
                         "row ids of the parts are equal, so that the %lld "
                         "rows are numbered anew from 0", (long long)j->rows);
    return ok ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status concat_report(const concat_job *j, mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "concat");

    if (!r)
        return mlpipe__nomem(j->ctx);
    mlpipe__report_number(r, "parts", j->part_count);
    mlpipe__report_number(r, "rows", (double)j->rows);
    mlpipe__report_number(r, "columns", j->column_count);
    mlpipe__report_number(r, "columns_left_out", j->left_out);
    mlpipe__report_number(r, "nulls_added", (double)j->nulls_added);
    mlpipe__report_number(r, "new_ids", j->new_ids);
    return mlpipe__report_seal(j->ctx, r, out);
}

static mlpipe_status concat_make(concat_job *j, mlpipe_dataset **out)
{
    mlpipe__env *env = j->ctx->env;
    mlpipe__column **columns = mlpipe__alloc_array(env, j->column_count,
                                                   sizeof columns[0]);
    mlpipe_report *report = NULL;
    uint32_t made = 0;
    mlpipe_status st = columns ? concat_ids(j) : mlpipe__nomem(j->ctx);

    for (; !st && made < j->column_count; made += !st)
        st = concat_column_make(j, &j->columns[made], &columns[made]);
    if (!st)
        st = concat_report(j, &report);
    if (!st) {
        st = mlpipe__dataset_new_ids(j->ctx, columns, made, j->ids, report,
                                     out);
        j->ids = NULL;
    } else {
        while (made--)
            mlpipe__column_drop(columns[made]);
    }
    mlpipe__free(env, columns);
    return st;
}

static mlpipe_status concat_check(concat_job *j, size_t n)
{
    if (!n || n > CONCAT_PARTS_MAX)
        return mlpipe__fail(j->ctx, MLPIPE_E_ARG,
                            "%s: %zu parts; give 1 to %d", concat_owner, n,
                            CONCAT_PARTS_MAX);
    for (size_t k = 0; k < n; k++) {
        if (!j->parts[k])
            return mlpipe__fail(j->ctx, MLPIPE_E_ARG,
                                "%s: part %zu is NULL", concat_owner, k);
        /* no sum of so few counts overflows before it is found too large */
        j->rows += j->parts[k]->rows;
        if (j->rows >= INT64_C(1) << 40)
            return mlpipe__fail(j->ctx, MLPIPE_E_LIMIT,
                                "%s: the parts up to %zu have %lld rows; the "
                                "most is 2^40; take fewer", concat_owner, k,
                                (long long)j->rows);
    }
    j->part_count = (uint32_t)n;
    return MLPIPE_OK;
}

static mlpipe_status concat_run(mlpipe_ctx *ctx,
                                const mlpipe_dataset *const *parts, size_t n,
                                const char *params, mlpipe_dataset **out)
{
    concat_job j = {.ctx = ctx, .parts = parts};
    mlpipe__params p;
    mlpipe_status st = concat_check(&j, n);

    if (!st)
        st = mlpipe__params_parse(ctx, concat_owner, mlpipe__concat_params,
                                  mlpipe__concat_param_count, params, &p);
    if (st)
        return st;
    j.which = mlpipe__params_get(&p, "columns")->choice;
    mlpipe__params_free(&p);
    st = mlpipe__concat_plan(&j);
    if (!st)
        st = concat_make(&j, out);
    for (uint32_t i = 0; j.columns && i < j.column_count; i++)
        mlpipe__free(ctx->env, j.columns[i].from);
    mlpipe__free(ctx->env, j.columns);
    mlpipe__rowset_drop(j.ids);
    return st;
}

mlpipe_status mlpipe_dataset_concat(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *const *parts,
                                    size_t n, const char *params,
                                    mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, concat_owner);

    if (out)
        *out = NULL;
    if (!st && !parts)
        st = mlpipe__null_arg(ctx, "parts");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = concat_run(ctx, parts, n, params, out);
    return mlpipe__end(ctx, st);
}
