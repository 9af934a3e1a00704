/* SPDX-License-Identifier: MIT */
/* The catalog: every step and call that takes parameters, and what they are. */
#include <mlpipe/mlpipe.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    mlpipe_catalog_entry e;
    mlpipe_catalog_parameter p;
    uint32_t i, k;

    for (i = 0; !mlpipe_catalog_get(i, &e); i++) {
        if (argc > 1 && strcmp(argv[1], e.name))
            continue;
        printf("%s: %s\n", e.name, e.doc);
        for (k = 0; !mlpipe_catalog_param(i, k, &p); k++) {
            printf("    %s=%s", p.name, p.initial ? p.initial : "(required)");
            if (*p.choices)
                printf("  one of %s", p.choices);
            else if (p.low < p.high)
                printf("  %g .. %g", p.low, p.high);
            printf("\n        %s\n", p.doc);
        }
    }
    return 0;
}
