/* SPDX-License-Identifier: MIT */
/*
 * Containers: sections behind a table of hashes; base_internal.h draws the
 * format. The reader believes nothing before it has checked it, in an order
 * in which every offset is verified before it is followed.
 */
#include "base_internal.h"

enum {
    CONTAINER_HEADER = 64,
    CONTAINER_HASHED = 48, /* header bytes below the hash */
    CONTAINER_ENTRY = 64,
    CONTAINER_ALIGN = 64
};

static const unsigned char container_magic[8] = {0x89, 'M',  'L',  'P',
                                                 '\r', '\n', 0x1a, '\n'};

/* A header and an entry as they lie in the file. */
typedef struct container_header {
    unsigned char magic[8];
    uint16_t major, minor;
    uint32_t header_bytes;
    uint64_t file_bytes, table_offset;
    uint32_t sections, features;
    char kind[4];
    uint32_t zero;
    uint64_t hash[2];
} container_header;

typedef struct container_entry {
    char name[4];
    uint32_t flags;
    uint64_t offset, bytes, elements;
    uint32_t element_type, element_bytes;
    uint64_t hash[2];
    uint64_t zero;
} container_entry;

_Static_assert(sizeof(container_header) == CONTAINER_HEADER
                   && offsetof(container_header, hash) == CONTAINER_HASHED
                   && sizeof(container_entry) == CONTAINER_ENTRY,
               "the structs are the file's layout");

/* ---- building ----------------------------------------------------------- */

void mlpipe__container_init(mlpipe__container *b, mlpipe__env *env)
{
    memset(b, 0, sizeof *b);
    b->env = mlpipe__env_keep(env);
}

void mlpipe__container_free(mlpipe__container *b)
{
    if (!b || !b->env)
        return;
    mlpipe__free(b->env, b->sections);
    mlpipe__free(b->env, b->bytes);
    mlpipe__env_drop(b->env);
    memset(b, 0, sizeof *b);
}

