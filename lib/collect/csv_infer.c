/* SPDX-License-Identifier: MIT */
/*
 * Types of columns from all their values: the first pass over the file. Each
 * column starts with every kind possible and loses those that a value does
 * not fit; a column that has lost all is text. So a type never depends on a
 * sample. Texts are gathered from the moment a column is known to be text; if
 * values came before, one more pass gathers them.
 */
#include "collect_internal.h"

/* ---- one value ---------------------------------------------------------- */

/* Is it an integer that f64 may not hold? */
static bool csv_is_rounded(const char *s, size_t n)
{
    int64_t value;

    return n > 15 && mlpipe__parse_i64(s, n, &value)
        && (value > INT64_C(1) << 53 || value < -(INT64_C(1) << 53));
}

/* Does it read as a number with a decimal comma? */
static uint32_t csv_fit_comma(mlpipe__csv_column *c, const char *s, size_t n)
{
    char room[MLPIPE__CSV_DIGITS];
    size_t used = n, head = 0;
    const char *comma = memchr(s, ',', n);
    const char *plain = mlpipe__csv_plain(s, &used, ',', 0, room);
    const enum mlpipe__csv_number kind = plain
        ? mlpipe__csv_number_kind(plain, used) : MLPIPE__CSV_NO_NUMBER;

    if (kind == MLPIPE__CSV_NO_NUMBER || kind == MLPIPE__CSV_CODE)
        return 0;
    c->huge |= kind == MLPIPE__CSV_HUGE;
    c->rounded |= kind == MLPIPE__CSV_INTEGER && csv_is_rounded(plain, used);
    if (comma) {
        head = (size_t)(comma - s) - (*s == '-' || *s == '+');
        const bool three = n - (size_t)(comma - s) == 4 && head > 0
            && head < 4 && comma[-(ptrdiff_t)head] != '0';
        c->grouped |= three;
        c->ungrouped |= !three;
    }
    return MLPIPE__CSV_COMMA;
}

static uint32_t csv_fit_number(mlpipe__csv_column *c,
                               const mlpipe__csv_options *o, const char *s,
                               size_t n)
{
    char room[MLPIPE__CSV_DIGITS];

    if (o->find_comma)
        mlpipe__csv_part(c, s, n);
    s = mlpipe__csv_plain(s, &n, o->decimal, o->thousands, room);
    if (!s)
        return 0;
    switch (mlpipe__csv_number_kind(s, n)) {
    case MLPIPE__CSV_INTEGER:
        c->rounded |= csv_is_rounded(s, n);
        return MLPIPE__CSV_NUMBERS;
    case MLPIPE__CSV_HUGE:
        c->huge = true;
        return MLPIPE__CSV_NUMBERS;
    case MLPIPE__CSV_REAL:
        c->real = true;
        return MLPIPE__CSV_F64;
    default:
        return 0;
    }
}

static uint32_t csv_fit_bool(mlpipe__csv_column *c, const char *s, size_t n)
{
    bool value;
    const uint32_t set = mlpipe__csv_bool(s, n, &value);

    c->yes |= set && value;
    c->no |= set && !value;
    return set;
}

static uint32_t csv_fit_time(mlpipe__csv_column *c, const char *s, size_t n,
                             uint64_t line)
{
    mlpipe__csv_time time = {0}, mdy = {0};
    uint32_t fits = 0;
    int64_t ns;

    for (uint32_t o = MLPIPE__CSV_YMD; o <= MLPIPE__CSV_DMY; o *= 2) {
        if (!(c->may & o) || !mlpipe__csv_parse_time(s, n, o, &time))
            continue;
        fits |= o;
        if (time.digits > c->fraction)
            c->fraction = time.digits;
        c->zone |= time.zone;
        c->naive |= time.clock && !time.zone;
        c->beyond_ns |= !mlpipe__csv_time_value(&time, MLPIPE_UNIT_NS, &ns);
        if (o == MLPIPE__CSV_MDY)
            mdy = time;
    }
    /* Dots are day first: no one writes the month before one. */
    const bool dots = fits & (MLPIPE__CSV_MDY | MLPIPE__CSV_DMY)
        && (s[1] == '.' || s[2] == '.');
    c->dots |= dots;
    if (fits == (MLPIPE__CSV_MDY | MLPIPE__CSV_DMY) && !dots
        && mdy.seconds != time.seconds && !c->example_line
        && n < MLPIPE__CSV_EXAMPLE) {
        c->example_line = line;
        memcpy(c->example, s, n);
        c->example[n] = '\0';
    }
    return fits;
}

