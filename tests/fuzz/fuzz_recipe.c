/* SPDX-License-Identifier: MIT */
/*
 * Recipes in JSON: the check finds errors exactly where the parser refuses,
 * every finding is well formed, and what is taken is printed, read and
 * printed to the same bytes.
 */
#include "fuzz.h"

#include <mlpipe/mlpipe.h>

static void fuzz_again(mlpipe_ctx *c, const mlpipe_pipeline *p)
{
    mlpipe_buffer *one, *two, *print;
    mlpipe_pipeline *again;

    fuzz_require(!mlpipe_pipeline_json(c, p, &one));
    fuzz_require(!mlpipe_pipeline_parse(c, mlpipe_buffer_data(one),
                                        mlpipe_buffer_size(one), &again));
    fuzz_require(!mlpipe_pipeline_json(c, again, &two));
    fuzz_require(mlpipe_buffer_size(one) == mlpipe_buffer_size(two) &&
                 !memcmp(mlpipe_buffer_data(one), mlpipe_buffer_data(two),
                         mlpipe_buffer_size(one)));
    fuzz_require(!mlpipe_pipeline_fingerprint(c, again, &print));
    fuzz_require(mlpipe_buffer_size(print) == 32);
    mlpipe_buffer_free(print);
    mlpipe_buffer_free(two);
    mlpipe_buffer_free(one);
    mlpipe_pipeline_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe_pipeline *p = NULL;
    mlpipe_report *r = NULL;
    mlpipe_buffer *text;
    const mlpipe_status st =
        mlpipe_pipeline_parse(c, (const char *)data, size, &p);

    fuzz_require(!mlpipe_pipeline_check(c, (const char *)data, size, NULL,
                                        &r));
    fuzz_require((mlpipe_report_get(r, "errors") == 0) == !st);
    fuzz_require(!mlpipe_report_render(c, r, "json", &text));
    fuzz_require(mlpipe__utf8_valid(mlpipe_buffer_data(text),
                                    mlpipe_buffer_size(text)));
    mlpipe_buffer_free(text);
    mlpipe_report_free(r);
    if (p)
        fuzz_again(c, p);
    mlpipe_pipeline_free(p);
    fuzz_end(c, live);
    return 0;
}
