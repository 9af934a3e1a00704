/* SPDX-License-Identifier: MIT */
/* Detectors: what all kinds share. A detector is one block of memory. */
#include "detector_internal.h"

struct mlpipe_detector {
    mlpipe__env *env;
    const mlpipe__detector_kind *kind;
    mlpipe__text params; /* as JSON, with all defaults */
    double low, high;    /* of the kind, at hand */
    /* what values change */
    double n;        /* values since it began */
    uint64_t before; /* values up to then */
    uint64_t ignored, alarms, warnings;
    int32_t last;   /* what was said of the last value */
    double state[]; /* the kind's struct, of doubles and uint64_t */
};

static const mlpipe__detector_kind *const detector_kinds[] = {
    &mlpipe__detector_adwin,
    &mlpipe__detector_ddm,
    &mlpipe__detector_e,
    &mlpipe__detector_hddm_a,
    &mlpipe__detector_page_hinkley,
};
enum { DETECTOR_KINDS = sizeof detector_kinds / sizeof *detector_kinds };

const mlpipe__detector_kind *mlpipe__detector_kind_at(uint32_t i)
{
    return i < DETECTOR_KINDS ? detector_kinds[i] : NULL;
}

static const mlpipe__detector_kind *detector_find(const char *name)
{
    for (uint32_t i = 0; i < DETECTOR_KINDS; i++)
        if (!strcmp(detector_kinds[i]->name, name))
            return detector_kinds[i];
    return NULL;
}

static mlpipe_status detector_unknown(mlpipe_ctx *ctx, const char *name)
{
    const char *names[DETECTOR_KINDS], *near;
    char list[256];
    size_t size = 0;

    for (uint32_t i = 0; i < DETECTOR_KINDS; i++) {
        names[i] = detector_kinds[i]->name;
        size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                               i ? ", " : "", names[i]);
    }
    near = mlpipe__nearest(name, strlen(name), names, DETECTOR_KINDS);
    if (near)
        return mlpipe__fail(
            ctx, MLPIPE_E_PARAM,
            "no detector %q; did you mean \"%s\"? There are: %s", name, near,
            list);
    return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                        "no detector %q; there are: %s", name, list);
}

/* ---- making ------------------------------------------------------------- */

/* The words that values change, as they are before the first one. */
static void detector_start(mlpipe_detector *d)
{
    const mlpipe__detector_kind *k = d->kind;

    memset((char *)d->state + k->fixed, 0, k->bytes - k->fixed);
    if (k->start)
        k->start(d->state);
    d->before += (uint64_t)d->n;
    d->n = 0;
    d->last = MLPIPE_DETECTOR_NONE;
}

static mlpipe_status detector_make(mlpipe_ctx *ctx,
                                   const mlpipe__detector_kind *kind,
                                   const char *text, mlpipe_detector **out)
{
    mlpipe_detector *d = NULL;
    mlpipe__params p = {0};
    mlpipe_status st = mlpipe__params_parse(ctx, kind->name, kind->params,
                                            *kind->param_count, text, &p);
    if (st)
        return st;
    d = mlpipe__alloc(ctx->env, sizeof *d + kind->bytes);
    if (!d) {
        st = mlpipe__nomem(ctx);
        goto done;
    }
    d->env = mlpipe__env_keep(ctx->env);
    d->kind = kind;
    d->low = kind->low;
    d->high = kind->high;
    mlpipe__text_init(&d->params, d->env);
    mlpipe__params_json(&p, &d->params);
    st = d->params.failed ? mlpipe__nomem(ctx)
                          : kind->init(ctx, &p, d->state);
    if (st)
        goto done;
    detector_start(d);
    *out = d;
    d = NULL;
done:
    mlpipe__params_free(&p);
    mlpipe_detector_free(d);
    return st;
}

mlpipe_status mlpipe_detector_new(mlpipe_ctx *ctx, const char *kind,
                                  const char *params, mlpipe_detector **out)
{
    const mlpipe__detector_kind *k = NULL;
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_detector_new");

    if (out)
        *out = NULL;
    if (!st && !kind)
        st = mlpipe__null_arg(ctx, "kind");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st) {
        k = detector_find(kind);
        st = k ? detector_make(ctx, k, params, out)
               : detector_unknown(ctx, kind);
    }
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe__detector_of_text(mlpipe_ctx *ctx, const char *text,
                                       mlpipe_detector **out)
{
    char name[64];
    size_t n = 0;

    *out = NULL;
    while (*text == ' ')
        text++;
    while (text[n] && text[n] != ' ' && n < sizeof name - 1)
        n++;
    memcpy(name, text, n);
    name[n] = 0;
    return mlpipe_detector_new(ctx, name, text + n, out);
}

