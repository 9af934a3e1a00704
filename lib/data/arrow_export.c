/* SPDX-License-Identifier: MIT */
/*
 * Datasets as Arrow arrays and streams. What an exported array reads is held
 * by its private data, which hold the environment too, so that it is released
 * without a context and on any thread. Children that were moved out before
 * their parent is released live on.
 */
#include "arrow_types.h"

const mlpipe__param mlpipe__to_arrow_params[] = {
    {"metadata", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Tell the fingerprint (mlpipe:fingerprint) and the roles that columns "
     "look made for (mlpipe:role) as metadata of the schema."},
};
const uint32_t mlpipe__to_arrow_param_count = 1;

/* ---- schemas ------------------------------------------------------------ */

typedef struct export_schema {
    mlpipe__env *env;
    char *name, *metadata;
    struct ArrowSchema *children, **pointers;
    struct ArrowSchema dictionary;
} export_schema;

static void export_schema_release(struct ArrowSchema *schema)
{
    export_schema *p = schema->private_data;
    mlpipe__env *env = p->env;

    for (int64_t i = 0; p->children && i < schema->n_children; i++)
        if (p->children[i].release)
            p->children[i].release(&p->children[i]);
    mlpipe__free(env, p->children);
    mlpipe__free(env, p->pointers);
    mlpipe__free(env, p->name);
    mlpipe__free(env, p->metadata);
    mlpipe__free(env, p);
    mlpipe__env_drop(env);
    schema->release = NULL;
}

/* The dictionary of a category's schema: nothing of its own to free. */
static void export_texts_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* A schema with its name; false: no memory, and nothing is left. */
static bool export_schema_new(mlpipe__env *env, const char *name,
                              const char *format, uint32_t children,
                              struct ArrowSchema *out)
{
    export_schema *p = mlpipe__alloc(env, sizeof *p);

    memset(out, 0, sizeof *out);
    if (!p)
        return false;
    p->env = mlpipe__env_keep(env);
    out->private_data = p;
    out->release = export_schema_release;
    out->format = format;
    p->name = mlpipe__strdup(env, name, strlen(name));
    p->children = mlpipe__alloc_array(env, children, sizeof *p->children);
    p->pointers = mlpipe__alloc_array(env, children, sizeof *p->pointers);
    if (!p->name || !p->children || !p->pointers) {
        out->release(out);
        memset(out, 0, sizeof *out);
        return false;
    }
    for (uint32_t i = 0; i < children; i++)
        p->pointers[i] = &p->children[i];
    out->name = p->name;
    out->n_children = children;
    out->children = children ? p->pointers : NULL;
    return true;
}

/* One pair of metadata; false: no memory. */
static bool export_metadata(struct ArrowSchema *schema, const char *key,
                            const char *value)
{
    export_schema *p = schema->private_data;
    const int32_t one = 1, n[2] = {(int32_t)strlen(key),
                                   (int32_t)strlen(value)};
    mlpipe__text t;

    mlpipe__text_init(&t, p->env);
    mlpipe__text_put(&t, &one, sizeof one);
    mlpipe__text_put(&t, &n[0], sizeof n[0]);
    mlpipe__text_put(&t, key, strlen(key));
    mlpipe__text_put(&t, &n[1], sizeof n[1]);
    mlpipe__text_put(&t, value, strlen(value));
    if (t.failed) {
        mlpipe__text_free(&t);
        return false;
    }
    p->metadata = t.data;
    schema->metadata = t.data;
    return true;
}

/* Times: by type and unit. */
static const char *export_format(const mlpipe__column *c)
{
    static const char *const timestamps[] = {"l", "tss:UTC", "tsm:UTC",
                                             "tsu:UTC", "tsn:UTC"};
    static const char *const durations[] = {"l", "tDs", "tDm", "tDu", "tDn"};

    switch (c->type) {
    case MLPIPE_TYPE_BOOL:
        return "b";
    case MLPIPE_TYPE_F64:
        return c->f32 ? "f" : "g";
    case MLPIPE_TYPE_TEXT:
        return "u";
    case MLPIPE_TYPE_CATEGORY:
        return "i";
    case MLPIPE_TYPE_TIMESTAMP:
        return timestamps[c->unit];
    case MLPIPE_TYPE_DURATION:
        return durations[c->unit];
    default:
        return "l";
    }
}

