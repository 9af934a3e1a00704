/* SPDX-License-Identifier: MIT */
/*
 * Served records, kept as the host gave them, and turned back into a dataset
 * with the columns of the recipe: what retraining and the gate read.
 */
#include "monitor_internal.h"

enum { CAPTURE_LEAST = 256 };

void mlpipe__capture_init(mlpipe__capture *c, mlpipe__env *env, uint64_t room,
                          size_t record_bytes)
{
    memset(c, 0, sizeof *c);
    c->env = env;
    c->room = room;
    c->record_bytes = record_bytes;
}

void mlpipe__capture_free(mlpipe__capture *c)
{
    mlpipe__free(c->env, c->rows);
    mlpipe__free(c->env, c->records);
    c->rows = NULL;
    c->records = NULL;
}

bool mlpipe__capture_reserve(mlpipe__capture *c)
{
    uint64_t more = c->held ? c->held * 2 : CAPTURE_LEAST;
    unsigned char *records;
    mlpipe__captured *rows;

    if (!c->room || c->next < c->held || c->held == c->room)
        return true;
    if (more > c->room)
        more = c->room;
    rows = mlpipe__grow(c->env, c->rows, more, sizeof *rows);
    if (!rows)
        return false;
    c->rows = rows;
    records = mlpipe__grow(c->env, c->records, more, c->record_bytes);
    if (!records)
        return false;
    c->records = records;
    c->held = more;
    return true;
}

uint64_t mlpipe__capture_add(mlpipe__capture *c, const mlpipe__served *s,
                             const void *record)
{
    const uint64_t at = c->room ? c->next % c->room : 0;

    if (!c->room)
        return UINT64_MAX;
    if (c->next >= c->room && c->rows[at].known)
        c->labelled--;
    c->rows[at] =
        (mlpipe__captured){s->id, s->number, s->now_us, 0.0, false};
    memcpy(c->records + at * c->record_bytes, record, c->record_bytes);
    return c->next++;
}

void mlpipe__capture_truth(mlpipe__capture *c, uint32_t row, uint64_t id,
                           double truth)
{
    const uint32_t back = (uint32_t)c->next - row; /* 1 = the newest */
    mlpipe__captured *r;

    if (!back || back > c->room || back > c->next)
        return; /* not captured, or pushed out by newer ones */
    r = &c->rows[(c->next - back) % c->room];
    if (r->id != id)
        return; /* older than 2^32 rows, and pushed out too */
    c->labelled += !r->known;
    r->known = true;
    r->truth = truth;
}

/* The oldest row that is still there, from `from` on. */
static uint64_t capture_from(const mlpipe__capture *c, uint64_t from)
{
    const uint64_t oldest = c->next < c->room ? 0 : c->next - c->room;

    return from > oldest ? from : oldest;
}

uint64_t mlpipe__capture_labelled(const mlpipe__capture *c, uint64_t number,
                                  uint64_t from)
{
    uint64_t n = 0;

    for (uint64_t i = capture_from(c, from); i < c->next; i++) {
        const mlpipe__captured *r = &c->rows[i % c->room];
        n += r->known && (!number || r->number == number);
    }
    return n;
}

/* ---- back to columns --------------------------------------------------- */

/* What is being decoded: the chosen rows in order, and the columns so far. */
typedef struct capture_job {
    mlpipe_ctx *ctx;
    const mlpipe__capture *c;
    const mlpipe_model *model, *other;
    mlpipe_layout *layout;
    const mlpipe__program *first;
    uint32_t *order; /* positions in c->rows */
    uint32_t rows;
    mlpipe__column **columns;
    uint32_t count;
    mlpipe__dict names; /* of the columns so far */
    mlpipe__text text;
} capture_job;

/* Where one column comes from. */
typedef struct capture_source {
    const mlpipe__field *field;    /* NULL: a double at offset, or absent */
    const mlpipe__dict *codes;     /* of a double that holds a code */
    uint32_t offset;
    bool absent;
} capture_source;

static const unsigned char *capture_record(const capture_job *j, uint32_t row)
{
    return j->c->records + (uint64_t)j->order[row] * j->c->record_bytes;
}

static double capture_number(const capture_job *j, const capture_source *s,
                             uint32_t row)
{
    double x;

    if (s->absent)
        return mlpipe__nan();
    if (s->field)
        return mlpipe__field_number(s->field, capture_record(j, row));
    memcpy(&x, capture_record(j, row) + s->offset, sizeof x);
    return x;
}

