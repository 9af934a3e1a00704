/* SPDX-License-Identifier: MIT */
/*
 * Scores beside classes, sorted once: what every threshold says. Without
 * weights a key and its class are one number, and all counts are exact.
 */
#include "num_internal.h"

__extension__ typedef unsigned __int128 curve_u128;

/* Rows from which the wide sort pays for its cells. */
enum { CURVE_WIDE = 8192 };

/* ---- the one sort ------------------------------------------------------- */

/* Least and greatest key; false where a score is NaN. */
static bool curve_range(const double *p, uint32_t n, uint64_t *least,
                        uint64_t *most)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < n; ++i) {
        const uint64_t key = mlpipe__order_key(p[i]);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    *least = low;
    *most = high;
    return high != UINT64_MAX;
}

/* Twice the key above the least one, and the class in the last bit. */
static inline uint64_t curve_word(const mlpipe__curve *c, uint32_t row)
{
    return (mlpipe__order_key(c->p[row]) - c->least) << 1
         | (c->y[row] >= 0.5);
}

static uint32_t curve_bits(const mlpipe__curve *c, uint64_t most)
{
    uint32_t bits = 1;
    while (bits < 64 && (most - c->least) << 1 >> bits)
        ++bits;
    return bits;
}

static void curve_pack(mlpipe__curve *c, uint64_t *room, uint64_t most)
{
    const uint32_t n = c->n;
    uint64_t *const scratch = room + n;
    for (uint32_t i = 0; i < n; ++i)
        room[i] = curve_word(c, i);
    if (n < CURVE_WIDE) {
        mlpipe__sort_u64(room, n, scratch);
        c->packed = room;
        return;
    }
    c->packed = mlpipe__sort_wide(room, scratch, n, curve_bits(c, most),
                                  (mlpipe__wide_cells *)(scratch + n));
}

/* In order of rows within a score, since the sort is stable but for classes:
 * a sum of weights is of one class alone. */
static void curve_key(mlpipe__curve *c, uint64_t *room, uint64_t most)
{
    const uint32_t n = c->n;
    mlpipe__keyed *const keyed = (mlpipe__keyed *)room;
    for (uint32_t i = 0; i < n; ++i)
        keyed[i] = (mlpipe__keyed){curve_word(c, i), c->w[i]};
    c->keyed = mlpipe__sort_keyed(
        keyed, keyed + n, n, curve_bits(c, most),
        (mlpipe__wide_cells *)(room + 4 * (size_t)n));
}

/* Does twice a key fit a word? */
static bool curve_packs(uint64_t least, uint64_t most)
{
    return !((most - least) >> 63);
}

size_t mlpipe__curve_room(const double *p, const double *w, uint32_t n)
{
    uint64_t least = 0, most = 0;
    const size_t cells = sizeof(mlpipe__wide_cells) / sizeof(uint64_t);
    if (!w && (!curve_range(p, n, &least, &most) || curve_packs(least, most)))
        return 2 * (size_t)n + (n < CURVE_WIDE ? 0 : cells);
    return 5 * (size_t)n; /* n < CURVE_WIDE or n >= cells */
}

/* ---- groups of equal scores, from the highest down ---------------------- */

/* Of one score: rows of each class, their weights and squared weights. */
typedef struct curve_group {
    double score;
    uint64_t positives, negatives;
    double w[2], w2[2];
} curve_group;

/* Takes the group that ends before *left, which is not 0. */
static inline void curve_next_packed(const mlpipe__curve *c, uint32_t *left,
                                     uint64_t *positives,
                                     uint64_t *negatives)
{
    uint32_t i = *left - 1;
    const uint64_t key = c->packed[i] >> 1;
    uint64_t pos = c->packed[i] & 1;
    while (i && c->packed[i - 1] >> 1 == key)
        pos += c->packed[--i] & 1;
    *positives = pos;
    *negatives = *left - i - pos;
    *left = i;
}

static inline double curve_word_score(const mlpipe__curve *c, uint64_t word)
{
    return mlpipe__order_value((word >> 1) + c->least);
}

static inline void curve_next_keyed(const mlpipe__curve *c, uint32_t *left,
                                    curve_group *g)
{
    uint32_t i = *left;
    const uint64_t key = c->keyed[i - 1].key >> 1;
    while (i && c->keyed[i - 1].key >> 1 == key) {
        const mlpipe__keyed *const row = &c->keyed[--i];
        const uint32_t k = row->key & 1;
        g->positives += k;
        g->negatives += !k;
        g->w[k] += row->value;
        g->w2[k] += row->value * row->value;
    }
    g->score = curve_word_score(c, key << 1);
    *left = i;
}

