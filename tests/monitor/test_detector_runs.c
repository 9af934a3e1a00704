/* SPDX-License-Identifier: MIT */
/*
 * Run lengths: the e-detector's promise (the mean number of values up to a
 * false alarm is at least arl, and P(alarm within t) <= t / arl), and how
 * long detectors take to find a change. Seeds are fixed. With
 * MLPIPE_SWEEP_ALL arl = 1e6 and all detectors are run too, and the table is
 * printed; MLPIPE_DETECTOR_TABLE prints it alone.
 */
#include "detector_rig.h"

#include "num/num_internal.h"

enum { LAWS = 4, DELAY_RUNS = 400, BEFORE = 5000, AFTER = 6000 };

static double stream[BEFORE + AFTER];

/* A stream whose values are expected to be 0.2, whatever came before. */
static double fair(dice *d, int law, double *memory)
{
    const double u = dice_unit(d);

    if (law == 0)
        return u < 0.2;
    if (law == 1) /* spread */
        return u * 0.4;
    if (law == 2) { /* the deviation of the last value sets the next one's */
        const double rate = *memory > 0 ? 0.05 : 0.8;

        *memory = u < rate ? 1 : 0;
        return u < rate ? 0.2 / rate : 0;
    }
    /* heavy tail: x with P(x > t) = (0.1 / t)^2 from 0.1 on, of mean 0.2 */
    return 0.1 / mlpipe__sqrt(1 - u);
}

/* The run lengths up to an alarm: mean, and its standard error. */
static void run_lengths(const char *params, int law, double arl,
                        uint32_t runs, uint64_t seed)
{
    mlpipe_ctx *c = detector_ctx();
    mlpipe_detector *d = made_detector(c, "e_detector", params);
    dice die = {seed};
    double memory = 0, sum = 0, squares = 0, mean, error;
    double length = 0;
    uint32_t done = 0, early = 0;

    while (done < runs) {
        /* A run begins where the last one ended. */
        const double x = fair(&die, law, &memory);

        length += 1;
        if (mlpipe_detector_update(d, x) != MLPIPE_DETECTOR_DRIFT)
            continue;
        sum += length;
        squares += length * length;
        early += length <= arl / 10;
        length = 0;
        done++;
    }
    mean = sum / runs;
    error = mlpipe__sqrt((squares / runs - mean * mean) / runs);
    print_message("e_detector arl %g, law %d: %u runs of %.0f +- %.0f values,"
                  " %.3f within arl / 10\n",
                  arl, law, runs, mean, error, (double)early / runs);
    /* 99 % sure that the true mean is at least arl */
    assert_true(mean - 2.326 * error >= arl);
    assert_true((double)early / runs <=
                0.1 + 2.326 * mlpipe__sqrt(0.1 * 0.9 / runs));
    mlpipe_detector_free(d);
    mlpipe_ctx_free(c);
}

static void promise(void **state)
{
    (void)state;
    for (int law = 0; law < LAWS; law++)
        run_lengths("mean=0.2 arl=1e4", law, 1e4, 2000, 1 + (uint64_t)law);
    run_lengths("mean=0.15 margin=0.05 arl=1e5", 0, 1e5, 400, 9);
    if (!getenv("MLPIPE_SWEEP_ALL"))
        return;
    for (int law = 1; law < LAWS; law++)
        run_lengths("mean=0.2 arl=1e5", law, 1e5, 4000, 9 + (uint64_t)law);
    run_lengths("mean=0.2", 0, 1e6, 1000, 17);
}

/* The rate goes from `rate` to `to` after BEFORE values: the median delay of
 * the runs that have no alarm before, over all of them. */
static double median_delay(mlpipe_ctx *c, const char *kind,
                           const char *params, double rate, double to,
                           double *false_share, double *missed_share)
{
    double delays[DELAY_RUNS];
    uint32_t count = 0, early = 0, missed = 0;
    dice die = {(uint64_t)(rate * 1000) + (uint64_t)(to * 1e6)};

    for (uint32_t run = 0; run < DELAY_RUNS; run++) {
        mlpipe_detector *d = made_detector(c, kind, params);
        uint64_t first;

        for (uint32_t i = 0; i < BEFORE + AFTER; i++)
            stream[i] = dice_unit(&die) < (i < BEFORE ? rate : to);
        early += mlpipe_detector_update_batch(d, stream, BEFORE, NULL,
                                              NULL) > 0;
        mlpipe_detector_update_batch(d, stream + BEFORE, AFTER, NULL, &first);
        missed += first == AFTER;
        delays[count++] = (double)first + 1;
        mlpipe_detector_free(d);
    }
    for (uint32_t i = 1; i < count; i++) { /* insertion sort */
        const double x = delays[i];
        uint32_t k = i;

        for (; k > 0 && delays[k - 1] > x; k--)
            delays[k] = delays[k - 1];
        delays[k] = x;
    }
    *false_share = (double)early / DELAY_RUNS;
    *missed_share = (double)missed / DELAY_RUNS;
    return delays[DELAY_RUNS / 2];
}

static const double delay_changes[][2] = {
    {0.05, 1.5}, {0.05, 2}, {0.2, 1.25}, {0.2, 1.5},
    {0.2, 2},    {0.3, 1.5}, {0.3, 2},
};
enum { CHANGES = sizeof delay_changes / sizeof *delay_changes };

static void delay_row(mlpipe_ctx *c, const char *kind, const char *params,
                      double out[CHANGES])
{
    for (int i = 0; i < CHANGES; i++) {
        char text[128];
        double early, missed;
        const double rate = delay_changes[i][0];

        if (!strcmp(kind, "e_detector"))
            snprintf(text, sizeof text, "mean=%g %s", rate, params);
        else
            snprintf(text, sizeof text, "%s", params);
        out[i] = median_delay(c, kind, text, rate,
                              rate * delay_changes[i][1], &early, &missed);
        print_message("%-12s %-9s p %.2f x%.2f: delay %5.0f, early %.3f, "
                      "missed %.3f\n",
                      kind, params, rate, delay_changes[i][1], out[i], early,
                      missed);
    }
}

/* The median delays that were measured before there was a library, by 400
 * other streams: medians of that many differ by a few percent, and adwin's
 * come in steps of its clock. */
static void delays(void **state)
{
    static const double e6[CHANGES] = {1748, 456, 1131, 327, 104, 202, 62};
    static const double e5[CHANGES] = {1149, 319, 781, 234, 77, 155, 48};
    mlpipe_ctx *c = detector_ctx();
    double ours[CHANGES], other[CHANGES];

    (void)state;
    delay_row(c, "e_detector", "arl=1e5", other);
    for (int i = 0; i < CHANGES; i++)
        assert_true(other[i] > 0.85 * e5[i] && other[i] < 1.15 * e5[i]);
    delay_row(c, "e_detector", "", ours);
    for (int i = 0; i < CHANGES; i++)
        assert_true(ours[i] > 0.85 * e6[i] && ours[i] < 1.15 * e6[i]);
    delay_row(c, "adwin", "", other);
    for (int i = 0; i < CHANGES; i++)
        assert_true(ours[i] <= 0.8 * other[i]);
    if (getenv("MLPIPE_SWEEP_ALL") || getenv("MLPIPE_DETECTOR_TABLE")) {
        delay_row(c, "adwin", "clock=1", other);
        delay_row(c, "ddm", "", other);
        delay_row(c, "hddm_a", "", other);
        delay_row(c, "page_hinkley", "", other);
        delay_row(c, "page_hinkley", "mode=up", other);
    }
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promise),
        cmocka_unit_test(delays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
