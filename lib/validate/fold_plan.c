/* SPDX-License-Identifier: MIT */
/*
 * The plan of a cross-validation: the fold of every row, and what of the
 * other rows may train for a fold.
 */
#include "validate_internal.h"

enum { PLAN_RANDOM, PLAN_CONTIGUOUS, PLAN_ORDERED, PLAN_GROUPS };
enum { PLAN_FOLDS_MAX = 65536 };
#define FOLD_PLAN_NONE UINT32_MAX /* rows before the first fold of an order */

struct mlpipe__fold_plan {
    mlpipe__env *env;     /* one reference each */
    mlpipe_dataset *data;
    mlpipe__split_rows rows;
    uint32_t kind, folds, repeats;
    uint32_t *fold; /* repeats x rows */
    mlpipe__split_reach gap, embargo, max_train, test;
};

/* ---- what may be asked together ----------------------------------------- */

static mlpipe_status plan_refuse(mlpipe_ctx *ctx, const char *owner,
                                 const char *param, const char *why)
{
    return mlpipe__fail(ctx, MLPIPE_E_PARAM, "%s: %s= %s", owner, param, why);
}

static mlpipe_status plan_check(mlpipe_ctx *ctx, const char *owner,
                                const mlpipe__params *p,
                                const mlpipe__fold_columns *columns)
{
    static const char *const random_only[] = {"repeats", "stratify", "bins"};
    static const char *const ordered_only[] = {"max_train", "test"};
    const uint32_t kind = mlpipe__params_get(p, "kind")->choice;
    const bool order = columns->order->count != 0;
    const bool used = columns->label_end->count ||
                      mlpipe__params_get(p, "gap")->given ||
                      mlpipe__params_get(p, "embargo")->given;
    uint32_t i;
    for (i = 0; i < 3; i++)
        if (kind != PLAN_RANDOM &&
            mlpipe__params_get(p, random_only[i])->given)
            return plan_refuse(ctx, owner, random_only[i],
                               "goes with kind=random alone");
    for (i = 0; i < 2; i++)
        if (kind != PLAN_ORDERED &&
            mlpipe__params_get(p, ordered_only[i])->given)
            return plan_refuse(ctx, owner, ordered_only[i],
                               "goes with kind=ordered alone");
    if (kind == PLAN_GROUPS && mlpipe__params_get(p, "folds")->given)
        return plan_refuse(ctx, owner, "folds",
                           "is left out with kind=groups, which makes a fold "
                           "of each group");
    if (kind == PLAN_GROUPS && !columns->group->count)
        return plan_refuse(ctx, owner, "kind=groups needs group",
                           "with the column of the groups");
    if ((kind == PLAN_RANDOM || kind == PLAN_GROUPS) && order && !used)
        return plan_refuse(ctx, owner, "order",
                           "changes nothing here; give kind=ordered or "
                           "kind=contiguous, or label_end=, gap= or "
                           "embargo=");
    if ((kind == PLAN_RANDOM || kind == PLAN_GROUPS) && !order && used)
        return plan_refuse(ctx, owner, "label_end=, gap= and embargo",
                           "need order= with the column to sort by, or "
                           "kind=ordered or kind=contiguous");
    if (mlpipe__params_get(p, "bins")->given &&
        !mlpipe__params_get(p, "stratify")->count)
        return plan_refuse(ctx, owner, "bins", "needs stratify=column");
    return MLPIPE_OK;
}

/* ---- who is in which fold ----------------------------------------------- */

static mlpipe_status plan_deal(mlpipe__fold_plan *plan, uint64_t seed)
{
    const uint32_t folds = plan->folds;
    mlpipe__env *env = plan->env;
    double *shares = mlpipe__alloc_array(env, folds, sizeof *shares);
    mlpipe_status st = shares ? MLPIPE_OK : mlpipe__nomem(plan->rows.ctx);
    uint32_t i;
    for (i = 0; !st && i < folds; i++)
        shares[i] = 1.0 / folds;
    for (i = 0; !st && i < plan->repeats; i++) {
        const mlpipe__deal deal = {&plan->rows, seed + i, MLPIPE__FOR_FOLD,
                                   folds, shares, "folds"};
        st = mlpipe__deal_rows(&deal,
                               plan->fold + (size_t)i * plan->rows.rows);
    }
    mlpipe__free(env, shares);
    return st;
}