static inline void curve_next_order(const mlpipe__curve *c, uint32_t *left,
                                    curve_group *g)
{
    uint32_t i = *left;
    memset(g, 0, sizeof *g);
    if (c->keyed) {
        curve_next_keyed(c, left, g);
        return;
    }
    g->score = c->p[c->order[i - 1]];
    while (i && c->p[c->order[i - 1]] == g->score) {
        const uint32_t row = c->order[--i];
        const uint32_t k = c->y[row] >= 0.5;
        const double w = c->w ? c->w[row] : 1.0;
        g->positives += k;
        g->negatives += !k;
        g->w[k] += w;
        g->w2[k] += w * w;
    }
    *left = i;
}

/* ---- one pass over counts ----------------------------------------------- */

/* Sums of the placements a: twice the rows of the other class above, and the
 * tied ones; exact. */
typedef struct curve_placed {
    uint64_t rows, sum;
    curve_u128 squares;
} curve_placed;

/*
 * sum (a - mean)^2 / (rows - 1) of placements: the sum of squares less sum^2
 * / rows, of which all but a remainder is exact.
 */
static double curve_variance(const curve_placed *p)
{
    if (p->rows < 2)
        return mlpipe__nan();
    const uint64_t q = p->sum / p->rows, r = p->sum % p->rows;
    const curve_u128 exact = p->squares - (curve_u128)q * p->sum
                           - (curve_u128)q * r;
    const double rest = (double)r * (double)r / (double)p->rows;
    const double s = (double)(uint64_t)(exact >> 64) * 0x1p64
                   + (double)(uint64_t)exact - rest;
    return (s > 0.0 ? s : 0.0) / (double)(p->rows - 1);
}

/* What the thresholds so far have shown. */
typedef struct curve_best {
    mlpipe__tree precision;
    double block;       /* of sum pos * precision */
    uint32_t groups;
    double f1;
    uint32_t at;        /* rows below the threshold of the best f1 */
    double gap;         /* largest |tp N - fp P| */
} curve_best;

/* A threshold at which tp and fp rows are called positive, pos of them new. */
static inline void curve_threshold(curve_best *b, double pos, double tp,
                                   double fp, double positives,
                                   double negatives, uint32_t left)
{
    const double f1 = 2.0 * tp / (tp + fp + positives);
    double gap = tp * negatives - fp * positives;
    b->block += pos * (tp / (tp + fp));
    if (++b->groups == MLPIPE__SUM_BLOCK) {
        mlpipe__tree_add(&b->precision, b->block);
        b->block = 0.0;
        b->groups = 0;
    }
    gap = gap < 0.0 ? -gap : gap;
    b->gap = gap > b->gap ? gap : b->gap;
    if (f1 > b->f1) {
        b->f1 = f1;
        b->at = left;
    }
}

static void curve_finish(mlpipe__curve *c, curve_best *b)
{
    if (b->groups)
        mlpipe__tree_add(&b->precision, b->block);
    c->ap = mlpipe__tree_value(&b->precision) / c->positives;
    if (c->negatives > 0.0)
        c->ks = b->gap / c->positives / c->negatives;
    c->best_f1 = b->f1;
    c->threshold = c->packed  ? curve_word_score(c, c->packed[b->at])
                   : c->keyed ? curve_word_score(c, c->keyed[b->at].key)
                              : c->p[c->order[b->at]];
}

static void curve_counts(mlpipe__curve *c)
{
    const uint64_t rows[2] = {(uint64_t)c->negatives, (uint64_t)c->positives};
    curve_placed of[2] = {{rows[0], 0, 0}, {rows[1], 0, 0}};
    curve_best best = {.f1 = -1.0};
    uint64_t tp = 0, fp = 0;
    curve_group g;
    for (uint32_t left = c->n; left;) {
        uint64_t pos, neg;
        if (c->packed) {
            curve_next_packed(c, &left, &pos, &neg);
        } else {
            curve_next_order(c, &left, &g);
            pos = g.positives;
            neg = g.negatives;
        }
        const uint64_t a = 2 * fp + neg, b = 2 * tp + pos;
        of[1].sum += pos * a;
        of[1].squares += (curve_u128)(pos * a) * a;
        of[0].sum += neg * b;
        of[0].squares += (curve_u128)(neg * b) * b;
        tp += pos;
        fp += neg;
        curve_threshold(&best, (double)pos, (double)tp, (double)fp,
                        c->positives, c->negatives, left);
    }
    curve_finish(c, &best);
    if (!rows[0])
        return;
    /* what is not above is below, or half of each */
    c->auc = (double)(2 * rows[0] * rows[1] - of[1].sum)
           / (2.0 * c->positives * c->negatives);
    c->auc_se = mlpipe__sqrt(
        curve_variance(&of[1]) / (double)rows[1]
            / (4.0 * c->negatives * c->negatives)
        + curve_variance(&of[0]) / (double)rows[0]
              / (4.0 * c->positives * c->positives));
}

/* ---- the same of weights ------------------------------------------------ */

/* n / (n - 1), as of a sample's variance. */
static double curve_sample(uint64_t rows)
{
    return rows < 2 ? mlpipe__nan()
                    : (double)rows / (double)(rows - 1);
}

