/* SPDX-License-Identifier: MIT */
/* Sums of naive Bayes: what is added is exact, also w x x, and so no order or
 * partition of the rows changes a bit, and weight 2 is a row twice. */
#include "naive_bayes.h"

bool mlpipe__bayes_init(bayes_state *s, mlpipe__env *env,
                        const mlpipe__feature *feature, uint32_t features,
                        uint32_t classes, bool weighted)
{
    *s = (bayes_state){.env = env, .feature = feature, .features = features,
                       .classes = classes};
    s->place = mlpipe__alloc_array(env, features, sizeof *s->place);
    if (!s->place)
        return false;
    for (uint32_t f = 0; f < features; f++) {
        const bool code = feature[f].kind == MLPIPE__CODE;

        s->place[f] = code ? s->cells : s->numbers;
        if (code)
            s->cells += feature[f].codes;
        else
            s->numbers++;
    }
    s->prior = mlpipe__alloc_array(env, classes, sizeof *s->prior);
    s->moments = mlpipe__alloc_array(env, classes,
                                     s->numbers * sizeof *s->moments);
    if (weighted)
        s->counts = mlpipe__alloc_array(env, classes,
                                        s->cells * sizeof *s->counts);
    else
        s->tally = mlpipe__alloc_array(env, classes,
                                       s->cells * sizeof *s->tally);
    s->start = mlpipe__alloc_array(env, (size_t)classes + 2,
                                   sizeof *s->start);
    return s->prior && s->moments && (s->counts || s->tally) && s->start;
}

void mlpipe__bayes_free(bayes_state *s)
{
    mlpipe__free(s->env, s->place);
    mlpipe__free(s->env, s->prior);
    mlpipe__free(s->env, s->moments);
    mlpipe__free(s->env, s->counts);
    mlpipe__free(s->env, s->tally);
    mlpipe__free(s->env, s->start);
}

/* ---- adding ------------------------------------------------------------- */

/* Half of the digits of x, so that products of halves are exact. */
static double bayes_half(double x)
{
    const double big = x * 134217729.0; /* 2^27 + 1 */

    return big - (big - x);
}

/* a b = *high + *low without rounding, far from over- and underflow. */
static void bayes_product(double a, double b, double *high, double *low)
{
    const double ah = bayes_half(a), bh = bayes_half(b);
    const double al = a - ah, bl = b - bh;

    *high = a * b;
    *low = al * bl - (((*high - ah * bh) - al * bh) - ah * bl);
}

static void bayes_add(bayes_moments *m, double x, double w)
{
    double high, low;

    bayes_product(w, x, &high, &low);
    mlpipe__exact_add(&m->w, w);
    mlpipe__exact_add_product(&m->wx, w, x);
    mlpipe__exact_add_product(&m->wxx, high, x);
    mlpipe__exact_add_product(&m->wxx, low, x);
}

/* The rows of one class without weights, all of them at once. */
static void bayes_add_plain(bayes_moments *m, const double *x, uint32_t n)
{
    mlpipe__exact_add_moments(&m->wx, &m->wxx, x, n);
    mlpipe__exact_add(&m->w, n);
}

static void bayes_numbers(bayes_state *s, uint32_t f, const double *x,
                          const uint8_t *valid, const uint32_t *order,
                          const double *weight)
{
    double gathered[MLPIPE__BLOCK_ROWS];

    for (uint32_t c = 0; c < s->classes; c++) {
        bayes_moments *m =
            &s->moments[(size_t)c * s->numbers + s->place[f]];
        uint32_t count = 0;

        for (uint32_t i = s->start[c]; i < s->start[c + 1]; i++) {
            const uint32_t row = order[i];

            if (!valid[row])
                continue;
            if (weight)
                bayes_add(m, x[row], weight[row]);
            else
                gathered[count++] = x[row];
        }
        if (count)
            bayes_add_plain(m, gathered, count);
    }
}

static void bayes_codes(bayes_state *s, uint32_t f, uint32_t n,
                        const double *x, const uint8_t *valid,
                        const double *target, const double *weight)
{
    const uint32_t codes = s->feature[f].codes;

    for (uint32_t i = 0; i < n; i++) {
        if (!valid[i] || !(x[i] >= 0 && x[i] < codes))
            continue;
        const size_t at = (size_t)target[i] * s->cells + s->place[f] +
                          (uint32_t)x[i];
        if (weight)
            mlpipe__exact_add(&s->counts[at], weight[i]);
        else
            s->tally[at]++;
    }
}

