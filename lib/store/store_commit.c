/* SPDX-License-Identifier: MIT */
/*
 * Commits: which version a name had, when, why and from where; and the walk
 * from the newest to the first.
 */
#include "store_internal.h"

const char *const mlpipe__store_text_names[MLPIPE__STORE_TEXTS] = {
    "note", "author", "uri", "licence", "source", "retrieved", "key", "code"};

/* ---- times ---------------------------------------------------------- */

void mlpipe__store_time(int64_t us, char out[32])
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t days = us / day_us, rest = us % day_us;
    char part[6][3];
    int32_t y, m, d, i;

    out[0] = 0;
    if (!us)
        return;
    if (rest < 0) {
        rest += day_us;
        days--;
    }
    mlpipe__civil_from_days(days, &y, &m, &d);
    rest /= 1000000;
    for (i = 0; i < 5; i++) {
        const int32_t x = i == 0   ? m
                          : i == 1 ? d
                          : i == 2 ? (int32_t)(rest / 3600)
                          : i == 3 ? (int32_t)(rest / 60 % 60)
                                   : (int32_t)(rest % 60);

        mlpipe__format(part[i], 3, x < 10 ? "0%d" : "%d", x);
    }
    mlpipe__format(out, 32, "%d-%s-%sT%s:%s:%sZ", y, part[0], part[1],
                   part[2], part[3], part[4]);
}

mlpipe_status mlpipe__store_time_parse(mlpipe_ctx *ctx, const char *owner,
                                       const mlpipe__setting *setting,
                                       int64_t *us)
{
    static const char *const patterns[] = {
        "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S[%z]", "%Y-%m-%d %H:%M:%S[%z]",
        "%Y-%m-%dT%H:%M:%S.%f[%z]", "%Y-%m-%d %H:%M[%z]"};
    const char *text = setting->text;
    uint32_t i;

    *us = 0;
    if (!*text)
        return MLPIPE_OK;
    for (i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (mlpipe__date_parse(patterns[i], text, strlen(text), us))
            return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "%s: %s=%q is no time; write it as 2026-01-31 or "
                        "2026-01-31T12:00:00Z", owner, setting->param->name,
                        text);
}

/* ---- reading -------------------------------------------------------- */

static bool commit_id(mlpipe__cursor *in, bool empty_too,
                      char id[MLPIPE__STORE_ID])
{
    mlpipe__hash128 hash;
    uint32_t bytes;
    const char *text = mlpipe__get_text(in, &bytes);

    id[0] = 0;
    if (in->failed || (!bytes && empty_too))
        return !in->failed;
    if (bytes != 32 || !mlpipe__hash_from_hex(text, 32, &hash))
        return false;
    memcpy(id, text, 33);
    return true;
}

static bool commit_parse(const mlpipe__section *section,
                         mlpipe__store_commit *c)
{
    mlpipe__cursor in;
    uint32_t i;

    if (!section)
        return false;
    mlpipe__cursor_init(&in, section->data, section->bytes);
    c->kind = mlpipe__get_text(&in, NULL);
    c->name = mlpipe__get_text(&in, NULL);
    if (!commit_id(&in, false, c->version) ||
        !commit_id(&in, true, c->parent) || !commit_id(&in, true, c->content) ||
        !commit_id(&in, true, c->valid))
        return false;
    c->time = (int64_t)mlpipe__get_u64(&in);
    c->rows = mlpipe__get_u64(&in);
    c->changed = mlpipe__get_text(&in, NULL);
    for (i = 0; i < MLPIPE__STORE_TEXTS; i++)
        c->text[i] = mlpipe__get_text(&in, NULL);
    return mlpipe__cursor_done(&in) &&
           strlen(c->name) <= MLPIPE__STORE_NAME_MAX &&
           (!strcmp(c->kind, "dataset") || !strcmp(c->kind, "model") ||
            !strcmp(c->kind, "report"));
}

