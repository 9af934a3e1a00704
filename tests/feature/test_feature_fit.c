/* SPDX-License-Identifier: MIT */
/*
 * The steps of this folder through whole fits: what the learner sees, what
 * the finished program does, and that neither threads nor the order of rows
 * change a bit. A learner that looks at its frame stands in for gbt.
 */
#include "model/model_support.h"

#include <math.h>

#include "data/data_internal.h"

enum { SPY_ROWS = 1500, SPY_FEATURES = 40 };

/* What the learner saw in the last fit. */
static struct {
    double x[SPY_ROWS * SPY_FEATURES]; /* feature by feature */
    uint64_t ids[SPY_ROWS];
    uint32_t rows, features;
    double *consts;
    uint32_t const_count;
} spy;

static mlpipe_status spy_fit(mlpipe__fit_job *job)
{
    static double values[MLPIPE__BLOCK_ROWS * SPY_FEATURES];
    static uint8_t valid[MLPIPE__BLOCK_ROWS * SPY_FEATURES];
    const mlpipe__frame *frame = job->train;
    const size_t consts = job->program->const_count * sizeof(double);
    void *scratch;

    spy.rows = (uint32_t)frame->rows;
    spy.features = frame->features;
    assert_true(spy.rows <= SPY_ROWS && spy.features <= SPY_FEATURES);
    assert_int_equal(0, posix_memalign(&scratch, 64, frame->scratch_bytes));
    for (uint32_t at = 0; at < spy.rows; at += MLPIPE__BLOCK_ROWS) {
        const uint32_t left = spy.rows - at;
        const uint32_t n = left < MLPIPE__BLOCK_ROWS ? left
                                                     : MLPIPE__BLOCK_ROWS;
        frame->read(frame, scratch, at, n, values, valid);
        for (uint32_t f = 0; f < spy.features; f++)
            for (uint32_t i = 0; i < n; i++)
                spy.x[f * SPY_ROWS + at + i] =
                    valid[f * n + i] ? values[f * n + i] : NAN;
    }
    free(scratch);
    for (uint32_t i = 0; i < spy.rows; i++)
        spy.ids[i] = frame->ids[i];
    free(spy.consts);
    spy.const_count = job->program->const_count;
    spy.consts = malloc(consts + 1);
    memcpy(spy.consts, job->program->consts, consts);
    return mlpipe__learner_gbt.fit(job);
}

/* step, params, step, params, NULL; gbt looks on. */
static mlpipe_status spy_model(mlpipe_ctx *c, const mlpipe_dataset *d,
                               const char *text, const char *const *step,
                               mlpipe_model **out)
{
    mlpipe__learner looking = mlpipe__learner_gbt;
    mlpipe_pipeline *p;
    mlpipe_status st;

    *out = NULL;
    looking.fit = spy_fit;
    looking.takes_codes = looking.takes_nulls = false;
    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    for (; step[0]; step += 2)
        assert_ok(c, mlpipe_pipeline_add(c, p, step[0], step[1]));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=1 leaves=4"));
    p->steps[p->step_count - 1].learner = &looking;
    st = mlpipe_fit(c, p, d, NULL, out);
    mlpipe_pipeline_free(p);
    return st;
}

static void spy_ok(mlpipe_ctx *c, const mlpipe_dataset *d, const char *text,
                   const char *const *step)
{
    mlpipe_model *m;

    assert_ok(c, spy_model(c, d, text, step, &m));
    mlpipe_model_free(m);
}

/* ---- data --------------------------------------------------------------- */

/* Rows of made_dataset's kind with a few columns, and a label to change. */
typedef struct few_rows {
    double y[SPY_ROWS];
    const char *label[SPY_ROWS];
} few_rows;

static const char *const few_texts[] = {"no", "yes"};

