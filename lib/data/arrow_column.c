/* SPDX-License-Identifier: MIT */
/*
 * One column of checked arrays: chunks that point into the producer's buffers
 * where their layout is ours, values written one by one where it is not.
 */
#include "arrow_types.h"

/* ---- what a column is made of ------------------------------------------- */

/* What values are behind runs and dictionaries. */
static const mlpipe__arrow_node *arrow_value(const mlpipe__arrow_node *n)
{
    while (n->kind == MLPIPE__ARROW_RUNS || n->dictionary)
        n = n->dictionary ? n->dictionary : &n->children[1];
    return n;
}

/* Types of columns, and refusals that depend on the parameters. */
static mlpipe_status arrow_leaf_type(mlpipe_ctx *ctx,
                                     const mlpipe__arrow_options *options,
                                     mlpipe__arrow_leaf *leaf, int32_t *type)
{
    const mlpipe__arrow_node *v = leaf->value;

    *type = v->type;
    if (!v->type && options->nested == MLPIPE__ARROW_FLAT)
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "column %q is nested, format %q; nested=flatten "
                            "makes fields columns and lists JSON",
                            leaf->node->path, v->format);
    if (v->kind == MLPIPE__ARROW_DECIMAL && !options->decimals)
        return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                            "column %q holds decimals, format %q, which f64 "
                            "cannot keep exactly; decimals=f64 takes the "
                            "nearest ones", leaf->node->path, v->format);
    if (v->type && v->type != MLPIPE_TYPE_TEXT)
        return MLPIPE_OK;
    *type = options->text == MLPIPE__ARROW_TEXT_PLAIN ||
            (options->text == MLPIPE__ARROW_TEXT_AS_IS &&
             !leaf->node->dictionary)
        ? MLPIPE_TYPE_TEXT : MLPIPE_TYPE_CATEGORY;
    leaf->may_overflow = options->text == MLPIPE__ARROW_TEXT_AUTO
        && !leaf->node->dictionary;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__arrow_leaf_open(mlpipe_ctx *ctx,
                                      const mlpipe__arrow_options *options,
                                      const char *name,
                                      mlpipe__arrow_leaf *leaf)
{
    int32_t type;

    mlpipe__text_init(&leaf->json, ctx->env);
    leaf->value = arrow_value(leaf->node);
    const mlpipe_status st = arrow_leaf_type(ctx, options, leaf, &type);
    if (st)
        return st;
    leaf->writer = mlpipe__writer_new(ctx->env, name, strlen(name), type,
                                      leaf->value->unit, NULL);
    if (!leaf->writer)
        return mlpipe__nomem(ctx);
    if (leaf->value->kind == MLPIPE__ARROW_FLOAT && leaf->value->bytes < 8)
        mlpipe__writer_floats(leaf->writer);
    return MLPIPE_OK;
}

void mlpipe__arrow_leaf_close(mlpipe__env *env, mlpipe__arrow_leaf *leaf)
{
    mlpipe__writer_free(leaf->writer);
    mlpipe__text_free(&leaf->json);
    mlpipe__free(env, leaf->map);
    mlpipe__free(env, leaf->steps);
    mlpipe__free(env, leaf->nodes);
}

/* ---- where the values of a batch are ------------------------------------ */

/* A batch as one leaf sees it. */
typedef struct arrow_taking {
    mlpipe_ctx *ctx;
    mlpipe__arrow_leaf *leaf;
    mlpipe__arrow_batch *batch;
    const struct ArrowArray *array; /* NULL: rows are found one by one */
    int64_t base; /* where row 0 is in the array's buffers */
    mlpipe__arrow_unpacking unpacking;
} arrow_taking;

/* Only structs without nulls above the leaf, and no runs: row i of the batch
 * is then element base + i of its buffers. */
static void arrow_find_plain(arrow_taking *t)
{
    const mlpipe__arrow_leaf *leaf = t->leaf;
    const struct ArrowArray *a = &t->batch->array;
    int64_t base = a->offset;

    for (uint32_t d = 0; d < leaf->depth; d++) {
        if (leaf->nodes[d]->kind != MLPIPE__ARROW_STRUCT
            || (a->buffers[0]
                && mlpipe__arrow_count_nulls(a->buffers[0], a->offset,
                                             a->length)))
            return;
        a = a->children[leaf->steps[d]];
        base += a->offset;
    }
    if (leaf->node->kind == MLPIPE__ARROW_RUNS)
        return;
    t->array = a;
    t->base = base;
}

/* The value of a row; one that is not valid where something above it is
 * null. */
