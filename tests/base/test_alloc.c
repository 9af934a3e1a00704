/* SPDX-License-Identifier: MIT */
/* Blocks, accounting, the cap, and failures of the host's allocator. */
#include "support.h"

#include "base/base_internal.h"

/* An allocator that checks what the library tells it about sizes. */
typedef struct meter {
    uint64_t live, calls;
    int64_t fail_at; /* -1: never */
    bool wrong;
} meter;

typedef struct meter_block {
    size_t size, align;
    char *start; /* what malloc gave */
} meter_block;

static void *meter_alloc(void *user, void *ptr, size_t old_size,
                         size_t new_size, size_t align)
{
    meter *m = user;
    meter_block *b = NULL;
    char *start, *made;
    if (old_size) {
        b = (meter_block *)(void *)((char *)ptr - sizeof *b);
        m->wrong |= b->size != old_size || b->align != align;
    }
    if (!new_size) {
        if (b) {
            m->live -= b->size;
            free(b->start);
        }
        return NULL;
    }
    if ((int64_t)m->calls++ == m->fail_at)
        return NULL;
    start = malloc(new_size + align + sizeof *b);
    made = start + sizeof *b;
    made += (align - (uintptr_t)made % align) % align;
    memset(made, 0xa5, new_size); /* the library must not rely on zeros */
    if (b) {
        memcpy(made, ptr, old_size < new_size ? old_size : new_size);
        m->live -= b->size;
        free(b->start);
    }
    b = (meter_block *)(void *)(made - sizeof *b);
    b->size = new_size;
    b->align = align;
    b->start = start;
    m->live += new_size;
    return made;
}

static mlpipe_ctx *meter_ctx(meter *m, uint64_t cap)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_ctx *c;
    o.user = m;
    o.alloc = meter_alloc;
    o.memory_cap = cap;
    memset(m, 0, sizeof *m);
    m->fail_at = -1;
    assert_int_equal(mlpipe_ctx_new(&o, &c), MLPIPE_OK);
    return c;
}

static void blocks_are_zeroed_and_aligned(void **state)
{
    static const size_t sizes[] = {0,   1,   15,  16,   17,   255,
                                   256, 257, 511, 4096, 65537};
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    size_t i, k;
    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *p = mlpipe__alloc(c->env, sizes[i]);
        const size_t align = sizes[i] >= 256 ? 64 : 16;
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % align, 0);
        for (k = 0; k < sizes[i]; k++)
            assert_int_equal(p[k], 0);
        mlpipe__free(c->env, p);
    }
    mlpipe__free(c->env, NULL);
    mlpipe_ctx_free(c);
    assert_int_equal(m.live, 0);
    assert_false(m.wrong);
}

static void grow_keeps_and_zeroes(void **state)
{
    static const size_t steps[] = {1, 100, 255, 256, 300, 5000, 200, 0, 700};
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    unsigned char *p = NULL;
    size_t i, k, old = 0;
    (void)state;
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
        p = mlpipe__grow(c->env, p, steps[i], 1);
        assert_non_null(p);
        for (k = 0; k < steps[i]; k++)
            assert_int_equal(p[k], k < old ? (unsigned char)(k * 7 + 1) : 0);
        for (k = 0; k < steps[i]; k++)
            p[k] = (unsigned char)(k * 7 + 1);
        old = steps[i];
    }
    mlpipe__free(c->env, p);
    mlpipe_ctx_free(c);
    assert_int_equal(m.live, 0);
    assert_false(m.wrong);
}

static void a_failed_grow_keeps_the_block(void **state)
{
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    char *p = mlpipe__strdup(c->env, "abcdef", 3);
    uint64_t live, after;
    (void)state;
    assert_string_equal(p, "abc");
    mlpipe_ctx_memory(c, &live, NULL);
    m.fail_at = (int64_t)m.calls;
    assert_null(mlpipe__grow(c->env, p, 100, 1)); /* same head */
    m.fail_at = (int64_t)m.calls;
    assert_null(mlpipe__grow(c->env, p, 1000, 1)); /* another head */
    assert_null(mlpipe__grow(c->env, p, SIZE_MAX, 2));
    assert_null(mlpipe__grow(c->env, p, SIZE_MAX, 1));
    assert_string_equal(p, "abc");
    mlpipe_ctx_memory(c, &after, NULL);
    assert_int_equal(live, after);
    mlpipe__free(c->env, p);
    mlpipe_ctx_free(c);
    assert_int_equal(m.live, 0);
}

