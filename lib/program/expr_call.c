/* SPDX-License-Identifier: MIT */
/* Calls: the types of their arguments, and those of numbers. */
#include "expr_internal.h"

/* ---- arguments ---------------------------------------------------------- */

static const char *expr_wanted(char letter)
{
    switch (letter) {
    case 'k':
        return "a number that is written out";
    case 'm':
        return "a number or duration";
    case 'o':
        return "a number, time or duration";
    case 'b':
        return "a condition";
    case 't':
        return "a time";
    case 'c':
        return "a category or text";
    case 's':
        return "a text in quotes";
    case 'l':
        return "a list in [ ]";
    default:
        return "a number";
    }
}

static bool expr_letter_takes(const mlpipe__expr *e, char letter, uint32_t a)
{
    const mlpipe__expr_value *v = &e->values[a];
    const bool null = v->type == EXPR_T_NULL;

    switch (letter) {
    case 'n':
        return null || mlpipe__expr_numeric(v->type);
    case 'k':
        return v->kind == EXPR_V_CONST && v->type == EXPR_T_NUMBER &&
               v->number == v->number;
    case 'm':
        return null || mlpipe__expr_numeric(v->type) ||
               v->type == EXPR_T_SPAN;
    case 'o':
        return null || mlpipe__expr_numeric(v->type) ||
               v->type == EXPR_T_SPAN || v->type == EXPR_T_TIME;
    case 'b':
        return true; /* told by mlpipe__expr_truth */
    case 't':
        return null || v->type == EXPR_T_TIME;
    case 'c':
        return null || mlpipe__expr_textual(v->type);
    case 's':
        return v->kind == EXPR_V_TEXT;
    case 'l':
        return v->type == EXPR_T_LIST;
    default:
        return v->type != EXPR_T_LIST;
    }
}

static void expr_argument_help(const mlpipe__expr *e, char letter, uint32_t a,
                               char *out, size_t room)
{
    const mlpipe__expr_value *v = &e->values[a];
    double x;

    out[0] = 0;
    mlpipe__expr_unquote(e, a, out, room);
    if (out[0])
        return;
    if (v->kind == EXPR_V_TEXT && letter != 't' &&
        mlpipe__parse_f64(mlpipe__expr_text(e, v->text), v->bytes, false, &x))
        mlpipe__format(out, room, "write %.*s without quotes", (int)v->bytes,
                       mlpipe__expr_text(e, v->text));
    else if (v->kind == EXPR_V_TEXT && letter == 't')
        mlpipe__format(out, room, "write a time as @2026-01-31");
    else if (letter == 't' && mlpipe__expr_textual(v->type))
        mlpipe__format(out, room,
                       "parse_date(...) reads the time in a text");
    else if (mlpipe__expr_textual(v->type) && letter != 's')
        mlpipe__format(out, room, "parse_num(...) reads the number in a "
                                  "text");
    else if (v->type == EXPR_T_TIME && letter != 's')
        mlpipe__format(out, room, "take year(), month() ... epoch() of the "
                                  "time");
    else if (v->type == EXPR_T_SPAN && letter != 's')
        mlpipe__format(out, room, "divide it by a duration such as 1 d");
}

static bool expr_argument_ok(mlpipe__expr *e, const mlpipe__expr_call *c,
                             uint32_t i, char letter)
{
    const mlpipe__expr_node *n = &e->nodes[c->nodes[i]];
    const uint32_t type = e->values[c->args[i]].type;
    const bool constant = letter == 'k' && mlpipe__expr_numeric(type);
    const bool text = letter == 's' && mlpipe__expr_textual(type);
    char help[160];

    if (type == EXPR_T_ERROR)
        return false;
    if (expr_letter_takes(e, letter, c->args[i]))
        return true;
    expr_argument_help(e, letter, c->args[i], help, sizeof help);
    mlpipe__expr_error(
        e, constant || text ? MLPIPE_DETAIL_NOT_CONSTANT
           : mlpipe__expr_textual(type) && letter != 't'
               ? MLPIPE_DETAIL_TEXT_AND_NUMBER
               : MLPIPE_DETAIL_TYPE,
        n->at, n->length, help[0] ? help : c->f->doc,
        "argument %u of %s must be %s, not %s%s", i + 1, c->f->name,
        expr_wanted(letter),
        type == EXPR_T_NULL ? "" : constant || text ? "a computed " : "a ",
        mlpipe__expr_type_name(type));
    return false;
}

/* The word null becomes a number or time where nothing else can stand. */
static uint32_t expr_settle(mlpipe__expr *e, uint32_t a, char letter)
{
    if (e->values[a].type != EXPR_T_NULL)
        return a;
    switch (letter) {
    case 'n':
        return mlpipe__expr_null(e, EXPR_T_NUMBER, 0);
    case 't':
        return mlpipe__expr_null(e, EXPR_T_TIME, MLPIPE_UNIT_US);
    default:
        return a;
    }
}

