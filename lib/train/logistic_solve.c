/* SPDX-License-Identifier: MIT */
/*
 * Where the objective of logistic regression is least. One loop serves all
 * cases: a step from the second derivatives at hand, which are those of an
 * earlier point as long as steps go well, and then of this one; the steps
 * since are remembered (quasi-Newton, L-BFGS), so that old derivatives lose
 * little. Corners of the penalty make the step a quadratic form of their own.
 * The start comes from a part of the rows.
 */
#include "logistic_types.h"

enum { SOLVE_HALVINGS = 30, SOLVE_IDLE = 5, SOLVE_SETTLE = 60 };

static const double solve_eps = 0x1p-52;

static double solve_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i += MLPIPE__SUM_BLOCK)
        sum += mlpipe__block_dot(a + i, b + i,
                                 n - i < MLPIPE__SUM_BLOCK
                                     ? (uint32_t)(n - i)
                                     : MLPIPE__SUM_BLOCK);
    return sum;
}

static double solve_size(double x)
{
    return x < 0 ? -x : x;
}

/* ---- the objective ------------------------------------------------------ */

/* The mean over all classes that the penalty takes forms about: they are less
 * the last class, and the penalty is of all classes about their mean. */
static double solve_centre(const logistic_fit *fit, const double *theta,
                           uint32_t f)
{
    double sum = 0;

    if (fit->classes == 2 || fit->forms == fit->classes)
        return 0;
    for (uint32_t k = 0; k < fit->forms; k++)
        sum += theta[(size_t)k * fit->q + f];
    return sum / fit->classes;
}

static double solve_corners(const logistic_fit *fit, const double *theta)
{
    double sum = 0;

    for (uint32_t k = 0; k < fit->forms && fit->corner > 0; k++)
        for (uint32_t f = 0; f < fit->p; f++)
            sum += solve_size(theta[(size_t)k * fit->q + f]);
    return fit->corner * sum;
}

/* Penalty; the gradient of its smooth part is added. */
static double solve_penalty(const logistic_fit *fit, const double *theta,
                            double *gradient)
{
    double sum = 0;

    for (uint32_t f = 0; f < fit->p; f++) {
        const double centre = solve_centre(fit, theta, f);

        for (uint32_t k = 0; k < fit->forms; k++) {
            const size_t at = (size_t)k * fit->q + f;
            const double w = theta[at] - centre;

            sum += theta[at] * w;
            gradient[at] += fit->smooth * w;
        }
    }
    return fit->smooth * sum / 2 + solve_corners(fit, theta);
}

/* Objective, loss and gradient at a point. Where no row has a weight the
 * value is infinite. */
static mlpipe_status solve_point(logistic_fit *fit, const double *theta,
                                 uint32_t take, bool matrices,
                                 double *gradient, double *value,
                                 double *loss)
{
    const logistic_pass pass = {theta, take, matrices};
    const mlpipe_status st = mlpipe__logistic_pass(fit, &pass);
    const double weight = fit->sums[0];

    if (st)
        return st;
    *value = *loss = mlpipe__inf();
    if (!(weight > 0))
        return MLPIPE_OK;
    *loss = fit->sums[1] / weight;
    for (size_t i = 0; i < fit->size; i++)
        gradient[i] = fit->sums[LOGISTIC_SUMS + i] / weight;
    *value = *loss + solve_penalty(fit, theta, gradient);
    return MLPIPE_OK;
}

double mlpipe__logistic_gap(const logistic_fit *fit, const double *theta,
                            const double *gradient)
{
    double most = 0;

    for (uint32_t k = 0; k < fit->forms; k++)
        for (uint32_t f = 0; f < fit->q; f++) {
            const size_t at = (size_t)k * fit->q + f;
            const double corner = f < fit->p ? fit->corner : 0;
            double g = gradient[at];

            if (theta[at] > 0 || theta[at] < 0)
                g += theta[at] > 0 ? corner : -corner;
            else
                g = solve_size(g) > corner ? solve_size(g) - corner : 0;
            g = solve_size(g) / fit->scale[f];
            most = g > most || g != g ? g : most;
        }
    return most;
}

/* ---- second derivatives ------------------------------------------------- */

/* Factors the matrix at hand. With a penalty, or on a part of the rows, a
 * diagonal that is a little larger makes do. */
