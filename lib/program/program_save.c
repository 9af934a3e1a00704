/* SPDX-License-Identifier: MIT */
/*
 * A program as bytes and back. Equal programs give equal bytes; what is read
 * is counted against the bytes that are there before memory is taken, and
 * checked as a whole before it may run.
 */
#include "program_internal.h"

enum { SAVE_FORMAT = 3, SAVE_OP_BYTES = 24 };

/* ---- writing ------------------------------------------------------------ */

static void save_dict(const mlpipe__dict *dict, mlpipe__text *out)
{
    uint32_t i;

    mlpipe__put_u32(out, dict ? dict->count : 0);
    for (i = 0; dict && i < dict->count; i++)
        mlpipe__put_text(out, mlpipe__dict_text(dict, i),
                         mlpipe__dict_bytes(dict, i));
}

static void save_input(const mlpipe__program_input *in, mlpipe__text *out)
{
    mlpipe__put_text(out, in->name, strlen(in->name));
    mlpipe__put_u32(out, (uint32_t)in->type);
    mlpipe__put_u32(out, (uint32_t)in->unit);
    mlpipe__put_u32(out, in->kind);
    save_dict(in->dict, out);
}

static void save_output(const mlpipe__program_output *o, mlpipe__text *out)
{
    mlpipe__put_text(out, o->name, strlen(o->name));
    mlpipe__put_u32(out, o->reg);
    mlpipe__put_u32(out, (uint32_t)o->type);
    mlpipe__put_u32(out, (uint32_t)o->unit);
    mlpipe__put_u32(out, o->dict != NULL);
    save_dict(o->dict, out);
}

static void save_feed(const mlpipe__feed *f, mlpipe__text *out)
{
    uint32_t i, t;

    mlpipe__put_u32(out, f->source);
    mlpipe__put_u32(out, f->reg);
    mlpipe__put_u32(out, f->input);
    mlpipe__put_f64(out, f->fixed);
    mlpipe__put_u32(out, f->step_count);
    for (i = 0; i < f->step_count; i++) {
        const mlpipe__text_step *s = &f->steps[i];

        mlpipe__put_u32(out, s->code);
        mlpipe__put_f64(out, s->number[0]);
        mlpipe__put_f64(out, s->number[1]);
        mlpipe__put_u32(out, s->text_count);
        for (t = 0; t < s->text_count; t++)
            mlpipe__put_text(out, s->texts[t], s->bytes[t]);
    }
    mlpipe__put_u32(out, f->dict != NULL);
    save_dict(f->dict, out);
}

static void save_op(const mlpipe__op *op, mlpipe__text *out)
{
    mlpipe__put_u32(out, op->code | (uint32_t)op->version << 16);
    mlpipe__put_u32(out, op->dst);
    mlpipe__put_u32(out, op->a);
    mlpipe__put_u32(out, op->b);
    mlpipe__put_u32(out, op->arg);
    mlpipe__put_u32(out, op->count);
}

static void save_forest(const mlpipe__forest *f, mlpipe__text *out)
{
    mlpipe__put_u32(out, f->features);
    mlpipe__put_u32(out, f->outputs);
    mlpipe__put_u32(out, f->trees);
    mlpipe__put_u32(out, f->nodes);
    mlpipe__put_u32(out, f->leaves);
    mlpipe__put_u64(out, f->set_words);
    mlpipe__put_f64(out, f->scale);
    mlpipe__put_array(out, f->feature_codes, f->features, 4);
    mlpipe__put_array(out, f->tree_node, (uint64_t)f->trees + 1, 4);
    mlpipe__put_array(out, f->tree_leaf, (uint64_t)f->trees + 1, 4);
    mlpipe__put_array(out, f->tree_output, f->trees, 4);
    mlpipe__put_array(out, f->node_feature, f->nodes, 4);
    mlpipe__put_array(out, f->node_flags, f->nodes, 4);
    mlpipe__put_array(out, f->node_set, f->nodes, 4);
    mlpipe__put_array(out, f->node_cut, f->nodes, 8);
    mlpipe__put_array(out, f->node_left, f->nodes, 4);
    mlpipe__put_array(out, f->node_right, f->nodes, 4);
    mlpipe__put_array(out, f->set_bits, f->set_words, 4);
    mlpipe__put_array(out, f->leaf, f->leaves, 4);
    mlpipe__put_array(out, f->base, f->outputs, 8);
}

