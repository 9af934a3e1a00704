/* SPDX-License-Identifier: MIT */
/*
 * Every byte of every file of a store, changed one by one, and each file cut
 * at every length: a version is given back as it was put or not at all, and
 * what damages an object is found.
 */
#include "support.h"

#include "base/base_internal.h"
#include "store/store_internal.h"
#include "golden_text.h"

enum { DAMAGE_FILES_MAX = 32, DAMAGE_PATH = 160 };

typedef struct damage {
    mlpipe_ctx *host, *c;
    mlpipe__memory_io *files;
    mlpipe_io io;
    char path[DAMAGE_FILES_MAX][DAMAGE_PATH];
    uint32_t count;
    const char *folder; /* of the walk */
    char print[33];     /* fingerprint of what was put */
    size_t refused, equal;
} damage;

static int32_t damage_name(void *arg, const char *name)
{
    damage *d = arg;
    mlpipe_io_stat stat;
    char path[DAMAGE_PATH];
    const char *const folder = d->folder;
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(n > 0 && n < DAMAGE_PATH);
    assert_int_equal(0, d->io.stat(d->io.user, path, &stat));
    if (stat.is_dir) {
        d->folder = path;
        assert_int_equal(0, d->io.list(d->io.user, path, damage_name, d));
        d->folder = folder;
    } else if (stat.size) {
        assert_true(d->count < DAMAGE_FILES_MAX);
        memcpy(d->path[d->count++], path, sizeof path);
    }
    return 0;
}

/* Three rows of each kind of column. */
static mlpipe_dataset *damage_dataset(mlpipe_ctx *c)
{
    static const double x[3] = {0.5, -2, 1e9};
    static const int64_t n[3] = {7, 8, -9};
    static const uint8_t valid[3] = {1, 0, 1};
    static const char *const text[3] = {"red", NULL, "green"};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, "first_row_id=77", &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, valid, 3));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, n, NULL, 3));
    assert_ok(c, mlpipe_builder_column(c, b, "f", MLPIPE_BOOL, valid, NULL,
                                       3));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_MS, n, NULL,
                                      3));
    assert_ok(c, mlpipe_builder_texts(c, b, "c", text, 3));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void damage_open(damage *d)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_dataset *data;
    mlpipe_buffer *print;
    mlpipe_store *s;
    memset(d, 0, sizeof *d);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &d->host));
    d->files = mlpipe__memory_io_new(d->host->env, &d->io);
    assert_non_null(d->files);
    o.io = &d->io;
    assert_int_equal(0, mlpipe_ctx_new(&o, &d->c));
    data = damage_dataset(d->c);
    assert_ok(d->c, mlpipe_dataset_fingerprint(d->c, data, &print));
    memcpy(d->print, mlpipe_buffer_data(print), 33);
    mlpipe_buffer_free(print);
    assert_ok(d->c, mlpipe_store_open(d->c, "s", "sync=false", &s));
    assert_ok(d->c, mlpipe_store_put_dataset(d->c, s, "all", data));
    assert_ok(d->c, mlpipe_store_tag(d->c, s, "all", "v1"));
    mlpipe_store_free(s);
    mlpipe_dataset_free(data);
    d->folder = "s";
    assert_int_equal(0, d->io.list(d->io.user, "s", damage_name, d));
}

static void damage_write(damage *d, const char *path, const void *bytes,
                         size_t n)
{
    void *file;
    assert_int_equal(0, d->io.remove(d->io.user, path));
    assert_int_equal(0, d->io.open(d->io.user, path, MLPIPE_IO_CREATE,
                                   &file));
    assert_int_equal(0, d->io.write(d->io.user, file, bytes, n));
    assert_int_equal(0, d->io.close(d->io.user, file));
}

static bool damage_get(damage *d, const mlpipe_store *s, const char *name,
                       const char *path, size_t at)
{
    mlpipe_dataset *got;
    mlpipe_buffer *print;
    if (mlpipe_store_get_dataset(d->c, (mlpipe_store *)s, name, &got)) {
        assert_null(got);
        golden_gist(__BASE_FILE__, "a byte", mlpipe_ctx_error(d->c)->text);
        return false;
    }
    assert_ok(d->c, mlpipe_dataset_fingerprint(d->c, got, &print));
    if (strcmp(d->print, mlpipe_buffer_data(print)) ||
        mlpipe_dataset_row_id(got, 2) != 79)
        fail_msg("%s at %zu: %s is another dataset", path, at, name);
    mlpipe_buffer_free(print);
    mlpipe_dataset_free(got);
    return true;
}

/* The store as it lies there: the right dataset by both names, or none. */
static void damage_use(damage *d, const char *path, size_t at)
{
    const bool object = strstr(path, "/packs/") != NULL;
    mlpipe_report *r;
    mlpipe_store *s;
    uint64_t live, now;
    bool whole;
    mlpipe_ctx_memory(d->c, &live, NULL);
    if (mlpipe_store_open(d->c, "s", "sync=false create=false", &s)) {
        assert_string_equal("s/format", path);
        d->refused++;
        return;
    }
    whole = damage_get(d, s, "all", path, at);
    whole &= damage_get(d, s, "v1", path, at);
    if (!mlpipe_store_log(d->c, s, &r))
        mlpipe_report_free(r);
    if (!mlpipe_store_verify(d->c, s, &r)) {
        if (object && !(mlpipe_report_get(r, "damaged") > 0))
            fail_msg("%s at %zu: not found by verify", path, at);
        mlpipe_report_free(r);
    }
    mlpipe_store_free(s);
    if (object && whole)
        fail_msg("%s at %zu: a damaged object was read", path, at);
    d->equal += whole;
    d->refused += !whole;
    mlpipe_ctx_memory(d->c, &now, NULL);
    assert_int_equal(live, now);
}

static void every_byte_of_every_file(void **state)
{
    static const uint8_t flips[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    damage d;
    size_t total = 0;
    damage_open(&d);
    for (uint32_t k = 0; k < d.count; k++) {
        const char *path = d.path[k];
        char *bytes;
        size_t n;
        assert_ok(d.c, mlpipe__file_read(d.c, path, 1 << 20, &bytes, &n));
        for (size_t i = 0; i < n; i++)
            for (size_t x = 0; x < sizeof flips; x++, total++) {
                bytes[i] = (char)(bytes[i] ^ flips[x]);
                damage_write(&d, path, bytes, n);
                damage_use(&d, path, i);
                bytes[i] = (char)(bytes[i] ^ flips[x]);
            }
        for (size_t i = 0; i < n; i++, total++) {
            damage_write(&d, path, bytes, i);
            damage_use(&d, path, i);
        }
        damage_write(&d, path, bytes, n);
        mlpipe__free(d.c->env, bytes);
    }
    assert_int_equal(total, d.refused + d.equal);
    assert_true(d.refused > 0 && d.equal > 0);
    print_message("store of %u files: %zu refused, %zu gave what was put\n",
                  d.count, d.refused, d.equal);
    mlpipe_ctx_free(d.c);
    mlpipe__memory_io_free(d.files);
    mlpipe_ctx_free(d.host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_every_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
