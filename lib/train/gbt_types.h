/* SPDX-License-Identifier: MIT */
/*
 * What the files of the boosted trees share: options, binned rows, integer
 * histograms, splits and the trees as they grow.
 */
#ifndef MLPIPE_GBT_TYPES_H
#define MLPIPE_GBT_TYPES_H

#include "train_internal.h"

enum {
    GBT_WIDTH = 16,         /* features of a block: a row of it is 16 bytes */
    GBT_SLOTS = 256,        /* bins of a byte, with that of missing */
    GBT_CHUNK_ROWS = 65536, /* rows of one parallel task */
    GBT_LEAF_BITS = 30      /* sum over trees of the greatest leaf < 2^30 */
};

typedef struct gbt_options {
    uint32_t trees, leaves, min_rows, bins, depth, stop;
    double rate, l2, rows, columns;
    double category_smooth, category_l2;
    uint32_t category_min_rows, category_rows, category_most;
    uint32_t category_single, category_bins;
    uint32_t task;
} gbt_options;

enum { GBT_NARROW = -1 };

/*
 * How the values of a feature fall into bins. Bin 0 is missing. A number x is
 * in bin 1 + (how many cuts are <= x). A category is in bin_of[code]; the bin
 * slots - 1 takes the rare codes and those that training never saw. Where a
 * category has more bins than a byte tells, it is wide: its bins are a column
 * of their own, and its place among the bytes says nothing.
 */

typedef struct gbt_feature {
    uint32_t kind;   /* MLPIPE__NUMBER or MLPIPE__CODE */
    uint32_t slots;  /* bins, with bin 0; 1 = nothing to split on */
    uint32_t offset; /* of its cells in a histogram */
    uint32_t cut_count, codes;
    int32_t wide;    /* its column of the wide ones, or GBT_NARROW */
    double *cuts;
    uint16_t *bin_of;
} gbt_feature;

/* Losses of a number other than squared error; 0: that, or one of classes. */
typedef enum gbt_number_kind {
    GBT_NUMBER_SQUARED,
    GBT_NUMBER_ABSOLUTE,
    GBT_NUMBER_HUBER,
    GBT_NUMBER_QUANTILE,
    GBT_NUMBER_POISSON,
    GBT_NUMBER_GAMMA,
    GBT_NUMBER_TWEEDIE
} gbt_number_kind;

typedef struct gbt_number {
    gbt_number_kind kind;
    const char *name;    /* as loss= has it */
    double level, delta, power;
    bool renews;         /* leaves are quantiles of residuals */
    bool has_log_link;   /* the answer is exp(score) */
    bool has_avx2;       /* the machine; no bit depends on it */
} gbt_number;

/* Gradient and hessian of a row where they have no bound. */
typedef struct gbt_slope {
    double g, h;
} gbt_slope;

/* A number and for how much it counts. */
typedef struct gbt_value {
    double x;
    uint64_t w;
} gbt_value;

/*
 * Cells lie by unit: a unit is a block of features, or a wide one. The last
 * cell of a block is a dummy, which takes what has no bin among its bytes.
 */
typedef struct gbt_layout {
    mlpipe__env *env;
    uint32_t features, blocks, units;
    uint32_t cells;      /* of one histogram */
    gbt_feature *feature;
    uint32_t *offset;    /* blocks * GBT_WIDTH; the dummy where none is */
    uint32_t *unit;      /* units + 1: where their cells begin */
    uint32_t *wide;      /* units - blocks: their features */
} gbt_layout;

/* Rows as bins: block b starts at b * rows * GBT_WIDTH, wide column k at
 * k * rows. */
typedef struct gbt_bins {
    int64_t rows;
    uint8_t *data;
    uint16_t *wide;
} gbt_bins;

/* Gradient and hessian of a row in fixed point. */
typedef struct gbt_grad {
    int32_t g;
    uint32_t h;
} gbt_grad;

