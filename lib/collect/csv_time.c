/* SPDX-License-Identifier: MIT */
/*
 * Dates and times as text:
 *     2015-02-01, 2015/02/01, 2/1/2015, 1.2.2015, 1-2-2015
 * each with an optional time of day behind a T or a space,
 *     10:11, 10:11:12, 10:11:12.123456789, then Z or +hh:mm or +hhmm.
 * Without a zone they are UTC. The calendar is the Gregorian one throughout.
 */
#include "collect_internal.h"

typedef struct csv_clock {
    const char *p, *end;
} csv_clock;

/* From `least` to `most` digits as a number. */
static bool csv_take_digits(csv_clock *c, int least, int most, int32_t *out)
{
    int n = 0;

    *out = 0;
    for (; n < most && c->p < c->end && *c->p >= '0' && *c->p <= '9'; n++)
        *out = *out * 10 + (*c->p++ - '0');
    return n >= least;
}

static bool csv_take(csv_clock *c, char what)
{
    if (c->p == c->end || *c->p != what)
        return false;
    c->p++;
    return true;
}

static bool csv_take_date(csv_clock *c, uint32_t order, int64_t *days)
{
    int32_t y, a, b;

    if (order == MLPIPE__CSV_YMD) {
        if (!csv_take_digits(c, 4, 4, &y) || c->p == c->end
            || (*c->p != '-' && *c->p != '/'))
            return false;
        const char sign = *c->p++;
        return csv_take_digits(c, 2, 2, &a) && csv_take(c, sign)
            && csv_take_digits(c, 2, 2, &b)
            && mlpipe__days_from_civil(y, a, b, days);
    }
    if (!csv_take_digits(c, 1, 2, &a) || c->p == c->end
        || (*c->p != '/' && *c->p != '.' && *c->p != '-'))
        return false;
    const char sign = *c->p++;
    if (!csv_take_digits(c, 1, 2, &b) || !csv_take(c, sign)
        || !csv_take_digits(c, 4, 4, &y))
        return false;
    if (order == MLPIPE__CSV_MDY)
        return mlpipe__days_from_civil(y, a, b, days);
    return mlpipe__days_from_civil(y, b, a, days);
}

static bool csv_take_fraction(csv_clock *c, mlpipe__csv_time *out)
{
    uint32_t digits = 0;

    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        if (++digits > 9)
            return false;
        out->nanos = out->nanos * 10 + (uint32_t)(*c->p - '0');
    }
    out->digits = digits;
    for (; digits < 9; digits++)
        out->nanos *= 10;
    return out->digits > 0;
}

static bool csv_take_zone(csv_clock *c, mlpipe__csv_time *out)
{
    int32_t hours, minutes;

    if (c->p == c->end)
        return true;
    out->zone = true;
    if (csv_take(c, 'Z') || csv_take(c, 'z'))
        return true;
    if (*c->p != '+' && *c->p != '-')
        return false;
    const int64_t sign = *c->p++ == '-' ? -1 : 1;
    if (!csv_take_digits(c, 2, 2, &hours))
        return false;
    (void)csv_take(c, ':');
    if (!csv_take_digits(c, 2, 2, &minutes) || hours > 18 || minutes > 59)
        return false;
    out->seconds -= sign * (hours * 3600 + minutes * 60);
    return true;
}

bool mlpipe__csv_parse_time(const char *s, size_t n, uint32_t order,
                            mlpipe__csv_time *out)
{
    csv_clock c = {s, s + n};
    int64_t days;
    int32_t hour, minute, second = 0;

    memset(out, 0, sizeof *out);
    /* Most texts are no dates: that is seen at the first byte. */
    if (n < 8 || *s < '0' || *s > '9' || !csv_take_date(&c, order, &days))
        return false;
    out->seconds = days * 86400;
    if (c.p == c.end)
        return true;
    out->clock = true;
    if (!csv_take(&c, 'T') && !csv_take(&c, 't') && !csv_take(&c, ' '))
        return false;
    if (!csv_take_digits(&c, order == MLPIPE__CSV_YMD ? 2 : 1, 2, &hour)
        || !csv_take(&c, ':') || !csv_take_digits(&c, 2, 2, &minute))
        return false;
    if (csv_take(&c, ':')) {
        if (!csv_take_digits(&c, 2, 2, &second))
            return false;
        if (csv_take(&c, '.') && !csv_take_fraction(&c, out))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    out->seconds += hour * 3600 + minute * 60 + second;
    return csv_take_zone(&c, out) && c.p == c.end;
}

bool mlpipe__csv_time_value(const mlpipe__csv_time *t, int32_t unit,
                            int64_t *out)
{
    static const int64_t per_second[] = {1, 1, 1000, 1000000, 1000000000};
    const int64_t per = per_second[unit];

    return !__builtin_mul_overflow(t->seconds, per, out)
        && !__builtin_add_overflow(*out, t->nanos / (1000000000 / per), out);
}
