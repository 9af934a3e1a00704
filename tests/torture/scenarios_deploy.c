/* SPDX-License-Identifier: MIT */
/* Predictors, slots, workers. */
#include "serve_world.h"

static serve_kept kept;

static void serve_end(void)
{
    mlpipe_model_free(kept.a);
    mlpipe_model_free(kept.b);
    mlpipe_pipeline_free(kept.recipe);
    mlpipe_dataset_free(kept.half);
    mlpipe_dataset_free(kept.rows);
    memset(&kept, 0, sizeof kept);
}

const serve_kept *serve_get_kept(void)
{
    return &kept;
}

mlpipe_status serve_make_kept(void)
{
    mlpipe_ctx *c = torture_forever();
    mlpipe_status st;

    if (kept.b)
        return MLPIPE_OK;
    torture_at_end(serve_end);
    serve_end(); /* of an attempt that failed */
    st = torture_dataset(c, &kept.rows);
    if (!st)
        st = mlpipe_dataset_slice(c, kept.rows, 0, 40, &kept.half);
    if (!st)
        st = mlpipe_pipeline_new(
            c, "target=y id=id time=when features=x,color holdout=0.3",
            &kept.recipe);
    if (!st)
        st = mlpipe_pipeline_add(c, kept.recipe, "gbt",
                                 "trees=3 leaves=4 min_rows=5 rate=0.5");
    if (!st)
        st = mlpipe_fit(c, kept.recipe, kept.half, NULL, &kept.a);
    if (!st)
        st = mlpipe_fit(c, kept.recipe, kept.rows, NULL, &kept.b);
    if (st)
        printf("# %s\n", mlpipe_ctx_error(c)->text);
    return st;
}

/* ---- the world -------------------------------------------------------- */

mlpipe_status serve_make_world(torture *t, serve_world *w, const char *cycle)
{
    mlpipe_status st = serve_make_kept();

    memset(w, 0, sizeof *w);
    torture_calm(t);
    if (!st)
        st = torture_layout(t->c, &w->layout);
    if (!st)
        st = mlpipe_layout_token(t->c, w->layout, "red", 3, &w->red);
    if (!st)
        st = mlpipe_slot_new(t->c, kept.a, w->layout, "workers=4 ring=256",
                             &w->slot);
    if (!st)
        st = mlpipe_monitor_new(t->c, w->slot, "pane=20 capture=150",
                                &w->monitor);
    if (!st)
        st = mlpipe_worker_new(t->c, w->slot, NULL, &w->worker);
    if (!st && cycle)
        st = mlpipe_cycle_new(t->c, w->monitor, kept.recipe, cycle,
                              &w->cycle);
    torture_storm(t);
    if (st)
        printf("# %s\n", mlpipe_ctx_error(t->c)->text);
    return st;
}

void serve_free_world(serve_world *w)
{
    mlpipe_slot_free(w->slot);
    mlpipe_cycle_free(w->cycle);
    mlpipe_layout_free(w->layout);
    mlpipe_worker_free(w->worker);
    mlpipe_monitor_free(w->monitor);
}

mlpipe_status serve_requests(torture *t, serve_world *w, uint64_t first,
                             uint64_t n, double slope)
{
    mlpipe_status st = MLPIPE_OK;

    torture_calm(t);
    for (uint64_t id = first; !st && id < first + n; id++) {
        const torture_row row = {(double)(id * 37 % 61) / 8.0,
                                 id % 2 ? w->red : 0};
        double out;
        st = mlpipe_worker_predict(w->worker, id, (int64_t)id * 1000000,
                                   &row, &out, 1);
        if (!st)
            st = mlpipe_monitor_truth(t->c, w->monitor, id,
                                      (int64_t)id * 1000000 + 7,
                                      slope * row.x + (double)(id % 5));
    }
    torture_storm(t);
    return st;
}

/* ---- predictors ------------------------------------------------------- */

