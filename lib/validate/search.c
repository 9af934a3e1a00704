/* SPDX-License-Identifier: MIT */
/*
 * Hyper-parameter search. Trials come in batches: the suggestions of a batch
 * are made before any of its results is known, so that what is tried depends
 * on the seed alone. The first trial is the recipe as it is.
 */
#include "search_types.h"

enum { SEARCH_TRIALS_MAX = 100000, SEARCH_METRICS_MAX = 80 };

const mlpipe__param mlpipe__search_params[] = {
    {"method", MLPIPE_PARAM_CHOICE, "tpe", 0, 0, "tpe,random,grid", 0x000100,
     "how values are chosen: from what the trials before came to, at random, "
     "or all of a grid"},
    {"trials", MLPIPE_PARAM_INT, "20", 1, SEARCH_TRIALS_MAX, NULL, 0x000100,
     "how many, the recipe's own values among them; a grid is run whole"},
    {"seconds", MLPIPE_PARAM_REAL, "0", 0, 1e9, NULL, 0x000100,
     "begin no trial after so many; how many are run then depends on the "
     "clock; 0: no end"},
    {"metric", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "what is made better; default: rmse, or logloss of classes"},
    MLPIPE__QUERY_PARAM,
    {"folds", MLPIPE_PARAM_INT, "", 2, MLPIPE__SEARCH_FOLDS, NULL, 0x000100,
     "without validation rows: folds by group or row id; default 5"},
    {"seed", MLPIPE_PARAM_INT, "0", 0, 9.2e18, NULL, 0x000100,
     "of the suggestions, the folds and the order of halving"},
    {"batch", MLPIPE_PARAM_INT, "", 1, 1000, NULL, 0x000100,
     "trials that are chosen together; default 4, with halving its square"},
    {"halving", MLPIPE_PARAM_INT, "0", 0, 10, NULL, 0x000100,
     "successive halving: the best 1 of so many of a batch go on to so many "
     "times the rows; 0: every trial sees all rows"},
    {"min_rows", MLPIPE_PARAM_INT, "1000", 1, 9e15, NULL, 0x000100,
     "halving begins with no fewer rows"},
    {"levels", MLPIPE_PARAM_INT, "5", 2, 1000, NULL, 0x000100,
     "values of a range in a grid"},
    {"journal", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "file that keeps every result; an interrupted search goes on from it"},
};
const uint32_t mlpipe__search_param_count =
    sizeof mlpipe__search_params / sizeof *mlpipe__search_params;

/* ---- parameters ---------------------------------------------------------- */

static mlpipe_status search_metric(mlpipe__search *s)
{
    const char *name = mlpipe__params_get(&s->params, "metric")->text;
    const char *names[SEARCH_METRICS_MAX], *near;
    char list[900]; /* a message holds 1,023 bytes */
    size_t size = 0;
    uint32_t n = 0;
    bool found;
    mlpipe_status st;
    if (!name[0])
        return MLPIPE_OK;
    st = mlpipe__metric_read(s->ctx, name, &s->asked, &found);
    if (found)
        s->metric = &s->asked;
    if (st || found)
        return st;
    list[0] = 0;
    for (uint32_t k = 0; n < SEARCH_METRICS_MAX; n++) {
        const mlpipe__metric *m = mlpipe__metric_at(n);
        m = m ? m : mlpipe__query_metric_at(k++);
        if (!m)
            break;
        names[n] = m->name;
        size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                               n ? ", " : "", names[n]);
    }
    near = mlpipe__nearest(name, mlpipe__metric_stem(name), names, n);
    return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                        near ? "mlpipe_search: no metric %q; did you mean "
                               "\"%s\"? There are: %s"
                             : "mlpipe_search: no metric %q%s; there are: %s",
                        name, near ? near : "", list);
}