static bool export_column_schema(mlpipe__env *env, const mlpipe__column *c,
                                 const char *role, struct ArrowSchema *out)
{
    if (!export_schema_new(env, c->name, export_format(c), 0, out))
        return false;
    out->flags = c->nulls ? ARROW_FLAG_NULLABLE : 0;
    if (c->type == MLPIPE_TYPE_CATEGORY) {
        export_schema *p = out->private_data;
        p->dictionary.format = "u";
        p->dictionary.name = "";
        p->dictionary.release = export_texts_release;
        out->dictionary = &p->dictionary;
    }
    return !role || export_metadata(out, "mlpipe:role", role);
}

static const char *export_role(int32_t role)
{
    static const char *const names[] = {
        NULL, "target", "time", "group", "weight", "id", "label_time",
        "known_time", "offset", "split", "segment", "key", "private"
    };

    return role > 0 && role <= MLPIPE_ROLE_PRIVATE ? names[role] : NULL;
}

/* print: the fingerprint, or "" without metadata. */
static bool export_dataset_schema(mlpipe__env *env, const mlpipe_dataset *d,
                                  const char *print, struct ArrowSchema *out)
{
    bool fine = export_schema_new(env, "", "+s", d->column_count, out);

    if (!fine)
        return false;
    for (uint32_t i = 0; fine && i < d->column_count; i++)
        fine = export_column_schema(
            env, d->columns[i],
            *print ? export_role(mlpipe_dataset_role(d, i)) : NULL,
            out->children[i]);
    fine = fine && (!*print || export_metadata(out, "mlpipe:fingerprint",
                                               print));
    if (!fine) {
        out->release(out);
        memset(out, 0, sizeof *out);
    }
    return fine;
}

/* ---- dictionaries ------------------------------------------------------- */

/* The texts of a dictionary without the NULs between them. */
typedef struct export_texts {
    mlpipe__owner owner;
    int64_t count;
    int32_t *offsets;
    char *bytes;
} export_texts;

static void export_texts_free(mlpipe__owner *owner)
{
    export_texts *t = (export_texts *)(void *)owner;

    mlpipe__free(t->owner.env, t->offsets);
    mlpipe__free(t->owner.env, t->bytes);
}

/* E_LIMIT where they are more than 2 GiB. */
static mlpipe_status export_texts_new(mlpipe_ctx *ctx,
                                      const mlpipe__column *c,
                                      export_texts **out)
{
    const mlpipe__dict *dict = &c->dictionary->dict;
    const uint64_t bytes = dict->count
        ? dict->offsets[dict->count] - dict->count : 0;
    export_texts *t = mlpipe__alloc(ctx->env, sizeof *t);

    *out = NULL;
    if (!t)
        return mlpipe__nomem(ctx);
    atomic_init(&t->owner.refs, 1);
    t->owner.env = mlpipe__env_keep(ctx->env);
    t->owner.release = export_texts_free;
    t->count = dict->count;
    if (bytes > INT32_MAX) {
        mlpipe__owner_drop(&t->owner);
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the categories of column %q are %llu bytes of "
                            "text; offsets reach 2^31 - 1; leave it out",
                            c->name,
                            (unsigned long long)bytes);
    }
    t->offsets = mlpipe__alloc_array(ctx->env, (size_t)dict->count + 1,
                                     sizeof t->offsets[0]);
    t->bytes = mlpipe__alloc(ctx->env, (size_t)bytes + 1);
    if (!t->offsets || !t->bytes) {
        mlpipe__owner_drop(&t->owner);
        return mlpipe__nomem(ctx);
    }
    for (uint32_t i = 0; i < dict->count; i++) {
        const size_t n = mlpipe__dict_bytes(dict, i);
        memcpy(t->bytes + t->offsets[i], mlpipe__dict_text(dict, i), n);
        t->offsets[i + 1] = t->offsets[i] + (int32_t)n;
    }
    *out = t;
    return MLPIPE_OK;
}

