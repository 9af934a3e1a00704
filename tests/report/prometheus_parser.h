/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of the text format 0.0.4 that shares nothing with the
 * writer: every line must be HELP, TYPE or a sample, families stand together
 * with one HELP and one TYPE before their samples, samples bear the family's
 * name and are there once, labels have names that may be and appear once, and
 * histograms grow up to their count.
 */
#ifndef MLPIPE_TESTS_PROMETHEUS_PARSER_H
#define MLPIPE_TESTS_PROMETHEUS_PARSER_H

#include "support.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct prom_reader {
    const char *at;
    char family[512], type[16];
    char seen[2][4096][512]; /* names of families, name{labels} */
    uint32_t count[2];
    double bucket, le; /* of the histogram that is read */
    bool infinite, counted;
} prom_reader;

static inline void prom_see(prom_reader *p, int what, const char *s, size_t n)
{
    char (*seen)[512] = p->seen[what];

    assert_true(n < sizeof seen[0] && p->count[what] < 4096);
    for (uint32_t i = 0; i < p->count[what]; i++)
        assert_false(strlen(seen[i]) == n && !memcmp(seen[i], s, n));
    memcpy(seen[p->count[what]], s, n);
    seen[p->count[what]++][n] = 0;
}

static inline size_t prom_read_name(const char *s, bool colon)
{
    size_t n = 0;

    for (;; n++) {
        const char c = s[n];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '_' || (colon && c == ':');
        if (!letter && !(n && c >= '0' && c <= '9'))
            return n;
    }
}

static inline void prom_expect(prom_reader *p, const char *s)
{
    assert_memory_equal(p->at, s, strlen(s));
    p->at += strlen(s);
}

/* What an escaped text is followed by; quotes: it ends at one. */
static inline void prom_read_text(prom_reader *p, bool quotes)
{
    while (*p->at && *p->at != '\n' && !(quotes && *p->at == '"')) {
        if (*p->at == '\\') {
            p->at++;
            assert_true(*p->at == '\\' || *p->at == 'n' ||
                        (quotes && *p->at == '"'));
        }
        p->at++;
    }
    assert_int_equal(*p->at, quotes ? '"' : '\n');
    p->at++;
}

/* {a="x",b="y"}; *le where there is one of that name. */
static inline void prom_read_labels(prom_reader *p, double *le)
{
    char names[32][128];
    uint32_t count = 0;

    if (*p->at != '{')
        return;
    do {
        const char *name = ++p->at;
        const size_t n = prom_read_name(name, false);
        assert_in_range(n, 1, 127);
        assert_false(n > 1 && name[0] == '_' && name[1] == '_');
        for (uint32_t i = 0; i < count; i++)
            assert_false(strlen(names[i]) == n && !memcmp(names[i], name, n));
        assert_true(count < 32);
        memcpy(names[count], name, n);
        names[count++][n] = 0;
        p->at += n;
        prom_expect(p, "=\"");
        if (n == 2 && !memcmp(name, "le", 2))
            *le = strtod(p->at, NULL);
        prom_read_text(p, true);
    } while (*p->at == ',');
    prom_expect(p, "}");
}

static inline double prom_read_value(prom_reader *p)
{
    static const char *const words[] = {"NaN", "+Inf", "-Inf"};
    const char *digits = p->at;
    char *end;
    double x;

    for (int i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(p->at, words[i], n))
            continue;
        p->at += n + 1;
        assert_int_equal(p->at[-1], '\n');
        return i ? (i == 1 ? HUGE_VAL : -HUGE_VAL) : strtod("nan", NULL);
    }
    while (strchr("0123456789+-.e", *p->at) && *p->at)
        p->at++;
    assert_true(p->at > digits);
    x = strtod(digits, &end);
    assert_ptr_equal(end, p->at);
    prom_expect(p, "\n");
    return x;
}

static inline void prom_end_family(prom_reader *p)
{
    if (!strcmp(p->type, "histogram"))
        assert_true(p->infinite && p->counted);
}

static inline void prom_read_family(prom_reader *p)
{
    size_t n;

    prom_end_family(p);
    prom_expect(p, "# HELP ");
    n = prom_read_name(p->at, true);
    assert_in_range(n, 1, sizeof p->family - 1);
    memcpy(p->family, p->at, n);
    p->family[n] = 0;
    prom_see(p, 0, p->at, n);
    p->at += n;
    prom_expect(p, " ");
    prom_read_text(p, false);
    prom_expect(p, "# TYPE ");
    prom_expect(p, p->family);
    prom_expect(p, " ");
    n = prom_read_name(p->at, false);
    assert_true(n < sizeof p->type);
    memcpy(p->type, p->at, n);
    p->type[n] = 0;
    assert_true(!strcmp(p->type, "gauge") || !strcmp(p->type, "counter") ||
                !strcmp(p->type, "histogram"));
    p->at += n;
    prom_expect(p, "\n");
    p->bucket = 0;
    p->le = -HUGE_VAL;
    p->infinite = p->counted = false;
}

static inline void prom_check_bucket(prom_reader *p, const char *suffix,
                                     double le, double value)
{
    if (!strcmp(suffix, "_bucket")) {
        assert_true(le > p->le && value >= p->bucket && !p->infinite);
        p->le = le;
        p->bucket = value;
        p->infinite = le == HUGE_VAL;
    } else if (!strcmp(suffix, "_count")) {
        assert_true(p->infinite && value == p->bucket);
        p->counted = true;
    } else {
        assert_string_equal(suffix, "_sum");
    }
}

static inline void prom_read_sample(prom_reader *p)
{
    const char *from = p->at;
    const size_t n = prom_read_name(from, true), size = strlen(p->family);
    char suffix[16] = "";
    double le = -HUGE_VAL, value;

    assert_true(p->count[0] && n >= size && n - size < sizeof suffix);
    assert_memory_equal(from, p->family, size);
    memcpy(suffix, from + size, n - size);
    p->at += n;
    prom_read_labels(p, &le);
    prom_see(p, 1, from, (size_t)(p->at - from));
    prom_expect(p, " ");
    value = prom_read_value(p);
    if (!strcmp(p->type, "histogram"))
        prom_check_bucket(p, suffix, le, value);
    else
        assert_string_equal(suffix, "");
    if (!strcmp(p->type, "counter")) {
        assert_true(size > 6 && !strcmp(p->family + size - 6, "_total"));
        assert_true(value >= 0 || value != value);
    }
}

/* How many samples the text has. */
static inline uint32_t prom_read(const char *text)
{
    static prom_reader p;

    p.at = text;
    p.count[0] = p.count[1] = 0;
    p.type[0] = 0;
    while (*p.at) {
        if (*p.at == '#')
            prom_read_family(&p);
        else
            prom_read_sample(&p);
    }
    prom_end_family(&p);
    return p.count[1];
}

#endif
