/* SPDX-License-Identifier: MIT */
/*
 * Rules to stack programs: an operator-precedence parser with a stack of its
 * own, so that no input decides how deep the machine's stack grows.
 */
#include "cycle_internal.h"

/* What stands on the stack of operators. */
typedef struct rule_pending {
    uint32_t code; /* MLPIPE__RULE_, or RULE_PAREN */
    uint32_t level;
    size_t at;
    uint32_t want, args; /* RULE_LIST: how many must hold (0: all), had */
} rule_pending;

/* RULE_LIST: the parenthesis of any(), all() and 2 of (). */
enum { RULE_PAREN = 1000, RULE_LIST = 1001, RULE_TRUTH = 1, RULE_VALUE = 2 };
enum { RULE_PANES_MAX = 10000 };

typedef struct rule_parser {
    mlpipe_ctx *ctx;
    const mlpipe__report_names *known;
    const mlpipe__rule_world *world; /* NULL: whatever is known to a log */
    const char *text;
    size_t bytes, at;
    mlpipe_trigger *out;
    uint32_t op_room, number_room, name_room, memory_room;
    rule_pending pending[MLPIPE__RULE_DEPTH];
    uint32_t pending_count;
    uint8_t types[MLPIPE__RULE_DEPTH]; /* of the values on the stack */
    uint32_t type_count;
    uint32_t metric; /* last name that has a .reference; UINT32_MAX = none */
} rule_parser;

static mlpipe_status rule_fail(rule_parser *p, mlpipe_status status,
                               size_t at, const char *what)
{
    char caret[MLPIPE__CARET_BYTES];

    mlpipe__caret(p->text, p->bytes, at, caret);
    return mlpipe__fail(p->ctx, status, "rule, byte %zu: %s%s", at, what,
                        caret);
}

static void rule_skip(rule_parser *p)
{
    while (p->at < p->bytes &&
           (p->text[p->at] == ' ' || p->text[p->at] == '\t' ||
            p->text[p->at] == '\n' || p->text[p->at] == '\r'))
        p->at++;
}

static bool rule_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool rule_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Length of the word at `at`: a name, and, or, not, a unit. */
static size_t rule_word(const rule_parser *p, size_t at)
{
    size_t end = at;

    if (end < p->bytes && rule_letter(p->text[end]))
        while (end < p->bytes &&
               (rule_letter(p->text[end]) || rule_digit(p->text[end]) ||
                p->text[end] == '.'))
            end++;
    return end - at;
}

static bool rule_is(const rule_parser *p, size_t at, size_t n,
                    const char *word)
{
    return strlen(word) == n && !memcmp(p->text + at, word, n);
}

/* ---- output ------------------------------------------------------------ */

static mlpipe_status rule_room(rule_parser *p, void **array, uint32_t count,
                               uint32_t *room, size_t bytes)
{
    void *grown;

    if (count < *room)
        return MLPIPE_OK;
    grown = mlpipe__grow(p->ctx->env, *array, *room ? *room * 2 : 16, bytes);
    if (!grown)
        return mlpipe__nomem(p->ctx);
    *array = grown;
    *room = *room ? *room * 2 : 16;
    return MLPIPE_OK;
}

static mlpipe_status rule_emit(rule_parser *p, uint32_t code, uint32_t arg)
{
    mlpipe_trigger *t = p->out;
    mlpipe_status st = rule_room(p, (void **)&t->ops, t->op_count,
                                 &p->op_room, sizeof *t->ops);

    if (!st)
        t->ops[t->op_count++] = (mlpipe__rule_op){code, arg};
    return st;
}

static mlpipe_status rule_push(rule_parser *p, uint8_t type, size_t at)
{
    if (p->type_count == MLPIPE__RULE_DEPTH)
        return rule_fail(p, MLPIPE_E_LIMIT, at,
                         "nested too deep; the most is 64");
    p->types[p->type_count++] = type;
    return MLPIPE_OK;
}

static bool rule_logical(uint32_t code)
{
    return code == MLPIPE__RULE_AND || code == MLPIPE__RULE_OR ||
           code == MLPIPE__RULE_NOT || code == MLPIPE__RULE_UNTIL;
}

static bool rule_is_paren(const rule_pending *p)
{
    return p->code == RULE_PAREN || p->code == RULE_LIST;
}

