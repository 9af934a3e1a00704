/* SPDX-License-Identifier: MIT */
/* Every function on every kind of row, as a row and within a block. */
#include "support.h"

#include "expr_table.h"
#include "program/expr_internal.h"

/* A text that is longer than any step takes. */
static char long_text[MLPIPE__FEED_BYTES + 2];

static expr_row row_of(const expr_case *c)
{
    expr_row r = expr_row_plain();

    r.number[COL_X] = c->x;
    r.number[COL_Y] = c->y;
    r.text[COL_CITY] = c->city && !strcmp(c->city, "LONG") ? long_text
                                                           : c->city;
    return r;
}

static void compile(expr_rig *r, mlpipe_ctx *ctx, const char *text)
{
    char definition[512];

    snprintf(definition, sizeof definition, "out = %s", text);
    expr_rig_open(r, ctx);
    if (mlpipe__expr_derive(ctx, &r->plan, "derive", definition, NULL))
        fail_msg("%s: %s", text, mlpipe_ctx_error(ctx)->text);
}

static void check_value(const expr_case *c, double got)
{
    const double room = 4e-16 * fabs(c->want) + 1e-300;

    if (isnan(c->want) ? !isnan(got) : !(fabs(got - c->want) <= room))
        fail_msg("%s of x=%g y=%g city=%.20s: %.17g, expected %.17g", c->text,
                 c->x, c->y, c->city ? c->city : "null", got, c->want);
}

static void run_case(mlpipe_ctx *ctx, const expr_case *c, uint32_t width)
{
    const expr_row row = row_of(c);
    const uint32_t var = COL_COUNT;
    expr_rig r;

    compile(&r, ctx, c->text);
    assert_ok(ctx, expr_rig_seal(&r, width));
    for (uint32_t i = 0; i < width; i++)
        expr_rig_load(&r, &row, i);
    expr_rig_run(&r, width);
    for (uint32_t i = 0; i < width; i++) {
        if (!c->words)
            check_value(c, expr_rig_value(&r, var, i));
        else if (strcmp(c->words, expr_rig_text(&r, var, i)))
            fail_msg("%s of %.20s: \"%s\", expected \"%s\"", c->text,
                     c->city ? c->city : "null", expr_rig_text(&r, var, i),
                     c->words);
    }
    if (!expr_rig_faults(&r) != !c->faults)
        fail_msg("%s of x=%g y=%g city=%.20s: %u faults, expected %d",
                 c->text, c->x, c->y, c->city ? c->city : "null",
                 (unsigned)expr_rig_faults(&r), c->faults);
    expr_rig_close(&r);
}

static void test_rows(void **state)
{
    mlpipe_ctx *ctx;

    (void)state;
    memset(long_text, 'a', MLPIPE__FEED_BYTES + 1);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &ctx));
    for (uint32_t i = 0; i < EXPR_CASES; i++) {
        run_case(ctx, &expr_cases[i], 1);
        run_case(ctx, &expr_cases[i], 13);
    }
    mlpipe_ctx_free(ctx);
}

/* A function without one of the four rows is a hole in the table. */
static void test_table_is_whole(void **state)
{
    static const char kinds[] = "nuod";

    (void)state;
    for (uint32_t f = 0; mlpipe__expr_function_at(f); f++) {
        const char *name = mlpipe__expr_function_at(f)->name;
        const size_t n = strlen(name);
        for (const char *k = kinds; *k; k++) {
            uint32_t i = 0;
            while (i < EXPR_CASES &&
                   !(expr_cases[i].kind == *k &&
                     !strncmp(expr_cases[i].text, name, n) &&
                     expr_cases[i].text[n] == '('))
                i++;
            if (i == EXPR_CASES)
                fail_msg("%s has no row of the kind %c", name, *k);
        }
    }
}

/* The texts of the table that x and y are constants in give the same bits. */
static void test_folding(void **state)
{
    mlpipe_ctx *ctx;
    uint32_t folded = 0;

    (void)state;
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(NULL, &ctx));
    for (uint32_t i = 0; i < EXPR_CASES; i++) {
        const expr_case *c = &expr_cases[i];
        const expr_row row = row_of(c);
        char text[700];
        expr_rig r;
        if (!isfinite(c->x) || !isfinite(c->y) || strstr(c->text, "city"))
            continue;
        snprintf(text, sizeof text, "let x = %.17g, y = %.17g in (%s)", c->x,
                 c->y, c->text);
        compile(&r, ctx, text);
        assert_ok(ctx, expr_rig_seal(&r, 1));
        expr_rig_load(&r, &row, 0);
        expr_rig_run(&r, 1);
        if (!c->words)
            check_value(c, expr_rig_value(&r, COL_COUNT, 0));
        else
            assert_string_equal(c->words, expr_rig_text(&r, COL_COUNT, 0));
        folded += r.plan.program->op_count == 1;
        expr_rig_close(&r);
    }
    assert_true(folded > 100);
    mlpipe_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_table_is_whole),
        cmocka_unit_test(test_folding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
