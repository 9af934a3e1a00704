/* SPDX-License-Identifier: MIT */
/* Commits, histories, lineage, reports, pins and what gc leaves. */
#include "support.h"

#include "base/base_internal.h"
#include "store/store_internal.h"
#include "golden_text.h"

typedef struct fixture {
    mlpipe_ctx *host, *c;
    mlpipe__memory_io *files;
    mlpipe_io io;
    mlpipe_store *s;
    uint64_t live;
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
    return mlpipe_store_open(f->c, "store", "author=ada code=abc123 wait='0 s'",
                             &f->s);
}

static int teardown(void **state)
{
    fixture *f = *state;
    uint64_t live;

    mlpipe_store_free(f->s);
    mlpipe_ctx_memory(f->c, &live, NULL);
    mlpipe_ctx_free(f->c);
    mlpipe__memory_io_free(f->files);
    mlpipe_ctx_free(f->host);
    assert_true(live == f->live); /* nothing was left behind */
    free(f);
    return 0;
}

/* x counts from `first`, y is x * x, word one of three. */
static mlpipe_dataset *numbers(mlpipe_ctx *c, int64_t rows, double first)
{
    static const char *const words[3] = {"red", "green", "blue"};
    double *x = malloc((size_t)rows * sizeof *x);
    double *y = malloc((size_t)rows * sizeof *y);
    const char **text = malloc((size_t)rows * sizeof *text);
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < rows; i++) {
        x[i] = first + (double)i;
        y[i] = (double)(i * i);
        text[i] = words[i % 3];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, rows));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, rows));
    assert_ok(c, mlpipe_builder_texts(c, b, "word", text, rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(x), free(y), free(text);
    return d;
}

static void commit(fixture *f, const char *name, int64_t rows, double first,
                   const char *params, char version[33])
{
    mlpipe_dataset *d = numbers(f->c, rows, first);
    mlpipe_buffer *b;

    assert_ok(f->c, mlpipe_store_commit(f->c, f->s, name, d, params, &b));
    assert_int_equal(32, mlpipe_buffer_size(b));
    if (version)
        memcpy(version, mlpipe_buffer_data(b), 33);
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

/* What a gc says that it dropped. */
static double drops(fixture *f, const char *params)
{
    mlpipe_report *r;
    double x;

    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, params, &r));
    x = mlpipe_report_get(r, "versions_dropped");
    mlpipe_report_free(r);
    return x;
}

static void clean(fixture *f)
{
    mlpipe_report *r;

    assert_ok(f->c, mlpipe_store_verify(f->c, f->s, &r));
    assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
    mlpipe_report_free(r);
}

/* The text of a report as JSON, to be freed. */
static mlpipe_buffer *as_json(mlpipe_ctx *c, const mlpipe_report *r)
{
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    return b;
}

