/* SPDX-License-Identifier: MIT */
/* As-of joins: what is asked for, the columns that are taken, the report. */
#include "asof_types.h"

const mlpipe__param mlpipe__asof_params[] = {
    {"on", MLPIPE_PARAM_TEXT, NULL, 0, 0, NULL, 0x000100,
     "The left column of the time: timestamps, durations or whole numbers."},
    {"right_on", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "The right column of when something happened; on= where it is not set."},
    {"by", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Columns of the key; all right rows match where it is not set."},
    {"right_by", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "The same columns on the right; by= where it is not set."},
    {"known", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "The right column of when it was known; none says that it was known when "
     "it happened."},
    {"known_at", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "The left column that known= must not be later than; on= where it is "
     "not set."},
    {"direction", MLPIPE_PARAM_CHOICE, "backward", 0, 0,
     "backward,forward,nearest", 0x000100,
     "Which right row: the last one before, the first one after, or the "
     "nearer of both."},
    {"tolerance", MLPIPE_PARAM_SPAN, "", 0, 9.2e18, NULL, 0x000100,
     "How far apart the two times may be; a plain number for whole numbers."},
    {"strict", MLPIPE_PARAM_BOOL, "false", 0, 0, NULL, 0x000100,
     "Is a right row of the very time left out?"},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "Right columns to take; all but keys, and but the time where it has the "
     "left one's name, where it is not set."},
    {"prefix", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Before a right name that the left dataset has as well."},
    {"suffix", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 0x000100,
     "Behind such a name; _right where neither is given."},
};
const uint32_t mlpipe__asof_param_count =
    sizeof mlpipe__asof_params / sizeof *mlpipe__asof_params;

/* ---- what is asked for -------------------------------------------------- */

static mlpipe_status asof_by(asof_job *j, const mlpipe__params *p)
{
    const mlpipe__setting *by = mlpipe__params_get(p, "by");
    const mlpipe__setting *other = mlpipe__params_get(p, "right_by");
    mlpipe__env *env = j->ctx->env;
    mlpipe_status st = MLPIPE_OK;

    if (other->count && other->count != by->count)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: by= lists %u columns and right_by= %u; each "
                            "left one needs a right one", asof_owner,
                            by->count, other->count);
    j->by_count = by->count;
    j->left.by = mlpipe__alloc_array(env, by->count, sizeof j->left.by[0]);
    j->right.by = mlpipe__alloc_array(env, by->count, sizeof j->right.by[0]);
    if (!j->left.by || !j->right.by)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; !st && i < by->count; i++) {
        st = mlpipe__dataset_column(j->ctx, j->left.data, by->names[i],
                                    &j->left.by[i]);
        if (!st)
            st = mlpipe__dataset_column(
                j->ctx, j->right.data,
                other->count ? other->names[i] : by->names[i],
                &j->right.by[i]);
    }
    return st;
}

/* The column that a parameter names, or `instead` where it is not set. */
static mlpipe_status asof_named(const asof_job *j, const asof_side *s,
                                const mlpipe__params *p, const char *param,
                                const char *instead, uint32_t *out)
{
    const char *name = mlpipe__params_get(p, param)->text;

    return mlpipe__dataset_column(j->ctx, s->data, name[0] ? name : instead,
                                  out);
}

/* The second clock. Not to say whether there is one is how leaks begin. */
static mlpipe_status asof_known(asof_job *j, const mlpipe__params *p)
{
    const char *known = mlpipe__params_get(p, "known")->text;
    const char *at = mlpipe__params_get(p, "known_at")->text;
    uint32_t column;
    const bool none = !strcmp(known, "none")
        && mlpipe_dataset_find(j->right.data, known) < 0;

    j->left.known = j->right.known = -1;
    if (at[0] && (!known[0] || none))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: known_at=%s has nothing to be compared with; "
                            "name the right column by known=", asof_owner, at);
    if (!known[0])
        mlpipe__log_line(j->ctx, MLPIPE_LOG_WARN, "asof",
                         "without known= every right row counts as known when "
                         "it happened, and what was entered or corrected "
                         "later leaks into rows before; name the column of "
                         "when it was known, or say known=none");
    if (!known[0] || none)
        return MLPIPE_OK;
    mlpipe_status st = mlpipe__dataset_column(j->ctx, j->right.data, known,
                                              &column);
    j->right.known = (int32_t)column;
    if (!st && at[0]) {
        st = mlpipe__dataset_column(j->ctx, j->left.data, at, &column);
        j->left.known = (int32_t)column;
    }
    return st;
}