/* Something that is remembered from look to look. */
static mlpipe_status rule_emit_memory(rule_parser *p, uint32_t code,
                                      uint32_t panes)
{
    mlpipe_trigger *t = p->out;
    mlpipe_status st = rule_room(p, (void **)&t->panes, t->memory_count,
                                 &p->memory_room, sizeof *t->panes);

    if (st)
        return st;
    t->panes[t->memory_count++] = panes;
    return rule_emit(p, code, t->memory_count - 1);
}

/* Take the topmost operator off its stack and write it out. */
static mlpipe_status rule_reduce(rule_parser *p)
{
    const rule_pending op = p->pending[--p->pending_count];
    const uint32_t args =
        op.code == MLPIPE__RULE_NOT || op.code == MLPIPE__RULE_NEGATE ? 1 : 2;
    const uint8_t want = rule_logical(op.code) ? RULE_TRUTH : RULE_VALUE;
    const bool truth =
        rule_logical(op.code) ||
        (op.code >= MLPIPE__RULE_LT && op.code <= MLPIPE__RULE_NE);

    for (uint32_t i = 0; i < args; i++)
        if (p->types[p->type_count - 1 - i] != want)
            return rule_fail(
                p, MLPIPE_E_PARAM, op.at,
                want == RULE_TRUTH
                    ? "and, or and not stand between conditions, such as "
                      "\"age > 30 d\" or \"performance\", not numbers"
                    : "this stands between numbers, not conditions");
    p->type_count -= args;
    p->types[p->type_count++] = truth ? RULE_TRUTH : RULE_VALUE;
    return op.code == MLPIPE__RULE_UNTIL ? rule_emit_memory(p, op.code, 0)
                                         : rule_emit(p, op.code, 0);
}

static mlpipe_status rule_defer(rule_parser *p, uint32_t code, uint32_t level,
                                size_t at)
{
    if (p->pending_count == MLPIPE__RULE_DEPTH)
        return rule_fail(p, MLPIPE_E_LIMIT, at,
                         "nested too deep; the most is 64");
    p->pending[p->pending_count++] = (rule_pending){code, level, at, 0, 0};
    return MLPIPE_OK;
}

/* Write out what binds as tightly as this, down to the innermost ( . */
static mlpipe_status rule_settle(rule_parser *p, uint32_t level)
{
    while (p->pending_count) {
        const rule_pending *top = &p->pending[p->pending_count - 1];
        mlpipe_status st;
        if (rule_is_paren(top) || top->level < level)
            break;
        st = rule_reduce(p);
        if (st)
            return st;
    }
    return MLPIPE_OK;
}

/* Is `word` here, and ( behind it? Then both are taken. */
static bool rule_opens(rule_parser *p, const char *word)
{
    const size_t n = rule_word(p, p->at);
    size_t at = p->at + n;

    if (!rule_is(p, p->at, n, word))
        return false;
    while (at < p->bytes && (p->text[at] == ' ' || p->text[at] == '\t' ||
                             p->text[at] == '\n' || p->text[at] == '\r'))
        at++;
    if (at == p->bytes || p->text[at] != '(')
        return false;
    p->at = at + 1;
    return true;
}

static mlpipe_status rule_list(rule_parser *p, uint32_t want, size_t at)
{
    const mlpipe_status st = rule_defer(p, RULE_LIST, 0, at);

    if (!st)
        p->pending[p->pending_count - 1].want = want;
    return st;
}

/* A condition of a list ends here. */
static mlpipe_status rule_item(rule_parser *p, rule_pending *list)
{
    list->args++;
    if (p->types[p->type_count - 1] == RULE_TRUTH)
        return MLPIPE_OK;
    return rule_fail(p, MLPIPE_E_PARAM, list->at,
                     "the list has conditions, such as \"age > 30 d\" or "
                     "\"performance\", not numbers");
}

static mlpipe_status rule_comma(rule_parser *p)
{
    const size_t at = p->at++;
    mlpipe_status st = rule_settle(p, 0);

    if (st)
        return st;
    if (!p->pending_count ||
        p->pending[p->pending_count - 1].code != RULE_LIST)
        return rule_fail(p, MLPIPE_E_PARAM, at,
                         "a comma stands between the conditions of any(), "
                         "all() and 2 of ()");
    return rule_item(p, &p->pending[p->pending_count - 1]);
}

/* The ) of a list. */
static mlpipe_status rule_close_list(rule_parser *p)
{
    rule_pending list = p->pending[--p->pending_count];
    mlpipe_status st = rule_item(p, &list);

    if (st)
        return st;
    if (list.want > list.args)
        return rule_fail(p, MLPIPE_E_PARAM, list.at,
                         "more conditions must hold than the list has");
    if (!list.want)
        list.want = list.args;
    p->type_count -= list.args;
    p->types[p->type_count++] = RULE_TRUTH;
    return rule_emit(p, MLPIPE__RULE_OF, list.want | list.args << 16);
}

