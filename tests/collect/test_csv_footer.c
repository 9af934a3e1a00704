/* SPDX-License-Identifier: MIT */
/*
 * The notes behind the rows of a CSV are found however it is packed and
 * written, and are then the same as in the plain file.
 */
#include "support.h"

#include "collect/input_rig.h"

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
    mlpipe_ctx_free(ctx);
    return 0;
}

/* Rows whose signs have one to three bytes, so that the last bytes may begin
 * within one; notes behind them. */
static rig_bytes table(int rows, int pad, bool latin1)
{
    static const char notes[] = "\nSource: the town\nNote: no warranty\n";
    rig_bytes b = {NULL, 0, 0};
    char line[120];

    rig_put(&b, "name,x,note\n", 12);
    for (int i = 0; i < rows; i++) {
        const int n = sprintf(line, "%s%.*s,%d.5,%s\n",
                              latin1 ? "\xc3\xa9\xc2\xa3"
                                     : "\xc3\xa9\xe6\xbc\xa2",
                              i ? 1 : 1 + pad, "pppppp", i,
                              i % 3 ? "\"a,b\"" : "z");
        rig_put(&b, line, (size_t)n);
    }
    rig_put(&b, notes, sizeof notes - 1);
    return b;
}

/* Rows, what was skipped, and the lines that are told, as one text. */
static void outcome(const rig_bytes *bytes, const char *params, char *out,
                    size_t room)
{
    mlpipe_dataset *d;
    mlpipe_report *r;
    mlpipe_buffer *b, *json;

    assert_ok(ctx, mlpipe_read_csv_memory(ctx, bytes->data, bytes->size,
                                          params, &d));
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, d, &b));
    assert_ok(ctx, mlpipe_report_render(ctx, r, "json", &json));
    const char *text = mlpipe_buffer_data(json);
    snprintf(out, room, "%s loaded %.0f skipped %.0f%s%s",
             (const char *)mlpipe_buffer_data(b),
             mlpipe_report_get(r, "loaded"), mlpipe_report_get(r, "skipped"),
             strstr(text, "Source: the town") ? " source" : "",
             strstr(text, "Note: no warranty") ? " note" : "");
    mlpipe_buffer_free(json);
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
}

/* In each encoding that has the signs, and each packing, as in UTF-8. */
static void assert_same_end(int rows, int pad, uint32_t from, uint32_t to,
                            const char *more)
{
    rig_bytes text = table(rows, pad, to > MLPIPE__ENCODING_UTF16BE);
    char expected[200], told[200], params[60], tail[60];

    sprintf(params, "text=text %s", more);
    outcome(&text, params, expected, sizeof expected);
    sprintf(tail, "loaded %d skipped 3 source note", rows);
    if (!strstr(expected, tail))
        fail_msg("no \"%s\" in \"%s\"", tail, expected);
    for (uint32_t e = from; e <= to; e++)
        for (int pack = 0; pack < RIG_PACKS; pack++) {
            if (!rig_has(pack))
                continue;
            assert_true(rig_encode(text.data, text.size, e, false,
                                   &written));
            rig_pack(&written, pack, &packed);
            sprintf(params, "text=text encoding=%s %s", rig_encoding(e),
                    more);
            outcome(&packed, params, told, sizeof told);
            assert_string_equal(expected, told);
        }
    free(text.data);
}

static void test_small(void **state)
{
    static const char *const ways[] = {"", "footer=3"};

    for (int i = 0; i < 2; i++) {
        assert_same_end(4, 0, MLPIPE__ENCODING_UTF8,
                        MLPIPE__ENCODING_UTF16BE, ways[i]);
        assert_same_end(4, 0, MLPIPE__ENCODING_LATIN1,
                        MLPIPE__ENCODING_CP1252, ways[i]);
    }
}

/* Beyond the bytes that are looked at, and beyond a block; the last bytes
 * begin at each byte of a sign. */
static void test_long(void **state)
{
    for (int pad = 0; pad < 5; pad++) {
        assert_same_end(9000, pad, MLPIPE__ENCODING_UTF8,
                        MLPIPE__ENCODING_UTF16BE, "");
        assert_same_end(9000, pad, MLPIPE__ENCODING_LATIN1,
                        MLPIPE__ENCODING_CP1252, "");
    }
}

/* footer=n looks further back. */
static void test_long_lines(void **state)
{
    assert_same_end(230000, 0, MLPIPE__ENCODING_UTF16LE,
                    MLPIPE__ENCODING_UTF16LE, "footer=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
