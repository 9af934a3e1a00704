/* SPDX-License-Identifier: MIT */
/*
 * The catalog: steps, learners, the calls that take parameters, and what
 * expressions are made of. It lives in the last folder, from where all of them
 * can be seen.
 */
#include "../clean/clean_internal.h"
#include "../collect/synth_internal.h"
#include "../monitor/detector_internal.h"
#include "../store/store_internal.h"
#include "cycle_internal.h"

typedef struct catalog_call {
    const char *name, *doc;
    const mlpipe__param *params;
    const uint32_t *count;
} catalog_call;

static const catalog_call catalog_calls[] = {
    {"mlpipe_read_csv", "Read a CSV file.", mlpipe__csv_params,
     &mlpipe__csv_param_count},
    {"mlpipe_read_json", "Read NDJSON, or an array of JSON objects.",
     mlpipe__json_params, &mlpipe__json_param_count},
    {"mlpipe_write_csv", "Write a dataset as CSV.",
     mlpipe__write_csv_params, &mlpipe__write_csv_param_count},
    {"mlpipe_write_json", "Write a dataset as JSON.",
     mlpipe__write_json_params, &mlpipe__write_json_param_count},
    {"mlpipe_synth", "Make data by a law whose truth is known.",
     mlpipe__synth_params, &mlpipe__synth_param_count},
    {"mlpipe_synth_dirty", "Put defects into data, with a key to them.",
     mlpipe__dirty_params, &mlpipe__dirty_param_count},
    {"mlpipe_copula_fit", "Learn how the columns of data go together.",
     mlpipe__copula_fit_params, &mlpipe__copula_fit_param_count},
    {"mlpipe_copula_sample", "Draw rows like those of the data.",
     mlpipe__copula_sample_params, &mlpipe__copula_sample_param_count},
    {"mlpipe_builder_new", "Start a dataset of the host's own rows.",
     mlpipe__builder_params, &mlpipe__builder_param_count},
    {"mlpipe_dataset_from_arrow",
     "A dataset of an Arrow array, or of a stream of them.",
     mlpipe__from_arrow_params, &mlpipe__from_arrow_param_count},
    {"mlpipe_dataset_to_arrow",
     "A dataset as an Arrow array, or as a stream of them.",
     mlpipe__to_arrow_params, &mlpipe__to_arrow_param_count},
    {"mlpipe_dataset_duplicates", "Which rows of a dataset are equal.",
     mlpipe__duplicates_params, &mlpipe__duplicates_param_count},
    {"mlpipe_dataset_profile", "What is in a dataset, and what looks wrong.",
     mlpipe__profile_params, &mlpipe__profile_param_count},
    {"mlpipe_dataset_drift", "How far one dataset is from another.",
     mlpipe__dataset_drift_params, &mlpipe__dataset_drift_param_count},
    {"mlpipe_dataset_select", "Some columns, or under other names.",
     mlpipe__select_params, &mlpipe__select_param_count},
    {"mlpipe_dataset_concat", "Rows of datasets below each other.",
     mlpipe__concat_params, &mlpipe__concat_param_count},
    {"mlpipe_dataset_sample", "Rows drawn at random.", mlpipe__sample_params,
     &mlpipe__sample_param_count},
    {"mlpipe_dataset_sort", "Rows in the order of columns.",
     mlpipe__sort_params, &mlpipe__sort_param_count},
    {"mlpipe_dataset_asof", "Join what had happened and was known.",
     mlpipe__asof_params, &mlpipe__asof_param_count},
    {"mlpipe_pipeline_new", "Start a recipe: target, roles, features.",
     mlpipe__pipeline_params, &mlpipe__pipeline_param_count},
    {"mlpipe_transform_apply", "Make features of rows.",
     mlpipe__transform_params, &mlpipe__transform_param_count},
    {"mlpipe_evaluate", "Score a model on rows that it has not seen.",
     mlpipe__evaluate_params, &mlpipe__evaluate_param_count},
    {"mlpipe_importance", "What each column is worth to a model.",
     mlpipe__importance_params, &mlpipe__importance_param_count},
    {"mlpipe_dataset_split", "Cut a dataset into parts.",
     mlpipe__split_params, &mlpipe__split_param_count},
    {"mlpipe_dataset_fold", "One fold of cross-validation, and the rest.",
     mlpipe__fold_params, &mlpipe__fold_param_count},
    {"mlpipe_split_check", "What parts of data have in common.",
     mlpipe__split_check_params, &mlpipe__split_check_param_count},
    {"mlpipe_cross_validate", "Score a recipe on folds.",
     mlpipe__cross_validate_params, &mlpipe__cross_validate_param_count},
    {"mlpipe_search", "Search better values of a recipe's parameters.",
     mlpipe__search_params, &mlpipe__search_param_count},
    {"mlpipe_compare", "Compare two models on the same rows.",
     mlpipe__compare_params, &mlpipe__compare_param_count},
    {"mlpipe_compare_recipes", "Compare two recipes over the same folds.",
     mlpipe__compare_recipes_params, &mlpipe__compare_recipes_param_count},
    {"mlpipe_store_open", "Open or make a store of versions.",
     mlpipe__store_params, &mlpipe__store_param_count},
    {"mlpipe_store_commit", "Keep a version of a dataset or model.",
     mlpipe__store_commit_params, &mlpipe__store_commit_param_count},
    {"mlpipe_store_diff", "Compare two versions of a store.",
     mlpipe__store_diff_params, &mlpipe__store_diff_param_count},
    {"mlpipe_store_gc", "Remove what nobody needs from a store.",
     mlpipe__store_gc_params, &mlpipe__store_gc_param_count},
    {"mlpipe_slot_new", "Deploy a first model.", mlpipe__slot_params,
     &mlpipe__slot_param_count},
    {"mlpipe_monitor_new", "Watch a slot.", mlpipe__monitor_params,
     &mlpipe__monitor_param_count},
    {"mlpipe_cycle_new", "Close the loop around a monitored slot.",
     mlpipe__cycle_params, &mlpipe__cycle_param_count},
    {"mlpipe_cycle_replay", "Run the loop over rows whose truth is known.",
     mlpipe__replay_params, &mlpipe__replay_param_count},
};
enum { CATALOG_CALLS = sizeof catalog_calls / sizeof *catalog_calls };

