/* SPDX-License-Identifier: MIT */
/*
 * What points are compiled to: the same rows as floats about the centre, in
 * panels, by which most rows are ruled out before a double is looked at.
 */
#ifndef MLPIPE_POINTS_TYPES_H
#define MLPIPE_POINTS_TYPES_H

#include "forest_types.h"

enum {
    POINTS_PANEL = 48,  /* rows whose distances are summed at once */
    POINTS_GROUP = 8,   /* queries that read a panel together */
    POINTS_SLAB_BYTES = 4 << 20 /* of a batch's scratch, about */
};

/* Queries further than this from the centre, in units of the farthest row's
 * coordinate, are compared by doubles alone. */
#define POINTS_FAR 0x1p40

struct mlpipe__points_engine {
    uint32_t isa;    /* MASK_: all give the same answers */
    uint32_t panels;
    double scale;    /* a power of two: coordinates are at most 1 */
    double unit;     /* from the distance of doubles to that of floats */
    double rounding; /* of a float distance, by the norms of its ends */
    double *centre;  /* features */
    /* Panel by panel, rows side by side: where each starts, then feature by
     * feature. A row starts at half its square (euclidean), less what may be
     * lost of it by rounding; spread is twice that. */
    float *panel;
    float *spread;
};

#endif
