/* SPDX-License-Identifier: MIT */
/*
 * A pass that writes down the values of some variables, for steps that go
 * over them many times. Rows stand in the order of their ids; of rows that
 * share one, in the order that they came in.
 */
#include "fit_types.h"

typedef struct values_pass {
    const mlpipe__job *job;
    const uint32_t *place; /* of each training row; NULL: its own number */
    mlpipe__values *out;
    uint64_t *odd;         /* tasks x columns x 2: missing, infinite */
    double *largest;       /* tasks x columns */
} values_pass;

static void values_column(const values_pass *v, uint32_t column,
                          const double *x, const uint8_t *valid,
                          int64_t start, uint32_t n, size_t cell)
{
    const size_t width = v->out->columns;
    uint64_t *odd = v->odd + cell * 2;
    double most = v->largest[cell];

    for (uint32_t i = 0; i < n; i++) {
        const size_t row = v->place ? v->place[start + i]
                                    : (size_t)start + i;
        const bool finite = mlpipe__finite(x[i]);

        const double value = valid[i] && finite ? x[i] : 0.0;

        odd[0] += !valid[i];
        odd[1] += valid[i] && !finite;
        most = value > most ? value : -value > most ? -value : most;
        v->out->x[row * width + column] = value;
    }
    v->largest[cell] = most;
}

static void values_block(const mlpipe__pass *pass, uint32_t task,
                         const void *scratch, int64_t start, uint32_t n)
{
    const values_pass *v = pass->user;
    const mlpipe__program *p = v->job->plan->program;

    for (uint32_t c = 0; c < v->out->columns; c++) {
        const uint32_t reg = v->job->plan->vars[v->job->chosen[c]].reg;

        values_column(
            v, c,
            mlpipe__program_values(p, scratch, MLPIPE__BLOCK_ROWS, reg),
            mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS, reg),
            start, n,
            (size_t)task * v->out->columns + c);
    }
}

/* Sets *place to where each row stands by its id, or to NULL where rows are in
 * that order already. */
static mlpipe_status values_places(mlpipe__fitting *f, uint32_t rows,
                                   uint32_t **place)
{
    const mlpipe_dataset *d = f->train.data;
    mlpipe__env *env = f->ctx->env;
    uint32_t i = 1;
    int64_t *id;
    uint32_t *order;
    uint64_t *scratch;
    mlpipe_status st = MLPIPE_OK;

    *place = NULL;
    while (i < rows && mlpipe_dataset_row_id(d, i - 1) <=
                           mlpipe_dataset_row_id(d, i))
        i++;
    if (i >= rows)
        return MLPIPE_OK;
    id = mlpipe__alloc_array(env, rows, sizeof *id);
    order = mlpipe__alloc_array(env, rows, sizeof *order);
    scratch = mlpipe__alloc_array(env, rows, 4 * sizeof *scratch);
    *place = mlpipe__alloc_array(env, rows, sizeof **place);
    if (!id || !order || !scratch || !*place)
        st = mlpipe__nomem(f->ctx);
    /* the highest bit turned: unsigned order by a sort of signed ones */
    for (i = 0; !st && i < rows; i++)
        id[i] = (int64_t)(mlpipe_dataset_row_id(d, i) ^ UINT64_C(1) << 63);
    if (!st)
        mlpipe__argsort_i64(id, order, rows, scratch);
    for (i = 0; !st && i < rows; i++)
        (*place)[order[i]] = i;
    mlpipe__free(env, scratch);
    mlpipe__free(env, order);
    mlpipe__free(env, id);
    return st;
}

static mlpipe_status values_room(mlpipe__fitting *f, const mlpipe__job *job,
                                 mlpipe__values *v)
{
    const int64_t rows = f->train.data->rows;
    mlpipe__env *env = f->ctx->env;
    const mlpipe_status st = mlpipe__most_rows(
        f->ctx, job->name, (uint64_t)rows, UINT32_MAX - 1);

    if (st)
        return st;
    *v = (mlpipe__values){.env = env,
                          .rows = (uint32_t)rows,
                          .columns = job->chosen_count};
    v->x = mlpipe__alloc_array(env, (size_t)rows,
                               v->columns * sizeof *v->x);
    v->nulls = mlpipe__alloc_array(env, v->columns, sizeof *v->nulls);
    v->infinite = mlpipe__alloc_array(env, v->columns, sizeof *v->infinite);
    v->largest = mlpipe__alloc_array(env, v->columns, sizeof *v->largest);
    if (f->model->weight_column[0])
        v->weight = mlpipe__alloc_array(env, (size_t)rows,
                                        sizeof *v->weight);
    if (!v->x || !v->nulls || !v->infinite || !v->largest ||
        (f->model->weight_column[0] && !v->weight))
        return mlpipe__nomem(f->ctx);
    return MLPIPE_OK;
}

/* Weights come in the order of the training rows. */
static mlpipe_status values_weights(mlpipe__fitting *f, const uint32_t *place,
                                    mlpipe__values *v)
{
    double *w;
    mlpipe_status st;

    if (!v->weight || !place)
        return v->weight ? mlpipe__fit_weights(f, f->train.data, v->weight)
                         : MLPIPE_OK;
    w = mlpipe__alloc_array(v->env, v->rows, sizeof *w);
    st = w ? mlpipe__fit_weights(f, f->train.data, w) : mlpipe__nomem(f->ctx);
    for (uint32_t i = 0; !st && i < v->rows; i++)
        v->weight[place[i]] = w[i];
    mlpipe__free(v->env, w);
    return st;
}

mlpipe_status mlpipe__fit_gather_values(mlpipe__fitting *f,
                                        const mlpipe__job *job,
                                        mlpipe__values *out)
{
    mlpipe__env *env = f->ctx->env;
    values_pass v = {.job = job, .out = out};
    const mlpipe__pass pass = {mlpipe__fit_tasks(f), values_block, &v};
    const size_t odd = (size_t)pass.tasks * job->chosen_count;
    uint32_t *place = NULL;
    mlpipe_status st = values_room(f, job, out);

    if (!st)
        st = values_places(f, out->rows, &place);
    if (!st) {
        v.place = place;
        v.odd = mlpipe__alloc_array(env, odd, 2 * sizeof *v.odd);
        v.largest = mlpipe__alloc_array(env, odd, sizeof *v.largest);
        st = v.odd && v.largest ? mlpipe__fit_pass(f, &pass, NULL)
                                : mlpipe__nomem(f->ctx);
    }
    f->passes++;
    for (size_t i = 0; !st && i < odd; i++) {
        if (v.largest[i] > out->largest[i % out->columns])
            out->largest[i % out->columns] = v.largest[i];
        out->nulls[i % out->columns] += v.odd[2 * i];
        out->infinite[i % out->columns] += v.odd[2 * i + 1];
    }
    if (!st)
        st = values_weights(f, place, out);
    mlpipe__free(env, v.largest);
    mlpipe__free(env, v.odd);
    mlpipe__free(env, place);
    return st;
}

void mlpipe__fit_values_free(mlpipe__values *v)
{
    if (v->env) {
        mlpipe__free(v->env, v->x);
        mlpipe__free(v->env, v->weight);
        mlpipe__free(v->env, v->nulls);
        mlpipe__free(v->env, v->infinite);
        mlpipe__free(v->env, v->largest);
    }
    memset(v, 0, sizeof *v);
}