static uint32_t expr_call_build(mlpipe__expr *e, mlpipe__expr_call *c,
                                uint32_t *args)
{
    const size_t letters = strlen(c->f->types);
    bool ok = true;

    for (uint32_t i = 0; i < c->count; i++) {
        const char letter = c->f->types[i < letters ? i : letters - 1];
        args[i] = e->of_node[c->nodes[i]];
        ok &= expr_argument_ok(e, c, i, letter);
        args[i] = expr_settle(e, args[i], letter);
    }
    return ok && !e->stop ? c->f->build(e, c) : 0;
}

uint32_t mlpipe__expr_call_value(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    uint32_t *args = mlpipe__alloc_array(e->env, n->count, sizeof *args);
    mlpipe__expr_call c = {.f = mlpipe__expr_function_at(n->which),
                           .node = n,
                           .args = args,
                           .nodes = e->kids + n->kids,
                           .count = n->count,
                           .named = EXPR_NONE};
    uint32_t value = 0;

    if (!args) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    if (n->named != EXPR_NONE)
        c.named = e->of_node[n->named];
    value = expr_call_build(e, &c, args);
    mlpipe__free(e->env, args);
    return value;
}

/* ---- of numbers --------------------------------------------------------- */

EXPR_BUILD(one)
{
    return mlpipe__expr_one(e, c->f->op, c->args[0], c->f->gives);
}

EXPR_BUILD(pair)
{
    return mlpipe__expr_pair(e, c->f->op, c->args[0], c->args[1], c->f->gives,
                             0);
}

EXPR_BUILD(operator)
{
    return mlpipe__expr_arithmetic(e, c->f->op, c->args[0], c->args[1],
                                   c->node->at, c->node->length);
}

EXPR_BUILD(abs)
{
    const uint32_t a = c->args[0];
    const bool span = e->values[a].type == EXPR_T_SPAN;

    return mlpipe__expr_one_with(e, MLPIPE__OP_ABS, a, NULL, 0,
                                 span ? EXPR_T_SPAN : EXPR_T_NUMBER,
                                 e->values[a].unit);
}

EXPR_BUILD(round)
{
    const double digits = c->count > 1 ? e->values[c->args[1]].number : 0;

    if (!(digits >= -15 && digits <= 15 &&
          digits == mlpipe__floor(digits))) {
        const mlpipe__expr_node *n = &e->nodes[c->nodes[1]];
        mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, n->at, n->length, "",
                           "digits are an integer from -15 to 15, not %g",
                           digits);
        return 0;
    }
    return mlpipe__expr_one_with(e, MLPIPE__OP_ROUND, c->args[0], &digits, 1,
                                 EXPR_T_NUMBER, 0);
}

/* min(max(x, low), high), in one op where the bounds are written out. */
EXPR_BUILD(clamp)
{
    uint32_t v[3] = {c->args[0], c->args[1], c->args[2]};
    double bounds[2];
    uint32_t type;

    if (!mlpipe__expr_common(e, v, c->nodes, 3, "clamp"))
        return 0;
    type = e->values[v[0]].type;
    if (type == EXPR_T_NULL)
        return v[0];
    bounds[0] = e->values[v[1]].number;
    bounds[1] = e->values[v[2]].number;
    if (!mlpipe__expr_is_const(e, v[1]) || !mlpipe__expr_is_const(e, v[2]) ||
        bounds[0] != bounds[0] || bounds[1] != bounds[1]) {
        const uint32_t low = mlpipe__expr_pair(e, MLPIPE__OP_MAX, v[0], v[1],
                                               type, e->values[v[0]].unit);
        return mlpipe__expr_pair(e, MLPIPE__OP_MIN, low, v[2], type,
                                 e->values[v[0]].unit);
    }
    if (bounds[0] > bounds[1]) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, c->node->at,
                           c->node->length, c->f->doc,
                           "the lower bound of clamp is above its upper one");
        return 0;
    }
    return mlpipe__expr_one_with(e, MLPIPE__OP_CLAMP, v[0], bounds, 2, type,
                                 e->values[v[0]].unit);
}

/* A copy of the arguments; NULL: told. */
static uint32_t *expr_copy_args(mlpipe__expr *e, const mlpipe__expr_call *c)
{
    uint32_t *v = mlpipe__alloc_array(e->env, c->count, sizeof *v);

    if (!v)
        mlpipe__expr_nomem(e);
    else
        memcpy(v, c->args, c->count * sizeof *v);
    return v;
}

EXPR_BUILD(extreme)
{
    uint32_t *v = expr_copy_args(e, c);
    uint32_t result = 0;

    if (v && mlpipe__expr_common(e, v, c->nodes, c->count, c->f->name)) {
        result = v[0];
        for (uint32_t i = 1; i < c->count; i++)
            result = e->values[v[0]].type == EXPR_T_NULL
                         ? v[0]
                         : mlpipe__expr_pair(e, c->f->op, result, v[i],
                                             e->values[v[0]].type,
                                             e->values[v[0]].unit);
    }
    mlpipe__free(e->env, v);
    return result;
}

