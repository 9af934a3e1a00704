/* SPDX-License-Identifier: MIT */
/* The parameters of mlpipe_read_csv. */
#include "collect_internal.h"

const mlpipe__param mlpipe__csv_params[] = {
    {"delimiter", MLPIPE_PARAM_TEXT, "auto", 0, 0, NULL, 0x000100,
     "What separates cells: one byte, tab, space, or auto: found out among "
     ", ; tab and |."},
    {"quote", MLPIPE_PARAM_TEXT, "\"", 0, 0, NULL, 0x000100,
     "What surrounds cells that hold delimiters or line ends; doubled "
     "inside; '' for none."},
    {"header", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,true,false", 0x000100,
     "Does the first line name the columns? auto: it does unless it holds "
     "numbers."},
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
    {"rows", MLPIPE_PARAM_CHOICE, "fail", 0, 0, "fail,quarantine", 0x000100,
     "What a bad row does: ends the reading, or goes to the table of "
     "rejects."},
    {"max_rejects", MLPIPE_PARAM_INT, "1000", 0, 1e9, NULL, 0x000100,
     "More bad rows than this end the reading in any case."},
    {"dates", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,mdy,dmy,ymd", 0x000100,
     "Order of dates such as 3/4/2015; auto: the one that fits the whole "
     "column."},
    {"text", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,category,text",
     0x000100,
     "How texts are kept; auto: as categories up to 65,536 different ones."},
    {"as", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Types of single columns, as in as=zipcode:category,id:text; of bool, "
     "i64, f64, text, category, timestamp."},
    MLPIPE__PARAM_ENCODING,
};
const uint32_t mlpipe__csv_param_count =
    sizeof mlpipe__csv_params / sizeof mlpipe__csv_params[0];

/* A byte that may separate or quote; -2 where the text is none. */
static int32_t csv_option_byte(const char *text)
{
    if (!strcmp(text, "tab") || !strcmp(text, "\\t"))
        return '\t';
    if (!strcmp(text, "space"))
        return ' ';
    if (strlen(text) != 1 || *text == '\n' || *text == '\r'
        || (unsigned char)*text > 0x7f)
        return -2;
    return *text;
}

static mlpipe_status csv_option_bytes(mlpipe_ctx *ctx,
                                      mlpipe__csv_options *o)
{
    const char *delimiter = mlpipe__params_get(&o->params, "delimiter")->text;
    const char *quote = mlpipe__params_get(&o->params, "quote")->text;

    o->delimiter = strcmp(delimiter, "auto") ? csv_option_byte(delimiter)
                                             : -1;
    o->quote = *quote ? csv_option_byte(quote) : -1;
    if (o->delimiter == -2)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "delimiter=%q: it must be auto, tab, space or "
                            "one ASCII character that ends no line",
                            delimiter);
    if (o->quote == -2)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "quote=%q: it must be one ASCII character that "
                            "ends no line, or ''", quote);
    if (o->quote >= 0 && o->quote == o->delimiter)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "delimiter and quote are both %q", quote);
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
    o->quoted_text = mlpipe__params_get(p, "quoted")->choice == 1;
    o->quarantine = mlpipe__params_get(p, "rows")->choice == 1;
    o->max_rejects = (uint64_t)mlpipe__params_get(p, "max_rejects")->integer;
    o->orders = mlpipe__csv_orders(mlpipe__params_get(p, "dates")->choice);
    st = csv_option_bytes(ctx, o);
    if (!st)
        st = csv_option_tokens(ctx, o);
    return st;
}

void mlpipe__csv_options_free(mlpipe__csv_options *o)
{
    mlpipe__dict_free(&o->na);
    mlpipe__params_free(&o->params);
}
