/* SPDX-License-Identifier: MIT */
/* The parameters of mlpipe_read_csv. */
#include "collect_internal.h"

const mlpipe__param mlpipe__csv_params[] = {
    {"delimiter", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "What separates cells: one byte, tab, space, ', ', none (one column) or "
     "auto: found out among , ; tab | and space."},
    {"quote", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "What surrounds cells that hold delimiters or line ends: one byte, '' "
     "for none, or auto: found out among \" and '."},
    {"escape", MLPIPE_PARAM_CHOICE, "auto", 0, 0,
     "auto,doubled,backslash,none", 0x000100,
     "How a quote stands inside quotes; none: as it is, a quote closes only "
     "before a delimiter or line end."},
    {"comment", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "Lines that start with this byte are skipped; '' for none; auto: # "
     "where such lines do not fit the table."},
    {"header", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,true,false", 0x000100,
     "Does the first line name the columns? auto: it does unless it holds "
     "numbers or dates."},
    {"header_rows", MLPIPE_PARAM_INT, "0", 0, 10, NULL, 0x000100,
     "Lines of names, joined by a space; 0: found out."},
    {"skip", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "Lines before the header; auto: titles, notes and blank lines."},
    {"footer", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "Lines behind the last row; auto: notes, sources and totals."},
    {"decimal", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     ". or ,; auto: a column whose numbers all read with a comma has one, "
     "where commas do not separate cells."},
    {"thousands", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "What stands between groups of three digits: one of , . _ space "
     "(U+00A0 and U+202F too) or ''''; '' for none."},
    {"na", MLPIPE_PARAM_TEXT, "?,NA,N/A,NaN,nan,null,NULL", 0, 0, NULL,
     0x000100,
     "Cells that mean null, by comma, in this very spelling; the empty cell "
     "is one too, unless na=''."},
    {"quoted", MLPIPE_PARAM_CHOICE, "null", 0, 0, "null,text", 0x000100,
     "May a cell in quotes mean null as it does without them, or is it text "
     "in any case? mlpipe_write_csv quotes every text that a null may be "
     "taken for."},
    {"trim", MLPIPE_PARAM_BOOL, "true", 0, 0, NULL, 0x000100,
     "Drop spaces and tabs around cells, but not inside quotes."},
    {"rows", MLPIPE_PARAM_CHOICE, "fail", 0, 0, "fail,quarantine,pad",
     0x000100,
     "What a bad row does: ends the reading, or goes to the table of "
     "rejects; pad mends short and long rows and stray quotes, and lists "
     "each."},
    {"max_rejects", MLPIPE_PARAM_INT, "1000", 0, 1e9, NULL, 0x000100,
     "More bad or mended rows than this end the reading in any case."},
    MLPIPE__PARAMS_OF_TEXTS,
};
const uint32_t mlpipe__csv_param_count =
    sizeof mlpipe__csv_params / sizeof mlpipe__csv_params[0];

/* A byte that may separate, quote or comment; MLPIPE__CSV_NONE where the text
 * is empty, _FIND where it is auto, _REFUSED where it is no such byte. */
static int32_t csv_option_byte(const char *text)
{
    if (!*text)
        return MLPIPE__CSV_NONE;
    if (!strcmp(text, "auto"))
        return MLPIPE__CSV_FIND;
    if (!strcmp(text, "tab") || !strcmp(text, "\\t"))
        return '\t';
    if (!strcmp(text, "space"))
        return ' ';
    if (text[1] || *text == '\n' || *text == '\r'
        || (unsigned char)*text > 0x7f)
        return MLPIPE__CSV_REFUSED;
    return *text;
}