/* An entry with its parameters; as= stands behind those of a step. */
typedef struct catalog_row {
    mlpipe_catalog_entry entry;
    const mlpipe__param *params;
    uint32_t own;
} catalog_row;

static uint32_t catalog_steps(void)
{
    uint32_t n = 0;
    while (mlpipe__step_at(n))
        n++;
    return n;
}

static uint32_t catalog_learners(void)
{
    uint32_t n = 0;
    while (mlpipe__learner_at(n))
        n++;
    return n;
}

static uint32_t catalog_tails(void)
{
    uint32_t n = 0;
    while (mlpipe__tail_at(n))
        n++;
    return n;
}

static uint32_t catalog_detectors(void)
{
    uint32_t n = 0;
    while (mlpipe__detector_kind_at(n))
        n++;
    return n;
}

static uint32_t catalog_words(void)
{
    mlpipe__expr_word word;
    bool function;
    uint32_t n = 0;
    while (mlpipe__expr_word_at(n, &word, &function))
        n++;
    return n;
}

static bool catalog_word(uint32_t index, catalog_row *out)
{
    mlpipe__expr_word word;
    bool function;
    if (!mlpipe__expr_word_at(index, &word, &function))
        return false;
    *out = (catalog_row){{word.name, word.doc,
                          function ? MLPIPE_KIND_FUNCTION
                                   : MLPIPE_KIND_SYNTAX,
                          0},
                         NULL,
                         0};
    return true;
}

static bool catalog_find(uint32_t index, catalog_row *out)
{
    const uint32_t steps = catalog_steps(), learners = catalog_learners();
    if (index < steps) {
        const mlpipe__step *s = mlpipe__step_at(index);
        *out = (catalog_row){{s->name, s->doc, s->kind, s->param_count + 1},
                             s->params,
                             s->param_count};
        return true;
    }
    index -= steps;
    if (index < learners) {
        const mlpipe__learner *l = mlpipe__learner_at(index);
        *out = (catalog_row){
            {l->name, l->doc, MLPIPE_KIND_LEARNER, l->param_count + 1},
            l->params,
            l->param_count};
        return true;
    }
    index -= learners;
    if (index < catalog_tails()) {
        const mlpipe__tail *t = mlpipe__tail_at(index);
        *out = (catalog_row){
            {t->name, t->doc, MLPIPE_KIND_TAIL, t->param_count + 1},
            t->params,
            t->param_count};
        return true;
    }
    index -= catalog_tails();
    if (index < catalog_detectors()) {
        const mlpipe__detector_kind *k = mlpipe__detector_kind_at(index);
        *out = (catalog_row){
            {k->name, k->doc, MLPIPE_KIND_DETECTOR, *k->param_count},
            k->params,
            *k->param_count};
        return true;
    }
    index -= catalog_detectors();
    if (index >= CATALOG_CALLS)
        return catalog_word(index - CATALOG_CALLS, out);
    *out = (catalog_row){{catalog_calls[index].name, catalog_calls[index].doc,
                          MLPIPE_KIND_CALL, *catalog_calls[index].count},
                         catalog_calls[index].params,
                         *catalog_calls[index].count};
    return true;
}

uint32_t mlpipe_catalog_count(void)
{
    return catalog_steps() + catalog_learners() + catalog_tails() +
           catalog_detectors() + CATALOG_CALLS + catalog_words();
}

mlpipe_status mlpipe_catalog_get(uint32_t index, mlpipe_catalog_entry *out)
{
    catalog_row row;
    if (!out || !catalog_find(index, &row))
        return MLPIPE_E_ARG;
    *out = row.entry;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_catalog_param(uint32_t index, uint32_t param,
                                   mlpipe_catalog_parameter *out)
{
    catalog_row row;
    if (!out || !catalog_find(index, &row) || param >= row.entry.params)
        return MLPIPE_E_ARG;
    mlpipe__param_describe(
        param < row.own ? &row.params[param] : &mlpipe__param_as, out);
    return MLPIPE_OK;
}
