/* SPDX-License-Identifier: MIT */
/* Calls of times: their parts, starts and differences. */
#include "expr_internal.h"

/* Parts that a time can start at; lengths go by their words as well. */
static const struct {
    const char *name, *unit;
    uint32_t part;
} expr_parts[] = {{"year", "years", MLPIPE__DATE_YEAR},
                  {"quarter", "quarters", MLPIPE__DATE_QUARTER},
                  {"month", "months", MLPIPE__DATE_MONTH},
                  {"week", "w", MLPIPE__DATE_WEEK},
                  {"day", "d", MLPIPE__DATE_DAY},
                  {"hour", "h", MLPIPE__DATE_HOUR},
                  {"minute", "min", MLPIPE__DATE_MINUTE},
                  {"second", "s", MLPIPE__DATE_SECOND}};

static uint32_t expr_date_op(mlpipe__expr *e, uint16_t op, uint32_t t,
                             uint32_t part, uint32_t type, int32_t unit)
{
    const double consts[2] = {mlpipe__expr_ticks(e->values[t].unit), part};

    return mlpipe__expr_one_with(e, op, t, consts, 2, type, unit);
}

EXPR_BUILD(date_part)
{
    return expr_date_op(e, MLPIPE__OP_DATE_PART, c->args[0], c->f->op,
                        EXPR_T_NUMBER, 0);
}

EXPR_BUILD(is_weekend)
{
    const uint32_t day =
        expr_date_op(e, MLPIPE__OP_DATE_PART, c->args[0], MLPIPE__DATE_DOW,
                     EXPR_T_NUMBER, 0);

    return mlpipe__expr_pair(e, MLPIPE__OP_LE,
                             mlpipe__expr_const(e, 6, EXPR_T_NUMBER, 0), day,
                             EXPR_T_BOOL, 0);
}

/* A text argument that is none of those there are. */
static uint32_t expr_no_choice(mlpipe__expr *e, const mlpipe__expr_call *c,
                               uint32_t i, const char *choices)
{
    const mlpipe__expr_node *n = &e->nodes[c->nodes[i]];
    char help[192];

    mlpipe__format(help, sizeof help, "it is one of %s", choices);
    mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, n->at, n->length, help,
                       "%s knows no %q", c->f->name,
                       mlpipe__expr_text(e, e->values[c->args[i]].text));
    return 0;
}

static bool expr_text_is(const mlpipe__expr *e, uint32_t a, const char *word)
{
    const mlpipe__expr_value *v = &e->values[a];

    return v->bytes == strlen(word) &&
           !memcmp(mlpipe__expr_text(e, v->text), word, v->bytes);
}

EXPR_BUILD(date_trunc)
{
    const mlpipe__expr_value *v = &e->values[c->args[0]];
    const char *unit =
        mlpipe__time_unit(mlpipe__expr_text(e, v->text), v->bytes);

    for (size_t i = 0; i < sizeof expr_parts / sizeof *expr_parts; i++)
        if (expr_text_is(e, c->args[0], expr_parts[i].name) ||
            expr_text_is(e, c->args[0], expr_parts[i].unit) ||
            (unit && !strcmp(unit, expr_parts[i].unit)))
            return expr_date_op(e, MLPIPE__OP_DATE_TRUNC, c->args[1],
                                expr_parts[i].part, EXPR_T_TIME,
                                e->values[c->args[1]].unit);
    return expr_no_choice(e, c, 0, "year, quarter, month, week, day, hour, "
                                   "minute, second");
}

/* Ticks of a unit that is named; 0: it is none. The product is exact. */
static double expr_unit_ticks(const mlpipe__expr *e, uint32_t a,
                              int32_t unit)
{
    const mlpipe__expr_value *v = &e->values[a];

    return mlpipe__expr_ticks(unit) *
           mlpipe__expr_unit_us(mlpipe__expr_text(e, v->text), v->bytes) /
           1e6;
}

EXPR_BUILD(date_diff)
{
    uint32_t a = c->args[0], b = c->args[1], span;
    const int32_t unit = mlpipe__expr_one_unit(e, &a, &b);
    const double by = expr_unit_ticks(e, c->args[2], unit);

    if (by == 0)
        return expr_no_choice(e, c, 2,
                              "us, ms, s, min, h, d, w or words such as "
                              "days; years and months differ in length, so "
                              "subtract year() or month()");
    span = mlpipe__expr_pair(e, MLPIPE__OP_SUB, a, b, EXPR_T_SPAN, unit);
    return mlpipe__expr_pair(e, MLPIPE__OP_DIV, span,
                             mlpipe__expr_const(e, by, EXPR_T_NUMBER, 0),
                             EXPR_T_NUMBER, 0);
}

EXPR_BUILD(add_months)
{
    const int32_t unit = e->values[c->args[0]].unit;
    const double ticks = mlpipe__expr_ticks(unit);

    return mlpipe__expr_pair_with(e, MLPIPE__OP_ADD_MONTHS, c->args[0],
                                  c->args[1], &ticks, 1, EXPR_T_TIME, unit);
}

EXPR_BUILD(epoch)
{
    const double ticks = mlpipe__expr_ticks(e->values[c->args[0]].unit);

    return mlpipe__expr_pair(e, MLPIPE__OP_DIV, c->args[0],
                             mlpipe__expr_const(e, ticks, EXPR_T_NUMBER, 0),
                             EXPR_T_NUMBER, 0);
}
