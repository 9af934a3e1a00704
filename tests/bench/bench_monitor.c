/* SPDX-License-Identifier: MIT */
/*
 * What watching costs. Prints lines of name and value, names end in the unit:
 *   record    a row of 32 numbers into a recorder, by every way to look cells
 *             up; with second moments; by two threads; allocations
 *   moments   rows of 8, 32 and 64 numbers with moments of every row
 *   pane      a model of 1,000 numbers: the tick that closes a pane, alone and
 *             of a cycle whose rule reads it, and a cycle's tick that does not
 * Without a name it does all.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "deploy/watch_internal.h"

#include <mlpipe/cycle.h>

enum {
    BENCH_INPUTS = 32,
    BENCH_WIDEST = 64,
    BENCH_ROWS = 2048,
    BENCH_TURNS = 60,
    BENCH_FIT_ROWS = 4000,
    BENCH_EVERY = 32
};

static unsigned long bench_taken; /* calls of the allocator */

static void *bench_alloc(void *user, void *ptr, size_t old_size,
                         size_t new_size, size_t align)
{
    void *fresh = NULL;

    (void)user;
    bench_taken++;
    if (new_size && posix_memalign(&fresh, align < 16 ? 16 : align, new_size))
        return NULL;
    if (fresh && ptr)
        memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
    if (fresh || !new_size)
        free(ptr);
    return fresh;
}

static double bench_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double bench_now(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

static double bench_normal(uint64_t row, uint32_t draw)
{
    return mlpipe__normal_quantile(
        mlpipe__random_unit(7, MLPIPE__FOR_TEST, 0, row, draw));
}

/* A model of n normal inputs, as a fit makes it, and rows for it. */
typedef struct bench_world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe__recorder r;
    double *rows;
    uint32_t n, lanes[BENCH_WIDEST];
} bench_world;

static mlpipe_status bench_fit(mlpipe_ctx *c, uint32_t n, mlpipe_model **out)
{
    double *column = malloc(BENCH_FIT_ROWS * sizeof *column);
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_builder *b = NULL;
    mlpipe_status st = mlpipe_builder_new(c, NULL, NULL, &b);

    for (uint32_t i = 0; !st && i <= n; i++) {
        char name[16];
        for (uint32_t r = 0; r < BENCH_FIT_ROWS; r++)
            column[r] = bench_normal(r, i);
        snprintf(name, sizeof name, i < n ? "x%u" : "y", i);
        st = mlpipe_builder_column(c, b, name, MLPIPE_F64, column, NULL,
                                   BENCH_FIT_ROWS);
    }
    if (!st)
        st = mlpipe_builder_finish(c, b, &d);
    if (!st)
        st = mlpipe_pipeline_new(c, "target=y", &p);
    if (!st)
        st = mlpipe_pipeline_add(c, p, "ridge", NULL);
    if (!st)
        st = mlpipe_fit(c, p, d, NULL, out);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    free(column);
    return st;
}

static int bench_world_new(bench_world *w, uint32_t n)
{
    const mlpipe_ctx_options options = {.size = sizeof options,
                                        .alloc = bench_alloc};

    memset(w, 0, sizeof *w);
    w->n = n;
    w->rows = malloc((size_t)BENCH_ROWS * n * sizeof *w->rows);
    if (!w->rows || mlpipe_ctx_new(&options, &w->c) ||
        bench_fit(w->c, n, &w->m) ||
        !mlpipe__recorder_init(&w->r, w->c->env, w->m))
        return 1;
    for (uint32_t r = 0; r < BENCH_ROWS; r++)
        for (uint32_t i = 0; i < n; i++)
            w->rows[r * n + i] = bench_normal(BENCH_FIT_ROWS + r, i);
    for (uint32_t i = 0; i < n; i++)
        w->lanes[i] = i * 8;
    return 0;
}

static void bench_world_free(bench_world *w)
{
    mlpipe__recorder_free(&w->r);
    mlpipe_model_free(w->m);
    mlpipe_ctx_free(w->c);
    free(w->rows);
}

/* One recording thread with counters as a lane has them. */
typedef struct bench_thread {
    const bench_world *w;
    mlpipe__count *counters;
    uint32_t most; /* see mlpipe__moments_take */
    uint32_t turns;
    double best; /* nanoseconds a row */
    double all, cpu; /* of all of them, by the wall and by the processor */
    uint32_t flags;
} bench_thread;