static capture_source capture_find(const capture_job *j, const char *name)
{
    capture_source s = {0};

    if (j->layout) {
        const int32_t at = mlpipe__layout_find(j->layout, name);
        if (at >= 0)
            s.field = &j->layout->fields[at];
        s.absent = at < 0 || !s.field->kind;
        return s;
    }
    /* Most models have the inputs of the first, in its order. */
    for (uint32_t k = 0; k < j->first->input_count; k++) {
        const uint32_t i = (j->count + k) % j->first->input_count;
        if (strcmp(j->first->inputs[i].name, name))
            continue;
        s.offset = i * (uint32_t)sizeof(double);
        s.codes = j->first->inputs[i].dict;
        return s;
    }
    s.absent = true;
    return s;
}

static bool capture_whole(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 &&
           (double)(int64_t)x == x;
}

/* The column's own type where all values fit it, else a double. */
static int32_t capture_type(const capture_job *j, const capture_source *s,
                            int32_t type)
{
    if (type == MLPIPE_TYPE_F64)
        return type;
    for (uint32_t i = 0; i < j->rows; i++) {
        const double x = capture_number(j, s, i);
        if (x != x)
            continue;
        if (!capture_whole(x) ||
            (type == MLPIPE_TYPE_BOOL && x != 0.0 && x != 1.0))
            return MLPIPE_TYPE_F64;
    }
    return type;
}

static bool capture_put_number(mlpipe__column_writer *w, int32_t type,
                               double x)
{
    if (x != x)
        return mlpipe__writer_null(w);
    if (type == MLPIPE_TYPE_F64)
        return mlpipe__writer_f64(w, x);
    if (type == MLPIPE_TYPE_BOOL)
        return mlpipe__writer_bool(w, x != 0.0);
    return mlpipe__writer_i64(w, (int64_t)x);
}

static bool capture_put_text(capture_job *j, const capture_source *s,
                             mlpipe__column_writer *w, uint32_t row)
{
    const unsigned char *record = capture_record(j, row);

    if (s->absent)
        return mlpipe__writer_null(w);
    if (s->field) {
        const uint32_t token = mlpipe__field_token(s->field, record);
        j->text.size = 0;
        if (!token || !mlpipe__layout_token_text(j->layout, token, &j->text))
            return !j->text.failed && mlpipe__writer_null(w);
        return !j->text.failed &&
               mlpipe__writer_text(w, j->text.data ? j->text.data : "",
                                   j->text.size);
    }
    const double code = capture_number(j, s, row);
    if (!(code >= 0 && code < s->codes->count &&
          (double)(uint32_t)code == code))
        return mlpipe__writer_null(w);
    return mlpipe__writer_text(
        w, mlpipe__dict_text(s->codes, (uint32_t)code),
        mlpipe__dict_bytes(s->codes, (uint32_t)code));
}

static mlpipe_status capture_finish(capture_job *j, mlpipe__column_writer *w,
                                    bool ok)
{
    mlpipe__column *column = NULL;

    if (ok)
        column = mlpipe__writer_finish(w);
    else
        mlpipe__writer_free(w);
    if (!column)
        return mlpipe__nomem(j->ctx);
    j->columns[j->count++] = column;
    if (mlpipe__dict_add(&j->names, column->name, strlen(column->name)) ==
        UINT32_MAX)
        return mlpipe__nomem(j->ctx);
    return MLPIPE_OK;
}

/* A column of texts or numbers, as the source holds it. */
static mlpipe_status capture_column(capture_job *j, const char *name,
                                    bool text, int32_t type, int32_t unit)
{
    const capture_source s = capture_find(j, name);
    mlpipe__column_writer *w;
    bool ok = true;

    if (text)
        type = type == MLPIPE_TYPE_TEXT ? type : MLPIPE_TYPE_CATEGORY;
    else
        type = capture_type(j, &s, type);
    if (type != MLPIPE_TYPE_TIMESTAMP && type != MLPIPE_TYPE_DURATION)
        unit = MLPIPE_UNIT_NONE;
    w = mlpipe__writer_new(j->ctx->env, name, strlen(name), type, unit, NULL);
    if (!w)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; ok && i < j->rows; i++)
        ok = text ? capture_put_text(j, &s, w, i)
                  : capture_put_number(w, type, capture_number(j, &s, i));
    return capture_finish(j, w, ok);
}

