/* SPDX-License-Identifier: MIT */
/* Learners without a planner: frames over plain arrays, and fitted programs. */
#ifndef MLPIPE_TESTS_TRAIN_RIG_H
#define MLPIPE_TESTS_TRAIN_RIG_H

#include "support.h"

#include <math.h>

#include "report/report_internal.h"
#include "train/train_internal.h"

enum { RIG_FEATURES_MAX = 128 };

/* x[f][row], NaN = missing; codes[f] > 0 makes a category of it. */
typedef struct rig_table {
    uint32_t rows, features;
    uint32_t classes; /* of y, for classifiers */
    double *x[RIG_FEATURES_MAX];
    uint32_t codes[RIG_FEATURES_MAX];
    double *y, *w;
    uint64_t *ids;
    mlpipe__feature feature[RIG_FEATURES_MAX];
    mlpipe__frame frame;
} rig_table;

static void rig_read_rows(const mlpipe__frame *frame, void *scratch,
                          int64_t start, uint32_t n, double *values,
                          uint8_t *valid)
{
    const rig_table *t = frame->user;
    (void)scratch;

    for (uint32_t f = 0; f < t->features; f++)
        for (uint32_t i = 0; i < n; i++) {
            const double x = t->x[f][start + i];
            valid[(size_t)f * n + i] = (uint8_t)!isnan(x);
            values[(size_t)f * n + i] = isnan(x) ? 0 : x;
        }
}

