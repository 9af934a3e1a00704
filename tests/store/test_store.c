/* SPDX-License-Identifier: MIT */
/* The store: what is put comes back, names move, tags do not, damage shows. */
#include "support.h"

#include "base/base_internal.h"
#include "store/store_internal.h"
#include "golden_text.h"

typedef struct fixture {
    mlpipe_ctx *c;
    mlpipe__env *files_env; /* of the memory files */
    mlpipe__memory_io *files;
    mlpipe_ctx *host;
    mlpipe_io io;
    uint64_t live; /* of c, when it was new */
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
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    uint64_t live;

    mlpipe_ctx_memory(f->c, &live, NULL);
    mlpipe_ctx_free(f->c);
    mlpipe__memory_io_free(f->files);
    mlpipe_ctx_free(f->host);
    assert_true(live == f->live); /* nothing was left behind */
    free(f);
    return 0;
}

/* Every type, nulls, more than one chunk. */
static mlpipe_dataset *sample(mlpipe_ctx *c, int64_t rows, double first)
{
    double *x = malloc((size_t)rows * sizeof *x);
    int64_t *t = malloc((size_t)rows * sizeof *t);
    uint8_t *valid = malloc((size_t)rows), *flag = malloc((size_t)rows);
    const char **text = malloc((size_t)rows * sizeof *text);
    static const char *const words[3] = {"red", "green", NULL};
    mlpipe_builder *b;
    mlpipe_dataset *d;
    int64_t i;

    for (i = 0; i < rows; i++) {
        x[i] = first + (double)i / 3;
        t[i] = 1000 + i;
        valid[i] = i % 7 != 3;
        flag[i] = i % 2 == 0;
        text[i] = words[i % 3];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, "first_row_id=77", &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, valid,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, t, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "flag", MLPIPE_BOOL, flag,
                                       valid, rows));
    assert_ok(c, mlpipe_builder_times(c, b, "at", MLPIPE_UNIT_MS, t, NULL,
                                      rows));
    assert_ok(c, mlpipe_builder_texts(c, b, "colour", text, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(x), free(t), free(valid), free(flag), free(text);
    return d;
}

static void assert_equal(mlpipe_ctx *c, const mlpipe_dataset *a,
                         const mlpipe_dataset *b)
{
    mlpipe_buffer *fa, *fb;
    int64_t i;

    assert_ok(c, mlpipe_dataset_fingerprint(c, a, &fa));
    assert_ok(c, mlpipe_dataset_fingerprint(c, b, &fb));
    assert_string_equal(mlpipe_buffer_data(fa), mlpipe_buffer_data(fb));
    mlpipe_buffer_free(fa);
    mlpipe_buffer_free(fb);
    for (i = 0; i < mlpipe_dataset_rows(a); i += 97)
        assert_true(mlpipe_dataset_row_id(a, i) ==
                    mlpipe_dataset_row_id(b, i));
}

static void gives_back_datasets(void **state)
{
    mlpipe_ctx *c = ((fixture *)*state)->c;
    mlpipe_dataset *d = sample(c, 70000, 0), *view, *back;
    mlpipe_dataset *part[2];
    mlpipe_store *s;

    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "all", d));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "all", &back));
    assert_equal(c, d, back);
    mlpipe_dataset_free(back);
    assert_ok(c, mlpipe_dataset_slice(c, d, 66000, 100, &view));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "end", view));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "end", &back));
    assert_equal(c, view, back);
    mlpipe_dataset_free(back);
    assert_ok(c, mlpipe_dataset_split(c, d, "parts=0.5,0.5 seed=3", part, 2));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "half", part[0]));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "half", &back));
    assert_equal(c, part[0], back);
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(view);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
}

/* What was read from a file remembers how. */
static void keeps_the_reading(void **state)
{
    static const char csv[] = "a,b\n1,x\n2,y\n";
    mlpipe_ctx *c = ((fixture *)*state)->c;
    mlpipe_dataset *d, *back;
    mlpipe_report *r;
    mlpipe_store *s;

    assert_ok(c, mlpipe_read_csv_memory(c, csv, sizeof csv - 1, NULL, &d));
    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "csv", d));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "csv", &back));
    assert_equal(c, d, back);
    assert_ok(c, mlpipe_dataset_reading(c, back, &r));
    assert_near(mlpipe_report_get(r, "rows_in"), 2, 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(back);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
}