static bool says(mlpipe_ctx *c, const mlpipe_report *r, const char *what)
{
    mlpipe_buffer *b = as_json(c, r);
    const bool found = strstr(mlpipe_buffer_data(b), what) != NULL;

    if (!found)
        print_message("%s\n", mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return found;
}

/* The same content has the same version, whenever it is put. */
static void versions_are_content(void **state)
{
    fixture *f = *state;
    mlpipe_report *r;
    char a[33], b[33], other[33];

    commit(f, "one", 10, 0, "time=2026-01-01 note=first", a);
    commit(f, "one", 10, 0, "time=2026-01-02 note=first", b);
    assert_string_equal(a, b);
    commit(f, "two", 10, 0, "time=2026-01-03 uri='https://example.org'", b);
    assert_string_equal(a, b);
    commit(f, "one", 10, 1, NULL, other);
    assert_true(strcmp(a, other));
    /* Said again it is no second commit. */
    assert_ok(f->c, mlpipe_store_history(f->c, f->s, "one", &r));
    assert_near(mlpipe_report_get(r, "versions"), 2, 0);
    mlpipe_report_free(r);
    /* But something new is. */
    commit(f, "one", 10, 1, "note='looked at'", NULL);
    assert_ok(f->c, mlpipe_store_history(f->c, f->s, "one", &r));
    assert_near(mlpipe_report_get(r, "versions"), 3, 0);
    mlpipe_report_free(r);
    assert_ok(f->c, mlpipe_store_verify(f->c, f->s, &r));
    /* x twice; y and word once; two manifests; four commits. */
    assert_near(mlpipe_report_get(r, "objects"), 4 + 2 + 4, 0);
    mlpipe_report_free(r);
}

/* Chunks and statistics are made by any number of threads. */
static void versions_know_no_threads(void **state)
{
    fixture *f = *state;
    char first[33] = "";

    for (uint32_t threads = 1; threads < 4; threads++) {
        mlpipe_ctx_options o = {.size = sizeof o, .threads = threads,
                                .io = &f->io};
        mlpipe_buffer *id;
        mlpipe_dataset *d;
        mlpipe_store *s;
        mlpipe_ctx *c;
        char name[16];

        snprintf(name, sizeof name, "t%u", threads);
        assert_int_equal(0, mlpipe_ctx_new(&o, &c));
        assert_ok(c, mlpipe_store_open(c, name, "sync=false", &s));
        d = numbers(c, 5 * MLPIPE__CHUNK_ROWS + 77, -1000);
        assert_ok(c, mlpipe_store_commit(c, s, "d", d, NULL, &id));
        if (threads > 1)
            assert_string_equal(first, mlpipe_buffer_data(id));
        memcpy(first, mlpipe_buffer_data(id), 33);
        mlpipe_buffer_free(id);
        mlpipe_dataset_free(d);
        mlpipe_store_free(s);
        mlpipe_ctx_free(c);
    }
}

static void swaps_what_was_expected(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = numbers(f->c, 10, 7);
    mlpipe_buffer *b;
    char one[33], two[33], params[64];

    snprintf(params, sizeof params, "expect=%s", "none");
    commit(f, "x", 10, 1, params, one);
    assert_told(f->c, MLPIPE_E_CONFLICT,
                mlpipe_store_commit(f->c, f->s, "x", d, params, &b));
    assert_null(b);
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text, one));
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text, "none"));
    snprintf(params, sizeof params, "expect=%s", one);
    commit(f, "x", 10, 2, params, two);
    assert_told(f->c, MLPIPE_E_CONFLICT,
                mlpipe_store_commit(f->c, f->s, "x", d, params, &b));
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text, one));
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text, two));
    assert_told(f->c, MLPIPE_E_PARAM,
                mlpipe_store_commit(f->c, f->s, "x", d, "expect=new", &b));
    assert_told(f->c, MLPIPE_E_PARAM,
                mlpipe_store_commit(f->c, f->s, "x", d, "time=now", &b));
    assert_told(f->c, MLPIPE_E_SCHEMA,
                mlpipe_store_commit(f->c, f->s, "x", d, "key=x,z", &b));
    assert_told(f->c, MLPIPE_E_PARAM,
                mlpipe_store_commit(f->c, f->s, "x.tmp", d, NULL, &b));
    /* A key that identifies no row, with an example. */
    assert_told(f->c, MLPIPE_E_CONFLICT,
                mlpipe_store_commit(f->c, f->s, "x", d, "key=word", &b));
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text,
                           "rows 0 and 3 have the same key, word=red"));
    assert_ok(f->c, mlpipe_store_commit(f->c, f->s, "k", d, "key=word,x",
                                        NULL));
    mlpipe_dataset_free(d);
    clean(f);
}

static void histories_tell(void **state)
{
    fixture *f = *state;
    mlpipe_report *r;
    char one[33];

    commit(f, "x", 10, 1, "time=2026-01-31T12:30:05Z note='as it came' "
                          "uri='https://example.org/x' licence=CC0 "
                          "source='cursor 17' retrieved=2026-01-30 key=x",
           one);
    commit(f, "x", 10, 2, "time=2026-02-01 author=bob code=def", NULL);
    commit(f, "x", 11, 2, "time=2026-02-02", NULL);
    assert_ok(f->c, mlpipe_store_history(f->c, f->s, "x", &r));
    assert_near(mlpipe_report_get(r, "versions"), 3, 0);
    /* Rows came: of that every column is another. */
    assert_true(says(f->c, r, "\"2026-02-02T00:00:00Z\",11,"
                              "\"all (rows differ)\""));
    assert_true(says(f->c, r, "\"2026-01-31T12:30:05Z\",10,\"\","
                              "\"as it came\",\"ada\","
                              "\"https://example.org/x\",\"CC0\","
                              "\"cursor 17\",\"2026-01-30\",\"x\","
                              "\"abc123\""));
    assert_true(says(f->c, r, "\"2026-02-01T00:00:00Z\",10,\"x\",\"\","
                              "\"bob\",\"\",\"\",\"\",\"\",\"\",\"def\""));
    mlpipe_report_free(r);
    assert_told(f->c, MLPIPE_E_ARG, mlpipe_store_history(f->c, f->s, one, &r));
    assert_null(r);
    assert_told(f->c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_history(f->c, f->s, "y", &r));
}

