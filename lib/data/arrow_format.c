/* SPDX-License-Identifier: MIT */
/*
 * The format strings of the Arrow C data interface, each accepted or refused
 * by name.
 */
#include "arrow_types.h"

/* A whole format, or what one begins with where it ends in ':'. */
typedef struct arrow_format {
    const char *format;
    enum mlpipe__arrow_kind kind;
    int32_t bytes;
    bool is_signed;
    int32_t type, unit;
} arrow_format;

static const arrow_format arrow_formats[] = {
    {"n", MLPIPE__ARROW_NULL, 0, false, MLPIPE_TYPE_F64, 0},
    {"b", MLPIPE__ARROW_BOOL, 0, false, MLPIPE_TYPE_BOOL, 0},
    {"c", MLPIPE__ARROW_INT, 1, true, MLPIPE_TYPE_I64, 0},
    {"C", MLPIPE__ARROW_INT, 1, false, MLPIPE_TYPE_I64, 0},
    {"s", MLPIPE__ARROW_INT, 2, true, MLPIPE_TYPE_I64, 0},
    {"S", MLPIPE__ARROW_INT, 2, false, MLPIPE_TYPE_I64, 0},
    {"i", MLPIPE__ARROW_INT, 4, true, MLPIPE_TYPE_I64, 0},
    {"I", MLPIPE__ARROW_INT, 4, false, MLPIPE_TYPE_I64, 0},
    {"l", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_I64, 0},
    {"L", MLPIPE__ARROW_INT, 8, false, MLPIPE_TYPE_I64, 0},
    {"e", MLPIPE__ARROW_FLOAT, 2, true, MLPIPE_TYPE_F64, 0},
    {"f", MLPIPE__ARROW_FLOAT, 4, true, MLPIPE_TYPE_F64, 0},
    {"g", MLPIPE__ARROW_FLOAT, 8, true, MLPIPE_TYPE_F64, 0},
    {"u", MLPIPE__ARROW_TEXT, 4, true, MLPIPE_TYPE_TEXT, 0},
    {"U", MLPIPE__ARROW_TEXT, 8, true, MLPIPE_TYPE_TEXT, 0},
    {"vu", MLPIPE__ARROW_VIEW, 16, true, MLPIPE_TYPE_TEXT, 0},
    {"tdD", MLPIPE__ARROW_INT, 4, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_S},
    {"tdm", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_MS},
    {"tts", MLPIPE__ARROW_INT, 4, true, MLPIPE_TYPE_DURATION, MLPIPE_UNIT_S},
    {"ttm", MLPIPE__ARROW_INT, 4, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_MS},
    {"ttu", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_US},
    {"ttn", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_NS},
    {"tss:", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_S},
    {"tsm:", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_MS},
    {"tsu:", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_US},
    {"tsn:", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_TIMESTAMP,
     MLPIPE_UNIT_NS},
    {"tDs", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION, MLPIPE_UNIT_S},
    {"tDm", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_MS},
    {"tDu", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_US},
    {"tDn", MLPIPE__ARROW_INT, 8, true, MLPIPE_TYPE_DURATION,
     MLPIPE_UNIT_NS},
    {"d:", MLPIPE__ARROW_DECIMAL, 16, true, MLPIPE_TYPE_F64, 0},
    {"+s", MLPIPE__ARROW_STRUCT, 0, false, 0, 0},
    {"+l", MLPIPE__ARROW_LIST, 4, true, 0, 0},
    {"+L", MLPIPE__ARROW_LIST, 8, true, 0, 0},
    {"+m", MLPIPE__ARROW_LIST, 4, true, 0, 0},
    {"+vl", MLPIPE__ARROW_LIST_VIEW, 4, true, 0, 0},
    {"+vL", MLPIPE__ARROW_LIST_VIEW, 8, true, 0, 0},
    {"+w:", MLPIPE__ARROW_LIST_FIXED, 0, false, 0, 0},
    {"+r", MLPIPE__ARROW_RUNS, 0, false, 0, 0},
};

