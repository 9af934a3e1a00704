/* SPDX-License-Identifier: MIT */
/* A profile as a report: a table for each kind of figures. */
#include "profile_types.h"

const mlpipe__profile_rule mlpipe__profile_rules[] = {
    {"constant", "one value tells nothing; leave the column out"},
    {"almost_constant",
     "nearly always the same; is the rare value worth a feature?"},
    {"id_like", "names rows; give it the role id, or leave it out"},
    {"missing", "impute it, with an indicator, or ask why it is missing"},
    {"sentinel", "if it means missing, make it null before anything else"},
    {"outliers", "check these values; cap them with the step outlier"},
    {"units", "a part seems to be in another unit; convert it"},
    {"case_variants",
     "one value in several spellings; the step format makes one of them"},
    {"typos", "rare values one letter from a frequent one; map them"},
    {"numbers_as_text", "numbers as text; read them with the step format"},
    {"dates_as_text", "dates as text; read them with the step format"},
    {"mixed_date_orders",
     "day and month change places; ask the source, do not guess"},
    {"code_like",
     "a code, no quantity; read it as=name:category, or give it as texts"},
    {"whitespace", "blanks at the ends make other values; trim them"},
    {"placeholder_text", "if it means missing, name it in na= when reading"},
    {"duplicate_rows", "the same row twice; see the step dedupe"},
    {"duplicate_columns", "says what another column says; keep one"},
    {"leak", "known before the target is? If not, leave it out"},
    {"label_conflicts", "equal rows with different targets bound any model"},
    {"imbalance", "choose metrics and resampling for a rare class"},
    {"future_dates", "times that cannot have happened yet; check them"},
    {"infinite", "no number; make it null or mend the division behind it"},
    {"high_cardinality", "many values; encode by target or by frequency"},
    {"truncated_text", "many texts end at the same length: were they cut?"},
    {"empty", "no row has a value; leave it out, or look at how it was read"},
};

bool mlpipe__profile_parts(mlpipe__profile *p)
{
    static const struct {
        const char *name, *columns;
    } parts[MLPIPE__PROFILE_PARTS] = {
        {"columns", "column,type,rows,nulls,null_share,distinct,top,"
                    "top_count"},
        {"numbers", "column,count,nan,infinite,zeros,negative,integral,min,"
                    "q05,q25,median,q75,q95,max,mean,sd,skew"},
        {"times", "column,count,min,q25,median,q75,max"},
        {"texts", "column,count,shortest,longest,mean_length,empty"},
        {"top_values", "column,value,count,share"},
        {"histograms", "column,low,high,count"},
        {"duplicates", "first_row,rows"},
    };

    for (uint32_t i = 0; i < MLPIPE__PROFILE_PARTS; i++) {
        p->part[i] = mlpipe__report_new(p->ctx->env, "");
        if (!p->part[i])
            return false;
        mlpipe__report_table(p->part[i], parts[i].name, parts[i].columns);
    }
    return true;
}

/* ---- cells -------------------------------------------------------------- */

static void tell_cell_name(mlpipe_report *r,
                             const mlpipe__profile_column *c)
{
    mlpipe__report_cell_text(r, c->name, strlen(c->name));
}

