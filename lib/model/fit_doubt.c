/* SPDX-License-Identifier: MIT */
/*
 * What a fit doubts of its features and tells, but does not refuse: a column
 * that holds the target under another name, and one that holds nothing. Each
 * column is read up to the first row that speaks for it, which is one of the
 * first few wherever there is nothing to tell.
 */
#include "fit_types.h"

enum {
    DOUBT_ROWS = 20,     /* fewer may agree by chance */
    DOUBT_CLASSES = 256, /* of a column that maps one to one */
    DOUBT_OTHERS = 5     /* rows beside the commonest class of the target */
};

/* Is there a value in the row? */
static bool doubt_there(const mlpipe_dataset *d, uint32_t column, int64_t row)
{
    double value;
    uint8_t valid;
    size_t bytes;
    if (d->columns[column]->type == MLPIPE_TYPE_TEXT)
        return mlpipe__dataset_cell_text(d, column, row, &bytes) != NULL;
    mlpipe__dataset_block(d, column, row, 1, &value, &valid);
    return valid && value == value;
}

/* Is it null in all rows? */
static mlpipe_status doubt_empty(const mlpipe__fitting *f, uint32_t column,
                                 bool *empty)
{
    const mlpipe_dataset *d = f->train.data;
    mlpipe_status st = MLPIPE_OK;
    *empty = false;
    for (int64_t i = 0; !st && i < d->rows; i++) {
        if (i && i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)i, (uint64_t)d->rows);
        if (doubt_there(d, column, i))
            return st;
    }
    *empty = true;
    return st;
}

static bool doubt_number(const mlpipe_dataset *d, uint32_t column)
{
    const int32_t type = d->columns[column]->type;
    return type != MLPIPE_TYPE_TEXT && type != MLPIPE_TYPE_CATEGORY;
}

/* Is the number the target's in all rows? */
static mlpipe_status doubt_equal(const mlpipe__fitting *f, uint32_t column,
                                 bool *twin)
{
    const mlpipe_dataset *d = f->train.data;
    double x[MLPIPE__BLOCK_ROWS], y[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS], known[MLPIPE__BLOCK_ROWS];
    uint32_t n;
    mlpipe_status st = MLPIPE_OK;
    *twin = false;
    for (int64_t start = 0; !st && start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, x, valid);
        mlpipe__dataset_block(d, f->target_column, start, n, y, known);
        for (uint32_t i = 0; i < n; i++)
            if (!valid[i] || !known[i] || x[i] != y[i])
                return MLPIPE_OK;
        if (start && start % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)start,
                              (uint64_t)d->rows);
    }
    *twin = !st;
    return st;
}

/* The values of a column as they are met. */
typedef struct doubt_side {
    mlpipe__dict met;
    uint32_t mate[DOUBT_CLASSES]; /* of each: what the other column has */
} doubt_side;

static uint32_t doubt_code(doubt_side *s, const mlpipe_dataset *d,
                           uint32_t column, int64_t row)
{
    const uint64_t h = mlpipe__dataset_cell_hash(d, column, row, 0);
    return mlpipe__dict_add(&s->met, (const char *)&h, sizeof h);
}

/* Has each value of one column one of the other's in all rows, and the other
 * way round? A null is a value here. */
static mlpipe_status doubt_mates(const mlpipe__fitting *f, uint32_t column,
                                 doubt_side *x, doubt_side *y, bool *twin)
{
    const mlpipe_dataset *d = f->train.data;
    int64_t rows[DOUBT_CLASSES] = {0}, most = 0;
    mlpipe_status st = MLPIPE_OK;
    for (int64_t i = 0; !st && i < d->rows; i++) {
        const uint32_t before = x->met.count, other = y->met.count;
        const uint32_t a = doubt_code(x, d, column, i);
        const uint32_t b = doubt_code(y, d, f->target_column, i);
        if (a == UINT32_MAX || b == UINT32_MAX)
            return mlpipe__nomem(f->ctx);
        if (a >= DOUBT_CLASSES || b >= DOUBT_CLASSES)
            return MLPIPE_OK;
        if (a == before)
            x->mate[a] = b;
        if (b == other)
            y->mate[b] = a;
        if (x->mate[a] != b || y->mate[b] != a)
            return MLPIPE_OK;
        most = ++rows[b] > most ? rows[b] : most;
        if (i && i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)i, (uint64_t)d->rows);
    }
    *twin = !st && y->met.count > 1 && d->rows - most >= DOUBT_OTHERS &&
            (int64_t)y->met.count * 4 <= d->rows;
    return st;
}

static mlpipe_status doubt_mapped(const mlpipe__fitting *f, uint32_t column,
                                  bool *twin)
{
    doubt_side x, y;
    mlpipe_status st;
    *twin = false;
    mlpipe__dict_init(&x.met, f->ctx->env);
    mlpipe__dict_init(&y.met, f->ctx->env);
    st = doubt_mates(f, column, &x, &y, twin);
    mlpipe__dict_free(&x.met);
    mlpipe__dict_free(&y.met);
    return st;
}

/* A target of one value has no twin: every constant would be one. */
static bool doubt_varies(const mlpipe__fitting *f)
{
    const mlpipe_dataset *d = f->train.data;
    for (int64_t i = 1; i < d->rows; i++)
        if (!mlpipe__dataset_cell_equal(d, f->target_column, 0, i))
            return true;
    return false;
}

static mlpipe_status doubt_column(const mlpipe__fitting *f, const char *name,
                                  uint32_t column, bool twins)
{
    const mlpipe_dataset *d = f->train.data;
    bool empty, twin = false;
    mlpipe_status st = doubt_empty(f, column, &empty);
    if (!st && empty)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the feature %s is null in all %lld training rows "
                         "and tells nothing; leave it out, or look at how it "
                         "was read",
                         name, (long long)d->rows);
    if (st || empty || !twins)
        return st;
    if (doubt_number(d, column) && doubt_number(d, f->target_column))
        st = doubt_equal(f, column, &twin);
    if (!st && !twin)
        st = doubt_mapped(f, column, &twin);
    if (!st && twin)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the feature %s tells the target %s in all %lld "
                         "training rows; leave it out if it is not known "
                         "when one predicts",
                         name, f->model->target, (long long)d->rows);
    return st;
}

mlpipe_status mlpipe__fit_doubts(const mlpipe__fitting *f)
{
    const bool twins = f->learner && f->train.data->rows >= DOUBT_ROWS &&
                       doubt_varies(f);
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < f->inputs.var_count; i++) {
        const mlpipe__var *v = &f->inputs.vars[i];
        const int32_t column = mlpipe_dataset_find(f->train.data, v->name);
        if (v->feature && column >= 0)
            st = doubt_column(f, v->name, (uint32_t)column, twins);
    }
    return st;
}