/*
 * The sums of a bin: gradients, and hessians with the count of rows in the low
 * `shift` bits of one word. Sums of integers: no order changes them.
 */
typedef struct gbt_cell {
    int64_t g;
    uint64_t w;
} gbt_cell;

enum {
    GBT_MISSING_RIGHT = 1,
    GBT_SET = 2,      /* of categories */
    GBT_SORTED = 4,   /* the set is of the first of the sorted ones, */
    GBT_FROM_END = 8, /* or of the last */
    GBT_WIDE = 16     /* of a wide feature; in nodes alone */
};

typedef struct gbt_split {
    double gain;      /* 0 = none; in squared units of the gradient scale */
    double l2;        /* of the values of both sides */
    uint32_t feature;
    uint32_t bin;     /* number: bins above it go right; category: the one
                         that does, or how many of the sorted ones */
    uint32_t flags;
    gbt_cell left;
} gbt_split;

/* A node of a grown tree; a negative child is ~leaf. */
typedef struct gbt_node {
    uint32_t feature, flags;
    uint32_t bin;      /* as of the split; of a wide feature its column */
    uint32_t set;      /* where its words begin: bins that go right */
    int32_t left, right;
    double gain;       /* in squared units of the target */
} gbt_node;

/* A tree adds to one output; the trees of a round saw the same scores. */
typedef struct gbt_tree {
    uint32_t first_node, first_leaf, nodes, leaves;
    uint32_t output, round;
} gbt_tree;

/* All trees so far. */
typedef struct gbt_trees {
    mlpipe__env *env;
    uint32_t count, room;
    uint32_t node_count, node_room, leaf_count, leaf_room;
    uint32_t set_count, set_room;
    gbt_tree *tree;
    gbt_node *node;
    int32_t *leaf;
    uint64_t *set;       /* a bit for each bin of the node's feature */
} gbt_trees;

/* A leaf that may still be split. */
typedef struct gbt_open {
    uint32_t start, count; /* its part of the row list */
    uint32_t depth;
    int32_t parent;        /* node, or -1 for the root */
    bool is_right;
    bool has_cells;        /* cells of its slot hold its histogram */
    uint32_t slot;
    gbt_cell sum;
    double l2;             /* of its value: of the split that made it */
    double low, high;      /* that its value must keep; see gbt_leaf_value */
    double renewed_low, renewed_high; /* the same where leaves are renewed */
    double renewed;        /* its value then */
    gbt_split best;
} gbt_open;

/* Everything that boosting works with; allocated before it starts. */
typedef struct gbt_fit {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    const mlpipe__fit_job *job;
    gbt_options opt;
    gbt_layout layout;
    gbt_bins bins, valid_bins;
    gbt_trees trees;
    uint32_t rows;        /* of training */
    uint32_t weighty;     /* those with a weight above 0; others are as not
                             there, to the bit */
    uint32_t tasks;       /* how many run at once */
    uint32_t outputs;     /* scores of a row: of three classes or more each,
                             else 1 */
    uint32_t round;       /* of boosting, also where it grew nothing */
    uint32_t grown;       /* rounds that grew a tree */
    uint32_t output;      /* that the next tree adds to */
    uint32_t shift;       /* count bits of a cell's w */
    double g_scale, h_scale, score_scale;
    double *base;         /* outputs: where the scores begin */
    int32_t leaf_limit;
    bool unit_hessian;
    bool monotone;        /* some feature is constrained */
    int8_t *direction;    /* features: 1 rising, -1 falling, 0 as it comes */
    gbt_grad *grad;       /* rows */
    int32_t *score;       /* outputs x rows: sums of leaves */
    int32_t *valid_score;
    double *norm;         /* rows: log of the sum of exp of a row's scores when
                             the round began; NULL for one output */
    uint32_t *list;       /* rows in the bag, by leaf */
    uint32_t *spare;      /* rows */
    uint32_t list_count;
    gbt_cell *cells;      /* leaves + tasks - 1 histograms */
    gbt_open *open;       /* leaves */
    gbt_split *found;     /* features: the best of each */
    double *category_key; /* cells: by what categories are sorted */
    uint16_t *category_order; /* 2 x cells: bins by it, and room to sort */
    uint8_t *active;      /* features: 1 where the tree may use it */
    uint64_t *keys;       /* features: for sampling columns */
    mlpipe__exact *sums;  /* tasks */
    double train_loss, valid_loss;
    gbt_number number;    /* the loss of a number */
    gbt_value *value;     /* rows: residuals; NULL for most losses */
    gbt_slope *slope;     /* rows, with a log link */
    double *peak;         /* tasks: greatest gradients, then hessians */
} gbt_fit;

