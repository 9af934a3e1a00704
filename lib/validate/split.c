/* SPDX-License-Identifier: MIT */
/*
 * Splits: by shares of the sorted rows, at cut points, or at random by row
 * id. With order=, rows of equal value stay together: the group goes whole to
 * the part in which its middle lies.
 */
#include "../collect/collect_internal.h"
#include "validate_internal.h"

enum { SPLIT_PARTS_MAX = 1000 };

const mlpipe__param mlpipe__split_params[] = {
    {"parts", MLPIPE_PARAM_REALS, "", 0x1p-40, 1, NULL, 0x000100,
     "share of each part, together 1"},
    {"at", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "with order=: cut points, numbers or dates; each begins a part"},
    {"order", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "column to sort by; rows of equal value stay together"},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,
     "without order=: of the random deal by row id"},
};
const uint32_t mlpipe__split_param_count =
    sizeof mlpipe__split_params / sizeof *mlpipe__split_params;

typedef struct split_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    uint32_t rows, parts;
    const mlpipe__setting *shares, *cuts;
    uint64_t seed;
    /* order=: */
    uint32_t column;
    int32_t type, unit;
    bool integers;
    int64_t *whole; /* one of the two, for each row */
    double *real;
    uint32_t *order;
    uint32_t *part; /* of each row */
} split_job;

static void split_free(split_job *j)
{
    mlpipe__free(j->ctx->env, j->whole);
    mlpipe__free(j->ctx->env, j->real);
    mlpipe__free(j->ctx->env, j->order);
    mlpipe__free(j->ctx->env, j->part);
}

/* ---- the ordered column ------------------------------------------------- */

static mlpipe_status split_find_order(split_job *j,
                                      const mlpipe__setting *order)
{
    const char *name = order->names[0];
    mlpipe_status st;
    if (order->count > 1)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: order= names %u columns "
                            "and takes 1",
                            order->count);
    st = mlpipe__dataset_column(j->ctx, j->data, name, &j->column);
    if (st)
        return st;
    j->type = mlpipe_dataset_type(j->data, j->column);
    j->unit = mlpipe_dataset_unit(j->data, j->column);
    if (j->type == MLPIPE_TYPE_TEXT || j->type == MLPIPE_TYPE_CATEGORY) {
        mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                     "order=%s: the column is %s and only numbers and times "
                     "have an order to split by",
                     name, mlpipe__type_name(j->type));
        return mlpipe__fail_at(j->ctx, -1, name);
    }
    j->integers = j->type != MLPIPE_TYPE_F64;
    return MLPIPE_OK;
}

static mlpipe_status split_null(split_job *j, uint32_t row)
{
    const char *name = mlpipe_dataset_name(j->data, j->column);
    mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA,
                 "order=%s: row %u has no value; fill the column or leave "
                 "such rows out first",
                 name, row);
    return mlpipe__fail_at(j->ctx, row, name);
}

static mlpipe_status split_load(split_job *j)
{
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t start, n, i;
    if (j->integers)
        j->whole = mlpipe__alloc_array(j->ctx->env, j->rows,
                                       sizeof *j->whole);
    else
        j->real = mlpipe__alloc_array(j->ctx->env, j->rows, sizeof *j->real);
    if (!j->whole && !j->real)
        return mlpipe__nomem(j->ctx);
    for (start = 0; start < j->rows; start += n) {
        n = j->rows - start;
        if (n > MLPIPE__BLOCK_ROWS)
            n = MLPIPE__BLOCK_ROWS;
        if (j->integers)
            mlpipe__dataset_block_i64(j->data, j->column, start, n,
                                      j->whole + start, valid);
        else
            mlpipe__dataset_block(j->data, j->column, start, n,
                                  j->real + start, valid);
        for (i = 0; i < n; i++) {
            const double x = j->integers ? 0.0 : j->real[start + i];
            if (!valid[i] || x != x)
                return split_null(j, start + i);
        }
    }
    return MLPIPE_OK;
}

static mlpipe_status split_sort(split_job *j)
{
    size_t bytes;
    uint64_t *scratch;
    if (mlpipe__mul(j->rows, 4 * sizeof *scratch, &bytes))
        return mlpipe__nomem(j->ctx);
    scratch = mlpipe__alloc(j->ctx->env, bytes);
    j->order = mlpipe__alloc_array(j->ctx->env, j->rows, sizeof *j->order);
    if (!scratch || !j->order) {
        mlpipe__free(j->ctx->env, scratch);
        return mlpipe__nomem(j->ctx);
    }
    if (j->integers)
        mlpipe__argsort_i64(j->whole, j->order, j->rows, scratch);
    else
        mlpipe__argsort_f64(j->real, j->order, j->rows, scratch);
    mlpipe__free(j->ctx->env, scratch);
    return MLPIPE_OK;
}

