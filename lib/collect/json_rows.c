/* SPDX-License-Identifier: MIT */
/*
 * Objects of JSON as rows: keys find their columns, mostly at the place they
 * had in the row before; keys within objects are joined by points. A row that
 * is bad names no columns: keys that are new wait in `fresh` until it ends.
 */
#include "collect_internal.h"

enum { NDJSON_POLL_BYTES = 1 << 20, NDJSON_POLL_CELLS = 1 << 22,
       NDJSON_KEY_SHOWN = 100 };

/* What became of a row. */
enum ndjson_row {
    NDJSON_ROW,
    NDJSON_ROW_BAD,
    NDJSON_ROW_MORE,
    NDJSON_ROW_TOO_MANY, /* keys than the limit */
    NDJSON_ROW_NOMEM
};

/* A row under way. */
typedef struct ndjson_walk {
    mlpipe__ndjson *j;
    const mlpipe_limits *limits;
    mlpipe__json_lexer lexer;
    const char *row;                    /* its first byte */
    uint32_t level;                     /* of objects within the row */
    size_t prefix[MLPIPE__JSON_LEVELS]; /* bytes of the path of each */
    bool keys[MLPIPE__JSON_LEVELS];     /* did a key occur in it? */
} ndjson_walk;

static enum ndjson_row ndjson_say(ndjson_walk *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    mlpipe__vformat(w->j->why, sizeof w->j->why, format, args);
    va_end(args);
    return NDJSON_ROW_BAD;
}

/* A token that was not there. */
static enum ndjson_row ndjson_token_failed(ndjson_walk *w)
{
    char room[64];

    if (!w->lexer.bad)
        return w->lexer.whole ? ndjson_say(w, "the object is never closed")
                              : NDJSON_ROW_MORE;
    return ndjson_say(w, "%s (byte %zu of the row)",
                      mlpipe__json_bad(&w->lexer, room),
                      (size_t)(w->lexer.at - w->row) + 1);
}

static enum ndjson_row ndjson_misplaced(ndjson_walk *w, const char *what)
{
    w->lexer.bad = what;
    return ndjson_token_failed(w);
}

static enum ndjson_row ndjson_too_deep(ndjson_walk *w)
{
    w->lexer.deepest = mlpipe__json_deepest(w->limits);
    return ndjson_misplaced(w, "deeper than the limit json_depth");
}

/* ---- keys --------------------------------------------------------------- */

static enum ndjson_row ndjson_twice(ndjson_walk *w, const char *s, size_t n)
{
    size_t shown = n < NDJSON_KEY_SHOWN ? n : NDJSON_KEY_SHOWN;

    while (shown < n && shown && (s[shown] & 0xc0) == 0x80)
        shown--; /* no half characters */
    return ndjson_say(w, "the key '%.*s' occurs twice", (int)shown, s);
}

/* The column of a key that the row did not have so far. */
static enum ndjson_row ndjson_find_column(ndjson_walk *w, const char *s,
                                          size_t n,
                                          mlpipe__json_item *item)
{
    mlpipe__ndjson *j = w->j;
    const uint32_t k = j->item_count;

    if (k >= w->limits->csv_columns)
        return NDJSON_ROW_TOO_MANY;
    item->column = k < j->order_count ? j->order[k] : UINT32_MAX;
    if (item->column == UINT32_MAX
        || mlpipe__dict_bytes(&j->names, item->column) != n
        || memcmp(mlpipe__dict_text(&j->names, item->column), s, n))
        item->column = mlpipe__dict_find(&j->names, s, n);
    if (item->column != UINT32_MAX) {
        if (j->met[item->column] == j->serial)
            return ndjson_twice(w, s, n);
        j->met[item->column] = j->serial;
        return NDJSON_ROW;
    }
    const uint32_t before = j->fresh.count;
    item->fresh = mlpipe__dict_add(&j->fresh, s, n);
    if (item->fresh == UINT32_MAX)
        return NDJSON_ROW_NOMEM;
    return item->fresh < before ? ndjson_twice(w, s, n) : NDJSON_ROW;
}

