/* SPDX-License-Identifier: MIT */
/* The calendar, the formats of dates, and the format of a whole column. */
#include "support.h"

#include <time.h>

#include "base/base_internal.h"

enum { DATE_FIRST = -719162, DATE_LAST = 2932896 }; /* years 1 and 9999 */

static uint64_t date_draw(uint64_t i, uint32_t draw)
{
    return mlpipe__random64(2026, MLPIPE__FOR_TEST, 7, i, draw);
}

/* ---- calendar ----------------------------------------------------------- */

/* Every day, beside a calendar that only counts up. */
static void test_every_day(void **state)
{
    static const int32_t lengths[] = {0,  31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    int32_t y = 1, m = 1, d = 1, of_year = 1, weekday = 1; /* a Monday */
    int32_t iso_year = 1, iso_week = 1;
    (void)state;
    for (int64_t day = DATE_FIRST; day <= DATE_LAST; day++) {
        int32_t gy, gm, gd, wy, week;
        int64_t back = 0, of_week = 0;
        const int leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        mlpipe__civil_from_days(day, &gy, &gm, &gd);
        if (gy != y || gm != m || gd != d
            || !mlpipe__days_from_civil(y, m, d, &back) || back != day)
            fail_msg("day %lld: %d-%d-%d", (long long)day, gy, gm, gd);
        if (mlpipe__day_of_week(day) != weekday
            || mlpipe__day_of_year(day) != of_year)
            fail_msg("day %lld: weekday, day of year", (long long)day);
        /* The year of a week begins with the Monday nearest January 1st. */
        if (weekday == 1 && day > DATE_FIRST) {
            const int starts = (m == 12 && d >= 29) || (m == 1 && d <= 4);
            iso_week = starts ? 1 : iso_week + 1;
            iso_year = starts ? y + (m == 12) : iso_year;
        }
        mlpipe__iso_week(day, &wy, &week);
        if (wy != iso_year || week != iso_week)
            fail_msg("day %lld: %d-W%d", (long long)day, wy, week);
        if (wy <= 9999
            && (!mlpipe__days_from_week(wy, week, weekday, &of_week)
                || of_week != day))
            fail_msg("day %lld: back from %d-W%d", (long long)day, wy, week);
        weekday = weekday % 7 + 1;
        of_year++;
        if (++d > lengths[m] + (m == 2 && leap)) {
            d = 1;
            if (++m > 12) {
                m = 1;
                y++;
                of_year = 1;
            }
        }
    }
    assert_int_equal(y, 10000);
}

static void test_no_such_day(void **state)
{
    static const int32_t none[][3] = {
        {0, 1, 1},     {10000, 1, 1}, {2015, 0, 1},   {2015, 13, 1},
        {2015, 1, 0},  {2015, 1, 32}, {2015, 2, 29},  {1900, 2, 29},
        {2015, 4, 31}, {-1, 1, 1},    {2015, -1, -1}, {INT32_MAX, 1, 1}};
    int64_t days = 77;
    int32_t y, m, d;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(mlpipe__days_from_civil(none[i][0], none[i][1],
                                             none[i][2], &days));
    assert_int_equal(days, 77);
    assert_true(mlpipe__days_from_civil(2000, 2, 29, &days));
    assert_int_equal(days, 11016);
    assert_false(mlpipe__days_from_week(2015, 54, 1, &days));
    assert_false(mlpipe__days_from_week(2016, 53, 1, &days));
    assert_true(mlpipe__days_from_week(2015, 53, 1, &days));
    assert_false(mlpipe__days_from_week(2015, 5, 8, &days));
    mlpipe__civil_from_days(INT64_MAX, &y, &m, &d); /* no overflow */
    assert_true(y > 2000000000);
    mlpipe__civil_from_days(INT64_MIN, &y, &m, &d);
    assert_true(y < -2000000000);
    mlpipe__iso_week(INT64_MAX, &y, &m);
    mlpipe__iso_week(INT64_MIN, &y, &m);
    assert_in_range(mlpipe__day_of_week(INT64_MIN), 1, 7);
    assert_in_range(mlpipe__day_of_year(INT64_MAX), 1, 366);
    mlpipe__civil_from_days(-719163, &y, &m, &d);
    assert_int_equal(y * 10000 + m * 100 + d, 1231);
    mlpipe__civil_from_days(-719528 - 366, &y, &m, &d);
    assert_int_equal(y, -2);
}

static int64_t date_day(int32_t y, int32_t m, int32_t d)
{
    int64_t days = INT64_MIN;
    assert_true(mlpipe__days_from_civil(y, m, d, &days));
    return days;
}

static void date_check_months(int64_t from, int64_t months, int64_t want)
{
    int64_t got = 0;
    assert_true(mlpipe__add_months(from, months, &got));
    assert_int_equal(got, want);
}

static void test_add_months(void **state)
{
    int64_t out = 5;
    (void)state;
    date_check_months(date_day(2015, 1, 31), 1, date_day(2015, 2, 28));
    date_check_months(date_day(2016, 1, 31), 1, date_day(2016, 2, 29));
    date_check_months(date_day(2016, 1, 31), -2, date_day(2015, 11, 30));
    date_check_months(date_day(2016, 1, 15), -1, date_day(2015, 12, 15));
    date_check_months(date_day(2015, 12, 1), 1, date_day(2016, 1, 1));
    date_check_months(date_day(1, 1, 1), 9998 * 12 + 11,
                      date_day(9999, 12, 1));
    date_check_months(date_day(1970, 5, 5), 0, date_day(1970, 5, 5));
    assert_false(mlpipe__add_months(date_day(1, 1, 1), -1, &out));
    assert_false(mlpipe__add_months(date_day(9999, 12, 1), 1, &out));
    assert_false(mlpipe__add_months(0, INT64_MAX, &out));
    assert_false(mlpipe__add_months(0, INT64_MIN, &out));
    assert_false(mlpipe__add_months(INT64_MAX, 0, &out));
    assert_int_equal(out, 5);
}

/* ---- parsing ------------------------------------------------------------ */

typedef struct date_case {
    const char *pattern, *text;
    int64_t seconds; /* since 1970 */
    int32_t micros;
} date_case;

/* 2015-02-01 is day 16467, a Sunday. */
#define DAY INT64_C(1422748800)
#define TIME (DAY + 10 * 3600 + 11 * 60)

static const date_case date_good[] = {
    {"%Y-%m-%d", "2015-02-01", DAY, 0},
    {"%Y-%m-%d", "  2015-2-1\t ", DAY, 0},
    {"%Y-%m-%d", "0001-01-01", INT64_C(-62135596800), 0},
    {"%Y-%m-%d", "9999-12-31", INT64_C(253402214400), 0},
    {"%Y%m%d", "20150201", DAY, 0},
    {"%Y%m%d%H%M%S", "20150201101112", TIME + 12, 0},
    {"%m/%d/%y", "2/1/68", DAY + 53 * INT64_C(31557600) - 21600, 0},
    {"%m/%d/%y", "1/1/69", -31536000, 0},
    {"%m/%d/%y", "1/1/70", 0, 0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11", TIME, 0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01t10:11z", TIME, 0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11:12", TIME + 12, 0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11:12.5", TIME + 12,
     500000},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11:12.123456789+01:30",
     TIME + 12 - 5400, 123456},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11-0800", TIME + 28800,
     0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "2015-02-01T10:11+02", TIME - 7200, 0},
    {"%Y-%m-%dT%H:%M[:%S[.%f]][%z]", "1969-12-31T23:59:59.999999", -1,
     999999},
    {"%Y-%m-%d %H:%M:%S", "2015-02-01   10:11:12", TIME + 12, 0},
    {"[%a[,] ]%d %b %Y[,] %H:%M[:%S][[ ]%z]",
     "Sun, 01 Feb 2015 10:11:12 +0000", TIME + 12, 0},
    {"[%a[,] ]%d %b %Y[,] %H:%M[:%S][[ ]%z]",
     "SUNDAY 1 february 2015, 10:11 GMT", TIME, 0},
    {"%b %d[,] %Y", "Feb 1, 2015", DAY, 0},
    {"%B %d[,] %Y", "feb  1 2015", DAY, 0},
    {"%b %d, %Y", "September 1, 2015", DAY + 212 * 86400, 0},
    {"%b %d, %Y", "Sept 1, 2015", DAY + 212 * 86400, 0},
    {"%b %d, %Y", "May 1, 2015", DAY + 89 * 86400, 0},
    {"%m/%d/%Y %I:%M[:%S][ ]%p", "2/1/2015 10:11 AM", TIME, 0},
    {"%m/%d/%Y %I:%M[:%S][ ]%p", "2/1/2015 10:11:12pm", TIME + 43212, 0},
    {"%m/%d/%Y %I:%M[:%S][ ]%p", "2/1/2015 12:00 am", DAY, 0},
    {"%m/%d/%Y %I:%M[:%S][ ]%p", "2/1/2015 12:00 PM", DAY + 43200, 0},
    {"%Y-%j", "2015-032", DAY, 0},
    {"%G-W%V-%u", "2015-W05-7", DAY, 0},
    {"%Y-%m", "2015-02", DAY, 0},
    {"%%%[%Y]%]%m", "", 0, -1}, /* the year is in brackets: see below */
    {"%%%[%Y%]%m", "%[2015]02", DAY, 0},
    {"%a %b %d %H:%M:%S [%z ]%Y", "Sun Feb  1 10:11:12 2015", TIME + 12, 0},
    {"%a %b %d %H:%M:%S [%z ]%Y", "Sun Feb 1 10:11:12 UTC 2015", TIME + 12,
     0},
};

