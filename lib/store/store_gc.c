/* SPDX-License-Identifier: MIT */
/*
 * Taking away what no name, tag, kept version or living writer needs. Commits
 * stay for ever: they are small, and a history tells of versions whose rows
 * are gone. What is dropped is in the log before the first of it is removed.
 */
#include "store_internal.h"

const mlpipe__param mlpipe__store_gc_params[] = {
    {"keep", MLPIPE_PARAM_INT, "10", 1, 1e9, NULL, 0x000100,
     "newest versions of each name that stay"},
    {"older", MLPIPE_PARAM_SPAN, "0 s", 0, 1e10, NULL, 0x000100,
     "younger versions stay whatever keep says"},
    {"sources", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "keep the data that a kept model was made from"},
    {"dry_run", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "tell, and remove nothing"},
    {"now", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "the time that ages are counted to; default is the file system's"},
};
const uint32_t mlpipe__store_gc_param_count =
    sizeof mlpipe__store_gc_params / sizeof *mlpipe__store_gc_params;

typedef struct gc_job {
    mlpipe_ctx *ctx;
    const mlpipe_store *store;
    mlpipe_report *report;
    uint64_t keep;
    int64_t older, now; /* microseconds; now = 0: no age is known */
    bool sources, dry, failed;
    uint64_t at;        /* in the chain that is walked */
    bool tags;          /* it is a tag's: the first stays, the rest is some
                           name's */
    mlpipe__dict commits, versions, contents; /* that stay */
    mlpipe__dict datasets; /* of the versions */
    mlpipe__dict dropped; /* versions; kind, name and time behind each */
    mlpipe__dict objects; /* that stay */
    mlpipe__dict told;    /* versions that the log has */
    uint8_t *gone;        /* of told: the last of it was a drop */
    size_t gone_room;
    uint64_t removed_bytes, temporaries;
    uint32_t writers;
    int64_t began;      /* of the oldest writer */
    mlpipe__store_sweep_job sweep;
} gc_job;

static void gc_add(gc_job *g, mlpipe__dict *d, const char *id)
{
    if (*id && mlpipe__dict_add(d, id, strlen(id)) == UINT32_MAX)
        g->failed = true;
}

static bool gc_has(const mlpipe__dict *d, const char *id)
{
    return mlpipe__dict_find(d, id, strlen(id)) != UINT32_MAX;
}

/* ---- what stays ----------------------------------------------------- */

static void gc_keep(gc_job *g, const mlpipe__store_commit *c)
{
    gc_add(g, &g->versions, c->version);
    if (!strcmp(c->kind, "dataset"))
        gc_add(g, &g->datasets, c->version);
    if (!strcmp(c->kind, "model")) {
        gc_add(g, &g->contents, c->content);
        gc_add(g, &g->contents, c->valid);
    }
}

static bool gc_visit(void *arg, const char *id, const mlpipe__store_commit *c)
{
    gc_job *g = arg;
    const bool young = g->older > 0 &&
                       (!g->now || !c->time || g->now - c->time < g->older);

    gc_add(g, &g->commits, id);
    if (g->tags ? g->at == 0 : g->at < g->keep || young)
        gc_keep(g, c);
    g->at++;
    return !g->failed;
}

/* Data of kept models, and then what is left over. */
static bool gc_visit_sources(void *arg, const char *id,
                             const mlpipe__store_commit *c)
{
    gc_job *g = arg;

    (void)id;
    if (g->sources && !strcmp(c->kind, "dataset") &&
        gc_has(&g->contents, c->content))
        gc_keep(g, c);
    return !g->failed;
}

static bool gc_visit_dropped(void *arg, const char *id,
                             const mlpipe__store_commit *c)
{
    gc_job *g = arg;
    mlpipe__text line;

    (void)id;
    if (gc_has(&g->versions, c->version))
        return true;
    mlpipe__text_init(&line, g->store->env);
    mlpipe__text_add(&line, "%s %s %s", c->version, c->kind, c->name);
    if (line.failed)
        g->failed = true;
    else
        gc_add(g, &g->dropped, line.data);
    mlpipe__text_free(&line);
    return !g->failed;
}

