/* SPDX-License-Identifier: MIT */
/*
 * Whatever encoding and packing a CSV comes in, and from wherever, it is the
 * same dataset; and what is wrong with it is told by its place.
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

static void assert_says(const char *words)
{
    if (!strstr(mlpipe_ctx_error(ctx)->text, words))
        fail_msg("no \"%s\" in: %s", words, mlpipe_ctx_error(ctx)->text);
}

/* Fingerprint of a dataset, which is freed. */
static void print_of(mlpipe_dataset *d, char out[64])
{
    mlpipe_buffer *b;
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, d, &b));
    assert_true(mlpipe_buffer_size(b) < 64);
    strcpy(out, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

static mlpipe_status read_stream(rig_stream *s, const char *params,
                                 mlpipe_dataset **d)
{
    const mlpipe_stream stream = {sizeof stream, s, "pipe", rig_read};
    return mlpipe_read_csv_stream(ctx, &stream, params, d);
}

static mlpipe_status read_memory(const void *bytes, size_t n,
                                 const char *params, mlpipe_dataset **d)
{
    return mlpipe_read_csv_memory(ctx, bytes, n, params, d);
}

static mlpipe_report *reading(const mlpipe_dataset *d)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    return r;
}

static void assert_report(const mlpipe_dataset *d, const char *words)
{
    mlpipe_report *r = reading(d);
    mlpipe_buffer *json;
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &json));
    if (!strstr(mlpipe_buffer_data(json), words))
        fail_msg("no %s in %s", words, mlpipe_buffer_data(json));
    mlpipe_buffer_free(json);
    mlpipe_report_free(r);
}

/* ---- the same dataset --------------------------------------------------- */

/* Signs that the encoding has, of 1 to 4 bytes. */
static const char *signs_of(uint32_t encoding)
{
    return encoding == MLPIPE__ENCODING_LATIN1 ? "\xc3\xa9\xc2\xa3z"
        : encoding == MLPIPE__ENCODING_CP1252
            ? "\xe2\x82\xac\xc5\xb8\xe2\x80\x9c"
        : "\xf0\x9f\x98\x80\xc3\xa9\xe6\xbc\xa2";
}

/* Rows with these signs; quoted line ends; a first cell of `pad` bytes. */
static rig_bytes rows_with(const char *signs, int rows, int pad)
{
    rig_bytes b = {NULL, 0, 0};
    char line[200];

    rig_put(&b, "name,x,note\r\n", 13);
    for (int i = 0; i < rows; i++) {
        const int n = sprintf(line, "%s%.*s%d,%d.5,\"%s\r\n%s\"\r\n", signs,
                              i ? 0 : pad, "pppppppppppppppp", i % 7, i,
                              i % 3 ? signs : "", signs);
        rig_put(&b, line, (size_t)n);
    }
    return b;
}

/* Each way in: memory, streams, files with reads of one size, a source. */
static void assert_all_ways(const mlpipe_io *inner, size_t piece,
                            const char *params, const char *expected)
{
    mlpipe_io io;
    rig_short pieces = {*inner, piece};
    const mlpipe_ctx_options o = {.size = sizeof o, .io = &io};
    mlpipe_ctx *saved = ctx;
    rig_stream s = rig_stream_of(&packed, piece);
    mlpipe_dataset *d;
    mlpipe_source *source;
    char print[64];

    assert_ok(ctx, read_memory(packed.data, packed.size, params, &d));
    print_of(d, print);
    assert_string_equal(expected, print);
    assert_ok(ctx, read_stream(&s, params, &d));
    print_of(d, print);
    assert_string_equal(expected, print);
    rig_short_table(&pieces, &io);
    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    assert_true(rig_write(inner, "t.csv", &packed));
    assert_ok(ctx, mlpipe_read_csv(ctx, "t.csv", params, &d));
    print_of(d, print);
    assert_string_equal(expected, print);
    assert_ok(ctx, mlpipe_source_csv(ctx, "t.csv", params, &source));
    assert_ok(ctx, mlpipe_source_next(ctx, source, &d));
    print_of(d, print);
    assert_string_equal(expected, print);
    mlpipe_source_free(source);
    mlpipe_ctx_free(ctx);
    ctx = saved;
}

