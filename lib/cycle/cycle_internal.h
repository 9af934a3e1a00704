/* SPDX-License-Identifier: MIT */
/* Rules, the gate, the loop and its audit log. */
#ifndef MLPIPE_CYCLE_INTERNAL_H
#define MLPIPE_CYCLE_INTERNAL_H

#include "../deploy/watch_internal.h"
#include "../validate/validate_internal.h"

/* ---- rules (rule_parse.c, rule.c) -------------------------------------- */

enum { MLPIPE__RULE_DEPTH = 64 };

enum mlpipe__rule_code {
    MLPIPE__RULE_NUMBER,  /* push numbers[arg] */
    MLPIPE__RULE_NAME,    /* push the value of names[arg] */
    MLPIPE__RULE_NEGATE,
    MLPIPE__RULE_NOT,
    MLPIPE__RULE_MUL,
    MLPIPE__RULE_DIV,
    MLPIPE__RULE_ADD,
    MLPIPE__RULE_SUB,
    MLPIPE__RULE_LT,
    MLPIPE__RULE_LE,
    MLPIPE__RULE_GT,
    MLPIPE__RULE_GE,
    MLPIPE__RULE_EQ,
    MLPIPE__RULE_NE,
    MLPIPE__RULE_AND,
    MLPIPE__RULE_OR,
    MLPIPE__RULE_OF,   /* arg: how many must hold | of how many << 16 */
    MLPIPE__RULE_FOR,  /* arg: which memory; held for panes[arg] panes */
    MLPIPE__RULE_UNTIL /* arg: which memory; a, from then on until b */
};

typedef struct mlpipe__rule_op {
    uint32_t code, arg;
} mlpipe__rule_op;

/* A rule as a stack program. Truth values are 1 and 0; NaN is "not known",
 * which and, or, not treat as Kleene did: it never fires. */
struct mlpipe_trigger {
    mlpipe__env *env;
    char *rule;
    uint32_t op_count, number_count;
    mlpipe__rule_op *ops;
    double *numbers;
    mlpipe__dict names;      /* that the rule uses */
    uint8_t *kinds;          /* MLPIPE__NAME_ of each */
    /* What `for` and `until` remember from look to look: the panes for which
     * a condition has held, and whether it still does. */
    uint32_t memory_count;
    uint32_t *panes;         /* of each `for`; 0: an `until` */
    double *memory;          /* of a cycle; a test has none */
};

/* What a rule is for, to see which names can never be told (rule_never.c). */
typedef struct mlpipe__rule_world {
    const mlpipe_model *model;
    const mlpipe_monitor *monitor; /* NULL: any that may watch it */
    bool detector; /* of concept: there would be one */
    bool loss;     /* with a loss of the reference */
} mlpipe__rule_world;
mlpipe_status mlpipe__rule_world_init(mlpipe_ctx *ctx,
                                      const mlpipe_model *model,
                                      const mlpipe_monitor *monitor,
                                      mlpipe__rule_world *out);
/* Why a name can never be told, and what to do; NULL: it may be. */
const char *mlpipe__rule_never(const mlpipe__rule_world *w, const char *name);

/* Compile against a list of names. world: E_STATE where a name of the rule can
 * never be told; NULL = that is not looked at. */
mlpipe_status mlpipe__rule_compile(mlpipe_ctx *ctx,
                                   const mlpipe__report_names *known,
                                   const mlpipe__rule_world *world,
                                   const char *rule, mlpipe_trigger **out);
/* For the reports of a model by a monitor; NULL: by any. */
mlpipe_status mlpipe__rule_make(mlpipe_ctx *ctx, const mlpipe_model *model,
                                const mlpipe_monitor *monitor,
                                const char *rule, mlpipe_trigger **out);
/* The values of a trigger's names in a report; E_ARG where one is not there. */
mlpipe_status mlpipe__rule_values(mlpipe_ctx *ctx,
                                  const mlpipe_trigger *trigger,
                                  const mlpipe_report *report, double *out);
/* 1, 0 or NaN. memory: of `for` and `until`, changed; NULL: there is none, so
 * that `for` of more than one pane is not known. pane: one was closed since
 * the last look. */
double mlpipe__rule_value(const mlpipe_trigger *trigger, const double *values,
                          double *memory, bool pane);

/* ---- the gate (gate.c) ------------------------------------------------- */

/* Two models on the same rows that neither was fitted on. */
typedef struct mlpipe__gate {
    uint64_t rows;      /* compared */
    uint64_t removed;   /* in the training set of a or b */
    uint64_t unlabelled; /* without a usable target */
    uint64_t unweighted; /* whose weight is missing, or none */
    uint64_t silent_a, silent_b; /* rows that a model did not answer */
    bool enough;        /* rows >= least: what follows is set */
    mlpipe__comparison compared;
    double serial_se, serial_df; /* of the mean, where errors go on from row
                                    to row; 0 = not known */
    double scale;       /* the mean loss of a, or what its area lacks of 1 */
    double differs;     /* share of the rows that b answers otherwise */
} mlpipe__gate;

