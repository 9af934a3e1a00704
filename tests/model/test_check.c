/* SPDX-License-Identifier: MIT */
/* Recipes that are checked, printed and explained. */
#include "model_support.h"

static const struct {
    const char *json;
    double errors;
    const char *said[4]; /* in the findings, as JSON */
} check_cases[] = {
    {"{", 1, {"\"MLPIPE_E_FORMAT\",0,\"\",1,2,"}},
    {"[]", 1, {"an object must stand here"}},
    {"{\"format\":1,\"pipeline\":{\"target\":\"y\"}}", 0, {NULL}},
    {"{\"format\":1,\"pipeline\":{}}", 0, {NULL}},
    {"{\"format\":2,\"pipeline\":{\"target\":\"y\"}}",
     1,
     {"\"/format\",1,11,", "must be 1"}},
    {"{\"format\":1,\n \"pipelin\":{}}",
     1,
     {"\"/pipelin\",2,12,", "pipeline"}},
    /* two in one object, two more in the next */
    {"{\"format\":1,\"pipeline\":{\"targt\":\"y\",\"holdout\":0.9},\n"
     "\"steps\":[{\"step\":\"imputee\"},\n"
     "{\"step\":\"impute\",\"params\":{\"numeric\":\"avg\"}}]}",
     4,
     {"/pipeline/targt", "/pipeline/holdout", "/steps/0/step",
      "/steps/1/params/numeric"}},
    /* the place within an expression, behind an escape too */
    {"{\"format\":1,\"pipeline\":{},\"steps\":[{\"step\":\"derive\","
     "\"params\":{\"expressions\":\n\"a = 'x\\ty'; b = (1 +\"}}]}",
     1,
     {",100,\"/steps/0/params/expressions\",2,22,"}},
    /* behind an error goes on what a line or a semicolon separates */
    {"{\"format\":1,\"pipeline\":{},\"steps\":[{\"step\":\"derive\","
     "\"params\":{\"expressions\":\"a = 1 +\\n* 2\\nb = mx(a)\\n"
     "c = (b; d = c c\"}}]}",
     4,
     {",100,\"", ",113,\"", "or ) must stand", "before \\\"c\\\""}},
    {"{\"format\":1,\"pipeline\":{},\"steps\":[{\"step\":\"derive\"}]}",
     1,
     {"must be given"}},
    {"{\"format\":1,\"pipeline\":{},\"steps\":[{\"step\":\"scale\"},"
     "{\"step\":\"scale\"}]}",
     1,
     {"MLPIPE_E_CONFLICT", "/steps/1", "scale_2"}},
    {"{\"format\":1,\"pipeline\":{},\"steps\":[{\"stp\":\"scale\"}]}",
     2,
     {"/steps/0/stp", "must be a text"}},
    {"{\"format\":1,\"pipeline\":{},\"steps\":[7]}", 1, {"/steps/0"}},
    {"{\"format\":1,\"pipeline\":{\"target\":\"y\"},\"steps\":7}",
     1,
     {"an array must stand here"}},
    /* keys in a pointer, by RFC 6901 */
    {"{\"format\":1,\"a/b~c~1\":1,\"pipeline\":{\"\":0,\"/\":1}}",
     3,
     {"\"/a~1b~0c~01\"", "\"/pipeline/\"", "\"/pipeline/~1\""}},
};

