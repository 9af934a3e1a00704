/* SPDX-License-Identifier: MIT */
/*
 * Gradient-boosted trees: the learner. Bins, then trees one after the other,
 * each on the gradients of all before it, until there are enough or the
 * validation rows say stop.
 */
#include "gbt_types.h"

static const mlpipe__param gbt_params[] = {
    {"trees", MLPIPE_PARAM_INT, "300", 1, 100000, NULL, 0x000100,
     "How many trees at most; of three classes or more, of each."},
    {"rate", MLPIPE_PARAM_REAL, "0.1", 1e-6, 1, NULL, 0x000100,
     "How much of each tree counts; smaller needs more trees."},
    {"leaves", MLPIPE_PARAM_INT, "31", 2, 4096, NULL, 0x000100,
     "Leaves of a tree at most."},
    {"min_rows", MLPIPE_PARAM_INT, "20", 1, 1000000000, NULL, 0x000100,
     "Training rows that each leaf must hold."},
    {"l2", MLPIPE_PARAM_REAL, "1", 0, 1e12, NULL, 0x000100,
     "Penalty on the square of leaf values, in rows."},
    {"bins", MLPIPE_PARAM_INT, "255", 2, 255, NULL, 0x000100,
     "Bins of a number at most; one more is for missing."},
    {"depth", MLPIPE_PARAM_INT, "0", 0, 4096, NULL, 0x000100,
     "Depth of a tree at most; 0 is any."},
    {"rows", MLPIPE_PARAM_REAL, "1", 0.001, 1, NULL, 0x000100,
     "Share of the rows that each tree sees."},
    {"columns", MLPIPE_PARAM_REAL, "1", 0.001, 1, NULL, 0x000100,
     "Share of the features that each tree sees."},
    {"stop", MLPIPE_PARAM_INT, "30", 0, 100000, NULL, 0x000100,
     "Trees (of each class) without a better validation loss before it ends; "
     "0 is never."},
    {"loss", MLPIPE_PARAM_CHOICE, "auto", 0, 0,
     "auto,squared,absolute,huber,quantile,poisson,gamma,tweedie,logloss",
     0x000100,
     "What the trees make small; auto: squared of a number, logloss of "
     "classes. absolute and quantile have quantiles of residuals as leaves, "
     "without l2; poisson, gamma and tweedie answer by exp(score), and an "
     "offset is a log there."},
    {"level", MLPIPE_PARAM_REAL, "0.5", 1e-6, 0.999999, NULL, 0x000100,
     "quantile: the share of the truths that is to lie below the answer."},
    {"delta", MLPIPE_PARAM_REAL, "0", 0, 1e150, NULL, 0x000100,
     "huber: the error from which on the loss is a line; 0 is the 90 % "
     "quantile of distances from the median."},
    {"power", MLPIPE_PARAM_REAL, "1.5", 1, 2, NULL, 0x000100,
     "tweedie: of the mean to which the variance is proportional; 1 is "
     "poisson, 2 gamma."},
    {"increasing", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Features with which the answer never falls, all others equal; it may "
     "jump where a value is missing."},
    {"decreasing", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Features with which the answer never rises; see increasing."},
    {"category_smooth", MLPIPE_PARAM_REAL, "10", 0, 1e12, NULL, 0x000100,
     "Rows of no gradient that are added to each category where they are "
     "sorted by their mean."},
    {"category_min_rows", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL,
     0x000100,
     "Rows, by its share of a leaf's hessian, of a category that is sorted; "
     "others go with the rest; 0 is 10, or a 400th of the training rows "
     "where that is less, but 5 at least; 1 is any."},
    {"category_l2", MLPIPE_PARAM_REAL, "10", 0, 1e12, NULL, 0x000100,
     "Added to l2 where sorted categories are split in two."},
    {"category_rows", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 0x000100,
     "Rows of sorted categories from one cut that is tried to the next, and "
     "of those behind it; 0 is 100, or a twentieth of the training rows "
     "where that is less."},
    {"category_most", MLPIPE_PARAM_INT, "32", 0, 65536, NULL, 0x000100,
     "Sorted categories that are split from the rest at most; 0 is any, up "
     "to half of them."},
    {"category_single", MLPIPE_PARAM_INT, "4", 0, 65536, NULL, 0x000100,
     "Where a leaf holds no more categories than these, missing among them, "
     "one is split from the rest; more are sorted."},
    {"category_bins", MLPIPE_PARAM_INT, "4096", 1, 65000, NULL, 0x000100,
     "Categories of a feature at most that have a bin of their own, beyond "
     "254 those of half of category_min_rows; the others and unseen ones "
     "share one."},
};

/*
 * What 0 is for category_min_rows and category_rows. With less, trees follow
 * the noise of small groups, the more so the more rows there are to do it in;
 * where there are few rows at all, with as much no set would hold enough.
 */
enum {
    GBT_CATEGORY_MIN = 10,
    GBT_CATEGORY_MIN_LEAST = 5,
    GBT_CATEGORY_MIN_SHARE = 400,
    GBT_CATEGORY_ROWS = 100,
    GBT_CATEGORY_ROWS_SHARE = 20
};

/* A cell counts rows beside hessians; this many leave it 8 bits of each. */
static const int64_t gbt_rows_max = (int64_t)1 << 28;

static void gbt_read_options(gbt_fit *fit)
{
    const mlpipe__params *p = fit->job->params;
    gbt_options *o = &fit->opt;

    o->trees = (uint32_t)mlpipe__params_get(p, "trees")->integer;
    o->rate = mlpipe__params_get(p, "rate")->number;
    o->leaves = (uint32_t)mlpipe__params_get(p, "leaves")->integer;
    o->min_rows = (uint32_t)mlpipe__params_get(p, "min_rows")->integer;
    o->l2 = mlpipe__params_get(p, "l2")->number;
    o->category_smooth = mlpipe__params_get(p, "category_smooth")->number;
    o->category_l2 = mlpipe__params_get(p, "category_l2")->number;
    o->category_min_rows =
        (uint32_t)mlpipe__params_get(p, "category_min_rows")->integer;
    o->category_rows =
        (uint32_t)mlpipe__params_get(p, "category_rows")->integer;
    o->category_most =
        (uint32_t)mlpipe__params_get(p, "category_most")->integer;
    o->category_single =
        (uint32_t)mlpipe__params_get(p, "category_single")->integer;
    o->category_bins =
        (uint32_t)mlpipe__params_get(p, "category_bins")->integer;
    o->bins = (uint32_t)mlpipe__params_get(p, "bins")->integer;
    o->depth = (uint32_t)mlpipe__params_get(p, "depth")->integer;
    o->rows = mlpipe__params_get(p, "rows")->number;
    o->columns = mlpipe__params_get(p, "columns")->number;
    o->stop = (uint32_t)mlpipe__params_get(p, "stop")->integer;
    o->task = fit->job->task;
}

static void gbt_category_auto(gbt_fit *fit)
{
    gbt_options *o = &fit->opt;
    const uint32_t rows = fit->weighty;
    const uint32_t least =
        gbt_min_u32(GBT_CATEGORY_MIN, rows / GBT_CATEGORY_MIN_SHARE);

    if (!o->category_min_rows)
        o->category_min_rows =
            least > GBT_CATEGORY_MIN_LEAST ? least : GBT_CATEGORY_MIN_LEAST;
    if (!o->category_rows)
        o->category_rows = gbt_min_u32(GBT_CATEGORY_ROWS,
                                       rows / GBT_CATEGORY_ROWS_SHARE);
}

static mlpipe_status gbt_check(const gbt_fit *fit)
{
    const mlpipe__frame *t = fit->job->train;

    if (!t->features)
        return mlpipe__fail(fit->ctx, MLPIPE_E_EMPTY,
                            "%s: there is no feature to learn from; keep at "
                            "least one column",
                            fit->job->name);
    if (t->rows < 1)
        return mlpipe__fail(fit->ctx, MLPIPE_E_EMPTY,
                            "%s: there is no row to learn from; look at what "
                            "the steps dropped",
                            fit->job->name);
    return mlpipe__most_rows(fit->ctx, fit->job->name, (uint64_t)t->rows,
                             gbt_rows_max - 1);
}

/* Everything that boosting needs, so that no tree allocates by rows. */
static mlpipe_status gbt_allocate(gbt_fit *fit)
{
    const uint32_t features = fit->layout.features;
    size_t histograms = (size_t)fit->opt.leaves + fit->tasks - 1, cells;
    const size_t score_bytes = fit->outputs * sizeof *fit->score;
    mlpipe__env *env = fit->env;

    if (mlpipe__mul(histograms, fit->layout.cells, &cells))
        return mlpipe__nomem(fit->ctx);
    fit->grad = mlpipe__alloc_array(env, fit->rows, sizeof *fit->grad);
    fit->score = mlpipe__alloc_array(env, fit->rows, score_bytes);
    fit->list = mlpipe__alloc_array(env, fit->rows, sizeof *fit->list);
    fit->spare = mlpipe__alloc_array(env, fit->rows, sizeof *fit->spare);
    fit->cells = mlpipe__alloc_array(env, cells, sizeof *fit->cells);
    fit->open = mlpipe__alloc_array(env, fit->opt.leaves, sizeof *fit->open);
    fit->found = mlpipe__alloc_array(env, features, sizeof *fit->found);
    fit->category_key = mlpipe__alloc_array(env, fit->layout.cells,
                                            sizeof *fit->category_key);
    fit->category_order = mlpipe__alloc_array(
        env, fit->layout.cells, 2 * sizeof *fit->category_order);
    fit->active = mlpipe__alloc_array(env, features, sizeof *fit->active);
    fit->keys = mlpipe__alloc_array(env, features, 2 * sizeof *fit->keys);
    if (fit->job->valid)
        fit->valid_score =
            mlpipe__alloc_array(env, (size_t)fit->job->valid->rows,
                                score_bytes);
    if (fit->outputs > 1)
        fit->norm = mlpipe__alloc_array(env, fit->rows, sizeof *fit->norm);
    if (!fit->grad || !fit->score || !fit->list || !fit->spare ||
        !fit->cells || !fit->open || !fit->found || !fit->category_key ||
        !fit->category_order || !fit->active || !fit->keys ||
        (fit->job->valid && !fit->valid_score) ||
        (fit->outputs > 1 && !fit->norm))
        return mlpipe__nomem(fit->ctx);
    return MLPIPE_OK;
}

static mlpipe_status gbt_prepare(gbt_fit *fit)
{
    mlpipe_status st;

    fit->sums = mlpipe__alloc_array(fit->env, fit->tasks, sizeof *fit->sums);
    fit->base = mlpipe__alloc_array(fit->env, fit->outputs, sizeof *fit->base);
    if (!fit->sums || !fit->base)
        return mlpipe__nomem(fit->ctx);
    st = mlpipe__gbt_monotone(fit);
    if (!st)
        st = mlpipe__gbt_loss_init(fit);
    if (!st)
        st = mlpipe__gbt_layout(fit);
    if (!st)
        st = gbt_allocate(fit);
    if (!st)
        st = mlpipe__gbt_bin_frame(fit, fit->job->train, &fit->bins);
    if (!st && fit->job->valid)
        st = mlpipe__gbt_bin_frame(fit, fit->job->valid, &fit->valid_bins);
    return st;
}

/* The next tree of an output, where one is worth it. */
static mlpipe_status gbt_tree_of(gbt_fit *fit, uint32_t output, bool *grown)
{
    bool more = false;
    mlpipe_status st = mlpipe__poll(fit->ctx, fit->job->name, fit->round,
                                    fit->opt.trees);

    fit->output = output;
    if (!st)
        st = mlpipe__gbt_gradients(fit);
    if (!st)
        st = mlpipe__gbt_grow(fit, &more);
    *grown = *grown || more;
    if (st || !more || !fit->job->valid)
        return st;
    return mlpipe__gbt_apply(fit, &fit->valid_bins,
                             &fit->trees.tree[fit->trees.count - 1], 1,
                             fit->valid_score);
}

/* One more tree for each output and what validation says of them. */
static mlpipe_status gbt_round(gbt_fit *fit, bool *grown, double *loss)
{
    mlpipe_status st = MLPIPE_OK;

    *grown = false;
    if (fit->outputs > 1)
        st = mlpipe__gbt_class_norms(fit);
    for (uint32_t k = 0; k < fit->outputs && !st; k++)
        st = gbt_tree_of(fit, k, grown);
    if (st || !*grown || !fit->job->valid)
        return st;
    return mlpipe__gbt_loss(fit, fit->job->valid, fit->valid_score, loss);
}

/*
 * Rounds until there are enough. Where rows or columns are sampled one without
 * a split says little; where they are not, the next would be equal.
 */
static mlpipe_status gbt_boost(gbt_fit *fit, uint32_t *best)
{
    const bool sampled = fit->opt.rows < 1 || fit->opt.columns < 1;
    double loss = 0, least = mlpipe__inf();

    *best = 0;
    for (; fit->round < fit->opt.trees; fit->round++) {
        bool grown;
        const mlpipe_status st = gbt_round(fit, &grown, &loss);
        if (st)
            return st;
        if (!grown && !sampled)
            break;
        if (!grown)
            continue;
        fit->grown++;
        if (!fit->job->valid || !fit->opt.stop) {
            *best = fit->grown;
            least = loss;
        } else if (loss < least) {
            least = loss;
            *best = fit->grown;
        } else if (fit->grown - *best >= fit->opt.stop) {
            break;
        }
    }
    fit->valid_loss = least;
    return MLPIPE_OK;
}

/* How many trees the first so many rounds grew. */
static uint32_t gbt_kept(const gbt_fit *fit, uint32_t rounds)
{
    uint32_t n = fit->trees.count;

    while (n && fit->trees.tree[n - 1].round >= rounds)
        n--;
    return n;
}

/* The training loss of the trees that stay. */
static mlpipe_status gbt_train_loss(gbt_fit *fit, uint32_t best)
{
    for (uint32_t t = gbt_kept(fit, best); t < fit->trees.count; t++) {
        const mlpipe_status st = mlpipe__gbt_apply(
            fit, &fit->bins, &fit->trees.tree[t], -1, fit->score);
        if (st)
            return st;
    }
    return mlpipe__gbt_loss(fit, fit->job->train, fit->score,
                            &fit->train_loss);
}

/* From the scores of the classes to their probabilities. */
static mlpipe_status gbt_emit_softmax(const gbt_fit *fit,
                                      mlpipe__fit_job *job)
{
    mlpipe__program *p = job->program;
    uint32_t *regs =
        mlpipe__alloc_array(fit->env, fit->outputs, sizeof *regs);

    if (!regs)
        return mlpipe__nomem(fit->ctx);
    for (uint32_t k = 0; k < fit->outputs; k++)
        regs[k] = job->raw + k;
    job->out = mlpipe__program_op(
        p, MLPIPE__OP_SOFTMAX, 0, 0,
        mlpipe__program_words(p, regs, fit->outputs), fit->outputs,
        fit->outputs);
    mlpipe__free(fit->env, regs);
    return MLPIPE_OK;
}

static mlpipe_status gbt_prove(const gbt_fit *fit,
                               const mlpipe__forest *forest)
{
    uint32_t broken;
    const mlpipe_status st =
        mlpipe__gbt_prove(fit->ctx, forest, fit->direction, &broken);

    if (st || broken == UINT32_MAX)
        return st;
    return mlpipe__fail(fit->ctx, MLPIPE_E_INTERNAL,
                        "%s: the trees are not monotone in %q, though the "
                        "constraint was kept at every split; please report "
                        "this",
                        fit->job->name,
                        fit->job->train->feature[broken].name);
}

static mlpipe_status gbt_emit(gbt_fit *fit, uint32_t best)
{
    mlpipe__fit_job *job = (mlpipe__fit_job *)fit->job;
    mlpipe__program *p = job->program;
    mlpipe__forest *forest = mlpipe__gbt_forest(fit, gbt_kept(fit, best));
    uint32_t index, words;

    if (!forest)
        return mlpipe__nomem(fit->ctx);
    if (fit->monotone) {
        const mlpipe_status st = gbt_prove(fit, forest);
        if (st) {
            mlpipe__forest_free(forest);
            return st;
        }
    }
    index = mlpipe__program_forest(p, forest);
    words = mlpipe__program_words(p, job->regs, fit->layout.features);
    job->out = mlpipe__program_op(p, MLPIPE__OP_FOREST, index, 0, words,
                                  fit->layout.features, fit->outputs);
    job->raw = job->out = mlpipe__with_offset(job, job->out);
    if (fit->number.has_log_link)
        job->out = mlpipe__program_op(p, MLPIPE__OP_EXP, job->out, 0, 0, 0, 1);
    if (job->task == MLPIPE__TASK_BINARY)
        job->out = mlpipe__program_op(p, MLPIPE__OP_SIGMOID, job->out, 0, 0,
                                      0, 1);
    return fit->outputs > 1 ? gbt_emit_softmax(fit, job) : MLPIPE_OK;
}

static void gbt_free(gbt_fit *fit)
{
    mlpipe__env *env = fit->env;

    mlpipe__gbt_layout_free(&fit->layout);
    mlpipe__free(env, fit->bins.data);
    mlpipe__free(env, fit->bins.wide);
    mlpipe__free(env, fit->valid_bins.data);
    mlpipe__free(env, fit->valid_bins.wide);
    mlpipe__free(env, fit->trees.tree);
    mlpipe__free(env, fit->trees.node);
    mlpipe__free(env, fit->trees.leaf);
    mlpipe__free(env, fit->trees.set);
    mlpipe__free(env, fit->grad);
    mlpipe__free(env, fit->score);
    mlpipe__free(env, fit->valid_score);
    mlpipe__free(env, fit->norm);
    mlpipe__free(env, fit->base);
    mlpipe__free(env, fit->list);
    mlpipe__free(env, fit->spare);
    mlpipe__free(env, fit->cells);
    mlpipe__free(env, fit->open);
    mlpipe__free(env, fit->found);
    mlpipe__free(env, fit->category_key);
    mlpipe__free(env, fit->category_order);
    mlpipe__free(env, fit->active);
    mlpipe__free(env, fit->keys);
    mlpipe__free(env, fit->direction);
    mlpipe__free(env, fit->sums);
    mlpipe__free(env, fit->value);
    mlpipe__free(env, fit->slope);
    mlpipe__free(env, fit->peak);
    mlpipe__free(env, fit);
}

static mlpipe_status gbt_learn(mlpipe__fit_job *job)
{
    mlpipe__env *env = job->ctx->env;
    gbt_fit *fit = mlpipe__alloc(env, sizeof *fit);
    uint32_t best = 0;
    mlpipe_status st;

    if (!fit)
        return mlpipe__nomem(job->ctx);
    fit->ctx = job->ctx;
    fit->env = env;
    fit->trees.env = env;
    fit->job = job;
    fit->tasks = job->ctx->threads ? job->ctx->threads : 1;
    fit->outputs =
        job->task == MLPIPE__TASK_MULTICLASS ? job->classes : 1;
    gbt_read_options(fit);
    st = gbt_check(fit);
    if (!st)
        st = mlpipe__gbt_number_read(fit);
    if (st)
        goto done;
    fit->rows = (uint32_t)job->train->rows;
    for (int64_t i = 0; i < job->train->rows; i++)
        fit->weighty += gbt_counts(job->train, i);
    while ((uint64_t)fit->weighty >> fit->shift)
        fit->shift++;
    gbt_category_auto(fit);
    st = gbt_prepare(fit);
    if (!st)
        st = gbt_boost(fit, &best);
    if (!st)
        st = gbt_train_loss(fit, best);
    if (!st)
        st = mlpipe__gbt_notes(fit, best, gbt_kept(fit, best));
    if (!st)
        st = gbt_emit(fit, best);
done:
    gbt_free(fit);
    return st;
}

const mlpipe__learner mlpipe__learner_gbt = {
    .name = "gbt",
    .tasks = MLPIPE__TASK_REGRESSION | MLPIPE__TASK_CLASSES,
    .takes_nulls = true,
    .takes_codes = true,
    .takes_offset = true,
    .params = gbt_params,
    .param_count = sizeof gbt_params / sizeof *gbt_params,
    .doc = "Gradient-boosted trees of a number, by one of seven losses, or of "
           "classes; weights count in sums and not as rows.",
    .fit = gbt_learn,
    .check = mlpipe__gbt_number_check,
    .log_link = mlpipe__gbt_number_log_link,
};