/* Queries, before anything is fitted, in all rows that score. */
static mlpipe_status search_query(mlpipe__search *s)
{
    const mlpipe__metric *by_query =
        s->metric && s->metric->by_query ? s->metric : NULL;
    const mlpipe_dataset *d = s->valid ? s->valid : s->train;
    mlpipe__role group;
    int32_t column;
    mlpipe_status st;
    mlpipe__role_of(s->recipe, NULL, "group", &group);
    st = mlpipe__query_column(s->ctx,
                              mlpipe__params_get(&s->params, "query"),
                              group.name, by_query, d, &column);
    if (!st && column >= 0 && !s->valid)
        mlpipe__warn_torn(s->ctx, "search", d->columns[column]->name,
                          &group.setting);
    return st;
}

/* The metric by the task of the training rows, before anything is fitted. */
static mlpipe_status search_task(mlpipe__search *s)
{
    uint32_t task;
    const mlpipe_status st =
        mlpipe__recipe_task(s->ctx, s->recipe, s->train, &task);
    if (st)
        return st;
    if (!s->metric)
        s->metric = mlpipe__metric_find(mlpipe__task_metric(task));
    return mlpipe__search_check_metric(s, task);
}

/* No metric sees an interval or a set behind the answer, so that the search
 * would take the values at random, or by how many rows they withhold. */
static mlpipe_status search_blind(const mlpipe__search *s)
{
    for (uint32_t i = 0; i < s->space.count; i++) {
        const mlpipe__dim *d = &s->space.dims[i];
        const mlpipe__recipe_step *step = &s->recipe->steps[d->step];
        if (step->tail != &mlpipe__tail_conformal)
            continue;
        return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: metric=%s scores the answer, and "
                            "%s is of the interval or set behind it, which "
                            "it cannot see; leave %s out of the space, and "
                            "compare coverage and width by mlpipe_evaluate",
                            s->metric->name, d->name, d->name);
    }
    return MLPIPE_OK;
}

/* Folds, or validation rows, and not both. */
static mlpipe_status search_folds(mlpipe__search *s)
{
    const mlpipe__setting *folds = mlpipe__params_get(&s->params, "folds");
    const bool asked = folds->text[0] != 0;
    if (s->valid && asked)
        return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: folds=%lld, but validation rows "
                            "are given as well; leave either out",
                            (long long)folds->integer);
    if (!s->valid)
        s->folds = asked ? (uint32_t)folds->integer : 5;
    if ((int64_t)s->folds > s->train->rows)
        return mlpipe__fail(s->ctx, MLPIPE_E_EMPTY,
                            "mlpipe_search: %lld rows cannot make %u folds; "
                            "give fewer folds or more rows",
                            (long long)s->train->rows, s->folds);
    return MLPIPE_OK;
}

static mlpipe_status search_limit(mlpipe__search *s)
{
    const mlpipe__setting *trials = mlpipe__params_get(&s->params, "trials");
    uint64_t size;
    s->limit = (uint32_t)trials->integer;
    if (s->method != MLPIPE__SEARCH_GRID)
        return MLPIPE_OK;
    size = mlpipe__grid_size(&s->space, s->levels);
    if (size >= SEARCH_TRIALS_MAX)
        return mlpipe__fail(s->ctx, MLPIPE_E_LIMIT,
                            "mlpipe_search: the grid has %llu points and the "
                            "limit is %u; search fewer parameters or levels, "
                            "or by method=tpe",
                            (unsigned long long)size, SEARCH_TRIALS_MAX - 1);
    if (trials->given && s->limit <= size)
        return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: trials=%u, but the grid has %llu "
                            "points beside the recipe's own; leave trials= "
                            "out, or take method=random",
                            s->limit, (unsigned long long)size);
    s->limit = (uint32_t)size + 1;
    return MLPIPE_OK;
}