/* ---- operands ---------------------------------------------------------- */

static mlpipe_status rule_number(rule_parser *p, bool *done)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1},       {"min", 60},
                 {"h", 3600},  {"d", 86400}, {"w", 604800.0}};
    mlpipe_trigger *t = p->out;
    const size_t from = p->at;
    size_t end = from, word;
    double value;
    mlpipe_status st;

    while (end < p->bytes && (rule_digit(p->text[end]) || p->text[end] == '.'))
        end++;
    if (end + 1 < p->bytes && (p->text[end] == 'e' || p->text[end] == 'E')) {
        size_t e = end + 1;
        e += p->text[e] == '+' || p->text[e] == '-';
        if (e < p->bytes && rule_digit(p->text[e]))
            for (end = e; end < p->bytes && rule_digit(p->text[end]);)
                end++;
    }
    if (!mlpipe__parse_f64(p->text + from, end - from, false, &value) ||
        !mlpipe__finite(value))
        return rule_fail(p, MLPIPE_E_PARAM, from, "this is no number");
    p->at = end;
    rule_skip(p);
    if (rule_opens(p, "of")) {
        *done = false;
        if (!(value >= 1 && value <= MLPIPE__RULE_DEPTH) ||
            (double)(uint32_t)value != value)
            return rule_fail(p, MLPIPE_E_PARAM, from,
                             "how many of the conditions must hold is a "
                             "whole number from 1 to 64");
        return rule_list(p, (uint32_t)value, from);
    }
    word = rule_word(p, p->at);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!rule_is(p, p->at, word, units[i].name))
            continue;
        value *= units[i].factor;
        p->at += word;
        break;
    }
    if (p->at < p->bytes && p->text[p->at] == '%') {
        value /= 100;
        p->at++;
    }
    st = rule_room(p, (void **)&t->numbers, t->number_count, &p->number_room,
                   sizeof *t->numbers);
    if (st)
        return st;
    t->numbers[t->number_count++] = value;
    st = rule_push(p, RULE_VALUE, from);
    return st ? st : rule_emit(p, MLPIPE__RULE_NUMBER, t->number_count - 1);
}

static bool rule_run_byte(char c)
{
    return rule_letter(c) || rule_digit(c) || c == '.' || c == '-';
}

/* A name with a hyphen where the rule has a minus: any part of the run of
 * letters and hyphens that holds the n bytes at `at`; NULL: none. */
static const char *rule_hyphenated(const rule_parser *p, size_t at, size_t n)
{
    const mlpipe__dict *d = &p->known->names;
    size_t from = at, to = at + n;

    while (from > 0 && rule_run_byte(p->text[from - 1]))
        from--;
    while (to < p->bytes && rule_run_byte(p->text[to]))
        to++;
    for (uint32_t i = 0; p->text[at] != '`' && i < d->count; i++) {
        const char *name = mlpipe__dict_text(d, i);
        const size_t bytes = mlpipe__dict_bytes(d, i);
        if (!memchr(name, '-', bytes))
            continue;
        for (size_t k = from; k <= at && k + bytes <= to; k++)
            if (k + bytes >= at + n && !memcmp(p->text + k, name, bytes))
                return name;
    }
    return NULL;
}

/* How a name is written: `education-num`.psi, or as it is. */
static void rule_written(const char *name, char *out, size_t room)
{
    const char *odd = NULL, *tail;

    for (const char *c = name; *c; c++)
        if (!rule_letter(*c) && !rule_digit(*c) && *c != '.')
            odd = c;
    if (!odd && rule_letter(*name)) {
        mlpipe__format(out, room, "%s", name);
        return;
    }
    tail = strrchr(odd ? odd : name, '.');
    if (!tail)
        tail = name + strlen(name);
    mlpipe__format(out, room, "`%.*s`%s", (int)(tail - name), name, tail);
}

enum { RULE_SHOWN = 200 }; /* bytes of a name in a message */

