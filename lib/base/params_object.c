/* SPDX-License-Identifier: MIT */
/*
 * Parameters as a JSON object. Every value becomes the text that the other
 * form would hold and takes the same way from there. Not in libmlpipe-serve.
 */
#include "params_internal.h"

static mlpipe_status params_object_bad(const mlpipe__params_run *r,
                                       const mlpipe__param *p,
                                       const char *wanted)
{
    return mlpipe__params_fail(r, "\"/%s\" must be %s", p->name, wanted);
}

/* A name in backticks, `` for one inside. */
static void params_object_name(mlpipe__text *t, const char *name)
{
    mlpipe__text_put(t, "`", 1);
    for (; *name; name++) {
        if (*name == '`')
            mlpipe__text_put(t, "`", 1);
        mlpipe__text_put(t, name, 1);
    }
    mlpipe__text_put(t, "`", 1);
}

static mlpipe_status params_object_list(const mlpipe__params_run *r,
                                        const mlpipe__param *p,
                                        const mlpipe__json *value,
                                        mlpipe__text *t)
{
    const bool names = p->type == MLPIPE_PARAM_NAMES;
    const enum mlpipe__json_kind wanted =
        names ? MLPIPE__JSON_TEXT : MLPIPE__JSON_NUMBER;
    const uint32_t count = mlpipe__json_count(value);
    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__json *item = mlpipe__json_at(value, i);
        const char *text = mlpipe__json_text(item);
        if (mlpipe__json_kind_of(item) != wanted)
            return params_object_bad(r, p, names ? "an array of texts"
                                                 : "an array of numbers");
        if (i)
            mlpipe__text_put(t, ",", 1);
        if (names)
            params_object_name(t, text);
        else
            mlpipe__text_put(t, text, strlen(text));
    }
    return MLPIPE_OK;
}

/* The value as text; nothing where it is null. */
static mlpipe_status params_object_text(const mlpipe__params_run *r,
                                        const mlpipe__param *p,
                                        const mlpipe__json *value,
                                        mlpipe__text *t)
{
    const int32_t type = p->type;
    const bool list = type == MLPIPE_PARAM_NAMES
                      || type == MLPIPE_PARAM_REALS;
    const bool number = type == MLPIPE_PARAM_INT || type == MLPIPE_PARAM_REAL
                        || type == MLPIPE_PARAM_SPAN
                        || type == MLPIPE_PARAM_REALS;
    const char *text = mlpipe__json_text(value);
    switch (mlpipe__json_kind_of(value)) {
    case MLPIPE__JSON_BOOL:
        if (type != MLPIPE_PARAM_BOOL)
            return params_object_bad(r, p, "no true or false");
        text = mlpipe__json_bool(value, false) ? "true" : "false";
        break;
    case MLPIPE__JSON_NUMBER:
        if (!number)
            return params_object_bad(r, p, "no number");
        break;
    case MLPIPE__JSON_TEXT:
        if (type == MLPIPE_PARAM_BOOL)
            return params_object_bad(r, p, "true or false, without quotes");
        break;
    case MLPIPE__JSON_ARRAY:
        if (!list)
            return params_object_bad(r, p, "no array");
        return params_object_list(r, p, value, t);
    default:
        return params_object_bad(r, p, "no object");
    }
    mlpipe__text_put(t, text, strlen(text));
    return MLPIPE_OK;
}

static mlpipe_status params_object_item(mlpipe__params_run *r,
                                        const mlpipe__json *item)
{
    const char *key = mlpipe__json_key(item);
    mlpipe__setting *s = NULL;
    mlpipe__text t;
    mlpipe_status st = mlpipe__params_claim(r, key, strlen(key), &s);
    if (st)
        return st;
    if (mlpipe__json_kind_of(item) == MLPIPE__JSON_NULL) {
        s->given = false; /* null asks for the default */
        return MLPIPE_OK;
    }
    mlpipe__text_init(&t, r->ctx->env);
    st = params_object_text(r, s->param, item, &t);
    if (!st && t.failed)
        st = mlpipe__nomem(r->ctx);
    if (!st)
        st = mlpipe__params_set(r, s, t.size ? t.data : "", t.size);
    mlpipe__text_free(&t);
    return st;
}

mlpipe_status mlpipe__params_object(mlpipe__params_run *r)
{
    mlpipe__json *root = NULL;
    mlpipe_status st = mlpipe__json_parse(r->ctx, r->text, r->size, &root);
    r->text = NULL; /* the tree keeps no places to point at */
    const uint32_t count = mlpipe__json_count(root);
    for (uint32_t i = 0; !st && i < count; i++)
        st = params_object_item(r, mlpipe__json_at(root, i));
    mlpipe__json_free(root);
    return st;
}
