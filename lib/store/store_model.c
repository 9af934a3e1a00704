/* SPDX-License-Identifier: MIT */
/* Models out of the store. */
#include "store_internal.h"

static mlpipe_status get_model(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, mlpipe_model **out)
{
    mlpipe__store_ref ref;
    char *data = NULL;
    size_t bytes = 0;
    mlpipe_status st = mlpipe__store_resolve(ctx, s, name, "model", &ref);

    if (!st)
        st = mlpipe__poll(ctx, "fetch", 0, 1);
    while (!st) {
        bool again;

        st = mlpipe__store_read_bytes(ctx, s, ref.id, &data, &bytes);
        if (st)
            break;
        st = mlpipe_model_load_bytes(ctx, data, bytes, out);
        if (st == MLPIPE_E_FORMAT)
            st = mlpipe__store_other_kind(ctx, ref.id, "MODL", data, bytes);
        again = mlpipe__store_other_copy(s, ref.id, data, bytes, st);
        mlpipe__free(ctx->env, data);
        if (!again)
            break;
        st = MLPIPE_OK;
    }
    if (!st && strcmp((*out)->id, ref.id)) {
        st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                          "store: object %s holds the model %s; take the "
                          "store from a backup", ref.id, (*out)->id);
        mlpipe_model_free(*out);
        *out = NULL;
    }
    return st;
}

mlpipe_status mlpipe_store_get_model(mlpipe_ctx *ctx, mlpipe_store *store,
                                     const char *name, mlpipe_model **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_get_model",
                                           store);

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = get_model(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}
