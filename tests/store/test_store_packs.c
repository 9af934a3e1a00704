/* SPDX-License-Identifier: MIT */
/*
 * Packs beside each other: a gc that was stopped and ran again, objects that
 * two packs hold, and files that are no packs.
 */
#include "support.h"

#include "base/base_internal.h"
#include "store/store_internal.h"
#include "golden_text.h"

enum { PACKS_MAX = 64, PACKS_PATH = 64 };

/* A file as it was. */
typedef struct kept {
    char path[PACKS_PATH];
    char *bytes;
    size_t size;
} kept;

typedef struct fixture {
    mlpipe_ctx *host, *c;
    mlpipe__memory_io *files;
    mlpipe_io io;
    mlpipe_store *s;
    uint64_t live;
    kept kept[PACKS_MAX];
    uint32_t count;
} fixture;

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    mlpipe_ctx_options options = {.size = sizeof options};

    if (!f || mlpipe_ctx_new(NULL, &f->host))
        return 1;
    f->files = mlpipe__memory_io_new(f->host->env, &f->io);
    options.io = &f->io;
    *state = f;
    if (!f->files || mlpipe_ctx_new(&options, &f->c))
        return 1;
    mlpipe_ctx_memory(f->c, &f->live, NULL);
    return mlpipe_store_open(f->c, "s", "sync=false", &f->s);
}

static void forget(fixture *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        free(f->kept[i].bytes);
    f->count = 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    uint64_t live;

    forget(f);
    mlpipe_store_free(f->s);
    mlpipe_ctx_memory(f->c, &live, NULL);
    mlpipe_ctx_free(f->c);
    mlpipe__memory_io_free(f->files);
    mlpipe_ctx_free(f->host);
    assert_true(live == f->live); /* nothing was left behind */
    free(f);
    return 0;
}

/* Another store that is empty. */
static void begin_again(fixture *f)
{
    mlpipe_ctx_options options = {.size = sizeof options, .io = &f->io};

    mlpipe_store_free(f->s);
    mlpipe_ctx_free(f->c);
    mlpipe__memory_io_free(f->files);
    f->files = mlpipe__memory_io_new(f->host->env, &f->io);
    assert_int_equal(0, mlpipe_ctx_new(&options, &f->c));
    assert_ok(f->c, mlpipe_store_open(f->c, "s", "sync=false", &f->s));
}

static void reopen(fixture *f)
{
    mlpipe_store_free(f->s);
    assert_ok(f->c, mlpipe_store_open(f->c, "s", "sync=false", &f->s));
}

/* ---- files ---------------------------------------------------------- */

static int32_t keep_one(void *arg, const char *name)
{
    fixture *f = arg;
    kept *k = &f->kept[f->count++];
    char *bytes;

    assert_true(f->count <= PACKS_MAX);
    snprintf(k->path, sizeof k->path, "s/packs/%.40s", name);
    assert_ok(f->c, mlpipe__file_read(f->c, k->path, 1 << 24, &bytes,
                                      &k->size));
    k->bytes = malloc(k->size);
    memcpy(k->bytes, bytes, k->size);
    mlpipe__free(f->c->env, bytes);
    return 0;
}

/* All packs as they are now. */
static void keep(fixture *f)
{
    forget(f);
    assert_int_equal(0, f->io.list(f->io.user, "s/packs", keep_one, f));
}

static void put_file(fixture *f, const char *path, const void *bytes,
                     size_t n)
{
    (void)f->io.remove(f->io.user, path);
    assert_ok(f->c, mlpipe__file_write(f->c, path, bytes, n, false));
}

static void put_back(fixture *f)
{
    for (uint32_t i = 0; i < f->count; i++)
        put_file(f, f->kept[i].path, f->kept[i].bytes, f->kept[i].size);
}

/* ---- what is in it -------------------------------------------------- */

static mlpipe_dataset *numbers(mlpipe_ctx *c, int64_t rows, double first)
{
    double *x = malloc((size_t)rows * sizeof *x);
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < rows; i++)
        x[i] = first + (double)(i * i);
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(x);
    return d;
}

static void put(fixture *f, const char *name, int64_t rows, double first)
{
    mlpipe_dataset *d = numbers(f->c, rows, first);

    assert_ok(f->c, mlpipe_store_put_dataset(f->c, f->s, name, d));
    mlpipe_dataset_free(d);
}

static void gc(fixture *f)
{
    mlpipe_report *r;

    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, NULL, &r));
    mlpipe_report_free(r);
}

static double damaged(fixture *f)
{
    mlpipe_report *r;
    double x;

    assert_ok(f->c, mlpipe_store_verify(f->c, f->s, &r));
    x = mlpipe_report_get(r, "damaged");
    mlpipe_report_free(r);
    return x;
}

