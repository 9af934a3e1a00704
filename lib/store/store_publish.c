/* SPDX-License-Identifier: MIT */
/*
 * A name moves to a new version: objects first, without the lock; then, under
 * it, the commit, the name and the log.
 */
#include "store_internal.h"

enum { PUBLISH_CHANGED_MAX = 1000 }; /* bytes of names of changed columns */

/* What the name points to now. A file that is damaged is replaced, as its
 * message says; the versions before it are in the log alone then. */
static mlpipe_status publish_head(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe__store_change *change,
                                  mlpipe__store_ref *head, bool *found)
{
    mlpipe_status st = mlpipe__store_ref_read(ctx, s, "refs",
                                              change->commit.name, head,
                                              found);

    if (st == MLPIPE_E_CORRUPT && !*change->expect) {
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "store",
                         "the file of the name %q was damaged and is made "
                         "anew; its history begins here",
                         change->commit.name);
        *found = false;
        st = MLPIPE_OK;
    }
    if (!*found)
        memset(head, 0, sizeof *head);
    return st;
}

/* Compare, before swap. */
static mlpipe_status publish_expect(mlpipe_ctx *ctx,
                                    const mlpipe__store_change *change,
                                    const mlpipe__store_ref *head, bool found)
{
    const char *expect = change->expect;

    if (found && strcmp(head->kind, change->commit.kind))
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "store: %q is the name of a %s, not of a %s; take "
                            "another name", change->commit.name, head->kind,
                            change->commit.kind);
    if (!*expect || !strcmp(expect, found ? head->id : "none"))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                        "store: %q is at version %s and %s was expected; "
                        "somebody moved it: look at mlpipe_store_history and "
                        "commit again", change->commit.name,
                        found ? head->id : "none", expect);
}

/* Writes the objects and fills in what they are. */
static mlpipe_status publish_dataset(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     mlpipe__store_writer *w,
                                     mlpipe__store_change *change,
                                     const mlpipe__store_ref *head)
{
    mlpipe__store_manifest old;
    mlpipe_status st;
    bool known = false;

    if (head->id[0]) {
        st = mlpipe__store_manifest_get(ctx, s, head->id, &old);
        known = !st;
        if (st && st != MLPIPE_E_NOT_FOUND && !mlpipe__store_is_damage(st))
            return st;
    }
    change->commit.rows = (uint64_t)mlpipe_dataset_rows(change->dataset);
    change->reading = change->dataset->reading;
    st = mlpipe__store_manifest_put(ctx, s, w, change->dataset,
                                    known ? &old : NULL,
                                    change->commit.version,
                                    change->commit.content);
    if (known)
        mlpipe__store_manifest_free(&old);
    return st;
}

static mlpipe_status publish_model(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w,
                                   mlpipe__store_change *change)
{
    const mlpipe_model *m = change->model;
    mlpipe__store_commit *c = &change->commit;
    mlpipe_buffer *bytes = NULL;
    mlpipe_status st = mlpipe__poll(ctx, "store", 0, 1);

    if (!st)
        st = mlpipe_model_bytes(ctx, m, &bytes);
    if (st)
        return st;
    memcpy(c->version, m->id, sizeof c->version);
    memcpy(c->content, m->train_print, sizeof c->content);
    memcpy(c->valid, m->valid_print, sizeof c->valid);
    c->rows = m->train_rows;
    st = mlpipe__store_put_bytes(ctx, s, w, mlpipe_buffer_data(bytes),
                                 mlpipe_buffer_size(bytes), c->version);
    mlpipe_buffer_free(bytes);
    return st;
}

