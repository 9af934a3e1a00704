/* SPDX-License-Identifier: MIT */
/* Families, samples and their text: format 0.0.4 of Prometheus
 * (prometheus.io/docs/instrumenting/exposition_formats). */
#include "prometheus_internal.h"

void mlpipe__prom_init(mlpipe__prom *p, const mlpipe_report *r,
                       mlpipe__env *env)
{
    memset(p, 0, sizeof *p);
    p->r = r;
    p->env = env;
    mlpipe__dict_init(&p->names, env);
    mlpipe__dict_init(&p->helps, env);
    mlpipe__dict_init(&p->keys, env);
    mlpipe__dict_init(&p->rows, env);
    mlpipe__dict_init(&p->columns, env);
    mlpipe__text_init(&p->family, env);
    mlpipe__text_init(&p->labels, env);
    mlpipe__text_init(&p->help, env);
}

void mlpipe__prom_free(mlpipe__prom *p)
{
    mlpipe__dict_free(&p->names);
    mlpipe__dict_free(&p->helps);
    mlpipe__dict_free(&p->keys);
    mlpipe__dict_free(&p->rows);
    mlpipe__dict_free(&p->columns);
    mlpipe__text_free(&p->family);
    mlpipe__text_free(&p->labels);
    mlpipe__text_free(&p->help);
    mlpipe__free(p->env, p->families);
    mlpipe__free(p->env, p->samples);
}

/* ---- names and labels --------------------------------------------------- */

static bool prom_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

/* As letters, digits and _; true where one was none. */
static bool prom_put_name(mlpipe__text *t, const char *name, size_t bytes)
{
    bool odd = false;

    for (size_t i = 0; i < bytes; i++) {
        const bool plain = prom_plain(name[i]);
        mlpipe__text_put(t, plain ? &name[i] : "_", 1);
        odd |= !plain && name[i] != '.';
    }
    return odd;
}

bool mlpipe__prom_begin(mlpipe__prom *p, const char *name, size_t bytes)
{
    const char *kind = mlpipe__report_kind(p->r);

    p->family.size = 0;
    p->labels.size = 0;
    p->help.size = 0;
    mlpipe__text_put(&p->help, name, bytes);
    mlpipe__text_put(&p->family, "mlpipe_", 7);
    (void)prom_put_name(&p->family, kind, strlen(kind));
    mlpipe__text_put(&p->family, "_", 1);
    return prom_put_name(&p->family, name, bytes);
}

void mlpipe__prom_more(mlpipe__prom *p, const char *name, size_t bytes)
{
    mlpipe__text_put(&p->family, "_", 1);
    (void)prom_put_name(&p->family, name, bytes);
    mlpipe__text_put(&p->help, ".", 1);
    mlpipe__text_put(&p->help, name, bytes);
}

/* \ and line ends, and where it stands in quotes, those. */
static void prom_escape(mlpipe__text *t, const char *s, size_t bytes,
                        bool quotes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (s[i] == '\\' || (quotes && s[i] == '"'))
            mlpipe__text_put(t, "\\", 1);
        if (s[i] == '\n')
            mlpipe__text_put(t, "\\n", 2);
        else
            mlpipe__text_put(t, &s[i], 1);
    }
}

/* Is there a label whose name the text ends with from `from` on? A value has
 * no " that is not escaped, so that it is not taken for one. */
static bool prom_has_label(const mlpipe__text *t, size_t from)
{
    const size_t n = t->size - from;

    for (size_t i = 0; i + n + 2 <= from; i++)
        if ((!i || t->data[i - 1] == ',') && t->data[i + n] == '=' &&
            t->data[i + n + 1] == '"' &&
            !memcmp(t->data + i, t->data + from, n))
            return true;
    return false;
}

void mlpipe__prom_label(mlpipe__prom *p, const char *name, size_t name_bytes,
                        const char *value, size_t bytes)
{
    mlpipe__text *t = &p->labels;
    size_t from;

    mlpipe__text_put(t, ",", t->size > 0);
    from = t->size;
    /* what begins with a digit or with __ is no label's name */
    if (!name_bytes || !prom_plain(*name) || *name == '_' ||
        (*name >= '0' && *name <= '9'))
        mlpipe__text_put(t, "of_", 3);
    (void)prom_put_name(t, name, name_bytes);
    while (!t->failed && prom_has_label(t, from))
        mlpipe__text_put(t, "_", 1);
    mlpipe__text_put(t, "=\"", 2);
    prom_escape(&p->labels, value, bytes, true);
    mlpipe__text_put(&p->labels, "\"", 1);
}

/* ---- samples ------------------------------------------------------------ */

static bool prom_room(mlpipe__prom *p, void **array, uint32_t count,
                      uint32_t *room, size_t bytes)
{
    const uint32_t more = *room ? *room * 2 : 32;
    void *grown;

    if (count < *room)
        return true;
    grown = more > *room ? mlpipe__grow(p->env, *array, more, bytes) : NULL;
    if (!grown) {
        p->failed = true;
        return false;
    }
    *array = grown;
    *room = more;
    return true;
}

