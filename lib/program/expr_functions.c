/* SPDX-License-Identifier: MIT */
/* The one list of functions: what each takes, gives, and how it is built. */
#include "expr_internal.h"

#define MATH(name, op, doc)                                                 \
    {name, 1, 1, "n", mlpipe__expr_build_one, op, EXPR_T_NUMBER, NULL, doc}
#define PART(name, part, doc)                                               \
    {name, 1, 1, "t", mlpipe__expr_build_date_part, part, EXPR_T_NUMBER,    \
     NULL, doc}
#define TEXT(name, step, doc)                                               \
    {name, 1, 1, "c", mlpipe__expr_build_text, step, EXPR_T_CATEGORY, NULL, \
     doc}
#define F(name, low, high, types, build, doc)                               \
    {name, low, high, types, mlpipe__expr_build_##build, 0, 0, NULL, doc}
#define FO(name, low, high, types, build, op, doc)                          \
    {name, low, high, types, mlpipe__expr_build_##build, op, 0, NULL, doc}

static const mlpipe__expr_function expr_functions[] = {
    F("abs", 1, 1, "m", abs, "abs(x): a number or duration without its sign"),
    {"sign", 1, 1, "m", mlpipe__expr_build_one, MLPIPE__OP_SIGN,
     EXPR_T_NUMBER, NULL, "sign(x): -1, 0 or 1"},
    MATH("floor", MLPIPE__OP_FLOOR, "floor(x): the integer at or below x"),
    MATH("ceil", MLPIPE__OP_CEIL, "ceil(x): the integer at or above x"),
    MATH("trunc", MLPIPE__OP_TRUNC, "trunc(x): the integer towards 0"),
    F("round", 1, 2, "nk", round,
      "round(x, digits): half to even; digits from -15 to 15, 0 by default"),
    F("clamp", 3, 3, "o", clamp,
      "clamp(x, low, high): x, or the bound that it passes; numbers, times or "
      "durations, null where one is null"),
    FO("min", 1, 255, "o", extreme, MLPIPE__OP_MIN,
       "min(a, b, ...): the least of a row's numbers, times or durations; "
       "null where one is null, unlike least"),
    FO("max", 1, 255, "o", extreme, MLPIPE__OP_MAX,
       "max(a, b, ...): the greatest of a row's numbers, times or durations; "
       "null where one is null, unlike greatest"),
    FO("least", 1, 255, "o", extreme, MLPIPE__OP_LEAST,
       "least(a, b, ...): the least of those that are not null; null where "
       "all are"),
    FO("greatest", 1, 255, "o", extreme, MLPIPE__OP_GREATEST,
       "greatest(a, b, ...): the greatest of those that are not null; null "
       "where all are"),
    MATH("sqrt", MLPIPE__OP_SQRT, "sqrt(x): null below 0"),
    MATH("cbrt", MLPIPE__OP_CBRT, "cbrt(x): the cube root, also below 0"),
    MATH("exp", MLPIPE__OP_EXP, "exp(x): e to the x; null beyond 1.8e308"),
    MATH("expm1", MLPIPE__OP_EXPM1,
         "expm1(x): exp(x) - 1, exact near 0; null beyond 1.8e308"),
    F("log", 1, 2, "n", log,
      "log(x, base): natural without a base; null where x <= 0"),
    MATH("log1p", MLPIPE__OP_LOG1P,
         "log1p(x): log(1 + x), exact near 0; null where x <= -1"),
    MATH("log2", MLPIPE__OP_LOG2, "log2(x): null where x <= 0"),
    MATH("log10", MLPIPE__OP_LOG10, "log10(x): null where x <= 0"),
    {"pow", 2, 2, "n", mlpipe__expr_build_operator, EXPR_O_POW, 0, NULL,
     "pow(a, b): a ** b; null where that is no real number or beyond "
     "1.8e308"},
    MATH("square", MLPIPE__OP_SQUARE, "square(x): x times x"),
    {"hypot", 2, 2, "n", mlpipe__expr_build_pair, MLPIPE__OP_HYPOT,
     EXPR_T_NUMBER, NULL, "hypot(a, b): sqrt(a * a + b * b)"},
    MATH("sin", MLPIPE__OP_SIN,
         "sin(x): x in radians; null beyond 2^20 either way"),
    MATH("cos", MLPIPE__OP_COS,
         "cos(x): x in radians; null beyond 2^20 either way"),
    MATH("tan", MLPIPE__OP_TAN,
         "tan(x): x in radians; null beyond 2^20 either way"),
    MATH("sigmoid", MLPIPE__OP_SIGMOID, "sigmoid(x): 1 / (1 + exp(-x))"),
    F("logit", 1, 1, "n", logit,
      "logit(p): log(p / (1 - p)); null unless 0 < p < 1"),
    F("div", 3, 3, "n", div,
      "div(a, b, default): a / b, and default where b is 0; null where a or "
      "b is null"),
    {"mod", 2, 2, "n", mlpipe__expr_build_operator, EXPR_O_MOD, 0, NULL,
     "mod(a, b): a % b, with the sign of b; null where b is 0"},
    FO("cyc_sin", 2, 2, "m", cycle, MLPIPE__OP_SIN_TURN,
       "cyc_sin(x, period): sine of the place within a period; both numbers "
       "or both durations, as in cyc_sin(hour(t), 24)"),
    FO("cyc_cos", 2, 2, "m", cycle, MLPIPE__OP_COS_TURN,
       "cyc_cos(x, period): cosine of the place within a period; both numbers "
       "or both durations, as in cyc_cos(hour(t), 24)"),

    F("if", 3, 3, "baa", if,
      "if(condition, a, b): a where the condition is true, else b, also where "
      "it is null; a and b of one type"),
    F("coalesce", 1, 255, "a", coalesce,
      "coalesce(a, b, ...): the first that is not null; all of one type"),
    F("nvl", 2, 2, "a", coalesce, "nvl(a, b): b where a is null, else a"),
    F("nullif", 2, 2, "a", nullif, "nullif(a, b): null where a == b, else a"),
    F("is_null", 1, 1, "a", is_null,
      "is_null(x): true where x is null, else false; never null"),
    {"bucket", 3, 3, "oll", mlpipe__expr_build_bucket, 0, 0, "closed",
     "bucket(x, [edges], [labels], closed=\"left\"): the label of x's cell, "
     "a category; rising edges, a label more than edges; an edge belongs to "
     "the cell above it, with closed=\"right\" to the one below"},
    F("map", 3, 255, "ca", map,
      "map(x, \"old\", new, ..., default): without a default other texts "
      "stay as they are, and are null where the new values are numbers; null "
      "stays null"),

    PART("year", MLPIPE__DATE_YEAR, "year(t): such as 2026, in UTC"),
    PART("quarter", MLPIPE__DATE_QUARTER, "quarter(t): 1 to 4"),
    PART("month", MLPIPE__DATE_MONTH, "month(t): 1 to 12"),
    PART("week", MLPIPE__DATE_WEEK, "week(t): 1 to 53, of ISO 8601"),
    PART("day", MLPIPE__DATE_DAY, "day(t): of the month, 1 to 31"),
    PART("dow", MLPIPE__DATE_DOW,
         "dow(t): day of the week, Monday = 1 .. Sunday = 7"),
    PART("doy", MLPIPE__DATE_DOY, "doy(t): day of the year, 1 to 366"),
    PART("hour", MLPIPE__DATE_HOUR, "hour(t): 0 to 23, in UTC"),
    PART("minute", MLPIPE__DATE_MINUTE, "minute(t): 0 to 59"),
    PART("second", MLPIPE__DATE_SECOND, "second(t): 0 to 59, whole"),
    F("is_weekend", 1, 1, "t", is_weekend,
      "is_weekend(t): true on Saturday and Sunday"),
    F("date_trunc", 2, 2, "st", date_trunc,
      "date_trunc(\"month\", t): the start of the year, quarter, month, "
      "week (Monday), day, hour, minute or second that t is in, as a time"),
    F("date_diff", 3, 3, "tts", date_diff,
      "date_diff(a, b, \"d\"): a - b as a number of the unit, with its "
      "fraction, below 0 where a is earlier; us, ms, s, min, h, d, w or words "
      "such as days"),
    F("add_months", 2, 2, "tn", add_months,
      "add_months(t, n): the same day n months on, or the month's last"),
    F("epoch", 1, 1, "t", epoch, "epoch(t): seconds since 1970 in UTC"),

    TEXT("lower", MLPIPE__TEXT_LOWER, "lower(s): in small letters"),
    TEXT("upper", MLPIPE__TEXT_UPPER, "upper(s): in capitals"),
    TEXT("trim", MLPIPE__TEXT_TRIM, "trim(s): without blanks at its ends"),
    TEXT("squeeze", MLPIPE__TEXT_SQUEEZE, "squeeze(s): runs of blanks to one"),
    TEXT("strip_accents", MLPIPE__TEXT_STRIP_ACCENTS,
         "strip_accents(s): letters without accents"),
    F("substr", 3, 3, "ckk", substr,
      "substr(s, from, count): characters; from counts from 1, and from the "
      "end with -1 as the last; both numbers written out"),
    F("replace", 3, 3, "css", replace,
      "replace(s, \"what\", \"by\"): each place where what stands"),
    F("split_part", 3, 3, "csk", split_part,
      "split_part(s, \"separator\", n): part 1 is the first, -1 the last; "
      "\"\" where there are fewer"),
    F("concat", 1, 255, "c", concat,
      "concat(a, b, ...): one column and any number of literals; for two "
      "columns take the step interact"),
    {"len", 1, 1, "c", mlpipe__expr_build_text, MLPIPE__TEXT_LENGTH,
     EXPR_T_NUMBER, NULL, "len(s): how many characters it has"},
    FO("contains", 2, 2, "cs", find, MLPIPE__TEXT_CONTAINS,
       "contains(s, \"what\"): true or false; capitals differ from small "
       "letters"),
    FO("starts", 2, 2, "cs", find, MLPIPE__TEXT_STARTS,
       "starts(s, \"what\"): true or false, by its first characters"),
    FO("ends", 2, 2, "cs", find, MLPIPE__TEXT_ENDS,
       "ends(s, \"what\"): true or false, by its last characters"),
    F("parse_num", 1, 2, "cs", parse_num,
      "parse_num(s, \"decimal\"): the number in a text; decimal is \".\", "
      "the default, or \",\"; null where it is none"),
    F("parse_date", 2, 255, "cs", parse_date,
      "parse_date(s, \"%Y-%m-%d\", ...): a time, by the first pattern that "
      "fits; null where none does"),
    {"parse_bool", 1, 1, "c", mlpipe__expr_build_text, MLPIPE__TEXT_BOOL,
     EXPR_T_BOOL, NULL,
     "parse_bool(s): true/false, yes/no, y/n, t/f, 1/0, on/off in any letter "
     "case; null for all else"},
    F("parse_unit", 2, 3, "cs", parse_unit,
      "parse_unit(s, \"unit\", \"decimal\"): a quantity in that unit: 5 km "
      "is 5000 for \"m\"; null where it is none"),
};
enum { EXPR_FUNCTIONS = sizeof expr_functions / sizeof *expr_functions };

/* Operators and literals, for the catalog; the tightest first. */
static const mlpipe__expr_word expr_syntax[] = {
    {"**", "a ** b: a power, from the right: 2 ** 3 ** 2 is 2 ** 9"},
    {"*", "a * b: numbers, or a duration by a number"},
    {"/", "a / b: true division, 7 / 2 is 3.5; null where b is 0; a duration "
          "by a duration is a number"},
    {"//", "a // b: division rounded down; null where b is 0"},
    {"%", "a % b: the rest, with the sign of b; null where b is 0"},
    {"+", "a + b: numbers, durations, or a time and a duration"},
    {"-", "a - b, -a: numbers, durations, a time less a duration; of two "
          "times it is a duration"},
    {"<", "a < b, also <= > >=: numbers, times or durations; texts have no "
          "order"},
    {"==", "a == b, also != (= and <> mean the same): null where one is "
           "null; texts and numbers never mix"},
    {"in", "x in (a, b, ...), x not in (...): equal to one of them"},
    {"between", "x between a and b, x not between a and b: both ends are "
                "within"},
    {"is null", "x is null, x is not null: true or false, never null"},
    {"not", "not a: null where a is null"},
    {"and", "a and b: false where one is false, else null where one is null"},
    {"or", "a or b: true where one is true, else null where one is null"},
    {"case", "case when c then x when d then y else z end: the first that is "
             "true; null without else"},
    {"let", "let a = x, b = y in z: names within one expression"},
    {"as_of", "as_of: the time of the row: its time= column; in a worker the "
              "time of the call; else as_of= of the recipe"},
    {"@", "@2026-01-31, @2026-01-31T10:00:00: a time in UTC, or with an "
          "offset such as +01:00"},
    {"5 d", "5 d, 90 min, 1.5 hours: a duration; us, ms, s, min, h, d, w or "
            "words such as day, days"},
    {"\"text\"", "\"text\", 'text': a quote inside is doubled; a bare word "
                 "is a column, an odd one stands in backticks"},
};
enum { EXPR_SYNTAX = sizeof expr_syntax / sizeof *expr_syntax };

bool mlpipe__expr_word_at(uint32_t i, mlpipe__expr_word *out, bool *function)
{
    *function = i < EXPR_FUNCTIONS;
    if (i >= EXPR_FUNCTIONS + EXPR_SYNTAX)
        return false;
    if (*function)
        *out = (mlpipe__expr_word){expr_functions[i].name,
                                   expr_functions[i].doc};
    else
        *out = expr_syntax[i - EXPR_FUNCTIONS];
    return true;
}

const mlpipe__expr_function *mlpipe__expr_function_at(uint32_t i)
{
    return i < EXPR_FUNCTIONS ? &expr_functions[i] : NULL;
}

uint32_t mlpipe__expr_function_find(const char *name, size_t bytes)
{
    for (uint32_t i = 0; i < EXPR_FUNCTIONS; i++)
        if (strlen(expr_functions[i].name) == bytes &&
            !memcmp(expr_functions[i].name, name, bytes))
            return i;
    return EXPR_NONE;
}

/* Names of other languages, in any letter case, which no distance finds. */
static const char *expr_known_as(const char *name, size_t bytes)
{
    static const char *const others[][2] = {
        {"ln", "log"},         {"length", "len"},     {"strlen", "len"},
        {"substring", "substr"}, {"mid", "substr"},   {"ifnull", "nvl"},
        {"isnull", "is_null"}, {"isna", "is_null"},   {"iif", "if"},
        {"ifelse", "if"},      {"int", "trunc"},      {"ceiling", "ceil"},
        {"cut", "bucket"},     {"where", "if"},       {"weekday", "dow"},
        {"dayofweek", "dow"},  {"datediff", "date_diff"},
        {"float", "parse_num"}, {"double", "parse_num"},
        {"startswith", "starts"}, {"endswith", "ends"}, {"power", "pow"},
        {"modulo", "mod"},     {"clip", "clamp"},     {"strip", "trim"}};

    char low[16];

    if (bytes >= sizeof low)
        return NULL;
    for (size_t i = 0; i < bytes; i++)
        low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32
                                                         : name[i]);
    low[bytes] = 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(others[i][0], low))
            return others[i][1];
    return NULL;
}

const char *mlpipe__expr_function_near(const char *name, size_t bytes)
{
    const char *names[EXPR_FUNCTIONS];
    const char *known = expr_known_as(name, bytes);

    for (uint32_t i = 0; i < EXPR_FUNCTIONS; i++)
        names[i] = expr_functions[i].name;
    return known ? known
                 : mlpipe__nearest(name, bytes, names, EXPR_FUNCTIONS);
}