/* Spans become counts of the clocks' unit; of a part of one, none is left. */
static mlpipe_status asof_tolerance(asof_job *j, const mlpipe__params *p)
{
    const mlpipe__setting *s = mlpipe__params_get(p, "tolerance");
    double count = s->number * (double)mlpipe__unit_ticks(j->unit), near;

    j->tolerance = UINT64_MAX;
    if (!s->text[0])
        return MLPIPE_OK;
    if (j->type == MLPIPE_TYPE_I64
        && !mlpipe__parse_f64(s->text, strlen(s->text), false, &count))
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: tolerance=%s has a unit, and on= is whole "
                            "numbers, which have none; give a plain number",
                            asof_owner, s->text);
    if (j->type != MLPIPE_TYPE_I64
        && mlpipe__parse_f64(s->text, strlen(s->text), false, &near)
        && near != 0)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                            "%s: tolerance=%s has no unit, and on= is times; "
                            "say tolerance='%s s', or min, h, d",
                            asof_owner, s->text, s->text);
    near = mlpipe__round_even(count);
    if (count - near > 1e-9 * near || near - count > 1e-9 * near)
        near = mlpipe__floor(count);
    if (near < 0x1p63)
        j->tolerance = (uint64_t)near;
    return MLPIPE_OK;
}

static mlpipe_status asof_ask(asof_job *j, const mlpipe__params *p)
{
    const char *on = mlpipe__params_get(p, "on")->text;
    mlpipe_status st = asof_named(j, &j->left, p, "on", on, &j->left.on);

    j->direction = mlpipe__params_get(p, "direction")->choice;
    j->strict = mlpipe__params_get(p, "strict")->number != 0;
    if (!st)
        st = asof_named(j, &j->right, p, "right_on", on, &j->right.on);
    if (!st)
        st = asof_by(j, p);
    return st ? st : asof_known(j, p);
}

/* ---- columns ------------------------------------------------------------ */

/* Is the right column one that is not taken unless it is asked for? */
static bool asof_spare(const asof_job *j, uint32_t column)
{
    for (uint32_t i = 0; i < j->by_count; i++)
        if (j->right.by[i] == column)
            return true;
    return column == j->right.on
        && !strcmp(j->right.data->columns[j->right.on]->name,
                   j->left.data->columns[j->left.on]->name);
}

/* Right columns to take, into taken, which has room for all. */
static mlpipe_status asof_chosen(const asof_job *j, const mlpipe__params *p,
                                 uint32_t *taken, uint32_t *count)
{
    const mlpipe__setting *list = mlpipe__params_get(p, "columns");
    mlpipe_status st = MLPIPE_OK;

    *count = 0;
    for (uint32_t i = 0; !list->count && i < j->right.data->column_count; i++)
        if (!asof_spare(j, i))
            taken[(*count)++] = i;
    for (uint32_t i = 0; !st && i < list->count; i++) {
        uint32_t column = 0;
        st = mlpipe__dataset_column(j->ctx, j->right.data, list->names[i],
                                    &column);
        for (uint32_t k = 0; !st && k < *count; k++)
            if (taken[k] == column)
                st = mlpipe__fail(j->ctx, MLPIPE_E_PARAM,
                                  "%s: columns= lists %q twice", asof_owner,
                                  list->names[i]);
        if (!st)
            taken[(*count)++] = column;
    }
    return st;
}

static mlpipe_status asof_name(const asof_job *j, const mlpipe__params *p,
                               const char *name, mlpipe__text *out)
{
    const char *prefix = mlpipe__params_get(p, "prefix")->text;
    const char *suffix = mlpipe__params_get(p, "suffix")->text;
    const bool clash = mlpipe_dataset_find(j->left.data, name) >= 0;

    mlpipe__text_init(out, j->ctx->env);
    mlpipe__text_add(out, "%s%s%s", clash ? prefix : "", name,
                     !clash                     ? ""
                     : prefix[0] || suffix[0] ? suffix
                                              : "_right");
    if (!out->failed)
        return MLPIPE_OK;
    mlpipe__text_free(out);
    return mlpipe__nomem(j->ctx);
}

