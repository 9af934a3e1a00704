/* SPDX-License-Identifier: MIT */
/* The language: precedence, null, types, names, lints, several errors. */
#include "support.h"

#include "expr_rig.h"
#include "golden_text.h"

typedef struct world {
    mlpipe_ctx *ctx;
    expr_rig rig;
    char log[4096];
} world;

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    world *w = user;
    const size_t n = strlen(w->log);

    assert_int_equal(MLPIPE_LOG_WARN, level);
    snprintf(w->log + n, sizeof w->log - n, "[%s] %s\n", component, text);
}

static void open_world(world *w)
{
    const mlpipe_ctx_options o = {.size = sizeof o,
                                  .log_level = MLPIPE_LOG_WARN,
                                  .user = w,
                                  .log = keep_log};

    memset(w, 0, sizeof *w);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &w->ctx));
    expr_rig_open(&w->rig, w->ctx);
}

static void close_world(world *w)
{
    expr_rig_close(&w->rig);
    mlpipe_ctx_free(w->ctx);
}

/* Definitions, run on a plain row (place 0) and one of nulls (place 1). */
static void derive(world *w, const char *text)
{
    const expr_row rows[2] = {expr_row_plain(), expr_row_null()};

    open_world(w);
    if (mlpipe__expr_derive(w->ctx, &w->rig.plan, "derive", text, NULL))
        fail_msg("%s: %s", text, mlpipe_ctx_error(w->ctx)->text);
    assert_ok(w->ctx, expr_rig_seal(&w->rig, 2));
    expr_rig_load(&w->rig, &rows[0], 0);
    expr_rig_load(&w->rig, &rows[1], 1);
    expr_rig_run(&w->rig, 2);
}

static const mlpipe__var *var_of(const world *w, const char *name)
{
    const int32_t at = mlpipe__plan_find(&w->rig.plan, name);

    if (at < 0)
        fail_msg("there is no %s", name);
    return &w->rig.plan.vars[at];
}

static double value_of(const world *w, const char *name, uint32_t row)
{
    return expr_rig_value(
        &w->rig, (uint32_t)mlpipe__plan_find(&w->rig.plan, name), row);
}

/* What an expression gives on the plain row and on nulls. */
static void gives(const char *text, double plain, double null)
{
    char definition[512];
    world w;
    double got[2];

    snprintf(definition, sizeof definition, "out = %s", text);
    derive(&w, definition);
    for (uint32_t i = 0; i < 2; i++)
        got[i] = value_of(&w, "out", i);
    if ((isnan(plain) ? !isnan(got[0]) : got[0] != plain) ||
        (isnan(null) ? !isnan(got[1]) : got[1] != null))
        fail_msg("%s: %.17g and %.17g, expected %.17g and %.17g", text,
                 got[0], got[1], plain, null);
    close_world(&w);
}

