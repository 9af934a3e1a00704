/* SPDX-License-Identifier: MIT */
/*
 * Columns that became texts by a few of their values: a word among numbers
 * says more often that a line is no row than that the column is one of texts.
 * What it became stands; that it did so is told.
 */
#include "collect_internal.h"

/* Values that may break a column, and how many it needs to be told of. */
enum { CSV_FEW = 5, CSV_ENOUGH = 20 };

/* Ways to write numbers that are read where they are asked for only. */
static const struct {
    char thousands, decimal;
    const char *name;
} csv_ways[] = {
    {' ', '.', "thousands=space"},
    {' ', ',', "thousands=space decimal=','"},
    {'.', ',', "thousands='.' decimal=','"},
    {',', '.', "thousands=','"},
    {'\'', '.', "thousands=''''"},
    {'\'', ',', "thousands='''' decimal=','"},
};
enum { CSV_WAYS = sizeof csv_ways / sizeof csv_ways[0],
       CSV_POINT_COMMA = 2 };

/* Those of the ways by which s is a number. */
static uint32_t csv_fit_ways(uint32_t ways, const char *s, size_t n)
{
    char room[MLPIPE__CSV_DIGITS];
    uint32_t fits = 0;

    if (!n || !strchr("+-.,0123456789", *s))
        return 0;
    for (uint32_t i = 0; i < CSV_WAYS; i++) {
        size_t used = n;
        if (!(ways & 1u << i))
            continue;
        const char *plain = mlpipe__csv_plain(s, &used, csv_ways[i].decimal,
                                              csv_ways[i].thousands, room);
        const enum mlpipe__csv_number kind = plain
            ? mlpipe__csv_number_kind(plain, used) : MLPIPE__CSV_NO_NUMBER;
        if (kind != MLPIPE__CSV_NO_NUMBER && kind != MLPIPE__CSV_CODE)
            fits |= 1u << i;
    }
    return fits;
}

/* The ways by which what came before may have been written. */
static uint32_t csv_ways_before(const mlpipe__csv_column *c, uint32_t before)
{
    uint32_t ways = 0;

    for (uint32_t i = 0; i < CSV_WAYS; i++)
        if (c->values <= 1 || before & MLPIPE__CSV_I64
            || before & (csv_ways[i].decimal == ',' ? MLPIPE__CSV_COMMA
                                                    : MLPIPE__CSV_F64))
            ways |= 1u << i;
    return ways;
}

void mlpipe__csv_doubt_show(const mlpipe__csv *csv, mlpipe__csv_column *c,
                            const char *s, size_t n)
{
    mlpipe__csv_doubt *d = &c->doubt;

    d->line = csv->reader.line;
    if (n >= sizeof d->text) {
        n = sizeof d->text - 1;
        while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(d->text, s, n);
    d->text[n] = '\0';
}

static void csv_break(const mlpipe__csv *csv, mlpipe__csv_column *c,
                      const char *s, size_t n)
{
    if (!c->doubt.broken++)
        mlpipe__csv_doubt_show(csv, c, s, n);
}

void mlpipe__csv_part(mlpipe__csv_column *c, const char *s, size_t n)
{
    size_t head = 0, digits = 0;

    if (n && (*s == '-' || *s == '+')) {
        s++;
        n--;
    }
    while (head < n && s[head] >= '0' && s[head] <= '9')
        head++;
    while (head + 1 + digits < n && s[head + 1 + digits] >= '0'
           && s[head + 1 + digits] <= '9')
        digits++;
    if (head == n && head > 0 && head < 4)
        return; /* 123 is the same either way */
    const bool three = n == head + 4 && s[head] == '.' && digits == 3
        && head > 0 && head < 4 && *s != '0';
    c->parted |= three;
    c->unparted |= !three;
}

/* Does some column have numbers whose comma can only be a decimal one? */
static bool csv_has_decimal_comma(const mlpipe__csv *csv)
{
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const mlpipe__csv_column *c = &csv->columns[i];
        if (!c->forced && c->may & MLPIPE__CSV_COMMA && c->ungrouped
            && !(c->may & MLPIPE__CSV_F64))
            return true;
    }
    return false;
}

void mlpipe__csv_doubt_points(mlpipe__csv *csv)
{
    if (csv->json || !csv_has_decimal_comma(csv))
        return;
    for (uint32_t i = 0; i < csv->column_count; i++) {
        mlpipe__csv_column *c = &csv->columns[i];
        if (c->forced || !(c->may & MLPIPE__CSV_F64) || !c->parted
            || c->unparted)
            continue;
        c->doubt.broken = 1;
        c->doubt.groups = 1u << CSV_POINT_COMMA;
        c->may = 0;
        c->late = true;
    }
}