/* The first position that has another value than this one. */
static uint32_t plan_tie_end(const mlpipe__split_rows *r, uint32_t p)
{
    uint32_t q = p + 1;
    if (!r->key)
        return q;
    while (q < r->rows && r->key[mlpipe__split_at(r, q)] ==
                              r->key[mlpipe__split_at(r, p)])
        q++;
    return q;
}

/* Where fold k begins if no values are equal; fold `folds` is the end. */
static uint64_t plan_start(const mlpipe__fold_plan *plan, uint64_t test,
                           uint32_t k)
{
    const uint64_t n = plan->rows.rows;
    const uint64_t more = n % plan->folds;
    if (plan->kind == PLAN_ORDERED)
        return n - test * (plan->folds - k);
    return n / plan->folds * k + (k < more ? k : more);
}

/* Rows of equal value go to the fold in which their middle lies. */
static void plan_runs(mlpipe__fold_plan *plan, uint64_t test)
{
    const mlpipe__split_rows *r = &plan->rows;
    uint32_t a, b, i, next = 0; /* the fold that comes next */
    for (a = 0; a < r->rows; a = b) {
        b = plan_tie_end(r, a);
        while (next < plan->folds &&
               2 * plan_start(plan, test, next) <= (uint64_t)a + b)
            next++;
        for (i = a; i < b; i++)
            plan->fold[mlpipe__split_at(r, i)] =
                next ? next - 1 : FOLD_PLAN_NONE;
    }
}

/* Folds of equal time, each up to and with its end; the last ends with the
 * last row. */
static mlpipe_status plan_spans(mlpipe__fold_plan *plan)
{
    const mlpipe__split_rows *r = &plan->rows;
    const uint64_t span = (uint64_t)plan->test.value;
    const uint64_t last =
        (uint64_t)r->key[mlpipe__split_at(r, r->rows - 1)];
    uint32_t row, before = 0;
    for (row = 0; row < r->rows; row++) {
        const uint64_t back = (last - (uint64_t)r->key[row]) / span;
        plan->fold[row] = back < plan->folds
                              ? plan->folds - 1 - (uint32_t)back
                              : FOLD_PLAN_NONE;
        before += plan->fold[row] == FOLD_PLAN_NONE;
    }
    if (before)
        return MLPIPE_OK;
    return mlpipe__fail(r->ctx, MLPIPE_E_EMPTY,
                        "%s: %u folds of test= reach back to the first of "
                        "the %u rows, and none is left to train before "
                        "them; take fewer folds or a shorter test=",
                        r->owner, plan->folds, r->rows);
}

static mlpipe_status plan_in_order(mlpipe__fold_plan *plan)
{
    const uint64_t n = plan->rows.rows;
    uint64_t test = n / (plan->folds + 1);
    if (plan->test.given && plan->test.time)
        return plan_spans(plan);
    if (plan->test.given)
        test = (uint64_t)plan->test.value;
    if (plan->kind == PLAN_ORDERED && (!test || test * plan->folds >= n))
        return mlpipe__fail(plan->rows.ctx, MLPIPE_E_EMPTY,
                            "%s: %u folds of %llu rows leave none of %llu "
                            "rows to train before the first; take fewer "
                            "folds or a smaller test=",
                            plan->rows.owner, plan->folds,
                            (unsigned long long)(test ? test : 1),
                            (unsigned long long)n);
    plan_runs(plan, test);
    return MLPIPE_OK;
}

/* Groups as folds, in the order of their least row id. */
static mlpipe_status plan_by_group(mlpipe__fold_plan *plan)
{
    const mlpipe__split_rows *r = &plan->rows;
    mlpipe__env *env = plan->env;
    const uint32_t n = r->groups;
    int64_t *first = mlpipe__alloc_array(env, n, sizeof *first);
    uint32_t *place = mlpipe__alloc_array(env, n, sizeof *place);
    const uint64_t sign = UINT64_C(1) << 63;
    uint32_t i, found;
    mlpipe_status st =
        first && place ? MLPIPE_OK : mlpipe__nomem(plan->rows.ctx);
    for (i = 0; !st && i < n; i++)
        first[i] = INT64_MAX;
    for (i = 0; !st && i < r->rows; i++) {
        const int64_t id =
            (int64_t)(mlpipe_dataset_row_id(r->data, i) ^ sign);
        if (id < first[r->group[i]])
            first[r->group[i]] = id;
    }
    if (!st)
        st = mlpipe__split_number(r->ctx, first, n, place, &found, NULL);
    for (i = 0; !st && i < r->rows; i++) /* ids may repeat: then in turn */
        plan->fold[i] = found == n ? place[r->group[i]] : r->group[i];
    mlpipe__free(env, place);
    mlpipe__free(env, first);
    return st;
}

