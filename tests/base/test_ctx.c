/* SPDX-License-Identifier: MIT */
/* Contexts, errors, the frame around calls, polls, logs, fork. */
#include "support.h"

#include <fenv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base_internal.h"

static mlpipe_ctx *plain_ctx(void)
{
    mlpipe_ctx *c;
    assert_int_equal(mlpipe_ctx_new(NULL, &c), MLPIPE_OK);
    return c;
}

static void names_of_all_codes(void **state)
{
    mlpipe_status st;
    (void)state;
    assert_string_equal(mlpipe_status_name(MLPIPE_OK), "MLPIPE_OK");
    assert_string_equal(mlpipe_status_name(MLPIPE_E_NOMEM), "MLPIPE_E_NOMEM");
    assert_string_equal(mlpipe_status_name(MLPIPE_E_HOST), "MLPIPE_E_HOST");
    assert_string_equal(mlpipe_status_name(MLPIPE_E_AMBIGUOUS),
                        "MLPIPE_E_AMBIGUOUS");
    for (st = MLPIPE_OK; st >= MLPIPE_E_AMBIGUOUS; st--)
        assert_string_not_equal(mlpipe_status_name(st), "MLPIPE_E_UNKNOWN");
    assert_string_equal(mlpipe_status_name(1), "MLPIPE_E_UNKNOWN");
    assert_string_equal(mlpipe_status_name(INT32_MIN), "MLPIPE_E_UNKNOWN");
    assert_string_equal(mlpipe_status_name(MLPIPE_E_AMBIGUOUS - 1),
                        "MLPIPE_E_UNKNOWN");
}

static void versions_agree(void **state)
{
    char want[32];
    (void)state;
    assert_int_equal(mlpipe_version(), MLPIPE_VERSION);
    snprintf(want, sizeof want, "libmlpipe %u.%u.%u, ",
             mlpipe_version() >> 16, mlpipe_version() >> 8 & 255,
             mlpipe_version() & 255);
    assert_int_equal(strncmp(mlpipe_build_info(), want, strlen(want)), 0);
    assert_non_null(strstr(mlpipe_build_info(), "blas "));
}

static void the_error_of_no_context(void **state)
{
    const mlpipe_error *e = mlpipe_ctx_error(NULL);
    (void)state;
    /* it claims no cause: there may be several */
    assert_int_equal(e->status, MLPIPE_E_ARG);
    assert_int_equal(e->row, -1);
    assert_non_null(strstr(e->text, "MLPIPE_E_NOMEM"));
    assert_non_null(strstr(e->text, "MLPIPE_E_ARG"));
    assert_string_equal(e->column, "");
    assert_string_equal(e->where, "");
    mlpipe_ctx_free(NULL);
    mlpipe_ctx_cancel(NULL);
}

static void options_are_checked(void **state)
{
    struct {
        mlpipe_ctx_options o;
        char tail[16];
    } later;
    mlpipe_ctx_options o = {0};
    mlpipe_limits limits = {.size = sizeof limits, .trees = 7};
    mlpipe_io io = {.size = sizeof io};
    mlpipe_ctx *c;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, NULL), MLPIPE_E_ARG);
    o.size = sizeof o - 8;
    c = (mlpipe_ctx *)&o;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_ARG);
    assert_null(c);
    o.size = 0;
    o.threads = 1000000;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_ARG);
    o.threads = 0;
    memset(&later, 0, sizeof later);
    later.o.size = sizeof later;
    assert_int_equal(mlpipe_ctx_new(&later.o, &c), MLPIPE_OK);
    mlpipe_ctx_free(c);
    later.tail[3] = 1; /* it asks for what we do not know */
    assert_int_equal(mlpipe_ctx_new(&later.o, &c), MLPIPE_E_ARG);
    o.limits = &limits;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_int_equal(c->env->limits.trees, 7);
    assert_int_equal(c->env->limits.json_depth, 64);
    assert_int_equal(c->env->limits.bundle_bytes, UINT64_C(1) << 32);
    assert_int_equal(c->threads, 1);
    mlpipe_ctx_free(c);
    limits.size = 8;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_ARG);
    o.limits = NULL;
    o.io = &io; /* open is NULL: a context without files */
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    mlpipe_ctx_free(c);
    mlpipe__os_io(&io);
    io.unlock = NULL;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_ARG);
    o.io = NULL;
    o.memory_cap = 100; /* less than a context needs */
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_NOMEM);
    o.memory_cap = sizeof(mlpipe__env) + 8;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_E_NOMEM);
}

