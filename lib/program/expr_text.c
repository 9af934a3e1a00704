/* SPDX-License-Identifier: MIT */
/* Calls of texts: each is one step of a chain. */
#include "expr_internal.h"

static const char *expr_arg_text(const mlpipe__expr *e,
                                 const mlpipe__expr_call *c, uint32_t i)
{
    return mlpipe__expr_text(e, e->values[c->args[i]].text);
}

static uint32_t expr_refuse(mlpipe__expr *e, const mlpipe__expr_call *c,
                            uint32_t i, const char *help, const char *why)
{
    const mlpipe__expr_node *n = &e->nodes[c->nodes[i]];

    mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, n->at, n->length,
                       help[0] ? help : c->f->doc, "%s", why);
    return 0;
}

static uint32_t expr_text_step(mlpipe__expr *e, const mlpipe__expr_call *c,
                               uint32_t code, double first, double second,
                               const char *const *texts, uint32_t count,
                               uint32_t type)
{
    const mlpipe__expr_node *n = &e->nodes[c->nodes[0]];

    return mlpipe__expr_step(
        e, c->args[0],
        mlpipe__expr_step_new(e, code, first, second, texts, count), type,
        n->at, n->length);
}

EXPR_BUILD(text)
{
    return expr_text_step(e, c, c->f->op, 0, 0, NULL, 0, c->f->gives);
}

EXPR_BUILD(find)
{
    const char *what = expr_arg_text(e, c, 1);

    return expr_text_step(e, c, c->f->op, 0, 0, &what, 1, EXPR_T_BOOL);
}

static bool expr_whole_number(double x)
{
    return x >= -0x1p31 && x <= 0x1p31 && x == mlpipe__floor(x);
}

EXPR_BUILD(substr)
{
    const double from = e->values[c->args[1]].number;
    const double count = e->values[c->args[2]].number;

    if (!expr_whole_number(from) || from == 0)
        return expr_refuse(e, c, 1, "",
                           "the place is an integer other than 0");
    if (!expr_whole_number(count) || count < 0)
        return expr_refuse(e, c, 2, "", "the count is an integer from 0");
    return expr_text_step(e, c, MLPIPE__TEXT_SUBSTR, from, count, NULL, 0,
                          EXPR_T_CATEGORY);
}

EXPR_BUILD(replace)
{
    const char *texts[2] = {expr_arg_text(e, c, 1), expr_arg_text(e, c, 2)};

    if (!texts[0][0])
        return expr_refuse(e, c, 1, "", "an empty text cannot be replaced");
    return expr_text_step(e, c, MLPIPE__TEXT_REPLACE, 0, 0, texts, 2,
                          EXPR_T_CATEGORY);
}

EXPR_BUILD(split_part)
{
    const char *by = expr_arg_text(e, c, 1);
    const double n = e->values[c->args[2]].number;

    if (!by[0])
        return expr_refuse(e, c, 1, "", "the separator is not empty");
    if (!expr_whole_number(n) || n == 0)
        return expr_refuse(e, c, 2, "",
                           "the part is an integer other than 0");
    return expr_text_step(e, c, MLPIPE__TEXT_SPLIT_PART, n, 0, &by, 1,
                          EXPR_T_CATEGORY);
}

/* ---- concat ------------------------------------------------------------- */

/* The one argument that is no literal; count: none; NONE: told. */
static uint32_t expr_concat_column(mlpipe__expr *e,
                                   const mlpipe__expr_call *c)
{
    uint32_t found = c->count;

    for (uint32_t i = 0; i < c->count; i++) {
        if (e->values[c->args[i]].kind == EXPR_V_TEXT)
            continue;
        if (found < c->count) {
            expr_refuse(e, c, i,
                        "join literals with one column; a pair of columns "
                        "is a category of its own",
                        "concat takes one column only, and this is the "
                        "second");
            return EXPR_NONE;
        }
        found = i;
    }
    return found;
}

/* Literals [from, to) one behind the other. */
static void expr_concat_put(const mlpipe__expr *e, const mlpipe__expr_call *c,
                            uint32_t from, uint32_t to, mlpipe__text *out)
{
    for (uint32_t i = from; i < to; i++)
        mlpipe__text_put(out, expr_arg_text(e, c, i),
                         e->values[c->args[i]].bytes);
    mlpipe__text_put(out, "", 1);
}

