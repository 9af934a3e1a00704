/* SPDX-License-Identifier: MIT */
/*
 * The cycle over a dataset on a simulated clock. There is no second loop in
 * here: requests go through a worker, truths and ticks through the monitor and
 * the cycle, so that what a backtest promises is what serving does.
 */
#include "cycle_internal.h"

/* Rows that the monitor keeps unless its parameters say capture=. */
enum { REPLAY_CAPTURE = 50000 };

const mlpipe__param mlpipe__replay_params[] = {
    {"start", MLPIPE_PARAM_REAL, "0.25", 0.001, 0.999, NULL, 1,
     "share of the rows, the oldest, that the first model is fitted on"},
    {"tick", MLPIPE_PARAM_INT, "100", 1, 1000000, NULL, 1,
     "rows between two ticks"},
    {"label_rows", MLPIPE_PARAM_INT, "1", 0, 1000000000, NULL, 1,
     "rows behind its own until a truth is told"},
    {"label_delay", MLPIPE_PARAM_SPAN, "0", 0, 3153600000, NULL, 1,
     "in place of label_rows: time until a truth is told"},
    {"label_time", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 1,
     "in place of label_rows: column of when a truth became known"},
    {"interval", MLPIPE_PARAM_SPAN, "1 s", 1e-6, 3153600000, NULL, 1,
     "time from row to row, where no column of timestamps tells it"},
    {"pane", MLPIPE_PARAM_INT, "1000", 2, 100000000, NULL, 1,
     "rows of a line in the table panes"},
    {"monitor", MLPIPE_PARAM_TEXT, "capture=50000", 0, 0, NULL, 1,
     "parameters of mlpipe_monitor_new"},
    {"cycle", MLPIPE_PARAM_TEXT, "", 0, 0, NULL, 1,
     "parameters of mlpipe_cycle_new"},
};
const uint32_t mlpipe__replay_param_count =
    sizeof mlpipe__replay_params / sizeof *mlpipe__replay_params;

/* ---- times ------------------------------------------------------------- */

/* A timestamp of the dataset in microseconds; false: null or beyond them. */
static bool replay_us(const mlpipe_dataset *d, uint32_t column, int64_t row,
                      int64_t *out)
{
    const int32_t unit = mlpipe_dataset_unit(d, column);
    const int64_t per = unit == MLPIPE_UNIT_S    ? 1000000
                        : unit == MLPIPE_UNIT_MS ? 1000
                                                 : 1;
    int64_t t;
    uint8_t valid;

    mlpipe__dataset_block_i64(d, column, row, 1, &t, &valid);
    if (!valid)
        return false;
    if (unit == MLPIPE_UNIT_NS) {
        *out = t / 1000 - (t % 1000 < 0);
        return true;
    }
    return !__builtin_mul_overflow(t, per, out);
}

/* The recipe's time, or one row after the other. */
static mlpipe_status replay_clock(mlpipe__replay *r, double interval)
{
    const char *name = mlpipe__pipeline_role(r->recipe, "time");
    const int32_t at = name && *name ? mlpipe_dataset_find(r->rows, name) : -1;
    const double end = ((double)r->warm + r->n) * interval * 1e6;

    if (at < 0 || mlpipe_dataset_type(r->rows, (uint32_t)at) !=
                      MLPIPE_TYPE_TIMESTAMP) {
        if (!(end < 0x1p63))
            return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                                "interval=%g s from row to row takes the last "
                                "of %u rows beyond the times that microseconds "
                                "can tell, 292,277 years; give a shorter one",
                                interval, r->warm + r->n);
        for (uint32_t i = 0; i < r->n; i++)
            r->now_us[i] = (int64_t)((r->warm + i + 1.0) * interval * 1e6);
        return MLPIPE_OK;
    }
    for (uint32_t i = 0; i < r->n; i++) {
        const bool known = replay_us(r->rows, (uint32_t)at, i, &r->now_us[i]);
        if (known && (!i || r->now_us[i] >= r->now_us[i - 1]))
            continue;
        mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                     known ? "row %u is older than the one before it by "
                             "%q; sort the rows by it"
                           : "row %u has no time in %q that could be told "
                             "in microseconds",
                     r->warm + i, name);
        return mlpipe__fail_at(r->ctx, (int64_t)r->warm + i, name);
    }
    return MLPIPE_OK;
}

