/* SPDX-License-Identifier: MIT */
/* The area of lib/program: outputs of every op and forest engine for rows and
 * blocks, and the saved bytes. */
#include "determinism.h"

#include <stdlib.h>

#include "../program/program_sample.h"

enum { DET_ROWS = 4096 };

static void det_run(det_hash *h, const mlpipe__program *p, uint32_t width)
{
    const size_t columns = p->output_count;
    char *scratch = malloc(mlpipe__program_scratch(p, width));
    double *out = malloc(width * columns * 8), x[SAMPLE_INPUTS];

    forest_state = 31;
    for (uint32_t at = 0; at < DET_ROWS; at += width) {
        for (uint32_t i = 0; i < width; ++i) {
            sample_row(x);
            sample_load(p, scratch, width, i, x);
        }
        mlpipe__program_run(p, scratch, width, width, out, NULL);
        det_add(h, out, width * columns * 8);
    }
    free(scratch);
    free(out);
}

void det_program(det_hash *h)
{
    mlpipe_ctx *c;
    mlpipe__text bytes;

    if (mlpipe_ctx_new(NULL, &c))
        abort();
    mlpipe__program *const p = sample_program(c);
    if (mlpipe__program_seal(c, p))
        abort();
    det_run(h, p, 1);
    det_run(h, p, MLPIPE__BLOCK_ROWS);
    mlpipe__text_init(&bytes, c->env);
    mlpipe__program_save(p, &bytes);
    det_add(h, bytes.data, bytes.size);
    mlpipe__text_free(&bytes);
    mlpipe__program_free(p);
    mlpipe_ctx_free(c);
}