static bool container_name_valid(const char *name)
{
    for (int i = 0; i < MLPIPE__FOURCC_BYTES; i++) {
        const char c = name[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

mlpipe_status mlpipe__container_add(mlpipe_ctx *ctx, mlpipe__container *b,
                                    const char *name, uint32_t flags,
                                    const void *data, size_t bytes)
{
    const uint64_t limit = ctx->env->limits.bundle_sections;
    if (strlen(name) != MLPIPE__FOURCC_BYTES || !container_name_valid(name)
        || mlpipe__container_find(b, name))
        return mlpipe__fail(ctx, MLPIPE_E_INTERNAL,
                            "the section name %q is bad or taken", name);
    if (b->count >= limit)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "more than %llu sections, which is the limit",
                            (unsigned long long)limit);
    mlpipe__section *sections = mlpipe__grow(
        b->env, b->sections, (size_t)b->count + 1, sizeof *sections);
    if (!sections)
        return mlpipe__nomem(ctx);
    b->sections = sections;
    mlpipe__section *s = &sections[b->count++];
    memcpy(s->name, name, MLPIPE__FOURCC_BYTES);
    s->flags = flags;
    s->data = bytes ? data : "";
    s->bytes = bytes;
    s->hash = mlpipe__hash(s->data, bytes);
    return MLPIPE_OK;
}

/* The place of the next payload behind `end`; UINT64_MAX on overflow. */
static uint64_t container_align(uint64_t end)
{
    return end > UINT64_MAX - CONTAINER_ALIGN
               ? UINT64_MAX
               : (end + CONTAINER_ALIGN - 1) / CONTAINER_ALIGN
                     * CONTAINER_ALIGN;
}

static mlpipe__hash128 container_table_hash(const void *header,
                                            const void *table, size_t bytes)
{
    mlpipe__hasher h;
    mlpipe__hasher_init(&h);
    mlpipe__hasher_add(&h, header, CONTAINER_HASHED);
    mlpipe__hasher_add(&h, table, bytes);
    return mlpipe__hasher_end(&h);
}

/* Fill the table; returns the size of the file, UINT64_MAX on overflow. */
static uint64_t container_plan(const mlpipe__container *b,
                               container_entry *table)
{
    uint64_t end = CONTAINER_HEADER + (uint64_t)b->count * CONTAINER_ENTRY;
    for (uint32_t i = 0; i < b->count; i++) {
        const mlpipe__section *s = &b->sections[i];
        container_entry *e = &table[i];
        memcpy(e->name, s->name, MLPIPE__FOURCC_BYTES);
        e->flags = s->flags;
        e->offset = container_align(end);
        e->bytes = e->elements = s->bytes;
        e->element_bytes = 1;
        e->hash[0] = s->hash.lo;
        e->hash[1] = s->hash.hi;
        if (__builtin_add_overflow(e->offset, e->bytes, &end))
            return UINT64_MAX;
    }
    return end;
}

/* The header in front of a table. */
static void container_head(const mlpipe__container *b, const char *kind,
                           const container_entry *table, uint64_t size,
                           container_header *h)
{
    *h = (container_header){.major = MLPIPE__CONTAINER_MAJOR,
                            .minor = MLPIPE__CONTAINER_MINOR,
                            .header_bytes = CONTAINER_HEADER,
                            .file_bytes = size,
                            .table_offset = CONTAINER_HEADER,
                            .sections = b->count};
    memcpy(h->magic, container_magic, sizeof h->magic);
    memcpy(h->kind, kind, sizeof h->kind);
    const mlpipe__hash128 hash = container_table_hash(
        h, table, (size_t)b->count * CONTAINER_ENTRY);
    h->hash[0] = hash.lo;
    h->hash[1] = hash.hi;
}

static void container_put(const mlpipe__container *b, const char *kind,
                          const container_entry *table, uint64_t size,
                          mlpipe__text *out)
{
    static const char zeros[CONTAINER_ALIGN];
    container_header h;
    container_head(b, kind, table, size, &h);
    mlpipe__text_put(out, &h, sizeof h);
    mlpipe__text_put(out, table, (size_t)b->count * CONTAINER_ENTRY);
    for (uint32_t i = 0; i < b->count && !out->failed; i++) {
        mlpipe__text_put(out, zeros, (size_t)table[i].offset - out->size);
        mlpipe__text_put(out, b->sections[i].data, b->sections[i].bytes);
    }
}

mlpipe_status mlpipe__container_write(mlpipe_ctx *ctx,
                                      const mlpipe__container *b,
                                      const char *kind, mlpipe__text *out)
{
    const uint64_t limit = ctx->env->limits.bundle_bytes;
    container_entry *table =
        mlpipe__alloc_array(b->env, b->count, sizeof *table);
    if (!table)
        return mlpipe__nomem(ctx);
    mlpipe_status st = MLPIPE_OK;
    const uint64_t size = container_plan(b, table);
    if (size > limit || size > SIZE_MAX) {
        st = mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                          "it takes %llu bytes; the limit bundle_bytes is "
                          "%llu; raise it in mlpipe_limits",
                          (unsigned long long)size,
                          (unsigned long long)limit);
    } else {
        container_put(b, kind, table, size, out);
        if (out->failed)
            st = mlpipe__nomem(ctx);
    }
    mlpipe__free(b->env, table);
    return st;
}

_Static_assert(MLPIPE__CONTAINER_WRAP == CONTAINER_HEADER + CONTAINER_ENTRY
                   && MLPIPE__CONTAINER_WRAP % CONTAINER_ALIGN == 0,
               "a payload lies directly behind its table");

mlpipe__hash128 mlpipe__container_wrap(const char *kind, const char *name,
                                       char *record, size_t size,
                                       const void *tail, size_t more,
                                       uint32_t vector)
{
    mlpipe__section section = {.flags = MLPIPE__SECTION_REQUIRED};
    const mlpipe__container b = {.sections = &section, .count = 1};
    container_header h;
    container_entry e = {.flags = 0};
    mlpipe__hasher hasher;

    memcpy(section.name, name, MLPIPE__FOURCC_BYTES);
    section.data = record + MLPIPE__CONTAINER_WRAP;
    section.bytes = size - MLPIPE__CONTAINER_WRAP;
    mlpipe__hasher_init(&hasher);
    mlpipe__hasher_wide(&hasher, vector);
    mlpipe__hasher_add(&hasher, section.data, section.bytes);
    mlpipe__hasher_add(&hasher, tail, more);
    section.hash = mlpipe__hasher_end(&hasher);
    section.bytes += more;
    (void)container_plan(&b, &e);
    container_head(&b, kind, &e, size + more, &h);
    memcpy(record, &h, sizeof h);
    memcpy(record + sizeof h, &e, sizeof e);
    return mlpipe__container_id(&b);
}

/* ---- reading ------------------------------------------------------------ */

static mlpipe_status container_damaged(mlpipe_ctx *ctx, const char *what)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "the file is damaged: %s; take it from its source or "
                        "a backup", what);
}