static uint32_t bench_turn(const bench_thread *t, uint64_t key)
{
    const bench_world *w = t->w;
    uint32_t all = 0;

    for (uint32_t r = 0; r < BENCH_ROWS; r++) {
        const unsigned char *row =
            (const unsigned char *)(w->rows + (size_t)r * w->n);
        uint32_t flags =
            mlpipe__recorder_inputs(&w->r, t->counters, row, w->lanes);
        if (mlpipe__moments_take(t->most, key + r))
            mlpipe__recorder_moments(&w->r, t->counters, row, w->lanes);
        all |= mlpipe__recorder_score(&w->r, t->counters, flags,
                                      w->rows + (size_t)r * w->n);
    }
    return all;
}

static void *bench_run(void *arg)
{
    bench_thread *t = arg;
    const double start = bench_now();
    const double start_cpu = bench_clock(CLOCK_THREAD_CPUTIME_ID);
    double best = 1e300;
    uint32_t flags = 0;

    for (uint32_t i = 0; i < t->turns; i++) {
        const double from = bench_now();
        double ns;
        flags |= bench_turn(t, 1 + (uint64_t)i * BENCH_ROWS);
        ns = (bench_now() - from) / BENCH_ROWS;
        best = ns < best ? ns : best;
    }
    t->flags = flags;
    t->best = best;
    t->all = bench_now() - start;
    t->cpu = bench_clock(CLOCK_THREAD_CPUTIME_ID) - start_cpu;
    return NULL;
}

static bench_thread bench_thread_new(const bench_world *w, uint32_t every)
{
    bench_thread t = {w, NULL, every ? UINT32_MAX / every : 0, BENCH_TURNS, 0,
                      0, 0, 0};

    /* As slot.c takes a lane's: on cache lines of its own. */
    t.counters = mlpipe__alloc(w->c->env,
                               w->r.total * sizeof *t.counters + 256);
    return t;
}

static double bench_one(const bench_world *w, uint32_t every)
{
    bench_thread t = bench_thread_new(w, every);

    bench_run(&t);
    mlpipe__free(w->c->env, t.counters);
    return t.best;
}

static double bench_ratio(double one, double a, double b)
{
    return 2 * one / (a > b ? a : b);
}

/*
 * Rows a second of two threads over those of one; the best of some tries,
 * since what else runs takes from two sooner than from one. Beside it by the
 * processor's time, where only what the two do to each other counts.
 */
static int bench_two(const bench_world *w)
{
    double best = 0, best_cpu = 0;

    for (int try = 0; try < 9; try++) {
        bench_thread one = bench_thread_new(w, BENCH_EVERY);
        bench_thread a = bench_thread_new(w, BENCH_EVERY);
        bench_thread b = bench_thread_new(w, BENCH_EVERY);
        pthread_t thread;
        double ratio;
        bench_run(&one);
        if (pthread_create(&thread, NULL, bench_run, &b))
            return 1;
        bench_run(&a);
        pthread_join(thread, NULL);
        ratio = bench_ratio(one.all, a.all, b.all);
        best = ratio > best ? ratio : best;
        ratio = bench_ratio(one.cpu, a.cpu, b.cpu);
        best_cpu = ratio > best_cpu ? ratio : best_cpu;
        mlpipe__free(w->c->env, one.counters);
        mlpipe__free(w->c->env, a.counters);
        mlpipe__free(w->c->env, b.counters);
    }
    printf("record_two_threads_x %.3f\n", best);
    printf("record_two_threads_cpu_x %.3f\n", best_cpu);
    return 0;
}

static int bench_record(void)
{
    static const char *const ways[] = {"plain", "avx2", "avx512"};
    unsigned long before;
    bench_thread t;
    bench_world w;
    int failed;

    if (bench_world_new(&w, BENCH_INPUTS))
        return 1;
    for (uint32_t isa = 0; isa < 3; isa++) {
        mlpipe__recorder_way(&w.r, isa);
        printf("record_%s_ns %.2f\n", ways[isa], bench_one(&w, 0));
    }
    mlpipe__recorder_way(&w.r, UINT32_MAX);
    printf("record_ns %.2f\n", bench_one(&w, 0));
    printf("record_moments_ns %.2f\n", bench_one(&w, BENCH_EVERY));
    failed = bench_two(&w);
    t = bench_thread_new(&w, 1);
    before = bench_taken;
    bench_run(&t);
    printf("record_allocations_n %lu\n", bench_taken - before);
    mlpipe__free(w.c->env, t.counters);
    bench_world_free(&w);
    return failed;
}