/* x is 2.5, y is 7, flag is true */
static void test_precedence(void **state)
{
    (void)state;
    gives("1 + 2 * 3", 7, 7);
    gives("(1 + 2) * 3", 9, 9);
    gives("2 - 3 - 4", -5, -5);
    gives("24 / 4 / 2", 3, 3);
    gives("24 // 5 * 2", 8, 8);
    gives("7 % 4 * 2", 6, 6);
    gives("2 * 7 % 4", 2, 2);
    gives("2 ** 3 ** 2", 512, 512);
    gives("(2 ** 3) ** 2", 64, 64);
    gives("-2 ** 2", -4, -4);
    gives("(-2) ** 2", 4, 4);
    gives("2 ** -1", 0.5, 0.5);
    gives("2 ** -1 ** 2", 0.5, 0.5);
    gives("- - 2", 2, 2);
    gives("3 - -2", 5, 5);
    gives("-x * y", -17.5, NAN);
    gives("-7 // 2", -4, -4);
    gives("-7 % 3", 2, 2);
    gives("7 % -3", -2, -2);
    gives("7 / 2", 3.5, 3.5);
    gives("1 + 2 < 4", 1, 1);
    gives("1 < 2 and 3 < 2 or true", 1, 1);
    gives("true or true and false", 1, 1);
    gives("(true or true) and false", 0, 0);
    gives("not false and false", 0, 0);
    gives("not (false and false)", 1, 1);
    gives("not 1 == 2", 1, 1);
    gives("not not true", 1, 1);
    gives("x between 1 and 3 and true", 1, NAN);
    gives("x not between 1 and 3", 0, NAN);
    gives("x in (1, 2.5) and y in (7)", 1, NAN);
    gives("x not in (1, 2)", 1, NAN);
    gives("x is null or y is not null", 1, 1);
    gives("x + 1 is null", 0, 1);
    gives("1 = 1", 1, 1);
    gives("1 <> 1", 0, 0);
    gives("let a = 2, b = a * 3 in a + b", 8, 8);
    gives("let a = 1 in let a = 2 in a", 2, 2);
    gives("(let a = 1 in a) + (let a = 2 in a)", 3, 3);
    gives("let a = (x in (2.5)) in if(a, 1, 0)", 1, 0);
    gives("case when x > 100 then 1 when x > 1 then 2 else 3 end", 2, 3);
    gives("case when x > 100 then 1 end", NAN, NAN);
    gives("if(x > 1, if(y > 9, 1, 2), 3)", 2, 3);
    gives("1_000 + 1.5e3 + .5 + 5. + 1E-2", 2505.51, 2505.51);
    gives("9007199254740992", 0x1p53, 0x1p53);
    gives("`x` + `odd ``name` + `lot-size`", 9.5, NAN);
    gives("\"it\"\"s\" == 'it\"s'", 1, 1);
    gives("len('it''s')", 4, 4);
}

/* Each truth with each other: Kleene. */
static void test_kleene(void **state)
{
    static const char *const texts[3] = {"(0 == 1)", "flag", "(x > null)"};
    static const double and[3][3] = {
        {0, 0, 0}, {0, 1, NAN}, {0, NAN, NAN}};
    static const double or[3][3] = {
        {0, 1, NAN}, {1, 1, 1}, {NAN, 1, NAN}};
    char text[128];

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++) {
            /* flag is true in the plain row and null in the other */
            const uint32_t ni = i == 1 ? 2 : i, nk = k == 1 ? 2 : k;
            snprintf(text, sizeof text, "%s and %s", texts[i], texts[k]);
            gives(text, and[i][k], and[ni][nk]);
            snprintf(text, sizeof text, "%s or %s", texts[i], texts[k]);
            gives(text, or[i][k], or[ni][nk]);
        }
    gives("not flag", 0, NAN);
    gives("if(flag, 1, 2)", 1, 2);
    gives("flag == null", NAN, NAN);
    gives("null is null", 1, 1);
    gives("x + null", NAN, NAN);
    gives("coalesce(x, null, 3)", 2.5, 3);
    gives("x in (1, null)", NAN, NAN);
    gives("2.5 in (2.5, null)", 1, 1);
    gives("min(x, null)", NAN, NAN);
    gives("least(x, null)", 2.5, NAN);
    gives("clamp(null, 0, 1)", NAN, NAN);
    gives("year(null)", NAN, NAN);
    gives("len(null)", NAN, NAN);
    gives("x / 0", NAN, NAN);
    gives("x % 0", NAN, NAN);
    gives("x // 0", NAN, NAN);
    gives("flag + flag", 2, NAN);
    gives("flag == 1", 1, NAN);
}

static void check_var(const world *w, const char *name, int32_t type,
                      int32_t unit, bool nullable, bool tainted)
{
    const mlpipe__var *v = var_of(w, name);

    if (v->type != type || v->unit != unit || v->nullable != nullable ||
        v->tainted != tainted || v->feature == tainted)
        fail_msg("%s: type %d unit %d nullable %d tainted %d feature %d",
                 name, (int)v->type, (int)v->unit, v->nullable, v->tainted,
                 v->feature);
}

