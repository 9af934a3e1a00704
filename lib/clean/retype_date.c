/* SPDX-License-Identifier: MIT */
/* Which format a column of dates is written in: told, or found for all of its
 * texts at once and never row by row. */
#include "clean_internal.h"

typedef struct retype_dates {
    const mlpipe__retype *r;
    uint64_t next;
    mlpipe__date_guess guess;
} retype_dates;

static mlpipe_status retype_date_each(void *user, const char *text,
                                      size_t bytes, uint64_t rows)
{
    retype_dates *d = user;
    char out[MLPIPE__FEED_BYTES];
    size_t n;
    (void)rows;

    if (mlpipe__feed_text(d->r->steps, d->r->count, text, bytes, out, &n))
        mlpipe__date_guess_add(&d->guess, d->next++, out, n);
    return MLPIPE_OK;
}

/* Microseconds since 1970 as a date that all can read. */
static void retype_date_print(int64_t us, char *out, size_t room)
{
    const int64_t day = INT64_C(86400000000);
    const int64_t days = us / day - (us % day < 0);
    const int64_t s = (us - days * day) / 1000000;
    int32_t y, m, d;
    size_t n;

    mlpipe__civil_from_days(days, &y, &m, &d);
    n = mlpipe__format(out, room, "%d-%d%d-%d%d", y, m / 10, m % 10, d / 10,
                       d % 10);
    for (int64_t part = 3600; s && part; part /= 60) {
        const int v = (int)(s / part % 60);
        n += mlpipe__format(out + n, room - n, "%c%d%d",
                            part == 3600 ? ' ' : ':', v / 10, v % 10);
    }
}

/* A text as one format reads it, and what another one makes of it. */
typedef struct retype_reading {
    const mlpipe__retype *r;
    mlpipe__date_choice *choice;
    bool ambiguous;
} retype_reading;

/* Is it an example of what the choice says? It then becomes the example. */
static bool retype_date_is(void *user, const char *text, size_t bytes)
{
    const retype_reading *w = user;
    mlpipe__date_choice *c = w->choice;
    char out[MLPIPE__FEED_BYTES];
    int64_t one = 0, two = 0;
    size_t n;

    if (!mlpipe__feed_text(w->r->steps, w->r->count, text, bytes, out, &n))
        return false;
    const bool read =
        mlpipe__date_parse(mlpipe__date_format(c->format), out, n, &one);
    if (!w->ambiguous) {
        if (read)
            return false;
    } else if (!read ||
               !mlpipe__date_parse(mlpipe__date_format(c->other), out, n,
                                   &two) ||
               one == two) {
        return false;
    }
    c->value = one;
    c->other_value = two;
    /* The text, the row and both values that a message shows are of one row;
     * of a long text it shows a part. */
    mlpipe__retype_example(c->example, sizeof c->example, out, n);
    return true;
}

static mlpipe_status retype_date_ambiguous(const mlpipe__retype *r,
                                           const char *name,
                                           mlpipe__date_choice *c)
{
    retype_reading w = {r, c, true};
    char row[MLPIPE__RETYPE_ROW_BYTES], a[48], b[48];
    int64_t at;

    mlpipe__retype_row(r, retype_date_is, &w, &at, row);
    retype_date_print(c->value, a, sizeof a);
    retype_date_print(c->other_value, b, sizeof b);
    mlpipe__fail(r->job->ctx, MLPIPE_E_PARAM,
                 "%s: all texts of %q can be read as %q and as %q: %q%s is "
                 "%s or %s; say which by pattern=",
                 r->job->name, name, mlpipe__date_format(c->format),
                 mlpipe__date_format(c->other), c->example, row, a, b);
    return mlpipe__fail_at(r->job->ctx, at, name);
}

static mlpipe_status retype_date_none(const mlpipe__retype *r,
                                      const char *name,
                                      mlpipe__date_choice *c, uint64_t count)
{
    retype_reading w = {r, c, false};
    char row[MLPIPE__RETYPE_ROW_BYTES];
    int64_t at;

    mlpipe__retype_row(r, retype_date_is, &w, &at, row);
    if (!c->parsed)
        mlpipe__fail(r->job->ctx, MLPIPE_E_FORMAT,
                     "%s: none of %llu texts of %q is a date in a format "
                     "that is known, such as %q%s; say how they are written "
                     "by pattern=",
                     r->job->name, (unsigned long long)count, name,
                     c->example, row);
    else
        mlpipe__fail(r->job->ctx, MLPIPE_E_FORMAT,
                     "%s: no format reads all texts of %q; %q reads the most, "
                     "%llu of %llu, and not %q%s; give pattern=, or name "
                     "texts that mean missing in null=",
                     r->job->name, name, mlpipe__date_format(c->format),
                     (unsigned long long)c->parsed,
                     (unsigned long long)count, c->example, row);
    return mlpipe__fail_at(r->job->ctx, at, name);
}

static mlpipe_status retype_date_guess(const mlpipe__retype *r,
                                       const char *name, const char **pattern)
{
    retype_dates d = {.r = r};
    mlpipe__date_choice c;
    mlpipe_status st;

    mlpipe__date_guess_init(&d.guess);
    st = mlpipe__retype_walk(r, retype_date_each, &d);
    if (st)
        return st;
    switch (mlpipe__date_guess_finish(&d.guess, &c)) {
    case MLPIPE__DATE_CHOSEN:
        *pattern = mlpipe__date_format(c.format);
        return MLPIPE_OK;
    case MLPIPE__DATE_AMBIGUOUS:
        return retype_date_ambiguous(r, name, &c);
    case MLPIPE__DATE_NONE:
        return retype_date_none(r, name, &c, d.guess.count);
    default:
        mlpipe__fail(r->job->ctx, MLPIPE_E_EMPTY,
                     "%s: %q has no text in the training rows to find the "
                     "format of; give pattern=",
                     r->job->name, name);
        return mlpipe__fail_at(r->job->ctx, -1, name);
    }
}

mlpipe_status mlpipe__retype_date(mlpipe__retype *r)
{
    const mlpipe__job *job = r->job;
    const char *name = job->plan->vars[job->chosen[r->which]].name;
    const char *pattern = mlpipe__params_get(job->params, "pattern")->text;
    const bool given = pattern[0] != 0;
    mlpipe_status st =
        given ? MLPIPE_OK : retype_date_guess(r, name, &pattern);

    if (st)
        return st;
    mlpipe__log_line(job->ctx, MLPIPE_LOG_INFO, job->name,
                     given ? "%s: dates are read as %q, as pattern= says"
                           : "%s: dates are read as %q, which fits all of "
                             "them",
                     name, pattern);
    mlpipe__report_note_text(job->notes, job->name, name, "pattern",
                             pattern);
    return mlpipe__retype_add(r, MLPIPE__TEXT_DATE, &pattern, 1);
}
