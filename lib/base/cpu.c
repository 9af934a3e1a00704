/* SPDX-License-Identifier: MIT */
/* What the machine can do. Nothing is kept: there are no writable globals. */
#include "base_internal.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

uint32_t mlpipe__cpu_vector(void)
{
    uint32_t a, b, c, d, low, high;

    /* osxsave and avx, then what the system keeps of the registers */
    if (!__get_cpuid(1, &a, &b, &c, &d) || ~c & (1u << 27 | 1u << 28))
        return 16;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
        ~b & (1u << 3 | 1u << 5))
        return 16;
    return (low & 0xe6) == 0xe6 && !(~b & (1u << 16 | 1u << 17)) ? 64 : 32;
}
#else
uint32_t mlpipe__cpu_vector(void)
{
    return 16;
}
#endif

bool mlpipe__has_avx2(void)
{
    return mlpipe__cpu_vector() >= 32;
}

bool mlpipe__has_avx512(void)
{
    return mlpipe__cpu_vector() == 64;
}
