/* SPDX-License-Identifier: MIT */
/*
 * The program: a fitted pipeline as a flat list of operations on registers,
 * run for one row or for blocks of up to 512 with the same element functions
 * and so the same bits. A register is a lane of doubles and a lane of validity
 * bytes; invalid lanes hold 0.0; a NaN or inf never stays in a register.
 */
#ifndef MLPIPE_PROGRAM_INTERNAL_H
#define MLPIPE_PROGRAM_INTERNAL_H

#include "../num/num_internal.h"
#include "points.h"

enum { MLPIPE__BLOCK_ROWS = 512 };
#define MLPIPE__NO_REG UINT32_MAX

/* What an input or variable holds. */
enum {
    MLPIPE__NUMBER = 1, /* a number */
    MLPIPE__CODE = 2    /* a category: code 0 .. count-1; -1 = unseen */
};

/* Operation codes are part of the saved format and are never renumbered. */
enum mlpipe__opcode {
    MLPIPE__OP_IMPUTE = 1,   /* dst = a valid ? a : consts[arg] */
    MLPIPE__OP_IS_NULL = 2,  /* dst = a valid ? 0 : 1 */
    MLPIPE__OP_SHIFT_SCALE = 3, /* dst = (a - consts[arg]) / consts[arg+1] */
    MLPIPE__OP_ONEHOT = 4,   /* dst+i = a == i ? 1 : 0, i < count; null and
                                unseen give all 0; words[arg+code] = which
                                output a code sets, count = none; b = codes */
    MLPIPE__OP_LOOKUP = 5,   /* dst = consts[arg + a], a < count;
                                consts[arg+count] for unseen, [arg+count+1]
                                for null; NaN there = null */
    MLPIPE__OP_CLAMP = 6,    /* dst = min(max(a, consts[arg]), consts[arg+1]) */
    MLPIPE__OP_NULL_OUTSIDE = 7, /* dst = a within [arg, arg+1] ? a : null */
    MLPIPE__OP_OUTSIDE = 8,  /* dst = a within ? 0 : 1; null gives 0 */
    MLPIPE__OP_LINEAR = 9,   /* dst = consts[b] + sum consts[b+1+i] *
                                words[arg+i] (registers), i < count; eight
                                lanes by i mod 8; any null gives null */
    MLPIPE__OP_FOREST = 10,  /* dst.. = forest a of registers words[arg+i] */
    MLPIPE__OP_EXP = 11,
    MLPIPE__OP_LOG = 12,     /* null where a <= 0 */
    MLPIPE__OP_EXPM1 = 13,
    MLPIPE__OP_LOG1P = 14,
    MLPIPE__OP_SQUARE = 15,
    MLPIPE__OP_SQRT = 16,
    MLPIPE__OP_SIGMOID = 17,
    MLPIPE__OP_AFFINE = 18,  /* dst = a * consts[arg] + consts[arg+1] */
    /* Of two numbers; null where one of them is, but for the ones said. */
    MLPIPE__OP_ADD = 19,
    MLPIPE__OP_SUB = 20,
    MLPIPE__OP_MUL = 21,
    MLPIPE__OP_DIV = 22,
    MLPIPE__OP_FLOOR_DIV = 23, /* floor(a / b) */
    MLPIPE__OP_MOD = 24,     /* sign of b; a % 0 is null */
    MLPIPE__OP_POW = 25,
    MLPIPE__OP_MIN = 26,
    MLPIPE__OP_MAX = 27,
    MLPIPE__OP_LEAST = 28,   /* of those that are not null */
    MLPIPE__OP_GREATEST = 29,
    MLPIPE__OP_HYPOT = 30,
    MLPIPE__OP_LT = 31,      /* 1 or 0 */
    MLPIPE__OP_LE = 32,
    MLPIPE__OP_EQ = 33,
    MLPIPE__OP_NE = 34,
    MLPIPE__OP_AND = 35,     /* Kleene: false and null is false */
    MLPIPE__OP_OR = 36,      /* true or null is true */
    MLPIPE__OP_COALESCE = 37, /* a, or b where a is null */
    MLPIPE__OP_NULL_IF = 38, /* a, null where a == b */
    MLPIPE__OP_ADD_MONTHS = 39, /* a is a time, consts[arg] ticks a second */
    /* Of one number. */
    MLPIPE__OP_NEG = 40,
    MLPIPE__OP_NOT = 41,
    MLPIPE__OP_ABS = 42,
    MLPIPE__OP_SIGN = 43,
    MLPIPE__OP_FLOOR = 44,
    MLPIPE__OP_CEIL = 45,
    MLPIPE__OP_TRUNC = 46,
    MLPIPE__OP_ROUND = 47,   /* to consts[arg] decimal places, half to even */
    MLPIPE__OP_LOG2 = 48,
    MLPIPE__OP_LOG10 = 49,
    MLPIPE__OP_CBRT = 50,
    MLPIPE__OP_SIN = 51,     /* null beyond 2^20 */
    MLPIPE__OP_COS = 52,
    MLPIPE__OP_TAN = 53,
    MLPIPE__OP_SIN_TURN = 54, /* sin(2 pi a) */
    MLPIPE__OP_COS_TURN = 55,
    MLPIPE__OP_DATE_PART = 56, /* part consts[arg+1] (MLPIPE__DATE_) of a
                                time with consts[arg] ticks a second */
    MLPIPE__OP_DATE_TRUNC = 57, /* start of the part that a is in */
    MLPIPE__OP_PRIOR = 58,   /* a r / (a r + 1 - a), r = consts[arg] */
    /* Of other shapes. */
    MLPIPE__OP_CONST = 59,   /* consts[arg]; NaN = null */
    MLPIPE__OP_CONST_CODE = 60, /* the code consts[arg], -1 unseen; NaN null */
    MLPIPE__OP_SELECT = 61,  /* a true ? register b : register arg; null is
                                not true */
    MLPIPE__OP_SELECT_CODE = 62,
    MLPIPE__OP_BUCKET = 63,  /* code: how many of consts[arg..arg+count) are
                                <= a (b = 0) or < a (b = 1) */
    MLPIPE__OP_MAP_CODE = 64, /* code words[arg + a], a < count; [arg+count]
                                for unseen, [arg+count+1] for null; what is
                                MLPIPE__MAP_NULL, _UNSEEN or below b */
    MLPIPE__OP_EQ_CODE = 65, /* codes a and b; both unseen is null */
    MLPIPE__OP_COALESCE_CODE = 66,
    MLPIPE__OP_CROSS = 67,   /* code a * count + b, a < arg, b < count; unseen
                                where one is */
    MLPIPE__OP_FEED = 68,    /* feed arg, written by the caller */
    MLPIPE__OP_LOOKUP_FOLD = 69, /* training only: as LOOKUP, of the table of
                                fold register b; consts[arg] = folds, then a
                                table a fold, then that of all rows */
    /* Of learners and what follows them. */
    MLPIPE__OP_SOFTMAX = 70, /* dst+i = exp(x_i) / sum of exp, of registers
                                words[arg+i], i < count; any null gives null */
    MLPIPE__OP_LOGIT = 71,   /* log(a / (1 - a)), within +-36.74 */
    MLPIPE__OP_INTERPOLATE = 72, /* through the points consts[arg+i] (rising),
                                consts[arg+count+i], i < count; beyond the
                                ends what is at the ends */
    MLPIPE__OP_DISTANCE = 73, /* dst = consts[b] + sum consts[b+2+2i] *
                                (x_i - consts[b+1+2i])^2, of registers
                                words[arg+i], i < count; eight lanes by i mod
                                8; any null gives null, or is left out of the
                                sum where a = 1 */
    MLPIPE__OP_ARGMIN = 74,  /* code: which of registers words[arg+i], i <
                                count, is least, the first of equal ones; any
                                null gives null */
    MLPIPE__OP_KNN = 75,     /* dst.. = what the nearest of points a say of
                                registers words[arg+i], i < count; any null
                                gives null */
    MLPIPE__OP_END
};

