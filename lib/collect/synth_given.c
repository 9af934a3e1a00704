/* SPDX-License-Identifier: MIT */
/*
 * given='region=north income=50000..80000': parameters whose names are the
 * columns of a copula, by the parser of all parameters, as ranges of scores.
 */
#include "synth_copula.h"

/* Scores nearer than this are one: no density tells them apart. */
static const double given_point = 1e-4;

static mlpipe_status given_bad(mlpipe_ctx *ctx, const char *name,
                               const char *text, const char *wanted)
{
    const mlpipe_status st = mlpipe__fail(
        ctx, MLPIPE_E_PARAM, "given: column %q cannot be %q; it takes %s",
        name, text, wanted);

    (void)mlpipe__fail_at(ctx, -1, name);
    return st;
}

static mlpipe_status given_empty(mlpipe_ctx *ctx, const mlpipe_copula *k,
                                 const mlpipe__copula_column *c,
                                 const char *text)
{
    const mlpipe__margin *m = &k->variable[c->value].margin;
    mlpipe_status st;

    if (m->code_z || !m->count)
        st = mlpipe__fail(ctx, MLPIPE_E_EMPTY, "given: no row of the data "
                          "had %q in column %q", text, c->name);
    else
        st = mlpipe__fail(
            ctx, MLPIPE_E_EMPTY, "given: no value of column %q that was seen "
            "lies in %q; they run from %g to %g", c->name, text,
            (double)c->made.base + m->low[0] * (double)c->made.step,
            (double)c->made.base
                + m->high[m->count - 1] * (double)c->made.step);
    (void)mlpipe__fail_at(ctx, -1, c->name);
    return st;
}

/* The whole number of steps at or above (below) a value; out of range: far
 * outside of what was seen. */
static double given_steps(const mlpipe__copula_column *c, int64_t v, bool up)
{
    const uint64_t step = (uint64_t)c->made.step;
    const uint64_t off = (uint64_t)v - (uint64_t)c->made.base;

    if (v < c->made.base)
        return up ? 0.0 : -1.0;
    return (double)(off / step) + (up && off % step ? 1.0 : 0.0);
}

/* An end of a range in the margin's counts; false: no such value. */
static bool given_end(const mlpipe__copula_column *c, const char *s, size_t n,
                      bool up, double *out)
{
    const bool time = c->made.type == MLPIPE_TYPE_TIMESTAMP;
    mlpipe__csv_time t;
    int64_t whole;
    double x;

    if (time && mlpipe__csv_parse_time(s, n, MLPIPE__CSV_YMD, &t)) {
        if (!mlpipe__csv_time_value(&t, c->made.unit, &whole))
            return false;
        *out = given_steps(c, whole, up);
        return true;
    }
    if (c->made.type != MLPIPE_TYPE_F64 && mlpipe__parse_i64(s, n, &whole)) {
        *out = given_steps(c, whole, up);
        return true;
    }
    if (!mlpipe__parse_f64(s, n, false, &x) || !mlpipe__finite(x))
        return false;
    if (c->made.type != MLPIPE_TYPE_F64) {
        x = up ? mlpipe__ceil(x) : mlpipe__floor(x);
        if (x >= 0x1p63 || x < -0x1p63)
            x = x < 0.0 ? (up ? 0.0 : -1.0) : 0x1p63;
        else
            x = given_steps(c, (int64_t)x, up);
    }
    *out = x;
    return true;
}

