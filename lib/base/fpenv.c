/* SPDX-License-Identifier: MIT */
/*
 * The floating-point environment. Results must not depend on a rounding mode
 * or a flush-to-zero switch that the host or one of its libraries left on,
 * so every public call and every task checks it, which costs less than a
 * nanosecond, and sets it only where it is odd.
 */
#include "base/base_internal.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

/* Round to nearest, all exceptions masked, no flush-to-zero, no DAZ. */
enum { FPENV_MASK = 0xffc0, FPENV_PLAIN = 0x1f80, FPENV_FLAGS = 0x3f };

uint32_t mlpipe__fp_enter(void)
{
    const uint32_t found = _mm_getcsr();
    if ((found & FPENV_MASK) != FPENV_PLAIN)
        _mm_setcsr(FPENV_PLAIN | (found & FPENV_FLAGS));
    return found;
}

void mlpipe__fp_leave(uint32_t saved)
{
    if ((saved & FPENV_MASK) != FPENV_PLAIN)
        _mm_setcsr(saved);
}

#elif defined(__aarch64__)

/* FPCR 0 is the default: to nearest, no trap, no flush-to-zero. */
uint32_t mlpipe__fp_enter(void)
{
    uint64_t found;
    __asm__ volatile("mrs %0, fpcr" : "=r"(found));
    if (found) {
        const uint64_t plain = 0;
        __asm__ volatile("msr fpcr, %0" : : "r"(plain));
    }
    return (uint32_t)found;
}

void mlpipe__fp_leave(uint32_t saved)
{
    if (saved) {
        const uint64_t back = saved;
        __asm__ volatile("msr fpcr, %0" : : "r"(back));
    }
}

#else

uint32_t mlpipe__fp_enter(void)
{
    return 0;
}

void mlpipe__fp_leave(uint32_t saved)
{
    (void)saved;
}

#endif
