/* SPDX-License-Identifier: MIT */
/* Datasets, models and reports into the store. */
#include "store_internal.h"

const mlpipe__param mlpipe__store_commit_params[] = {
    {"note", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "why; a line for people"},
    {"author", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "who; default is the store's"},
    {"uri", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "where the data came from"},
    {"licence", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "what they may be used for"},
    {"source", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "state of the source, such as a cursor"},
    {"retrieved", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "when they were fetched: 2026-01-31T12:00:00Z"},
    {"key", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "columns by comma that together identify a row; diff takes them"},
    {"code", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "version of the code, such as a git id; default is the store's"},
    {"time", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "when; default is the file system's time"},
    {"expect", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "version that the name has now, or none; else nothing is done"},
};
const uint32_t mlpipe__store_commit_param_count =
    sizeof mlpipe__store_commit_params / sizeof *mlpipe__store_commit_params;

/* Every column of key= must be there; out has room for as many. */
static mlpipe_status put_key_columns(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     const char *key, uint32_t *out)
{
    mlpipe__text name;
    mlpipe_status st = MLPIPE_OK;

    while (*key && !st) {
        const char *comma = strchr(key, ',');
        const size_t n = comma ? (size_t)(comma - key) : strlen(key);

        mlpipe__text_init(&name, ctx->env);
        mlpipe__text_put(&name, key, n);
        st = name.failed ? mlpipe__nomem(ctx)
                         : mlpipe__dataset_column(
                               ctx, d, name.size ? name.data : "", out++);
        mlpipe__text_free(&name);
        key += n + (comma != NULL);
    }
    return st;
}

/* And together they identify a row: a diff would find too late that not. */
static mlpipe_status put_key(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                             const char *key)
{
    mlpipe__store_rows rows = {.d = {d, NULL}, .count = 1};
    mlpipe_status st;

    if (!*key)
        return MLPIPE_OK;
    for (const char *at = key; *at; at++)
        rows.count += *at == ',' && at[1];
    rows.column[0] = mlpipe__alloc_array(ctx->env, rows.count,
                                         sizeof **rows.column);
    st = rows.column[0] ? put_key_columns(ctx, d, key, rows.column[0])
                        : mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__store_rows_unique(ctx, &rows);
    mlpipe__free(ctx->env, rows.column[0]);
    return st;
}

static mlpipe_status put_texts(mlpipe_ctx *ctx, const mlpipe__params *p,
                               mlpipe__store_change *change)
{
    const char *expect = mlpipe__params_get(p, "expect")->text;
    mlpipe__hash128 hash;
    int64_t retrieved;
    mlpipe_status st;
    uint32_t i;

    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        change->commit.text[i] =
            mlpipe__params_get(p, mlpipe__store_text_names[i])->text;
    change->expect = expect;
    if (*expect && strcmp(expect, "none") &&
        !mlpipe__hash_from_hex(expect, strlen(expect), &hash))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "store_commit: expect=%q is neither none nor 32 "
                            "hexadecimal digits of a version", expect);
    st = mlpipe__store_time_parse(ctx, "store_commit",
                                  mlpipe__params_get(p, "retrieved"),
                                  &retrieved);
    if (!st)
        st = mlpipe__store_time_parse(ctx, "store_commit",
                                      mlpipe__params_get(p, "time"),
                                      &change->commit.time);
    if (!st && change->dataset)
        st = put_key(ctx, change->dataset,
                     change->commit.text[MLPIPE__STORE_KEY]);
    return st;
}

/* Publishes with the texts of params and tells the version (out or NULL). */
static mlpipe_status put_change(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *params,
                                mlpipe__store_change *change,
                                mlpipe_buffer **out)
{
    mlpipe__params p = {0};
    mlpipe__text id;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_store_commit", mlpipe__store_commit_params,
        mlpipe__store_commit_param_count, params, &p);

    if (st)
        return st;
    st = put_texts(ctx, &p, change);
    if (!st)
        st = mlpipe__store_publish(ctx, s, change);
    if (!st && out) {
        mlpipe__text_init(&id, ctx->env);
        mlpipe__text_put(&id, change->commit.version, 32);
        st = mlpipe__text_give(ctx, &id, out);
    }
    mlpipe__params_free(&p);
    return st;
}