static mlpipe_status gc_folder(gc_job *g, const char *folder)
{
    mlpipe__store_ref ref;
    mlpipe__dict names;
    mlpipe_status st = mlpipe__store_list(g->ctx, g->store, folder, &names);
    uint32_t i;
    bool found;

    g->tags = !strcmp(folder, "tags");
    for (i = 0; i < names.count && !st; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        const size_t n = strlen(name);

        if (n > 4 && !strcmp(name + n - 4, ".tmp"))
            continue;
        st = mlpipe__store_ref_read(g->ctx, g->store, folder, name, &ref,
                                    &found);
        g->at = 0;
        if (!st && found)
            st = mlpipe__store_chain(g->ctx, g->store, ref.commit, gc_visit,
                                     g);
    }
    mlpipe__dict_free(&names);
    return st;
}

/* All objects of a dataset that stays. One that is damaged ends the gc: what
 * it needs cannot be told. One that is not there needs nothing. */
static mlpipe_status gc_version(gc_job *g, const char *id)
{
    mlpipe__store_manifest m;
    char chunk[MLPIPE__STORE_ID];
    mlpipe_status st;
    uint32_t i, k;

    st = mlpipe__store_manifest_get(g->ctx, g->store, id, &m);
    if (st == MLPIPE_E_NOT_FOUND)
        return MLPIPE_OK;
    if (st)
        return st;
    for (i = 0; i < m.column_count; i++)
        for (k = 0; k < m.chunk_count; k++) {
            mlpipe__store_chunk_id(m.columns[i].chunks, k, chunk);
            gc_add(g, &g->objects, chunk);
        }
    for (k = 0; m.id_chunks && k < m.chunk_count; k++) {
        mlpipe__store_chunk_id(m.id_chunks, k, chunk);
        gc_add(g, &g->objects, chunk);
    }
    mlpipe__store_manifest_free(&m);
    return MLPIPE_OK;
}

static mlpipe_status gc_mark(gc_job *g)
{
    mlpipe_status st = gc_folder(g, "refs");
    uint32_t i;

    if (!st)
        st = gc_folder(g, "tags");
    if (!st)
        st = mlpipe__store_walk(g->ctx, g->store, gc_visit_sources, g);
    if (!st)
        st = mlpipe__store_walk(g->ctx, g->store, gc_visit_dropped, g);
    for (i = 0; i < g->commits.count; i++)
        gc_add(g, &g->objects, mlpipe__dict_text(&g->commits, i));
    for (i = 0; i < g->versions.count; i++)
        gc_add(g, &g->objects, mlpipe__dict_text(&g->versions, i));
    for (i = 0; i < g->datasets.count && !st; i++) {
        st = mlpipe__poll(g->ctx, "gc: look", i, g->datasets.count);
        if (!st)
            st = gc_version(g, mlpipe__dict_text(&g->datasets, i));
    }
    return !st && g->failed ? mlpipe__nomem(g->ctx) : st;
}

/* ---- what goes ------------------------------------------------------ */

/* The parts of a line of dropped. */
static void gc_line(const char *line, mlpipe__store_ref *ref,
                    const char **name)
{
    const char *kind = line + MLPIPE__STORE_ID;
    const char *space = strchr(kind, ' ');

    memset(ref, 0, sizeof *ref);
    memcpy(ref->id, line, 32);
    memcpy(ref->kind, kind, (size_t)(space - kind));
    *name = space + 1;
}

static void gc_log(void *arg, const mlpipe__store_entry *e)
{
    gc_job *g = arg;
    const uint32_t at = mlpipe__dict_add(&g->told, e->id, strlen(e->id));

    if (at != UINT32_MAX && at >= g->gone_room) {
        const size_t room = 2 * (size_t)at + 64;
        uint8_t *gone = mlpipe__grow(g->store->env, g->gone, room, 1);

        g->gone = gone ? gone : g->gone;
        g->gone_room = gone ? room : g->gone_room;
    }
    if (at == UINT32_MAX || at >= g->gone_room)
        g->failed = true;
    else if (strcmp(e->action, "tag"))
        g->gone[at] = !strcmp(e->action, "drop");
}

