/* SPDX-License-Identifier: MIT */
/* mlpipe_synth: parameters, columns and the report that tells the truth. */
#include "synth_internal.h"

const mlpipe__param mlpipe__synth_params[] = {
    {"rows", MLPIPE_PARAM_INT, "1000", 1, 4e9, NULL, 0x000100,
     "how many rows"},
    {"start", MLPIPE_PARAM_INT, "0", 0, 9007199254740992.0, NULL, 0x000100,
     "number and id of the first row: a slice of what start=0 makes"},
    {"seed", MLPIPE_PARAM_INT, "", 0, 9.2e18, NULL, 0x000100,
     "of everything random; default: the seed of the context"},
    {"order", MLPIPE_PARAM_CHOICE, "none", 0, 0, "none,row,time", 0x000100,
     "a first column: row, the row's number, or time, a minute a row from "
     "2020-01-01"},
    {"features", MLPIPE_PARAM_INT, "10", 1, MLPIPE__SYNTH_FEATURES, NULL,
     0x000100,
     "columns x1, x2 ... (regression, classification, friedman1, hyperplane)"},
    {"informative", MLPIPE_PARAM_INT, "5", 1, MLPIPE__SYNTH_FEATURES, NULL,
     0x000100,
     "how many of them, the first, matter (regression, classification); not "
     "more than there are"},
    {"noise", MLPIPE_PARAM_REAL, "", 0, 1e6, NULL, 0x000100,
     "deviation of the target's noise; of classification the share of labels "
     "dealt anew, of sea and hyperplane the share turned over, of agrawal how "
     "far numbers are moved, in their ranges (0; hyperplane 0.05, "
     "friedman_drift and mixed 1)"},
    {"bias", MLPIPE_PARAM_REAL, "0", -1e12, 1e12, NULL, 0x000100,
     "added to the target (regression)"},
    {"classes", MLPIPE_PARAM_INT, "2", 2, MLPIPE__SYNTH_CLASSES, NULL,
     0x000100, "how many (classification)"},
    {"clusters", MLPIPE_PARAM_INT, "1", 1, MLPIPE__SYNTH_CLUSTERS, NULL,
     0x000100, "of each class (classification)"},
    {"separation", MLPIPE_PARAM_REAL, "1", 0, 1000, NULL, 0x000100,
     "half the side of the cube whose corners are centres of clusters, in "
     "their deviations (classification)"},
    {"shares", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 0x000100,
     "of the classes, in any unit; default: equal (classification)"},
    {"concepts", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 0x000100,
     "numbers of the first function and of those that follow at drift_at; "
     "default: 0 and so on (sea, agrawal)"},
    {"drift_at", MLPIPE_PARAM_REALS, "", 0, 0, NULL, 0x000100,
     "rows, rising, from which another function holds (all kinds but "
     "friedman1 to 3, hyperplane and mixed)"},
    {"width", MLPIPE_PARAM_REAL, "", 0, 1e15, NULL, 0x000100,
     "rows that such a change takes (0; friedman_drift 10000, at most)"},
    {"drift", MLPIPE_PARAM_CHOICE, "lea", 0, 0, "lea,gra,gsg", 0x000100,
     "how it drifts: local and expanding, global and recurring, global and "
     "slow (friedman_drift)"},
    {"change", MLPIPE_PARAM_REAL, "0", 0, 1, NULL, 0x000100,
     "of the weights of drifting columns at each row (hyperplane)"},
    {"sigma", MLPIPE_PARAM_REAL, "0.1", 0, 1, NULL, 0x000100,
     "chance that such a weight turns around at a row (hyperplane)"},
    {"drift_features", MLPIPE_PARAM_INT, "2", 0, MLPIPE__SYNTH_FEATURES, NULL,
     0x000100, "how many columns, the first, drift (hyperplane)"},
    {"nulls", MLPIPE_PARAM_REAL, "0", 0, 1, NULL, 0x000100,
     "share of nulls in city, age, income and last_seen (mixed)"},
};
const uint32_t mlpipe__synth_param_count =
    sizeof mlpipe__synth_params / sizeof mlpipe__synth_params[0];

