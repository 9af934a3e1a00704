/* SPDX-License-Identifier: MIT */
/*
 * Rows of a copula. The variables are put in the order: those that are given
 * as points, those given as ranges, all others. With the triangular factor of
 * the correlation in that order, points fix the first independent normals
 * (that is conditioning in closed form), ranges bound the next ones, and the
 * others are free. Ranges are drawn one after another, each within what the
 * ones before leave, and the row is taken with the product of the chances that
 * were left: exact rejection, whose bound is 1.
 */
#include "synth_copula.h"

const mlpipe__param mlpipe__copula_sample_params[] = {
    {"rows", MLPIPE_PARAM_INT, "1000", 1, 4e9, NULL, 0x000100,
     "how many rows"},
    {"start", MLPIPE_PARAM_INT, "0", 0, 9007199254740992.0, NULL, 0x000100,
     "number and id of the first row: a slice of what start=0 makes"},
    {"seed", MLPIPE_PARAM_INT, "", 0, 9.2e18, NULL, 0x000100,
     "of everything random; default: the seed of the context"},
    {"given", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "what rows must have: 'region=north income=50000..80000 age=30.. "
     "city=null'"},
};
const uint32_t mlpipe__copula_sample_param_count =
    sizeof mlpipe__copula_sample_params
    / sizeof mlpipe__copula_sample_params[0];

enum { SAMPLE_TRIES = 400, SAMPLE_SWEEPS = 50, SAMPLE_TRIED = 0,
       SAMPLE_GIBBS = 1, SAMPLE_COPIES = 2 };
/* Half the square of the normals that points ask for, from which on their
 * density is below 1e-300. */
static const double sample_unlikely = 690.0;

typedef struct draw_job {
    const mlpipe_copula *k;
    uint64_t seed;
    uint32_t points, ranges; /* the first variables of the order */
    uint32_t *order;         /* variables */
    double *factor;          /* lower, row by row, in that order */
    double *fixed;           /* the first normals */
    mlpipe__copula_condition *given; /* by variable */
} draw_job;

/* ---- one row ------------------------------------------------------------ */

static double draw_below(double z)
{
    return mlpipe__normal_tail(-z);
}

/* Chance of a normal between a and b, by the tails that are smaller. */
static double sample_chance(double a, double b)
{
    return a > 0.0 ? mlpipe__normal_tail(a) - mlpipe__normal_tail(b)
                   : draw_below(b) - draw_below(a);
}

/* A normal between a and b. */
static double sample_between(double a, double b, double u)
{
    const bool upper = a > 0.0;
    const double from = upper ? mlpipe__normal_tail(b) : draw_below(a);
    const double to = upper ? mlpipe__normal_tail(a) : draw_below(b);
    const double p = from + u * (to - from);
    double z = p > 0.0 && p < 1.0 ? mlpipe__normal_quantile(p)
                                  : upper ? -a : b;

    z = upper ? -z : z;
    return z < a ? a : z > b ? b : z;
}

static double sample_unit(const draw_job *j, uint64_t row, uint32_t round,
                          uint32_t i)
{
    return mlpipe__random_unit(j->seed, MLPIPE__FOR_COPULA, round, row, i);
}

/* What the normals before variable i, but one, make of it. */
static double sample_mean(const draw_job *j, const double *e, uint32_t i,
                          uint32_t without)
{
    const double *l = j->factor + (size_t)i * j->k->variables;
    double sum = 0.0;

    for (uint32_t n = 0; n < i; n++)
        sum += n == without ? 0.0 : l[n] * e[n];
    return sum;
}

