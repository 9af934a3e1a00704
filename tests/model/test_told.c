/* SPDX-License-Identifier: MIT */
/* What fits tell: the figures of learners and steps by name, where all rows
 * went, and what to do about what is refused. */
#include "model_support.h"

#include "report_table.h"

enum { ROWS = 600 };

typedef struct told {
    char text[8192];
    size_t size;
} told;

static told said;
static mlpipe_ctx *ctx;
static mlpipe_dataset *made;

static void keep_log(void *user, uint32_t level, const char *component,
                     const char *text)
{
    told *t = user;
    const int n = snprintf(t->text + t->size, sizeof t->text - t->size,
                           "%u %s: %s\n", level, component, text);
    if (n > 0 && t->size + (size_t)n < sizeof t->text)
        t->size += (size_t)n;
}

static void forget(void)
{
    said.size = 0;
    said.text[0] = 0;
}

static int set_up(void **state)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &said,
                                  .log = keep_log,
                                  .log_level = MLPIPE_LOG_INFO};
    (void)state;
    if (mlpipe_ctx_new(&o, &ctx))
        return -1;
    made = made_dataset(ctx, 0, ROWS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_dataset_free(made);
    mlpipe_ctx_free(ctx);
    return 0;
}

static mlpipe_pipeline *recipe(const char *params, const char *step,
                               const char *text)
{
    mlpipe_pipeline *p;
    assert_ok(ctx, mlpipe_pipeline_new(ctx, params, &p));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, step, text));
    return p;
}