static void errors_hold_what_was_told(void **state)
{
    mlpipe_ctx *c = plain_ctx();
    const mlpipe_error *e = mlpipe_ctx_error(c);
    mlpipe_status st;
    (void)state;
    assert_int_equal(e->status, MLPIPE_OK);
    assert_string_equal(e->text, "");
    st = mlpipe__begin(c, "mlpipe_example");
    assert_int_equal(st, MLPIPE_OK);
    st = mlpipe__fail(c, MLPIPE_E_PARAM, "%s is %d, not %g", "x", -3, 0.1);
    assert_int_equal(mlpipe__fail_at(c, 41, "caf\xc3\xa9"), MLPIPE_E_PARAM);
    assert_int_equal(mlpipe__fail_detail(c, 9), MLPIPE_E_PARAM);
    assert_int_equal(mlpipe__end(c, st), MLPIPE_E_PARAM);
    assert_int_equal(e->status, MLPIPE_E_PARAM);
    assert_int_equal(e->detail, 9);
    assert_int_equal(e->row, 41);
    assert_string_equal(e->column, "caf\xc3\xa9");
    assert_string_equal(e->where, "mlpipe_example");
    assert_string_equal(e->text, "x is -3, not 0.1");
    /* the next call starts clean; row and column do not linger */
    assert_int_equal(mlpipe__begin(c, "second"), MLPIPE_OK);
    assert_string_equal(e->text, "");
    mlpipe__fail(c, MLPIPE_E_IO, "no");
    assert_int_equal(e->row, -1);
    assert_string_equal(e->column, "");
    assert_int_equal(mlpipe__end(c, MLPIPE_OK), MLPIPE_OK);
    assert_int_equal(e->status, MLPIPE_OK); /* it was dealt with */
    assert_string_equal(e->text, "");
    assert_int_equal(mlpipe__begin(c, "third"), MLPIPE_OK);
    assert_int_equal(mlpipe__end(c, MLPIPE_E_EMPTY), MLPIPE_E_EMPTY);
    assert_int_equal(e->status, MLPIPE_E_EMPTY); /* nobody said why */
    assert_string_equal(e->text,
                        "MLPIPE_E_EMPTY without a reason; please report "
                        "this");
    mlpipe_ctx_free(c);
}

static void errors_without_a_context(void **state)
{
    (void)state;
    assert_int_equal(mlpipe__fail(NULL, MLPIPE_E_IO, "x"), MLPIPE_E_IO);
    assert_int_equal(mlpipe__nomem(NULL), MLPIPE_E_NOMEM);
    assert_int_equal(mlpipe__null_arg(NULL, "x"), MLPIPE_E_ARG);
    assert_int_equal(mlpipe__fail_at(NULL, 1, "c"), MLPIPE_E_ARG);
    assert_int_equal(mlpipe__begin(NULL, "x"), MLPIPE_E_ARG);
    assert_int_equal(mlpipe__begin_here(NULL, "x"), MLPIPE_E_ARG);
    assert_int_equal(mlpipe__end(NULL, MLPIPE_E_ARG), MLPIPE_E_ARG);
}

static void long_errors_are_cut_whole(void **state)
{
    mlpipe_ctx *c = plain_ctx();
    const mlpipe_error *e = mlpipe_ctx_error(c);
    char name[1500];
    size_t i;
    (void)state;
    for (i = 0; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa9", 3);
    mlpipe__fail(c, MLPIPE_E_IO, "%s", name);
    assert_true(strlen(e->text) >= MLPIPE__ERROR_BYTES - 2);
    assert_true(mlpipe__utf8_valid(e->text, strlen(e->text)));
    mlpipe__fail_at(c, 3, name);
    assert_true(strlen(e->column) >= MLPIPE__ERROR_NAME - 2);
    assert_true(mlpipe__utf8_valid(e->column, strlen(e->column)));
    mlpipe_ctx_free(c);
}

static void nested_calls_keep_the_first_frame(void **state)
{
    mlpipe_ctx *c = plain_ctx();
    mlpipe_status st = mlpipe__begin(c, "outer");
    (void)state;
    assert_int_equal(st, MLPIPE_OK);
    assert_int_equal(mlpipe__begin(c, "inner"), MLPIPE_OK);
    st = mlpipe__fail(c, MLPIPE_E_SCHEMA, "why");
    st = mlpipe__end(c, st);
    assert_string_equal(mlpipe_ctx_error(c)->text, "why");
    assert_int_equal(mlpipe__end(c, st), MLPIPE_E_SCHEMA);
    assert_string_equal(mlpipe_ctx_error(c)->where, "outer");
    assert_int_equal(c->depth, 0);
    mlpipe_ctx_free(c);
}

static void the_rounding_mode_is_ours_inside(void **state)
{
    mlpipe_ctx *c = plain_ctx();
    volatile double one = 1.0, three = 3.0;
    const double nearest = one / three;
    double inside;
    (void)state;
    assert_int_equal(fesetround(FE_UPWARD), 0);
    assert_true(one / three != nearest);
    assert_int_equal(mlpipe__begin(c, "x"), MLPIPE_OK);
    inside = one / three;
    assert_int_equal(mlpipe__end(c, MLPIPE_OK), MLPIPE_OK);
    assert_int_equal(fegetround(), FE_UPWARD);
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    assert_same(inside, nearest);
    mlpipe_ctx_free(c);
}

static int32_t progress_stop(void *user, const char *stage, double fraction)
{
    double *stop = user;
    assert_string_equal(stage, "stage");
    return fraction >= *stop;
}

static void polls_stop_the_call(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    double stop = 0.5;
    mlpipe_ctx *c;
    (void)state;
    o.user = &stop;
    o.progress = progress_stop;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    assert_int_equal(mlpipe__poll(c, "stage", 1, 4), MLPIPE_OK);
    assert_int_equal(mlpipe__poll(c, "stage", 0, 0), MLPIPE_OK);
    assert_int_equal(mlpipe__poll(c, "stage", 2, 4), MLPIPE_E_CANCELLED);
    mlpipe_ctx_cancel(c);
    assert_int_equal(mlpipe__poll(c, "stage", 0, 4), MLPIPE_E_CANCELLED);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "0 of 4"));
    assert_int_equal(mlpipe__poll(c, "stage", 0, 4), MLPIPE_OK);
    mlpipe_ctx_free(c);
}

