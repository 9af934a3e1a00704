/* SPDX-License-Identifier: MIT */
/* Objects: containers that are named by their content. */
#include "store_internal.h"

enum { OBJECT_KINDS = 5 };
static const char *const object_kinds[OBJECT_KINDS] = {"CHNK", "CMIT", "MANI",
                                                       "MODL", "REPT"};
static const char *const object_words[OBJECT_KINDS] = {
    "chunk of a dataset", "commit", "dataset", "model", "report"};

mlpipe_status mlpipe__store_put_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s,
                                       mlpipe__store_writer *w,
                                       const mlpipe__container *object,
                                       const char *kind,
                                       char id[MLPIPE__STORE_ID])
{
    mlpipe__text bytes;
    mlpipe_status st;

    mlpipe__hash_hex(mlpipe__container_id(object), id);
    if (mlpipe__store_has(s, w, id))
        return MLPIPE_OK;
    mlpipe__text_init(&bytes, s->env);
    st = mlpipe__container_write(ctx, object, kind, &bytes);
    if (!st)
        st = mlpipe__store_put_bytes(ctx, s, w, bytes.data, bytes.size, id);
    mlpipe__text_free(&bytes);
    return st;
}

/* Its place in object_kinds. */
static uint32_t object_kind(const char *kind)
{
    uint32_t i = 0;

    while (i + 1 < OBJECT_KINDS && strcmp(object_kinds[i], kind))
        i++;
    return i;
}

mlpipe_status mlpipe__store_other_kind(mlpipe_ctx *ctx, const char *id,
                                       const char *kind, const char *data,
                                       size_t bytes)
{
    uint32_t i;

    for (i = 0; i < OBJECT_KINDS; i++)
        if (strcmp(object_kinds[i], kind) &&
            mlpipe__container_is(object_kinds[i], data, bytes))
            mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                         "store: %s is a %s, and this call takes a %s; "
                         "mlpipe_store_log tells the kind of each version",
                         id, object_words[i], object_words[object_kind(kind)]);
    return mlpipe__fail_where(ctx, id);
}

mlpipe_status mlpipe__store_parse_object(mlpipe_ctx *ctx, const char *id,
                                         const char *kind, const char *data,
                                         size_t bytes, mlpipe__container *out)
{
    char real[MLPIPE__STORE_ID];
    const mlpipe_status st = mlpipe__container_read(ctx, kind, data, bytes,
                                                    out);

    if (st == MLPIPE_E_FORMAT)
        return mlpipe__store_other_kind(ctx, id, kind, data, bytes);
    if (st)
        return mlpipe__fail_where(ctx, id);
    mlpipe__hash_hex(mlpipe__container_id(out), real);
    if (!strcmp(real, id))
        return MLPIPE_OK;
    mlpipe__container_free(out);
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "store: object %s holds the content of %s; take the "
                        "store from a backup", id, real);
}

mlpipe_status mlpipe__store_whole(mlpipe_ctx *ctx, const char *id,
                                  const char *data, size_t bytes,
                                  const char **kind)
{
    mlpipe__container object;
    mlpipe_status st = MLPIPE_E_CORRUPT;
    uint32_t i;

    for (i = 0; i < OBJECT_KINDS; i++) {
        st = mlpipe__store_parse_object(ctx, id, object_kinds[i], data, bytes,
                                        &object);
        if (st != MLPIPE_E_FORMAT) /* which says that it is another kind */
            break;
    }
    if (st)
        return st;
    mlpipe__container_free(&object);
    if (kind)
        *kind = object_kinds[i];
    return MLPIPE_OK;
}

bool mlpipe__store_other_copy(const mlpipe_store *s, const char *id,
                              const char *data, size_t bytes,
                              mlpipe_status st)
{
    uint32_t i;

    if (!mlpipe__store_is_damage(st))
        return false;
    /* A whole object of another kind is no damage. */
    for (i = 0; i < OBJECT_KINDS && st == MLPIPE_E_FORMAT; i++)
        if (mlpipe__container_is(object_kinds[i], data, bytes))
            return false;
    return mlpipe__packs_doubt(s, id);
}

mlpipe_status mlpipe__store_get_object(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       const char *kind,
                                       mlpipe__container *out)
{
    char *data = NULL;
    size_t bytes = 0;
    mlpipe_status st;
    bool again;

    do {
        st = mlpipe__store_read_bytes(ctx, s, id, &data, &bytes);
        if (st)
            return st;
        st = mlpipe__store_parse_object(ctx, id, kind, data, bytes, out);
        again = mlpipe__store_other_copy(s, id, data, bytes, st);
        mlpipe__free(ctx->env, data);
    } while (again);
    return st;
}