static mlpipe_status put_check(mlpipe_ctx *ctx, const char *where,
                               const mlpipe_store *s, const char *name,
                               const void *what, const char *what_name)
{
    const mlpipe_status st = mlpipe__store_begin(ctx, where, s);

    if (st)
        return st;
    if (!name)
        return mlpipe__null_arg(ctx, "name");
    return what ? MLPIPE_OK : mlpipe__null_arg(ctx, what_name);
}

mlpipe_status mlpipe_store_put_dataset(mlpipe_ctx *ctx, mlpipe_store *store,
                                       const char *name,
                                       const mlpipe_dataset *dataset)
{
    mlpipe__store_change change = {.commit = {.kind = "dataset",
                                              .name = name},
                                   .dataset = dataset};
    mlpipe_status st = put_check(ctx, "mlpipe_store_put_dataset", store, name,
                                 dataset, "dataset");

    if (!st)
        st = put_change(ctx, store, NULL, &change, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_store_commit(mlpipe_ctx *ctx, mlpipe_store *store,
                                  const char *name,
                                  const mlpipe_dataset *dataset,
                                  const char *params, mlpipe_buffer **out)
{
    mlpipe__store_change change = {.commit = {.kind = "dataset",
                                              .name = name},
                                   .dataset = dataset};
    mlpipe_status st = put_check(ctx, "mlpipe_store_commit", store, name,
                                 dataset, "dataset");

    if (out)
        *out = NULL;
    if (!st)
        st = put_change(ctx, store, params, &change, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_store_put_model(mlpipe_ctx *ctx, mlpipe_store *store,
                                     const char *name,
                                     const mlpipe_model *model)
{
    mlpipe__store_change change = {.commit = {.kind = "model", .name = name},
                                   .model = model};
    mlpipe_status st = put_check(ctx, "mlpipe_store_put_model", store, name,
                                 model, "model");

    if (!st)
        st = put_change(ctx, store, NULL, &change, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_store_commit_model(mlpipe_ctx *ctx, mlpipe_store *store,
                                        const char *name,
                                        const mlpipe_model *model,
                                        const char *params,
                                        mlpipe_buffer **out)
{
    mlpipe__store_change change = {.commit = {.kind = "model", .name = name},
                                   .model = model};
    mlpipe_status st = put_check(ctx, "mlpipe_store_commit_model", store,
                                 name, model, "model");

    if (out)
        *out = NULL;
    if (!st)
        st = put_change(ctx, store, params, &change, out);
    return mlpipe__end(ctx, st);
}

/* ---- reports -------------------------------------------------------- */

mlpipe_status mlpipe_store_put_report(mlpipe_ctx *ctx, mlpipe_store *store,
                                      const char *name, const char *about,
                                      const mlpipe_report *report)
{
    mlpipe__store_change change = {.commit = {.kind = "report", .name = name},
                                   .report = report};
    mlpipe__store_ref ref;
    mlpipe_status st = put_check(ctx, "mlpipe_store_put_report", store, name,
                                 report, "report");

    if (!st && !about)
        st = mlpipe__null_arg(ctx, "about");
    if (!st)
        st = mlpipe__store_resolve_any(ctx, store, about, &ref);
    if (!st) {
        memcpy(change.commit.content, ref.id, sizeof ref.id);
        st = put_change(ctx, store, NULL, &change, NULL);
    }
    return mlpipe__end(ctx, st);
}

static mlpipe_status get_report(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *name, mlpipe_report **out)
{
    const mlpipe__section *section;
    mlpipe__container object;
    mlpipe__store_ref ref;
    mlpipe_status st = mlpipe__store_resolve(ctx, s, name, "report", &ref);

    if (!st)
        st = mlpipe__store_get_object(ctx, s, ref.id, "REPT", &object);
    if (st)
        return st;
    section = mlpipe__container_find(&object, "REPT");
    st = section ? mlpipe__report_load(ctx, section->data, section->bytes,
                                       out)
                 : mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                                "store: object %s holds no report; take the "
                                "store from a backup", ref.id);
    mlpipe__container_free(&object);
    return st;
}

mlpipe_status mlpipe_store_get_report(mlpipe_ctx *ctx, mlpipe_store *store,
                                      const char *name, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_get_report",
                                           store);

    if (out)
        *out = NULL;
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = get_report(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}
