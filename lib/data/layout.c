/* SPDX-License-Identifier: MIT */
/*
 * How the host's record looks, and the tokens of its texts. One thread may
 * append tokens while others read them: what they share changes under a lock
 * that is held for a few instructions, and never while memory is asked for.
 */
#include "data_internal.h"

enum { LAYOUT_MAX_RECORD = 1 << 20, LAYOUT_PIECE = 256 };

size_t mlpipe__kind_bytes(int32_t kind)
{
    static const uint8_t bytes[] = {0, 8, 4, 8, 4, 2, 1, 8, 4, 2, 1, 1, 4};

    return kind >= MLPIPE_F64 && kind <= MLPIPE_TOKEN ? bytes[kind] : 0;
}

/* ---- life --------------------------------------------------------------- */

static mlpipe_status layout_new(mlpipe_ctx *ctx, size_t record_bytes,
                                mlpipe_layout **out)
{
    if (!out)
        return mlpipe__null_arg(ctx, "out");
    *out = NULL;
    if (!record_bytes || record_bytes > LAYOUT_MAX_RECORD)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "a record of %zu bytes; it must have 1 to %d",
                            record_bytes, (int)LAYOUT_MAX_RECORD);
    mlpipe_layout *l = mlpipe__alloc(ctx->env, sizeof *l);
    if (!l)
        return mlpipe__nomem(ctx);
    atomic_init(&l->refs, 1);
    atomic_init(&l->bound, false);
    atomic_flag_clear(&l->token_lock);
    l->env = mlpipe__env_keep(ctx->env);
    l->record_bytes = record_bytes;
    mlpipe__dict_init(&l->names, l->env);
    mlpipe__dict_init(&l->tokens, l->env);
    *out = l;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_layout_new(mlpipe_ctx *ctx, size_t record_bytes,
                                mlpipe_layout **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_layout_new");

    if (out)
        *out = NULL;
    if (!st)
        st = layout_new(ctx, record_bytes, out);
    return mlpipe__end(ctx, st);
}

mlpipe_layout *mlpipe__layout_keep(const mlpipe_layout *l)
{
    mlpipe_layout *kept = (mlpipe_layout *)l;

    atomic_fetch_add_explicit(&kept->refs, 1, memory_order_relaxed);
    return kept;
}

void mlpipe__layout_bind(mlpipe_layout *l)
{
    atomic_store(&l->bound, true);
}

void mlpipe__layout_drop(mlpipe_layout *l)
{
    if (!l
        || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    mlpipe__env *env = l->env;
    for (uint32_t i = 0; i < l->field_count; i++)
        mlpipe__free(env, (void *)l->fields[i].name);
    mlpipe__free(env, l->fields);
    mlpipe__dict_free(&l->names);
    mlpipe__dict_free(&l->tokens);
    mlpipe__free(env, l);
    mlpipe__env_drop(env);
}

void mlpipe_layout_free(mlpipe_layout *l)
{
    mlpipe__layout_drop(l);
}

/* ---- fields ------------------------------------------------------------- */

int32_t mlpipe__layout_find(const mlpipe_layout *l, const char *name)
{
    const uint32_t at = mlpipe__dict_find(&l->names, name, strlen(name));

    return at == UINT32_MAX ? -1 : (int32_t)at;
}

/* May the fields still change? */
static mlpipe_status layout_open(mlpipe_ctx *ctx, const mlpipe_layout *l,
                                 const char *name)
{
    if (!l)
        return mlpipe__null_arg(ctx, "layout");
    if (!name)
        return mlpipe__null_arg(ctx, "name");
    if (atomic_load(&((mlpipe_layout *)l)->bound))
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "the layout is bound to a builder, predictor or "
                            "slot, so that %q cannot be changed any more; "
                            "describe all fields first", name);
    return MLPIPE_OK;
}

/* Appends a field; kind 0 = absent. */
static mlpipe_status layout_append(mlpipe_ctx *ctx, mlpipe_layout *l,
                                   const char *name, int32_t kind,
                                   uint32_t offset)
{
    if (!*name || !mlpipe__utf8_valid(name, strlen(name)))
        return mlpipe__fail(ctx, MLPIPE_E_ARG, "%q is no name for a field; "
                            "it must be UTF-8 and not empty", name);
    if (mlpipe__layout_find(l, name) >= 0)
        return mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                            "the layout has %q already; a field is described "
                            "once", name);
    if (l->field_count == l->field_room) {
        const uint32_t room = l->field_room ? l->field_room * 2 : 16;
        mlpipe__field *grown = mlpipe__grow(l->env, l->fields, room,
                                            sizeof grown[0]);
        if (!grown)
            return mlpipe__nomem(ctx);
        l->fields = grown;
        l->field_room = room;
    }
    char *copy = mlpipe__strdup(l->env, name, strlen(name));
    if (!copy
        || mlpipe__dict_add(&l->names, name, strlen(name)) == UINT32_MAX) {
        mlpipe__free(l->env, copy);
        return mlpipe__nomem(ctx);
    }
    l->fields[l->field_count++] = (mlpipe__field){
        .name = copy, .kind = kind, .offset = offset};
    return MLPIPE_OK;
}