static mlpipe_status search_options(mlpipe__search *s, const char *params)
{
    const mlpipe__setting *batch;
    mlpipe_status st = mlpipe__params_parse(
        s->ctx, "mlpipe_search", mlpipe__search_params,
        mlpipe__search_param_count, params, &s->params);
    if (st)
        return st;
    batch = mlpipe__params_get(&s->params, "batch");
    s->method = mlpipe__params_get(&s->params, "method")->choice;
    s->seconds = mlpipe__params_get(&s->params, "seconds")->number;
    s->seed = (uint64_t)mlpipe__params_get(&s->params, "seed")->integer;
    s->halving =
        (uint32_t)mlpipe__params_get(&s->params, "halving")->integer;
    s->min_rows =
        (uint64_t)mlpipe__params_get(&s->params, "min_rows")->integer;
    s->levels = (uint32_t)mlpipe__params_get(&s->params, "levels")->integer;
    s->batch = batch->text[0] ? (uint32_t)batch->integer
               : s->halving   ? s->halving * s->halving
                              : 4;
    if (s->halving == 1)
        return mlpipe__fail(s->ctx, MLPIPE_E_PARAM,
                            "mlpipe_search: halving=1 would let every trial "
                            "go on; take 3, or 0 for none");
    if (s->seconds > 0 && !s->ctx->env->clock_ns)
        return mlpipe__fail(s->ctx, MLPIPE_E_UNSUPPORTED,
                            "mlpipe_search: seconds=%g, and this context has "
                            "no clock; set clock_ns in mlpipe_ctx_options",
                            s->seconds);
    st = search_metric(s);
    if (!st)
        st = search_query(s);
    return st ? st : search_folds(s);
}

/* ---- what is searched, by fingerprint ------------------------------------ */

static mlpipe_status search_print(mlpipe_ctx *ctx, mlpipe__text *text,
                                  char out[33])
{
    const bool ok = !text->failed;
    if (ok)
        mlpipe__hash_hex(mlpipe__hash(text->data, text->size), out);
    mlpipe__text_free(text);
    return ok ? MLPIPE_OK : mlpipe__nomem(ctx);
}

static mlpipe_status search_prints(mlpipe__search *s)
{
    mlpipe__hash128 hash;
    mlpipe__text text;
    mlpipe_status st;
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__pipeline_write(s->recipe, &text);
    st = search_print(s->ctx, &text, s->recipe_print);
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__space_write(&s->space, &text);
    if (!st)
        st = search_print(s->ctx, &text, s->space_print);
    mlpipe__text_free(&text);
    if (!st)
        st = mlpipe__dataset_hash(s->ctx, s->train, &hash);
    if (!st)
        mlpipe__hash_hex(hash, s->train_print);
    if (!st && s->valid)
        st = mlpipe__dataset_hash(s->ctx, s->valid, &hash);
    if (!st && s->valid)
        mlpipe__hash_hex(hash, s->valid_print);
    return st;
}

/* ---- suggestions --------------------------------------------------------- */

/* Does trial a rank before b? Trials on more rows come first, failed last. */
static bool search_before(const mlpipe__trial *a, const mlpipe__trial *b)
{
    if (a->state != b->state)
        return a->state < b->state;
    if (a->rung != b->rung && a->state == MLPIPE__TRIAL_PRUNED)
        return a->rung > b->rung;
    if (a->loss != b->loss)
        return a->loss < b->loss;
    return a < b;
}

void mlpipe__search_mark(const mlpipe__trial *trials, uint32_t n,
                         uint8_t *good)
{
    uint32_t best[MLPIPE__TPE_BELOW], most, i, k, found = 0, scored = 0;
    for (i = 0; i < n; i++)
        scored += trials[i].state != MLPIPE__TRIAL_FAILED;
    most = mlpipe__tpe_good(scored);
    for (i = 0; i < n; i++) {
        if (trials[i].state == MLPIPE__TRIAL_FAILED ||
            (found == most && !search_before(&trials[i],
                                             &trials[best[found - 1]])))
            continue;
        k = found < most ? found++ : found - 1;
        for (; k && search_before(&trials[i], &trials[best[k - 1]]); k--)
            best[k] = best[k - 1];
        best[k] = i;
    }
    memset(good, 0, n);
    for (k = 0; k < found; k++)
        good[best[k]] = 1;
}

