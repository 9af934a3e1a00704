/* SPDX-License-Identifier: MIT */
/*
 * The expression compiler. A text becomes nodes (children before parents, so
 * that no pass recurses), nodes become values (typed, folded, each one once),
 * and the values that are reached become ops.
 */
#ifndef MLPIPE_EXPR_INTERNAL_H
#define MLPIPE_EXPR_INTERNAL_H

#include "program_internal.h"

enum {
    EXPR_DEPTH = 200,   /* brackets in brackets, and operators before */
    EXPR_NODES = 65536,
    EXPR_ERRORS = 50    /* told of one text, with a sink */
};
#define EXPR_NONE UINT32_MAX

typedef struct mlpipe__expr mlpipe__expr;

/* ---- tokens (expr_lex.c) ------------------------------------------------ */

enum mlpipe__expr_token_kind {
    EXPR_END,
    EXPR_NUMBER,
    EXPR_DURATION, /* number in microseconds */
    EXPR_TIME,     /* number in microseconds since 1970 */
    EXPR_TEXT,
    EXPR_NAME,     /* bare; may be a keyword */
    EXPR_QUOTED,   /* a name in backticks */
    EXPR_SIGN,     /* an operator or bracket: sign holds up to two bytes */
    EXPR_BAD       /* told already */
};

typedef struct mlpipe__expr_token {
    enum mlpipe__expr_token_kind kind;
    char sign[3];
    bool newline;        /* one stands before it */
    size_t at, length;
    double number;
    size_t text, bytes;  /* decoded, in mlpipe__expr.texts */
} mlpipe__expr_token;

/* Read the next token into e->token. */
void mlpipe__expr_next(mlpipe__expr *e);
bool mlpipe__expr_is_sign(const mlpipe__expr *e, const char *sign);
bool mlpipe__expr_is_word(const mlpipe__expr *e, const char *word);
/* Does a sign follow the token at hand? Blanks do not count. */
bool mlpipe__expr_follows(const mlpipe__expr *e, char sign);
/* Microseconds of a unit such as d, day or days; 0: it is none. */
double mlpipe__expr_unit_us(const char *word, size_t bytes);
/* Is the name one that only backticks make a column of? */
bool mlpipe__expr_reserved(const char *name, size_t bytes);
/* How the word of another language at `at`, or a NOT before it, is written
 * here; NULL where there is none. */
const char *mlpipe__expr_foreign(const mlpipe__expr *e, size_t at,
                                 size_t bytes);

/* ---- nodes (expr_parse.c, expr_operand.c) ------------------------------- */

enum mlpipe__expr_node_kind {
    EXPR_N_ERROR,   /* told already */
    EXPR_N_NUMBER,
    EXPR_N_BOOL,
    EXPR_N_NULL,
    EXPR_N_TEXT,
    EXPR_N_TIME,
    EXPR_N_DURATION,
    EXPR_N_COLUMN,
    EXPR_N_AS_OF,
    EXPR_N_REF,     /* which is of the text's own: node kids */
    EXPR_N_LIST,
    EXPR_N_NEGATE,
    EXPR_N_NOT,
    EXPR_N_BINARY,  /* which: EXPR_O_ */
    EXPR_N_IN,      /* kids: value, items; which = 1: not in */
    EXPR_N_BETWEEN, /* kids: value, low, high; which = 1: not between */
    EXPR_N_IS_NULL, /* which = 1: is not null */
    EXPR_N_CALL,    /* which: place in the table of functions */
    EXPR_N_CASE     /* kids: condition, value, ..., and else where odd */
};

enum mlpipe__expr_operator {
    EXPR_O_OR,
    EXPR_O_AND,
    EXPR_O_LT,
    EXPR_O_LE,
    EXPR_O_GT,
    EXPR_O_GE,
    EXPR_O_EQ,
    EXPR_O_NE,
    EXPR_O_ADD,
    EXPR_O_SUB,
    EXPR_O_MUL,
    EXPR_O_DIV,
    EXPR_O_FLOOR_DIV,
    EXPR_O_MOD,
    EXPR_O_POW,
    EXPR_O_COUNT
};

typedef struct mlpipe__expr_node {
    uint16_t kind, which;
    uint32_t kids, count;   /* in mlpipe__expr.kids */
    size_t at, length;      /* of the text */
    double number;
    size_t text, bytes;     /* TEXT, COLUMN: in mlpipe__expr.texts */
    size_t sign;            /* BINARY: where the operator stands */
    uint32_t named;         /* CALL: node of the named argument, or NONE */
} mlpipe__expr_node;

