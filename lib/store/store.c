/* SPDX-License-Identifier: MIT */
/* Opening a store; names and what they point to. */
#include "store_internal.h"

/* More than a format file or a ref can have. */
enum { STORE_SMALL_FILE = 4096 };

static const char store_format[] = "mlpipe-store 1\n";

const mlpipe__param mlpipe__store_params[] = {
    {"create", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "make the folder where it is absent"},
    {"sync", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "wait for the disk after each write; false for tests only"},
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
    static const char *const own[] = {"objects", "refs", "tags"};
    const size_t n = strlen(name);

    for (uint32_t i = 0; i < 3; i++)
        if (!strcmp(name, own[i]))
            return 0;
    /* A temporary of the format file. */
    if (n > 11 && !memcmp(name, "format.", 7) &&
        !memcmp(name + n - 4, ".tmp", 4))
        return 0;
    ++*strangers;
    return 0;
}

/* An empty folder becomes a store; the format file is its last part. */
static mlpipe_status store_create(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *format_path)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t got = io->make_dir(io->user, s->path);
    uint32_t strangers = 0;
    mlpipe_status st;

    if (got != MLPIPE_IO_OK && got != MLPIPE_IO_EXISTS)
        return mlpipe__io_fail(ctx, got, "make", s->path);
    if (got == MLPIPE_IO_EXISTS) {
        got = io->list(io->user, s->path, store_stranger, &strangers);
        if (got != MLPIPE_IO_OK)
            return mlpipe__io_fail(ctx, got, "list", s->path);
    }
    if (strangers)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "store_open: %q is no store and holds %u other "
                            "files; name a new or empty folder", s->path,
                            strangers);
    st = s->sync ? mlpipe__file_sync_folder(ctx, s->path) : MLPIPE_OK;
    if (!st)
        st = store_make_dir(ctx, s, "objects");
    if (!st)
        st = store_make_dir(ctx, s, "refs");
    if (!st)
        st = store_make_dir(ctx, s, "tags");
    if (!st)
        st = mlpipe__file_write(ctx, format_path, store_format,
                                sizeof store_format - 1, s->sync);
    return st;
}

static mlpipe_status store_check(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 bool create)
{
    mlpipe__text path;
    char *data;
    size_t bytes;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_read_file(ctx, s, "", "format", STORE_SMALL_FILE,
                                 &path, &data, &bytes);
    if (!st && !data)
        st = create ? store_create(ctx, s, path.data)
                    : mlpipe__io_fail(ctx, MLPIPE_IO_NOT_FOUND, "open",
                                      path.data);
    else if (!st && (bytes < 13 || memcmp(data, store_format, 13)))
        st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                          "store_open: %q is no store: its file \"format\" "
                          "does not begin with \"mlpipe-store\"", s->path);
    else if (!st && (bytes != sizeof store_format - 1 ||
                     memcmp(data, store_format, bytes)))
        st = mlpipe__fail(ctx, MLPIPE_E_VERSION,
                          "store_open: %q has another format than version 1, "
                          "which this library reads", s->path);
    mlpipe__free(ctx->env, data);
    mlpipe__text_free(&path);
    return st;
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
    st = s->path ? store_check(ctx, s, mlpipe__params_get(&p, "create")
                                               ->number != 0.0)
                 : mlpipe__nomem(ctx);
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
    mlpipe__free(env, store->path);
    mlpipe__free(env, store);
    mlpipe__env_drop(env);
}

mlpipe_status mlpipe__store_lock(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 void **lock)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe__text path;
    mlpipe_status st;
    int32_t got;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", "lock", &path);
    if (!st) {
        got = io->lock(io->user, path.data, lock);
        if (got == MLPIPE_IO_BUSY)
            st = mlpipe__fail(ctx, MLPIPE_E_BUSY,
                              "store: %q is being written by another "
                              "process or thread; try again", s->path);
        else if (got != MLPIPE_IO_OK)
            st = mlpipe__io_fail(ctx, got, "lock", path.data);
    }
    mlpipe__text_free(&path);
    return st;
}

void mlpipe__store_unlock(mlpipe_ctx *ctx, void *lock)
{
    const mlpipe_io *io = &ctx->env->io;

    if (lock)
        io->unlock(io->user, lock);
}

/* The text of a ref file into its parts; false where it is none. */
static bool store_ref_parse(const char *data, size_t bytes,
                            mlpipe__store_ref *out)
{
    const char *space = memchr(data, ' ', bytes);
    const size_t kind = space ? (size_t)(space - data) : 0;
    mlpipe__hash128 hash;

    if (kind == 0 || kind >= sizeof out->kind || bytes != kind + 34 ||
        data[bytes - 1] != '\n' ||
        !mlpipe__hash_from_hex(space + 1, 32, &hash))
        return false;
    memcpy(out->kind, data, kind);
    out->kind[kind] = 0;
    memcpy(out->id, space + 1, 32);
    out->id[32] = 0;
    return true;
}

/* Reads folder/name if it is there; *found tells. */
static mlpipe_status store_ref_read(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const char *folder, const char *name,
                                    mlpipe__store_ref *out, bool *found)
{
    mlpipe__text path;
    char *data;
    size_t bytes;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_read_file(ctx, s, folder, name, STORE_SMALL_FILE,
                                 &path, &data, &bytes);
    *found = !st && data;
    if (*found && !store_ref_parse(data, bytes, out))
        st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                          "store: %q does not hold a kind and a version; "
                          "take it from a backup or put it again",
                          path.data);
    mlpipe__free(ctx->env, data);
    mlpipe__text_free(&path);
    return st;
}