static void test_types(void **state)
{
    world w;

    (void)state;
    derive(&w, "a = x + 1; b = x > 1; c = sold; d = sold - built;"
               "e = built + 5 min; f = span * 2; g = city; h = lower(city);"
               "i = bucket(x, [1], [\"a\", \"b\"]); j = price + 1;"
               "k = x is null; l = coalesce(x, 0); m = 5 d; n = \"word\";"
               "o = if(x > 1, 1, 2); p = j > 3; q = year(as_of);"
               "r = note; s = case when flag then \"a\" end;"
               "t = round(sigmoid(coalesce(x, 0))); u = y;"
               "v = built < @2026-01-31; w = built + 1 d");
    check_var(&w, "a", MLPIPE_TYPE_F64, 0, true, false);
    check_var(&w, "b", MLPIPE_TYPE_BOOL, 0, true, false);
    check_var(&w, "c", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_US, true, false);
    check_var(&w, "d", MLPIPE_TYPE_DURATION, MLPIPE_UNIT_US, true, false);
    check_var(&w, "e", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_S, true, false);
    check_var(&w, "f", MLPIPE_TYPE_DURATION, MLPIPE_UNIT_MS, true, false);
    check_var(&w, "g", MLPIPE_TYPE_CATEGORY, 0, true, false);
    check_var(&w, "h", MLPIPE_TYPE_CATEGORY, 0, true, false);
    check_var(&w, "i", MLPIPE_TYPE_CATEGORY, 0, true, false);
    check_var(&w, "j", MLPIPE_TYPE_F64, 0, true, true);
    check_var(&w, "k", MLPIPE_TYPE_BOOL, 0, false, false);
    check_var(&w, "l", MLPIPE_TYPE_F64, 0, false, false);
    check_var(&w, "m", MLPIPE_TYPE_DURATION, MLPIPE_UNIT_US, false, false);
    check_var(&w, "n", MLPIPE_TYPE_CATEGORY, 0, false, false);
    check_var(&w, "o", MLPIPE_TYPE_F64, 0, false, false);
    check_var(&w, "p", MLPIPE_TYPE_BOOL, 0, true, true);
    check_var(&w, "q", MLPIPE_TYPE_F64, 0, true, false);
    check_var(&w, "r", MLPIPE_TYPE_TEXT, 0, true, false);
    check_var(&w, "s", MLPIPE_TYPE_CATEGORY, 0, true, false);
    check_var(&w, "t", MLPIPE_TYPE_F64, 0, true, false);
    check_var(&w, "u", MLPIPE_TYPE_I64, 0, true, false);
    assert_int_equal(3, var_of(&w, "g")->codes);
    assert_int_equal(2, var_of(&w, "i")->codes);
    assert_string_equal("word", mlpipe__dict_text(var_of(&w, "n")->dict, 0));
    assert_int_equal(COL_SOLD, var_of(&w, "d")->origin);
    assert_true(value_of(&w, "v", 0) == 1);
    assert_true(value_of(&w, "w", 0) == 946684800 + 86400);
    close_world(&w);
}

static void test_texts(void **state)
{
    world w;

    (void)state;
    derive(&w, "a = lower(trim(city)) == \"paris\"; b = city == kind;"
               "c = if(city == \"Paris\", kind, \"none\") == \"red\";"
               "d = city in (\"Paris\", \"Lyon\");"
               "e = concat(city, \"!\") == concat(kind, \"!\");"
               "f = upper(bucket(x, [1], [\"a\", \"b\"])) == \"B\";"
               "g = note == \"good house\"; h = lower(note) == city;"
               "i = len(if(flag, \"abc\", city))");
    assert_true(value_of(&w, "a", 0) == 1 && isnan(value_of(&w, "a", 1)));
    assert_true(value_of(&w, "b", 0) == 0 && isnan(value_of(&w, "b", 1)));
    assert_true(value_of(&w, "c", 0) == 1 && value_of(&w, "c", 1) == 0);
    assert_true(value_of(&w, "d", 0) == 1 && isnan(value_of(&w, "d", 1)));
    assert_true(value_of(&w, "e", 0) == 0);
    assert_true(value_of(&w, "f", 0) == 1 && isnan(value_of(&w, "f", 1)));
    assert_true(value_of(&w, "g", 0) == 1 && isnan(value_of(&w, "g", 1)));
    assert_true(value_of(&w, "h", 0) == 0);
    assert_true(value_of(&w, "i", 0) == 3 && isnan(value_of(&w, "i", 1)));
    close_world(&w);
}

