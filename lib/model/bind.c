/* SPDX-License-Identifier: MIT */
/* How a dataset's columns feed the inputs and feeds of a program. */
#include "model_internal.h"

static mlpipe_status bind_wrong_type(mlpipe_ctx *ctx,
                                     const mlpipe__program_input *in,
                                     const mlpipe__column *c)
{
    mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                 "the column %q is %s%s%s here and was %s%s%s when the model "
                 "was fitted; read it with that type",
                 in->name, mlpipe__type_name(c->type), c->unit ? " " : "",
                 mlpipe__unit_name(c->unit), mlpipe__type_name(in->type),
                 in->unit ? " " : "", mlpipe__unit_name(in->unit));
    return mlpipe__fail_at(ctx, -1, in->name);
}

/* Codes of the dataset in those of the program. */
static mlpipe_status bind_dictionary(mlpipe_ctx *ctx,
                                     const mlpipe__program_input *in,
                                     const mlpipe__column *c, int32_t **out)
{
    const mlpipe__dict *from = &c->dictionary->dict;
    int32_t *codes = mlpipe__alloc_array(ctx->env, from->count,
                                         sizeof *codes);
    uint32_t i;
    if (!codes)
        return mlpipe__nomem(ctx);
    for (i = 0; i < from->count; i++) {
        const uint32_t code = mlpipe__dict_find(
            in->dict, mlpipe__dict_text(from, i), mlpipe__dict_bytes(from, i));
        codes[i] = code == UINT32_MAX ? -1 : (int32_t)code;
    }
    *out = codes;
    return MLPIPE_OK;
}

static mlpipe_status bind_input(mlpipe_ctx *ctx,
                                const mlpipe__program_input *in,
                                const mlpipe_dataset *d, int32_t *column,
                                int32_t **codes)
{
    uint32_t at;
    const mlpipe__column *c;
    const mlpipe_status st = mlpipe__dataset_column(ctx, d, in->name, &at);
    bool texts;
    if (st)
        return st;
    c = d->columns[at];
    if (c->nulls == c->rows) { /* no value tells its type: all null */
        *column = -1;
        return MLPIPE_OK;
    }
    *column = (int32_t)at;
    texts = c->type == MLPIPE_TYPE_TEXT || c->type == MLPIPE_TYPE_CATEGORY;
    if (in->kind == MLPIPE__CODE) {
        if (!texts)
            return bind_wrong_type(ctx, in, c);
        if (c->type != MLPIPE_TYPE_CATEGORY)
            return MLPIPE_OK;
        return bind_dictionary(ctx, in, c, codes);
    }
    if (texts ||
        (c->type == MLPIPE_TYPE_TIMESTAMP) !=
            (in->type == MLPIPE_TYPE_TIMESTAMP) ||
        c->unit != in->unit)
        return bind_wrong_type(ctx, in, c);
    return MLPIPE_OK;
}

/* ---- feeds -------------------------------------------------------------- */

/* What a feed makes of every text of a dictionary. */
static mlpipe_status bind_feed_dictionary(mlpipe_ctx *ctx,
                                          const mlpipe__feed *feed,
                                          const mlpipe__dict *texts,
                                          double **out)
{
    double *values =
        mlpipe__alloc_array(ctx->env, texts->count, sizeof *values);
    uint32_t i;
    if (!values)
        return mlpipe__nomem(ctx);
    for (i = 0; i < texts->count; i++)
        values[i] = mlpipe__feed_value(feed, mlpipe__dict_text(texts, i),
                                       mlpipe__dict_bytes(texts, i));
    *out = values;
    return MLPIPE_OK;
}

static mlpipe_status bind_time(mlpipe_ctx *ctx, const mlpipe__feed *feed,
                               const mlpipe_dataset *d, mlpipe__binding *b)
{
    const int32_t at = b->time_name[0]
                           ? mlpipe_dataset_find(d, b->time_name)
                           : -1;
    b->time_column = -1;
    if (feed->fixed == feed->fixed)
        return MLPIPE_OK;
    if (at >= 0 && d->columns[at]->type == MLPIPE_TYPE_TIMESTAMP) {
        b->time_column = at;
        return MLPIPE_OK;
    }
    if (!b->time_name[0])
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the recipe reads as_of, the time of a row, and "
                            "has no time= column; name one, or give "
                            "as_of=2026-01-31 to the pipeline");
    mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                 at < 0 ? "the recipe reads as_of from the time column %q, "
                          "which the dataset lacks; add it, or give as_of= "
                          "to the pipeline"
                        : "the recipe reads as_of from the time column %q, "
                          "which is no timestamp here; read it with that "
                          "type, or give as_of= to the pipeline",
                 b->time_name);
    return mlpipe__fail_at(ctx, -1, b->time_name);
}

