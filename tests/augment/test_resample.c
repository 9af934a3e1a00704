/* SPDX-License-Identifier: MIT */
/* Resampling as part of a fit: who sees it, who does not, and the way back to
 * the shares of the data. */
#include "support.h"

#include <math.h>

#include "model/model_internal.h"
#include "golden_text.h"

enum { MADE_ROWS = 6000 };

static double made_unit(int64_t row, uint32_t column)
{
    return mlpipe__random_unit(41, MLPIPE__FOR_TEST, column, (uint64_t)row,
                               0);
}

/* Six numbers, a flag and rooms (whole); one row in seven is positive, by a
 * logistic law. Weights 1 or 3. */
static mlpipe_dataset *made_rows(mlpipe_ctx *c, int64_t first, int64_t rows)
{
    static double x[6][MADE_ROWS], weight[MADE_ROWS];
    static int64_t rooms[MADE_ROWS], y[MADE_ROWS];
    static uint8_t flag[MADE_ROWS];
    char name[8], text[64];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < rows; i++) {
        const int64_t r = first + i;
        for (uint32_t k = 0; k < 6; k++)
            x[k][i] = mlpipe__normal_quantile(made_unit(r, k));
        rooms[i] = (int64_t)(6 * made_unit(r, 6));
        flag[i] = made_unit(r, 7) > 0.8;
        weight[i] = made_unit(r, 9) > 0.5 ? 3 : 1;
        const double s = -3 + 1.2 * x[0][i] - 0.8 * x[1][i] +
                         0.5 * x[2][i] + 0.15 * (double)rooms[i] +
                         (flag[i] ? 0.7 : 0);
        y[i] = made_unit(r, 8) < mlpipe__sigmoid(s);
    }
    snprintf(text, sizeof text, "first_row_id=%lld", (long long)first);
    assert_ok(c, mlpipe_builder_new(c, NULL, text, &b));
    for (uint32_t k = 0; k < 6; k++) {
        snprintf(name, sizeof name, "x%u", k);
        assert_ok(c, mlpipe_builder_column(c, b, name, MLPIPE_F64, x[k],
                                           NULL, rows));
    }
    assert_ok(c, mlpipe_builder_column(c, b, "rooms", MLPIPE_I64, rooms, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "flag", MLPIPE_BOOL, flag, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "w", MLPIPE_F64, weight, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_I64, y, NULL,
                                       rows));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static mlpipe_ctx *made_ctx(uint32_t threads)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .threads = threads};
    mlpipe_ctx *c;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    return c;
}

#define ROLES "target=y features=x0,x1,x2,x3,x4,x5,rooms,flag seed=5 "

static mlpipe_status try_fit(mlpipe_ctx *c, const mlpipe_dataset *train,
                             const mlpipe_dataset *valid, const char *roles,
                             const char *const *steps, mlpipe_model **out)
{
    mlpipe_pipeline *p;
    mlpipe_status st;

    *out = NULL;
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    for (int i = 0; steps[i]; i += 2)
        assert_ok(c, mlpipe_pipeline_add(c, p, steps[i], steps[i + 1]));
    st = mlpipe_fit(c, p, train, valid, out);
    mlpipe_pipeline_free(p);
    return st;
}

static mlpipe_model *fitted(mlpipe_ctx *c, const mlpipe_dataset *train,
                            const mlpipe_dataset *valid, const char *roles,
                            const char *const *steps)
{
    mlpipe_model *m;

    assert_ok(c, try_fit(c, train, valid, roles, steps, &m));
    return m;
}

static double note(const mlpipe_model *m, const char *name)
{
    return mlpipe_report_get(m->notes, name);
}

static uint32_t positives(mlpipe_ctx *c, const mlpipe_model *m,
                          const mlpipe_dataset *d, double *y)
{
    uint32_t n = 0;

    assert_ok(c, mlpipe__model_target(c, m, d, y));
    for (int64_t i = 0; i < mlpipe_dataset_rows(d); i++)
        n += y[i] > 0.5;
    return n;
}

/* ---- who sees what ------------------------------------------------------- */