static mlpipe_status plan_memory(mlpipe__fold_plan *plan)
{
    size_t cells;
    if (mlpipe__mul(plan->rows.rows, plan->repeats, &cells))
        return mlpipe__nomem(plan->rows.ctx);
    plan->fold = mlpipe__alloc_array(plan->env, cells, sizeof *plan->fold);
    return plan->fold ? MLPIPE_OK : mlpipe__nomem(plan->rows.ctx);
}

static mlpipe_status plan_count_groups(mlpipe__fold_plan *plan)
{
    plan->folds = plan->rows.groups;
    if (plan->folds < 2)
        return mlpipe__fail(plan->rows.ctx, MLPIPE_E_EMPTY,
                            "%s: kind=groups needs 2 groups and finds %u",
                            plan->rows.owner, plan->folds);
    if (plan->folds > PLAN_FOLDS_MAX)
        return mlpipe__fail(plan->rows.ctx, MLPIPE_E_LIMIT,
                            "%s: kind=groups finds %u groups, at most %d; "
                            "kind=random keeps groups whole in folds=10",
                            plan->rows.owner, plan->folds,
                            (int)PLAN_FOLDS_MAX);
    return MLPIPE_OK;
}

static mlpipe_status plan_assign(mlpipe__fold_plan *plan,
                                 const mlpipe__params *p)
{
    mlpipe_status st = MLPIPE_OK;
    if (plan->kind == PLAN_GROUPS)
        st = plan_count_groups(plan);
    if (!st && plan->rows.rows < plan->folds)
        st = mlpipe__fail(plan->rows.ctx, MLPIPE_E_EMPTY,
                          "%u rows cannot make %u folds; give fewer folds or "
                          "more rows", plan->rows.rows,
                          plan->folds);
    if (!st)
        st = plan_memory(plan);
    if (st)
        return st;
    if (plan->kind == PLAN_GROUPS)
        return plan_by_group(plan);
    if (plan->kind != PLAN_RANDOM)
        return plan_in_order(plan);
    return plan_deal(plan,
                     (uint64_t)mlpipe__params_get(p, "seed")->integer);
}

/* ---- making and freeing ------------------------------------------------- */

static mlpipe_status plan_fill(mlpipe__fold_plan *plan,
                               const mlpipe__params *p,
                               const mlpipe__fold_columns *columns)
{
    mlpipe__split_rows *r = &plan->rows;
    mlpipe_status st;
    plan->kind = mlpipe__params_get(p, "kind")->choice;
    plan->folds = (uint32_t)mlpipe__params_get(p, "folds")->integer;
    plan->repeats = (uint32_t)mlpipe__params_get(p, "repeats")->integer;
    st = mlpipe__split_rows_order(r, columns->order, columns->label_end);
    if (!st)
        st = mlpipe__split_rows_group(r, columns->group);
    if (!st)
        st = mlpipe__split_rows_stratify(
            r, mlpipe__params_get(p, "stratify"),
            (uint32_t)mlpipe__params_get(p, "bins")->integer);
    if (!st)
        st = mlpipe__split_reach_parse(r, mlpipe__params_get(p, "gap"),
                                      &plan->gap);
    if (!st)
        st = mlpipe__split_reach_parse(r, mlpipe__params_get(p, "embargo"),
                                      &plan->embargo);
    if (!st)
        st = mlpipe__split_reach_parse(r, mlpipe__params_get(p, "max_train"),
                                      &plan->max_train);
    if (!st)
        st = mlpipe__split_reach_parse(r, mlpipe__params_get(p, "test"),
                                      &plan->test);
    return st ? st : plan_assign(plan, p);
}

