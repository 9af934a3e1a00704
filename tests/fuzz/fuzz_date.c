/* SPDX-License-Identifier: MIT */
/* Dates: a line with a pattern, then a column, one text a line. */
#include "fuzz.h"

/* What a built-in format reads is a day that the calendar has. */
static void fuzz_text(const char *s, size_t n)
{
    uint64_t parsed = 0;
    mlpipe__date_guess g;
    mlpipe__date_guess_init(&g);
    mlpipe__date_guess_add(&g, 0, s, n);
    for (uint32_t i = 0; i < mlpipe__date_formats(); i++) {
        int64_t us = 0, back = 0;
        int32_t y, m, d;
        if (!mlpipe__date_parse(mlpipe__date_format(i), s, n, &us))
            continue;
        parsed |= UINT64_C(1) << i;
        /* A zone of 18 hours may lead one day out of year 1 or 9999. */
        const int64_t days = (us >= 0 ? us : us - 86399999999)
            / INT64_C(86400000000);
        fuzz_require(days >= -719163 && days <= 2932897);
        mlpipe__civil_from_days(days, &y, &m, &d);
        if (mlpipe__days_from_civil(y, m, d, &back))
            fuzz_require(back == days);
        else
            fuzz_require(y == 0 || y == 10000);
    }
    fuzz_require(g.alive == parsed);
}

static void fuzz_column(const char *s, const char *end)
{
    mlpipe__date_guess whole, parts[2];
    mlpipe__date_choice a, b;
    mlpipe__date_guess_init(&whole);
    mlpipe__date_guess_init(&parts[0]);
    mlpipe__date_guess_init(&parts[1]);
    for (uint64_t row = 0; s < end; row++) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        const size_t n = (size_t)((stop ? stop : end) - s);
        fuzz_text(s, n);
        mlpipe__date_guess_add(&whole, row, s, n);
        mlpipe__date_guess_add(&parts[row & 1], row, s, n);
        s += n + 1;
    }
    mlpipe__date_guess_merge(&parts[1], &parts[0]);
    fuzz_require(mlpipe__date_guess_finish(&whole, &a)
                 == mlpipe__date_guess_finish(&parts[1], &b));
    fuzz_require(!memcmp(&a, &b, sizeof a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t bad = 0;
    int64_t us = 0;
    char *text = malloc(size + 1);
    fuzz_require(text != NULL);
    if (size > 4096)
        size = 4096;
    memcpy(text, data, size);
    text[size] = '\0';
    char *line = memchr(text, '\n', size);
    if (line) {
        *line = '\0';
        if (!mlpipe__date_pattern_ok(text, &bad))
            fuzz_require(bad <= strlen(text));
        const size_t n = (size_t)(text + size - line - 1);
        (void)mlpipe__date_parse(text, line + 1, n, &us);
        fuzz_column(line + 1, text + size);
    }
    free(text);
    return 0;
}
