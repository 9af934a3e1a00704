/* SPDX-License-Identifier: MIT */
/* Fitted models: their life, and what they tell of themselves. */
#include "model_internal.h"

mlpipe_model *mlpipe__model_new(mlpipe__env *env)
{
    mlpipe_model *m = mlpipe__alloc(env, sizeof *m);
    if (!m)
        return NULL;
    atomic_init(&m->refs, 1);
    m->env = mlpipe__env_keep(env);
    mlpipe__dict_init(&m->classes, env);
    return m;
}

mlpipe_model *mlpipe__model_keep(const mlpipe_model *m)
{
    mlpipe_model *mine = (mlpipe_model *)(uintptr_t)m;
    atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

/* What only the first of a line of attached models owns. */
static void model_free_shared(mlpipe_model *m)
{
    mlpipe__program_free(m->program);
    mlpipe__reference_free(m->reference);
    mlpipe__free(m->env, m->target);
    mlpipe__dict_free(&m->classes);
    mlpipe__free(m->env, m->shares);
    mlpipe__free(m->env, m->id_column);
    mlpipe__free(m->env, m->time_column);
    mlpipe__free(m->env, m->group_column);
    mlpipe__free(m->env, m->weight_column);
    mlpipe__free(m->env, m->recipe);
    mlpipe__free(m->env, m->train_ids);
    mlpipe__free(m->env, m->info);
    mlpipe_report_free(m->notes);
}

void mlpipe_model_free(mlpipe_model *model)
{
    while (model) {
        mlpipe_model *root = model->root;
        mlpipe__env *env = model->env;
        uint32_t i;
        if (atomic_fetch_sub_explicit(&model->refs, 1,
                                      memory_order_acq_rel) != 1)
            return;
        for (i = 0; i < model->attached_count; i++)
            mlpipe_report_free(model->attached[i]);
        mlpipe__free(env, model->attached);
        if (!root)
            model_free_shared(model);
        mlpipe__free(env, model);
        mlpipe__env_drop(env);
        model = root;
    }
}

const char *mlpipe_model_id(const mlpipe_model *model)
{
    return model ? model->id : "";
}

uint32_t mlpipe_model_inputs(const mlpipe_model *model)
{
    return model ? model->program->input_count : 0;
}

const char *mlpipe_model_input(const mlpipe_model *model, uint32_t input)
{
    return input < mlpipe_model_inputs(model)
               ? model->program->inputs[input].name
               : NULL;
}

int32_t mlpipe_model_input_type(const mlpipe_model *model, uint32_t input)
{
    return input < mlpipe_model_inputs(model)
               ? model->program->inputs[input].type
               : 0;
}

uint32_t mlpipe_model_outputs(const mlpipe_model *model)
{
    return model ? model->program->output_count : 0;
}

const char *mlpipe_model_output(const mlpipe_model *model, uint32_t output)
{
    return output < mlpipe_model_outputs(model)
               ? model->program->outputs[output].name
               : NULL;
}

const char *mlpipe_model_class(const mlpipe_model *model, uint32_t index)
{
    return model && index < model->classes.count
               ? mlpipe__dict_text(&model->classes, index)
               : NULL;
}
