/* SPDX-License-Identifier: MIT */
/*
 * Layout fields to program inputs: matched by name, checked by kind, tokens
 * mapped to codes; then read in groups of one kind, without a switch for each
 * field.
 */
#include "deploy_internal.h"

/* A field that was matched, before it is sorted into its group. */
typedef struct bind_match {
    uint32_t input, offset;
    int32_t kind;
    bool has_missing;
    double missing;
    uint32_t code_first, code_count;
} bind_match;

static const char *bind_kind_name(int32_t kind)
{
    static const char *const names[] = {
        "absent", "MLPIPE_F64", "MLPIPE_F32", "MLPIPE_I64", "MLPIPE_I32",
        "MLPIPE_I16", "MLPIPE_I8", "MLPIPE_U64", "MLPIPE_U32", "MLPIPE_U16",
        "MLPIPE_U8", "MLPIPE_BOOL", "MLPIPE_TOKEN"};

    return kind >= 0 && kind <= MLPIPE_TOKEN ? names[kind] : "unknown";
}

static mlpipe_status bind_lacks(mlpipe_ctx *ctx, mlpipe__env *env,
                                const mlpipe_layout *layout,
                                const char *input)
{
    const char **names =
        mlpipe__alloc_array(env, layout->field_count, sizeof *names);
    const char *near;

    if (!names)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < layout->field_count; i++)
        names[i] = layout->fields[i].name;
    near = mlpipe__nearest(input, strlen(input), names, layout->field_count);
    if (near)
        mlpipe__fail(
            ctx, MLPIPE_E_SCHEMA,
            "the model reads %q, which the layout does not have; its nearest "
            "field is %q; add the field, or declare it with "
            "mlpipe_layout_absent",
            input, near);
    else
        mlpipe__fail(
            ctx, MLPIPE_E_SCHEMA,
            "the model reads %q, which the layout's %u fields do not have; "
            "add the field, or declare it with mlpipe_layout_absent",
            input, layout->field_count);
    mlpipe__free(env, names);
    return mlpipe__fail_at(ctx, -1, input);
}

/* Codes of all tokens that the layout has given so far. */
static mlpipe_status bind_tokens(mlpipe_ctx *ctx, mlpipe__env *env,
                                 const mlpipe__dict *dict,
                                 mlpipe_layout *layout, uint32_t tokens,
                                 double *codes)
{
    mlpipe__text t;

    mlpipe__text_init(&t, env);
    codes[0] = mlpipe__nan();
    for (uint32_t i = 1; i <= tokens; i++) {
        uint32_t code = UINT32_MAX;
        t.size = 0;
        if (mlpipe__layout_token_text(layout, i, &t) && !t.failed)
            code = mlpipe__dict_find(dict, t.data ? t.data : "", t.size);
        codes[i] = code == UINT32_MAX ? -1.0 : (double)code;
    }
    const bool failed = t.failed;
    mlpipe__text_free(&t);
    return failed ? mlpipe__nomem(ctx) : MLPIPE_OK;
}

static mlpipe_status bind_field(mlpipe_ctx *ctx, mlpipe__env *env,
                                const mlpipe__program_input *in,
                                const mlpipe_layout *layout, bind_match *m)
{
    const int32_t at = mlpipe__layout_find(layout, in->name);
    const mlpipe__field *f;

    if (at < 0)
        return bind_lacks(ctx, env, layout, in->name);
    f = &layout->fields[at];
    m->kind = f->kind;
    m->offset = f->offset;
    m->has_missing = f->kind && f->has_missing;
    m->missing = f->missing;
    if (f->kind && in->kind == MLPIPE__CODE && f->kind != MLPIPE_TOKEN) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the model reads %q as a category, but the layout has "
                     "it as %s; make the field a MLPIPE_TOKEN and fill it "
                     "from mlpipe_layout_token",
                     in->name, bind_kind_name(f->kind));
        return mlpipe__fail_at(ctx, -1, in->name);
    }
    if (f->kind == MLPIPE_TOKEN && in->kind != MLPIPE__CODE) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the model reads %q as a number, but the layout has it "
                     "as MLPIPE_TOKEN; make the field a number",
                     in->name);
        return mlpipe__fail_at(ctx, -1, in->name);
    }
    return MLPIPE_OK;
}

