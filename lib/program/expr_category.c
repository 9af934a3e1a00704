/* SPDX-License-Identifier: MIT */
/*
 * Categories: one dictionary for several of them, equality, buckets, maps.
 * Codes are told apart by their texts, never by their numbers.
 */
#include "expr_internal.h"

/* ---- dictionaries ------------------------------------------------------- */

mlpipe__dict *mlpipe__expr_dict_new(mlpipe__expr *e)
{
    mlpipe__dict *d = mlpipe__alloc(e->env, sizeof *d);
    mlpipe_status st;

    if (!d) {
        mlpipe__expr_nomem(e);
        return NULL;
    }
    mlpipe__dict_init(d, e->env);
    st = mlpipe__plan_own_dict(e->ctx, e->plan, d);
    if (st) {
        mlpipe__expr_nomem(e);
        return NULL;
    }
    return d;
}

uint32_t mlpipe__expr_null_text(mlpipe__expr *e)
{
    const mlpipe__dict *none = mlpipe__expr_dict_new(e);

    return none ? mlpipe__expr_code(e, mlpipe__nan(), none) : 0;
}

/* A column that is used as it is, but whose texts are not listed yet. */
static bool expr_list_texts(mlpipe__expr *e, uint32_t a, size_t at,
                            size_t length)
{
    mlpipe__expr_value *v = &e->values[a];
    mlpipe__var made;
    mlpipe__text_step *none;

    if (v->kind == EXPR_V_CHAIN)
        return mlpipe__expr_chain_emit(e, a, at, length);
    none = mlpipe__alloc_array(e->env, 0, sizeof *none);
    if (!none) {
        mlpipe__expr_nomem(e);
        return false;
    }
    if (!mlpipe__expr_plan_text(e, &e->plan->vars[v->a], none, 0,
                                MLPIPE_TYPE_CATEGORY, at, length, &made))
        return false;
    v->reg = made.reg;
    v->dict = made.dict;
    v->codes = made.codes;
    return true;
}

bool mlpipe__expr_need_dict(mlpipe__expr *e, uint32_t a, size_t at,
                            size_t length)
{
    mlpipe__expr_value *v = &e->values[a];

    if (v->type == EXPR_T_ERROR)
        return false;
    if (v->type == EXPR_T_FREE) {
        mlpipe__expr_error(
            e, MLPIPE_DETAIL_FREE_TEXT, at, length,
            "take lower(), trim(), split_part() ... or len() of it",
            "%q is free text, which only text functions read",
            v->kind == EXPR_V_COLUMN ? e->plan->vars[v->a].name : "this");
        return false;
    }
    if (v->dict)
        return true;
    if (mlpipe__expr_is_chain(e, a))
        return expr_list_texts(e, a, at, length);
    mlpipe__expr_error(
        e, MLPIPE_DETAIL_NO_TEXT, at, length, "put this step before that one",
        "the codes of %q have no texts any more: a step before has made "
        "them",
        v->kind == EXPR_V_COLUMN ? e->plan->vars[v->a].name : "this");
    return false;
}

/* ---- several to one dictionary ------------------------------------------ */

/* The dictionary that all of them have already; NULL: they differ. */
static const mlpipe__dict *expr_one_dict(const mlpipe__expr *e,
                                         const uint32_t *values,
                                         uint32_t count)
{
    const mlpipe__dict *d = NULL;

    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__expr_value *v = &e->values[values[i]];
        if (v->type == EXPR_T_CATEGORY && d && v->dict != d)
            return NULL;
        if (v->type == EXPR_T_CATEGORY)
            d = v->dict;
    }
    for (uint32_t i = 0; i < count && d; i++) {
        const mlpipe__expr_value *v = &e->values[values[i]];
        if (v->type == EXPR_T_CATEGORY && v->codes != d->count)
            return NULL;
        if (v->kind == EXPR_V_TEXT &&
            mlpipe__dict_find(d, mlpipe__expr_text(e, v->text), v->bytes) ==
                UINT32_MAX)
            return NULL;
    }
    return d;
}

static bool expr_add_texts(mlpipe__expr *e, mlpipe__dict *d, uint32_t a)
{
    const mlpipe__expr_value *v = &e->values[a];
    bool ok = true;

    if (v->kind == EXPR_V_TEXT)
        ok = mlpipe__dict_add(d, mlpipe__expr_text(e, v->text), v->bytes) !=
             UINT32_MAX;
    for (uint32_t i = 0; v->type == EXPR_T_CATEGORY && ok &&
                         i < v->codes && i < v->dict->count; i++)
        ok = mlpipe__dict_add(d, mlpipe__dict_text(v->dict, i),
                              mlpipe__dict_bytes(v->dict, i)) != UINT32_MAX;
    if (!ok)
        mlpipe__expr_nomem(e);
    return ok;
}

static const mlpipe__dict *expr_join_dicts(mlpipe__expr *e,
                                           const uint32_t *values,
                                           uint32_t count)
{
    mlpipe__dict *d = mlpipe__expr_dict_new(e);

    for (uint32_t i = 0; i < count && d; i++)
        if (!expr_add_texts(e, d, values[i]))
            return NULL;
    return d;
}

/* Codes of a in another dictionary that has all its texts. */
static uint32_t expr_recode(mlpipe__expr *e, uint32_t a,
                            const mlpipe__dict *dict)
{
    const uint32_t codes = e->values[a].codes;
    const mlpipe__dict *from = e->values[a].dict;
    uint32_t *table =
        mlpipe__alloc_array(e->env, (size_t)codes + 2, sizeof *table);
    uint32_t made;

    if (!table) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    for (uint32_t i = 0; i < codes; i++)
        table[i] = i < from->count
                       ? mlpipe__dict_find(dict, mlpipe__dict_text(from, i),
                                           mlpipe__dict_bytes(from, i))
                       : MLPIPE__MAP_UNSEEN;
    table[codes] = MLPIPE__MAP_UNSEEN;
    table[codes + 1] = MLPIPE__MAP_NULL;
    made = mlpipe__expr_map(e, a, table, dict);
    mlpipe__free(e->env, table);
    return made;
}