static bool gc_was_dropped(const gc_job *g, const char *id)
{
    const uint32_t at = mlpipe__dict_find(&g->told, id, strlen(id));

    return at != UINT32_MAX && g->gone[at];
}

/* In the log, and in the report, what is there still of dropped versions. */
static mlpipe_status gc_tell(gc_job *g, uint32_t *count)
{
    mlpipe__store_entry *entries = mlpipe__alloc_array(
        g->store->env, g->dropped.count, sizeof *entries);
    mlpipe__store_ref *refs = mlpipe__alloc_array(
        g->store->env, g->dropped.count, sizeof *refs);
    mlpipe_status st = entries && refs ? MLPIPE_OK : mlpipe__nomem(g->ctx);
    uint32_t i;

    *count = 0;
    mlpipe__report_table(g->report, "dropped", "kind,name,version");
    for (i = 0; i < g->dropped.count && !st; i++) {
        mlpipe__store_ref *ref = &refs[*count];
        const char *name;

        gc_line(mlpipe__dict_text(&g->dropped, i), ref, &name);
        /* What was told before may lie in a pack still. */
        if (!mlpipe__store_has(g->store, NULL, ref->id) ||
            gc_was_dropped(g, ref->id))
            continue;
        mlpipe__report_cell_text(g->report, ref->kind, strlen(ref->kind));
        mlpipe__report_cell_text(g->report, name, strlen(name));
        mlpipe__report_cell_text(g->report, ref->id, 32);
        entries[*count] = (mlpipe__store_entry){"drop", ref->kind, name,
                                                ref->id, ""};
        ++*count;
    }
    if (!st && *count && !g->dry)
        st = mlpipe__store_log_add(g->ctx, g->store, entries, *count);
    mlpipe__free(g->store->env, entries);
    mlpipe__free(g->store->env, refs);
    return st;
}

/* What a writer of a name left that was killed: names are written under the
 * lock, which is held. Packs are written without it. */
static mlpipe_status gc_temporaries(gc_job *g, const char *folder, bool young)
{
    const mlpipe_io *io = &g->ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__dict names;
    mlpipe__text path;
    mlpipe_status st = mlpipe__store_list(g->ctx, g->store, folder, &names);
    uint32_t i;

    mlpipe__text_init(&path, g->store->env);
    for (i = 0; i < names.count && !st && !g->dry; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        const size_t n = strlen(name);

        if (n <= 4 || strcmp(name + n - 4, ".tmp"))
            continue;
        st = mlpipe__store_path(g->ctx, g->store, folder, name, &path);
        if (st || io->stat(io->user, path.data, &stat) != MLPIPE_IO_OK ||
            (young && g->writers && stat.mtime_ns >= g->began))
            continue;
        if (io->remove(io->user, path.data) == MLPIPE_IO_OK) {
            g->temporaries++;
            g->removed_bytes += stat.size;
        }
    }
    mlpipe__dict_free(&names);
    mlpipe__text_free(&path);
    return st;
}

static mlpipe_status gc_sweep(gc_job *g)
{
    mlpipe_status st = gc_temporaries(g, "refs", false);

    if (!st)
        st = gc_temporaries(g, "tags", false);
    if (!st)
        st = gc_temporaries(g, "packs", true);
    return st ? st : mlpipe__store_sweep(g->ctx, g->store, &g->sweep);
}

/* ---- the call ------------------------------------------------------- */

/* The file system's time is that of a lease that is taken for it. */
static mlpipe_status gc_now(gc_job *g)
{
    mlpipe__store_writer w;
    mlpipe_status st;

    if (g->now || g->older == 0)
        return MLPIPE_OK;
    st = mlpipe__store_lease(g->ctx, g->store, &w);
    if (st)
        return st;
    g->now = w.began / 1000;
    mlpipe__store_release(g->ctx, g->store, &w);
    return MLPIPE_OK;
}