/* One text in every encoding and packing. */
static void assert_same_dataset(const mlpipe_io *io, uint32_t encoding,
                                const rig_bytes *text, size_t piece)
{
    mlpipe_dataset *d;
    char expected[64], params[40];

    assert_ok(ctx, read_memory(text->data, text->size, NULL, &d));
    print_of(d, expected);
    sprintf(params, "encoding=%s", rig_encoding(encoding));
    for (int mark = 0; mark <= (encoding <= MLPIPE__ENCODING_UTF16BE); mark++)
        for (int pack = 0; pack < RIG_PACKS; pack++) {
            if (!rig_has(pack))
                continue;
            assert_true(rig_encode(text->data, text->size, encoding, mark,
                                   &written));
            rig_pack(&written, pack, &packed);
            assert_all_ways(io, piece, params, expected);
            /* What can be found out needs no parameter. */
            if (encoding <= MLPIPE__ENCODING_UTF16BE)
                assert_all_ways(io, piece, NULL, expected);
        }
}

static void test_same_dataset(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 7, 64, 4096};
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);

    for (uint32_t e = MLPIPE__ENCODING_UTF8; e <= MLPIPE__ENCODING_CP1252;
         e++) {
        rig_bytes text = rows_with(signs_of(e), 5, 0);
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
            assert_same_dataset(&io, e, &text, pieces[i]);
        free(text.data);
    }
    mlpipe__memory_io_free(memory);
}

/* The file alone, where the text is long. */
static void assert_same_file(const mlpipe_io *io, uint32_t encoding,
                             const rig_bytes *text)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .io = io};
    mlpipe_ctx *saved = ctx;
    mlpipe_dataset *d;
    char expected[64], print[64], params[40];

    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    assert_ok(ctx, read_memory(text->data, text->size, NULL, &d));
    print_of(d, expected);
    sprintf(params, "encoding=%s", rig_encoding(encoding));
    assert_true(rig_encode(text->data, text->size, encoding, false,
                           &written));
    for (int pack = 0; pack < RIG_PACKS; pack++) {
        if (!rig_has(pack) || pack == RIG_GZIP || pack == RIG_ZSTD)
            continue;
        rig_pack(&written, pack, &packed);
        assert_true(rig_write(io, "t.csv", &packed));
        assert_ok(ctx, mlpipe_read_csv(ctx, "t.csv", params, &d));
        print_of(d, print);
        assert_string_equal(expected, print);
    }
    mlpipe_ctx_free(ctx);
    ctx = saved;
}

/* Long texts, moved byte by byte over the edges of the real blocks. */
static void test_long_texts(void **state)
{
    mlpipe_io io;
    mlpipe__memory_io *memory = mlpipe__memory_io_new(ctx->env, &io);

    for (uint32_t e = MLPIPE__ENCODING_UTF8; e <= MLPIPE__ENCODING_CP1252;
         e++)
        for (int pad = 0; pad < 4; pad++) {
            rig_bytes text = rows_with(signs_of(e), 30000, pad);
            assert_same_file(&io, e, &text);
            free(text.data);
        }
    mlpipe__memory_io_free(memory);
}

/* ---- reports ------------------------------------------------------------ */

static void test_reports(void **state)
{
    static const char *const names[] = {
        "ascii", "utf-8", "utf-16le", "utf-16be", "latin-1", "cp1252",
    };
    char params[40], words[80];
    mlpipe_dataset *d;

    for (uint32_t e = MLPIPE__ENCODING_UTF8; e <= MLPIPE__ENCODING_CP1252;
         e++)
        for (int pack = 0; pack < RIG_PACKS; pack++) {
            rig_bytes text = rows_with(signs_of(e), 5, 0);
            assert_true(rig_encode(text.data, text.size, e, false, &written));
            free(text.data);
            if (!rig_has(pack))
                continue;
            rig_pack(&written, pack, &packed);
            sprintf(params, "encoding=%s", rig_encoding(e));
            assert_ok(ctx, read_memory(packed.data, packed.size, params, &d));
            sprintf(words, "\"encoding\":\"%s\"", names[e]);
            assert_report(d, words);
            sprintf(words, "\"compression\":\"%s\"", rig_packing(pack));
            assert_report(d, words);
            mlpipe_report *r = reading(d);
            assert_same((double)packed.size, mlpipe_report_get(r, "bytes"));
            assert_same((double)written.size,
                        mlpipe_report_get(r, "text_bytes"));
            mlpipe_report_free(r);
            mlpipe_dataset_free(d);
        }
    assert_true(rig_encode("a,b\n1,\xf0\x9f\x98\x80\n", 11,
                           MLPIPE__ENCODING_UTF16BE, true, &written));
    assert_ok(ctx, read_memory(written.data, written.size, NULL, &d));
    assert_report(d, "\"utf-16be with a byte order mark\"");
    mlpipe_dataset_free(d);
    assert_ok(ctx, read_memory("a,b\n1,\x80\n", 8, "encoding=latin1", &d));
    assert_report(d, "which are signs in cp1252");
    mlpipe_dataset_free(d);
    assert_ok(ctx, read_memory("\xef\xbb\xbf" "a,b\n1,x\n", 11, NULL, &d));
    assert_report(d, "\"utf-8 with a byte order mark\"");
    assert_string_equal("a", mlpipe_dataset_name(d, 0));
    mlpipe_dataset_free(d);
}

