/* SPDX-License-Identifier: MIT */
/*
 * Statistics by NumPy and exact fractions. Made by tests/golden/make_num.py
 * with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1.
 */
#ifndef MLPIPE_GOLDEN_NUM_STATS_H
#define MLPIPE_GOLDEN_NUM_STATS_H

#include <math.h>

enum { GOLDEN_STATS_1 = 1 };
static const double golden_stats_1[][6] = {
    {0x1.4d1f86c7ee624p+7, 0x0.0p+0, NAN, 0x1.4d1f86c7ee624p+7,
     0x1.4d1f86c7ee624p+7, 0x1.4d1f86c7ee624p+7},
};

static const double golden_quantile_1[][2] = {
    {0x0.0p+0, 0x1.4d1f86c7ee624p+7},
    {0x1.47ae147ae147bp-7, 0x1.4d1f86c7ee624p+7},
    {0x1.999999999999ap-4, 0x1.4d1f86c7ee624p+7},
    {0x1.0000000000000p-2, 0x1.4d1f86c7ee624p+7},
    {0x1.5555555555555p-2, 0x1.4d1f86c7ee624p+7},
    {0x1.0000000000000p-1, 0x1.4d1f86c7ee624p+7},
    {0x1.8000000000000p-1, 0x1.4d1f86c7ee624p+7},
    {0x1.ccccccccccccdp-1, 0x1.4d1f86c7ee624p+7},
    {0x1.ff7ced916872bp-1, 0x1.4d1f86c7ee624p+7},
    {0x1.0000000000000p+0, 0x1.4d1f86c7ee624p+7},
};

enum { GOLDEN_STATS_2 = 2 };
static const double golden_stats_2[][6] = {
    {0x1.82d3ebb918e46p+7, 0x1.3c9acca741222p+2, 0x1.3c9acca741222p+3,
     0x1.7e6124d73f5e1p+7, 0x1.8746b29af26acp+7, 0x1.7e6124d73f5e1p+7},
};

static const double golden_quantile_2[][2] = {
    {0x0.0p+0, 0x1.7e6124d73f5e1p+7},
    {0x1.47ae147ae147bp-7, 0x1.7e77eb60e2702p+7},
    {0x1.999999999999ap-4, 0x1.7f44e6379e128p+7},
    {0x1.0000000000000p-2, 0x1.809a88482c214p+7},
    {0x1.5555555555555p-2, 0x1.815854187b0cfp+7},
    {0x1.0000000000000p-1, 0x1.82d3ebb918e46p+7},
    {0x1.8000000000000p-1, 0x1.850d4f2a05a79p+7},
    {0x1.ccccccccccccdp-1, 0x1.8662f13a93b65p+7},
    {0x1.ff7ced916872bp-1, 0x1.87446b8d2ee8fp+7},
    {0x1.0000000000000p+0, 0x1.8746b29af26acp+7},
};

enum { GOLDEN_STATS_3 = 3 };
static const double golden_stats_3[][6] = {
    {-0x1.37e8334cc5c35p+7, 0x1.be4fa8926b9c6p+13, 0x1.4ebbbe6dd0b54p+14,
     -0x1.1e8cb66208821p+8, 0x1.2000000000000p+1, -0x1.1e8cb66208821p+8},
};

static const double golden_quantile_3[][2] = {
    {0x0.0p+0, -0x1.1e8cb66208821p+8},
    {0x1.47ae147ae147bp-7, -0x1.1c7d68f255c7dp+8},
    {0x1.999999999999ap-4, -0x1.09f3b0050d3bdp+8},
    {0x1.0000000000000p-2, -0x1.d61c4cf328a4fp+7},
    {0x1.5555555555555p-2, -0x1.b3c7ed02db2fep+7},
    {0x1.0000000000000p-1, -0x1.6f1f2d224045cp+7},
    {0x1.8000000000000p-1, -0x1.6a9f2d224045cp+6},
    {0x1.ccccccccccccdp-1, -0x1.174c241b669e2p+5},
    {0x1.ff7ced916872bp-1, 0x1.e0dd6515f3a45p+0},
    {0x1.0000000000000p+0, 0x1.2000000000000p+1},
};

