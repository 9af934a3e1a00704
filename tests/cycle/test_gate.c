/* SPDX-License-Identifier: MIT */
/* The gate: what is withheld, what is taken out, who wins. */
#include "cycle_world.h"

static int64_t id_at(const mlpipe_dataset *d, int64_t row)
{
    mlpipe_value v;

    assert_int_equal(mlpipe_dataset_cell(
                         d, row, (uint32_t)mlpipe_dataset_find(d, "id"), &v),
                     0);
    return (int64_t)v.num;
}

static void test_split_newest(void **state)
{
    mlpipe_dataset *d, *fit, *held;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = world_dataset(c, 1, 1001, 1);
    assert_ok(c, mlpipe__gate_split(c, d, "", 0.25, 0, &fit, &held));
    assert_int_equal(mlpipe_dataset_rows(held), 251); /* at least the share */
    assert_int_equal(mlpipe_dataset_rows(fit), 750);
    for (int64_t i = 0; i < 750; i++)
        assert_int_equal(id_at(fit, i), 1 + i);
    for (int64_t i = 0; i < 251; i++)
        assert_int_equal(id_at(held, i), 751 + i);
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

/* The rows before the withheld ones are in neither part. */
static void test_split_gap(void **state)
{
    mlpipe_dataset *d, *fit, *held;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = world_dataset(c, 1, 1000, 1);
    assert_ok(c, mlpipe__gate_split(c, d, "", 0.25, 6, &fit, &held));
    assert_int_equal(mlpipe_dataset_rows(held), 250);
    assert_int_equal(mlpipe_dataset_rows(fit), 744);
    assert_int_equal(id_at(fit, 743), 744);
    assert_int_equal(id_at(held, 0), 751);
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    assert_ok(c, mlpipe__gate_split(c, d, "", 0.25, 5000, &fit, &held));
    assert_int_equal(mlpipe_dataset_rows(fit), 0);
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A group is on one side: n is the group here, ten of them. */
static void test_split_groups(void **state)
{
    mlpipe_dataset *d, *fit, *held;
    uint32_t column;
    int side[10] = {0};
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    d = world_dataset(c, 1, 1000, 1);
    column = (uint32_t)mlpipe_dataset_find(d, "n");
    assert_ok(c, mlpipe__gate_split(c, d, "n", 0.25, 0, &fit, &held));
    assert_int_equal(mlpipe_dataset_rows(fit) + mlpipe_dataset_rows(held),
                     1000);
    assert_in_range(mlpipe_dataset_rows(held), 250, 450);
    for (int which = 1; which <= 2; which++) {
        const mlpipe_dataset *part = which == 1 ? fit : held;
        for (int64_t i = 0; i < mlpipe_dataset_rows(part); i++) {
            mlpipe_value v;
            assert_ok(c, mlpipe_dataset_cell(part, i, column, &v));
            side[(int)v.num] |= which;
        }
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(side[i], 1, 2);
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Rows of no group are not one group: else the newest of them took all. */
static void test_split_without_group(void **state)
{
    int64_t group[100], id[100];
    uint8_t valid[100];
    mlpipe_dataset *d, *fit, *held;
    mlpipe_builder *b;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (int i = 0; i < 100; i++) {
        id[i] = i;
        group[i] = i % 10;
        valid[i] = i % 10 < 3; /* groups 0, 1 and 2; the others have none */
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                       100));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, group, valid,
                                       100));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    /* the seven newest have no group, and none behind them is asked for */
    assert_ok(c, mlpipe__gate_split(c, d, "n", 0.065, 0, &fit, &held));
    assert_int_equal(7, mlpipe_dataset_rows(held));
    for (int64_t i = 0; i < 7; i++)
        assert_int_equal(93 + i, id_at(held, i));
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    /* one more, and its group comes with it */
    assert_ok(c, mlpipe__gate_split(c, d, "n", 0.075, 0, &fit, &held));
    assert_int_equal(17, mlpipe_dataset_rows(held));
    mlpipe_dataset_free(fit);
    mlpipe_dataset_free(held);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_who_wins(void **state)
{
    mlpipe_dataset *old_law, *new_law, *fresh;
    mlpipe_model *a, *b;
    mlpipe_pipeline *p;
    mlpipe__gate g;
    mlpipe_ctx *c;
    const mlpipe__metric *rmse = mlpipe__metric_find("rmse");

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    p = world_recipe(c);
    old_law = world_dataset(c, 1, 2000, 2);
    new_law = world_dataset(c, 2001, 2000, -2);
    fresh = world_dataset(c, 4001, 500, -2);
    assert_ok(c, mlpipe_fit(c, p, old_law, NULL, &a));
    assert_ok(c, mlpipe_fit(c, p, new_law, NULL, &b));
    assert_ok(c, mlpipe__gate_score(c, a, b, fresh, rmse, 200, &g));
    assert_true(g.enough);
    assert_int_equal(g.rows, 500);
    assert_true(mlpipe__gate_passes(&g, 0.01));
    assert_true(g.compared.b < g.compared.a);
    /* the other way round it does not */
    assert_ok(c, mlpipe__gate_score(c, b, a, fresh, rmse, 200, &g));
    assert_false(mlpipe__gate_passes(&g, 0.5));
    /* a model is not better than itself */
    assert_ok(c, mlpipe__gate_score(c, a, a, fresh, rmse, 200, &g));
    assert_false(mlpipe__gate_passes(&g, 0.5));
    /* too few */
    assert_ok(c, mlpipe__gate_score(c, a, b, fresh, rmse, 501, &g));
    assert_false(g.enough);
    assert_false(mlpipe__gate_passes(&g, 0.5));
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(old_law);
    mlpipe_dataset_free(new_law);
    mlpipe_dataset_free(fresh);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Rows that a model was fitted on may not speak for it. */
static void test_training_rows_are_removed(void **state)
{
    mlpipe_dataset *rows, *other, *mixed;
    mlpipe_model *a, *b;
    mlpipe_pipeline *p;
    mlpipe__gate g;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    p = world_recipe(c);
    rows = world_dataset(c, 1, 2000, 2);
    other = world_dataset(c, 5001, 2000, 2);
    mixed = world_dataset(c, 1, 3000, 2);
    assert_ok(c, mlpipe_fit(c, p, rows, NULL, &a));
    assert_ok(c, mlpipe_fit(c, p, other, NULL, &b));
    assert_ok(c, mlpipe__gate_score(c, a, b, mixed,
                                    mlpipe__metric_find("rmse"), 200, &g));
    assert_int_equal(g.rows + g.removed, 3000);
    assert_int_equal(g.removed, a->train_id_count);
    assert_in_range(g.removed, 1600, 2000);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(rows);
    mlpipe_dataset_free(other);
    mlpipe_dataset_free(mixed);
    mlpipe_ctx_free(c);
    (void)state;
}

/* No better challenger is let in more often than alpha says. */
static void test_size(void **state)
{
    uint32_t passed = 0;

    for (uint32_t k = 0; k < 2000; k++) {
        double a[300], b[300];
        mlpipe__gate g = {.rows = 300, .enough = true};
        for (uint32_t i = 0; i < 300; i++) {
            const uint64_t at = (uint64_t)k * 300 + i;
            const double y = mlpipe__normal_quantile(serve_random(at, 20));
            const double e = mlpipe__normal_quantile(serve_random(at, 21));
            const double f = mlpipe__normal_quantile(serve_random(at, 22));
            a[i] = (y - e) * (y - e);
            b[i] = (y - f) * (y - f);
        }
        mlpipe__paired(b, a, 300, &g.compared.mean, &g.compared.se,
                       &g.compared.p);
        passed += mlpipe__gate_passes(&g, 0.01);
    }
    print_message("%u of 2000 equal challengers passed at 1 %%\n", passed);
    assert_in_range(passed, 5, 36);
    (void)state;
}

static void test_silence(void **state)
{
    mlpipe__gate g = {.rows = 1000, .enough = true};

    g.compared.mean = -1;
    g.compared.p = 1e-9;
    assert_true(mlpipe__gate_passes(&g, 0.01));
    g.silent_b = 30; /* it answers what is easy */
    assert_false(mlpipe__gate_passes(&g, 0.01));
    g.silent_a = 30;
    assert_true(mlpipe__gate_passes(&g, 0.01));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_newest),
        cmocka_unit_test(test_split_gap),
        cmocka_unit_test(test_split_groups),
        cmocka_unit_test(test_split_without_group),
        cmocka_unit_test(test_who_wins),
        cmocka_unit_test(test_training_rows_are_removed),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