static void test_parse_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof date_good / sizeof date_good[0]; i++) {
        const date_case *c = &date_good[i];
        int64_t us = 0;
        size_t bad = 0;
        if (c->micros < 0) {
            assert_false(mlpipe__date_pattern_ok(c->pattern, &bad));
            continue;
        }
        if (!mlpipe__date_pattern_ok(c->pattern, &bad))
            fail_msg("%s is bad at %zu", c->pattern, bad);
        if (!mlpipe__date_parse(c->pattern, c->text, strlen(c->text), &us))
            fail_msg("%s does not parse %s", c->pattern, c->text);
        if (us != c->seconds * 1000000 + c->micros)
            fail_msg("%s: %s is %lld", c->pattern, c->text, (long long)us);
    }
}

static void test_parse_bad(void **state)
{
    static const char *const bad[][2] = {
        {"%Y-%m-%d", ""},           {"%Y-%m-%d", "   "},
        {"%Y-%m-%d", "2015-02-29"}, {"%Y-%m-%d", "2015-02-01x"},
        {"%Y-%m-%d", "x2015-02-01"}, {"%Y-%m-%d", "2015-02"},
        {"%Y-%m-%d", "15-02-01"},   {"%Y-%m-%d", "0000-02-01"},
        {"%Y-%m-%d", "2015-00-01"}, {"%Y-%m-%d", "2015-02-00"},
        {"%Y-%m-%d", "2015 -02-01"}, {"%Y-%m-%d", "-2015-02-01"},
        {"%Y%m%d", "2015021"},      {"%Y%m%d", "201502011"},
        {"%m/%d/%Y", "14/09/2018"}, {"%m/%d/%Y", "1/2/18"},
        {"%m/%d/%y", "1/2/2018"},   {"%d %b %Y", "1 Fe 2015"},
        {"%d %b %Y", "1 Febr 2015"}, {"%d %b %Y", "1 2 2015"},
        {"%a, %d %b %Y", "Mon, 1 Feb 2015"}, /* it was a Sunday */
        {"%m/%d/%Y %H:%M", "2/1/2015 24:00"},
        {"%m/%d/%Y %H:%M", "2/1/2015 10:60"},
        {"%m/%d/%Y %H:%M", "2/1/2015 10:1"},
        {"%m/%d/%Y %I:%M %p", "2/1/2015 13:00 PM"},
        {"%m/%d/%Y %I:%M %p", "2/1/2015 0:00 AM"},
        {"%m/%d/%Y %I:%M[ %p]", "2/1/2015 10:11"},
        {"%Y-%m-%d %H:%M:%S[.%f]", "2015-02-01 10:11:60"},
        {"%Y-%m-%d %H:%M:%S[.%f]", "2015-02-01 10:11:12."},
        {"%Y-%m-%d %H:%M:%S[.%f]", "2015-02-01 10:11:12.1234567890"},
        {"%Y-%m-%d %H:%M%z", "2015-02-01 10:11+19:00"},
        {"%Y-%m-%d %H:%M%z", "2015-02-01 10:11+1:00"},
        {"%Y-%m-%d %H:%M%z", "2015-02-01 10:11+01:"},
        {"%Y-%m-%d %H:%M%z", "2015-02-01 10:11EST"},
        {"%Y-%j", "2015-366"},      {"%Y-%j", "2015-000"},
        {"%Y-%j", "2015-32"},       {"%G-W%V-%u", "2016-W53-1"},
        {"%G-W%V-%u", "2015-W05-0"}, {"%Y", "2015"}, {"%Y-%m-%", "2015-02-"},
        {"%q", "2015"}, {"[[[[[[%Y]]]]]]%m", "201502"}, {"]%Y%m", "201502"}};
    int64_t us = 5;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mlpipe__date_parse(bad[i][0], bad[i][1], strlen(bad[i][1]), &us))
            fail_msg("%s parses %s", bad[i][0], bad[i][1]);
    assert_false(mlpipe__date_parse("%Y-%m-%d", NULL, 0, &us));
    assert_int_equal(us, 5);
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern;
        size_t at;
    } bad[] = {{"", 0}, {"%Y-%q", 3}, {"%Y-%m-%", 6}, {"%Y-%y-%m", 3},
               {"%Y", 2}, {"%m/%d", 5}, {"%Y[-%m", 6}, {"%Y-%m]", 5},
               {"[[[[[%Y", 4}, {"%Y-%m-%d %I:%M", 14},
               {"%Y-%m-%d %H:%M %p", 17}, {"%Y-%j-%d", 8}, {"%G-%V", 5},
               {"[%Y]-%m", 7}, {" %Y-%m", 0}, {"%Y-%m ", 5}, {"%Y  %m", 2},
               {"%G-%V-%u-%m", 11}, {"%Y-%m-%V", 8}, {"%Y%b%B", 4}};
    size_t at;
    char longest[200] = "%Y-%m";
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        at = 99;
        if (mlpipe__date_pattern_ok(bad[i].pattern, &at) || at != bad[i].at)
            fail_msg("%s: bad at %zu", bad[i].pattern, at);
    }
    memset(longest + 5, '-', 190);
    assert_false(mlpipe__date_pattern_ok(longest, &at));
    assert_in_range(mlpipe__date_formats(), 40, MLPIPE__DATE_FORMATS_MAX);
    for (uint32_t i = 0; i < mlpipe__date_formats(); i++)
        if (!mlpipe__date_pattern_ok(mlpipe__date_format(i), &at))
            fail_msg("%s is bad at %zu", mlpipe__date_format(i), at);
    assert_null(mlpipe__date_format(mlpipe__date_formats()));
}