static bool search_equal(const mlpipe__search *s, const double *a,
                         const double *b)
{
    for (uint32_t i = 0; i < s->space.count; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* The next trial; false: the grid is through. */
static bool search_suggest(mlpipe__search *s, uint32_t known)
{
    const uint64_t size = s->method == MLPIPE__SEARCH_GRID
                              ? mlpipe__grid_size(&s->space, s->levels)
                              : 0;
    const uint32_t number = s->count;
    mlpipe__trial *t = &s->trials[number];
    bool some = true;
    uint32_t i;
    if (!number) {
        for (i = 0; i < s->space.count; i++)
            t->x[i] = s->space.dims[i].own;
    } else if (s->method == MLPIPE__SEARCH_GRID) {
        do {
            some = s->grid_at < size;
            if (some)
                mlpipe__grid_point(&s->space, s->levels, s->grid_at++, t->x);
        } while (some && search_equal(s, t->x, s->trials[0].x));
    } else if (s->method == MLPIPE__SEARCH_RANDOM ||
               known < MLPIPE__TPE_STARTUP) {
        mlpipe__space_random(&s->space, s->seed, number, t->x);
    } else {
        mlpipe__tpe_suggest(&s->tpe, s->seed, number, t->x);
    }
    if (!some)
        return false;
    if (s->method == MLPIPE__SEARCH_TPE)
        mlpipe__tpe_add(&s->tpe, t->x);
    for (i = 0; i < number && t->same == UINT32_MAX; i++)
        if (search_equal(s, t->x, s->trials[i].x))
            t->same = s->trials[i].same == UINT32_MAX ? i
                                                      : s->trials[i].same;
    s->count++;
    return true;
}

/* ---- batches ------------------------------------------------------------- */

/* A trial that was scored just now, by its number in the report. */
static void search_tell(mlpipe__search *s, uint32_t trial)
{
    const mlpipe__trial *t = &s->trials[trial];
    const uint64_t rows = s->rung_rows[t->rung];
    char best[64] = "", part[64] = "";
    if (t->rung + 1 < s->rungs)
        mlpipe__format(part, sizeof part, " on %llu training rows",
                       (unsigned long long)rows);
    if (s->best != UINT32_MAX)
        mlpipe__format(best, sizeof best, "; the best so far is %g of trial %u",
                       s->trials[s->best].score, s->best);
    mlpipe__log_line(s->ctx, MLPIPE_LOG_INFO, "search",
                     "trial %u of 0 to %u: %s %g%s%s", trial, s->limit - 1,
                     s->metric->name, t->score, part, best);
}

/* Trials of a batch that are still in the race, and how many go on. */
static mlpipe_status search_rung(mlpipe__search *s, const uint32_t *alive,
                                 uint32_t n, uint32_t rung)
{
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < n; i++) {
        const uint32_t replayed = s->replayed;
        mlpipe__trial *t = &s->trials[alive[i]];
        if (alive[i] && mlpipe__search_late(s))
            break;
        st = mlpipe__poll(s->ctx, "search", alive[i], s->limit);
        if (!st)
            st = mlpipe__search_measure(s, alive[i], rung);
        if (st || t->state != MLPIPE__TRIAL_DONE)
            continue;
        if (rung + 1 == s->rungs &&
            (s->best == UINT32_MAX || t->loss < s->trials[s->best].loss))
            s->best = alive[i];
        if (s->replayed == replayed)
            search_tell(s, alive[i]);
    }
    return st;
}

/* The best share of those that were scored, in the order of their numbers;
 * the others are given up. */
static uint32_t search_promote(mlpipe__search *s, uint32_t *alive,
                               uint32_t n)
{
    const uint32_t keep = (n + s->halving - 1) / s->halving;
    uint32_t i, k, m = 0;
    for (i = 0; i < n; i++)
        if (s->trials[alive[i]].state == MLPIPE__TRIAL_DONE)
            s->trials[alive[i]].state = MLPIPE__TRIAL_PRUNED;
    for (i = 0; i < n; i++) {
        const mlpipe__trial *t = &s->trials[alive[i]];
        uint32_t better = 0;
        for (k = 0; k < n; k++)
            better += s->trials[alive[k]].state == MLPIPE__TRIAL_PRUNED &&
                      search_before(&s->trials[alive[k]], t);
        if (t->state != MLPIPE__TRIAL_PRUNED || better >= keep)
            continue;
        s->trials[alive[i]].reached = 1;
        m++;
    }
    for (i = k = 0; i < n; i++)
        if (s->trials[alive[i]].reached) {
            s->trials[alive[i]].reached = 0;
            alive[k++] = alive[i];
        }
    return m;
}

/* Trials of values that were tried before have their results. */
static mlpipe_status search_repeat(mlpipe__search *s, uint32_t first)
{
    for (uint32_t i = first; i < s->count; i++) {
        mlpipe__trial *t = &s->trials[i];
        const mlpipe__trial *from;
        if (t->same == UINT32_MAX)
            continue;
        from = &s->trials[t->same];
        t->state = from->state;
        t->rung = from->rung;
        t->loss = from->loss;
        t->score = from->score;
        t->low = from->low;
        t->high = from->high;
        t->sd = from->sd;
        t->n = from->n;
        t->status = from->status;
        if (!from->message)
            continue;
        t->message = mlpipe__strdup(s->ctx->env, from->message,
                                    strlen(from->message));
        if (!t->message)
            return mlpipe__nomem(s->ctx);
    }
    return MLPIPE_OK;
}

/* Where time ran out, trials that were not begun are no trials. */
static void search_drop_waiting(mlpipe__search *s, uint32_t first)
{
    for (uint32_t i = first; i < s->count; i++)
        if (s->trials[i].state == MLPIPE__TRIAL_WAITING)
            s->count = i;
}

/* With halving the recipe's own values see all rows at once: they are what
 * the others are compared with. */
static mlpipe_status search_batch(mlpipe__search *s, uint32_t *alive)
{
    const uint32_t first = s->count;
    uint32_t i, n = 0, own = 0;
    mlpipe_status st = MLPIPE_OK;
    if (s->method == MLPIPE__SEARCH_TPE)
        mlpipe__search_mark(s->trials, s->count, s->tpe.below);
    for (i = 0; i < s->batch && s->count < s->limit; i++)
        if (!search_suggest(s, first))
            s->limit = s->count;
    for (i = first; i < s->count; i++)
        if (i && s->trials[i].same == UINT32_MAX)
            alive[n++] = i;
    if (!first)
        st = search_rung(s, &own, 1, s->rungs - 1);
    for (i = 0; !st && n && i < s->rungs; i++) {
        st = search_rung(s, alive, n, i);
        if (!st && i + 1 < s->rungs)
            n = search_promote(s, alive, n);
    }
    if (!st)
        st = search_repeat(s, first);
    if (!st)
        search_drop_waiting(s, first);
    return st;
}

/* Where all of the first batch failed, so would the others. */
static mlpipe_status search_hopeless(mlpipe__search *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->trials[i].state != MLPIPE__TRIAL_FAILED)
            return MLPIPE_OK;
    return mlpipe__fail(s->ctx, s->trials[0].status,
                        "mlpipe_search: all of the first %u trials failed, "
                        "that of the recipe's own values with: %s",
                        s->count, s->trials[0].message);
}

