/* SPDX-License-Identifier: MIT */
/* One value in several spellings: capitals and blanks, and slips of a key. */
#include "profile_types.h"

enum {
    SPELLING_FREQUENT = 1000, /* values that others may be slips of */
    SPELLING_ENTRIES = 50000, /* different values of a column */
    SPELLING_BYTES = 64,      /* of a value that may be a slip */
    SPELLING_TIMES = 20       /* as often as a slip of it, at least */
};

/* ---- capitals and blanks ------------------------------------------------ */

static size_t spelling_longest(const mlpipe__profile_column *c)
{
    size_t longest = 0;

    for (uint32_t i = 0; i < c->entry_count; i++)
        longest = c->entries[i].bytes > longest ? c->entries[i].bytes
                                                : longest;
    return longest;
}

/* Small letters, one blank for several, none at the ends; at most n bytes. */
static size_t spelling_fold(const mlpipe__profile_entry *e, char *out,
                            size_t room)
{
    size_t n = mlpipe__text_trim(e->text, e->bytes, out, room);

    n = mlpipe__text_squeeze(out, n, out, room);
    return mlpipe__text_lower(out, n, out, room);
}

static mlpipe_status spelling_case(mlpipe__profile *p,
                                   const mlpipe__profile_column *c,
                                   mlpipe__dict *folded, uint32_t *first,
                                   char *room, size_t room_bytes)
{
    const mlpipe__profile_entry *one = NULL, *two = NULL;
    uint64_t rows = 0;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < c->entry_count && !st; i++) {
        const mlpipe__profile_entry *e = &c->entries[i];
        const size_t n = spelling_fold(e, room, room_bytes);
        const uint32_t before = folded->count;
        const uint32_t at = mlpipe__dict_add(folded, room, n);

        if (at == UINT32_MAX)
            return mlpipe__nomem(c->ctx);
        if (at == before) {
            first[at] = i;
        } else if (n > 1) {
            rows += e->count;
            one = one ? one : &c->entries[first[at]];
            two = two ? two : e;
        }
        if (i % 4096 == 0)
            st = mlpipe__poll(c->ctx, "profile", i, c->entry_count);
    }
    if (!st && two)
        mlpipe__profile_find(p, MLPIPE__PROFILE_CASE_VARIANTS, true,
                             c->column, rows, (double)rows / (double)c->rows,
                             "\"%.*s\" and \"%.*s\"",
                             mlpipe__profile_shown(one), one->text,
                             mlpipe__profile_shown(two), two->text);
    return st;
}

/* ---- slips -------------------------------------------------------------- */

/* Bytes of other letters than those of ASCII count as letters, too. */
static bool spelling_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

static char spelling_small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/*
 * Is b one edit from a: a letter more, less or another, or two neighbours
 * swapped (F. Damerau, CACM 7, 1964: four of five slips)? *at is the place,
 * behind the first letter, since slips seldom begin a word and other names
 * often differ there.
 */
static bool spelling_near(const mlpipe__profile_entry *a,
                          const mlpipe__profile_entry *b, size_t *at,
                          bool *other)
{
    const char *s = a->text, *t = b->text;
    size_t n = a->bytes, m = b->bytes, i = 0, same = 0;

    *other = false;
    if (n > m + 1 || m > n + 1)
        return false;
    while (i < n && i < m && s[i] == t[i])
        i++;
    while (same < n - i && same < m - i && s[n - 1 - same] == t[m - 1 - same])
        same++;
    n -= i + same;
    m -= i + same;
    *at = i;
    if (!i)
        return false;
    if (n == 1 && m == 1) {
        *other = true;
        return spelling_letter(s[i]) && spelling_letter(t[i]) &&
               spelling_small(s[i]) != spelling_small(t[i]);
    }
    if (n == 2 && m == 2)
        return s[i] == t[i + 1] && s[i + 1] == t[i] &&
               spelling_letter(s[i]) && spelling_letter(s[i + 1]);
    /* a letter more; an s at the end is the plural */
    if (n == 1 && m == 0)
        return spelling_letter(s[i]) && !(s[i] == 's' && !same);
    return n == 0 && m == 1 && spelling_letter(t[i]) &&
           !(t[i] == 's' && !same);
}

/* A word of five letters or more at the place: a letter alone, or behind a
 * number, tells codes apart. */
