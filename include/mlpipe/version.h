/* SPDX-License-Identifier: MIT */
/**
 * @file version.h
 * The version of the headers, and of the library that is really loaded.
 */
#ifndef MLPIPE_VERSION_H
#define MLPIPE_VERSION_H

#include <mlpipe/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of these headers, as 0x00MMmmpp: major, minor, patch. */
enum {
    MLPIPE_VERSION = 0x00000100 /**< to compare with mlpipe_version() */
};

/**
 * The version of the loaded library.
 *
 * @return 0x00MMmmpp; compare its major part with MLPIPE_VERSION.
 * @thread any
 * @since 0.1
 */
MLPIPE_API uint32_t mlpipe_version(void);

/**
 * How the loaded library was built: version, compiler, BLAS, optional parts.
 *
 * @return static text such as "libmlpipe 0.1.0, gcc 12.2.0, blas openblas,
 *         zlib, no zstd"; never NULL, never freed.
 * @thread any
 * @since 0.1
 */
MLPIPE_API const char *mlpipe_build_info(void);

#ifdef __cplusplus
}
#endif

#endif