static bool capture_has(const capture_job *j, const char *name)
{
    return mlpipe__dict_find(&j->names, name, strlen(name)) != UINT32_MAX;
}

/* A column with a role that is no input: taken where the record has it. */
static mlpipe_status capture_role(capture_job *j, const char *name)
{
    capture_source s;

    if (!name || !*name || capture_has(j, name))
        return MLPIPE_OK;
    s = capture_find(j, name);
    if (s.absent)
        return MLPIPE_OK;
    const bool text = s.field && s.field->kind == MLPIPE_TOKEN;
    const bool whole = s.field && s.field->kind >= MLPIPE_I64 &&
                       s.field->kind <= MLPIPE_U8;
    return capture_column(j, name, text || s.codes,
                          whole ? MLPIPE_TYPE_I64 : MLPIPE_TYPE_F64, 0);
}

static mlpipe_status capture_target(capture_job *j)
{
    const mlpipe_model *m = j->model;
    const bool classes = m->task & MLPIPE__TASK_CLASSES;
    mlpipe__column_writer *w = mlpipe__writer_new(
        j->ctx->env, m->target, strlen(m->target),
        classes ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_F64, 0, NULL);
    bool ok = w != NULL;

    if (!w)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; ok && i < j->rows; i++) {
        const double truth = j->c->rows[j->order[i]].truth;
        if (!classes)
            ok = mlpipe__writer_f64(w, truth);
        else if (truth >= 0 && truth < m->classes.count &&
                 (double)(uint32_t)truth == truth)
            ok = mlpipe__writer_text(
                w, mlpipe__dict_text(&m->classes, (uint32_t)truth),
                mlpipe__dict_bytes(&m->classes, (uint32_t)truth));
        else
            ok = mlpipe__writer_null(w);
    }
    return capture_finish(j, w, ok);
}

static mlpipe_status capture_ids(capture_job *j)
{
    const mlpipe_model *m = j->model;
    const bool text = m->id_type == MLPIPE_TYPE_TEXT ||
                      m->id_type == MLPIPE_TYPE_CATEGORY;
    const bool real = m->id_type == MLPIPE_TYPE_F64;
    mlpipe__column_writer *w;
    bool ok = true;

    if (!m->id_column || !*m->id_column || capture_has(j, m->id_column))
        return MLPIPE_OK;
    w = mlpipe__writer_new(j->ctx->env, m->id_column, strlen(m->id_column),
                           text   ? m->id_type
                           : real ? MLPIPE_TYPE_F64
                                  : MLPIPE_TYPE_I64,
                           0, NULL);
    if (!w)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; ok && i < j->rows; i++) {
        const uint64_t id = j->c->rows[j->order[i]].id;
        char digits[24];
        if (text)
            ok = mlpipe__writer_text(
                w, digits,
                mlpipe__format(digits, sizeof digits, "%llu",
                               (unsigned long long)id));
        else if (real)
            ok = mlpipe__writer_f64(w, (double)id);
        else
            ok = mlpipe__writer_i64(w, (int64_t)id);
    }
    return capture_finish(j, w, ok);
}

/* Microseconds in a unit, rounded towards the past. */
static int64_t capture_time(int64_t us, int32_t unit)
{
    const int64_t per = unit == MLPIPE_UNIT_S    ? 1000000
                        : unit == MLPIPE_UNIT_MS ? 1000
                                                 : 1;
    int64_t t = us / per;

    if (us % per < 0)
        t--;
    if (unit == MLPIPE_UNIT_NS && __builtin_mul_overflow(us, 1000, &t))
        t = us < 0 ? INT64_MIN : INT64_MAX;
    return t;
}

static mlpipe_status capture_times(capture_job *j)
{
    const mlpipe_model *m = j->model;
    const bool stamp = m->time_type == MLPIPE_TYPE_TIMESTAMP;
    const int32_t unit = stamp ? m->time_unit : MLPIPE_UNIT_US;
    mlpipe__column_writer *w;
    bool ok = true;

    if (!m->time_column || !*m->time_column ||
        capture_has(j, m->time_column))
        return MLPIPE_OK;
    w = mlpipe__writer_new(j->ctx->env, m->time_column,
                           strlen(m->time_column), MLPIPE_TYPE_TIMESTAMP,
                           unit, NULL);
    if (!w)
        return mlpipe__nomem(j->ctx);
    for (uint32_t i = 0; ok && i < j->rows; i++)
        ok = mlpipe__writer_i64(
            w, capture_time(j->c->rows[j->order[i]].now_us, unit));
    return capture_finish(j, w, ok);
}

