/* SPDX-License-Identifier: MIT */
/* Nodes of operands: literals, names, brackets, calls, let, case. */
#include "expr_internal.h"

static uint32_t expr_leaf(mlpipe__expr *e, uint32_t kind)
{
    const mlpipe__expr_token t = e->token;
    const uint32_t node = mlpipe__expr_node_new(e, kind, t.at);

    if (node == EXPR_NONE)
        return node;
    e->nodes[node].length = t.length;
    e->nodes[node].number = t.number;
    e->nodes[node].text = t.text;
    e->nodes[node].bytes = t.bytes;
    mlpipe__expr_next(e);
    return node;
}

/* What is missing here; the token is what stands in its place. */
static uint32_t expr_missing(mlpipe__expr *e)
{
    const mlpipe__expr_token *t = &e->token;
    const char *help = "";

    if (t->kind == EXPR_BAD)
        return EXPR_NONE;
    if (mlpipe__expr_is_sign(e, "["))
        help = "a list stands only among the arguments of bucket";
    else if (mlpipe__expr_is_sign(e, "+"))
        help = "a sign + before a number is left out";
    if (t->kind == EXPR_END)
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, t->at, 0, help,
                           "the text ends where a value must stand");
    else
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, t->at, t->length, help,
                           "a value must stand here in place of %.*q",
                           (int)t->length, e->text + t->at);
    return EXPR_NONE;
}

/* ---- brackets and calls ------------------------------------------------- */

/* Told at the bracket that opened, where the text ends inside of it. */
static bool expr_close(mlpipe__expr *e, const char *sign, size_t open,
                       const char *message)
{
    if (e->token.kind != EXPR_END)
        return mlpipe__expr_expect(e, sign, message, "");
    mlpipe__expr_error(e, MLPIPE_DETAIL_UNCLOSED, open, 1, "",
                       "this %c has no closing one", e->text[open]);
    return false;
}

static uint32_t expr_bracket(mlpipe__expr *e)
{
    const size_t open = e->token.at;
    const bool no_in = e->no_in;
    uint32_t node;

    e->no_in = false;
    mlpipe__expr_next(e);
    node = mlpipe__expr_parse_level(e, 1);
    e->no_in = no_in;
    if (node == EXPR_NONE ||
        !expr_close(e, ")", open, "an operator or ) must stand here"))
        return EXPR_NONE;
    return node;
}

/* [a, b, c] as an argument */
static uint32_t expr_list(mlpipe__expr *e)
{
    const size_t open = e->token.at;
    const uint32_t from = e->pushed_count;
    uint32_t node;

    mlpipe__expr_next(e);
    for (bool more = !mlpipe__expr_is_sign(e, "]"); more;) {
        const uint32_t item = mlpipe__expr_parse_level(e, 1);
        if (item == EXPR_NONE)
            return item;
        mlpipe__expr_push(e, item);
        more = mlpipe__expr_is_sign(e, ",");
        if (more)
            mlpipe__expr_next(e);
    }
    if (!expr_close(e, "]", open, "a comma or ] must stand here"))
        return EXPR_NONE;
    node = mlpipe__expr_node_new(e, EXPR_N_LIST, open);
    mlpipe__expr_node_take(e, node, from);
    return node;
}

static bool expr_argument(mlpipe__expr *e, const mlpipe__expr_function *f,
                          uint32_t *named)
{
    const bool name = f && f->named && mlpipe__expr_is_word(e, f->named) &&
                      mlpipe__expr_follows(e, '=');
    uint32_t node;

    if (name && *named != EXPR_NONE) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_DUPLICATE, e->token.at,
                           e->token.length, f->doc,
                           "%s of %s is given twice", f->named, f->name);
        return false;
    }
    if (name) {
        mlpipe__expr_next(e);
        mlpipe__expr_next(e);
    }
    node = mlpipe__expr_is_sign(e, "[") ? expr_list(e)
                                        : mlpipe__expr_parse_level(e, 1);
    if (node == EXPR_NONE)
        return false;
    if (name)
        *named = node;
    else
        mlpipe__expr_push(e, node);
    return true;
}

/* The arguments up to ), pushed. */
static bool expr_arguments(mlpipe__expr *e, const mlpipe__expr_function *f,
                           uint32_t *named)
{
    const size_t open = e->token.at;
    const bool no_in = e->no_in;
    bool ok = true;

    e->no_in = false;
    mlpipe__expr_next(e);
    for (bool more = !mlpipe__expr_is_sign(e, ")"); more;) {
        ok = expr_argument(e, f, named);
        more = ok && mlpipe__expr_is_sign(e, ",");
        if (more)
            mlpipe__expr_next(e);
    }
    e->no_in = no_in;
    return ok && expr_close(e, ")", open, "a comma or ) must stand here");
}