/* The first row, from `from` on, that is not before `us`. */
static uint32_t replay_row_at(const mlpipe__replay *r, uint32_t from,
                              int64_t us)
{
    uint32_t low = from, high = r->n;

    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (r->now_us[mid] < us)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* When a truth is told by a column; *never where that is null. */
static mlpipe_status replay_label_time(mlpipe__replay *r, const char *name,
                                       uint32_t column, uint32_t i)
{
    int64_t us;

    if (!replay_us(r->rows, column, i, &us)) {
        r->due[i] = r->n;
        return MLPIPE_OK;
    }
    if (us < r->now_us[i]) {
        mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                     "the truth of row %u is known by %q before the row is "
                     "asked for",
                     r->warm + i, name);
        return mlpipe__fail_at(r->ctx, (int64_t)r->warm + i, name);
    }
    r->label_us[i] = us;
    r->due[i] = replay_row_at(r, i, us);
    return MLPIPE_OK;
}

static mlpipe_status replay_labels(mlpipe__replay *r, const mlpipe__params *p)
{
    const mlpipe__setting *late = mlpipe__params_get(p, "label_rows");
    const mlpipe__setting *delay = mlpipe__params_get(p, "label_delay");
    const mlpipe__setting *column = mlpipe__params_get(p, "label_time");
    mlpipe_status st = MLPIPE_OK;
    uint32_t at = 0;

    if (late->given + delay->given + (column->text[0] != '\0') > 1)
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "label_rows=, label_delay= and label_time= say "
                            "the same thing; give one of them");
    if (column->text[0]) {
        st = mlpipe__dataset_column(r->ctx, r->rows, column->text, &at);
        if (!st && mlpipe_dataset_type(r->rows, at) != MLPIPE_TYPE_TIMESTAMP)
            st = mlpipe__fail(r->ctx, MLPIPE_E_SCHEMA,
                              "label_time=%q is of type %s; it must be a "
                              "timestamp",
                              column->text,
                              mlpipe__type_name(
                                  mlpipe_dataset_type(r->rows, at)));
    }
    for (uint32_t i = 0; !st && i < r->n; i++) {
        if (column->text[0]) {
            st = replay_label_time(r, column->text, at, i);
        } else if (delay->given) {
            const bool never = __builtin_add_overflow(
                r->now_us[i], (int64_t)(delay->number * 1e6),
                &r->label_us[i]);
            r->due[i] = never ? r->n : replay_row_at(r, i, r->label_us[i]);
        } else {
            const int64_t row = i + late->integer;
            r->due[i] = row < r->n ? row : r->n;
            r->label_us[i] = r->now_us[row < r->n ? row : i];
        }
        if (!mlpipe__finite(r->truth[i]))
            r->due[i] = r->n;
    }
    return st;
}

/* ---- records ----------------------------------------------------------- */

/* again: may it be there already? */
static mlpipe_status replay_field(mlpipe__replay *r, const char *name,
                                  bool again)
{
    mlpipe__replay_field *f = &r->fields[r->field_count];
    mlpipe_status st = mlpipe__dataset_column(r->ctx, r->rows, name,
                                              &f->column);
    int32_t type;

    if (st)
        return st;
    for (uint32_t i = 0; again && i < r->field_count; i++)
        if (r->fields[i].column == f->column)
            return MLPIPE_OK;
    type = mlpipe_dataset_type(r->rows, f->column);
    f->text = type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY;
    f->offset = r->field_count++ * (uint32_t)sizeof(double);
    return MLPIPE_OK;
}

/* The inputs of the first model, and what a retrain needs beside them. */
static mlpipe_status replay_layout(mlpipe__replay *r)
{
    static const char *const roles[] = {"group", "weight"};
    const mlpipe__program *program = r->first->program;
    mlpipe_status st = MLPIPE_OK;

    r->fields = mlpipe__alloc_array(r->ctx->env, program->input_count + 2,
                                    sizeof *r->fields);
    if (!r->fields)
        return mlpipe__nomem(r->ctx);
    for (uint32_t i = 0; !st && i < program->input_count; i++)
        st = replay_field(r, program->inputs[i].name, false);
    for (size_t i = 0; !st && i < sizeof roles / sizeof *roles; i++) {
        const char *name = mlpipe__pipeline_role(r->recipe, roles[i]);
        if (name && *name)
            st = replay_field(r, name, true);
    }
    if (st)
        return st;
    r->record_bytes = (r->field_count ? r->field_count : 1) * sizeof(double);
    r->record = mlpipe__alloc_array(r->ctx->env, r->record_bytes, 1);
    if (!r->record)
        return mlpipe__nomem(r->ctx);
    memset(r->record, 0, r->record_bytes);
    st = mlpipe_layout_new(r->ctx, r->record_bytes, &r->layout);
    for (uint32_t i = 0; !st && i < r->field_count; i++)
        st = mlpipe_layout_field(
            r->ctx, r->layout,
            mlpipe_dataset_name(r->rows, r->fields[i].column),
            r->fields[i].text ? MLPIPE_TOKEN : MLPIPE_F64,
            r->fields[i].offset);
    return st;
}

