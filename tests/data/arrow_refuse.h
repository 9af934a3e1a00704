/* SPDX-License-Identifier: MIT */
/* What the tests of Arrow imports share. */
#ifndef MLPIPE_TESTS_ARROW_REFUSE_H
#define MLPIPE_TESTS_ARROW_REFUSE_H

#include "arrow_rig.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;

static inline int set_up(void **state)
{
    (void)state;
    rig_schemas = rig_arrays = 0;
    return mlpipe_ctx_new(NULL, &ctx);
}

static inline int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    assert_int_equal(0, rig_schemas);
    assert_int_equal(0, rig_arrays);
    return 0;
}

/* The import fails, says so, and leaves both with the caller. */
static inline void refuse(mlpipe_status expected, struct ArrowSchema *s,
                          struct ArrowArray *a, const char *params,
                          const char *told)
{
    mlpipe_dataset *d = (mlpipe_dataset *)s;

    assert_status(expected, mlpipe_dataset_from_arrow(ctx, s, a, params, &d));
    assert_null(d);
    if (!strstr(mlpipe_ctx_error(ctx)->text, told))
        fail_msg("%s: nothing of %s", mlpipe_ctx_error(ctx)->text, told);
    golden_error(__BASE_FILE__, told, ctx, expected);
    assert_non_null(s->release);
    assert_non_null(a->release);
    s->release(s);
    a->release(a);
}

#endif
