/* SPDX-License-Identifier: MIT */
/*
 * Drift of one input, and verdicts over all: two-sample tests on the counts of
 * a pane and of the reference, each with an effect, and the rules by which
 * they become a verdict. monitor.h has the formulas and their sources. What
 * took long, the null distributions, was done in training.
 */
#include "monitor_internal.h"

/* A rate matters from one percentage point on. */
static const double drift_rate_effect = 0.01;
/* Whatever the cells that chi-squared can compare say: half of the rows lie on
 * the other side of some value. */
static const double drift_ks_effect = 0.5;
/* Cells of chi-squared hold at least this many expected rows of either
 * sample (W. G. Cochran, Biometrics 10, 1954). */
static const double drift_least_expected = 5.0;
static const double drift_least_cut = 100.0;
/* A tail holds at least this share of the reference, or five rows. */
static const double drift_tail_least = 0.005, drift_tail_most = 0.1;
/* More rows than these in the outermost cell share the end of the range: no
 * tail lies there. */
static const double drift_shared = 0.02, drift_shared_rows = 4.0;
static const double drift_more_share = 0.95;
static const double drift_z95 = 1.959963984540054;
static const double drift_z80 = 0.8416212335729143; /* power 0.8 */

const char *mlpipe__verdict_name(uint32_t verdict)
{
    static const char *const names[] = {"OK", "INSUFFICIENT_DATA", "WARN",
                                        "DRIFT"};

    return names[verdict <= MLPIPE__VERDICT_DRIFT ? verdict : 0];
}

uint32_t mlpipe__verdict_number(const char *name)
{
    for (uint32_t i = 0; name && i <= MLPIPE__VERDICT_DRIFT; i++)
        if (!strcmp(name, mlpipe__verdict_name(i)))
            return i;
    return MLPIPE__VERDICT_INSUFFICIENT;
}

const char *mlpipe__drift_test_name(uint32_t test)
{
    static const char *const names[MLPIPE__TESTS] = {
        "chi2",      "g",         "ks",      "ad",     "tail_low",
        "tail_high", "missing",   "unseen",  "out_of_range",
    };

    return test < MLPIPE__TESTS ? names[test] : "";
}

/* What one input is measured with. */
typedef struct drift_look {
    const mlpipe__ref_input *in;
    const uint64_t *counts;
    uint64_t ref_rows, rows;
    double alpha;
    uint64_t *ref, *now; /* pooled cells */
    double shape; /* p of the values alone, without what is missing or new */
    mlpipe__drift_row *out;
} drift_look;

static double drift_square(double x)
{
    return x * x;
}

/* ---- all cells: PSI, chi-squared, G ------------------------------------- */

/*
 * Are these enough rows for a cell of their own? Those of a category are
 * counted in both samples, since the table's margins hold them fixed. The
 * cells of a number end at quantiles of the reference, which has as many rows
 * there as was asked for; the more of the chance lies in how much of the law
 * that is, the more rows are needed until it is nearly normal.
 */
static bool drift_enough(const drift_look *l, double ref, double now)
{
    const double n = (double)l->ref_rows, m = (double)l->rows;
    const double least = n < m ? n : m;

    if (l->in->kind == MLPIPE__NUMBER)
        return ref >= drift_least_expected * n / least +
                          drift_least_cut * m / (n + m);
    return (ref + now) * least >= drift_least_expected * (n + m);
}

/* The cells that are compared: what never occurs in the reference is left to
 * the rates, outermost numbers go with their neighbours, small ones join.
 * *first: the first that is not of missing values. */