/* 2020-01-01 in seconds. */
#define SYNTH_FIRST_TIME INT64_C(1577836800)
enum { SYNTH_NAME_BYTES = 8 };

static const mlpipe__synth_kind *const synth_kinds[] = {
    &mlpipe__synth_regression, &mlpipe__synth_classification,
    &mlpipe__synth_friedman1,  &mlpipe__synth_friedman2,
    &mlpipe__synth_friedman3,  &mlpipe__synth_sea,
    &mlpipe__synth_hyperplane, &mlpipe__synth_agrawal,
    &mlpipe__synth_friedman_drift, &mlpipe__synth_mixed,
};
enum { SYNTH_KINDS = sizeof synth_kinds / sizeof synth_kinds[0] };

/* ---- random numbers ----------------------------------------------------- */

double mlpipe__synth_unit(const mlpipe__synth_spec *s, uint64_t row,
                          uint32_t j)
{
    return mlpipe__random_unit(s->seed, MLPIPE__FOR_SYNTH, s->stream, row, j);
}

double mlpipe__synth_normal(const mlpipe__synth_spec *s, uint64_t row,
                            uint32_t j)
{
    return mlpipe__normal_quantile(mlpipe__synth_unit(s, row, j));
}

double mlpipe__synth_table_unit(const mlpipe__synth_spec *s, uint32_t which,
                                uint64_t i)
{
    return mlpipe__random_unit(s->seed, MLPIPE__FOR_SYNTH,
                               0x100 + s->stream, i, which);
}

uint32_t mlpipe__synth_stage(const mlpipe__synth_spec *s, uint64_t row)
{
    uint32_t stage = 0;

    for (uint32_t k = 0; k + 1 < s->stages; k++) {
        const double past = (double)row - s->drift_at[k];
        if (s->width <= 0.0) {
            stage = past >= 0.0 ? k + 1 : stage;
            continue;
        }
        if (mlpipe__synth_unit(s, row, MLPIPE__SYNTH_DRIFT + k)
            < mlpipe__sigmoid(4.0 * past / s->width))
            stage = k + 1;
    }
    return stage;
}

void mlpipe__synth_tell_concepts(const mlpipe__synth_spec *s,
                                 mlpipe_report *r)
{
    mlpipe__report_table(r, "concepts", "stage,from_row,concept");
    for (uint32_t k = 0; k < s->stages; k++) {
        mlpipe__report_cell_number(r, k);
        mlpipe__report_cell_number(r, k ? s->drift_at[k - 1] : 0.0);
        mlpipe__report_cell_number(r, s->concept[k]);
    }
}

/* ---- parameters --------------------------------------------------------- */

static mlpipe_status synth_find(mlpipe_ctx *ctx, const char *name,
                                uint32_t *which)
{
    const char *names[SYNTH_KINDS];

    for (uint32_t i = 0; i < SYNTH_KINDS; i++) {
        names[i] = synth_kinds[i]->name;
        *which = i;
        if (!strcmp(name, names[i]))
            return MLPIPE_OK;
    }
    const char *near = mlpipe__nearest(name, strlen(name), names,
                                       SYNTH_KINDS);
    return near
        ? mlpipe__fail(ctx, MLPIPE_E_PARAM, "there is no kind %q; did you "
                       "mean %q?", name, near)
        : mlpipe__fail(ctx, MLPIPE_E_PARAM, "there is no kind %q; it is one "
                       "of regression, classification, friedman1, friedman2, "
                       "friedman3, sea, hyperplane, agrawal, friedman_drift "
                       "and mixed", name);
}

/* Is the name one of a list by commas? */
static bool synth_listed(const char *list, const char *name)
{
    const size_t n = strlen(name);

    for (const char *p = list; *p;) {
        size_t k = 0;
        while (p[k] && p[k] != ',')
            k++;
        if (k == n && !memcmp(p, name, n))
            return true;
        p += k + (p[k] == ',');
    }
    return false;
}

