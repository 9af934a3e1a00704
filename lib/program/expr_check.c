/* SPDX-License-Identifier: MIT */
/*
 * Nodes to values, in their order: kids come before their parents, so that
 * one loop does it.
 */
#include "expr_internal.h"

static const char *const expr_signs[EXPR_O_COUNT] = {
    "or", "and", "<", "<=", ">", ">=", "==", "!=",
    "+",  "-",   "*", "/",  "//", "%", "**"};

/* ---- arithmetic --------------------------------------------------------- */

/* The word null alone is a number where nothing else is asked of it. */
static uint32_t expr_number_of(mlpipe__expr *e, uint32_t a)
{
    return e->values[a].type == EXPR_T_NULL
               ? mlpipe__expr_null(e, EXPR_T_NUMBER, 0) : a;
}

/* The type that the word null has beside a time or duration: one that the
 * operator takes there, and a duration where two are. */
static uint32_t expr_null_type(uint32_t op, uint32_t other, bool left)
{
    const bool sum = op == EXPR_O_ADD || op == EXPR_O_SUB;

    if (other == EXPR_T_TIME && sum)
        return left && op == EXPR_O_SUB ? EXPR_T_TIME : EXPR_T_SPAN;
    if (other == EXPR_T_SPAN &&
        (sum || op == EXPR_O_FLOOR_DIV || op == EXPR_O_MOD ||
         (op == EXPR_O_DIV && left)))
        return EXPR_T_SPAN;
    return EXPR_T_NUMBER;
}

/* Only the word null takes a type from the other side: a value that is null
 * keeps the one it has, so that a mistake in types is told all the same. */
static uint32_t expr_adopt(mlpipe__expr *e, uint32_t op, uint32_t a,
                           uint32_t other, bool left)
{
    uint32_t type;

    if (e->values[a].type != EXPR_T_NULL)
        return a;
    type = expr_null_type(op, e->values[other].type, left);
    return mlpipe__expr_null(
        e, type, type == EXPR_T_NUMBER ? 0 : e->values[other].unit);
}

static uint32_t expr_time_sum(mlpipe__expr *e, uint32_t op, uint32_t a,
                              uint32_t b, size_t at, size_t length)
{
    const uint32_t ta = e->values[a].type, tb = e->values[b].type;
    const uint32_t from = a, with = b;
    uint32_t type;
    int32_t unit;

    if (ta == EXPR_T_SPAN && tb == EXPR_T_SPAN)
        type = EXPR_T_SPAN;
    else if (ta == EXPR_T_TIME && tb == EXPR_T_SPAN)
        type = EXPR_T_TIME;
    else if (ta == EXPR_T_SPAN && tb == EXPR_T_TIME && op == EXPR_O_ADD)
        type = EXPR_T_TIME;
    else if (ta == EXPR_T_TIME && tb == EXPR_T_TIME && op == EXPR_O_SUB)
        type = EXPR_T_SPAN;
    else
        return mlpipe__expr_mismatch(e, expr_signs[op], at, length, from,
                                     with);
    unit = mlpipe__expr_one_unit(e, &a, &b);
    return mlpipe__expr_pair(
        e, op == EXPR_O_ADD ? MLPIPE__OP_ADD : MLPIPE__OP_SUB, a, b, type,
        unit);
}

/* Of durations: times and by a number; by a duration it is a number. */
static uint32_t expr_time_product(mlpipe__expr *e, uint32_t op, uint16_t code,
                                  uint32_t a, uint32_t b, size_t at,
                                  size_t length)
{
    const uint32_t ta = e->values[a].type, tb = e->values[b].type;
    const bool scales =
        ta == EXPR_T_SPAN && mlpipe__expr_numeric(tb) &&
        (op == EXPR_O_MUL || op == EXPR_O_DIV);
    const bool scaled = tb == EXPR_T_SPAN && mlpipe__expr_numeric(ta) &&
                        op == EXPR_O_MUL;

    if (scales || scaled)
        return mlpipe__expr_pair(e, code, a, b, EXPR_T_SPAN,
                                 e->values[scales ? a : b].unit);
    if (ta == EXPR_T_SPAN && tb == EXPR_T_SPAN &&
        (op == EXPR_O_DIV || op == EXPR_O_FLOOR_DIV || op == EXPR_O_MOD)) {
        const int32_t unit = mlpipe__expr_one_unit(e, &a, &b);
        const bool rest = op == EXPR_O_MOD;
        return mlpipe__expr_pair(e, code, a, b,
                                 rest ? EXPR_T_SPAN : EXPR_T_NUMBER,
                                 rest ? unit : 0);
    }
    return mlpipe__expr_mismatch(e, expr_signs[op], at, length, a, b);
}