static mlpipe_status rule_unknown(rule_parser *p, const char *name, size_t n,
                                  size_t at)
{
    const mlpipe__dict *d = &p->known->names;
    const char **names =
        mlpipe__alloc_array(p->ctx->env, d->count, sizeof *names);
    char caret[MLPIPE__CARET_BYTES];
    const char *hyphen = rule_hyphenated(p, at, n), *near;
    char written[RULE_SHOWN + 3];

    if (!names)
        return mlpipe__nomem(p->ctx);
    for (uint32_t i = 0; i < d->count; i++)
        names[i] = mlpipe__dict_text(d, i);
    near = hyphen ? hyphen : mlpipe__nearest(name, n, names, d->count);
    mlpipe__free(p->ctx->env, names);
    mlpipe__caret(p->text, p->bytes, at, caret);
    if (near && strlen(near) <= RULE_SHOWN) {
        rule_written(near, written, sizeof written);
        return mlpipe__fail(
            p->ctx, MLPIPE_E_PARAM,
            "rule, byte %zu: the monitor's report has no %.*q; %s%q%s%s%s%s",
            at, (int)n, name, hyphen ? "" : "did you mean ", near,
            hyphen                   ? " is written "
            : strcmp(written, near) ? "? It is written "
                                    : "?",
            hyphen || strcmp(written, near) ? written : "",
            hyphen ? ", in backticks, since - is a minus" : "", caret);
    }
    return mlpipe__fail(p->ctx, MLPIPE_E_PARAM,
                        "rule, byte %zu: the monitor's report has no %.*q; "
                        "it has performance, features, age, errors, the "
                        "metrics and <input>.psi%s",
                        at, (int)n, name, caret);
}

/* Emit the value of a known name. */
static mlpipe_status rule_use(rule_parser *p, uint32_t known, size_t at)
{
    mlpipe_trigger *t = p->out;
    const char *name = mlpipe__dict_text(&p->known->names, known);
    const size_t n = mlpipe__dict_bytes(&p->known->names, known);
    const uint8_t kind = p->known->kinds[known];
    const char *never;
    mlpipe_status st;
    uint32_t i;

    if (p->known->performance[known] && !p->known->has_performance)
        return rule_fail(p, MLPIPE_E_STATE, at,
                         "the model's reference has no rows that its learner "
                         "did not see, so performance cannot be judged; fit "
                         "with a validation dataset or holdout=0.1");
    never = p->world ? mlpipe__rule_never(p->world, name) : NULL;
    if (never)
        return rule_fail(p, MLPIPE_E_STATE, at, never);
    i = mlpipe__dict_add(&t->names, name, n);
    if (i == UINT32_MAX)
        return mlpipe__nomem(p->ctx);
    st = rule_room(p, (void **)&t->kinds, i, &p->name_room, 1);
    if (st)
        return st;
    t->kinds[i] = kind;
    st = rule_push(p, kind == MLPIPE__NAME_VERDICT ? RULE_TRUTH : RULE_VALUE,
                   at);
    return st ? st : rule_emit(p, MLPIPE__RULE_NAME, i);
}

/* <name>.reference of a known name, or UINT32_MAX. */
static mlpipe_status rule_reference(rule_parser *p, uint32_t name,
                                    uint32_t *out)
{
    mlpipe__text t;

    mlpipe__text_init(&t, p->ctx->env);
    mlpipe__text_add(&t, "%s.reference",
                     mlpipe__dict_text(&p->known->names, name));
    const bool failed = t.failed;
    if (!failed)
        *out = mlpipe__dict_find(&p->known->names, t.data, t.size);
    mlpipe__text_free(&t);
    return failed ? mlpipe__nomem(p->ctx) : MLPIPE_OK;
}

static mlpipe_status rule_name(rule_parser *p, const char *name, size_t n,
                               size_t at)
{
    uint32_t known = mlpipe__dict_find(&p->known->names, name, n);
    uint32_t other = UINT32_MAX;
    mlpipe_status st;

    if (known == UINT32_MAX && n == 9 && !memcmp(name, "reference", 9)) {
        if (p->metric == UINT32_MAX)
            return rule_fail(p, MLPIPE_E_PARAM, at,
                             "reference stands behind a metric, such as "
                             "\"rmse > 1.1 * reference\"");
        st = rule_reference(p, p->metric, &known);
        return st ? st : rule_use(p, known, at);
    }
    if (known == UINT32_MAX)
        return rule_unknown(p, name, n, at);
    st = rule_reference(p, known, &other);
    if (st)
        return st;
    if (other != UINT32_MAX)
        p->metric = known;
    return rule_use(p, known, at);
}