/* A right column as one beside the left ones; places: of stored left rows. */
static mlpipe_status asof_column(const asof_job *j, uint32_t column,
                                 const char *name, const int64_t *places,
                                 mlpipe__column **out)
{
    const mlpipe_dataset *right = j->right.data;
    const mlpipe__column *c = right->columns[column];
    const int64_t stored = mlpipe__dataset_stored(j->left.data);
    mlpipe__column_writer *w = mlpipe__writer_new(
        j->ctx->env, name, strlen(name), c->type, c->unit, c->dictionary);
    bool ok = w && mlpipe__writer_reserve(w, stored);
    mlpipe_status st = MLPIPE_OK;

    for (int64_t p = 0; ok && !st && p < stored; p++) {
        const int64_t row = places[p] < 0 ? -1 : j->match[places[p]];
        if (p % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(j->ctx, "asof", (uint64_t)p, (uint64_t)stored);
        ok = row < 0 ? mlpipe__writer_null(w)
                     : mlpipe__writer_cell(w, right, column, row);
    }
    if (!ok)
        st = mlpipe__writer_failed(j->ctx, w);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

/* The columns of both, into an array of room for all; *made: how many. */
static mlpipe_status asof_columns(const asof_job *j, const mlpipe__params *p,
                                  mlpipe__column **columns, uint32_t *made)
{
    const mlpipe_dataset *left = j->left.data;
    mlpipe__env *env = j->ctx->env;
    uint32_t *taken = mlpipe__alloc_array(env, j->right.data->column_count,
                                          sizeof taken[0]);
    int64_t *places = mlpipe__dataset_places(env, left);
    uint32_t count = 0;
    mlpipe_status st = taken && places ? asof_chosen(j, p, taken, &count)
                                       : mlpipe__nomem(j->ctx);

    for (*made = 0; *made < left->column_count; ++*made)
        columns[*made] = mlpipe__column_keep(left->columns[*made]);
    for (uint32_t i = 0; !st && i < count; i++) {
        mlpipe__text name;
        st = asof_name(j, p, j->right.data->columns[taken[i]]->name, &name);
        if (st)
            break;
        st = asof_column(j, taken[i], name.data, places, &columns[*made]);
        mlpipe__text_free(&name);
        *made += !st;
    }
    mlpipe__free(env, places);
    mlpipe__free(env, taken);
    return st;
}

/* ---- the whole ---------------------------------------------------------- */

static mlpipe_status asof_report(const asof_job *j, mlpipe_report **out)
{
    static const struct {
        uint32_t end;
        const char *name;
    } ends[] = {{ASOF_NULL_TIME, "left_null_time"},
                {ASOF_NULL_KEY, "left_null_key"},
                {ASOF_NO_KEY, "no_key"},
                {ASOF_NO_ROW, "no_row"},
                {ASOF_NOT_KNOWN, "not_known"}};
    mlpipe_report *r = mlpipe__report_new(j->ctx->env, "asof");
    const uint64_t matched = j->ends[ASOF_MATCHED];

    if (!r)
        return mlpipe__nomem(j->ctx);
    mlpipe__report_number(r, "left_rows", j->left.n);
    mlpipe__report_number(r, "matched", (double)matched);
    mlpipe__report_number(r, "unmatched", (double)(j->left.n - matched));
    for (uint32_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        mlpipe__report_number(r, ends[i].name, (double)j->ends[ends[i].end]);
    mlpipe__report_number(r, "held_back", (double)j->held_back);
    mlpipe__report_number(r, "right_rows", j->right.n);
    mlpipe__report_number(r, "right_null_time", (double)j->right_null_time);
    mlpipe__report_number(r, "right_null_key", (double)j->right_null_key);
    mlpipe__report_number(r, "right_null_known",
                          (double)j->right_null_known);
    mlpipe__report_number(r, "known_checked", j->right.known >= 0);
    return mlpipe__report_seal(j->ctx, r, out);
}

static mlpipe_status asof_make(const asof_job *j, const mlpipe__params *p,
                               mlpipe_dataset **out)
{
    mlpipe__env *env = j->ctx->env;
    const uint32_t most = j->left.data->column_count
                          + j->right.data->column_count;
    mlpipe__column **columns = mlpipe__alloc_array(env, most,
                                                   sizeof columns[0]);
    mlpipe_report *report = NULL;
    uint32_t made = 0;
    mlpipe_status st = columns ? asof_columns(j, p, columns, &made)
                               : mlpipe__nomem(j->ctx);

    if (!st)
        st = asof_report(j, &report);
    if (!st) {
        st = mlpipe__dataset_over(j->ctx, j->left.data, columns, made, out);
    } else {
        while (made--)
            mlpipe__column_drop(columns[made]);
    }
    mlpipe__free(env, columns);
    if (st) {
        mlpipe_report_free(report);
        return st;
    }
    mlpipe_report_free((*out)->reading); /* it was of the left rows alone */
    (*out)->reading = report;
    return MLPIPE_OK;
}

static bool asof_side_room(mlpipe__env *env, asof_side *s)
{
    s->n = (uint32_t)s->data->rows;
    s->keys = mlpipe__alloc_array(env, s->n, sizeof s->keys[0]);
    s->time = mlpipe__alloc_array(env, s->n, sizeof s->time[0]);
    s->clock = mlpipe__alloc_array(env, s->n, sizeof s->clock[0]);
    s->time_ok = mlpipe__alloc(env, s->n);
    s->clock_ok = mlpipe__alloc(env, s->n);
    return s->keys && s->time && s->clock && s->time_ok && s->clock_ok;
}

static void asof_side_free(mlpipe__env *env, asof_side *s)
{
    mlpipe__free(env, s->by);
    mlpipe__free(env, s->keys);
    mlpipe__free(env, s->time);
    mlpipe__free(env, s->clock);
    mlpipe__free(env, s->time_ok);
    mlpipe__free(env, s->clock_ok);
}

static void asof_free(asof_job *j)
{
    mlpipe__env *env = j->ctx->env;

    asof_side_free(env, &j->left);
    asof_side_free(env, &j->right);
    mlpipe__free(env, j->row);
    mlpipe__free(env, j->time);
    mlpipe__free(env, j->clock);
    mlpipe__free(env, j->first);
    mlpipe__free(env, j->hint);
    mlpipe__free(env, j->least);
    mlpipe__free(env, j->visit);
    mlpipe__free(env, j->match);
}

static mlpipe_status asof_run(mlpipe_ctx *ctx, const mlpipe_dataset *left,
                              const mlpipe_dataset *right, const char *params,
                              mlpipe_dataset **out)
{
    asof_job j = {.ctx = ctx, .left.data = left, .right.data = right};
    mlpipe__params p;
    mlpipe_status st = mlpipe__dataset_countable(ctx, asof_owner, left);

    if (!st)
        st = mlpipe__dataset_countable(ctx, asof_owner, right);
    if (!st)
        st = mlpipe__params_parse(ctx, asof_owner, mlpipe__asof_params,
                                  mlpipe__asof_param_count, params, &p);
    if (st)
        return st;
    st = asof_ask(&j, &p);
    if (!st && !(asof_side_room(ctx->env, &j.left)
                 && asof_side_room(ctx->env, &j.right)))
        st = mlpipe__nomem(ctx);
    if (!st)
        st = mlpipe__asof_clocks(&j);
    if (!st)
        st = asof_tolerance(&j, &p);
    if (!st)
        st = mlpipe__asof_keys(&j);
    if (!st)
        st = mlpipe__asof_match(&j);
    if (!st)
        st = asof_make(&j, &p, out);
    asof_free(&j);
    mlpipe__params_free(&p);
    return st;
}

mlpipe_status mlpipe_dataset_asof(mlpipe_ctx *ctx, const mlpipe_dataset *left,
                                  const mlpipe_dataset *right,
                                  const char *params, mlpipe_dataset **out)
{
    mlpipe_status st = mlpipe__begin(ctx, asof_owner);

    if (out)
        *out = NULL;
    if (!st && !left)
        st = mlpipe__null_arg(ctx, "left");
    if (!st && !right)
        st = mlpipe__null_arg(ctx, "right");
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st)
        st = asof_run(ctx, left, right, params, out);
    return mlpipe__end(ctx, st);
}
