/* SPDX-License-Identifier: MIT */
/*
 * New rows of the smaller class between rows that it has (Chawla, Bowyer,
 * Hall and Kegelmeyer, "SMOTE: synthetic minority over-sampling technique",
 * 2002): a + u (b - a), b one of the nearest neighbours of a, one u for all
 * features. What is done about the weak points of other implementations:
 *
 *  - Equal rows are one point and a point is no neighbour of itself, so that
 *    repeated rows do not yield copies.
 *  - Each row of the class starts equally many new rows, give or take one.
 *  - Features are compared by their spread over all rows: quartile range;
 *    where that is 0, or the feature has but two values, the whole range.
 *  - A feature whose values are all whole numbers gets whole numbers.
 *  - One that has but two values (a flag, a column of onehot), or whose
 *    quartiles are one value (an amount that mostly is 0), gets the nearer of
 *    the two values in place of one in between, which the data never have: a
 *    learner would tell new rows by it. As all features share one u, the
 *    columns of one onehot still say one category.
 */
#include "augment_internal.h"

static const mlpipe__param smote_params[] = {
    {"ratio", MLPIPE_PARAM_REAL, "1", 1e-6, 1, NULL, 0x000100,
     "Rows of the smaller class to rows of the larger, afterwards."},
    {"k", MLPIPE_PARAM_INT, "5", 1, 1000, NULL, 0x000100,
     "How many nearest neighbours a new row may lie towards."},
    {"correct", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Take probabilities back to the shares that the data have."},
};

/* ---- what cannot be interpolated ---------------------------------------- */

static mlpipe_status smote_refuse_code(const mlpipe__job *job,
                                       const mlpipe__var *v)
{
    mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                 "step %q: %q is a category, and there is nothing between "
                 "two categories; put onehot, ordinal or target_encode "
                 "before it, or use oversample in its place",
                 job->name, v->name);
    return mlpipe__fail_at(job->ctx, -1, v->name);
}

static mlpipe_status smote_refuse_value(const mlpipe__job *job,
                                        const mlpipe__resample *r,
                                        uint32_t column, bool null)
{
    const char *name = r->vars[column]->name;
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->rows; i++) {
        const size_t at = (size_t)i * r->features + column;
        count += null ? !r->valid[at]
                      : r->valid[at] && !mlpipe__finite(r->x[at]);
    }
    mlpipe__fail(job->ctx, MLPIPE_E_SCHEMA,
                 null ? "step %q: %q is missing in %u of %u training rows; "
                        "put impute before it"
                      : "step %q: %q is infinite in %u of %u training rows; "
                        "put outlier before it",
                 job->name, name, count, r->rows);
    return mlpipe__fail_at(job->ctx, -1, name);
}

static mlpipe_status smote_check(const mlpipe__job *job,
                                 const mlpipe__resample *r)
{
    const size_t cells = (size_t)r->rows * r->features;
    for (uint32_t c = 0; c < r->features; c++)
        if (r->vars[c]->kind == MLPIPE__CODE)
            return smote_refuse_code(job, r->vars[c]);
    for (size_t i = 0; i < cells; i++)
        if (!r->valid[i] || !mlpipe__finite(r->x[i]))
            return smote_refuse_value(
                job, r, (uint32_t)(i % r->features), !r->valid[i]);
    return MLPIPE_OK;
}

/* ---- features ----------------------------------------------------------- */

/* Of the sorted values of a feature: what may lie between two of them. */
static uint8_t smote_kind(const double *sorted, uint32_t n)
{
    const double low = sorted[0], high = sorted[n - 1];
    const bool spike = mlpipe__quantile_sorted(sorted, n, 0.25) ==
                       mlpipe__quantile_sorted(sorted, n, 0.75);
    bool whole = true, two = true;
    for (uint32_t i = 0; i < n && (whole || two); i++) {
        two = two && (sorted[i] == low || sorted[i] == high);
        whole = whole && sorted[i] == mlpipe__floor(sorted[i]);
    }
    return two || spike ? MLPIPE__BETWEEN_ENDS
           : whole      ? MLPIPE__BETWEEN_WHOLE
                        : MLPIPE__BETWEEN_ANY;
}

