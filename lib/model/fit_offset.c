/* SPDX-License-Identifier: MIT */
/*
 * The offset: a number of each row that is added to the learner's raw score as
 * it is, so that the learner fits what is left. It is a variable of the plan,
 * as the steps leave it, and no feature; the program reads it, so that no
 * answer can be without it.
 */
#include "fit_types.h"

const char *mlpipe__fit_offset_name(const mlpipe__fitting *f)
{
    return mlpipe__pipeline_role(f->recipe, "offset");
}

/* ---- who takes one ------------------------------------------------------- */

mlpipe_status mlpipe__fit_offset_learner(mlpipe__fitting *f)
{
    const char *name = mlpipe__fit_offset_name(f);
    const mlpipe__learner *l;
    char list[256];
    size_t size = 0;
    if (!name[0] || !f->learner || f->learner->learner->takes_offset)
        return MLPIPE_OK;
    list[0] = 0;
    for (uint32_t i = 0; (l = mlpipe__learner_at(i)); i++)
        if (l->takes_offset)
            size += mlpipe__format(list + size, sizeof list - size, "%s%s",
                                   size ? ", " : "", l->name);
    mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                 "the recipe has offset=%s, and %s has no raw score that it "
                 "could be added to; take one of %s, or take offset= out",
                 name, f->learner->learner->name, list);
    return mlpipe__fail_at(f->ctx, -1, name);
}

mlpipe_status mlpipe__fit_offset_task(mlpipe__fitting *f)
{
    const char *name = mlpipe__fit_offset_name(f);
    if (f->model->task != MLPIPE__TASK_MULTICLASS)
        return MLPIPE_OK;
    mlpipe__fail(f->ctx, MLPIPE_E_UNSUPPORTED,
                 "the recipe has offset=%s, and the target %q has %u classes: "
                 "one number added to all their scores changes no "
                 "probability; make it a feature, or predict two classes",
                 name, f->model->target, f->model->classes.count);
    return mlpipe__fail_at(f->ctx, -1, name);
}

/* ---- where it is --------------------------------------------------------- */

void mlpipe__fit_offset_hide(mlpipe__fitting *f)
{
    const char *name = mlpipe__fit_offset_name(f);
    const int32_t at = name[0] ? mlpipe__plan_find(&f->plan, name) : -1;
    if (at >= 0)
        f->plan.vars[at].feature = false;
}

mlpipe_status mlpipe__fit_offset_find(mlpipe__fitting *f)
{
    const char *name = f->learner ? mlpipe__fit_offset_name(f) : "";
    const int32_t at = name[0] ? mlpipe__plan_find(&f->plan, name) : -1;
    const mlpipe__var *v = at < 0 ? NULL : &f->plan.vars[at];
    if (!name[0])
        return MLPIPE_OK;
    if (v && v->kind == MLPIPE__NUMBER &&
        (v->type == MLPIPE_TYPE_F64 || v->type == MLPIPE_TYPE_I64)) {
        f->offset = v->reg;
        return MLPIPE_OK;
    }
    if (v)
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the offset %q is %s and must be a number; make one of "
                     "it by derive",
                     name, mlpipe__type_name(v->type));
    else
        mlpipe__fail(f->ctx, MLPIPE_E_SCHEMA,
                     "the offset %q is there no more when the steps are "
                     "done; leave it out of the step that replaces it",
                     name);
    return mlpipe__fail_at(f->ctx, -1, name);
}

/* ---- rows that have none ------------------------------------------------- */

