/* SPDX-License-Identifier: MIT */
/* What became of a name, and what a model was made from. */
#include "store_internal.h"

static void history_text(mlpipe_report *r, const char *text)
{
    mlpipe__report_cell_text(r, text, strlen(text));
}

typedef struct history_job {
    mlpipe_ctx *ctx;
    const mlpipe_store *store;
    mlpipe_report *report;
    uint64_t count;
} history_job;

static bool history_visit(void *arg, const char *id,
                          const mlpipe__store_commit *c)
{
    static const enum mlpipe__store_text shown[] = {
        MLPIPE__STORE_NOTE,    MLPIPE__STORE_AUTHOR, MLPIPE__STORE_URI,
        MLPIPE__STORE_LICENCE, MLPIPE__STORE_SOURCE,
        MLPIPE__STORE_RETRIEVED, MLPIPE__STORE_KEY, MLPIPE__STORE_CODE};
    history_job *job = arg;
    mlpipe_report *r = job->report;
    char time[32];
    const bool there = mlpipe__store_has(job->store, NULL, c->version);
    uint32_t i;

    job->count++;
    mlpipe__store_time(c->time, time);
    history_text(r, c->version);
    history_text(r, time);
    mlpipe__report_cell_number(r, (double)c->rows);
    history_text(r, c->changed);
    for (i = 0; i < sizeof shown / sizeof *shown; i++)
        history_text(r, c->text[shown[i]]);
    history_text(r, c->content);
    history_text(r, there ? "yes" : "no");
    history_text(r, id);
    return true;
}

static mlpipe_status store_history(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   const char *name, mlpipe_report **out)
{
    history_job job = {.ctx = ctx, .store = s};
    mlpipe__store_ref ref;
    mlpipe_status st = mlpipe__packs_refresh(ctx, s, NULL);

    if (!st)
        st = mlpipe__store_resolve_any(ctx, s, name, &ref);
    if (!st && !ref.commit[0])
        st = mlpipe__fail(ctx, MLPIPE_E_ARG,
                          "store: %q is a version, which has no history; give "
                          "the name or the tag of it", name);
    if (st)
        return st;
    job.report = mlpipe__report_new(ctx->env, "store history");
    mlpipe__report_text(job.report, "name", name, strlen(name));
    mlpipe__report_text(job.report, "kind", ref.kind, strlen(ref.kind));
    mlpipe__report_table(job.report, "history",
                         "version,time,rows,changed,note,author,uri,licence,"
                         "source,retrieved,key,code,content,kept,commit");
    st = mlpipe__store_chain(ctx, s, ref.commit, history_visit, &job);
    mlpipe__report_number(job.report, "versions", (double)job.count);
    if (!st)
        return mlpipe__report_seal(ctx, job.report, out);
    mlpipe_report_free(job.report);
    return st;
}

/* The arguments that all calls of a name and a report share. */
static mlpipe_status history_check(mlpipe_ctx *ctx, const char *where,
                                   const mlpipe_store *s, const char *name,
                                   mlpipe_report **out)
{
    const mlpipe_status st = mlpipe__store_begin(ctx, where, s);

    if (out)
        *out = NULL;
    if (st)
        return st;
    if (!name)
        return mlpipe__null_arg(ctx, "name");
    return out ? MLPIPE_OK : mlpipe__null_arg(ctx, "out");
}

