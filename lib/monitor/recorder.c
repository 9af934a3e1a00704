/* SPDX-License-Identifier: MIT */
/*
 * What a worker writes down of each row: one counter per reference cell that
 * a value falls into, and an entry in the ring that the tick drains. Only
 * mlpipe__recorder_init and mlpipe__ring_new allocate; nothing locks or waits.
 */
#include "monitor_internal.h"

uint32_t mlpipe__recorder_score(const mlpipe__recorder *r,
                                mlpipe__count *counters, uint32_t flags,
                                const double *out)
{
    const double score = out[0];
    const bool valid = mlpipe__finite(score);

    if (!valid)
        flags |= MLPIPE_FLAG_NULL;
    mlpipe__count_add(counters + MLPIPE__COUNT_ROWS, 1);
    if (flags & MLPIPE_FLAG_IMPUTED)
        mlpipe__count_add(counters + MLPIPE__COUNT_IMPUTED, 1);
    if (flags & MLPIPE_FLAG_UNSEEN)
        mlpipe__count_add(counters + MLPIPE__COUNT_UNSEEN, 1);
    if (flags & MLPIPE_FLAG_RANGE)
        mlpipe__count_add(counters + MLPIPE__COUNT_RANGE, 1);
    if (flags & MLPIPE_FLAG_NULL)
        mlpipe__count_add(counters + MLPIPE__COUNT_UNANSWERED, 1);
    if (r->score_first) {
        const uint32_t cell =
            r->score.table
                ? r->find(&r->score, valid ? score : mlpipe__nan())
                : mlpipe__ref_cell(&r->reference->score, score, valid);
        mlpipe__count_add(counters + r->score_first + cell, 1);
    }
    if (r->bins_first && valid) {
        double top = score; /* of several classes the likeliest */
        for (uint32_t i = 1; i < r->width; i++)
            top = out[i] > top ? out[i] : top;
        mlpipe__count_add(counters + r->bins_first + mlpipe__score_bin(top),
                          1);
    }
    return flags;
}

void mlpipe__recorder_failed(mlpipe__count *counters, mlpipe_status status)
{
    uint32_t code = 0u - (uint32_t)status;

    if (code >= MLPIPE__COUNT_CODE_ROOM)
        code = 0;
    mlpipe__count_add(counters + MLPIPE__COUNT_FAILED, 1);
    mlpipe__count_add(counters + MLPIPE__COUNT_CODES + code, 1);
}

/* The exponent and the first six bits of the mantissa of a double are the
 * logarithm that is wanted: no table, no loop. One less than the value, since
 * an edge belongs to the cell below it. At most 2^53. */
uint32_t mlpipe__latency_cell(uint64_t ns)
{
    const uint64_t first = (uint64_t)(1023 + MLPIPE__LATENCY_LOW)
                           * MLPIPE__LATENCY_STEPS;
    const double x = (double)(int64_t)(ns - (ns > 0));
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    bits >>= 46;
    bits = bits > first ? bits - first : 0;
    return bits < MLPIPE__LATENCY_CELLS ? (uint32_t)bits
                                        : MLPIPE__LATENCY_CELLS - 1;
}

void mlpipe__recorder_latency(const mlpipe__recorder *r,
                              mlpipe__count *counters, uint64_t ns)
{
    if (ns > (uint64_t)1 << 53)
        return; /* no duration: of a clock that went back, say */
    counters += r->latency_first;
    mlpipe__count_add(counters, ns);
    mlpipe__count_add(counters + 1 + mlpipe__latency_cell(ns), 1);
}

mlpipe__ring *mlpipe__ring_new(mlpipe__env *env, uint64_t room,
                               size_t more_bytes, size_t record_bytes)
{
    size_t entry, all;
    mlpipe__ring *r;

    if (mlpipe__add(record_bytes, sizeof(mlpipe__served) + more_bytes + 7,
                    &entry))
        return NULL;
    entry &= ~(size_t)7;
    if (mlpipe__mul(entry, room, &all) || mlpipe__add(all, sizeof *r, &all))
        return NULL;
    r = mlpipe__alloc(env, all < 256 ? 256 : all);
    if (!r)
        return NULL;
    r->entry_bytes = entry;
    r->more_bytes = more_bytes;
    r->record_bytes = record_bytes;
    r->room = room;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    return r;
}

bool mlpipe__ring_push(mlpipe__ring *r, const mlpipe__served *s,
                       const double *more, const void *record)
{
    const uint64_t head =
        atomic_load_explicit(&r->head, memory_order_relaxed);
    const uint64_t tail =
        atomic_load_explicit(&r->tail, memory_order_acquire);
    unsigned char *to;

    if (head - tail >= r->room)
        return false;
    to = r->entries + (head & (r->room - 1)) * r->entry_bytes;
    memcpy(to, s, sizeof *s);
    to += sizeof *s;
    if (r->more_bytes)
        memcpy(to, more, r->more_bytes);
    if (r->record_bytes)
        memcpy(to + r->more_bytes, record, r->record_bytes);
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return true;
}

const mlpipe__served *mlpipe__ring_peek(mlpipe__ring *r)
{
    const uint64_t tail =
        atomic_load_explicit(&r->tail, memory_order_relaxed);

    if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
        return NULL;
    return (const mlpipe__served *)(const void *)(
        r->entries + (tail & (r->room - 1)) * r->entry_bytes);
}

void mlpipe__ring_pop(mlpipe__ring *r)
{
    const uint64_t tail =
        atomic_load_explicit(&r->tail, memory_order_relaxed);

    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}