/* A name that stands for a node from here on. */
typedef struct mlpipe__expr_scope {
    size_t text, bytes;
    uint32_t node; /* NONE: its expression has an error */
} mlpipe__expr_scope;

/* name = expression */
typedef struct mlpipe__expr_definition {
    size_t text, bytes, at, length;
    uint32_t node;
} mlpipe__expr_definition;

/* Parse e->text; what it finds is told, e->status is the first. */
void mlpipe__expr_parse(mlpipe__expr *e, bool derive);
/* One expression; NONE after an error that was told. */
uint32_t mlpipe__expr_parse_level(mlpipe__expr *e, uint32_t level);
uint32_t mlpipe__expr_operand(mlpipe__expr *e);
uint32_t mlpipe__expr_node_new(mlpipe__expr *e, uint32_t kind, size_t at);
/* Moves what was pushed since `from` to the node, and ends its span. */
void mlpipe__expr_node_take(mlpipe__expr *e, uint32_t node, uint32_t from);
void mlpipe__expr_push(mlpipe__expr *e, uint32_t node);
/* Take the token where it is this sign, else tell that it is missing. */
bool mlpipe__expr_expect(mlpipe__expr *e, const char *sign,
                         const char *message, const char *help);

/* ---- values (expr_value.c, expr_fold.c) --------------------------------- */

enum mlpipe__expr_type {
    EXPR_T_ERROR,    /* told already */
    EXPR_T_NULL,     /* the literal: of any type */
    EXPR_T_NUMBER,
    EXPR_T_BOOL,
    EXPR_T_TIME,
    EXPR_T_SPAN,     /* a duration */
    EXPR_T_CATEGORY, /* codes */
    EXPR_T_FREE,     /* free text of a column */
    EXPR_T_TEXT,     /* a text literal */
    EXPR_T_LIST,
    EXPR_T_COUNT
};

enum mlpipe__expr_value_kind {
    EXPR_V_CONST,  /* number, NaN = null; a code of CATEGORY */
    EXPR_V_TEXT,   /* text */
    EXPR_V_COLUMN, /* of the plan */
    EXPR_V_AS_OF,
    EXPR_V_OP,
    EXPR_V_SAME,   /* a, with another type */
    EXPR_V_CHAIN,  /* text of a column through steps; a = chain or column */
    EXPR_V_LIST
};

typedef struct mlpipe__expr_value {
    uint8_t kind, type;
    bool nullable, finite, tainted;
    uint16_t code;          /* OP */
    int32_t unit;           /* TIME, SPAN */
    uint32_t a, b, c;       /* values, or what the op has there */
    uint32_t count;
    uint32_t consts, const_count; /* in mlpipe__expr.consts */
    uint32_t words, word_count;   /* in mlpipe__expr.words */
    double number;
    size_t text, bytes;
    uint32_t origin;        /* input it comes from; NONE: from none */
    uint32_t codes;         /* CATEGORY */
    const mlpipe__dict *dict; /* CATEGORY: NULL = none, or not made yet */
    mlpipe__text_step *step;  /* CHAIN: owned; NULL: none */
    uint32_t reg;           /* MLPIPE__NO_REG: not emitted */
    uint32_t next;          /* in its slot of the hash table */
} mlpipe__expr_value;

struct mlpipe__expr {
    mlpipe_ctx *ctx;
    mlpipe__env *env;
    mlpipe__plan *plan;     /* NULL while only the grammar is looked at */
    const char *owner, *text;
    size_t bytes;
    const mlpipe__expr_sink *sink;
    mlpipe_status status;   /* of the first error */
    uint32_t errors;
    struct {
        int32_t detail;
        size_t at;
    } told[EXPR_ERRORS];
    bool stop;              /* go no further */
    uint32_t depth_max, depth;
    bool no_in;             /* `in` ends the expression: let a = x in y */

    size_t at;              /* behind the token */
    mlpipe__expr_token token;
    mlpipe__text texts;     /* decoded names and texts, each with a NUL */

    mlpipe__expr_node *nodes;
    uint32_t *kids, *pushed;
    mlpipe__expr_scope *scope;
    mlpipe__expr_definition *definitions;
    uint32_t node_count, kid_count, pushed_count, scope_count,
        definition_count;
    uint32_t node_room, kid_room, pushed_room, scope_room, definition_room;
    uint32_t root;          /* of a condition */

