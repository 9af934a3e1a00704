/* SPDX-License-Identifier: MIT */
/*
 * Which dialect a file is written in. For each delimiter that occurs the
 * quote, the comments and the escape are those that leave the fewest bytes in
 * records that do not fit; the delimiters then compete by how regular the
 * table is and how much its cells look like values. Where the second comes
 * close to the first, nobody can know, and both are told.
 */
#include "collect_internal.h"

/* The most that is looked at, and what is enough to choose by. */
enum { CSV_SNIFF_BYTES = MLPIPE__CSV_SNIFFED, CSV_CHOOSE_BYTES = 1 << 16,
       CSV_SETTLED_RECORDS = 16 };

typedef struct csv_sniffer {
    mlpipe_ctx *ctx;
    const mlpipe__csv_options *options;
    mlpipe__csv_record *record;
    mlpipe__csv_sample sample;
    bool any[256];        /* delimiters that occur */
    bool single;          /* a ' where a quote may open: at the start of a
                             line, or behind one of the delimiters */
    bool escaped;         /* a backslash before a quote or a delimiter */
    bool comment;         /* a line starts with # */
} csv_sniffer;

static const char csv_delimiters[] = {',', ';', '\t', '|', ' '};

/* Does c occur where another byte of `others` is `step` bytes from it? In
 * front of the sample (step -1) a line ends. */
static bool csv_beside(const mlpipe__csv_sample *sample, char c, int32_t step,
                       const char *others)
{
    const char *p = sample->p;

    while ((p = memchr(p, c, (size_t)(sample->end - p))) != NULL) {
        const char *at = p + step;
        if (at < sample->p)
            return strchr(others, '\n') != NULL;
        if (at < sample->end && *at && strchr(others, *at))
            return true;
        if (++p == sample->end)
            break;
    }
    return false;
}

/* Which bytes occur where. */
static void csv_survey(csv_sniffer *s)
{
    const mlpipe__csv_sample *all = &s->sample;
    const size_t n = (size_t)(all->end - all->p);

    for (size_t i = 0; n && i < sizeof csv_delimiters; i++)
        s->any[(unsigned char)csv_delimiters[i]] =
            memchr(all->p, csv_delimiters[i], n) != NULL;
    s->single = n && csv_beside(all, '\'', -1, ",;\t| \n\r");
    s->comment = n && csv_beside(all, '#', -1, "\n\r");
    s->escaped = n && csv_beside(all, '\\', 1, ",;\t| \"'");
}

/* Measures another dialect and keeps it where fewer bytes do not fit. */
static mlpipe_status csv_try(csv_sniffer *s, const mlpipe__csv_dialect *d,
                             mlpipe__csv_look *best, bool (*may)(
                                 const mlpipe__csv_look *best,
                                 const mlpipe__csv_look *other))
{
    mlpipe__csv_look other = {.dialect = *d, .told = best->told};
    const mlpipe_status st = mlpipe__csv_measure(s->ctx, &s->sample,
                                                 s->record, &other);

    if (!st && other.misfit < best->misfit && (!may || may(best, &other)))
        *best = other;
    return st;
}

/* Without an escape only where several records ask for it and no cell has a
 * doubled quote; one stray quote is a fault of its row. */
static bool csv_may_be_bare(const mlpipe__csv_look *best,
                            const mlpipe__csv_look *other)
{
    return best->bad > 1 && !best->doubled && !other->bad;
}

/* Without quotes likewise. */
static bool csv_may_be_plain(const mlpipe__csv_look *best,
                             const mlpipe__csv_look *other)
{
    return best->bad && other->stray > 2 && other->regular == other->records;
}

/* Lines that start with # are comments only where they spoil more records
 * than they would take away from the table: tags are values. */
static bool csv_may_be_commented(const mlpipe__csv_look *best,
                                 const mlpipe__csv_look *other)
{
    const uint64_t odd = best->records - best->regular,
                   odd_left = other->records - other->regular;

    return other->cells
        && (other->cells != best->cells
            || best->regular + odd_left < other->regular + odd);
}

static mlpipe_status csv_try_escapes(csv_sniffer *s, mlpipe__csv_look *best)
{
    mlpipe__csv_dialect d = best->dialect;
    mlpipe_status st = MLPIPE_OK;

    if (s->options->escape != MLPIPE__CSV_FIND)
        return MLPIPE_OK;
    if (best->misfit && s->escaped && d.delimiter != '\\') {
        mlpipe__csv_dialect_escape(&d, MLPIPE__CSV_BACKSLASH);
        st = csv_try(s, &d, best, NULL);
    }
    if (!st && best->bad > 1 && best->dialect.escape == MLPIPE__CSV_DOUBLE) {
        mlpipe__csv_dialect_escape(&d, MLPIPE__CSV_BARE);
        st = csv_try(s, &d, best, csv_may_be_bare);
    }
    return st;
}

