/* SPDX-License-Identifier: MIT */
/* Contexts, errors, buffers, versions, whole files, pools. */
#include "torture.h"

static mlpipe_status torture_status_name(torture *t)
{
    torture_text(t, mlpipe_status_name(MLPIPE_E_SCHEMA));
    return MLPIPE_OK;
}

static mlpipe_status torture_version(torture *t)
{
    const uint32_t version = mlpipe_version();
    torture_record(t, &version, sizeof version);
    return MLPIPE_OK;
}

static mlpipe_status torture_build_info(torture *t)
{
    torture_text(t, mlpipe_build_info());
    return MLPIPE_OK;
}

static mlpipe_status torture_ctx_new(torture *t)
{
    mlpipe_ctx *c = t->plain;
    const mlpipe_status st = mlpipe_ctx_new(&t->options, &c);
    torture_check(t, !st == (c != NULL));
    mlpipe_ctx_free(c);
    return st;
}

/* With a pool: its memory may be missing too. */
static mlpipe_status torture_ctx_pool(torture *t)
{
    mlpipe_ctx_options o = t->options;
    mlpipe_ctx *c = NULL;
    mlpipe_status st;
    o.threads = 3;
    st = mlpipe_ctx_new(&o, &c);
    torture_check(t, !st == (c != NULL));
    mlpipe_ctx_free(c);
    return st;
}

static mlpipe_status torture_ctx_cancel(torture *t)
{
    mlpipe_status st;
    mlpipe_ctx_cancel(t->c);
    st = mlpipe__begin(t->c, "torture");
    torture_check(t, mlpipe__poll(t->c, "x", 0, 1) == MLPIPE_E_CANCELLED);
    torture_check(t, mlpipe__poll(t->c, "x", 0, 1) == MLPIPE_OK);
    return mlpipe__end(t->c, st);
}

static mlpipe_status torture_ctx_error(torture *t)
{
    mlpipe_status st = mlpipe__begin(t->c, "torture");
    if (!st)
        st = mlpipe__fail(t->c, MLPIPE_E_SCHEMA, "%q %g", "name", 0.5);
    mlpipe__end(t->c, st);
    torture_text(t, mlpipe_ctx_error(t->c)->text);
    torture_text(t, mlpipe_ctx_error(NULL)->text);
    return MLPIPE_OK;
}

static mlpipe_status torture_ctx_memory(torture *t)
{
    uint64_t live, peak;
    mlpipe_ctx_memory(t->c, &live, &peak);
    torture_check(t, live > 0 && peak >= live);
    return MLPIPE_OK;
}

static mlpipe_status torture_buffer(torture *t)
{
    mlpipe_buffer *b = NULL;
    mlpipe__text text;
    mlpipe_status st;
    int i;
    mlpipe__text_init(&text, t->c->env);
    for (i = 0; i < 300; i++)
        mlpipe__text_add(&text, "%d ", i);
    st = mlpipe__text_give(t->c, &text, &b);
    torture_check(t, !st == (b != NULL));
    if (!st)
        torture_record(t, mlpipe_buffer_data(b), mlpipe_buffer_size(b));
    mlpipe_buffer_free(b);
    return st;
}

/* A file is the old one or the new one, whatever fails. */
static mlpipe_status torture_file_write(torture *t)
{
    mlpipe_status st;
    char *data = NULL;
    size_t n = 0;
    if (mlpipe__file_write(t->plain, "f", "old", 3, true))
        return MLPIPE_E_INTERNAL;
    st = mlpipe__file_write(t->c, "f", "newer", 5, true);
    torture_check(t, !mlpipe__file_read(t->plain, "f", 99, &data, &n));
    torture_check(t, (n == 3 && !strcmp(data, "old")) ||
                         (n == 5 && !strcmp(data, "newer")));
    torture_check(t, st || n == 5);
    if (!st)
        torture_record(t, data, n);
    mlpipe__free(t->plain->env, data);
    return st;
}

static mlpipe_status torture_file_read(torture *t)
{
    mlpipe_status st;
    char *data = NULL;
    size_t n = 0;
    if (mlpipe__file_write(t->plain, "f", "some text", 9, true))
        return MLPIPE_E_INTERNAL;
    st = mlpipe__file_read(t->c, "f", 99, &data, &n);
    torture_check(t, !st == (data != NULL));
    if (!st)
        torture_record(t, data, n);
    mlpipe__free(t->c->env, data);
    return st;
}

static int32_t torture_name(void *arg, const char *name)
{
    torture_text(arg, name);
    return 0;
}

/* The files in memory themselves, on memory that fails. */
static mlpipe_status torture_memory_io(torture *t)
{
    mlpipe_io io;
    mlpipe__memory_io *m = mlpipe__memory_io_new(t->c->env, &io);
    int32_t r;
    void *f, *lock;
    if (!m)
        return mlpipe__nomem(t->c);
    r = io.make_dir(io.user, "d");
    if (!r)
        r = io.open(io.user, "d/f", MLPIPE_IO_APPEND, &f);
    if (!r) {
        r = io.write(io.user, f, "0123456789", 10);
        if (!r)
            r = io.truncate(io.user, f, 200);
        io.close(io.user, f);
    }
    if (!r)
        r = io.rename(io.user, "d", "e");
    if (!r)
        r = io.lock(io.user, "lock", &lock);
    if (!r)
        r = io.unlock(io.user, lock);
    if (!r)
        r = io.list(io.user, "e", torture_name, t);
    mlpipe__memory_io_free(m);
    return r ? mlpipe__nomem(t->c) : MLPIPE_OK;
}

const torture_scenario torture_base[] = {
    {"mlpipe_status_name", torture_status_name, TORTURE_NO_ALLOC},
    {"mlpipe_version", torture_version, TORTURE_NO_ALLOC},
    {"mlpipe_build_info", torture_build_info, TORTURE_NO_ALLOC},
    {"mlpipe_ctx_new", torture_ctx_new, TORTURE_OWN_CTX},
    {"mlpipe_ctx_free", torture_ctx_pool, TORTURE_OWN_CTX},
    {"mlpipe_ctx_cancel", torture_ctx_cancel, TORTURE_NO_ALLOC},
    {"mlpipe_ctx_error", torture_ctx_error, TORTURE_NO_ALLOC},
    {"mlpipe_ctx_memory", torture_ctx_memory, TORTURE_NO_ALLOC},
    {"mlpipe_buffer_data", torture_buffer, 0},
    {"mlpipe_buffer_size", torture_buffer, 0},
    {"mlpipe_buffer_free", torture_buffer, 0},
    {"mlpipe__file_write", torture_file_write, 0},
    {"mlpipe__file_read", torture_file_read, 0},
    {"mlpipe__memory_io", torture_memory_io, 0},
    {NULL, NULL, 0},
};