uint32_t mlpipe__expr_arithmetic(mlpipe__expr *e, uint32_t op, uint32_t a,
                                 uint32_t b, size_t at, size_t length)
{
    static const uint16_t codes[] = {
        MLPIPE__OP_ADD, MLPIPE__OP_SUB,       MLPIPE__OP_MUL,
        MLPIPE__OP_DIV, MLPIPE__OP_FLOOR_DIV, MLPIPE__OP_MOD,
        MLPIPE__OP_POW};
    const uint16_t code = codes[op - EXPR_O_ADD];
    uint32_t ta, tb;

    a = expr_adopt(e, op, a, b, true);
    b = expr_adopt(e, op, b, a, false);
    ta = e->values[a].type;
    tb = e->values[b].type;
    if (ta == EXPR_T_ERROR || tb == EXPR_T_ERROR)
        return 0;
    if (mlpipe__expr_numeric(ta) && mlpipe__expr_numeric(tb))
        return mlpipe__expr_pair(e, code, a, b, EXPR_T_NUMBER, 0);
    if (op == EXPR_O_ADD || op == EXPR_O_SUB)
        return expr_time_sum(e, op, a, b, at, length);
    return expr_time_product(e, op, code, a, b, at, length);
}

/* ---- comparisons -------------------------------------------------------- */

static uint32_t expr_order(mlpipe__expr *e, uint32_t op, uint32_t a,
                           uint32_t b)
{
    static const uint16_t codes[] = {MLPIPE__OP_LT, MLPIPE__OP_LE,
                                     MLPIPE__OP_LT, MLPIPE__OP_LE,
                                     MLPIPE__OP_EQ, MLPIPE__OP_NE};
    const bool swap = op == EXPR_O_GT || op == EXPR_O_GE;

    return mlpipe__expr_pair(e, codes[op - EXPR_O_LT], swap ? b : a,
                             swap ? a : b, EXPR_T_BOOL, 0);
}

static uint32_t expr_compare_text(mlpipe__expr *e, uint32_t op, uint32_t a,
                                  uint32_t b, size_t at, size_t length)
{
    uint32_t same;

    if (op != EXPR_O_EQ && op != EXPR_O_NE) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_TYPE, at, length,
                           "they are equal or not: use ==, != or in",
                           "texts and categories have no order for %s",
                           expr_signs[op]);
        return 0;
    }
    same = mlpipe__expr_same_text(e, a, b, at, length);
    return op == EXPR_O_EQ || !same
               ? same : mlpipe__expr_one(e, MLPIPE__OP_NOT, same,
                                         EXPR_T_BOOL);
}

uint32_t mlpipe__expr_compare(mlpipe__expr *e, uint32_t op, uint32_t a,
                              uint32_t b, size_t at, size_t length)
{
    const uint32_t ta = e->values[a].type, tb = e->values[b].type;

    if (ta == EXPR_T_ERROR || tb == EXPR_T_ERROR)
        return 0;
    if (ta == EXPR_T_NULL || tb == EXPR_T_NULL) {
        mlpipe__expr_lint(e, MLPIPE_DETAIL_LINT_NULL, at, length,
                          "use is null or is not null",
                          "a comparison with null is always null");
        return mlpipe__expr_null(e, EXPR_T_BOOL, 0);
    }
    if (mlpipe__expr_numeric(ta) && mlpipe__expr_numeric(tb))
        return expr_order(e, op, a, b);
    if (mlpipe__expr_textual(ta) && mlpipe__expr_textual(tb))
        return expr_compare_text(e, op, a, b, at, length);
    if (ta != tb || (ta != EXPR_T_TIME && ta != EXPR_T_SPAN))
        return mlpipe__expr_mismatch(e, expr_signs[op], at, length, a, b);
    mlpipe__expr_one_unit(e, &a, &b);
    return expr_order(e, op, a, b);
}

