/* SPDX-License-Identifier: MIT */
/*
 * The space of a search: parameters of a recipe's steps, each with a range or
 * a list. Keys go through the parser of parameters, and every value through
 * the table of its step, so that nothing is tried that the step would refuse.
 */
#include "search_types.h"

/* One parse under way. */
typedef struct space_run {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *recipe;
    uint32_t count;       /* parameters of all steps */
    mlpipe__param *table; /* "step.parameter", each a text */
    uint32_t *step, *param;
    mlpipe__text names;
} space_run;

/* ---- the table of everything that could be searched ---------------------- */

static uint32_t space_own(const mlpipe__recipe_step *s)
{
    return s->params.count - 1; /* as= is a name and no parameter */
}

static mlpipe_status space_table(space_run *r)
{
    const mlpipe_pipeline *p = r->recipe;
    mlpipe__env *env = r->ctx->env;
    uint32_t i, k, n = 0;
    size_t at = 0;
    for (i = 0; i < p->step_count; i++)
        n += space_own(&p->steps[i]);
    r->table = mlpipe__alloc_array(env, n, sizeof *r->table);
    r->step = mlpipe__alloc_array(env, n, sizeof *r->step);
    r->param = mlpipe__alloc_array(env, n, sizeof *r->param);
    for (i = 0; i < p->step_count; i++)
        for (k = 0; k < space_own(&p->steps[i]); k++) {
            mlpipe__text_add(&r->names, "%s.%s", p->steps[i].name,
                             p->steps[i].table[k].name);
            mlpipe__text_put(&r->names, "", 1);
        }
    if (!r->table || !r->step || !r->param || r->names.failed)
        return mlpipe__nomem(r->ctx);
    for (i = 0; i < p->step_count; i++)
        for (k = 0; k < space_own(&p->steps[i]); k++) {
            r->table[r->count].name = r->names.data + at;
            r->table[r->count].type = MLPIPE_PARAM_TEXT;
            r->table[r->count].initial = "";
            r->step[r->count] = i;
            r->param[r->count++] = k;
            at += strlen(r->names.data + at) + 1;
        }
    return MLPIPE_OK;
}

/* ---- lists --------------------------------------------------------------- */

/* The end of the element at s: a comma outside of backticks, or the end. */
static size_t space_element(const char *s, size_t n)
{
    bool inside = false;
    size_t i;
    for (i = 0; i < n && (inside || s[i] != ','); i++)
        inside ^= s[i] == '`';
    return i;
}

/* An element without its backticks; a doubled one stands for itself. */
static char *space_unquote(mlpipe__env *env, const char *s, size_t n)
{
    const bool quoted = n > 1 && s[0] == '`' && s[n - 1] == '`';
    char *out = mlpipe__strdup(env, quoted ? s + 1 : s, quoted ? n - 2 : n);
    size_t i, m = 0;
    for (i = 0; quoted && out && i < n - 2; i++) {
        out[m++] = out[i];
        if (out[i] == '`' && out[i + 1] == '`')
            i++;
    }
    if (quoted && out)
        out[m] = 0;
    return out;
}

/* A JSON text in a list: in backticks where it holds a comma or one. */
static void space_quote(mlpipe__text *t, const char *s)
{
    if (!strchr(s, ',') && !strchr(s, '`')) {
        mlpipe__text_put(t, s, strlen(s));
        return;
    }
    mlpipe__text_put(t, "`", 1);
    for (; *s; s++) {
        mlpipe__text_put(t, s, 1);
        if (*s == '`')
            mlpipe__text_put(t, s, 1);
    }
    mlpipe__text_put(t, "`", 1);
}

/* ---- the JSON form ------------------------------------------------------- */

static bool space_json_scalar(const mlpipe__json *j, bool in_list,
                              mlpipe__text *out)
{
    const char *text = mlpipe__json_text(j);
    switch (mlpipe__json_kind_of(j)) {
    case MLPIPE__JSON_BOOL:
        mlpipe__text_add(out, mlpipe__json_bool(j, false) ? "true" : "false");
        return true;
    case MLPIPE__JSON_NUMBER:
        mlpipe__text_add(out, "%s", text);
        return true;
    case MLPIPE__JSON_TEXT:
        if (in_list)
            space_quote(out, text);
        else
            mlpipe__text_add(out, "%s", text);
        return true;
    default:
        return false;
    }
}

