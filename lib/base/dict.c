/* SPDX-License-Identifier: MIT */
/*
 * The dictionary: texts to dense indices in order of insertion. Open
 * addressing with linear probing; each slot is a pair {index + 1, 32 bits of
 * the hash}, so that a probe rarely touches the text of another entry.
 */
#include "base_internal.h"

enum { DICT_FIRST_SLOTS = 16, DICT_MAX_COUNT = 1 << 29 };

void mlpipe__dict_init(mlpipe__dict *d, mlpipe__env *env)
{
    memset(d, 0, sizeof *d);
    d->env = env;
}

void mlpipe__dict_free(mlpipe__dict *d)
{
    if (!d || !d->env)
        return;
    mlpipe__free(d->env, d->offsets);
    mlpipe__free(d->env, d->bytes);
    mlpipe__free(d->env, d->slots);
    mlpipe__dict_init(d, d->env);
}

/*
 * The seed is the environment's address: the order of indices never depends
 * on it, and whoever writes the texts cannot aim at one slot.
 */
static uint64_t dict_hash(const mlpipe__dict *d, const char *s, size_t n)
{
    return mlpipe__hash64(s, n, (uint64_t)(uintptr_t)d->env);
}

/* The slot that holds the text, or the empty one where it belongs. */
static uint32_t dict_slot(const mlpipe__dict *d, const char *s, size_t n,
                          uint64_t hash)
{
    const uint32_t mask = d->slot_count - 1, tag = (uint32_t)(hash >> 32);
    uint32_t i = (uint32_t)hash & mask;
    for (;; i = (i + 1) & mask) {
        const uint32_t index = d->slots[2 * (size_t)i];
        if (!index)
            return i;
        if (d->slots[2 * (size_t)i + 1] == tag
            && mlpipe__dict_bytes(d, index - 1) == n
            && !memcmp(mlpipe__dict_text(d, index - 1), s, n))
            return i;
    }
}

uint32_t mlpipe__dict_find(const mlpipe__dict *d, const char *s, size_t n)
{
    if (!d->count)
        return UINT32_MAX;
    if (!n)
        s = ""; /* a NULL of no bytes is the empty text */
    const uint32_t slot = dict_slot(d, s, n, dict_hash(d, s, n));
    return d->slots[2 * (size_t)slot] - 1;
}

/* Twice the slots; every entry finds its place anew. */
static bool dict_grow_slots(mlpipe__dict *d)
{
    const uint32_t count = d->slot_count ? d->slot_count * 2
                                         : DICT_FIRST_SLOTS;
    uint32_t *slots = mlpipe__alloc_array(d->env, count,
                                          2 * sizeof slots[0]);
    if (!slots)
        return false;
    for (uint32_t k = 0; k < d->count; k++) {
        const uint64_t hash = dict_hash(d, mlpipe__dict_text(d, k),
                                        mlpipe__dict_bytes(d, k));
        uint32_t i = (uint32_t)hash & (count - 1);
        while (slots[2 * (size_t)i])
            i = (i + 1) & (count - 1);
        slots[2 * (size_t)i] = k + 1;
        slots[2 * (size_t)i + 1] = (uint32_t)(hash >> 32);
    }
    mlpipe__free(d->env, d->slots);
    d->slots = slots;
    d->slot_count = count;
    return true;
}

/* Room for one more entry of n bytes; nothing visible changes. */
static bool dict_reserve(mlpipe__dict *d, size_t n)
{
    const size_t used = d->count ? (size_t)d->offsets[d->count] : 0;
    size_t need;
    if (d->count >= DICT_MAX_COUNT || mlpipe__add(used, n, &need)
        || mlpipe__add(need, 1, &need))
        return false;
    if (need > d->bytes_room) {
        const size_t twice = d->bytes_room > SIZE_MAX / 2
                                 ? SIZE_MAX : d->bytes_room * 2;
        const size_t room = need > twice ? need + 64 : twice;
        char *bytes = room < need
                          ? NULL : mlpipe__grow(d->env, d->bytes, room, 1);
        if (!bytes)
            return false;
        d->bytes = bytes;
        d->bytes_room = room;
    }
    if ((size_t)d->count + 2 > d->offsets_room) {
        const size_t room = d->offsets_room ? d->offsets_room * 2 : 16;
        uint64_t *offsets = mlpipe__grow(d->env, d->offsets, room,
                                         sizeof offsets[0]);
        if (!offsets)
            return false;
        d->offsets = offsets;
        d->offsets_room = room;
    }
    return d->count < d->slot_count / 2 || dict_grow_slots(d);
}

uint32_t mlpipe__dict_add(mlpipe__dict *d, const char *s, size_t n)
{
    const uint32_t found = mlpipe__dict_find(d, s, n);
    if (found != UINT32_MAX)
        return found;
    if (!dict_reserve(d, n))
        return UINT32_MAX;
    if (!n)
        s = "";
    const uint64_t hash = dict_hash(d, s, n);
    const uint32_t slot = dict_slot(d, s, n, hash);
    const size_t at = (size_t)d->offsets[d->count];
    memcpy(d->bytes + at, s, n);
    d->bytes[at + n] = '\0';
    d->slots[2 * (size_t)slot] = d->count + 1;
    d->slots[2 * (size_t)slot + 1] = (uint32_t)(hash >> 32);
    d->count++;
    d->offsets[d->count] = at + n + 1;
    return d->count - 1;
}