static mlpipe_dataset *few_dataset(mlpipe_ctx *c, const few_rows *rows,
                                   int64_t n)
{
    static const char *const towns[] = {"Oslo", "Bergen", "Voss", "Moss",
                                        "Alta", "Bodo"};
    static const char *town[SPY_ROWS], *house[SPY_ROWS];
    static char names[SPY_ROWS][8];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < n; i++) {
        const double u = made_unit(i, 1);
        town[i] = made_unit(i, 2) < 0.06 ? NULL : towns[(int)(u * u * 6)];
        snprintf(names[i], sizeof names[i], "h%d", (int)(i / 3));
        house[i] = names[i];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", town, n));
    assert_ok(c, mlpipe_builder_texts(c, b, "house", house, n));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, rows->y, NULL,
                                       n));
    assert_ok(c, mlpipe_builder_texts(c, b, "label",
                                      (const char **)rows->label, n));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void few_fill(few_rows *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        rows->y[i] = 10 * made_unit(i, 3) + 3 * made_unit(i, 1);
        rows->label[i] = few_texts[rows->y[i] > 6.5];
    }
}

/* ---- defect 11 through a fit --------------------------------------------- */

/*
 * Changing the target of one row moves the encoding of no row of its fold, so
 * not its own; with groups, not that of a row of its group. Others do move.
 */
static void flip_one(const char *text, bool label, bool grouped)
{
    static const char *const steps[] = {"target_encode", "columns=town",
                                        NULL};
    enum { N = 240 };
    static few_rows rows;
    static double before[N];
    mlpipe_ctx *c = made_ctx(1);
    uint32_t moved = 0;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    spy_ok(c, d, text, steps);
    assert_int_equal(N, spy.rows);
    memcpy(before, spy.x, sizeof before);
    mlpipe_dataset_free(d);
    for (int64_t flip = 1; flip < N; flip += 17) {
        few_fill(&rows, N);
        if (label)
            rows.label[flip] = few_texts[rows.label[flip] == few_texts[0]];
        else
            rows.y[flip] += 1000;
        d = few_dataset(c, &rows, N);
        spy_ok(c, d, text, steps);
        assert_same(before[flip], spy.x[flip]);
        for (int64_t i = 0; i < N; i++) {
            if (grouped && i / 3 == flip / 3)
                assert_same(before[i], spy.x[i]);
            moved += before[i] != spy.x[i];
        }
        mlpipe_dataset_free(d);
    }
    assert_true(moved > 100);
    mlpipe_ctx_free(c);
}

static void defect_11_a_flipped_label_moves_no_own_encoding(void **state)
{
    (void)state;
    flip_one("target=label features=town holdout=0", true, false);
    flip_one("target=y features=town holdout=0", false, false);
    flip_one("target=label features=town group=house holdout=0", true, true);
}

/* Folds are for training rows alone: the model has one table, and rows that
 * it is given later have its values, the training rows included. */
static void the_model_has_no_folds(void **state)
{
    static const char *const steps[] = {"target_encode",
                                        "columns=town smooth=3 folds=4",
                                        NULL};
    enum { N = 400 };
    static few_rows rows;
    static double out[N], again[N];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m;
    uint32_t lookups = 0, spread = 0;
    (void)state;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    assert_ok(c, spy_model(c, d, "target=y features=town holdout=0", steps,
                           &m));
    for (uint32_t i = 0; i < m->program->op_count; i++) {
        assert_int_not_equal(MLPIPE__OP_LOOKUP_FOLD,
                             m->program->ops[i].code);
        assert_int_not_equal(MLPIPE__OP_FEED, m->program->ops[i].code);
        lookups += m->program->ops[i].code == MLPIPE__OP_LOOKUP;
    }
    assert_int_equal(1, lookups);
    assert_int_equal(0, m->program->feed_count);
    for (uint32_t i = 1; i < N; i++) /* four tables of seven values */
        spread += spy.x[i] != spy.x[0];
    assert_true(spread > 0);
    assert_ok(c, mlpipe_predict(c, m, d, out, N));
    for (int64_t i = 0; i < N; i++)
        for (int64_t k = 0; k < i; k++) {
            size_t a, b;
            const char *x = mlpipe__dataset_cell_text(d, 0, i, &a);
            const char *y = mlpipe__dataset_cell_text(d, 0, k, &b);
            if (!x == !y && (!x || !strcmp(x, y)))
                assert_same(out[i], out[k]);
        }
    for (int64_t i = 0; i < N; i += 37) { /* alone as among others */
        mlpipe_dataset *one;
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &one));
        assert_ok(c, mlpipe_predict(c, m, one, again, 1));
        assert_same(out[i], again[0]);
        mlpipe_dataset_free(one);
    }
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Five folds, about equally large: each with values of its own. */
static void training_rows_are_in_all_folds(void **state)
{
    static const char *const steps[] = {"target_encode", "columns=town",
                                        NULL};
    enum { N = 900 };
    static few_rows rows;
    double values[64];
    uint32_t count = 0;
    mlpipe_ctx *c = made_ctx(1);
    (void)state;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    spy_ok(c, d, "target=y features=town holdout=0", steps);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t k = 0;
        while (k < count && values[k] != spy.x[i])
            k++;
        if (k == count && count < 64)
            values[count++] = spy.x[i];
    }
    assert_int_equal(7 * 5, count); /* six towns and missing */
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- threads, order ----------------------------------------------------- */

