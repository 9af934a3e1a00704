/* SPDX-License-Identifier: MIT */
/* Texts that are packed, transcoded, or come as a stream: memory of zlib and
 * zstd fails too, and a block that failed is unpacked again. */
#include "torture.h"

#include "collect/input_rig.h"

/* A quoted line end, a reject, characters of several bytes. */
static const char torture_input_text[] =
    "id,when,x,name,late\r\n"
    "1,2015-02-01,1.5,\"r\xc3\xa9" "d\r\n\",1\r\n"
    "2,2015-02-02,?,gr\xc3\xbcn,2\r\n"
    "3,2015-02-03,2\r\n"
    "4,2015-02-04T10:11:12.5,-3,blue,three\r\n";

/* The text in an encoding and a packing, or as near as can be built. */
static rig_bytes torture_input_bytes(uint32_t encoding, int pack)
{
    rig_bytes text = {NULL, 0, 0}, out = {NULL, 0, 0};
    if (!rig_encode(torture_input_text, sizeof torture_input_text - 1,
                    encoding, false, &text))
        abort();
    rig_pack(&text, rig_has(pack) ? pack : RIG_PLAIN, &out);
    free(text.data);
    return out;
}

/* The fingerprint and the report. */
static void torture_input_say(torture *t, const mlpipe_dataset *d)
{
    mlpipe_report *r = NULL;
    torture_check(t, mlpipe_dataset_rows(d) == 3);
    torture_check(t, !mlpipe_dataset_reading(t->plain, d, &r));
    torture_print(t, d);
    torture_tell(t, r);
    mlpipe_report_free(r);
}

static mlpipe_status torture_input_stream(torture *t, uint32_t encoding,
                                          int pack, const char *params)
{
    rig_bytes bytes = torture_input_bytes(encoding, pack);
    rig_stream s = rig_stream_of(&bytes, 60);
    const mlpipe_stream stream = {sizeof stream, &s, "pipe", rig_read};
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    const mlpipe_status st = mlpipe_read_csv_stream(t->c, &stream, params,
                                                    &d);
    torture_check(t, !st == (d != NULL));
    if (!st)
        torture_input_say(t, d);
    mlpipe_dataset_free(d);
    free(bytes.data);
    return st;
}

static mlpipe_status torture_stream_plain(torture *t)
{
    return torture_input_stream(t, MLPIPE__ENCODING_UTF8, RIG_PLAIN,
                                "rows=quarantine");
}

static mlpipe_status torture_stream_gzip(torture *t)
{
    return torture_input_stream(t, MLPIPE__ENCODING_UTF16LE,
                                RIG_GZIP_MEMBERS, "rows=quarantine");
}

static mlpipe_status torture_stream_zstd(torture *t)
{
    return torture_input_stream(t, MLPIPE__ENCODING_CP1252, RIG_ZSTD_FRAMES,
                                "rows=quarantine encoding=cp1252");
}

/* A file as a source: after a failure the block is the same when it is asked
 * for again, although what was unpacked is gone. */
static mlpipe_status torture_input_source(torture *t, uint32_t encoding,
                                          int pack, const char *params)
{
    rig_bytes bytes = torture_input_bytes(encoding, pack);
    mlpipe_source *s = (mlpipe_source *)t;
    mlpipe_dataset *d = NULL;
    mlpipe_status st = mlpipe__file_write(t->plain, "in.csv", bytes.data,
                                          bytes.size, false);
    free(bytes.data);
    if (st)
        return st;
    st = mlpipe_source_csv(t->c, "in.csv", params, &s);
    torture_check(t, !st == (s != NULL));
    if (st)
        return st;
    st = mlpipe_source_next(t->c, s, &d);
    torture_check(t, !st == (d != NULL));
    if (st) {
        torture_calm(t);
        torture_check(t, !mlpipe_source_next(t->plain, s, &d));
        torture_check(t, d && mlpipe_dataset_rows(d) == 3);
        torture_storm(t);
    } else {
        torture_print(t, d);
    }
    mlpipe_dataset_free(d);
    mlpipe_source_free(s);
    return st;
}

static mlpipe_status torture_source_utf16(torture *t)
{
    return torture_input_source(t, MLPIPE__ENCODING_UTF16BE, RIG_PLAIN,
                                "rows=quarantine");
}

static mlpipe_status torture_source_gzip(torture *t)
{
    return torture_input_source(t, MLPIPE__ENCODING_UTF8, RIG_GZIP_MEMBERS,
                                "rows=quarantine");
}

static mlpipe_status torture_source_zstd(torture *t)
{
    return torture_input_source(t, MLPIPE__ENCODING_UTF16LE, RIG_ZSTD_FRAMES,
                                "rows=quarantine");
}

/* Seven bytes at a time. */
static size_t torture_json_at;
static int32_t torture_json_read(void *user, void *buffer, size_t room,
                                 size_t *got)
{
    static const char rows[] = "{\"a\":1,\"b\":\"x\"}\n{\"b\":null}\n"
                               "{\"a\":2.5,\"c\":[1]}\n";
    const size_t left = sizeof rows - 1 - torture_json_at;
    (void)user;
    *got = left < 7 ? left : 7;
    *got = *got < room ? *got : room;
    memcpy(buffer, rows + torture_json_at, *got);
    torture_json_at += *got;
    return MLPIPE_IO_OK;
}

static mlpipe_status torture_json_stream(torture *t)
{
    const mlpipe_stream stream = {sizeof stream, NULL, "pipe",
                                  torture_json_read};
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    torture_json_at = 0;
    const mlpipe_status st = mlpipe_read_json_stream(t->c, &stream, NULL, &d);
    torture_check(t, !st == (d != NULL));
    if (!st)
        torture_input_say(t, d);
    mlpipe_dataset_free(d);
    return st;
}

const torture_scenario torture_input[] = {
    {"mlpipe_read_json_stream", torture_json_stream, 0},
    {"mlpipe_read_csv_stream", torture_stream_plain, 0},
    {"mlpipe_read_csv_stream", torture_stream_gzip, 0},
    {"mlpipe_read_csv_stream", torture_stream_zstd, 0},
    {"mlpipe_source_csv", torture_source_utf16, 0},
    {"mlpipe_source_csv", torture_source_gzip, 0},
    {"mlpipe_source_csv", torture_source_zstd, 0},
    {NULL, NULL, 0},
};
