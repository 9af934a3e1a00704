/* SPDX-License-Identifier: MIT */
/* What a search tells: every trial, the best, and what it is worth. */
#include "search_types.h"

static const char *const report_states[] = {"waiting", "done", "pruned",
                                            "failed"};
static const char report_warning[] =
    "the best score was chosen among all, and is too good by that; test the "
    "tuned recipe once, on rows that no trial has seen";

static void report_put(mlpipe_report *r, const char *name, const char *text)
{
    mlpipe__report_text(r, name, text, strlen(text));
}

static uint32_t report_count(const mlpipe__search *s, uint32_t state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->count; i++)
        n += s->trials[i].state == state;
    return n;
}

static mlpipe_figure report_score(const mlpipe__trial *t)
{
    mlpipe_figure f = {mlpipe__nan(), mlpipe__nan(), mlpipe__nan(),
                       mlpipe__nan()};
    if (t->state == MLPIPE__TRIAL_DONE)
        f = (mlpipe_figure){t->score, t->low, t->high, t->n};
    return f;
}

static void report_best(const mlpipe__search *s, mlpipe_report *r)
{
    const mlpipe__trial *own = &s->trials[0], *best = &s->trials[s->best];
    mlpipe_figure f = report_score(best);
    uint32_t same = 0;
    for (uint32_t i = 0; i < s->count; i++)
        same += s->trials[i].same != UINT32_MAX;
    mlpipe__report_figure(r, "best", &f);
    f = report_score(own);
    mlpipe__report_figure(r, "default", &f);
    mlpipe__report_number(r, "gain",
                          own->state == MLPIPE__TRIAL_DONE
                              ? own->loss - best->loss
                              : mlpipe__nan());
    mlpipe__report_number(r, "best_trial", s->best);
    mlpipe__report_number(r, "trials_tried", s->count);
    mlpipe__report_number(r, "trials_done",
                          report_count(s, MLPIPE__TRIAL_DONE));
    mlpipe__report_number(r, "trials_pruned",
                          report_count(s, MLPIPE__TRIAL_PRUNED));
    mlpipe__report_number(r, "trials_failed",
                          report_count(s, MLPIPE__TRIAL_FAILED));
    mlpipe__report_number(r, "trials_repeated", same);
    mlpipe__report_number(r, "fits", s->evaluated);
}

/* A name in the list of columns, which are separated by commas. */
static void report_column(mlpipe__text *t, const char *name)
{
    for (; *name; name++)
        mlpipe__text_put(t, *name == ',' ? ";" : name, 1);
}

static void report_trial(const mlpipe__search *s, mlpipe_report *r,
                         uint32_t i, mlpipe__text *text)
{
    const mlpipe__trial *t = &s->trials[i];
    const char *state = report_states[t->state];
    mlpipe__report_cell_number(r, i);
    for (uint32_t k = 0; k < s->space.count; k++) {
        const mlpipe__dim *d = &s->space.dims[k];
        const mlpipe__setting *own =
            &s->recipe->steps[d->step].params.items[d->param];
        if (i && d->kind != MLPIPE__DIM_LIST) {
            mlpipe__report_cell_number(r, t->x[k]);
            continue;
        }
        text->size = 0;
        if (i)
            mlpipe__dim_text(d, t->x[k], text);
        if (i && !text->failed)
            mlpipe__report_cell_text(r, text->data ? text->data : "",
                                     text->size);
        else if (d->kind != MLPIPE__DIM_LIST && own->text[0])
            mlpipe__report_cell_number(r, own->number);
        else
            mlpipe__report_cell_text(r, own->text, strlen(own->text));
    }
    mlpipe__report_cell_number(r, t->score);
    mlpipe__report_cell_number(r, t->low);
    mlpipe__report_cell_number(r, t->high);
    mlpipe__report_cell_number(r, t->sd);
    mlpipe__report_cell_number(r, (double)s->rung_rows[t->rung]);
    mlpipe__report_cell_number(r, t->n);
    mlpipe__report_cell_text(r, state, strlen(state));
    mlpipe__report_cell_text(r, t->message ? t->message : "",
                             t->message ? strlen(t->message) : 0);
}

