/* SPDX-License-Identifier: MIT */
/*
 * Permutation importance: against rows put together by hand and predicted one
 * by one, for columns of every type; the same for any threads.
 */
#include "model_support.h"

#include <math.h>

#include "report/report_types.h"
#include "golden_text.h"

enum { ROWS = 700 };

static mlpipe_ctx *ctx;
static mlpipe_dataset *made;

static int set_up(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &ctx))
        return -1;
    made = made_dataset(ctx, 0, ROWS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(made);
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_model *fit(const char *recipe, const char *derive)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;

    assert_ok(ctx, mlpipe_pipeline_new(ctx, recipe, &p));
    if (derive)
        assert_ok(ctx, mlpipe_pipeline_derive(ctx, p, derive));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "gbt", "trees=40"));
    assert_ok(ctx, mlpipe_fit(ctx, p, made, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static mlpipe_report *importance(const mlpipe_model *m, const char *params)
{
    mlpipe_report *r;

    assert_ok(ctx, mlpipe_importance(ctx, m, made, params, &r));
    return r;
}

/* ---- against rows made by hand ------------------------------------------- */

typedef struct key {
    int64_t key;
    int64_t row;
} key;

static int by_key(const void *a, const void *b)
{
    const key *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static void order_of(uint64_t seed, uint32_t repeat, int64_t *order)
{
    key keys[ROWS];

    for (int64_t i = 0; i < ROWS; i++)
        keys[i] = (key){(int64_t)mlpipe__random64(
                            seed, MLPIPE__FOR_PERMUTE, repeat, (uint64_t)i,
                            0), i};
    qsort(keys, ROWS, sizeof *keys, by_key);
    for (int64_t i = 0; i < ROWS; i++)
        order[i] = keys[i].row;
}

/* Predictions where the columns in `names` come from other rows. */
static void mixed_predictions(const mlpipe_model *m, const char *names,
                              const int64_t *order, double *out)
{
    mlpipe_predictor *p;
    mlpipe_value row[16];
    void *scratch = NULL;

    assert_ok(ctx, mlpipe_predictor_new(ctx, m, NULL, &p));
    assert_int_equal(0, posix_memalign(&scratch, 64,
                                       mlpipe_predictor_scratch(p)));
    for (int64_t i = 0; i < ROWS; i++) {
        for (uint32_t k = 0; k < mlpipe_model_inputs(m); k++) {
            const char *name = mlpipe_model_input(m, k);
            assert_ok(ctx, mlpipe_dataset_cell(
                               made, strstr(names, name) ? order[i] : i,
                               (uint32_t)mlpipe_dataset_find(made, name),
                               &row[k]));
        }
        assert_int_equal(MLPIPE_OK,
                         mlpipe_predict_values(
                             p, scratch, row,
                             out + (size_t)i * mlpipe_model_outputs(m)));
    }
    free(scratch);
    mlpipe_predictor_free(p);
}

static double score_by_hand(const mlpipe_model *m, const double *y,
                            const double *p, const char *metric)
{
    const mlpipe__scored s = {y, p, NULL, ROWS, mlpipe__model_width(m)};
    mlpipe_figure f;

    assert_ok(ctx, mlpipe__metric_value(ctx, mlpipe__metric_find(metric), &s,
                                        &f));
    return f.value;
}

/* The report's figure of a unit is what rows made by hand give. */
static void by_hand(const mlpipe_model *m, const char *metric,
                    const char *unit, const mlpipe_report *r,
                    uint64_t seed, uint32_t repeats)
{
    const double sign = mlpipe__metric_find(metric)->higher_is_better ? -1
                                                                      : 1;
    static double y[ROWS], p[ROWS * 3];
    int64_t order[ROWS];
    double drop[8], mean = 0, squares = 0;
    char name[80];

    assert_ok(ctx, mlpipe__model_target(ctx, m, made, y));
    for (int64_t i = 0; i < ROWS; i++)
        order[i] = i;
    mixed_predictions(m, "", order, p);
    const double whole = score_by_hand(m, y, p, metric);
    assert_same(whole, mlpipe_report_get(r, "score"));
    for (uint32_t k = 0; k < repeats; k++) {
        order_of(seed, k, order);
        mixed_predictions(m, unit, order, p);
        drop[k] = sign * (score_by_hand(m, y, p, metric) - whole);
        mean += drop[k] / repeats;
    }
    for (uint32_t k = 0; k < repeats; k++)
        squares += (drop[k] - mean) * (drop[k] - mean);
    snprintf(name, sizeof name, "drop.%s", unit);
    const double wide = mean == 0 ? 1 : fabs(mean);
    assert_near(mlpipe_report_get(r, name), mean, 1e-12 * wide);
    for (uint32_t i = 0; i < mlpipe_report_count(r); i++) {
        const char *at;
        mlpipe_figure f;
        assert_ok(ctx, mlpipe_report_figure(r, i, &at, &f));
        if (strcmp(at, name))
            continue;
        assert_int_equal(ROWS, (int)f.n);
        /* Student's t at 0.975 with 3 degrees of freedom, four orders */
        if (repeats == 4)
            assert_near(f.high - mean,
                        3.182446305284263 * sqrt(squares / 3 / 4),
                        1e-9 * wide);
        if (repeats == 1) /* one order tells nothing of others */
            assert_true(isnan(f.low) && isnan(f.high));
        else
            assert_near(f.high - mean, mean - f.low, 1e-9 * wide);
    }
}

static void equals_rows_by_hand(void **state)
{
    static const char *const units[] = {"size", "lot", "rooms", "town",
                                        "new"};
    mlpipe_model *m = fit("target=price features=size,lot,rooms,town,new",
                          "short = substr(lower(town), 1, 1)");
    mlpipe_report *r = importance(m, "repeats=4 seed=11 metric=r2");
    (void)state;

    for (uint32_t i = 0; i < 5; i++)
        by_hand(m, "r2", units[i], r, 11, 4);
    /* what makes the price is worth more than what was learnt by heart */
    assert_true(mlpipe_report_get(r, "drop.size") > 0.5);
    assert_true(mlpipe_report_get(r, "drop.town") > 0.05);
    assert_true(mlpipe_report_get(r, "drop.rooms") <
                0.5 * mlpipe_report_get(r, "drop.town"));
    mlpipe_report_free(r);
    r = importance(m, NULL);
    by_hand(m, "rmse", "size", r, 0, 5);
    mlpipe_report_free(r);
    r = importance(m, "columns=town,size together=true repeats=1");
    by_hand(m, "rmse", "size,town", r, 0, 1);
    assert_true(isnan(mlpipe_report_get(r, "drop.size")));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

static void classes(void **state)
{
    mlpipe_model *m = fit("target=risk features=size,town,lot holdout=0",
                          NULL);
    mlpipe_report *r = importance(m, "metric=auc repeats=2");
    (void)state;

    by_hand(m, "auc", "size", r, 0, 2);
    by_hand(m, "auc", "town", r, 0, 2);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    m = fit("target=town features=price,size,lot,new task=multiclass "
            "holdout=0", NULL);
    /* five classes and rows of no class */
    r = importance(m, "metric=accuracy repeats=2");
    assert_true(mlpipe_report_get(r, "n") < ROWS);
    assert_true(mlpipe_report_get(r, "n") > ROWS * 0.9);
    assert_true(mlpipe_report_get(r, "drop.price") > 0.1);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

/* The time of a row is a column too, where the recipe reads it. */
static void reads_time(void **state)
{
    mlpipe_model *m = fit("target=price features=size time=day holdout=0",
                          "since = hour(as_of) * 60 + minute(as_of)");
    mlpipe_report *r = importance(m, "repeats=2");
    (void)state;

    assert_false(isnan(mlpipe_report_get(r, "drop.day")));
    assert_true(mlpipe_report_get(r, "drop.day") != 0);
    assert_true(mlpipe_report_get(r, "drop.size") > 0);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

/* Weights count in the score of the rows, here those of one town alone. */
static void weighted(void **state)
{
    mlpipe_model *m = fit("target=price features=size,town weight=new", NULL);
    mlpipe_report *r = importance(m, "repeats=2 metric=mae"), *e;
    (void)state;

    assert_ok(ctx, mlpipe_evaluate(ctx, m, made, "metrics=mae", &e));
    assert_same(mlpipe_report_get(e, "mae"), mlpipe_report_get(r, "score"));
    assert_true(mlpipe_report_get(r, "drop.size") > 0);
    mlpipe_report_free(e);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

static void table_is_sorted(void **state)
{
    mlpipe_model *m = fit("target=price features=size,lot,rooms,town,new",
                          NULL);
    mlpipe_report *r = importance(m, "columns=rooms,size,town,new");
    const mlpipe__report_item *item = &r->items[r->count - 1];
    const mlpipe__report_cell *cell = r->cells + item->first_cell;
    (void)state;

    assert_int_equal(MLPIPE__ITEM_TABLE, item->kind);
    assert_int_equal(4 * 6, item->cells);
    assert_string_equal("size",
                        mlpipe__dict_text(&r->texts, cell[0].text));
    for (uint32_t i = 1; i < 4; i++)
        assert_true(cell[6 * i + 1].number <= cell[6 * i - 5].number);
    for (uint32_t i = 0; i < 4; i++)
        assert_same(cell[6 * i + 5].number, 0);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

static void same_for_threads(void **state)
{
    mlpipe_model *m = fit("target=price features=size,lot,rooms,town,new",
                          NULL);
    mlpipe_buffer *one = NULL;
    (void)state;

    for (uint32_t threads = 1; threads <= 4; threads++) {
        const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
        mlpipe_ctx *c;
        mlpipe_report *r;
        mlpipe_buffer *b;
        assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
        assert_ok(c, mlpipe_importance(c, m, made, NULL, &r));
        assert_ok(c, mlpipe_report_render(c, r, "json", &b));
        mlpipe_report_free(r);
        mlpipe_ctx_free(c);
        if (one) {
            assert_string_equal(mlpipe_buffer_data(one),
                                mlpipe_buffer_data(b));
            mlpipe_buffer_free(b);
        } else {
            one = b;
        }
    }
    mlpipe_buffer_free(one);
    mlpipe_model_free(m);
}

static void refuses(void **state)
{
    mlpipe_model *m = fit("target=price features=size,lot", NULL);
    mlpipe_dataset *none;
    mlpipe_report *r;
    (void)state;

    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_importance(ctx, m, made,
                                  "columns=sizes", &r));
    assert_null(r);
    assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "\"size\""));
    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_importance(ctx, m, made,
                                  "metric=auc", &r));
    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_importance(ctx, m, made,
                                  "metric=rsme", &r));
    assert_ok(ctx, mlpipe_dataset_slice(ctx, made, 0, 0, &none));
    assert_told(ctx, MLPIPE_E_EMPTY, mlpipe_importance(ctx, m, none, NULL, &r));
    mlpipe_dataset_free(none);
    mlpipe_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_rows_by_hand),
        cmocka_unit_test(classes),
        cmocka_unit_test(reads_time),
        cmocka_unit_test(weighted),
        cmocka_unit_test(table_is_sorted),
        cmocka_unit_test(same_for_threads),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
