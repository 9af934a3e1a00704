/* SPDX-License-Identifier: MIT */
/*
 * Passes over the training rows: the program so far runs block by block and
 * every wanted statistic is gathered of its registers at once. Blocks are
 * dealt to tasks by number; the states are exact, so that merging them gives
 * the same bits however many tasks there were.
 */
#include "fit_types.h"

enum { PASSES_BLOCKS_A_ROUND = 64 };

typedef struct passes_job {
    const mlpipe__program *program;
    const mlpipe__binding *binding;
    const mlpipe_dataset *data;
    uint32_t wants, tasks, op_end;
    const mlpipe__fit_want *want;
    mlpipe__stats *stats;   /* tasks x wants */
    unsigned char *scratch; /* tasks x scratch_bytes */
    size_t scratch_bytes;
    int64_t first, end;     /* blocks of this round */
    atomic_bool failed;
} passes_job;

static void passes_block(passes_job *j, uint32_t task, int64_t block)
{
    void *scratch = j->scratch + task * j->scratch_bytes;
    const int64_t start = block * MLPIPE__BLOCK_ROWS;
    const int64_t left = j->data->rows - start;
    const uint32_t n =
        left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS;
    uint32_t w;
    mlpipe__binding_load(j->binding, j->program, j->data, start, n, scratch,
                         MLPIPE__BLOCK_ROWS);
    mlpipe__program_run_ops(j->program, scratch, MLPIPE__BLOCK_ROWS, n,
                            j->op_end);
    for (w = 0; w < j->wants; w++) {
        const uint32_t reg = j->want[w].reg;
        if (!mlpipe__stats_update(
                &j->stats[task * j->wants + w],
                mlpipe__program_values(j->program, scratch,
                                       MLPIPE__BLOCK_ROWS, reg),
                mlpipe__program_valid(j->program, scratch,
                                      MLPIPE__BLOCK_ROWS, reg),
                n))
            atomic_store(&j->failed, true);
    }
}

static void passes_task(void *arg, uint32_t index)
{
    passes_job *j = arg;
    int64_t b;
    for (b = j->first + index; b < j->end; b += j->tasks)
        passes_block(j, index, b);
}

/* Everything a task would allocate is there before it runs. */
static bool passes_prepare(passes_job *j, mlpipe__env *env, int64_t blocks)
{
    const uint64_t rows = ((uint64_t)blocks / j->tasks + 1) *
                          MLPIPE__BLOCK_ROWS;
    uint32_t t, w;
    for (t = 0; t < j->tasks; t++) {
        for (w = 0; w < j->wants; w++) {
            const mlpipe__fit_want *want = &j->want[w];
            mlpipe__stats *s = &j->stats[t * j->wants + w];
            mlpipe__stats_init(s, env, want->needs, want->codes);
            if (want->needs & MLPIPE__NEED_COUNTS) {
                s->counts = mlpipe__alloc_array(env, want->codes,
                                                sizeof *s->counts);
                if (!s->counts)
                    return false;
            }
            if (want->needs & MLPIPE__NEED_QUANTILES) {
                s->values = mlpipe__alloc_array(env, (size_t)rows,
                                                sizeof *s->values);
                if (!s->values)
                    return false;
                s->value_room = rows;
            }
        }
    }
    return true;
}

static mlpipe_status passes_run(mlpipe_ctx *ctx, passes_job *j,
                                int64_t blocks)
{
    const int64_t round = (int64_t)PASSES_BLOCKS_A_ROUND * j->tasks;
    mlpipe_status st = MLPIPE_OK;
    for (j->first = 0; !st && j->first < blocks; j->first = j->end) {
        j->end = blocks - j->first < round ? blocks : j->first + round;
        st = mlpipe__poll(ctx, "fit", (uint64_t)j->first, (uint64_t)blocks);
        if (!st)
            st = mlpipe__parallel(ctx, passes_task, j, j->tasks);
    }
    if (!st && atomic_load(&j->failed))
        st = mlpipe__nomem(ctx);
    return st;
}

/* Merge the tasks into the first and give its states to the cache. */
static mlpipe_status passes_keep(mlpipe__fitting *f, passes_job *j)
{
    uint32_t t, w;
    for (w = 0; w < j->wants; w++) {
        mlpipe__stats *first = &j->stats[w];
        mlpipe__fit_stat *entry;
        for (t = 1; t < j->tasks; t++) {
            mlpipe__stats *other = &j->stats[t * j->wants + w];
            if (!mlpipe__stats_merge(first, other))
                return mlpipe__nomem(f->ctx);
            mlpipe__stats_free(other);
        }
        if (!mlpipe__stats_finish(first))
            return mlpipe__nomem(f->ctx);
        if (f->cache_count == f->cache_room) {
            const uint32_t room = f->cache_room ? 2 * f->cache_room : 32;
            mlpipe__fit_stat **grown = mlpipe__grow(f->ctx->env, f->cache,
                                                    room, sizeof *grown);
            if (!grown)
                return mlpipe__nomem(f->ctx);
            f->cache = grown;
            f->cache_room = room;
        }
        entry = mlpipe__alloc(f->ctx->env, sizeof *entry);
        if (!entry)
            return mlpipe__nomem(f->ctx);
        entry->reg = j->want[w].reg;
        entry->needs = j->want[w].needs;
        entry->generation = f->generation;
        entry->stats = *first;
        memset(first, 0, sizeof *first);
        f->cache[f->cache_count++] = entry;
    }
    return MLPIPE_OK;
}

const mlpipe__stats *mlpipe__fit_stats(const mlpipe__fitting *f, uint32_t reg,
                                       uint32_t needs)
{
    uint32_t i;
    for (i = 0; i < f->cache_count; i++) {
        const mlpipe__fit_stat *e = f->cache[i];
        if (e->reg == reg && e->generation == f->generation &&
            (e->needs & needs) == needs)
            return &e->stats;
    }
    return NULL;
}

mlpipe_status mlpipe__fit_gather(mlpipe__fitting *f,
                                 const mlpipe__fit_want *wants,
                                 uint32_t count)
{
    mlpipe__env *env = f->ctx->env;
    const int64_t blocks =
        (f->train.data->rows + MLPIPE__BLOCK_ROWS - 1) / MLPIPE__BLOCK_ROWS;
    passes_job j = {.program = f->plan.program,
                    .binding = &f->train.binding,
                    .data = f->train.data,
                    .wants = count,
                    .want = wants,
                    .op_end = f->plan.program->op_count};
    mlpipe_status st = MLPIPE_OK;
    size_t total;
    uint32_t i;
    j.tasks = blocks < f->ctx->threads ? (uint32_t)blocks : f->ctx->threads;
    j.tasks = j.tasks ? j.tasks : 1;
    j.scratch_bytes =
        mlpipe__program_scratch(j.program, MLPIPE__BLOCK_ROWS) + 63;
    j.scratch_bytes &= ~(size_t)63;
    atomic_init(&j.failed, false);
    mlpipe__mul(j.tasks, count, &total);
    j.stats = mlpipe__alloc_array(env, total, sizeof *j.stats);
    j.scratch = mlpipe__alloc_array(env, j.tasks, j.scratch_bytes);
    if (!j.stats || !j.scratch || !passes_prepare(&j, env, blocks))
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = passes_run(f->ctx, &j, blocks);
    if (!st)
        st = passes_keep(f, &j);
    f->passes++;
    for (i = 0; j.stats && i < total; i++)
        if (j.stats[i].env)
            mlpipe__stats_free(&j.stats[i]);
    mlpipe__free(env, j.stats);
    mlpipe__free(env, j.scratch);
    return st;
}
