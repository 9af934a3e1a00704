/* SPDX-License-Identifier: MIT */
/* Types: names, units of times, what goes with what, choices between values. */
#include "expr_internal.h"

const char *mlpipe__expr_type_name(uint32_t type)
{
    static const char *const names[EXPR_T_COUNT] = {
        "error",    "null",      "number", "condition", "time", "duration",
        "category", "free text", "text",   "list"};

    return names[type];
}

bool mlpipe__expr_numeric(uint32_t type)
{
    return type == EXPR_T_NUMBER || type == EXPR_T_BOOL;
}

bool mlpipe__expr_textual(uint32_t type)
{
    return type == EXPR_T_CATEGORY || type == EXPR_T_FREE ||
           type == EXPR_T_TEXT;
}

/* ---- units -------------------------------------------------------------- */

double mlpipe__expr_ticks(int32_t unit)
{
    switch (unit) {
    case MLPIPE_UNIT_S:
        return 1;
    case MLPIPE_UNIT_MS:
        return 1e3;
    case MLPIPE_UNIT_NS:
        return 1e9;
    default:
        return 1e6;
    }
}

/* A constant in a coarser unit, where that is a whole number of it. */
static bool expr_whole(const mlpipe__expr *e, uint32_t a, int32_t unit,
                       double *out)
{
    const mlpipe__expr_value *v = &e->values[a];
    const double by =
        mlpipe__expr_ticks(v->unit) / mlpipe__expr_ticks(unit);

    if (v->kind != EXPR_V_CONST || v->number != v->number || by < 1)
        return false;
    *out = v->number / by;
    return *out == mlpipe__floor(*out) && *out * by == v->number;
}

uint32_t mlpipe__expr_to_unit(mlpipe__expr *e, uint32_t a, int32_t unit)
{
    const mlpipe__expr_value v = e->values[a];
    const double to = mlpipe__expr_ticks(unit);
    const double from = mlpipe__expr_ticks(v.unit);
    double x;

    if (v.type == EXPR_T_ERROR || v.unit == unit)
        return a;
    if (expr_whole(e, a, unit, &x))
        return mlpipe__expr_const(e, x, v.type, unit);
    if (to >= from)
        return mlpipe__expr_pair(
            e, MLPIPE__OP_MUL, a,
            mlpipe__expr_const(e, to / from, EXPR_T_NUMBER, 0), v.type,
            unit);
    return mlpipe__expr_pair(
        e, MLPIPE__OP_DIV, a,
        mlpipe__expr_const(e, from / to, EXPR_T_NUMBER, 0), v.type, unit);
}

/* The unit that both can be in: the finer one, unless the finer value is a
 * constant that the coarser unit holds as well. */
static int32_t expr_unit_of(const mlpipe__expr *e, uint32_t a, uint32_t b)
{
    const int32_t ua = e->values[a].unit, ub = e->values[b].unit;
    const uint32_t fine = mlpipe__expr_ticks(ua) >= mlpipe__expr_ticks(ub)
                              ? a : b;
    const uint32_t coarse = fine == a ? b : a;
    double x;

    if (expr_whole(e, fine, e->values[coarse].unit, &x))
        return e->values[coarse].unit;
    return e->values[fine].unit;
}

int32_t mlpipe__expr_one_unit(mlpipe__expr *e, uint32_t *a, uint32_t *b)
{
    const int32_t unit = expr_unit_of(e, *a, *b);

    *a = mlpipe__expr_to_unit(e, *a, unit);
    *b = mlpipe__expr_to_unit(e, *b, unit);
    return unit;
}

/* ---- what does not go together ------------------------------------------ */

static bool expr_reads_number(const mlpipe__expr *e, uint32_t a)
{
    const mlpipe__expr_value *v = &e->values[a];
    double x;

    return v->kind == EXPR_V_TEXT &&
           mlpipe__parse_f64(mlpipe__expr_text(e, v->text), v->bytes, false,
                             &x);
}

