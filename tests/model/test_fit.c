/* SPDX-License-Identifier: MIT */
/* Fits: every step, the rows that count, determinism, leaks, cancelling. */
#include "model_support.h"
#include "golden_text.h"

static void every_step(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *train = made_dataset(c, 0, 600);
    mlpipe_dataset *test = made_dataset(c, 600, 300);
    const char *learners[][2] = {{"gbt", "trees=60"}, {"ridge", NULL}};
    for (int k = 0; k < 2; k++) {
        mlpipe_pipeline *p =
            made_recipe(c, "log(price)", learners[k][0], learners[k][1]);
        mlpipe_model *m;
        mlpipe_report *r;
        assert_ok(c, mlpipe_fit(c, p, train, NULL, &m));
        assert_int_equal(5, mlpipe_model_inputs(m));
        assert_string_equal("size", mlpipe_model_input(m, 0));
        assert_int_equal(MLPIPE_TYPE_CATEGORY, mlpipe_model_input_type(m, 3));
        assert_int_equal(1, mlpipe_model_outputs(m));
        assert_string_equal("price", mlpipe_model_output(m, 0));
        assert_null(mlpipe_model_class(m, 0));
        assert_int_equal(32, strlen(mlpipe_model_id(m)));
        assert_ok(c, mlpipe_evaluate(c, m, test, NULL, &r));
        assert_true(mlpipe_report_get(r, "r2") > 0.7);
        assert_true(mlpipe_report_get(r, "rmse") <
                    0.6 * mlpipe_report_get(r, "rmse_baseline"));
        assert_near(mlpipe_report_get(r, "n"), 300, 0);
        mlpipe_report_free(r);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(test);
    mlpipe_dataset_free(train);
    mlpipe_ctx_free(c);
}

static void classes(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *train = made_dataset(c, 0, 600);
    mlpipe_dataset *test = made_dataset(c, 600, 300);
    const char *targets[][3] = {
        {"sold", "0", "1"}, {"risk", "no", "yes"}, {"new", "false", "true"}};
    for (int k = 0; k < 3; k++) {
        char text[128];
        mlpipe_pipeline *p;
        mlpipe_model *m;
        mlpipe_report *r;
        double y[300], out[300];
        snprintf(text, sizeof text, "target=%s features=size,rooms,town,price",
                 targets[k][0]);
        assert_ok(c, mlpipe_pipeline_new(c, text, &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=30"));
        assert_ok(c, mlpipe_fit(c, p, train, test, &m));
        assert_string_equal(targets[k][1], mlpipe_model_class(m, 0));
        assert_string_equal(targets[k][2], mlpipe_model_class(m, 1));
        assert_null(mlpipe_model_class(m, 2));
        assert_ok(c, mlpipe_predict(c, m, test, out, 300));
        assert_ok(c, mlpipe__model_target(c, m, test, y));
        for (int i = 0; i < 300; i++) {
            assert_true(out[i] > 0 && out[i] < 1);
            assert_true(y[i] == 0 || y[i] == 1);
        }
        assert_ok(c, mlpipe_evaluate(c, m, test, "metrics=auc,logloss", &r));
        if (k < 2)
            assert_true(mlpipe_report_get(r, "auc") > 0.85);
        assert_near(mlpipe_report_get(r, "auc_baseline"), 0.5, 0);
        assert_true(mlpipe_report_get(r, "accuracy") !=
                    mlpipe_report_get(r, "accuracy"));
        mlpipe_report_free(r);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(test);
    mlpipe_dataset_free(train);
    mlpipe_ctx_free(c);
}

/* Bytes without the INFO section are the id; the rest must be equal too. */
static void threads(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 8};
    char first[33] = "";
    double expected[300];
    for (int k = 0; k < 4; k++) {
        mlpipe_ctx *c = made_ctx(counts[k]);
        mlpipe_dataset *train = made_dataset(c, 0, 3000);
        mlpipe_dataset *test = made_dataset(c, 3000, 300);
        mlpipe_pipeline *p = made_recipe(c, "log(price)", "gbt", "trees=8");
        mlpipe_model *m;
        double out[300];
        assert_ok(c, mlpipe_fit(c, p, train, NULL, &m));
        assert_ok(c, mlpipe_predict(c, m, test, out, 300));
        if (!k) {
            memcpy(first, mlpipe_model_id(m), 33);
            memcpy(expected, out, sizeof out);
        }
        assert_string_equal(first, mlpipe_model_id(m));
        assert_memory_equal(expected, out, sizeof out);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(test);
        mlpipe_dataset_free(train);
        mlpipe_ctx_free(c);
    }
}

/* One row at a time, a slice, or the whole: the same bits. */
static void row_batch_dataset(void **state)
{
    mlpipe_ctx *c = made_ctx(2);
    mlpipe_dataset *d = made_dataset(c, 0, 1300);
    mlpipe_pipeline *p = made_recipe(c, "sqrt(price)", "gbt", "trees=20");
    mlpipe_model *m;
    static double whole[1300];
    double one;
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_predict(c, m, d, whole, 1300));
    for (int64_t i = 0; i < 1300; i += 7) {
        mlpipe_dataset *row;
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
        assert_ok(c, mlpipe_predict(c, m, row, &one, 1));
        assert_same(one, whole[i]);
        mlpipe_dataset_free(row);
    }
    assert_told(c, MLPIPE_E_ARG, mlpipe_predict(c, m, d, whole, 1299));
    {
        void *scratch = malloc(mlpipe__program_scratch(m->program, 1) + 64);
        void *at = (char *)scratch + (64 - (uintptr_t)scratch % 64) % 64;
        mlpipe__binding b;
        assert_ok(c, mlpipe__bind_dataset(c, m->program, d, m->time_column,
                                          &b));
        for (int64_t i = 0; i < 1300; i++) {
            mlpipe__binding_load(&b, m->program, d, i, 1, at, 1);
            mlpipe__program_run(m->program, at, 1, 1, &one, NULL);
            assert_same(one, whole[i]);
        }
        mlpipe__binding_free(&b);
        free(scratch);
    }
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static double note(const mlpipe_model *m, const char *name)
{
    return mlpipe_report_get(m->notes, name);
}

static void holdout(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 600);
    static const char *const recipes[] = {
        "target=price time=day features=size,lot",
        "target=price features=size,lot",
        "target=price time=day group=rooms features=size,lot",
        "target=price group=id features=size,lot holdout=0.3",
        "target=price features=size,lot holdout=0"};
    static const double low[] = {57, 35, 0, 120, 0};
    static const double high[] = {63, 90, 600, 240, 0};
    for (int k = 0; k < 5; k++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_new(c, recipes[k], &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        assert_true(note(m, "rows_held_out") >= low[k]);
        assert_true(note(m, "rows_held_out") <= high[k]);
        assert_near(note(m, "rows_held_out") + note(m, "rows_trained"), 600,
                    0);
        assert_true(m->reference->held_out ==
                    (uint64_t)note(m, "rows_held_out"));
        assert_true(m->train_id_count == (uint64_t)note(m, "rows_trained"));
        assert_true((mlpipe__ref_metric_find(m->reference, "rmse") != NULL) ==
                    (m->reference->held_out > 0));
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Rows without a group are held out one by one, and not all or none; with a
 * time, the newest of them. */
static void holdout_without_groups(void **state)
{
    static const char *const recipes[] = {
        "target=y group=g features=x holdout=0.3",
        "target=y group=g time=t features=x holdout=0.3"};
    double x[200], y[200];
    int64_t g[200] = {0};
    const uint8_t none[200] = {0};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int i = 0; i < 200; i++) {
        x[i] = i;
        y[i] = made_unit(i, 1);
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 200));
    assert_ok(c, mlpipe_builder_column(c, b, "t", MLPIPE_F64, x, NULL, 200));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, 200));
    assert_ok(c, mlpipe_builder_column(c, b, "g", MLPIPE_I64, g, none, 200));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    for (int k = 0; k < 2; k++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_new(c, recipes[k], &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
        assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
        assert_in_range((int)note(m, "rows_held_out"), k ? 59 : 40,
                        k ? 61 : 80);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Last in time means that no training row is newer than a held-out one. */
static void holdout_is_last(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 100), *head, *tail;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    uint64_t hash[100];
    int64_t in_train = 0, n;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price time=day features=size holdout=0.2",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=1"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe__model_row_hashes(c, m, d, MLPIPE__ROW_BY_TARGET,
                                          hash));
    while (in_train < 100 &&
           mlpipe__model_trained_on(m, hash[in_train]))
        in_train++;
    assert_true(in_train >= 78 && in_train <= 82);
    for (n = in_train; n < 100; n++)
        assert_false(mlpipe__model_trained_on(m, hash[n]));
    /* three rows share a day: the cut lies between two days */
    assert_int_equal(0, in_train % 3);
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 50, &head));
    assert_ok(c, mlpipe_dataset_slice(c, d, 40, 60, &tail));
    mlpipe_model_free(m);
    assert_told(c, MLPIPE_E_LEAK, mlpipe_fit(c, p, head, tail, &m));
    assert_null(m);
    mlpipe_dataset_free(tail);
    assert_ok(c, mlpipe_dataset_slice(c, d, 50, 50, &tail));
    assert_ok(c, mlpipe_fit(c, p, head, tail, &m));
    assert_int_equal(50, m->valid_rows);
    mlpipe_model_free(m);
    mlpipe_dataset_free(tail);
    tail = made_dataset(c, 30, 40); /* equal rows, read a second time */
    assert_told(c, MLPIPE_E_LEAK, mlpipe_fit(c, p, head, tail, &m));
    mlpipe_dataset_free(tail);
    mlpipe_dataset_free(head);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* What is refused, and which words the message must hold. */
static void refusals(void **state)
{
    static const struct {
        const char *pipeline, *step, *params, *learner;
        mlpipe_status status;
        const char *word;
    } cases[] = {
        {"target=price features=size,price", NULL, NULL, "gbt",
         MLPIPE_E_LEAK, "price"},
        {"target=price id=id features=size,id", NULL, NULL, "gbt",
         MLPIPE_E_PARAM, "id="},
        {"target=prize", NULL, NULL, "gbt", MLPIPE_E_SCHEMA, "price"},
        {"target=price time=dya", NULL, NULL, "gbt", MLPIPE_E_SCHEMA, "day"},
        {"target=price features=size", NULL, NULL, "ridge", MLPIPE_E_SCHEMA,
         "impute"},
        {"target=price features=town,lot", NULL, NULL, "ridge",
         MLPIPE_E_SCHEMA, "onehot"},
        {"target=price features=size", NULL, NULL, NULL, MLPIPE_E_STATE,
         "learner"},
        {"features=size", NULL, NULL, "gbt", MLPIPE_E_STATE, "no target"},
        {"target=log(lot) features=size", NULL, NULL, "gbt",
         MLPIPE_E_NUMERIC, "log(lot)"},
        {"target=town task=binary features=size", NULL, NULL, "gbt",
         MLPIPE_E_SCHEMA, "three"},
        {"target=town task=regression features=size", NULL, NULL, "gbt",
         MLPIPE_E_SCHEMA, "category"},
        {"target=price task=binary features=size", NULL, NULL, "gbt",
         MLPIPE_E_SCHEMA, "fractions"},
        {"target=log(sold) features=size", NULL, NULL, "gbt", MLPIPE_E_PARAM,
         "class"},
        {"target=day", NULL, NULL, "gbt", MLPIPE_E_SCHEMA, "timestamp"},
        {"target=price features=size", "impute", "columns=lot", "gbt",
         MLPIPE_E_PARAM, "lot"},
        {"target=price features=size,size", NULL, NULL, "gbt",
         MLPIPE_E_PARAM, "twice"},
        {"target=price weight=town features=size", NULL, NULL, "gbt",
         MLPIPE_E_SCHEMA, "weight"},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 60);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p;
        mlpipe_model *m = (mlpipe_model *)c;
        const uint64_t live = made_live(c);
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].pipeline, &p));
        if (cases[i].step)
            assert_ok(c, mlpipe_pipeline_add(c, p, cases[i].step,
                                             cases[i].params));
        if (cases[i].learner)
            assert_ok(c, mlpipe_pipeline_add(c, p, cases[i].learner, NULL));
        if (mlpipe_fit(c, p, d, NULL, &m) != cases[i].status ||
            !strstr(mlpipe_ctx_error(c)->text, cases[i].word))
            fail_msg("%s: %s", cases[i].pipeline, mlpipe_ctx_error(c)->text);
        assert_null(m);
        mlpipe_pipeline_free(p);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- cancelling --------------------------------------------------------- */