static mlpipe_dataset *reordered(mlpipe_ctx *c, const mlpipe_dataset *d)
{
    mlpipe__rowset *rows = mlpipe__rowset_new(c->env, d->rows);
    mlpipe_dataset *out;

    assert_non_null(rows);
    for (int64_t i = 0; i < d->rows; i++)
        rows->rows[i] = (i * 701 + 13) % d->rows;
    assert_ok(c, mlpipe__dataset_view(c, d, rows, &out));
    return out;
}

static const char *const every_step[][9] = {
    {"impute", NULL, "scale", "columns=size,lot by=town", "onehot", NULL,
     NULL},
    {"impute", NULL, "scale", "by=town method=robust min_group=30", "onehot",
     "min_share=0.2 infrequent=pool unknown=other", NULL},
    {"bin", "columns=size,lot,rooms bins=7 encode=number", "impute", NULL,
     "ordinal", "unknown=null missing=-1", "impute", "numeric=mean as=again",
     NULL},
    {"impute", NULL, "bin", "columns=size,lot", "interact",
     "columns=size,town", "target_encode", "folds=3", NULL},
    {"impute", NULL, "interact", "columns=size,lot,rooms squares=true",
     "target_encode", "smooth=20", "scale", "method=minmax clip=true", NULL},
    {"impute", NULL, "kmeans", "columns=size,lot,rooms k=5 output=both",
     "pca", "columns=size,lot scale=true", "onehot", NULL, NULL},
};

static void threads_and_order_change_no_bit(void **state)
{
    static double first[SPY_ROWS * SPY_FEATURES];
    static uint64_t ids[SPY_ROWS];
    const char *text = "target=price features=size,lot,rooms,town holdout=0";
    (void)state;

    for (size_t s = 0; s < sizeof every_step / sizeof *every_step; s++) {
        double *consts = NULL;
        uint32_t const_count = 0;
        for (uint32_t turn = 0; turn < 3; turn++) {
            mlpipe_ctx *c = made_ctx(turn ? 3 : 1);
            mlpipe_dataset *d = made_dataset(c, 0, SPY_ROWS - 9);
            mlpipe_dataset *other = turn == 2 ? reordered(c, d) : NULL;
            spy_ok(c, other ? other : d, text, every_step[s]);
            if (!turn) {
                memcpy(first, spy.x, sizeof first);
                memcpy(ids, spy.ids, sizeof ids);
                consts = spy.consts;
                const_count = spy.const_count;
                spy.consts = NULL;
            }
            assert_int_equal(const_count, spy.const_count);
            assert_memory_equal(consts, turn ? spy.consts : consts,
                                const_count * sizeof *consts);
            for (uint32_t i = 0; i < spy.rows; i++) {
                const uint32_t from =
                    turn == 2 ? (i * 701 + 13) % spy.rows : i;
                assert_int_equal(ids[from], spy.ids[i]);
                for (uint32_t f = 0; f < spy.features; f++)
                    assert_same(first[f * SPY_ROWS + from],
                                spy.x[f * SPY_ROWS + i]);
            }
            mlpipe_dataset_free(other);
            mlpipe_dataset_free(d);
            mlpipe_ctx_free(c);
        }
        free(consts);
    }
}

/* ---- what only a whole plan shows ---------------------------------------- */

