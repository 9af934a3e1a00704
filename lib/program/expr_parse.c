/* SPDX-License-Identifier: MIT */
/*
 * Tokens to nodes: definitions and operators by precedence. Only brackets,
 * calls and prefixes recurse, and their depth is bounded; a long sum does
 * not. Names that the text itself defines are resolved here.
 */
#include "expr_internal.h"

enum {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_SUM,
    LEVEL_TERM,
    LEVEL_MINUS,
    LEVEL_POWER
};

static const struct {
    const char *text;
    uint16_t which;
    uint8_t level;
    bool word;
} expr_operators[] = {
    {"or", EXPR_O_OR, LEVEL_OR, true},
    {"and", EXPR_O_AND, LEVEL_AND, true},
    {"<", EXPR_O_LT, LEVEL_COMPARE, false},
    {"<=", EXPR_O_LE, LEVEL_COMPARE, false},
    {">", EXPR_O_GT, LEVEL_COMPARE, false},
    {">=", EXPR_O_GE, LEVEL_COMPARE, false},
    {"==", EXPR_O_EQ, LEVEL_COMPARE, false},
    {"=", EXPR_O_EQ, LEVEL_COMPARE, false},
    {"!=", EXPR_O_NE, LEVEL_COMPARE, false},
    {"<>", EXPR_O_NE, LEVEL_COMPARE, false},
    {"+", EXPR_O_ADD, LEVEL_SUM, false},
    {"-", EXPR_O_SUB, LEVEL_SUM, false},
    {"*", EXPR_O_MUL, LEVEL_TERM, false},
    {"/", EXPR_O_DIV, LEVEL_TERM, false},
    {"//", EXPR_O_FLOOR_DIV, LEVEL_TERM, false},
    {"%", EXPR_O_MOD, LEVEL_TERM, false},
    {"**", EXPR_O_POW, LEVEL_POWER, false},
};
enum { EXPR_OPERATORS = sizeof expr_operators / sizeof *expr_operators };

/* ---- nodes -------------------------------------------------------------- */

uint32_t mlpipe__expr_node_new(mlpipe__expr *e, uint32_t kind, size_t at)
{
    mlpipe__expr_node *n;

    if (e->stop)
        return EXPR_NONE;
    if (e->node_count >= EXPR_NODES) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_TOO_MANY, at, 0,
                           "spread it over several steps",
                           "the text has more than %u parts", EXPR_NODES);
        return EXPR_NONE;
    }
    if (!mlpipe__expr_room(e, &e->nodes, e->node_count, 1, &e->node_room,
                           sizeof *e->nodes))
        return EXPR_NONE;
    n = &e->nodes[e->node_count];
    memset(n, 0, sizeof *n);
    n->kind = (uint16_t)kind;
    n->at = at;
    n->named = EXPR_NONE;
    return e->node_count++;
}

void mlpipe__expr_push(mlpipe__expr *e, uint32_t node)
{
    if (e->stop || !mlpipe__expr_room(e, &e->pushed, e->pushed_count, 1,
                                      &e->pushed_room, sizeof *e->pushed))
        return;
    e->pushed[e->pushed_count++] = node;
}

/* The end of the last token that was taken: blanks are no part of a span. */
static size_t expr_end(const mlpipe__expr *e)
{
    size_t end = e->token.at;

    while (end && (e->text[end - 1] == ' ' || e->text[end - 1] == '\t' ||
                   e->text[end - 1] == '\n' || e->text[end - 1] == '\r'))
        end--;
    return end;
}

void mlpipe__expr_node_take(mlpipe__expr *e, uint32_t node, uint32_t from)
{
    const uint32_t count = e->pushed_count - from;
    const size_t end = expr_end(e);
    mlpipe__expr_node *n;

    if (node == EXPR_NONE || e->stop ||
        !mlpipe__expr_room(e, &e->kids, e->kid_count, count, &e->kid_room,
                           sizeof *e->kids))
        return;
    n = &e->nodes[node];
    n->kids = e->kid_count;
    n->count = count;
    if (count)
        memcpy(e->kids + e->kid_count, e->pushed + from,
               count * sizeof *e->kids);
    e->kid_count += count;
    e->pushed_count = from;
    n->length = end > n->at ? end - n->at : 1;
}