mlpipe_status mlpipe__gate_score(mlpipe_ctx *ctx, const mlpipe_model *a,
                                 const mlpipe_model *b,
                                 const mlpipe_dataset *rows,
                                 const mlpipe__metric *metric, uint64_t least,
                                 mlpipe__gate *out);
/* Score, with compared.p and two.p for rows in order of time. */
mlpipe_status mlpipe__gate_compare(mlpipe_ctx *ctx,
                                   const mlpipe__metric *metric,
                                   const mlpipe__scored *a,
                                   const mlpipe__scored *b, mlpipe__gate *g);
/* Cosines, and degrees of freedom, of the test for rows in order of time. */
double mlpipe__gate_waves(double rows);
/* Is b better than a, and not by being silent? */
bool mlpipe__gate_passes(const mlpipe__gate *g, double alpha);
/* Is b worse than a, or more silent? */
bool mlpipe__gate_worse(const mlpipe__gate *g, double alpha);
/* Chance of what was seen if b were worse than a by margin x scale. */
double mlpipe__gate_no_worse(const mlpipe__gate *g, double margin);
/*
 * Cut rows that are in order of time: the newest share, in whole groups where
 * `group` names a column, is withheld; a row without a group goes alone; the
 * `gap` rows before a withheld one are in neither. Views of d.
 */
mlpipe_status mlpipe__gate_split(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                 const char *group, double share, uint64_t gap,
                                 mlpipe_dataset **fit,
                                 mlpipe_dataset **withheld);

/* ---- the audit log (audit.c) ------------------------------------------- */

/* A number of a line; NaN where it has none. */
static inline double audit_get(const mlpipe__json *line, const char *key)
{
    return mlpipe__json_number(mlpipe__json_get(line, key), mlpipe__nan());
}
/* One line: begin, any fields, end. Deterministic bytes. */
void mlpipe__audit_begin(mlpipe__text *log, int64_t now_us,
                         const char *action, uint64_t deployment);
void mlpipe__audit_text(mlpipe__text *log, const char *key, const char *text);
void mlpipe__audit_number(mlpipe__text *log, const char *key, double value);
/* memory: as it was before the rule looked. */
void mlpipe__audit_values(mlpipe__text *log, const mlpipe_trigger *trigger,
                          const double *values, const double *memory,
                          bool pane);
void mlpipe__audit_gate(mlpipe__text *log, const mlpipe__gate *g,
                        const mlpipe__metric *metric, uint64_t least,
                        double alpha);
void mlpipe__audit_end(mlpipe__text *log);
/* The line of a log at *at, which moves to the next one; free with
 * mlpipe__json_free. Errors are those of mlpipe__json_parse. */
mlpipe_status mlpipe__audit_next(mlpipe_ctx *ctx, const char *log,
                                 size_t bytes, size_t *at,
                                 mlpipe__json **out);
/*
 * Decide again from the figures in a log, without any data: E_CORRUPT names
 * the first line whose decision does not follow from its figures.
 */
mlpipe_status mlpipe__audit_replay(mlpipe_ctx *ctx, const char *log,
                                   size_t bytes, uint64_t *decisions);

/* What the lines so far lead to (audit_check.c). */
typedef struct mlpipe__audit_order {
    uint32_t state;         /* 0: nobody knows */
    double now_us;          /* of the last line */
    double number, highest; /* deployment that came, and any so far; or 0 */
    double limit[3][2];     /* alpha and least of probation, canary, gate */
    mlpipe__text champion;  /* that was replaced last */
} mlpipe__audit_order;
void mlpipe__audit_order_init(mlpipe__audit_order *o, mlpipe_ctx *ctx);
void mlpipe__audit_order_free(mlpipe__audit_order *o);
/* E_CORRUPT: the line does not come behind those before it. at: from 0. */
mlpipe_status mlpipe__audit_follows(mlpipe_ctx *ctx, mlpipe__audit_order *o,
                                    const mlpipe__json *line, uint64_t at);
/* E_CORRUPT: p, mean or what they are made from do not go together. */
mlpipe_status mlpipe__audit_figures(mlpipe_ctx *ctx, const mlpipe__json *line,
                                    uint64_t at);

/* ---- the loop (cycle.c, cycle_tick.c) ---------------------------------- */

