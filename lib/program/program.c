/* SPDX-License-Identifier: MIT */
/* Building a program: inputs, constants, ops and outputs are appended; seal
 * checks it once, so that running needs no checks. */
#include "program_internal.h"

mlpipe__program *mlpipe__program_new(mlpipe__env *env)
{
    mlpipe__program *p = mlpipe__alloc(env, sizeof *p);

    if (!p)
        return NULL;
    p->env = mlpipe__env_keep(env);
    p->avx2 = env->vector >= 32;
    return p;
}

static void program_free_dict(mlpipe__env *env, mlpipe__dict *dict)
{
    if (dict)
        mlpipe__dict_free(dict);
    mlpipe__free(env, dict);
}

void mlpipe__program_free(mlpipe__program *p)
{
    mlpipe__env *env;
    uint32_t i;

    if (!p)
        return;
    env = p->env;
    for (i = 0; i < p->input_count; i++) {
        mlpipe__free(env, p->inputs[i].name);
        program_free_dict(env, p->inputs[i].dict);
    }
    for (i = 0; i < p->output_count; i++) {
        mlpipe__free(env, p->outputs[i].name);
        program_free_dict(env, p->outputs[i].dict);
    }
    for (i = 0; i < p->forest_count; i++)
        mlpipe__forest_free(p->forests[i]);
    for (i = 0; i < p->point_count; i++)
        mlpipe__points_free(p->points[i]);
    for (i = 0; i < p->feed_count; i++) {
        mlpipe__text_steps_free(env, p->feeds[i].steps,
                                p->feeds[i].step_count);
        program_free_dict(env, p->feeds[i].dict);
    }
    mlpipe__free(env, p->feeds);
    mlpipe__free(env, p->inputs);
    mlpipe__free(env, p->outputs);
    mlpipe__free(env, p->runs);
    mlpipe__free(env, p->ops);
    mlpipe__free(env, p->consts);
    mlpipe__free(env, p->words);
    mlpipe__free(env, p->forests);
    mlpipe__free(env, p->points);
    mlpipe__free(env, p);
    mlpipe__env_drop(env);
}

/* Room for `more` elements behind count; NULL sets failed. */
static void *program_room(mlpipe__program *p, void *array, uint32_t count,
                          uint32_t more, uint32_t *room, size_t bytes)
{
    uint64_t want = (uint64_t)count + more;
    void *grown;

    if (p->failed)
        return NULL;
    if (want <= *room)
        return array;
    want = want < 8 ? 8 : want + want / 2;
    if (want > UINT32_MAX / 2) {
        p->failed = true;
        return NULL;
    }
    grown = mlpipe__grow(p->env, array, (size_t)want, bytes);
    if (grown)
        *room = (uint32_t)want;
    p->failed |= !grown;
    return grown;
}

static mlpipe__dict *program_copy_dict(mlpipe__program *p,
                                       const mlpipe__dict *from)
{
    mlpipe__dict *d = mlpipe__alloc(p->env, sizeof *d);
    uint32_t i;

    if (!d) {
        p->failed = true;
        return NULL;
    }
    mlpipe__dict_init(d, p->env);
    for (i = 0; from && i < from->count && !p->failed; i++)
        p->failed = mlpipe__dict_add(d, mlpipe__dict_text(from, i),
                                     mlpipe__dict_bytes(from, i)) ==
                    UINT32_MAX;
    return d;
}

uint32_t mlpipe__program_add_input(mlpipe__program *p, const char *name,
                                   int32_t type, int32_t unit, uint32_t kind,
                                   const mlpipe__dict *dict)
{
    mlpipe__program_input *grown =
        program_room(p, p->inputs, p->input_count, 1, &p->input_room,
                     sizeof *p->inputs);
    mlpipe__program_input *in;

    if (!grown)
        return 0;
    p->inputs = grown;
    in = &p->inputs[p->input_count++];
    in->name = mlpipe__strdup(p->env, name, strlen(name));
    in->type = type;
    in->unit = unit;
    in->kind = kind;
    in->dict = NULL;
    p->failed |= !in->name;
    if (kind == MLPIPE__CODE)
        in->dict = program_copy_dict(p, dict);
    return p->register_count++;
}

uint32_t mlpipe__program_const(mlpipe__program *p, const double *v,
                               uint32_t n)
{
    const uint32_t first = p->const_count;
    double *grown = program_room(p, p->consts, first, n, &p->const_room,
                                 sizeof *v);

    if (!grown)
        return p->failed ? 0 : first;
    p->consts = grown;
    if (n)
        memcpy(p->consts + first, v, (size_t)n * sizeof *v);
    p->const_count += n;
    return first;
}