static mlpipe_status layout_field(mlpipe_ctx *ctx, mlpipe_layout *l,
                                  const char *name, int32_t kind,
                                  size_t offset)
{
    const mlpipe_status st = layout_open(ctx, l, name);
    const size_t bytes = mlpipe__kind_bytes(kind);

    if (st)
        return st;
    if (!bytes)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "field %q: %d is no kind; it must be MLPIPE_F64 "
                            "(%d) to MLPIPE_TOKEN (%d)", name, kind,
                            MLPIPE_F64, MLPIPE_TOKEN);
    if (offset > l->record_bytes || bytes > l->record_bytes - offset)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "field %q: %zu bytes at offset %zu pass the end "
                            "of the record of %zu bytes", name, bytes,
                            offset, l->record_bytes);
    return layout_append(ctx, l, name, kind, (uint32_t)offset);
}

mlpipe_status mlpipe_layout_field(mlpipe_ctx *ctx, mlpipe_layout *l,
                                  const char *name, int32_t kind,
                                  size_t offset)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_layout_field");

    if (!st)
        st = layout_field(ctx, l, name, kind, offset);
    return mlpipe__end(ctx, st);
}

static mlpipe_status layout_lacks(mlpipe_ctx *ctx, const mlpipe_layout *l,
                                  const char *name)
{
    const char **known =
        mlpipe__alloc_array(ctx->env, l->field_count, sizeof *known);
    if (!known)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < l->field_count; i++)
        known[i] = l->fields[i].name;
    const char *near =
        mlpipe__nearest(name, strlen(name), known, l->field_count);
    mlpipe__fail(ctx, MLPIPE_E_NOT_FOUND,
                 near ? "the layout has no field %q; did you mean %q?"
                      : "the layout has no field %q; describe it first",
                 name, near);
    mlpipe__free(ctx->env, known);
    return MLPIPE_E_NOT_FOUND;
}

static mlpipe_status layout_missing(mlpipe_ctx *ctx, mlpipe_layout *l,
                                    const char *name, double value)
{
    const mlpipe_status st = layout_open(ctx, l, name);

    if (st)
        return st;
    const int32_t at = mlpipe__layout_find(l, name);
    if (at < 0 || !l->fields[at].kind)
        return layout_lacks(ctx, l, name);
    mlpipe__field *f = &l->fields[at];
    if (f->kind == MLPIPE_TOKEN)
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "field %q is a token, where 0 means missing",
                            name);
    f->has_missing = true;
    /* A float field holds the nearest float of a value such as -999.9. */
    f->missing = f->kind == MLPIPE_F32 ? (double)(float)value : value;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_layout_missing(mlpipe_ctx *ctx, mlpipe_layout *l,
                                    const char *name, double value)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_layout_missing");

    if (!st)
        st = layout_missing(ctx, l, name, value);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_layout_absent(mlpipe_ctx *ctx, mlpipe_layout *l,
                                   const char *name)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_layout_absent");

    if (!st)
        st = layout_open(ctx, l, name);
    if (!st)
        st = layout_append(ctx, l, name, 0, 0);
    return mlpipe__end(ctx, st);
}

/* ---- values ------------------------------------------------------------- */

/* Reads a C type at any alignment. */
#define LAYOUT_READ(type, test)                                            \
    do {                                                                   \
        type v;                                                            \
        memcpy(&v, p, sizeof v);                                           \
        x = (double)(test);                                                \
    } while (0)

double mlpipe__field_number(const mlpipe__field *f, const void *record)
{
    const char *p = (const char *)record + f->offset;
    double x = 0;

    switch (f->kind) {
    case MLPIPE_F64: LAYOUT_READ(double, v); break;
    case MLPIPE_F32: LAYOUT_READ(float, v); break;
    case MLPIPE_I64: LAYOUT_READ(int64_t, v); break;
    case MLPIPE_I32: LAYOUT_READ(int32_t, v); break;
    case MLPIPE_I16: LAYOUT_READ(int16_t, v); break;
    case MLPIPE_I8: LAYOUT_READ(int8_t, v); break;
    case MLPIPE_U64: LAYOUT_READ(uint64_t, v); break;
    case MLPIPE_U32: LAYOUT_READ(uint32_t, v); break;
    case MLPIPE_U16: LAYOUT_READ(uint16_t, v); break;
    case MLPIPE_U8: LAYOUT_READ(uint8_t, v); break;
    case MLPIPE_BOOL: LAYOUT_READ(uint8_t, v != 0); break;
    default: return mlpipe__nan();
    }
    return f->has_missing && x == f->missing ? mlpipe__nan() : x;
}

double mlpipe__time_us(int64_t count, int32_t unit)
{
    static const double times[] = {1, 1e6, 1e3, 1};

    if (unit == MLPIPE_UNIT_NS)
        return (double)(count / 1000 - (count % 1000 < 0));
    return (double)count * times[unit];
}

