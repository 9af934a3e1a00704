/* SPDX-License-Identifier: MIT */
/*
 * What watching costs: rows of 32 numbers into a recorder. Prints lines of
 * name value. Names end in the unit. Run with the name of a part, or without
 * for all:
 *   record    one row's counters and flags, one thread and two, allocations
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deploy/watch_internal.h"

enum { BENCH_INPUTS = 32, BENCH_ROWS = 4096, BENCH_TURNS = 200 };

/* Where the cells of a fitted reference begin, beside the least value. */
static const double bench_points[] = {
    0.005, 0.01, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50,
    0.55,  0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95, 0.99, 0.995,
};
enum { BENCH_POINTS = sizeof bench_points / sizeof *bench_points };

static double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- an allocator that counts ------------------------------------------ */

static unsigned long bench_taken;

static void *bench_alloc(void *user, size_t bytes)
{
    (void)user;
    bench_taken++;
    return malloc(bytes);
}

static void bench_free(void *user, void *p)
{
    (void)user;
    free(p);
}