/* ---- arrays ------------------------------------------------------------- */

typedef struct export_array {
    mlpipe__env *env;
    mlpipe__column *column; /* whose buffers these are */
    export_texts *texts;
    const void *buffers[3];
    struct ArrowArray *children, **pointers;
    struct ArrowArray dictionary;
} export_array;

static void export_array_release(struct ArrowArray *array)
{
    export_array *p = array->private_data;
    mlpipe__env *env = p->env;

    for (int64_t i = 0; p->children && i < array->n_children; i++)
        if (p->children[i].release)
            p->children[i].release(&p->children[i]);
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    mlpipe__column_drop(p->column);
    mlpipe__owner_drop(p->texts ? &p->texts->owner : NULL);
    mlpipe__free(env, p->children);
    mlpipe__free(env, p->pointers);
    mlpipe__free(env, p);
    mlpipe__env_drop(env);
    array->release = NULL;
}

/* An array of so many rows, buffers and children. */
static export_array *export_array_new(mlpipe__env *env, int64_t rows,
                                      int64_t buffers, uint32_t children,
                                      struct ArrowArray *out)
{
    export_array *p = mlpipe__alloc(env, sizeof *p);

    memset(out, 0, sizeof *out);
    if (!p)
        return NULL;
    p->env = mlpipe__env_keep(env);
    out->private_data = p;
    out->release = export_array_release;
    out->length = rows;
    out->n_buffers = buffers;
    out->buffers = p->buffers;
    if (!children)
        return p;
    p->children = mlpipe__alloc_array(env, children, sizeof *p->children);
    p->pointers = mlpipe__alloc_array(env, children, sizeof *p->pointers);
    if (!p->children || !p->pointers) {
        out->release(out);
        memset(out, 0, sizeof *out);
        return NULL;
    }
    for (uint32_t i = 0; i < children; i++)
        p->pointers[i] = &p->children[i];
    out->n_children = children;
    out->children = p->pointers;
    return p;
}

/* The texts of a category as an array of its own, which may be moved out. */
static bool export_dictionary(mlpipe__env *env, export_texts *texts,
                              struct ArrowArray *out)
{
    export_array *p = export_array_new(env, texts->count, 3, 0, out);

    if (!p)
        return false;
    (void)mlpipe__owner_keep(&texts->owner);
    p->texts = texts;
    p->buffers[1] = texts->offsets;
    p->buffers[2] = texts->bytes;
    return true;
}

/* Rows at .. of a chunk, n of which lie one behind the other. */
typedef struct export_run {
    mlpipe__column *column; /* borrows */
    const mlpipe__chunk *chunk;
    int64_t at, rows, nulls; /* nulls = -1: unknown */
} export_run;

/* Keeps the run's column; false: no memory. */
static bool export_column(mlpipe__env *env, const export_run *run,
                          export_texts *texts, struct ArrowArray *out)
{
    const mlpipe__chunk *chunk = run->chunk;
    const bool is_text = run->column->type == MLPIPE_TYPE_TEXT;
    const size_t width = mlpipe__arrow_width(run->column);
    export_array *p = export_array_new(env, run->rows, is_text ? 3 : 2, 0,
                                       out);

    if (!p)
        return false;
    if (texts) {
        out->dictionary = &p->dictionary;
        if (!export_dictionary(env, texts, &p->dictionary)) {
            out->dictionary = NULL;
            out->release(out);
            memset(out, 0, sizeof *out);
            return false;
        }
    }
    p->column = mlpipe__column_keep(run->column);
    /* A bitmap begins in the middle of a byte: all buffers share the offset
     * that leads there, and the others begin so much earlier. */
    const int64_t bit = run->at + chunk->shift;
    const bool bits = chunk->validity || !width;
    out->offset = bits ? bit % 8 : 0;
    out->null_count = chunk->validity ? run->nulls : 0;
    if (chunk->validity)
        p->buffers[0] = chunk->validity + bit / 8;
    p->buffers[1] = (const char *)chunk->data
        + (width ? (run->at - out->offset) * (int64_t)width : bit / 8);
    if (is_text)
        p->buffers[2] = chunk->bytes ? chunk->bytes : "";
    return true;
}

