/* SPDX-License-Identifier: MIT */
/*
 * Expressions again, in the plainest way: a value for each node of one row,
 * with its type found while it runs. It shares the parser and the functions
 * of one number with the library, and nothing of its types, its folding, its
 * dictionaries or its ops. Texts are those that training saw.
 */
#ifndef MLPIPE_TESTS_EXPR_REFERENCE_H
#define MLPIPE_TESTS_EXPR_REFERENCE_H

#include "fuzz.h"

#include "program/expr_rig.h"
#include "program/expr_internal.h"
#include "program/vm_ops.h"

enum { REF_NULL, REF_NUMBER, REF_TIME, REF_SPAN, REF_TEXT, REF_LIST };

typedef struct ref_value {
    int kind;
    double v;           /* TIME, SPAN: microseconds */
    char text[MLPIPE__FEED_BYTES + 1];
    size_t bytes;
    const mlpipe__expr_node *node;
} ref_value;

typedef struct ref_run {
    const mlpipe__expr *e;
    const expr_row *row;
    ref_value *of;      /* by node */
    bool inexact;       /* a time is no whole number: units may round */
} ref_run;

static inline ref_value ref_null(void)
{
    ref_value r;

    r.kind = REF_NULL;
    r.v = NAN;
    r.bytes = 0;
    return r;
}

static inline ref_value ref_of(ref_run *r, int kind, double v)
{
    ref_value made = ref_null();

    if (kind != REF_NUMBER && !(v == floor(v) && fabs(v) <= 0x1p52))
        r->inexact = true;
    if (!isfinite(v))
        return made;
    made.kind = kind;
    made.v = v;
    return made;
}

static inline ref_value ref_number(ref_run *r, double v)
{
    return ref_of(r, REF_NUMBER, v);
}

static inline ref_value ref_text(const char *s, size_t n)
{
    ref_value made = ref_null();

    if (n > MLPIPE__FEED_BYTES)
        return made;
    made.kind = REF_TEXT;
    memcpy(made.text, s, n);
    made.text[n] = 0;
    made.bytes = n;
    return made;
}

/* ---- operators ---------------------------------------------------------- */

static inline int ref_sum_kind(int a, int b, bool minus)
{
    if (a == REF_TIME && b == REF_TIME)
        return REF_SPAN;
    if (a == REF_TIME || (b == REF_TIME && !minus))
        return REF_TIME;
    return a == REF_SPAN || b == REF_SPAN ? REF_SPAN : REF_NUMBER;
}

static inline int ref_product_kind(uint32_t op, int a, int b)
{
    if (a == REF_SPAN && b == REF_SPAN)
        return op == EXPR_O_MOD ? REF_SPAN : REF_NUMBER;
    return a == REF_SPAN || b == REF_SPAN ? REF_SPAN : REF_NUMBER;
}

static inline ref_value ref_arithmetic(ref_run *r, uint32_t op,
                                       const ref_value *a, const ref_value *b)
{
    const double x = a->v, y = b->v;

    if (a->kind == REF_NULL || b->kind == REF_NULL)
        return ref_null();
    switch (op) {
    case EXPR_O_ADD:
        return ref_of(r, ref_sum_kind(a->kind, b->kind, false), x + y);
    case EXPR_O_SUB:
        return ref_of(r, ref_sum_kind(a->kind, b->kind, true), x - y);
    case EXPR_O_MUL:
        return ref_of(r, ref_product_kind(op, a->kind, b->kind), x * y);
    case EXPR_O_DIV:
        return y == 0 ? ref_null()
                      : ref_of(r, ref_product_kind(op, a->kind, b->kind),
                               x / y);
    case EXPR_O_FLOOR_DIV:
        return y == 0 ? ref_null()
                      : ref_of(r, ref_product_kind(op, a->kind, b->kind),
                               floor(x / y));
    case EXPR_O_MOD:
        return ref_of(r, ref_product_kind(op, a->kind, b->kind),
                      mlpipe__mod_floor(x, y));
    default:
        return ref_number(r, mlpipe__pow(x, y));
    }
}