/* A column that rows are grouped by becomes an input, and no feature. */
static void scale_by_what_is_no_feature(void **state)
{
    static const char *const steps[] = {"impute", NULL, "scale", "by=town",
                                        NULL};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 600);
    mlpipe_model *m;
    (void)state;

    assert_ok(c, spy_model(c, d, "target=price features=size,lot holdout=0",
                           steps, &m));
    assert_int_equal(2, spy.features);
    assert_int_equal(3, mlpipe_model_inputs(m));
    assert_string_equal("town", mlpipe_model_input(m, 2));
    mlpipe_model_free(m);
    /* nor may the target come in by that door */
    assert_status(MLPIPE_E_LEAK,
                  spy_model(c, d,
                            "target=risk features=size,lot holdout=0",
                            (const char *const[]){"impute", NULL, "scale",
                                                  "by=risk", NULL},
                            &m));
    assert_status(MLPIPE_E_LEAK,
                  spy_model(c, d,
                            "target=risk features=size,lot,town holdout=0",
                            (const char *const[]){"impute", NULL, "scale",
                                                  "by=risk columns=lot",
                                                  "onehot", NULL, NULL},
                            &m));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* unknown=error: such rows get no answer, and are counted as that. */
static void refused_rows_get_no_answer(void **state)
{
    static const char *const onehot[] = {"onehot", "unknown=error", NULL};
    static const char *const ordinal[] = {
        "ordinal", "unknown=error missing=-1", NULL};
    enum { N = 200 };
    static few_rows rows;
    static const char *const towns[] = {"Oslo", "Paris", NULL, "Voss"};
    mlpipe_ctx *c = made_ctx(1);
    (void)state;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N), *later;
    mlpipe_builder *b;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", (const char **)towns, 4));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_F64, rows.y, NULL,
                                       4));
    assert_ok(c, mlpipe_builder_finish(c, b, &later));
    mlpipe_builder_free(b);
    for (int k = 0; k < 2; k++) {
        double out[4];
        mlpipe_model *m;
        mlpipe_report *r;
        assert_ok(c, spy_model(c, d, "target=y features=town holdout=0",
                               k ? ordinal : onehot, &m));
        assert_ok(c, mlpipe_predict(c, m, later, out, 4));
        for (int i = 0; i < 4; i++)
            assert_int_equal(i == 1, isnan(out[i]));
        assert_ok(c, mlpipe_evaluate(c, m, later, NULL, &r));
        assert_near(mlpipe_report_get(r, "n"), 3, 0);
        assert_near(mlpipe_report_get(r, "rows_without_answer"), 1, 0);
        mlpipe_report_free(r);
        mlpipe_model_free(m);
    }
    mlpipe_dataset_free(later);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- transforms --------------------------------------------------------- */

/* The number features, column by column. */
static uint32_t read_features(mlpipe_ctx *c, const mlpipe_dataset *d,
                              const mlpipe_transform *t, double *out)
{
    uint32_t columns = 0;

    for (uint32_t k = 0; k < mlpipe_transform_outputs(t); k++)
        if (mlpipe_transform_output_type(t, k) == MLPIPE_TYPE_F64)
            assert_ok(c, mlpipe_dataset_doubles(
                             c, d, k, 0, out + columns++ * SPY_ROWS,
                             d->rows));
    return columns;
}

static mlpipe_status fitted_transform(mlpipe_ctx *c, const mlpipe_dataset *d,
                                      const char *text,
                                      const char *const *step,
                                      mlpipe_dataset **features,
                                      mlpipe_transform **out)
{
    mlpipe_pipeline *p;
    mlpipe_status st;

    assert_ok(c, mlpipe_pipeline_new(c, text, &p));
    for (; step[0]; step += 2)
        assert_ok(c, mlpipe_pipeline_add(c, p, step[0], step[1]));
    st = mlpipe_transform_fit(c, p, d, features, out);
    mlpipe_pipeline_free(p);
    return st;
}

/* Clusters and components of training rows, of the same rows later, of one row
 * alone, and by the saved transform are the same bits. */
