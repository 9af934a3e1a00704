/* SPDX-License-Identifier: MIT */
/*
 * The profile of a dataset: one column after the other is sorted, described
 * and looked at; then rows and pairs of columns are.
 */
#include "profile_types.h"

static const char *const profile_owner = "mlpipe_dataset_profile";

const mlpipe__param mlpipe__profile_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns to look at; all where it is not set."},
    {"target", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "What is to be predicted: leaks, label conflicts and imbalance are "
     "looked for."},
    {"top", MLPIPE_PARAM_INT, "5", 0, MLPIPE__PROFILE_TOP, NULL, 0x000100,
     "The most frequent values to list of each column."},
    {"bins", MLPIPE_PARAM_INT, "20", 1, 100, NULL, 0x000100,
     "Bins of each histogram."},
    {"sample", MLPIPE_PARAM_INT, "0", 0, 1e15, NULL, 0x000100,
     "About how many rows to look at, chosen by row id and the context's "
     "seed; 0 = all."},
    {"now", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "A day such as 2026-01-31, or a time in ISO 8601; later ones are future "
     "dates."},
};
const uint32_t mlpipe__profile_param_count =
    sizeof mlpipe__profile_params / sizeof *mlpipe__profile_params;

void mlpipe__profile_find(mlpipe__profile *p, enum mlpipe__profile_code code,
                          bool warn, uint32_t column, uint64_t count,
                          double share, const char *format, ...)
{
    mlpipe__env *env = p->ctx->env;
    mlpipe__profile_finding *f;
    va_list args;

    if (p->finding_count == p->finding_room) {
        const uint32_t room = p->finding_room * 2 + 16;
        f = mlpipe__grow(env, p->findings, room, sizeof *f);
        if (!f) {
            p->failed = true;
            return;
        }
        p->findings = f;
        p->finding_room = room;
    }
    p->line.size = 0;
    va_start(args, format);
    mlpipe__text_vadd(&p->line, format, args);
    va_end(args);
    f = &p->findings[p->finding_count];
    f->column = column;
    f->code = code;
    f->warn = warn;
    f->count = (double)count;
    f->share = share;
    f->example = p->line.failed
                     ? UINT32_MAX
                     : mlpipe__dict_add(&p->texts,
                                        p->line.size ? p->line.data : "",
                                        p->line.size);
    p->failed |= f->example == UINT32_MAX;
    p->finding_count++;
}

/* ---- what all columns can show ------------------------------------------ */

/* The most frequent value, for people; counts how often it is there. */
static uint64_t profile_most(const mlpipe__profile_column *c,
                             mlpipe__text *line)
{
    line->size = 0;
    if (c->entry_count) {
        mlpipe__text_put(line, c->entries[0].text, c->entries[0].bytes);
        return c->entries[0].count;
    }
    if (!c->top_count)
        return c->nan > c->infinite ? c->nan : c->infinite;
    if (mlpipe__profile_is_time(c->type)) {
        char time[MLPIPE__TIME_TEXT_BYTES];
        mlpipe__time_text(mlpipe__profile_count(c->top[0].value), c->unit,
                             time);
        mlpipe__text_add(line, "%s", time);
    } else if (c->type == MLPIPE_TYPE_BOOL) {
        mlpipe__text_add(line, c->top[0].value != 0 ? "true" : "false");
    } else {
        mlpipe__text_add(line, "%g", c->top[0].value);
    }
    return c->top[0].count;
}

/*
 * Missing: null or NaN; a fifth of all rows is what nobody fills in without
 * being asked. Constant: no variance, nothing to learn. Almost constant: 99 %,
 * which is stricter than the 95/5 of caret's nearZeroVar, since rare flags
 * are worth much in tables; told, not warned of.
 */
