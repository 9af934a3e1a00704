/* SPDX-License-Identifier: MIT */
/*
 * One trial: the recipe with its values, fitted and scored. What fails because
 * of the values is told in the trial; what would fail whatever they are ends
 * the search.
 */
#include "search_types.h"

double mlpipe__search_since(const mlpipe__search *s, uint64_t start)
{
    const mlpipe__env *env = s->ctx->env;
    return env->clock_ns ? (double)(env->clock_ns(env->user) - start) * 1e-9
                         : 0.0;
}

bool mlpipe__search_late(mlpipe__search *s)
{
    if (s->seconds > 0 && !s->out_of_time)
        s->out_of_time = mlpipe__search_since(s, s->started) >= s->seconds;
    return s->out_of_time;
}

/* Errors that say nothing about the values of a trial. */
static bool trial_ends_all(mlpipe_status st)
{
    return st == MLPIPE_E_NOMEM || st == MLPIPE_E_CANCELLED ||
           st == MLPIPE_E_HOST || st == MLPIPE_E_IO || st == MLPIPE_E_LEAK;
}

static mlpipe_status trial_message(mlpipe__search *s, mlpipe__trial *t,
                                   mlpipe_status status, const char *text)
{
    t->status = status;
    mlpipe__free(s->ctx->env, t->message);
    t->message = mlpipe__strdup(s->ctx->env, text, strlen(text));
    t->state = MLPIPE__TRIAL_FAILED;
    t->score = t->low = t->high = t->sd = mlpipe__nan();
    t->loss = mlpipe__inf();
    t->n = 0;
    return t->message ? MLPIPE_OK : mlpipe__nomem(s->ctx);
}

mlpipe_status mlpipe__search_check_metric(mlpipe__search *s, uint32_t task)
{
    if (s->metric->tasks & task)
        return MLPIPE_OK;
    return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                        "mlpipe_search: metric=%s does not score the task %s "
                        "of the target \"%s\", whose default is %s",
                        s->metric->name, mlpipe__task_name(task),
                        s->recipe->target, mlpipe__task_metric(task));
}

/* Those of mlpipe_evaluate. */
static void trial_params(const mlpipe__search *s, mlpipe__text *out)
{
    const mlpipe__setting *query = mlpipe__params_get(&s->params, "query");
    mlpipe__text_add(out, "{\"metrics\":[\"%s\"]", s->metric->name);
    if (query->count) {
        mlpipe__text_add(out, ",\"query\":[");
        mlpipe__text_json(out, query->names[0], strlen(query->names[0]));
        mlpipe__text_add(out, "]");
    }
    mlpipe__text_add(out, "}");
}

static mlpipe_status trial_score(mlpipe__search *s, const mlpipe_model *m,
                                 const mlpipe_dataset *rows,
                                 mlpipe_figure *out)
{
    mlpipe_report *report = NULL;
    mlpipe__text params;
    const char *name;
    uint32_t i;
    /* some rows may lack the classes that make the task of all of them */
    mlpipe_status st = mlpipe__search_check_metric(s, m->task);
    if (st)
        return st;
    mlpipe__text_init(&params, s->ctx->env);
    trial_params(s, &params);
    st = params.failed
             ? mlpipe__nomem(s->ctx)
             : mlpipe_evaluate(s->ctx, m, rows, params.data, &report);
    mlpipe__text_free(&params);
    for (i = 0; !st && !mlpipe_report_figure(report, i, &name, out); i++)
        if (!strcmp(name, s->metric->name))
            break;
    if (!st)
        out->n = mlpipe_report_get(report, "n");
    mlpipe_report_free(report);
    return st;
}

/* One fit and its score; k = the fold. */
static mlpipe_status trial_fold(mlpipe__search *s, const mlpipe_pipeline *p,
                                uint32_t rung, uint32_t k,
                                mlpipe_figure *out)
{
    const uint32_t width = s->folds ? s->folds : 1;
    const mlpipe_dataset *train = s->fit_rows[rung * width + k];
    mlpipe_model *m = NULL;
    mlpipe_status st = mlpipe_fit(s->ctx, p, train, s->valid, &m);
    if (!st)
        st = trial_score(s, m, s->folds ? s->score_rows[k] : s->valid, out);
    mlpipe_model_free(m);
    return st;
}