static mlpipe_model *fit(const char *params, const char *learner,
                         const char *text)
{
    mlpipe_pipeline *p = recipe(params, learner, text);
    mlpipe_model *m;
    forget();
    assert_ok(ctx, mlpipe_fit(ctx, p, made, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static mlpipe_report *card_of(const mlpipe_model *m)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_model_card(ctx, m, &r));
    return r;
}

static void expect(mlpipe_status want, mlpipe_status got, const char *says)
{
    assert_status(want, got);
    if (!strstr(mlpipe_ctx_error(ctx)->text, says))
        fail_msg("%s, not %s", mlpipe_ctx_error(ctx)->text, says);
}

static void heard(const char *line)
{
    if (!strstr(said.text, line))
        fail_msg("said:\n%s\nand not %s", said.text, line);
}

/* ---- learners ----------------------------------------------------------- */

/* A linear form's weights by name are those that explain prints. */
static void weights(void **state)
{
    static const char *const learners[] = {"ridge", "lasso", "elastic_net",
                                           "logistic"};
    (void)state;
    for (uint32_t k = 0; k < 4; k++) {
        mlpipe_model *m = fit(k < 3 ? "target=price features=lot,rooms,new"
                                    : "target=sold features=lot,rooms,new",
                              learners[k], NULL);
        mlpipe_report *r = card_of(m);
        const char *const names[] = {"lot", "rooms", "new"};
        const mlpipe__op *op = NULL;
        mlpipe_buffer *b;
        char form[200];
        uint32_t rows;
        const mlpipe__report_cell *cell = table_cells(
            r, "fit.coefficients", "feature,coefficient", &rows);
        assert_non_null(cell);
        assert_int_equal(3, rows);
        for (uint32_t i = 0; !op; i++)
            if (m->program->ops[i].code == MLPIPE__OP_LINEAR)
                op = &m->program->ops[i];
        const double *w = m->program->consts + op->b;
        for (uint32_t i = 0; i < 3; i++) {
            assert_string_equal(names[i], table_text(r, cell + 2 * i));
            assert_same(w[1 + i], cell[2 * i + 1].number);
        }
        assert_same(w[0], mlpipe_report_get(r, "fit.intercept"));
        mlpipe__format(form, sizeof form, " = linear %g %s %g r%u", w[0],
                       w[1] < 0 ? "-" : "+", w[1] < 0 ? -w[1] : w[1],
                       mlpipe__op_read(m->program, op, 0));
        assert_ok(ctx, mlpipe_model_explain(ctx, m, &b));
        if (!strstr(mlpipe_buffer_data(b), form))
            fail_msg("%s in %s", form, mlpipe_buffer_data(b));
        mlpipe_buffer_free(b);
        mlpipe_report_free(r);
        mlpipe_model_free(m);
    }
}

/* Of many classes a row for each feature and class; priors of naive_bayes. */
static void classes(void **state)
{
    mlpipe_model *m = fit("target=town features=lot,rooms", "logistic", NULL);
    mlpipe_report *r = card_of(m);
    double sum = 0;
    uint32_t rows;
    const mlpipe__report_cell *cell = table_cells(
        r, "fit.coefficients", "feature,class,coefficient", &rows);
    (void)state;
    assert_non_null(cell);
    assert_int_equal(2 * 5, rows);
    assert_string_equal("lot", table_text(r, cell));
    assert_string_equal("Alta", table_text(r, cell + 1));
    assert_string_equal("Bergen", table_text(r, cell + 4));
    assert_string_equal("rooms", table_text(r, cell + 15));
    for (uint32_t i = 0; i < 5; i++)
        sum += cell[3 * i + 2].number;
    assert_near(sum, 0, 1e-12); /* coefficients are centred */
    /* The mean of a class number is no baseline; shares are. */
    assert_true(mlpipe_report_get(r, "baseline") !=
                mlpipe_report_get(r, "baseline"));
    cell = table_cells(r, "shares", "class,share", &rows);
    assert_int_equal(5, rows);
    sum = 0;
    for (uint32_t i = 0; i < 5; i++)
        sum += cell[2 * i + 1].number;
    assert_near(sum, 1, 1e-12);
    heard("multiclass task: town has 5 classes: Alta, Bergen, Moss, Oslo, "
          "Voss\n");
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    m = fit("target=town features=lot,rooms holdout=0", "naive_bayes", NULL);
    r = card_of(m);
    cell = table_cells(r, "fit.priors", "class,prior", &rows);
    assert_int_equal(5, rows);
    assert_string_equal("Voss", table_text(r, cell + 8));
    for (uint32_t i = 0; i < 5; i++)
        assert_near(cell[2 * i + 1].number, m->shares[i], 1e-12);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

/* 300 rows of nine numbers, and ten kinds. */
static mlpipe_dataset *wide(void)
{
    static double x[9][300];
    static int64_t kind[300];
    char name[2] = "a";
    mlpipe_builder *b;
    mlpipe_dataset *d;
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, NULL, &b));
    for (uint32_t f = 0; f < 9; f++, name[0]++) {
        for (int64_t i = 0; i < 300; i++)
            x[f][i] = made_unit(i, 50 + f);
        assert_ok(ctx, mlpipe_builder_column(ctx, b, name, MLPIPE_F64, x[f],
                                             NULL, 300));
    }
    for (int64_t i = 0; i < 300; i++)
        kind[i] = i % 10;
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "kind", MLPIPE_I64, kind,
                                         NULL, 300));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* No more than eight classes and weights on a line. */
static void many(void **state)
{
    mlpipe_pipeline *p =
        recipe("target=kind task=multiclass", "logistic", NULL);
    mlpipe_dataset *d = wide();
    mlpipe_model *m;
    mlpipe_buffer *b;
    (void)state;
    forget();
    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    heard("kind has 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, ...\n");
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    p = recipe("target=kind task=regression", "ridge", NULL);
    assert_ok(ctx, mlpipe_fit(ctx, p, d, NULL, &m));
    assert_ok(ctx, mlpipe_model_explain(ctx, m, &b));
    assert_non_null(strstr(mlpipe_buffer_data(b), " + ... of 9\n"));
    mlpipe_buffer_free(b);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
}

