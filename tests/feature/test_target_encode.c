/* SPDX-License-Identifier: MIT */
/* target_encode against scikit-learn's TargetEncoder, fold by fold. */
#include "group_rig.h"

#include "feature/feature_internal.h"
#include "golden/features.h"

enum { TARGET_WORDS = sizeof features_words / sizeof *features_words };

static const group_rows target_rows = {features_y, features_fold,
                                       MLPIPE__TASK_REGRESSION};
static const group_rows target_classes = {features_yes, features_fold,
                                          MLPIPE__TASK_BINARY};

static void target_open(step_rig *r)
{
    rig_open(r, FEATURES_ROWS);
    rig_column(r, "x", features_code, features_words, TARGET_WORDS);
}

static void target_golden(void **state)
{
    static const struct {
        const char *text;
        const double (*number)[FEATURES_ROWS], (*yes)[FEATURES_ROWS];
    } cases[] = {
        {NULL, features_encode_auto, features_encode_yes_auto},
        {"smooth=10", features_encode_ten, features_encode_yes_ten},
        {"smooth=0 folds=5", features_encode_none, features_encode_yes_none},
    };
    double got[FEATURES_ROWS];
    (void)state;

    for (uint32_t i = 0; i < 6; i++) {
        const group_rows *rows = i % 2 ? &target_classes : &target_rows;
        const group_rows later = {0};
        step_rig r;
        target_open(&r);
        assert_ok(r.ctx, group_step(&r, rows, &mlpipe__step_target_encode,
                                    cases[i / 2].text));
        group_read(&r, rows, "x", got);
        rig_compare("out of fold", got,
                    (i % 2 ? cases[i / 2].yes : cases[i / 2].number)[0],
                    FEATURES_ROWS);
        group_read(&r, &later, "x", got);
        rig_compare("all rows", got,
                    (i % 2 ? cases[i / 2].yes : cases[i / 2].number)[1],
                    FEATURES_ROWS);
        assert_false(r.plan.vars[0].nullable);
        assert_false(r.plan.vars[0].tainted);
        assert_int_equal(MLPIPE_TYPE_F64, r.plan.vars[0].type);
        group_widths(&r, rows);
        rig_close(&r);
    }
}

/* Unseen: the prior. Missing where training had none: the prior as well. */
static void target_unseen(void **state)
{
    static const char *const words[] = {"a", "b"};
    static const double code[] = {0, 0, 1, 1, 0, 1};
    static const double later[] = {-1, 5, NAN, 0, 1, -1};
    static const double y[] = {1, 2, 3, 4, 5, 6}, fold[] = {0, 1, 0, 1, 1, 0};
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "x", code, words, 2);
    assert_ok(r.ctx, group_step(&r, &rows, &mlpipe__step_target_encode,
                                "folds=2 smooth=1"));
    r.column[0] = later;
    group_read(&r, NULL, "x", got);
    for (uint32_t i = 0; i < 3; i++)
        assert_same(3.5, got[i]);
    assert_near(got[3], (8 + 3.5) / 4, 1e-15);
    assert_near(got[4], (13 + 3.5) / 4, 1e-15);
    rig_close(&r);
}

/* A row's own target moves its own encoding by no bit; nor does the prior,
 * which scikit-learn takes from the other folds too, and others do not. */
static void defect_11_own_target_moves_no_own_encoding(void **state)
{
    static const char *const params[] = {"smooth=auto", "smooth=5",
                                         "smooth=0"};
    double y[FEATURES_ROWS], before[FEATURES_ROWS], after[FEATURES_ROWS];
    (void)state;

    for (uint32_t m = 0; m < 3; m++) {
        step_rig r;
        uint32_t moved = 0;
        target_open(&r);
        assert_ok(r.ctx, group_step(&r, &target_classes,
                                    &mlpipe__step_target_encode, params[m]));
        group_read(&r, &target_classes, "x", before);
        rig_close(&r);
        for (uint32_t flip = 0; flip < FEATURES_ROWS; flip += 7) {
            const group_rows rows = {y, features_fold, MLPIPE__TASK_BINARY};
            memcpy(y, features_yes, sizeof y);
            y[flip] = 1 - y[flip];
            target_open(&r);
            assert_ok(r.ctx, group_step(&r, &rows,
                                        &mlpipe__step_target_encode,
                                        params[m]));
            group_read(&r, &rows, "x", after);
            for (uint32_t i = 0; i < FEATURES_ROWS; i++)
                if (features_fold[i] == features_fold[flip])
                    assert_same(before[i], after[i]);
                else
                    moved += before[i] != after[i];
            rig_close(&r);
        }
        assert_true(moved > 0); /* others do learn from it */
    }
}

