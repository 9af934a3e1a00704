/* SPDX-License-Identifier: MIT */
/*
 * Upper and lower case, and letters without accents, in UTF-8: ASCII, Latin-1,
 * Latin Extended-A, Greek and Cyrillic. Unicode's simple pairs, one letter for
 * one, so that nothing depends on a locale; all other bytes pass unchanged.
 */
#include "base_internal.h"

/* Upper-case letters first .. last in steps; `down` leads to the lower one. */
typedef struct case_range {
    uint16_t first, last;
    int16_t down;
    uint8_t step;
    bool one_way; /* the lower one has another upper one */
} case_range;

static const case_range case_ranges[] = {
    {0x41, 0x5a, 32, 1, false},     {0xc0, 0xd6, 32, 1, false},
    {0xd8, 0xde, 32, 1, false},     {0x100, 0x12e, 1, 2, false},
    {0x130, 0x130, -199, 1, true},  {0x132, 0x136, 1, 2, false},
    {0x139, 0x147, 1, 2, false},    {0x14a, 0x176, 1, 2, false},
    {0x178, 0x178, -121, 1, false}, {0x179, 0x17d, 1, 2, false},
    {0x370, 0x372, 1, 2, false},    {0x376, 0x376, 1, 1, false},
    {0x37f, 0x37f, 116, 1, false},  {0x386, 0x386, 38, 1, false},
    {0x388, 0x38a, 37, 1, false},   {0x38c, 0x38c, 64, 1, false},
    {0x38e, 0x38f, 63, 1, false},   {0x391, 0x3a1, 32, 1, false},
    {0x3a3, 0x3ab, 32, 1, false},   {0x3cf, 0x3cf, 8, 1, false},
    {0x3d8, 0x3ee, 1, 2, false},    {0x3f4, 0x3f4, -60, 1, true},
    {0x3f7, 0x3f7, 1, 1, false},    {0x3f9, 0x3f9, -7, 1, false},
    {0x3fa, 0x3fa, 1, 1, false},    {0x3fd, 0x3ff, -130, 1, false},
    {0x400, 0x40f, 80, 1, false},   {0x410, 0x42f, 32, 1, false},
    {0x460, 0x480, 1, 2, false},    {0x48a, 0x4be, 1, 2, false},
    {0x4c0, 0x4c0, 15, 1, false},   {0x4c1, 0x4cd, 1, 2, false},
    {0x4d0, 0x52e, 1, 2, false},
};

/* Lower-case letters that share the upper one of another. */
static const uint16_t case_up[][2] = {
    {0xb5, 0x39c},   {0x131, 0x49},   {0x17f, 0x53},   {0x3c2, 0x3a3},
    {0x3d0, 0x392},  {0x3d1, 0x398},  {0x3d5, 0x3a6},  {0x3d6, 0x3a0},
    {0x3f0, 0x39a},  {0x3f1, 0x3a1},  {0x3f5, 0x395},
};

enum {
    CASE_RANGES = sizeof case_ranges / sizeof case_ranges[0],
    CASE_UPS = sizeof case_up / sizeof case_up[0]
};

static uint32_t case_to_lower(uint32_t c)
{
    if (c < 0x80) /* most letters */
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    for (uint32_t i = 0; i < CASE_RANGES; i++) {
        const case_range *r = &case_ranges[i];
        if (c >= r->first && c <= r->last && (c - r->first) % r->step == 0)
            return (uint32_t)((int32_t)c + r->down);
    }
    return c;
}

static uint32_t case_to_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    for (uint32_t i = 0; i < CASE_UPS; i++)
        if (c == case_up[i][0])
            return case_up[i][1];
    for (uint32_t i = 0; i < CASE_RANGES; i++) {
        const case_range *r = &case_ranges[i];
        const uint32_t up = (uint32_t)((int32_t)c - r->down);
        if (!r->one_way && up >= r->first && up <= r->last
            && (up - r->first) % r->step == 0)
            return up;
    }
    return c;
}

