/* SPDX-License-Identifier: MIT */
/* Expressions to tokens: numbers, durations, times, texts, names, signs. */
#include "expr_internal.h"

double mlpipe__expr_unit_us(const char *word, size_t bytes)
{
    static const struct {
        const char *name;
        double us;
    } units[] = {{"us", 1},    {"ms", 1e3},    {"s", 1e6},     {"min", 6e7},
                 {"h", 3.6e9}, {"d", 8.64e10}, {"w", 6.048e11}};
    const char *unit = mlpipe__time_unit(word, bytes);

    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
        if (!strcmp(units[i].name, unit))
            return units[i].us;
    return 0;
}

static bool expr_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool expr_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static char expr_byte(const mlpipe__expr *e, size_t at)
{
    return at < e->bytes ? e->text[at] : '\0';
}

static size_t expr_word_end(const mlpipe__expr *e, size_t at)
{
    while (expr_letter(expr_byte(e, at)) || expr_digit(expr_byte(e, at)))
        at++;
    return at;
}

bool mlpipe__expr_reserved(const char *name, size_t bytes)
{
    static const char *const words[] = {
        "and",  "or",   "not",  "in",   "between", "is",  "null", "true",
        "false", "case", "when", "then", "else",    "end", "let",  "as_of"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == bytes && !memcmp(words[i], name, bytes))
            return true;
    return false;
}

/* Is the word this one, which is in capitals, in any letter case? */
static bool expr_same(const char *s, size_t bytes, const char *word)
{
    size_t i = 0;

    for (; i < bytes && word[i]; i++)
        if ((s[i] >= 'a' && s[i] <= 'z' ? s[i] - 32 : s[i]) != word[i])
            return false;
    return i == bytes && !word[i];
}

const char *mlpipe__expr_foreign(const mlpipe__expr *e, size_t at,
                                 size_t bytes)
{
    static const char *const others[][2] = {
        {"AND", "words are small letters: and"},
        {"OR", "words are small letters: or"},
        {"NOT", "words are small letters: not"},
        {"IN", "words are small letters: in"},
        {"IS", "words are small letters: is"},
        {"BETWEEN", "words are small letters: between"},
        {"LIKE", "write starts(s, \"what\"), ends(s, \"what\") or "
                 "contains(s, \"what\")"},
        {"ILIKE", "write contains(lower(s), \"what\")"}};
    size_t from = at;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (expr_same(e->text + at, bytes, others[i][0])
            && !mlpipe__expr_reserved(e->text + at, bytes))
            return others[i][1];
    while (from && (e->text[from - 1] == ' ' || e->text[from - 1] == '\t'))
        from--;
    return from < at && from >= 3 && expr_same(e->text + from - 3, 3, "NOT")
            && !mlpipe__expr_reserved(e->text + from - 3, 3)
            && (from == 3 || (!expr_letter(e->text[from - 4])
                              && !expr_digit(e->text[from - 4])))
        ? others[2][1] : NULL;
}

bool mlpipe__expr_is_sign(const mlpipe__expr *e, const char *sign)
{
    return e->token.kind == EXPR_SIGN && !strcmp(e->token.sign, sign);
}

bool mlpipe__expr_is_word(const mlpipe__expr *e, const char *word)
{
    return e->token.kind == EXPR_NAME &&
           !strcmp(mlpipe__expr_text(e, e->token.text), word);
}

bool mlpipe__expr_follows(const mlpipe__expr *e, char sign)
{
    size_t at = e->at;

    while (expr_byte(e, at) == ' ' || expr_byte(e, at) == '\t')
        at++;
    if (expr_byte(e, at) != sign)
        return false;
    return sign != '=' || expr_byte(e, at + 1) != '=';
}

static void expr_bad(mlpipe__expr *e)
{
    e->token.kind = EXPR_BAD;
}

/* ---- numbers ------------------------------------------------------------ */

/* Digits with single underscores between them, without these into out. */
static size_t expr_digits(const mlpipe__expr *e, size_t at, char *out,
                          size_t room, size_t *n)
{
    while (expr_digit(expr_byte(e, at)) ||
           (expr_byte(e, at) == '_' && expr_digit(expr_byte(e, at + 1)))) {
        if (expr_byte(e, at) != '_' && *n < room)
            out[(*n)++] = expr_byte(e, at);
        at++;
    }
    return at;
}

