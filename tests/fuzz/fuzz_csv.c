/* SPDX-License-Identifier: MIT */
/*
 * CSV: the first byte chooses the parameters, the rest is the text. Whatever
 * is read keeps the law of rows, has a report that is valid UTF-8, and reads
 * again to the same fingerprint.
 */
#include "fuzz.h"

static const char *const fuzz_params[] = {
    NULL, "rows=quarantine", "rows=quarantine header=false",
    "rows=quarantine trim=false na='' text=text header=false",
    "rows=quarantine delimiter=; quote=''''", "dates=mdy header=true",
    "rows=quarantine dates=dmy text=category delimiter=','",
    "rows=quarantine header=false as=column_1:i64 quote=''",
    "rows=quarantine header=false as=column_1:timestamp,column_2:bool",
    "rows=quarantine max_rejects=2 delimiter=space",
    "rows=pad", "rows=pad header=false escape=backslash text=text",
    "rows=quarantine escape=none comment=# delimiter=', ' trim=false",
    "rows=quarantine decimal=, thousands=. delimiter=; footer=1 skip=1",
    "rows=pad header_rows=2 max_rejects=3",
};
enum { FUZZ_PARAMS = sizeof fuzz_params / sizeof fuzz_params[0] };

static void fuzz_check_report(mlpipe_ctx *c, const mlpipe_dataset *d)
{
    mlpipe_report *r = NULL;
    mlpipe_buffer *b = NULL;

    fuzz_require(!mlpipe_dataset_reading(c, d, &r));
    fuzz_require(mlpipe_report_get(r, "rows_in")
                 == mlpipe_report_get(r, "loaded")
                        + mlpipe_report_get(r, "rejected")
                        + mlpipe_report_get(r, "skipped"));
    fuzz_require(mlpipe_report_get(r, "loaded")
                 == (double)mlpipe_dataset_rows(d));
    fuzz_require(!mlpipe_report_render(c, r, "json", &b));
    fuzz_require(mlpipe__utf8_valid(mlpipe_buffer_data(b),
                                    mlpipe_buffer_size(b)));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_dataset *d[2] = {NULL, NULL};
    mlpipe_buffer *print[2] = {NULL, NULL};

    if (!size)
        return 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    const char *params = fuzz_params[data[0] % FUZZ_PARAMS];
    for (int i = 0; i < 2; i++) {
        const mlpipe_status st = mlpipe_read_csv_memory(c, data + 1,
                                                        size - 1, params,
                                                        &d[i]);
        fuzz_require(!st == (d[i] != NULL));
        if (st) {
            const mlpipe_error *e = mlpipe_ctx_error(c);
            fuzz_require(st != MLPIPE_E_INTERNAL && st != MLPIPE_E_CONFLICT);
            fuzz_require(e->text[0]
                         && mlpipe__utf8_valid(e->text, strlen(e->text)));
            break;
        }
        fuzz_check_report(c, d[i]);
        fuzz_require(!mlpipe_dataset_fingerprint(c, d[i], &print[i]));
    }
    if (print[1])
        fuzz_require(!strcmp(mlpipe_buffer_data(print[0]),
                             mlpipe_buffer_data(print[1])));
    for (int i = 0; i < 2; i++) {
        mlpipe_buffer_free(print[i]);
        mlpipe_dataset_free(d[i]);
    }
    fuzz_end(c, live);
    return 0;
}
