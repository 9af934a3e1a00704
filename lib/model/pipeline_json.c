/* SPDX-License-Identifier: MIT */
/*
 * Recipes as canonical JSON and back:
 * {"format":1,"pipeline":{...},"steps":[{"step":"","as":"","params":{}}]}
 */
#include "model_internal.h"

void mlpipe__pipeline_write(const mlpipe_pipeline *p, mlpipe__text *out)
{
    uint32_t i;
    mlpipe__text_add(out, "{\"format\":1,\"pipeline\":");
    mlpipe__params_json(&p->params, out);
    mlpipe__text_add(out, ",\"steps\":[");
    for (i = 0; i < p->step_count; i++) {
        const mlpipe__recipe_step *s = &p->steps[i];
        const char *kind = mlpipe__recipe_kind(s);
        mlpipe__params own = s->params;
        own.count--; /* as= is written beside them */
        mlpipe__text_add(out, "%s{\"step\":", i ? "," : "");
        mlpipe__text_json(out, kind, strlen(kind));
        mlpipe__text_add(out, ",\"as\":");
        mlpipe__text_json(out, s->name, strlen(s->name));
        mlpipe__text_add(out, ",\"params\":");
        mlpipe__params_json(&own, out);
        mlpipe__text_add(out, "}");
    }
    mlpipe__text_add(out, "]}");
}

mlpipe_status mlpipe_pipeline_json(mlpipe_ctx *ctx,
                                   const mlpipe_pipeline *pipeline,
                                   mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_json");
    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st) {
        mlpipe__text t;
        mlpipe__text_init(&t, ctx->env);
        mlpipe__pipeline_write(pipeline, &t);
        st = mlpipe__text_give(ctx, &t, out);
        mlpipe__text_free(&t);
    }
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_pipeline_fingerprint(mlpipe_ctx *ctx,
                                          const mlpipe_pipeline *pipeline,
                                          mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_fingerprint");
    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st) {
        mlpipe__text json, hex;
        char digits[33];
        mlpipe__text_init(&json, ctx->env);
        mlpipe__text_init(&hex, ctx->env);
        mlpipe__pipeline_write(pipeline, &json);
        if (!json.failed) {
            mlpipe__hash_hex(mlpipe__hash(json.data, json.size), digits);
            mlpipe__text_put(&hex, digits, 32);
        }
        st = json.failed ? mlpipe__nomem(ctx)
                         : mlpipe__text_give(ctx, &hex, out);
        mlpipe__text_free(&hex);
        mlpipe__text_free(&json);
    }
    return mlpipe__end(ctx, st);
}

/* ---- parsing ------------------------------------------------------------ */

/* A value of a parameter, which is a scalar or a list of such. */
static bool recipe_put_scalar(const mlpipe__json *j, mlpipe__text *out)
{
    const char *text = mlpipe__json_text(j);
    switch (mlpipe__json_kind_of(j)) {
    case MLPIPE__JSON_NULL:
        mlpipe__text_add(out, "null");
        return true;
    case MLPIPE__JSON_BOOL:
        mlpipe__text_add(out, mlpipe__json_bool(j, false) ? "true" : "false");
        return true;
    case MLPIPE__JSON_NUMBER:
        mlpipe__text_add(out, "%s", text);
        return true;
    case MLPIPE__JSON_TEXT:
        mlpipe__text_json(out, text, strlen(text));
        return true;
    default:
        return false;
    }
}

static bool recipe_put_value(const mlpipe__json *j, mlpipe__text *out)
{
    uint32_t i;
    if (mlpipe__json_kind_of(j) != MLPIPE__JSON_ARRAY)
        return recipe_put_scalar(j, out);
    mlpipe__text_add(out, "[");
    for (i = 0; i < mlpipe__json_count(j); i++) {
        mlpipe__text_add(out, i ? "," : "");
        if (!recipe_put_scalar(mlpipe__json_at(j, i), out))
            return false;
    }
    mlpipe__text_add(out, "]");
    return true;
}

static mlpipe_status recipe_put_member(mlpipe_ctx *ctx,
                                       const mlpipe__json *item,
                                       const char *where, mlpipe__text *out)
{
    const char *key = mlpipe__json_key(item);
    mlpipe__text_json(out, key, strlen(key));
    mlpipe__text_add(out, ":");
    if (recipe_put_value(item, out))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                        "the recipe's %s/%s is neither a number, text, true, "
                        "false, null nor a list of such",
                        where, key);
}

mlpipe_status mlpipe__recipe_params(mlpipe_ctx *ctx, const mlpipe__json *j,
                                    const char *where, mlpipe__text *out)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    mlpipe__text_init(out, ctx->env);
    if (j && mlpipe__json_kind_of(j) != MLPIPE__JSON_OBJECT)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the recipe's %s is no object", where);
    mlpipe__text_add(out, "{");
    for (i = 0; !st && i < mlpipe__json_count(j); i++) {
        mlpipe__text_add(out, i ? "," : "");
        st = recipe_put_member(ctx, mlpipe__json_at(j, i), where, out);
    }
    mlpipe__text_add(out, "}");
    return st || !out->failed ? st : mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__recipe_member(mlpipe_ctx *ctx, const mlpipe__json *item,
                                    const char *where, mlpipe__text *out)
{
    mlpipe_status st;
    mlpipe__text_init(out, ctx->env);
    mlpipe__text_add(out, "{");
    st = recipe_put_member(ctx, item, where, out);
    mlpipe__text_add(out, "}");
    return st || !out->failed ? st : mlpipe__nomem(ctx);
}