static mlpipe_status bind_feed(mlpipe_ctx *ctx, const mlpipe__feed *feed,
                               const mlpipe_dataset *d, mlpipe__binding *b,
                               double **out)
{
    const mlpipe__column *c;
    if (feed->source == MLPIPE__FEED_TIME)
        return bind_time(ctx, feed, d, b);
    if (feed->source != MLPIPE__FEED_TEXT || b->column[feed->input] < 0)
        return MLPIPE_OK;
    c = d->columns[b->column[feed->input]];
    if (c->type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    return bind_feed_dictionary(ctx, feed, &c->dictionary->dict, out);
}

mlpipe_status mlpipe__bind_feeds(mlpipe_ctx *ctx, const mlpipe__program *p,
                                 const mlpipe_dataset *d,
                                 mlpipe__binding *out)
{
    mlpipe_status st = MLPIPE_OK;
    double **grown;
    if (out->feed_count == p->feed_count)
        return MLPIPE_OK;
    grown = mlpipe__grow(out->env, out->feed, p->feed_count, sizeof *grown);
    if (!grown)
        return mlpipe__nomem(ctx);
    out->feed = grown;
    for (; !st && out->feed_count < p->feed_count; out->feed_count++)
        st = bind_feed(ctx, &p->feeds[out->feed_count], d, out,
                       &out->feed[out->feed_count]);
    return st;
}

uint64_t mlpipe__row_key(const mlpipe_dataset *d, int32_t group, int64_t row)
{
    return group < 0 ? mlpipe_dataset_row_id(d, row)
                     : mlpipe__dataset_group_key(d, (uint32_t)group, row);
}

uint64_t mlpipe__binding_key(const mlpipe__binding *b,
                             const mlpipe_dataset *d, int64_t row)
{
    return mlpipe__row_key(d, b->fold_column, row);
}

uint32_t mlpipe__binding_fold(const mlpipe__binding *b,
                              const mlpipe_dataset *d, int64_t row,
                              uint32_t folds)
{
    return mlpipe__fold_of(b->fold_seed, mlpipe__binding_key(b, d, row),
                           folds);
}

mlpipe_status mlpipe__bind_dataset(mlpipe_ctx *ctx, const mlpipe__program *p,
                                   const mlpipe_dataset *d,
                                   const char *time_column,
                                   mlpipe__binding *out)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->env = mlpipe__env_keep(ctx->env);
    out->count = p->input_count;
    out->time_column = out->fold_column = -1;
    out->time_name =
        mlpipe__strdup(ctx->env, time_column, strlen(time_column));
    out->column = mlpipe__alloc_array(ctx->env, out->count,
                                      sizeof *out->column);
    out->codes = mlpipe__alloc_array(ctx->env, out->count,
                                     sizeof *out->codes);
    if (!out->column || !out->codes || !out->time_name)
        st = mlpipe__nomem(ctx);
    for (i = 0; !st && i < out->count; i++)
        st = bind_input(ctx, &p->inputs[i], d, &out->column[i],
                        &out->codes[i]);
    if (!st)
        st = mlpipe__bind_feeds(ctx, p, d, out);
    if (st)
        mlpipe__binding_free(out);
    return st;
}

static void bind_load_text(const mlpipe__program_input *in,
                           const mlpipe_dataset *d, uint32_t column,
                           int64_t start, uint32_t n, double *lane)
{
    uint32_t i;
    for (i = 0; i < n; i++) {
        size_t bytes;
        const char *text =
            mlpipe__dataset_cell_text(d, column, start + i, &bytes);
        const uint32_t code =
            text ? mlpipe__dict_find(in->dict, text, bytes) : UINT32_MAX;
        lane[i] = !text               ? mlpipe__nan()
                  : code == UINT32_MAX ? -1.0
                                       : (double)code;
    }
}

static void bind_fill(double *lane, uint32_t n, double x)
{
    uint32_t i;
    for (i = 0; i < n; i++)
        lane[i] = x;
}

static void bind_load_feed_text(const mlpipe__feed *feed,
                                const double *by_code,
                                const mlpipe_dataset *d, uint32_t column,
                                int64_t start, uint32_t n, double *lane)
{
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t i;
    if (by_code) {
        mlpipe__dataset_block(d, column, start, n, lane, valid);
        for (i = 0; i < n; i++)
            lane[i] = valid[i] ? by_code[(uint32_t)lane[i]] : mlpipe__nan();
        return;
    }
    for (i = 0; i < n; i++) {
        size_t bytes;
        const char *text =
            mlpipe__dataset_cell_text(d, column, start + i, &bytes);
        lane[i] = text ? mlpipe__feed_value(feed, text, bytes)
                       : mlpipe__nan();
    }
}

