/* SPDX-License-Identifier: MIT */
/*
 * Everything that is wrong with a recipe in JSON, in one run: each member is
 * checked alone, so that one mistake does not hide the next.
 */
#include "fit_types.h"

enum { CHECK_MOST = 50, CHECK_POINTER = 160 };

typedef struct check_run {
    mlpipe_ctx *ctx;
    const char *text;
    size_t bytes;
    mlpipe_report *report;
    uint32_t errors, lints; /* told, listed or not */
    mlpipe_pipeline *made; /* of all that was right so far */
    mlpipe_status fatal;   /* memory, cancelled: no finding, but the end */
} check_run;

/* A place in the JSON: its pointer (RFC 6901), and the byte where it stands. */
typedef struct check_place {
    char pointer[CHECK_POINTER];
    size_t at;
} check_place;

static check_place check_at(const char *pointer, const mlpipe__json *j)
{
    check_place p;
    mlpipe__format(p.pointer, sizeof p.pointer, "%s", pointer);
    p.at = mlpipe__json_place(j);
    return p;
}

static check_place check_below(const check_place *above, const char *key,
                               const mlpipe__json *j)
{
    check_place p = *above;
    size_t used = strlen(p.pointer), left = strlen(key), n;
    p.at = mlpipe__json_place(j);
    if (used + 1 < sizeof p.pointer)
        p.pointer[used++] = '/';
    /* A slash within a key would read as one more level. A long key is cut
     * between characters, so that no half of one is left. */
    for (; left; key += n, left -= n) {
        const char *part = *key == '~' ? "~0" : *key == '/' ? "~1" : key;
        n = mlpipe__utf8_char(key, left);
        n = n ? n : 1;
        const size_t size = part == key ? n : 2;
        if (used + size >= sizeof p.pointer)
            break;
        memcpy(p.pointer + used, part, size);
        used += size;
    }
    p.pointer[used] = 0;
    return p;
}

static void check_cell(check_run *r, const char *text)
{
    mlpipe__report_cell_text(r->report, text, strlen(text));
}

static void check_add(check_run *r, const check_place *place, bool lint,
                      mlpipe_status status, int32_t detail,
                      const char *message, const char *help)
{
    char caret[MLPIPE__CARET_BYTES];
    uint32_t line, column;
    /* Each kind has room of its own: lints never hide an error. */
    if ((lint ? r->lints++ : r->errors++) >= CHECK_MOST)
        return;
    mlpipe__line_column(r->text, r->bytes, place->at, &line, &column);
    check_cell(r, lint ? "lint" : "error");
    check_cell(r, mlpipe_status_name(status));
    mlpipe__report_cell_number(r->report, detail);
    check_cell(r, place->pointer);
    mlpipe__report_cell_number(r->report, line);
    mlpipe__report_cell_number(r->report, column);
    check_cell(r, message);
    check_cell(r, help);
    mlpipe__caret(r->text, r->bytes, place->at, caret);
    check_cell(r, caret[0] ? caret + 1 : caret); /* without its first newline */
}

/* Whether the run goes on: what ends a call says nothing about a recipe. */
static bool check_goes_on(check_run *r, mlpipe_status st)
{
    if (st == MLPIPE_E_NOMEM || st == MLPIPE_E_CANCELLED ||
        st == MLPIPE_E_HOST)
        r->fatal = st;
    return !r->fatal;
}

/* What the last call said, as a finding; true where the run goes on. */
static bool check_said(check_run *r, mlpipe_status st,
                       const check_place *place)
{
    const mlpipe_error *e = mlpipe_ctx_error(r->ctx);
    if (!st)
        return true;
    if (!check_goes_on(r, st))
        return false;
    check_add(r, place, false, st, e->detail, e->text, "");
    return true;
}

/* ---- members ------------------------------------------------------------ */

static void check_member(check_run *r, const check_place *above,
                         const mlpipe__json *item, const char *const *known,
                         uint32_t count)
{
    const char *key = mlpipe__json_key(item);
    const check_place place = check_below(above, key, item);
    char message[256];
    const char *near;
    for (uint32_t k = 0; k < count; k++)
        if (!strcmp(known[k], key))
            return;
    near = mlpipe__nearest(key, strlen(key), known, count);
    mlpipe__format(message, sizeof message,
                   near ? "there is no member %q; did you mean %q?"
                        : "there is no member %q",
                   key, near);
    check_add(r, &place, false, MLPIPE_E_PARAM, 0, message, "");
}

