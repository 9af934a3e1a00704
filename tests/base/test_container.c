/* SPDX-License-Identifier: MIT */
/* Containers: what is written is read, and nothing else is. */
#include "support.h"

#include "base/base_internal.h"
#include "golden_text.h"

static mlpipe_ctx *container_ctx;
static uint64_t container_live; /* bytes of the context alone */

static int container_setup(void **state)
{
    (void)state;
    if (mlpipe_ctx_new(NULL, &container_ctx))
        return 1;
    mlpipe_ctx_memory(container_ctx, &container_live, NULL);
    return 0;
}

static int container_teardown(void **state)
{
    uint64_t live = 0;
    (void)state;
    mlpipe_ctx_memory(container_ctx, &live, NULL);
    mlpipe_ctx_free(container_ctx);
    return live != container_live;
}

/* Three sections: 5 bytes, none, and 70 bytes. */
static void container_sample(mlpipe__text *out, const char *info)
{
    static const char long_one[70] = "seventy bytes";
    mlpipe__container b;
    mlpipe__text_init(out, container_ctx->env);
    mlpipe__container_init(&b, container_ctx->env);
    assert_ok(container_ctx,
              mlpipe__container_add(container_ctx, &b, "PROG",
                                    MLPIPE__SECTION_REQUIRED, "12345", 5));
    assert_ok(container_ctx, mlpipe__container_add(container_ctx, &b, "VOID",
                                                   0, NULL, 0));
    assert_ok(container_ctx,
              mlpipe__container_add(container_ctx, &b, "TAIL", 0, long_one,
                                    sizeof long_one));
    if (info)
        assert_ok(container_ctx,
                  mlpipe__container_add(container_ctx, &b, "INFO", 0, info,
                                        strlen(info)));
    assert_ok(container_ctx,
              mlpipe__container_write(container_ctx, &b, "TEST", out));
    mlpipe__container_free(&b);
}

static mlpipe_status container_try(const void *bytes, size_t size)
{
    mlpipe__container b;
    const mlpipe_status st =
        mlpipe__container_read(container_ctx, "TEST", bytes, size, &b);
    if (st) {
        assert_null(b.bytes);
        assert_null(b.sections);
        assert_int_equal(b.count, 0);
    }
    mlpipe__container_free(&b);
    return st;
}

static void test_round_trip(void **state)
{
    mlpipe__text t;
    mlpipe__container b;
    (void)state;
    container_sample(&t, NULL);
    assert_int_equal(t.size, 64 + 3 * 64 + 64 + 70);
    assert_ok(container_ctx, mlpipe__container_read(container_ctx, "TEST",
                                                    t.data, t.size, &b));
    assert_int_equal(b.count, 3);
    const mlpipe__section *s = mlpipe__container_find(&b, "PROG");
    assert_non_null(s);
    assert_int_equal(s->bytes, 5);
    assert_int_equal(s->flags, MLPIPE__SECTION_REQUIRED);
    assert_memory_equal(s->data, "12345", 5);
    assert_int_equal((uintptr_t)s->data % 64, 0);
    s = mlpipe__container_find(&b, "TAIL");
    assert_int_equal(s->bytes, 70);
    assert_string_equal(s->data, "seventy bytes");
    assert_int_equal(mlpipe__container_find(&b, "VOID")->bytes, 0);
    assert_null(mlpipe__container_find(&b, "NONE"));
    assert_ok(container_ctx,
              mlpipe__container_known(container_ctx, &b, "INFO,PROG"));
    assert_told(container_ctx, MLPIPE_E_VERSION,
                mlpipe__container_known(container_ctx, &b, "INFO"));
    assert_told(container_ctx, MLPIPE_E_VERSION,
                mlpipe__container_known(container_ctx, &b, ""));
    mlpipe__container_free(&b);
    mlpipe__container_free(&b);
    mlpipe__text_free(&t);
}

static void test_empty(void **state)
{
    mlpipe__container b;
    mlpipe__text t;
    (void)state;
    mlpipe__text_init(&t, container_ctx->env);
    mlpipe__container_init(&b, container_ctx->env);
    assert_ok(container_ctx,
              mlpipe__container_write(container_ctx, &b, "TEST", &t));
    assert_int_equal(t.size, 64);
    assert_ok(container_ctx, container_try(t.data, t.size));
    mlpipe__container_free(&b);
    mlpipe__text_free(&t);
}

