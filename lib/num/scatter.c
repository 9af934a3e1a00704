/* SPDX-License-Identifier: MIT */
/*
 * Sums of products of columns about a shift: what covariances are made of.
 * Rows are taken in blocks of 4,096, a product's sum has eight lanes by the
 * row mod 8, and blocks are added as a binary tree, so that neither threads
 * nor vectors change a bit; the shift, which is the mean of the first block,
 * keeps the digits of columns with a large offset.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#include "gram_kernel.h"

enum {
    SCATTER_FORMAT = 1,
    SCATTER_EIGHT = 8 /* rows, and columns, that are turned at once */
};

/* One block of rows, by a task. */
typedef struct scatter_job {
    const mlpipe__scatter *s;
    const mlpipe__gram_kernel *kernel;
    const double *x, *w;
    uint64_t rows, first;   /* of the call; of this round */
    double *pack;           /* tasks x columns to a tile x stride */
    double *lanes;          /* tasks x mlpipe__gram_lanes */
    double *gram;           /* tasks x q x q */
    size_t stride;          /* from one column of a pack to the next */
    uint32_t vector;        /* bytes */
} scatter_job;

/* Columns with the one that is all weight. */
static uint32_t scatter_q(const mlpipe__scatter *s)
{
    return s->columns + 1;
}

/* A block's rows, and the odd number of 64 bytes that keeps columns in
 * different sets of the caches. */
static size_t scatter_stride(uint64_t rows)
{
    const uint64_t most =
        rows < MLPIPE__SUM_BLOCK ? rows : MLPIPE__SUM_BLOCK;

    return ((size_t)(most + SCATTER_EIGHT - 1) / SCATTER_EIGHT | 1) *
           SCATTER_EIGHT;
}

static size_t scatter_pack_room(const scatter_job *j)
{
    return ((size_t)scatter_q(j->s) + MLPIPE__GRAM_TILE) * j->stride;
}

/* Up to eight rows of up to eight columns, shifted and times the roots; what
 * is not there is 0. */
static void scatter_turn(const double *x, size_t p, const double *shift,
                         const double *root, uint32_t rows, uint32_t columns,
                         double *to, size_t stride)
{
    double turned[SCATTER_EIGHT][SCATTER_EIGHT] = {{0}};

    for (uint32_t k = 0; k < rows; k++)
        for (uint32_t c = 0; c < columns; c++)
            turned[c][k] = (x[k * p + c] - shift[c]) * root[k];
    for (uint32_t c = 0; c < columns; c++)
        memcpy(to + c * stride, turned[c], sizeof turned[c]);
}

#if defined(__x86_64__) && defined(__GNUC__)
/* The same of eight rows and all columns, which are four at least: the last
 * four may have been turned before. */
__attribute__((target("avx2"))) static void
scatter_turn_avx2(const double *x, uint32_t p, const double *shift,
                  const double *root, double *to, size_t stride)
{
    for (uint32_t at = 0; at < p; at += 4) {
        const uint32_t c = at + 4 <= p ? at : p - 4;
        const __m256d s = _mm256_loadu_pd(shift + c);

        for (uint32_t k = 0; k < SCATTER_EIGHT; k += 4) {
            const double *from = x + (size_t)k * p + c;
            double *out = to + c * stride + k;
            __m256d r[4];

            for (uint32_t i = 0; i < 4; i++)
                r[i] = (_mm256_loadu_pd(from + (size_t)i * p) - s) *
                       _mm256_set1_pd(root[k + i]);
            const __m256d a = _mm256_unpacklo_pd(r[0], r[1]);
            const __m256d b = _mm256_unpackhi_pd(r[0], r[1]);
            const __m256d d = _mm256_unpacklo_pd(r[2], r[3]);
            const __m256d e = _mm256_unpackhi_pd(r[2], r[3]);
            _mm256_storeu_pd(out, _mm256_permute2f128_pd(a, d, 0x20));
            _mm256_storeu_pd(out + stride,
                             _mm256_permute2f128_pd(b, e, 0x20));
            _mm256_storeu_pd(out + 2 * stride,
                             _mm256_permute2f128_pd(a, d, 0x31));
            _mm256_storeu_pd(out + 3 * stride,
                             _mm256_permute2f128_pd(b, e, 0x31));
        }
    }
}
#else
static void scatter_turn_avx2(const double *x, uint32_t p,
                              const double *shift, const double *root,
                              double *to, size_t stride)
{
    for (uint32_t c = 0; c < p; c += 4)
        scatter_turn(x + c, p, shift + c, root, SCATTER_EIGHT,
                     p - c < 4 ? p - c : 4, to + c * stride, stride);
}
#endif

