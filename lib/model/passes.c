/* SPDX-License-Identifier: MIT */
/*
 * Passes over the training rows: the program so far runs block by block, and
 * whoever asked for the pass reads its registers. Blocks are dealt to tasks by
 * number; what they gather is exact, so that merging gives the same bits
 * however many tasks there were.
 */
#include "fit_types.h"

enum { PASSES_BLOCKS_A_ROUND = 64 };

/* ---- one pass ----------------------------------------------------------- */

typedef struct passes_run {
    const mlpipe__fitting *f;
    const mlpipe__pass *pass;
    unsigned char *scratch; /* tasks x scratch_bytes */
    size_t scratch_bytes;
    uint64_t *faults;       /* tasks x ops, or NULL */
    int64_t first, end;     /* blocks of this round */
} passes_run;

static void passes_task(void *arg, uint32_t index)
{
    const passes_run *r = arg;
    const mlpipe__fitting *f = r->f;
    const mlpipe__program *p = f->plan.program;
    const mlpipe_dataset *d = f->train.data;
    void *scratch = r->scratch + index * r->scratch_bytes;
    uint64_t *faults =
        r->faults ? r->faults + (size_t)index * p->op_count : NULL;
    for (int64_t b = r->first + index; b < r->end; b += r->pass->tasks) {
        const int64_t start = b * MLPIPE__BLOCK_ROWS;
        const int64_t left = d->rows - start;
        const uint32_t n =
            left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS;
        mlpipe__binding_load(&f->train.binding, p, d, start, n, scratch,
                             MLPIPE__BLOCK_ROWS);
        mlpipe__program_run_ops(p, scratch, MLPIPE__BLOCK_ROWS, n,
                                p->op_count, faults);
        if (r->pass->block)
            r->pass->block(r->pass, index, scratch, start, n);
    }
}

static int64_t passes_blocks(const mlpipe__fitting *f)
{
    return (f->train.data->rows + MLPIPE__BLOCK_ROWS - 1) /
           MLPIPE__BLOCK_ROWS;
}

uint32_t mlpipe__fit_tasks(const mlpipe__fitting *f)
{
    const int64_t blocks = passes_blocks(f);
    const uint32_t tasks =
        blocks < f->ctx->threads ? (uint32_t)blocks : f->ctx->threads;
    return tasks ? tasks : 1;
}

uint64_t mlpipe__fit_task_rows(const mlpipe__fitting *f, uint32_t tasks)
{
    return ((uint64_t)passes_blocks(f) / tasks + 1) * MLPIPE__BLOCK_ROWS;
}

static mlpipe_status passes_rounds(passes_run *r)
{
    const int64_t blocks = passes_blocks(r->f);
    const int64_t round = (int64_t)PASSES_BLOCKS_A_ROUND * r->pass->tasks;
    mlpipe_status st = MLPIPE_OK;
    for (r->first = 0; !st && r->first < blocks; r->first = r->end) {
        r->end = blocks - r->first < round ? blocks : r->first + round;
        st = mlpipe__poll(r->f->ctx, r->f->stage ? r->f->stage : "fit",
                          (uint64_t)r->first, (uint64_t)blocks);
        if (!st)
            st = mlpipe__parallel(r->f->ctx, passes_task, r, r->pass->tasks);
    }
    return st;
}

mlpipe_status mlpipe__fit_pass(mlpipe__fitting *f, const mlpipe__pass *pass,
                               uint64_t *faults)
{
    mlpipe__env *env = f->ctx->env;
    const uint32_t ops = f->plan.program->op_count;
    passes_run r = {.f = f, .pass = pass};
    mlpipe_status st;
    mlpipe__fit_fix_time(f);
    st = mlpipe__bind_feeds(f->ctx, f->plan.program, f->given,
                            &f->train.binding);
    if (st)
        return st;
    r.scratch_bytes =
        mlpipe__program_scratch(f->plan.program, MLPIPE__BLOCK_ROWS) + 63;
    r.scratch_bytes &= ~(size_t)63;
    r.scratch = mlpipe__alloc_array(env, pass->tasks, r.scratch_bytes);
    if (faults)
        r.faults = mlpipe__alloc_array(env, (size_t)pass->tasks * ops,
                                       sizeof *r.faults);
    st = r.scratch && (r.faults || !faults) ? passes_rounds(&r)
                                            : mlpipe__nomem(f->ctx);
    for (size_t i = 0; !st && faults && i < (size_t)pass->tasks * ops; i++)
        faults[i % ops] += r.faults[i];
    mlpipe__free(env, r.faults);
    mlpipe__free(env, r.scratch);
    return st;
}