/* The id covers everything but INFO. */
static void test_identity(void **state)
{
    mlpipe__hash128 ids[3];
    static const char *const info[] = {NULL, "today", "tomorrow"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        mlpipe__text t;
        mlpipe__container b;
        container_sample(&t, info[i]);
        assert_ok(container_ctx,
                  mlpipe__container_read(container_ctx, "TEST", t.data,
                                         t.size, &b));
        ids[i] = mlpipe__container_id(&b);
        mlpipe__container_free(&b);
        mlpipe__text_free(&t);
    }
    assert_memory_equal(&ids[0], &ids[1], sizeof ids[0]);
    assert_memory_equal(&ids[0], &ids[2], sizeof ids[0]);
    mlpipe__container a, b;
    mlpipe__container_init(&a, container_ctx->env);
    mlpipe__container_init(&b, container_ctx->env);
    assert_ok(container_ctx, mlpipe__container_add(container_ctx, &a, "PROG",
                                                   0, "12345", 5));
    assert_ok(container_ctx, mlpipe__container_add(container_ctx, &b, "PROG",
                                                   0, "12346", 5));
    ids[0] = mlpipe__container_id(&a);
    ids[1] = mlpipe__container_id(&b);
    assert_memory_not_equal(&ids[0], &ids[1], sizeof ids[0]);
    mlpipe__container_free(&a);
    mlpipe__container_free(&b);
}

/* Each of the 255 wrong values of each byte is refused. */
static void test_every_byte(void **state)
{
    mlpipe__text t;
    (void)state;
    container_sample(&t, "when and where");
    for (size_t i = 0; i < t.size; i++) {
        const char right = t.data[i];
        for (int wrong = 1; wrong < 256; wrong++) {
            t.data[i] = (char)(right ^ wrong);
            const mlpipe_status st = container_try(t.data, t.size);
            if (st != MLPIPE_E_CORRUPT && st != MLPIPE_E_FORMAT
                && st != MLPIPE_E_VERSION && st != MLPIPE_E_LIMIT)
                fail_msg("byte %zu ^ %d: %s", i, wrong,
                         mlpipe_status_name(st));
            if (wrong == 1)
                golden_gist(__BASE_FILE__, "a byte",
                            mlpipe_ctx_error(container_ctx)->text);
        }
        t.data[i] = right;
    }
    assert_ok(container_ctx, container_try(t.data, t.size));
    mlpipe__text_free(&t);
}

static void test_truncated_and_extended(void **state)
{
    mlpipe__text t;
    (void)state;
    container_sample(&t, "when");
    for (size_t n = 0; n < t.size; n++) {
        char *exact = malloc(n + 1); /* so that a sanitizer sees the end */
        memcpy(exact + 1, t.data, n);
        assert_int_not_equal(container_try(exact + 1, n), 0);
        free(exact);
    }
    char *more = calloc(t.size + 64, 1);
    for (size_t fill = 0; fill < 256; fill += 85) {
        memset(more, (int)fill, t.size + 64);
        memcpy(more, t.data, t.size);
        for (size_t n = 1; n <= 64; n++)
            assert_told(container_ctx, MLPIPE_E_CORRUPT,
                        container_try(more, t.size + n));
    }
    free(more);
    assert_int_not_equal(container_try(NULL, 0), 0);
    mlpipe__text_free(&t);
}

/* Make all hashes right again after a change. */
static void container_repair(char *bytes, size_t size)
{
    uint32_t sections;
    memcpy(&sections, bytes + 32, 4);
    for (uint32_t i = 0; i < sections; i++) {
        char *entry = bytes + 64 + 64 * (size_t)i;
        uint64_t at, n;
        memcpy(&at, entry + 8, 8);
        memcpy(&n, entry + 16, 8);
        if (at <= size && n <= size - at) {
            const mlpipe__hash128 h = mlpipe__hash(bytes + at, n);
            memcpy(entry + 40, &h.lo, 8);
            memcpy(entry + 48, &h.hi, 8);
        }
    }
    mlpipe__hasher hasher;
    mlpipe__hasher_init(&hasher);
    mlpipe__hasher_add(&hasher, bytes, 48);
    mlpipe__hasher_add(&hasher, bytes + 64, 64 * (size_t)sections);
    const mlpipe__hash128 h = mlpipe__hasher_end(&hasher);
    memcpy(bytes + 48, &h.lo, 8);
    memcpy(bytes + 56, &h.hi, 8);
}

