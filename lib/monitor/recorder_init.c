/* SPDX-License-Identifier: MIT */
/* A recorder: where its counters lie, and the tables of recorder_cells.c. */
#include "monitor_internal.h"

static uint32_t cells_blocks(uint32_t cuts)
{
    return cuts <= MLPIPE__CELLS_FEW ? 4 : (cuts + 1) / MLPIPE__CELLS_EIGHT + 1;
}

/* Numbers with cuts that fit a table; all others are looked up one by one. */
static bool cells_fit(const mlpipe__ref_input *in)
{
    return in->kind == MLPIPE__NUMBER && in->cut_count &&
           in->cut_count <= MLPIPE__CELLS_MOST;
}

/* An input that is counted and fits, or NULL. */
static const mlpipe__ref_input *cells_input(const mlpipe__recorder *r,
                                            uint32_t i)
{
    const mlpipe__ref_input *in =
        r->first[i] && !r->coded[i] ? &r->reference->inputs[i] : NULL;

    return in && cells_fit(in) ? in : NULL;
}

static uint32_t recorder_doubles(const mlpipe__ref_input *in)
{
    return MLPIPE__CELLS_EIGHT * (1 + cells_blocks(in->cut_count));
}

/* Fills a table and tells where the next one begins. */
static mlpipe__recorder_number cells_fill(const mlpipe__ref_input *in,
                                          double **next, uint8_t **next_flags)
{
    const uint32_t n = in->cut_count, room = recorder_doubles(in);
    double *table = *next, *entries = table + MLPIPE__CELLS_EIGHT;
    uint8_t *flags = *next_flags;

    for (uint32_t i = 0; i < room; i++)
        table[i] = mlpipe__nan();
    entries[0] = -mlpipe__inf();
    memcpy(entries + 1, in->cuts, n * sizeof *entries);
    for (uint32_t i = MLPIPE__CELLS_EIGHT - 1; i <= n;
         i += MLPIPE__CELLS_EIGHT)
        table[i / MLPIPE__CELLS_EIGHT] = entries[i];
    flags[0] = MLPIPE_FLAG_IMPUTED;
    flags[1] = flags[in->cells - 1] = MLPIPE_FLAG_RANGE;
    *next += room;
    *next_flags += in->cells;
    return (mlpipe__recorder_number){table, flags, 0, 0,
                                     n > MLPIPE__CELLS_FEW};
}

static bool cells_alloc(mlpipe__recorder *r)
{
    size_t doubles = 32, flags = 1; /* 32: it begins a cache line */
    uint32_t numbers = 0;

    for (uint32_t i = 0; i < r->input_count; i++) {
        const mlpipe__ref_input *in = cells_input(r, i);
        numbers += in != NULL;
        doubles += in ? recorder_doubles(in) : 0;
        flags += in ? in->cells : 0;
    }
    if (r->score_first && cells_fit(&r->reference->score)) {
        doubles += recorder_doubles(&r->reference->score);
        flags += r->reference->score.cells;
    }
    r->numbers = mlpipe__alloc_array(r->env, numbers, sizeof *r->numbers);
    r->others = mlpipe__alloc_array(r->env, r->input_count - numbers,
                                    sizeof *r->others);
    r->tables = mlpipe__alloc_array(r->env, doubles, sizeof *r->tables);
    r->cell_flags = mlpipe__alloc_array(r->env, flags, 1);
    return r->numbers && r->others && r->tables && r->cell_flags;
}

static bool cells_tables(mlpipe__recorder *r)
{
    double *next;
    uint8_t *flags;

    if (!cells_alloc(r))
        return false;
    next = r->tables;
    flags = r->cell_flags;
    for (uint32_t i = 0; i < r->input_count; i++) {
        const mlpipe__ref_input *in = cells_input(r, i);
        mlpipe__recorder_number *out = &r->numbers[r->number_count];
        if (!in) {
            r->others[r->other_count++] = i;
            continue;
        }
        *out = cells_fill(in, &next, &flags);
        out->input = i;
        out->first = r->first[i];
        r->number_count++;
    }
    if (r->score_first && cells_fit(&r->reference->score))
        r->score = cells_fill(&r->reference->score, &next, &flags);
    return true;
}

bool mlpipe__recorder_init(mlpipe__recorder *r, mlpipe__env *env,
                           const mlpipe_model *model)
{
    const mlpipe__program *p = model->program;
    const mlpipe__reference *ref = model->reference;
    uint32_t next = MLPIPE__COUNT_HEAD;
    bool ok;

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
    r->latency_first = next;
    r->total = r->moments_first = next + MLPIPE__LATENCY_COUNTERS;
    mlpipe__recorder_way(r, UINT32_MAX);
    ok = cells_tables(r);
#ifndef MLPIPE_SERVE
    ok = ok && mlpipe__recorder_moments_init(r);
#endif
    if (!ok)
        mlpipe__recorder_free(r);
    return ok;
}

void mlpipe__recorder_free(mlpipe__recorder *r)
{
    mlpipe__free(r->env, r->first);
    mlpipe__free(r->env, r->coded);
    mlpipe__free(r->env, r->numbers);
    mlpipe__free(r->env, r->others);
    mlpipe__free(r->env, r->tables);
    mlpipe__free(r->env, r->cell_flags);
    mlpipe__free(r->env, r->moments_table);
    memset(r, 0, sizeof *r);
}
