/* SPDX-License-Identifier: MIT */
/*
 * Values: typed results of ops, each equal one made once, constants folded.
 * Nothing is emitted here.
 */
#include "expr_internal.h"

/* ---- the table of values ------------------------------------------------ */

static uint64_t expr_hash(const mlpipe__expr *e, const mlpipe__expr_value *v,
                          const double *consts, const uint32_t *words)
{
    uint64_t key[5];
    uint64_t h;

    key[0] = (uint64_t)v->kind << 32 | v->type;
    key[1] = (uint64_t)v->code << 32 | (uint32_t)v->unit;
    key[2] = (uint64_t)v->a << 32 | v->b;
    key[3] = (uint64_t)v->c << 32 | v->count;
    memcpy(&key[4], &v->number, sizeof v->number);
    h = mlpipe__hash64(key, sizeof key, 0);
    if (v->const_count)
        h = mlpipe__hash64(consts, v->const_count * sizeof *consts, h);
    if (v->word_count)
        h = mlpipe__hash64(words, v->word_count * sizeof *words, h);
    return h;
}

static bool expr_equal_bits(double a, double b)
{
    return !memcmp(&a, &b, sizeof a);
}

static bool expr_same_value(const mlpipe__expr *e,
                            const mlpipe__expr_value *v,
                            const mlpipe__expr_value *w,
                            const double *consts, const uint32_t *words)
{
    return v->kind == w->kind && v->type == w->type && v->code == w->code &&
           v->unit == w->unit && v->a == w->a && v->b == w->b &&
           v->c == w->c && v->count == w->count &&
           /* the texts of a column are listed when they are first asked for */
           (v->kind == EXPR_V_COLUMN || v->dict == w->dict) &&
           v->const_count == w->const_count &&
           v->word_count == w->word_count &&
           expr_equal_bits(v->number, w->number) &&
           (!consts || !memcmp(e->consts + v->consts, consts,
                               v->const_count * sizeof *consts)) &&
           (!words || !memcmp(e->words + v->words, words,
                              v->word_count * sizeof *words));
}

