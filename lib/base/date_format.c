/* SPDX-License-Identifier: MIT */
/*
 * Dates as text, by patterns; the syntax is described in base_internal.h.
 * A pattern is read anew for each text: it is short, and there is then no
 * compiled form to keep, to save or to get wrong.
 */
#include "base_internal.h"

enum { DATE_DEPTH_MAX = 4, DATE_PATTERN_MAX = 128 };

#define DATE_CLOCK "%H:%M[:%S[.%f]]"
#define DATE_CLOCK_12 "%I:%M[:%S][ ]%p"
#define DATE_WEEKDAY "[%a[,] ]"
#define DATE_ZONE "[[ ]%z]"

/*
 * In this order; where several mean the same for all texts of a column, the
 * first is taken. At most three parse one text (a test looks at that).
 */
static const char *const date_formats[] = {
    "%Y-%m-%d",
    "%Y-%m-%dT" DATE_CLOCK "[%z]",
    "%Y-%m-%d " DATE_CLOCK DATE_ZONE,
    "%Y-%m-%d %H:%M:%S,%f",
    "%Y-%m-%d " DATE_CLOCK_12,
    "%Y/%m/%d",
    "%Y/%m/%d " DATE_CLOCK DATE_ZONE,
    "%Y.%m.%d",
    "%Y.%m.%d " DATE_CLOCK,
    "%Y%m%d",
    "%Y%m%dT%H%M%S[.%f][%z]",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M[:%S]",
    "%Y-%j",
    "%G-W%V-%u",
    "%Y-%m",
    DATE_WEEKDAY "%m/%d/%Y",
    DATE_WEEKDAY "%m/%d/%Y[,] " DATE_CLOCK,
    DATE_WEEKDAY "%m/%d/%Y[,] " DATE_CLOCK_12,
    "%m/%d/%y",
    "%m/%d/%y[,] %H:%M[:%S]",
    "%m/%d/%y[,] " DATE_CLOCK_12,
    "%m-%d-%Y",
    "%m-%d-%Y " DATE_CLOCK,
    "%m-%d-%y",
    DATE_WEEKDAY "%d/%m/%Y",
    DATE_WEEKDAY "%d/%m/%Y[,] " DATE_CLOCK,
    DATE_WEEKDAY "%d/%m/%Y[,] " DATE_CLOCK_12,
    "%d/%m/%y",
    "%d/%m/%y[,] %H:%M[:%S]",
    "%d/%m/%y[,] " DATE_CLOCK_12,
    DATE_WEEKDAY "%d.%m.%Y",
    DATE_WEEKDAY "%d.%m.%Y[,] " DATE_CLOCK,
    "%d.%m.%y",
    "%d.%m.%y[,] %H:%M[:%S]",
    "%d-%m-%Y",
    "%d-%m-%Y " DATE_CLOCK,
    "%d-%m-%y",
    DATE_WEEKDAY "%d %b %Y",
    DATE_WEEKDAY "%d %b %Y[,] " DATE_CLOCK DATE_ZONE, /* RFC 2822 */
    DATE_WEEKDAY "%d %b %Y[,] " DATE_CLOCK_12,
    DATE_WEEKDAY "%d %b %y[ " DATE_CLOCK DATE_ZONE "]",
    DATE_WEEKDAY "%d-%b-%Y",
    DATE_WEEKDAY "%d-%b-%Y " DATE_CLOCK DATE_ZONE,
    DATE_WEEKDAY "%d-%b-%y[ " DATE_CLOCK DATE_ZONE "]",
    "%d/%b/%Y[:%H:%M:%S[ %z]]",
    "%d%b%Y[:%H:%M:%S[.%f]]",
    DATE_WEEKDAY "%b %d[,] %Y",
    DATE_WEEKDAY "%b %d[,] %Y[,] " DATE_CLOCK DATE_ZONE,
    DATE_WEEKDAY "%b %d[,] %Y[,] " DATE_CLOCK_12,
    "%a %b %d %H:%M:%S [%z ]%Y", /* asctime and date */
    "%Y-%b-%d",
    "%b %Y",
};

