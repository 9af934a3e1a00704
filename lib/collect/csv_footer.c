/* SPDX-License-Identifier: MIT */
/*
 * Where the table ends: before notes, sources and totals. They are looked for
 * among the last records alone, and only a line that cannot be a row is one:
 * it has a single text where the rows have several cells, and begins with a
 * word that such lines begin with or stands behind a blank line.
 */
#include "collect_internal.h"

enum { CSV_TAIL_BYTES = 1 << 16, CSV_TAIL_RECORDS = 64,
       CSV_FOOTER_BYTES = 1 << 22 };

/* One of the last records. */
typedef struct csv_tail {
    uint64_t begin;
    bool blank;   /* or without anything in its cells */
    bool weak;    /* may be a line of a footer */
    bool strong;  /* begins with a word of footers */
    bool regular; /* as many cells as the rows have */
} csv_tail;

/* English, German, French, Spanish, Italian, Portuguese, Dutch. */
static const char *const csv_note_words[] = {
    "footnote", "footnotes", "note", "notes", "remark", "remarks", "source",
    "sources", "copyright", "*",
    "(c)", "\xc2\xa9",
    "quelle", "quellen", "datenquelle", "anmerkung", "anmerkungen", "hinweis",
    "hinweise", "fu\xc3\x9fnote", "fu\xc3\x9fnoten", "fussnote", "fussnoten",
    "datenstand",
    "remarque", "remarques", "nota", "notas", "fuente", "fuentes", "fonte",
    "fontes", "fonti", "bron", "bronnen", "opmerking",
    "opmerkingen"};
static const char *const csv_total_words[] = {
    "total", "totals", "grand total", "subtotal", "sum", "average", "mean",
    "summe", "gesamt", "gesamtsumme", "insgesamt", "zwischensumme",
    "gesamtergebnis", "mittelwert", "durchschnitt",
    "somme", "total g\xc3\xa9n\xc3\xa9ral", "total general", "sous-total",
    "moyenne", "suma", "total geral", "promedio",
    "totale", "totale generale", "somma", "totaal", "eindtotaal", "gemiddelde"};

static char csv_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Is the byte of a letter, or of a sign beyond ASCII? */
static bool csv_is_letter(char c)
{
    c = csv_lower(c);
    return (c >= 'a' && c <= 'z') || (unsigned char)c > 0x7f;
}

/* Bytes of the longest of the words that the text begins with and no letter
 * follows; 0 where it is none of them. */
static size_t csv_begins(const char *s, size_t n, const char *const *words,
                         size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < n && words[i][k] && csv_lower(s[k]) == words[i][k])
            k++;
        if (words[i][k] || k <= most)
            continue;
        const char next = k < n ? s[k] : ' ';
        if (!csv_is_letter(words[i][0])
            || !(csv_is_letter(next) || next == '_'))
            most = k;
    }
    return most;
}

/* The same of words that may be names: a colon or a number must follow. */
static size_t csv_begins_told(const char *s, size_t n,
                              const char *const *words, size_t count)
{
    const size_t word = csv_begins(s, n, words, count);
    size_t k = word;

    while (k < n && s[k] == ' ')
        k++;
    return k < n && (s[k] == ':' || (s[k] >= '0' && s[k] <= '9')) ? word : 0;
}

static size_t csv_note_word(const char *s, size_t n)
{
    static const char *const named[] = {"stand"};
    const size_t word = csv_begins(s, n, csv_note_words,
                                   sizeof csv_note_words
                                   / sizeof csv_note_words[0]);
    return word ? word : csv_begins_told(s, n, named, 1);
}

static size_t csv_total_word(const char *s, size_t n)
{
    static const char *const named[] = {"media", "m\xc3\xa9" "dia"};
    const size_t word = csv_begins(s, n, csv_total_words,
                                   sizeof csv_total_words
                                   / sizeof csv_total_words[0]);
    return word ? word : csv_begins_told(s, n, named, 2);
}

/* Total, Total: or Total 2019, but not Total Recall, which may be a name. */
static bool csv_has_words(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (csv_is_letter(s[i]))
            return true;
    return false;
}

/* A line that is drawn of one sign. */
static bool csv_is_rule(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != *s || !strchr("=-_*~", s[i]))
            return false;
    return n > 2;
}

static void csv_tail_look(const mlpipe__csv_record *r,
                          enum mlpipe__csv_found found, uint32_t cells,
                          csv_tail *x)
{
    const mlpipe__csv_field *first = NULL;
    uint32_t filled = 0;

    memset(x, 0, sizeof *x);
    x->blank = found == MLPIPE__CSV_EMPTY || found == MLPIPE__CSV_COMMENT;
    x->weak = x->blank;
    if (found != MLPIPE__CSV_ROW)
        return;
    for (uint32_t i = 0; i < r->count; i++) {
        filled += r->fields[i].size > 0;
        if (!first && r->fields[i].size)
            first = &r->fields[i];
    }
    x->regular = r->count == cells;
    x->blank = !filled && r->count > 1;
    x->weak = x->blank;
    if (!first || r->count > cells
        || mlpipe__csv_hard(first->data, first->size))
        return;
    const size_t total = first != r->fields ? 0
        : csv_total_word(first->data, first->size);
    x->strong = (total && filled < cells
                 && !csv_has_words(first->data + total, first->size - total))
        || (filled == 1
            && (csv_is_rule(first->data, first->size)
                || csv_note_word(first->data, first->size)));
    /* Whole rows in which a later cell alone is filled are sparse data. */
    x->weak = total > 0
        || (filled == 1
            && (r->count < cells || (cells > 2 && first == r->fields)));
}

