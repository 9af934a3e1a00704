/* SPDX-License-Identifier: MIT */
/*
 * Statistics by group. The values are kept with their keys and sorted at the
 * end, so that means, deviations and quantiles of a group are exact and the
 * same for every partition and order of the rows. A value costs 12 bytes, a
 * group 8 once the state is finished, whether it has values or not; sorting
 * takes 8 more of each for as long as it lasts.
 */
#include "num_internal.h"

enum { GROUPS_FORMAT = 1, GROUPS_FEW = 64 };
/* A group may hold all values, and its sum takes their number in 32 bits. */
#define GROUPS_MOST (UINT32_MAX - 1)

void mlpipe__groups_init(mlpipe__groups *g, mlpipe__env *env,
                         uint32_t groups)
{
    memset(g, 0, sizeof *g);
    g->env = env;
    g->groups = groups;
}

mlpipe_status mlpipe__groups_check(mlpipe_ctx *ctx, const char *owner,
                                   uint64_t values)
{
    return mlpipe__most_rows(ctx, owner, values, GROUPS_MOST);
}

bool mlpipe__groups_reserve(mlpipe__groups *g, uint64_t n)
{
    uint64_t room = g->room + g->room / 2;
    uint32_t *key;
    double *value;

    if (n <= g->room - g->count)
        return true;
    if (n > GROUPS_MOST - g->count)
        return false;
    if (room < g->count + n)
        room = g->count + n;
    key = mlpipe__grow(g->env, g->key, (size_t)room, sizeof *key);
    if (!key)
        return false;
    g->key = key;
    value = mlpipe__grow(g->env, g->value, (size_t)room, sizeof *value);
    if (!value)
        return false;
    g->value = value;
    g->room = room;
    return true;
}

bool mlpipe__groups_add(mlpipe__groups *g, uint32_t key, double value)
{
    if (key >= g->groups || !mlpipe__finite(value))
        return true;
    if (g->count == g->room && !mlpipe__groups_reserve(g, 64))
        return false;
    g->finished = false;
    g->key[g->count] = key;
    g->value[g->count++] = value + 0.0; /* -0 becomes +0 */
    return true;
}

bool mlpipe__groups_merge(mlpipe__groups *g, const mlpipe__groups *other)
{
    if (g->groups != other->groups ||
        !mlpipe__groups_reserve(g, other->count))
        return false;
    if (other->count) {
        memcpy(g->key + g->count, other->key,
               (size_t)other->count * sizeof *g->key);
        memcpy(g->value + g->count, other->value,
               (size_t)other->count * sizeof *g->value);
        g->finished = false;
    }
    g->count += other->count;
    return true;
}

/* Rising order; the counts of a radix sort would cost more than few values. */
static void groups_sort_one(double *value, uint64_t n, double *scratch)
{
    if (n > GROUPS_FEW) {
        mlpipe__sort_f64(value, n, scratch);
        return;
    }
    for (uint64_t i = 1; i < n; i++) {
        const double x = value[i];
        uint64_t at = i;

        for (; at && value[at - 1] > x; at--)
            value[at] = value[at - 1];
        value[at] = x;
    }
}

/* Values by group, each group's in rising order. */
static bool groups_sort(mlpipe__groups *g)
{
    const size_t n = (size_t)g->count;
    double *value = mlpipe__alloc_array(g->env, n, sizeof *value);
    uint64_t *next = mlpipe__alloc_array(g->env, g->groups, sizeof *next);
    const bool ok = value && next;

    if (ok) {
        memcpy(next, g->start, g->groups * sizeof *next);
        for (size_t i = 0; i < n; i++)
            value[next[g->key[i]]++] = g->value[i];
        for (uint32_t k = 0; k < g->groups; k++) {
            const uint64_t first = g->start[k], end = g->start[k + 1];

            groups_sort_one(value + first, end - first, g->value + first);
            for (uint64_t i = first; i < end; i++)
                g->key[i] = k;
        }
        memcpy(g->value, value, n * sizeof *value);
    }
    mlpipe__free(g->env, next);
    mlpipe__free(g->env, value);
    return ok;
}

bool mlpipe__groups_finish(mlpipe__groups *g)
{
    if (g->finished)
        return true;
    if (!g->start)
        g->start = mlpipe__alloc_array(g->env, (size_t)g->groups + 1,
                                       sizeof *g->start);
    if (!g->start)
        return false;
    memset(g->start, 0, ((size_t)g->groups + 1) * sizeof *g->start);
    for (uint64_t i = 0; i < g->count; i++)
        g->start[g->key[i] + 1]++;
    for (uint32_t k = 0; k < g->groups; k++)
        g->start[k + 1] += g->start[k];
    if (g->count && !groups_sort(g))
        return false;
    g->finished = true;
    return true;
}

