/* SPDX-License-Identifier: MIT */
/*
 * House sales through the whole loop: collect, clean, augment, train,
 * validate, test, version, deploy, monitor, drift, retrain, gate, swap.
 *
 *     houses                 with sales that it invents
 *     houses sales.csv       with yours: id, date, price, sqft_living,
 *                            sqft_lot, grade (text), yr_built and others
 */
#include "04_houses.h"

#include <stdio.h>

#define FIELD(name, kind)                                                  \
    mlpipe_layout_field(c, l, #name, kind, offsetof(struct house, name))

static mlpipe_dataset *all, *part[4]; /* train, valid, test, live */
static mlpipe_pipeline *p, *tuned;
static mlpipe_model *m, *best;
static mlpipe_report *trials, *score, *health, *lineage;
static mlpipe_store *store;
static mlpipe_layout *l;
static mlpipe_slot *slot;
static mlpipe_monitor *monitor;
static mlpipe_worker *w;
static mlpipe_cycle *cycle;

/* From a file to a tested and saved model. */
static mlpipe_status learn(mlpipe_ctx *c, const char *csv)
{
    return mlpipe_read_csv(c, csv, NULL, &all)
        || mlpipe_dataset_split(c, all, "order=date parts=0.3,0.1,0.1,0.5",
                                part, 4)
        || mlpipe_pipeline_new(c, "target=log(price) id=id time=date "
                               "features=sqft_living,sqft_lot,grade,yr_built",
                               &p)
        || mlpipe_pipeline_add(c, p, "dedupe", "on=id,date keep=last")
        || mlpipe_pipeline_add(c, p, "impute",
                               "numeric=median text=mode indicator=true")
        || mlpipe_pipeline_derive(c, p, "lot_ratio = sqft_living / "
                                  "max(sqft_lot, 1); age = year(as_of) - "
                                  "yr_built")
        || mlpipe_pipeline_add(c, p, "jitter", "columns=sqft_living,sqft_lot "
                               "sd=0.01 copies=1")
        || mlpipe_pipeline_add(c, p, "gbt", "trees=300")
        || mlpipe_search(c, p, part[0], part[1], "gbt.leaves=15..63 "
                         "gbt.rate=0.03..0.2:log", "trials=4", &tuned,
                         &trials)
        || mlpipe_fit(c, tuned, part[0], part[1], &m)
        || mlpipe_evaluate(c, m, part[2], "metrics=rmse,r2", &score)
        || mlpipe_model_attach(c, m, score, &best)
        || mlpipe_model_save(c, best, "houses.mlpipe")
        || mlpipe_store_open(c, "houses.store", NULL, &store)
        || mlpipe_store_put_dataset(c, store, "sales-train", part[0])
        || mlpipe_store_put_model(c, store, "houses", best)
        || mlpipe_store_lineage(c, store, "houses", &lineage);
}

/* From a model to a served, watched and self-renewing one. */
static mlpipe_status deploy(mlpipe_ctx *c)
{
    return mlpipe_layout_new(c, sizeof(struct house), &l)
        || FIELD(sqft_living, MLPIPE_F64) || FIELD(sqft_lot, MLPIPE_F64)
        || FIELD(yr_built, MLPIPE_I32) || FIELD(grade, MLPIPE_TOKEN)
        || mlpipe_layout_missing(c, l, "yr_built", -1)
        || mlpipe_slot_new(c, best, l, NULL, &slot)
        || mlpipe_monitor_new(c, slot, "pane=1000 capture=50000", &monitor)
        || mlpipe_worker_new(c, slot, NULL, &w)
        || mlpipe_cycle_new(c, monitor, tuned, "when='performance or age > "
                            "365 d' gate=rmse probation=2000", &cycle);
}

/* A sale of the live part as the host's record, and when it was. */
static mlpipe_status record_of(mlpipe_ctx *c, int64_t row, struct house *h,
                               int64_t *day, double *sold_for)
{
    static const char *const names[6] = {"sqft_living", "sqft_lot",
                                         "yr_built", "grade", "date",
                                         "price"};
    mlpipe_value v[6];
    int i;

    for (i = 0; i < 6; i++) {
        const int32_t column = mlpipe_dataset_find(part[3], names[i]);

        if (column < 0 || mlpipe_dataset_cell(part[3], row, (uint32_t)column,
                                              &v[i]))
            return MLPIPE_E_SCHEMA;
    }
    h->sqft_living = v[0].num;
    h->sqft_lot = v[1].num;
    h->yr_built = v[2].kind ? (int32_t)v[2].num : -1; /* no NaN here */
    h->grade = 0;
    *day = (int64_t)v[4].num / 86400;
    *sold_for = v[5].num;
    if (v[3].kind != MLPIPE_VALUE_TEXT)
        return MLPIPE_OK;
    return mlpipe_layout_token(c, l, v[3].str, (size_t)v[3].len, &h->grade);
}

/* What a tick decided, as a line of the table; retrains when asked. */
static mlpipe_status act(mlpipe_ctx *c, int32_t action, int64_t row)
{
    static const char *const what[] = {
        "", "performance fell: retraining", "the challenger serves",
        "the challenger was not better", "the challenger has proved itself",
        "rolled back"};
    static const char *const stage[] = {"", "retrain", "swap", "gate",
                                        "probation", "rollback"};

    if (action)
        houses_note(stage[action], "after sale %lld: %s", (long long)row,
                    what[action]);
    return action == MLPIPE_ACTION_RETRAIN ? mlpipe_cycle_retrain(c, cycle)
                                           : MLPIPE_OK;
}

/* Sale by sale; the price becomes known a week later; a tick each day. */
static mlpipe_status serve(mlpipe_ctx *c)
{
    const int64_t rows = mlpipe_dataset_rows(part[3]);
    const int64_t us = INT64_C(86400000000);
    int64_t row, told = 0, day = 0, last = 0, past;
    struct house h, old;
    double price, sold_for;
    int32_t action;

    for (row = 0; row < rows; row++) {
        if (record_of(c, row, &h, &day, &sold_for))
            return MLPIPE_E_SCHEMA;
        if (mlpipe_worker_predict(w, (uint64_t)row + 1, day * us, &h, &price,
                                  1)) {
            fprintf(stderr, "%s\n", mlpipe_worker_error(w));
            return MLPIPE_E_ARG;
        }
        for (; told < row; told++) {
            if (record_of(c, told, &old, &past, &sold_for))
                return MLPIPE_E_SCHEMA;
            if (past + 7 > day)
                break;
            if (mlpipe_monitor_truth(c, monitor, (uint64_t)told + 1,
                                     (past + 7) * us, sold_for))
                return mlpipe_ctx_error(c)->status;
        }
        if (day == last)
            continue;
        last = day;
        if (mlpipe_cycle_tick(c, cycle, day * us, &action)
            || act(c, action, row))
            return mlpipe_ctx_error(c)->status;
    }
    return mlpipe_monitor_report(c, monitor, &health);
}

/* The stages before serving, as lines of the table. */
static void tell(void)
{
    houses_note("collect", "%lld sales, %u columns",
                (long long)mlpipe_dataset_rows(all),
                mlpipe_dataset_columns(all));
    houses_note("clean", "dedupe, impute (median, mode, indicators)");
    houses_note("features", "lot_ratio, age by expressions");
    houses_note("augment", "jitter of sqft_living and sqft_lot");
    houses_note("train", "gbt on %lld sales",
                (long long)mlpipe_dataset_rows(part[0]));
    houses_note("validate", "early stopping on %lld later sales; rmse %.0f "
                "in the best of %.0f trials, %.0f as it was",
                (long long)mlpipe_dataset_rows(part[1]),
                mlpipe_report_get(trials, "best"),
                mlpipe_report_get(trials, "trials_tried"),
                mlpipe_report_get(trials, "default"));
    houses_note("test", "R2 %.4f, rmse %.0f (baseline %.0f) on %lld later "
                "sales", mlpipe_report_get(score, "r2"),
                mlpipe_report_get(score, "rmse"),
                mlpipe_report_get(score, "rmse_baseline"),
                (long long)mlpipe_dataset_rows(part[2]));
    houses_note("version", "model %.12s, made from data %.12s (%s)",
                mlpipe_model_id(best), mlpipe_report_text(lineage, "train"),
                mlpipe_report_text(lineage, "train_name"));
    houses_note("deploy", "slot, worker, monitor, cycle");
}

static void free_all(void)
{
    int i;

    mlpipe_cycle_free(cycle);
    mlpipe_worker_free(w);
    mlpipe_monitor_free(monitor);
    mlpipe_slot_free(slot);
    mlpipe_layout_free(l);
    mlpipe_store_free(store);
    mlpipe_report_free(lineage);
    mlpipe_report_free(health);
    mlpipe_report_free(score);
    mlpipe_report_free(trials);
    mlpipe_model_free(best);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    for (i = 0; i < 4; i++)
        mlpipe_dataset_free(part[i]);
    mlpipe_dataset_free(all);
}

int main(int argc, char **argv)
{
    int shown = -1;
    mlpipe_ctx_options options = {sizeof options};
    mlpipe_ctx *c = NULL;
    mlpipe_buffer *text = NULL;
    mlpipe_status failed;

    options.progress = houses_progress;
    options.user = &shown;
    if (argc < 2 && houses_write("houses.csv"))
        return perror("houses.csv"), 1;
    failed = mlpipe_ctx_new(&options, &c)
        || learn(c, argc < 2 ? "houses.csv" : argv[1])
        || deploy(c);
    if (!failed) {
        tell();
        failed = serve(c)
            || mlpipe_report_render(c, health, "text", &text);
    }
    if (failed) {
        fprintf(stderr, "\n%s\n", mlpipe_ctx_error(c)->text);
    } else {
        printf("\n%s", mlpipe_buffer_data(text));
        houses_table();
    }
    mlpipe_buffer_free(text);
    free_all();
    mlpipe_ctx_free(c);
    return failed != 0;
}