static mlpipe__arrow_place arrow_find(const arrow_taking *t, int64_t row)
{
    const mlpipe__arrow_leaf *leaf = t->leaf;

    if (t->array)
        return mlpipe__arrow_row(leaf->node, t->array,
                                 row + t->base - t->array->offset);
    mlpipe__arrow_place p = mlpipe__arrow_row(leaf->nodes[0],
                                              &t->batch->array, row);
    for (uint32_t d = 0; d < leaf->depth && mlpipe__arrow_valid(&p); d++)
        p = mlpipe__arrow_row(&p.node->children[leaf->steps[d]],
                              p.array->children[leaf->steps[d]], p.at);
    return p;
}

/* The leaf's array of the batch, from which values for JSON are counted. */
static const struct ArrowArray *arrow_leaf_array(const arrow_taking *t)
{
    const struct ArrowArray *a = &t->batch->array;

    for (uint32_t d = 0; d < t->leaf->depth; d++) {
        const mlpipe__arrow_node *n = t->leaf->nodes[d];
        while (n->kind == MLPIPE__ARROW_RUNS || n->dictionary) {
            a = n->dictionary ? a->dictionary : a->children[1];
            n = n->dictionary ? n->dictionary : &n->children[1];
        }
        a = a->children[t->leaf->steps[d]];
    }
    return a;
}

/* ---- dictionaries ------------------------------------------------------- */

static mlpipe_status arrow_many_texts(const arrow_taking *t, uint64_t count)
{
    const char *column = t->leaf->node->path;

    (void)mlpipe__fail(t->ctx, MLPIPE_E_LIMIT,
                       "column %q: %llu different texts; the limit "
                       "categories is %llu; text=text keeps them as texts",
                       column, (unsigned long long)count,
                       (unsigned long long)t->ctx->env->limits.categories);
    return mlpipe__fail_at(t->ctx, -1, column);
}

/* Codes of this batch's dictionary in that of the column. */
static mlpipe_status arrow_map(arrow_taking *t)
{
    mlpipe__arrow_leaf *leaf = t->leaf;
    mlpipe__env *env = t->ctx->env;
    const struct ArrowArray *from = t->array->dictionary;
    mlpipe__dict *dict =
        &mlpipe__writer_column(leaf->writer)->dictionary->dict;
    const uint64_t limit = env->limits.categories;

    mlpipe__free(env, leaf->map);
    leaf->map = NULL;
    if ((uint64_t)from->length > limit || from->length > INT32_MAX)
        return arrow_many_texts(t, (uint64_t)from->length);
    leaf->map = mlpipe__alloc_array(env, (size_t)from->length,
                                    sizeof leaf->map[0]);
    if (!leaf->map)
        return mlpipe__nomem(t->ctx);
    leaf->map_same = true;
    for (int64_t i = 0; i < from->length; i++) {
        const mlpipe__arrow_place p = {leaf->value, from, from->offset + i};
        size_t n;
        leaf->map[i] = -1;
        if (mlpipe__arrow_valid(&p)) {
            const char *text = mlpipe__arrow_text(&p, &n);
            const uint32_t code = mlpipe__dict_add(dict, text, n);
            if (code == UINT32_MAX)
                return mlpipe__nomem(t->ctx);
            leaf->map[i] = (int32_t)code;
        }
        leaf->map_same = leaf->map_same && leaf->map[i] == i;
    }
    return dict->count > limit ? arrow_many_texts(t, dict->count)
                               : MLPIPE_OK;
}

/* Can codes go through a map of the dictionary? */
static bool arrow_has_codes(const arrow_taking *t)
{
    const mlpipe__arrow_leaf *leaf = t->leaf;

    return t->array && leaf->node->dictionary == leaf->value
        && mlpipe__writer_column(leaf->writer)->type == MLPIPE_TYPE_CATEGORY
        && leaf->value->type == MLPIPE_TYPE_TEXT;
}

/* ---- values one by one -------------------------------------------------- */

static mlpipe_status arrow_no_room(const arrow_taking *t)
{
    return mlpipe__writer_failed(t->ctx, t->leaf->writer);
}