static mlpipe_status csv_try_quotes(csv_sniffer *s, mlpipe__csv_look *best)
{
    mlpipe__csv_dialect d = best->dialect;
    mlpipe__csv_look other;
    mlpipe_status st = csv_try_escapes(s, best);

    if (s->options->quote != MLPIPE__CSV_FIND)
        return st;
    if (!st && s->single && best->misfit) {
        memset(&other, 0, sizeof other);
        other.dialect = d;
        other.told = best->told;
        other.dialect.quote = '\'';
        st = mlpipe__csv_measure(s->ctx, &s->sample, s->record, &other);
        if (!st)
            st = csv_try_escapes(s, &other);
        if (!st && other.misfit < best->misfit)
            *best = other;
    }
    if (!st && best->bad) {
        d.quote = MLPIPE__CSV_NONE;
        st = csv_try(s, &d, best, csv_may_be_plain);
    }
    return st;
}

/* The best dialect with this delimiter; no cells where there is none. */
static mlpipe_status csv_try_delimiter(csv_sniffer *s, char delimiter,
                                       mlpipe__csv_look *best)
{
    const mlpipe__csv_options *o = s->options;
    mlpipe__csv_dialect d;

    mlpipe__csv_dialect_init(&d, delimiter,
                             o->quote == MLPIPE__CSV_FIND ? '"' : o->quote,
                             o->trim);
    d.comment = o->comment == MLPIPE__CSV_FIND ? MLPIPE__CSV_NONE
                                               : o->comment;
    d.pad = o->pad;
    d.loose = o->policy == MLPIPE__CSV_PAD;
    if (o->escape >= 0)
        mlpipe__csv_dialect_escape(&d, (uint32_t)o->escape);
    memset(best, 0, sizeof *best);
    best->dialect = d;
    best->told = o->delimiter >= 0;
    mlpipe_status st = mlpipe__csv_measure(s->ctx, &s->sample, s->record,
                                           best);
    if (!st)
        st = csv_try_quotes(s, best);
    if (st || !s->comment || o->comment != MLPIPE__CSV_FIND || !best->misfit
        || delimiter == '#' || o->quote == '#')
        return st;
    d = best->dialect;
    d.comment = '#';
    return csv_try(s, &d, best, csv_may_be_commented);
}

/* Enters a look by falling score; of two equal ones the first stays first. */
static void csv_rank(mlpipe__csv_guess *g, const mlpipe__csv_look *look)
{
    uint32_t i = g->count;

    if (!look->cells || g->count == MLPIPE__CSV_GUESSES)
        return;
    for (; i && g->best[i - 1].score < look->score; i--)
        g->best[i] = g->best[i - 1];
    g->best[i] = *look;
    g->count++;
}

/* ---- what is told ------------------------------------------------------- */

const char *mlpipe__csv_delimiter_name(const mlpipe__csv_dialect *d,
                                       char room[4])
{
    if (d->delimiter == '\t')
        return "tab";
    if (d->delimiter == ' ')
        return "space";
    if (d->delimiter == MLPIPE__CSV_UNCUT)
        return "none";
    room[0] = d->delimiter;
    room[1] = d->pad ? ' ' : '\0';
    room[2] = '\0';
    return room;
}

/* A record of the sample as the dialect cuts it: [a] [b;c]. */
static void csv_show(const csv_sniffer *s, const mlpipe__csv_look *look,
                     char *out)
{
    const char *p = s->sample.p;
    size_t used = 0;

    out[0] = '\0';
    while (p < s->sample.end) {
        const enum mlpipe__csv_found found = mlpipe__csv_scan(
            s->record, &look->dialect, p, s->sample.end, s->sample.eof);
        if (found != MLPIPE__CSV_ROW && found != MLPIPE__CSV_BAD
            && found != MLPIPE__CSV_EMPTY && found != MLPIPE__CSV_COMMENT)
            return;
        p += s->record->size;
        if (found == MLPIPE__CSV_ROW && s->record->count == look->cells)
            break;
    }
    for (uint32_t i = 0; i < s->record->count; i++) {
        const mlpipe__csv_field *f = &s->record->fields[i];
        if (used + 30 > MLPIPE__CSV_SHOWN || f->size > 20
            || !mlpipe__utf8_valid(f->data, f->size)) {
            (void)mlpipe__format(out + used, MLPIPE__CSV_SHOWN - used,
                                 " ...");
            return;
        }
        used += mlpipe__format(out + used, MLPIPE__CSV_SHOWN - used,
                               i ? " [%.*s]" : "[%.*s]", (int)f->size,
                               f->data);
    }
}