static void save_points(const mlpipe__points *p, mlpipe__text *out)
{
    mlpipe__put_u32(out, p->features);
    mlpipe__put_u32(out, p->rows);
    mlpipe__put_u32(out, p->classes);
    mlpipe__put_u32(out, p->k);
    mlpipe__put_u32(out, p->metric);
    mlpipe__put_u32(out, p->vote);
    mlpipe__put_array(out, p->x, (uint64_t)p->rows * p->features, 8);
    mlpipe__put_array(out, p->target, p->rows, 8);
    mlpipe__put_array(out, p->weight, p->rows, 8);
}

void mlpipe__program_save(const mlpipe__program *p, mlpipe__text *out)
{
    uint32_t i;

    mlpipe__put_u32(out, SAVE_FORMAT);
    mlpipe__put_u32(out, p->input_count);
    mlpipe__put_u32(out, p->output_count);
    mlpipe__put_u32(out, p->op_count);
    mlpipe__put_u32(out, p->register_count);
    mlpipe__put_u32(out, p->front_ops);
    mlpipe__put_u32(out, p->const_count);
    mlpipe__put_u32(out, p->word_count);
    mlpipe__put_u32(out, p->forest_count);
    mlpipe__put_u32(out, p->feed_count);
    mlpipe__put_u32(out, p->point_count);
    for (i = 0; i < p->input_count; i++)
        save_input(&p->inputs[i], out);
    for (i = 0; i < p->output_count; i++)
        save_output(&p->outputs[i], out);
    for (i = 0; i < p->feed_count; i++)
        save_feed(&p->feeds[i], out);
    for (i = 0; i < p->op_count; i++)
        save_op(&p->ops[i], out);
    mlpipe__put_array(out, p->consts, p->const_count, 8);
    mlpipe__put_array(out, p->words, p->word_count, 4);
    for (i = 0; i < p->forest_count; i++)
        save_forest(p->forests[i], out);
    for (i = 0; i < p->point_count; i++)
        save_points(p->points[i], out);
}

/* ---- reading ------------------------------------------------------------ */

/* True where count elements of at least `bytes` each can still follow. */
static bool load_fits(mlpipe__cursor *in, uint64_t count, size_t bytes)
{
    if (!in->failed && count > (uint64_t)(in->end - in->at) / bytes)
        in->failed = true;
    return !in->failed;
}

static void load_array(mlpipe__cursor *in, void *to, uint64_t count,
                       size_t bytes)
{
    const void *from = mlpipe__get_array(in, count, bytes);

    if (from && count)
        memcpy(to, from, (size_t)count * bytes);
}

/* A name: UTF-8 without NUL, and not one of those before. */
static char *load_name(mlpipe__program *p, mlpipe__cursor *in,
                       mlpipe__dict *names)
{
    uint32_t n, before = names->count;
    const char *s = mlpipe__get_text(in, &n);
    char *copy;

    if (in->failed)
        return NULL;
    if (n == 0 || memchr(s, 0, n) || !mlpipe__utf8_valid(s, n)) {
        in->failed = true;
        return NULL;
    }
    if (mlpipe__dict_add(names, s, n) == UINT32_MAX)
        p->failed = true;
    else if (names->count == before)
        in->failed = true;
    copy = mlpipe__strdup(p->env, s, n);
    p->failed |= !copy;
    return copy;
}

static void load_dict(mlpipe__program *p, mlpipe__cursor *in,
                      uint32_t count, mlpipe__dict **out)
{
    mlpipe__dict *dict;
    uint32_t i, n;

    if (!load_fits(in, count, 4) || count > p->env->limits.categories) {
        in->failed = true;
        return;
    }
    *out = dict = mlpipe__alloc(p->env, sizeof *dict);
    p->failed |= !dict;
    if (!dict)
        return;
    mlpipe__dict_init(dict, p->env);
    for (i = 0; i < count && !in->failed && !p->failed; i++) {
        const char *s = mlpipe__get_text(in, &n);
        uint32_t at;

        if (in->failed || !mlpipe__utf8_valid(s, n)) {
            in->failed = true;
            return;
        }
        at = mlpipe__dict_add(dict, s, n);
        p->failed |= at == UINT32_MAX;
        in->failed |= at != i && at != UINT32_MAX;
    }
}