bool mlpipe__expr_expect(mlpipe__expr *e, const char *sign,
                         const char *message, const char *help)
{
    if (mlpipe__expr_is_sign(e, sign)) {
        mlpipe__expr_next(e);
        return true;
    }
    return mlpipe__expr_unexpected(e, help, message);
}

/* ---- operators ---------------------------------------------------------- */

static uint32_t expr_operator(const mlpipe__expr *e)
{
    for (uint32_t i = 0; i < EXPR_OPERATORS; i++)
        if (expr_operators[i].word
                ? mlpipe__expr_is_word(e, expr_operators[i].text)
                : mlpipe__expr_is_sign(e, expr_operators[i].text))
            return i;
    return EXPR_OPERATORS;
}

static bool expr_starts_list(const mlpipe__expr *e)
{
    return mlpipe__expr_is_word(e, "in") && !e->no_in;
}

/* Does a comparison stand here, of any form? */
static bool expr_compares(const mlpipe__expr *e)
{
    const uint32_t i = expr_operator(e);

    return (i < EXPR_OPERATORS && expr_operators[i].level == LEVEL_COMPARE) ||
           expr_starts_list(e) || mlpipe__expr_is_word(e, "between") ||
           mlpipe__expr_is_word(e, "is") || mlpipe__expr_is_word(e, "not");
}

static uint32_t expr_join(mlpipe__expr *e, uint32_t kind, uint32_t which,
                          size_t sign, uint32_t left, uint32_t right)
{
    const uint32_t from = e->pushed_count;
    uint32_t node;

    if (left == EXPR_NONE || right == EXPR_NONE)
        return EXPR_NONE;
    node = mlpipe__expr_node_new(e, kind, e->nodes[left].at);
    if (node == EXPR_NONE)
        return node;
    e->nodes[node].which = (uint16_t)which;
    e->nodes[node].sign = sign;
    mlpipe__expr_push(e, left);
    mlpipe__expr_push(e, right);
    mlpipe__expr_node_take(e, node, from);
    return node;
}

/* ( item, item ) behind in; the value was pushed. */
static bool expr_items(mlpipe__expr *e)
{
    const bool no_in = e->no_in;
    bool ok = mlpipe__expr_expect(e, "(", "( must stand behind in",
                                  "write x in (1, 2, 3)");

    e->no_in = false;
    while (ok) {
        const uint32_t item = mlpipe__expr_parse_level(e, LEVEL_OR);
        ok = item != EXPR_NONE;
        if (ok)
            mlpipe__expr_push(e, item);
        if (!ok || !mlpipe__expr_is_sign(e, ","))
            break;
        mlpipe__expr_next(e);
    }
    e->no_in = no_in;
    return ok && mlpipe__expr_expect(e, ")", "a comma or ) must stand here",
                                     "");
}

static bool expr_range(mlpipe__expr *e)
{
    const uint32_t low = mlpipe__expr_parse_level(e, LEVEL_SUM);
    uint32_t high;

    if (low == EXPR_NONE)
        return false;
    mlpipe__expr_push(e, low);
    if (!mlpipe__expr_is_word(e, "and")) {
        return mlpipe__expr_unexpected(
            e, "write x between 1 and 5",
            "between needs and with its second bound");
    }
    mlpipe__expr_next(e);
    high = mlpipe__expr_parse_level(e, LEVEL_SUM);
    if (high != EXPR_NONE)
        mlpipe__expr_push(e, high);
    return high != EXPR_NONE;
}

/* is [not] null behind the word is */
static bool expr_null_test(mlpipe__expr *e, bool *negated)
{
    if (mlpipe__expr_is_word(e, "not")) {
        *negated = true;
        mlpipe__expr_next(e);
    }
    if (mlpipe__expr_is_word(e, "null")) {
        mlpipe__expr_next(e);
        return true;
    }
    return mlpipe__expr_unexpected(
        e, "write is null or is not null; equality is ==",
        "is stands only before null and not null");
}

