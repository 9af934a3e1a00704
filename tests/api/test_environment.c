/* SPDX-License-Identifier: MIT */
/*
 * What the host did to its process changes no result: rounding mode,
 * flush-to-zero, locale, closed files, fork, a cap on memory.
 */
#include "api/api_world.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static api_world world;
static api_result expected[API_CALLS];

static int world_open(void **state)
{
    (void)state;
    api_world_open(&world);
    memset(expected, 0, sizeof expected);
    for (uint32_t i = 0; i < API_CALLS; i++)
        if (api_calls[i].run(&world, world.c, &expected[i]))
            return 1;
    return 0;
}

static int world_close(void **state)
{
    (void)state;
    api_world_close(&world);
    return 0;
}

/* Every call on a context gives what it gave before. */
static void all_as_before(mlpipe_ctx *c, const char *how)
{
    static api_result got;
    for (uint32_t i = 0; i < API_CALLS; i++) {
        memset(&got, 0, sizeof got);
        assert_ok(c, api_calls[i].run(&world, c, &got));
        if (memcmp(&got, &expected[i], sizeof got))
            fail_msg("%s: other bytes under %s", api_calls[i].name, how);
    }
}

#if defined(__x86_64__)

/* Rows of doubles, without a context. */
static void rows_as_before(unsigned mode)
{
    enum { N = 40 };
    double row[N][8] = {{0}}, one[N], many[N], plain[N];
    void *scratch;
    mlpipe_predictor *p;
    const uint32_t inputs = mlpipe_model_inputs(world.model);
    const unsigned host = _mm_getcsr();
    assert_true(inputs <= 8);
    assert_ok(world.c,
              mlpipe_predictor_new(world.c, world.model, NULL, &p));
    scratch = aligned_alloc(64, (mlpipe_predictor_scratch(p) | 63) + 1);
    assert_non_null(scratch);
    for (int i = 0; i < N; i++)
        for (uint32_t k = 0; k < inputs && k < 8; k++)
            row[i][k] = (double)(i * 37 % 11) / 3.0;
    assert_int_equal(0, mlpipe_predict_rows(p, scratch, row, sizeof row[0],
                                            N, plain));
    _mm_setcsr(mode);
    mlpipe_predict_rows(p, scratch, row, sizeof row[0], N, many);
    const unsigned after_many = _mm_getcsr();
    for (int i = 0; i < N; i++)
        mlpipe_predict_row(p, scratch, row[i], &one[i]);
    const unsigned after_one = _mm_getcsr();
    _mm_setcsr(host);
    assert_int_equal(mode & 0xffc0, after_many & 0xffc0);
    assert_int_equal(mode & 0xffc0, after_one & 0xffc0);
    assert_memory_equal(plain, many, sizeof plain);
    assert_memory_equal(plain, one, sizeof plain);
    free(scratch);
    mlpipe_predictor_free(p);
}

static void odd_float_modes(void **state)
{
    /* up, down, to zero; flush-to-zero; denormals are zero; all of it */
    static const unsigned modes[] = {0x5f80, 0x3f80, 0x7f80,
                                     0x9f80, 0x1fc0, 0xffc0};
    (void)state;
    for (uint32_t k = 0; k < sizeof modes / sizeof *modes; k++) {
        static api_result got[API_CALLS];
        unsigned after[API_CALLS];
        mlpipe_status st[API_CALLS];
        const unsigned host = _mm_getcsr();
        mlpipe_ctx *c;
        memset(got, 0, sizeof got);
        _mm_setcsr(modes[k]); /* its pool is born in this mode too */
        c = made_ctx(1 + k % 3);
        for (uint32_t i = 0; i < API_CALLS; i++) {
            st[i] = api_calls[i].run(&world, c, &got[i]);
            after[i] = _mm_getcsr();
        }
        mlpipe_ctx_free(c);
        _mm_setcsr(host);
        for (uint32_t i = 0; i < API_CALLS; i++) {
            assert_int_equal(0, st[i]);
            if (memcmp(&got[i], &expected[i], sizeof *got))
                fail_msg("%s: other bytes under MXCSR %x", api_calls[i].name,
                         modes[k]);
            assert_int_equal(modes[k] & 0xffc0, after[i] & 0xffc0);
        }
        rows_as_before(modes[k]);
    }
}

#endif

static void locales(void **state)
{
    static const char *const names[] = {
        "de_DE.UTF-8", "de_DE.utf8", "de_DE", "tr_TR.UTF-8", "tr_TR.utf8",
        "tr_TR", "fr_FR.UTF-8", "ar_EG.UTF-8", "C.UTF-8"};
    (void)state;
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i]))
            continue; /* not on this machine */
        all_as_before(world.c, names[i]);
        assert_non_null(setlocale(LC_ALL, "C"));
    }
}

/* The library's files may then get the numbers 0, 1 and 2. */
static void closed_files(void **state)
{
    char folder[] = "/tmp/mlpipe_api_XXXXXX", path[64];
    int saved[3], fd;
    mlpipe_model *m = NULL;
    mlpipe_status save, load;
    uint8_t differs = 0;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.mlpipe", folder);
    fflush(NULL);
    for (fd = 0; fd < 3; fd++) {
        saved[fd] = fcntl(fd, F_DUPFD, 10);
        close(fd);
    }
    save = mlpipe_model_save(world.c, world.model, path);
    load = mlpipe_model_load(world.c, path, &m);
    for (uint32_t i = 0; i < API_CALLS; i++) {
        static api_result got;
        memset(&got, 0, sizeof got);
        differs |= api_calls[i].run(&world, world.c, &got) ||
                   memcmp(&got, &expected[i], sizeof got);
    }
    for (fd = 0; fd < 3; fd++)
        if (saved[fd] >= 0) {
            dup2(saved[fd], fd);
            close(saved[fd]);
        }
    assert_int_equal(0, save);
    assert_int_equal(0, load);
    assert_int_equal(0, differs);
    assert_string_equal(mlpipe_model_id(world.model), mlpipe_model_id(m));
    mlpipe_model_free(m);
    unlink(path);
    rmdir(folder);
}