static void same(fixture *f, const char *name, int64_t rows, double first)
{
    mlpipe_dataset *d = numbers(f->c, rows, first), *got;
    mlpipe_buffer *a, *b;

    assert_ok(f->c, mlpipe_store_get_dataset(f->c, f->s, name, &got));
    assert_ok(f->c, mlpipe_dataset_fingerprint(f->c, d, &a));
    assert_ok(f->c, mlpipe_dataset_fingerprint(f->c, got, &b));
    assert_string_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b));
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(got);
}

/* ---- tests ---------------------------------------------------------- */

/* A gc that makes one pack of many, and is stopped before the first of them
 * goes: the next one writes the same pack again, and must not take it away. */
static void a_gc_that_runs_again(void **state)
{
    fixture *f = *state;
    char name[16];

    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "n%d", i % 5);
        put(f, name, 3, i);
    }
    for (int again = 0; again < 4; again++) {
        keep(f);
        gc(f);
        put_back(f);
        if (again % 2)
            reopen(f);
    }
    gc(f);
    gc(f);
    reopen(f);
    assert_near(damaged(f), 0, 0);
    for (int i = 35; i < 40; i++) {
        snprintf(name, sizeof name, "n%d", i % 5);
        same(f, name, 3, i);
    }
}

/* Two packs hold everything; one of them is damaged, byte by byte. */
static void one_copy_of_two(void **state)
{
    fixture *f = *state;
    char name[16];
    uint32_t olds;
    kept *new;

    for (int i = 0; i < 36; i++) {
        snprintf(name, sizeof name, "n%d", i % 18);
        put(f, name, 3, i);
    }
    keep(f);
    olds = f->count;
    gc(f);
    assert_int_equal(0, f->io.list(f->io.user, "s/packs", keep_one, f));
    assert_int_equal(olds + 1, f->count);
    new = &f->kept[olds];
    put_back(f);
    for (size_t i = 0; i < new->size; i += 61) {
        new->bytes[i] ^= 1;
        put_file(f, new->path, new->bytes, new->size);
        reopen(f);
        same(f, "n0", 3, 18);
        same(f, "n17", 3, 35);
        new->bytes[i] ^= 1;
    }
    /* A gc does not take the good copy for the sake of the bad one. */
    new->bytes[new->size / 3] ^= 1;
    for (int again = 0; again < 3; again++) {
        put_back(f);
        reopen(f);
        gc(f);
        reopen(f);
        same(f, "n0", 3, 18);
        same(f, "n17", 3, 35);
    }
    new->bytes[new->size / 3] ^= 1;
}

/* What the message says: put it again. It is read or verified first, for what
 * is there is not read when something is put. */
static void putting_again_heals(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *got;
    kept *k;

    put(f, "all", 100, 7);
    keep(f);
    assert_int_equal(1, f->count);
    k = &f->kept[0];
    for (size_t i = 0; i < k->size - 256; i += 37) {
        k->bytes[i] ^= 4;
        put_file(f, k->path, k->bytes, k->size);
        reopen(f);
        if (i % 2)
            assert_true(damaged(f) > 0);
        else
            assert_true(mlpipe_store_get_dataset(f->c, f->s, "all", &got) !=
                        MLPIPE_OK);
        put(f, "all", 100, 7);
        reopen(f);
        same(f, "all", 100, 7);
        begin_again(f); /* without what healed it */
        put(f, "all", 100, 7);
        keep(f);
        assert_int_equal(1, f->count);
    }
}

/* A damaged pack that came back from its backup is read, by who had the store
 * open as well. */
static void packs_come_back(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *got;
    char last;

    put(f, "all", 100, 7);
    keep(f);
    last = f->kept[0].bytes[f->kept[0].size - 1];
    f->kept[0].bytes[f->kept[0].size - 1] ^= 1;
    put_back(f);
    reopen(f);
    assert_told(f->c, MLPIPE_E_CORRUPT,
                mlpipe_store_get_dataset(f->c, f->s, "all", &got));
    assert_true(damaged(f) > 0);
    f->kept[0].bytes[f->kept[0].size - 1] = last;
    put_back(f);
    same(f, "all", 100, 7);
    assert_near(damaged(f), 0, 0);
}

/* Who commits and collects while another looks at the store. */
typedef struct meddler {
    fixture *f;
    bool go;
    int done;
} meddler;

static int32_t meddle(void *user, const char *stage, double fraction)
{
    meddler *m = user;
    mlpipe_report *r;

    (void)fraction;
    if (!m->go || strcmp(stage, "history") || m->done++)
        return 0;
    put(m->f, "a", 5, 100);
    put(m->f, "b", 5, 200);
    put(m->f, "c", 5, 300);
    assert_ok(m->f->c, mlpipe_store_gc(m->f->c, m->f->s, "keep=1", &r));
    assert_true(mlpipe_report_get(r, "versions_dropped") > 0);
    mlpipe_report_free(r);
    return 0;
}

