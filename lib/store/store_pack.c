/* SPDX-License-Identifier: MIT */
/*
 * Packs: files of records, each of them a container, behind each other, then
 * an index sorted by id, then a footer whose hash of both is the pack's name.
 * The index tells the hash in each record's header, which covers the record:
 * so a name proves all that its pack holds. Packs never change. Their indexes
 * are kept in memory, read when a store is opened and again when something is
 * not found: a gc may have written what it still needs into another pack.
 */
#include "store_internal.h"

enum {
    PACK_VERSION = 1,
    PACK_HASH = 48,    /* where the hash of a container is, in its header */
    PACK_HEADER = 64,  /* bytes of a container at least */
    PACK_INDEX_MOST = 1024 * 1024 * 1024, /* a pack of 1 GiB has less */
    PACK_LOOKS = 16    /* at folders that change under the eyes */
};

static const char pack_magic[8] = {'M', 'L', 'P', 'A', 'C', 'K', '\n', 0};

typedef struct pack_footer {
    char magic[8];
    uint32_t version, count;
    uint64_t index, bytes; /* where it begins; of the file */
    uint64_t hash[2];
} pack_footer;

_Static_assert(sizeof(pack_footer) == 48 &&
                   sizeof(mlpipe__pack_entry) == 40,
               "the structs are the file's layout");

static mlpipe__hash128 pack_hash(const mlpipe__pack_entry *entries,
                                 uint32_t count, const pack_footer *footer)
{
    mlpipe__hasher h;

    mlpipe__hasher_init(&h);
    mlpipe__hasher_add(&h, entries, (size_t)count * sizeof *entries);
    mlpipe__hasher_add(&h, footer, offsetof(pack_footer, hash));
    return mlpipe__hasher_end(&h);
}

uint64_t mlpipe__pack_record_hash(const void *record)
{
    uint64_t hash;

    memcpy(&hash, (const char *)record + PACK_HASH, sizeof hash);
    return hash;
}

void mlpipe__pack_index(const mlpipe__pack_entry *entries, uint32_t count,
                        uint64_t offset, mlpipe__hash128 *name,
                        mlpipe__text *out)
{
    const size_t bytes = (size_t)count * sizeof *entries;
    pack_footer f = {.version = PACK_VERSION,
                     .count = count,
                     .index = offset,
                     .bytes = offset + bytes + sizeof f};

    memcpy(f.magic, pack_magic, sizeof f.magic);
    *name = pack_hash(entries, count, &f);
    f.hash[0] = name->lo;
    f.hash[1] = name->hi;
    mlpipe__text_put(out, entries, bytes);
    mlpipe__text_put(out, &f, sizeof f);
}

/* ---- reading an index ----------------------------------------------- */

static int32_t pack_compare(const mlpipe__pack_entry *e, uint64_t hi,
                            uint64_t lo)
{
    if (e->hi != hi)
        return e->hi < hi ? -1 : 1;
    return e->lo < lo ? -1 : e->lo > lo;
}

/* Rising ids, and records that fill all in front of the index. */
static bool pack_plausible(const mlpipe__pack *p, uint64_t index)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < p->count; i++) {
        const mlpipe__pack_entry *e = &p->entries[i];

        if (e->bytes < PACK_HEADER || e->offset > index ||
            e->bytes > index - e->offset || e->bytes > index - sum ||
            (i && pack_compare(e - 1, e->hi, e->lo) >= 0))
            return false;
        sum += e->bytes;
    }
    return sum == index;
}

/* A record takes 64 bytes and more, so that a file of so many bytes bounds
 * its index; one with holes is bounded by `most`. */
static bool pack_footer_good(const pack_footer *f, uint64_t size,
                             uint64_t most)
{
    return !memcmp(f->magic, pack_magic, sizeof f->magic) &&
           f->version == PACK_VERSION && f->bytes == size &&
           f->index <= size - sizeof *f && size - f->index <= most &&
           f->count <= f->index / PACK_HEADER &&
           (size - sizeof *f - f->index) / sizeof(mlpipe__pack_entry) ==
               f->count &&
           (size - sizeof *f - f->index) % sizeof(mlpipe__pack_entry) == 0;
}

/* Exactly so many bytes; fewer are damage. */
static mlpipe_status pack_read(mlpipe_ctx *ctx, void *file, const char *path,
                               uint64_t offset, void *to, size_t bytes)
{
    const mlpipe_io *io = &ctx->env->io;
    size_t got = 0;
    const int32_t r = io->read_at(io->user, file, offset, to, bytes, &got);

    if (r != MLPIPE_IO_OK)
        return mlpipe__io_fail(ctx, r, "read", path);
    if (got == bytes)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "store: the pack %q ends %zu bytes early; take it "
                        "from a backup", path, bytes - got);
}