/* keep[i] is 0 where row i has no finite offset. */
static mlpipe_status offset_scan(const mlpipe__fitting *f,
                                 const mlpipe__fit_rows *rows, uint8_t *keep)
{
    const mlpipe__program *p = f->plan.program;
    const int64_t total = rows->data->rows;
    void *scratch = mlpipe__alloc(
        f->ctx->env, mlpipe__program_scratch(p, MLPIPE__BLOCK_ROWS));
    mlpipe_status st = scratch ? MLPIPE_OK : mlpipe__nomem(f->ctx);
    const double *x;
    const uint8_t *valid;
    uint32_t n;
    for (int64_t start = 0; !st && start < total; start += n) {
        const int64_t left = total - start;
        n = left < MLPIPE__BLOCK_ROWS ? (uint32_t)left : MLPIPE__BLOCK_ROWS;
        if (start % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(f->ctx, "fit", (uint64_t)start,
                              (uint64_t)total);
        if (st)
            break;
        mlpipe__binding_load(&rows->binding, p, rows->data, start, n, scratch,
                             MLPIPE__BLOCK_ROWS);
        mlpipe__program_run_ops(p, scratch, MLPIPE__BLOCK_ROWS, n,
                                f->front_ops, NULL);
        x = mlpipe__program_values(p, scratch, MLPIPE__BLOCK_ROWS, f->offset);
        valid =
            mlpipe__program_valid(p, scratch, MLPIPE__BLOCK_ROWS, f->offset);
        for (uint32_t i = 0; i < n; i++)
            keep[start + i] = valid[i] && mlpipe__finite(x[i]);
    }
    mlpipe__free(f->ctx->env, scratch);
    return st;
}

static mlpipe_status offset_leave_out(mlpipe__fitting *f,
                                      mlpipe__fit_rows *rows,
                                      const char *which, uint64_t *dropped)
{
    const int64_t before = rows->data->rows;
    uint8_t *keep = mlpipe__alloc(f->ctx->env, (size_t)before);
    mlpipe_dataset *fewer = NULL;
    mlpipe_status st = keep ? offset_scan(f, rows, keep)
                            : mlpipe__nomem(f->ctx);
    if (!st && memchr(keep, 0, (size_t)before))
        st = mlpipe__fit_view(f->ctx, rows->data, keep, &fewer);
    mlpipe__free(f->ctx->env, keep);
    if (st || !fewer)
        return st;
    *dropped = (uint64_t)(before - fewer->rows);
    mlpipe_dataset_free(rows->data);
    rows->data = fewer;
    mlpipe__log_line(f->ctx, MLPIPE_LOG_INFO, "fit",
                     "%llu of %lld %s rows have no offset %s and are left "
                     "out",
                     (unsigned long long)*dropped, (long long)before, which,
                     mlpipe__fit_offset_name(f));
    if (fewer->rows)
        return MLPIPE_OK;
    return mlpipe__fail(f->ctx, MLPIPE_E_EMPTY,
                        "none of the %lld %s rows has a finite value of the "
                        "offset %q",
                        (long long)before, which, mlpipe__fit_offset_name(f));
}

mlpipe_status mlpipe__fit_offset_rows(mlpipe__fitting *f)
{
    mlpipe_status st = MLPIPE_OK;
    if (f->offset == MLPIPE__NO_REG)
        return MLPIPE_OK;
    st = offset_leave_out(f, &f->train, "training", &f->dropped_offset);
    f->generation++;
    if (!st && f->held.data)
        st = offset_leave_out(f, &f->held, "held-out",
                              &f->dropped_held_offset);
    return st;
}

/* ---- in a fitted model --------------------------------------------------- */

/* The operation that adds the offset, by its place behind the learner's; NULL:
 * there is none. */
static const mlpipe__op *offset_op(const mlpipe_model *m)
{
    const mlpipe__program *p = m->program;
    const mlpipe__op *learner = &p->ops[p->front_ops];
    if (!m->notes || !mlpipe_report_text(m->notes, "offset") ||
        p->op_count < 2 || p->front_ops > p->op_count - 2)
        return NULL;
    return learner[1].code == MLPIPE__OP_ADD && learner[1].a == learner->dst
               ? &learner[1]
               : NULL;
}

/* Marks what the marked registers are made of; `but` adds nothing by b. */
static void offset_trace(const mlpipe__program *p, const mlpipe__op *but,
                         uint8_t *made)
{
    for (uint32_t i = p->op_count; i-- > 0;) {
        const mlpipe__op *op = &p->ops[i];
        const uint32_t reads = op == but ? 1 : mlpipe__op_reads(p, op);
        if (!memchr(made + op->dst, 1, mlpipe__op_width(p, op)))
            continue;
        for (uint32_t k = 0; k < reads; k++)
            made[mlpipe__op_read(p, op, k)] = 1;
        if (op->code == MLPIPE__OP_FEED &&
            p->feeds[op->arg].source == MLPIPE__FEED_TEXT)
            made[p->feeds[op->arg].input] = 1;
    }
}

mlpipe_status mlpipe__model_offset_alone(mlpipe_ctx *ctx,
                                         const mlpipe_model *m,
                                         uint8_t *alone)
{
    const mlpipe__program *p = m->program;
    const mlpipe__op *add = offset_op(m);
    uint8_t *made;
    if (!add)
        return MLPIPE_OK;
    made = mlpipe__alloc(ctx->env, p->register_count);
    if (!made)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < p->output_count; i++)
        made[p->outputs[i].reg] = 1;
    offset_trace(p, add, made);
    for (uint32_t i = 0; i < p->input_count; i++)
        alone[i] = !made[i];
    mlpipe__free(ctx->env, made);
    return MLPIPE_OK;
}
