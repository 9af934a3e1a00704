/* SPDX-License-Identifier: MIT */
/*
 * A model as the sections of a container. SPEC recipe, SCHM schema and roles,
 * PROG program, REFR reference, PROV where it came from, TIDS hashes of the
 * training rows, NOTE notes of the fit, CARD attached reports, INFO what is
 * no part of the identity. bundle_read.c reads the same in the same order.
 */
#include "fit_types.h"

typedef struct bundle_texts {
    mlpipe__text schema, program, reference, provenance, ids, notes, card;
} bundle_texts;

static void bundle_put_name(mlpipe__text *t, const char *name)
{
    mlpipe__put_text(t, name, strlen(name));
}

static void bundle_put_schema(const mlpipe_model *m, mlpipe__text *t)
{
    uint32_t i;
    mlpipe__put_u32(t, m->steps_only);
    mlpipe__put_u32(t, m->task);
    mlpipe__put_u32(t, m->transform);
    mlpipe__put_u32(t, m->inverse);
    mlpipe__put_u32(t, (uint32_t)m->id_type);
    mlpipe__put_u32(t, (uint32_t)m->time_type);
    mlpipe__put_u32(t, (uint32_t)m->time_unit);
    mlpipe__put_f64(t, m->baseline);
    mlpipe__put_f64(t, m->level);
    bundle_put_name(t, m->target);
    bundle_put_name(t, m->id_column);
    bundle_put_name(t, m->time_column);
    bundle_put_name(t, m->group_column);
    bundle_put_name(t, m->weight_column);
    mlpipe__put_u32(t, m->classes.count);
    for (i = 0; i < m->classes.count; i++)
        mlpipe__put_text(t, mlpipe__dict_text(&m->classes, i),
                         mlpipe__dict_bytes(&m->classes, i));
    if (m->shares)
        mlpipe__put_array(t, m->shares, m->classes.count, sizeof *m->shares);
}

static void bundle_put_input(const mlpipe__ref_input *in, mlpipe__text *t)
{
    mlpipe__put_u32(t, in->kind);
    mlpipe__put_u32(t, in->cells);
    mlpipe__put_u32(t, in->cut_count);
    mlpipe__put_u32(t, in->codes);
    mlpipe__put_f64(t, in->low);
    mlpipe__put_f64(t, in->high);
    mlpipe__put_array(t, in->cuts, in->cut_count, sizeof *in->cuts);
    mlpipe__put_array(t, in->counts, in->cells, sizeof *in->counts);
    mlpipe__put_array(t, in->cell_of, in->codes, sizeof *in->cell_of);
}

static void bundle_put_null(const mlpipe__ref_input *in, mlpipe__text *t)
{
    const uint32_t count = in->nulls ? 2 * MLPIPE__CURVE : 0;
    mlpipe__put_u32(t, count);
    mlpipe__put_array(t, in->nulls, count, sizeof *in->nulls);
    mlpipe__put_u64(t, in->once);
    mlpipe__put_u64(t, in->twice);
}

static void bundle_put_part(mlpipe__text *t, uint32_t tag,
                            mlpipe__text *part)
{
    mlpipe__put_u32(t, tag);
    mlpipe__put_u64(t, part->size);
    mlpipe__put_array(t, part->data, part->size, 1);
    t->failed = t->failed || part->failed;
    mlpipe__text_free(part);
}

/* Tagged parts: a reader passes those that it does not know. */
static void bundle_put_parts(const mlpipe__reference *r, mlpipe__text *t)
{
    mlpipe__text part;
    uint32_t i;
    mlpipe__put_u32(t, 3 + (r->moments != NULL));
    if (r->moments) {
        mlpipe__text_init(&part, t->env);
        mlpipe__ref_moments_save(r->moments, &part);
        bundle_put_part(t, MLPIPE__PART_MOMENTS, &part);
    }
    mlpipe__text_init(&part, t->env);
    mlpipe__ref_scores_save(r, &part);
    bundle_put_part(t, MLPIPE__PART_SCORES, &part);
    mlpipe__text_init(&part, t->env);
    for (i = 0; i < r->input_count; i++)
        bundle_put_null(&r->inputs[i], &part);
    bundle_put_null(&r->score, &part);
    bundle_put_part(t, MLPIPE__PART_NULLS, &part);
    mlpipe__text_init(&part, t->env);
    for (i = 0; i < r->input_count; i++)
        mlpipe__put_f64(&part, r->inputs[i].weight);
    bundle_put_part(t, MLPIPE__PART_WEIGHTS, &part);
}

static void bundle_put_reference(const mlpipe__reference *r, mlpipe__text *t)
{
    uint32_t i;
    mlpipe__put_u64(t, r->rows);
    mlpipe__put_u64(t, r->held_out);
    mlpipe__put_u64(t, (uint64_t)r->fitted_us);
    mlpipe__put_u32(t, r->input_count);
    mlpipe__put_u32(t, r->metric_count);
    for (i = 0; i < r->input_count; i++)
        bundle_put_input(&r->inputs[i], t);
    bundle_put_input(&r->score, t);
    for (i = 0; i < r->metric_count; i++) {
        const mlpipe__ref_metric *m = &r->metrics[i];
        mlpipe__put_f64(t, m->value);
        mlpipe__put_f64(t, m->se);
        mlpipe__put_u64(t, m->n);
        bundle_put_name(t, m->name);
    }
    bundle_put_parts(r, t);
}

