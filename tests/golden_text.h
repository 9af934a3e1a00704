/* SPDX-License-Identifier: MIT */
/*
 * What calls tell, to the byte: golden/messages/NAME.txt of test_NAME.c holds
 * a call or case and, indented below it, what a person reads. With
 * MLPIPE_GOLDEN_WRITE in the environment the file is written anew, for a
 * person to read before it is committed.
 */
#ifndef MLPIPE_TESTS_GOLDEN_TEXT_H
#define MLPIPE_TESTS_GOLDEN_TEXT_H

#include <ctype.h>

#include "support.h"

enum { GOLDEN_ENTRY = 8192 };

static char *golden_text; /* the file; kept until the program ends */
static char golden_path[4096];

static inline void golden_open(const char *source)
{
    const char *name = strrchr(source, '/'), *folder = getenv("MLPIPE_GOLDEN");
    FILE *f;
    name = name ? name + 1 : source;
    name += strncmp(name, "test_", 5) ? 0 : 5;
    snprintf(golden_path, sizeof golden_path, "%s/messages/%.*s.txt",
             folder ? folder : "tests/golden", (int)strcspn(name, "."), name);
    golden_text = calloc(1, 1 << 20);
    assert_non_null(golden_text);
    if (getenv("MLPIPE_GOLDEN_WRITE")) {
        remove(golden_path);
        return;
    }
    f = fopen(golden_path, "r");
    if (!f)
        fail_msg("%s is not there; MLPIPE_GOLDEN_WRITE=1 makes it",
                 golden_path);
    golden_text[0] = '\n';
    golden_text[1 + fread(golden_text + 1, 1, (1 << 20) - 2, f)] = 0;
    fclose(f);
}

static inline size_t golden_put(char *out, size_t at, const char *s, size_t n)
{
    assert_true(at + n < GOLDEN_ENTRY);
    memcpy(out + at, s, n);
    out[at + n] = 0;
    return at + n;
}

/* Lines are indented, and what differs from run to run is left out: numbers
 * of processes and what lies below /tmp. */
static inline void golden_entry(const char *name, const char *text,
                                char out[GOLDEN_ENTRY])
{
    static const char null[] = "((void *)0)"; /* as a macro may be told */
    size_t at = golden_put(out, 0, "\n", 1);
    for (const char *p; (p = strstr(name, null)); name = p + sizeof null - 1) {
        at = golden_put(out, at, name, (size_t)(p - name));
        at = golden_put(out, at, "NULL", 4);
    }
    at = golden_put(out, at, name, strlen(name));
    at = golden_put(out, at, "\n    ", 5);
    while (*text) {
        size_t n = 1;
        if (*text == '\n') {
            at = golden_put(out, at, "\n    ", 5);
        } else if (!strncmp(text, "/tmp/", 5)) {
            at = golden_put(out, at, "/tmp/*", 6);
            n = 5 + strcspn(text + 5, "/\" :;,");
        } else if (strspn(text, "0123456789abcdef") >= 12) {
            at = golden_put(out, at, "#", 1); /* of a version or temporary */
            n = strspn(text, "0123456789abcdef");
        } else if (!strncmp(text, "process ", 8) && isdigit(text[8])) {
            at = golden_put(out, at, "process *", 9);
            n = 8 + strspn(text + 8, "0123456789");
        } else {
            at = golden_put(out, at, text, 1);
        }
        text += n;
    }
    golden_put(out, at, "\n", 1);
}

/* The entry is one of the file. */
static inline void golden_tell(const char *source, const char *name,
                               const char *text)
{
    char entry[GOLDEN_ENTRY];
    if (!golden_text)
        golden_open(source);
    golden_entry(name, text, entry);
    if (strstr(golden_text, entry))
        return;
    if (getenv("MLPIPE_GOLDEN_WRITE")) {
        FILE *f = fopen(golden_path, "a");
        assert_non_null(f);
        assert_true(fputs(entry + 1, f) >= 0);
        assert_int_equal(0, fclose(f));
        strcat(golden_text, *golden_text ? entry + 1 : entry);
        return;
    }
    fail_msg("%s does not hold:%s", golden_path, entry);
}

/* The same of what damage and faults bring about: only the words count, of
 * which the same come many times; numbers and names of bytes are left out. */
static inline void golden_gist(const char *source, const char *name,
                                const char *text)
{
    char words[GOLDEN_ENTRY / 2];
    size_t n = 0;
    while (*text && n < sizeof words - 2) {
        const size_t hex = strspn(text, "0123456789abcdef");
        const size_t digits = strspn(text, "0123456789");
        words[n++] = hex >= 12 || digits ? '#' : *text;
        text += hex >= 12 ? hex : digits ? digits : 1;
    }
    words[n] = 0;
    golden_tell(source, name, words);
}

/* What the context tells of a call that failed with this status. */
static inline void golden_error(const char *source, const char *name,
                                const mlpipe_ctx *ctx, mlpipe_status st)
{
    const mlpipe_error *e = mlpipe_ctx_error(ctx);
    char text[GOLDEN_ENTRY / 2], row[32] = "";
    assert_int_not_equal(MLPIPE_OK, st);
    assert_int_equal(st, e->status);
    if (e->row >= 0)
        snprintf(row, sizeof row, " row %lld", (long long)e->row);
    snprintf(text, sizeof text, "%s%s%s%s: %s",
             mlpipe_status_name(st) + strlen("MLPIPE_E_"), row,
             *e->column ? " column " : "", e->column, e->text);
    golden_tell(source, name, text);
}

/* assert_status, and what the context then tells is in the golden file. */
#define assert_told(ctx, expected, call)                                   \
    do {                                                                   \
        const mlpipe_status told_ = (call);                                \
        assert_status(expected, told_);                                    \
        golden_error(__BASE_FILE__, #call, (ctx), told_);                  \
    } while (0)

/* The same of a call that fails with any status. */
#define TOLD(ctx, call)                                                    \
    do {                                                                   \
        const mlpipe_status told_ = (call);                                \
        if (!told_)                                                        \
            fail_msg("succeeds: %s", #call);                               \
        golden_error(__BASE_FILE__, #call, (ctx), told_);                  \
    } while (0)

#endif