static uint32_t drift_cells(const drift_look *l, uint32_t *first)
{
    const mlpipe__ref_input *in = l->in;
    const bool number = in->kind == MLPIPE__NUMBER;
    const uint32_t last = in->cells;
    uint64_t r = 0, n = 0;
    uint32_t used = 0;

    if (drift_enough(l, (double)in->counts[0], (double)l->counts[0])) {
        l->ref[used] = in->counts[0];
        l->now[used++] = l->counts[0];
    }
    *first = used;
    for (uint32_t c = number ? 1 : 2; c < last; c++) {
        r += in->counts[c];
        n += l->counts[c];
        if (number && c + 2 == last)
            continue; /* above the range goes with the last cell inside */
        if (!drift_enough(l, (double)r, (double)n))
            continue;
        l->ref[used] = r;
        l->now[used++] = n;
        r = n = 0;
    }
    if (r + n && used > *first) {
        l->ref[used - 1] += r;
        l->now[used - 1] += n;
    } else if (r + n) {
        l->ref[used] = r;
        l->now[used++] = n;
    }
    return used;
}

/* The noncentrality that chi-squared of df finds with probability 0.8, by the
 * normal approximation of both distributions. */
static double drift_noncentral(double df, double alpha)
{
    /* E. B. Wilson and M. M. Hilferty, PNAS 17, 1931 */
    const double h = 2.0 / (9.0 * df);
    const double root =
        1.0 - h + mlpipe__normal_quantile(1.0 - alpha) * mlpipe__sqrt(h);
    const double over = df * root * root * root - df;
    const double z2 = drift_square(drift_z80);

    /* x - z sqrt(2 (df + 2 x)) = over */
    return over + 2.0 * z2 +
           mlpipe__sqrt(4.0 * z2 * (over + z2) + 2.0 * z2 * df);
}

/* 95 % of the noncentrality behind a statistic x: where |x - df - c| is
 * within 1.96 sqrt(2 (df + 2 c)). */
static void drift_noncentral_range(double x, double df, double *low,
                                   double *high)
{
    const double z2 = drift_square(drift_z95), over = x - df;
    const double inside = 4.0 * z2 * (over + z2) + 2.0 * z2 * df;
    const double half = inside > 0.0 ? mlpipe__sqrt(inside) : 0.0;

    *low = over + 2.0 * z2 - half;
    *high = over + 2.0 * z2 + half;
    *low = *low > 0.0 ? *low : 0.0;
    *high = *high > 0.0 ? *high : 0.0;
}

/* The variance of PSI by the delta method, 0 where nothing differs. */
static double drift_psi_variance(const drift_look *l, uint32_t used)
{
    double ref_all = 0.5 * used, now_all = 0.5 * used;
    double mean[2] = {0, 0}, square[2] = {0, 0};

    for (uint32_t i = 0; i < used; i++) {
        ref_all += (double)l->ref[i];
        now_all += (double)l->now[i];
    }
    for (uint32_t i = 0; i < used; i++) {
        const double p = ((double)l->ref[i] + 0.5) / ref_all;
        const double q = ((double)l->now[i] + 0.5) / now_all;
        const double ratio = mlpipe__log(q / p);
        const double by_q = ratio - p / q, by_p = -ratio - q / p;
        mean[0] += p * by_p;
        square[0] += p * by_p * by_p;
        mean[1] += q * by_q;
        square[1] += q * by_q * by_q;
    }
    return (square[0] - mean[0] * mean[0]) / ref_all +
           (square[1] - mean[1] * mean[1]) / now_all;
}

/* Are the values of a category, once they are there and known, others? */
static double drift_codes_shape(const drift_look *l, uint32_t first,
                                uint32_t used)
{
    double df, p;

    if (used < first + 2)
        return mlpipe__nan();
    const double chi2 = mlpipe__chi2_table(l->ref + first, l->now + first,
                                           used - first, &df, &p);
    return mlpipe__table_tail(chi2, l->ref + first, l->now + first,
                              used - first);
}

