/* SPDX-License-Identifier: MIT */
/* The figures of a test by the values of the recipe's segment= columns. */
#include "evaluate_types.h"

enum { SEGMENTS_MAX = 200 }; /* values of a column */

/* The segment of each row, and the rows by their segments. */
typedef struct segments {
    mlpipe__dict found;
    uint32_t *of;      /* n: which segment */
    uint64_t *at;      /* n: rows, segment by segment */
    uint64_t start[SEGMENTS_MAX + 2];
    double *y, *p, *w; /* n: of one segment */
    uint32_t *query;   /* the same; NULL: none */
} segments;

/* The text of a cell; one that is missing has an empty one. */
static const char *segments_text(const mlpipe_dataset *d, uint32_t column,
                                 int64_t row,
                                 char number[MLPIPE__NUMBER_BYTES],
                                 size_t *bytes)
{
    const int32_t type = d->columns[column]->type;
    int64_t integer;
    double value;
    uint8_t valid;
    *bytes = 0;
    if (type == MLPIPE_TYPE_CATEGORY || type == MLPIPE_TYPE_TEXT) {
        const char *text =
            mlpipe__dataset_cell_text(d, column, row, bytes);
        return text ? text : "";
    }
    if (type == MLPIPE_TYPE_F64) {
        mlpipe__dataset_block(d, column, row, 1, &value, &valid);
        if (valid && value == value)
            *bytes = mlpipe__print_f64(value, number);
        return number;
    }
    mlpipe__dataset_block_i64(d, column, row, 1, &integer, &valid);
    if (valid && type == MLPIPE_TYPE_BOOL) {
        *bytes = integer ? 4 : 5;
        return integer ? "true" : "false";
    }
    if (valid)
        *bytes = mlpipe__print_i64(integer, number);
    return number;
}

/* The segments in order of their bytes. *many: there are too many. */
static mlpipe_status segments_find(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                   uint32_t column,
                                   const mlpipe__evaluated *e, segments *s,
                                   bool *many)
{
    char number[MLPIPE__NUMBER_BYTES];
    mlpipe__dict found;
    int32_t map[SEGMENTS_MAX];
    uint64_t i;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__dict_init(&found, ctx->env);
    for (i = 0; !st && i < e->n && found.count <= SEGMENTS_MAX; i++) {
        size_t bytes;
        const char *text =
            segments_text(d, column, e->row[i], number, &bytes);
        s->of[i] = mlpipe__dict_add(&found, text, bytes);
        if (s->of[i] == UINT32_MAX)
            st = mlpipe__nomem(ctx);
    }
    *many = found.count > SEGMENTS_MAX;
    if (!st && !*many && !mlpipe__dict_sorted(&found, NULL, map, &s->found))
        st = mlpipe__nomem(ctx);
    for (i = 0; !st && !*many && i < e->n; i++)
        s->of[i] = (uint32_t)map[s->of[i]];
    mlpipe__dict_free(&found);
    return st;
}

static void segments_deal(segments *s, uint64_t n)
{
    uint64_t i;
    uint32_t k;
    for (i = 0; i < n; i++)
        s->start[s->of[i] + 2]++;
    for (k = 2; k < SEGMENTS_MAX + 2; k++)
        s->start[k] += s->start[k - 1];
    for (i = 0; i < n; i++)
        s->at[s->start[s->of[i] + 1]++] = i;
}

static mlpipe_status segments_score(mlpipe_ctx *ctx, segments *s,
                                    uint32_t segment,
                                    const mlpipe__evaluated *e,
                                    const mlpipe__metric *metric,
                                    mlpipe_figure *out)
{
    const uint64_t first = s->start[segment];
    const uint64_t n = s->start[segment + 1] - first;
    const mlpipe__scored scored = {
        s->y, s->p, e->weight ? s->w : NULL, n, e->width, s->query};
    uint64_t i;
    for (i = 0; i < n; i++) {
        const uint64_t row = s->at[first + i];
        s->y[i] = e->target[row];
        if (s->query)
            s->query[i] = e->query[row];
        s->w[i] = e->weight ? e->weight[row] : 1.0;
        memcpy(s->p + i * e->width, e->prediction + row * e->width,
               e->width * sizeof *s->p);
    }
    return mlpipe__metric_value(ctx, metric, &scored, out);
}