/* The path of the key: itself, or behind those of the objects it is in. */
static enum ndjson_row ndjson_path(ndjson_walk *w, const mlpipe__csv_field *key,
                                   const char **s, size_t *n)
{
    mlpipe__ndjson *j = w->j;

    *s = key->data;
    *n = key->size;
    if (w->level || key->flags & MLPIPE__CSV_ESCAPED) {
        j->path.size = w->prefix[w->level];
        if (w->level)
            mlpipe__text_put(&j->path, ".", 1);
        mlpipe__json_decode(&j->path, key->data, key->size);
        if (j->path.failed)
            return NDJSON_ROW_NOMEM;
        *s = j->path.data;
        *n = j->path.size;
    }
    if (!key->size)
        return ndjson_say(w, "an empty key (byte %zu of the row); give it a "
                           "name", (size_t)(key->data - w->row));
    if (*n > w->limits->json_key_bytes)
        return ndjson_say(w, "a key of %zu bytes; the limit json_key_bytes is "
                           "%llu", *n,
                          (unsigned long long)w->limits->json_key_bytes);
    if (memchr(*s, 0, *n))
        return ndjson_say(w, "a NUL in a key (byte %zu of the row)",
                          (size_t)(key->data - w->row));
    return NDJSON_ROW;
}

/* ---- values ------------------------------------------------------------- */

static bool ndjson_object_room(mlpipe__ndjson *j)
{
    const uint32_t room = j->object_room ? j->object_room * 2 : 16;

    if (j->objects.count <= j->object_room)
        return true;
    uint64_t *met = mlpipe__grow(j->objects.env, j->object_met, room,
                                 sizeof met[0]);
    if (met)
        j->object_met = met;
    uint32_t *order = mlpipe__grow(j->objects.env, j->object_order, room,
                                   sizeof order[0]);
    if (order)
        j->object_order = order;
    if (!met || !order)
        return false;
    j->object_room = room;
    return true;
}

/* Remembers the object of this path, which the row may have once. As columns
 * are, it is looked for first where the row before had it. */
static enum ndjson_row ndjson_note_object(ndjson_walk *w, const char *s,
                                          size_t n)
{
    mlpipe__ndjson *j = w->j;
    const uint32_t k = j->object_count;
    uint32_t at = k < j->object_room ? j->object_order[k] : UINT32_MAX;

    if (at >= j->objects.count || mlpipe__dict_bytes(&j->objects, at) != n
        || memcmp(mlpipe__dict_text(&j->objects, at), s, n))
        at = mlpipe__dict_add(&j->objects, s, n);
    if (at == UINT32_MAX || !ndjson_object_room(j))
        return NDJSON_ROW_NOMEM;
    if (j->object_met[at] == j->serial)
        return ndjson_twice(w, s, n);
    j->object_met[at] = j->serial;
    j->object_order[k] = at;
    j->object_count++;
    return NDJSON_ROW;
}

/* Was a key whose value is an object also given another value? */
static enum ndjson_row ndjson_check_objects(ndjson_walk *w)
{
    const mlpipe__ndjson *j = w->j;

    for (uint32_t k = 0; k < j->object_count; k++) {
        const char *s = mlpipe__dict_text(&j->objects, j->object_order[k]);
        const size_t n = mlpipe__dict_bytes(&j->objects, j->object_order[k]);
        const uint32_t column = mlpipe__dict_find(&j->names, s, n);
        if ((column != UINT32_MAX && j->met[column] == j->serial)
            || mlpipe__dict_find(&j->fresh, s, n) != UINT32_MAX)
            return ndjson_twice(w, s, n);
    }
    return NDJSON_ROW;
}

/* Into the object at the lexer; its path begins with s. */
static enum ndjson_row ndjson_enter(ndjson_walk *w, const char *s, size_t n)
{
    mlpipe__text *path = &w->j->path;

    /* The row is one level, and what it holds the next. */
    if (w->level + 2 > w->limits->json_depth)
        return ndjson_too_deep(w);
    const enum ndjson_row row = ndjson_note_object(w, s, n);
    if (row)
        return row;
    if (s != path->data) {
        path->size = 0;
        mlpipe__text_put(path, s, n);
    }
    if (path->failed)
        return NDJSON_ROW_NOMEM;
    w->level++;
    w->prefix[w->level] = path->size;
    w->keys[w->level] = false;
    w->lexer.at++;
    return NDJSON_ROW;
}

/* An array or object that stays as it stands. */
static enum ndjson_row ndjson_nested(ndjson_walk *w, mlpipe__csv_field *f)
{
    mlpipe__json_pass pass = {.limit = mlpipe__json_deepest(w->limits)};
    const char *first = w->lexer.at;

