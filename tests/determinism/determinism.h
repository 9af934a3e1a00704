/* SPDX-License-Identifier: MIT */
/*
 * The determinism driver: each area feeds what it computes to a hash, which
 * must come out the same from every compiler and optimisation level. To add
 * an area, write a file with one function and list it in main.c and run.sh.
 */
#ifndef MLPIPE_TESTS_DETERMINISM_H
#define MLPIPE_TESTS_DETERMINISM_H

#include <stddef.h>
#include <stdint.h>

typedef struct det_hash {
    uint64_t value;
} det_hash;

void det_add(det_hash *h, const void *bytes, size_t size);
void det_add_f64(det_hash *h, double x);

/* splitmix64, and a double of the same bits in every build. */
uint64_t det_bits(uint64_t *state);
double det_unit(uint64_t *state);

void det_math(det_hash *h);
void det_math_more(det_hash *h);
void det_dist(det_hash *h);
void det_exact(det_hash *h);
void det_stats(det_hash *h);
void det_metrics(det_hash *h);
void det_linear(det_hash *h);
void det_program(det_hash *h);
void det_model(det_hash *h);

#endif
