/* SPDX-License-Identifier: MIT */
/* Which metrics are asked for, by name. */
#include "evaluate_types.h"

enum { METRIC_NAMES_MAX = 2 * MLPIPE__METRICS_MAX };

/* Names that begin with this one and then "_" or "@", such as auc_ovr for auc
 * and precision@k for precision. */
static bool metric_kin(const char *name, const char *const *names,
                       uint32_t count, char *list, size_t room)
{
    const size_t n = strlen(name);
    size_t size = 0;
    list[0] = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!strncmp(names[i], name, n) &&
            (names[i][n] == '_' || names[i][n] == '@'))
            size += mlpipe__format(list + size, room - size, "%s%s",
                                   size ? ", " : "", names[i]);
    return size > 0;
}

/* All that the task may have. */
static uint32_t metric_names(uint32_t task, const char **names)
{
    const mlpipe__metric *m;
    uint32_t count = 0;
    for (uint32_t i = 0; (m = mlpipe__metric_at(i)); i++)
        if ((m->tasks & task) && count < METRIC_NAMES_MAX)
            names[count++] = m->name;
    for (uint32_t i = 0; (m = mlpipe__query_metric_at(i)); i++)
        if ((m->tasks & task) && count < METRIC_NAMES_MAX)
            names[count++] = m->name;
    return count;
}

mlpipe_status mlpipe__metric_of_task(mlpipe_ctx *ctx, uint32_t task,
                                     const char *name, mlpipe__metric *out)
{
    const char *names[METRIC_NAMES_MAX + 1];
    const char *near;
    char list[256];
    uint32_t count;
    bool found;
    const mlpipe_status st = mlpipe__metric_read(ctx, name, out, &found);
    if (st || (found && (out->tasks & task)))
        return st;
    count = metric_names(task, names);
    names[count++] = "all";
    if (found && metric_kin(name, names, count, list, sizeof list))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "metric %q is not one of the task %s; take one "
                            "of: %s",
                            name, mlpipe__task_name(task), list);
    near = mlpipe__nearest(name, mlpipe__metric_stem(name), names, count);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        found ? "metric %q does not score the task %s of "
                                "this target; its default is \"%s\""
                              : near ? "no metric %q of the task %s; did you "
                                       "mean \"%s\"?"
                                     : "no metric %q of the task %s; its "
                                       "default is \"%s\"",
                        name, mlpipe__task_name(task),
                        near && !found ? near : mlpipe__task_metric(task));
}

mlpipe_status mlpipe__evaluate_check(mlpipe_ctx *ctx, uint32_t task,
                                     const mlpipe__setting *asked)
{
    mlpipe_status st = MLPIPE_OK;
    for (uint32_t i = 0; !st && i < asked->count; i++) {
        mlpipe__metric metric;
        if (strcmp(asked->names[i], "all"))
            st = mlpipe__metric_of_task(ctx, task, asked->names[i], &metric);
    }
    return st;
}

/* Asked for by name or by "all", or a standard one. */
static bool metric_wanted(const mlpipe__setting *asked,
                          const mlpipe__metric *metric, uint32_t task)
{
    for (uint32_t i = 0; i < asked->count; i++)
        if (!strcmp(asked->names[i], metric->name) ||
            !strcmp(asked->names[i], "all"))
            return (metric->tasks & task) != 0;
    return !asked->count && (metric->standard & task);
}

/* What segments are told by: the first that is asked for. */
static mlpipe_status metric_first(mlpipe_ctx *ctx, uint32_t task,
                                  const mlpipe__setting *asked,
                                  mlpipe__metric *out)
{
    return mlpipe__metric_of_task(
        ctx, task,
        asked->count && strcmp(asked->names[0], "all")
            ? asked->names[0]
            : mlpipe__task_metric(task),
        out);
}

static bool metric_listed(const mlpipe__metric_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i].name, name))
            return true;
    return false;
}

mlpipe_status mlpipe__metric_list_make(mlpipe_ctx *ctx, uint32_t task,
                                       const mlpipe__setting *asked,
                                       mlpipe__metric_list *out)
{
    const mlpipe__metric *m;
    mlpipe__metric one;
    uint32_t most = 0;
    mlpipe_status st = mlpipe__evaluate_check(ctx, task, asked);
    if (!st)
        st = metric_first(ctx, task, asked, &out->first);
    if (st)
        return st;
    while (mlpipe__metric_at(most))
        most++;
    out->items = mlpipe__alloc_array(ctx->env, (size_t)most + asked->count,
                                     sizeof *out->items);
    if (!out->items)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; (m = mlpipe__metric_at(i)); i++)
        if (metric_wanted(asked, m, task))
            out->items[out->count++] = *m;
    for (uint32_t i = 0; !st && i < asked->count; i++) {
        if (!strcmp(asked->names[i], "all"))
            continue;
        st = mlpipe__metric_of_task(ctx, task, asked->names[i], &one);
        if (!st && (one.by_query || one.at > 0) &&
            !metric_listed(out, one.name)) {
            out->items[out->count] = one;
            if (one.by_query && !out->by_query)
                out->by_query = &out->items[out->count];
            out->count++;
        }
    }
    return st;
}

void mlpipe__metric_list_free(mlpipe__env *env, mlpipe__metric_list *list)
{
    mlpipe__free(env, list->items);
    list->items = NULL;
}
