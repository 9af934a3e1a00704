/* SPDX-License-Identifier: MIT */
/* The io tables: one script for disk and memory; faults; whole files. */
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/base_internal.h"
#include "golden_text.h"

static mlpipe_ctx *io_ctx(const mlpipe_io *io)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    o.io = io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    return c;
}

static int32_t count_names(void *arg, const char *name)
{
    int *n = arg;
    assert_true(name[0] && name[0] != '.');
    ++*n;
    return 0;
}

static int32_t stop_names(void *arg, const char *name)
{
    (void)arg, (void)name;
    return 99;
}

static const char *at(const char *root, const char *name)
{
    static char paths[64][300];
    static int next;
    char *p = paths[next++ % 64];
    snprintf(p, 300, "%s/%s", root, name);
    return p;
}

static void put(const mlpipe_io *io, const char *path, int32_t mode,
                const char *text)
{
    void *f;
    assert_int_equal(io->open(io->user, path, mode, &f), MLPIPE_IO_OK);
    assert_int_equal(io->write(io->user, f, text, strlen(text)), 0);
    assert_int_equal(io->sync(io->user, f), 0);
    assert_int_equal(io->close(io->user, f), 0);
}

static void expect(const mlpipe_io *io, const char *path, const char *text)
{
    char got[64] = "";
    size_t n = 99;
    void *f;
    assert_int_equal(io->open(io->user, path, MLPIPE_IO_READ, &f), 0);
    assert_int_equal(io->read_at(io->user, f, 0, got, 63, &n), 0);
    assert_int_equal(n, strlen(text));
    assert_string_equal(got, text);
    assert_int_equal(io->read_at(io->user, f, 1000, got, 63, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(io->close(io->user, f), 0);
}

static void files_script(const mlpipe_io *io, const char *root)
{
    void *f, *g;
    mlpipe_io_stat s;
    const char *a = at(root, "a"), *b = at(root, "b");
    char got[8] = "";
    size_t n;
    assert_int_equal(io->open(io->user, a, MLPIPE_IO_READ, &f),
                     MLPIPE_IO_NOT_FOUND);
    assert_null(f);
    put(io, a, MLPIPE_IO_CREATE, "one");
    assert_int_equal(io->open(io->user, a, MLPIPE_IO_CREATE, &f),
                     MLPIPE_IO_EXISTS);
    put(io, a, MLPIPE_IO_APPEND, "two");
    expect(io, a, "onetwo");
    assert_int_equal(io->stat(io->user, a, &s), 0);
    assert_int_equal(s.size, 6);
    assert_int_equal(s.is_dir, 0);
    /* append again after a cut, as a log does with a torn tail */
    assert_int_equal(io->open(io->user, a, MLPIPE_IO_APPEND, &f), 0);
    assert_int_equal(io->truncate(io->user, f, 2), 0);
    assert_int_equal(io->write(io->user, f, "X", 1), 0);
    assert_int_equal(io->read_at(io->user, f, 1, got, 8, &n), 0);
    assert_int_equal(n, 2);
    assert_memory_equal(got, "nX", 2);
    assert_int_equal(io->close(io->user, f), 0);
    expect(io, a, "onX");
    /* a replaced file stays readable where it is open */
    put(io, b, MLPIPE_IO_CREATE, "new");
    assert_int_equal(io->open(io->user, a, MLPIPE_IO_READ, &g), 0);
    assert_int_equal(io->rename(io->user, b, a), 0);
    expect(io, a, "new");
    assert_int_equal(io->read_at(io->user, g, 0, got, 8, &n), 0);
    assert_memory_equal(got, "onX", 3);
    assert_int_equal(io->close(io->user, g), 0);
    assert_int_equal(io->stat(io->user, b, &s), MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->rename(io->user, b, a), MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->remove(io->user, a), 0);
    assert_int_equal(io->remove(io->user, a), MLPIPE_IO_NOT_FOUND);
}

static void folders_script(const mlpipe_io *io, const char *root)
{
    const char *d = at(root, "d"), *e = at(root, "e");
    mlpipe_io_stat s;
    void *f;
    int names = 0;
    assert_int_equal(io->open(io->user, at(root, "no/f"), MLPIPE_IO_CREATE,
                              &f),
                     MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->make_dir(io->user, d), 0);
    assert_int_equal(io->make_dir(io->user, d), MLPIPE_IO_EXISTS);
    assert_int_equal(io->make_dir(io->user, at(root, "no/sub")),
                     MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->make_dir(io->user, at(root, "d/sub")), 0);
    put(io, at(root, "d/f"), MLPIPE_IO_CREATE, "f");
    put(io, at(root, "d/sub/g"), MLPIPE_IO_CREATE, "g");
    assert_int_equal(io->stat(io->user, d, &s), 0);
    assert_int_equal(s.is_dir, 1);
    assert_int_equal(io->open(io->user, d, MLPIPE_IO_READ, &f),
                     MLPIPE_IO_FAILED);
    assert_int_equal(io->list(io->user, d, count_names, &names), 0);
    assert_int_equal(names, 2);
    assert_int_equal(io->list(io->user, d, stop_names, &names), 99);
    assert_int_equal(io->list(io->user, e, count_names, &names),
                     MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->sync_dir(io->user, d), 0);
    assert_int_equal(io->sync_dir(io->user, e), MLPIPE_IO_NOT_FOUND);
    assert_int_equal(io->remove(io->user, d), MLPIPE_IO_EXISTS);
    assert_int_equal(io->rename(io->user, d, e), 0);
    expect(io, at(root, "e/sub/g"), "g");
    assert_int_equal(io->remove(io->user, at(root, "e/sub/g")), 0);
    assert_int_equal(io->remove(io->user, at(root, "e/sub")), 0);
    assert_int_equal(io->remove(io->user, at(root, "e/f")), 0);
    assert_int_equal(io->remove(io->user, e), 0);
}

static void locks_script(const mlpipe_io *io, const char *root)
{
    const char *path = at(root, "lock");
    void *one, *two;
    assert_int_equal(io->lock(io->user, path, &one), 0);
    assert_int_equal(io->lock(io->user, path, &two), MLPIPE_IO_BUSY);
    assert_null(two);
    assert_int_equal(io->unlock(io->user, one), 0);
    assert_int_equal(io->lock(io->user, path, &two), 0);
    assert_int_equal(io->unlock(io->user, two), 0);
    assert_int_equal(io->remove(io->user, path), 0);
}

static char *temp_dir(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s", "/tmp/mlpipe-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

static void the_disk(void **state)
{
    char *root = temp_dir();
    mlpipe_io io;
    void *f;
    (void)state;
    assert_true(mlpipe__os_io(&io));
    files_script(&io, root);
    folders_script(&io, root);
    locks_script(&io, root);
    /* neither creation nor a log follows a symbolic link */
    assert_int_equal(symlink("/tmp/elsewhere", at(root, "link")), 0);
    assert_int_equal(io.open(io.user, at(root, "link"), MLPIPE_IO_CREATE,
                             &f),
                     MLPIPE_IO_EXISTS);
    assert_int_equal(io.open(io.user, at(root, "link"), MLPIPE_IO_APPEND,
                             &f),
                     MLPIPE_IO_DENIED);
    assert_int_equal(unlink(at(root, "link")), 0);
    assert_int_equal(io.open(io.user, at(root, "x"), MLPIPE_IO_CREATE, &f),
                     0);
    assert_true(fcntl((int)((intptr_t)f - 1), F_GETFD) & FD_CLOEXEC);
    assert_int_equal(io.close(io.user, f), 0);
    assert_int_equal(unlink(at(root, "x")), 0);
    assert_int_equal(rmdir(root), 0);
}

static void the_memory(void **state)
{
    mlpipe_ctx *c = io_ctx(NULL);
    uint64_t before, after;
    mlpipe_io io;
    mlpipe__memory_io *m;
    (void)state;
    mlpipe_ctx_memory(c, &before, NULL);
    m = mlpipe__memory_io_new(c->env, &io);
    assert_non_null(m);
    assert_int_equal(io.make_dir(io.user, "/r"), 0);
    files_script(&io, "/r");
    folders_script(&io, "/r");
    locks_script(&io, "/r");
    files_script(&io, ".");
    folders_script(&io, ".");
    mlpipe__memory_io_free(m);
    mlpipe__memory_io_free(NULL);
    mlpipe_ctx_memory(c, &after, NULL);
    assert_int_equal(before, after);
    mlpipe_ctx_free(c);
}

static void whole_files(void **state)
{
    char *root = temp_dir();
    const char *path = at(root, "whole");
    mlpipe_ctx *c = io_ctx(NULL);
    char *big, *got;
    size_t n, size = 300000;
    (void)state;
    big = malloc(size);
    for (n = 0; n < size; n++)
        big[n] = (char)(n * 31);
    assert_ok(c, mlpipe__file_write(c, path, "old", 3, true));
    assert_ok(c, mlpipe__file_write(c, path, big, size, false));
    assert_ok(c, mlpipe__file_read(c, path, size, &got, &n));
    assert_int_equal(n, size);
    assert_memory_equal(got, big, size);
    assert_int_equal(got[n], 0);
    mlpipe__free(c->env, got);
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__file_read(c, path, size - 1, &got, &n));
    assert_null(got);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "299999"));
    assert_string_equal(mlpipe_ctx_error(c)->where, path);
    assert_ok(c, mlpipe__file_write(c, path, NULL, 0, true));
    assert_ok(c, mlpipe__file_read(c, path, 0, &got, &n));
    assert_int_equal(n, 0);
    mlpipe__free(c->env, got);
    assert_told(c, MLPIPE_E_ARG, mlpipe__file_read(c, root, 9, &got, &n));
    assert_told(c, MLPIPE_E_ARG, mlpipe__file_read(c, "", 9, &got, &n));
    assert_told(c, MLPIPE_E_ARG, mlpipe__file_read(c, NULL, 9, &got, &n));
    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe__file_read(c, at(root, "no"), 9, &got, &n));
    assert_int_equal(mlpipe_ctx_error(c)->detail, MLPIPE_IO_NOT_FOUND);
    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe__file_write(c, at(root, "no/f"), "x", 1, true));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "there is no folder"));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "/no\""));
    assert_int_equal(mlpipe_ctx_error(c)->detail, MLPIPE_IO_NOT_FOUND);
    assert_told(c, MLPIPE_E_IO, mlpipe__file_write(c, root, "x", 1, true));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "it is a folder"));
    assert_string_equal(mlpipe_ctx_error(c)->where, root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(root), 0); /* no temporary is left behind */
    free(big);
    mlpipe_ctx_free(c);
}