mlpipe_status mlpipe__fold_plan_new(mlpipe_ctx *ctx, const char *owner,
                                    const mlpipe_dataset *data,
                                    const mlpipe__params *p,
                                    const mlpipe__fold_columns *columns,
                                    mlpipe__fold_plan **out)
{
    const mlpipe__fold_columns own = {mlpipe__params_get(p, "group"),
                                      mlpipe__params_get(p, "order"),
                                      mlpipe__params_get(p, "label_end")};
    mlpipe__fold_plan *plan;
    mlpipe_status st;
    *out = NULL;
    columns = columns ? columns : &own;
    st = plan_check(ctx, owner, p, columns);
    if (st)
        return st;
    plan = mlpipe__alloc(ctx->env, sizeof *plan);
    if (!plan)
        return mlpipe__nomem(ctx);
    plan->env = mlpipe__env_keep(ctx->env);
    plan->data = mlpipe__dataset_keep(data);
    st = mlpipe__split_rows_init(ctx, owner, plan->data, &plan->rows);
    if (!st)
        st = plan_fill(plan, p, columns);
    if (st) {
        mlpipe__fold_plan_free(plan);
        return st;
    }
    *out = plan;
    return MLPIPE_OK;
}

void mlpipe__fold_plan_free(mlpipe__fold_plan *plan)
{
    mlpipe__env *env;
    if (!plan)
        return;
    env = plan->env;
    mlpipe__free(env, plan->fold);
    mlpipe__split_rows_free(&plan->rows);
    mlpipe_dataset_free(plan->data);
    mlpipe__free(env, plan);
    mlpipe__env_drop(env);
}

uint32_t mlpipe__fold_plan_count(const mlpipe__fold_plan *plan)
{
    return plan->folds * plan->repeats;
}

uint32_t mlpipe__fold_plan_folds(const mlpipe__fold_plan *plan)
{
    return plan->folds;
}

/* ---- views -------------------------------------------------------------- */

/* What each row does for fold i, before rows are dropped. */
static void plan_roles(const mlpipe__fold_plan *plan, uint32_t i,
                       uint8_t *role)
{
    const uint32_t n = plan->rows.rows, k = i % plan->folds;
    const uint32_t *fold = plan->fold + (size_t)(i / plan->folds) * n;
    uint32_t row;
    for (row = 0; row < n; row++) {
        const bool before = fold[row] == FOLD_PLAN_NONE || fold[row] < k;
        role[row] = MLPIPE__ROLE_NONE;
        if (fold[row] == k)
            role[row] = MLPIPE__ROLE_TEST;
        else if (plan->kind != PLAN_ORDERED || before)
            role[row] = MLPIPE__ROLE_TRAIN;
    }
}

/* Only the newest training rows stay: so many, or those so near. */
static void plan_window(const mlpipe__fold_plan *plan, uint8_t *role)
{
    const mlpipe__split_rows *r = &plan->rows;
    const mlpipe__split_reach *most = &plan->max_train;
    int64_t left = most->value, oldest = INT64_MIN;
    uint32_t p = 0, q;
    if (!most->given)
        return;
    while (p < r->rows && role[mlpipe__split_at(r, p)] != MLPIPE__ROLE_TEST)
        p++;
    if (most->time && p < r->rows &&
        __builtin_sub_overflow(r->key[mlpipe__split_at(r, p)], most->value,
                               &oldest))
        oldest = INT64_MIN;
    for (q = p; q-- > 0;) {
        const uint32_t row = mlpipe__split_at(r, q);
        if (role[row] != MLPIPE__ROLE_TRAIN)
            continue;
        if (most->time ? r->key[row] < oldest : left-- <= 0)
            role[row] = MLPIPE__ROLE_NONE;
    }
}

static mlpipe_status plan_empty(mlpipe_ctx *ctx,
                                const mlpipe__fold_plan *plan, uint32_t i,
                                uint64_t tests,
                                const mlpipe__split_dropped *d)
{
    const uint64_t gone = d->group + d->purge + d->gap + d->embargo;
    if (tests)
        return mlpipe__fail(
            ctx, MLPIPE_E_EMPTY,
            "%s: fold %u has %llu rows and none are left to train for it: "
            "%llu were dropped, of which %llu share a group with it, %llu "
            "have a label span that meets it, %llu lie in the gap and %llu "
            "in the embargo; take shorter spans, gap= or embargo=, or other "
            "folds",
            plan->rows.owner, i, (unsigned long long)tests,
            (unsigned long long)gone, (unsigned long long)d->group,
            (unsigned long long)d->purge, (unsigned long long)d->gap,
            (unsigned long long)d->embargo);
    return mlpipe__fail(ctx, MLPIPE_E_EMPTY,
                        "fold %u of %u gets %llu of %u rows; take fewer "
                        "folds or another seed",
                        i, mlpipe__fold_plan_count(plan),
                        (unsigned long long)tests, plan->rows.rows);
}