static int32_t stop_at(void *user, const char *stage, double fraction)
{
    int64_t *left = user;
    return --*left < 0;
}

static void cancelled(void **state)
{
    int64_t polls = 0, k;
    for (k = 0;; k++) {
        mlpipe_ctx_options o = {.progress = stop_at, .user = &polls};
        mlpipe_dataset *train, *test;
        mlpipe_pipeline *p;
        mlpipe_model *m = NULL;
        mlpipe_ctx *c;
        mlpipe_status st;
        uint64_t live;
        polls = INT64_MAX;
        assert_int_equal(0, mlpipe_ctx_new(&o, &c));
        train = made_dataset(c, 0, 120);
        test = made_dataset(c, 120, 40);
        p = made_recipe(c, "price", "gbt", "trees=3");
        live = made_live(c);
        polls = k;
        st = mlpipe_fit(c, p, train, test, &m);
        if (st) {
            assert_status(MLPIPE_E_CANCELLED, st);
            assert_null(m);
            assert_int_equal(live, made_live(c));
        }
        mlpipe_model_free(m);
        assert_int_equal(live, made_live(c));
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(test);
        mlpipe_dataset_free(train);
        mlpipe_ctx_free(c);
        if (!st)
            break;
    }
    assert_true(k > 5);
}