/* Magic, version and sizes; nothing behind the header is touched. */
static mlpipe_status container_check_header(mlpipe_ctx *ctx,
                                            const container_header *h,
                                            size_t size)
{
    const mlpipe_limits *limits = &ctx->env->limits;
    if (size < 8 || memcmp(h->magic, container_magic, sizeof h->magic))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "this is no file of the library: it does not "
                            "begin with its magic bytes; take one that the "
                            "library has saved");
    if (size < CONTAINER_HEADER)
        return container_damaged(ctx, "it ends within its header");
    if (h->major != MLPIPE__CONTAINER_MAJOR
        || h->minor != MLPIPE__CONTAINER_MINOR)
        return mlpipe__fail(
            ctx, MLPIPE_E_VERSION,
            "written in format version %u.%u; this library reads %d.%d, so fit "
            "and save it again with this one",
            (unsigned)h->major, (unsigned)h->minor,
            (int)MLPIPE__CONTAINER_MAJOR, (int)MLPIPE__CONTAINER_MINOR);
    if (h->features)
        return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                            "it needs features 0x%x, which this library does "
                            "not have; take a newer one", h->features);
    if (h->file_bytes != size)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "the file is damaged: it has %zu bytes, its "
                            "header says %llu; take it from its source or a "
                            "backup", size,
                            (unsigned long long)h->file_bytes);
    if (h->sections > limits->bundle_sections)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%u sections; the limit is %llu; raise it in "
                            "mlpipe_limits", h->sections,
                            (unsigned long long)limits->bundle_sections);
    if (h->header_bytes != CONTAINER_HEADER || h->zero
        || h->table_offset != CONTAINER_HEADER
        || h->sections > (size - CONTAINER_HEADER) / CONTAINER_ENTRY)
        return container_damaged(ctx, "its header contradicts itself");
    return MLPIPE_OK;
}

/* One entry against its place; *end moves behind the payload. */
static mlpipe_status container_check_entry(mlpipe_ctx *ctx,
                                           const mlpipe__container *b,
                                           const container_entry *e,
                                           uint64_t *end)
{
    const uint64_t offset = container_align(*end);
    if (!container_name_valid(e->name))
        return container_damaged(ctx, "a section has no proper name");
    if (e->flags & ~(uint32_t)MLPIPE__SECTION_REQUIRED || e->element_type)
        return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                            "section %.*s has flags 0x%x and type %u, which "
                            "this library does not know; take a newer one",
                            (int)MLPIPE__FOURCC_BYTES, e->name, e->flags,
                            e->element_type);
    if (e->zero || e->element_bytes != 1 || e->elements != e->bytes)
        return container_damaged(ctx, "its table contradicts itself");
    if (e->offset != offset || offset > b->size
        || e->bytes > b->size - offset)
        return container_damaged(ctx, "a section lies where none belongs");
    for (uint64_t i = *end; i < offset; i++)
        if (b->bytes[i])
            return container_damaged(ctx, "bytes between sections");
    *end = offset + e->bytes;
    return MLPIPE_OK;
}

static mlpipe_status container_check_sections(mlpipe_ctx *ctx,
                                              mlpipe__container *b,
                                              uint32_t count)
{
    const container_entry *table =
        (const container_entry *)(const void *)(b->bytes + CONTAINER_HEADER);
    uint64_t end = CONTAINER_HEADER + (uint64_t)count * CONTAINER_ENTRY;
    for (uint32_t i = 0; i < count; i++) {
        const container_entry *e = &table[i];
        mlpipe__section *s = &b->sections[i];
        const mlpipe_status st = container_check_entry(ctx, b, e, &end);
        if (st)
            return st;
        memcpy(s->name, e->name, MLPIPE__FOURCC_BYTES);
        if (mlpipe__container_find(b, s->name))
            return container_damaged(ctx, "two sections of one name");
        s->flags = e->flags;
        s->data = b->bytes + e->offset;
        s->bytes = (size_t)e->bytes;
        s->hash = mlpipe__hash(s->data, s->bytes);
        b->count = i + 1;
        if (s->hash.lo != e->hash[0] || s->hash.hi != e->hash[1])
            return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                                "the file is damaged in section %s: its hash "
                                "does not hold; take it from its source or a "
                                "backup", s->name);
    }
    if (end != b->size)
        return container_damaged(ctx, "bytes behind the last section");
    return MLPIPE_OK;
}

