/* SPDX-License-Identifier: MIT */
/* Which library this is, and how it was built. */
#include "base/base_internal.h"

#if defined(MLPIPE_ZLIB)
#define VERSION_ZLIB ", zlib"
#else
#define VERSION_ZLIB ", no zlib"
#endif
#if defined(MLPIPE_ZSTD)
#define VERSION_ZSTD ", zstd"
#else
#define VERSION_ZSTD ", no zstd"
#endif

#if defined(MLPIPE_SERVE)
#define VERSION_NAME "libmlpipe-serve"
#define VERSION_PARTS ""
#elif defined(MLPIPE_BLAS_OPENBLAS)
#define VERSION_NAME "libmlpipe"
#define VERSION_PARTS ", blas openblas" VERSION_ZLIB VERSION_ZSTD
#else
#define VERSION_NAME "libmlpipe"
#define VERSION_PARTS ", blas none" VERSION_ZLIB VERSION_ZSTD
#endif

#if defined(__clang__)
#define VERSION_COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define VERSION_COMPILER "gcc " __VERSION__
#else
#define VERSION_COMPILER "another compiler"
#endif

static const char version_info[] =
    VERSION_NAME " 0.1.0, " VERSION_COMPILER VERSION_PARTS;

_Static_assert(MLPIPE_VERSION == 0x00000100,
               "the text above says another version than the header");

uint32_t mlpipe_version(void)
{
    return MLPIPE_VERSION;
}

const char *mlpipe_build_info(void)
{
    return version_info;
}