/* Half of what could train is gone: that is a choice to be told of. */
static void plan_tell(mlpipe_ctx *ctx, const mlpipe__fold_plan *plan,
                      uint32_t i, uint64_t left,
                      const mlpipe__split_dropped *d)
{
    const uint64_t gone = d->group + d->purge + d->gap + d->embargo;
    if (left >= gone)
        return;
    mlpipe__log_line(
        ctx, MLPIPE_LOG_WARN, "folds",
        "%llu of the %llu rows that could train for fold %u are left: %llu "
        "share a group with it, %llu have a label span that meets it, %llu "
        "lie in the gap and %llu in the embargo; %s",
        (unsigned long long)left, (unsigned long long)(left + gone), i,
        (unsigned long long)d->group, (unsigned long long)d->purge,
        (unsigned long long)d->gap, (unsigned long long)d->embargo,
        d->group > gone / 2
            ? "kind=random and kind=groups keep groups whole instead"
            : "take shorter spans, gap= or embargo=, or fewer folds");
}

static mlpipe_status plan_view(mlpipe_ctx *ctx, const mlpipe__fold_plan *plan,
                               const uint8_t *role, uint8_t which,
                               int64_t count, mlpipe_dataset **out)
{
    mlpipe__rowset *set = mlpipe__rowset_new(plan->data->env, count);
    int64_t n = 0;
    uint32_t p;
    if (!set)
        return mlpipe__nomem(ctx);
    for (p = 0; p < plan->rows.rows; p++) {
        const uint32_t row = mlpipe__split_at(&plan->rows, p);
        if (role[row] == which)
            set->rows[n++] = row;
    }
    return mlpipe__dataset_view(ctx, plan->data, set, out);
}

static mlpipe_status plan_views(mlpipe_ctx *ctx,
                                const mlpipe__fold_plan *plan, uint32_t i,
                                uint8_t *role, mlpipe_dataset **fold,
                                mlpipe_dataset **rest,
                                mlpipe__split_dropped *dropped)
{
    mlpipe__split_rows r = plan->rows;
    uint64_t count[3] = {0, 0, 0}, left = 0;
    uint32_t row;
    mlpipe_status st;
    r.ctx = ctx; /* the plan may be shared, a context is not */
    r.env = ctx->env;
    plan_roles(plan, i, role);
    st = mlpipe__split_drop(&r,
                           plan->kind == PLAN_CONTIGUOUS ||
                               plan->kind == PLAN_ORDERED,
                           &plan->gap, &plan->embargo, role, dropped);
    if (st)
        return st;
    for (row = 0; row < r.rows; row++)
        left += role[row] == MLPIPE__ROLE_TRAIN;
    plan_window(plan, role);
    for (row = 0; row < r.rows; row++)
        count[role[row]]++;
    if (!count[MLPIPE__ROLE_TEST] || !count[MLPIPE__ROLE_TRAIN])
        return plan_empty(ctx, plan, i, count[MLPIPE__ROLE_TEST], dropped);
    plan_tell(ctx, plan, i, left, dropped);
    st = plan_view(ctx, plan, role, MLPIPE__ROLE_TEST,
                   (int64_t)count[MLPIPE__ROLE_TEST], fold);
    if (!st)
        st = plan_view(ctx, plan, role, MLPIPE__ROLE_TRAIN,
                       (int64_t)count[MLPIPE__ROLE_TRAIN], rest);
    return st;
}

mlpipe_status mlpipe__fold_plan_views(mlpipe_ctx *ctx,
                                      const mlpipe__fold_plan *plan,
                                      uint32_t i, mlpipe_dataset **fold,
                                      mlpipe_dataset **rest,
                                      mlpipe__split_dropped *dropped)
{
    mlpipe__split_dropped ignored;
    uint8_t *role = mlpipe__alloc(ctx->env, plan->rows.rows);
    mlpipe_status st = MLPIPE_OK;
    *fold = NULL;
    *rest = NULL;
    if (role)
        st = plan_views(ctx, plan, i, role, fold, rest,
                        dropped ? dropped : &ignored);
    else
        st = mlpipe__nomem(ctx);
    if (st) {
        mlpipe_dataset_free(*fold);
        *fold = NULL;
    }
    mlpipe__free(ctx->env, role);
    return st;
}
