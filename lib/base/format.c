/* SPDX-License-Identifier: MIT */
/*
 * The formatter: what printf does for the few conversions that messages
 * need, with no locale, no memory and numbers that read back exactly.
 */
#include "base/base_internal.h"

enum { FORMAT_QUOTE_BYTES = 64 };

typedef struct format_sink {
    void (*put)(void *user, const char *bytes, size_t size);
    void *user;
} format_sink;

typedef struct format_buffer {
    char *out;
    size_t room, size;
} format_buffer;

size_t mlpipe__utf8_char(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (!n)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || n < 2 || (s[1] & 0xc0) != 0x80)
        return 0;
    if (s[0] < 0xe0)
        return 2;
    if (n < 3 || (s[2] & 0xc0) != 0x80)
        return 0;
    if (s[0] < 0xf0) {
        const bool overlong = s[0] == 0xe0 && s[1] < 0xa0;
        const bool surrogate = s[0] == 0xed && s[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (n < 4 || (s[3] & 0xc0) != 0x80 || s[0] > 0xf4)
        return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
        return 0;
    return 4;
}

bool mlpipe__utf8_valid(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint64_t word;
        size_t bytes;
        /* Eight ASCII bytes at a time: most text is nothing else. */
        if (n - i >= 8) {
            memcpy(&word, s + i, 8);
            if (!(word & UINT64_C(0x8080808080808080))) {
                i += 8;
                continue;
            }
        }
        bytes = mlpipe__utf8_char(s + i, n - i);
        if (!bytes)
            return false;
        i += bytes;
    }
    return true;
}

static size_t format_strnlen(const char *s, size_t most)
{
    size_t n = 0;
    while (n < most && s[n])
        n++;
    return n;
}

/* "text", cut at 64 bytes, where every byte that could surprise is \xNN. */
static void format_quote(const format_sink *sink, const char *s, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    size_t i = 0;
    sink->put(sink->user, "\"", 1);
    while (i < n) {
        const unsigned char c = (unsigned char)s[i];
        const size_t bytes = mlpipe__utf8_char(s + i, n - i);
        if (i + (bytes ? bytes : 1) > FORMAT_QUOTE_BYTES) {
            sink->put(sink->user, "...", 3);
            break;
        }
        if (!bytes || c < 0x20 || c == 0x7f) {
            const char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            sink->put(sink->user, hex, 4);
        } else {
            if (c == '"' || c == '\\')
                sink->put(sink->user, "\\", 1);
            sink->put(sink->user, s + i, bytes);
        }
        i += bytes ? bytes : 1;
    }
    sink->put(sink->user, "\"", 1);
}

static void format_unsigned(const format_sink *sink, uint64_t value,
                            uint32_t base, bool negative)
{
    static const char digits[] = "0123456789abcdef";
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    if (negative)
        text[--at] = '-';
    sink->put(sink->user, text + at, sizeof text - at);
}

static void format_signed(const format_sink *sink, int64_t value)
{
    const uint64_t bits = (uint64_t)value;
    format_unsigned(sink, value < 0 ? 0 - bits : bits, 10, value < 0);
}

/* How wide an integer argument is. */
enum format_width { FORMAT_INT, FORMAT_LONG, FORMAT_LONG_LONG, FORMAT_SIZE };

static const char *format_width_of(const char *p, enum format_width *width)
{
    *width = FORMAT_INT;
    if (*p == 'z') {
        *width = FORMAT_SIZE;
        p++;
    } else if (*p == 'l') {
        *width = FORMAT_LONG;
        p++;
        if (*p == 'l') {
            *width = FORMAT_LONG_LONG;
            p++;
        }
    }
    return p;
}

/* A va_list in a struct can be handed on by pointer on every platform. */
typedef struct format_args {
    va_list list;
} format_args;

static uint64_t format_take_unsigned(format_args *a, enum format_width w)
{
    switch (w) {
    case FORMAT_LONG:
        return va_arg(a->list, unsigned long);
    case FORMAT_LONG_LONG:
        return va_arg(a->list, unsigned long long);
    case FORMAT_SIZE:
        return va_arg(a->list, size_t);
    default:
        return va_arg(a->list, unsigned);
    }
}