/* ---- every format, both ways -------------------------------------------- */

/* A text in a pattern; parts in brackets come and go by bits of `coins`. */
typedef struct date_writer {
    struct tm tm;
    int32_t micros, zone;
    uint64_t coins;
    char text[160];
    size_t size;
    uint64_t wrote; /* letters, as in the library */
} date_writer;

static void date_put(date_writer *w, const char *format, int value)
{
    w->size += (size_t)snprintf(w->text + w->size,
                                sizeof w->text - w->size, format, value);
}

static void date_put_letter(date_writer *w, char c)
{
    static const char *const known = "YymdHIMSjpbaGVu";
    char format[3] = {'%', c, 0};
    w->wrote |= UINT64_C(1) << (c & 63);
    if (strchr(known, c))
        w->size += strftime(w->text + w->size, sizeof w->text - w->size,
                            format, &w->tm);
    else if (c == 'f')
        date_put(w, "%06d", w->micros);
    else if (c == 'z')
        date_put(w, "%+03d:30", w->zone);
    else
        fail_msg("no letter %c", c);
}

static const char *date_put_part(date_writer *w, const char *p, int on)
{
    for (; *p && *p != ']'; p++) {
        if (*p == '[') {
            const int take = on && (w->coins & 1);
            w->coins >>= 1;
            p = date_put_part(w, p + 1, take);
        } else if (*p == '%' && on) {
            date_put_letter(w, *++p);
        } else if (on) {
            date_put(w, "%c", *p);
        }
    }
    return p;
}

