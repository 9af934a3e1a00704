/* SPDX-License-Identifier: MIT */
/* Columns of the plan as values, and what is said of those that are none. */
#include "expr_internal.h"

enum { COLUMN_NAMES_MAX = 4096, COLUMN_SHOWN = 64, COLUMN_LISTED = 12 };

/* ---- names that are no column ------------------------------------------- */

/* The nearest of the plan's names, or NULL. */
static const char *expr_near_column(mlpipe__expr *e, const char *name,
                                    size_t bytes)
{
    const mlpipe__plan *plan = e->plan;
    const char **names;
    const char *near = NULL;
    uint32_t count = 0;

    names = mlpipe__alloc_array(e->env, plan->var_count, sizeof *names);
    if (!names) {
        mlpipe__expr_nomem(e);
        return NULL;
    }
    for (uint32_t i = 0; i < plan->var_count && count < COLUMN_NAMES_MAX; i++)
        if (plan->vars[i].name[0])
            names[count++] = plan->vars[i].name;
    near = mlpipe__nearest(name, bytes, names, count);
    mlpipe__free(e->env, (void *)names);
    return near;
}

static bool expr_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c >= '0' && c <= '9') || c == '-' || (unsigned char)c >= 0x80;
}

/* A column whose name has a hyphen where the text has a minus; NULL: none. */
static const char *expr_hyphenated(mlpipe__expr *e,
                                   const mlpipe__expr_node *n)
{
    size_t from = n->at, to = n->at + n->length;

    while (from > 0 && expr_name_byte(e->text[from - 1]))
        from--;
    while (to < e->bytes && expr_name_byte(e->text[to]))
        to++;
    for (uint32_t i = 0; i < e->plan->var_count; i++) {
        const char *name = e->plan->vars[i].name;
        const size_t bytes = strlen(name);
        if (!strchr(name, '-'))
            continue;
        /* any part of the run that begins or ends at the name */
        for (size_t at = from; at <= n->at; at++)
            if (at + bytes <= to && at + bytes >= n->at + n->length &&
                !memcmp(e->text + at, name, bytes))
                return name;
    }
    return NULL;
}

/* Can the name stand without backticks? */
static bool expr_plain(const char *name)
{
    bool plain = !(name[0] >= '0' && name[0] <= '9') &&
                 !mlpipe__expr_reserved(name, strlen(name));

    for (size_t i = 0; name[i]; i++)
        plain &= name[i] != '-' && expr_name_byte(name[i]);
    return plain;
}

/* Is the node a text, a column of texts, or a call, which may give one? */
static bool expr_maybe_text(const mlpipe__expr *e, uint32_t node)
{
    const mlpipe__expr_node *n = &e->nodes[node];
    const int32_t at = n->kind == EXPR_N_COLUMN
                           ? mlpipe__plan_find(e->plan,
                                               mlpipe__expr_text(e, n->text))
                           : -1;

    return n->kind == EXPR_N_TEXT || n->kind == EXPR_N_CALL ||
           (at >= 0 && e->plan->vars[at].kind == MLPIPE__CODE);
}

/* Would a text in place of the kid i of k make sense? */
static bool expr_takes_text(const mlpipe__expr *e, const mlpipe__expr_node *k,
                            uint32_t i)
{
    const uint32_t *kids = e->kids + k->kids;
    const char *types;
    size_t letters;

    switch (k->kind) {
    case EXPR_N_BINARY:
        return (k->which == EXPR_O_EQ || k->which == EXPR_O_NE) &&
               k->count == 2 && expr_maybe_text(e, kids[1 - i]);
    case EXPR_N_IN:
        return k->count > 1 && expr_maybe_text(e, kids[i ? 0 : 1]);
    case EXPR_N_CALL:
        types = mlpipe__expr_function_at(k->which)->types;
        letters = strlen(types);
        return types[i < letters ? i : letters - 1] == 's';
    default:
        return false;
    }
}

/* Is the name compared with a text, so that it may be one without quotes? */
static bool expr_beside_text(const mlpipe__expr *e,
                             const mlpipe__expr_node *n)
{
    const uint32_t node = (uint32_t)(n - e->nodes);

    for (uint32_t i = node + 1; i < e->node_count; i++) {
        const mlpipe__expr_node *k = &e->nodes[i];
        if (k->kind == EXPR_N_CALL && k->named == node)
            return true; /* what is given by name is a text */
        for (uint32_t j = 0; k->kind != EXPR_N_REF && j < k->count; j++)
            if (e->kids[k->kids + j] == node)
                return expr_takes_text(e, k, j);
    }
    return false;
}

/* Columns that there are, as many as fit. */
static void expr_list_columns(const mlpipe__expr *e, char *out, size_t room)
{
    const mlpipe__plan *plan = e->plan;
    size_t size = 0;
    uint32_t shown = 0;

    for (uint32_t i = 0; i < plan->var_count; i++) {
        const char *name = plan->vars[i].name;
        if (!name[0] || strlen(name) > COLUMN_SHOWN)
            continue;
        if (shown == COLUMN_LISTED || size + strlen(name) + 8 > room) {
            mlpipe__format(out + size, room - size, ", ...");
            return;
        }
        size += mlpipe__format(out + size, room - size, "%s%s",
                               shown++ ? ", " : "the columns are ", name);
    }
}