/* Enters a text; false on out of memory. */
static bool csv_gather(mlpipe__csv_column *c, const char *s, size_t n,
                       uint64_t most)
{
    mlpipe__dict *dict = &c->dictionary->dict;

    if (mlpipe__dict_add(dict, s, n) == UINT32_MAX)
        return false;
    if (dict->count > most) {
        c->many = true;
        c->texts = false;
        mlpipe__dictionary_drop(c->dictionary);
        c->dictionary = NULL;
    }
    return true;
}

/* Starts the gathering of texts. */
static bool csv_begin_texts(mlpipe__csv_column *c, mlpipe__env *env)
{
    c->dictionary = mlpipe__dictionary_new(env);
    c->texts = c->dictionary != NULL;
    return c->texts;
}

/* Does a text column of this kind need its texts? */
static bool csv_wants_texts(const mlpipe__csv *csv,
                            const mlpipe__csv_column *c)
{
    return c->forced ? c->forced == MLPIPE_TYPE_CATEGORY
                     : csv->options.text != MLPIPE__CSV_TEXT_TEXT;
}

/* The most texts that the dictionary may have. */
static uint64_t csv_most_texts(const mlpipe__csv *csv,
                               const mlpipe__csv_column *c)
{
    const uint64_t limit = csv->env->limits.categories;
    const bool asked = c->forced == MLPIPE_TYPE_CATEGORY
        || csv->options.text == MLPIPE__CSV_TEXT_CATEGORY;

    return asked || limit < MLPIPE__AUTO_CATEGORIES
        ? limit : MLPIPE__AUTO_CATEGORIES;
}

/* Keeps what the column was up to this value, which made a text of it. */
static void csv_lost(const mlpipe__csv *csv, mlpipe__csv_column *c,
                     uint32_t before, const char *s, size_t n)
{
    mlpipe__csv_time time;

    c->lost = before;
    c->lost_line = csv->reader.line;
    if (!(before & MLPIPE__CSV_TIMES))
        return;
    for (uint32_t o = MLPIPE__CSV_YMD; o <= MLPIPE__CSV_DMY; o *= 2)
        if (mlpipe__csv_parse_time(s, n, o, &time))
            c->mixed_line = c->lost_line;
}

/* What a cell may be: a text of CSV anything, a value of JSON what its own
 * kind allows. */
static uint32_t csv_may_be(uint32_t flags)
{
    if (!(flags & MLPIPE__CSV_VALUE))
        return UINT32_MAX;
    return flags & MLPIPE__CSV_STRING ? MLPIPE__CSV_TIMES
        : flags & MLPIPE__CSV_NUMBER ? MLPIPE__CSV_NUMBERS
        : flags & MLPIPE__CSV_TRUTH ? MLPIPE__CSV_TRUE_FALSE : 0;
}

uint32_t mlpipe__csv_fit(const mlpipe__csv *csv, mlpipe__csv_column *c,
                         const char *s, size_t n, uint32_t can)
{
    uint32_t fits = 0;

    if (c->may & can & MLPIPE__CSV_NUMBERS)
        fits = csv_fit_number(c, &csv->options, s, n);
    if (c->may & can & MLPIPE__CSV_COMMA)
        fits |= csv_fit_comma(c, s, n);
    if (!fits && c->may & can & MLPIPE__CSV_BOOLS)
        fits = csv_fit_bool(c, s, n) & can;
    if (!fits && c->may & can & MLPIPE__CSV_TIMES)
        fits = csv_fit_time(c, s, n, csv->reader.line);
    return fits;
}

/* Narrows the column by one value, which is of the kinds in `can`; false on
 * out of memory. */
static bool csv_observe(mlpipe__csv *csv, mlpipe__csv_column *c,
                        const char *s, size_t n, uint32_t can)
{
    const bool first = !c->values++;
    const uint32_t before = c->may;
    const bool parted = c->parted;

    c->may &= mlpipe__csv_fit(csv, c, s, n, can);
    if (c->may && c->parted && !parted)
        mlpipe__csv_doubt_show(csv, c, s, n);
    if (c->may)
        return true;
    mlpipe__csv_doubt_begin(csv, c, before, s, n);
    c->late = !first;
    if (c->late)
        csv_lost(csv, c, before, s, n);
    if (c->late || !csv_wants_texts(csv, c))
        return true;
    return csv_begin_texts(c, csv->env)
        && csv_gather(c, s, n, csv_most_texts(csv, c));
}