static void tell_cell_string(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

/* A value for people: a time as such, true and false, numbers as they are. */
static void tell_cell_value(mlpipe_report *r,
                              const mlpipe__profile_column *c, double x)
{
    char time[MLPIPE__TIME_TEXT_BYTES];

    if (mlpipe__profile_is_time(c->type) && x >= -0x1p63 && x < 0x1p63)
        mlpipe__report_cell_text(
            r, time, mlpipe__time_text((int64_t)x, c->unit, time));
    else if (c->type == MLPIPE_TYPE_BOOL)
        tell_cell_string(r, x != 0 ? "true" : "false");
    else
        mlpipe__report_cell_number(r, x);
}

/* ---- the tables of a column --------------------------------------------- */

static void tell_column(mlpipe_report *r, const mlpipe__profile_column *c)
{
    tell_cell_name(r, c);
    tell_cell_string(r, mlpipe__type_name(c->type));
    mlpipe__report_cell_number(r, (double)c->rows);
    mlpipe__report_cell_number(r, (double)c->nulls);
    mlpipe__report_cell_number(r, (double)c->nulls / (double)c->rows);
    mlpipe__report_cell_number(r, (double)c->distinct);
    if (c->entry_count) {
        mlpipe__report_cell_text(r, c->entries[0].text,
                                 (size_t)mlpipe__profile_shown(c->entries));
        mlpipe__report_cell_number(r, (double)c->entries[0].count);
    } else if (c->top_count) {
        tell_cell_value(r, c, c->top[0].value);
        mlpipe__report_cell_number(r, (double)c->top[0].count);
    } else {
        tell_cell_string(r, "");
        mlpipe__report_cell_number(r, 0);
    }
}

static double tell_quantile(const mlpipe__profile_column *c, double q)
{
    return mlpipe__quantile_sorted(c->values, c->count, q);
}

static void tell_numbers(mlpipe_report *r, const mlpipe__profile_column *c)
{
    static const double q[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
    const double counts[] = {(double)c->count,  (double)c->nan,
                             (double)c->infinite, (double)c->zeros,
                             (double)c->negative};

    tell_cell_name(r, c);
    for (uint32_t i = 0; i < 5; i++)
        mlpipe__report_cell_number(r, counts[i]);
    tell_cell_string(r, c->integral ? "yes" : "no");
    for (uint32_t i = 0; i < 7; i++)
        mlpipe__report_cell_number(r, tell_quantile(c, q[i]));
    mlpipe__report_cell_number(r, c->mean);
    mlpipe__report_cell_number(r, c->sd);
    mlpipe__report_cell_number(r, c->skew);
}

static void tell_times(mlpipe_report *r, const mlpipe__profile_column *c)
{
    char time[MLPIPE__TIME_TEXT_BYTES];

    tell_cell_name(r, c);
    mlpipe__report_cell_number(r, (double)c->count);
    if (!c->count) {
        for (uint32_t i = 0; i < 5; i++)
            tell_cell_string(r, "");
        return;
    }
    mlpipe__report_cell_text(r, time,
                             mlpipe__time_text(c->low, c->unit, time));
    for (uint32_t i = 1; i < 4; i++)
        tell_cell_value(r, c, mlpipe__floor(tell_quantile(c, i / 4.0)));
    mlpipe__report_cell_text(r, time,
                             mlpipe__time_text(c->high, c->unit, time));
}

static void tell_texts(mlpipe_report *r, const mlpipe__profile_column *c)
{
    uint64_t shortest = UINT64_MAX, longest = 0, sum = 0, empty = 0;

    for (uint32_t i = 0; i < c->entry_count; i++) {
        const mlpipe__profile_entry *e = &c->entries[i];
        const uint64_t n = mlpipe__text_length(e->text, e->bytes);
        shortest = n < shortest ? n : shortest;
        longest = n > longest ? n : longest;
        sum += n * e->count;
        empty += n ? 0 : e->count;
    }
    tell_cell_name(r, c);
    mlpipe__report_cell_number(r, (double)c->count);
    mlpipe__report_cell_number(r, c->count ? (double)shortest
                                           : mlpipe__nan());
    mlpipe__report_cell_number(r, c->count ? (double)longest : mlpipe__nan());
    mlpipe__report_cell_number(r, (double)sum / (double)c->count);
    mlpipe__report_cell_number(r, (double)empty);
}

/* Values that stand there but once are no top. */
static void tell_top(mlpipe__profile *p, const mlpipe__profile_column *c)
{
    mlpipe_report *r = p->part[MLPIPE__PROFILE_PART_TOPS];
    const double there = (double)(c->rows - c->nulls);

    for (uint32_t i = 0; i < p->top; i++) {
        uint64_t count = 0;
        if (i < c->entry_count)
            count = c->entries[i].count;
        else if (i < c->top_count)
            count = c->top[i].count;
        if (count < 2)
            return;
        tell_cell_name(r, c);
        if (i < c->entry_count)
            mlpipe__report_cell_text(
                r, c->entries[i].text,
                (size_t)mlpipe__profile_shown(&c->entries[i]));
        else
            tell_cell_value(r, c, c->top[i].value);
        mlpipe__report_cell_number(r, (double)count);
        mlpipe__report_cell_number(r, (double)count / there);
    }
}

static void tell_bin(mlpipe_report *r, const mlpipe__profile_column *c,
                       double low, double high, double count)
{
    tell_cell_name(r, c);
    tell_cell_value(r, c, low);
    tell_cell_value(r, c, high);
    mlpipe__report_cell_number(r, count);
}

/* Equal bins [low, high), the last one [low, high]; where values lie beyond
 * three interquartile ranges, one more bin at that end. */
static void tell_histogram(mlpipe__profile *p,
                             const mlpipe__profile_column *c)
{
    mlpipe_report *r = p->part[MLPIPE__PROFILE_PART_HISTOGRAMS];
    const double least = tell_quantile(c, 0), most = tell_quantile(c, 1);
    const double q1 = tell_quantile(c, 0.25), q3 = tell_quantile(c, 0.75);
    const double reach = 3 * (q3 - q1);
    double low = least, high = most;
    uint64_t at = 0, end = c->count;

    if (!(most > least) || !mlpipe__finite(most - least) ||
        c->type == MLPIPE_TYPE_BOOL)
        return;
    if (reach > 0 && q1 - reach > least)
        low = q1 - reach;
    if (reach > 0 && q3 + reach < most)
        high = q3 + reach;
    while (at < c->count && c->values[at] < low)
        at++;
    while (end > at && c->values[end - 1] > high)
        end--;
    if (at)
        tell_bin(r, c, least, low, (double)at);
    for (uint32_t i = 0; i < p->bins; i++) {
        const double from = low + (high - low) * i / p->bins;
        const bool last = i + 1 == p->bins;
        const double to = last ? high : low + (high - low) * (i + 1) /
                                            p->bins;
        const uint64_t start = at;
        while (at < end && (last || c->values[at] < to))
            at++;
        tell_bin(r, c, from, to, (double)(at - start));
    }
    if (end < c->count)
        tell_bin(r, c, high, most, (double)(c->count - end));
}

void mlpipe__profile_tell(mlpipe__profile *p,
                          const mlpipe__profile_column *c)
{
    tell_column(p->part[MLPIPE__PROFILE_PART_COLUMNS], c);
    tell_top(p, c);
    if (mlpipe__profile_is_text(c->type)) {
        tell_texts(p->part[MLPIPE__PROFILE_PART_TEXTS], c);
        return;
    }
    if (mlpipe__profile_is_time(c->type))
        tell_times(p->part[MLPIPE__PROFILE_PART_TIMES], c);
    else
        tell_numbers(p->part[MLPIPE__PROFILE_PART_NUMBERS], c);
    if (c->count)
        tell_histogram(p, c);
}

/* ---- the whole ---------------------------------------------------------- */

/* Of the values: 8 bytes a number or time, 4 a code or an offset, a bit a bool
 * and a validity, and the bytes of texts. */
static uint64_t tell_memory(const mlpipe__profile *p)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < p->column_count; i++) {
        const mlpipe__column *c = p->data->columns[p->columns[i]];
        const uint64_t rows = (uint64_t)p->data->rows;

        bytes += c->nulls ? (rows + 7) / 8 : 0;
        if (c->type == MLPIPE_TYPE_BOOL)
            bytes += (rows + 7) / 8;
        else
            bytes += rows * (mlpipe__profile_is_text(c->type) || c->f32 ? 4
                                                                        : 8);
        for (int64_t r = 0; c->type == MLPIPE_TYPE_TEXT && r < p->data->rows;
             r++) {
            size_t n;
            (void)mlpipe__dataset_cell_text(p->data, p->columns[i], r, &n);
            bytes += n;
        }
    }
    return bytes;
}

