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
    MLPIPE__OP_AFFINE = 18   /* dst = a * consts[arg] + consts[arg+1] */
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
} mlpipe__program_output;

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
    uint32_t const_count, word_count, forest_count;
    uint32_t front_ops; /* ops before the learner */
    mlpipe__program_input *inputs;   /* input i is register i */
    mlpipe__program_output *outputs;
    mlpipe__op *ops;
    double *consts;
    uint32_t *words;
    mlpipe__forest **forests;
    uint32_t input_room, output_room, op_room, const_room, word_room,
        forest_room;
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
/* Appends an op with `width` new result registers; gives the first. */
uint32_t mlpipe__program_op(mlpipe__program *p, uint16_t code, uint32_t a,
                            uint32_t b, uint32_t arg, uint32_t count,
                            uint32_t width);
uint16_t mlpipe__op_version(uint16_t code); /* newest; 0 = unknown */
void mlpipe__program_add_output(mlpipe__program *p, const char *name,
                                uint32_t reg);
/* Check every invariant (mlpipe__program_check), compile forests. */
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
double *mlpipe__program_lane(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t input);
void mlpipe__program_run(const mlpipe__program *p, void *scratch,
                         uint32_t width, uint32_t n, double *out);
/* Run ops [0, op_end) alone, for fitting; then read registers. */
void mlpipe__program_run_ops(const mlpipe__program *p, void *scratch,
                             uint32_t width, uint32_t n, uint32_t op_end);
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

/* ---- steps (the frame that clean/ .. train/ fill) ----------------------- */

/* A value on its way through the plan: an input, or what a step made. */
typedef struct mlpipe__var {
    char *name;
    uint32_t reg;
    uint32_t kind;          /* MLPIPE__NUMBER or MLPIPE__CODE */
    uint32_t codes;         /* CODE: how many */
    const mlpipe__dict *dict; /* CODE: texts of the codes, or NULL */
    uint32_t origin;        /* input that it comes from */
    bool nullable;          /* may be null after the steps so far */
    bool feature;           /* reaches the learner */
} mlpipe__var;

typedef struct mlpipe__plan {
    mlpipe__env *env;
    mlpipe__program *program;
    mlpipe__var *vars;
    uint32_t var_count, var_room;
} mlpipe__plan;

typedef struct mlpipe__step mlpipe__step;

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
} mlpipe__job;

/* What a step needs of a dataset, without knowing datasets. */
struct mlpipe_dataset;

struct mlpipe__step {
    const char *name;
    int32_t kind; /* MLPIPE_KIND_ */
    const mlpipe__param *params;
    uint32_t param_count;
    const char *doc;
    /* Choose the variables (mlpipe__job_choose) and what to gather of them. */
    mlpipe_status (*select)(mlpipe__job *job);
    /* Append ops; replace, add or drop variables. NULL for ROWS steps. */
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
     * to the chosen values (which are inputs) of copy `copy` of a row. They
     * run after all statistics are there, whatever their place. */
    uint32_t (*copies)(const mlpipe__job *job);
    void (*vary)(const mlpipe__job *job, uint64_t row_id, uint32_t copy,
                 uint32_t which, double *value, uint8_t *valid);
};

/* Helpers for steps (step.c). */
/* columns=a,b or all variables of the kinds (bits of MLPIPE__NUMBER, _CODE)
 * that are features; E_PARAM with the nearest name; sets needs to `needs`. */
mlpipe_status mlpipe__job_choose(mlpipe__job *job, const char *param,
                                 uint32_t kinds, uint32_t needs);
mlpipe_status mlpipe__job_add_choice(mlpipe__job *job, uint32_t var,
                                     uint32_t needs);
/* A new variable, a copy of `like` with this name and register. */
mlpipe_status mlpipe__plan_add(mlpipe_ctx *ctx, mlpipe__plan *plan,
                               const mlpipe__var *like, const char *name,
                               uint32_t reg, mlpipe__var **out);
/* Hides it: its name becomes "" and it is no feature any more. */
void mlpipe__plan_drop(mlpipe__plan *plan, uint32_t var);
void mlpipe__plan_free(mlpipe__plan *plan); /* its variables */
int32_t mlpipe__plan_find(const mlpipe__plan *plan, const char *name);

#endif