static void bind_load_time(const mlpipe__binding *b, const mlpipe__feed *feed,
                           const mlpipe_dataset *d, int64_t start, uint32_t n,
                           double *lane)
{
    int64_t at[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t i;
    if (b->time_column < 0) {
        bind_fill(lane, n, feed->fixed);
        return;
    }
    mlpipe__dataset_block_i64(d, (uint32_t)b->time_column, start, n, at,
                              valid);
    for (i = 0; i < n; i++)
        lane[i] = valid[i]
                      ? mlpipe__time_us(at[i], d->columns[b->time_column]->unit)
                      : mlpipe__nan();
}

static void bind_load_feed(const mlpipe__binding *b, const mlpipe__program *p,
                           uint32_t k, const mlpipe_dataset *d, int64_t start,
                           uint32_t n, double *lane)
{
    const mlpipe__feed *feed = &p->feeds[k];
    uint32_t i;
    switch (feed->source) {
    case MLPIPE__FEED_TIME:
        bind_load_time(b, feed, d, start, n, lane);
        break;
    case MLPIPE__FEED_FOLD:
        for (i = 0; i < n; i++)
            lane[i] = b->folds ? mlpipe__binding_fold(b, d, start + i,
                                                      feed->input)
                               : mlpipe__nan();
        break;
    default:
        if (b->column[feed->input] < 0)
            bind_fill(lane, n, mlpipe__nan());
        else
            bind_load_feed_text(feed, b->feed[k], d,
                                (uint32_t)b->column[feed->input], start, n,
                                lane);
    }
}

static void bind_load_input(const mlpipe__binding *b,
                            const mlpipe__program *p, uint32_t k,
                            const mlpipe_dataset *d, int64_t start,
                            uint32_t n, double *lane)
{
    const int32_t *codes = b->codes[k];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t i;
    if (b->column[k] < 0) {
        bind_fill(lane, n, mlpipe__nan());
        return;
    }
    if (p->inputs[k].kind == MLPIPE__CODE && !codes) {
        bind_load_text(&p->inputs[k], d, (uint32_t)b->column[k], start, n,
                       lane);
        return;
    }
    mlpipe__dataset_block(d, (uint32_t)b->column[k], start, n, lane, valid);
    if (!codes && !memchr(valid, 0, n))
        return;
    for (i = 0; i < n; i++) {
        if (!valid[i])
            lane[i] = mlpipe__nan();
        else if (codes)
            lane[i] = codes[(uint32_t)lane[i]];
    }
}

void mlpipe__binding_load(const mlpipe__binding *b, const mlpipe__program *p,
                          const mlpipe_dataset *d, int64_t start, uint32_t n,
                          void *scratch, uint32_t width)
{
    uint32_t k;
    for (k = 0; k < b->feed_count; k++)
        bind_load_feed(b, p, k, d, start, n,
                       mlpipe__program_lane(p, scratch, width,
                                            p->feeds[k].reg));
    for (k = 0; k < b->count; k++)
        bind_load_input(b, p, k, d, start, n,
                        mlpipe__program_lane(p, scratch, width, k));
}

void mlpipe__binding_load_swap(const mlpipe__binding *b,
                               const mlpipe__program *p,
                               const mlpipe__swap *swap, int64_t start,
                               uint32_t n, void *scratch, uint32_t width)
{
    uint32_t k;
    for (k = 0; k < b->feed_count; k++) {
        const mlpipe__feed *feed = &p->feeds[k];
        if (feed->source == MLPIPE__FEED_TIME ? swap->time
            : feed->source == MLPIPE__FEED_TEXT && swap->inputs[feed->input])
            bind_load_feed(b, p, k, swap->from, start, n,
                           mlpipe__program_lane(p, scratch, width,
                                                feed->reg));
    }
    for (k = 0; k < b->count; k++)
        if (swap->inputs[k])
            bind_load_input(b, p, k, swap->from, start, n,
                            mlpipe__program_lane(p, scratch, width, k));
}

enum { BIND_LINE = 64 }; /* bytes that memory gives at once */

#if defined(__GNUC__)
#define BIND_FETCH(at) __builtin_prefetch(at)
#else
#define BIND_FETCH(at) ((void)(at))
#endif

/* Asks for the memory of n rows from `start`, which are loaded next: what
 * memory fetches by itself ends with each column's page. */
void mlpipe__binding_ahead(const mlpipe__binding *b, const mlpipe_dataset *d,
                           int64_t start, uint32_t n)
{
    uint32_t k;
    if (d->rowset || !n)
        return;
    for (k = 0; k < b->count; k++) {
        const uint32_t c = (uint32_t)b->column[k];
        if (b->column[k] < 0)
            continue;
        const char *at = mlpipe__dataset_cell_at(d, c, start);
        const char *last = mlpipe__dataset_cell_at(d, c, start + n - 1);
        if ((uintptr_t)last - (uintptr_t)at >= n * sizeof(double))
            continue; /* they lie in two chunks */
        for (; at <= last; at += BIND_LINE)
            BIND_FETCH(at);
    }
}

void mlpipe__binding_free(mlpipe__binding *b)
{
    uint32_t i;
    if (!b->env)
        return;
    for (i = 0; b->codes && i < b->count; i++)
        mlpipe__free(b->env, b->codes[i]);
    for (i = 0; b->feed && i < b->feed_count; i++)
        mlpipe__free(b->env, b->feed[i]);
    mlpipe__free(b->env, b->feed);
    mlpipe__free(b->env, b->time_name);
    mlpipe__free(b->env, b->codes);
    mlpipe__free(b->env, b->column);
    mlpipe__env_drop(b->env);
    memset(b, 0, sizeof *b);
}