static mlpipe_status space_json_member(mlpipe_ctx *ctx, const mlpipe__json *j,
                                       mlpipe__text *out)
{
    const char *key = mlpipe__json_key(j);
    const bool list = mlpipe__json_kind_of(j) == MLPIPE__JSON_ARRAY;
    mlpipe__text value;
    uint32_t i;
    bool ok = true;
    if (list && !mlpipe__json_count(j))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: the space's \"%s\" is [], "
                            "which lists nothing; list values, or give a "
                            "range as a text: \"low..high\"",
                            key);
    mlpipe__text_init(&value, ctx->env);
    for (i = 0; ok && list && i < mlpipe__json_count(j); i++) {
        mlpipe__text_add(&value, i ? "," : "");
        ok = space_json_scalar(mlpipe__json_at(j, i), true, &value);
    }
    if (!list)
        ok = space_json_scalar(j, false, &value);
    mlpipe__text_json(out, key, strlen(key));
    mlpipe__text_add(out, ":");
    mlpipe__text_json(out, value.size ? value.data : "", value.size);
    out->failed = out->failed || value.failed;
    mlpipe__text_free(&value);
    if (ok)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "mlpipe_search: the space's \"%s\" must be a text "
                        "such as \"15..63\", a number, true, false or an "
                        "array of such",
                        key);
}

/* The object with a text for each member, which the parser then reads. */
static mlpipe_status space_json(mlpipe_ctx *ctx, const char *text,
                                mlpipe__text *out)
{
    mlpipe__json *root = NULL;
    uint32_t i;
    mlpipe_status st = mlpipe__json_parse(ctx, text, strlen(text), &root);
    mlpipe__text_add(out, "{");
    for (i = 0; !st && i < mlpipe__json_count(root); i++) {
        mlpipe__text_add(out, i ? "," : "");
        st = space_json_member(ctx, mlpipe__json_at(root, i), out);
    }
    mlpipe__text_add(out, "}");
    mlpipe__json_free(root);
    return st || !out->failed ? st : mlpipe__nomem(ctx);
}

/* ---- one parameter ------------------------------------------------------- */

/* A value through the table of its step. */
static mlpipe_status space_value(mlpipe_ctx *ctx,
                                 const mlpipe__recipe_step *step,
                                 uint32_t param, const char *s, size_t n,
                                 mlpipe__params *out)
{
    const mlpipe__param *row = &step->table[param];
    mlpipe__text text, owner;
    mlpipe_status st;
    size_t i;
    memset(out, 0, sizeof *out);
    mlpipe__text_init(&text, ctx->env);
    mlpipe__text_init(&owner, ctx->env);
    mlpipe__text_add(&owner, "mlpipe_search: %s", step->name);
    mlpipe__text_add(&text, "%s='", row->name);
    for (i = 0; i < n; i++) {
        mlpipe__text_put(&text, s + i, 1);
        if (s[i] == '\'')
            mlpipe__text_put(&text, "'", 1);
    }
    mlpipe__text_add(&text, "'");
    st = text.failed || owner.failed
             ? mlpipe__nomem(ctx)
             : mlpipe__params_parse(ctx, owner.data, row, 1, text.data, out);
    mlpipe__text_free(&owner);
    mlpipe__text_free(&text);
    return st;
}

static mlpipe_status space_number(mlpipe_ctx *ctx,
                                  const mlpipe__recipe_step *step,
                                  uint32_t param, const char *s, size_t n,
                                  double *out)
{
    mlpipe__params p;
    const mlpipe_status st = space_value(ctx, step, param, s, n, &p);
    if (!st)
        *out = p.items[0].number;
    mlpipe__params_free(&p);
    return st;
}

static mlpipe_status space_range(mlpipe_ctx *ctx, mlpipe__dim *d,
                                 const mlpipe__recipe_step *step,
                                 const char *text, const char *dots)
{
    const char *high = dots + 2, *colon = strchr(high, ':');
    const size_t n = colon ? (size_t)(colon - high) : strlen(high);
    mlpipe_status st;
    if (colon && strcmp(colon, ":log"))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: %s=%q ends in %q; only :log may "
                            "stand behind a range",
                            d->name, text, colon);
    if (dots == text || !n)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: %s=%q has no %s end; a range is "
                            "low..high, both of which are tried, or "
                            "low..high:log",
                            d->name, text, dots == text ? "lower" : "upper");
    d->log = colon != NULL;
    st = space_number(ctx, step, d->param, text, (size_t)(dots - text),
                      &d->low);
    if (!st)
        st = space_number(ctx, step, d->param, high, n, &d->high);
    if (st)
        return st;
    if (!(d->low < d->high))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: %s goes from %g to %g; a range "
                            "goes from the lower to the higher",
                            d->name, d->low, d->high);
    if (d->log && !(d->low > 0))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: %s goes from %g, and :log needs "
                            "a range above 0",
                            d->name, d->low);
    return MLPIPE_OK;
}

