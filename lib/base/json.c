/* SPDX-License-Identifier: MIT */
/*
 * JSON: a strict parser of our own that builds a cJSON tree, and the getters.
 * cJSON's parser, its hooks and its number printing are never used: numbers
 * are raw nodes that keep their source text.
 *
 * Three fields of cJSON's nodes that it leaves unused are ours: valuedouble is
 * the byte where the value stood; in arrays and objects valueint counts
 * the children, and valuestring, which cJSON_Delete frees, holds an array of
 * pointers to them, so that the i-th child is not searched from the start.
 */
#include "base_internal.h"

#include <cJSON.h>

enum {
    JSON_DEPTH_MAX = 512,  /* cJSON_Delete is recursive */
    JSON_FEW_KEYS = 16,    /* more are compared through a dictionary */
    JSON_INDEX_FROM = 8
};

typedef struct json_parser {
    mlpipe_ctx *ctx;
    const char *text;
    size_t size, at;
    uint64_t nodes;
    uint32_t depth;
    cJSON *stack[JSON_DEPTH_MAX]; /* open arrays and objects */
    cJSON *root;
    char *scratch;       /* the decoded key, then the decoded text */
    size_t key_bytes;    /* of the member under way */
    mlpipe__dict keys;   /* of large objects: address of object, key */
    size_t *failed_at;   /* where the byte of an error is told */
} json_parser;