/* ---- batches ------------------------------------------------------------ */

/* What arrays of a dataset need beside it. */
typedef struct export_source {
    mlpipe__env *env;
    mlpipe_dataset *dataset;
    export_texts **texts; /* of categories, else NULL */
    char print[33];       /* the fingerprint, or "" */
} export_source;

static void export_source_end(export_source *s)
{
    for (uint32_t i = 0; s->texts && i < s->dataset->column_count; i++)
        mlpipe__owner_drop(s->texts[i] ? &s->texts[i]->owner : NULL);
    mlpipe__free(s->env, s->texts);
    mlpipe_dataset_free(s->dataset);
}

/* Do chunks from k on to the one of physical row `last` lie one behind the
 * other, as those of one imported array do? */
static bool export_one_piece(const mlpipe__column *c, int64_t first,
                             int64_t last)
{
    const int64_t begin = first / MLPIPE__CHUNK_ROWS;
    const size_t width = mlpipe__arrow_width(c);
    const size_t step = width ? width * MLPIPE__CHUNK_ROWS
                              : MLPIPE__CHUNK_ROWS / 8;
    const mlpipe__chunk *a = &c->chunks[begin];

    for (int64_t k = begin + 1; k <= last / MLPIPE__CHUNK_ROWS; k++) {
        const mlpipe__chunk *b = &c->chunks[k];
        const size_t away = (size_t)(k - begin);
        if (!a->owner || b->owner != a->owner || b->bytes != a->bytes
            || (const char *)b->data != (const char *)a->data + away * step
            || !a->validity != !b->validity || a->shift != b->shift
            || (a->validity && b->validity != a->validity
                    + away * (MLPIPE__CHUNK_ROWS / 8)))
            return false;
    }
    return true;
}

/* Can rows of a column be told without a copy? */
static bool export_find_run(const mlpipe_dataset *d, uint32_t column,
                            int64_t start, int64_t rows, export_run *run)
{
    mlpipe__column *c = d->columns[column];
    const int64_t first = d->start + start;

    if (d->rowset || !rows || !export_one_piece(c, first, first + rows - 1))
        return false;
    run->column = c;
    run->chunk = &c->chunks[first / MLPIPE__CHUNK_ROWS];
    run->at = first % MLPIPE__CHUNK_ROWS;
    run->rows = rows;
    run->nulls = -1;
    if (!run->at && rows == (int64_t)run->chunk->rows)
        run->nulls = run->chunk->nulls;
    return true;
}

/* Rows of a dataset as one array; nothing is left where it fails. ctx: who may
 * cancel; NULL in a stream, which then fails for want of memory alone. */
static mlpipe_status export_batch(const export_source *s, mlpipe_ctx *ctx,
                                  int64_t start, int64_t rows,
                                  struct ArrowArray *out)
{
    const mlpipe_dataset *d = s->dataset;
    mlpipe_status st = export_array_new(s->env, rows, 1, d->column_count, out)
        ? MLPIPE_OK : MLPIPE_E_NOMEM;