static bool split_same(const split_job *j, uint32_t a, uint32_t b)
{
    return j->integers ? j->whole[a] == j->whole[b]
                       : j->real[a] == j->real[b];
}

/* ---- who goes where ----------------------------------------------------- */

/* The part that begins at or before `x` of [0, 1). */
static uint32_t split_part_of_share(const split_job *j, double x)
{
    double sum = 0;
    uint32_t k;
    for (k = 0; k + 1 < j->parts; k++) {
        sum += j->shares->reals[k];
        if (x < sum)
            break;
    }
    return k;
}

static void split_by_share(split_job *j)
{
    uint32_t a = 0, b, i;
    while (a < j->rows) {
        for (b = a + 1;
             b < j->rows && split_same(j, j->order[a], j->order[b]);)
            b++;
        {
            const double middle = ((double)a + (double)b) * 0.5;
            const uint32_t part =
                split_part_of_share(j, middle / (double)j->rows);
            for (i = a; i < b; i++)
                j->part[j->order[i]] = part;
        }
        a = b;
    }
}

static void split_at_random(split_job *j)
{
    uint32_t i;
    for (i = 0; i < j->rows; i++) {
        const uint64_t id = mlpipe_dataset_row_id(j->data, i);
        j->part[i] = split_part_of_share(
            j, mlpipe__share_of(j->seed, MLPIPE__FOR_SPLIT, id));
    }
}

static mlpipe_status split_bad_cut(const split_job *j, const char *text)
{
    return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                        "mlpipe_dataset_split: at=%s is no %s", text,
                        j->type == MLPIPE_TYPE_TIMESTAMP
                            ? "date such as 2015-02-01 or 2015-02-01T10:30"
                            : "number");
}

/* The least whole number that is not below x. */
static int64_t split_ceiling(double x)
{
    const double limit = 0x1p63;
    int64_t k;
    if (x >= limit)
        return INT64_MAX;
    if (x < -limit)
        return INT64_MIN;
    k = (int64_t)x;
    return (double)k < x ? k + 1 : k;
}

/* The least time of the column's unit that is not before a date. */
static bool split_cut_date(const split_job *j, const mlpipe__csv_time *t,
                           int64_t *whole)
{
    static const uint32_t nanos[] = {1000000000, 1000000000, 1000000, 1000,
                                     1};
    const int64_t begun = t->nanos % nanos[j->unit] != 0;
    return mlpipe__csv_time_value(t, j->unit, whole) &&
           !__builtin_add_overflow(*whole, begun, whole);
}

static mlpipe_status split_cut(const split_job *j, const char *text,
                               int64_t *whole, double *real)
{
    const size_t n = strlen(text);
    mlpipe__csv_time t;
    *whole = 0;
    *real = 0;
    if (j->type == MLPIPE_TYPE_TIMESTAMP &&
        mlpipe__csv_parse_time(text, n, MLPIPE__CSV_YMD, &t))
        return split_cut_date(j, &t, whole) ? MLPIPE_OK
                                            : split_bad_cut(j, text);
    if (j->integers && mlpipe__parse_i64(text, n, whole))
        return MLPIPE_OK;
    if (!mlpipe__parse_f64(text, n, false, real) || !mlpipe__finite(*real))
        return split_bad_cut(j, text);
    *whole = split_ceiling(*real);
    return MLPIPE_OK;
}

