/* SPDX-License-Identifier: MIT */
/* Rows of independent normal columns: a line in them, and clusters. */
#include "synth_internal.h"

enum { TABLES_CELLS_MAX = 100000, TABLES_ROUNDS = 4 };

/* ---- regression --------------------------------------------------------- */

static mlpipe_status regression_set_up(mlpipe_ctx *ctx,
                                       mlpipe__synth_spec *s)
{
    const size_t n = (size_t)s->stages * s->informative;

    s->table = mlpipe__alloc_array(s->env, n, sizeof s->table[0]);
    if (!s->table)
        return mlpipe__nomem(ctx);
    for (size_t i = 0; i < n; i++)
        s->table[i] = 100.0 * mlpipe__synth_table_unit(s, 0, i);
    return MLPIPE_OK;
}

static void regression_row(const mlpipe__synth_spec *s, uint64_t row,
                           double *x)
{
    const double *c = s->table
        + (size_t)mlpipe__synth_stage(s, row) * s->informative;
    double y = s->bias;

    for (uint32_t j = 0; j < s->features; j++)
        x[j] = mlpipe__synth_normal(s, row, j);
    for (uint32_t j = 0; j < s->informative; j++)
        y += c[j] * x[j];
    if (s->noise > 0.0)
        y += s->noise * mlpipe__synth_normal(s, row, MLPIPE__SYNTH_NOISE);
    x[s->features] = y;
}

/* What a model can explain of one concept: signal / (signal + noise). */
static void regression_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    double signal = 0.0;

    for (uint32_t j = 0; j < s->informative; j++)
        signal += s->table[j] * s->table[j];
    mlpipe__report_number(r, "bias", s->bias);
    if (s->stages == 1) {
        mlpipe__report_number(r, "signal_variance", signal);
        mlpipe__report_number(r, "best_r2", signal
                              / (signal + s->noise * s->noise));
    }
    mlpipe__synth_tell_concepts(s, r);
    mlpipe__report_table(r, "truth", "stage,column,coefficient");
    for (uint32_t k = 0; k < s->stages; k++)
        for (uint32_t j = 0; j < s->features; j++) {
            const char *name = s->column[j + (s->order ? 1 : 0)].name;
            mlpipe__report_cell_number(r, k);
            mlpipe__report_cell_text(r, name, strlen(name));
            mlpipe__report_cell_number(
                r, j < s->informative
                    ? s->table[(size_t)k * s->informative + j] : 0.0);
        }
}

const mlpipe__synth_kind mlpipe__synth_regression = {
    .name = "regression",
    .takes = "features,informative,noise,bias,drift_at,width",
    .target = "y",
    .set_up = regression_set_up,
    .row = regression_row,
    .truth = regression_truth,
};

/* ---- classification ----------------------------------------------------- */

/* The k-th of 2^bits corners in an order of the stage: a permutation, so that
 * no two clusters share one. */
static uint64_t clusters_corner(const mlpipe__synth_spec *s, uint32_t stage,
                                uint64_t k, uint32_t bits)
{
    const uint64_t mask = (UINT64_C(1) << bits) - 1;

    for (uint32_t i = 0; i < TABLES_ROUNDS; i++) {
        const uint64_t a = mlpipe__random64(s->seed, MLPIPE__FOR_SYNTH,
                                            0x200 + s->stream, stage, 2 * i);
        const uint64_t b = mlpipe__random64(
            s->seed, MLPIPE__FOR_SYNTH, 0x200 + s->stream, stage, 2 * i + 1);
        k = (k * (a | 1) + b) & mask;
        if (bits > 1)
            k ^= k >> ((bits + 1) / 2);
    }
    return k;
}

static double *clusters_centre(const mlpipe__synth_spec *s, uint32_t stage,
                               uint32_t cluster)
{
    return s->table + ((size_t)stage * s->classes * s->clusters + cluster)
        * s->informative;
}

static void clusters_place(mlpipe__synth_spec *s, uint32_t bits)
{
    for (uint32_t k = 0; k < s->stages; k++)
        for (uint32_t c = 0; c < s->classes * s->clusters; c++) {
            const uint64_t corner = clusters_corner(s, k, c, bits);
            double *centre = clusters_centre(s, k, c);
            for (uint32_t j = 0; j < s->informative; j++) {
                const size_t at = (size_t)(centre - s->table) + j;
                const bool high = j < bits
                    ? corner >> j & 1
                    : mlpipe__synth_table_unit(s, 1, at) < 0.5;
                centre[j] = high ? s->separation : -s->separation;
            }
        }
}

