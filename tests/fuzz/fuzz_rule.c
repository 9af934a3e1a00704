/* SPDX-License-Identifier: MIT */
/* Rules: any text is a rule with one value, or refused with a place. */
#include "fuzz.h"

#include "cycle/cycle_internal.h"

/* The names that a report has: numbers, verdicts, metrics. */
static void fuzz_names(mlpipe_ctx *c, mlpipe__report_names *n)
{
    static const char *const names[] = {
        "age", "rmse", "rmse.reference", "x.psi", "x.missing", "errors",
        "performance", "features"};
    enum { COUNT = sizeof names / sizeof *names };

    memset(n, 0, sizeof *n);
    mlpipe__dict_init(&n->names, c->env);
    n->kinds = mlpipe__alloc_array(c->env, COUNT, 1);
    n->performance = mlpipe__alloc_array(c->env, COUNT, 1);
    fuzz_require(n->kinds && n->performance);
    n->has_performance = true;
    for (uint32_t i = 0; i < COUNT; i++) {
        fuzz_require(mlpipe__dict_add(&n->names, names[i],
                                      strlen(names[i])) == i);
        n->kinds[i] = i < 6 ? MLPIPE__NAME_NUMBER : MLPIPE__NAME_VERDICT;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double pool[] = {0, 1, -1, 0.5, 1e300, 86400};
    uint64_t live = 0;
    mlpipe__report_names names;
    mlpipe_trigger *t = NULL;
    mlpipe_ctx *c = fuzz_begin(&live);
    char *text = malloc(size + 1);
    mlpipe_status st;

    fuzz_require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    fuzz_names(c, &names);
    st = mlpipe__rule_compile(c, &names, NULL, text, &t);
    if (st) {
        const char *why = mlpipe_ctx_error(c)->text;
        fuzz_require(st == MLPIPE_E_PARAM || st == MLPIPE_E_LIMIT);
        fuzz_require(!t && why[0] && mlpipe__utf8_valid(why, strlen(why)));
    }
    for (uint32_t k = 0; t && k < 8; k++) {
        double values[8], v;
        for (uint32_t i = 0; i < 8; i++) {
            values[i] = pool[(i + k) % 6];
            if (i < t->names.count && t->kinds[i] == MLPIPE__NAME_VERDICT)
                values[i] = values[i] > 0 ? 1 : 0;
            if (k == 7 || (k + i) % 5 == 0)
                values[i] = mlpipe__nan();
        }
        v = mlpipe__rule_value(t, values, t->memory, true);
        fuzz_require(v == 1 || v == 0 || v != v);
    }
    mlpipe_trigger_free(t);
    mlpipe__report_names_free(&names);
    free(text);
    fuzz_end(c, live);
    return 0;
}
