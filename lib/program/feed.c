/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a text through its steps to the value of a lane. Two buffers on the
 * stack take turns; nothing is allocated, and every step is bounded by the
 * length of its text.
 */
#include "program_internal.h"

/* A text under way: in the caller's memory or in one of two buffers. */
typedef struct feed_text {
    const char *text;
    size_t bytes;
    char buffer[2][MLPIPE__FEED_BYTES];
    uint32_t turn;
} feed_text;

enum feed_end { FEED_TEXT, FEED_NULL, FEED_TOO_LONG };

bool mlpipe__text_step_ends(uint32_t code)
{
    return code >= MLPIPE__TEXT_LENGTH;
}

/* ---- steps from text to text -------------------------------------------- */

static enum feed_end feed_take(feed_text *t, size_t bytes)
{
    if (bytes == SIZE_MAX)
        return FEED_TOO_LONG;
    t->text = t->buffer[t->turn];
    t->bytes = bytes;
    t->turn ^= 1;
    return FEED_TEXT;
}

static bool feed_is(const feed_text *t, const mlpipe__text_step *s,
                    uint32_t i)
{
    return t->bytes == s->bytes[i] &&
           !memcmp(t->text, s->texts[i], t->bytes);
}

static enum feed_end feed_map(feed_text *t, const mlpipe__text_step *s)
{
    for (uint32_t i = 0; i + 1 < s->text_count; i += 2)
        if (feed_is(t, s, i)) {
            t->text = s->texts[i + 1];
            t->bytes = s->bytes[i + 1];
            break;
        }
    return t->bytes > MLPIPE__FEED_BYTES ? FEED_TOO_LONG : FEED_TEXT;
}

static enum feed_end feed_null_if(const feed_text *t,
                                  const mlpipe__text_step *s)
{
    for (uint32_t i = 0; i < s->text_count; i++)
        if (feed_is(t, s, i))
            return FEED_NULL;
    return FEED_TEXT;
}

static enum feed_end feed_concat(feed_text *t, const mlpipe__text_step *s)
{
    char *out = t->buffer[t->turn];
    const size_t before = s->bytes[0], behind = s->bytes[1];

    if (before + behind > MLPIPE__FEED_BYTES ||
        t->bytes > MLPIPE__FEED_BYTES - before - behind)
        return FEED_TOO_LONG;
    memcpy(out, s->texts[0], before);
    memcpy(out + before, t->text, t->bytes);
    memcpy(out + before + t->bytes, s->texts[1], behind);
    return feed_take(t, before + t->bytes + behind);
}

static enum feed_end feed_step(feed_text *t, const mlpipe__text_step *s)
{
    char *out = t->buffer[t->turn];
    const size_t room = MLPIPE__FEED_BYTES;

    switch (s->code) {
    case MLPIPE__TEXT_LOWER:
        return feed_take(t, mlpipe__text_lower(t->text, t->bytes, out, room));
    case MLPIPE__TEXT_UPPER:
        return feed_take(t, mlpipe__text_upper(t->text, t->bytes, out, room));
    case MLPIPE__TEXT_TRIM:
        return feed_take(t, mlpipe__text_trim(t->text, t->bytes, out, room));
    case MLPIPE__TEXT_SQUEEZE:
        return feed_take(t, mlpipe__text_squeeze(t->text, t->bytes, out,
                                                 room));
    case MLPIPE__TEXT_STRIP_ACCENTS:
        return feed_take(t, mlpipe__text_strip_accents(t->text, t->bytes, out,
                                                       room));
    case MLPIPE__TEXT_SUBSTR: /* theirs counts from 0 */
        return feed_take(t, mlpipe__text_substr(
                                t->text, t->bytes,
                                (int64_t)s->number[0] - (s->number[0] > 0),
                                (int64_t)s->number[1], out, room));
    case MLPIPE__TEXT_REPLACE:
        return feed_take(t, mlpipe__text_replace(
                                t->text, t->bytes, s->texts[0], s->bytes[0],
                                s->texts[1], s->bytes[1], out, room));
    case MLPIPE__TEXT_SPLIT_PART:
        return feed_take(t, mlpipe__text_split_part(
                                t->text, t->bytes, s->texts[0], s->bytes[0],
                                (int64_t)s->number[0], out, room));
    case MLPIPE__TEXT_MAP:
        return feed_map(t, s);
    case MLPIPE__TEXT_NULL_IF:
        return feed_null_if(t, s);
    default:
        return feed_concat(t, s);
    }
}