/* What the search for the best split of one feature of a leaf works on. */
typedef struct gbt_scan {
    const gbt_fit *fit;
    const gbt_feature *feature;
    const gbt_cell *cell; /* of the feature's bins */
    gbt_cell total;
    double g, h;          /* of total */
    uint32_t n;
    int32_t direction;    /* of the feature, where some are constrained */
    double low, high;     /* of the leaf's value */
} gbt_scan;

/* gbt_cuts.c: where the bins are; needs one pass over at most 200,000 rows. */
mlpipe_status mlpipe__gbt_layout(gbt_fit *fit);
void mlpipe__gbt_layout_free(gbt_layout *layout);
/* gbt_bins.c */
mlpipe_status mlpipe__gbt_bin_frame(gbt_fit *fit, const mlpipe__frame *frame,
                                    gbt_bins *out);
/* gbt_loss.c: checks of the target, base score, scales; gradients; losses. */
mlpipe_status mlpipe__gbt_loss_init(gbt_fit *fit);
mlpipe_status mlpipe__gbt_gradients(gbt_fit *fit);
mlpipe_status mlpipe__gbt_loss(gbt_fit *fit, const mlpipe__frame *frame,
                               const int32_t *score, double *out);
/* gbt_classes.c: the same for three classes or more. */
mlpipe_status mlpipe__gbt_class_base(gbt_fit *fit);
mlpipe_status mlpipe__gbt_class_norms(gbt_fit *fit); /* begins a round */
void mlpipe__gbt_class_gradients(const gbt_fit *fit, int64_t first,
                                 int64_t last);
/* Losses of n <= MLPIPE__BLOCK_ROWS rows. */
void mlpipe__gbt_class_losses(const gbt_fit *fit, const mlpipe__frame *frame,
                              const int32_t *score, int64_t first,
                              uint32_t n, double *out);
/* gbt_regression.c: losses of a number. What the parameters say, refused where
 * it does not fit the task. */
mlpipe_status mlpipe__gbt_number_read(gbt_fit *fit);
mlpipe_status mlpipe__gbt_number_check(mlpipe_ctx *ctx, const char *name,
                                       const mlpipe__params *params);
bool mlpipe__gbt_number_log_link(const mlpipe__params *params);
/* Does the loss take this target, and what it would take. */
bool mlpipe__gbt_number_fits(const gbt_fit *fit, double y);
const char *mlpipe__gbt_number_takes(const gbt_fit *fit);
/* Base; the greatest step of one tree before the rate, 0 where the base says it
 * all. */
mlpipe_status mlpipe__gbt_number_base(gbt_fit *fit);
double mlpipe__gbt_number_reach(gbt_fit *fit);
/* Begins a round where gradients have no bound: their scales. */
mlpipe_status mlpipe__gbt_number_scales(gbt_fit *fit);
void mlpipe__gbt_number_gradients(const gbt_fit *fit, int64_t first,
                                  int64_t last);
/* Of n rows whose scores are in `out`. */
void mlpipe__gbt_number_losses(const gbt_fit *fit, const mlpipe__frame *frame,
                               int64_t first, uint32_t n, double *out);
/* The step of a leaf with a log link, within its bounds; in units of the
 * gradient scale. */
