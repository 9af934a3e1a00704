/* SPDX-License-Identifier: MIT */
/*
 * The one parser of parameters: `NULL | JSON object | key=value {space
 * key=value}`. It finds keys and the extent of values; params_value.c gives
 * values their type, params_object.c reads the JSON form.
 */
#include "params_internal.h"

enum { PARAMS_DEPTH_MAX = 64, PARAMS_SHOWN_MAX = 512 };
enum { PARAMS_SPOKEN_MIN = 5 }; /* shorter words are in any description */

/* ---- messages ----------------------------------------------------------- */

void mlpipe__params_word(const char *s, size_t n,
                         char out[MLPIPE__PARAMS_WORD])
{
    const size_t room = MLPIPE__PARAMS_WORD - 1;
    const size_t kept = n < room ? n : room;
    memcpy(out, s, kept);
    out[kept] = '\0';
}

void mlpipe__params_list(char *out, size_t room, const char *const *names,
                         uint32_t count)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const size_t m = strlen(names[i]);
        if (n + m + sizeof ", " - 1 + sizeof ", ..." > room) {
            memcpy(out + n, ", ...", 6);
            return;
        }
        if (i) {
            memcpy(out + n, ", ", 2);
            n += 2;
        }
        memcpy(out + n, names[i], m + 1);
        n += m;
    }
}

mlpipe_status mlpipe__params_fail(const mlpipe__params_run *r,
                                  const char *format, ...)
{
    char message[640], caret[MLPIPE__CARET_BYTES] = "";
    va_list args;
    va_start(args, format);
    mlpipe__vformat(message, sizeof message, format, args);
    va_end(args);
    if (r->text)
        mlpipe__caret(r->text, r->size, r->mark, caret);
    return mlpipe__fail(r->ctx, MLPIPE_E_PARAM, "%s: %s%s", r->owner, message,
                        caret);
}

/* What holds a text that is no key=value, and must be given; or NULL. */
static const mlpipe__param *params_whole(const mlpipe__params_run *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->table[i].type == MLPIPE_PARAM_TEXT && !r->table[i].initial)
            return &r->table[i];
    return NULL;
}

/* The first "step.key" for a key without its step, or NULL. */
static const char *params_prefixed(const mlpipe__params_run *r,
                                   const char *key, size_t n)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const char *name = r->table[i].name;
        const size_t m = strlen(name);
        if (m > n && name[m - n - 1] == '.' && !memcmp(name + m - n, key, n))
            return name;
    }
    return NULL;
}

static bool params_speaks(const mlpipe__param *p, const char *key, size_t n)
{
    const size_t size = p->doc ? strlen(p->doc) : 0;
    for (size_t at = 0; at + n <= size; at++)
        if ((!at || p->doc[at - 1] == ' ') && !memcmp(p->doc + at, key, n))
            return true;
    return false;
}

/* The only one of which a word begins with the key where it is described. */
static const mlpipe__param *params_spoken(const mlpipe__params_run *r,
                                          const char *key, size_t n)
{
    const mlpipe__param *found = NULL;
    for (uint32_t i = 0; n >= PARAMS_SPOKEN_MIN && i < r->count; i++) {
        if (!params_speaks(&r->table[i], key, n))
            continue;
        if (found)
            return NULL;
        found = &r->table[i];
    }
    return found;
}

/* What other libraries call a parameter that is in the table, or NULL. */
static const char *params_known_as(const mlpipe__params_run *r,
                                   const char *key, size_t n)
{
    static const char *const others[][2] = {
        {"sep", "delimiter"}, {"separator", "delimiter"},
        {"seperator", "delimiter"}, {"delim", "delimiter"},
        {"quotechar", "quote"}, {"na_values", "na"}, {"skiprows", "skip"},
        {"skipfooter", "footer"}, {"dec", "decimal"},
        {"escapechar", "escape"}, {"na_rep", "null"}};

    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (strlen(others[k][0]) == n && !memcmp(others[k][0], key, n))
            for (uint32_t i = 0; i < r->count; i++)
                if (!strcmp(r->table[i].name, others[k][1]))
                    return others[k][1];
    return NULL;
}