uint32_t mlpipe__program_words(mlpipe__program *p, const uint32_t *v,
                               uint32_t n)
{
    const uint32_t first = p->word_count;
    uint32_t *grown = program_room(p, p->words, first, n, &p->word_room,
                                   sizeof *v);

    if (!grown)
        return p->failed ? 0 : first;
    p->words = grown;
    if (n)
        memcpy(p->words + first, v, (size_t)n * sizeof *v);
    p->word_count += n;
    return first;
}

uint32_t mlpipe__program_forest(mlpipe__program *p, mlpipe__forest *f)
{
    mlpipe__forest **grown =
        program_room(p, p->forests, p->forest_count, 1, &p->forest_room,
                     sizeof *p->forests);

    p->failed |= !f;
    if (!grown || !f) {
        if (grown)
            p->forests = grown;
        mlpipe__forest_free(f);
        return 0;
    }
    p->forests = grown;
    p->forests[p->forest_count] = f;
    return p->forest_count++;
}

uint32_t mlpipe__program_points(mlpipe__program *p, mlpipe__points *points)
{
    mlpipe__points **grown = program_room(p, p->points, p->point_count, 1,
                                          &p->point_room, sizeof *grown);

    p->failed |= !points;
    if (grown)
        p->points = grown;
    if (!grown || !points) {
        mlpipe__points_free(points);
        return 0;
    }
    p->points[p->point_count] = points;
    return p->point_count++;
}

uint32_t mlpipe__program_op(mlpipe__program *p, uint16_t code, uint32_t a,
                            uint32_t b, uint32_t arg, uint32_t count,
                            uint32_t width)
{
    mlpipe__op *grown = program_room(p, p->ops, p->op_count, 1, &p->op_room,
                                     sizeof *p->ops);
    mlpipe__op *op;

    if (!grown)
        return 0;
    p->ops = grown;
    op = &p->ops[p->op_count++];
    op->code = code;
    op->version = mlpipe__op_version(code);
    op->dst = p->register_count;
    op->a = a;
    op->b = b;
    op->arg = arg;
    op->count = count;
    if (__builtin_add_overflow(p->register_count, width, &p->register_count))
        p->failed = true;
    return op->dst;
}

/* ---- ops that are there already ----------------------------------------- */

static bool program_same_consts(const mlpipe__program *p, uint32_t a,
                                const double *consts, uint32_t n)
{
    return (uint64_t)a + n <= p->const_count &&
           (!n || !memcmp(p->consts + a, consts, n * sizeof *consts));
}

uint32_t mlpipe__program_shared_consts(mlpipe__program *p, uint16_t code,
                                       uint32_t a, uint32_t b,
                                       const double *consts, uint32_t n,
                                       uint32_t count)
{
    uint32_t i;

    for (i = 0; i < p->op_count; i++) {
        const mlpipe__op *op = &p->ops[i];

        if (op->code == code && op->a == a && op->b == b &&
            op->count == count &&
            program_same_consts(p, op->arg, consts, n))
            return op->dst;
    }
    return mlpipe__program_op(p, code, a, b,
                              mlpipe__program_const(p, consts, n), count, 1);
}

uint32_t mlpipe__program_shared(mlpipe__program *p, uint16_t code, uint32_t a,
                                uint32_t b, uint32_t arg, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < p->op_count; i++) {
        const mlpipe__op *op = &p->ops[i];

        if (op->code == code && op->a == a && op->b == b && op->arg == arg &&
            op->count == count)
            return op->dst;
    }
    return mlpipe__program_op(p, code, a, b, arg, count, 1);
}

/* ---- feeds -------------------------------------------------------------- */

bool mlpipe__text_steps_same(const mlpipe__text_step *a,
                             const mlpipe__text_step *b, uint32_t count)
{
    uint32_t i, t;

    for (i = 0; i < count; i++) {
        if (a[i].code != b[i].code || a[i].text_count != b[i].text_count ||
            memcmp(a[i].number, b[i].number, sizeof a[i].number))
            return false;
        for (t = 0; t < a[i].text_count; t++)
            if (a[i].bytes[t] != b[i].bytes[t] ||
                memcmp(a[i].texts[t], b[i].texts[t], a[i].bytes[t]))
                return false;
    }
    return true;
}

/* Dictionaries of equal chains over the same rows are equal, so that the
 * steps decide. */
