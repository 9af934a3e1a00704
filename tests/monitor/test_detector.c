/* SPDX-License-Identifier: MIT */
/* What all kinds of detectors share: values, counts, resets, bytes. */
#include "detector_rig.h"

#include <math.h>

#include "monitor/detector_internal.h"
#include "golden_text.h"

static double values[STREAM_MAX];
static int32_t states[STREAM_MAX], again[STREAM_MAX];

/* Errors at a rate of 0.1 and of 0.6 in turns: all kinds find it. */
static uint32_t changes(double *out)
{
    dice die = {6};

    for (uint32_t i = 0; i < 4000; i++)
        out[i] = dice_unit(&die) < (i / 500 % 2 ? 0.6 : 0.1);
    return 4000;
}

/* ---- what is said, and counts of it -------------------------------------- */

/* One value after the other, any blocks, and after a reset. */
static void blocks(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    const uint32_t n = changes(values);

    (void)state;
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        mlpipe_detector *d = made_detector(c, detector_settings[k][0],
                                           detector_settings[k][1]);
        uint64_t first, alarms = 0, found;

        for (uint32_t i = 0; i < n; i++) {
            states[i] = mlpipe_detector_update(d, values[i]);
            alarms += states[i] == MLPIPE_DETECTOR_DRIFT;
        }
        assert_true(alarms > 0);
        assert_int_equal(alarms, mlpipe_detector_get(d, "alarms"));
        assert_int_equal(n, mlpipe_detector_get(d, "values"));
        mlpipe_detector_reset(d);
        assert_int_equal(0, mlpipe_detector_get(d, "alarms"));
        assert_int_equal(0, mlpipe_detector_get(d, "values"));
        found = 0;
        for (uint32_t i = 0, block = 1; i < n; i += block, block = block * 3) {
            const uint32_t most = n - i < block ? n - i : block;

            found += mlpipe_detector_update_batch(d, values + i, most,
                                                  again + i, &first);
            if (first < most)
                assert_int_equal(MLPIPE_DETECTOR_DRIFT, again[i + first]);
        }
        assert_int_equal(alarms, found);
        assert_memory_equal(states, again, n * sizeof *states);
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Values that a kind does not take change nothing, and are counted. */
static void ignored(void **state)
{
    const double inf = mlpipe__inf(), nan = mlpipe__nan();
    const double odd[] = {nan, inf, -inf, 1.1e100, -1.1e100, -nan};
    mlpipe_ctx *c = detector_ctx();
    const uint32_t n = detector_stream(9, values);

    (void)state;
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        const char *kind = detector_settings[k][0];
        mlpipe_detector *a = made_detector(c, kind, detector_settings[k][1]);
        mlpipe_detector *b = made_detector(c, kind, detector_settings[k][1]);
        const bool unit = !strcmp(kind, "ddm") || !strcmp(kind, "hddm_a");
        uint32_t refused = 0;

        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(MLPIPE_DETECTOR_NONE,
                             mlpipe_detector_update(a, odd[i % 6]));
            refused++;
            if (unit) {
                mlpipe_detector_update(a, 1.0000000000000002);
                refused++;
            }
            if (unit || !strcmp(kind, "e_detector")) {
                mlpipe_detector_update(a, -1e-300);
                refused++;
            }
            assert_int_equal(mlpipe_detector_update(b, values[i]),
                             mlpipe_detector_update(a, values[i]));
            assert_same(mlpipe_detector_get(b, "mean"),
                        mlpipe_detector_get(a, "mean"));
        }
        assert_int_equal(refused, mlpipe_detector_get(a, "ignored"));
        assert_int_equal(0, mlpipe_detector_get(b, "ignored"));
        assert_int_equal(n, mlpipe_detector_get(a, "values"));
        mlpipe_detector_free(a);
        mlpipe_detector_free(b);
    }
    mlpipe_ctx_free(c);
}