enum { DATE_FORMATS = sizeof date_formats / sizeof date_formats[0] };
_Static_assert(DATE_FORMATS <= (int)MLPIPE__DATE_FORMATS_MAX,
               "the states of inference have room for that many");

/* What was read so far; `seen` has the bit of each conversion letter. */
typedef struct date_read {
    const char *at, *end;
    uint64_t seen;
    int32_t year, month, day, hour, minute, second, micros;
    int32_t pm, weekday, of_year, iso_year, week, iso_day, zone_seconds;
    bool digits_before; /* the last thing was a conversion of digits */
} date_read;

static uint64_t date_bit(char letter)
{
    return UINT64_C(1) << (letter & 63);
}

static bool date_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char date_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* From `least` to `most` digits. */
static bool date_digits(date_read *r, int least, int most, int32_t *out)
{
    int n = 0;
    *out = 0;
    for (; n < most && r->at < r->end && date_is_digit(*r->at); n++)
        *out = *out * 10 + (*r->at++ - '0');
    return n >= least;
}

static bool date_word(date_read *r, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (date_lower(r->at[i]) != word[i])
            return false;
    r->at += n;
    return true;
}

/* A name, or its first three letters: its number from 1 in *out. */
static bool date_name(date_read *r, const char *const *names, int32_t count,
                      int32_t *out)
{
    const size_t room = (size_t)(r->end - r->at);
    for (int32_t i = 0; i < count; i++) {
        size_t n = 0;
        while (n < room && names[i][n] && date_lower(r->at[n]) == names[i][n])
            n++;
        if (n < 3)
            continue;
        r->at += names[i][n] ? 3 : n;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool date_month_name(date_read *r)
{
    static const char *const names[] = {
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    if (!date_name(r, names, 12, &r->month))
        return false;
    if (r->month == 9 && date_lower(r->at[-1]) == 'p')
        (void)date_word(r, "t"); /* "Sept" is as common as "Sep" */
    return true;
}

static bool date_weekday_name(date_read *r)
{
    static const char *const names[] = {"monday",   "tuesday", "wednesday",
                                        "thursday", "friday",  "saturday",
                                        "sunday"};
    return date_name(r, names, 7, &r->weekday);
}

static bool date_half_day(date_read *r)
{
    if (r->end - r->at < 2 || date_lower(r->at[1]) != 'm')
        return false;
    const char c = date_lower(r->at[0]);
    r->pm = c == 'p';
    r->at += 2;
    return c == 'a' || c == 'p';
}

/* One digit or more; those behind the sixth are below a microsecond. */
static bool date_fraction(date_read *r)
{
    int32_t n = 0, unit = 100000;
    r->micros = 0;
    for (; r->at < r->end && date_is_digit(*r->at); r->at++, unit /= 10) {
        if (++n > 9)
            return false;
        r->micros += unit * (*r->at - '0');
    }
    return n > 0;
}

/* Z, UTC, GMT, UT, +hh, +hhmm or +hh:mm. */
static bool date_zone(date_read *r)
{
    int32_t hours, minutes = 0;
    r->zone_seconds = 0;
    if (date_word(r, "z") || date_word(r, "utc") || date_word(r, "gmt")
        || date_word(r, "ut"))
        return true;
    if (r->at == r->end || (*r->at != '+' && *r->at != '-'))
        return false;
    const int32_t sign = *r->at++ == '-' ? -1 : 1;
    if (!date_digits(r, 2, 2, &hours))
        return false;
    const bool colon = date_word(r, ":");
    if ((colon || (r->at < r->end && date_is_digit(*r->at)))
        && !date_digits(r, 2, 2, &minutes))
        return false;
    r->zone_seconds = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes <= 59;
}

static bool date_is_numeric(char letter)
{
    return letter && memchr("YymdHIMSfjGVu", letter, 13);
}

/* One conversion. `tight`: digits stand beside it, so that its width is
 * fixed. */
static bool date_convert(date_read *r, char letter, bool tight)
{
    const int least = tight ? 2 : 1;
    r->seen |= date_bit(letter);
    switch (letter) {
    case 'Y': return date_digits(r, 4, 4, &r->year) && r->year;
    case 'y':
        if (!date_digits(r, 2, 2, &r->year))
            return false;
        r->year += r->year >= 69 ? 1900 : 2000;
        return true;
    case 'm': return date_digits(r, least, 2, &r->month);
    case 'b': /* both take both */
    case 'B': return date_month_name(r);
    case 'd': return date_digits(r, least, 2, &r->day) && r->day;
    case 'H': return date_digits(r, least, 2, &r->hour) && r->hour < 24;
    case 'I': return date_digits(r, least, 2, &r->hour) && r->hour
        && r->hour <= 12;
    case 'M': return date_digits(r, 2, 2, &r->minute) && r->minute < 60;
    case 'S': return date_digits(r, 2, 2, &r->second) && r->second < 60;
    case 'f': return date_fraction(r);
    case 'p': return date_half_day(r);
    case 'z': return date_zone(r);
    case 'a':
    case 'A': return date_weekday_name(r);
    case 'j': return date_digits(r, 3, 3, &r->of_year) && r->of_year;
    case 'G': return date_digits(r, 4, 4, &r->iso_year);
    case 'V': return date_digits(r, 2, 2, &r->week);
    case 'u': return date_digits(r, 1, 1, &r->iso_day);
    default: return false;
    }
}

/* A byte that stands for itself; a blank for one or more. */
static bool date_literal(date_read *r, char c)
{
    r->digits_before = false;
    if (r->at == r->end || date_lower(*r->at) != date_lower(c))
        return false;
    r->at++;
    while (c == ' ' && r->at < r->end && *r->at == ' ')
        r->at++;
    return true;
}

/* Where the part that starts behind a bracket ends; the end if nowhere. */
static const char *date_closing(const char *p)
{
    int32_t depth = 1;
    for (; *p; p++) {
        if (*p == '%' && p[1])
            p++;
        else if (*p == '[')
            depth++;
        else if (*p == ']' && --depth == 0)
            break;
    }
    return p;
}

/* From p up to a closing bracket or the end. */
static bool date_match(date_read *r, const char *p, int32_t depth)
{
    while (*p && *p != ']') {
        if (*p == '[') {
            date_read inner = *r;
            if (depth == DATE_DEPTH_MAX)
                return false;
            if (date_match(&inner, p + 1, depth + 1))
                *r = inner;
            p = date_closing(p + 1);
            p += *p == ']';
            continue;
        }
        if (*p != '%') {
            if (!date_literal(r, *p++))
                return false;
            continue;
        }
        const char letter = p[1];
        if (!letter)
            return false;
        p += 2;
        if (letter == '%' || letter == '[' || letter == ']') {
            if (!date_literal(r, letter))
                return false;
            continue;
        }
        const bool tight = r->digits_before
            || (*p == '%' && date_is_numeric(p[1]));
        if (!date_convert(r, letter, tight))
            return false;
        r->digits_before = date_is_numeric(letter);
    }
    return true;
}

/* The day that was read; false where there is none such. */
static bool date_day(const date_read *r, int64_t *days)
{
    if (r->seen & date_bit('G')) {
        if (!mlpipe__days_from_week(r->iso_year, r->week, r->iso_day, days))
            return false;
    } else if (r->seen & date_bit('j')) {
        int64_t next;
        if (!mlpipe__days_from_civil(r->year, 12, 31, &next)
            || !mlpipe__days_from_civil(r->year, 1, 1, days))
            return false;
        *days += r->of_year - 1;
        if (*days > next)
            return false;
    } else if (!mlpipe__days_from_civil(r->year, r->month, r->day, days)) {
        return false;
    }
    /* A text whose weekday is another contradicts itself. */
    return !r->weekday || r->weekday == mlpipe__day_of_week(*days);
}

/*
 * A look at the first number, which tells most texts from most patterns; n is
 * not 0. False: the pattern does not match.
 */
static bool date_may_match(const char *p, const char *s, size_t n)
{
    size_t digits = 0;
    while (digits < n && digits < 4 && date_is_digit(s[digits]))
        digits++;
    if (*p == '[' && digits && p[1] == '%' && p[2] == 'a') {
        p = date_closing(p + 1); /* no weekday starts with a digit */
        return *p != ']' || date_may_match(p + 1, s, n);
    }
    if (*p != '%' || !p[1])
        return true;
    if (p[1] == 'b' || p[1] == 'B' || p[1] == 'a' || p[1] == 'A')
        return !digits;
    if (p[1] == 'Y' || p[1] == 'G') {
        if (digits < 4)
            return false;
    } else if (p[1] == 'm' || p[1] == 'd') {
        if (!digits)
            return false;
        digits = digits < 2 ? digits : 2;
    } else {
        return true;
    }
    if (!p[2] || p[2] == '%' || p[2] == '[' || p[2] == ']')
        return true;
    return digits < n && date_lower(s[digits]) == date_lower(p[2]);
}

bool mlpipe__date_parse(const char *pattern, const char *s, size_t n,
                        int64_t *us)
{
    int64_t days;
    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (!n)
        return false; /* s may be NULL */
    if (!date_may_match(pattern, s, n))
        return false;
    date_read r = {.at = s, .end = s + n, .day = 1};
    if (!date_match(&r, pattern, 0) || r.at != r.end || !date_day(&r, &days))
        return false;
    const bool half = (r.seen & date_bit('I')) != 0;
    if (half != ((r.seen & date_bit('p')) != 0))
        return false;
    if (half)
        r.hour = r.hour % 12 + 12 * r.pm;
    const int64_t seconds = days * 86400 + r.hour * 3600 + r.minute * 60
        + r.second - r.zone_seconds;
    *us = seconds * 1000000 + r.micros;
    return true;
}

/* ---- patterns ----------------------------------------------------------- */

/* Whether the letters outside of brackets make a day, and those anywhere
 * do not contradict each other. */
static bool date_is_complete(uint64_t always, uint64_t seen)
{
    const uint64_t years = date_bit('Y') | date_bit('y');
    const uint64_t months = date_bit('m') | date_bit('b') | date_bit('B');
    const uint64_t weeks = date_bit('G') | date_bit('V') | date_bit('u');
    const bool day = (always & years)
        && (always & (months | date_bit('j')));
    const bool week = (always & weeks) == weeks;
    if ((seen & date_bit('I')) ? (seen & date_bit('H'))
                                     || !(seen & date_bit('p'))
                               : (seen & date_bit('p')) != 0)
        return false;
    /* Each part of the day in one way only. */
    if ((seen & date_bit('j')) && (seen & (months | date_bit('d'))))
        return false;
    if (week)
        return !(seen & (years | months | date_bit('d') | date_bit('j')));
    return day && !(seen & weeks);
}

/* The letters that say the same, as one bit pattern. */
static uint64_t date_group(char letter)
{
    static const char *const groups[] = {"Yy", "mbB", "aA"};
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        uint64_t bits = 0;
        for (const char *p = groups[g]; *p; p++)
            bits |= date_bit(*p);
        if (bits & date_bit(letter))
            return bits;
    }
    return date_bit(letter);
}

bool mlpipe__date_pattern_ok(const char *pattern, size_t *bad_at)
{
    uint64_t seen = 0, always = 0;
    int32_t depth = 0;
    size_t i = 0;
    for (; pattern[i]; i++) {
        *bad_at = i;
        if (i == DATE_PATTERN_MAX)
            return false;
        if (pattern[i] == ' ' && (!i || pattern[i + 1] == ' '
                                  || !pattern[i + 1]))
            return false; /* texts are trimmed, and one blank takes all */
        if (pattern[i] == '[' && ++depth > DATE_DEPTH_MAX)
            return false;
        if (pattern[i] == ']' && --depth < 0)
            return false;
        if (pattern[i] != '%')
            continue;
        const char letter = pattern[++i];
        if (letter == '%' || letter == '[' || letter == ']')
            continue;
        if (!letter || !memchr("YymbBdHIMSfpzaAjGVu", letter, 19)
            || (seen & date_group(letter)))
            return false;
        seen |= date_bit(letter);
        if (!depth)
            always |= date_bit(letter);
    }
    *bad_at = i;
    return !depth && date_is_complete(always, seen);
}

uint32_t mlpipe__date_formats(void)
{
    return DATE_FORMATS;
}

const char *mlpipe__date_format(uint32_t i)
{
    return i < DATE_FORMATS ? date_formats[i] : NULL;
}
