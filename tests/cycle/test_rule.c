/* SPDX-License-Identifier: MIT */
/* Rules: what they mean, what they refuse and how, what is not known. */
#include "serve_support.h"

#include "cycle/cycle_internal.h"
#include "report/report_internal.h"
#include "golden_text.h"

/* A report with the names that the rules below use. */
static mlpipe_report *report(mlpipe_ctx *c, const char *performance,
                             double age, double rmse, double drifted)
{
    mlpipe_report *r = mlpipe__report_new(c->env, "monitor"), *out;

    assert_non_null(r);
    mlpipe__report_number(r, "age", age);
    mlpipe__report_number(r, "rmse", rmse);
    mlpipe__report_number(r, "rmse.reference", 1.0);
    mlpipe__report_number(r, "features_drifted", drifted);
    mlpipe__report_number(r, "errors", 0.002);
    mlpipe__report_number(r, "x.psi", 0.25);
    mlpipe__report_text(r, "performance", performance, strlen(performance));
    mlpipe__report_text(r, "features", "OK", 2);
    assert_ok(c, mlpipe__report_seal(c, r, &out));
    return out;
}

static int fires(mlpipe_ctx *c, const mlpipe_model *m, const char *rule,
                 const mlpipe_report *r)
{
    mlpipe_trigger *t;
    int32_t fired = -1;

    assert_ok(c, mlpipe_trigger_new(c, m, rule, &t));
    assert_ok(c, mlpipe_trigger_test(c, t, r, &fired));
    mlpipe_trigger_free(t);
    return fired;
}

