/* SPDX-License-Identifier: MIT */
/*
 * Which columns a program reads: the features, and those that a step names
 * without their being features, such as what an expression is made of. What
 * no operation needs in the end is left out again.
 */
#include "fit_types.h"

const char *const mlpipe__fit_roles[MLPIPE__FIT_ROLES] = {
    "id",     "time",  "group",   "weight", "label_time", "known_time",
    "offset", "split", "segment", "key",    "private",
};
/* Columns of the roles behind these may be features too where the recipe lists
 * them. */
enum { PLANNER_HARD_ROLES = 8 };

static bool planner_in_role(const mlpipe_pipeline *p, const char *role,
                            const char *column)
{
    const mlpipe__setting *s = mlpipe__params_get(&p->params, role);
    uint32_t i;
    for (i = 0; i < s->count; i++)
        if (!strcmp(s->names[i], column))
            return true;
    return false;
}

/* The role that keeps a column from being a feature, or NULL. */
static const char *planner_role(const mlpipe_pipeline *p, const char *column,
                                bool soft)
{
    const uint32_t count = soft ? MLPIPE__FIT_ROLES : PLANNER_HARD_ROLES;
    uint32_t i;
    for (i = 0; i < count; i++)
        if (planner_in_role(p, mlpipe__fit_roles[i], column))
            return mlpipe__fit_roles[i];
    return NULL;
}

static mlpipe_status planner_check_feature(mlpipe__fitting *f,
                                           const char *name)
{
    const char *role = planner_role(f->recipe, name, false);
    if (f->model->target && !strcmp(name, f->model->target)) {
        mlpipe__fail(f->ctx, MLPIPE_E_LEAK,
                     "the target %q is listed in features=: the model would "
                     "read its own answer; take it out",
                     name);
        return mlpipe__fail_at(f->ctx, -1, name);
    }
    if (role) {
        mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                     "the column %q has the role %s= and is listed in "
                     "features= as well; take it out of one of them",
                     name, role);
        return mlpipe__fail_at(f->ctx, -1, name);
    }
    return MLPIPE_OK;
}

/* What the training rows hold of a column: nulls, and which codes. */
static bool planner_scan(const mlpipe_dataset *d, uint32_t column,
                         uint8_t *used)
{
    double values[MLPIPE__BLOCK_ROWS];
    uint8_t valid[MLPIPE__BLOCK_ROWS];
    bool nulls = false;
    int64_t start;
    uint32_t n, i;
    for (start = 0; start < d->rows; start += n) {
        n = d->rows - start < MLPIPE__BLOCK_ROWS
                ? (uint32_t)(d->rows - start)
                : MLPIPE__BLOCK_ROWS;
        mlpipe__dataset_block(d, column, start, n, values, valid);
        for (i = 0; i < n; i++) {
            const bool null = !valid[i] || values[i] != values[i];
            nulls = nulls || null;
            if (used && !null)
                used[(uint32_t)values[i]] = 1;
        }
    }
    return nulls;
}

/* How a column is read: as a feature, or because a step names it. */
typedef struct planner_use {
    uint32_t column;
    bool feature;
} planner_use;

/* A variable of both plans; the dictionary holds the training rows' texts. */
static mlpipe_status planner_add_input(mlpipe__fitting *f,
                                       const planner_use *use,
                                       const mlpipe__dict *dict,
                                       bool nullable)
{
    const mlpipe__column *c = f->given->columns[use->column];
    mlpipe__program *p = f->plan.program;
    mlpipe__var var = {0}, *made;
    mlpipe_status st;
    var.kind = dict ? MLPIPE__CODE : MLPIPE__NUMBER;
    var.codes = dict ? dict->count : 0;
    var.type = c->type;
    var.unit = c->unit;
    var.nullable = nullable;
    var.feature = use->feature;
    var.tainted = f->model->target && !strcmp(c->name, f->model->target);
    var.reg = mlpipe__program_add_input(p, c->name, c->type, c->unit,
                                        var.kind, dict);
    if (p->failed)
        return mlpipe__nomem(f->ctx);
    var.origin = var.reg;
    var.dict = p->inputs[var.reg].dict;
    st = mlpipe__plan_add(f->ctx, &f->inputs, &var, c->name, var.reg, &made);
    if (!st)
        st = mlpipe__plan_add(f->ctx, &f->plan, &var, c->name, var.reg,
                              &made);
    return st;
}

static mlpipe_status planner_category(mlpipe__fitting *f,
                                      const planner_use *use)
{
    const mlpipe__column *c = f->given->columns[use->column];
    const mlpipe__dict *all = &c->dictionary->dict;
    mlpipe__env *env = f->ctx->env;
    uint8_t *used = mlpipe__alloc(env, all->count);
    int32_t *map = mlpipe__alloc_array(env, all->count, sizeof *map);
    mlpipe__dictionary *sorted = NULL;
    mlpipe_status st;
    if (used && map) {
        const bool nulls = planner_scan(f->train.data, use->column, used);
        sorted = mlpipe__dictionary_sorted(all, used, map);
        st = sorted ? planner_add_input(f, use, &sorted->dict, nulls)
                    : mlpipe__nomem(f->ctx);
    } else {
        st = mlpipe__nomem(f->ctx);
    }
    mlpipe__dictionary_drop(sorted);
    mlpipe__free(env, used);
    mlpipe__free(env, map);
    return st;
}

