/* SPDX-License-Identifier: MIT */
/* pca against scikit-learn. */
#include "values_rig.h"

#include "feature/feature_internal.h"
#include "golden/cluster.h"
#include "report_table.h"

enum { N = CLUSTER_N, D = CLUSTER_D };

static const char *const pca_name[] = {"a", "b", "c", "d", "e"};
static double pca_column[D][N];

static void pca_open(step_rig *r)
{
    rig_open(r, N);
    for (uint32_t c = 0; c < D; c++) {
        for (uint32_t i = 0; i < N; i++)
            pca_column[c][i] = cluster_x[i * D + c];
        rig_column(r, pca_name[c], pca_column[c], NULL, 0);
    }
}

static void pca_compare(const char *text, const double *variance,
                        const double *share, const double *loadings,
                        const double *rows, bool whiten)
{
    const double size = sqrt(variance[0]);
    mlpipe_report *notes, *sealed;
    const mlpipe__report_cell *cell;
    static double got[N];
    double sum = 0;
    char name[32], heads[32 * (D + 1)] = "feature";
    uint32_t told;
    step_rig r;

    pca_open(&r);
    notes = mlpipe__report_new(r.ctx->env, "fit");
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca, text, NULL, notes));
    assert_ok(r.ctx, mlpipe__report_seal(r.ctx, notes, &sealed));
    for (uint32_t k = 0; k < D; k++) {
        const double over = whiten ? sqrt(variance[k]) : 1;

        snprintf(name, sizeof name, "pca_%u", k + 1);
        rig_read(&r, name, got);
        for (uint32_t i = 0; i < N; i++)
            assert_near(got[i] * over / size, rows[i * D + k] / size, 1e-10);
        strcat(strcat(heads, ",component_"), name + strlen("pca_"));
    }
    cell = table_cells(sealed, "pca.loadings", heads, &told);
    assert_int_equal(D, told);
    for (uint32_t i = 0; i < D; i++)
        for (uint32_t k = 0; k < D; k++)
            assert_near(cell[i * (D + 1) + 1 + k].number,
                        loadings[k * D + i], 1e-10);
    cell = table_cells(sealed, "pca.variance",
                       "component,variance,share,share_so_far", &told);
    assert_int_equal(D, told);
    for (uint32_t k = 0; k < D; k++) {
        sum += share[k];
        assert_near(cell[4 * k + 1].number / variance[0],
                    variance[k] / variance[0], 1e-10);
        assert_near(cell[4 * k + 2].number, share[k], 1e-10);
        assert_near(cell[4 * k + 3].number, sum, 1e-10);
    }
    mlpipe_report_free(sealed);
    group_widths(&r, NULL);
    rig_close(&r);
}

static void the_same_as_sklearn(void **state)
{
    (void)state;
    pca_compare(NULL, pca_plain_variance, pca_plain_share,
                pca_plain_loadings, pca_plain_rows, false);
    pca_compare("whiten=true", pca_plain_variance, pca_plain_share,
                pca_plain_loadings, pca_plain_rows, true);
    pca_compare("scale=true", pca_scaled_variance, pca_scaled_share,
                pca_scaled_loadings, pca_scaled_rows, false);
}

static void pca_components(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= D; k++) {
        double share = 0;
        char text[64];
        step_rig r;

        pca_open(&r);
        for (uint32_t i = 0; i < k; i++)
            share += pca_scaled_share[i];
        snprintf(text, sizeof text, "components=%.9f scale=true keep=true",
                 share - 1e-6);
        assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca, text, NULL,
                                     NULL));
        assert_int_equal(D + k, r.plan.var_count);
        assert_true(r.plan.vars[0].feature);
        rig_close(&r);
        pca_open(&r);
        snprintf(text, sizeof text, "components=%u", k);
        assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca, text, NULL,
                                     NULL));
        assert_int_equal(D + k, r.plan.var_count);
        assert_false(r.plan.vars[0].feature);
        rig_close(&r);
    }
}

