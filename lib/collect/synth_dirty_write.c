/* SPDX-License-Identifier: MIT */
/* Columns written anew: with a defect, as a copy, or as one that is added. */
#include "synth_internal.h"

enum { DIRTY_POLL = 65536, DIRTY_LABEL_STREAM = 1000, DIRTY_ADD_STREAM = 2000,
       DIRTY_CHOICE = 0, DIRTY_VALUE = 1 };

uint64_t mlpipe__dirty_random(const mlpipe__dirty *j, uint32_t stream,
                              int64_t row, uint32_t draw)
{
    return mlpipe__random64(j->seed, MLPIPE__FOR_DIRT, stream,
                            mlpipe_dataset_row_id(j->d, row), draw);
}

void mlpipe__dirty_read(const mlpipe__dirty *j, uint32_t column, int64_t row,
                        mlpipe__dirty_cell *c)
{
    const int32_t type = j->d->columns[column]->type;
    uint8_t valid;

    memset(c, 0, sizeof *c);
    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY) {
        c->text = mlpipe__dataset_cell_text(j->d, column, row, &c->bytes);
        c->null = !c->text;
        return;
    }
    c->whole = type != MLPIPE_TYPE_F64;
    if (c->whole) {
        mlpipe__dataset_block_i64(j->d, column, row, 1, &c->integer, &valid);
        c->number = (double)c->integer;
    } else {
        mlpipe__dataset_block(j->d, column, row, 1, &c->number, &valid);
    }
    c->null = !valid;
}

bool mlpipe__dirty_write(mlpipe__column_writer *w, int32_t type,
                         const mlpipe__dirty_cell *c)
{
    if (c->null)
        return mlpipe__writer_null(w);
    if (c->text)
        return mlpipe__writer_text(w, c->text, c->bytes);
    if (type == MLPIPE_TYPE_BOOL)
        return mlpipe__writer_bool(w, c->integer != 0);
    return c->whole ? mlpipe__writer_i64(w, c->integer)
                    : mlpipe__writer_f64(w, c->number);
}

static void dirty_tell_cell(mlpipe__dirty *j, const mlpipe__dirty_cell *c)
{
    if (c && !c->null && c->text)
        mlpipe__report_cell_text(j->key, c->text, c->bytes);
    else
        mlpipe__report_cell_number(j->key, !c || c->null ? mlpipe__nan()
                                                         : c->number);
}

void mlpipe__dirty_tell(mlpipe__dirty *j, const char *defect,
                        const char *column, int64_t row,
                        const mlpipe__dirty_cell *old,
                        const mlpipe__dirty_cell *now)
{
    mlpipe__report_cell_text(j->key, defect, strlen(defect));
    mlpipe__report_cell_text(j->key, column, strlen(column));
    mlpipe__report_cell_number(j->key, (double)row);
    dirty_tell_cell(j, old);
    dirty_tell_cell(j, now);
}

/* ---- a column of the dataset -------------------------------------------- */

static uint32_t dirty_stream(const mlpipe__dirty_defect *how)
{
    return (uint32_t)(how - mlpipe__dirty_defects);
}

/* Which of the cells that may be changed are: those with the least random
 * numbers. Gives the largest of these, and false where there is no cell. */
static mlpipe_status dirty_threshold(mlpipe__dirty *j, uint32_t column,
                                     const mlpipe__dirty_defect *how,
                                     double share, uint64_t *least)
{
    uint64_t *draws = mlpipe__alloc_array(j->env, (size_t)j->kept,
                                          sizeof draws[0]);
    uint64_t *scratch = mlpipe__alloc_array(j->env, (size_t)j->kept,
                                            sizeof scratch[0]);
    mlpipe_status st = draws && scratch ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    mlpipe__dirty_cell c;
    uint64_t n = 0;

    for (int64_t i = 0; !st && i < j->kept; i++) {
        if (i % DIRTY_POLL == 0)
            st = mlpipe__poll(j->ctx, "synth_dirty", (uint64_t)i,
                              (uint64_t)j->kept);
        mlpipe__dirty_read(j, column, j->source[i], &c);
        if (!c.null && (!how->cell || how->cell(j, column, &c)))
            draws[n++] = mlpipe__dirty_random(j, dirty_stream(how),
                                              j->source[i], DIRTY_CHOICE);
    }
    if (!st && !n)
        st = mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA, "no cell of column %q can "
                          "have the defect %q: it needs %s",
                          j->d->columns[column]->name, how->name, how->needs);
    if (!st) {
        const double wanted = mlpipe__floor(share * (double)n + 0.5);
        uint64_t k = wanted < 1.0 ? 1 : (uint64_t)wanted;
        mlpipe__sort_u64(draws, n, scratch);
        *least = draws[(k < n ? k : n) - 1];
    }
    mlpipe__free(j->env, draws);
    mlpipe__free(j->env, scratch);
    return st;
}

