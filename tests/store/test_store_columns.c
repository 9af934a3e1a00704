/* SPDX-License-Identifier: MIT */
/*
 * Columns on their way into packs: any threads, vectors and ways to write
 * give the same bytes, and what goes wrong beside the tasks is told.
 */
#include "support.h"

#include <pthread.h>

#include "base/base_internal.h"
#include "store/store_internal.h"

enum {
    COLUMNS_ROWS = 3 * MLPIPE__CHUNK_ROWS + 77,
    COLUMNS_COUNT = 5
};

/* Files in memory with a disk that keeps room. */
typedef struct disk {
    mlpipe__memory_io *files;
    mlpipe_io inner;
    void *pack;
    uint64_t reserved, truncated; /* the last */
    uint32_t reserves, truncates;
    int32_t answer;
} disk;

static disk the_disk;

static int32_t disk_reserve(void *user, void *file, uint64_t bytes)
{
    (void)user;
    the_disk.pack = file;
    assert_true(bytes > the_disk.reserved);
    the_disk.reserved = bytes;
    the_disk.reserves++;
    return the_disk.answer;
}

static int32_t disk_truncate(void *user, void *file, uint64_t bytes)
{
    if (file == the_disk.pack) {
        the_disk.truncated = bytes;
        the_disk.truncates++;
    }
    return the_disk.inner.truncate(user, file, bytes);
}

static pthread_t the_caller;
static atomic_uint strangers; /* that allocated or freed */

static void *watched_alloc(void *user, void *ptr, size_t old_size,
                           size_t new_size, size_t align)
{
    if (!pthread_equal(pthread_self(), the_caller))
        atomic_fetch_add(&strangers, 1);
    return mlpipe__os_alloc(user, ptr, old_size, new_size, align);
}

static mlpipe_dataset *columns_made(mlpipe_ctx *c)
{
    static double x[COLUMNS_COUNT][COLUMNS_ROWS];
    static int64_t whole[COLUMNS_ROWS];
    static const char *const names[COLUMNS_COUNT] = {"a", "b", "c", "d", "e"};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    uint64_t dice = 1;

    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t k = 0; k < COLUMNS_COUNT; k++) {
        for (uint32_t i = 0; i < COLUMNS_ROWS; i++) {
            dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
            x[k][i] = k == 1   ? (double)(dice >> 60) * 86400
                      : k == 2 ? (double)(int64_t)dice
                               : (double)(dice >> 40) / 1000 - 8000;
        }
        assert_ok(c, mlpipe_builder_column(c, b, names[k], MLPIPE_F64, x[k],
                                           NULL, COLUMNS_ROWS));
    }
    for (uint32_t i = 0; i < COLUMNS_ROWS; i++)
        memcpy(&whole[i], &x[2][i], sizeof whole[i]); /* of 8 bytes */
    assert_ok(c, mlpipe_builder_column(c, b, "f", MLPIPE_I64, whole, NULL,
                                       COLUMNS_ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static int32_t columns_name(void *arg, const char *name)
{
    mlpipe__text *t = arg;

    assert_int_equal(t->size, 0); /* one pack */
    mlpipe__text_put(t, name, strlen(name));
    return 0;
}

/* The name of the pack, which proves its bytes, and how many they are. */
static void columns_pack(mlpipe_ctx *c, mlpipe__text *name, uint64_t *bytes)
{
    const mlpipe_io *io = &c->env->io;
    char path[96];
    mlpipe_io_stat stat;

    mlpipe__text_init(name, c->env);
    assert_int_equal(io->list(io->user, "s/packs", columns_name, name), 0);
    snprintf(path, sizeof path, "s/packs/%.40s", name->data);
    assert_int_equal(io->stat(io->user, path, &stat), 0);
    *bytes = stat.size;
}

static int32_t columns_parallel(void *user, mlpipe_task task, void *arg,
                                uint32_t count)
{
    (void)user;
    while (count)
        task(arg, --count);
    return 0;
}

/* A store in memory, committed to by so many threads; 9: by a host's. */
static void columns_commit(mlpipe_ctx *host, uint32_t threads, bool reserve,
                           char want[64], uint64_t *bytes)
{
    mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_store *s;
    mlpipe_dataset *d;
    mlpipe__text name;
    mlpipe_ctx *c;
    mlpipe_io io;

    the_disk.files = mlpipe__memory_io_new(host->env, &the_disk.inner);
    io = the_disk.inner;
    io.truncate = disk_truncate;
    io.reserve = reserve ? disk_reserve : NULL;
    the_disk.pack = NULL;
    the_disk.reserved = the_disk.reserves = the_disk.truncates = 0;
    o.io = &io;
    o.parallel = threads == 9 ? columns_parallel : NULL;
    o.alloc = watched_alloc;
    the_caller = pthread_self();
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    d = columns_made(c);
    assert_ok(c, mlpipe_store_open(c, "s", "sync=false", &s));
    assert_ok(c, mlpipe_store_commit(c, s, "t", d, "time=2026-01-01", NULL));
    columns_pack(c, &name, bytes);
    if (want[0])
        assert_string_equal(name.data, want);
    else
        snprintf(want, 64, "%s", name.data);
    mlpipe__text_free(&name);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(the_disk.files);
    assert_int_equal(atomic_load(&strangers), 0); /* tasks never allocate */
}

static void any_threads_write_the_same(void **state)
{
    static const uint32_t threads[] = {1, 2, 3, 9, 20};
    mlpipe_ctx *host;
    char want[64] = "";
    uint64_t bytes;

    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &host), MLPIPE_OK);
    for (uint32_t i = 0; i < sizeof threads / sizeof *threads; i++)
        columns_commit(host, threads[i], false, want, &bytes);
    mlpipe_ctx_free(host);
}

