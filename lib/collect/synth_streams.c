/* SPDX-License-Identifier: MIT */
/*
 * Published functions and streams. Where peers have an oddity it is named:
 * river and MOA clip a perturbed house value to bounds that are the wrong way
 * round, and turn labels over with a chance that is 0.01 too small.
 */
#include "synth_internal.h"

static const double streams_pi = 3.141592653589793;

static mlpipe_status streams_nothing(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    (void)ctx;
    (void)s;
    return MLPIPE_OK;
}

static double streams_noise(const mlpipe__synth_spec *s, uint64_t row)
{
    return s->noise > 0.0 ? s->noise * mlpipe__synth_normal(
        s, row, MLPIPE__SYNTH_NOISE) : 0.0;
}

/* Is the label of this row turned over? */
static bool streams_turned(const mlpipe__synth_spec *s, uint64_t row)
{
    return mlpipe__synth_unit(s, row, MLPIPE__SYNTH_NOISE) < s->noise;
}

static void streams_turned_error(const mlpipe__synth_spec *s,
                                 mlpipe_report *r)
{
    mlpipe__report_number(r, "bayes_error",
                          s->noise < 0.5 ? s->noise : 1.0 - s->noise);
}

/* ---- Friedman ----------------------------------------------------------- */

/* Which columns play the five parts. */
static double friedman_law(const double *x, const uint32_t part[5])
{
    const double c = x[part[2]] - 0.5;

    return 10.0 * mlpipe__sin(streams_pi * x[part[0]] * x[part[1]])
        + 20.0 * (c * c) + 10.0 * x[part[3]] + 5.0 * x[part[4]];
}

double mlpipe__synth_friedman(uint32_t which, const double *x)
{
    static const uint32_t first[5] = {0, 1, 2, 3, 4};

    if (which == 1)
        return friedman_law(x, first);
    const double a = x[1] * x[2] - 1.0 / (x[1] * x[3]);
    return which == 2 ? mlpipe__sqrt(x[0] * x[0] + a * a)
                      : mlpipe__atan(a / x[0]);
}

static void friedman_row1(const mlpipe__synth_spec *s, uint64_t row,
                          double *x)
{
    for (uint32_t j = 0; j < s->features; j++)
        x[j] = mlpipe__synth_unit(s, row, j);
    x[s->features] = mlpipe__synth_friedman(1, x) + streams_noise(s, row);
}

static void friedman_circuit(const mlpipe__synth_spec *s, uint64_t row,
                             double *x)
{
    x[0] = 100.0 * mlpipe__synth_unit(s, row, 0);
    x[1] = 520.0 * streams_pi * mlpipe__synth_unit(s, row, 1)
        + 40.0 * streams_pi;
    x[2] = mlpipe__synth_unit(s, row, 2);
    x[3] = 10.0 * mlpipe__synth_unit(s, row, 3) + 1.0;
}

static void friedman_row2(const mlpipe__synth_spec *s, uint64_t row,
                          double *x)
{
    friedman_circuit(s, row, x);
    x[4] = mlpipe__synth_friedman(2, x) + streams_noise(s, row);
}

static void friedman_row3(const mlpipe__synth_spec *s, uint64_t row,
                          double *x)
{
    friedman_circuit(s, row, x);
    x[4] = mlpipe__synth_friedman(3, x) + streams_noise(s, row);
}

/* Of friedman1: 100 (1/2 - Si(2 pi) / (4 pi) - (Cin(pi) / pi)^2) for the sine,
 * where Si and Cin are the sine and cosine integrals; 20/9, 25/3, 25/12. */
static void friedman_truth1(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    const double signal = 23.826463771381018;

    mlpipe__report_number(r, "signal_variance", signal);
    mlpipe__report_number(r, "best_r2",
                          signal / (signal + s->noise * s->noise));
    mlpipe__report_number(r, "best_rmse", s->noise);
}

static void friedman_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    mlpipe__report_number(r, "best_rmse", s->noise);
}

const mlpipe__synth_kind mlpipe__synth_friedman1 = {
    .name = "friedman1",
    .takes = "features,noise",
    .least = 5,
    .target = "y",
    .set_up = streams_nothing,
    .row = friedman_row1,
    .truth = friedman_truth1,
};

const mlpipe__synth_kind mlpipe__synth_friedman2 = {
    .name = "friedman2",
    .takes = "noise",
    .features = 4,
    .target = "y",
    .set_up = streams_nothing,
    .row = friedman_row2,
    .truth = friedman_truth,
};

const mlpipe__synth_kind mlpipe__synth_friedman3 = {
    .name = "friedman3",
    .takes = "noise",
    .features = 4,
    .target = "y",
    .set_up = streams_nothing,
    .row = friedman_row3,
    .truth = friedman_truth,
};

