/* SPDX-License-Identifier: MIT */
/*
 * Float distances of a panel's rows from a few queries, included once for each
 * instruction set: POINTS_NAME names the functions, POINTS_TARGET is the set,
 * POINTS_BYTES the width of its vectors, POINTS_SOME how many queries are
 * summed at once. Nothing is fused: all of them give the same floats.
 */
typedef float POINTS_NAME(points_vector)
    __attribute__((vector_size(POINTS_BYTES), aligned(16), may_alias));
typedef int32_t POINTS_NAME(points_mask)
    __attribute__((vector_size(POINTS_BYTES), aligned(16), may_alias));

enum { POINTS_NAME(POINTS_PARTS) = POINTS_PANEL * 4 / POINTS_BYTES };

/*
 * x is feature by feature, `step` from one to the next. Bit q is set where a
 * distance of query q is within its limit; out + q * POINTS_PANEL then gets
 * them all. Of euclidean distances x holds the negatives.
 */
POINTS_TARGET VM_INLINE uint32_t
POINTS_NAME(points_sum)(const float *panel, const float *x,
                        const float *limit, uint32_t features, uint32_t step,
                        uint32_t n, bool euclid, float *out)
{
    typedef POINTS_NAME(points_vector) vector;
    typedef POINTS_NAME(points_mask) mask;
    enum { PARTS = POINTS_NAME(POINTS_PARTS) };
    const vector *y = (const vector *)panel;
    vector sum[POINTS_SOME][PARTS];
    uint32_t f, q, v, hits = 0;

    for (q = 0; q < n; q++)
        for (v = 0; v < PARTS; v++)
            sum[q][v] = y[v];
    for (f = 0; f < features; f++, x += step) {
        y += PARTS;
        POINTS_UNROLL
        for (q = 0; q < n; q++) {
            POINTS_UNROLL
            for (v = 0; v < PARTS; v++)
                if (euclid) {
                    sum[q][v] += y[v] * x[q];
                } else {
                    const vector d = y[v] - x[q];
                    sum[q][v] += (vector)((mask)d & INT32_MAX);
                }
        }
    }
    for (q = 0; q < n; q++) {
        mask any = sum[q][0] <= limit[q];
        uint64_t words[POINTS_BYTES / 8], all = 0;

        for (v = 1; v < PARTS; v++)
            any |= sum[q][v] <= limit[q];
        memcpy(words, &any, sizeof words);
        for (v = 0; v < POINTS_BYTES / 8; v++)
            all |= words[v];
        if (!all)
            continue;
        memcpy(out + q * POINTS_PANEL, sum[q], sizeof sum[q]);
        hits |= 1u << q;
    }
    return hits;
}

/* n queries: one, or a multiple of POINTS_SOME. */
POINTS_TARGET
static uint32_t POINTS_NAME(points_tile)(const mlpipe__points *p,
                                         const float *panel, const float *x,
                                         const float *limit, uint32_t n,
                                         float *out)
{
    const bool euclid = p->metric == MLPIPE__POINTS_EUCLIDEAN;
    const uint32_t d = p->features;
    uint32_t q, hits = 0;

    if (POINTS_SOME > 1 && n == 1)
        return euclid ? POINTS_NAME(points_sum)(panel, x, limit, d, 1, 1,
                                                true, out)
                      : POINTS_NAME(points_sum)(panel, x, limit, d, 1, 1,
                                                false, out);
    for (q = 0; q < n; q += POINTS_SOME) {
        float *to = out + q * POINTS_PANEL;

        hits |= (euclid ? POINTS_NAME(points_sum)(panel, x + q, limit + q, d,
                                                  n, POINTS_SOME, true, to)
                        : POINTS_NAME(points_sum)(panel, x + q, limit + q, d,
                                                  n, POINTS_SOME, false, to))
                << q;
    }
    return hits;
}

#undef POINTS_NAME
#undef POINTS_TARGET
#undef POINTS_BYTES
#undef POINTS_SOME
