/* SPDX-License-Identifier: MIT */
/*
 * What people read of damage that hashes do not show: each byte of a bundle
 * and of a saved detector is changed, the hashes are made right again, and
 * every message that comes of it is one of the golden ones.
 */
#include "fuzz/fuzz.h"
#include "golden_text.h"
#include "model_support.h"

/* A model of these roles and steps, with a card, as its bytes. */
static mlpipe_buffer *told_bundle(mlpipe_ctx *c, const char *roles,
                                  const char *learner, const char *metrics)
{
    mlpipe_dataset *d = made_dataset(c, 0, 24), *test;
    mlpipe_pipeline *p;
    mlpipe_model *m, *best;
    mlpipe_report *r;
    mlpipe_buffer *b;
    test = made_dataset(c, 24, 16);
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "impute", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, "onehot", NULL));
    assert_ok(c, mlpipe_pipeline_add(c, p, learner, NULL));
    assert_ok(c, mlpipe_fit(c, p, d, test, &m));
    assert_ok(c, mlpipe_evaluate(c, m, test, metrics, &r));
    assert_ok(c, mlpipe_model_attach(c, m, r, &best));
    assert_ok(c, mlpipe_model_bytes(c, best, &b));
    mlpipe_report_free(r);
    mlpipe_model_free(best);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(test);
    return b;
}

typedef mlpipe_status (*told_load)(mlpipe_ctx *c, const void *bytes, size_t n);

static mlpipe_status load_model(mlpipe_ctx *c, const void *bytes, size_t n)
{
    mlpipe_model *m;
    const mlpipe_status st = mlpipe_model_load_bytes(c, bytes, n, &m);
    mlpipe_model_free(m);
    return st;
}

static mlpipe_status load_detector(mlpipe_ctx *c, const void *bytes, size_t n)
{
    mlpipe_detector *d;
    const mlpipe_status st = mlpipe_detector_load_bytes(c, bytes, n, &d);
    mlpipe_detector_free(d);
    return st;
}

/* Tells each message of a kind once; which values a program or an INFO may
 * not have is tested elsewhere. */
static void damage(mlpipe_ctx *c, const mlpipe_buffer *b, const char *what,
                   const char *begin, told_load load)
{
    static const uint8_t with[] = {0x01, 0x80, 0xff};
    const size_t n = mlpipe_buffer_size(b);
    uint8_t *bytes = malloc(n);
    for (size_t i = 64; i < n; i++)
        for (size_t k = 0; k < sizeof with; k++) {
            memcpy(bytes, mlpipe_buffer_data(b), n);
            bytes[i] ^= with[k];
            fuzz_repair_container(bytes, n);
            if (load(c, bytes, n) == MLPIPE_OK)
                continue;
            const char *text = mlpipe_ctx_error(c)->text;
            if (!strncmp(text, begin, strlen(begin)) ||
                strstr(text, "a section has no proper name") ||
                strstr(text, "section INFO has flags"))
                golden_gist(__BASE_FILE__, what, text);
        }
    free(bytes);
}

/* The reference, with each byte made each small number: kinds and tags. */
static void small_values(mlpipe_ctx *c, const mlpipe_buffer *b)
{
    enum { MOST = 9 };
    const size_t n = mlpipe_buffer_size(b);
    const uint8_t *const whole = (const uint8_t *)mlpipe_buffer_data(b);
    mlpipe__container from;
    uint8_t *bytes = malloc(n);
    assert_ok(c, mlpipe__container_read(c, "MODL", whole, n, &from));
    const mlpipe__section *const s = mlpipe__container_find(&from, "REFR");
    const size_t first = (size_t)((const char *)s->data - from.bytes);
    for (size_t i = first; i < first + s->bytes; i++)
        for (uint8_t k = 0; k <= MOST; k++) {
            if (whole[i] > MOST && k)
                continue; /* no kind, tag or small number */
            memcpy(bytes, whole, n);
            bytes[i] = k;
            fuzz_repair_container(bytes, n);
            if (load_model(c, bytes, n) != MLPIPE_OK)
                golden_gist(__BASE_FILE__, "a reference",
                            mlpipe_ctx_error(c)->text);
        }
    mlpipe__container_free(&from);
    free(bytes);
}

/* Each section of a container in turn has eight more bytes. */
static void longer(mlpipe_ctx *c, const mlpipe_buffer *b, const char *kind,
                   const char *what, told_load load)
{
    mlpipe__container from;
    assert_ok(c, mlpipe__container_read(c, kind, mlpipe_buffer_data(b),
                                        mlpipe_buffer_size(b), &from));
    for (uint32_t k = 0; k < from.count; k++) {
        mlpipe__container with;
        mlpipe__text out;
        char *const more = calloc(1, from.sections[k].bytes + 8);
        memcpy(more, from.sections[k].data, from.sections[k].bytes);
        mlpipe__container_init(&with, c->env);
        mlpipe__text_init(&out, c->env);
        for (uint32_t i = 0; i < from.count; i++) {
            const mlpipe__section *const s = &from.sections[i];
            assert_ok(c, mlpipe__container_add(
                             c, &with, s->name, s->flags,
                             i == k ? more : s->data,
                             i == k ? s->bytes + 8 : s->bytes));
        }
        assert_ok(c, mlpipe__container_write(c, &with, kind, &out));
        if (load(c, out.data, out.size))
            golden_gist(__BASE_FILE__, what, mlpipe_ctx_error(c)->text);
        mlpipe__text_free(&out);
        mlpipe__container_free(&with);
        free(more);
    }
    mlpipe__container_free(&from);
}

