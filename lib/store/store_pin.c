/* SPDX-License-Identifier: MIT */
/*
 * A pin: a small file of JSON, to be committed beside the code, that says
 * which version of which data the code belongs to, and proves what it gets.
 */
#include "store_internal.h"

enum { PIN_BYTES_MAX = 65536 };

static void pin_text(mlpipe__text *out, const char *name, const char *text)
{
    if (!*text)
        return;
    mlpipe__text_add(out, ",\n  \"%s\": ", name);
    mlpipe__text_json(out, text, strlen(text));
}

static void pin_write(const char *name, const mlpipe__store_manifest *m,
                      const mlpipe__store_commit *c, mlpipe__text *out)
{
    static const enum mlpipe__store_text origin[] = {
        MLPIPE__STORE_URI, MLPIPE__STORE_LICENCE, MLPIPE__STORE_SOURCE,
        MLPIPE__STORE_RETRIEVED};
    char schema[33], time[32] = "";
    uint32_t i;

    mlpipe__hash_hex(mlpipe__store_schema(m), schema);
    mlpipe__text_add(out, "{\n  \"pin\": \"mlpipe dataset 1\",\n  \"name\": ");
    mlpipe__text_json(out, name, strlen(name));
    pin_text(out, "version", m->id);
    pin_text(out, "fingerprint", m->print);
    pin_text(out, "schema", schema);
    mlpipe__text_add(out, ",\n  \"rows\": %lld", (long long)m->rows);
    if (c->object.env) {
        mlpipe__store_time(c->time, time);
        pin_text(out, "time", time);
        for (i = 0; i < sizeof origin / sizeof *origin; i++)
            pin_text(out, mlpipe__store_text_names[origin[i]],
                     c->text[origin[i]]);
    }
    mlpipe__text_add(out, "\n}\n");
}

/* Does a tag keep the version? A tag that cannot be read keeps nothing. */
static mlpipe_status pin_tagged(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *version, bool *tagged)
{
    mlpipe__store_ref ref;
    mlpipe__dict names;
    mlpipe_status st = mlpipe__store_list(ctx, s, "tags", &names);

    *tagged = false;
    for (uint32_t i = 0; !st && !*tagged && i < names.count; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        const size_t n = strlen(name);
        bool found = false;

        if (n > 4 && !strcmp(name + n - 4, ".tmp"))
            continue; /* what a writer left that was killed */
        st = mlpipe__store_ref_read(ctx, s, "tags", name, &ref, &found);
        if (mlpipe__store_is_damage(st))
            st = MLPIPE_OK;
        *tagged = found && !strcmp(ref.id, version);
    }
    mlpipe__dict_free(&names);
    return st;
}

/* A pin is a file beside the code, of which the store knows nothing. */
static mlpipe_status pin_advise(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *name, const char *version)
{
    bool tagged;
    const mlpipe_status st = pin_tagged(ctx, s, version, &tagged);

    if (!st && !tagged)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "store",
                         "no tag keeps version %s of %q: mlpipe_store_gc may "
                         "drop what is pinned; give it a tag by "
                         "mlpipe_store_tag", version, name);
    return st;
}

static mlpipe_status store_pin(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const char *name, const char *path)
{
    mlpipe__store_manifest m = {0};
    mlpipe__store_commit c = {0};
    mlpipe__store_ref ref;
    mlpipe__text text;
    mlpipe_status st = mlpipe__store_resolve(ctx, s, name, "dataset", &ref);

    mlpipe__text_init(&text, ctx->env);
    if (!st)
        st = mlpipe__store_manifest_get(ctx, s, ref.id, &m);
    if (!st && ref.commit[0])
        st = mlpipe__store_commit_get(ctx, s, ref.commit, &c);
    if (!st)
        st = pin_advise(ctx, s, name, m.id);
    if (!st) {
        pin_write(name, &m, &c, &text);
        st = text.failed ? mlpipe__nomem(ctx)
                         : mlpipe__file_write(ctx, path, text.data, text.size,
                                              s->sync);
    }
    mlpipe__text_free(&text);
    mlpipe__store_commit_free(&c);
    mlpipe__store_manifest_free(&m);
    return st;
}

mlpipe_status mlpipe_store_pin(mlpipe_ctx *ctx, mlpipe_store *store,
                               const char *name, const char *path)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_pin", store);

    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st)
        st = mlpipe__io_check(ctx, path);
    if (!st)
        st = store_pin(ctx, store, name, path);
    return mlpipe__end(ctx, st);
}

/* ---- and back ------------------------------------------------------- */

/* What a pin must say. */
typedef struct pin_says {
    char version[33], print[33], schema[33];
    double rows;
} pin_says;

