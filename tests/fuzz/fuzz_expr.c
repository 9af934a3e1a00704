/* SPDX-License-Identifier: MIT */
/*
 * Expressions: any text is compiled, or refused with a place inside of it.
 * What compiles gives the same bits for a row, a block and blocks of odd
 * widths, and what a plain interpreter gives.
 */
#include "expr_reference.h"

enum { FUZZ_ROWS = 512, FUZZ_TEXT = 1024, FUZZ_REFERENCE = 24 };

static uint64_t fuzz_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double fuzz_number(uint64_t *s, uint32_t column)
{
    static const double odd[] = {0,    -0.0, 1,     -1,   0.5,  2,     3,
                                 10,   1e9,  1e300, 0.25, -7.5, 1e-300,
                                 2026, 1e15};
    const uint64_t pick = fuzz_next(s);

    if (pick % 7 == 0)
        return NAN;
    if (expr_columns[column].type == MLPIPE_TYPE_BOOL)
        return (double)(pick >> 8 & 1);
    if (expr_columns[column].type == MLPIPE_TYPE_TIMESTAMP)
        return (double)((int64_t)(fuzz_next(s) % 4000000000) - 1000000000) *
               (expr_columns[column].unit == MLPIPE_UNIT_US ? 1e6 : 1);
    if (expr_columns[column].type == MLPIPE_TYPE_DURATION)
        return (double)(fuzz_next(s) % 100000000);
    return pick % 3 ? odd[(pick >> 8) % (sizeof odd / sizeof *odd)]
                    : (double)(int64_t)fuzz_next(s) / 0x1p50;
}

/* seen: texts of the training rows alone. */
static expr_row fuzz_row(uint64_t *s, bool seen)
{
    expr_row r = {0};

    for (uint32_t i = 0; i < COL_COUNT; i++) {
        const uint64_t pick = fuzz_next(s) % 5;
        r.number[i] = fuzz_number(s, i);
        r.text[i] = pick < 3 ? expr_columns[i].words[pick] : NULL;
        if (!seen && pick == 4)
            r.text[i] = "not seen";
        if (!seen && fuzz_next(s) % 11 == 0)
            r.number[i] = INFINITY;
    }
    r.as_of = fuzz_next(s) % 5 ? 1785542400e6 : NAN;
    return r;
}

/* ---- equal bits --------------------------------------------------------- */

static void fuzz_widths(expr_rig *r, const expr_row *rows)
{
    static const uint32_t widths[] = {1, 512, 7, 129};
    const uint32_t vars = r->plan.var_count;
    double *first = calloc((size_t)FUZZ_ROWS * vars, sizeof *first);

    fuzz_require(first != NULL);
    for (uint32_t w = 0; w < 4; w++) {
        fuzz_require(!expr_rig_seal(r, widths[w]));
        for (uint32_t at = 0; at < FUZZ_ROWS; at += widths[w]) {
            const uint32_t n = FUZZ_ROWS - at < widths[w] ? FUZZ_ROWS - at
                                                          : widths[w];
            for (uint32_t i = 0; i < n; i++)
                expr_rig_load(r, &rows[at + i], i);
            expr_rig_run(r, n);
            for (uint32_t i = 0; i < n * vars; i++) {
                const uint32_t var = i % vars, row = i / vars;
                const double got = expr_rig_value(r, var, row);
                double *was = &first[(size_t)(at + row) * vars + var];
                if (w == 0)
                    *was = got;
                else
                    fuzz_require(isnan(*was) ? isnan(got)
                                             : !memcmp(was, &got, sizeof got));
            }
        }
    }
    free(first);
}

/* ---- the interpreter ---------------------------------------------------- */

static double fuzz_in_us(const mlpipe__var *v, double x)
{
    return v->unit == MLPIPE_UNIT_S    ? x * 1e6
           : v->unit == MLPIPE_UNIT_MS ? x * 1e3
           : v->unit == MLPIPE_UNIT_NS ? x / 1e3
                                       : x;
}

static void fuzz_same(const expr_rig *r, uint32_t var, const ref_value *want,
                      const char *text)
{
    const mlpipe__var *v = &r->plan.vars[var];
    const double got = expr_rig_value(r, var, 0);
    bool same;

    if (v->type == MLPIPE_TYPE_TEXT)
        return;
    if (isnan(got) || want->kind == REF_NULL)
        same = isnan(got) && want->kind == REF_NULL;
    else if (v->kind == MLPIPE__CODE)
        same = want->kind == REF_TEXT && got >= 0 &&
               !strcmp(want->text, expr_rig_text(r, var, 0));
    else if (v->unit == 0 || v->unit == MLPIPE_UNIT_US)
        same = got == want->v;
    else /* of a fraction of a coarse tick the two may round apart */
        same = fabs(fuzz_in_us(v, got) - want->v) <= 1e-15 * fabs(want->v) + 1;
    if (!same)
        fprintf(stderr, "%s\n%s: %.17g, the interpreter gives %d %.17g %s\n",
                text, v->name, got, want->kind, want->v,
                want->kind == REF_TEXT ? want->text : "");
    fuzz_require(same);
}

