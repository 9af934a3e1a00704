/* SPDX-License-Identifier: MIT */
/*
 * Every invariant of a program: after this, running follows indices without
 * looking. It allocates nothing and its work is bounded by the program's size,
 * since the program may come from anybody's bytes.
 */
#include "vm_ops.h"

enum {
    CHECK_REGISTERS = 1 << 24,
    CHECK_CHAIN = 64, /* imputes of imputes of a code */
    CHECK_SHARES = 16 /* ops that read one constant or word, on average */
};

static const char *const check_range =
    "an op asks for constants or words that are not there";

/* The op that writes a register that is no input; ops are in their order. */
static const mlpipe__op *check_writer(const mlpipe__program *p, uint32_t reg)
{
    uint32_t low = 0, high = p->op_count;

    while (high - low > 1) {
        const uint32_t mid = low + (high - low) / 2;

        if (p->ops[mid].dst <= reg)
            low = mid;
        else
            high = mid;
    }
    return &p->ops[low];
}

/* MLPIPE__NUMBER or MLPIPE__CODE of a register that is written before; 0
 * where a code was imputed too often to follow. */
static uint32_t check_kind(const mlpipe__program *p, uint32_t reg)
{
    int hops;

    for (hops = 0; hops < CHECK_CHAIN; hops++) {
        const mlpipe__op *op;

        if (reg < p->input_count)
            return p->inputs[reg].kind;
        op = check_writer(p, reg);
        switch (op->code) {
        case MLPIPE__OP_IMPUTE:
            reg = op->a;
            break;
        case MLPIPE__OP_FEED:
            return p->feeds[op->arg].dict ? MLPIPE__CODE : MLPIPE__NUMBER;
        case MLPIPE__OP_CONST_CODE:
        case MLPIPE__OP_SELECT_CODE:
        case MLPIPE__OP_BUCKET:
        case MLPIPE__OP_MAP_CODE:
        case MLPIPE__OP_COALESCE_CODE:
        case MLPIPE__OP_CROSS:
        case MLPIPE__OP_ARGMIN:
            return MLPIPE__CODE;
        default:
            return MLPIPE__NUMBER;
        }
    }
    return 0;
}

static bool check_is_code(double c)
{
    return c >= -1 && c < INT32_MAX && c == (double)(int32_t)c;
}

static const char *check_consts(const mlpipe__program *p, uint32_t from,
                                uint64_t count, bool may_be_nan)
{
    uint64_t i;

    if (from + count > p->const_count)
        return check_range;
    for (i = 0; i < count; i++) {
        const double c = p->consts[from + i];

        if (!mlpipe__finite(c) && !(may_be_nan && c != c))
            return "a constant of an op is not finite";
    }
    return NULL;
}

static const char *check_words(const mlpipe__program *p, uint32_t from,
                               uint64_t count, uint32_t below)
{
    uint64_t i;

    if (from + count > p->word_count)
        return check_range;
    for (i = 0; i < count; i++)
        if (p->words[from + i] >= below)
            return "an op reads a register before it is written, or sets "
                   "an output that it lacks";
    return NULL;
}

/* The registers of an op that reads numbers by its words. */
static const char *check_numbers(const mlpipe__program *p,
                                 const mlpipe__op *op)
{
    const char *why = check_words(p, op->arg, op->count, op->dst);
    uint32_t i;

    for (i = 0; i < op->count && !why; i++)
        if (check_kind(p, p->words[op->arg + i]) != MLPIPE__NUMBER)
            why = "an op reads a code as a number";
    return why;
}

static const char *check_linear(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const char *why =
        check_consts(p, op->b, (uint64_t)op->count + 1, false);

    return why ? why : check_numbers(p, op);
}

static const char *check_distance(const mlpipe__program *p,
                                  const mlpipe__op *op)
{
    const char *why =
        check_consts(p, op->b, 2 * (uint64_t)op->count + 1, false);

    if (op->a > 1)
        return "a distance neither takes nulls nor refuses them";
    return why ? why : check_numbers(p, op);
}

static const char *check_interpolate(const mlpipe__program *p,
                                     const mlpipe__op *op)
{
    const char *why =
        check_consts(p, op->arg, 2 * (uint64_t)op->count, false);
    uint32_t i;

    if (!op->count)
        return "an op goes through no point";
    for (i = 1; i < op->count && !why; i++)
        if (!(p->consts[op->arg + i - 1] < p->consts[op->arg + i]))
            why = "the points of an op do not rise";
    return why;
}