static enum feed_end feed_run(feed_text *t, const mlpipe__text_step *steps,
                              uint32_t count)
{
    enum feed_end end = t->bytes > MLPIPE__FEED_BYTES ? FEED_TOO_LONG
                                                      : FEED_TEXT;

    for (uint32_t i = 0; i < count && end == FEED_TEXT; i++)
        end = feed_step(t, &steps[i]);
    return end;
}

bool mlpipe__feed_text(const mlpipe__text_step *steps, uint32_t count,
                       const char *text, size_t n, char *out, size_t *bytes)
{
    feed_text t;

    t.text = text;
    t.bytes = n;
    t.turn = 0;
    if (!text || feed_run(&t, steps, count) != FEED_TEXT)
        return false;
    memcpy(out, t.text, t.bytes);
    *bytes = t.bytes;
    return true;
}

/* ---- the last step, to a number ----------------------------------------- */

static double feed_truth(bool value)
{
    return value ? 1.0 : 0.0;
}

/* What no step can read is infinity: OP_FEED counts it and makes it null. */
static double feed_or_fault(bool read, double value)
{
    return read ? value : mlpipe__inf();
}

static double feed_bool(const feed_text *t)
{
    static const char *const words[] = {"true", "false", "yes", "no", "y",
                                        "n",    "t",     "f",   "1",  "0",
                                        "on",   "off"};
    char low[8];
    const size_t n = mlpipe__text_lower(t->text, t->bytes, low, sizeof low);

    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
        if (n == strlen(words[i]) && !memcmp(low, words[i], n))
            return feed_truth(i % 2 == 0);
    return mlpipe__inf();
}

static double feed_quantity(const feed_text *t, const mlpipe__text_step *s)
{
    uint32_t from, to;
    double x = 0;
    const bool read =
        mlpipe__parse_quantity(t->text, t->bytes, s->texts[0][0], &x,
                               &from) &&
        mlpipe__unit_find(s->texts[1], s->bytes[1], &to) &&
        mlpipe__unit_convert(from, to, x, &x);

    return feed_or_fault(read, x);
}

static double feed_date(const feed_text *t, const mlpipe__text_step *s)
{
    int64_t us = 0;

    for (uint32_t i = 0; i < s->text_count; i++)
        if (mlpipe__date_parse(s->texts[i], t->text, t->bytes, &us))
            return (double)us;
    return mlpipe__inf();
}

static double feed_number(const feed_text *t, const mlpipe__text_step *s)
{
    const size_t n = t->bytes;
    double x = 0;
    bool read;

    switch (s->code) {
    case MLPIPE__TEXT_LENGTH:
        return (double)mlpipe__text_length(t->text, n);
    case MLPIPE__TEXT_CONTAINS:
        return feed_truth(mlpipe__text_find(t->text, n, s->texts[0],
                                            s->bytes[0]) != SIZE_MAX);
    case MLPIPE__TEXT_STARTS:
        return feed_truth(n >= s->bytes[0] &&
                          !memcmp(t->text, s->texts[0], s->bytes[0]));
    case MLPIPE__TEXT_ENDS:
        return feed_truth(n >= s->bytes[0] &&
                          !memcmp(t->text + n - s->bytes[0], s->texts[0],
                                  s->bytes[0]));
    case MLPIPE__TEXT_EQUALS:
        return feed_truth(feed_is(t, s, 0));
    case MLPIPE__TEXT_NUMBER:
        read = mlpipe__parse_number_text(t->text, n, s->texts[0][0], &x);
        return feed_or_fault(read, x);
    case MLPIPE__TEXT_QUANTITY:
        return feed_quantity(t, s);
    case MLPIPE__TEXT_DATE:
        return feed_date(t, s);
    default:
        return feed_bool(t);
    }
}

double mlpipe__feed_value(const mlpipe__feed *f, const char *text, size_t n)
{
    const uint32_t count = f->step_count - !f->dict;
    feed_text t;
    enum feed_end end;
    uint32_t code;

    if (!text)
        return mlpipe__nan();
    t.text = text;
    t.bytes = n;
    t.turn = 0;
    end = feed_run(&t, f->steps, count);
    if (end == FEED_NULL)
        return mlpipe__nan();
    if (end == FEED_TOO_LONG)
        return mlpipe__inf();
    if (!f->dict)
        return feed_number(&t, &f->steps[count]);
    code = mlpipe__dict_find(f->dict, t.text, t.bytes);
    return code == UINT32_MAX ? -1.0 : (double)code;
}