/* What a tag or a name points to; *found tells whether it is one. */
static mlpipe_status store_look_up(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   const char *name, mlpipe__store_ref *out,
                                   bool *found)
{
    mlpipe_status st = mlpipe__store_name_check(ctx, name);

    *found = false;
    if (!st)
        st = store_ref_read(ctx, s, "tags", name, out, found);
    if (!st && !*found)
        st = store_ref_read(ctx, s, "refs", name, out, found);
    return st;
}

static bool store_is_version(const char *name)
{
    mlpipe__hash128 hash;

    return mlpipe__hash_from_hex(name, strlen(name), &hash);
}

static mlpipe_status store_no_version(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const char *name)
{
    mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                 "store: %q names no version in %q; mlpipe_store_log lists "
                 "what there is", name, s->path);
    return mlpipe__fail_where(ctx, s->path);
}

mlpipe_status mlpipe__store_resolve(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const char *name, const char *kind,
                                    mlpipe__store_ref *out)
{
    bool found;
    const mlpipe_status st = store_look_up(ctx, s, name, out, &found);

    if (st)
        return st;
    if (!found && store_is_version(name)) {
        memcpy(out->id, name, sizeof out->id);
        memcpy(out->kind, kind, strlen(kind) + 1);
        return MLPIPE_OK;
    }
    if (!found)
        return store_no_version(ctx, s, name);
    if (strcmp(out->kind, kind))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "store: %q is a %s, not a %s", name, out->kind,
                            kind);
    return MLPIPE_OK;
}

/* The kind of a version is only in its object. */
static mlpipe_status store_find_version(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        const char *id,
                                        mlpipe__store_ref *out)
{
    static const char *const kinds[][2] = {{"MANI", "dataset"},
                                           {"MODL", "model"}};
    mlpipe__container object;
    mlpipe_status st;
    uint32_t i;

    for (i = 0; i < 2; i++) {
        st = mlpipe__store_get_object(ctx, s, id, kinds[i][0], &object);
        if (st == MLPIPE_E_FORMAT)
            continue; /* it is another kind */
        if (st)
            return st == MLPIPE_E_NOT_FOUND ? store_no_version(ctx, s, id)
                                            : st;
        mlpipe__container_free(&object);
        memcpy(out->id, id, sizeof out->id);
        memcpy(out->kind, kinds[i][1], strlen(kinds[i][1]) + 1);
        return MLPIPE_OK;
    }
    return store_no_version(ctx, s, id);
}

/* The folders of objects have names as well, which come before the ref. */
static mlpipe_status store_sync_objects(mlpipe_ctx *ctx,
                                        const mlpipe_store *s)
{
    mlpipe__text path;
    mlpipe_status st;

    if (!s->sync)
        return MLPIPE_OK;
    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_path(ctx, s, "", "objects/", &path);
    if (!st)
        st = mlpipe__file_sync_folder(ctx, path.data);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe__store_point(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *folder, const char *name,
                                  const mlpipe__store_ref *ref)
{
    mlpipe__text path, line;
    mlpipe_status st = store_sync_objects(ctx, s);

    mlpipe__text_init(&path, s->env);
    mlpipe__text_init(&line, s->env);
    if (!st)
        st = mlpipe__store_path(ctx, s, folder, name, &path);
    mlpipe__text_add(&line, "%s %s\n", ref->kind, ref->id);
    if (!st && line.failed)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__file_write(ctx, path.data, line.data, line.size,
                                s->sync);
    mlpipe__text_free(&path);
    mlpipe__text_free(&line);
    return st;
}

mlpipe_status mlpipe__store_name_free(mlpipe_ctx *ctx, const mlpipe_store *s,
                                      const char *folder, const char *name)
{
    mlpipe__store_ref ref;
    bool found = false;
    mlpipe_status st = mlpipe__store_name_check(ctx, name);

    if (!st && store_is_version(name))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "store: %q looks like a version; take another "
                            "name", name);
    if (!st)
        st = store_ref_read(ctx, s, folder, name, &ref, &found);
    if (!st && found)
        st = mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                          "store: %q is a %s already; take another name",
                          name, strcmp(folder, "tags") ? "name" : "tag");
    return st;
}

/* Under the lock: the tag is new, or names this version already. */
static mlpipe_status store_tag(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, const char *tag)
{
    mlpipe__store_ref ref, old;
    mlpipe__store_entry entry = {"tag", NULL, tag, NULL, ""};
    bool found;
    mlpipe_status st = mlpipe__store_name_free(ctx, s, "refs", tag);

    if (!st)
        st = store_look_up(ctx, s, name, &ref, &found);
    if (!st && !found)
        st = store_is_version(name) ? store_find_version(ctx, s, name, &ref)
                                    : store_no_version(ctx, s, name);
    if (!st)
        st = store_ref_read(ctx, s, "tags", tag, &old, &found);
    if (st)
        return st;
    if (found && strcmp(old.id, ref.id))
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "store_tag: %q names version %s already; a tag "
                            "never moves", tag, old.id);
    if (found)
        return MLPIPE_OK;
    st = mlpipe__store_point(ctx, s, "tags", tag, &ref);
    entry.kind = ref.kind;
    entry.id = ref.id;
    return st ? st : mlpipe__store_log_add(ctx, s, &entry);
}

mlpipe_status mlpipe_store_tag(mlpipe_ctx *ctx, mlpipe_store *store,
                               const char *name, const char *tag)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_tag", store);
    void *lock = NULL;

    if (!st && (!name || !tag))
        st = mlpipe__null_arg(ctx, name ? "tag" : "name");
    if (!st)
        st = mlpipe__store_lock(ctx, store, &lock);
    if (!st)
        st = store_tag(ctx, store, name, tag);
    if (ctx)
        mlpipe__store_unlock(ctx, lock);
    return mlpipe__end(ctx, st);
}
