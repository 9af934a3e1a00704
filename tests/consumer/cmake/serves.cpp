/* SPDX-License-Identifier: MIT */
/* The serving half alone, from C++. */
#include <mlpipe/mlpipe.h>

int main()
{
    return mlpipe_version() == MLPIPE_VERSION ? 0 : 1;
}