static mlpipe_status csv_option_clash(mlpipe_ctx *ctx,
                                      const mlpipe__csv_options *o)
{
    const char *quote = mlpipe__params_get(&o->params, "quote")->text;
    const char *comment = mlpipe__params_get(&o->params, "comment")->text;

    if (o->quote == MLPIPE__CSV_FIND
        && (o->delimiter == '"' || o->delimiter == '\''))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "the delimiter is a quotation mark: say quote=, "
                            "too");
    if (o->quote >= 0 && o->quote == o->delimiter)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "delimiter and quote are both %q; take another for "
                            "one of them", quote);
    if (o->comment >= 0
        && (o->comment == o->delimiter || o->comment == o->quote))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "comment is %q, as %s is; take another sign",
                            comment,
                            o->comment == o->quote ? "quote" : "delimiter");
    if (o->header == MLPIPE__CSV_NO_HEADER && o->header_rows)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "header=false, but header_rows=%u: leave out one",
                            o->header_rows);
    if (o->escape == MLPIPE__CSV_BACKSLASH
        && (o->delimiter == '\\' || o->quote == '\\'))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "escape=backslash, but delimiter or quote is "
                            "one too; take another sign for it");
    return MLPIPE_OK;
}

static mlpipe_status csv_option_bytes(mlpipe_ctx *ctx,
                                      mlpipe__csv_options *o)
{
    const char *delimiter = mlpipe__params_get(&o->params, "delimiter")->text;
    const char *quote = mlpipe__params_get(&o->params, "quote")->text;
    const char *comment = mlpipe__params_get(&o->params, "comment")->text;
    const size_t n = strlen(delimiter);

    o->pad = n == 2 && delimiter[1] == ' ' && delimiter[0] != ' ';
    const char one[2] = {*delimiter, '\0'};
    o->delimiter = !strcmp(delimiter, "none")
        ? MLPIPE__CSV_UNCUT : csv_option_byte(o->pad ? one : delimiter);
    o->quote = csv_option_byte(quote);
    o->comment = csv_option_byte(comment);
    if (o->delimiter == MLPIPE__CSV_REFUSED || !n)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "delimiter=%q: it must be auto, tab, space or "
                            "one ASCII character that ends no line, maybe "
                            "with a space behind it, or none: one column",
                            delimiter);
    if (o->quote == MLPIPE__CSV_REFUSED)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "quote=%q: it must be auto, one ASCII character "
                            "that ends no line, or ''", quote);
    if (o->comment == MLPIPE__CSV_REFUSED)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "comment=%q: it must be auto, one ASCII "
                            "character that ends no line, or ''", comment);
    return csv_option_clash(ctx, o);
}

/* skip= and footer=: MLPIPE__CSV_AUTO_LINES or how many lines. */
static mlpipe_status csv_option_lines(mlpipe_ctx *ctx,
                                      const mlpipe__csv_options *o,
                                      const char *name, int64_t *out)
{
    const char *text = mlpipe__params_get(&o->params, name)->text;

    *out = MLPIPE__CSV_AUTO_LINES;
    if (!strcmp(text, "auto"))
        return MLPIPE_OK;
    if (mlpipe__parse_i64(text, strlen(text), out) && *out >= 0
        && *out <= MLPIPE__CSV_MOST_LINES)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "%s=%q: it must be auto or a number of lines from 0 "
                        "to %d", name, text, MLPIPE__CSV_MOST_LINES);
}

/* decimal= and thousands=. */
static mlpipe_status csv_option_numbers(mlpipe_ctx *ctx,
                                        mlpipe__csv_options *o)
{
    const char *point = mlpipe__params_get(&o->params, "decimal")->text;
    const char *group = mlpipe__params_get(&o->params, "thousands")->text;

    o->find_comma = !strcmp(point, "auto");
    o->decimal = o->find_comma ? '.' : *point;
    o->thousands = !strcmp(group, "space") ? ' ' : *group;
    if (!o->find_comma && strcmp(point, ".") && strcmp(point, ","))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "decimal=%q: it must be auto, . or ,", point);
    if (*group && strcmp(group, "space")
        && (group[1] || !strchr(",._' ", *group)))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "thousands=%q: it must be one of , . _ space "
                            "'''' or nothing", group);
    if (o->thousands == ',')
        o->find_comma = false; /* commas have their meaning */
    if (o->thousands && o->thousands == o->decimal)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "decimal and thousands are both %q%s", group,
                            *group == '.' ? "; say decimal=',', too" : "");
    return MLPIPE_OK;
}

