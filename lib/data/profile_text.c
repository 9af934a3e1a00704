/* SPDX-License-Identifier: MIT */
/* What looks wrong with texts: what they hold that is no text. */
#include "profile_types.h"

enum { TEXT_DATES = 5000 }; /* different texts that are tried as dates */

/* ---- names of codes ----------------------------------------------------- */

static char text_lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool text_letter(char c)
{
    c = text_lower_ascii(c);
    return c >= 'a' && c <= 'z';
}

static bool text_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The words of a name, cut at whatever is no letter and before a capital that
 * follows a small one. */
bool mlpipe__profile_names_code(const char *name)
{
    static const char *const words[] = {
        "zip",  "zipcode", "postcode", "postalcode", "postal", "plz",
        "fips", "iban",    "isbn",     "ean",        "upc",    "sku",
        "ssn",  "phone",   "telephone", "code",      "codes",  "naics",
        "areacode", "icd"};

    while (*name) {
        size_t n = 0;
        while (text_letter(name[n]) &&
               !(n && text_lower_ascii(name[n]) != name[n] &&
                 text_lower_ascii(name[n - 1]) == name[n - 1]))
            n++;
        for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t same = 0;
            while (same < n && words[i][same] == text_lower_ascii(name[same]))
                same++;
            if (n && same == n && !words[i][n])
                return true;
        }
        name += n ? n : 1;
    }
    return false;
}

/* ---- blanks and placeholders -------------------------------------------- */

static bool text_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
           c == '\v';
}

/* The text without blanks at its ends. */
static const char *text_core(const mlpipe__profile_entry *e, size_t *n)
{
    const char *s = e->text;
    size_t at = 0, end = e->bytes;

    while (at < end && text_blank(s[at]))
        at++;
    while (end > at && text_blank(s[end - 1]))
        end--;
    *n = end - at;
    return s + at;
}

static void text_whitespace(mlpipe__profile *p,
                            const mlpipe__profile_column *c)
{
    const mlpipe__profile_entry *example = NULL;
    uint64_t rows = 0;
    size_t n;

    for (uint32_t i = 0; i < c->entry_count; i++) {
        const mlpipe__profile_entry *e = &c->entries[i];
        (void)text_core(e, &n);
        if (n == e->bytes)
            continue;
        rows += e->count;
        example = example ? example : e;
    }
    if (!example)
        return;
    p->line.size = 0;
    mlpipe__text_put(&p->line, example->text, example->bytes);
    mlpipe__text_put(&p->line, "", 1);
    if (!p->line.failed) {
        char shown[96];
        mlpipe__format(shown, sizeof shown, "%q", p->line.data);
        mlpipe__profile_find(p, MLPIPE__PROFILE_WHITESPACE, true, c->column,
                             rows, (double)rows / (double)c->rows, "%s",
                             shown);
    }
    p->failed |= p->line.failed;
}

/* The 20 texts that readers and people write for nothing (the lists of pandas
 * and skrub, and survey forms). */
static bool text_is_placeholder(const char *s, size_t n)
{
    static const char *const texts[] = {
        "",        "n/a",     "na",      "n.a.",          "#n/a",
        "null",    "none",    "nil",     "nan",           "unknown",
        "unk",     "missing", "-",       "--",            "---",
        "?",       "??",      "tbd",     "not available", "not applicable",
        "no data", "undefined", "(blank)", ".",           "(null)",
        "<na>",    "#null!",  "not specified", "unspecified"};

    for (uint32_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t same = 0;
        while (same < n && texts[i][same] &&
               texts[i][same] == text_lower_ascii(s[same]))
            same++;
        if (same == n && !texts[i][n])
            return true;
    }
    return false;
}

/* Where it is more than every fifth row, or the commonest value, it may be a
 * value of its own, such as the view NONE of a house. */
static void text_placeholders(mlpipe__profile *p,
                              const mlpipe__profile_column *c)
{
    const mlpipe__profile_entry *example = NULL;
    uint64_t rows = 0;
    size_t n;

    for (uint32_t i = 0; i < c->entry_count; i++) {
        const char *s = text_core(&c->entries[i], &n);
        if (!text_is_placeholder(s, n))
            continue;
        rows += c->entries[i].count;
        example = example ? example : &c->entries[i];
    }
    if (!example)
        return;
    mlpipe__profile_find(p, MLPIPE__PROFILE_PLACEHOLDER_TEXT,
                         (double)rows <= 0.2 * (double)c->rows &&
                             example != c->entries,
                         c->column, rows, (double)rows / (double)c->rows,
                         "\"%.*s\"", mlpipe__profile_shown(example),
                         example->text);
}

/* ---- numbers ------------------------------------------------------------ */

