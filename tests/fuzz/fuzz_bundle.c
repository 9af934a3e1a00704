/* SPDX-License-Identifier: MIT */
/*
 * Model bundles: as given, and with hashes that hold. What loads predicts
 * finite numbers or NaN, and is written and read again as the same model.
 */
#include "fuzz.h"

#include "model/model_internal.h"

static void fuzz_predict(const mlpipe_model *m)
{
    static const double odd[] = {0, -1, 1, 3, 1e300, -1e300, 0.5, 7};
    const mlpipe__program *p = m->program;
    const size_t bytes = mlpipe__program_scratch(p, 16);
    char *memory = malloc(bytes + 64);
    fuzz_require(memory != NULL);
    void *scratch = memory + (64 - (uintptr_t)memory % 64) % 64;
    double *out = malloc(16 * (size_t)p->output_count * sizeof *out);
    fuzz_require(out != NULL);
    for (uint32_t i = 0; i < p->input_count + p->feed_count; i++) {
        const uint32_t reg =
            i < p->input_count ? i : p->feeds[i - p->input_count].reg;
        double *lane = mlpipe__program_lane(p, scratch, 16, reg);
        for (uint32_t k = 0; k < 16; k++)
            lane[k] = k == 9 ? mlpipe__nan() : odd[(k + i) % 8];
    }
    mlpipe__program_run(p, scratch, 16, 16, out, NULL);
    for (size_t k = 0; k < 16 * (size_t)p->output_count; k++)
        fuzz_require(out[k] != out[k] || mlpipe__finite(out[k]));
    free(out);
    free(memory);
}

static void fuzz_reference(const mlpipe__reference *r)
{
    for (uint32_t i = 0; i < r->input_count; i++) {
        const mlpipe__ref_input *in = &r->inputs[i];
        for (int x = -3; in->kind && x < 9; x++)
            fuzz_require(mlpipe__ref_cell(in, x, x != 0) < in->cells);
    }
}

static void fuzz_load(mlpipe_ctx *c, const uint8_t *data, size_t size)
{
    mlpipe_model *m, *again;
    mlpipe_buffer *b;
    mlpipe_report *card;
    mlpipe_pipeline *p;
    if (mlpipe_model_load_bytes(c, data, size, &m))
        return;
    fuzz_predict(m);
    fuzz_reference(m->reference);
    fuzz_require(!mlpipe_model_bytes(c, m, &b));
    fuzz_require(!mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                          mlpipe_buffer_size(b), &again));
    fuzz_require(!mlpipe_model_card(c, again, &card));
    if (!mlpipe_model_recipe(c, again, &p))
        mlpipe_pipeline_free(p);
    mlpipe_report_free(card);
    mlpipe_model_free(again);
    mlpipe_buffer_free(b);
    mlpipe_model_free(m);
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