/* Doubles in the order of the inputs of another (or the same) program. */
static mlpipe_status bind_double(mlpipe_ctx *ctx,
                                 const mlpipe__program_input *in,
                                 const mlpipe__program *first, bind_match *m)
{
    uint32_t i = 0;

    while (i < first->input_count && strcmp(first->inputs[i].name, in->name))
        i++;
    if (i == first->input_count) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the model reads %q, which the first model of the slot "
                     "did not; rows of doubles have no place for it; use a "
                     "layout",
                     in->name);
        return mlpipe__fail_at(ctx, -1, in->name);
    }
    if (first->inputs[i].kind != in->kind) {
        mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                     "the model reads %q as a %s, the first model of the "
                     "slot as a %s",
                     in->name, in->kind == MLPIPE__CODE ? "category" : "number",
                     in->kind == MLPIPE__CODE ? "number" : "category");
        return mlpipe__fail_at(ctx, -1, in->name);
    }
    m->kind = in->kind == MLPIPE__CODE ? MLPIPE__BOUND_CODE : MLPIPE_F64;
    m->offset = i * (uint32_t)sizeof(double);
    return MLPIPE_OK;
}

/* How many codes each coded field needs; fixes where they lie. */
static mlpipe_status bind_code_room(mlpipe_ctx *ctx,
                                    const mlpipe__program *first,
                                    uint32_t tokens, bind_match *m, uint32_t n,
                                    size_t *total)
{
    *total = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (m[i].kind == MLPIPE_TOKEN)
            m[i].code_count = tokens + 1;
        else if (m[i].kind == MLPIPE__BOUND_CODE)
            m[i].code_count =
                first->inputs[m[i].offset / sizeof(double)].dict->count;
        if (*total > UINT32_MAX - m[i].code_count)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "the category maps of %u inputs hold more "
                                "than %u codes",
                                n, UINT32_MAX);
        m[i].code_first = (uint32_t)*total;
        *total += m[i].code_count;
    }
    return MLPIPE_OK;
}

static mlpipe_status bind_codes(mlpipe_ctx *ctx, const mlpipe__program *p,
                                mlpipe_layout *layout,
                                const mlpipe__program *first,
                                const bind_match *m,
                                mlpipe__record_binding *b)
{
    for (uint32_t i = 0; i < p->input_count; i++) {
        const mlpipe__dict *dict = p->inputs[m[i].input].dict;
        double *codes = b->codes + m[i].code_first;
        if (m[i].kind == MLPIPE_TOKEN) {
            const mlpipe_status st = bind_tokens(
                ctx, b->env, dict, layout, m[i].code_count - 1, codes);
            if (st)
                return st;
        } else if (m[i].kind == MLPIPE__BOUND_CODE) {
            const mlpipe__dict *from =
                first->inputs[m[i].offset / sizeof(double)].dict;
            for (uint32_t c = 0; c < m[i].code_count; c++) {
                const uint32_t code = mlpipe__dict_find(
                    dict, mlpipe__dict_text(from, c),
                    mlpipe__dict_bytes(from, c));
                codes[c] = code == UINT32_MAX ? -1.0 : (double)code;
            }
        }
    }
    return MLPIPE_OK;
}

/* Order by kind, then by whether a value means missing, then by offset. */
static bool bind_before(const bind_match *a, const bind_match *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->has_missing != b->has_missing)
        return b->has_missing;
    return a->offset < b->offset;
}

static void bind_sort(bind_match *m, uint32_t n)
{
    /* Shell sort: a binding happens once per swap and n is small. */
    for (uint32_t gap = n / 2; gap; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            const bind_match x = m[i];
            uint32_t j = i;
            for (; j >= gap && bind_before(&x, &m[j - gap]); j -= gap)
                m[j] = m[j - gap];
            m[j] = x;
        }
    }
}

/* Byte offsets of the lanes, measured on a real scratch. */
static mlpipe_status bind_lanes(mlpipe_ctx *ctx, const mlpipe__program *p,
                                const bind_match *m,
                                mlpipe__record_binding *b)
{
    for (uint32_t wide = 0; wide < 2; wide++) {
        const uint32_t width = wide ? MLPIPE__BLOCK_ROWS : 1;
        const size_t bytes = mlpipe__program_scratch(p, width);
        char *scratch;
        if (bytes > UINT32_MAX)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "a prediction would need %zu bytes of "
                                "scratch; the most is %u",
                                bytes, UINT32_MAX);
        scratch = mlpipe__alloc(b->env, bytes < 256 ? 256 : bytes);
        if (!scratch)
            return mlpipe__nomem(ctx);
        for (uint32_t i = 0; i < b->field_count; i++) {
            const double *lane =
                mlpipe__program_lane(p, scratch, width, m[i].input);
            const uint32_t at = (uint32_t)((const char *)lane - scratch);
            b->fields[wide][i].offset = m[i].offset;
            b->fields[wide][i].lane = at;
            if (!wide)
                b->lanes[m[i].input] = at;
        }
        mlpipe__free(b->env, scratch);
    }
    return MLPIPE_OK;
}

