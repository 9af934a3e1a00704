/* SPDX-License-Identifier: MIT */
/* How far apart the spreads of columns are between which distances are. */
#include "num_internal.h"

/* Columns of a row that share a line of the cache; rows that are at hand. */
enum { SCALES_COLUMNS = 8, SCALES_ROWS = 128 };

/* Standard deviations of n columns that lie side by side. */
static void scales_deviations(const double *x, uint32_t rows,
                              uint32_t columns, uint32_t n, double *out)
{
    mlpipe__exact sum[SCALES_COLUMNS], squares[SCALES_COLUMNS];
    double some[SCALES_COLUMNS][SCALES_ROWS];

    for (uint32_t k = 0; k < n; k++) {
        mlpipe__exact_init(&sum[k]);
        mlpipe__exact_init(&squares[k]);
    }
    for (size_t start = 0; start < rows; start += SCALES_ROWS) {
        const uint32_t some_rows = rows - start < SCALES_ROWS
                                       ? (uint32_t)(rows - start)
                                       : SCALES_ROWS;

        for (uint32_t i = 0; i < some_rows; i++)
            for (uint32_t k = 0; k < n; k++)
                some[k][i] = x[(start + i) * columns + k];
        for (uint32_t k = 0; k < n; k++)
            mlpipe__exact_add_moments(&sum[k], &squares[k], some[k],
                                      some_rows);
    }
    for (uint32_t k = 0; k < n; k++)
        out[k] = mlpipe__exact_deviation(&sum[k], &squares[k], rows, 0);
}

static void scales_add(mlpipe__scales *s, uint32_t column, double d)
{
    if (!(d > 0))
        return;
    if (!(s->low > 0) || d < s->low) {
        s->low = d;
        s->least = column;
    }
    if (d > s->high) {
        s->high = d;
        s->most = column;
    }
}

mlpipe_status mlpipe__scales_of(mlpipe_ctx *ctx, const char *step,
                                const double *x, uint32_t rows,
                                uint32_t columns, mlpipe__scales *s)
{
    double d[SCALES_COLUMNS];

    memset(s, 0, sizeof *s);
    for (uint32_t f = 0; f < columns; f += SCALES_COLUMNS) {
        const uint32_t n =
            columns - f < SCALES_COLUMNS ? columns - f : SCALES_COLUMNS;
        const mlpipe_status st = mlpipe__poll(ctx, step, f, columns);

        if (st)
            return st;
        scales_deviations(x + f, rows, columns, n, d);
        for (uint32_t k = 0; k < n; k++)
            scales_add(s, f + k, d[k]);
    }
    s->apart = s->low > 0 ? s->high / s->low : 1;
    return MLPIPE_OK;
}

void mlpipe__scales_tell(mlpipe_ctx *ctx, const char *step,
                         const mlpipe__scales *s, const char *most,
                         const char *least)
{
    if (s->high > MLPIPE__SCALES_APART * s->low)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, step,
                         "feature %q has a standard deviation of %g and %q "
                         "of %g, so that distances are those of %q alone; "
                         "add scale before %s",
                         most, s->high, least, s->low, most, step);
}
