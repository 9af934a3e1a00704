/* SPDX-License-Identifier: MIT */
/* Invented house sales, and the printing of 04_houses.c. */
#include "04_houses.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SALES = 24000, DAYS = 730, DRIFT_DAY = 490 };

/* A small generator, so that everybody gets the same file. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double unit(uint64_t *state)
{
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

/* Sum of uniforms: near enough to a normal number. */
static double bell(uint64_t *state)
{
    double sum = -6.0;
    int i;

    for (i = 0; i < 12; i++)
        sum += unit(state);
    return sum;
}

/* month/day/year of a day counted from January 1st, 2023. */
static void print_date(FILE *f, int day)
{
    static const int length[12] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    int year = 2023, month = 0;

    for (;;) {
        const int leap = month == 1 && year == 2024;

        if (day < length[month] + leap)
            break;
        day -= length[month] + leap;
        if (++month == 12) {
            month = 0;
            year++;
        }
    }
    fprintf(f, "%d/%d/%d", month + 1, day + 1, year);
}

static void print_sale(FILE *f, int i, uint64_t *s)
{
    static const char *const grades[6] = {"5 Fair", "6 Low Average",
                                          "7 Average", "8 Good", "9 Better",
                                          "10 Very Good"};
    const int day = (int)((int64_t)i * DAYS / SALES);
    const int late = day >= DRIFT_DAY;
    const int grade = (int)(unit(s) * unit(s) * 6);
    const double living = exp(7.5 + 0.4 * bell(s) + 0.1 * grade +
                              0.15 * late);
    const double lot = living * exp(1.2 + 0.7 * bell(s));
    const int built = 1900 + (int)(125 * sqrt(unit(s)));
    const double price = exp(5.6 + 0.85 * log(living) + 0.16 * grade +
                             (late ? 0.25 + 0.06 * grade : 0.0) +
                             0.0015 * (built - 1900) * (built > 1960) +
                             0.03 * log(lot) + 0.15 * bell(s));

    fprintf(f, "%d,", 100000 + i);
    print_date(f, day);
    fprintf(f, ",%.0f,", price);
    if (unit(s) < 0.03)
        fputs(unit(s) < 0.5 ? "?" : "", f);
    else
        fprintf(f, "%.0f", living);
    fprintf(f, ",%.0f,", lot);
    if (unit(s) >= 0.02)
        fprintf(f, "%s", grades[grade]);
    fprintf(f, ",%d\n", built);
}

int houses_write(const char *path)
{
    FILE *f = fopen(path, "w");
    uint64_t state = 2023;
    int i;

    if (!f)
        return 1;
    fputs("id,date,price,sqft_living,sqft_lot,grade,yr_built\n", f);
    for (i = 0; i < SALES; i++) {
        const uint64_t before = state;

        print_sale(f, i, &state);
        if (i % 97 == 0) { /* entered twice */
            uint64_t again = before;

            print_sale(f, i, &again);
        }
    }
    return fclose(f) != 0;
}

int32_t houses_progress(void *user, const char *stage, double fraction)
{
    int *shown = user;
    const int tenth = (int)(fraction * 10);

    if (tenth != *shown && isatty(2)) {
        fprintf(stderr, "\r  %-10s %3d %%%s", stage, tenth * 10,
                tenth == 10 ? "\r                    \r" : "");
        *shown = tenth;
    }
    return 0;
}

static char notes[24][160];
static int note_count;

void houses_note(const char *stage, const char *format, ...)
{
    va_list args;
    int n;

    if (note_count == 24)
        return;
    n = snprintf(notes[note_count], sizeof notes[0], "  %-10s ", stage);
    va_start(args, format);
    vsnprintf(notes[note_count] + n, sizeof notes[0] - (size_t)n, format,
              args);
    va_end(args);
    printf("%s\n", notes[note_count++]);
    fflush(stdout);
}

void houses_table(void)
{
    int i;

    printf("\nWhat happened at each stage\n");
    for (i = 0; i < note_count; i++)
        printf("%s\n", notes[i]);
}