static int date_wrote(const date_writer *w, char c)
{
    return (int)(w->wrote >> (c & 63) & 1);
}

/* Writes moment i in the pattern; the value that the text then has. */
static int64_t date_write(date_writer *w, const char *pattern, uint64_t i)
{
    /* 1969-01-01 to 2067-12-31, where two digits of a year are enough. */
    const uint64_t since = date_draw(i, 0) % UINT64_C(3124137600);
    const time_t t = (time_t)since - 31536000;
    struct tm cut;
    memset(w, 0, sizeof *w);
    gmtime_r(&t, &w->tm);
    w->micros = (int32_t)(date_draw(i, 1) % 1000000);
    w->zone = (int32_t)(date_draw(i, 1) >> 40) % 12;
    w->coins = date_draw(i, 2);
    date_put_part(w, pattern, 1);
    cut = w->tm;
    if (!date_wrote(w, 'd') && !date_wrote(w, 'j') && !date_wrote(w, 'u'))
        cut.tm_mday = 1;
    if (!date_wrote(w, 'H') && !date_wrote(w, 'I'))
        cut.tm_hour = 0;
    if (!date_wrote(w, 'M'))
        cut.tm_min = 0;
    if (!date_wrote(w, 'S'))
        cut.tm_sec = 0;
    const int64_t zone = date_wrote(w, 'z')
        ? w->zone * 3600 + 1800 : 0;
    return ((int64_t)timegm(&cut) - zone) * 1000000
        + (date_wrote(w, 'f') ? w->micros : 0);
}

