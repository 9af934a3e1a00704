/* SPDX-License-Identifier: MIT */
/*
 * Fields of a layout that feed no input of a model. That is no error, since a
 * host's record may hold more than a model reads; but a field that is almost
 * called as an input which was declared absent was meant to feed that one.
 */
#include "deploy_internal.h"

enum { UNREAD_TOLD_MOST = 16 };

/* Group and weight feed no input, but capture keeps them for a retrain. */
static bool unread_is_read(const mlpipe_model *model, const char *field)
{
    const mlpipe__program *p = model->program;

    for (uint32_t i = 0; i < p->input_count; i++)
        if (!strcmp(p->inputs[i].name, field))
            return true;
    return (model->group_column && !strcmp(model->group_column, field)) ||
           (model->weight_column && !strcmp(model->weight_column, field));
}

/* The inputs that the layout declares absent; gives their number. */
static uint32_t unread_absent(const mlpipe_layout *l,
                              const mlpipe__program *p, const char **names)
{
    uint32_t count = 0;

    for (uint32_t i = 0; names && i < p->input_count; i++) {
        const int32_t at = mlpipe__layout_find(l, p->inputs[i].name);
        if (at >= 0 && !l->fields[at].kind)
            names[count++] = p->inputs[i].name;
    }
    return count;
}

void mlpipe__layout_tell_unread(mlpipe_ctx *ctx, const mlpipe_layout *l,
                                const mlpipe_model *model)
{
    const char **absent;
    uint32_t count, plain = 0;

    if (!l || !ctx->log || ctx->log_level < MLPIPE_LOG_WARN)
        return;
    /* Without memory for it the hint is left out. */
    absent = mlpipe__alloc_array(ctx->env, model->program->input_count,
                                 sizeof *absent);
    count = unread_absent(l, model->program, absent);
    for (uint32_t i = 0; i < l->field_count; i++) {
        const char *field = l->fields[i].name, *near;
        if (!l->fields[i].kind || unread_is_read(model, field))
            continue;
        near = mlpipe__nearest(field, strlen(field), absent, count);
        if (near)
            mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "layout",
                             "the field %q feeds no input of the model; did "
                             "you mean %q, which is declared absent?",
                             field, near);
        else if (++plain <= UNREAD_TOLD_MOST)
            mlpipe__log_line(ctx, MLPIPE_LOG_INFO, "layout",
                             "the field %q feeds no input of the model",
                             field);
    }
    if (plain > UNREAD_TOLD_MOST)
        mlpipe__log_line(ctx, MLPIPE_LOG_INFO, "layout",
                         "%u more fields feed no input of the model",
                         plain - UNREAD_TOLD_MOST);
    mlpipe__free(ctx->env, absent);
}
