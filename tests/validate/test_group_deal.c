/* SPDX-License-Identifier: MIT */
/*
 * Whole groups in unequal parts: what part a group is in says nothing of its
 * size, parts have their share of rows and of classes, and a few groups are
 * enough.
 */
#include "split_rig.h"

#include <math.h>

enum { SEEDS = 200, GROUPS_MAX = 700, PARTS_MAX = 3 };

static int64_t of_group[RIG_MAX], of_class[RIG_MAX];
static int32_t size_of[GROUPS_MAX];
static int32_t group_count, row_count, largest; /* largest: its number */

static mlpipe_ctx *plain(void)
{
    const mlpipe_ctx_options o = {.threads = 1};
    mlpipe_ctx *c;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* Groups of a row mostly, and of up to 60: Pareto with the exponent 1.2; a
 * third of the groups are mostly of class 1. */
static mlpipe_dataset *heavy(mlpipe_ctx *c, int32_t groups)
{
    const rig_column columns[] = {{"group", of_group, 0},
                                  {"class", of_class, 0}};
    row_count = 0;
    largest = 0;
    group_count = groups;
    for (int32_t g = 0; g < groups; g++) {
        const double u = (double)(rig_whole(3, 0, g, 9999) + 1) / 10000;
        const double size = pow(u, -1 / 1.2);
        const int64_t odds = rig_whole(3, 1, g, 3) ? 1 : 8;
        size_of[g] = size > 60 ? 60 : (int32_t)size;
        largest = size_of[g] > size_of[largest] ? g : largest;
        for (int32_t k = 0; k < size_of[g]; k++) {
            assert_true(row_count < RIG_MAX);
            of_group[row_count] = 7 * g + 3;
            of_class[row_count] = rig_whole(3, 2, row_count, 10) < odds;
            row_count++;
        }
    }
    return rig_dataset(c, columns, 2, row_count);
}

/* What one split gave each part. */
typedef struct dealt {
    double rows, ones, groups;
    bool largest;
} dealt;

static void look(const mlpipe_dataset *part, dealt *out)
{
    uint8_t seen[GROUPS_MAX] = {0};
    *out = (dealt){.rows = (double)mlpipe_dataset_rows(part)};
    for (int64_t i = 0; i < mlpipe_dataset_rows(part); i++) {
        const uint64_t id = mlpipe_dataset_row_id(part, i);
        const int64_t g = (of_group[id] - 3) / 7;
        out->ones += (double)of_class[id];
        out->groups += !seen[g];
        seen[g] = 1;
    }
    out->largest = seen[largest];
}

static void split(mlpipe_ctx *c, const mlpipe_dataset *d, const char *params,
                  uint32_t seed, uint32_t parts, dealt *out)
{
    mlpipe_dataset *part[PARTS_MAX];
    char text[100];
    double rows = 0, groups = 0;
    snprintf(text, sizeof text, "%s seed=%u", params, seed);
    assert_ok(c, mlpipe_dataset_split(c, d, text, part, parts));
    for (uint32_t j = 0; j < parts; j++) {
        look(part[j], &out[j]);
        rows += out[j].rows;
        groups += out[j].groups;
        mlpipe_dataset_free(part[j]);
    }
    assert_true(rows == row_count && groups == group_count);
}

static const struct {
    const char *params;
    uint32_t parts;
    double share[PARTS_MAX];
} cases[] = {
    {"parts=0.8,0.2 group=group", 2, {0.8, 0.2}},
    {"parts=0.2,0.8 group=group", 2, {0.2, 0.8}},
    {"parts=0.8,0.2 group=group stratify=class", 2, {0.8, 0.2}},
    {"parts=0.6,0.2,0.2 group=group", 3, {0.6, 0.2, 0.2}},
    {"parts=0.57,0.31,0.12 group=group stratify=class", 3,
     {0.57, 0.31, 0.12}},
    {"parts=0.5,0.5 group=group", 2, {0.5, 0.5}},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Over seeds the mean size of a part's groups is that of all, to the error of
 * the sample, and the largest group goes where the shares say. */
static void sizes(void **state)
{
    mlpipe_ctx *c = plain();
    mlpipe_dataset *d = heavy(c, 600);
    const double all = (double)row_count / group_count;
    (void)state;
    for (int k = 0; k < CASES; k++) {
        double sum[PARTS_MAX] = {0}, square[PARTS_MAX] = {0},
               largest_in[PARTS_MAX] = {0};
        for (uint32_t seed = 0; seed < SEEDS; seed++) {
            dealt x[PARTS_MAX];
            split(c, d, cases[k].params, seed, cases[k].parts, x);
            for (uint32_t j = 0; j < cases[k].parts; j++) {
                const double off = x[j].rows / x[j].groups - all;
                sum[j] += off;
                square[j] += off * off;
                largest_in[j] += x[j].largest;
            }
        }
        for (uint32_t j = 0; j < cases[k].parts; j++) {
            const double mean = sum[j] / SEEDS, p = cases[k].share[j];
            const double error =
                sqrt((square[j] / SEEDS - mean * mean) / SEEDS);
            if (fabs(mean) > 3 * error + 0.005 * all ||
                fabs(largest_in[j] - p * SEEDS) >
                    4 * sqrt(SEEDS * p * (1 - p)))
                fail_msg("%s, part %u: groups are larger by %g of %g rows "
                         "(error %g), the largest is there %g times of %d",
                         cases[k].params, j, mean, all, error, largest_in[j],
                         (int)SEEDS);
        }
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Rows within the largest group of the share, with small groups to fill up
 * within two rows; classes to a hundredth. */
static void counts(void **state)
{
    mlpipe_ctx *c = plain();
    (void)state;
    for (int few = 0; few < 2; few++) {
        mlpipe_dataset *d = heavy(c, few ? 12 : 600);
        const double most = few ? size_of[largest] : 2;
        double ones = 0;
        for (int32_t i = 0; i < row_count; i++)
            ones += (double)of_class[i];
        for (int k = 0; k < CASES; k++)
            for (uint32_t seed = 0; seed < SEEDS; seed++) {
                dealt x[PARTS_MAX];
                if (few && strstr(cases[k].params, "stratify"))
                    continue;
                split(c, d, cases[k].params, seed, cases[k].parts, x);
                for (uint32_t j = 0; j < cases[k].parts; j++) {
                    const double p = cases[k].share[j];
                    assert_true(fabs(x[j].rows - p * row_count) <= most);
                    if (strstr(cases[k].params, "stratify"))
                        assert_true(fabs(x[j].ones - p * ones) < 0.01 * ones);
                }
            }
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* No part is empty while there is a group for each, however small its share
 * and large one group. */
static void few(void **state)
{
    static const char *const params[] = {
        "parts=0.8,0.2 group=group", "parts=0.97,0.02,0.01 group=group"};
    mlpipe_ctx *c = plain();
    (void)state;
    for (int32_t groups = 2; groups < 12; groups++) {
        mlpipe_dataset *d = heavy(c, groups);
        for (uint32_t k = 0; k < 2 && (int32_t)k + 2 <= groups; k++)
            for (uint32_t seed = 0; seed < 20; seed++) {
                dealt x[PARTS_MAX];
                split(c, d, params[k], seed, k + 2, x);
                for (uint32_t j = 0; j < k + 2; j++)
                    assert_true(x[j].groups > 0);
            }
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

/* Sorting the rows or more threads change nothing; the seed does. */
static void same(void **state)
{
    mlpipe_ctx *c = plain();
    mlpipe_dataset *d = heavy(c, 600), *mixed = rig_shuffled(c, d, 5);
    uint8_t a[RIG_MAX], b[RIG_MAX], other[RIG_MAX] = {0};
    (void)state;
    for (int k = 0; k < CASES; k++) {
        mlpipe_dataset *x[PARTS_MAX], *y[PARTS_MAX];
        const uint32_t parts = cases[k].parts;
        memset(a, 0, sizeof a);
        memset(b, 0, sizeof b);
        assert_ok(c, mlpipe_dataset_split(c, d, cases[k].params, x, parts));
        assert_ok(c,
                  mlpipe_dataset_split(c, mixed, cases[k].params, y, parts));
        for (uint32_t j = 0; j < parts; j++) {
            rig_mark(x[j], (uint8_t)(j + 1), a);
            rig_mark(y[j], (uint8_t)(j + 1), b);
            mlpipe_dataset_free(x[j]);
            mlpipe_dataset_free(y[j]);
        }
        assert_memory_equal(a, b, sizeof a);
        assert_memory_not_equal(a, other, sizeof a);
        memcpy(other, a, sizeof a);
    }
    mlpipe_dataset_free(mixed);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(counts),
        cmocka_unit_test(few),
        cmocka_unit_test(same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
