/* SPDX-License-Identifier: MIT */
/* mlpipe_copula_fit: which columns, their margins, and what is noted. */
#include "synth_copula.h"

const mlpipe__param mlpipe__copula_fit_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "which columns; default: all but texts and those that look like ids"},
    {"private", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "columns that must not be in it"},
};
const uint32_t mlpipe__copula_fit_param_count =
    sizeof mlpipe__copula_fit_params / sizeof mlpipe__copula_fit_params[0];

enum { COPULA_POLL = 65536 };

/* ---- life --------------------------------------------------------------- */

void mlpipe_copula_free(mlpipe_copula *k)
{
    if (!k
        || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = k->env;
    for (uint32_t i = 0; k->column && i < k->columns; i++) {
        mlpipe__free(env, k->column[i].name);
        mlpipe__dictionary_drop(k->column[i].made.dictionary);
    }
    for (uint32_t i = 0; k->variable && i < k->variables; i++)
        mlpipe__margin_free(&k->variable[i].margin);
    mlpipe__free(env, k->column);
    mlpipe__free(env, k->variable);
    mlpipe__free(env, k->correlation);
    mlpipe__free(env, k->known);
    mlpipe_report_free(k->notes);
    mlpipe__free(env, k);
    mlpipe__env_drop(env);
}

/* ---- which columns ------------------------------------------------------ */

/* Marks the columns of a list; E_SCHEMA for a name that is none. */
static mlpipe_status copula_mark(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                 const mlpipe__setting *names, uint8_t bit,
                                 uint8_t *marks)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < names->count; i++) {
        uint32_t at;
        st = mlpipe__dataset_column(ctx, d, names->names[i], &at);
        if (!st)
            marks[at] |= bit;
    }
    return st;
}

/* Why a column is left out, or NULL. */
static const char *copula_why_not(const mlpipe_dataset *d, uint32_t i,
                                  uint8_t mark, bool chosen)
{
    if (mark & 2)
        return "private";
    if (chosen)
        return mark & 1 ? NULL : "not in columns=";
    if (d->columns[i]->type == MLPIPE_TYPE_TEXT)
        return "text";
    const int32_t role = mlpipe_dataset_role(d, i);
    if (role == MLPIPE_ROLE_ID || role == MLPIPE_ROLE_GROUP)
        return "looks like an id; columns= takes it in";
    return NULL;
}

static mlpipe_status copula_check(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  const uint8_t *marks)
{
    for (uint32_t i = 0; i < d->column_count; i++) {
        const char *name = d->columns[i]->name;
        if (marks[i] == 3)
            return mlpipe__fail(ctx, MLPIPE_E_CONFLICT, "column %q is named "
                                "by columns= and by private=; take it out of "
                                "one of them", name);
        if (marks[i] & 1 && d->columns[i]->type == MLPIPE_TYPE_TEXT)
            return mlpipe__fail(ctx, MLPIPE_E_SCHEMA, "column %q holds "
                                "texts, which have no order and no end; make "
                                "it a category or leave it out", name);
    }
    return MLPIPE_OK;
}

static mlpipe_status copula_take(mlpipe_ctx *ctx, mlpipe_copula *k,
                                 const mlpipe_dataset *d,
                                 const uint8_t *marks, bool chosen)
{
    k->column = mlpipe__alloc_array(k->env, d->column_count,
                                    sizeof k->column[0]);
    if (!k->column)
        return mlpipe__nomem(ctx);
    mlpipe__report_table(k->notes, "left_out", "column,why");
    for (uint32_t i = 0; i < d->column_count; i++) {
        const mlpipe__column *c = d->columns[i];
        const char *why = copula_why_not(d, i, marks[i], chosen);
        if (why) {
            mlpipe__report_cell_text(k->notes, c->name, strlen(c->name));
            mlpipe__report_cell_text(k->notes, why, strlen(why));
            continue;
        }
        mlpipe__copula_column *to = &k->column[k->columns];
        to->name = mlpipe__strdup(k->env, c->name, strlen(c->name));
        if (!to->name)
            return mlpipe__nomem(ctx);
        k->columns++;
        to->source = i;
        to->null = UINT32_MAX;
        to->made = (mlpipe__synth_column){to->name, c->type, c->unit, NULL, 0,
                                          1};
        if (c->dictionary)
            to->made.dictionary = mlpipe__dictionary_keep(c->dictionary);
    }
    if (!k->columns)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY, "no column is left of the "
                            "dataset's %u: texts, ids and private ones are "
                            "left out", d->column_count);
    return MLPIPE_OK;
}

/* ---- values ------------------------------------------------------------- */