static void sizes_do_not_overflow(void **state)
{
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    const uint64_t calls = m.calls;
    size_t out;
    (void)state;
    assert_null(mlpipe__alloc(c->env, SIZE_MAX));
    assert_null(mlpipe__alloc(c->env, PTRDIFF_MAX));
    assert_null(mlpipe__alloc_array(c->env, SIZE_MAX / 2, 3));
    assert_null(mlpipe__alloc_array(c->env, 3, SIZE_MAX / 2));
    assert_null(mlpipe__strdup(c->env, "x", SIZE_MAX));
    assert_int_equal(m.calls, calls);
    assert_true(mlpipe__mul(SIZE_MAX, 2, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_true(mlpipe__add(SIZE_MAX, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_false(mlpipe__mul(6, 7, &out));
    assert_int_equal(out, 42);
    mlpipe_ctx_free(c);
}

static void the_count_is_the_hosts_count(void **state)
{
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    uint64_t live, peak, high;
    void *p;
    (void)state;
    mlpipe_ctx_memory(c, &live, &peak);
    assert_int_equal(live, m.live);
    assert_int_equal(peak, live);
    p = mlpipe__alloc(c->env, 10000);
    mlpipe_ctx_memory(c, &live, &high);
    assert_int_equal(live, m.live);
    assert_true(high >= peak + 10000);
    mlpipe__free(c->env, p);
    mlpipe_ctx_memory(c, &live, &peak);
    assert_int_equal(live, m.live);
    assert_int_equal(peak, high);
    mlpipe_ctx_memory(c, NULL, NULL);
    mlpipe_ctx_memory(NULL, &live, &peak);
    assert_int_equal(live + peak, 0);
    mlpipe_ctx_free(c);
}

static void the_cap_holds(void **state)
{
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 100000);
    uint64_t live, peak;
    void *p, *q;
    (void)state;
    p = mlpipe__alloc(c->env, 50000);
    assert_non_null(p);
    mlpipe_ctx_memory(c, &live, NULL);
    assert_null(mlpipe__alloc(c->env, 60000));
    assert_null(mlpipe__grow(c->env, p, 120000, 1));
    mlpipe_ctx_memory(c, NULL, &peak);
    assert_int_equal(live, peak); /* refusals leave no trace */
    mlpipe__free(c->env, p);
    q = mlpipe__alloc(c->env, 60000);
    assert_non_null(q);
    mlpipe__free(c->env, q);
    mlpipe_ctx_free(c);
    assert_int_equal(m.live, 0);
}

static void an_env_outlives_its_context(void **state)
{
    meter m;
    mlpipe_ctx *c = meter_ctx(&m, 0);
    mlpipe__env *env = mlpipe__env_keep(c->env);
    void *p = mlpipe__alloc(env, 1000);
    (void)state;
    mlpipe_ctx_free(c);
    assert_true(m.live > 1000);
    mlpipe__free(env, p);
    mlpipe__env_drop(env);
    mlpipe__env_drop(NULL);
    assert_int_equal(m.live, 0);
    assert_false(m.wrong);
}

static void the_default_allocator_works(void **state)
{
    mlpipe_ctx *c;
    char *p;
    size_t n, i;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(NULL, &c), MLPIPE_OK);
    p = mlpipe__alloc(c->env, 1);
    for (n = 1; n < 100000; n = n * 3 + 1) {
        p = mlpipe__grow(c->env, p, n, 1);
        assert_non_null(p);
        for (i = 0; i + 1 < n / 3; i++)
            assert_int_equal(p[i], 'x');
        memset(p, 'x', n);
        assert_int_equal((uintptr_t)p % (n >= 256 ? 64 : 16), 0);
    }
    mlpipe__free(c->env, p);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(grow_keeps_and_zeroes),
        cmocka_unit_test(a_failed_grow_keeps_the_block),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(the_count_is_the_hosts_count),
        cmocka_unit_test(the_cap_holds),
        cmocka_unit_test(an_env_outlives_its_context),
        cmocka_unit_test(the_default_allocator_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
