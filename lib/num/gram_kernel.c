/* SPDX-License-Identifier: MIT */
/*
 * Sums of products of columns, many at a time in registers. A sum has eight
 * lanes by row, as all sums have (num/sum.c), so that a tile of columns may
 * have any size and a vector any width, and the bits are those of block_dot:
 * products are rounded before they are added, which a machine with units for
 * both does as fast.
 */
#include "gram_kernel.h"

/* Two panels of columns, a chunk of their rows, and the lanes of their pairs
 * stay in or near a cache of 1 MiB. */
enum { KERNEL_PANEL = 100, KERNEL_CHUNK = 512 };

/* A tile of I x J columns in vectors of W doubles. */
#define KERNEL_TILE(name, target, vec, W, I, J)                              \
    target static void name(const double *a, const double *b, size_t ld,     \
                            uint32_t n, double *lanes)                       \
    {                                                                        \
        enum { PARTS = MLPIPE__GRAM_LANES / W };                             \
        vec s[I][J][PARTS], y[J][PARTS];                                     \
        for (uint32_t i = 0; i < (I); i++)                                   \
            for (uint32_t j = 0; j < (J); j++)                               \
                for (uint32_t v = 0; v < PARTS; v++)                         \
                    s[i][j][v] = *(const vec *)(lanes +                      \
                                                (i * (J) + j) * 8 + v * W);  \
        for (uint32_t k = 0; k < n; k += MLPIPE__GRAM_LANES) {               \
            for (uint32_t j = 0; j < (J); j++)                               \
                for (uint32_t v = 0; v < PARTS; v++)                         \
                    y[j][v] = *(const vec *)(b + j * ld + k + v * W);        \
            for (uint32_t i = 0; i < (I); i++)                               \
                for (uint32_t v = 0; v < PARTS; v++) {                       \
                    const vec x = *(const vec *)(a + i * ld + k + v * W);    \
                    for (uint32_t j = 0; j < (J); j++)                       \
                        s[i][j][v] += x * y[j][v];                           \
                }                                                            \
        }                                                                    \
        for (uint32_t i = 0; i < (I); i++)                                   \
            for (uint32_t j = 0; j < (J); j++)                               \
                for (uint32_t v = 0; v < PARTS; v++)                         \
                    *(vec *)(lanes + (i * (J) + j) * 8 + v * W) =            \
                        s[i][j][v];                                          \
    }

/* A dot product in one set of lanes, and y -= d x. */
#define KERNEL_VECTORS(suffix, target, vec, W)                               \
    target static double kernel_dot_##suffix(const double *a,                \
                                             const double *b, uint32_t n)    \
    {                                                                        \
        enum { PARTS = MLPIPE__GRAM_LANES / W };                             \
        const vec zero = {0};                                                \
        vec s[PARTS];                                                        \
        double lanes[MLPIPE__GRAM_LANES];                                    \
        uint32_t i = 0;                                                      \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            s[v] = zero;                                                     \
        for (; i + MLPIPE__GRAM_LANES <= n; i += MLPIPE__GRAM_LANES)         \
            for (uint32_t v = 0; v < PARTS; v++)                             \
                s[v] += *(const vec *)(a + i + v * W) *                      \
                        *(const vec *)(b + i + v * W);                       \
        for (uint32_t v = 0; v < PARTS; v++)                                 \
            *(vec *)(lanes + v * W) = s[v];                                  \
        for (uint32_t k = 0; i + k < n; k++)                                 \
            lanes[k] += a[i + k] * b[i + k];                                 \
        return kernel_lanes(lanes);                                          \
    }                                                                        \
    target static void kernel_axpy_##suffix(double *y, const double *x,      \
                                            double d, uint32_t n)            \
    {                                                                        \
        uint32_t i = 0;                                                      \
        for (; i + W <= n; i += W)                                           \
            *(vec *)(y + i) -= d * *(const vec *)(x + i);                    \
        for (; i < n; i++)                                                   \
            y[i] -= d * x[i];                                                \
    }

static inline double kernel_lanes(const double *s)
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

#if defined(__GNUC__)
typedef double kernel_vec2 __attribute__((vector_size(16), aligned(8)));
KERNEL_TILE(kernel_tile_plain, , kernel_vec2, 2, 1, 1)
KERNEL_VECTORS(plain, , kernel_vec2, 2)
#else
typedef double kernel_vec1;
KERNEL_TILE(kernel_tile_plain, , kernel_vec1, 1, 1, 1)
KERNEL_VECTORS(plain, , kernel_vec1, 1)
#endif

static const mlpipe__gram_kernel kernel_plain = {
    1, kernel_tile_plain, kernel_dot_plain, kernel_axpy_plain};

#if defined(__x86_64__) && defined(__GNUC__)
typedef double kernel_vec4 __attribute__((vector_size(32), aligned(8)));
typedef double kernel_vec8 __attribute__((vector_size(64), aligned(8)));
#define KERNEL_AVX2 __attribute__((target("avx2")))
#define KERNEL_AVX512 __attribute__((target("avx512f")))
KERNEL_TILE(kernel_tile_avx2, KERNEL_AVX2, kernel_vec4, 4, 2, 2)
KERNEL_VECTORS(avx2, KERNEL_AVX2, kernel_vec4, 4)
KERNEL_TILE(kernel_tile_avx512, KERNEL_AVX512, kernel_vec8, 8, 5, 5)
KERNEL_VECTORS(avx512, KERNEL_AVX512, kernel_vec8, 8)