static mlpipe_status params_unknown(const mlpipe__params_run *r,
                                    const char *key, size_t n)
{
    const char *names[PARAMS_SHOWN_MAX] = {NULL};
    char list[MLPIPE__PARAMS_LIST], word[MLPIPE__PARAMS_WORD];
    uint32_t count = 0;
    mlpipe__params_word(key, n, word);
    if (!r->count)
        return mlpipe__params_fail(r, "unknown parameter %q; it takes none",
                                   word);
    for (; count < r->count && count < PARAMS_SHOWN_MAX; count++)
        names[count] = r->table[count].name;
    const char *known = params_known_as(r, key, n);
    const char *near = known ? known : mlpipe__nearest(key, n, names, count);
    const mlpipe__param *whole = params_whole(r);
    const mlpipe__param *spoken = params_spoken(r, key, n);
    near = near ? near : params_prefixed(r, key, n);
    if (!near && whole)
        return mlpipe__params_fail(
            r, "%q is no parameter; it takes %s='...': %s", word,
            whole->name, whole->doc);
    mlpipe__params_list(list, sizeof list, names, count);
    if (near)
        return mlpipe__params_fail(
            r, "unknown parameter %q; did you mean \"%s\"? It takes: %s",
            word, near, list);
    if (spoken)
        return mlpipe__params_fail(
            r, "unknown parameter %q; \"%s\" may be meant: %s; it takes: %s",
            word, spoken->name, spoken->doc, list);
    return mlpipe__params_fail(r, "unknown parameter %q; it takes: %s", word,
                               list);
}

mlpipe_status mlpipe__params_claim(mlpipe__params_run *r, const char *key,
                                   size_t n, mlpipe__setting **out)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const char *name = r->table[i].name;
        if (strlen(name) != n || memcmp(name, key, n))
            continue;
        *out = &r->out->items[i];
        if ((*out)->given)
            return mlpipe__params_fail(r, "parameter \"%s\" is given twice",
                                       name);
        (*out)->given = true;
        return MLPIPE_OK;
    }
    return params_unknown(r, key, n);
}

/* ---- the text form ------------------------------------------------------ */

static bool params_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void params_skip_space(mlpipe__params_run *r)
{
    while (r->at < r->size && params_space(r->text[r->at]))
        r->at++;
}

/* The first parameter takes names and was not given: what a list of columns
 * without a key is for. NULL where it is another. */
static const char *params_listed(const mlpipe__params_run *r)
{
    return r->count && r->table[0].type == MLPIPE_PARAM_NAMES
        && !r->out->items[0].given ? r->table[0].name : NULL;
}

/* May stand in a message as it is: text on one line, not cut. */
static bool params_plain(const char *s, size_t n)
{
    bool plain = n < MLPIPE__PARAMS_WORD && mlpipe__utf8_valid(s, n);
    for (size_t i = 0; plain && i < n; i++)
        plain = (unsigned char)s[i] >= ' ' && s[i] != 0x7f;
    return plain;
}