/* A flag, a count and, where the flag is set, so many texts. */
static void load_maybe_dict(mlpipe__program *p, mlpipe__cursor *in,
                            mlpipe__dict **out)
{
    const uint32_t has = mlpipe__get_u32(in);
    const uint32_t count = mlpipe__get_u32(in);

    in->failed |= has > 1 || (!has && count);
    if (has && !in->failed && !p->failed)
        load_dict(p, in, count, out);
}

static void load_inputs(mlpipe__program *p, mlpipe__cursor *in,
                        mlpipe__dict *names, uint32_t count)
{
    uint32_t i, codes;

    if (!load_fits(in, count, 20))
        return;
    p->inputs = mlpipe__alloc_array(p->env, count, sizeof *p->inputs);
    p->failed |= !p->inputs;
    for (i = 0; i < count && !in->failed && !p->failed; i++) {
        mlpipe__program_input *input = &p->inputs[i];

        p->input_count = p->input_room = i + 1;
        input->name = load_name(p, in, names);
        input->type = (int32_t)mlpipe__get_u32(in);
        input->unit = (int32_t)mlpipe__get_u32(in);
        input->kind = mlpipe__get_u32(in);
        codes = mlpipe__get_u32(in);
        if (input->kind == MLPIPE__CODE)
            load_dict(p, in, codes, &input->dict);
        else
            in->failed |= codes != 0;
    }
}

static void load_outputs(mlpipe__program *p, mlpipe__cursor *in,
                         mlpipe__dict *names, uint32_t count)
{
    uint32_t i;

    if (!load_fits(in, count, 24))
        return;
    p->outputs = mlpipe__alloc_array(p->env, count, sizeof *p->outputs);
    p->failed |= !p->outputs;
    for (i = 0; i < count && !in->failed && !p->failed; i++) {
        mlpipe__program_output *o = &p->outputs[i];

        p->output_count = p->output_room = i + 1;
        o->name = load_name(p, in, names);
        o->reg = mlpipe__get_u32(in);
        o->type = (int32_t)mlpipe__get_u32(in);
        o->unit = (int32_t)mlpipe__get_u32(in);
        load_maybe_dict(p, in, &o->dict);
    }
}

static void load_step(mlpipe__program *p, mlpipe__cursor *in,
                      mlpipe__text_step *s)
{
    uint32_t i, count;

    s->code = mlpipe__get_u32(in);
    s->number[0] = mlpipe__get_f64(in);
    s->number[1] = mlpipe__get_f64(in);
    count = mlpipe__get_u32(in);
    if (!load_fits(in, count, 4))
        return;
    s->texts = mlpipe__alloc_array(p->env, count, sizeof *s->texts);
    s->bytes = mlpipe__alloc_array(p->env, count, sizeof *s->bytes);
    p->failed |= !s->texts || !s->bytes;
    for (i = 0; i < count && !in->failed && !p->failed; i++) {
        uint32_t n;
        const char *text = mlpipe__get_text(in, &n);

        if (in->failed || memchr(text, 0, n) ||
            !mlpipe__utf8_valid(text, n)) {
            in->failed = true;
            return;
        }
        s->text_count = i + 1;
        s->texts[i] = mlpipe__strdup(p->env, text, n);
        s->bytes[i] = n;
        p->failed |= !s->texts[i];
    }
}

static void load_feeds(mlpipe__program *p, mlpipe__cursor *in,
                       uint32_t count)
{
    uint32_t i, k, steps;

    if (!load_fits(in, count, 32))
        return;
    p->feeds = mlpipe__alloc_array(p->env, count, sizeof *p->feeds);
    p->failed |= !p->feeds;
    for (i = 0; i < count && !in->failed && !p->failed; i++) {
        mlpipe__feed *f = &p->feeds[i];

        p->feed_count = p->feed_room = i + 1;
        f->source = mlpipe__get_u32(in);
        f->reg = mlpipe__get_u32(in);
        f->input = mlpipe__get_u32(in);
        f->fixed = mlpipe__get_f64(in);
        steps = mlpipe__get_u32(in);
        if (!load_fits(in, steps, 24))
            return;
        f->steps = mlpipe__alloc_array(p->env, steps, sizeof *f->steps);
        p->failed |= !f->steps;
        for (k = 0; k < steps && !in->failed && !p->failed; k++) {
            f->step_count = k + 1;
            load_step(p, in, &f->steps[k]);
        }
        load_maybe_dict(p, in, &f->dict);
    }
}