/* The end of the number at `at`, its text in out; *whole: an integer. */
static size_t expr_number_text(const mlpipe__expr *e, size_t at, char *out,
                               size_t room, size_t *n, bool *whole)
{
    size_t sign;

    *n = 0;
    *whole = true;
    at = expr_digits(e, at, out, room, n);
    if (expr_byte(e, at) == '.') {
        *whole = false;
        if (*n < room)
            out[(*n)++] = '.';
        at = expr_digits(e, at + 1, out, room, n);
    }
    if (expr_byte(e, at) != 'e' && expr_byte(e, at) != 'E')
        return at;
    sign = expr_byte(e, at + 1) == '+' || expr_byte(e, at + 1) == '-';
    if (!expr_digit(expr_byte(e, at + 1 + sign)))
        return at;
    *whole = false;
    for (size_t i = 0; i <= sign && *n < room; i++)
        out[(*n)++] = expr_byte(e, at + i);
    return expr_digits(e, at + 1 + sign, out, room, n);
}

/* A unit behind a number, on the same line. */
static bool expr_unit(mlpipe__expr *e)
{
    size_t at = e->at, end;
    double us;

    while (expr_byte(e, at) == ' ' || expr_byte(e, at) == '\t')
        at++;
    end = expr_word_end(e, at);
    us = mlpipe__expr_unit_us(e->text + at, end - at);
    if (us == 0)
        return false;
    e->token.kind = EXPR_DURATION;
    e->token.number *= us;
    e->at = end;
    return true;
}

static void expr_lex_number(mlpipe__expr *e)
{
    char text[400];
    size_t n;
    bool whole;
    const size_t from = e->at;
    double x;

    e->at = expr_number_text(e, from, text, sizeof text, &n, &whole);
    e->token.kind = EXPR_NUMBER;
    if (n == sizeof text || !mlpipe__parse_f64(text, n, false, &x)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_NUMBER, from, e->at - from, "",
                           "this is no number");
        expr_bad(e);
        return;
    }
    if (!mlpipe__finite(x)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_NUMBER, from, e->at - from, "",
                           "this number is beyond 1.8e308, the largest");
        expr_bad(e);
        return;
    }
    if (whole && x >= 0x1p53 && !(n == 16 &&
                                  !memcmp(text, "9007199254740992", 16))) {
        mlpipe__expr_error(
            e, MLPIPE_DETAIL_INEXACT, from, e->at - from,
            "write it as 9.1e15 where the last digits do not matter; ids are "
            "texts",
            "integers beyond 9007199254740992 (2^53) are not exact");
        expr_bad(e);
        return;
    }
    e->token.number = x;
    if (expr_unit(e) && !mlpipe__finite(e->token.number)) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_NUMBER, from, e->at - from, "",
                           "this duration is beyond range");
        expr_bad(e);
    }
    if (e->token.kind == EXPR_NUMBER && expr_letter(expr_byte(e, e->at))) {
        const size_t end = expr_word_end(e, e->at);
        mlpipe__expr_error(
            e, MLPIPE_DETAIL_NUMBER, from, end - from,
            "units are us, ms, s, min, h, d, w or words such as days; a column "
            "that starts with a digit is written in backticks",
            "%.*q is neither a number nor a number with a unit",
            (int)(end - from), e->text + from);
        e->at = end;
        expr_bad(e);
    }
}

/* ---- quotes ------------------------------------------------------------- */

/* Behind a quote that is never closed: the next line, where definitions may
 * go on. */
static size_t expr_line_end(const mlpipe__expr *e, size_t at)
{
    const char *end = memchr(e->text + at, '\n', e->bytes - at);

    return end ? (size_t)(end - e->text) : e->bytes;
}

/* A text or name in quotes; a doubled quote stands for one. */
static void expr_lex_quoted(mlpipe__expr *e, char quote,
                            enum mlpipe__expr_token_kind kind)
{
    const size_t from = e->at, text = e->texts.size;
    size_t at = from + 1;

    e->token.kind = kind;
    for (;; at++) {
        if (at >= e->bytes) {
            e->texts.size = text;
            mlpipe__expr_error(
                e, MLPIPE_DETAIL_UNCLOSED, from, e->bytes - from,
                quote == '`' ? "a backtick inside of a name is written twice"
                             : "a quote inside of a text is written twice",
                "this %c has no closing one", quote);
            e->at = expr_line_end(e, from);
            expr_bad(e);
            return;
        }
        if (e->text[at] == quote && expr_byte(e, ++at) != quote)
            break;
        mlpipe__text_put(&e->texts, e->text + at, 1);
    }
    e->token.text = text;
    e->token.bytes = e->texts.size - text;
    mlpipe__text_put(&e->texts, "", 1);
    if (e->texts.failed)
        mlpipe__expr_nomem(e);
    e->at = at;
    if (kind == EXPR_QUOTED && !e->token.bytes) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, from, at - from, "",
                           "a name in backticks is not empty");
        expr_bad(e);
    }
}

/* ---- times -------------------------------------------------------------- */

