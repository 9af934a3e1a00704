/* SPDX-License-Identifier: MIT */
/*
 * A category as one feature of 0 and 1 for each value that training saw often
 * enough, in the order of their names. A value that has none gives zeros, or
 * counts with the pooled infrequent ones.
 */
#include "feature_internal.h"

enum onehot_unknown { ONEHOT_ZEROS, ONEHOT_OTHER, ONEHOT_ERROR };

static const mlpipe__param onehot_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Which categories; all where it is not set."},
    {"max", MLPIPE_PARAM_INT, "256", 1, 65536, NULL, 0x000100,
     "How many of the most frequent values get a feature."},
    {"min_count", MLPIPE_PARAM_INT, "1", 1, 1e9, NULL, 0x000100,
     "In how many training rows a value must be to get one."},
    {"min_share", MLPIPE_PARAM_REAL, "0", 0, 1, NULL, 0x000100,
     "The same as a share of all training rows."},
    {"infrequent", MLPIPE_PARAM_CHOICE, "drop", 0, 0, "drop,pool", 0x000100,
     "The others: no feature, or <column>=other for all of them."},
    {"unknown", MLPIPE_PARAM_CHOICE, "zeros", 0, 0, "zeros,other,error",
     0x000100,
     "Values that training never saw; error: such rows get no answer."},
    {"missing", MLPIPE_PARAM_CHOICE, "own", 0, 0, "own,zeros", 0x000100,
     "Whether missing gets a feature too, where training has any."},
};

/* Which output each code sets; `outputs` where it sets none. */
typedef struct onehot_slots {
    uint32_t *slot; /* of each code */
    uint32_t kept;  /* outputs that have one code each, by name */
    bool pooled;    /* one more behind them, of the infrequent */
} onehot_slots;

static enum onehot_unknown onehot_unknown(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "unknown")->choice;
}

static bool onehot_pools(const mlpipe__job *job)
{
    return mlpipe__params_get(job->params, "infrequent")->choice == 1;
}

static mlpipe_status onehot_select(mlpipe__job *job)
{
    if (onehot_unknown(job) == ONEHOT_OTHER && !onehot_pools(job))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "step %q: unknown=other counts unseen values "
                            "with the infrequent ones, which have a feature "
                            "with infrequent=pool alone; give that as well, "
                            "or unknown=zeros",
                            job->name);
    return mlpipe__job_choose(job, "columns", MLPIPE__CODE,
                              MLPIPE__NEED_COUNTS);
}

/* Names end at a NUL byte: in a text it is written \x00 as in messages, and
 * a backslash beside it twice, so that no two such texts are one name. */
