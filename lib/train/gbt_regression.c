/* SPDX-License-Identifier: MIT */
/*
 * Losses of a number beyond squared error. Absolute, Huber's and quantile loss
 * have gradients within bounds and a hessian that is the weight. Poisson,
 * gamma and Tweedie are half deviances of exp(score): with A the part of the
 * gradient that pulls up, which y is a factor of, and B the one that pulls
 * down, the gradient is B - A, and a leaf is best where both are the same. (B.
 * Jorgensen, "Exponential dispersion models", 1987; Poisson's hessian is that
 * of LightGBM and XGBoost, a step of 0.7 ahead.)
 */
#include "gbt_types.h"

/* e^0.7 */
#define NUMBER_POISSON_AHEAD 2.0137527074704766
/* Targets of a log link that are not 0 lie within 1e-100 and 1e100; scores are
 * taken no further than their logs, so that no gradient is infinite. */
static const double number_least = 1e-100, number_most = 1e100;
static const double number_log_most = 231;
static const double number_offset_most = 230;
static const double number_huber_level = 0.9;
/* Gradients below this part of the hessians are what rounding makes. */
static const double number_noise = 0x1p-12;

static const char *const number_names[] = {
    "squared", "absolute", "huber", "quantile", "poisson", "gamma", "tweedie"};

/* ---- parameters ---------------------------------------------------------- */

/* Of one that another loss alone reads: is it as it comes? */
static bool number_is_initial(const mlpipe__params *params, const char *key,
                              double initial)
{
    const double x = mlpipe__params_get(params, key)->number;

    return x >= initial && x <= initial;
}

mlpipe_status mlpipe__gbt_number_check(mlpipe_ctx *ctx, const char *name,
                                       const mlpipe__params *params)
{
    static const struct {
        const char *key, *loss;
        double initial;
    } reads[] = {
        {"level", "quantile", 0.5}, {"delta", "huber", 0},
        {"power", "tweedie", 1.5}};
    const char *loss = mlpipe__params_get(params, "loss")->text;

    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (strcmp(loss, reads[i].loss) &&
            !number_is_initial(params, reads[i].key, reads[i].initial))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "%s: %s= is of loss=%s alone, and loss is %s; "
                                "say loss=%s, or take %s= out",
                                name, reads[i].key, reads[i].loss, loss,
                                reads[i].loss, reads[i].key);
    return MLPIPE_OK;
}

static gbt_number_kind number_kind(const mlpipe__params *params)
{
    const char *loss = mlpipe__params_get(params, "loss")->text;
    uint32_t k = sizeof number_names / sizeof *number_names;

    while (--k && strcmp(loss, number_names[k]))
        ;
    if (k != GBT_NUMBER_TWEEDIE)
        return (gbt_number_kind)k;
    /* At its ends the family has the other two. */
    return number_is_initial(params, "power", 1)   ? GBT_NUMBER_POISSON
           : number_is_initial(params, "power", 2) ? GBT_NUMBER_GAMMA
                                                   : GBT_NUMBER_TWEEDIE;
}

bool mlpipe__gbt_number_log_link(const mlpipe__params *params)
{
    return number_kind(params) >= GBT_NUMBER_POISSON;
}

