/* SPDX-License-Identifier: MIT */
/* Saved programs: the same bytes again; damaged bytes are refused or run. */
#include "golden_text.h"
#include "support.h"

#include "program_sample.h"

enum { ROWS = 16 };

static void run_rows(const mlpipe__program *p, uint32_t width, double *out)
{
    char *scratch = malloc(mlpipe__program_scratch(p, width));
    uint32_t i, at;
    double x[SAMPLE_INPUTS];

    forest_state = 4711;
    for (at = 0; at < ROWS; at += width) {
        for (i = 0; i < width; i++) {
            sample_row(x);
            sample_load(p, scratch, width, i, x);
        }
        mlpipe__program_run(p, scratch, width, width,
                            out + (size_t)at * p->output_count, NULL);
    }
    free(scratch);
}

static mlpipe__program *built(mlpipe_ctx *c, mlpipe__text *bytes)
{
    mlpipe__program *p = sample_program(c);

    assert_ok(c, mlpipe__program_seal(c, p));
    mlpipe__text_init(bytes, c->env);
    mlpipe__program_save(p, bytes);
    assert_false(bytes->failed);
    return p;
}

static void comes_back_equal(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__text one, two;
    mlpipe__program *p = built(c, &one), *q;
    double *a = malloc(ROWS * 8 * (size_t)p->output_count);
    double *b = malloc(ROWS * 8 * (size_t)p->output_count);

    assert_ok(c, mlpipe__program_load(c, one.data, one.size, &q));
    mlpipe__text_init(&two, c->env);
    mlpipe__program_save(q, &two);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    assert_int_equal(q->front_ops, p->front_ops);
    assert_string_equal(q->inputs[3].name, "x3");
    assert_int_equal(q->inputs[3].dict->count, 3);
    run_rows(p, 1, a);
    run_rows(q, ROWS, b);
    assert_memory_equal(a, b, ROWS * 8 * (size_t)p->output_count);
    free(a);
    free(b);
    mlpipe__text_free(&one);
    mlpipe__text_free(&two);
    mlpipe__program_free(p);
    mlpipe__program_free(q);
}

/* Loads from memory of exactly that size, so that a read past its end shows;
 * what is taken must run. True where it was taken. */
static bool survives(mlpipe_ctx *c, const char *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    mlpipe__program *p = NULL;
    mlpipe_status st;

    memcpy(copy + 1, bytes, size);
    st = mlpipe__program_load(c, copy + 1, size, &p);
    free(copy);
    if (st) {
        assert_null(p);
        if (st != MLPIPE_E_CORRUPT && st != MLPIPE_E_VERSION)
            fail_msg("%s", mlpipe_ctx_error(c)->text);
        if (st == MLPIPE_E_VERSION)
            golden_gist(__BASE_FILE__, "a byte", mlpipe_ctx_error(c)->text);
        return false;
    }
    if (mlpipe__program_scratch(p, ROWS) < 64u << 20) {
        double *out = malloc(ROWS * 8 * (size_t)p->output_count + 8);

        run_rows(p, 1, out);
        run_rows(p, ROWS, out);
        free(out);
    }
    mlpipe__program_free(p);
    return true;
}

static void every_truncation_is_refused(void **state)
{
    mlpipe_ctx *c = *state;
    mlpipe__text t;
    mlpipe__program *p = built(c, &t);
    size_t n;

    for (n = 0; n < t.size; n++)
        if (survives(c, t.data, n))
            fail_msg("%zu of %zu bytes were taken", n, t.size);
    mlpipe__text_put(&t, "", 1);
    assert_false(survives(c, t.data, t.size));
    mlpipe__text_free(&t);
    mlpipe__program_free(p);
}

static void every_changed_byte_is_refused_or_runs(void **state)
{
    static const unsigned char flips[] = {0x01, 0x80, 0xff};
    mlpipe_ctx *c = *state;
    mlpipe__text t;
    mlpipe__program *p = built(c, &t);
    uint32_t taken = 0, refused = 0;
    size_t n, k;

    for (n = 0; n < t.size; n++)
        for (k = 0; k < sizeof flips; k++) {
            t.data[n] = (char)(t.data[n] ^ flips[k]);
            if (survives(c, t.data, t.size))
                taken++;
            else
                refused++;
            t.data[n] = (char)(t.data[n] ^ flips[k]);
        }
    assert_true(taken > 100);
    assert_true(refused > 100);
    assert_true(survives(c, t.data, t.size));
    mlpipe__text_free(&t);
    mlpipe__program_free(p);
}