/* Everything that a predictor does, with the scratch of the caller. */
static void predict_all(torture *t, const mlpipe_predictor *p, bool layout)
{
    static _Alignas(64) unsigned char scratch[1 << 20];
    const torture_row rows[2] = {{0.5, 0}, {3.25, 1}};
    const double doubles[2] = {0.5, 1};
    const mlpipe_value values[2] = {{0.5, NULL, 0, MLPIPE_VALUE_NUMBER},
                                    {0, "red", 3, MLPIPE_VALUE_TEXT}};
    double out[2] = {0, 0};

    torture_check(t, mlpipe_predictor_scratch(p) <= sizeof scratch);
    torture_check(t, !mlpipe_predict_row(p, scratch,
                                         layout ? (const void *)rows
                                                : (const void *)doubles,
                                         out));
    torture_record(t, out, sizeof *out);
    if (layout) {
        torture_check(t, !mlpipe_predict_rows(p, scratch, rows, sizeof *rows,
                                              2, out));
        torture_record(t, out, sizeof out);
        return;
    }
    torture_check(t, !mlpipe_predict_values(p, scratch, values, out));
    torture_record(t, out, sizeof *out);
    out[0] = mlpipe_predictor_code(p, 1, "green", 5);
    torture_record(t, out, sizeof *out);
}

static mlpipe_status torture_predictor(torture *t)
{
    mlpipe_predictor *p = (mlpipe_predictor *)t;
    mlpipe_layout *l = NULL;
    uint32_t token = 0;
    mlpipe_status st = serve_make_kept();

    if (!st)
        st = mlpipe_predictor_new(t->c, kept.a, NULL, &p);
    torture_check(t, !st == (p != NULL));
    if (!st)
        predict_all(t, p, false);
    mlpipe_predictor_free(p);
    if (!st)
        st = torture_layout(t->plain, &l);
    if (!st)
        st = mlpipe_layout_token(t->plain, l, "red", 3, &token);
    p = NULL;
    if (!st)
        st = mlpipe_predictor_new(t->c, kept.a, l, &p);
    mlpipe_layout_free(l);
    if (!st)
        predict_all(t, p, true);
    mlpipe_predictor_free(p);
    return st;
}

static mlpipe_status torture_predict(torture *t)
{
    mlpipe_predictor *p = NULL;
    mlpipe_status st = serve_make_kept();

    if (!st)
        st = mlpipe_predictor_new(t->plain, kept.a, NULL, &p);
    if (!st)
        predict_all(t, p, false);
    mlpipe_predictor_free(p);
    return st;
}

/* ---- slots and workers ------------------------------------------------ */

static void record_answer(torture *t, mlpipe_worker *w, uint32_t red)
{
    const torture_row row = {2.5, red};
    double out = 0;
    uint64_t version;
    uint32_t flags;

    torture_check(t, !mlpipe_worker_predict(w, 9, 9, &row, &out, 1));
    torture_check(t, !*mlpipe_worker_error(w));
    version = mlpipe_worker_version(w);
    flags = mlpipe_worker_flags(w);
    torture_record(t, &out, sizeof out);
    torture_record(t, &version, sizeof version);
    torture_record(t, &flags, sizeof flags);
}

static mlpipe_status torture_slot(torture *t)
{
    mlpipe_slot *slot = (mlpipe_slot *)t;
    mlpipe_worker *w = NULL;
    mlpipe_status st = serve_make_kept();

    if (!st)
        st = mlpipe_slot_new(t->c, kept.a, NULL, "workers=2", &slot);
    torture_check(t, !st == (slot != NULL));
    if (!st)
        st = mlpipe_worker_new(t->c, slot, NULL, &w);
    torture_check(t, !st == (w != NULL));
    if (!st) {
        const double row[2] = {0.5, 1};
        double out;
        torture_check(t, !mlpipe_worker_predict(w, 1, 1, row, &out, 1));
        torture_record(t, &out, sizeof out);
    }
    mlpipe_slot_free(slot);
    mlpipe_worker_free(w);
    return st;
}

