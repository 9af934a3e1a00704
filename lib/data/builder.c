/* SPDX-License-Identifier: MIT */
/* Collecting the host's own rows or columns into a dataset. */
#include "data_internal.h"

const mlpipe__param mlpipe__builder_params[] = {
    {"first_row_id", MLPIPE_PARAM_INT, "0", 0, 9007199254740992.0, NULL,
     0x000100, "Id of the first row; the others follow it."},
};
const uint32_t mlpipe__builder_param_count = 1;

struct mlpipe_builder {
    mlpipe__env *env;
    mlpipe_layout *layout; /* NULL: column by column */
    uint64_t first_id;
    bool finished;
    /* With a layout: one writer per present field, in the layout's order. */
    uint32_t writer_count;
    mlpipe__column_writer **writers;
    const mlpipe__field **fields;
    mlpipe__dictionary *no_texts; /* of token columns until they are encoded */
    uint32_t encoded;             /* columns that finish is done with */
    /* Without one: finished columns. */
    uint32_t column_count, column_room;
    mlpipe__column **columns;
    mlpipe__dict names;
};

/* ---- life --------------------------------------------------------------- */

void mlpipe_builder_free(mlpipe_builder *b)
{
    if (!b)
        return;
    mlpipe__env *env = b->env;
    for (uint32_t i = 0; i < b->writer_count; i++)
        mlpipe__writer_free(b->writers[i]);
    for (uint32_t i = 0; i < b->column_count; i++)
        mlpipe__column_drop(b->columns[i]);
    mlpipe__free(env, b->writers);
    mlpipe__free(env, b->fields);
    mlpipe__free(env, b->columns);
    mlpipe__dict_free(&b->names);
    mlpipe__dictionary_drop(b->no_texts);
    mlpipe__layout_drop(b->layout);
    mlpipe__free(env, b);
    mlpipe__env_drop(env);
}

/* The type of the column that a field of this kind makes. */
static int32_t builder_type(int32_t kind)
{
    if (kind == MLPIPE_F64 || kind == MLPIPE_F32)
        return MLPIPE_TYPE_F64;
    if (kind == MLPIPE_BOOL)
        return MLPIPE_TYPE_BOOL;
    /* Tokens are kept as they come and become codes at the end. */
    return kind == MLPIPE_TOKEN ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_I64;
}

/* One writer for each field that is there. */
static mlpipe_status builder_open_fields(mlpipe_ctx *ctx, mlpipe_builder *b)
{
    const mlpipe_layout *l = b->layout;

    b->writers = mlpipe__alloc_array(b->env, l->field_count,
                                     sizeof b->writers[0]);
    b->fields = mlpipe__alloc_array(b->env, l->field_count,
                                    sizeof b->fields[0]);
    b->no_texts = mlpipe__dictionary_new(b->env);
    if (!b->writers || !b->fields || !b->no_texts)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < l->field_count; i++) {
        const mlpipe__field *f = &l->fields[i];
        if (!f->kind)
            continue;
        mlpipe__column_writer *w = mlpipe__writer_new(
            b->env, f->name, strlen(f->name), builder_type(f->kind),
            MLPIPE_UNIT_NONE, b->no_texts);
        if (!w)
            return mlpipe__nomem(ctx);
        b->writers[b->writer_count] = w;
        b->fields[b->writer_count++] = f;
    }
    return MLPIPE_OK;
}

static mlpipe_status builder_new(mlpipe_ctx *ctx, const mlpipe_layout *layout,
                                 const char *params, mlpipe_builder **out)
{
    mlpipe__params parsed;

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_builder_new", mlpipe__builder_params,
        mlpipe__builder_param_count, params, &parsed);
    if (st)
        return st;
    const uint64_t first_id = (uint64_t)
        mlpipe__params_get(&parsed, "first_row_id")->integer;
    mlpipe__params_free(&parsed);
    mlpipe_builder *b = mlpipe__alloc(ctx->env, sizeof *b);
    if (!b)
        return mlpipe__nomem(ctx);
    b->env = mlpipe__env_keep(ctx->env);
    b->first_id = first_id;
    mlpipe__dict_init(&b->names, b->env);
    if (layout) {
        b->layout = mlpipe__layout_keep(layout);
        st = builder_open_fields(ctx, b);
    }
    if (st) {
        mlpipe_builder_free(b);
        return st;
    }
    if (b->layout)
        mlpipe__layout_bind(b->layout);
    *out = b;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_builder_new(mlpipe_ctx *ctx, const mlpipe_layout *layout,
                                 const char *params, mlpipe_builder **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_new");

    if (out)
        *out = NULL;
    if (!st)
        st = builder_new(ctx, layout, params, out);
    return mlpipe__end(ctx, st);
}

