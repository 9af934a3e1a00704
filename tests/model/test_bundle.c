/* SPDX-License-Identifier: MIT */
/* Bundles there and back; bundle_sweep.c has every way to damage one. */
#include "model_support.h"

/* A small model with a card as its bytes. */
static mlpipe_buffer *small_bundle(mlpipe_ctx *c)
{
    mlpipe_dataset *d = made_dataset(c, 0, 16), *test;
    mlpipe_pipeline *p;
    mlpipe_model *m, *best;
    mlpipe_report *r;
    mlpipe_buffer *b;
    test = made_dataset(c, 16, 8);
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=risk features=rooms,town holdout=0", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt",
                                     "trees=2 leaves=4 min_rows=2"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_evaluate(c, m, test, "metrics=auc", &r));
    assert_ok(c, mlpipe_model_attach(c, m, r, &best));
    assert_ok(c, mlpipe_model_bytes(c, best, &b));
    mlpipe_report_free(r);
    mlpipe_model_free(best);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(test);
    return b;
}

static void round_trip(void **state)
{
    static const char *const targets[] = {"log(price)", "price", "risk"};
    mlpipe_ctx *c = made_ctx(1), *other = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 500), *test;
    test = made_dataset(c, 500, 100);
    for (int k = 0; k < 3; k++) {
        mlpipe_pipeline *p = made_recipe(c, targets[k], "gbt", "trees=9");
        mlpipe_pipeline *recipe;
        mlpipe_model *m, *best, *again;
        mlpipe_buffer *a, *b, *json, *json_again;
        mlpipe_report *r, *card;
        double x[100], y[100];
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        assert_ok(c, mlpipe_evaluate(c, m, test, NULL, &r));
        assert_ok(c, mlpipe_model_attach(c, m, r, &best));
        assert_string_not_equal(mlpipe_model_id(m), mlpipe_model_id(best));
        assert_ok(c, mlpipe_model_bytes(c, best, &a));
        mlpipe_model_free(m);
        assert_ok(other, mlpipe_model_load_bytes(other, mlpipe_buffer_data(a),
                                                 mlpipe_buffer_size(a),
                                                 &again));
        assert_string_equal(mlpipe_model_id(best), mlpipe_model_id(again));
        assert_ok(other, mlpipe_model_bytes(other, again, &b));
        assert_int_equal(mlpipe_buffer_size(a), mlpipe_buffer_size(b));
        assert_memory_equal(mlpipe_buffer_data(a), mlpipe_buffer_data(b),
                            mlpipe_buffer_size(a));
        assert_ok(c, mlpipe_predict(c, best, test, x, 100));
        assert_ok(c, mlpipe_predict(c, again, test, y, 100));
        assert_memory_equal(x, y, sizeof x);
        /* a second report fits the loaded model as well */
        assert_ok(c, mlpipe_model_attach(c, again, r, &m));
        assert_int_equal(2, m->attached_count);
        assert_ok(c, mlpipe_model_card(c, m, &card));
        assert_same(mlpipe_report_get(card, k < 2 ? "test2.rmse"
                                                  : "test2.auc"),
                    mlpipe_report_get(r, k < 2 ? "rmse" : "auc"));
        assert_ok(c, mlpipe_model_recipe(c, again, &recipe));
        assert_ok(c, mlpipe_pipeline_json(c, p, &json));
        assert_ok(c, mlpipe_pipeline_json(c, recipe, &json_again));
        assert_string_equal(mlpipe_buffer_data(json),
                            mlpipe_buffer_data(json_again));
        mlpipe_buffer_free(json);
        mlpipe_buffer_free(json_again);
        mlpipe_pipeline_free(recipe);
        mlpipe_report_free(card);
        mlpipe_report_free(r);
        mlpipe_buffer_free(a);
        mlpipe_buffer_free(b);
        mlpipe_model_free(again); /* what m needs of it stays */
        assert_ok(c, mlpipe_predict(c, m, test, y, 100));
        assert_memory_equal(x, y, sizeof x);
        mlpipe_model_free(m);
        mlpipe_model_free(best);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(test);
    mlpipe_ctx_free(other);
    mlpipe_ctx_free(c);
}

/* A report of another model, or of something else, is no score of this. */
static void attach_refuses(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 100);
    mlpipe_model *m[2], *out;
    mlpipe_report *r, *card;
    mlpipe_pipeline *recipe;
    for (int k = 0; k < 2; k++) {
        mlpipe_pipeline *p;
        assert_ok(c, mlpipe_pipeline_new(
                         c, k ? "target=price features=lot"
                              : "target=price features=rooms",
                         &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=1"));
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m[k]));
        mlpipe_pipeline_free(p);
    }
    assert_ok(c, mlpipe_evaluate(c, m[0], d, NULL, &r));
    assert_ok(c, mlpipe_model_card(c, m[1], &card));
    assert_status(MLPIPE_E_ARG, mlpipe_model_attach(c, m[1], r, &out));
    assert_null(out);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "is an evaluation of"));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           mlpipe_report_text(r, "fit")));
    assert_status(MLPIPE_E_ARG, mlpipe_model_attach(c, m[1], card, &out));
    mlpipe_report_free(card);
    assert_ok(c, mlpipe_model_recipe(c, m[1], &recipe));
    assert_ok(c, mlpipe_cross_validate(c, recipe, d, NULL, &card));
    assert_status(MLPIPE_E_ARG, mlpipe_model_attach(c, m[1], card, &out));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "of kind \"cross_validation\""));
    assert_null(strstr(mlpipe_ctx_error(c)->text, "something else"));
    mlpipe_report_free(card);
    mlpipe_pipeline_free(recipe);
    mlpipe_report_free(r);
    mlpipe_model_free(m[0]);
    mlpipe_model_free(m[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void files(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_buffer *b = small_bundle(c);
    mlpipe_model *m, *again;
    char path[] = "/tmp/mlpipe-bundle-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                         mlpipe_buffer_size(b), &m));
    assert_ok(c, mlpipe_model_save(c, m, path));
    assert_ok(c, mlpipe_model_load(c, path, &again));
    assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(again));
    remove(path);
    mlpipe_model_free(again);
    assert_status(MLPIPE_E_NOT_FOUND, mlpipe_model_load(c, path, &again));
    assert_null(again);
    mlpipe_model_free(m);
    mlpipe_buffer_free(b);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(attach_refuses),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
