/* SPDX-License-Identifier: MIT */
/*
 * Which format a whole column is written in. Only formats that parse every
 * text stay, so that "03/09/2018" is never read in one way and "14/09/2018"
 * in the other. All that is kept of the order of texts is their row, the
 * lowest of which wins: states merge in any order to the same end.
 */
#include "base_internal.h"

/* The text without blanks at its ends, cut to the room between characters. */
static void guess_copy(char out[MLPIPE__DATE_EXAMPLE], const char *s,
                       size_t n)
{
    size_t used = 0;
    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    while (used < n) {
        const size_t step = mlpipe__utf8_char(s + used, n - used);
        if (used + (step ? step : 1) >= MLPIPE__DATE_EXAMPLE)
            break;
        used += step ? step : 1;
    }
    if (used)
        memcpy(out, s, used);
    memset(out + used, 0, MLPIPE__DATE_EXAMPLE - used);
}

static bool guess_alive(const mlpipe__date_guess *g, uint32_t format)
{
    return g->alive >> format & 1;
}

void mlpipe__date_guess_init(mlpipe__date_guess *g)
{
    memset(g, 0, sizeof *g);
    const uint32_t n = mlpipe__date_formats();
    g->alive = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

/* The pair's place: its own, a free one, or one whose formats are out. */
static mlpipe__date_pair *guess_pair(mlpipe__date_guess *g, uint32_t a,
                                     uint32_t b)
{
    mlpipe__date_pair *free_one = NULL;
    for (uint32_t i = 0; i < MLPIPE__DATE_PAIRS; i++) {
        mlpipe__date_pair *p = &g->pairs[i];
        if (p->used && p->first == a && p->second == b)
            return p;
        if (!free_one
            && (!p->used || !guess_alive(g, p->first)
                || !guess_alive(g, p->second)))
            free_one = p;
    }
    if (free_one)
        free_one->used = false;
    return free_one;
}

static void guess_enter(mlpipe__date_guess *g, const mlpipe__date_pair *pair)
{
    mlpipe__date_pair *p = guess_pair(g, pair->first, pair->second);
    if (p && (!p->used || pair->row < p->row))
        *p = *pair;
}

/* Pairs of formats in `mask` that read the text in different ways. */
static void guess_compare(mlpipe__date_guess *g, uint64_t mask,
                          const int64_t *values, uint64_t row, const char *s,
                          size_t n)
{
    for (uint32_t a = 0; mask >> a; a++) {
        if (!(mask >> a & 1))
            continue;
        for (uint32_t b = a + 1; b < 64 && mask >> b; b++) {
            if (!(mask >> b & 1) || values[a] == values[b])
                continue;
            mlpipe__date_pair pair = {true, a, b, row, values[a], values[b]};
            guess_copy(pair.example, s, n);
            guess_enter(g, &pair);
        }
    }
}

/* Every format has three digits or more, as in 1 Feb 20: most texts are seen
 * to be no date. */
static bool guess_may_be(const char *s, size_t n)
{
    uint32_t digits = 0;
    for (size_t i = 0; i < n && digits < 3; i++)
        digits += s[i] >= '0' && s[i] <= '9';
    return digits == 3;
}

void mlpipe__date_guess_add(mlpipe__date_guess *g, uint64_t row,
                            const char *s, size_t n)
{
    const uint32_t formats = mlpipe__date_formats();
    int64_t values[MLPIPE__DATE_FORMATS_MAX] = {0};
    const bool may_be = guess_may_be(s, n);
    uint64_t fits = 0;
    for (uint32_t i = 0; i < formats; i++) {
        if (may_be
            && mlpipe__date_parse(mlpipe__date_format(i), s, n, &values[i])) {
            fits |= UINT64_C(1) << i;
            g->parsed[i]++;
        } else if (g->parsed[i] == g->count || row < g->failed_row[i]) {
            g->failed_row[i] = row;
            guess_copy(g->failed[i], s, n);
        }
    }
    g->count++;
    g->alive &= fits;
    guess_compare(g, g->alive, values, row, s, n);
}

void mlpipe__date_guess_merge(mlpipe__date_guess *g,
                              const mlpipe__date_guess *other)
{
    const uint32_t formats = mlpipe__date_formats();
    g->alive &= other->alive;
    for (uint32_t i = 0; i < formats; i++) {
        const bool failed = g->parsed[i] < g->count;
        if (other->parsed[i] < other->count
            && (!failed || other->failed_row[i] < g->failed_row[i])) {
            g->failed_row[i] = other->failed_row[i];
            memcpy(g->failed[i], other->failed[i], sizeof g->failed[i]);
        }
        g->parsed[i] += other->parsed[i];
    }
    g->count += other->count;
    for (uint32_t i = 0; i < MLPIPE__DATE_PAIRS; i++) {
        const mlpipe__date_pair *p = &other->pairs[i];
        if (p->used && guess_alive(g, p->first) && guess_alive(g, p->second))
            guess_enter(g, p);
    }
}

/* The pair of surviving formats that differs in the lowest row. */
static const mlpipe__date_pair *guess_conflict(const mlpipe__date_guess *g)
{
    const mlpipe__date_pair *best = NULL;
    for (uint32_t i = 0; i < MLPIPE__DATE_PAIRS; i++) {
        const mlpipe__date_pair *p = &g->pairs[i];
        if (!p->used || !guess_alive(g, p->first)
            || !guess_alive(g, p->second))
            continue;
        if (!best || p->row < best->row
            || (p->row == best->row
                && (p->first < best->first
                    || (p->first == best->first
                        && p->second < best->second))))
            best = p;
    }
    return best;
}

enum mlpipe__date_verdict
mlpipe__date_guess_finish(const mlpipe__date_guess *g,
                          mlpipe__date_choice *out)
{
    const uint32_t formats = mlpipe__date_formats();
    memset(out, 0, sizeof *out);
    if (!g->count)
        return MLPIPE__DATE_EMPTY;
    const mlpipe__date_pair *pair = guess_conflict(g);
    if (pair) {
        out->format = pair->first;
        out->other = pair->second;
        out->row = pair->row;
        out->value = pair->first_value;
        out->other_value = pair->second_value;
        memcpy(out->example, pair->example, sizeof out->example);
    }
    if (g->alive) {
        while (!pair && !guess_alive(g, out->format))
            out->format++;
        out->parsed = g->count;
        return pair ? MLPIPE__DATE_AMBIGUOUS : MLPIPE__DATE_CHOSEN;
    }
    for (uint32_t i = 1; i < formats; i++)
        if (g->parsed[i] > g->parsed[out->format])
            out->format = i;
    out->parsed = g->parsed[out->format];
    out->row = g->failed_row[out->format];
    memcpy(out->example, g->failed[out->format], sizeof out->example);
    return MLPIPE__DATE_NONE;
}