/* ---- lints of literals -------------------------------------------------- */

/* A year written out beside a column ages from the day of the fit. */
static void expr_lint_year(mlpipe__expr *e, const mlpipe__expr_node *n,
                           uint32_t literal, uint32_t other)
{
    const mlpipe__expr_node *k = &e->nodes[literal];
    const int32_t year = e->plan->fit_year;

    if (!year || k->kind != EXPR_N_NUMBER || k->length != 4 ||
        k->number < year - 3 || k->number > year + 3 ||
        k->number != mlpipe__floor(k->number) ||
        e->values[e->of_node[other]].origin == EXPR_NONE ||
        !mlpipe__expr_numeric(e->values[e->of_node[other]].type))
        return;
    mlpipe__expr_lint(e, MLPIPE_DETAIL_LINT_YEAR, k->at, k->length,
                      "use year(as_of)", "%.*s ages silently",
                      n->length < 80 ? (int)n->length : 4,
                      e->text + (n->length < 80 ? n->at : k->at));
}

static void expr_lint_condition(mlpipe__expr *e, uint32_t value,
                                uint32_t node)
{
    const mlpipe__expr_value *v = &e->values[value];
    const mlpipe__expr_node *n = &e->nodes[node];

    if (v->kind == EXPR_V_CONST && v->type == EXPR_T_BOOL &&
        n->kind != EXPR_N_BOOL && n->kind != EXPR_N_NULL)
        mlpipe__expr_lint(e, MLPIPE_DETAIL_LINT_CONSTANT, n->at, n->length,
                          "", "this condition is always %s",
                          v->number != v->number ? "null"
                          : v->number != 0       ? "true"
                                                 : "false");
}

/* ---- nodes -------------------------------------------------------------- */

static uint32_t expr_kid(const mlpipe__expr *e, const mlpipe__expr_node *n,
                         uint32_t i)
{
    return e->kids[n->kids + i];
}

static uint32_t expr_kid_value(const mlpipe__expr *e,
                               const mlpipe__expr_node *n, uint32_t i)
{
    return e->of_node[expr_kid(e, n, i)];
}

static uint32_t expr_binary(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    uint32_t a = expr_kid_value(e, n, 0), b = expr_kid_value(e, n, 1);
    const size_t length = strlen(expr_signs[n->which]);

    if (n->which <= EXPR_O_AND) {
        const char *what = expr_signs[n->which];
        a = mlpipe__expr_truth(e, a, expr_kid(e, n, 0), what);
        b = mlpipe__expr_truth(e, b, expr_kid(e, n, 1), what);
        return mlpipe__expr_pair(
            e, n->which == EXPR_O_AND ? MLPIPE__OP_AND : MLPIPE__OP_OR, a, b,
            EXPR_T_BOOL, 0);
    }
    if (n->which <= EXPR_O_NE)
        return mlpipe__expr_compare(e, n->which, a, b, n->sign, length);
    if (n->which == EXPR_O_ADD || n->which == EXPR_O_SUB) {
        expr_lint_year(e, n, expr_kid(e, n, 0), expr_kid(e, n, 1));
        expr_lint_year(e, n, expr_kid(e, n, 1), expr_kid(e, n, 0));
    }
    return mlpipe__expr_arithmetic(e, n->which, a, b, n->sign, length);
}