/* The family of p->family; NULL: of another type, or no memory. */
static mlpipe__prom_family *prom_family(mlpipe__prom *p, uint32_t type)
{
    void *families = p->families;
    uint32_t i, help;

    p->failed |= p->family.failed || p->labels.failed || p->help.failed;
    if (p->failed)
        return NULL;
    i = mlpipe__dict_find(&p->names, p->family.data, p->family.size);
    if (i != UINT32_MAX)
        return p->families[i].type == type ? &p->families[i] : NULL;
    if (!prom_room(p, &families, p->names.count, &p->family_room,
                   sizeof *p->families))
        return NULL;
    p->families = families;
    help = mlpipe__dict_add(&p->helps, p->help.data, p->help.size);
    i = help == UINT32_MAX ? help
                           : mlpipe__dict_add(&p->names, p->family.data,
                                              p->family.size);
    p->failed |= i == UINT32_MAX;
    if (p->failed)
        return NULL;
    p->families[i] =
        (mlpipe__prom_family){type, help, UINT32_MAX, UINT32_MAX};
    return &p->families[i];
}

/* name{labels}, which no other sample has; UINT32_MAX: one does. */
static uint32_t prom_key(mlpipe__prom *p, const char *suffix)
{
    uint32_t i = UINT32_MAX;
    mlpipe__text key;

    mlpipe__text_init(&key, p->env);
    mlpipe__text_put(&key, p->family.data, p->family.size);
    mlpipe__text_put(&key, suffix, strlen(suffix));
    if (p->labels.size) {
        mlpipe__text_put(&key, "{", 1);
        mlpipe__text_put(&key, p->labels.data, p->labels.size);
        mlpipe__text_put(&key, "}", 1);
    }
    p->failed |= key.failed;
    if (!p->failed &&
        mlpipe__dict_find(&p->keys, key.data, key.size) == UINT32_MAX) {
        i = mlpipe__dict_add(&p->keys, key.data, key.size);
        p->failed |= i == UINT32_MAX;
    }
    mlpipe__text_free(&key);
    return i;
}

bool mlpipe__prom_add(mlpipe__prom *p, uint32_t type, const char *suffix,
                      double value)
{
    void *samples = p->samples;
    mlpipe__prom_family *f;
    uint32_t i;

    if (type == MLPIPE__PROM_COUNTER)
        mlpipe__text_put(&p->family, "_total", 6);
    f = prom_family(p, type);
    if (!f || !prom_room(p, &samples, p->keys.count, &p->sample_room,
                         sizeof *p->samples))
        return false;
    p->samples = samples;
    i = prom_key(p, suffix);
    if (i == UINT32_MAX)
        return false;
    p->samples[i] = (mlpipe__prom_sample){value, UINT32_MAX};
    if (f->last == UINT32_MAX)
        f->first = i;
    else
        p->samples[f->last].next = i;
    f->last = i;
    return true;
}

bool mlpipe__prom_reserve(mlpipe__prom *p, const char *suffix)
{
    const size_t size = p->family.size;
    bool ok;

    mlpipe__text_put(&p->family, suffix, strlen(suffix));
    ok = prom_family(p, MLPIPE__PROM_RESERVED) != NULL;
    p->family.size = size;
    return ok;
}

/* ---- the text ----------------------------------------------------------- */

static void prom_put_number(mlpipe__text *t, double x)
{
    char number[MLPIPE__NUMBER_BYTES];

    if (x != x)
        mlpipe__text_put(t, "NaN", 3);
    else if (!mlpipe__finite(x))
        mlpipe__text_put(t, x > 0 ? "+Inf" : "-Inf", 4);
    else
        mlpipe__text_put(t, number, mlpipe__print_f64(x, number));
}

static void prom_put_family(const mlpipe__prom *p, uint32_t i,
                            mlpipe__text *out)
{
    static const char *const types[] = {"", "gauge", "counter", "histogram"};
    const mlpipe__prom_family *f = &p->families[i];
    const char *name = mlpipe__dict_text(&p->names, i);
    const char *kind = mlpipe__report_kind(p->r);

    mlpipe__text_add(out, "# HELP %s ", name);
    prom_escape(out, kind, strlen(kind), false);
    mlpipe__text_put(out, " report: ", 9);
    prom_escape(out, mlpipe__dict_text(&p->helps, f->help),
                mlpipe__dict_bytes(&p->helps, f->help), false);
    mlpipe__text_add(out, "\n# TYPE %s %s\n", name, types[f->type]);
    for (uint32_t s = f->first; s != UINT32_MAX; s = p->samples[s].next) {
        mlpipe__text_put(out, mlpipe__dict_text(&p->keys, s),
                         mlpipe__dict_bytes(&p->keys, s));
        mlpipe__text_put(out, " ", 1);
        prom_put_number(out, p->samples[s].value);
        mlpipe__text_put(out, "\n", 1);
    }
}

void mlpipe__prom_write(const mlpipe__prom *p, mlpipe__text *out)
{
    out->failed |= p->failed;
    for (uint32_t i = 0; !out->failed && i < p->names.count; i++)
        if (p->families[i].first != UINT32_MAX)
            prom_put_family(p, i, out);
}
