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

mlpipe__dictionary *mlpipe__dictionary_sorted(const mlpipe__dict *from,
                                              const uint8_t *used,
                                              int32_t *map)
{
    mlpipe__dictionary *d = mlpipe__dictionary_new(from->env);

    if (d && mlpipe__dict_sorted(from, used, map, &d->dict))
        return d;
    mlpipe__dictionary_drop(d);
    return NULL;
}

/* ---- owners ------------------------------------------------------------- */

void mlpipe__owner_keep_many(mlpipe__owner *o, uint64_t n)
{
    atomic_fetch_add_explicit(&o->refs, n, memory_order_relaxed);
}

mlpipe__owner *mlpipe__owner_keep(mlpipe__owner *o)
{
    mlpipe__owner_keep_many(o, 1);
    return o;
}

void mlpipe__owner_drop(mlpipe__owner *o)
{
    if (o)
        mlpipe__owner_drop_many(o, 1);
}

void mlpipe__owner_drop_many(mlpipe__owner *o, uint64_t n)
{
    if (!n
        || atomic_fetch_sub_explicit(&o->refs, n, memory_order_acq_rel) != n)
        return;
    mlpipe__env *env = o->env;
    o->release(o);
    mlpipe__free(env, o);
    mlpipe__env_drop(env);
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
    for (uint32_t i = 0, n = 1; i < c->chunk_count; i += n, n = 1) {
        mlpipe__chunk *chunk = &c->chunks[i];
        if (chunk->owner) {
            while (i + n < c->chunk_count && chunk[n].owner == chunk->owner)
                n++;
            mlpipe__owner_drop_many(chunk->owner, n);
            continue;
        }
        mlpipe__free(env, chunk->data);
        mlpipe__free(env, chunk->bytes);
        mlpipe__free(env, chunk->validity);
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