double mlpipe__copula_cell(const mlpipe_copula *k, uint32_t column,
                           const mlpipe_dataset *d, int64_t row)
{
    const mlpipe__copula_column *c = &k->column[column];
    uint8_t valid;
    double x;
    int64_t v;

    if (c->made.type == MLPIPE_TYPE_F64) {
        mlpipe__dataset_block(d, c->source, row, 1, &x, &valid);
        return valid ? x : mlpipe__nan();
    }
    mlpipe__dataset_block_i64(d, c->source, row, 1, &v, &valid);
    return !valid ? mlpipe__nan()
        : (double)(((uint64_t)v - (uint64_t)c->made.base)
                   / (uint64_t)c->made.step);
}

/* Base and step of a column of whole numbers: the least value, and the
 * greatest step that all are reached with; at most 2^53 of them, which doubles
 * can count. */
static void copula_grid(mlpipe__copula_column *c, const mlpipe_dataset *d)
{
    int64_t v, low = INT64_MAX, high = INT64_MIN;
    uint64_t step = 0;
    uint8_t valid;

    if (c->made.type == MLPIPE_TYPE_F64 || c->made.type == MLPIPE_TYPE_BOOL
        || c->made.type == MLPIPE_TYPE_CATEGORY)
        return;
    for (int64_t i = 0; i < d->rows; i++) {
        mlpipe__dataset_block_i64(d, c->source, i, 1, &v, &valid);
        low = valid && v < low ? v : low;
        high = valid && v > high ? v : high;
    }
    if (low > high)
        return;
    for (int64_t i = 0; step != 1 && i < d->rows; i++) {
        mlpipe__dataset_block_i64(d, c->source, i, 1, &v, &valid);
        uint64_t a = valid ? (uint64_t)v - (uint64_t)low : 0;
        while (a) {
            const uint64_t rest = step % a;
            step = a;
            a = rest;
        }
    }
    step = step ? step : 1;
    while (((uint64_t)high - (uint64_t)low) / step > UINT64_C(1) << 53)
        step *= 2;
    c->made.base = low;
    c->made.step = (int64_t)step;
}

static mlpipe_status copula_infinite(mlpipe_ctx *ctx, const char *name,
                                     int64_t row)
{
    const mlpipe_status st = mlpipe__fail(
        ctx, MLPIPE_E_NUMERIC, "column %q is infinite in row %lld; a copula "
        "is of finite values: make it null or clip it before", name,
        (long long)row);

    (void)mlpipe__fail_at(ctx, row, name);
    return st;
}

/* The column's values in `values`, rising, and how many. */
static mlpipe_status copula_values(mlpipe_ctx *ctx, mlpipe_copula *k,
                                   uint32_t column, const mlpipe_dataset *d,
                                   double *values, double *scratch,
                                   uint64_t *count)
{
    uint64_t n = 0;

    copula_grid(&k->column[column], d);
    for (int64_t i = 0; i < d->rows; i++) {
        const double x = mlpipe__copula_cell(k, column, d, i);
        if (x != x)
            continue;
        if (!mlpipe__finite(x))
            return copula_infinite(ctx, k->column[column].name, i);
        values[n++] = x;
    }
    mlpipe__sort_f64(values, n, scratch);
    k->column[column].nulls = (uint64_t)d->rows - n;
    *count = n;
    return MLPIPE_OK;
}

/* A margin of codes in their own order; the correlation may find another. */
static bool copula_codes(mlpipe__margin *m, mlpipe__env *env,
                         const double *values, uint64_t n, uint32_t codes)
{
    uint64_t *counts = mlpipe__alloc_array(env, codes, sizeof counts[0]);
    uint32_t *order = mlpipe__alloc_array(env, codes, sizeof order[0]);
    bool fine = counts && order;

    for (uint64_t i = 0; fine && i < n; i++)
        counts[(uint32_t)values[i]]++;
    for (uint32_t i = 0; fine && i < codes; i++)
        order[i] = i;
    fine = fine && mlpipe__margin_codes(m, counts, order, codes);
    mlpipe__free(env, counts);
    mlpipe__free(env, order);
    return fine;
}

static mlpipe__copula_variable *copula_variable(mlpipe_copula *k,
                                                uint32_t column)
{
    mlpipe__copula_variable *v = &k->variable[k->variables++];

    v->column = column;
    v->margin.env = k->env;
    return v;
}

