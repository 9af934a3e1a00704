/* SPDX-License-Identifier: MIT */
/* An invented market, the same on every machine: only + - * and comparisons. */
#include "06_trading.h"

#include <math.h>

enum { TICKS = 20 }; /* a bar */

struct tick {
    int32_t price, size; /* size: bought, or sold where negative */
};

/* The pressure of orders that are still to come is what nobody sees. */
static struct {
    uint64_t state;
    double pressure;
    int32_t price;
} market = {7, 0, 10000};

static double uniform(void)
{
    uint64_t z = (market.state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* Pressure lasts for hours and shows in who buys. At first the price follows
 * it; from TURN on others have learnt that too, and it goes the other way. */
static struct tick next_tick(int bar)
{
    const double law = bar < TURN ? 0.08 : -0.08;
    struct tick t;

    market.pressure = 0.995 * market.pressure + 0.1 * (uniform() - 0.5);
    t.size = 1 + (int32_t)(9 * uniform());
    if (uniform() > 0.5 + 0.5 * market.pressure)
        t.size = -t.size;
    market.price += uniform() < 0.5 + law * market.pressure ? 1 : -1;
    t.price = market.price;
    return t;
}

/* What is known of a bar while it forms. */
struct forming {
    int32_t open, low, high, close;
    int64_t net, all; /* traded */
};

static void add_tick(struct forming *f, struct tick t)
{
    if (!f->all)
        f->open = f->low = f->high = t.price;
    f->low = t.price < f->low ? t.price : f->low;
    f->high = t.price > f->high ? t.price : f->high;
    f->close = t.price;
    f->net += t.size;
    f->all += t.size < 0 ? -t.size : t.size;
}

void trading_bar(int i, const struct bar *before, struct bar *out)
{
    struct forming f = {0, 0, 0, 0, 0, 0};
    int k;

    for (k = 0; k < TICKS; k++)
        add_tick(&f, next_tick(i));
    out->decided_at = INT64_C(1704067200000000) + ((int64_t)i + 1) * BAR_US;
    out->flow = (double)f.net / (double)f.all;
    out->drive = 0.9 * (before ? before->drive : 0) + 0.1 * out->flow;
    out->move = f.close - f.open;
    out->range = f.high - f.low;
    out->up = NAN;
    out->price = f.close;
}
