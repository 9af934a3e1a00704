/* SPDX-License-Identifier: MIT */
/*
 * A model from bytes. The container checks hashes and places; here every
 * value is checked for what it means, since a hash can be made to fit.
 */
#include "model_internal.h"

static mlpipe_status bundle_bad(mlpipe_ctx *ctx, const char *section,
                                const char *what)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "the model is damaged: section %s: %s; take it from "
                        "its source or a backup",
                        section, what);
}

/* A text without NUL inside, in UTF-8; NULL: then failed is set. */
static bool bundle_text(mlpipe__cursor *r, const char **text, uint32_t *bytes)
{
    *text = mlpipe__get_text(r, bytes);
    if (r->failed || strlen(*text) != *bytes ||
        !mlpipe__utf8_valid(*text, *bytes))
        r->failed = true;
    return !r->failed;
}

static mlpipe_status bundle_keep_text(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                      char **out)
{
    const char *text;
    uint32_t bytes;
    if (!bundle_text(r, &text, &bytes)) {
        text = "";
        bytes = 0;
    }
    *out = mlpipe__strdup(ctx->env, text, bytes);
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* ---- schema ------------------------------------------------------------- */

static bool bundle_transform_known(const mlpipe_model *m)
{
    static const uint16_t pairs[][2] = {
        {0, 0},
        {MLPIPE__OP_LOG, MLPIPE__OP_EXP},
        {MLPIPE__OP_LOG1P, MLPIPE__OP_EXPM1},
        {MLPIPE__OP_SQRT, MLPIPE__OP_SQUARE},
    };
    uint32_t i;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (m->transform == pairs[i][0] && m->inverse == pairs[i][1])
            return true;
    return false;
}

/* How often each of three or more classes was seen in training. */
static mlpipe_status bundle_shares(mlpipe_ctx *ctx, mlpipe_model *m,
                                   mlpipe__cursor *r)
{
    const uint32_t count = m->classes.count;
    const void *from = mlpipe__get_array(r, count, sizeof *m->shares);
    uint32_t i;
    if (r->failed)
        return bundle_bad(ctx, "SCHM", "the shares of classes are cut short");
    m->shares = mlpipe__alloc_array(ctx->env, count, sizeof *m->shares);
    if (!m->shares)
        return mlpipe__nomem(ctx);
    memcpy(m->shares, from, count * sizeof *m->shares);
    for (i = 0; i < count; i++)
        if (!(m->shares[i] >= 0 && m->shares[i] <= 1))
            return bundle_bad(ctx, "SCHM", "a share that cannot be");
    return MLPIPE_OK;
}

static mlpipe_status bundle_classes(mlpipe_ctx *ctx, mlpipe_model *m,
                                    mlpipe__cursor *r)
{
    const uint32_t count = mlpipe__get_u32(r);
    uint32_t i;
    if (r->failed || (m->task == MLPIPE__TASK_MULTICLASS
                          ? count < 3 || count > ctx->env->limits.classes
                          : count != (m->task == MLPIPE__TASK_BINARY ? 2 : 0)))
        return bundle_bad(ctx, "SCHM", "classes that are not the task's");
    for (i = 0; i < count; i++) {
        const char *text;
        uint32_t bytes, at;
        if (!bundle_text(r, &text, &bytes))
            return bundle_bad(ctx, "SCHM", "a class is no text");
        at = mlpipe__dict_add(&m->classes, text, bytes);
        if (at == UINT32_MAX)
            return mlpipe__nomem(ctx);
        if (at != i)
            return bundle_bad(ctx, "SCHM", "two classes are the same");
    }
    return m->task == MLPIPE__TASK_MULTICLASS ? bundle_shares(ctx, m, r)
                                              : MLPIPE_OK;
}

static mlpipe_status bundle_read_schema(mlpipe_ctx *ctx, mlpipe_model *m,
                                        mlpipe__cursor *r)
{
    uint32_t transform, inverse, id_type, time_type, time_unit;
    mlpipe_status st;
    m->steps_only = mlpipe__get_u32(r);
    m->task = mlpipe__get_u32(r);
    transform = mlpipe__get_u32(r);
    inverse = mlpipe__get_u32(r);
    id_type = mlpipe__get_u32(r);
    time_type = mlpipe__get_u32(r);
    time_unit = mlpipe__get_u32(r);
    m->baseline = mlpipe__get_f64(r);
    m->level = mlpipe__get_f64(r);
    if (transform > UINT16_MAX || inverse > UINT16_MAX ||
        id_type > MLPIPE_TYPE_DURATION || time_type > MLPIPE_TYPE_DURATION ||
        time_unit > MLPIPE_UNIT_NS || !mlpipe__finite(m->baseline) ||
        !(m->level >= 0 && m->level < 1) ||
        m->steps_only > 1 || m->task > MLPIPE__TASK_MULTICLASS ||
        m->task == (MLPIPE__TASK_REGRESSION | MLPIPE__TASK_BINARY) ||
        (!m->task && !m->steps_only))
        return bundle_bad(ctx, "SCHM", "a value that cannot be");
    m->transform = (uint16_t)transform;
    m->inverse = (uint16_t)inverse;
    m->id_type = (int32_t)id_type;
    m->time_type = (int32_t)time_type;
    m->time_unit = (int32_t)time_unit;
    if (!bundle_transform_known(m) ||
        (m->transform && (m->task & MLPIPE__TASK_CLASSES)))
        return bundle_bad(ctx, "SCHM", "an unknown target transform");
    st = bundle_keep_text(ctx, r, &m->target);
    if (!st)
        st = bundle_keep_text(ctx, r, &m->id_column);
    if (!st)
        st = bundle_keep_text(ctx, r, &m->time_column);
    if (!st)
        st = bundle_keep_text(ctx, r, &m->group_column);
    if (!st)
        st = bundle_keep_text(ctx, r, &m->weight_column);
    if (!st)
        st = bundle_classes(ctx, m, r);
    if (!st && (!mlpipe__cursor_done(r) || !m->task == !!m->target[0]))
        st = bundle_bad(ctx, "SCHM", "its end is not where it belongs");
    return st;
}

/* ---- reference ---------------------------------------------------------- */

/* An array of the cursor as a copy that outlives the bytes. */
static mlpipe_status bundle_array(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                  uint32_t count, size_t bytes, void **out)
{
    const void *from = mlpipe__get_array(r, count, bytes);
    if (r->failed)
        return MLPIPE_OK; /* told by the caller */
    *out = mlpipe__alloc_array(ctx->env, count, bytes);
    if (!*out)
        return mlpipe__nomem(ctx);
    if (count)
        memcpy(*out, from, count * bytes);
    return MLPIPE_OK;
}

static bool bundle_cells_hold(const mlpipe__ref_input *in, uint64_t rows)
{
    uint64_t left = rows;
    uint32_t i;
    for (i = 0; i < in->cells; i++) {
        if (in->counts[i] > left)
            return false;
        left -= in->counts[i];
    }
    for (i = 0; i < in->cut_count; i++)
        if (!mlpipe__finite(in->cuts[i]) ||
            (i && !(in->cuts[i] > in->cuts[i - 1])))
            return false;
    for (i = 0; i < in->codes; i++)
        if (in->cell_of[i] < 2 || in->cell_of[i] >= in->cells)
            return false;
    return in->kind == 0 || left == 0;
}

static bool bundle_input_shape(const mlpipe__ref_input *in)
{
    const bool bounds = mlpipe__finite(in->low) && in->low <= in->high &&
                        mlpipe__finite(in->high);
    const bool none = in->low != in->low && in->high != in->high;
    switch (in->kind) {
    case 0:
        return !in->cells && !in->cut_count && !in->codes &&
               in->low == 0 && in->high == 0;
    case MLPIPE__NUMBER:
        return in->cut_count < UINT32_MAX - 2 &&
               in->cells == in->cut_count + 2 && !in->codes &&
               (in->cut_count ? bounds : none);
    case MLPIPE__CODE:
        return !in->cut_count && in->cells >= 2 &&
               in->cells - 2 <= in->codes && none;
    default:
        return false;
    }
}

static mlpipe_status bundle_read_input(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                       uint64_t rows, mlpipe__ref_input *in)
{
    mlpipe_status st;
    in->kind = mlpipe__get_u32(r);
    in->cells = mlpipe__get_u32(r);
    in->cut_count = mlpipe__get_u32(r);
    in->codes = mlpipe__get_u32(r);
    in->low = mlpipe__get_f64(r);
    in->high = mlpipe__get_f64(r);
    if (r->failed || !bundle_input_shape(in))
        return bundle_bad(ctx, "REFR", "an input of no possible shape");
    st = bundle_array(ctx, r, in->cut_count, sizeof *in->cuts,
                      (void **)&in->cuts);
    if (!st)
        st = bundle_array(ctx, r, in->cells, sizeof *in->counts,
                          (void **)&in->counts);
    if (!st)
        st = bundle_array(ctx, r, in->codes, sizeof *in->cell_of,
                          (void **)&in->cell_of);
    if (!st && (r->failed || !bundle_cells_hold(in, rows)))
        st = bundle_bad(ctx, "REFR", "cells that do not add up");
    return st;
}

static mlpipe_status bundle_read_metric(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                        uint64_t held_out,
                                        mlpipe__ref_metric *m)
{
    m->value = mlpipe__get_f64(r);
    m->se = mlpipe__get_f64(r);
    m->n = mlpipe__get_u64(r);
    if (r->failed || m->n > held_out || m->se < 0 ||
        (m->value == m->value && !mlpipe__finite(m->value)) ||
        (m->se == m->se && !mlpipe__finite(m->se)))
        return bundle_bad(ctx, "REFR", "a metric that cannot be");
    return bundle_keep_text(ctx, r, &m->name);
}

#ifndef MLPIPE_SERVE
/* Null curves: a step, then logarithms that fall. */
static mlpipe_status bundle_read_null(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                      mlpipe__ref_input *in)
{
    const uint32_t count = mlpipe__get_u32(r);
    bool good = !in->nulls && (!count || (count == 2 * MLPIPE__CURVE &&
                                          in->kind == MLPIPE__NUMBER));
    mlpipe_status st = MLPIPE_OK;
    if (good && count)
        st = bundle_array(ctx, r, count, sizeof *in->nulls,
                          (void **)&in->nulls);
    else
        mlpipe__get_array(r, 0, sizeof *in->nulls);
    in->once = mlpipe__get_u64(r);
    in->twice = mlpipe__get_u64(r);
    const uint64_t most = in->kind == MLPIPE__NUMBER ? 1 : in->codes;
    good = good && !r->failed && in->once <= most &&
           in->twice <= in->codes && in->once + in->twice <= most;
    for (uint32_t i = 0; good && !st && i < count; i++) {
        const double x = in->nulls[i];
        const double before = i % MLPIPE__CURVE > 1 ? in->nulls[i - 1] : 0;
        good = mlpipe__finite(x) &&
               (i % MLPIPE__CURVE ? x <= before : x > 0);
    }
    return st || good ? st : bundle_bad(ctx, "REFR", "nulls that rise");
}

static mlpipe_status bundle_read_nulls(mlpipe_ctx *ctx, const void *data,
                                       size_t bytes, mlpipe__reference *ref)
{
    mlpipe__cursor part;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__cursor_init(&part, data, bytes);
    for (uint32_t i = 0; !st && i < ref->input_count; i++)
        st = bundle_read_null(ctx, &part, &ref->inputs[i]);
    if (!st)
        st = bundle_read_null(ctx, &part, &ref->score);
    if (!st && !mlpipe__cursor_done(&part))
        st = bundle_bad(ctx, "REFR", "nulls of other inputs");
    return st;
}

static mlpipe_status bundle_read_weights(mlpipe_ctx *ctx, const void *data,
                                         size_t bytes, mlpipe__reference *ref)
{
    mlpipe__cursor part;
    bool good = true;
    mlpipe__cursor_init(&part, data, bytes);
    for (uint32_t i = 0; i < ref->input_count; i++) {
        const double x = mlpipe__get_f64(&part);
        good = good && x >= 0 && x <= 1;
        ref->inputs[i].weight = x;
    }
    return good && mlpipe__cursor_done(&part)
               ? MLPIPE_OK
               : bundle_bad(ctx, "REFR", "weights that cannot be");
}
#endif

/* Tagged parts of the reference. Those of later versions are passed, and
 * libmlpipe-serve, which watches nothing, needs none. */
static mlpipe_status bundle_read_part(mlpipe_ctx *ctx, uint32_t tag,
                                      const void *data, uint64_t bytes,
                                      mlpipe__reference *ref)
{
    mlpipe_status st = MLPIPE_OK;
#ifndef MLPIPE_SERVE
    mlpipe__cursor c = {0};
    if (tag == MLPIPE__PART_NULLS)
        return bundle_read_nulls(ctx, data, (size_t)bytes, ref);
    if (tag == MLPIPE__PART_WEIGHTS)
        return bundle_read_weights(ctx, data, (size_t)bytes, ref);
    if (tag == MLPIPE__PART_MOMENTS)
        return ref->moments ? bundle_bad(ctx, "REFR", "two parts have one tag")
                            : mlpipe__ref_moments_load(ctx, data,
                                                       (size_t)bytes, ref);
    if (tag != MLPIPE__PART_SCORES)
        return MLPIPE_OK;
    mlpipe__cursor_init(&c, data, bytes);
    if (!mlpipe__ref_scores_load(ctx, ref, &c, &st))
        st = bundle_bad(ctx, "REFR", "scores that cannot be");
#else
    (void)ctx;
    (void)tag;
    (void)data;
    (void)bytes;
    (void)ref;
#endif
    return st;
}

static mlpipe_status bundle_read_parts(mlpipe_ctx *ctx, mlpipe__cursor *r,
                                       mlpipe__reference *ref)
{
    uint32_t count = mlpipe__get_u32(r);
    mlpipe_status st = MLPIPE_OK;
    while (count-- && !r->failed && !st) {
        const uint32_t tag = mlpipe__get_u32(r);
        const uint64_t bytes = mlpipe__get_u64(r);
        const void *data = mlpipe__get_array(r, bytes, 1);
        if (!r->failed)
            st = bundle_read_part(ctx, tag, data, bytes, ref);
    }
    return st;
}

static mlpipe_status bundle_read_reference(mlpipe_ctx *ctx, mlpipe_model *m,
                                           mlpipe__cursor *r)
{
    mlpipe__reference *ref = mlpipe__alloc(ctx->env, sizeof *ref);
    const mlpipe__program *p = m->program;
    uint32_t inputs, metrics, i;
    mlpipe_status st = MLPIPE_OK;
    if (!ref)
        return mlpipe__nomem(ctx);
    m->reference = ref; /* freed with the model */
    ref->env = mlpipe__env_keep(ctx->env);
    ref->rows = mlpipe__get_u64(r);
    ref->held_out = mlpipe__get_u64(r);
    ref->fitted_us = (int64_t)mlpipe__get_u64(r);
    inputs = mlpipe__get_u32(r);
    metrics = mlpipe__get_u32(r);
    if (r->failed || inputs != p->input_count || metrics > 64)
        return bundle_bad(ctx, "REFR", "inputs that are not the program's");
    ref->inputs = mlpipe__alloc_array(ctx->env, inputs, sizeof *ref->inputs);
    ref->metrics =
        mlpipe__alloc_array(ctx->env, metrics, sizeof *ref->metrics);
    if (!ref->inputs || !ref->metrics)
        return mlpipe__nomem(ctx);
    ref->input_count = inputs;
    ref->metric_count = metrics;
    for (i = 0; !st && i < inputs; i++) {
        mlpipe__ref_input *in = &ref->inputs[i];
        st = bundle_read_input(ctx, r, ref->rows, in);
        if (!st && in->kind &&
            (in->kind != p->inputs[i].kind ||
             (in->kind == MLPIPE__CODE &&
              in->codes != p->inputs[i].dict->count)))
            st = bundle_bad(ctx, "REFR", "an input of another kind");
    }
    if (!st)
        st = bundle_read_input(ctx, r, ref->held_out, &ref->score);
    if (!st && ref->score.kind != (ref->held_out ? MLPIPE__NUMBER : 0u))
        st = bundle_bad(ctx, "REFR", "scores of another kind");
    for (i = 0; !st && i < metrics; i++)
        st = bundle_read_metric(ctx, r, ref->held_out, &ref->metrics[i]);
    if (!st)
        st = bundle_read_parts(ctx, r, ref);
    if (!st && !mlpipe__cursor_done(r))
        st = bundle_bad(ctx, "REFR", "its end is not where it belongs");
    return st;
}

/* ---- the rest ----------------------------------------------------------- */

static bool bundle_print(mlpipe__cursor *r, bool may_be_empty, char out[33])
{
    mlpipe__hash128 hash;
    uint32_t bytes;
    const char *text = mlpipe__get_text(r, &bytes);
    if (r->failed || bytes > 32)
        return false;
    memcpy(out, text, bytes + 1);
    return bytes ? mlpipe__hash_from_hex(out, bytes, &hash) : may_be_empty;
}

static mlpipe_status bundle_read_provenance(mlpipe_ctx *ctx, mlpipe_model *m,
                                            mlpipe__cursor *r)
{
    m->train_rows = mlpipe__get_u64(r);
    m->valid_rows = mlpipe__get_u64(r);
    m->seed = mlpipe__get_u64(r);
    m->any_machine = mlpipe__get_u32(r);
    m->learns_target = mlpipe__get_u32(r);
    if (!bundle_print(r, false, m->train_print) ||
        !bundle_print(r, true, m->valid_print) || !mlpipe__cursor_done(r) ||
        m->any_machine > 1 || m->learns_target > 1)
        return bundle_bad(ctx, "PROV", "a value that cannot be");
    return MLPIPE_OK;
}

static mlpipe_status bundle_read_ids(mlpipe_ctx *ctx, mlpipe_model *m,
                                     mlpipe__cursor *r)
{
    const uint64_t count = mlpipe__get_u64(r);
    const uint64_t *ids = mlpipe__get_array(r, count, sizeof *ids);
    const uint32_t marks = mlpipe__model_row_marks(m);
    uint64_t i;
    /* Rows that taught a step and were dropped by a later one are there, too:
     * how many is not told elsewhere. */
    if (!mlpipe__cursor_done(r) || count % marks ||
        (m->learns_target || m->level > 0
             ? count / marks < m->train_rows
                          : count / marks != m->train_rows))
        return bundle_bad(ctx, "TIDS", "not one for each training row");
    for (i = 1; i < count; i++)
        if (ids[i] < ids[i - 1])
            return bundle_bad(ctx, "TIDS", "row hashes out of order");
    m->train_ids = mlpipe__alloc_array(ctx->env, (size_t)count, sizeof *ids);
    if (!m->train_ids)
        return mlpipe__nomem(ctx);
    if (count)
        memcpy(m->train_ids, ids, (size_t)count * sizeof *ids);
    m->train_id_count = count;
    return MLPIPE_OK;
}

static mlpipe_status bundle_read_card(mlpipe_ctx *ctx, mlpipe_model *m,
                                      mlpipe__cursor *r)
{
    const uint32_t count = mlpipe__get_u32(r);
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;
    if (r->failed || !count || count > 4096)
        return bundle_bad(ctx, "CARD", "no possible number of reports");
    m->attached = mlpipe__alloc_array(ctx->env, count, sizeof *m->attached);
    if (!m->attached)
        return mlpipe__nomem(ctx);
    for (i = 0; !st && i < count; i++) {
        const uint64_t bytes = mlpipe__get_u64(r);
        const void *data = mlpipe__get_array(r, bytes, 1);
        if (r->failed)
            return bundle_bad(ctx, "CARD", "a report is cut short");
        st = mlpipe__report_load(ctx, data, (size_t)bytes, &m->attached[i]);
        m->attached_count += !st;
    }
    if (!st && !mlpipe__cursor_done(r))
        st = bundle_bad(ctx, "CARD", "its end is not where it belongs");
    return st;
}

/* A section whose bytes are a text. */
static mlpipe_status bundle_read_text(mlpipe_ctx *ctx,
                                      const mlpipe__section *s, char **out)
{
    if (memchr(s->data, 0, s->bytes) ||
        !mlpipe__utf8_valid(s->data, s->bytes))
        return bundle_bad(ctx, s->name, "it is no text");
    *out = mlpipe__strdup(ctx->env, s->data, s->bytes);
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}

/* ---- the whole ---------------------------------------------------------- */

static const struct {
    const char *name;
    bool required;
} bundle_sections[] = {
    {"SPEC", true}, {"SCHM", true}, {"PROG", true},
    {"REFR", true}, {"PROV", true}, {"TIDS", true},
    {"NOTE", true}, {"CARD", false}, {"INFO", false},
};
enum {
    BUNDLE_SECTIONS = sizeof bundle_sections / sizeof *bundle_sections,
    BUNDLE_CARD = 7,
    BUNDLE_INFO = 8
};

static mlpipe_status bundle_find(mlpipe_ctx *ctx, const mlpipe__container *b,
                                 const mlpipe__section **found)
{
    uint32_t i, k;
    for (i = 0; i < BUNDLE_SECTIONS; i++) {
        found[i] = mlpipe__container_find(b, bundle_sections[i].name);
        if (!found[i] && bundle_sections[i].required)
            return bundle_bad(ctx, bundle_sections[i].name, "it is missing");
    }
    for (k = 0; k < b->count; k++) {
        const mlpipe__section *s = &b->sections[k];
        bool known = false;
        for (i = 0; i < BUNDLE_SECTIONS; i++)
            known = known || found[i] == s;
        if (!known && (s->flags & MLPIPE__SECTION_REQUIRED))
            return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                                "the model needs its section %s, which this "
                                "version does not know; take a newer one",
                                s->name);
    }
    return MLPIPE_OK;
}