static void load_ops(mlpipe__program *p, mlpipe__cursor *in, uint32_t count)
{
    uint32_t i;

    if (!load_fits(in, count, SAVE_OP_BYTES))
        return;
    p->ops = mlpipe__alloc_array(p->env, count, sizeof *p->ops);
    p->failed |= !p->ops;
    for (i = 0; i < count && p->ops; i++) {
        mlpipe__op *op = &p->ops[i];
        const uint32_t head = mlpipe__get_u32(in);

        op->code = (uint16_t)head;
        op->version = (uint16_t)(head >> 16);
        op->dst = mlpipe__get_u32(in);
        op->a = mlpipe__get_u32(in);
        op->b = mlpipe__get_u32(in);
        op->arg = mlpipe__get_u32(in);
        op->count = mlpipe__get_u32(in);
    }
    p->op_count = p->op_room = count;
}

static void load_numbers(mlpipe__program *p, mlpipe__cursor *in,
                         uint32_t consts, uint32_t words)
{
    if (!load_fits(in, consts, 8) || !load_fits(in, words, 4))
        return;
    p->consts = mlpipe__alloc_array(p->env, consts, 8);
    p->words = mlpipe__alloc_array(p->env, words, 4);
    p->failed |= !p->consts || !p->words;
    if (p->failed)
        return;
    load_array(in, p->consts, consts, 8);
    load_array(in, p->words, words, 4);
    p->const_count = p->const_room = consts;
    p->word_count = p->word_room = words;
}

static void load_forest_arrays(mlpipe__forest *f, mlpipe__cursor *in)
{
    load_array(in, f->feature_codes, f->features, 4);
    load_array(in, f->tree_node, (uint64_t)f->trees + 1, 4);
    load_array(in, f->tree_leaf, (uint64_t)f->trees + 1, 4);
    load_array(in, f->tree_output, f->trees, 4);
    load_array(in, f->node_feature, f->nodes, 4);
    load_array(in, f->node_flags, f->nodes, 4);
    load_array(in, f->node_set, f->nodes, 4);
    load_array(in, f->node_cut, f->nodes, 8);
    load_array(in, f->node_left, f->nodes, 4);
    load_array(in, f->node_right, f->nodes, 4);
    load_array(in, f->set_bits, f->set_words, 4);
    load_array(in, f->leaf, f->leaves, 4);
    load_array(in, f->base, f->outputs, 8);
}

static void load_forest(mlpipe__program *p, mlpipe__cursor *in)
{
    const uint32_t features = mlpipe__get_u32(in);
    const uint32_t outputs = mlpipe__get_u32(in);
    const uint32_t trees = mlpipe__get_u32(in);
    const uint32_t nodes = mlpipe__get_u32(in);
    const uint32_t leaves = mlpipe__get_u32(in);
    const uint64_t set_words = mlpipe__get_u64(in);
    const double scale = mlpipe__get_f64(in);
    mlpipe__forest *f;

    if (!load_fits(in, set_words, 4) ||
        !load_fits(in, 4 * ((uint64_t)features + leaves + set_words) +
                           12 * (uint64_t)trees + 28 * (uint64_t)nodes +
                           8 * (uint64_t)outputs, 1))
        return;
    f = mlpipe__forest_new(p->env, features, outputs, trees, nodes, leaves,
                           set_words);
    p->failed |= !f;
    if (!f)
        return;
    f->scale = scale;
    p->forests[p->forest_count++] = f;
    load_forest_arrays(f, in);
}

static void load_forests(mlpipe__program *p, mlpipe__cursor *in,
                         uint32_t count)
{
    uint32_t i;

    if (!load_fits(in, count, 36))
        return;
    p->forests = mlpipe__alloc_array(p->env, count, sizeof *p->forests);
    p->failed |= !p->forests;
    p->forest_room = count;
    for (i = 0; i < count && !in->failed && !p->failed; i++)
        load_forest(p, in);
}

