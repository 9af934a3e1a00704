/* SPDX-License-Identifier: MIT */
/* Names and tags, and what they point to. */
#include "store_internal.h"

/* More than a ref can have. */
enum { STORE_REF_FILE = 512 };

bool mlpipe__store_is_damage(mlpipe_status st)
{
    return st == MLPIPE_E_CORRUPT || st == MLPIPE_E_FORMAT ||
           st == MLPIPE_E_VERSION || st == MLPIPE_E_LIMIT;
}

/* The text of a ref file into its parts; false where it is none. */
static bool store_ref_parse(const char *data, size_t bytes,
                            mlpipe__store_ref *out)
{
    const char *space = memchr(data, ' ', bytes);
    const size_t kind = space ? (size_t)(space - data) : 0;
    mlpipe__hash128 hash;

    if (kind == 0 || kind >= sizeof out->kind || bytes != kind + 67 ||
        data[bytes - 1] != '\n' || space[33] != ' ' ||
        !mlpipe__hash_from_hex(space + 1, 32, &hash) ||
        !mlpipe__hash_from_hex(space + 34, 32, &hash))
        return false;
    memcpy(out->kind, data, kind);
    out->kind[kind] = 0;
    memcpy(out->id, space + 1, 32);
    out->id[32] = 0;
    memcpy(out->commit, space + 34, 32);
    out->commit[32] = 0;
    return !strcmp(out->kind, "dataset") || !strcmp(out->kind, "model") ||
           !strcmp(out->kind, "report");
}

mlpipe_status mlpipe__store_ref_read(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     const char *folder, const char *name,
                                     mlpipe__store_ref *out, bool *found)
{
    mlpipe__text path;
    char *data;
    size_t bytes;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__store_read_file(ctx, s, folder, name, STORE_REF_FILE,
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
        st = mlpipe__store_ref_read(ctx, s, "tags", name, out, found);
    if (!st && !*found)
        st = mlpipe__store_ref_read(ctx, s, "refs", name, out, found);
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
        out->commit[0] = 0;
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
    static const char *const kinds[][2] = {
        {"MANI", "dataset"}, {"MODL", "model"}, {"REPT", "report"}};
    mlpipe__container object;
    mlpipe_status st;
    uint32_t i;

    for (i = 0; i < 3; i++) {
        st = mlpipe__store_get_object(ctx, s, id, kinds[i][0], &object);
        if (st == MLPIPE_E_FORMAT)
            continue; /* it is another kind */
        if (st)
            return st == MLPIPE_E_NOT_FOUND ? store_no_version(ctx, s, id)
                                            : st;
        mlpipe__container_free(&object);
        memcpy(out->id, id, sizeof out->id);
        out->commit[0] = 0;
        memcpy(out->kind, kinds[i][1], strlen(kinds[i][1]) + 1);
        return MLPIPE_OK;
    }
    return store_no_version(ctx, s, id);
}

mlpipe_status mlpipe__store_resolve_any(mlpipe_ctx *ctx,
                                        const mlpipe_store *s,
                                        const char *name,
                                        mlpipe__store_ref *out)
{
    bool found;
    const mlpipe_status st = store_look_up(ctx, s, name, out, &found);

    if (st || found)
        return st;
    return store_is_version(name) ? store_find_version(ctx, s, name, out)
                                  : store_no_version(ctx, s, name);
}

mlpipe_status mlpipe__store_point(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *folder, const char *name,
                                  const mlpipe__store_ref *ref)
{
    mlpipe__text path, line;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    mlpipe__text_init(&line, s->env);
    st = mlpipe__store_path(ctx, s, folder, name, &path);
    mlpipe__text_add(&line, "%s %s %s\n", ref->kind, ref->id, ref->commit);
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
    const size_t n = strlen(name);
    mlpipe__store_ref ref;
    bool found = false;
    mlpipe_status st = mlpipe__store_name_check(ctx, name);

    if (!st && n > 4 && !strcmp(name + n - 4, ".tmp"))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "store: %q ends in \".tmp\", which is for files "
                            "that are being written; take another name",
                            name);
    if (!st && store_is_version(name))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "store: %q looks like a version; take another "
                            "name", name);
    if (!st)
        st = mlpipe__store_ref_read(ctx, s, folder, name, &ref, &found);
    if (!st && found)
        st = mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                          "store: %q is a %s already; take another name",
                          name, strcmp(folder, "tags") ? "name" : "tag");
    return st;
}

/* The newest commit of a version that was named by its digits. */
typedef struct ref_search {
    mlpipe__store_ref *ref;
    int64_t time;
} ref_search;

static bool ref_visit(void *arg, const char *id,
                      const mlpipe__store_commit *c)
{
    ref_search *search = arg;

    if (!strcmp(c->version, search->ref->id) &&
        (!search->ref->commit[0] || c->time > search->time)) {
        memcpy(search->ref->commit, id, MLPIPE__STORE_ID);
        search->time = c->time;
    }
    return true;
}

static mlpipe_status store_find_commit(mlpipe_ctx *ctx, const mlpipe_store *s,
                                       mlpipe__store_ref *ref)
{
    ref_search search = {ref, 0};
    const mlpipe_status st = mlpipe__store_walk(ctx, s, ref_visit, &search);

    if (st || ref->commit[0])
        return st;
    return mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                        "store: no name ever had version %s: it is what a "
                        "writer left that did not finish; put it again",
                        ref->id);
}

/* Under the lock: the tag is new, or names this version already. */
static mlpipe_status store_tag(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, const char *tag)
{
    mlpipe__store_ref ref, old;
    mlpipe__store_entry entry = {"tag", NULL, tag, NULL, ""};
    bool found = false;
    mlpipe_status st = mlpipe__store_name_free(ctx, s, "refs", tag);

    if (!st)
        st = mlpipe__store_resolve_any(ctx, s, name, &ref);
    if (!st && !ref.commit[0])
        st = store_find_commit(ctx, s, &ref);
    if (!st)
        st = mlpipe__store_ref_read(ctx, s, "tags", tag, &old, &found);
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
    return st ? st : mlpipe__store_log_add(ctx, s, &entry, 1);
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