/* What a child finds; its number says which of these did not hold. */
static int child_calls(mlpipe_ctx *inherited, mlpipe_ctx *pool,
                       mlpipe_store *store)
{
    api_result got;
    mlpipe_ctx *c = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_model *m = NULL;
    mlpipe_slot *slot = NULL;
    mlpipe_report *r = NULL;
    memset(&got, 0, sizeof got);
    if (mlpipe_ctx_new(NULL, &c) || api_predict(&world, c, &got) ||
        memcmp(&got, &expected[6], sizeof got))
        return 1; /* an inherited model with a new context */
    if (api_fit_trees(&world, c, &got) ||
        memcmp(&got, &expected[2], sizeof got))
        return 2;
    if (mlpipe_read_csv(inherited, "x.csv", NULL, &d) != MLPIPE_E_STATE)
        return 3;
    if (mlpipe_model_load(inherited, "x.mlpipe", &m) != MLPIPE_E_STATE)
        return 4;
    if (mlpipe_model_save(inherited, world.model, "x.mlpipe") !=
        MLPIPE_E_STATE)
        return 5;
    if (mlpipe_store_verify(inherited, store, &r) != MLPIPE_E_STATE)
        return 6;
    if (mlpipe_store_verify(c, store, &r) != MLPIPE_E_STATE ||
        !strstr(mlpipe_ctx_error(c)->text, "; open it again after fork"))
        return 7; /* the store was made before, whatever the context */
    if (mlpipe_fit(pool, world.trees, world.train, NULL, &m) !=
            MLPIPE_E_STATE || m)
        return 8; /* its threads did not follow */
    if (mlpipe_slot_new(c, world.model, NULL, NULL, &slot))
        return 9;
    mlpipe_slot_free(slot);
    mlpipe_store_free(store);
    mlpipe_ctx_free(inherited); /* memory only */
    mlpipe_ctx_free(pool);
    mlpipe_ctx_free(c);
    return 0;
}

/* A sanitizer's own locks do not survive a fork beside a pool's threads. */
#ifdef __SANITIZE_ADDRESS__
enum { FORKS = 0 };
#else
enum { FORKS = 1 };
#endif

static void forks(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(world.c->env, &io);
    mlpipe_ctx *inherited, *pool = made_ctx(3);
    mlpipe_store *store;
    pid_t child;
    int how = -1;
    (void)state;
    assert_non_null(files);
    o.io = &io;
    assert_int_equal(0, mlpipe_ctx_new(&o, &inherited));
    assert_ok(inherited, mlpipe_store_open(inherited, "s", NULL, &store));
    fflush(NULL);
    child = FORKS ? fork() : -1;
    if (!FORKS)
        goto done;
    assert_true(child >= 0);
    if (!child) {
        alarm(60);
        _exit(child_calls(inherited, pool, store));
    }
    assert_int_equal(child, waitpid(child, &how, 0));
    if (!WIFEXITED(how) || WEXITSTATUS(how))
        fail_msg("the child ended with %x", (unsigned)how);
done:
    mlpipe_store_free(store);
    mlpipe_ctx_free(inherited);
    mlpipe_ctx_free(pool);
    mlpipe__memory_io_free(files);
    all_as_before(world.c, "a fork that is over");
    if (!FORKS)
        skip(); /* or it would be told as done */
}

static void capped(uint32_t call, uint64_t cap, bool fits)
{
    mlpipe_ctx_options o = {.size = sizeof o, .memory_cap = cap};
    mlpipe_ctx *c;
    static api_result got;
    uint64_t live, peak;
    mlpipe_status st = mlpipe_ctx_new(&o, &c);
    if (st) {
        assert_int_equal(MLPIPE_E_NOMEM, st);
        assert_null(c);
        return;
    }
    live = made_live(c);
    memset(&got, 0, sizeof got);
    st = api_calls[call].run(&world, c, &got);
    if (fits) {
        assert_ok(c, st);
        assert_memory_equal(&expected[call], &got, sizeof got);
    } else if (st != MLPIPE_E_NOMEM) {
        fail_msg("%s with a cap of %llu bytes: %s", api_calls[call].name,
                 (unsigned long long)cap, mlpipe_status_name(st));
    } else {
        assert_int_equal(st, mlpipe_ctx_error(c)->status);
    }
    assert_int_equal(live, made_live(c));
    mlpipe_ctx_memory(c, NULL, &peak);
    assert_true(peak <= cap);
    mlpipe_ctx_free(c);
}

static void memory_caps(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < API_CALLS; i++) {
        mlpipe_ctx *c = made_ctx(1);
        static api_result got;
        uint64_t peak;
        assert_ok(c, api_calls[i].run(&world, c, &got));
        mlpipe_ctx_memory(c, NULL, &peak);
        mlpipe_ctx_free(c);
        for (uint64_t k = 1; k < 32; k++)
            capped(i, peak * k / 32, false);
        capped(i, peak - 1, false);
        capped(i, peak, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
        cmocka_unit_test(odd_float_modes),
#endif
        cmocka_unit_test(locales),
        cmocka_unit_test(closed_files),
        cmocka_unit_test(forks),
        cmocka_unit_test(memory_caps),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