static void expr_column_help(mlpipe__expr *e, const mlpipe__expr_node *n,
                             char *out, size_t room)
{
    const char *name = mlpipe__expr_text(e, n->text);
    const uint32_t f = mlpipe__expr_function_find(name, n->bytes);
    const char *near = expr_near_column(e, name, n->bytes);
    const bool quotes = n->bytes <= COLUMN_SHOWN && expr_beside_text(e, n);

    if (near && quotes)
        mlpipe__format(out, room,
                       "did you mean %q? A text is written in quotes: \"%s\"",
                       near, name);
    else if (near)
        mlpipe__format(out, room,
                       expr_plain(near)
                           ? "did you mean %q?"
                           : "did you mean %q? It is written in backticks",
                       near);
    else if (quotes)
        mlpipe__format(out, room, "a text is written in quotes: \"%s\"",
                       name);
    else if (f != EXPR_NONE)
        mlpipe__format(out, room, "a call has brackets: %s",
                       mlpipe__expr_function_at(f)->doc);
    else
        expr_list_columns(e, out, room);
}

void mlpipe__expr_unquote(const mlpipe__expr *e, uint32_t a, char *out,
                          size_t room)
{
    const mlpipe__expr_value *v = &e->values[a];
    const char *name = v->kind == EXPR_V_TEXT ? mlpipe__expr_text(e, v->text)
                                              : "";

    if (!name[0] || v->bytes > COLUMN_SHOWN ||
        mlpipe__plan_find(e->plan, name) < 0)
        return;
    mlpipe__format(out, room,
                   expr_plain(name)
                       ? "%q is a column: write it without quotes"
                       : "%q is a column: write it in backticks",
                   name);
}

static uint32_t expr_unknown_column(mlpipe__expr *e,
                                    const mlpipe__expr_node *n)
{
    const char *name = mlpipe__expr_text(e, n->text);
    const char *near = expr_hyphenated(e, n);
    char help[320] = "";

    if (near && strlen(near) <= COLUMN_SHOWN)
        mlpipe__format(help, sizeof help,
                       "the column %q is written `%s`, in backticks", near,
                       near);
    else
        expr_column_help(e, n, help, sizeof help);
    mlpipe__expr_error(e, MLPIPE_DETAIL_UNKNOWN_COLUMN, n->at, n->length,
                       help,
                       "there is no column %q%s", name,
                       e->plan->rows ? "" : " at this point of the pipeline");
    if (e->errors == 1 && e->status)
        mlpipe__fail_at(e->ctx, -1, name);
    return 0;
}

/* ---- columns ------------------------------------------------------------ */

static uint32_t expr_column_type(const mlpipe__var *v)
{
    if (v->kind == MLPIPE__CODE)
        return v->type == MLPIPE_TYPE_TEXT ? EXPR_T_FREE : EXPR_T_CATEGORY;
    switch (v->type) {
    case MLPIPE_TYPE_BOOL:
        return EXPR_T_BOOL;
    case MLPIPE_TYPE_TIMESTAMP:
        return EXPR_T_TIME;
    case MLPIPE_TYPE_DURATION:
        return EXPR_T_SPAN;
    default:
        return EXPR_T_NUMBER;
    }
}

uint32_t mlpipe__expr_column(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const int32_t at =
        mlpipe__plan_find(e->plan, mlpipe__expr_text(e, n->text));
    mlpipe__expr_value v = {.kind = EXPR_V_COLUMN};
    const mlpipe__var *var;

    if (at < 0)
        return expr_unknown_column(e, n);
    var = &e->plan->vars[at];
    v.type = (uint8_t)expr_column_type(var);
    v.a = (uint32_t)at;
    v.nullable = var->nullable;
    /* what an op made is finite; an input may be infinite */
    v.finite = var->kind == MLPIPE__CODE ||
               var->reg >= e->plan->program->input_count;
    v.tainted = var->tainted;
    v.origin = var->origin;
    v.codes = var->codes;
    v.dict = var->dict;
    if (v.type == EXPR_T_TIME || v.type == EXPR_T_SPAN)
        v.unit = var->unit ? var->unit : MLPIPE_UNIT_US;
    return mlpipe__expr_value_new(e, &v);
}

uint32_t mlpipe__expr_as_of(mlpipe__expr *e)
{
    const mlpipe__expr_value v = {.kind = EXPR_V_AS_OF,
                                  .type = EXPR_T_TIME,
                                  .unit = MLPIPE_UNIT_US,
                                  .nullable = true,
                                  .finite = true,
                                  .origin = EXPR_NONE};

    return mlpipe__expr_value_new(e, &v);
}
