/* SPDX-License-Identifier: MIT */
/*
 * A category as the shrunken mean of the target over the rows that have it.
 * A training row sees statistics of the other folds alone, their prior
 * included, so that its own target never reaches its own feature; every other
 * row sees those of all training rows. Statistics of folds are added up, never
 * taken away from a total, exactly or in one fixed order: no order of the rows
 * and no number of threads changes a bit.
 *
 * Formulas as in scikit-learn's TargetEncoder (and Micci-Barreca 2001).
 */
#include "feature_internal.h"

enum {
    ENCODE_FOLDS_MAX = 100,
    ENCODE_FEW = 64 /* values whose exact sums cost more than they bring */
};

static const mlpipe__param encode_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"smooth", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "auto, or how many rows of the prior are mixed in, such as 20."},
    {"folds", MLPIPE_PARAM_INT, "5", 2, ENCODE_FOLDS_MAX, NULL, 0x000100,
     "Training rows are encoded by the rows of the other folds."},
};

/* Exact sums of targets; equal values need none of them. */
typedef struct encode_sums {
    uint64_t n;
    double low, high; /* of all that was added */
    mlpipe__exact sum, squares;
} encode_sums;

/* Mean, and sum of squared deviations, of what was added. */
typedef struct encode_spread {
    double mean, centred;
} encode_spread;

typedef struct encode_work {
    const mlpipe__groups *groups;
    uint32_t codes, folds;
    bool automatic;
    double smooth;
    encode_sums *fold; /* of each fold, all codes */
    encode_sums *own;  /* of each fold, one code: that of own_first */
    uint32_t own_first; /* its first group; UINT32_MAX: none yet */
    double *table;     /* folds + 1 times codes + 2 */
} encode_work;

static mlpipe_status encode_smooth(const mlpipe__job *job, bool *automatic,
                                   double *m)
{
    const char *text = mlpipe__params_get(job->params, "smooth")->text;

    *m = 0;
    *automatic = !strcmp(text, "auto");
    if (*automatic || (mlpipe__parse_f64(text, strlen(text), false, m) &&
                       mlpipe__finite(*m) && *m >= 0))
        return MLPIPE_OK;
    return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                        "step %q: smooth=%q is neither auto nor a number "
                        "from 0 on, of rows that the prior counts for",
                        job->name, text);
}

static mlpipe_status encode_select(mlpipe__job *job)
{
    bool automatic;
    double m;
    mlpipe_status st = encode_smooth(job, &automatic, &m);

    if (!st && !job->task)
        st = mlpipe__fail(job->ctx, MLPIPE_E_STATE,
                          "step %q encodes by the target, and the recipe has "
                          "none; give target=<column>, or use onehot or "
                          "ordinal",
                          job->name);
    if (!st)
        st = mlpipe__job_choose(job, "columns", MLPIPE__CODE,
                                MLPIPE__NEED_COUNTS);
    job->group_by = MLPIPE__GROUP_SELF;
    job->folds =
        (uint32_t)mlpipe__params_get(job->params, "folds")->integer;
    job->grouped_target = true;
    return st;
}

/* ---- sums --------------------------------------------------------------- */

static void encode_init(encode_sums *s)
{
    s->n = 0;
    s->low = s->high = 0;
    mlpipe__exact_init(&s->sum);
    mlpipe__exact_init(&s->squares);
}

static void encode_bounds(encode_sums *s, uint64_t n, double low, double high)
{
    s->low = s->n && s->low < low ? s->low : low;
    s->high = s->n && s->high > high ? s->high : high;
    s->n += n;
}

static void encode_add(encode_sums *s, const encode_sums *other)
{
    if (!other->n)
        return;
    encode_bounds(s, other->n, other->low, other->high);
    mlpipe__exact_merge(&s->sum, &other->sum);
    mlpipe__exact_merge(&s->squares, &other->squares);
}

static encode_spread encode_spread_of(const encode_sums *s)
{
    const encode_spread equal = {s->low, 0};

    if (s->n && s->low == s->high)
        return equal;
    return (encode_spread){
        mlpipe__exact_mean(&s->sum, s->n),
        mlpipe__exact_centred(&s->sum, &s->squares, s->n)};
}

/*
 * Of few values: two passes in the order of folds and values, which is the
 * same however the rows came. The sum carries what each step rounds off.
 */
