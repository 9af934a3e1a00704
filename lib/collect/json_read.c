/* SPDX-License-Identifier: MIT */
/* Reading JSON: parameters, report and the calls. */
#include "collect_internal.h"

const mlpipe__param mlpipe__json_params[] = {
    {"format", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,ndjson,array",
     0x000100,
     "One object a line, or an array of objects; auto: an array where the "
     "first byte is [ or at= is given."},
    {"at", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "JSON pointer to the array of objects, such as /data/rows."},
    {"nested", MLPIPE_PARAM_CHOICE, "flatten", 0, 0, "flatten,text,fail",
     0x000100,
     "Objects within a row: their keys as columns a.b, or as JSON text, as "
     "arrays always are; fail: such a row is bad."},
    {"depth", MLPIPE_PARAM_INT, "8", 1, MLPIPE__JSON_LEVELS, NULL, 0x000100,
     "Levels of objects whose keys become columns, the row being the first; "
     "deeper ones stay JSON text."},
    {"mixed", MLPIPE_PARAM_CHOICE, "text", 0, 0, "text,bad", 0x000100,
     "A column whose values are of several kinds (string, number, bool, "
     "array or object) is text as it stands; or a row is bad whose value is "
     "of another kind than the first of its column."},
    {"na", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Strings that mean null as the word null does, by comma."},
    {"rows", MLPIPE_PARAM_CHOICE, "fail", 0, 0, "fail,quarantine", 0x000100,
     "What a bad row does: ends the reading, or goes to the table of "
     "rejects."},
    {"max_rejects", MLPIPE_PARAM_INT, "1000", 0, 1e9, NULL, 0x000100,
     "More bad rows than this end the reading in any case."},
    MLPIPE__PARAMS_OF_TEXTS,
};
const uint32_t mlpipe__json_param_count =
    sizeof mlpipe__json_params / sizeof mlpipe__json_params[0];

/* ---- parameters --------------------------------------------------------- */

/* What is null: a key that is absent, the word, and the tokens; the first two
 * have names that are no UTF-8, which no string equals. */
static mlpipe_status ndjson_option_tokens(mlpipe_ctx *ctx, const char *s,
                                          mlpipe__csv_options *o)
{
    bool fine = mlpipe__dict_add(&o->na, "\xff""0", 2) == 0
        && mlpipe__dict_add(&o->na, "\xff""1", 2) == 1;

    while (fine && *s) {
        size_t n = 0;
        while (s[n] && s[n] != ',')
            n++;
        o->na_first[(unsigned char)*s] |= n > 0;
        o->na_longest = n > o->na_longest ? n : o->na_longest;
        fine = !n || mlpipe__dict_add(&o->na, s, n) != UINT32_MAX;
        s += n + (s[n] == ',');
    }
    return fine ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* at: empty, or a pointer of at most NDJSON_DEPTH tokens. */
static mlpipe_status ndjson_option_at(mlpipe_ctx *ctx, mlpipe__ndjson *j,
                                      const char *at)
{
    uint32_t levels = 0;

    j->at = *at ? at : NULL;
    if (!*at)
        return MLPIPE_OK;
    for (const char *p = at; *p; p++) {
        levels += *p == '/';
        if (*p == '~' && p[1] != '0' && p[1] != '1')
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "at=%q: ~ is written ~0 and / within a key "
                                "~1", at);
    }
    if (*at != '/' || levels > MLPIPE__JSON_DEPTH)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "at=%q: a JSON pointer starts with / and has at "
                            "most %d keys, as in at=/data/rows", at,
                            MLPIPE__JSON_DEPTH);
    if (j->format == MLPIPE__JSON_LINES)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "at=%q: only an array is found by a pointer; "
                            "leave out format=ndjson", at);
    return MLPIPE_OK;
}

/* The items of as=, before anything is read: a new key then finds its type
 * without a walk through all of them. */
static mlpipe_status ndjson_option_as(mlpipe_ctx *ctx, mlpipe__ndjson *j,
                                      const mlpipe__params *p)
{
    const mlpipe__setting *as = mlpipe__params_get(p, "as");
    int32_t type;
    size_t n;

    if (!as->count)
        return MLPIPE_OK;
    j->as_types = mlpipe__alloc_array(ctx->env, as->count,
                                      sizeof j->as_types[0]);
    if (!j->as_types)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < as->count; i++) {
        const mlpipe_status st = mlpipe__csv_forced(ctx, as->names[i], &n,
                                                    &type);
        if (st)
            return st;
        const uint32_t at = mlpipe__dict_add(&j->as, as->names[i], n);
        if (at == UINT32_MAX)
            return mlpipe__nomem(ctx);
        j->as_types[at] = type;
    }
    return MLPIPE_OK;
}