static void load_points(mlpipe__program *p, mlpipe__cursor *in)
{
    const uint32_t features = mlpipe__get_u32(in);
    const uint32_t rows = mlpipe__get_u32(in);
    const uint32_t classes = mlpipe__get_u32(in);
    const uint32_t k = mlpipe__get_u32(in);
    const uint32_t metric = mlpipe__get_u32(in);
    const uint32_t vote = mlpipe__get_u32(in);
    const uint64_t cells = (uint64_t)rows * features;
    mlpipe__points *made;

    if (!load_fits(in, cells, 8) ||
        !load_fits(in, cells + 2 * (uint64_t)rows, 8))
        return;
    made = mlpipe__points_new(p->env, features, rows, classes);
    p->failed |= !made;
    if (!made)
        return;
    made->k = k;
    made->metric = metric;
    made->vote = vote;
    p->points[p->point_count++] = made;
    load_array(in, made->x, cells, 8);
    load_array(in, made->target, rows, 8);
    load_array(in, made->weight, rows, 8);
}

static void load_all_points(mlpipe__program *p, mlpipe__cursor *in,
                            uint32_t count)
{
    uint32_t i;

    if (!load_fits(in, count, 24))
        return;
    p->points = mlpipe__alloc_array(p->env, count, sizeof *p->points);
    p->failed |= !p->points;
    p->point_room = count;
    for (i = 0; i < count && !in->failed && !p->failed; i++)
        load_points(p, in);
}

/* Parts in the order of the bytes; stops at the first that fails. */
static void load_parts(mlpipe__program *p, mlpipe__cursor *in,
                       mlpipe__dict *names)
{
    const uint32_t inputs = mlpipe__get_u32(in);
    const uint32_t outputs = mlpipe__get_u32(in);
    const uint32_t ops = mlpipe__get_u32(in);
    uint32_t consts, words, forests, feeds, points;

    p->register_count = mlpipe__get_u32(in);
    p->front_ops = mlpipe__get_u32(in);
    consts = mlpipe__get_u32(in);
    words = mlpipe__get_u32(in);
    forests = mlpipe__get_u32(in);
    feeds = mlpipe__get_u32(in);
    points = mlpipe__get_u32(in);
    load_inputs(p, in, names, inputs);
    mlpipe__dict_free(names);
    mlpipe__dict_init(names, p->env);
    if (!in->failed && !p->failed)
        load_outputs(p, in, names, outputs);
    if (!in->failed && !p->failed)
        load_feeds(p, in, feeds);
    if (!in->failed && !p->failed)
        load_ops(p, in, ops);
    if (!in->failed && !p->failed)
        load_numbers(p, in, consts, words);
    if (!in->failed && !p->failed)
        load_forests(p, in, forests);
    if (!in->failed && !p->failed)
        load_all_points(p, in, points);
}

static mlpipe_status load_seal(mlpipe_ctx *ctx, mlpipe__program *p,
                               const mlpipe__cursor *in)
{
    const char *why;

    if (p->failed)
        return mlpipe__nomem(ctx);
    why = mlpipe__cursor_done(in)
              ? mlpipe__program_check(p, &p->env->limits)
              : "its parts do not fit its length";
    if (why)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "a saved program of %zu bytes is damaged: %s; take "
                            "it from its source or a backup",
                            (size_t)(in->end - in->start), why);
    return mlpipe__program_compile(p) ? MLPIPE_OK : mlpipe__nomem(ctx);
}

mlpipe_status mlpipe__program_load(mlpipe_ctx *ctx, const void *data,
                                   size_t bytes, mlpipe__program **out)
{
    mlpipe__program *p;
    mlpipe__dict names;
    mlpipe__cursor in;
    mlpipe_status st;
    uint32_t format;

    *out = NULL;
    mlpipe__cursor_init(&in, data, bytes);
    format = mlpipe__get_u32(&in);
    if (!in.failed && format != SAVE_FORMAT)
        return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                            "the saved program has format %u; this library "
                            "reads format %u; fit and save it again with this "
                            "library", format,
                            (uint32_t)SAVE_FORMAT);
    p = mlpipe__program_new(ctx->env);
    if (!p)
        return mlpipe__nomem(ctx);
    mlpipe__dict_init(&names, ctx->env);
    load_parts(p, &in, &names);
    mlpipe__dict_free(&names);
    st = load_seal(ctx, p, &in);
    if (st) {
        mlpipe__program_free(p);
        return st;
    }
    *out = p;
    return MLPIPE_OK;
}