/* A word that is no key=value: why that may be. */
static mlpipe_status params_no_pair(const mlpipe__params_run *r,
                                    const char *key, size_t n)
{
    const mlpipe__param *whole = params_whole(r);
    char word[MLPIPE__PARAMS_WORD];
    size_t at = r->at;
    mlpipe__params_word(key, n, word);
    while (at < r->size && params_space(r->text[at]))
        at++;
    for (uint32_t i = 0; i < r->count; i++)
        if (strlen(r->table[i].name) == n
            && !memcmp(r->table[i].name, key, n)
            && at < r->size && r->text[at] == '=')
            return mlpipe__params_fail(
                r, "no spaces stand around '='; write %s=value", word);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->table[i].type == MLPIPE_PARAM_CHOICE
            && mlpipe__params_has_choice(r->table[i].choices, word))
            return mlpipe__params_fail(
                r, "%q is no key=value; did you mean %s=%s?", word,
                r->table[i].name, word);
    if (whole)
        return mlpipe__params_fail(
            r, "%q is no key=value; it takes %s='...': %s", word,
            whole->name, whole->doc);
    if (key[0] == ',')
        return mlpipe__params_fail(
            r, "no space stands before a comma of a list, and none behind "
               "it; parameters are separated by spaces");
    if (params_listed(r) && params_plain(key, n))
        return mlpipe__params_fail(
            r, "%q is no key=value; columns are named by %s=: did you mean "
               "%s=%s?", word, params_listed(r), params_listed(r), word);
    return mlpipe__params_fail(
        r, "%q is no key=value; put values with spaces in '...'", word);
}

/* The key before '='; r->at then stands behind the '='. */
static mlpipe_status params_key(mlpipe__params_run *r, size_t *bytes)
{
    const size_t start = r->at;
    r->mark = start;
    while (r->at < r->size && !params_space(r->text[r->at])
           && r->text[r->at] != '=')
        r->at++;
    *bytes = r->at - start;
    if (r->at < r->size && r->text[r->at] == '=' && *bytes) {
        r->at++;
        return MLPIPE_OK;
    }
    if (!*bytes)
        return mlpipe__params_fail(r, "a name is missing before '='");
    return params_no_pair(r, r->text + start, *bytes);
}

/* '...' with '' for a quote, unquoted into out; its length in *bytes. */
static mlpipe_status params_quoted(mlpipe__params_run *r, char *out,
                                   size_t *bytes)
{
    size_t n = 0;
    r->mark = r->at++;
    for (;; r->at++) {
        if (r->at == r->size)
            return mlpipe__params_fail(
                r, "this ' is never closed; a quote inside is written ''");
        if (r->text[r->at] == '\'') {
            if (r->at + 1 == r->size || r->text[r->at + 1] != '\'')
                break;
            r->at++;
        }
        out[n++] = r->text[r->at];
    }
    r->at++;
    *bytes = n;
    if (r->at == r->size || params_space(r->text[r->at]))
        return MLPIPE_OK;
    r->mark = r->at;
    return mlpipe__params_fail(
        r, "a space is missing behind the closing '; a quote inside is "
           "written ''");
}

/* Up to the next space outside brackets and backticks. */
static mlpipe_status params_bare(mlpipe__params_run *r, size_t *bytes)
{
    const size_t start = r->at;
    struct {
        char closer;
        size_t at;
    } open[PARAMS_DEPTH_MAX];
    uint32_t depth = 0;
    for (; r->at < r->size; r->at++) {
        const char c = r->text[r->at];
        const bool name = depth && open[depth - 1].closer == '`';
        r->mark = r->at;
        if (!depth && params_space(c))
            break;
        if (depth && c == open[depth - 1].closer) {
            depth--;
        } else if (!name && (c == '(' || c == '[' || c == '{' || c == '`')) {
            if (depth == PARAMS_DEPTH_MAX)
                return mlpipe__params_fail(r, "more than %d open brackets",
                                           (int)PARAMS_DEPTH_MAX);
            open[depth].closer = (char)(c == '(' ? ')'
                                        : c == '[' ? ']'
                                        : c == '{' ? '}' : '`');
            open[depth++].at = r->at;
        } else if (!name && (c == ')' || c == ']' || c == '}')) {
            return mlpipe__params_fail(
                r, depth ? "'%c' where '%c' would close the bracket"
                         : "'%c' closes no bracket; put such values in '...'",
                c, depth ? open[depth - 1].closer : ' ');
        }
    }
    if (depth) {
        r->mark = open[depth - 1].at;
        return mlpipe__params_fail(r, "this '%c' is never closed by '%c'",
                                   r->text[r->mark], open[depth - 1].closer);
    }
    *bytes = r->at - start;
    return MLPIPE_OK;
}

