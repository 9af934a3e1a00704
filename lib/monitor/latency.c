/* SPDX-License-Identifier: MIT */
/* Reading the histograms that recorder.c counts latencies in. */
#include "monitor_internal.h"

uint64_t mlpipe__latency_edge(uint32_t cell)
{
    const uint32_t above = cell + 1;
    const uint32_t power =
        MLPIPE__LATENCY_LOW + above / MLPIPE__LATENCY_STEPS;
    const uint64_t part = above % MLPIPE__LATENCY_STEPS;

    /* The lowest cells are parts of a nanosecond: their edge is rounded up,
     * to the value that they hold. */
    return ((uint64_t)1 << power) +
           (((part << power) + MLPIPE__LATENCY_STEPS - 1) /
            MLPIPE__LATENCY_STEPS);
}

uint64_t mlpipe__latency_count(const uint64_t *counters)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < MLPIPE__LATENCY_CELLS; i++)
        n += counters[1 + i];
    return n;
}

uint64_t mlpipe__latency_within(const uint64_t *counters, uint32_t power)
{
    const uint32_t cells =
        (power - MLPIPE__LATENCY_LOW) * MLPIPE__LATENCY_STEPS;
    uint64_t n = 0;

    for (uint32_t i = 0; i < cells; i++)
        n += counters[1 + i];
    return n;
}

/* The middle of the cell that holds the value of a rank, 1 to n. */
static double latency_at(const uint64_t *counters, double rank)
{
    uint64_t below = 0, edge;
    uint32_t i = 0;

    for (; i < MLPIPE__LATENCY_CELLS - 1; i++) {
        below += counters[1 + i];
        if ((double)below >= rank)
            break;
    }
    edge = i ? mlpipe__latency_edge(i - 1) + 1 : 0;
    return 0.5 * ((double)edge + (double)mlpipe__latency_edge(i));
}

/*
 * The rank of a quantile is ceil(n q), of its interval n q -+ 1.96 sd of a
 * binomial (the order statistics of Conover 3.2): no law of latencies is
 * assumed.
 */
mlpipe_figure mlpipe__latency_quantile(const uint64_t *counters, double q)
{
    const double nan = mlpipe__nan();
    mlpipe_figure out = {nan, nan, nan, 0};
    double half, low, high;

    out.n = (double)mlpipe__latency_count(counters);
    if (!(out.n > 0))
        return out;
    half = 1.959963984540054 * mlpipe__sqrt(out.n * q * (1 - q));
    low = mlpipe__floor(out.n * q - half);
    high = mlpipe__ceil(out.n * q + half) + 1;
    out.value = latency_at(counters, mlpipe__ceil(out.n * q));
    if (low >= 1 && high <= out.n) {
        out.low = latency_at(counters, low);
        out.high = latency_at(counters, high);
    }
    return out;
}

double mlpipe__latency_max(const uint64_t *counters)
{
    uint32_t i = MLPIPE__LATENCY_CELLS;

    while (i && !counters[i])
        i--;
    return i ? (double)mlpipe__latency_edge(i - 1) : mlpipe__nan();
}