/* Of the copy, so that nobody can change what has been checked. */
static mlpipe_status container_check(mlpipe_ctx *ctx, const char *kind,
                                     mlpipe__container *b)
{
    container_header h;
    memcpy(&h, b->bytes, sizeof h);
    mlpipe_status st = container_check_header(ctx, &h, b->size);
    if (st)
        return st;
    const mlpipe__hash128 hash =
        container_table_hash(b->bytes, b->bytes + CONTAINER_HEADER,
                             (size_t)h.sections * CONTAINER_ENTRY);
    if (hash.lo != h.hash[0] || hash.hi != h.hash[1])
        return container_damaged(ctx, "the hash of its table does not hold");
    if (memcmp(h.kind, kind, sizeof h.kind))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "it holds \"%.*s\" where \"%s\" is expected",
                            (int)MLPIPE__FOURCC_BYTES, h.kind, kind);
    b->sections = mlpipe__alloc_array(b->env, h.sections,
                                      sizeof b->sections[0]);
    if (!b->sections)
        return mlpipe__nomem(ctx);
    return container_check_sections(ctx, b, h.sections);
}

bool mlpipe__container_is(const char *kind, const void *bytes, size_t size)
{
    container_header h;
    if (size < sizeof h)
        return false;
    memcpy(&h, bytes, sizeof h);
    return !memcmp(h.magic, container_magic, sizeof h.magic)
           && !memcmp(h.kind, kind, sizeof h.kind);
}

mlpipe_status mlpipe__container_read(mlpipe_ctx *ctx, const char *kind,
                                     const void *bytes, size_t size,
                                     mlpipe__container *out)
{
    const uint64_t limit = ctx->env->limits.bundle_bytes;
    container_header h = {.zero = 0};
    memset(out, 0, sizeof *out);
    if (size > limit)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%zu bytes; the limit bundle_bytes is %llu; raise "
                            "it in mlpipe_limits", size,
                            (unsigned long long)limit);
    if (size)
        memcpy(&h, bytes, size < sizeof h ? size : sizeof h);
    mlpipe_status st = container_check_header(ctx, &h, size);
    if (st)
        return st;
    mlpipe__container_init(out, ctx->env);
    /* from 256 bytes on blocks are 64-byte aligned */
    out->bytes = mlpipe__alloc(ctx->env, size < 256 ? 256 : size);
    if (out->bytes) {
        memcpy(out->bytes, bytes, size);
        out->size = size;
        st = container_check(ctx, kind, out);
    } else {
        st = mlpipe__nomem(ctx);
    }
    if (st)
        mlpipe__container_free(out);
    return st;
}

const mlpipe__section *mlpipe__container_find(const mlpipe__container *b,
                                              const char *name)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (!strcmp(b->sections[i].name, name))
            return &b->sections[i];
    return NULL;
}

mlpipe_status mlpipe__container_known(mlpipe_ctx *ctx,
                                      const mlpipe__container *b,
                                      const char *names)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const mlpipe__section *s = &b->sections[i];
        bool known = !(s->flags & MLPIPE__SECTION_REQUIRED);
        for (const char *at = names; *at && !known;
             at += at[MLPIPE__FOURCC_BYTES] ? MLPIPE__FOURCC_BYTES + 1
                                            : MLPIPE__FOURCC_BYTES)
            known = !memcmp(at, s->name, MLPIPE__FOURCC_BYTES);
        if (!known)
            return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                                "it needs section %s, which this library "
                                "does not know; take a newer one", s->name);
    }
    return MLPIPE_OK;
}

mlpipe__hash128 mlpipe__container_id(const mlpipe__container *b)
{
    mlpipe__hasher h;
    mlpipe__hasher_init(&h);
    for (uint32_t i = 0; i < b->count; i++) {
        const mlpipe__section *s = &b->sections[i];
        const uint64_t parts[4] = {s->flags, s->bytes, s->hash.lo,
                                   s->hash.hi};
        if (!strcmp(s->name, "INFO"))
            continue;
        mlpipe__hasher_add(&h, s->name, MLPIPE__FOURCC_BYTES);
        mlpipe__hasher_add(&h, parts, sizeof parts);
    }
    return mlpipe__hasher_end(&h);
}