/* ---- values ------------------------------------------------------------- */

#define BUILDER_READ(type)                                                 \
    do {                                                                   \
        type v;                                                            \
        memcpy(&v, p, sizeof v);                                           \
        return (int64_t)v;                                                 \
    } while (0)

/* An integer of any width, exactly. */
static int64_t builder_integer(int32_t kind, const void *p)
{
    switch (kind) {
    case MLPIPE_I64: BUILDER_READ(int64_t);
    case MLPIPE_I32: BUILDER_READ(int32_t);
    case MLPIPE_I16: BUILDER_READ(int16_t);
    case MLPIPE_I8: BUILDER_READ(int8_t);
    case MLPIPE_U64: BUILDER_READ(uint64_t);
    case MLPIPE_U32: BUILDER_READ(uint32_t);
    case MLPIPE_U16: BUILDER_READ(uint16_t);
    default: BUILDER_READ(uint8_t);
    }
}

static double builder_double(int32_t kind, const void *p)
{
    float narrow;
    double wide;

    if (kind == MLPIPE_F64) {
        memcpy(&wide, p, sizeof wide);
        return wide;
    }
    memcpy(&narrow, p, sizeof narrow);
    return (double)narrow;
}

/* Writes one value; room was reserved, so that it cannot fail. */
static void builder_write(mlpipe__column_writer *w, int32_t kind,
                          const void *p)
{
    if (kind == MLPIPE_F64 || kind == MLPIPE_F32)
        (void)mlpipe__writer_f64(w, builder_double(kind, p));
    else if (kind == MLPIPE_BOOL)
        (void)mlpipe__writer_bool(w, builder_integer(MLPIPE_U8, p) != 0);
    else
        (void)mlpipe__writer_i64(w, builder_integer(kind, p));
}

/* ---- records ------------------------------------------------------------ */

/* Everything that may be wrong with a record is found before one is taken. */
static mlpipe_status builder_check_record(mlpipe_ctx *ctx,
                                          const mlpipe_builder *b,
                                          const char *record, size_t i,
                                          uint32_t tokens)
{
    for (uint32_t k = 0; k < b->writer_count; k++) {
        const mlpipe__field *f = b->fields[k];
        if (f->kind == MLPIPE_TOKEN) {
            const uint32_t token = mlpipe__field_token(f, record);
            if (token <= tokens)
                continue;
            (void)mlpipe__fail(ctx, MLPIPE_E_ARG,
                               "record %zu, field %q: token %u was never "
                               "given; the layout has %u", i, f->name, token,
                               tokens);
            return mlpipe__fail_at(ctx, (int64_t)i, f->name);
        }
        if (f->kind == MLPIPE_U64
            && builder_integer(f->kind, record + f->offset) < 0
            && mlpipe__field_number(f, record) > 0) { /* NaN: missing */
            (void)mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                               "record %zu, field %q is above 2^63 - 1, the "
                               "largest i64", i, f->name);
            return mlpipe__fail_at(ctx, (int64_t)i, f->name);
        }
    }
    return MLPIPE_OK;
}

static void builder_take_record(mlpipe_builder *b, const char *record)
{
    for (uint32_t k = 0; k < b->writer_count; k++) {
        const mlpipe__field *f = b->fields[k];
        mlpipe__column_writer *w = b->writers[k];
        if (f->kind == MLPIPE_TOKEN) {
            const uint32_t token = mlpipe__field_token(f, record);
            if (token)
                (void)mlpipe__writer_code(w, (int32_t)(token - 1));
            else
                (void)mlpipe__writer_null(w);
            continue;
        }
        const double x = mlpipe__field_number(f, record);
        if (x != x)
            (void)mlpipe__writer_null(w);
        else
            builder_write(w, f->kind, record + f->offset);
    }
}