static bool spelling_word(const mlpipe__profile_entry *e, size_t at)
{
    size_t from = at < e->bytes ? at : e->bytes, to = from;

    while (from && spelling_letter(e->text[from - 1]))
        from--;
    while (to < e->bytes && spelling_letter(e->text[to]))
        to++;
    return to - from >= 4 && e->bytes >= 5;
}

/* Do other values that are no slips differ from `a` at the same place alone,
 * as group_a, group_b and group_c do? */
static bool spelling_series(const mlpipe__profile_column *c, uint32_t a,
                            uint32_t rare, size_t at)
{
    for (uint32_t i = 0; i < rare; i++) {
        size_t place;
        bool other;
        if (i != a &&
            c->entries[i].count * SPELLING_TIMES > c->entries[a].count &&
            spelling_near(&c->entries[a], &c->entries[i], &place, &other) &&
            other && place == at)
            return true;
    }
    return false;
}

/* The value of which entry i is a slip, or UINT32_MAX. */
static uint32_t spelling_of(const mlpipe__profile_column *c, uint32_t i)
{
    const mlpipe__profile_entry *e = &c->entries[i];

    for (uint32_t a = 0; a < i && a < SPELLING_FREQUENT; a++) {
        const mlpipe__profile_entry *f = &c->entries[a];
        size_t at;
        bool other;

        if (f->count < 10 || f->count < e->count * SPELLING_TIMES)
            break;
        if (f->bytes < 5 || f->bytes > SPELLING_BYTES ||
            !spelling_near(f, e, &at, &other) || !spelling_word(f, at) ||
            !spelling_word(e, at))
            continue;
        if (!other || !spelling_series(c, a, i, at))
            return a;
    }
    return UINT32_MAX;
}

/* Warned of where most of the rare values are slips, and five are: of a few,
 * only who knows the words can tell. */
static mlpipe_status spelling_typos(mlpipe__profile *p,
                                    const mlpipe__profile_column *c)
{
    uint64_t rows = 0;
    uint32_t slips = 0, rare = 0, of = 0, example = 0;
    mlpipe_status st = MLPIPE_OK;

    if (!c->entry_count || c->entry_count > SPELLING_ENTRIES)
        return st;
    for (uint32_t i = 1; i < c->entry_count && !st; i++) {
        const uint64_t limit = c->entries[0].count / SPELLING_TIMES;
        if (i % 64 == 0)
            st = mlpipe__poll(c->ctx, "profile", i, c->entry_count);
        if (c->entries[i].count > limit)
            continue;
        rare++;
        const uint32_t a = spelling_of(c, i);
        if (a == UINT32_MAX)
            continue;
        if (!slips++) {
            of = a;
            example = i;
        }
        rows += c->entries[i].count;
    }
    if (!st && slips && (double)rows <= 0.2 * (double)c->rows)
        mlpipe__profile_find(
            p, MLPIPE__PROFILE_TYPOS, slips >= 5 && 2 * slips >= rare,
            c->column, rows, (double)rows / (double)c->rows,
            "\"%.*s\" (%llu) beside \"%.*s\" (%llu)",
            mlpipe__profile_shown(&c->entries[example]),
            c->entries[example].text,
            (unsigned long long)c->entries[example].count,
            mlpipe__profile_shown(&c->entries[of]), c->entries[of].text,
            (unsigned long long)c->entries[of].count);
    return st;
}

mlpipe_status mlpipe__profile_spelling(mlpipe__profile *p,
                                       const mlpipe__profile_column *c)
{
    mlpipe__env *env = c->ctx->env;
    const size_t bytes = spelling_longest(c) + 1;
    mlpipe__dict folded;
    uint32_t *first;
    char *room;
    mlpipe_status st;

    /* Free texts and ids: nearly every row has a text of its own. */
    if (c->entry_count >= 100 && c->distinct * 10 >= c->count * 9)
        return MLPIPE_OK;
    mlpipe__dict_init(&folded, env);
    first = mlpipe__alloc_array(env, c->entry_count, sizeof *first);
    room = mlpipe__alloc(env, bytes);
    st = first && room ? spelling_case(p, c, &folded, first, room, bytes)
                       : mlpipe__nomem(c->ctx);
    if (!st)
        st = spelling_typos(p, c);
    mlpipe__free(env, room);
    mlpipe__free(env, first);
    mlpipe__dict_free(&folded);
    return st;
}
