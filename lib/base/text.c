/* SPDX-License-Identifier: MIT */
/*
 * Text that grows, and buffers that are given to the caller. A failed
 * allocation is remembered, so that a writer checks once at its end.
 */
#include "base/base_internal.h"

struct mlpipe_buffer {
    mlpipe__env *env;
    char *data;
    size_t size;
};

enum { TEXT_ROOM_FIRST = 64 };

void mlpipe__text_init(mlpipe__text *t, mlpipe__env *env)
{
    memset(t, 0, sizeof *t);
    t->env = env;
}

void mlpipe__text_free(mlpipe__text *t)
{
    if (t->data)
        mlpipe__free(t->env, t->data);
    t->data = NULL;
    t->size = t->room = 0;
    t->failed = false;
}

/* Make room for bytes more and a NUL behind them. */
static bool text_reserve(mlpipe__text *t, size_t bytes)
{
    size_t need, room;
    char *data;
    if (t->failed)
        return false;
    if (mlpipe__add(t->size, bytes, &need) || mlpipe__add(need, 1, &need)) {
        t->failed = true;
        return false;
    }
    if (need <= t->room)
        return true;
    room = t->room < TEXT_ROOM_FIRST ? TEXT_ROOM_FIRST : t->room;
    while (room < need)
        if (mlpipe__mul(room, 2, &room))
            room = need;
    data = mlpipe__grow(t->env, t->data, room, 1);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->room = room;
    return true;
}

void mlpipe__text_put(mlpipe__text *t, const void *bytes, size_t size)
{
    if (!text_reserve(t, size))
        return;
    if (size)
        memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = 0;
}

static void text_sink(void *user, const char *bytes, size_t size)
{
    mlpipe__text_put(user, bytes, size);
}

void mlpipe__text_vadd(mlpipe__text *t, const char *format, va_list args)
{
    mlpipe__format_to(text_sink, t, format, args);
}

void mlpipe__text_add(mlpipe__text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    mlpipe__text_vadd(t, format, args);
    va_end(args);
}

/* The escape of one byte that may not stand in a JSON text, or NULL. */
static const char *text_json_escape(unsigned char c, char hex[8])
{
    static const char digits[] = "0123456789abcdef";
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (c >= 0x20 && c != 0x7f)
        return NULL;
    memcpy(hex, "\\u00", 4);
    hex[4] = digits[c >> 4];
    hex[5] = digits[c & 15];
    hex[6] = 0;
    return hex;
}

void mlpipe__text_json(mlpipe__text *t, const char *s, size_t n)
{
    size_t i = 0, from = 0;
    mlpipe__text_put(t, "\"", 1);
    while (i < n) {
        const size_t bytes = mlpipe__utf8_char(s + i, n - i);
        char hex[8];
        const char *escape = bytes ? NULL : "\\ufffd";
        if (bytes == 1)
            escape = text_json_escape((unsigned char)s[i], hex);
        if (escape) {
            mlpipe__text_put(t, s + from, i - from);
            mlpipe__text_put(t, escape, strlen(escape));
        }
        i += bytes ? bytes : 1;
        if (escape)
            from = i;
    }
    mlpipe__text_put(t, s + from, n - from);
    mlpipe__text_put(t, "\"", 1);
}

mlpipe_status mlpipe__text_give(mlpipe_ctx *ctx, mlpipe__text *t,
                                mlpipe_buffer **out)
{
    mlpipe_buffer *b = NULL;
    if (!t->failed)
        b = mlpipe__alloc(t->env, sizeof *b);
    *out = b;
    if (!b) {
        mlpipe__text_free(t);
        return mlpipe__nomem(ctx);
    }
    b->env = mlpipe__env_keep(t->env);
    b->data = t->data;
    b->size = t->size;
    mlpipe__text_init(t, t->env);
    return MLPIPE_OK;
}

const char *mlpipe_buffer_data(const mlpipe_buffer *buffer)
{
    return buffer && buffer->data ? buffer->data : "";
}

size_t mlpipe_buffer_size(const mlpipe_buffer *buffer)
{
    return buffer ? buffer->size : 0;
}

void mlpipe_buffer_free(mlpipe_buffer *buffer)
{
    mlpipe__env *env;
    if (!buffer)
        return;
    env = buffer->env;
    mlpipe__free(env, buffer->data);
    mlpipe__free(env, buffer);
    mlpipe__env_drop(env);
}