mlpipe_status mlpipe__gbt_number_read(gbt_fit *fit)
{
    const mlpipe__params *params = fit->job->params;
    const char *loss = mlpipe__params_get(params, "loss")->text;
    const bool classes = (fit->opt.task & MLPIPE__TASK_CLASSES) != 0;
    gbt_number *n = &fit->number;

    if (strcmp(loss, "auto") && classes != !strcmp(loss, "logloss"))
        return mlpipe__fail(
            fit->ctx, MLPIPE_E_PARAM,
            classes ? "%s: loss=%s is of a number, and the target has "
                      "classes; take loss= out, which then is logloss, or "
                      "give the recipe task=regression"
                    : "%s: loss=%s is of classes, and the target is a number; "
                      "take loss= out, which then is squared, or give the "
                      "recipe a task of classes",
            fit->job->name, loss);
    n->kind = number_kind(params);
    n->name = classes ? "logloss" : number_names[n->kind];
    n->level = n->kind == GBT_NUMBER_QUANTILE
                   ? mlpipe__params_get(params, "level")->number
                   : 0.5;
    n->delta = mlpipe__params_get(params, "delta")->number;
    n->power = n->kind == GBT_NUMBER_POISSON ? 1
               : n->kind == GBT_NUMBER_GAMMA
                   ? 2
                   : mlpipe__params_get(params, "power")->number;
    n->renews = n->kind == GBT_NUMBER_ABSOLUTE ||
                n->kind == GBT_NUMBER_QUANTILE;
    n->has_log_link = n->kind >= GBT_NUMBER_POISSON;
    n->has_avx2 = mlpipe__has_avx2();
    return MLPIPE_OK;
}

/* ---- targets ------------------------------------------------------------- */

bool mlpipe__gbt_number_fits(const gbt_fit *fit, double y)
{
    const bool none = fit->number.kind != GBT_NUMBER_GAMMA && y >= 0 && y <= 0;

    return fit->number.has_log_link
               ? none || (y >= number_least && y <= number_most)
               : y > -1e150 && y < 1e150;
}

const char *mlpipe__gbt_number_takes(const gbt_fit *fit)
{
    return !fit->number.has_log_link ? "it must be finite and below 1e150"
           : fit->number.kind == GBT_NUMBER_GAMMA
               ? "loss=gamma, and tweedie of power=2, takes numbers above 0, "
                 "from 1e-100 to 1e100"
               : "loss=poisson and loss=tweedie take 0 and numbers above it, "
                 "from 1e-100 to 1e100";
}

/* An offset is a log here; one that is not has no exponential. */
static mlpipe_status number_offsets(const gbt_fit *fit,
                                    const mlpipe__frame *frame)
{
    for (int64_t i = 0; frame && frame->offset && i < frame->rows; i++) {
        const double o = frame->offset[i];
        if (o >= -number_offset_most && o <= number_offset_most)
            continue;
        const long long at = mlpipe__frame_row(frame, i);
        mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                     "%s: the offset of row %lld is %g; loss=%s adds it to "
                     "the log of the answer, so that it lies within -%g and "
                     "%g: give the log of an exposure, not the exposure",
                     fit->job->name, at, o, fit->number.name,
                     number_offset_most, number_offset_most);
        return mlpipe__fail_at(fit->ctx, at, "");
    }
    return MLPIPE_OK;
}

/* ---- gradients ----------------------------------------------------------- */

static double number_within(double x, double most)
{
    return x > most ? most : x < -most ? -most : x;
}

/* A and B of n <= MLPIPE__BLOCK_ROWS rows at scores s, which are lost. */
static void number_pulls(const gbt_number *l, double *s, const double *y,
                         uint32_t n, double *up, double *down)
{
    const double a = 1 - l->power, b = 2 - l->power;
    const bool avx2 = l->has_avx2;

    for (uint32_t i = 0; i < n; i++)
        s[i] = number_within(s[i], number_log_most);
    for (uint32_t i = 0; i < n; i++) {
        up[i] = a * s[i];
        down[i] = b * s[i];
    }
    if (l->kind != GBT_NUMBER_POISSON)
        mlpipe__exp_block(up, up, n, avx2);
    if (l->kind != GBT_NUMBER_GAMMA)
        mlpipe__exp_block(down, down, n, avx2);
    for (uint32_t i = 0; i < n; i++) {
        up[i] = l->kind == GBT_NUMBER_POISSON ? y[i] : y[i] * up[i];
        down[i] = l->kind == GBT_NUMBER_GAMMA ? 1 : down[i];
    }
}

static inline double number_gradient(const gbt_number *l, double s, double y)
{
    switch (l->kind) {
    case GBT_NUMBER_HUBER:
        return number_within(s - y, l->delta);
    case GBT_NUMBER_QUANTILE:
        return s >= y ? 1 - l->level : -l->level;
    default:
        return (double)(s > y) - (double)(s < y);
    }
}