    if (w->j->nested == MLPIPE__JSON_REFUSE)
        return ndjson_misplaced(w, "an array or object within the row, which "
                                 "nested=fail refuses");
    pass.most = pass.limit > w->level + 1 ? pass.limit - w->level - 1 : 0;
    if (!pass.most)
        return ndjson_too_deep(w);
    if (!mlpipe__json_skip(&w->lexer, &pass))
        return ndjson_token_failed(w);
    f->data = first;
    f->size = (size_t)(w->lexer.at - first);
    f->flags = MLPIPE__CSV_NESTED;
    return NDJSON_ROW;
}

/* The item to be filled; NULL on out of memory. */
static mlpipe__json_item *ndjson_new_item(mlpipe__ndjson *j)
{
    if (j->item_count == j->item_room) {
        const uint32_t room = j->item_room ? j->item_room * 2 : 32;
        mlpipe__json_item *grown = mlpipe__grow(j->names.env, j->items, room,
                                                sizeof grown[0]);
        if (!grown)
            return NULL;
        j->items = grown;
        j->item_room = room;
    }
    return &j->items[j->item_count];
}

/* The value of a key, at whose first byte the lexer is; *inside: it is an
 * object whose keys come next. */
static enum ndjson_row ndjson_value(ndjson_walk *w, const char *s, size_t n,
                                    char first, bool *inside)
{
    mlpipe__json_lexer *l = &w->lexer;
    mlpipe__json_item *item = ndjson_new_item(w->j);
    enum ndjson_row row = NDJSON_ROW;

    if (!item)
        return NDJSON_ROW_NOMEM;
    *inside = first == '{' && w->j->nested == MLPIPE__JSON_FLATTEN
        && w->level + 1 < w->j->levels;
    if (*inside)
        return ndjson_enter(w, s, n);
    row = ndjson_find_column(w, s, n, item);
    if (row)
        return row;
    if (first == '{' || first == '[')
        row = ndjson_nested(w, &item->cell);
    else if (!(first == '"' ? mlpipe__json_string(l, &item->cell)
                            : mlpipe__json_scalar(l, &item->cell)))
        row = ndjson_token_failed(w);
    w->j->item_count += !row;
    return row;
}

/* ---- a row -------------------------------------------------------------- */

/* Key, colon, value. */
static enum ndjson_row ndjson_member(ndjson_walk *w, bool *inside)
{
    mlpipe__json_lexer *l = &w->lexer;
    mlpipe__csv_field key;
    const char *s;
    size_t n;
    char c;

    w->keys[w->level] = true;
    if (!mlpipe__json_string(l, &key))
        return ndjson_token_failed(w);
    const enum ndjson_row row = ndjson_path(w, &key, &s, &n);
    if (row)
        return row;
    if (!mlpipe__json_peek(l, &c))
        return ndjson_token_failed(w);
    if (c != ':')
        return ndjson_misplaced(w, "a colon belongs here");
    l->at++;
    if (!mlpipe__json_peek(l, &c))
        return ndjson_token_failed(w);
    return ndjson_value(w, s, n, c, inside);
}

/* Behind a value: a comma, or the ends of objects; *done: of the row. */
static enum ndjson_row ndjson_behind(ndjson_walk *w, bool *done)
{
    mlpipe__json_lexer *l = &w->lexer;
    char c;

    for (;;) {
        if (!mlpipe__json_peek(l, &c))
            return ndjson_token_failed(w);
        if (c == ',') {
            l->at++;
            return NDJSON_ROW;
        }
        if (c != '}')
            return ndjson_misplaced(w, "a comma or } belongs here");
        l->at++;
        *done = !w->level;
        if (*done)
            return NDJSON_ROW;
        w->j->empty_objects += !w->keys[w->level];
        w->level--;
    }
}

/* The object at the lexer's place. */
static enum ndjson_row ndjson_object(ndjson_walk *w)
{
    mlpipe__json_lexer *l = &w->lexer;
    bool done = false, inside = true;
    enum ndjson_row row = NDJSON_ROW;

    l->at++;
    while (!row && !done) {
        char c;
        if (!mlpipe__json_peek(l, &c))
            return ndjson_token_failed(w);
        if (c == '}' && inside) { /* nothing is in it */
            row = ndjson_behind(w, &done);
            inside = false;
        } else if (c != '"') {
            return ndjson_misplaced(w, "a key in quotes belongs here");
        } else {
            row = ndjson_member(w, &inside);
            if (!row && !inside)
                row = ndjson_behind(w, &done);
        }
    }
    return row;
}