/* start[c] .. start[c + 1]: the rows of class c in order; start has room for
 * two more than classes. */
static void bayes_group(uint32_t classes, uint32_t n, const double *target,
                        uint32_t *order, uint32_t *start)
{
    memset(start, 0, ((size_t)classes + 2) * sizeof *start);
    for (uint32_t i = 0; i < n; i++)
        start[(uint32_t)target[i] + 2]++;
    for (uint32_t c = 0; c <= classes; c++)
        start[c + 1] += start[c];
    for (uint32_t i = 0; i < n; i++)
        order[start[(uint32_t)target[i] + 1]++] = i;
}

void mlpipe__bayes_update(bayes_state *s, uint32_t n, const double *values,
                          const uint8_t *valid, const double *target,
                          const double *weight)
{
    uint32_t order[MLPIPE__BLOCK_ROWS];

    bayes_group(s->classes, n, target, order, s->start);
    for (uint32_t i = 0; i < n; i++)
        mlpipe__exact_add(&s->prior[(uint32_t)target[i]],
                          weight ? weight[i] : 1);
    for (uint32_t f = 0; f < s->features; f++) {
        const double *x = values + (size_t)f * n;
        const uint8_t *there = valid + (size_t)f * n;

        if (s->feature[f].kind == MLPIPE__CODE)
            bayes_codes(s, f, n, x, there, target, weight);
        else
            bayes_numbers(s, f, x, there, order, weight);
    }
}

void mlpipe__bayes_merge(bayes_state *s, const bayes_state *other)
{
    for (size_t i = 0; i < s->classes; i++)
        mlpipe__exact_merge(&s->prior[i], &other->prior[i]);
    for (size_t i = 0; i < (size_t)s->classes * s->numbers; i++) {
        mlpipe__exact_merge(&s->moments[i].w, &other->moments[i].w);
        mlpipe__exact_merge(&s->moments[i].wx, &other->moments[i].wx);
        mlpipe__exact_merge(&s->moments[i].wxx, &other->moments[i].wxx);
    }
    for (size_t i = 0; i < (size_t)s->classes * s->cells; i++) {
        if (s->counts)
            mlpipe__exact_merge(&s->counts[i], &other->counts[i]);
        else
            s->tally[i] += other->tally[i];
    }
}

/* ---- finishing ---------------------------------------------------------- */

double mlpipe__bayes_count(const bayes_state *s, uint32_t from, uint32_t to,
                           uint32_t cell)
{
    mlpipe__exact sum;
    uint64_t rows = 0;

    mlpipe__exact_init(&sum);
    for (uint32_t c = from; c < to; c++) {
        const size_t at = (size_t)c * s->cells + cell;

        if (s->counts)
            mlpipe__exact_merge(&sum, &s->counts[at]);
        else
            rows += s->tally[at];
    }
    return s->counts ? mlpipe__exact_value(&sum) : (double)rows;
}

/* to += a times the exact value of sum, which ends after a few doubles. */
static void bayes_add_times(mlpipe__exact *to, double a,
                            const mlpipe__exact *sum)
{
    mlpipe__exact rest = *sum;
    double part = mlpipe__exact_value(&rest);

    for (uint32_t i = 0; i < 64 && part != 0; i++) {
        mlpipe__exact_add_product(to, a, part);
        mlpipe__exact_add(&rest, -part);
        part = mlpipe__exact_value(&rest);
    }
}

void mlpipe__bayes_spread(const bayes_moments *m, double *weight,
                          double *mean, double *variance)
{
    mlpipe__exact about = m->wxx;
    double high, low;

    *weight = mlpipe__exact_value(&m->w);
    *mean = *variance = mlpipe__nan();
    if (!(*weight > 0))
        return;
    *mean = mlpipe__exact_value(&m->wx) / *weight;
    /* sum w (x - mean)^2 = wxx - 2 mean wx + mean^2 w, rounded once */
    bayes_product(*mean, *mean, &high, &low);
    bayes_add_times(&about, -2 * *mean, &m->wx);
    bayes_add_times(&about, high, &m->w);
    bayes_add_times(&about, low, &m->w);
    *variance = mlpipe__exact_value(&about) / *weight;
}