static inline double number_score(const gbt_fit *fit, int64_t i)
{
    const double *const offset = fit->job->train->offset;

    return fit->base[0] + fit->score_scale * fit->score[i] +
           (offset ? offset[i] : 0);
}

void mlpipe__gbt_number_gradients(const gbt_fit *fit, int64_t first,
                                  int64_t last)
{
    const mlpipe__frame *frame = fit->job->train;
    const double per_g = 1 / fit->g_scale, per_h = 1 / fit->h_scale;

    for (int64_t i = first; i < last && fit->number.has_log_link; i++) {
        fit->grad[i].g = gbt_fixed(fit->slope[i].g * per_g);
        fit->grad[i].h = (uint32_t)(fit->slope[i].h * per_h + 0.5);
    }
    for (int64_t i = first; i < last && !fit->number.has_log_link; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        const double g = number_gradient(&fit->number, number_score(fit, i),
                                         frame->target[i]);
        fit->grad[i].g = gbt_fixed(g * w * per_g);
        fit->grad[i].h = gbt_fixed_weight(fit, w);
    }
}

/* Gradients and hessians of n rows, and the greatest of them. */
static void number_slopes(const gbt_fit *fit, int64_t first, uint32_t n,
                          double *most_g, double *most_h)
{
    const mlpipe__frame *frame = fit->job->train;
    const gbt_number *l = &fit->number;
    const bool poisson = l->kind == GBT_NUMBER_POISSON;
    const double of_up = poisson ? 0 : l->power - 1;
    const double of_down = poisson ? NUMBER_POISSON_AHEAD : 2 - l->power;
    double s[MLPIPE__BLOCK_ROWS], up[MLPIPE__BLOCK_ROWS];
    double down[MLPIPE__BLOCK_ROWS];

    for (uint32_t i = 0; i < n; i++)
        s[i] = number_score(fit, first + i);
    number_pulls(l, s, frame->target + first, n, up, down);
    for (uint32_t i = 0; i < n; i++) {
        const double w = frame->weight ? frame->weight[first + i] : 1;
        const double g = (down[i] - up[i]) * w;
        const double h = (of_up * up[i] + of_down * down[i]) * w;
        fit->slope[first + i] = (gbt_slope){g, h};
        *most_g = g > *most_g ? g : -g > *most_g ? -g : *most_g;
        *most_h = h > *most_h ? h : *most_h;
    }
}

/* Of every tasks-th block. */
static void number_slope_task(void *arg, uint32_t t)
{
    const gbt_fit *fit = arg;
    const int64_t rows = fit->rows, step = MLPIPE__BLOCK_ROWS;
    double g = 0, h = 0;

    for (int64_t at = t * step; at < rows; at += fit->tasks * step) {
        const int64_t rest = rows - at;
        number_slopes(fit, at, (uint32_t)(rest < step ? rest : step), &g, &h);
    }
    fit->peak[t] = g;
    fit->peak[fit->tasks + t] = h;
}

mlpipe_status mlpipe__gbt_number_scales(gbt_fit *fit)
{
    double g = 0, h = 0;
    const mlpipe_status st = mlpipe__parallel(fit->ctx, number_slope_task,
                                              fit, fit->tasks);

    for (uint32_t t = 0; t < fit->tasks && !st; t++) {
        g = fit->peak[t] > g ? fit->peak[t] : g;
        h = fit->peak[fit->tasks + t] > h ? fit->peak[fit->tasks + t] : h;
    }
    g = g > h * number_noise ? g : h * number_noise;
    fit->g_scale =
        mlpipe__gbt_power(g) / (double)((int64_t)1 << GBT_GRADIENT_BITS);
    fit->h_scale = gbt_hessian_unit(fit, h);
    return st;
}

/*
 * Newton's step, but no further than where the leaf's own loss is least:
 * where the answer is far off it overshoots, and exp makes much of that. Sums
 * are those of gradients and hessians, of which A and B are combinations.
 */