typedef struct text_kinds {
    uint64_t numbers, digits, zeros; /* rows; zeros: of those that begin so */
    uint64_t dates, day_first, month_first, year_first;
    const mlpipe__profile_entry *number, *digit, *date, *first[3];
} text_kinds;

static bool text_is_number(const char *s, size_t n)
{
    double x;
    uint32_t unit;

    return mlpipe__parse_number_text(s, n, '.', &x) ||
           mlpipe__parse_number_text(s, n, ',', &x) ||
           mlpipe__parse_quantity(s, n, '.', &x, &unit);
}

static void text_count_numbers(const mlpipe__profile_column *c,
                               text_kinds *k)
{
    for (uint32_t i = 0; i < c->entry_count; i++) {
        const mlpipe__profile_entry *e = &c->entries[i];
        size_t n, digits = 0;
        const char *s = text_core(e, &n);

        while (digits < n && text_digit(s[digits]))
            digits++;
        if (n && digits == n) {
            k->digits += e->count;
            k->digit = k->digit && s[0] != '0' ? k->digit : e;
            k->zeros += n > 1 && s[0] == '0' ? e->count : 0;
        }
        if (!n || !text_is_number(s, n))
            continue;
        k->numbers += e->count;
        k->number = k->number ? k->number : e;
    }
}

/* ---- dates -------------------------------------------------------------- */

/* Digits from *at on; -1: none, or more than four. */
static int32_t text_digits(const char *s, size_t n, size_t *at)
{
    int32_t x = 0;
    uint32_t used = 0;

    while (*at < n && text_digit(s[*at]) && used < 5) {
        x = x * 10 + (s[(*at)++] - '0');
        used++;
    }
    return used && used < 5 ? x : -1;
}

/* 1: the day comes first for sure, 2: the month, 3: the year; 0: not known. */
static uint32_t text_date_order(const char *s, size_t n)
{
    size_t at = 0;
    const int32_t a = text_digits(s, n, &at);
    const char by = at < n ? s[at] : 0;

    if (a < 0 || (by != '/' && by != '-' && by != '.'))
        return 0;
    const bool year = at == 4;
    at++;
    const int32_t b = text_digits(s, n, &at);
    if (b < 0 || at >= n || s[at] != by)
        return 0;
    at++;
    if (text_digits(s, n, &at) < 0)
        return 0;
    if (year)
        return 3;
    if (a > 12 && a <= 31 && b >= 1 && b <= 12)
        return 1;
    return a >= 1 && a <= 12 && b > 12 && b <= 31 ? 2 : 0;
}

static bool text_is_date(const char *s, size_t n)
{
    int64_t us;

    for (uint32_t i = 0; i < mlpipe__date_formats(); i++)
        if (mlpipe__date_parse(mlpipe__date_format(i), s, n, &us))
            return true;
    return false;
}

static mlpipe_status text_count_dates(const mlpipe__profile_column *c,
                                      text_kinds *k, uint64_t *tried)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < c->entry_count && i < TEXT_DATES && !st; i++) {
        const mlpipe__profile_entry *e = &c->entries[i];
        size_t n, digits = 0;
        const char *s = text_core(e, &n);

        if (i % 256 == 0)
            st = mlpipe__poll(c->ctx, "profile", i, c->entry_count);
        *tried += e->count;
        for (size_t at = 0; at < n && n <= 64; at++)
            digits += text_digit(s[at]);
        if (digits < 3 || digits == n || !text_is_date(s, n))
            continue;
        const uint32_t order = text_date_order(s, n);
        k->dates += e->count;
        k->date = k->date ? k->date : e;
        k->day_first += order == 1 ? e->count : 0;
        k->month_first += order == 2 ? e->count : 0;
        k->year_first += order == 3 ? e->count : 0;
        if (order && !k->first[order - 1])
            k->first[order - 1] = e;
    }
    return st;
}

static void text_find_dates(mlpipe__profile *p,
                            const mlpipe__profile_column *c,
                            const text_kinds *k)
{
    const uint64_t orders[] = {k->day_first, k->month_first, k->year_first};
    const mlpipe__profile_entry *example[2];
    uint64_t most = 0, sum = 0;
    uint32_t used = 0;

    mlpipe__profile_find(p, MLPIPE__PROFILE_DATES_AS_TEXT, true, c->column,
                         k->dates, (double)k->dates / (double)c->rows,
                         "%.*s", mlpipe__profile_shown(k->date), k->date->text);
    for (uint32_t i = 0; i < 3; i++) {
        if (orders[i] && used < 2)
            example[used++] = k->first[i];
        most = orders[i] > most ? orders[i] : most;
        sum += orders[i];
    }
    if (used > 1)
        mlpipe__profile_find(p, MLPIPE__PROFILE_MIXED_DATE_ORDERS, true,
                             c->column, sum - most,
                             (double)(sum - most) / (double)c->rows,
                             "%.*s, but %.*s",
                             mlpipe__profile_shown(example[0]),
                             example[0]->text,
                             mlpipe__profile_shown(example[1]),
                             example[1]->text);
}