/* The first record of the footer among the last ones; count: there is none. */
static uint32_t csv_tail_find(const csv_tail *x, uint32_t count)
{
    uint32_t run = count, at, regular = 0;
    bool found = false;

    while (run && x[run - 1].weak)
        run--;
    for (at = run; at < count; at++) {
        found = !x[at].blank && (x[at].strong || (at > run
                                                  && x[at - 1].blank));
        if (found)
            break;
    }
    for (uint32_t i = 0; i < run; i++)
        regular += x[i].regular;
    /* Rows like the others must come before it. */
    return found && regular * 2 > run ? at : count;
}

/* ---- the last bytes ----------------------------------------------------- */

/* At most n bytes of the window, so that no character is cut. */
static size_t csv_whole_characters(const mlpipe__input *in, size_t n)
{
    while (n && ((unsigned char)in->at[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/*
 * To the last `most` bytes of a text that is packed or transcoded: the way
 * there leads through all of it. What the window holds in the end is what it
 * holds of a plain file, but for a character that is cut there.
 */
static mlpipe_status csv_pass_to_end(mlpipe_ctx *ctx, mlpipe__input *in,
                                     size_t most)
{
    mlpipe_status st = MLPIPE_OK;

    while (!st && !in->eof) {
        const size_t held = (size_t)(in->end - in->at);
        if (held > 2 * most) /* or each block would move them */
            mlpipe__input_skip(in, csv_whole_characters(in, held - most - 4));
        st = mlpipe__poll(ctx, "find the footer", mlpipe__input_passed(in),
                          in->total);
        if (!st)
            st = mlpipe__input_more(ctx, in);
    }
    return st;
}

/* The window then ends with the input and holds its last `most` bytes, or all
 * from here on; *cut where something lies before them. */
static mlpipe_status csv_to_last(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                 size_t most, bool *cut)
{
    mlpipe__input *in = &csv->input;
    const uint64_t begin = in->offset;
    mlpipe_status st = MLPIPE_OK;

    if (in->decoder)
        st = csv_pass_to_end(ctx, in, most);
    else if (in->total > begin && in->total - begin > most)
        mlpipe__input_seek(in, in->total - most);
    while (!st && !in->eof)
        st = mlpipe__input_more(ctx, in);
    const size_t held = (size_t)(in->end - in->at);
    if (!st && in->decoder && held > most)
        mlpipe__input_skip(in, csv_whole_characters(in, held - most));
    *cut = in->offset > begin;
    return st;
}

/* Begins at a line in the last bytes. */
static mlpipe_status csv_tail_window(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    bool cut;
    const mlpipe_status st = csv_to_last(ctx, csv, CSV_TAIL_BYTES, &cut);

    if (st || !cut)
        return st;
    size_t n = 0;
    const size_t held = (size_t)(in->end - in->at);
    while (n < held && in->at[n] != '\n' && in->at[n] != '\r')
        n++;
    /* Of CR and LF the second would be an empty line: that does no harm. */
    mlpipe__input_skip(in, n < held ? n + 1 : n);
    return MLPIPE_OK;
}

/* ---- the footer --------------------------------------------------------- */

static mlpipe_status csv_footer_auto(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    mlpipe__csv_record *r = &csv->reader.record;
    csv_tail x[CSV_TAIL_RECORDS];
    uint32_t count = 0;

    if (csv->cells < 2)
        return MLPIPE_OK;
    mlpipe_status st = csv_tail_window(ctx, csv);
    r->unclosed = true; /* rows are what they are further up */
    while (!st && in->at < in->end) {
        const enum mlpipe__csv_found found = mlpipe__csv_scan(
            r, &csv->reader.dialect, in->at, in->end, true);
        if (found == MLPIPE__CSV_NOMEM)
            return mlpipe__nomem(ctx);
        if (found == MLPIPE__CSV_TOO_MANY)
            return MLPIPE_OK; /* told when it is read */
        if (count == CSV_TAIL_RECORDS)
            memmove(x, x + 1, --count * sizeof x[0]);
        csv_tail_look(r, found, csv->cells, &x[count]);
        x[count++].begin = in->offset;
        mlpipe__input_skip(in, r->size);
    }
    const uint32_t at = csv_tail_find(x, count);
    if (!st && at < count)
        csv->footer_offset = x[at].begin;
    return st;
}

/* footer=n: the last lines, of which the last may lack its end. */
static mlpipe_status csv_footer_lines(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__input *in = &csv->input;
    int64_t left = csv->options.footer;
    bool cut;

    if (!left)
        return MLPIPE_OK;
    const mlpipe_status st = csv_to_last(ctx, csv, CSV_FOOTER_BYTES, &cut);
    if (st)
        return st;
    const char *p = in->end;
    if (p > in->at && p[-1] == '\n')
        p--;
    if (p > in->at && p[-1] == '\r')
        p--;
    while (p > in->at) {
        const bool line = p < in->end
            && (p[-1] == '\n' || (p[-1] == '\r' && *p != '\n'));
        if (line && !--left)
            break;
        p--;
    }
    csv->footer_offset = in->offset
        + mlpipe__input_written(in, (size_t)(p - in->at));
    if (left && cut)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "%s: the last %lld lines have more than %d "
                            "bytes; lower footer=",
                            mlpipe__input_name(in),
                            (long long)csv->options.footer,
                            CSV_FOOTER_BYTES);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__csv_footer(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    csv->footer_offset = UINT64_MAX;
    return csv->options.footer == MLPIPE__CSV_AUTO_LINES
        ? csv_footer_auto(ctx, csv) : csv_footer_lines(ctx, csv);
}
