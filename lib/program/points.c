/* SPDX-License-Identifier: MIT */
/*
 * Points as they are stored: memory, invariants, and the floats that rule rows
 * out. With u = 2^-24, d features, X and Y the exact coordinates about the
 * centre and |.| the norm (squared for euclidean): a float distance is within
 * b (|X| + |Y|) of the distance of doubles, b = (d + 10) 1.02 u. Rounding the
 * coordinates takes 2.1 u of it, the products and the sum (d + 1) u 1.004, the
 * doubles less than u; of halved squares in the one case, of sums of absolute
 * values in the other.
 */
#include "points_types.h"

mlpipe__points *mlpipe__points_new(mlpipe__env *env, uint32_t features,
                                   uint32_t rows, uint32_t classes)
{
    mlpipe__points *p;
    size_t cells;

    if (mlpipe__mul(features, rows, &cells))
        return NULL;
    p = mlpipe__alloc(env, sizeof *p);
    if (!p)
        return NULL;
    p->env = mlpipe__env_keep(env);
    p->features = features;
    p->rows = rows;
    p->classes = classes;
    p->outputs = classes > 2 ? classes : 1;
    p->x = mlpipe__alloc_array(env, cells, sizeof *p->x);
    p->target = mlpipe__alloc_array(env, rows, sizeof *p->target);
    p->weight = mlpipe__alloc_array(env, rows, sizeof *p->weight);
    if (!p->x || !p->target || !p->weight) {
        mlpipe__points_free(p);
        return NULL;
    }
    return p;
}

static void points_release(mlpipe__points *p)
{
    struct mlpipe__points_engine *e = p->engine;

    if (e) {
        mlpipe__free(p->env, e->centre);
        mlpipe__free(p->env, e->panel);
        mlpipe__free(p->env, e->spread);
    }
    mlpipe__free(p->env, e);
    p->engine = NULL;
}

void mlpipe__points_free(mlpipe__points *p)
{
    mlpipe__env *env;

    if (!p)
        return;
    env = p->env;
    points_release(p);
    mlpipe__free(env, p->x);
    mlpipe__free(env, p->target);
    mlpipe__free(env, p->weight);
    mlpipe__free(env, p);
    mlpipe__env_drop(env);
}

/* ---- invariants --------------------------------------------------------- */

static bool points_within(const double *v, uint64_t n, double low,
                          double high)
{
    uint64_t i;

    for (i = 0; i < n; i++)
        if (!(v[i] >= low && v[i] <= high))
            return false;
    return true;
}

const char *mlpipe__points_check(const mlpipe__points *p,
                                 const mlpipe_limits *limits)
{
    const double most = MLPIPE__POINTS_VALUE_MAX;
    uint32_t i;

    if (!p->features || p->features > MLPIPE__POINTS_FEATURES_MAX ||
        p->rows > UINT32_MAX - POINTS_PANEL || p->classes == 1 ||
        p->classes > limits->classes)
        return "points have more rows, features or classes than allowed";
    if (!p->k || p->k > p->rows || p->k > MLPIPE__POINTS_K_MAX)
        return "points ask for more neighbours than there are, or none";
    if (p->metric - 1 > 1 || p->vote - 1 > 1)
        return "points have a metric or weights that are not known";
    if (!points_within(p->x, (uint64_t)p->rows * p->features, -most, most) ||
        !points_within(p->weight, p->rows, 0x1p-1022, 1e100))
        return "a value or weight of points is out of range";
    for (i = 0; i < p->rows; i++)
        if (p->classes ? !(p->target[i] >= 0 && p->target[i] < p->classes &&
                           p->target[i] == (uint32_t)p->target[i])
                       : !mlpipe__finite(p->target[i]))
            return "a target of points is no number or no class";
    return NULL;
}

/* ---- compiling ---------------------------------------------------------- */

/* Any centre and scale are right; these keep most of the digits. */
static void points_centre(const mlpipe__points *p,
                          struct mlpipe__points_engine *e)
{
    const double *x = p->x;
    const double share = 1.0 / p->rows;
    double far = 0, scale = 1;
    uint32_t f, i;

    for (i = 0; i < p->rows; i++)
        for (f = 0; f < p->features; f++)
            e->centre[f] += *x++ * share;
    for (x = p->x, i = 0; i < p->rows; i++)
        for (f = 0; f < p->features; f++) {
            const double v = *x++ - e->centre[f];

            far = v > far ? v : -v > far ? -v : far;
        }
    while (far * scale > 1 && scale > 0x1p-500)
        scale /= 2;
    while (far > 0 && far * scale <= 0.5 && scale < 0x1p400)
        scale *= 2;
    e->scale = scale;
    e->rounding = (p->features + 10) * (1.02 * 0x1p-24);
    e->unit = p->metric == MLPIPE__POINTS_EUCLIDEAN ? scale * scale / 2
                                                    : scale;
}

static void points_panels(const mlpipe__points *p,
                          struct mlpipe__points_engine *e)
{
    const bool euclid = p->metric == MLPIPE__POINTS_EUCLIDEAN;
    const double *x = p->x;
    uint32_t f, i;

    for (i = 0; i < p->rows; i++) {
        float *to = e->panel + (size_t)(i / POINTS_PANEL) *
                                   (p->features + 1) * POINTS_PANEL +
                    i % POINTS_PANEL;
        double norm = 0;

        for (f = 0; f < p->features; f++) {
            const float v = (float)((*x++ - e->centre[f]) * e->scale);
            const double w = v;

            norm += euclid ? w * w : w < 0 ? -w : w;
            to[(size_t)(f + 1) * POINTS_PANEL] = v;
        }
        *to = (float)((euclid ? norm / 2 : 0) - e->rounding * norm);
        e->spread[i] = (float)(2.001 * e->rounding * norm);
    }
}

bool mlpipe__points_compile(mlpipe__points *p)
{
    struct mlpipe__points_engine *e;

    points_release(p);
    p->engine = e = mlpipe__alloc(p->env, sizeof *e);
    if (!e)
        return false;
    e->isa = mlpipe__mask_isa(p->env);
    e->panels = (p->rows + POINTS_PANEL - 1) / POINTS_PANEL;
    e->centre = mlpipe__alloc_array(p->env, p->features, sizeof *e->centre);
    e->panel = mlpipe__alloc_array(
        p->env, e->panels,
        ((size_t)p->features + 1) * POINTS_PANEL * sizeof *e->panel);
    e->spread = mlpipe__alloc_array(p->env, p->rows, sizeof *e->spread);
    if (!e->centre || !e->panel || !e->spread)
        return false;
    points_centre(p, e);
    points_panels(p, e);
    return true;
}