/* An unseen text is cleaned like every other, and equal to no other one. */
static void test_unseen_texts(void **state)
{
    expr_row row = expr_row_plain();
    world w;

    (void)state;
    derive(&w, "a = lower(city) == \"bonn\"; b = city == kind;"
               "c = trim(city); d = c == \"Paris\"; e = city == \"Paris\"");
    row.text[COL_CITY] = "Bonn";
    row.text[COL_KIND] = "Bonn";
    expr_rig_load(&w.rig, &row, 0);
    row.text[COL_CITY] = "  Paris ";
    expr_rig_load(&w.rig, &row, 1);
    expr_rig_run(&w.rig, 2);
    assert_true(value_of(&w, "a", 0) == 1);
    assert_true(isnan(value_of(&w, "b", 0)));
    assert_true(value_of(&w, "c", 0) == -1);
    assert_true(value_of(&w, "d", 0) == 0 && value_of(&w, "d", 1) == 1);
    assert_true(value_of(&w, "e", 1) == 0);
    close_world(&w);
}

static void test_definitions(void **state)
{
    const uint32_t count = COL_COUNT;
    world w;

    (void)state;
    derive(&w, "a = x + 1\nb = a * 2 ;; x = b\n\nc = x; `odd one` = c");
    assert_int_equal(count + 4, w.rig.plan.var_count);
    assert_int_equal(COL_X, mlpipe__plan_find(&w.rig.plan, "x"));
    assert_true(value_of(&w, "x", 0) == 7);
    assert_true(value_of(&w, "c", 0) == 7);
    assert_true(value_of(&w, "odd one", 0) == 7);
    assert_int_equal(count, mlpipe__plan_find(&w.rig.plan, "a"));
    /* one addition, one multiplication and their constants */
    assert_int_equal(4, w.rig.plan.program->op_count);
    assert_ok(w.ctx, mlpipe__expr_derive(w.ctx, &w.rig.plan, "derive",
                                         "d = let unused = exp(y) in x + 1",
                                         NULL));
    assert_int_equal(5, w.rig.plan.program->op_count);
    close_world(&w);
    /* shared by value over definitions, folded where nothing is read */
    derive(&w, "a = (x + y) * 2; b = (x + y) * 3; c = if(1 > 2, exp(x), 4);"
               "d = 2 ** 10");
    assert_int_equal(3 + 2 + 2, w.rig.plan.program->op_count);
    close_world(&w);
}

static void test_condition(void **state)
{
    mlpipe__var out;
    world w;

    (void)state;
    open_world(&w);
    assert_ok(w.ctx, mlpipe__expr_condition(w.ctx, &w.rig.plan, "filter",
                                            "x > 1 and city != \"Paris\"",
                                            NULL, &out));
    assert_int_equal(COL_COUNT, w.rig.plan.var_count);
    assert_int_equal(MLPIPE_TYPE_BOOL, out.type);
    assert_false(out.tainted);
    assert_null(out.name);
    assert_ok(w.ctx, mlpipe__expr_condition(w.ctx, &w.rig.plan, "filter",
                                            "price > 1", NULL, &out));
    assert_true(out.tainted);
    close_world(&w);
}

static void lints(const char *text, const char *wanted)
{
    world w;

    derive(&w, text);
    if (wanted ? !strstr(w.log, wanted) : w.log[0] != 0)
        fail_msg("%s: the log is \"%s\", expected \"%s\"", text, w.log,
                 wanted ? wanted : "");
    close_world(&w);
}