static mlpipe_status solve_factor(logistic_fit *fit, bool strict)
{
    uint32_t bad = mlpipe__logistic_factor(fit, 0);

    fit->remembered = 0;
    for (double ease = 1e-12; bad < fit->size && !strict && ease < 1;
         ease *= 100)
        bad = mlpipe__logistic_factor(fit, ease);
    return bad < fit->size && strict ? mlpipe__logistic_collinear(fit, bad)
                                     : MLPIPE_OK;
}

/* The matrix at theta, from a pass that gives the gradient anew. */
static mlpipe_status solve_refresh(logistic_fit *fit, uint32_t take)
{
    mlpipe_status st = solve_point(fit, fit->theta, take, true, fit->gradient,
                                   &fit->value, &fit->loss);

    if (st || !(fit->sums[0] > 0))
        return st;
    mlpipe__logistic_square(fit);
    return fit->corner > 0 ? MLPIPE_OK : solve_factor(fit, false);
}

/* Without a matrix: its diagonal where all rows are as likely as the shares
 * of the classes say. */
static void solve_diagonal(const logistic_fit *fit, double *b)
{
    for (uint32_t k = 0; k < fit->forms; k++) {
        const double share = fit->share[fit->classes == 2 ? 1 : k];

        for (uint32_t f = 0; f < fit->q; f++)
            b[(size_t)k * fit->q + f] /=
                share * (1 - share) * fit->scale[f] * fit->scale[f] +
                (f < fit->p ? fit->smooth : 0);
    }
}

/* ---- steps -------------------------------------------------------------- */

/* J. Nocedal, Updating quasi-Newton matrices with limited storage, Math.
 * Comp. 35 (1980): the newest pair is the last. */
static void solve_quasi(logistic_fit *fit)
{
    const size_t n = fit->size;
    double alpha[LOGISTIC_MEMORY], *d = fit->step;

    for (size_t i = 0; i < n; i++)
        d[i] = -fit->gradient[i];
    for (uint32_t k = fit->remembered; k-- > 0;) {
        const double *s = fit->moves + k * n, *y = fit->turns + k * n;

        alpha[k] = solve_dot(s, d, n) / fit->curve[k];
        for (size_t i = 0; i < n; i++)
            d[i] -= alpha[k] * y[i];
    }
    if (fit->has_factor)
        mlpipe__logistic_divide(fit, d);
    else
        solve_diagonal(fit, d);
    for (uint32_t k = 0; k < fit->remembered; k++) {
        const double *s = fit->moves + k * n, *y = fit->turns + k * n;
        const double beta = solve_dot(y, d, n) / fit->curve[k];

        for (size_t i = 0; i < n; i++)
            d[i] += (alpha[k] - beta) * s[i];
    }
}

static void solve_remember(logistic_fit *fit)
{
    const size_t n = fit->size;
    double *s, *y;

    if (fit->corner > 0)
        return;
    if (fit->remembered == LOGISTIC_MEMORY) {
        const size_t keep = (LOGISTIC_MEMORY - 1) * n;
        memmove(fit->moves, fit->moves + n, keep * sizeof *fit->moves);
        memmove(fit->turns, fit->turns + n, keep * sizeof *fit->turns);
        memmove(fit->curve, fit->curve + 1,
                (LOGISTIC_MEMORY - 1) * sizeof *fit->curve);
        fit->remembered--;
    }
    s = fit->moves + fit->remembered * n;
    y = fit->turns + fit->remembered * n;
    for (size_t i = 0; i < n; i++) {
        s[i] = fit->next[i] - fit->theta[i];
        y[i] = fit->next_gradient[i] - fit->gradient[i];
    }
    const double curve = solve_dot(s, y, n);
    if (curve > solve_eps * solve_dot(y, y, n) * 1e-6 && curve > 0)
        fit->curve[fit->remembered++] = curve;
}

static void solve_swap(double **a, double **b)
{
    double *const c = *a;

    *a = *b;
    *b = c;
}

/*
 * Along fit->step until the objective falls as its slope promises (Armijo).
 * Where both values are equal but for rounding the gradient decides. *moved is
 * false where no length will do.
 */