/* in, between, is, and not before the first two; left is done. */
static uint32_t expr_test(mlpipe__expr *e, uint32_t left)
{
    const uint32_t from = e->pushed_count;
    bool negated = mlpipe__expr_is_word(e, "not"), ok;
    uint32_t kind, node;

    mlpipe__expr_push(e, left);
    if (negated)
        mlpipe__expr_next(e);
    if (mlpipe__expr_is_word(e, "in")) {
        kind = EXPR_N_IN;
        mlpipe__expr_next(e);
        ok = expr_items(e);
    } else if (mlpipe__expr_is_word(e, "between")) {
        kind = EXPR_N_BETWEEN;
        mlpipe__expr_next(e);
        ok = expr_range(e);
    } else if (mlpipe__expr_is_word(e, "is") && !negated) {
        kind = EXPR_N_IS_NULL;
        mlpipe__expr_next(e);
        ok = expr_null_test(e, &negated);
    } else {
        kind = 0;
        ok = mlpipe__expr_unexpected(e, "",
                                     "behind not stands in or between here");
    }
    node = ok ? mlpipe__expr_node_new(e, kind, e->nodes[left].at)
              : EXPR_NONE;
    if (node == EXPR_NONE) {
        e->pushed_count = from;
        return node;
    }
    e->nodes[node].which = negated;
    mlpipe__expr_node_take(e, node, from);
    return node;
}

static uint32_t expr_compare_rest(mlpipe__expr *e, uint32_t left)
{
    const uint32_t op = expr_operator(e);
    const size_t sign = e->token.at;
    uint32_t node;

    if (op == EXPR_OPERATORS) {
        node = expr_test(e, left);
    } else {
        mlpipe__expr_next(e);
        node = expr_join(e, EXPR_N_BINARY, expr_operators[op].which, sign,
                         left, mlpipe__expr_parse_level(e, LEVEL_SUM));
    }
    if (node != EXPR_NONE && expr_compares(e)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, e->token.at,
                           e->token.length,
                           "write a < b and b < c, or use brackets",
                           "comparisons do not follow each other");
        return EXPR_NONE;
    }
    return node;
}

static uint32_t expr_prefix(mlpipe__expr *e, uint32_t level)
{
    const bool not = mlpipe__expr_is_word(e, "not");
    const size_t at = e->token.at;
    const uint32_t from = e->pushed_count;
    uint32_t kid, node;

    if (not && level > LEVEL_NOT) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, at, e->token.length,
                           "put ( ) around not and what follows it",
                           "not binds weaker than what stands before it");
        return EXPR_NONE;
    }
    mlpipe__expr_next(e);
    kid = mlpipe__expr_parse_level(e, not ? LEVEL_NOT : LEVEL_MINUS);
    if (kid == EXPR_NONE)
        return kid;
    node = mlpipe__expr_node_new(e, not ? EXPR_N_NOT : EXPR_N_NEGATE, at);
    mlpipe__expr_push(e, kid);
    mlpipe__expr_node_take(e, node, from);
    return node;
}

static uint32_t expr_level(mlpipe__expr *e, uint32_t level)
{
    const bool prefix =
        mlpipe__expr_is_sign(e, "-") || mlpipe__expr_is_word(e, "not");
    uint32_t left = prefix ? expr_prefix(e, level) : mlpipe__expr_operand(e);

    while (left != EXPR_NONE && !e->stop) {
        const uint32_t op = expr_operator(e);
        const size_t sign = e->token.at;
        if (level <= LEVEL_COMPARE && expr_compares(e)) {
            left = expr_compare_rest(e, left);
            continue;
        }
        if (op == EXPR_OPERATORS || expr_operators[op].level < level ||
            expr_operators[op].level == LEVEL_COMPARE)
            break;
        mlpipe__expr_next(e);
        /* a power binds its right side as tightly as itself */
        left = expr_join(e, EXPR_N_BINARY, expr_operators[op].which, sign,
                         left,
                         mlpipe__expr_parse_level(
                             e, expr_operators[op].level == LEVEL_POWER
                                    ? LEVEL_MINUS
                                    : expr_operators[op].level + 1u));
    }
    return e->stop ? EXPR_NONE : left;
}