/* Byte ranges of rejects are those of the file as it was written. */
static void test_reject_ranges(void **state)
{
    static const char before[] = "a,\xc3\xa9\n1,\xe2\x82\xac\n";
    static const char bad[] = "2,\xc3\xa9\xc3\xa9,3\n";
    static const char behind[] = "4,\xc3\xa9\n";
    static const uint32_t tried[] = {
        MLPIPE__ENCODING_UTF8, MLPIPE__ENCODING_UTF16LE,
        MLPIPE__ENCODING_UTF16BE, MLPIPE__ENCODING_CP1252};
    char whole[64], words[80], params[64];
    rig_bytes piece = {NULL, 0, 0};
    mlpipe_dataset *d;

    sprintf(whole, "%s%s%s", before, bad, behind);
    for (size_t i = 0; i < 4; i++)
        for (int pack = 0; pack < RIG_PACKS; pack++) {
            const bool mark = tried[i] != MLPIPE__ENCODING_CP1252;
            if (!rig_has(pack))
                continue;
            assert_true(rig_encode(before, strlen(before), tried[i], mark,
                                   &piece));
            const size_t begin = piece.size;
            assert_true(rig_encode(bad, strlen(bad), tried[i], false,
                                   &piece));
            const size_t end = begin + piece.size;
            assert_true(rig_encode(whole, strlen(whole), tried[i], mark,
                                   &written));
            rig_pack(&written, pack, &packed);
            sprintf(params, "rows=quarantine encoding=%s",
                    rig_encoding(tried[i]));
            assert_ok(ctx, read_memory(packed.data, packed.size, params, &d));
            assert_int_equal(2, mlpipe_dataset_rows(d));
            sprintf(words, "3,%zu,%zu,", begin, end);
            assert_report(d, words);
            mlpipe_dataset_free(d);
        }
    free(piece.data);
}

/* ---- what is wrong with a text ------------------------------------------ */

static void test_no_utf8(void **state)
{
    static const char text[] = "a,b\n1,caf\xe9\n2,x\n";
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory(text, sizeof text - 1, NULL,
                            &d));
    assert_says("line 2");
    assert_says("byte 9 (0xe9)");
    assert_says("encoding=cp1252");
    assert_says("encoding=latin1");
    assert_ok(ctx, read_memory(text, sizeof text - 1, "rows=quarantine", &d));
    assert_int_equal(1, mlpipe_dataset_rows(d));
    assert_report(d, "byte 9 (0xe9)");
    mlpipe_dataset_free(d);
    assert_ok(ctx, read_memory(text, sizeof text - 1, "encoding=latin1",
                               &d));
    assert_int_equal(2, mlpipe_dataset_rows(d));
    mlpipe_dataset_free(d);
    /* In the header, and a character that the end cuts. */
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("a,\xe9\n1,2\n", 8, NULL,
                            &d));
    assert_says("byte 2 (0xe9)");
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("a,b\n1,\xe2\x82", 8, NULL,
                            &d));
    assert_says("byte 6 (0xe2)");
}

/* The text in UTF-16LE with a mark; units appended as they are. */
static void write_units(const char *ascii, const uint16_t *units, size_t n,
                        bool big)
{
    assert_true(rig_encode(ascii, strlen(ascii),
                           big ? MLPIPE__ENCODING_UTF16BE
                               : MLPIPE__ENCODING_UTF16LE, true, &written));
    for (size_t i = 0; i < n; i++)
        rig_unit(&written, units[i], big);
}