mlpipe_status mlpipe__csv_ambiguous(mlpipe_ctx *ctx, const mlpipe__input *in,
                                    const mlpipe__csv_guess *g)
{
    char a[4], b[4], from[60] = "";
    const mlpipe__csv_look *first = &g->best[0], *second = &g->best[1];

    if (g->against)
        (void)mlpipe__format(from, sizeof from, ", as about byte %llu is",
                             (unsigned long long)g->against_offset);
    return mlpipe__fail(ctx, MLPIPE_E_AMBIGUOUS,
                        "%s: cells may be separated by %q (%u cells a line: "
                        "%s) or by %q (%u cells a line: %s)%s; say which "
                        "with delimiter=", mlpipe__input_name(in),
                        mlpipe__csv_delimiter_name(&first->dialect, a),
                        first->cells, g->shown[0],
                        mlpipe__csv_delimiter_name(&second->dialect, b),
                        second->cells, g->shown[1], from);
}

static void csv_count_ends(const mlpipe__csv_sample *sample,
                           mlpipe__csv_guess *g)
{
    for (const char *p = sample->p; p < sample->end; p++) {
        g->lf += *p == '\n';
        g->cr += *p == '\r';
    }
    if (!g->cr)
        return;
    for (const char *p = sample->p; p + 1 < sample->end; p++)
        g->crlf += *p == '\r' && p[1] == '\n';
    g->cr -= g->crlf;
    g->lf -= g->crlf;
}

/* ---- all of it ---------------------------------------------------------- */

/* Where whole lines are values, as "2015-02-01 10:11" is, a space within them
 * separates nothing. */
static void csv_weigh_space(mlpipe__csv_guess *g)
{
    const mlpipe__csv_guess all = *g;
    bool values = false;

    for (uint32_t i = 0; i < all.count; i++)
        values |= all.best[i].dialect.delimiter == MLPIPE__CSV_UNCUT
            && all.best[i].hard >= 0.5;
    if (!values)
        return;
    g->count = 0;
    for (uint32_t i = 0; i < all.count; i++) {
        mlpipe__csv_look look = all.best[i];
        look.score *= look.dialect.delimiter == ' ' ? 0.1 : 1;
        csv_rank(g, &look);
    }
}

/* A table of one column, which no byte cuts. */
static mlpipe_status csv_try_uncut(csv_sniffer *s, mlpipe__csv_guess *g)
{
    mlpipe__csv_look look;
    const mlpipe_status st = csv_try_delimiter(s, MLPIPE__CSV_UNCUT, &look);

    if (!st)
        csv_rank(g, &look);
    return st;
}

/* Is every record of the sample one that the dialect cuts so? */
static bool csv_alike(const csv_sniffer *s, const mlpipe__csv_look *look)
{
    const char *p = s->sample.p;

    while (p < s->sample.end) {
        const enum mlpipe__csv_found found = mlpipe__csv_scan(
            s->record, &look->dialect, p, s->sample.end, s->sample.eof);
        if (found == MLPIPE__CSV_MORE)
            break;
        if (found != MLPIPE__CSV_EMPTY
            && (found != MLPIPE__CSV_ROW || s->record->count != look->cells))
            return false;
        p += s->record->size;
    }
    return true;
}

/*
 * Did the first look settle it? So where the best is far ahead, all that it
 * was measured on is regular, nothing in the whole sample asks for another
 * quote, an escape or comments, and all of it is cut as its start is.
 */
static bool csv_settled(const csv_sniffer *s, const mlpipe__csv_guess *g)
{
    const mlpipe__csv_look *best = &g->best[0];
    const double second = g->count > 1 ? g->best[1].score : 0;

    return best->cells > 1 && best->dialect.delimiter != ' '
        && best->records >= CSV_SETTLED_RECORDS
        && best->regular == best->records && !best->misfit
        && second <= 0.5 * best->score && !s->single && !s->escaped
        && !s->comment && csv_alike(s, best);
}

/* Measures the best three on the whole sample and ranks them anew. */
static mlpipe_status csv_look_closer(csv_sniffer *s, mlpipe__csv_guess *g)
{
    const mlpipe__csv_guess rough = *g;
    mlpipe_status st = MLPIPE_OK;

    g->count = 0;
    for (uint32_t i = 0; !st && i < rough.count && i < 3; i++) {
        mlpipe__csv_look look;
        st = csv_try_delimiter(s, rough.best[i].dialect.delimiter, &look);
        if (!st)
            csv_rank(g, &look);
    }
    csv_weigh_space(g);
    return st;
}

static mlpipe_status csv_sniff_all(csv_sniffer *s, mlpipe__csv_guess *g)
{
    const mlpipe__csv_options *o = s->options;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__csv_look look;

    g->count = 0;
    if (o->delimiter >= 0) {
        st = csv_try_delimiter(s, (char)o->delimiter, &look);
        g->best[0] = look;
        g->count = 1;
        g->asked = true;
        return st;
    }
    for (size_t i = 0; !st && i < sizeof csv_delimiters; i++) {
        const char c = csv_delimiters[i];
        if (!s->any[(unsigned char)c] || c == o->quote || c == o->comment)
            continue;
        st = csv_try_delimiter(s, c, &look);
        if (!st)
            csv_rank(g, &look);
    }
    if (!st)
        st = csv_try_uncut(s, g);
    csv_weigh_space(g);
    return st;
}