/* Words of a MAP_CODE beside codes. */
#define MLPIPE__MAP_NULL UINT32_C(0xffffffff)
#define MLPIPE__MAP_UNSEEN UINT32_C(0xfffffffe)

/* Parts of a time, for DATE_PART and DATE_TRUNC. Saved, never renumbered. */
enum {
    MLPIPE__DATE_YEAR = 1,
    MLPIPE__DATE_QUARTER = 2,
    MLPIPE__DATE_MONTH = 3,
    MLPIPE__DATE_WEEK = 4,  /* ISO 8601 */
    MLPIPE__DATE_DAY = 5,
    MLPIPE__DATE_DOW = 6,   /* Monday 1 .. Sunday 7 */
    MLPIPE__DATE_DOY = 7,
    MLPIPE__DATE_HOUR = 8,
    MLPIPE__DATE_MINUTE = 9,
    MLPIPE__DATE_SECOND = 10,
    MLPIPE__DATE_PARTS = 10
};

typedef struct mlpipe__op {
    uint16_t code, version;
    uint32_t dst, a, b, arg, count;
} mlpipe__op;

typedef struct mlpipe__program_input {
    char *name;
    int32_t type;       /* MLPIPE_TYPE_ of the training column */
    int32_t unit;
    uint32_t kind;      /* MLPIPE__NUMBER or MLPIPE__CODE */
    mlpipe__dict *dict; /* CODE: owned by the program; else NULL */
} mlpipe__program_input;

typedef struct mlpipe__program_output {
    char *name;
    uint32_t reg;
    int32_t type;       /* MLPIPE_TYPE_: how a transform shows it */
    int32_t unit;
    mlpipe__dict *dict; /* CATEGORY: owned; texts of its codes */
} mlpipe__program_output;

/* Outputs whose registers follow one another; sure: of an op that always
 * gives a finite number. */
typedef struct mlpipe__output_run {
    uint32_t reg, count;
    bool sure;
} mlpipe__output_run;