static mlpipe_status publish_report(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    mlpipe__store_writer *w,
                                    mlpipe__store_change *change)
{
    mlpipe__container object;
    mlpipe__text bytes;
    mlpipe_status st;

    mlpipe__container_init(&object, s->env);
    mlpipe__text_init(&bytes, s->env);
    mlpipe__report_save(change->report, &bytes);
    st = bytes.failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
    if (!st)
        st = mlpipe__container_add(ctx, &object, "REPT",
                                   MLPIPE__SECTION_REQUIRED, bytes.data,
                                   bytes.size);
    /* A report that two versions have is two, so that each is found. */
    if (!st)
        st = mlpipe__container_add(ctx, &object, "ABOU",
                                   MLPIPE__SECTION_REQUIRED,
                                   change->commit.content, 32);
    if (!st)
        st = mlpipe__store_put_object(ctx, s, w, &object, "REPT",
                                      change->commit.version);
    mlpipe__container_free(&object);
    mlpipe__text_free(&bytes);
    return st;
}

static mlpipe_status publish_objects(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     mlpipe__store_writer *w,
                                     mlpipe__store_change *change,
                                     const mlpipe__store_ref *head)
{
    if (change->dataset)
        return publish_dataset(ctx, s, w, change, head);
    return change->model ? publish_model(ctx, s, w, change)
                         : publish_report(ctx, s, w, change);
}

/* ---- the commit ----------------------------------------------------- */

/* "+name" is new, "-name" is gone, "name" is another. */
static void publish_column(mlpipe__text *out, const char *sign,
                           const char *name, uint32_t *left_out)
{
    if (out->size + strlen(name) > PUBLISH_CHANGED_MAX)
        ++*left_out;
    else
        mlpipe__text_add(out, "%s%s%s", out->size ? "," : "", sign, name);
}

/* Rows went or came: all columns that both have are others by that alone, of
 * which a list of them would tell nothing. */
static bool publish_rows_differ(const mlpipe__store_manifest *old,
                                const mlpipe__store_manifest *new)
{
    uint32_t i, at, both = 0;

    for (i = 0; i < new->column_count; i++) {
        at = mlpipe__store_column_find(old, new->columns[i].name);
        if (at == UINT32_MAX)
            continue;
        both++;
        if (old->columns[at].type != new->columns[i].type ||
            old->columns[at].unit != new->columns[i].unit)
            return false;
    }
    return both && old->rows != new->rows;
}

/* The columns in which two manifests differ. */
static void publish_differ(const mlpipe__store_manifest *old,
                           const mlpipe__store_manifest *new,
                           mlpipe__text *out)
{
    const bool all = publish_rows_differ(old, new);
    uint32_t i, at, left_out = 0;

    if (all)
        mlpipe__text_add(out, "all (rows differ)");
    for (i = 0; i < new->column_count; i++) {
        at = mlpipe__store_column_find(old, new->columns[i].name);
        if (at == UINT32_MAX)
            publish_column(out, "+", new->columns[i].name, &left_out);
        else if (!all && !mlpipe__store_column_same(&old->columns[at],
                                                    &new->columns[i]))
            publish_column(out, "", new->columns[i].name, &left_out);
    }
    for (i = 0; i < old->column_count; i++)
        if (mlpipe__store_column_find(new, old->columns[i].name) ==
            UINT32_MAX)
            publish_column(out, "-", old->columns[i].name, &left_out);
    if (left_out)
        mlpipe__text_add(out, " and %u more", left_out);
}