/* True where it is an object whose members are all known by now. */
static bool check_object(check_run *r, const check_place *place,
                         const mlpipe__json *j, const char *const *known,
                         uint32_t count)
{
    if (mlpipe__json_kind_of(j) != MLPIPE__JSON_OBJECT) {
        check_add(r, place, false, MLPIPE_E_FORMAT, 0,
                  "an object must stand here", "");
        return false;
    }
    for (uint32_t i = 0; i < mlpipe__json_count(j); i++)
        check_member(r, place, mlpipe__json_at(j, i), known, count);
    return true;
}

/* ---- parameters --------------------------------------------------------- */

/* The table without what must be given, for one parameter at a time. */
static mlpipe__param *check_table(mlpipe__env *env, const mlpipe__param *own,
                                  uint32_t count)
{
    mlpipe__param *table = mlpipe__alloc_array(env, count, sizeof *table);
    for (uint32_t i = 0; table && i < count; i++) {
        table[i] = own[i];
        if (!table[i].initial)
            table[i].initial = "";
    }
    return table;
}

static mlpipe_status check_one(check_run *r, const char *owner,
                               const mlpipe__param *table, uint32_t count,
                               const mlpipe__json *item)
{
    mlpipe__params p = {0};
    mlpipe__text t;
    mlpipe_status st =
        mlpipe__recipe_member(r->ctx, item, owner, &t);
    if (!st)
        st = mlpipe__params_parse(r->ctx, owner, table, count, t.data, &p);
    if (!st)
        mlpipe__params_free(&p);
    mlpipe__text_free(&t);
    return st;
}

static bool check_params(check_run *r, const check_place *place,
                         const char *owner, const mlpipe__param *own,
                         uint32_t count, const mlpipe__json *params)
{
    mlpipe__param *table = check_table(r->ctx->env, own, count);
    const uint32_t before = r->errors;
    bool on = table != NULL;
    if (!table)
        r->fatal = mlpipe__nomem(r->ctx);
    for (uint32_t i = 0; on && i < mlpipe__json_count(params); i++) {
        const mlpipe__json *item = mlpipe__json_at(params, i);
        const check_place at =
            check_below(place, mlpipe__json_key(item), item);
        on = check_said(r, check_one(r, owner, table, count, item), &at);
    }
    for (uint32_t i = 0; on && i < count; i++) {
        char message[256];
        if (own[i].initial || mlpipe__json_get(params, own[i].name))
            continue;
        mlpipe__format(message, sizeof message, "%s: %q must be given: %s",
                       owner, own[i].name, own[i].doc);
        check_add(r, place, false, MLPIPE_E_PARAM, 0, message, "");
    }
    mlpipe__free(r->ctx->env, table);
    return on && r->errors == before;
}

/* ---- expressions -------------------------------------------------------- */

typedef struct check_expression {
    check_run *run;
    check_place place; /* of the text's quote */
} check_expression;

/* The byte of the JSON where byte `at` of the text that starts with the quote
 * at `from` stands: escapes are longer than what they mean. */
static size_t check_escaped(const check_run *r, size_t from, size_t at)
{
    size_t i = from + 1;
    for (size_t done = 0; done < at && i < r->bytes; done++) {
        if (r->text[i] != '\\') {
            i++;
            continue;
        }
        if (i + 1 < r->bytes && r->text[i + 1] == 'u') {
            i += 6;
            done += 1; /* of two or three bytes: near enough to point at */
        } else {
            i += 2;
        }
    }
    return i < r->bytes ? i : r->bytes;
}

static void check_found(void *user, const mlpipe__expr_finding *f)
{
    const check_expression *e = user;
    check_place place = e->place;
    place.at = check_escaped(e->run, e->place.at, f->at);
    check_add(e->run, &place, f->lint, f->status, f->detail, f->message,
              f->help);
}

/* The grammar of the first parameter, where the step has one. */
static bool check_grammar(check_run *r, const check_place *params,
                          const mlpipe__step *step, const mlpipe__json *j)
{
    const mlpipe__json *text =
        step && step->check ? mlpipe__json_get(j, step->params[0].name)
                            : NULL;
    check_expression e = {.run = r};
    const mlpipe__expr_sink sink = {check_found, &e};
    if (!text || mlpipe__json_kind_of(text) != MLPIPE__JSON_TEXT)
        return true;
    e.place = check_below(params, step->params[0].name, text);
    return check_goes_on(r, step->check(r->ctx, step->name,
                                        mlpipe__json_text(text), &sink));
}