/* The ranges one after another; the chance that the row is taken with. */
static double sample_propose(const draw_job *j, uint64_t row,
                             uint32_t round, double *e)
{
    const uint32_t p = j->k->variables;
    double chance = 1.0;

    for (uint32_t i = j->points; i < j->points + j->ranges; i++) {
        const mlpipe__copula_condition *q = &j->given[j->order[i]];
        const double mean = sample_mean(j, e, i, UINT32_MAX);
        const double sd = j->factor[(size_t)i * p + i];
        const double a = (q->from - mean) / sd, b = (q->to - mean) / sd;
        if (i > j->points)
            chance *= sample_chance(a, b);
        e[i] = sample_between(a, b, sample_unit(j, row, round, i));
    }
    return chance;
}

/* Draws each normal of a range anew, within all that the others leave it. */
static void sample_sweep(const draw_job *j, uint64_t row, uint32_t round,
                         double *e)
{
    const uint32_t p = j->k->variables, end = j->points + j->ranges;

    for (uint32_t i = j->points; i < end; i++) {
        double low = -mlpipe__inf(), high = mlpipe__inf();
        for (uint32_t n = i; n < end; n++) {
            const mlpipe__copula_condition *q = &j->given[j->order[n]];
            const double l = j->factor[(size_t)n * p + i];
            const double mean = sample_mean(j, e, n, i)
                + (n > i ? j->factor[(size_t)n * p + n] * e[n] : 0.0);
            const double a = (q->from - mean) / l, b = (q->to - mean) / l;
            if (l == 0.0)
                continue;
            low = (l > 0.0 ? a : b) > low ? (l > 0.0 ? a : b) : low;
            high = (l > 0.0 ? b : a) < high ? (l > 0.0 ? b : a) : high;
        }
        if (low < high)
            e[i] = sample_between(low, high, sample_unit(j, row, round, i));
    }
}

static void sample_ranges(const draw_job *j, uint64_t row, double *e,
                          uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    for (uint32_t round = 1; round <= SAMPLE_TRIES; round++) {
        const double chance = sample_propose(j, row, round, e);
        counts[SAMPLE_TRIED]++;
        if (sample_unit(j, row, round, j->k->variables) < chance
            || j->ranges < 2)
            return;
    }
    counts[SAMPLE_GIBBS]++;
    for (uint32_t s = 0; s < SAMPLE_SWEEPS; s++)
        sample_sweep(j, row, SAMPLE_TRIES + 1 + s, e);
}

/* Scores of all variables, by variable, from the normals. */
static void sample_scores(const draw_job *j, uint64_t row, double *e,
                          double *z, uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const uint32_t p = j->k->variables;

    memcpy(e, j->fixed, j->points * sizeof e[0]);
    if (j->ranges)
        sample_ranges(j, row, e, counts);
    else
        counts[SAMPLE_TRIED]++;
    for (uint32_t i = j->points + j->ranges; i < p; i++)
        e[i] = mlpipe__normal_quantile(sample_unit(j, row, 0, i));
    for (uint32_t i = 0; i < p; i++)
        z[j->order[i]] = sample_mean(j, e, i, UINT32_MAX)
            + j->factor[(size_t)i * p + i] * e[i];
    for (uint32_t i = 0; i < p; i++) { /* rounding must not leave a range */
        const mlpipe__copula_condition *q = &j->given[i];
        if (q->given)
            z[i] = z[i] < q->from ? q->from : z[i] > q->to ? q->to : z[i];
    }
}

/* A value that is given lies where it is said to, to the last bit. */
static double sample_value(const draw_job *j, uint32_t variable, double z)
{
    const mlpipe__copula_condition *q = &j->given[variable];
    const double x = mlpipe__margin_value(&j->k->variable[variable].margin,
                                          z);

    if (!q->clamped)
        return x;
    return x < q->low ? q->low : x > q->high ? q->high : x;
}

static bool sample_is_null(const draw_job *j,
                           const mlpipe__copula_column *c, const double *z)
{
    if (c->null == UINT32_MAX)
        return j->k->variable[c->value].unknown;
    const mlpipe__margin *m = &j->k->variable[c->null].margin;
    const mlpipe__copula_condition *q = &j->given[c->null];
    if (q->given) /* an end of the range is that of both */
        return q->from >= m->z[1];
    return mlpipe__margin_value(m, z[c->null]) != 0.0;
}