enum {
    MLPIPE__CYCLE_WATCHING = 0,
    MLPIPE__CYCLE_WANTED = 1,   /* a retrain was asked for */
    MLPIPE__CYCLE_TRAINING = 2, /* it runs, perhaps on another thread */
    MLPIPE__CYCLE_READY = 3,    /* a challenger waits for the gate */
    MLPIPE__CYCLE_FAILED = 4,   /* the retrain failed */
    MLPIPE__CYCLE_PROBATION = 5,
    MLPIPE__CYCLE_SHADOW = 6,   /* the challenger predicts, nobody is told */
    MLPIPE__CYCLE_CANARY = 7    /* it answers a share of the requests */
};

struct mlpipe_cycle {
    mlpipe__env *env;
    mlpipe_monitor *monitor;
    mlpipe_pipeline *recipe;
    mlpipe_trigger *trigger; /* NULL: the model that serves has no such names */
    mlpipe__metric metric;
    char *rule;
    uint64_t gap; /* rows between those to learn from and those withheld */
    double share, alpha;
    bool refit;
    uint64_t least, probation, cooldown;
    uint64_t retrains, budget, volume; /* 0: no limit, no schedule */
    double cooldown_s, budget_s, every_s;
    uint64_t shadow, canary_rows; /* labelled rows; shadow 0 = none */
    double canary, canary_margin; /* share of the ids, 0 = none */
    /* Who may touch what follows is told by the state: TRAINING gives
     * challenger, refitted, withheld and failure to the retraining thread. */
    atomic_uint state;
    mlpipe_model *challenger; /* that is judged */
    mlpipe_model *refitted;   /* that goes on in its place where it passes, on
                                 the withheld rows too; NULL: itself */
    mlpipe_dataset *withheld;
    mlpipe_status failure;
    /* the tick's own */
    mlpipe_model *champion;   /* replaced by the challenger on probation */
    uint64_t number;          /* of the deployment on probation */
    uint64_t ruled;           /* the deployment that the trigger is for */
    uint64_t looked;          /* labelled rows at the last look */
    uint64_t matched_at;      /* truths matched when it last retrained */
    int64_t retrained_us;     /* when; the first tick where it never did */
    int64_t *asked;           /* budget: when retrains were asked for */
    uint64_t asked_count;
    uint64_t panes;           /* closed at the last look */
    bool started;
    uint64_t beside;          /* the deployment that serves in a stage */
    uint64_t from;            /* first captured row of stage or probation */
    uint64_t judged;          /* matches of the canary when it was promoted */
    uint64_t faced;           /* canary's rows at the last look at errors */
    uint32_t faces;           /* looks at errors */
    bool retrained, held;
    bool heed; /* the alarm of the monitor was heeded: it may forget it */
    mlpipe__text log;
};

/* Rows of a deployment, and those that it did not answer. */
typedef struct mlpipe__canary_count {
    uint64_t rows, silent;
} mlpipe__canary_count;

/* What a tick reads of the monitor while it has the slot. */
typedef struct mlpipe__cycle_view {
    uint64_t number, matched, labelled, panes;
    int64_t now_us;
    mlpipe_model *model;   /* that serves */
    mlpipe_report *report;
    mlpipe_dataset *trial; /* labelled rows of the deployment on probation */
    uint64_t trial_rows;
    bool trial_over;       /* enough labels came, if only for a while */
    uint64_t next;         /* captured rows ever */
    uint64_t canary;       /* number of the canary; 0 = none */
    uint64_t judged;       /* matches of it */
    mlpipe__canary_count of_main, of_canary; /* since it came */
} mlpipe__cycle_view;

/* What cannot work, with the model that serves (cycle_check.c). */
mlpipe_status mlpipe__cycle_check(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                  const mlpipe_model *model);

/* ---- shadow and canary (stage.c) ---------------------------------------- */

/* What is decided of a canary, and from what; see mlpipe__canary_judge. */
typedef struct mlpipe__canary_trial {
    mlpipe__gate g;
    double alpha;        /* of this look at the losses */
    double final_alpha;  /* of the test that it is no worse */
    double margin;       /* in mean losses of the model that serves */
    double errors_alpha; /* of this look at the errors; 0 = no look */
    mlpipe__canary_count of_main, of_canary;
    bool over;           /* it has its rows: promote or drop */
} mlpipe__canary_trial;

enum {
    MLPIPE__CANARY_GOES_ON = 0,
    MLPIPE__CANARY_ERRORS = 1,  /* it fails more often than what serves */
    MLPIPE__CANARY_WORSE = 2,
    MLPIPE__CANARY_UNSHOWN = 3, /* over, and not shown to be no worse */
    MLPIPE__CANARY_GOOD = 4
};

uint32_t mlpipe__canary_judge(const mlpipe__canary_trial *t);
/* The word for it in the log (audit.c). */
const char *mlpipe__canary_reason(uint32_t verdict);
void mlpipe__audit_canary(mlpipe__text *log, const mlpipe__canary_trial *t);