static mlpipe_status capture_inputs(capture_job *j, const mlpipe__program *p)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < p->input_count; i++)
        if (!capture_has(j, p->inputs[i].name))
            st = capture_column(j, p->inputs[i].name,
                                p->inputs[i].kind == MLPIPE__CODE,
                                p->inputs[i].type, p->inputs[i].unit);
    return st;
}

static mlpipe_status capture_columns(capture_job *j)
{
    mlpipe_status st = capture_inputs(j, j->model->program);

    if (!st && j->other)
        st = capture_inputs(j, j->other->program);
    if (!st && !capture_has(j, j->model->target))
        st = capture_target(j);
    if (!st)
        st = capture_ids(j);
    if (!st)
        st = capture_times(j);
    if (!st)
        st = capture_role(j, j->model->group_column);
    if (!st)
        st = capture_role(j, j->model->weight_column);
    return st;
}

/* The rows that have their truth, by time of the prediction. */
static mlpipe_status capture_choose(capture_job *j, uint64_t number,
                                    uint64_t from)
{
    const mlpipe__capture *c = j->c;
    const uint64_t held = c->next < c->room ? c->next : c->room;
    mlpipe__env *env = j->ctx->env;
    uint32_t *rank = NULL, *pick = NULL;
    uint64_t *scratch = NULL;
    int64_t *times = NULL;
    mlpipe_status st = MLPIPE_OK;
    uint32_t n = 0;

    pick = mlpipe__alloc_array(env, held, sizeof *pick);
    rank = mlpipe__alloc_array(env, held, sizeof *rank);
    times = mlpipe__alloc_array(env, held, sizeof *times);
    scratch = mlpipe__alloc_array(env, held, 4 * sizeof *scratch);
    if (!pick || !rank || !times || !scratch) {
        st = mlpipe__nomem(j->ctx);
        goto done;
    }
    for (uint64_t i = capture_from(c, from); i < c->next; i++) {
        const mlpipe__captured *r = &c->rows[i % c->room];
        if (!r->known || (number && r->number != number))
            continue;
        pick[n] = (uint32_t)(i % c->room);
        times[n++] = r->now_us;
    }
    mlpipe__argsort_i64(times, rank, n, scratch);
    for (uint32_t i = 0; i < n; i++)
        rank[i] = pick[rank[i]];
    j->rows = n;
    j->order = rank;
    rank = NULL;
    if (!n)
        st = mlpipe__fail(j->ctx, MLPIPE_E_EMPTY,
                          "none of the %llu captured rows has its truth yet; "
                          "tell truths, then tick",
                          (unsigned long long)held);
done:
    mlpipe__free(env, pick);
    mlpipe__free(env, rank);
    mlpipe__free(env, times);
    mlpipe__free(env, scratch);
    return st;
}

mlpipe_status mlpipe__capture_dataset(mlpipe_ctx *ctx,
                                      const mlpipe__capture *c,
                                      const mlpipe_model *model,
                                      const mlpipe_model *other,
                                      mlpipe_layout *layout,
                                      const mlpipe_model *first,
                                      uint64_t number, uint64_t from,
                                      mlpipe_dataset **out)
{
    capture_job j = {.ctx = ctx, .c = c, .model = model, .other = other,
                     .layout = layout};
    const size_t inputs = (size_t)model->program->input_count +
                          (other ? other->program->input_count : 0);
    mlpipe_status st = capture_choose(&j, number, from);

    j.first = first ? first->program : NULL;
    mlpipe__dict_init(&j.names, ctx->env);
    mlpipe__text_init(&j.text, ctx->env);
    if (!st) {
        /* the inputs, target, id, time, group and weight */
        j.columns = mlpipe__alloc_array(ctx->env, inputs + 5,
                                        sizeof *j.columns);
        st = j.columns ? capture_columns(&j) : mlpipe__nomem(ctx);
    }
    if (!st) /* takes the columns, also where it fails */
        st = mlpipe__dataset_new(ctx, j.columns, j.count, 0, NULL, out);
    else
        for (uint32_t i = 0; i < j.count; i++)
            mlpipe__column_drop(j.columns[i]);
    mlpipe__text_free(&j.text);
    mlpipe__dict_free(&j.names);
    mlpipe__free(ctx->env, j.columns);
    mlpipe__free(ctx->env, j.order);
    return st;
}