static mlpipe_status replay_record(mlpipe__replay *r, uint32_t row)
{
    for (uint32_t i = 0; i < r->field_count; i++) {
        const mlpipe__replay_field *f = &r->fields[i];
        unsigned char *to = r->record + f->offset;
        if (f->text) {
            size_t bytes = 0;
            const char *text = mlpipe__dataset_cell_text(r->rows, f->column,
                                                         row, &bytes);
            uint32_t token = 0;
            mlpipe_status st = MLPIPE_OK;
            if (text)
                st = mlpipe_layout_token(r->ctx, r->layout, text, bytes,
                                         &token);
            if (st)
                return st;
            memcpy(to, &token, sizeof token);
        } else {
            double x;
            uint8_t valid;
            mlpipe__dataset_block(r->rows, f->column, row, 1, &x, &valid);
            if (!valid)
                x = mlpipe__nan();
            memcpy(to, &x, sizeof x);
        }
    }
    return MLPIPE_OK;
}

/* ---- making it --------------------------------------------------------- */

/* The rows that are replayed, and the model that begins. */
static mlpipe_status replay_begin(mlpipe__replay *r, const mlpipe_model *first,
                                  const mlpipe_dataset *rows,
                                  const mlpipe__setting *start)
{
    const int64_t all = mlpipe_dataset_rows(rows);
    mlpipe_dataset *train = NULL;
    mlpipe_status st = mlpipe__most_rows(r->ctx, "replay", (uint64_t)all,
                                         UINT32_MAX - 1);

    if (st)
        return st;
    if (first && start->given)
        return mlpipe__fail(r->ctx, MLPIPE_E_PARAM,
                            "start=%g is for a first model that is fitted "
                            "here, and one was given; leave one out",
                            start->number);
    if (!first)
        r->warm = (uint32_t)((double)all * start->number);
    r->n = (uint32_t)all - r->warm;
    if (!r->n || (!first && !r->warm))
        return mlpipe__fail(r->ctx, MLPIPE_E_EMPTY,
                            "of %lld rows, %u would fit the first model and "
                            "%u be replayed; give more rows or another start=",
                            (long long)all, r->warm, r->n);
    st = mlpipe_dataset_slice(r->ctx, rows, r->warm, r->n, &r->rows);
    if (first) {
        r->first = mlpipe__model_keep((mlpipe_model *)(uintptr_t)first);
        return st;
    }
    if (!st)
        st = mlpipe_dataset_slice(r->ctx, rows, 0, r->warm, &train);
    if (!st)
        st = mlpipe_fit(r->ctx, r->recipe, train, NULL, &r->first);
    mlpipe_dataset_free(train);
    return st;
}

static mlpipe_status replay_arrays(mlpipe__replay *r)
{
    mlpipe__env *env = r->ctx->env;

    r->width = mlpipe__model_width(r->first);
    r->now_us = mlpipe__alloc_array(env, r->n, sizeof *r->now_us);
    r->label_us = mlpipe__alloc_array(env, r->n, sizeof *r->label_us);
    r->due = mlpipe__alloc_array(env, r->n, sizeof *r->due);
    r->telling = mlpipe__alloc_array(env, r->n, sizeof *r->telling);
    r->truth = mlpipe__alloc_array(env, r->n, sizeof *r->truth);
    r->served = mlpipe__alloc_array(env, r->n, r->width * sizeof *r->served);
    r->frozen = mlpipe__alloc_array(env, r->n, r->width * sizeof *r->frozen);
    r->number = mlpipe__alloc_array(env, r->n, sizeof *r->number);
    r->did = mlpipe__alloc_array(env, r->n, sizeof *r->did);
    if (!r->now_us || !r->label_us || !r->due || !r->telling || !r->truth ||
        !r->served || !r->frozen || !r->number || !r->did)
        return mlpipe__nomem(r->ctx);
    memset(r->did, 0, r->n * sizeof *r->did);
    return MLPIPE_OK;
}