static mlpipe_status segments_table(mlpipe_ctx *ctx, const char *column,
                                    segments *s, const mlpipe__evaluated *e,
                                    const mlpipe__metric *metric,
                                    mlpipe_report *r)
{
    char head[128];
    mlpipe__text name;
    mlpipe_status st = MLPIPE_OK;
    uint32_t k;
    mlpipe__text_init(&name, ctx->env);
    mlpipe__text_add(&name, "segment.%s", column);
    mlpipe__format(head, sizeof head, "value,n,%s,low,high", metric->name);
    if (!name.failed)
        mlpipe__report_table(r, name.data, head);
    for (k = 0; !st && !name.failed && k < s->found.count; k++) {
        mlpipe_figure f;
        st = segments_score(ctx, s, k, e, metric, &f);
        mlpipe__report_cell_text(r, mlpipe__dict_text(&s->found, k),
                                 mlpipe__dict_bytes(&s->found, k));
        mlpipe__report_cell_number(r, f.n);
        mlpipe__report_cell_number(r, f.value);
        mlpipe__report_cell_number(r, f.low);
        mlpipe__report_cell_number(r, f.high);
    }
    if (name.failed)
        st = mlpipe__nomem(ctx);
    mlpipe__text_free(&name);
    return st;
}

static mlpipe_status segments_column(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     const char *name,
                                     const mlpipe__evaluated *e,
                                     const mlpipe__metric *metric,
                                     mlpipe_report *r)
{
    mlpipe__env *env = ctx->env;
    const size_t n = (size_t)e->n;
    const int32_t column = mlpipe_dataset_find(d, name);
    segments s = {0};
    bool many = false;
    mlpipe_status st;
    if (column < 0) {
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "evaluate",
                         "no column %s here, so that nothing is split by it",
                         name);
        return MLPIPE_OK;
    }
    mlpipe__dict_init(&s.found, env);
    s.of = mlpipe__alloc_array(env, n, sizeof *s.of);
    s.at = mlpipe__alloc_array(env, n, sizeof *s.at);
    s.y = mlpipe__alloc_array(env, n, sizeof *s.y);
    s.w = mlpipe__alloc_array(env, n, sizeof *s.w);
    s.p = mlpipe__alloc_array(env, n, e->width * sizeof *s.p);
    if (e->query)
        s.query = mlpipe__alloc_array(env, n, sizeof *s.query);
    st = s.of && s.at && s.y && s.w && s.p && !s.query == !e->query
             ? segments_find(ctx, d, (uint32_t)column, e, &s, &many)
             : mlpipe__nomem(ctx);
    if (!st && many)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "evaluate",
                         "%s has more than %u values, so that nothing is "
                         "split by it; segment= takes columns of few values",
                         name, (unsigned)SEGMENTS_MAX);
    if (!st && !many) {
        segments_deal(&s, e->n);
        st = segments_table(ctx, name, &s, e, metric, r);
    }
    mlpipe__free(env, s.query);
    mlpipe__free(env, s.p);
    mlpipe__free(env, s.w);
    mlpipe__free(env, s.y);
    mlpipe__free(env, s.at);
    mlpipe__free(env, s.of);
    mlpipe__dict_free(&s.found);
    return st;
}

/* A private column is never listed. */
static bool segments_private(const mlpipe_pipeline *p, const char *name)
{
    const mlpipe__setting *s = mlpipe__params_get(&p->params, "private");
    uint32_t i;
    for (i = 0; s && i < s->count; i++)
        if (!strcmp(s->names[i], name))
            return true;
    return false;
}

mlpipe_status mlpipe__evaluate_segments(mlpipe_ctx *ctx,
                                        const mlpipe_model *m,
                                        const mlpipe_dataset *d,
                                        const mlpipe__evaluated *e,
                                        const mlpipe__metric *metric,
                                        mlpipe_report *r)
{
    const mlpipe__setting *s;
    mlpipe_pipeline *p = NULL;
    uint32_t i;
    mlpipe_status st =
        mlpipe_pipeline_parse(ctx, m->recipe, m->recipe_bytes, &p);
    s = st ? NULL : mlpipe__params_get(&p->params, "segment");
    for (i = 0; !st && s && i < s->count; i++)
        if (!segments_private(p, s->names[i]))
            st = segments_column(ctx, d, s->names[i], e, metric, r);
    mlpipe_pipeline_free(p);
    return st;
}