/* The identity, and the one without attached reports. */
static mlpipe_status bundle_identity(mlpipe_ctx *ctx,
                                     const mlpipe__container *b,
                                     mlpipe_model *m)
{
    mlpipe__container fit = *b;
    uint32_t i;
    mlpipe__hash_hex(mlpipe__container_id(b), m->id);
    fit.sections =
        mlpipe__alloc_array(ctx->env, b->count, sizeof *fit.sections);
    if (!fit.sections)
        return mlpipe__nomem(ctx);
    fit.count = 0;
    for (i = 0; i < b->count; i++)
        if (strcmp(b->sections[i].name, bundle_sections[BUNDLE_CARD].name))
            fit.sections[fit.count++] = b->sections[i];
    mlpipe__hash_hex(mlpipe__container_id(&fit), m->fit_id);
    mlpipe__free(ctx->env, fit.sections);
    return MLPIPE_OK;
}

static mlpipe_status bundle_read_program(mlpipe_ctx *ctx,
                                         const mlpipe__section *s,
                                         mlpipe_model *m)
{
    const uint32_t width = m->steps_only ? 1 : mlpipe__model_ends(m);
    const mlpipe_status st =
        mlpipe__program_load(ctx, s->data, s->bytes, &m->program);
    if (!st && m->program->output_count < width)
        return bundle_bad(ctx, "PROG", "a model lacks an output");
    return st;
}