uint32_t mlpipe__expr_parse_level(mlpipe__expr *e, uint32_t level)
{
    uint32_t node;

    if (e->depth >= e->depth_max) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_TOO_DEEP, e->token.at,
                           e->token.length,
                           "give parts of it names by let a = ... in ...",
                           "nested too deep; the most is %u", e->depth_max);
        return EXPR_NONE;
    }
    e->depth++;
    node = expr_level(e, level);
    e->depth--;
    return node;
}

/* ---- definitions -------------------------------------------------------- */

static bool expr_defines(const mlpipe__expr *e)
{
    return (e->token.kind == EXPR_NAME || e->token.kind == EXPR_QUOTED) &&
           mlpipe__expr_follows(e, '=');
}

/* Could a definition start here? */
static bool expr_may_define(const mlpipe__expr *e)
{
    return e->token.newline && expr_defines(e);
}

/* Brackets that are open behind the token. */
static uint32_t expr_open_brackets(const mlpipe__expr *e, uint32_t open)
{
    if (mlpipe__expr_is_sign(e, "(") || mlpipe__expr_is_sign(e, "["))
        return open + 1;
    if (open &&
        (mlpipe__expr_is_sign(e, ")") || mlpipe__expr_is_sign(e, "]")))
        return open - 1;
    return open;
}

/* The statement at `start` ends before byte `at`, whatever was parsed. */
static void expr_back(mlpipe__expr *e, size_t start, size_t at)
{
    for (uint32_t i = e->node_count; i-- > 0 && e->nodes[i].at >= start;)
        if (e->nodes[i].at >= at)
            e->nodes[i].kind = EXPR_N_ERROR;
    e->at = at;
    mlpipe__expr_next(e);
}

/*
 * Behind an error in the statement at `start`: go on at the next semicolon or
 * definition. Within brackets name = is a comparison or an argument, so that
 * the statement is read again for its brackets; where they are never closed,
 * the next definition lies behind that mistake, and was taken for a part of
 * the statement where the parser came as far as the end or another one.
 */
static void expr_resume(mlpipe__expr *e, size_t start)
{
    const size_t error = e->token.at;
    const size_t inner_from =
        e->token.kind == EXPR_END || mlpipe__expr_is_sign(e, ";") ||
                expr_may_define(e)
            ? start + 1 : error;
    size_t inner = e->bytes; /* the first one in brackets that are open */
    uint32_t open = 0;

    e->no_in = false;
    e->pushed_count = 0;
    e->at = start;
    mlpipe__expr_next(e);
    while (e->token.kind != EXPR_END && !mlpipe__expr_is_sign(e, ";")) {
        const size_t at = e->token.at;
        if (!open && at > start && at >= error && expr_defines(e) &&
            (at == error || expr_may_define(e)))
            return;
        if (open && at >= inner_from && inner == e->bytes &&
            expr_may_define(e))
            inner = at;
        open = expr_open_brackets(e, open);
        if (!open)
            inner = e->bytes;
        mlpipe__expr_next(e);
    }
    if (inner < e->bytes)
        expr_back(e, start, inner);
}

static bool expr_is_defined(const mlpipe__expr *e,
                            const mlpipe__expr_token *name)
{
    for (uint32_t i = 0; i < e->definition_count; i++)
        if (e->definitions[i].bytes == name->bytes &&
            !memcmp(mlpipe__expr_text(e, e->definitions[i].text),
                    mlpipe__expr_text(e, name->text), name->bytes))
            return true;
    return false;
}

static bool expr_name_ok(mlpipe__expr *e, const mlpipe__expr_token *t)
{
    const char *name = mlpipe__expr_text(e, t->text);

    if (t->kind == EXPR_NAME && mlpipe__expr_reserved(name, t->bytes)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_RESERVED, t->at, t->length,
                           "write the name in backticks, or choose another",
                           "%q is a word of the language", name);
        return false;
    }
    if (expr_is_defined(e, t)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_DUPLICATE, t->at, t->length, "",
                           "%q is defined twice here", name);
        return false;
    }
    return true;
}