static mlpipe_model *fitted(mlpipe_ctx *c, const mlpipe_dataset *d)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;

    assert_ok(c, mlpipe_pipeline_new(c, "target=y features=x,word", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

/* Which data and which code made this model, and what is known of it. */
static void models_have_a_lineage(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = numbers(f->c, 300, 0);
    mlpipe_model *m = fitted(f->c, d);
    mlpipe_report *score, *back, *r;
    mlpipe_buffer *b;
    char version[33];

    commit(f, "numbers", 300, 0, "uri='https://example.org/n' licence=CC0",
           version);
    assert_ok(f->c, mlpipe_store_commit_model(
                        f->c, f->s, "best", m,
                        "code=4f5e note='trees of two' expect=none", &b));
    assert_string_equal(mlpipe_buffer_data(b), mlpipe_model_id(m));
    mlpipe_buffer_free(b);
    assert_told(f->c, MLPIPE_E_CONFLICT,
                mlpipe_store_commit_model(f->c, f->s, "numbers", m, NULL,
                                          NULL));
    assert_ok(f->c, mlpipe_evaluate(f->c, m, d, "metrics=rmse", &score));
    assert_ok(f->c, mlpipe_store_put_report(f->c, f->s, "best-on-train",
                                            "best", score));
    assert_ok(f->c, mlpipe_store_get_report(f->c, f->s, "best-on-train",
                                            &back));
    assert_near(mlpipe_report_get(back, "rmse"),
                mlpipe_report_get(score, "rmse"), 0);
    mlpipe_report_free(back);
    assert_told(f->c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_put_report(f->c, f->s, "r", "none", score));
    assert_told(f->c, MLPIPE_E_ARG,
                mlpipe_store_get_report(f->c, f->s, "numbers", &back));
    assert_ok(f->c, mlpipe_store_lineage(f->c, f->s, "best", &r));
    assert_string_equal("numbers", mlpipe_report_text(r, "train_name"));
    assert_string_equal(version, mlpipe_report_text(r, "train_version"));
    assert_string_equal("https://example.org/n",
                        mlpipe_report_text(r, "train_uri"));
    assert_string_equal("CC0", mlpipe_report_text(r, "train_licence"));
    assert_string_equal("4f5e", mlpipe_report_text(r, "model_code"));
    assert_string_equal("ada", mlpipe_report_text(r, "model_author"));
    assert_string_equal("trees of two", mlpipe_report_text(r, "model_note"));
    assert_string_equal("0.1.0", mlpipe_report_text(r, "library"));
    assert_non_null(strstr(mlpipe_report_text(r, "recipe"), "gbt"));
    assert_true(says(f->c, r, "\"best-on-train\""));
    mlpipe_report_free(r);
    clean(f);
    mlpipe_report_free(score);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

static bool has(fixture *f, const char *name)
{
    mlpipe_dataset *d;
    const mlpipe_status st = mlpipe_store_get_dataset(f->c, f->s, name, &d);

    assert_true(!st || st == MLPIPE_E_NOT_FOUND);
    mlpipe_dataset_free(d);
    return !st;
}

static void gc_takes_what_is_old(void **state)
{
    fixture *f = *state;
    mlpipe_report *r, *t;
    double bytes;
    char v[6][33];

    for (int i = 0; i < 6; i++) {
        char params[40];

        snprintf(params, sizeof params, "time=2026-01-0%d", i + 1);
        commit(f, "x", 10, i, params, v[i]);
        if (i == 1)
            assert_ok(f->c, mlpipe_store_tag(f->c, f->s, "x", "good"));
    }
    /* Nothing is old enough. */
    assert_near(drops(f, "keep=1 older='30 d' now=2026-01-07"), 0, 0);
    /* All but the newest, those of the last three days, and the tagged. */
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, "keep=1 older='3.5 d' "
                                    "now=2026-01-07 dry_run=true", &r));
    assert_near(mlpipe_report_get(r, "versions_dropped"), 2, 0);
    bytes = mlpipe_report_get(r, "bytes_removed");
    assert_true(bytes > 0 && has(f, v[0]) && has(f, v[2]));
    mlpipe_report_free(r);
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, "keep=1 older='3.5 d' "
                                    "now=2026-01-07", &r));
    assert_near(mlpipe_report_get(r, "versions_dropped"), 2, 0);
    assert_near(mlpipe_report_get(r, "bytes_removed"), bytes, 0);
    mlpipe_report_free(r);
    assert_true(!has(f, v[0]) && has(f, v[1]) && !has(f, v[2]));
    assert_true(has(f, v[3]) && has(f, v[4]) && has(f, v[5]));
    assert_true(has(f, "good") && has(f, "x"));
    clean(f);
    /* The history is whole, and says what is gone. */
    assert_ok(f->c, mlpipe_store_history(f->c, f->s, "x", &t));
    assert_near(mlpipe_report_get(t, "versions"), 6, 0);
    assert_true(says(f->c, t, "\"no\""));
    mlpipe_report_free(t);
    /* Again: nothing is left to do. */
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, "keep=1 older='3.5 d' "
                                    "now=2026-01-07", &r));
    assert_near(mlpipe_report_get(r, "versions_dropped"), 0, 0);
    assert_near(mlpipe_report_get(r, "objects_removed"), 0, 0);
    mlpipe_report_free(r);
    /* What is gone can be put again. */
    commit(f, "x", 10, 0, NULL, v[0]);
    assert_true(has(f, v[0]));
    clean(f);
}

