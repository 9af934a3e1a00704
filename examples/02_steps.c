/* SPDX-License-Identifier: MIT */
/*
 * The catalog: every step and call that takes parameters, and what they are;
 * the functions and operators of expressions.
 *
 *     steps              all of it
 *     steps gbt          one entry, in any letter case
 *     steps functions    of expressions, with their operators
 */
#include <mlpipe/mlpipe.h>

#include <stdio.h>
#include <string.h>

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static int same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static int is_function(const mlpipe_catalog_entry *e)
{
    return e->kind == MLPIPE_KIND_FUNCTION || e->kind == MLPIPE_KIND_SYNTAX;
}

static void print(uint32_t i, const mlpipe_catalog_entry *e)
{
    mlpipe_catalog_parameter p;
    uint32_t k;

    if (is_function(e)) {
        printf("%s\n", e->doc);
        return;
    }
    printf("%s: %s\n", e->name, e->doc);
    for (k = 0; !mlpipe_catalog_param(i, k, &p); k++) {
        printf("    %s=%s", p.name, p.initial ? p.initial : "(required)");
        if (*p.choices)
            printf("  one of %s", p.choices);
        else if (p.low < p.high)
            printf("  %g .. %g", p.low, p.high);
        printf("\n        %s\n", p.doc);
    }
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must change, or swap with their neighbours, as far as 31
 * of each are looked at. */
static unsigned distance(const char *a, const char *b)
{
    const size_t n = strlen(a) < 31 ? strlen(a) : 31;
    const size_t m = strlen(b) < 31 ? strlen(b) : 31;
    unsigned d[32][32];
    size_t i, j;

    for (i = 0; i <= n; i++) {
        for (j = 0; j <= m; j++) {
            if (!i || !j) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            d[i][j] = least(d[i - 1][j], d[i][j - 1]) + 1;
            d[i][j] = least(d[i][j], d[i - 1][j - 1] + (lower(a[i - 1]) !=
                                                        lower(b[j - 1])));
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m];
}

/* How many letters they have in common from the first. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && lower(a[n]) == lower(b[n]))
        n++;
    return n;
}

static void unknown(const char *word)
{
    unsigned best = (unsigned)(strlen(word) + 2) / 3 + 1, d;
    const char *near = NULL, *begins = NULL;
    mlpipe_catalog_entry e;
    size_t n, most = 2;
    uint32_t i;

    for (i = 0; !mlpipe_catalog_get(i, &e); i++) {
        d = distance(word, e.name);
        if (d < best) {
            best = d;
            near = e.name;
        }
        n = common(word, e.name);
        if (n > most && (!word[n] || !e.name[n])) {
            most = n;
            begins = e.name;
        }
    }
    fprintf(stderr, "no step or function \"%s\"; ", word);
    if (near || begins)
        fprintf(stderr, "did you mean \"%s\"?\n", begins ? begins : near);
    else
        fprintf(stderr, "without a name all of them are listed\n");
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    const int functions = word && same(word, "functions");
    mlpipe_catalog_entry e;
    int found = 0;
    uint32_t i;

    for (i = 0; !mlpipe_catalog_get(i, &e); i++) {
        if (word && !same(word, e.name) && !(functions && is_function(&e)))
            continue;
        print(i, &e);
        found = 1;
    }
    if (word && !found)
        unknown(word);
    return word && !found;
}