static mlpipe_status builder_append(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    const void *records, size_t n)
{
    mlpipe_status st = MLPIPE_OK;
    const char *record = records;

    if (!b)
        return mlpipe__null_arg(ctx, "builder");
    if (!records && n)
        return mlpipe__null_arg(ctx, "records");
    if (b->finished || !b->layout)
        return mlpipe__fail(ctx, MLPIPE_E_STATE, b->finished
            ? "the builder is finished; records go into a new one"
            : "the builder has no layout; give one to mlpipe_builder_new");
    if (b->column_count)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the builder was being finished when memory ran "
                            "out; call mlpipe_builder_finish again");
    if (n > (size_t)INT64_MAX / 2)
        return mlpipe__nomem(ctx);
    const uint32_t tokens = mlpipe__layout_tokens(b->layout);
    const size_t stride = b->layout->record_bytes;
    for (size_t i = 0; !st && i < n; i++)
        st = builder_check_record(ctx, b, record + i * stride, i, tokens);
    for (uint32_t k = 0; !st && k < b->writer_count; k++)
        if (!mlpipe__writer_reserve(b->writers[k], (int64_t)n))
            st = mlpipe__nomem(ctx);
    for (size_t i = 0; !st && i < n; i++)
        builder_take_record(b, record + i * stride);
    return st;
}

mlpipe_status mlpipe_builder_append(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    const void *records, size_t n)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_append");

    if (!st)
        st = builder_append(ctx, b, records, n);
    return mlpipe__end(ctx, st);
}

/* ---- whole columns ------------------------------------------------------ */

/* May a column of this name and length be added? */
static mlpipe_status builder_check_column(mlpipe_ctx *ctx,
                                          const mlpipe_builder *b,
                                          const char *name, const void *data,
                                          int64_t rows)
{
    if (!b)
        return mlpipe__null_arg(ctx, "builder");
    if (!name)
        return mlpipe__null_arg(ctx, "name");
    if (!data && rows)
        return mlpipe__null_arg(ctx, "data");
    if (b->finished || b->layout)
        return mlpipe__fail(ctx, MLPIPE_E_STATE, b->finished
            ? "the builder is finished; columns go into a new one"
            : "the builder takes records, since it was made with a layout");
    if (!*name || !mlpipe__utf8_valid(name, strlen(name)))
        return mlpipe__fail(ctx, MLPIPE_E_ARG, "%q is no name for a column; "
                            "it must be UTF-8 and not empty", name);
    if (rows < 0 || rows > INT64_MAX / 16)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "column %q: %lld rows; give 0 or more", name,
                            (long long)rows);
    if (b->column_count && b->columns[0]->rows != rows)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "column %q has %lld rows, the columns before it "
                            "%lld; all have as many", name, (long long)rows,
                            (long long)b->columns[0]->rows);
    if (mlpipe__dict_find(&b->names, name, strlen(name)) != UINT32_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "there is a column %q already; give this one "
                            "another name", name);
    return MLPIPE_OK;
}

/* Takes a filled writer as the next column. */
static mlpipe_status builder_take_column(mlpipe_ctx *ctx, mlpipe_builder *b,
                                         mlpipe__column_writer *w)
{
    mlpipe__column *c = mlpipe__writer_finish(w);

    if (!c)
        return mlpipe__nomem(ctx);
    if (b->column_count == b->column_room) {
        const uint32_t room = b->column_room ? b->column_room * 2 : 16;
        mlpipe__column **grown = mlpipe__grow(b->env, b->columns, room,
                                              sizeof grown[0]);
        if (!grown)
            goto failed;
        b->columns = grown;
        b->column_room = room;
    }
    if (mlpipe__dict_add(&b->names, c->name, strlen(c->name)) == UINT32_MAX)
        goto failed;
    b->columns[b->column_count++] = c;
    return MLPIPE_OK;
failed:
    mlpipe__column_drop(c);
    return mlpipe__nomem(ctx);
}

static mlpipe_status builder_column(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    const char *name, int32_t kind,
                                    int32_t type, int32_t unit,
                                    const void *data, const uint8_t *valid,
                                    int64_t rows)
{
    const size_t bytes = mlpipe__kind_bytes(kind);
    mlpipe_status st = builder_check_column(ctx, b, name, data, rows);

    if (st)
        return st;
    if (kind < MLPIPE_F64 || kind > MLPIPE_BOOL)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "column %q: %d is no kind of number; it must be "
                            "MLPIPE_F64 (%d) to MLPIPE_BOOL (%d)", name, kind,
                            MLPIPE_F64, MLPIPE_BOOL);
    mlpipe__column_writer *w = mlpipe__writer_new(b->env, name, strlen(name),
                                                  type, unit, NULL);
    if (!w || !mlpipe__writer_reserve(w, rows)) {
        mlpipe__writer_free(w);
        return mlpipe__nomem(ctx);
    }
    for (int64_t i = 0; !st && i < rows; i++) {
        const char *p = (const char *)data + (size_t)i * bytes;
        if (valid && !valid[i])
            (void)mlpipe__writer_null(w);
        else if (kind == MLPIPE_U64 && builder_integer(kind, p) < 0)
            st = mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                              "column %q, row %lld is above 2^63 - 1, the "
                              "largest i64", name, (long long)i);
        else
            builder_write(w, kind, p);
        if (st)
            (void)mlpipe__fail_at(ctx, i, name);
    }
    if (!st)
        return builder_take_column(ctx, b, w);
    mlpipe__writer_free(w);
    return st;
}

