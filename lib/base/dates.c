/* SPDX-License-Identifier: MIT */
/*
 * The proleptic Gregorian calendar as whole days since 1970-01-01. Years are
 * counted from March within eras of 400 years, so that the leap day is the
 * last of its year and every era has the same 146,097 days.
 */
#include "base_internal.h"

/* Days from 0000-03-01, where the first era starts, to 1970-01-01. */
enum { CALENDAR_SHIFT = 719468, CALENDAR_ERA = 146097 };

/* The last day whose year fits into an int32_t, about. */
static const int64_t calendar_days_max = INT64_C(784000000000);

static bool calendar_is_leap(int64_t y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int32_t calendar_month_days(int64_t y, int32_t m)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    return lengths[m - 1] + (m == 2 && calendar_is_leap(y));
}

bool mlpipe__days_from_civil(int32_t y, int32_t m, int32_t d, int64_t *days)
{
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1
        || d > calendar_month_days(y, m))
        return false;
    const int64_t year = m <= 2 ? y - 1 : y;
    const int64_t era = year / 400, of_era = year % 400;
    const int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    *days = era * CALENDAR_ERA + of_era * 365 + of_era / 4 - of_era / 100
        + of_year - CALENDAR_SHIFT;
    return true;
}

void mlpipe__civil_from_days(int64_t days, int32_t *y, int32_t *m, int32_t *d)
{
    if (days > calendar_days_max)
        days = calendar_days_max;
    if (days < -calendar_days_max)
        days = -calendar_days_max;
    const int64_t z = days + CALENDAR_SHIFT;
    const int64_t era = (z >= 0 ? z : z - (CALENDAR_ERA - 1)) / CALENDAR_ERA;
    const int64_t of_era = z - era * CALENDAR_ERA;
    /* Leap days are taken out first: every 1,460th, 36,524th, the last. */
    const int64_t year = (of_era - of_era / 1460 + of_era / 36524
                          - of_era / (CALENDAR_ERA - 1)) / 365;
    const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const int64_t march = (5 * of_year + 2) / 153; /* months since March */
    *d = (int32_t)(of_year - (153 * march + 2) / 5 + 1);
    *m = (int32_t)(march < 10 ? march + 3 : march - 9);
    *y = (int32_t)(year + era * 400 + (*m <= 2));
}

int32_t mlpipe__day_of_week(int64_t days)
{
    const int64_t since_monday = (days % 7 + 10) % 7; /* day 0: Thursday */
    return (int32_t)since_monday + 1;
}

int32_t mlpipe__day_of_year(int64_t days)
{
    static const int16_t before[] = {0,   31,  59,  90,  120, 151,
                                     181, 212, 243, 273, 304, 334};
    int32_t y, m, d;
    mlpipe__civil_from_days(days, &y, &m, &d);
    return before[m - 1] + d + (m > 2 && calendar_is_leap(y));
}

/* A week belongs to the year that its Thursday is in. */
void mlpipe__iso_week(int64_t days, int32_t *year, int32_t *week)
{
    int32_t m, d;
    if (days > calendar_days_max)
        days = calendar_days_max;
    if (days < -calendar_days_max)
        days = -calendar_days_max;
    const int64_t thursday = days + 4 - mlpipe__day_of_week(days);
    mlpipe__civil_from_days(thursday, year, &m, &d);
    *week = (mlpipe__day_of_year(thursday) - 1) / 7 + 1;
}

bool mlpipe__days_from_week(int32_t year, int32_t week, int32_t weekday,
                            int64_t *days)
{
    int64_t fourth; /* January 4th is always in week 1 */
    int32_t y, w;
    if (weekday < 1 || weekday > 7 || week < 1 || week > 53
        || !mlpipe__days_from_civil(year, 1, 4, &fourth))
        return false;
    const int64_t monday = fourth + 1 - mlpipe__day_of_week(fourth);
    const int64_t day = monday + 7 * (week - 1) + weekday - 1;
    mlpipe__iso_week(day, &y, &w);
    if (w != week)
        return false; /* week 53 of a year that has 52 */
    *days = day;
    return true;
}

bool mlpipe__add_months(int64_t days, int64_t months, int64_t *out)
{
    int32_t y, m, d;
    int64_t total;
    mlpipe__civil_from_days(days, &y, &m, &d);
    if (__builtin_add_overflow((int64_t)y * 12 + m - 1, months, &total)
        || total < 12 || total > 9999 * 12 + 11)
        return false;
    y = (int32_t)(total / 12);
    m = (int32_t)(total % 12) + 1;
    const int32_t last = calendar_month_days(y, m);
    return mlpipe__days_from_civil(y, m, d < last ? d : last, out);
}