    uint32_t *of_node;      /* value of each node */
    mlpipe__expr_value *values;
    double *consts;
    uint32_t *words;
    uint32_t *slots;        /* hash table of values, chained by next */
    uint32_t value_count, const_count, word_count, slot_count;
    uint32_t value_room, const_room, word_room;
};

/* ---- findings (expr_report.c) ------------------------------------------- */

/* Tell an error or a lint about bytes [at, at + length). help may be "". The
 * format is that of mlpipe__fail. */
void mlpipe__expr_error(mlpipe__expr *e, int32_t detail, size_t at,
                        size_t length, const char *help, const char *format,
                        ...);
/* An error about the token, which something else should stand for, unless the
 * lexer has told of it; false. */
bool mlpipe__expr_unexpected(mlpipe__expr *e, const char *help,
                             const char *message);
void mlpipe__expr_lint(mlpipe__expr *e, int32_t detail, size_t at,
                       size_t length, const char *help, const char *format,
                       ...);
void mlpipe__expr_nomem(mlpipe__expr *e);
/* The error that the context has, while a call below may tell another. */
typedef struct mlpipe__expr_first {
    char text[MLPIPE__ERROR_BYTES], column[MLPIPE__ERROR_NAME];
    int64_t row;
    int32_t detail;
} mlpipe__expr_first;
void mlpipe__expr_first_keep(const mlpipe__expr *e,
                             mlpipe__expr_first *first);
/* The call has failed and told why: a finding about these bytes. Where it is
 * not the first error, that one goes back to the context. */
void mlpipe__expr_below(mlpipe__expr *e, mlpipe_status st,
                        const mlpipe__expr_first *first, size_t at,
                        size_t length);
/* Room for one more element of *array; false: no memory, which is told. */
bool mlpipe__expr_room(mlpipe__expr *e, void *array, uint32_t count,
                       uint32_t more, uint32_t *room, size_t bytes);
static inline const char *mlpipe__expr_text(const mlpipe__expr *e, size_t at)
{
    return e->texts.data + at;
}
/* Adds bytes with a NUL behind to the texts; where they are. */
size_t mlpipe__expr_keep(mlpipe__expr *e, const char *s, size_t n);

/* ---- functions (expr_functions.c) --------------------------------------- */

/* A call under way: its function, node, and arguments as values. */
typedef struct mlpipe__expr_function mlpipe__expr_function;
typedef struct mlpipe__expr_call {
    const mlpipe__expr_function *f;
    const mlpipe__expr_node *node;
    const uint32_t *args;   /* values */
    const uint32_t *nodes;
    uint32_t count;
    uint32_t named;         /* value of the named argument, or NONE */
} mlpipe__expr_call;

struct mlpipe__expr_function {
    const char *name;
    uint8_t low, high;      /* arguments; high 255: any number */
    const char *types;      /* a letter an argument; the last repeats:
                               n number, k constant number, m number or
                               duration, o one that has an order, b condition,
                               t time, c category or text, s text literal,
                               l list, a any */
    uint32_t (*build)(mlpipe__expr *e, const mlpipe__expr_call *c);
    uint16_t op;            /* for build */
    uint8_t gives;          /* EXPR_T_, for build */
    const char *named;      /* the argument that is given by name, or NULL */
    const char *doc;        /* signature, and what it does */
};

const mlpipe__expr_function *mlpipe__expr_function_at(uint32_t i);
uint32_t mlpipe__expr_function_find(const char *name, size_t bytes);
const char *mlpipe__expr_function_near(const char *name, size_t bytes);

/* ---- making values ------------------------------------------------------ */

static inline mlpipe__expr_value *mlpipe__expr_at(const mlpipe__expr *e,
                                                  uint32_t value)
{
    return &e->values[value];
}
/* Value 0 is the one of type ERROR. The value, or an equal one. */
uint32_t mlpipe__expr_value_new(mlpipe__expr *e, const mlpipe__expr_value *v);
uint32_t mlpipe__expr_const(mlpipe__expr *e, double number, uint32_t type,
                            int32_t unit);
uint32_t mlpipe__expr_null(mlpipe__expr *e, uint32_t type, int32_t unit);
/* A text that is null: a code of a dictionary without texts. */
uint32_t mlpipe__expr_null_text(mlpipe__expr *e);
/* s is copied; it is none of e->texts, whose own are taken by place. */
uint32_t mlpipe__expr_literal(mlpipe__expr *e, const char *s, size_t n);
uint32_t mlpipe__expr_literal_at(mlpipe__expr *e, size_t text, size_t bytes);
/* The code of a text of dict. */
uint32_t mlpipe__expr_code(mlpipe__expr *e, double code,
                           const mlpipe__dict *dict);
