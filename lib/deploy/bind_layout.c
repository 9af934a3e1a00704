/* SPDX-License-Identifier: MIT */
/*
 * Layout fields to program inputs and feeds: matched by name, checked by kind,
 * tokens mapped to codes; then read kind by kind, each by a loop of its own.
 */
#include "deploy_internal.h"

/* A field that was matched, before it is sorted to those of its kind: with an
 * input, or with a feed that is made of an input's text. */
typedef struct bind_match {
    uint32_t input, offset;
    uint32_t reg;              /* whose lane is written */
    const mlpipe__feed *feed;  /* NULL: the input itself */
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

/* What a text becomes in the lane of a match. */
static double bind_text(const bind_match *m, const mlpipe__dict *dict,
                        const char *text, size_t n)
{
    uint32_t code;

    if (m->feed)
        return mlpipe__feed_value(m->feed, text, n);
    code = mlpipe__dict_find(dict, text, n);
    return code == UINT32_MAX ? -1.0 : (double)code;
}

/* What stands for a text that is not known: an unseen code, or a number that
 * could not be read. */
static double bind_unknown(const bind_match *m)
{
    return m->feed && !m->feed->dict ? mlpipe__inf() : -1.0;
}

/* Codes of all tokens that the layout has given so far; the last entry is for
 * tokens that it gives later, or never. */
static mlpipe_status bind_tokens(mlpipe_ctx *ctx, mlpipe__env *env,
                                 const bind_match *m,
                                 const mlpipe__dict *dict,
                                 mlpipe_layout *layout, double *codes)
{
    const uint32_t tokens = m->code_count - 2;
    mlpipe__text t;

    mlpipe__text_init(&t, env);
    codes[0] = mlpipe__nan();
    for (uint32_t i = 1; i <= tokens; i++) {
        t.size = 0;
        codes[i] = bind_unknown(m);
        if (mlpipe__layout_token_text(layout, i, &t) && !t.failed)
            codes[i] = bind_text(m, dict, t.data ? t.data : "", t.size);
    }
    codes[tokens + 1] = bind_unknown(m);
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
    uint64_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t count = 0;
        if (m[i].kind == MLPIPE_TOKEN)
            count = (uint64_t)tokens + 2; /* the missing one, the others */
        else if (m[i].kind == MLPIPE__BOUND_CODE)
            count = first->inputs[m[i].offset / sizeof(double)].dict->count;
        if (count > UINT32_MAX - sum)
            return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                                "the category maps of %u inputs hold more "
                                "than %u codes",
                                n, UINT32_MAX);
        m[i].code_first = (uint32_t)sum;
        m[i].code_count = (uint32_t)count;
        sum += count;
    }
    *total = (size_t)sum;
    return MLPIPE_OK;
}

static mlpipe_status bind_codes(mlpipe_ctx *ctx, const mlpipe__program *p,
                                mlpipe_layout *layout,
                                const mlpipe__program *first,
                                const bind_match *m,
                                mlpipe__record_binding *b)
{
    for (uint32_t i = 0; i < b->field_count; i++) {
        const mlpipe__dict *dict = p->inputs[m[i].input].dict;
        double *codes = b->codes + m[i].code_first;
        if (m[i].kind == MLPIPE_TOKEN) {
            const mlpipe_status st =
                bind_tokens(ctx, b->env, &m[i], dict, layout, codes);
            if (st)
                return st;
        } else if (m[i].kind == MLPIPE__BOUND_CODE) {
            const mlpipe__dict *from =
                first->inputs[m[i].offset / sizeof(double)].dict;
            for (uint32_t c = 0; c < m[i].code_count; c++)
                codes[c] = bind_text(&m[i], dict, mlpipe__dict_text(from, c),
                                     mlpipe__dict_bytes(from, c));
        }
    }
    return MLPIPE_OK;
}

/* Order by kind, then by offset. */
static bool bind_before(const bind_match *a, const bind_match *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
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
                mlpipe__program_lane(p, scratch, width, m[i].reg);
            const uint32_t at = (uint32_t)((const char *)lane - scratch);
            b->fields[wide][i].offset = m[i].offset;
            b->fields[wide][i].lane = at;
            if (!wide && !m[i].feed)
                b->lanes[m[i].input] = at;
        }
        if (b->time)
            b->time_lane[wide] =
                (uint32_t)((const char *)mlpipe__program_lane(
                               p, scratch, width, b->time->reg) - scratch);
        mlpipe__free(b->env, scratch);
    }
    return MLPIPE_OK;
}

