/* SPDX-License-Identifier: MIT */
/*
 * What a store reads: the first byte says as what. A chunk of each type, a
 * manifest and a commit (their hashes made to hold, so that what is behind them
 * is reached), a pin, a name file, the log, a pack. Each is refused, or gives
 * something usable.
 */
#include "fuzz.h"

#include "store/store_internal.h"

/* A store in memory with one file of these bytes. */
static void store_file(mlpipe_ctx *c, const char *path, const void *data,
                       size_t size)
{
    fuzz_require(!mlpipe__file_write(c, path, data, size, false));
}

static void store_use(mlpipe_ctx *c, mlpipe_store *s, const char *name)
{
    mlpipe_dataset *d = NULL;
    mlpipe_report *r = NULL;
    mlpipe_buffer *b = NULL;

    if (!mlpipe_store_get_dataset(c, s, name, &d)) {
        fuzz_require(!mlpipe_dataset_fingerprint(c, d, &b));
        if (!mlpipe_store_changed(c, s, name, d, &r))
            fuzz_require(mlpipe_report_text(r, "verdict") != NULL);
        mlpipe_report_free(r);
        r = NULL;
    }
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    if (!mlpipe_store_diff(c, s, name, name, NULL, &r))
        fuzz_require(mlpipe_report_get(r, "columns_changed") == 0);
    mlpipe_report_free(r);
    r = NULL;
    if (!mlpipe_store_history(c, s, name, &r))
        fuzz_require(mlpipe_report_get(r, "versions") > 0);
    mlpipe_report_free(r);
    r = NULL;
    if (!mlpipe_store_gc(c, s, "dry_run=true", &r))
        fuzz_require(mlpipe_report_get(r, "objects_young") == 0);
    mlpipe_report_free(r);
    r = NULL;
    if (!mlpipe_store_log(c, s, &r))
        fuzz_require(mlpipe_report_count(r) < 1000000);
    mlpipe_report_free(r);
    r = NULL;
    if (!mlpipe_store_verify(c, s, &r))
        fuzz_require(mlpipe_report_get(r, "damaged") >= 0);
    mlpipe_report_free(r);
}

static void store_chunk(mlpipe_ctx *c, uint8_t what, const uint8_t *bytes,
                        size_t size)
{
    /* Sections are aligned in their container. */
    void *data = mlpipe__alloc(c->env, size + 256);
    const int32_t type = 1 + what % 7;
    mlpipe__dictionary *dictionary = mlpipe__dictionary_new(c->env);
    mlpipe__section section = {"CHNK", 1, data, size, {0, 0}};
    mlpipe__column_writer *w;
    uint32_t rows = 0;

    fuzz_require(dictionary != NULL && data != NULL);
    memcpy(data, bytes, size);
    fuzz_require(mlpipe__dict_add(&dictionary->dict, "a", 1) == 0);
    w = mlpipe__writer_new(c->env, "x", 1, type,
                           type > MLPIPE_TYPE_CATEGORY ? MLPIPE_UNIT_S
                                                       : MLPIPE_UNIT_NONE,
                           type == MLPIPE_TYPE_CATEGORY ? dictionary : NULL);
    fuzz_require(w != NULL);
    if (size >= 4)
        memcpy(&rows, data, 4);
    if (rows <= MLPIPE__CHUNK_ROWS)
        (void)mlpipe__store_chunk_load(c, &section, type, rows, 1, w);
    mlpipe__writer_free(w);
    mlpipe__dictionary_drop(dictionary);
    mlpipe__free(c->env, data);
}

/* An object of these sections, filed under its right id. */
static bool store_object(mlpipe_ctx *c, mlpipe_store *s, const char *kind,
                         const mlpipe__section *sections, uint32_t count,
                         char id[MLPIPE__STORE_ID])
{
    mlpipe__store_writer w;
    mlpipe__container object;
    bool made = true;

    fuzz_require(!mlpipe__store_lease(c, s, &w));
    mlpipe__container_init(&object, c->env);
    for (uint32_t i = 0; i < count && made; i++)
        made = !mlpipe__container_add(c, &object, sections[i].name,
                                      MLPIPE__SECTION_REQUIRED,
                                      sections[i].data, sections[i].bytes);
    if (made)
        made = !mlpipe__store_put_object(c, s, &w, &object, kind, id);
    if (made)
        made = !mlpipe__store_settle(c, s, &w);
    mlpipe__store_release(c, s, &w);
    mlpipe__container_free(&object);
    return made;
}

/* Two bytes tell how many are a manifest's columns; what is left are their
 * statistics. */