/* ---- feeds (feed.c): what becomes of a text, and the time of a row ------- */

/*
 * Registers hold no text. What a recipe makes of one is a feed: a lane that
 * the caller fills beside the inputs, wherever a text still is one: for each
 * entry of a dataset's dictionary, each token of a layout, each value. So a
 * text that training never saw is cleaned like every other.
 */
enum { /* mlpipe__feed.source */
    MLPIPE__FEED_TEXT = 1, /* the text of an input through steps */
    MLPIPE__FEED_TIME = 2, /* as_of: us since 1970 UTC */
    MLPIPE__FEED_FOLD = 3  /* training only: the fold of a row */
};

/* Steps on a text. Saved, never renumbered. */
enum {
    MLPIPE__TEXT_LOWER = 1,
    MLPIPE__TEXT_UPPER = 2,
    MLPIPE__TEXT_TRIM = 3,
    MLPIPE__TEXT_SQUEEZE = 4,  /* runs of spaces to one */
    MLPIPE__TEXT_STRIP_ACCENTS = 5,
    MLPIPE__TEXT_SUBSTR = 6,   /* numbers: from (1 is the first; below 0 from
                                  the end), count */
    MLPIPE__TEXT_REPLACE = 7,  /* texts: what, by what */
    MLPIPE__TEXT_SPLIT_PART = 8, /* texts: separator; numbers: n from 1 */
    MLPIPE__TEXT_MAP = 9,      /* texts: old, new, old, new ... */
    MLPIPE__TEXT_CONCAT = 10,  /* texts: before, behind */
    MLPIPE__TEXT_NULL_IF = 11, /* texts: which mean null */
    /* The last step of a chain, to a number: */
    MLPIPE__TEXT_LENGTH = 32,
    MLPIPE__TEXT_CONTAINS = 33, /* texts: what */
    MLPIPE__TEXT_STARTS = 34,
    MLPIPE__TEXT_ENDS = 35,
    MLPIPE__TEXT_EQUALS = 36,
    MLPIPE__TEXT_NUMBER = 37,  /* texts: decimal sign */
    MLPIPE__TEXT_QUANTITY = 38, /* texts: decimal sign, unit */
    MLPIPE__TEXT_DATE = 39,    /* texts: patterns, in turn; us since 1970 */
    MLPIPE__TEXT_BOOL = 40     /* true/false, yes/no, y/n, t/f, 1/0, on/off */
};

typedef struct mlpipe__text_step {
    uint32_t code;
    double number[2];
    uint32_t text_count;
    char **texts;       /* owned */
    uint32_t *bytes;
} mlpipe__text_step;

typedef struct mlpipe__feed {
    uint32_t source;
    uint32_t reg;       /* of its OP_FEED */
    uint32_t input;     /* TEXT: whose text */
    uint32_t step_count;
    mlpipe__text_step *steps;
    mlpipe__dict *dict; /* owned: it gives codes of this; NULL: numbers */
    double fixed;       /* TIME: where the caller has none; NaN = null */
} mlpipe__feed;

/* A text on its way has at most this many bytes; longer ones are null. */
enum { MLPIPE__FEED_BYTES = 4096 };

/*
 * The value of a lane: NaN where text is NULL or a step gives null, -1 for an
 * unseen code, infinity (which OP_FEED counts and makes null) where a step
 * cannot read the text. Any thread, no memory.
 */
double mlpipe__feed_value(const mlpipe__feed *f, const char *text, size_t n);
/* The text before it becomes a code; false: null. out has FEED_BYTES. */
bool mlpipe__feed_text(const mlpipe__text_step *steps, uint32_t count,
                       const char *text, size_t n, char *out,
                       size_t *bytes);
bool mlpipe__text_step_ends(uint32_t code); /* does it give a number? */
/* Deep copy of steps, `more` zeroed ones behind them; NULL: no memory. */
mlpipe__text_step *mlpipe__text_steps_copy(mlpipe__env *env,
                                           const mlpipe__text_step *steps,
                                           uint32_t count, uint32_t more);
void mlpipe__text_steps_free(mlpipe__env *env, mlpipe__text_step *steps,
                             uint32_t count);
/* Sets the texts of a step from copies; false: no memory. */
bool mlpipe__text_step_texts(mlpipe__env *env, mlpipe__text_step *step,
                             const char *const *texts, uint32_t count);
/* Do they do the same? (program.c) */
bool mlpipe__text_steps_same(const mlpipe__text_step *a,
                             const mlpipe__text_step *b, uint32_t count);
/* Is every step one that exists, with what it needs? */
const char *mlpipe__text_steps_check(const mlpipe__text_step *steps,
                                     uint32_t count);

/* ---- forests (forest.c) ------------------------------------------------- */

enum {
    MLPIPE__NODE_MISSING_RIGHT = 1,
    MLPIPE__NODE_CATEGORY = 2,
    MLPIPE__NODE_OTHER_RIGHT = 4 /* unseen codes, and those past the set */
};