static void names_move_and_tags_stay(void **state)
{
    mlpipe_ctx *c = ((fixture *)*state)->c;
    mlpipe_dataset *one = sample(c, 10, 1), *two = sample(c, 10, 2), *back;
    mlpipe_report *log;
    mlpipe_store *s;

    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "daily", one));
    assert_ok(c, mlpipe_store_tag(c, s, "daily", "v1"));
    assert_ok(c, mlpipe_store_tag(c, s, "daily", "v1"));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "daily", two));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_store_tag(c, s, "daily", "v1"));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "v1", &back));
    assert_equal(c, one, back);
    mlpipe_dataset_free(back);
    assert_ok(c, mlpipe_store_get_dataset(c, s, "daily", &back));
    assert_equal(c, two, back);
    mlpipe_dataset_free(back);
    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_get_dataset(c, s, "weekly", &back));
    assert_null(back);
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_store_get_dataset(c, s, "../daily", &back));
    assert_told(c, MLPIPE_E_PARAM, mlpipe_store_put_dataset(c, s, "", one));
    /* Names, tags and versions never hide one another. */
    assert_told(c, MLPIPE_E_CONFLICT,
                mlpipe_store_put_dataset(c, s, "v1", two));
    assert_told(c, MLPIPE_E_CONFLICT, mlpipe_store_tag(c, s, "v1", "daily"));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_store_put_dataset(
                    c, s, "0123456789abcdef0123456789abcdef", two));
    assert_ok(c, mlpipe_store_log(c, s, &log));
    mlpipe_report_free(log);
    mlpipe_dataset_free(one);
    mlpipe_dataset_free(two);
    mlpipe_store_free(s);
}

/* Keeps the text of the first cell of column `version` in the log. */
static void first_version(mlpipe_ctx *c, mlpipe_store *s, char id[33])
{
    mlpipe_report *log;
    mlpipe_buffer *json;
    const char *at;

    assert_ok(c, mlpipe_store_log(c, s, &log));
    assert_ok(c, mlpipe_report_render(c, log, "json", &json));
    at = strstr(mlpipe_buffer_data(json), "\"put\",");
    assert_non_null(at);
    at = strstr(at, "\"daily\",\"");
    assert_non_null(at);
    memcpy(id, at + 9, 32);
    id[32] = 0;
    mlpipe_buffer_free(json);
    mlpipe_report_free(log);
}

/* A version that no name points to any more can still be given a tag. */
static void versions_take_tags(void **state)
{
    static const char none[] = "0123456789abcdef0123456789abcdef";
    mlpipe_ctx *c = ((fixture *)*state)->c;
    mlpipe_dataset *one = sample(c, 10, 1), *two = sample(c, 10, 2), *back;
    mlpipe_store *s;
    char id[33];

    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "daily", one));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "daily", two));
    first_version(c, s, id);
    assert_ok(c, mlpipe_store_tag(c, s, id, "old"));
    assert_ok(c, mlpipe_store_get_dataset(c, s, "old", &back));
    assert_equal(c, one, back);
    mlpipe_dataset_free(back);
    assert_told(c, MLPIPE_E_NOT_FOUND, mlpipe_store_tag(c, s, none, "v"));
    assert_string_equal("store", mlpipe_ctx_error(c)->where);
    mlpipe_dataset_free(one);
    mlpipe_dataset_free(two);
    mlpipe_store_free(s);
}

/* The name of the last file that a folder lists. */
static int32_t remember(void *arg, const char *name)
{
    char *out = arg;

    if (strlen(name) < 64)
        strcpy(out, name);
    return 0;
}

