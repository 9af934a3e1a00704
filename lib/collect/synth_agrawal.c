/* SPDX-License-Identifier: MIT */
/*
 * Loan applicants of R. Agrawal, T. Imielinski and A. Swami, "Database mining:
 * a performance perspective", IEEE TKDE 5(6), 1993, with the ranges and the
 * class numbers of MOA and river.
 */
#include "synth_internal.h"

enum { AGRAWAL_SALARY, AGRAWAL_COMMISSION, AGRAWAL_AGE, AGRAWAL_ELEVEL,
       AGRAWAL_CAR, AGRAWAL_ZIPCODE, AGRAWAL_HVALUE, AGRAWAL_HYEARS,
       AGRAWAL_LOAN, AGRAWAL_FEATURES };

/* 0 below 40, 1 below 60, else 2. */
static uint32_t agrawal_third(double age)
{
    return (age >= 40.0) + (age >= 60.0);
}

static bool agrawal_within(double x, double low, double high)
{
    return low <= x && x <= high;
}

/* The ends of the salaries of each age that functions 1 and 5 ask for. */
static bool agrawal_paid(double pay, uint32_t third)
{
    static const double low[] = {50000, 75000, 25000};
    static const double high[] = {100000, 125000, 75000};

    return agrawal_within(pay, low[third], high[third]);
}

/* Has one of the levels of education of that age. */
static bool agrawal_learned(double level, uint32_t third)
{
    static const double low[] = {0, 1, 2}, high[] = {1, 3, 4};

    return agrawal_within(level, low[third], high[third]);
}

static bool agrawal_levels(const double *x, uint32_t third)
{
    static const double low[3][2] = {
        {50000, 25000}, {75000, 50000}, {25000, 50000}};
    const uint32_t in = agrawal_learned(x[AGRAWAL_ELEVEL], third);
    const double from = low[third][in];

    return agrawal_within(x[AGRAWAL_SALARY], from, from + 50000);
}

/* Function 4; peers ask for a salary in two places where the paper has the
 * loan, and what they publish is what is compared with. */
static bool agrawal_loans(const double *x, uint32_t third)
{
    const double pay = x[AGRAWAL_SALARY], loan = x[AGRAWAL_LOAN];
    const bool paid = agrawal_paid(pay, third);

    if (third == 0)
        return paid ? agrawal_within(loan, 100000, 300000)
                    : agrawal_within(pay, 200000, 400000);
    if (third == 1)
        return paid ? pay >= 200000 && loan <= 400000
                    : agrawal_within(pay, 300000, 500000);
    return paid ? agrawal_within(loan, 300000, 500000)
                : agrawal_within(loan, 75000, 300000);
}

/* Functions 6 to 9: what is left of two thirds of the income. */
static bool agrawal_poor(uint32_t function, const double *x)
{
    const double earned =
        2.0 * (x[AGRAWAL_SALARY] + x[AGRAWAL_COMMISSION]) / 3.0;
    const double school = 5000.0 * x[AGRAWAL_ELEVEL];
    double equity = 0.0, left;

    if (x[AGRAWAL_HYEARS] >= 20.0)
        equity = x[AGRAWAL_HVALUE] * (x[AGRAWAL_HYEARS] - 20.0) / 10.0;
    if (function == 6)
        left = earned - x[AGRAWAL_LOAN] / 5.0 - 20000.0;
    else if (function == 7)
        left = earned - school - 20000.0;
    else if (function == 8)
        left = earned - school - x[AGRAWAL_LOAN] / 5.0 - 10000.0;
    else
        left = earned - school + equity / 5.0 - 10000.0;
    return !(left > 1.0);
}

bool mlpipe__synth_agrawal_label(uint32_t function, const double x[9])
{
    const uint32_t third = agrawal_third(x[AGRAWAL_AGE]);

    switch (function) {
    case 0:
        return third != 1;
    case 1:
        return agrawal_paid(x[AGRAWAL_SALARY], third);
    case 2:
        return agrawal_learned(x[AGRAWAL_ELEVEL], third);
    case 3:
        return agrawal_levels(x, third);
    case 4:
        return agrawal_loans(x, third);
    case 5:
        return agrawal_paid(x[AGRAWAL_SALARY] + x[AGRAWAL_COMMISSION], third);
    default:
        return agrawal_poor(function, x);
    }
}