static void sample_block(const void *model, uint64_t first, uint32_t n,
                         double *out, double *scratch,
                         uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const draw_job *j = model;
    const mlpipe_copula *k = j->k;
    double *e = scratch, *z = scratch + k->variables;

    for (uint32_t i = 0; i < n; i++, out += k->columns) {
        sample_scores(j, first + i, e, z, counts);
        for (uint32_t c = 0; c < k->columns; c++)
            out[c] = sample_is_null(j, &k->column[c], z)
                ? mlpipe__nan()
                : sample_value(j, k->column[c].value,
                               z[k->column[c].value]);
        const uint64_t hash = mlpipe__copula_hash(k, out);
        uint64_t low = 0, high = k->known_count;
        while (hash && low < high) {
            const uint64_t middle = low + (high - low) / 2;
            if (k->known[middle] < hash)
                low = middle + 1;
            else
                high = middle;
        }
        counts[SAMPLE_COPIES] += hash && low < k->known_count
            && k->known[low] == hash;
    }
}

/* ---- what is given ------------------------------------------------------ */

/* Points, then ranges from the least likely on, then the others. */
static void sample_sort(draw_job *j)
{
    const uint32_t p = j->k->variables;
    uint32_t n = 0;

    for (uint32_t i = 0; i < p; i++)
        if (j->given[i].given && j->given[i].from == j->given[i].to)
            j->order[n++] = i;
    j->points = n;
    for (uint32_t i = 0; i < p; i++) {
        const mlpipe__copula_condition *q = &j->given[i];
        if (!q->given || q->from == q->to)
            continue;
        uint32_t at = n++;
        const double chance = sample_chance(q->from, q->to);
        for (; at > j->points; at--) {
            const mlpipe__copula_condition *o = &j->given[j->order[at - 1]];
            if (sample_chance(o->from, o->to) <= chance)
                break;
            j->order[at] = j->order[at - 1];
        }
        j->order[at] = i;
    }
    j->ranges = n - j->points;
    for (uint32_t i = 0; i < p; i++)
        if (!j->given[i].given)
            j->order[n++] = i;
}

