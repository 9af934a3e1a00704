/* SPDX-License-Identifier: MIT */
/*
 * Distributions of single columns. Values that repeat are mass points with
 * their own share; what lies between two of them is a run, of which quantiles
 * are kept, so that no value of it is drawn as it was seen.
 */
#include "synth_copula.h"

enum { MARGIN_KNOTS = 1000, MARGIN_FEW = 200, MARGIN_OFTEN = 5,
       MARGIN_DIGITS_MAX = 4 };

static bool margin_room(mlpipe__margin *m, uint32_t more)
{
    const uint32_t needs = m->count + more + 2;
    uint32_t room = m->room ? m->room : 32;
    double **const array[] = {&m->p, &m->z, &m->low, &m->high};

    if (needs <= m->room)
        return true;
    while (room < needs)
        room *= 2;
    for (uint32_t i = 0; i < 4; i++) {
        double *grown = mlpipe__grow(m->env, *array[i], room, sizeof grown[0]);
        if (!grown)
            return false;
        *array[i] = grown;
    }
    m->room = room;
    return true;
}

/* One more segment, up to the probability p. */
static void margin_add(mlpipe__margin *m, double p, double low, double high)
{
    m->low[m->count] = low;
    m->high[m->count] = high;
    m->p[++m->count] = p;
    m->z[m->count] = mlpipe__normal_quantile(p);
}

static bool margin_point(mlpipe__margin *m, double value, double p)
{
    if (!margin_room(m, 1))
        return false;
    m->points++;
    margin_add(m, p, value, value);
    return true;
}

/* m values v that rise, behind `before` of all n. */
static bool margin_run(mlpipe__margin *m, const double *v, uint64_t count,
                       uint64_t before, uint64_t n)
{
    uint64_t knots = count < 2 ? 0 : 2 + MARGIN_KNOTS * count / n;

    if (!count)
        return true;
    if (count == 1 || v[0] == v[count - 1])
        return margin_point(m, v[0], (double)(before + count) / (double)n);
    if (knots > count)
        knots = count;
    if (!margin_room(m, (uint32_t)knots))
        return false;
    m->runs++;
    for (uint64_t k = 0; k + 1 < knots; k++) {
        const double from = (double)k / (double)(knots - 1);
        const double to = (double)(k + 1) / (double)(knots - 1);
        const double p = ((double)before + (double)count * to) / (double)n;
        margin_add(m, k + 2 == knots ? (double)(before + count) / (double)n
                                     : p,
                   mlpipe__quantile_sorted(v, count, from),
                   mlpipe__quantile_sorted(v, count, to));
    }
    return true;
}

static uint64_t margin_same(const double *v, uint64_t at, uint64_t n)
{
    uint64_t k = 1;

    while (at + k < n && v[at + k] == v[at])
        k++;
    return k;
}

/* The fewest digits behind the point that all values have. */
static int32_t margin_digits(const double *v, uint64_t n)
{
    for (int32_t d = 0; d <= MARGIN_DIGITS_MAX; d++) {
        uint64_t i = 0;
        while (i < n && mlpipe__round_digits(v[i], d) == v[i])
            i++;
        if (i == n)
            return d;
    }
    return MLPIPE__COPULA_UNROUNDED;
}

bool mlpipe__margin_make(mlpipe__margin *m, const double *v, uint64_t n,
                         bool whole)
{
    uint64_t distinct = 0, run = 0;

    m->rows = (double)n;
    m->digits = whole ? 0 : margin_digits(v, n);
    for (uint64_t i = 0; i < n; i += margin_same(v, i, n))
        distinct++;
    const bool points = distinct <= MARGIN_FEW
        && (distinct * MARGIN_OFTEN <= n || distinct <= 2);
    const uint64_t often = n / MARGIN_FEW < MARGIN_OFTEN ? MARGIN_OFTEN
                                                         : n / MARGIN_FEW;
    if (!margin_room(m, 1))
        return false;
    m->p[0] = 0.0;
    m->z[0] = -mlpipe__inf();
    for (uint64_t i = 0; i < n;) {
        const uint64_t same = margin_same(v, i, n);
        if (points || same >= often) {
            if (!margin_run(m, v + run, i - run, run, n)
                || !margin_point(m, v[i], (double)(i + same) / (double)n))
                return false;
            run = i + same;
        }
        i += same;
    }
    return margin_run(m, v + run, n - run, run, n);
}