/* Text that grows in the caller's buffer. */
typedef struct case_out {
    char *data;
    size_t room, size; /* size is SIZE_MAX once it does not fit */
} case_out;

static void case_put(case_out *o, const char *s, size_t n)
{
    if (o->size == SIZE_MAX || n > o->room - o->size) {
        o->size = SIZE_MAX;
        return;
    }
    if (n)
        memcpy(o->data + o->size, s, n);
    o->size += n;
}

/* A letter below U+0800. */
static void case_put_letter(case_out *o, uint32_t c)
{
    const char bytes[2] = {(char)(c < 0x80 ? c : 0xc0 | c >> 6),
                           (char)(0x80 | (c & 0x3f))};
    case_put(o, bytes, c < 0x80 ? 1 : 2);
}

/* The letter at s where it has 1 or 2 bytes; 0 for all else. */
static uint32_t case_letter(const char *s, size_t bytes)
{
    if (bytes == 1)
        return (unsigned char)*s;
    if (bytes == 2)
        return ((uint32_t)s[0] & 0x1f) << 6 | ((uint32_t)s[1] & 0x3f);
    return 0;
}

static size_t case_map(uint32_t (*map)(uint32_t), const char *s, size_t n,
                       char *out, size_t room)
{
    case_out o = {out, room, 0};
    for (size_t i = 0; i < n;) {
        const size_t bytes = mlpipe__utf8_char(s + i, n - i);
        const uint32_t c = case_letter(s + i, bytes);
        if (c)
            case_put_letter(&o, map(c));
        else
            case_put(&o, s + i, bytes ? bytes : 1);
        i += bytes ? bytes : 1;
    }
    return o.size;
}

size_t mlpipe__text_lower(const char *s, size_t n, char *out, size_t room)
{
    return case_map(case_to_lower, s, n, out, room);
}

size_t mlpipe__text_upper(const char *s, size_t n, char *out, size_t room)
{
    return case_map(case_to_upper, s, n, out, room);
}

/* U+00C0 to U+017F in ASCII; the two signs among them stay. */
static const char case_plain[192][3] = {
    "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I",
    "I", "I", "D", "N", "O", "O", "O", "O", "O", "", "O", "U", "U", "U", "U",
    "Y", "Th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e",
    "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "", "o", "u",
    "u", "u", "u", "y", "th", "y",
    "A", "a", "A", "a", "A", "a", "C", "c", "C", "c", "C", "c", "C", "c",
    "D", "d", "D", "d", "E", "e", "E", "e", "E", "e", "E", "e", "E", "e",
    "G", "g", "G", "g", "G", "g", "G", "g", "H", "h", "H", "h", "I", "i",
    "I", "i", "I", "i", "I", "i", "I", "i", "IJ", "ij", "J", "j", "K", "k",
    "k", "L", "l", "L", "l", "L", "l", "L", "l", "L", "l", "N", "n", "N",
    "n", "N", "n", "n", "N", "n", "O", "o", "O", "o", "O", "o", "OE", "oe",
    "R", "r", "R", "r", "R", "r", "S", "s", "S", "s", "S", "s", "S", "s",
    "T", "t", "T", "t", "T", "t", "U", "u", "U", "u", "U", "u", "U", "u",
    "U", "u", "U", "u", "W", "w", "Y", "y", "Y", "Z", "z", "Z", "z", "Z",
    "z", "s",
};

size_t mlpipe__text_strip_accents(const char *s, size_t n, char *out,
                                  size_t room)
{
    case_out o = {out, room, 0};
    for (size_t i = 0; i < n;) {
        const size_t bytes = mlpipe__utf8_char(s + i, n - i);
        const uint32_t c = case_letter(s + i, bytes);
        const char *plain = c >= 0xc0 && c < 0x180 ? case_plain[c - 0xc0]
                                                   : "";
        if (*plain)
            case_put(&o, plain, strlen(plain));
        else if (c < 0x300 || c > 0x36f) /* accents of their own go */
            case_put(&o, s + i, bytes ? bytes : 1);
        i += bytes ? bytes : 1;
    }
    return o.size;
}