/* The data of a model that is kept are kept with it. */
static void gc_keeps_sources(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = numbers(f->c, 300, 0);
    mlpipe_model *m = fitted(f->c, d);
    char version[33];

    commit(f, "n", 300, 0, NULL, version);
    commit(f, "n", 300, 1, NULL, NULL);
    assert_ok(f->c, mlpipe_store_put_model(f->c, f->s, "best", m));
    assert_near(drops(f, "keep=1"), 0, 0);
    assert_true(has(f, version));
    assert_near(drops(f, "keep=1 sources=false"), 1, 0);
    assert_true(!has(f, version));
    clean(f);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
}

/* A writer that lives keeps its objects; one that ended does not. */
static void gc_knows_writers(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = numbers(f->c, 10, 5);
    mlpipe__store_writer w;
    mlpipe_report *r;
    char id[33], print[33];

    commit(f, "x", 10, 1, NULL, NULL);
    assert_ok(f->c, mlpipe__store_lease(f->c, f->s, &w));
    assert_ok(f->c, mlpipe__store_manifest_put(f->c, f->s, &w, d, NULL, id,
                                               print));
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, NULL, &r));
    assert_near(mlpipe_report_get(r, "temporaries_removed"), 0, 0);
    mlpipe_report_free(r);
    assert_ok(f->c, mlpipe__store_settle(f->c, f->s, &w));
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, NULL, &r));
    assert_near(mlpipe_report_get(r, "writers"), 1, 0);
    assert_near(mlpipe_report_get(r, "objects_removed"), 0, 0);
    assert_near(mlpipe_report_get(r, "objects_young"), 2, 0);
    mlpipe_report_free(r);
    mlpipe__store_release(f->c, f->s, &w);
    assert_ok(f->c, mlpipe_store_gc(f->c, f->s, NULL, &r));
    assert_near(mlpipe_report_get(r, "writers"), 0, 0);
    assert_near(mlpipe_report_get(r, "objects_removed"), 2, 0);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    clean(f);
}

static void pins_prove_what_they_get(void **state)
{
    fixture *f = *state;
    mlpipe_dataset *d = numbers(f->c, 10, 1), *back;
    char *data, *at;
    size_t bytes;

    commit(f, "x", 10, 1, "uri='https://example.org/x' licence=CC0", NULL);
    assert_ok(f->c, mlpipe_store_pin(f->c, f->s, "x", "x.pin"));
    commit(f, "x", 10, 2, NULL, NULL);
    assert_ok(f->c, mlpipe_store_get_pinned(f->c, f->s, "x.pin", &back));
    assert_int_equal(10, mlpipe_dataset_rows(back));
    mlpipe_dataset_free(back);
    assert_ok(f->c, mlpipe__file_read(f->c, "x.pin", 9999, &data, &bytes));
    assert_non_null(strstr(data, "\"licence\": \"CC0\""));
    /* Every digit that is changed is noticed. */
    for (size_t i = 0; i < bytes; i++) {
        const char old = data[i];
        mlpipe_status st;

        at = strstr(data, "\"version\"");
        if (data + i < at || data + i > strstr(data, "\"uri\"") ||
            old < '0' || old > '8')
            continue;
        data[i]++;
        assert_int_equal(0, f->io.remove(f->io.user, "x.pin"));
        assert_ok(f->c, mlpipe__file_write(f->c, "x.pin", data, bytes,
                                           false));
        st = mlpipe_store_get_pinned(f->c, f->s, "x.pin", &back);
        assert_true(st == MLPIPE_E_CONFLICT || st == MLPIPE_E_NOT_FOUND);
        assert_null(back);
        data[i] = old;
    }
    mlpipe__free(f->c->env, data);
    assert_ok(f->c, mlpipe__file_write(f->c, "x.pin", "{}", 2, false));
    assert_told(f->c, MLPIPE_E_FORMAT,
                mlpipe_store_get_pinned(f->c, f->s, "x.pin", &back));
    assert_told(f->c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_get_pinned(f->c, f->s, "y.pin", &back));
    mlpipe_dataset_free(d);
}