static inline ref_value ref_compare(ref_run *r, uint32_t op,
                                    const ref_value *a, const ref_value *b)
{
    const bool text = a->kind == REF_TEXT;
    const bool same = text ? a->bytes == b->bytes &&
                                 !memcmp(a->text, b->text, a->bytes)
                           : a->v == b->v;
    bool is;

    if (a->kind == REF_NULL || b->kind == REF_NULL)
        return ref_null();
    switch (op) {
    case EXPR_O_LT:
        is = a->v < b->v;
        break;
    case EXPR_O_LE:
        is = a->v <= b->v;
        break;
    case EXPR_O_GT:
        is = a->v > b->v;
        break;
    case EXPR_O_GE:
        is = a->v >= b->v;
        break;
    default:
        is = same == (op == EXPR_O_EQ);
    }
    return ref_number(r, is);
}

/* Kleene: 0, 1 or null; `stop` decides alone. */
static inline ref_value ref_join(ref_run *r, const ref_value *a,
                                 const ref_value *b, double stop)
{
    if ((a->kind && (a->v != 0) == (stop != 0)) ||
        (b->kind && (b->v != 0) == (stop != 0)))
        return ref_number(r, stop);
    return a->kind && b->kind ? ref_number(r, 1 - stop) : ref_null();
}

static inline ref_value ref_not(ref_run *r, const ref_value *a)
{
    return a->kind ? ref_number(r, a->v == 0) : ref_null();
}

static inline bool ref_true(const ref_value *a)
{
    return a->kind && a->v != 0;
}

/* ---- functions ---------------------------------------------------------- */

/* The element function of an op of one number. */
static inline double ref_math(uint16_t op, double x)
{
    return mlpipe__expr_fold(op, x, 0, NULL);
}

static inline bool ref_word(const ref_value *v, const char *word)
{
    return v->bytes == strlen(word) && !memcmp(v->text, word, v->bytes);
}

static inline double ref_unit(const ref_value *v)
{
    return ref_word(v, "us")    ? 1
           : ref_word(v, "ms")  ? 1e3
           : ref_word(v, "s")   ? 1e6
           : ref_word(v, "min") ? 6e7
           : ref_word(v, "h")   ? 3.6e9
           : ref_word(v, "d")   ? 8.64e10
                                : 6.048e11;
}

static inline uint32_t ref_part(const ref_value *v)
{
    static const char *const names[] = {
        "year", "quarter", "month", "week", "day", "", "", "hour", "minute",
        "second"};

    for (uint32_t i = 0; i < 10; i++)
        if (ref_word(v, names[i]))
            return i + 1;
    return 0;
}

/* A function of a text, by the steps that it is in the feeds. */
static inline ref_value ref_step(ref_run *r, uint32_t code, double first,
                                 double second, const char *const *texts,
                                 uint32_t count, const ref_value *a,
                                 int kind)
{
    mlpipe__text_step step = {.code = code, .number = {first, second}};
    const mlpipe__feed f = {.source = MLPIPE__FEED_TEXT, .step_count = 1,
                            .steps = &step};
    ref_value made = ref_null();
    bool ok;

    if (a->kind == REF_NULL)
        return made;
    fuzz_require(mlpipe__text_step_texts(r->e->env, &step, texts, count));
    if (mlpipe__text_step_ends(code)) {
        const double v = mlpipe__feed_value(&f, a->text, a->bytes);
        made = ref_of(r, kind, v);
    } else {
        ok = mlpipe__feed_text(&step, 1, a->text, a->bytes, made.text,
                               &made.bytes);
        made.kind = ok ? REF_TEXT : REF_NULL;
        made.text[made.bytes] = 0;
    }
    for (uint32_t i = 0; i < step.text_count; i++)
        mlpipe__free(r->e->env, step.texts[i]);
    mlpipe__free(r->e->env, step.texts);
    mlpipe__free(r->e->env, step.bytes);
    return made;
}

static inline ref_value ref_concat(const ref_value *const *a, uint32_t n)
{
    ref_value made = ref_text("", 0);

    for (uint32_t i = 0; i < n; i++) {
        if (a[i]->kind == REF_NULL ||
            made.bytes + a[i]->bytes > MLPIPE__FEED_BYTES)
            return ref_null();
        memcpy(made.text + made.bytes, a[i]->text, a[i]->bytes);
        made.bytes += a[i]->bytes;
    }
    made.text[made.bytes] = 0;
    return made;
}

static inline const ref_value *ref_item(const ref_run *r,
                                        const ref_value *list, uint32_t i)
{
    return &r->of[r->e->kids[list->node->kids + i]];
}

