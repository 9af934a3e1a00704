/* SPDX-License-Identifier: MIT */
/*
 * Steps on texts. On a column that is still a text as it came in, steps are
 * gathered and become one feed; on other categories the texts of their
 * dictionary are mapped here and now; literals are folded.
 */
#include "expr_internal.h"

/* ---- steps -------------------------------------------------------------- */

mlpipe__text_step *mlpipe__expr_step_new(mlpipe__expr *e, uint32_t code,
                                         double first, double second,
                                         const char *const *texts,
                                         uint32_t count)
{
    mlpipe__text_step *s = mlpipe__alloc_array(e->env, 1, sizeof *s);

    if (s) {
        s->code = code;
        s->number[0] = first;
        s->number[1] = second;
        if (!mlpipe__text_step_texts(e->env, s, texts, count)) {
            mlpipe__text_steps_free(e->env, s, 1);
            s = NULL;
        }
    }
    if (!s)
        mlpipe__expr_nomem(e);
    return s;
}

bool mlpipe__expr_is_chain(const mlpipe__expr *e, uint32_t a)
{
    const mlpipe__expr_value *v = &e->values[a];
    const mlpipe__feed *feed;
    uint32_t input;

    if (v->kind == EXPR_V_CHAIN)
        return mlpipe__expr_textual(v->type);
    return v->kind == EXPR_V_COLUMN && mlpipe__expr_textual(v->type) &&
           mlpipe__plan_text_source(e->plan, &e->plan->vars[v->a], &input,
                                    &feed);
}

/* The chain, or an equal one that is there: chains are few. */
static uint32_t expr_chain(mlpipe__expr *e, uint32_t a,
                           mlpipe__text_step *step, uint32_t type)
{
    mlpipe__expr_value v = {.kind = EXPR_V_CHAIN,
                            .type = (uint8_t)type,
                            .unit = type == EXPR_T_TIME ? MLPIPE_UNIT_US : 0,
                            .a = a,
                            .nullable = true,
                            .finite = true,
                            .step = step,
                            .tainted = e->values[a].tainted,
                            .origin = e->values[a].origin};
    uint32_t made;

    for (uint32_t i = a; i < e->value_count; i++)
        if (e->values[i].kind == EXPR_V_CHAIN && e->values[i].a == a &&
            e->values[i].type == type &&
            mlpipe__text_steps_same(e->values[i].step, step, 1)) {
            mlpipe__text_steps_free(e->env, step, 1);
            return i;
        }
    made = mlpipe__expr_value_new(e, &v);
    if (!made)
        mlpipe__text_steps_free(e->env, step, 1);
    return made;
}

/* ---- on texts that are at hand ------------------------------------------ */

/* What a step makes of one text. */
typedef struct expr_made {
    bool null;
    double number;               /* of a step that ends in one */
    char text[MLPIPE__FEED_BYTES];
    size_t bytes;
} expr_made;

static void expr_apply(const mlpipe__text_step *step, const char *s, size_t n,
                       expr_made *out)
{
    const mlpipe__feed f = {.source = MLPIPE__FEED_TEXT,
                            .step_count = 1,
                            .steps = (mlpipe__text_step *)step};

    out->null = false;
    out->bytes = 0;
    if (mlpipe__text_step_ends(step->code)) {
        out->number = mlpipe__feed_value(&f, s, n);
        out->null = !mlpipe__finite(out->number);
    } else {
        out->null = !mlpipe__feed_text(step, 1, s, n, out->text, &out->bytes);
    }
}

static uint32_t expr_apply_literal(mlpipe__expr *e, uint32_t a,
                                   const mlpipe__text_step *step,
                                   uint32_t type)
{
    const int32_t unit = type == EXPR_T_TIME ? MLPIPE_UNIT_US : 0;
    expr_made m;

    expr_apply(step, mlpipe__expr_text(e, e->values[a].text),
               e->values[a].bytes, &m);
    if (mlpipe__text_step_ends(step->code))
        return mlpipe__expr_const(e, m.null ? mlpipe__nan() : m.number, type,
                                  unit);
    if (m.null)
        return mlpipe__expr_null_text(e);
    return mlpipe__expr_literal(e, m.text, m.bytes);
}

/* Of each code the number that the step reads in its text. */
static uint32_t expr_apply_numbers(mlpipe__expr *e, uint32_t a,
                                   const mlpipe__text_step *step,
                                   uint32_t type)
{
    const uint32_t codes = e->values[a].codes;
    const mlpipe__dict *dict = e->values[a].dict;
    double *table =
        mlpipe__alloc_array(e->env, (size_t)codes + 2, sizeof *table);
    uint32_t made = 0;
    expr_made m;

    if (!table) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    for (uint32_t i = 0; i < codes + 2; i++) {
        table[i] = mlpipe__nan();
        if (i >= codes || i >= dict->count)
            continue;
        expr_apply(step, mlpipe__dict_text(dict, i),
                   mlpipe__dict_bytes(dict, i), &m);
        if (!m.null)
            table[i] = m.number;
    }
    made = mlpipe__expr_lookup(e, a, table, type,
                               type == EXPR_T_TIME ? MLPIPE_UNIT_US : 0);
    mlpipe__free(e->env, table);
    return made;
}