/* A block by columns; behind them the roots of the weights; zeros up to a
 * multiple of eight rows. */
static void scatter_pack(const scatter_job *j, uint64_t row, uint32_t n,
                         double *pack)
{
    const uint32_t p = j->s->columns;
    const double *shift = j->s->shift;

    for (uint32_t i = 0; i < n; i += SCATTER_EIGHT) {
        const uint32_t rows = n - i < SCATTER_EIGHT ? n - i : SCATTER_EIGHT;
        const double *x = j->x + (row + i) * p;
        double root[SCATTER_EIGHT] = {0};

        for (uint32_t k = 0; k < rows; k++)
            root[k] = j->w ? mlpipe__sqrt(j->w[row + i + k]) : 1.0;
        memcpy(pack + p * j->stride + i, root, sizeof root);
        if (j->vector >= 32 && p >= 4 && rows == SCATTER_EIGHT) {
            scatter_turn_avx2(x, p, shift, root, pack + i, j->stride);
            continue;
        }
        for (uint32_t c = 0; c < p; c += SCATTER_EIGHT)
            scatter_turn(x + c, p, shift + c, root, rows,
                         p - c < SCATTER_EIGHT ? p - c : SCATTER_EIGHT,
                         pack + c * j->stride + i, j->stride);
    }
}

static void scatter_task(void *arg, uint32_t index)
{
    const scatter_job *j = arg;
    const size_t q = scatter_q(j->s);
    double *pack = j->pack + index * scatter_pack_room(j);
    double *gram = j->gram + index * q * q;
    const uint64_t first = j->first + (uint64_t)index * MLPIPE__SUM_BLOCK;

    if (first >= j->rows)
        return;
    const uint64_t left = j->rows - first;
    const uint32_t n =
        left < MLPIPE__SUM_BLOCK ? (uint32_t)left : MLPIPE__SUM_BLOCK;
    scatter_pack(j, first, n, pack);
    memset(gram, 0, q * q * sizeof *gram);
    mlpipe__gram_add(j->kernel, pack, j->stride, (uint32_t)q, n,
                     j->lanes + index * mlpipe__gram_lanes((uint32_t)q),
                     gram);
}

/* ---- the state ---------------------------------------------------------- */

void mlpipe__scatter_init(mlpipe__scatter *s, mlpipe__env *env,
                          uint32_t columns)
{
    const size_t q = (size_t)columns + 1;

    *s = (mlpipe__scatter){.env = env, .columns = columns,
                           .sums = {.env = env, .room = q * q, .n = q * q}};
}

void mlpipe__scatter_free(mlpipe__scatter *s)
{
    mlpipe__sums_free(&s->sums);
    mlpipe__free(s->env, s->shift);
    memset(s, 0, sizeof *s);
}

/* A column that is constant in the block has a shift that leaves zeros. Row by
 * row, as memory lies. */
static bool scatter_shift(mlpipe__scatter *s, const double *x, uint64_t rows)
{
    const uint32_t p = s->columns;
    const uint32_t n = rows < MLPIPE__SUM_BLOCK ? (uint32_t)rows
                                                : MLPIPE__SUM_BLOCK;
    double *lanes = mlpipe__alloc_array(s->env, p,
                                        MLPIPE__SUM_LANES * sizeof *lanes);
    uint8_t *varies = mlpipe__alloc_array(s->env, p, 1);

    s->shift = mlpipe__alloc_array(s->env, p, sizeof *s->shift);
    for (uint32_t i = 0; lanes && varies && s->shift && i < n; i++) {
        const double *row = x + (size_t)i * p;
        double *lane = lanes + (size_t)(i % MLPIPE__SUM_LANES) * p;

        for (uint32_t c = 0; c < p; c++) {
            lane[c] += row[c] / n;
            varies[c] |= row[c] != x[c];
        }
    }
    for (uint32_t c = 0; lanes && varies && s->shift && c < p; c++) {
        double lane[MLPIPE__SUM_LANES];

        for (uint32_t k = 0; k < MLPIPE__SUM_LANES; k++)
            lane[k] = lanes[(size_t)k * p + c];
        s->shift[c] = varies[c] ? mlpipe__lanes_value(lane) : x[c];
    }
    if (!lanes || !varies) {
        mlpipe__free(s->env, s->shift);
        s->shift = NULL;
    }
    mlpipe__free(s->env, lanes);
    mlpipe__free(s->env, varies);
    return s->shift != NULL;
}

