/* SPDX-License-Identifier: MIT */
/* The parts of 06_trading.c: the market that it invents, and the research. */
#ifndef TRADING_H
#define TRADING_H

#include <mlpipe/mlpipe.h>
#include <stdint.h>

enum {
    BAR_US = 300000000, /* five minutes */
    HORIZON = 6,        /* bars until the label of one is known */
    DAY = 288, /* bars; this market never closes */
    MONTH = 30 * DAY,
    TURN = 4 * MONTH /* from this bar on the market's law is another */
};

/* The host's record, written once a bar at its close. */
struct bar {
    int64_t decided_at; /* the close, in us since 1970 */
    int64_t known_at;   /* when its label will be known */
    double flow;  /* bought less sold, as a share of what was traded */
    double drive; /* flow of the last hours, the newest weighs most */
    double move;  /* price at the close less that at the open */
    double range; /* highest less lowest price */
    double up;    /* the label; NaN until it is known */
    int32_t price; /* at the close; in no layout: no model sees it */
};

/* Bar i of the stream: its ticks one by one, each seen once. Bars are asked
 * for in order; before: the one before it, NULL for the first. */
void trading_bar(int i, const struct bar *before, struct bar *out);

/* What the researcher is given, and gives back. */
struct job {
    mlpipe_ctx *c; /* a context belongs to one thread at a time */
    mlpipe_pipeline *recipe;
    mlpipe_dataset *rows; /* of a month */
    mlpipe_model *champion, *challenger;
    int64_t purged; /* rows that are left out between the parts */
    uint64_t quotes; /* when it began */
    double auc_champion, auc_challenger, p;
    int runs, won;
    mlpipe_status failed;
    const char *problem;
};

/* The body of the researcher's thread; job: a struct job. */
void *trading_research(void *job);

#endif