/* Too many texts for a category: the column so far becomes text. */
static mlpipe_status arrow_overflow(arrow_taking *t)
{
    const mlpipe__column *c = mlpipe__writer_column(t->leaf->writer);
    const mlpipe__dict *dict = &c->dictionary->dict;
    mlpipe__column_writer *w = mlpipe__writer_new(
        t->ctx->env, c->name, strlen(c->name), MLPIPE_TYPE_TEXT,
        MLPIPE_UNIT_NONE, NULL);
    bool fine = w != NULL;

    for (int64_t i = 0; fine && i < c->rows; i++) {
        const mlpipe__chunk *chunk = &c->chunks[i / MLPIPE__CHUNK_ROWS];
        const uint32_t at = (uint32_t)(i % MLPIPE__CHUNK_ROWS);
        if (mlpipe__chunk_valid(chunk, at)) {
            const uint32_t code =
                (uint32_t)((const int32_t *)chunk->data)[at];
            fine = mlpipe__writer_text(w, mlpipe__dict_text(dict, code),
                                       mlpipe__dict_bytes(dict, code));
        } else {
            fine = mlpipe__writer_null(w);
        }
    }
    if (!w)
        return mlpipe__nomem(t->ctx);
    mlpipe__writer_free(t->leaf->writer);
    t->leaf->writer = w;
    t->leaf->may_overflow = false;
    return fine ? MLPIPE_OK : arrow_no_room(t);
}

static mlpipe_status arrow_put_text(arrow_taking *t, const char *text,
                                    size_t n)
{
    mlpipe__column_writer *w = t->leaf->writer;
    const mlpipe__column *c = mlpipe__writer_column(w);

    if (!mlpipe__writer_text(w, text, n))
        return arrow_no_room(t);
    if (c->type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    const uint64_t count = c->dictionary->dict.count;
    const uint64_t limit = t->ctx->env->limits.categories;
    if (t->leaf->may_overflow
        && (count > MLPIPE__AUTO_CATEGORIES || count > limit))
        return arrow_overflow(t);
    return count > limit ? arrow_many_texts(t, count) : MLPIPE_OK;
}

static mlpipe_status arrow_put_json(arrow_taking *t,
                                    const mlpipe__arrow_place *p)
{
    const uint64_t limit = t->ctx->env->limits.cell_bytes;
    mlpipe__text *json = &t->leaf->json;

    json->size = 0;
    mlpipe__arrow_json(&t->unpacking, p, json);
    if (t->unpacking.status)
        return t->unpacking.status;
    if (json->failed)
        return mlpipe__nomem(t->ctx);
    if (json->size > limit)
        return mlpipe__fail(t->ctx, MLPIPE_E_LIMIT,
                            "column %q: a value is more than %llu bytes of "
                            "JSON, the limit cell_bytes; raise it, or leave "
                            "the column out",
                            t->leaf->node->path, (unsigned long long)limit);
    return arrow_put_text(t, json->data, json->size);
}

/* An u64 that i64 has no place for; row is of the dataset. */
static mlpipe_status arrow_too_large(const arrow_taking *t, int64_t row,
                                     int64_t bits)
{
    const char *column = t->leaf->node->path;

    (void)mlpipe__fail(t->ctx, MLPIPE_E_NUMERIC,
                       "column %q, row %lld: %llu is above 2^63 - 1, the "
                       "largest i64; cast the column to float64 or text",
                       column, (long long)row, (unsigned long long)bits);
    return mlpipe__fail_at(t->ctx, row, column);
}

/* One value, not null, of any kind. */
static mlpipe_status arrow_put(arrow_taking *t, const mlpipe__arrow_place *p)
{
    mlpipe__column_writer *w = t->leaf->writer;
    char digits[MLPIPE__ARROW_DIGITS];
    const char *text;
    size_t n;
    double x = 0;
    int64_t v;

    switch (p->node->kind) {
    case MLPIPE__ARROW_BOOL:
        return mlpipe__writer_bool(w, mlpipe__bit(p->array->buffers[1],
                                                  (uint64_t)p->at))
            ? MLPIPE_OK : arrow_no_room(t);
    case MLPIPE__ARROW_INT:
        v = mlpipe__arrow_int(p);
        if (v < 0 && !p->node->is_signed)
            return arrow_too_large(t, mlpipe__writer_column(w)->rows, v);
        return mlpipe__writer_i64(w, v) ? MLPIPE_OK : arrow_no_room(t);
    case MLPIPE__ARROW_FLOAT:
        return mlpipe__writer_f64(w, mlpipe__arrow_float(p))
            ? MLPIPE_OK : arrow_no_room(t);
    case MLPIPE__ARROW_DECIMAL:
        n = mlpipe__arrow_decimal(p, digits);
        (void)mlpipe__parse_f64(digits, n, false, &x);
        return mlpipe__writer_f64(w, x) ? MLPIPE_OK : arrow_no_room(t);
    case MLPIPE__ARROW_TEXT:
    case MLPIPE__ARROW_VIEW:
        text = mlpipe__arrow_text(p, &n);
        return arrow_put_text(t, text, n);
    default:
        return arrow_put_json(t, p);
    }
}

static mlpipe_status arrow_put_null(const arrow_taking *t)
{
    return mlpipe__writer_null(t->leaf->writer) ? MLPIPE_OK
                                                : arrow_no_room(t);
}

/* Rows from .. from + n - 1 of a batch, at most a chunk. */
static mlpipe_status arrow_copy(arrow_taking *t, int64_t from, int64_t n)
{
    const mlpipe__arrow_leaf *leaf = t->leaf;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t i = from; !st && i < from + n; i++) {
        if (!leaf->map) {
            const mlpipe__arrow_place p = arrow_find(t, i);
            st = mlpipe__arrow_valid(&p) ? arrow_put(t, &p)
                                         : arrow_put_null(t);
            continue;
        }
        const mlpipe__arrow_place p = {leaf->node, t->array, t->base + i};
        const int32_t code = mlpipe__arrow_valid(&p)
            ? leaf->map[mlpipe__arrow_int(&p)] : -1;
        if (code < 0)
            st = arrow_put_null(t);
        else if (!mlpipe__writer_code(leaf->writer, code))
            st = arrow_no_room(t);
    }
    return st;
}

