/* SPDX-License-Identifier: MIT */
/*
 * JSON: what we take, cJSON's lenient parser takes too; a tree printed and
 * read again prints the same.
 */
#include "fuzz.h"

#include <cJSON.h>

/* Depth is bounded by the limit of the parser. */
static void fuzz_print(const mlpipe__json *j, mlpipe__text *out)
{
    double value;
    const char *text = mlpipe__json_text(j);
    const uint32_t count = mlpipe__json_count(j);
    const enum mlpipe__json_kind kind = mlpipe__json_kind_of(j);
    switch (kind) {
    case MLPIPE__JSON_NULL:
        mlpipe__text_put(out, "null", 4);
        return;
    case MLPIPE__JSON_BOOL:
        mlpipe__text_add(out, "%s",
                         mlpipe__json_bool(j, false) ? "true" : "false");
        return;
    case MLPIPE__JSON_NUMBER:
        value = mlpipe__json_number(j, 0);
        fuzz_require(value - value == 0);
        mlpipe__text_put(out, text, strlen(text));
        return;
    case MLPIPE__JSON_TEXT:
        fuzz_require(mlpipe__utf8_valid(text, strlen(text)));
        mlpipe__text_json(out, text, strlen(text));
        return;
    default:
        break;
    }
    mlpipe__text_put(out, kind == MLPIPE__JSON_ARRAY ? "[" : "{", 1);
    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__json *item = mlpipe__json_at(j, i);
        const char *key = mlpipe__json_key(item);
        if (i)
            mlpipe__text_put(out, ",", 1);
        if (kind == MLPIPE__JSON_OBJECT) {
            fuzz_require(mlpipe__json_get(j, key) == item);
            mlpipe__text_json(out, key, strlen(key));
            mlpipe__text_put(out, ":", 1);
        }
        fuzz_print(item, out);
    }
    fuzz_require(!mlpipe__json_at(j, count));
    mlpipe__text_put(out, kind == MLPIPE__JSON_ARRAY ? "]" : "}", 1);
}

static void fuzz_again(mlpipe_ctx *c, const mlpipe__json *j)
{
    mlpipe__text once, twice;
    mlpipe__json *again = NULL;
    mlpipe__text_init(&once, c->env);
    mlpipe__text_init(&twice, c->env);
    fuzz_print(j, &once);
    fuzz_require(!mlpipe__json_parse(c, once.data, once.size, &again));
    fuzz_print(again, &twice);
    fuzz_require(once.size == twice.size
                 && !memcmp(once.data, twice.data, once.size));
    mlpipe__json_free(again);
    mlpipe__text_free(&once);
    mlpipe__text_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe__json *j = NULL;
    mlpipe_ctx *c = fuzz_begin(&live);
    const mlpipe_status st =
        mlpipe__json_parse(c, (const char *)data, size, &j);
    if (st) {
        const char *text = mlpipe_ctx_error(c)->text;
        fuzz_require(st == MLPIPE_E_FORMAT || st == MLPIPE_E_LIMIT);
        fuzz_require(!j && mlpipe__utf8_valid(text, strlen(text)));
    } else {
        cJSON *lenient = cJSON_ParseWithLength((const char *)data, size);
        fuzz_require(lenient != NULL);
        cJSON_Delete(lenient);
        fuzz_again(c, j);
        mlpipe__json_free(j);
    }
    fuzz_end(c, live);
    return 0;
}