static mlpipe_status bundle_read(mlpipe_ctx *ctx, const mlpipe__container *b,
                                 mlpipe_model *m)
{
    const mlpipe__section *s[BUNDLE_SECTIONS];
    mlpipe__cursor r;
    mlpipe_status st = bundle_find(ctx, b, s);
    if (!st)
        st = bundle_read_text(ctx, s[0], &m->recipe);
    if (st)
        return st;
    m->recipe_bytes = s[0]->bytes;
    mlpipe__cursor_init(&r, s[1]->data, s[1]->bytes);
    st = bundle_read_schema(ctx, m, &r);
    if (!st)
        st = bundle_read_program(ctx, s[2], m);
    mlpipe__cursor_init(&r, s[3]->data, s[3]->bytes);
    if (!st)
        st = bundle_read_reference(ctx, m, &r);
    mlpipe__cursor_init(&r, s[4]->data, s[4]->bytes);
    if (!st)
        st = bundle_read_provenance(ctx, m, &r);
    mlpipe__cursor_init(&r, s[5]->data, s[5]->bytes);
    if (!st)
        st = bundle_read_ids(ctx, m, &r);
    if (!st)
        st = mlpipe__report_load(ctx, s[6]->data, s[6]->bytes, &m->notes);
    if (!st && s[BUNDLE_CARD]) {
        mlpipe__cursor_init(&r, s[BUNDLE_CARD]->data, s[BUNDLE_CARD]->bytes);
        st = bundle_read_card(ctx, m, &r);
    }
    if (!st && s[BUNDLE_INFO])
        st = bundle_read_text(ctx, s[BUNDLE_INFO], &m->info);
    return st ? st : bundle_identity(ctx, b, m);
}

