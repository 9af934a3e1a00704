/* SPDX-License-Identifier: MIT */
/* Models in the store, and which data made them. */
#include "store_internal.h"

static mlpipe_status put_model(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, const mlpipe_model *model)
{
    mlpipe__store_ref ref = {"model", ""};
    const mlpipe__store_entry entry = {"put", ref.kind, name, ref.id,
                                       model->train_print};
    mlpipe_buffer *bytes = NULL;
    mlpipe_status st = mlpipe__store_name_free(ctx, s, "tags", name);

    if (!st)
        st = mlpipe__poll(ctx, "store", 0, 1);
    if (!st)
        st = mlpipe_model_bytes(ctx, model, &bytes);
    if (st)
        return st;
    memcpy(ref.id, model->id, sizeof ref.id);
    st = mlpipe__store_put_bytes(ctx, s, mlpipe_buffer_data(bytes),
                                 mlpipe_buffer_size(bytes), ref.id);
    if (!st)
        st = mlpipe__store_point(ctx, s, "refs", name, &ref);
    if (!st)
        st = mlpipe__store_log_add(ctx, s, &entry);
    mlpipe_buffer_free(bytes);
    return st;
}

mlpipe_status mlpipe_store_put_model(mlpipe_ctx *ctx, mlpipe_store *store,
                                     const char *name,
                                     const mlpipe_model *model)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_put_model",
                                           store);
    void *lock = NULL;

    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st)
        st = mlpipe__store_lock(ctx, store, &lock);
    if (!st)
        st = put_model(ctx, store, name, model);
    if (ctx)
        mlpipe__store_unlock(ctx, lock);
    return mlpipe__end(ctx, st);
}

static mlpipe_status get_model(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, mlpipe_model **out)
{
    mlpipe__store_ref ref;
    char *data = NULL;
    size_t bytes = 0;
    mlpipe_status st = mlpipe__store_resolve(ctx, s, name, "model", &ref);

    if (!st)
        st = mlpipe__poll(ctx, "fetch", 0, 1);
    if (!st)
        st = mlpipe__store_read_bytes(ctx, s, ref.id, &data, &bytes);
    if (!st)
        st = mlpipe_model_load_bytes(ctx, data, bytes, out);
    mlpipe__free(ctx->env, data);
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

/* ---- lineage ------------------------------------------------------------ */

/* The latest name under which the log knows a content. */
typedef struct lineage_search {
    const char *print;
    char name[MLPIPE__STORE_NAME_MAX + 1];
} lineage_search;

static void lineage_visit(void *arg, const mlpipe__store_entry *e)
{
    lineage_search *search = arg;
    const size_t n = strlen(e->name);

    if (!strcmp(e->action, "put") && !strcmp(e->kind, "dataset") &&
        !strcmp(e->content, search->print) && n < sizeof search->name)
        memcpy(search->name, e->name, n + 1);
}

static mlpipe_status lineage_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 const char *role, const char *role_name,
                                 const char *print, mlpipe_report *r)
{
    lineage_search search = {print, ""};
    mlpipe_status st;

    if (!*print)
        return MLPIPE_OK;
    st = mlpipe__store_log_read(ctx, s, lineage_visit, &search);
    mlpipe__report_text(r, role, print, strlen(print));
    if (!st && *search.name)
        mlpipe__report_text(r, role_name, search.name, strlen(search.name));
    return st;
}

static mlpipe_status store_lineage(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   const char *name, mlpipe_report **out)
{
    mlpipe_model *model = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = get_model(ctx, s, name, &model);

    if (st)
        return st;
    r = mlpipe__report_new(ctx->env, "lineage");
    mlpipe__report_text(r, "model", model->id, strlen(model->id));
    mlpipe__report_number(r, "train_rows", (double)model->train_rows);
    mlpipe__report_number(r, "valid_rows", (double)model->valid_rows);
    st = lineage_add(ctx, s, "train", "train_name", model->train_print, r);
    if (!st)
        st = lineage_add(ctx, s, "valid", "valid_name", model->valid_print,
                         r);
    mlpipe_model_free(model);
    if (st) {
        mlpipe_report_free(r);
        return st;
    }
    return mlpipe__report_seal(ctx, r, out);
}

mlpipe_status mlpipe_store_lineage(mlpipe_ctx *ctx, mlpipe_store *store,
                                   const char *name, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_lineage", store);

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = store_lineage(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}
