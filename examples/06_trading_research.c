/* SPDX-License-Identifier: MIT */
/* From a month of rows to a challenger and a judgement of it. */
#include "06_trading.h"

/* A test takes rows for independent, and would be too sure of rows that share
 * their future: of every sixth (HORIZON) bar (BAR_US), none does. */
static mlpipe_status gate(struct job *job, const mlpipe_dataset *rows)
{
    mlpipe_dataset *apart = NULL;
    mlpipe_report *r = NULL;
    const mlpipe_status st =
        mlpipe_dataset_filter(job->c, rows, "decided_at // 300000000 % 6 == 0",
                              &apart)
        || mlpipe_compare(job->c, job->champion, job->challenger, apart,
                          "metric=auc", &r);

    if (!st) {
        job->auc_champion = mlpipe_report_get(r, "a");
        job->auc_challenger = mlpipe_report_get(r, "b");
        job->p = mlpipe_report_get(r, "p");
        job->won = job->p <= 0.01 && job->auc_challenger > job->auc_champion;
    }
    mlpipe_report_free(r);
    mlpipe_dataset_free(apart);
    return st;
}

/* label_end= purges rows whose label reaches into a later part. gap= is the
 * embargo: `drive` remembers hours, so that the first hours behind a part are
 * nearly rows of it. */
void *trading_research(void *user)
{
    struct job *job = user;
    mlpipe_dataset *part[3] = {NULL, NULL, NULL}; /* train, stop, gate */
    mlpipe_report *leaks = NULL;
    int i;

    job->purged = mlpipe_dataset_rows(job->rows);
    job->failed = mlpipe_dataset_split(job->c, job->rows, "order=decided_at "
                                      "label_end=known_at gap=36 "
                                      "parts=0.6,0.1,0.3", part, 3)
        || mlpipe_split_check(job->c, part, 3, "order=decided_at "
                              "label_end=known_at", &leaks)
        || mlpipe_fit(job->c, job->recipe, part[0], part[1], &job->challenger)
        || (job->champion && gate(job, part[2]));
    job->problem = job->failed ? mlpipe_ctx_error(job->c)->text : NULL;
    if (!job->failed && mlpipe_report_get(leaks, "spans") != 0) {
        job->problem = "a label reaches into a later part"; /* never */
        job->failed = MLPIPE_E_LEAK;
    }
    mlpipe_report_free(leaks);
    for (i = 0; i < 3; i++) {
        job->purged -= mlpipe_dataset_rows(part[i]);
        mlpipe_dataset_free(part[i]);
    }
    return NULL;
}