static void bind_groups(const bind_match *m, mlpipe__record_binding *b)
{
    for (uint32_t i = 0; i < b->field_count; i++) {
        mlpipe__bound_group *g = b->groups + b->group_count;
        b->extras[i].missing = m[i].missing;
        b->extras[i].codes = b->codes + m[i].code_first;
        b->extras[i].code_count = m[i].code_count;
        if (i && m[i].kind == g[-1].kind &&
            m[i].has_missing == g[-1].has_missing) {
            g[-1].end = i + 1;
            continue;
        }
        g->kind = m[i].kind;
        g->has_missing = m[i].has_missing;
        g->first = i;
        g->end = i + 1;
        b->group_count++;
    }
}

static mlpipe_status bind_room(mlpipe_ctx *ctx, mlpipe__record_binding *b,
                               size_t codes)
{
    const uint32_t n = b->field_count;

    b->fields[0] = mlpipe__alloc_array(b->env, n, sizeof *b->fields[0]);
    b->fields[1] = mlpipe__alloc_array(b->env, n, sizeof *b->fields[1]);
    b->extras = mlpipe__alloc_array(b->env, n, sizeof *b->extras);
    b->groups = mlpipe__alloc_array(b->env, n, sizeof *b->groups);
    b->lanes = mlpipe__alloc_array(b->env, n, sizeof *b->lanes);
    b->codes = mlpipe__alloc_array(b->env, codes, sizeof *b->codes);
    if (!b->fields[0] || !b->fields[1] || !b->extras || !b->groups ||
        !b->lanes || !b->codes)
        return mlpipe__nomem(ctx);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__layout_learn(mlpipe_ctx *ctx,
                                   const mlpipe_layout *layout,
                                   const mlpipe__program *p)
{
    mlpipe_layout *l = (mlpipe_layout *)(uintptr_t)layout;
    mlpipe_status st = MLPIPE_OK;
    uint32_t token;

    for (uint32_t i = 0; l && i < p->input_count && !st; i++) {
        const mlpipe__dict *d = p->inputs[i].dict;
        const int32_t at = mlpipe__layout_find(l, p->inputs[i].name);

        if (!d || at < 0 || l->fields[at].kind != MLPIPE_TOKEN)
            continue;
        for (uint32_t code = 0; code < d->count && !st; code++)
            st = mlpipe_layout_token(ctx, l, mlpipe__dict_text(d, code),
                                     mlpipe__dict_bytes(d, code), &token);
    }
    return st;
}

mlpipe_status mlpipe__record_bind(mlpipe_ctx *ctx, mlpipe__env *env,
                                  const mlpipe__program *p,
                                  mlpipe_layout *layout,
                                  const mlpipe__program *first,
                                  mlpipe__record_binding *b)
{
    const uint32_t tokens = layout ? mlpipe__layout_tokens(layout) : 0;
    mlpipe_status st = MLPIPE_OK;
    size_t codes = 0;
    bind_match *m;

    memset(b, 0, sizeof *b);
    b->env = env;
    b->field_count = p->input_count;
    b->record_bytes = layout ? layout->record_bytes
                             : first->input_count * sizeof(double);
    m = mlpipe__alloc_array(env, p->input_count, sizeof *m);
    if (!m)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; !st && i < p->input_count; i++) {
        m[i].input = i;
        st = layout ? bind_field(ctx, env, &p->inputs[i], layout, &m[i])
                    : bind_double(ctx, &p->inputs[i], first, &m[i]);
    }
    if (!st) {
        bind_sort(m, p->input_count);
        st = bind_code_room(ctx, first, tokens, m, p->input_count, &codes);
    }
    if (!st)
        st = bind_room(ctx, b, codes);
    if (!st)
        st = bind_codes(ctx, p, layout, first, m, b);
    if (!st)
        st = bind_lanes(ctx, p, m, b);
    if (!st)
        bind_groups(m, b);
    else
        mlpipe__record_binding_free(b);
    mlpipe__free(env, m);
    return st;
}

void mlpipe__record_binding_free(mlpipe__record_binding *b)
{
    mlpipe__free(b->env, b->fields[0]);
    mlpipe__free(b->env, b->fields[1]);
    mlpipe__free(b->env, b->extras);
    mlpipe__free(b->env, b->groups);
    mlpipe__free(b->env, b->lanes);
    mlpipe__free(b->env, b->codes);
    memset(b, 0, sizeof *b);
}