static mlpipe_status publish_changed(mlpipe_ctx *ctx, const mlpipe_store *s,
                                     const mlpipe__store_change *change,
                                     const mlpipe__store_ref *head,
                                     mlpipe__text *out)
{
    mlpipe__store_manifest old, new;
    mlpipe_status st;

    if (!change->dataset || !head->id[0])
        return MLPIPE_OK;
    st = mlpipe__store_manifest_get(ctx, s, head->id, &old);
    if (st == MLPIPE_E_NOT_FOUND || mlpipe__store_is_damage(st))
        return MLPIPE_OK; /* what it was can no longer be told */
    if (st)
        return st;
    st = mlpipe__store_manifest_get(ctx, s, change->commit.version, &new);
    if (!st) {
        publish_differ(&old, &new, out);
        mlpipe__store_manifest_free(&new);
    }
    mlpipe__store_manifest_free(&old);
    return st ? st : out->failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

static void publish_save(const mlpipe__store_commit *c, mlpipe__text *out)
{
    const char *const ids[] = {c->version, c->parent, c->content, c->valid};
    uint32_t i;

    mlpipe__put_text(out, c->kind, strlen(c->kind));
    mlpipe__put_text(out, c->name, strlen(c->name));
    for (i = 0; i < 4; i++)
        mlpipe__put_text(out, ids[i], strlen(ids[i]));
    mlpipe__put_u64(out, (uint64_t)c->time);
    mlpipe__put_u64(out, c->rows);
    mlpipe__put_text(out, c->changed, strlen(c->changed));
    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        mlpipe__put_text(out, c->text[i], strlen(c->text[i]));
}

static mlpipe_status publish_commit(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    mlpipe__store_writer *w,
                                    const mlpipe__store_change *change,
                                    char id[MLPIPE__STORE_ID])
{
    mlpipe__container object;
    mlpipe__text bytes, reading;
    mlpipe_status st;

    mlpipe__container_init(&object, s->env);
    mlpipe__text_init(&bytes, s->env);
    mlpipe__text_init(&reading, s->env);
    publish_save(&change->commit, &bytes);
    if (change->reading)
        mlpipe__report_save(change->reading, &reading);
    st = bytes.failed || reading.failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
    if (!st)
        st = mlpipe__container_add(ctx, &object, "CMIT",
                                   MLPIPE__SECTION_REQUIRED, bytes.data,
                                   bytes.size);
    if (!st && reading.size)
        st = mlpipe__container_add(ctx, &object, "READ", 0, reading.data,
                                   reading.size);
    if (!st)
        st = mlpipe__store_put_object(ctx, s, w, &object, "CMIT", id);
    mlpipe__container_free(&object);
    mlpipe__text_free(&bytes);
    mlpipe__text_free(&reading);
    return st;
}

/* Does the name say all this already? Then nothing is to be told, but the disk
 * may not know yet what a call that failed has left: it is synced again. */
static mlpipe_status publish_known(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   mlpipe__store_writer *w,
                                   const mlpipe__store_change *change,
                                   const mlpipe__store_ref *head, bool *known)
{
    mlpipe__store_commit old;
    mlpipe__text path;
    mlpipe_status st;
    uint32_t i;

    *known = false;
    if (strcmp(head->id, change->commit.version))
        return MLPIPE_OK;
    st = mlpipe__store_commit_get(ctx, s, head->commit, &old);
    if (st)
        return st == MLPIPE_E_NOT_FOUND || mlpipe__store_is_damage(st)
                   ? MLPIPE_OK
                   : st;
    *known = !strcmp(old.version, head->id);
    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        *known &= !*change->commit.text[i] ||
                  !strcmp(change->commit.text[i], old.text[i]);
    mlpipe__store_commit_free(&old);
    if (!*known)
        return MLPIPE_OK;
    mlpipe__text_init(&path, s->env);
    *known = mlpipe__store_has(s, w, head->commit);
    st = mlpipe__store_settle(ctx, s, w);
    if (!st)
        st = mlpipe__store_path(ctx, s, "refs", change->commit.name, &path);
    if (!st && s->sync)
        st = mlpipe__file_sync_folder(ctx, path.data);
    mlpipe__text_free(&path);
    return st;
}

/* The parent's id, unless it cannot be read: a history ends where its file is
 * damaged, and must not make what comes after unreadable. */
static mlpipe_status publish_parent(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    const mlpipe__store_ref *head,
                                    mlpipe__store_change *change)
{
    mlpipe__store_commit old;
    mlpipe_status st;

    change->commit.parent[0] = 0;
    if (!head->commit[0])
        return MLPIPE_OK;
    st = mlpipe__store_commit_get(ctx, s, head->commit, &old);
    if (st == MLPIPE_E_NOT_FOUND || mlpipe__store_is_damage(st)) {
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "store",
                         "the commit %s before this one of %q is damaged; "
                         "its history begins here", head->commit,
                         change->commit.name);
        return MLPIPE_OK;
    }
    if (st)
        return st;
    mlpipe__store_commit_free(&old);
    memcpy(change->commit.parent, head->commit, sizeof head->commit);
    return MLPIPE_OK;
}