static mlpipe_status synth_only_taken(mlpipe_ctx *ctx,
                                      const mlpipe__synth_kind *kind,
                                      const mlpipe__params *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const char *name = p->items[i].param->name;
        if (p->items[i].given && !synth_listed("rows,start,seed,order", name)
            && !synth_listed(kind->takes, name))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                                "kind %q takes no \"%s\"; beside rows, "
                                "start, seed and order it takes: %s",
                                kind->name, name, kind->takes);
    }
    return MLPIPE_OK;
}

static mlpipe_status synth_whole(mlpipe_ctx *ctx, const char *name, double x,
                                 double high)
{
    if (x >= 0 && x <= high && mlpipe__floor(x) == x)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"%s\" holds %g; it must be a "
                        "whole number from 0 to %g", name, x, high);
}

/* Where it drifts, and from what to what. */
static mlpipe_status synth_stages(mlpipe_ctx *ctx, const mlpipe__params *p,
                                  mlpipe__synth_spec *s)
{
    const mlpipe__setting *at = mlpipe__params_get(p, "drift_at");
    const mlpipe__setting *of = mlpipe__params_get(p, "concepts");
    const uint32_t known = s->kind->concepts;
    mlpipe_status st = MLPIPE_OK;

    if (at->count > MLPIPE__SYNTH_DRIFTS)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"drift_at\" holds %u "
                            "rows; at most %u are taken", at->count,
                            (uint32_t)MLPIPE__SYNTH_DRIFTS);
    if (of->count > at->count + 1)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"concepts\" holds %u "
                            "numbers, but %u drifts make %u stages",
                            of->count, at->count, at->count + 1);
    s->stages = at->count + 1;
    for (uint32_t i = 0; !st && i < at->count; i++) {
        st = synth_whole(ctx, "drift_at", at->reals[i], 0x1p53);
        s->drift_at[i] = at->reals[i];
        if (!st && i && at->reals[i] <= at->reals[i - 1])
            st = mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"drift_at\" holds %g "
                              "after %g; its rows must rise", at->reals[i],
                              at->reals[i - 1]);
    }
    for (uint32_t i = 0; !st && i < s->stages; i++) {
        if (i < of->count) {
            st = synth_whole(ctx, "concepts", of->reals[i], known - 1);
            s->concept[i] = st ? 0 : (uint32_t)of->reals[i];
        } else {
            s->concept[i] = !i ? 0 : known ? (s->concept[i - 1] + 1) % known
                                           : s->concept[i - 1] + 1;
        }
    }
    return st;
}

/* Shares of the classes that add up to 1. */
static mlpipe_status synth_shares(mlpipe_ctx *ctx, const mlpipe__params *p,
                                  mlpipe__synth_spec *s)
{
    const mlpipe__setting *given = mlpipe__params_get(p, "shares");
    double sum = 0.0;

    if (given->count && given->count != s->classes)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"shares\" holds %u "
                            "numbers for %u classes", given->count,
                            s->classes);
    for (uint32_t i = 0; i < s->classes; i++) {
        const double x = given->count ? given->reals[i] : 1.0;
        if (!(x > 0.0 && x <= 1e12))
            return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"shares\" holds %g; "
                                "each must be above 0 and at most 1e12", x);
        s->share[i] = x;
        sum += x;
    }
    for (uint32_t i = 0; i < s->classes; i++)
        s->share[i] /= sum;
    return MLPIPE_OK;
}

static mlpipe_status synth_features(mlpipe_ctx *ctx, const mlpipe__params *p,
                                    mlpipe__synth_spec *s)
{
    const mlpipe__setting *few = mlpipe__params_get(p, "informative");
    const mlpipe__setting *moved = mlpipe__params_get(p, "drift_features");
    const mlpipe__setting *all = mlpipe__params_get(p, "features");

    s->features = s->kind->features ? s->kind->features
                                    : (uint32_t)all->integer;
    s->informative = (uint32_t)few->integer;
    s->drift_features = (uint32_t)moved->integer;
    if (s->features < s->kind->least)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"features\" is %u; kind "
                            "%q needs %u or more", s->features, s->kind->name,
                            s->kind->least);
    if (s->features < s->informative) {
        if (few->given)
            return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"informative\" is %u "
                                "of %u features; give at most as many as "
                                "features", s->informative,
                                s->features);
        s->informative = s->features;
    }
    if (s->features < s->drift_features) {
        if (moved->given)
            return mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"drift_features\" is "
                                "%u of %u features; give at most as many as "
                                "features",
                                s->drift_features,
                                s->features);
        s->drift_features = s->features;
    }
    return MLPIPE_OK;
}

