/* SPDX-License-Identifier: MIT */
/*
 * The step `format`: numbers, dates, quantities and categories out of columns
 * of text. What it finds in the training rows is frozen as a chain of steps on
 * a text, so that one that is served goes the same way, seen before or not.
 */
#include "clean_internal.h"

enum retype_to { RETYPE_NUMBER, RETYPE_DATE, RETYPE_CATEGORY, RETYPE_UNIT };
enum retype_case { RETYPE_KEEP, RETYPE_LOWER, RETYPE_UPPER };

static const mlpipe__param retype_params[] = {
    {"columns", MLPIPE_PARAM_NAMES, NULL, 0, 0, NULL, 0x000100,
     "Columns of text, categories or free, all of which become this."},
    {"to", MLPIPE_PARAM_CHOICE, NULL, 0, 0, "number,date,category,unit",
     0x000100, "What they become; a date is a time in microseconds."},
    {"decimal", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Of to=number and to=unit: the decimal sign, . (where it is not set) or , "
     "as in 1.234,50."},
    {"unit", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Of to=unit: what to convert to, such as m, m2 or km/h."},
    {"pattern", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Of to=date: such as %d/%m/%Y; else the format that reads all texts."},
    {"trim", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Of to=category: without spaces at the ends."},
    {"squeeze", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Of to=category: runs of spaces become one."},
    {"case", MLPIPE_PARAM_CHOICE, "keep", 0, 0, "keep,lower,upper", 0x000100,
     "Of to=category: letters in one case."},
    {"accents", MLPIPE_PARAM_CHOICE, "keep", 0, 0, "keep,strip", 0x000100,
     "Of to=category: strip makes e of \xc3\xa9."},
    {"map", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Of to=category: old:new,old2:new2, odd texts `in backticks`; an old one "
     "is cleaned as the texts are before it is compared."},
    {"null", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Texts that mean missing, by comma, cleaned as the texts are."},
    {"max_unread", MLPIPE_PARAM_REAL, "0.1", 0, 1, NULL, 0x000100,
     "The largest share of the training texts that may be unreadable, and so "
     "missing."},
};

static const mlpipe__setting *retype_get(const mlpipe__job *job,
                                         const char *name)
{
    return mlpipe__params_get(job->params, name);
}

static enum retype_to retype_to(const mlpipe__job *job)
{
    return retype_get(job, "to")->choice;
}

static const char *retype_decimal(const mlpipe__job *job)
{
    const char *sign = retype_get(job, "decimal")->text;

    return sign[0] ? sign : ".";
}

/* ---- which parameters go together --------------------------------------- */

static mlpipe_status retype_foreign(const mlpipe__job *job)
{
    static const struct {
        const char *name;
        uint32_t of; /* bits of retype_to */
    } owners[] = {
        {"decimal", 1u << RETYPE_NUMBER | 1u << RETYPE_UNIT},
        {"unit", 1u << RETYPE_UNIT},
        {"pattern", 1u << RETYPE_DATE},
        {"trim", 1u << RETYPE_CATEGORY},
        {"squeeze", 1u << RETYPE_CATEGORY},
        {"case", 1u << RETYPE_CATEGORY},
        {"accents", 1u << RETYPE_CATEGORY},
        {"map", 1u << RETYPE_CATEGORY},
    };

    for (uint32_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        const mlpipe__setting *s = retype_get(job, owners[i].name);
        /* a recipe that was saved gives all of them, with their defaults */
        if (!strcmp(s->text, s->param->initial) ||
            owners[i].of >> retype_to(job) & 1)
            continue;
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: %s= says nothing with to=%s; leave it out",
                            job->name, owners[i].name,
                            retype_get(job, "to")->text);
    }
    return MLPIPE_OK;
}

static mlpipe_status retype_check(const mlpipe__job *job)
{
    const char *decimal = retype_decimal(job);
    const char *unit = retype_get(job, "unit")->text;
    const char *pattern = retype_get(job, "pattern")->text;
    const mlpipe_status st = retype_foreign(job);
    char caret[MLPIPE__CARET_BYTES];
    uint32_t found;
    size_t at = 0;

    if (st)
        return st;
    if (strcmp(decimal, ".") && strcmp(decimal, ","))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: decimal=%q is neither . nor ,", job->name,
                            decimal);
    if (retype_to(job) == RETYPE_UNIT && !unit[0])
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: to=unit needs unit=, such as m", job->name);
    if (unit[0] && !mlpipe__unit_find(unit, strlen(unit), &found))
        return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                            "%s: unit=%q is no unit that is known; such as "
                            "m, ft, m2, kg, km/h are",
                            job->name, unit);
    if (!pattern[0] || mlpipe__date_pattern_ok(pattern, &at))
        return MLPIPE_OK;
    mlpipe__caret(pattern, strlen(pattern), at, caret);
    return mlpipe__fail(job->ctx, MLPIPE_E_PARAM,
                        "%s: pattern= is no pattern of dates, such as "
                        "%%d/%%m/%%Y or %%Y-%%m-%%d[ %%H:%%M]%s",
                        job->name, caret);
}

static mlpipe_status retype_select(mlpipe__job *job)
{
    mlpipe_status st = retype_check(job);

    if (!st)
        st = mlpipe__job_choose(job, "columns",
                                MLPIPE__CODE | MLPIPE__FREE_TEXT, 0);
    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        if (job->plan->vars[job->chosen[i]].type != MLPIPE_TYPE_TEXT)
            job->needs[i] = MLPIPE__NEED_COUNTS;
    return st;
}

/* ---- chains ------------------------------------------------------------- */

mlpipe_status mlpipe__retype_add(mlpipe__retype *r, uint32_t code,
                                 const char *const *texts, uint32_t count)
{
    mlpipe__text_step *step = &r->steps[r->count++];

    step->code = code;
    if (!count || mlpipe__text_step_texts(r->job->plan->env, step, texts,
                                          count))
        return MLPIPE_OK;
    return mlpipe__nomem(r->job->ctx);
}

/* The steps that clean a text come first; those that tell which are missing
 * follow. Gives how many the former are. */
static uint32_t retype_cleaning(const mlpipe__retype *r)
{
    uint32_t count = 0;

    while (count < r->count && r->steps[count].code != MLPIPE__TEXT_NULL_IF)
        count++;
    return count;
}

/* Text i of a list becomes what the cleaning makes of it, one that means
 * missing as well. */
static mlpipe_status retype_clean_text(const mlpipe__retype *r,
                                       const char *param,
                                       mlpipe__text_list *list, uint32_t i)
{
    char out[MLPIPE__FEED_BYTES];
    const char *text = list->texts[i];
    char *clean;
    size_t n;

    if (!mlpipe__feed_text(r->steps, retype_cleaning(r), text, strlen(text),
                           out, &n))
        return mlpipe__fail(r->job->ctx, MLPIPE_E_PARAM,
                            "%s: %s= has a text of %zu bytes, %q, that is "
                            "longer than %d bytes when it is cleaned",
                            r->job->name, param, strlen(text), text,
                            MLPIPE__FEED_BYTES);
    clean = mlpipe__strdup(list->env, out, n);
    if (!clean)
        return mlpipe__nomem(r->job->ctx);
    mlpipe__free(list->env, list->texts[i]);
    list->texts[i] = clean;
    return MLPIPE_OK;
}

static mlpipe_status retype_twice(const mlpipe__retype *r,
                                  const mlpipe__text_list *list)
{
    for (uint32_t i = 0; i < list->count; i += 2)
        for (uint32_t k = 0; k < i; k += 2)
            if (!strcmp(list->texts[i], list->texts[k]))
                return mlpipe__fail(r->job->ctx, MLPIPE_E_PARAM,
                                    "%s: map= gives %q two new texts, %q "
                                    "and %q",
                                    r->job->name, list->texts[i],
                                    list->texts[k + 1], list->texts[i + 1]);
    return MLPIPE_OK;
}

/* An old text of map= that is missing by then would never become new. */
static mlpipe_status retype_null_mapped(const mlpipe__retype *r,
                                        const mlpipe__text_list *list)
{
    for (uint32_t i = 0; i < list->count; i += 2) {
        char out[MLPIPE__FEED_BYTES];
        const char *text = list->texts[i];
        size_t n;
        if (!mlpipe__feed_text(r->steps + retype_cleaning(r),
                               r->count - retype_cleaning(r), text,
                               strlen(text), out, &n))
            return mlpipe__fail(r->job->ctx, MLPIPE_E_PARAM,
                                "%s: %q means missing by null= and becomes "
                                "%q by map=; take it out of one of them",
                                r->job->name, text, list->texts[i + 1]);
    }
    return MLPIPE_OK;
}

/* null= or map= as a step behind the others. */
static mlpipe_status retype_list(mlpipe__retype *r, const char *param,
                                 uint32_t code)
{
    const bool pairs = code == MLPIPE__TEXT_MAP;
    mlpipe__text_list list;
    mlpipe_status st =
        mlpipe__text_list_parse(r->job, param, pairs, &list);

    for (uint32_t i = 0; i < list.count && !st; i += 1 + pairs)
        st = retype_clean_text(r, param, &list, i);
    if (!st && pairs)
        st = retype_twice(r, &list);
    if (!st && pairs)
        st = retype_null_mapped(r, &list);
    if (!st && list.count)
        st = mlpipe__retype_add(r, code, (const char *const *)list.texts,
                                list.count);
    mlpipe__text_list_free(&list);
    return st;
}

static mlpipe_status retype_category(mlpipe__retype *r)
{
    const mlpipe__job *job = r->job;
    const enum retype_case letters = retype_get(job, "case")->choice;
    mlpipe_status st = MLPIPE_OK;

    if (retype_get(job, "trim")->number != 0)
        st = mlpipe__retype_add(r, MLPIPE__TEXT_TRIM, NULL, 0);
    if (!st && retype_get(job, "squeeze")->number != 0)
        st = mlpipe__retype_add(r, MLPIPE__TEXT_SQUEEZE, NULL, 0);
    if (!st && letters != RETYPE_KEEP)
        st = mlpipe__retype_add(r, letters == RETYPE_LOWER
                                       ? MLPIPE__TEXT_LOWER
                                       : MLPIPE__TEXT_UPPER,
                                NULL, 0);
    if (!st && retype_get(job, "accents")->choice == 1)
        st = mlpipe__retype_add(r, MLPIPE__TEXT_STRIP_ACCENTS, NULL, 0);
    if (!st)
        st = retype_list(r, "null", MLPIPE__TEXT_NULL_IF);
    if (!st)
        st = retype_list(r, "map", MLPIPE__TEXT_MAP);
    return st;
}

/* Numbers of any kind: what is missing first, which a blank is among them,
 * then how to read the rest. */
static mlpipe_status retype_number(mlpipe__retype *r)
{
    static const char *const blank = "";
    const char *texts[2] = {retype_decimal(r->job),
                            retype_get(r->job, "unit")->text};
    mlpipe_status st = mlpipe__retype_add(r, MLPIPE__TEXT_TRIM, NULL, 0);

    if (!st)
        st = mlpipe__retype_add(r, MLPIPE__TEXT_NULL_IF, &blank, 1);
    if (!st)
        st = retype_list(r, "null", MLPIPE__TEXT_NULL_IF);
    if (st)
        return st;
    r->type = MLPIPE_TYPE_F64;
    switch (retype_to(r->job)) {
    case RETYPE_NUMBER:
        return mlpipe__retype_add(r, MLPIPE__TEXT_NUMBER, texts, 1);
    case RETYPE_UNIT:
        return mlpipe__retype_add(r, MLPIPE__TEXT_QUANTITY, texts, 2);
    default:
        r->type = MLPIPE_TYPE_TIMESTAMP;
        return mlpipe__retype_date(r);
    }
}

/* ---- the texts of the training rows ------------------------------------- */

typedef struct retype_single {
    mlpipe_status (*each)(void *user, const char *text, size_t bytes,
                          uint64_t rows);
    void *user;
} retype_single;

static mlpipe_status retype_single_text(void *user, const char *text,
                                        size_t bytes)
{
    const retype_single *s = user;

    return s->each(s->user, text, bytes, 1);
}

mlpipe_status mlpipe__retype_walk(const mlpipe__retype *r,
                                  mlpipe_status (*each)(void *user,
                                                        const char *text,
                                                        size_t bytes,
                                                        uint64_t rows),
                                  void *user)
{
    mlpipe__plan *plan = r->job->plan;
    const mlpipe__var *v = &plan->vars[r->job->chosen[r->which]];
    const uint64_t *counts = r->job->stats[r->which].counts;
    retype_single single = {each, user};
    mlpipe_status st = MLPIPE_OK;

    if (v->type == MLPIPE_TYPE_TEXT)
        return plan->each_text
                   ? plan->each_text(plan, r->job->ctx, v->reg,
                                     retype_single_text, &single)
                   : MLPIPE_OK;
    for (uint32_t c = 0; v->dict && counts && c < v->codes && !st; c++)
        if (counts[c])
            st = each(user, mlpipe__dict_text(v->dict, c),
                      mlpipe__dict_bytes(v->dict, c), counts[c]);
    return st;
}

void mlpipe__retype_row(const mlpipe__retype *r,
                        bool (*is)(void *user, const char *text,
                                   size_t bytes),
                        void *user, int64_t *row,
                        char out[MLPIPE__RETYPE_ROW_BYTES])
{
    const mlpipe__plan *plan = r->job->plan;
    const uint32_t reg = plan->vars[r->job->chosen[r->which]].reg;

    *row = -1;
    out[0] = 0;
    if (plan->find_text && reg < plan->program->input_count)
        *row = plan->find_text(plan, reg, is, user);
    if (*row >= 0)
        mlpipe__format(out, MLPIPE__RETYPE_ROW_BYTES, " (row %lld)",
                       (long long)*row);
}

/* ---- how many of them can be read --------------------------------------- */

enum { RETYPE_EXAMPLES = 3, RETYPE_EXAMPLE_BYTES = 48 };

typedef struct retype_count {
    mlpipe__feed feed; /* the chain, as served rows meet it */
    uint64_t texts, unread;
    uint32_t shown;
    char example[RETYPE_EXAMPLES][RETYPE_EXAMPLE_BYTES];
    char first[RETYPE_EXAMPLE_BYTES]; /* by row, where that is known */
    /* Another reading, with the other decimal sign. */
    mlpipe__text_step other_end;
    uint64_t other_read, differ;
    double value, other_value; /* of the example */
    char differs[RETYPE_EXAMPLE_BYTES];
} retype_count;

void mlpipe__retype_example(char *out, size_t room, const char *text,
                            size_t bytes)
{
    size_t n = 0;

    while (n < bytes) { /* whole characters only */
        const size_t step = mlpipe__utf8_char(text + n, bytes - n);
        if (n + (step ? step : 1) >= room)
            break;
        n += step ? step : 1;
    }
    memcpy(out, text, n);
    out[n] = 0;
}

/* The last step of a copy on the stack takes the other sign. */
static double retype_other(const retype_count *c, const char *text,
                           size_t bytes)
{
    mlpipe__text_step steps[MLPIPE__RETYPE_STEPS];
    mlpipe__feed feed = c->feed;

    memcpy(steps, c->feed.steps, feed.step_count * sizeof *steps);
    steps[feed.step_count - 1] = c->other_end;
    feed.steps = steps;
    return mlpipe__feed_value(&feed, text, bytes);
}

static mlpipe_status retype_count_text(void *user, const char *text,
                                       size_t bytes, uint64_t rows)
{
    retype_count *c = user;
    const double value = mlpipe__feed_value(&c->feed, text, bytes);
    double other;

    if (value != value)
        return MLPIPE_OK;
    c->texts += rows;
    if (!mlpipe__finite(value)) {
        c->unread += rows;
        if (c->shown < RETYPE_EXAMPLES)
            mlpipe__retype_example(c->example[c->shown++],
                                   RETYPE_EXAMPLE_BYTES, text, bytes);
    }
    if (!c->other_end.code)
        return MLPIPE_OK;
    other = retype_other(c, text, bytes);
    if (!mlpipe__finite(other))
        return MLPIPE_OK;
    c->other_read += rows;
    if (mlpipe__finite(value) && value != other && !c->differ++) {
        mlpipe__retype_example(c->differs, sizeof c->differs, text, bytes);
        c->value = value;
        c->other_value = other;
    }
    return MLPIPE_OK;
}

static bool retype_is_unread(void *user, const char *text, size_t bytes)
{
    retype_count *c = user;
    const double value = mlpipe__feed_value(&c->feed, text, bytes);

    if (mlpipe__finite(value) || value != value)
        return false;
    mlpipe__retype_example(c->first, sizeof c->first, text, bytes);
    return true;
}

/* Too many texts say nothing: not what this column holds. */
static mlpipe_status retype_too_many(const mlpipe__retype *r,
                                     retype_count *c, const char *name)
{
    const mlpipe__job *job = r->job;
    const double most = retype_get(job, "max_unread")->number;
    char row[MLPIPE__RETYPE_ROW_BYTES], list[320], hint[160];
    int64_t at;
    size_t n;

    memcpy(c->first, c->example[0], sizeof c->first);
    mlpipe__retype_row(r, retype_is_unread, c, &at, row);
    n = mlpipe__format(list, sizeof list, "%q%s", c->first, row);
    for (uint32_t i = 0; i < c->shown; i++)
        if (strcmp(c->example[i], c->first))
            n += mlpipe__format(list + n, sizeof list - n, ", %q",
                                c->example[i]);
    hint[0] = 0;
    if (c->other_read > c->texts - c->unread)
        mlpipe__format(hint, sizeof hint,
                       "; with decimal=%c it would be %llu fewer",
                       c->other_end.texts[0][0],
                       (unsigned long long)(c->other_read -
                                            (c->texts - c->unread)));
    mlpipe__fail(job->ctx, MLPIPE_E_FORMAT,
                 "%s: %llu of %llu texts of %q cannot be read as to=%s, such "
                 "as %s%s; the limit is max_unread=%g, and null= names texts "
                 "that mean missing",
                 job->name, (unsigned long long)c->unread,
                 (unsigned long long)c->texts, name,
                 retype_get(job, "to")->text, list, hint, most);
    return mlpipe__fail_at(job->ctx, at, name);
}

static void retype_tell(const mlpipe__retype *r, const retype_count *c,
                        const char *name)
{
    const mlpipe__job *job = r->job;

    mlpipe__report_note(job->notes, job->name, name, "texts",
                        (double)c->texts);
    mlpipe__report_note(job->notes, job->name, name, "unread",
                        (double)c->unread);
    if (c->unread)
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%llu of %llu texts of %s cannot be read and become "
                         "missing, such as %q",
                         (unsigned long long)c->unread,
                         (unsigned long long)c->texts, name, c->example[0]);
    if (c->differ && c->other_read >= c->texts - c->unread &&
        !retype_get(job, "decimal")->text[0])
        mlpipe__log_line(job->ctx, MLPIPE_LOG_WARN, job->name,
                         "%s can be read with decimal=%c as well: %q is then "
                         "%g in place of %g; say which by decimal=",
                         name, c->other_end.texts[0][0], c->differs,
                         c->other_value, c->value);
}

static mlpipe_status retype_count_all(const mlpipe__retype *r)
{
    const char *name = r->job->plan->vars[r->job->chosen[r->which]].name;
    const mlpipe__text_step *end = &r->steps[r->count - 1];
    char sign[2] = {'.', 0};
    char *texts[2] = {sign, NULL};
    uint32_t bytes[2] = {1, 0};
    retype_count c = {
        .feed = {.source = MLPIPE__FEED_TEXT, .step_count = r->count,
                 .steps = r->steps}};
    mlpipe_status st;

    if (end->code != MLPIPE__TEXT_DATE) {
        sign[0] = end->texts[0][0] == '.' ? ',' : '.';
        texts[1] = end->text_count > 1 ? end->texts[1] : NULL;
        bytes[1] = end->text_count > 1 ? end->bytes[1] : 0;
        c.other_end = *end;
        c.other_end.texts = texts;
        c.other_end.bytes = bytes;
    }
    st = mlpipe__retype_walk(r, retype_count_text, &c);
    if (!st && (double)c.unread > retype_get(r->job, "max_unread")->number *
                                      (double)c.texts)
        st = retype_too_many(r, &c, name);
    if (!st)
        retype_tell(r, &c, name);
    return st;
}

/* ---- the step ----------------------------------------------------------- */

static mlpipe_status retype_one(mlpipe__job *job, uint32_t which)
{
    mlpipe__plan *plan = job->plan;
    const uint32_t var = job->chosen[which];
    const bool category = retype_to(job) == RETYPE_CATEGORY;
    mlpipe__retype r = {.job = job, .which = which};
    mlpipe__var made;
    mlpipe_status st;

    r.steps = mlpipe__alloc_array(plan->env, MLPIPE__RETYPE_STEPS,
                                  sizeof *r.steps);
    if (!r.steps)
        return mlpipe__nomem(job->ctx);
    st = category ? retype_category(&r) : retype_number(&r);
    if (!st && !category)
        st = retype_count_all(&r);
    if (st) {
        mlpipe__text_steps_free(plan->env, r.steps, r.count);
        return st;
    }
    st = mlpipe__plan_text(job->ctx, plan, &plan->vars[var], r.steps, r.count,
                           r.type, &made);
    if (!st)
        plan->vars[var] = made;
    return st;
}

static mlpipe_status retype_emit(mlpipe__job *job)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; i < job->chosen_count && !st; i++)
        st = retype_one(job, i);
    return st;
}

const mlpipe__step mlpipe__step_format = {
    .name = "format",
    .kind = MLPIPE_KIND_FIT,
    .params = retype_params,
    .param_count = sizeof retype_params / sizeof *retype_params,
    .doc = "Make numbers, dates, quantities or clean categories of texts.",
    .select = retype_select,
    .emit = retype_emit,
    .typed = true,
    .names = mlpipe__clean_names,
};