/* ---- buffers as they are ------------------------------------------------ */

/* Why the layout of an array is none that a chunk can point into; NULL where
 * it is one. */
static const char *arrow_why_not(const arrow_taking *t)
{
    const mlpipe__arrow_leaf *leaf = t->leaf;
    const mlpipe__arrow_node *n = leaf->node;
    const int32_t type = mlpipe__writer_column(leaf->writer)->type;

    if (!t->array)
        return n->kind == MLPIPE__ARROW_RUNS
            ? "runs are expanded" : "something above it is null or encoded";
    if (leaf->map)
        return n->bytes != 4 ? "codes of another width than int32"
            : !leaf->map_same ? "its dictionary repeats, has nulls or changes"
            : NULL;
    if (n->dictionary)
        return "a dictionary is looked up";
    switch (n->kind) {
    case MLPIPE__ARROW_BOOL:
        return NULL;
    case MLPIPE__ARROW_INT:
        return n->bytes < 8 ? "integers are widened" : NULL;
    case MLPIPE__ARROW_FLOAT:
        return n->bytes < 4 ? "half floats are widened" : NULL;
    case MLPIPE__ARROW_TEXT:
        return type != MLPIPE_TYPE_TEXT ? "texts are made codes"
            : n->bytes != 4 ? "offsets of 64 bits" : NULL;
    case MLPIPE__ARROW_VIEW:
        return "views of text";
    case MLPIPE__ARROW_NULL:
        return "nulls without buffers";
    default:
        return n->type ? "decimals are rounded" : "it is written as JSON";
    }
}

/* Bytes of an element of the data buffer; 0: bits. */
static int32_t arrow_width(const mlpipe__arrow_node *n)
{
    return n->kind == MLPIPE__ARROW_BOOL ? 0 : n->bytes;
}

/* Rows at element p of the buffers as a chunk; it is zero before. */
static void arrow_chunk(const arrow_taking *t, int64_t p, int64_t n,
                        mlpipe__chunk *chunk)
{
    const void *const *buffers = t->array->buffers;
    const int32_t width = arrow_width(t->leaf->node);

    chunk->rows = (uint32_t)n;
    chunk->owner = &t->batch->owner;
    chunk->data = (char *)buffers[1] + (width ? p * width : p / 8);
    if (buffers[0]) {
        chunk->nulls = (uint32_t)mlpipe__arrow_count_nulls(buffers[0], p, n);
        chunk->validity = (uint8_t *)buffers[0] + p / 8;
        chunk->loose = chunk->nulls > 0;
    }
    if (buffers[0] || !width)
        chunk->shift = (uint8_t)(p % 8);
    if (t->leaf->node->kind == MLPIPE__ARROW_TEXT)
        chunk->bytes = (char *)buffers[2];
}

/* Does i64 have a place for every u64? Row is that of the dataset. */
static mlpipe_status arrow_check_large(const arrow_taking *t, int64_t row,
                                       const mlpipe__chunk *chunk)
{
    const int64_t *values = chunk->data;

    for (uint32_t i = 0; i < chunk->rows; i++)
        if (values[i] < 0 && mlpipe__chunk_valid(chunk, i))
            return arrow_too_large(t, row + i, values[i]);
    return MLPIPE_OK;
}

