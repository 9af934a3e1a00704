/* SPDX-License-Identifier: MIT */
/*
 * An ArrowSchema as a tree of our own, so that nothing of the producer's is
 * looked at again. Its depth and the number of its fields are limited before
 * they are followed.
 */
#include "arrow_types.h"

typedef struct arrow_schema_walk {
    mlpipe_ctx *ctx;
    uint64_t fields; /* so far */
} arrow_schema_walk;

static void arrow_node_clear(mlpipe__env *env, mlpipe__arrow_node *node)
{
    for (uint32_t i = 0; i < node->child_count; i++)
        arrow_node_clear(env, &node->children[i]);
    if (node->dictionary)
        arrow_node_clear(env, node->dictionary);
    mlpipe__free(env, node->children);
    mlpipe__free(env, node->dictionary);
    mlpipe__free(env, node->name);
    mlpipe__free(env, node->path);
    mlpipe__free(env, node->format);
}

void mlpipe__arrow_node_free(mlpipe__env *env, mlpipe__arrow_node *root)
{
    if (!root)
        return;
    arrow_node_clear(env, root);
    mlpipe__free(env, root);
}

/* Key-value pairs behind a count: are their lengths possible? */
static bool arrow_metadata_fits(const char *metadata)
{
    size_t at = sizeof(int32_t);
    int32_t pairs, n;

    if (!metadata)
        return true;
    memcpy(&pairs, metadata, sizeof pairs);
    if (pairs < 0 || pairs > MLPIPE__ARROW_METADATA / 8)
        return false;
    for (int64_t i = 0; i < 2 * (int64_t)pairs; i++) {
        memcpy(&n, metadata + at, sizeof n);
        at += sizeof n;
        if (n < 0 || (size_t)n > MLPIPE__ARROW_METADATA
            || at + (size_t)n > MLPIPE__ARROW_METADATA)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* Name, path and format of a field, copied. */
static mlpipe_status arrow_schema_words(mlpipe_ctx *ctx,
                                        const struct ArrowSchema *s,
                                        const char *above,
                                        mlpipe__arrow_node *node)
{
    const char *name = s->name ? s->name : "";
    mlpipe__text path;

    if (!mlpipe__utf8_valid(name, strlen(name)))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the name %q of a field below %q is no UTF-8",
                            name, above);
    mlpipe__text_init(&path, ctx->env);
    mlpipe__text_add(&path, *above && *name ? "%s.%s" : "%s%s", above, name);
    mlpipe__text_put(&path, "", 1);
    node->path = path.failed ? NULL : path.data;
    if (path.failed)
        mlpipe__text_free(&path);
    node->name = mlpipe__strdup(ctx->env, name, strlen(name));
    node->format = mlpipe__strdup(ctx->env, s->format, strlen(s->format));
    return node->path && node->name && node->format ? MLPIPE_OK
                                                    : mlpipe__nomem(ctx);
}

/* What a schema must hold before its fields are used. */
static mlpipe_status arrow_schema_whole(arrow_schema_walk *w,
                                        const struct ArrowSchema *s,
                                        const char *above, uint32_t depth)
{
    mlpipe_ctx *ctx = w->ctx;
    const uint64_t limit = ctx->env->limits.csv_columns;

    if (!s)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "a field below %q is a NULL pointer", above);
    if (!s->release)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the schema of a field below %q was released",
                            above);
    if (!s->format)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "a field below %q has no format", above);
    if (depth > MLPIPE__ARROW_DEPTH)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%q: types are nested deeper than %d; flatten it "
                            "before", above,
                            MLPIPE__ARROW_DEPTH);
    if (++w->fields > limit)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the schema has more than %llu fields, the limit "
                            "csv_columns, which can be raised in mlpipe_limits",
                            (unsigned long long)limit);
    if (s->n_children < 0 || (uint64_t)s->n_children > limit
        || (s->n_children && !s->children))
        return mlpipe__fail(ctx, s->n_children > 0 && s->children
                                     ? MLPIPE_E_LIMIT : MLPIPE_E_FORMAT,
                            "%q: %lld children; at most %llu are possible, "
                            "and a pointer to them", above,
                            (long long)s->n_children,
                            (unsigned long long)limit);
    if (!arrow_metadata_fits(s->metadata))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "%q: the metadata of a field have a length below "
                            "0 or more than %d bytes", above,
                            MLPIPE__ARROW_METADATA);
    return MLPIPE_OK;
}