static void onehot_word(mlpipe__text *name, const char *value, size_t bytes)
{
    if (!memchr(value, 0, bytes)) {
        mlpipe__text_put(name, value, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (!value[i])
            mlpipe__text_put(name, "\\x00", 4);
        else
            mlpipe__text_put(name, value + i, 1);
        if (value[i] == '\\')
            mlpipe__text_put(name, "\\", 1);
    }
}

/* value is NULL for the feature that tells of missing. */
static mlpipe_status onehot_add(mlpipe__job *job, const mlpipe__var *of,
                                const char *value, size_t bytes, uint32_t reg)
{
    mlpipe__var like = *of;
    mlpipe__text name;
    mlpipe__var *added;
    mlpipe_status st;

    mlpipe__text_init(&name, job->plan->env);
    mlpipe__text_add(&name, value ? "%s=" : "%s missing", of->name);
    if (value)
        onehot_word(&name, value, bytes);
    if (name.failed) {
        mlpipe__text_free(&name);
        return mlpipe__nomem(job->ctx);
    }
    mlpipe__var_number(&like, reg, MLPIPE_TYPE_BOOL);
    like.nullable = false;
    st = mlpipe__plan_add(job->ctx, job->plan, &like, name.data, reg, &added);
    mlpipe__text_free(&name);
    return st;
}

/* In how many rows a value must be. */
static uint64_t onehot_least(const mlpipe__job *job, const mlpipe__stats *s)
{
    const double share =
        mlpipe__params_get(job->params, "min_share")->number *
        (double)s->rows;
    uint64_t least =
        (uint64_t)mlpipe__params_get(job->params, "min_count")->integer;

    while ((double)least < share && least < s->rows)
        least = least < (uint64_t)share ? (uint64_t)share : least + 1;
    return least;
}

/* A category of training that is named as the pooled feature is joins it. */
static bool onehot_is_other(const mlpipe__var *v, uint32_t code)
{
    return mlpipe__dict_bytes(v->dict, code) == 5 &&
           !memcmp(mlpipe__dict_text(v->dict, code), "other", 5);
}

/*
 * Marks in slot by 0, against 1, the codes that get a feature of their own: the
 * most frequent `max` of those that occur often enough, of equally frequent
 * ones those whose name comes first.
 */
static void onehot_keep(const mlpipe__job *job, const mlpipe__stats *s,
                        const mlpipe__var *v, const uint32_t *frequent,
                        onehot_slots *out)
{
    const uint64_t max =
        (uint64_t)mlpipe__params_get(job->params, "max")->integer;
    const uint64_t least = onehot_least(job, s);

    for (uint32_t k = 0; k < v->codes; k++) {
        const uint32_t c = frequent[k];
        const bool own = s->counts[c] >= least && out->kept < max &&
                         !(onehot_pools(job) && onehot_is_other(v, c));

        out->slot[c] = !own;
        out->kept += own;
        out->pooled |= !own && s->counts[c] && onehot_pools(job);
    }
    out->pooled |= s->unseen && onehot_unknown(job) == ONEHOT_OTHER;
}

/* One that does not occur is as good as unseen, and no part of the pool. */
static uint32_t onehot_slot(const mlpipe__job *job, const onehot_slots *s,
                            uint64_t count)
{
    const bool unseen = !count && onehot_unknown(job) != ONEHOT_OTHER;

    return s->kept + (unseen && s->pooled);
}

static void onehot_tell_other(const mlpipe__job *job, const mlpipe__stats *s,
                              const mlpipe__var *v)
{
    const uint32_t c = mlpipe__dict_find(v->dict, "other", 5);

    if (onehot_pools(job) && c < v->codes && s->counts[c])
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "the category \"other\" of %s, in %llu training "
                         "rows, counts with the infrequent ones, whose "
                         "feature has the name %s=other",
                         v->name, (unsigned long long)s->counts[c], v->name);
}

static mlpipe_status onehot_find(mlpipe__job *job, uint32_t i,
                                 const mlpipe__var *v, onehot_slots *out)
{
    mlpipe__env *env = job->ctx->env;
    uint32_t *frequent = NULL, *named = NULL, next = 0;
    mlpipe_status st =
        mlpipe__codes_order(job, v, job->stats[i].counts, &frequent);

    if (!st)
        st = mlpipe__codes_order(job, v, NULL, &named);
    if (!st) {
        onehot_keep(job, &job->stats[i], v, frequent, out);
        onehot_tell_other(job, &job->stats[i], v);
        for (uint32_t k = 0; k < v->codes; k++) {
            const uint32_t c = named[k];
            out->slot[c] =
                out->slot[c]
                    ? onehot_slot(job, out, job->stats[i].counts[c])
                    : next++;
        }
    }
    mlpipe__free(env, named);
    mlpipe__free(env, frequent);
    return st;
}

/* The features of the outputs, in their order. */
static mlpipe_status onehot_names(mlpipe__job *job, const mlpipe__var *v,
                                  const onehot_slots *s, uint32_t reg)
{
    uint32_t *code = mlpipe__alloc_array(job->ctx->env, s->kept,
                                         sizeof *code);
    mlpipe_status st = code ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    for (uint32_t c = 0; c < v->codes && !st; c++)
        if (s->slot[c] < s->kept)
            code[s->slot[c]] = c;
    for (uint32_t k = 0; k < s->kept && !st; k++)
        st = onehot_add(job, v, mlpipe__dict_text(v->dict, code[k]),
                        mlpipe__dict_bytes(v->dict, code[k]), reg + k);
    if (!st && s->pooled)
        st = onehot_add(job, v, "other", 5, reg + s->kept);
    mlpipe__free(job->ctx->env, code);
    return st;
}