static void test_written_dates(void **state)
{
    (void)state;
    for (uint32_t f = 0; f < mlpipe__date_formats(); f++) {
        const char *pattern = mlpipe__date_format(f);
        for (uint64_t i = 0; i < 2000; i++) {
            date_writer w;
            int64_t us = 0;
            uint32_t parse = 0;
            const int64_t want = date_write(&w, pattern, i);
            if (!mlpipe__date_parse(pattern, w.text, w.size, &us)
                || us != want)
                fail_msg("%s: %s is %lld, not %lld", pattern, w.text,
                         (long long)us, (long long)want);
            for (uint32_t k = 0; k < mlpipe__date_formats(); k++)
                parse += mlpipe__date_parse(mlpipe__date_format(k), w.text,
                                            w.size, &us);
            assert_in_range(parse, 1, 3);
        }
    }
}

/* A column of any format is known again, or is said to be ambiguous. */
static void test_written_columns(void **state)
{
    (void)state;
    for (uint32_t f = 0; f < mlpipe__date_formats(); f++) {
        mlpipe__date_guess g;
        mlpipe__date_choice c;
        date_writer w;
        mlpipe__date_guess_init(&g);
        for (uint64_t i = 0; i < 200; i++) {
            date_write(&w, mlpipe__date_format(f), i);
            mlpipe__date_guess_add(&g, i, w.text, w.size);
        }
        if (mlpipe__date_guess_finish(&g, &c) != MLPIPE__DATE_CHOSEN
            || c.format != f || c.parsed != 200)
            fail_msg("%s is taken for %s", mlpipe__date_format(f),
                     mlpipe__date_format(c.format));
    }
}

/* ---- columns ------------------------------------------------------------ */

static enum mlpipe__date_verdict date_column(const char *const *texts,
                                             mlpipe__date_choice *c)
{
    mlpipe__date_guess g;
    mlpipe__date_guess_init(&g);
    for (uint64_t i = 0; texts[i]; i++)
        mlpipe__date_guess_add(&g, i, texts[i], strlen(texts[i]));
    return mlpipe__date_guess_finish(&g, c);
}

static void date_check_chosen(const char *const *texts, const char *pattern)
{
    mlpipe__date_choice c;
    assert_int_equal(date_column(texts, &c), MLPIPE__DATE_CHOSEN);
    assert_string_equal(mlpipe__date_format(c.format), pattern);
}

/* What pandas before 2.0 read as 9 March and 14 September. */
static void test_columns_chosen(void **state)
{
    static const char *const day_first[] = {"03/09/2018", "14/09/2018", NULL};
    static const char *const month_first[] = {"3/9/2018", "9/14/2018", NULL};
    static const char *const same[] = {"03/03/2018", "4/4/2018", NULL};
    static const char *const weekday[] = {"Sun, 2/1/2015", NULL};
    static const char *const iso[] = {"2015-02-01T10:11:12Z",
                                      "2015-02-01T10:11", NULL};
    static const char *const compact[] = {"20141013T000000", NULL};
    static const char *const none[] = {NULL};
    mlpipe__date_choice c;
    (void)state;
    date_check_chosen(day_first, "[%a[,] ]%d/%m/%Y");
    date_check_chosen(month_first, "[%a[,] ]%m/%d/%Y");
    date_check_chosen(same, "[%a[,] ]%m/%d/%Y"); /* the first in the list */
    date_check_chosen(weekday, "[%a[,] ]%m/%d/%Y"); /* 2 January: a Friday */
    date_check_chosen(iso, "%Y-%m-%dT%H:%M[:%S[.%f]][%z]");
    date_check_chosen(compact, "%Y%m%dT%H%M%S[.%f][%z]");
    assert_int_equal(date_column(none, &c), MLPIPE__DATE_EMPTY);
}