/* a as another type, with the same bits. */
uint32_t mlpipe__expr_as(mlpipe__expr *e, uint32_t a, uint32_t type,
                         int32_t unit);
bool mlpipe__expr_is_const(const mlpipe__expr *e, uint32_t a);
bool mlpipe__expr_is_null(const mlpipe__expr *e, uint32_t a);
/* Ops of one and of two values, folded where they can be. */
uint32_t mlpipe__expr_one(mlpipe__expr *e, uint16_t op, uint32_t a,
                          uint32_t type);
uint32_t mlpipe__expr_one_with(mlpipe__expr *e, uint16_t op, uint32_t a,
                               const double *consts, uint32_t count,
                               uint32_t type, int32_t unit);
uint32_t mlpipe__expr_pair(mlpipe__expr *e, uint16_t op, uint32_t a,
                           uint32_t b, uint32_t type, int32_t unit);
uint32_t mlpipe__expr_pair_with(mlpipe__expr *e, uint16_t op, uint32_t a,
                                uint32_t b, const double *consts,
                                uint32_t count, uint32_t type, int32_t unit);
/* condition ? a : b, which are of one type already. */
uint32_t mlpipe__expr_select(mlpipe__expr *e, uint32_t condition, uint32_t a,
                             uint32_t b);
uint32_t mlpipe__expr_is_missing(mlpipe__expr *e, uint32_t a);
/* Of a category with a dictionary, or codes. table: codes + 2. */
uint32_t mlpipe__expr_lookup(mlpipe__expr *e, uint32_t a, const double *table,
                             uint32_t type, int32_t unit);
uint32_t mlpipe__expr_map(mlpipe__expr *e, uint32_t a, const uint32_t *table,
                          const mlpipe__dict *dict);
uint32_t mlpipe__expr_cells(mlpipe__expr *e, uint32_t a, const double *edges,
                            uint32_t count, bool closed_right,
                            const mlpipe__dict *dict);
/* The bits that the program would give: NaN where it gives null. */
double mlpipe__expr_fold(uint16_t op, double a, double b,
                         const double *consts);

/* ---- types (expr_types.c) ----------------------------------------------- */

const char *mlpipe__expr_type_name(uint32_t type); /* "number" */
bool mlpipe__expr_numeric(uint32_t type);   /* number, bool */
bool mlpipe__expr_textual(uint32_t type);   /* category, free, text */
double mlpipe__expr_ticks(int32_t unit);    /* a second in that unit */
/* A time or duration in another unit. */
uint32_t mlpipe__expr_to_unit(mlpipe__expr *e, uint32_t a, int32_t unit);
/* Two times or durations to one unit. */
int32_t mlpipe__expr_one_unit(mlpipe__expr *e, uint32_t *a, uint32_t *b);
/* Tell that the operator or function `what` cannot take these. */
uint32_t mlpipe__expr_mismatch(mlpipe__expr *e, const char *what, size_t at,
                               size_t length, uint32_t a, uint32_t b);
/* A condition: BOOL, or an error that is told; what needs it. */
uint32_t mlpipe__expr_truth(mlpipe__expr *e, uint32_t a, uint32_t node,
                            const char *what);
/* Values of one type, in one unit or dictionary; NULL stays NULL only where
 * all are. false: told. */
bool mlpipe__expr_common(mlpipe__expr *e, uint32_t *values,
                         const uint32_t *nodes, uint32_t count,
                         const char *what);
/* Conditions and values in turn, then the rest; their nodes. */
uint32_t mlpipe__expr_cases(mlpipe__expr *e, const uint32_t *conditions,
                            uint32_t *values, const uint32_t *nodes,
                            uint32_t count, const char *what);

/* ---- operators (expr_check.c) ------------------------------------------- */

/* Values of all nodes, into e->of_node. */
void mlpipe__expr_check_nodes(mlpipe__expr *e);
uint32_t mlpipe__expr_arithmetic(mlpipe__expr *e, uint32_t op, uint32_t a,
                                 uint32_t b, size_t at, size_t length);
uint32_t mlpipe__expr_compare(mlpipe__expr *e, uint32_t op, uint32_t a,
                              uint32_t b, size_t at, size_t length);