/*
 * The stored forest; flat arrays, offsets by tree. A number x goes right where
 * x >= cut; a code goes right where its bit is set; missing goes as flagged.
 * Children are indices within the tree, larger than their parent's; ~leaf for
 * leaves. Output k = base[k] + scale * (sum of the leaves of its trees): the
 * sum is of integers, so that no order changes a bit; scale is a power of two.
 */
typedef struct mlpipe__forest {
    mlpipe__env *env;
    uint32_t features, outputs, trees;
    uint32_t nodes, leaves;  /* of all trees */
    uint64_t set_words;
    uint32_t *feature_codes; /* features: 0 = number, else codes known */
    uint32_t *tree_node;     /* trees + 1: first node */
    uint32_t *tree_leaf;     /* trees + 1: first leaf */
    uint32_t *tree_output;   /* trees */
    uint32_t *node_feature, *node_flags, *node_set; /* nodes */
    double *node_cut;                               /* nodes */
    int32_t *node_left, *node_right;                /* nodes */
    uint32_t *set_bits;      /* node_set[i] is an index of a word; a set has
                                (feature_codes + 31) / 32 words */
    int32_t *leaf;           /* leaves */
    double *base;            /* outputs */
    double scale;
    struct mlpipe__forest_engine *engine; /* made by mlpipe__forest_compile */
} mlpipe__forest;

/* All arrays allocated for these totals; NULL on out of memory. */
mlpipe__forest *mlpipe__forest_new(mlpipe__env *env, uint32_t features,
                                   uint32_t outputs, uint32_t trees,
                                   uint32_t nodes, uint32_t leaves,
                                   uint64_t set_words);
void mlpipe__forest_free(mlpipe__forest *f);
/* Every invariant of the struct; a sentence where one does not hold. */
const char *mlpipe__forest_check(const mlpipe__forest *f,
                                 const mlpipe_limits *limits);
/* Build the engine (mask tables where all trees have <= 64 leaves and the
 * tables stay small; else a walk). False on out of memory. */
bool mlpipe__forest_compile(mlpipe__forest *f);
size_t mlpipe__forest_scratch(const mlpipe__forest *f);
/* n rows; x[f][i], valid[f][i] of feature f; out[k * out_stride + i]. */
void mlpipe__forest_run(const mlpipe__forest *f, void *scratch,
                        const double *const *x, const uint8_t *const *valid,
                        uint32_t n, double *out, size_t out_stride);
/* The same on registers: feature f is register regs[f], register r lies at
 * values + r * stride; output k goes to out + k * stride. */
void mlpipe__forest_run_regs(const mlpipe__forest *f, void *scratch,
                             const double *values, const uint8_t *valid,
                             size_t stride, const uint32_t *regs, uint32_t n,
                             double *out);
void mlpipe__forest_release(mlpipe__forest *f); /* the engine */
/* The plain walk of one row: the reference that engines must equal. */
void mlpipe__forest_walk(const mlpipe__forest *f, const double *x,
                         const uint8_t *valid, double *out);

/* ---- programs (program.c, vm.c, program_save.c) ------------------------- */

typedef struct mlpipe__program {
    mlpipe__env *env;
    uint32_t input_count, output_count, op_count, register_count;
    uint32_t const_count, word_count, forest_count, feed_count;
    uint32_t point_count;
    uint32_t front_ops; /* ops before the learner */
    mlpipe__program_input *inputs;   /* input i is register i */
    mlpipe__program_output *outputs;
    mlpipe__output_run *runs; /* of all outputs, once sealed; else NULL */
    mlpipe__op *ops;
    double *consts;
    uint32_t *words;
    mlpipe__forest **forests;
    mlpipe__points **points;
    mlpipe__feed *feeds;
    uint32_t input_room, output_room, op_room, const_room, word_room,
        forest_room, point_room, feed_room;
    bool avx2; /* has the machine that? */
    bool failed; /* out of memory while building; told by seal */
} mlpipe__program;

mlpipe__program *mlpipe__program_new(mlpipe__env *env);
void mlpipe__program_free(mlpipe__program *p);
/* Inputs come first, all of them. dict is copied. Gives the register. */
uint32_t mlpipe__program_add_input(mlpipe__program *p, const char *name,
                                   int32_t type, int32_t unit, uint32_t kind,
                                   const mlpipe__dict *dict);
uint32_t mlpipe__program_const(mlpipe__program *p, const double *v,
                               uint32_t n); /* gives the first index */
uint32_t mlpipe__program_words(mlpipe__program *p, const uint32_t *v,
                               uint32_t n);
uint32_t mlpipe__program_forest(mlpipe__program *p, mlpipe__forest *f);
uint32_t mlpipe__program_points(mlpipe__program *p, mlpipe__points *points);
/* Appends an op with `width` new result registers; gives the first. */
uint32_t mlpipe__program_op(mlpipe__program *p, uint16_t code, uint32_t a,
                            uint32_t b, uint32_t arg, uint32_t count,
                            uint32_t width);
/*
 * The same for width 1, unless an equal op is there already: then its
 * register. consts and words that ops name are compared by value; n_consts
 * constants are appended at need (arg is then theirs and not given).
 */