/* Enters a token that means null. */
static bool csv_option_token(mlpipe__csv_options *o, const char *s, size_t n)
{
    if (n > o->na_longest)
        o->na_longest = n;
    if (n)
        o->na_first[(unsigned char)*s] = true;
    return mlpipe__dict_add(&o->na, s, n) != UINT32_MAX;
}

static mlpipe_status csv_option_tokens(mlpipe_ctx *ctx,
                                       mlpipe__csv_options *o)
{
    const char *s = mlpipe__params_get(&o->params, "na")->text;

    if (!*s)
        return MLPIPE_OK;
    if (!csv_option_token(o, "", 0))
        return mlpipe__nomem(ctx);
    for (;;) {
        size_t n = 0;
        while (s[n] && s[n] != ',')
            n++;
        if (n && !csv_option_token(o, s, n))
            return mlpipe__nomem(ctx);
        if (!s[n])
            return MLPIPE_OK;
        s += n + 1;
    }
}

uint32_t mlpipe__csv_orders(uint32_t choice)
{
    static const uint32_t orders[] = {MLPIPE__CSV_TIMES, MLPIPE__CSV_MDY,
                                      MLPIPE__CSV_DMY, MLPIPE__CSV_YMD};

    /* Dates that start with the year have one order only. */
    return orders[choice] | MLPIPE__CSV_YMD;
}

mlpipe_status mlpipe__csv_options_parse(mlpipe_ctx *ctx, const char *params,
                                        mlpipe__csv_options *o)
{
    static const int32_t escapes[] = {MLPIPE__CSV_FIND, MLPIPE__CSV_DOUBLE,
                                      MLPIPE__CSV_BACKSLASH,
                                      MLPIPE__CSV_BARE};

    memset(o, 0, sizeof *o);
    mlpipe__dict_init(&o->na, ctx->env);
    mlpipe_status st = mlpipe__params_parse(ctx, "mlpipe_read_csv",
                                            mlpipe__csv_params,
                                            mlpipe__csv_param_count, params,
                                            &o->params);
    if (st)
        return st;
    const mlpipe__params *p = &o->params;
    o->header = mlpipe__params_get(p, "header")->choice;
    o->text = mlpipe__params_get(p, "text")->choice;
    o->encoding = mlpipe__params_get(p, "encoding")->choice;
    o->trim = mlpipe__params_get(p, "trim")->number != 0;
    o->policy = mlpipe__params_get(p, "rows")->choice;
    o->header_rows =
        (uint32_t)mlpipe__params_get(p, "header_rows")->integer;
    o->escape = escapes[mlpipe__params_get(p, "escape")->choice];
    o->quoted_text = mlpipe__params_get(p, "quoted")->choice == 1;
    o->max_rejects = (uint64_t)mlpipe__params_get(p, "max_rejects")->integer;
    o->orders = mlpipe__csv_orders(mlpipe__params_get(p, "dates")->choice);
    st = csv_option_bytes(ctx, o);
    if (!st)
        st = csv_option_lines(ctx, o, "skip", &o->skip);
    if (!st)
        st = csv_option_lines(ctx, o, "footer", &o->footer);
    if (!st)
        st = csv_option_numbers(ctx, o);
    if (!st)
        st = csv_option_tokens(ctx, o);
    return st;
}

void mlpipe__csv_options_free(mlpipe__csv_options *o)
{
    mlpipe__dict_free(&o->na);
    mlpipe__params_free(&o->params);
}