/* Shift and weight of a feature for distances; a constant weighs nothing. */
static void smote_spread(const double *sorted, uint32_t n, uint8_t kind,
                         double *shift, double *weight)
{
    const bool ends = kind == MLPIPE__BETWEEN_ENDS;
    const double low =
        ends ? sorted[0] : mlpipe__quantile_sorted(sorted, n, 0.25);
    const double high =
        ends ? sorted[n - 1] : mlpipe__quantile_sorted(sorted, n, 0.75);
    const double spread = high - low;
    *shift = mlpipe__quantile_sorted(sorted, n, 0.5);
    *weight = spread > 0 ? 1.0 / spread : 0.0;
    if (!mlpipe__finite(*weight)) /* a spread below the normal doubles */
        *weight = 0x1p1023;
    else if (!mlpipe__finite(spread)) /* or beyond them: it weighs, too */
        *weight = 0.5 / (high / 2 - low / 2);
}

static mlpipe_status smote_features(const mlpipe__job *job,
                                    const mlpipe__resample *r, double *shift,
                                    double *weight)
{
    mlpipe__env *env = job->ctx->env;
    double *values = mlpipe__alloc_array(env, r->rows, sizeof *values);
    double *scratch = mlpipe__alloc_array(env, r->rows, sizeof *scratch);
    mlpipe_status st = MLPIPE_OK;
    if (!values || !scratch)
        st = mlpipe__nomem(job->ctx);
    for (uint32_t c = 0; !st && c < r->features; c++) {
        st = mlpipe__poll(job->ctx, job->name, 0, r->rows);
        for (uint32_t i = 0; i < r->rows; i++)
            values[i] = r->x[(size_t)i * r->features + c];
        mlpipe__sort_f64(values, r->rows, scratch);
        r->between[c] = smote_kind(values, r->rows);
        smote_spread(values, r->rows, r->between[c], &shift[c], &weight[c]);
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, values);
    return st;
}

/* ---- new rows ----------------------------------------------------------- */

/* How many are missing where other steps repeat each row `times` times, the
 * new ones among them or not; 0 where the ratio is reached. */
static uint64_t smote_missing(const mlpipe__job *job,
                              const augment_classes *c, uint64_t times)
{
    const double ratio = mlpipe__params_get(job->params, "ratio")->number;
    const uint64_t want =
        mlpipe__augment_round(ratio * (double)(times * c->many));
    return want > times * c->few ? want - times * c->few : 0;
}

/* The new rows that start from row i of the list. */
static void smote_start(const mlpipe__job *job, mlpipe__resample *r,
                        const augment_rows *rows, const smote_points *p,
                        uint32_t i, uint32_t uses, uint32_t most)
{
    const uint32_t a = rows->row[i];
    for (uint32_t t = 0; t < uses; t++) {
        const uint32_t draw = rows->repeat[i] * most + t;
        mlpipe__added_row *row = &r->added[r->added_count++];
        *row = (mlpipe__added_row){a, a, 0.0};
        if (!p->k)
            continue;
        const uint64_t bits =
            mlpipe__random64(job->seed, MLPIPE__FOR_SAMPLE,
                             AUGMENT_NEIGHBOUR, r->ids[a], draw);
        const uint64_t which = (bits >> 32) * p->k >> 32;
        row->b = p->row[p->near[(size_t)p->of[i] * p->k + which]];
        row->u = mlpipe__random_unit(job->seed, MLPIPE__FOR_SAMPLE,
                                     AUGMENT_PLACE, r->ids[a], draw);
    }
}

/* New rows that whole numbers and flags have brought back to one they are
 * made of. */
static uint32_t smote_count_equal(const mlpipe__resample *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->added_count; i++) {
        const mlpipe__added_row *row = &r->added[i];
        const double *a = r->x + (size_t)row->a * r->features;
        const double *b = r->x + (size_t)row->b * r->features;
        bool first = true, second = true;
        for (uint32_t c = 0; c < r->features && (first || second); c++) {
            const double x =
                mlpipe__between(a[c], b[c], row->u, r->between[c]);
            first = first && x == a[c];
            second = second && x == b[c];
        }
        count += first || second;
    }
    return count;
}