static void rig_table_new(rig_table *t, uint32_t rows, uint32_t features)
{
    static const char *const names[RIG_FEATURES_MAX] = {
        "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};

    memset(t, 0, sizeof *t);
    t->rows = rows;
    t->features = features;
    for (uint32_t f = 0; f < features; f++)
        t->x[f] = calloc(rows, sizeof(double));
    t->y = calloc(rows, sizeof(double));
    t->ids = calloc(rows, sizeof(uint64_t));
    for (uint32_t i = 0; i < rows; i++)
        t->ids[i] = i;
    for (uint32_t f = 0; f < features; f++)
        t->feature[f].name = names[f] ? names[f] : "f";
}

static void rig_table_free(rig_table *t)
{
    for (uint32_t f = 0; f < t->features; f++)
        free(t->x[f]);
    free(t->y);
    free(t->w);
    free(t->ids);
}

static const mlpipe__frame *rig_frame(rig_table *t)
{
    for (uint32_t f = 0; f < t->features; f++) {
        t->feature[f].kind = t->codes[f] ? MLPIPE__CODE : MLPIPE__NUMBER;
        t->feature[f].codes = t->codes[f];
        t->feature[f].nullable = true;
    }
    t->frame = (mlpipe__frame){.rows = t->rows, .features = t->features,
                               .feature = t->feature, .target = t->y,
                               .weight = t->w, .ids = t->ids,
                               .scratch_bytes = 8, .read = rig_read_rows,
                               .user = t};
    return &t->frame;
}

static inline double rig_uniform(uint64_t row, uint32_t draw)
{
    return mlpipe__random_unit(5, MLPIPE__FOR_TEST, 0, row, draw);
}

static inline double rig_normal(uint64_t row, uint32_t draw)
{
    return mlpipe__normal_quantile(rig_uniform(row, draw));
}

typedef struct rig_fit {
    mlpipe__program *program;
    mlpipe_report *notes;
    void *scratch;
} rig_fit;

static inline void rig_fit_free(rig_fit *f)
{
    mlpipe__program_free(f->program);
    mlpipe_report_free(f->notes);
    free(f->scratch);
    memset(f, 0, sizeof *f);
}

static mlpipe__program *rig_program(mlpipe_ctx *ctx, const rig_table *t,
                                    uint32_t *regs)
{
    mlpipe__program *p = mlpipe__program_new(ctx->env);

    for (uint32_t f = 0; f < t->features; f++) {
        mlpipe__dict dict;
        char name[16];
        mlpipe__dict_init(&dict, ctx->env);
        for (uint32_t c = 0; c < t->codes[f]; c++) {
            const int n = snprintf(name, sizeof name, "c%u", c);
            mlpipe__dict_add(&dict, name, (size_t)n);
        }
        snprintf(name, sizeof name, "f%u", f);
        regs[f] = mlpipe__program_add_input(
            p, name, t->codes[f] ? MLPIPE_TYPE_CATEGORY : MLPIPE_TYPE_F64, 0,
            t->codes[f] ? MLPIPE__CODE : MLPIPE__NUMBER,
            t->codes[f] ? &dict : NULL);
        mlpipe__dict_free(&dict);
    }
    return p;
}

/* Outputs of a classifier of three or more behind the first. */
static const char *const rig_class_names[] = {"p0", "p1", "p2", "p3", "p4",
                                              "p5", "p6", "p7", "p8", "p9"};

static inline mlpipe_status rig_fit_new(mlpipe_ctx *ctx,
                                        const mlpipe__learner *l,
                                        const char *text, uint32_t task,
                                        rig_table *train, rig_table *valid,
                                        rig_fit *out)
{
    uint32_t regs[RIG_FEATURES_MAX];
    mlpipe__params params;
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    st = mlpipe__params_parse(ctx, l->name, l->params, l->param_count, text,
                              &params);
    if (st)
        return st;
    mlpipe_report *notes = mlpipe__report_new(ctx->env, "notes");
    out->program = rig_program(ctx, train, regs);
    mlpipe__fit_job job = {.ctx = ctx, .params = &params, .name = l->name,
                           .task = task, .classes = train->classes,
                           .seed = 3,
                           .train = rig_frame(train),
                           .valid = valid ? rig_frame(valid) : NULL,
                           .notes = notes, .program = out->program,
                           .regs = regs};
    st = l->fit(&job);
    mlpipe__params_free(&params);
    if (st) {
        mlpipe_report_free(notes);
        rig_fit_free(out);
        return st;
    }
    mlpipe__program_add_output(out->program, "prediction", job.out);
    for (uint32_t k = 1; k < train->classes && train->classes > 2; k++)
        mlpipe__program_add_output(out->program, rig_class_names[k],
                                   job.out + k);
    assert_ok(ctx, mlpipe__program_seal(ctx, out->program));
    assert_ok(ctx, mlpipe__report_seal(ctx, notes, &out->notes));
    assert_int_equal(0, posix_memalign(
                            &out->scratch, 64,
                            mlpipe__program_scratch(out->program, 1)));
    return MLPIPE_OK;
}

/* All outputs for one row; x[f], NaN = missing, -1 = unseen category. */
static inline void rig_predict_all(const rig_fit *f, const double *x,
                                   double *out)
{
    for (uint32_t i = 0; i < f->program->input_count; i++)
        *mlpipe__program_lane(f->program, f->scratch, 1, i) = x[i];
    mlpipe__program_run(f->program, f->scratch, 1, 1, out, NULL);
}

/* The prediction of a program with one output. */
static inline double rig_predict(const rig_fit *f, const double *x)
{
    double out;

    assert_int_equal(1, f->program->output_count);
    rig_predict_all(f, x, &out);
    return out;
}

static inline double rig_predict_row(const rig_fit *f, const rig_table *t,
                                     uint32_t row)
{
    double x[RIG_FEATURES_MAX];

    for (uint32_t i = 0; i < t->features; i++)
        x[i] = t->x[i][row];
    return rig_predict(f, x);
}

/* An allocator that fails from its n-th allocation on. */
typedef struct rig_memory {
    int64_t left; /* before it fails; -1 = never */
    int64_t live;
} rig_memory;

static void *rig_alloc(void *user, void *ptr, size_t old_size,
                       size_t new_size, size_t align)
{
    rig_memory *m = user;
    void *out = NULL;

    if (new_size) {
        if (!m->left)
            return NULL;
        m->left -= m->left > 0;
        assert_int_equal(0, posix_memalign(&out, align < 8 ? 8 : align,
                                           new_size));
        if (old_size)
            memcpy(out, ptr, old_size < new_size ? old_size : new_size);
        m->live++;
    }
    if (old_size) {
        free(ptr);
        m->live--;
    }
    return out;
}

/* Fit while each allocation in turn, and all after it, fail: the status says
 * so, and nothing stays allocated. */
static inline void rig_starve(const mlpipe__learner *l, const char *text,
                              uint32_t task, rig_table *train,
                              rig_table *valid)
{
    rig_memory m = {-1, 0};
    const mlpipe_ctx_options o = {.size = sizeof o, .user = &m,
                                  .alloc = rig_alloc};
    mlpipe_ctx *ctx;
    mlpipe_status st = MLPIPE_E_NOMEM;
    int64_t at = 0;

    assert_int_equal(MLPIPE_OK, mlpipe_ctx_new(&o, &ctx));
    for (; st; at++) {
        uint32_t regs[RIG_FEATURES_MAX];
        mlpipe__params params;
        const int64_t live = m.live;
        assert_ok(ctx, mlpipe__params_parse(ctx, l->name, l->params,
                                            l->param_count, text, &params));
        mlpipe__program *p = rig_program(ctx, train, regs);
        mlpipe__fit_job job = {.ctx = ctx, .params = &params, .task = task,
                               .classes = train->classes, .name = l->name,
                               .train = rig_frame(train),
                               .valid = valid ? rig_frame(valid) : NULL,
                               .program = p, .regs = regs};
        m.left = at;
        st = l->fit(&job);
        if (!st)
            st = mlpipe__program_seal(ctx, p);
        m.left = -1;
        if (st)
            assert_status(MLPIPE_E_NOMEM, st);
        mlpipe__program_free(p);
        mlpipe__params_free(&params);
        assert_int_equal(live, m.live);
    }
    assert_true(at > 10);
    mlpipe_ctx_free(ctx);
    assert_int_equal(0, m.live);
}

static inline mlpipe__hash128 rig_hash(mlpipe_ctx *ctx, const rig_fit *f)
{
    mlpipe__text bytes;

    mlpipe__text_init(&bytes, ctx->env);
    mlpipe__program_save(f->program, &bytes);
    assert_false(bytes.failed);
    const mlpipe__hash128 h = mlpipe__hash(bytes.data, bytes.size);
    mlpipe__text_free(&bytes);
    return h;
}

#endif
