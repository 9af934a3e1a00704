/* SPDX-License-Identifier: MIT */
/* Audit logs: any bytes follow, or are refused with a reason; twice alike. */
#include "fuzz.h"

#include <mlpipe/cycle.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0, n = 0, again = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    const char *const log = size ? (const char *)data : "";
    const mlpipe_status st = mlpipe_cycle_audit(c, log, size, &n);

    if (st) {
        const char *why = mlpipe_ctx_error(c)->text;
        fuzz_require(st == MLPIPE_E_PARAM || st == MLPIPE_E_LIMIT ||
                     st == MLPIPE_E_FORMAT || st == MLPIPE_E_CORRUPT);
        fuzz_require(why[0] && mlpipe__utf8_valid(why, strlen(why)));
    }
    fuzz_require(mlpipe_cycle_audit(c, log, size, &again) == st);
    fuzz_require(n == again);
    fuzz_end(c, live);
    return 0;
}