/* A whole number from low to high. */
static double agrawal_whole(const mlpipe__synth_spec *s, uint64_t row,
                            uint32_t j, uint32_t low, uint32_t high)
{
    return low + mlpipe__floor(mlpipe__synth_unit(s, row, j)
                               * (high - low + 1));
}

/* Moves x by up to noise ranges, and back into the range. */
static void agrawal_perturb(const mlpipe__synth_spec *s, uint64_t row,
                            uint32_t j, double low, double high, double *x)
{
    const double u = mlpipe__synth_unit(s, row, MLPIPE__SYNTH_NOISE + 10 + j);
    const double moved = x[j] + (high - low) * (2.0 * (u - 0.5)) * s->noise;

    x[j] = moved < low ? low : moved > high ? high : moved;
}

static void agrawal_row(const mlpipe__synth_spec *s, uint64_t row, double *x)
{
    x[AGRAWAL_SALARY] = 20000.0 + 130000.0 * mlpipe__synth_unit(s, row, 0);
    x[AGRAWAL_COMMISSION] = x[AGRAWAL_SALARY] >= 75000.0 ? 0.0
        : 10000.0 + 75000.0 * mlpipe__synth_unit(s, row, 1);
    x[AGRAWAL_AGE] = agrawal_whole(s, row, 2, 20, 80);
    x[AGRAWAL_ELEVEL] = agrawal_whole(s, row, 3, 0, 4);
    x[AGRAWAL_CAR] = agrawal_whole(s, row, 4, 1, 20);
    x[AGRAWAL_ZIPCODE] = agrawal_whole(s, row, 5, 0, 8);
    const double house = (8.0 - x[AGRAWAL_ZIPCODE]) * 100000.0;
    x[AGRAWAL_HVALUE] = house * (0.5 + mlpipe__synth_unit(s, row, 6));
    x[AGRAWAL_HYEARS] = agrawal_whole(s, row, 7, 1, 30);
    x[AGRAWAL_LOAN] = 500000.0 * mlpipe__synth_unit(s, row, 8);
    x[AGRAWAL_FEATURES] = mlpipe__synth_agrawal_label(
        s->concept[mlpipe__synth_stage(s, row)], x);
    if (s->noise <= 0.0)
        return;
    agrawal_perturb(s, row, AGRAWAL_SALARY, 20000.0, 150000.0, x);
    if (x[AGRAWAL_COMMISSION] > 0.0)
        agrawal_perturb(s, row, AGRAWAL_COMMISSION, 10000.0, 85000.0, x);
    agrawal_perturb(s, row, AGRAWAL_AGE, 20.0, 80.0, x);
    x[AGRAWAL_AGE] = mlpipe__round_even(x[AGRAWAL_AGE]);
    agrawal_perturb(s, row, AGRAWAL_HVALUE, 0.5 * house, 1.5 * house, x);
    agrawal_perturb(s, row, AGRAWAL_HYEARS, 1.0, 30.0, x);
    x[AGRAWAL_HYEARS] = mlpipe__round_even(x[AGRAWAL_HYEARS]);
    agrawal_perturb(s, row, AGRAWAL_LOAN, 0.0, 500000.0, x);
}

static mlpipe_status agrawal_set_up(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    (void)ctx;
    (void)s;
    return MLPIPE_OK;
}

static void agrawal_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    if (s->noise <= 0.0 && s->width <= 0.0)
        mlpipe__report_number(r, "bayes_error", 0.0);
    mlpipe__synth_tell_concepts(s, r);
}

const mlpipe__synth_kind mlpipe__synth_agrawal = {
    .name = "agrawal",
    .takes = "noise,concepts,drift_at,width",
    .features = AGRAWAL_FEATURES,
    .concepts = 10,
    .target = "class",
    .classes = true,
    .set_up = agrawal_set_up,
    .row = agrawal_row,
    .truth = agrawal_truth,
};
