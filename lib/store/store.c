/* SPDX-License-Identifier: MIT */
/* Opening a store, and its files. */
#include "store_internal.h"

/* More than a format file or a ref can have. */
enum { STORE_SMALL_FILE = 4096 };

static const char store_format[] = "mlpipe-store 3\n";

const mlpipe__param mlpipe__store_params[] = {
    {"create", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "make the folder where it is absent"},
    {"sync", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "wait for the disk after each write; false for tests only"},
    {"wait", MLPIPE_PARAM_SPAN, "10 s", 0, 86400, NULL, 0x000100,
     "how long a writer waits for another one"},
    {"author", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "who commits, where a commit does not name one"},
    {"code", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "version of the host's code, where a commit does not name one"},
};
const uint32_t mlpipe__store_param_count =
    sizeof mlpipe__store_params / sizeof *mlpipe__store_params;

mlpipe_status mlpipe__store_path(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *folder, const char *name,
                                 mlpipe__text *t)
{
    mlpipe__text_free(t);
    mlpipe__text_init(t, s->env);
    mlpipe__text_add(t, *folder ? "%s/%s/%s" : "%s%s/%s", s->path, folder,
                     name);
    return t->failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

mlpipe_status mlpipe__store_name_check(mlpipe_ctx *ctx, const char *name)
{
    const size_t n = strlen(name);
    size_t i;

    for (i = 0; i < n; i++) {
        const char ch = name[i];
        const bool fits = (ch >= 'a' && ch <= 'z') ||
                          (ch >= 'A' && ch <= 'Z') ||
                          (ch >= '0' && ch <= '9') || ch == '.' ||
                          ch == '_' || ch == '-';

        if (!fits)
            break;
    }
    if (n == 0 || n > MLPIPE__STORE_NAME_MAX || i < n || name[0] == '.')
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "store: %q is no name: use 1 to %d letters, "
                            "digits, '.', '_' and '-', not beginning with "
                            "'.'", name, MLPIPE__STORE_NAME_MAX);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__store_read_file(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const char *folder, const char *name,
                                      uint64_t limit, mlpipe__text *path,
                                      char **data, size_t *bytes)
{
    const mlpipe_io *io = &ctx->env->io;
    const mlpipe_status st = mlpipe__store_path(ctx, s, folder, name, path);
    mlpipe_io_stat stat;
    int32_t got;

    *data = NULL;
    *bytes = 0;
    if (st)
        return st;
    /* Looked for first: that it is absent must not show as an error. */
    got = io->stat(io->user, path->data, &stat);
    if (got == MLPIPE_IO_NOT_FOUND)
        return MLPIPE_OK;
    if (got != MLPIPE_IO_OK)
        return mlpipe__io_fail(ctx, got, "read", path->data);
    return mlpipe__file_read(ctx, path->data, limit, data, bytes);
}

/* A folder that may be there already. */
static mlpipe_status store_make_dir(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const char *name)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", name, &path);
    if (!st) {
        got = io->make_dir(io->user, path.data);
        if (got != MLPIPE_IO_OK && got != MLPIPE_IO_EXISTS)
            st = mlpipe__io_fail(ctx, got, "make", path.data);
    }
    mlpipe__text_free(&path);
    return st;
}

/* Counts what a store that was being made would not have left. */
static int32_t store_stranger(void *arg, const char *name)
{
    uint32_t *strangers = arg;
    static const char *const own[] = {"packs", "refs", "tags", "leases"};
    const size_t n = strlen(name);

    for (uint32_t i = 0; i < 4; i++)
        if (!strcmp(name, own[i]))
            return 0;
    /* A temporary of the format file. */
    if (n > 11 && !memcmp(name, "format.", 7) &&
        !memcmp(name + n - 4, ".tmp", 4))
        return 0;
    ++*strangers;
    return 0;
}

static mlpipe_status store_is_file(mlpipe_ctx *ctx, const mlpipe_store *s)
{
    mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                 "store_open: %q is a file, and a store is a folder; name a "
                 "new or empty folder", s->path);
    return mlpipe__fail_where(ctx, s->path);
}

/* An empty folder becomes a store; the format file is its last part. "again"
 * is true where another process made one meanwhile: then nothing is done. */
static mlpipe_status store_create(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *format_path, bool *again)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t got = io->make_dir(io->user, s->path);
    uint32_t strangers = 0;
    mlpipe_io_stat stat;
    mlpipe_status st;

    if (got == MLPIPE_IO_NOT_FOUND) {
        mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                     "cannot make the store %q: the folder it would lie in is "
                     "not there; make that first, or check the path", s->path);
        mlpipe__fail_detail(ctx, got);
        return mlpipe__fail_where(ctx, s->path);
    }
    if (got != MLPIPE_IO_OK && got != MLPIPE_IO_EXISTS)
        return mlpipe__io_fail(ctx, got, "make", s->path);
    if (got == MLPIPE_IO_EXISTS) {
        got = io->list(io->user, s->path, store_stranger, &strangers);
        if (got != MLPIPE_IO_OK)
            return mlpipe__io_fail(ctx, got, "list", s->path);
    }
    /* Looked for after the listing, which may or may not have met it. */
    *again = strangers &&
             io->stat(io->user, format_path, &stat) == MLPIPE_IO_OK;
    if (*again)
        return MLPIPE_OK;
    if (strangers)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "store_open: %q is no store and holds %u other "
                            "files; name a new or empty folder", s->path,
                            strangers);
    st = s->sync ? mlpipe__file_sync_folder(ctx, s->path) : MLPIPE_OK;
    if (!st)
        st = store_make_dir(ctx, s, "packs");
    if (!st)
        st = store_make_dir(ctx, s, "refs");
    if (!st)
        st = store_make_dir(ctx, s, "tags");
    if (!st)
        st = store_make_dir(ctx, s, "leases");
    if (!st)
        st = mlpipe__file_write(ctx, format_path, store_format,
                                sizeof store_format - 1, s->sync);
    return st;
}