/* One level a row: every training row has the prior of the other folds. */
static void target_identifier(void **state)
{
    static char text[40][8];
    static const char *words[40];
    double code[40], y[40], fold[40], got[40];
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    step_rig r;
    (void)state;

    for (uint32_t i = 0; i < 40; i++) {
        snprintf(text[i], sizeof text[i], "id%u", i);
        words[i] = text[i];
        code[i] = i;
        y[i] = i % 2;
        fold[i] = i / 2 % 2; /* means of both folds are equal */
    }
    rig_open(&r, 40);
    rig_listen(&r);
    rig_column(&r, "x", code, words, 40);
    assert_ok(r.ctx, group_step(&r, &rows, &mlpipe__step_target_encode,
                                "folds=2"));
    assert_heard(1, "40 different values in 40 training rows");
    group_read(&r, &rows, "x", got);
    for (uint32_t i = 0; i < 40; i++)
        assert_same(0.5, got[i]);
    rig_close(&r);
}

/* The formula in plain words. */
static double target_naive(const double *code, const double *y,
                           const double *fold, uint32_t rows, uint32_t row,
                           double m)
{
    long double all = 0, own = 0, squares = 0, centred = 0;
    uint32_t n = 0, k = 0;

    for (uint32_t i = 0; i < rows; i++)
        if (fold[i] != fold[row]) {
            all += y[i];
            n++;
            own += code[i] == code[row] ? y[i] : 0;
            k += code[i] == code[row];
        }
    for (uint32_t i = 0; i < rows; i++)
        if (fold[i] != fold[row]) {
            squares += (y[i] - all / n) * (y[i] - all / n);
            if (code[i] == code[row])
                centred += (y[i] - own / k) * (y[i] - own / k);
        }
    if (m >= 0)
        return (double)((own + m * all / n) / (k + m));
    const long double share =
        squares / n * k / (squares / n * k + centred / k);
    return (double)(share * own / k + (1 - share) * all / n);
}

/* Categories of few and of many rows take two ways to one number, also
 * beside an offset that leaves a squared sum no digits. */
static void target_many_values(void **state)
{
    static const char *const words[] = {"many", "some", "few"};
    static const double offset[] = {0, 1e9};
    double code[512], y[512], fold[512], got[512];
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    (void)state;

    for (uint32_t turn = 0; turn < 4; turn++) {
        step_rig r;
        for (uint32_t i = 0; i < 512; i++) {
            code[i] = i % 16 == 3 ? 2 : i % 4 == 1;
            y[i] = offset[turn / 2] + i * 37 % 101 / 8.0;
            fold[i] = i * 7 % 5;
        }
        rig_open(&r, 512);
        rig_column(&r, "x", code, words, 3);
        assert_ok(r.ctx, group_step(&r, &rows, &mlpipe__step_target_encode,
                                    turn % 2 ? "smooth=30" : NULL));
        group_read(&r, &rows, "x", got);
        for (uint32_t i = 0; i < 512; i++)
            assert_near(got[i],
                        target_naive(code, y, fold, 512, i,
                                     turn % 2 ? 30 : -1),
                        1e-15 * (turn < 2 ? 10 : 1));
        rig_close(&r);
    }
}