static mlpipe_status replay_order(mlpipe__replay *r)
{
    uint64_t *scratch =
        mlpipe__alloc_array(r->ctx->env, r->n, 4 * sizeof *scratch);

    if (!scratch)
        return mlpipe__nomem(r->ctx);
    mlpipe__argsort_i64(r->due, r->telling, r->n, scratch);
    mlpipe__free(r->ctx->env, scratch);
    return MLPIPE_OK;
}

/* Room for the outputs of what serves now. */
static mlpipe_status replay_room(mlpipe__replay *r)
{
    mlpipe_model *model;
    mlpipe_status st = mlpipe_slot_model(r->ctx, r->slot, &model);
    uint32_t outputs;
    double *grown;

    if (st)
        return st;
    outputs = mlpipe_model_outputs(model);
    mlpipe_model_free(model);
    if (outputs <= r->outputs)
        return MLPIPE_OK;
    grown = mlpipe__grow(r->ctx->env, r->answer, outputs, sizeof *grown);
    if (!grown)
        return mlpipe__nomem(r->ctx);
    r->answer = grown;
    r->outputs = outputs;
    return MLPIPE_OK;
}

static mlpipe_status replay_deploy(mlpipe__replay *r, const mlpipe__params *p)
{
    uint32_t ring = 4096;
    char slot[32];
    mlpipe_status st;

    while (ring < r->tick)
        ring *= 2;
    mlpipe__format(slot, sizeof slot, "ring=%u", ring);
    st = mlpipe_slot_new(r->ctx, r->first, r->layout, slot, &r->slot);
    if (!st)
        st = mlpipe__monitor_make(r->ctx, r->slot,
                                  mlpipe__params_get(p, "monitor")->text,
                                  REPLAY_CAPTURE, &r->monitor);
    if (!st) /* the clock is simulated, and may begin in 1970 */
        r->monitor->times_told = true;
    if (!st)
        st = mlpipe_worker_new(r->ctx, r->slot, NULL, &r->worker);
    if (!st)
        st = mlpipe_cycle_new(r->ctx, r->monitor, r->recipe,
                              mlpipe__params_get(p, "cycle")->text,
                              &r->cycle);
    return st ? st : replay_room(r);
}

static mlpipe_status replay_make(mlpipe__replay *r, const mlpipe_model *first,
                                 const mlpipe_dataset *rows,
                                 const mlpipe__params *p)
{
    mlpipe_status st;

    r->tick = (uint32_t)mlpipe__params_get(p, "tick")->integer;
    r->pane = (uint32_t)mlpipe__params_get(p, "pane")->integer;
    st = replay_begin(r, first, rows, mlpipe__params_get(p, "start"));
    if (!st)
        st = replay_arrays(r);
    if (!st)
        st = replay_clock(r, mlpipe__params_get(p, "interval")->number);
    if (!st)
        st = mlpipe__model_target(r->ctx, r->first, r->rows, r->truth);
    if (!st)
        st = replay_labels(r, p);
    if (!st)
        st = replay_order(r);
    if (!st)
        st = replay_layout(r);
    if (!st)
        st = replay_deploy(r, p);
    if (!st)
        st = mlpipe__model_answers(r->ctx, r->first, r->rows, r->frozen);
    return st;
}

static void replay_free(mlpipe__replay *r)
{
    mlpipe__env *env = r->ctx->env;

    mlpipe_cycle_free(r->cycle);
    mlpipe_worker_free(r->worker);
    mlpipe_monitor_free(r->monitor);
    mlpipe_slot_free(r->slot);
    mlpipe_layout_free(r->layout);
    mlpipe_model_free(r->first);
    mlpipe_dataset_free(r->rows);
    mlpipe__free(env, r->fields);
    mlpipe__free(env, r->record);
    mlpipe__free(env, r->now_us);
    mlpipe__free(env, r->label_us);
    mlpipe__free(env, r->due);
    mlpipe__free(env, r->telling);
    mlpipe__free(env, r->truth);
    mlpipe__free(env, r->answer);
    mlpipe__free(env, r->served);
    mlpipe__free(env, r->frozen);
    mlpipe__free(env, r->number);
    mlpipe__free(env, r->did);
}

/* ---- running it -------------------------------------------------------- */