/* The reference adds up, and knows what training saw. */
static void reference(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 900);
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price time=day private=lot "
                        "features=size,lot,rooms,town",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "outlier",
                                     "method=quantile low=0.2 high=0.8 "
                                     "action=drop"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    const mlpipe__reference *r = m->reference;
    assert_true(note(m, "rows_dropped_by_steps") > 100);
    assert_true(r->rows > note(m, "rows_trained")); /* before the drop */
    for (uint32_t i = 0; i < 4; i++) {
        const mlpipe__ref_input *in = &r->inputs[i];
        uint64_t sum = 0;
        for (uint32_t k = 0; k < in->cells; k++)
            sum += in->counts[k];
        assert_int_equal(i == 1 ? 0 : r->rows, sum);
    }
    assert_int_equal(0, r->inputs[1].kind); /* private */
    const mlpipe__ref_input *size = &r->inputs[0], *rooms = &r->inputs[2];
    assert_true(size->cells > 20 && size->counts[0] > 0);
    assert_int_equal(0, size->counts[1]);               /* below */
    assert_int_equal(0, size->counts[size->cells - 1]); /* above */
    assert_int_equal(1, mlpipe__ref_cell(size, size->low - 1, true));
    assert_int_equal(2, mlpipe__ref_cell(size, size->low, true));
    assert_int_equal(size->cells - 2,
                     mlpipe__ref_cell(size, size->high, true));
    assert_int_equal(size->cells - 1,
                     mlpipe__ref_cell(size, size->high + 1, true));
    /* each of six values its own, and what lies between two and beyond */
    assert_int_equal(6 + 5 + 3, rooms->cells);
    assert_int_equal(1, mlpipe__ref_cell(&r->inputs[3], -1, true));
    assert_int_equal(7, r->inputs[3].cells);
    assert_true(r->held_out > 80);
    assert_true(mlpipe__ref_metric_find(r, "rmse")->value > 0);
    assert_true(mlpipe__ref_metric_find(r, "rmse")->se > 0);
    assert_null(mlpipe__ref_metric_find(r, "auc"));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Few rows, columns of nothing or of one value: a model or a clean error. */
