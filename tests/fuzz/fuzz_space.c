/* SPDX-License-Identifier: MIT */
/*
 * Spaces of a search: what is taken is written, read and written to the same
 * bytes, and every point of it makes a recipe.
 */
#include "fuzz.h"

#include "validate/search_types.h"

static mlpipe_pipeline *space_recipe(mlpipe_ctx *c)
{
    mlpipe_pipeline *p;

    fuzz_require(!mlpipe_pipeline_new(c, "target=y", &p));
    fuzz_require(!mlpipe_pipeline_add(c, p, "impute", NULL));
    fuzz_require(!mlpipe_pipeline_add(c, p, "scale", NULL));
    fuzz_require(!mlpipe_pipeline_add(c, p, "derive",
                                      "expressions='a = x + 1'"));
    fuzz_require(!mlpipe_pipeline_add(c, p, "gbt", NULL));
    return p;
}

static void space_again(mlpipe_ctx *c, const mlpipe_pipeline *p,
                        const mlpipe__space *s)
{
    mlpipe__space again;
    mlpipe__text one, two;

    mlpipe__text_init(&one, c->env);
    mlpipe__text_init(&two, c->env);
    mlpipe__space_write(s, &one);
    fuzz_require(!mlpipe__space_parse(c, p, one.data, &again));
    mlpipe__space_write(&again, &two);
    fuzz_require(one.size == two.size &&
                 !memcmp(one.data, two.data, one.size));
    mlpipe__text_free(&two);
    mlpipe__text_free(&one);
    mlpipe__space_free(&again);
}

static void space_points(mlpipe_ctx *c, const mlpipe_pipeline *p,
                         const mlpipe__space *s)
{
    double *x = mlpipe__alloc_array(c->env, s->count, sizeof *x);

    fuzz_require(x != NULL && mlpipe__grid_size(s, 3) > 0);
    for (uint32_t i = 0; i < 4; i++) {
        mlpipe_pipeline *made;
        mlpipe_status st;

        if (i < 3)
            mlpipe__space_random(s, 1, i, x);
        else
            mlpipe__grid_point(s, 3, 0, x);
        for (uint32_t k = 0; k < s->count; k++)
            fuzz_require(s->dims[k].kind == MLPIPE__DIM_LIST
                             ? x[k] < s->dims[k].count
                             : x[k] >= s->dims[k].low &&
                                   x[k] <= s->dims[k].high);
        st = mlpipe__space_apply(c, s, p, x, &made);
        fuzz_require(!st == (made != NULL)); /* values may contradict */
        mlpipe_pipeline_free(made);
    }
    mlpipe__free(c->env, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe_pipeline *p = space_recipe(c);
    char *text = mlpipe__strdup(c->env, (const char *)data, size);
    mlpipe__space s;

    fuzz_require(text != NULL);
    if (!mlpipe__space_parse(c, p, text, &s)) {
        space_again(c, p, &s);
        space_points(c, p, &s);
        mlpipe__space_free(&s);
    }
    mlpipe__free(c->env, text);
    mlpipe_pipeline_free(p);
    fuzz_end(c, live);
    return 0;
}
