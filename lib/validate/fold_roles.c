/* SPDX-License-Identifier: MIT */
/* What folds are made by: the parameters of the call, or the roles of the
 * recipes that they are for. */
#include "validate_internal.h"

void mlpipe__role_of(const mlpipe_pipeline *a, const mlpipe_pipeline *b,
                     const char *role, mlpipe__role *out)
{
    out->name = mlpipe__pipeline_role(a, role);
    if (!out->name[0] && b)
        out->name = mlpipe__pipeline_role(b, role);
    out->setting = (mlpipe__setting){.count = out->name[0] != 0,
                                     .names = &out->name};
}

/* Groups are kept whole where rows are dealt, times order runs of rows. */
void mlpipe__fold_roles_init(mlpipe_ctx *ctx, const char *stage,
                             const mlpipe__params *p,
                             const mlpipe_pipeline *a,
                             const mlpipe_pipeline *b,
                             mlpipe__fold_roles *out)
{
    const char *kind = mlpipe__params_get(p, "kind")->text;
    const bool runs = !strcmp(kind, "ordered") || !strcmp(kind, "contiguous");
    const mlpipe__setting *time = &out->time.setting;
    const mlpipe__setting *end = &out->label_time.setting;
    mlpipe__fold_columns *c = &out->columns;
    mlpipe__role_of(a, b, "time", &out->time);
    mlpipe__role_of(a, b, "label_time", &out->label_time);
    mlpipe__role_of(a, b, "group", &out->group);
    c->order = mlpipe__params_get(p, "order");
    c->group = mlpipe__params_get(p, "group");
    c->label_end = mlpipe__params_get(p, "label_end");
    if (runs && !c->order->count)
        c->order = time;
    if (!runs && !c->group->count)
        c->group = &out->group.setting;
    if (runs && !c->label_end->count && c->order->count && time->count &&
        !strcmp(c->order->names[0], time->names[0]))
        c->label_end = end;
    if (c->order != time || !time->count)
        return;
    const bool purges = c->label_end == end && end->count;
    mlpipe__log_line(ctx, MLPIPE_LOG_INFO, stage,
                     "folds in the order of the recipe's time=%s%s%s",
                     time->names[0],
                     purges ? ", training rows purged by its label_time="
                            : "",
                     purges ? end->names[0] : "");
}

void mlpipe__warn_torn(mlpipe_ctx *ctx, const char *stage, const char *query,
                       const mlpipe__setting *whole)
{
    if (whole->count == 1 && !strcmp(whole->names[0], query))
        return;
    mlpipe__log_line(ctx, MLPIPE_LOG_WARN, stage,
                     "a query of %s may lie in several folds, and is scored "
                     "in each by its rows there; group=%s keeps queries "
                     "whole",
                     query, query);
}
