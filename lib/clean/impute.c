/* SPDX-License-Identifier: MIT */
/*
 * Fills what is missing with a number or category learnt in training. An
 * infinite value is not missing: it stays, and teaches nothing.
 */
#include "clean_internal.h"

enum impute_method {
    IMPUTE_MEAN,
    IMPUTE_MEDIAN,
    IMPUTE_MODE,
    IMPUTE_CONSTANT,
    IMPUTE_NONE
};

static const mlpipe__param impute_params[] = {
    {"numeric", MLPIPE_PARAM_CHOICE, "median", 0, 0,
     "mean,median,mode,constant,none", 0x000100,
     "What fills numbers, of the finite values; the smallest of equally "
     "frequent modes. Infinite values stay as they are."},
    {"text", MLPIPE_PARAM_CHOICE, "mode", 0, 0, "mode,constant,none",
     0x000100, "What fills categories."},
    {"value", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "The constant of numeric=constant and text=constant; 0 and the category "
     "missing where it is not set. A category that no training row has becomes "
     "one of its own."},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which features; all where it is not set."},
    {"indicator", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Add a feature that tells where a value was missing."},
};

static enum impute_method impute_of(const mlpipe__job *job, uint32_t kind)
{
    if (kind == MLPIPE__NUMBER)
        return mlpipe__params_get(job->params, "numeric")->choice;
    switch (mlpipe__params_get(job->params, "text")->choice) {
    case 0:
        return IMPUTE_MODE;
    case 1:
        return IMPUTE_CONSTANT;
    default:
        return IMPUTE_NONE;
    }
}

static uint32_t impute_needs(enum impute_method method, uint32_t kind)
{
    if (kind == MLPIPE__CODE)
        return MLPIPE__NEED_COUNTS;
    if (method == IMPUTE_MEDIAN || method == IMPUTE_MODE)
        return MLPIPE__NEED_QUANTILES;
    return MLPIPE__NEED_MOMENTS;
}

static mlpipe_status impute_select(mlpipe__job *job)
{
    uint32_t kinds = 0;
    mlpipe_status st;

    if (impute_of(job, MLPIPE__NUMBER) != IMPUTE_NONE)
        kinds |= MLPIPE__NUMBER;
    if (impute_of(job, MLPIPE__CODE) != IMPUTE_NONE)
        kinds |= MLPIPE__CODE;
    if (!kinds)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: with numeric=none and text=none there is "
                            "nothing to fill; leave the step out",
                            job->name);
    if (mlpipe__params_get(job->params, "value")->text[0] &&
        impute_of(job, MLPIPE__NUMBER) != IMPUTE_CONSTANT &&
        impute_of(job, MLPIPE__CODE) != IMPUTE_CONSTANT)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: value=%q is of numeric=constant and "
                            "text=constant, and neither is set; give one of "
                            "them as well, or leave value out",
                            job->name,
                            mlpipe__params_get(job->params, "value")->text);
    st = mlpipe__job_choose(job, "columns", kinds, 0);
    for (uint32_t i = 0; i < job->chosen_count && !st; i++) {
        const uint32_t kind = job->plan->vars[job->chosen[i]].kind;
        job->needs[i] = impute_needs(impute_of(job, kind), kind);
    }
    return st;
}

/* The texts of a variable and one more, which the plan then owns. */
static mlpipe_status impute_one_more(const mlpipe__job *job, mlpipe__var *v,
                                     const char *text)
{
    mlpipe__env *env = job->plan->env;
    mlpipe__dict *dict = mlpipe__alloc(env, sizeof *dict);
    bool ok = dict != NULL;
    mlpipe_status st;

    if (!dict)
        return mlpipe__nomem(job->ctx);
    mlpipe__dict_init(dict, env);
    for (uint32_t c = 0; ok && c < v->codes; c++)
        ok = mlpipe__dict_add(dict, mlpipe__dict_text(v->dict, c),
                              mlpipe__dict_bytes(v->dict, c)) != UINT32_MAX;
    ok = ok && mlpipe__dict_add(dict, text, strlen(text)) != UINT32_MAX;
    st = mlpipe__plan_own_dict(job->ctx, job->plan, dict);
    if (st || !ok)
        return st ? st : mlpipe__nomem(job->ctx);
    v->dict = dict;
    v->codes = dict->count;
    return MLPIPE_OK;
}