static mlpipe_status search_loop(mlpipe__search *s)
{
    uint32_t *alive =
        mlpipe__alloc_array(s->ctx->env, s->batch, sizeof *alive);
    mlpipe_status st = alive ? MLPIPE_OK : mlpipe__nomem(s->ctx);
    while (!st && s->count < s->limit && !s->out_of_time) {
        const bool first = s->count == 0;
        st = search_batch(s, alive);
        if (!st && first)
            st = search_hopeless(s);
    }
    if (!st && s->best == UINT32_MAX)
        st = mlpipe__fail(s->ctx, MLPIPE_E_NUMERIC,
                          "mlpipe_search: none of %u trials was scored on "
                          "all rows; the first says: %s",
                          s->count,
                          s->trials[0].message ? s->trials[0].message : "");
    mlpipe__search_tell_replayed(s);
    mlpipe__free(s->ctx->env, alive);
    return st;
}

/* ---- the whole ----------------------------------------------------------- */

static mlpipe_status search_trials(mlpipe__search *s)
{
    const uint32_t dims = s->space.count;
    mlpipe__env *env = s->ctx->env;
    double *x;
    size_t cells;
    s->best = UINT32_MAX;
    if (mlpipe__mul(s->limit, dims, &cells))
        return mlpipe__nomem(s->ctx);
    x = mlpipe__alloc_array(env, cells, sizeof *x);
    s->trials = x ? mlpipe__alloc_array(env, s->limit, sizeof *s->trials)
                  : NULL;
    if (!s->trials) {
        mlpipe__free(env, x);
        return mlpipe__nomem(s->ctx);
    }
    s->trial_room = s->limit;
    for (uint32_t i = 0; i < s->limit; i++) {
        s->trials[i].x = x + (size_t)i * dims;
        s->trials[i].same = UINT32_MAX;
    }
    return s->method == MLPIPE__SEARCH_TPE
               ? mlpipe__tpe_init(s->ctx, &s->tpe, &s->space, s->limit)
               : MLPIPE_OK;
}