static void target_any_order(void **state)
{
    double code[FEATURES_ROWS], y[FEATURES_ROWS], fold[FEATURES_ROWS];
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    step_rig a, b;
    (void)state;

    for (uint32_t i = 0; i < FEATURES_ROWS; i++) {
        const uint32_t from = (i * 7 + 3) % FEATURES_ROWS;
        code[i] = features_code[from];
        y[i] = features_y[from];
        fold[i] = features_fold[from];
    }
    target_open(&a);
    assert_ok(a.ctx, group_step(&a, &target_rows,
                                &mlpipe__step_target_encode, NULL));
    rig_open(&b, FEATURES_ROWS);
    rig_column(&b, "x", code, features_words, TARGET_WORDS);
    assert_ok(b.ctx, group_step(&b, &rows, &mlpipe__step_target_encode,
                                NULL));
    assert_int_equal(a.plan.program->const_count,
                     b.plan.program->const_count);
    assert_memory_equal(a.plan.program->consts, b.plan.program->consts,
                        a.plan.program->const_count * sizeof(double));
    rig_close(&a);
    rig_close(&b);
}

static void target_errors(void **state)
{
    static const double one[FEATURES_ROWS] = {0};
    double huge[FEATURES_ROWS];
    const group_rows none = {features_y, features_fold, 0};
    const group_rows alone = {features_y, one, MLPIPE__TASK_REGRESSION};
    const group_rows large = {huge, features_fold, MLPIPE__TASK_REGRESSION};
    const struct {
        const group_rows *rows;
        const char *text, *says;
        mlpipe_status status;
    } cases[] = {
        {&none, NULL, "give target=<column>", MLPIPE_E_STATE},
        {&target_rows, "smooth=-1", "smooth=\"-1\"", MLPIPE_E_PARAM},
        {&target_rows, "smooth=much", "smooth=\"much\"", MLPIPE_E_PARAM},
        {&target_rows, "folds=1", "2 to 100", MLPIPE_E_PARAM},
        {&target_rows, "columns=n", "is a number", MLPIPE_E_PARAM},
        {&alone, NULL, "all 90 training rows are in one of the 5 folds",
         MLPIPE_E_SCHEMA},
        {&large, NULL, "beyond the doubles", MLPIPE_E_NUMERIC},
    };
    (void)state;

    for (uint32_t i = 0; i < FEATURES_ROWS; i++)
        huge[i] = features_y[i] * 1e200;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        target_open(&r);
        rig_column(&r, "n", features_y, NULL, 0);
        assert_status(cases[i].status,
                      group_step(&r, cases[i].rows,
                                 &mlpipe__step_target_encode,
                                 cases[i].text));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

/* A training row whose code is unseen is no missing one: its target counts for
 * the prior alone, which is what it gets. */
static void target_unseen_in_training(void **state)
{
    static const char *const words[] = {"a"};
    static const double code[] = {0, 0, NAN, NAN, -1, -1};
    static const double y[] = {1, 3, 5, 7, 100, 200};
    static const double fold[] = {0, 1, 0, 1, 0, 1};
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    const double prior = 316 / 6.0;
    double got[6];
    step_rig r;
    (void)state;

    rig_open(&r, 6);
    rig_column(&r, "x", code, words, 1);
    assert_ok(r.ctx, group_step(&r, &rows, &mlpipe__step_target_encode,
                                "folds=2 smooth=0"));
    group_read(&r, NULL, "x", got);
    assert_near(got[0], 2, 1e-15);
    assert_near(got[2], 6, 1e-15);
    assert_near(got[4], prior, 1e-14);
    group_read(&r, &rows, "x", got);
    assert_near(got[2], 7, 1e-15);
    assert_near(got[4], 210 / 3.0, 1e-14);
    rig_close(&r);
}

/* So much of the prior that nothing else is left, though its product with
 * anything is no double. */
static void target_smooth_beyond_all(void **state)
{
    static const char *const words[] = {"a", "b"};
    static const double code[] = {0, 0, 1, 1, 0, 1};
    static const double y[] = {1, 2, 3, 4, 5, 6}, fold[] = {0, 1, 0, 1, 1, 0};
    static const double high[] = {1e308, 1e308, 1e308, 1e308, 1e308, 1e308};
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    const group_rows equal = {high, fold, MLPIPE__TASK_REGRESSION};
    double got[6];
    (void)state;

    for (uint32_t turn = 0; turn < 3; turn++) {
        static const char *const text[] = {"folds=2 smooth=1e308",
                                           "folds=2 smooth=1.7e308",
                                           "folds=2 smooth=3"};
        step_rig r;
        rig_open(&r, 6);
        rig_column(&r, "x", code, words, 2);
        assert_ok(r.ctx, group_step(&r, turn == 2 ? &equal : &rows,
                                    &mlpipe__step_target_encode,
                                    text[turn]));
        group_read(&r, NULL, "x", got);
        for (uint32_t i = 0; i < 6; i++)
            assert_same(turn == 2 ? 1e308 : 3.5, got[i]);
        group_read(&r, &rows, "x", got);
        for (uint32_t i = 0; i < 6; i++)
            assert_same(turn == 2 ? 1e308 : fold[i] == 0 ? 11 / 3.0
                                                         : 10 / 3.0,
                        got[i]);
        rig_close(&r);
    }
}

/* Most folds have no row of a category, one has nearly all of them. */
static void target_folds_without_rows(void **state)
{
    static const char *const words[] = {"a", "b", "c", "d", "e", "f"};
    double code[512], y[512], fold[512], got[512];
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    (void)state;

    for (uint32_t i = 0; i < 512; i++) {
        const uint32_t k = i * 131 % 512;
        code[i] = k < 3 ? 0 : k < 12 ? 1 : k < 90 ? 2 : k < 160 ? 3 : 4;
        fold[i] = k >= 14 && k < 88 ? 5 : i * 29 % 61;
        y[i] = i * 37 % 101 / 8.0;
    }
    for (uint32_t turn = 0; turn < 2; turn++) {
        step_rig r;
        rig_open(&r, 512);
        rig_column(&r, "x", code, words, 6);
        assert_ok(r.ctx, group_step(&r, &rows, &mlpipe__step_target_encode,
                                    turn ? "folds=61 smooth=3"
                                         : "folds=61"));
        group_read(&r, &rows, "x", got);
        for (uint32_t i = 0; i < 512; i++)
            assert_near(got[i],
                        target_naive(code, y, fold, 512, i, turn ? 3 : -1),
                        2e-14);
        rig_close(&r);
    }
}

/* ---- cancelling --------------------------------------------------------- */

enum { TARGET_MANY = 10500 }; /* times 100 folds: more than one look takes */

static int32_t target_stop(void *user, const char *stage, double fraction)
{
    int32_t *left = user;

    assert_string_equal("target_encode", stage);
    assert_true(fraction >= 0 && fraction <= 1);
    return --*left < 0;
}

static void target_cancelled(void **state)
{
    static char text[TARGET_MANY][8];
    static const char *words[TARGET_MANY];
    double code[64], y[64], fold[64];
    const group_rows rows = {y, fold, MLPIPE__TASK_REGRESSION};
    (void)state;

    for (uint32_t i = 0; i < TARGET_MANY; i++) {
        snprintf(text[i], sizeof text[i], "w%u", i);
        words[i] = text[i];
    }
    for (uint32_t i = 0; i < 64; i++) {
        code[i] = i % 9;
        y[i] = i % 5;
        fold[i] = i;
    }
    for (int32_t looks = 0; looks < 3; looks++) {
        int32_t left = looks;
        step_rig r;
        rig_open(&r, 64);
        rig_column(&r, "x", code, words, TARGET_MANY);
        r.ctx->user = &left;
        r.ctx->progress = target_stop;
        assert_status(looks < 2 ? MLPIPE_E_CANCELLED : MLPIPE_OK,
                      group_step(&r, &rows, &mlpipe__step_target_encode,
                                 "folds=100"));
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(target_golden),
        cmocka_unit_test(target_unseen),
        cmocka_unit_test(defect_11_own_target_moves_no_own_encoding),
        cmocka_unit_test(target_identifier),
        cmocka_unit_test(target_many_values),
        cmocka_unit_test(target_unseen_in_training),
        cmocka_unit_test(target_smooth_beyond_all),
        cmocka_unit_test(target_folds_without_rows),
        cmocka_unit_test(target_cancelled),
        cmocka_unit_test(target_any_order),
        cmocka_unit_test(target_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