uint32_t mlpipe__program_shared(mlpipe__program *p, uint16_t code, uint32_t a,
                                uint32_t b, uint32_t arg, uint32_t count);
uint32_t mlpipe__program_shared_consts(mlpipe__program *p, uint16_t code,
                                       uint32_t a, uint32_t b,
                                       const double *consts, uint32_t n,
                                       uint32_t count);
/*
 * A feed and its op: takes steps and dict (NULL: numbers), also on failure;
 * an equal one that is there already is given instead. Gives the register.
 */
uint32_t mlpipe__program_feed(mlpipe__program *p, uint32_t source,
                              uint32_t input, mlpipe__text_step *steps,
                              uint32_t step_count, mlpipe__dict *dict);
uint16_t mlpipe__op_version(uint16_t code); /* newest; 0 = unknown */
const char *mlpipe__op_name(uint16_t code); /* "add"; "" = unknown */
/* Constants behind arg, of ops that have a fixed number of them. */
uint32_t mlpipe__op_consts(uint16_t code);
/* Registers that an op reads: gives how many, and the i-th. */
uint32_t mlpipe__op_reads(const mlpipe__program *p, const mlpipe__op *op);
uint32_t mlpipe__op_read(const mlpipe__program *p, const mlpipe__op *op,
                         uint32_t i);
uint32_t mlpipe__op_width(const mlpipe__program *p, const mlpipe__op *op);
/* Are the registers that an op reads among its words, words[arg+i]? */
bool mlpipe__op_reads_words(uint16_t code);
void mlpipe__program_add_output(mlpipe__program *p, const char *name,
                                uint32_t reg);
/* The same with a type for transforms; dict is copied (NULL: none). */
void mlpipe__program_add_typed_output(mlpipe__program *p, const char *name,
                                      uint32_t reg, int32_t type,
                                      int32_t unit, const mlpipe__dict *dict);
/*
 * A program without the ops, feeds, constants and inputs that nobody needs:
 * outputs and the registers in roots stay; inputs with keep_input[i] stay
 * too (NULL: all do). map[old register] = new one, or MLPIPE__NO_REG. Forests
 * and the dictionaries of inputs and feeds move over. p is spent and freed; a
 * result that failed says so at its seal. NULL: no memory, p is as it was.
 */
mlpipe__program *mlpipe__program_prune(mlpipe__program *p,
                                       const uint32_t *roots, uint32_t count,
                                       const uint8_t *keep_input,
                                       uint32_t *map);
/* Check every invariant (mlpipe__program_check), compile forests. */
/* What running goes by beside the ops: runs, forests; false: no memory. */
bool mlpipe__program_compile(mlpipe__program *p);
mlpipe_status mlpipe__program_seal(mlpipe_ctx *ctx, mlpipe__program *p);
const char *mlpipe__program_check(const mlpipe__program *p,
                                  const mlpipe_limits *limits);

/*
 * Running. `width` is how many rows the scratch was sized for (1 or
 * MLPIPE__BLOCK_ROWS); n <= width. The caller writes n doubles to each input
 * lane (NaN = null; codes as doubles, -1 = unseen; so is every code that the
 * input does not know), then runs; a run turns NaN into invalid 0.0 in place,
 * so that lanes are written anew before each run. An infinite NUMBER stays a
 * value until an op that computes would give NaN or inf. out is row by row,
 * NaN where there is no answer. No allocation, lock or system call; no
 * rounding-mode check: that is the caller's.
 */
size_t mlpipe__program_scratch(const mlpipe__program *p, uint32_t width);
/* Lane of an input, or of the register of a feed. */
double *mlpipe__program_lane(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t reg);
/*
 * faults: NULL, or a counter for each op, to which the rows are added where
 * an op that got its values gave none: outside its domain, or not finite.
 */
void mlpipe__program_run(const mlpipe__program *p, void *scratch,
                         uint32_t width, uint32_t n, double *out,
                         uint64_t *faults);
/* The same with one counter for all ops (by_op = 0), for who serves. */
typedef struct mlpipe__faults {
    uint64_t *count;
    size_t by_op;
} mlpipe__faults;
void mlpipe__program_run_counted(const mlpipe__program *p, void *scratch,
                                 uint32_t width, uint32_t n, double *out,
                                 const mlpipe__faults *faults);
/* Has it ops that expressions or texts brought, which may have no answer for
 * finite values? The others fail on infinite inputs alone. */
bool mlpipe__program_may_fault(const mlpipe__program *p);
/* Run ops [0, op_end) alone, for fitting; then read registers. */
void mlpipe__program_run_ops(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t n, uint32_t op_end,
                             uint64_t *faults);
const double *mlpipe__program_values(const mlpipe__program *p,
                                     const void *scratch, uint32_t width,
                                     uint32_t reg);
const uint8_t *mlpipe__program_valid(const mlpipe__program *p,
                                     const void *scratch, uint32_t width,
                                     uint32_t reg);