/* ---- statistics of registers -------------------------------------------- */

typedef struct passes_stats {
    uint32_t wants;
    const mlpipe__fit_want *want;
    const mlpipe__program *program;
    mlpipe__stats *stats; /* tasks x wants */
    atomic_bool failed;
} passes_stats;

static void passes_stats_block(const mlpipe__pass *pass, uint32_t task,
                               const void *scratch, int64_t start, uint32_t n)
{
    passes_stats *j = pass->user;
    for (uint32_t w = 0; w < j->wants; w++) {
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

/* Everything a task would allocate is there before it runs. */
static bool passes_prepare(passes_stats *j, mlpipe__env *env, uint32_t tasks,
                           uint64_t rows)
{
    for (size_t i = 0; i < (size_t)tasks * j->wants; i++) {
        const mlpipe__fit_want *want = &j->want[i % j->wants];
        mlpipe__stats *s = &j->stats[i];
        mlpipe__stats_init(s, env, want->needs, want->codes);
        if (want->needs & MLPIPE__NEED_COUNTS) {
            s->counts =
                mlpipe__alloc_array(env, want->codes, sizeof *s->counts);
            if (!s->counts)
                return false;
        }
        if (want->needs & MLPIPE__NEED_QUANTILES) {
            s->values =
                mlpipe__alloc_array(env, (size_t)rows, sizeof *s->values);
            if (!s->values)
                return false;
            s->value_room = rows;
        }
    }
    return true;
}

/* Give a finished state to the cache. */
static bool passes_keep_one(mlpipe__fitting *f, const mlpipe__fit_want *want,
                            mlpipe__stats *stats)
{
    mlpipe__fit_stat *entry;
    if (f->cache_count == f->cache_room) {
        const uint32_t room = f->cache_room ? 2 * f->cache_room : 32;
        mlpipe__fit_stat **grown =
            mlpipe__grow(f->ctx->env, f->cache, room, sizeof *grown);
        if (!grown)
            return false;
        f->cache = grown;
        f->cache_room = room;
    }
    entry = mlpipe__alloc(f->ctx->env, sizeof *entry);
    if (!entry)
        return false;
    entry->reg = want->reg;
    entry->needs = want->needs;
    entry->generation = f->generation;
    entry->stats = *stats;
    memset(stats, 0, sizeof *stats);
    f->cache[f->cache_count++] = entry;
    return true;
}

/* Merge the tasks into the first. */
static mlpipe_status passes_keep(mlpipe__fitting *f, passes_stats *j,
                                 uint32_t tasks)
{
    for (uint32_t w = 0; w < j->wants; w++) {
        mlpipe__stats *first = &j->stats[w];
        bool ok = true;
        for (uint32_t t = 1; ok && t < tasks; t++) {
            mlpipe__stats *other = &j->stats[t * j->wants + w];
            ok = mlpipe__stats_merge(first, other);
            mlpipe__stats_free(other);
        }
        if (!ok || !mlpipe__stats_finish(first) ||
            !passes_keep_one(f, &j->want[w], first))
            return mlpipe__nomem(f->ctx);
    }
    return MLPIPE_OK;
}

const mlpipe__stats *mlpipe__fit_stats(const mlpipe__fitting *f, uint32_t reg,
                                       uint32_t needs)
{
    for (uint32_t i = 0; i < f->cache_count; i++) {
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
    const uint32_t tasks = mlpipe__fit_tasks(f);
    passes_stats j = {
        .wants = count, .want = wants, .program = f->plan.program};
    const mlpipe__pass pass = {tasks, passes_stats_block, &j};
    mlpipe_status st = MLPIPE_OK;
    size_t total;
    atomic_init(&j.failed, false);
    mlpipe__mul(tasks, count, &total);
    j.stats = mlpipe__alloc_array(env, total, sizeof *j.stats);
    if (!j.stats ||
        !passes_prepare(&j, env, tasks, mlpipe__fit_task_rows(f, tasks)))
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__fit_pass(f, &pass, NULL);
    f->passes++;
    if (!st && atomic_load(&j.failed))
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = passes_keep(f, &j, tasks);
    for (size_t i = 0; j.stats && i < total; i++)
        if (j.stats[i].env)
            mlpipe__stats_free(&j.stats[i]);
    mlpipe__free(env, j.stats);
    return st;
}