/* Reads the row at `from`; *end is behind it. */
static enum ndjson_row ndjson_walk_row(ndjson_walk *w, const char *from,
                                       const char *end, bool whole)
{
    mlpipe__ndjson *j = w->j;

    w->lexer = (mlpipe__json_lexer){.at = from, .end = end, .whole = whole};
    w->row = from;
    w->level = 0;
    w->prefix[0] = 0;
    w->keys[0] = false;
    j->path.size = 0;
    j->path.failed = false;
    j->item_count = 0;
    j->object_count = 0;
    j->empty_objects = 0;
    j->serial++;
    if (j->fresh.count)
        mlpipe__dict_free(&j->fresh);
    /* Paths that no row has again must not gather without end. */
    if (j->objects.count > w->limits->csv_columns)
        mlpipe__dict_free(&j->objects);
    if (*from != '{')
        return ndjson_misplaced(w, "each row is an object in braces");
    const enum ndjson_row row = ndjson_object(w);
    return row ? row : ndjson_check_objects(w);
}

/* ---- columns ------------------------------------------------------------ */

/* Room for one more column. */
static bool ndjson_column_room(mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;
    const uint32_t room = j->column_room ? j->column_room * 2 : 16;

    if (csv->column_count < j->column_room)
        return true;
    mlpipe__csv_column *columns = mlpipe__grow(csv->env, csv->columns, room,
                                               sizeof columns[0]);
    if (columns)
        csv->columns = columns;
    uint64_t *met = mlpipe__grow(csv->env, j->met, room, sizeof met[0]);
    if (met)
        j->met = met;
    uint32_t *order = mlpipe__grow(csv->env, j->order, room,
                                   sizeof order[0]);
    if (order)
        j->order = order;
    mlpipe__csv_field *fields = mlpipe__grow(
        csv->env, csv->reader.record.fields, room, sizeof fields[0]);
    if (fields)
        csv->reader.record.fields = fields;
    if (!columns || !met || !order || !fields)
        return false;
    j->column_room = room;
    return true;
}

/* The type that `as` wants of a column; texts of it were checked before. */
static void ndjson_force(mlpipe__csv *csv, mlpipe__csv_column *c)
{
    const mlpipe__ndjson *j = csv->json;
    const uint32_t at = mlpipe__dict_find(&j->as, c->name, strlen(c->name));

    if (at == UINT32_MAX)
        return;
    csv->forced_count++;
    c->forced = j->as_types[at];
}

static mlpipe_status ndjson_too_many(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                     uint64_t line)
{
    return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                        "%s: line %llu names more keys than the limit "
                        "csv_columns, %llu; raise it, or keep objects as "
                        "text with nested=text",
                        mlpipe__input_name(&csv->input),
                        (unsigned long long)line,
                        (unsigned long long)ctx->env->limits.csv_columns);
}

