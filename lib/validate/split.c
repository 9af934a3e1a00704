/* SPDX-License-Identifier: MIT */
/*
 * Splits: by shares of the sorted rows, at cut points, or at random by row
 * id, stratum or group. With order=, rows of equal value stay together: they
 * go whole to the part in which their middle lies.
 */
#include "../collect/collect_internal.h"
#include "validate_internal.h"

enum { SPLIT_PARTS_MAX = 1000 };
#define SPLIT_SHARE_MIN 0x1p-40
#define SPLIT_NO_PART UINT32_MAX /* a row that was dropped between parts */

const mlpipe__param mlpipe__split_params[] = {
    {"parts", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 0x000100,
     "share of each part, above 0, together 1"},
    {"at", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "with order=: cut points, numbers or dates; each begins a part"},
    {"order", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "column to sort by; rows of equal value stay together"},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,
     "without order=: of the random deal by row id"},
    {"stratify", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "without order=: column whose classes, or bins of whose numbers, every "
     "part has in equal shares"},
    {"bins", MLPIPE_PARAM_INT, "10", 2, 1000, NULL, 0x000100,
     "quantile bins of stratify= where it has more different numbers"},
    {"group", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns whose equal rows stay in one part; with order= the earlier "
     "part drops those that a later one has too"},
    {"label_end", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "column in which a row's label is known; rows whose span from order= "
     "to it meets one of a later part are purged"},
    {"gap", MLPIPE_PARAM_TEXT, "0", 0, 0, NULL, 0x000100,
     "with order=: rows (20) or time (5 d) between parts, dropped from the "
     "earlier one"},
};
const uint32_t mlpipe__split_param_count =
    sizeof mlpipe__split_params / sizeof *mlpipe__split_params;

typedef struct split_job {
    mlpipe_ctx *ctx;
    mlpipe__split_rows rows;
    uint32_t parts;
    const mlpipe__setting *shares, *cuts;
    mlpipe__split_reach gap;
    uint64_t seed;
    uint32_t *part; /* of each row */
    uint64_t *dropped; /* of each part */
} split_job;

static void split_free(split_job *j)
{
    mlpipe__free(j->ctx->env, j->part);
    mlpipe__free(j->ctx->env, j->dropped);
    mlpipe__split_rows_free(&j->rows);
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
    const mlpipe__split_rows *r = &j->rows;
    uint32_t a = 0, b, i;
    while (a < r->rows) {
        for (b = a + 1;
             b < r->rows && r->key[r->order[a]] == r->key[r->order[b]];)
            b++;
        {
            const double middle = ((double)a + (double)b) * 0.5;
            const uint32_t part =
                split_part_of_share(j, middle / (double)r->rows);
            for (i = a; i < b; i++)
                j->part[r->order[i]] = part;
        }
        a = b;
    }
}

static mlpipe_status split_at_random(split_job *j)
{
    const mlpipe__deal deal = {&j->rows,  j->seed,          MLPIPE__FOR_SPLIT,
                               j->parts, j->shares->reals, "parts"};
    return mlpipe__deal_rows(&deal, j->part);
}

static mlpipe_status split_bad_cut(const split_job *j, const char *text)
{
    return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                        "mlpipe_dataset_split: at=%s is no %s", text,
                        j->rows.type == MLPIPE_TYPE_TIMESTAMP
                            ? "date such as 2015-02-01 or 2015-02-01T10:30"
                            : "number such as 10 or 0.5");
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

/* The least time of the order's unit that is not before a date. */
static bool split_cut_date(const split_job *j, const mlpipe__csv_time *t,
                           int64_t *key)
{
    static const uint32_t nanos[] = {1000000000, 1000000000, 1000000, 1000,
                                     1};
    const int64_t begun = t->nanos % nanos[j->rows.unit] != 0;
    return mlpipe__csv_time_value(t, j->rows.unit, key) &&
           !__builtin_add_overflow(*key, begun, key);
}

/* A number of the column, whose unit may be coarser than that of the keys. */
static bool split_cut_scaled(const split_job *j, int64_t *key)
{
    static const int64_t in_second[] = {1, 1, 1000, 1000000, 1000000000};
    const mlpipe__split_rows *r = &j->rows;
    const int32_t unit = mlpipe_dataset_unit(r->data, r->column);
    return !__builtin_mul_overflow(
        *key, in_second[r->unit] / in_second[unit], key);
}