/* Of what is true or false, and no text such as YES. */
static void expr_condition_help(const mlpipe__expr *e, uint32_t a, char *out,
                                size_t room)
{
    const mlpipe__expr_value *v = &e->values[a];
    const char *name = v->kind == EXPR_V_COLUMN ? e->plan->vars[v->a].name
                                                : "";

    if (name[0] && strlen(name) <= 40)
        mlpipe__format(out, room,
                       "%q is true or false: write %s == true, or %s alone",
                       name, name, name);
    else
        mlpipe__format(out, room,
                       "a condition is true or false, not a text");
}

static void expr_mismatch_help(const mlpipe__expr *e, uint32_t a, uint32_t b,
                               char *out, size_t room)
{
    const uint32_t ta = e->values[a].type, tb = e->values[b].type;
    const uint32_t text = mlpipe__expr_textual(ta) ? a : b;
    const mlpipe__expr_value *v = &e->values[text];

    out[0] = 0;
    mlpipe__expr_unquote(e, text, out, room);
    if (out[0])
        return;
    if (mlpipe__expr_textual(v->type) && expr_reads_number(e, text))
        mlpipe__format(out, room, "write %.*s without quotes",
                       (int)v->bytes, mlpipe__expr_text(e, v->text));
    else if (v->type == EXPR_T_TEXT && (ta == EXPR_T_TIME ||
                                        tb == EXPR_T_TIME))
        mlpipe__format(out, room, "write a time as @2026-01-31");
    else if (mlpipe__expr_textual(ta) && mlpipe__expr_textual(tb))
        mlpipe__format(out, room, "concat(...) joins texts");
    else if (v->type == EXPR_T_TEXT && (ta == EXPR_T_BOOL ||
                                        tb == EXPR_T_BOOL))
        expr_condition_help(e, text == a ? b : a, out, room);
    else if (v->type == EXPR_T_TEXT)
        mlpipe__format(out, room, "a number and a text never mix");
    else if (mlpipe__expr_textual(v->type))
        mlpipe__format(out, room, "parse_num(...) reads the number in a text");
    else if (ta == EXPR_T_TIME && tb == EXPR_T_TIME)
        mlpipe__format(out, room, "two times can be subtracted or compared");
    else if (ta == EXPR_T_TIME || tb == EXPR_T_TIME)
        mlpipe__format(out, room,
                       "add a duration such as 5 d, or take year(), "
                       "epoch() of the time");
    else if (ta == EXPR_T_SPAN || tb == EXPR_T_SPAN)
        mlpipe__format(out, room,
                       "write a duration such as 5 d, or divide by one to "
                       "get a number");
    else if (ta == EXPR_T_LIST || tb == EXPR_T_LIST)
        mlpipe__format(out, room, "a list stands only in bucket");
}

static const char *expr_article(uint32_t type)
{
    return type == EXPR_T_NULL || type == EXPR_T_FREE ? "" : "a ";
}

uint32_t mlpipe__expr_mismatch(mlpipe__expr *e, const char *what, size_t at,
                               size_t length, uint32_t a, uint32_t b)
{
    const uint32_t ta = e->values[a].type, tb = e->values[b].type;
    const bool mixed = mlpipe__expr_textual(ta) != mlpipe__expr_textual(tb);
    char help[256];

    if (ta == EXPR_T_ERROR || tb == EXPR_T_ERROR)
        return 0;
    expr_mismatch_help(e, a, b, help, sizeof help);
    mlpipe__expr_error(
        e, mixed ? MLPIPE_DETAIL_TEXT_AND_NUMBER : MLPIPE_DETAIL_TYPE, at,
        length, help, "%s cannot take %s%s and %s%s", what, expr_article(ta),
        mlpipe__expr_type_name(ta), expr_article(tb),
        mlpipe__expr_type_name(tb));
    return 0;
}

uint32_t mlpipe__expr_truth(mlpipe__expr *e, uint32_t a, uint32_t node,
                            const char *what)
{
    const mlpipe__expr_node *n = &e->nodes[node];
    const uint32_t type = e->values[a].type;
    char help[160];

    if (type == EXPR_T_BOOL || type == EXPR_T_ERROR)
        return a;
    if (type == EXPR_T_NULL)
        return mlpipe__expr_null(e, EXPR_T_BOOL, 0);
    mlpipe__format(help, sizeof help,
                   type == EXPR_T_NUMBER
                       ? "nothing is true by itself; compare it, as in "
                         "%.*s != 0"
                       : "compare it with something",
                   n->length < 60 ? (int)n->length : 0, e->text + n->at);
    mlpipe__expr_unquote(e, a, help, sizeof help);
    mlpipe__expr_error(e, MLPIPE_DETAIL_NOT_CONDITION, n->at, n->length,
                       help, "%s needs a condition, and this is a %s", what,
                       mlpipe__expr_type_name(type));
    return 0;
}