static void drift_all_cells(drift_look *l)
{
    uint32_t first;
    const uint32_t used = drift_cells(l, &first);
    mlpipe__drift_test *chi2 = &l->out->test[MLPIPE__TEST_CHI2];
    mlpipe__drift_test *g = &l->out->test[MLPIPE__TEST_G];
    mlpipe__drift_test *psi = &l->out->test[MLPIPE__TEST_AD];
    double df, rows = 0, ref_rows = 0, low, high;

    l->out->psi = 0.0;
    if (used < 2)
        return;
    for (uint32_t i = 0; i < used; i++) {
        ref_rows += (double)l->ref[i];
        rows += (double)l->now[i];
    }
    const double effective = ref_rows / (ref_rows + rows) * rows;
    if (!(effective > 0.0))
        return;
    l->out->psi = mlpipe__psi(l->ref, l->now, used, NULL);
    chi2->statistic = mlpipe__chi2_table(l->ref, l->now, used, &df, &chi2->p);
    chi2->p = mlpipe__table_tail(chi2->statistic, l->ref, l->now, used);
    if (l->in->kind == MLPIPE__CODE)
        l->shape = first ? drift_codes_shape(l, first, used) : chi2->p;
    g->statistic = mlpipe__g_table(l->ref, l->now, used, &df, &g->p);
    if (!(df >= 1.0))
        return;
    drift_noncentral_range(chi2->statistic, df, &low, &high);
    const double over = chi2->statistic - df;
    chi2->effect = over > 0.0 ? mlpipe__sqrt(over / effective) : 0.0;
    chi2->low = mlpipe__sqrt(low / effective);
    chi2->high = mlpipe__sqrt(high / effective);
    const double found = drift_noncentral(df, l->alpha) / effective;
    chi2->mde = mlpipe__sqrt(found);
    g->effect = chi2->effect;
    g->low = chi2->low;
    g->high = chi2->high;
    g->mde = chi2->mde;
    /* PSI less what chance alone gives. */
    const double value = l->out->psi - df / effective;
    const double half =
        drift_z95 * mlpipe__sqrt(drift_psi_variance(l, used) +
                                 2.0 * df / drift_square(effective));
    psi->effect = value > 0.0 ? value : 0.0;
    psi->low = value > half ? value - half : 0.0;
    psi->high = value + half > 0.0 ? value + half : 0.0;
    psi->mde = found;
}

/* ---- ordered cells: KS, AD, tails --------------------------------------- */

static void drift_ordered(drift_look *l)
{
    const mlpipe__ref_input *in = l->in;
    mlpipe__drift_test *ks = &l->out->test[MLPIPE__TEST_KS];
    mlpipe__drift_test *ad = &l->out->test[MLPIPE__TEST_AD];
    mlpipe__grid grid;

    if (!in->nulls)
        return;
    mlpipe__grid_compare(in->counts + 1, l->counts + 1, in->cells - 1, &grid);
    if (grid.ad != grid.ad)
        return;
    const double root = mlpipe__sqrt(grid.effective);
    const double *const bridge = in->nulls + MLPIPE__CURVE;
    ad->statistic = grid.ad;
    l->shape = ad->p = mlpipe__curve_tail(in->nulls, mlpipe__sqrt(grid.ad));
    ks->statistic = ks->effect = grid.ks;
    ks->p = mlpipe__curve_tail(bridge, root * grid.ks);
    const double half = drift_z95 * grid.ks_se;
    ks->low = grid.ks > half ? grid.ks - half : 0.0;
    ks->high = grid.ks + half < 1.0 ? grid.ks + half : 1.0;
    ks->mde = (mlpipe__curve_quantile(bridge, l->alpha) + drift_z80 / 2.0) /
              root;
}

/* ---- rates -------------------------------------------------------------- */

enum { DRIFT_MORE = 1, DRIFT_EITHER = 2, DRIFT_BEYOND = 3 };

/* Rates that are compared. */
typedef struct drift_pair {
    uint64_t a, n; /* a of n in the reference */
    uint64_t seen; /* what chance leaves to be expected of n, where the
                      reference by its making has none */
    uint64_t b, m; /* b of m in the pane */
    double tie;    /* see mlpipe__rate_tie: few rows have few rates, of which
                      none may be as rare as the level; what the rows that are
                      not counted do parts panes of one rate */
} drift_pair;