static inline ref_value ref_bucket(ref_run *r, const ref_value *const *a,
                                   const mlpipe__expr_node *n)
{
    const bool right = n->named != EXPR_NONE &&
                       ref_word(&r->of[n->named], "right");
    uint32_t cell = 0;

    if (a[0]->kind == REF_NULL)
        return ref_null();
    for (uint32_t i = 0; i < a[1]->node->count; i++) {
        const double edge = ref_item(r, a[1], i)->v;
        cell += right ? edge < a[0]->v : edge <= a[0]->v;
    }
    return *ref_item(r, a[2], cell);
}

static inline ref_value ref_map(ref_run *r, const ref_value *const *a,
                                uint32_t n)
{
    const uint32_t pairs = (n - 1) / 2;

    (void)r;
    if (a[0]->kind == REF_NULL)
        return ref_null();
    for (uint32_t i = 0; i < pairs; i++)
        if (a[0]->bytes == a[1 + 2 * i]->bytes &&
            !memcmp(a[0]->text, a[1 + 2 * i]->text, a[0]->bytes))
            return *a[2 + 2 * i];
    if (n % 2 == 0)
        return *a[n - 1];
    for (uint32_t i = 0; i < pairs; i++)
        if (a[2 + 2 * i]->kind != REF_TEXT)
            return a[2]->kind == REF_TEXT ? *a[0] : ref_null();
    return *a[0];
}

static inline ref_value ref_extreme(const ref_value *const *a, uint32_t n,
                                    bool most, bool skip)
{
    const ref_value *best = NULL;

    for (uint32_t i = 0; i < n; i++) {
        if (a[i]->kind == REF_NULL && !skip)
            return ref_null();
        if (a[i]->kind == REF_NULL)
            continue;
        if (!best || (most ? a[i]->v > best->v : a[i]->v < best->v))
            best = a[i];
    }
    return best ? *best : ref_null();
}

#define IS(word) (!strcmp(name, word))

static inline ref_value ref_call_date(ref_run *r, const char *name,
                                      const ref_value *const *a)
{
    static const char *const parts[] = {
        "year", "quarter", "month", "week", "day", "dow", "doy", "hour",
        "minute", "second"};

    for (uint32_t i = 0; i < 10; i++)
        if (IS(parts[i]))
            return a[0]->kind ? ref_number(r, mlpipe__date_part(a[0]->v, 1e6,
                                                                i + 1))
                              : ref_null();
    if (IS("is_weekend"))
        return a[0]->kind ? ref_number(r, mlpipe__date_part(a[0]->v, 1e6, 6) ==
                                              mlpipe__date_part(a[0]->v, 1e6,
                                                                6)
                                   ? mlpipe__date_part(a[0]->v, 1e6, 6) >= 6
                                   : NAN)
                          : ref_null();
    if (IS("date_trunc"))
        return a[1]->kind ? ref_of(r, REF_TIME,
                                   mlpipe__date_trunc(a[1]->v, 1e6,
                                                      ref_part(a[0])))
                          : ref_null();
    if (IS("date_diff"))
        return a[0]->kind && a[1]->kind
                   ? ref_number(r, (a[0]->v - a[1]->v) / ref_unit(a[2]))
                   : ref_null();
    if (IS("add_months"))
        return a[0]->kind && a[1]->kind
                   ? ref_of(r, REF_TIME, mlpipe__time_add_months(
                                             a[0]->v, a[1]->v, 1e6))
                   : ref_null();
    fuzz_require(IS("epoch"));
    return a[0]->kind ? ref_number(r, a[0]->v / 1e6) : ref_null();
}

static inline ref_value ref_call_text(ref_run *r, const char *name,
                                      const mlpipe__expr_function *f,
                                      const ref_value *const *a, uint32_t n)
{
    const char *texts[2] = {n > 1 ? a[1]->text : "", n > 2 ? a[2]->text : ""};

    if (IS("concat"))
        return ref_concat(a, n);
    if (IS("substr"))
        return ref_step(r, MLPIPE__TEXT_SUBSTR, a[1]->v, a[2]->v, NULL, 0,
                        a[0], 0);
    if (IS("replace"))
        return ref_step(r, MLPIPE__TEXT_REPLACE, 0, 0, texts, 2, a[0], 0);
    if (IS("split_part"))
        return ref_step(r, MLPIPE__TEXT_SPLIT_PART, a[2]->v, 0, texts, 1,
                        a[0], 0);
    if (IS("contains") || IS("starts") || IS("ends"))
        return ref_step(r, f->op, 0, 0, texts, 1, a[0], REF_NUMBER);
    if (IS("parse_num")) {
        texts[0] = n > 1 ? a[1]->text : ".";
        return ref_step(r, MLPIPE__TEXT_NUMBER, 0, 0, texts, 1, a[0],
                        REF_NUMBER);
    }
    if (IS("parse_unit")) {
        texts[0] = n > 2 ? a[2]->text : ".";
        texts[1] = a[1]->text;
        return ref_step(r, MLPIPE__TEXT_QUANTITY, 0, 0, texts, 2, a[0],
                        REF_NUMBER);
    }
    if (IS("parse_date")) {
        for (uint32_t i = 1; i < n; i++) {
            const char *one = a[i]->text;
            const ref_value v = ref_step(r, MLPIPE__TEXT_DATE, 0, 0, &one, 1,
                                         a[0], REF_TIME);
            if (v.kind)
                return v;
        }
        return ref_null();
    }
    return ref_step(r, f->op, 0, 0, NULL, 0, a[0], REF_NUMBER);
}