static void clusters_are_saved(void **state)
{
    static const char *const steps[] = {
        "impute", "indicator=false", "kmeans",
        "columns=size,lot k=4 output=both", "pca", "columns=size,rooms,lot",
        NULL};
    static double first[SPY_ROWS * 8], got[SPY_ROWS * 8];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 700), *features, *later, *one;
    mlpipe_transform *t, *loaded;
    mlpipe_buffer *bytes;
    (void)state;

    assert_ok(c, fitted_transform(c, d, "features=size,lot,rooms", steps,
                                  &features, &t));
    assert_int_equal(7, read_features(c, features, t, first));
    assert_ok(c, mlpipe_transform_bytes(c, t, &bytes));
    assert_ok(c, mlpipe_transform_load_bytes(c, mlpipe_buffer_data(bytes),
                                             mlpipe_buffer_size(bytes),
                                             &loaded));
    assert_string_equal(mlpipe_transform_id(t), mlpipe_transform_id(loaded));
    assert_ok(c, mlpipe_transform_apply(c, loaded, d, NULL, &later));
    assert_int_equal(7, read_features(c, later, loaded, got));
    for (uint32_t k = 0; k < 7; k++)
        assert_memory_equal(first + k * SPY_ROWS, got + k * SPY_ROWS,
                            700 * sizeof *got);
    for (int64_t i = 0; i < 700; i += 23) {
        mlpipe_dataset *row;
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &row));
        assert_ok(c, mlpipe_transform_apply(c, t, row, NULL, &one));
        read_features(c, one, t, got);
        for (uint32_t k = 0; k < 7; k++)
            assert_same(first[k * SPY_ROWS + i], got[k * SPY_ROWS]);
        mlpipe_dataset_free(one);
        mlpipe_dataset_free(row);
    }
    mlpipe_buffer_free(bytes);
    mlpipe_dataset_free(later);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(loaded);
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A transform gives its training rows what a learner would see of them. */
static void a_transform_gives_what_a_learner_sees(void **state)
{
    static const char *const steps[] = {"target_encode", "columns=town",
                                        NULL};
    enum { N = 300 };
    static few_rows rows;
    static double got[N], full[N];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *features, *later;
    mlpipe_transform *t;
    uint32_t differ = 0;
    (void)state;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    spy_ok(c, d, "target=label features=town holdout=0", steps);
    assert_ok(c, fitted_transform(c, d, "target=label features=town", steps,
                                  &features, &t));
    assert_int_equal(MLPIPE_TYPE_F64, mlpipe_transform_output_type(t, 0));
    assert_ok(c, mlpipe_dataset_doubles(c, features, 0, 0, got, N));
    for (uint32_t i = 0; i < N; i++)
        assert_same(spy.x[i], got[i]);
    /* the same rows as others are refused: they know the answers */
    assert_status(MLPIPE_E_LEAK, mlpipe_transform_apply(c, t, d, NULL,
                                                        &later));
    assert_ok(c, mlpipe_transform_apply(c, t, d, "leak=allow", &later));
    assert_ok(c, mlpipe_dataset_doubles(c, later, 0, 0, full, N));
    for (uint32_t i = 0; i < N; i++)
        differ += full[i] != got[i];
    assert_true(differ > N / 2);
    mlpipe_dataset_free(later);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    assert_status(MLPIPE_E_STATE,
                  fitted_transform(c, d, "features=town", steps, NULL, &t));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static double correlation(const double *a, const double *b, uint32_t n)
{
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;

    for (uint32_t i = 0; i < n; i++) {
        x += a[i] / n;
        y += b[i] / n;
    }
    for (uint32_t i = 0; i < n; i++) {
        xx += (a[i] - x) * (a[i] - x);
        yy += (b[i] - y) * (b[i] - y);
        xy += (a[i] - x) * (b[i] - y);
    }
    return xy / sqrt(xx * yy);
}

/* A column of many categories that says nothing, and labels at random: what
 * the learner sees of it must not tell the labels, as the means of all rows,
 * the control, do. */
static void noise_tells_nothing(void **state)
{
    static const char *const steps[] = {"target_encode", "columns=house",
                                        NULL};
    enum { N = 1500 };
    static few_rows rows;
    static double label[N], seen[N], naive[N];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *features, *again;
    mlpipe_transform *t;
    (void)state;

    for (int64_t i = 0; i < N; i++) {
        label[i] = made_unit(i, 9) < 0.5;
        rows.y[i] = 0;
        rows.label[i] = few_texts[(int)label[i]];
    }
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    assert_ok(c, fitted_transform(c, d, "target=label features=house", steps,
                                  &features, &t));
    assert_ok(c, mlpipe_transform_apply(c, t, d, "leak=allow", &again));
    assert_ok(c, mlpipe_dataset_doubles(c, features, 0, 0, seen, N));
    assert_ok(c, mlpipe_dataset_doubles(c, again, 0, 0, naive, N));
    assert_true(correlation(seen, label, N) < 3 / sqrt(N));
    assert_true(correlation(naive, label, N) > 0.4);
    mlpipe_dataset_free(again);
    mlpipe_dataset_free(features);
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Types and names do not depend on the rows; a refused row is all null. */
static void defect_13_a_transform_has_one_schema(void **state)
{
    static const char *const steps[] = {
        "scale",  "columns=rooms", "bin",    "columns=lot bins=3",
        "onehot", "columns=town unknown=error", "interact",
        "columns=rooms,size", NULL};
    static const struct {
        const char *name;
        int32_t type;
    } expected[] = {
        {"size", MLPIPE_TYPE_F64},         {"lot", MLPIPE_TYPE_CATEGORY},
        {"rooms", MLPIPE_TYPE_F64},        {"town=Alta", MLPIPE_TYPE_BOOL},
        {"town=Bergen", MLPIPE_TYPE_BOOL}, {"town=Moss", MLPIPE_TYPE_BOOL},
        {"town=Oslo", MLPIPE_TYPE_BOOL},   {"town=Voss", MLPIPE_TYPE_BOOL},
        {"town missing", MLPIPE_TYPE_BOOL},
        {"rooms:size", MLPIPE_TYPE_F64},
    };
    const uint32_t count = sizeof expected / sizeof *expected;
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_dataset(c, 0, 500), *one, *features, *odd;
    mlpipe_transform *t;
    (void)state;

    assert_ok(c, fitted_transform(c, d, "features=size,lot,rooms,town", steps,
                                  NULL, &t));
    assert_int_equal(count, mlpipe_transform_outputs(t));
    for (uint32_t k = 0; k < count; k++) {
        assert_string_equal(expected[k].name, mlpipe_transform_output(t, k));
        assert_int_equal(expected[k].type,
                         mlpipe_transform_output_type(t, k));
    }
    for (int64_t i = 0; i < 20; i++) { /* whatever a batch holds */
        assert_ok(c, mlpipe_dataset_slice(c, d, i, 1, &one));
        assert_ok(c, mlpipe_transform_apply(c, t, one, NULL, &features));
        assert_int_equal(count, mlpipe_dataset_columns(features));
        for (uint32_t k = 0; k < count; k++)
            assert_int_equal(expected[k].type,
                             mlpipe_dataset_type(features, k));
        assert_int_equal(0, mlpipe_dataset_nulls(features, 3));
        mlpipe_dataset_free(features);
        mlpipe_dataset_free(one);
    }
    static const char *const town[] = {"Paris", "Oslo"};
    static const double number[] = {1, 2};
    mlpipe_builder *b;
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_texts(c, b, "town", (const char **)town, 2));
    for (uint32_t k = 0; k < 3; k++)
        assert_ok(c, mlpipe_builder_column(c, b, expected[k].name, MLPIPE_F64,
                                           number, NULL, 2));
    assert_ok(c, mlpipe_builder_finish(c, b, &odd));
    mlpipe_builder_free(b);
    assert_ok(c, mlpipe_transform_apply(c, t, odd, NULL, &features));
    for (uint32_t k = 0; k < count; k++)
        assert_int_equal(1, mlpipe_dataset_nulls(features, k));
    mlpipe_dataset_free(features);
    mlpipe_dataset_free(odd);
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A group that all rows share leaves nobody to encode by. */
static void one_group_cannot_be_encoded(void **state)
{
    static const char *const steps[] = {"target_encode", NULL, NULL};
    enum { N = 60 };
    static few_rows rows;
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_model *m;
    (void)state;

    few_fill(&rows, N);
    for (int i = 0; i < N; i++)
        rows.label[i] = "all";
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    assert_status(MLPIPE_E_SCHEMA,
                  spy_model(c, d,
                            "target=y features=town group=label holdout=0",
                            steps, &m));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "in one of the 5"));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* A column that is missing in all rows is imputed by a category that none
 * has; crossed with another one it is unseen, or missing where that is. The
 * encoding of missing is of the latter alone. */
static void unseen_is_not_missing(void **state)
{
    static const char *const steps[] = {
        "impute",        "columns=a",
        "interact",      "columns=a,b",
        "target_encode", "columns=`a:b` folds=2 smooth=0",
        NULL};
    enum { N = 200 };
    static const char *a[N], *b[N];
    static double y[N], got[N];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_builder *builder;
    mlpipe_dataset *d, *out;
    mlpipe_transform *t;
    (void)state;

    for (int64_t i = 0; i < N; i++) {
        b[i] = i % 4 ? "there" : NULL;
        y[i] = i % 4 ? 10 : 2;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &builder));
    assert_ok(c, mlpipe_builder_texts(c, builder, "a", a, N));
    assert_ok(c, mlpipe_builder_texts(c, builder, "b", b, N));
    assert_ok(c, mlpipe_builder_column(c, builder, "y", MLPIPE_F64, y, NULL,
                                       N));
    assert_ok(c, mlpipe_builder_finish(c, builder, &d));
    mlpipe_builder_free(builder);
    assert_ok(c, fitted_transform(c, d, "target=y features=a,b", steps, NULL,
                                  &t));
    assert_ok(c, mlpipe_transform_apply(c, t, d, "leak=allow", &out));
    assert_ok(c, mlpipe_dataset_doubles(c, out, 2, 0, got, N));
    for (int64_t i = 0; i < N; i++)
        assert_same(i % 4 ? 8 : 2, got[i]); /* 8: the mean of all rows */
    mlpipe_dataset_free(out);
    mlpipe_transform_free(t);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* More features than their rows have memory for: the message says how much
 * it would take, and what to do. */
static void too_many_features_for_the_rows(void **state)
{
    static const char *const steps[] = {"onehot", "max=65536", NULL};
    enum { N = 1500 };
    static few_rows rows;
    mlpipe_ctx_options o = {.size = sizeof o, .memory_cap = 4 << 20};
    mlpipe_ctx *c = made_ctx(1), *small;
    mlpipe_dataset *features;
    mlpipe_transform *t;
    (void)state;

    few_fill(&rows, N);
    mlpipe_dataset *d = few_dataset(c, &rows, N);
    assert_ok(c, mlpipe_ctx_new(&o, &small));
    assert_ok(small, fitted_transform(small, d, "features=house", steps, NULL,
                                      &t));
    mlpipe_transform_free(t);
    assert_status(MLPIPE_E_NOMEM,
                  fitted_transform(small, d, "features=house", steps,
                                   &features, &t));
    assert_null(t);
    if (!strstr(mlpipe_ctx_error(small)->text,
                "500 features of 1500 rows are 5 MB at once"))
        fail_msg("%s", mlpipe_ctx_error(small)->text);
    mlpipe_ctx_free(small);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_11_a_flipped_label_moves_no_own_encoding),
        cmocka_unit_test(the_model_has_no_folds),
        cmocka_unit_test(training_rows_are_in_all_folds),
        cmocka_unit_test(threads_and_order_change_no_bit),
        cmocka_unit_test(scale_by_what_is_no_feature),
        cmocka_unit_test(refused_rows_get_no_answer),
        cmocka_unit_test(clusters_are_saved),
        cmocka_unit_test(a_transform_gives_what_a_learner_sees),
        cmocka_unit_test(noise_tells_nothing),
        cmocka_unit_test(defect_13_a_transform_has_one_schema),
        cmocka_unit_test(one_group_cannot_be_encoded),
        cmocka_unit_test(unseen_is_not_missing),
        cmocka_unit_test(too_many_features_for_the_rows),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(spy.consts);
    return failed;
}