static bool pin_id(const mlpipe__json *root, const char *name, char out[33])
{
    const mlpipe__json *j = mlpipe__json_get(root, name);
    const char *text = mlpipe__json_kind_of(j) == MLPIPE__JSON_TEXT
                           ? mlpipe__json_text(j)
                           : NULL;
    mlpipe__hash128 hash;

    if (!text || strlen(text) != 32 ||
        !mlpipe__hash_from_hex(text, 32, &hash))
        return false;
    memcpy(out, text, 33);
    return true;
}

static mlpipe_status pin_parse(mlpipe_ctx *ctx, const char *path,
                               const char *data, size_t bytes, pin_says *pin)
{
    mlpipe__json *root = NULL;
    const mlpipe__json *j;
    mlpipe_status st = mlpipe__json_parse(ctx, data, bytes, &root);

    if (st)
        return mlpipe__fail_where(ctx, path);
    j = mlpipe__json_get(root, "pin");
    if (!j || mlpipe__json_kind_of(j) != MLPIPE__JSON_TEXT)
        st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                          "store: %q is no pin: it has no text \"pin\"; write "
                          "one with mlpipe_store_pin", path);
    else if (strcmp(mlpipe__json_text(j), "mlpipe dataset 1"))
        st = mlpipe__fail(ctx, MLPIPE_E_VERSION,
                          "store: the pin %q is %q, this library reads "
                          "\"mlpipe dataset 1\"; write it again with "
                          "mlpipe_store_pin", path, mlpipe__json_text(j));
    else if (!pin_id(root, "version", pin->version) ||
             !pin_id(root, "fingerprint", pin->print) ||
             !pin_id(root, "schema", pin->schema))
        st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                          "store: the pin %q lacks 32 hexadecimal digits of "
                          "\"version\", \"fingerprint\" or \"schema\"; write "
                          "it again with mlpipe_store_pin", path);
    else
        pin->rows = mlpipe__json_number(mlpipe__json_get(root, "rows"), -1);
    mlpipe__json_free(root);
    return st;
}

static mlpipe_status pin_check(mlpipe_ctx *ctx, const char *path,
                               const pin_says *pin,
                               const mlpipe__store_manifest *m)
{
    char schema[33];

    mlpipe__hash_hex(mlpipe__store_schema(m), schema);
    if (strcmp(pin->print, m->print) || strcmp(pin->schema, schema))
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "store: version %s has fingerprint %s and schema "
                            "%s, the pin %q says %s and %s; it was changed by "
                            "hand: write it again", pin->version, m->print,
                            schema, path, pin->print, pin->schema);
    if (pin->rows != (double)m->rows)
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "store: version %s has %lld rows, the pin %q says "
                            "%g; it was changed by hand: write it again",
                            pin->version, (long long)m->rows, path,
                            pin->rows);
    return MLPIPE_OK;
}

static mlpipe_status pin_gone(mlpipe_ctx *ctx, const mlpipe_store *s,
                              const char *path, const char *version)
{
    (void)mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                       "store: version %s, which the pin %q names, is not "
                       "there, or not all of it: a gc took it, or files of "
                       "%q were lost; put the data again, and let a tag keep "
                       "what is pinned", version, path, s->path);
    return mlpipe__fail_where(ctx, s->path);
}

static mlpipe_status get_pinned(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *path, mlpipe_dataset **out)
{
    mlpipe__store_manifest m;
    mlpipe__hash128 hash;
    pin_says pin;
    size_t bytes;
    char *data, print[33];
    mlpipe_status st = mlpipe__file_read(ctx, path, PIN_BYTES_MAX, &data,
                                         &bytes);

    if (st)
        return st;
    st = pin_parse(ctx, path, data, bytes, &pin);
    mlpipe__free(ctx->env, data);
    if (!st)
        st = mlpipe__store_manifest_get(ctx, s, pin.version, &m);
    if (st == MLPIPE_E_NOT_FOUND)
        return pin_gone(ctx, s, path, pin.version);
    if (st)
        return st;
    st = pin_check(ctx, path, &pin, &m);
    mlpipe__store_manifest_free(&m);
    if (!st)
        st = mlpipe__store_dataset_get(ctx, s, pin.version, out);
    if (st == MLPIPE_E_NOT_FOUND)
        st = pin_gone(ctx, s, path, pin.version);
    if (!st)
        st = mlpipe__dataset_hash(ctx, *out, &hash);
    if (!st) {
        mlpipe__hash_hex(hash, print);
        if (strcmp(print, pin.print))
            st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                              "store: the rows of version %s have fingerprint "
                              "%s, the pin %q says %s; take the store from a "
                              "backup", pin.version, print, path, pin.print);
    }
    if (st) {
        mlpipe_dataset_free(*out);
        *out = NULL;
    }
    return st;
}

mlpipe_status mlpipe_store_get_pinned(mlpipe_ctx *ctx, mlpipe_store *store,
                                      const char *path, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_get_pinned",
                                           store);

    if (out)
        *out = NULL;
    if (!st)
        st = mlpipe__io_check(ctx, path);
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = get_pinned(ctx, store, path, out);
    return mlpipe__end(ctx, st);
}
