/* SPDX-License-Identifier: MIT */
/*
 * How a CSV is written: the first byte chooses the parameters, the rest is
 * the text. What is found out is the same twice and valid UTF-8, and a reading
 * refuses just the files that are called ambiguous for it.
 */
#include "fuzz.h"

static const char *const fuzz_params[] = {
    NULL, "trim=false", "rows=pad", "header=false", "escape=backslash",
    "escape=none quote='\"'", "comment=%", "skip=1 footer=1",
    "delimiter=space rows=pad", "header_rows=2 decimal=, thousands=.",
};
enum { FUZZ_PARAMS = sizeof fuzz_params / sizeof fuzz_params[0] };

/* As JSON; NULL where the report was refused. */
static mlpipe_buffer *fuzz_dialect(mlpipe_ctx *c, const uint8_t *data,
                                   size_t size, const char *params,
                                   double *ambiguous)
{
    mlpipe_report *r = NULL;
    mlpipe_buffer *b = NULL;
    const mlpipe_status st = mlpipe_csv_dialect_memory(c, data, size, params,
                                                       &r);

    fuzz_require(!st == (r != NULL));
    if (st) {
        const mlpipe_error *e = mlpipe_ctx_error(c);
        fuzz_require(st != MLPIPE_E_INTERNAL && st != MLPIPE_E_CONFLICT);
        fuzz_require(e->text[0] && mlpipe__utf8_valid(e->text,
                                                      strlen(e->text)));
        return NULL;
    }
    const double margin = mlpipe_report_get(r, "margin");
    fuzz_require(margin >= 0 && margin <= 1);
    fuzz_require(mlpipe_report_get(r, "columns") >= 1);
    *ambiguous = mlpipe_report_get(r, "ambiguous");
    fuzz_require(!mlpipe_report_render(c, r, "json", &b));
    fuzz_require(mlpipe__utf8_valid(mlpipe_buffer_data(b),
                                    mlpipe_buffer_size(b)));
    mlpipe_report_free(r);
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    double ambiguous = 0;
    mlpipe_dataset *d = NULL;

    if (!size)
        return 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    const char *params = fuzz_params[data[0] % FUZZ_PARAMS];
    mlpipe_buffer *a = fuzz_dialect(c, data + 1, size - 1, params,
                                    &ambiguous);
    mlpipe_buffer *b = fuzz_dialect(c, data + 1, size - 1, params,
                                    &ambiguous);
    fuzz_require(!a == !b);
    if (a) {
        fuzz_require(!strcmp(mlpipe_buffer_data(a), mlpipe_buffer_data(b)));
        const mlpipe_status st = mlpipe_read_csv_memory(c, data + 1, size - 1,
                                                        params, &d);
        fuzz_require(!ambiguous || st == MLPIPE_E_AMBIGUOUS);
    }
    mlpipe_dataset_free(d);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
    fuzz_end(c, live);
    return 0;
}