static const char *check_forest(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const mlpipe__forest *f;
    const char *why;
    uint32_t i;

    if (op->a >= p->forest_count)
        return "an op asks for a forest that is not there";
    f = p->forests[op->a];
    if (op->count != f->features)
        return "a forest gets another number of features than it has";
    why = check_words(p, op->arg, op->count, op->dst);
    for (i = 0; i < op->count && !why; i++) {
        const uint32_t kind = check_kind(p, p->words[op->arg + i]);

        if (kind != (f->feature_codes[i] ? MLPIPE__CODE : MLPIPE__NUMBER))
            why = "a forest reads a code as a number, or a number as a code";
    }
    return why;
}

static const char *check_knn(const mlpipe__program *p, const mlpipe__op *op)
{
    if (op->a >= p->point_count)
        return "an op asks for points that are not there";
    if (op->count != p->points[op->a]->features)
        return "points get another number of features than they have";
    return check_numbers(p, op);
}

static const char *check_element(const mlpipe__program *p,
                                 const mlpipe__op *op, uint32_t consts)
{
    const char *why = check_consts(p, op->arg, consts, false);
    const double *c;

    if (why || !consts)
        return why;
    c = p->consts + op->arg;
    if (op->code == MLPIPE__OP_SHIFT_SCALE && c[1] == 0)
        return "an op divides by a scale of 0";
    if ((op->code == MLPIPE__OP_CLAMP || op->code == MLPIPE__OP_OUTSIDE ||
         op->code == MLPIPE__OP_NULL_OUTSIDE) &&
        c[0] > c[1])
        return "an op's lower bound is above its upper one";
    if (op->code == MLPIPE__OP_IMPUTE &&
        check_kind(p, op->a) == MLPIPE__CODE &&
        !check_is_code(c[0]))
        return "a code is imputed by what is no code";
    if ((op->code == MLPIPE__OP_DATE_PART ||
         op->code == MLPIPE__OP_DATE_TRUNC) &&
        !(c[0] >= 1 && c[1] >= 1 && c[1] <= MLPIPE__DATE_PARTS))
        return "an op asks for a part of a time that does not exist";
    if (op->code == MLPIPE__OP_ADD_MONTHS && !(c[0] >= 1))
        return "an op adds months to no time";
    if (op->code == MLPIPE__OP_ROUND && !(c[0] >= -15 && c[0] <= 15))
        return "an op rounds to more than 15 places";
    return NULL;
}

/* A register that an op reads beside a: written before, and of this kind. */
static const char *check_reads(const mlpipe__program *p,
                               const mlpipe__op *op, uint32_t reg,
                               uint32_t kind)
{
    if (reg >= op->dst)
        return "an op reads a register before it is written";
    return check_kind(p, reg) == kind
               ? NULL
               : "an op reads a code as a number, or a number as a code";
}

static const char *check_select(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const uint32_t kind = op->code == MLPIPE__OP_SELECT ? MLPIPE__NUMBER
                                                         : MLPIPE__CODE;
    const char *why = check_reads(p, op, op->b, kind);

    return why ? why : check_reads(p, op, op->arg, kind);
}

static const char *check_bucket(const mlpipe__program *p,
                                const mlpipe__op *op)
{
    const char *why = check_consts(p, op->arg, op->count, false);
    uint32_t i;

    if (op->b > 1)
        return "the cells of an op are closed on neither side";
    for (i = 1; i < op->count && !why; i++)
        if (!(p->consts[op->arg + i - 1] < p->consts[op->arg + i]))
            why = "the edges of an op do not rise";
    return why;
}

static const char *check_map_code(const mlpipe__program *p,
                                  const mlpipe__op *op)
{
    const uint64_t count = (uint64_t)op->count + 2;
    uint64_t i;

    if (op->arg + count > p->word_count)
        return check_range;
    if (op->b > INT32_MAX)
        return "an op makes too many codes";
    for (i = 0; i < count; i++)
        if (p->words[op->arg + i] >= op->b &&
            p->words[op->arg + i] < MLPIPE__MAP_UNSEEN)
            return "an op makes a code that it does not have";
    return NULL;
}

static const char *check_cross(const mlpipe__program *p,
                               const mlpipe__op *op)
{
    if ((uint64_t)op->arg * op->count > INT32_MAX)
        return "an op makes too many codes";
    return check_reads(p, op, op->b, MLPIPE__CODE);
}

static const char *check_const(const mlpipe__program *p,
                               const mlpipe__op *op)
{
    const char *why = check_consts(p, op->arg, 1, true);

    if (!why && op->code == MLPIPE__OP_CONST_CODE) {
        const double c = p->consts[op->arg];

        if (c == c && !check_is_code(c))
            why = "a constant is no code";
    }
    return why;
}