/* Bytes of the PROG and FRST sections, and back; everything is checked. */
void mlpipe__program_save(const mlpipe__program *p, mlpipe__text *out);
mlpipe_status mlpipe__program_load(mlpipe_ctx *ctx, const void *data,
                                   size_t bytes, mlpipe__program **out);

/* ---- what is said of a text -------------------------------------------- */

/* An error or a lint, at bytes [at, at + length) of the text. */
typedef struct mlpipe__expr_finding {
    int32_t detail;     /* MLPIPE_DETAIL_ */
    bool lint;          /* else an error */
    mlpipe_status status; /* of an error */
    size_t at, length;
    const char *message, *help; /* help may be "" */
} mlpipe__expr_finding;

/* Where findings go; NULL in place of a sink: the first error to the context
 * with its place, caret and help, lints to the log. With a sink the compiler
 * goes on behind an error with the next definition, behind a semicolon or on
 * a line of its own. */
typedef struct mlpipe__expr_sink {
    void (*found)(void *user, const mlpipe__expr_finding *finding);
    void *user;
} mlpipe__expr_sink;

/* ---- steps (the frame that clean/ .. train/ fill) ----------------------- */

/* A value on its way through the plan: an input, or what a step made. */
typedef struct mlpipe__var {
    char *name;
    uint32_t reg;
    uint32_t kind;          /* MLPIPE__NUMBER or MLPIPE__CODE */
    uint32_t codes;         /* CODE: how many; 0 in a free text */
    const mlpipe__dict *dict; /* CODE: texts of the codes, or NULL */
    uint32_t origin;        /* input that it comes from */
    int32_t type;           /* MLPIPE_TYPE_: BOOL, I64, F64, TIMESTAMP ...;
                               TEXT: free text, which only feeds can read */
    int32_t unit;           /* TIMESTAMP, DURATION: MLPIPE_UNIT_ */
    bool nullable;          /* may be null after the steps so far */
    bool feature;           /* reaches the learner */
    bool tainted;           /* made of the target: never a feature */
} mlpipe__var;

typedef struct mlpipe__plan mlpipe__plan;
struct mlpipe__plan {
    mlpipe__env *env;
    mlpipe__program *program;
    mlpipe__var *vars;
    uint32_t var_count, var_room;
    mlpipe__dict names;     /* all that variables ever had; those of dropped
                               ones stay */
    mlpipe__dict **dicts;   /* owned: of codes that steps made */
    uint32_t dict_count;
    /* Every text of an input in the training rows (some of them twice); NULL
     * in tests without rows: then the texts of its dictionary. */
    mlpipe_status (*each_text)(mlpipe__plan *plan, mlpipe_ctx *ctx,
                               uint32_t input,
                               mlpipe_status (*each)(void *user,
                                                     const char *text,
                                                     size_t bytes),
                               void *user);
    /* The id of the first training row whose text of an input `is` says yes
     * to, for messages; -1: there is none. NULL in tests without rows. */
    int64_t (*find_text)(const mlpipe__plan *plan, uint32_t input,
                         bool (*is)(void *user, const char *text,
                                    size_t bytes),
                         void *is_user);
    void *user;
    const char *rows;       /* what one is in messages; NULL: training row */
    const mlpipe__expr_sink *sink; /* of expressions; NULL: context and log */
    int32_t fit_year;       /* of the latest time of the training rows; 0: not
                               known. Only lints read it. */
    /* Registers that are 1 where a row must get no answer, and those that
     * become outputs of their own behind the answer. */
    uint32_t *refusals;
    mlpipe__var *flags;
    uint32_t refusal_count, flag_count;
};

typedef struct mlpipe__step mlpipe__step;

/*
 * The chosen variables in the training rows, for steps that need more than
 * statistics: row by row, in the order of the rows' ids, so that sorting a
 * file changes nothing. A value that is missing or infinite is 0 here and
 * counted.
 */
typedef struct mlpipe__values {
    mlpipe__env *env;
    uint32_t rows, columns;
    double *x;             /* rows x columns */
    double *weight;        /* rows; NULL: all weigh 1 */
    uint64_t *nulls, *infinite; /* columns */
    double *largest;       /* columns: magnitude */
} mlpipe__values;

/* One step of a recipe while it is planned and fitted. */
typedef struct mlpipe__job {
    mlpipe_ctx *ctx;
    const mlpipe__step *step;
    const char *name;              /* as= or the step's own name */
    const mlpipe__params *params;
    mlpipe__plan *plan;
    uint64_t seed;
    uint32_t *chosen;              /* positions in plan->vars */
    uint32_t *needs;               /* MLPIPE__NEED_ of each chosen */
    uint32_t chosen_count;
    const mlpipe__stats *stats;    /* of each chosen, finished, for emit */
    /*
     * Set by select where values are wanted by group: of the codes of a
     * variable (or, MLPIPE__GROUP_SELF, of each chosen's own codes), times
     * folds where folds > 1. grouped_target: the values are the target's, in
     * the learner's units.
     */
    uint32_t group_by;             /* MLPIPE__GROUP_NONE, _SELF, or the
                                      position of a variable + 1 */
    uint32_t folds;
    bool grouped_target;
    const mlpipe__groups *groups;  /* of each chosen, finished, for emit;
                                      group = code * folds + fold, where code
                                      = codes is unseen, codes + 1 null */
    bool wants_values;             /* set by select */
    const mlpipe__values *values;  /* then, for emit alone */
    bool used_blas;                /* set by emit: bits are of this machine */
    uint32_t task;                 /* MLPIPE__TASK_; 0 = none known */
    uint32_t classes;              /* of the target; 0 = it has none */
    mlpipe_report *notes;          /* the step's own figures; may be NULL */
    const char *target;            /* its column; NULL or "": there is none */
} mlpipe__job;