static void search_free(mlpipe__search *s)
{
    mlpipe__env *env = s->ctx->env;
    mlpipe__journal_close(s);
    mlpipe__tpe_free(&s->tpe);
    for (uint32_t i = 0; s->trials && i < s->trial_room; i++)
        mlpipe__free(env, s->trials[i].message);
    if (s->trials)
        mlpipe__free(env, s->trials[0].x);
    mlpipe__free(env, s->trials);
    mlpipe__search_rows_free(s);
    mlpipe__space_free(&s->space);
    mlpipe__params_free(&s->params);
}

static mlpipe_status search_prepare(mlpipe__search *s, const char *space,
                                    const char *params)
{
    const mlpipe__env *env = s->ctx->env;
    const char *journal;
    mlpipe_status st;
    s->started = env->clock_ns ? env->clock_ns(env->user) : 0;
    st = search_options(s, params);
    if (!st)
        st = mlpipe__space_parse(s->ctx, s->recipe, space, &s->space);
    if (!st)
        st = search_limit(s);
    if (!st)
        st = search_task(s);
    if (!st)
        st = search_blind(s);
    if (!st)
        st = search_prints(s);
    if (!st)
        st = mlpipe__search_rows(s);
    if (!st)
        st = search_trials(s);
    if (st)
        return st;
    journal = mlpipe__params_get(&s->params, "journal")->text;
    return journal[0] ? mlpipe__journal_open(s, journal) : MLPIPE_OK;
}

static mlpipe_status search_run(mlpipe__search *s, const char *space,
                                const char *params, mlpipe_pipeline **tuned,
                                mlpipe_report **trials)
{
    mlpipe_status st = search_prepare(s, space, params);
    if (!st)
        st = search_loop(s);
    if (!st)
        st = s->best ? mlpipe__space_apply(s->ctx, &s->space, s->recipe,
                                           s->trials[s->best].x, tuned)
                     : mlpipe__pipeline_copy(s->ctx, s->recipe, tuned);
    if (!st)
        st = mlpipe__search_report(s, *tuned, trials);
    search_free(s);
    if (st) {
        mlpipe_pipeline_free(*tuned);
        *tuned = NULL;
    }
    return st;
}

mlpipe_status mlpipe_search(mlpipe_ctx *ctx, const mlpipe_pipeline *pipeline,
                            const mlpipe_dataset *train,
                            const mlpipe_dataset *valid, const char *space,
                            const char *params, mlpipe_pipeline **tuned,
                            mlpipe_report **trials)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_search");
    if (tuned)
        *tuned = NULL;
    if (trials)
        *trials = NULL;
    if (!st && !pipeline)
        st = mlpipe__null_arg(ctx, "pipeline");
    if (!st && !train)
        st = mlpipe__null_arg(ctx, "train");
    if (!st && !space)
        st = mlpipe__null_arg(ctx, "space");
    if (!st && !tuned)
        st = mlpipe__null_arg(ctx, "tuned");
    if (!st && !trials)
        st = mlpipe__null_arg(ctx, "trials");
    if (!st) {
        mlpipe__search s = {.ctx = ctx,
                            .recipe = pipeline,
                            .train = train,
                            .valid = valid};
        st = search_run(&s, space, params, tuned, trials);
    }
    return mlpipe__end(ctx, st);
}
