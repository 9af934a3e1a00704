/* SPDX-License-Identifier: MIT */
/* Arrow arrays and streams, in and out. */
#include "torture.h"

#include "data/arrow_rig.h"

/* Rows and fingerprint, by a context that does not fail. */
static void torture_arrow_say(torture *t, const mlpipe_dataset *d)
{
    const int64_t rows = mlpipe_dataset_rows(d);

    torture_record(t, &rows, sizeof rows);
    torture_calm(t);
    torture_print(t, d);
    torture_storm(t);
}

/* A null, a dictionary, a list, a text: all paths that allocate. */
static void torture_arrow_schema(struct ArrowSchema *s)
{
    rig_type(s, "+s", "");
    rig_field(s, "l", "i");
    rig_values(rig_field(s, "c", "c"), "u");
    rig_field(rig_field(s, "+l", "l"), "s", "item");
    rig_field(s, "u", "u");
}

static void torture_arrow_array(struct ArrowArray *a, uint8_t valid)
{
    const int64_t i64[] = {1, 2, 3};
    const int8_t codes[] = {1, 0, 1};
    const int16_t items[] = {5, 6};
    const int32_t lists[] = {0, 1, 1, 2}, words[] = {0, 1, 2, 4};
    struct ArrowArray *c;

    rig_rows(a, 3, 1);
    c = rig_child(a, 3, 2);
    RIG(c, 0, (uint8_t[]){valid});
    RIG(c, 1, i64);
    c = rig_child(a, 3, 2);
    RIG(c, 1, codes);
    c = rig_entries(c, 2, 3);
    RIG(c, 1, words);
    rig_buffer(c, 2, "ba", 2);
    c = rig_child(a, 3, 2);
    RIG(c, 1, lists);
    RIG(rig_child(c, 2, 2), 1, items);
    c = rig_child(a, 3, 3);
    RIG(c, 1, words);
    rig_buffer(c, 2, "wxyz", 4);
}

static mlpipe_status torture_from_arrow(torture *t)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d = (mlpipe_dataset *)t;

    torture_arrow_schema(&schema);
    torture_arrow_array(&array, 5);
    const mlpipe_status st =
        mlpipe_dataset_from_arrow(t->c, &schema, &array, NULL, &d);
    torture_check(t, !st == (d != NULL));
    torture_check(t, !st == !array.release);
    torture_check(t, schema.release != NULL);
    if (!st)
        torture_arrow_say(t, d);
    mlpipe_dataset_free(d);
    schema.release(&schema);
    if (array.release)
        array.release(&array);
    torture_check(t, !rig_schemas && !rig_arrays);
    return st;
}

static mlpipe_status torture_from_arrow_stream(torture *t)
{
    struct ArrowArrayStream stream;
    struct ArrowArray arrays[2];
    rig_stream p = {.make = torture_arrow_schema, .arrays = arrays,
                    .count = 2, .fail_at = -1};
    mlpipe_dataset *d = (mlpipe_dataset *)t;

    torture_arrow_array(&arrays[0], 7);
    torture_arrow_array(&arrays[1], 2);
    rig_open(&stream, &p);
    const mlpipe_status st =
        mlpipe_dataset_from_arrow_stream(t->c, &stream, NULL, &d);
    torture_check(t, !st == (d != NULL));
    torture_check(t, !st == !stream.release);
    if (!st)
        torture_arrow_say(t, d);
    mlpipe_dataset_free(d);
    if (stream.release)
        stream.release(&stream);
    torture_check(t, !rig_schemas && !rig_arrays);
    return st;
}

/* What was exported, read by a context that does not fail; releases it. */
static void torture_arrow_back(torture *t, struct ArrowSchema *schema,
                               struct ArrowArray *array)
{
    mlpipe_dataset *d = NULL;

    torture_calm(t);
    torture_check(t, !mlpipe_dataset_from_arrow(t->plain, schema, array, NULL,
                                                &d));
    torture_storm(t);
    torture_arrow_say(t, d);
    mlpipe_dataset_free(d);
    schema->release(schema);
}

static mlpipe_status torture_to_arrow(torture *t)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d, *fold, *rest;
    mlpipe_status st = torture_dataset(t->plain, &d);

    torture_check(t, !st && !mlpipe_dataset_fold(t->plain, d, "folds=2", 0,
                                                 &fold, &rest));
    st = mlpipe_dataset_to_arrow(t->c, fold, "metadata=true", &schema,
                                 &array);
    torture_check(t, !st == (schema.release != NULL));
    torture_check(t, !st == (array.release != NULL));
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(fold);
    mlpipe_dataset_free(rest);
    if (st)
        return st;
    torture_arrow_back(t, &schema, &array);
    return st;
}

/* The callbacks fail as streams do: with a code and a text. */
static mlpipe_status torture_to_arrow_stream(torture *t)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    mlpipe_dataset *d, *slice;
    mlpipe_status st = torture_dataset(t->plain, &d);

    torture_check(t, !st && !mlpipe_dataset_slice(t->plain, d, 3, 40,
                                                  &slice));
    st = mlpipe_dataset_to_arrow_stream(t->c, slice, NULL, &stream);
    torture_check(t, !st == (stream.release != NULL));
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(slice);
    if (st)
        return st;
    if (stream.get_schema(&stream, &schema)) {
        torture_check(t, stream.get_last_error(&stream) && !schema.release);
        st = mlpipe__nomem(t->c);
    } else if (stream.get_next(&stream, &array)) {
        torture_check(t, stream.get_last_error(&stream) && !array.release);
        st = mlpipe__nomem(t->c);
        schema.release(&schema);
    } else {
        torture_arrow_back(t, &schema, &array);
    }
    stream.release(&stream);
    return st;
}

const torture_scenario torture_arrow[] = {
    {"mlpipe_dataset_from_arrow", torture_from_arrow, 0},
    {"mlpipe_dataset_from_arrow_stream", torture_from_arrow_stream, 0},
    {"mlpipe_dataset_to_arrow", torture_to_arrow, 0},
    {"mlpipe_dataset_to_arrow_stream", torture_to_arrow_stream, 0},
    {NULL, NULL, 0},
};