/* Weighted squares of the placements about auc, of each class. */
static void curve_weighted_se(mlpipe__curve *c, const uint64_t rows[2])
{
    double above[2] = {0.0, 0.0}, squares[2] = {0.0, 0.0};
    curve_group g;
    for (uint32_t left = c->n; left;) {
        curve_next_order(c, &left, &g);
        const double d1 = 1.0 - (above[0] + 0.5 * g.w[0]) / c->negatives
                        - c->auc;
        const double d0 = (above[1] + 0.5 * g.w[1]) / c->positives - c->auc;
        squares[1] += g.w2[1] * d1 * d1;
        squares[0] += g.w2[0] * d0 * d0;
        above[0] += g.w[0];
        above[1] += g.w[1];
    }
    c->auc_se = mlpipe__sqrt(
        squares[1] / c->positives / c->positives * curve_sample(rows[1])
        + squares[0] / c->negatives / c->negatives * curve_sample(rows[0]));
}

static void curve_weights(mlpipe__curve *c)
{
    curve_best best = {.f1 = -1.0};
    double tp = 0.0, fp = 0.0, pairs = 0.0;
    uint64_t rows[2] = {0, 0};
    curve_group g;
    for (uint32_t left = c->n; left;) {
        curve_next_order(c, &left, &g);
        pairs += g.w[0] * (tp + 0.5 * g.w[1]);
        tp += g.w[1];
        fp += g.w[0];
        rows[0] += g.negatives;
        rows[1] += g.positives;
        curve_threshold(&best, g.w[1], tp, fp, c->positives, c->negatives,
                        left);
    }
    curve_finish(c, &best);
    if (!(c->negatives > 0.0))
        return;
    c->auc = pairs / c->positives / c->negatives;
    curve_weighted_se(c, rows);
}

/* ---- all of it ---------------------------------------------------------- */

static void curve_classes(mlpipe__curve *c)
{
    double sum[2] = {0.0, 0.0}, squares = 0.0;
    uint32_t positives = 0;
    for (uint32_t i = 0; !c->w && i < c->n; ++i)
        positives += c->y[i] >= 0.5;
    if (!c->w) {
        c->positives = c->positive_rows = positives;
        c->negatives = c->n - positives;
        return;
    }
    for (uint32_t i = 0; i < c->n; ++i) {
        const double w = c->w[i];
        const uint32_t k = c->y[i] >= 0.5;
        sum[k] += w;
        squares += k ? w * w : 0.0;
    }
    c->positives = sum[1];
    c->negatives = sum[0];
    c->positive_rows = squares > 0.0 ? sum[1] * sum[1] / squares : 0.0;
}

void mlpipe__curve_make(mlpipe__curve *c, const double *y, const double *p,
                        const double *w, uint32_t n, uint64_t *room)
{
    uint64_t most = 0;
    const double nan = mlpipe__nan();
    *c = (mlpipe__curve){.y = y, .p = p, .w = w, .n = n, .auc = nan,
                         .auc_se = nan, .ap = nan, .ks = nan, .best_f1 = nan,
                         .threshold = nan};
    if (!n || !curve_range(p, n, &c->least, &most))
        return;
    curve_classes(c);
    if (!w && curve_packs(c->least, most)) {
        curve_pack(c, room, most);
    } else if (w && n >= CURVE_WIDE && curve_packs(c->least, most)) {
        curve_key(c, room, most);
    } else {
        c->order = (uint32_t *)(room + 4 * (size_t)n);
        mlpipe__argsort_f64(p, (uint32_t *)(room + 4 * (size_t)n), n, room);
    }
    if (!(c->positives > 0.0))
        return;
    if (w)
        curve_weights(c);
    else
        curve_counts(c);
}

double mlpipe__metric_auc(const double *y, const double *p, const double *w,
                          uint32_t n, double *scratch)
{
    mlpipe__curve c;
    mlpipe__curve_make(&c, y, p, w, n, (uint64_t *)scratch);
    return c.auc;
}

uint32_t mlpipe__curve_points(const mlpipe__curve *c, double *threshold,
                              double *tp, double *fp)
{
    double sum[2] = {0.0, 0.0};
    uint32_t points = 0;
    curve_group g = {0};
    const bool sorted = c->packed || c->keyed || c->order;
    for (uint32_t left = sorted ? c->n : 0; left; ++points) {
        if (c->packed) {
            curve_next_packed(c, &left, &g.positives, &g.negatives);
            g.score = curve_word_score(c, c->packed[left]);
            g.w[1] = (double)g.positives;
            g.w[0] = (double)g.negatives;
        } else {
            curve_next_order(c, &left, &g);
        }
        sum[1] += g.w[1];
        sum[0] += g.w[0];
        threshold[points] = g.score;
        tp[points] = sum[1];
        fp[points] = sum[0];
    }
    return points;
}