/* Formats that exist, and why there is no column of them. */
static const struct {
    const char *format, *what, *advice;
} arrow_refused[] = {
    {"z", "bytes (binary)", "cast it to utf8 or leave it out"},
    {"Z", "bytes (large binary)", "cast it to utf8 or leave it out"},
    {"vz", "bytes (binary view)", "cast it to utf8 or leave it out"},
    {"w:", "bytes (fixed-size binary)", "cast it to utf8 or leave it out"},
    {"tiM", "intervals of months, which have no fixed length",
     "cast it to an integer or leave it out"},
    {"tiD", "intervals of days and time, whose days have no fixed length",
     "cast it to a duration or leave it out"},
    {"tin", "intervals of months, days and time, which have no fixed length",
     "cast it to a duration or leave it out"},
    {"+ud:", "values of several types (dense union)",
     "cast it to one of them or leave it out"},
    {"+us:", "values of several types (sparse union)",
     "cast it to one of them or leave it out"},
};

/* Is it this format, or does it begin with it where that ends in ':'? */
static bool arrow_format_is(const char *format, const char *known)
{
    if (*format != *known)
        return false;
    const size_t n = strlen(known);
    return known[n - 1] == ':' ? !strncmp(format, known, n)
                               : !strcmp(format, known);
}

/* A number up to `end`, at which *s then stands; false where it is none. */
static bool arrow_format_number(const char **s, char end, int64_t *out)
{
    const char *stop = *s;

    while (*stop && *stop != end && stop - *s < 20)
        stop++;
    if (*stop != end || !mlpipe__parse_i64(*s, (size_t)(stop - *s), out))
        return false;
    *s = stop;
    return true;
}

/* "P,S" or "P,S,bits" behind "d:". */
static bool arrow_format_decimal(mlpipe__arrow_node *node)
{
    const char *s = node->format + 2;
    int64_t precision, scale, bits = 128;

    if (!arrow_format_number(&s, ',', &precision))
        return false;
    s++;
    const bool told = strchr(s, ',') != NULL;
    if (!arrow_format_number(&s, told ? ',' : '\0', &scale))
        return false;
    s += told;
    if (told && !arrow_format_number(&s, '\0', &bits))
        return false;
    node->scale = (int32_t)scale;
    node->bytes = (int32_t)(bits / 8);
    return precision >= 1 && precision <= 76 && scale >= -1000
        && scale <= 1000
        && (bits == 32 || bits == 64 || bits == 128 || bits == 256);
}

static mlpipe_status arrow_format_bad(mlpipe_ctx *ctx,
                                      const mlpipe__arrow_node *node)
{
    return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                        "column %q: %q is no format of the Arrow C data "
                        "interface", node->path, node->format);
}

mlpipe_status mlpipe__arrow_format(mlpipe_ctx *ctx, mlpipe__arrow_node *node)
{
    const arrow_format *found = NULL;
    const char *format = node->format;

    for (size_t i = 0; i < sizeof arrow_refused / sizeof arrow_refused[0];
         i++)
        if (arrow_format_is(format, arrow_refused[i].format))
            return mlpipe__fail(ctx, MLPIPE_E_UNSUPPORTED,
                                "column %q holds %s, format %q; %s",
                                node->path, arrow_refused[i].what, format,
                                arrow_refused[i].advice);
    for (size_t i = 0; i < sizeof arrow_formats / sizeof arrow_formats[0];
         i++)
        if (arrow_format_is(format, arrow_formats[i].format))
            found = &arrow_formats[i];
    if (!found)
        return arrow_format_bad(ctx, node);
    node->kind = found->kind;
    node->bytes = found->bytes;
    node->is_signed = found->is_signed;
    node->type = found->type;
    node->unit = found->unit;
    node->seconds = strcmp(format, "tdD") ? 1 : 86400;
    node->zone = strncmp(format, "ts", 2) ? "" : format + 4;
    if (node->kind == MLPIPE__ARROW_LIST_FIXED) {
        const char *s = format + 3;
        if (!arrow_format_number(&s, '\0', &node->size) || node->size < 0
            || node->size > INT32_MAX)
            return arrow_format_bad(ctx, node);
    }
    if (node->kind == MLPIPE__ARROW_DECIMAL && !arrow_format_decimal(node))
        return arrow_format_bad(ctx, node);
    return MLPIPE_OK;
}