static void store_manifest(mlpipe_ctx *c, mlpipe_store *s,
                           const uint8_t *data, size_t size)
{
    static const char print[33] = "0123456789abcdef0123456789abcdef";
    const size_t told = size < 2 ? 0 : data[0] + 256u * data[1];
    const size_t rest = size < 2 ? 0 : size - 2;
    const size_t cols = told < rest ? told : rest;
    const mlpipe__section sections[] = {
        {"COLS", 1, data + 2, cols, {0, 0}},
        {"STAT", 1, data + 2 + cols, rest - cols, {0, 0}},
        {"FING", 1, print, 32, {0, 0}}};
    char id[MLPIPE__STORE_ID];

    if (size >= 2 && store_object(c, s, "MANI", sections, 3, id))
        store_use(c, s, id);
}

/* A name at this commit, whatever version it has. */
static void store_commit(mlpipe_ctx *c, mlpipe_store *s, const uint8_t *data,
                         size_t size)
{
    const mlpipe__section section = {"CMIT", 1, data, size, {0, 0}};
    mlpipe__store_ref ref = {"dataset", "0123456789abcdef0123456789abcdef",
                             ""};
    mlpipe_model *m = NULL;

    if (!store_object(c, s, "CMIT", &section, 1, ref.commit))
        return;
    fuzz_require(!mlpipe__store_point(c, s, "refs", "x", &ref));
    fuzz_require(mlpipe_store_get_model(c, s, "x", &m) != MLPIPE_OK);
}

static void store_pin(mlpipe_ctx *c, mlpipe_store *s, const uint8_t *data,
                      size_t size)
{
    mlpipe_dataset *d = NULL;

    store_file(c, "x.pin", data, size);
    fuzz_require(mlpipe_store_get_pinned(c, s, "x.pin", &d) != MLPIPE_OK);
    fuzz_require(d == NULL);
}

/* A pack whose hash holds: a byte tells how many entries its index has, which
 * follow; what is left are its records. */
static void store_pack(mlpipe_ctx *c, mlpipe_store *s, const uint8_t *data,
                       size_t size)
{
    mlpipe__pack_entry entries[8];
    const uint32_t count = size ? data[0] % 9 : 0;
    const size_t index = count * sizeof entries[0];
    char path[64] = "s/packs/", id[MLPIPE__STORE_ID] = "x";
    mlpipe__hash128 name;
    mlpipe__text file;

    if (size < 1 + index)
        return;
    memcpy(entries, data + 1, index);
    mlpipe__text_init(&file, c->env);
    mlpipe__text_put(&file, data + 1 + index, size - 1 - index);
    mlpipe__pack_index(entries, count, file.size, &name, &file);
    fuzz_require(!file.failed);
    mlpipe__hash_hex(name, path + 8);
    store_file(c, path, file.data, file.size);
    mlpipe__text_free(&file);
    for (uint32_t i = 0; i < count; i++) {
        mlpipe__hash_hex((mlpipe__hash128){entries[i].lo, entries[i].hi},
                         id);
        store_use(c, s, id);
    }
}

static void store_run(mlpipe_ctx *c, const uint8_t *data, size_t size)
{
    const uint8_t what = data[0];
    mlpipe_store *s = NULL;

    fuzz_require(!mlpipe_store_open(c, "s", "sync=false", &s));
    if (what < 128)
        store_chunk(c, what, data + 1, size - 1);
    else if (what < 160)
        store_manifest(c, s, data + 1, size - 1);
    else if (what < 176)
        store_commit(c, s, data + 1, size - 1);
    else if (what < 192)
        store_pin(c, s, data + 1, size - 1);
    else if (what < 224)
        store_file(c, "s/refs/x", data + 1, size - 1);
    else if (what < 240)
        store_file(c, "s/log", data + 1, size - 1);
    else
        store_pack(c, s, data + 1, size - 1);
    store_use(c, s, "x");
    mlpipe_store_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mlpipe_ctx_options options = {.size = sizeof options};
    uint64_t live = 0;
    mlpipe_ctx *host = fuzz_begin(&live), *c = NULL;
    mlpipe__memory_io *files;
    mlpipe_io io;

    if (size > 0) {
        files = mlpipe__memory_io_new(host->env, &io);
        fuzz_require(files != NULL);
        options.io = &io;
        fuzz_require(!mlpipe_ctx_new(&options, &c));
        store_run(c, data, size);
        mlpipe_ctx_free(c);
        mlpipe__memory_io_free(files);
    }
    fuzz_end(host, live);
    return 0;
}