static void a_file_without_a_size(void **state)
{
    mlpipe_ctx *c = io_ctx(NULL);
    char *got;
    size_t n;
    (void)state;
    if (access("/proc/self/status", R_OK)) {
        mlpipe_ctx_free(c);
        skip();
    }
    assert_ok(c, mlpipe__file_read(c, "/proc/self/status", 1 << 20, &got,
                                   &n));
    assert_true(n > 100);
    mlpipe__free(c->env, got);
    assert_status(MLPIPE_E_LIMIT,
                  mlpipe__file_read(c, "/proc/self/status", 100, &got, &n));
    mlpipe_ctx_free(c);
}

static void a_context_without_files(void **state)
{
    const mlpipe_io none = {.size = sizeof none};
    mlpipe_ctx *c = io_ctx(&none);
    char *got;
    size_t n;
    (void)state;
    assert_told(c, MLPIPE_E_UNSUPPORTED,
                mlpipe__file_read(c, "x", 9, &got, &n));
    assert_told(c, MLPIPE_E_UNSUPPORTED,
                mlpipe__file_write(c, "x", "y", 1, true));
    mlpipe_ctx_free(c);
}

/* Fail each operation of a rewrite in turn: old or new, never between. */
static void faults_leave_old_or_new(void **state)
{
    int persistent;
    (void)state;
    for (persistent = 0; persistent < 2; persistent++) {
        int64_t fail_at = 0, seen;
        do {
            mlpipe_ctx *plain = io_ctx(NULL), *c;
            mlpipe_io inner, outer;
            mlpipe__memory_io *m = mlpipe__memory_io_new(plain->env, &inner);
            mlpipe__fault_io fault = {.inner = &inner, .fail_at = -1};
            mlpipe_status st;
            char *got;
            size_t n;
            mlpipe__fault_io_table(&fault, &outer);
            c = io_ctx(&outer);
            assert_ok(c, mlpipe__file_write(c, "f", "old", 3, true));
            fault.count = 0;
            fault.fail_at = fail_at;
            fault.result = MLPIPE_IO_NO_SPACE;
            fault.persistent = persistent;
            st = mlpipe__file_write(c, "f", "newer", 5, true);
            seen = fault.count;
            fault.fail_at = -1;
            if (fail_at < seen)
                assert_int_equal(st, MLPIPE_E_IO);
            if (st)
                golden_gist(__BASE_FILE__, "a full disk",
                             mlpipe_ctx_error(c)->text);
            assert_ok(c, mlpipe__file_read(c, "f", 99, &got, &n));
            if (fail_at >= seen || n == 5)
                assert_string_equal(got, "newer");
            else
                assert_string_equal(got, "old");
            mlpipe__free(c->env, got);
            mlpipe_ctx_free(c);
            mlpipe__memory_io_free(m);
            mlpipe_ctx_free(plain);
        } while (fail_at++ < seen);
        assert_true(fail_at > 5);
    }
}

