/* SPDX-License-Identifier: MIT */
/* Orders of the codes of a category, for the encoders. */
#include "feature_internal.h"

/* Is the text of code a before that of b, byte by byte? */
static bool codes_before(const mlpipe__var *v, uint32_t a, uint32_t b)
{
    if (!v->dict)
        return a < b;
    const size_t na = mlpipe__dict_bytes(v->dict, a);
    const size_t nb = mlpipe__dict_bytes(v->dict, b);
    const int order = memcmp(mlpipe__dict_text(v->dict, a),
                             mlpipe__dict_text(v->dict, b),
                             na < nb ? na : nb);

    return order ? order < 0 : na < nb;
}

static bool codes_first(const mlpipe__var *v, const uint64_t *counts,
                        uint32_t a, uint32_t b)
{
    if (counts && counts[a] != counts[b])
        return counts[a] > counts[b];
    return codes_before(v, a, b);
}

mlpipe_status mlpipe__codes_order(mlpipe__job *job, const mlpipe__var *v,
                                  const uint64_t *counts, uint32_t **out)
{
    mlpipe__env *env = job->ctx->env;
    uint32_t *order = mlpipe__alloc_array(env, v->codes, sizeof *order);
    uint32_t *other = mlpipe__alloc_array(env, v->codes, sizeof *other);
    const uint32_t n = v->codes;

    *out = NULL;
    if (!order || !other) {
        mlpipe__free(env, order);
        mlpipe__free(env, other);
        return mlpipe__nomem(job->ctx);
    }
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint64_t width = 1; width < n; width *= 2) {
        for (uint64_t at = 0; at < n; at += 2 * width) {
            const uint64_t middle = at + width < n ? at + width : n;
            const uint64_t end = at + 2 * width < n ? at + 2 * width : n;
            uint64_t a = at, b = middle;
            for (uint64_t i = at; i < end; i++) {
                const bool take_b =
                    b < end && (a == middle ||
                                codes_first(v, counts, order[b], order[a]));
                other[i] = take_b ? order[b++] : order[a++];
            }
        }
        memcpy(order, other, n * sizeof *order);
    }
    mlpipe__free(env, other);
    *out = order;
    return MLPIPE_OK;
}
