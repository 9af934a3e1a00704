/* SPDX-License-Identifier: MIT */
/*
 * Every exported function with NULL for each of its pointers, with numbers
 * that are out of all bounds: a status or a harmless value, outputs NULL,
 * never a crash. The last test asks whether every function was there.
 */
#include "api/misuse.h"
#include "api/misuse_elsewhere.h"

#include <math.h>

static int open_all(void **state)
{
    (void)state;
    api_world_open(&w);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    api_world_close(&w);
    return 0;
}

static void base(void **state)
{
    mlpipe_ctx_options o = {.size = 3};
    mlpipe_limits limits = {.size = 1};
    mlpipe_io io = {.size = 2};
    uint64_t live = 1, peak = 1;
    (void)state;
    HARMLESS(mlpipe_version());
    HARMLESS(mlpipe_build_info());
    assert_string_equal("MLPIPE_E_UNKNOWN", mlpipe_status_name(77));
    HARMLESS(mlpipe_status_name(INT32_MIN));
    REFUSED(mlpipe_ctx_new(NULL, NULL));
    NOTHING(mlpipe_ctx, mlpipe_ctx_new(&o, &out));
    o.size = sizeof o;
    o.threads = UINT32_MAX;
    NOTHING(mlpipe_ctx, mlpipe_ctx_new(&o, &out));
    o.threads = 0;
    o.limits = &limits;
    NOTHING(mlpipe_ctx, mlpipe_ctx_new(&o, &out));
    o.limits = NULL;
    o.io = &io;
    NOTHING(mlpipe_ctx, mlpipe_ctx_new(&o, &out));
    HARMLESS(mlpipe_ctx_free(NULL));
    HARMLESS(mlpipe_ctx_cancel(NULL));
    EXPECTED(MLPIPE_E_ARG, mlpipe_ctx_error(NULL)->status);
    HARMLESS(mlpipe_ctx_memory(NULL, &live, &peak));
    assert_true(!live && !peak);
    HARMLESS(mlpipe_ctx_memory(w.c, NULL, NULL));
    HARMLESS(mlpipe_ctx_memory(NULL, NULL, NULL));
    assert_string_equal("", mlpipe_buffer_data(NULL));
    HARMLESS(mlpipe_buffer_data(NULL));
    EXPECTED(0, mlpipe_buffer_size(NULL));
    HARMLESS(mlpipe_buffer_free(NULL));
}

static void getters_of_data(void **state)
{
    mlpipe_value v;
    const uint32_t none = UINT32_MAX;
    (void)state;
    EXPECTED(0, mlpipe_dataset_rows(NULL));
    EXPECTED(0, mlpipe_dataset_columns(NULL));
    EXPECTED(-1, mlpipe_dataset_find(NULL, "x"));
    EXPECTED(-1, mlpipe_dataset_find(w.all, NULL));
    EXPECTED(-1, mlpipe_dataset_find(w.all, "no such"));
    EXPECTED(NULL, mlpipe_dataset_name(NULL, 0));
    EXPECTED(NULL, mlpipe_dataset_name(w.all, none));
    EXPECTED(0, mlpipe_dataset_type(NULL, 0));
    EXPECTED(0, mlpipe_dataset_type(w.all, none));
    EXPECTED(0, mlpipe_dataset_unit(NULL, 0));
    EXPECTED(0, mlpipe_dataset_unit(w.all, none));
    HARMLESS(mlpipe_dataset_role(NULL, 0));
    HARMLESS(mlpipe_dataset_role(w.all, none));
    EXPECTED(-1, mlpipe_dataset_nulls(NULL, 0));
    EXPECTED(-1, mlpipe_dataset_nulls(w.all, none));
    REFUSED(mlpipe_dataset_cell(NULL, 0, 0, &v));
    REFUSED(mlpipe_dataset_cell(w.all, 0, 0, NULL));
    REFUSED(mlpipe_dataset_cell(w.all, -1, 0, &v));
    REFUSED(mlpipe_dataset_cell(w.all, INT64_MAX, 0, &v));
    REFUSED(mlpipe_dataset_cell(w.all, INT64_MIN, none, &v));
    EXPECTED(0, mlpipe_dataset_row_id(NULL, 0));
    EXPECTED(0, mlpipe_dataset_row_id(w.all, -1));
    EXPECTED(0, mlpipe_dataset_row_id(w.all, INT64_MAX));
    HARMLESS(mlpipe_dataset_free(NULL));
}

