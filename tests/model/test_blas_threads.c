/* SPDX-License-Identifier: MIT */
/*
 * What goes through OpenBLAS is equal for any number of our threads, under
 * one core name and one BLAS thread: ridge on several blocks of rows, at
 * widths where dsyrk and dpotrf (from 500 columns on) would round otherwise
 * if rows were grouped by thread.
 */
#include "support.h"

#include "model/model_internal.h"

#ifdef MLPIPE_BLAS_OPENBLAS
extern int openblas_get_num_threads(void);
#endif

typedef struct wide {
    const char *name;
    uint32_t rows, features;
    bool steps; /* impute and scale in front, whose passes are parallel */
} wide;

/* A tenth is held out. 27,000 rows are seven blocks, three terms of the sum, so
 * that any other order of them shows; the last one is not full. */
static const wide wides[] = {
    {"raw", 30000, 120, false},
    {"steps", 30000, 120, true},
    {"dpotrf", 10003, 512, false},
};

/* In [0, 1), by the row and the column alone. */
static double wide_unit(uint32_t row, uint32_t column)
{
    uint64_t z = ((uint64_t)row << 16 | column) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Features that share a part, so that the Gram matrix is full, and a target
 * of all of them; all fractions, so that sums round. */
static mlpipe_dataset *wide_dataset(mlpipe_ctx *c, const wide *w)
{
    double *x = malloc(w->rows * sizeof *x), *y = malloc(w->rows * sizeof *y);
    uint8_t *valid = malloc(w->rows);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    for (uint32_t i = 0; i < w->rows; i++)
        y[i] = wide_unit(i, 9999);
    for (uint32_t f = 0; f < w->features; f++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", f);
        for (uint32_t i = 0; i < w->rows; i++) {
            x[i] = wide_unit(i, f) + 0.3 * wide_unit(i, 10000) + f;
            valid[i] = !w->steps || (i + f) % 11;
            y[i] += x[i] * (1.0 / (1 + f));
        }
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64, x, valid,
                                           w->rows));
    }
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                       w->rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    free(valid);
    free(x);
    free(y);
    return d;
}

static mlpipe_model *wide_fit(mlpipe_ctx *c, const wide *w)
{
    mlpipe_dataset *d = wide_dataset(c, w);
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(c, "target=y", &p));
    if (w->steps) {
        assert_ok(c, mlpipe_pipeline_add(c, p, "impute", "numeric=mean"));
        assert_ok(c, mlpipe_pipeline_add(c, p, "scale", NULL));
    }
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", "l2=0.5"));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_int_equal(w->features, m->program->input_count);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    return m;
}

/* The container of a model's bytes, which are freed. */
static void wide_sections(mlpipe_ctx *c, const mlpipe_model *m,
                          mlpipe__container *out)
{
    mlpipe_buffer *b;
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    assert_ok(c, mlpipe__container_read(c, "MODL", mlpipe_buffer_data(b),
                                        mlpipe_buffer_size(b), out));
    mlpipe_buffer_free(b);
}

static void wide_compare(const wide *w, uint32_t threads,
                         const mlpipe__container *a,
                         const mlpipe__container *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const mlpipe__section *x = &a->sections[i], *y = &b->sections[i];
        assert_string_equal(x->name, y->name);
        if (strcmp(x->name, "INFO") &&
            (x->bytes != y->bytes || memcmp(x->data, y->data, x->bytes)))
            fail_msg("%s: section %s differs for %u threads", w->name,
                     x->name, threads);
    }
}

static void same_for_threads(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 8};
    for (uint32_t k = 0; k < sizeof wides / sizeof *wides; k++) {
        mlpipe__container first;
        char id[33] = "";
        for (uint32_t t = 0; t < 4; t++) {
            const mlpipe_ctx_options o = {.size = sizeof o,
                                          .threads = counts[t]};
            mlpipe__container now;
            mlpipe_ctx *c;
            mlpipe_model *m;
            assert_int_equal(0, mlpipe_ctx_new(&o, &c));
            m = wide_fit(c, &wides[k]);
            assert_int_equal(m->any_machine,
                             !strcmp(mlpipe__blas_name(), "none"));
            wide_sections(c, m, t ? &now : &first);
            if (!t)
                memcpy(id, mlpipe_model_id(m), sizeof id);
            if (t) {
                wide_compare(&wides[k], counts[t], &first, &now);
                mlpipe__container_free(&now);
            }
            assert_string_equal(id, mlpipe_model_id(m));
            mlpipe_model_free(m);
            mlpipe_ctx_free(c);
        }
        mlpipe__container_free(&first);
        print_message("%s: %s on %s %s\n", wides[k].name, id,
                      mlpipe__blas_name(), mlpipe__blas_core());
    }
#ifdef MLPIPE_BLAS_OPENBLAS
    assert_int_equal(1, openblas_get_num_threads());
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_for_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
