/* SPDX-License-Identifier: MIT */
/* A slot with all around it, for the scenarios of deploy, monitor, cycle. */
#ifndef MLPIPE_TESTS_TORTURE_SERVE_WORLD_H
#define MLPIPE_TESTS_TORTURE_SERVE_WORLD_H

#include "torture.h"

enum { SERVE_ROWS = 60 };

/* Fitted once: two models of the same recipe, on other rows. */
typedef struct serve_kept {
    mlpipe_dataset *rows, *half;
    mlpipe_pipeline *recipe;
    mlpipe_model *a, *b;
} serve_kept;

mlpipe_status serve_make_kept(void);
const serve_kept *serve_get_kept(void);

typedef struct serve_world {
    mlpipe_layout *layout;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *worker;
    mlpipe_cycle *cycle;
    uint32_t red;
} serve_world;

/* Made with t->c while it does not fail; cycle: params, or NULL for none. */
mlpipe_status serve_make_world(torture *t, serve_world *w,
                               const char *cycle);
void serve_free_world(serve_world *w);
/* n requests from id `first` on, and their truths. */
mlpipe_status serve_requests(torture *t, serve_world *w, uint64_t first,
                             uint64_t n, double slope);

#endif