/* A file of the other kind is told which call reads it. */
static mlpipe_status bundle_kind(mlpipe_ctx *ctx, const char *kind,
                                 const void *bytes, size_t size)
{
    if (!strcmp(kind, MLPIPE__BUNDLE_MODEL) &&
        mlpipe__container_is(MLPIPE__BUNDLE_TRANSFORM, bytes, size))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "this is a transform; load it with "
                            "mlpipe_transform_load");
    if (!strcmp(kind, MLPIPE__BUNDLE_TRANSFORM) &&
        mlpipe__container_is(MLPIPE__BUNDLE_MODEL, bytes, size))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "this is a model; load it with "
                            "mlpipe_model_load");
    return MLPIPE_E_FORMAT;
}

mlpipe_status mlpipe__bundle_load(mlpipe_ctx *ctx, const char *kind,
                                  const void *bytes, size_t size,
                                  mlpipe_model **out)
{
    mlpipe__container b = {0};
    mlpipe_model *m;
    mlpipe_status st = mlpipe__container_read(ctx, kind, bytes, size, &b);
    if (st)
        return st == MLPIPE_E_FORMAT ? bundle_kind(ctx, kind, bytes, size)
                                     : st;
    m = mlpipe__model_new(ctx->env);
    st = m ? bundle_read(ctx, &b, m) : mlpipe__nomem(ctx);
    mlpipe__container_free(&b);
    if (!st && m->steps_only != !strcmp(kind, MLPIPE__BUNDLE_TRANSFORM))
        st = bundle_bad(ctx, "SCHM", "it says another kind than the file");
    if (st) {
        mlpipe_model_free(m);
        return st;
    }
    *out = m;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_model_load_bytes(mlpipe_ctx *ctx, const void *bytes,
                                      size_t size, mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_load_bytes");
    if (out)
        *out = NULL;
    if (!st && !bytes)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__bundle_load(ctx, MLPIPE__BUNDLE_MODEL, bytes, size, out);
    return mlpipe__end(ctx, st);
}