static mlpipe_status split_by_cut(split_job *j)
{
    int64_t whole, whole_before = 0;
    double real, real_before = 0;
    uint32_t k, i;
    for (k = 0; k < j->cuts->count; k++) {
        const char *text = j->cuts->names[k];
        const mlpipe_status st = split_cut(j, text, &whole, &real);
        if (st)
            return st;
        if (k && (j->integers ? whole <= whole_before : real <= real_before))
            return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                "mlpipe_dataset_split: the cut points must "
                                "rise, and %s does not lie above %s",
                                text, j->cuts->names[k - 1]);
        for (i = 0; i < j->rows; i++)
            j->part[i] += j->integers ? j->whole[i] >= whole
                                      : j->real[i] >= real;
        whole_before = whole;
        real_before = real;
    }
    return MLPIPE_OK;
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status split_check(split_job *j, const mlpipe__params *p,
                                 size_t n_out)
{
    const mlpipe__setting *order = mlpipe__params_get(p, "order");
    double sum = 0;
    uint32_t i;
    j->shares = mlpipe__params_get(p, "parts");
    j->cuts = mlpipe__params_get(p, "at");
    j->seed = (uint64_t)mlpipe__params_get(p, "seed")->integer;
    if (!j->shares->count == !j->cuts->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: give parts=0.8,0.2 or, "
                            "with order=, at=2015-02-01; %s given",
                            j->cuts->count ? "both are" : "neither is");
    if (j->cuts->count && !order->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: at= needs order=column");
    for (i = 0; i < j->shares->count; i++)
        sum += j->shares->reals[i];
    if (j->shares->count && !(sum > 1 - 1e-9 && sum < 1 + 1e-9))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: the parts add up to %g "
                            "and must make 1, so that no row is lost",
                            sum);
    j->parts = j->shares->count ? j->shares->count : j->cuts->count + 1;
    if (j->parts > SPLIT_PARTS_MAX || j->parts != n_out)
        return mlpipe__fail(j->ctx, MLPIPE_E_ARG,
                            "mlpipe_dataset_split: the parameters make %u "
                            "parts (at most %d), n_out is %zu",
                            j->parts, (int)SPLIT_PARTS_MAX, n_out);
    return MLPIPE_OK;
}

static mlpipe_status split_assign(split_job *j, const mlpipe__params *p)
{
    const mlpipe__setting *order = mlpipe__params_get(p, "order");
    const int64_t rows = mlpipe_dataset_rows(j->data);
    mlpipe_status st;
    if (rows >= UINT32_MAX)
        return mlpipe__fail(j->ctx, MLPIPE_E_LIMIT,
                            "a split of %lld rows; the limit is %u",
                            (long long)rows, UINT32_MAX - 1);
    if (!rows)
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "the dataset has no rows to split");
    j->rows = (uint32_t)rows;
    j->part = mlpipe__alloc_array(j->ctx->env, j->rows, sizeof *j->part);
    if (!j->part)
        return mlpipe__nomem(j->ctx);
    if (!order->count) {
        split_at_random(j);
        return MLPIPE_OK;
    }
    st = split_find_order(j, order);
    if (!st)
        st = split_load(j);
    if (!st)
        st = split_sort(j);
    if (!st && j->cuts->count)
        return split_by_cut(j);
    if (!st)
        split_by_share(j);
    return st;
}

/* The rows of one part, sorted where there is an order. */
static mlpipe_status split_view(const split_job *j, uint32_t part,
                                mlpipe_dataset **out)
{
    mlpipe__rowset *set;
    int64_t count = 0;
    uint32_t i;
    for (i = 0; i < j->rows; i++)
        count += j->part[i] == part;
    if (!count)
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "part %u of %u would have none of the %u rows; "
                            "change the shares or cut points",
                            part, j->parts, j->rows);
    set = mlpipe__rowset_new(j->data->env, count);
    if (!set)
        return mlpipe__nomem(j->ctx);
    count = 0;
    for (i = 0; i < j->rows; i++) {
        const uint32_t row = j->order ? j->order[i] : i;
        if (j->part[row] == part)
            set->rows[count++] = row;
    }
    return mlpipe__dataset_view(j->ctx, j->data, set, out);
}

static mlpipe_status split_run(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                               const char *params, mlpipe_dataset **out,
                               size_t n_out)
{
    split_job j = {.ctx = ctx, .data = dataset};
    mlpipe__params p;
    uint32_t i;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_dataset_split", mlpipe__split_params,
        mlpipe__split_param_count, params, &p);
    if (st)
        return st;
    st = split_check(&j, &p, n_out);
    if (!st)
        st = split_assign(&j, &p);
    for (i = 0; !st && i < j.parts; i++)
        st = split_view(&j, i, &out[i]);
    for (i = 0; st && i < n_out; i++) {
        mlpipe_dataset_free(out[i]);
        out[i] = NULL;
    }
    split_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_dataset_split(mlpipe_ctx *ctx,
                                   const mlpipe_dataset *dataset,
                                   const char *params, mlpipe_dataset **out,
                                   size_t n_out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_split");
    size_t i;
    for (i = 0; out && i < n_out; i++)
        out[i] = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = split_run(ctx, dataset, params, out, n_out);
    return mlpipe__end(ctx, st);
}