static inline ref_value ref_call_number(ref_run *r, const char *name,
                                        const mlpipe__expr_function *f,
                                        const ref_value *const *a, uint32_t n)
{
    const double x = a[0]->v, y = n > 1 ? a[1]->v : 0;

    for (uint32_t i = 0; i < n; i++)
        if (a[i]->kind == REF_NULL && !(IS("div") && i == 2))
            return ref_null();
    if (IS("abs"))
        return ref_of(r, a[0]->kind, fabs(x));
    if (IS("sign"))
        return ref_number(r, (x > 0) - (x < 0));
    if (IS("round"))
        return ref_number(r, mlpipe__round_digits(x, (int)y));
    if (IS("clamp"))
        return x > a[2]->v || y > a[2]->v ? *a[2] : x > y ? *a[0] : *a[1];
    /* a base that is written out has a function of its own */
    r->inexact |= IS("log") && n == 2 && (y == 2 || y == 10);
    if (IS("log") && n == 2)
        return y == 1 ? ref_null()
                      : ref_number(r, ref_math(MLPIPE__OP_LOG, x) /
                                          ref_math(MLPIPE__OP_LOG, y));
    if (IS("log"))
        return ref_number(r, ref_math(MLPIPE__OP_LOG, x));
    if (IS("logit"))
        return x == 1 ? ref_null()
                      : ref_number(r, ref_math(MLPIPE__OP_LOG, x / (1 - x)));
    if (IS("div"))
        return y == 0 ? *a[2] : ref_number(r, x / y);
    if (IS("hypot"))
        return ref_number(r, mlpipe__hypot(x, y));
    if (IS("cyc_sin") || IS("cyc_cos"))
        return y == 0 ? ref_null()
               : isfinite(x / y)
                   ? ref_number(r, ref_math(f->op, x / y)) : ref_null();
    if (IS("pow") || IS("mod"))
        return ref_arithmetic(r, IS("pow") ? EXPR_O_POW : EXPR_O_MOD, a[0],
                              a[1]);
    return ref_number(r, ref_math(f->op, x));
}

static inline ref_value ref_call(ref_run *r, const mlpipe__expr_node *n,
                                 const ref_value *const *a)
{
    const mlpipe__expr_function *f = mlpipe__expr_function_at(n->which);
    const char *name = f->name;

    if (IS("if"))
        return ref_true(a[0]) ? *a[1] : *a[2];
    if (IS("coalesce") || IS("nvl")) {
        for (uint32_t i = 0; i < n->count; i++)
            if (a[i]->kind)
                return *a[i];
        return ref_null();
    }
    if (IS("nullif")) {
        const ref_value same = ref_compare(r, EXPR_O_EQ, a[0], a[1]);
        return ref_true(&same) ? ref_null() : *a[0];
    }
    if (IS("is_null"))
        return ref_number(r, a[0]->kind == REF_NULL);
    if (IS("bucket"))
        return ref_bucket(r, a, n);
    if (IS("map"))
        return ref_map(r, a, n->count);
    if (IS("min") || IS("max") || IS("least") || IS("greatest"))
        return ref_extreme(a, n->count, IS("max") || IS("greatest"),
                           IS("least") || IS("greatest"));
    if (f->types[0] == 't' || IS("date_trunc"))
        return ref_call_date(r, name, a);
    if (f->types[0] == 'c')
        return ref_call_text(r, name, f, a, n->count);
    return ref_call_number(r, name, f, a, n->count);
}

/* ---- nodes -------------------------------------------------------------- */