/* ---- steps as memory ---------------------------------------------------- */

void mlpipe__text_steps_free(mlpipe__env *env, mlpipe__text_step *steps,
                             uint32_t count)
{
    for (uint32_t i = 0; steps && i < count; i++) {
        for (uint32_t t = 0; steps[i].texts && t < steps[i].text_count; t++)
            mlpipe__free(env, steps[i].texts[t]);
        mlpipe__free(env, steps[i].texts);
        mlpipe__free(env, steps[i].bytes);
    }
    mlpipe__free(env, steps);
}

bool mlpipe__text_step_texts(mlpipe__env *env, mlpipe__text_step *step,
                             const char *const *texts, uint32_t count)
{
    step->texts = mlpipe__alloc_array(env, count, sizeof *step->texts);
    step->bytes = mlpipe__alloc_array(env, count, sizeof *step->bytes);
    if (!step->texts || !step->bytes)
        return false;
    step->text_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const size_t n = strlen(texts[i]);
        step->texts[i] = mlpipe__strdup(env, texts[i], n);
        if (!step->texts[i])
            return false;
        step->bytes[i] = (uint32_t)n;
    }
    return true;
}

mlpipe__text_step *mlpipe__text_steps_copy(mlpipe__env *env,
                                           const mlpipe__text_step *steps,
                                           uint32_t count, uint32_t more)
{
    mlpipe__text_step *copy =
        mlpipe__alloc_array(env, (size_t)count + more, sizeof *copy);

    for (uint32_t i = 0; copy && i < count; i++) {
        copy[i].code = steps[i].code;
        memcpy(copy[i].number, steps[i].number, sizeof copy[i].number);
        if (!mlpipe__text_step_texts(env, &copy[i],
                                     (const char *const *)steps[i].texts,
                                     steps[i].text_count)) {
            mlpipe__text_steps_free(env, copy, count);
            copy = NULL;
        }
    }
    return copy;
}

/* Has a step the texts that it needs? */
static bool feed_has_texts(const mlpipe__text_step *s)
{
    switch (s->code) {
    case MLPIPE__TEXT_MAP:
        return s->text_count % 2 == 0;
    case MLPIPE__TEXT_NULL_IF:
        return true;
    case MLPIPE__TEXT_DATE:
        return s->text_count > 0;
    case MLPIPE__TEXT_REPLACE:
        return s->text_count == 2 && s->bytes[0] > 0;
    case MLPIPE__TEXT_CONCAT:
        return s->text_count == 2;
    case MLPIPE__TEXT_QUANTITY:
        return s->text_count == 2 && s->bytes[0] == 1;
    case MLPIPE__TEXT_NUMBER:
        return s->text_count == 1 && s->bytes[0] == 1;
    case MLPIPE__TEXT_SPLIT_PART:
        return s->text_count == 1 && s->bytes[0] > 0;
    case MLPIPE__TEXT_CONTAINS:
    case MLPIPE__TEXT_STARTS:
    case MLPIPE__TEXT_ENDS:
    case MLPIPE__TEXT_EQUALS:
        return s->text_count == 1;
    default:
        return s->text_count == 0;
    }
}

static bool feed_known(uint32_t code)
{
    return (code >= MLPIPE__TEXT_LOWER && code <= MLPIPE__TEXT_NULL_IF) ||
           (code >= MLPIPE__TEXT_LENGTH && code <= MLPIPE__TEXT_BOOL);
}

const char *mlpipe__text_steps_check(const mlpipe__text_step *steps,
                                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const mlpipe__text_step *s = &steps[i];
        size_t at;

        if (!feed_known(s->code))
            return "a step on a text is not known to this version";
        if (mlpipe__text_step_ends(s->code) && i + 1 < count)
            return "a step on a text follows a number";
        if (!feed_has_texts(s))
            return "a step on a text has not the texts that it needs";
        for (uint32_t k = 0; k < 2; k++)
            if (!(s->number[k] >= -0x1p31 && s->number[k] <= 0x1p31))
                return "a step on a text has a number out of range";
        for (uint32_t t = 0; t < s->text_count; t++)
            if (s->bytes[t] > MLPIPE__FEED_BYTES)
                return "a step on a text has a text that is too long";
        for (uint32_t t = 0;
             s->code == MLPIPE__TEXT_DATE && t < s->text_count; t++)
            if (!mlpipe__date_pattern_ok(s->texts[t], &at))
                return "a step on a text has a date pattern that is none";
    }
    return NULL;
}