/* lambda=auto: one row a lambda, the chosen one with the least error. */
static void path(void **state)
{
    static const char *const learners[] = {"ridge", "lasso", "elastic_net"};
    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        mlpipe_model *m = fit("target=price features=lot,rooms,new",
                              learners[k], "lambda=auto lambdas=20");
        mlpipe_report *r = card_of(m);
        uint32_t rows, best = 0;
        const mlpipe__report_cell *cell = table_cells(
            r, "fit.path", "lambda,error,error_se,nonzero", &rows);
        assert_int_equal(20, rows);
        for (uint32_t i = 0; i < rows; i++) {
            best = cell[4 * i + 1].number < cell[4 * best + 1].number ? i
                                                                      : best;
            assert_true(cell[4 * i + 2].number > 0);
            assert_true(i == 0 ||
                        cell[4 * i].number < cell[4 * i - 4].number);
        }
        assert_same(cell[4 * best].number,
                    mlpipe_report_get(r, "fit.lambda"));
        assert_true(k ? cell[3].number < 1.5 : cell[3].number == 3);
        assert_true(cell[4 * 19 + 3].number > 2);
        mlpipe_report_free(r);
        mlpipe_model_free(m);
    }
}

/* A model of no feature is worth a warning, with the way out. */
static void nothing_left(void **state)
{
    mlpipe_model *m = fit("target=price features=lot,rooms", "lasso",
                          "lambda=1e9");
    char *at;
    (void)state;
    heard("2 lasso: no coefficient is left at lambda 1000000000, so that "
          "the answer is ");
    at = strstr(said.text, "comes in below lambda ");
    assert_non_null(at);
    const double edge = strtod(at + strlen("comes in below lambda "), NULL);
    char text[64];
    mlpipe_model_free(m);
    snprintf(text, sizeof text, "lambda=%g", 0.99 * edge);
    m = fit("target=price features=lot,rooms", "lasso", text);
    assert_null(strstr(said.text, "no coefficient"));
    mlpipe_model_free(m);
    snprintf(text, sizeof text, "lambda=%g", 1.01 * edge);
    m = fit("target=price features=lot,rooms", "lasso", text);
    heard("lasso: no coefficient is left");
    mlpipe_model_free(m);
    m = fit("target=price features=lot,rooms", "elastic_net",
            "lambda=1e9 l1_ratio=0.2");
    heard("elastic_net: no coefficient is left");
    mlpipe_model_free(m);
}

/* ---- rows --------------------------------------------------------------- */

static void rows(void **state)
{
    mlpipe_pipeline *p = recipe("target=price features=lot,rooms",
                                "drop_missing", "columns=lot");
    mlpipe_report *r;
    mlpipe_model *m;
    char line[200];
    (void)state;
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", NULL));
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "conformal", NULL));
    forget();
    assert_ok(ctx, mlpipe_fit(ctx, p, made, NULL, &m));
    r = card_of(m);
    const double given = mlpipe_report_get(r, "fit.rows");
    const double held = mlpipe_report_get(r, "fit.rows_held_out");
    const double with = mlpipe_report_get(r, "fit.rows_withheld");
    const double trained = mlpipe_report_get(r, "fit.rows_trained");
    assert_near(given, ROWS, 0);
    assert_true(held > 0 && with > 0);
    assert_near(given,
                held + with + trained +
                    mlpipe_report_get(r, "fit.rows_without_target") +
                    mlpipe_report_get(r, "fit.rows_dropped_by_steps"),
                0);
    snprintf(line, sizeof line,
             "3 fit: rows: %g given, 0 without a target, 0 dropped by steps, "
             "%g held out, %g withheld for what follows the learner, %g "
             "trained\n",
             given, held, with, trained);
    heard(line);
    /* one line, although folds and tails fit as well */
    assert_null(strstr(strstr(said.text, "fit: rows:") + 1, "fit: rows:"));
    mlpipe_report_free(r);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
}

/* ---- steps -------------------------------------------------------------- */

