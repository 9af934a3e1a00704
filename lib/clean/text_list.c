/* SPDX-License-Identifier: MIT */
/* Lists of texts in one parameter: "a,b" and "old:new,old:new". */
#include "clean_internal.h"

typedef struct text_list_run {
    const mlpipe__job *job;
    const char *param, *text;
    size_t size, at;
    bool pairs;
    mlpipe__text_list *out;
} text_list_run;

static mlpipe_status text_list_fail(const text_list_run *r, size_t at,
                                    const char *why)
{
    char caret[MLPIPE__CARET_BYTES];

    mlpipe__caret(r->text, r->size, at, caret);
    return mlpipe__fail(r->job->ctx, MLPIPE_E_PARAM,
                        "%s: %s= %s; texts with , : or ` in them are written "
                        "`in backticks`%s",
                        r->job->name, r->param, why, caret);
}

static void text_list_blanks(text_list_run *r)
{
    while (r->at < r->size && r->text[r->at] == ' ')
        r->at++;
}

static bool text_list_ends(const text_list_run *r)
{
    const char c = r->at < r->size ? r->text[r->at] : ',';

    return c == ',' || (r->pairs && c == ':');
}

/* A text in backticks, without them, into out, which has room for all. */
static mlpipe_status text_list_quoted(text_list_run *r, char *out, size_t *n)
{
    const size_t start = r->at++;

    for (;; r->at++) {
        if (r->at == r->size)
            return text_list_fail(r, start, "has a ` that is never closed");
        if (r->text[r->at] == '`' && r->text[++r->at] != '`')
            break;
        out[(*n)++] = r->text[r->at];
    }
    text_list_blanks(r);
    return text_list_ends(r)
               ? MLPIPE_OK
               : text_list_fail(r, r->at, "goes on behind a closing `");
}

static mlpipe_status text_list_bare(text_list_run *r, char *out, size_t *n)
{
    const size_t start = r->at;

    for (; !text_list_ends(r); r->at++) {
        if (r->text[r->at] == '`')
            return text_list_fail(r, r->at, "has a ` amid a text");
        out[(*n)++] = r->text[r->at];
    }
    while (*n && out[*n - 1] == ' ')
        --*n;
    return *n ? MLPIPE_OK
              : text_list_fail(r, start, "lacks a text; an empty one is ``");
}

static mlpipe_status text_list_one(text_list_run *r, char *scratch)
{
    mlpipe__text_list *list = r->out;
    const size_t start = r->at;
    size_t n = 0;
    mlpipe_status st;

    text_list_blanks(r);
    st = r->at < r->size && r->text[r->at] == '`'
             ? text_list_quoted(r, scratch, &n)
             : text_list_bare(r, scratch, &n);
    if (!st && n > MLPIPE__FEED_BYTES)
        st = text_list_fail(r, start, "has a text of more than 4096 bytes");
    if (st)
        return st;
    if (list->count % 16 == 0) {
        char **grown = mlpipe__grow(list->env, list->texts,
                                    (size_t)list->count + 16, sizeof *grown);
        if (!grown)
            return mlpipe__nomem(r->job->ctx);
        list->texts = grown;
    }
    list->texts[list->count] = mlpipe__strdup(list->env, scratch, n);
    if (!list->texts[list->count])
        return mlpipe__nomem(r->job->ctx);
    list->count++;
    return MLPIPE_OK;
}

static mlpipe_status text_list_items(text_list_run *r, char *scratch)
{
    mlpipe_status st = text_list_one(r, scratch);

    while (!st && r->pairs) {
        if (r->at == r->size || r->text[r->at] != ':')
            return text_list_fail(r, r->at, "lacks a : between old and new");
        r->at++;
        st = text_list_one(r, scratch);
        if (st || r->at == r->size)
            return st;
        if (r->text[r->at] != ',')
            return text_list_fail(r, r->at, "has two : in one pair");
        r->at++;
        st = text_list_one(r, scratch);
    }
    while (!st && r->at < r->size) {
        r->at++;
        st = text_list_one(r, scratch);
    }
    return st;
}

mlpipe_status mlpipe__text_list_parse(const mlpipe__job *job,
                                      const char *param, bool pairs,
                                      mlpipe__text_list *out)
{
    text_list_run r = {.job = job, .param = param, .pairs = pairs,
                       .out = out};
    char *scratch;
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    out->env = job->ctx->env;
    r.text = mlpipe__params_get(job->params, param)->text;
    r.size = strlen(r.text);
    if (!r.size)
        return MLPIPE_OK;
    scratch = mlpipe__alloc(out->env, r.size);
    if (!scratch)
        return mlpipe__nomem(job->ctx);
    st = text_list_items(&r, scratch);
    mlpipe__free(out->env, scratch);
    return st;
}

void mlpipe__text_list_free(mlpipe__text_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        mlpipe__free(list->env, list->texts[i]);
    mlpipe__free(list->env, list->texts);
    memset(list, 0, sizeof *list);
}
