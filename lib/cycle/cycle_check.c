/* SPDX-License-Identifier: MIT */
/* What cannot work is said when a cycle is made, and not at its ticks. */
#include "cycle_internal.h"

/* Parameters that cannot work together. */
static mlpipe_status check_room(mlpipe_ctx *ctx, const mlpipe_cycle *c)
{
    const uint64_t room = c->monitor->capture.room;

    if (!room)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the monitor keeps no rows to retrain on; make it "
                            "with capture=50000");
    if ((double)room * c->share < (double)c->least)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "capture=%llu with gate_share=%g withholds fewer "
                            "than gate_min=%llu rows, so that no challenger "
                            "could ever pass; capture more",
                            (unsigned long long)room, c->share,
                            (unsigned long long)c->least);
    if ((double)room * (1 - c->share) - (double)c->gap < 2)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "gate_gap=%llu leaves no rows to learn from of "
                            "capture=%llu with gate_share=%g; capture more",
                            (unsigned long long)c->gap,
                            (unsigned long long)room, c->share);
    if (c->probation > room)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "probation=%llu needs more rows than the monitor "
                            "keeps, capture=%llu; say probation=%llu or "
                            "less, or make the monitor with capture=%llu or "
                            "more",
                            (unsigned long long)c->probation,
                            (unsigned long long)room,
                            (unsigned long long)room,
                            (unsigned long long)c->probation);
    return mlpipe__stage_check(ctx, c);
}

/* Where a column of captured rows comes from; both NULL: nowhere. */
typedef struct check_source {
    const mlpipe__field *field;
    const mlpipe__program_input *input;
} check_source;

static check_source check_find(const mlpipe_cycle *c,
                               const mlpipe_model *model, const char *name)
{
    const mlpipe_layout *layout = c->monitor->slot->layout;
    const mlpipe__program *p = model->program;
    check_source s = {NULL, NULL};
    const int32_t at = layout ? mlpipe__layout_find(layout, name) : -1;

    if (at >= 0 && layout->fields[at].kind)
        s.field = &layout->fields[at];
    for (uint32_t i = 0; i < p->input_count; i++)
        if (!strcmp(p->inputs[i].name, name))
            s.input = &p->inputs[i];
    return s;
}

/* A role of the recipe must be a column of what is captured: of an input, or
 * where the model that serves has it in this role and the record holds it. */
static mlpipe_status check_role(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                const mlpipe_model *model, const char *role,
                                const char *served)
{
    const char *name = mlpipe__pipeline_role(c->recipe, role);
    const bool weight = !strcmp(role, "weight");
    check_source s;

    if (!*name)
        return MLPIPE_OK;
    s = check_find(c, model, name);
    if (!s.input && strcmp(name, served ? served : ""))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the recipe has %s=%s and the model that serves "
                            "%s, so that no captured row has it and every "
                            "retrain would fail; deploy a model of this "
                            "recipe",
                            role, name, served && *served ? served : "none");
    if (!s.input && !s.field)
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the recipe has %s=%s, which the layout of the "
                            "slot lacks, so that no captured row has it and "
                            "every retrain would fail; add the field to the "
                            "layout",
                            role, name);
    if (weight && (s.field ? s.field->kind == MLPIPE_TOKEN
                           : s.input->kind == MLPIPE__CODE))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the recipe has weight=%s, which is text in what "
                            "is served, and weights are numbers; declare the "
                            "field as MLPIPE_F64",
                            name);
    return MLPIPE_OK;
}

/* What a retrain fits must be able to follow what serves. */
mlpipe_status mlpipe__cycle_check(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                  const mlpipe_model *model)
{
    const mlpipe_pipeline *recipe = c->recipe;
    mlpipe_status st = check_room(ctx, c);

    if (st)
        return st;
    if (!mlpipe__pipeline_learner(recipe))
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the recipe has no learner; add one, such as gbt "
                            "or ridge, as its last step");
    if (strcmp(recipe->target, model->target)
        || (recipe->task && recipe->task != model->task))
        return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                            "the recipe predicts %q, the model that serves "
                            "%q; a cycle renews one prediction",
                            recipe->target, model->target);
    st = check_role(ctx, c, model, "group", model->group_column);
    return st ? st
              : check_role(ctx, c, model, "weight", model->weight_column);
}
