/* SPDX-License-Identifier: MIT */
/*
 * What people read of a store whose objects have right hashes and wrong
 * content, of pins that a hand changed, and of a disk that fails at one call.
 */
#include "support.h"

#include "base/base_internal.h"
#include "golden_text.h"
#include "store/store_internal.h"

typedef struct forge {
    mlpipe_ctx *host, *c;
    mlpipe__memory_io *files;
    mlpipe_io io;     /* of the memory */
    const char *call; /* fails where the path holds `at`; NULL: none does */
    const char *at;
    mlpipe_store *s;
    mlpipe_dataset *d;
    mlpipe_buffer *version; /* of d, by the name "a" */
} forge;

static forge f;

/* ---- a disk that fails at one call -------------------------------------- */

static bool fails(const char *call, const char *path)
{
    return f.call && !strcmp(f.call, call) && strstr(path, f.at);
}

static int32_t disk_open(void *user, const char *path, int32_t mode,
                         void **file)
{
    return fails("open", path) ? MLPIPE_IO_DENIED
                               : f.io.open(user, path, mode, file);
}

static int32_t disk_remove(void *user, const char *path)
{
    return fails("remove", path) ? MLPIPE_IO_DENIED
                                 : f.io.remove(user, path);
}

static int32_t disk_list(void *user, const char *path,
                         int32_t (*name)(void *, const char *), void *arg)
{
    return fails("list", path) ? MLPIPE_IO_DENIED
                               : f.io.list(user, path, name, arg);
}

static int32_t disk_lock(void *user, const char *path, void **lock)
{
    return fails("lock", path) ? MLPIPE_IO_DENIED
                               : f.io.lock(user, path, lock);
}

/* ---- a store with the versions of the name "a" -------------------------- */

static mlpipe_dataset *three_rows(mlpipe_ctx *c, double first)
{
    const double x[3] = {first, -2, 1e9};
    const char *const text[3] = {"red", NULL, "green"};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, "first_row_id=77", &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 3));
    assert_ok(c, mlpipe_builder_texts(c, b, "c", text, 3));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static int forge_open(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    (void)state;
    memset(&f, 0, sizeof f);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &f.host));
    f.files = mlpipe__memory_io_new(f.host->env, &f.io);
    assert_non_null(f.files);
    io = f.io;
    io.open = disk_open;
    io.remove = disk_remove;
    io.list = disk_list;
    io.lock = disk_lock;
    o.io = &io;
    assert_int_equal(0, mlpipe_ctx_new(&o, &f.c));
    f.d = three_rows(f.c, 0.5);
    assert_ok(f.c, mlpipe_store_open(f.c, "s", "sync=false", &f.s));
    assert_ok(f.c, mlpipe_store_commit(f.c, f.s, "a", f.d, NULL, &f.version));
    return 0;
}

static int forge_close(void **state)
{
    (void)state;
    mlpipe_buffer_free(f.version);
    mlpipe_store_free(f.s);
    mlpipe_dataset_free(f.d);
    mlpipe_ctx_free(f.c);
    mlpipe__memory_io_free(f.files);
    mlpipe_ctx_free(f.host);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    void *file;
    (void)f.io.remove(f.io.user, path);
    assert_int_equal(0, f.io.open(f.io.user, path, MLPIPE_IO_CREATE, &file));
    assert_int_equal(0, f.io.write(f.io.user, file, bytes, n));
    assert_int_equal(0, f.io.close(f.io.user, file));
}

/* The bytes are an object of that id, whatever they are. */
static void put_bytes(const void *bytes, size_t n, const char *id)
{
    mlpipe__store_writer w;
    assert_ok(f.c, mlpipe__store_lease(f.c, f.s, &w));
    assert_ok(f.c, mlpipe__store_put_bytes(f.c, f.s, &w, bytes, n, id));
    assert_ok(f.c, mlpipe__store_settle(f.c, f.s, &w));
    mlpipe__store_release(f.c, f.s, &w);
}