static bool expr_rehash(mlpipe__expr *e)
{
    const uint32_t count = e->slot_count ? e->slot_count * 2 : 256;
    uint32_t *slots = mlpipe__alloc_array(e->env, count, sizeof *slots);

    if (!slots) {
        mlpipe__expr_nomem(e);
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        slots[i] = EXPR_NONE;
    for (uint32_t i = 0; i < e->value_count; i++) {
        mlpipe__expr_value *v = &e->values[i];
        const uint64_t h = expr_hash(e, v, e->consts + v->consts,
                                     e->words + v->words);
        v->next = slots[h & (count - 1)];
        slots[h & (count - 1)] = i;
    }
    mlpipe__free(e->env, e->slots);
    e->slots = slots;
    e->slot_count = count;
    return true;
}

static bool expr_keep_tables(mlpipe__expr *e, mlpipe__expr_value *v,
                             const double *consts, const uint32_t *words)
{
    if (!mlpipe__expr_room(e, &e->consts, e->const_count, v->const_count,
                           &e->const_room, sizeof *e->consts) ||
        !mlpipe__expr_room(e, &e->words, e->word_count, v->word_count,
                           &e->word_room, sizeof *e->words))
        return false;
    v->consts = e->const_count;
    v->words = e->word_count;
    if (v->const_count)
        memcpy(e->consts + v->consts, consts,
               v->const_count * sizeof *consts);
    if (v->word_count)
        memcpy(e->words + v->words, words, v->word_count * sizeof *words);
    e->const_count += v->const_count;
    e->word_count += v->word_count;
    return true;
}

/* The value, new or the equal one that is there. Value 0 on no memory. */
static uint32_t expr_value(mlpipe__expr *e, mlpipe__expr_value v,
                           const double *consts, const uint32_t *words)
{
    uint64_t h;

    if (e->stop ||
        (e->value_count + 1 > e->slot_count && !expr_rehash(e)))
        return 0;
    h = expr_hash(e, &v, consts, words);
    for (uint32_t i = e->slots[h & (e->slot_count - 1)]; i != EXPR_NONE;
         i = e->values[i].next)
        if (v.kind != EXPR_V_TEXT && v.kind != EXPR_V_CHAIN &&
            expr_same_value(e, &e->values[i], &v, consts, words))
            return i;
    if (!expr_keep_tables(e, &v, consts, words) ||
        !mlpipe__expr_room(e, &e->values, e->value_count, 1, &e->value_room,
                           sizeof *e->values))
        return 0;
    v.reg = MLPIPE__NO_REG;
    v.next = e->slots[h & (e->slot_count - 1)];
    e->slots[h & (e->slot_count - 1)] = e->value_count;
    e->values[e->value_count] = v;
    return e->value_count++;
}

uint32_t mlpipe__expr_value_new(mlpipe__expr *e, const mlpipe__expr_value *v)
{
    return expr_value(e, *v, NULL, NULL);
}

/* ---- constants ---------------------------------------------------------- */

uint32_t mlpipe__expr_const(mlpipe__expr *e, double number, uint32_t type,
                            int32_t unit)
{
    const mlpipe__expr_value v = {.kind = EXPR_V_CONST,
                                  .type = (uint8_t)type,
                                  .unit = unit,
                                  .nullable = number != number,
                                  .finite = true,
                                  .number = number == number
                                                ? number : mlpipe__nan(),
                                  .origin = EXPR_NONE};

    return expr_value(e, v, NULL, NULL);
}

uint32_t mlpipe__expr_null(mlpipe__expr *e, uint32_t type, int32_t unit)
{
    return mlpipe__expr_const(e, mlpipe__nan(), type, unit);
}

uint32_t mlpipe__expr_literal_at(mlpipe__expr *e, size_t text, size_t bytes)
{
    const mlpipe__expr_value v = {.kind = EXPR_V_TEXT,
                                  .type = EXPR_T_TEXT,
                                  .text = text,
                                  .bytes = bytes,
                                  .origin = EXPR_NONE};

    return expr_value(e, v, NULL, NULL);
}

uint32_t mlpipe__expr_literal(mlpipe__expr *e, const char *s, size_t n)
{
    return mlpipe__expr_literal_at(e, mlpipe__expr_keep(e, s, n), n);
}

uint32_t mlpipe__expr_code(mlpipe__expr *e, double code,
                           const mlpipe__dict *dict)
{
    const mlpipe__expr_value v = {.kind = EXPR_V_CONST,
                                  .type = EXPR_T_CATEGORY,
                                  .nullable = code != code,
                                  .finite = true,
                                  .number = code == code ? code
                                                         : mlpipe__nan(),
                                  .dict = dict,
                                  .codes = dict->count,
                                  .origin = EXPR_NONE};

    return expr_value(e, v, NULL, NULL);
}

bool mlpipe__expr_is_const(const mlpipe__expr *e, uint32_t a)
{
    return e->values[a].kind == EXPR_V_CONST;
}

bool mlpipe__expr_is_null(const mlpipe__expr *e, uint32_t a)
{
    const mlpipe__expr_value *v = &e->values[a];

    return v->type == EXPR_T_NULL ||
           (v->kind == EXPR_V_CONST && v->number != v->number);
}

/* ---- ops ---------------------------------------------------------------- */

/* What a result has of the values that it reads. */
static void expr_inherit(const mlpipe__expr *e, mlpipe__expr_value *v,
                         uint32_t a)
{
    const mlpipe__expr_value *from = &e->values[a];

    v->tainted |= from->tainted;
    if (v->origin == EXPR_NONE)
        v->origin = from->origin;
}

uint32_t mlpipe__expr_as(mlpipe__expr *e, uint32_t a, uint32_t type,
                         int32_t unit)
{
    mlpipe__expr_value v = e->values[a];

    if (v.type == EXPR_T_ERROR || (v.type == type && v.unit == unit))
        return a;
    if (v.kind == EXPR_V_CONST)
        return mlpipe__expr_const(e, v.number, type, unit);
    v.kind = EXPR_V_SAME;
    v.type = (uint8_t)type;
    v.unit = unit;
    v.a = a;
    v.b = v.c = v.count = 0;
    v.code = 0;
    v.const_count = v.word_count = 0;
    v.step = NULL;
    v.number = 0;
    return expr_value(e, v, NULL, NULL);
}

/* Ops whose answer is there and finite wherever their values are. */
static bool expr_total(uint16_t op)
{
    switch (op) {
    case MLPIPE__OP_LT:
    case MLPIPE__OP_LE:
    case MLPIPE__OP_EQ:
    case MLPIPE__OP_NE:
    case MLPIPE__OP_AND:
    case MLPIPE__OP_OR:
    case MLPIPE__OP_NOT:
    case MLPIPE__OP_SIGN:
    case MLPIPE__OP_SIGMOID:
    case MLPIPE__OP_CLAMP:
        return true;
    default:
        return false;
    }
}

/* Those that are so for finite values. */
static bool expr_total_finite(uint16_t op)
{
    switch (op) {
    case MLPIPE__OP_NEG:
    case MLPIPE__OP_ABS:
    case MLPIPE__OP_FLOOR:
    case MLPIPE__OP_CEIL:
    case MLPIPE__OP_TRUNC:
    case MLPIPE__OP_CBRT:
    case MLPIPE__OP_MIN:
    case MLPIPE__OP_MAX:
        return true;
    default:
        return expr_total(op);
    }
}

static bool expr_may_be_null(const mlpipe__expr *e, uint16_t op, uint32_t a,
                             uint32_t b)
{
    const mlpipe__expr_value *va = &e->values[a], *vb = &e->values[b];

    switch (op) {
    case MLPIPE__OP_IS_NULL:
        return false;
    case MLPIPE__OP_COALESCE:
    case MLPIPE__OP_COALESCE_CODE:
    case MLPIPE__OP_LEAST:
    case MLPIPE__OP_GREATEST:
        return va->nullable && vb->nullable;
    default:
        if (va->nullable || vb->nullable)
            return true;
        return !expr_total(op) &&
               !(expr_total_finite(op) && va->finite && vb->finite);
    }
}

/* Ops that hand on an infinite value. */
static bool expr_hands_on(uint16_t op)
{
    return op == MLPIPE__OP_COALESCE || op == MLPIPE__OP_LEAST ||
           op == MLPIPE__OP_GREATEST || op == MLPIPE__OP_NULL_IF;
}

uint32_t mlpipe__expr_one_with(mlpipe__expr *e, uint16_t op, uint32_t a,
                               const double *consts, uint32_t count,
                               uint32_t type, int32_t unit)
{
    mlpipe__expr_value v = {.kind = EXPR_V_OP,
                            .type = (uint8_t)type,
                            .unit = unit,
                            .code = op,
                            .a = a,
                            .const_count = count,
                            .finite = true,
                            .origin = EXPR_NONE};

    if (e->values[a].type == EXPR_T_ERROR)
        return 0;
    if (mlpipe__expr_is_const(e, a))
        return mlpipe__expr_const(
            e, mlpipe__expr_fold(op, e->values[a].number, 0, consts), type,
            unit);
    v.nullable = expr_may_be_null(e, op, a, a);
    expr_inherit(e, &v, a);
    return expr_value(e, v, consts, NULL);
}

uint32_t mlpipe__expr_one(mlpipe__expr *e, uint16_t op, uint32_t a,
                          uint32_t type)
{
    return mlpipe__expr_one_with(e, op, a, NULL, 0, type, 0);
}

/* Of loose ops the answer that one constant decides; NONE: none does. */
static uint32_t expr_decided(mlpipe__expr *e, uint16_t op, uint32_t a,
                             uint32_t b, uint32_t type)
{
    for (int turn = 0; turn < 2; turn++) {
        const uint32_t k = turn ? b : a, other = turn ? a : b;
        const double x = e->values[k].number;
        if (!mlpipe__expr_is_const(e, k))
            continue;
        if (op == MLPIPE__OP_AND && x == x)
            return x == 0 ? k : other;
        if (op == MLPIPE__OP_OR && x == x)
            return x != 0 ? k : other;
        if ((op == MLPIPE__OP_LEAST || op == MLPIPE__OP_GREATEST) && x != x)
            return mlpipe__expr_as(e, other, type, e->values[other].unit);
    }
    if (op == MLPIPE__OP_COALESCE && mlpipe__expr_is_const(e, a))
        return mlpipe__expr_is_null(e, a) ? b : a;
    return EXPR_NONE;
}

static bool expr_is_strict(uint16_t op)
{
    switch (op) {
    case MLPIPE__OP_LEAST:
    case MLPIPE__OP_GREATEST:
    case MLPIPE__OP_AND:
    case MLPIPE__OP_OR:
    case MLPIPE__OP_COALESCE:
    case MLPIPE__OP_COALESCE_CODE:
    case MLPIPE__OP_NULL_IF:
        return false;
    default:
        return true;
    }
}

uint32_t mlpipe__expr_pair_with(mlpipe__expr *e, uint16_t op, uint32_t a,
                                uint32_t b, const double *consts,
                                uint32_t count, uint32_t type, int32_t unit)
{
    mlpipe__expr_value v = {.kind = EXPR_V_OP,
                            .type = (uint8_t)type,
                            .unit = unit,
                            .code = op,
                            .a = a,
                            .b = b,
                            .const_count = count,
                            .origin = EXPR_NONE};
    const mlpipe__expr_value *va = &e->values[a], *vb = &e->values[b];
    uint32_t known;

    if (va->type == EXPR_T_ERROR || vb->type == EXPR_T_ERROR)
        return 0;
    if (expr_is_strict(op) &&
        (mlpipe__expr_is_null(e, a) || mlpipe__expr_is_null(e, b)))
        return mlpipe__expr_null(e, type, unit);
    if (mlpipe__expr_is_const(e, a) && mlpipe__expr_is_const(e, b)) {
        const double x =
            mlpipe__expr_fold(op, va->number, vb->number, consts);
        return type == EXPR_T_CATEGORY
                   ? mlpipe__expr_code(e, x, va->dict)
                   : mlpipe__expr_const(e, x, type, unit);
    }
    known = expr_decided(e, op, a, b, type);
    if (known != EXPR_NONE)
        return mlpipe__expr_as(e, known, type, unit);
    v.finite = !expr_hands_on(op) || (va->finite && vb->finite);
    v.nullable = expr_may_be_null(e, op, a, b);
    expr_inherit(e, &v, a);
    expr_inherit(e, &v, b);
    if (type == EXPR_T_CATEGORY) {
        v.dict = va->dict;
        v.codes = va->codes;
    }
    return expr_value(e, v, consts, NULL);
}

uint32_t mlpipe__expr_pair(mlpipe__expr *e, uint16_t op, uint32_t a,
                           uint32_t b, uint32_t type, int32_t unit)
{
    return mlpipe__expr_pair_with(e, op, a, b, NULL, 0, type, unit);
}

uint32_t mlpipe__expr_is_missing(mlpipe__expr *e, uint32_t a)
{
    const uint32_t type = e->values[a].type;

    if (type == EXPR_T_NULL || type == EXPR_T_TEXT)
        return mlpipe__expr_const(e, type == EXPR_T_NULL, EXPR_T_BOOL, 0);
    /* a text that is none has no length either */
    if (type == EXPR_T_FREE ||
        (type == EXPR_T_CATEGORY && e->values[a].kind == EXPR_V_CHAIN))
        a = mlpipe__expr_step(
            e, a,
            mlpipe__expr_step_new(e, MLPIPE__TEXT_LENGTH, 0, 0, NULL, 0),
            EXPR_T_NUMBER, 0, 0);
    return mlpipe__expr_one(e, MLPIPE__OP_IS_NULL, a, EXPR_T_BOOL);
}

uint32_t mlpipe__expr_select(mlpipe__expr *e, uint32_t condition, uint32_t a,
                             uint32_t b)
{
    const mlpipe__expr_value *vc = &e->values[condition];
    const mlpipe__expr_value *va = &e->values[a], *vb = &e->values[b];
    mlpipe__expr_value v = *va;

    if (vc->type == EXPR_T_ERROR || va->type == EXPR_T_ERROR ||
        vb->type == EXPR_T_ERROR)
        return 0;
    if (vc->kind == EXPR_V_CONST)
        return vc->number == vc->number && vc->number != 0 ? a : b;
    if (a == b)
        return a;
    v.kind = EXPR_V_OP;
    v.code = v.type == EXPR_T_CATEGORY ? MLPIPE__OP_SELECT_CODE
                                       : MLPIPE__OP_SELECT;
    v.a = condition;
    v.b = a;
    v.c = b;
    v.count = v.const_count = v.word_count = 0;
    v.number = 0;
    v.step = NULL;
    v.nullable = va->nullable || vb->nullable;
    v.finite = va->finite && vb->finite;
    v.origin = EXPR_NONE;
    expr_inherit(e, &v, condition);
    expr_inherit(e, &v, a);
    expr_inherit(e, &v, b);
    return expr_value(e, v, NULL, NULL);
}

/* ---- tables ------------------------------------------------------------- */

uint32_t mlpipe__expr_lookup(mlpipe__expr *e, uint32_t a, const double *table,
                             uint32_t type, int32_t unit)
{
    const mlpipe__expr_value *va = &e->values[a];
    mlpipe__expr_value v = {.kind = EXPR_V_OP,
                            .type = (uint8_t)type,
                            .unit = unit,
                            .code = MLPIPE__OP_LOOKUP,
                            .a = a,
                            .count = va->codes,
                            .const_count = va->codes + 2,
                            .finite = true,
                            .origin = EXPR_NONE};

    if (va->type == EXPR_T_ERROR)
        return 0;
    if (va->kind == EXPR_V_CONST)
        return mlpipe__expr_const(
            e, table[va->number != va->number ? va->codes + 1
                     : va->number >= 0        ? (uint32_t)va->number
                                              : va->codes],
            type, unit);
    for (uint32_t i = 0; i < v.const_count; i++)
        v.nullable |= table[i] != table[i] &&
                      (i < va->codes + 1 || va->nullable);
    expr_inherit(e, &v, a);
    return expr_value(e, v, table, NULL);
}

uint32_t mlpipe__expr_map(mlpipe__expr *e, uint32_t a, const uint32_t *table,
                          const mlpipe__dict *dict)
{
    const mlpipe__expr_value *va = &e->values[a];
    mlpipe__expr_value v = {.kind = EXPR_V_OP,
                            .type = EXPR_T_CATEGORY,
                            .code = MLPIPE__OP_MAP_CODE,
                            .a = a,
                            .b = dict->count,
                            .count = va->codes,
                            .word_count = va->codes + 2,
                            .finite = true,
                            .dict = dict,
                            .codes = dict->count,
                            .origin = EXPR_NONE};

    if (va->type == EXPR_T_ERROR)
        return 0;
    if (va->kind == EXPR_V_CONST) {
        const uint32_t w = table[va->number != va->number ? va->codes + 1
                                 : va->number >= 0 ? (uint32_t)va->number
                                                   : va->codes];
        return mlpipe__expr_code(e, w == MLPIPE__MAP_NULL ? mlpipe__nan()
                                    : w == MLPIPE__MAP_UNSEEN ? -1.0 : w,
                                 dict);
    }
    for (uint32_t i = 0; i < v.word_count; i++)
        v.nullable |= table[i] == MLPIPE__MAP_NULL &&
                      (i < va->codes + 1 || va->nullable);
    expr_inherit(e, &v, a);
    return expr_value(e, v, NULL, table);
}

uint32_t mlpipe__expr_cells(mlpipe__expr *e, uint32_t a, const double *edges,
                            uint32_t count, bool closed_right,
                            const mlpipe__dict *dict)
{
    const mlpipe__expr_value *va = &e->values[a];
    mlpipe__expr_value v = {.kind = EXPR_V_OP,
                            .type = EXPR_T_CATEGORY,
                            .code = MLPIPE__OP_BUCKET,
                            .a = a,
                            .b = closed_right,
                            .count = count,
                            .const_count = count,
                            .finite = true,
                            .nullable = va->nullable,
                            .dict = dict,
                            .codes = dict->count,
                            .origin = EXPR_NONE};

    if (va->type == EXPR_T_ERROR)
        return 0;
    if (va->kind == EXPR_V_CONST)
        return mlpipe__expr_code(
            e, mlpipe__expr_fold(MLPIPE__OP_BUCKET, va->number,
                                 closed_right ? -(double)count : count,
                                 edges),
            dict);
    expr_inherit(e, &v, a);
    return expr_value(e, v, edges, NULL);
}
