/* SPDX-License-Identifier: MIT */
/* Drift between two datasets: schema, columns, verdicts, and the report. */
#include "dataset_drift_types.h"

static const char *const apart_owner = "mlpipe_dataset_drift";

const mlpipe__param mlpipe__dataset_drift_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns to compare; all where it is not set."},
    {"ignore", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns to leave out, such as ids and free texts."},
    {"bins", MLPIPE_PARAM_INT, "10", 2, MLPIPE__DRIFT_CELLS, NULL, 0x000100,
     "Quantile bins of the reference."},
    {"alpha", MLPIPE_PARAM_REAL, "0.05", 1e-12, 0.5, NULL, 0x000100,
     "False discovery rate over the columns."},
    {"warn", MLPIPE_PARAM_REAL, "0.1", 0, 100, NULL, 0x000100,
     "Population stability index from which a column is warned of."},
    {"drift", MLPIPE_PARAM_REAL, "0.25", 0, 100, NULL, 0x000100,
     "Population stability index from which a column drifts."},
    {"nulls", MLPIPE_PARAM_REAL, "0.1", 0, 1, NULL, 0x000100,
     "Change of the share of nulls from which a column drifts; a tenth of it "
     "is warned of."},
    {"min_rows", MLPIPE_PARAM_INT, "100", 2, 1e9, NULL, 0x000100,
     "Values of a column, in both datasets, below which nothing is said."},
};
const uint32_t mlpipe__dataset_drift_param_count =
    sizeof mlpipe__dataset_drift_params / sizeof *mlpipe__dataset_drift_params;

typedef struct apart_job {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *data[2]; /* reference, current */
    const mlpipe__params *params;
    const mlpipe__setting *names, *ignore;
    mlpipe__drift_column *columns;
    uint32_t count;
    mlpipe_report *schema;
    uint32_t schema_changes;
    enum mlpipe__drift_verdict verdict;
} apart_job;

static double apart_param(const apart_job *j, const char *name)
{
    return mlpipe__params_get(j->params, name)->number;
}

static const char *apart_says(enum mlpipe__drift_verdict v)
{
    static const char *const says[] = {"ok", "insufficient_data", "warn",
                                       "drift"};

    return says[v];
}

static void apart_worse(apart_job *j, enum mlpipe__drift_verdict v)
{
    if (v > j->verdict)
        j->verdict = v;
}

