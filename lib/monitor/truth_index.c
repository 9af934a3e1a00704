/* SPDX-License-Identifier: MIT */
/*
 * Where the prediction or truth of an id lies in the ring.
 *
 * A slot has 32 bits: the place; above it how far the slot lies behind the
 * one where the search for its id begins; above this bits of the id's hash.
 * The last two tell nearly all other ids apart without a look at the entry,
 * and the distance lets an erasure move slots back without one, so that no
 * tombstones pile up in a table that lives for months.
 */
#include "monitor_internal.h"

bool mlpipe__truth_index_init(mlpipe__truth_index *x, mlpipe__env *env,
                              uint64_t places)
{
    const uint64_t count = places + places / 3 + 8;
    uint32_t *slots = mlpipe__alloc_array(env, count, sizeof *slots);

    if (!slots)
        return false;
    x->slots = slots;
    x->count = count;
    x->place_bits = 1;
    while ((uint64_t)1 << x->place_bits <= places)
        x->place_bits++;
    x->far_bits = (32 - x->place_bits) / 2;
    x->far_bits = x->far_bits < 5 ? x->far_bits : 5;
    return true;
}

void mlpipe__truth_index_clear(mlpipe__truth_index *x)
{
    memset(x->slots, 0, x->count * sizeof *x->slots);
}

/* Ids are often consecutive; a multiplicative mix spreads them. */
static uint64_t index_hash(uint64_t id)
{
    id ^= id >> 31;
    id *= UINT64_C(0x9e3779b97f4a7c15);
    id ^= id >> 29;
    id *= UINT64_C(0xbf58476d1ce4e5b9);
    return id ^ id >> 32;
}

static uint64_t index_home(const mlpipe__truth_index *x, uint64_t hash)
{
    return ((hash >> 32) * x->count) >> 32;
}

static uint32_t index_place(const mlpipe__truth_index *x, uint32_t slot)
{
    return (slot & (((uint32_t)1 << x->place_bits) - 1)) - 1;
}

/* A distance as slots have it; the largest stands for all beyond too. */
static uint32_t index_far(const mlpipe__truth_index *x, uint64_t distance)
{
    const uint32_t most = ((uint32_t)1 << x->far_bits) - 1;

    return distance < most ? (uint32_t)distance : most;
}

/* A slot without its place: bits of the hash, then the distance. */
static uint32_t index_tag(const mlpipe__truth_index *x, uint64_t hash,
                          uint64_t distance)
{
    const uint32_t bits = x->place_bits + x->far_bits;

    return (uint32_t)hash << bits >> x->place_bits |
           index_far(x, distance);
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
    const uint64_t hash = index_hash(id);
    uint64_t at, distance = 0;
    uint32_t slot;

    if (!x->count)
        return UINT32_MAX;
    at = index_home(x, hash);
    while ((slot = x->slots[at])) {
        if (slot >> x->place_bits == index_tag(x, hash, distance++) &&
            pool[index_place(x, slot)].id == id)
            return index_place(x, slot);
        at = index_next(x, at);
    }
    return UINT32_MAX;
}

void mlpipe__truth_index_near(const mlpipe__truth_index *x, uint64_t id)
{
    if (x->count)
        __builtin_prefetch(&x->slots[index_home(x, index_hash(id))], 1);
}

uint32_t mlpipe__truth_index_guess(const mlpipe__truth_index *x, uint64_t id)
{
    const uint64_t hash = index_hash(id);
    uint64_t at, distance = 0;
    uint32_t slot;

    if (!x->count)
        return UINT32_MAX;
    at = index_home(x, hash);
    while ((slot = x->slots[at]) &&
           slot >> x->place_bits != index_tag(x, hash, distance++))
        at = index_next(x, at);
    return slot ? index_place(x, slot) : UINT32_MAX;
}

void mlpipe__truth_index_add(mlpipe__truth_index *x, uint64_t id,
                             uint32_t place)
{
    const uint64_t hash = index_hash(id);
    uint64_t at = index_home(x, hash), distance = 0;

    for (; x->slots[at]; distance++)
        at = index_next(x, at);
    x->slots[at] = index_tag(x, hash, distance) << x->place_bits |
                   (place + 1);
}

/* How far the slot at `at` lies behind the one where its search begins. */
static uint64_t index_behind(const mlpipe__truth_index *x,
                             const mlpipe__truth_entry *pool, uint64_t at)
{
    const uint32_t slot = x->slots[at];
    const uint32_t most = ((uint32_t)1 << x->far_bits) - 1;
    const uint32_t far = slot >> x->place_bits & most;

    if (far < most)
        return far;
    return index_distance(
        x, index_home(x, index_hash(pool[index_place(x, slot)].id)), at);
}

void mlpipe__truth_index_drop(mlpipe__truth_index *x,
                              const mlpipe__truth_entry *pool, uint32_t place)
{
    const uint32_t most = ((uint32_t)1 << x->far_bits) - 1;
    uint64_t hole = index_home(x, index_hash(pool[place].id)), at;

    while (index_place(x, x->slots[hole]) != place)
        hole = index_next(x, hole);
    for (at = index_next(x, hole); x->slots[at]; at = index_next(x, at)) {
        const uint64_t behind = index_behind(x, pool, at);
        const uint64_t back = index_distance(x, hole, at);
        if (behind < back)
            continue;
        x->slots[hole] = (x->slots[at] & ~(most << x->place_bits)) |
                         index_far(x, behind - back) << x->place_bits;
        hole = at;
    }
    x->slots[hole] = 0;
}