static const mlpipe__feed *program_find_feed(const mlpipe__program *p,
                                             const mlpipe__feed *like)
{
    uint32_t i;

    for (i = 0; i < p->feed_count; i++) {
        const mlpipe__feed *f = &p->feeds[i];

        if (f->source == like->source && f->input == like->input &&
            f->step_count == like->step_count && !f->dict == !like->dict &&
            mlpipe__text_steps_same(f->steps, like->steps, f->step_count))
            return f;
    }
    return NULL;
}

uint32_t mlpipe__program_feed(mlpipe__program *p, uint32_t source,
                              uint32_t input, mlpipe__text_step *steps,
                              uint32_t step_count, mlpipe__dict *dict)
{
    mlpipe__feed made = {.source = source,
                         .input = input,
                         .step_count = step_count,
                         .steps = steps,
                         .dict = dict,
                         .fixed = mlpipe__nan()};
    const mlpipe__feed *old = program_find_feed(p, &made);
    mlpipe__feed *grown = NULL;

    if (!old)
        grown = program_room(p, p->feeds, p->feed_count, 1, &p->feed_room,
                             sizeof *p->feeds);
    if (!grown) {
        mlpipe__text_steps_free(p->env, steps, step_count);
        program_free_dict(p->env, dict);
        return old ? old->reg : 0;
    }
    p->feeds = grown;
    made.reg = mlpipe__program_op(p, MLPIPE__OP_FEED, 0, 0, p->feed_count, 0,
                                  1);
    p->feeds[p->feed_count++] = made;
    return made.reg;
}

/* ---- outputs ------------------------------------------------------------ */

void mlpipe__program_add_typed_output(mlpipe__program *p, const char *name,
                                      uint32_t reg, int32_t type,
                                      int32_t unit, const mlpipe__dict *dict)
{
    mlpipe__program_output *grown =
        program_room(p, p->outputs, p->output_count, 1, &p->output_room,
                     sizeof *p->outputs);
    mlpipe__program_output *out;

    if (!grown)
        return;
    p->outputs = grown;
    out = &p->outputs[p->output_count++];
    *out = (mlpipe__program_output){.reg = reg, .type = type, .unit = unit};
    out->name = mlpipe__strdup(p->env, name, strlen(name));
    p->failed |= !out->name;
    if (dict)
        out->dict = program_copy_dict(p, dict);
}

void mlpipe__program_add_output(mlpipe__program *p, const char *name,
                                uint32_t reg)
{
    mlpipe__program_add_typed_output(p, name, reg, MLPIPE_TYPE_F64, 0, NULL);
}

/* Is the register one of a onehot? ops are in the order of registers. */
static bool program_hot(const mlpipe__program *p, uint32_t reg)
{
    uint32_t low = 0, high = p->op_count;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;

        if (p->ops[mid].dst <= reg)
            low = mid + 1;
        else
            high = mid;
    }
    return low && p->ops[low - 1].code == MLPIPE__OP_ONEHOT;
}

static bool program_runs(mlpipe__program *p)
{
    mlpipe__output_run *run;
    uint32_t k;

    mlpipe__free(p->env, p->runs);
    p->runs = run =
        mlpipe__alloc_array(p->env, p->output_count, sizeof *p->runs);
    if (!run)
        return false;
    for (k = 0; k < p->output_count; k++) {
        const uint32_t reg = p->outputs[k].reg;
        const bool sure = program_hot(p, reg);

        if (k && run->reg + run->count == reg && run->sure == sure) {
            run->count++;
            continue;
        }
        run += k > 0;
        *run = (mlpipe__output_run){reg, 1, sure};
    }
    return true;
}

bool mlpipe__program_compile(mlpipe__program *p)
{
    uint32_t i;

    for (i = 0; i < p->forest_count; i++)
        if (!mlpipe__forest_compile(p->forests[i]))
            return false;
    for (i = 0; i < p->point_count; i++)
        if (!mlpipe__points_compile(p->points[i]))
            return false;
    return program_runs(p);
}

mlpipe_status mlpipe__program_seal(mlpipe_ctx *ctx, mlpipe__program *p)
{
    const char *why;

    if (p->failed)
        return mlpipe__nomem(ctx);
    why = mlpipe__program_check(p, &p->env->limits);
    if (why)
        return mlpipe__fail(ctx, MLPIPE_E_INTERNAL,
                            "the program that was built is not valid: %s; "
                            "please report this",
                            why);
    return mlpipe__program_compile(p) ? MLPIPE_OK : mlpipe__nomem(ctx);
}