const char *mlpipe__detector_name(const mlpipe_detector *d)
{
    return d->kind->name;
}

const char *mlpipe__detector_params(const mlpipe_detector *d)
{
    return d->params.data;
}

void mlpipe_detector_free(mlpipe_detector *detector)
{
    mlpipe__env *env;

    if (!detector)
        return;
    env = detector->env;
    mlpipe__text_free(&detector->params);
    mlpipe__free(env, detector);
    mlpipe__env_drop(env);
}

void mlpipe_detector_reset(mlpipe_detector *detector)
{
    if (!detector)
        return;
    detector_start(detector);
    detector->before = 0;
    detector->ignored = detector->alarms = detector->warnings = 0;
}

/* ---- values ------------------------------------------------------------- */

static inline int32_t detector_take(mlpipe_detector *d, double x)
{
    /* Written so that NaN is refused too. */
    if (!(x >= d->low && x <= d->high)) {
        d->ignored++;
        return MLPIPE_DETECTOR_NONE;
    }
    if (d->last == MLPIPE_DETECTOR_DRIFT)
        detector_start(d);
    d->n += 1;
    d->last = d->kind->update(d->state, x, d->n);
    d->warnings += d->last == MLPIPE_DETECTOR_WARN;
    d->alarms += d->last == MLPIPE_DETECTOR_DRIFT;
    return d->last;
}

int32_t mlpipe_detector_update(mlpipe_detector *detector, double x)
{
    uint32_t saved;
    int32_t said;

    if (!detector)
        return MLPIPE_DETECTOR_NONE;
    saved = mlpipe__fp_enter();
    said = detector_take(detector, x);
    mlpipe__fp_leave(saved);
    return said;
}

uint64_t mlpipe_detector_update_batch(mlpipe_detector *detector,
                                      const double *x, uint64_t n,
                                      int32_t *states, uint64_t *first)
{
    uint64_t alarms = 0, i, found = n;
    uint32_t saved;

    if (first)
        *first = n;
    if (!detector || !x)
        return 0;
    saved = mlpipe__fp_enter();
    for (i = 0; i < n; i++) {
        const int32_t said = detector_take(detector, x[i]);

        if (states)
            states[i] = said;
        if (said == MLPIPE_DETECTOR_DRIFT && !alarms++)
            found = i;
    }
    mlpipe__fp_leave(saved);
    if (first)
        *first = found;
    return alarms;
}

double mlpipe_detector_get(const mlpipe_detector *detector, const char *name)
{
    double x = mlpipe__nan();

    if (!detector || !name)
        return x;
    if (!strcmp(name, "n"))
        return detector->n;
    if (!strcmp(name, "values"))
        return (double)detector->before + detector->n;
    if (!strcmp(name, "ignored"))
        return (double)detector->ignored;
    if (!strcmp(name, "alarms"))
        return (double)detector->alarms;
    if (!strcmp(name, "warnings"))
        return (double)detector->warnings;
    if (!strcmp(name, "state"))
        return detector->last;
    detector->kind->get(detector->state, name, detector->n, &x);
    return x;
}

double mlpipe__detector_mde(const mlpipe_detector *d, double n,
                            double variance)
{
    return d && d->kind->mde ? d->kind->mde(d->state, n, variance)
                             : mlpipe__nan();
}

/* ---- bytes -------------------------------------------------------------- */

static const char detector_section[] = "DTCT"; /* and the container's kind */

static uint32_t detector_words(const mlpipe__detector_kind *k)
{
    return (k->bytes - k->fixed) / 8;
}

static void detector_put(const mlpipe_detector *d, mlpipe__text *out)
{
    const mlpipe__detector_kind *k = d->kind;
    const uint32_t words = detector_words(k);
    const char *at = (const char *)d->state + k->fixed;

    mlpipe__put_text(out, k->name, strlen(k->name));
    mlpipe__put_u32(out, k->version);
    mlpipe__put_text(out, d->params.data, d->params.size);
    mlpipe__put_u32(out, (uint32_t)d->last);
    mlpipe__put_f64(out, d->n);
    mlpipe__put_u64(out, d->before);
    mlpipe__put_u64(out, d->ignored);
    mlpipe__put_u64(out, d->alarms);
    mlpipe__put_u64(out, d->warnings);
    for (uint32_t i = 0; i < words; i++, at += 8) {
        uint64_t word;

        memcpy(&word, at, 8);
        mlpipe__put_u64(out, word);
    }
}