double mlpipe__field_time(const mlpipe__field *f, const void *record,
                          int32_t unit)
{
    const double x = mlpipe__field_number(f, record);
    int64_t count;

    /* a double does not hold all nanoseconds of our days */
    if (f->kind == MLPIPE_I64 && x == x) {
        memcpy(&count, (const char *)record + f->offset, sizeof count);
        return mlpipe__time_us(count, unit);
    }
    return x >= -0x1p63 && x < 0x1p63 ? mlpipe__time_us((int64_t)x, unit)
                                      : mlpipe__nan();
}

uint32_t mlpipe__field_token(const mlpipe__field *f, const void *record)
{
    uint32_t token;

    memcpy(&token, (const char *)record + f->offset, sizeof token);
    return token;
}

/* ---- tokens ------------------------------------------------------------- */

static void layout_lock(mlpipe_layout *l)
{
    while (atomic_flag_test_and_set_explicit(&l->token_lock,
                                             memory_order_acquire))
        ;
}

static void layout_unlock(mlpipe_layout *l)
{
    atomic_flag_clear_explicit(&l->token_lock, memory_order_release);
}

/* Is there room for a text without asking for memory? */
static bool layout_token_fits(const mlpipe__dict *t, size_t bytes)
{
    const size_t used = t->count ? (size_t)t->offsets[t->count] : 0;

    return t->count < t->slot_count / 2
        && (size_t)t->count + 2 <= t->offsets_room
        && used < t->bytes_room && bytes < t->bytes_room - used;
}

/* A copy of the dictionary with one more text, and so with more room. */
static bool layout_token_copy(const mlpipe__dict *from, const char *text,
                              size_t bytes, mlpipe__dict *out)
{
    mlpipe__dict_init(out, from->env);
    for (uint32_t i = 0; i < from->count; i++)
        if (mlpipe__dict_add(out, mlpipe__dict_text(from, i),
                             mlpipe__dict_bytes(from, i)) == UINT32_MAX)
            goto failed;
    if (mlpipe__dict_add(out, text, bytes) != UINT32_MAX)
        return true;
failed:
    mlpipe__dict_free(out);
    return false;
}

static mlpipe_status layout_token(mlpipe_ctx *ctx, mlpipe_layout *l,
                                  const char *text, size_t bytes,
                                  uint32_t *token)
{
    if (!token)
        return mlpipe__null_arg(ctx, "token");
    *token = 0;
    if (!l)
        return mlpipe__null_arg(ctx, "layout");
    if (!text && bytes)
        return mlpipe__null_arg(ctx, "text");
    if (bytes > ctx->env->limits.cell_bytes)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "a text of %zu bytes; the limit cell_bytes is "
                            "%llu; raise it in mlpipe_limits, or shorten it",
                            bytes, (unsigned long long)
                            ctx->env->limits.cell_bytes);
    if (!mlpipe__utf8_valid(text, bytes))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                            "the text of a token is no UTF-8; convert it");
    /* Only this thread appends, so that it may look without the lock. */
    const uint32_t found = mlpipe__dict_find(&l->tokens, text, bytes);
    if (found != UINT32_MAX) {
        *token = found + 1;
        return MLPIPE_OK;
    }
    if (l->tokens.count >= ctx->env->limits.categories)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the layout has %u tokens, as many as the limit "
                            "categories allows; raise it in mlpipe_limits, or "
                            "give fewer texts", l->tokens.count);
    mlpipe__dict old = l->tokens, grown = {0};
    const bool fits = layout_token_fits(&old, bytes);
    if (!fits && !layout_token_copy(&old, text, bytes, &grown))
        return mlpipe__nomem(ctx);
    layout_lock(l);
    if (fits)
        (void)mlpipe__dict_add(&l->tokens, text, bytes);
    else
        l->tokens = grown;
    *token = l->tokens.count;
    layout_unlock(l);
    if (!fits)
        mlpipe__dict_free(&old);
    return MLPIPE_OK;
}

mlpipe_status mlpipe_layout_token(mlpipe_ctx *ctx, mlpipe_layout *l,
                                  const char *text, size_t bytes,
                                  uint32_t *token)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_layout_token");

    if (!st)
        st = layout_token(ctx, l, text, bytes, token);
    return mlpipe__end(ctx, st);
}

uint32_t mlpipe__layout_tokens(mlpipe_layout *l)
{
    layout_lock(l);
    const uint32_t count = l->tokens.count;
    layout_unlock(l);
    return count;
}

bool mlpipe__layout_token_text(mlpipe_layout *l, uint32_t token,
                               mlpipe__text *t)
{
    char piece[LAYOUT_PIECE];

    for (size_t done = 0;;) {
        layout_lock(l);
        if (!token || token > l->tokens.count) {
            layout_unlock(l);
            return false;
        }
        /* A token's text never changes; only where it lies may. */
        const size_t left = mlpipe__dict_bytes(&l->tokens, token - 1) - done;
        const size_t run = left < LAYOUT_PIECE ? left : LAYOUT_PIECE;
        memcpy(piece, mlpipe__dict_text(&l->tokens, token - 1) + done, run);
        layout_unlock(l);
        mlpipe__text_put(t, piece, run);
        done += run;
        if (run == left)
            return true;
    }
}
