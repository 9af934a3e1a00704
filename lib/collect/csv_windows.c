/* SPDX-License-Identifier: MIT */
/*
 * Is the rest of a file written as its start is? Windows over all of it are
 * looked at one by one. Most confirm the dialect, some tell nothing, as where
 * they begin within a long text in quotes; one that is a table by another
 * delimiter, and hardly one by that of the start, speaks against it.
 */
#include "collect_internal.h"

/* The share of records by which a window confirms the start. */
static const double csv_window_fits = 0.5;

enum { CSV_WINDOWS = 8, CSV_WINDOW_BYTES = 1 << 16, CSV_WINDOW_STARTS = 4,
       CSV_WINDOW_RECORDS = 8 };

static void csv_pass_line(mlpipe__csv_sample *s)
{
    while (s->p < s->end && *s->p != '\n' && *s->p != '\r')
        s->p++;
    if (s->p + 1 < s->end && *s->p == '\r' && s->p[1] == '\n')
        s->p++;
    s->p += s->p < s->end;
}

/* The window at an offset, from its first whole line on. */
static mlpipe_status csv_window_at(mlpipe_ctx *ctx, mlpipe__input *in,
                                   uint64_t offset, mlpipe__csv_sample *out)
{
    mlpipe_status st = MLPIPE_OK;

    mlpipe__input_seek(in, offset);
    while (!st && !in->eof && in->end - in->at < CSV_WINDOW_BYTES)
        st = mlpipe__input_more(ctx, in);
    const size_t held = (size_t)(in->end - in->at);
    const size_t n = held < CSV_WINDOW_BYTES ? held : CSV_WINDOW_BYTES;
    out->p = in->at;
    out->end = in->at + n;
    out->eof = in->eof && n == held;
    csv_pass_line(out);
    return st;
}

/* The share of records that the dialect of the start cuts into as many cells
 * as there; from the first line on of a few by which it confirms, since some
 * may lie within quotes. */
static mlpipe_status csv_window_fit(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    mlpipe__csv_sample s, double *fit)
{
    const mlpipe__csv_look *first = &csv->guess.best[0];
    mlpipe_status st = MLPIPE_OK;

    *fit = 0;
    for (int32_t i = 0; !st && i < CSV_WINDOW_STARTS && s.p < s.end
                            && *fit < csv_window_fits; i++) {
        mlpipe__csv_look look = {.dialect = first->dialect, .told = true};
        st = mlpipe__csv_measure(ctx, &s, &csv->reader.record, &look);
        const double share = look.records && look.cells == first->cells
            ? (double)look.regular / (double)look.records : 0;
        *fit = share > *fit ? share : *fit;
        csv_pass_line(&s);
    }
    return st;
}

/* Would the window alone be read by another delimiter, beyond doubt? */
static bool csv_window_differs(const mlpipe__csv_guess *start,
                               const mlpipe__csv_guess *window)
{
    const mlpipe__csv_look *best = &window->best[0];

    return window->count && !window->ambiguous && best->cells > 1
        && best->records >= CSV_WINDOW_RECORDS
        && best->regular * 10 >= best->records * 9
        && best->dialect.delimiter != start->best[0].dialect.delimiter;
}

/* Makes what a window is read by the second of the candidates. */
static void csv_window_rival(mlpipe__csv_guess *g,
                             const mlpipe__csv_guess *window,
                             uint64_t offset)
{
    const mlpipe__csv_look *rival = &window->best[0];
    uint32_t at = 1;

    if (g->against++)
        return;
    g->against_offset = offset;
    while (at < g->count
           && g->best[at].dialect.delimiter != rival->dialect.delimiter)
        at++;
    if (at == MLPIPE__CSV_GUESSES)
        at--;
    else if (at == g->count)
        g->count++;
    for (; at > 1; at--)
        g->best[at] = g->best[at - 1];
    g->best[1] = *rival;
    memcpy(g->shown[1], window->shown[0], sizeof g->shown[1]);
}

static mlpipe_status csv_window(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                uint64_t offset)
{
    mlpipe__csv_guess *g = &csv->guess, window;
    mlpipe__csv_sample sample;
    double fit;
    mlpipe_status st = csv_window_at(ctx, &csv->input, offset, &sample);

    if (!st)
        st = csv_window_fit(ctx, csv, sample, &fit);
    if (st)
        return st;
    g->windows++;
    if (fit >= csv_window_fits) {
        g->confirmed++;
        return MLPIPE_OK;
    }
    st = mlpipe__csv_sniff(ctx, &sample, &csv->options, &csv->reader.record,
                           &window);
    if (!st && csv_window_differs(g, &window))
        csv_window_rival(g, &window, offset);
    return st;
}

mlpipe_status mlpipe__csv_windows(mlpipe_ctx *ctx, mlpipe__csv *csv)
{
    mlpipe__csv_guess *g = &csv->guess;
    mlpipe__input *in = &csv->input;
    const uint64_t begin = in->offset;
    mlpipe_status st = MLPIPE_OK;

    /* There is no short way into what is packed or transcoded. */
    if (g->asked || in->decoder)
        return MLPIPE_OK;
    const uint64_t from = begin + MLPIPE__CSV_SNIFFED;
    if (from + MLPIPE__CSV_SNIFFED / 4 > in->total)
        return MLPIPE_OK;
    const uint64_t step = (in->total - from) / (2 * CSV_WINDOWS);
    for (uint64_t i = 0; !st && i < CSV_WINDOWS; i++)
        st = csv_window(ctx, csv, from + (2 * i + 1) * step);
    mlpipe__input_seek(in, begin);
    g->margin *= 1 - (double)g->against / CSV_WINDOWS;
    g->ambiguous |= 2 * g->against >= CSV_WINDOWS
        || (g->against && g->margin < MLPIPE__CSV_MARGIN);
    return st;
}