static void log_keep(void *user, uint32_t level, const char *component,
                     const char *text)
{
    char *out = user;
    snprintf(out, 64, "%u %s %s", level, component, text);
}

static void logs_respect_the_level(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    char got[64] = "";
    mlpipe_ctx *c;
    (void)state;
    o.user = got;
    o.log = log_keep;
    o.log_level = MLPIPE_LOG_WARN;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    mlpipe__log_line(c, MLPIPE_LOG_INFO, "test", "not %d", 1);
    assert_string_equal(got, "");
    mlpipe__log_line(c, MLPIPE_LOG_WARN, "test", "n = %u", 5u);
    assert_string_equal(got, "2 test n = 5");
    /* why a call failed, once, by the outermost; not where the host may go on
     * or has asked for it */
    assert_status(MLPIPE_OK, mlpipe__begin(c, "outer"));
    assert_status(MLPIPE_OK, mlpipe__begin(c, "inner"));
    mlpipe__fail(c, MLPIPE_E_PARAM, "no %s", "way");
    assert_status(MLPIPE_E_PARAM, mlpipe__end(c, MLPIPE_E_PARAM));
    assert_string_equal(got, "2 test n = 5");
    assert_status(MLPIPE_E_PARAM, mlpipe__end(c, MLPIPE_E_PARAM));
    assert_string_equal(got, "1 outer no way");
    got[0] = 0;
    for (int i = 0; i < 3; i++) {
        const mlpipe_status st = i == 0   ? MLPIPE_E_BUSY
                                 : i == 1 ? MLPIPE_E_CANCELLED
                                          : MLPIPE_OK;
        assert_status(MLPIPE_OK, mlpipe__begin(c, "outer"));
        if (st)
            mlpipe__fail(c, st, "later");
        assert_status(st, mlpipe__end(c, st));
        assert_string_equal(got, "");
    }
    mlpipe_ctx_free(c);
    mlpipe__log_line(NULL, MLPIPE_LOG_ERROR, "test", "nobody");
}

static void nothing_task(void *arg, uint32_t index)
{
    (void)arg, (void)index;
}

/* What a child does with what it inherited; the exit code is the verdict. */
static int child_verdict(mlpipe_ctx *c)
{
    mlpipe_ctx *own;
    mlpipe_status st = mlpipe__begin_here(c, "x");
    if (mlpipe__end(c, st) != MLPIPE_E_STATE ||
        !strstr(mlpipe_ctx_error(c)->text, "after fork"))
        return 1;
    st = mlpipe__begin(c, "x"); /* shared objects stay of use */
    if (mlpipe__end(c, st))
        return 2;
    if (mlpipe__parallel(c, nothing_task, NULL, 4) != MLPIPE_E_STATE)
        return 3;
    if (mlpipe_ctx_new(NULL, &own))
        return 4;
    st = mlpipe__begin_here(own, "x");
    if (mlpipe__end(own, st))
        return 5;
    mlpipe_ctx_free(own);
    mlpipe_ctx_free(c);
    return 0;
}

static void a_child_cannot_use_a_context(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    pid_t child;
    int status = -1;
    (void)state;
    o.threads = 2;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    child = fork();
    if (!child)
        _exit(child_verdict(c));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(mlpipe__parallel(c, nothing_task, NULL, 4), MLPIPE_OK);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_all_codes),
        cmocka_unit_test(versions_agree),
        cmocka_unit_test(the_error_of_no_context),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(errors_hold_what_was_told),
        cmocka_unit_test(errors_without_a_context),
        cmocka_unit_test(long_errors_are_cut_whole),
        cmocka_unit_test(nested_calls_keep_the_first_frame),
        cmocka_unit_test(the_rounding_mode_is_ours_inside),
        cmocka_unit_test(polls_stop_the_call),
        cmocka_unit_test(logs_respect_the_level),
        cmocka_unit_test(a_child_cannot_use_a_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
