/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing the payload of a section: little-endian fields, arrays
 * in place, texts. Readers check `failed` once, at their end.
 */
#include "base_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "arrays of a section are used in place: little-endian only");

enum { CURSOR_ALIGN = 8 };

static const unsigned char cursor_nothing[CURSOR_ALIGN];

void mlpipe__cursor_init(mlpipe__cursor *r, const void *data, size_t bytes)
{
    r->start = data ? data : cursor_nothing;
    r->at = r->start;
    r->end = r->start + (data ? bytes : 0);
    r->failed = false;
}

/* The next bytes, or NULL and failed where so many are not left. */
static const unsigned char *cursor_take(mlpipe__cursor *r, uint64_t bytes)
{
    const unsigned char *at = r->at;
    if (r->failed || bytes > (uint64_t)(r->end - at)) {
        r->failed = true;
        return NULL;
    }
    r->at += (size_t)bytes;
    return at;
}

uint32_t mlpipe__get_u32(mlpipe__cursor *r)
{
    const unsigned char *at = cursor_take(r, sizeof(uint32_t));
    uint32_t v = 0;
    if (at)
        memcpy(&v, at, sizeof v);
    return v;
}

uint64_t mlpipe__get_u64(mlpipe__cursor *r)
{
    const unsigned char *at = cursor_take(r, sizeof(uint64_t));
    uint64_t v = 0;
    if (at)
        memcpy(&v, at, sizeof v);
    return v;
}

double mlpipe__get_f64(mlpipe__cursor *r)
{
    const uint64_t bits = mlpipe__get_u64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Bytes from here to the next multiple of 8 behind the start. */
static size_t cursor_padding(size_t used)
{
    return (CURSOR_ALIGN - used % CURSOR_ALIGN) % CURSOR_ALIGN;
}

const void *mlpipe__get_array(mlpipe__cursor *r, uint64_t count,
                              size_t bytes)
{
    const size_t padding = cursor_padding((size_t)(r->at - r->start));
    const unsigned char *zeros = cursor_take(r, padding);
    for (size_t i = 0; zeros && i < padding; i++)
        if (zeros[i])
            r->failed = true;
    uint64_t size;
    if (__builtin_mul_overflow(count, (uint64_t)bytes, &size))
        r->failed = true;
    return r->failed ? NULL : cursor_take(r, size);
}

const char *mlpipe__get_text(mlpipe__cursor *r, uint32_t *bytes)
{
    const uint32_t n = mlpipe__get_u32(r);
    const char *text = (const char *)cursor_take(r, (uint64_t)n + 1);
    if (text && text[n])
        r->failed = true;
    if (r->failed)
        text = NULL;
    if (bytes)
        *bytes = text ? n : 0;
    return text ? text : "";
}

bool mlpipe__cursor_done(const mlpipe__cursor *r)
{
    return !r->failed && r->at == r->end;
}

void mlpipe__put_u32(mlpipe__text *t, uint32_t v)
{
    mlpipe__text_put(t, &v, sizeof v);
}

void mlpipe__put_u64(mlpipe__text *t, uint64_t v)
{
    mlpipe__text_put(t, &v, sizeof v);
}

void mlpipe__put_f64(mlpipe__text *t, double v)
{
    mlpipe__text_put(t, &v, sizeof v);
}

void mlpipe__put_array(mlpipe__text *t, const void *data, uint64_t count,
                       size_t bytes)
{
    size_t size;
    if (count > SIZE_MAX || mlpipe__mul((size_t)count, bytes, &size)) {
        t->failed = true;
        return;
    }
    mlpipe__text_put(t, cursor_nothing, cursor_padding(t->size));
    if (size)
        mlpipe__text_put(t, data, size);
}

void mlpipe__put_text(mlpipe__text *t, const char *s, size_t n)
{
    if (n >= UINT32_MAX) {
        t->failed = true;
        return;
    }
    mlpipe__put_u32(t, (uint32_t)n);
    if (n)
        mlpipe__text_put(t, s, n);
    mlpipe__text_put(t, "", 1);
}
