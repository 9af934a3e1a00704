/* SPDX-License-Identifier: MIT */
/*
 * Metrics by scikit-learn. Made by tests/golden/make_num.py
 * with Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1.
 */
#ifndef MLPIPE_GOLDEN_NUM_METRICS_H
#define MLPIPE_GOLDEN_NUM_METRICS_H

#include <math.h>

/* n, weighted, rmse, low, high, mae, low, high, r2 */
static const double golden_regression[][9] = {
    {0x1.0000000000000p+1, 0x0.0p+0, 0x1.1ab961233808ep+1,
     0x1.9e848fcf1dc92p+0, 0x1.66307a5ee12d3p+1, 0x1.1809fe63003a0p+1,
     0x1.97b350b92b804p+0, 0x1.643a54696ab3ep+1, 0x1.c54e61ee5eb39p-1},
    {0x1.0000000000000p+1, 0x1.0000000000000p+0, 0x1.e2553ceb89100p+0, NAN,
     NAN, 0x1.e2553ceb89100p+0, NAN, NAN, NAN},
    {0x1.c000000000000p+2, 0x0.0p+0, 0x1.a8b7916dbbc08p+1,
     0x1.34e98d00d20aap+1, 0x1.0e42caed52bb3p+2, 0x1.815a6e536e2e5p+1,
     0x1.e4f073af4641ep+0, 0x1.081e51679c9dep+2, 0x1.f0c0db1ba5fe2p-1},
    {0x1.c000000000000p+2, 0x1.0000000000000p+0, 0x1.9ecfd4a8b3fd9p+1,
     0x1.36f7c40e393d7p+1, 0x1.0353f2a1975eep+2, 0x1.84dcb1cdd0eeap+1,
     0x1.031eaa6b9bb8ap+1, 0x1.034d5c9803125p+2, 0x1.f5d44b0d812d0p-1},
    {0x1.9000000000000p+6, 0x0.0p+0, 0x1.6e23291de99dep+1,
     0x1.4df8d03403d92p+1, 0x1.8e4d8207cf62ap+1, 0x1.3f0cd6e414292p+1,
     0x1.1baaf59013881p+1, 0x1.626eb83814ca3p+1, 0x1.fbade6720298cp-1},
    {0x1.9000000000000p+6, 0x1.0000000000000p+0, 0x1.7d7227accfd91p+1,
     0x1.58432511bb110p+1, 0x1.a2a12a47e4a12p+1, 0x1.51341806dc994p+1,
     0x1.262642395dcefp+1, 0x1.7c41edd45b639p+1, 0x1.fada3f9f3c1c8p-1},
    {0x1.0000000000000p+12, 0x0.0p+0, 0x1.748f7e14c91d5p+1,
     0x1.6f8346759c63ep+1, 0x1.799bb5b3f5d6cp+1, 0x1.42f0c56282eabp+1,
     0x1.3d402d6c70f89p+1, 0x1.48a15d5894dcdp+1, 0x1.fabdcbcf8b966p-1},
    {0x1.0000000000000p+12, 0x1.0000000000000p+0, 0x1.76b5245e24f85p+1,
     0x1.70706a4afc1c7p+1, 0x1.7cf9de714dd43p+1, 0x1.44f6a21a0135dp+1,
     0x1.3ded25aa6eb03p+1, 0x1.4c001e8993bb7p+1, 0x1.faa1bd6ece843p-1},
    {0x1.3880000000000p+13, 0x0.0p+0, 0x1.720b43679acb8p+1,
     0x1.6ecb8f7f5dc4ep+1, 0x1.754af74fd7d22p+1, 0x1.400fcff05119fp+1,
     0x1.3c6be62f6b423p+1, 0x1.43b3b9b136f1bp+1, 0x1.faeb5e8abf2adp-1},
    {0x1.3880000000000p+13, 0x1.0000000000000p+0, 0x1.715e75b304afep+1,
     0x1.6d5b7e668d95ap+1, 0x1.75616cff7bca2p+1, 0x1.3f50121eaf0c2p+1,
     0x1.3ad5719d7eac4p+1, 0x1.43cab29fdf6c0p+1, 0x1.faf6f48b1ec1ap-1},
};