/* Under the lock. */
static mlpipe_status publish_move(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  mlpipe__store_writer *w,
                                  mlpipe__store_change *change)
{
    mlpipe__store_commit *c = &change->commit;
    const mlpipe__store_entry entry = {"put", c->kind, c->name, c->version,
                                       c->content};
    mlpipe__store_ref head, ref;
    mlpipe__text changed;
    bool found = false, known = false;
    uint64_t gc = 0;
    mlpipe_status st = mlpipe__store_name_free(ctx, s, "tags", c->name);

    mlpipe__text_init(&changed, s->env);
    if (!st)
        st = publish_head(ctx, s, change, &head, &found);
    if (!st)
        st = publish_expect(ctx, change, &head, found);
    if (!st)
        st = mlpipe__packs_refresh(ctx, s, NULL);
    if (!st)
        st = mlpipe__store_gc_count(ctx, s, &gc);
    if (!st && gc != w->gc) /* look again for what was there before */
        st = publish_objects(ctx, s, w, change, &head);
    if (!st)
        st = publish_known(ctx, s, w, change, &head, &known);
    if (st || known)
        goto done;
    st = publish_changed(ctx, s, change, &head, &changed);
    if (!st)
        st = publish_parent(ctx, s, &head, change);
    c->changed = changed.size ? changed.data : "";
    memcpy(ref.kind, c->kind, strlen(c->kind) + 1);
    memcpy(ref.id, c->version, sizeof ref.id);
    if (!st)
        st = publish_commit(ctx, s, w, change, ref.commit);
    if (!st)
        st = mlpipe__store_settle(ctx, s, w);
    if (!st)
        st = mlpipe__store_point(ctx, s, "refs", c->name, &ref);
    if (!st)
        st = mlpipe__store_log_add(ctx, s, &entry, 1);
done:
    c->changed = "";
    mlpipe__text_free(&changed);
    return st;
}

static void publish_defaults(const mlpipe_store *s,
                             const mlpipe__store_writer *w,
                             mlpipe__store_change *change)
{
    mlpipe__store_commit *c = &change->commit;
    uint32_t i;

    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        if (!c->text[i])
            c->text[i] = "";
    if (!*c->text[MLPIPE__STORE_AUTHOR])
        c->text[MLPIPE__STORE_AUTHOR] = s->author;
    if (!*c->text[MLPIPE__STORE_CODE])
        c->text[MLPIPE__STORE_CODE] = s->code;
    if (!change->expect)
        change->expect = "";
    if (!c->time)
        c->time = w->began / 1000;
    c->changed = "";
}

mlpipe_status mlpipe__store_publish(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    mlpipe__store_change *change)
{
    mlpipe__store_writer w;
    mlpipe__store_ref head;
    void *lock = NULL;
    bool found = false;
    mlpipe_status st = mlpipe__store_name_free(ctx, s, "tags",
                                               change->commit.name);

    if (!st)
        st = mlpipe__store_lease(ctx, s, &w);
    if (st)
        return st;
    publish_defaults(s, &w, change);
    /* Asked before the work as well, which a conflict would waste. */
    st = publish_head(ctx, s, change, &head, &found);
    if (!st)
        st = publish_expect(ctx, change, &head, found);
    if (!st)
        st = publish_objects(ctx, s, &w, change, &head);
    if (!st)
        st = mlpipe__store_write_out(ctx, s, &w);
    if (!st)
        st = mlpipe__store_lock(ctx, s, &lock);
    if (!st)
        st = publish_move(ctx, s, &w, change);
    mlpipe__store_unlock(ctx, lock);
    mlpipe__store_release(ctx, s, &w);
    return st;
}