static void damaged_models(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    static const char *const models[][3] = {
        {"target=log(price) features=size,rooms", "ridge", NULL},
        {"target=risk features=size,town", "gbt", NULL},
        {"target=town features=size,rooms", "naive_bayes", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        mlpipe_buffer *b = told_bundle(c, models[i][0], models[i][1],
                                       models[i][2]);
        damage(c, b, "a model", "the model is damaged: section ",
               load_model);
        small_values(c, b);
        longer(c, b, "MODL", "a longer section", load_model);
        mlpipe_buffer_free(b);
    }
    mlpipe_ctx_free(c);
}

/* Of three classes two are told by the same text. */
static void same_classes(void **state)
{
    static const char csv[] = "x,y\n1,aa\n2,ab\n3,ac\n4,aa\n5,ab\n6,ac\n";
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_model *m;
    mlpipe_buffer *b;
    (void)state;
    assert_ok(c, mlpipe_read_csv_memory(c, csv, sizeof csv - 1, NULL, &d));
    assert_ok(c, mlpipe_pipeline_new(c, "target=y holdout=0", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "naive_bayes", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    const size_t n = mlpipe_buffer_size(b);
    uint8_t *const bytes = malloc(n);
    for (size_t i = 64; i + 2 <= n; i++) {
        memcpy(bytes, mlpipe_buffer_data(b), n);
        if (memcmp(bytes + i, "ab", 2))
            continue;
        bytes[i + 1] = 'a';
        fuzz_repair_container(bytes, n);
        if (load_model(c, bytes, n) != MLPIPE_OK)
            golden_gist(__BASE_FILE__, "the same classes",
                        mlpipe_ctx_error(c)->text);
    }
    free(bytes);
    mlpipe_buffer_free(b);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void damaged_detectors(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe__container empty;
    mlpipe__text out;
    char begin[64];
    static const char *const kinds[] = {"adwin", "ddm", "page_hinkley"};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        mlpipe_detector *d;
        mlpipe_buffer *b;
        assert_ok(c, mlpipe_detector_new(c, kinds[i], NULL, &d));
        assert_ok(c, mlpipe_detector_bytes(c, d, &b));
        damage(c, b, "a detector", "a saved detector is damaged",
               load_detector);
        snprintf(begin, sizeof begin, "a saved detector is \"%s\" of ",
                 kinds[i]);
        damage(c, b, "a detector", begin, load_detector);
        longer(c, b, "DTCT", "a longer detector", load_detector);
        mlpipe_buffer_free(b);
        mlpipe_detector_free(d);
    }
    mlpipe__container_init(&empty, c->env);
    mlpipe__text_init(&out, c->env);
    assert_ok(c, mlpipe__container_add(c, &empty, "NEWS", 0, "x", 1));
    assert_ok(c, mlpipe__container_write(c, &empty, "DTCT", &out));
    assert_int_not_equal(0, load_detector(c, out.data, out.size));
    golden_gist(__BASE_FILE__, "no detector", mlpipe_ctx_error(c)->text);
    mlpipe__text_free(&out);
    mlpipe__container_free(&empty);
    mlpipe_ctx_free(c);
}

/* A section is taken out of a container of the same kind. */
static void other_sections(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_buffer *b =
        told_bundle(c, "target=price features=size,rooms", "ridge", NULL);
    mlpipe__container from;
    (void)state;
    assert_ok(c, mlpipe__container_read(c, "MODL", mlpipe_buffer_data(b),
                                        mlpipe_buffer_size(b), &from));
    for (uint32_t k = 0; k <= from.count; k++) {
        mlpipe__container with;
        mlpipe__text out;
        mlpipe_model *m;
        mlpipe__container_init(&with, c->env);
        mlpipe__text_init(&out, c->env);
        for (uint32_t i = 0; i < from.count; i++)
            if (i != k)
                assert_ok(c, mlpipe__container_add(
                                 c, &with, from.sections[i].name,
                                 from.sections[i].flags,
                                 from.sections[i].data,
                                 from.sections[i].bytes));
        if (k == from.count)
            assert_ok(c, mlpipe__container_add(c, &with, "NEWS",
                                               MLPIPE__SECTION_REQUIRED, "x",
                                               1));
        assert_ok(c, mlpipe__container_write(c, &with, "MODL", &out));
        if (mlpipe_model_load_bytes(c, out.data, out.size, &m))
            golden_gist(__BASE_FILE__, "other sections",
                         mlpipe_ctx_error(c)->text);
        mlpipe_model_free(m);
        mlpipe__text_free(&out);
        mlpipe__container_free(&with);
    }
    mlpipe__container_free(&from);
    mlpipe_buffer_free(b);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_models),
        cmocka_unit_test(same_classes),
        cmocka_unit_test(damaged_detectors),
        cmocka_unit_test(other_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