/* Columns that others make add no component; one that is constant none too. */
static void pca_rank(void **state)
{
    static double a[N], b[N], sum[N], same[N], got[N];
    (void)state;

    for (uint32_t i = 0; i < N; i++) {
        a[i] = cluster_x[i * D];
        b[i] = cluster_x[i * D + 2];
        sum[i] = a[i] - 2 * b[i];
        same[i] = 0.1;
    }
    for (uint32_t scale = 0; scale < 2; scale++) {
        step_rig r;

        rig_open(&r, N);
        rig_column(&r, "a", a, NULL, 0);
        rig_column(&r, "b", b, NULL, 0);
        rig_column(&r, "sum", sum, NULL, 0);
        rig_column(&r, "same", same, NULL, 0);
        rig_listen(&r);
        assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca,
                                     scale ? "scale=true components=3"
                                           : "components=3",
                                     NULL, NULL));
        assert_heard(1, "3 components are asked for, and the 4 columns have "
                        "rank 2");
        assert_int_equal(6, r.plan.var_count);
        rig_read(&r, "pca_2", got);
        group_widths(&r, NULL);
        rig_close(&r);
    }
}

/* Weight 2 is two rows, also for the variance; weight 0 none. */
static void pca_weights(void **state)
{
    static double w[N], a[N], b[N], twice[2][N], got[N], other[N];
    step_rig r;
    uint32_t n = 0;
    (void)state;

    for (uint32_t i = 0; i < 150; i++) {
        w[i] = i % 3;
        a[i] = cluster_x[i * D];
        b[i] = cluster_x[i * D + 2];
        for (uint32_t k = 0; k < i % 3; k++) {
            twice[0][n] = a[i];
            twice[1][n++] = b[i];
        }
    }
    rig_open(&r, 150);
    rig_column(&r, "a", a, NULL, 0);
    rig_column(&r, "b", b, NULL, 0);
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca, "whiten=true", w,
                                 NULL));
    rig_read(&r, "pca_2", got);
    rig_close(&r);
    rig_open(&r, n);
    rig_column(&r, "a", twice[0], NULL, 0);
    rig_column(&r, "b", twice[1], NULL, 0);
    assert_ok(r.ctx, values_step(&r, &mlpipe__step_pca, "whiten=true", NULL,
                                 NULL));
    rig_read(&r, "pca_2", other);
    n = 0;
    for (uint32_t i = 0; i < 150; i++)
        for (uint32_t k = 0; k < i % 3; k++)
            assert_near(other[n++], got[i], 1e-12);
    rig_close(&r);
}

static void pca_refuses(void **state)
{
    static const double a[] = {1, NAN, 3, 4}, ok[] = {1, 2, 3, 4};
    static const double same[] = {2, 2, 2, 2}, large[] = {1, 2e150, 3, 4};
    static double light[] = {0.2, 0.2, 0.2, 0.2};
    static double heavy[] = {1e100, 1, 1e100, 1};
    static const double wide[] = {1e130, 2e130, 3e130, 4e130};
    static const struct {
        const char *text, *says;
        mlpipe_status status;
    } cases[] = {
        {"columns=a,ok", "add impute before it", MLPIPE_E_SCHEMA},
        {"columns=large", "add scale before it", MLPIPE_E_NUMERIC},
        {"columns=same", "all 1 columns are constant", MLPIPE_E_NUMERIC},
        {"columns=ok components=2", "components=2 of 1 columns",
         MLPIPE_E_PARAM},
        {"columns=ok,same components=1.5", "whole number", MLPIPE_E_PARAM},
        {"columns=ok components=0", "whole number", MLPIPE_E_PARAM},
        {"columns=ok", "takes more than 1", MLPIPE_E_EMPTY},
        {"columns=ok,wide", "\"wide\" reaches 4e+130", MLPIPE_E_NUMERIC},
    };
    (void)state;

    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        step_rig r;
        rig_open(&r, 4);
        rig_column(&r, "a", a, NULL, 0);
        rig_column(&r, "large", large, NULL, 0);
        rig_column(&r, "same", same, NULL, 0);
        rig_column(&r, "ok", ok, NULL, 0);
        rig_column(&r, "wide", wide, NULL, 0);
        assert_status(cases[i].status,
                      values_step(&r, &mlpipe__step_pca, cases[i].text,
                                  i == 6   ? light
                                  : i == 7 ? heavy
                                           : NULL,
                                  NULL));
        assert_says(r.ctx, cases[i].says);
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_sklearn),
        cmocka_unit_test(pca_components),
        cmocka_unit_test(pca_rank),
        cmocka_unit_test(pca_weights),
        cmocka_unit_test(pca_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