/* ---- Friedman with drift ------------------------------------------------ */

enum { FRIEDMAN_LEA, FRIEDMAN_GRA, FRIEDMAN_GSG };

/* How far the regions of a local drift have grown: 0 to 3. */
static uint32_t friedman_growth(const double at[3], uint64_t row)
{
    const double t = (double)row;

    return (t >= at[0]) + (t >= at[1]) + (t >= at[2]);
}

static double friedman_local(const double at[3], uint64_t row,
                             const double *x)
{
    static const uint32_t first[5] = {0, 1, 2, 3, 4};
    const uint32_t growth = friedman_growth(at, row);

    if (growth && x[1] < 0.3 && x[2] < 0.3 && (growth > 2 || x[3] > 0.7)
        && (growth > 1 || x[4] < 0.3))
        return 10.0 * x[0] * x[1] + 20.0 * (x[2] - 0.5) + 10.0 * x[3]
            + 5.0 * x[4];
    if (growth && x[1] > 0.7 && x[2] > 0.7 && (growth > 2 || x[3] < 0.3)
        && (growth > 1 || x[4] > 0.7))
        return 10.0 * mlpipe__cos(x[0] * x[1]) + 20.0 * (x[2] - 0.5)
            + mlpipe__exp(x[3]) + 5.0 * (x[4] * x[4]);
    return friedman_law(x, first);
}

double mlpipe__synth_friedman_moved(uint32_t drift, const double at[3],
                                    double width, bool old, uint64_t row,
                                    const double *x)
{
    static const uint32_t part[3][5] = {
        {0, 1, 2, 3, 4}, {3, 4, 1, 0, 2}, {1, 4, 3, 2, 0}};
    static const uint32_t recurring[5] = {3, 5, 1, 0, 2};
    const double t = (double)row;

    if (drift == FRIEDMAN_LEA)
        return friedman_local(at, row, x);
    if (drift == FRIEDMAN_GRA)
        return friedman_law(x, t >= at[0] && t < at[1] ? recurring
                                                       : part[0]);
    uint32_t stage = (t >= at[0]) + (t >= at[1]);
    if (stage && old && t < at[stage - 1] + width)
        stage--;
    return friedman_law(x, part[stage]);
}

static void friedman_row_moved(const mlpipe__synth_spec *s, uint64_t row,
                               double *x)
{
    const bool old = mlpipe__synth_unit(s, row, MLPIPE__SYNTH_COIN) < 0.5;

    for (uint32_t j = 0; j < 10; j++)
        x[j] = mlpipe__synth_unit(s, row, j);
    x[10] = mlpipe__synth_friedman_moved(s->drift, s->drift_at, s->width, old,
                                         row, x) + streams_noise(s, row);
}

/* The rows of the paper where none are given; the window of gsg. */
static mlpipe_status friedman_windows(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    const uint32_t needs = s->drift == FRIEDMAN_LEA ? 3 : 2;
    const bool slow = s->drift == FRIEDMAN_GSG;

    if (s->stages == 1) {
        for (uint32_t i = 0; i < needs; i++)
            s->drift_at[i] = 50000.0 * (i + 1);
        s->stages = needs + 1;
    }
    if (s->stages != needs + 1)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"drift_at\" holds %u "
                            "rows; this drift needs %u", s->stages - 1,
                            needs);
    const double room = s->drift_at[1] - s->drift_at[0];
    if (!slow && s->width > 0.0)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"width\" is %g, but "
                            "drift=lea and drift=gra are abrupt; leave it "
                            "out or take drift=gsg", s->width);
    if (s->width > room)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"width\" is %g, but %g "
                            "rows lie between the drifts", s->width, room);
    if (s->width < 0.0)
        s->width = !slow ? 0.0 : room < 10000.0 ? room : 10000.0;
    for (uint32_t i = 1; i < s->stages; i++)
        s->concept[i] = s->drift == FRIEDMAN_GRA && i == 2 ? 0 : i;
    return MLPIPE_OK;
}

static void friedman_truth_moved(const mlpipe__synth_spec *s,
                                 mlpipe_report *r)
{
    mlpipe__report_number(r, "best_rmse", s->noise);
    mlpipe__report_number(r, "width", s->width);
    mlpipe__synth_tell_concepts(s, r);
}

const mlpipe__synth_kind mlpipe__synth_friedman_drift = {
    .name = "friedman_drift",
    .takes = "noise,drift,drift_at,width",
    .noise = 1.0,
    .features = 10,
    .target = "y",
    .set_up = friedman_windows,
    .row = friedman_row_moved,
    .truth = friedman_truth_moved,
};

/* ---- SEA ---------------------------------------------------------------- */