static void apart_string(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

/* ---- schema ------------------------------------------------------------- */

/* Can the columns be compared as they are? */
static bool apart_same_kind(const mlpipe__column *a, const mlpipe__column *b)
{
    const bool numbers =
        (a->type == MLPIPE_TYPE_I64 || a->type == MLPIPE_TYPE_F64) &&
        (b->type == MLPIPE_TYPE_I64 || b->type == MLPIPE_TYPE_F64);
    const bool texts = mlpipe__profile_is_text(a->type) &&
                       mlpipe__profile_is_text(b->type);

    return numbers || texts || (a->type == b->type && a->unit == b->unit);
}

static void apart_change(apart_job *j, const char *name, const char *change,
                         const mlpipe__column *a, const mlpipe__column *b)
{
    const mlpipe__column *const both[] = {a, b};

    apart_string(j->schema, name);
    apart_string(j->schema, change);
    for (uint32_t i = 0; i < 2; i++) {
        char type[48];
        mlpipe__format(type, sizeof type, "%s%s%s",
                       both[i] ? mlpipe__type_name(both[i]->type) : "",
                       both[i] && both[i]->unit ? " " : "",
                       both[i] ? mlpipe__unit_name(both[i]->unit) : "");
        apart_string(j->schema, type);
    }
    j->schema_changes++;
    apart_worse(j, a ? MLPIPE__DRIFT_DRIFT : MLPIPE__DRIFT_WARN);
}

/* ---- verdicts ----------------------------------------------------------- */

static void apart_say(mlpipe__drift_column *c, enum mlpipe__drift_verdict v,
                      const char *reason)
{
    c->verdict = v;
    mlpipe__format(c->reason, sizeof c->reason, "%s", reason);
}

/* Why the categories of a column were not tested. */
static void apart_untested(mlpipe__drift_column *c)
{
    const uint32_t last = c->cells - 1;
    const uint64_t rows = c->n[0] + c->n[1];

    c->verdict = MLPIPE__DRIFT_INSUFFICIENT;
    if (c->others && 2 * (c->count[0][last] + c->count[1][last]) > rows)
        mlpipe__format(c->reason, sizeof c->reason,
                       "%llu values in %llu rows are not comparable",
                       (unsigned long long)c->values,
                       (unsigned long long)rows);
    else
        mlpipe__format(c->reason, sizeof c->reason,
                       "too few rows of all values but one");
}

static void apart_column_verdict(const apart_job *j, mlpipe__drift_column *c)
{
    const double nulls = c->nulls[1] - c->nulls[0];
    const double size = nulls < 0 ? -nulls : nulls;
    const double least = apart_param(j, "min_rows");
    const double limit = apart_param(j, "nulls");
    const double spare = 0.01 + 10 / ((double)c->n[0] + 1);
    const bool sure = c->q <= apart_param(j, "alpha");
    const bool unseen = c->unseen > spare + 3 * c->unseen_by_chance;

    apart_say(c, MLPIPE__DRIFT_OK, "");
    if ((double)j->data[0]->rows < least || (double)j->data[1]->rows < least ||
        ((double)c->n[0] < least && (double)c->n[1] < least))
        apart_say(c, MLPIPE__DRIFT_INSUFFICIENT, "fewer rows than min_rows");
    else if (sure && limit > 0 && size >= limit)
        apart_say(c, MLPIPE__DRIFT_DRIFT, "nulls");
    else if ((double)c->n[0] < least || (double)c->n[1] < least)
        apart_say(c, MLPIPE__DRIFT_INSUFFICIENT, "fewer values than min_rows");
    else if (unseen && c->unseen >= 1)
        apart_say(c, MLPIPE__DRIFT_DRIFT, "all categories unseen");
    else if (sure && (c->psi >= apart_param(j, "drift") || c->ks >= 0.5))
        apart_say(c, MLPIPE__DRIFT_DRIFT, "distribution");
    else if (unseen)
        apart_say(c, MLPIPE__DRIFT_WARN, "unseen categories");
    else if (sure && c->psi >= apart_param(j, "warn"))
        apart_say(c, MLPIPE__DRIFT_WARN, "distribution");
    else if (sure && limit > 0 && size >= limit / 10)
        apart_say(c, MLPIPE__DRIFT_WARN, "nulls");
    else if (c->below > spare || c->above > spare)
        apart_say(c, MLPIPE__DRIFT_WARN, "out of range");
    else if (c->untested)
        apart_untested(c);
}

/* The false discovery rates of all columns. */
static mlpipe_status apart_rates(apart_job *j)
{
    mlpipe__env *env = j->ctx->env;
    const uint32_t n = j->count;
    double *p = mlpipe__alloc_array(env, n, sizeof *p);
    double *q = mlpipe__alloc_array(env, n, sizeof *q);
    uint32_t *order = mlpipe__alloc_array(env, n, sizeof *order);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    const bool ok = p && q && order && scratch;

    for (uint32_t i = 0; ok && i < n; i++)
        p[i] = j->columns[i].p;
    if (ok) {
        mlpipe__argsort_f64(p, order, n, scratch);
        mlpipe__fdr(p, order, n, q);
    }
    for (uint32_t i = 0; ok && i < n; i++)
        j->columns[i].q = q[i];
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, q);
    mlpipe__free(env, p);
    return ok ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

static mlpipe_status apart_verdicts(apart_job *j)
{
    const mlpipe_status st = apart_rates(j);
    uint32_t judged = 0;

    for (uint32_t i = 0; !st && i < j->count; i++) {
        apart_column_verdict(j, &j->columns[i]);
        if (j->columns[i].verdict != MLPIPE__DRIFT_INSUFFICIENT) {
            judged++;
            apart_worse(j, j->columns[i].verdict);
        }
    }
    /* Columns that say nothing leave the others' verdict as it is. */
    if (!st && !judged)
        apart_worse(j, MLPIPE__DRIFT_INSUFFICIENT);
    return st;
}

/* ---- report ------------------------------------------------------------- */

static void apart_number(mlpipe_report *r, double x)
{
    mlpipe__report_cell_number(r, x);
}

static void apart_table(const apart_job *j, mlpipe_report *r)
{
    mlpipe__report_table(r, "drift", "column,type,verdict,reason,psi,p,q,"
                                     "reference_n,current_n");
    /* the worst first */
    for (uint32_t v = MLPIPE__DRIFT_DRIFT + 1; v--;)
        for (uint32_t i = 0; i < j->count; i++) {
            const mlpipe__drift_column *c = &j->columns[i];
            if (c->verdict != v)
                continue;
            apart_string(r, c->name);
            apart_string(r, mlpipe__type_name(c->type));
            apart_string(r, apart_says(c->verdict));
            apart_string(r, c->reason);
            apart_number(r, c->psi);
            apart_number(r, c->p);
            apart_number(r, c->q);
            apart_number(r, (double)c->n[0]);
            apart_number(r, (double)c->n[1]);
        }
}

static void apart_details(const apart_job *j, mlpipe_report *r)
{
    mlpipe__report_table(r, "numbers",
                         "column,ks,ks_p,shift,shift_low,shift_high,"
                         "sd_ratio,below,above");
    for (uint32_t i = 0; i < j->count; i++) {
        const mlpipe__drift_column *c = &j->columns[i];
        const double x[] = {c->ks, c->ks_p, c->shift.value, c->shift.low,
                            c->shift.high, c->sd_ratio, c->below, c->above};
        if (!c->numeric)
            continue;
        apart_string(r, c->name);
        for (uint32_t k = 0; k < 8; k++)
            apart_number(r, x[k]);
    }
    mlpipe__report_table(r, "categories", "column,total_variation,chi2,df,"
                                          "chi2_p,unseen,unseen_example");
    for (uint32_t i = 0; i < j->count; i++) {
        const mlpipe__drift_column *c = &j->columns[i];
        const double x[] = {c->variation, c->chi2, c->df, c->chi2_p,
                            c->unseen};
        if (c->numeric)
            continue;
        apart_string(r, c->name);
        for (uint32_t k = 0; k < 5; k++)
            apart_number(r, x[k]);
        apart_string(r, c->example);
    }
    mlpipe__report_table(r, "nulls", "column,reference,current,change,p");
    for (uint32_t i = 0; i < j->count; i++) {
        const mlpipe__drift_column *c = &j->columns[i];
        if (!(c->nulls[0] > 0) && !(c->nulls[1] > 0))
            continue;
        apart_string(r, c->name);
        apart_number(r, c->nulls[0]);
        apart_number(r, c->nulls[1]);
        apart_number(r, c->nulls[1] - c->nulls[0]);
        apart_number(r, c->null_p);
    }
}

/* A bin by its upper end, as the type writes it. */
static void apart_bin(const apart_job *j, mlpipe_report *r,
                      const mlpipe__drift_column *c, uint32_t i)
{
    char number[MLPIPE__TIME_TEXT_BYTES], text[80];
    const int32_t at = mlpipe_dataset_find(j->data[0], c->name);
    const int32_t unit = j->data[0]->columns[at]->unit;

    if (!c->numeric) {
        apart_string(r, c->label[i]);
        return;
    }
    const bool last = i + 1 == c->cells;
    const double edge = c->edge[last && i ? i - 1 : i];
    if (mlpipe__profile_is_time(c->type) && edge >= -0x1p63 && edge < 0x1p63)
        mlpipe__time_text((int64_t)mlpipe__floor(edge), unit, number);
    else
        mlpipe__format(number, sizeof number, "%g", edge);
    mlpipe__format(text, sizeof text, c->cells == 1 ? "all" : "%s %s",
                   last ? ">" : "<=", number);
    apart_string(r, text);
}

static void apart_bins(const apart_job *j, mlpipe_report *r)
{
    mlpipe__report_table(r, "bins", "column,bin,reference,current");
    for (uint32_t k = 0; k < j->count; k++) {
        const mlpipe__drift_column *c = &j->columns[k];
        for (uint32_t i = 0; i < c->cells; i++) {
            if (!c->count[0][i] && !c->count[1][i])
                continue;
            apart_string(r, c->name);
            apart_bin(j, r, c, i);
            apart_number(r, (double)c->count[0][i] / (double)c->n[0]);
            apart_number(r, (double)c->count[1][i] / (double)c->n[1]);
        }
    }
}

static mlpipe_status apart_report(apart_job *j, mlpipe_report **out)
{
    uint32_t of[MLPIPE__DRIFT_DRIFT + 1] = {0};
    mlpipe_report *r;
    const mlpipe_status st =
        mlpipe__report_seal(j->ctx, j->schema, &j->schema);

    if (st)
        return st;
    for (uint32_t i = 0; i < j->count; i++)
        of[j->columns[i].verdict]++;
    r = mlpipe__report_new(j->ctx->env, "drift");
    mlpipe__report_text(r, "verdict", apart_says(j->verdict),
                        strlen(apart_says(j->verdict)));
    mlpipe__report_number(r, "reference_rows", (double)j->data[0]->rows);
    mlpipe__report_number(r, "current_rows", (double)j->data[1]->rows);
    mlpipe__report_number(r, "compared", j->count);
    mlpipe__report_number(r, "tested",
                          j->count - of[MLPIPE__DRIFT_INSUFFICIENT]);
    mlpipe__report_number(r, "drifted", of[MLPIPE__DRIFT_DRIFT]);
    mlpipe__report_number(r, "warned", of[MLPIPE__DRIFT_WARN]);
    mlpipe__report_number(r, "insufficient", of[MLPIPE__DRIFT_INSUFFICIENT]);
    mlpipe__report_number(r, "schema_changes", j->schema_changes);
    apart_table(j, r);
    mlpipe__report_copy(r, "", j->schema);
    apart_details(j, r);
    apart_bins(j, r);
    return mlpipe__report_seal(j->ctx, r, out);
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status apart_one(apart_job *j, const char *name)
{
    const int32_t a = mlpipe_dataset_find(j->data[0], name);
    const int32_t b = mlpipe_dataset_find(j->data[1], name);
    const mlpipe__column *one = a < 0 ? NULL : j->data[0]->columns[a];
    const mlpipe__column *two = b < 0 ? NULL : j->data[1]->columns[b];
    const uint32_t at[] = {(uint32_t)a, (uint32_t)b};

    for (uint32_t i = 0; i < j->ignore->count; i++)
        if (!strcmp(j->ignore->names[i], name))
            return MLPIPE_OK;
    if (!one || !two) {
        apart_change(j, name, one ? "missing" : "new", one, two);
        return MLPIPE_OK;
    }
    if (!apart_same_kind(one, two)) {
        apart_change(j, name, "retyped", one, two);
        return MLPIPE_OK;
    }
    return mlpipe__drift_compare(
        j->ctx, j->data, at,
        (uint32_t)mlpipe__params_get(j->params, "bins")->integer,
        &j->columns[j->count++]);
}

/* Names are of columns, of either dataset, and none stands in two places. */
static mlpipe_status apart_names(const apart_job *j)
{
    const mlpipe__setting *const lists[] = {j->names, j->ignore};
    mlpipe_status st = MLPIPE_OK;
    uint32_t at;

    for (uint32_t l = 0; l < 2; l++)
        for (uint32_t i = 0; i < lists[l]->count && !st; i++) {
            const char *name = lists[l]->names[i];
            if (mlpipe_dataset_find(j->data[1], name) < 0)
                st = mlpipe__dataset_column(j->ctx, j->data[0], name, &at);
            for (uint32_t k = 0; k < i && !st; k++)
                if (!strcmp(lists[l]->names[k], name))
                    st = mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                      "%s: %s= names %q twice", apart_owner,
                                      l ? "ignore" : "columns", name);
            for (uint32_t k = 0; l && k < j->names->count && !st; k++)
                if (!strcmp(j->names->names[k], name))
                    st = mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                      "%s: columns= and ignore= both name "
                                      "%q; leave it out of one of them",
                                      apart_owner, name);
        }
    return st;
}