/* ---- values of one type ------------------------------------------------- */

/* Types that go together are of one class. */
static uint32_t expr_class(uint32_t type)
{
    return type == EXPR_T_BOOL ? EXPR_T_NUMBER
           : mlpipe__expr_textual(type) ? EXPR_T_TEXT
                                        : type;
}

/* The value that decides the class, or NONE where all are null. */
static uint32_t expr_first_typed(const mlpipe__expr *e,
                                 const uint32_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (e->values[values[i]].type != EXPR_T_NULL)
            return i;
    return EXPR_NONE;
}

static bool expr_agree(mlpipe__expr *e, const uint32_t *values,
                       const uint32_t *nodes, uint32_t count, uint32_t first,
                       const char *what)
{
    const uint32_t want = expr_class(e->values[values[first]].type);

    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__expr_node *n = &e->nodes[nodes[i]];
        const uint32_t type = e->values[values[i]].type;
        if (type == EXPR_T_ERROR)
            return false;
        if (type == EXPR_T_NULL || expr_class(type) == want)
            continue;
        mlpipe__expr_mismatch(e, what, n->at, n->length, values[first],
                              values[i]);
        return false;
    }
    if (want != EXPR_T_LIST)
        return true;
    mlpipe__expr_mismatch(e, what, e->nodes[nodes[first]].at, 1,
                          values[first], values[first]);
    return false;
}

static uint32_t expr_common_type(const mlpipe__expr *e,
                                 const uint32_t *values, uint32_t count,
                                 uint32_t first)
{
    const uint32_t class = expr_class(e->values[values[first]].type);

    for (uint32_t i = 0; i < count && class == EXPR_T_NUMBER; i++)
        if (e->values[values[i]].type == EXPR_T_NUMBER)
            return EXPR_T_NUMBER;
    return class == EXPR_T_NUMBER ? (uint32_t)EXPR_T_BOOL : class;
}

bool mlpipe__expr_common(mlpipe__expr *e, uint32_t *values,
                         const uint32_t *nodes, uint32_t count,
                         const char *what)
{
    const uint32_t first = expr_first_typed(e, values, count);
    uint32_t type;
    int32_t unit;

    if (first == EXPR_NONE)
        return true;
    if (!expr_agree(e, values, nodes, count, first, what))
        return false;
    type = expr_common_type(e, values, count, first);
    if (type == EXPR_T_TEXT)
        return mlpipe__expr_union(e, values, count, e->nodes[nodes[first]].at,
                                  e->nodes[nodes[first]].length);
    unit = e->values[values[first]].unit;
    for (uint32_t i = 0; i < count; i++)
        if (e->values[values[i]].type == type &&
            mlpipe__expr_ticks(e->values[values[i]].unit) >
                mlpipe__expr_ticks(unit))
            unit = e->values[values[i]].unit;
    for (uint32_t i = 0; i < count && !e->stop; i++) {
        const uint32_t from = e->values[values[i]].type;
        if (from == EXPR_T_NULL)
            values[i] = mlpipe__expr_null(e, type, unit);
        else if (type == EXPR_T_TIME || type == EXPR_T_SPAN)
            values[i] = mlpipe__expr_to_unit(e, values[i], unit);
        else
            values[i] = mlpipe__expr_as(e, values[i], type, 0);
    }
    return !e->stop;
}

/* ---- choices ------------------------------------------------------------ */

uint32_t mlpipe__expr_cases(mlpipe__expr *e, const uint32_t *conditions,
                            uint32_t *values, const uint32_t *nodes,
                            uint32_t count, const char *what)
{
    uint32_t result;

    if (!mlpipe__expr_common(e, values, nodes, count + 1, what))
        return 0;
    result = values[count];
    for (uint32_t i = count; i-- > 0;)
        result = mlpipe__expr_select(e, conditions[i], values[i], result);
    return result;
}