/* The label of the rows at the end is another one. */
static void dirty_relabel(mlpipe__dirty *j, int64_t row,
                          mlpipe__dirty_cell *c)
{
    const int64_t label = j->label[row];
    const mlpipe__column *t = j->d->columns[j->target];

    c->null = false;
    if (t->type == MLPIPE_TYPE_CATEGORY) {
        c->text = mlpipe__dict_text(&t->dictionary->dict, (uint32_t)label);
        c->bytes = mlpipe__dict_bytes(&t->dictionary->dict, (uint32_t)label);
    } else {
        c->integer = label;
        c->number = (double)label;
    }
}

/* Keeps the old cell, whose text an edit may overwrite. */
static void dirty_remember(mlpipe__dirty *j, const mlpipe__dirty_cell *c,
                           mlpipe__dirty_cell *old)
{
    *old = *c;
    if (!c->text)
        return;
    j->old.size = 0;
    mlpipe__text_put(&j->old, c->text, c->bytes);
    old->text = j->old.data ? j->old.data : "";
}

static bool dirty_same(const mlpipe__dirty_cell *a,
                       const mlpipe__dirty_cell *b)
{
    if (a->null || b->null || !a->text != !b->text)
        return a->null && b->null;
    if (a->text)
        return a->bytes == b->bytes && !memcmp(a->text, b->text, a->bytes);
    return a->number == b->number;
}

/* One cell as it is in the dirty dataset; tells the key of it. */
static void dirty_cell(mlpipe__dirty *j, uint32_t column,
                       const mlpipe__dirty_defect *how, uint64_t least,
                       int64_t row, mlpipe__dirty_cell *c)
{
    const int64_t from = j->source[row];
    mlpipe__dirty_cell old;

    mlpipe__dirty_read(j, column, from, c);
    if (how) {
        const uint32_t stream = dirty_stream(how);
        const bool chosen = how->how == MLPIPE__DIRTY_CELLS && !c->null
            && (!how->cell || how->cell(j, column, c))
            && mlpipe__dirty_random(j, stream, from, DIRTY_CHOICE) <= least;
        dirty_remember(j, c, &old);
        how->edit(j, column, mlpipe__dirty_random(j, stream, from,
                                                  DIRTY_VALUE), chosen, c);
        if (chosen && row < j->kept && !dirty_same(&old, c))
            mlpipe__dirty_tell(j, how->name, j->d->columns[column]->name, row,
                               &old, c);
    }
    if (column == j->target && row >= j->rows - j->conflicts) {
        dirty_remember(j, c, &old);
        dirty_relabel(j, row, c);
        mlpipe__dirty_tell(j, "label_conflicts",
                           j->d->columns[column]->name, row, &old, c);
    }
}

/* ---- columns that are added --------------------------------------------- */

/* Almost the target: its class by a code, one in 200 wrong; or a line in it
 * with a thousandth of its spread as noise. */
static void dirty_leak(const mlpipe__dirty *j, int64_t from,
                       mlpipe__dirty_cell *c)
{
    const uint64_t draw = mlpipe__dirty_random(j, DIRTY_ADD_STREAM, from, 0);

    mlpipe__dirty_read(j, j->target, from, c);
    if (c->null)
        return;
    if (!j->label_count) {
        const double u = ((double)(draw >> 12) + 0.5) * 0x1p-52;
        c->number = 1.5 * c->number + 10.0 + 1.5e-3
            * j->facts[j->target].spread * mlpipe__normal_quantile(u);
        c->whole = false;
        return;
    }
    int64_t label = 0;
    uint8_t valid;
    mlpipe__dataset_block_i64(j->d, j->target, from, 1, &label, &valid);
    uint32_t at = 0;
    while (at + 1 < j->label_count && j->labels[at] != label)
        at++;
    if (draw % 200 == 0)
        at = (at + 1) % j->label_count;
    *c = (mlpipe__dirty_cell){.whole = true, .integer = 10 * (int64_t)at + 3};
}

/* The value of a row that is the at-th; copies have their original's. */
static void dirty_added(mlpipe__dirty *j, const char *name, double share,
                        int64_t row, mlpipe__dirty_cell *c)
{
    const int64_t at = j->copy_of[row];
    const double few = share * (double)j->kept < 1.0 ? 1.0
        : share < 0.001 ? mlpipe__floor(share * (double)j->kept)
        : mlpipe__floor(1.0 + 0.001 * (double)j->kept);

    *c = (mlpipe__dirty_cell){.whole = true, .integer = 1};
    if (!strcmp(name, "almost_constant")) {
        /* spread over the rows: the first of each of `few` parts */
        const double part = (double)j->kept / few;
        c->integer = mlpipe__floor((double)at / part)
            == mlpipe__floor(((double)at - 1.0) / part);
    } else if (!strcmp(name, "id_like")) {
        c->integer = 100000 + 7 * at;
    } else if (!strcmp(name, "high_cardinality")) {
        j->text.size = 0;
        mlpipe__text_add(&j->text, "%x%x", (unsigned)(mlpipe__random64(
            j->seed, MLPIPE__FOR_DIRT, DIRTY_ADD_STREAM + 1,
            (uint64_t)(at / 2), 0) >> 32), (unsigned)(at / 2));
        c->text = j->text.data ? j->text.data : "";
        c->bytes = j->text.size;
    } else if (!strcmp(name, "leak")) {
        dirty_leak(j, j->source[row], c);
    }
}