double mlpipe__gbt_number_step(const gbt_fit *fit, const gbt_open *leaf);
/* gbt_renew.c: the least x that `level` of the weight reaches, or the middle
 * between it and the next where it does so exactly; sorts v a little. n > 0 */
double mlpipe__gbt_quantile(gbt_value *v, uint32_t n, double level);
/* The k-th greatest x (k >= 1); weights say nothing. */
double mlpipe__gbt_greatest(gbt_value *v, uint32_t n, uint32_t k);
/* The quantile of the residuals of a leaf's rows, within its bounds. */
double mlpipe__gbt_renewed(const gbt_fit *fit, const gbt_open *leaf);
/* Sets that of so many leaves. */
mlpipe_status mlpipe__gbt_renew(gbt_fit *fit, uint32_t leaves);
/* gbt_monotone.c: reads the constraints; what a split on a number that is one
 * of them leaves to its sides, whose sums are set. */
mlpipe_status mlpipe__gbt_monotone(gbt_fit *fit);
int32_t mlpipe__gbt_direction(const gbt_fit *fit, const gbt_split *split);
void mlpipe__gbt_bound(const gbt_fit *fit, int32_t direction, gbt_open *left,
                       gbt_open *right);
/* *broken: a constrained feature with which some tree does not rise or fall,
 * or UINT32_MAX, which is a proof. */
mlpipe_status mlpipe__gbt_prove(mlpipe_ctx *ctx, const mlpipe__forest *f,
                                const int8_t *direction, uint32_t *broken);
/* gbt_hist.c */
mlpipe_status mlpipe__gbt_histogram(gbt_fit *fit, const gbt_open *leaf);
void mlpipe__gbt_subtract(const gbt_fit *fit, uint32_t from, uint32_t what);
/* gbt_split.c: the best split of a leaf whose histogram is there. */
mlpipe_status mlpipe__gbt_find(gbt_fit *fit, gbt_open *leaf);
/* gbt_category.c: the best set of the categories of one feature; the set of a
 * split of a leaf whose histogram is still there, added to the trees' words. */
void mlpipe__gbt_category(const gbt_scan *s, gbt_split *best);
mlpipe_status mlpipe__gbt_set(gbt_fit *fit, const gbt_open *leaf,
                              uint32_t *at);
/* gbt_partition.c: splits the rows of a leaf in place; gives how many stay
 * left. */
mlpipe_status mlpipe__gbt_partition(gbt_fit *fit, const gbt_open *leaf,
                                    const gbt_node *node, uint32_t *left);
/* gbt_grow.c: one more tree; *grown is false where no split was worth it. */
mlpipe_status mlpipe__gbt_grow(gbt_fit *fit, bool *grown);
/* gbt_walk.c: add (sign 1) or take back (-1) a tree's leaves to the scores of
 * its output. */
mlpipe_status mlpipe__gbt_apply(gbt_fit *fit, const gbt_bins *bins,
                                const gbt_tree *tree, int32_t sign,
                                int32_t *score);
/* gbt_notes.c: figures, and for each feature over the trees that stay: gain,
 * the sum over its splits of G^2 / (H + l2) of both sides (of sorted
 * categories with category_l2) less that of the whole, its share of all gain,
 * and how many splits. */
mlpipe_status mlpipe__gbt_notes(const gbt_fit *fit, uint32_t rounds,
                                uint32_t trees);
/* gbt_forest.c: the first `count` trees as the program's forest. */
mlpipe__forest *mlpipe__gbt_forest(const gbt_fit *fit, uint32_t count);

enum { GBT_GRADIENT_BITS = 30 };

/* To fixed point, rounded to nearest. */
static inline int32_t gbt_fixed(double x)
{
    const double most = (double)((int64_t)1 << GBT_GRADIENT_BITS);
    const double low = x < -most ? -most : x;
    const double c = low > most ? most : low;

    return (int32_t)(c + __builtin_copysign(0.5, c));
}