/* Every member is known, so that a slip of the pen is found. */
static mlpipe_status recipe_members(mlpipe_ctx *ctx, const mlpipe__json *j,
                                    const char *where,
                                    const char *const *known, uint32_t count)
{
    uint32_t i, k;
    if (mlpipe__json_kind_of(j) != MLPIPE__JSON_OBJECT)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "%s is no JSON object; write {...}",
                            where);
    for (i = 0; i < mlpipe__json_count(j); i++) {
        const char *key = mlpipe__json_key(mlpipe__json_at(j, i));
        const char *near;
        for (k = 0; k < count && strcmp(known[k], key);)
            k++;
        if (k < count)
            continue;
        near = mlpipe__nearest(key, strlen(key), known, count);
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "%s has no member %q; did you mean \"%s\"?",
                            where, key, near ? near : known[count - 1]);
    }
    return MLPIPE_OK;
}

static mlpipe_status recipe_step(mlpipe_ctx *ctx, mlpipe_pipeline *p,
                                 const mlpipe__json *j)
{
    static const char *const known[] = {"as", "params", "step"};
    const mlpipe__json *step = mlpipe__json_get(j, "step");
    const mlpipe__json *as = mlpipe__json_get(j, "as");
    mlpipe__text params;
    mlpipe_status st = recipe_members(ctx, j, "a step of the recipe", known,
                                      3);
    if (st)
        return st;
    if (!step || mlpipe__json_kind_of(step) != MLPIPE__JSON_TEXT ||
        (as && mlpipe__json_kind_of(as) != MLPIPE__JSON_TEXT))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "step %u of the recipe: \"step\" must be a text, "
                            "and \"as\" where it is given",
                            p->step_count);
    st = mlpipe__recipe_params(ctx, mlpipe__json_get(j, "params"),
                               "steps/params", &params);
    if (!st)
        st = mlpipe__pipeline_append(ctx, p, mlpipe__json_text(step),
                                     as ? mlpipe__json_text(as) : NULL,
                                     params.data);
    mlpipe__text_free(&params);
    return st;
}

static mlpipe_status recipe_read(mlpipe_ctx *ctx, const mlpipe__json *root,
                                 mlpipe_pipeline **out)
{
    static const char *const known[] = {"format", "pipeline", "steps"};
    const mlpipe__json *steps = mlpipe__json_get(root, "steps");
    mlpipe__text params = {0};
    uint32_t i;
    mlpipe_status st = recipe_members(ctx, root, "the recipe", known, 3);
    if (st)
        return st;
    const double format =
        mlpipe__json_number(mlpipe__json_get(root, "format"), 0);
    if (format != 1)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the recipe's \"format\" must be 1 and is %g",
                            format);
    if (steps && mlpipe__json_kind_of(steps) != MLPIPE__JSON_ARRAY)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the recipe's \"steps\" is no array");
    st = mlpipe__recipe_params(ctx, mlpipe__json_get(root, "pipeline"),
                               "pipeline", &params);
    if (!st)
        st = mlpipe_pipeline_new(ctx, params.data, out);
    mlpipe__text_free(&params);
    for (i = 0; !st && i < mlpipe__json_count(steps); i++)
        st = recipe_step(ctx, *out, mlpipe__json_at(steps, i));
    return st;
}

static mlpipe_status recipe_parse(mlpipe_ctx *ctx, const char *json,
                                  size_t bytes, mlpipe_pipeline **out)
{
    mlpipe__json *root = NULL;
    mlpipe_status st = mlpipe__json_parse(ctx, json, bytes, &root);
    if (!st)
        st = recipe_read(ctx, root, out);
    mlpipe__json_free(root);
    if (st) {
        mlpipe_pipeline_free(*out);
        *out = NULL;
    }
    return st;
}

mlpipe_status mlpipe_pipeline_parse(mlpipe_ctx *ctx, const char *json,
                                    size_t bytes, mlpipe_pipeline **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_pipeline_parse");
    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !json)
        st = mlpipe__null_arg(ctx, "json");
    if (!st)
        st = recipe_parse(ctx, json, bytes, out);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__pipeline_copy(mlpipe_ctx *ctx,
                                    const mlpipe_pipeline *pipeline,
                                    mlpipe_pipeline **out)
{
    mlpipe__text t;
    mlpipe_status st;
    *out = NULL;
    mlpipe__text_init(&t, ctx->env);
    mlpipe__pipeline_write(pipeline, &t);
    st = t.failed ? mlpipe__nomem(ctx)
                  : recipe_parse(ctx, t.data, t.size, out);
    mlpipe__text_free(&t);
    return st;
}
