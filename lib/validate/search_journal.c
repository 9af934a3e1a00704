/* SPDX-License-Identifier: MIT */
/*
 * The journal of a search: JSON lines, each with a hash of what stands before
 * it. The first tells which search it is; every other one is an evaluation,
 * synced before the next begins. A search that is run again on its journal
 * makes the same suggestions and takes their scores from there. A line that a
 * crash tore is cut; a damaged one with good lines behind it is an error.
 */
#include "search_types.h"

enum { JOURNAL_SEAL = 27 }; /* ,"hash":"0123456789abcdef"} */
static const uint64_t journal_bytes_max = UINT64_C(1) << 30;

/* ---- lines --------------------------------------------------------------- */

static void journal_seal(const char *data, size_t n,
                         char out[JOURNAL_SEAL + 1])
{
    const uint64_t hash = mlpipe__hash64(data, n, 0);
    char hex[17];
    for (int i = 0; i < 16; i++)
        hex[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    hex[16] = 0;
    mlpipe__format(out, JOURNAL_SEAL + 1, ",\"hash\":\"%s\"}", hex);
}

/* Is this line, without its end, whole? */
static bool journal_whole(const char *line, size_t n)
{
    char seal[JOURNAL_SEAL + 1];
    if (n <= JOURNAL_SEAL)
        return false;
    journal_seal(line, n - JOURNAL_SEAL, seal);
    return !memcmp(line + n - JOURNAL_SEAL, seal, JOURNAL_SEAL);
}

/* Bytes of the line at `at` without its end; whether it has one. */
static size_t journal_line(const mlpipe__journal *j, size_t at, bool *ended)
{
    const char *end = memchr(j->data + at, '\n', j->bytes - at);
    *ended = end != NULL;
    return end ? (size_t)(end - (j->data + at)) : j->bytes - at;
}

static mlpipe_status journal_no_file(mlpipe__search *s, int32_t result,
                                     const char *what)
{
    mlpipe__fail(s->ctx, MLPIPE_E_IO, "the journal %q %s; name a file",
                 s->journal.path, what);
    mlpipe__fail_detail(s->ctx, result);
    return mlpipe__fail_where(s->ctx, s->journal.path);
}

static mlpipe_status journal_write(mlpipe__search *s, mlpipe__text *line)
{
    mlpipe__journal *j = &s->journal;
    const mlpipe_io *io = &s->ctx->env->io;
    char seal[JOURNAL_SEAL + 1];
    void *file = NULL;
    int32_t got, closed;
    bool cut;
    if (line->failed)
        return mlpipe__nomem(s->ctx);
    journal_seal(line->data, line->size, seal);
    mlpipe__text_add(line, "%s\n", seal);
    if (line->failed)
        return mlpipe__nomem(s->ctx);
    got = io->open(io->user, j->path, MLPIPE_IO_APPEND, &file);
    if (got != MLPIPE_IO_OK)
        return mlpipe__io_fail(s->ctx, got, "write", j->path);
    got = io->truncate(io->user, file, j->keep);
    cut = got == MLPIPE_IO_OK;
    if (cut)
        got = io->write(io->user, file, line->data, line->size);
    if (got == MLPIPE_IO_OK)
        got = io->sync(io->user, file);
    closed = io->close(io->user, file);
    if (got == MLPIPE_IO_OK)
        got = closed;
    if (got == MLPIPE_IO_FAILED && !cut)
        return journal_no_file(s, got,
                               "has a length that cannot be set, as that of "
                               "a device or a pipe, or its disk refused");
    if (got != MLPIPE_IO_OK)
        return mlpipe__io_fail(s->ctx, got, "write", j->path);
    j->keep += line->size;
    return MLPIPE_OK;
}

/* ---- which search it is -------------------------------------------------- */

static void journal_member(mlpipe__text *t, const char *key,
                           const char *value)
{
    mlpipe__text_add(t, ",\"%s\":", key);
    mlpipe__text_json(t, value, strlen(value));
}

static void journal_settings(const mlpipe__search *s, mlpipe__text *t)
{
    const mlpipe__setting *seed =
        mlpipe__params_get(&s->recipe->params, "seed");
    const char *metric = mlpipe__params_get(&s->params, "metric")->text;
    const mlpipe__setting *query = mlpipe__params_get(&s->params, "query");
    mlpipe__text_add(t,
                     "method=%s metric=%s folds=%u seed=%llu halving=%u "
                     "min_rows=%llu batch=%u levels=%u fit_seed=%llu",
                     mlpipe__params_get(&s->params, "method")->text,
                     metric[0] ? metric : "auto", s->folds,
                     (unsigned long long)s->seed, s->halving,
                     (unsigned long long)s->min_rows, s->batch, s->levels,
                     (unsigned long long)(seed->text[0]
                                              ? (uint64_t)seed->integer
                                              : s->ctx->seed));
    if (query->count)
        mlpipe__text_add(t, " query=%s", query->names[0]);
}

static void journal_header(const mlpipe__search *s, mlpipe__text *out)
{
    mlpipe__text settings;
    mlpipe__text_init(&settings, s->ctx->env);
    journal_settings(s, &settings);
    mlpipe__text_add(out, "{\"journal\":\"search\",\"format\":1");
    journal_member(out, "recipe", s->recipe_print);
    journal_member(out, "space", s->space_print);
    journal_member(out, "train", s->train_print);
    journal_member(out, "valid", s->valid_print);
    journal_member(out, "settings", settings.size ? settings.data : "");
    out->failed = out->failed || settings.failed;
    mlpipe__text_free(&settings);
}

static mlpipe_status journal_foreign(mlpipe__search *s)
{
    mlpipe__fail(s->ctx, MLPIPE_E_FORMAT,
                 "%q is no journal of a search; name a file that is not "
                 "there yet",
                 s->journal.path);
    return mlpipe__fail_where(s->ctx, s->journal.path);
}

/* The journal's first line against this search. */
static mlpipe_status journal_compare(mlpipe__search *s, size_t n,
                                     const mlpipe__text *mine)
{
    static const char *const keys[] = {"recipe", "space", "train", "valid",
                                       "settings"};
    static const char *const what[] = {"recipe", "space", "training dataset",
                                       "validation dataset",
                                       "choice of parameters"};
    mlpipe__json *theirs = NULL, *ours = NULL;
    mlpipe__text text;
    mlpipe_status st =
        mlpipe__json_parse(s->ctx, s->journal.data, n, &theirs);
    mlpipe__text_init(&text, s->ctx->env);
    mlpipe__text_add(&text, "%s}", mine->data);
    if (!st && text.failed)
        st = mlpipe__nomem(s->ctx);
    if (!st)
        st = mlpipe__json_parse(s->ctx, text.data, text.size, &ours);
    if (!st && mlpipe__json_number(mlpipe__json_get(theirs, "format"), 0) !=
                   1)
        st = journal_foreign(s);
    for (uint32_t i = 0; !st && i < sizeof keys / sizeof *keys; i++) {
        const char *a = mlpipe__json_text(mlpipe__json_get(theirs, keys[i]));
        const char *b = mlpipe__json_text(mlpipe__json_get(ours, keys[i]));
        if (a && b && !strcmp(a, b))
            continue;
        st = mlpipe__fail(s->ctx, MLPIPE_E_CONFLICT,
                          "the journal %q is of another %s: \"%s\" there, "
                          "\"%s\" here; name another file",
                          s->journal.path, what[i], a ? a : "none",
                          b ? b : "none");
        mlpipe__fail_where(s->ctx, s->journal.path);
    }
    mlpipe__text_free(&text);
    mlpipe__json_free(ours);
    mlpipe__json_free(theirs);
    return st;
}

/* ---- opening ------------------------------------------------------------- */

/* Is the line whole but for a carriage return behind it? */
static bool journal_returned(const char *line, size_t n)
{
    return n && line[n - 1] == '\r' && journal_whole(line, n - 1);
}

/* Up to the first line that is not whole; no whole one may follow. */
static mlpipe_status journal_walk(mlpipe__search *s)
{
    mlpipe__journal *j = &s->journal;
    uint32_t line = 0, bad = 0;
    size_t at = 0, n;
    bool ended;
    for (; at < j->bytes; at += n + 1) {
        n = journal_line(j, at, &ended);
        line++;
        if (ended && journal_returned(j->data + at, n)) {
            mlpipe__fail(s->ctx, MLPIPE_E_FORMAT,
                         "line %u of the journal %q ends in CR LF, and was "
                         "written with LF: an editor or a transfer changed "
                         "it; change the line ends back, or begin another",
                         line, j->path);
            return mlpipe__fail_where(s->ctx, j->path);
        }
        if (ended && journal_whole(j->data + at, n)) {
            if (bad) {
                mlpipe__fail(s->ctx, MLPIPE_E_CORRUPT,
                             "line %u of the journal %q is damaged, and good "
                             "lines follow it; restore the file, or begin "
                             "another",
                             bad, j->path);
                return mlpipe__fail_where(s->ctx, j->path);
            }
            j->keep = at + n + 1;
        } else if (!bad) {
            bad = line;
        }
        if (!ended)
            break;
    }
    return MLPIPE_OK;
}

/* Is what is there the start of a first line that a crash cut off? */
static bool journal_cut_short(const mlpipe__journal *j,
                              const mlpipe__text *header)
{
    char seal[JOURNAL_SEAL + 1];
    const size_t more = j->bytes > header->size ? j->bytes - header->size : 0;
    journal_seal(header->data, header->size, seal);
    return more <= JOURNAL_SEAL &&
           !memcmp(j->data, header->data, j->bytes - more) &&
           !memcmp(j->data + header->size * (more > 0), seal, more);
}

static mlpipe_status journal_begin(mlpipe__search *s)
{
    mlpipe__journal *j = &s->journal;
    mlpipe__text header;
    mlpipe_status st = MLPIPE_OK;
    bool ended;
    size_t n;
    mlpipe__text_init(&header, s->ctx->env);
    journal_header(s, &header);
    if (header.failed)
        st = mlpipe__nomem(s->ctx);
    if (!st && j->bytes)
        st = journal_walk(s);
    if (!st && j->bytes && !j->keep && !journal_cut_short(j, &header))
        st = journal_foreign(s);
    if (!st && j->keep) {
        n = journal_line(j, 0, &ended);
        st = journal_compare(s, n, &header);
        j->first = j->at = n + 1;
        j->end = j->keep;
    } else if (!st) {
        st = journal_write(s, &header);
    }
    if (!st) /* also of one that is there: who made it may not have come here */
        st = mlpipe__file_sync_folder(s->ctx, j->path);
    mlpipe__text_free(&header);
    return st;
}

mlpipe_status mlpipe__journal_open(mlpipe__search *s, const char *path)
{
    mlpipe__journal *j = &s->journal;
    const mlpipe_io *io = &s->ctx->env->io;
    mlpipe_io_stat info;
    mlpipe_status st = mlpipe__io_check(s->ctx, path);
    int32_t got;
    if (st)
        return st;
    j->path = path;
    got = io->lock(io->user, path, &j->lock);
    if (got == MLPIPE_IO_FAILED
        && io->stat(io->user, path, &info) == MLPIPE_IO_OK && info.is_dir)
        return journal_no_file(s, got, "is a folder");
    if (got != MLPIPE_IO_OK)
        return mlpipe__io_fail(s->ctx, got, "lock", path);
    got = io->stat(io->user, path, &info);
    if (got != MLPIPE_IO_OK && got != MLPIPE_IO_NOT_FOUND)
        return mlpipe__io_fail(s->ctx, got, "look at", path);
    if (got == MLPIPE_IO_OK && info.size)
        st = mlpipe__file_read(s->ctx, path, journal_bytes_max, &j->data,
                               &j->bytes);
    return st ? st : journal_begin(s);
}

void mlpipe__journal_close(mlpipe__search *s)
{
    const mlpipe_io *io = &s->ctx->env->io;
    if (s->journal.lock)
        io->unlock(io->user, s->journal.lock);
    mlpipe__free(s->ctx->env, s->journal.data);
    memset(&s->journal, 0, sizeof s->journal);
}

/* ---- evaluations --------------------------------------------------------- */

static void journal_number(mlpipe__text *t, const char *key, double x)
{
    if (mlpipe__finite(x))
        mlpipe__text_add(t, ",\"%s\":%g", key, x);
    else
        mlpipe__text_add(t, ",\"%s\":null", key);
}

/* The values of a trial; the first has none of its own. */
static void journal_values(const mlpipe__search *s, uint32_t trial,
                           mlpipe__text *t)
{
    mlpipe__text value;
    mlpipe__text_init(&value, s->ctx->env);
    mlpipe__text_add(t, ",\"values\":[");
    for (uint32_t i = 0; trial && i < s->space.count; i++) {
        value.size = 0;
        mlpipe__dim_text(&s->space.dims[i], s->trials[trial].x[i], &value);
        mlpipe__text_add(t, i ? "," : "");
        mlpipe__text_json(t, value.data ? value.data : "", value.size);
    }
    mlpipe__text_add(t, "]");
    t->failed = t->failed || value.failed;
    mlpipe__text_free(&value);
}

mlpipe_status mlpipe__journal_add(mlpipe__search *s, uint32_t trial,
                                  uint32_t rung)
{
    const mlpipe__trial *t = &s->trials[trial];
    const bool failed = t->state == MLPIPE__TRIAL_FAILED;
    mlpipe__text line;
    mlpipe_status st;
    if (!s->journal.path)
        return MLPIPE_OK;
    mlpipe__text_init(&line, s->ctx->env);
    mlpipe__text_add(&line, "{\"trial\":%u,\"rung\":%u", trial, rung);
    journal_values(s, trial, &line);
    journal_member(&line, "metric", s->metric ? s->metric->name : "");
    journal_member(&line, "state", failed ? "failed" : "done");
    journal_number(&line, "score", t->score);
    journal_number(&line, "low", t->low);
    journal_number(&line, "high", t->high);
    journal_number(&line, "sd", t->sd);
    journal_number(&line, "n", t->n);
    journal_number(&line, "seconds", t->seconds);
    mlpipe__text_add(&line, ",\"code\":%d", failed ? (int)t->status : 0);
    journal_member(&line, "message", failed ? t->message : "");
    st = journal_write(s, &line);
    mlpipe__text_free(&line);
    return st;
}

static mlpipe_status journal_blame(mlpipe__search *s, mlpipe_status st,
                                   size_t at, const char *what)
{
    const mlpipe__journal *j = &s->journal;
    uint32_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += j->data[i] == '\n';
    mlpipe__fail(s->ctx, st, "line %u of the journal %q %s", line, j->path,
                 what);
    return mlpipe__fail_where(s->ctx, j->path);
}

/*
 * Finds the record of an evaluation between two places; *at = to: there is
 * none. Most often it is the first. It need not be: with halving a search of
 * more trials sends other ones on from what was the last batch.
 */
static mlpipe_status journal_find(mlpipe__search *s, uint32_t trial,
                                  uint32_t rung, size_t from, size_t to,
                                  size_t *at)
{
    const mlpipe__journal *j = &s->journal;
    mlpipe_status st = MLPIPE_OK;
    mlpipe__text want;
    size_t n, key;
    bool ended, found = false;
    mlpipe__text_init(&want, s->ctx->env);
    mlpipe__text_add(&want, "{\"trial\":%u,\"rung\":%u", trial, rung);
    key = want.size;
    journal_values(s, trial, &want);
    if (want.failed)
        st = mlpipe__nomem(s->ctx);
    for (*at = from; !st && *at < to; *at += n + 1) {
        n = journal_line(j, *at, &ended);
        found = n > key && j->data[*at + key] == ',' &&
                !memcmp(j->data + *at, want.data, key);
        if (found)
            break;
    }
    if (found && (n < want.size || memcmp(j->data + *at, want.data,
                                          want.size)))
        st = journal_blame(s, MLPIPE_E_CONFLICT, *at,
                           "has other values than this search gives the "
                           "trial; it was written by another version of the "
                           "library, or changed: name another file");
    mlpipe__text_free(&want);
    return st;
}

static double journal_read(const mlpipe__json *j, const char *key)
{
    return mlpipe__json_number(mlpipe__json_get(j, key), mlpipe__nan());
}

static mlpipe_status journal_fill(mlpipe__search *s, mlpipe__trial *t,
                                  const mlpipe__json *j, size_t at)
{
    const char *metric = mlpipe__json_text(mlpipe__json_get(j, "metric"));
    const char *state = mlpipe__json_text(mlpipe__json_get(j, "state"));
    const char *message = mlpipe__json_text(mlpipe__json_get(j, "message"));
    t->score = journal_read(j, "score");
    t->low = journal_read(j, "low");
    t->high = journal_read(j, "high");
    t->sd = journal_read(j, "sd");
    t->n = journal_read(j, "n");
    t->seconds = journal_read(j, "seconds");
    if (!s->metric && metric && metric[0])
        s->metric = mlpipe__metric_find(metric);
    if (state && !strcmp(state, "failed")) {
        t->state = MLPIPE__TRIAL_FAILED;
        t->loss = mlpipe__inf();
        t->status = (mlpipe_status)mlpipe__json_number(
            mlpipe__json_get(j, "code"), MLPIPE_E_NUMERIC);
        mlpipe__free(s->ctx->env, t->message);
        message = message ? message : "";
        t->message = mlpipe__strdup(s->ctx->env, message, strlen(message));
        return t->message ? MLPIPE_OK : mlpipe__nomem(s->ctx);
    }
    if (!s->metric || !mlpipe__finite(t->score))
        return journal_blame(s, MLPIPE_E_CORRUPT, at,
                             "has no score; restore the file, or begin "
                             "another");
    t->state = MLPIPE__TRIAL_DONE;
    t->loss = s->metric->higher_is_better ? -t->score : t->score;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__journal_take(mlpipe__search *s, uint32_t trial,
                                   uint32_t rung, bool *found)
{
    mlpipe__journal *j = &s->journal;
    mlpipe__json *root = NULL;
    mlpipe_status st;
    bool ended;
    size_t n, at;
    *found = false;
    st = journal_find(s, trial, rung, j->at, j->end, &at);
    if (!st && at == j->end) {
        st = journal_find(s, trial, rung, j->first, j->at, &at);
        if (st || at == j->at)
            return st;
    }
    if (st)
        return st;
    n = journal_line(j, at, &ended);
    st = mlpipe__json_parse(s->ctx, j->data + at, n, &root);
    if (!st) {
        s->trials[trial].rung = rung;
        st = journal_fill(s, &s->trials[trial], root, at);
    }
    mlpipe__json_free(root);
    if (st)
        return st;
    j->at = at + n + 1;
    s->evaluated++;
    *found = true;
    return MLPIPE_OK;
}