/* Does key= of the table stand at `at`? */
static bool params_is_key(const mlpipe__params_run *r, size_t at)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const size_t n = strlen(r->table[i].name);
        if (at + n < r->size && r->text[at + n] == '='
            && !memcmp(r->text + at, r->table[i].name, n))
            return true;
    }
    return false;
}

/*
 * A bare value [start, r->at) with a comma too many: between parameters, or
 * with a space behind it in a list.
 */
static mlpipe_status params_commas(mlpipe__params_run *r,
                                   const mlpipe__param *p, size_t start)
{
    const bool list = p->type == MLPIPE_PARAM_NAMES
                      || p->type == MLPIPE_PARAM_REALS;
    size_t at = start, next = r->at;
    for (bool name = false; at < r->at; at++) {
        name ^= r->text[at] == '`';
        if (!name && at > start && r->text[at] == ','
            && params_is_key(r, at + 1))
            break;
    }
    if (at < r->at) {
        r->mark = at;
        return mlpipe__params_fail(
            r, "parameters are separated by spaces, not commas");
    }
    while (next < r->size && params_space(r->text[next]))
        next++;
    if (r->at - start < 2 || r->text[r->at - 1] != ',' || next == r->size)
        return MLPIPE_OK;
    r->mark = r->at - 1;
    if (list && !params_is_key(r, next))
        return mlpipe__params_fail(
            r, "no space stands behind a comma of a list; write %s=a,b",
            p->name);
    return mlpipe__params_fail(
        r, "parameters are separated by spaces, not commas");
}

/* Is what stands behind the spaces no key of the table? */
static bool params_value_follows(const mlpipe__params_run *r)
{
    size_t at = r->at;
    while (at < r->size && params_space(r->text[at]))
        at++;
    return at < r->size && !params_is_key(r, at);
}

static mlpipe_status params_item(mlpipe__params_run *r, char *scratch)
{
    mlpipe__setting *s = NULL;
    size_t bytes = 0;
    const char *key = r->text + r->at;
    mlpipe_status st = params_key(r, &bytes);
    if (!st)
        st = mlpipe__params_claim(r, key, bytes, &s);
    if (st)
        return st;
    const size_t start = r->at;
    const bool quoted = r->at < r->size && r->text[r->at] == '\'';
    const char *value = quoted ? scratch : r->text + start;
    st = quoted ? params_quoted(r, scratch, &bytes) : params_bare(r, &bytes);
    if (!st && !quoted)
        st = params_commas(r, s->param, start);
    if (st)
        return st;
    r->mark = start;
    if (!quoted && !bytes && params_value_follows(r))
        return mlpipe__params_fail(
            r, "no spaces stand around '='; write %s=value", s->param->name);
    if (!quoted && !bytes)
        return mlpipe__params_fail(
            r, "\"%s\" has no value; an empty text is written ''",
            s->param->name);
    return mlpipe__params_set(r, s, value, bytes);
}

static mlpipe_status params_items(mlpipe__params_run *r)
{
    mlpipe_status st = MLPIPE_OK;
    char *scratch = mlpipe__alloc(r->ctx->env, r->size + 1);
    if (!scratch)
        return mlpipe__nomem(r->ctx);
    for (params_skip_space(r); !st && r->at < r->size; params_skip_space(r))
        st = params_item(r, scratch);
    mlpipe__free(r->ctx->env, scratch);
    return st;
}

