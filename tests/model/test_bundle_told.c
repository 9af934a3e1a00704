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
            if (!strncmp(text, begin, strlen(begin)))
                golden_gist(__BASE_FILE__, what, text);
        }
    free(bytes);
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
        mlpipe_buffer_free(b);
    }
    mlpipe_ctx_free(c);
}

static void damaged_detectors(void **state)
{
    mlpipe_ctx *c = made_ctx(1);
    static const char *const kinds[] = {"adwin", "ddm", "page_hinkley"};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        mlpipe_detector *d;
        mlpipe_buffer *b;
        assert_ok(c, mlpipe_detector_new(c, kinds[i], NULL, &d));
        assert_ok(c, mlpipe_detector_bytes(c, d, &b));
        damage(c, b, "a detector", "a saved detector is damaged",
               load_detector);
        mlpipe_buffer_free(b);
        mlpipe_detector_free(d);
    }
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
        cmocka_unit_test(damaged_detectors),
        cmocka_unit_test(other_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