static uint32_t expr_concat(mlpipe__expr *e, const mlpipe__expr_call *c,
                            uint32_t column, mlpipe__text *sides)
{
    const mlpipe__expr_node *n = c->node;
    const char *texts[2];

    expr_concat_put(e, c, 0, column, &sides[0]);
    expr_concat_put(e, c, column + 1 < c->count ? column + 1 : c->count,
                    c->count, &sides[1]);
    if (sides[0].failed || sides[1].failed) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    if (sides[0].size + sides[1].size > MLPIPE__FEED_BYTES)
        return expr_refuse(e, c, 0, "", "these texts are too long to join");
    if (column == c->count)
        return mlpipe__expr_literal(e, sides[0].data, sides[0].size - 1);
    texts[0] = sides[0].data;
    texts[1] = sides[1].data;
    return mlpipe__expr_step(
        e, c->args[column],
        mlpipe__expr_step_new(e, MLPIPE__TEXT_CONCAT, 0, 0, texts, 2),
        EXPR_T_CATEGORY, n->at, n->length);
}

EXPR_BUILD(concat)
{
    const uint32_t column = expr_concat_column(e, c);
    mlpipe__text sides[2];
    uint32_t made = 0;

    if (column == EXPR_NONE)
        return 0;
    mlpipe__text_init(&sides[0], e->env);
    mlpipe__text_init(&sides[1], e->env);
    made = expr_concat(e, c, column, sides);
    mlpipe__text_free(&sides[0]);
    mlpipe__text_free(&sides[1]);
    return made;
}

/* ---- texts to numbers --------------------------------------------------- */

/* The decimal sign, given as argument i or not; NULL: told. */
static const char *expr_decimal(mlpipe__expr *e, const mlpipe__expr_call *c,
                                uint32_t i)
{
    const char *sign = i < c->count ? expr_arg_text(e, c, i) : ".";

    if (!strcmp(sign, ".") || !strcmp(sign, ","))
        return sign;
    expr_refuse(e, c, i, "", "the decimal sign is \".\" or \",\"");
    return NULL;
}

EXPR_BUILD(parse_num)
{
    const char *sign = expr_decimal(e, c, 1);

    return sign ? expr_text_step(e, c, MLPIPE__TEXT_NUMBER, 0, 0, &sign, 1,
                                 EXPR_T_NUMBER)
                : 0;
}

static uint32_t expr_unknown_unit(mlpipe__expr *e, const mlpipe__expr_call *c,
                                  const char *name)
{
    const uint32_t count = mlpipe__unit_count();
    const char **names = mlpipe__alloc_array(e->env, count, sizeof *names);
    const char *near;
    char help[96];

    if (!names) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        names[i] = mlpipe__quantity_name(i);
    near = mlpipe__nearest(name, strlen(name), names, count);
    mlpipe__free(e->env, (void *)names);
    if (near)
        mlpipe__format(help, sizeof help, "did you mean \"%s\"?", near);
    return expr_refuse(e, c, 1,
                       near ? help : "units are like m, km, ft2, kg, l, s",
                       "this unit is not known");
}

EXPR_BUILD(parse_unit)
{
    const char *texts[2] = {expr_decimal(e, c, 2), expr_arg_text(e, c, 1)};
    uint32_t unit;

    if (!texts[0])
        return 0;
    if (!mlpipe__unit_find(texts[1], strlen(texts[1]), &unit))
        return expr_unknown_unit(e, c, texts[1]);
    return expr_text_step(e, c, MLPIPE__TEXT_QUANTITY, 0, 0, texts, 2,
                          EXPR_T_NUMBER);
}

/* A pattern that is none, with the place in it. */
static bool expr_pattern_ok(mlpipe__expr *e, const mlpipe__expr_call *c,
                            uint32_t i)
{
    char why[96];
    size_t at = 0;

    if (mlpipe__date_pattern_ok(expr_arg_text(e, c, i), &at))
        return true;
    mlpipe__format(why, sizeof why,
                   "this is no pattern of a date; see its byte %zu", at);
    expr_refuse(e, c, i, "%Y %m %d %b %H %M %S %z and signs between them",
                why);
    return false;
}

EXPR_BUILD(parse_date)
{
    const uint32_t count = c->count - 1;
    const char **texts = mlpipe__alloc_array(e->env, count, sizeof *texts);
    uint32_t made = 0;
    bool ok = texts != NULL;

    if (!texts)
        mlpipe__expr_nomem(e);
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = expr_pattern_ok(e, c, i + 1);
        texts[i] = expr_arg_text(e, c, i + 1);
    }
    if (ok)
        made = expr_text_step(e, c, MLPIPE__TEXT_DATE, 0, 0, texts, count,
                              EXPR_T_TIME);
    mlpipe__free(e->env, (void *)texts);
    return made;
}
