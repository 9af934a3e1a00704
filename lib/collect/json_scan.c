/* SPDX-License-Identifier: MIT */
/*
 * Tokens of JSON as RFC 8259 has them and nothing beyond: no comments, no
 * comma before a bracket, no leading zeros, no NaN, no half surrogates, no
 * bytes that are not UTF-8. Nothing here recurses, allocates or remembers.
 */
#include "collect_internal.h"

static const char *const ndjson_no_utf8 =
    "the bytes of this text are no UTF-8; say encoding=cp1252 or what else "
    "the file is written in";

/* It does not end here: wrong only where nothing comes behind. */
static bool ndjson_short(mlpipe__json_lexer *l, const char *why)
{
    if (l->whole)
        l->bad = why;
    return false;
}

static bool ndjson_wrong(mlpipe__json_lexer *l, const char *at, const char *why)
{
    l->at = at;
    l->bad = why;
    return false;
}

const char *mlpipe__json_bad(const mlpipe__json_lexer *l, char room[64])
{
    if (!l->deepest)
        return l->bad;
    (void)mlpipe__format(room, 64, "%s, %u", l->bad, l->deepest);
    return room;
}

bool mlpipe__json_peek(mlpipe__json_lexer *l, char *c)
{
    while (l->at < l->end && (*l->at == ' ' || *l->at == '\n'
                              || *l->at == '\t' || *l->at == '\r'))
        l->at++;
    if (l->at == l->end)
        return false;
    *c = *l->at;
    return true;
}

/* ---- strings ------------------------------------------------------------ */

/* A bit in each byte that is a quote, a backslash, a control or wide. */
static inline uint64_t ndjson_special(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

    return ((quote - ones) & ~quote) | ((slash - ones) & ~slash)
        | (w - ones * 0x20) | w;
}