/* Room is asked for ahead and given back, and nobody needs to have any. */
static void room_is_asked_for(void **state)
{
    mlpipe_ctx *host;
    char want[64] = "";
    uint64_t bytes;

    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &host), MLPIPE_OK);
    columns_commit(host, 1, false, want, &bytes);
    for (the_disk.answer = MLPIPE_IO_OK;
         the_disk.answer <= MLPIPE_IO_NO_SPACE; the_disk.answer++) {
        columns_commit(host, 2, true, want, &bytes);
        assert_true(bytes > 6u << 20);
        assert_int_equal(the_disk.reserves, 1);
        assert_int_equal(the_disk.truncates, 1);
        assert_true(the_disk.reserved >= bytes);
        assert_true(the_disk.truncated == bytes);
    }
    mlpipe_ctx_free(host);
}

/* A disk that fails at any time, while others work: nothing is left behind
 * in memory, and the next commit has the same pack. */
static void writes_fail_beside(void **state)
{
    mlpipe__memory_io *files;
    mlpipe__fault_io fault = {.fail_at = -1, .result = MLPIPE_IO_NO_SPACE};
    mlpipe_ctx_options o = {.size = sizeof o, .threads = 3};
    mlpipe_io inner, io;
    mlpipe_ctx *host, *c;
    mlpipe_dataset *d;
    uint64_t live, after;
    uint32_t failed = 0;

    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &host), MLPIPE_OK);
    files = mlpipe__memory_io_new(host->env, &inner);
    fault.inner = &inner;
    mlpipe__fault_io_table(&fault, &io);
    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    d = columns_made(c);
    mlpipe_ctx_memory(c, &live, NULL);
    for (int64_t at = 3; at < 60; at += 4) {
        mlpipe_store *s;
        mlpipe_status st;
        char folder[32];

        snprintf(folder, sizeof folder, "s%d", (int)at);
        fault.fail_at = -1;
        assert_ok(c, mlpipe_store_open(c, folder, "sync=false", &s));
        fault.count = 0;
        fault.fail_at = at;
        st = mlpipe_store_commit(c, s, "t", d, NULL, NULL);
        failed += st == MLPIPE_E_IO;
        fault.fail_at = -1;
        assert_ok(c, mlpipe_store_commit(c, s, "t", d, NULL, NULL));
        mlpipe_store_free(s);
    }
    assert_true(failed > 4);
    mlpipe_ctx_memory(c, &after, NULL);
    assert_true(after == live);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    mlpipe_ctx_free(host);
}

/* Loops over numbers: the same for any vectors, at any length. */
static void lanes_agree(void **state)
{
    const mlpipe__store_lanes *plain = mlpipe__store_lanes_of(16);
    static const uint64_t below[] = {0, UINT64_MAX >> 12, UINT64_MAX >> 8,
                                     UINT64_MAX >> 3, UINT64_MAX};
    int64_t whole[MLPIPE__STORE_PIECE];
    double x[MLPIPE__STORE_PIECE];
    uint64_t dice = 3, hashes[2][MLPIPE__STORE_PIECE];
    uint64_t few[2][MLPIPE__STORE_PIECE];

    (void)state;
    for (uint32_t i = 0; i < MLPIPE__STORE_PIECE; i++) {
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        whole[i] = (int64_t)dice;
        x[i] = i % 9 ? (double)(int64_t)dice / 1e9 : i % 2 ? -0.0 : 0.0;
    }
    for (uint32_t vector = 16; vector <= mlpipe__cpu_vector(); vector *= 2) {
        const mlpipe__store_lanes *lanes = mlpipe__store_lanes_of(vector);

        for (uint32_t t = 0; t < 2 * MLPIPE__STORE_PIECE; t++) {
            const uint32_t n = t / 2 + 1;
            const int64_t *w = t % 2 ? whole : NULL;
            const double *v = t % 2 ? NULL : x;
            const uint64_t most = below[n % 5];
            uint32_t count;

            plain->hash(w, v, n, hashes[0]);
            lanes->hash(w, v, n, hashes[1]);
            assert_memory_equal(hashes[0], hashes[1], n * sizeof **hashes);
            count = plain->sift(hashes[0], n, most, few[0]);
            assert_int_equal(lanes->sift(hashes[0], n, most, few[1]), count);
            assert_memory_equal(few[0], few[1], count * sizeof **few);
            assert_int_equal(lanes->pick(w, v, n, most, few[1]), count);
            assert_memory_equal(few[0], few[1], count * sizeof **few);
            assert_true(lanes->no_nan(x, n));
            dice = (uint64_t)(n - 1) * 7 % n;
            const double kept = x[dice];
            x[dice] = mlpipe__nan();
            assert_false(lanes->no_nan(x, n));
            x[dice] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_threads_write_the_same),
        cmocka_unit_test(room_is_asked_for),
        cmocka_unit_test(writes_fail_beside),
        cmocka_unit_test(lanes_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
