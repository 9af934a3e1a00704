/* SPDX-License-Identifier: MIT */
/*
 * Sums of products of columns about a shift: what covariances are made of.
 * Rows are taken in blocks of 4,096, a product's sum has eight lanes by the
 * row mod 8, and blocks are added as a binary tree, so that neither threads
 * nor vectors change a bit; the shift, which is the mean of the first block,
 * keeps the digits of columns with a large offset.
 */
#include "num_internal.h"

enum {
    SCATTER_FORMAT = 1,
    SCATTER_ROWS = 256,  /* packed at once; they stay in the cache */
    SCATTER_WIDE = 4,    /* columns of a tile: wide by narrow */
    SCATTER_NARROW = 2,
    SCATTER_CELLS = SCATTER_WIDE * SCATTER_NARROW * MLPIPE__SUM_LANES
};

/* One block of rows, by a task. */
typedef struct scatter_job {
    const mlpipe__scatter *s;
    const double *x, *w;
    uint64_t rows, first;   /* of the call; of this round */
    double *pack;           /* tasks x columns padded x SCATTER_ROWS */
    double *cells;          /* tasks x tiles x SCATTER_CELLS */
    double *gram;           /* tasks x q x q */
    uint32_t vector;        /* bytes */
} scatter_job;

typedef double scatter_eight
    __attribute__((vector_size(64), aligned(8), may_alias));
typedef double scatter_four
    __attribute__((vector_size(32), aligned(8), may_alias));

/* Columns with the one that is all weight, and padded to whole tiles. */
static uint32_t scatter_q(const mlpipe__scatter *s)
{
    return s->columns + 1;
}

static uint32_t scatter_padded(const mlpipe__scatter *s)
{
    return (scatter_q(s) + SCATTER_WIDE - 1) / SCATTER_WIDE * SCATTER_WIDE;
}

/* Tiles: for each pair of narrow columns those of wide ones up to it. */
static size_t scatter_tiles(const mlpipe__scatter *s)
{
    size_t tiles = 0;

    for (uint32_t j = 0; j < scatter_padded(s); j += SCATTER_NARROW)
        tiles += j / SCATTER_WIDE + 1;
    return tiles;
}

/* Rows by columns, shifted, times the root of their weight; behind them the
 * roots; zeros up to a multiple of eight rows. */
static void scatter_pack(const scatter_job *j, uint64_t row, uint32_t n,
                         double *pack)
{
    const uint32_t p = j->s->columns;
    const uint32_t full = (n + 7) / 8 * 8;

    for (uint32_t i = 0; i < full; i += 8) {
        const uint32_t have = n - i < 8 ? n - i : 8;
        double root[8] = {0};

        for (uint32_t k = 0; k < have; k++)
            root[k] = j->w ? mlpipe__sqrt(j->w[row + i + k]) : 1.0;
        for (uint32_t c = 0; c < p; c++) {
            const double *x = j->x + (row + i) * p + c;
            const double shift = j->s->shift[c];
            double *to = pack + (size_t)c * SCATTER_ROWS + i;

            for (uint32_t k = 0; k < have; k++)
                to[k] = (x[(size_t)k * p] - shift) * root[k];
            for (uint32_t k = have; k < 8; k++)
                to[k] = 0.0;
        }
        memcpy(pack + (size_t)p * SCATTER_ROWS + i, root, sizeof root);
    }
}

#if defined(__GNUC__)
#define SCATTER_INLINE static inline __attribute__((always_inline))
#else
#define SCATTER_INLINE static inline
#endif

/*
 * Four columns by two, as many of the eight lanes at a time as a vector has:
 * one body, since the types of vectors cannot be a parameter of a function.
 */
#define SCATTER_TILE(name, vector, lanes)                                     \
    SCATTER_INLINE void name(const double *wide, const double *narrow,        \
                             uint32_t rows, double *cells)                    \
    {                                                                         \
        for (uint32_t h = 0; h < 8; h += lanes) {                             \
            vector c[8];                                                      \
                                                                              \
            for (uint32_t i = 0; i < 8; i++)                                  \
                c[i] = *(const vector *)(cells + i * 8 + h);                  \
            for (uint32_t r = h; r < rows; r += 8) {                          \
                vector a[4], b[2];                                            \
                                                                              \
                for (uint32_t i = 0; i < 4; i++)                              \
                    a[i] = *(const vector *)(wide + i * SCATTER_ROWS + r);    \
                for (uint32_t i = 0; i < 2; i++)                              \
                    b[i] = *(const vector *)(narrow + i * SCATTER_ROWS + r);  \
                for (uint32_t i = 0; i < 8; i++)                              \
                    c[i] += a[i % 4] * b[i / 4];                              \
            }                                                                 \
            for (uint32_t i = 0; i < 8; i++)                                  \
                *(vector *)(cells + i * 8 + h) = c[i];                        \
        }                                                                     \
    }
SCATTER_TILE(scatter_tile, scatter_four, 4)
SCATTER_TILE(scatter_tile_wide, scatter_eight, 8)