enum { GOLDEN_STATS_10 = 10 };
static const double golden_stats_10[][6] = {
    {-0x1.221082c1b7d77p+5, 0x1.21e1fe7b38a0dp+16, 0x1.42178c88e9964p+16,
     -0x1.8e758c746bfffp+8, 0x1.c84c4b53528aap+8, -0x1.8e758c746bfffp+8},
};

static const double golden_quantile_10[][2] = {
    {0x0.0p+0, -0x1.8e758c746bfffp+8},
    {0x1.47ae147ae147bp-7, -0x1.8b99900628340p+8},
    {0x1.999999999999ap-4, -0x1.71ddb025c6088p+8},
    {0x1.0000000000000p-2, -0x1.ec14a28d36b2bp+7},
    {0x1.5555555555555p-2, -0x1.6228b78428cc5p+7},
    {0x1.0000000000000p-1, 0x1.0000000000000p-2},
    {0x1.8000000000000p-1, 0x1.8000000000000p+1},
    {0x1.ccccccccccccdp-1, 0x1.8a44b68918a2ep+8},
    {0x1.ff7ced916872bp-1, 0x1.c7ad7f98faec2p+8},
    {0x1.0000000000000p+0, 0x1.c84c4b53528aap+8},
};

enum { GOLDEN_STATS_999 = 999 };
static const double golden_stats_999[][6] = {
    {0x1.b3e9b4f05978dp+5, 0x1.cd3a466e8ec75p+15, 0x1.cdb096057f87ep+15,
     -0x1.8e52f514f5422p+8, 0x1.2b710716aa105p+9, 0x1.0000000000000p+1},
};

static const double golden_quantile_999[][2] = {
    {0x0.0p+0, -0x1.8e52f514f5422p+8},
    {0x1.47ae147ae147bp-7, -0x1.7fb65705e748dp+8},
    {0x1.999999999999ap-4, -0x1.0f1165b055d66p+8},
    {0x1.0000000000000p-2, -0x1.22553a0586068p+6},
    {0x1.5555555555555p-2, 0x1.0000000000000p-2},
    {0x1.0000000000000p-1, 0x1.4000000000000p+1},
    {0x1.8000000000000p-1, 0x1.abd16d3c84598p+7},
    {0x1.ccccccccccccdp-1, 0x1.b21a7b38f5841p+8},
    {0x1.ff7ced916872bp-1, 0x1.2a04b8bb1bb5fp+9},
    {0x1.0000000000000p+0, 0x1.2b710716aa105p+9},
};

enum { GOLDEN_STATS_5000 = 5000 };
static const double golden_stats_5000[][6] = {
    {0x1.193d8bfd5b620p+6, 0x1.e89d591250877p+15, 0x1.e8b65eb8f4d3ep+15,
     -0x1.8f9be829ff3f1p+8, 0x1.2bdd851a88660p+9, 0x1.c000000000000p+0},
};

static const double golden_quantile_5000[][2] = {
    {0x0.0p+0, -0x1.8f9be829ff3f1p+8},
    {0x1.47ae147ae147bp-7, -0x1.841a38cd49d00p+8},
    {0x1.999999999999ap-4, -0x1.0bef58c7c275dp+8},
    {0x1.0000000000000p-2, -0x1.8b7c704cbbb0ep+5},
    {0x1.5555555555555p-2, 0x1.0000000000000p-1},
    {0x1.0000000000000p-1, 0x1.6000000000000p+1},
    {0x1.8000000000000p-1, 0x1.f3db2eecd4667p+7},
    {0x1.ccccccccccccdp-1, 0x1.cc4ab79d7797fp+8},
    {0x1.ff7ced916872bp-1, 0x1.2b32df896e864p+9},
    {0x1.0000000000000p+0, 0x1.2bdd851a88660p+9},
};

#endif