static void test_columns_ambiguous(void **state)
{
    static const char *const texts[] = {"03/03/2018", " 03/09/2018 ",
                                        "04/09/2018", NULL};
    static const char *const shorts[] = {"3-9-18 ", NULL};
    mlpipe__date_choice c;
    (void)state;
    assert_int_equal(date_column(texts, &c), MLPIPE__DATE_AMBIGUOUS);
    assert_string_equal(mlpipe__date_format(c.format), "[%a[,] ]%m/%d/%Y");
    assert_string_equal(mlpipe__date_format(c.other), "[%a[,] ]%d/%m/%Y");
    assert_string_equal(c.example, "03/09/2018");
    assert_int_equal(c.row, 1);
    assert_int_equal(c.parsed, 3);
    assert_true(c.value == date_day(2018, 3, 9) * INT64_C(86400000000));
    assert_true(c.other_value == date_day(2018, 9, 3) * INT64_C(86400000000));
    assert_int_equal(date_column(shorts, &c), MLPIPE__DATE_AMBIGUOUS);
    assert_string_equal(mlpipe__date_format(c.format), "%m-%d-%y");
    assert_string_equal(c.example, "3-9-18");
}

static void test_columns_mixed(void **state)
{
    static const char *const mixed[] = {"2018-03-09", "2018-03-10", "n/a",
                                        "14/09/2018", "", NULL};
    static const char *const both[] = {"14/09/2018", "09/14/2018",
                                       "09/15/2018", NULL};
    char longest[100];
    const char *const cut[] = {longest, NULL};
    mlpipe__date_choice c;
    (void)state;
    assert_int_equal(date_column(mixed, &c), MLPIPE__DATE_NONE);
    assert_string_equal(mlpipe__date_format(c.format), "%Y-%m-%d");
    assert_int_equal(c.parsed, 2);
    assert_int_equal(c.row, 2);
    assert_string_equal(c.example, "n/a");
    assert_int_equal(date_column(both, &c), MLPIPE__DATE_NONE);
    assert_string_equal(mlpipe__date_format(c.format), "[%a[,] ]%m/%d/%Y");
    assert_int_equal(c.parsed, 2);
    assert_string_equal(c.example, "14/09/2018");
    /* 62 bytes, then a character of two that would not fit. */
    memset(longest, 'x', sizeof longest);
    memcpy(longest + 62, "\xc3\xa9y", 4);
    assert_int_equal(date_column(cut, &c), MLPIPE__DATE_NONE);
    assert_int_equal(c.parsed, 0);
    assert_int_equal(strlen(c.example), 62);
}

/* Three parts in any order are the whole. */
static void test_merge(void **state)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        mlpipe__date_guess whole, part[3], merged;
        mlpipe__date_choice a, b;
        const uint64_t kind = seed % 4;
        mlpipe__date_guess_init(&whole);
        for (int k = 0; k < 3; k++)
            mlpipe__date_guess_init(&part[k]);
        for (uint64_t i = 0; i < 30; i++) {
            char text[40];
            const uint64_t r = date_draw(seed * 30 + i, 3);
            int n = snprintf(text, sizeof text, "%d/%d/2018",
                             (int)(r % (kind == 1 ? 31 : 12)) + 1,
                             (int)(r >> 32) % 12 + 1);
            if (kind == 2 && r % 7 == 0)
                n = snprintf(text, sizeof text, "none %d", (int)i);
            mlpipe__date_guess_add(&whole, i, text, (size_t)n);
            mlpipe__date_guess_add(&part[i / 10], i, text, (size_t)n);
        }
        const enum mlpipe__date_verdict want
            = mlpipe__date_guess_finish(&whole, &a);
        for (int o = 0; o < 6; o++) {
            mlpipe__date_guess_init(&merged);
            for (int k = 0; k < 3; k++)
                mlpipe__date_guess_merge(&merged, &part[orders[o][k]]);
            assert_int_equal(mlpipe__date_guess_finish(&merged, &b), want);
            assert_memory_equal(&a, &b, sizeof a);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_no_such_day),
        cmocka_unit_test(test_add_months),
        cmocka_unit_test(test_parse_good),
        cmocka_unit_test(test_parse_bad),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_written_dates),
        cmocka_unit_test(test_written_columns),
        cmocka_unit_test(test_columns_chosen),
        cmocka_unit_test(test_columns_ambiguous),
        cmocka_unit_test(test_columns_mixed),
        cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