static mlpipe_status synth_read(mlpipe_ctx *ctx, const mlpipe__params *p,
                                mlpipe__synth_spec *s)
{
    const mlpipe__setting *noise = mlpipe__params_get(p, "noise");
    const mlpipe__setting *width = mlpipe__params_get(p, "width");
    mlpipe_status st = synth_only_taken(ctx, s->kind, p);

    s->seed = mlpipe__synth_seed(ctx, p);
    s->start = (uint64_t)mlpipe__params_get(p, "start")->integer;
    s->rows = mlpipe__params_get(p, "rows")->integer;
    s->order = mlpipe__params_get(p, "order")->choice;
    s->noise = noise->given ? noise->number : s->kind->noise;
    s->bias = mlpipe__params_get(p, "bias")->number;
    s->classes = (uint32_t)mlpipe__params_get(p, "classes")->integer;
    s->clusters = (uint32_t)mlpipe__params_get(p, "clusters")->integer;
    s->separation = mlpipe__params_get(p, "separation")->number;
    s->width = width->given ? width->number : 0.0;
    s->drift = mlpipe__params_get(p, "drift")->choice;
    s->change = mlpipe__params_get(p, "change")->number;
    s->sigma = mlpipe__params_get(p, "sigma")->number;
    s->nulls = mlpipe__params_get(p, "nulls")->number;
    if (!st && s->kind->classes && s->noise > 1.0)
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM, "\"noise\" is %g; of kind %q "
                          "it is a share, from 0 to 1", s->noise,
                          s->kind->name);
    if (!st)
        st = synth_features(ctx, p, s);
    if (!st)
        st = synth_stages(ctx, p, s);
    if (!st)
        st = synth_shares(ctx, p, s);
    if (!st && s->kind == &mlpipe__synth_friedman_drift && !width->given)
        s->width = -1.0; /* as much as there is room for */
    return st;
}

/* ---- columns ------------------------------------------------------------ */

static void synth_order_column(mlpipe__synth_spec *s)
{
    s->column[0] = s->order == 1
        ? (mlpipe__synth_column){"row", MLPIPE_TYPE_I64, 0, NULL, 0, 1}
        : (mlpipe__synth_column){"time", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_S,
                                 NULL, SYNTH_FIRST_TIME, 60};
}

/* x1 .. xp and the target; agrawal has names of its own. */
static mlpipe_status synth_columns(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    static const char *const agrawal[] = {
        "salary", "commission", "age", "elevel", "car", "zipcode", "hvalue",
        "hyears", "loan"};
    static const bool whole[] = {false, false, true, true, true, true, false,
                                 true, false};
    const bool named = s->kind == &mlpipe__synth_agrawal;
    mlpipe__synth_column *c;

    s->columns = s->features + 1 + (s->order ? 1 : 0);
    s->column = mlpipe__alloc_array(s->env, s->columns, sizeof *s->column);
    s->names = mlpipe__alloc_array(s->env, s->features, SYNTH_NAME_BYTES);
    if (!s->column || !s->names)
        return mlpipe__nomem(ctx);
    c = s->column + (s->order ? 1 : 0);
    for (uint32_t j = 0; j < s->features; j++) {
        char *name = s->names + (size_t)j * SYNTH_NAME_BYTES;
        (void)mlpipe__format(name, SYNTH_NAME_BYTES, "x%u", j + 1);
        c[j].name = named ? agrawal[j] : name;
        c[j].type = named && whole[j] ? MLPIPE_TYPE_I64 : MLPIPE_TYPE_F64;
        c[j].step = 1;
    }
    c[s->features].name = s->kind->target;
    c[s->features].type = s->kind->classes ? MLPIPE_TYPE_I64
                                           : MLPIPE_TYPE_F64;
    c[s->features].step = 1;
    return MLPIPE_OK;
}

