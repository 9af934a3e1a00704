/* SPDX-License-Identifier: MIT */
/* Evaluations and notes that go with a model: each makes another model, which
 * shares all else with the first. */
#include "fit_types.h"

enum { ATTACH_MAX = 4096, ATTACH_NOTE_BYTES = 65536 };

/* Names of notes, which are also where they stand in the card. */
static const char *const attach_notes[] = {
    "name", "overview", "version", "documentation", "owner", "license",
    "reference", "citation", "intended_use", "users", "limitations",
    "tradeoffs", "ethics",
};
enum { ATTACH_NOTES = sizeof attach_notes / sizeof *attach_notes };

bool mlpipe__report_is_note(const mlpipe_report *r)
{
    return !strcmp(mlpipe__report_kind(r), "note");
}

/* The model with one more report, or with one less; either may be NULL. */
static mlpipe_status attach_copy(mlpipe_ctx *ctx, const mlpipe_model *model,
                                 const mlpipe_report *report,
                                 const mlpipe_report *without,
                                 mlpipe_model **out)
{
    mlpipe_model *m;
    uint32_t i;
    mlpipe_status st;
    if (report && !without && model->attached_count >= ATTACH_MAX)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the model has %u reports and notes already, "
                            "which is the limit; attach to the model that "
                            "was fitted",
                            model->attached_count);
    m = mlpipe__alloc(ctx->env, sizeof *m);
    if (!m)
        return mlpipe__nomem(ctx);
    /* all but the counter, which others may be counting on right now */
    memcpy((char *)m + offsetof(mlpipe_model, env),
           (const char *)model + offsetof(mlpipe_model, env),
           sizeof *m - offsetof(mlpipe_model, env));
    atomic_init(&m->refs, 1);
    m->env = mlpipe__env_keep(ctx->env);
    m->root = mlpipe__model_keep(model->root ? model->root : model);
    m->attached_count = 0;
    m->attached = mlpipe__alloc_array(
        ctx->env, (size_t)model->attached_count + 1, sizeof *m->attached);
    if (m->attached) {
        for (i = 0; i < model->attached_count; i++)
            if (model->attached[i] != without)
                m->attached[m->attached_count++] =
                    mlpipe__report_keep(model->attached[i]);
        if (report)
            m->attached[m->attached_count++] = mlpipe__report_keep(report);
        st = mlpipe__model_identify(ctx, m);
    } else {
        st = mlpipe__nomem(ctx);
    }
    if (st) {
        mlpipe_model_free(m);
        return st;
    }
    *out = m;
    return MLPIPE_OK;
}

static mlpipe_status attach_report(mlpipe_ctx *ctx, const mlpipe_model *model,
                                   const mlpipe_report *report,
                                   mlpipe_model **out)
{
    const char *fit = mlpipe_report_text(report, "fit");
    const char *kind = mlpipe__report_kind(report);
    if (strcmp(kind, "evaluation"))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "the report is one of kind %q, and models keep "
                            "evaluations alone; attach what mlpipe_evaluate "
                            "said of this model",
                            kind);
    if (!fit || strcmp(fit, model->fit_id))
        return mlpipe__fail(ctx, MLPIPE_E_ARG,
                            "the report is an evaluation of %s, and "
                            "the model is %s; attach what mlpipe_evaluate "
                            "said of this model",
                            fit && fit[0] ? fit : "a model without a name",
                            model->fit_id);
    return attach_copy(ctx, model, report, NULL, out);
}

mlpipe_status mlpipe_model_attach(mlpipe_ctx *ctx, const mlpipe_model *model,
                                  const mlpipe_report *report,
                                  mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_attach");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !report)
        st = mlpipe__null_arg(ctx, "report");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = attach_report(ctx, model, report, out);
    return mlpipe__end(ctx, st);
}

/* ---- notes -------------------------------------------------------------- */

static mlpipe_status attach_note_check(mlpipe_ctx *ctx, const char *name,
                                       const char *text)
{
    const size_t bytes = strlen(text);
    const char *near;
    bool known = false;
    for (uint32_t i = 0; i < ATTACH_NOTES; i++)
        known = known || !strcmp(name, attach_notes[i]);
    near = mlpipe__nearest(name, strlen(name), attach_notes, ATTACH_NOTES);
    if (!known && near)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "there is no note %q; did you mean \"%s\"?",
                            name, near);
    if (!known)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "there is no note %q; there are name, overview, "
                            "version, documentation, owner, license, "
                            "reference, citation, intended_use, users, "
                            "limitations, tradeoffs and ethics",
                            name);
    if (bytes > ATTACH_NOTE_BYTES)
        return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                            "the note %s has %zu bytes; the limit is %d",
                            name, bytes, ATTACH_NOTE_BYTES);
    if (!mlpipe__utf8_valid(text, bytes))
        return mlpipe__fail(ctx, MLPIPE_E_FORMAT, "the note %s is not UTF-8",
                            name);
    return MLPIPE_OK;
}

static mlpipe_status attach_note(mlpipe_ctx *ctx, const mlpipe_model *model,
                                 const char *name, const char *text,
                                 mlpipe_model **out)
{
    const mlpipe_report *without = NULL;
    mlpipe_report *note = NULL, *made;
    mlpipe_status st = attach_note_check(ctx, name, text);
    for (uint32_t i = 0; i < model->attached_count; i++)
        if (mlpipe__report_is_note(model->attached[i]) &&
            mlpipe_report_text(model->attached[i], name))
            without = model->attached[i];
    if (!st && text[0]) {
        made = mlpipe__report_new(ctx->env, "note");
        if (made)
            mlpipe__report_text(made, name, text, strlen(text));
        st = mlpipe__report_seal(ctx, made, &note);
    }
    if (!st)
        st = attach_copy(ctx, model, note, without, out);
    mlpipe_report_free(note);
    return st;
}

mlpipe_status mlpipe_model_note(mlpipe_ctx *ctx, const mlpipe_model *model,
                                const char *name, const char *text,
                                mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_model_note");
    if (out)
        *out = NULL;
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !name)
        st = mlpipe__null_arg(ctx, "name");
    if (!st && !text)
        st = mlpipe__null_arg(ctx, "text");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = attach_note(ctx, model, name, text, out);
    return mlpipe__end(ctx, st);
}