/* An object of that kind with one section. */
static void put_section(const char *kind, const char *section,
                        const void *bytes, size_t n,
                        char id[MLPIPE__STORE_ID])
{
    mlpipe__container object;
    mlpipe__text out;
    mlpipe__container_init(&object, f.c->env);
    mlpipe__text_init(&out, f.c->env);
    assert_ok(f.c, mlpipe__container_add(f.c, &object, section, 0, bytes, n));
    assert_ok(f.c, mlpipe__container_write(f.c, &object, kind, &out));
    mlpipe__hash_hex(mlpipe__container_id(&object), id);
    put_bytes(out.data, out.size, id);
    mlpipe__text_free(&out);
    mlpipe__container_free(&object);
}

static void point(const char *name, const char *kind, const char *version,
                  const char *commit)
{
    mlpipe__store_ref ref;
    memset(&ref, 0, sizeof ref);
    snprintf(ref.kind, sizeof ref.kind, "%s", kind);
    snprintf(ref.id, sizeof ref.id, "%s", version);
    snprintf(ref.commit, sizeof ref.commit, "%s", commit);
    assert_ok(f.c, mlpipe__store_point(f.c, f.s, "refs", name, &ref));
}

static const char *version(void)
{
    return mlpipe_buffer_data(f.version);
}

/* ---- commits ------------------------------------------------------------ */

static void commits(void **state)
{
    static const char nowhere[] = "00112233445566778899aabbccddeeff";
    char bad[MLPIPE__STORE_ID];
    mlpipe_dataset *const second = three_rows(f.c, 1.5);
    mlpipe_dataset *got;
    mlpipe__store_ref ref;
    mlpipe_buffer *two;
    mlpipe_report *r;
    (void)state;
    put_section("CMIT", "CMIT", "no commit", 9, bad);
    point("bad", "dataset", version(), bad);
    TOLD(f.c, mlpipe_store_get_dataset(f.c, f.s, "bad", &got));
    point("bad", "dataset", version(), nowhere);
    TOLD(f.c, mlpipe_store_history(f.c, f.s, "bad", &r));
    assert_ok(f.c, mlpipe__store_resolve(f.c, f.s, "a", "dataset", &ref));
    assert_ok(f.c, mlpipe_store_commit(f.c, f.s, "b", second, NULL, &two));
    point("bad", "dataset", mlpipe_buffer_data(two), ref.commit);
    TOLD(f.c, mlpipe_store_get_dataset(f.c, f.s, "bad", &got));
    mlpipe_buffer_free(two);
    mlpipe_dataset_free(second);
}

/* What a writer left that did not come to its end has no commit. */
static void without_a_name(void **state)
{
    mlpipe_dataset *const second = three_rows(f.c, 1.5);
    char id[MLPIPE__STORE_ID], print[MLPIPE__STORE_ID];
    mlpipe__store_writer w;
    (void)state;
    assert_ok(f.c, mlpipe__store_lease(f.c, f.s, &w));
    assert_ok(f.c, mlpipe__store_manifest_put(f.c, f.s, &w, second, NULL, id,
                                              print));
    assert_ok(f.c, mlpipe__store_settle(f.c, f.s, &w));
    mlpipe__store_release(f.c, f.s, &w);
    TOLD(f.c, mlpipe_store_tag(f.c, f.s, id, "v1"));
    mlpipe_dataset_free(second);
}

/* ---- objects ------------------------------------------------------------ */