static const char *check_feed_op(const mlpipe__program *p,
                                 const mlpipe__op *op)
{
    if (op->arg >= p->feed_count || p->feeds[op->arg].reg != op->dst)
        return "an op asks for a feed that is not there";
    return NULL;
}

static const char *check_lookup_fold(const mlpipe__program *p,
                                     const mlpipe__op *op)
{
    const uint64_t codes = (uint64_t)op->count + 2;
    double folds;

    if (op->arg >= p->const_count)
        return check_range;
    folds = p->consts[op->arg];
    if (!(folds >= 0 && folds <= 1000 && folds == (double)(uint32_t)folds))
        return "an op has no number of folds";
    if (op->b >= op->dst)
        return "an op reads a register before it is written";
    return check_consts(p, op->arg, 1 + ((uint64_t)folds + 1) * codes, true);
}

static const char *check_op(const mlpipe__program *p, const mlpipe__op *op)
{
    uint32_t reads = 0, consts = 0, kind;
    bool pair = false;

    switch (op->code) {
#define X(code, name, version, a, n, put)                                   \
    case code:                                                              \
        reads = a;                                                          \
        consts = n;                                                         \
        break;
        VM_SINGLE_OPS(X)
#undef X
#define X(code, name, version, a, n, put)                                   \
    case code:                                                              \
        reads = a;                                                          \
        consts = n;                                                         \
        pair = true;                                                        \
        break;
        VM_PAIR_OPS(X)
#undef X
    default:
        return "an op is not known to this version";
    }
    if (op->version != mlpipe__op_version(op->code))
        return "an op has a version that is not known here";
    if (reads != VM_NO_A) {
        if (op->a >= op->dst)
            return "an op reads a register before it is written";
        kind = check_kind(p, op->a);
        if (kind == 0 || (reads == VM_NUMBER && kind != MLPIPE__NUMBER) ||
            (reads == VM_CODES && kind != MLPIPE__CODE))
            return "an op reads a code as a number, or a number as a code";
    }
    if (pair) {
        const char *why = check_reads(
            p, op, op->b,
            reads == VM_CODES ? MLPIPE__CODE : MLPIPE__NUMBER);
        return why ? why : check_element(p, op, consts);
    }
    switch (op->code) {
    case MLPIPE__OP_ONEHOT:
        if (op->count == 0 || op->count > op->b)
            return "a one-hot op has more outputs than codes, or none";
        return check_words(p, op->arg, op->b, op->count + 1);
    case MLPIPE__OP_LOOKUP:
        return check_consts(p, op->arg, (uint64_t)op->count + 2, true);
    case MLPIPE__OP_LINEAR:
        return check_linear(p, op);
    case MLPIPE__OP_FOREST:
        return check_forest(p, op);
    case MLPIPE__OP_KNN:
        return check_knn(p, op);
    case MLPIPE__OP_CONST:
    case MLPIPE__OP_CONST_CODE:
        return check_const(p, op);
    case MLPIPE__OP_SELECT:
    case MLPIPE__OP_SELECT_CODE:
        return check_select(p, op);
    case MLPIPE__OP_BUCKET:
        return check_bucket(p, op);
    case MLPIPE__OP_MAP_CODE:
        return check_map_code(p, op);
    case MLPIPE__OP_CROSS:
        return check_cross(p, op);
    case MLPIPE__OP_FEED:
        return check_feed_op(p, op);
    case MLPIPE__OP_LOOKUP_FOLD:
        return check_lookup_fold(p, op);
    case MLPIPE__OP_SOFTMAX:
    case MLPIPE__OP_ARGMIN:
        return op->count ? check_numbers(p, op) : "an op reads no register";
    case MLPIPE__OP_DISTANCE:
        return check_distance(p, op);
    case MLPIPE__OP_INTERPOLATE:
        return check_interpolate(p, op);
    default:
        return check_element(p, op, consts);
    }
}

/* Registers are written once, in order: dst tells what came before. */
static const char *check_order(const mlpipe__program *p)
{
    uint64_t next = p->input_count;
    uint32_t i;

    for (i = 0; i < p->op_count; i++) {
        if (p->ops[i].dst != next)
            return "an op does not write the next register";
        next += mlpipe__op_width(p, &p->ops[i]);
        if (next > CHECK_REGISTERS || next > SIZE_MAX / 8192)
            return "a program has too many registers";
    }
    return next == p->register_count
               ? NULL : "the registers of a program do not add up";
}