static void test_bad_utf16(void **state)
{
    static const uint16_t low[] = {'x', 0xdc01, '\n'};
    static const uint16_t high[] = {0xd83d, 'x', '\n'};
    static const uint16_t two[] = {0xd83d, 0xd83d, 0xde00};
    static const uint16_t last[] = {'x', 0xd83d};
    mlpipe_dataset *d;

    for (int big = 0; big < 2; big++) {
        write_units("a,b\n1,", low, 3, big); /* 2 + 12 + 2 */
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(written.data, written.size,
                                NULL, &d));
        assert_null(d);
        assert_says("byte 16 is an unpaired surrogate (0xdc01)");
        write_units("a,b\n1,", high, 3, big);
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(written.data, written.size,
                                "rows=quarantine", &d));
        assert_says("byte 14 is an unpaired surrogate (0xd83d)");
        write_units("a,b\n1,", two, 3, big);
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(written.data, written.size,
                                NULL, &d));
        assert_says("byte 14 is");
        write_units("a,b\n1,", last, 2, big);
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(written.data, written.size,
                                NULL, &d));
        assert_says("byte 16 is an unpaired");
        write_units("a,b\n1,x\n", NULL, 0, big);
        rig_byte(&written, big ? 0 : 'y');
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(written.data, written.size,
                                NULL, &d));
        assert_says("byte 18 is half a character");
    }
}

/* Few bytes may look like UTF-16 and be a text with a zero in it. */
static void test_guessed_utf16(void **state)
{
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_EMPTY, read_memory("a\0b,", 4, NULL, &d));
    assert_says("taken for utf16le");
    assert_told(ctx, MLPIPE_E_FORMAT, read_memory("a\0,b\n1,2\n", 9, NULL, &d));
    assert_says("half a character of UTF-16");
    assert_says("taken for utf16le: if it is not, say encoding=utf8");
    assert_told(ctx, MLPIPE_E_FORMAT,
                mlpipe_read_json_memory(ctx, "{\0\"a\":1}", 8, NULL, &d));
    assert_says("taken for utf16le");
    /* Whoever asked for it, or has a mark, knows. */
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("a\0,b\n1,2\n", 9,
                            "encoding=utf16le", &d));
    assert_null(strstr(mlpipe_ctx_error(ctx)->text, "taken for"));
}

static void test_bad_bytes(void **state)
{
    static const unsigned char none[] = {0x81, 0x8d, 0x8f, 0x90, 0x9d};
    char text[] = "a,b\n1,?\n";
    mlpipe_dataset *d;

    for (size_t i = 0; i < sizeof none; i++) {
        text[6] = (char)none[i];
        assert_told(ctx, MLPIPE_E_FORMAT,
                    read_memory(text, 8,
                                "encoding=cp1252", &d));
        assert_says("byte 6 (0x");
        assert_says("none of cp1252");
        assert_ok(ctx, read_memory(text, 8, "encoding=latin1", &d));
        mlpipe_dataset_free(d);
    }
}

static void test_contradictions(void **state)
{
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("\xef\xbb\xbf" "a\n1\n", 7, "encoding=latin1",
                            &d));
    assert_says("byte order mark of utf8");
    assert_says("encoding=latin1 was asked for");
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("\xff\xfe" "a\0\n\0" "1\0", 8,
                            "encoding=utf16be", &d));
    assert_says("encoding=utf16le");
    assert_told(ctx, MLPIPE_E_FORMAT,
                read_memory("\xff\xfe" "a\0\n\0" "1\0", 8, "encoding=utf8",
                            &d));
    assert_told(ctx, MLPIPE_E_PARAM,
                read_memory("a\n1\n", 4, "encoding=utf-8", &d));
    assert_says("utf8");
}

/* ---- streams ------------------------------------------------------------ */

static void test_stream_failures(void **state)
{
    rig_bytes text = rows_with("x", 50, 0);
    mlpipe_dataset *d = (mlpipe_dataset *)text.data;

    for (int32_t k = 0; k < 5; k++) {
        rig_stream s = rig_stream_of(&text, 100);
        s.fail_at = k;
        s.result = 77;
        assert_told(ctx, MLPIPE_E_HOST, read_stream(&s, NULL, &d));
        assert_null(d);
        assert_says("pipe");
        assert_says("77");
        assert_int_equal(77, mlpipe_ctx_error(ctx)->detail);
        assert_int_equal(k + 1, s.calls);
        s = rig_stream_of(&text, 100);
        s.fail_at = k;
        s.too_much = true;
        assert_told(ctx, MLPIPE_E_HOST, read_stream(&s, NULL, &d));
        assert_says("had room for");
    }
    /* Read to its end and once. */
    rig_stream s = rig_stream_of(&text, 1000);
    assert_ok(ctx, read_stream(&s, NULL, &d));
    assert_int_equal(50, mlpipe_dataset_rows(d));
    assert_int_equal((text.size + 999) / 1000 + 1, s.calls);
    mlpipe_dataset_free(d);
    s = rig_stream_of(&text, 1000);
    mlpipe_ctx_cancel(ctx);
    assert_told(ctx, MLPIPE_E_CANCELLED, read_stream(&s, NULL, &d));
    assert_int_equal(0, s.calls);
    s = (rig_stream){.fail_at = -1, .piece = 1};
    assert_told(ctx, MLPIPE_E_EMPTY, read_stream(&s, NULL, &d));
    assert_says("pipe");
    free(text.data);
}

