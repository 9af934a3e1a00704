/* SPDX-License-Identifier: MIT */
/*
 * Encodings of texts: which one it is, and the way to UTF-8. UTF-16 of RFC
 * 2781; Latin-1 is ISO 8859-1, cp1252 Windows' superset of its letters, where
 * five bytes mean nothing.
 */
#include "input_internal.h"

enum { TEXT_BLOCK = 1 << 16, TEXT_LONGEST = 4 /* bytes of a character */ };

/* Bytes 80 to 9f of cp1252; 0 where there is none. */
static const uint16_t text_cp1252[32] = {
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
    0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

static const char *text_name(uint32_t encoding)
{
    static const char *const names[] = {"auto", "utf8", "utf16le", "utf16be",
                                        "latin1", "cp1252"};
    return names[encoding];
}

/* ---- which one ---------------------------------------------------------- */

static uint32_t text_unit(const unsigned char *b, bool big)
{
    return big ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

static bool text_is_high(uint32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool text_is_low(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/*
 * Is it UTF-16 of this order beyond doubt? A quarter of the characters are of
 * Latin-1, which gives their first or second byte away as zero; the other byte
 * rarely is; there is no NUL or other control character; surrogates are pairs.
 * A text in UTF-8 has no zero bytes.
 */
static bool text_is_utf16(const unsigned char *b, size_t n, bool big)
{
    size_t units = 0, small = 0, round = 0;
    bool high = false;

    if (!memchr(b, 0, n)) /* no unit is small then */
        return false;
    for (size_t i = 0; i + 2 <= n; i += 2) {
        const uint32_t unit = text_unit(b + i, big);
        if (unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r')
            return false;
        if (text_is_low(unit) != high)
            return false;
        high = text_is_high(unit);
        units++;
        small += unit < 0x100;
        round += !(unit & 0xff);
    }
    return units >= 2 && small * 4 >= units && round * 4 < units;
}

/* The encoding that a byte order mark names; AUTO where there is none. */
static uint32_t text_mark(const unsigned char *b, size_t n, size_t *bytes)
{
    *bytes = 0;
    if (n >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf) {
        *bytes = 3;
        return MLPIPE__ENCODING_UTF8;
    }
    if (n < 2 || b[0] + b[1] != 0xff + 0xfe || (b[0] != 0xff && b[0] != 0xfe))
        return MLPIPE__ENCODING_AUTO;
    *bytes = 2;
    return b[0] == 0xff ? MLPIPE__ENCODING_UTF16LE
                        : MLPIPE__ENCODING_UTF16BE;
}

static bool text_is_utf32(const unsigned char *b, size_t n)
{
    return n >= 4 && (!memcmp(b, "\xff\xfe\0\0", 4)
                      || !memcmp(b, "\0\0\xfe\xff", 4));
}

mlpipe_status mlpipe__text_encoding(mlpipe_ctx *ctx, const mlpipe__input *in,
                                    uint32_t asked, uint32_t *encoding,
                                    size_t *mark)
{
    const unsigned char *b = (const unsigned char *)in->at;
    const size_t n = (size_t)(in->end - in->at);
    const uint32_t marked = text_mark(b, n, mark);

    *encoding = asked;
    if (!asked && text_is_utf32(b, n))
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "%s is UTF-32; convert it, as with iconv -f "
                            "utf-32 -t utf-8", mlpipe__input_name(in));
    if (marked && asked && marked != asked)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "%s begins with the byte order mark of %s, and "
                            "encoding=%s was asked for; say encoding=%s, or "
                            "leave it out", mlpipe__input_name(in),
                            text_name(marked), text_name(asked),
                            text_name(marked));
    if (asked)
        return MLPIPE_OK;
    *encoding = marked ? marked
        : text_is_utf16(b, n, false) ? MLPIPE__ENCODING_UTF16LE
        : text_is_utf16(b, n, true) ? MLPIPE__ENCODING_UTF16BE
        : MLPIPE__ENCODING_UTF8;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__input_doubt(mlpipe_ctx *ctx, const mlpipe__input *in,
                                  mlpipe_status st)
{
    const bool wide = in->encoding == MLPIPE__ENCODING_UTF16LE
        || in->encoding == MLPIPE__ENCODING_UTF16BE;
    const size_t n = strlen(ctx->error_text);

    if ((st == MLPIPE_E_FORMAT || st == MLPIPE_E_EMPTY
         || st == MLPIPE_E_SCHEMA || st == MLPIPE_E_AMBIGUOUS)
        && in->guessed && wide)
        (void)mlpipe__format(ctx->error_text + n, sizeof ctx->error_text - n,
                             "; without a byte order mark the text was taken "
                             "for %s: if it is not, say encoding=utf8 or what "
                             "else it is", text_name(in->encoding));
    return st;
}

const char *mlpipe__input_encoding(const mlpipe__input *in, bool wide)
{
    switch (in->encoding) {
    case MLPIPE__ENCODING_UTF16LE:
        return in->mark ? "utf-16le with a byte order mark" : "utf-16le";
    case MLPIPE__ENCODING_UTF16BE:
        return in->mark ? "utf-16be with a byte order mark" : "utf-16be";
    case MLPIPE__ENCODING_LATIN1:
        return in->controls
            ? "latin-1 with control characters, bytes 80 to 9f, which are "
              "signs in cp1252" : "latin-1";
    case MLPIPE__ENCODING_CP1252:
        return "cp1252";
    default:
        return in->mark ? "utf-8 with a byte order mark"
            : wide ? "utf-8" : "ascii";
    }
}

void mlpipe__input_no_utf8(const char *s, size_t n, uint64_t offset,
                           char why[MLPIPE__INPUT_WHY])
{
    size_t i = 0, step;

    while (i < n && (step = mlpipe__utf8_char(s + i, n - i)) != 0)
        i += step;
    mlpipe__format(why, MLPIPE__INPUT_WHY,
                   "byte %llu (0x%x) is no UTF-8; say encoding=cp1252, "
                   "encoding=latin1 or what else the file is written in",
                   (unsigned long long)(offset + i),
                   i < n ? (uint32_t)(unsigned char)s[i] : 0);
}

/* ---- the way to UTF-8 --------------------------------------------------- */

uint64_t mlpipe__input_written(const mlpipe__input *in, size_t n)
{
    uint64_t characters = 0, pairs = 0;

    if (in->encoding <= MLPIPE__ENCODING_UTF8)
        return n;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)in->at[i];
        characters += (c & 0xc0) != 0x80;
        pairs += c >= 0xf0;
    }
    return in->encoding <= MLPIPE__ENCODING_UTF16BE
        ? 2 * (characters + pairs) : characters;
}

/* Takes whole characters from d->plain and gives them to *out as long as a
 * longest one fits; false at one that is none. */
static bool text_step_utf16(mlpipe__decoder *d, bool big, char **out,
                            const char *out_end)
{
    const unsigned char *b = (const unsigned char *)d->plain;
    size_t n = (size_t)(d->plain_end - d->plain);
    char *to = *out;
    bool fine = true;

    while (n >= 2 && out_end - to >= TEXT_LONGEST) {
        uint32_t c = text_unit(b, big);
        size_t size = 2;
        if (text_is_high(c) && n < 4)
            break; /* its other half comes, or the end */
        if (text_is_high(c) && text_is_low(text_unit(b + 2, big))) {
            c = 0x10000 + ((c & 0x3ff) << 10)
                + (text_unit(b + 2, big) & 0x3ff);
            size = 4;
        } else if (text_is_high(c) || text_is_low(c)) {
            fine = false;
            break;
        }
        to += mlpipe__utf8_put(to, c);
        b += size;
        n -= size;
    }
    d->plain_offset += (size_t)((const char *)b - d->plain);
    d->plain = (const char *)b;
    *out = to;
    return fine;
}

static bool text_step_bytes(mlpipe__input *in, char **out,
                            const char *out_end)
{
    mlpipe__decoder *d = in->decoder;
    const bool windows = in->encoding == MLPIPE__ENCODING_CP1252;
    const char *at = d->plain;
    char *to = *out;
    bool fine = true;

    for (; at < d->plain_end && out_end - to >= TEXT_LONGEST; at++) {
        uint32_t c = (unsigned char)*at;
        if (c >= 0x80 && c < 0xa0) {
            if (windows)
                c = text_cp1252[c - 0x80];
            in->controls |= !windows;
        }
        fine = c || !*at;
        if (!fine)
            break;
        to += mlpipe__utf8_put(to, c);
    }
    d->plain_offset += (size_t)(at - d->plain);
    d->plain = at;
    *out = to;
    return fine;
}

/* What stands at d->plain is no character. */
static mlpipe_status text_bad(mlpipe_ctx *ctx, const mlpipe__input *in)
{
    const mlpipe__decoder *d = in->decoder;
    const unsigned char *b = (const unsigned char *)d->plain;
    const unsigned long long at = d->plain_offset;
    const char *name = mlpipe__input_name(in);

    if (in->encoding == MLPIPE__ENCODING_CP1252)
        (void)mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                           "%s: byte %llu (0x%x) is none of cp1252; the file "
                           "is damaged, or in another encoding", name, at,
                           (uint32_t)*b);
    else if (d->plain_end - d->plain < 2)
        (void)mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                           "%s: byte %llu is half a character of UTF-16; the "
                           "file was cut off, or is in another encoding",
                           name, at);
    else
        (void)mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                           "%s: byte %llu is an unpaired surrogate (0x%x) in "
                           "UTF-16; the file is damaged, or in another "
                           "encoding", name, at,
                           text_unit(b, in->encoding
                                            == MLPIPE__ENCODING_UTF16BE));
    return mlpipe__fail_where(ctx, name);
}

