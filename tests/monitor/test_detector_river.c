/* SPDX-License-Identifier: MIT */
/* What detectors say of each value is what river's say. */
#include "detector_rig.h"

#include "golden/detector.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static double values[STREAM_MAX];
static int32_t states[STREAM_MAX];

/* The alarms of river's own test streams, by index. */
static void own_streams(void **state)
{
    mlpipe_ctx *c = detector_ctx();

    (void)state;
    for (size_t g = 0; g < COUNT(golden_alarms); g++) {
        const char *const *line = golden_streams[golden_alarms[g].stream];
        mlpipe_detector *d =
            made_detector(c, golden_alarms[g].kind, golden_alarms[g].params);
        uint64_t n = 0, first, alarms = 0, found;

        for (; *line; line++)
            for (const char *at = *line; *at; at++)
                values[n++] = *at - '0';
        found = mlpipe_detector_update_batch(d, values, n, states, &first);
        for (uint64_t i = 0; i < n; i++)
            if (states[i] == MLPIPE_DETECTOR_DRIFT)
                assert_int_equal(golden_alarms[g].alarms[alarms++], i);
        assert_int_equal(UINT32_MAX, golden_alarms[g].alarms[alarms]);
        assert_int_equal(alarms, found);
        assert_int_equal(alarms ? golden_alarms[g].alarms[0] : n, first);
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Every state, warnings too, of streams with changes. */
static void random_streams(void **state)
{
    mlpipe_ctx *c = detector_ctx();

    (void)state;
    for (size_t g = 0; g < COUNT(golden_states); g++) {
        mlpipe_detector *d =
            made_detector(c, golden_states[g].kind, golden_states[g].params);
        const uint32_t n = detector_stream(golden_states[g].seed, values);
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        mlpipe_detector_update_batch(d, values, n, states, NULL);
        for (uint32_t i = 0; i < n; i++)
            hash = (hash ^ (uint64_t)states[i]) * UINT64_C(0x100000001b3);
        if (mlpipe_detector_get(d, "alarms") != golden_states[g].alarms ||
            mlpipe_detector_get(d, "warnings") != golden_states[g].warnings ||
            hash != golden_states[g].hash)
            fail_msg("seed %u, %s %s: %g alarms, %g warnings, %u and %u "
                     "expected",
                     golden_states[g].seed, golden_states[g].kind,
                     golden_states[g].params,
                     mlpipe_detector_get(d, "alarms"),
                     mlpipe_detector_get(d, "warnings"),
                     golden_states[g].alarms, golden_states[g].warnings);
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_streams),
        cmocka_unit_test(random_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