static int bench_moments(void)
{
    static const uint32_t widths[] = {8, 32, 64};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        bench_world w;
        double without;
        if (bench_world_new(&w, widths[i]))
            return 1;
        without = bench_one(&w, 0);
        printf("moments_%u_row_ns %.2f\n", widths[i],
               bench_one(&w, 1) - without);
        bench_world_free(&w);
    }
    return 0;
}

/* ---- panes --------------------------------------------------------------- */

enum { PANE_INPUTS = 1000, PANE_ROWS = 1000, PANE_ROUNDS = 9 };

typedef struct bench_pane {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    mlpipe_pipeline *p;
    mlpipe_cycle *cycle;
    double *row;
} bench_pane;

static mlpipe_status bench_pane_new(bench_pane *b)
{
    mlpipe_status st;

    memset(b, 0, sizeof *b);
    b->row = malloc(PANE_INPUTS * sizeof *b->row);
    st = mlpipe_ctx_new(NULL, &b->c);
    if (!st)
        st = bench_fit(b->c, PANE_INPUTS, &b->m);
    if (!st)
        st = mlpipe_pipeline_new(b->c, "target=y", &b->p);
    if (!st)
        st = mlpipe_pipeline_add(b->c, b->p, "ridge", NULL);
    if (!st)
        st = mlpipe_slot_new(b->c, b->m, NULL, NULL, &b->slot);
    if (!st)
        st = mlpipe_monitor_new(b->c, b->slot, "pane=1000 capture=2000",
                                &b->monitor);
    if (!st)
        st = mlpipe_cycle_new(b->c, b->monitor, b->p,
                              "when='features_drifted > 1e9'", &b->cycle);
    if (!st)
        st = mlpipe_worker_new(b->c, b->slot, NULL, &b->w);
    if (st)
        fprintf(stderr, "%s\n", mlpipe_ctx_error(b->c)->text);
    return st;
}

static void bench_pane_free(bench_pane *b)
{
    mlpipe_worker_free(b->w);
    mlpipe_cycle_free(b->cycle);
    mlpipe_monitor_free(b->monitor);
    mlpipe_slot_free(b->slot);
    mlpipe_pipeline_free(b->p);
    mlpipe_model_free(b->m);
    mlpipe_ctx_free(b->c);
    free(b->row);
}

static mlpipe_status bench_pane_fill(bench_pane *b, uint64_t first)
{
    mlpipe_status st = MLPIPE_OK;
    double out;

    for (uint64_t r = 0; !st && r < PANE_ROWS; r++) {
        for (uint32_t i = 0; i < PANE_INPUTS; i++)
            b->row[i] = bench_normal(first + r, i & 63);
        st = mlpipe_worker_predict(b->w, first + r, 1, b->row, &out, 1);
    }
    return st;
}

/* The least time of a tick: 0 a monitor's that closes a pane, 1 a cycle's that
 * does, 2 a cycle's that does not. */
static mlpipe_status bench_pane_ticks(bench_pane *b, double least[3])
{
    mlpipe_status st = MLPIPE_OK;

    for (uint64_t r = 0; !st && r < 3 * PANE_ROUNDS; r++) {
        const uint32_t way = (uint32_t)(r % 3);
        int32_t said;
        double t;
        if (way < 2)
            st = bench_pane_fill(b, r * PANE_ROWS + 1000000);
        t = bench_now();
        if (!st)
            st = way ? mlpipe_cycle_tick(b->c, b->cycle, (int64_t)r, &said)
                     : mlpipe_monitor_tick(b->c, b->monitor, (int64_t)r,
                                           &said);
        t = bench_now() - t;
        if (r < 3 || t < least[way])
            least[way] = t;
    }
    return st;
}

static int bench_panes(void)
{
    double least[3] = {0, 0, 0};
    bench_pane b;
    mlpipe_status st = bench_pane_new(&b);

    if (!st)
        st = bench_pane_ticks(&b, least);
    bench_pane_free(&b);
    printf("pane_close_us %.1f\npane_close_cycle_us %.1f\n"
           "tick_cycle_us %.1f\n",
           least[0] / 1e3, least[1] / 1e3, least[2] / 1e3);
    return st != MLPIPE_OK;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } parts[] = {{"record", bench_record}, {"moments", bench_moments},
                 {"pane", bench_panes}};
    int failed = 0, found = argc < 2;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name))
            continue;
        found = 1;
        failed |= parts[i].run();
    }
    if (!found)
        fprintf(stderr, "no part %s; there are record, moments and pane\n",
                argv[1]);
    return failed || !found;
}