/* What mlpipe__file_read finds in one crash state: -1, 3 (old), 5 (new). */
static int crash_finds(const mlpipe__crash_io *crash, uint32_t events,
                       uint32_t crashed)
{
    mlpipe_ctx *plain = io_ctx(NULL), *c;
    mlpipe_io io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(plain->env, &io);
    mlpipe_status st;
    char *got;
    size_t n;
    int found;
    c = io_ctx(&io);
    assert_ok(c, mlpipe__crash_io_build(c, crash, events, crashed, &io));
    st = mlpipe__file_read(c, "d/f", 99, &got, &n);
    found = st ? -1 : (int)n;
    if (!st && n == 3)
        assert_string_equal(got, "old");
    if (!st && n == 5)
        assert_string_equal(got, "newer");
    mlpipe__free(c->env, got);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(m);
    mlpipe_ctx_free(plain);
    return found;
}

/* Old or new after a power loss at any point; with no sync, less. */
static void crashes_leave_old_or_new(void **state)
{
    mlpipe_ctx *plain = io_ctx(NULL), *c;
    uint64_t before, after;
    int sync, torn = 0;
    (void)state;
    mlpipe_ctx_memory(plain, &before, NULL);
    for (sync = 0; sync < 2; sync++) {
        mlpipe_io io;
        mlpipe__crash_io *crash = mlpipe__crash_io_new(plain->env, &io);
        uint32_t first, last, n, crashed;
        c = io_ctx(&io);
        assert_int_equal(io.make_dir(io.user, "d"), 0);
        assert_int_equal(io.sync_dir(io.user, "."), 0);
        assert_ok(c, mlpipe__file_write(c, "d/f", "old", 3, true));
        first = mlpipe__crash_io_events(crash);
        assert_ok(c, mlpipe__file_write(c, "d/f", "newer", 5, sync));
        last = mlpipe__crash_io_events(crash);
        assert_int_equal(last - first, sync ? 5 : 3);
        for (n = first; n <= last; n++)
            for (crashed = 0; crashed < MLPIPE__CRASH_STATES; crashed++) {
                const int found = crash_finds(crash, n, crashed);
                if (sync)
                    assert_true(found == (n == last ? 5 : found) &&
                                (found == 3 || found == 5));
                else
                    torn += found != 3 && found != 5;
            }
        mlpipe_ctx_free(c);
        mlpipe__crash_io_free(crash);
    }
    assert_true(torn > 0); /* the states are real: they show the danger */
    mlpipe_ctx_memory(plain, &after, NULL);
    assert_int_equal(before, after);
    mlpipe_ctx_free(plain);
}