    for (uint32_t i = 0; !st && i < d->column_count; i++) {
        mlpipe__column *gathered = NULL;
        export_run run = {.column = NULL};
        if (!export_find_run(d, i, start, rows, &run)) {
            st = mlpipe__arrow_gather(s->env, ctx, d, i, start, rows,
                                      &gathered);
            if (!st)
                run = (export_run){gathered, gathered->chunks, 0, rows,
                                   gathered->nulls};
        }
        if (!st && !export_column(s->env, &run, s->texts[i],
                                  out->children[i]))
            st = MLPIPE_E_NOMEM;
        mlpipe__column_drop(gathered);
    }
    if (st && out->release) {
        out->release(out);
        memset(out, 0, sizeof *out);
    }
    return st;
}

/* The parameters, the fingerprint where it is asked for, dictionaries. */
static mlpipe_status export_source_begin(mlpipe_ctx *ctx,
                                         const mlpipe_dataset *d,
                                         const char *params,
                                         export_source *s)
{
    mlpipe__params parsed;
    mlpipe__hash128 hash;

    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_dataset_to_arrow", mlpipe__to_arrow_params,
        mlpipe__to_arrow_param_count, params, &parsed);
    if (st)
        return st;
    const bool metadata =
        mlpipe__params_get(&parsed, "metadata")->number != 0;
    mlpipe__params_free(&parsed);
    s->env = ctx->env;
    s->dataset = mlpipe__dataset_keep(d);
    s->texts = mlpipe__alloc_array(ctx->env, d->column_count,
                                   sizeof s->texts[0]);
    if (!s->texts)
        st = mlpipe__nomem(ctx);
    if (!st && metadata && !(st = mlpipe__dataset_hash(ctx, d, &hash)))
        mlpipe__hash_hex(hash, s->print);
    for (uint32_t i = 0; !st && i < d->column_count; i++)
        if (d->columns[i]->type == MLPIPE_TYPE_CATEGORY)
            st = export_texts_new(ctx, d->columns[i], &s->texts[i]);
    if (st)
        export_source_end(s);
    return st;
}

/* ---- one array ---------------------------------------------------------- */

/* Offsets of texts that have to be gathered must fit. */
static mlpipe_status export_check_texts(mlpipe_ctx *ctx,
                                        const mlpipe_dataset *d)
{
    export_run run;

    for (uint32_t i = 0; i < d->column_count; i++) {
        if (d->columns[i]->type != MLPIPE_TYPE_TEXT
            || export_find_run(d, i, 0, d->rows, &run))
            continue;
        const uint64_t bytes = mlpipe__arrow_text_bytes(d, i, 0, d->rows);
        if (bytes > INT32_MAX)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "column %q is %llu bytes of text, and one "
                                "array holds 2^31 - 1; the stream cuts it "
                                "into batches", d->columns[i]->name,
                                (unsigned long long)bytes);
    }
    return MLPIPE_OK;
}

static mlpipe_status export_array_of(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                     const char *params,
                                     struct ArrowSchema *schema,
                                     struct ArrowArray *array)
{
    export_source s = {.env = NULL};

    if (!schema)
        return mlpipe__null_arg(ctx, "schema");
    if (!array)
        return mlpipe__null_arg(ctx, "array");
    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    mlpipe_status st = export_check_texts(ctx, d);
    if (st)
        return st;
    st = export_source_begin(ctx, d, params, &s);
    if (st)
        return st;
    if (!export_dataset_schema(ctx->env, d, s.print, schema))
        st = mlpipe__nomem(ctx);
    if (!st && (st = export_batch(&s, ctx, 0, d->rows, array))) {
        schema->release(schema);
        memset(schema, 0, sizeof *schema);
        if (st == MLPIPE_E_NOMEM)
            st = mlpipe__nomem(ctx);
    }
    export_source_end(&s);
    return st;
}

mlpipe_status mlpipe_dataset_to_arrow(mlpipe_ctx *ctx,
                                      const mlpipe_dataset *d,
                                      const char *params,
                                      struct ArrowSchema *schema,
                                      struct ArrowArray *array)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_to_arrow");

    if (schema)
        memset(schema, 0, sizeof *schema);
    if (array)
        memset(array, 0, sizeof *array);
    if (!st)
        st = export_array_of(ctx, d, params, schema, array);
    return mlpipe__end(ctx, st);
}