/* A value, a..b, a.. or ..b of a column of numbers or times. */
static mlpipe_status given_range(mlpipe_ctx *ctx,
                                 const mlpipe__copula_column *c,
                                 const char *text, double *low, double *high)
{
    const char *dots = text;
    const size_t n = strlen(text);
    bool fine;

    while (*dots && !(dots[0] == '.' && dots[1] == '.'))
        dots++;
    *low = -mlpipe__inf();
    *high = mlpipe__inf();
    if (!*dots)
        fine = given_end(c, text, n, true, low)
            && given_end(c, text, n, false, high);
    else
        fine = n > 2
            && (dots == text || given_end(c, text, (size_t)(dots - text),
                                          true, low))
            && (!dots[2] || given_end(c, dots + 2, strlen(dots + 2), false,
                                      high));
    return fine ? MLPIPE_OK
        : given_bad(ctx, c->name, text, c->made.type == MLPIPE_TYPE_TIMESTAMP
                    ? "a time such as 2015-02-28, or a range a..b, a.. or "
                      "..b of them, or null"
                    : "a number, or a range a..b, a.. or ..b, or null");
}

/* The code of a category or a bool; false: none. */
static bool given_code(const mlpipe__copula_column *c, const char *text,
                       double *code)
{
    if (c->made.type == MLPIPE_TYPE_BOOL) {
        *code = !strcmp(text, "true");
        return *code == 1.0 || !strcmp(text, "false");
    }
    const uint32_t at = mlpipe__dict_find(&c->made.dictionary->dict, text,
                                          strlen(text));
    *code = at;
    return at != UINT32_MAX;
}

/* That a column is null, or that it is not. */
static void given_null(const mlpipe_copula *k, const mlpipe__copula_column *c,
                       bool null, mlpipe__copula_condition *out)
{
    mlpipe__copula_condition *q;

    if (c->null == UINT32_MAX)
        return;
    q = &out[c->null];
    q->given = mlpipe__margin_range(&k->variable[c->null].margin, null, null,
                                    &q->from, &q->to);
}

static mlpipe_status given_one(mlpipe_ctx *ctx, const mlpipe_copula *k,
                               const mlpipe__copula_column *c,
                               const char *text,
                               mlpipe__copula_condition *out)
{
    const mlpipe__margin *m = &k->variable[c->value].margin;
    mlpipe__copula_condition *q = &out[c->value];
    const bool coded = c->made.type == MLPIPE_TYPE_CATEGORY
        || c->made.type == MLPIPE_TYPE_BOOL;
    mlpipe_status st = MLPIPE_OK;
    double low = 0.0, high = 0.0;

    if (coded && given_code(c, text, &low)) {
        high = low;
    } else if (!strcmp(text, "null")) {
        if (c->null == UINT32_MAX && !k->variable[c->value].unknown)
            return given_empty(ctx, k, c, text);
        given_null(k, c, true, out);
        return MLPIPE_OK;
    } else if (c->made.type == MLPIPE_TYPE_BOOL) {
        return given_bad(ctx, c->name, text, "true, false or null");
    } else if (coded) {
        return given_empty(ctx, k, c, text);
    } else {
        st = given_range(ctx, c, text, &low, &high);
    }
    if (st)
        return st;
    if (!m->count || !(low <= high)
        || !mlpipe__margin_range(m, low, high, &q->from, &q->to))
        return given_empty(ctx, k, c, text);
    q->given = q->clamped = true;
    q->low = low;
    q->high = high;
    if (q->to - q->from < given_point)
        q->from = q->to = 0.5 * (q->from + q->to);
    given_null(k, c, false, out);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__copula_given(mlpipe_ctx *ctx, const mlpipe_copula *k,
                                   const char *given,
                                   mlpipe__copula_condition *out)
{
    mlpipe__param *table = mlpipe__alloc_array(ctx->env, k->columns,
                                               sizeof table[0]);
    mlpipe__params p;
    mlpipe_status st;

    if (!table)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < k->columns; i++)
        table[i] = (mlpipe__param){k->column[i].name, MLPIPE_PARAM_TEXT, "",
                                   0, 0, NULL, 0x000100, ""};
    st = mlpipe__params_parse(ctx, "given", table, k->columns, given, &p);
    if (!st) {
        for (uint32_t i = 0; !st && i < k->columns; i++)
            if (p.items[i].given)
                st = given_one(ctx, k, &k->column[i], p.items[i].text, out);
        mlpipe__params_free(&p);
    }
    mlpipe__free(ctx->env, table);
    return st;
}