static void resample_rows(void **state)
{
    static const char *const smote[] = {"smote", "ratio=0.5", "gbt",
                                        "trees=3", NULL};
    static const char *const both[] = {"undersample", "ratio=0.2", "smote",
                                       NULL, "gbt", "trees=3", NULL};
    static const char *const over[] = {"oversample", "as=more", "gbt",
                                       "trees=3", NULL};
    static double y[MADE_ROWS];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 2000);
    mlpipe_model *m = fitted(c, d, NULL, ROLES "holdout=0", smote);
    const double few = positives(c, m, d, y), many = 2000 - few;
    (void)state;

    assert_true(few > 200 && few < 400);
    assert_near(note(m, "rows_trained"), 2000, 0);
    assert_near(note(m, "smote.added"), floor(many / 2 + 0.5) - few, 0);
    assert_near(note(m, "rows_added"), floor(many / 2 + 0.5) - few, 0);
    assert_near(note(m, "prior_ratio"),
                few / many / (floor(many / 2 + 0.5) / many), 1e-12);
    mlpipe_model_free(m);
    m = fitted(c, d, NULL, ROLES "holdout=0", both);
    assert_near(note(m, "undersample.dropped"), many - few * 5, 0);
    assert_near(note(m, "smote.added"), few * 4, 0);
    assert_near(note(m, "rows_added"), few * 10 - 2000, 0);
    assert_near(note(m, "prior_ratio"), few / many, 1e-12);
    mlpipe_model_free(m);
    m = fitted(c, d, NULL, ROLES "holdout=0", over);
    assert_near(note(m, "more.added"), many - few, 0);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Copies by jitter count: the ratio is that of all rows. */
static void resample_beside_jitter(void **state)
{
    static const char *const steps[] = {"jitter", "copies=2", "smote",
                                        "ratio=0.7", "gbt", "trees=3", NULL};
    static double y[MADE_ROWS];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 1500);
    mlpipe_model *m = fitted(c, d, NULL, ROLES "holdout=0", steps);
    const double few = positives(c, m, d, y), many = 1500 - few;
    const double added = floor(0.7 * 3 * many + 0.5) - 3 * few;
    (void)state;

    assert_near(note(m, "smote.added"), added, 0);
    assert_near(note(m, "rows_added"), 3000 + added, 0);
    assert_near(note(m, "prior_ratio"),
                few / many * 3 * many / (3 * few + added), 1e-12);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* The first feature of every row that the learner sees, by a learner that
 * looks and then hands on. */
static double spy_values[8 * MADE_ROWS];
static int64_t spy_rows;

static mlpipe_status spy_fit(mlpipe__fit_job *job)
{
    const mlpipe__frame *f = job->train;
    void *scratch;
    double *values = calloc(f->features, sizeof *values);
    uint8_t *valid = calloc(f->features, 1);

    assert_int_equal(0, posix_memalign(&scratch, 64, f->scratch_bytes));
    assert_true(f->rows <= 8 * MADE_ROWS);
    spy_rows = f->rows;
    for (int64_t i = 0; i < f->rows; i++) {
        f->read(f, scratch, i, 1, values, valid);
        spy_values[i] = values[0];
    }
    free(scratch);
    free(values);
    free(valid);
    return mlpipe__learner_gbt.fit(job);
}

static int spy_rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Every copy of a row that oversample repeats has noise of its own, and in
 * any order of the rows the same values are made. */