bool mlpipe__margin_codes(mlpipe__margin *m, const uint64_t *counts,
                          const uint32_t *order, uint32_t codes)
{
    uint64_t all = 0, done = 0;

    m->digits = 0;
    m->codes = codes;
    m->code_z = mlpipe__alloc_array(m->env, codes, sizeof m->code_z[0]);
    if (!m->code_z || !margin_room(m, codes))
        return false;
    for (uint32_t i = 0; i < codes; i++)
        all += counts[i];
    m->rows = (double)all;
    m->p[0] = 0.0;
    m->z[0] = -mlpipe__inf();
    for (uint32_t i = 0; i < codes; i++) {
        const uint32_t code = order[i];
        const double from = (double)done / (double)all;
        m->code_z[code] = mlpipe__nan();
        if (!counts[code])
            continue;
        done += counts[code];
        const double to = (double)done / (double)all;
        m->code_z[code] = mlpipe__normal_quantile(0.5 * (from + to));
        if (!margin_point(m, code, to))
            return false;
    }
    return true;
}

void mlpipe__margin_free(mlpipe__margin *m)
{
    mlpipe__free(m->env, m->p);
    mlpipe__free(m->env, m->z);
    mlpipe__free(m->env, m->low);
    mlpipe__free(m->env, m->high);
    mlpipe__free(m->env, m->code_z);
}

/* ---- scores and values -------------------------------------------------- */

/* Within segment k, at this part of it. By probabilities where an end is
 * infinite, else by scores: both agree at the ends. */
static double margin_at(const mlpipe__margin *m, uint32_t k, double part)
{
    if (mlpipe__finite(m->z[k]) && mlpipe__finite(m->z[k + 1]))
        return m->z[k] + part * (m->z[k + 1] - m->z[k]);
    const double least = 0.5 / m->rows;
    const double p = m->p[k] + part * (m->p[k + 1] - m->p[k]);
    return mlpipe__normal_quantile(p < least ? least
                                   : p > 1.0 - least ? 1.0 - least : p);
}

static double margin_middle(const mlpipe__margin *m, uint32_t k)
{
    return mlpipe__normal_quantile(0.5 * (m->p[k] + m->p[k + 1]));
}

