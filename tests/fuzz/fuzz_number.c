/* SPDX-License-Identifier: MIT */
/* Numbers as text: ours against the C library's, both ways. */
#include "fuzz.h"

/* [+-] digits and points with an exponent: what both sides call a number. */
static int fuzz_is_plain(const char *s)
{
    return s[0] && strspn(s, "+-0123456789.eE") == strlen(s);
}

static void fuzz_text(const char *s, size_t n)
{
    char *end = NULL;
    double ours = 0;
    int64_t integer = 0;
    const double theirs = strtod(s, &end);
    const int whole = n > 0 && end == s + n;
    const bool taken = mlpipe__parse_f64(s, n, false, &ours);
    if (taken)
        fuzz_require(whole && !memcmp(&ours, &theirs, sizeof ours));
    else
        fuzz_require(!whole || !fuzz_is_plain(s));
    if (mlpipe__parse_f64(s, n, true, &ours) && !taken)
        fuzz_require(whole && ours - ours != 0);
    if (mlpipe__parse_i64(s, n, &integer)) {
        fuzz_require(taken && strtoll(s, &end, 10) == integer);
        fuzz_require(end == s + n);
    }
}

/* What is a number for machines is the same one for people. */
static void fuzz_human(const char *s, size_t n)
{
    double plain = 0, x = 0, back = 0;
    uint32_t unit = 0, again = 0;
    if (mlpipe__parse_f64(s, n, false, &plain) && plain - plain == 0
        && n < 256) {
        fuzz_require(mlpipe__parse_number_text(s, n, '.', &x));
        fuzz_require(!memcmp(&x, &plain, sizeof x));
    }
    if (mlpipe__parse_number_text(s, n, ',', &x))
        fuzz_require(x - x == 0);
    if (mlpipe__parse_quantity(s, n, '.', &x, &unit)) {
        const char *name = mlpipe__quantity_name(unit);
        fuzz_require(mlpipe__unit_find(name, strlen(name), &again));
        fuzz_require(again == unit);
        fuzz_require(mlpipe__unit_convert(unit, unit, x, &back) && back == x);
    }
}

static void fuzz_double(double x)
{
    char text[MLPIPE__NUMBER_BYTES];
    double back = 0;
    const size_t n = mlpipe__print_f64(x, text);
    fuzz_require(n < sizeof text && strlen(text) == n);
    fuzz_require(mlpipe__parse_f64(text, n, true, &back));
    fuzz_require(x != x ? back != back : !memcmp(&x, &back, sizeof x));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double x;
    int64_t k;
    char *text = malloc(size + 1);
    fuzz_require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_text(text, strlen(text));
    fuzz_human(text, size);
    if (size >= sizeof x) {
        char printed[MLPIPE__NUMBER_BYTES];
        int64_t back = 0;
        memcpy(&x, data, sizeof x);
        memcpy(&k, data, sizeof k);
        fuzz_double(x);
        const size_t n = mlpipe__print_i64(k, printed);
        fuzz_require(mlpipe__parse_i64(printed, n, &back) && back == k);
    }
    free(text);
    return 0;
}
