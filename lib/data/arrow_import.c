/* SPDX-License-Identifier: MIT */
/* Datasets of Arrow arrays and streams. */
#include "arrow_types.h"

const mlpipe__param mlpipe__from_arrow_params[] = {
    {"text", MLPIPE_PARAM_CHOICE, "auto", 0, 0,
     "auto,category,text,as_is", 0x000100,
     "How texts are kept; auto: as categories up to 65,536 different ones, and "
     "dictionaries as they come; as_is: as texts, but dictionaries as "
     "categories."},
    {"nested", MLPIPE_PARAM_CHOICE, "flatten", 0, 0, "flatten,text,fail",
     0x000100,
     "flatten: fields of a struct become columns a.b, lists JSON; text: both "
     "become JSON; fail: neither is taken."},
    {"decimals", MLPIPE_PARAM_CHOICE, "fail", 0, 0, "fail,f64", 0x000100,
     "f64: the nearest number, which is not always the decimal."},
    {"copy", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,always,never", 0x000100,
     "auto: only what has another layout; always: keep nothing of the "
     "producer's; never: fail where a value would be copied."},
};
const uint32_t mlpipe__from_arrow_param_count =
    sizeof mlpipe__from_arrow_params / sizeof mlpipe__from_arrow_params[0];

typedef struct arrow_import {
    mlpipe_ctx *ctx;
    mlpipe__arrow_options options;
    mlpipe__arrow_node *root;
    uint32_t leaf_count, leaf_room;
    mlpipe__arrow_leaf *leaves;
    int64_t rows, batches;
    /* While the schema is walked: the way to the field. */
    uint32_t steps[MLPIPE__ARROW_DEPTH + 1];
    const mlpipe__arrow_node *nodes[MLPIPE__ARROW_DEPTH + 1];
} arrow_import;

static void arrow_import_end(arrow_import *m)
{
    for (uint32_t i = 0; i < m->leaf_count; i++)
        mlpipe__arrow_leaf_close(m->ctx->env, &m->leaves[i]);
    mlpipe__free(m->ctx->env, m->leaves);
    mlpipe__arrow_node_free(m->ctx->env, m->root);
}

/* ---- which columns ------------------------------------------------------ */

static mlpipe_status arrow_add_leaf(arrow_import *m,
                                    const mlpipe__arrow_node *node,
                                    const char *name, uint32_t depth)
{
    mlpipe__env *env = m->ctx->env;

    if (!*name)
        return mlpipe__fail(m->ctx, MLPIPE_E_SCHEMA,
                            "column %u has no name; give it one",
                            m->leaf_count);
    if (m->leaf_count == m->leaf_room) {
        const uint32_t room = m->leaf_room ? m->leaf_room * 2 : 16;
        mlpipe__arrow_leaf *grown = mlpipe__grow(env, m->leaves, room,
                                                 sizeof grown[0]);
        if (!grown)
            return mlpipe__nomem(m->ctx);
        m->leaves = grown;
        m->leaf_room = room;
    }
    mlpipe__arrow_leaf *leaf = &m->leaves[m->leaf_count];
    memset(leaf, 0, sizeof *leaf);
    mlpipe__text_init(&leaf->json, env);
    m->leaf_count++;
    m->nodes[depth] = node;
    leaf->node = node;
    leaf->depth = depth;
    leaf->steps = mlpipe__alloc_array(env, depth, sizeof leaf->steps[0]);
    leaf->nodes = mlpipe__alloc_array(env, (size_t)depth + 1,
                                      sizeof leaf->nodes[0]);
    if (!leaf->steps || !leaf->nodes)
        return mlpipe__nomem(m->ctx);
    memcpy(leaf->steps, m->steps, depth * sizeof leaf->steps[0]);
    memcpy(leaf->nodes, m->nodes, (depth + 1) * sizeof leaf->nodes[0]);
    return mlpipe__arrow_leaf_open(m->ctx, &m->options, name, leaf);
}