double mlpipe__gbt_number_step(const gbt_fit *fit, const gbt_open *leaf)
{
    const gbt_number *l = &fit->number;
    const double g = (double)leaf->sum.g * fit->g_scale;
    const double h = gbt_cell_hessian(fit, leaf->sum);
    const bool poisson = l->kind == GBT_NUMBER_POISSON;
    const double down = poisson ? h / NUMBER_POISSON_AHEAD
                                : h + (l->power - 1) * g;
    const double up = poisson ? down - g : h - (2 - l->power) * g;
    double v = h + leaf->l2 > 0 ? -g / (h + leaf->l2) : 0;

    if (up > 0 && down > 0) {
        const double best = mlpipe__log(up / down);
        v = (v > 0 && best < v) || (v < 0 && best > v) ? best : v;
    }
    v /= fit->g_scale;
    return v > leaf->high ? leaf->high : v < leaf->low ? leaf->low : v;
}

/* ---- where it begins and how far it goes --------------------------------- */

/* Of each row that counts sign * (target - centre), or how large that is where
 * the sign is 0, with its weight. Gives how many. */
static uint32_t number_values(gbt_fit *fit, double centre, int32_t sign)
{
    const mlpipe__frame *frame = fit->job->train;
    uint32_t n = 0;

    for (int64_t i = 0; i < frame->rows; i++) {
        const double d = frame->target[i] - centre;
        if (!gbt_counts(frame, i))
            continue;
        fit->value[n].x = sign ? sign * d : d < 0 ? -d : d;
        fit->value[n].w =
            gbt_fixed_weight(fit, frame->weight ? frame->weight[i] : 1);
        n += fit->value[n].w > 0;
    }
    return n;
}

/* Huber's delta, and the base: the median and a step from there (J. Friedman,
 * "Greedy function approximation", 2001, algorithm 4). */
static mlpipe_status number_base_huber(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    const double median = fit->base[0];
    mlpipe__exact up, all;

    if (!(fit->number.delta > 0)) {
        const uint32_t n = number_values(fit, median, 0);
        fit->number.delta =
            mlpipe__gbt_quantile(fit->value, n, number_huber_level);
        if (!(fit->number.delta > 0) &&
            mlpipe__gbt_greatest(fit->value, n, 1) > 0)
            return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                                "%s: at least 90 %% of the targets are %g, so "
                                "that no delta follows from how far they lie "
                                "from it; give loss=huber a delta=",
                                fit->job->name, median);
    }
    mlpipe__exact_init(&up);
    mlpipe__exact_init(&all);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        mlpipe__exact_add_product(
            &up, w,
            number_within(frame->target[i] - median, fit->number.delta));
        mlpipe__exact_add(&all, w);
    }
    fit->base[0] =
        median + mlpipe__exact_value(&up) / mlpipe__exact_value(&all);
    return MLPIPE_OK;
}

/* The constant that is best beside the offsets. */
static mlpipe_status number_base_log(gbt_fit *fit)
{
    const mlpipe__frame *frame = fit->job->train;
    mlpipe_status st = number_offsets(fit, frame);
    mlpipe__exact up, down;

    if (!st)
        st = number_offsets(fit, fit->job->valid);
    if (st)
        return st;
    mlpipe__exact_init(&up);
    mlpipe__exact_init(&down);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double w = frame->weight ? frame->weight[i] : 1;
        double o = frame->offset ? frame->offset[i] : 0, a, b;
        number_pulls(&fit->number, &o, frame->target + i, 1, &a, &b);
        mlpipe__exact_add_product(&up, w, a);
        mlpipe__exact_add_product(&down, w, b);
    }
    if (!(mlpipe__exact_value(&up) > 0))
        return mlpipe__fail(fit->ctx, MLPIPE_E_NUMERIC,
                            "%s: all targets are 0, of which loss=%s learns "
                            "nothing, since exp(score) never is; give rows "
                            "with a target above 0",
                            fit->job->name, fit->number.name);
    fit->base[0] = number_within(mlpipe__log(mlpipe__exact_value(&up) /
                                             mlpipe__exact_value(&down)),
                                 number_log_most);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__gbt_number_base(gbt_fit *fit)
{
    if (fit->number.has_log_link) {
        fit->peak = mlpipe__alloc_array(fit->env, fit->tasks,
                                        2 * sizeof *fit->peak);
        fit->slope = mlpipe__alloc_array(fit->env, fit->rows,
                                         sizeof *fit->slope);
        return fit->peak && fit->slope ? number_base_log(fit)
                                       : mlpipe__nomem(fit->ctx);
    }
    fit->value = mlpipe__alloc_array(fit->env, fit->rows, sizeof *fit->value);
    if (!fit->value)
        return mlpipe__nomem(fit->ctx);
    const uint32_t n = number_values(fit, 0, 1);
    fit->base[0] = mlpipe__gbt_quantile(fit->value, n, fit->number.level);
    return fit->number.kind == GBT_NUMBER_HUBER ? number_base_huber(fit)
                                                : MLPIPE_OK;
}