/* ---- reading records --------------------------------------------------- */

static inline void bind_store(unsigned char *scratch, uint32_t lane,
                              uint32_t row, double x)
{
    ((double *)(void *)(scratch + lane))[row] = x;
}

/* One loop for each kind: the compiler sees one load and one conversion. */
#define BIND_LOOP(type)                                                      \
    for (; f < end; f++) {                                                   \
        type v;                                                              \
        memcpy(&v, record + f->offset, sizeof v);                            \
        bind_store(scratch, f->lane, row, (double)v);                        \
    }                                                                        \
    break

static void bind_load_plain(int32_t kind, const mlpipe__bound_field *f,
                            const mlpipe__bound_field *end,
                            const unsigned char *record,
                            unsigned char *scratch, uint32_t row)
{
    switch (kind) {
    case MLPIPE_F64:
        BIND_LOOP(double);
    case MLPIPE_F32:
        BIND_LOOP(float);
    case MLPIPE_I64:
        BIND_LOOP(int64_t);
    case MLPIPE_I32:
        BIND_LOOP(int32_t);
    case MLPIPE_I16:
        BIND_LOOP(int16_t);
    case MLPIPE_I8:
        BIND_LOOP(int8_t);
    case MLPIPE_U64:
        BIND_LOOP(uint64_t);
    case MLPIPE_U32:
        BIND_LOOP(uint32_t);
    case MLPIPE_U16:
        BIND_LOOP(uint16_t);
    case MLPIPE_U8:
        BIND_LOOP(uint8_t);
    case MLPIPE_BOOL:
        for (; f < end; f++)
            bind_store(scratch, f->lane, row,
                       record[f->offset] ? 1.0 : 0.0);
        break;
    default:
        for (; f < end; f++)
            bind_store(scratch, f->lane, row, mlpipe__nan());
        break;
    }
}

#undef BIND_LOOP

/* Tokens: 0 is missing, which is entry 0; what is past the end is unseen. */
static void bind_load_tokens(const mlpipe__bound_field *f,
                             const mlpipe__bound_field *end,
                             const mlpipe__bound_extra *e,
                             const unsigned char *record,
                             unsigned char *scratch, uint32_t row)
{
    for (; f < end; f++, e++) {
        double x = -1.0;
        uint32_t token;
        memcpy(&token, record + f->offset, sizeof token);
        if (token < e->code_count)
            x = e->codes[token];
        bind_store(scratch, f->lane, row, x);
    }
}

/* Doubles that hold a code of the slot's first model. */
static void bind_load_codes(const mlpipe__bound_field *f,
                            const mlpipe__bound_field *end,
                            const mlpipe__bound_extra *e,
                            const unsigned char *record,
                            unsigned char *scratch, uint32_t row)
{
    for (; f < end; f++, e++) {
        double code, x = -1.0;
        memcpy(&code, record + f->offset, sizeof code);
        if (!(code == code))
            x = code;
        else if (code >= 0 && code < e->code_count &&
                 (double)(uint32_t)code == code)
            x = e->codes[(uint32_t)code];
        bind_store(scratch, f->lane, row, x);
    }
}

/* Which of the values just read mean missing. */
static void bind_load_missing(const mlpipe__bound_field *f,
                              const mlpipe__bound_field *end,
                              const mlpipe__bound_extra *e,
                              unsigned char *scratch, uint32_t row)
{
    for (; f < end; f++, e++) {
        const double *lane = (const double *)(void *)(scratch + f->lane);
        if (lane[row] == e->missing)
            bind_store(scratch, f->lane, row, mlpipe__nan());
    }
}

void mlpipe__record_load(const mlpipe__record_binding *b, const void *record,
                         void *scratch, uint32_t wide, uint32_t row)
{
    const mlpipe__bound_field *fields = b->fields[wide];
    const mlpipe__bound_group *g = b->groups, *last = g + b->group_count;

    for (; g < last; g++) {
        const mlpipe__bound_field *f = fields + g->first;
        const mlpipe__bound_field *end = fields + g->end;
        const mlpipe__bound_extra *e = b->extras + g->first;
        if (g->kind == MLPIPE_TOKEN)
            bind_load_tokens(f, end, e, record, scratch, row);
        else if (g->kind == MLPIPE__BOUND_CODE)
            bind_load_codes(f, end, e, record, scratch, row);
        else
            bind_load_plain(g->kind, f, end, record, scratch, row);
        if (g->has_missing)
            bind_load_missing(f, end, e, scratch, row);
    }
}