/* ---- the pass ----------------------------------------------------------- */

static mlpipe_status csv_cell_too_long(mlpipe_ctx *ctx,
                                       const mlpipe__csv *csv, uint32_t i,
                                       size_t n, const char *limit,
                                       uint64_t most)
{
    (void)mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                       "%s: line %llu, column '%s': a cell of %zu bytes; the "
                       "limit %s is %llu; raise it in mlpipe_limits, or "
                       "shorten the text",
                       mlpipe__input_name(&csv->input),
                       (unsigned long long)csv->reader.line,
                       csv->columns[i].name, n, limit,
                       (unsigned long long)most);
    return mlpipe__fail_at(ctx, (int64_t)csv->tally.rows_in - 1,
                           csv->columns[i].name);
}

/* Looks at the cells of one row. */
static mlpipe_status csv_infer_row(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe_limits *limits = &ctx->env->limits;

    for (uint32_t i = 0; i < csv->column_count; i++) {
        mlpipe__csv_column *c = &csv->columns[i];
        const uint32_t flags = mlpipe__csv_flags(&csv->reader, i);
        const size_t size = i < csv->reader.record.count
            ? csv->reader.record.fields[i].size : 0;
        const char *s;
        size_t n;
        if (size > limits->csv_field_bytes)
            return csv_cell_too_long(ctx, csv, i, size, "csv_field_bytes",
                                     limits->csv_field_bytes);
        if (!mlpipe__csv_cell(&csv->reader, i, &s, &n))
            return mlpipe__nomem(ctx);
        if (n > limits->cell_bytes)
            return csv_cell_too_long(ctx, csv, i, n, "cell_bytes",
                                     limits->cell_bytes);
        if (mlpipe__csv_null(csv, i, s, n) >= 0) {
            c->empty++;
            c->empty_line = csv->reader.line;
            continue;
        }
        c->kinds |= flags & MLPIPE__CSV_VALUE;
        if (c->doubt.open)
            mlpipe__csv_doubt_value(csv, c, s, n, csv_may_be(flags));
        if (!c->may && !c->texts)
            continue;
        if (c->may ? !csv_observe(csv, c, s, n, csv_may_be(flags))
                   : !csv_gather(c, s, n, csv_most_texts(csv, c)))
            return mlpipe__nomem(ctx);
    }
    return MLPIPE_OK;
}

static mlpipe_status csv_infer_pass(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    uint32_t pass)
{
    bool row = true;

    mlpipe__csv_rewind(csv, pass);
    mlpipe_status st = mlpipe__csv_poll(ctx, &csv->reader);
    while (!st && row) {
        st = mlpipe__csv_row(ctx, csv, &row);
        if (!st && row)
            st = csv_infer_row(ctx, csv);
        csv->last_begin = row ? csv->reader.begin : csv->last_begin;
        csv->last_line = row ? csv->reader.line : csv->last_line;
    }
    if (!st && csv->tally.rejected && !csv->options.policy)
        st = mlpipe__csv_rejected(ctx, csv);
    return st;
}

/* ---- what the columns are ----------------------------------------------- */

static int32_t csv_time_unit(const mlpipe__csv_column *c)
{
    return !c->fraction ? MLPIPE_UNIT_S
        : c->fraction <= 6 ? MLPIPE_UNIT_US : MLPIPE_UNIT_NS;
}

/* Can all values be held by one unit and one notion of zone? */
static bool csv_is_time(const mlpipe__csv_column *c)
{
    return c->may & MLPIPE__CSV_TIMES && !(c->zone && c->naive)
        && !(c->fraction > 6 && c->beyond_ns);
}

/* A single letter says yes or no only where its counterpart occurs. */
static bool csv_is_bool(const mlpipe__csv_column *c)
{
    return c->may & (MLPIPE__CSV_YES_NO | MLPIPE__CSV_TRUE_FALSE)
        || (c->may & MLPIPE__CSV_BOOLS && c->yes && c->no);
}