static void pin_log(void *user, uint32_t level, const char *component,
                    const char *text)
{
    (void)component;
    if (level == MLPIPE_LOG_WARN && strstr(text, "mlpipe_store_tag"))
        ++*(uint32_t *)user;
}

/* A gc may take what is pinned, but for what has a tag: both are told. */
static void pins_need_a_tag(void **state)
{
    fixture *f = *state;
    uint32_t warnings = 0;
    mlpipe_ctx_options o = {.size = sizeof o, .io = &f->io, .log = pin_log,
                            .log_level = MLPIPE_LOG_WARN, .user = &warnings};
    mlpipe_dataset *back;
    mlpipe_store *s;
    mlpipe_ctx *c;
    char old[33];

    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_store_open(c, "store", NULL, &s));
    commit(f, "x", 10, 1, NULL, old);
    assert_ok(c, mlpipe_store_pin(c, s, "x", "bare.pin"));
    assert_int_equal(warnings, 1);
    commit(f, "x", 10, 2, NULL, NULL);
    assert_ok(c, mlpipe_store_tag(c, s, "x", "kept"));
    assert_ok(c, mlpipe_store_pin(c, s, "kept", "kept.pin"));
    assert_ok(c, mlpipe_store_pin(c, s, "x", "same.pin"));
    assert_int_equal(warnings, 1);
    commit(f, "x", 10, 3, NULL, NULL);
    assert_near(drops(f, "keep=1"), 1, 0);
    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_get_pinned(c, s, "bare.pin", &back));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, old));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "a gc took it, or"));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "tag"));
    assert_ok(c, mlpipe_store_get_pinned(c, s, "kept.pin", &back));
    mlpipe_dataset_free(back);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    clean(f);
}

/* Stores of the formats before are told by their number: objects in files of
 * their own are not taken for a store that is empty. */
static void refuses_the_formats_before(void **state)
{
    fixture *f = *state;
    mlpipe_store *s;

    assert_int_equal(0, f->io.make_dir(f->io.user, "old"));
    assert_ok(f->c, mlpipe__file_write(f->c, "old/format",
                                       "mlpipe-store 1\n", 15, false));
    assert_told(f->c, MLPIPE_E_VERSION,
                mlpipe_store_open(f->c, "old", NULL, &s));
    assert_null(s);
    assert_int_equal(0, f->io.make_dir(f->io.user, "old/objects"));
    assert_int_equal(0, f->io.remove(f->io.user, "old/format"));
    assert_ok(f->c, mlpipe__file_write(f->c, "old/format",
                                       "mlpipe-store 2\n", 15, false));
    assert_told(f->c, MLPIPE_E_VERSION,
                mlpipe_store_open(f->c, "old", NULL, &s));
    assert_null(s);
    assert_non_null(strstr(mlpipe_ctx_error(f->c)->text, "version \"2\""));
}

int main(void)
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(versions_are_content),
        STORE_TEST(versions_know_no_threads),
        STORE_TEST(swaps_what_was_expected),
        STORE_TEST(histories_tell),
        STORE_TEST(models_have_a_lineage),
        STORE_TEST(gc_takes_what_is_old),
        STORE_TEST(gc_keeps_sources),
        STORE_TEST(gc_knows_writers),
        STORE_TEST(pins_prove_what_they_get),
        STORE_TEST(pins_need_a_tag),
        STORE_TEST(refuses_the_formats_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
