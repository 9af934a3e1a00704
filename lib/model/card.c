/* SPDX-License-Identifier: MIT */
/* What a model tells of itself: notes of the fit, the card, attachments. */
#include "fit_types.h"

/* Where all rows went, on one line. */
static void card_tell_rows(const mlpipe__fitting *f)
{
    const long long held =
        f->held.data && !f->given_valid ? (long long)f->held.data->rows : 0;
    mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                     "rows: %lld given, %llu without a target, %llu dropped "
                     "by steps, %lld held out, %lld withheld for what "
                     "follows the learner, %lld trained",
                     (long long)f->given_all->rows,
                     (unsigned long long)f->dropped_target,
                     (unsigned long long)f->dropped_steps, held,
                     f->withheld ? (long long)f->withheld->rows : 0ll,
                     (long long)f->train.data->rows);
}

void mlpipe__fit_notes(mlpipe__fitting *f)
{
    mlpipe_report *r = f->notes;
    const mlpipe__reference *ref = f->model->reference;
    uint32_t i;
    card_tell_rows(f);
    mlpipe__report_number(r, "rows", (double)f->given_all->rows);
    mlpipe__report_number(r, "rows_withheld",
                          f->withheld ? (double)f->withheld->rows : 0.0);
    mlpipe__report_number(r, "rows_without_target",
                          (double)f->dropped_target);
    mlpipe__report_number(r, "rows_dropped_by_steps",
                          (double)f->dropped_steps);
    mlpipe__report_number(r, "rows_trained", (double)f->train.data->rows);
    mlpipe__report_number(r, "rows_added",
                          f->learn.data ? (double)f->learn.frame.rows -
                                              (double)f->train.data->rows
                                        : 0.0);
    mlpipe__report_number(r, "rows_held_out",
                          f->held.data ? (double)f->held.data->rows : 0.0);
    mlpipe__report_number(r, "inputs", f->model->program->input_count);
    mlpipe__report_number(r, "features", f->feature_count);
    mlpipe__report_number(r, "passes", f->passes);
    for (i = 0; i < ref->metric_count; i++) {
        const mlpipe__ref_metric *m = &ref->metrics[i];
        const mlpipe_figure figure = {m->value, mlpipe__nan(), mlpipe__nan(),
                                      (double)m->n};
        char name[64];
        mlpipe__format(name, sizeof name, "held_out_%s", m->name);
        mlpipe__report_figure(r, name, &figure);
    }
}

void mlpipe__model_info(mlpipe_ctx *ctx, uint64_t duration_ns,
                        mlpipe__text *out)
{
    const uint32_t version = MLPIPE_VERSION;
    mlpipe__text_add(out, "{\"library\":\"%u.%u.%u\",\"compiler\":\"%s\",",
                     version >> 16, version >> 8 & 255u, version & 255u,
                     __VERSION__);
    mlpipe__text_add(out,
                     "\"blas\":\"%s\",\"blas_core\":\"%s\","
                     "\"threads\":%u,\"fit_seconds\":%g}",
                     mlpipe__blas_name(), mlpipe__blas_core(), ctx->threads,
                     (double)duration_ns / 1e9);
}

/* ---- the card ----------------------------------------------------------- */

static void card_text(mlpipe_report *r, const char *name, const char *text)
{
    if (text && text[0]) /* INFO may have been left out */
        mlpipe__report_text(r, name, text, strlen(text));
}

/* Figures of another report, each with a prefix. */
static void card_copy(mlpipe_report *card, const char *prefix,
                      const mlpipe_report *from)
{
    uint32_t i;
    for (i = 0; i < mlpipe_report_count(from); i++) {
        mlpipe_figure figure;
        const char *name;
        char full[160];
        if (mlpipe_report_figure(from, i, &name, &figure))
            continue;
        mlpipe__format(full, sizeof full, "%s%s", prefix, name);
        mlpipe__report_figure(card, full, &figure);
    }
}

static void card_inputs(mlpipe_report *r, const mlpipe_model *m)
{
    uint32_t i;
    mlpipe__report_table(r, "inputs", "name,type");
    for (i = 0; i < m->program->input_count; i++) {
        const mlpipe__program_input *in = &m->program->inputs[i];
        const char *type = mlpipe__type_name(in->type);
        mlpipe__report_cell_text(r, in->name, strlen(in->name));
        mlpipe__report_cell_text(r, type, strlen(type));
    }
}

void mlpipe__model_baseline(const mlpipe_model *m, mlpipe_report *r)
{
    if (!m->shares) {
        mlpipe__report_number(r, "baseline", m->baseline);
        return;
    }
    mlpipe__report_table(r, "shares", "class,share");
    for (uint32_t i = 0; i < m->classes.count; i++) {
        mlpipe__report_cell_text(r, mlpipe__dict_text(&m->classes, i),
                                 mlpipe__dict_bytes(&m->classes, i));
        mlpipe__report_cell_number(r, m->shares[i]);
    }
}