/* The leaves below a field; a struct behind runs or a dictionary is one too. */
static mlpipe_status arrow_plan(arrow_import *m,
                                const mlpipe__arrow_node *node,
                                const char *name, uint32_t depth)
{
    const mlpipe__arrow_node *v = node;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text path;

    while (v->kind == MLPIPE__ARROW_RUNS || v->dictionary)
        v = v->dictionary ? v->dictionary : &v->children[1];
    if (v->kind != MLPIPE__ARROW_STRUCT
        || (depth && m->options.nested != MLPIPE__ARROW_FLATTEN))
        return arrow_add_leaf(m, node, depth || *name ? name : "values",
                              depth);
    if (!v->child_count)
        return mlpipe__fail(m->ctx, MLPIPE_E_UNSUPPORTED,
                            "%q is a struct without fields, of which no "
                            "column can be made", name);
    mlpipe__text_init(&path, m->ctx->env);
    for (uint32_t i = 0; !st && i < v->child_count; i++) {
        path.size = 0;
        mlpipe__text_add(&path, depth ? "%s.%s" : "%s%s", depth ? name : "",
                         v->children[i].name);
        mlpipe__text_put(&path, "", 1);
        m->nodes[depth] = node;
        m->steps[depth] = i;
        st = path.failed ? mlpipe__nomem(m->ctx)
                         : arrow_plan(m, &v->children[i], path.data,
                                      depth + 1);
    }
    mlpipe__text_free(&path);
    return st;
}

static mlpipe_status arrow_import_begin(arrow_import *m, mlpipe_ctx *ctx,
                                        const struct ArrowSchema *schema,
                                        const char *params)
{
    mlpipe__params parsed;

    m->ctx = ctx;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_dataset_from_arrow", mlpipe__from_arrow_params,
        mlpipe__from_arrow_param_count, params, &parsed);
    if (st)
        return st;
    m->options.text = mlpipe__params_get(&parsed, "text")->choice;
    m->options.nested = mlpipe__params_get(&parsed, "nested")->choice;
    m->options.copy = mlpipe__params_get(&parsed, "copy")->choice;
    m->options.decimals = mlpipe__params_get(&parsed, "decimals")->choice;
    mlpipe__params_free(&parsed);
    st = mlpipe__arrow_schema(ctx, schema, &m->root);
    return st ? st : arrow_plan(m, m->root, m->root->name, 0);
}

/* ---- batches ------------------------------------------------------------ */

static void arrow_batch_release(mlpipe__owner *owner)
{
    mlpipe__arrow_batch *batch = (mlpipe__arrow_batch *)(void *)owner;

    if (batch->array.release)
        batch->array.release(&batch->array);
}

/* Moves the array into an owner; NULL: no memory, and nothing was moved. */
static mlpipe__arrow_batch *arrow_batch_new(mlpipe__env *env,
                                            const struct ArrowArray *array)
{
    mlpipe__arrow_batch *batch = mlpipe__alloc(env, sizeof *batch);

    if (!batch)
        return NULL;
    atomic_init(&batch->owner.refs, 1);
    batch->owner.env = mlpipe__env_keep(env);
    batch->owner.release = arrow_batch_release;
    batch->array = *array;
    return batch;
}

static mlpipe_status arrow_take_batch(arrow_import *m,
                                      mlpipe__arrow_batch *batch, bool last)
{
    const int64_t rows = batch->array.length;
    const uint64_t limit = m->ctx->env->limits.csv_rows;
    mlpipe_status st = mlpipe__arrow_check(m->ctx, m->root, &batch->array,
                                           m->rows);

    if (st)
        return st;
    if ((uint64_t)rows > limit || (uint64_t)(m->rows + rows) > limit)
        return mlpipe__fail(m->ctx, MLPIPE_E_LIMIT,
                            "%lld rows and %lld more; the limit csv_rows is "
                            "%llu; raise it, or import fewer at a time",
                            (long long)m->rows, (long long)rows,
                            (unsigned long long)limit);
    for (uint32_t i = 0; !st && i < m->leaf_count; i++)
        st = mlpipe__arrow_leaf_take(m->ctx, &m->options, &m->leaves[i],
                                     batch, last);
    m->rows += rows;
    m->batches++;
    return st;
}

/* ---- the dataset -------------------------------------------------------- */

/* Bytes of values that are memory of our own. */
static double arrow_copied_bytes(const mlpipe__column *c)
{
    double bytes = 0;

    for (uint32_t k = 0; k < c->chunk_count; k++) {
        const mlpipe__chunk *chunk = &c->chunks[k];
        if (chunk->owner)
            continue;
        const double rows = chunk->rows, bits = (chunk->rows + 7) / 8;
        if (c->type == MLPIPE_TYPE_TEXT)
            bytes += 4 + ((const int32_t *)chunk->data)[chunk->rows];
        bytes += c->type == MLPIPE_TYPE_BOOL ? bits
            : c->type == MLPIPE_TYPE_CATEGORY || c->type == MLPIPE_TYPE_TEXT
                || c->f32 ? 4 * rows : 8 * rows;
        bytes += chunk->validity ? bits : 0;
    }
    return bytes;
}

