/* SPDX-License-Identifier: MIT */
/* The values of parameters: their types, ranges and canonical form. */
#include "params_internal.h"

enum { PARAMS_CHOICES_MAX = 64, PARAMS_CHOICE_BYTES = 1024 };

/* The choices of a table row, cut at the commas. */
typedef struct params_choices {
    char bytes[PARAMS_CHOICE_BYTES];
    const char *names[PARAMS_CHOICES_MAX];
    uint32_t count;
} params_choices;

static void params_split_choices(const char *choices, params_choices *out)
{
    const size_t n = strlen(choices);
    out->count = 0;
    if (n >= PARAMS_CHOICE_BYTES)
        return;
    memcpy(out->bytes, choices, n + 1);
    char *start = out->bytes;
    for (char *p = start;; p++) {
        const bool end = !*p;
        if (!end && *p != ',')
            continue;
        *p = '\0';
        if (out->count < PARAMS_CHOICES_MAX)
            out->names[out->count++] = start;
        start = p + 1;
        if (end)
            return;
    }
}

bool mlpipe__params_has_choice(const char *choices, const char *word)
{
    params_choices c;
    params_split_choices(choices, &c);
    for (uint32_t i = 0; i < c.count; i++)
        if (!strcmp(c.names[i], word))
            return true;
    return false;
}

static mlpipe_status params_choose(const mlpipe__params_run *r,
                                   const mlpipe__setting *s,
                                   const char *value, size_t n,
                                   uint32_t *index)
{
    params_choices c;
    char word[MLPIPE__PARAMS_WORD], list[MLPIPE__PARAMS_LIST];
    params_split_choices(s->param->choices, &c);
    for (uint32_t i = 0; i < c.count; i++) {
        if (strlen(c.names[i]) == n && !memcmp(c.names[i], value, n)) {
            *index = i;
            return MLPIPE_OK;
        }
    }
    const char *near = mlpipe__nearest(value, n, c.names, c.count);
    mlpipe__params_word(value, n, word);
    mlpipe__params_list(list, sizeof list, c.names, c.count);
    if (near)
        return mlpipe__params_fail(
            r, "\"%s\" cannot be %q; did you mean \"%s\"? It is one of: %s",
            s->param->name, word, near, list);
    return mlpipe__params_fail(r, "\"%s\" cannot be %q; it is one of: %s",
                               s->param->name, word, list);
}

/* ---- numbers ------------------------------------------------------------ */

static mlpipe_status params_bad(const mlpipe__params_run *r,
                                const mlpipe__setting *s, const char *value,
                                size_t n, const char *wanted)
{
    char word[MLPIPE__PARAMS_WORD];
    mlpipe__params_word(value, n, word);
    return mlpipe__params_fail(r, "\"%s\" is %q, which is not %s",
                               s->param->name, word, wanted);
}

static mlpipe_status params_range(const mlpipe__params_run *r,
                                  const mlpipe__setting *s, double x)
{
    const mlpipe__param *p = s->param;
    const char *unit = p->type == MLPIPE_PARAM_SPAN ? " seconds" : "";
    if ((p->low == 0 && p->high == 0) || (x >= p->low && x <= p->high))
        return MLPIPE_OK;
    return mlpipe__params_fail(
        r, "\"%s\" is %g%s; it must be from %g to %g%s", p->name, x, unit,
        p->low, p->high, unit);
}

/* A finite double; false where the text is none. */
static bool params_finite(const char *value, size_t n, double *x)
{
    return mlpipe__parse_f64(value, n, false, x) && *x - *x == 0;
}

static mlpipe_status params_integer(const mlpipe__params_run *r,
                                    mlpipe__setting *s, const char *value,
                                    size_t n)
{
    const double exact = 0x1p53;
    double x = 0;
    if (!mlpipe__parse_i64(value, n, &s->integer)) {
        /* 1e6 is an integer too */
        if (!params_finite(value, n, &x) || x < -exact || x > exact
            || (double)(int64_t)x != x)
            return params_bad(r, s, value, n, "an integer");
        s->integer = (int64_t)x;
    }
    s->number = (double)s->integer;
    return params_range(r, s, s->number);
}

static mlpipe_status params_real(const mlpipe__params_run *r,
                                 mlpipe__setting *s, const char *value,
                                 size_t n)
{
    if (!params_finite(value, n, &s->number))
        return params_bad(r, s, value, n, "a finite number");
    return params_range(r, s, s->number);
}