static int32_t csv_natural_type(const mlpipe__csv_column *c)
{
    if (!c->values)
        return MLPIPE_TYPE_F64;
    if (c->may & MLPIPE__CSV_I64)
        return c->huge ? MLPIPE_TYPE_TEXT : MLPIPE_TYPE_I64;
    if (c->may & MLPIPE__CSV_F64 || (c->may & MLPIPE__CSV_COMMA
                                     && c->ungrouped))
        return MLPIPE_TYPE_F64;
    if (csv_is_bool(c))
        return MLPIPE_TYPE_BOOL;
    return csv_is_time(c) ? MLPIPE_TYPE_TIMESTAMP : MLPIPE_TYPE_TEXT;
}

static mlpipe_status csv_ambiguous_date(mlpipe_ctx *ctx,
                                        const mlpipe__csv *csv,
                                        const mlpipe__csv_column *c)
{
    int32_t a = 0, b = 0;
    const char *p = c->example;

    for (; *p >= '0' && *p <= '9'; p++)
        a = a * 10 + (*p - '0');
    for (p++; *p >= '0' && *p <= '9'; p++)
        b = b * 10 + (*p - '0');
    (void)mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                       "%s: column '%s': %q in line %llu is month %d, day %d "
                       "or month %d, day %d, and all %llu values fit both; "
                       "say dates=mdy or dates=dmy",
                       mlpipe__input_name(&csv->input), c->name,
                       c->example, (unsigned long long)c->example_line, a, b,
                       b, a, (unsigned long long)c->values);
    return mlpipe__fail_at(ctx, -1, c->name);
}

/* Settles the type, unit and order of a column. */
static mlpipe_status csv_settle(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                mlpipe__csv_column *c)
{
    c->type = c->forced ? c->forced : csv_natural_type(c);
    c->comma = c->type == MLPIPE_TYPE_F64 && c->may & MLPIPE__CSV_COMMA
        && !(c->may & MLPIPE__CSV_F64);
    if (c->type == MLPIPE_TYPE_TIMESTAMP) {
        if (c->values && !csv_is_time(c)) {
            (void)mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                               "%s: column '%s' cannot be a timestamp: no one "
                               "order of dates and kind of zone fits all its "
                               "values; say dates=mdy or dates=dmy",
                               mlpipe__input_name(&csv->input), c->name);
            return mlpipe__fail_at(ctx, -1, c->name);
        }
        if (c->may & MLPIPE__CSV_MDY && c->may & MLPIPE__CSV_DMY
            && c->example_line)
            return csv_ambiguous_date(ctx, csv, c);
        c->unit = csv_time_unit(c);
        c->order = c->may & MLPIPE__CSV_YMD ? MLPIPE__CSV_YMD
            : c->may & MLPIPE__CSV_DMY && (c->dots
                                           || !(c->may & MLPIPE__CSV_MDY))
            ? MLPIPE__CSV_DMY : MLPIPE__CSV_MDY;
        return MLPIPE_OK;
    }
    if (c->type != MLPIPE_TYPE_TEXT || c->forced)
        return MLPIPE_OK;
    /* Kinds that fit each value may still not make a column of it. */
    c->late |= c->may != 0;
    c->may = 0;
    if (!csv_wants_texts(csv, c) || c->many || !c->late)
        return MLPIPE_OK;
    return csv_begin_texts(c, csv->env) ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* Puts the dictionary of a category into order. */
static mlpipe_status csv_close_texts(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                     mlpipe__csv_column *c)
{
    if (c->many && csv_most_texts(csv, c) == csv->env->limits.categories
        && (c->forced || csv->options.text == MLPIPE__CSV_TEXT_CATEGORY)) {
        (void)mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                           "%s: column '%s' has more texts than the limit "
                           "categories, %llu; read it as text",
                           mlpipe__input_name(&csv->input), c->name,
                           (unsigned long long)csv->env->limits.categories);
        return mlpipe__fail_at(ctx, -1, c->name);
    }
    if (!c->texts)
        return MLPIPE_OK;
    c->type = MLPIPE_TYPE_CATEGORY;
    mlpipe__dict *dict = &c->dictionary->dict;
    int32_t *map = mlpipe__alloc_array(csv->env, dict->count, sizeof map[0]);
    mlpipe__dictionary *sorted = map
        ? mlpipe__dictionary_sorted(dict, NULL, map) : NULL;
    mlpipe__free(csv->env, map);
    if (!sorted)
        return mlpipe__nomem(ctx);
    mlpipe__dictionary_drop(c->dictionary);
    c->dictionary = sorted;
    return MLPIPE_OK;
}

