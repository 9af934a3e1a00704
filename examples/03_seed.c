/* SPDX-License-Identifier: MIT */
/*
 * Features of a house by expressions, without a learner: what a feature
 * function in C would return, but as data that is saved, loaded, explained and
 * gives the same bits for a row, a batch and a training set.
 */
#include <mlpipe/mlpipe.h>
#include <stdio.h>

static const char expressions[] =
    "sqft_norm = sqft / 5000\n"
    "bedrooms_norm = bedrooms / 10\n"
    "price_per_sqft = price / max(sqft, 1)\n"
    "room_ratio = bedrooms / max(bathrooms, 1)\n"
    "age = year(as_of) - year_built\n"
    "age_bucket = bucket(age, [10, 30], ['new', 'mid', 'old'])\n"
    "size_x_bedrooms = sqft_norm * bedrooms_norm";

static mlpipe_status house(mlpipe_ctx *c, mlpipe_dataset **out)
{
    static const struct {
        const char *name;
        double value;
    } columns[] = {{"sqft", 2000}, {"bedrooms", 3}, {"bathrooms", 2},
                   {"price", 450000}, {"year_built", 2005}};
    mlpipe_builder *b = NULL;
    mlpipe_status st = mlpipe_builder_new(c, NULL, NULL, &b);

    for (int i = 0; i < 5 && !st; i++)
        st = mlpipe_builder_column(c, b, columns[i].name, MLPIPE_F64,
                                   &columns[i].value, NULL, 1);
    if (!st)
        st = mlpipe_builder_finish(c, b, out);
    mlpipe_builder_free(b);
    return st;
}

int main(void)
{
    static const int digits[] = {1, 1, 1, 1, 0, 0, 2};
    mlpipe_ctx *c = NULL;
    mlpipe_dataset *row = NULL, *features = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_transform *t = NULL;
    mlpipe_status failed = mlpipe_ctx_new(NULL, &c)
        || house(c, &row)
        || mlpipe_pipeline_new(c, "as_of=2026-01-01", &p)
        || mlpipe_pipeline_derive(c, p, expressions)
        || mlpipe_transform_fit(c, p, row, NULL, &t)
        || mlpipe_transform_apply(c, t, row, NULL, &features);

    for (uint32_t i = 5; !failed && i < mlpipe_transform_outputs(t); i++) {
        mlpipe_value v;

        failed = mlpipe_dataset_cell(features, 0, i, &v);
        if (v.kind == MLPIPE_VALUE_TEXT)
            printf("%s %.*s\n", mlpipe_transform_output(t, i), v.len, v.str);
        else
            printf("%s %.*f\n", mlpipe_transform_output(t, i), digits[i - 5],
                   v.num);
    }
    if (failed)
        fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(row);
    mlpipe_ctx_free(c);
    return failed != 0;
}