/*
 * With hashes that hold, every byte of header, table and padding is still
 * checked: only names, the required flag, and payloads may differ.
 */
static void test_every_byte_repaired(void **state)
{
    mlpipe__text t;
    (void)state;
    container_sample(&t, "when");
    char *copy = malloc(t.size);
    for (size_t i = 0; i < t.size; i++) {
        const bool is_hash = (i >= 48 && i < 64)
                             || (i >= 64 && i < 320 && i % 64 >= 40
                                 && i % 64 < 56);
        const bool is_free = (i >= 64 && i < 320 && i % 64 < 5)
                             || (i >= 320 && i < 325)
                             || (i >= 384 && i < 454) || i >= 512;
        for (int wrong = 1; wrong < 256 && !is_hash && !is_free; wrong++) {
            memcpy(copy, t.data, t.size);
            copy[i] = (char)(copy[i] ^ wrong);
            uint32_t sections;
            memcpy(&sections, copy + 32, 4);
            if (sections <= 4)
                container_repair(copy, t.size);
            if (container_try(copy, t.size) == MLPIPE_OK)
                fail_msg("byte %zu ^ %d with right hashes was taken", i,
                         wrong);
            if (strstr(mlpipe_ctx_error(container_ctx)->text, "damaged"))
                golden_gist(__BASE_FILE__, "a byte with right hashes",
                             mlpipe_ctx_error(container_ctx)->text);
        }
    }
    memcpy(copy, t.data, t.size);
    memcpy(copy + 64 + 64, copy + 64, 4); /* PROG twice */
    container_repair(copy, t.size);
    assert_told(container_ctx, MLPIPE_E_CORRUPT, container_try(copy, t.size));
    free(copy);
    mlpipe__text_free(&t);
}

static void test_messages(void **state)
{
    mlpipe__text t;
    mlpipe__container b;
    (void)state;
    container_sample(&t, NULL);
    assert_told(container_ctx, MLPIPE_E_FORMAT,
                mlpipe__container_read(container_ctx, "MODL", t.data,
                                       t.size, &b));
    assert_non_null(strstr(mlpipe_ctx_error(container_ctx)->text, "TEST"));
    assert_told(container_ctx, MLPIPE_E_FORMAT,
                container_try("PK\3\4 something", 15));
    t.data[8] = 9;
    assert_told(container_ctx, MLPIPE_E_VERSION, container_try(t.data, t.size));
    assert_non_null(strstr(mlpipe_ctx_error(container_ctx)->text, "9.1"));
    mlpipe__text_free(&t);
}

static void test_limits(void **state)
{
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .bundle_bytes = 500,
                                  .bundle_sections = 3};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    mlpipe_ctx *c = NULL;
    mlpipe__container b;
    mlpipe__text t, out;
    (void)state;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    container_sample(&t, NULL); /* 390 bytes */
    assert_ok(c, mlpipe__container_read(c, "TEST", t.data, t.size, &b));
    mlpipe__container_free(&b);
    mlpipe__text_free(&t);
    container_sample(&t, "x"); /* 513 bytes, four sections */
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__container_read(c, "TEST", t.data, t.size, &b));
    mlpipe__container_init(&b, c->env);
    mlpipe__text_init(&out, c->env);
    assert_ok(c, mlpipe__container_add(c, &b, "AAAA", 0, t.data, 400));
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__container_write(c, &b, "TEST", &out));
    assert_ok(c, mlpipe__container_add(c, &b, "BBBB", 0, "", 0));
    assert_told(c, MLPIPE_E_INTERNAL,
                mlpipe__container_add(c, &b, "BBBB", 0, "", 0));
    assert_status(MLPIPE_E_INTERNAL,
                  mlpipe__container_add(c, &b, "bbbb", 0, "", 0));
    assert_status(MLPIPE_E_INTERNAL,
                  mlpipe__container_add(c, &b, "LONGER", 0, "", 0));
    assert_ok(c, mlpipe__container_add(c, &b, "CCCC", 0, "", 0));
    assert_told(c, MLPIPE_E_LIMIT,
                mlpipe__container_add(c, &b, "DDDD", 0, "", 0));
    mlpipe__text_free(&out);
    mlpipe__text_free(&t);
    mlpipe__container_free(&b);
    mlpipe_ctx_free(c);
}