static mlpipe_status scatter_rounds(mlpipe_ctx *ctx, const char *owner,
                                    scatter_job *j, mlpipe__scatter *s,
                                    uint32_t tasks)
{
    const size_t cells = (size_t)scatter_q(s) * scatter_q(s);
    const uint64_t round = (uint64_t)tasks * MLPIPE__SUM_BLOCK;
    mlpipe_status st = MLPIPE_OK;

    for (j->first = 0; !st && j->first < j->rows; j->first += round) {
        st = mlpipe__poll(ctx, owner, j->first, j->rows);
        if (!st)
            st = mlpipe__parallel(ctx, scatter_task, j, tasks);
        for (uint32_t t = 0; !st && t < tasks; t++)
            if (j->first + (uint64_t)t * MLPIPE__SUM_BLOCK < j->rows &&
                !mlpipe__sums_add(&s->sums, j->gram + t * cells))
                st = mlpipe__nomem(ctx);
    }
    return st;
}

mlpipe_status mlpipe__scatter_update(mlpipe_ctx *ctx, const char *owner,
                                     mlpipe__scatter *s, const double *x,
                                     const double *w, uint64_t rows,
                                     uint32_t vector)
{
    const uint64_t blocks =
        (rows + MLPIPE__SUM_BLOCK - 1) / MLPIPE__SUM_BLOCK;
    const uint32_t tasks =
        blocks < ctx->threads ? (uint32_t)blocks : ctx->threads;
    const size_t q = scatter_q(s);
    scatter_job j = {.s = s, .x = x, .w = w, .rows = rows, .vector = vector,
                     .stride = scatter_stride(rows),
                     .kernel = mlpipe__gram_kernel_of(vector / 32)};
    mlpipe_status st = MLPIPE_OK;

    if (!rows)
        return MLPIPE_OK;
    j.pack = mlpipe__alloc_array(s->env, tasks,
                                 scatter_pack_room(&j) * sizeof *j.pack);
    j.lanes = mlpipe__alloc_array(
        s->env, tasks, mlpipe__gram_lanes((uint32_t)q) * sizeof *j.lanes);
    j.gram = mlpipe__alloc_array(s->env, tasks * q, q * sizeof *j.gram);
    if (!j.pack || !j.lanes || !j.gram ||
        (!s->shift && !scatter_shift(s, x, rows)))
        st = mlpipe__nomem(ctx);
    if (!st)
        st = scatter_rounds(ctx, owner, &j, s, tasks);
    if (!st)
        s->rows += rows;
    mlpipe__free(s->env, j.gram);
    mlpipe__free(s->env, j.lanes);
    mlpipe__free(s->env, j.pack);
    return st;
}

void mlpipe__products_about(uint32_t columns, const double *from,
                            const double *to, double *gram)
{
    const size_t q = (size_t)columns + 1;
    double *sum = gram + columns * q;
    const double weight = sum[columns];

    for (uint32_t j = 0; j < columns; j++) {
        const double far = from[j] - to[j];

        for (uint32_t i = 0; i <= j; i++) {
            const double way = from[i] - to[i];
            gram[j * q + i] += sum[i] * far + way * sum[j] +
                               weight * way * far;
        }
    }
    for (uint32_t j = 0; j < columns; j++)
        sum[j] += weight * (from[j] - to[j]);
}

mlpipe_status mlpipe__scatter_merge(mlpipe_ctx *ctx, mlpipe__scatter *s,
                                    const mlpipe__scatter *other)
{
    const size_t q = scatter_q(s);
    double *gram;
    mlpipe_status st = MLPIPE_OK;

    if (s->columns != other->columns)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "states of %u and of %u columns cannot be merged",
                            s->columns, other->columns);
    if (!other->rows)
        return MLPIPE_OK;
    gram = mlpipe__alloc_array(s->env, q, q * sizeof *gram);
    if (gram && !s->shift) {
        s->shift = mlpipe__alloc_array(s->env, s->columns, sizeof *s->shift);
        if (s->shift)
            memcpy(s->shift, other->shift, s->columns * sizeof *s->shift);
    }
    if (!gram || !s->shift)
        st = mlpipe__nomem(ctx);
    if (!st) {
        mlpipe__sums_value(&other->sums, gram);
        mlpipe__products_about(s->columns, other->shift, s->shift, gram);
        st = mlpipe__sums_add(&s->sums, gram) ? MLPIPE_OK
                                              : mlpipe__nomem(ctx);
    }
    if (!st)
        s->rows += other->rows;
    mlpipe__free(s->env, gram);
    return st;
}