mlpipe_status mlpipe_detector_bytes(mlpipe_ctx *ctx,
                                   const mlpipe_detector *detector,
                                   mlpipe_buffer **out)
{
    mlpipe__text record = {0}, bytes = {0};
    mlpipe__container b = {0};
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_detector_bytes");

    if (out)
        *out = NULL;
    if (!st && !detector)
        st = mlpipe__null_arg(ctx, "detector");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (st)
        return mlpipe__end(ctx, st);
    mlpipe__text_init(&record, ctx->env);
    mlpipe__text_init(&bytes, ctx->env);
    mlpipe__container_init(&b, ctx->env);
    detector_put(detector, &record);
    if (record.failed)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__container_add(ctx, &b, detector_section,
                                   MLPIPE__SECTION_REQUIRED, record.data,
                                   record.size);
    if (!st)
        st = mlpipe__container_write(ctx, &b, detector_section, &bytes);
    if (!st)
        st = mlpipe__text_give(ctx, &bytes, out);
    mlpipe__container_free(&b);
    mlpipe__text_free(&bytes);
    mlpipe__text_free(&record);
    return mlpipe__end(ctx, st);
}

static mlpipe_status detector_damaged(mlpipe_ctx *ctx, const char *what)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "a saved detector is damaged: %s; take it from its "
                        "source or a backup", what);
}

/* Counts and words into a detector that was just made. */
static mlpipe_status detector_get_words(mlpipe_ctx *ctx, mlpipe__cursor *in,
                                        uint32_t last, mlpipe_detector *d)
{
    const mlpipe__detector_kind *k = d->kind;
    const uint32_t words = detector_words(k);
    char *at = (char *)d->state + k->fixed;
    const double most = 9007199254740992.0; /* 2^53: n counts no further */

    d->last = (int32_t)last;
    d->n = mlpipe__get_f64(in);
    d->before = mlpipe__get_u64(in);
    d->ignored = mlpipe__get_u64(in);
    d->alarms = mlpipe__get_u64(in);
    d->warnings = mlpipe__get_u64(in);
    for (uint32_t i = 0; i < words; i++, at += 8) {
        const uint64_t word = mlpipe__get_u64(in);

        memcpy(at, &word, 8);
    }
    if (!mlpipe__cursor_done(in))
        return detector_damaged(ctx, "its size");
    if (!(d->n >= 0 && d->n <= most) || (double)(uint64_t)d->n != d->n ||
        last > MLPIPE_DETECTOR_DRIFT || (last && d->n <= 0))
        return detector_damaged(ctx, "its counts");
    if (!k->valid(d->state, d->n, d->last))
        return detector_damaged(ctx, "no values lead to its state");
    return MLPIPE_OK;
}

static mlpipe_status detector_read(mlpipe_ctx *ctx, const void *data,
                                   size_t bytes, mlpipe_detector **out)
{
    const mlpipe__detector_kind *k;
    mlpipe_detector *d = NULL;
    const char *name, *params;
    mlpipe__cursor in;
    uint32_t version, last, name_bytes, params_bytes;
    mlpipe_status st;

    mlpipe__cursor_init(&in, data, bytes);
    name = mlpipe__get_text(&in, &name_bytes);
    version = mlpipe__get_u32(&in);
    params = mlpipe__get_text(&in, &params_bytes);
    last = mlpipe__get_u32(&in);
    if (in.failed)
        return detector_damaged(ctx, "its size");
    k = detector_find(name);
    if (!k || version != k->version || strlen(name) != name_bytes)
        return mlpipe__fail(ctx, MLPIPE_E_VERSION,
                            "a saved detector is %q of version %u, which this "
                            "library does not know; take a newer one",
                            name, version);
    st = detector_make(ctx, k, params, &d);
    if (st)
        return st == MLPIPE_E_NOMEM ? st
                                    : detector_damaged(ctx, "its parameters");
    /* One state has one text, so that equal detectors have equal bytes. */
    if (params_bytes != d->params.size ||
        memcmp(params, d->params.data, params_bytes) != 0)
        st = detector_damaged(ctx, "its parameters");
    if (!st)
        st = detector_get_words(ctx, &in, last, d);
    if (st)
        mlpipe_detector_free(d);
    else
        *out = d;
    return st;
}

mlpipe_status mlpipe_detector_load_bytes(mlpipe_ctx *ctx, const void *bytes,
                                         size_t size, mlpipe_detector **out)
{
    const mlpipe__section *s;
    mlpipe__container b = {0};
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_detector_load_bytes");

    if (out)
        *out = NULL;
    if (!st && !bytes)
        st = mlpipe__null_arg(ctx, "bytes");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = mlpipe__container_read(ctx, detector_section, bytes, size, &b);
    if (!st)
        st = mlpipe__container_known(ctx, &b, detector_section);
    if (!st) {
        s = mlpipe__container_find(&b, detector_section);
        st = s ? detector_read(ctx, s->data, s->bytes, out)
               : detector_damaged(ctx, "it has no section DTCT");
    }
    mlpipe__container_free(&b);
    return mlpipe__end(ctx, st);
}