static encode_spread encode_few(const double *x, uint32_t n)
{
    double sum = 0, rest = 0, squares = 0, left = 0, centred;

    for (uint32_t i = 0; i < n; i++) {
        const double next = sum + x[i], part = next - sum;
        rest += (sum - (next - part)) + (x[i] - part);
        sum = next;
    }
    const double mean = (sum + rest) / n;
    for (uint32_t i = 0; i < n; i++) {
        const double d = x[i] - mean;
        squares += d * d;
        left += d;
    }
    centred = squares - left * left / n;
    return (encode_spread){mean, centred > 0 ? centred : 0};
}

/* Each fold of a code is summed once, for all tables. */
static void encode_own(encode_work *w, uint32_t first)
{
    if (w->own_first == first)
        return;
    w->own_first = first;
    for (uint32_t f = 0; f < w->folds; f++) {
        encode_sums *s = &w->own[f];
        encode_init(s);
        s->n = mlpipe__groups_count(w->groups, first + f);
        mlpipe__groups_sum(w->groups, first + f, &s->sum, &s->squares);
    }
}

static encode_spread encode_many(encode_work *w, uint32_t first, uint32_t but)
{
    encode_sums s;

    encode_own(w, first);
    encode_init(&s);
    for (uint32_t f = 0; f < w->folds; f++) {
        if (f == but || !w->own[f].n)
            continue;
        s.n += w->own[f].n;
        mlpipe__exact_join(&s.sum, &w->own[f].sum);
        mlpipe__exact_join(&s.squares, &w->own[f].squares);
    }
    return (encode_spread){
        mlpipe__exact_mean(&s.sum, s.n),
        mlpipe__exact_centred(&s.sum, &s.squares, s.n)};
}

/* What a category has in all folds but one (`but` = folds: in all). */
static encode_spread encode_category(encode_work *w, uint32_t code,
                                     uint32_t but, uint64_t *n)
{
    const mlpipe__groups *g = w->groups;
    const uint32_t first = code * w->folds;
    double few[ENCODE_FEW], low = 0, high = 0;

    *n = 0;
    for (uint32_t f = 0; f < w->folds; f++) {
        const uint64_t more =
            f == but ? 0 : mlpipe__groups_count(g, first + f);
        const double *x = g->value + g->start[first + f];

        if (!more)
            continue;
        low = *n && low < x[0] ? low : x[0];
        high = *n && high > x[more - 1] ? high : x[more - 1];
        if (*n + more <= ENCODE_FEW)
            memcpy(few + *n, x, more * sizeof *x);
        *n += more;
    }
    if (low == high)
        return (encode_spread){low, 0};
    if (*n <= ENCODE_FEW) {
        const encode_spread s = encode_few(few, (uint32_t)*n);
        if (mlpipe__finite(s.mean))
            return s;
    }
    return encode_many(w, first, but);
}

/* ---- tables ------------------------------------------------------------- */

static double encode_shrink(const encode_work *w, encode_spread own,
                            uint64_t rows, double prior, double variance)
{
    const double n = (double)rows;

    if (!rows)
        return prior;
    if (w->automatic) {
        const double share =
            variance * n / (variance * n + own.centred / n);
        return share == share ? share * own.mean + (1 - share) * prior
                              : prior;
    }
    return (own.mean * n + w->smooth * prior) / (n + w->smooth);
}

/* A code in the table of each fold, by the rows of the others, and in that of
 * all; priors are those of the tables, variances in place of `centred`. */
static void encode_code(encode_work *w, uint32_t code,
                        const encode_spread *prior)
{
    for (uint32_t but = 0; but <= w->folds; but++) {
        double *table = w->table + (size_t)but * (w->codes + 2);
        uint64_t n;
        const encode_spread own = encode_category(w, code, but, &n);
        table[code < w->codes ? code : code + 1] = encode_shrink(
            w, own, n, prior[but].mean, prior[but].centred);
    }
}

static void encode_folds(const encode_work *w)
{
    for (uint32_t f = 0; f < w->folds; f++)
        encode_init(&w->fold[f]);
    for (uint32_t k = 0; k < w->groups->groups; k++) {
        encode_sums *s = &w->fold[k % w->folds];
        const uint64_t n = mlpipe__groups_count(w->groups, k);

        if (!n)
            continue;
        encode_bounds(s, n, mlpipe__groups_low(w->groups, k),
                      mlpipe__groups_high(w->groups, k));
        mlpipe__groups_sum(w->groups, k, &s->sum, &s->squares);
    }
}

