/* SPDX-License-Identifier: MIT */
/* What surrounds the loop of 04_houses.c: its data and its printing. */
#ifndef HOUSES_H
#define HOUSES_H

#include <mlpipe/mlpipe.h>

/* The host's own record. */
struct house {
    double sqft_living, sqft_lot;
    int32_t yr_built;
    uint32_t grade; /* a token of the layout */
};

/* Writes 24 months of invented sales: some cells are missing or "?", some
 * sales stand twice, and from month 17 on buyers pay otherwise. 0 = fine. */
int houses_write(const char *path);

/* Prints how far the library's long calls are. */
int32_t houses_progress(void *user, const char *stage, double fraction);

/* One line of the closing table; text as printf. */
void houses_note(const char *stage, const char *format, ...);
void houses_table(void);

#endif
