/* SPDX-License-Identifier: MIT */
/*
 * Evidence that a loss has become worse, gathered for as long as a deployment
 * lives: gamblers bet against "the mean loss is at most a bound", and what they
 * own is the evidence. The header says why it may be looked at at any time.
 */
#include "monitor_internal.h"

/* Small shares find small changes, large ones find large changes soon. */
static const double evidence_bets[MLPIPE__EVIDENCE_BETS] = {
    0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8};

/* A loss counts as at most so many bounds: it only lowers the mean, and no
 * single row can be the evidence. */
static const double evidence_cap = 20.0;

/* Evidence beyond so many limits is forgotten, so that an alarm ends a short
 * while after the loss is what it was. */
static const double evidence_most = 100.0;

/* Less is nothing; without it a good model's rows would become denormal. */
static const double evidence_least = 1e-200;

static const double normal_80 = 0.8416212335729143; /* quantile of 0.8 */

void mlpipe__evidence_start(mlpipe__evidence *e, double bound, double alpha,
                            uint64_t block)
{
    *e = (mlpipe__evidence){.bound = bound, .limit = 1.0 / alpha,
                            .block = block};
}

/* Those join who think that the change came just now. */
static void evidence_join(mlpipe__evidence *e)
{
    const double k = (double)(e->n / e->block + 1);

    for (uint32_t i = 0; i < MLPIPE__EVIDENCE_BETS; i++)
        e->wealth[i] += 1.0 / (k * (k + 1.0));
}

void mlpipe__evidence_add(mlpipe__evidence *e, const double *loss, uint64_t n)
{
    const double most = evidence_most * e->limit;

    for (uint64_t i = 0; i < n; i++) {
        double x = loss[i] / e->bound;
        if (!(x >= 0))
            continue; /* of no answer nothing is known */
        x = x < evidence_cap ? x : evidence_cap;
        if (e->n % e->block == 0)
            evidence_join(e);
        e->n++;
        for (uint32_t b = 0; b < MLPIPE__EVIDENCE_BETS; b++) {
            const double w = e->wealth[b] * (1 + evidence_bets[b] * (x - 1));
            e->wealth[b] = w < evidence_least ? 0.0 : w < most ? w : most;
        }
    }
}

double mlpipe__evidence_value(const mlpipe__evidence *e)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < MLPIPE__EVIDENCE_BETS; i++)
        sum += e->wealth[i];
    return sum / MLPIPE__EVIDENCE_BETS;
}

/*
 * A bet b on losses x with E(x / m) = 1 + d and Var(x / m) = v gains about
 * b d - b^2 (v + d^2) / 2 a row, with a deviation of b sqrt(v); the least d for
 * which n rows gain `gain` with probability 0.8 is the lower root of
 * b^2 d^2 / 2 - b d + c = 0, c = gain / n + b^2 v / 2 + 0.84 b sqrt(v / n).
 */
double mlpipe__bets_mde(const double *bets, uint32_t count, double gain,
                        double n, double v)
{
    double least = mlpipe__inf();

    for (uint32_t i = 0; i < count; i++) {
        const double b = bets[i];
        const double c =
            gain / n + b * b * v / 2 + normal_80 * b * mlpipe__sqrt(v / n);
        const double d = (1 - mlpipe__sqrt(1 - 2 * c)) / b;
        if (c <= 0.5 && d < least)
            least = d;
    }
    return least;
}

double mlpipe__evidence_mde(const mlpipe__evidence *e, double n,
                            double variance)
{
    const double k = (double)(e->n / e->block + 1);
    const double gain = mlpipe__log(e->limit * MLPIPE__EVIDENCE_BETS) +
                        mlpipe__log(k * (k + 1.0));

    return e->bound *
           (1 + mlpipe__bets_mde(evidence_bets, MLPIPE__EVIDENCE_BETS, gain,
                                 n, variance / (e->bound * e->bound)));
}

double mlpipe__level_mde(double level, double se)
{
    return (normal_80 - mlpipe__normal_quantile(level)) * se;
}