static mlpipe_model *ridge(void)
{
    static const char csv[] = "x,y\n1,2\n2,3\n3,5\n4,4\n5,7\n6,8\n";
    mlpipe_dataset *rows;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(f.c, mlpipe_read_csv_memory(f.c, csv, sizeof csv - 1, NULL,
                                          &rows));
    assert_ok(f.c, mlpipe_pipeline_new(f.c, "target=y holdout=0", &p));
    assert_ok(f.c, mlpipe_pipeline_add(f.c, p, "ridge", NULL));
    assert_ok(f.c, mlpipe_fit(f.c, p, rows, NULL, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(rows);
    return m;
}

static void objects_of_another_id(void **state)
{
    static const char other[] = "00112233445566778899aabbccddeeff";
    mlpipe_model *const m = ridge();
    mlpipe_dataset *got;
    mlpipe_model *model;
    mlpipe_report *r;
    mlpipe_buffer *b;
    char *data, id[MLPIPE__STORE_ID];
    size_t n;
    (void)state;
    assert_ok(f.c, mlpipe_model_bytes(f.c, m, &b));
    put_bytes(mlpipe_buffer_data(b), mlpipe_buffer_size(b), other);
    point("m", "model", other, other);
    TOLD(f.c, mlpipe_store_get_model(f.c, f.s, "m", &model));
    mlpipe_buffer_free(b);
    mlpipe_model_free(m);
    assert_ok(f.c, mlpipe__store_read_bytes(f.c, f.s, version(), &data, &n));
    snprintf(id, sizeof id, "%s", other);
    id[0] = '1';
    put_bytes(data, n, id);
    mlpipe__free(f.c->env, data);
    point("other", "dataset", id, other);
    TOLD(f.c, mlpipe_store_get_dataset(f.c, f.s, "other", &got));
    put_section("REPT", "NEWS", "x", 1, id);
    point("r", "report", id, other);
    TOLD(f.c, mlpipe_store_get_report(f.c, f.s, "r", &r));
}

/* The manifest says other than its chunks and dictionaries have. */
static void chunks(void **state)
{
    static const unsigned char twice[] = {3, 0, 0, 0, 'r', 'e', 'd', 0,
                                          3, 0, 0, 0, 'r', 'e', 'd', 0};
    mlpipe__store_manifest m;
    mlpipe_dataset *got;
    mlpipe__hash128 hash;
    uint64_t none[2];
    char id[MLPIPE__STORE_ID];
    (void)state;
    assert_ok(f.c, mlpipe__store_manifest_get(f.c, f.s, version(), &m));
    m.columns[0].type = MLPIPE_TYPE_TEXT;
    TOLD(f.c, mlpipe__store_manifest_load(f.c, f.s, &m, NULL, NULL, &got));
    m.columns[0].type = MLPIPE_TYPE_F64;
    m.columns[1].dictionary = twice;
    m.columns[1].dictionary_bytes = sizeof twice;
    TOLD(f.c, mlpipe__store_manifest_load(f.c, f.s, &m, NULL, NULL, &got));
    put_section("CHNK", "NEWS", "x", 1, id);
    assert_true(mlpipe__hash_from_hex(id, 32, &hash));
    none[0] = hash.lo;
    none[1] = hash.hi;
    m.columns[0].chunks = none;
    TOLD(f.c, mlpipe__store_manifest_load(f.c, f.s, &m, NULL, NULL, &got));
    mlpipe__store_manifest_free(&m);
}

/* ---- packs -------------------------------------------------------------- */

static char pack_file[128]; /* the last one that was listed */

static int32_t pack_name(void *arg, const char *name)
{
    (void)arg;
    snprintf(pack_file, sizeof pack_file, "s/packs/%s", name);
    return 0;
}

static int32_t other_name(void *arg, const char *name)
{
    if (!strstr(arg, name))
        pack_name(NULL, name);
    return 0;
}

static void last_pack(char **data, size_t *n)
{
    assert_int_equal(0, f.io.list(f.io.user, "s/packs", pack_name, NULL));
    assert_ok(f.c, mlpipe__file_read(f.c, pack_file, 1 << 20, data, n));
}

static void packs(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .bundle_bytes = 80};
    mlpipe_ctx_options o = {.size = sizeof o, .io = &f.io, .limits = &small};
    mlpipe_dataset *got;
    mlpipe_report *r;
    mlpipe_store *s;
    mlpipe_ctx *tight;
    char *data;
    size_t n;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &tight));
    assert_ok(tight, mlpipe_store_open(tight, "s", "sync=false", &s));
    TOLD(tight, mlpipe_store_get_dataset(tight, s, "a", &got));
    mlpipe_store_free(s);
    mlpipe_ctx_free(tight);
    /* Known before it was cut, and then while it is cut. */
    last_pack(&data, &n);
    assert_ok(f.c, mlpipe_store_open(f.c, "s", "sync=false", &s));
    write_file(pack_file, data, 70);
    TOLD(f.c, mlpipe__store_manifest_get(f.c, s, version(),
                                         &(mlpipe__store_manifest){0}));
    mlpipe_store_free(s);
    assert_ok(f.c, mlpipe_store_open(f.c, "s", "sync=false", &s));
    TOLD(f.c, mlpipe_store_gc(f.c, s, NULL, &r));
    mlpipe_store_free(s);
    mlpipe__free(f.c->env, data);
}

