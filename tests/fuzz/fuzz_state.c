/* SPDX-License-Identifier: MIT */
/*
 * Saved states of statistics and learners; the first eight bytes tell which.
 * What loads is written as bytes that load and are written again as the same,
 * merges with itself, and answers what is asked of it.
 */
#include "fuzz.h"

#include "train/linear_types.h"
#include "train/naive_bayes.h"

enum { COLUMNS = 3, FOLDS = 2, CLASSES = 2 };

static const mlpipe__feature fuzz_feature[COLUMNS] = {
    {"a", MLPIPE__NUMBER, 0, true},
    {"b", MLPIPE__CODE, 3, true},
    {"c", MLPIPE__NUMBER, 0, true}};

/* One of each kind; all are freed that were loaded. */
typedef union fuzz_state {
    mlpipe__stats stats;
    mlpipe__groups groups;
    mlpipe__scatter scatter;
    bayes_state bayes;
    mlpipe__gram gram;
} fuzz_state;

typedef struct fuzz_kind {
    bool (*load)(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in);
    void (*save)(const fuzz_state *s, mlpipe__text *out);
    bool (*use)(mlpipe_ctx *c, fuzz_state *s); /* false: no memory */
    void (*free)(mlpipe_ctx *c, fuzz_state *s);
} fuzz_kind;

static bool stats_in(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in)
{
    return mlpipe__stats_load(&s->stats, c->env, in);
}

static void stats_out(const fuzz_state *s, mlpipe__text *out)
{
    mlpipe__stats_save(&s->stats, out);
}

static bool stats_use(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    if (!mlpipe__stats_merge(&s->stats, &s->stats) ||
        !mlpipe__stats_finish(&s->stats))
        return false;
    (void)mlpipe__stats_mean(&s->stats);
    (void)mlpipe__stats_deviation(&s->stats, 1);
    (void)mlpipe__stats_quantile(&s->stats, 0.3);
    (void)mlpipe__stats_mode(&s->stats);
    return true;
}

static void stats_away(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    mlpipe__stats_free(&s->stats);
}

static bool groups_in(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in)
{
    if (mlpipe__groups_load(&s->groups, c->env, in))
        return true;
    mlpipe__groups_free(&s->groups);
    return false;
}

static void groups_out(const fuzz_state *s, mlpipe__text *out)
{
    mlpipe__groups_save(&s->groups, out);
}

static bool groups_use(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    if (!mlpipe__groups_finish(&s->groups))
        return false;
    for (uint32_t k = 0; k < s->groups.groups && k < 100; k++) {
        (void)mlpipe__groups_mean(&s->groups, k);
        (void)mlpipe__groups_quantile(&s->groups, k, 0.3);
    }
    return true;
}

static void groups_away(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    mlpipe__groups_free(&s->groups);
}

static bool scatter_in(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in)
{
    return mlpipe__scatter_load(&s->scatter, c->env, COLUMNS, in);
}

static void scatter_out(const fuzz_state *s, mlpipe__text *out)
{
    mlpipe__scatter_save(&s->scatter, out);
}

static bool scatter_use(mlpipe_ctx *c, fuzz_state *s)
{
    double mean[COLUMNS], centred[COLUMNS * COLUMNS], weight;

    if (!s->scatter.rows)
        return true;
    return !mlpipe__scatter_merge(c, &s->scatter, &s->scatter) &&
           !mlpipe__scatter_finish(c, &s->scatter, mean, centred, &weight);
}

static void scatter_away(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    mlpipe__scatter_free(&s->scatter);
}

static bool bayes_in(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in)
{
    return mlpipe__bayes_load(&s->bayes, c->env, fuzz_feature, COLUMNS,
                              CLASSES, in);
}

static void bayes_out(const fuzz_state *s, mlpipe__text *out)
{
    mlpipe__bayes_save(&s->bayes, out);
}