/* `odd name` or `odd name`.psi */
static mlpipe_status rule_quoted(rule_parser *p)
{
    const size_t from = p->at;
    mlpipe__text t;
    size_t end = from + 1;
    mlpipe_status st;

    while (end < p->bytes && p->text[end] != '`')
        end++;
    if (end >= p->bytes)
        return rule_fail(p, MLPIPE_E_PARAM, from,
                         "this backtick has no closing one");
    mlpipe__text_init(&t, p->ctx->env);
    mlpipe__text_put(&t, p->text + from + 1, end - from - 1);
    p->at = end + 1;
    if (p->at < p->bytes && p->text[p->at] == '.') {
        const size_t more = rule_word(p, p->at + 1);
        mlpipe__text_put(&t, p->text + p->at, more + 1);
        p->at += more + 1;
    }
    st = t.failed ? mlpipe__nomem(p->ctx)
                  : rule_name(p, t.data ? t.data : "", t.size, from);
    mlpipe__text_free(&t);
    return st;
}

/* One operand, or a prefix before it; *done = an operand was read. */
static mlpipe_status rule_operand(rule_parser *p, bool *done)
{
    const size_t at = p->at;
    const char c = p->text[at];
    const size_t word = rule_word(p, at);

    *done = false;
    if (c == '(') {
        p->at++;
        return rule_defer(p, RULE_PAREN, 0, at);
    }
    if (c == '-') {
        p->at++;
        return rule_defer(p, MLPIPE__RULE_NEGATE, 7, at);
    }
    if (rule_is(p, at, word, "not")) {
        p->at += word;
        return rule_defer(p, MLPIPE__RULE_NOT, 3, at);
    }
    if (rule_is(p, at, word, "and") || rule_is(p, at, word, "or"))
        return rule_fail(p, MLPIPE_E_PARAM, at,
                         "a condition is missing before this");
    if (rule_opens(p, "any"))
        return rule_list(p, 1, at);
    if (rule_opens(p, "all"))
        return rule_list(p, 0, at);
    *done = true;
    if (rule_digit(c) || c == '.')
        return rule_number(p, done);
    if (c == '`')
        return rule_quoted(p);
    if (!word)
        return rule_fail(p, MLPIPE_E_PARAM, at,
                         "a name, a number or ( must stand here");
    p->at += word;
    return rule_name(p, p->text + at, word, at);
}

/* ---- operators --------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t code, level;
} rule_operators[] = {
    {"<=", MLPIPE__RULE_LE, 4}, {">=", MLPIPE__RULE_GE, 4},
    {"==", MLPIPE__RULE_EQ, 4}, {"!=", MLPIPE__RULE_NE, 4},
    {"<", MLPIPE__RULE_LT, 4},  {">", MLPIPE__RULE_GT, 4},
    {"=", MLPIPE__RULE_EQ, 4},  {"+", MLPIPE__RULE_ADD, 5},
    {"-", MLPIPE__RULE_SUB, 5}, {"*", MLPIPE__RULE_MUL, 6},
    {"/", MLPIPE__RULE_DIV, 6}, {"and", MLPIPE__RULE_AND, 2},
    {"or", MLPIPE__RULE_OR, 1}, {"until", MLPIPE__RULE_UNTIL, 3},
};

/* for 3 panes, behind a condition. */
static mlpipe_status rule_for_panes(rule_parser *p)
{
    const size_t at = p->at;
    size_t end;
    double n = 0;
    mlpipe_status st = rule_settle(p, 3);

    if (st)
        return st;
    if (p->types[p->type_count - 1] != RULE_TRUTH)
        return rule_fail(p, MLPIPE_E_PARAM, at,
                         "for stands behind a condition, not a number");
    p->at += 3;
    rule_skip(p);
    for (end = p->at; end < p->bytes && rule_digit(p->text[end]);)
        end++;
    if (!mlpipe__parse_f64(p->text + p->at, end - p->at, false, &n) ||
        n < 1 || n > RULE_PANES_MAX)
        return rule_fail(p, MLPIPE_E_PARAM, p->at,
                         "a whole number of panes, from 1 to 10000, stands "
                         "behind for");
    p->at = end;
    rule_skip(p);
    end = rule_word(p, p->at);
    if (!rule_is(p, p->at, end, "panes") && !rule_is(p, p->at, end, "pane"))
        return rule_fail(p, MLPIPE_E_PARAM, p->at,
                         "panes must stand here, as in \"for 3 panes\"");
    p->at += end;
    return rule_emit_memory(p, MLPIPE__RULE_FOR, (uint32_t)n);
}