static void resample_repeats_vary(void **state)
{
    static const char *const steps[][6] = {
        {"jitter", "copies=2 columns=x0", "oversample", NULL, "gbt",
         "trees=1"},
        {"jitter", "copies=2 columns=x0", "oversample", "ratio=0.9", "gbt",
         "trees=1"}};
    static double first[8 * MADE_ROWS];
    mlpipe__learner spy = mlpipe__learner_gbt;
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 600), *turned;
    mlpipe__rowset *rows = mlpipe__rowset_new(c->env, 600);
    (void)state;

    spy.fit = spy_fit;
    for (int64_t i = 0; i < 600; i++)
        rows->rows[i] = 599 - i;
    assert_ok(c, mlpipe__dataset_view(c, d, rows, &turned));
    for (int k = 0; k < 4; k++) {
        mlpipe_pipeline *p;
        mlpipe_model *m;
        assert_ok(c, mlpipe_pipeline_new(c, ROLES "holdout=0", &p));
        for (int i = 0; i < 6; i += 2)
            assert_ok(c, mlpipe_pipeline_add(c, p, steps[k / 2][i],
                                             steps[k / 2][i + 1]));
        p->steps[p->step_count - 1].learner = &spy;
        assert_ok(c, mlpipe_fit(c, p, k % 2 ? turned : d, NULL, &m));
        const int64_t real = spy_rows / 3;
        assert_true(3 * real == spy_rows && real > 900);
        qsort(spy_values + real, (size_t)(2 * real), sizeof *spy_values,
              spy_rising);
        for (int64_t i = real + 1; i < spy_rows; i++)
            assert_true(spy_values[i - 1] < spy_values[i]);
        if (k % 2)
            assert_memory_equal(first + real, spy_values + real,
                                (size_t)(2 * real) * sizeof *first);
        memcpy(first, spy_values, (size_t)spy_rows * sizeof *first);
        mlpipe_model_free(m);
        mlpipe_pipeline_free(p);
    }
    mlpipe_dataset_free(turned);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Held-out rows, statistics and the reference are those of the data. */
static void resample_is_unseen(void **state)
{
    static const char *const plain[] = {"scale", NULL, "gbt", "trees=3",
                                        NULL};
    static const char *const steps[] = {
        "scale", NULL, "undersample", "ratio=0.5", "smote", NULL, "gbt",
        "trees=3", NULL};
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 2000);
    mlpipe_model *m = fitted(c, d, NULL, ROLES, plain);
    mlpipe_model *n = fitted(c, d, NULL, ROLES, steps);
    (void)state;

    assert_near(note(n, "rows_held_out"), note(m, "rows_held_out"), 0);
    assert_near(note(n, "rows_trained"), note(m, "rows_trained"), 0);
    assert_int_equal(m->reference->rows, n->reference->rows);
    assert_int_equal(m->reference->held_out, n->reference->held_out);
    assert_int_equal(m->train_id_count, n->train_id_count);
    assert_memory_equal(m->train_ids, n->train_ids, m->train_id_count * 8);
    assert_same(m->baseline, n->baseline);
    assert_int_equal(m->reference->input_count, n->reference->input_count);
    for (uint32_t i = 0; i < m->reference->input_count; i++) {
        const mlpipe__ref_input *a = &m->reference->inputs[i];
        const mlpipe__ref_input *b = &n->reference->inputs[i];
        assert_int_equal(a->cells, b->cells);
        assert_memory_equal(a->counts, b->counts, a->cells * 8);
    }
    for (uint32_t i = 0; i < 8; i++) /* what scale learnt: eight pairs */
        assert_memory_equal(&m->program->consts[2 * i],
                            &n->program->consts[2 * i], 16);
    mlpipe_model_free(n);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void resample_threads(void **state)
{
    static const char *const steps[] = {
        "jitter", "copies=1 columns=x0", "undersample", "ratio=0.3", "smote",
        NULL, "gbt", "trees=10 rows=0.8", NULL};
    char id[33] = "";
    (void)state;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        mlpipe_ctx *c = made_ctx(threads);
        mlpipe_dataset *d = made_rows(c, 0, 5000);
        mlpipe_model *m = fitted(c, d, NULL, ROLES, steps);
        if (!id[0])
            memcpy(id, mlpipe_model_id(m), 33);
        assert_string_equal(id, mlpipe_model_id(m));
        mlpipe_model_free(m);
        mlpipe_dataset_free(d);
        mlpipe_ctx_free(c);
    }
}

