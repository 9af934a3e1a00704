/* SPDX-License-Identifier: MIT */
/*
 * The window itself: with blocks of a few bytes every character, surrogate
 * pair and line end lies over the edge of a block in some run.
 */
#include "support.h"

#include "collect/input_rig.h"
#include "golden_text.h"

static mlpipe_ctx *ctx;
static rig_bytes written, packed;

static int set_up(void **state)
{
    return mlpipe_ctx_new(NULL, &ctx);
}

static int tear_down(void **state)
{
    free(written.data);
    free(packed.data);
    memset(&written, 0, sizeof written);
    memset(&packed, 0, sizeof packed);
    mlpipe_ctx_free(ctx);
    return 0;
}

/* Lines of characters of 1 to 4 bytes, as far as an encoding has them. */
static const char *text_for(uint32_t encoding)
{
    if (encoding == MLPIPE__ENCODING_LATIN1)
        return "a,b\r\n\xc3\xa9,\xc3\xbf\xc3\xbf\r\nxy\xc2\xa0,z\r\n\r\nend";
    if (encoding == MLPIPE__ENCODING_CP1252)
        return "a,\xe2\x82\xac\r\n\xc3\xa9\xe2\x80\x9c,\xe2\x80\x9d\r\n"
               "\xc5\xb8,z\r\n\r\n\xe2\x82\xac";
    return "a,\xe2\x82\xac\r\n\xf0\x9f\x98\x80\xc3\xa9,\xe6\xbc\xa2\r\n"
           "\xf4\x8f\xbf\xbf,x\xee\x80\x80\r\n\r\nend\xf0\x90\x80\x80";
}

/* Reads on to the next line end or the end; appends it, gives its size. */
static size_t next_line(mlpipe__input *in, rig_bytes *out)
{
    for (;;) {
        const size_t held = (size_t)(in->end - in->at);
        const char *end = held ? memchr(in->at, '\n', held) : NULL;
        const size_t n = end ? (size_t)(end - in->at) + 1 : held;
        if (end || in->eof) {
            rig_put(out, in->at, n);
            mlpipe__input_skip(in, n);
            return n;
        }
        assert_ok(ctx, mlpipe__input_more(ctx, in));
    }
}

/* Where the line that begins at byte `at` of the UTF-8 is written. */
static uint64_t place(const char *utf8, size_t at, uint32_t encoding,
                      bool mark)
{
    rig_bytes b = {NULL, 0, 0};
    assert_true(rig_encode(utf8, at, encoding, mark, &b));
    free(b.data);
    return b.size;
}

static void read_lines(const mlpipe__input_from *from, const char *utf8,
                       uint32_t encoding, bool mark)
{
    enum { LINES = 16 };
    rig_bytes text = {NULL, 0, 0}, again = {NULL, 0, 0};
    uint64_t offsets[LINES];
    size_t starts[LINES], lines = 0, n = 1;
    mlpipe__input in;

    assert_ok(ctx, mlpipe__input_open(ctx, from, &in));
    while (n) {
        assert_true(lines < LINES);
        offsets[lines] = in.offset;
        starts[lines++] = text.size;
        n = next_line(&in, &text);
    }
    assert_int_equal(strlen(utf8), text.size);
    assert_memory_equal(utf8, text.data, text.size);
    assert_int_equal(written.size, in.text_bytes);
    assert_int_equal(packed.size, in.total);
    /* Offsets are those of the text as it was written; there one can go. */
    for (size_t i = lines; i-- > 0;) {
        assert_int_equal(place(utf8, starts[i], encoding, mark), offsets[i]);
        mlpipe__input_seek(&in, offsets[i]);
        again.size = 0;
        while (next_line(&in, &again)) {
        }
        assert_int_equal(text.size - starts[i], again.size);
        if (again.size)
            assert_memory_equal(utf8 + starts[i], again.data, again.size);
    }
    mlpipe__input_close(&in);
    free(text.data);
    free(again.data);
}

static void test_every_edge(void **state)
{
    uint32_t runs = 0;

    for (uint32_t e = MLPIPE__ENCODING_UTF8; e <= MLPIPE__ENCODING_CP1252;
         e++)
        for (int mark = 0; mark <= (e <= MLPIPE__ENCODING_UTF16BE); mark++)
            for (int pack = 0; pack < RIG_PACKS; pack++) {
                const char *utf8 = text_for(e);
                if (!rig_has(pack))
                    continue;
                assert_true(rig_encode(utf8, strlen(utf8), e, mark,
                                       &written));
                rig_pack(&written, pack, &packed);
                for (size_t block = 8; block < 48; block++) {
                    rig_stream s = rig_stream_of(&packed, block);
                    const mlpipe_stream stream = {sizeof stream, &s, NULL,
                                                  rig_read};
                    mlpipe__input_from from = {.stream = &stream,
                                               .encoding = e, .block = block};
                    read_lines(&from, utf8, e, mark);
                    from = (mlpipe__input_from){.bytes = packed.data,
                                                .size = packed.size,
                                                .encoding = e,
                                                .block = block};
                    read_lines(&from, utf8, e, mark);
                    runs += 2;
                }
            }
    print_message("# %u texts read\n", runs);
}