void mlpipe__groups_save(const mlpipe__groups *g, mlpipe__text *out)
{
    mlpipe__put_u32(out, GROUPS_FORMAT);
    mlpipe__put_u32(out, g->groups);
    mlpipe__put_u32(out, g->finished);
    mlpipe__put_u64(out, g->count);
    mlpipe__put_array(out, g->key, g->count, sizeof *g->key);
    mlpipe__put_array(out, g->value, g->count, sizeof *g->value);
}

bool mlpipe__groups_load(mlpipe__groups *g, mlpipe__env *env,
                         mlpipe__cursor *in)
{
    const uint32_t format = mlpipe__get_u32(in);
    const uint32_t groups = mlpipe__get_u32(in);
    const uint32_t finished = mlpipe__get_u32(in);
    const uint64_t count = mlpipe__get_u64(in);
    const uint32_t *key = mlpipe__get_array(in, count, sizeof *key);
    const double *value = mlpipe__get_array(in, count, sizeof *value);

    mlpipe__groups_init(g, env, groups);
    if (in->failed || format != GROUPS_FORMAT || finished > 1 ||
        !mlpipe__groups_reserve(g, count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        double x;
        uint32_t k;
        memcpy(&x, (const char *)value + i * sizeof x, sizeof x);
        memcpy(&k, (const char *)key + i * sizeof k, sizeof k);
        if (k >= groups || !mlpipe__finite(x))
            return false;
        g->key[i] = k;
        g->value[i] = x;
    }
    g->count = count;
    return !finished || mlpipe__groups_finish(g);
}

void mlpipe__groups_free(mlpipe__groups *g)
{
    mlpipe__free(g->env, g->key);
    mlpipe__free(g->env, g->value);
    mlpipe__free(g->env, g->start);
    memset(g, 0, sizeof *g);
}

/* ---- of a finished state ------------------------------------------------ */

uint64_t mlpipe__groups_count(const mlpipe__groups *g, uint32_t group)
{
    return group < g->groups ? g->start[group + 1] - g->start[group] : 0;
}

static const double *groups_first(const mlpipe__groups *g, uint32_t group)
{
    return g->value + g->start[group];
}

void mlpipe__groups_sum(const mlpipe__groups *g, uint32_t group,
                        mlpipe__exact *sum, mlpipe__exact *squares)
{
    const uint64_t n = mlpipe__groups_count(g, group);

    if (squares) { /* at most 2^32 values are kept */
        mlpipe__exact_add_moments(sum, squares, groups_first(g, group),
                                  (uint32_t)n);
        return;
    }
    for (uint64_t i = 0; i < n; i++)
        mlpipe__exact_add(sum, groups_first(g, group)[i]);
}

double mlpipe__groups_mean(const mlpipe__groups *g, uint32_t group)
{
    const uint64_t n = mlpipe__groups_count(g, group);
    mlpipe__exact sum;

    if (!n)
        return mlpipe__nan();
    mlpipe__exact_init(&sum);
    mlpipe__groups_sum(g, group, &sum, NULL);
    return mlpipe__exact_mean(&sum, n);
}

double mlpipe__groups_variance(const mlpipe__groups *g, uint32_t group,
                               uint32_t ddof)
{
    const uint64_t n = mlpipe__groups_count(g, group);
    mlpipe__exact sum, squares;

    if (n <= ddof)
        return mlpipe__nan();
    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    mlpipe__groups_sum(g, group, &sum, &squares);
    return mlpipe__exact_centred(&sum, &squares, n) / (double)(n - ddof);
}

double mlpipe__groups_deviation(const mlpipe__groups *g, uint32_t group,
                                uint32_t ddof)
{
    mlpipe__exact sum, squares;

    mlpipe__exact_init(&sum);
    mlpipe__exact_init(&squares);
    mlpipe__groups_sum(g, group, &sum, &squares);
    return mlpipe__exact_deviation(&sum, &squares,
                                   mlpipe__groups_count(g, group), ddof);
}

double mlpipe__groups_low(const mlpipe__groups *g, uint32_t group)
{
    return mlpipe__groups_count(g, group) ? groups_first(g, group)[0]
                                          : mlpipe__nan();
}

double mlpipe__groups_high(const mlpipe__groups *g, uint32_t group)
{
    const uint64_t n = mlpipe__groups_count(g, group);

    return n ? groups_first(g, group)[n - 1] : mlpipe__nan();
}

double mlpipe__groups_quantile(const mlpipe__groups *g, uint32_t group,
                               double q)
{
    const uint64_t n = mlpipe__groups_count(g, group);

    return n ? mlpipe__quantile_sorted(groups_first(g, group), n, q)
             : mlpipe__nan();
}