void mlpipe__line_column(const char *text, size_t bytes, size_t at,
                         uint32_t *line, uint32_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < bytes; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* ---- messages ----------------------------------------------------------- */

static mlpipe_status json_fail_as(const json_parser *p, mlpipe_status status,
                                  size_t at, const char *format, ...)
{
    char message[256], caret[MLPIPE__CARET_BYTES];
    uint32_t line, column;
    va_list args;
    va_start(args, format);
    mlpipe__vformat(message, sizeof message, format, args);
    va_end(args);
    mlpipe__line_column(p->text, p->size, at, &line, &column);
    mlpipe__caret(p->text, p->size, at, caret);
    *p->failed_at = at;
    return mlpipe__fail(p->ctx, status, "JSON, line %u, column %u: %s%s",
                        line, column, message, caret);
}

#define json_fail(p, at, ...) \
    json_fail_as(p, MLPIPE_E_FORMAT, at, __VA_ARGS__)

static mlpipe_status json_unexpected(const json_parser *p, const char *wanted)
{
    if (p->at >= p->size)
        return json_fail(p, p->at, "the text ends where %s is expected",
                         wanted);
    return json_fail(p, p->at, "%s is expected here", wanted);
}

/* ---- texts -------------------------------------------------------------- */

int32_t mlpipe__json_hex(const char *four)
{
    int32_t value = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const char c = four[i], low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if (low >= 'a' && low <= 'f')
            value = value << 4 | (low - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static int32_t json_hex(const json_parser *p, size_t at)
{
    return p->size < at || p->size - at < 4 ? -1
                                            : mlpipe__json_hex(p->text + at);
}

/* \uXXXX, and a pair of them beyond the basic plane; p->at at the 'u'. */
static mlpipe_status json_unicode(json_parser *p, char *out, size_t *bytes)
{
    const size_t start = p->at - 1;
    int32_t code = json_hex(p, p->at + 1);
    if (code < 0)
        return json_fail(p, start, "\\u takes four hex digits");
    if (code == 0)
        return json_fail(p, start, "\\u0000 is not allowed in a text");
    p->at += 5;
    if (code >= 0xd800 && code < 0xe000) {
        int32_t low = -1;
        if (p->size - p->at >= 6 && p->text[p->at] == '\\'
            && p->text[p->at + 1] == 'u')
            low = json_hex(p, p->at + 2);
        if (code >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
            return json_fail(p, start, "a surrogate without its other half");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        p->at += 6;
    }
    *bytes = mlpipe__utf8_put(out, (uint32_t)code);
    return MLPIPE_OK;
}

/* p->at behind a backslash. */
static mlpipe_status json_escape(json_parser *p, char *out, size_t *bytes)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char c = p->at < p->size ? p->text[p->at] : '\0';
    if (c == 'u')
        return json_unicode(p, out, bytes);
    for (size_t i = 0; i < 8; i++) {
        if (names[i] == c) {
            out[0] = values[i];
            *bytes = 1;
            p->at++;
            return MLPIPE_OK;
        }
    }
    return json_fail(p, p->at - 1, "an unknown escape; there are \\\" \\\\ "
                                   "\\/ \\b \\f \\n \\r \\t \\uXXXX");
}

/* A text in quotes, decoded with a NUL behind it. */
static mlpipe_status json_text(json_parser *p, char *out, size_t *length)
{
    const size_t start = p->at++;
    size_t n = 0;
    for (;;) {
        if (p->at >= p->size)
            return json_fail(p, start, "this text is never closed");
        const unsigned char c = (unsigned char)p->text[p->at];
        if (c == '"')
            break;
        if (c == '\\') {
            size_t bytes = 0;
            p->at++;
            const mlpipe_status st = json_escape(p, out + n, &bytes);
            if (st)
                return st;
            n += bytes;
            continue;
        }
        if (c < 0x20)
            return json_fail(p, p->at, "a control character 0x%x in a text; "
                                       "write it as \\u00%x%x",
                             (unsigned)c, c >> 4, c & 15u);
        const size_t bytes =
            mlpipe__utf8_char(p->text + p->at, p->size - p->at);
        if (!bytes)
            return json_fail(p, p->at, "the text is not UTF-8 here");
        memcpy(out + n, p->text + p->at, bytes);
        n += bytes;
        p->at += bytes;
    }
    p->at++;
    out[n] = '\0';
    *length = n;
    return MLPIPE_OK;
}

/* ---- numbers and words -------------------------------------------------- */

static size_t json_digits(json_parser *p)
{
    const size_t start = p->at;
    while (p->at < p->size && p->text[p->at] >= '0' && p->text[p->at] <= '9')
        p->at++;
    return p->at - start;
}

static bool json_take(json_parser *p, char a, char b)
{
    if (p->at >= p->size || (p->text[p->at] != a && p->text[p->at] != b))
        return false;
    p->at++;
    return true;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static mlpipe_status json_number(json_parser *p, char *out, size_t *length)
{
    const size_t start = p->at;
    double value = 0;
    (void)json_take(p, '-', '-');
    const size_t first = p->at, digits = json_digits(p);
    if (!digits)
        return json_unexpected(p, "a digit");
    if (digits > 1 && p->text[first] == '0')
        return json_fail(p, first, "a number has no leading zeros");
    if (json_take(p, '.', '.') && !json_digits(p))
        return json_unexpected(p, "a digit behind the point");
    if (json_take(p, 'e', 'E')) {
        (void)json_take(p, '+', '-');
        if (!json_digits(p))
            return json_unexpected(p, "a digit of the exponent");
    }
    *length = p->at - start;
    memcpy(out, p->text + start, *length);
    out[*length] = '\0';
    if (!mlpipe__parse_f64(out, *length, false, &value)
        || value - value != 0)
        return json_fail(p, start, "the number is beyond 1.797e308");
    return MLPIPE_OK;
}

static bool json_word(json_parser *p, const char *word)
{
    const size_t n = strlen(word);
    if (p->size - p->at < n || memcmp(p->text + p->at, word, n))
        return false;
    p->at += n;
    return true;
}

/* ---- the tree ----------------------------------------------------------- */

static void json_skip_space(json_parser *p)
{
    while (p->at < p->size
           && (p->text[p->at] == ' ' || p->text[p->at] == '\t'
               || p->text[p->at] == '\n' || p->text[p->at] == '\r'))
        p->at++;
}

/* A node for the value at p->at, attached to nothing. */
static mlpipe_status json_node(json_parser *p, cJSON **out)
{
    char *text = p->scratch + p->key_bytes;
    const size_t place = p->at;
    const char c = p->at < p->size ? p->text[p->at] : '\0';
    mlpipe_status st = MLPIPE_OK;
    size_t n = 0;
    if (c == '"') {
        st = json_text(p, text, &n);
        if (!st)
            *out = cJSON_CreateString(text);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        st = json_number(p, text, &n);
        if (!st)
            *out = cJSON_CreateRaw(text);
    } else if (c == '{' || c == '[') {
        p->at++;
        *out = c == '{' ? cJSON_CreateObject() : cJSON_CreateArray();
    } else if (json_word(p, "null")) {
        *out = cJSON_CreateNull();
    } else if (json_word(p, "true")) {
        *out = cJSON_CreateTrue();
    } else if (json_word(p, "false")) {
        *out = cJSON_CreateFalse();
    } else {
        return json_unexpected(p, "a value");
    }
    if (st)
        return st;
    if (!*out)
        return mlpipe__nomem(p->ctx);
    (*out)->valuedouble = (double)place;
    return MLPIPE_OK;
}

static mlpipe_status json_attach(json_parser *p, cJSON *node)
{
    cJSON *parent = p->depth ? p->stack[p->depth - 1] : NULL;
    cJSON_bool done = 1;
    if (!parent)
        p->root = node;
    else if (cJSON_IsObject(parent))
        done = cJSON_AddItemToObject(parent, p->scratch, node);
    else
        done = cJSON_AddItemToArray(parent, node);
    if (!done) {
        cJSON_Delete(node);
        return mlpipe__nomem(p->ctx);
    }
    if (parent)
        parent->valueint++;
    return MLPIPE_OK;
}

static mlpipe_status json_duplicate(const json_parser *p, size_t at)
{
    return json_fail(p, at, "the key %q occurs twice", p->scratch);
}

/* Put address and key of the member into the dictionary; false = no memory. */
static bool json_remember(json_parser *p, const cJSON *object,
                          const char *key, bool *known)
{
    const size_t n = strlen(key), room = n + sizeof object;
    char *bytes = mlpipe__alloc(p->ctx->env, room);
    if (!bytes)
        return false;
    memcpy(bytes, &object, sizeof object);
    memcpy(bytes + sizeof object, key, n);
    const uint32_t before = p->keys.count;
    const uint32_t at = mlpipe__dict_add(&p->keys, bytes, room);
    mlpipe__free(p->ctx->env, bytes);
    *known = at < before;
    return at != UINT32_MAX;
}

/* Whether the key in scratch is new in the innermost object. */
static mlpipe_status json_check_key(json_parser *p, size_t at)
{
    const cJSON *object = p->stack[p->depth - 1];
    bool known = false;
    if (object->valueint < JSON_FEW_KEYS) {
        for (const cJSON *m = object->child; m; m = m->next)
            if (!strcmp(m->string, p->scratch))
                return json_duplicate(p, at);
        return MLPIPE_OK;
    }
    if (object->valueint == JSON_FEW_KEYS)
        for (const cJSON *m = object->child; m; m = m->next)
            if (!json_remember(p, object, m->string, &known))
                return mlpipe__nomem(p->ctx);
    if (!json_remember(p, object, p->scratch, &known))
        return mlpipe__nomem(p->ctx);
    return known ? json_duplicate(p, at) : MLPIPE_OK;
}

/* The key of the next member and its colon; the key stays in scratch. */
static mlpipe_status json_key(json_parser *p)
{
    const uint64_t limit = p->ctx->env->limits.json_key_bytes;
    const size_t start = p->at;
    size_t n = 0;
    if (p->at >= p->size || p->text[p->at] != '"')
        return json_unexpected(p, "a key in quotes");
    mlpipe_status st = json_text(p, p->scratch, &n);
    if (st)
        return st;
    if (n > limit)
        return json_fail_as(p, MLPIPE_E_LIMIT, start,
                            "a key of %zu bytes; the limit is %llu", n,
                            (unsigned long long)limit);
    st = json_check_key(p, start);
    if (st)
        return st;
    p->key_bytes = n + 1;
    json_skip_space(p);
    if (!json_take(p, ':', ':'))
        return json_unexpected(p, "':'");
    json_skip_space(p);
    return MLPIPE_OK;
}

/* Leave the innermost array or object; see the head of this file. */
static mlpipe_status json_close(json_parser *p)
{
    cJSON *node = p->stack[--p->depth];
    const size_t count = (size_t)node->valueint;
    size_t bytes, i = 0;
    if (count < JSON_INDEX_FROM)
        return MLPIPE_OK;
    if (mlpipe__mul(count, sizeof(cJSON *), &bytes))
        return mlpipe__nomem(p->ctx);
    cJSON **index = cJSON_malloc(bytes);
    if (!index)
        return mlpipe__nomem(p->ctx);
    for (cJSON *m = node->child; m; m = m->next)
        index[i++] = m;
    node->valuestring = (char *)index;
    return MLPIPE_OK;
}

/* One value, and for a container that it opened the step into it. */
static mlpipe_status json_value(json_parser *p, bool *opened)
{
    const mlpipe_limits *limits = &p->ctx->env->limits;
    const uint64_t depth_max = limits->json_depth < JSON_DEPTH_MAX
                                   ? limits->json_depth : JSON_DEPTH_MAX;
    const size_t start = p->at;
    cJSON *node = NULL;
    if (p->nodes++ >= limits->json_nodes)
        return json_fail_as(p, MLPIPE_E_LIMIT, start,
                            "more than %llu values, which is the limit",
                            (unsigned long long)limits->json_nodes);
    mlpipe_status st = json_node(p, &node);
    if (st)
        return st;
    *opened = cJSON_IsObject(node) || cJSON_IsArray(node);
    st = json_attach(p, node);
    if (st || !*opened)
        return st;
    if (p->depth >= depth_max)
        return json_fail_as(p, MLPIPE_E_LIMIT, start,
                            "deeper than %llu levels, which is the limit",
                            (unsigned long long)depth_max);
    p->stack[p->depth++] = node;
    return MLPIPE_OK;
}

/* Behind a value: commas and closers up to the next value, or the end. */
static mlpipe_status json_behind(json_parser *p, bool first)
{
    for (;; first = false) {
        json_skip_space(p);
        if (!p->depth)
            return MLPIPE_OK;
        const bool object = cJSON_IsObject(p->stack[p->depth - 1]);
        const char closer = object ? '}' : ']';
        if (json_take(p, closer, closer)) {
            const mlpipe_status st = json_close(p);
            if (st)
                return st;
            continue;
        }
        if (!first && !json_take(p, ',', ','))
            return json_unexpected(p, object ? "',' or '}'" : "',' or ']'");
        json_skip_space(p);
        p->key_bytes = 0;
        return object ? json_key(p) : MLPIPE_OK;
    }
}

static mlpipe_status json_document(json_parser *p)
{
    mlpipe_status st;
    if (json_word(p, "\xef\xbb\xbf"))
        return json_fail(p, 0, "the text begins with a byte order mark; "
                               "remove it");
    json_skip_space(p);
    do {
        bool opened = false;
        st = json_value(p, &opened);
        if (!st)
            st = json_behind(p, opened);
    } while (!st && p->depth);
    if (!st && p->at < p->size)
        st = json_fail(p, p->at, "the text goes on behind its value");
    return st;
}

mlpipe_status mlpipe__json_parse(mlpipe_ctx *ctx, const char *text,
                                 size_t bytes, mlpipe__json **out)
{
    size_t at;
    return mlpipe__json_parse_at(ctx, text, bytes, out, &at);
}

mlpipe_status mlpipe__json_parse_at(mlpipe_ctx *ctx, const char *text,
                                    size_t bytes, mlpipe__json **out,
                                    size_t *at)
{
    const uint64_t limit = ctx->env->limits.json_bytes;
    size_t room;
    *out = NULL;
    *at = 0;
    if (bytes > limit)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "JSON of %zu bytes; the limit is %llu; raise it in "
                            "mlpipe_limits", bytes,
                            (unsigned long long)limit);
    if (mlpipe__add(bytes, 2, &room))
        return mlpipe__nomem(ctx);
    json_parser *p = mlpipe__alloc(ctx->env, sizeof *p);
    if (!p)
        return mlpipe__nomem(ctx);
    p->ctx = ctx;
    p->text = text;
    p->size = bytes;
    p->failed_at = at;
    mlpipe__dict_init(&p->keys, ctx->env);
    p->scratch = mlpipe__alloc(ctx->env, room);
    mlpipe_status st = p->scratch ? json_document(p) : mlpipe__nomem(ctx);
    if (st)
        cJSON_Delete(p->root);
    else
        *out = (mlpipe__json *)(void *)p->root;
    mlpipe__dict_free(&p->keys);
    mlpipe__free(ctx->env, p->scratch);
    mlpipe__free(ctx->env, p);
    return st;
}

/* ---- getters ------------------------------------------------------------ */

static const cJSON *json_of(const mlpipe__json *j)
{
    return (const cJSON *)(const void *)j;
}

static const mlpipe__json *json_to(const cJSON *node)
{
    return (const mlpipe__json *)(const void *)node;
}

static bool json_has_children(const cJSON *node)
{
    return cJSON_IsObject(node) || cJSON_IsArray(node);
}

void mlpipe__json_free(mlpipe__json *root)
{
    cJSON_Delete((cJSON *)(void *)root);
}

enum mlpipe__json_kind mlpipe__json_kind_of(const mlpipe__json *j)
{
    const cJSON *node = json_of(j);
    if (cJSON_IsBool(node))
        return MLPIPE__JSON_BOOL;
    if (cJSON_IsRaw(node))
        return MLPIPE__JSON_NUMBER;
    if (cJSON_IsString(node))
        return MLPIPE__JSON_TEXT;
    if (cJSON_IsArray(node))
        return MLPIPE__JSON_ARRAY;
    return cJSON_IsObject(node) ? MLPIPE__JSON_OBJECT : MLPIPE__JSON_NULL;
}

const mlpipe__json *mlpipe__json_get(const mlpipe__json *j, const char *key)
{
    const cJSON *node = json_of(j);
    if (!cJSON_IsObject(node))
        return NULL;
    for (const cJSON *m = node->child; m; m = m->next)
        if (!strcmp(m->string, key))
            return json_to(m);
    return NULL;
}

uint32_t mlpipe__json_count(const mlpipe__json *j)
{
    const cJSON *node = json_of(j);
    return json_has_children(node) ? (uint32_t)node->valueint : 0;
}

const mlpipe__json *mlpipe__json_at(const mlpipe__json *j, uint32_t i)
{
    const cJSON *node = json_of(j);
    if (i >= mlpipe__json_count(j))
        return NULL;
    if (node->valuestring)
        return json_to(((cJSON *const *)(const void *)node->valuestring)[i]);
    const cJSON *m = node->child;
    for (; i > 0; i--)
        m = m->next;
    return json_to(m);
}

const char *mlpipe__json_key(const mlpipe__json *member)
{
    return member ? json_of(member)->string : NULL;
}

const char *mlpipe__json_text(const mlpipe__json *j)
{
    const cJSON *node = json_of(j);
    return cJSON_IsString(node) || cJSON_IsRaw(node) ? node->valuestring
                                                     : NULL;
}

double mlpipe__json_number(const mlpipe__json *j, double otherwise)
{
    const cJSON *node = json_of(j);
    double value = otherwise;
    if (cJSON_IsRaw(node)
        && !mlpipe__parse_f64(node->valuestring, strlen(node->valuestring),
                              false, &value))
        return otherwise;
    return value;
}

bool mlpipe__json_bool(const mlpipe__json *j, bool otherwise)
{
    const cJSON *node = json_of(j);
    return cJSON_IsBool(node) ? cJSON_IsTrue(node) != 0 : otherwise;
}

size_t mlpipe__json_place(const mlpipe__json *j)
{
    return j ? (size_t)json_of(j)->valuedouble : 0;
}