/* Does the dialect cut the first record, which may be names, and at least half
 * of all? Words of a text are no cells. */
static bool csv_cuts_most(const csv_sniffer *s, const mlpipe__csv_look *look)
{
    const char *p = s->sample.p;
    uint64_t rows = 0, cut = 0;
    bool first = false;

    if (look->dialect.delimiter == ' '
        || look->dialect.delimiter == MLPIPE__CSV_UNCUT)
        return false;
    while (p < s->sample.end) {
        const enum mlpipe__csv_found found = mlpipe__csv_scan(
            s->record, &look->dialect, p, s->sample.end, s->sample.eof);
        if (found != MLPIPE__CSV_ROW && found != MLPIPE__CSV_BAD
            && found != MLPIPE__CSV_EMPTY && found != MLPIPE__CSV_COMMENT)
            break;
        p += s->record->size;
        if (found != MLPIPE__CSV_ROW)
            continue;
        first |= !rows && s->record->count > 1;
        cut += s->record->count > 1;
        rows++;
    }
    return first && 2 * cut >= rows;
}

/*
 * A ragged table is irregular with its delimiter and most regular without
 * any: to be one column is then no finding. Where rows that do not fit are
 * mended or set apart the delimiter wins; else the caller is asked.
 */
static bool csv_weigh_uncut(const csv_sniffer *s, mlpipe__csv_guess *g)
{
    uint32_t i = 1;

    if (g->asked || !g->count
        || g->best[0].dialect.delimiter != MLPIPE__CSV_UNCUT)
        return false;
    while (i < g->count && !csv_cuts_most(s, &g->best[i]))
        i++;
    if (i >= g->count)
        return false;
    const mlpipe__csv_look look = g->best[i];
    for (; i > 1; i--)
        g->best[i] = g->best[i - 1];
    g->best[1] = look;
    if (s->options->policy == MLPIPE__CSV_FAIL)
        return true;
    g->best[1] = g->best[0];
    g->best[0] = look;
    return false;
}

/* A space behind every comma belongs to it where nothing is trimmed. */
static void csv_find_pad(const mlpipe__csv_options *o, mlpipe__csv_look *look)
{
    if (!o->trim && !o->pad && look->dialect.delimiter != ' '
        && look->inner && look->padded * 10 >= look->inner * 9)
        look->dialect.pad = true;
}

mlpipe_status mlpipe__csv_sniff(mlpipe_ctx *ctx,
                                const mlpipe__csv_sample *whole,
                                const mlpipe__csv_options *o,
                                mlpipe__csv_record *record,
                                mlpipe__csv_guess *g)
{
    csv_sniffer s = {.ctx = ctx, .options = o, .record = record};
    const size_t n = (size_t)(whole->end - whole->p);
    const size_t most = n < CSV_SNIFF_BYTES ? n : CSV_SNIFF_BYTES;
    const size_t enough = n < CSV_CHOOSE_BYTES ? n : CSV_CHOOSE_BYTES;

    memset(g, 0, sizeof *g);
    s.sample.p = whole->p;
    s.sample.end = whole->p + most;
    csv_survey(&s);
    s.sample.end = whole->p + enough;
    s.sample.eof = whole->eof && enough == n;
    mlpipe_status st = csv_sniff_all(&s, g);
    s.sample.end = whole->p + most;
    s.sample.eof = whole->eof && most == n;
    if (!st && most > enough)
        st = !g->count || g->asked ? csv_sniff_all(&s, g)
           : csv_settled(&s, g)    ? MLPIPE_OK
                                   : csv_look_closer(&s, g);
    if (st)
        return st;
    if (!g->count) { /* no record: a comma cuts as well as anything */
        st = csv_try_delimiter(&s, ',', &g->best[0]);
        g->count = 1;
    }
    const bool doubtful = csv_weigh_uncut(&s, g);
    csv_find_pad(o, &g->best[0]);
    csv_count_ends(&s.sample, g);
    for (uint32_t i = 0; i < g->count && i < 2; i++)
        csv_show(&s, &g->best[i], g->shown[i]);
    g->margin = doubtful ? 0
        : g->count > 1 && g->best[0].score > 0
            && g->best[0].score >= g->best[1].score
        ? 1 - g->best[1].score / g->best[0].score : 1;
    g->ambiguous = !g->asked && g->count > 1 && g->margin < MLPIPE__CSV_MARGIN;
    return st;
}