static mlpipe_status copula_margin(mlpipe_ctx *ctx, mlpipe_copula *k,
                                   uint32_t column, const mlpipe_dataset *d,
                                   double *values, double *scratch)
{
    mlpipe__copula_column *c = &k->column[column];
    uint64_t n = 0;
    mlpipe_status st = copula_values(ctx, k, column, d, values, scratch, &n);

    if (st)
        return st;
    c->value = k->variables;
    mlpipe__copula_variable *v = copula_variable(k, column);
    v->unknown = !n;
    const bool fine = !n ? true : c->made.type == MLPIPE_TYPE_CATEGORY
        ? copula_codes(&v->margin, k->env, values, n,
                       c->made.dictionary->dict.count)
        : mlpipe__margin_make(&v->margin, values, n,
                              c->made.type != MLPIPE_TYPE_F64);
    if (!fine)
        return mlpipe__nomem(ctx);
    if (!c->nulls || !n)
        return MLPIPE_OK;
    for (uint64_t i = 0; i < (uint64_t)d->rows; i++)
        values[i] = i >= n;
    c->null = k->variables;
    mlpipe__copula_variable *null = copula_variable(k, column);
    null->indicator = true;
    return mlpipe__margin_make(&null->margin, values, (uint64_t)d->rows, true)
        ? MLPIPE_OK : mlpipe__nomem(ctx);
}

static mlpipe_status copula_margins(mlpipe_ctx *ctx, mlpipe_copula *k,
                                    const mlpipe_dataset *d)
{
    const size_t n = (size_t)d->rows;
    double *values = mlpipe__alloc_array(k->env, n, sizeof values[0]);
    double *scratch = mlpipe__alloc_array(k->env, n, sizeof scratch[0]);
    mlpipe_status st = values && scratch ? MLPIPE_OK : mlpipe__nomem(ctx);

    k->variable = mlpipe__alloc_array(k->env, k->columns,
                                      2 * sizeof k->variable[0]);
    if (!st && !k->variable)
        st = mlpipe__nomem(ctx);
    for (uint32_t i = 0; !st && i < k->columns; i++) {
        st = mlpipe__poll(ctx, "copula_fit", i, 2 * k->columns);
        if (!st)
            st = copula_margin(ctx, k, i, d, values, scratch);
    }
    mlpipe__free(k->env, values);
    mlpipe__free(k->env, scratch);
    if (!st && k->variables > MLPIPE__COPULA_VARIABLES)
        st = mlpipe__fail(ctx, MLPIPE_E_LIMIT, "%u columns with their nulls "
                          "are %u variables; a copula takes %u: choose by "
                          "columns=", k->columns, k->variables,
                          (uint32_t)MLPIPE__COPULA_VARIABLES);
    return st;
}

/* ---- what training rows are known by ------------------------------------ */

uint64_t mlpipe__copula_hash(const mlpipe_copula *k, const double *value)
{
    uint64_t hash = 0;
    bool any = false;

    for (uint32_t i = 0; i < k->columns; i++) {
        const mlpipe__copula_column *c = &k->column[i];
        const double x = value[i] + 0.0; /* -0 becomes +0 */
        if (!k->variable[c->value].margin.runs)
            continue;
        const uint64_t bits = mlpipe__order_key(x);
        any = any || x == x;
        hash = mlpipe__hash64(&bits, sizeof bits, hash);
    }
    return any ? hash ? hash : 1 : 0;
}

static mlpipe_status copula_know(mlpipe_ctx *ctx, mlpipe_copula *k,
                                 const mlpipe_dataset *d)
{
    double *value = mlpipe__alloc_array(k->env, k->columns, sizeof value[0]);
    uint64_t *scratch = mlpipe__alloc_array(k->env, (size_t)d->rows,
                                            sizeof scratch[0]);
    mlpipe_status st = MLPIPE_OK;

    k->known = mlpipe__alloc_array(k->env, (size_t)d->rows,
                                   sizeof k->known[0]);
    if (!value || !scratch || !k->known)
        st = mlpipe__nomem(ctx);
    for (int64_t i = 0; !st && i < d->rows; i++) {
        if (i % COPULA_POLL == 0)
            st = mlpipe__poll(ctx, "copula_fit", k->columns, 2 * k->columns);
        for (uint32_t j = 0; !st && j < k->columns; j++)
            value[j] = mlpipe__copula_cell(k, j, d, i);
        const uint64_t hash = st ? 0 : mlpipe__copula_hash(k, value);
        if (hash)
            k->known[k->known_count++] = hash;
    }
    if (!st)
        mlpipe__sort_u64(k->known, k->known_count, scratch);
    mlpipe__free(k->env, value);
    mlpipe__free(k->env, scratch);
    return st;
}

/* ---- notes -------------------------------------------------------------- */

/* "income", or "income is null"; t is room for it, and fails for good. */
static void copula_note_name(const mlpipe_copula *k, uint32_t variable,
                             mlpipe__text *t)
{
    const mlpipe__copula_variable *v = &k->variable[variable];

    t->size = 0;
    mlpipe__text_add(t, "%s%s", k->column[v->column].name,
                     v->indicator ? " is null" : "");
    mlpipe__report_cell_text(k->notes, t->data ? t->data : "", t->size);
}

