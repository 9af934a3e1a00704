/* SPDX-License-Identifier: MIT */
/* Inputs that many scenarios need. */
#include "torture.h"

enum { INPUT_ROWS = 60 };

mlpipe_status torture_dataset(mlpipe_ctx *c, mlpipe_dataset **out)
{
    static const char *const colors[] = {"red", "green", "blue", NULL};
    double x[INPUT_ROWS], y[INPUT_ROWS];
    int64_t id[INPUT_ROWS], when[INPUT_ROWS];
    uint8_t valid[INPUT_ROWS];
    const char *color[INPUT_ROWS];
    mlpipe_builder *b = NULL;
    mlpipe_status st;
    int i;
    *out = NULL;
    for (i = 0; i < INPUT_ROWS; i++) {
        x[i] = (i * 37 % 60) / 8.0;
        y[i] = 3 * x[i] + i % 4 + (i * 13 % 7) / 16.0;
        id[i] = 1000 + i;
        when[i] = 1700000000 + 3600 * (int64_t)i;
        valid[i] = i % 11 != 5;
        color[i] = colors[i % 4];
    }
    st = mlpipe_builder_new(c, NULL, NULL, &b);
    if (!st)
        st = mlpipe_builder_column(c, b, "id", MLPIPE_I64, id, NULL,
                                   INPUT_ROWS);
    if (!st)
        st = mlpipe_builder_times(c, b, "when", MLPIPE_UNIT_S, when, NULL,
                                  INPUT_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, valid,
                                   INPUT_ROWS);
    if (!st)
        st = mlpipe_builder_texts(c, b, "color", color, INPUT_ROWS);
    if (!st)
        st = mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL,
                                   INPUT_ROWS);
    if (!st)
        st = mlpipe_builder_finish(c, b, out);
    mlpipe_builder_free(b);
    return st;
}

mlpipe_status torture_layout(mlpipe_ctx *c, mlpipe_layout **out)
{
    mlpipe_status st = mlpipe_layout_new(c, sizeof(torture_row), out);
    if (!st)
        st = mlpipe_layout_field(c, *out, "x", MLPIPE_F64,
                                 offsetof(torture_row, x));
    if (!st)
        st = mlpipe_layout_field(c, *out, "color", MLPIPE_TOKEN,
                                 offsetof(torture_row, color));
    if (st) {
        mlpipe_layout_free(*out);
        *out = NULL;
    }
    return st;
}