mlpipe_status mlpipe_store_history(mlpipe_ctx *ctx, mlpipe_store *store,
                                   const char *name, mlpipe_report **out)
{
    mlpipe_status st = history_check(ctx, "mlpipe_store_history", store, name,
                                     out);

    if (!st)
        st = store_history(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}

/* ---- lineage -------------------------------------------------------- */

/* The newest commit of something. */
typedef struct lineage_found {
    const char *kind, *version, *content; /* NULL: any */
    const char *role;                     /* in the report */
    bool found;
    int64_t time;
    mlpipe__text text; /* what is told of it: names and texts, each ended */
} lineage_found;

static void lineage_keep(lineage_found *f, const char *name, const char *text)
{
    if (!*text)
        return;
    mlpipe__text_put(&f->text, name, strlen(name) + 1);
    mlpipe__text_put(&f->text, text, strlen(text) + 1);
}

static void lineage_look(lineage_found *f, const mlpipe__store_commit *c)
{
    mlpipe__env *env = f->text.env;
    char time[32];
    uint32_t i;

    if (strcmp(c->kind, f->kind) ||
        (f->version && strcmp(c->version, f->version)) ||
        (f->content && (!*f->content || strcmp(c->content, f->content))) ||
        (f->found && c->time <= f->time))
        return;
    mlpipe__text_free(&f->text);
    mlpipe__text_init(&f->text, env);
    f->found = true;
    f->time = c->time;
    mlpipe__store_time(c->time, time);
    lineage_keep(f, "name", c->name);
    lineage_keep(f, "version", c->version);
    lineage_keep(f, "time", time);
    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        lineage_keep(f, mlpipe__store_text_names[i], c->text[i]);
}

static bool lineage_visit(void *arg, const char *id,
                          const mlpipe__store_commit *c)
{
    lineage_found *found = arg;
    uint32_t i;

    (void)id;
    for (i = 0; i < 3; i++)
        lineage_look(&found[i], c);
    return true;
}

static void lineage_tell(const lineage_found *f, mlpipe_report *r)
{
    size_t at = 0;

    while (at < f->text.size) {
        const char *name = f->text.data + at;
        const char *text = name + strlen(name) + 1;
        char full[64];

        mlpipe__format(full, sizeof full, "%s_%s", f->role, name);
        mlpipe__report_text(r, full, text, strlen(text));
        at += strlen(name) + strlen(text) + 2;
    }
}

typedef struct lineage_reports {
    mlpipe_report *report;
    const char *version;
} lineage_reports;

static bool lineage_report(void *arg, const char *id,
                           const mlpipe__store_commit *c)
{
    lineage_reports *l = arg;
    char time[32];

    (void)id;
    if (strcmp(c->kind, "report") || strcmp(c->content, l->version))
        return true;
    mlpipe__store_time(c->time, time);
    history_text(l->report, c->name);
    history_text(l->report, time);
    history_text(l->report, c->version);
    return true;
}

/* What the model itself knows of how it was made. */
static mlpipe_status lineage_model(mlpipe_ctx *ctx, const mlpipe_model *m,
                                   mlpipe_report *r)
{
    mlpipe__json *info = NULL;
    const char *library;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__report_text(r, "model", m->id, strlen(m->id));
    mlpipe__report_number(r, "train_rows", (double)m->train_rows);
    mlpipe__report_number(r, "valid_rows", (double)m->valid_rows);
    mlpipe__report_number(r, "seed", (double)m->seed);
    if (m->train_print[0])
        mlpipe__report_text(r, "train", m->train_print, 32);
    if (m->valid_print[0])
        mlpipe__report_text(r, "valid", m->valid_print, 32);
    mlpipe__report_text(r, "recipe", m->recipe, m->recipe_bytes);
    if (m->info)
        st = mlpipe__json_parse(ctx, m->info, strlen(m->info), &info);
    if (st)
        return st == MLPIPE_E_NOMEM ? st : MLPIPE_OK;
    library = mlpipe__json_text(mlpipe__json_get(info, "library"));
    if (library)
        mlpipe__report_text(r, "library", library, strlen(library));
    mlpipe__json_free(info);
    return MLPIPE_OK;
}

static mlpipe_status lineage_make(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe_model *m, mlpipe_report *r)
{
    lineage_found found[3] = {
        {.kind = "model", .version = m->id, .role = "model"},
        {.kind = "dataset", .content = m->train_print, .role = "train"},
        {.kind = "dataset", .content = m->valid_print, .role = "valid"}};
    lineage_reports reports = {r, m->id};
    mlpipe_status st = MLPIPE_OK;
    uint32_t i;

    for (i = 0; i < 3; i++)
        mlpipe__text_init(&found[i].text, s->env);
    st = mlpipe__store_walk(ctx, s, lineage_visit, found);
    for (i = 0; i < 3; i++) {
        if (!st && found[i].text.failed)
            st = mlpipe__nomem(ctx);
        if (!st)
            lineage_tell(&found[i], r);
        mlpipe__text_free(&found[i].text);
    }
    if (st)
        return st;
    mlpipe__report_table(r, "reports", "name,time,version");
    return mlpipe__store_walk(ctx, s, lineage_report, &reports);
}

static mlpipe_status store_lineage(mlpipe_ctx *ctx, mlpipe_store *s,
                                   const char *name, mlpipe_report **out)
{
    mlpipe_model *model = NULL;
    mlpipe_report *r = NULL;
    mlpipe_status st = mlpipe_store_get_model(ctx, s, name, &model);

    if (st)
        return st;
    r = mlpipe__report_new(ctx->env, "lineage");
    st = lineage_model(ctx, model, r);
    if (!st)
        st = lineage_make(ctx, s, model, r);
    mlpipe_model_free(model);
    if (!st)
        return mlpipe__report_seal(ctx, r, out);
    mlpipe_report_free(r);
    return st;
}

mlpipe_status mlpipe_store_lineage(mlpipe_ctx *ctx, mlpipe_store *store,
                                   const char *name, mlpipe_report **out)
{
    mlpipe_status st = history_check(ctx, "mlpipe_store_lineage", store, name,
                                     out);

    if (!st)
        st = store_lineage(ctx, store, name, out);
    return mlpipe__end(ctx, st);
}