/* ---- cursors ------------------------------------------------------------ */

static void test_cursor(void **state)
{
    static const double numbers[] = {1.5, -0.0, 1e300};
    static const uint16_t shorts[] = {1, 2, 3};
    mlpipe__text t;
    mlpipe__cursor r;
    uint32_t n = 0;
    (void)state;
    mlpipe__text_init(&t, container_ctx->env);
    mlpipe__put_u32(&t, 7);
    mlpipe__put_text(&t, "naïve", 6);
    mlpipe__put_array(&t, numbers, 3, sizeof numbers[0]);
    mlpipe__put_array(&t, shorts, 3, sizeof shorts[0]);
    mlpipe__put_u64(&t, UINT64_MAX);
    mlpipe__put_f64(&t, 0.1);
    mlpipe__put_array(&t, NULL, 0, 8);
    mlpipe__put_text(&t, NULL, 0);
    for (size_t cut = 0; cut <= t.size; cut++) {
        char *exact = malloc(cut + 1);
        memcpy(exact, t.data, cut);
        mlpipe__cursor_init(&r, exact, cut);
        const uint32_t seven = mlpipe__get_u32(&r);
        const char *text = mlpipe__get_text(&r, &n);
        const size_t bytes = n;
        const double *f = mlpipe__get_array(&r, 3, sizeof *f);
        const uint16_t *s = mlpipe__get_array(&r, 3, sizeof *s);
        const uint64_t most = mlpipe__get_u64(&r);
        const double tenth = mlpipe__get_f64(&r);
        const void *none = mlpipe__get_array(&r, 0, 8);
        const char *empty = mlpipe__get_text(&r, NULL);
        assert_int_equal(mlpipe__cursor_done(&r), cut == t.size);
        assert_int_equal(r.failed, cut != t.size);
        if (cut == t.size) {
            assert_int_equal(seven, 7);
            assert_string_equal(text, "naïve");
            assert_int_equal(bytes, 6);
            assert_memory_equal(f, numbers, sizeof numbers);
            assert_memory_equal(s, shorts, sizeof shorts);
            assert_int_equal((uintptr_t)f % 8, 0);
            assert_true(most == UINT64_MAX);
            assert_same(tenth, 0.1);
            assert_non_null(none);
            assert_string_equal(empty, "");
        }
        free(exact);
    }
    mlpipe__text_free(&t);
}

static void test_cursor_refuses(void **state)
{
    mlpipe__cursor r;
    (void)state;
    mlpipe__cursor_init(&r, NULL, 0);
    assert_true(mlpipe__cursor_done(&r));
    assert_int_equal(mlpipe__get_u32(&r), 0);
    assert_false(mlpipe__cursor_done(&r));
    /* counts that overflow */
    mlpipe__cursor_init(&r, "12345678", 8);
    assert_null(mlpipe__get_array(&r, UINT64_MAX / 4, 8));
    assert_true(r.failed);
    mlpipe__cursor_init(&r, "12345678", 8);
    assert_null(mlpipe__get_array(&r, UINT64_MAX, 1));
    /* padding that is not zero */
    mlpipe__cursor_init(&r, "1234\0\1\0\0" "5678", 12);
    (void)mlpipe__get_u32(&r);
    assert_null(mlpipe__get_array(&r, 4, 1));
    /* a text without its NUL, and one longer than all there is */
    mlpipe__cursor_init(&r, "\1\0\0\0ab", 6);
    assert_string_equal(mlpipe__get_text(&r, NULL), "");
    assert_true(r.failed);
    mlpipe__cursor_init(&r, "\377\377\377\377ab", 6);
    assert_string_equal(mlpipe__get_text(&r, NULL), "");
    assert_true(r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_truncated_and_extended),
        cmocka_unit_test(test_every_byte_repaired),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_cursor_refuses),
    };
    return cmocka_run_group_tests(tests, container_setup,
                                  container_teardown);
}
