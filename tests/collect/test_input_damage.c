/* SPDX-License-Identifier: MIT */
/*
 * Packed files that are damaged at every byte or cut off at every length,
 * bombs, files that change: never other data, never silently.
 */
#include "support.h"

#include "collect/input_rig.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;
static rig_bytes packed;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    free(packed.data);
    memset(&packed, 0, sizeof packed);
    mlpipe_ctx_free(ctx);
    return 0;
}

static void assert_says(const char *words)
{
    if (!strstr(mlpipe_ctx_error(ctx)->text, words))
        fail_msg("no \"%s\" in: %s", words, mlpipe_ctx_error(ctx)->text);
}

/* Rows that differ, so that packing has something to do. */
static rig_bytes some_rows(int rows)
{
    rig_bytes b = {NULL, 0, 0};
    char line[80];

    rig_put(&b, "id,x,name\n", 10);
    for (int i = 0; i < rows; i++) {
        const int n = sprintf(line, "%d,%d.%d,n\xc3\xa9%d\n", i,
                              i * 7919 % 1009, i % 8, i * 31 % 17);
        rig_put(&b, line, (size_t)n);
    }
    return b;
}

static mlpipe_status read_packed(mlpipe_dataset **d)
{
    return mlpipe_read_csv_memory(ctx, packed.data, packed.size, NULL, d);
}

static mlpipe_status print_packed(char out[64])
{
    mlpipe_dataset *d;
    mlpipe_buffer *b;
    mlpipe_status st = read_packed(&d);

    if (st) {
        assert_null(d);
        assert_true(mlpipe_ctx_error(ctx)->text[0] != '\0');
        return st;
    }
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, d, &b));
    strcpy(out, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    return MLPIPE_OK;
}

/* Every bit of every byte of a small file, and all bits of a byte. Some bytes
 * of a head tell of times and systems and mean nothing for the text. */
static void damage_all(int pack)
{
    rig_bytes text = some_rows(8);
    char expected[64], print[64];
    uint32_t refused = 0, corrupt = 0, same = 0;

    rig_pack(&text, pack, &packed);
    assert_ok(ctx, print_packed(expected));
    for (size_t i = 0; i < packed.size; i++)
        for (int bit = 0; bit <= 8; bit++) {
            const int change = bit < 8 ? 1 << bit : 255;
            packed.data[i] ^= (unsigned char)change;
            const mlpipe_status st = print_packed(print);
            if (st == MLPIPE_E_INTERNAL || st == MLPIPE_E_CONFLICT)
                fail_msg("byte %zu, %d: %s", i, change,
                         mlpipe_ctx_error(ctx)->text);
            if (!st && strcmp(expected, print))
                fail_msg("byte %zu, %d: other data", i, change);
            refused += st != 0;
            corrupt += st == MLPIPE_E_CORRUPT;
            same += !st;
            packed.data[i] ^= (unsigned char)change;
        }
    print_message("# %s: %u damaged files refused, %u as corrupt; %u with "
                  "the same text\n", rig_packing(pack), refused, corrupt,
                  same);
    assert_true(corrupt > 9 * 80);
    free(text.data);
}

static void test_damaged(void **state)
{
    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack++)
        if (rig_has(pack))
            damage_all(pack);
}

/* A frame that asks for a window of 256 MiB. */
static void test_wide_window(void **state)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90,
                                          0x01, 0x00, 0x00};
    mlpipe_dataset *d;
    (void)state;
    if (!rig_has(RIG_ZSTD))
        return;
    assert_told(ctx, MLPIPE_E_LIMIT,
                mlpipe_read_csv_memory(ctx, frame, sizeof frame, NULL, &d));
}

/* Cut off within a member: corrupt. Between two it is a shorter file, as no
 * byte tells that another should follow. */
static void test_truncated(void **state)
{
    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack++) {
        rig_bytes text = some_rows(40);
        char print[64], words[64];
        uint32_t fine = 0;
        if (!rig_has(pack)) {
            free(text.data);
            continue;
        }
        rig_pack(&text, pack, &packed);
        const size_t whole = packed.size;
        for (size_t n = 16; n < whole; n++) {
            packed.size = n;
            const mlpipe_status st = print_packed(print);
            if (st == MLPIPE_E_CORRUPT) {
                golden_gist(__BASE_FILE__, "cut off",
                            mlpipe_ctx_error(ctx)->text);
                assert_says("cut off");
                sprintf(words, "ends at byte %zu,", n);
                assert_says(words);
            } else {
                fine++;
            }
        }
        /* Of three members, one at the end of the first and the second. */
        assert_int_equal(
            pack == RIG_GZIP || pack == RIG_ZSTD ? 0 : 2, fine);
        packed.size = whole;
        assert_ok(ctx, print_packed(print));
        free(text.data);
    }
}

static void test_trailing_bytes(void **state)
{
    rig_bytes text = some_rows(8);
    char print[64], words[64], place[64];

    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack++) {
        if (!rig_has(pack))
            continue;
        rig_pack(&text, pack, &packed);
        sprintf(words, "of %zu", packed.size + 20);
        rig_put(&packed, "and something behind", 20);
        assert_told(ctx, MLPIPE_E_CORRUPT, print_packed(print));
        sprintf(place, "as byte %zu of", packed.size - 20);
        assert_says(pack == RIG_GZIP || pack == RIG_GZIP_MEMBERS ? "damaged"
                                                                 : place);
        assert_says(words);
    }
    free(text.data);
}

/* The place that is told is near to where the damage is: what came before it
 * was fine. */
