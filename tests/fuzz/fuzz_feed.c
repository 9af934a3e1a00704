/* SPDX-License-Identifier: MIT */
/*
 * Feeds: up to seven steps on a text, taken from the first bytes, then texts,
 * one a line. Whatever the steps are, if they are valid ones, a text gives a
 * number, a code that is there, null or a fault, and always the same.
 */
#include "fuzz.h"

#include "program/program_internal.h"

enum { STEPS = 7, TEXTS = 6, TEXT_BYTES = 24 };

typedef struct fuzz_bytes {
    const uint8_t *at, *end;
} fuzz_bytes;

static uint8_t fuzz_take(fuzz_bytes *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A text of the step: a length, then bytes, none of them NUL. */
static void fuzz_take_text(fuzz_bytes *in, char out[TEXT_BYTES + 1])
{
    uint32_t n = fuzz_take(in) % (TEXT_BYTES + 1);
    uint32_t i;

    for (i = 0; i < n; i++) {
        const uint8_t byte = fuzz_take(in);
        out[i] = (char)(byte ? byte : '%');
    }
    out[n] = 0;
}

static bool fuzz_step(mlpipe_ctx *c, fuzz_bytes *in, mlpipe__text_step *step)
{
    char bytes[TEXTS][TEXT_BYTES + 1];
    const char *texts[TEXTS];
    const uint32_t count = fuzz_take(in) % (TEXTS + 1);

    step->code = fuzz_take(in) % 48;
    step->number[0] = (int8_t)fuzz_take(in);
    step->number[1] = (int8_t)fuzz_take(in);
    for (uint32_t i = 0; i < count; i++) {
        fuzz_take_text(in, bytes[i]);
        texts[i] = bytes[i];
    }
    return mlpipe__text_step_texts(c->env, step, texts, count);
}

/* A text through the chain, twice, and through the parts of it. */
static void fuzz_text(const mlpipe__feed *f, const char *text, size_t n)
{
    const double value = mlpipe__feed_value(f, text, n);
    const double again = mlpipe__feed_value(f, text, n);
    char out[MLPIPE__FEED_BYTES];
    size_t bytes = 0;

    fuzz_require(!memcmp(&value, &again, sizeof value));
    if (f->dict && value == value && value != mlpipe__inf()) {
        fuzz_require(value >= -1 && value < f->dict->count);
        fuzz_require(value == (double)(int64_t)value);
    }
    if (!f->dict && value == value)
        fuzz_require(mlpipe__finite(value) || value == mlpipe__inf());
    if (mlpipe__feed_text(f->steps, f->step_count - !f->dict, text, n, out,
                          &bytes))
        fuzz_require(bytes <= MLPIPE__FEED_BYTES);
    else
        fuzz_require(value != value || value == mlpipe__inf());
}

static void fuzz_chain(const mlpipe__feed *f, const fuzz_bytes *in)
{
    const char *s = (const char *)in->at, *end = (const char *)in->end;

    fuzz_require(mlpipe__feed_value(f, NULL, 0) !=
                 mlpipe__feed_value(f, NULL, 0));
    while (s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        const size_t n = (size_t)((stop ? stop : end) - s);
        fuzz_text(f, s, n);
        s += n + 1;
    }
}

/* The texts that the chain makes of the input, as a fit would find them. */
static bool fuzz_dict(const mlpipe__feed *f, const fuzz_bytes *in,
                      mlpipe__dict *dict)
{
    const char *s = (const char *)in->at;
    const size_t n = (size_t)(in->end - in->at) / 2;
    char out[MLPIPE__FEED_BYTES];
    size_t bytes = 0;

    if (!n || !mlpipe__feed_text(f->steps, f->step_count, s, n, out, &bytes))
        return true;
    return mlpipe__dict_add(dict, out, bytes) != UINT32_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bytes in = {data, data + size};
    uint64_t live = 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe__feed f = {.source = MLPIPE__FEED_TEXT};
    mlpipe__dict dict;
    bool ok;

    mlpipe__dict_init(&dict, c->env);
    f.step_count = fuzz_take(&in) % (STEPS + 1);
    f.steps = mlpipe__alloc_array(c->env, STEPS, sizeof *f.steps);
    ok = f.steps != NULL;
    for (uint32_t i = 0; ok && i < f.step_count; i++)
        ok = fuzz_step(c, &in, &f.steps[i]);
    if (ok && !mlpipe__text_steps_check(f.steps, f.step_count)) {
        const uint32_t n = f.step_count;
        if (!n || !mlpipe__text_step_ends(f.steps[n - 1].code))
            f.dict = &dict;
        if (!f.dict || fuzz_dict(&f, &in, &dict))
            fuzz_chain(&f, &in);
    }
    mlpipe__text_steps_free(c->env, f.steps, f.step_count);
    mlpipe__dict_free(&dict);
    fuzz_end(c, live);
    return 0;
}