/* A column that no defect is in, by the seed; UINT32_MAX: there is none. */
static uint32_t dirty_clean_column(const mlpipe__dirty *j)
{
    uint32_t best = UINT32_MAX;
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < j->d->column_count; i++) {
        const uint64_t draw = mlpipe__random64(
            j->seed, MLPIPE__FOR_DIRT, DIRTY_ADD_STREAM + 2, i, 0);
        if (!j->of[i] && i != j->target && j->may[i] && draw <= least) {
            least = draw;
            best = i;
        }
    }
    return best;
}

/* ---- columns, cell by cell ---------------------------------------------- */

/* What a column is made of: one of the dataset, or a defect that adds one. */
typedef struct dirty_made {
    const char *name;
    int32_t type, unit;
    uint32_t column;
    const mlpipe__dirty_defect *how; /* NULL: as it is */
    uint64_t least;
    const char *added; /* the defect; NULL: a column of the dataset */
    double share;
} dirty_made;

static mlpipe_status dirty_gather(mlpipe__dirty *j, const dirty_made *m,
                                mlpipe__column **out)
{
    mlpipe__column_writer *w = mlpipe__writer_new(
        j->env, m->name, strlen(m->name), m->type, m->unit, NULL);
    mlpipe_status st = w ? MLPIPE_OK : mlpipe__nomem(j->ctx);
    mlpipe__dirty_cell c;

    for (int64_t i = 0; !st && i < j->rows; i++) {
        if (i % DIRTY_POLL == 0)
            st = mlpipe__poll(j->ctx, "synth_dirty", (uint64_t)i,
                              (uint64_t)j->rows);
        if (st)
            break;
        if (m->added)
            dirty_added(j, m->added, m->share, i, &c);
        else
            dirty_cell(j, m->column, m->how, m->least, i, &c);
        if (j->text.failed || j->old.failed)
            st = mlpipe__nomem(j->ctx);
        else if (!mlpipe__dirty_write(w, m->type, &c))
            st = mlpipe__writer_failed(j->ctx, w);
    }
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

mlpipe_status mlpipe__dirty_column(mlpipe__dirty *j, uint32_t column,
                                   const mlpipe__dirty_defect *how,
                                   double share, const char *name,
                                   mlpipe__column **out)
{
    const mlpipe__column *c = j->d->columns[column];
    dirty_made made = {.name = name, .column = column, .how = how,
                       .type = how && how->type ? how->type : c->type};
    mlpipe_status st = MLPIPE_OK;

    *out = NULL;
    if (made.type == MLPIPE_TYPE_TIMESTAMP
        || made.type == MLPIPE_TYPE_DURATION)
        made.unit = c->unit;
    if (how && how->how == MLPIPE__DIRTY_CELLS)
        st = dirty_threshold(j, column, how, share, &made.least);
    return st ? st : dirty_gather(j, &made, out);
}

mlpipe_status mlpipe__dirty_add(mlpipe__dirty *j, uint32_t defect,
                                double share, const char *name,
                                mlpipe__column **out)
{
    const char *what = mlpipe__dirty_defects[defect].name;
    const uint32_t from = dirty_clean_column(j);
    const bool text = !strcmp(what, "high_cardinality");
    mlpipe__dirty_cell old = {.null = true};
    mlpipe_status st;

    *out = NULL;
    if (!strcmp(what, "duplicate_columns")) {
        if (from == UINT32_MAX)
            return MLPIPE_OK;
        old = (mlpipe__dirty_cell){.text = j->d->columns[from]->name,
                                   .bytes = strlen(j->d->columns[from]->name)};
        st = mlpipe__dirty_column(j, from, NULL, 0.0, name, out);
    } else {
        if (!strcmp(what, "leak")
            && (j->target == UINT32_MAX
                || (!j->label_count && !j->facts[j->target].count)))
            return MLPIPE_OK;
        if (!strcmp(what, "almost_constant") && j->kept < 2)
            return MLPIPE_OK;
        const bool real = !strcmp(what, "leak") && !j->label_count;
        const dirty_made made = {.name = name, .added = what, .share = share,
                                 .type = text ? MLPIPE_TYPE_TEXT
                                     : real   ? MLPIPE_TYPE_F64
                                              : MLPIPE_TYPE_I64};
        st = dirty_gather(j, &made, out);
    }
    if (!st)
        mlpipe__dirty_tell(j, what, name, -1, &old, NULL);
    return st;
}