EXPR_BUILD(coalesce)
{
    uint32_t *v = expr_copy_args(e, c);
    uint32_t result = 0;

    if (v && mlpipe__expr_common(e, v, c->nodes, c->count, c->f->name)) {
        const bool code = e->values[v[0]].type == EXPR_T_CATEGORY;
        result = v[c->count - 1];
        for (uint32_t i = c->count - 1; i-- > 0;)
            result = mlpipe__expr_pair(
                e, code ? MLPIPE__OP_COALESCE_CODE : MLPIPE__OP_COALESCE,
                v[i], result, e->values[v[0]].type, e->values[v[0]].unit);
    }
    mlpipe__free(e->env, v);
    return result;
}

EXPR_BUILD(nullif)
{
    const uint32_t same =
        mlpipe__expr_compare(e, EXPR_O_EQ, c->args[0], c->args[1],
                             c->node->at, c->node->length);
    uint32_t v[2] = {mlpipe__expr_null(e, EXPR_T_NULL, 0), c->args[0]};
    uint32_t both[2] = {c->args[0], c->args[1]};
    const uint32_t nodes[2] = {c->nodes[0], c->nodes[0]};

    if (same && e->values[c->args[0]].type == EXPR_T_NULL)
        return mlpipe__expr_common(e, both, c->nodes, 2, "nullif") ? both[0]
                                                                   : 0;
    return same ? mlpipe__expr_cases(e, &same, v, nodes, 1, "nullif") : 0;
}

EXPR_BUILD(is_null)
{
    return mlpipe__expr_is_missing(e, c->args[0]);
}

EXPR_BUILD(log)
{
    const uint32_t x = c->args[0];
    uint32_t base;

    if (c->count == 1)
        return mlpipe__expr_one(e, MLPIPE__OP_LOG, x, EXPR_T_NUMBER);
    base = c->args[1];
    if (mlpipe__expr_is_const(e, base) && e->values[base].number == 2)
        return mlpipe__expr_one(e, MLPIPE__OP_LOG2, x, EXPR_T_NUMBER);
    if (mlpipe__expr_is_const(e, base) && e->values[base].number == 10)
        return mlpipe__expr_one(e, MLPIPE__OP_LOG10, x, EXPR_T_NUMBER);
    return mlpipe__expr_pair(
        e, MLPIPE__OP_DIV, mlpipe__expr_one(e, MLPIPE__OP_LOG, x,
                                            EXPR_T_NUMBER),
        mlpipe__expr_one(e, MLPIPE__OP_LOG, base, EXPR_T_NUMBER),
        EXPR_T_NUMBER, 0);
}

EXPR_BUILD(logit)
{
    const uint32_t one = mlpipe__expr_const(e, 1, EXPR_T_NUMBER, 0);
    const uint32_t rest = mlpipe__expr_pair(e, MLPIPE__OP_SUB, one,
                                            c->args[0], EXPR_T_NUMBER, 0);

    return mlpipe__expr_one(e, MLPIPE__OP_LOG,
                            mlpipe__expr_pair(e, MLPIPE__OP_DIV, c->args[0],
                                              rest, EXPR_T_NUMBER, 0),
                            EXPR_T_NUMBER);
}

/* The division sees null in place of 0, so that nothing is counted. */
EXPR_BUILD(div)
{
    const uint32_t a = c->args[0], b = c->args[1];
    const uint32_t zero = mlpipe__expr_const(e, 0, EXPR_T_NUMBER, 0);
    const uint32_t by = mlpipe__expr_pair(e, MLPIPE__OP_NULL_IF, b, zero,
                                          EXPR_T_NUMBER, 0);
    const uint32_t there = mlpipe__expr_one(
        e, MLPIPE__OP_NOT, mlpipe__expr_is_missing(e, a), EXPR_T_BOOL);
    const uint32_t is_zero = mlpipe__expr_pair(
        e, MLPIPE__OP_AND,
        mlpipe__expr_pair(e, MLPIPE__OP_EQ, b, zero, EXPR_T_BOOL, 0), there,
        EXPR_T_BOOL, 0);

    return mlpipe__expr_select(
        e, is_zero, mlpipe__expr_as(e, c->args[2], EXPR_T_NUMBER, 0),
        mlpipe__expr_pair(e, MLPIPE__OP_DIV, a, by, EXPR_T_NUMBER, 0));
}

EXPR_BUILD(cycle)
{
    const mlpipe__expr_value of = e->values[c->args[0]];
    uint32_t period = c->args[1], turns;

    if (e->values[period].type == EXPR_T_NULL && of.type == EXPR_T_SPAN)
        period = mlpipe__expr_null(e, of.type, of.unit);
    turns = mlpipe__expr_arithmetic(e, EXPR_O_DIV, c->args[0], period,
                                    c->node->at, c->node->length);
    if (e->values[turns].type != EXPR_T_NUMBER) {
        if (turns)
            mlpipe__expr_error(e, MLPIPE_DETAIL_TYPE, c->node->at,
                               c->node->length, c->f->doc,
                               "the period of %s is of another type than "
                               "its value",
                               c->f->name);
        return 0;
    }
    return mlpipe__expr_one(e, c->f->op, turns, EXPR_T_NUMBER);
}