/* The same from a file whose reads are short: stored blocks have edges too. */
static void test_every_stored_edge(void **state)
{
    mlpipe_io inner, io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &inner);
    rig_short pieces = {inner, 1};
    mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *saved = ctx;

    rig_short_table(&pieces, &io);
    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    for (uint32_t e = MLPIPE__ENCODING_UTF8; e <= MLPIPE__ENCODING_CP1252;
         e++)
        for (int pack = 0; pack < RIG_PACKS; pack++) {
            const char *utf8 = text_for(e);
            if (!rig_has(pack))
                continue;
            assert_true(rig_encode(utf8, strlen(utf8), e, false, &written));
            rig_pack(&written, pack, &packed);
            assert_true(rig_write(&inner, "t", &packed));
            for (pieces.piece = 1; pieces.piece < 24; pieces.piece++) {
                const mlpipe__input_from from = {.path = "t", .encoding = e,
                                                 .block = 32};
                read_lines(&from, utf8, e, false);
            }
        }
    mlpipe_ctx_free(ctx);
    ctx = saved;
    mlpipe__memory_io_free(memory);
}

/* ---- what the first bytes tell ------------------------------------------ */

static void assert_found(const char *bytes, size_t n, uint32_t encoding,
                         size_t at)
{
    mlpipe__input in;
    assert_ok(ctx, mlpipe__input_memory(ctx, bytes, n, &in));
    if (in.encoding != encoding)
        fail_msg("%.20s is %s, not %s", bytes, rig_encoding(in.encoding),
                 rig_encoding(encoding));
    assert_int_equal(at, in.offset);
    mlpipe__input_close(&in);
}

static void test_found(void **state)
{
    assert_found("", 0, MLPIPE__ENCODING_UTF8, 0);
    assert_found("a", 1, MLPIPE__ENCODING_UTF8, 0);
    assert_found("\xef\xbb\xbf", 3, MLPIPE__ENCODING_UTF8, 3);
    assert_found("\xef\xbb", 2, MLPIPE__ENCODING_UTF8, 0);
    assert_found("\xff\xfe", 2, MLPIPE__ENCODING_UTF16LE, 2);
    assert_found("\xfe\xff", 2, MLPIPE__ENCODING_UTF16BE, 2);
    assert_found("\xfe\xfe" "ab", 4, MLPIPE__ENCODING_UTF8, 0);
    assert_found("a\0b\0", 4, MLPIPE__ENCODING_UTF16LE, 0);
    assert_found("\0a\0b", 4, MLPIPE__ENCODING_UTF16BE, 0);
    assert_found("a\0", 2, MLPIPE__ENCODING_UTF8, 0);
    /* A name in Chinese, whose U+4E00 ends in a zero, and a number. */
    assert_found("\0\x4e\x0d\x54,\0" "1\0\n\0", 10, MLPIPE__ENCODING_UTF16LE,
                 0);
    assert_found("\x4e\0\x54\x0d\0,\0" "1\0\n", 10, MLPIPE__ENCODING_UTF16BE,
                 0);
    /* A NUL among UTF-8 is no UTF-16. */
    assert_found("a,b\n1,\0\n2,3\n4,5\n", 17, MLPIPE__ENCODING_UTF8, 0);
    assert_found("a\0\0\0b\0\0\0", 8, MLPIPE__ENCODING_UTF8, 0);
    /* Latin-1 is never guessed. */
    assert_found("caf\xe9\n", 5, MLPIPE__ENCODING_UTF8, 0);
}

static void test_refused_formats(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } cases[] = {
        {"\xff\xfe\0\0a\0\0\0", 8, "UTF-32"},
        {"\0\0\xfe\xff\0\0\0a", 8, "UTF-32"},
        {"\xfd" "7zXZ\0\0", 7, "unxz"},
        {"PK\3\4\x14\0", 6, "zip"},
        {"BZh91AY&SY..", 12, "bunzip2"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "spreadsheet"},
        {"SQLite format 3\0", 16, "SQLite"},
        {"PAR1\x15\4\x15\x10", 8, "is Parquet"},
    };
    mlpipe__input in;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_told(ctx, MLPIPE_E_UNSUPPORTED,
                    mlpipe__input_memory(ctx, cases[i].bytes, cases[i].n,
                                         &in));
        assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, cases[i].says));
        mlpipe__input_close(&in);
    }
}

/* Where a library is not built in, its files are refused with advice. */
static void test_not_built_in(void **state)
{
    static const char gzip[] = "\x1f\x8b\x08\0";
    static const char zstd[] = "\x28\xb5\x2f\xfd";
    mlpipe__input in;

    assert_int_equal(rig_has(RIG_GZIP),
                     !strstr(mlpipe_build_info(), "no zlib"));
    assert_int_equal(rig_has(RIG_ZSTD),
                     !strstr(mlpipe_build_info(), "no zstd"));
    if (!rig_has(RIG_GZIP)) {
        assert_told(ctx, MLPIPE_E_UNSUPPORTED,
                    mlpipe__input_memory(ctx, gzip, 4, &in));
        assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "-Dzlib=enabled"));
        mlpipe__input_close(&in);
    }
    if (!rig_has(RIG_ZSTD)) {
        assert_told(ctx, MLPIPE_E_UNSUPPORTED,
                    mlpipe__input_memory(ctx, zstd, 4, &in));
        assert_non_null(strstr(mlpipe_ctx_error(ctx)->text, "unzstd"));
        mlpipe__input_close(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_edge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_stored_edge, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_formats, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_not_built_in, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
