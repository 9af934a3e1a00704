/* SPDX-License-Identifier: MIT */
/* The misuse of the Arrow interfaces; see test_misuse.c. Arrays that break
 * the rules are in tests/data/test_arrow_import.c. */
#include "api/misuse.h"

#include "data/arrow_rig.h"

static int open_all(void **state)
{
    (void)state;
    api_world_open(&w);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    api_world_close(&w);
    return 0;
}

static void imports(void **state)
{
    mlpipe_ctx *const c = w.c;
    struct ArrowSchema s, s0 = {.format = "l"};
    struct ArrowArray a, a0 = {.length = 0};
    struct ArrowArrayStream t0 = {.release = NULL};

    (void)state;
    rig_type(&s, "n", "x");
    rig_rows(&a, 0, 0);
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(NULL, &s, &a, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, NULL, &a, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, &s, NULL, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, &s0, &a, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, &s, &a0, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, &s, &a, "copy=maybe", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow(c, &s, &a, "zz=1", &out));
    REFUSED(mlpipe_dataset_from_arrow(c, &s, &a, NULL, NULL));
    assert_non_null(s.release);
    assert_non_null(a.release);
    s.release(&s);
    a.release(&a);
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow_stream(NULL, &t0, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow_stream(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_from_arrow_stream(c, &t0, NULL, &out));
    REFUSED(mlpipe_dataset_from_arrow_stream(c, &t0, NULL, NULL));
}

/* What was there before is not left for a caller to release. */
#define UNWRITTEN(call)                                                    \
    do {                                                                   \
        memset(&s, 0xff, sizeof s);                                        \
        memset(&a, 0xff, sizeof a);                                        \
        memset(&t, 0xff, sizeof t);                                        \
        REFUSED(call);                                                     \
    } while (0)

static void exports(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_dataset *const d = w.valid;
    struct ArrowSchema s;
    struct ArrowArray a;
    struct ArrowArrayStream t;

    (void)state;
    UNWRITTEN(mlpipe_dataset_to_arrow(NULL, d, NULL, &s, &a));
    assert_true(!s.release && !a.release);
    UNWRITTEN(mlpipe_dataset_to_arrow(c, NULL, NULL, &s, &a));
    assert_true(!s.release && !a.release);
    UNWRITTEN(mlpipe_dataset_to_arrow(c, d, "metadta=true", &s, &a));
    assert_true(!s.release && !a.release);
    UNWRITTEN(mlpipe_dataset_to_arrow(c, d, NULL, NULL, &a));
    assert_true(!a.release);
    UNWRITTEN(mlpipe_dataset_to_arrow(c, d, NULL, &s, NULL));
    assert_true(!s.release);
    UNWRITTEN(mlpipe_dataset_to_arrow_stream(NULL, d, NULL, &t));
    assert_null(t.release);
    UNWRITTEN(mlpipe_dataset_to_arrow_stream(c, NULL, NULL, &t));
    assert_null(t.release);
    UNWRITTEN(mlpipe_dataset_to_arrow_stream(c, d, "metadata=2", &t));
    assert_null(t.release);
    REFUSED(mlpipe_dataset_to_arrow_stream(c, d, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports),
        cmocka_unit_test(exports),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