/* The canonical form of a parameter of the recipe. */
static void space_setting(const mlpipe__setting *s, mlpipe__env *env,
                          mlpipe__text *out)
{
    const mlpipe__params one = {env, 1, (mlpipe__setting *)(uintptr_t)s};
    mlpipe__params_json(&one, out);
}

/* Is it the recipe's, or was it listed before? */
static mlpipe_status space_compare(mlpipe_ctx *ctx, mlpipe__dim *d,
                                   const mlpipe__recipe_step *step,
                                   const mlpipe__params *value,
                                   mlpipe__dict *seen)
{
    mlpipe__text own, now;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text_init(&own, ctx->env);
    mlpipe__text_init(&now, ctx->env);
    space_setting(&step->params.items[d->param], ctx->env, &own);
    space_setting(&value->items[0], ctx->env, &now);
    if (own.failed || now.failed)
        st = mlpipe__nomem(ctx);
    else if (!strcmp(own.data, now.data))
        d->own = d->count;
    if (!st && mlpipe__dict_find(seen, now.data, now.size) != UINT32_MAX)
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                          "mlpipe_search: %s lists %s twice", d->name,
                          now.data);
    if (!st && mlpipe__dict_add(seen, now.data, now.size) == UINT32_MAX)
        st = mlpipe__nomem(ctx);
    mlpipe__text_free(&now);
    mlpipe__text_free(&own);
    return st;
}

/* May the parameter be an empty text? */
static bool space_takes_nothing(const mlpipe__param *p)
{
    return p->type == MLPIPE_PARAM_TEXT || (p->initial && !p->initial[0]);
}

static mlpipe_status space_list(mlpipe_ctx *ctx, mlpipe__dim *d,
                                const mlpipe__recipe_step *step,
                                const char *text)
{
    const size_t n = strlen(text);
    size_t at, more, count = 1;
    mlpipe__dict seen;
    mlpipe_status st = MLPIPE_OK;
    for (at = 0; (more = space_element(text + at, n - at)) < n - at;
         at += more + 1)
        count++;
    d->values = mlpipe__alloc_array(ctx->env, count, sizeof *d->values);
    if (!d->values)
        return mlpipe__nomem(ctx);
    mlpipe__dict_init(&seen, ctx->env);
    for (at = 0; !st && at <= n; at += more + 1) {
        mlpipe__params value = {0};
        char *word;
        more = space_element(text + at, n - at);
        if (!more && !space_takes_nothing(&step->table[d->param])) {
            st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                              "mlpipe_search: %s=%q lists a value that is "
                              "empty; write a,b,c, or a range of numbers as "
                              "low..high",
                              d->name, text);
            break;
        }
        word = space_unquote(ctx->env, text + at, more);
        st = word ? space_value(ctx, step, d->param, word, strlen(word),
                                &value)
                  : mlpipe__nomem(ctx);
        if (!st)
            st = space_compare(ctx, d, step, &value, &seen);
        mlpipe__params_free(&value);
        if (st)
            mlpipe__free(ctx->env, word);
        else
            d->values[d->count++] = word;
    }
    mlpipe__dict_free(&seen);
    return st;
}

/* 7:40 and 7-40 are meant as ranges, and written otherwise. */
static mlpipe_status space_no_range(mlpipe_ctx *ctx, const char *name,
                                    const char *text)
{
    const char *log = strstr(text, ":log");
    const size_t n = log && !log[4] ? (size_t)(log - text) : strlen(text);
    double x;
    size_t i;
    if (mlpipe__parse_f64(text, n, false, &x))
        return MLPIPE_OK;
    for (i = 1; i + 1 < n; i++)
        if ((text[i] == ':' || text[i] == '-') &&
            mlpipe__parse_f64(text, i, false, &x) &&
            mlpipe__parse_f64(text + i + 1, n - i - 1, false, &x))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "mlpipe_search: %s=%q is no range; write "
                                "%.*s..%.*s%s",
                                name, text, (int)i, text, (int)(n - i - 1),
                                text + i + 1, text + n);
    return MLPIPE_OK;
}