/* value= as a category: one that is there, or a new one behind them. */
static mlpipe_status impute_category(const mlpipe__job *job, mlpipe__var *v,
                                     double *out)
{
    const char *text = mlpipe__params_get(job->params, "value")->text;
    const uint64_t most = job->ctx->env->limits.categories;
    uint32_t code;

    if (!text[0])
        text = "missing";
    if (!v->dict)
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: the categories of %q have no texts, so that "
                            "value=%q can be none of them; take text=mode",
                            job->name, v->name, text);
    code = mlpipe__dict_find(v->dict, text, strlen(text));
    *out = code < v->codes ? code : v->codes;
    if (code < v->codes)
        return MLPIPE_OK;
    if (v->codes >= most)
        return mlpipe__fail(job->ctx, MLPIPE_E_LIMIT,
                            "%s: %q has %u categories, and value=%q would be "
                            "one more than the limit of %llu; raise it, or "
                            "take one of them",
                            job->name, v->name, v->codes, text,
                            (unsigned long long)most);
    return impute_one_more(job, v, text);
}

/* value= as the number or the category that it says. */
static mlpipe_status impute_constant(const mlpipe__job *job, mlpipe__var *v,
                                     double *out)
{
    const char *text = mlpipe__params_get(job->params, "value")->text;
    const size_t n = strlen(text);

    *out = 0;
    if (v->kind == MLPIPE__CODE)
        return impute_category(job, v, out);
    if (!n || (mlpipe__parse_f64(text, n, false, out) &&
               mlpipe__finite(*out)))
        return MLPIPE_OK;
    return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                        "%s: value=%q is no number, and feature %q is one; "
                        "name the features with columns=",
                        job->name, text, v->name);
}

/* Nothing is known of a feature without values: a number gets 0, a category
 * stays one that no training row has. */
static void impute_nothing(const mlpipe__job *job, uint32_t i, double *out)
{
    const mlpipe__var *v = &job->plan->vars[job->chosen[i]];

    *out = v->kind == MLPIPE__CODE ? -1 : 0;
    if (mlpipe__stats_infinite(&job->stats[i])) {
        mlpipe__job_tell_infinite(job, i, "missing ones are filled with 0, "
                                          "and infinite ones stay");
        return;
    }
    mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                     v->kind == MLPIPE__CODE
                         ? "%s is missing in all training rows; filled with "
                           "an unseen category"
                         : "%s is missing in all training rows; filled "
                           "with 0",
                     v->name);
}

static mlpipe_status impute_value(const mlpipe__job *job, uint32_t i,
                                  double *out)
{
    mlpipe__var *v = &job->plan->vars[job->chosen[i]];
    const mlpipe__stats *s = &job->stats[i];

    switch (impute_of(job, v->kind)) {
    case IMPUTE_MEAN:
        *out = mlpipe__stats_mean(s);
        break;
    case IMPUTE_MEDIAN:
        *out = mlpipe__stats_quantile(s, 0.5);
        break;
    case IMPUTE_MODE:
        *out = mlpipe__stats_mode(s);
        break;
    default:
        return impute_constant(job, v, out);
    }
    if (!mlpipe__finite(*out))
        impute_nothing(job, i, out);
    else
        mlpipe__job_tell_infinite(job, i, "missing ones are filled by the "
                                          "finite ones, and infinite ones "
                                          "stay");
    return MLPIPE_OK;
}

static mlpipe_status impute_emit(mlpipe__job *job)
{
    const bool indicator =
        mlpipe__params_get(job->params, "indicator")->number != 0;
    mlpipe__program *p = job->plan->program;

    for (uint32_t i = 0; i < job->chosen_count; i++) {
        const uint32_t var = job->chosen[i];
        double value;
        mlpipe_status st = impute_value(job, i, &value);
        if (!st && indicator && job->stats[i].nulls)
            st = mlpipe__clean_beside(
                job, var, "missing",
                mlpipe__program_op(p, MLPIPE__OP_IS_NULL,
                                   job->plan->vars[var].reg, 0, 0, 0, 1));
        if (st)
            return st;
        mlpipe__var *v = &job->plan->vars[var];
        const uint32_t at = mlpipe__program_const(p, &value, 1);
        v->reg = mlpipe__program_op(p, MLPIPE__OP_IMPUTE, v->reg, 0, at, 0,
                                    1);
        v->nullable = false;
    }
    return MLPIPE_OK;
}

const mlpipe__step mlpipe__step_impute = {
    .name = "impute",
    .kind = MLPIPE_KIND_FIT,
    .params = impute_params,
    .param_count = sizeof impute_params / sizeof *impute_params,
    .doc = "Fill missing values with a number or category from training.",
    .select = impute_select,
    .emit = impute_emit,
};