/* Says which: before packs, each object was a file of its own. */
static mlpipe_status store_other_version(mlpipe_ctx *ctx,
                                         const mlpipe_store *s,
                                         const char *data, size_t bytes)
{
    char line[16];
    size_t n = bytes - 13 < sizeof line - 1 ? bytes - 13 : sizeof line - 1;

    memcpy(line, data + 13, n);
    line[n] = 0;
    while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
        line[--n] = 0;
    return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                        "store_open: %q has format version %q, this library "
                        "reads 3; open it with the library that wrote it and "
                        "put what it holds into a new store", s->path, line);
}

static mlpipe_status store_check(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 bool create)
{
    mlpipe__text path;
    char *data;
    size_t bytes;
    bool again = false;
    mlpipe_io_stat stat;
    mlpipe_status st;

    if (ctx->env->io.stat(ctx->env->io.user, s->path, &stat) ==
            MLPIPE_IO_OK &&
        !stat.is_dir)
        return store_is_file(ctx, s);
    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_read_file(ctx, s, "", "format", STORE_SMALL_FILE,
                                 &path, &data, &bytes);
    if (!st && !data)
        st = create ? store_create(ctx, s, path.data, &again)
                    : mlpipe__io_fail(ctx, MLPIPE_IO_NOT_FOUND, "open",
                                      path.data);
    else if (!st && (bytes < 13 || memcmp(data, store_format, 13)))
        st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                          "store_open: %q is no store: its file \"format\" "
                          "does not begin with \"mlpipe-store\"", s->path);
    else if (!st && (bytes != sizeof store_format - 1 ||
                     memcmp(data, store_format, bytes)))
        st = store_other_version(ctx, s, data, bytes);
    mlpipe__free(ctx->env, data);
    mlpipe__text_free(&path);
    /* At most once: a store is never unmade. */
    return again ? store_check(ctx, s, false) : st;
}

static char *store_text(mlpipe_ctx *ctx, const mlpipe__params *p,
                        const char *name)
{
    const char *text = mlpipe__params_get(p, name)->text;

    return mlpipe__strdup(ctx->env, text, strlen(text));
}

static mlpipe_status store_open(mlpipe_ctx *ctx, const char *path,
                                const char *params, mlpipe_store **out)
{
    mlpipe__params p = {0};
    mlpipe_store *s = NULL;
    size_t n = strlen(path);
    mlpipe_status st;

    st = mlpipe__params_parse(ctx, "mlpipe_store_open", mlpipe__store_params,
                              mlpipe__store_param_count, params, &p);
    if (st)
        return st;
    s = mlpipe__alloc(ctx->env, sizeof *s);
    if (!s) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    s->env = mlpipe__env_keep(ctx->env);
    s->sync = mlpipe__params_get(&p, "sync")->number != 0.0;
    while (n > 1 && path[n - 1] == '/')
        n--;
    s->path = mlpipe__strdup(ctx->env, path, n);
    s->wait = mlpipe__params_get(&p, "wait")->number;
    s->author = store_text(ctx, &p, "author");
    s->code = store_text(ctx, &p, "code");
    s->packs = mlpipe__alloc(ctx->env, sizeof *s->packs);
    st = s->path && s->author && s->code && s->packs
             ? store_check(ctx, s,
                           mlpipe__params_get(&p, "create")->number != 0.0)
             : mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__packs_refresh(ctx, s, NULL);
    if (st) {
        mlpipe_store_free(s);
        s = NULL;
    }
done:
    mlpipe__params_free(&p);
    *out = s;
    return st;
}

mlpipe_status mlpipe_store_open(mlpipe_ctx *ctx, const char *path,
                                const char *params, mlpipe_store **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_store_open");

    if (out)
        *out = NULL;
    if (!st)
        st = mlpipe__io_check(ctx, path);
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = store_open(ctx, path, params, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__store_begin(mlpipe_ctx *ctx, const char *where,
                                  const mlpipe_store *s)
{
    const mlpipe_status st = mlpipe__begin_here(ctx, where);
    const int64_t here = mlpipe__os_pid();

    if (st)
        return st;
    if (!s)
        return mlpipe__null_arg(ctx, "store");
    if (here == s->env->pid)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_STATE,
                        "this store was opened in process %lld and this is "
                        "process %lld; open it again after fork",
                        (long long)s->env->pid, (long long)here);
}

void mlpipe_store_free(mlpipe_store *store)
{
    mlpipe__env *env;

    if (!store)
        return;
    env = store->env;
    mlpipe__packs_free(store);
    mlpipe__free(env, store->path);
    mlpipe__free(env, store->author);
    mlpipe__free(env, store->code);
    mlpipe__free(env, store);
    mlpipe__env_drop(env);
}
