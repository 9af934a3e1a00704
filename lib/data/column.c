/* SPDX-License-Identifier: MIT */
/* Columns and dictionaries: what they hold, who holds them. */
#include "data_internal.h"

/* ---- dictionaries ------------------------------------------------------- */

mlpipe__dictionary *mlpipe__dictionary_new(mlpipe__env *env)
{
    mlpipe__dictionary *d = mlpipe__alloc(env, sizeof *d);

    if (!d)
        return NULL;
    atomic_init(&d->refs, 1);
    mlpipe__dict_init(&d->dict, mlpipe__env_keep(env));
    return d;
}

mlpipe__dictionary *mlpipe__dictionary_keep(const mlpipe__dictionary *d)
{
    mlpipe__dictionary *kept = (mlpipe__dictionary *)d;

    atomic_fetch_add_explicit(&kept->refs, 1, memory_order_relaxed);
    return kept;
}

void mlpipe__dictionary_drop(mlpipe__dictionary *d)
{
    if (!d
        || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = d->dict.env;
    mlpipe__dict_free(&d->dict);
    mlpipe__free(env, d);
    mlpipe__env_drop(env);
}

/* Order of texts by their bytes; a prefix comes first. */
static bool dictionary_before(const mlpipe__dict *d, uint32_t a, uint32_t b)
{
    const size_t na = mlpipe__dict_bytes(d, a), nb = mlpipe__dict_bytes(d, b);
    const int order = memcmp(mlpipe__dict_text(d, a), mlpipe__dict_text(d, b),
                             na < nb ? na : nb);

    return order ? order < 0 : na < nb;
}

/* Merge two sorted runs of `from` into `to`. */
static void dictionary_merge(const mlpipe__dict *d, const uint32_t *from,
                             uint32_t *to, size_t low, size_t mid,
                             size_t high)
{
    size_t a = low, b = mid;

    for (size_t i = low; i < high; i++) {
        const bool left = a < mid
            && (b >= high || !dictionary_before(d, from[b], from[a]));
        to[i] = left ? from[a++] : from[b++];
    }
}

/* Bottom-up merge sort of n entries; gives the half that holds the result. */
static uint32_t *dictionary_sort(const mlpipe__dict *d, uint32_t *order,
                                 uint32_t *scratch, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            const size_t mid = low + width < n ? low + width : n;
            const size_t high = mid + width < n ? mid + width : n;
            dictionary_merge(d, order, scratch, low, mid, high);
        }
        uint32_t *swap = order;
        order = scratch;
        scratch = swap;
    }
    return order;
}

mlpipe__dictionary *mlpipe__dictionary_sorted(const mlpipe__dict *from,
                                              const uint8_t *used,
                                              int32_t *map)
{
    mlpipe__dictionary *d = mlpipe__dictionary_new(from->env);
    uint32_t *order = mlpipe__alloc_array(from->env, from->count,
                                          2 * sizeof order[0]);
    size_t n = 0;
    bool failed = !d || !order;

    for (uint32_t i = 0; !failed && i < from->count; i++) {
        map[i] = -1;
        if (!used || used[i])
            order[n++] = i;
    }
    const uint32_t *sorted = failed ? NULL
        : dictionary_sort(from, order, order + from->count, n);
    for (size_t i = 0; !failed && i < n; i++) {
        const uint32_t code = mlpipe__dict_add(
            &d->dict, mlpipe__dict_text(from, sorted[i]),
            mlpipe__dict_bytes(from, sorted[i]));
        failed = code == UINT32_MAX;
        map[sorted[i]] = (int32_t)code;
    }
    mlpipe__free(from->env, order);
    if (!failed)
        return d;
    mlpipe__dictionary_drop(d);
    return NULL;
}

/* ---- columns ------------------------------------------------------------ */

mlpipe__column *mlpipe__column_new(mlpipe__env *env, const char *name,
                                   size_t name_bytes, int32_t type,
                                   int32_t unit)
{
    mlpipe__column *c = mlpipe__alloc(env, sizeof *c);
    char *copy = mlpipe__strdup(env, name, name_bytes);

    if (!c || !copy) {
        mlpipe__free(env, c);
        mlpipe__free(env, copy);
        return NULL;
    }
    atomic_init(&c->refs, 1);
    c->env = mlpipe__env_keep(env);
    c->name = copy;
    c->type = type;
    c->unit = unit;
    return c;
}

mlpipe__column *mlpipe__column_keep(const mlpipe__column *c)
{
    mlpipe__column *kept = (mlpipe__column *)c;

    atomic_fetch_add_explicit(&kept->refs, 1, memory_order_relaxed);
    return kept;
}

void mlpipe__column_drop(mlpipe__column *c)
{
    if (!c
        || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = c->env;
    for (uint32_t i = 0; i < c->chunk_count; i++) {
        mlpipe__free(env, c->chunks[i].data);
        mlpipe__free(env, c->chunks[i].bytes);
        mlpipe__free(env, c->chunks[i].validity);
    }
    mlpipe__free(env, c->chunks);
    mlpipe__dictionary_drop(c->dictionary);
    mlpipe__free(env, c->name);
    mlpipe__free(env, c);
    mlpipe__env_drop(env);
}

/* ---- names of types and units ------------------------------------------- */

const char *mlpipe__type_name(int32_t type)
{
    static const char *const names[] = {
        "none", "bool", "i64", "f64", "text", "category", "timestamp",
        "duration"
    };

    return type >= 0 && type <= MLPIPE_TYPE_DURATION ? names[type] : "none";
}

const char *mlpipe__unit_name(int32_t unit)
{
    static const char *const names[] = {"", "s", "ms", "us", "ns"};

    return unit >= 0 && unit <= MLPIPE_UNIT_NS ? names[unit] : "";
}