/* The columns that are asked for, or the reference's and then new ones. */
static mlpipe_status apart_columns(apart_job *j)
{
    const mlpipe_dataset *a = j->data[0], *b = j->data[1];
    mlpipe_status st = apart_names(j);

    for (uint32_t i = 0; i < j->names->count && !st; i++)
        st = apart_one(j, j->names->names[i]);
    if (j->names->count)
        return st;
    for (uint32_t i = 0; i < a->column_count && !st; i++)
        st = apart_one(j, a->columns[i]->name);
    for (uint32_t i = 0; i < b->column_count && !st; i++)
        if (mlpipe_dataset_find(a, b->columns[i]->name) < 0)
            st = apart_one(j, b->columns[i]->name);
    return st;
}

static mlpipe_status apart_run(apart_job *j, mlpipe_report **out)
{
    const size_t room = (size_t)j->names->count + j->data[0]->column_count;
    mlpipe_status st = MLPIPE_OK;

    j->columns = mlpipe__alloc_array(j->ctx->env, room, sizeof *j->columns);
    j->schema = mlpipe__report_new(j->ctx->env, "");
    if (!j->columns || !j->schema)
        st = mlpipe__nomem(j->ctx);
    if (!st) {
        mlpipe__report_table(j->schema, "schema",
                             "column,change,reference,current");
        st = apart_columns(j);
    }
    if (!st)
        st = apart_verdicts(j);
    if (!st)
        st = apart_report(j, out);
    mlpipe_report_free(j->schema);
    mlpipe__free(j->ctx->env, j->columns);
    return st;
}