/* One that no name needs is damaged: nobody knows that before it is read. */
static void gc_of_unknown(void **state)
{
    mlpipe_dataset *const second = three_rows(f.c, 1.5);
    char id[MLPIPE__STORE_ID], print[MLPIPE__STORE_ID], first[128];
    mlpipe__store_writer w;
    mlpipe_report *r;
    mlpipe_store *s;
    char *data;
    size_t n;
    (void)state;
    last_pack(&data, &n);
    mlpipe__free(f.c->env, data);
    memcpy(first, pack_file, sizeof first);
    assert_ok(f.c, mlpipe__store_lease(f.c, f.s, &w));
    assert_ok(f.c, mlpipe__store_manifest_put(f.c, f.s, &w, second, NULL, id,
                                              print));
    assert_ok(f.c, mlpipe__store_settle(f.c, f.s, &w));
    mlpipe__store_release(f.c, f.s, &w);
    assert_int_equal(0, f.io.list(f.io.user, "s/packs", other_name, first));
    assert_ok(f.c, mlpipe__file_read(f.c, pack_file, 1 << 20, &data, &n));
    data[n - 1] ^= 1;
    write_file(pack_file, data, n);
    mlpipe__free(f.c->env, data);
    assert_ok(f.c, mlpipe_store_open(f.c, "s", "sync=false", &s));
    TOLD(f.c, mlpipe_store_gc(f.c, s, NULL, &r));
    second->rows = INT64_C(1) << 33;
    TOLD(f.c, mlpipe_store_commit(f.c, s, "k", second, "key=x", NULL));
    second->rows = 3;
    mlpipe_store_free(s);
    mlpipe_dataset_free(second);
}

/* A pack is to be written anew, and a record that stays is damaged. */
static void gc_of_damage(void **state)
{
    mlpipe_report *r;
    mlpipe_store *s;
    char *data;
    size_t n;
    (void)state;
    assert_ok(f.c, mlpipe_store_open(f.c, "s", "sync=false", &s));
    last_pack(&data, &n);
    for (int i = 0; i < 34; i++) { /* more small ones than may stay */
        mlpipe_dataset *const d = three_rows(f.c, 10 + i);
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        assert_ok(f.c, mlpipe_store_put_dataset(f.c, s, name, d));
        mlpipe_dataset_free(d);
    }
    data[70] ^= 1;
    write_file(pack_file, data, n);
    TOLD(f.c, mlpipe_store_gc(f.c, s, NULL, &r));
    data[70] ^= 1;
    write_file(pack_file, data, n);
    f.call = "remove";
    f.at = "/packs/";
    TOLD(f.c, mlpipe_store_gc(f.c, s, NULL, &r));
    f.call = NULL;
    mlpipe__free(f.c->env, data);
    mlpipe_store_free(s);
}