static mlpipe_status ndjson_new_column(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                       mlpipe__json_item *item)
{
    mlpipe__ndjson *j = csv->json;
    const char *s = mlpipe__dict_text(&j->fresh, item->fresh);
    const size_t n = mlpipe__dict_bytes(&j->fresh, item->fresh);

    /* The arrays by column have their size since the first pass. */
    if (j->complete)
        return mlpipe__input_changed(ctx, &csv->input);
    if (csv->column_count >= ctx->env->limits.csv_columns)
        return ndjson_too_many(ctx, csv, csv->reader.line);
    if (!ndjson_column_room(csv))
        return mlpipe__nomem(ctx);
    mlpipe__csv_column *c = &csv->columns[csv->column_count];
    memset(c, 0, sizeof *c);
    c->name = mlpipe__strdup(csv->env, s, n);
    if (!c->name)
        return mlpipe__nomem(ctx);
    item->column = csv->column_count++;
    j->met[item->column] = j->serial;
    if (mlpipe__dict_add(&j->names, s, n) == UINT32_MAX)
        return mlpipe__nomem(ctx);
    ndjson_force(csv, c);
    return mlpipe__csv_start_column(csv, c) ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* The kind of a value; 0 where it is null. Out of memory is in path.failed. */
static uint32_t ndjson_kind(mlpipe__csv *csv, const mlpipe__csv_field *f)
{
    mlpipe__text *t = &csv->json->path;
    const char *s = f->data;
    size_t n = f->size;

    if (f->flags & MLPIPE__CSV_ESCAPED && csv->options.na_longest) {
        t->size = 0;
        mlpipe__json_decode(t, s, n);
        s = t->failed ? "" : t->data;
        n = t->failed ? 0 : t->size;
    }
    if (f->flags & MLPIPE__CSV_STRING
        && mlpipe__csv_na(&csv->options, s, n) >= 0)
        return 0;
    return f->flags & MLPIPE__CSV_VALUE;
}

/* With mixed=bad: is each value of the kind of the first of its column? */
static bool ndjson_kinds_suit(mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;

    for (uint32_t i = 0; j->mixed_bad && i < j->item_count; i++) {
        const mlpipe__json_item *item = &j->items[i];
        const uint32_t kind = ndjson_kind(csv, &item->cell);
        if (item->column == UINT32_MAX || !kind)
            continue;
        const mlpipe__csv_column *c = &csv->columns[item->column];
        if (!c->kind || c->forced || c->kind == kind)
            continue;
        csv->reader.record.bad_field = item->column;
        (void)mlpipe__format(j->why, sizeof j->why,
                             "a value of another kind than the first of its "
                             "column, which mixed=bad refuses");
        return false;
    }
    return true;
}

/* Puts the items of a good row into the cells of their columns. */
static mlpipe_status ndjson_settle(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;
    mlpipe__csv_record *r = &csv->reader.record;

    for (uint32_t i = 0; i < j->item_count; i++) {
        if (j->items[i].column != UINT32_MAX)
            continue;
        const mlpipe_status st = ndjson_new_column(ctx, csv, &j->items[i]);
        if (st)
            return st;
    }
    r->count = csv->column_count;
    for (uint32_t i = 0; i < r->count; i++)
        r->fields[i] = (mlpipe__csv_field){"", 0, MLPIPE__CSV_ABSENT};
    for (uint32_t i = 0; i < j->item_count; i++) {
        const mlpipe__json_item *item = &j->items[i];
        mlpipe__csv_column *c = &csv->columns[item->column];
        r->fields[item->column] = item->cell;
        if (!c->kind)
            c->kind = ndjson_kind(csv, &item->cell);
        j->order[i] = item->column;
    }
    j->order_count = j->item_count;
    csv->tally.empty_objects += j->empty_objects;
    return MLPIPE_OK;
}

/* Takes the row of n bytes at the window's start, which ended as told. */
static mlpipe_status ndjson_end_row(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    enum ndjson_row row, size_t n,
                                    enum mlpipe__csv_found *found)
{
    mlpipe__csv_reader *r = &csv->reader;

    if (row == NDJSON_ROW_NOMEM)
        return mlpipe__nomem(ctx);
    if (row == NDJSON_ROW_TOO_MANY)
        return ndjson_too_many(ctx, csv, r->next_line);
    if (n > ctx->env->limits.csv_line_bytes)
        return mlpipe__csv_too_long(ctx, r);
    r->raw = csv->input.at;
    r->record.size = n;
    r->record.bad = csv->json->why;
    r->record.bad_field = UINT32_MAX;
    r->line = r->next_line;
    r->begin = csv->input.offset;
    mlpipe__json_take(csv, n);
    r->end = csv->input.offset;
    *found = MLPIPE__CSV_BAD;
    if (row == NDJSON_ROW_BAD)
        return MLPIPE_OK;
    const bool suits = ndjson_kinds_suit(csv);
    mlpipe_status st = MLPIPE_OK;
    if (suits) {
        *found = MLPIPE__CSV_ROW;
        st = ndjson_settle(ctx, csv);
    }
    return st || !csv->json->path.failed ? st : mlpipe__nomem(ctx);
}

/* ---- one object a line -------------------------------------------------- */

/* Bytes of the line with its end; 0 at the end of the input. */
static mlpipe_status ndjson_line(mlpipe_ctx *ctx, mlpipe__csv *csv, size_t *n)
{
    mlpipe__input *in = &csv->input;
    size_t looked = 0;

    for (;;) {
        const size_t held = (size_t)(in->end - in->at);
        const char *end = held > looked
            ? memchr(in->at + looked, '\n', held - looked) : NULL;
        *n = end ? (size_t)(end - in->at) + 1 : held;
        if (end || in->eof)
            return MLPIPE_OK;
        looked = held;
        const mlpipe_status st = mlpipe__json_more(ctx, csv);
        if (st)
            return st;
    }
}

static mlpipe_status ndjson_next_line(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                      ndjson_walk *w,
                                      enum mlpipe__csv_found *found)
{
    size_t n;
    char c;
    const mlpipe_status st = ndjson_line(ctx, csv, &n);

    *found = MLPIPE__CSV_END;
    if (st || !n)
        return st;
    const char *end = csv->input.at + n;
    mlpipe__json_lexer l = {.at = csv->input.at, .end = end};
    if (!mlpipe__json_peek(&l, &c)) {
        mlpipe__json_take(csv, n);
        *found = MLPIPE__CSV_EMPTY;
        return MLPIPE_OK;
    }
    enum ndjson_row row = ndjson_walk_row(w, l.at, end, true);
    if (!row && mlpipe__json_peek(&w->lexer, &c))
        row = ndjson_misplaced(w, "something stands behind the object, which "
                                "must be alone in its line");
    csv->reader.wide |= w->lexer.wide;
    return ndjson_end_row(ctx, csv, row, n, found);
}

/* ---- an array of objects ------------------------------------------------ */

/* To the next element; *there: it is one, else the array ended. */
static mlpipe_status ndjson_to_element(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                       bool *there)
{
    int32_t c;
    mlpipe_status st = mlpipe__json_ahead(ctx, csv, &c);

    *there = false;
    if (st)
        return st;
    if (c == ']') {
        mlpipe__json_take(csv, 1);
        return mlpipe__json_finish(ctx, csv);
    }
    if (csv->reader.between) {
        if (c != ',')
            return mlpipe__json_broken(ctx, csv, c < 0
                                       ? "the array of rows is never closed"
                                       : "a comma or ] belongs here");
        mlpipe__json_take(csv, 1);
        st = mlpipe__json_ahead(ctx, csv, &c);
        if (st)
            return st;
    }
    if (c < 0 || c == ']')
        return mlpipe__json_broken(ctx, csv, c < 0
                                   ? "the array of rows is never closed"
                                   : "a row belongs behind the comma");
    *there = true;
    return MLPIPE_OK;
}

/* A bad row of an array can only be left out where its end is known. */
static mlpipe_status ndjson_bad_element(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                        ndjson_walk *w, bool *more, size_t *n)
{
    const mlpipe__input *in = &csv->input;
    mlpipe__json_lexer l = {.at = in->at, .end = in->end,
                            .whole = in->eof, .loose = true};
    mlpipe__json_pass pass = {.most = MLPIPE__JSON_DEPTH};

    *more = false;
    if (mlpipe__json_skip(&l, &pass)) {
        *n = (size_t)(l.at - in->at);
        return MLPIPE_OK;
    }
    *more = !l.bad;
    return *more ? MLPIPE_OK : mlpipe__json_broken(ctx, csv, w->j->why);
}

static mlpipe_status ndjson_next_element(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                         ndjson_walk *w,
                                         enum mlpipe__csv_found *found)
{
    mlpipe__input *in = &csv->input;
    bool there;
    mlpipe_status st = ndjson_to_element(ctx, csv, &there);

    *found = MLPIPE__CSV_END;
    while (!st && there) {
        const enum ndjson_row row = ndjson_walk_row(w, in->at, in->end,
                                                    in->eof);
        bool more = row == NDJSON_ROW_MORE;
        size_t n = (size_t)(w->lexer.at - in->at);
        if (row == NDJSON_ROW_BAD)
            st = ndjson_bad_element(ctx, csv, w, &more, &n);
        if (st)
            break;
        if (!more) {
            csv->reader.between = true;
            csv->reader.wide |= w->lexer.wide;
            return ndjson_end_row(ctx, csv, row, n, found);
        }
        st = mlpipe__json_more(ctx, csv);
    }
    return st;
}

mlpipe_status mlpipe__json_next(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                enum mlpipe__csv_found *found)
{
    ndjson_walk w = {.j = csv->json, .limits = &ctx->env->limits};
    mlpipe_status st = MLPIPE_OK;

    *found = MLPIPE__CSV_END;
    if (csv->done)
        return MLPIPE_OK;
    /* A short row costs a cell for each column that it lacks. */
    csv->json->cells += csv->column_count;
    if (csv->input.offset - csv->reader.polled >= NDJSON_POLL_BYTES
        || csv->json->cells >= NDJSON_POLL_CELLS) {
        csv->json->cells = 0;
        st = mlpipe__csv_poll(ctx, &csv->reader);
    }
    if (st)
        return st;
    return csv->json->format == MLPIPE__JSON_LINES
        ? ndjson_next_line(ctx, csv, &w, found)
        : ndjson_next_element(ctx, csv, &w, found);
}
