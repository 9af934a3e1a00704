/* SPDX-License-Identifier: MIT */
/*
 * How much each input of a model matters, for whoever reads of its drift: how
 * far the answer moves, on average, where an input tells of another row
 * (compare L. Breiman, "Random forests", 2001: here no truth is needed). It
 * knows nothing of learners, and follows derived features to what they are
 * made of.
 */
#include "fit_types.h"

/* Rows that are looked at, and predictions in all. */
enum { WEIGHTS_ROWS = 512, WEIGHTS_LEAST = 32, WEIGHTS_WORK = 1 << 17 };

typedef struct ref_weights {
    mlpipe_dataset *rows, *other; /* a sample, and the same turned around */
    mlpipe__binding binding;
    uint32_t width;
    uint8_t *inputs;
    double *base, *moved; /* answers */
} ref_weights;

static uint32_t weights_rows(int64_t rows, uint32_t inputs)
{
    const uint32_t room = WEIGHTS_WORK / (inputs ? inputs : 1);
    uint32_t n = room < WEIGHTS_ROWS ? room : WEIGHTS_ROWS;

    n = n > WEIGHTS_LEAST ? n : WEIGHTS_LEAST;
    return rows < (int64_t)n ? (uint32_t)rows : n;
}

/* n rows of d, evenly, or the first n turned by so many. */
static mlpipe_status weights_view(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                  uint32_t n, uint32_t turned,
                                  mlpipe_dataset **out)
{
    mlpipe__rowset *at = mlpipe__rowset_new(ctx->env, n);

    if (!at)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < n; i++)
        at->rows[i] = turned ? (i + turned) % n
                             : (int64_t)((uint64_t)d->rows * i / n);
    return mlpipe__dataset_view(ctx, d, at, out);
}

static mlpipe_status weights_open(mlpipe__fitting *f, uint32_t n,
                                  ref_weights *w)
{
    const mlpipe_model *m = f->model;
    mlpipe__env *env = f->ctx->env;
    mlpipe_status st = weights_view(f->ctx, f->whole, n, 0, &w->rows);

    /* Turned by a part that no season is likely to have. */
    if (!st)
        st = weights_view(f->ctx, w->rows, n, 1 + n * 5 / 13, &w->other);
    if (!st)
        st = mlpipe__bind_dataset(f->ctx, m->program, w->rows, m->time_column,
                                  &w->binding);
    w->width = mlpipe__model_width(m);
    w->inputs = mlpipe__alloc(env, m->program->input_count);
    w->base = mlpipe__alloc_array(env, n, w->width * sizeof *w->base);
    w->moved = mlpipe__alloc_array(env, n, w->width * sizeof *w->moved);
    if (!st && (!w->inputs || !w->base || !w->moved))
        st = mlpipe__nomem(f->ctx);
    if (!st)
        st = mlpipe__predict_rows(f->ctx, "fit", m->program, &w->binding,
                                  w->rows, w->width, w->base);
    return st;
}

static void weights_close(mlpipe__fitting *f, ref_weights *w)
{
    mlpipe__free(f->ctx->env, w->moved);
    mlpipe__free(f->ctx->env, w->base);
    mlpipe__free(f->ctx->env, w->inputs);
    mlpipe__binding_free(&w->binding);
    mlpipe_dataset_free(w->other);
    mlpipe_dataset_free(w->rows);
}

/* Mean change of an answer; rows without one in either case say nothing. */
static double weights_change(const ref_weights *w, uint32_t n)
{
    double sum = 0;
    uint32_t used = 0;

    for (uint32_t i = 0; i < n * w->width; i++) {
        const double change = w->moved[i] - w->base[i];
        if (!mlpipe__finite(change))
            continue;
        sum += change < 0 ? -change : change;
        used++;
    }
    return used ? sum / used : 0.0;
}

mlpipe_status mlpipe__ref_weigh(mlpipe__fitting *f, mlpipe__reference *r)
{
    const uint32_t n = weights_rows(f->whole->rows, r->input_count);
    ref_weights w = {0};
    double total = 0;
    mlpipe_status st;

    if (n < 2)
        return MLPIPE_OK;
    st = weights_open(f, n, &w);
    for (uint32_t i = 0; !st && i < r->input_count; i++) {
        const mlpipe__swap swap = {w.other, w.inputs, false, i,
                                   r->input_count};
        w.inputs[i] = 1;
        st = mlpipe__predict_swapped(f->ctx, "fit", f->model->program,
                                     &w.binding, w.rows, &swap, w.width,
                                     w.moved);
        w.inputs[i] = 0;
        if (!st)
            r->inputs[i].weight = weights_change(&w, n);
        total += r->inputs[i].weight;
    }
    for (uint32_t i = 0; i < r->input_count; i++)
        r->inputs[i].weight =
            total > 0 && mlpipe__finite(total) ? r->inputs[i].weight / total
                                               : 0.0;
    weights_close(f, &w);
    return st;
}