/* That the text a is the name of a column, where it is one; else nothing. */
void mlpipe__expr_unquote(const mlpipe__expr *e, uint32_t a, char *out,
                          size_t room);
/* A column of the plan by its name; the time of the row; a call. */
uint32_t mlpipe__expr_column(mlpipe__expr *e, const mlpipe__expr_node *n);
uint32_t mlpipe__expr_as_of(mlpipe__expr *e);
uint32_t mlpipe__expr_call_value(mlpipe__expr *e, const mlpipe__expr_node *n);

/* ---- categories and texts (expr_category.c, expr_chain.c) --------------- */

/* a has a dictionary after this, or an error was told; `at` for messages. */
bool mlpipe__expr_need_dict(mlpipe__expr *e, uint32_t a, size_t at,
                            size_t length);
/* All of them to codes of one dictionary. */
bool mlpipe__expr_union(mlpipe__expr *e, uint32_t *values, uint32_t count,
                        size_t at, size_t length);
uint32_t mlpipe__expr_same_text(mlpipe__expr *e, uint32_t a, uint32_t b,
                                size_t at, size_t length);
/* x in (literals), where x is a category or text. */
uint32_t mlpipe__expr_text_in(mlpipe__expr *e, uint32_t x,
                              const uint32_t *items, uint32_t count,
                              size_t at, size_t length);
/* An empty dictionary that the plan owns; NULL: told. */
mlpipe__dict *mlpipe__expr_dict_new(mlpipe__expr *e);
/* Is a still a text as it came in, or a chain of steps on one? */
bool mlpipe__expr_is_chain(const mlpipe__expr *e, uint32_t a);
/* a behind one more step (takes it); to texts or to `type`. */
uint32_t mlpipe__expr_step(mlpipe__expr *e, uint32_t a,
                           mlpipe__text_step *step, uint32_t type,
                           size_t at, size_t length);
mlpipe__text_step *mlpipe__expr_step_new(mlpipe__expr *e, uint32_t code,
                                         double first, double second,
                                         const char *const *texts,
                                         uint32_t count);
/* Its feed: the register; as a text, dict and codes as well; `at` for
 * messages. */
bool mlpipe__expr_chain_emit(mlpipe__expr *e, uint32_t a, size_t at,
                             size_t length);
/* mlpipe__plan_text, whose failure is told. */
bool mlpipe__expr_plan_text(mlpipe__expr *e, const mlpipe__var *like,
                            mlpipe__text_step *steps, uint32_t count,
                            int32_t type, size_t at, size_t length,
                            mlpipe__var *made);

/* Builders of functions. */
#define EXPR_BUILD(name)                                                    \
    uint32_t mlpipe__expr_build_##name(mlpipe__expr *e,                     \
                                       const mlpipe__expr_call *c)
EXPR_BUILD(one);
EXPR_BUILD(pair);
EXPR_BUILD(abs);
EXPR_BUILD(sign);
EXPR_BUILD(round);
EXPR_BUILD(clamp);
EXPR_BUILD(extreme);
EXPR_BUILD(log);
EXPR_BUILD(logit);
EXPR_BUILD(div);
EXPR_BUILD(operator);
EXPR_BUILD(cycle);
EXPR_BUILD(if);
EXPR_BUILD(coalesce);
EXPR_BUILD(nullif);
EXPR_BUILD(is_null);
EXPR_BUILD(bucket);
EXPR_BUILD(map);
EXPR_BUILD(date_part);
EXPR_BUILD(is_weekend);
EXPR_BUILD(date_trunc);
EXPR_BUILD(date_diff);
EXPR_BUILD(add_months);
EXPR_BUILD(epoch);
EXPR_BUILD(text);
EXPR_BUILD(substr);
EXPR_BUILD(replace);
EXPR_BUILD(split_part);
EXPR_BUILD(concat);
EXPR_BUILD(find);
EXPR_BUILD(parse_num);
EXPR_BUILD(parse_date);
EXPR_BUILD(parse_unit);

/* ---- emission (expr_emit.c) --------------------------------------------- */

/* A value that a variable can have, of what a text says; 0: told. */
uint32_t mlpipe__expr_result(mlpipe__expr *e, uint32_t node);
/* The ops of these values, and of all that they read; false: told. */
bool mlpipe__expr_emit(mlpipe__expr *e, const uint32_t *roots,
                       uint32_t count);
/* What a variable of an emitted value is; its name is NULL. */
void mlpipe__expr_variable(const mlpipe__expr *e, uint32_t value,
                           mlpipe__var *out);

#endif