static mlpipe_status space_dim(space_run *r, uint32_t i, const char *text,
                               mlpipe__dim *d)
{
    const mlpipe__recipe_step *step = &r->recipe->steps[r->step[i]];
    const mlpipe__setting *own = &step->params.items[r->param[i]];
    const char *dots = strstr(text, "..");
    const int32_t type = own->param->type;
    mlpipe_status st;
    d->step = r->step[i];
    d->param = r->param[i];
    d->own = mlpipe__nan();
    d->name = mlpipe__strdup(r->ctx->env, r->table[i].name,
                             strlen(r->table[i].name));
    if (!d->name)
        return mlpipe__nomem(r->ctx);
    if (type != MLPIPE_PARAM_INT && type != MLPIPE_PARAM_REAL) {
        d->kind = MLPIPE__DIM_LIST;
        if (dots && type != MLPIPE_PARAM_TEXT)
            return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                                "mlpipe_search: %s=%q is a range, and only "
                                "integers and reals have such; list the "
                                "values: a,b,c",
                                d->name, text);
        return space_list(r->ctx, d, step, text);
    }
    if (!dots) {
        d->kind = MLPIPE__DIM_LIST;
        st = space_no_range(r->ctx, d->name, text);
        return st ? st : space_list(r->ctx, d, step, text);
    }
    d->kind = type == MLPIPE_PARAM_INT ? MLPIPE__DIM_INT : MLPIPE__DIM_REAL;
    st = space_range(r->ctx, d, step, text, dots);
    if (!st && own->text[0] && own->number >= d->low &&
        own->number <= d->high)
        d->own = own->number;
    return st;
}

/* ---- the whole ----------------------------------------------------------- */

/* What to search, to somebody who named nothing: the first number of the last
 * step that takes one, which is the learner's as a rule. */
static mlpipe_status space_empty(const space_run *r)
{
    const char *example = "gbt.leaves";
    uint32_t i, step = UINT32_MAX;
    for (i = r->count; i-- > 0;) {
        const uint32_t type =
            r->recipe->steps[r->step[i]].table[r->param[i]].type;
        if (type != MLPIPE_PARAM_INT && type != MLPIPE_PARAM_REAL)
            continue;
        if (step != UINT32_MAX && step != r->step[i])
            break;
        step = r->step[i];
        example = r->table[i].name;
    }
    return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                        "mlpipe_search: the space is empty; name what to "
                        "search, such as %s=a..b",
                        example);
}

static mlpipe_status space_dims(space_run *r, const mlpipe__params *given,
                                mlpipe__space *out)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, n = 0;
    for (i = 0; i < given->count; i++)
        n += given->items[i].given;
    if (!n)
        return space_empty(r);
    out->dims = mlpipe__alloc_array(r->ctx->env, n, sizeof *out->dims);
    if (!out->dims)
        return mlpipe__nomem(r->ctx);
    for (i = 0; !st && i < given->count; i++)
        if (given->items[i].given)
            st = space_dim(r, i, given->items[i].text,
                           &out->dims[out->count++]);
    return st;
}

mlpipe_status mlpipe__space_parse(mlpipe_ctx *ctx,
                                  const mlpipe_pipeline *recipe,
                                  const char *text, mlpipe__space *out)
{
    space_run r = {.ctx = ctx, .recipe = recipe};
    mlpipe__params given = {0};
    mlpipe__text json;
    mlpipe_status st;
    memset(out, 0, sizeof *out);
    out->env = mlpipe__env_keep(ctx->env);
    mlpipe__text_init(&r.names, ctx->env);
    mlpipe__text_init(&json, ctx->env);
    st = space_table(&r);
    while (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r')
        text++;
    if (!st && *text == '{')
        st = space_json(ctx, text, &json);
    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_search", r.table, r.count,
                                  *text == '{' ? json.data : text, &given);
    if (!st)
        st = space_dims(&r, &given, out);
    mlpipe__params_free(&given);
    mlpipe__text_free(&json);
    mlpipe__text_free(&r.names);
    mlpipe__free(ctx->env, r.param);
    mlpipe__free(ctx->env, r.step);
    mlpipe__free(ctx->env, r.table);
    if (st)
        mlpipe__space_free(out);
    return st;
}

void mlpipe__space_free(mlpipe__space *s)
{
    uint32_t i, k;
    if (!s->env)
        return;
    for (i = 0; i < s->count; i++) {
        for (k = 0; k < s->dims[i].count; k++)
            mlpipe__free(s->env, s->dims[i].values[k]);
        mlpipe__free(s->env, s->dims[i].values);
        mlpipe__free(s->env, s->dims[i].name);
    }
    mlpipe__free(s->env, s->dims);
    mlpipe__env_drop(s->env);
    memset(s, 0, sizeof *s);
}