static mlpipe_status solve_line(logistic_fit *fit, uint32_t take,
                                bool *moved)
{
    const size_t n = fit->size;
    double slope = solve_dot(fit->gradient, fit->step, n), value, loss;
    double length = 1;

    for (size_t i = 0; i < n; i++)
        fit->next[i] = fit->theta[i] + fit->step[i];
    slope += solve_corners(fit, fit->next) - solve_corners(fit, fit->theta);
    *moved = false;
    /* Next to the least value the sign of a slope is rounding. */
    if (!(slope < 16 * solve_eps * fit->value))
        return MLPIPE_OK;
    for (uint32_t k = 0; k < SOLVE_HALVINGS; k++, length /= 2) {
        mlpipe_status st;

        for (size_t i = 0; i < n; i++)
            fit->next[i] = fit->theta[i] + length * fit->step[i];
        st = solve_point(fit, fit->next, take, false, fit->next_gradient,
                         &value, &loss);
        if (st)
            return st;
        const double fall = value - fit->value;
        const double gap =
            mlpipe__logistic_gap(fit, fit->next, fit->next_gradient);
        if (fall <= 1e-4 * length * slope ||
            (solve_size(fall) <= 16 * solve_eps * fit->value &&
             gap < 2 * fit->gap)) {
            solve_remember(fit);
            solve_swap(&fit->theta, &fit->next);
            solve_swap(&fit->gradient, &fit->next_gradient);
            fit->value = value;
            fit->loss = loss;
            *moved = true;
            return MLPIPE_OK;
        }
        if (solve_size(fall) <= 16 * solve_eps * fit->value)
            return MLPIPE_OK; /* shorter steps tell no more */
    }
    return MLPIPE_OK;
}

/* ---- the loop ----------------------------------------------------------- */

/* How the search over some of the rows goes. */
typedef struct solve_part {
    uint32_t take, most;
    double tol;
    bool fresh;   /* the matrix is that of theta and of these rows */
    uint32_t idle; /* steps in a row that brought nothing */
    double best;  /* the least gap so far */
} solve_part;

/* One step, or new second derivatives; *over where neither helps. */
static mlpipe_status solve_once(logistic_fit *fit, solve_part *part,
                                bool *over)
{
    const double before = fit->gap, value = fit->value;
    mlpipe_status st = MLPIPE_OK;
    bool moved;

    if (fit->corner > 0)
        st = mlpipe__logistic_lasso(fit, before * 0.01 > part->tol * 0.1
                                             ? before * 0.01
                                             : part->tol * 0.1);
    else
        solve_quasi(fit);
    if (!st)
        st = solve_line(fit, part->take, &moved);
    if (st)
        return st;
    fit->gap = mlpipe__logistic_gap(fit, fit->theta, fit->gradient);
    part->idle = moved && (fit->gap < 0.9 * part->best ||
                           value - fit->value > 1e-14 * value)
                     ? 0
                     : part->idle + 1;
    part->best = fit->gap < part->best ? fit->gap : part->best;
    if (!moved && fit->remembered && !fit->square) {
        fit->remembered = 0;
        return MLPIPE_OK;
    }
    *over = part->idle > SOLVE_IDLE || mlpipe__logistic_lasso_spent(fit) ||
            (!moved && (part->fresh || !fit->square));
    part->fresh = part->fresh && !moved;
    const double slow = fit->paired > 1 ? 0.5 : 0.25;
    if (!fit->square || part->fresh || *over || fit->gap <= part->tol ||
        (moved && fit->gap < slow * before))
        return MLPIPE_OK;
    part->fresh = true;
    st = solve_refresh(fit, part->take);
    fit->gap = mlpipe__logistic_gap(fit, fit->theta, fit->gradient);
    return st;
}

/* On the first `take` rows of each block of 4,096. */
static mlpipe_status solve_rows(logistic_fit *fit, solve_part *part,
                                bool start_fresh)
{
    mlpipe_status st;
    bool over = false;

    fit->remembered = 0;
    if (start_fresh && fit->square) {
        st = solve_refresh(fit, part->take);
        part->fresh = true;
    } else {
        st = solve_point(fit, fit->theta, part->take, false, fit->gradient,
                         &fit->value, &fit->loss);
    }
    if (st || !mlpipe__finite(fit->value))
        return st;
    fit->gap = mlpipe__logistic_gap(fit, fit->theta, fit->gradient);
    part->best = fit->gap;
    for (uint32_t k = 0; k < part->most && !over && !st; k++) {
        if (fit->gap <= part->tol)
            break;
        st = solve_once(fit, part, &over);
    }
    return st;
}