static void the_recorder(void **state)
{
    mlpipe_ctx *c = io_ctx(NULL);
    mlpipe_io io;
    mlpipe__crash_io *m = mlpipe__crash_io_new(c->env, &io);
    (void)state;
    assert_int_equal(io.make_dir(io.user, "/r"), 0);
    files_script(&io, "/r");
    folders_script(&io, "/r");
    locks_script(&io, "/r");
    mlpipe__crash_io_free(m);
    mlpipe_ctx_free(c);
}

/* A host that tells the names of temporaries; both are taken at first. */
static int32_t same_bytes(void *user, void *bytes, size_t size)
{
    (void)user;
    memset(bytes, 1, size);
    return 0;
}

static int32_t no_bytes(void *user, void *bytes, size_t size)
{
    (void)user, (void)bytes, (void)size;
    return 1;
}

static void names_of_temporaries(void **state)
{
    mlpipe_ctx *plain = io_ctx(NULL), *c;
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe__text name;
    mlpipe_io io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(plain->env, &io);
    (void)state;
    o.io = &io;
    o.entropy = same_bytes;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    mlpipe__text_init(&name, c->env);
    assert_ok(c, mlpipe__temp_name(c, "f", 0, &name));
    put(&io, name.data, MLPIPE_IO_CREATE, "taken");
    assert_ok(c, mlpipe__file_write(c, "f", "x", 1, true));
    expect(&io, name.data, "taken");
    expect(&io, "f", "x");
    mlpipe__text_free(&name);
    mlpipe_ctx_free(c);
    o.entropy = no_bytes;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_told(c, MLPIPE_E_HOST, mlpipe__file_write(c, "f", "y", 1, true));
    expect(&io, "f", "x");
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(m);
    mlpipe_ctx_free(plain);
}