static uint32_t expr_negate(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const uint32_t a = expr_number_of(e, expr_kid_value(e, n, 0));
    const uint32_t type = e->values[a].type;

    if (mlpipe__expr_numeric(type))
        return mlpipe__expr_one(e, MLPIPE__OP_NEG, a, EXPR_T_NUMBER);
    if (type == EXPR_T_SPAN)
        return mlpipe__expr_one_with(e, MLPIPE__OP_NEG, a, NULL, 0,
                                     EXPR_T_SPAN, e->values[a].unit);
    if (type != EXPR_T_ERROR)
        mlpipe__expr_error(e, MLPIPE_DETAIL_TYPE, n->at, 1, "",
                           "- cannot stand before a %s",
                           mlpipe__expr_type_name(type));
    return 0;
}

static uint32_t expr_not_if(mlpipe__expr *e, uint32_t a, bool negated)
{
    return negated && a ? mlpipe__expr_one(e, MLPIPE__OP_NOT, a, EXPR_T_BOOL)
                        : a;
}

/* All of the list are text literals? */
static bool expr_all_texts(const mlpipe__expr *e, const mlpipe__expr_node *n)
{
    for (uint32_t i = 1; i < n->count; i++)
        if (e->values[expr_kid_value(e, n, i)].kind != EXPR_V_TEXT)
            return false;
    return true;
}

static uint32_t expr_in(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const uint32_t x = expr_kid_value(e, n, 0);
    uint32_t any = 0;

    if (mlpipe__expr_textual(e->values[x].type) &&
        e->values[x].type != EXPR_T_TEXT && expr_all_texts(e, n)) {
        uint32_t *items =
            mlpipe__alloc_array(e->env, n->count, sizeof *items);
        if (!items) {
            mlpipe__expr_nomem(e);
            return 0;
        }
        for (uint32_t i = 1; i < n->count; i++)
            items[i - 1] = expr_kid_value(e, n, i);
        any = mlpipe__expr_text_in(e, x, items, n->count - 1, n->at,
                                   n->length);
        mlpipe__free(e->env, items);
        return expr_not_if(e, any, n->which);
    }
    for (uint32_t i = 1; i < n->count && !e->stop; i++) {
        const mlpipe__expr_node *k = &e->nodes[expr_kid(e, n, i)];
        const uint32_t same =
            mlpipe__expr_compare(e, EXPR_O_EQ, x, expr_kid_value(e, n, i),
                                 k->at, k->length);
        any = i == 1 ? same
                     : mlpipe__expr_pair(e, MLPIPE__OP_OR, any, same,
                                         EXPR_T_BOOL, 0);
    }
    return expr_not_if(e, any, n->which);
}

static uint32_t expr_between(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const mlpipe__expr_node *low = &e->nodes[expr_kid(e, n, 1)];
    const mlpipe__expr_node *high = &e->nodes[expr_kid(e, n, 2)];
    const uint32_t x = expr_kid_value(e, n, 0);
    const uint32_t a =
        mlpipe__expr_compare(e, EXPR_O_GE, x, expr_kid_value(e, n, 1),
                             low->at, low->length);
    const uint32_t b =
        mlpipe__expr_compare(e, EXPR_O_LE, x, expr_kid_value(e, n, 2),
                             high->at, high->length);

    return expr_not_if(
        e, mlpipe__expr_pair(e, MLPIPE__OP_AND, a, b, EXPR_T_BOOL, 0),
        n->which);
}

static uint32_t expr_is_null_node(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const uint32_t x = expr_kid_value(e, n, 0);

    if (e->values[x].type == EXPR_T_ERROR)
        return 0;
    return expr_not_if(e, mlpipe__expr_is_missing(e, x), n->which);
}

static uint32_t expr_case_node(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    const uint32_t count = n->count / 2;
    const bool has_else = n->count % 2;
    uint32_t *all = mlpipe__alloc_array(e->env, 3 * ((size_t)count + 1),
                                        sizeof *all);
    uint32_t *conditions = all, *values = all + count + 1,
             *nodes = all + 2 * (count + 1);
    uint32_t result = 0;

    if (!all) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t node = expr_kid(e, n, 2 * i);
        conditions[i] =
            mlpipe__expr_truth(e, e->of_node[node], node, "when");
        expr_lint_condition(e, conditions[i], node);
        nodes[i] = expr_kid(e, n, 2 * i + 1);
        values[i] = e->of_node[nodes[i]];
    }
    nodes[count] = expr_kid(e, n, has_else ? 2 * count : 1);
    values[count] = has_else ? e->of_node[nodes[count]]
                             : mlpipe__expr_null(e, EXPR_T_NULL, 0);
    result = mlpipe__expr_cases(e, conditions, values, nodes, count, "case");
    mlpipe__free(e->env, all);
    return result;
}