static uint32_t expr_in_dict(mlpipe__expr *e, uint32_t a,
                             const mlpipe__dict *d)
{
    const mlpipe__expr_value v = e->values[a];

    if (v.type == EXPR_T_NULL)
        return mlpipe__expr_code(e, mlpipe__nan(), d);
    if (v.kind == EXPR_V_TEXT)
        return mlpipe__expr_code(
            e, mlpipe__dict_find(d, mlpipe__expr_text(e, v.text), v.bytes),
            d);
    return v.dict == d && v.codes == d->count ? a : expr_recode(e, a, d);
}

bool mlpipe__expr_union(mlpipe__expr *e, uint32_t *values, uint32_t count,
                        size_t at, size_t length)
{
    const mlpipe__dict *d;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t type = e->values[values[i]].type;
        if (type != EXPR_T_TEXT && type != EXPR_T_NULL &&
            !mlpipe__expr_need_dict(e, values[i], at, length))
            return false;
    }
    d = expr_one_dict(e, values, count);
    if (!d)
        d = expr_join_dicts(e, values, count);
    for (uint32_t i = 0; i < count && d; i++)
        values[i] = expr_in_dict(e, values[i], d);
    return d && !e->stop;
}

/* ---- equality ----------------------------------------------------------- */

static void expr_lint_unknown(mlpipe__expr *e, uint32_t literal, size_t at,
                              size_t length)
{
    const mlpipe__expr_value *v = &e->values[literal];

    mlpipe__expr_lint(e, MLPIPE_DETAIL_LINT_UNKNOWN_TEXT, at, length, "",
                      "no %s has %.*q here, so this is never true",
                      e->plan->rows ? e->plan->rows : "training row",
                      (int)(v->bytes < 64 ? v->bytes : 64),
                      mlpipe__expr_text(e, v->text));
}

/* x in (literals) by a table of its codes. */
static uint32_t expr_in_codes(mlpipe__expr *e, uint32_t x,
                              const uint32_t *items, uint32_t count,
                              size_t at, size_t length)
{
    const uint32_t codes = e->values[x].codes;
    double *table =
        mlpipe__alloc_array(e->env, (size_t)codes + 2, sizeof *table);
    uint32_t made;

    if (!table) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    table[codes + 1] = mlpipe__nan();
    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__expr_value *v = &e->values[items[i]];
        const uint32_t code = mlpipe__dict_find(
            e->values[x].dict, mlpipe__expr_text(e, v->text), v->bytes);
        if (code < codes)
            table[code] = 1;
        else
            expr_lint_unknown(e, items[i], at, length);
    }
    made = mlpipe__expr_lookup(e, x, table, EXPR_T_BOOL, 0);
    mlpipe__free(e->env, table);
    return made;
}

/* A text that is still one is compared itself, seen in training or not. */
static uint32_t expr_equals_step(mlpipe__expr *e, uint32_t x, uint32_t item,
                                 size_t at, size_t length)
{
    const char *text = mlpipe__expr_text(e, e->values[item].text);

    return mlpipe__expr_step(
        e, x, mlpipe__expr_step_new(e, MLPIPE__TEXT_EQUALS, 0, 0, &text, 1),
        EXPR_T_BOOL, at, length);
}

uint32_t mlpipe__expr_text_in(mlpipe__expr *e, uint32_t x,
                              const uint32_t *items, uint32_t count,
                              size_t at, size_t length)
{
    const bool column = e->values[x].kind == EXPR_V_COLUMN &&
                        e->values[x].type == EXPR_T_CATEGORY;
    uint32_t any = 0;

    if (e->values[x].type == EXPR_T_ERROR)
        return 0;
    if (column || !mlpipe__expr_is_chain(e, x))
        return mlpipe__expr_need_dict(e, x, at, length)
                   ? expr_in_codes(e, x, items, count, at, length) : 0;
    for (uint32_t i = 0; i < count && !e->stop; i++) {
        const uint32_t same =
            expr_equals_step(e, x, items[i], at, length);
        any = i == 0 ? same
                     : mlpipe__expr_pair(e, MLPIPE__OP_OR, any, same,
                                         EXPR_T_BOOL, 0);
    }
    return any;
}

uint32_t mlpipe__expr_same_text(mlpipe__expr *e, uint32_t a, uint32_t b,
                                size_t at, size_t length)
{
    uint32_t pair[2] = {a, b};
    const mlpipe__expr_value *va = &e->values[a], *vb = &e->values[b];

    if (va->kind == EXPR_V_TEXT && vb->kind == EXPR_V_TEXT)
        return mlpipe__expr_const(
            e, va->bytes == vb->bytes &&
                   !memcmp(mlpipe__expr_text(e, va->text),
                           mlpipe__expr_text(e, vb->text), va->bytes),
            EXPR_T_BOOL, 0);
    if (vb->kind == EXPR_V_TEXT)
        return mlpipe__expr_text_in(e, a, &b, 1, at, length);
    if (va->kind == EXPR_V_TEXT)
        return mlpipe__expr_text_in(e, b, &a, 1, at, length);
    if (!mlpipe__expr_union(e, pair, 2, at, length))
        return 0;
    return mlpipe__expr_pair(e, MLPIPE__OP_EQ_CODE, pair[0], pair[1],
                             EXPR_T_BOOL, 0);
}