/* A free text has no codes of its own: only feeds can read it. */
static mlpipe_status planner_text(mlpipe__fitting *f, const planner_use *use)
{
    mlpipe__dict none;
    mlpipe_status st;
    mlpipe__dict_init(&none, f->ctx->env);
    st = planner_add_input(f, use, &none, true);
    mlpipe__dict_free(&none);
    return st;
}

static mlpipe_status planner_column(mlpipe__fitting *f, uint32_t column,
                                    bool feature)
{
    const planner_use use = {column, feature};
    switch (f->given->columns[column]->type) {
    case MLPIPE_TYPE_TEXT:
        return planner_text(f, &use);
    case MLPIPE_TYPE_CATEGORY:
        return planner_category(f, &use);
    default:
        return planner_add_input(f, &use, NULL,
                                 planner_scan(f->train.data, column, NULL));
    }
}

/* Does a definition of this name stand in the text of expressions? */
static bool planner_defines(const char *text, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += n) {
        const char *end = at + n;
        const char before = at > text ? at[-1] : ' ';
        while (*end == ' ')
            end++;
        if (strchr(" ;\n", before) && end[0] == '=' && end[1] != '=')
            return true;
    }
    return false;
}

const mlpipe__recipe_step *mlpipe__fit_derived(const mlpipe__fitting *f,
                                               const char *name)
{
    for (uint32_t i = 0; i < f->recipe->step_count; i++) {
        const mlpipe__recipe_step *s = &f->recipe->steps[i];
        if (s->step && !strcmp(s->step->name, "derive") &&
            planner_defines(
                mlpipe__params_get(&s->params, "expressions")->text, name))
            return s;
    }
    return NULL;
}

/* A listed column that the dataset lacks, and a step of the recipe makes. */
static mlpipe_status planner_made(const mlpipe__fitting *f, const char *name)
{
    const mlpipe__recipe_step *s = mlpipe__fit_derived(f, name);
    if (!s || mlpipe_dataset_find(f->given, name) >= 0)
        return MLPIPE_OK;
    mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                 "features= lists %q, which the step %q makes: it is a "
                 "feature by itself; list the dataset's columns alone",
                 name, s->name);
    return mlpipe__fail_at(f->ctx, -1, name);
}

static mlpipe_status planner_listed(mlpipe__fitting *f,
                                    const mlpipe__setting *list)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i, column = 0;
    for (i = 0; !st && i < list->count; i++) {
        const char *name = list->names[i];
        st = planner_check_feature(f, name);
        if (!st && mlpipe__plan_find(&f->plan, name) >= 0)
            st = mlpipe__fail(f->ctx, MLPIPE_E_PARAM,
                              "features= lists %q twice", name);
        if (!st)
            st = planner_made(f, name);
        if (!st)
            st = mlpipe__dataset_column(f->ctx, f->given, name, &column);
        if (!st)
            st = planner_column(f, column, true);
    }
    return st;
}

/* A column that nobody listed and that looks like no feature is told. */
static void planner_doubt(mlpipe__fitting *f, uint32_t column)
{
    const char *name = f->given->columns[column]->name;
    const int32_t role = mlpipe_dataset_role(f->given, column);
    const char *word = role == MLPIPE_ROLE_ID     ? "id"
                       : role == MLPIPE_ROLE_TIME ? "time"
                                                  : NULL;
    if (word)
        mlpipe__log_line(f->ctx, MLPIPE_LOG_WARN, "fit",
                         "the column %s becomes a feature, since features= "
                         "lists none, but looks like the %s of a row; say "
                         "%s=%s, or list the features",
                         name, word, word, name);
}

static mlpipe_status planner_unlisted(mlpipe__fitting *f)
{
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    for (i = 0; !st && i < f->given->column_count; i++) {
        const char *name = f->given->columns[i]->name;
        if ((f->model->target && !strcmp(name, f->model->target)) ||
            planner_role(f->recipe, name, true))
            continue;
        planner_doubt(f, i);
        st = planner_column(f, i, true);
    }
    if (!st && !f->plan.var_count)
        return mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                            "no column is left to learn from: the target and "
                            "the roles take all %u",
                            f->given->column_count);
    return st;
}

/* ---- what steps name ---------------------------------------------------- */

/* A name that a step speaks of: where it is a column, and no input yet, it
 * becomes one that is no feature. What it means else is the step's business. */
static mlpipe_status planner_named(void *user, const char *name, size_t bytes)
{
    mlpipe__fitting *f = user;
    mlpipe_status st = MLPIPE_OK;
    char *copy = mlpipe__strdup(f->ctx->env, name, bytes);
    int32_t column;
    if (!copy)
        return mlpipe__nomem(f->ctx);
    column = mlpipe_dataset_find(f->given, copy);
    if (column >= 0 && mlpipe__plan_find(&f->plan, copy) < 0)
        st = planner_column(f, (uint32_t)column, false);
    mlpipe__free(f->ctx->env, copy);
    return st;
}