static mlpipe_status apart_datasets(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *reference,
                                    const mlpipe_dataset *current,
                                    const char *text, mlpipe_report **out)
{
    apart_job j = {.ctx = ctx, .data = {reference, current}};
    mlpipe__params params;
    mlpipe_status st = mlpipe__params_parse(
        ctx, apart_owner, mlpipe__dataset_drift_params,
        mlpipe__dataset_drift_param_count, text, &params);

    if (st)
        return st;
    j.params = &params;
    j.names = mlpipe__params_get(&params, "columns");
    j.ignore = mlpipe__params_get(&params, "ignore");
    for (uint32_t i = 0; i < 2 && !st; i++)
        st = mlpipe__dataset_countable(ctx, apart_owner, j.data[i]);
    if (!st && apart_param(&j, "drift") < apart_param(&j, "warn"))
        st = mlpipe__fail(ctx, MLPIPE_E_PARAM,
                          "%s: drift=%g is below warn=%g; give a drift of warn "
                          "or more", apart_owner,
                          apart_param(&j, "drift"), apart_param(&j, "warn"));
    if (!st)
        st = apart_run(&j, out);
    mlpipe__params_free(&params);
    return st;
}

mlpipe_status mlpipe_dataset_drift(mlpipe_ctx *ctx,
                                   const mlpipe_dataset *reference,
                                   const mlpipe_dataset *current,
                                   const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, apart_owner);

    if (out)
        *out = NULL;
    if (!st && !reference)
        st = mlpipe__null_arg(ctx, "reference");
    if (!st && !current)
        st = mlpipe__null_arg(ctx, "current");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = apart_datasets(ctx, reference, current, params, out);
    return mlpipe__end(ctx, st);
}