/* Nearly all of the level is for more, which is what breaks. */
static double drift_either(const drift_pair *r, const mlpipe__rates *rates)
{
    const double more =
        mlpipe__rate_tie(rates->above, rates->own, r->tie) / drift_more_share;
    const double less = mlpipe__rate_tie(rates->below, rates->own, r->tie) /
                        (1.0 - drift_more_share);
    const double p = less < more ? less : more;

    return p < 1.0 ? p : 1.0;
}

/* DRIFT_BEYOND: more, where an order statistic of the reference is the
 * limit. */
static void drift_rate(const drift_pair *r, int way, double alpha,
                       mlpipe__drift_test *out)
{
    mlpipe_figure figure;
    mlpipe__rates rates;

    if (!r->n || !r->m)
        return;
    mlpipe__rate_difference(r->a, r->n, r->b, r->m, &figure);
    out->counted = r->seen || r->b || way == DRIFT_BEYOND;
    out->statistic = (double)r->b / (double)r->m;
    out->effect = figure.value;
    out->low = figure.low;
    out->high = figure.high;
    if (way == DRIFT_BEYOND) {
        out->p = mlpipe__rate_beyond(r->seen, r->n, r->b, r->m, r->tie);
    } else {
        mlpipe__fisher(r->seen, r->n, r->b, r->m, &rates);
        out->p = way == DRIFT_EITHER
                     ? drift_either(r, &rates)
                     : mlpipe__rate_tie(rates.above, rates.own, r->tie);
    }
    if (way == DRIFT_EITHER)
        alpha *= drift_more_share;
    const double n = (double)r->n, m = (double)r->m;
    const double both =
        ((double)(r->seen + r->b) + 0.5) / (n + m + 1.0);
    out->mde = (mlpipe__normal_quantile(1.0 - alpha) + drift_z80) *
               mlpipe__sqrt(both * (1.0 - both) * (n + m) / (n * m));
}

/*
 * How likely are as many rows, of the n and m that lie further in than the
 * cells before `from`, in the outer half of them, on one side or on both?
 * NaN where there are none.
 */
static double drift_inside(const drift_look *l, uint32_t from, bool low,
                           bool high, uint64_t n, uint64_t m)
{
    const mlpipe__ref_input *in = l->in;
    uint64_t a = 0, b = 0;

    for (uint32_t i = from; i < in->cells; i++) {
        const uint32_t top = in->cells - i;
        const bool at_top = high && (!low || top > i);
        const uint64_t more = (low ? in->counts[i] : 0) +
                              (at_top ? in->counts[top] : 0);
        /* as near to half as whole cells come */
        if (2 * a + more > n && a)
            break;
        a += more;
        b += (low ? l->counts[i] : 0) + (at_top ? l->counts[top] : 0);
    }
    /* Half of the rows are enough for the normal distribution. */
    const double rows = (double)m, all = (double)n + 1.0;
    const double p = (double)a / all;
    const double variance = rows * p * (1.0 - p) * (all + rows) / (all + 1.0);
    return mlpipe__normal_tail(((double)b - rows * p) /
                               mlpipe__sqrt(variance));
}

bool mlpipe__drift_atom(const mlpipe__ref_input *in, uint32_t cell)
{
    return cell > 1 && cell <= in->cut_count &&
           mlpipe__order_key(in->cuts[cell - 1]) -
                   mlpipe__order_key(in->cuts[cell - 2]) == 1;
}

/* Is an end of the range shared by many rows? The outermost cell, which has
 * more of them than its quantile, holds few other values. */
static bool drift_end_shared(const mlpipe__ref_input *in, uint64_t n,
                             bool high)
{
    const double rows = (double)in->counts[high ? in->cut_count : 2];

    return rows > drift_shared * (double)n && rows > drift_shared_rows;
}