bool mlpipe__synth_sea_label(uint32_t concept, const double *x)
{
    static const double threshold[] = {8.0, 9.0, 7.0, 9.5};

    return x[0] + x[1] > threshold[concept];
}

static void sea_row(const mlpipe__synth_spec *s, uint64_t row, double *x)
{
    const uint32_t concept = s->concept[mlpipe__synth_stage(s, row)];

    for (uint32_t j = 0; j < 3; j++)
        x[j] = 10.0 * mlpipe__synth_unit(s, row, j);
    x[3] = mlpipe__synth_sea_label(concept, x) != streams_turned(s, row);
}

static void sea_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    if (s->width <= 0.0)
        streams_turned_error(s, r);
    mlpipe__synth_tell_concepts(s, r);
}

const mlpipe__synth_kind mlpipe__synth_sea = {
    .name = "sea",
    .takes = "noise,concepts,drift_at,width",
    .features = 3,
    .concepts = 4,
    .target = "class",
    .classes = true,
    .set_up = streams_nothing,
    .row = sea_row,
    .truth = sea_truth,
};

/* ---- hyperplane --------------------------------------------------------- */

enum { HYPERPLANE_POLL = 65536 };

static mlpipe_status hyperplane_set_up(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    const uint32_t p = s->features;

    s->table = mlpipe__alloc_array(s->env, p, sizeof s->table[0]);
    s->path = mlpipe__alloc_array(s->env, p, 2 * sizeof s->path[0]);
    if (!s->table || !s->path)
        return mlpipe__nomem(ctx);
    for (uint32_t j = 0; j < p; j++) {
        s->table[j] = s->path[j] = mlpipe__synth_table_unit(s, 0, j);
        s->path[p + j] = 1.0;
    }
    if (s->change == 0.0)
        s->drift_features = 0;
    return MLPIPE_OK;
}

/* From the weights of one row to those of the next. */
static void hyperplane_step(mlpipe__synth_spec *s)
{
    double *weight = s->path, *way = s->path + s->features;

    for (uint32_t j = 0; j < s->drift_features; j++) {
        weight[j] += way[j] * s->change;
        if (mlpipe__synth_unit(s, s->walked, MLPIPE__SYNTH_TURN + j)
            < s->sigma)
            way[j] = -way[j];
    }
    s->walked++;
}

/* The weights of all rows of the run: they are a sum over all rows before, so
 * that a slice has to go the whole way to its start. */
mlpipe_status mlpipe__synth_walk(mlpipe_ctx *ctx, void *spec, uint64_t first,
                                 uint64_t rows)
{
    mlpipe__synth_spec *s = spec;
    const uint32_t p = s->drift_features;
    mlpipe_status st = MLPIPE_OK;

    s->first = first;
    if (!p)
        return MLPIPE_OK;
    while (!st && s->walked < first) {
        if (s->walked % HYPERPLANE_POLL == 0)
            st = mlpipe__poll(ctx, "synth", s->walked, first);
        if (!st)
            hyperplane_step(s);
    }
    double *grown = st ? NULL : mlpipe__grow(s->env, s->walk, (size_t)rows,
                                             p * sizeof grown[0]);
    if (st || !grown)
        return st ? st : mlpipe__nomem(ctx);
    s->walk = grown;
    for (uint64_t i = 0; i < rows; i++) {
        memcpy(s->walk + i * p, s->path, p * sizeof s->walk[0]);
        hyperplane_step(s);
    }
    return MLPIPE_OK;
}

static void hyperplane_row(const mlpipe__synth_spec *s, uint64_t row,
                           double *x)
{
    const uint32_t moving = s->drift_features;
    const double *now = s->walk ? s->walk + (row - s->first) * moving : NULL;
    double all = 0.0, sum = 0.0;

    for (uint32_t j = 0; j < s->features; j++) {
        const double w = j < moving ? now[j] : s->table[j];
        x[j] = mlpipe__synth_unit(s, row, j);
        all += w;
        sum += w * x[j];
    }
    x[s->features] = (sum >= all * 0.5) != streams_turned(s, row);
}

static void hyperplane_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    streams_turned_error(s, r);
    mlpipe__report_table(r, "truth", "column,weight");
    for (uint32_t j = 0; j < s->features; j++) {
        const char *name = s->column[j + (s->order ? 1 : 0)].name;
        mlpipe__report_cell_text(r, name, strlen(name));
        mlpipe__report_cell_number(r, s->table[j]);
    }
}

const mlpipe__synth_kind mlpipe__synth_hyperplane = {
    .name = "hyperplane",
    .takes = "features,noise,change,sigma,drift_features",
    .noise = 0.05,
    .target = "class",
    .classes = true,
    .set_up = hyperplane_set_up,
    .row = hyperplane_row,
    .truth = hyperplane_truth,
};