static void findings(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    const uint64_t live = made_live(c);
    (void)state;
    for (size_t i = 0; i < sizeof check_cases / sizeof *check_cases; i++) {
        const char *json = check_cases[i].json;
        mlpipe_report *r;
        mlpipe_buffer *b;
        assert_ok(c, mlpipe_pipeline_check(c, json, strlen(json), NULL, &r));
        assert_ok(c, mlpipe_report_render(c, r, "json", &b));
        if (mlpipe_report_get(r, "errors") != check_cases[i].errors)
            fail_msg("%s: %s", json, mlpipe_buffer_data(b));
        for (size_t k = 0; k < 4 && check_cases[i].said[k]; k++)
            if (!strstr(mlpipe_buffer_data(b), check_cases[i].said[k]))
                fail_msg("%s lacks %s: %s", json, check_cases[i].said[k],
                         mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
        mlpipe_report_free(r);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_ctx_free(c);
}

/* With rows, columns and types are found out, and at which step. */
static void with_rows(void **state)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{\"target\":\"price\",\"id\":[\"id\"],"
        "\"features\":[\"size\",\"town\"]},\"steps\":[{\"step\":\"impute\"},"
        "{\"step\":\"derive\",\"params\":{\"expressions\":"
        "\"a = siz * 2; b = 1 + lott; c = size == null\"}},"
        "{\"step\":\"gbt\"}]}";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 60);
    mlpipe_report *r;
    mlpipe_buffer *b;
    (void)state;
    assert_ok(c, mlpipe_pipeline_check(c, json, sizeof json - 1, NULL, &r));
    assert_true(mlpipe_report_get(r, "errors") == 0);
    mlpipe_report_free(r);
    assert_ok(c, mlpipe_pipeline_check(c, json, sizeof json - 1, d, &r));
    /* both errors and the lint of the expressions, each with its place */
    assert_true(mlpipe_report_get(r, "errors") == 2);
    assert_true(mlpipe_report_get(r, "lints") == 1);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_non_null(strstr(mlpipe_buffer_data(b),
                           "112,\"/steps/1/params/expressions\",1,155,"));
    assert_non_null(strstr(mlpipe_buffer_data(b), "size"));
    assert_non_null(strstr(mlpipe_buffer_data(b), "\\\"lott\\\""));
    assert_non_null(strstr(mlpipe_buffer_data(b),
                           "at this point of the pipeline"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A limit behind another error is told as well, as what it is. */
static void with_a_limit(void **state)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{},\"steps\":[{\"step\":\"derive\","
        "\"params\":{\"expressions\":\"a = siz * 2\\n"
        "b = if(size > 1, lower(town), 'none')\"}}]}";
    const mlpipe_limits limits = {.size = sizeof limits, .categories = 2};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    mlpipe_dataset *d;
    mlpipe_report *r;
    mlpipe_buffer *b;
    mlpipe_ctx *c, *made = made_ctx(1);
    (void)state;
    d = made_dataset(made, 0, 60);
    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    assert_ok(c, mlpipe_pipeline_check(c, json, sizeof json - 1, d, &r));
    assert_true(mlpipe_report_get(r, "errors") == 2);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_non_null(strstr(mlpipe_buffer_data(b), "\"MLPIPE_E_PARAM\",112,"));
    assert_non_null(strstr(mlpipe_buffer_data(b), "\"MLPIPE_E_LIMIT\",109,"));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    mlpipe_ctx_free(made);
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    while ((text = strstr(text, part)) != NULL)
        n++, text++;
    return n;
}

/* All are counted, no more than fifty listed. */
static void many(void **state)
{
    static char json[16384];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_report *r;
    mlpipe_buffer *b;
    size_t n;
    (void)state;
    n = (size_t)sprintf(json, "{\"format\":1,\"pipeline\":{},\"steps\":[");
    for (int i = 0; i < 300; i++)
        n += (size_t)sprintf(json + n, "%s{\"step\":\"no%d\"}", i ? "," : "",
                             i);
    n += (size_t)sprintf(json + n, "]}");
    assert_ok(c, mlpipe_pipeline_check(c, json, n, NULL, &r));
    assert_true(mlpipe_report_get(r, "errors") == 300);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_int_equal(50, count_of(mlpipe_buffer_data(b), "\"error\","));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_ctx_free(c);
}

/* However many lints stand before it, an error is counted and listed. */
static void error_behind_lints(void **state)
{
    static char json[8192];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 60);
    mlpipe_report *r;
    mlpipe_buffer *b;
    size_t n;
    (void)state;
    n = (size_t)sprintf(json, "{\"format\":1,\"pipeline\":{\"features\":"
                              "[\"size\"]},\"steps\":[{\"step\":\"derive\","
                              "\"params\":{\"expressions\":\"");
    for (int i = 0; i < 60; i++)
        n += (size_t)sprintf(json + n, "c%d = size == null; ", i);
    n += (size_t)sprintf(json + n, "wrong = lott\"}}]}");
    assert_ok(c, mlpipe_pipeline_check(c, json, n, d, &r));
    assert_true(mlpipe_report_get(r, "lints") == 60);
    assert_true(mlpipe_report_get(r, "errors") == 1);
    assert_ok(c, mlpipe_report_render(c, r, "json", &b));
    assert_int_equal(50, count_of(mlpipe_buffer_data(b), "\"lint\","));
    assert_int_equal(1, count_of(mlpipe_buffer_data(b), "\"error\","));
    assert_non_null(strstr(mlpipe_buffer_data(b), "\\\"lott\\\""));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

typedef struct scarce {
    int64_t left; /* allocations that succeed */
} scarce;

static void *scarce_alloc(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    scarce *s = user;
    void *made = NULL;
    if (new_size && s->left-- <= 0)
        return NULL;
    if (new_size && posix_memalign(&made, align < sizeof made ? sizeof made
                                                              : align,
                                   new_size))
        return NULL;
    if (made && ptr)
        memcpy(made, ptr, old_size < new_size ? old_size : new_size);
    free(ptr);
    return made;
}

/* Out of memory behind an error that was told already: a report that lacks the
 * second one would be no less wrong for having the first. */
static void memory_behind_an_error(void **state)
{
    static const char json[] =
        "{\"format\":1,\"pipeline\":{\"features\":[\"size\"]},"
        "\"steps\":[{\"step\":\"derive\",\"params\":{\"expressions\":"
        "\"a = siz; b = size + lot; c = replace(town, 'a', 'b'); "
        "d = lott\"}}]}";
    scarce s = {INT64_MAX};
    const mlpipe_ctx_options o = {.user = &s, .alloc = scarce_alloc};
    mlpipe_ctx *c;
    mlpipe_dataset *d;
    mlpipe_report *r;
    mlpipe_status st = MLPIPE_E_NOMEM;
    uint64_t live;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    d = made_dataset(c, 0, 60);
    live = made_live(c);
    for (int64_t n = 0; st; n++) {
        s.left = n;
        st = mlpipe_pipeline_check(c, json, sizeof json - 1, d, &r);
        s.left = INT64_MAX;
        if (st)
            assert_status(MLPIPE_E_NOMEM, st);
        else
            assert_true(mlpipe_report_get(r, "errors") == 2);
        mlpipe_report_free(r);
        assert_int_equal(live, made_live(c));
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static char *print_of(mlpipe_ctx *c, const mlpipe_pipeline *p)
{
    mlpipe_buffer *b;
    char *copy;
    assert_ok(c, mlpipe_pipeline_fingerprint(c, p, &b));
    assert_int_equal(32, mlpipe_buffer_size(b));
    copy = strdup(mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    return copy;
}

/* What means the same has the same print, however it was written. */
static void prints(void **state)
{
    static const char json[] =
        "{ \"steps\": [ {\"params\": {\"numeric\": \"median\"}, "
        "\"step\": \"impute\"} ], \"format\": 1, "
        "\"pipeline\": {\"target\": \"price\", \"holdout\": 0.1} }";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_pipeline *a, *b;
    char *one, *two, *three;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=price", &a));
    assert_ok(c, mlpipe_pipeline_add(c, a, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_parse(c, json, sizeof json - 1, &b));
    one = print_of(c, a);
    two = print_of(c, b);
    assert_string_equal(one, two);
    assert_ok(c, mlpipe_pipeline_add(c, b, "scale", NULL));
    three = print_of(c, b);
    assert_string_not_equal(one, three);
    free(one);
    free(two);
    free(three);
    mlpipe_pipeline_free(a);
    mlpipe_pipeline_free(b);
    mlpipe_ctx_free(c);
}

static void explained(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 200);
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_buffer *b;
    const char *text;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(
                     c, "target=price time=day features=size,town", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_derive(
                     c, p, "ratio = size / max(lot, 1); y = year(as_of)"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "scale", "columns=size"));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=5"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_model_explain(c, m, &b));
    text = mlpipe_buffer_data(b);
    assert_non_null(strstr(text, "  1  for impute: size (quantiles), town "
                                 "(counts)"));
    assert_non_null(strstr(text, "  size: from size by impute, scale\n"));
    assert_non_null(strstr(text, "  ratio: from size, lot by derive\n"));
    assert_non_null(strstr(text, "  y: from as_of by derive\n"));
    assert_non_null(strstr(text, " = forest of 5 trees"));
    assert_non_null(strstr(text, "  price = r"));
    mlpipe_buffer_free(b);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Edges, and steps on texts before they are numbers or codes. */
static void explained_texts(void **state)
{
    static const char *const wanted[] = {
        " = bucket r0 at 80, 120 closed left\n",
        " = bucket r0 at 1, 2, 3, 4, 5, 6, 7, 8 closed right\n",
        " = bucket r0 at 1, 2, 3, 4, 5, 6, 7, 8, ... closed left\n",
        " = feed town: trim, lower, replace(\"a\", \"\\\"b\"), code of ",
        " = feed town: substr(2, 3), code of ",
        " = feed town: split_part(\"x\", -1), len\n",
        " = feed town: parse_unit(\",\", \"km\")\n",
        " = feed town: trim, "
        "equals(\"0123456789012345678901234567890123456789\"...)\n",
        " = feed town: map(\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", "
        "\"8\", ...), code of ",
        " = feed as_of\n"};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 200);
    mlpipe_pipeline *p;
    mlpipe_transform *t;
    mlpipe_buffer *b;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "features=size,town time=day", &p));
    assert_ok(c, mlpipe_pipeline_derive(
                     c, p,
                     "a = bucket(size, [80, 120], ['s', 'm', 'l'])\n"
                     "b = bucket(size, [1, 2, 3, 4, 5, 6, 7, 8], ['a', 'b',"
                     " 'c', 'd', 'e', 'f', 'g', 'h', 'i'], closed='right')\n"
                     "c = bucket(size, [1, 2, 3, 4, 5, 6, 7, 8, 9], ['a',"
                     " 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])\n"
                     "d = replace(lower(trim(town)), 'a', '\"b')\n"
                     "e = substr(town, 2, 3)\n"
                     "f = len(split_part(town, 'x', -1))\n"
                     "g = parse_unit(town, 'km', ',')\n"
                     "h = lower(town) == 'none'\n"
                     "i = map(town, '1', '2', '3', '4', '5', '6', '7', '8',"
                     " '9', '0')\n"
                     "j = year(as_of)\n"
                     "k = trim(town) == '01234567890123456789012345678901"
                     "234567890'"));
    assert_ok(c, mlpipe_transform_fit(c, p, d, NULL, &t));
    assert_ok(c, mlpipe_transform_explain(c, t, &b));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(mlpipe_buffer_data(b), wanted[i]))
            fail_msg("%s is not in\n%s", wanted[i], mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings),
        cmocka_unit_test(with_rows),
        cmocka_unit_test(with_a_limit),
        cmocka_unit_test(many),
        cmocka_unit_test(error_behind_lints),
        cmocka_unit_test(memory_behind_an_error),
        cmocka_unit_test(prints),
        cmocka_unit_test(explained),
        cmocka_unit_test(explained_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