/* The factor in that order; the normals that the points fix. */
static mlpipe_status sample_factor(mlpipe_ctx *ctx, draw_job *j)
{
    const uint32_t p = j->k->variables;
    double square = 0.0;

    for (uint32_t a = 0; a < p; a++)
        for (uint32_t b = 0; b < p; b++)
            j->factor[(size_t)a * p + b] = j->k->correlation[
                (size_t)j->order[a] * p + j->order[b]];
    /* Upper in columns is lower in rows. */
    if (mlpipe__cholesky(p, j->factor))
        return mlpipe__fail(ctx, MLPIPE_E_INTERNAL, "the correlation of a "
                            "copula is not positive definite");
    for (uint32_t i = 0; i < j->points; i++) {
        const double z = j->given[j->order[i]].from;
        j->fixed[i] = (z - sample_mean(j, j->fixed, i, UINT32_MAX))
            / j->factor[(size_t)i * p + i];
        square += j->fixed[i] * j->fixed[i];
    }
    if (0.5 * square > sample_unlikely)
        return mlpipe__fail(ctx, MLPIPE_E_NUMERIC, "what is given does not "
                            "go together: values so far from what the "
                            "others say of them have no probability (half "
                            "the square of their normals is %g, at most %g); "
                            "leave one out or give a range", 0.5 * square,
                            sample_unlikely);
    return MLPIPE_OK;
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status sample_report(mlpipe_ctx *ctx, const draw_job *j,
                                   int64_t rows,
                                   const uint64_t counts[], const char *given,
                                   mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(ctx->env, "copula_sample");

    if (!r)
        return mlpipe__nomem(ctx);
    mlpipe__report_number(r, "rows", (double)rows);
    mlpipe__report_number(r, "points", j->points);
    mlpipe__report_number(r, "ranges", j->ranges);
    mlpipe__report_number(r, "tries", (double)counts[SAMPLE_TRIED]);
    mlpipe__report_number(r, "gibbs_rows", (double)counts[SAMPLE_GIBBS]);
    mlpipe__report_number(r, "exact_copies", (double)counts[SAMPLE_COPIES]);
    mlpipe__report_text(r, "given", given, strlen(given));
    return mlpipe__report_seal(ctx, r, out);
}

static mlpipe_status sample_make(mlpipe_ctx *ctx, draw_job *j,
                                 const mlpipe__params *p,
                                 mlpipe__synth_column *made,
                                 mlpipe__column **columns,
                                 mlpipe_dataset **out)
{
    const mlpipe_copula *k = j->k;
    const int64_t rows = mlpipe__params_get(p, "rows")->integer;
    const uint64_t start = (uint64_t)mlpipe__params_get(p, "start")->integer;
    const char *given = mlpipe__params_get(p, "given")->text;
    const mlpipe__synth_maker maker = {
        .stage = "copula_sample",
        .columns = k->columns,
        .column = made,
        .scratch = 2 * k->variables,
        .model = j,
        .block = sample_block,
    };
    uint64_t counts[MLPIPE__SYNTH_COUNTS];
    mlpipe_report *report = NULL;
    mlpipe_status st = mlpipe__copula_given(ctx, k, given, j->given);

    if (!st) {
        sample_sort(j);
        st = sample_factor(ctx, j);
    }
    for (uint32_t i = 0; i < k->columns; i++)
        made[i] = k->column[i].made;
    if (!st)
        st = mlpipe__synth_make(ctx, &maker, start, rows, columns, counts);
    if (st)
        return st;
    st = sample_report(ctx, j, rows, counts, given, &report);
    if (!st)
        return mlpipe__dataset_new(ctx, columns, k->columns, start, report,
                                   out);
    for (uint32_t i = 0; i < k->columns; i++)
        mlpipe__column_drop(columns[i]);
    return st;
}

static mlpipe_status draw_run(mlpipe_ctx *ctx, const mlpipe_copula *k,
                                const char *params, mlpipe_dataset **out)
{
    const uint32_t p = k->variables;
    mlpipe__env *env = ctx->env;
    mlpipe__params parsed;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_copula_sample", mlpipe__copula_sample_params,
        mlpipe__copula_sample_param_count, params, &parsed);

    if (st)
        return st;
    draw_job j = {.k = k, .seed = mlpipe__synth_seed(ctx, &parsed)};
    j.order = mlpipe__alloc_array(env, p, sizeof j.order[0]);
    j.factor = mlpipe__alloc_array(env, p, p * sizeof j.factor[0]);
    j.fixed = mlpipe__alloc_array(env, p, sizeof j.fixed[0]);
    j.given = mlpipe__alloc_array(env, p, sizeof j.given[0]);
    mlpipe__synth_column *made = mlpipe__alloc_array(env, k->columns,
                                                     sizeof made[0]);
    mlpipe__column **columns = mlpipe__alloc_array(env, k->columns,
                                                   sizeof columns[0]);
    if (!j.order || !j.factor || !j.fixed || !j.given || !made || !columns)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = sample_make(ctx, &j, &parsed, made, columns, out);
    mlpipe__params_free(&parsed);
    mlpipe__free(env, j.order);
    mlpipe__free(env, j.factor);
    mlpipe__free(env, j.fixed);
    mlpipe__free(env, j.given);
    mlpipe__free(env, made);
    mlpipe__free(env, columns);
    return st;
}

mlpipe_status mlpipe_copula_sample(mlpipe_ctx *ctx,
                                   const mlpipe_copula *copula,
                                   const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_copula_sample");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !copula)
        st = mlpipe__null_arg(ctx, "copula");
    if (!st)
        st = draw_run(ctx, copula, params, out);
    return mlpipe__end(ctx, st);
}