/* A damaged index is E_CORRUPT without a text: who misses what the pack held
 * is told of it by packs_miss. */
static mlpipe_status pack_parse(mlpipe_ctx *ctx, mlpipe__env *env,
                                void *file, const char *path,
                                mlpipe__pack *p)
{
    mlpipe__hash128 hash;
    pack_footer f;
    mlpipe_status st;

    if (p->bytes < sizeof f)
        return MLPIPE_E_CORRUPT;
    st = pack_read(ctx, file, path, p->bytes - sizeof f, &f, sizeof f);
    if (!st && !pack_footer_good(&f, p->bytes, PACK_INDEX_MOST))
        st = MLPIPE_E_CORRUPT;
    if (st)
        return st;
    p->entries = mlpipe__alloc_array(env, f.count, sizeof *p->entries);
    if (!p->entries)
        return mlpipe__nomem(ctx);
    st = pack_read(ctx, file, path, f.index, p->entries,
                   (size_t)f.count * sizeof *p->entries);
    if (st)
        return st;
    p->count = f.count;
    hash = pack_hash(p->entries, f.count, &f);
    if (hash.lo != f.hash[0] || hash.hi != f.hash[1] ||
        hash.lo != p->name.lo || hash.hi != p->name.hi ||
        !pack_plausible(p, f.index))
        return MLPIPE_E_CORRUPT;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__pack_path(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__pack *p, mlpipe__text *path)
{
    char name[MLPIPE__STORE_ID];

    mlpipe__hash_hex(p->name, name);
    return mlpipe__store_path(ctx, s, "packs", name, path);
}

/* Reads the index; *there: it has not been taken away. Damage is kept. */
static mlpipe_status pack_load(mlpipe_ctx *ctx, const mlpipe_store *s,
                               mlpipe__pack *p, bool *there)
{
    const mlpipe_io *io = &ctx->env->io;
    mlpipe_io_stat stat;
    mlpipe__text path;
    void *file = NULL;
    int32_t r;
    mlpipe_status st;

    mlpipe__text_init(&path, s->env);
    st = mlpipe__pack_path(ctx, s, p, &path);
    if (st)
        goto done;
    r = io->stat(io->user, path.data, &stat);
    if (r == MLPIPE_IO_OK)
        r = io->open(io->user, path.data, MLPIPE_IO_READ, &file);
    *there = r != MLPIPE_IO_NOT_FOUND;
    if (r != MLPIPE_IO_OK) {
        if (*there)
            st = mlpipe__io_fail(ctx, r, "open", path.data);
        goto done;
    }
    p->bytes = stat.size;
    st = pack_parse(ctx, s->env, file, path.data, p);
    (void)io->close(io->user, file);
    p->damaged = st == MLPIPE_E_CORRUPT;
    if (st) {
        mlpipe__free(s->env, p->entries);
        p->entries = NULL;
        p->count = 0;
    }
    if (p->damaged)
        st = MLPIPE_OK;
done:
    mlpipe__text_free(&path);
    return st;
}

/* ---- all packs ------------------------------------------------------ */

static void pack_free(mlpipe__env *env, mlpipe__pack *p)
{
    mlpipe__free(env, p->entries);
    mlpipe__free(env, p->doubts);
    p->entries = NULL;
    p->doubts = NULL;
}

mlpipe_status mlpipe__packs_add(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const mlpipe__pack *p)
{
    mlpipe__packs *all = s->packs;

    if (all->count == all->room) {
        const uint32_t room = all->room ? 2 * all->room : 8;
        mlpipe__pack *items = mlpipe__grow(s->env, all->items, room,
                                           sizeof *items);

        if (!items)
            return mlpipe__nomem(ctx);
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = *p;
    return MLPIPE_OK;
}

void mlpipe__packs_free(mlpipe_store *s)
{
    uint32_t i;

    if (!s->packs)
        return;
    for (i = 0; i < s->packs->count; i++)
        pack_free(s->env, &s->packs->items[i]);
    mlpipe__free(s->env, s->packs->items);
    mlpipe__free(s->env, s->packs);
}

/* Forgets what is no longer in the folder, what is there twice, and what is
 * damaged, which may have come back from a backup; notes in `known` the rest.
 */
static mlpipe_status packs_forget(mlpipe_ctx *ctx, const mlpipe_store *s,
                                  const mlpipe__dict *names,
                                  mlpipe__dict *known, bool *changed)
{
    mlpipe__packs *all = s->packs;
    uint32_t i, kept = 0;
    bool failed = false;

    for (i = 0; i < all->count; i++) {
        char name[MLPIPE__STORE_ID];
        const bool damaged = all->items[i].damaged;
        bool gone;

        mlpipe__hash_hex(all->items[i].name, name);
        gone = mlpipe__dict_find(names, name, 32) == UINT32_MAX;
        *changed |= gone;
        if (gone || damaged ||
            mlpipe__dict_find(known, name, 32) != UINT32_MAX) {
            pack_free(s->env, &all->items[i]);
            continue;
        }
        failed |= mlpipe__dict_add(known, name, 32) == UINT32_MAX;
        all->items[kept++] = all->items[i];
    }
    all->count = kept;
    return failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

mlpipe_status mlpipe__packs_refresh(mlpipe_ctx *ctx, const mlpipe_store *s,
                                    bool *changed)
{
    mlpipe__dict names, known;
    mlpipe_status st = mlpipe__store_list(ctx, s, "packs", &names);
    bool ignored, there = false;
    uint32_t i;

    changed = changed ? changed : &ignored;
    *changed = false;
    mlpipe__dict_init(&known, s->env);
    if (!st)
        st = packs_forget(ctx, s, &names, &known, changed);
    for (i = 0; i < names.count && !st; i++) {
        const char *name = mlpipe__dict_text(&names, i);
        mlpipe__pack p = {.count = 0};

        if (!mlpipe__hash_from_hex(name, mlpipe__dict_bytes(&names, i),
                                   &p.name) ||
            mlpipe__dict_find(&known, name, 32) != UINT32_MAX)
            continue;
        st = pack_load(ctx, s, &p, &there);
        *changed |= !p.damaged;
        if (!st && there)
            st = mlpipe__packs_add(ctx, s, &p);
        if (st)
            pack_free(s->env, &p);
    }
    mlpipe__dict_free(&names);
    mlpipe__dict_free(&known);
    return st;
}

const mlpipe__pack_entry *mlpipe__pack_find(const mlpipe__pack *p,
                                            mlpipe__hash128 id)
{
    uint32_t low = 0, high = p->count;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        const int32_t order = pack_compare(&p->entries[mid], id.hi, id.lo);

        if (order == 0)
            return &p->entries[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* One that is not known as damaged, if there is one. */
static const mlpipe__pack_entry *packs_find(const mlpipe_store *s,
                                            mlpipe__hash128 id,
                                            mlpipe__pack **pack,
                                            bool *doubted)
{
    const mlpipe__pack_entry *found = NULL;
    uint32_t i;

    *doubted = false;
    for (i = s->packs->count; i-- > 0;) { /* the newest first */
        mlpipe__pack *p = &s->packs->items[i];
        const mlpipe__pack_entry *e = mlpipe__pack_find(p, id);

        if (!e || (found && p->doubts && p->doubts[e - p->entries]))
            continue;
        found = e;
        *pack = p;
        *doubted = p->doubts && p->doubts[e - p->entries];
        if (!*doubted)
            break;
    }
    return found;
}

void mlpipe__pack_doubt(const mlpipe_store *s, mlpipe__pack *p,
                        const mlpipe__pack_entry *e)
{
    if (!p->doubts)
        p->doubts = mlpipe__alloc(s->env, p->count);
    if (p->doubts)
        p->doubts[e - p->entries] = 1;
}

bool mlpipe__packs_doubt(const mlpipe_store *s, const char *id)
{
    const mlpipe__pack_entry *e;
    mlpipe__pack *pack = NULL;
    mlpipe__hash128 hash;
    bool doubted;

    if (!mlpipe__hash_from_hex(id, strlen(id), &hash) ||
        (s->packs->writer &&
         mlpipe__store_pending(s->packs->writer, hash) != UINT32_MAX))
        return false;
    e = packs_find(s, hash, &pack, &doubted);
    if (!e || doubted)
        return false;
    mlpipe__pack_doubt(s, pack, e);
    /* Without memory for the note there is no other copy to be found. */
    e = pack->doubts ? packs_find(s, hash, &pack, &doubted) : NULL;
    return e && !doubted;
}

/* ---- records -------------------------------------------------------- */

mlpipe_status mlpipe__pack_record(mlpipe_ctx *ctx, void *file,
                                  const char *path,
                                  const mlpipe__pack_entry *e, char **data)
{
    const uint64_t limit = ctx->env->limits.bundle_bytes;
    mlpipe_status st;

    *data = NULL;
    if (e->bytes > limit)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "store: a record of %q has %llu bytes, the limit "
                            "bundle_bytes is %llu; raise it", path,
                            (unsigned long long)e->bytes,
                            (unsigned long long)limit);
    *data = mlpipe__alloc(ctx->env, (size_t)e->bytes);
    if (!*data)
        return mlpipe__nomem(ctx);
    st = pack_read(ctx, file, path, e->offset, *data, (size_t)e->bytes);
    if (!st && mlpipe__pack_record_hash(*data) != e->hash)
        st = mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                          "store: a record of %q is another than its index "
                          "tells; take the pack from a backup", path);
    if (st) {
        mlpipe__free(ctx->env, *data);
        *data = NULL;
    }
    return st;
}

mlpipe_status mlpipe__pack_get(mlpipe_ctx *ctx, const mlpipe_store *s,
                               const mlpipe__pack *p,
                               const mlpipe__pack_entry *e, char **data)
{
    const mlpipe_io *io = &ctx->env->io;
    void *file = NULL;
    mlpipe__text path;
    mlpipe_status st;
    int32_t r;

    *data = NULL;
    mlpipe__text_init(&path, s->env);
    st = mlpipe__pack_path(ctx, s, p, &path);
    if (!st) {
        r = io->open(io->user, path.data, MLPIPE_IO_READ, &file);
        if (r != MLPIPE_IO_OK)
            st = mlpipe__io_fail(ctx, r, "open", path.data);
    }
    if (!st) {
        st = mlpipe__pack_record(ctx, file, path.data, e, data);
        (void)io->close(io->user, file);
    }
    mlpipe__text_free(&path);
    return st;
}

/* Why it was not found. */
static mlpipe_status packs_miss(mlpipe_ctx *ctx, const mlpipe_store *s,
                                const char *id)
{
    uint32_t i, damaged = 0;

    for (i = 0; i < s->packs->count; i++)
        damaged += s->packs->items[i].damaged;
    if (damaged)
        mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                     "store: object %s is in no pack of %q that is whole, and "
                     "%u packs are damaged; take the store from a backup", id,
                     s->path, damaged);
    else
        mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                     "store: object %s is in no pack of %q: a gc took it, or "
                     "files were lost", id, s->path);
    return mlpipe__fail_where(ctx, id);
}

mlpipe_status mlpipe__store_read_bytes(mlpipe_ctx *ctx,
                                       const mlpipe_store *s, const char *id,
                                       char **data, size_t *bytes)
{
    const mlpipe__pack_entry *e;
    mlpipe__pack *pack = NULL;
    mlpipe__hash128 hash;
    mlpipe_status st;
    bool changed = true, doubted;
    uint32_t looks;

    *data = NULL;
    *bytes = 0;
    if (!mlpipe__hash_from_hex(id, strlen(id), &hash))
        return packs_miss(ctx, s, id);
    if (s->packs->writer &&
        mlpipe__store_pending(s->packs->writer, hash) != UINT32_MAX)
        return mlpipe__store_pending_get(ctx, s, s->packs->writer, hash, data,
                                         bytes);
    /* A list that is read while a gc writes a pack and removes another may
     * show neither: only the second one that says the same is believed. */
    for (looks = 0; looks < PACK_LOOKS; looks++) {
        e = packs_find(s, hash, &pack, &doubted);
        if (e) {
            *bytes = (size_t)e->bytes;
            st = mlpipe__pack_get(ctx, s, pack, e, data);
            if (st == MLPIPE_E_CORRUPT && mlpipe__packs_doubt(s, id))
                continue;
            if (st != MLPIPE_E_NOT_FOUND)
                return st;
        } else if (looks > 1 && !changed) {
            break;
        }
        st = mlpipe__packs_refresh(ctx, s, &changed);
        if (st)
            return st;
    }
    *bytes = 0;
    return packs_miss(ctx, s, id);
}

bool mlpipe__store_has(const mlpipe_store *s, mlpipe__store_writer *w,
                       const char *id)
{
    mlpipe__pack *pack = NULL;
    mlpipe__hash128 hash;
    bool doubted;

    if (!mlpipe__hash_from_hex(id, strlen(id), &hash))
        return false;
    if (w && mlpipe__store_pending(w, hash) != UINT32_MAX)
        return true;
    if (!packs_find(s, hash, &pack, &doubted) || doubted)
        return false;
    if (w)
        w->used = true;
    return true;
}