/* Unseen values as a code of their own, so that they set the pooled output:
 * a one-hot op gives them zeros. */
static mlpipe_status onehot_other_code(mlpipe__job *job, onehot_slots *s,
                                       const mlpipe__var *v, uint32_t *reg)
{
    uint32_t *map = mlpipe__alloc_array(job->ctx->env, (size_t)v->codes + 2,
                                        sizeof *map);
    mlpipe__program *p = job->plan->program;

    if (!map)
        return mlpipe__nomem(job->ctx);
    memcpy(map, s->slot, v->codes * sizeof *map);
    map[v->codes] = s->kept;
    map[v->codes + 1] = MLPIPE__MAP_NULL;
    const uint32_t words = mlpipe__program_words(p, map, v->codes + 2);
    for (uint32_t k = 0; k <= s->kept; k++)
        map[k] = k;
    *reg = mlpipe__program_op(p, MLPIPE__OP_MAP_CODE, v->reg, s->kept + 1,
                              words, v->codes, 1);
    *reg = mlpipe__program_op(p, MLPIPE__OP_ONEHOT, *reg, s->kept + 1,
                              mlpipe__program_words(p, map, s->kept + 1),
                              s->kept + 1, s->kept + 1);
    mlpipe__free(job->ctx->env, map);
    return MLPIPE_OK;
}

/* The ops of a category; *reg is the first output's. */
static mlpipe_status onehot_ops(mlpipe__job *job, onehot_slots *s,
                                const mlpipe__var *v, uint32_t *reg)
{
    mlpipe__program *p = job->plan->program;
    const uint32_t outputs = s->kept + s->pooled;

    if (s->pooled && onehot_unknown(job) == ONEHOT_OTHER)
        return onehot_other_code(job, s, v, reg);
    const uint32_t words = mlpipe__program_words(p, s->slot, v->codes);
    *reg = mlpipe__program_op(p, MLPIPE__OP_ONEHOT, v->reg, v->codes, words,
                              outputs, outputs);
    return MLPIPE_OK;
}

static mlpipe_status onehot_one(mlpipe__job *job, uint32_t i)
{
    const bool own = mlpipe__params_get(job->params, "missing")->choice == 0;
    const uint32_t var = job->chosen[i];
    const mlpipe__var v = job->plan->vars[var];
    mlpipe__env *env = job->ctx->env;
    onehot_slots s = {
        .slot = mlpipe__alloc_array(env, (size_t)v.codes, sizeof *s.slot)};
    uint32_t reg = 0;
    mlpipe_status st = s.slot ? MLPIPE_OK : mlpipe__nomem(job->ctx);

    if (!st)
        st = onehot_find(job, i, &v, &s);
    if (!st && s.kept + s.pooled) {
        st = onehot_ops(job, &s, &v, &reg);
        if (!st)
            st = onehot_names(job, &v, &s, reg);
    }
    if (!st && own && job->stats[i].nulls)
        st = onehot_add(job, &v, NULL, 0,
                        mlpipe__program_op(job->plan->program,
                                           MLPIPE__OP_IS_NULL, v.reg, 0, 0,
                                           0, 1));
    if (!st && onehot_unknown(job) == ONEHOT_ERROR)
        st = mlpipe__codes_refuse_unseen(job, &v, job->stats[i].counts);
    if (!st)
        mlpipe__plan_drop(job->plan, var);
    mlpipe__free(env, s.slot);
    return st;
}

static mlpipe_status onehot_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = onehot_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_onehot = {
    .name = "onehot",
    .kind = MLPIPE_KIND_FIT,
    .params = onehot_params,
    .param_count = sizeof onehot_params / sizeof *onehot_params,
    .doc = "Turn categories into features of 0 and 1.",
    .select = onehot_select,
    .emit = onehot_emit,
    .typed = true,
};
