/* SPDX-License-Identifier: MIT */
/* Parts of times that lie in registers: ticks since 1970 UTC as doubles. */
#include "vm_ops.h"

/* A time as a day and the ticks of that day; false beyond the calendar. */
static bool op_time_split(double time, double ticks, int64_t *day,
                          double *rest)
{
    const double a_day = ticks * 86400.0;
    const double d = mlpipe__floor(time / a_day);

    if (!(d >= -719162.0 && d <= 2932896.0)) /* years 1 to 9999 */
        return false;
    *day = (int64_t)d;
    *rest = time - d * a_day;
    if (*rest < 0.0) { /* the quotient was rounded up to the next day */
        --*day;
        *rest += a_day;
    }
    return true;
}

static double op_time_number(uint32_t part, int64_t day, double seconds)
{
    int32_t y, m, d, week;

    mlpipe__civil_from_days(day, &y, &m, &d);
    switch (part) {
    case MLPIPE__DATE_YEAR:
        return y;
    case MLPIPE__DATE_QUARTER:
        return (m + 2) / 3;
    case MLPIPE__DATE_MONTH:
        return m;
    case MLPIPE__DATE_WEEK:
        mlpipe__iso_week(day, &y, &week);
        return week;
    case MLPIPE__DATE_DAY:
        return d;
    case MLPIPE__DATE_DOW:
        return mlpipe__day_of_week(day);
    case MLPIPE__DATE_DOY:
        return mlpipe__day_of_year(day);
    case MLPIPE__DATE_HOUR:
        return mlpipe__floor(seconds / 3600.0);
    case MLPIPE__DATE_MINUTE:
        return mlpipe__floor(seconds / 60.0) -
               60.0 * mlpipe__floor(seconds / 3600.0);
    default:
        return mlpipe__floor(seconds) - 60.0 * mlpipe__floor(seconds / 60.0);
    }
}

double mlpipe__date_part(double time, double ticks, uint32_t part)
{
    int64_t day;
    double rest;

    if (!op_time_split(time, ticks, &day, &rest))
        return mlpipe__nan();
    return op_time_number(part, day, rest / ticks);
}

/* Seconds in the parts that are counted from midnight. */
static double op_time_seconds(uint32_t part)
{
    return part == MLPIPE__DATE_HOUR     ? 3600.0
           : part == MLPIPE__DATE_MINUTE ? 60.0
                                         : 1.0;
}

/* The first day of the year, quarter, month or week that a day is in. */
static int64_t op_time_first(uint32_t part, int64_t day)
{
    int32_t y, m, d;

    mlpipe__civil_from_days(day, &y, &m, &d);
    switch (part) {
    case MLPIPE__DATE_YEAR:
        (void)mlpipe__days_from_civil(y, 1, 1, &day);
        break;
    case MLPIPE__DATE_QUARTER:
        (void)mlpipe__days_from_civil(y, (m - 1) / 3 * 3 + 1, 1, &day);
        break;
    case MLPIPE__DATE_MONTH:
        (void)mlpipe__days_from_civil(y, m, 1, &day);
        break;
    case MLPIPE__DATE_WEEK:
        day -= mlpipe__day_of_week(day) - 1;
        break;
    default:
        break;
    }
    return day;
}

double mlpipe__date_trunc(double time, double ticks, uint32_t part)
{
    int64_t day;
    double rest, step;

    if (!op_time_split(time, ticks, &day, &rest))
        return mlpipe__nan();
    if (part < MLPIPE__DATE_HOUR)
        return (double)op_time_first(part, day) * (ticks * 86400.0);
    step = op_time_seconds(part) * ticks;
    return time - (rest - mlpipe__floor(rest / step) * step);
}

double mlpipe__time_add_months(double time, double months, double ticks)
{
    int64_t day, moved;
    double rest;

    if (!op_time_split(time, ticks, &day, &rest) ||
        !(months >= -120000.0 && months <= 120000.0) ||
        months != mlpipe__floor(months) ||
        !mlpipe__add_months(day, (int64_t)months, &moved))
        return mlpipe__nan();
    return (double)moved * (ticks * 86400.0) + rest;
}