static mlpipe_status params_bool(const mlpipe__params_run *r,
                                 mlpipe__setting *s, const char *value,
                                 size_t n)
{
    const bool yes = n == 4 && !memcmp(value, "true", 4);
    if (!yes && !(n == 5 && !memcmp(value, "false", 5)))
        return params_bad(r, s, value, n, "true or false");
    s->number = yes;
    return MLPIPE_OK;
}

const char *mlpipe__time_unit(const char *s, size_t n)
{
    static const char *const units[][2] = {
        {"us", "microsecond"}, {"ms", "millisecond"}, {"s", "second"},
        {"min", "minute"},     {"h", "hour"},         {"d", "day"},
        {"w", "week"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const size_t m = strlen(units[i][1]);
        if ((strlen(units[i][0]) == n && !memcmp(s, units[i][0], n))
            || ((n == m || (n == m + 1 && s[m] == 's'))
                && !memcmp(s, units[i][1], m)))
            return units[i][0];
    }
    return NULL;
}

/* Units below a second divide, so that 5 ms is the double nearest 0.005. */
static const struct {
    const char *name;
    double times, over;
} params_units[] = {{"", 1, 1},      {"us", 1, 1e6},   {"ms", 1, 1e3},
                    {"s", 1, 1},     {"min", 60, 1},   {"h", 3600, 1},
                    {"d", 86400, 1}, {"w", 604800, 1}};

bool mlpipe__parse_span(const char *s, size_t n, double *seconds)
{
    size_t letters = 0, digits;
    double x;
    while (letters < n && s[n - 1 - letters] >= 'a'
           && s[n - 1 - letters] <= 'z')
        letters++;
    digits = n - letters;
    while (letters && digits && s[digits - 1] == ' ')
        digits--;
    if (!params_finite(s, digits, &x))
        return false;
    const char *unit = letters ? mlpipe__time_unit(s + n - letters, letters)
                               : "";
    for (size_t i = 0; unit && i < sizeof params_units / sizeof params_units[0];
         i++) {
        if (!strcmp(params_units[i].name, unit)) {
            *seconds = x * params_units[i].times / params_units[i].over;
            return *seconds - *seconds == 0;
        }
    }
    return false;
}

static mlpipe_status params_span(const mlpipe__params_run *r,
                                 mlpipe__setting *s, const char *value,
                                 size_t n)
{
    if (!mlpipe__parse_span(value, n, &s->number))
        return params_bad(r, s, value, n,
                          "a number with one of us, ms, s, min, h, d, w");
    return params_range(r, s, s->number);
}

/* ---- lists -------------------------------------------------------------- */

/* The end of the element that starts at `at`: a comma outside backticks. */
static size_t params_element(const char *value, size_t n, size_t at)
{
    bool inside = false;
    for (; at < n && (inside || value[at] != ','); at++)
        inside ^= value[at] == '`';
    return at;
}

static uint32_t params_count(const char *value, size_t n)
{
    uint32_t count = 0;
    for (size_t at = 0; at <= n; count++)
        at = params_element(value, n, at) + 1;
    return count;
}

/*
 * A name without its backticks (`` inside stands for one); false where they
 * are not closed, are in the midst of a name, or nothing is left.
 */
static bool params_name(const char *s, size_t n, char *out)
{
    size_t m = 0;
    if (!n)
        return false;
    if (s[0] != '`') {
        memcpy(out, s, n);
        return !memchr(s, '`', n);
    }
    for (size_t i = 1; i < n; i++) {
        if (s[i] == '`') {
            if (i + 1 == n)
                return m > 0;
            if (s[++i] != '`')
                return false;
        }
        out[m++] = s[i];
    }
    return false;
}

static mlpipe_status params_names(const mlpipe__params_run *r,
                                  mlpipe__setting *s, const char *value,
                                  size_t n)
{
    mlpipe__env *env = r->out->env;
    const uint32_t count = params_count(value, n);
    uint32_t ignored;
    size_t at = 0;
    s->names = mlpipe__alloc_array(env, count, sizeof s->names[0]);
    if (!s->names)
        return mlpipe__nomem(r->ctx);
    s->count = count;
    for (uint32_t i = 0; i < count; i++) {
        size_t end = params_element(value, n, at);
        const size_t next = end + 1;
        while (at < end && value[at] == ' ')
            at++;
        while (end > at && value[end - 1] == ' ')
            end--;
        char *name = mlpipe__alloc(env, end - at + 1);
        if (!name)
            return mlpipe__nomem(r->ctx);
        s->names[i] = name;
        if (!params_name(value + at, end - at, name))
            return params_bad(r, s, value + at, end - at,
                              "a name; odd ones are written `in backticks`");
        const mlpipe_status st =
            s->param->choices
                ? params_choose(r, s, name, strlen(name), &ignored)
                : MLPIPE_OK;
        if (st)
            return st;
        at = next;
    }
    return MLPIPE_OK;
}

static mlpipe_status params_reals(const mlpipe__params_run *r,
                                  mlpipe__setting *s, const char *value,
                                  size_t n)
{
    const uint32_t count = params_count(value, n);
    size_t at = 0;
    s->reals = mlpipe__alloc_array(r->out->env, count, sizeof s->reals[0]);
    if (!s->reals)
        return mlpipe__nomem(r->ctx);
    s->count = count;
    for (uint32_t i = 0; i < count; i++) {
        size_t end = params_element(value, n, at);
        const size_t next = end + 1;
        while (at < end && value[at] == ' ')
            at++;
        while (end > at && value[end - 1] == ' ')
            end--;
        if (!params_finite(value + at, end - at, &s->reals[i]))
            return params_bad(r, s, value + at, end - at, "a finite number");
        const mlpipe_status st = params_range(r, s, s->reals[i]);
        if (st)
            return st;
        at = next;
    }
    return MLPIPE_OK;
}

/* ---- one value ---------------------------------------------------------- */

mlpipe_status mlpipe__params_set(const mlpipe__params_run *r,
                                 mlpipe__setting *s, const char *value,
                                 size_t n)
{
    const mlpipe__param *p = s->param;
    s->text = mlpipe__strdup(r->out->env, value, n);
    if (!s->text)
        return mlpipe__nomem(r->ctx);
    s->choice = UINT32_MAX;
    if (!n) {
        if (p->type == MLPIPE_PARAM_TEXT || (p->initial && !p->initial[0]))
            return MLPIPE_OK;
        return mlpipe__params_fail(r, "\"%s\" cannot be empty", p->name);
    }
    switch (p->type) {
    case MLPIPE_PARAM_INT:
        return params_integer(r, s, value, n);
    case MLPIPE_PARAM_REAL:
        return params_real(r, s, value, n);
    case MLPIPE_PARAM_BOOL:
        return params_bool(r, s, value, n);
    case MLPIPE_PARAM_CHOICE:
        return params_choose(r, s, value, n, &s->choice);
    case MLPIPE_PARAM_NAMES:
        return params_names(r, s, value, n);
    case MLPIPE_PARAM_REALS:
        return params_reals(r, s, value, n);
    case MLPIPE_PARAM_SPAN:
        return params_span(r, s, value, n);
    default:
        return MLPIPE_OK;
    }
}

/* ---- canonical form ----------------------------------------------------- */

static void params_put_number(mlpipe__text *out, double x)
{
    char text[MLPIPE__NUMBER_BYTES];
    mlpipe__text_put(out, text, mlpipe__print_f64(x, text));
}

static void params_put_list(const mlpipe__setting *s, mlpipe__text *out)
{
    mlpipe__text_put(out, "[", 1);
    for (uint32_t i = 0; i < s->count; i++) {
        if (i)
            mlpipe__text_put(out, ",", 1);
        if (s->names)
            mlpipe__text_json(out, s->names[i], strlen(s->names[i]));
        else
            params_put_number(out, s->reals[i]);
    }
    mlpipe__text_put(out, "]", 1);
}

static void params_put_value(const mlpipe__setting *s, mlpipe__text *out)
{
    char text[MLPIPE__NUMBER_BYTES];
    if (!s->text[0] && s->param->type != MLPIPE_PARAM_TEXT) {
        mlpipe__text_put(out, "null", 4);
        return;
    }
    switch (s->param->type) {
    case MLPIPE_PARAM_INT:
        mlpipe__text_put(out, text, mlpipe__print_i64(s->integer, text));
        break;
    case MLPIPE_PARAM_REAL:
    case MLPIPE_PARAM_SPAN:
        params_put_number(out, s->number);
        break;
    case MLPIPE_PARAM_BOOL:
        mlpipe__text_put(out, s->text, strlen(s->text));
        break;
    case MLPIPE_PARAM_NAMES:
    case MLPIPE_PARAM_REALS:
        params_put_list(s, out);
        break;
    default:
        mlpipe__text_json(out, s->text, strlen(s->text));
        break;
    }
}

void mlpipe__params_json(const mlpipe__params *p, mlpipe__text *out)
{
    mlpipe__text_put(out, "{", 1);
    for (uint32_t i = 0; i < p->count; i++) {
        const char *name = p->items[i].param->name;
        if (i)
            mlpipe__text_put(out, ",", 1);
        mlpipe__text_json(out, name, strlen(name));
        mlpipe__text_put(out, ":", 1);
        params_put_value(&p->items[i], out);
    }
    mlpipe__text_put(out, "}", 1);
}