/* n, weighted, logloss, low, high, accuracy, low, high, auc, low, high */
static const double golden_binary[][11] = {
    {0x1.c000000000000p+2, 0x0.0p+0, 0x1.1e9a8a26c713ap-1,
     0x1.2f42c41f68979p-2, 0x1.a593b23dd9db8p-1, 0x1.6db6db6db6db7p-1,
     0x1.69480cc366eb3p-2, 0x1.0000000000000p+0, 0x1.3333333333334p-1,
     0x1.e422d2997776cp-4, 0x1.0000000000000p+0},
    {0x1.c000000000000p+2, 0x1.0000000000000p+0, 0x1.05e7a3cfb5da0p-1,
     0x1.5f0746918f6aap-3, 0x1.b40d75fb07d96p-1, 0x1.844bd54d99c34p-1,
     0x1.3286e8ceb5197p-2, 0x1.0000000000000p+0, 0x1.5944d34aa3182p-1,
     0x1.1b13f7941c650p-4, 0x1.0000000000000p+0},
    {0x1.9000000000000p+6, 0x0.0p+0, 0x1.025a0e46be327p+0,
     0x1.313cad52cadc2p-2, 0x1.b864f138c9adep+0, 0x1.6147ae147ae14p-1,
     0x1.32a28a1579badp-1, 0x1.8fecd2137c07bp-1, 0x1.75b55205ffcb0p-1,
     0x1.42260a29d34acp-1, 0x1.a94499e22c4b4p-1},
    {0x1.9000000000000p+6, 0x1.0000000000000p+0, 0x1.fa08e838f4ba2p-1,
     0x1.3ae7035f816bep-2, 0x1.ab4f2761145f2p+0, 0x1.5fbf549cb1f53p-1,
     0x1.27fdc72297318p-1, 0x1.9780e216ccb8ep-1, 0x1.7be5c3b23bd63p-1,
     0x1.43ccd6418fed1p-1, 0x1.b3feb122e7bf5p-1},
    {0x1.0000000000000p+12, 0x0.0p+0, 0x1.77f7c85c8b2c1p-1,
     0x1.53de5ad13c1c0p-1, 0x1.9c1135e7da3c2p-1, 0x1.65c0000000000p-1,
     0x1.5e8e1c5ac23a2p-1, 0x1.6cf1e3a53dc5ep-1, 0x1.85eaa08ed26f0p-1,
     0x1.7e78809062714p-1, 0x1.8d5cc08d426ccp-1},
    {0x1.0000000000000p+12, 0x1.0000000000000p+0, 0x1.7ddeaf7bee35bp-1,
     0x1.503d994c774fcp-1, 0x1.ab7fc5ab651bap-1, 0x1.63462cc695849p-1,
     0x1.5a638e09f3f9fp-1, 0x1.6c28cb83370f3p-1, 0x1.83674e14b2e67p-1,
     0x1.7b0057762e658p-1, 0x1.8bce44b337676p-1},
    {0x1.3880000000000p+13, 0x0.0p+0, 0x1.66c7e4b660506p-1,
     0x1.512e42b84597fp-1, 0x1.7c6186b47b08dp-1, 0x1.67381d7dbf488p-1,
     0x1.62a09c9747f90p-1, 0x1.6bcf9e6436980p-1, 0x1.8b516228c619ap-1,
     0x1.86a3edff92749p-1, 0x1.8ffed651f9bebp-1},
    {0x1.3880000000000p+13, 0x1.0000000000000p+0, 0x1.6b192d3940787p-1,
     0x1.4e24c0b056b65p-1, 0x1.880d99c22a3a9p-1, 0x1.6850aad92fe83p-1,
     0x1.62a9b51f63748p-1, 0x1.6df7a092fc5bep-1, 0x1.8ccd943502c3dp-1,
     0x1.879a5daf62569p-1, 0x1.9200cabaa3311p-1},
};

#endif
