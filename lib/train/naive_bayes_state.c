/* SPDX-License-Identifier: MIT */
/* Sums of naive Bayes: what is added is exact, also w x x, and so no order or
 * partition of the rows changes a bit, and weight 2 is a row twice. */
#include "naive_bayes.h"

enum {
    BAYES_FORMAT = 1,
    /* What 2^63 rows of the greatest weights and values stay below: 2^416,
     * 2^896 and 2^1408. */
    BAYES_W_LIMBS = 81,
    BAYES_WX_LIMBS = 96,
    BAYES_WXX_LIMBS = 112
};

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

static bool bayes_alike(const bayes_state *a, const bayes_state *b)
{
    bool alike = a->features == b->features && a->classes == b->classes &&
                 !a->counts == !b->counts;

    for (uint32_t f = 0; alike && f < a->features; f++)
        alike = a->feature[f].kind == b->feature[f].kind &&
                (a->feature[f].kind != MLPIPE__CODE ||
                 a->feature[f].codes == b->feature[f].codes);
    return alike;
}

bool mlpipe__bayes_merge(bayes_state *s, const bayes_state *other)
{
    if (!bayes_alike(s, other))
        return false;
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
    return true;
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
    /* Only a loaded state whose sums contradict each other is below 0. */
    if (*variance < 0)
        *variance = 0;
}

/* ---- saving ------------------------------------------------------------- */

static uint32_t bayes_codes_of(const mlpipe__feature *feature)
{
    return feature->kind == MLPIPE__CODE ? feature->codes : 0;
}

void mlpipe__bayes_save(const bayes_state *s, mlpipe__text *out)
{
    const size_t cells = (size_t)s->classes * s->cells;

    mlpipe__put_u32(out, BAYES_FORMAT);
    mlpipe__put_u32(out, s->counts != NULL);
    mlpipe__put_u32(out, s->classes);
    mlpipe__put_u32(out, s->features);
    for (uint32_t f = 0; f < s->features; f++) {
        mlpipe__put_u32(out, s->feature[f].kind);
        mlpipe__put_u32(out, bayes_codes_of(&s->feature[f]));
    }
    for (size_t i = 0; i < s->classes; i++)
        mlpipe__exact_save(&s->prior[i], out);
    for (size_t i = 0; i < (size_t)s->classes * s->numbers; i++) {
        mlpipe__exact_save(&s->moments[i].w, out);
        mlpipe__exact_save(&s->moments[i].wx, out);
        mlpipe__exact_save(&s->moments[i].wxx, out);
    }
    if (!s->counts)
        mlpipe__put_array(out, s->tally, cells, sizeof *s->tally);
    for (size_t i = 0; s->counts && i < cells; i++)
        mlpipe__exact_save(&s->counts[i], out);
}

/* A weight, or how many rows: of a state without weights a whole number. */
static bool bayes_get_weight(const bayes_state *s, mlpipe__exact *e,
                             double most, mlpipe__cursor *in)
{
    mlpipe__exact same;

    if (!mlpipe__exact_load(e, BAYES_W_LIMBS, in))
        return false;
    const double w = mlpipe__exact_value(e);
    if (!(w >= 0 && w <= most))
        return false;
    if (s->counts)
        return true;
    if (w > 0x1p53 || w != mlpipe__floor(w))
        return false;
    mlpipe__exact_init(&same);
    mlpipe__exact_add(&same, w);
    mlpipe__exact_normal(&same);
    return !memcmp(same.limb, e->limb, sizeof same.limb);
}

/* A mean and a mean square that values could have. */
static bool bayes_get_moments(const bayes_state *s, bayes_moments *m,
                              double most, mlpipe__cursor *in)
{
    const double x = MLPIPE__BAYES_VALUE_MAX * (1 + 0x1p-40);

    if (!bayes_get_weight(s, &m->w, most, in) ||
        !mlpipe__exact_load(&m->wx, BAYES_WX_LIMBS, in) ||
        !mlpipe__exact_load(&m->wxx, BAYES_WXX_LIMBS, in))
        return false;
    const double w = mlpipe__exact_value(&m->w);
    const double wx = mlpipe__exact_value(&m->wx);
    const double wxx = mlpipe__exact_value(&m->wxx);
    return wx >= -x * w && wx <= x * w && wxx >= 0 && wxx <= x * x * w;
}

/* Of a feature and a class; together no more than the class has. */
static bool bayes_get_tally(uint64_t *tally, uint32_t codes, double rows,
                            mlpipe__cursor *in)
{
    const void *from = mlpipe__get_array(in, codes, sizeof *tally);
    uint64_t left = (uint64_t)rows;

    if (in->failed)
        return false;
    memcpy(tally, from, codes * sizeof *tally);
    for (uint32_t k = 0; k < codes; k++) {
        if (tally[k] > left)
            return false;
        left -= tally[k];
    }
    return true;
}

static bool bayes_get_counts(const bayes_state *s, mlpipe__exact *counts,
                             uint32_t codes, double most, mlpipe__cursor *in)
{
    mlpipe__exact sum;

    mlpipe__exact_init(&sum);
    for (uint32_t k = 0; k < codes; k++) {
        if (!bayes_get_weight(s, &counts[k], most, in))
            return false;
        mlpipe__exact_join(&sum, &counts[k]);
    }
    return mlpipe__exact_value(&sum) <= most;
}

static bool bayes_get_sums(bayes_state *s, mlpipe__cursor *in)
{
    for (uint32_t c = 0; c < s->classes; c++)
        if (!bayes_get_weight(s, &s->prior[c], mlpipe__inf(), in))
            return false;
    for (uint32_t c = 0; c < s->classes; c++)
        for (uint32_t k = 0; k < s->numbers; k++)
            if (!bayes_get_moments(
                    s, &s->moments[(size_t)c * s->numbers + k],
                    mlpipe__exact_value(&s->prior[c]), in))
                return false;
    for (uint32_t c = 0; c < s->classes; c++)
        for (uint32_t f = 0; f < s->features; f++) {
            const uint32_t codes = bayes_codes_of(&s->feature[f]);
            const size_t at = (size_t)c * s->cells + s->place[f];
            const double most = mlpipe__exact_value(&s->prior[c]);

            if (codes &&
                !(s->counts
                      ? bayes_get_counts(s, s->counts + at, codes, most, in)
                      : bayes_get_tally(s->tally + at, codes, most, in)))
                return false;
        }
    return true;
}

bool mlpipe__bayes_load(bayes_state *s, mlpipe__env *env,
                        const mlpipe__feature *feature, uint32_t features,
                        uint32_t classes, mlpipe__cursor *in)
{
    const uint32_t format = mlpipe__get_u32(in);
    const uint32_t weighted = mlpipe__get_u32(in);
    bool good = format == BAYES_FORMAT && weighted < 2 &&
                mlpipe__get_u32(in) == classes &&
                mlpipe__get_u32(in) == features;

    for (uint32_t f = 0; good && f < features; f++)
        good = mlpipe__get_u32(in) == feature[f].kind &&
               mlpipe__get_u32(in) == bayes_codes_of(&feature[f]);
    good = good && !in->failed;
    if (good) {
        good = mlpipe__bayes_init(s, env, feature, features, classes,
                                  weighted) &&
               bayes_get_sums(s, in);
        if (!good)
            mlpipe__bayes_free(s);
    }
    in->failed = in->failed || !good;
    return good;
}