static void synth_block(const void *model, uint64_t first, uint32_t n,
                        double *out, double *scratch,
                        uint64_t counts[MLPIPE__SYNTH_COUNTS])
{
    const mlpipe__synth_spec *s = model;
    const uint32_t lead = s->order ? 1 : 0;

    (void)scratch;
    (void)counts;
    for (uint32_t i = 0; i < n; i++, out += s->columns) {
        if (lead)
            out[0] = (double)(first + i);
        s->kind->row(s, first + i, out + lead);
    }
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status synth_report(mlpipe_ctx *ctx,
                                  const mlpipe__synth_spec *s,
                                  mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(ctx->env, "synth");
    char seed[MLPIPE__NUMBER_BYTES];
    const size_t n = mlpipe__format(seed, sizeof seed, "%llu",
                                    (unsigned long long)s->seed);

    if (!r)
        return mlpipe__nomem(ctx);
    mlpipe__report_text(r, "kind", s->kind->name, strlen(s->kind->name));
    mlpipe__report_text(r, "seed", seed, n); /* may pass 2^53 */
    mlpipe__report_number(r, "rows", (double)s->rows);
    mlpipe__report_number(r, "start", (double)s->start);
    mlpipe__report_number(r, "noise", s->noise);
    s->kind->truth(s, r);
    return mlpipe__report_seal(ctx, r, out);
}

static mlpipe_status synth_make(mlpipe_ctx *ctx, mlpipe__synth_spec *s,
                                mlpipe_dataset **out)
{
    const bool walks = s->kind == &mlpipe__synth_hyperplane;
    const mlpipe__synth_maker maker = {
        .stage = "synth",
        .columns = s->columns,
        .column = s->column,
        .model = s,
        .prepare = walks ? mlpipe__synth_walk : NULL,
        .block = synth_block,
        .text = mlpipe__synth_mixed_text,
    };
    uint64_t counts[MLPIPE__SYNTH_COUNTS];
    mlpipe_report *report = NULL;
    mlpipe_status st = synth_report(ctx, s, &report);
    mlpipe__column **columns = mlpipe__alloc_array(s->env, s->columns,
                                                   sizeof columns[0]);

    if (!st && !columns)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__synth_make(ctx, &maker, s->start, s->rows, columns,
                                counts);
    if (st)
        mlpipe_report_free(report);
    else
        st = mlpipe__dataset_new(ctx, columns, s->columns, s->start, report,
                                 out);
    mlpipe__free(s->env, columns);
    return st;
}

static void synth_clear(mlpipe__synth_spec *s)
{
    mlpipe__free(s->env, s->table);
    mlpipe__free(s->env, s->walk);
    mlpipe__free(s->env, s->path);
    mlpipe__free(s->env, s->column);
    mlpipe__free(s->env, s->names);
    for (uint32_t i = 0; i < 3; i++)
        mlpipe__dictionary_drop(s->dictionary[i]);
}

static mlpipe_status synth_run(mlpipe_ctx *ctx, const char *kind,
                               const char *params, mlpipe_dataset **out)
{
    mlpipe__synth_spec s = {.env = ctx->env};
    mlpipe__params parsed;
    mlpipe_status st = synth_find(ctx, kind, &s.stream);

    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_synth", mlpipe__synth_params,
                                  mlpipe__synth_param_count, params, &parsed);
    if (st)
        return st;
    s.kind = synth_kinds[s.stream];
    st = synth_read(ctx, &parsed, &s);
    mlpipe__params_free(&parsed);
    if (!st)
        st = s.kind->target ? synth_columns(ctx, &s)
                            : mlpipe__synth_mixed_columns(ctx, &s);
    if (!st && s.order)
        synth_order_column(&s);
    if (!st)
        st = s.kind->set_up(ctx, &s);
    if (!st)
        st = synth_make(ctx, &s, out);
    synth_clear(&s);
    return st;
}

mlpipe_status mlpipe_synth(mlpipe_ctx *ctx, const char *kind,
                           const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_synth");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !kind)
        st = mlpipe__null_arg(ctx, "kind");
    if (!st)
        st = synth_run(ctx, kind, params, out);
    return mlpipe__end(ctx, st);
}