static void card_fill(mlpipe_report *r, const mlpipe_model *m)
{
    uint32_t i;
    card_text(r, "model", m->id);
    card_text(r, "task", mlpipe__task_name(m->task));
    card_text(r, "target", m->target);
    if (m->task == MLPIPE__TASK_BINARY)
        card_text(r, "positive_class", mlpipe__dict_text(&m->classes, 1));
    card_text(r, "id_column", m->id_column);
    card_text(r, "time_column", m->time_column);
    card_text(r, "group_column", m->group_column);
    card_text(r, "weight_column", m->weight_column);
    card_text(r, "train_dataset", m->train_print);
    card_text(r, "valid_dataset", m->valid_print);
    card_text(r, "recipe", m->recipe);
    card_text(r, "same_bits_on",
              m->any_machine ? "every machine and thread count"
                             : "one machine with the same BLAS, core name "
                               "and BLAS threads");
    card_text(r, "info", m->info);
    mlpipe__report_number(r, "seed", (double)m->seed);
    mlpipe__model_baseline(m, r);
    card_inputs(r, m);
    card_copy(r, "fit.", m->notes);
    mlpipe__report_copy_tables(r, "fit.", m->notes);
    for (i = 0; i < m->attached_count; i++) {
        char prefix[32];
        mlpipe__format(prefix, sizeof prefix, i ? "test%u." : "test.", i + 1);
        card_copy(r, prefix, m->attached[i]);
    }
}

mlpipe_status mlpipe_model_card(mlpipe_ctx *ctx, const mlpipe_model *model,
                                mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_card");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st) {
        mlpipe_report *r = mlpipe__report_new(ctx->env, "card");
        if (r) {
            card_fill(r, model);
            st = mlpipe__report_seal(ctx, r, out);
        } else {
            st = mlpipe__nomem(ctx);
        }
    }
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_transform_notes(mlpipe_ctx *ctx,
                                     const mlpipe_transform *transform,
                                     mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_transform_notes");
    if (out)
        *out = NULL;
    if (!st && !transform)
        st = mlpipe__null_arg(ctx, "transform");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        *out = mlpipe__report_keep(transform->model->notes);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_model_recipe(mlpipe_ctx *ctx, const mlpipe_model *model,
                                  mlpipe_pipeline **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_recipe");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe_pipeline_parse(ctx, model->recipe, model->recipe_bytes,
                                   out);
    return mlpipe__end(ctx, st);
}

/* ---- attachments -------------------------------------------------------- */

static mlpipe_status card_attach(mlpipe_ctx *ctx, const mlpipe_model *model,
                                 const mlpipe_report *report,
                                 mlpipe_model **out)
{
    const char *fit = mlpipe_report_text(report, "fit");
    mlpipe_model *m;
    uint32_t i;
    mlpipe_status st;
    if (strcmp(mlpipe__report_kind(report), "evaluation") || !fit ||
        strcmp(fit, model->fit_id))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "the report is %s of %q and the model is %s; "
                            "attach what mlpipe_evaluate said of this model",
                            mlpipe__report_kind(report),
                            fit && fit[0] ? fit : "something else",
                            model->fit_id);
    m = mlpipe__alloc(ctx->env, sizeof *m);
    if (!m)
        return mlpipe__nomem(ctx);
    /* all but the counter, which others may be counting on right now */
    memcpy((char *)m + offsetof(mlpipe_model, env),
           (const char *)model + offsetof(mlpipe_model, env),
           sizeof *m - offsetof(mlpipe_model, env));
    atomic_init(&m->refs, 1);
    m->env = mlpipe__env_keep(ctx->env);
    m->root = mlpipe__model_keep(model->root ? model->root : model);
    m->attached_count = 0;
    m->attached = mlpipe__alloc_array(
        ctx->env, (size_t)model->attached_count + 1, sizeof *m->attached);
    if (m->attached) {
        for (i = 0; i < model->attached_count; i++)
            m->attached[m->attached_count++] =
                mlpipe__report_keep(model->attached[i]);
        m->attached[m->attached_count++] = mlpipe__report_keep(report);
        st = mlpipe__model_identify(ctx, m);
    } else {
        st = mlpipe__nomem(ctx);
    }
    if (st) {
        mlpipe_model_free(m);
        return st;
    }
    *out = m;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_model_attach(mlpipe_ctx *ctx, const mlpipe_model *model,
                                  const mlpipe_report *report,
                                  mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_attach");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !report)
        st = mlpipe__null_arg(ctx, "report");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = card_attach(ctx, model, report, out);
    return mlpipe__end(ctx, st);
}