static bool bayes_use(mlpipe_ctx *c, fuzz_state *s)
{
    double weight, mean, variance;
    (void)c;

    fuzz_require(mlpipe__bayes_merge(&s->bayes, &s->bayes));
    for (uint32_t i = 0; i < CLASSES * s->bayes.numbers; i++) {
        mlpipe__bayes_spread(&s->bayes.moments[i], &weight, &mean, &variance);
        fuzz_require(weight > 0 ? variance >= 0 && mlpipe__finite(mean)
                                : variance != variance);
    }
    for (uint32_t k = 0; k < s->bayes.cells; k++)
        fuzz_require(mlpipe__bayes_count(&s->bayes, 0, CLASSES, k) >= 0);
    return true;
}

static void bayes_away(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    mlpipe__bayes_free(&s->bayes);
}

static bool gram_in(mlpipe_ctx *c, fuzz_state *s, mlpipe__cursor *in)
{
    return mlpipe__gram_load(&s->gram, c->env, COLUMNS, FOLDS, in);
}

static void gram_out(const fuzz_state *s, mlpipe__text *out)
{
    mlpipe__gram_save(&s->gram, out);
}

static bool gram_use(mlpipe_ctx *c, fuzz_state *s)
{
    mlpipe__moments m = {0};
    double sum[(COLUMNS + 2) * (COLUMNS + 2)], weight;
    const double w[COLUMNS] = {1, -2, 0};
    bool ok = mlpipe__gram_merge(&s->gram, &s->gram);

    ok = mlpipe__moments_init(c->env, COLUMNS, &m) && ok;
    if (ok) {
        mlpipe__moments_fill(&s->gram, 0, true, sum, &m);
        (void)mlpipe__gram_error(&s->gram, 0, &m, w, &weight);
    }
    mlpipe__moments_free(c->env, &m);
    return ok;
}

static void gram_away(mlpipe_ctx *c, fuzz_state *s)
{
    (void)c;
    mlpipe__gram_free(&s->gram);
}

static const fuzz_kind fuzz_kinds[] = {
    {stats_in, stats_out, stats_use, stats_away},
    {groups_in, groups_out, groups_use, groups_away},
    {scatter_in, scatter_out, scatter_use, scatter_away},
    {bayes_in, bayes_out, bayes_use, bayes_away},
    {gram_in, gram_out, gram_use, gram_away},
};

static mlpipe__text fuzz_bytes(mlpipe_ctx *c, const fuzz_kind *kind,
                               const fuzz_state *s)
{
    mlpipe__text t;

    mlpipe__text_init(&t, c->env);
    kind->save(s, &t);
    fuzz_require(!t.failed);
    return t;
}

/* What is written of a state is read again, and written as the same. */
static void fuzz_again(mlpipe_ctx *c, const fuzz_kind *kind,
                       const fuzz_state *s)
{
    fuzz_state again;
    mlpipe__text a = fuzz_bytes(c, kind, s), b;
    mlpipe__cursor in;

    mlpipe__cursor_init(&in, a.data, a.size);
    fuzz_require(kind->load(c, &again, &in));
    fuzz_require(mlpipe__cursor_done(&in));
    b = fuzz_bytes(c, kind, &again);
    fuzz_require(a.size == b.size && !memcmp(a.data, b.data, a.size));
    mlpipe__text_free(&a);
    mlpipe__text_free(&b);
    kind->free(c, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t kinds = sizeof fuzz_kinds / sizeof *fuzz_kinds;
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe__cursor in;
    fuzz_state s;

    if (size >= 8 && data[0] < kinds) {
        const fuzz_kind *kind = &fuzz_kinds[data[0]];

        mlpipe__cursor_init(&in, data + 8, size - 8);
        if (kind->load(c, &s, &in)) {
            fuzz_again(c, kind, &s);
            (void)kind->use(c, &s);
            kind->free(c, &s);
        }
    }
    fuzz_end(c, live);
    return 0;
}