/* One tail of a number: the outermost cells of the reference that hold a
 * 200th of it, or of the pane five rows; none where that is more than a
 * tenth. Where cells end at order statistics of the reference, Fisher's tail
 * is that of the beta-binomial distribution of the pane's rows beyond. */
static void drift_tail(const drift_look *l, bool high,
                       mlpipe__drift_test *out, double *rate)
{
    const mlpipe__ref_input *in = l->in;
    const uint64_t n = l->ref_rows - in->counts[0];
    const uint64_t m = l->rows - l->counts[0];
    const double least = (double)(n < m ? n : m);
    uint64_t a = 0, b = 0;

    if (drift_end_shared(in, n, high))
        return;
    for (uint32_t i = 1; m && i < in->cells; i++) {
        const uint32_t cell = high ? in->cells - i : i;
        a += in->counts[cell];
        b += l->counts[cell];
        const double share = (double)a / (double)n;
        if (share > drift_tail_most)
            return;
        if (share < drift_tail_least || share * least < drift_least_expected)
            continue;
        /* The order statistic at which the high tail begins is in it, and
         * no more of the chance than the end of the low one. */
        const bool row = in->once && !mlpipe__drift_atom(in, cell) &&
                         !mlpipe__drift_atom(in, high ? cell - 1 : cell + 1);
        const drift_pair pair = {
            .a = a, .n = n, .seen = a - (high && row && a > 1), .b = b, .m = m,
            .tie = drift_inside(l, i + 1, !high, high, n - a, m - b)};
        drift_rate(&pair, row ? DRIFT_BEYOND : DRIFT_MORE, l->alpha, out);
        *rate = (double)b / (double)m;
        return;
    }
}

/* Rows of codes that training had not. The share of rows whose code came once
 * is what is left to be seen (I. J. Good, Biometrika 40, 1953); its error is
 * larger than that of a count, by the codes that came twice (W. W. Esty,
 * Annals of Statistics 11, 1983), so that fewer rows stand for the reference,
 * and as many times fewer for the pane. */
static void drift_unseen(const drift_look *l)
{
    const mlpipe__ref_input *in = l->in;
    mlpipe__drift_test *out = &l->out->test[MLPIPE__TEST_UNSEEN];
    const uint64_t n = l->ref_rows - in->counts[0];
    const uint64_t m = l->rows - l->counts[0];
    const double once = (double)in->once, twice = (double)in->twice;
    const double wider = once > 0.0 ? 1.0 + 2.0 * twice / once : 1.0;

    if (!n || !m)
        return;
    const uint64_t left = (uint64_t)(once / wider + 0.5);
    const drift_pair pair = {
        .a = left, .n = (uint64_t)((double)n / wider + 0.5), .seen = left,
        .b = (uint64_t)((double)l->counts[1] / wider),
        .m = (uint64_t)((double)m / wider + 0.5), .tie = l->shape};
    drift_rate(&pair, DRIFT_MORE, l->alpha, out);
    l->out->unseen = out->statistic = (double)l->counts[1] / (double)l->rows;
}