static mlpipe_status split_cut(const split_job *j, const char *text,
                               int64_t *key)
{
    const size_t n = strlen(text);
    const bool whole = mlpipe__split_whole(&j->rows);
    mlpipe__csv_time t;
    double real;
    if (j->rows.type == MLPIPE_TYPE_TIMESTAMP &&
        mlpipe__csv_parse_time(text, n, MLPIPE__CSV_YMD, &t))
        return split_cut_date(j, &t, key) ? MLPIPE_OK
                                          : split_bad_cut(j, text);
    if (whole && mlpipe__parse_i64(text, n, key))
        return split_cut_scaled(j, key) ? MLPIPE_OK : split_bad_cut(j, text);
    if (!mlpipe__parse_f64(text, n, false, &real) || !mlpipe__finite(real))
        return split_bad_cut(j, text);
    if (!whole)
        *key = mlpipe__split_key(real);
    else
        *key = split_ceiling(real);
    if (whole && !split_cut_scaled(j, key))
        return split_bad_cut(j, text);
    return MLPIPE_OK;
}

static mlpipe_status split_by_cut(split_job *j)
{
    int64_t key, before = 0;
    uint32_t k, i;
    for (k = 0; k < j->cuts->count; k++) {
        const char *text = j->cuts->names[k];
        const mlpipe_status st = split_cut(j, text, &key);
        if (st)
            return st;
        if (k && key <= before)
            return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                "mlpipe_dataset_split: the cut points must "
                                "rise, and %s does not lie above %s",
                                text, j->cuts->names[k - 1]);
        for (i = 0; i < j->rows.rows; i++)
            j->part[i] += j->rows.key[i] >= key;
        before = key;
    }
    return MLPIPE_OK;
}

/* ---- what lies between parts -------------------------------------------- */

static void split_tell(const split_job *j, uint32_t part,
                       const mlpipe__split_dropped *d)
{
    if (j->dropped[part])
        mlpipe__log_line(j->ctx, MLPIPE_LOG_INFO, "split",
                         "part %u drops %llu rows for the sake of later "
                         "ones: %llu share a group with one, %llu have a "
                         "label span that meets one, %llu lie in the gap",
                         part, (unsigned long long)j->dropped[part],
                         (unsigned long long)d->group,
                         (unsigned long long)d->purge,
                         (unsigned long long)d->gap);
}

/* Each part trains for all that come later. */
static mlpipe_status split_drop(split_job *j)
{
    const mlpipe__split_rows *r = &j->rows;
    const mlpipe__split_reach none = {false, false, 0};
    uint8_t *role = mlpipe__alloc(j->ctx->env, r->rows);
    mlpipe_status st = role ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    uint32_t k, i;
    for (k = 0; !st && k + 1 < j->parts; k++) {
        mlpipe__split_dropped told;
        for (i = 0; i < r->rows; i++) {
            role[i] = MLPIPE__ROLE_NONE;
            if (j->part[i] == k)
                role[i] = MLPIPE__ROLE_TRAIN;
            else if (j->part[i] != SPLIT_NO_PART && j->part[i] > k)
                role[i] = MLPIPE__ROLE_TEST;
        }
        st = mlpipe__split_drop(r, true, &j->gap, &none, role, &told);
        for (i = 0; !st && i < r->rows; i++)
            if (j->part[i] == k && role[i] == MLPIPE__ROLE_NONE) {
                j->part[i] = SPLIT_NO_PART;
                j->dropped[k]++;
            }
        if (!st)
            split_tell(j, k, &told);
    }
    mlpipe__free(j->ctx->env, role);
    return st;
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status split_check_order(const split_job *j,
                                       const mlpipe__params *p)
{
    const bool order = mlpipe__params_get(p, "order")->count != 0;
    const char *wrong = NULL;
    if (j->cuts->count && !order)
        wrong = "at= needs order=column";
    else if (order && mlpipe__params_get(p, "stratify")->count)
        wrong = "stratify= deals at random and order= does not; give one";
    else if (!order && mlpipe__params_get(p, "gap")->given)
        wrong = "gap= needs order=column";
    else if (mlpipe__params_get(p, "bins")->given &&
             !mlpipe__params_get(p, "stratify")->count)
        wrong = "bins= needs stratify=column";
    return wrong ? mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                "mlpipe_dataset_split: %s", wrong)
                 : MLPIPE_OK;
}

