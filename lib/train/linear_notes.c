/* SPDX-License-Identifier: MIT */
/* What forms of features tell of themselves: their coefficients by name, the
 * lambdas that were tried, and that none of the features is left. */
#include "linear_types.h"

#include "../report/report_internal.h"

void mlpipe__coefficients_note(const mlpipe__fit_job *job,
                               const double *model, uint32_t forms)
{
    const mlpipe__frame *t = job->train;
    mlpipe_report *r = job->notes;

    mlpipe__report_table(r, "coefficients", forms > 1
                                                ? "feature,class,coefficient"
                                                : "feature,coefficient");
    for (uint32_t f = 0; f < t->features; f++)
        for (uint32_t k = 0; k < forms; k++) {
            const char *name = t->feature[f].name;

            mlpipe__report_cell_text(r, name, strlen(name));
            if (forms > 1) {
                name = job->class_names ? job->class_names[k] : "";
                mlpipe__report_cell_text(r, name, strlen(name));
            }
            mlpipe__report_cell_number(
                r, model[k * ((size_t)t->features + 1) + 1 + f]);
        }
}

uint32_t mlpipe__linear_nonzero(const mlpipe__linear *l, const double *w)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < l->p; i++)
        n += w[i] != 0;
    return n;
}

static void linear_note_path(const mlpipe__linear *l, mlpipe_report *r)
{
    mlpipe__report_table(r, "path", "lambda,error,error_se,nonzero");
    for (uint32_t i = 0; i < l->lambdas; i++) {
        mlpipe__report_cell_number(r, l->path[i]);
        mlpipe__report_cell_number(r, l->cv[i]);
        mlpipe__report_cell_number(r, l->cv_se[i]);
        mlpipe__report_cell_number(r, l->nonzero[i]);
    }
}

/* A model that says the same of every row is seldom what was asked for. */
static void linear_tell_empty(const mlpipe__linear *l)
{
    if (l->highest > 0)
        mlpipe__log_line(l->ctx, MLPIPE_LOG_WARN, l->job->name,
                         "no coefficient is left at lambda %g, so that the "
                         "answer is %g for every row; the first feature "
                         "comes in below lambda %g",
                         l->lambda, l->model[0], l->highest);
    else
        mlpipe__log_line(l->ctx, MLPIPE_LOG_WARN, l->job->name,
                         "no coefficient is left, so that the answer is %g "
                         "for every row: no feature goes with the target",
                         l->model[0]);
}

void mlpipe__linear_notes(const mlpipe__linear *l)
{
    const uint32_t nonzero = mlpipe__linear_nonzero(l, l->model + 1);
    mlpipe_report *r = l->job->notes;

    if (l->lasso && !nonzero)
        linear_tell_empty(l);
    if (!r)
        return;
    mlpipe__report_number(r, "train_loss", l->loss);
    if (l->lambda >= 0)
        mlpipe__report_number(r, "lambda", l->lambda);
    if (l->lasso) {
        mlpipe__report_number(r, "duality_gap", l->gap);
        mlpipe__report_number(r, "iterations", (double)l->sweeps);
        mlpipe__report_number(r, "nonzero", nonzero);
    }
    mlpipe__report_number(r, "intercept", l->model[0]);
    mlpipe__coefficients_note(l->job, l->model, 1);
    if (l->automatic)
        linear_note_path(l, r);
}