static void expr_count_error(mlpipe__expr *e, const mlpipe__expr_node *n,
                             const mlpipe__expr_function *f)
{
    char takes[48];

    if (f->high == f->low)
        mlpipe__format(takes, sizeof takes, "%u", f->low);
    else if (f->high == 255)
        mlpipe__format(takes, sizeof takes, "%u or more", f->low);
    else
        mlpipe__format(takes, sizeof takes, "%u to %u", f->low, f->high);
    mlpipe__expr_error(e, MLPIPE_DETAIL_ARGUMENTS, n->at, n->length, f->doc,
                       "%s takes %s argument%s, not %u", f->name, takes,
                       f->low == 1 && f->high == 1 ? "" : "s", n->count);
}

static void expr_unknown_function(mlpipe__expr *e,
                                  const mlpipe__expr_token *t)
{
    const char *name = mlpipe__expr_text(e, t->text);
    const char *near = mlpipe__expr_function_near(name, t->bytes);
    const char *foreign = mlpipe__expr_foreign(e, t->at, t->length);
    char help[96] = "";

    if (foreign)
        mlpipe__format(help, sizeof help, "%s", foreign);
    else if (near)
        mlpipe__format(help, sizeof help, "did you mean %s(...)?", near);
    mlpipe__expr_error(e, MLPIPE_DETAIL_UNKNOWN_FUNCTION, t->at, t->length,
                       help, "there is no function %q", name);
}

static uint32_t expr_call(mlpipe__expr *e)
{
    const mlpipe__expr_token t = e->token;
    const uint32_t which = mlpipe__expr_function_find(
        mlpipe__expr_text(e, t.text), t.bytes);
    const mlpipe__expr_function *f = mlpipe__expr_function_at(which);
    const uint32_t from = e->pushed_count;
    uint32_t node, named = EXPR_NONE;
    mlpipe__expr_node *n;

    if (!f)
        expr_unknown_function(e, &t);
    mlpipe__expr_next(e);
    if (!expr_arguments(e, f, &named))
        return EXPR_NONE;
    node = mlpipe__expr_node_new(e, f ? EXPR_N_CALL : EXPR_N_ERROR, t.at);
    mlpipe__expr_node_take(e, node, from);
    if (node == EXPR_NONE || !f)
        return node;
    n = &e->nodes[node];
    n->which = (uint16_t)which;
    n->named = named;
    if (n->count < f->low || (n->count > f->high && f->high != 255)) {
        expr_count_error(e, n, f);
        n->kind = EXPR_N_ERROR;
    }
    return node;
}

/* ---- let and case ------------------------------------------------------- */

static bool expr_binding(mlpipe__expr *e)
{
    const mlpipe__expr_token t = e->token;
    uint32_t node;

    if (t.kind == EXPR_BAD)
        return false;
    if ((t.kind != EXPR_NAME && t.kind != EXPR_QUOTED) ||
        !mlpipe__expr_follows(e, '=') ||
        (t.kind == EXPR_NAME &&
         mlpipe__expr_reserved(mlpipe__expr_text(e, t.text), t.bytes))) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, t.at, t.length,
                           "write let a = ..., b = ... in ...",
                           "a name and = must stand behind let");
        return false;
    }
    mlpipe__expr_next(e);
    mlpipe__expr_next(e);
    node = mlpipe__expr_parse_level(e, 1);
    if (node == EXPR_NONE ||
        !mlpipe__expr_room(e, &e->scope, e->scope_count, 1, &e->scope_room,
                           sizeof *e->scope))
        return false;
    e->scope[e->scope_count++] =
        (mlpipe__expr_scope){t.text, t.bytes, node};
    return true;
}

static uint32_t expr_let(mlpipe__expr *e)
{
    const uint32_t scope = e->scope_count;
    const bool no_in = e->no_in;
    uint32_t node = EXPR_NONE;
    bool ok;

    e->no_in = true;
    do {
        mlpipe__expr_next(e); /* let, or the comma */
        ok = expr_binding(e);
    } while (ok && mlpipe__expr_is_sign(e, ","));
    e->no_in = no_in;
    if (ok && !mlpipe__expr_is_word(e, "in")) {
        ok = mlpipe__expr_unexpected(e, "write let a = ..., b = ... in ...",
                                     "a comma or in must stand here");
    }
    if (ok) {
        mlpipe__expr_next(e);
        node = mlpipe__expr_parse_level(e, 1);
    }
    e->scope_count = scope;
    return node;
}