/* ---- the recipe --------------------------------------------------------- */

/* What is right in itself joins the recipe: names and order are checked. */
static bool check_join(check_run *r, const check_place *place,
                       const char *step, const mlpipe__json *as,
                       const mlpipe__json *params)
{
    mlpipe__text t;
    mlpipe_status st = mlpipe__recipe_params(r->ctx, params, "params", &t);
    if (!st && r->made)
        st = mlpipe__pipeline_append(r->ctx, r->made, step,
                                     mlpipe__json_text(as), t.data);
    mlpipe__text_free(&t);
    return check_said(r, st, place);
}

static bool check_step(check_run *r, uint32_t index, const mlpipe__json *j)
{
    static const char *const known[] = {"as", "params", "step"};
    const mlpipe__json *step = mlpipe__json_get(j, "step");
    const mlpipe__json *as = mlpipe__json_get(j, "as");
    const mlpipe__json *params = mlpipe__json_get(j, "params");
    const uint32_t before = r->errors;
    mlpipe__recipe_step found = {0};
    const mlpipe__param *own;
    uint32_t count;
    check_place place, at;
    char pointer[32];
    mlpipe_status st;
    bool on;
    mlpipe__format(pointer, sizeof pointer, "/steps/%u", index);
    place = check_at(pointer, j);
    if (!check_object(r, &place, j, known, 3))
        return true;
    if (mlpipe__json_kind_of(step) != MLPIPE__JSON_TEXT ||
        (as && mlpipe__json_kind_of(as) != MLPIPE__JSON_TEXT)) {
        check_add(r, &place, false, MLPIPE_E_FORMAT, 0,
                  "\"step\" must be a text, and \"as\" where it is given",
                  "");
        return true;
    }
    at = check_below(&place, "step", step);
    st = mlpipe__pipeline_find(r->ctx, mlpipe__json_text(step), &found);
    if (st)
        return check_said(r, st, &at);
    at = check_below(&place, "params", params ? params : j);
    if (params && mlpipe__json_kind_of(params) != MLPIPE__JSON_OBJECT) {
        check_add(r, &at, false, MLPIPE_E_FORMAT, 0,
                  "\"params\" must be an object", "");
        return true;
    }
    own = mlpipe__recipe_own(&found, &count);
    on = check_params(r, &at, mlpipe__json_text(step), own, count, params);
    if (!r->fatal)
        on = check_grammar(r, &at, found.step, params) && on;
    if (on && !r->fatal && r->errors == before)
        on = check_join(r, &place, mlpipe__json_text(step), as, params);
    return !r->fatal;
}

static bool check_pipeline(check_run *r, const mlpipe__json *j)
{
    const check_place place = check_at("/pipeline", j);
    mlpipe__text t;
    mlpipe_status st;
    if (j && mlpipe__json_kind_of(j) != MLPIPE__JSON_OBJECT) {
        check_add(r, &place, false, MLPIPE_E_FORMAT, 0,
                  "an object must stand here", "");
        return true;
    }
    if (!check_params(r, &place, "pipeline", mlpipe__pipeline_params,
                      mlpipe__pipeline_param_count, j))
        return !r->fatal;
    st = mlpipe__recipe_params(r->ctx, j, "pipeline", &t);
    if (!st)
        st = mlpipe_pipeline_new(r->ctx, t.data, &r->made);
    mlpipe__text_free(&t);
    return check_said(r, st, &place);
}

static void check_recipe(check_run *r, const mlpipe__json *root)
{
    static const char *const known[] = {"format", "pipeline", "steps"};
    const mlpipe__json *steps = mlpipe__json_get(root, "steps");
    const mlpipe__json *format = mlpipe__json_get(root, "format");
    const check_place whole = check_at("", root);
    check_place place = check_at("/format", format ? format : root);
    if (!check_object(r, &whole, root, known, 3))
        return;
    if (mlpipe__json_number(format, 0) != 1)
        check_add(r, &place, false, MLPIPE_E_FORMAT, 0,
                  format ? "\"format\" must be 1"
                         : "it is missing; write \"format\": 1",
                  "");
    if (!check_pipeline(r, mlpipe__json_get(root, "pipeline")))
        return;
    place = check_at("/steps", steps);
    if (steps && mlpipe__json_kind_of(steps) != MLPIPE__JSON_ARRAY) {
        check_add(r, &place, false, MLPIPE_E_FORMAT, 0,
                  "an array must stand here", "");
        return;
    }
    for (uint32_t i = 0; i < mlpipe__json_count(steps); i++)
        if (!check_step(r, i, mlpipe__json_at(steps, i)))
            return;
}