static void bundle_put_provenance(const mlpipe_model *m, mlpipe__text *t)
{
    mlpipe__put_u64(t, m->train_rows);
    mlpipe__put_u64(t, m->valid_rows);
    mlpipe__put_u64(t, m->seed);
    mlpipe__put_u32(t, m->any_machine);
    mlpipe__put_u32(t, m->learns_target);
    bundle_put_name(t, m->train_print);
    bundle_put_name(t, m->valid_print);
}

static void bundle_put_card(const mlpipe_model *m, mlpipe__text *t)
{
    uint32_t i;
    mlpipe__put_u32(t, m->attached_count);
    for (i = 0; i < m->attached_count; i++) {
        mlpipe__text report;
        mlpipe__text_init(&report, t->env);
        mlpipe__report_save(m->attached[i], &report);
        mlpipe__put_u64(t, report.size);
        mlpipe__put_array(t, report.data, report.size, 1);
        t->failed = t->failed || report.failed;
        mlpipe__text_free(&report);
    }
}

static void bundle_fill(const mlpipe_model *m, mlpipe__env *env,
                        bundle_texts *t)
{
    mlpipe__text_init(&t->schema, env);
    mlpipe__text_init(&t->program, env);
    mlpipe__text_init(&t->reference, env);
    mlpipe__text_init(&t->provenance, env);
    mlpipe__text_init(&t->ids, env);
    mlpipe__text_init(&t->notes, env);
    mlpipe__text_init(&t->card, env);
    bundle_put_schema(m, &t->schema);
    mlpipe__program_save(m->program, &t->program);
    bundle_put_reference(m->reference, &t->reference);
    bundle_put_provenance(m, &t->provenance);
    mlpipe__put_u64(&t->ids, m->train_id_count);
    mlpipe__put_array(&t->ids, m->train_ids, m->train_id_count,
                      sizeof *m->train_ids);
    mlpipe__report_save(m->notes, &t->notes);
    if (m->attached_count)
        bundle_put_card(m, &t->card);
}

static void bundle_free(bundle_texts *t)
{
    mlpipe__text_free(&t->schema);
    mlpipe__text_free(&t->program);
    mlpipe__text_free(&t->reference);
    mlpipe__text_free(&t->provenance);
    mlpipe__text_free(&t->ids);
    mlpipe__text_free(&t->notes);
    mlpipe__text_free(&t->card);
}

static mlpipe_status bundle_add(mlpipe_ctx *ctx, mlpipe__container *b,
                                const char *name, uint32_t flags,
                                const mlpipe__text *t)
{
    if (t->failed)
        return mlpipe__nomem(ctx);
    return mlpipe__container_add(ctx, b, name, flags, t->data, t->size);
}

/* All sections; fit_id gets the identity without the card, where wanted. */
static mlpipe_status bundle_build(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  bundle_texts *t, mlpipe__container *b,
                                  char fit_id[33])
{
    const uint32_t needed = MLPIPE__SECTION_REQUIRED;
    mlpipe_status st = mlpipe__container_add(ctx, b, "SPEC", needed,
                                             m->recipe, m->recipe_bytes);
    if (!st)
        st = bundle_add(ctx, b, "SCHM", needed, &t->schema);
    if (!st)
        st = bundle_add(ctx, b, "PROG", needed, &t->program);
    if (!st)
        st = bundle_add(ctx, b, "REFR", needed, &t->reference);
    if (!st)
        st = bundle_add(ctx, b, "PROV", needed, &t->provenance);
    if (!st)
        st = bundle_add(ctx, b, "TIDS", needed, &t->ids);
    if (!st)
        st = bundle_add(ctx, b, "NOTE", needed, &t->notes);
    if (!st && fit_id)
        mlpipe__hash_hex(mlpipe__container_id(b), fit_id);
    if (!st && m->attached_count)
        st = bundle_add(ctx, b, "CARD", 0, &t->card);
    if (!st && m->info)
        st = mlpipe__container_add(ctx, b, "INFO", 0, m->info,
                                   strlen(m->info));
    return st;
}

mlpipe_status mlpipe__model_identify(mlpipe_ctx *ctx, mlpipe_model *m)
{
    mlpipe__container b;
    bundle_texts t;
    mlpipe_status st;
    mlpipe__container_init(&b, ctx->env);
    bundle_fill(m, ctx->env, &t);
    st = bundle_build(ctx, m, &t, &b, m->fit_id);
    if (!st)
        mlpipe__hash_hex(mlpipe__container_id(&b), m->id);
    bundle_free(&t);
    mlpipe__container_free(&b);
    return st;
}

static mlpipe_status bundle_bytes(mlpipe_ctx *ctx, const mlpipe_model *m,
                                  mlpipe_buffer **out)
{
    mlpipe__container b;
    mlpipe__text file;
    bundle_texts t;
    mlpipe_status st;
    mlpipe__container_init(&b, ctx->env);
    mlpipe__text_init(&file, ctx->env);
    bundle_fill(m, ctx->env, &t);
    st = bundle_build(ctx, m, &t, &b, NULL);
    if (!st)
        st = mlpipe__container_write(
            ctx, &b,
            m->steps_only ? MLPIPE__BUNDLE_TRANSFORM : MLPIPE__BUNDLE_MODEL,
            &file);
    if (!st)
        st = mlpipe__text_give(ctx, &file, out);
    mlpipe__text_free(&file);
    bundle_free(&t);
    mlpipe__container_free(&b);
    return st;
}

mlpipe_status mlpipe_model_bytes(mlpipe_ctx *ctx, const mlpipe_model *model,
                                 mlpipe_buffer **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_bytes");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = bundle_bytes(ctx, model, out);
    return mlpipe__end(ctx, st);
}