static mlpipe_status report_table(const mlpipe__search *s, mlpipe_report *r)
{
    mlpipe__text text;
    bool failed;
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__text_add(&text, "trial");
    for (uint32_t i = 0; i < s->space.count; i++) {
        mlpipe__text_add(&text, ",");
        report_column(&text, s->space.dims[i].name);
    }
    mlpipe__text_add(&text, ",score,low,high,sd,rows,n,state,message");
    if (!text.failed)
        mlpipe__report_table(r, "trials", text.data);
    for (uint32_t i = 0; !text.failed && i < s->count; i++)
        report_trial(s, r, i, &text);
    failed = text.failed;
    mlpipe__text_free(&text);
    return failed ? mlpipe__nomem(s->ctx) : MLPIPE_OK;
}

static mlpipe_status report_space(const mlpipe__search *s, mlpipe_report *r)
{
    mlpipe__text text;
    bool failed;
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__space_write(&s->space, &text);
    failed = text.failed;
    if (!failed)
        report_put(r, "space", text.data);
    mlpipe__text_free(&text);
    return failed ? mlpipe__nomem(s->ctx) : MLPIPE_OK;
}

static mlpipe_status report_recipe(const mlpipe__search *s,
                                   const mlpipe_pipeline *p, const char *name,
                                   mlpipe_report *r)
{
    mlpipe__text text;
    char print[33];
    bool failed;
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__pipeline_write(p, &text);
    failed = text.failed;
    if (!failed) {
        mlpipe__hash_hex(mlpipe__hash(text.data, text.size), print);
        report_put(r, name, print);
    }
    mlpipe__text_free(&text);
    return failed ? mlpipe__nomem(s->ctx) : MLPIPE_OK;
}

/* Durations come last: all before them is the same for the same search. */
static mlpipe_status report_seconds(const mlpipe__search *s,
                                    mlpipe_report *r)
{
    double *each =
        mlpipe__alloc_array(s->ctx->env, s->count, sizeof *each);
    double sum = 0.0;
    if (!each)
        return mlpipe__nomem(s->ctx);
    for (uint32_t i = 0; i < s->count; i++)
        sum += each[i] = s->trials[i].seconds;
    mlpipe__report_number(r, "seconds", sum);
    mlpipe__report_series(r, "trial_seconds", each, s->count);
    mlpipe__free(s->ctx->env, each);
    return MLPIPE_OK;
}

static mlpipe_status report_fill(const mlpipe__search *s,
                                 const mlpipe_pipeline *tuned,
                                 mlpipe_report *r)
{
    mlpipe_status st;
    report_put(r, "metric", s->metric->name);
    report_put(r, "method", mlpipe__params_get(&s->params, "method")->text);
    st = report_space(s, r);
    if (!st)
        st = report_recipe(s, s->recipe, "recipe", r);
    if (!st)
        st = report_recipe(s, tuned, "tuned", r);
    report_put(r, "train", s->train_print);
    report_put(r, "valid", s->valid_print);
    report_put(r, "stopped", s->out_of_time ? "seconds" : "trials");
    report_put(r, "warning", report_warning);
    if (s->seconds > 0)
        report_put(r, "note",
                   "how many trials were run depends on the clock: seconds= "
                   "was given");
    report_best(s, r);
    mlpipe__report_number(r, "seed", (double)s->seed);
    mlpipe__report_number(r, "batch", s->batch);
    mlpipe__report_number(r, "folds", s->folds);
    mlpipe__report_number(r, "halving", s->halving);
    if (!st)
        st = report_table(s, r);
    return st ? st : report_seconds(s, r);
}

mlpipe_status mlpipe__search_report(mlpipe__search *s,
                                    const mlpipe_pipeline *tuned,
                                    mlpipe_report **out)
{
    mlpipe_report *r = mlpipe__report_new(s->ctx->env, "search");
    mlpipe_status st = r ? report_fill(s, tuned, r) : mlpipe__nomem(s->ctx);
    if (!st)
        return mlpipe__report_seal(s->ctx, r, out);
    mlpipe_report_free(r);
    return st;
}