static void drift_rates(const drift_look *l)
{
    const mlpipe__ref_input *in = l->in;
    mlpipe__drift_row *out = l->out;
    const uint64_t n = l->ref_rows - in->counts[0];
    const uint64_t m = l->rows - l->counts[0];

    const drift_pair missing = {
        .a = in->counts[0], .n = l->ref_rows, .seen = in->counts[0],
        .b = l->counts[0], .m = l->rows, .tie = l->shape};
    drift_rate(&missing, DRIFT_EITHER, l->alpha,
               &out->test[MLPIPE__TEST_MISSING]);
    out->missing = (double)l->counts[0] / (double)l->rows;
    if (in->kind == MLPIPE__CODE) {
        drift_unseen(l);
        return;
    }
    if (!in->cut_count)
        return;
    const uint64_t ref_outside = in->counts[1] + in->counts[in->cells - 1];
    const uint64_t outside = l->counts[1] + l->counts[in->cells - 1];
    /* A row more: beyond both extremes of n rows lies as much as beyond one
     * order statistic, which are b of m rows with a beta-binomial tail. */
    const uint32_t open =
        !drift_end_shared(in, n, false) + !drift_end_shared(in, n, true);
    const uint64_t seen = ref_outside + (open == 2);
    const drift_pair beyond = {
        .a = ref_outside, .n = n, .seen = seen < n ? seen : n, .b = outside,
        .m = m,
        .tie = drift_inside(l, 2, true, true, n - ref_outside, m - outside)};
    drift_rate(&beyond, open ? DRIFT_BEYOND : DRIFT_MORE, l->alpha,
               &out->test[MLPIPE__TEST_OUTSIDE]);
    out->outside = (double)outside / (double)l->rows;
    drift_tail(l, false, &out->test[MLPIPE__TEST_LOW], &out->tail_low);
    drift_tail(l, true, &out->test[MLPIPE__TEST_HIGH], &out->tail_high);
}

void mlpipe__drift_measure(const mlpipe__ref_input *in, const uint64_t *counts,
                           double alpha, uint64_t *scratch,
                           mlpipe__drift_row *out)
{
    const double nan = mlpipe__nan();
    drift_look look = {.in = in, .counts = counts, .alpha = alpha,
                       .ref = scratch, .now = scratch + in->cells,
                       .shape = nan, .out = out};

    *out = (mlpipe__drift_row){nan, nan, nan, nan, nan, nan, {{0}}, nan, nan,
                               MLPIPE__VERDICT_INSUFFICIENT};
    for (uint32_t i = 0; i < MLPIPE__TESTS; i++)
        out->test[i] = (mlpipe__drift_test){nan, nan, nan, nan, nan, nan,
                                              false};
    for (uint32_t c = 0; c < in->cells; c++) {
        look.ref_rows += in->counts[c];
        look.rows += counts ? counts[c] : 0;
    }
    if (!look.rows || !look.ref_rows)
        return;
    drift_all_cells(&look);
    if (in->kind == MLPIPE__NUMBER)
        drift_ordered(&look);
    drift_rates(&look);
}

/* ---- verdicts ----------------------------------------------------------- */

enum { DRIFT_DECIDE = 4 };

/* A test that decides: its p-value, and whether its effect matters. */
typedef struct drift_vote {
    double p;
    bool matters;
} drift_vote;

/* The tests that decide: {AD, tails, missing, outside} of a number, {chi2,
 * missing, unseen} of a category. Rows that neither sample has and chance does
 * not expect are no test: how many both have together is a margin that Fisher's
 * test holds fixed. */
static uint32_t drift_votes(const mlpipe__drift_row *r, double psi,
                            drift_vote votes[DRIFT_DECIDE])
{
    const mlpipe__drift_test *t = r->test;
    const mlpipe__drift_test *low = &t[MLPIPE__TEST_LOW];
    const mlpipe__drift_test *high = &t[MLPIPE__TEST_HIGH];
    const bool ad = t[MLPIPE__TEST_AD].p == t[MLPIPE__TEST_AD].p;
    const double shape = t[ad ? MLPIPE__TEST_AD : MLPIPE__TEST_CHI2].p;
    static const uint32_t rates[] = {MLPIPE__TEST_MISSING,
                                     MLPIPE__TEST_UNSEEN,
                                     MLPIPE__TEST_OUTSIDE};
    uint32_t n = 0;
    bool tested = false;

    if (shape == shape)
        votes[n++] =
            (drift_vote){shape, t[MLPIPE__TEST_AD].effect >= psi ||
                                    t[MLPIPE__TEST_KS].effect >=
                                        drift_ks_effect};
    if (low->p == low->p || high->p == high->p) {
        const bool both = low->p == low->p && high->p == high->p;
        const bool is_low = !(high->p <= low->p);
        const mlpipe__drift_test *tail =
            low->p == low->p && is_low ? low : high;
        const double p = both ? 2.0 * tail->p : tail->p;
        votes[n++] = (drift_vote){p < 1.0 ? p : 1.0,
                                  tail->effect >= drift_rate_effect};
    }
    for (uint32_t i = 0; i < 3 && n < DRIFT_DECIDE; i++) {
        const mlpipe__drift_test *rate = &t[rates[i]];
        tested = tested || rate->p == rate->p;
        if (rate->p == rate->p && rate->counted)
            votes[n++] = (drift_vote){
                rate->p, rate->effect >= drift_rate_effect ||
                             -rate->effect >= drift_rate_effect};
    }
    if (!n && tested)
        votes[n++] = (drift_vote){1.0, false};
    return n;
}