static void damage_is_found(void **state)
{
    fixture *f = *state;
    mlpipe_ctx *c = f->c;
    mlpipe_dataset *d = sample(c, 500, 1);
    char id[33] = "", name[64] = "", path[512];
    mlpipe_report *r;
    mlpipe_store *s;
    void *file;
    char *data;
    size_t bytes;

    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "all", d));
    assert_ok(c, mlpipe_store_verify(c, s, &r));
    assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
    assert_near(mlpipe_report_get(r, "versions"), 1, 0);
    mlpipe_report_free(r);

    assert_int_equal(f->io.list(f->io.user, "store/packs", remember, name),
                     0);
    snprintf(path, sizeof path, "store/packs/%s", name);
    for (uint32_t i = 0; i < s->packs->items[0].count; i++) {
        const mlpipe__pack_entry *e = &s->packs->items[0].entries[i];

        if (e->offset == 0) /* the first chunk of the first column */
            mlpipe__hash_hex((mlpipe__hash128){e->lo, e->hi}, id);
    }
    assert_ok(c, mlpipe__file_read(c, path, 1 << 20, &data, &bytes));
    data[200] ^= 1;
    assert_int_equal(f->io.remove(f->io.user, path), 0);
    assert_int_equal(f->io.open(f->io.user, path, MLPIPE_IO_CREATE, &file),
                     0);
    assert_int_equal(f->io.write(f->io.user, file, data, bytes), 0);
    assert_int_equal(f->io.close(f->io.user, file), 0);
    mlpipe__free(c->env, data);
    assert_ok(c, mlpipe_store_verify(c, s, &r));
    /* The object, and what needs it. */
    assert_near(mlpipe_report_get(r, "damaged"), 2, 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    assert_told(c, MLPIPE_E_CORRUPT, mlpipe_store_get_dataset(c, s, "all", &d));
    assert_null(d);
    assert_string_equal(id, mlpipe_ctx_error(c)->where);
    mlpipe_store_free(s);
}

/* The hash proves that a manifest is what was written, not that it is one. */
static void names_with_a_nul_are_damage(void **state)
{
    mlpipe_ctx *c = ((fixture *)*state)->c;
    const double one[1] = {1};
    mlpipe__store_ref ref;
    mlpipe__container old, bad;
    mlpipe__store_writer w;
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_store *s;
    char *cols;
    size_t bytes;
    uint32_t i;

    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "abc", MLPIPE_F64, one, NULL,
                                       1));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "good", d));
    mlpipe_dataset_free(d);
    assert_ok(c, mlpipe__store_resolve(c, s, "good", "dataset", &ref));
    assert_ok(c, mlpipe__store_get_object(c, s, ref.id, "MANI", &old));
    bytes = mlpipe__container_find(&old, "COLS")->bytes;
    cols = malloc(bytes);
    memcpy(cols, mlpipe__container_find(&old, "COLS")->data, bytes);
    assert_memory_equal(cols + 16, "abc", 3); /* rows, columns, length */
    cols[17] = 0;
    mlpipe__container_init(&bad, s->env);
    assert_ok(c, mlpipe__container_add(c, &bad, "COLS", 1, cols, bytes));
    for (i = 1; i < old.count; i++)
        assert_ok(c, mlpipe__container_add(c, &bad, old.sections[i].name, 1,
                                           old.sections[i].data,
                                           old.sections[i].bytes));
    assert_ok(c, mlpipe__store_lease(c, s, &w));
    assert_ok(c, mlpipe__store_put_object(c, s, &w, &bad, "MANI", ref.id));
    assert_ok(c, mlpipe__store_settle(c, s, &w));
    mlpipe__store_release(c, s, &w);
    assert_ok(c, mlpipe__store_point(c, s, "refs", "bad", &ref));
    assert_told(c, MLPIPE_E_CORRUPT, mlpipe_store_get_dataset(c, s, "bad", &d));
    assert_null(d);
    mlpipe__container_free(&bad);
    mlpipe__container_free(&old);
    free(cols);
    mlpipe_store_free(s);
}