/* The power of two that is not below x (x > 0 and finite). */
double mlpipe__gbt_power(double x);

static inline uint32_t gbt_min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t gbt_cell_rows(const gbt_fit *fit, gbt_cell c)
{
    return (uint32_t)(c.w & (((uint64_t)1 << fit->shift) - 1));
}

/* The unit of hessians up to `most`, so that the sum over all rows fits into a
 * cell beside their count. */
static inline double gbt_hessian_unit(const gbt_fit *fit, double most)
{
    const uint32_t bits = gbt_min_u32(31, 64 - 2 * fit->shift);

    return mlpipe__gbt_power(most) * 2 / (double)((int64_t)1 << bits);
}

/* The fixed-point weight of a row where hessians are weights. */
static inline uint32_t gbt_fixed_weight(const gbt_fit *fit, double w)
{
    return fit->unit_hessian ? 1 : (uint32_t)(w * (1 / fit->h_scale) + 0.5);
}

static inline bool gbt_counts(const mlpipe__frame *frame, int64_t row)
{
    return !frame->weight || frame->weight[row] > 0;
}

static inline double gbt_cell_hessian(const gbt_fit *fit, gbt_cell c)
{
    return (double)(c.w >> fit->shift) * fit->h_scale;
}

/* The value within bounds with the least loss; in units of the gradient scale
 * before the rate. den: hessian and penalty. */
static inline double gbt_bounded(double g, double den, double low,
                                 double high)
{
    const double v = den > 0 ? -g / den : 0;

    return v > high ? high : v < low ? low : v;
}

/* gl^2 / hl + gr^2 / hr with one division. */
static inline double gbt_gain(double gl, double hl, double gr, double hr)
{
    const double den = hl * hr;
    const double q = (gl * gl * hr + gr * gr * hl) / den;

    return den > 0 ? q : 0;
}

/* What a leaf with this value takes from the loss, twice; g^2 / den where it
 * is the best value. */
static inline double gbt_gain_of_value(double g, double den, double v)
{
    return -(2 * g + den * v) * v;
}

/* The same as gbt_gain where leaves are held within bounds; no gain where
 * sides that have to be are not in order. */
static inline double gbt_gain_bounded(const gbt_scan *s, double gl, double hl,
                                      double gr, double hr, int32_t direction)
{
    const double a = gbt_bounded(gl, hl, s->low, s->high);
    const double b = gbt_bounded(gr, hr, s->low, s->high);

    if ((direction > 0 && a > b) || (direction < 0 && a < b))
        return -mlpipe__inf();
    return gbt_gain_of_value(gl, hl, a) + gbt_gain_of_value(gr, hr, b);
}

static inline double gbt_leaf_value(const gbt_fit *fit, const gbt_open *leaf)
{
    if (fit->number.has_log_link)
        return mlpipe__gbt_number_step(fit, leaf);
    return gbt_bounded((double)leaf->sum.g,
                       gbt_cell_hessian(fit, leaf->sum) + leaf->l2,
                       leaf->low, leaf->high);
}

/* Does a row with this bin of the node's feature go right? */
static inline bool gbt_goes_right(const gbt_node *n, const uint64_t *set,
                                  uint32_t bin)
{
    if (n->flags & GBT_SET)
        return set[n->set + (bin >> 6)] >> (bin & 63) & 1;
    return bin ? bin > n->bin : (n->flags & GBT_MISSING_RIGHT) != 0;
}

/* The bin of a row of the node's feature. */
static inline uint32_t gbt_bin_at(const gbt_bins *bins, const gbt_node *n,
                                  int64_t row)
{
    const size_t block = (size_t)bins->rows * GBT_WIDTH;

    if (n->flags & GBT_WIDE)
        return bins->wide[(size_t)n->bin * (size_t)bins->rows + (size_t)row];
    return bins->data[n->feature / GBT_WIDTH * block +
                      (size_t)row * GBT_WIDTH + n->feature % GBT_WIDTH];
}

#endif