#define MLPIPE__GROUP_NONE UINT32_C(0) /* a job of zeros groups nothing */
#define MLPIPE__GROUP_SELF UINT32_C(0xffffffff)

/* What a step needs of a dataset, without knowing datasets. */
struct mlpipe_dataset;

/* A row that resampling adds: a + u (b - a) of each feature, u = 0 a copy. */
typedef struct mlpipe__added_row {
    uint32_t a, b;
    double u;
} mlpipe__added_row;

/* What a feature takes between two of its values. */
enum {
    MLPIPE__BETWEEN_ANY = 0,
    MLPIPE__BETWEEN_WHOLE = 1, /* whole numbers only */
    MLPIPE__BETWEEN_ENDS = 2   /* one of the two: the nearer */
};

/* a + u (b - a), u in (0, 1), never outside a .. b whatever rounding does. */
static inline double mlpipe__between(double a, double b, double u,
                                     uint8_t kind)
{
    const double low = a < b ? a : b, high = a < b ? b : a;
    double x = a + u * (b - a);
    if (kind == MLPIPE__BETWEEN_ENDS)
        return u < 0.5 ? a : b;
    if (!mlpipe__finite(b - a)) /* from one end of the doubles to the other */
        x = (1.0 - u) * a + u * b;
    if (kind == MLPIPE__BETWEEN_WHOLE)
        x = mlpipe__round_even(x);
    return x < low ? low : x > high ? high : x;
}

/* The learner's training rows as a resampling step sees and changes them. */
typedef struct mlpipe__resample {
    uint32_t rows, features;
    const mlpipe__var *const *vars; /* of the features */
    const double *target;  /* as the learner gets it */
    const uint64_t *ids;
    const double *x;       /* rows x features; NULL unless the step's
                              resample_values is set */
    const uint8_t *valid;  /* the same */
    uint32_t copies;       /* that other steps add of each row that is no
                              row between two others */
    uint8_t *keep;         /* rows; 1 on entry, 0 drops */
    uint8_t *between;      /* features; MLPIPE__BETWEEN_ANY on entry */
    mlpipe__added_row *added; /* set: of mlpipe__alloc_array, or NULL */
    uint32_t added_count;
} mlpipe__resample;

struct mlpipe__step {
    const char *name;
    int32_t kind; /* MLPIPE_KIND_ */
    const mlpipe__param *params;
    uint32_t param_count;
    const char *doc;
    /* Choose the variables (mlpipe__job_choose) and what to gather of them. */
    mlpipe_status (*select)(mlpipe__job *job);
    /* Append ops; replace, add or drop variables. NULL for ROWS steps but
     * those with copies, which append none and say what they will do. */
    mlpipe_status (*emit)(mlpipe__job *job);
    /* ROWS: which rows of the training set stay; keep[i] is 1 on entry. */
    mlpipe_status (*keep)(mlpipe__job *job,
                          const struct mlpipe_dataset *rows, uint8_t *keep);
    /* Which rows stay by the chosen values, for n rows of a block; called
     * after the statistics are there. NULL: all stay. */
    bool (*filters)(const mlpipe__job *job); /* does it, with these params? */
    void (*filter)(const mlpipe__job *job, uint32_t n,
                   const double *const *values, const uint8_t *const *valid,
                   uint8_t *keep);
    /* Row-adding steps: how many copies of each training row, and the change
     * to a chosen input in copy `copy` of n rows; NaN is missing. They run
     * after all statistics are there, whatever their place. */
    uint32_t (*copies)(const mlpipe__job *job);
    void (*vary)(const mlpipe__job *job, const uint64_t *row_ids, uint32_t n,
                 uint32_t copy, uint32_t which, double *values);
    /* Which rows the learner sees, after all else is fitted; the planner lets
     * only the learner and others of this kind follow. */
    mlpipe_status (*resample)(mlpipe__job *job, mlpipe__resample *rows);
    bool resample_values; /* resample reads x */
    /* It says the type of what it makes; else a number is F64 after it. */
    bool typed;
    /* Which variables it reads and makes is known only when its turn comes,
     * so that no step behind it shares a pass with one before it. */
    bool opaque;
    /* The grammar of its first parameter, as far as it can be told without
     * columns, when the recipe is made. NULL: none. */
    mlpipe_status (*check)(mlpipe_ctx *ctx, const char *owner,
                           const char *text, const mlpipe__expr_sink *sink);
    /* Columns that it reads whether they are features or not, such as those
     * of an expression or of by=; they become inputs. NULL: none. */
    mlpipe_status (*names)(mlpipe_ctx *ctx, const mlpipe__params *params,
                           mlpipe_status (*each)(void *user, const char *name,
                                                 size_t bytes),
                           void *user);
};