static void another_writer_is_told(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = sample(f->c, 10, 1);
    mlpipe_store *s;
    void *lock;

    assert_ok(f->c, mlpipe_store_open(f->c, "store", "wait='20 ms'", &s));
    assert_int_equal(f->io.lock(f->io.user, "store/lock", &lock), 0);
    assert_status(MLPIPE_E_BUSY, mlpipe_store_put_dataset(f->c, s, "x", d));
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text,
                           "is being written by another process or thread"));
    assert_int_equal(f->io.unlock(f->io.user, lock), 0);
    assert_ok(f->c, mlpipe_store_put_dataset(f->c, s, "x", d));
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
}

static void refuses_what_is_no_store(void **state)
{
    fixture *f = *state;
    mlpipe_ctx *c = f->c;
    mlpipe_store *s;

    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_open(c, "none", "create=false", &s));
    assert_null(s);
    assert_ok(c, mlpipe__file_write(c, "format", "something else", 14,
                                    false));
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_store_open(c, ".", NULL, &s));
    assert_null(s);
    assert_int_equal(f->io.make_dir(f->io.user, "full"), 0);
    assert_ok(c, mlpipe__file_write(c, "full/letter", "x", 1, false));
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_store_open(c, "full", NULL, &s));
    assert_null(s);
    assert_told(c, MLPIPE_E_FORMAT,
                mlpipe_store_open(c, "full/letter", NULL, &s));
    assert_null(s);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "is a file"));
    assert_told(c, MLPIPE_E_ARG, mlpipe_store_open(c, "", NULL, &s));
    assert_null(s);
    assert_string_equal("mlpipe_store_open", mlpipe_ctx_error(c)->where);
}

/* What the store is after a power loss: 0 no store, 1 no name, 2 the rows. */
static int crash_leaves(mlpipe_ctx *host, const mlpipe__crash_io *crash,
                        uint32_t events, uint32_t how,
                        const mlpipe_dataset *d)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(host->env, &io);
    mlpipe_io_stat stat;
    mlpipe_dataset *back;
    mlpipe_store *s = NULL;
    mlpipe_ctx *c;
    int left = 0;

    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_ok(c, mlpipe__crash_io_build(c, crash, events, how, &io));
    if (!mlpipe_store_open(c, "at/store", "create=false", &s))
        left = io.stat(io.user, "at/store/refs/all", &stat) ? 1 : 2;
    if (left == 2) {
        assert_ok(c, mlpipe_store_get_dataset(c, s, "all", &back));
        assert_equal(c, d, back);
        mlpipe_dataset_free(back);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    return left;
}

/* A name never points to what a power loss took; what was put stays put. */
static void survives_a_power_loss(void **state)
{
    mlpipe_ctx *host = ((fixture *)*state)->host, *c;
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__crash_io *crash = mlpipe__crash_io_new(host->env, &io);
    mlpipe_dataset *d;
    mlpipe_store *s;
    uint32_t opened, put, n, how;

    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_int_equal(io.make_dir(io.user, "at"), 0);
    assert_int_equal(io.sync_dir(io.user, "."), 0);
    d = sample(c, 20, 3);
    assert_ok(c, mlpipe_store_open(c, "at/store/", NULL, &s));
    opened = mlpipe__crash_io_events(crash);
    assert_ok(c, mlpipe_store_put_dataset(c, s, "all", d));
    put = mlpipe__crash_io_events(crash);
    for (n = 0; n <= put; n++)
        for (how = 0; how < MLPIPE__CRASH_STATES; how++) {
            const int left = crash_leaves(host, crash, n, how, d);

            assert_true(left >= (n == put ? 2 : n >= opened ? 1 : 0));
        }
    mlpipe_store_free(s);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    mlpipe__crash_io_free(crash);
}

