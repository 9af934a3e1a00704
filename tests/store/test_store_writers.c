/* SPDX-License-Identifier: MIT */
/*
 * Four writers, a reader and a gc that never rests on one store, each with a
 * context of its own: nothing that was committed is lost, a counter that all
 * raise by compare-and-swap misses no step, and the store is whole at the end.
 * MLPIPE_SOAK_SECONDS makes it longer.
 */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/base_internal.h"
#include "store/store_internal.h"

enum { WRITERS = 4, WRITER_ROWS = 50 };

typedef struct soak {
    char path[64];
    atomic_int stop;
    atomic_int failed; /* a thread that found a fault */
    atomic_llong steps, commits, conflicts, gcs, reads, gone, young;
} soak;

typedef struct soak_thread {
    soak *shared;
    uint32_t number;
    pthread_t thread;
} soak_thread;

#define SOAK_CHECK(what)                                                   \
    do {                                                                   \
        if (!(what)) {                                                     \
            fprintf(stderr, "# %s:%d: %s: %s\n", __FILE__, __LINE__, #what, \
                    mlpipe_ctx_error(c)->text);                            \
            atomic_store(&t->shared->failed, 1);                           \
            atomic_store(&t->shared->stop, 1);                             \
        }                                                                  \
    } while (0)