/* What a retrain may fail by without being the end of a backtest: the next
 * tick says it in the log. */
static bool replay_goes_on(mlpipe_status st)
{
    return st != MLPIPE_E_NOMEM && st != MLPIPE_E_CANCELLED &&
           st != MLPIPE_E_HOST && st != MLPIPE_E_BUSY;
}

static mlpipe_status replay_step(mlpipe__replay *r, uint32_t row,
                                 int32_t *action)
{
    mlpipe_status st = mlpipe_cycle_tick(r->ctx, r->cycle, r->now_us[row],
                                         action);

    if (st)
        return st;
    r->count[*action]++;
    r->did[row] |= (uint16_t)(1u << *action);
    if (*action == MLPIPE_ACTION_SWAPPED ||
        *action == MLPIPE_ACTION_ROLLED_BACK)
        st = replay_room(r);
    return st;
}

static mlpipe_status replay_tick(mlpipe__replay *r, uint32_t row)
{
    int32_t action;
    mlpipe_status st = mlpipe__poll(r->ctx, "replay", row, r->n);

    if (!st)
        st = replay_step(r, row, &action);
    if (st || action != MLPIPE_ACTION_RETRAIN)
        return st;
    st = mlpipe_cycle_retrain(r->ctx, r->cycle);
    if (st && !replay_goes_on(st))
        return st;
    r->failed += st != MLPIPE_OK;
    return replay_step(r, row, &action);
}

static mlpipe_status replay_row(mlpipe__replay *r, uint32_t row)
{
    mlpipe_status st = replay_record(r, row);

    if (!st && mlpipe_worker_predict(r->worker, row + UINT64_C(1),
                                     r->now_us[row], r->record, r->answer, 1))
        st = mlpipe__fail(r->ctx, MLPIPE_E_ARG, "%s",
                          mlpipe_worker_error(r->worker));
    if (st)
        return st;
    memcpy(r->served + (size_t)row * r->width, r->answer,
           r->width * sizeof *r->served);
    r->number[row] = mlpipe_worker_version(r->worker);
    while (!st && r->told < r->n && r->due[r->telling[r->told]] <= row) {
        const uint32_t i = r->telling[r->told++];
        st = mlpipe_monitor_truth(r->ctx, r->monitor, i + UINT64_C(1),
                                  r->label_us[i], r->truth[i]);
    }
    return st;
}

static mlpipe_status replay_run(mlpipe__replay *r)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t row = 0; !st && row < r->n; row++) {
        st = replay_row(r, row);
        if (!st && ((row + 1) % r->tick == 0 || row + 1 == r->n))
            st = replay_tick(r, row);
    }
    return st;
}

static mlpipe_status replay_all(mlpipe_ctx *ctx,
                                const mlpipe_pipeline *recipe,
                                const mlpipe_model *first,
                                const mlpipe_dataset *rows,
                                const mlpipe__params *params,
                                mlpipe_buffer **log, mlpipe_report **out)
{
    mlpipe__replay r = {.ctx = ctx, .recipe = recipe};
    mlpipe_status st = replay_make(&r, first, rows, params);

    if (!st)
        st = replay_run(&r);
    if (!st)
        st = mlpipe__replay_report(&r, out);
    if (!st && log)
        st = mlpipe_cycle_log(ctx, r.cycle, log);
    if (st) {
        mlpipe_report_free(*out);
        *out = NULL;
    }
    replay_free(&r);
    return st;
}

mlpipe_status mlpipe_cycle_replay(mlpipe_ctx *ctx,
                                  const mlpipe_pipeline *recipe,
                                  const mlpipe_model *first,
                                  const mlpipe_dataset *rows,
                                  const char *params, mlpipe_buffer **log,
                                  mlpipe_report **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_cycle_replay");
    mlpipe__params parsed;

    if (out)
        *out = NULL;
    if (log)
        *log = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !recipe)
        st = mlpipe__null_arg(ctx, "recipe");
    if (!st && !rows)
        st = mlpipe__null_arg(ctx, "rows");
    if (!st)
        st = mlpipe__params_parse(ctx, "mlpipe_cycle_replay",
                                  mlpipe__replay_params,
                                  mlpipe__replay_param_count, params, &parsed);
    if (!st) {
        st = replay_all(ctx, recipe, first, rows, &parsed, log, out);
        mlpipe__params_free(&parsed);
    }
    return mlpipe__end(ctx, st);
}
