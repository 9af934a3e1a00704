/* SPDX-License-Identifier: MIT */
/* Read and hash every object of a store; damage is a finding, no failure. */
#include "store_internal.h"

/* Names found in a folder. */
typedef struct verify_names {
    mlpipe__dict dict;
    bool failed;
} verify_names;

static int32_t verify_name(void *arg, const char *name)
{
    verify_names *names = arg;

    if (mlpipe__dict_add(&names->dict, name, strlen(name)) == UINT32_MAX)
        names->failed = true;
    return names->failed;
}

static mlpipe_status verify_list(mlpipe_ctx *ctx, const char *path,
                                 verify_names *names)
{
    const mlpipe_io *io = &ctx->env->io;
    int32_t got;

    mlpipe__dict_init(&names->dict, ctx->env);
    names->failed = false;
    got = io->list(io->user, path, verify_name, names);
    if (names->failed)
        return mlpipe__nomem(ctx);
    return got == MLPIPE_IO_OK ? MLPIPE_OK
                               : mlpipe__io_fail(ctx, got, "list", path);
}

typedef struct verify_state {
    const mlpipe_store *store;
    mlpipe_report *report;
    uint32_t folder, folders; /* for progress */
    double versions, objects, bytes, damaged;
} verify_state;

/* Is this damage, and not a fault of the machine? */
static bool verify_is_damage(mlpipe_status st)
{
    return st == MLPIPE_E_CORRUPT || st == MLPIPE_E_FORMAT ||
           st == MLPIPE_E_VERSION || st == MLPIPE_E_LIMIT;
}

static mlpipe_status verify_object(mlpipe_ctx *ctx, verify_state *v,
                                   const char *id)
{
    static const char *const kinds[] = {"CHNK", "MANI", "MODL"};
    const mlpipe_error *error = mlpipe_ctx_error(ctx);
    mlpipe__container object;
    mlpipe_status st = MLPIPE_E_CORRUPT;
    uint32_t i;

    for (i = 0; i < 3; i++) {
        st = mlpipe__store_get_object(ctx, v->store, id, kinds[i], &object);
        if (st != MLPIPE_E_FORMAT) /* which says that it is another kind */
            break;
    }
    if (!st) {
        v->objects++;
        v->versions += i > 0;
        v->bytes += (double)object.size;
        mlpipe__container_free(&object);
        return MLPIPE_OK;
    }
    if (!verify_is_damage(st))
        return st;
    v->damaged++;
    mlpipe__report_cell_text(v->report, id, strlen(id));
    mlpipe__report_cell_text(v->report, error->text, strlen(error->text));
    return MLPIPE_OK;
}

static mlpipe_status verify_folder(mlpipe_ctx *ctx, verify_state *v,
                                   const char *folder)
{
    verify_names names;
    mlpipe__text path;
    mlpipe_status st;
    uint32_t i;

    mlpipe__text_init(&path, v->store->env);
    mlpipe__dict_init(&names.dict, v->store->env);
    st = mlpipe__store_path(ctx, v->store, "objects", folder, &path);
    if (!st)
        st = verify_list(ctx, path.data, &names);
    for (i = 0; i < names.dict.count && !st; i++) {
        if (mlpipe__dict_bytes(&names.dict, i) != 32)
            continue;
        st = mlpipe__poll(ctx, "verify", v->folder, v->folders);
        if (!st)
            st = verify_object(ctx, v, mlpipe__dict_text(&names.dict, i));
    }
    mlpipe__dict_free(&names.dict);
    mlpipe__text_free(&path);
    return st;
}

static mlpipe_status store_verify(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe_report **out)
{
    verify_state v = {.store = s};
    verify_names names;
    mlpipe__text path;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    mlpipe__dict_init(&names.dict, s->env);
    v.report = mlpipe__report_new(ctx->env, "store verify");
    mlpipe__report_table(v.report, "damage", "object,what");
    st = mlpipe__store_path(ctx, s, "", "objects", &path);
    if (!st)
        st = verify_list(ctx, path.data, &names);
    v.folders = names.dict.count;
    for (; v.folder < v.folders && !st; v.folder++)
        st = verify_folder(ctx, &v,
                           mlpipe__dict_text(&names.dict, v.folder));
    mlpipe__report_number(v.report, "versions", v.versions);
    mlpipe__report_number(v.report, "objects", v.objects);
    mlpipe__report_number(v.report, "bytes", v.bytes);
    mlpipe__report_number(v.report, "damaged", v.damaged);
    if (st)
        mlpipe_report_free(v.report);
    else
        st = mlpipe__report_seal(ctx, v.report, out);
    mlpipe__dict_free(&names.dict);
    mlpipe__text_free(&path);
    return st;
}

mlpipe_status mlpipe_store_verify(mlpipe_ctx *ctx, mlpipe_store *store,
                                  mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_verify", store);

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = store_verify(ctx, store, out);
    return mlpipe__end(ctx, st);
}