static void expr_note(mlpipe__expr *e, const mlpipe__expr_token *name,
                      uint32_t node, size_t length)
{
    if (e->stop ||
        !mlpipe__expr_room(e, &e->definitions, e->definition_count, 1,
                           &e->definition_room, sizeof *e->definitions) ||
        !mlpipe__expr_room(e, &e->scope, e->scope_count, 1, &e->scope_room,
                           sizeof *e->scope))
        return;
    e->definitions[e->definition_count++] = (mlpipe__expr_definition){
        name->text, name->bytes, name->at, length, node};
    e->scope[e->scope_count++] =
        (mlpipe__expr_scope){name->text, name->bytes, node};
}

/* Is what follows a whole expression its end, or the next definition? */
static bool expr_at_end(mlpipe__expr *e, bool derive)
{
    const mlpipe__expr_token *t = &e->token;

    if (t->kind == EXPR_END || (derive && mlpipe__expr_is_sign(e, ";")) ||
        (derive && t->newline && expr_defines(e)))
        return true;
    if (t->kind == EXPR_BAD)
        return false;
    const char *foreign = mlpipe__expr_foreign(e, t->at, t->length);
    mlpipe__expr_error(
        e, MLPIPE_DETAIL_SYNTAX, t->at, t->length,
        foreign                      ? foreign
        : mlpipe__expr_is_sign(e, ";") ? "a condition is one expression; join "
                                       "conditions by and"
        : derive && expr_defines(e)  ? "definitions are separated by ; or "
                                       "stand on lines of their own"
                                     : "",
        mlpipe__expr_is_sign(e, ")") || mlpipe__expr_is_sign(e, "]")
            ? "this %.*s closes nothing"
            : "an operator or the end must stand before %.*q",
        (int)t->length, e->text + t->at);
    return false;
}

static bool expr_definition(mlpipe__expr *e)
{
    const mlpipe__expr_token name = e->token;
    const bool ok = expr_name_ok(e, &name);
    uint32_t node;

    mlpipe__expr_next(e); /* the name */
    mlpipe__expr_next(e); /* = */
    node = mlpipe__expr_parse_level(e, LEVEL_OR);
    if (node != EXPR_NONE && !expr_at_end(e, true))
        node = EXPR_NONE;
    if (ok || !expr_is_defined(e, &name))
        expr_note(e, &name, node, name.length);
    return node != EXPR_NONE;
}

static bool expr_statement(mlpipe__expr *e)
{
    if (expr_defines(e))
        return expr_definition(e);
    return mlpipe__expr_unexpected(
        e, "a definition is written name = expression",
        "a name and = must stand here");
}

static void expr_statements(mlpipe__expr *e)
{
    while (e->token.kind != EXPR_END) {
        if (mlpipe__expr_is_sign(e, ";")) {
            mlpipe__expr_next(e);
            continue;
        }
        const size_t start = e->token.at;
        if (!expr_statement(e))
            expr_resume(e, start);
    }
    if (!e->definition_count && !e->errors && !e->stop)
        mlpipe__expr_error(e, MLPIPE_DETAIL_EMPTY, 0, 0,
                           "a definition is written name = expression",
                           "there is no definition in the text");
}

void mlpipe__expr_parse(mlpipe__expr *e, bool derive)
{
    e->root = EXPR_NONE;
    mlpipe__expr_next(e);
    if (derive) {
        expr_statements(e);
        return;
    }
    if (e->token.kind == EXPR_END && !e->errors && !e->stop) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_EMPTY, 0, 0,
                           "a condition is written like age > 30",
                           "there is no condition in the text");
        return;
    }
    e->root = mlpipe__expr_parse_level(e, LEVEL_OR);
    if (e->root != EXPR_NONE && !expr_at_end(e, false))
        e->root = EXPR_NONE;
}
