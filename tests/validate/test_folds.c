/* SPDX-License-Identifier: MIT */
/* Folds: places and counts as scikit-learn's, strata, groups, determinism. */
#include "split_rig.h"

#include "golden/folds.h"

#include <math.h>
#include "golden_text.h"

enum { N = 1200 };

static int64_t serial[RIG_MAX];

static mlpipe_dataset *numbers(mlpipe_ctx *c, int64_t rows)
{
    const rig_column column = {"n", serial, 0};
    for (int64_t i = 0; i < rows; i++)
        serial[i] = i;
    return rig_dataset(c, &column, 1, rows);
}

static mlpipe_ctx *plain(uint32_t threads)
{
    const mlpipe_ctx_options o = {.threads = threads};
    mlpipe_ctx *c;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

static void contiguous(void **state)
{
    mlpipe_ctx *c = plain(1);
    uint8_t mark[RIG_MAX];
    char params[80];
    (void)state;
    for (size_t g = 0; g < sizeof golden_kfold / sizeof *golden_kfold; g++) {
        const int n = golden_kfold[g].n, folds = golden_kfold[g].folds;
        mlpipe_dataset *d = numbers(c, n);
        mlpipe_dataset *mixed = rig_shuffled(c, d, g);
        for (int k = 0; k < folds; k++) {
            const int end =
                k + 1 < folds ? golden_kfold[g].start[k + 1] : n;
            for (int pass = 0; pass < 2; pass++) { /* by place, by order */
                snprintf(params, sizeof params, "kind=contiguous folds=%d %s",
                         folds, pass ? "order=n" : "");
                assert_true(rig_fold(c, pass ? mixed : d, params,
                                     (uint32_t)k, mark));
                for (int i = 0; i < n; i++)
                    assert_int_equal(
                        i >= golden_kfold[g].start[k] && i < end ? 2 : 1,
                        mark[i]);
            }
        }
        mlpipe_dataset_free(mixed);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

static void ordered(void **state)
{
    mlpipe_ctx *c = plain(1);
    uint8_t mark[RIG_MAX];
    char params[160];
    (void)state;
    for (size_t g = 0; g < sizeof golden_time / sizeof *golden_time; g++) {
        mlpipe_dataset *d = numbers(c, golden_time[g].n);
        mlpipe_dataset *mixed = rig_shuffled(c, d, g);
        snprintf(params, sizeof params,
                 "kind=ordered order=n folds=%d test=%d gap=%d max_train=%d",
                 golden_time[g].folds, golden_time[g].test,
                 golden_time[g].gap, golden_time[g].max_train);
        for (int k = 0; k < golden_time[g].folds; k++) {
            const int *rows = golden_time[g].rows[k];
            assert_true(rig_fold(c, mixed, params, (uint32_t)k, mark));
            for (int i = 0; i < golden_time[g].n; i++) {
                int role = i >= rows[2] && i <= rows[3] ? 2 : 0;
                if (i >= rows[0] && i <= rows[1])
                    role = 1;
                assert_int_equal(role, mark[i]);
            }
        }
        mlpipe_dataset_free(mixed);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Folds of so much time, whatever their rows; the last ends with the last. */
static void ordered_by_time(void **state)
{
    /* seconds, where 26 .. 35 and 16 .. 25 are tested */
    int64_t t[12] = {35, 3, 16, 26, 25, 0, 17, 15, 34, 25, 7, 26};
    static const uint8_t role[2][12] = {
        {0, 1, 2, 0, 2, 1, 2, 1, 0, 2, 1, 0},
        {2, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 2}};
    const rig_column column = {"t", t, MLPIPE_UNIT_S};
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = rig_dataset(c, &column, 1, 12), *fold, *rest;
    uint8_t mark[RIG_MAX];
    (void)state;
    for (uint32_t k = 0; k < 2; k++) {
        assert_true(rig_fold(c, d, "kind=ordered order=t folds=2 test='10 s'",
                             k, mark));
        for (int i = 0; i < 12; i++)
            assert_int_equal(role[k][i], mark[i]);
    }
    assert_told(c, MLPIPE_E_EMPTY,
                mlpipe_dataset_fold(c, d, "kind=ordered order=t folds=2 "
                                    "test='18 s'", 0, &fold, &rest));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "shorter test="));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_dataset_fold(c, d, "kind=ordered folds=2 "
                                    "test='10 s'", 0, &fold, &rest));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void stratified(void **state)
{
    mlpipe_ctx *c = plain(1);
    int64_t y[100];
    uint8_t mark[RIG_MAX];
    char params[80];
    (void)state;
    for (size_t g = 0;
         g < sizeof golden_stratified / sizeof *golden_stratified; g++) {
        const rig_column column = {"y", y, 0};
        int n = 0;
        mlpipe_dataset *d;
        for (int k = 0; k < golden_stratified[g].classes; k++)
            for (int i = 0; i < golden_stratified[g].size[k]; i++)
                y[n++] = k;
        d = rig_dataset(c, &column, 1, n);
        snprintf(params, sizeof params, "folds=%d stratify=y",
                 golden_stratified[g].folds);
        for (int f = 0; f < golden_stratified[g].folds; f++) {
            int count[4] = {0};
            assert_true(rig_fold(c, d, params, (uint32_t)f, mark));
            for (int i = 0; i < n; i++)
                count[y[i]] += mark[i] == 2;
            for (int k = 0; k < golden_stratified[g].classes; k++)
                assert_int_equal(golden_stratified[g].count[f][k], count[k]);
        }
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* A dataset with a class, a number, and a group of up to 40 rows, some of
 * which have none. */
static int64_t of_class[N], of_number[N], of_group[N];

static mlpipe_dataset *labelled(mlpipe_ctx *c)
{
    const rig_column columns[] = {{"class", of_class, 0},
                                  {"number", of_number, 0},
                                  {"group", of_group, 0}};
    for (int64_t i = 0; i < N; i++) {
        const int64_t u = rig_whole(1, 0, i, 100);
        of_class[i] = u < 3 ? RIG_NULL : u < 10 ? 2 : u < 40 ? 1 : 0;
        of_number[i] = rig_whole(1, 1, i, 500);
        of_group[i] = rig_whole(1, 2, i, 9) ? rig_whole(1, 3, i, 8) *
                                                  rig_whole(1, 4, i, 9)
                                            : RIG_NULL;
    }
    return rig_dataset(c, columns, 3, N);
}

/* Every part has its share of each class to one row, and so of each bin. */
static void strata(void **state)
{
    static const double share[3] = {0.57, 0.31, 0.12};
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = labelled(c), *part[3];
    (void)state;
    for (int by = 0; by < 2; by++) {
        double count[3][11] = {{0}}, all[11] = {0};
        uint8_t bin[N];
        int64_t rank[N];
        for (int i = 0; i < N; i++) { /* ten bins by rank, ties together */
            int64_t below = 0, same = 0;
            for (int k = 0; k < N; k++) {
                below += of_number[k] < of_number[i];
                same += of_number[k] == of_number[i];
            }
            rank[i] = (2 * below + same) * 10 / (2 * N);
            bin[i] = (uint8_t)(by ? rank[i]
                                  : of_class[i] == RIG_NULL ? 3
                                                            : of_class[i]);
            all[bin[i]]++;
        }
        assert_ok(c, mlpipe_dataset_split(
                         c, d,
                         by ? "parts=0.57,0.31,0.12 stratify=number"
                            : "parts=0.57,0.31,0.12 stratify=class seed=4",
                         part, 3));
        for (int p = 0; p < 3; p++) {
            double rows = 0;
            for (int64_t i = 0; i < mlpipe_dataset_rows(part[p]); i++)
                count[p][bin[mlpipe_dataset_row_id(part[p], i)]]++;
            for (int s = 0; s < 11; s++) {
                const double off = count[p][s] - share[p] * all[s];
                assert_true(off > -1 && off < 1);
                rows += off;
            }
            assert_true(rows > -1.5 && rows < 1.5);
            mlpipe_dataset_free(part[p]);
        }
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* No group is in two folds, folds are of like size, and classes too. */
static void groups_stay_whole(void **state)
{
    static const char *const params[] = {
        "folds=4 group=group", "folds=4 group=group seed=3",
        "folds=4 group=group stratify=class"};
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = labelled(c);
    uint8_t mark[RIG_MAX], other[N], home[N];
    int moved = 0;
    (void)state;
    for (int p = 0; p < 3; p++) {
        memset(home, 0, sizeof home);
        for (uint32_t k = 0; k < 4; k++) {
            int rows = 0, ones = 0, all = 0;
            assert_true(rig_fold(c, d, params[p], k, mark));
            for (int i = 0; i < N; i++) {
                if (mark[i] == 2)
                    home[i] = (uint8_t)(k + 1);
                rows += mark[i] == 2;
                ones += mark[i] == 2 && of_class[i] == 1;
                all += of_class[i] == 1;
            }
            assert_true(rows > N / 4 - 10 && rows < N / 4 + 10);
            if (p == 2) /* the share of a class, in a hundredth */
                assert_true(4 * ones > all * 96 / 100 &&
                            4 * ones < all * 104 / 100);
        }
        for (int i = 0; i < N; i++)
            for (int k = 0; k < i; k++)
                if (of_group[i] == of_group[k] && of_group[i] != RIG_NULL)
                    assert_int_equal(home[k], home[i]);
        for (int i = 0; i < N; i++)
            moved += p == 1 && other[i] != home[i];
        memcpy(other, home, N);
    }
    assert_true(moved); /* the seed has a say */
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The same rows in another sequence, and more threads, change nothing. */
static void sequence(void **state)
{
    static const char *const params[] = {
        "folds=3 seed=2",
        "folds=3 stratify=class",
        "folds=3 stratify=number bins=7",
        "folds=3 group=group",
        "folds=3 group=group,class stratify=class",
        "folds=3 kind=contiguous order=number gap=20",
        "folds=3 kind=ordered order=number gap=3 group=group max_train=100",
        "folds=3 repeats=2 stratify=class order=number embargo=2",
        "kind=groups group=group"};
    mlpipe_ctx *c = plain(1), *many = plain(3);
    mlpipe_dataset *d = labelled(c), *mixed = rig_shuffled(c, d, 5);
    uint8_t a[RIG_MAX], b[RIG_MAX];
    (void)state;
    for (size_t p = 0; p < sizeof params / sizeof *params; p++)
        for (uint32_t k = 0; k < 3; k++) {
            const bool got = rig_fold(c, d, params[p], k, a);
            assert_int_equal(got, rig_fold(many, mixed, params[p], k, b));
            assert_memory_equal(a, b, sizeof a);
        }
    mlpipe_dataset_free(mixed);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(many);
    mlpipe_ctx_free(c);
}

static void repeats(void **state)
{
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = labelled(c);
    uint8_t a[RIG_MAX], b[RIG_MAX];
    (void)state;
    for (uint32_t k = 0; k < 6; k++) { /* fold k of repeat r = seed + r */
        char once[40];
        snprintf(once, sizeof once, "folds=3 seed=%u", 7 + k / 3);
        assert_true(rig_fold(c, d, "folds=3 repeats=2 seed=7", k, a));
        assert_true(rig_fold(c, d, once, k % 3, b));
        assert_memory_equal(a, b, sizeof a);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Each group in turn; rows without one are alone. */
static void leave_one_out(void **state)
{
    int64_t group[6] = {7, 5, 7, RIG_NULL, 5, RIG_NULL};
    static const uint8_t fold[4][6] = {{2, 1, 2, 1, 1, 1},
                                       {1, 2, 1, 1, 2, 1},
                                       {1, 1, 1, 2, 1, 1},
                                       {1, 1, 1, 1, 1, 2}};
    const rig_column column = {"g", group, 0};
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = rig_dataset(c, &column, 1, 6), *a, *b;
    uint8_t mark[RIG_MAX];
    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        assert_true(rig_fold(c, d, "kind=groups group=g", k, mark));
        assert_memory_equal(fold[k], mark, 6);
    }
    assert_told(c, MLPIPE_E_ARG,
                mlpipe_dataset_fold(c, d, "kind=groups group=g", 4, &a,
                                    &b));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* In an order, groups of tested rows do not train. */
static void groups_in_order(void **state)
{
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d = labelled(c), *part[2];
    uint8_t mark[RIG_MAX], tested[100];
    (void)state;
    assert_true(rig_fold(c, d, "folds=20 kind=contiguous group=group", 3,
                         mark));
    memset(tested, 0, sizeof tested);
    for (int i = 0; i < N; i++)
        if (mark[i] == 2 && of_group[i] != RIG_NULL)
            tested[of_group[i]] = 1;
    for (int i = 0; i < N; i++)
        if (mark[i] != 2)
            assert_int_equal(of_group[i] == RIG_NULL || !tested[of_group[i]],
                             mark[i] == 1);
    assert_ok(c, mlpipe_dataset_split(
                     c, d, "order=number parts=0.97,0.03 group=group", part,
                     2));
    memset(tested, 0, sizeof tested);
    for (int64_t i = 0; i < mlpipe_dataset_rows(part[1]); i++) {
        const int64_t g = of_group[mlpipe_dataset_row_id(part[1], i)];
        if (g != RIG_NULL)
            tested[g] = 1;
    }
    for (int64_t i = 0; i < mlpipe_dataset_rows(part[0]); i++) {
        const int64_t g = of_group[mlpipe_dataset_row_id(part[0], i)];
        assert_true(g == RIG_NULL || !tested[g]);
    }
    mlpipe_dataset_free(part[0]);
    mlpipe_dataset_free(part[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A column without any value has one stratum, and no class that could be too
 * small for the folds. */
static void no_class(void **state)
{
    static const char *const params[] = {
        "folds=3 stratify=none", "folds=3 stratify=none bins=2",
        "folds=12 stratify=none", "folds=3 stratify=none group=n",
        "folds=12 stratify=text", "folds=4 stratify=real"};
    double real[12];
    int64_t n[12], none[12];
    const char *text[12] = {0};
    uint8_t valid[12] = {0};
    mlpipe_ctx *c = plain(1);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    (void)state;
    for (int i = 0; i < 12; i++) {
        n[i] = none[i] = i;
        real[i] = NAN;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, n, NULL, 12));
    assert_ok(c, mlpipe_builder_column(c, b, "none", MLPIPE_I64, none, valid,
                                       12));
    assert_ok(c, mlpipe_builder_column(c, b, "real", MLPIPE_F64, real, NULL,
                                       12));
    assert_ok(c, mlpipe_builder_texts(c, b, "text", text, 12));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    for (size_t k = 0; k < sizeof params / sizeof *params; k++) {
        uint8_t mark[RIG_MAX], tested[12] = {0};
        const uint32_t folds = strstr(params[k], "12") ? 12
                               : strstr(params[k], "4") ? 4
                                                        : 3;
        for (uint32_t f = 0; f < folds; f++) {
            uint32_t rows = 0;
            assert_true(rig_fold(c, d, params[k], f, mark));
            for (int i = 0; i < 12; i++) {
                tested[i] |= mark[i];
                rows += mark[i] == 2;
            }
            assert_int_equal(12 / folds, rows);
        }
        for (int i = 0; i < 12; i++)
            assert_true(tested[i] & 2);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Status, and what the message must name. */
static void refusals(void **state)
{
    static const struct {
        const char *params, *words[2];
        mlpipe_status status;
    } cases[] = {
        {"folds=5 stratify=rare", {"has 2 rows", "5 folds"}, MLPIPE_E_EMPTY},
        {"folds=5 group=rare", {"2 groups", "5 folds"}, MLPIPE_E_EMPTY},
        {"folds=3 group=n stratify=rare", {"has 2 groups", "3 folds"},
         MLPIPE_E_EMPTY},
        {"kind=ordered order=hole", {"row 2", "fill"}, MLPIPE_E_SCHEMA},
        {"kind=ordered order=n label_end=hole", {"row 2", "label_end"},
         MLPIPE_E_SCHEMA},
        {"kind=ordered order=n label_end=zero", {"row 1", "before"},
         MLPIPE_E_SCHEMA},
        {"kind=contiguous order=n label_end=far folds=2",
         {"6 were dropped", "6 have a label span"}, MLPIPE_E_EMPTY},
        {"kind=ordered test=3 folds=4", {"4 folds of 3", "12 rows"},
         MLPIPE_E_EMPTY},
        {"folds=13", {"12 rows", "13 folds"}, MLPIPE_E_EMPTY},
        {"kind=groups", {"needs group=", "kind=groups"}, MLPIPE_E_PARAM},
        {"kind=groups group=n folds=3", {"folds=", "left out"},
         MLPIPE_E_PARAM},
        {"order=n", {"order=", "kind=ordered"}, MLPIPE_E_PARAM},
        {"label_end=far", {"label_end=", "order="}, MLPIPE_E_PARAM},
        {"kind=contiguous label_end=far", {"label_end=far", "order="},
         MLPIPE_E_PARAM},
        {"kind=contiguous repeats=2", {"repeats=", "kind=random"},
         MLPIPE_E_PARAM},
        {"kind=ordered stratify=rare", {"stratify=", "kind=random"},
         MLPIPE_E_PARAM},
        {"max_train=5", {"max_train=", "kind=ordered"}, MLPIPE_E_PARAM},
        {"bins=5", {"bins=", "stratify="}, MLPIPE_E_PARAM},
        {"kind=contiguous gap=5d", {"gap=5d", "times"}, MLPIPE_E_PARAM},
        {"kind=contiguous order=n gap=5d", {"gap=5d", "times"},
         MLPIPE_E_PARAM},
        {"kind=contiguous gap=-5", {"gap=-5", "negative"}, MLPIPE_E_PARAM},
        {"kind=contiguous gap=1.5", {"gap=1.5", "rows"}, MLPIPE_E_PARAM},
        {"kind=contiguous order=n label_end=t", {"timestamp", "i64"},
         MLPIPE_E_SCHEMA},
        {"folds=2 stratify=none", {"none", "column"}, MLPIPE_E_SCHEMA},
    };
    int64_t n[12], rare[12], hole[12], zero[12] = {0}, far[12], t[12];
    const rig_column columns[] = {{"n", n, 0},       {"rare", rare, 0},
                                  {"hole", hole, 0}, {"zero", zero, 0},
                                  {"far", far, 0},   {"t", t, 1}};
    mlpipe_ctx *c = plain(1);
    mlpipe_dataset *d, *fold, *rest;
    (void)state;
    for (int i = 0; i < 12; i++) {
        n[i] = i;
        rare[i] = i < 2;
        hole[i] = i == 2 ? RIG_NULL : 50;
        far[i] = 100;
        t[i] = i;
    }
    d = rig_dataset(c, columns, 6, 12);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text;
        assert_status(cases[i].status,
                      mlpipe_dataset_fold(c, d, cases[i].params, 1, &fold,
                                          &rest));
        assert_true(!fold && !rest);
        text = mlpipe_ctx_error(c)->text;
        golden_error(__BASE_FILE__, cases[i].params, c, cases[i].status);
        for (int w = 0; w < 2; w++)
            if (!strstr(text, cases[i].words[w]))
                fail_msg("%s: no \"%s\" in: %s", cases[i].params,
                         cases[i].words[w], text);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous),
        cmocka_unit_test(ordered),
        cmocka_unit_test(ordered_by_time),
        cmocka_unit_test(stratified),
        cmocka_unit_test(strata),
        cmocka_unit_test(groups_stay_whole),
        cmocka_unit_test(sequence),
        cmocka_unit_test(repeats),
        cmocka_unit_test(leave_one_out),
        cmocka_unit_test(groups_in_order),
        cmocka_unit_test(no_class),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
