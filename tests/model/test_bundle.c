/* SPDX-License-Identifier: MIT */
/* Bundles: there and back, and every way to damage a small one. */
#include "fuzz/fuzz.h"
#include "model_support.h"

/* A small model as its bytes. */
static mlpipe_buffer *small_bundle(mlpipe_ctx *c, bool binary)
{
    mlpipe_dataset *d = made_dataset(c, 0, 16), *test;
    mlpipe_pipeline *p;
    mlpipe_model *m, *best;
    mlpipe_report *r;
    mlpipe_buffer *b;
    test = made_dataset(c, 16, 8);
    assert_ok(c, mlpipe_pipeline_new(
                     c, binary ? "target=risk features=rooms,town holdout=0"
                               : "target=sqrt(price) features=rooms,town "
                                 "holdout=0",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt",
                                     "trees=2 leaves=4 min_rows=2"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    if (binary) { /* the one with a card; the other one is to be small */
        assert_ok(c, mlpipe_evaluate(c, m, test, "metrics=auc", &r));
        assert_ok(c, mlpipe_model_attach(c, m, r, &best));
        assert_ok(c, mlpipe_model_bytes(c, best, &b));
        mlpipe_report_free(r);
        mlpipe_model_free(best);
    } else {
        assert_ok(c, mlpipe_model_bytes(c, m, &b));
    }
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
    assert_status(MLPIPE_E_ARG, mlpipe_model_attach(c, m[1], card, &out));
    mlpipe_report_free(card);
    mlpipe_report_free(r);
    mlpipe_model_free(m[0]);
    mlpipe_model_free(m[1]);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void files(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_buffer *b = small_bundle(c, true);
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

/* ---- damage ------------------------------------------------------------- */

static void refused(mlpipe_ctx *c, const void *bytes, size_t n,
                    const char *how, size_t at)
{
    mlpipe_model *m;
    const mlpipe_status st = mlpipe_model_load_bytes(c, bytes, n, &m);
    if (!st || m)
        fail_msg("%s at %zu: loaded", how, at);
    if (st != MLPIPE_E_CORRUPT && st != MLPIPE_E_FORMAT &&
        st != MLPIPE_E_VERSION && st != MLPIPE_E_LIMIT)
        fail_msg("%s at %zu: %s", how, at, mlpipe_status_name(st));
}

static void every_byte(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    size_t total = 0;
    for (int k = 0; k < 2; k++) {
        mlpipe_buffer *b = small_bundle(c, k);
        const size_t n = mlpipe_buffer_size(b);
        uint8_t *bytes = malloc(n + 64);
        const uint64_t live = made_live(c);
        memcpy(bytes, mlpipe_buffer_data(b), n);
        memset(bytes + n, 0, 64);
        print_message("bundle of %zu bytes\n", n);
        assert_true(n <= (k ? 8192 : 4096));
        for (size_t i = 0; i < n; i++) {
            const uint8_t right = bytes[i];
            for (int x = 1; x < 256; x++, total++) {
                bytes[i] = (uint8_t)(right ^ x);
                refused(c, bytes, n, "byte", i);
            }
            bytes[i] = right;
        }
        for (size_t i = 0; i < n; i++, total++)
            refused(c, bytes, i, "cut", i);
        for (size_t i = 1; i <= 64; i++, total++)
            refused(c, bytes, n + i, "appended", i);
        assert_int_equal(live, made_live(c));
        free(bytes);
        mlpipe_buffer_free(b);
    }
    print_message("damaged: %zu refused of %zu\n", total, total);
    mlpipe_ctx_free(c);
}

/* Sixteen rows of any numbers: every answer is a finite number or NaN. */
static void predict_anything(const mlpipe_model *m)
{
    const mlpipe__program *p = m->program;
    const size_t bytes = mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS);
    char *memory = malloc(bytes + 64);
    void *scratch = memory + (64 - (uintptr_t)memory % 64) % 64;
    static const double odd[] = {0, -1, 1, 3, 1e300, -1e300, 0.5, 7};
    double out[16];
    for (uint32_t i = 0; i < p->input_count; i++) {
        double *lane =
            mlpipe__program_lane(p, scratch, MLPIPE__BLOCK_ROWS, i);
        for (uint32_t k = 0; k < 16; k++)
            lane[k] = k == 9 ? mlpipe__nan() : odd[(k + i) % 8];
    }
    mlpipe__program_run(p, scratch, MLPIPE__BLOCK_ROWS, 16, out);
    for (uint32_t k = 0; k < 16; k++)
        assert_true(out[k] != out[k] || mlpipe__finite(out[k]));
    free(memory);
}

/* With hashes that hold, what a value means is all that protects. */
static void every_byte_repaired(void **state)
{
    static const uint8_t flips[] = {1, 2, 4, 8, 16, 32, 64, 128, 255, 0x7f,
                                    0xfe};
    mlpipe_ctx *c = made_ctx(1);
    size_t loaded = 0, total = 0;
    for (int k = 0; k < 2; k++) {
        mlpipe_buffer *b = small_bundle(c, k);
        const size_t n = mlpipe_buffer_size(b);
        uint8_t *bytes = malloc(n);
        const uint64_t live = made_live(c);
        for (size_t i = 0; i < n; i++) {
            for (size_t x = 0; x < sizeof flips; x++, total++) {
                mlpipe_model *m;
                memcpy(bytes, mlpipe_buffer_data(b), n);
                bytes[i] ^= flips[x];
                fuzz_repair_container(bytes, n);
                if (mlpipe_model_load_bytes(c, bytes, n, &m))
                    continue;
                loaded++;
                predict_anything(m);
                mlpipe_model_free(m);
            }
        }
        assert_int_equal(live, made_live(c));
        free(bytes);
        mlpipe_buffer_free(b);
    }
    print_message("repaired: %zu refused, %zu predict cleanly, of %zu\n",
                  total - loaded, loaded, total);
    assert_true(loaded > 0 && loaded < total);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(attach_refuses),
        cmocka_unit_test(files),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(every_byte_repaired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