/* How many children a field of this kind has; -1: any number. */
static int64_t arrow_schema_children(const mlpipe__arrow_node *node)
{
    switch (node->kind) {
    case MLPIPE__ARROW_STRUCT:
        return -1;
    case MLPIPE__ARROW_LIST:
    case MLPIPE__ARROW_LIST_VIEW:
    case MLPIPE__ARROW_LIST_FIXED:
        return 1;
    case MLPIPE__ARROW_RUNS:
        return 2;
    default:
        return 0;
    }
}

/* Rules between a field and its children and dictionary. */
static mlpipe_status arrow_schema_rules(mlpipe_ctx *ctx,
                                        const mlpipe__arrow_node *node)
{
    if (node->dictionary && (node->kind != MLPIPE__ARROW_INT
                             || node->type != MLPIPE_TYPE_I64))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "column %q: the index of a dictionary is an "
                            "integer, not %q", node->path, node->format);
    if (node->kind != MLPIPE__ARROW_RUNS)
        return MLPIPE_OK;
    const mlpipe__arrow_node *ends = &node->children[0];
    if (ends->kind == MLPIPE__ARROW_INT && ends->type == MLPIPE_TYPE_I64
        && ends->is_signed && ends->bytes > 1 && !ends->dictionary)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                        "column %q: run ends are i16, i32 or i64, not %q",
                        node->path, ends->format);
}

static mlpipe_status arrow_schema_node(arrow_schema_walk *w,
                                       const struct ArrowSchema *s,
                                       const char *above, uint32_t depth,
                                       mlpipe__arrow_node *node)
{
    mlpipe_ctx *ctx = w->ctx;
    mlpipe_status st = arrow_schema_whole(w, s, above, depth);

    if (!st)
        st = arrow_schema_words(ctx, s, above, node);
    if (!st)
        st = mlpipe__arrow_format(ctx, node);
    if (st)
        return st;
    const int64_t children = arrow_schema_children(node);
    if (children >= 0 && s->n_children != children)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "column %q: format %q has %lld children, not "
                            "%lld", node->path, node->format,
                            (long long)children, (long long)s->n_children);
    node->children = mlpipe__alloc_array(ctx->env, (size_t)s->n_children,
                                         sizeof node->children[0]);
    if (!node->children)
        return mlpipe__nomem(ctx);
    node->child_count = (uint32_t)s->n_children;
    for (uint32_t i = 0; !st && i < node->child_count; i++)
        st = arrow_schema_node(w, s->children[i], node->path, depth + 1,
                               &node->children[i]);
    if (!st && s->dictionary) {
        node->dictionary = mlpipe__alloc(ctx->env, sizeof *node->dictionary);
        st = node->dictionary
            ? arrow_schema_node(w, s->dictionary, node->path, depth + 1,
                                node->dictionary)
            : mlpipe__nomem(ctx);
    }
    return st ? st : arrow_schema_rules(ctx, node);
}

mlpipe_status mlpipe__arrow_schema(mlpipe_ctx *ctx,
                                   const struct ArrowSchema *schema,
                                   mlpipe__arrow_node **out)
{
    arrow_schema_walk w = {ctx, 0};
    mlpipe__arrow_node *root = mlpipe__alloc(ctx->env, sizeof *root);

    *out = NULL;
    if (!root)
        return mlpipe__nomem(ctx);
    const mlpipe_status st = arrow_schema_node(&w, schema, "", 0, root);
    if (st)
        mlpipe__arrow_node_free(ctx->env, root);
    else
        *out = root;
    return st;
}