static mlpipe_status copula_note(mlpipe_ctx *ctx, mlpipe_copula *k,
                                 uint32_t clipped, double moved)
{
    mlpipe_report *r = k->notes;
    mlpipe__text name;

    mlpipe__text_init(&name, k->env);
    mlpipe__report_number(r, "rows", (double)k->rows);
    mlpipe__report_number(r, "columns", k->columns);
    mlpipe__report_number(r, "variables", k->variables);
    mlpipe__report_number(r, "clipped", clipped);
    mlpipe__report_number(r, "moved", moved);
    mlpipe__report_table(r, "columns", "column,points,runs,nulls");
    for (uint32_t i = 0; i < k->columns; i++) {
        const mlpipe__margin *m = &k->variable[k->column[i].value].margin;
        mlpipe__report_cell_text(r, k->column[i].name,
                                 strlen(k->column[i].name));
        mlpipe__report_cell_number(r, m->points);
        mlpipe__report_cell_number(r, m->runs);
        mlpipe__report_cell_number(r, (double)k->column[i].nulls);
    }
    mlpipe__report_table(r, "correlation", "a,b,value");
    for (uint32_t a = 0; a < k->variables; a++)
        for (uint32_t b = a + 1; b < k->variables; b++) {
            copula_note_name(k, a, &name);
            copula_note_name(k, b, &name);
            mlpipe__report_cell_number(
                r, k->correlation[(size_t)a * k->variables + b]);
        }
    const bool failed = name.failed;
    mlpipe__text_free(&name);
    if (failed)
        return mlpipe__nomem(ctx);
    k->notes = NULL;
    return mlpipe__report_seal(ctx, r, &k->notes);
}

/* ---- the calls ---------------------------------------------------------- */

static mlpipe_status copula_fit(mlpipe_ctx *ctx, mlpipe_copula *k,
                                const mlpipe_dataset *d,
                                const mlpipe__params *p)
{
    const mlpipe__setting *columns = mlpipe__params_get(p, "columns");
    uint8_t *marks = mlpipe__alloc_array(k->env, d->column_count, 1);
    mlpipe_status st = marks ? MLPIPE_OK : mlpipe__nomem(ctx);
    uint32_t clipped = 0;
    double moved = 0.0;

    if (!st)
        st = copula_mark(ctx, d, columns, 1, marks);
    if (!st)
        st = copula_mark(ctx, d, mlpipe__params_get(p, "private"), 2, marks);
    if (!st)
        st = copula_check(ctx, d, marks);
    if (!st && d->rows < 2)
        st = mlpipe__fail(ctx, MLPIPE_E_EMPTY, "the dataset has %lld rows; a "
                          "copula needs 2 or more", (long long)d->rows);
    if (!st)
        st = mlpipe__most_rows(ctx, "mlpipe_copula_fit", (uint64_t)d->rows,
                               UINT64_C(1) << 32);
    if (!st)
        st = copula_take(ctx, k, d, marks, columns->count > 0);
    mlpipe__free(k->env, marks);
    if (!st)
        st = copula_margins(ctx, k, d);
    if (!st)
        st = copula_know(ctx, k, d);
    if (!st)
        st = mlpipe__copula_correlate(ctx, k, d, &clipped, &moved);
    return st ? st : copula_note(ctx, k, clipped, moved);
}

static mlpipe_status copula_open(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                 const char *params, mlpipe_copula **out)
{
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_copula_fit", mlpipe__copula_fit_params,
        mlpipe__copula_fit_param_count, params, &p);

    if (st)
        return st;
    mlpipe_copula *k = mlpipe__alloc(ctx->env, sizeof *k);
    if (!k) {
        mlpipe__params_free(&p);
        return mlpipe__nomem(ctx);
    }
    atomic_init(&k->refs, 1);
    k->env = mlpipe__env_keep(ctx->env);
    k->rows = d->rows;
    k->notes = mlpipe__report_new(k->env, "copula");
    st = k->notes ? copula_fit(ctx, k, d, &p) : mlpipe__nomem(ctx);
    mlpipe__params_free(&p);
    if (!st)
        *out = k;
    else
        mlpipe_copula_free(k);
    return st;
}

mlpipe_status mlpipe_copula_fit(mlpipe_ctx *ctx,
                                const mlpipe_dataset *dataset,
                                const char *params, mlpipe_copula **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_copula_fit");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = copula_open(ctx, dataset, params, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_copula_notes(mlpipe_ctx *ctx,
                                  const mlpipe_copula *copula,
                                  mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_copula_notes");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !copula)
        st = mlpipe__null_arg(ctx, "copula");
    if (!st)
        *out = mlpipe__report_keep(copula->notes);
    return mlpipe__end(ctx, st);
}
