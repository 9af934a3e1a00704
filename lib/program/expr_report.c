/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with an expression, to whom it is told: the first error to
 * the context, all findings to a sink where there is one, lints else to the
 * log.
 */
#include "expr_internal.h"

enum { REPORT_BYTES = 640, REPORT_HELP = 320 };

static mlpipe_status expr_status_of(int32_t detail)
{
    switch (detail) {
    case MLPIPE_DETAIL_TOO_LONG:
    case MLPIPE_DETAIL_TOO_DEEP:
    case MLPIPE_DETAIL_TOO_MANY:
        return MLPIPE_E_LIMIT;
    case MLPIPE_DETAIL_LEAK:
        return MLPIPE_E_LEAK;
    default:
        return MLPIPE_E_PARAM;
    }
}

static void expr_tell(mlpipe__expr *e, const mlpipe__expr_finding *f)
{
    if (e->sink)
        e->sink->found(e->sink->user, f);
}

enum { REPORT_PLACE = 80 };

/* Where in the text: its byte, and line and column where it has several. */
static void expr_place(const mlpipe__expr *e, size_t at,
                       char out[REPORT_PLACE])
{
    uint32_t line, column;

    if (!memchr(e->text, '\n', e->bytes)) {
        mlpipe__format(out, REPORT_PLACE, "byte %zu", at);
        return;
    }
    mlpipe__line_column(e->text, e->bytes, at, &line, &column);
    mlpipe__format(out, REPORT_PLACE, "line %u, column %u (byte %zu)", line,
                   column, at);
}

static void expr_set(mlpipe__expr *e, const mlpipe__expr_finding *f)
{
    char caret[MLPIPE__CARET_BYTES], place[REPORT_PLACE];

    expr_place(e, f->at, place);
    mlpipe__caret(e->text, e->bytes, f->at, caret);
    e->status = mlpipe__fail(e->ctx, f->status,
                             "%s, %s: %s%s%s%s", e->owner, place,
                             f->message, caret, f->help[0] ? "\nhelp: " : "",
                             f->help);
    mlpipe__fail_detail(e->ctx, f->detail);
}

/* Behind an error a part of the text is read again: once is enough. */
static bool expr_is_told(const mlpipe__expr *e, int32_t detail, size_t at)
{
    for (uint32_t i = 0; i < e->errors; i++)
        if (e->told[i].detail == detail && e->told[i].at == at)
            return true;
    return false;
}

void mlpipe__expr_error(mlpipe__expr *e, int32_t detail, size_t at,
                        size_t length, const char *help, const char *format,
                        ...)
{
    char message[REPORT_BYTES], short_help[REPORT_HELP];
    const mlpipe__expr_finding f = {
        detail, false, expr_status_of(detail), at, length, message,
        short_help};
    va_list args;

    if (e->stop || expr_is_told(e, detail, at))
        return;
    va_start(args, format);
    mlpipe__vformat(message, sizeof message, format, args);
    va_end(args);
    mlpipe__format(short_help, sizeof short_help, "%s", help);
    if (!e->status)
        expr_set(e, &f);
    expr_tell(e, &f);
    e->told[e->errors].detail = detail;
    e->told[e->errors++].at = at;
    e->stop = !e->sink || e->errors >= EXPR_ERRORS ||
              f.status == MLPIPE_E_LIMIT;
}

void mlpipe__expr_first_keep(const mlpipe__expr *e, mlpipe__expr_first *first)
{
    const mlpipe_error *error = mlpipe_ctx_error(e->ctx);

    mlpipe__format(first->text, sizeof first->text, "%s", error->text);
    mlpipe__format(first->column, sizeof first->column, "%s", error->column);
    first->row = error->row;
    first->detail = error->detail;
}

void mlpipe__expr_below(mlpipe__expr *e, mlpipe_status st,
                        const mlpipe__expr_first *first, size_t at,
                        size_t length)
{
    const mlpipe__expr_finding f = {
        st == MLPIPE_E_LIMIT ? MLPIPE_DETAIL_TOO_MANY : MLPIPE_DETAIL_NO_TEXT,
        false, st, at, length, mlpipe_ctx_error(e->ctx)->text, ""};

    e->stop = true;
    if (st != MLPIPE_E_LIMIT && st != MLPIPE_E_PARAM) {
        e->status = st; /* no memory, or stopped: no finding, but the end */
        return;
    }
    expr_tell(e, &f);
    e->errors++;
    if (!e->status) {
        e->status = mlpipe__fail_detail(e->ctx, f.detail);
        return;
    }
    mlpipe__fail(e->ctx, e->status, "%s", first->text);
    mlpipe__fail_at(e->ctx, first->row, first->column);
    mlpipe__fail_detail(e->ctx, first->detail);
}

bool mlpipe__expr_unexpected(mlpipe__expr *e, const char *help,
                             const char *message)
{
    const char *foreign = mlpipe__expr_foreign(e, e->token.at,
                                               e->token.length);

    if (e->token.kind != EXPR_BAD)
        mlpipe__expr_error(e, MLPIPE_DETAIL_SYNTAX, e->token.at,
                           e->token.length, foreign ? foreign : help, "%s",
                           message);
    return false;
}

void mlpipe__expr_lint(mlpipe__expr *e, int32_t detail, size_t at,
                       size_t length, const char *help, const char *format,
                       ...)
{
    char message[REPORT_BYTES], caret[MLPIPE__CARET_BYTES];
    char place[REPORT_PLACE];
    const mlpipe__expr_finding f = {
        detail, true, MLPIPE_E_PARAM, at, length, message, help};
    va_list args;

    if (e->stop)
        return;
    va_start(args, format);
    mlpipe__vformat(message, sizeof message, format, args);
    va_end(args);
    if (e->sink) {
        expr_tell(e, &f);
        return;
    }
    expr_place(e, at, place);
    mlpipe__caret(e->text, e->bytes, at, caret);
    mlpipe__log_line(e->ctx, MLPIPE_LOG_WARN, "lint", "%s, %s: %s%s%s%s",
                     e->owner, place, message, caret, help[0] ? "\nhelp: " : "",
                     help);
}

void mlpipe__expr_nomem(mlpipe__expr *e)
{
    if (e->status != MLPIPE_E_NOMEM)
        e->status = mlpipe__nomem(e->ctx);
    e->stop = true;
}

bool mlpipe__expr_room(mlpipe__expr *e, void *array, uint32_t count,
                       uint32_t more, uint32_t *room, size_t bytes)
{
    uint64_t want = (uint64_t)count + more;
    void *old, *grown;

    if (want <= *room)
        return true;
    want = want < 16 ? 16 : want + want / 2;
    memcpy(&old, array, sizeof old);
    grown = want > UINT32_MAX / 2
                ? NULL
                : mlpipe__grow(e->env, old, (size_t)want, bytes);
    if (!grown) {
        mlpipe__expr_nomem(e);
        return false;
    }
    memcpy(array, &grown, sizeof grown);
    *room = (uint32_t)want;
    return true;
}

size_t mlpipe__expr_keep(mlpipe__expr *e, const char *s, size_t n)
{
    const size_t at = e->texts.size;

    mlpipe__text_put(&e->texts, s, n);
    mlpipe__text_put(&e->texts, "", 1);
    if (e->texts.failed) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    return at;
}