/* One column of numbers that says `value`, and one that many share. */
static mlpipe_dataset *soak_data(mlpipe_ctx *c, int64_t value)
{
    int64_t x[WRITER_ROWS], y[WRITER_ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d = NULL;

    for (int64_t i = 0; i < WRITER_ROWS; i++) {
        x[i] = value;
        y[i] = value % 3 * 1000 + i;
    }
    if (mlpipe_builder_new(c, NULL, NULL, &b))
        return NULL;
    if (mlpipe_builder_column(c, b, "x", MLPIPE_I64, x, NULL, WRITER_ROWS) ||
        mlpipe_builder_column(c, b, "y", MLPIPE_I64, y, NULL, WRITER_ROWS) ||
        mlpipe_builder_finish(c, b, &d))
        d = NULL;
    mlpipe_builder_free(b);
    return d;
}

static int64_t soak_value(const mlpipe_dataset *d)
{
    double x = 0;
    uint8_t valid;

    mlpipe__dataset_block(d, 0, 0, 1, &x, &valid);
    return (int64_t)x;
}

/* Raises the counter by one; false: somebody else was first. */
static bool soak_raise(soak_thread *t, mlpipe_ctx *c, mlpipe_store *s)
{
    mlpipe__store_ref ref;
    mlpipe_dataset *d = NULL, *next;
    char params[64];
    mlpipe_status st = mlpipe__store_resolve(c, s, "counter", "dataset",
                                             &ref);

    if (!st)
        st = mlpipe_store_get_dataset(c, s, ref.id, &d);
    if (st == MLPIPE_E_NOT_FOUND)
        return false; /* it moved on, and gc took it */
    SOAK_CHECK(!st);
    if (st)
        return false;
    next = soak_data(c, soak_value(d) + 1);
    snprintf(params, sizeof params, "expect=%s", ref.id);
    st = mlpipe_store_commit(c, s, "counter", next, params, NULL);
    SOAK_CHECK(!st || st == MLPIPE_E_CONFLICT);
    mlpipe_dataset_free(next);
    mlpipe_dataset_free(d);
    return !st;
}

static void *soak_write(void *arg)
{
    soak_thread *t = arg;
    mlpipe_store *s = NULL;
    mlpipe_ctx *c = NULL;
    mlpipe_dataset *d, *back;
    int64_t i;
    char name[16];

    snprintf(name, sizeof name, "w%u", t->number);
    SOAK_CHECK(!mlpipe_ctx_new(NULL, &c));
    SOAK_CHECK(!mlpipe_store_open(c, t->shared->path,
                                  "sync=false wait='60 s'", &s));
    for (i = 0; !atomic_load(&t->shared->stop); i++) {
        /* The same few values in all writers: what one finds there is what
         * another put and gc is about to take. */
        d = soak_data(c, 1000000 + i % 7);
        SOAK_CHECK(d && !mlpipe_store_commit(c, s, name, d, NULL, NULL));
        back = NULL;
        SOAK_CHECK(!mlpipe_store_get_dataset(c, s, name, &back));
        SOAK_CHECK(back && soak_value(back) == 1000000 + i % 7);
        mlpipe_dataset_free(back);
        mlpipe_dataset_free(d);
        atomic_fetch_add(&t->shared->commits, 1);
        if (soak_raise(t, c, s))
            atomic_fetch_add(&t->shared->steps, 1);
        else
            atomic_fetch_add(&t->shared->conflicts, 1);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    return NULL;
}

static void *soak_gc(void *arg)
{
    soak_thread *t = arg;
    mlpipe_store *s = NULL;
    mlpipe_report *r;
    mlpipe_ctx *c = NULL;

    SOAK_CHECK(!mlpipe_ctx_new(NULL, &c));
    SOAK_CHECK(!mlpipe_store_open(c, t->shared->path,
                                  "sync=false wait='60 s'", &s));
    while (!atomic_load(&t->shared->stop)) {
        r = NULL;
        SOAK_CHECK(!mlpipe_store_gc(c, s, "keep=1", &r));
        if (r && mlpipe_report_get(r, "objects_young") > 0)
            atomic_fetch_add(&t->shared->young, 1);
        mlpipe_report_free(r);
        atomic_fetch_add(&t->shared->gcs, 1);
        mlpipe__os_nap(500);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    return NULL;
}

/* Reads without a lock: what a name had, or that it is gone. */
static void *soak_read(void *arg)
{
    soak_thread *t = arg;
    mlpipe_store *s = NULL;
    mlpipe_dataset *d;
    mlpipe_ctx *c = NULL;
    mlpipe_status st;
    int64_t last = 0;

    SOAK_CHECK(!mlpipe_ctx_new(NULL, &c));
    SOAK_CHECK(!mlpipe_store_open(c, t->shared->path, "sync=false", &s));
    while (!atomic_load(&t->shared->stop)) {
        st = mlpipe_store_get_dataset(c, s, "counter", &d);
        SOAK_CHECK(!st || st == MLPIPE_E_NOT_FOUND);
        if (!st) {
            SOAK_CHECK(soak_value(d) >= last);
            last = soak_value(d);
            mlpipe_dataset_free(d);
        }
        atomic_fetch_add(st ? &t->shared->gone : &t->shared->reads, 1);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    return NULL;
}

static void soak_remove(mlpipe_ctx *c, const char *path);

static int32_t soak_remove_one(void *arg, const char *name)
{
    mlpipe_ctx *c = ((void **)arg)[0];
    char path[256];

    snprintf(path, sizeof path, "%s/%s", (char *)((void **)arg)[1], name);
    soak_remove(c, path);
    return 0;
}

static void soak_remove(mlpipe_ctx *c, const char *path)
{
    const mlpipe_io *io = &c->env->io;
    mlpipe_io_stat stat;
    char copy[256];
    void *arg[2] = {c, copy};

    snprintf(copy, sizeof copy, "%s", path);
    if (!io->stat(io->user, path, &stat) && stat.is_dir)
        (void)io->list(io->user, path, soak_remove_one, arg);
    (void)io->remove(io->user, path);
}

static bool soak_enough(const soak *w)
{
    return w->commits > 20 && w->steps > 0 && w->gcs > 2;
}

static void soak_end(soak *w, mlpipe_ctx *c, mlpipe_store *s)
{
    mlpipe_dataset *d;
    mlpipe_report *r;
    char name[16];

    assert_int_equal(0, atomic_load(&w->failed));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "counter", &d));
    assert_int_equal(atomic_load(&w->steps), soak_value(d));
    mlpipe_dataset_free(d);
    for (uint32_t i = 0; i < WRITERS; i++) {
        snprintf(name, sizeof name, "w%u", i);
        assert_ok(c, mlpipe_store_get_dataset(c, s, name, &d));
        mlpipe_dataset_free(d);
    }
    for (uint32_t i = 0; i < 2; i++) { /* and behind one more gc */
        assert_ok(c, mlpipe_store_verify(c, s, &r));
        assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
        mlpipe_report_free(r);
        assert_ok(c, mlpipe_store_gc(c, s, "keep=1", &r));
        assert_near(mlpipe_report_get(r, "writers"), 0, 0);
        mlpipe_report_free(r);
    }
    print_message("%lld commits, %lld steps of the counter, %lld conflicts, "
                  "%lld gc, %lld of them with young objects, %lld reads, %lld "
                  "gone\n", (long long)w->commits, (long long)w->steps,
                  (long long)w->conflicts, (long long)w->gcs,
                  (long long)w->young, (long long)w->reads,
                  (long long)w->gone);
    assert_true(soak_enough(w));
}

static void nothing_is_lost(void **state)
{
    const char *seconds = getenv("MLPIPE_SOAK_SECONDS");
    const struct timespec step = {0, 100000000};
    const int steps = 10 * (seconds ? atoi(seconds) : 3);
    soak w = {.path = "/tmp/mlpipe-soak-XXXXXX"};
    soak_thread threads[WRITERS + 2];
    mlpipe_store *s;
    mlpipe_dataset *d;
    mlpipe_ctx *c;

    (void)state;
    assert_non_null(mkdtemp(w.path));
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_store_open(c, w.path, "sync=false wait='60 s'", &s));
    d = soak_data(c, 0);
    assert_ok(c, mlpipe_store_commit(c, s, "counter", d, NULL, NULL));
    mlpipe_dataset_free(d);
    for (uint32_t i = 0; i < WRITERS + 2; i++) {
        threads[i] = (soak_thread){.shared = &w, .number = i};
        assert_int_equal(0, pthread_create(&threads[i].thread, NULL,
                                           i < WRITERS    ? soak_write
                                           : i == WRITERS ? soak_gc
                                                          : soak_read,
                                           &threads[i]));
    }
    /* As long as is asked for, and on a slow machine until enough happened,
     * which never takes two minutes. */
    for (int i = 0; i < steps || (i < steps + 1200 && !soak_enough(&w)); i++)
        nanosleep(&step, NULL);
    atomic_store(&w.stop, 1);
    for (uint32_t i = 0; i < WRITERS + 2; i++)
        assert_int_equal(0, pthread_join(threads[i].thread, NULL));
    soak_end(&w, c, s);
    mlpipe_store_free(s);
    soak_remove(c, w.path);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
