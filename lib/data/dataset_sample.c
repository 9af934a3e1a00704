/* SPDX-License-Identifier: MIT */
/*
 * Rows drawn at random. Without replacement the rows of least random number
 * are drawn, which is made of the row id; with it, each draw picks a place
 * among the rows in the order of their ids. So a draw knows no positions.
 * Strata stand in the order of a hash of their value for the same reason.
 */
#include "data_internal.h"

const mlpipe__param mlpipe__sample_params[] = {
    {"rows", MLPIPE_PARAM_INT, "", 0, 2147483646, NULL, 0x000100,
     "How many rows to draw."},
    {"share", MLPIPE_PARAM_REAL, "", 0, 1000, NULL, 0x000100,
     "How many, as a part of the rows, in place of rows=; above 1 with "
     "replace=true alone."},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,
     "Another seed draws other rows."},
    {"replace", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "May a row be drawn several times?"},
    {"by", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "A column of which every value gets its share of the rows."},
};
const uint32_t mlpipe__sample_param_count =
    sizeof mlpipe__sample_params / sizeof *mlpipe__sample_params;

static const char *const sample_owner = "mlpipe_dataset_sample";
/* Streams of random numbers, for the two ways to draw. */
enum { SAMPLE_KEYS = 0, SAMPLE_DRAWS = 1 };

/* Rows that share a value: places first .. first + rows - 1 of the order. */
typedef struct sample_stratum {
    uint32_t first, rows, drawn;
} sample_stratum;

typedef struct sample_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data;
    uint32_t n, wanted;
    uint64_t seed;
    bool replace;
    int32_t by;             /* column; -1: all rows are one stratum */
    int64_t *keys, *hashes; /* of each row */
    uint32_t *order, *place, *times;
    uint64_t *scratch;      /* 4 n */
    sample_stratum *strata;
    uint32_t strata_count;
} sample_job;

/* ---- what is asked for -------------------------------------------------- */

static mlpipe_status sample_count(sample_job *j, const mlpipe__params *p)
{
    const mlpipe__setting *rows = mlpipe__params_get(p, "rows");
    const mlpipe__setting *share = mlpipe__params_get(p, "share");
    double wanted;

    if (!rows->text[0] == !share->text[0])
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: say how many rows to draw, by one of rows= "
                            "and share=", sample_owner);
    if (!j->replace && share->text[0] && share->number > 1)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: share=%g is more rows than there are; a row "
                            "is drawn several times with replace=true alone",
                            sample_owner, share->number);
    wanted = rows->text[0] ? (double)rows->integer
                           : mlpipe__round_even(share->number * j->n);
    if (!j->replace && wanted > j->n)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: rows=%g of a dataset of %u; ask for fewer, "
                            "or say replace=true", sample_owner, wanted,
                            j->n);
    if (wanted > 0 && !j->n)
        return mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                            "%s: rows=%g of a dataset that has none",
                            sample_owner, wanted);
    j->wanted = (uint32_t)(wanted < INT32_MAX ? wanted : INT32_MAX);
    return mlpipe__most_rows(j->ctx, sample_owner, (uint64_t)wanted,
                             INT32_MAX - 1);
}

static mlpipe_status sample_ask(sample_job *j, const mlpipe__params *p)
{
    const char *by = mlpipe__params_get(p, "by")->text;
    uint32_t column = 0;

    j->seed = (uint64_t)mlpipe__params_get(p, "seed")->integer;
    j->replace = mlpipe__params_get(p, "replace")->number != 0;
    j->by = -1;
    mlpipe_status st = sample_count(j, p);
    if (!st && by[0]) {
        st = mlpipe__dataset_column(j->ctx, j->data, by, &column);
        j->by = (int32_t)column;
    }
    return st;
}

/* ---- strata ------------------------------------------------------------- */

/* Rows by stratum, and within it by the key of the row. */
static void sample_order(sample_job *j)
{
    for (uint32_t i = 0; i < j->n; i++) {
        const uint64_t id = mlpipe_dataset_row_id(j->data, i);
        j->keys[i] = (int64_t)(j->replace
            ? id
            : mlpipe__random64(j->seed, MLPIPE__FOR_SAMPLE, SAMPLE_KEYS, id,
                               0));
    }
    mlpipe__argsort_i64(j->keys, j->order, j->n, j->scratch);
    if (j->by < 0)
        return;
    for (uint32_t i = 0; i < j->n; i++)
        j->hashes[i] = (int64_t)mlpipe__dataset_cell_hash(
            j->data, (uint32_t)j->by, j->order[i], 0);
    mlpipe__argsort_i64(j->hashes, j->place, j->n, j->scratch);
    for (uint32_t i = 0; i < j->n; i++)
        j->times[i] = j->order[j->place[i]];
    memcpy(j->order, j->times, j->n * sizeof j->order[0]);
    memset(j->times, 0, j->n * sizeof j->times[0]);
}

static bool sample_same(const sample_job *j, uint32_t a, uint32_t b)
{
    return j->by < 0
        || mlpipe__dataset_cell_equal(j->data, (uint32_t)j->by, j->order[a],
                                      j->order[b]);
}