/* The first segment whose end is not below the value; count: none. */
static uint32_t margin_find(const mlpipe__margin *m, double value)
{
    uint32_t low = 0, high = m->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (m->high[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    /* A run may end at a value that is a mass point too. */
    if (low + 1 < m->count && m->high[low] == value
        && m->low[low + 1] == value && m->high[low + 1] == value)
        low++;
    return low;
}

double mlpipe__margin_score(const mlpipe__margin *m, double value)
{
    if (m->code_z)
        return m->code_z[(uint32_t)value];
    const uint32_t k = margin_find(m, value);
    if (k == m->count)
        return margin_at(m, m->count - 1, 1.0);
    if (m->low[k] == m->high[k])
        return margin_middle(m, k);
    const double part = (value - m->low[k]) / (m->high[k] - m->low[k]);
    return margin_at(m, k, part < 0.0 ? 0.0 : part);
}

static double margin_round(const mlpipe__margin *m, double value)
{
    return m->digits == MLPIPE__COPULA_UNROUNDED ? value
        : m->digits ? mlpipe__round_digits(value, m->digits)
                    : mlpipe__round_even(value);
}

double mlpipe__margin_value(const mlpipe__margin *m, double z)
{
    uint32_t low = 0, high = m->count - 1;
    double part;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (m->z[middle + 1] <= z)
            low = middle + 1;
        else
            high = middle;
    }
    if (m->low[low] == m->high[low])
        return m->low[low];
    if (mlpipe__finite(m->z[low]) && mlpipe__finite(m->z[low + 1]))
        part = (z - m->z[low]) / (m->z[low + 1] - m->z[low]);
    else
        part = (mlpipe__normal_tail(-z) - m->p[low])
            / (m->p[low + 1] - m->p[low]);
    part = part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part;
    return margin_round(m, m->low[low] + part * (m->high[low] - m->low[low]));
}

/* Scores of the part of segment k that lies in a .. b, within r of them where
 * values are rounded; false: none of it does. */
static bool margin_part(const mlpipe__margin *m, uint32_t k, double a,
                        double b, double r, double *from, double *to)
{
    const double low = m->low[k], high = m->high[k];

    *from = m->z[k];
    *to = m->z[k + 1];
    if (low == high)
        return low >= a && low <= b;
    if (high < a - r || low > b + r)
        return false;
    if (low < a - r)
        *from = margin_at(m, k, (a - r - low) / (high - low));
    if (high > b + r)
        *to = margin_at(m, k, (b + r - low) / (high - low));
    return true;
}

bool mlpipe__margin_range(const mlpipe__margin *m, double a, double b,
                          double *from, double *to)
{
    double r = 0.5;
    bool any = false;

    for (int32_t d = 0; d < m->digits; d++)
        r /= 10.0;
    if (m->digits == MLPIPE__COPULA_UNROUNDED)
        r = 0.0;
    for (uint32_t k = 0; k < m->count; k++) {
        double x, y;
        if (!margin_part(m, k, a, b, r, &x, &y))
            continue;
        *from = !any || x < *from ? x : *from;
        *to = !any || y > *to ? y : *to;
        any = true;
    }
    return any;
}

/* ---- Hermite ------------------------------------------------------------ */

static const double margin_root_tau = 2.5066282746310005;

/* h_j(z) phi(z) of the normed polynomials, for j below n. */
static void margin_waves(double z, double *out, uint32_t n)
{
    const double density = mlpipe__finite(z)
        ? mlpipe__exp(-0.5 * z * z) / margin_root_tau : 0.0;

    out[0] = density;
    out[1] = density > 0.0 ? density * z : 0.0;
    for (uint32_t j = 1; j + 1 < n; j++)
        out[j + 1] = density > 0.0
            ? (z * out[j] - mlpipe__sqrt(j) * out[j - 1])
                / mlpipe__sqrt(j + 1.0) : 0.0;
}

/*
 * With W_j = h_j phi, the integral G_j of h_j phi from a to b is (W_{j-1}(a) -
 * W_{j-1}(b)) / sqrt(j), and that of z h_j phi is sqrt(j+1) G_{j+1} + sqrt(j)
 * G_{j-1}. A mass point's score is its middle, a run's is z itself.
 */
void mlpipe__margin_terms(const mlpipe__margin *m,
                          double terms[MLPIPE__COPULA_TERMS],
                          double *deviation)
{
    enum { WAVES = MLPIPE__COPULA_TERMS + 2 };
    double before[WAVES], after[WAVES], g[WAVES];
    double mean = 0.0, square = 0.0;

    memset(terms, 0, MLPIPE__COPULA_TERMS * sizeof terms[0]);
    margin_waves(m->z[0], before, WAVES);
    for (uint32_t k = 0; k < m->count; k++) {
        const bool point = m->low[k] == m->high[k];
        const double score = point ? margin_middle(m, k) : 0.0;
        margin_waves(m->z[k + 1], after, WAVES);
        g[0] = m->p[k + 1] - m->p[k];
        for (uint32_t j = 1; j < WAVES; j++)
            g[j] = (before[j - 1] - after[j - 1]) / mlpipe__sqrt(j);
        mean += point ? score * g[0] : g[1];
        square += point ? score * score * g[0]
                        : mlpipe__sqrt(2.0) * g[2] + g[0];
        for (uint32_t j = 1; j <= MLPIPE__COPULA_TERMS; j++)
            terms[j - 1] += point ? score * g[j]
                : mlpipe__sqrt(j + 1.0) * g[j + 1]
                    + mlpipe__sqrt(j) * g[j - 1];
        memcpy(before, after, sizeof before);
    }
    square -= mean * mean;
    *deviation = square > 1e-12 ? mlpipe__sqrt(square) : 0.0;
}

/* Mehler: the covariance of f(X) and g(Y) is the sum of a_j b_j rho^j, which
 * rises with rho for scores that rise. */
static double margin_mehler(const double *a, const double *b, double rho)
{
    double sum = 0.0;

    for (uint32_t j = MLPIPE__COPULA_TERMS; j-- > 0;)
        sum = (sum + a[j] * b[j]) * rho;
    return sum;
}

double mlpipe__copula_latent(const double *a, double sa, const double *b,
                             double sb, double seen)
{
    const double goal = seen * sa * sb;
    double low = -0.9995, high = 0.9995;

    if (goal == 0.0)
        return 0.0;
    for (uint32_t i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (margin_mehler(a, b, middle) < goal)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}
