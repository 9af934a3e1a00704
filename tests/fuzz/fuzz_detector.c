/* SPDX-License-Identifier: MIT */
/*
 * Saved detectors: as given, and with hashes that hold. What loads is written
 * as bytes that load, answers every value, and is new after a reset.
 */
#include "fuzz.h"

#include "num/num_internal.h"

static void fuzz_values(mlpipe_detector *d, const uint8_t *data, size_t size)
{
    static const double odd[] = {0, 1, 0.5, -1, 1e100, -1e100, 5e-324, 3};

    for (size_t i = 0; i < 600; i++) {
        const uint8_t byte = size ? data[i % size] : 0;
        const double x = i < 300 ? (byte & 1) : odd[byte % 8];
        const int32_t said = mlpipe_detector_update(d, x);

        fuzz_require(said >= MLPIPE_DETECTOR_NONE &&
                     said <= MLPIPE_DETECTOR_DRIFT);
    }
    (void)mlpipe_detector_get(d, "mean");
    (void)mlpipe_detector_get(d, "statistic");
    (void)mlpipe_detector_get(d, "threshold");
    fuzz_require(mlpipe_detector_get(d, "n") >= 0);
}

/* What is written of it is read again, and written as the same bytes. */
static void fuzz_again(mlpipe_ctx *c, const mlpipe_detector *d)
{
    mlpipe_detector *again;
    mlpipe_buffer *a, *b;

    fuzz_require(!mlpipe_detector_bytes(c, d, &a));
    fuzz_require(!mlpipe_detector_load_bytes(c, mlpipe_buffer_data(a),
                                             mlpipe_buffer_size(a), &again));
    fuzz_require(!mlpipe_detector_bytes(c, again, &b));
    fuzz_require(mlpipe_buffer_size(a) == mlpipe_buffer_size(b) &&
                 !memcmp(mlpipe_buffer_data(a), mlpipe_buffer_data(b),
                         mlpipe_buffer_size(a)));
    mlpipe_detector_free(again);
    mlpipe_buffer_free(a);
    mlpipe_buffer_free(b);
}

static void fuzz_load(mlpipe_ctx *c, const uint8_t *data, size_t size)
{
    mlpipe_detector *d;

    if (mlpipe_detector_load_bytes(c, data, size, &d))
        return;
    fuzz_again(c, d);
    fuzz_values(d, data, size);
    mlpipe_detector_reset(d);
    fuzz_values(d, data, size);
    fuzz_again(c, d);
    mlpipe_detector_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    uint8_t *copy = malloc(size + 1);

    fuzz_require(copy != NULL);
    fuzz_load(c, data, size);
    memcpy(copy, data, size);
    fuzz_repair_container(copy, size);
    fuzz_load(c, copy, size);
    free(copy);
    fuzz_end(c, live);
    return 0;
}