/* Values at the ends of what is taken: an answer, and numbers that are. */
static void extremes(void **state)
{
    const double ends[] = {1e100, -1e100, 0, -0.0, 5e-324, 1, 1e-160, 1e-320};
    mlpipe_ctx *c = detector_ctx();

    (void)state;
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        mlpipe_detector *d = made_detector(c, detector_settings[k][0],
                                           detector_settings[k][1]);
        dice die = {(uint64_t)k};

        for (uint32_t i = 0; i < 20000; i++) {
            const uint64_t which = i < 10000 ? i / 700 % 8
                                             : dice_next(&die) % 8;
            const int32_t said = mlpipe_detector_update(d, ends[which]);
            double x = mlpipe_detector_get(d, "mean");

            assert_true(said >= MLPIPE_DETECTOR_NONE &&
                        said <= MLPIPE_DETECTOR_DRIFT);
            assert_true(mlpipe_detector_get(d, "n") == 0 ||
                        mlpipe__finite(x));
            x = mlpipe_detector_get(d, "statistic");
            /* Wealth may be infinite; else it is a number. */
            assert_true(mlpipe_detector_get(d, "n") == 0 || x == x ||
                        !strcmp(detector_settings[k][0], "adwin"));
        }
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

/* After an alarm the numbers are those of the alarm, until the next value. */
static void alarm_numbers(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    const uint32_t n = changes(values);

    (void)state;
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        const char *kind = detector_settings[k][0];
        mlpipe_detector *d = made_detector(c, kind, detector_settings[k][1]);
        uint32_t seen = 0, since = 0;

        assert_int_equal(0, mlpipe_detector_get(d, "n"));
        assert_true(mlpipe_detector_get(d, "mean") !=
                    mlpipe_detector_get(d, "mean"));
        for (uint32_t i = 0; i < n; i++) {
            const int32_t said = mlpipe_detector_update(d, values[i]);
            const double at = mlpipe_detector_get(d, "statistic");
            const double most = mlpipe_detector_get(d, "threshold");

            assert_int_equal(++since, mlpipe_detector_get(d, "n"));
            assert_int_equal(said, mlpipe_detector_get(d, "state"));
            if (!strcmp(kind, "adwin"))
                assert_true(at != at && most != most);
            else if (said == MLPIPE_DETECTOR_DRIFT)
                assert_true(at >= most);
            else if (most == most && strcmp(kind, "page_hinkley"))
                assert_true(at <= most); /* page_hinkley has its minimum n */
            if (said == MLPIPE_DETECTOR_DRIFT) {
                since = 0;
                seen++;
            }
        }
        assert_true(seen > 0);
        assert_true(mlpipe_detector_get(d, "no_such") !=
                    mlpipe_detector_get(d, "no_such"));
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Windows against sums over their values; the largest number of buckets. */
static void window(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    mlpipe_detector *d = made_detector(c, "adwin", "delta=1e-300");
    dice die = {5};
    double sum = 0, squares = 0;
    const uint32_t n = 100000;

    (void)state;
    for (uint32_t i = 0; i < n; i++) {
        const double x = dice_unit(&die);

        sum += x;
        squares += x * x;
        assert_int_equal(0, mlpipe_detector_update(d, x));
    }
    assert_int_equal(n, mlpipe_detector_get(d, "width"));
    assert_near(mlpipe_detector_get(d, "mean"), sum / n, 1e-12);
    assert_near(mlpipe_detector_get(d, "variance"),
                squares / n - sum / n * sum / n, 1e-9);
    mlpipe_detector_free(d);
    mlpipe_ctx_free(c);
}

/* Bets by hand. */
static void wealth(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    mlpipe_detector *d =
        made_detector(c, "e_detector", "mean=0.5 margin=0.5 bets=0.5,1");

    (void)state;
    /* m = 1: a value x pays 1/2 + x/2 and x. */
    mlpipe_detector_update(d, 3);
    assert_same(mlpipe_detector_get(d, "statistic"), (2.0 + 3.0) / 2);
    mlpipe_detector_update(d, 1);
    assert_same(mlpipe_detector_get(d, "statistic"), (3.0 + 4.0) / 2);
    mlpipe_detector_update(d, 0);
    assert_same(mlpipe_detector_get(d, "statistic"), (2.0 + 0.0) / 2);
    assert_same(mlpipe_detector_get(d, "threshold"), 1e6);
    assert_near(mlpipe_detector_get(d, "mean"), 4.0 / 3, 1e-15);
    mlpipe_detector_free(d);
    mlpipe_ctx_free(c);
}

/* ---- making -------------------------------------------------------------- */

static void told(mlpipe_ctx *c, const char *kind, const char *params,
                 const char *word)
{
    mlpipe_detector *d;
    const char *text;

    assert_told(c, MLPIPE_E_PARAM, mlpipe_detector_new(c, kind, params, &d));
    assert_null(d);
    text = mlpipe_ctx_error(c)->text;
    if (!strstr(text, word))
        fail_msg("\"%s\" has no \"%s\"", text, word);
}

static void messages(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    mlpipe_detector *d;

    (void)state;
    told(c, "page_hinkly", NULL, "did you mean \"page_hinkley\"");
    told(c, "", NULL, "adwin, ddm, e_detector, hddm_a, page_hinkley");
    told(c, "page_hinkley", "treshold=2", "threshold");
    told(c, "page_hinkley", "mode=upp", "up");
    told(c, "e_detector", NULL, "mean");
    told(c, "e_detector", "mean=0", "margin");
    told(c, "e_detector", "mean=1 bets=1.5", "bets");
    told(c, "e_detector", "mean=1 bets=.1,.1,.1,.1,.1,.1,.1,.1,.1,.1,.1,.1,"
         ".1,.1,.1,.1,.1", "17");
    told(c, "adwin", "clock=0", "clock");
    assert_ok(c, mlpipe__detector_of_text(c, " ddm  warm=12", &d));
    assert_string_equal("ddm", mlpipe__detector_name(d));
    assert_string_equal("{\"warm\":12,\"warn\":2,\"drift\":3}",
                        mlpipe__detector_params(d));
    mlpipe_detector_free(d);
    assert_ok(c, mlpipe__detector_of_text(c, "adwin", &d));
    mlpipe_detector_free(d);
    assert_told(c, MLPIPE_E_PARAM, mlpipe__detector_of_text(c, "", &d));
    assert_told(c, MLPIPE_E_PARAM, mlpipe__detector_of_text(c, "adwin=3", &d));
    mlpipe_ctx_free(c);
}

/* ---- bytes --------------------------------------------------------------- */

/* Saved at any value, also at an alarm, and loaded: the same goes on. */
static void saved_midway(void **state)
{
    mlpipe_ctx *c = detector_ctx(), *other = detector_ctx();
    const uint32_t n = changes(values);

    (void)state;
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        mlpipe_detector *d = made_detector(c, detector_settings[k][0],
                                           detector_settings[k][1]);
        mlpipe_detector *kept = made_detector(c, detector_settings[k][0],
                                              detector_settings[k][1]);

        for (uint32_t i = 0; i < n; i++) {
            const int32_t said = mlpipe_detector_update(kept, values[i]);
            mlpipe_buffer *b, *b2;
            mlpipe_detector *loaded;

            assert_int_equal(said, mlpipe_detector_update(d, values[i]));
            if (i % 37 && said != MLPIPE_DETECTOR_DRIFT)
                continue;
            assert_ok(c, mlpipe_detector_bytes(c, d, &b));
            assert_ok(other, mlpipe_detector_load_bytes(
                                 other, mlpipe_buffer_data(b),
                                 mlpipe_buffer_size(b), &loaded));
            assert_ok(c, mlpipe_detector_bytes(c, loaded, &b2));
            assert_int_equal(mlpipe_buffer_size(b), mlpipe_buffer_size(b2));
            assert_memory_equal(mlpipe_buffer_data(b), mlpipe_buffer_data(b2),
                                mlpipe_buffer_size(b));
            assert_same(mlpipe_detector_get(d, "mean"),
                        mlpipe_detector_get(loaded, "mean"));
            assert_int_equal(mlpipe_detector_get(d, "values"),
                             mlpipe_detector_get(loaded, "values"));
            mlpipe_buffer_free(b);
            mlpipe_buffer_free(b2);
            mlpipe_detector_free(d);
            d = loaded;
        }
        assert_same(mlpipe_detector_get(d, "alarms"),
                    mlpipe_detector_get(kept, "alarms"));
        assert_same(mlpipe_detector_get(d, "warnings"),
                    mlpipe_detector_get(kept, "warnings"));
        mlpipe_detector_free(d);
        mlpipe_detector_free(kept);
    }
    mlpipe_ctx_free(c);
    mlpipe_ctx_free(other);
}

/* Damage: each is refused, and nothing is left. */
static void refuse(mlpipe_ctx *c, const uint8_t *bytes, size_t size)
{
    mlpipe_detector *d;
    const mlpipe_status st = mlpipe_detector_load_bytes(c, bytes, size, &d);

    if (!st || d)
        fail_msg("%zu damaged bytes are loaded", size);
    if (st == MLPIPE_E_NOMEM || st == MLPIPE_E_INTERNAL)
        fail_msg("%s", mlpipe_status_name(st));
}

/* Any other byte in any place, every length. A sanitizer makes each case ten
 * times as slow, and looks at the same paths. */
static void sweep(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    const uint32_t n = changes(values);
    uint64_t live, after;
    uint32_t step = 1;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    if (!getenv("MLPIPE_SWEEP_ALL"))
        step = 29;
#endif
    for (int k = 0; k < DETECTOR_SETTINGS; k++) {
        mlpipe_detector *d = made_detector(c, detector_settings[k][0],
                                           detector_settings[k][1]);
        mlpipe_buffer *b;
        uint8_t *bytes;
        size_t size;

        mlpipe_detector_update_batch(d, values, n / 2, NULL, NULL);
        assert_ok(c, mlpipe_detector_bytes(c, d, &b));
        size = mlpipe_buffer_size(b);
        bytes = malloc(size + 64);
        assert_non_null(bytes);
        memcpy(bytes, mlpipe_buffer_data(b), size);
        memset(bytes + size, 0, 64);
        mlpipe_ctx_memory(c, &live, NULL);
        for (size_t i = 0; i < size; i++) {
            const uint8_t right = bytes[i];

            for (uint32_t by = 1 + (uint32_t)i % step; by < 256; by += step) {
                bytes[i] = (uint8_t)(right ^ by);
                refuse(c, bytes, size);
            }
            bytes[i] = right;
            refuse(c, bytes, i);
        }
        for (size_t more = 1; more <= 64; more++)
            refuse(c, bytes, size + more);
        mlpipe_ctx_memory(c, &after, NULL);
        assert_int_equal(live, after);
        free(bytes);
        mlpipe_buffer_free(b);
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Bytes of another kind of container, and none. */
static void other_bytes(void **state)
{
    mlpipe_ctx *c = detector_ctx();
    mlpipe__container b;
    mlpipe__text bytes;

    (void)state;
    refuse(c, (const uint8_t *)"", 0);
    refuse(c, (const uint8_t *)"detector", 8);
    mlpipe__container_init(&b, c->env);
    mlpipe__text_init(&bytes, c->env);
    assert_ok(c, mlpipe__container_add(c, &b, "DTCT",
                                       MLPIPE__SECTION_REQUIRED, "", 0));
    assert_ok(c, mlpipe__container_write(c, &b, "MODL", &bytes));
    refuse(c, (const uint8_t *)bytes.data, bytes.size);
    mlpipe__text_free(&bytes);
    mlpipe__text_init(&bytes, c->env);
    assert_ok(c, mlpipe__container_write(c, &b, "DTCT", &bytes));
    refuse(c, (const uint8_t *)bytes.data, bytes.size);
    mlpipe__text_free(&bytes);
    mlpipe__container_free(&b);
    mlpipe_ctx_free(c);
}

/* While the best cut of hddm_a is at the newest value there is nothing behind
 * it to compare: no threshold, which a 0 would seem to be above. */
static void test_idle_threshold(void **state)
{
    static const char *const params[] = {NULL, "two_sided=true"};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (int two = 0; two < 2; two++) {
        mlpipe_detector *d;
        double t;
        assert_ok(c, mlpipe_detector_new(c, "hddm_a", params[two], &d));
        assert_true(isnan(mlpipe_detector_get(d, "threshold")));
        for (int i = 0; i < 20; i++)
            mlpipe_detector_update(d, 0.0);
        t = mlpipe_detector_get(d, "threshold");
        assert_true(isnan(t)); /* the mean never rose or fell */
        assert_true(mlpipe_detector_get(d, "statistic") == 0);
        mlpipe_detector_update(d, 1.0);
        mlpipe_detector_update(d, 1.0);
        assert_true(mlpipe_detector_get(d, "threshold") > 0);
        mlpipe_detector_free(d);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),       cmocka_unit_test(ignored),
        cmocka_unit_test(extremes),     cmocka_unit_test(alarm_numbers),
        cmocka_unit_test(window),       cmocka_unit_test(wealth),
        cmocka_unit_test(messages),     cmocka_unit_test(saved_midway),
        cmocka_unit_test(sweep),        cmocka_unit_test(test_idle_threshold),
        cmocka_unit_test(other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