/* The mean over folds, and the deviation of one fold from it. */
static void trial_mean(mlpipe__trial *t, const double *score, uint32_t folds)
{
    mlpipe__exact sum;
    double squares = 0.0;
    uint32_t k;
    bool finite = true;
    for (k = 0; k < folds; k++)
        finite = finite && mlpipe__finite(score[k]);
    t->score = t->sd = mlpipe__nan();
    if (!finite)
        return;
    mlpipe__exact_init(&sum);
    for (k = 0; k < folds; k++)
        mlpipe__exact_add(&sum, score[k]);
    t->score = mlpipe__exact_mean(&sum, folds);
    for (k = 0; k < folds; k++)
        squares += (score[k] - t->score) * (score[k] - t->score);
    t->sd = mlpipe__sqrt(squares / (folds - 1.0));
}

static mlpipe_status trial_folds(mlpipe__search *s, const mlpipe_pipeline *p,
                                 uint32_t rung, mlpipe__trial *t)
{
    double score[MLPIPE__SEARCH_FOLDS];
    mlpipe_figure f;
    mlpipe_status st = MLPIPE_OK;
    t->n = 0;
    t->low = t->high = mlpipe__nan();
    for (uint32_t k = 0; !st && k < s->folds; k++) {
        st = trial_fold(s, p, rung, k, &f);
        if (st)
            break;
        score[k] = f.value;
        t->n += f.n;
    }
    if (!st)
        trial_mean(t, score, s->folds);
    return st;
}

static mlpipe_status trial_run(mlpipe__search *s, uint32_t trial,
                               uint32_t rung)
{
    mlpipe__trial *t = &s->trials[trial];
    mlpipe_pipeline *changed = NULL;
    mlpipe_figure f;
    mlpipe_status st = MLPIPE_OK;
    if (trial) /* the first is the recipe as it is */
        st = mlpipe__space_apply(s->ctx, &s->space, s->recipe, t->x,
                                 &changed);
    if (!st && s->folds) {
        st = trial_folds(s, changed ? changed : s->recipe, rung, t);
    } else if (!st) {
        st = trial_fold(s, changed ? changed : s->recipe, rung, 0, &f);
        if (!st) {
            t->score = f.value;
            t->low = f.low;
            t->high = f.high;
            t->sd = mlpipe__nan();
            t->n = f.n;
        }
    }
    mlpipe_pipeline_free(changed);
    return st;
}

/* What was scored is comparable, or failed after all. */
static mlpipe_status trial_judge(mlpipe__search *s, uint32_t trial)
{
    const mlpipe__trial *own = &s->trials[0];
    mlpipe__trial *t = &s->trials[trial];
    char text[160];
    if (!mlpipe__finite(t->score)) {
        mlpipe__format(text, sizeof text,
                       "the %s is %g, which is no finite number",
                       s->metric->name, t->score);
        return trial_message(s, t, MLPIPE_E_NUMERIC, text);
    }
    if (trial && own->state == MLPIPE__TRIAL_DONE && t->n < own->n) {
        mlpipe__format(text, sizeof text,
                       "it answers %g rows, and the recipe's own values "
                       "answer %g; scores on fewer rows do not compare",
                       t->n, own->n);
        return trial_message(s, t, MLPIPE_E_EMPTY, text);
    }
    t->loss = s->metric->higher_is_better ? -t->score : t->score;
    t->state = MLPIPE__TRIAL_DONE;
    return MLPIPE_OK;
}

void mlpipe__search_tell_replayed(mlpipe__search *s)
{
    if (!s->replayed || s->replay_told)
        return;
    s->replay_told = true;
    mlpipe__log_line(s->ctx, MLPIPE_LOG_INFO, "search",
                     "%u results of trials from %s; they are not run again",
                     s->replayed, s->journal.path);
}

mlpipe_status mlpipe__search_measure(mlpipe__search *s, uint32_t trial,
                                     uint32_t rung)
{
    mlpipe__trial *t = &s->trials[trial];
    const mlpipe__env *env = s->ctx->env;
    const uint64_t start = env->clock_ns ? env->clock_ns(env->user) : 0;
    bool found = false;
    mlpipe_status st = mlpipe__journal_take(s, trial, rung, &found);
    s->replayed += found;
    if (st || found)
        return st;
    mlpipe__search_tell_replayed(s);
    st = trial_run(s, trial, rung);
    if (st && trial_ends_all(st))
        return st;
    t->rung = rung;
    st = st ? trial_message(s, t, st, s->ctx->error_text)
            : trial_judge(s, trial);
    if (!st)
        mlpipe__error_clear(s->ctx, "mlpipe_search");
    t->seconds += mlpipe__search_since(s, start);
    s->evaluated++;
    return st ? st : mlpipe__journal_add(s, trial, rung);
}
