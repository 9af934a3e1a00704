/* SPDX-License-Identifier: MIT */
/* Learners, and the rows as a learner sees them. */
#ifndef MLPIPE_TRAIN_INTERNAL_H
#define MLPIPE_TRAIN_INTERNAL_H

#include "../program/program_internal.h"

typedef struct mlpipe__feature {
    const char *name;
    uint32_t kind;  /* MLPIPE__NUMBER or MLPIPE__CODE */
    uint32_t codes; /* CODE: how many */
    bool nullable;
} mlpipe__feature;

/*
 * Training or validation rows seen through the program's front: the learner
 * reads features block by block and never owns a table of them. Row order,
 * ids and weights are fixed; added (augmented) rows come after the real ones
 * with ids of their own.
 */
typedef struct mlpipe__frame {
    int64_t rows;
    uint32_t features;
    const mlpipe__feature *feature;
    const double *target;   /* rows; in the learner's units; the class, 0 ..
                               classes - 1, for classifiers */
    const double *weight;   /* rows, or NULL = all one */
    const double *offset;   /* rows, or NULL: given parts of the log odds of
                               two classes, or of the log of a number (see
                               log_link). Of any other regression the target is
                               less its offset already, and this is NULL */
    const uint64_t *ids;    /* rows */
    const uint64_t *keys;   /* rows, or NULL = ids: rows of one key (a group,
                               a row and its copies) share a fold */
    size_t scratch_bytes;   /* for one reader */
    /* Rows start .. start + n - 1, n <= MLPIPE__BLOCK_ROWS: values[f * n + i]
     * and valid[f * n + i]. Any thread with a scratch of its own. */
    void (*read)(const struct mlpipe__frame *frame, void *scratch,
                 int64_t start, uint32_t n, double *values, uint8_t *valid);
    void *user;
    /* The row of the dataset that was given, for messages; NULL: they are
     * counted here as there. */
    int64_t (*row_of)(const struct mlpipe__frame *frame, int64_t row);
} mlpipe__frame;

static inline long long mlpipe__frame_row(const mlpipe__frame *frame,
                                          int64_t row)
{
    return (long long)(frame->row_of ? frame->row_of(frame, row) : row);
}

/* What a learner is given. */
typedef struct mlpipe__fit_job {
    mlpipe_ctx *ctx;
    const mlpipe__params *params;
    const char *name;         /* of the step, for messages and progress */
    uint32_t task;            /* MLPIPE__TASK_ */
    uint32_t classes;         /* of a classifier: two or more; else 0 */
    const char *const *class_names; /* classes; for messages and notes */
    uint64_t seed;
    const mlpipe__frame *train;
    const mlpipe__frame *valid; /* NULL: no early stopping */
    double valid_shift;       /* log odds that what follows the learner adds
                                 to its answer; its training rows have other
                                 shares of the classes than valid */
    mlpipe_report *notes;     /* the learner's own figures go here (may be
                                 NULL): trees, best_tree, valid_loss ... */
    /* where the fitted learner goes */
    mlpipe__program *program;
    const uint32_t *regs;     /* register of each feature */
    const uint32_t *offset;   /* register that is added to the learner's raw
                                 score, or NULL: none; see
                                 mlpipe__with_offset */
    uint32_t out;             /* set: register of the prediction: the number,
                                 P(positive), or the first of `classes`
                                 registers with the P of each class */
    uint32_t raw;             /* set: the same on the scale where classes are
                                 log odds (binary) or logits; MLPIPE__NO_REG
                                 on entry, and where the learner has no such
                                 scale. Tests alone read it: calibrate takes
                                 the logit of P, as tails before it may have
                                 changed that */
} mlpipe__fit_job;

typedef struct mlpipe__learner {
    const char *name;
    uint32_t tasks;     /* MLPIPE__TASK_ bits */
    bool takes_nulls;   /* else the planner refuses nullable features */
    bool takes_codes;   /* else the planner refuses category features */
    bool takes_offset;  /* else a fit refuses a recipe with one */
    bool blas;          /* its bits depend on the BLAS it was fitted with */
    const mlpipe__param *params;
    uint32_t param_count;
    const char *doc;
    mlpipe_status (*fit)(mlpipe__fit_job *job);
    /* What the parameters' table cannot say, when the step is added; may be
     * NULL. */
    mlpipe_status (*check)(mlpipe_ctx *ctx, const char *name,
                           const mlpipe__params *params);
    /* Is the answer of a regression exp(raw score), so that the learner has the
     * offset apart from the target? NULL: never. */
    bool (*log_link)(const mlpipe__params *params);
} mlpipe__learner;

/* The raw score with what is given of it. The learner's operation is the first
 * behind the front and this the next, where mlpipe__model_offset_alone looks
 * for it. */
static inline uint32_t mlpipe__with_offset(const mlpipe__fit_job *job,
                                           uint32_t raw)
{
    return job->offset ? mlpipe__program_op(job->program, MLPIPE__OP_ADD, raw,
                                            *job->offset, 0, 0, 1)
                       : raw;
}

/* offset_base.c: the constant beside the offsets of two classes with which the
 * loss is least, to about `within`; some rows of each class have a weight. */
mlpipe_status mlpipe__offset_base(const mlpipe__fit_job *job, double within,
                                  double *out);

/* ---- what follows a learner (calibrate.c, conformal.c) ------------------- */

/* What a tail is given: answers for rows that no learner saw that gave them. */
typedef struct mlpipe__tail_job {
    mlpipe_ctx *ctx;
    const mlpipe__params *params;
    const char *name;         /* of the step */
    uint32_t task, classes;
    const char *const *class_names;
    const char *target;
    uint16_t transform, inverse; /* MLPIPE__OP_ of the target, or 0 */
    uint64_t n;
    uint32_t width;           /* numbers of an answer */
    const double *y;          /* n; as in mlpipe__scored */
    const double *p;          /* n x width */
    const double *w;          /* n, or NULL */
    mlpipe_report *notes;
    mlpipe__program *program; /* outputs may be added */
    uint32_t *answer;         /* width registers: read, and set to others */
    double level;             /* set: chance that an interval or a set of
                                 classes holds the truth; 0: there is none */
} mlpipe__tail_job;

typedef struct mlpipe__tail {
    const char *name;
    uint32_t tasks;
    const mlpipe__param *params;
    uint32_t param_count;
    const char *doc;
    /* Answers come from fits on the other rows of so many folds; 0: from a
     * share of the rows that is kept from the learner. */
    uint32_t (*folds)(const mlpipe__params *params);
    double (*share)(const mlpipe__params *params); /* NULL: always folds */
    mlpipe_status (*fit)(mlpipe__tail_job *job);
} mlpipe__tail;

extern const mlpipe__tail mlpipe__tail_calibrate;
extern const mlpipe__tail mlpipe__tail_conformal;

extern const mlpipe__learner mlpipe__learner_elastic_net;
extern const mlpipe__learner mlpipe__learner_gbt;
extern const mlpipe__learner mlpipe__learner_lasso;
extern const mlpipe__learner mlpipe__learner_logistic;
extern const mlpipe__learner mlpipe__learner_knn;
extern const mlpipe__learner mlpipe__learner_naive_bayes;
extern const mlpipe__learner mlpipe__learner_ridge;

#endif