/* S. Holm, Scandinavian Journal of Statistics 6, 1979: adjusted in place. */
static void drift_holm(drift_vote *votes, uint32_t n)
{
    double least = 0.0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t best = i;
        for (uint32_t k = i + 1; k < n; k++)
            if (votes[k].p < votes[best].p)
                best = k;
        const drift_vote vote = votes[best];
        votes[best] = votes[i];
        votes[i] = vote;
        votes[i].p *= n - i;
        if (votes[i].p > 1.0)
            votes[i].p = 1.0;
        if (votes[i].p < least)
            votes[i].p = least;
        least = votes[i].p;
    }
}

static void drift_verdict(mlpipe__drift_row *r, double level, double psi)
{
    drift_vote votes[DRIFT_DECIDE];
    const uint32_t n = drift_votes(r, psi, votes);

    r->verdict = n ? MLPIPE__VERDICT_OK : MLPIPE__VERDICT_INSUFFICIENT;
    drift_holm(votes, n);
    for (uint32_t i = 0; i < n && votes[i].p <= level; i++) {
        const uint32_t verdict = votes[i].matters ? MLPIPE__VERDICT_DRIFT
                                                  : MLPIPE__VERDICT_WARN;
        if (verdict > r->verdict)
            r->verdict = verdict;
    }
}

static void drift_holm_row(mlpipe__drift_row *r, double psi)
{
    drift_vote votes[DRIFT_DECIDE];
    const uint32_t n = drift_votes(r, psi, votes);

    drift_holm(votes, n);
    r->p = r->q = n ? votes[0].p : mlpipe__nan();
}

bool mlpipe__drift_judge(mlpipe__env *env, mlpipe__drift_row *rows, uint32_t n,
                         const mlpipe__drift_limits *limits)
{
    double *p = mlpipe__alloc_array(env, n, 2 * sizeof *p);
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    const bool ok = p && order && scratch;
    uint32_t called = 0, tests = 0;

    for (uint32_t i = 0; ok && i <= n; i++)
        drift_holm_row(&rows[i], limits->psi);
    for (uint32_t i = 0; ok && i < n; i++)
        p[i] = rows[i].p;
    if (ok && n) {
        mlpipe__argsort_f64(p, order, n, scratch);
        mlpipe__fdr(p, order, n, p + n);
    }
    for (uint32_t i = 0; ok && i < n; i++) {
        rows[i].q = p[n + i];
        called += rows[i].q <= limits->alpha;
        tests += rows[i].q == rows[i].q;
    }
    /* Within an input the level is that at which the input was called (Y.
     * Benjamini and M. Bogomolov, JRSS B 76, 2014). */
    const double level =
        tests ? limits->alpha * (called ? called : 1) / tests : 0.0;
    for (uint32_t i = 0; ok && i < n; i++)
        drift_verdict(&rows[i], level, limits->psi);
    if (ok)
        drift_verdict(&rows[n], limits->alpha, limits->psi);
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, p);
    return ok;
}