/* A swap that fails leaves the slot as it was. */
static mlpipe_status torture_swap(torture *t)
{
    serve_world w;
    mlpipe_model *now = NULL;
    uint32_t waiting = 7;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st)
        st = mlpipe_slot_swap(t->c, w.slot, kept.b);
    if (w.slot) {
        torture_check(t, mlpipe_slot_version(w.slot) == (st ? 1 : 2));
        const mlpipe_status model = mlpipe_slot_model(t->plain, w.slot, &now);
        torture_check(t, model || now == (st ? kept.a : kept.b));
        mlpipe_model_free(now);
    }
    if (!st)
        record_answer(t, w.worker, w.red);
    if (!st)
        st = mlpipe_slot_rollback(t->c, w.slot);
    if (!st) {
        torture_check(t, mlpipe_slot_version(w.slot) == 1);
        record_answer(t, w.worker, w.red);
        st = mlpipe_slot_reclaim(t->c, w.slot, &waiting);
        torture_check(t, waiting == 0);
    }
    serve_free_world(&w);
    return st;
}

static mlpipe_status torture_worker(torture *t)
{
    mlpipe_worker *more = (mlpipe_worker *)t;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st) {
        st = mlpipe_worker_new(t->c, w.slot, NULL, &more);
        torture_check(t, !st == (more != NULL));
        if (!st)
            record_answer(t, more, w.red);
        mlpipe_worker_free(more);
    }
    serve_free_world(&w);
    return st;
}

/* What a host tells needs no memory, and is in the report. */
static mlpipe_status torture_told(torture *t)
{
    mlpipe_report *r = NULL;
    serve_world w;
    mlpipe_status st = serve_make_world(t, &w, NULL);

    if (!st) {
        double n[2];
        mlpipe_worker_latency(w.worker, 1500);
        mlpipe_worker_failed(w.worker, MLPIPE_E_HOST);
        st = mlpipe_monitor_report(t->c, w.monitor, &r);
        n[0] = mlpipe_report_get(r, "deployment.latency_ns_p50");
        n[1] = mlpipe_report_get(r, "deployment.errors.E_HOST");
        torture_check(t, st || n[1] == 1.0);
        torture_record(t, n, st ? 0 : sizeof n);
    }
    mlpipe_report_free(r);
    serve_free_world(&w);
    return st;
}

const torture_scenario torture_deploy[] = {
    {"mlpipe_predictor_new", torture_predictor, 0},
    {"mlpipe_predictor_free", torture_predictor, 0},
    {"mlpipe_predictor_scratch", torture_predict, TORTURE_NO_ALLOC},
    {"mlpipe_predictor_code", torture_predict, TORTURE_NO_ALLOC},
    {"mlpipe_predict_row", torture_predict, TORTURE_NO_ALLOC},
    {"mlpipe_predict_rows", torture_predictor, 0},
    {"mlpipe_predict_values", torture_predict, TORTURE_NO_ALLOC},
    {"mlpipe_slot_new", torture_slot, 0},
    {"mlpipe_slot_free", torture_slot, 0},
    {"mlpipe_slot_swap", torture_swap, 0},
    {"mlpipe_slot_rollback", torture_swap, 0},
    {"mlpipe_slot_reclaim", torture_swap, 0},
    {"mlpipe_slot_version", torture_swap, 0},
    {"mlpipe_slot_model", torture_swap, 0},
    {"mlpipe_worker_new", torture_worker, 0},
    {"mlpipe_worker_predict", torture_worker, 0},
    {"mlpipe_worker_flags", torture_worker, 0},
    {"mlpipe_worker_version", torture_worker, 0},
    {"mlpipe_worker_error", torture_worker, 0},
    {"mlpipe_worker_latency", torture_told, 0},
    {"mlpipe_worker_failed", torture_told, 0},
    {"mlpipe_worker_free", torture_worker, 0},
    {NULL, NULL, 0},
};