/* Up to the next byte that needs a look. */
static const char *ndjson_plain(const char *p, const char *end)
{
    uint64_t w;

    for (; (size_t)(end - p) >= sizeof w; p += sizeof w) {
        memcpy(&w, p, sizeof w);
        if (ndjson_special(w) & UINT64_C(0x8080808080808080))
            break;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20
           && (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* Bytes of the escape at p; 0 with or without `bad` where it is none. */
static size_t ndjson_escape_bytes(mlpipe__json_lexer *l, const char *p)
{
    static const char never[] = "this text is never closed";
    const size_t n = (size_t)(l->end - p);

    if (n < 2)
        return (size_t)ndjson_short(l, never);
    if (l->loose)
        return 2;
    if (memchr("\"\\/bfnrt", p[1], 8))
        return 2;
    if (p[1] != 'u')
        return (size_t)ndjson_wrong(l, p, "an unknown escape; there are \\\" "
                                        "\\\\ \\/ \\b \\f \\n \\r \\t "
                                        "\\uXXXX");
    if (n < 6)
        return (size_t)ndjson_short(l, "\\u takes four hex digits");
    const int32_t high = mlpipe__json_hex(p + 2);
    if (high < 0)
        return (size_t)ndjson_wrong(l, p, "\\u takes four hex digits");
    if (high < 0xd800 || high > 0xdfff)
        return 6;
    if (n < 12 && high < 0xdc00 && !l->whole)
        return 0;
    const int32_t low = n < 12 || p[6] != '\\' || p[7] != 'u'
        ? -1 : mlpipe__json_hex(p + 8);
    if (high >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
        return (size_t)ndjson_wrong(l, p, "a surrogate without its other half");
    return 12;
}

bool mlpipe__json_string(mlpipe__json_lexer *l, mlpipe__csv_field *f)
{
    const char *const first = l->at + 1, *p = first;
    bool wide = false;

    f->flags = MLPIPE__CSV_STRING;
    for (;;) {
        p = ndjson_plain(p, l->end);
        if (p == l->end)
            return ndjson_short(l, "this text is never closed");
        if (*p == '"')
            break;
        if (*p == '\\') {
            const size_t n = ndjson_escape_bytes(l, p);
            if (!n)
                return false;
            f->flags |= MLPIPE__CSV_ESCAPED;
            p += n;
        } else if ((unsigned char)*p < 0x20 && !l->loose) {
            return ndjson_wrong(l, p, "a control character in a text; it is "
                                    "written as \\u00XX");
        } else {
            wide |= (unsigned char)*p >= 0x80;
            p++;
        }
    }
    f->data = first;
    f->size = (size_t)(p - first);
    l->wide |= wide;
    if (wide && !l->loose && !mlpipe__utf8_valid(f->data, f->size))
        return ndjson_wrong(l, l->at, ndjson_no_utf8);
    l->at = p + 1;
    return true;
}

void mlpipe__json_decode(mlpipe__text *t, const char *s, size_t n)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *const end = s + n;
    char out[4];

    while (s < end) {
        const char *slash = memchr(s, '\\', (size_t)(end - s));
        mlpipe__text_put(t, s, (size_t)((slash ? slash : end) - s));
        if (!slash)
            return;
        if (slash[1] != 'u') {
            const char *name = memchr(names, slash[1], 8);
            mlpipe__text_put(t, &values[name - names], 1);
            s = slash + 2;
            continue;
        }
        uint32_t code = (uint32_t)mlpipe__json_hex(slash + 2);
        s = slash + 6;
        if (code >= 0xd800 && code < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10)
                + ((uint32_t)mlpipe__json_hex(slash + 8) - 0xdc00);
            s = slash + 12;
        }
        mlpipe__text_put(t, out, mlpipe__utf8_put(out, code));
    }
}

/* ---- numbers and words -------------------------------------------------- */

static const char *ndjson_digits_end(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool ndjson_number_token(mlpipe__json_lexer *l, mlpipe__csv_field *f)
{
    const char *p = l->at + (*l->at == '-'), *const end = l->end;
    const char *first = p;
    double value;
    bool exponent = false;

    p = ndjson_digits_end(p, end);
    if (p == first)
        return p == end ? ndjson_short(l, "a number ends in its sign")
                        : ndjson_wrong(l, p, "a digit belongs here");
    if (*first == '0' && p - first > 1)
        return ndjson_wrong(l, first, "a number has no leading zeros");
    if (p < end && *p == '.') {
        first = ++p;
        p = ndjson_digits_end(p, end);
        if (p == first)
            return p == end ? ndjson_short(l, "a number ends in its point")
                            : ndjson_wrong(l, p, "a digit belongs here");
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        exponent = true;
        p++;
        p += p < end && (*p == '+' || *p == '-');
        first = p;
        p = ndjson_digits_end(p, end);
        if (p == first)
            return p == end ? ndjson_short(l, "a number ends in its exponent")
                            : ndjson_wrong(l, p, "a digit belongs here");
    }
    if (p == end && !l->whole)
        return false;
    f->data = l->at;
    f->size = (size_t)(p - l->at);
    f->flags = MLPIPE__CSV_NUMBER;
    /* Only these can be beyond the range of a double. */
    if (!l->loose && (exponent || f->size > 300)
        && (!mlpipe__parse_f64(f->data, f->size, false, &value)
            || value - value != 0))
        return ndjson_wrong(l, l->at, "the number is beyond 1.797e308");
    l->at = p;
    return true;
}

bool mlpipe__json_scalar(mlpipe__json_lexer *l, mlpipe__csv_field *f)
{
    static const struct {
        const char *text;
        size_t size;
        uint32_t flags;
    } words[] = {
        {"true", 4, MLPIPE__CSV_TRUTH},
        {"false", 5, MLPIPE__CSV_TRUTH},
        {"null", 4, MLPIPE__CSV_NULL},
    };
    const size_t n = (size_t)(l->end - l->at);

    if (*l->at == '-' || (*l->at >= '0' && *l->at <= '9'))
        return ndjson_number_token(l, f);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t size = words[i].size;
        if (memcmp(l->at, words[i].text, n < size ? n : size))
            continue;
        if (n < size)
            return ndjson_short(l, "a word is cut off");
        f->data = l->at;
        f->size = size;
        f->flags = words[i].flags;
        l->at += size;
        return true;
    }
    return ndjson_wrong(l, l->at, "this starts no value of JSON");
}

/* ---- whole values ------------------------------------------------------- */

/* What belongs at the place that was reached. */
enum {
    NDJSON_VALUE,
    NDJSON_FIRST_VALUE, /* or the end of the array */
    NDJSON_FIRST_KEY,   /* or the end of the object */
    NDJSON_KEY,
    NDJSON_COLON,
    NDJSON_BEHIND,      /* a comma, or the end of what is open */
    NDJSON_DONE
};

static bool ndjson_in_object(const mlpipe__json_pass *pass)
{
    const uint32_t top = pass->depth - 1;

    return pass->objects[top / 64] >> (top % 64) & 1;
}

static bool ndjson_descend(mlpipe__json_lexer *l, mlpipe__json_pass *pass,
                           bool object)
{
    const uint32_t at = pass->depth;

    if (at == (pass->most ? pass->most : MLPIPE__JSON_DEPTH)) {
        l->deepest = pass->limit ? pass->limit : MLPIPE__JSON_DEPTH;
        return ndjson_wrong(l, l->at, "deeper than the limit json_depth");
    }
    const uint64_t bit = UINT64_C(1) << (at % 64);
    pass->objects[at / 64] = (pass->objects[at / 64] & ~bit)
        | (object ? bit : 0);
    pass->depth++;
    pass->state = object ? NDJSON_FIRST_KEY : NDJSON_FIRST_VALUE;
    l->at++;
    return true;
}

static void ndjson_ascend(mlpipe__json_lexer *l, mlpipe__json_pass *pass)
{
    l->at++;
    pass->depth--;
    pass->state = pass->depth ? NDJSON_BEHIND : NDJSON_DONE;
}

static bool ndjson_pass_value(mlpipe__json_lexer *l, mlpipe__json_pass *pass,
                              char c)
{
    mlpipe__csv_field f;

    if (c == '{' || c == '[')
        return ndjson_descend(l, pass, c == '{');
    if (c == ']' && pass->state == NDJSON_FIRST_VALUE) {
        ndjson_ascend(l, pass);
        return true;
    }
    if (!(c == '"' ? mlpipe__json_string(l, &f) : mlpipe__json_scalar(l, &f)))
        return false;
    pass->state = pass->depth ? NDJSON_BEHIND : NDJSON_DONE;
    return true;
}

static bool ndjson_pass_key(mlpipe__json_lexer *l, mlpipe__json_pass *pass,
                            char c)
{
    mlpipe__csv_field f;

    if (c == '}' && pass->state == NDJSON_FIRST_KEY) {
        ndjson_ascend(l, pass);
        return true;
    }
    if (c != '"')
        return ndjson_wrong(l, l->at, "a key in quotes belongs here");
    if (!mlpipe__json_string(l, &f))
        return false;
    pass->state = NDJSON_COLON;
    return true;
}

static bool ndjson_pass_behind(mlpipe__json_lexer *l, mlpipe__json_pass *pass,
                               char c)
{
    const bool object = ndjson_in_object(pass);

    if (c == ',') {
        l->at++;
        pass->state = object ? NDJSON_KEY : NDJSON_VALUE;
        return true;
    }
    if (c != (object ? '}' : ']'))
        return ndjson_wrong(l, l->at, object ? "a comma or } belongs here"
                                           : "a comma or ] belongs here");
    ndjson_ascend(l, pass);
    return true;
}

bool mlpipe__json_skip(mlpipe__json_lexer *l, mlpipe__json_pass *pass)
{
    while (pass->state != NDJSON_DONE) {
        bool fine;
        char c;
        if (!mlpipe__json_peek(l, &c))
            return ndjson_short(l, "the value ends too early");
        switch (pass->state) {
        case NDJSON_VALUE:
        case NDJSON_FIRST_VALUE:
            fine = ndjson_pass_value(l, pass, c);
            break;
        case NDJSON_FIRST_KEY:
        case NDJSON_KEY:
            fine = ndjson_pass_key(l, pass, c);
            break;
        case NDJSON_COLON:
            fine = c == ':'
                || ndjson_wrong(l, l->at, "a colon belongs here");
            l->at += fine;
            pass->state = NDJSON_VALUE;
            break;
        default:
            fine = ndjson_pass_behind(l, pass, c);
        }
        if (!fine)
            return false;
    }
    return true;
}
