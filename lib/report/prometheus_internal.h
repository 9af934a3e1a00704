/* SPDX-License-Identifier: MIT */
/* Families and samples of the Prometheus text format, for the two files that
 * collect (render_prometheus.c) and write them (prometheus_write.c). */
#ifndef MLPIPE_PROMETHEUS_INTERNAL_H
#define MLPIPE_PROMETHEUS_INTERNAL_H

#include "report_types.h"

enum {
    MLPIPE__PROM_GAUGE = 1,
    MLPIPE__PROM_COUNTER = 2,
    MLPIPE__PROM_HISTOGRAM = 3,
    MLPIPE__PROM_RESERVED = 4 /* a name that a histogram's samples have */
};

/* Samples of a family stand together, whatever order they came in. */
typedef struct mlpipe__prom_family {
    uint32_t type, help; /* help: of the dictionary of that name */
    uint32_t first, last; /* samples; UINT32_MAX = none */
} mlpipe__prom_family;

typedef struct mlpipe__prom_sample {
    double value;
    uint32_t next; /* of the family */
} mlpipe__prom_sample;

typedef struct mlpipe__prom {
    const mlpipe_report *r;
    mlpipe__env *env;
    mlpipe__dict names; /* of families, index by index */
    mlpipe__dict helps;
    mlpipe__dict keys;  /* name{labels} of each sample: none comes twice */
    mlpipe__prom_family *families;
    uint32_t family_room;
    mlpipe__prom_sample *samples;
    uint32_t sample_room;
    mlpipe__text family, labels, help; /* of what is added next */
    mlpipe__dict rows, columns; /* what tables tell, so that numbers need not */
    uint64_t left_out; /* samples that a limit or an equal name kept out */
    uint32_t dotted, infos;
    bool failed; /* out of memory */
} mlpipe__prom;

void mlpipe__prom_init(mlpipe__prom *p, const mlpipe_report *r,
                       mlpipe__env *env);
void mlpipe__prom_free(mlpipe__prom *p);
/* Begin a family: mlpipe_<kind>_<name>, letters, digits and _ alone; true
 * where name had others. Labels are empty then. */
bool mlpipe__prom_begin(mlpipe__prom *p, const char *name, size_t bytes);
/* More of the name, behind a _. */
void mlpipe__prom_more(mlpipe__prom *p, const char *name, size_t bytes);
void mlpipe__prom_label(mlpipe__prom *p, const char *name, size_t name_bytes,
                        const char *value, size_t bytes);
/* A sample of that family and these labels; suffix: "" or "_bucket" and its
 * like. False: one with these labels is there, or the name is another's. */
bool mlpipe__prom_add(mlpipe__prom *p, uint32_t type, const char *suffix,
                      double value);
/* Keep a name for the samples of a histogram; false: it is another's. */
bool mlpipe__prom_reserve(mlpipe__prom *p, const char *suffix);
void mlpipe__prom_write(const mlpipe__prom *p, mlpipe__text *out);

#endif