static inline ref_value ref_column(ref_run *r, const mlpipe__expr_node *n)
{
    const char *name = mlpipe__expr_text(r->e, n->text);
    uint32_t i = 0;

    while (strcmp(expr_columns[i].name, name))
        i++;
    if (expr_is_text_column(i))
        return r->row->text[i] ? ref_text(r->row->text[i],
                                          strlen(r->row->text[i]))
                               : ref_null();
    if (isnan(r->row->number[i]))
        return ref_null();
    if (expr_columns[i].type == MLPIPE_TYPE_TIMESTAMP)
        return ref_of(r, REF_TIME,
                      r->row->number[i] *
                          (expr_columns[i].unit == MLPIPE_UNIT_S ? 1e6 : 1));
    if (expr_columns[i].type == MLPIPE_TYPE_DURATION)
        return ref_of(r, REF_SPAN, r->row->number[i] * 1e3);
    return ref_number(r, r->row->number[i]);
}

static inline ref_value ref_in(ref_run *r, const ref_value *const *a,
                               uint32_t n)
{
    ref_value any = ref_number(r, 0);

    for (uint32_t i = 1; i < n; i++) {
        const ref_value same = ref_compare(r, EXPR_O_EQ, a[0], a[i]);
        any = ref_join(r, &any, &same, 1);
    }
    return any;
}

static inline ref_value ref_node(ref_run *r, const mlpipe__expr_node *n,
                                 const ref_value *const *a)
{
    ref_value v, w;

    switch (n->kind) {
    case EXPR_N_NUMBER:
    case EXPR_N_BOOL:
        return ref_number(r, n->number);
    case EXPR_N_TIME:
        return ref_of(r, REF_TIME, n->number);
    case EXPR_N_DURATION:
        return ref_of(r, REF_SPAN, n->number);
    case EXPR_N_TEXT:
        return ref_text(mlpipe__expr_text(r->e, n->text), n->bytes);
    case EXPR_N_COLUMN:
        return ref_column(r, n);
    case EXPR_N_AS_OF:
        return isnan(r->row->as_of) ? ref_null()
                                    : ref_of(r, REF_TIME, r->row->as_of);
    case EXPR_N_REF:
        return r->of[n->kids];
    case EXPR_N_LIST:
        v = ref_null();
        v.kind = REF_LIST;
        v.node = n;
        return v;
    case EXPR_N_NEGATE:
        return a[0]->kind ? ref_of(r, a[0]->kind, -a[0]->v) : ref_null();
    case EXPR_N_NOT:
        return ref_not(r, a[0]);
    case EXPR_N_BINARY:
        if (n->which <= EXPR_O_AND)
            return ref_join(r, a[0], a[1], n->which == EXPR_O_OR);
        return n->which <= EXPR_O_NE
                   ? ref_compare(r, n->which, a[0], a[1])
                   : ref_arithmetic(r, n->which, a[0], a[1]);
    case EXPR_N_IN:
        v = ref_in(r, a, n->count);
        return n->which ? ref_not(r, &v) : v;
    case EXPR_N_BETWEEN:
        v = ref_compare(r, EXPR_O_GE, a[0], a[1]);
        w = ref_compare(r, EXPR_O_LE, a[0], a[2]);
        v = ref_join(r, &v, &w, 0);
        return n->which ? ref_not(r, &v) : v;
    case EXPR_N_IS_NULL:
        return ref_number(r, (a[0]->kind == REF_NULL) != n->which);
    case EXPR_N_CALL:
        return ref_call(r, n, a);
    case EXPR_N_CASE:
        for (uint32_t i = 0; i + 1 < n->count; i += 2)
            if (ref_true(a[i]))
                return *a[i + 1];
        return n->count % 2 ? *a[n->count - 1] : ref_null();
    default:
        return ref_null();
    }
}

/* Values of all nodes of a parsed text for a row. */
static inline void ref_run_row(ref_run *r)
{
    const ref_value **a =
        malloc((r->e->kid_count + 1) * sizeof *a);

    fuzz_require(a != NULL);
    r->inexact = false;
    for (uint32_t i = 0; i < r->e->node_count; i++) {
        const mlpipe__expr_node *n = &r->e->nodes[i];
        for (uint32_t k = 0; n->kind != EXPR_N_REF && k < n->count; k++)
            a[k] = &r->of[r->e->kids[n->kids + k]];
        r->of[i] = ref_node(r, n, a);
    }
    free(a);
}

#endif