mlpipe_status mlpipe_builder_column(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    const char *name, int32_t kind,
                                    const void *data, const uint8_t *valid,
                                    int64_t rows)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_column");

    if (!st)
        st = builder_column(ctx, b, name, kind, builder_type(kind),
                            MLPIPE_UNIT_NONE, data, valid, rows);
    return mlpipe__end(ctx, st);
}

static mlpipe_status builder_times(mlpipe_ctx *ctx, mlpipe_builder *b,
                                   const char *name, int32_t unit,
                                   const int64_t *data, const uint8_t *valid,
                                   int64_t rows)
{
    if (unit < MLPIPE_UNIT_S || unit > MLPIPE_UNIT_NS)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "%d is no unit of time; it must be MLPIPE_UNIT_S "
                            "(%d) to MLPIPE_UNIT_NS (%d)", unit,
                            MLPIPE_UNIT_S, MLPIPE_UNIT_NS);
    return builder_column(ctx, b, name, MLPIPE_I64, MLPIPE_TYPE_TIMESTAMP,
                          unit, data, valid, rows);
}

mlpipe_status mlpipe_builder_times(mlpipe_ctx *ctx, mlpipe_builder *b,
                                   const char *name, int32_t unit,
                                   const int64_t *data, const uint8_t *valid,
                                   int64_t rows)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_times");

    if (!st)
        st = builder_times(ctx, b, name, unit, data, valid, rows);
    return mlpipe__end(ctx, st);
}

/* ---- texts -------------------------------------------------------------- */

/* Checks every text and counts the different ones, up to one too many. */
static mlpipe_status builder_survey(mlpipe_ctx *ctx, const char *name,
                                    const char *const *texts, int64_t rows,
                                    mlpipe__dict *dict)
{
    const uint64_t limit = ctx->env->limits.cell_bytes;

    for (int64_t i = 0; i < rows; i++) {
        mlpipe_status st = MLPIPE_OK;
        const size_t n = texts[i] ? strlen(texts[i]) : 0;
        if (n > limit)
            st = mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                              "column %q, row %lld: a text of %zu bytes; the "
                              "limit cell_bytes is %llu; raise it in "
                              "mlpipe_limits, or shorten the text",
                              name, (long long)i,
                              n, (unsigned long long)limit);
        else if (n && !mlpipe__utf8_valid(texts[i], n))
            st = mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                              "column %q, row %lld is no UTF-8: %q", name,
                              (long long)i, texts[i]);
        else if (texts[i] && dict->count <= MLPIPE__AUTO_CATEGORIES
                 && mlpipe__dict_add(dict, texts[i], n) == UINT32_MAX)
            return mlpipe__nomem(ctx);
        if (st) {
            (void)mlpipe__fail_at(ctx, i, name);
            return st;
        }
    }
    return MLPIPE_OK;
}

static mlpipe_status builder_texts(mlpipe_ctx *ctx, mlpipe_builder *b,
                                   const char *name, const char *const *texts,
                                   int64_t rows)
{
    mlpipe__dict dict;
    mlpipe__column_writer *w = NULL;
    mlpipe_status st = builder_check_column(ctx, b, name, texts, rows);

    if (st)
        return st;
    mlpipe__dict_init(&dict, b->env);
    st = builder_survey(ctx, name, texts, rows, &dict);
    const int32_t type = dict.count <= MLPIPE__AUTO_CATEGORIES
        ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_TEXT;
    mlpipe__dict_free(&dict);
    if (st)
        return st;
    w = mlpipe__writer_new(b->env, name, strlen(name), type,
                           MLPIPE_UNIT_NONE, NULL);
    if (!w)
        return mlpipe__nomem(ctx);
    for (int64_t i = 0; i < rows; i++) {
        if (texts[i] ? mlpipe__writer_text(w, texts[i], strlen(texts[i]))
                     : mlpipe__writer_null(w))
            continue;
        st = mlpipe__writer_failed(ctx, w);
        mlpipe__writer_free(w);
        return st;
    }
    return builder_take_column(ctx, b, w);
}

