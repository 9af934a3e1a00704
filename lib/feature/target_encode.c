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
    ENCODE_FEW = 64, /* values whose exact sums cost more than they bring */
    ENCODE_SUM = 64, /* what one exact sum costs, in values */
    ENCODE_POLL = 1 << 20 /* values between two looks for a cancel */
};

static const mlpipe__param encode_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"smooth", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "auto, or how many rows of the prior are mixed in, such as 20."},
    {"folds", MLPIPE_PARAM_INT, "5", 2, ENCODE_FOLDS_MAX, NULL, 0x000100,
     "Training rows are encoded by the rows of the other folds."},
};

/* How many values, and from where to where. */
typedef struct encode_range {
    uint64_t n;
    double low, high;
} encode_range;

/* Exact sums of targets; equal values need none of them. */
typedef struct encode_sums {
    encode_range of;
    mlpipe__exact sum, squares;
} encode_sums;

/* Mean, and sum of squared deviations, of what was added. */
typedef struct encode_spread {
    double mean, centred;
} encode_spread;

/* What one code has in a fold, where it has anything. */
typedef struct encode_part {
    uint32_t fold;
    uint64_t n;
    const double *x;  /* rising */
    double low, high; /* of this part and those behind it */
} encode_part;

typedef struct encode_work {
    const mlpipe__groups *groups;
    uint32_t codes, folds;
    bool automatic;
    double smooth;
    encode_sums *fold; /* of each fold, all codes */
    double *table;     /* folds + 1 times codes + 2 */
    uint64_t work;     /* since the last look for a cancel */
    /* Of the code at hand, all but one fold of which is wanted in turn: */
    encode_part part[ENCODE_FOLDS_MAX];
    uint32_t parts;
    uint64_t rows;
    encode_sums *own;    /* of each part, once `summed` */
    encode_sums *behind; /* of each part and those behind it; parts + 1 */
    encode_sums before;  /* of the parts up to before_parts */
    uint32_t before_parts;
    bool summed;
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
    s->of = (encode_range){0, 0, 0};
    mlpipe__exact_init(&s->sum);
    mlpipe__exact_init(&s->squares);
}

static void encode_widen(encode_range *r, uint64_t n, double low, double high)
{
    r->low = r->n && r->low < low ? r->low : low;
    r->high = r->n && r->high > high ? r->high : high;
    r->n += n;
}

static void encode_add(encode_sums *s, const encode_sums *other)
{
    if (!other->of.n)
        return;
    encode_widen(&s->of, other->of.n, other->of.low, other->of.high);
    mlpipe__exact_merge(&s->sum, &other->sum);
    mlpipe__exact_merge(&s->squares, &other->squares);
}