static void failing_disk(void **state)
{
    mlpipe__store_writer w;
    mlpipe_store *s;
    mlpipe_report *r;
    (void)state;
    f.call = "open";
    f.at = "/packs/";
    TOLD(f.c, mlpipe_store_open(f.c, "s", "sync=false", &s));
    f.call = NULL;
    assert_int_equal(0, f.io.make_dir(f.io.user, "t"));
    f.call = "list";
    f.at = "t";
    TOLD(f.c, mlpipe_store_open(f.c, "t", "sync=false", &s));
    f.call = NULL;
    assert_ok(f.c, mlpipe__store_lease(f.c, f.s, &w));
    f.call = "lock";
    f.at = "/leases/";
    TOLD(f.c, mlpipe_store_gc(f.c, f.s, NULL, &r));
    f.call = NULL;
    mlpipe__store_release(f.c, f.s, &w);
}

/* ---- pins --------------------------------------------------------------- */

static char pin[1024];

/* The pin with `from`, once, made `to`. */
static void change_pin(const char *from, const char *to)
{
    char text[1024];
    char *const at = strstr(pin, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - pin), pin, to,
             at + strlen(from));
    write_file("pin.json", text, strlen(text));
}

/* A manifest with another fingerprint than its rows have. */
static void forge_fingerprint(char id[MLPIPE__STORE_ID], const char *print)
{
    mlpipe__container from, to;
    mlpipe__text out;
    mlpipe__container_init(&to, f.c->env);
    mlpipe__text_init(&out, f.c->env);
    assert_ok(f.c, mlpipe__store_get_object(f.c, f.s, version(), "MANI",
                                            &from));
    for (uint32_t i = 0; i < from.count; i++) {
        const mlpipe__section *s = &from.sections[i];
        const bool is = !strcmp(s->name, "FING");
        assert_ok(f.c, mlpipe__container_add(f.c, &to, s->name, s->flags,
                                             is ? print : s->data, s->bytes));
    }
    assert_ok(f.c, mlpipe__container_write(f.c, &to, "MANI", &out));
    mlpipe__hash_hex(mlpipe__container_id(&to), id);
    put_bytes(out.data, out.size, id);
    mlpipe__text_free(&out);
    mlpipe__container_free(&to);
    mlpipe__container_free(&from);
}

static void pins(void **state)
{
    static const char print[] = "00112233445566778899aabbccddeeff";
    mlpipe_dataset *got;
    char *data, id[MLPIPE__STORE_ID];
    size_t n;
    (void)state;
    assert_ok(f.c, mlpipe_store_pin(f.c, f.s, "a", "pin.json"));
    assert_ok(f.c, mlpipe__file_read(f.c, "pin.json", sizeof pin - 1, &data,
                                     &n));
    memcpy(pin, data, n);
    pin[n] = 0;
    mlpipe__free(f.c->env, data);
    change_pin("{", "[");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    change_pin("mlpipe dataset 1", "mlpipe dataset 9");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    change_pin("\"schema\"", "\"scheme\"");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    change_pin("\"fingerprint\": \"", "\"fingerprint\": \"0");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    change_pin("\"rows\": 3", "\"rows\": 4");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    forge_fingerprint(id, print);
    assert_ok(f.c, mlpipe_store_pin(f.c, f.s, id, "pin.json"));
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
    memcpy(strstr(pin, "\"fingerprint\": \"") + 16, print, 32);
    change_pin("\"rows\"", "\"rows\"");
    TOLD(f.c, mlpipe_store_get_pinned(f.c, f.s, "pin.json", &got));
}

#define FORGED(test)                                                       \
    cmocka_unit_test_setup_teardown(test, forge_open, forge_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FORGED(commits),      FORGED(without_a_name),
        FORGED(objects_of_another_id), FORGED(chunks),
        FORGED(packs),        FORGED(gc_of_damage), FORGED(gc_of_unknown),
        FORGED(failing_disk), FORGED(pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