/* Neighbours of the points that start a row; none where there is one point. */
static mlpipe_status smote_search(const mlpipe__job *job,
                                  const mlpipe__resample *r,
                                  const augment_rows *rows, uint32_t count,
                                  smote_points *p)
{
    mlpipe__env *env = job->ctx->env;
    const uint32_t asked =
        (uint32_t)mlpipe__params_get(job->params, "k")->integer;
    const uint32_t k = asked < p->count ? asked : p->count - 1;
    double *shift = mlpipe__alloc_array(env, r->features, sizeof *shift);
    double *weight = mlpipe__alloc_array(env, r->features, sizeof *weight);
    uint8_t *wanted = mlpipe__alloc(env, p->count);
    mlpipe_status st = MLPIPE_OK;
    if (!shift || !weight || !wanted)
        st = mlpipe__nomem(job->ctx);
    if (!k)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "the %u rows of the smaller class are all equal; "
                         "the %u new rows are copies of them",
                         rows->count, count);
    else if (k < asked)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "k=%u neighbours were asked for and the smaller "
                         "class has %u different rows; %u are used",
                         asked, p->count, k);
    for (uint32_t i = 0; !st && i < rows->count; i++)
        if (mlpipe__augment_uses(rows, i, count))
            wanted[p->of[i]] = 1;
    if (!st && k)
        st = smote_features(job, r, shift, weight);
    if (!st && k)
        st = mlpipe__smote_neighbours(job, r, shift, weight, wanted, k, p);
    mlpipe__free(env, wanted);
    mlpipe__free(env, weight);
    mlpipe__free(env, shift);
    return st;
}

static mlpipe_status smote_add(const mlpipe__job *job, mlpipe__resample *r,
                               const augment_classes *c, uint32_t count)
{
    mlpipe__env *env = job->ctx->env;
    augment_rows rows;
    smote_points p;
    mlpipe_status st =
        mlpipe__augment_rows(job, r, c->minority, c->few, &rows);
    if (st)
        return st;
    r->added = mlpipe__alloc_array(env, count, sizeof *r->added);
    st = mlpipe__smote_collapse(job, r, &rows, &p);
    if (!st)
        st = mlpipe__poll(job->ctx, job->name, 0, r->rows);
    if (!st && !r->added)
        st = mlpipe__nomem(job->ctx);
    if (!st && p.count == 1) /* copies, which others repeat like the rest */
        count = (uint32_t)smote_missing(job, c, 1);
    if (!st)
        st = smote_search(job, r, &rows, count, &p);
    for (uint32_t i = 0; !st && i < rows.count; i++)
        smote_start(job, r, &rows, &p, i,
                    mlpipe__augment_uses(&rows, i, count),
                    count / rows.count + 1);
    if (!st) {
        mlpipe__report_note(job->notes, job->name, NULL, "points", p.count);
        mlpipe__report_note(job->notes, job->name, NULL, "neighbours", p.k);
        mlpipe__report_note(job->notes, job->name, NULL, "equal_to_parent",
                            smote_count_equal(r));
    }
    mlpipe__smote_free(&p);
    mlpipe__augment_rows_free(env, &rows);
    return st;
}

static mlpipe_status smote_resample(mlpipe__job *job, mlpipe__resample *r)
{
    augment_classes c;
    mlpipe_status st = mlpipe__augment_classes(job, r, &c);
    if (!st)
        st = smote_check(job, r);
    if (!st)
        st = mlpipe__poll(job->ctx, job->name, 0, r->rows);
    if (st)
        return st;
    /* New rows get no copies by other steps, those of the data do. */
    const uint64_t count = smote_missing(job, &c, 1 + (uint64_t)r->copies);
    if (count >= UINT32_MAX)
        return mlpipe__fail(job->ctx, MLPIPE_E_LIMIT,
                            "step %q: %llu new rows; the most is %u; lower "
                            "ratio= of the step",
                            job->name, (unsigned long long)count,
                            UINT32_MAX - 1);
    if (count)
        st = smote_add(job, r, &c, (uint32_t)count);
    else
        mlpipe__augment_reached(job, &c);
    if (!st)
        mlpipe__report_note(job->notes, job->name, NULL, "added",
                            r->added_count);
    return st;
}

const mlpipe__step mlpipe__step_smote = {
    .name = "smote",
    .kind = MLPIPE_KIND_ROWS,
    .params = smote_params,
    .param_count = sizeof smote_params / sizeof *smote_params,
    .doc = "Make rows of the smaller class between neighbours of it.",
    .resample = smote_resample,
    .resample_values = true,
};