static encode_spread encode_spread_of(const encode_sums *s)
{
    const encode_spread equal = {s->of.low, 0};

    if (s->of.n && s->of.low == s->of.high)
        return equal;
    return (encode_spread){
        mlpipe__exact_mean(&s->sum, s->of.n),
        mlpipe__exact_centred(&s->sum, &s->squares, s->of.n)};
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

/* The parts of a code. */
static void encode_gather(encode_work *w, uint32_t code)
{
    const mlpipe__groups *g = w->groups;
    const uint32_t first = code * w->folds;

    w->parts = 0;
    w->rows = 0;
    w->summed = false;
    for (uint32_t f = 0; f < w->folds; f++) {
        const uint64_t n = mlpipe__groups_count(g, first + f);
        if (n)
            w->part[w->parts++] =
                (encode_part){.fold = f,
                              .n = n,
                              .x = g->value + g->start[first + f]};
        w->rows += n;
    }
    for (uint32_t k = w->parts; k-- > 0;) {
        encode_part *p = &w->part[k], *next = p + 1;
        const bool last = k + 1 == w->parts;
        p->low = last || p->x[0] < next->low ? p->x[0] : next->low;
        p->high = last || p->x[p->n - 1] > next->high ? p->x[p->n - 1]
                                                      : next->high;
    }
}

static void encode_join(encode_sums *s, const encode_sums *other)
{
    s->of.n += other->of.n;
    mlpipe__exact_join(&s->sum, &other->sum);
    mlpipe__exact_join(&s->squares, &other->squares);
}

/* Each part is summed once, and joined twice, for all tables. */
static void encode_sum(encode_work *w, uint32_t code)
{
    if (w->summed)
        return;
    w->summed = true;
    w->before_parts = 0;
    encode_init(&w->before);
    encode_init(&w->behind[w->parts]);
    for (uint32_t k = w->parts; k-- > 0;) {
        encode_sums *own = &w->own[k];
        encode_init(own);
        own->of.n = w->part[k].n;
        mlpipe__groups_sum(w->groups, code * w->folds + w->part[k].fold,
                           &own->sum, &own->squares);
        w->behind[k] = w->behind[k + 1];
        encode_join(&w->behind[k], own);
    }
    w->work += w->rows;
}

/* Exactly, what is before a part and what is behind it; parts are asked for
 * in their order. */
static encode_spread encode_many(encode_work *w, uint32_t code, uint32_t but)
{
    encode_sums s;

    encode_sum(w, code);
    for (; w->before_parts < but; w->before_parts++)
        encode_join(&w->before, &w->own[w->before_parts]);
    s = w->before;
    if (but < w->parts)
        encode_join(&s, &w->behind[but + 1]);
    w->work += ENCODE_SUM;
    return (encode_spread){
        mlpipe__exact_mean(&s.sum, s.of.n),
        mlpipe__exact_centred(&s.sum, &s.squares, s.of.n)};
}

/* What a category has in all parts but one (`but` = parts: in all), which is
 * so many values. */
static encode_spread encode_category(encode_work *w, uint32_t code,
                                     uint32_t but, const encode_range *of)
{
    double few[ENCODE_FEW];
    uint32_t at = 0;

    if (!of->n || of->low == of->high)
        return (encode_spread){of->low, 0};
    if (of->n <= ENCODE_FEW) {
        for (uint32_t k = 0; k < w->parts; k++) {
            if (k == but)
                continue;
            memcpy(few + at, w->part[k].x, w->part[k].n * sizeof *few);
            at += (uint32_t)w->part[k].n;
        }
        const encode_spread s = encode_few(few, at);
        w->work += at;
        if (mlpipe__finite(s.mean))
            return s;
    }
    return encode_many(w, code, but);
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
    const double plain =
        (own.mean * n + w->smooth * prior) / (n + w->smooth);
    if (mlpipe__finite(plain))
        return plain;
    /* A product was beyond the doubles; what is between two is not. */
    return prior + n / (n + w->smooth) * (own.mean - prior);
}

/*
 * A code in the table of each fold, by the rows of the others, and in that of
 * all; priors are those of the tables, variances in place of `centred`. Of a
 * fold that has no row of the code the others have all.
 */
static void encode_code(encode_work *w, uint32_t code,
                        const encode_spread *prior)
{
    const size_t row = (size_t)w->codes + 2;
    encode_range before = {0, 0, 0}; /* of the parts before */
    encode_spread own;

    encode_gather(w, code);
    for (uint32_t k = 0; k < w->parts; k++) {
        const encode_part *p = &w->part[k], *next = p + 1;
        const uint32_t f = p->fold;
        const uint64_t n = w->rows - p->n;
        encode_range others = before;

        if (k + 1 < w->parts)
            encode_widen(&others, n - before.n, next->low, next->high);
        own = encode_category(w, code, k, &others);
        w->table[f * row + code] =
            encode_shrink(w, own, n, prior[f].mean, prior[f].centred);
        encode_widen(&before, p->n, p->x[0], p->x[p->n - 1]);
    }
    own = encode_category(w, code, w->parts, &before);
    for (uint32_t f = 0, k = 0; f <= w->folds; f++)
        if (k < w->parts && w->part[k].fold == f)
            k++;
        else
            w->table[f * row + code] = encode_shrink(
                w, own, w->rows, prior[f].mean, prior[f].centred);
    w->work += w->folds;
}

/* A look for a cancel, at step `done` of `total`, where it is time for one. */
static mlpipe_status encode_poll(const mlpipe__job *job, encode_work *w,
                                 uint32_t done, uint32_t total)
{
    if (w->work < ENCODE_POLL)
        return MLPIPE_OK;
    w->work = 0;
    return mlpipe__poll(job->ctx, job->name, done, total);
}

static mlpipe_status encode_folds(const mlpipe__job *job, encode_work *w)
{
    const uint32_t groups = w->groups->groups;
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t f = 0; f < w->folds; f++)
        encode_init(&w->fold[f]);
    for (uint32_t k = 0; k < groups && !st; k++) {
        encode_sums *s = &w->fold[k % w->folds];
        const uint64_t n = mlpipe__groups_count(w->groups, k);

        w->work += n + 1;
        st = encode_poll(job, w, k, groups);
        if (st || !n)
            continue;
        encode_widen(&s->of, n, mlpipe__groups_low(w->groups, k),
                     mlpipe__groups_high(w->groups, k));
        mlpipe__groups_sum(w->groups, k, &s->sum, &s->squares);
    }
    return st;
}

static mlpipe_status encode_tables(mlpipe__job *job, encode_work *w,
                                   const char *name)
{
    encode_spread prior[ENCODE_FOLDS_MAX + 1];
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t but = 0; but <= w->folds; but++) {
        encode_sums all;

        encode_init(&all);
        for (uint32_t f = 0; f < w->folds; f++)
            if (f != but)
                encode_add(&all, &w->fold[f]);
        if (all.of.n && !mlpipe__finite(encode_spread_of(&all).centred))
            return mlpipe__fail(job->ctx, MLPIPE_E_NUMERIC,
                                "step %q: the squared deviations of the "
                                "target, from %g to %g, are beyond the "
                                "doubles; scale the target down",
                                job->name, all.of.low, all.of.high);
        if (!all.of.n && (but == w->folds || w->fold[but].of.n)) {
            mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                         "step %q: all %llu training rows are in one of the "
                         "%u folds, since rows of a group share one, so "
                         "that %q cannot be encoded by the others; more "
                         "groups are needed, or leave the step out",
                         job->name,
                         (unsigned long long)(but < w->folds
                                                  ? w->fold[but].of.n : 0),
                         w->folds, name);
            return mlpipe__fail_at(job->ctx, -1, name);
        }
        prior[but] = encode_spread_of(&all);
        prior[but].centred /= (double)all.of.n;
        w->table[(size_t)but * (w->codes + 2) + w->codes] =
            prior[but].mean; /* unseen */
    }
    for (uint32_t c = 0; c < w->codes + 2 && !st; c++) {
        if (c != w->codes)
            encode_code(w, c, prior);
        st = encode_poll(job, w, c, w->codes + 2);
    }
    return st;
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
                     .folds = job->folds};
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
    w.behind = mlpipe__alloc_array(env, (size_t)w.folds + 1,
                                   sizeof *w.behind);
    w.table = mlpipe__alloc_array(env, (size_t)consts, sizeof *w.table);
    st = w.fold && w.own && w.behind && w.table ? encode_folds(job, &w)
                                                : mlpipe__nomem(job->ctx);
    if (!st) {
        encode_tell(job, &job->stats[i], v);
        st = encode_tables(job, &w, v->name);
    }
    if (!st)
        encode_emit_op(job, &w, v);
    mlpipe__free(env, w.table);
    mlpipe__free(env, w.behind);
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
