/* SPDX-License-Identifier: MIT */
/* Random tables as a profile or a drift report meets them. */
#ifndef MLPIPE_TESTS_PROFILE_RIG_H
#define MLPIPE_TESTS_PROFILE_RIG_H

#include <math.h>

#include "report_table.h"

#include "data/data_internal.h"

#define RIG_FINDINGS "column,finding,severity,count,share,example,advice"

static mlpipe_ctx *rig_ctx;

static int rig_open(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &rig_ctx);
}

static int rig_close(void **state)
{
    (void)state;
    mlpipe_ctx_free(rig_ctx);
    return 0;
}

static inline double rig_unit(uint64_t seed, uint32_t stream, int64_t row)
{
    return mlpipe__random_unit(seed, MLPIPE__FOR_TEST, stream, (uint64_t)row,
                               0);
}

static inline double rig_normal(uint64_t seed, uint32_t stream, int64_t row)
{
    return mlpipe__normal_quantile(rig_unit(seed, stream, row));
}

/* A word of three to five syllables that depends on k alone. */
static inline void rig_word(uint64_t seed, uint64_t k, char out[16])
{
    static const char first[] = "bdfgklmnprstvz", second[] = "aeiou";
    const uint32_t syllables = 3 + (uint32_t)(rig_unit(seed, 90, (int64_t)k) *
                                              3);
    uint32_t n = 0;

    for (uint32_t i = 0; i < syllables; i++) {
        const double a = rig_unit(seed, 91 + i, (int64_t)k);
        const double b = rig_unit(seed, 101 + i, (int64_t)k);
        out[n++] = first[(int)(a * 14)];
        out[n++] = second[(int)(b * 5)];
    }
    out[n] = 0;
}

enum { RIG_TEXT = 64 };

/* A builder whose columns come from what a test fills in. */
typedef struct rig_table {
    int64_t rows;
    mlpipe_builder *b;
    double *x;
    int64_t *k;
    char *bytes; /* rows x RIG_TEXT */
    const char **texts;
} rig_table;

static inline void rig_start(rig_table *t, int64_t rows)
{
    t->rows = rows;
    assert_ok(rig_ctx, mlpipe_builder_new(rig_ctx, NULL, NULL, &t->b));
    t->x = malloc((size_t)rows * sizeof *t->x + 1);
    t->k = malloc((size_t)rows * sizeof *t->k + 1);
    t->bytes = malloc((size_t)rows * RIG_TEXT + 1);
    t->texts = malloc((size_t)rows * sizeof *t->texts + 1);
    for (int64_t i = 0; i < rows; i++)
        t->texts[i] = t->bytes + i * RIG_TEXT;
}

static inline char *rig_text(rig_table *t, int64_t row)
{
    t->texts[row] = t->bytes + row * RIG_TEXT;
    return t->bytes + row * RIG_TEXT;
}

static inline void rig_reals(rig_table *t, const char *name)
{
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, t->b, name, MLPIPE_F64,
                                             t->x, NULL, t->rows));
}

static inline void rig_whole(rig_table *t, const char *name)
{
    assert_ok(rig_ctx, mlpipe_builder_column(rig_ctx, t->b, name, MLPIPE_I64,
                                             t->k, NULL, t->rows));
}

static inline void rig_times(rig_table *t, const char *name)
{
    assert_ok(rig_ctx, mlpipe_builder_times(rig_ctx, t->b, name,
                                            MLPIPE_UNIT_S, t->k, NULL,
                                            t->rows));
}

static inline void rig_texts(rig_table *t, const char *name)
{
    assert_ok(rig_ctx, mlpipe_builder_texts(rig_ctx, t->b, name, t->texts,
                                            t->rows));
}

static inline mlpipe_dataset *rig_finish(rig_table *t)
{
    mlpipe_dataset *d;

    assert_ok(rig_ctx, mlpipe_builder_finish(rig_ctx, t->b, &d));
    mlpipe_builder_free(t->b);
    free(t->x);
    free(t->k);
    free(t->bytes);
    free(t->texts);
    return d;
}

/* Of `values` words the k-th as often as 1 / (k + 1)^s. */
static inline uint64_t rig_zipf(uint64_t seed, uint32_t stream, int64_t row,
                                uint32_t values, double s)
{
    double sum = 0, u = rig_unit(seed, stream, row);

    for (uint32_t k = 0; k < values; k++)
        sum += pow(k + 1, -s);
    for (uint32_t k = 0; k < values; k++) {
        u -= pow(k + 1, -s) / sum;
        if (u < 0)
            return k;
    }
    return values - 1;
}