static mlpipe_status ndjson_options(mlpipe_ctx *ctx, const char *params,
                                    mlpipe__csv *csv)
{
    mlpipe__csv_options *o = &csv->options;
    const mlpipe__params *p = &o->params;

    mlpipe__dict_init(&o->na, ctx->env);
    mlpipe__ndjson *j = mlpipe__alloc(ctx->env, sizeof *j);
    if (!j)
        return mlpipe__nomem(ctx);
    csv->json = j;
    mlpipe__dict_init(&j->as, ctx->env);
    mlpipe__dict_init(&j->names, ctx->env);
    mlpipe__dict_init(&j->fresh, ctx->env);
    mlpipe__dict_init(&j->objects, ctx->env);
    mlpipe__text_init(&j->path, ctx->env);
    mlpipe__text_init(&j->key, ctx->env);
    mlpipe_status st = mlpipe__params_parse(ctx, "mlpipe_read_json",
                                            mlpipe__json_params,
                                            mlpipe__json_param_count, params,
                                            &o->params);
    if (st)
        return st;
    j->format = mlpipe__params_get(p, "format")->choice;
    j->nested = mlpipe__params_get(p, "nested")->choice;
    j->levels = (uint32_t)mlpipe__params_get(p, "depth")->integer;
    j->mixed_bad = mlpipe__params_get(p, "mixed")->choice == 1;
    o->delimiter = o->quote = o->comment = MLPIPE__CSV_NONE;
    o->decimal = '.'; /* numbers are what JSON says they are */
    o->text = mlpipe__params_get(p, "text")->choice;
    o->encoding = mlpipe__params_get(p, "encoding")->choice;
    o->policy = mlpipe__params_get(p, "rows")->choice;
    o->max_rejects = (uint64_t)mlpipe__params_get(p, "max_rejects")->integer;
    o->orders = mlpipe__csv_orders(mlpipe__params_get(p, "dates")->choice);
    st = ndjson_option_at(ctx, j, mlpipe__params_get(p, "at")->text);
    if (!st)
        st = ndjson_option_as(ctx, j, p);
    if (!st)
        st = ndjson_option_tokens(ctx, mlpipe__params_get(p, "na")->text, o);
    return st;
}

/* ---- the kind ----------------------------------------------------------- */

/* All keys are known: as= must speak of some of them. */
static mlpipe_status ndjson_seen(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    const mlpipe__setting *as = mlpipe__params_get(&csv->options.params,
                                                   "as");
    size_t n;
    int32_t type;

    csv->json->complete = true;
    for (uint32_t i = 0; i < as->count; i++) {
        const mlpipe_status st = mlpipe__csv_forced(ctx, as->names[i], &n,
                                                    &type);
        if (st)
            return st;
        if (mlpipe__dict_find(&csv->json->names, as->names[i], n)
            == UINT32_MAX)
            return mlpipe__csv_unknown(ctx, csv, &csv->json->names,
                                       as->names[i], n, "key");
    }
    if (csv->column_count)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                        "%s: none of its %llu rows has a key; a row of a "
                        "table has one or more",
                        mlpipe__input_name(&csv->input),
                        (unsigned long long)csv->tally.loaded);
}

static void ndjson_report(mlpipe_report *r, const mlpipe__csv *csv)
{
    const mlpipe__ndjson *j = csv->json;
    const char *format = j->format == MLPIPE__JSON_LINES ? "ndjson" : "array";
    const char *at = j->at ? j->at : "";

    mlpipe__report_text(r, "format", format, strlen(format));
    mlpipe__report_text(r, "at", at, strlen(at));
    mlpipe__report_number(r, "empty_objects",
                          (double)csv->tally.empty_objects);
    mlpipe__csv_report_encoding(r, csv);
    mlpipe__report_table(r, "presence", "column,present,absent");
    for (uint32_t i = 0; i < csv->column_count; i++) {
        const uint64_t absent = csv->nulls[(size_t)i * csv->options.na.count];
        mlpipe__report_cell_text(r, csv->columns[i].name,
                                 strlen(csv->columns[i].name));
        mlpipe__report_cell_number(r, (double)(csv->tally.loaded - absent));
        mlpipe__report_cell_number(r, (double)absent);
    }
}

static void ndjson_free(mlpipe__csv *csv)
{
    mlpipe__ndjson *j = csv->json;

    if (!j)
        return;
    mlpipe__dict_free(&j->as);
    mlpipe__free(csv->env, j->as_types);
    mlpipe__dict_free(&j->names);
    mlpipe__dict_free(&j->fresh);
    mlpipe__dict_free(&j->objects);
    mlpipe__text_free(&j->path);
    mlpipe__text_free(&j->key);
    mlpipe__free(csv->env, j->met);
    mlpipe__free(csv->env, j->order);
    mlpipe__free(csv->env, j->items);
    mlpipe__free(csv->env, j->object_met);
    mlpipe__free(csv->env, j->object_order);
    mlpipe__free(csv->env, j);
}

static const mlpipe__csv_kind ndjson_kind_of_rows = {
    .name = "json",
    .options = ndjson_options,
    .begin = mlpipe__json_begin,
    .next = mlpipe__json_next,
    .seen = ndjson_seen,
    .report = ndjson_report,
    .free = ndjson_free,
};

/* ---- the calls ---------------------------------------------------------- */

mlpipe_status mlpipe_read_json(mlpipe_ctx *ctx, const char *path,
                               const char *params, mlpipe_dataset **out)
{
    return mlpipe__csv_read_file(ctx, "mlpipe_read_json",
                                 &ndjson_kind_of_rows, path, params, out);
}

mlpipe_status mlpipe_read_json_memory(mlpipe_ctx *ctx, const void *bytes,
                                      size_t size, const char *params,
                                      mlpipe_dataset **out)
{
    return mlpipe__csv_read_memory(ctx, "mlpipe_read_json_memory",
                                   &ndjson_kind_of_rows, bytes, size, params,
                                   out);
}

mlpipe_status mlpipe_read_json_stream(mlpipe_ctx *ctx,
                                      const mlpipe_stream *stream,
                                      const char *params,
                                      mlpipe_dataset **out)
{
    return mlpipe__csv_read_stream(ctx, "mlpipe_read_json_stream",
                                   &ndjson_kind_of_rows, stream, params, out);
}

mlpipe_status mlpipe_source_json(mlpipe_ctx *ctx, const char *path,
                                 const char *params, mlpipe_source **out)
{
    return mlpipe__csv_source(ctx, "mlpipe_source_json",
                              &ndjson_kind_of_rows, path, params, out);
}