static const char *check_ends(const mlpipe__program *p,
                              const mlpipe_limits *limits)
{
    uint32_t i;

    if (p->input_count > limits->features ||
        p->input_count > CHECK_REGISTERS)
        return "a program has more inputs than the limit allows";
    if (p->output_count > limits->classes)
        return "a program has more outputs than the limit allows";
    for (i = 0; i < p->input_count; i++) {
        const mlpipe__program_input *in = &p->inputs[i];

        if ((in->kind != MLPIPE__NUMBER && in->kind != MLPIPE__CODE) ||
            (in->kind == MLPIPE__CODE) != (in->dict != NULL))
            return "an input is neither a number nor a code";
        if (in->dict && in->dict->count > limits->categories)
            return "an input has more categories than the limit allows";
    }
    for (i = 0; i < p->output_count; i++)
        if (p->outputs[i].reg >= p->register_count)
            return "an output is a register that the program lacks";
    return p->front_ops <= p->op_count
               ? NULL : "a program has fewer ops than its front";
}

/* Each feed is written for one op, and a text's input has texts. */
static const char *check_feeds(const mlpipe__program *p,
                               const mlpipe_limits *limits)
{
    const char *why = NULL;
    uint32_t i;

    for (i = 0; i < p->feed_count && !why; i++) {
        const mlpipe__feed *f = &p->feeds[i];

        if (f->source < MLPIPE__FEED_TEXT || f->source > MLPIPE__FEED_FOLD)
            return "a feed has a source that is not known";
        if (f->reg < p->input_count || f->reg >= p->register_count)
            return "a feed is read by no op";
        if (f->dict && f->dict->count > limits->categories)
            return "a feed has more categories than the limit allows";
        if (f->source != MLPIPE__FEED_TEXT) {
            why = f->dict || f->step_count ? "a feed of no text has steps"
                                           : NULL;
            continue;
        }
        if (f->input >= p->input_count ||
            p->inputs[f->input].kind != MLPIPE__CODE)
            return "a feed reads an input that is no text";
        why = mlpipe__text_steps_check(f->steps, f->step_count);
        if (!why && (f->step_count > 0 &&
                     mlpipe__text_step_ends(
                         f->steps[f->step_count - 1].code)) ==
                        (f->dict != NULL))
            why = "a feed gives neither a code nor a number";
    }
    return why;
}

/* Constants and words that an op goes over each time it is checked or run; it
 * has been checked once. */
static uint64_t check_spent(const mlpipe__program *p, const mlpipe__op *op)
{
    if (mlpipe__op_reads_words(op->code))
        return op->count;
    switch (op->code) {
    case MLPIPE__OP_ONEHOT:
        return op->b;
    case MLPIPE__OP_LOOKUP:
    case MLPIPE__OP_BUCKET:
    case MLPIPE__OP_INTERPOLATE:
    case MLPIPE__OP_MAP_CODE:
        return op->count;
    case MLPIPE__OP_LOOKUP_FOLD:
        return ((uint64_t)p->consts[op->arg] + 1) * op->count;
    default:
        return 0;
    }
}

/* Each op; ops that share what they read would else take the square of the
 * program's size. Points belong to one op: those after one another. */
static const char *check_ops(const mlpipe__program *p)
{
    const uint64_t most =
        CHECK_SHARES * ((uint64_t)p->const_count + p->word_count);
    const char *why = NULL;
    uint64_t spent = 0;
    uint32_t i, points = 0;

    for (i = 0; i < p->op_count && !why; i++) {
        const mlpipe__op *op = &p->ops[i];

        why = check_op(p, op);
        spent += why ? 0 : check_spent(p, op);
        if (spent > most)
            why = "its ops read more constants and words than there are";
        if (!why && op->code == MLPIPE__OP_KNN && op->a != points++)
            why = "points belong to several ops or to none";
    }
    return why || points == p->point_count
               ? why : "points belong to several ops or to none";
}

const char *mlpipe__program_check(const mlpipe__program *p,
                                  const mlpipe_limits *limits)
{
    const char *why = check_ends(p, limits);
    uint32_t i;

    for (i = 0; i < p->forest_count && !why; i++)
        why = mlpipe__forest_check(p->forests[i], limits);
    for (i = 0; i < p->point_count && !why; i++)
        why = mlpipe__points_check(p->points[i], limits);
    if (!why)
        why = check_order(p);
    if (!why)
        why = check_feeds(p, limits);
    return why ? why : check_ops(p);
}