/* Helpers for steps (step.c). */
enum { MLPIPE__FREE_TEXT = 4 }; /* a kind to choose by: no codes yet */
/* columns=a,b or all variables of the kinds (bits of MLPIPE__NUMBER, _CODE,
 * _FREE_TEXT) that are features; E_PARAM with the nearest name; sets needs to
 * `needs`. */
mlpipe_status mlpipe__job_choose(mlpipe__job *job, const char *param,
                                 uint32_t kinds, uint32_t needs);
mlpipe_status mlpipe__job_add_choice(mlpipe__job *job, uint32_t var,
                                     uint32_t needs);
/* Where chosen variable i has infinite values in training, one warning: how
 * many, and what becomes of them, such as "they become missing". */
void mlpipe__job_tell_infinite(const mlpipe__job *job, uint32_t i,
                               const char *what);
/* E_SCHEMA, E_NUMERIC where a chosen variable is missing or infinite in some
 * training row, with what to do; E_LIMIT beyond |x| = most. */
mlpipe_status mlpipe__job_values_check(const mlpipe__job *job, double most);
/* A new variable, a copy of `like` with this name and register. */
mlpipe_status mlpipe__plan_add(mlpipe_ctx *ctx, mlpipe__plan *plan,
                               const mlpipe__var *like, const char *name,
                               uint32_t reg, mlpipe__var **out);
/* Hides it: its name becomes "" and it is no feature any more. */
void mlpipe__plan_drop(mlpipe__plan *plan, uint32_t var);
void mlpipe__plan_free(mlpipe__plan *plan); /* what it owns */
/* takes dict, also on failure; it then lives as long as the plan. */
mlpipe_status mlpipe__plan_own_dict(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                    mlpipe__dict *dict);
/* Rows where reg is 1 get no answer. */
mlpipe_status mlpipe__plan_refuse(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                  uint32_t reg);
/* An output of its own, 1 or 0, behind the answer. */
mlpipe_status mlpipe__plan_flag(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                const char *name, uint32_t reg);
/* Is the variable a text as it came in, or a chain of it? Of which input, and
 * by which feed; NULL where it is the input itself. */
bool mlpipe__plan_text_source(const mlpipe__plan *plan,
                              const mlpipe__var *like, uint32_t *input,
                              const mlpipe__feed **feed);
/*
 * Replace a variable by what a chain of steps makes of its text. The variable
 * must still be a text as it came in, or such a chain itself: E_PARAM tells
 * the step that changed it. A chain that ends in a text becomes a CODE whose
 * dictionary is that of the training rows; else a number of this type (unit:
 * microseconds for TIMESTAMP). takes steps, also on failure. *out gets the
 * new register, kind, codes, dict, type; its name and feature are like's.
 */
mlpipe_status mlpipe__plan_text(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                const mlpipe__var *like,
                                mlpipe__text_step *steps, uint32_t count,
                                int32_t type, mlpipe__var *out);
int32_t mlpipe__plan_find(const mlpipe__plan *plan, const char *name);
/* A target in the learner's units, by the op of its transform (0: its own);
 * NaN where the op has no value. */
double mlpipe__target_forward(uint16_t op, double y);

/* ---- expressions (expr_*.c) ---------------------------------------------- */

/*
 * "a = expression; b = expression": each becomes a variable that is a feature
 * (one of that name is replaced), later ones may use it. owner: the step, for
 * messages.
 */
mlpipe_status mlpipe__expr_derive(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                  const char *owner, const char *text,
                                  const mlpipe__expr_sink *sink);
/* One condition; *out is a variable without a place in the plan. */
mlpipe_status mlpipe__expr_condition(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                     const char *owner, const char *text,
                                     const mlpipe__expr_sink *sink,
                                     mlpipe__var *out);
/* Grammar alone, as far as it can be told without columns. */
mlpipe_status mlpipe__expr_check(mlpipe_ctx *ctx, const char *owner,
                                 const char *text, bool derive,
                                 const mlpipe__expr_sink *sink);
/* Columns that the text reads and does not define before; some twice. Names
 * that are no column may be among them. */
mlpipe_status mlpipe__expr_names(mlpipe_ctx *ctx, const char *owner,
                                 const char *text, bool derive,
                                 mlpipe_status (*each)(void *user,
                                                       const char *name,
                                                       size_t bytes),
                                 void *user);

/* A function, operator or literal of expressions, as the catalog shows it. */
typedef struct mlpipe__expr_word {
    const char *name, *doc;
} mlpipe__expr_word;

/* Word i, functions first; false where there is none. */
bool mlpipe__expr_word_at(uint32_t i, mlpipe__expr_word *out, bool *function);

#endif