/* Parameters that cannot work together. */
mlpipe_status mlpipe__stage_check(mlpipe_ctx *ctx, const mlpipe_cycle *c);
/* With the slot's writer flag held, in SHADOW and CANARY. */
mlpipe_status mlpipe__stage_look(mlpipe_ctx *ctx, const mlpipe_cycle *c,
                                 unsigned state, mlpipe__cycle_view *v);
/* The challenger passed the gate: shadow, canary or swap. */
mlpipe_status mlpipe__stage_begin(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                  const mlpipe__cycle_view *v,
                                  const mlpipe__gate *g, int64_t now_us,
                                  int32_t *action);
mlpipe_status mlpipe__stage_shadow(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   int64_t now_us, int32_t *action);
mlpipe_status mlpipe__stage_canary(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   int64_t now_us, int32_t *action);

/* Of cycle_tick.c, for the stages: */
bool mlpipe__cycle_is_verdict(mlpipe_status st);
/* What goes on where the challenger passes the gate. */
mlpipe_model *mlpipe__cycle_next(const mlpipe_cycle *c);
/* Its id for a line of the log, where it is not the challenger itself. */
void mlpipe__cycle_refit_text(mlpipe_cycle *c);
/* Forget the challenger; the state is set last. */
void mlpipe__cycle_drop_challenger(mlpipe_cycle *c,
                                   const mlpipe__cycle_view *v,
                                   unsigned next);
/* It was judged and is not taken: watch on. */
void mlpipe__cycle_lost(mlpipe_cycle *c, const mlpipe__cycle_view *v);
/* It lost before it was scored. */
void mlpipe__cycle_refuse(mlpipe_ctx *ctx, mlpipe_cycle *c,
                          const mlpipe__cycle_view *v, int64_t now_us,
                          mlpipe_status why);
/* A decision of the gate's test: on withheld rows, or in shadow. */
void mlpipe__stage_gate_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                             const mlpipe__gate *g, int64_t now_us,
                             uint64_t number, const char *action,
                             const char *reason);
/* Let the challenger serve and go on probation; canary: it is promoted, with
 * the line in the log from `t`. */
mlpipe_status mlpipe__cycle_swap(mlpipe_ctx *ctx, mlpipe_cycle *c,
                                 const mlpipe__cycle_view *v,
                                 const mlpipe__gate *g,
                                 const mlpipe__canary_trial *t,
                                 int64_t now_us, int32_t *action);
void mlpipe__stage_line(mlpipe_cycle *c, const mlpipe__cycle_view *v,
                        const mlpipe__canary_trial *t, int64_t now_us,
                        uint64_t number, const char *action,
                        const char *reason);

mlpipe_status mlpipe__cycle_step(mlpipe_ctx *ctx, mlpipe_cycle *cycle,
                                 int64_t now_us, int32_t *action);

/* ---- the loop over rows that lie there (replay.c, replay_report.c) ------ */

/* A column of the dataset that goes into the record. */
typedef struct mlpipe__replay_field {
    uint32_t column;
    bool text;       /* a token, else a double */
    uint32_t offset; /* in the record */
} mlpipe__replay_field;

/* Everything that is made for one run, and what came of each row. */
typedef struct mlpipe__replay {
    mlpipe_ctx *ctx;
    const mlpipe_pipeline *recipe;
    mlpipe_dataset *rows; /* that are replayed */
    uint32_t n, tick, pane, warm; /* warm: rows that the first was fitted on */
    mlpipe_model *first;
    mlpipe_layout *layout;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *worker;
    mlpipe_cycle *cycle;
    mlpipe__replay_field *fields;
    uint32_t field_count;
    unsigned char *record;
    size_t record_bytes;
    int64_t *now_us;   /* when each row is asked for */
    int64_t *label_us; /* when its truth became known */
    int64_t *due;      /* the row behind whose prediction it is told; n: never
                          within these rows */
    uint32_t *telling; /* rows in the order of due */
    uint32_t told;
    double *truth;     /* NaN: there is none */
    double *answer;    /* outputs of what serves */
    uint32_t outputs, width;
    double *served, *frozen; /* n x width */
    uint64_t *number;  /* of the deployment that answered */
    uint16_t *did;     /* bits 1 << action, of a tick behind the row */
    uint32_t count[MLPIPE_ACTION_DROPPED + 1], failed;
} mlpipe__replay;

mlpipe_status mlpipe__replay_report(mlpipe__replay *r, mlpipe_report **out);

/* Parameters of mlpipe_cycle_replay and mlpipe_cycle_new, for the catalog. */
extern const mlpipe__param mlpipe__replay_params[];
extern const uint32_t mlpipe__replay_param_count;
extern const mlpipe__param mlpipe__cycle_params[];
extern const uint32_t mlpipe__cycle_param_count;

#endif