/* A transform tells what its fit found out, also from a file. */
static void transform_notes(void **state)
{
    mlpipe_pipeline *p = recipe("features=lot,rooms,price", "kmeans",
                                "k=3 keep=true");
    mlpipe_transform *t[2];
    mlpipe_buffer *b;
    (void)state;
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "pca",
                                       "columns=lot,rooms,price"));
    forget();
    assert_ok(ctx, mlpipe_transform_fit(ctx, p, made, NULL, &t[0]));
    heard("2 kmeans: feature \"lot\" has a standard deviation of ");
    heard("add scale before kmeans");
    assert_ok(ctx, mlpipe_transform_bytes(ctx, t[0], &b));
    assert_ok(ctx, mlpipe_transform_load_bytes(
                       ctx, mlpipe_buffer_data(b), mlpipe_buffer_size(b),
                       &t[1]));
    mlpipe_buffer_free(b);
    for (uint32_t k = 0; k < 2; k++) {
        const mlpipe__report_cell *cell;
        mlpipe_report *r;
        double sum = 0;
        uint32_t n;
        assert_ok(ctx, mlpipe_transform_notes(ctx, t[k], &r));
        mlpipe_transform_free(t[k]);
        assert_near(mlpipe_report_get(r, "rows"), ROWS, 0);
        assert_near(mlpipe_report_get(r, "rows_added"), 0, 0);
        assert_true(mlpipe_report_get(r, "kmeans.inertia") > 0);
        assert_true(mlpipe_report_get(r, "kmeans.scales_apart") > 100);
        cell = table_cells(r, "kmeans.sizes", "cluster,rows", &n);
        assert_int_equal(3, n);
        for (uint32_t i = 0; i < n; i++)
            sum += cell[2 * i + 1].number;
        assert_near(sum, ROWS, 0);
        cell = table_cells(r, "pca.variance",
                           "component,variance,share,share_so_far", &n);
        assert_int_equal(3, n);
        assert_near(cell[4 * 2 + 3].number, 1, 1e-12);
        cell = table_cells(r, "pca.loadings",
                           "feature,component_1,component_2,component_3",
                           &n);
        assert_int_equal(3, n);
        assert_string_equal("rooms", table_text(r, cell + 4));
        mlpipe_report_free(r);
    }
    mlpipe_pipeline_free(p);
    /* scaled columns are no matter */
    p = recipe("features=lot,rooms,price", "scale", NULL);
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "kmeans", "k=3"));
    forget();
    assert_ok(ctx, mlpipe_transform_fit(ctx, p, made, NULL, &t[0]));
    assert_null(strstr(said.text, "standard deviation"));
    mlpipe_transform_free(t[0]);
    mlpipe_pipeline_free(p);
}

/* ---- what is refused ---------------------------------------------------- */

static void refuse_fit(const char *params, const char *learner,
                       const char *text, mlpipe_status want, const char *says)
{
    mlpipe_pipeline *p = recipe(params, learner, text);
    mlpipe_model *m = (mlpipe_model *)p;
    expect(want, mlpipe_fit(ctx, p, made, NULL, &m), says);
    assert_null(m);
    mlpipe_pipeline_free(p);
}

static void reserved_roles(void **state)
{
    static const char *const role[] = {"split=rooms", "known_time=day",
                                       "key=id"};
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        char text[120], says[120];
        mlpipe_pipeline *p;
        mlpipe_transform *t;
        snprintf(text, sizeof text, "target=price features=new %s", role[i]);
        snprintf(says, sizeof says,
                 "the recipe has %s, and that role is reserved", role[i]);
        refuse_fit(text, "ridge", NULL, MLPIPE_E_UNSUPPORTED, says);
        assert_string_equal(strchr(role[i], '=') + 1,
                            mlpipe_ctx_error(ctx)->column);
        snprintf(text, sizeof text, "features=price %s", role[i]);
        p = recipe(text, "scale", NULL);
        expect(MLPIPE_E_UNSUPPORTED,
               mlpipe_transform_fit(ctx, p, made, NULL, &t), says);
        mlpipe_pipeline_free(p);
    }
    mlpipe_model_free(fit("target=price features=new label_time=day "
                          "segment=town private=rooms group=town id=id "
                          "weight=rooms",
                          "ridge", NULL));
}