static void edges(void **state)
{
    static const char *const learners[] = {"gbt", "ridge"};
    mlpipe_ctx *c = made_ctx(1);
    for (int64_t rows = 0; rows <= 3; rows++) {
        for (int k = 0; k < 2; k++) {
            const double one[3] = {5, 5, 5}, y[3] = {1, 2, 4};
            const uint8_t none[3] = {0, 0, 0};
            const uint64_t live = made_live(c);
            mlpipe_builder *b;
            mlpipe_dataset *d;
            mlpipe_pipeline *p;
            mlpipe_model *m;
            mlpipe_status st;
            double out[3];
            assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
            assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y,
                                               NULL, rows));
            assert_ok(c, mlpipe_builder_column(c, b, "one", MLPIPE_F64, one,
                                               NULL, rows));
            assert_ok(c, mlpipe_builder_column(c, b, "null", MLPIPE_F64, one,
                                               none, rows));
            assert_ok(c, mlpipe_builder_finish(c, b, &d));
            mlpipe_builder_free(b);
            assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
            assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
            assert_ok(c, mlpipe_pipeline_add(c, p, "scale", NULL));
            assert_ok(c, mlpipe_pipeline_add(c, p, learners[k], NULL));
            st = mlpipe_fit(c, p, d, NULL, &m);
            if (!rows)
                assert_status(MLPIPE_E_EMPTY, st);
            if (st) {
                assert_null(m);
                assert_true(mlpipe_ctx_error(c)->text[0]);
            } else {
                assert_ok(c, mlpipe_predict(c, m, d, out, (size_t)rows));
                for (int64_t i = 0; i < rows; i++)
                    assert_true(out[i] >= 1 && out[i] <= 4);
                mlpipe_model_free(m);
            }
            mlpipe_pipeline_free(p);
            mlpipe_dataset_free(d);
            assert_int_equal(live, made_live(c));
        }
    }
    mlpipe_ctx_free(c);
}