/* The nodes of a text that compiled. */
static void fuzz_parse(mlpipe__expr *e, mlpipe_ctx *ctx, const char *text,
                       bool derive)
{
    memset(e, 0, sizeof *e);
    e->ctx = ctx;
    e->env = ctx->env;
    e->owner = "";
    e->text = text;
    e->bytes = strlen(text);
    e->depth_max = EXPR_DEPTH;
    mlpipe__text_init(&e->texts, e->env);
    mlpipe__expr_keep(e, "", 0);
    mlpipe__expr_parse(e, derive);
    fuzz_require(!e->status && !e->stop);
}

static void fuzz_forget(mlpipe__expr *e)
{
    mlpipe__text_free(&e->texts);
    mlpipe__free(e->env, e->nodes);
    mlpipe__free(e->env, e->kids);
    mlpipe__free(e->env, e->pushed);
    mlpipe__free(e->env, e->scope);
    mlpipe__free(e->env, e->definitions);
}

static void fuzz_reference(expr_rig *r, const char *text, uint64_t seed)
{
    mlpipe__expr e;
    ref_run run = {.e = &e};

    fuzz_parse(&e, r->ctx, text, true);
    run.of = calloc(e.node_count + 1, sizeof *run.of);
    fuzz_require(run.of && !expr_rig_seal(r, 1));
    for (uint32_t k = 0; k < FUZZ_REFERENCE && e.node_count < 200; k++) {
        const expr_row row = fuzz_row(&seed, true);
        run.row = &row;
        ref_run_row(&run);
        if (run.inexact)
            continue;
        expr_rig_load(r, &row, 0);
        expr_rig_run(r, 1);
        for (uint32_t i = 0; i < e.definition_count; i++) {
            const mlpipe__expr_definition *d = &e.definitions[i];
            const int32_t var = mlpipe__plan_find(
                &r->plan, mlpipe__expr_text(&e, d->text));
            fuzz_require(var >= 0);
            fuzz_same(r, (uint32_t)var, &run.of[d->node], text);
        }
    }
    free(run.of);
    fuzz_forget(&e);
}

/* ---- one text ----------------------------------------------------------- */

typedef struct fuzz_found {
    size_t bytes;
    uint32_t errors;
} fuzz_found;

static void fuzz_finding(void *user, const mlpipe__expr_finding *f)
{
    fuzz_found *found = user;

    fuzz_require(f->at <= found->bytes && f->length <= found->bytes + 1);
    fuzz_require(f->detail >= MLPIPE_DETAIL_SYNTAX && f->message[0]);
    fuzz_require(mlpipe__utf8_valid(f->message, strlen(f->message)));
    fuzz_require(mlpipe__utf8_valid(f->help, strlen(f->help)));
    found->errors += !f->lint;
}

static void fuzz_refused(mlpipe_ctx *c, mlpipe_status st)
{
    const mlpipe_error *error = mlpipe_ctx_error(c);

    fuzz_require(st == MLPIPE_E_PARAM || st == MLPIPE_E_LIMIT);
    fuzz_require(error->text[0] &&
                 mlpipe__utf8_valid(error->text, strlen(error->text)));
}

/* Nothing is known of names that training saw, so a name is enough. */
static mlpipe_status fuzz_name(void *user, const char *name, size_t bytes)
{
    (void)user;
    fuzz_require(strlen(name) == bytes && bytes > 0);
    return MLPIPE_OK;
}

static void fuzz_derive(mlpipe_ctx *c, const char *text, uint64_t seed)
{
    fuzz_found found = {strlen(text), 0};
    const mlpipe__expr_sink sink = {fuzz_finding, &found};
    expr_row *rows = calloc(FUZZ_ROWS, sizeof *rows);
    mlpipe_status st, with_sink;
    expr_rig r;

    fuzz_require(rows != NULL);
    expr_rig_open(&r, c);
    with_sink = mlpipe__expr_derive(c, &r.plan, "fuzz", text, &sink);
    fuzz_require(!with_sink == !found.errors);
    expr_rig_close(&r);
    expr_rig_open(&r, c);
    st = mlpipe__expr_derive(c, &r.plan, "fuzz", text, NULL);
    fuzz_require(st == with_sink);
    if (st) {
        fuzz_refused(c, st);
    } else {
        fuzz_require(!mlpipe__expr_check(c, "fuzz", text, true, NULL));
        fuzz_require(!mlpipe__expr_names(c, "fuzz", text, true, fuzz_name,
                                         NULL));
        for (uint32_t i = 0; i < FUZZ_ROWS; i++)
            rows[i] = fuzz_row(&seed, false);
        fuzz_widths(&r, rows);
        fuzz_reference(&r, text, seed);
    }
    expr_rig_close(&r);
    free(rows);
}

static void fuzz_condition(mlpipe_ctx *c, const char *text)
{
    mlpipe__var out;
    mlpipe_status st;
    expr_rig r;

    expr_rig_open(&r, c);
    st = mlpipe__expr_condition(c, &r.plan, "fuzz", text, NULL, &out);
    if (st)
        fuzz_refused(c, st);
    else
        fuzz_require(out.type == MLPIPE_TYPE_BOOL);
    expr_rig_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    char *text = malloc(FUZZ_TEXT + 1);

    fuzz_require(text != NULL);
    size = size < FUZZ_TEXT ? size : FUZZ_TEXT;
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_derive(c, text, mlpipe__hash64(data, size, 1));
    fuzz_condition(c, text);
    free(text);
    fuzz_end(c, live);
    return 0;
}