static const mlpipe__gram_kernel kernel_avx2 = {
    2, kernel_tile_avx2, kernel_dot_avx2, kernel_axpy_avx2};
static const mlpipe__gram_kernel kernel_avx512 = {
    5, kernel_tile_avx512, kernel_dot_avx512, kernel_axpy_avx512};

const mlpipe__gram_kernel *mlpipe__gram_kernel_of(uint32_t wide)
{
    return wide > 1 ? &kernel_avx512 : wide ? &kernel_avx2 : &kernel_plain;
}
#else
const mlpipe__gram_kernel *mlpipe__gram_kernel_of(uint32_t wide)
{
    (void)wide;
    return &kernel_plain;
}
#endif

uint32_t mlpipe__gram_width(void)
{
    return mlpipe__has_avx512() ? 2 : mlpipe__has_avx2() ? 1 : 0;
}

/* ---- the triangle ------------------------------------------------------- */

size_t mlpipe__gram_lanes(uint32_t q)
{
    const size_t side = (q < KERNEL_PANEL ? q : KERNEL_PANEL) +
                        (size_t)MLPIPE__GRAM_TILE;

    return side * side * MLPIPE__GRAM_LANES;
}

/* Columns first .. first + count - 1, a multiple of the tile. */
typedef struct kernel_panel {
    uint32_t first, count;
} kernel_panel;

static kernel_panel kernel_panel_of(const mlpipe__gram_kernel *kernel,
                                    uint32_t first, uint32_t q)
{
    const uint32_t tile = kernel->tile;
    const uint32_t left = q - first < KERNEL_PANEL ? q - first : KERNEL_PANEL;

    return (kernel_panel){first, (left + tile - 1) / tile * tile};
}

/* How many lanes the tiles of two panels have. */
static size_t kernel_lanes_of(const mlpipe__gram_kernel *kernel,
                              kernel_panel a, kernel_panel b)
{
    const size_t tile = kernel->tile, rows = a.count / tile;
    const size_t tiles = a.first == b.first ? rows * (rows + 1) / 2
                                            : rows * (b.count / tile);

    return tiles * tile * tile * MLPIPE__GRAM_LANES;
}

/* The sums of a tile at columns i and j to the matrix. */
static void kernel_reduce(const double *lanes, uint32_t tile, uint32_t i,
                          uint32_t j, uint32_t q, double *gram)
{
    for (uint32_t u = 0; u < tile && i + u < q; u++)
        for (uint32_t v = i == j ? u : 0; v < tile && j + v < q; v++)
            gram[(size_t)(j + v) * q + i + u] += kernel_lanes(
                lanes + (u * tile + v) * (size_t)MLPIPE__GRAM_LANES);
}

/* The tiles of two panels, which may be the same one; m rows into lanes. */
static void kernel_tiles(const mlpipe__gram_kernel *kernel, const double *x,
                         size_t ld, kernel_panel a, kernel_panel b,
                         uint32_t m, double *lanes)
{
    const uint32_t tile = kernel->tile;
    const size_t step = (size_t)tile * tile * MLPIPE__GRAM_LANES;

    for (uint32_t i = a.first; i < a.first + a.count; i += tile)
        for (uint32_t j = i > b.first ? i : b.first; j < b.first + b.count;
             j += tile, lanes += step)
            kernel->run(x + i * ld, x + j * ld, ld, m, lanes);
}

static void kernel_fold(const mlpipe__gram_kernel *kernel, kernel_panel a,
                        kernel_panel b, const double *lanes, uint32_t q,
                        double *gram)
{
    const uint32_t tile = kernel->tile;
    const size_t step = (size_t)tile * tile * MLPIPE__GRAM_LANES;

    for (uint32_t i = a.first; i < a.first + a.count; i += tile)
        for (uint32_t j = i > b.first ? i : b.first; j < b.first + b.count;
             j += tile, lanes += step)
            kernel_reduce(lanes, tile, i, j, q, gram);
}

void mlpipe__gram_add(const mlpipe__gram_kernel *kernel, const double *x,
                      size_t ld, uint32_t q, uint32_t n, double *lanes,
                      double *gram)
{
    for (uint32_t i = 0; i < q && n; i += KERNEL_PANEL)
        for (uint32_t j = i; j < q; j += KERNEL_PANEL) {
            const kernel_panel a = kernel_panel_of(kernel, i, q);
            const kernel_panel b = kernel_panel_of(kernel, j, q);

            memset(lanes, 0, kernel_lanes_of(kernel, a, b) * sizeof *lanes);
            for (uint32_t k = 0; k < n; k += KERNEL_CHUNK)
                kernel_tiles(kernel, x + k, ld, a, b,
                             n - k < KERNEL_CHUNK ? (n - k + 7) / 8 * 8
                                                  : KERNEL_CHUNK,
                             lanes);
            kernel_fold(kernel, a, b, lanes, q, gram);
        }
}
