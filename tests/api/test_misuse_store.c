/* SPDX-License-Identifier: MIT */
/* The misuse of versions in a store; see test_misuse.c. */
#include "api/misuse.h"

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

static void versions(void **state)
{
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(w.c->env, &io);
    mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_dataset *const d = w.all;
    mlpipe_model *const m = w.model;
    mlpipe_report *report;
    mlpipe_store *s;
    mlpipe_ctx *c;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_store_open(c, "s", "wait='0 s'", &s));
    assert_ok(c, mlpipe_store_verify(c, s, &report));
    NOTHING(mlpipe_store, mlpipe_store_open(c, "t", "wait=x", &out));
    NOTHING(mlpipe_store, mlpipe_store_open(c, "t", "wait='-1 s'", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(NULL, s, "x", d, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, NULL, "x", d, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, NULL, d, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", NULL, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "../x", d, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "", d, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", d, "expect=new", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", d, "nte=x", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", d, "time=soon", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", d, "key=none", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit(c, s, "x", d, "retrieved=1", &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(NULL, s, "x", m, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(c, NULL, "x", m, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(c, s, NULL, m, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(c, s, "x", NULL, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(c, s, "x y", m, NULL, &out));
    NOTHING(mlpipe_buffer,
            mlpipe_store_commit_model(c, s, "x", m, "expect=0", &out));
    REFUSED(mlpipe_store_put_report(NULL, s, "x", "y", report));
    REFUSED(mlpipe_store_put_report(c, NULL, "x", "y", report));
    REFUSED(mlpipe_store_put_report(c, s, NULL, "y", report));
    REFUSED(mlpipe_store_put_report(c, s, "x", NULL, report));
    REFUSED(mlpipe_store_put_report(c, s, "x", "y", report));
    REFUSED(mlpipe_store_put_report(c, s, "x", "y", NULL));
    NOTHING(mlpipe_report,
            mlpipe_store_get_report(NULL, s, "x", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_get_report(c, NULL, "x", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_get_report(c, s, NULL, &out));
    REFUSED(mlpipe_store_get_report(c, s, "x", NULL));
    NOTHING(mlpipe_report,
            mlpipe_store_history(NULL, s, "x", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_history(c, NULL, "x", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_history(c, s, NULL, &out));
    REFUSED(mlpipe_store_history(c, s, "x", NULL));
    NOTHING(mlpipe_report,
            mlpipe_store_changed(NULL, s, "x", d, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_changed(c, NULL, "x", d, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_changed(c, s, NULL, d, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_changed(c, s, "x", NULL, &out));
    REFUSED(mlpipe_store_changed(c, s, "x", d, NULL));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(NULL, s, "x", "y", NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, NULL, "x", "y", NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, s, NULL, "y", NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, s, "x", NULL, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, s, "x", "y", "limit=-1", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, s, "x", "y", "key=", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_diff(c, s, "x", "y", "rows=maybe", &out));
    REFUSED(mlpipe_store_diff(c, s, "x", "y", NULL, NULL));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(NULL, s, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(c, NULL, NULL, &out));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(c, s, "keep=0", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(c, s, "older=-1", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(c, s, "now=soon", &out));
    NOTHING(mlpipe_report,
            mlpipe_store_gc(c, s, "dryrun=true", &out));
    REFUSED(mlpipe_store_gc(c, s, NULL, NULL));
    REFUSED(mlpipe_store_pin(NULL, s, "x", "p"));
    REFUSED(mlpipe_store_pin(c, NULL, "x", "p"));
    REFUSED(mlpipe_store_pin(c, s, NULL, "p"));
    REFUSED(mlpipe_store_pin(c, s, "x", NULL));
    REFUSED(mlpipe_store_pin(c, s, "x", ""));
    REFUSED(mlpipe_store_pin(c, s, "x", "p"));
    NOTHING(mlpipe_dataset,
            mlpipe_store_get_pinned(NULL, s, "x", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_store_get_pinned(c, NULL, "x", &out));
    NOTHING(mlpipe_dataset,
            mlpipe_store_get_pinned(c, s, NULL, &out));
    REFUSED(mlpipe_store_get_pinned(c, s, "x", NULL));
    mlpipe_report_free(report);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