void mlpipe__csv_doubt_begin(const mlpipe__csv *csv, mlpipe__csv_column *c,
                             uint32_t before, const char *s, size_t n)
{
    mlpipe__csv_doubt *d = &c->doubt;

    d->open = true;
    d->kinds = before;
    csv_break(csv, c, s, n);
    d->groups = csv->json ? 0
        : csv_fit_ways(csv_ways_before(c, before), s, n);
}

void mlpipe__csv_doubt_value(const mlpipe__csv *csv, mlpipe__csv_column *c,
                             const char *s, size_t n, uint32_t can)
{
    mlpipe__csv_doubt *d = &c->doubt;

    d->more++;
    if (d->groups)
        d->groups = csv_fit_ways(d->groups, s, n);
    if (d->broken <= CSV_FEW) {
        /* A column of its own, so that this one learns nothing of it. */
        mlpipe__csv_column probe = {.may = d->kinds};
        const uint32_t fits = d->kinds
            & mlpipe__csv_fit(csv, &probe, s, n, can);
        if (fits)
            d->kinds = fits;
        else
            csv_break(csv, c, s, n);
    }
    d->open = d->groups || d->broken <= CSV_FEW;
}

bool mlpipe__csv_broken_last(const mlpipe__csv *csv,
                             const mlpipe__csv_column *c)
{
    const mlpipe__csv_doubt *d = &c->doubt;

    return d->broken == 1 && d->line == csv->last_line
        && c->values + d->more > 3
        && d->kinds & (MLPIPE__CSV_NUMBERS | MLPIPE__CSV_COMMA
                       | MLPIPE__CSV_TIMES);
}

const char *mlpipe__csv_groups_name(const mlpipe__csv_column *c)
{
    for (uint32_t i = 0; i < CSV_WAYS; i++)
        if (c->doubt.groups & 1u << i)
            return csv_ways[i].name;
    return NULL;
}

/* "timestamps"; NULL where the values are of no kind beyond doubt. */
static const char *csv_kinds_name(uint32_t kinds)
{
    return kinds & MLPIPE__CSV_I64 ? "integers"
        : kinds & MLPIPE__CSV_F64 ? "numbers"
        : kinds & MLPIPE__CSV_COMMA ? "numbers with a decimal comma"
        : kinds & (MLPIPE__CSV_YES_NO | MLPIPE__CSV_TRUE_FALSE)
        ? "yes or no" : kinds & MLPIPE__CSV_TIMES ? "timestamps" : NULL;
}

/* A column that reads as numbers once its way to write them is told. */
static void csv_doubt_groups(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                             const mlpipe__csv_column *c)
{
    mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "read_csv",
                     "%s: column %s is text, but %q in line %llu and all "
                     "others look like numbers written with %s; say that, or "
                     "as=%s:text", mlpipe__input_name(&csv->input), c->name,
                     c->doubt.text, (unsigned long long)c->doubt.line,
                     mlpipe__csv_groups_name(c), c->name);
}

static void csv_doubt_few(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                          const mlpipe__csv_column *c)
{
    const mlpipe__csv_doubt *d = &c->doubt;
    const uint64_t values = c->values + d->more;
    const bool last = d->broken == 1 && d->line == csv->last_line
        && !csv->json;
    char others[60] = "";

    if (d->broken > CSV_FEW || values < CSV_ENOUGH
        || d->broken * UINT64_C(100) > values || !csv_kinds_name(d->kinds))
        return;
    if (d->broken > 1)
        (void)mlpipe__format(others, sizeof others, " (and %u more)",
                             d->broken - 1);
    mlpipe__log_line(ctx, MLPIPE_LOG_WARN,
                     csv->json ? "read_json" : "read_csv",
                     "%s: column %s: %llu of %llu values are %s, line %llu "
                     "is %q%s; say %s or as=%s:text",
                     mlpipe__input_name(&csv->input), c->name,
                     (unsigned long long)(values - d->broken),
                     (unsigned long long)values, csv_kinds_name(d->kinds),
                     (unsigned long long)d->line, d->text, others,
                     last ? "footer=1"
                     : csv->json ? "as= with the type it should have"
                     : "na= with it where it means null,", c->name);
}

void mlpipe__csv_doubts(mlpipe_ctx *ctx, const mlpipe__csv *csv)
{
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const mlpipe__csv_column *c = &csv->columns[i];
        if (c->forced || !c->doubt.broken)
            continue;
        if (c->doubt.groups)
            csv_doubt_groups(ctx, csv, c);
        else
            csv_doubt_few(ctx, csv, c);
    }
}