uint32_t mlpipe__expr_build_if(mlpipe__expr *e, const mlpipe__expr_call *c)
{
    uint32_t condition =
        mlpipe__expr_truth(e, c->args[0], c->nodes[0], "if");
    uint32_t values[2] = {c->args[1], c->args[2]};

    expr_lint_condition(e, condition, c->nodes[0]);
    return mlpipe__expr_cases(e, &condition, values, c->nodes + 1, 1, "if");
}

static uint32_t expr_leaf_value(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    switch (n->kind) {
    case EXPR_N_NUMBER:
        return mlpipe__expr_const(e, n->number, EXPR_T_NUMBER, 0);
    case EXPR_N_BOOL:
        return mlpipe__expr_const(e, n->number, EXPR_T_BOOL, 0);
    case EXPR_N_NULL:
        return mlpipe__expr_null(e, EXPR_T_NULL, 0);
    case EXPR_N_TEXT:
        return mlpipe__expr_literal_at(e, n->text, n->bytes);
    case EXPR_N_TIME:
        return mlpipe__expr_const(e, n->number, EXPR_T_TIME, MLPIPE_UNIT_US);
    case EXPR_N_DURATION:
        return mlpipe__expr_const(e, n->number, EXPR_T_SPAN, MLPIPE_UNIT_US);
    case EXPR_N_AS_OF:
        return mlpipe__expr_as_of(e);
    default:
        return mlpipe__expr_column(e, n);
    }
}

static uint32_t expr_of(mlpipe__expr *e, const mlpipe__expr_node *n)
{
    uint32_t a;

    switch (n->kind) {
    case EXPR_N_ERROR:
        return 0;
    case EXPR_N_REF:
        return e->of_node[n->kids];
    case EXPR_N_LIST: {
        const mlpipe__expr_value v = {.kind = EXPR_V_LIST,
                                      .type = EXPR_T_LIST,
                                      .a = n->kids,
                                      .count = n->count,
                                      .origin = EXPR_NONE};
        return mlpipe__expr_value_new(e, &v);
    }
    case EXPR_N_NEGATE:
        return expr_negate(e, n);
    case EXPR_N_NOT:
        a = mlpipe__expr_truth(e, expr_kid_value(e, n, 0), expr_kid(e, n, 0),
                               "not");
        return expr_not_if(e, a, true);
    case EXPR_N_BINARY:
        return expr_binary(e, n);
    case EXPR_N_IN:
        return expr_in(e, n);
    case EXPR_N_BETWEEN:
        return expr_between(e, n);
    case EXPR_N_IS_NULL:
        return expr_is_null_node(e, n);
    case EXPR_N_CALL:
        return mlpipe__expr_call_value(e, n);
    case EXPR_N_CASE:
        return expr_case_node(e, n);
    default:
        return expr_leaf_value(e, n);
    }
}

void mlpipe__expr_check_nodes(mlpipe__expr *e)
{
    const mlpipe__expr_value error = {.type = EXPR_T_ERROR,
                                      .kind = EXPR_V_CONST,
                                      .origin = EXPR_NONE};

    if (!e->stop)
        e->of_node = mlpipe__alloc_array(e->env, e->node_count,
                                         sizeof *e->of_node);
    if (!e->stop && !e->of_node)
        mlpipe__expr_nomem(e);
    if (!e->stop)
        mlpipe__expr_value_new(e, &error);
    for (uint32_t i = 0; i < e->node_count && !e->stop; i++)
        e->of_node[i] = expr_of(e, &e->nodes[i]);
    if (!e->stop && e->root != EXPR_NONE)
        expr_lint_condition(e, e->of_node[e->root], e->root);
}
