/* SPDX-License-Identifier: MIT */
/*
 * Where the prediction or truth of an id lies in the ring.
 *
 * A slot has 32 bits: the place and, above it, the low bits of the slot where
 * the search for its id begins. They tell most other ids apart without a look
 * at the entry, and let an erasure move slots back without one, so that no
 * tombstones pile up in a table that lives for months.
 */
#include "monitor_internal.h"

/* With fewer bits than these the entry is asked. */
enum { INDEX_TAG_LEAST = 10 };

bool mlpipe__truth_index_init(mlpipe__truth_index *x, mlpipe__env *env,
                              uint64_t places)
{
    const uint64_t count = places + places / 3 + 8;
    uint32_t *slots = mlpipe__alloc_array(env, count, sizeof *slots);

    if (!slots)
        return false;
    mlpipe__free(env, x->slots);
    x->slots = slots;
    x->count = count;
    x->place_bits = 1;
    x->far = false;
    while ((uint64_t)1 << x->place_bits <= places)
        x->place_bits++;
    return true;
}

void mlpipe__truth_index_clear(mlpipe__truth_index *x)
{
    memset(x->slots, 0, x->count * sizeof *x->slots);
    x->far = false;
}

/* Ids are often consecutive; a multiplicative mix spreads them. */
static uint64_t index_home(const mlpipe__truth_index *x, uint64_t id)
{
    id ^= id >> 31;
    id *= UINT64_C(0x9e3779b97f4a7c15);
    id ^= id >> 29;
    id *= UINT64_C(0xbf58476d1ce4e5b9);
    return ((id >> 32) * x->count) >> 32;
}

static uint32_t index_place(const mlpipe__truth_index *x, uint32_t slot)
{
    return (slot & (((uint32_t)1 << x->place_bits) - 1)) - 1;
}

static uint64_t index_next(const mlpipe__truth_index *x, uint64_t at)
{
    return at + 1 < x->count ? at + 1 : 0;
}

/* How far behind `home` a slot lies. */
static uint64_t index_distance(const mlpipe__truth_index *x, uint64_t home,
                               uint64_t at)
{
    return at >= home ? at - home : at + x->count - home;
}

uint32_t mlpipe__truth_index_find(const mlpipe__truth_index *x,
                                  const mlpipe__truth_entry *pool,
                                  uint64_t id)
{
    const uint32_t bits = x->place_bits;
    uint64_t at;
    uint32_t tag, slot;

    if (!x->count)
        return UINT32_MAX;
    at = index_home(x, id);
    tag = (uint32_t)at << bits >> bits;
    while ((slot = x->slots[at])) {
        if (slot >> bits == tag &&
            pool[index_place(x, slot)].id == id)
            return index_place(x, slot);
        at = index_next(x, at);
    }
    return UINT32_MAX;
}

void mlpipe__truth_index_add(mlpipe__truth_index *x, uint64_t id,
                             uint32_t place)
{
    const uint64_t home = index_home(x, id);
    uint64_t at = home;

    while (x->slots[at])
        at = index_next(x, at);
    x->slots[at] = (uint32_t)home << x->place_bits | (place + 1);
    if (index_distance(x, home, at) >> (32 - x->place_bits))
        x->far = true;
}

/* How far the slot at `at` lies behind the one where its search begins. */
static uint64_t index_displaced(const mlpipe__truth_index *x,
                                const mlpipe__truth_entry *pool, uint64_t at)
{
    const uint32_t bits = x->place_bits, slot = x->slots[at];
    uint64_t home;

    /* Before the first 2^(32 - bits) slots the search may have wrapped. */
    if (x->far || 32 - bits < INDEX_TAG_LEAST || !(at >> (32 - bits)))
        home = index_home(x, pool[index_place(x, slot)].id);
    else
        home = at - (((uint32_t)at - (slot >> bits)) &
                     (((uint32_t)1 << (32 - bits)) - 1));
    return index_distance(x, home, at);
}

void mlpipe__truth_index_drop(mlpipe__truth_index *x,
                              const mlpipe__truth_entry *pool, uint32_t place)
{
    uint64_t hole = index_home(x, pool[place].id), at;

    while (index_place(x, x->slots[hole]) != place)
        hole = index_next(x, hole);
    for (at = index_next(x, hole); x->slots[at]; at = index_next(x, at)) {
        if (index_displaced(x, pool, at) < index_distance(x, hole, at))
            continue;
        x->slots[hole] = x->slots[at];
        hole = at;
    }
    x->slots[hole] = 0;
}
