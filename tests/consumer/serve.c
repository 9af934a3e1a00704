/* SPDX-License-Identifier: MIT */
/* libmlpipe-serve alone: a host with its own memory predicts one row. */
#include <mlpipe/mlpipe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *host_alloc(void *user, void *ptr, size_t old_size,
                        size_t new_size, size_t align)
{
    void *got;
    (void)user;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    got = aligned_alloc(align, (new_size + 63) / 64 * 64);
    if (got && old_size) {
        memcpy(got, ptr, old_size < new_size ? old_size : new_size);
        free(ptr);
    }
    return got;
}

int main(int argc, char **argv)
{
    static char bytes[1 << 16];
    mlpipe_ctx_options options = {0};
    mlpipe_ctx *c = NULL;
    mlpipe_model *m = NULL;
    mlpipe_predictor *p = NULL;
    double row[1] = {5}, out[1];
    FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
    void *scratch = NULL;
    size_t n;
    int failed;

    if (!f)
        return 2;
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    options.size = sizeof options;
    options.alloc = host_alloc;
    failed = mlpipe_ctx_new(NULL, &c) != MLPIPE_E_ARG
        || mlpipe_ctx_new(&options, &c)
        || mlpipe_model_load_bytes(c, bytes, n, &m)
        || mlpipe_predictor_new(c, m, NULL, &p)
        || !(scratch = aligned_alloc(64, (mlpipe_predictor_scratch(p) + 63)
                                             / 64 * 64))
        || mlpipe_predict_row(p, scratch, row, out);
    if (failed)
        fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
    else
        printf("f(5) = %.17g\n", out[0]);
    free(scratch);
    mlpipe_predictor_free(p);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    return failed != 0;
}
