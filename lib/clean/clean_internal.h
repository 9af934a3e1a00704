/* SPDX-License-Identifier: MIT */
/* The steps of this folder, for the catalog in model/steps.c. */
#ifndef MLPIPE_CLEAN_INTERNAL_H
#define MLPIPE_CLEAN_INTERNAL_H

#include "../data/data_internal.h"
#include "../program/program_internal.h"

extern const mlpipe__step mlpipe__step_impute;
extern const mlpipe__step mlpipe__step_dedupe;
extern const mlpipe__step mlpipe__step_filter;
extern const mlpipe__step mlpipe__step_outlier;
extern const mlpipe__step mlpipe__step_drop_missing;
extern const mlpipe__step mlpipe__step_format;

/* Parameters of mlpipe_dataset_duplicates, for the catalog. */
extern const mlpipe__param mlpipe__duplicates_params[];
extern const uint32_t mlpipe__duplicates_param_count;

/* ---- what several steps do (clean_common.c) ----------------------------- */

/* The names of columns=, for steps that read columns which are no features. */
mlpipe_status mlpipe__clean_names(mlpipe_ctx *ctx,
                                  const mlpipe__params *params,
                                  mlpipe_status (*each)(void *user,
                                                        const char *name,
                                                        size_t bytes),
                                  void *user);

/* A feature of 0 and 1, which reg holds, beside one: "<its name> <suffix>". */
mlpipe_status mlpipe__clean_beside(mlpipe__job *job, uint32_t var,
                                   const char *suffix, uint32_t reg);
/* The first chosen variable that is made of the target, or NULL. */
const mlpipe__var *mlpipe__clean_tainted(const mlpipe__job *job);

/* serving=: rows that would have been dropped from training, when served. */
enum mlpipe__serving {
    MLPIPE__SERVING_PASS,  /* answered like any other */
    MLPIPE__SERVING_FLAG,  /* and told by an output named after the step */
    MLPIPE__SERVING_REFUSE /* no answer */
};
#define MLPIPE__SERVING_PARAM                                              \
    {                                                                      \
        "serving", MLPIPE_PARAM_CHOICE, "pass", 0, 0, "pass,flag,refuse",  \
        0x000100,                                                          \
        "Served rows of that kind: answered, told by an output of 1 or 0 " \
        "named after the step, or refused."                                \
    }
enum mlpipe__serving mlpipe__clean_serving(const mlpipe__job *job);
/* reg is 1 for rows of that kind; all it reads must be known at serving. */
mlpipe_status mlpipe__clean_serve(mlpipe__job *job, uint32_t reg);

/* ---- lists of texts in a parameter (text_list.c) ------------------------ */

typedef struct mlpipe__text_list {
    mlpipe__env *env;
    uint32_t count; /* of texts: of pairs, old and new take turns */
    char **texts;
} mlpipe__text_list;

/*
 * "a,b,`c,d`" or pairs "a:b,c:d" of a parameter: blanks around a text do not
 * count; in backticks (`` stands for one) it may hold anything, or nothing.
 * E_PARAM with the place. free also after a failure.
 */
mlpipe_status mlpipe__text_list_parse(const mlpipe__job *job,
                                      const char *param, bool pairs,
                                      mlpipe__text_list *out);
void mlpipe__text_list_free(mlpipe__text_list *list);

/* ---- texts on their way to something else (retype*.c) ------------------- */

/* Steps of a chain under construction. */
enum { MLPIPE__RETYPE_STEPS = 8 };
typedef struct mlpipe__retype {
    mlpipe__job *job;
    uint32_t which;  /* of the chosen */
    mlpipe__text_step *steps; /* RETYPE_STEPS of them */
    uint32_t count;
    int32_t type;    /* of the result, where it is a number */
} mlpipe__retype;

/* A step with texts behind the others. */
mlpipe_status mlpipe__retype_add(mlpipe__retype *r, uint32_t code,
                                 const char *const *texts, uint32_t count);
/* Every text of the chosen variable in the training rows, and of how many
 * rows it is. */
mlpipe_status mlpipe__retype_walk(const mlpipe__retype *r,
                                  mlpipe_status (*each)(void *user,
                                                        const char *text,
                                                        size_t bytes,
                                                        uint64_t rows),
                                  void *user);
/*
 * " (row 17)": the first training row whose text `is` says yes to, by its id,
 * which *row gets too; "" and -1 where it is not known. What `is` keeps of the
 * text is then that of this row.
 */
enum { MLPIPE__RETYPE_ROW_BYTES = 40 };
void mlpipe__retype_row(const mlpipe__retype *r,
                        bool (*is)(void *user, const char *text,
                                   size_t bytes),
                        void *user, int64_t *row,
                        char out[MLPIPE__RETYPE_ROW_BYTES]);
/* As much of a text as there is room for, in whole characters, and a 0. */
void mlpipe__retype_example(char *out, size_t room, const char *text,
                            size_t bytes);
/* The last step of a date: by pattern=, or by the one format that reads all
 * texts of the training rows. */
mlpipe_status mlpipe__retype_date(mlpipe__retype *r);

#endif