static uint32_t expr_apply_texts(mlpipe__expr *e, uint32_t a,
                                 const mlpipe__text_step *step)
{
    const uint32_t codes = e->values[a].codes;
    const mlpipe__dict *from = e->values[a].dict;
    mlpipe__dict *dict = mlpipe__expr_dict_new(e);
    uint32_t *table =
        mlpipe__alloc_array(e->env, (size_t)codes + 2, sizeof *table);
    uint32_t made = 0;
    expr_made m;

    if (!table && !e->stop)
        mlpipe__expr_nomem(e);
    for (uint32_t i = 0; i < codes + 2 && !e->stop; i++) {
        table[i] = i == codes ? MLPIPE__MAP_UNSEEN : MLPIPE__MAP_NULL;
        if (i >= codes || i >= from->count)
            continue;
        expr_apply(step, mlpipe__dict_text(from, i),
                   mlpipe__dict_bytes(from, i), &m);
        if (m.null)
            continue;
        table[i] = mlpipe__dict_add(dict, m.text, m.bytes);
        if (table[i] == UINT32_MAX)
            mlpipe__expr_nomem(e);
    }
    if (!e->stop)
        made = mlpipe__expr_map(e, a, table, dict);
    mlpipe__free(e->env, table);
    return made;
}

/* ---- one more step ------------------------------------------------------ */

/* The room that a text has on its way through the steps. */
static bool expr_texts_fit(mlpipe__expr *e, const mlpipe__text_step *step,
                           size_t at, size_t length)
{
    for (uint32_t i = 0; i < step->text_count; i++) {
        if (step->bytes[i] <= MLPIPE__FEED_BYTES)
            continue;
        mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, at, length, "",
                           "a text here has %u bytes, and at most %u are "
                           "worked on",
                           step->bytes[i], (uint32_t)MLPIPE__FEED_BYTES);
        return false;
    }
    return true;
}

uint32_t mlpipe__expr_step(mlpipe__expr *e, uint32_t a,
                           mlpipe__text_step *step, uint32_t type, size_t at,
                           size_t length)
{
    const uint32_t from = e->values[a].type;
    uint32_t made = 0;

    if (!step || e->stop || from == EXPR_T_ERROR ||
        !expr_texts_fit(e, step, at, length)) {
        mlpipe__text_steps_free(e->env, step, 1);
        return 0;
    }
    if (mlpipe__expr_is_chain(e, a))
        return expr_chain(e, a, step, type);
    if (from == EXPR_T_NULL)
        made = mlpipe__text_step_ends(step->code)
                   ? mlpipe__expr_null(e, type, type == EXPR_T_TIME
                                                    ? MLPIPE_UNIT_US : 0)
                   : mlpipe__expr_null_text(e);
    else if (from == EXPR_T_TEXT)
        made = expr_apply_literal(e, a, step, type);
    else if (mlpipe__expr_need_dict(e, a, at, length))
        made = mlpipe__text_step_ends(step->code)
                   ? expr_apply_numbers(e, a, step, type)
                   : expr_apply_texts(e, a, step);
    mlpipe__text_steps_free(e->env, step, 1);
    return made;
}

/* ---- emission ----------------------------------------------------------- */

/* The column below a chain, and how many steps are on it. */
static uint32_t expr_chain_base(const mlpipe__expr *e, uint32_t a,
                                uint32_t *count)
{
    for (*count = 0; e->values[a].kind == EXPR_V_CHAIN; ++*count)
        a = e->values[a].a;
    return a;
}

static mlpipe__text_step *expr_chain_steps(mlpipe__expr *e, uint32_t a,
                                           uint32_t count)
{
    mlpipe__text_step *steps =
        mlpipe__alloc_array(e->env, count, sizeof *steps);

    for (uint32_t i = count; steps && i-- > 0; a = e->values[a].a) {
        mlpipe__text_step *one =
            mlpipe__text_steps_copy(e->env, e->values[a].step, 1, 0);
        if (!one) {
            mlpipe__text_steps_free(e->env, steps, count);
            steps = NULL;
            break;
        }
        steps[i] = *one;
        mlpipe__free(e->env, one);
    }
    if (!steps)
        mlpipe__expr_nomem(e);
    return steps;
}

static int32_t expr_chain_type(uint32_t type)
{
    return type == EXPR_T_BOOL   ? MLPIPE_TYPE_BOOL
           : type == EXPR_T_TIME ? MLPIPE_TYPE_TIMESTAMP
                                 : MLPIPE_TYPE_F64;
}

bool mlpipe__expr_plan_text(mlpipe__expr *e, const mlpipe__var *like,
                            mlpipe__text_step *steps, uint32_t count,
                            int32_t type, size_t at, size_t length,
                            mlpipe__var *made)
{
    mlpipe__expr_first first;
    mlpipe_status st;

    mlpipe__expr_first_keep(e, &first);
    st = mlpipe__plan_text(e->ctx, e->plan, like, steps, count, type, made);
    if (st)
        mlpipe__expr_below(e, st, &first, at, length);
    return !st;
}

bool mlpipe__expr_chain_emit(mlpipe__expr *e, uint32_t a, size_t at,
                             size_t length)
{
    uint32_t count;
    const uint32_t base = expr_chain_base(e, a, &count);
    mlpipe__expr_value *v = &e->values[a];
    mlpipe__text_step *steps;
    mlpipe__var like, made;

    if (v->reg != MLPIPE__NO_REG)
        return true;
    like = e->plan->vars[e->values[base].a];
    steps = expr_chain_steps(e, a, count);
    if (!steps)
        return false;
    if (!mlpipe__expr_plan_text(e, &like, steps, count,
                                expr_chain_type(v->type), at, length, &made))
        return false;
    v->reg = made.reg;
    if (made.kind == MLPIPE__CODE) {
        v->type = EXPR_T_CATEGORY;
        v->dict = made.dict;
        v->codes = made.codes;
    }
    return true;
}