/* The size that a lying stat tells. */
static int32_t no_size(void *user, const char *path, mlpipe_io_stat *out)
{
    (void)user, (void)path;
    memset(out, 0, sizeof *out);
    out->size = UINT64_MAX;
    return MLPIPE_IO_OK;
}

/* A file of the size that was told is read into a block of that size. */
static void a_guess_that_holds(void **state)
{
    enum { BYTES = 100000 };
    static char text[BYTES];
    mlpipe_ctx *plain = io_ctx(NULL), *c;
    mlpipe_io io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(plain->env, &io);
    uint64_t before, after, peak;
    char *got;
    size_t n;
    (void)state;
    memset(text, 'x', sizeof text);
    c = io_ctx(&io);
    assert_ok(c, mlpipe__file_write(c, "f", text, BYTES, false));
    mlpipe_ctx_memory(c, &before, NULL);
    assert_ok(c, mlpipe__file_read(c, "f", BYTES, &got, &n));
    mlpipe_ctx_memory(c, &after, &peak);
    assert_int_equal(n, BYTES);
    assert_memory_equal(got, text, BYTES);
    assert_in_range(after - before, BYTES, BYTES + 100);
    assert_in_range(peak - before, BYTES, BYTES + 100);
    mlpipe__free(c->env, got);
    mlpipe_ctx_free(c);
    io.stat = no_size;
    c = io_ctx(&io);
    assert_status(MLPIPE_E_NOMEM,
                  mlpipe__file_read(c, "f", UINT64_MAX, &got, &n));
    assert_null(got);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(m);
    mlpipe_ctx_free(plain);
}

static mlpipe_io inner;

/* Reads that give less than they could, as those of a host may. */
static int32_t short_read(void *user, void *file, uint64_t offset,
                          void *buffer, size_t bytes, size_t *got)
{
    return inner.read_at(user, file, offset, buffer,
                         bytes < 1000 ? bytes : 1000, got);
}

static int32_t refuse_to_create(void *user, const char *path, int32_t mode,
                                void **file)
{
    const int32_t r = mode == MLPIPE_IO_CREATE
        ? MLPIPE_IO_DENIED : inner.open(user, path, mode, file);
    if (r)
        *file = &inner; /* is no file */
    return r;
}

static int32_t close_file(void *user, void *file)
{
    assert_ptr_not_equal(&inner, file);
    return inner.close(user, file);
}

/* A host's table that does no more than it must. */
static void a_lazy_table(void **state)
{
    enum { BYTES = 200000 };
    static char text[BYTES];
    mlpipe_ctx *plain = io_ctx(NULL), *c;
    mlpipe_io io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(plain->env, &io);
    char *got;
    size_t n;
    (void)state;
    for (n = 0; n < BYTES; n++)
        text[n] = (char)(n * 31);
    inner = io;
    io.read_at = short_read;
    c = io_ctx(&io);
    assert_ok(c, mlpipe__file_write(c, "f", text, BYTES, false));
    assert_ok(c, mlpipe__file_read(c, "f", BYTES, &got, &n));
    assert_int_equal(n, BYTES);
    assert_memory_equal(got, text, BYTES);
    assert_int_equal(got[n], 0);
    mlpipe__free(c->env, got);
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__file_read(c, "f", BYTES - 1, &got, &n));
    mlpipe_ctx_free(c);
    io.open = refuse_to_create;
    io.close = close_file;
    c = io_ctx(&io);
    assert_told(c, MLPIPE_E_IO, mlpipe__file_write(c, "f", "new", 3, true));
    assert_int_equal(mlpipe_ctx_error(c)->detail, MLPIPE_IO_DENIED);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(m);
    mlpipe_ctx_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk),
        cmocka_unit_test(the_memory),
        cmocka_unit_test(whole_files),
        cmocka_unit_test(a_file_without_a_size),
        cmocka_unit_test(a_guess_that_holds),
        cmocka_unit_test(a_lazy_table),
        cmocka_unit_test(a_context_without_files),
        cmocka_unit_test(faults_leave_old_or_new),
        cmocka_unit_test(the_recorder),
        cmocka_unit_test(crashes_leave_old_or_new),
        cmocka_unit_test(names_of_temporaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