/* More bytes behind those that are left of a character. */
static mlpipe_status text_fetch(mlpipe_ctx *ctx, mlpipe__input *in)
{
    mlpipe__decoder *d = in->decoder;
    const size_t left = (size_t)(d->plain_end - d->plain);
    size_t got;

    if (!d->plain_buffer) {
        d->plain_room = in->block < TEXT_BLOCK ? in->block : TEXT_BLOCK;
        d->plain_buffer = mlpipe__alloc(in->env, d->plain_room);
        if (!d->plain_buffer)
            return mlpipe__nomem(ctx);
    }
    if (left)
        memmove(d->plain_buffer, d->plain, left);
    d->plain = d->plain_buffer;
    d->plain_end = d->plain_buffer + left;
    const mlpipe_status st = mlpipe__unpack(ctx, in, d->plain_buffer + left,
                                            d->plain_room - left, &got);
    if (st)
        return st;
    d->plain_end += got;
    d->plain_eof = !got;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__transcode(mlpipe_ctx *ctx, mlpipe__input *in, char *out,
                                size_t room, size_t *got)
{
    mlpipe__decoder *d = in->decoder;
    const bool wide = in->encoding <= MLPIPE__ENCODING_UTF16BE;
    const bool big = in->encoding == MLPIPE__ENCODING_UTF16BE;
    char *to = out;

    *got = 0;
    while (out + room - to >= TEXT_LONGEST) {
        const bool fine = wide
            ? text_step_utf16(d, big, &to, out + room)
            : text_step_bytes(in, &to, out + room);
        if (!fine)
            return text_bad(ctx, in);
        if (out + room - to < TEXT_LONGEST)
            break;
        /* What is left now is less than a character. */
        if (d->plain_eof && d->plain < d->plain_end)
            return text_bad(ctx, in);
        if (d->plain_eof)
            break;
        const mlpipe_status st = text_fetch(ctx, in);
        if (st)
            return st;
    }
    *got = (size_t)(to - out);
    return MLPIPE_OK;
}