/* What expressions find while a plan is made on rows. */
typedef struct check_plan {
    check_run *run;
    const mlpipe__json *steps;
    uint32_t step; /* that is planned */
} check_plan;

static check_place check_step_place(const check_plan *p)
{
    char pointer[32];
    mlpipe__format(pointer, sizeof pointer, "/steps/%u", p->step);
    return check_at(pointer, mlpipe__json_at(p->steps, p->step));
}

static void check_plan_found(void *user, const mlpipe__expr_finding *f)
{
    const check_plan *p = user;
    const mlpipe__step *step = p->run->made->steps[p->step].step;
    const mlpipe__json *params = mlpipe__json_get(
        mlpipe__json_at(p->steps, p->step), "params");
    const check_place at = check_step_place(p);
    const check_place below = check_below(&at, "params", params);
    check_expression e = {.run = p->run};
    e.place = check_below(&below, step->params[0].name,
                          mlpipe__json_get(params, step->params[0].name));
    check_found(&e, f);
}

/* A plan on real rows finds what columns and types tell, up to the first step
 * that fails. */
static void check_rows(check_run *r, const mlpipe__json *root,
                       const mlpipe_dataset *rows)
{
    check_plan p = {.run = r,
                    .steps = mlpipe__json_get(root, "steps"),
                    .step = UINT32_MAX};
    const mlpipe__expr_sink sink = {check_plan_found, &p};
    const uint32_t before = r->errors;
    const mlpipe_status st =
        mlpipe__fit_dry(r->ctx, r->made, rows, &sink, &p.step);
    const check_place place = p.step < mlpipe__json_count(p.steps)
                                  ? check_step_place(&p)
                                  : check_at("", root);
    if (check_goes_on(r, st) && r->errors == before)
        check_said(r, st, &place); /* else it has been told already */
}

static mlpipe_status check_run_all(check_run *r, const mlpipe_dataset *rows)
{
    mlpipe__json *root = NULL;
    check_place start = {"", 0};
    mlpipe_status st;
    r->report = mlpipe__report_new(r->ctx->env, "check");
    if (!r->report)
        return mlpipe__nomem(r->ctx);
    mlpipe__report_table(r->report, "findings",
                         "severity,code,detail,pointer,line,column,message,"
                         "help,caret");
    st = mlpipe__json_parse_at(r->ctx, r->text, r->bytes, &root, &start.at);
    if (check_said(r, st, &start) && root)
        check_recipe(r, root);
    if (!r->fatal && !r->errors && r->made && rows)
        check_rows(r, root, rows);
    mlpipe__json_free(root);
    if (r->fatal)
        return r->fatal;
    mlpipe__report_number(r->report, "errors", r->errors);
    mlpipe__report_number(r->report, "lints", r->lints);
    return MLPIPE_OK;
}

static mlpipe_status check_whole(mlpipe_ctx *ctx, const char *json,
                                 size_t bytes, const mlpipe_dataset *rows,
                                 mlpipe_report **out)
{
    check_run r = {.ctx = ctx, .text = json, .bytes = bytes};
    mlpipe_status st = check_run_all(&r, rows);
    mlpipe_pipeline_free(r.made);
    if (!st) {
        mlpipe__error_clear(ctx, "mlpipe_pipeline_check");
        return mlpipe__report_seal(ctx, r.report, out);
    }
    mlpipe_report_free(r.report);
    return st;
}

mlpipe_status mlpipe_pipeline_check(mlpipe_ctx *ctx, const char *json,
                                    size_t bytes, const mlpipe_dataset *rows,
                                    mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_check");
    if (out)
        *out = NULL;
    if (!st && !json)
        st = mlpipe__null_arg(ctx, "json");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = check_whole(ctx, json, bytes, rows, out);
    return mlpipe__end(ctx, st);
}
