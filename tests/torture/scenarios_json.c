/* SPDX-License-Identifier: MIT */
/* Reading JSON, whole and block by block; writing CSV and JSON. */
#include "torture.h"

/* Every type, nested and escaped keys, nulls, rejects, a blank line, and
 * texts that are missed at first because the column starts as numbers. */
static const char torture_json_text[] =
    "{\"id\":1,\"when\":\"2015-02-01\",\"x\":1.5,\"n\":{\"a\":\"re\\u0064\"},"
    "\"late\":1,\"yes\":true}\n"
    "{\"id\":2,\"x\":null,\"n\":{\"a\":\"green\",\"b\":[1,2]},\"late\":2}\n"
    "\n"
    "{\"id\":3,\"bad\":1,\"id\":4}\n"
    "{\"\\u006eew\":\"say \\\"hi\\\"\",\"late\":\"three\",\"x\":-3e0,"
    "\"when\":\"2015-02-04T10:11:12.5\"}\n";
static const char torture_json_array[] =
    "{\"meta\":[{}],\"data\":{\"rows\":[{\"id\":1,\"x\":1.5},{\"id\":1,"
    "\"id\":2},{\"id\":2,\"t\":\"a\\tb\"},{\"x\":2}],\"next\":null}}";

static mlpipe_status torture_json_finish(torture *t, mlpipe_status st,
                                         mlpipe_dataset *d)
{
    mlpipe_report *r = NULL;
    torture_check(t, !st == (d != NULL));
    if (!st) {
        torture_check(t, mlpipe_dataset_rows(d) == 3);
        torture_check(t, !mlpipe_dataset_reading(t->plain, d, &r));
        torture_print(t, d);
        torture_tell(t, r);
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_json_memory(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    const mlpipe_status st = mlpipe_read_json_memory(
        t->c, torture_json_text, sizeof torture_json_text - 1,
        "rows=quarantine as=id:i64,late:category na=x", &d);
    return torture_json_finish(t, st, d);
}

static mlpipe_status torture_json_read(torture *t)
{
    mlpipe_dataset *d = (mlpipe_dataset *)t;
    mlpipe_status st = mlpipe__file_write(t->plain, "in.json",
                                          torture_json_array,
                                          sizeof torture_json_array - 1,
                                          false);
    if (st)
        return st;
    st = mlpipe_read_json(t->c, "in.json",
                          "at=/data/rows rows=quarantine as=t:category", &d);
    return torture_json_finish(t, st, d);
}

/* A block that fails can be asked for again and is then the same. */
static mlpipe_status torture_json_source(torture *t)
{
    mlpipe_source *s = (mlpipe_source *)t;
    mlpipe_dataset *d = NULL, *end = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = mlpipe__file_write(t->plain, "in.json",
                                          torture_json_array,
                                          sizeof torture_json_array - 1,
                                          false);
    if (st)
        return st;
    st = mlpipe_source_json(t->c, "in.json", "at=/data/rows rows=quarantine",
                            &s);
    torture_check(t, !st == (s != NULL));
    if (st)
        return st;
    st = mlpipe_source_next(t->c, s, &d);
    torture_check(t, !st == (d != NULL));
    if (st) {
        torture_calm(t);
        torture_check(t, !mlpipe_source_next(t->plain, s, &d));
        torture_check(t, d && mlpipe_dataset_rows(d) == 3);
        mlpipe_dataset_free(d);
        torture_storm(t);
        mlpipe_source_free(s);
        return st;
    }
    st = mlpipe_source_next(t->c, s, &end);
    torture_check(t, !end);
    if (!st)
        st = mlpipe_source_reading(t->c, s, &r);
    if (!st) {
        torture_print(t, d);
        torture_tell(t, r);
    }
    mlpipe_source_free(s);
    mlpipe_report_free(r);
    mlpipe_dataset_free(d);
    return st;
}

/* ---- writing ------------------------------------------------------------ */

static mlpipe_status torture_write_memory(torture *t, bool json)
{
    mlpipe_dataset *d = NULL;
    mlpipe_buffer *b = (mlpipe_buffer *)t;
    torture_check(t, !torture_dataset(t->plain, &d));
    const mlpipe_status st = json
        ? mlpipe_write_json_memory(t->c, d, "format=array", &b)
        : mlpipe_write_csv_memory(t->c, d, "null=NA", &b);
    torture_check(t, !st == (b != NULL));
    if (b)
        torture_record(t, mlpipe_buffer_data(b), mlpipe_buffer_size(b));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_write_csv_memory(torture *t)
{
    return torture_write_memory(t, false);
}

static mlpipe_status torture_write_json_memory(torture *t)
{
    return torture_write_memory(t, true);
}

/* Whatever fails, the file is the old one or the new one. */
static mlpipe_status torture_write_file(torture *t, bool json)
{
    mlpipe_dataset *d = NULL;
    char *bytes = NULL;
    size_t size = 0;
    torture_check(t, !torture_dataset(t->plain, &d));
    mlpipe_status st = mlpipe__file_write(t->plain, "out", "old", 3, false);
    if (!st)
        st = json ? mlpipe_write_json(t->c, d, "out", NULL)
                  : mlpipe_write_csv(t->c, d, "out", NULL);
    torture_calm(t);
    torture_check(t, !mlpipe__file_read(t->plain, "out", 1 << 20, &bytes,
                                        &size));
    torture_check(t, size == 3 ? st && !memcmp(bytes, "old", 3)
                               : bytes[size - 1] == '\n');
    torture_storm(t);
    if (!st)
        torture_record(t, bytes, size);
    mlpipe__free(t->plain->env, bytes);
    mlpipe_dataset_free(d);
    return st;
}

static mlpipe_status torture_write_csv(torture *t)
{
    return torture_write_file(t, false);
}

static mlpipe_status torture_write_json(torture *t)
{
    return torture_write_file(t, true);
}

const torture_scenario torture_json[] = {
    {"mlpipe_read_json", torture_json_read, 0},
    {"mlpipe_read_json_memory", torture_json_memory, 0},
    {"mlpipe_source_json", torture_json_source, 0},
    {"mlpipe_write_csv", torture_write_csv, 0},
    {"mlpipe_write_csv_memory", torture_write_csv_memory, 0},
    {"mlpipe_write_json", torture_write_json, 0},
    {"mlpipe_write_json_memory", torture_write_json_memory, 0},
    {NULL, NULL, 0},
};