/* Four fifths of the rows that are there speak of what the column was. */
static mlpipe_status text_kinds_find(mlpipe__profile *p,
                                     const mlpipe__profile_column *c,
                                     bool *other)
{
    text_kinds k = {0};
    uint64_t tried = 0;
    mlpipe_status st;

    text_count_numbers(c, &k);
    *other = true;
    if (c->count >= 5 && k.zeros * 100 >= c->count &&
        k.digits * 10 >= c->count * 9) {
        mlpipe__profile_find(p, MLPIPE__PROFILE_CODE_LIKE,
                             mlpipe__profile_names_code(c->name), c->column,
                             k.digits, (double)k.digits / (double)c->rows,
                             "%.*s", mlpipe__profile_shown(k.digit),
                             k.digit->text);
        return MLPIPE_OK;
    }
    if (c->count >= 5 && k.numbers * 5 >= c->count * 4) {
        mlpipe__profile_find(p, MLPIPE__PROFILE_NUMBERS_AS_TEXT, true,
                             c->column, k.numbers,
                             (double)k.numbers / (double)c->rows, "\"%.*s\"",
                             mlpipe__profile_shown(k.number), k.number->text);
        return MLPIPE_OK;
    }
    st = text_count_dates(c, &k, &tried);
    if (!st && tried >= 5 && k.dates * 5 >= tried * 4)
        text_find_dates(p, c, &k);
    else
        *other = false;
    return st;
}

/* ---- how many, how long ------------------------------------------------- */

/* Names of rows: nearly as many as rows, and few have blanks within. */
static void text_many(mlpipe__profile *p, const mlpipe__profile_column *c)
{
    const double distinct = (double)c->distinct;
    const double share = distinct / (double)c->count;
    uint32_t blanks = 0;

    if (c->count < 20)
        return;
    for (uint32_t i = 0; i < c->entry_count; i++)
        blanks += c->entries[i].bytes &&
                  memchr(c->entries[i].text, ' ', c->entries[i].bytes);
    if (distinct >= 0.95 * (double)c->count) {
        if (blanks * 20 <= c->entry_count)
            mlpipe__profile_find(p, MLPIPE__PROFILE_ID_LIKE,
                                 mlpipe_dataset_role(c->data, c->column) ==
                                     MLPIPE_ROLE_ID,
                                 c->column, c->distinct, share, "%.*s",
                                 mlpipe__profile_shown(&c->entries[0]),
                                 c->entries[0].text);
    } else if (c->distinct >= 100) {
        mlpipe__profile_find(p, MLPIPE__PROFILE_HIGH_CARDINALITY, false,
                             c->column, c->distinct, share,
                             "%llu values in %llu rows",
                             (unsigned long long)c->distinct,
                             (unsigned long long)c->count);
    }
}

/* Ten different texts or more end at the greatest length, 20 bytes or more, and
 * ten times as many as at each of the five below it; a quarter are shorter. */
static void text_truncated(mlpipe__profile *p,
                           const mlpipe__profile_column *c)
{
    uint64_t at[6] = {0}, shorter = 0, most = 0;
    size_t longest = 0;
    const mlpipe__profile_entry *example = NULL;

    for (uint32_t i = 0; i < c->entry_count; i++)
        longest = c->entries[i].bytes > longest ? c->entries[i].bytes
                                                : longest;
    if (longest < 20)
        return;
    for (uint32_t i = 0; i < c->entry_count; i++) {
        const size_t less = longest - c->entries[i].bytes;
        if (less < 6)
            at[less]++;
        else
            shorter++;
        if (!less && !example)
            example = &c->entries[i];
    }
    for (uint32_t i = 1; i < 6; i++)
        most = at[i] > most ? at[i] : most;
    if (at[0] >= 10 && at[0] >= 10 * most && shorter >= c->entry_count / 4)
        mlpipe__profile_find(p, MLPIPE__PROFILE_TRUNCATED_TEXT, false,
                             c->column, at[0],
                             (double)at[0] / (double)c->rows,
                             "%zu bytes: ...%.*s", longest,
                             mlpipe__profile_shown(example), example->text);
}

mlpipe_status mlpipe__profile_texts(mlpipe__profile *p,
                                    const mlpipe__profile_column *c)
{
    bool other;
    mlpipe_status st;

    if (!c->count)
        return MLPIPE_OK;
    text_whitespace(p, c);
    text_placeholders(p, c);
    st = text_kinds_find(p, c, &other);
    if (st || other)
        return st;
    text_many(p, c);
    text_truncated(p, c);
    return mlpipe__profile_spelling(p, c);
}
