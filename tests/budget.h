/* SPDX-License-Identifier: MIT */
/* A host's allocator that fails at a chosen call and counts what is live. */
#ifndef MLPIPE_TESTS_BUDGET_H
#define MLPIPE_TESTS_BUDGET_H

#include "support.h"

/* left: calls that may succeed before one fails; negative: none fails. */
struct budget {
    int64_t left, blocks;
};

static void *budget_alloc(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    struct budget *b = user;
    void *fresh = NULL;
    if (new_size) {
        if (b->left-- == 0)
            return NULL;
        if (posix_memalign(&fresh, align < 16 ? 16 : align, new_size))
            return NULL;
        b->blocks++;
        if (ptr)
            memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
    }
    if (ptr) {
        free(ptr);
        b->blocks--;
    }
    return fresh;
}

static inline mlpipe_ctx *budget_ctx(struct budget *b)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .user = b,
                                  .alloc = budget_alloc};
    mlpipe_ctx *c = NULL;
    b->left = -1;
    b->blocks = 0;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    return c;
}

#endif