/* NaN in the input is null, whatever the path; inf never comes out. */
static void odd_inputs(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *odd;
    const double size[4] = {mlpipe__nan(), mlpipe__inf(), -1e308, 100};
    const int64_t rooms[4] = {1, INT64_MAX, INT64_MIN, 3};
    const char *town[4] = {"Paris", NULL, "Oslo", ""};
    mlpipe_pipeline *p = made_recipe(c, "log(price)", "gbt", "trees=9");
    mlpipe_builder *b;
    mlpipe_model *m;
    double out[4];
    const uint8_t fresh[4] = {0, 1, 1, 0}, none[4] = {0, 0, 0, 0};
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "size", MLPIPE_F64, size, NULL,
                                       4));
    assert_ok(c, mlpipe_builder_column(c, b, "lot", MLPIPE_F64, size, none,
                                       4));
    assert_ok(c, mlpipe_builder_column(c, b, "rooms", MLPIPE_I64, rooms, NULL,
                                       4));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", town, 4));
    assert_ok(c, mlpipe_builder_column(c, b, "new", MLPIPE_BOOL, fresh, NULL,
                                       4));
    assert_ok(c, mlpipe_builder_finish(c, b, &odd));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_predict(c, m, odd, out, 4));
    for (int i = 0; i < 4; i++)
        assert_true(out[i] != out[i] || (out[i] > 0 && out[i] < 1e6));
    assert_true(out[0] > 0 && out[3] > 0);
    mlpipe_dataset_free(odd);
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 0, &odd));
    assert_ok(c, mlpipe_predict(c, m, odd, out, 0));
    mlpipe_dataset_free(odd);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A row of weight two is the row twice, for what the steps leave alone. */
static void weights(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    double x[90], y[90], w[90], a[45], b[45];
    mlpipe_dataset *d[2];
    for (int i = 0; i < 90; i++) {
        x[i] = i % 45;
        y[i] = 3 * x[i] + made_unit(i % 45, 1);
        w[i] = 2;
    }
    for (int k = 0; k < 2; k++) {
        mlpipe_builder *made;
        mlpipe_pipeline *p;
        mlpipe_model *m;
        mlpipe_dataset *head;
        const int64_t rows = k ? 90 : 45;
        assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &made));
        assert_ok(c, mlpipe_builder_column(c, made, "x", MLPIPE_F64, x, NULL,
                                           rows));
        assert_ok(c, mlpipe_builder_column(c, made, "y", MLPIPE_F64, y, NULL,
                                           rows));
        if (!k)
            assert_ok(c, mlpipe_builder_column(c, made, "w", MLPIPE_F64, w,
                                               NULL, rows));
        assert_ok(c, mlpipe_builder_finish(c, made, &d[k]));
        mlpipe_builder_free(made);
        assert_ok(c, mlpipe_pipeline_new(
                         c, k ? "target=y features=x holdout=0"
                              : "target=y features=x weight=w holdout=0",
                         &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
        assert_ok(c, mlpipe_fit(c, p, d[k], NULL, &m));
        assert_ok(c, mlpipe_dataset_slice(c, d[k], 0, 45, &head));
        assert_ok(c, mlpipe_predict(c, m, head, k ? b : a, 45));
        mlpipe_dataset_free(head);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    for (int i = 0; i < 45; i++)
        assert_near(a[i], b[i], 1e-9);
    mlpipe_dataset_free(d[0]);
    mlpipe_dataset_free(d[1]);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step), cmocka_unit_test(classes),
        cmocka_unit_test(threads),    cmocka_unit_test(row_batch_dataset),
        cmocka_unit_test(holdout),    cmocka_unit_test(holdout_is_last),
        cmocka_unit_test(holdout_without_groups),
        cmocka_unit_test(refusals),   cmocka_unit_test(cancelled),
        cmocka_unit_test(reference),  cmocka_unit_test(edges),
        cmocka_unit_test(odd_inputs), cmocka_unit_test(weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
