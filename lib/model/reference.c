/* SPDX-License-Identifier: MIT */
/*
 * The monitoring reference of a fit: how every input was distributed in the
 * training rows before any were dropped or added, and scores and losses of
 * rows that the learner did not see.
 */
#include "fit_types.h"

/* Of as few values as REFERENCE_GAPS what lies between two of them has a cell,
 * too: none of it was seen. */
enum {
    REFERENCE_ATOMS = 64,
    REFERENCE_GAPS = 32,
    REFERENCE_CODES = 64,
    REFERENCE_CELLS = 20
};

/* Where the cells of a number begin, beside the least value. */
static const double reference_points[] = {
    0.005, 0.01, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50,
    0.55,  0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95, 0.99, 0.995,
};
enum {
    REFERENCE_POINTS = sizeof reference_points / sizeof *reference_points,
    REFERENCE_CUTS = REFERENCE_POINTS + 2 + 2 * REFERENCE_CELLS,
    REFERENCE_ROOM = REFERENCE_CUTS > REFERENCE_ATOMS + 1
                         ? REFERENCE_CUTS
                         : REFERENCE_ATOMS + 1
};

/* The next double above a finite one. */
static double reference_above(double x)
{
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, sizeof bits);
    bits = x < 0 ? bits - 1 : bits + 1;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

static void reference_cut(double *cuts, uint32_t *count, double x)
{
    if (mlpipe__finite(x) && *count < REFERENCE_ROOM)
        cuts[(*count)++] = x;
}

/* Sort the few cuts and leave one of each. */
static uint32_t reference_tidy(double *cuts, uint32_t count)
{
    uint32_t i, k, n = 0;
    for (i = 1; i < count; i++) {
        const double x = cuts[i];
        for (k = i; k && cuts[k - 1] > x; k--)
            cuts[k] = cuts[k - 1];
        cuts[k] = x;
    }
    for (i = 0; i < count; i++)
        if (!n || cuts[i] > cuts[n - 1])
            cuts[n++] = cuts[i];
    return n;
}

/* Rows of a value that has a cell of its own are more than these. */
static uint64_t reference_run(uint64_t n)
{
    return n / REFERENCE_CELLS * 2;
}

/*
 * Cuts of n sorted finite values: each value its own cell where there are few,
 * and what lies between them apart where they are very few; else
 * equal-frequency cells with fine tails, and cells of their own for values
 * that hold more than two such cells' share.
 */
static uint32_t reference_cuts(const double *x, uint64_t n, double *cuts)
{
    uint64_t distinct = n ? 1 : 0, i, run = 0;
    uint32_t count = 0, k;
    for (i = 1; i < n && distinct <= REFERENCE_ATOMS; i++)
        distinct += x[i] > x[i - 1];
    if (!n)
        return 0;
    if (distinct <= REFERENCE_ATOMS) {
        for (i = 0; i < n; i++)
            if (!i || x[i] > x[i - 1]) {
                reference_cut(cuts, &count, x[i]);
                if (distinct <= REFERENCE_GAPS)
                    reference_cut(cuts, &count, reference_above(x[i]));
            }
    } else {
        reference_cut(cuts, &count, x[0]);
        for (k = 0; k < REFERENCE_POINTS; k++)
            reference_cut(cuts, &count,
                          x[(uint64_t)((double)n * reference_points[k])]);
        for (i = 0; i < n; i++) {
            run = i && x[i] == x[i - 1] ? run + 1 : 1;
            if ((i + 1 == n || x[i + 1] > x[i]) &&
                run > reference_run(n)) {
                reference_cut(cuts, &count, x[i]);
                reference_cut(cuts, &count, reference_above(x[i]));
            }
        }
    }
    reference_cut(cuts, &count, reference_above(x[n - 1]));
    return reference_tidy(cuts, count);
}