static mlpipe_status encode_tables(mlpipe__job *job, encode_work *w,
                                   const char *name)
{
    encode_spread prior[ENCODE_FOLDS_MAX + 1];

    for (uint32_t but = 0; but <= w->folds; but++) {
        encode_sums all;

        encode_init(&all);
        for (uint32_t f = 0; f < w->folds; f++)
            if (f != but)
                encode_add(&all, &w->fold[f]);
        if (all.n && !mlpipe__finite(encode_spread_of(&all).centred))
            return mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                                "step %q: the squared deviations of the "
                                "target, from %g to %g, are beyond the "
                                "doubles; scale the target down",
                                job->name, all.low, all.high);
        if (!all.n && (but == w->folds || w->fold[but].n)) {
            mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                         "step %q: all %llu training rows are in one of the "
                         "%u folds, since rows of a group share one, so "
                         "that %q cannot be encoded by the others; more "
                         "groups are needed, or leave the step out",
                         job->name,
                         (unsigned long long)(but < w->folds
                                                  ? w->fold[but].n : 0),
                         w->folds, name);
            return mlpipe__fail_at(job->ctx, -1, name);
        }
        prior[but] = encode_spread_of(&all);
        prior[but].centred /= (double)all.n;
        w->table[(size_t)but * (w->codes + 2) + w->codes] =
            prior[but].mean; /* unseen */
    }
    for (uint32_t c = 0; c <= w->codes; c++)
        encode_code(w, c, prior);
    return MLPIPE_OK;
}

/* ---- the step ----------------------------------------------------------- */

static void encode_tell(const mlpipe__job *job, const mlpipe__stats *s,
                        const mlpipe__var *v)
{
    const uint64_t rows = s->rows - s->nulls;
    uint64_t values = 0;

    for (uint32_t c = 0; c < v->codes; c++)
        values += s->counts[c] != 0;
    if (values >= 10 && values * 10 >= rows * 9)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s has %llu different values in %llu training "
                         "rows: it looks like an identifier, and most rows "
                         "are encoded by the prior alone; leave it out",
                         v->name, (unsigned long long)values,
                         (unsigned long long)rows);
}

static void encode_emit_op(mlpipe__job *job, const encode_work *w,
                           mlpipe__var *v)
{
    mlpipe__program *p = job->plan->program;
    const double folds = w->folds;
    const uint32_t fold = mlpipe__program_feed(p, MLPIPE__FEED_FOLD, w->folds,
                                               NULL, 0, NULL);
    const uint32_t at = mlpipe__program_const(p, &folds, 1);

    (void)mlpipe__program_const(p, w->table,
                                (w->folds + 1) * (w->codes + 2));
    mlpipe__var_number(v,
                       mlpipe__program_op(p, MLPIPE__OP_LOOKUP_FOLD, v->reg,
                                          fold, at, w->codes, 1),
                       MLPIPE_TYPE_F64);
    v->nullable = false;
}

static mlpipe_status encode_one(mlpipe__job *job, uint32_t i)
{
    mlpipe__env *env = job->ctx->env;
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    encode_work w = {.groups = &job->groups[i],
                     .codes = v->codes,
                     .folds = job->folds,
                     .own_first = UINT32_MAX};
    const uint64_t consts = ((uint64_t)w.folds + 1) * (w.codes + 2ull);
    mlpipe_status st = encode_smooth(job, &w.automatic, &w.smooth);

    if (!st && consts > UINT32_MAX / 4)
        st = mlpipe__fail(job->ctx, MLPIPE_E_LIMIT,
                          "step %q: %u categories of %q in %u folds make "
                          "%llu values; the most is %u",
                          job->name, w.codes, v->name, w.folds,
                          (unsigned long long)consts, UINT32_MAX / 4);
    if (st)
        return st;
    w.fold = mlpipe__alloc_array(env, w.folds, sizeof *w.fold);
    w.own = mlpipe__alloc_array(env, w.folds, sizeof *w.own);
    w.table = mlpipe__alloc_array(env, (size_t)consts, sizeof *w.table);
    st = w.fold && w.own && w.table ? MLPIPE_OK : mlpipe__nomem(job->ctx);
    if (!st) {
        encode_folds(&w);
        encode_tell(job, &job->stats[i], v);
        st = encode_tables(job, &w, v->name);
    }
    if (!st)
        encode_emit_op(job, &w, v);
    mlpipe__free(env, w.table);
    mlpipe__free(env, w.own);
    mlpipe__free(env, w.fold);
    return st;
}

static mlpipe_status encode_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = encode_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_target_encode = {
    .name = "target_encode",
    .kind = MLPIPE_KIND_FIT,
    .params = encode_params,
    .param_count = sizeof encode_params / sizeof *encode_params,
    .doc = "Turn categories into the shrunken mean of the target.",
    .select = encode_select,
    .emit = encode_emit,
    .typed = true,
};