/* Where the fields of each kind end, and what is said of some fields. */
static void bind_ends(const bind_match *m, mlpipe__record_binding *b)
{
    uint32_t at = 0;

    for (int32_t kind = 0; kind < MLPIPE__BOUND_KINDS; kind++) {
        while (at < b->field_count && m[at].kind == kind)
            at++;
        b->ends[0][kind] = b->fields[0] + at;
        b->ends[1][kind] = b->fields[1] + at;
    }
    for (uint32_t i = 0, maps = 0; i < b->field_count; i++) {
        if (m[i].has_missing)
            b->missing[b->missing_count++] = (mlpipe__bound_missing){
                .value = m[i].missing,
                .lane = {b->fields[0][i].lane, b->fields[1][i].lane}};
        if (m[i].kind == MLPIPE__BOUND_CODE)
            b->maps[maps++] = (mlpipe__bound_codes){
                .codes = b->codes + m[i].code_first,
                .other = bind_unknown(&m[i]),
                .count = m[i].code_count};
    }
}

static mlpipe_status bind_room(mlpipe_ctx *ctx, mlpipe__record_binding *b,
                               size_t codes)
{
    const uint32_t n = b->field_count;

    b->fields[0] = mlpipe__alloc_array(b->env, n, sizeof *b->fields[0]);
    b->fields[1] = mlpipe__alloc_array(b->env, n, sizeof *b->fields[1]);
    b->missing = mlpipe__alloc_array(b->env, n, sizeof *b->missing);
    b->maps = mlpipe__alloc_array(b->env, n, sizeof *b->maps);
    b->lanes = mlpipe__alloc_array(b->env, n, sizeof *b->lanes);
    b->codes = mlpipe__alloc_array(b->env, codes, sizeof *b->codes);
    if (!b->fields[0] || !b->fields[1] || !b->missing || !b->maps ||
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

/* How many lanes a record fills; also which feed is the time of a row. */
static uint32_t bind_count(const mlpipe__program *p,
                           mlpipe__record_binding *b)
{
    uint32_t n = p->input_count;

    for (uint32_t i = 0; i < p->feed_count; i++) {
        if (p->feeds[i].source == MLPIPE__FEED_TEXT)
            n++;
        else if (p->feeds[i].source == MLPIPE__FEED_TIME)
            b->time = &p->feeds[i];
    }
    return n;
}

static void bind_targets(const mlpipe__program *p, bind_match *m)
{
    for (uint32_t i = 0; i < p->input_count; i++, m++)
        m->input = m->reg = i;
    for (uint32_t i = 0; i < p->feed_count; i++) {
        const mlpipe__feed *f = &p->feeds[i];
        if (f->source != MLPIPE__FEED_TEXT)
            continue;
        m->input = f->input;
        m->reg = f->reg;
        m->feed = f;
        m++;
    }
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
    b->field_count = bind_count(p, b);
    b->null = mlpipe__nan();
    b->token_count = tokens + 1;
    b->record_bytes = layout ? layout->record_bytes
                             : first->input_count * sizeof(double);
    m = mlpipe__alloc_array(env, b->field_count, sizeof *m);
    if (!m)
        return mlpipe__nomem(ctx);
    bind_targets(p, m);
    for (uint32_t i = 0; !st && i < b->field_count; i++) {
        const mlpipe__program_input *in = &p->inputs[m[i].input];
        st = layout ? bind_field(ctx, env, in, layout, &m[i])
                    : bind_double(ctx, in, first, &m[i]);
    }
    if (!st) {
        bind_sort(m, b->field_count);
        st = bind_code_room(ctx, first, tokens, m, b->field_count, &codes);
    }
    if (!st)
        st = bind_room(ctx, b, codes);
    if (!st)
        st = bind_codes(ctx, p, layout, first, m, b);
    if (!st)
        st = bind_lanes(ctx, p, m, b);
    if (!st)
        bind_ends(m, b);
    else
        mlpipe__record_binding_free(b);
    mlpipe__free(env, m);
    return st;
}

void mlpipe__record_binding_free(mlpipe__record_binding *b)
{
    mlpipe__free(b->env, b->fields[0]);
    mlpipe__free(b->env, b->fields[1]);
    mlpipe__free(b->env, b->missing);
    mlpipe__free(b->env, b->maps);
    mlpipe__free(b->env, b->lanes);
    mlpipe__free(b->env, b->codes);
    memset(b, 0, sizeof *b);
}

/* ---- reading records --------------------------------------------------- */

static inline void bind_store(unsigned char *to, uint32_t lane, double x)
{
    *(double *)(void *)(to + lane) = x;
}

/* Doubles that hold a code of the slot's first model. */
static void bind_load_codes(const mlpipe__bound_field *f,
                            const mlpipe__bound_field *end,
                            const mlpipe__bound_codes *map,
                            const unsigned char *record, unsigned char *to)
{
    for (; f < end; f++, map++) {
        double code, x = map->other;
        memcpy(&code, record + f->offset, sizeof code);
        if (!(code == code))
            x = code;
        else if (code >= 0 && code < map->count &&
                 (double)(uint32_t)code == code)
            x = map->codes[(uint32_t)code];
        bind_store(to, f->lane, x);
    }
}

/* Which of the values just read mean missing. */
static void bind_load_missing(const mlpipe__record_binding *b,
                              unsigned char *to, uint32_t wide)
{
    const mlpipe__bound_missing *m = b->missing;

    for (uint32_t i = 0; i < b->missing_count; i++, m++) {
        double x;
        memcpy(&x, to + m->lane[wide], sizeof x);
        if (x == m->value)
            bind_store(to, m->lane[wide], b->null);
    }
}

/* Tokens: 0 is missing, which is entry 0; the last entry stands for all that
 * the binding does not know, so that no token needs a branch. */
static inline void bind_load_tokens(const mlpipe__record_binding *b,
                                    const mlpipe__bound_field *f,
                                    const mlpipe__bound_field *end,
                                    const unsigned char *record,
                                    unsigned char *to)
{
    const uint32_t others = b->token_count;
    const double *codes = b->codes;

    for (; f < end; f++, codes += (size_t)others + 1) {
        uint32_t token;
        memcpy(&token, record + f->offset, sizeof token);
        bind_store(to, f->lane, codes[token < others ? token : others]);
    }
}

#define BIND_NEXT(type)                                                      \
    do {                                                                     \
        type v;                                                              \
        memcpy(&v, record + f->offset, sizeof v);                            \
        bind_store(to, f->lane, (double)v);                                  \
        f++;                                                                 \
    } while (0)

/* The fields of a kind: the odd one, then two in a turn. */
#define BIND_KIND(kind, type)                                                \
    do {                                                                     \
        end = ends[kind];                                                    \
        if ((end - f) & 1)                                                   \
            BIND_NEXT(type);                                                 \
        while (f < end) {                                                    \
            BIND_NEXT(type);                                                 \
            BIND_NEXT(type);                                                 \
        }                                                                    \
    } while (0)

/*
 * All kinds in turn, whether there are fields of them or not: a comparison
 * that is foreseen costs less than to look up what comes next and to jump
 * there.
 */
void mlpipe__record_load(const mlpipe__record_binding *b, const void *from,
                         void *scratch, uint32_t wide, uint32_t row)
{
    const unsigned char *record = from;
    unsigned char *to = (unsigned char *)scratch + row * sizeof(double);
    const mlpipe__bound_field *const *ends = b->ends[wide];
    const mlpipe__bound_field *f = b->fields[wide], *end;

    for (end = ends[MLPIPE__BOUND_ABSENT]; f < end; f++)
        bind_store(to, f->lane, b->null);
    BIND_KIND(MLPIPE_F64, double);
    BIND_KIND(MLPIPE_F32, float);
    BIND_KIND(MLPIPE_I64, int64_t);
    BIND_KIND(MLPIPE_I32, int32_t);
    BIND_KIND(MLPIPE_I16, int16_t);
    BIND_KIND(MLPIPE_I8, int8_t);
    BIND_KIND(MLPIPE_U64, uint64_t);
    BIND_KIND(MLPIPE_U32, uint32_t);
    BIND_KIND(MLPIPE_U16, uint16_t);
    BIND_KIND(MLPIPE_U8, uint8_t);
    for (end = ends[MLPIPE_BOOL]; f < end; f++)
        bind_store(to, f->lane, (double)(record[f->offset] != 0));
    bind_load_tokens(b, f, ends[MLPIPE_TOKEN], record, to);
    bind_load_codes(ends[MLPIPE_TOKEN], ends[MLPIPE__BOUND_CODE], b->maps,
                    record, to);
    bind_load_missing(b, to, wide);
}

#undef BIND_KIND
#undef BIND_NEXT
