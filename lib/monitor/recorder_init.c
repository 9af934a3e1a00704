/* SPDX-License-Identifier: MIT */
/* A recorder: where its counters lie, and the tables of recorder_cells.c. */
#include "monitor_internal.h"

static uint32_t cells_blocks(uint32_t cuts)
{
    return cuts <= MLPIPE__CELLS_FEW ? 4 : cuts / MLPIPE__CELLS_EIGHT + 1;
}

/* Numbers with cuts that fit a table; all others are looked up one by one. */
static bool cells_fit(const mlpipe__recorder *r, uint32_t input)
{
    const mlpipe__ref_input *in =
        r->first[input] ? &r->reference->inputs[input] : NULL;

    return in && in->kind == MLPIPE__NUMBER && in->cut_count &&
           in->cut_count <= MLPIPE__CELLS_MOST && !r->coded[input];
}

static void cells_fill(const mlpipe__ref_input *in, double *table,
                       uint8_t *flags)
{
    const uint32_t n = in->cut_count;
    const uint32_t room = MLPIPE__CELLS_EIGHT * (1 + cells_blocks(n));

    for (uint32_t i = 0; i < room; i++)
        table[i] = mlpipe__nan();
    for (uint32_t i = 0; i < n; i++)
        table[MLPIPE__CELLS_EIGHT + i] = in->cuts[i];
    for (uint32_t i = MLPIPE__CELLS_EIGHT - 1; i < n; i += MLPIPE__CELLS_EIGHT)
        table[i / MLPIPE__CELLS_EIGHT] = in->cuts[i];
    memset(flags, 0, in->cells);
    flags[0] = MLPIPE_FLAG_IMPUTED;
    flags[1] = flags[in->cells - 1] = MLPIPE_FLAG_RANGE;
}

static bool cells_tables(mlpipe__recorder *r)
{
    uint32_t numbers = 0, doubles = 0, flags = 0;

    for (uint32_t i = 0; i < r->input_count; i++) {
        if (!cells_fit(r, i))
            continue;
        numbers++;
        doubles += MLPIPE__CELLS_EIGHT *
                   (1 + cells_blocks(r->reference->inputs[i].cut_count));
        flags += r->reference->inputs[i].cells;
    }
    r->numbers = mlpipe__alloc_array(r->env, numbers, sizeof *r->numbers);
    r->others = mlpipe__alloc_array(r->env, r->input_count - numbers,
                                    sizeof *r->others);
    /* Eight at the end make it large enough to begin a cache line. */
    r->tables = mlpipe__alloc_array(r->env, doubles + 32, sizeof *r->tables);
    r->cell_flags = mlpipe__alloc_array(r->env, flags, 1);
    if (!r->numbers || !r->others || !r->tables || !r->cell_flags)
        return false;
    doubles = flags = 0;
    for (uint32_t i = 0; i < r->input_count; i++) {
        if (!cells_fit(r, i)) {
            r->others[r->other_count++] = i;
            continue;
        }
        const mlpipe__ref_input *in = &r->reference->inputs[i];
        const uint32_t blocks = cells_blocks(in->cut_count);
        r->numbers[r->number_count++] = (mlpipe__recorder_number){
            r->tables + doubles, r->cell_flags + flags, i, r->first[i],
            in->cut_count > MLPIPE__CELLS_FEW};
        cells_fill(in, r->tables + doubles, r->cell_flags + flags);
        doubles += MLPIPE__CELLS_EIGHT * (1 + blocks);
        flags += in->cells;
    }
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
    r->total = r->moments_first = next;
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
