/* SPDX-License-Identifier: MIT */
/* The target must not reach the features, and no fit may see rows twice. */
#include "model_support.h"
#include "golden_text.h"

typedef struct leak_step {
    const char *step, *params; /* derive, filter: the expression */
} leak_step;

static mlpipe_status add(mlpipe_ctx *c, mlpipe_pipeline *p,
                         const leak_step *s)
{
    if (!strcmp(s->step, "derive"))
        return mlpipe_pipeline_derive(c, p, s->params);
    if (!strcmp(s->step, "filter"))
        return mlpipe_pipeline_filter(c, p, s->params);
    return mlpipe_pipeline_add(c, p, s->step, s->params);
}

static void made_of_the_target(void **state)
{
    static const struct {
        const char *pipeline;
        leak_step step[4];
        mlpipe_status status;
        const char *word;
    } cases[] = {
        /* by an expression, and by an expression over an expression */
        {"target=price features=size,lot",
         {{"derive", "price_per_sqft = price / max(size, 1)"}},
         MLPIPE_E_LEAK,
         "price_per_sqft"},
        {"target=price features=size,lot",
         {{"derive", "a = log(price); b = size + a"}},
         MLPIPE_E_LEAK,
         "price"},
        {"target=price features=size,lot",
         {{"derive", "a = if(price > 500, 1, 0)"}, {"scale", "columns=a"}},
         MLPIPE_E_LEAK,
         "a"},
        {"target=risk features=size,lot",
         {{"derive", "known = risk == 'yes'"}},
         MLPIPE_E_LEAK,
         "known"},
        {"target=price features=size,lot",
         {{"derive", "a = is_null(price)"}},
         MLPIPE_E_LEAK,
         "a"},
        /* in the place of a feature */
        {"target=price features=size,lot",
         {{"derive", "lot = price"}},
         MLPIPE_E_LEAK,
         "lot"},
        /* asked of a served row by a step that refuses the unknown */
        {"target=risk features=size,lot",
         {{"derive", "risk = risk"},
          {"ordinal", "columns=risk unknown=error"}},
         MLPIPE_E_LEAK,
         "risk"},
        {"target=risk features=size,lot",
         {{"derive", "risk = risk"},
          {"onehot", "columns=risk min_count=9999 missing=zeros "
                     "unknown=error"}},
         MLPIPE_E_LEAK,
         "risk"},
        /* listed as a feature */
        {"target=price features=size,price",
         {{"scale", NULL}},
         MLPIPE_E_LEAK,
         "price"},
        /* choosing rows by their answer */
        {"target=price features=size,lot",
         {{"filter", "price > 300"}},
         MLPIPE_E_LEAK,
         "dataset before the fit"},
        {"target=price features=size,lot",
         {{"derive", "price = price"},
          {"outlier", "columns=price action=drop"}},
         MLPIPE_E_LEAK,
         "dataset before the fit"},
        /* what is made of other columns is none */
        {"target=price features=size,lot",
         {{"derive", "a = size / max(lot, 1)"}, {"filter", "size > 60"}},
         MLPIPE_OK,
         ""},
        /* a step after one that resamples would see rows that never were */
        {"target=sold task=binary features=lot,rooms",
         {{"smote", NULL}, {"scale", NULL}},
         MLPIPE_E_CONFLICT,
         "smote"},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_pipeline *p;
        mlpipe_model *m = NULL;
        mlpipe_status st;
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].pipeline, &p));
        for (int k = 0; k < 4 && cases[i].step[k].step; k++)
            assert_ok(c, add(c, p, &cases[i].step[k]));
        assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
        st = mlpipe_fit(c, p, d, NULL, &m);
        if (st != cases[i].status ||
            (st && !strstr(mlpipe_ctx_error(c)->text, cases[i].word)))
            fail_msg("case %zu: %s: %s", i, mlpipe_status_name(st),
                     mlpipe_ctx_error(c)->text);
        if (st)
            golden_error(__BASE_FILE__, cases[i].step[0].step, c, st);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* What a model must not have, a transform and a model of something else may. */
