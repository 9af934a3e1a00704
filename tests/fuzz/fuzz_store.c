/* SPDX-License-Identifier: MIT */
/*
 * What a store reads: the first byte says as what. A chunk of each type, a
 * manifest (its hashes made to hold, so that what is behind them is reached),
 * a name file, the log. Each is refused, or gives something usable.
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

    if (!mlpipe_store_get_dataset(c, s, name, &d))
        fuzz_require(!mlpipe_dataset_fingerprint(c, d, &b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
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

/* The bytes as a manifest's list of columns, filed under its right id. */
static void store_manifest(mlpipe_ctx *c, mlpipe_store *s,
                           const uint8_t *data, size_t size)
{
    char id[MLPIPE__STORE_ID];
    mlpipe__container manifest;

    mlpipe__container_init(&manifest, c->env);
    if (!mlpipe__container_add(c, &manifest, "COLS",
                               MLPIPE__SECTION_REQUIRED, data, size) &&
        !mlpipe__store_put_object(c, s, NULL, &manifest, "MANI", id))
        store_use(c, s, id);
    mlpipe__container_free(&manifest);
}

static void store_run(mlpipe_ctx *c, const uint8_t *data, size_t size)
{
    const uint8_t what = data[0];
    mlpipe_store *s = NULL;

    fuzz_require(!mlpipe_store_open(c, "s", "sync=false", &s));
    if (what < 128)
        store_chunk(c, what, data + 1, size - 1);
    else if (what < 192)
        store_manifest(c, s, data + 1, size - 1);
    else if (what < 224)
        store_file(c, "s/refs/x", data + 1, size - 1);
    else
        store_file(c, "s/log", data + 1, size - 1);
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