/* A line end in a name must not begin a line of the message. */
static void test_stream_names(void **state)
{
    static const struct {
        const char *name, *shown;
    } names[] = {{"sales", "sales: "}, {"a\nerror: \"b", "\"a\\x0aerror: "},
                 {"a\xff", "\"a\\xff\": "}};
    mlpipe_dataset *d;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        rig_stream s = {.fail_at = -1, .piece = 1};
        const mlpipe_stream stream = {sizeof stream, &s, names[i].name,
                                      rig_read};
        assert_told(ctx, MLPIPE_E_EMPTY,
                    mlpipe_read_csv_stream(ctx, &stream, NULL, &d));
        assert_says(names[i].shown);
        assert_null(strchr(mlpipe_ctx_error(ctx)->text, '\n'));
    }
}

static int32_t read_for_ever(void *user, void *buffer, size_t room,
                             size_t *got)
{
    (void)user;
    memset(buffer, 'x', room);
    *got = room;
    return MLPIPE_IO_OK;
}

static void test_stream_limits(void **state)
{
    const mlpipe_stream endless = {sizeof endless, NULL, NULL,
                                   read_for_ever};
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .stream_bytes = 100000};
    mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits};
    mlpipe_ctx *saved = ctx;
    rig_bytes text = rows_with("x", 8000, 0);
    mlpipe_dataset *d;
    uint64_t peak;

    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    assert_told(ctx, MLPIPE_E_LIMIT,
                mlpipe_read_csv_stream(ctx, &endless, NULL, &d));
    assert_says("stream_bytes, 100000");
    assert_says("stream has");
    mlpipe_ctx_memory(ctx, NULL, &peak);
    assert_true(peak < 300000);
    for (size_t more = 0; more < 2; more++) {
        rig_stream s = rig_stream_of(&text, 4096);
        s.size = 100000 + more;
        assert_true(text.size > s.size);
        const mlpipe_status st = read_stream(&s, "rows=quarantine", &d);
        assert_true(more ? st == MLPIPE_E_LIMIT : st != MLPIPE_E_LIMIT);
        mlpipe_dataset_free(d);
    }
    mlpipe_ctx_free(ctx);
    o.limits = NULL;
    o.memory_cap = 1 << 20;
    assert_int_equal(0, mlpipe_ctx_new(&o, &ctx));
    assert_status(MLPIPE_E_NOMEM,
                  mlpipe_read_csv_stream(ctx, &endless, NULL, &d));
    mlpipe_ctx_free(ctx);
    ctx = saved;
    free(text.data);
}

static void test_stream_arguments(void **state)
{
    mlpipe_stream stream = {sizeof stream, NULL, NULL, NULL};
    mlpipe_dataset *d;

    assert_told(ctx, MLPIPE_E_ARG, mlpipe_read_csv_stream(ctx, NULL, NULL, &d));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_read_csv_stream(ctx, &stream, NULL, &d));
    assert_says("stream.read");
    stream.read = read_for_ever;
    stream.size = sizeof stream - 1;
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_read_csv_stream(ctx, &stream, NULL, &d));
    assert_says("sizeof(mlpipe_stream)");
    stream.size = sizeof stream;
    assert_told(ctx, MLPIPE_E_PARAM,
                mlpipe_read_csv_stream(ctx, &stream, "zz=1", &d));
    assert_told(ctx, MLPIPE_E_ARG,
                mlpipe_read_csv_stream(ctx, &stream, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_dataset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reject_ranges, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_no_utf8, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guessed_utf16, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bad_utf16, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contradictions, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_failures, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_limits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stream_arguments, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
