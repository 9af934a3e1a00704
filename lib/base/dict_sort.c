/* SPDX-License-Identifier: MIT */
/* The texts of a dictionary in the order of their bytes. */
#include "base/base_internal.h"

bool mlpipe__dict_before(const mlpipe__dict *d, uint32_t a, uint32_t b)
{
    const size_t na = mlpipe__dict_bytes(d, a), nb = mlpipe__dict_bytes(d, b);
    const int order = memcmp(mlpipe__dict_text(d, a), mlpipe__dict_text(d, b),
                             na < nb ? na : nb);

    return order ? order < 0 : na < nb;
}

/* Merge two sorted runs of `from` into `to`. */
static void dict_merge(const mlpipe__dict *d, const uint32_t *from,
                             uint32_t *to, size_t low, size_t mid,
                             size_t high)
{
    size_t a = low, b = mid;

    for (size_t i = low; i < high; i++) {
        const bool left = a < mid
            && (b >= high || !mlpipe__dict_before(d, from[b], from[a]));
        to[i] = left ? from[a++] : from[b++];
    }
}

/* Bottom-up merge sort of n entries; gives the half that holds the result. */
static uint32_t *dict_sort(const mlpipe__dict *d, uint32_t *order,
                                 uint32_t *scratch, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            const size_t mid = low + width < n ? low + width : n;
            const size_t high = mid + width < n ? mid + width : n;
            dict_merge(d, order, scratch, low, mid, high);
        }
        uint32_t *swap = order;
        order = scratch;
        scratch = swap;
    }
    return order;
}

bool mlpipe__dict_sorted(const mlpipe__dict *from, const uint8_t *used,
                         int32_t *map, mlpipe__dict *out)
{
    uint32_t *order = mlpipe__alloc_array(from->env, from->count,
                                          2 * sizeof order[0]);
    bool failed = !order;
    size_t n = 0;

    for (uint32_t i = 0; !failed && i < from->count; i++) {
        map[i] = -1;
        if (!used || used[i])
            order[n++] = i;
    }
    const uint32_t *sorted =
        failed ? NULL : dict_sort(from, order, order + from->count, n);
    for (size_t i = 0; !failed && i < n; i++) {
        const uint32_t code =
            mlpipe__dict_add(out, mlpipe__dict_text(from, sorted[i]),
                             mlpipe__dict_bytes(from, sorted[i]));
        failed = code == UINT32_MAX;
        map[sorted[i]] = (int32_t)code;
    }
    mlpipe__free(from->env, order);
    return !failed;
}