/* Rows in another order, with their ids: the same predictions. */
static void resample_order(void **state)
{
    static const char *const steps[] = {"undersample", "ratio=0.3", "smote",
                                        NULL, "gbt", "trees=10", NULL};
    static double a[3000], b[3000];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 3000), *turned;
    mlpipe__rowset *rows = mlpipe__rowset_new(c->env, 3000);
    (void)state;

    for (int64_t i = 0; i < 3000; i++)
        rows->rows[i] = 2999 - i;
    assert_ok(c, mlpipe__dataset_view(c, d, rows, &turned));
    mlpipe_model *m = fitted(c, d, NULL, ROLES, steps);
    mlpipe_model *n = fitted(c, turned, NULL, ROLES, steps);
    assert_ok(c, mlpipe_predict(c, m, d, a, 3000));
    assert_ok(c, mlpipe_predict(c, n, d, b, 3000));
    assert_memory_equal(a, b, sizeof a);
    mlpipe_model_free(n);
    mlpipe_model_free(m);
    mlpipe_dataset_free(turned);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- the way back -------------------------------------------------------- */

/* Brier losses of a recipe on rows that it never saw. */
static void brier(mlpipe_ctx *c, const mlpipe_dataset *train,
                  const mlpipe_dataset *test, const char *const *steps,
                  double *loss)
{
    static double p[MADE_ROWS], y[MADE_ROWS];
    const int64_t n = mlpipe_dataset_rows(test);
    mlpipe_model *m = fitted(c, train, NULL, ROLES, steps);

    assert_ok(c, mlpipe_predict(c, m, test, p, (size_t)n));
    assert_ok(c, mlpipe__model_target(c, m, test, y));
    for (int64_t i = 0; i < n; i++)
        loss[i] = (p[i] - y[i]) * (p[i] - y[i]);
    mlpipe_model_free(m);
}

/*
 * Corrected probabilities are no worse than without resampling, uncorrected
 * ones are, by one standard error. Where rows are repeated or left out that
 * is the error of the paired difference. New rows of smote are no sample of
 * their class (they lie inside of it), which no prior takes back: three of
 * these errors, with imbalanced-learn as well; it is the score's own error
 * that bounds it here.
 */
static void resample_corrects(void **state)
{
    static const char *const learner = "trees=100 leaves=2 rate=0.3";
    static const char *const plain[] = {"gbt", learner, NULL};
    static const char *const steps[] = {"oversample", "undersample", "smote"};
    static const char *const how[] = {"ratio=0.5",
                                      "ratio=0.5 correct=false"};
    static double base[MADE_ROWS], loss[MADE_ROWS], zero[MADE_ROWS];
    double least, own, mean, se, p;
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *train = made_rows(c, 0, MADE_ROWS);
    mlpipe_dataset *test = made_rows(c, 50000, MADE_ROWS);
    (void)state;

    brier(c, train, test, plain, base);
    mlpipe__paired(base, zero, MADE_ROWS, &least, &own, &p);
    for (int s = 0; s < 3; s++)
        for (int k = 0; k < 2; k++) {
            const char *const recipe[] = {steps[s], how[k], "gbt", learner,
                                          NULL};
            brier(c, train, test, recipe, loss);
            mlpipe__paired(loss, base, MADE_ROWS, &mean, &se, &p);
            if (k ? mean < se : mean > (s == 2 ? own : se))
                fail_msg("%s %s: Brier %g more than %g, standard errors %g "
                         "and %g",
                         steps[s], how[k], mean, least, se, own);
        }
    mlpipe_dataset_free(test);
    mlpipe_dataset_free(train);
    mlpipe_ctx_free(c);
}

/* The model that is corrected and the one that is not differ by the prior,
 * row by row, where early stopping does not choose. */
static void resample_formula(void **state)
{
    static const char *const yes[] = {"oversample", "ratio=0.8", "gbt",
                                      "trees=20 stop=0", NULL};
    static const char *const no[] = {"oversample",
                                     "ratio=0.8 correct=false", "gbt",
                                     "trees=20 stop=0", NULL};
    static double p[1000], q[1000];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 1000);
    mlpipe_model *m = fitted(c, d, NULL, ROLES "weight=w", yes);
    mlpipe_model *n = fitted(c, d, NULL, ROLES "weight=w", no);
    const double r = note(m, "prior_ratio");
    (void)state;

    assert_true(r > 0.1 && r < 0.4);
    assert_true(isnan(note(n, "prior_ratio")));
    assert_ok(c, mlpipe_predict(c, m, d, p, 1000));
    assert_ok(c, mlpipe_predict(c, n, d, q, 1000));
    for (int i = 0; i < 1000; i++)
        assert_near(p[i], q[i] * r / (q[i] * r + 1 - q[i]), 1e-14);
    mlpipe_model_free(n);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* With weights the shares are those of the weights: rows of weight 3 that
 * are all on one side count three times. */