/* Every allocation of building and of loading fails in turn. */
typedef struct failing {
    int64_t left;
} failing;

static void *failing_alloc(void *user, void *ptr, size_t old_size,
                           size_t new_size, size_t align)
{
    failing *f = user;
    void *got = NULL;

    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    if (f->left-- <= 0)
        return NULL;
    if (posix_memalign(&got, align < 16 ? 16 : align, new_size))
        return NULL;
    if (ptr) {
        memcpy(got, ptr, old_size < new_size ? old_size : new_size);
        free(ptr);
    }
    return got;
}

static void loading_survives_every_lack_of_memory(void **state)
{
    mlpipe_ctx *c = *state, *poor;
    mlpipe__text t;
    mlpipe__program *p = built(c, &t), *q = NULL;
    failing f = {1 << 20};
    mlpipe_ctx_options o = {.size = sizeof o, .user = &f,
                            .alloc = failing_alloc};
    mlpipe_status st = MLPIPE_E_NOMEM;
    uint64_t live;
    int64_t n;

    assert_int_equal(mlpipe_ctx_new(&o, &poor), MLPIPE_OK);
    live = atomic_load(&poor->env->live);
    for (n = 0; st == MLPIPE_E_NOMEM && n < 10000; n++) {
        f.left = n;
        st = mlpipe__program_load(poor, t.data, t.size, &q);
        assert_true(st == MLPIPE_E_NOMEM ? q == NULL : q != NULL);
    }
    f.left = 1 << 20;
    assert_int_equal(st, MLPIPE_OK);
    assert_true(n > 50);
    mlpipe__program_free(q);
    assert_int_equal(live, atomic_load(&poor->env->live));
    mlpipe_ctx_free(poor);
    mlpipe__text_free(&t);
    mlpipe__program_free(p);
}

/* Bytes of forms of as many registers, which share their words, and, where
 * `all`, their constants. */
static mlpipe_status sharing(mlpipe_ctx *c, uint32_t forms, bool all)
{
    enum { TERMS = 200 };
    static const uint32_t regs[TERMS] = {0};
    static const double form[TERMS + 1] = {1, 2, 3};
    mlpipe__program *p = mlpipe__program_new(c->env), *q;
    mlpipe__text t;
    mlpipe_status st;

    mlpipe__program_add_input(p, "x", MLPIPE_TYPE_F64, 0, MLPIPE__NUMBER,
                              NULL);
    const uint32_t words = mlpipe__program_words(p, regs, TERMS);
    uint32_t consts = 0, y = 0;
    for (uint32_t i = 0; i < forms; i++) {
        if (!i || !all)
            consts = mlpipe__program_const(p, form, TERMS + 1);
        y = mlpipe__program_op(p, MLPIPE__OP_LINEAR, 0, consts, words, TERMS,
                               1);
    }
    mlpipe__program_add_output(p, "y", y);
    mlpipe__text_init(&t, c->env);
    mlpipe__program_save(p, &t);
    st = mlpipe__program_load(c, t.data, t.size, &q);
    mlpipe__text_free(&t);
    mlpipe__program_free(q);
    mlpipe__program_free(p);
    return st;
}

/* Ops that all read the same would take the square of the bytes in time. */
static void work_is_that_of_the_bytes(void **state)
{
    mlpipe_ctx *c = *state;

    assert_ok(c, sharing(c, 400, false));
    assert_ok(c, sharing(c, 10, true));
    assert_status(MLPIPE_E_CORRUPT, sharing(c, 400, true));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text,
                           "more constants and words than there are"));
}

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, (mlpipe_ctx **)state);
}

static int tear_down(void **state)
{
    mlpipe_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_equal),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_runs),
        cmocka_unit_test(work_is_that_of_the_bytes),
        cmocka_unit_test(loading_survives_every_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