mlpipe_status mlpipe__scatter_finish(mlpipe_ctx *ctx,
                                     const mlpipe__scatter *s, double *mean,
                                     double *centred, double *weight)
{
    const uint32_t p = s->columns, q = p + 1;
    double *gram = mlpipe__alloc_array(s->env, q, q * sizeof *gram);

    if (!gram)
        return mlpipe__nomem(ctx);
    mlpipe__sums_value(&s->sums, gram);
    *weight = gram[(size_t)p * q + p];
    for (uint32_t j = 0; j < p; j++) {
        const double *sum = gram + (size_t)p * q;

        mean[j] = s->shift[j] + sum[j] / *weight;
        for (uint32_t i = 0; i <= j; i++) {
            double v = gram[(size_t)j * q + i] - sum[i] * (sum[j] / *weight);

            if (i == j && v < 0) /* NaN, of an overflow, stays */
                v = 0;
            centred[(size_t)j * p + i] = centred[(size_t)i * p + j] = v;
        }
    }
    mlpipe__free(s->env, gram);
    return MLPIPE_OK;
}

/* ---- saving ------------------------------------------------------------- */

void mlpipe__products_save(const double *gram, uint32_t columns,
                           mlpipe__text *out)
{
    const size_t q = (size_t)columns + 1;

    for (size_t j = 0; j < q; j++)
        mlpipe__put_array(out, gram + j * q, j + 1, sizeof *gram);
}

bool mlpipe__products_load(double *gram, uint32_t columns, mlpipe__cursor *in)
{
    const size_t q = (size_t)columns + 1;

    for (size_t j = 0; j < q; j++) {
        const void *from = mlpipe__get_array(in, j + 1, sizeof *gram);
        double *to = gram + j * q;

        if (in->failed)
            return false;
        memset(to, 0, q * sizeof *to);
        memcpy(to, from, (j + 1) * sizeof *to);
        for (size_t i = 0; i <= j; i++)
            if (!mlpipe__finite(to[i]))
                return false;
    }
    return gram[q * q - 1] >= 0;
}

void mlpipe__scatter_save(const mlpipe__scatter *s, mlpipe__text *out)
{
    mlpipe__put_u32(out, SCATTER_FORMAT);
    mlpipe__put_u32(out, s->columns);
    mlpipe__put_u64(out, s->rows);
    mlpipe__put_u64(out, s->sums.blocks);
    mlpipe__put_array(out, s->shift, s->rows ? s->columns : 0,
                      sizeof *s->shift);
    for (uint32_t k = 0; k < 64; k++)
        if (s->sums.blocks >> k & 1)
            mlpipe__products_save(s->sums.level[k], s->columns, out);
}

/* Memory is taken only for what is there. */
static bool scatter_get(mlpipe__scatter *s, mlpipe__cursor *in)
{
    const size_t q = scatter_q(s);
    const void *shift;

    if (mlpipe__get_u32(in) != SCATTER_FORMAT ||
        mlpipe__get_u32(in) != s->columns)
        return false;
    s->rows = mlpipe__get_u64(in);
    s->sums.blocks = mlpipe__get_u64(in);
    /* An update or a merge adds at least one row by each block. */
    if (in->failed || s->rows > INT64_MAX || s->sums.blocks > s->rows ||
        !s->sums.blocks != !s->rows)
        return false;
    shift = mlpipe__get_array(in, s->rows ? s->columns : 0,
                              sizeof *s->shift);
    if (in->failed || !s->rows)
        return !in->failed;
    s->shift = mlpipe__alloc_array(s->env, s->columns, sizeof *s->shift);
    if (!s->shift)
        return false;
    memcpy(s->shift, shift, s->columns * sizeof *s->shift);
    for (uint32_t c = 0; c < s->columns; c++)
        if (!mlpipe__finite(s->shift[c]))
            return false;
    for (uint32_t k = 0; k < 64; k++) {
        if (!(s->sums.blocks >> k & 1))
            continue;
        if ((size_t)(in->end - in->at) / sizeof(double) < q * (q + 1) / 2)
            return false;
        s->sums.level[k] = mlpipe__alloc_array(s->env, q,
                                               q * sizeof(double));
        if (!s->sums.level[k] ||
            !mlpipe__products_load(s->sums.level[k], s->columns, in))
            return false;
    }
    return true;
}

bool mlpipe__scatter_load(mlpipe__scatter *s, mlpipe__env *env,
                          uint32_t columns, mlpipe__cursor *in)
{
    mlpipe__scatter_init(s, env, columns);
    if (scatter_get(s, in))
        return true;
    in->failed = true;
    mlpipe__scatter_free(s);
    return false;
}