static void resample_weights(void **state)
{
    static const char *const steps[] = {"undersample", "ratio=0.5", "gbt",
                                        "trees=2", NULL};
    static double y[1000], w[1000];
    uint8_t valid[1000];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 1000);
    mlpipe_model *m = fitted(c, d, NULL, ROLES "weight=w holdout=0", steps);
    const double few = positives(c, m, d, y);
    double sum[2] = {0, 0};
    (void)state;

    const int32_t column = mlpipe_dataset_find(d, "w");
    for (uint32_t i = 0; i < 1000; i += 500)
        mlpipe__dataset_block(d, (uint32_t)column, i, 500, w + i, valid);
    for (int i = 0; i < 1000; i++)
        sum[y[i] > 0.5] += w[i];
    /* the learner saw every positive row and 2 few others, of weight 2 or so:
     * the ratio is near, and not equal to, that of rows */
    const double of_rows = few / (1000 - few) / 0.5;
    const double odds = sum[1] / sum[0];
    assert_near(note(m, "prior_ratio"), of_rows, 0.1);
    assert_true(fabs(note(m, "prior_ratio") - of_rows) > 1e-9);
    /* odds of the data by odds of the learner, whose weights are whole */
    const double others = sum[1] * note(m, "prior_ratio") / odds;
    assert_near(others, floor(others + 0.5), 1e-9);
    mlpipe_model_free(m);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* Early stopping minds the loss of the probabilities that are served. */
static void resample_stops_by_served(void **state)
{
    static const char *const steps[][3] = {
        {"smote", "correct=true"}, {"smote", "correct=false"}};
    static double p[MADE_ROWS], y[MADE_ROWS];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 3000);
    mlpipe_dataset *valid = made_rows(c, 9000, 2000);
    (void)state;

    for (int k = 0; k < 2; k++) {
        const char *const recipe[] = {steps[k][0], steps[k][1], "gbt",
                                      "trees=60 stop=10", NULL};
        mlpipe_model *m = fitted(c, d, valid, ROLES, recipe);
        double sum = 0;
        assert_ok(c, mlpipe_predict(c, m, valid, p, 2000));
        assert_ok(c, mlpipe__model_target(c, m, valid, y));
        for (int i = 0; i < 2000; i++)
            sum -= log(y[i] > 0.5 ? p[i] : 1 - p[i]);
        assert_near(note(m, "valid_loss"), sum / 2000, 1e-9);
        mlpipe_model_free(m);
    }
    mlpipe_dataset_free(valid);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* ---- what is refused ----------------------------------------------------- */