static void profile_common(mlpipe__profile *p,
                           const mlpipe__profile_column *c)
{
    const double rows = (double)c->rows;
    const uint64_t missing = c->nulls + c->nan;
    const uint64_t there = c->rows - c->nulls;
    mlpipe__text line;
    uint64_t most;

    if (missing && missing == c->rows) {
        mlpipe__profile_find(p, MLPIPE__PROFILE_EMPTY, true, c->column,
                             missing, 1.0, "%llu null, %llu NaN",
                             (unsigned long long)c->nulls,
                             (unsigned long long)c->nan);
        return;
    }
    if (missing)
        mlpipe__profile_find(p, MLPIPE__PROFILE_MISSING,
                             (double)missing >= 0.2 * rows, c->column,
                             missing, (double)missing / rows,
                             "%llu null, %llu NaN",
                             (unsigned long long)c->nulls,
                             (unsigned long long)c->nan);
    if (c->infinite)
        mlpipe__profile_find(p, MLPIPE__PROFILE_INFINITE, true, c->column,
                             c->infinite, (double)c->infinite / rows, "inf");
    if (c->rows < 2)
        return;
    mlpipe__text_init(&line, p->ctx->env);
    most = profile_most(c, &line);
    if (c->distinct <= 1)
        mlpipe__profile_find(p, MLPIPE__PROFILE_CONSTANT, true, c->column,
                             most, (double)most / rows, "%.*s",
                             (int)line.size, line.size ? line.data : "");
    else if (there >= 20 && (double)(there - most) <= 0.01 * (double)there)
        mlpipe__profile_find(p, MLPIPE__PROFILE_ALMOST_CONSTANT, false,
                             c->column, most, (double)most / (double)there,
                             "%.*s", (int)line.size,
                             line.size ? line.data : "");
    p->failed |= line.failed;
    mlpipe__text_free(&line);
}

/* The chance that two rows are equal in the column: those where nothing is
 * there are equal, too. */
static double profile_alike(const mlpipe__profile_column *c)
{
    const uint64_t alike[] = {c->nulls, c->nan, c->minus_infinite,
                              c->infinite - c->minus_infinite};
    const double n = (double)c->rows, there = n - (double)c->nulls;
    double pairs = there > 1 ? c->collisions * there * (there - 1) : 0;

    for (uint32_t i = 0; i < sizeof alike / sizeof *alike; i++)
        pairs += alike[i] ? (double)alike[i] * (double)(alike[i] - 1) : 0;
    return n > 1 ? pairs / (n * (n - 1)) : 1.0;
}

static mlpipe_status profile_one(mlpipe__profile *p, uint32_t i)
{
    mlpipe__profile_column c;
    mlpipe_status st = mlpipe__profile_column_make(p->ctx, p->data,
                                                   p->columns[i], &c);

    if (st)
        return st;
    p->null_cells += c.nulls;
    p->distinct[i] = c.distinct;
    p->sd[i] = c.sd;
    p->alike[i] = profile_alike(&c);
    p->collisions *= p->alike[i];
    if ((int32_t)c.column != p->target)
        p->other_collisions *= p->alike[i];
    profile_common(p, &c);
    if (mlpipe__profile_is_text(c.type))
        st = mlpipe__profile_texts(p, &c);
    else
        mlpipe__profile_numbers(p, &c);
    if (!st)
        mlpipe__profile_tell(p, &c);
    mlpipe__profile_column_free(&c);
    return st;
}

/* ---- rows to look at ---------------------------------------------------- */

