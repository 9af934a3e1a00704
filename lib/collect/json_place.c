/* SPDX-License-Identifier: MIT */
/*
 * Where in a document the rows are: one object a line, an array, or an array
 * at a JSON pointer (RFC 6901). What lies beside the pointer's path is passed
 * token by token, whatever its size, but checked as strictly as the rows.
 */
#include "collect_internal.h"

mlpipe_status mlpipe__json_broken(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                  const char *why)
{
    (void)mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                       "%s: line %llu, at byte %llu: %s; mend the file",
                       mlpipe__input_name(&csv->input),
                       (unsigned long long)csv->reader.next_line,
                       (unsigned long long)csv->input.offset, why);
    return mlpipe__fail_where(ctx, mlpipe__input_name(&csv->input));
}

void mlpipe__json_take(mlpipe__csv *csv, size_t n)
{
    const char *p = csv->input.at, *const end = p + n;

    for (; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        csv->reader.next_line++;
    mlpipe__input_skip(&csv->input, n);
}

mlpipe_status mlpipe__json_more(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    const size_t held = (size_t)(in->end - in->at);
    mlpipe_status st = MLPIPE_OK;

    if (held > ctx->env->limits.csv_line_bytes)
        return mlpipe__csv_too_long(ctx, &csv->reader);
    /* What does not end is looked at again from its start: twice as much
     * each time, so that the work stays linear. */
    do
        st = mlpipe__input_more(ctx, in);
    while (!st && !in->eof && (size_t)(in->end - in->at) < 2 * held);
    return st;
}

mlpipe_status mlpipe__json_ahead(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                 int32_t *c)
{
    mlpipe__input *in = &csv->input;

    for (;;) {
        mlpipe__json_lexer l = {.at = in->at, .end = in->end};
        char byte;
        const bool there = mlpipe__json_peek(&l, &byte);
        mlpipe__json_take(csv, (size_t)(l.at - in->at));
        *c = there ? (unsigned char)byte : -1;
        if (there || in->eof)
            return MLPIPE_OK;
        mlpipe_status st = mlpipe__csv_poll(ctx, &csv->reader);
        if (!st)
            st = mlpipe__input_more(ctx, in);
        if (st)
            return st;
    }
}

/* Passes the value that begins here. */
static mlpipe_status ndjson_pass_over(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    mlpipe__json_pass pass = {0};
    char room[64];

    pass.most = pass.limit = mlpipe__json_deepest(&ctx->env->limits);
    for (;;) {
        mlpipe__json_lexer l = {.at = in->at, .end = in->end,
                                .whole = in->eof};
        const bool done = mlpipe__json_skip(&l, &pass);
        mlpipe__json_take(csv, (size_t)(l.at - in->at));
        csv->reader.wide |= l.wide;
        if (done)
            return MLPIPE_OK;
        if (l.bad)
            return mlpipe__json_broken(ctx, csv,
                                       mlpipe__json_bad(&l, room));
        mlpipe_status st = mlpipe__csv_poll(ctx, &csv->reader);
        if (!st)
            st = mlpipe__json_more(ctx, csv);
        if (st)
            return st;
    }
}

/* The key that begins here and the colon behind it; its text is in j->key. */
static mlpipe_status ndjson_key_at(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    mlpipe__text *t = &csv->json->key;
    mlpipe__csv_field f;
    int32_t c;
    mlpipe_status st = mlpipe__json_ahead(ctx, csv, &c);

    if (st)
        return st;
    if (c != '"')
        return mlpipe__json_broken(ctx, csv, "a key in quotes belongs here");
    for (;;) {
        mlpipe__json_lexer l = {.at = in->at, .end = in->end,
                                .whole = in->eof};
        if (mlpipe__json_string(&l, &f)) {
            t->size = 0;
            t->failed = false;
            mlpipe__json_decode(t, f.data, f.size);
            mlpipe__json_take(csv, (size_t)(l.at - in->at));
            break;
        }
        if (l.bad)
            return mlpipe__json_broken(ctx, csv, l.bad);
        st = mlpipe__json_more(ctx, csv);
        if (st)
            return st;
    }
    if (t->failed)
        return mlpipe__nomem(ctx);
    st = mlpipe__json_ahead(ctx, csv, &c);
    if (st)
        return st;
    if (c != ':')
        return mlpipe__json_broken(ctx, csv, "a colon belongs here");
    mlpipe__json_take(csv, 1);
    return mlpipe__json_ahead(ctx, csv, &c);
}

/* ---- the pointer -------------------------------------------------------- */

/* The k-th token of the pointer, unescaped, in t; false past the last. */
static bool ndjson_token(const char *at, uint32_t k, mlpipe__text *t)
{
    t->size = 0;
    t->failed = false;
    for (uint32_t i = 0; at && i <= k; i++) {
        at = strchr(i ? at + 1 : at, '/');
    }
    if (!at)
        return false;
    for (at++; *at && *at != '/'; at++) {
        const bool tilde = *at == '~';
        at += tilde;
        mlpipe__text_put(t, !tilde ? at : *at == '1' ? "/" : "~", 1);
    }
    return true;
}

static mlpipe_status ndjson_no_place(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                     const char *why)
{
    return mlpipe__fail(ctx, MLPIPE_E_SCHEMA, "%s: at=%q: %s (line %llu, "
                        "byte %llu)", mlpipe__input_name(&csv->input),
                        csv->json->at, why,
                        (unsigned long long)csv->reader.next_line,
                        (unsigned long long)csv->input.offset);
}

/* Behind a value: a comma, or the end of the level, which is then passed. */
static mlpipe_status ndjson_pass_comma(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                       char open, bool *ended)
{
    int32_t c;
    const mlpipe_status st = mlpipe__json_ahead(ctx, csv, &c);

    *ended = c == (open == '{' ? '}' : ']');
    if (st)
        return st;
    if (!*ended && c != ',')
        return mlpipe__json_broken(ctx, csv, open == '{'
                                   ? "a comma or } belongs here"
                                   : "a comma or ] belongs here");
    mlpipe__json_take(csv, 1);
    return MLPIPE_OK;
}

static bool ndjson_same(const mlpipe__text *a, const mlpipe__text *b)
{
    return a->size == b->size && (!a->size
                                  || !memcmp(a->data, b->data, a->size));
}

/* RFC 6901: 0, or digits that do not begin with one. */
static bool ndjson_index(const mlpipe__text *token, int64_t *index)
{
    const char *s = token->data;
    const size_t n = token->size;

    return n && *s >= '0' && *s <= '9' && (n == 1 || *s != '0')
        && mlpipe__parse_i64(s, n, index);
}

/* Into the member of an object, or the element of an array, that is named. */
static mlpipe_status ndjson_step(mlpipe_ctx *ctx, mlpipe__csv *csv, char open,
                                 const mlpipe__text *token)
{
    int64_t index = 0, i = 0;
    int32_t c;
    bool ended = false;

    if (open == '[' && !ndjson_index(token, &index))
        return ndjson_no_place(ctx, csv, "an array is entered by a number "
                               "without sign or leading zeros, 0 the first");
    mlpipe__json_take(csv, 1);
    mlpipe_status st = mlpipe__json_ahead(ctx, csv, &c);
    if (!st && c == (open == '{' ? '}' : ']'))
        ended = true;
    for (; !st && !ended; i++) {
        if (open == '{')
            st = ndjson_key_at(ctx, csv);
        if (!st && (open == '{' ? ndjson_same(&csv->json->key, token)
                                : i == index))
            return MLPIPE_OK;
        if (!st)
            st = mlpipe__json_ahead(ctx, csv, &c);
        if (!st)
            st = ndjson_pass_over(ctx, csv);
        if (!st)
            st = ndjson_pass_comma(ctx, csv, open, &ended);
    }
    return st ? st : ndjson_no_place(ctx, csv, open == '{'
                                     ? "the object has no such key"
                                     : "the array has no such element");
}

/* Walks the pointer; the input then is at the array of rows. */
static mlpipe_status ndjson_walk_in(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;
    mlpipe__text token;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__text_init(&token, csv->env);
    for (uint32_t k = 0; !st && ndjson_token(j->at, k, &token); k++) {
        int32_t c;
        st = token.failed ? mlpipe__nomem(ctx)
                          : mlpipe__json_ahead(ctx, csv, &c);
        if (!st && c != '{' && c != '[')
            st = ndjson_no_place(ctx, csv, "there is no object or array");
        if (st)
            break;
        j->steps[k] = (char)c;
        st = ndjson_step(ctx, csv, (char)c, &token);
    }
    mlpipe__text_free(&token);
    return st;
}

/* What is left of the level that the k-th token led into. */
static mlpipe_status ndjson_walk_out(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     uint32_t k)
{
    const char open = csv->json->steps[k];
    bool ended = false;
    mlpipe__text token;
    int32_t c;

    mlpipe__text_init(&token, csv->env);
    (void)ndjson_token(csv->json->at, k, &token);
    mlpipe_status st = token.failed ? mlpipe__nomem(ctx)
        : ndjson_pass_comma(ctx, csv, open, &ended);
    while (!st && !ended) {
        if (open == '{')
            st = ndjson_key_at(ctx, csv);
        if (!st && open == '{' && ndjson_same(&csv->json->key, &token))
            st = mlpipe__json_broken(ctx, csv,
                                     "the key that leads to the rows occurs "
                                     "twice");
        if (!st)
            st = mlpipe__json_ahead(ctx, csv, &c);
        if (!st)
            st = ndjson_pass_over(ctx, csv);
        if (!st)
            st = ndjson_pass_comma(ctx, csv, open, &ended);
    }
    mlpipe__text_free(&token);
    return st;
}

mlpipe_status mlpipe__json_finish(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const char *at = csv->json->at;
    uint32_t levels = 0;
    int32_t c = -1;
    mlpipe_status st = MLPIPE_OK;

    for (; at && *at; at++)
        levels += *at == '/';
    while (!st && levels)
        st = ndjson_walk_out(ctx, csv, --levels);
    if (!st)
        st = mlpipe__json_ahead(ctx, csv, &c);
    if (!st && c >= 0)
        st = mlpipe__json_broken(ctx, csv,
                                 "something stands behind the document");
    return st;
}

mlpipe_status mlpipe__json_begin(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;
    const uint64_t start = csv->input.offset;
    int32_t c;
    mlpipe_status st = mlpipe__json_ahead(ctx, csv, &c);

    if (st)
        return st;
    if (c < 0)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY, "%s: there is nothing in it",
                            mlpipe__input_name(&csv->input));
    if (j->format == MLPIPE__JSON_AUTO)
        j->format = j->at || c == '[' ? MLPIPE__JSON_ARRAY_OF_ROWS
                                      : MLPIPE__JSON_LINES;
    if (j->format == MLPIPE__JSON_LINES) {
        csv->data_offset = start; /* blank lines count as rows */
        csv->data_line = 1;
        return MLPIPE_OK;
    }
    st = ndjson_walk_in(ctx, csv);
    if (!st)
        st = mlpipe__json_ahead(ctx, csv, &c);
    if (st)
        return st;
    if (c != '[')
        return j->at ? ndjson_no_place(ctx, csv, "there is no array of rows")
            : mlpipe__json_broken(ctx, csv, "no array begins here; say "
                                  "format=ndjson, or at=/key of the array");
    mlpipe__json_take(csv, 1);
    csv->data_offset = csv->input.offset;
    csv->data_line = csv->reader.next_line;
    return MLPIPE_OK;
}