static void test_damage_is_located(void **state)
{
    rig_bytes text = some_rows(60000);
    mlpipe_dataset *d;

    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack += 2) {
        if (!rig_has(pack))
            continue;
        rig_pack(&text, pack, &packed);
        const size_t at = packed.size * 3 / 4;
        memset(packed.data + at, 0xff, 64);
        assert_told(ctx, MLPIPE_E_CORRUPT, read_packed(&d));
        const char *told = strstr(mlpipe_ctx_error(ctx)->text, "as byte ");
        assert_non_null(told);
        const size_t place = strtoul(told + 8, NULL, 10);
        print_message("# %s: damaged from %zu of %zu on, told at %zu\n",
                      rig_packing(pack), at, packed.size, place);
        /* A block of zstd has 128 KiB at the most, and fails as one. */
        assert_true(place > packed.size / 2 && place <= packed.size);
    }
    free(text.data);
}

/* ---- limits ------------------------------------------------------------- */

/* One line and then `mib` MiB of the same row. */
static void make_bomb(int pack, size_t mib)
{
    rig_bytes text = {NULL, 0, 0};
    rig_put(&text, "a,b\n", 4);
    while (text.size < mib << 20)
        rig_put(&text, "0,0\n0,0\n0,0\n0,0\n0,0\n0,0\n0,0\n0,0\n", 32);
    rig_pack(&text, pack, &packed);
    free(text.data);
}

static void test_limits(void **state)
{
    mlpipe_limits limits = {.size = sizeof limits, .unpacked_bytes = 1 << 20};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    mlpipe_ctx *saved = ctx;
    char print[64];

    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack += 2) {
        if (!rig_has(pack))
            continue;
        make_bomb(pack, 2);
        assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
        assert_told(ctx, MLPIPE_E_LIMIT, print_packed(print));
        assert_says("unpacked_bytes, 1048576");
        mlpipe_ctx_free(ctx);
        limits.unpacked_bytes = 3 << 20;
        limits.unpacked_ratio = 2; /* asked of 64 MiB and more alone */
        assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
        assert_ok(ctx, print_packed(print));
        mlpipe_ctx_free(ctx);
        ctx = saved;
        limits.unpacked_bytes = 1 << 20;
    }
    limits.unpacked_bytes = 0;
    limits.unpacked_ratio = 50;
    if (rig_has(RIG_GZIP)) {
        make_bomb(RIG_GZIP, 66);
        assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
        assert_told(ctx, MLPIPE_E_LIMIT, print_packed(print));
        assert_says("unpacked_ratio");
        mlpipe_ctx_free(ctx);
        ctx = saved;
    }
}

/* A limit struct of the version before these limits is still one. */
static void test_older_limits(void **state)
{
    const mlpipe_limits limits = {
        .size = offsetof(mlpipe_limits, unpacked_bytes), .csv_columns = 1};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    mlpipe_ctx *c;

    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    assert_int_equal(1, c->env->limits.csv_columns);
    assert_int_equal(1000, c->env->limits.unpacked_ratio);
    mlpipe_ctx_free(c);
}

static int32_t stop_now(void *user, const char *stage, double fraction)
{
    int32_t *calls = user;
    (void)stage;
    if (!(fraction >= 0 && fraction <= 1))
        fail_msg("progress of %g", fraction);
    return ++*calls > 3;
}

/* Members without any text are work too: that can be stopped. */
static void test_cancel(void **state)
{
    rig_bytes none = {NULL, 0, 0}, one = {NULL, 0, 0};
    int32_t calls = 0;
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &calls,
                                  .progress = stop_now};
    mlpipe_ctx *saved = ctx;
    char print[64];

    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack += 2) {
        if (!rig_has(pack))
            continue;
        rig_pack(&none, pack, &one);
        packed.size = 0;
        while (packed.size < 6 << 20)
            rig_put(&packed, one.data, one.size);
        calls = 0;
        assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
        assert_told(ctx, MLPIPE_E_CANCELLED, print_packed(print));
        assert_int_equal(4, calls);
        mlpipe_ctx_free(ctx);
        ctx = saved;
        assert_told(ctx, MLPIPE_E_EMPTY, print_packed(print));
    }
    free(one.data);
}

/* ---- files that change -------------------------------------------------- */

/* A packed file that is written over between two blocks: that is told, and
 * not that it is damaged. */
static void test_changed_file(void **state)
{
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);
    const mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *saved = ctx;
    rig_bytes text = some_rows(100000);
    mlpipe_source *source;
    mlpipe_dataset *d;
    void *file;

    for (int pack = RIG_GZIP; pack < RIG_PACKS; pack += 2) {
        if (!rig_has(pack))
            continue;
        rig_pack(&text, pack, &packed);
        assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
        assert_true(rig_write(&io, "t.csv", &packed));
        assert_ok(ctx, mlpipe_source_csv(ctx, "t.csv", NULL, &source));
        assert_int_equal(0, io.open(io.user, "t.csv", MLPIPE_IO_APPEND,
                                    &file));
        assert_int_equal(0, io.truncate(io.user, file, packed.size / 2));
        assert_int_equal(0, io.close(io.user, file));
        assert_told(ctx, MLPIPE_E_CONFLICT,
                    mlpipe_source_next(ctx, source, &d));
        assert_null(d);
        mlpipe_source_free(source);
        mlpipe_ctx_free(ctx);
        ctx = saved;
    }
    free(text.data);
    mlpipe__memory_io_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wide_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trailing_bytes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_damage_is_located, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_older_limits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changed_file, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