mlpipe_status mlpipe__store_commit_get(mlpipe_ctx *ctx, const mlpipe_store *s,
                                       const char *id,
                                       mlpipe__store_commit *out)
{
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    st = mlpipe__store_get_object(ctx, s, id, "CMIT", &out->object);
    if (st)
        return st;
    st = mlpipe__container_known(ctx, &out->object, "CMIT,READ");
    if (!st && !commit_parse(mlpipe__container_find(&out->object, "CMIT"),
                             out))
        st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                          "store: the commit %s is damaged; take the store "
                          "from a backup", id);
    if (!st)
        return MLPIPE_OK;
    mlpipe__store_commit_free(out);
    return mlpipe__fail_where(ctx, id);
}

void mlpipe__store_commit_free(mlpipe__store_commit *c)
{
    if (c->object.env)
        mlpipe__container_free(&c->object);
    memset(c, 0, sizeof *c);
}

/* ---- walking -------------------------------------------------------- */

typedef bool (*commit_visit)(void *arg, const char *id,
                             const mlpipe__store_commit *c);

/* seen (or NULL) holds commits that were visited: a chain ends at one. */
static mlpipe_status commit_chain(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *first, mlpipe__dict *seen,
                                  commit_visit visit, void *arg)
{
    char id[MLPIPE__STORE_ID];
    mlpipe__store_commit c;
    mlpipe_status st = MLPIPE_OK;
    uint64_t count = 0;
    bool more = true;

    mlpipe__format(id, sizeof id, "%s", first);
    /* An id is a hash of what it names, its parent included: no rings. */
    while (id[0] && more && !st) {
        if (seen) {
            const uint32_t known = seen->count;
            const uint32_t at = mlpipe__dict_add(seen, id, 32);

            if (at == UINT32_MAX)
                return mlpipe__nomem(ctx);
            if (at < known)
                return MLPIPE_OK;
        }
        st = mlpipe__poll(ctx, "history", count++ % 1024, 1024);
        if (!st)
            st = mlpipe__store_commit_get(ctx, s, id, &c);
        if (st == MLPIPE_E_NOT_FOUND)
            st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                              "store: the commit %s is not there; take the "
                              "store from a backup", id);
        if (st)
            break;
        more = visit(arg, id, &c);
        memcpy(id, c.parent, sizeof id);
        mlpipe__store_commit_free(&c);
    }
    return st;
}

mlpipe_status mlpipe__store_chain(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const char *first, commit_visit visit,
                                  void *arg)
{
    return commit_chain(ctx, s, first, NULL, visit, arg);
}

static mlpipe_status commit_folder(mlpipe_ctx *ctx, const mlpipe_store *s,
                                   const char *folder, mlpipe__dict *seen,
                                   commit_visit visit, void *arg)
{
    mlpipe__store_ref ref;
    mlpipe__dict names;
    mlpipe_status st = mlpipe__store_list(ctx, s, folder, &names);
    uint32_t i;
    bool found;

    for (i = 0; i < names.count && !st; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        const size_t n = strlen(name);

        if (n > 4 && !strcmp(name + n - 4, ".tmp"))
            continue; /* what a writer left that was killed */
        st = mlpipe__store_ref_read(ctx, s, folder, name, &ref, &found);
        if (!st && found)
            st = commit_chain(ctx, s, ref.commit, seen, visit, arg);
    }
    mlpipe__dict_free(&names);
    return st;
}

mlpipe_status mlpipe__store_walk(mlpipe_ctx *ctx, const mlpipe_store *s,
                                 commit_visit visit, void *arg)
{
    mlpipe__dict seen;
    mlpipe_status st;

    mlpipe__dict_init(&seen, s->env);
    st = commit_folder(ctx, s, "refs", &seen, visit, arg);
    if (!st)
        st = commit_folder(ctx, s, "tags", &seen, visit, arg);
    mlpipe__dict_free(&seen);
    return st;
}