static void datasets(void **state)
{
    double x[4];
    mlpipe_ctx *const c = w.c;
    (void)state;
    REFUSED(mlpipe_dataset_doubles(NULL, w.all, 2, 0, x, 4));
    REFUSED(mlpipe_dataset_doubles(c, NULL, 2, 0, x, 4));
    REFUSED(mlpipe_dataset_doubles(c, w.all, 2, 0, NULL, 4));
    REFUSED(mlpipe_dataset_doubles(c, w.all, UINT32_MAX, 0, x, 4));
    REFUSED(mlpipe_dataset_doubles(c, w.all, 2, -1, x, 4));
    REFUSED(mlpipe_dataset_doubles(c, w.all, 2, INT64_MAX, x, 4));
    REFUSED(mlpipe_dataset_doubles(c, w.all, 2, 1, x, SIZE_MAX));
    NOTHING(mlpipe_dataset, mlpipe_dataset_slice(NULL, w.all, 0, 1, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_slice(c, NULL, 0, 1, &out));
    REFUSED(mlpipe_dataset_slice(c, w.all, 0, 1, NULL));
    NOTHING(mlpipe_dataset, mlpipe_dataset_slice(c, w.all, -1, 1, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_slice(c, w.all, 0, -1, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_slice(c, w.all, 1, INT64_MAX, &out));
    NOTHING(mlpipe_dataset, mlpipe_dataset_slice(c, w.all, INT64_MAX,
                                                 INT64_MAX, &out));
    NOTHING(mlpipe_buffer, mlpipe_dataset_fingerprint(NULL, w.all, &out));
    NOTHING(mlpipe_buffer, mlpipe_dataset_fingerprint(c, NULL, &out));
    REFUSED(mlpipe_dataset_fingerprint(c, w.all, NULL));
    NOTHING(mlpipe_report, mlpipe_dataset_reading(NULL, w.all, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_reading(c, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_reading(c, w.all, &out));
    REFUSED(mlpipe_dataset_reading(c, w.all, NULL));
    NOTHING(mlpipe_report, mlpipe_dataset_duplicates(NULL, w.all, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_dataset_duplicates(c, NULL, NULL, &out));
    REFUSED(mlpipe_dataset_duplicates(c, w.all, NULL, NULL));
    NOTHING(mlpipe_report,
            mlpipe_dataset_duplicates(c, w.all, "on=no_such", &out));
    NOTHING(mlpipe_report,
            mlpipe_dataset_duplicates(c, w.all, "no=such", &out));
}

static void parts(void **state)
{
    mlpipe_ctx *const c = w.c;
    static const char cut[] = "parts=0.5,0.5";
    const mlpipe_pipeline *p = w.line;
    mlpipe_dataset *d = w.all, *two[2], *rest;
    (void)state;
    two[0] = two[1] = (mlpipe_dataset *)(void *)&garbage;
    REFUSED(mlpipe_dataset_split(NULL, w.all, cut, two, 2));
    REFUSED(mlpipe_dataset_split(c, NULL, cut, two, 2));
    REFUSED(mlpipe_dataset_split(c, w.all, NULL, two, 2));
    assert_true(!two[0] && !two[1]);
    REFUSED(mlpipe_dataset_split(c, w.all, cut, NULL, 2));
    REFUSED(mlpipe_dataset_split(c, w.all, cut, two, 0));
    REFUSED(mlpipe_dataset_split(c, w.all, cut, two, 1));
    rest = (mlpipe_dataset *)(void *)&garbage;
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_fold(NULL, w.all, NULL, 0, &out, &rest));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_fold(c, NULL, NULL, 0, &out, &rest));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_fold(c, w.all, NULL, UINT32_MAX, &out, &rest));
    NOTHING(mlpipe_dataset,
            mlpipe_dataset_fold(c, w.all, NULL, 0, &out, NULL));
    REFUSED(mlpipe_dataset_fold(c, w.all, NULL, 0, NULL, &rest));
    assert_null(rest);
    two[0] = two[1] = w.all;
    NOTHING(mlpipe_report, mlpipe_split_check(NULL, two, 2, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_split_check(c, NULL, 2, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_split_check(c, two, 1, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_split_check(c, two, SIZE_MAX, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_split_check(c, two, 2, "id=no", &out));
    REFUSED(mlpipe_split_check(c, two, 2, NULL, NULL));
    two[1] = NULL;
    NOTHING(mlpipe_report, mlpipe_split_check(c, two, 2, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_cross_validate(NULL, p, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_cross_validate(c, NULL, d, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_cross_validate(c, p, NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_cross_validate(c, p, d, "zz=1", &out));
    REFUSED(mlpipe_cross_validate(c, p, d, NULL, NULL));
}

static void searches(void **state)
{
    mlpipe_pipeline *q = (mlpipe_pipeline *)(void *)&garbage;
    mlpipe_report *r = (mlpipe_report *)(void *)&garbage;
    (void)state;
    for (int i = 0; i < 7; i++) /* each NULL in turn, then a bad space */
        REFUSED(mlpipe_search(i ? w.c : NULL, i == 1 ? NULL : w.trees,
                              i == 2 ? NULL : w.all, NULL,
                              i == 3 ? NULL : "a.b=1", NULL,
                              i == 4 ? NULL : &q, i == 5 ? NULL : &r));
    assert_true(!q && !r);
}

static void builders(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_builder *b;
    mlpipe_dataset *d;
    const double x[2] = {1, 2};
    const int64_t t[2] = {1, 2};
    const char *const s[2] = {"a", "b"};
    (void)state;
    NOTHING(mlpipe_builder, mlpipe_builder_new(NULL, NULL, NULL, &out));
    REFUSED(mlpipe_builder_new(c, NULL, NULL, NULL));
    NOTHING(mlpipe_builder, mlpipe_builder_new(c, NULL, "zz=1", &out));
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    REFUSED(mlpipe_builder_append(NULL, b, x, 1));
    REFUSED(mlpipe_builder_append(c, NULL, x, 1));
    REFUSED(mlpipe_builder_append(c, b, NULL, 1));
    REFUSED(mlpipe_builder_append(c, b, x, SIZE_MAX));
    REFUSED(mlpipe_builder_column(NULL, b, "x", MLPIPE_F64, x, NULL, 2));
    REFUSED(mlpipe_builder_column(c, NULL, "x", MLPIPE_F64, x, NULL, 2));
    REFUSED(mlpipe_builder_column(c, b, NULL, MLPIPE_F64, x, NULL, 2));
    REFUSED(mlpipe_builder_column(c, b, "x", 0, x, NULL, 2));
    REFUSED(mlpipe_builder_column(c, b, "x", INT32_MAX, x, NULL, 2));
    REFUSED(mlpipe_builder_column(c, b, "x", MLPIPE_F64, NULL, NULL, 2));
    REFUSED(mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, -1));
    REFUSED(mlpipe_builder_times(NULL, b, "t", MLPIPE_UNIT_S, t, NULL, 2));
    REFUSED(mlpipe_builder_times(c, NULL, "t", MLPIPE_UNIT_S, t, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, NULL, MLPIPE_UNIT_S, t, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, "t", -1, t, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, "t", MLPIPE_UNIT_S, NULL, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, "t", MLPIPE_UNIT_S, t, NULL, -1));
    REFUSED(mlpipe_builder_texts(NULL, b, "s", s, 2));
    REFUSED(mlpipe_builder_texts(c, NULL, "s", s, 2));
    REFUSED(mlpipe_builder_texts(c, b, NULL, s, 2));
    REFUSED(mlpipe_builder_texts(c, b, "s", NULL, 2));
    REFUSED(mlpipe_builder_texts(c, b, "s", s, INT64_MIN));
    NOTHING(mlpipe_dataset, mlpipe_builder_finish(NULL, b, &out));
    NOTHING(mlpipe_dataset, mlpipe_builder_finish(c, NULL, &out));
    REFUSED(mlpipe_builder_finish(c, b, NULL));
    /* None of that left a trace. */
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, "x", MLPIPE_UNIT_S, t, NULL, 2));
    REFUSED(mlpipe_builder_times(c, b, "t", MLPIPE_UNIT_S, t, NULL, 1));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    NOTHING(mlpipe_dataset, mlpipe_builder_finish(c, b, &out));
    REFUSED(mlpipe_builder_texts(c, b, "s", s, 2));
    assert_int_equal(1, mlpipe_dataset_columns(d));
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    HARMLESS(mlpipe_builder_free(NULL));
}

static void layouts(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_layout *l;
    uint32_t token;
    (void)state;
    NOTHING(mlpipe_layout, mlpipe_layout_new(NULL, 8, &out));
    REFUSED(mlpipe_layout_new(c, 8, NULL));
    NOTHING(mlpipe_layout, mlpipe_layout_new(c, 0, &out));
    NOTHING(mlpipe_layout, mlpipe_layout_new(c, SIZE_MAX, &out));
    assert_ok(c, mlpipe_layout_new(c, 8, &l));
    REFUSED(mlpipe_layout_field(NULL, l, "x", MLPIPE_F64, 0));
    REFUSED(mlpipe_layout_field(c, NULL, "x", MLPIPE_F64, 0));
    REFUSED(mlpipe_layout_field(c, l, NULL, MLPIPE_F64, 0));
    REFUSED(mlpipe_layout_field(c, l, "x", 99, 0));
    REFUSED(mlpipe_layout_field(c, l, "x", MLPIPE_F64, 1));
    REFUSED(mlpipe_layout_field(c, l, "x", MLPIPE_F64, SIZE_MAX));
    REFUSED(mlpipe_layout_field(c, l, "x", MLPIPE_F64, SIZE_MAX - 6));
    REFUSED(mlpipe_layout_missing(NULL, l, "x", 0));
    REFUSED(mlpipe_layout_missing(c, NULL, "x", 0));
    REFUSED(mlpipe_layout_missing(c, l, NULL, 0));
    REFUSED(mlpipe_layout_missing(c, l, "x", 0));
    REFUSED(mlpipe_layout_absent(NULL, l, "x"));
    REFUSED(mlpipe_layout_absent(c, NULL, "x"));
    REFUSED(mlpipe_layout_absent(c, l, NULL));
    REFUSED(mlpipe_layout_token(NULL, l, "a", 1, &token));
    REFUSED(mlpipe_layout_token(c, NULL, "a", 1, &token));
    REFUSED(mlpipe_layout_token(c, l, NULL, 1, &token));
    REFUSED(mlpipe_layout_token(c, l, "a", 1, NULL));
    REFUSED(mlpipe_layout_token(c, l, "a", SIZE_MAX, &token));
    mlpipe_layout_free(l);
    HARMLESS(mlpipe_layout_free(NULL));
}

static void collecting(void **state)
{
    mlpipe_ctx *const c = w.c;
    static const char csv[] = "a,b\n1,2\n";
    (void)state;
    NOTHING(mlpipe_dataset, mlpipe_read_csv(NULL, "x", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv(c, NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv(c, "", NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv(c, "/", NULL, &out));
    REFUSED(mlpipe_read_csv(c, "x", NULL, NULL));
    NOTHING(mlpipe_dataset,
            mlpipe_read_csv_memory(NULL, csv, sizeof csv - 1, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_memory(c, NULL, 8, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_memory(c, csv, 0, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_read_csv_memory(c, NULL, 0, NULL, &out));
    REFUSED(mlpipe_read_csv_memory(c, csv, 8, NULL, NULL));
    NOTHING(mlpipe_source, mlpipe_source_csv(NULL, "x", NULL, &out));
    NOTHING(mlpipe_source, mlpipe_source_csv(c, NULL, NULL, &out));
    NOTHING(mlpipe_source, mlpipe_source_csv(c, "/no/such", NULL, &out));
    REFUSED(mlpipe_source_csv(c, "x", NULL, NULL));
    NOTHING(mlpipe_dataset, mlpipe_source_next(NULL, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_source_next(c, NULL, &out));
    REFUSED(mlpipe_source_next(c, NULL, NULL));
    NOTHING(mlpipe_report, mlpipe_source_reading(NULL, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_source_reading(c, NULL, &out));
    HARMLESS(mlpipe_source_free(NULL));
}

static void reports(void **state)
{
    mlpipe_report *r;
    mlpipe_figure f;
    const char *name;
    (void)state;
    assert_ok(w.c, mlpipe_evaluate(w.c, w.model, w.valid, NULL, &r));
    note("mlpipe_report_get(");
    assert_true(isnan(mlpipe_report_get(NULL, "x")));
    assert_true(isnan(mlpipe_report_get(r, NULL)));
    assert_true(isnan(mlpipe_report_get(r, "no such")));
    EXPECTED(NULL, mlpipe_report_text(NULL, "x"));
    EXPECTED(NULL, mlpipe_report_text(r, NULL));
    EXPECTED(0, mlpipe_report_count(NULL));
    REFUSED(mlpipe_report_figure(NULL, 0, &name, &f));
    REFUSED(mlpipe_report_figure(r, UINT32_MAX, &name, &f));
    assert_int_equal(0, mlpipe_report_figure(r, 0, NULL, NULL));
    NOTHING(mlpipe_buffer, mlpipe_report_render(NULL, r, "text", &out));
    NOTHING(mlpipe_buffer, mlpipe_report_render(w.c, NULL, "text", &out));
    NOTHING(mlpipe_buffer, mlpipe_report_render(w.c, r, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_report_render(w.c, r, "morse", &out));
    REFUSED(mlpipe_report_render(w.c, r, "text", NULL));
    mlpipe_report_free(r);
    HARMLESS(mlpipe_report_free(NULL));
}

static void recipes(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_catalog_entry e;
    mlpipe_catalog_parameter p;
    (void)state;
    HARMLESS(mlpipe_catalog_count());
    REFUSED(mlpipe_catalog_get(UINT32_MAX, &e));
    REFUSED(mlpipe_catalog_get(0, NULL));
    REFUSED(mlpipe_catalog_param(UINT32_MAX, 0, &p));
    REFUSED(mlpipe_catalog_param(0, UINT32_MAX, &p));
    REFUSED(mlpipe_catalog_param(0, 0, NULL));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_new(NULL, "target=y", &out));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_new(c, "target=log(", &out));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_new(c, "as_of=now", &out));
    REFUSED(mlpipe_pipeline_new(c, "target=y", NULL));
    REFUSED(mlpipe_pipeline_add(NULL, w.trees, "scale", "as=x"));
    REFUSED(mlpipe_pipeline_add(c, NULL, "scale", "as=x"));
    REFUSED(mlpipe_pipeline_add(c, w.trees, NULL, "as=x"));
    REFUSED(mlpipe_pipeline_add(c, w.trees, "", NULL));
    REFUSED(mlpipe_pipeline_add(c, w.trees, "ridge", NULL));
    REFUSED(mlpipe_pipeline_derive(NULL, w.trees, "a = x"));
    REFUSED(mlpipe_pipeline_derive(c, NULL, "a = x"));
    REFUSED(mlpipe_pipeline_derive(c, w.trees, NULL));
    REFUSED(mlpipe_pipeline_derive(c, w.trees, ""));
    REFUSED(mlpipe_pipeline_derive(c, w.trees, "a = \xff"));
    REFUSED(mlpipe_pipeline_derive(c, w.trees, "a = x"));
    REFUSED(mlpipe_pipeline_filter(NULL, w.trees, "x > 1"));
    REFUSED(mlpipe_pipeline_filter(c, NULL, "x > 1"));
    REFUSED(mlpipe_pipeline_filter(c, w.trees, NULL));
    REFUSED(mlpipe_pipeline_filter(c, w.trees, "x >"));
    REFUSED(mlpipe_pipeline_filter(c, w.trees, "x > 1"));
    NOTHING(mlpipe_buffer, mlpipe_pipeline_json(NULL, w.trees, &out));
    NOTHING(mlpipe_buffer, mlpipe_pipeline_json(c, NULL, &out));
    REFUSED(mlpipe_pipeline_json(c, w.trees, NULL));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_parse(NULL, "{}", 2, &out));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_parse(c, NULL, 2, &out));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_parse(c, "{}", 0, &out));
    NOTHING(mlpipe_pipeline, mlpipe_pipeline_parse(c, "{}", SIZE_MAX, &out));
    REFUSED(mlpipe_pipeline_parse(c, "{}", 2, NULL));
    NOTHING(mlpipe_buffer, mlpipe_pipeline_fingerprint(NULL, w.trees, &out));
    NOTHING(mlpipe_buffer, mlpipe_pipeline_fingerprint(c, NULL, &out));
    REFUSED(mlpipe_pipeline_fingerprint(c, w.trees, NULL));
    NOTHING(mlpipe_report, mlpipe_pipeline_check(NULL, "{}", 2, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_pipeline_check(c, NULL, 2, NULL, &out));
    REFUSED(mlpipe_pipeline_check(c, "{}", 2, NULL, NULL));
    HARMLESS(mlpipe_pipeline_free(NULL));
}

static void models(void **state)
{
    mlpipe_ctx *const c = w.c;
    double x[API_ROWS];
    mlpipe_report *r;
    (void)state;
    NOTHING(mlpipe_model, mlpipe_fit(NULL, w.trees, w.train, NULL, &out));
    NOTHING(mlpipe_model, mlpipe_fit(c, NULL, w.train, NULL, &out));
    NOTHING(mlpipe_model, mlpipe_fit(c, w.trees, NULL, NULL, &out));
    NOTHING(mlpipe_model, mlpipe_fit(c, w.trees, w.train, w.train, &out));
    REFUSED(mlpipe_fit(c, w.trees, w.train, NULL, NULL));
    REFUSED(mlpipe_predict(NULL, w.model, w.all, x, API_ROWS));
    REFUSED(mlpipe_predict(c, NULL, w.all, x, API_ROWS));
    REFUSED(mlpipe_predict(c, w.model, NULL, x, API_ROWS));
    REFUSED(mlpipe_predict(c, w.model, w.all, NULL, API_ROWS));
    REFUSED(mlpipe_predict(c, w.model, w.all, x, API_ROWS - 1));
    REFUSED(mlpipe_predict(c, w.model, w.all, x, 0));
    NOTHING(mlpipe_report, mlpipe_evaluate(NULL, w.model, w.all, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_evaluate(c, NULL, w.all, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_evaluate(c, w.model, NULL, NULL, &out));
    REFUSED(mlpipe_evaluate(c, w.model, w.all, NULL, NULL));
    NOTHING(mlpipe_report,
            mlpipe_importance(NULL, w.model, w.all, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_importance(c, NULL, w.all, NULL, &out));
    NOTHING(mlpipe_report, mlpipe_importance(c, w.model, NULL, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_importance(c, w.model, w.all, "repeats=0", &out));
    REFUSED(mlpipe_importance(c, w.model, w.all, NULL, NULL));
    assert_ok(c, mlpipe_evaluate(c, w.model, w.valid, NULL, &r));
    NOTHING(mlpipe_model, mlpipe_model_attach(NULL, w.model, r, &out));
    NOTHING(mlpipe_model, mlpipe_model_attach(c, NULL, r, &out));
    NOTHING(mlpipe_model, mlpipe_model_attach(c, w.model, NULL, &out));
    REFUSED(mlpipe_model_attach(c, w.model, r, NULL));
    mlpipe_report_free(r);
    REFUSED(mlpipe_model_save(NULL, w.model, "x"));
    REFUSED(mlpipe_model_save(c, NULL, "x"));
    REFUSED(mlpipe_model_save(c, w.model, NULL));
    REFUSED(mlpipe_model_save(c, w.model, ""));
    REFUSED(mlpipe_model_save(c, w.model, "/no/such/folder/x"));
    NOTHING(mlpipe_model, mlpipe_model_load(NULL, "x", &out));
    NOTHING(mlpipe_model, mlpipe_model_load(c, NULL, &out));
    NOTHING(mlpipe_model, mlpipe_model_load(c, "", &out));
    REFUSED(mlpipe_model_load(c, "x", NULL));
    NOTHING(mlpipe_buffer, mlpipe_model_bytes(NULL, w.model, &out));
    NOTHING(mlpipe_buffer, mlpipe_model_bytes(c, NULL, &out));
    REFUSED(mlpipe_model_bytes(c, w.model, NULL));
    NOTHING(mlpipe_model, mlpipe_model_load_bytes(NULL, x, 9, &out));
    NOTHING(mlpipe_model, mlpipe_model_load_bytes(c, NULL, 9, &out));
    NOTHING(mlpipe_model, mlpipe_model_load_bytes(c, x, 0, &out));
    NOTHING(mlpipe_model, mlpipe_model_load_bytes(c, x, SIZE_MAX, &out));
    REFUSED(mlpipe_model_load_bytes(c, x, 9, NULL));
    NOTHING(mlpipe_pipeline, mlpipe_model_recipe(NULL, w.model, &out));
    NOTHING(mlpipe_pipeline, mlpipe_model_recipe(c, NULL, &out));
    REFUSED(mlpipe_model_recipe(c, w.model, NULL));
    NOTHING(mlpipe_report, mlpipe_model_card(NULL, w.model, &out));
    NOTHING(mlpipe_report, mlpipe_model_card(c, NULL, &out));
    REFUSED(mlpipe_model_card(c, w.model, NULL));
    NOTHING(mlpipe_buffer, mlpipe_model_explain(NULL, w.model, &out));
    NOTHING(mlpipe_buffer, mlpipe_model_explain(c, NULL, &out));
    REFUSED(mlpipe_model_explain(c, w.model, NULL));
}

static void transforms(void **state)
{
    mlpipe_ctx *const c = w.c;
    const uint32_t none = UINT32_MAX;
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_dataset *rows;
    char x[16] = {0};
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "features=size,town", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_transform_fit(c, p, w.train, NULL, &t));
    NOTHING(mlpipe_transform,
            mlpipe_transform_fit(NULL, p, w.train, NULL, &out));
    NOTHING(mlpipe_transform,
            mlpipe_transform_fit(c, NULL, w.train, NULL, &out));
    NOTHING(mlpipe_transform, mlpipe_transform_fit(c, p, NULL, NULL, &out));
    NOTHING(mlpipe_transform,
            mlpipe_transform_fit(c, w.trees, w.train, NULL, &out));
    REFUSED(mlpipe_transform_fit(c, p, w.train, NULL, NULL));
    rows = (mlpipe_dataset *)c;
    REFUSED(mlpipe_transform_fit(c, p, w.train, &rows, NULL));
    assert_null(rows);
    NOTHING(mlpipe_dataset,
            mlpipe_transform_apply(NULL, t, w.all, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_transform_apply(c, NULL, w.all, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_transform_apply(c, t, NULL, NULL, &out));
    NOTHING(mlpipe_dataset,
            mlpipe_transform_apply(c, t, w.all, "leek=allow", &out));
    REFUSED(mlpipe_transform_apply(c, t, w.all, NULL, NULL));
    EXPECTED(0, mlpipe_transform_inputs(NULL));
    EXPECTED(NULL, mlpipe_transform_input(NULL, 0));
    EXPECTED(NULL, mlpipe_transform_input(t, none));
    EXPECTED(0, mlpipe_transform_outputs(NULL));
    EXPECTED(NULL, mlpipe_transform_output(NULL, 0));
    EXPECTED(NULL, mlpipe_transform_output(t, none));
    EXPECTED(0, mlpipe_transform_output_type(NULL, 0));
    EXPECTED(0, mlpipe_transform_output_type(t, none));
    EXPECTED(NULL, mlpipe_transform_category(NULL, 0, 0));
    EXPECTED(NULL, mlpipe_transform_category(t, none, 0));
    EXPECTED(NULL, mlpipe_transform_category(t, 0, -1));
    EXPECTED(NULL, mlpipe_transform_category(t, 1, 1e300));
    HARMLESS(mlpipe_transform_id(NULL));
    NOTHING(mlpipe_buffer, mlpipe_transform_bytes(NULL, t, &out));
    NOTHING(mlpipe_buffer, mlpipe_transform_bytes(c, NULL, &out));
    REFUSED(mlpipe_transform_bytes(c, t, NULL));
    REFUSED(mlpipe_transform_save(NULL, t, "x"));
    REFUSED(mlpipe_transform_save(c, NULL, "x"));
    REFUSED(mlpipe_transform_save(c, t, NULL));
    REFUSED(mlpipe_transform_save(c, t, "/no/such/folder/x"));
    NOTHING(mlpipe_transform, mlpipe_transform_load(NULL, "x", &out));
    NOTHING(mlpipe_transform, mlpipe_transform_load(c, NULL, &out));
    NOTHING(mlpipe_transform, mlpipe_transform_load(c, "", &out));
    REFUSED(mlpipe_transform_load(c, "x", NULL));
    NOTHING(mlpipe_transform, mlpipe_transform_load_bytes(NULL, x, 9, &out));
    NOTHING(mlpipe_transform, mlpipe_transform_load_bytes(c, NULL, 9, &out));
    NOTHING(mlpipe_transform, mlpipe_transform_load_bytes(c, x, 0, &out));
    REFUSED(mlpipe_transform_load_bytes(c, x, 9, NULL));
    NOTHING(mlpipe_pipeline, mlpipe_transform_recipe(NULL, t, &out));
    NOTHING(mlpipe_pipeline, mlpipe_transform_recipe(c, NULL, &out));
    REFUSED(mlpipe_transform_recipe(c, t, NULL));
    NOTHING(mlpipe_buffer, mlpipe_transform_explain(NULL, t, &out));
    NOTHING(mlpipe_buffer, mlpipe_transform_explain(c, NULL, &out));
    REFUSED(mlpipe_transform_explain(c, t, NULL));
    NOTHING(mlpipe_report, mlpipe_transform_notes(NULL, t, &out));
    NOTHING(mlpipe_report, mlpipe_transform_notes(c, NULL, &out));
    REFUSED(mlpipe_transform_notes(c, t, NULL));
    NOTHING(mlpipe_predictor,
            mlpipe_transform_predictor(NULL, t, NULL, &out));
    NOTHING(mlpipe_predictor,
            mlpipe_transform_predictor(c, NULL, NULL, &out));
    REFUSED(mlpipe_transform_predictor(c, t, NULL, NULL));
    HARMLESS(mlpipe_transform_free(NULL));
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
}

static void getters_of_models(void **state)
{
    const uint32_t none = UINT32_MAX;
    (void)state;
    HARMLESS(mlpipe_model_id(NULL));
    assert_string_equal("", mlpipe_model_id(NULL));
    EXPECTED(0, mlpipe_model_inputs(NULL));
    EXPECTED(NULL, mlpipe_model_input(NULL, 0));
    EXPECTED(NULL, mlpipe_model_input(w.model, none));
    EXPECTED(0, mlpipe_model_input_type(NULL, 0));
    EXPECTED(0, mlpipe_model_input_type(w.model, none));
    EXPECTED(0, mlpipe_model_outputs(NULL));
    EXPECTED(NULL, mlpipe_model_output(NULL, 0));
    EXPECTED(NULL, mlpipe_model_output(w.model, none));
    EXPECTED(NULL, mlpipe_model_class(NULL, 0));
    EXPECTED(NULL, mlpipe_model_class(w.model, none));
    HARMLESS(mlpipe_model_free(NULL));
}

static void stores(void **state)
{
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(w.c->env, &io);
    mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *c;
    mlpipe_store *s;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    NOTHING(mlpipe_store, mlpipe_store_open(NULL, "s", NULL, &out));
    NOTHING(mlpipe_store, mlpipe_store_open(c, NULL, NULL, &out));
    REFUSED(mlpipe_store_open(c, "s", NULL, NULL));
    assert_ok(c, mlpipe_store_open(c, "s", NULL, &s));
    REFUSED(mlpipe_store_put_dataset(NULL, s, "x", w.all));
    REFUSED(mlpipe_store_put_dataset(c, NULL, "x", w.all));
    REFUSED(mlpipe_store_put_dataset(c, s, NULL, w.all));
    REFUSED(mlpipe_store_put_dataset(c, s, "../x", w.all));
    REFUSED(mlpipe_store_put_dataset(c, s, "x", NULL));
    REFUSED(mlpipe_store_put_model(NULL, s, "x", w.model));
    REFUSED(mlpipe_store_put_model(c, NULL, "x", w.model));
    REFUSED(mlpipe_store_put_model(c, s, NULL, w.model));
    REFUSED(mlpipe_store_put_model(c, s, "", w.model));
    REFUSED(mlpipe_store_put_model(c, s, "x", NULL));
    NOTHING(mlpipe_dataset, mlpipe_store_get_dataset(NULL, s, "x", &out));
    NOTHING(mlpipe_dataset, mlpipe_store_get_dataset(c, NULL, "x", &out));
    NOTHING(mlpipe_dataset, mlpipe_store_get_dataset(c, s, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_store_get_dataset(c, s, "x", &out));
    REFUSED(mlpipe_store_get_dataset(c, s, "x", NULL));
    NOTHING(mlpipe_model, mlpipe_store_get_model(NULL, s, "x", &out));
    NOTHING(mlpipe_model, mlpipe_store_get_model(c, NULL, "x", &out));
    NOTHING(mlpipe_model, mlpipe_store_get_model(c, s, NULL, &out));
    NOTHING(mlpipe_model, mlpipe_store_get_model(c, s, "x", &out));
    REFUSED(mlpipe_store_get_model(c, s, "x", NULL));
    REFUSED(mlpipe_store_tag(NULL, s, "x", "y"));
    REFUSED(mlpipe_store_tag(c, NULL, "x", "y"));
    REFUSED(mlpipe_store_tag(c, s, NULL, "y"));
    REFUSED(mlpipe_store_tag(c, s, "x", NULL));
    NOTHING(mlpipe_report, mlpipe_store_log(NULL, s, &out));
    NOTHING(mlpipe_report, mlpipe_store_log(c, NULL, &out));
    REFUSED(mlpipe_store_log(c, s, NULL));
    NOTHING(mlpipe_report, mlpipe_store_verify(NULL, s, &out));
    NOTHING(mlpipe_report, mlpipe_store_verify(c, NULL, &out));
    REFUSED(mlpipe_store_verify(c, s, NULL));
    NOTHING(mlpipe_report, mlpipe_store_lineage(NULL, s, "x", &out));
    NOTHING(mlpipe_report, mlpipe_store_lineage(c, NULL, "x", &out));
    NOTHING(mlpipe_report, mlpipe_store_lineage(c, s, NULL, &out));
    REFUSED(mlpipe_store_lineage(c, s, "x", NULL));
    mlpipe_store_free(s);
    HARMLESS(mlpipe_store_free(NULL));
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
}

static void predictors(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_predictor *p;
    double row[16] = {0}, out_row[2];
    mlpipe_value values[16] = {{0}};
    void *scratch;
    (void)state;
    NOTHING(mlpipe_predictor,
            mlpipe_predictor_new(NULL, w.model, NULL, &out));
    NOTHING(mlpipe_predictor, mlpipe_predictor_new(c, NULL, NULL, &out));
    REFUSED(mlpipe_predictor_new(c, w.model, NULL, NULL));
    assert_ok(c, mlpipe_predictor_new(c, w.model, NULL, &p));
    EXPECTED(0, mlpipe_predictor_scratch(NULL));
    scratch = aligned_alloc(64, (mlpipe_predictor_scratch(p) | 63) + 1);
    assert_non_null(scratch);
    note("mlpipe_predictor_code(");
    assert_true(isnan(mlpipe_predictor_code(NULL, 0, "x", 1)));
    assert_true(isnan(mlpipe_predictor_code(p, UINT32_MAX, "x", 1)));
    HARMLESS(mlpipe_predictor_code(p, 3, NULL, 1));
    REFUSED(mlpipe_predict_row(NULL, scratch, row, out_row));
    REFUSED(mlpipe_predict_row(p, NULL, row, out_row));
    REFUSED(mlpipe_predict_row(p, scratch, NULL, out_row));
    REFUSED(mlpipe_predict_row(p, scratch, row, NULL));
    REFUSED(mlpipe_predict_rows(NULL, scratch, row, 8, 1, out_row));
    REFUSED(mlpipe_predict_rows(p, NULL, row, 8, 1, out_row));
    REFUSED(mlpipe_predict_rows(p, scratch, NULL, 8, 1, out_row));
    REFUSED(mlpipe_predict_rows(p, scratch, row, 8, 1, NULL));
    assert_int_equal(0, mlpipe_predict_rows(p, scratch, row, 8, 0, out_row));
    REFUSED(mlpipe_predict_values(NULL, scratch, values, out_row));
    REFUSED(mlpipe_predict_values(p, NULL, values, out_row));
    REFUSED(mlpipe_predict_values(p, scratch, NULL, out_row));
    REFUSED(mlpipe_predict_values(p, scratch, values, NULL));
    values[0].kind = INT32_MAX;
    REFUSED(mlpipe_predict_values(p, scratch, values, out_row));
    free(scratch);
    mlpipe_predictor_free(p);
    HARMLESS(mlpipe_predictor_free(NULL));
}

static void slots(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_slot *s;
    mlpipe_worker *k;
    double row[16] = {0}, out_row[2];
    (void)state;
    NOTHING(mlpipe_slot, mlpipe_slot_new(NULL, w.model, NULL, NULL, &out));
    NOTHING(mlpipe_slot, mlpipe_slot_new(c, NULL, NULL, NULL, &out));
    NOTHING(mlpipe_slot, mlpipe_slot_new(c, w.model, NULL, "a=1", &out));
    REFUSED(mlpipe_slot_new(c, w.model, NULL, NULL, NULL));
    assert_ok(c, mlpipe_slot_new(c, w.model, NULL, NULL, &s));
    REFUSED(mlpipe_slot_swap(NULL, s, w.model));
    REFUSED(mlpipe_slot_swap(c, NULL, w.model));
    REFUSED(mlpipe_slot_swap(c, s, NULL));
    REFUSED(mlpipe_slot_rollback(NULL, s));
    REFUSED(mlpipe_slot_rollback(c, NULL));
    REFUSED(mlpipe_slot_rollback(c, s));
    REFUSED(mlpipe_slot_reclaim(NULL, s, NULL));
    REFUSED(mlpipe_slot_reclaim(c, NULL, NULL));
    EXPECTED(0, mlpipe_slot_version(NULL));
    NOTHING(mlpipe_model, mlpipe_slot_model(NULL, s, &out));
    NOTHING(mlpipe_model, mlpipe_slot_model(c, NULL, &out));
    REFUSED(mlpipe_slot_model(c, s, NULL));
    NOTHING(mlpipe_worker, mlpipe_worker_new(NULL, s, NULL, &out));
    NOTHING(mlpipe_worker, mlpipe_worker_new(c, NULL, NULL, &out));
    NOTHING(mlpipe_worker,
            mlpipe_worker_new(c, s, (mlpipe_live *)(void *)&garbage, &out));
    REFUSED(mlpipe_worker_new(c, s, NULL, NULL));
    assert_ok(c, mlpipe_worker_new(c, s, NULL, &k));
    REFUSED(mlpipe_worker_predict(NULL, 1, 0, row, out_row, 1));
    REFUSED(mlpipe_worker_predict(k, 1, 0, NULL, out_row, 1));
    REFUSED(mlpipe_worker_predict(k, 1, 0, row, NULL, 1));
    assert_int_equal(0, mlpipe_worker_predict(k, UINT64_MAX, INT64_MIN, row,
                                              out_row, 1));
    assert_int_equal(0, mlpipe_worker_predict(k, 1, 0, row, out_row, 0));
    HARMLESS(mlpipe_worker_flags(NULL));
    HARMLESS(mlpipe_worker_latency(NULL, 1));
    HARMLESS(mlpipe_worker_latency(k, UINT64_MAX));
    HARMLESS(mlpipe_worker_failed(NULL, MLPIPE_E_HOST));
    HARMLESS(mlpipe_worker_failed(k, INT32_MIN));
    HARMLESS(mlpipe_worker_failed(k, INT32_MAX));
    EXPECTED(0, mlpipe_worker_version(NULL));
    note("mlpipe_worker_error(");
    assert_non_null(mlpipe_worker_error(NULL));
    HARMLESS(mlpipe_worker_free(NULL));
    HARMLESS(mlpipe_slot_free(NULL));
    mlpipe_worker_free(k);
    mlpipe_slot_free(s);
}

static void loops(void **state)
{
    mlpipe_ctx *const c = w.c;
    mlpipe_slot *s;
    mlpipe_monitor *m;
    mlpipe_report *r;
    mlpipe_trigger *t;
    int32_t fired;
    (void)state;
    assert_ok(c, mlpipe_slot_new(c, w.model, NULL, NULL, &s));
    NOTHING(mlpipe_monitor, mlpipe_monitor_new(NULL, s, NULL, &out));
    NOTHING(mlpipe_monitor, mlpipe_monitor_new(c, NULL, NULL, &out));
    REFUSED(mlpipe_monitor_new(c, s, NULL, NULL));
    assert_ok(c, mlpipe_monitor_new(c, s, NULL, &m));
    REFUSED(mlpipe_monitor_truth(NULL, m, 1, 1, 1));
    REFUSED(mlpipe_monitor_truth(c, NULL, 1, 1, 1));
    REFUSED(mlpipe_monitor_truth(c, m, 1, 1, (double)INFINITY));
    REFUSED(mlpipe_monitor_tick(NULL, m, 0, NULL));
    REFUSED(mlpipe_monitor_tick(c, NULL, 0, NULL));
    assert_int_equal(0, mlpipe_monitor_tick(c, m, INT64_MIN, NULL));
    assert_int_equal(0, mlpipe_monitor_tick(c, m, INT64_MAX, NULL));
    NOTHING(mlpipe_report, mlpipe_monitor_report(NULL, m, &out));
    NOTHING(mlpipe_report, mlpipe_monitor_report(c, NULL, &out));
    REFUSED(mlpipe_monitor_report(c, m, NULL));
    NOTHING(mlpipe_dataset, mlpipe_monitor_captured(NULL, m, &out));
    NOTHING(mlpipe_dataset, mlpipe_monitor_captured(c, NULL, &out));
    NOTHING(mlpipe_dataset, mlpipe_monitor_captured(c, m, &out));
    REFUSED(mlpipe_monitor_captured(c, m, NULL));
    NOTHING(mlpipe_trigger, mlpipe_trigger_new(NULL, w.model, "1<2", &out));
    NOTHING(mlpipe_trigger, mlpipe_trigger_new(c, NULL, "1<2", &out));
    NOTHING(mlpipe_trigger, mlpipe_trigger_new(c, w.model, NULL, &out));
    NOTHING(mlpipe_trigger, mlpipe_trigger_new(c, w.model, "", &out));
    REFUSED(mlpipe_trigger_new(c, w.model, "1<2", NULL));
    assert_ok(c, mlpipe_monitor_report(c, m, &r));
    assert_ok(c, mlpipe_trigger_new(c, w.model, "performance", &t));
    REFUSED(mlpipe_trigger_test(NULL, t, r, &fired));
    REFUSED(mlpipe_trigger_test(c, NULL, r, &fired));
    REFUSED(mlpipe_trigger_test(c, t, NULL, &fired));
    REFUSED(mlpipe_trigger_test(c, t, r, NULL));
    mlpipe_trigger_free(t);
    mlpipe_report_free(r);
    HARMLESS(mlpipe_trigger_free(NULL));
    NOTHING(mlpipe_cycle, mlpipe_cycle_new(NULL, m, w.trees, NULL, &out));
    NOTHING(mlpipe_cycle, mlpipe_cycle_new(c, NULL, w.trees, NULL, &out));
    NOTHING(mlpipe_cycle, mlpipe_cycle_new(c, m, NULL, NULL, &out));
    NOTHING(mlpipe_cycle, mlpipe_cycle_new(c, m, w.trees, NULL, &out));
    REFUSED(mlpipe_cycle_new(c, m, w.trees, NULL, NULL));
    REFUSED(mlpipe_cycle_tick(c, NULL, 0, NULL));
    REFUSED(mlpipe_cycle_tick(NULL, NULL, 0, NULL));
    REFUSED(mlpipe_cycle_retrain(c, NULL));
    REFUSED(mlpipe_cycle_retrain(NULL, NULL));
    NOTHING(mlpipe_buffer, mlpipe_cycle_log(NULL, NULL, &out));
    NOTHING(mlpipe_buffer, mlpipe_cycle_log(c, NULL, &out));
    REFUSED(mlpipe_cycle_log(c, NULL, NULL));
    HARMLESS(mlpipe_cycle_free(NULL));
    HARMLESS(mlpipe_monitor_free(NULL));
    mlpipe_monitor_free(m);
    mlpipe_slot_free(s);
}

/* Each name of the symbol map stands in front of a parenthesis above. */
static void every_export(void **state)
{
    char path[512], line[256], name[256];
    const char *golden = getenv("MLPIPE_GOLDEN");
    uint32_t all = 0, missing = 0;
    FILE *f;
    (void)state;
    if (!golden)
        skip();
    snprintf(path, sizeof path, "%s/../../lib/mlpipe.map", golden);
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        uint32_t i = 0;
        if (sscanf(line, " %254[a-z0-9_];", name) != 1 ||
            strncmp(name, "mlpipe_", 7))
            continue;
        all++;
        strcat(name, "(");
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            if (!strcmp(elsewhere[k], name))
                i = UINT32_MAX;
        while (i < tried_count && !strstr(tried[i], name))
            i++;
        if (i == tried_count) {
            missing++;
            fprintf(stderr, "# not misused: %s)\n", name);
        }
    }
    fclose(f);
    assert_true(all > 100);
    assert_int_equal(0, missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base),
        cmocka_unit_test(getters_of_data),
        cmocka_unit_test(datasets),
        cmocka_unit_test(parts),
        cmocka_unit_test(searches),
        cmocka_unit_test(builders),
        cmocka_unit_test(layouts),
        cmocka_unit_test(collecting),
        cmocka_unit_test(reports),
        cmocka_unit_test(recipes),
        cmocka_unit_test(models),
        cmocka_unit_test(transforms),
        cmocka_unit_test(getters_of_models),
        cmocka_unit_test(stores),
        cmocka_unit_test(predictors),
        cmocka_unit_test(slots),
        cmocka_unit_test(loops),
        cmocka_unit_test(every_export),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