/* How many of n sorted values are less. */
static uint64_t reference_below(const double *x, uint64_t n, double value)
{
    uint64_t low = 0;

    while (low < n) {
        const uint64_t middle = low + (n - low) / 2;
        if (x[middle] < value)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* Is every quantile of n sorted values, but for those in cells of their own,
 * the value of one row alone? */
static bool reference_single(const double *x, uint64_t n)
{
    if (n <= REFERENCE_ATOMS)
        return false;
    for (uint32_t k = 0; k < REFERENCE_POINTS; k++) {
        const double value = x[(uint64_t)((double)n * reference_points[k])];
        const uint64_t rows =
            reference_below(x, n, reference_above(value)) -
            reference_below(x, n, value);
        if (rows > 1 && rows <= reference_run(n))
            return false;
    }
    return true;
}

static mlpipe_status reference_alloc(mlpipe_ctx *ctx, mlpipe__ref_input *in)
{
    mlpipe__env *env = ctx->env;
    in->counts = mlpipe__alloc_array(env, in->cells, sizeof *in->counts);
    in->cuts = mlpipe__alloc_array(env, in->cut_count, sizeof *in->cuts);
    return in->counts && in->cuts ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* The null curves of the cells, which like counts have in common: most
 * continuous columns do. */
static mlpipe_status reference_nulls(mlpipe_ctx *ctx, mlpipe__ref_input *in,
                                     const mlpipe__ref_input *like)
{
    const size_t bytes = 2 * MLPIPE__CURVE * sizeof *in->nulls;
    mlpipe_status st = MLPIPE_OK;
    bool found = true;
    in->nulls = mlpipe__alloc(ctx->env, bytes);
    if (!in->nulls)
        return mlpipe__nomem(ctx);
    if (like && like->nulls && like->cells == in->cells &&
        !memcmp(like->counts + 1, in->counts + 1,
                (in->cells - 1) * sizeof *in->counts))
        memcpy(in->nulls, like->nulls, bytes);
    else
        st = mlpipe__grid_nulls(ctx, in->counts + 1, in->cells - 1,
                                in->nulls, &found);
    if (!st && !found) {
        mlpipe__free(ctx->env, in->nulls);
        in->nulls = NULL;
    }
    return st;
}

/* values: all rows, NaN = missing; they are sorted here. */
mlpipe_status mlpipe__ref_number(mlpipe_ctx *ctx, double *values,
                                 double *scratch, uint64_t rows,
                                 const mlpipe__ref_input *like,
                                 mlpipe__ref_input *in)
{
    double cuts[REFERENCE_ROOM];
    uint64_t i, finite = 0;
    mlpipe_status st;
    /* Infinities lie beyond every cut and count in the outer cells. */
    for (i = 0; i < rows; i++) {
        const double x = values[i];
        values[i] = values[finite];
        values[finite] = x;
        finite += mlpipe__finite(x);
    }
    mlpipe__sort_f64(values, finite, scratch);
    in->kind = MLPIPE__NUMBER;
    in->cut_count = reference_cuts(values, finite, cuts);
    in->cells = in->cut_count + 2;
    in->once = reference_single(values, finite);
    in->low = finite ? values[0] : mlpipe__nan();
    in->high = finite ? values[finite - 1] : mlpipe__nan();
    st = reference_alloc(ctx, in);
    if (st)
        return st;
    memcpy(in->cuts, cuts, in->cut_count * sizeof *cuts);
    for (i = 0; i < rows; i++)
        in->counts[mlpipe__ref_cell(in, values[i], values[i] == values[i])]++;
    return reference_nulls(ctx, in, like);
}

/* Codes of many rows a cell each, the others dealt to the cells left. */
static uint32_t reference_deal(const uint64_t *seen, uint64_t rows,
                               uint32_t codes, uint32_t *cell_of)
{
    const bool all = codes <= REFERENCE_CODES;
    uint32_t own = 0, rest = 0, c;
    for (c = 0; c < codes; c++)
        if (all || seen[c] > rows / REFERENCE_CODES)
            cell_of[c] = 2 + own++;
        else
            cell_of[c] = 0;
    const uint32_t left = REFERENCE_CODES + 1 - own;
    for (c = 0; c < codes; c++)
        if (!cell_of[c])
            cell_of[c] = 2 + own + rest++ % left;
    return 2 + own + (rest < left ? rest : left);
}

mlpipe_status mlpipe__ref_codes(mlpipe_ctx *ctx, const double *values,
                                uint64_t rows, uint32_t codes,
                                mlpipe__ref_input *in)
{
    uint64_t *seen = mlpipe__alloc_array(ctx->env, codes, sizeof *seen);
    uint64_t i;
    uint32_t c;
    if (!seen)
        return mlpipe__nomem(ctx);
    in->kind = MLPIPE__CODE;
    in->codes = codes;
    in->low = in->high = mlpipe__nan();
    in->cell_of = mlpipe__alloc_array(ctx->env, codes, sizeof *in->cell_of);
    for (i = 0; i < rows; i++)
        if (values[i] >= 0 && values[i] < codes)
            seen[(uint32_t)values[i]]++;
    for (c = 0; c < codes; c++) {
        in->once += seen[c] == 1;
        in->twice += seen[c] == 2;
    }
    if (in->cell_of)
        in->cells = reference_deal(seen, rows, codes, in->cell_of);
    mlpipe__free(ctx->env, seen);
    in->counts = mlpipe__alloc_array(ctx->env, in->cells, sizeof *in->counts);
    if (!in->cell_of || !in->counts)
        return mlpipe__nomem(ctx);
    for (i = 0; i < rows; i++)
        in->counts[mlpipe__ref_cell(in, values[i], values[i] == values[i])]++;
    return MLPIPE_OK;
}

static bool reference_private(const mlpipe_pipeline *p, const char *name)
{
    const mlpipe__setting *s = mlpipe__params_get(&p->params, "private");
    uint32_t i;
    for (i = 0; i < s->count; i++)
        if (!strcmp(s->names[i], name))
            return true;
    return false;
}

/* Free text has no codes in training: it is there or missing. */
static void reference_texts(const mlpipe__fitting *f, uint32_t input,
                            int64_t start, uint32_t n, double *out,
                            uint8_t *valid)
{
    const uint32_t column = (uint32_t)f->train.binding.column[input];
    uint32_t i;
    for (i = 0; i < n; i++) {
        size_t bytes;
        out[i] = -1.0;
        valid[i] = mlpipe__dataset_cell_text(f->whole, column, start + i,
                                             &bytes) != NULL;
    }
}

/* One input of all rows, as the program gets it. */
static void reference_column(const mlpipe__fitting *f, uint32_t input,
                             double *out)
{
    const mlpipe_dataset *d = f->whole;
    const mlpipe__binding *b = &f->train.binding;
    const int32_t *codes = b->codes[input];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    int64_t start;
    uint32_t n, i;
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        if (b->column[input] < 0) {
            memset(valid, 0, n);
            memset(out + start, 0, n * sizeof *out);
        } else if (d->columns[b->column[input]]->type == MLPIPE_TYPE_TEXT) {
            reference_texts(f, input, start, n, out + start, valid);
        } else {
            mlpipe__dataset_block(d, (uint32_t)b->column[input], start, n,
                                  out + start, valid);
        }
        for (i = 0; i < n; i++) {
            double *x = &out[start + i];
            *x = !valid[i] ? mlpipe__nan() : codes ? codes[(uint32_t)*x] : *x;
        }
    }
}

static mlpipe_status reference_inputs(mlpipe__fitting *f,
                                      mlpipe__reference *r)
{
    const mlpipe__program *p = f->model->program;
    mlpipe__env *env = f->ctx->env;
    const size_t rows = (size_t)f->whole->rows;
    double *values = mlpipe__alloc_array(env, rows, sizeof *values);
    double *scratch = mlpipe__alloc_array(env, rows, sizeof *scratch);
    const bool watched = !f->transform && !f->inner;
    const mlpipe__ref_input *like = NULL;
    mlpipe__comoments_fit moments;
    mlpipe_status st = mlpipe__comoments_begin(
        f->ctx, watched ? rows : 0, p->input_count, &moments);
    uint32_t i;
    r->inputs =
        mlpipe__alloc_array(env, p->input_count, sizeof *r->inputs);
    if (!st && (!values || !scratch || !r->inputs))
        st = mlpipe__nomem(f->ctx);
    if (!st)
        r->input_count = p->input_count;
    for (i = 0; !st && i < r->input_count; i++) {
        mlpipe__ref_input *in = &r->inputs[i];
        st = mlpipe__poll(f->ctx, "fit", i, r->input_count);
        if (st || reference_private(f->recipe, p->inputs[i].name))
            continue;
        reference_column(f, i, values);
        mlpipe__comoments_pick(&moments, values);
        st = p->inputs[i].kind == MLPIPE__CODE
                 ? mlpipe__ref_codes(f->ctx, values, rows,
                                     p->inputs[i].dict->count, in)
                 : mlpipe__ref_number(f->ctx, values, scratch, rows, like,
                                      in);
        if (in->nulls)
            like = in;
        if (!st)
            st = mlpipe__comoments_column(&moments, i, in);
    }
    if (!st)
        st = mlpipe__comoments_finish(&moments, r);
    mlpipe__comoments_free(&moments);
    mlpipe__free(env, scratch);
    mlpipe__free(env, values);
    return st;
}

/* ---- held-out rows ------------------------------------------------------ */

static mlpipe_status reference_metrics(mlpipe__fitting *f,
                                       mlpipe__reference *r,
                                       mlpipe__scoring *g, double *losses)
{
    const mlpipe__scored *s = &g->s;
    mlpipe__env *env = f->ctx->env;
    const mlpipe__metric *m;
    uint32_t i, count = 0;
    for (i = 0; (m = mlpipe__metric_at(i)); i++)
        count += mlpipe__metric_watched(m, f->model->task);
    r->metrics = mlpipe__alloc_array(env, count, sizeof *r->metrics);
    if (!r->metrics)
        return mlpipe__nomem(f->ctx);
    for (i = 0; (m = mlpipe__metric_at(i)); i++) {
        mlpipe__ref_metric *out = &r->metrics[r->metric_count];
        mlpipe_figure figure;
        mlpipe_status st;
        if (!mlpipe__metric_watched(m, f->model->task))
            continue;
        st = mlpipe__scoring_value(g, m, &figure);
        if (st == MLPIPE_E_NUMERIC)
            mlpipe__fail(f->ctx, st,
                         "fit: the %s of %llu held-out rows is beyond every "
                         "double; scale the target down",
                         m->name, (unsigned long long)s->n);
        if (st)
            return st;
        out->name = mlpipe__strdup(env, m->name, strlen(m->name));
        if (!out->name)
            return mlpipe__nomem(f->ctx);
        r->metric_count++;
        out->value = figure.value;
        out->n = s->n;
        out->se = mlpipe__nan();
        if (mlpipe__metric_has_loss(m, s->width)) {
            mlpipe__metric_losses(m, s, losses);
            out->se = mlpipe__mean_of(losses, NULL, s->n, true).se;
        }
        if (!mlpipe__finite(out->se)) /* its squares overflow first */
            out->se = mlpipe__nan();
        out->value_se = mlpipe__figure_se(&figure);
    }
    return MLPIPE_OK;
}

static mlpipe_status reference_held(mlpipe__fitting *f, mlpipe__reference *r,
                                    double *y, double *p, double *scratch)
{
    const mlpipe_dataset *d = f->held.data;
    const uint32_t width = mlpipe__model_width(f->model);
    const uint64_t rows = (uint64_t)d->rows;
    mlpipe__scored s = {y, p, NULL, 0, width};
    mlpipe__scoring g;
    uint64_t i;
    mlpipe_status st = mlpipe__model_target(f->ctx, f->model, d, y);
    if (!st)
        st = mlpipe__predict_rows(f->ctx, "fit", f->model->program,
                                  &f->held.binding, d, width, p);
    for (i = 0; !st && i < rows; i++) {
        if (y[i] != y[i] || p[i * width] != p[i * width])
            continue;
        y[s.n] = y[i];
        memmove(p + s.n++ * width, p + i * width, width * sizeof *p);
    }
    if (st || !s.n)
        return st;
    st = mlpipe__scoring_init(&g, f->ctx, &s);
    if (!st)
        st = reference_metrics(f, r, &g, scratch);
    mlpipe__scoring_free(&g);
    r->held_out = s.n;
    if (!st && (f->model->task & MLPIPE__TASK_CLASSES))
        st = mlpipe__ref_scores_make(f->ctx, r, &s);
    for (i = 0; i < s.n; i++) /* the first output alone, as it is served */
        p[i] = p[i * width];
    return st ? st : mlpipe__ref_number(f->ctx, p, scratch, s.n, NULL,
                                       &r->score);
}

static mlpipe_status reference_unseen(mlpipe__fitting *f,
                                      mlpipe__reference *r)
{
    mlpipe__env *env = f->ctx->env;
    const size_t rows = f->held.data ? (size_t)f->held.data->rows : 0;
    double *y, *p, *scratch;
    mlpipe_status st;
    if (!rows)
        return MLPIPE_OK;
    y = mlpipe__alloc_array(env, rows, sizeof *y);
    p = mlpipe__alloc_array(env, rows,
                            mlpipe__model_width(f->model) * sizeof *p);
    scratch = mlpipe__alloc_array(env, rows, sizeof *scratch);
    st = y && p && scratch ? reference_held(f, r, y, p, scratch)
                           : mlpipe__nomem(f->ctx);
    mlpipe__free(env, scratch);
    mlpipe__free(env, p);
    mlpipe__free(env, y);
    return st;
}

int64_t mlpipe__fit_newest(const mlpipe__fitting *f, const mlpipe_dataset *d)
{
    static const int64_t per_second[] = {1, 1, 1000, 1000000, 1000000000};
    const int32_t column =
        f->model->time_type == MLPIPE_TYPE_TIMESTAMP
            ? mlpipe_dataset_find(d, f->model->time_column)
            : -1;
    int64_t values[MLPIPE__BLOCK_ROWS], start, newest = 0, per;
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    uint32_t n, i;
    bool any = false;
    for (start = 0; column >= 0 && start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block_i64(d, (uint32_t)column, start, n, values,
                                  valid);
        for (i = 0; i < n; i++) {
            if (!valid[i] || (any && values[i] <= newest))
                continue;
            newest = values[i];
            any = true;
        }
    }
    per = per_second[f->model->time_unit];
    if (per > 1000000)
        return newest / (per / 1000000);
    return __builtin_mul_overflow(newest, 1000000 / per, &newest) ? 0
                                                                  : newest;
}

mlpipe_status mlpipe__fit_reference(mlpipe__fitting *f)
{
    mlpipe__reference *r = mlpipe__alloc(f->ctx->env, sizeof *r);
    mlpipe_status st;
    if (!r)
        return mlpipe__nomem(f->ctx);
    f->model->reference = r; /* freed with the model */
    r->env = mlpipe__env_keep(f->ctx->env);
    r->rows = (uint64_t)f->whole->rows;
    r->fitted_us = mlpipe__fit_newest(f, f->whole);
    st = reference_inputs(f, r);
    if (!st)
        st = reference_unseen(f, r);
    if (!st && !f->transform && !f->inner)
        st = mlpipe__ref_weigh(f, r);
    return st;
}
