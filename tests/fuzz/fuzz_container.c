/* SPDX-License-Identifier: MIT */
/*
 * Containers: as given, and with hashes that hold. The format leaves no
 * choice, so that what is read and written again is the same bytes.
 */
#include "fuzz.h"

static void fuzz_rewrite(mlpipe_ctx *c, const mlpipe__container *b,
                         const char *kind, const uint8_t *data, size_t size)
{
    mlpipe__container copy;
    mlpipe__text out;
    mlpipe__container_init(&copy, c->env);
    mlpipe__text_init(&out, c->env);
    for (uint32_t i = 0; i < b->count; i++) {
        const mlpipe__section *s = &b->sections[i];
        const char *at = s->data;
        fuzz_require(at >= b->bytes && at + s->bytes <= b->bytes + b->size);
        fuzz_require((uintptr_t)at % 64 == 0);
        fuzz_require(!mlpipe__container_add(c, &copy, s->name, s->flags, at,
                                            s->bytes));
    }
    fuzz_require(!mlpipe__container_write(c, &copy, kind, &out));
    fuzz_require(out.size == size && !memcmp(out.data, data, size));
    mlpipe__container_free(&copy);
    mlpipe__text_free(&out);
}

/* Read every section as fields until the cursor is at its end. */
static void fuzz_walk(const mlpipe__section *s)
{
    mlpipe__cursor r;
    mlpipe__cursor_init(&r, s->data, s->bytes);
    while (!r.failed && r.at < r.end) {
        const uint32_t what = mlpipe__get_u32(&r);
        uint32_t n = 0;
        if (what % 4 == 0)
            (void)mlpipe__get_f64(&r);
        else if (what % 4 == 1)
            (void)mlpipe__get_array(&r, mlpipe__get_u64(&r), what >> 2);
        else if (what % 4 == 2)
            fuzz_require(mlpipe__get_text(&r, &n)[n] == '\0');
    }
    fuzz_require(r.at >= r.start && r.at <= r.end);
}

static void fuzz_read(mlpipe_ctx *c, const uint8_t *data, size_t size)
{
    char kind[5] = "";
    mlpipe__container b;
    if (size >= 44)
        memcpy(kind, data + 40, 4);
    if (!mlpipe__container_read(c, kind, data, size, &b)) {
        for (uint32_t i = 0; i < b.count; i++)
            fuzz_walk(&b.sections[i]);
        fuzz_rewrite(c, &b, kind, data, size);
    }
    mlpipe__container_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    uint8_t *copy = malloc(size + 1);
    fuzz_require(copy != NULL);
    fuzz_read(c, data, size);
    memcpy(copy, data, size);
    fuzz_repair_container(copy, size);
    fuzz_read(c, copy, size);
    free(copy);
    fuzz_end(c, live);
    return 0;
}