mlpipe_status mlpipe_builder_texts(mlpipe_ctx *ctx, mlpipe_builder *b,
                                   const char *name, const char *const *texts,
                                   int64_t rows)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_texts");

    if (!st)
        st = builder_texts(ctx, b, name, texts, rows);
    return mlpipe__end(ctx, st);
}

/* ---- finish ------------------------------------------------------------- */

/* The texts of all tokens as a dictionary of this thread's own. */
static bool builder_token_texts(mlpipe_builder *b, mlpipe__dict *out)
{
    mlpipe__text t;
    bool fine = true;
    const uint32_t tokens = mlpipe__layout_tokens(b->layout);

    mlpipe__dict_init(out, b->env);
    mlpipe__text_init(&t, b->env);
    for (uint32_t i = 1; fine && i <= tokens; i++) {
        t.size = 0;
        fine = mlpipe__layout_token_text(b->layout, i, &t) && !t.failed
            && mlpipe__dict_add(out, t.data, t.size) != UINT32_MAX;
    }
    mlpipe__text_free(&t);
    return fine;
}

/*
 * Turns the tokens of a column into codes of a dictionary that holds just the
 * texts that occur. The column is not shared yet.
 */
static bool builder_encode(mlpipe__column *c, const mlpipe__dict *tokens)
{
    uint8_t *used = mlpipe__alloc(c->env, tokens->count);
    int32_t *map = mlpipe__alloc_array(c->env, tokens->count, sizeof map[0]);
    mlpipe__dictionary *d = NULL;

    for (int pass = 0; used && map && pass < 2; pass++) {
        for (uint32_t k = 0; k < c->chunk_count; k++) {
            const mlpipe__chunk *chunk = &c->chunks[k];
            int32_t *codes = chunk->data;
            for (uint32_t i = 0; i < chunk->rows; i++) {
                if (!mlpipe__chunk_valid(chunk, i))
                    continue;
                if (pass)
                    codes[i] = map[codes[i]];
                else
                    used[codes[i]] = 1;
            }
        }
        if (!pass && !(d = mlpipe__dictionary_sorted(tokens, used, map)))
            break;
    }
    if (d) {
        mlpipe__dictionary_drop(c->dictionary);
        c->dictionary = d;
    }
    mlpipe__free(c->env, used);
    mlpipe__free(c->env, map);
    return d != NULL;
}

/*
 * Finishes the writers into columns. A call after one that ran out of memory
 * goes on where that one stopped.
 */
static mlpipe_status builder_close_fields(mlpipe_ctx *ctx, mlpipe_builder *b)
{
    mlpipe__dict tokens;
    bool fine = builder_token_texts(b, &tokens);

    if (fine && !b->columns)
        b->columns = mlpipe__alloc_array(b->env, b->writer_count,
                                         sizeof b->columns[0]);
    fine = fine && b->columns;
    while (fine && b->column_count < b->writer_count) {
        const uint32_t i = b->column_count++;
        /* It has nothing to sort, and so nothing to fail at. */
        b->columns[i] = mlpipe__writer_finish(b->writers[i]);
        b->writers[i] = NULL;
    }
    while (fine && b->encoded < b->column_count) {
        mlpipe__column *c = b->columns[b->encoded];
        fine = c->type != MLPIPE_TYPE_CATEGORY || builder_encode(c, &tokens);
        b->encoded += fine;
    }
    mlpipe__dict_free(&tokens);
    return fine ? MLPIPE_OK : mlpipe__nomem(ctx);
}

static mlpipe_status builder_finish(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    mlpipe_dataset **out)
{
    mlpipe_status st = MLPIPE_OK;

    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!b)
        return mlpipe__null_arg(ctx, "builder");
    if (b->finished)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the builder is finished already");
    if (b->layout)
        st = builder_close_fields(ctx, b);
    if (st)
        return st;
    for (uint32_t i = 0; i < b->column_count; i++)
        (void)mlpipe__column_keep(b->columns[i]);
    st = mlpipe__dataset_new(ctx, b->columns, b->column_count, b->first_id,
                             NULL, out);
    b->finished = !st;
    return st;
}

mlpipe_status mlpipe_builder_finish(mlpipe_ctx *ctx, mlpipe_builder *b,
                                    mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_builder_finish");

    if (out)
        *out = NULL;
    if (!st)
        st = builder_finish(ctx, b, out);
    return mlpipe__end(ctx, st);
}