static int64_t format_take_signed(format_args *a, enum format_width w)
{
    switch (w) {
    case FORMAT_LONG:
        return va_arg(a->list, long);
    case FORMAT_LONG_LONG:
        return va_arg(a->list, long long);
    case FORMAT_SIZE:
        return va_arg(a->list, ptrdiff_t);
    default:
        return va_arg(a->list, int);
    }
}

static void format_text(const format_sink *sink, const char *s, size_t most,
                        bool quoted)
{
    size_t n;
    if (!s) {
        sink->put(sink->user, "(null)", 6);
        return;
    }
    n = format_strnlen(s, most);
    if (quoted)
        format_quote(sink, s, n);
    else
        sink->put(sink->user, s, n);
}

/* One conversion, p behind its '%'; returns what follows it. */
static const char *format_one(const format_sink *sink, const char *p,
                              format_args *a)
{
    enum format_width width;
    size_t most = SIZE_MAX;
    char text[MLPIPE__NUMBER_BYTES];
    if (p[0] == '.' && p[1] == '*') {
        const int given = va_arg(a->list, int);
        most = given < 0 ? SIZE_MAX : (size_t)given;
        p += 2;
    }
    p = format_width_of(p, &width);
    switch (*p) {
    case 's':
    case 'q':
        format_text(sink, va_arg(a->list, const char *), most, *p == 'q');
        break;
    case 'c':
        text[0] = (char)va_arg(a->list, int);
        sink->put(sink->user, text, 1);
        break;
    case 'd':
        format_signed(sink, format_take_signed(a, width));
        break;
    case 'u':
        format_unsigned(sink, format_take_unsigned(a, width), 10, false);
        break;
    case 'x':
        format_unsigned(sink, format_take_unsigned(a, width), 16, false);
        break;
    case 'g':
        most = mlpipe__print_f64(va_arg(a->list, double), text);
        sink->put(sink->user, text, most);
        break;
    case '%':
        sink->put(sink->user, "%", 1);
        break;
    default: /* a defect of the caller: shown as it stands */
        sink->put(sink->user, "%", 1);
        return p;
    }
    return p + 1;
}

void mlpipe__format_to(void (*put)(void *user, const char *bytes,
                                   size_t size),
                       void *user, const char *format, va_list args)
{
    const format_sink sink = {put, user};
    format_args a;
    va_copy(a.list, args);
    while (*format) {
        const char *from = format;
        while (*format && *format != '%')
            format++;
        if (format != from)
            put(user, from, (size_t)(format - from));
        if (*format)
            format = format_one(&sink, format + 1, &a);
    }
    va_end(a.list);
}

static void format_into(void *user, const char *bytes, size_t size)
{
    format_buffer *b = user;
    const size_t left = b->room - b->size;
    const size_t take = size < left ? size : left;
    memcpy(b->out + b->size, bytes, take);
    b->size += take;
}

/* A text that was cut inside a character loses the rest of it. */
static size_t format_whole(const char *s, size_t n)
{
    size_t back = 0;
    while (back < 3 && back < n &&
           ((unsigned char)s[n - back - 1] & 0xc0) == 0x80)
        back++;
    if (back == n || (unsigned char)s[n - back - 1] < 0xc0)
        return n;
    return mlpipe__utf8_char(s + n - back - 1, back + 1) ? n : n - back - 1;
}

size_t mlpipe__vformat(char *out, size_t room, const char *format,
                       va_list args)
{
    format_buffer b = {out, room ? room - 1 : 0, 0};
    if (!room)
        return 0;
    mlpipe__format_to(format_into, &b, format, args);
    if (b.size == b.room)
        b.size = format_whole(out, b.size);
    out[b.size] = 0;
    return b.size;
}

size_t mlpipe__format(char *out, size_t room, const char *format, ...)
{
    va_list args;
    size_t size;
    va_start(args, format);
    size = mlpipe__vformat(out, room, format, args);
    va_end(args);
    return size;
}