/* A list as the parser takes it: in quotes where it is no plain word. */
static void space_write_list(const mlpipe__dim *d, mlpipe__text *out)
{
    mlpipe__text list;
    bool plain;
    size_t i;
    mlpipe__text_init(&list, out->env);
    for (uint32_t k = 0; k < d->count; k++) {
        mlpipe__text_add(&list, k ? "," : "");
        space_quote(&list, d->values[k]);
    }
    /* A comma at its end would ask for one more value. */
    plain = list.size > 0 && list.data[list.size - 1] != ',';
    for (i = 0; i < list.size; i++)
        plain = plain && !strchr(" \t\r\n'()[]{}=", list.data[i]);
    mlpipe__text_add(out, plain ? "" : "'");
    for (i = 0; i < list.size; i++)
        mlpipe__text_put(out, !plain && list.data[i] == '\'' ? "\'\'"
                                                            : list.data + i,
                         !plain && list.data[i] == '\'' ? 2 : 1);
    mlpipe__text_add(out, plain ? "" : "'");
    out->failed = out->failed || list.failed;
    mlpipe__text_free(&list);
}

void mlpipe__space_write(const mlpipe__space *s, mlpipe__text *out)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const mlpipe__dim *d = &s->dims[i];
        mlpipe__text_add(out, "%s%s=", i ? " " : "", d->name);
        if (d->kind == MLPIPE__DIM_LIST)
            space_write_list(d, out);
        else
            mlpipe__text_add(out, "%g..%g%s", d->low, d->high,
                             d->log ? ":log" : "");
    }
}

void mlpipe__dim_text(const mlpipe__dim *d, double x, mlpipe__text *out)
{
    char number[MLPIPE__NUMBER_BYTES];
    if (d->kind == MLPIPE__DIM_LIST)
        mlpipe__text_add(out, "%s", d->values[(uint32_t)x]);
    else
        mlpipe__text_put(out, number,
                         d->kind == MLPIPE__DIM_INT
                             ? mlpipe__print_i64((int64_t)x, number)
                             : mlpipe__print_f64(x, number));
}

/* ---- a recipe with the values of a point --------------------------------- */

/* The recipe's steps with settings that may be exchanged. */
static mlpipe__recipe_step *space_steps(mlpipe__env *env,
                                        const mlpipe_pipeline *p)
{
    mlpipe__recipe_step *steps =
        mlpipe__alloc_array(env, p->step_count, sizeof *steps);
    bool ok = steps != NULL;
    uint32_t i;
    for (i = 0; ok && i < p->step_count; i++) {
        const mlpipe__params *from = &p->steps[i].params;
        steps[i] = p->steps[i];
        steps[i].params.items =
            mlpipe__alloc_array(env, from->count, sizeof *from->items);
        ok = steps[i].params.items != NULL;
        if (ok)
            memcpy(steps[i].params.items, from->items,
                   from->count * sizeof *from->items);
    }
    if (ok || !steps)
        return steps;
    while (i-- > 0)
        mlpipe__free(env, steps[i].params.items);
    mlpipe__free(env, steps);
    return NULL;
}

static mlpipe_status space_set(mlpipe_ctx *ctx, const mlpipe__dim *d,
                               double x, mlpipe__recipe_step *step,
                               mlpipe__params *kept)
{
    mlpipe__text text;
    mlpipe_status st;
    mlpipe__text_init(&text, ctx->env);
    mlpipe__dim_text(d, x, &text);
    st = text.failed ? mlpipe__nomem(ctx)
                     : space_value(ctx, step, d->param, text.data, text.size,
                                   kept);
    if (!st)
        step->params.items[d->param] = kept->items[0];
    mlpipe__text_free(&text);
    return st;
}

mlpipe_status mlpipe__space_apply(mlpipe_ctx *ctx, const mlpipe__space *s,
                                  const mlpipe_pipeline *recipe,
                                  const double *x, mlpipe_pipeline **out)
{
    mlpipe__env *env = ctx->env;
    mlpipe_pipeline changed = *recipe;
    mlpipe__params *kept = mlpipe__alloc_array(env, s->count, sizeof *kept);
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    *out = NULL;
    changed.steps = space_steps(env, recipe);
    if (!kept || !changed.steps)
        st = mlpipe__nomem(ctx);
    for (i = 0; !st && i < s->count; i++)
        if (x[i] == x[i])
            st = space_set(ctx, &s->dims[i], x[i],
                           &changed.steps[s->dims[i].step], &kept[i]);
    if (!st)
        st = mlpipe__pipeline_copy(ctx, &changed, out);
    for (i = 0; changed.steps && i < recipe->step_count; i++)
        mlpipe__free(env, changed.steps[i].params.items);
    mlpipe__free(env, changed.steps);
    for (i = 0; kept && i < s->count; i++)
        mlpipe__params_free(&kept[i]);
    mlpipe__free(env, kept);
    return st;
}