static void other_learners(void **state)
{
    (void)state;
    refuse_fit("target=town features=lot", "ridge", NULL,
               MLPIPE_E_UNSUPPORTED,
               "the learner \"ridge\" does not do the task multiclass of "
               "this target; take one of: gbt, logistic, knn, naive_bayes");
    refuse_fit("target=price features=lot", "naive_bayes", NULL,
               MLPIPE_E_UNSUPPORTED,
               "take one of: gbt, ridge, lasso, elastic_net, knn");
}

static void three_classes(void **state)
{
    static const char *const steps[] = {"oversample", "undersample", "smote"};
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        mlpipe_pipeline *p =
            recipe("target=town features=lot,rooms", steps[i], NULL);
        mlpipe_model *m;
        assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "gbt", "trees=2"));
        expect(MLPIPE_E_UNSUPPORTED, mlpipe_fit(ctx, p, made, NULL, &m),
               "the target has 5 classes, and oversample, undersample and "
               "smote balance two");
        mlpipe_pipeline_free(p);
    }
}

/* Known before there are rows: what only a fit used to find. */
static void at_add(void **state)
{
    static const char *const wrong[][3] = {
        {"ridge", "lambda=foo", "lambda=\"foo\" is neither auto nor"},
        {"lasso", "lambda=-1", "lambda=\"-1\" is neither auto nor"},
        {"elastic_net", "lambda=1e101", "a number from 0 to 1e100"},
        {"lasso", "lambda=0", "ask ridge"},
        {"scale", "zscore", "did you mean method=zscore?"},
        {"ridge", "1se", "did you mean rule=1se?"},
        {"scale", "zscores", "no key=value; put values"},
    };
    mlpipe_pipeline *p;
    (void)state;
    assert_ok(ctx, mlpipe_pipeline_new(ctx, "target=price", &p));
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(MLPIPE_E_PARAM,
               mlpipe_pipeline_add(ctx, p, wrong[i][0], wrong[i][1]),
               wrong[i][2]);
    assert_ok(ctx, mlpipe_pipeline_add(ctx, p, "ridge", "lambda=0"));
    mlpipe_pipeline_free(p);
}

/* ---- metrics ------------------------------------------------------------ */

static void metrics(void **state)
{
    mlpipe_model *m = fit("target=town features=lot,rooms", "gbt", "trees=3");
    const mlpipe__report_cell *cell;
    mlpipe_report *r;
    mlpipe_figure figure = {1, 1, 1, 1};
    const char *name = "";
    uint32_t n;
    (void)state;
    expect(MLPIPE_E_PARAM, mlpipe_evaluate(ctx, m, made, "metrics=auc", &r),
           "metric \"auc\" is not one of the task multiclass; take one of: "
           "auc_ovr, auc_ovr_weighted, auc_ovo");
    assert_ok(ctx, mlpipe_evaluate(ctx, m, made, "metrics=kappa", &r));
    for (uint32_t i = 0; strcmp(name, "kappa_baseline"); i++)
        assert_ok(ctx, mlpipe_report_figure(r, i, &name, &figure));
    assert_same(0.0, figure.value);
    assert_same(0.0, figure.low);
    assert_same(0.0, figure.high);
    assert_true(mlpipe_report_get(r, "baseline") !=
                mlpipe_report_get(r, "baseline"));
    cell = table_cells(r, "shares", "class,share", &n);
    assert_int_equal(5, n);
    assert_same(m->shares[4], cell[9].number);
    mlpipe_report_free(r);
    mlpipe_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights),
        cmocka_unit_test(classes),
        cmocka_unit_test(many),
        cmocka_unit_test(path),
        cmocka_unit_test(nothing_left),
        cmocka_unit_test(rows),
        cmocka_unit_test(transform_notes),
        cmocka_unit_test(reserved_roles),
        cmocka_unit_test(other_learners),
        cmocka_unit_test(three_classes),
        cmocka_unit_test(at_add),
        cmocka_unit_test(metrics),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
