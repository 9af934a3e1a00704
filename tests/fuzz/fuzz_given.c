/* SPDX-License-Identifier: MIT */
/* What is given to a copula: what is taken holds in the rows that are drawn,
 * which have values that were seen. */
#include "fuzz.h"

#include "collect/synth_copula.h"

static mlpipe_copula *given_copula(mlpipe_ctx *c)
{
    mlpipe_dataset *d;
    mlpipe_copula *k;

    fuzz_require(!mlpipe_synth(c, "mixed", "rows=80 nulls=0.2", &d));
    fuzz_require(!mlpipe_copula_fit(
        c, d, "columns=region,plan,joined,age,income,discount,churn", &k));
    mlpipe_dataset_free(d);
    return k;
}

static void given_holds(mlpipe_ctx *c, const mlpipe_copula *k,
                        const mlpipe__copula_condition *q, const char *given)
{
    mlpipe__text t;
    mlpipe_dataset *d;

    mlpipe__text_init(&t, c->env);
    mlpipe__text_add(&t, "{\"rows\":5,\"given\":");
    mlpipe__text_json(&t, given, strlen(given));
    mlpipe__text_add(&t, "}");
    fuzz_require(!t.failed);
    if (!mlpipe_copula_sample(c, k, t.data, &d)) {
        for (uint32_t i = 0; i < k->columns; i++)
            for (int64_t row = 0; row < 5; row++) {
                const mlpipe__copula_column *of = &k->column[i];
                const mlpipe__copula_condition *v = &q[of->value];
                mlpipe__copula_column here = *of;
                mlpipe_copula view = *k;
                here.source = i;
                view.column = &here;
                const double x = mlpipe__copula_cell(&view, 0, d, row);
                if (v->clamped)
                    fuzz_require(x >= v->low && x <= v->high);
            }
        mlpipe_dataset_free(d);
    }
    mlpipe__text_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe_copula *k = given_copula(c);
    char *text = mlpipe__strdup(c->env, (const char *)data, size);
    mlpipe__copula_condition *q = mlpipe__alloc_array(
        c->env, k->variables, sizeof q[0]);

    fuzz_require(text && q);
    if (!mlpipe__copula_given(c, k, text, q)) {
        for (uint32_t i = 0; i < k->variables; i++)
            fuzz_require(!q[i].given || q[i].from <= q[i].to);
        given_holds(c, k, q, text);
    }
    mlpipe__free(c->env, text);
    mlpipe__free(c->env, q);
    mlpipe_copula_free(k);
    fuzz_end(c, live);
    return 0;
}