static mlpipe_status sample_strata(sample_job *j)
{
    uint32_t count = j->n > 0;

    for (uint32_t i = 1; i < j->n; i++)
        count += !sample_same(j, i - 1, i);
    j->strata = mlpipe__alloc_array(j->ctx->env, count, sizeof j->strata[0]);
    if (!j->strata)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->n; i++) {
        if (!i || !sample_same(j, i - 1, i))
            j->strata[j->strata_count++].first = i;
        j->strata[j->strata_count - 1].rows++;
    }
    return MLPIPE_OK;
}

/*
 * Shares by the largest remainder: each stratum is rounded down, and what is
 * left goes, one row each, to those that lost most by it.
 */
static mlpipe_status sample_quotas(sample_job *j)
{
    mlpipe__env *env = j->ctx->env;
    const uint32_t count = j->strata_count;
    double *lost = mlpipe__alloc_array(env, count, sizeof lost[0]);
    uint32_t *by = mlpipe__alloc_array(env, count, sizeof by[0]);
    uint64_t *scratch = mlpipe__alloc_array(env, count, 4 * sizeof scratch[0]);
    uint64_t left = j->wanted;
    mlpipe_status st = lost && by && scratch ? MLPIPE_OK
                                             : mlpipe__nomem(j->ctx);

    for (uint32_t i = 0; !st && i < count; i++) {
        sample_stratum *s = &j->strata[i];
        const uint64_t part = (uint64_t)s->rows * j->wanted;
        s->drawn = (uint32_t)(part / j->n);
        lost[i] = -(double)(part % j->n);
        left -= s->drawn;
    }
    if (!st)
        mlpipe__argsort_f64(lost, by, count, scratch);
    for (uint32_t i = 0; !st && left && i < count; i++, left--)
        j->strata[by[i]].drawn++;
    mlpipe__free(env, scratch);
    mlpipe__free(env, by);
    mlpipe__free(env, lost);
    return st;
}

/* ---- drawing ------------------------------------------------------------ */

/* A whole number below n of 64 random bits. */
static uint32_t sample_below(uint64_t bits, uint32_t n)
{
    const uint64_t low = (bits & UINT32_MAX) * n >> 32;

    return (uint32_t)(((bits >> 32) * n + low) >> 32);
}

static void sample_draw(sample_job *j)
{
    uint64_t draw = 0;

    for (uint32_t k = 0; k < j->strata_count; k++) {
        const sample_stratum *s = &j->strata[k];
        for (uint32_t i = 0; i < s->drawn; i++, draw++) {
            const uint32_t at = !j->replace ? i
                : sample_below(mlpipe__random64(j->seed, MLPIPE__FOR_SAMPLE,
                                                SAMPLE_DRAWS, draw, 0),
                               s->rows);
            j->times[j->order[s->first + at]]++;
        }
    }
}

static mlpipe_status sample_view(const sample_job *j, mlpipe_dataset **out)
{
    mlpipe__rowset *rows = mlpipe__rowset_new(j->ctx->env, j->wanted);
    uint32_t at = 0;

    if (!rows)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t k = 0; k < j->times[i]; k++)
            rows->rows[at++] = i;
    return mlpipe__dataset_view(j->ctx, j->data, rows, out);
}

static mlpipe_status sample_rows(sample_job *j, mlpipe_dataset **out)
{
    mlpipe__env *env = j->ctx->env;

    j->keys = mlpipe__alloc_array(env, j->n, sizeof j->keys[0]);
    j->hashes = mlpipe__alloc_array(env, j->n, sizeof j->hashes[0]);
    j->order = mlpipe__alloc_array(env, j->n, sizeof j->order[0]);
    j->place = mlpipe__alloc_array(env, j->n, sizeof j->place[0]);
    j->times = mlpipe__alloc_array(env, j->n, sizeof j->times[0]);
    j->scratch = mlpipe__alloc_array(env, j->n, 4 * sizeof j->scratch[0]);
    if (!j->keys || !j->hashes || !j->order || !j->place || !j->times
        || !j->scratch)
        return mlpipe__nomem(j->ctx);
    mlpipe_status st = mlpipe__poll(j->ctx, "sample", 0, 2);
    if (!st) {
        sample_order(j);
        st = sample_strata(j);
    }
    if (!st)
        st = mlpipe__poll(j->ctx, "sample", 1, 2);
    if (!st)
        st = sample_quotas(j);
    if (!st) {
        sample_draw(j);
        st = sample_view(j, out);
    }
    return st;
}

static void sample_free(sample_job *j)
{
    mlpipe__env *env = j->ctx->env;

    mlpipe__free(env, j->keys);
    mlpipe__free(env, j->hashes);
    mlpipe__free(env, j->order);
    mlpipe__free(env, j->place);
    mlpipe__free(env, j->times);
    mlpipe__free(env, j->scratch);
    mlpipe__free(env, j->strata);
}

static mlpipe_status sample_run(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                const char *params, mlpipe_dataset **out)
{
    sample_job j = {.ctx = ctx, .data = d};
    mlpipe__params p;
    mlpipe_status st = mlpipe__dataset_countable(ctx, sample_owner, d);

    if (!st)
        st = mlpipe__params_parse(ctx, sample_owner, mlpipe__sample_params,
                                  mlpipe__sample_param_count, params, &p);
    if (st)
        return st;
    j.n = (uint32_t)d->rows;
    st = sample_ask(&j, &p);
    mlpipe__params_free(&p);
    if (!st)
        st = sample_rows(&j, out);
    sample_free(&j);
    return st;
}

mlpipe_status mlpipe_dataset_sample(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *dataset,
                                    const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, sample_owner);

    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = sample_run(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}