static inline void rig_free_text(uint64_t seed, int64_t row, char *out)
{
    const uint32_t words = 3 + (uint32_t)(rig_unit(seed, 60, row) * 5);
    char word[16];

    out[0] = 0;
    for (uint32_t w = 0; w < words; w++) {
        const double u = rig_unit(seed, 61 + w, row);
        rig_word(seed + 1, (uint64_t)(u * u * 2000), word);
        if (strlen(out) + strlen(word) + 2 > RIG_TEXT)
            break;
        if (w)
            strcat(out, " ");
        strcat(out, word);
    }
}

/* Clean: normal, uniform, lognormal, exponential, rounded, integers, counts,
 * two categories, truths, dates and free text. */
static inline mlpipe_dataset *rig_clean(uint64_t seed, int64_t rows,
                                        double shift)
{
    rig_table t;
    const uint32_t values = 2 + (uint32_t)(rig_unit(seed, 50, 0) * 40);
    const double s = 0.5 + rig_unit(seed, 51, 0);
    const double sigma = 0.2 + rig_unit(seed, 52, 0);
    int64_t i;

    rig_start(&t, rows);
    for (i = 0; i < rows; i++)
        t.x[i] = 50 + 15 * (rig_normal(seed, 1, i) + shift);
    rig_reals(&t, "normal");
    for (i = 0; i < rows; i++)
        t.x[i] = rig_unit(seed, 2, i);
    rig_reals(&t, "uniform");
    for (i = 0; i < rows; i++)
        t.x[i] = exp(5 + sigma * rig_normal(seed, 3, i));
    rig_reals(&t, "lognormal");
    for (i = 0; i < rows; i++)
        t.x[i] = -200 * log(rig_unit(seed, 4, i));
    rig_reals(&t, "exponential");
    for (i = 0; i < rows; i++)
        t.x[i] = floor(100 * exp(3 + sigma * rig_normal(seed, 5, i))) / 100;
    rig_reals(&t, "amount");
    for (i = 0; i < rows; i++)
        t.k[i] = (int64_t)(rig_unit(seed, 6, i) * 1000) - 100;
    rig_whole(&t, "integer");
    for (i = 0; i < rows; i++) {
        t.k[i] = 0;
        for (double p = rig_unit(seed, 7, i), q = exp(-4.0); p > q;
             q *= 4.0 / (double)t.k[i]) {
            p -= q;
            if (++t.k[i] > 60)
                break;
        }
    }
    rig_whole(&t, "count");
    for (i = 0; i < rows; i++)
        rig_word(seed, rig_zipf(seed, 8, i, values, s), rig_text(&t, i));
    rig_texts(&t, "city");
    for (i = 0; i < rows; i++)
        snprintf(rig_text(&t, i), RIG_TEXT, "group_%c",
                 (char)('a' + rig_zipf(seed, 9, i, 12, s)));
    rig_texts(&t, "group_name");
    for (i = 0; i < rows; i++)
        t.k[i] = (int64_t)(1.5e9 + 1e8 * rig_unit(seed, 10, i)) / 86400 *
                 86400;
    rig_times(&t, "day");
    for (i = 0; i < rows; i++)
        rig_free_text(seed, i, rig_text(&t, i));
    rig_texts(&t, "remark");
    for (i = 0; i < rows; i++)
        t.k[i] = rig_unit(seed, 11, i) < 0.3;
    rig_whole(&t, "flag");
    return rig_finish(&t);
}

/* The finding of a column, or NULL; its cells. */
static inline const mlpipe__report_cell *
rig_finding(const mlpipe_report *r, const char *column, const char *finding)
{
    uint32_t rows;
    const mlpipe__report_cell *cell =
        table_cells(r, "findings", RIG_FINDINGS, &rows);

    for (uint32_t i = 0; i < rows; i++, cell += 7)
        if (!strcmp(table_text(r, &cell[0]), column) &&
            !strcmp(table_text(r, &cell[1]), finding))
            return cell;
    return NULL;
}

/* There is such a finding, of so many rows (-1: any number). */
static inline void rig_found(const mlpipe_report *r, const char *column,
                             const char *finding, const char *severity,
                             double count)
{
    const mlpipe__report_cell *cell = rig_finding(r, column, finding);

    if (!cell)
        fail_msg("no finding %s of column \"%s\"", finding, column);
    if (strcmp(severity, table_text(r, &cell[2])))
        fail_msg("%s of \"%s\" is of severity %s", finding, column,
                 table_text(r, &cell[2]));
    if (count >= 0)
        assert_near(cell[3].number, count, 0);
}

#endif
