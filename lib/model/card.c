/* SPDX-License-Identifier: MIT */
/* What a model tells of itself: notes of the fit, and the card. */
#include "fit_types.h"

/* Where all rows went, on one line. */
static void card_tell_rows(const mlpipe__fitting *f)
{
    const long long held =
        f->held.data && !f->given_valid ? (long long)f->held.data->rows : 0;
    char offset[48] = "";
    if (f->dropped_offset)
        mlpipe__format(offset, sizeof offset, ", %llu without an offset",
                       (unsigned long long)f->dropped_offset);
    mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                     "rows: %lld given, %llu without a target, %llu dropped "
                     "by steps%s, %lld held out, %lld withheld for what "
                     "follows the learner, %lld trained",
                     (long long)f->given_all->rows,
                     (unsigned long long)f->dropped_target,
                     (unsigned long long)f->dropped_steps, offset, held,
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
    if (f->offset != MLPIPE__NO_REG) {
        const char *name = mlpipe__fit_offset_name(f);
        mlpipe__report_text(r, "offset", name, strlen(name));
        mlpipe__report_number(r, "rows_without_offset",
                              (double)f->dropped_offset);
        mlpipe__report_number(r, "held_out_without_offset",
                              (double)f->dropped_held_offset);
    }
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

static void card_test_name(char out[32], uint32_t i)
{
    if (i)
        mlpipe__format(out, 32, "test%u", i + 1);
    else
        mlpipe__format(out, 32, "test");
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

static void card_outputs(mlpipe_report *r, const mlpipe_model *m)
{
    const uint32_t width = mlpipe__model_width(m);
    const uint32_t ends = mlpipe__model_ends(m);
    uint32_t i;
    mlpipe__report_table(r, "outputs", "name,meaning");
    for (i = 0; i < m->program->output_count; i++) {
        const char *name = mlpipe_model_output(m, i);
        const char *meaning =
            i >= ends   ? "flag of a step"
            : i >= width ? m->task == MLPIPE__TASK_REGRESSION
                               ? "end of the interval"
                               : "1 where it may be the class"
            : m->task == MLPIPE__TASK_REGRESSION ? "the number"
                                                 : "probability";
        mlpipe__report_cell_text(r, name, strlen(name));
        mlpipe__report_cell_text(r, meaning, strlen(meaning));
    }
}

static void card_data_row(mlpipe_report *r, const char *name,
                          const char *print, double rows)
{
    mlpipe__report_cell_text(r, name, strlen(name));
    mlpipe__report_cell_text(r, print, strlen(print));
    mlpipe__report_cell_number(r, rows);
}

/* Which data the model saw, and in what part. */
static void card_data(mlpipe_report *r, const mlpipe_model *m)
{
    uint32_t i, tests = 0;
    mlpipe__report_table(r, "data", "name,fingerprint,rows");
    card_data_row(r, "train", m->train_print, (double)m->train_rows);
    if (m->valid_print[0])
        card_data_row(r, "valid", m->valid_print, (double)m->valid_rows);
    for (i = 0; i < m->attached_count; i++) {
        const char *print = mlpipe_report_text(m->attached[i], "dataset");
        char name[32];
        if (mlpipe__report_is_note(m->attached[i]))
            continue;
        card_test_name(name, tests++);
        card_data_row(r, name, print ? print : "",
                      mlpipe_report_get(m->attached[i], "rows"));
    }
}

/* Learner and steps, by their names in the recipe, which in a bundle from
 * elsewhere may be none. */
static mlpipe_status card_recipe(mlpipe_ctx *ctx, mlpipe_report *r,
                                 const mlpipe_model *m)
{
    const mlpipe__recipe_step *learner;
    mlpipe_pipeline *p;
    mlpipe__text steps;
    uint32_t i;
    const mlpipe_status st =
        mlpipe_pipeline_parse(ctx, m->recipe, m->recipe_bytes, &p);
    if (st)
        return st == MLPIPE_E_NOMEM ? st : MLPIPE_OK;
    learner = mlpipe__pipeline_learner(p);
    mlpipe__text_init(&steps, ctx->env);
    if (learner)
        card_text(r, "learner", mlpipe__recipe_kind(learner));
    for (i = 0; i < p->step_count; i++)
        mlpipe__text_add(&steps, "%s%s", i ? ", " : "", p->steps[i].name);
    if (steps.size)
        mlpipe__report_text(r, "steps", steps.data, steps.size);
    const bool failed = steps.failed;
    mlpipe__text_free(&steps);
    mlpipe_pipeline_free(p);
    return failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

/* What was attached: evaluations as test, test2, ..., notes by their names. */
static void card_attached(mlpipe_report *r, const mlpipe_model *m)
{
    uint32_t i, tests = 0;
    for (i = 0; i < m->attached_count; i++) {
        char prefix[32];
        if (mlpipe__report_is_note(m->attached[i])) {
            mlpipe__report_copy(r, "", m->attached[i]);
            continue;
        }
        card_test_name(prefix, tests++);
        mlpipe__report_copy(r, strcat(prefix, "."), m->attached[i]);
    }
}

static mlpipe_status card_fill(mlpipe_ctx *ctx, mlpipe_report *r,
                               const mlpipe_model *m)
{
    const mlpipe_status st = card_recipe(ctx, r, m);
    card_text(r, "model", m->id);
    card_text(r, "fit", m->fit_id);
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
    card_outputs(r, m);
    card_data(r, m);
    mlpipe__report_copy(r, "fit.", m->notes);
    card_attached(r, m);
    return st;
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
        st = r ? card_fill(ctx, r, model) : mlpipe__nomem(ctx);
        if (st)
            mlpipe_report_free(r);
        else
            st = mlpipe__report_seal(ctx, r, out);
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