static void test_lints(void **state)
{
    (void)state;
    lints("age = 2026 - y", "[lint] derive, byte 6: 2026 - y ages silently\n"
                            "  age = 2026 - y\n"
                            "        ^\n"
                            "help: use year(as_of)");
    lints("age = 2023 - y", "ages silently");
    lints("age = y - 2029", "ages silently");
    lints("age = 2022 - y", NULL);
    lints("age = 2026 * y", NULL);
    lints("age = 2026 - 5", NULL);
    lints("age = year(as_of) - 2025", NULL);
    lints("age = year(as_of) - y", NULL);
    lints("a = city == \"Rome\"", "no training row has \"Rome\"");
    lints("a = city == \"Paris\"", NULL);
    lints("a = note == \"Rome\"", NULL);
    lints("a = city in (\"Paris\", \"Rome\")", "\"Rome\"");
    lints("a = x == null", "a comparison with null is always null");
    lints("a = x is null", NULL);
    lints("a = if(1 > 2, x, y)", "this condition is always false");
    lints("a = if(true, x, y)", NULL);
    lints("a = case when 2 > 1 then x end", "always true");
}

typedef struct findings {
    uint32_t count, lints;
    int32_t detail[64];
    size_t at[64];
} findings;

static void found(void *user, const mlpipe__expr_finding *f)
{
    findings *all = user;

    if (f->lint) {
        all->lints++;
        return;
    }
    assert_true(all->count < 64);
    all->detail[all->count] = f->detail;
    all->at[all->count++] = f->at;
}

static void test_all_errors(void **state)
{
    static const char text[] =
        "a = x +; b = nothing; c = max(x, \"1\"); d = 5; e = d + \"a\";"
        "f = a + 1; g = mx(x); h = x == null; i = sqrt(none) + sqrt(city)";
    static const int32_t details[] = {
        MLPIPE_DETAIL_SYNTAX,           MLPIPE_DETAIL_UNKNOWN_FUNCTION,
        MLPIPE_DETAIL_UNKNOWN_COLUMN,   MLPIPE_DETAIL_TEXT_AND_NUMBER,
        MLPIPE_DETAIL_TEXT_AND_NUMBER,  MLPIPE_DETAIL_UNKNOWN_COLUMN,
        MLPIPE_DETAIL_TEXT_AND_NUMBER};
    findings all = {0};
    const mlpipe__expr_sink sink = {found, &all};
    world w;

    (void)state;
    open_world(&w);
    assert_told(w.ctx, MLPIPE_E_PARAM,
                mlpipe__expr_derive(w.ctx, &w.rig.plan, "derive", text,
                                    &sink));
    assert_int_equal(7, all.count);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(details[i], all.detail[i]);
    assert_int_equal(1, all.lints);
    assert_int_equal(MLPIPE_DETAIL_SYNTAX, mlpipe_ctx_error(w.ctx)->detail);
    assert_int_equal(0, w.rig.plan.program->op_count);
    assert_int_equal(COL_COUNT, w.rig.plan.var_count);
    close_world(&w);
}

/* n times a text, behind a head and before a tail. */
static char *many(const char *head, const char *text, const char *tail,
                  const char *end, uint32_t n)
{
    const size_t bytes = strlen(head) + strlen(end) +
                         n * (strlen(text) + strlen(tail)) + 1;
    char *made = malloc(bytes), *at = made;

    assert_non_null(made);
    at += sprintf(at, "%s", head);
    for (uint32_t i = 0; i < n; i++)
        at += sprintf(at, "%s", text);
    at += sprintf(at, "%s", end);
    for (uint32_t i = 0; i < n; i++)
        at += sprintf(at, "%s", tail);
    return made;
}

static void limit(char *text, mlpipe_status want, int32_t detail)
{
    world w;

    open_world(&w);
    assert_status(want, mlpipe__expr_derive(w.ctx, &w.rig.plan, "derive",
                                            text, NULL));
    if (want)
        assert_int_equal(detail, mlpipe_ctx_error(w.ctx)->detail);
    close_world(&w);
    free(text);
}