static bool expr_word(mlpipe__expr *e, const char *word)
{
    if (mlpipe__expr_is_word(e, word)) {
        mlpipe__expr_next(e);
        return true;
    }
    char message[64];
    mlpipe__format(message, sizeof message, "%s must stand here", word);
    return mlpipe__expr_unexpected(e, "write case when c then x else y end",
                                   message);
}

static bool expr_push_level(mlpipe__expr *e)
{
    const uint32_t node = mlpipe__expr_parse_level(e, 1);

    if (node != EXPR_NONE)
        mlpipe__expr_push(e, node);
    return node != EXPR_NONE;
}

static uint32_t expr_case(mlpipe__expr *e)
{
    const size_t at = e->token.at;
    const uint32_t from = e->pushed_count;
    const bool no_in = e->no_in;
    bool ok;
    uint32_t node;

    e->no_in = false;
    mlpipe__expr_next(e);
    do
        ok = expr_word(e, "when") && expr_push_level(e) &&
             expr_word(e, "then") && expr_push_level(e);
    while (ok && mlpipe__expr_is_word(e, "when"));
    if (ok && mlpipe__expr_is_word(e, "else")) {
        mlpipe__expr_next(e);
        ok = expr_push_level(e);
    }
    ok = ok && expr_word(e, "end");
    e->no_in = no_in;
    if (!ok)
        return EXPR_NONE;
    node = mlpipe__expr_node_new(e, EXPR_N_CASE, at);
    mlpipe__expr_node_take(e, node, from);
    return node;
}

/* ---- names -------------------------------------------------------------- */

static uint32_t expr_name(mlpipe__expr *e)
{
    const mlpipe__expr_token t = e->token;
    const char *name = mlpipe__expr_text(e, t.text);

    for (uint32_t i = e->scope_count; i-- > 0;) {
        const mlpipe__expr_scope *s = &e->scope[i];
        if (s->bytes != t.bytes ||
            memcmp(mlpipe__expr_text(e, s->text), name, t.bytes))
            continue;
        const uint32_t to = s->node;
        const uint32_t node =
            expr_leaf(e, to == EXPR_NONE ? EXPR_N_ERROR : EXPR_N_REF);
        if (node != EXPR_NONE)
            e->nodes[node].kids = to;
        return node;
    }
    return expr_leaf(e, EXPR_N_COLUMN);
}

static uint32_t expr_bare(mlpipe__expr *e)
{
    if (mlpipe__expr_is_word(e, "true") || mlpipe__expr_is_word(e, "false")) {
        e->token.number = mlpipe__expr_is_word(e, "true");
        return expr_leaf(e, EXPR_N_BOOL);
    }
    if (mlpipe__expr_is_word(e, "null"))
        return expr_leaf(e, EXPR_N_NULL);
    if (mlpipe__expr_is_word(e, "as_of"))
        return expr_leaf(e, EXPR_N_AS_OF);
    if (mlpipe__expr_is_word(e, "let"))
        return expr_let(e);
    if (mlpipe__expr_is_word(e, "case"))
        return expr_case(e);
    if (mlpipe__expr_reserved(mlpipe__expr_text(e, e->token.text),
                              e->token.bytes))
        return expr_missing(e);
    if (!mlpipe__expr_follows(e, '('))
        return expr_name(e);
    return expr_call(e);
}

uint32_t mlpipe__expr_operand(mlpipe__expr *e)
{
    if (e->stop)
        return EXPR_NONE;
    switch (e->token.kind) {
    case EXPR_NUMBER:
        return expr_leaf(e, EXPR_N_NUMBER);
    case EXPR_DURATION:
        return expr_leaf(e, EXPR_N_DURATION);
    case EXPR_TIME:
        return expr_leaf(e, EXPR_N_TIME);
    case EXPR_TEXT:
        return expr_leaf(e, EXPR_N_TEXT);
    case EXPR_QUOTED:
        return expr_name(e);
    case EXPR_NAME:
        return expr_bare(e);
    default:
        return mlpipe__expr_is_sign(e, "(") ? expr_bracket(e)
                                            : expr_missing(e);
    }
}
