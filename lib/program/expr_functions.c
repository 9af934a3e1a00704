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
    F("abs", 1, 1, "m", abs, "abs(x): x without its sign"),
    F("sign", 1, 1, "m", sign, "sign(x): -1, 0 or 1"),
    MATH("floor", MLPIPE__OP_FLOOR, "floor(x): the integer below"),
    MATH("ceil", MLPIPE__OP_CEIL, "ceil(x): the integer above"),
    MATH("trunc", MLPIPE__OP_TRUNC, "trunc(x): the integer towards 0"),
    F("round", 1, 2, "nk", round,
      "round(x, digits): half to even; digits from -15 to 15, 0 by default"),
    F("clamp", 3, 3, "o", clamp, "clamp(x, low, high): x within the two"),
    FO("min", 1, 255, "o", extreme, MLPIPE__OP_MIN,
       "min(a, b, ...): the least; null where one is null"),
    FO("max", 1, 255, "o", extreme, MLPIPE__OP_MAX,
       "max(a, b, ...): the greatest; null where one is null"),
    FO("least", 1, 255, "o", extreme, MLPIPE__OP_LEAST,
       "least(a, b, ...): the least of those that are not null"),
    FO("greatest", 1, 255, "o", extreme, MLPIPE__OP_GREATEST,
       "greatest(a, b, ...): the greatest of those that are not null"),
    MATH("sqrt", MLPIPE__OP_SQRT, "sqrt(x): null below 0"),
    MATH("cbrt", MLPIPE__OP_CBRT, "cbrt(x): the cube root"),
    MATH("exp", MLPIPE__OP_EXP, "exp(x): e to the x"),
    MATH("expm1", MLPIPE__OP_EXPM1, "expm1(x): exp(x) - 1, exact near 0"),
    F("log", 1, 2, "n", log,
      "log(x, base): natural without a base; null where x <= 0"),
    MATH("log1p", MLPIPE__OP_LOG1P, "log1p(x): log(1 + x), exact near 0"),
    MATH("log2", MLPIPE__OP_LOG2, "log2(x): null where x <= 0"),
    MATH("log10", MLPIPE__OP_LOG10, "log10(x): null where x <= 0"),
    {"pow", 2, 2, "n", mlpipe__expr_build_operator, EXPR_O_POW, 0, NULL,
     "pow(a, b): a ** b"},
    MATH("square", MLPIPE__OP_SQUARE, "square(x): x times x"),
    {"hypot", 2, 2, "n", mlpipe__expr_build_pair, MLPIPE__OP_HYPOT,
     EXPR_T_NUMBER, NULL, "hypot(a, b): sqrt(a * a + b * b)"},
    MATH("sin", MLPIPE__OP_SIN, "sin(x): x in radians, within 2^20"),
    MATH("cos", MLPIPE__OP_COS, "cos(x): x in radians, within 2^20"),
    MATH("tan", MLPIPE__OP_TAN, "tan(x): x in radians, within 2^20"),
    MATH("sigmoid", MLPIPE__OP_SIGMOID, "sigmoid(x): 1 / (1 + exp(-x))"),
    F("logit", 1, 1, "n", logit, "logit(p): log(p / (1 - p)), 0 < p < 1"),
    F("div", 3, 3, "n", div,
      "div(a, b, default): a / b, and default where b is 0"),
    {"mod", 2, 2, "n", mlpipe__expr_build_operator, EXPR_O_MOD, 0, NULL,
     "mod(a, b): a % b, with the sign of b"},
    FO("cyc_sin", 2, 2, "m", cycle, MLPIPE__OP_SIN_TURN,
       "cyc_sin(x, period): sine of the place within a period"),
    FO("cyc_cos", 2, 2, "m", cycle, MLPIPE__OP_COS_TURN,
       "cyc_cos(x, period): cosine of the place within a period"),

    F("if", 3, 3, "baa", if, "if(condition, a, b): null is not true"),
    F("coalesce", 1, 255, "a", coalesce,
      "coalesce(a, b, ...): the first that is not null"),
    F("nvl", 2, 2, "a", coalesce, "nvl(a, b): b where a is null"),
    F("nullif", 2, 2, "a", nullif, "nullif(a, b): null where a == b"),
    F("is_null", 1, 1, "a", is_null, "is_null(x): x is null"),
    {"bucket", 3, 3, "oll", mlpipe__expr_build_bucket, 0, 0, "closed",
     "bucket(x, [edges], [labels], closed=\"left\"): a label more than "
     "edges"},
    F("map", 3, 255, "ca", map,
      "map(x, \"old\", new, ..., default): without a default others stay"),

    PART("year", MLPIPE__DATE_YEAR, "year(t)"),
    PART("quarter", MLPIPE__DATE_QUARTER, "quarter(t): 1 to 4"),
    PART("month", MLPIPE__DATE_MONTH, "month(t): 1 to 12"),
    PART("week", MLPIPE__DATE_WEEK, "week(t): of ISO 8601"),
    PART("day", MLPIPE__DATE_DAY, "day(t): of the month"),
    PART("dow", MLPIPE__DATE_DOW, "dow(t): Monday 1 to Sunday 7"),
    PART("doy", MLPIPE__DATE_DOY, "doy(t): day of the year from 1"),
    PART("hour", MLPIPE__DATE_HOUR, "hour(t): 0 to 23"),
    PART("minute", MLPIPE__DATE_MINUTE, "minute(t): 0 to 59"),
    PART("second", MLPIPE__DATE_SECOND, "second(t): 0 to 59"),
    F("is_weekend", 1, 1, "t", is_weekend, "is_weekend(t)"),
    F("date_trunc", 2, 2, "st", date_trunc,
      "date_trunc(\"month\", t): the start of what t is in"),
    F("date_diff", 3, 3, "tts", date_diff,
      "date_diff(a, b, \"d\"): a - b in us, ms, s, min, h, d or w"),
    F("add_months", 2, 2, "tn", add_months,
      "add_months(t, n): the same day of another month, or its last"),
    F("epoch", 1, 1, "t", epoch, "epoch(t): seconds since 1970 UTC"),

    TEXT("lower", MLPIPE__TEXT_LOWER, "lower(s): in small letters"),
    TEXT("upper", MLPIPE__TEXT_UPPER, "upper(s): in capitals"),
    TEXT("trim", MLPIPE__TEXT_TRIM, "trim(s): without blanks at its ends"),
    TEXT("squeeze", MLPIPE__TEXT_SQUEEZE, "squeeze(s): runs of blanks to one"),
    TEXT("strip_accents", MLPIPE__TEXT_STRIP_ACCENTS,
         "strip_accents(s): letters without accents"),
    F("substr", 3, 3, "ckk", substr,
      "substr(s, from, count): 1 is the first character, -1 the last"),
    F("replace", 3, 3, "css", replace, "replace(s, what, by)"),
    F("split_part", 3, 3, "csk", split_part,
      "split_part(s, separator, n): part 1 is the first, -1 the last"),
    F("concat", 1, 255, "c", concat,
      "concat(a, b, ...): one column and any number of literals"),
    {"len", 1, 1, "c", mlpipe__expr_build_text, MLPIPE__TEXT_LENGTH,
     EXPR_T_NUMBER, NULL, "len(s): its characters"},
    FO("contains", 2, 2, "cs", find, MLPIPE__TEXT_CONTAINS,
       "contains(s, what)"),
    FO("starts", 2, 2, "cs", find, MLPIPE__TEXT_STARTS, "starts(s, what)"),
    FO("ends", 2, 2, "cs", find, MLPIPE__TEXT_ENDS, "ends(s, what)"),
    F("parse_num", 1, 2, "cs", parse_num,
      "parse_num(s, decimal): decimal is \".\" or \",\""),
    F("parse_date", 2, 255, "cs", parse_date,
      "parse_date(s, \"%Y-%m-%d\", ...): the first pattern that fits"),
    {"parse_bool", 1, 1, "c", mlpipe__expr_build_text, MLPIPE__TEXT_BOOL,
     EXPR_T_BOOL, NULL, "parse_bool(s): true/false, yes/no, 1/0, on/off"},
    F("parse_unit", 2, 3, "cs", parse_unit,
      "parse_unit(s, \"unit\", decimal): 5 km as 5000 for \"m\""),
};
enum { EXPR_FUNCTIONS = sizeof expr_functions / sizeof *expr_functions };

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

/* Names of other languages, which no distance finds. */
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

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i][0]) == bytes &&
            !memcmp(others[i][0], name, bytes))
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