/* Opens and puts, the n-th operation failing, again; false: none failed. */
static bool put_again(mlpipe_ctx *host, const mlpipe_dataset *d, int64_t n)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io disk, io;
    mlpipe__crash_io *crash = mlpipe__crash_io_new(host->env, &disk);
    mlpipe__fault_io fault = {.inner = &disk, .fail_at = -1,
                              .result = MLPIPE_IO_FAILED};
    mlpipe_store *s;
    mlpipe_ctx *c;
    uint32_t how;
    bool failed;

    mlpipe__fault_io_table(&fault, &io);
    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_int_equal(disk.make_dir(disk.user, "at"), 0);
    assert_int_equal(disk.sync_dir(disk.user, "."), 0);
    fault.count = 0;
    fault.fail_at = n;
    failed = mlpipe_store_open(c, "at/store", NULL, &s) != MLPIPE_OK;
    if (failed)
        golden_gist(__BASE_FILE__, "a disk that fails",
                     mlpipe_ctx_error(c)->text);
    if (failed)
        assert_ok(c, mlpipe_store_open(c, "at/store", NULL, &s));
    else if (mlpipe_store_put_dataset(c, s, "all", d)) {
        failed = true;
        golden_gist(__BASE_FILE__, "a disk that fails",
                     mlpipe_ctx_error(c)->text);
    }
    fault.fail_at = -1;
    assert_ok(c, mlpipe_store_put_dataset(c, s, "all", d));
    for (how = 0; how < MLPIPE__CRASH_STATES; how++)
        assert_int_equal(2, crash_leaves(host, crash,
                                         mlpipe__crash_io_events(crash), how,
                                         d));
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__crash_io_free(crash);
    return failed;
}

/* What a failed put has left is not taken for what a disk keeps. */
static void survives_after_a_failure(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = sample(f->c, 20, 3);
    int64_t n = 0, failures = 0;

    for (; n < 130; n++)
        failures += put_again(f->host, d, n);
    assert_in_range(failures, 30, 129); /* n went beyond the last operation */
    mlpipe_dataset_free(d);
}

/* Whatever begins as the format file does is somebody else's nevertheless. */
static void refuses_what_looks_like_a_part(void **state)
{
    static const char *const names[] = {"f", "f.csv", "formats.csv",
                                        "format.bak"};
    fixture *f = *state;
    mlpipe_store *s;
    char folder[32], path[64];
    uint32_t i;

    for (i = 0; i < 4; i++) {
        snprintf(folder, sizeof folder, "folder%u", i);
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(f->io.make_dir(f->io.user, folder), 0);
        assert_ok(f->c, mlpipe__file_write(f->c, path, "x", 1, false));
        assert_told(f->c, MLPIPE_E_FORMAT,
                    mlpipe_store_open(f->c, folder, NULL, &s));
        assert_null(s);
    }
    /* What a store that was being made has left is no stranger. */
    assert_int_equal(f->io.make_dir(f->io.user, "begun"), 0);
    assert_int_equal(f->io.make_dir(f->io.user, "begun/packs"), 0);
    assert_ok(f->c, mlpipe__file_write(f->c, "begun/format.1f2e.tmp", "x", 1,
                                       false));
    assert_ok(f->c, mlpipe_store_open(f->c, "begun", NULL, &s));
    mlpipe_store_free(s);
}

static void models_know_their_data(void **state)
{
    mlpipe_ctx *c = ((fixture *)*state)->c;
    mlpipe_dataset *d = sample(c, 400, 1);
    mlpipe_pipeline *p;
    mlpipe_model *m, *back;
    mlpipe_report *r;
    mlpipe_store *s;

    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    assert_ok(c, mlpipe_pipeline_new(c, "target=n features=x,colour", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_store_put_dataset(c, s, "numbers", d));
    assert_ok(c, mlpipe_store_put_model(c, s, "counter", m));
    assert_ok(c, mlpipe_store_get_model(c, s, "counter", &back));
    assert_string_equal(mlpipe_model_id(back), mlpipe_model_id(m));
    assert_ok(c, mlpipe_store_lineage(c, s, "counter", &r));
    assert_string_equal(mlpipe_report_text(r, "train_name"), "numbers");
    assert_string_equal(mlpipe_report_text(r, "model"), mlpipe_model_id(m));
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_store_verify(c, s, &r));
    assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
    assert_near(mlpipe_report_get(r, "versions"), 2, 0);
    mlpipe_report_free(r);
    mlpipe_model_free(back);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_back_datasets, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_the_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(names_move_and_tags_stay, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(versions_take_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(names_with_a_nul_are_damage, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_writer_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_store, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(survives_a_power_loss, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(survives_after_a_failure, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_what_looks_like_a_part, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(models_know_their_data, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