static mlpipe_status rule_close(rule_parser *p)
{
    const size_t at = p->at++;
    const mlpipe_status st = rule_settle(p, 0);

    if (st)
        return st;
    if (!p->pending_count)
        return rule_fail(p, MLPIPE_E_PARAM, at, "this ) closes nothing");
    if (p->pending[p->pending_count - 1].code == RULE_LIST)
        return rule_close_list(p);
    p->pending_count--;
    return MLPIPE_OK;
}

static mlpipe_status rule_operator(rule_parser *p)
{
    const size_t at = p->at, word = rule_word(p, at);
    const size_t left = p->bytes - at;

    for (size_t i = 0; i < sizeof rule_operators / sizeof *rule_operators;
         i++) {
        const char *text = rule_operators[i].text;
        const size_t n = strlen(text);
        if (n > left || memcmp(p->text + at, text, n) ||
            (word && word != n))
            continue;
        const mlpipe_status st = rule_settle(p, rule_operators[i].level);
        if (st)
            return st;
        p->at += n;
        return rule_defer(p, rule_operators[i].code, rule_operators[i].level,
                          at);
    }
    return rule_fail(p, MLPIPE_E_PARAM, at,
                     "a comparison, + - * /, and, or, until, for, ) or the "
                     "end must stand here");
}

static mlpipe_status rule_finish(rule_parser *p)
{
    while (p->pending_count) {
        const rule_pending *top = &p->pending[p->pending_count - 1];
        mlpipe_status st;
        if (rule_is_paren(top))
            return rule_fail(p, MLPIPE_E_PARAM, top->at,
                             "this ( has no closing one");
        st = rule_reduce(p);
        if (st)
            return st;
    }
    if (p->types[0] != RULE_TRUTH)
        return rule_fail(p, MLPIPE_E_PARAM, 0,
                         "a rule is a condition, such as \"age > 30 d\", and "
                         "not a number");
    return MLPIPE_OK;
}

static mlpipe_status rule_parse(rule_parser *p)
{
    bool operand = true; /* one is wanted next */

    for (;;) {
        mlpipe_status st;
        rule_skip(p);
        if (p->at == p->bytes && operand)
            return rule_fail(p, MLPIPE_E_PARAM, p->at,
                             "the rule ends where a name or number must "
                             "stand");
        if (p->at == p->bytes)
            return rule_finish(p);
        if (operand) {
            bool done;
            st = rule_operand(p, &done);
            operand = !done;
        } else if (p->text[p->at] == ')') {
            st = rule_close(p);
        } else if (p->text[p->at] == ',') {
            st = rule_comma(p);
            operand = true;
        } else if (rule_is(p, p->at, rule_word(p, p->at), "for")) {
            st = rule_for_panes(p);
        } else {
            st = rule_operator(p);
            operand = true;
        }
        if (st)
            return st;
    }
}

mlpipe_status mlpipe__rule_compile(mlpipe_ctx *ctx,
                                   const mlpipe__report_names *known,
                                   const mlpipe__rule_world *world,
                                   const char *rule, mlpipe_trigger **out)
{
    rule_parser p = {
        .ctx = ctx, .known = known, .world = world, .text = rule};
    mlpipe_status st;

    p.bytes = strlen(rule);
    p.metric = UINT32_MAX;
    if (p.bytes > ctx->env->limits.expression_bytes)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the rule has %zu bytes; the most is %llu",
                            p.bytes,
                            (unsigned long long)
                                ctx->env->limits.expression_bytes);
    if (!mlpipe__utf8_valid(rule, p.bytes)) /* messages show it */
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "the rule is no UTF-8: %q", rule);
    p.out = mlpipe__alloc(ctx->env, sizeof *p.out);
    if (!p.out)
        return mlpipe__nomem(ctx);
    p.out->env = mlpipe__env_keep(ctx->env);
    mlpipe__dict_init(&p.out->names, p.out->env);
    p.out->rule = mlpipe__strdup(p.out->env, rule, p.bytes);
    st = p.out->rule ? rule_parse(&p) : mlpipe__nomem(ctx);
    if (!st && p.out->memory_count) {
        p.out->memory = mlpipe__alloc_array(
            ctx->env, p.out->memory_count, sizeof *p.out->memory);
        if (!p.out->memory)
            st = mlpipe__nomem(ctx);
        for (uint32_t i = 0; !st && i < p.out->memory_count; i++)
            p.out->memory[i] = 0.0;
    }
    if (st) {
        mlpipe_trigger_free(p.out);
        return st;
    }
    *out = p.out;
    return MLPIPE_OK;
}