static void test_meaning(void **state)
{
    static const struct {
        const char *rule;
        int fired;
    } rules[] = {
        {"performance", 1},
        {"features", 0},
        {"not features", 1},
        {"not not performance", 1},
        {"performance and features", 0},
        {"performance or features", 1},
        {"features or features and performance or performance", 1},
        {"age > 30 d", 1},
        {"age > 31d and age < 33 d", 1},
        {"age>4.57w", 1},
        {"age > 769 h", 0},
        {"age = 2764800", 1},
        {"age == 32 d", 1},
        {"age != 32 d", 0},
        {"age >= 32 d", 1},
        {"age <= 46079 min", 0},
        {"rmse > 1.1 * reference", 1},
        {"rmse > 1.3 * reference", 0},
        {"rmse > reference * (1 + 10 %)", 1},
        {"rmse.reference < rmse", 1},
        {"rmse / rmse.reference - 1 > 0.19", 1},
        {"-rmse < -1", 1},
        {"1 - 2 - 3 = -4", 1},
        {"8 / 4 / 2 = 1", 1},
        {"2 + 3 * 4 = 14 and (2 + 3) * 4 = 20", 1},
        {"- 2 * - 3 = 6", 1},
        {"1e3 ms = 1 s and 1e-3 = 1 ms", 1},
        {"errors > 0.1 %", 1},
        {"errors > 0.3%", 0},
        {"features_drifted >= 1", 1},
        {"x.psi > 0.2 and `x`.psi > 0.2 and `x.psi` > 0.2", 1},
        {"not age > 30 d", 0},
        {"not (age > 30 d) or performance", 1},
        {"1 / 0 > 5 or 1 / 0 < 5", 0},
        {"any(features, age > 30 d, rmse > 9)", 1},
        {"any (features)", 0},
        {"all(performance, age > 30 d)", 1},
        {"all(performance, features, age > 30 d)", 0},
        {"2 of (features, performance, age > 30 d)", 1},
        {"2 of (features, performance, age > 90 d or rmse > 9)", 0},
        {"3 of (performance, performance, performance)", 1},
        {"not any(features, 2 of (features, performance))", 1},
        {"all(any(features, performance), not all(features, performance))", 1},
        {"rmse > 1 and 1 of (rmse > 1.1 * reference, features)", 1},
        {"performance for 1 pane", 1},
        {"performance for 2 panes", 0},
        {"not features for 1 panes and performance", 1},
        {"features until performance", 0},
        {"performance until features", 1},
        {"performance until performance", 0},
        {"rmse > 1.1 until rmse < 1.05", 1},
    };
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_report *r;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    r = report(c, "DRIFT", 32 * 86400, 1.2, 2);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (fires(c, m, rules[i].rule, r) != rules[i].fired)
            fail_msg("%s: not %d", rules[i].rule, rules[i].fired);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* What depends on too few rows does not fire, whatever stands around it. */
static void test_not_known(void **state)
{
    static const struct {
        const char *rule;
        int fired;
    } rules[] = {
        {"performance", 0},
        {"not performance", 0},
        {"performance or age > 1 d", 1},
        {"performance and age > 1 d", 0},
        {"not (performance and age < 1 d)", 1},
        {"rmse > 0", 0},
        {"not rmse > 0", 0},
        {"rmse = rmse", 0},
        {"rmse != 1", 0},
        {"rmse * 0 = 0", 0},
        {"features_drifted >= 1 or features", 0},
        {"any(performance, features)", 0},
        {"not any(performance, features)", 0},
        {"any(performance, age > 1 d)", 1},
        {"all(performance, age > 1 d)", 0},
        {"not all(performance, age < 1 d)", 1},
        {"2 of (performance, age > 1 d, features)", 0},
        {"not 2 of (performance, age < 1 d, features)", 1},
        {"performance for 1 pane", 0},
        {"not (age > 1 d for 2 panes)", 0},
        {"performance until features", 0},
        {"not (performance until age > 1 d)", 1},
    };
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_report *r;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    r = report(c, "INSUFFICIENT_DATA", 32 * 86400, mlpipe__nan(),
               mlpipe__nan());
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (fires(c, m, rules[i].rule, r) != rules[i].fired)
            fail_msg("%s: not %d", rules[i].rule, rules[i].fired);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_refused(void **state)
{
    static const struct {
        const char *rule, *says;
    } rules[] = {
        {"", "ends"},
        {"   ", "ends"},
        {"age >", "ends"},
        {"age", "condition"},
        {"age 30", "comparison"},
        {"perfomance", "did you mean \"performance\""},
        {"x.ps > 1", "did you mean \"x.psi\""},
        {"age > 30 d)", "closes nothing"},
        {"(age > 30 d", "no closing"},
        {"age > performance", "between numbers"},
        {"age and performance", "conditions"},
        {"age > 1 > 2", "between numbers"},
        {"not age", "conditions"},
        {"or performance", "missing before"},
        {"performance or or features", "missing before"},
        {"1.2.3 > 1", "number"},
        {"`x > 1", "backtick"},
        {"reference > 1", "behind a metric"},
        {"age > 1 $", "comparison"},
        {"auc > 0.5", "has no \"auc\""},
        {"()", "must stand here"},
        {"any()", "must stand here"},
        {"any(performance", "no closing"},
        {"any(performance,)", "must stand here"},
        {"any(age, performance)", "list has conditions"},
        {"all(performance, age)", "list has conditions"},
        {"3 of (performance, features)", "more conditions"},
        {"0 of (performance)", "whole number"},
        {"1.5 of (performance)", "whole number"},
        {"65 of (performance)", "whole number"},
        {"performance, features", "comma"},
        {"(performance, features)", "comma"},
        {"age for 2 panes > 1", "behind a condition"},
        {"performance for panes", "whole number of panes"},
        {"performance for 0 panes", "whole number of panes"},
        {"performance for 10001 panes", "whole number of panes"},
        {"performance for 2", "panes must"},
        {"performance for 2 rows", "panes must"},
        {"age until performance", "conditions"},
        {"any > 1", "has no \"any\""},
    };
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_trigger *t;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        t = (mlpipe_trigger *)1;
        const mlpipe_status st = mlpipe_trigger_new(c, m, rules[i].rule, &t);
        if (st != MLPIPE_E_PARAM || t)
            fail_msg("%s: %s", rules[i].rule, mlpipe_status_name(st));
        if (!strstr(mlpipe_ctx_error(c)->text, rules[i].says))
            fail_msg("%s: %s", rules[i].rule, mlpipe_ctx_error(c)->text);
        golden_error(__BASE_FILE__, rules[i].rule, c, st);
    }
    /* the caret stands under the place */
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_trigger_new(c, m, "age > 30 d or pxq", &t));
    const char *text = mlpipe_ctx_error(c)->text;
    const char *line = strstr(text, "age > 30 d or pxq");
    assert_non_null(line);
    const char *caret = strchr(line, '^');
    assert_non_null(caret);
    const char *next = strchr(line, '\n') + 1;
    while (line > text && line[-1] != '\n')
        line--;
    assert_int_equal(caret - next, strstr(line, "pxq") - line);
    mlpipe_model_free(m);
    /* rules that speak of performance need rows that were held out */
    m = serve_model(c, 1, 0, true);
    m->reference->held_out = 0;
    assert_told(c, MLPIPE_E_STATE,
                mlpipe_trigger_new(c, m, "age > 1 d or performance", &t));
    assert_told(c, MLPIPE_E_STATE,
                mlpipe_trigger_new(c, m, "rmse > 1.1 * reference", &t));
    assert_ok(c, mlpipe_trigger_new(c, m, "rmse > 2 or features", &t));
    /* a report without a name */
    mlpipe__report_number(NULL, "x", 0);
    mlpipe_report *empty = mlpipe__report_new(c->env, "x"), *sealed;
    assert_ok(c, mlpipe__report_seal(c, empty, &sealed));
    int32_t fired = 7;
    assert_told(c, MLPIPE_E_ARG, mlpipe_trigger_test(c, t, sealed, &fired));
    assert_int_equal(fired, 0);
    mlpipe_report_free(sealed);
    mlpipe_trigger_free(t);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A bare hyphen is a minus: the message shows how the name is written. */
static void test_hyphen(void **state)
{
    static const char *const refused[] = {
        "education-num.psi > 0.2",
        "age > 1 d or 1-education-num.psi < 0.8",
        "education.psi-num.psi > 0",
        "rmse > 9 or x-ray.3-d.missing > 0",
        "x-ray.3-d.missing-0.5 > 0",
    };
    mlpipe_trigger *t;
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    for (uint32_t i = 0; i < 2; i++) {
        mlpipe__free(c->env, m->program->inputs[i].name);
        m->program->inputs[i].name =
            serve_text(c, i ? "x-ray.3-d" : "education-num");
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const mlpipe_status st = mlpipe_trigger_new(c, m, refused[i], &t);
        const char *text = mlpipe_ctx_error(c)->text;
        assert_int_equal(st, MLPIPE_E_PARAM);
        if (!strstr(text, "written `education-num`.psi") != (i > 2) ||
            !strstr(text, "written `x-ray.3-d`.missing") != (i < 3))
            fail_msg("%s: %s", refused[i], text);
        golden_error(__BASE_FILE__, refused[i], c, st);
    }
    assert_ok(c, mlpipe_trigger_new(c, m, "`education-num`.psi > 0.2 or "
                                          "`x-ray.3-d`.missing > 0.1", &t));
    mlpipe_trigger_free(t);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* One look with what is remembered. */
static double look(mlpipe_trigger *t, double value, bool pane)
{
    return mlpipe__rule_value(t, &value, t->memory, pane);
}

/* Panes in a row, and an alarm that ends elsewhere than it began. */
static void test_remembered(void **state)
{
    mlpipe_trigger *t;
    mlpipe_model *m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    assert_ok(c, mlpipe_trigger_new(c, m, "rmse > 1 for 3 panes", &t));
    assert_int_equal(t->memory_count, 1);
    assert_true(look(t, 2, true) == 0);
    assert_true(look(t, 2, false) == 0); /* no pane: it does not count */
    assert_true(look(t, 2, true) == 0);
    assert_true(look(t, 2, true) == 1);
    assert_true(look(t, 2, false) == 1);
    assert_true(look(t, 0, false) == 0); /* it does not hold now */
    assert_true(look(t, 2, false) == 1); /* but did at the end of panes */
    assert_true(look(t, 0, true) == 0);
    assert_true(look(t, 2, true) == 0);
    assert_true(look(t, mlpipe__nan(), true) != look(t, 2, false));
    assert_true(look(t, 2, true) == 0);
    assert_true(look(t, 2, true) == 0);
    assert_true(look(t, 2, true) == 1);
    mlpipe_trigger_free(t);
    assert_ok(c, mlpipe_trigger_new(c, m, "rmse > 2 until rmse < 1", &t));
    assert_true(look(t, 1.5, true) == 0);
    assert_true(look(t, 2.5, true) == 1);
    assert_true(look(t, 1.5, true) == 1);
    assert_true(look(t, mlpipe__nan(), true) == 1);
    assert_true(look(t, 0.5, true) == 0);
    assert_true(look(t, 1.5, true) == 0);
    assert_true(look(t, mlpipe__nan(), true) != 0);
    mlpipe_trigger_free(t);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Any depth and length is an answer, never a crash. */
static void test_limits(void **state)
{
    static char text[70000];
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_trigger *t;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    m = serve_model(c, 1, 0, true);
    memset(text, '(', sizeof text - 1);
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    text[60000] = 0;
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    memset(text, '-', 60000);
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    for (size_t i = 0; i + 4 < 60000; i += 4)
        memcpy(text + i, "not ", 4);
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    /* a long rule that is not deep is fine */
    size_t n = 0;
    for (int i = 0; i < 3000; i++) {
        memcpy(text + n, "age > 1 or ", 11);
        n += 11;
    }
    memcpy(text + n, "age > 2", 8);
    assert_ok(c, mlpipe_trigger_new(c, m, text, &t));
    mlpipe_trigger_free(t);
    /* a list has nearly as many conditions as the stack is deep */
    for (int i = 0; i < 66; i++)
        memcpy(text + 4 + 9 * i, "age > 1, ", 9);
    memcpy(text, "any(", 4);
    memcpy(text + 4 + 9 * 62 + 7, ")", 2);
    assert_ok(c, mlpipe_trigger_new(c, m, text, &t));
    mlpipe_trigger_free(t);
    memcpy(text + 4 + 9 * 62 + 7, ", ", 2);
    memcpy(text + 4 + 9 * 63 + 7, ")", 2);
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    for (int i = 0; i < 65; i++)
        memcpy(text + 4 * i, "any(", 4);
    text[260] = 0;
    assert_told(c, MLPIPE_E_LIMIT, mlpipe_trigger_new(c, m, text, &t));
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_not_known),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hyphen),
        cmocka_unit_test(test_remembered),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