/* Under the lock: no name moves and no writer begins. */
static mlpipe_status gc_run(gc_job *g)
{
    uint32_t dropped = 0;
    mlpipe_status st = mlpipe__store_writers(g->ctx, g->store, g->dry,
                                             &g->writers, &g->began);

    if (!st)
        st = mlpipe__packs_refresh(g->ctx, g->store, NULL);
    if (!st)
        st = mlpipe__store_log_read(g->ctx, g->store, gc_log, g,
                                    NULL);
    if (!st)
        st = gc_mark(g);
    if (!st)
        st = gc_tell(g, &dropped);
    if (!st && !g->dry)
        st = mlpipe__store_gc_begin(g->ctx, g->store);
    g->sweep.objects = &g->objects;
    g->sweep.dry = g->dry;
    g->sweep.writers = g->writers;
    g->sweep.began = g->began;
    if (!st)
        st = gc_sweep(g);
    mlpipe__report_number(g->report, "versions_kept", g->versions.count);
    mlpipe__report_number(g->report, "versions_dropped", dropped);
    mlpipe__report_number(g->report, "objects_removed",
                          (double)g->sweep.removed);
    mlpipe__report_number(g->report, "bytes_removed",
                          (double)(g->removed_bytes +
                                   g->sweep.removed_bytes));
    mlpipe__report_number(g->report, "bytes_kept",
                          (double)g->sweep.kept_bytes);
    mlpipe__report_number(g->report, "objects_young", (double)g->sweep.young);
    mlpipe__report_number(g->report, "temporaries_removed",
                          (double)g->temporaries);
    mlpipe__report_number(g->report, "writers", g->writers);
    mlpipe__report_number(g->report, "dry_run", g->dry);
    return st;
}

static mlpipe_status store_gc(mlpipe_ctx *ctx, const mlpipe_store *s,
                              const mlpipe__params *p, mlpipe_report **out)
{
    gc_job g = {.ctx = ctx, .store = s};
    mlpipe__dict *const dicts[] = {&g.commits, &g.versions, &g.contents,
                                   &g.datasets, &g.dropped, &g.objects,
                                   &g.told};
    void *lock = NULL;
    mlpipe_status st;
    uint32_t i;

    g.keep = (uint64_t)mlpipe__params_get(p, "keep")->integer;
    g.older = (int64_t)(mlpipe__params_get(p, "older")->number * 1e6);
    g.sources = mlpipe__params_get(p, "sources")->number != 0.0;
    g.dry = mlpipe__params_get(p, "dry_run")->number != 0.0;
    for (i = 0; i < 7; i++)
        mlpipe__dict_init(dicts[i], s->env);
    g.report = mlpipe__report_new(ctx->env, "store gc");
    st = mlpipe__store_time_parse(ctx, "store_gc",
                                  mlpipe__params_get(p, "now"), &g.now);
    if (!st)
        st = gc_now(&g);
    if (!st)
        st = mlpipe__store_lock(ctx, s, &lock);
    if (!st)
        st = gc_run(&g);
    mlpipe__store_unlock(ctx, lock);
    for (i = 0; i < 7; i++)
        mlpipe__dict_free(dicts[i]);
    mlpipe__free(s->env, g.gone);
    if (!st)
        return mlpipe__report_seal(ctx, g.report, out);
    mlpipe_report_free(g.report);
    return st;
}

mlpipe_status mlpipe_store_gc(mlpipe_ctx *ctx, mlpipe_store *store,
                              const char *params, mlpipe_report **out)
{
    mlpipe_status st = mlpipe__store_begin(ctx, "mlpipe_store_gc", store);
    mlpipe__params p = {0};

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_store_gc",
                                  mlpipe__store_gc_params,
                                  mlpipe__store_gc_param_count, params, &p);
    if (!st) {
        st = store_gc(ctx, store, &p, out);
        mlpipe__params_free(&p);
    }
    return mlpipe__end(ctx, st);
}
