/* SPDX-License-Identifier: MIT */
/* Prints one line `area hash` for each area; see determinism.h. */
#include "determinism.h"

#include <stdio.h>

/* FNV-1a, 64 bits: integers only, so that it is above suspicion. */
void det_add(det_hash *h, const void *bytes, size_t size)
{
    const unsigned char *const b = bytes;
    for (size_t i = 0; i < size; ++i)
        h->value = (h->value ^ b[i]) * UINT64_C(0x100000001b3);
}

void det_add_f64(det_hash *h, double x)
{
    det_add(h, &x, sizeof x);
}

uint64_t det_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double det_unit(uint64_t *state)
{
    return (double)(det_bits(state) >> 11) * 0x1p-53;
}

static const struct {
    const char *name;
    void (*run)(det_hash *h);
} areas[] = {
    {"math", det_math}, {"math_more", det_math_more},
    {"dist", det_dist}, {"exact", det_exact},
    {"stats", det_stats}, {"metrics", det_metrics}, {"linear", det_linear},
    {"program", det_program}, {"model", det_model},
};

int main(void)
{
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; ++i) {
        det_hash h = {UINT64_C(0xcbf29ce484222325)};
        areas[i].run(&h);
        printf("%s %016llx\n", areas[i].name, (unsigned long long)h.value);
    }
    return 0;
}