static void resample_refuses(void **state)
{
    static const struct {
        const char *roles, *steps[7], *says;
        mlpipe_status status;
    } cases[] = {
        {"target=x0 features=x1,x2", {"oversample", NULL, "gbt", NULL},
         "jitter", MLPIPE_E_UNSUPPORTED},
        {ROLES, {"undersample", "correct=false", "smote", NULL, "gbt", NULL},
         "undersample has correct=false and smote correct=true",
         MLPIPE_E_PARAM},
        {ROLES, {"smote", NULL, "undersample", NULL, "gbt", NULL},
         "before it", MLPIPE_E_CONFLICT},
        {ROLES, {"smote", NULL, "scale", NULL, "gbt", NULL}, "scale",
         MLPIPE_E_CONFLICT},
    };
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_dataset *d = made_rows(c, 0, 1000);
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mlpipe_model *m;
        assert_status(cases[i].status, try_fit(c, d, NULL, cases[i].roles,
                                               cases[i].steps, &m));
        if (!strstr(mlpipe_ctx_error(c)->text, cases[i].says))
            fail_msg("case %zu: %s", i, mlpipe_ctx_error(c)->text);
        assert_null(m);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

/* An allocator that fails from its n-th allocation on. */
static int64_t starve_left = -1;

static void *starve_alloc(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    void *out = NULL;
    (void)user;

    if (new_size) {
        if (!starve_left)
            return NULL;
        starve_left -= starve_left > 0;
        assert_int_equal(0, posix_memalign(&out, align < 8 ? 8 : align,
                                           new_size));
        if (old_size)
            memcpy(out, ptr, old_size < new_size ? old_size : new_size);
    }
    if (old_size)
        free(ptr);
    return out;
}

/* Wherever memory ends, the fit says so and leaves nothing behind. */
static void starve_fit(const char *const *steps)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .alloc = starve_alloc};
    mlpipe_status st = MLPIPE_E_NOMEM;
    mlpipe_pipeline *p;
    mlpipe_ctx *c;
    uint64_t live, now;
    int64_t at = 0;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &c));
    mlpipe_dataset *d = made_rows(c, 0, 100);
    assert_ok(c, mlpipe_pipeline_new(c, ROLES "weight=w", &p));
    for (int i = 0; steps[i]; i += 2)
        assert_ok(c, mlpipe_pipeline_add(c, p, steps[i], steps[i + 1]));
    mlpipe_ctx_memory(c, &live, NULL);
    for (; st; at++) {
        mlpipe_model *m;
        starve_left = at;
        st = mlpipe_fit(c, p, d, NULL, &m);
        starve_left = -1;
        if (st)
            assert_status(MLPIPE_E_NOMEM, st);
        mlpipe_model_free(m);
        mlpipe_ctx_memory(c, &now, NULL);
        assert_int_equal(live, now);
    }
    assert_true(at > 100);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

static void resample_starves(void **state)
{
    starve_fit((const char *const[]){"undersample", "ratio=0.5", "smote",
                                     NULL, "gbt", "trees=1", NULL});
    starve_fit((const char *const[]){"jitter", NULL, "oversample", NULL,
                                     "gbt", "trees=1", NULL});
    (void)state;
}

/* What smote says of infinite values helps, whatever the method. */
static void resample_infinite(void **state)
{
    static const char *const outlier[] = {
        NULL, "method=zscore", "method=quantile", "method=mad"};
    double x[2][200];
    int64_t y[200];
    mlpipe_ctx *c = made_ctx(1);
    mlpipe_builder *b;
    mlpipe_dataset *d;
    mlpipe_model *m;
    (void)state;

    for (int i = 0; i < 200; i++) {
        x[0][i] = i % 50 == 5 ? INFINITY : made_unit(i, 0);
        x[1][i] = i == 7 ? -INFINITY : 3; /* no spread beside it */
        y[i] = i % 5 == 0;
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "a", MLPIPE_F64, x[0], NULL,
                                       200));
    assert_ok(c, mlpipe_builder_column(c, b, "b", MLPIPE_F64, x[1], NULL,
                                       200));
    assert_ok(c, mlpipe_builder_column(c, b, "y", MLPIPE_I64, y, NULL, 200));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    assert_status(MLPIPE_E_SCHEMA,
                try_fit(c, d, NULL, "target=y holdout=0",
                        (const char *const[]){"smote", NULL, "gbt",
                                              "trees=1", NULL},
                        &m));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "put outlier before"));
    for (int k = 0; k < 4; k++) {
        m = fitted(c, d, NULL, "target=y holdout=0",
                   (const char *const[]){"outlier", outlier[k], "smote",
                                         NULL, "gbt", "trees=1", NULL});
        assert_near(note(m, "smote.added"), 120, 0);
        mlpipe_model_free(m);
    }
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resample_rows),
        cmocka_unit_test(resample_beside_jitter),
        cmocka_unit_test(resample_repeats_vary),
        cmocka_unit_test(resample_is_unseen),
        cmocka_unit_test(resample_threads),
        cmocka_unit_test(resample_order),
        cmocka_unit_test(resample_corrects),
        cmocka_unit_test(resample_formula),
        cmocka_unit_test(resample_weights),
        cmocka_unit_test(resample_stops_by_served),
        cmocka_unit_test(resample_refuses),
        cmocka_unit_test(resample_starves),
        cmocka_unit_test(resample_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