/* About `want` rows, the same in whatever order they come. */
static mlpipe_status profile_sample(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *data, int64_t want,
                                    mlpipe_dataset **out)
{
    const double share = (double)want / (double)data->rows;
    mlpipe__rowset *rows;
    int64_t n = 0;

    rows = mlpipe__rowset_new(ctx->env, data->rows);
    if (!rows)
        return mlpipe__nomem(ctx);
    for (int64_t i = 0; i < data->rows; i++)
        if (mlpipe__share_of(ctx->seed, MLPIPE__FOR_SAMPLE,
                             mlpipe_dataset_row_id(data, i)) < share)
            rows->rows[n++] = i;
    rows->count = n;
    return mlpipe__dataset_view(ctx, data, rows, out);
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status profile_now(mlpipe__profile *p, const char *text)
{
    static const char *const patterns[] = {
        "%Y-%m-%d", "%Y-%m-%d[T][ ]%H:%M[:%S[.%f]][%z]"};

    if (!text[0])
        return MLPIPE_OK;
    for (uint32_t i = 0; i < 2; i++)
        if (mlpipe__date_parse(patterns[i], text, strlen(text), &p->now_us)) {
            p->has_now = true;
            return MLPIPE_OK;
        }
    return mlpipe__fail(p->ctx, MLPIPE_E_PARAM,
                        "%s: now=%q is no time; write it as 2026-01-31 or "
                        "2026-01-31T12:00:00Z", profile_owner, text);
}

static mlpipe_status profile_columns(mlpipe__profile *p,
                                     const mlpipe__setting *names,
                                     uint32_t *columns)
{
    mlpipe_status st = MLPIPE_OK;

    p->column_count = names->count ? names->count : p->data->column_count;
    for (uint32_t i = 0; i < p->column_count && !st; i++) {
        columns[i] = i;
        if (names->count)
            st = mlpipe__dataset_column(p->ctx, p->data, names->names[i],
                                        &columns[i]);
        for (uint32_t k = 0; k < i && !st; k++)
            if (columns[k] == columns[i])
                st = mlpipe__fail(p->ctx, MLPIPE_E_PARAM,
                                  "%s: columns= names %q twice",
                                  profile_owner, names->names[i]);
    }
    p->columns = columns;
    return st;
}

static void profile_free(mlpipe__profile *p, uint32_t *columns)
{
    mlpipe__env *env = p->ctx->env;

    for (uint32_t i = 0; i < MLPIPE__PROFILE_PARTS; i++)
        mlpipe_report_free(p->part[i]);
    mlpipe__free(env, columns);
    mlpipe__free(env, p->distinct);
    mlpipe__free(env, p->sd);
    mlpipe__free(env, p->alike);
    mlpipe__free(env, p->disputed);
    mlpipe__free(env, p->findings);
    mlpipe__dict_free(&p->texts);
    mlpipe__text_free(&p->line);
}

/* Room for one number of each column. */
static bool profile_room(mlpipe__profile *p, uint32_t **columns)
{
    mlpipe__env *env = p->ctx->env;
    const uint32_t n = p->column_count;

    *columns = mlpipe__alloc_array(env, n, sizeof **columns);
    p->distinct = mlpipe__alloc_array(env, n, sizeof *p->distinct);
    p->sd = mlpipe__alloc_array(env, n, sizeof *p->sd);
    p->alike = mlpipe__alloc_array(env, n, sizeof *p->alike);
    return *columns && p->distinct && p->sd && p->alike &&
           mlpipe__profile_parts(p);
}

static mlpipe_status profile_work(mlpipe__profile *p, int64_t rows_all,
                                  mlpipe_report **out)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < p->column_count && !st; i++)
        st = profile_one(p, i);
    if (!st)
        st = mlpipe__profile_pairs(p);
    if (!st && p->failed)
        st = mlpipe__nomem(p->ctx);
    return st ? st : mlpipe__profile_report(p, rows_all, out);
}

static mlpipe_status profile_run(mlpipe_ctx *ctx, const mlpipe_dataset *data,
                                 const mlpipe__params *params,
                                 int64_t rows_all, mlpipe_report **out)
{
    const mlpipe__setting *names = mlpipe__params_get(params, "columns");
    const char *target = mlpipe__params_get(params, "target")->text;
    mlpipe__profile p = {.ctx = ctx, .data = data, .target = -1};
    uint32_t *columns = NULL, at;
    mlpipe_status st;

    p.top = (uint32_t)mlpipe__params_get(params, "top")->integer;
    p.bins = (uint32_t)mlpipe__params_get(params, "bins")->integer;
    p.collisions = p.other_collisions = 1.0;
    p.column_count = names->count ? names->count : data->column_count;
    mlpipe__dict_init(&p.texts, ctx->env);
    mlpipe__text_init(&p.line, ctx->env);
    st = profile_room(&p, &columns) ? profile_now(&p,
             mlpipe__params_get(params, "now")->text) : mlpipe__nomem(ctx);
    if (!st)
        st = profile_columns(&p, names, columns);
    if (!st && target[0]) {
        st = mlpipe__dataset_column(ctx, data, target, &at);
        p.target = st ? -1 : (int32_t)at;
    }
    if (!st)
        st = profile_work(&p, rows_all, out);
    profile_free(&p, columns);
    return st;
}

static mlpipe_status profile_dataset(mlpipe_ctx *ctx,
                                     const mlpipe_dataset *data,
                                     const char *text, mlpipe_report **out)
{
    mlpipe__params params;
    mlpipe_dataset *sample = NULL;
    mlpipe_status st =
        mlpipe__params_parse(ctx, profile_owner, mlpipe__profile_params,
                             mlpipe__profile_param_count, text, &params);

    if (st)
        return st;
    const int64_t want = mlpipe__params_get(&params, "sample")->integer;
    if (data->rows >= INT32_MAX && (!want || want >= INT32_MAX / 2))
        st = mlpipe__dataset_countable(ctx, profile_owner, data);
    if (!st && want && want < data->rows)
        st = profile_sample(ctx, data, want, &sample);
    if (!st)
        st = profile_run(ctx, sample ? sample : data, &params,
                         data->rows, out);
    mlpipe_dataset_free(sample);
    mlpipe__params_free(&params);
    return st;
}

mlpipe_status mlpipe_dataset_profile(mlpipe_ctx *ctx,
                                     const mlpipe_dataset *dataset,
                                     const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, profile_owner);

    if (out)
        *out = NULL;
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = profile_dataset(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}