static void free_elsewhere(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_model *m;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "features=size,price", &p));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "ppsf = price / size"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    assert_ok(c, mlpipe_pipeline_new(c, "target=rooms features=size,price",
                                     &p));
    assert_ok(c, mlpipe_pipeline_derive(c, p, "ppsf = price / size"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Rows of a validation set that are training rows. */
static void validation_rows(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *part;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    (void)state;
    assert_ok(c, mlpipe_dataset_slice(c, d, 250, 50, &part));
    assert_ok(c, mlpipe_pipeline_new(c, "target=price features=size", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=3"));
    assert_told(c, MLPIPE_E_LEAK, mlpipe_fit(c, p, d, part, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(part);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/*
 * A step that learns from the target: training rows get values that their own
 * target is no part of, from the fit alone; to apply the transform to them is
 * refused, also when it was saved and they were read anew.
 */
static void rows_that_taught(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300), *same, *other, *out, *mine;
    mlpipe_pipeline *p;
    mlpipe_transform *t, *loaded;
    mlpipe_buffer *b;
    (void)state;
    same = made_dataset(c, 0, 300);
    other = made_dataset(c, 1000, 300);
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price id=id time=day features=town,lot",
                     &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "target_encode", "columns=town"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, &mine, &t));
    assert_ok(c, mlpipe_transform_bytes(c, t, &b));
    assert_ok(c, mlpipe_transform_load_bytes(c, mlpipe_buffer_data(b),
                                             mlpipe_buffer_size(b),
                                             &loaded));
    assert_told(c, MLPIPE_E_LEAK, mlpipe_transform_apply(c, t, d, NULL, &out));
    assert_told(c, MLPIPE_E_LEAK,
                mlpipe_transform_apply(c, loaded, same, NULL, &out));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "300 of these 300"));
    assert_ok(c, mlpipe_transform_apply(c, loaded, other, NULL, &out));
    mlpipe_dataset_free(out);
    /* Allowed, it differs from what the fit gave: those are out of fold. */
    assert_ok(c, mlpipe_transform_apply(c, loaded, same, "leak=allow", &out));
    {
        mlpipe_buffer *x, *y;
        assert_ok(c, mlpipe_dataset_fingerprint(c, out, &x));
        assert_ok(c, mlpipe_dataset_fingerprint(c, mine, &y));
        assert_string_not_equal(mlpipe_buffer_data(x),
                                mlpipe_buffer_data(y));
        mlpipe_buffer_free(x);
        mlpipe_buffer_free(y);
    }
    mlpipe_dataset_free(out);
    mlpipe_dataset_free(mine);
    mlpipe_dataset_free(same);
    mlpipe_dataset_free(other);
    mlpipe_transform_free(loaded);
    mlpipe_transform_free(t);
    mlpipe_buffer_free(b);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Rows that a later step dropped have taught all the same; those that an
 * earlier one dropped have not. */
static void dropped_rows_that_taught(void **state)
{
    static const struct {
        leak_step step[2];
        mlpipe_status status;
    } cases[] = {
        {{{"target_encode", "columns=town"}, {"filter", "lot > 0"}},
         MLPIPE_E_LEAK},
        {{{"target_encode", "columns=town"},
          {"outlier", "columns=lot action=drop factor=0.1"}},
         MLPIPE_E_LEAK},
        {{{"target_encode", "columns=town"},
          {"drop_missing", "columns=size"}},
         MLPIPE_E_LEAK},
        {{{"filter", "lot > 0"}, {"target_encode", "columns=town"}},
         MLPIPE_OK},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 300);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_dataset *mine, *row, *out = NULL;
        mlpipe_pipeline *p;
        mlpipe_transform *t, *loaded;
        mlpipe_buffer *b;
        int64_t first = 0;
        assert_ok(c, mlpipe_pipeline_new(
                         c, "target=price id=id features=town,lot,size",
                         &p));
        assert_ok(c, add(c, p, &cases[i].step[0]));
        assert_ok(c, add(c, p, &cases[i].step[1]));
        assert_ok(c, mlpipe_transform_fit(c, p, d, &mine, &t));
        assert_in_range(mlpipe_dataset_rows(mine), 1, 299);
        while (mlpipe_dataset_row_id(mine, first) ==
               mlpipe_dataset_row_id(d, first))
            first++; /* to the first that is not there */
        assert_ok(c, mlpipe_dataset_slice(c, d, first, 1, &row));
        assert_ok(c, mlpipe_transform_bytes(c, t, &b));
        assert_ok(c, mlpipe_transform_load_bytes(c, mlpipe_buffer_data(b),
                                                 mlpipe_buffer_size(b),
                                                 &loaded));
        assert_status(cases[i].status,
                      mlpipe_transform_apply(c, t, row, NULL, &out));
        mlpipe_dataset_free(out);
        assert_status(cases[i].status,
                      mlpipe_transform_apply(c, loaded, row, NULL, &out));
        mlpipe_dataset_free(out);
        mlpipe_buffer_free(b);
        mlpipe_dataset_free(row);
        mlpipe_dataset_free(mine);
        mlpipe_transform_free(loaded);
        mlpipe_transform_free(t);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static mlpipe_dataset *two_columns(mlpipe_ctx *c, const char *params, int shift,
                                   bool target, bool id)
{
    static const char *const towns[] = {"Oslo", "Bergen", "Voss"};
    const char *town[90];
    double y[90];
    int64_t ids[90];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int i = 0; i < 90; i++) {
        town[i] = towns[(i * i + shift) % 3];
        y[i] = made_unit(i, 1);
        ids[i] = i;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, params, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", town, 90));
    if (target)
        assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                           90));
    if (id)
        assert_ok(c, mlpipe_builder_column(c, b, "id", MLPIPE_I64, ids, NULL,
                                           90));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* Rows are known without the target that taught, and coincidence is none. */
static void rows_without_their_target(void **state)
{
    static const struct {
        const char *pipeline, *rows;
        int shift;
        bool target, id;
        mlpipe_status status;
    } cases[] = {
        {"target=y features=town", NULL, 0, true, false, MLPIPE_E_LEAK},
        {"target=y features=town", NULL, 0, false, false, MLPIPE_E_LEAK},
        {"target=y features=town", NULL, 1, false, false, MLPIPE_OK},
        {"target=y features=town", "first_row_id=90", 0, true, false,
         MLPIPE_OK},
        {"target=y features=town id=id", "first_row_id=90", 0, false, true,
         MLPIPE_E_LEAK},
        {"target=y features=town id=id", NULL, 0, false, false,
         MLPIPE_E_LEAK},
    };
    mlpipe_ctx *c = made_ctx(1);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_dataset *d = two_columns(c, NULL, 0, true, true), *out = NULL;
        mlpipe_dataset *other =
            two_columns(c, cases[i].rows, cases[i].shift, cases[i].target,
                        cases[i].id);
        mlpipe_pipeline *p;
        mlpipe_transform *t;
        assert_ok(c, mlpipe_pipeline_new(c, cases[i].pipeline, &p));
        assert_ok(c, mlpipe_pipeline_add(c, p, "target_encode", NULL));
        assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
        assert_status(cases[i].status,
                      mlpipe_transform_apply(c, t, other, NULL, &out));
        mlpipe_dataset_free(out);
        mlpipe_transform_free(t);
        mlpipe_pipeline_free(p);
        mlpipe_dataset_free(other);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_of_the_target),
        cmocka_unit_test(free_elsewhere),
        cmocka_unit_test(validation_rows),
        cmocka_unit_test(rows_that_taught),
        cmocka_unit_test(dropped_rows_that_taught),
        cmocka_unit_test(rows_without_their_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