static void arrow_cell_string(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

static void arrow_report_column(mlpipe_report *r,
                                const mlpipe__arrow_leaf *leaf,
                                const mlpipe__column *c)
{
    arrow_cell_string(r, c->name);
    arrow_cell_string(r, mlpipe__type_name(c->type));
    arrow_cell_string(r, mlpipe__unit_name(c->unit));
    mlpipe__report_cell_number(r, (double)c->nulls);
    arrow_cell_string(r, leaf->node->format);
    arrow_cell_string(r, leaf->value->zone);
    mlpipe__report_cell_number(r, leaf->copied_bytes);
    arrow_cell_string(r, leaf->why ? leaf->why : "");
}

static mlpipe_status arrow_report(const arrow_import *m,
                                  mlpipe__column *const *columns,
                                  mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(m->ctx->env, "reading");
    double copied = 0, nulls = 0;

    *out = NULL;
    if (!r)
        return mlpipe__nomem(m->ctx);
    for (uint32_t i = 0; i < m->leaf_count; i++) {
        copied += m->leaves[i].copied_bytes;
        nulls += (double)columns[i]->nulls;
    }
    mlpipe__report_number(r, "rows_in", (double)m->rows);
    mlpipe__report_number(r, "loaded", (double)m->rows);
    mlpipe__report_number(r, "rejected", 0);
    mlpipe__report_number(r, "skipped", 0);
    mlpipe__report_number(r, "batches", (double)m->batches);
    mlpipe__report_number(r, "columns", m->leaf_count);
    mlpipe__report_number(r, "nulls", nulls);
    mlpipe__report_number(r, "copied_bytes", copied);
    mlpipe__report_table(r, "types", "column,type,unit,nulls,format,zone,"
                         "copied_bytes,note");
    for (uint32_t i = 0; i < m->leaf_count; i++)
        arrow_report_column(r, &m->leaves[i], columns[i]);
    return mlpipe__report_seal(m->ctx, r, out);
}

/* Finishing may copy codes, to put them in the order of their texts. */
static mlpipe_status arrow_finish_leaf(const arrow_import *m,
                                       mlpipe__arrow_leaf *leaf,
                                       mlpipe__column **out)
{
    *out = mlpipe__writer_finish(leaf->writer);
    leaf->writer = NULL;
    if (!*out)
        return mlpipe__nomem(m->ctx);
    leaf->copied_bytes = arrow_copied_bytes(*out);
    if (leaf->why || !leaf->copied_bytes)
        return MLPIPE_OK;
    leaf->why = "its dictionary is not in the order of its texts' bytes";
    return m->options.copy != MLPIPE__ARROW_COPY_NEVER ? MLPIPE_OK
        : mlpipe__fail(m->ctx, MLPIPE_E_UNSUPPORTED,
                       "column %q has to be copied: %s; copy=never allows "
                       "none", (*out)->name, leaf->why);
}

static mlpipe_status arrow_finish(arrow_import *m, mlpipe_dataset **out)
{
    mlpipe__env *env = m->ctx->env;
    mlpipe__column **columns = mlpipe__alloc_array(env, m->leaf_count,
                                                   sizeof columns[0]);
    mlpipe_report *reading = NULL;
    mlpipe_status st = columns ? MLPIPE_OK : mlpipe__nomem(m->ctx);

    for (uint32_t i = 0; !st && i < m->leaf_count; i++)
        st = arrow_finish_leaf(m, &m->leaves[i], &columns[i]);
    if (!st)
        st = arrow_report(m, columns, &reading);
    if (!st)
        st = mlpipe__dataset_new(m->ctx, columns, m->leaf_count, 0, reading,
                                 out);
    else
        for (uint32_t i = 0; columns && i < m->leaf_count; i++)
            mlpipe__column_drop(columns[i]);
    mlpipe__free(env, columns);
    return st;
}

/* ---- one array ---------------------------------------------------------- */

static mlpipe_status arrow_from_array(mlpipe_ctx *ctx,
                                      const struct ArrowSchema *schema,
                                      struct ArrowArray *array,
                                      const char *params,
                                      mlpipe_dataset **out)
{
    arrow_import m = {.ctx = ctx};
    mlpipe__arrow_batch *batch = NULL;

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    if (!schema)
        return mlpipe__null_arg(ctx, "schema");
    if (!array)
        return mlpipe__null_arg(ctx, "array");
    mlpipe_status st = arrow_import_begin(&m, ctx, schema, params);
    if (!st) {
        batch = arrow_batch_new(ctx->env, array);
        st = batch ? arrow_take_batch(&m, batch, true) : mlpipe__nomem(ctx);
    }
    if (!st)
        st = arrow_finish(&m, out);
    if (!st)
        array->release = NULL;
    else if (batch)
        batch->array.release = NULL; /* it stays the caller's */
    arrow_import_end(&m);
    if (batch)
        mlpipe__owner_drop(&batch->owner);
    return st;
}

mlpipe_status mlpipe_dataset_from_arrow(mlpipe_ctx *ctx,
                                        const struct ArrowSchema *schema,
                                        struct ArrowArray *array,
                                        const char *params,
                                        mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_from_arrow");

    if (out)
        *out = NULL;
    if (!st)
        st = arrow_from_array(ctx, schema, array, params, out);
    return mlpipe__end(ctx, st);
}

/* ---- a stream ----------------------------------------------------------- */

static mlpipe_status arrow_stream_failed(mlpipe_ctx *ctx,
                                         struct ArrowArrayStream *stream,
                                         const char *doing, int code)
{
    const char *text = stream->get_last_error
        ? stream->get_last_error(stream) : NULL;

    return mlpipe__fail(ctx, MLPIPE_E_HOST,
                        "the Arrow stream failed with %d at %s: %q", code,
                        doing, text ? text : "it does not say why");
}

/* The next batch that has rows; NULL at the end. */
static mlpipe_status arrow_stream_next(mlpipe_ctx *ctx,
                                       struct ArrowArrayStream *stream,
                                       mlpipe__arrow_batch **out)
{
    struct ArrowArray array;

    *out = NULL;
    do {
        mlpipe_status st = mlpipe__poll(ctx, "arrow", 0, 0);
        if (st)
            return st;
        memset(&array, 0, sizeof array);
        const int code = stream->get_next(stream, &array);
        if (code)
            return arrow_stream_failed(ctx, stream, "get_next", code);
        if (array.release && !array.length) {
            array.release(&array);
            continue;
        }
        break;
    } while (true);
    if (!array.release)
        return MLPIPE_OK;
    *out = arrow_batch_new(ctx->env, &array);
    if (*out)
        return MLPIPE_OK;
    array.release(&array);
    return mlpipe__nomem(ctx);
}

/* One batch is read ahead, to know which is the last. */
static mlpipe_status arrow_stream_batches(arrow_import *m,
                                          struct ArrowArrayStream *stream)
{
    mlpipe__arrow_batch *now, *next = NULL;
    mlpipe_status st = arrow_stream_next(m->ctx, stream, &now);

    while (!st && now) {
        st = arrow_stream_next(m->ctx, stream, &next);
        if (!st)
            st = arrow_take_batch(m, now, !next);
        mlpipe__owner_drop(&now->owner);
        now = next;
        next = NULL;
    }
    if (now)
        mlpipe__owner_drop(&now->owner);
    return st;
}

static mlpipe_status arrow_from_stream(mlpipe_ctx *ctx,
                                       struct ArrowArrayStream *stream,
                                       const char *params,
                                       mlpipe_dataset **out)
{
    arrow_import m = {.ctx = ctx};
    struct ArrowSchema schema;

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    if (!stream)
        return mlpipe__null_arg(ctx, "stream");
    if (!stream->release)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the Arrow stream was released or moved");
    if (!stream->get_schema || !stream->get_next)
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the Arrow stream lacks get_schema or get_next");
    memset(&schema, 0, sizeof schema);
    const int code = stream->get_schema(stream, &schema);
    if (code)
        return arrow_stream_failed(ctx, stream, "get_schema", code);
    mlpipe_status st = arrow_import_begin(&m, ctx, &schema, params);
    if (schema.release)
        schema.release(&schema);
    if (!st)
        st = arrow_stream_batches(&m, stream);
    if (!st)
        st = arrow_finish(&m, out);
    arrow_import_end(&m);
    if (!st) {
        stream->release(stream);
        stream->release = NULL;
    }
    return st;
}

mlpipe_status mlpipe_dataset_from_arrow_stream(
    mlpipe_ctx *ctx, struct ArrowArrayStream *stream, const char *params,
    mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_from_arrow_stream");

    if (out)
        *out = NULL;
    if (!st)
        st = arrow_from_stream(ctx, stream, params, out);
    return mlpipe__end(ctx, st);
}