static mlpipe_status clusters_set_up(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    const uint32_t bits = s->informative < MLPIPE__SYNTH_CORNER_BITS
        ? s->informative : MLPIPE__SYNTH_CORNER_BITS;
    const uint32_t all = s->classes * s->clusters;
    const size_t n = (size_t)s->stages * all * s->informative;

    if (!bits || all > UINT64_C(1) << bits)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "%u classes of %u clusters "
                            "need %u corners, but %u informative columns "
                            "have %llu; raise informative=", s->classes,
                            s->clusters, all, s->informative,
                            UINT64_C(1) << bits);
    if (n > TABLES_CELLS_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT, "%u stages of %u clusters "
                            "in %u columns are more than %u numbers to tell",
                            s->stages, all, s->informative,
                            (uint32_t)TABLES_CELLS_MAX);
    s->table = mlpipe__alloc_array(s->env, n, sizeof s->table[0]);
    if (!s->table)
        return mlpipe__nomem(ctx);
    clusters_place(s, bits);
    return MLPIPE_OK;
}

static void clusters_row(const mlpipe__synth_spec *s, uint64_t row, double *x)
{
    const double u = mlpipe__synth_unit(s, row, MLPIPE__SYNTH_DRAW);
    uint32_t class = 0;
    double below = s->share[0];

    while (class + 1 < s->classes && u >= below)
        below += s->share[++class];
    const uint32_t which = (uint32_t)(mlpipe__synth_unit(
        s, row, MLPIPE__SYNTH_OTHER) * s->clusters);
    const double *centre = clusters_centre(s, mlpipe__synth_stage(s, row),
                                           which * s->classes + class);
    for (uint32_t j = 0; j < s->features; j++)
        x[j] = mlpipe__synth_normal(s, row, j)
            + (j < s->informative ? centre[j] : 0.0);
    if (mlpipe__synth_unit(s, row, MLPIPE__SYNTH_NOISE) < s->noise)
        class = (uint32_t)(mlpipe__synth_unit(s, row, MLPIPE__SYNTH_COIN)
                           * s->classes);
    x[s->features] = class;
}

static double clusters_normal(double z) /* P(Z <= z) */
{
    return mlpipe__normal_tail(-z);
}

/* Two clusters: the side of a plane, moved by the shares. */
static double clusters_error_two(const mlpipe__synth_spec *s)
{
    const double *a = clusters_centre(s, 0, 0), *b = clusters_centre(s, 0, 1);
    const double p = s->share[0], q = s->share[1];
    double square = 0.0;

    for (uint32_t j = 0; j < s->informative; j++)
        square += (a[j] - b[j]) * (a[j] - b[j]);
    const double d = mlpipe__sqrt(square);
    if (d == 0.0)
        return p < q ? p : q;
    const double moved = mlpipe__log(q / p) / d;
    return p * clusters_normal(moved - d / 2)
        + q * clusters_normal(-moved - d / 2);
}

/* NaN where it has no closed form: that is known for two clusters, and for
 * equal classes at all the corners, where each column decides for itself. */
static double clusters_error(const mlpipe__synth_spec *s)
{
    double error = mlpipe__nan();

    if (s->stages > 1 || s->clusters > 1)
        return error;
    bool equal = true;
    for (uint32_t i = 1; i < s->classes; i++)
        equal = equal && s->share[i] == s->share[0];
    if (s->classes == 2) {
        error = clusters_error_two(s);
    } else if (equal && s->informative < 7
               && s->classes == UINT32_C(1) << s->informative) {
        const double right = clusters_normal(s->separation);
        double all = 1.0;
        for (uint32_t j = 0; j < s->informative; j++)
            all *= right;
        error = 1.0 - all;
    }
    return (1.0 - s->noise) * error + s->noise * (1.0 - 1.0 / s->classes);
}

static void clusters_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    const double error = clusters_error(s);

    if (error == error)
        mlpipe__report_number(r, "bayes_error", error);
    mlpipe__synth_tell_concepts(s, r);
    mlpipe__report_table(r, "centres", "stage,cluster,class,column,value");
    for (uint32_t k = 0; k < s->stages; k++)
        for (uint32_t c = 0; c < s->classes * s->clusters; c++)
            for (uint32_t j = 0; j < s->informative; j++) {
                const char *name = s->column[j + (s->order ? 1 : 0)].name;
                mlpipe__report_cell_number(r, k);
                mlpipe__report_cell_number(r, c);
                mlpipe__report_cell_number(r, c % s->classes);
                mlpipe__report_cell_text(r, name, strlen(name));
                mlpipe__report_cell_number(r, clusters_centre(s, k, c)[j]);
            }
}

const mlpipe__synth_kind mlpipe__synth_classification = {
    .name = "classification",
    .takes = "features,informative,classes,clusters,separation,shares,noise,"
             "drift_at,width",
    .target = "class",
    .classes = true,
    .set_up = clusters_set_up,
    .row = clusters_row,
    .truth = clusters_truth,
};