SCATTER_INLINE void scatter_rows(const scatter_job *j, const double *pack,
                                 uint32_t n, double *cells, bool wide)
{
    const uint32_t padded = scatter_padded(j->s);
    const uint32_t rows = (n + 7) / 8 * 8;

    for (uint32_t b = 0; b < padded; b += SCATTER_NARROW)
        for (uint32_t a = 0; a <= b; a += SCATTER_WIDE) {
            (wide ? scatter_tile_wide : scatter_tile)(
                pack + (size_t)a * SCATTER_ROWS,
                pack + (size_t)b * SCATTER_ROWS, rows, cells);
            cells += SCATTER_CELLS;
        }
}

static void scatter_rows_plain(const scatter_job *j, const double *pack,
                               uint32_t n, double *cells)
{
    scatter_rows(j, pack, n, cells, false);
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) static void
scatter_rows_avx2(const scatter_job *j, const double *pack, uint32_t n,
                  double *cells)
{
    scatter_rows(j, pack, n, cells, false);
}

__attribute__((target("avx512f,avx2"))) static void
scatter_rows_avx512(const scatter_job *j, const double *pack, uint32_t n,
                    double *cells)
{
    scatter_rows(j, pack, n, cells, true);
}
#else
#define scatter_rows_avx2 scatter_rows_plain
#define scatter_rows_avx512 scatter_rows_plain
#endif

/* The upper triangle, column by column, of the lanes of all tiles. */
static void scatter_fold(const mlpipe__scatter *s, const double *cells,
                         double *gram)
{
    const uint32_t q = scatter_q(s), padded = scatter_padded(s);

    for (uint32_t b = 0; b < padded; b += SCATTER_NARROW)
        for (uint32_t a = 0; a <= b; a += SCATTER_WIDE) {
            for (uint32_t i = 0; i < 8; i++) {
                const uint32_t row = a + i % SCATTER_WIDE;
                const uint32_t column = b + i / SCATTER_WIDE;

                if (row <= column && column < q)
                    gram[(size_t)column * q + row] =
                        mlpipe__lanes_value(cells + (size_t)i * 8);
            }
            cells += SCATTER_CELLS;
        }
}

static void scatter_task(void *arg, uint32_t index)
{
    const scatter_job *j = arg;
    const size_t room = scatter_tiles(j->s) * SCATTER_CELLS;
    const size_t q = scatter_q(j->s);
    double *pack = j->pack +
                   (size_t)index * scatter_padded(j->s) * SCATTER_ROWS;
    double *cells = j->cells + index * room;
    const uint64_t first = j->first + (uint64_t)index * MLPIPE__SUM_BLOCK;

    if (first >= j->rows)
        return;
    memset(cells, 0, room * sizeof *cells);
    for (uint32_t at = 0; at < MLPIPE__SUM_BLOCK && first + at < j->rows;
         at += SCATTER_ROWS) {
        const uint64_t left = j->rows - first - at;
        const uint32_t n = left < SCATTER_ROWS ? (uint32_t)left
                                               : SCATTER_ROWS;

        scatter_pack(j, first + at, n, pack);
        (j->vector == 64   ? scatter_rows_avx512
         : j->vector == 32 ? scatter_rows_avx2
                           : scatter_rows_plain)(j, pack, n, cells);
    }
    scatter_fold(j->s, cells, j->gram + index * q * q);
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

/* A column that is constant in the block has a shift that leaves zeros. */
static bool scatter_shift(mlpipe__scatter *s, const double *x, uint64_t rows)
{
    const uint32_t p = s->columns;
    const uint32_t n = rows < MLPIPE__SUM_BLOCK ? (uint32_t)rows
                                                : MLPIPE__SUM_BLOCK;

    s->shift = mlpipe__alloc_array(s->env, p, sizeof *s->shift);
    for (uint32_t c = 0; s->shift && c < p; c++) {
        double lane[MLPIPE__SUM_LANES] = {0};
        bool same = true;

        for (uint32_t i = 0; i < n; i++) {
            lane[i % MLPIPE__SUM_LANES] += x[(size_t)i * p + c] / n;
            same = same && x[(size_t)i * p + c] == x[c];
        }
        s->shift[c] = same ? x[c] : mlpipe__lanes_value(lane);
    }
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
    scatter_job j = {.s = s, .x = x, .w = w, .rows = rows, .vector = vector};
    mlpipe_status st = MLPIPE_OK;

    if (!rows)
        return MLPIPE_OK;
    j.pack = mlpipe__alloc_array(s->env, (size_t)tasks * scatter_padded(s),
                                 SCATTER_ROWS * sizeof *j.pack);
    j.cells = mlpipe__alloc_array(s->env, tasks * scatter_tiles(s),
                                  SCATTER_CELLS * sizeof *j.cells);
    j.gram = mlpipe__alloc_array(s->env, tasks * q, q * sizeof *j.gram);
    if (!j.pack || !j.cells || !j.gram ||
        (!s->shift && !scatter_shift(s, x, rows)))
        st = mlpipe__nomem(ctx);
    if (!st)
        st = scatter_rounds(ctx, owner, &j, s, tasks);
    if (!st)
        s->rows += rows;
    mlpipe__free(s->env, j.gram);
    mlpipe__free(s->env, j.cells);
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
