/* SPDX-License-Identifier: MIT */
/*
 * The card: notes that go with a model, and the card as JSON and Markdown
 * against tests/golden/card.json and card.md. MLPIPE_GOLDEN_WRITE=1 writes
 * these anew; read the diff.
 */
#include "support.h"

#include "model_support.h"
#include "golden_text.h"

/* Replaces a model by the same with a note. */
static void note(mlpipe_ctx *c, mlpipe_model **m, const char *name,
                 const char *text)
{
    mlpipe_model *noted;
    assert_ok(c, mlpipe_model_note(c, *m, name, text, &noted));
    mlpipe_model_free(*m);
    *m = noted;
}

static mlpipe_report *card_of(mlpipe_ctx *c, const mlpipe_model *m)
{
    mlpipe_report *r;
    assert_ok(c, mlpipe_model_card(c, m, &r));
    return r;
}

static mlpipe_model *fitted(mlpipe_ctx *c)
{
    mlpipe_dataset *d = made_dataset(c, 0, 200);
    mlpipe_pipeline *p = made_recipe(c, "risk", "gbt", "trees=3 leaves=4");
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_add(c, p, "calibrate", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return m;
}

static void notes(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = fitted(c), *again, *none = (mlpipe_model *)c;
    char first[33], both[33], big[70000];
    mlpipe_report *r;
    mlpipe_buffer *b;
    (void)state;
    snprintf(first, sizeof first, "%s", mlpipe_model_id(m));
    note(c, &m, "owner", "The data office");
    assert_string_not_equal(first, mlpipe_model_id(m));
    note(c, &m, "license", "CC-BY-4.0");
    snprintf(both, sizeof both, "%s", mlpipe_model_id(m));
    note(c, &m, "owner", "Nobody");
    note(c, &m, "owner", "The data office");
    r = card_of(c, m);
    assert_string_equal("The data office", mlpipe_report_text(r, "owner"));
    assert_string_equal("CC-BY-4.0", mlpipe_report_text(r, "license"));
    assert_null(mlpipe_report_text(r, "intended_use"));
    mlpipe_report_free(r);
    /* with the bundle */
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                         mlpipe_buffer_size(b), &again));
    assert_string_equal(mlpipe_model_id(m), mlpipe_model_id(again));
    r = card_of(c, again);
    assert_string_equal("CC-BY-4.0", mlpipe_report_text(r, "license"));
    mlpipe_report_free(r);
    mlpipe_buffer_free(b);
    mlpipe_model_free(again);
    /* and away again: the model of before, to the bit */
    note(c, &m, "owner", "");
    note(c, &m, "license", "");
    assert_string_equal(first, mlpipe_model_id(m));
    note(c, &m, "owner", "");
    assert_string_equal(first, mlpipe_model_id(m));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_model_note(c, m, "licence", "MIT", &none));
    assert_null(none);
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "\"license\""));
    assert_told(c, MLPIPE_E_PARAM, mlpipe_model_note(c, m, "", "MIT", &none));
    assert_told(c, MLPIPE_E_FORMAT,
                mlpipe_model_note(c, m, "users", "\xff\xfe", &none));
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe_model_note(c, m, "users", big, &none));
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

/* What the host wrote is text in every format. */
static void full(mlpipe_ctx *c, mlpipe_model **m)
{
    mlpipe_dataset *d = made_dataset(c, 200, 150);
    mlpipe_model *with;
    mlpipe_report *r;
    note(c, m, "name", "Risk of a late sale");
    note(c, m, "overview", "A small model of made-up houses.");
    note(c, m, "version", "3");
    note(c, m, "owner", "The data office <office@example.org>");
    note(c, m, "license", "MIT");
    note(c, m, "reference", "https://example.org/risk");
    note(c, m, "intended_use", "Tests of cards.\nNothing | else.");
    note(c, m, "limitations", "*None* of its `houses` is \"real\".");
    note(c, m, "ethics", "<script>alert(1)</script>");
    for (int i = 0; i < 2; i++) {
        assert_ok(c, mlpipe_evaluate(c, *m, d,
                                     i ? "metrics=accuracy"
                                       : "metrics=logloss,auc,accuracy",
                                     &r));
        assert_ok(c, mlpipe_model_attach(c, *m, r, &with));
        mlpipe_report_free(r);
        mlpipe_model_free(*m);
        *m = with;
    }
    mlpipe_dataset_free(d);
}

static void golden(const char *name, const char *text)
{
    const char *folder = getenv("MLPIPE_GOLDEN");
    static char want[65536];
    char path[512];
    size_t n;
    FILE *f;
    if (!folder)
        skip();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (getenv("MLPIPE_GOLDEN_WRITE")) {
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(0, fclose(f));
    }
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(want, 1, sizeof want - 1, f);
    fclose(f);
    want[n] = 0;
    assert_string_equal(want, text);
}

/* A member of an object within an object. */
static const mlpipe__json *member(const mlpipe__json *j, const char *outer,
                                  const char *inner)
{
    const mlpipe__json *o = mlpipe__json_get(j, outer);
    const mlpipe__json *i = o ? mlpipe__json_get(o, inner) : NULL;
    if (!i)
        fail_msg("no %s/%s", outer, inner);
    return i;
}

static void check_json(mlpipe_ctx *c, const mlpipe_report *card,
                       const mlpipe_buffer *b)
{
    const mlpipe__json *metrics, *one;
    mlpipe__json *j;
    bool found = false;
    /* the strict parser: no NaN, no key twice */
    assert_ok(c, mlpipe__json_parse(c, mlpipe_buffer_data(b),
                                    mlpipe_buffer_size(b), &j));
    metrics = member(j, "quantitative_analysis", "performance_metrics");
    for (uint32_t i = 0; i < mlpipe__json_count(metrics); i++) {
        one = mlpipe__json_at(metrics, i);
        if (strcmp(mlpipe__json_text(mlpipe__json_get(one, "type")), "auc") ||
            strcmp(mlpipe__json_text(mlpipe__json_get(one, "slice")),
                   "test"))
            continue;
        found = true;
        assert_true(mlpipe__json_number(mlpipe__json_get(one, "value"), 0) ==
                    mlpipe_report_get(card, "test.auc"));
        assert_non_null(mlpipe__json_get(one, "confidence_interval"));
    }
    assert_true(found);
    assert_string_equal("gbt",
                        mlpipe__json_text(member(j, "model_parameters",
                                                 "model_architecture")));
    one = mlpipe__json_at(member(j, "considerations", "use_cases"), 0);
    assert_string_equal(
        "Tests of cards.\nNothing | else.",
        mlpipe__json_text(mlpipe__json_get(one, "description")));
    one = member(j, "provenance", "recipe");
    assert_non_null(mlpipe__json_get(one, "steps"));
    one = mlpipe__json_at(member(j, "model_parameters", "data"), 2);
    assert_string_equal("test2",
                        mlpipe__json_text(mlpipe__json_get(one, "name")));
    mlpipe__json_free(j);
}

static void renders(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m = fitted(c);
    mlpipe_report *r;
    mlpipe_buffer *b;
    (void)state;
    full(c, &m);
    r = card_of(c, m);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    check_json(c, r, b);
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    /* what is of this machine and day is no part of what is compared */
    m->info = NULL;
    r = card_of(c, m);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    golden("card.json", mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_report_render(c, r, "markdown", &b));
    assert_null(strstr(mlpipe_buffer_data(b), "<script"));
    golden("card.md", mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    assert_ok(c, mlpipe_report_render(c, r, "text", &b));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes),
        cmocka_unit_test(renders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
