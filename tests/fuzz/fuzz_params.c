/* SPDX-License-Identifier: MIT */
/* Parameters: whatever is taken has a canonical form that reads as itself. */
#include "fuzz.h"

static const mlpipe__param fuzz_table[] = {
    {"n", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 1, "names"},
    {"r", MLPIPE_PARAM_REAL, "0.1", -1, 1, NULL, 1, "a number"},
    {"i", MLPIPE_PARAM_INT, "3", 0, 0, NULL, 1, "an integer"},
    {"c", MLPIPE_PARAM_CHOICE, "b", 0, 0, "a,b,cc", 1, "a choice"},
    {"b", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 1, "a truth"},
    {"t", MLPIPE_PARAM_TEXT, "x", 0, 0, NULL, 1, "a text"},
    {"l", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 1, "numbers"},
    {"s", MLPIPE_PARAM_SPAN, "", 0, 0, NULL, 1, "a span"},
    {"m", MLPIPE_PARAM_NAMES, "aa", 0, 0, "aa,bb", 1, "some choices"},
};
enum { FUZZ_COUNT = sizeof fuzz_table / sizeof fuzz_table[0] };

/* The canonical form, or false with an error set. */
static bool fuzz_canonical(mlpipe_ctx *c, const char *text, mlpipe__text *out)
{
    mlpipe__params p;
    const mlpipe_status st = mlpipe__params_parse(c, "fuzz", fuzz_table,
                                                  FUZZ_COUNT, text, &p);
    mlpipe__text_init(out, c->env);
    if (st) {
        const mlpipe_error *e = mlpipe_ctx_error(c);
        fuzz_require(st == MLPIPE_E_PARAM || st == MLPIPE_E_FORMAT
                     || st == MLPIPE_E_LIMIT);
        fuzz_require(e->text[0] && mlpipe__utf8_valid(e->text,
                                                      strlen(e->text)));
    } else {
        mlpipe__params_json(&p, out);
        fuzz_require(!out->failed);
    }
    mlpipe__params_free(&p);
    return !st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe__text once, twice;
    mlpipe_ctx *c = fuzz_begin(&live);
    char *text = malloc(size + 1);
    fuzz_require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (fuzz_canonical(c, text, &once)) {
        fuzz_require(fuzz_canonical(c, once.data, &twice));
        fuzz_require(!strcmp(once.data, twice.data));
        mlpipe__text_free(&twice);
    }
    mlpipe__text_free(&once);
    free(text);
    fuzz_end(c, live);
    return 0;
}