/* Whatever was not given gets the table's value, through the same checks. */
static mlpipe_status params_defaults(mlpipe__params_run *r)
{
    r->text = NULL;
    for (uint32_t i = 0; i < r->count; i++) {
        mlpipe__setting *s = &r->out->items[i];
        if (s->given)
            continue;
        if (!s->param->initial && s->param->choices)
            return mlpipe__params_fail(r, "\"%s\" must be given, one of %s: "
                                       "%s",
                                       s->param->name, s->param->choices,
                                       s->param->doc ? s->param->doc : "");
        if (!s->param->initial)
            return mlpipe__params_fail(r, "\"%s\" must be given: %s",
                                       s->param->name,
                                       s->param->doc ? s->param->doc : "");
        const mlpipe_status st = mlpipe__params_set(
            r, s, s->param->initial, strlen(s->param->initial));
        if (st)
            return st;
    }
    return MLPIPE_OK;
}

static mlpipe_status params_read(mlpipe__params_run *r)
{
    const uint64_t limit = r->ctx->env->limits.json_bytes;
    r->size = strlen(r->text);
    if (r->size > limit)
        return mlpipe__fail(r->ctx, MLPIPE_E_LIMIT,
                            "%s: parameters of %zu bytes; the limit is %llu",
                            r->owner, r->size, (unsigned long long)limit);
    if (!mlpipe__utf8_valid(r->text, r->size)) {
        r->text = NULL; /* not fit to be shown */
        return mlpipe__params_fail(r, "the parameters are not UTF-8");
    }
    params_skip_space(r);
    if (r->at == r->size || r->text[r->at] != '{')
        return params_items(r);
#ifdef MLPIPE_SERVE
    return mlpipe__fail(r->ctx, MLPIPE_E_UNSUPPORTED,
                        "%s: parameters as JSON are not part of "
                        "libmlpipe-serve; write key=value", r->owner);
#else
    return mlpipe__params_object(r);
#endif
}

mlpipe_status mlpipe__params_parse(mlpipe_ctx *ctx, const char *owner,
                                   const mlpipe__param *table, uint32_t count,
                                   const char *text, mlpipe__params *out)
{
    mlpipe__params_run run = {ctx, owner, table, count, text, 0, 0, 0, out};
    mlpipe_status st = MLPIPE_OK;
    memset(out, 0, sizeof *out);
    mlpipe__setting *items =
        mlpipe__alloc_array(ctx->env, count, sizeof *items);
    if (!items)
        return mlpipe__nomem(ctx);
    out->env = mlpipe__env_keep(ctx->env);
    out->items = items;
    out->count = count;
    for (uint32_t i = 0; i < count; i++)
        items[i].param = &table[i];
    if (text)
        st = params_read(&run);
    if (!st)
        st = params_defaults(&run);
    if (st)
        mlpipe__params_free(out);
    return st;
}

void mlpipe__params_free(mlpipe__params *p)
{
    if (!p || !p->env)
        return;
    for (uint32_t i = 0; i < p->count; i++) {
        mlpipe__setting *s = &p->items[i];
        for (uint32_t k = 0; s->names && k < s->count; k++)
            mlpipe__free(p->env, (void *)(uintptr_t)s->names[k]);
        mlpipe__free(p->env, s->names);
        mlpipe__free(p->env, s->reals);
        mlpipe__free(p->env, (void *)(uintptr_t)s->text);
    }
    mlpipe__free(p->env, p->items);
    mlpipe__env_drop(p->env);
    memset(p, 0, sizeof *p);
}

const mlpipe__setting *mlpipe__params_get(const mlpipe__params *p,
                                          const char *name)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (!strcmp(p->items[i].param->name, name))
            return &p->items[i];
    return NULL;
}

void mlpipe__param_describe(const mlpipe__param *param,
                            mlpipe_catalog_parameter *out)
{
    *out = (mlpipe_catalog_parameter){
        .name = param->name,
        .doc = param->doc,
        .initial = param->initial,
        .choices = param->choices ? param->choices : "",
        .low = param->low,
        .high = param->high,
        .type = param->type,
        .since = param->since,
    };
}