/* Every text of an input among the training rows. */
static mlpipe_status planner_each_text(mlpipe__plan *plan, mlpipe_ctx *ctx,
                                       uint32_t input,
                                       mlpipe_status (*each)(
                                           void *user, const char *text,
                                           size_t bytes),
                                       void *user)
{
    const mlpipe__fitting *f = plan->user;
    const mlpipe__program_input *in = &plan->program->inputs[input];
    const mlpipe_dataset *d = f->train.data;
    mlpipe_status st = MLPIPE_OK;
    uint32_t column;
    if (in->type == MLPIPE_TYPE_CATEGORY) {
        for (uint32_t i = 0; !st && i < in->dict->count; i++)
            st = each(user, mlpipe__dict_text(in->dict, i),
                      mlpipe__dict_bytes(in->dict, i));
        return st;
    }
    st = mlpipe__dataset_column(ctx, d, in->name, &column);
    for (int64_t i = 0; !st && i < d->rows; i++) {
        size_t bytes;
        const char *text = mlpipe__dataset_cell_text(d, column, i, &bytes);
        if (i % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, f->stage ? f->stage : "fit", (uint64_t)i,
                              (uint64_t)d->rows);
        if (!st && text)
            st = each(user, text, bytes);
    }
    return st;
}

static int64_t planner_find_text(const mlpipe__plan *plan, uint32_t input,
                                 bool (*is)(void *user, const char *text,
                                            size_t bytes),
                                 void *is_user)
{
    const mlpipe__fitting *f = plan->user;
    const mlpipe_dataset *d = f->train.data;
    const int32_t column =
        mlpipe_dataset_find(d, plan->program->inputs[input].name);
    for (int64_t i = 0; column >= 0 && i < d->rows; i++) {
        size_t bytes;
        const char *text =
            mlpipe__dataset_cell_text(d, (uint32_t)column, i, &bytes);
        if (text && is(is_user, text, bytes))
            return (int64_t)mlpipe_dataset_row_id(d, i);
    }
    return -1;
}

/* The year of the newest training row, for lints. */
static int32_t planner_year(const mlpipe__fitting *f)
{
    const int64_t us = mlpipe__fit_newest(f, f->train.data);
    int32_t year = 0, month, day;
    if (us)
        mlpipe__civil_from_days(us / INT64_C(86400000000), &year, &month,
                                &day);
    return year;
}

/* A limit on columns, and where expressions find the texts of rows. */
static mlpipe_status planner_begin(mlpipe__fitting *f)
{
    if (f->given->column_count > f->ctx->env->limits.features)
        return mlpipe__fail(f->ctx, MLPIPE_E_LIMIT,
                            "%u columns; the limit is %llu, features of "
                            "mlpipe_limits; raise it, or select fewer",
                            f->given->column_count,
                            (unsigned long long)f->ctx->env->limits.features);
    f->plan.each_text = planner_each_text;
    f->plan.find_text = planner_find_text;
    f->plan.user = f;
    return MLPIPE_OK;
}

/* What a text reads, and whether one of it is no column. */
typedef struct planner_read {
    mlpipe__fitting *f;
    bool unknown;
} planner_read;

static mlpipe_status planner_read_name(void *user, const char *name,
                                       size_t bytes)
{
    planner_read *r = user;
    if (mlpipe__dict_find(&r->f->given->names, name, bytes) == UINT32_MAX)
        r->unknown = true;
    return planner_named(r->f, name, bytes);
}

mlpipe_status mlpipe__fit_reads(mlpipe__fitting *f, const char *owner,
                                const char *text, bool derive)
{
    planner_read r = {.f = f};
    mlpipe_status st = planner_begin(f);
    if (!st)
        st = mlpipe__expr_names(f->ctx, owner, text, derive,
                                planner_read_name, &r);
    /* The compiler will say which columns are near, so that it needs all. */
    for (uint32_t i = 0; !st && r.unknown && i < f->given->column_count; i++)
        if (mlpipe__plan_find(&f->plan, f->given->columns[i]->name) < 0)
            st = planner_column(f, i, false);
    return st;
}

mlpipe_status mlpipe__fit_inputs(mlpipe__fitting *f)
{
    const mlpipe__setting *list =
        mlpipe__params_get(&f->recipe->params, "features");
    const char *offset = f->learner ? mlpipe__fit_offset_name(f) : "";
    mlpipe_status st = planner_begin(f);
    uint32_t i;
    if (st)
        return st;
    st = list->count ? planner_listed(f, list) : planner_unlisted(f);
    for (i = 0; !st && i < f->step_count; i++) {
        const mlpipe__job *job = &f->steps[i].job;
        if (job->step->names)
            st = job->step->names(f->ctx, job->params, planner_named, f);
    }
    if (!st && offset[0])
        st = mlpipe__fit_offset_task(f);
    if (!st && offset[0])
        st = planner_named(f, offset, strlen(offset));
    f->plan.fit_year = planner_year(f);
    return st;
}