/* ---- a stream ----------------------------------------------------------- */

/* As errno.h has it everywhere. */
enum { EXPORT_ENOMEM = 12 };

typedef struct export_stream {
    export_source source;
    int64_t at;        /* the next row */
    const char *error; /* of the last call */
} export_stream;

static int export_get_schema(struct ArrowArrayStream *stream,
                             struct ArrowSchema *out)
{
    export_stream *s = stream->private_data;

    s->error = export_dataset_schema(s->source.env, s->source.dataset,
                                     s->source.print, out)
        ? NULL : "out of memory";
    return s->error ? EXPORT_ENOMEM : 0;
}

/* Fewer rows where the texts of so many would pass 2 GiB. */
static int64_t export_rows_that_fit(const mlpipe_dataset *d, int64_t start,
                                    int64_t rows)
{
    for (uint32_t i = 0; i < d->column_count; i++)
        while (d->columns[i]->type == MLPIPE_TYPE_TEXT && rows > 1
               && mlpipe__arrow_text_bytes(d, i, start, rows) > INT32_MAX)
            rows /= 2;
    return rows;
}

/* Batches end where chunks do, so that each lies in one. */
static int export_get_next(struct ArrowArrayStream *stream,
                           struct ArrowArray *out)
{
    export_stream *s = stream->private_data;
    const mlpipe_dataset *d = s->source.dataset;
    const int64_t at = d->rowset ? 0
        : (d->start + s->at) % MLPIPE__CHUNK_ROWS;
    int64_t rows = MLPIPE__CHUNK_ROWS - at;

    memset(out, 0, sizeof *out);
    s->error = NULL;
    if (s->at >= d->rows)
        return 0;
    if (rows > d->rows - s->at)
        rows = d->rows - s->at;
    if (d->rowset)
        rows = export_rows_that_fit(d, s->at, rows);
    if (export_batch(&s->source, NULL, s->at, rows, out)) {
        s->error = "out of memory";
        return EXPORT_ENOMEM;
    }
    s->at += rows;
    return 0;
}

static const char *export_last_error(struct ArrowArrayStream *stream)
{
    return ((const export_stream *)stream->private_data)->error;
}

static void export_stream_release(struct ArrowArrayStream *stream)
{
    export_stream *s = stream->private_data;
    mlpipe__env *env = s->source.env;

    export_source_end(&s->source);
    mlpipe__free(env, s);
    mlpipe__env_drop(env);
    stream->release = NULL;
}

static mlpipe_status export_stream_of(mlpipe_ctx *ctx,
                                      const mlpipe_dataset *d,
                                      const char *params,
                                      struct ArrowArrayStream *out)
{
    if (!out)
        return mlpipe__null_arg(ctx, "out");
    if (!d)
        return mlpipe__null_arg(ctx, "dataset");
    export_stream *s = mlpipe__alloc(ctx->env, sizeof *s);
    if (!s)
        return mlpipe__nomem(ctx);
    const mlpipe_status st = export_source_begin(ctx, d, params, &s->source);
    if (st) {
        mlpipe__free(ctx->env, s);
        return st;
    }
    (void)mlpipe__env_keep(ctx->env);
    out->get_schema = export_get_schema;
    out->get_next = export_get_next;
    out->get_last_error = export_last_error;
    out->release = export_stream_release;
    out->private_data = s;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_dataset_to_arrow_stream(mlpipe_ctx *ctx,
                                             const mlpipe_dataset *d,
                                             const char *params,
                                             struct ArrowArrayStream *out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_dataset_to_arrow_stream");

    if (out)
        memset(out, 0, sizeof *out);
    if (!st)
        st = export_stream_of(ctx, d, params, out);
    return mlpipe__end(ctx, st);
}