/* Of a quantile so many rows of a leaf lie beyond it, if they count alike. */
static uint32_t number_rank(const gbt_fit *fit, double share, uint32_t n)
{
    const double rows = share * fit->opt.min_rows;
    const uint32_t k = (uint32_t)rows + (rows > (uint32_t)rows);

    return fit->job->train->weight || !k ? 1 : gbt_min_u32(k, n);
}

static double number_reach_log(const gbt_fit *fit)
{
    enum { STEP_MAX = 16 };
    const mlpipe__frame *frame = fit->job->train;
    double low = mlpipe__inf(), high = 0;

    for (int64_t i = 0; i < frame->rows; i++) {
        const double y = frame->target[i];
        if (!gbt_counts(frame, i))
            continue;
        low = y < low ? y : low;
        high = y > high ? y : high;
    }
    return low < high || frame->offset ? STEP_MAX : 0;
}

/*
 * A leaf that is renewed reaches no further than its outermost rows, of which
 * there are several on either side: one target far from all others makes the
 * unit of scores no coarser.
 */
double mlpipe__gbt_number_reach(gbt_fit *fit)
{
    const gbt_number *l = &fit->number;
    double up, down;
    uint32_t n;

    if (l->has_log_link)
        return number_reach_log(fit);
    n = number_values(fit, fit->base[0], 1);
    const uint32_t above = number_rank(fit, 1 - l->level, n);
    const uint32_t below = number_rank(fit, l->level, n);
    up = mlpipe__gbt_greatest(fit->value, n, l->renews ? above : 1);
    n = number_values(fit, fit->base[0], -1);
    down = mlpipe__gbt_greatest(fit->value, n, l->renews ? below : 1);
    up = up > 0 ? up : 0;
    down = down > 0 ? down : 0;
    if (l->kind == GBT_NUMBER_HUBER)
        return 2 * (up + down) < l->delta ? 2 * (up + down) : l->delta;
    return up + down;
}

/* ---- losses -------------------------------------------------------------- */

void mlpipe__gbt_number_losses(const gbt_fit *fit, const mlpipe__frame *frame,
                               int64_t first, uint32_t n, double *out)
{
    const gbt_number *l = &fit->number;

    for (uint32_t i = 0; i < n; i++) {
        const double y = frame->target[first + i], s = out[i];
        switch (l->kind) {
        case GBT_NUMBER_HUBER:
            out[i] = mlpipe__loss_huber_at(l->delta, y, s);
            break;
        case GBT_NUMBER_QUANTILE:
            out[i] = mlpipe__loss_pinball_at(l->level, y, s);
            break;
        case GBT_NUMBER_POISSON:
        case GBT_NUMBER_GAMMA:
        case GBT_NUMBER_TWEEDIE:
            out[i] = mlpipe__loss_tweedie_at(
                l->power, y,
                mlpipe__exp(number_within(s, number_log_most)));
            break;
        default:
            out[i] = mlpipe__loss_absolute(y, s);
        }
    }
}