/* Rows from .. from + n - 1 of a batch, whose chunks are whole but for the
 * last. */
static mlpipe_status arrow_borrow(arrow_taking *t, int64_t from, int64_t n)
{
    enum { POLL_CHUNKS = 64 };
    const mlpipe__arrow_node *node = t->leaf->node;
    const bool is_u64 = node->kind == MLPIPE__ARROW_INT && !node->is_signed
        && !node->dictionary;
    const int64_t row = mlpipe__writer_column(t->leaf->writer)->rows;
    const uint32_t count = (uint32_t)((n + MLPIPE__CHUNK_ROWS - 1)
                                      / MLPIPE__CHUNK_ROWS);
    mlpipe__chunk *chunks = mlpipe__writer_room(t->leaf->writer, count);
    mlpipe_status st = chunks ? MLPIPE_OK : mlpipe__nomem(t->ctx);

    for (uint32_t k = 0; !st && k < count; k++) {
        const int64_t at = (int64_t)k * MLPIPE__CHUNK_ROWS;
        const int64_t rows = n - at < MLPIPE__CHUNK_ROWS
            ? n - at : MLPIPE__CHUNK_ROWS;
        arrow_chunk(t, t->base + from + at, rows, &chunks[k]);
        if (is_u64)
            st = arrow_check_large(t, row + at, &chunks[k]);
        if (!st && k % POLL_CHUNKS == POLL_CHUNKS - 1)
            st = mlpipe__poll(t->ctx, "arrow", (uint64_t)at, (uint64_t)n);
    }
    if (st)
        return st;
    mlpipe__owner_keep_many(&t->batch->owner, count);
    mlpipe__writer_borrow(t->leaf->writer, count);
    return MLPIPE_OK;
}

/* Notes the first reason; E_UNSUPPORTED under copy=never. */
static mlpipe_status arrow_note_copy(const arrow_taking *t, uint32_t copy,
                                     const char *why)
{
    if (!t->leaf->why)
        t->leaf->why = why;
    return copy != MLPIPE__ARROW_COPY_NEVER ? MLPIPE_OK
        : mlpipe__fail(t->ctx, MLPIPE_E_UNSUPPORTED,
                       "column %q, format %q, has to be copied: %s; "
                       "copy=never allows none", t->leaf->node->path,
                       t->leaf->node->format, why);
}

static const char *arrow_why(const arrow_taking *t, uint32_t copy)
{
    const int32_t width = arrow_width(t->leaf->node);
    const char *why = arrow_why_not(t);

    if (!why && width > 1
        && (uintptr_t)t->array->buffers[1] % (uintptr_t)width)
        why = "its buffer is not aligned to its elements";
    return !why && copy == MLPIPE__ARROW_COPY_ALWAYS ? "as asked" : why;
}

mlpipe_status mlpipe__arrow_leaf_take(mlpipe_ctx *ctx,
                                      const mlpipe__arrow_options *options,
                                      mlpipe__arrow_leaf *leaf,
                                      mlpipe__arrow_batch *batch, bool last)
{
    arrow_taking t = {.ctx = ctx, .leaf = leaf, .batch = batch};
    const int64_t rows = batch->array.length;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__free(ctx->env, leaf->map);
    leaf->map = NULL;
    arrow_find_plain(&t);
    t.unpacking = (mlpipe__arrow_unpacking){
        .ctx = ctx, .node = leaf->node,
        .stored = mlpipe__arrow_stored(arrow_leaf_array(&t))};
    if (arrow_has_codes(&t))
        st = arrow_map(&t);
    const char *why = arrow_why(&t, options->copy);
    for (int64_t done = 0, n; !st && done < rows; done += n) {
        const int64_t at = mlpipe__writer_column(leaf->writer)->rows
            % MLPIPE__CHUNK_ROWS;
        const int64_t left = rows - done;
        const int64_t whole = last ? left : left - left % MLPIPE__CHUNK_ROWS;
        const char *now = why ? why : at || !whole
            ? "batches are no multiples of 65,536 rows" : NULL;
        n = !now ? whole : left < MLPIPE__CHUNK_ROWS - at
            ? left : MLPIPE__CHUNK_ROWS - at;
        st = mlpipe__poll(ctx, "arrow", (uint64_t)done, (uint64_t)rows);
        if (!st && now)
            st = arrow_note_copy(&t, options->copy, now);
        if (!st)
            st = now ? arrow_copy(&t, done, n) : arrow_borrow(&t, done, n);
    }
    return st;
}