bool mlpipe__csv_start_column(mlpipe__csv *csv, mlpipe__csv_column *c)
{
    c->may = MLPIPE__CSV_NUMBERS | MLPIPE__CSV_BOOLS | csv->options.orders;
    if (csv->options.find_comma && csv->reader.dialect.delimiter != ',')
        c->may |= MLPIPE__CSV_COMMA;
    if (c->forced)
        c->may = c->forced == MLPIPE_TYPE_TIMESTAMP ? csv->options.orders : 0;
    return c->forced != MLPIPE_TYPE_CATEGORY || csv_begin_texts(c, csv->env);
}

static mlpipe_status csv_start_columns(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    for (uint32_t i = 0; i < csv->column_count; i++)
        if (!mlpipe__csv_start_column(csv, &csv->columns[i]))
            return mlpipe__nomem(ctx);
    return MLPIPE_OK;
}

static mlpipe_status csv_no_rows(mlpipe_ctx *ctx, const mlpipe__csv *csv)
{
    const mlpipe__csv_tally *t = &csv->tally;

    if (csv->header && t->rows_in == csv->before.rows_in)
        return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                            "%s names %u column%s and holds no row behind "
                            "that; if the names are a row say header=false",
                            mlpipe__input_name(&csv->input),
                            csv->column_count,
                            csv->column_count == 1 ? "" : "s");
    return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                        "%s holds no row that can be loaded: %llu were "
                        "read, %llu rejected, %llu blank or no rows",
                        mlpipe__input_name(&csv->input),
                        (unsigned long long)t->rows_in,
                        (unsigned long long)t->rejected,
                        (unsigned long long)t->skipped);
}

/* All that the first pass found out about a column is forgotten. */
static void csv_forget_column(mlpipe__csv_column *c)
{
    const mlpipe__csv_column told = {
        .name = c->name, .numbered = c->numbered, .forced = c->forced};

    mlpipe__dictionary_drop(c->dictionary);
    *c = told;
}

/* The first pass; once more where a row of sums was read as a row. */
static mlpipe_status csv_infer_first(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    bool footer = false;
    mlpipe_status st = csv_start_columns(ctx, csv);

    if (!st)
        st = csv_infer_pass(ctx, csv, 0);
    if (!st && csv->tally.loaded)
        st = mlpipe__csv_total(ctx, csv, &footer);
    if (st || !footer)
        return st;
    for (uint32_t i = 0; i < csv->column_count; i++)
        csv_forget_column(&csv->columns[i]);
    st = csv_start_columns(ctx, csv);
    return st ? st : csv_infer_pass(ctx, csv, 0);
}

mlpipe_status mlpipe__csv_infer(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    bool again = false;

    csv->reader.passes = 2;
    mlpipe_status st = csv_infer_first(ctx, csv);
    if (!st && !csv->tally.loaded)
        st = csv_no_rows(ctx, csv);
    if (!st)
        st = csv->kind->seen(ctx, csv);
    for (uint32_t i = 0; i < csv->column_count; i++)
        csv->columns[i].doubt.open = false;
    mlpipe__csv_doubt_points(csv);
    for (uint32_t i = 0; !st && i < csv->column_count; i++) {
        st = csv_settle(ctx, csv, &csv->columns[i]);
        again |= csv->columns[i].late && csv->columns[i].texts;
    }
    /* The columns that are whole already must not gather twice. */
    for (uint32_t i = 0; !st && again && i < csv->column_count; i++) {
        csv->columns[i].may = 0;
        if (csv->columns[i].texts && !csv->columns[i].late)
            st = csv_close_texts(ctx, csv, &csv->columns[i]);
        if (!csv->columns[i].late)
            csv->columns[i].texts = false;
    }
    if (!st && again)
        st = csv_infer_pass(ctx, csv, 0);
    for (uint32_t i = 0; !st && i < csv->column_count; i++)
        st = csv_close_texts(ctx, csv, &csv->columns[i]);
    if (!st)
        mlpipe__csv_doubts(ctx, csv);
    return st;
}