static void test_limits(void **state)
{
    (void)state;
    limit(many("a = ", "(", ")", "x", 190), MLPIPE_OK, 0);
    limit(many("a = ", "(", ")", "x", 210), MLPIPE_E_LIMIT,
          MLPIPE_DETAIL_TOO_DEEP);
    limit(many("a = ", "-", "", "x", 210), MLPIPE_E_LIMIT,
          MLPIPE_DETAIL_TOO_DEEP);
    limit(many("a = x", " ** x", "", "", 210), MLPIPE_E_LIMIT,
          MLPIPE_DETAIL_TOO_DEEP);
    limit(many("a = ", "not ", "", "flag", 210), MLPIPE_E_LIMIT,
          MLPIPE_DETAIL_TOO_DEEP);
    /* a long sum is not deep */
    limit(many("a = x", " + x", "", "", 8000), MLPIPE_OK, 0);
    limit(many("a = x", " + y", "", "", 20000), MLPIPE_E_LIMIT,
          MLPIPE_DETAIL_TOO_LONG);
    limit(many("a = x", "+x", "", "", 32700), MLPIPE_OK, 0);
}

/* Every name that is read and not defined before, and none else. */
static mlpipe_status collect(void *user, const char *name, size_t bytes)
{
    char *out = user;

    assert_int_equal(strlen(name), bytes);
    strcat(strcat(out, name), ";");
    return MLPIPE_OK;
}

static void test_names(void **state)
{
    char out[256] = "";
    world w;

    (void)state;
    open_world(&w);
    assert_ok(w.ctx, mlpipe__expr_names(
                         w.ctx, "derive",
                         "a = x + 1; b = a + y; x = let p = z, q = p in q;"
                         "c = x + `odd ``name` + year(as_of)",
                         true, collect, out));
    assert_string_equal("x;y;z;odd `name;", out);
    assert_told(w.ctx, MLPIPE_E_PARAM,
                mlpipe__expr_names(w.ctx, "derive", "a = ", true, collect,
                                   out));
    assert_told(w.ctx, MLPIPE_E_PARAM,
                mlpipe__expr_check(w.ctx, "derive", "a = mx(x)", true,
                                   NULL));
    assert_ok(w.ctx, mlpipe__expr_check(w.ctx, "derive", "a = any_name + 1",
                                        true, NULL));
    assert_told(w.ctx, MLPIPE_E_PARAM,
                mlpipe__expr_check(w.ctx, "filter", "\xff\xfe", false,
                                   NULL));
    assert_int_equal(MLPIPE_DETAIL_CHARACTER,
                     mlpipe_ctx_error(w.ctx)->detail);
    close_world(&w);
}

/* Numbers that a step made of a text: only its dictionary is left. */
static void test_text_that_is_spent(void **state)
{
    world w;

    (void)state;
    derive(&w, "city = if(flag, city, \"none\"); up = upper(city);"
               "n = len(city)");
    assert_string_equal("PARIS",
                        expr_rig_text(&w.rig, (uint32_t)mlpipe__plan_find(
                                                  &w.rig.plan, "up"),
                                      0));
    assert_true(value_of(&w, "n", 0) == 5 && value_of(&w, "n", 1) == 4);
    w.rig.plan.vars[COL_KIND].dict = NULL;
    w.rig.plan.vars[COL_KIND].reg = var_of(&w, "city")->reg;
    assert_told(w.ctx, MLPIPE_E_PARAM,
                mlpipe__expr_derive(w.ctx, &w.rig.plan, "derive",
                                    "a = lower(kind)", NULL));
    assert_int_equal(MLPIPE_DETAIL_NO_TEXT, mlpipe_ctx_error(w.ctx)->detail);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_kleene),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_unseen_texts),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_lints),
        cmocka_unit_test(test_all_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_text_that_is_spent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