static void tell_findings(const mlpipe__profile *p, mlpipe_report *r,
                            bool warn)
{
    for (uint32_t i = 0; i < p->finding_count; i++) {
        const mlpipe__profile_finding *f = &p->findings[i];
        const mlpipe__profile_rule *rule = &mlpipe__profile_rules[f->code];

        if (f->warn != warn)
            continue;
        tell_cell_string(r, f->column == UINT32_MAX
                                  ? "" : p->data->columns[f->column]->name);
        tell_cell_string(r, rule->name);
        tell_cell_string(r, warn ? "warn" : "info");
        mlpipe__report_cell_number(r, f->count);
        mlpipe__report_cell_number(r, f->share);
        mlpipe__report_cell_text(r, mlpipe__dict_text(&p->texts, f->example),
                                 mlpipe__dict_bytes(&p->texts, f->example));
        tell_cell_string(r, rule->advice);
    }
}

mlpipe_status mlpipe__profile_report(mlpipe__profile *p, int64_t rows_all,
                                     mlpipe_report **out)
{
    mlpipe_report *r;
    const double rows = (double)p->data->rows;
    uint32_t warn = 0;

    /* A part that ran out of memory would be copied without a word. */
    for (uint32_t i = 0; i < MLPIPE__PROFILE_PARTS; i++) {
        const mlpipe_status st =
            mlpipe__report_seal(p->ctx, p->part[i], &p->part[i]);
        if (st)
            return st;
    }
    r = mlpipe__report_new(p->ctx->env, "profile");
    for (uint32_t i = 0; i < p->finding_count; i++)
        warn += p->findings[i].warn;
    mlpipe__report_number(r, "rows", rows);
    if (rows_all != p->data->rows)
        mlpipe__report_number(r, "rows_all", (double)rows_all);
    mlpipe__report_number(r, "column_count", p->column_count);
    mlpipe__report_number(r, "cells", rows * p->column_count);
    mlpipe__report_number(r, "null_cells", (double)p->null_cells);
    mlpipe__report_number(r, "memory_bytes", (double)tell_memory(p));
    mlpipe__report_number(r, "duplicate_rows", (double)p->duplicate_rows);
    mlpipe__report_number(r, "duplicate_groups",
                          (double)p->duplicate_groups);
    mlpipe__report_number(r, "finding_count", p->finding_count);
    mlpipe__report_number(r, "warn_count", warn);
    mlpipe__report_table(r, "findings", "column,finding,severity,count,share,"
                                        "example,advice");
    tell_findings(p, r, true);
    tell_findings(p, r, false);
    for (uint32_t i = 0; i < MLPIPE__PROFILE_PARTS; i++)
        mlpipe__report_copy(r, "", p->part[i]);
    return mlpipe__report_seal(p->ctx, r, out);
}
