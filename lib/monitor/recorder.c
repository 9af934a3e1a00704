/* SPDX-License-Identifier: MIT */
/*
 * What a worker writes down of each row: one counter per reference cell that
 * a value falls into, and an entry in the ring that the tick drains. Only
 * mlpipe__recorder_init and mlpipe__ring_new allocate; nothing locks or waits.
 */
#include "monitor_internal.h"

bool mlpipe__recorder_init(mlpipe__recorder *r, mlpipe__env *env,
                           const mlpipe_model *model)
{
    const mlpipe__program *p = model->program;
    const mlpipe__reference *ref = model->reference;
    uint32_t next = MLPIPE__COUNT_HEAD;

    memset(r, 0, sizeof *r);
    r->env = env;
    r->reference = ref;
    r->input_count = p->input_count;
    r->first = mlpipe__alloc_array(env, p->input_count, sizeof *r->first);
    r->coded = mlpipe__alloc_array(env, p->input_count, sizeof *r->coded);
    if (!r->first || !r->coded) {
        mlpipe__recorder_free(r);
        return false;
    }
    for (uint32_t i = 0; i < p->input_count; i++) {
        r->coded[i] = p->inputs[i].kind == MLPIPE__CODE;
        if (!ref || i >= ref->input_count || !ref->inputs[i].kind)
            continue;
        r->first[i] = next;
        next += ref->inputs[i].cells;
    }
    if (ref && ref->score.kind) {
        r->score_first = next;
        next += ref->score.cells;
    }
    r->width = mlpipe__model_width(model);
    if (r->score_first && (model->task & MLPIPE__TASK_CLASSES)) {
        r->bins_first = next;
        next += MLPIPE__SCORE_BINS;
    }
    r->total = next;
    return true;
}

void mlpipe__recorder_free(mlpipe__recorder *r)
{
    mlpipe__free(r->env, r->first);
    mlpipe__free(r->env, r->coded);
    r->first = NULL;
    r->coded = NULL;
}

uint32_t mlpipe__recorder_inputs(const mlpipe__recorder *r,
                                 mlpipe__count *counters,
                                 const unsigned char *scratch,
                                 const uint32_t *lanes)
{
    uint32_t flags = 0;

    for (uint32_t i = 0; i < r->input_count; i++) {
        double x;
        memcpy(&x, scratch + lanes[i], sizeof x);
        const bool valid = x == x;
        if (!valid)
            flags |= MLPIPE_FLAG_IMPUTED;
        else if (r->coded[i] && x < 0)
            flags |= MLPIPE_FLAG_UNSEEN;
        if (!r->first[i])
            continue;
        const mlpipe__ref_input *in = &r->reference->inputs[i];
        const uint32_t cell = mlpipe__ref_cell(in, x, valid);
        mlpipe__count_add(counters + r->first[i] + cell, 1);
        if (in->kind == MLPIPE__NUMBER && in->cut_count &&
            (cell == 1 || cell == in->cells - 1))
            flags |= MLPIPE_FLAG_RANGE;
    }
    return flags;
}

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
            mlpipe__ref_cell(&r->reference->score, score, valid);
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