/* No coefficient says anything; beside offsets the constant does, so that the
 * first step is not one from where all rows are sure. */
static void solve_zero(logistic_fit *fit)
{
    memset(fit->theta, 0, fit->size * sizeof *fit->theta);
    if (fit->rows->offset && fit->intercept)
        fit->theta[fit->p] = fit->start;
}

/*
 * A start from some rows of each block, while they are many beside the
 * coefficients and few beside all rows. *found: there is a matrix from them.
 */
static mlpipe_status solve_start(logistic_fit *fit, bool *found)
{
    static const uint32_t takes[] = {64, LOGISTIC_UNIT};
    const double even = fit->rows->offset
                            ? mlpipe__inf()
                            : mlpipe__log((double)fit->classes);
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < 2 && !st; i++) {
        const double rows = (double)(fit->blocks * takes[i]);
        solve_part part = {.take = takes[i], .most = 8, .tol = 1e-3};

        if (!fit->square || rows < 20 * (double)fit->size ||
            4 * rows > (double)fit->rows->rows)
            continue;
        st = solve_rows(fit, &part, true);
        *found = !st && mlpipe__finite(fit->value) && fit->value < even;
        if (!*found)
            solve_zero(fit);
    }
    return st;
}

/*
 * Without a penalty a small gradient proves nothing: where a combination of
 * features tells classes apart it goes to zero while the coefficients go to
 * infinity, and Newton's step then stays one unit of log odds long. The fit
 * is settled once that step is short.
 */
static mlpipe_status solve_settle(logistic_fit *fit)
{
    mlpipe_status st = MLPIPE_OK;
    bool moved = true;

    for (uint32_t k = 0; k < SOLVE_SETTLE; k++) {
        double most = 0;

        st = solve_refresh(fit, LOGISTIC_BLOCK);
        if (st)
            return st;
        if (mlpipe__logistic_factor(fit, 0) < fit->size)
            return mlpipe__logistic_separated(fit, fit->step);
        solve_quasi(fit);
        for (size_t i = 0; i < fit->size; i++) {
            const double x = solve_size(fit->step[i]) *
                             fit->scale[i % fit->q];
            most = x > most ? x : most;
        }
        fit->gap = mlpipe__logistic_gap(fit, fit->theta, fit->gradient);
        if (most <= 1e-3)
            return MLPIPE_OK;
        if (fit->least < 1e-10 || !moved)
            return mlpipe__logistic_separated(fit, fit->step);
        st = solve_line(fit, LOGISTIC_BLOCK, &moved);
        if (st)
            return st;
    }
    return mlpipe__logistic_separated(fit, fit->step);
}

static mlpipe_status solve_unfinished(const logistic_fit *fit)
{
    return mlpipe__fail(
        fit->ctx, MLPIPE_E_NUMERIC,
        "%s: after %u passes over the rows the gradient is %g, and tol=%g is "
        "asked for; add scale before it, raise l2 (it is %g), iterations "
        "(it is %u) or tol",
        fit->job->name, fit->passes, fit->gap, fit->tol, fit->l2, fit->most);
}

mlpipe_status mlpipe__logistic_solve(logistic_fit *fit)
{
    solve_part part = {.take = LOGISTIC_BLOCK, .most = fit->most,
                       .tol = fit->tol};
    const bool free_fit = !(fit->l2 > 0);
    bool found = false;
    mlpipe_status st = MLPIPE_OK;

    solve_zero(fit);
    if (free_fit) { /* at zero all rows count alike: are columns the same? */
        st = solve_refresh(fit, part.take);
        if (!st)
            st = solve_factor(fit, true);
    }
    if (!st)
        st = solve_start(fit, &found);
    if (!st)
        st = solve_rows(fit, &part, !found || fit->paired == 1);
    if (st)
        return st;
    if (free_fit)
        return solve_settle(fit);
    /* Below it only rounding is left: no step lowered the objective. */
    if (fit->gap > fit->tol && !(part.idle && fit->gap < 1e-7))
        return solve_unfinished(fit);
    return MLPIPE_OK;
}