/* Does text match? '0' a digit, '?' a + or -, else itself. */
static size_t expr_match(const mlpipe__expr *e, size_t at,
                         const char *pattern)
{
    size_t n = 0;

    for (; pattern[n]; n++) {
        const char c = expr_byte(e, at + n);
        const bool is = pattern[n] == '0'   ? expr_digit(c)
                        : pattern[n] == '?' ? c == '+' || c == '-'
                                            : c == pattern[n];
        if (!is)
            return 0;
    }
    return n;
}

static size_t expr_time_end(const mlpipe__expr *e, size_t at)
{
    size_t n = expr_match(e, at, "0000-00-00");

    if (!n)
        return at;
    at += n;
    n = expr_match(e, at, "T00:00");
    if (!n)
        return at;
    at += n;
    at += expr_match(e, at, ":00");
    if (expr_match(e, at, ".0"))
        for (at++; expr_digit(expr_byte(e, at));)
            at++;
    n = expr_match(e, at, "?00:00");
    return at + (n ? n : expr_match(e, at, "Z"));
}

static void expr_lex_time(mlpipe__expr *e)
{
    const size_t from = e->at, end = expr_time_end(e, from + 1);
    int64_t us = 0;

    e->token.kind = EXPR_TIME;
    e->at = end;
    if (end > from + 1 &&
        mlpipe__date_parse("%Y-%m-%d[T%H:%M[:%S[.%f]][%z]]",
                           e->text + from + 1, end - from - 1, &us)) {
        e->token.number = (double)us;
        return;
    }
    if (end == from + 1)
        e->at = expr_word_end(e, end);
    mlpipe__expr_error(e, MLPIPE_DETAIL_DATE, from, e->at - from,
                       "write @2026-01-31 or @2026-01-31T10:00:00",
                       end == from + 1 ? "behind @ stands no date"
                                       : "there is no such date or time");
    expr_bad(e);
}

/* ---- signs -------------------------------------------------------------- */

static void expr_lex_sign(mlpipe__expr *e)
{
    static const char *const signs[] = {"**", "//", "<=", ">=", "==", "!=",
                                        "<>", "<",  ">",  "=",  "+",  "-",
                                        "*",  "/",  "%",  "(",  ")",  "[",
                                        "]",  ",",  ";"};
    const size_t from = e->at;
    size_t n;

    e->token.kind = EXPR_SIGN;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        n = strlen(signs[i]);
        if (n > e->bytes - from || memcmp(e->text + from, signs[i], n))
            continue;
        memcpy(e->token.sign, signs[i], n + 1);
        e->at = from + n;
        return;
    }
    n = mlpipe__utf8_char(e->text + from, e->bytes - from);
    e->at = from + (n ? n : 1);
    mlpipe__expr_error(
        e, MLPIPE_DETAIL_CHARACTER, from, e->at - from,
        e->text[from] == '&'   ? "write and"
        : e->text[from] == '|' ? "write or"
        : e->text[from] == '!' ? "write not, or != between two values"
        : e->text[from] == '^' ? "a power is written **"
                               : "odd column names are written in backticks",
        "%.*q has no meaning here", (int)(e->at - from), e->text + from);
    expr_bad(e);
}

static void expr_lex_name(mlpipe__expr *e)
{
    const size_t from = e->at;

    e->at = expr_word_end(e, from);
    e->token.kind = EXPR_NAME;
    e->token.bytes = e->at - from;
    e->token.text = mlpipe__expr_keep(e, e->text + from, e->token.bytes);
}

void mlpipe__expr_next(mlpipe__expr *e)
{
    mlpipe__expr_token *t = &e->token;

    memset(t, 0, sizeof *t);
    for (; e->at < e->bytes; e->at++) {
        const char c = e->text[e->at];
        if (c == '\n')
            t->newline = true;
        else if (c != ' ' && c != '\t' && c != '\r')
            break;
    }
    t->at = e->at;
    if (e->stop || e->at >= e->bytes) {
        t->kind = EXPR_END;
        t->at = e->at < e->bytes ? e->at : e->bytes;
        return;
    }
    switch (e->text[e->at]) {
    case '"':
    case '\'':
        expr_lex_quoted(e, e->text[e->at], EXPR_TEXT);
        break;
    case '`':
        expr_lex_quoted(e, '`', EXPR_QUOTED);
        break;
    case '@':
        expr_lex_time(e);
        break;
    default:
        if (expr_digit(e->text[e->at]) ||
            (e->text[e->at] == '.' && expr_digit(expr_byte(e, e->at + 1))))
            expr_lex_number(e);
        else if (expr_letter(e->text[e->at]))
            expr_lex_name(e);
        else
            expr_lex_sign(e);
    }
    t->length = e->at - t->at;
}