static mlpipe_status split_check(split_job *j, const mlpipe__params *p,
                                 size_t n_out)
{
    double sum = 0;
    bool above = true;
    uint32_t i;
    mlpipe_status st;
    j->shares = mlpipe__params_get(p, "parts");
    j->cuts = mlpipe__params_get(p, "at");
    j->seed = (uint64_t)mlpipe__params_get(p, "seed")->integer;
    if (!j->shares->count == !j->cuts->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: give parts=0.8,0.2 or, "
                            "with order=, at=2015-02-01; %s given",
                            j->cuts->count ? "both are" : "neither is");
    st = split_check_order(j, p);
    if (st)
        return st;
    for (i = 0; i < j->shares->count; i++) {
        sum += j->shares->reals[i];
        above = above && j->shares->reals[i] >= SPLIT_SHARE_MIN;
    }
    if (j->shares->count && !(above && sum > 1 - 1e-9 && sum < 1 + 1e-9))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "mlpipe_dataset_split: parts=%s add up to %g; "
                            "they must be shares above 0 that add up to 1, "
                            "such as 0.8,0.2, so that no row is lost",
                            j->shares->text, sum);
    j->parts = j->shares->count ? j->shares->count : j->cuts->count + 1;
    if (j->parts > SPLIT_PARTS_MAX || j->parts != n_out)
        return mlpipe__fail(j->ctx, MLPIPE_E_ARG,
                            "mlpipe_dataset_split: the parameters make %u "
                            "parts (at most %d), n_out is %zu",
                            j->parts, (int)SPLIT_PARTS_MAX, n_out);
    return MLPIPE_OK;
}

static mlpipe_status split_load(split_job *j, const mlpipe__params *p)
{
    mlpipe__split_rows *r = &j->rows;
    mlpipe_status st =
        mlpipe__split_rows_order(r, mlpipe__params_get(p, "order"),
                                mlpipe__params_get(p, "label_end"));
    if (!st)
        st = mlpipe__split_rows_group(r, mlpipe__params_get(p, "group"));
    if (!st)
        st = mlpipe__split_rows_stratify(
            r, mlpipe__params_get(p, "stratify"),
            (uint32_t)mlpipe__params_get(p, "bins")->integer);
    if (!st)
        st = mlpipe__split_reach_parse(r, mlpipe__params_get(p, "gap"),
                                      &j->gap);
    if (st)
        return st;
    j->part = mlpipe__alloc_array(j->ctx->env, r->rows, sizeof *j->part);
    j->dropped =
        mlpipe__alloc_array(j->ctx->env, j->parts, sizeof *j->dropped);
    return j->part && j->dropped ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

static mlpipe_status split_assign(split_job *j)
{
    mlpipe_status st = MLPIPE_OK;
    if (!j->rows.key)
        return split_at_random(j);
    if (j->cuts->count)
        st = split_by_cut(j);
    else
        split_by_share(j);
    if (!st && (j->gap.given || j->rows.end || j->rows.group))
        st = split_drop(j);
    return st;
}

static mlpipe_status split_empty(const split_job *j, uint32_t part)
{
    if (j->dropped[part])
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "part %u of %u would have no row: all its %llu "
                            "share a group with a later part, have a label "
                            "span that meets one, or lie in the gap",
                            part, j->parts,
                            (unsigned long long)j->dropped[part]);
    return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                        "part %u of %u would have none of the %u rows; "
                        "change the shares or cut points",
                        part, j->parts, j->rows.rows);
}

/* The rows of one part, sorted where there is an order. */
static mlpipe_status split_view(const split_job *j, uint32_t part,
                                mlpipe_dataset **out)
{
    const mlpipe__split_rows *r = &j->rows;
    mlpipe__rowset *set;
    int64_t count = 0;
    uint32_t i;
    for (i = 0; i < r->rows; i++)
        count += j->part[i] == part;
    if (!count)
        return split_empty(j, part);
    set = mlpipe__rowset_new(r->data->env, count);
    if (!set)
        return mlpipe__nomem(j->ctx);
    count = 0;
    for (i = 0; i < r->rows; i++) {
        const uint32_t row = mlpipe__split_at(r, i);
        if (j->part[row] == part)
            set->rows[count++] = row;
    }
    return mlpipe__dataset_view(j->ctx, r->data, set, out);
}

static mlpipe_status split_run(mlpipe_ctx *ctx, const mlpipe_dataset *dataset,
                               const char *params, mlpipe_dataset **out,
                               size_t n_out)
{
    static const char *const owner = "mlpipe_dataset_split";
    split_job j = {.ctx = ctx};
    mlpipe__params p;
    uint32_t i;
    mlpipe_status st = mlpipe__params_parse(ctx, owner, mlpipe__split_params,
                                            mlpipe__split_param_count, params,
                                            &p);
    if (st)
        return st;
    st = split_check(&j, &p, n_out);
    if (!st)
        st = mlpipe__split_rows_init(ctx, owner, dataset, &j.rows);
    if (!st)
        st = split_load(&j, &p);
    if (!st)
        st = split_assign(&j);
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