/* What comes and goes while a store is verified is no damage. */
static void verifies_beside_others(void **state)
{
    fixture *f = *state;
    meddler m = {.f = f};
    mlpipe_ctx_options o = {.size = sizeof o, .io = &f->io, .user = &m,
                            .progress = meddle};
    mlpipe_report *r;
    mlpipe_store *s;
    mlpipe_ctx *c;

    for (int i = 0; i < 4; i++)
        put(f, "a", 3, i), put(f, "b", 4, i);
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_store_open(c, "s", "sync=false", &s));
    m.go = true;
    assert_ok(c, mlpipe_store_verify(c, s, &r));
    assert_true(m.done > 0);
    assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
    mlpipe_report_free(r);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
}

/* An index whose hashes hold and whose records cannot: a finding each, and
 * the store is read beside it. */
static void hostile_indexes(void **state)
{
    static const struct {
        mlpipe__pack_entry e[2];
        uint32_t count;
        uint64_t offset;
    } cases[] = {
        {{{1, 1, 0, UINT64_C(1) << 40, 7}}, 1, UINT64_C(1) << 40},
        {{{1, 1, UINT64_MAX - 63, 128, 7}}, 1, 128},
        {{{1, 1, 64, 128, 7}}, 1, 128},
        {{{1, 1, 0, 64, 7}, {1, 2, 0, UINT64_MAX - 63, 7}}, 2, 0},
        {{{1, 1, 0, 64, 7}, {1, 1, 64, 64, 7}}, 2, 128},
        {{{1, 2, 0, 64, 7}, {1, 1, 64, 64, 7}}, 2, 128},
        {{{1, 1, 0, 1, 7}, {1, 2, 1, 127, 7}}, 2, 128},
        {{{1, 1, 0, 128, 7}}, UINT32_MAX, 128},
        {{{1, 1, 0, 64, 7}, {1, 2, 0, 64, 7}}, 2, 128}, /* overlap */
    };
    fixture *f = *state;
    mlpipe__hash128 name;
    mlpipe__text t;
    mlpipe_report *r;
    char hex[33], path[PACKS_PATH];
    static const char zeros[128];

    put(f, "all", 3, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint32_t real = cases[i].count == UINT32_MAX ? 1
                                                           : cases[i].count;

        mlpipe__text_init(&t, f->c->env);
        mlpipe__text_put(&t, zeros, sizeof zeros);
        mlpipe__pack_index(cases[i].e, real, cases[i].offset, &name, &t);
        if (real != cases[i].count) /* a count that the file cannot have */
            memcpy(t.data + t.size - 36, &cases[i].count, 4);
        mlpipe__hash_hex(name, hex);
        snprintf(path, sizeof path, "s/packs/%s", hex);
        put_file(f, path, t.data, t.size);
        mlpipe__text_free(&t);
        reopen(f);
        same(f, "all", 3, 1);
        assert_true(damaged(f) > 0);
        if (!mlpipe_store_gc(f->c, f->s, NULL, &r))
            mlpipe_report_free(r);
        same(f, "all", 3, 1);
        (void)f->io.remove(f->io.user, path);
    }
    assert_near(damaged(f), 0, 0);
}

static void log_count(void *arg, const mlpipe__store_entry *e)
{
    *(double *)arg += !strcmp(e->action, "put");
}

static double log_entries(fixture *f)
{
    double n = 0;

    assert_ok(f->c, mlpipe__store_log_read(f->c, f->s, log_count, &n, NULL));
    return n;
}

/* A damaged byte hides one entry; the next that is written cuts a torn tail,
 * and nothing that is good. */
static void logs_are_cut_at_their_end(void **state)
{
    fixture *f = *state;
    char *bytes;
    size_t n, entry;

    for (int i = 0; i < 6; i++)
        put(f, "all", 3, i);
    assert_ok(f->c, mlpipe__file_read(f->c, "s/log", 1 << 20, &bytes, &n));
    entry = n / 6;
    for (size_t i = 0; i < n; i += 5) {
        bytes[i] ^= 16;
        put_file(f, "s/log", bytes, n);
        assert_near(log_entries(f), 5, 0);
        assert_near(damaged(f), i < n - entry ? 1 : 0, 0);
        put(f, "other", 3, (double)i + 10);
        assert_near(log_entries(f), 6, 0);
        bytes[i] ^= 16;
    }
    for (size_t i = 1; i < n; i += 5) { /* torn */
        put_file(f, "s/log", bytes, i);
        assert_near(damaged(f), 0, 0);
        put(f, "other", 3, (double)i);
        assert_near(log_entries(f), (double)(i / entry) + 1, 0);
        assert_near(damaged(f), 0, 0);
    }
    mlpipe__free(f->c->env, bytes);
}

int main(void)
{
#define PACKS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        PACKS_TEST(a_gc_that_runs_again),
        PACKS_TEST(one_copy_of_two),
        PACKS_TEST(putting_again_heals),
        PACKS_TEST(packs_come_back),
        PACKS_TEST(verifies_beside_others),
        PACKS_TEST(hostile_indexes),
        PACKS_TEST(logs_are_cut_at_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
