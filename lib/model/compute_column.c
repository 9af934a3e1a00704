/* SPDX-License-Identifier: MIT */
/* What an expression gives as a column: its type, and its values. */
#include "fit_types.h"

/* ---- whole numbers ------------------------------------------------------ */

/* Ops whose result is whole whatever they read, or where all they read is. */
static bool compute_always_whole(const mlpipe__program *p,
                                 const mlpipe__op *op)
{
    switch (op->code) {
    case MLPIPE__OP_CONST:
        return p->consts[op->arg] != p->consts[op->arg]
            || p->consts[op->arg] == mlpipe__floor(p->consts[op->arg]);
    case MLPIPE__OP_ROUND:
        return p->consts[op->arg] == 0;
    case MLPIPE__OP_FEED:
        return p->feeds[op->arg].step_count
            && p->feeds[op->arg].steps[p->feeds[op->arg].step_count - 1].code
                   == MLPIPE__TEXT_LENGTH;
    case MLPIPE__OP_FLOOR:
    case MLPIPE__OP_CEIL:
    case MLPIPE__OP_TRUNC:
    case MLPIPE__OP_FLOOR_DIV:
    case MLPIPE__OP_SIGN:
    case MLPIPE__OP_DATE_PART:
    case MLPIPE__OP_IS_NULL:
    case MLPIPE__OP_NOT:
    case MLPIPE__OP_LT:
    case MLPIPE__OP_LE:
    case MLPIPE__OP_EQ:
    case MLPIPE__OP_NE:
    case MLPIPE__OP_EQ_CODE:
    case MLPIPE__OP_AND:
    case MLPIPE__OP_OR:
        return true;
    default:
        return false;
    }
}

static bool compute_keeps_whole(uint16_t code)
{
    switch (code) {
    case MLPIPE__OP_ADD:
    case MLPIPE__OP_SUB:
    case MLPIPE__OP_MUL:
    case MLPIPE__OP_MOD:
    case MLPIPE__OP_MIN:
    case MLPIPE__OP_MAX:
    case MLPIPE__OP_LEAST:
    case MLPIPE__OP_GREATEST:
    case MLPIPE__OP_NEG:
    case MLPIPE__OP_ABS:
    case MLPIPE__OP_SQUARE:
    case MLPIPE__OP_COALESCE:
    case MLPIPE__OP_NULL_IF:
    case MLPIPE__OP_SELECT:
        return true;
    default:
        return false;
    }
}

void mlpipe__compute_whole(const mlpipe__program *p, uint8_t *whole)
{
    for (uint32_t i = 0; i < p->input_count; i++)
        whole[i] = p->inputs[i].type == MLPIPE_TYPE_I64
            || p->inputs[i].type == MLPIPE_TYPE_BOOL;
    for (uint32_t i = 0; i < p->op_count; i++) {
        const mlpipe__op *op = &p->ops[i];
        const uint32_t reads = mlpipe__op_reads(p, op);
        bool all = compute_keeps_whole(op->code);
        /* a SELECT's condition is a bool, which is whole as well */
        for (uint32_t k = 0; all && k < reads; k++)
            all = whole[mlpipe__op_read(p, op, k)];
        memset(whole + op->dst, all || compute_always_whole(p, op),
               mlpipe__op_width(p, op));
    }
}

/* ---- values ------------------------------------------------------------- */

static mlpipe_status compute_too_large(mlpipe_ctx *ctx, const mlpipe__var *v,
                                       int64_t row, double x)
{
    if (v->type == MLPIPE_TYPE_I64)
        mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                     "%s is %g in row %lld, and whole numbers are computed "
                     "exactly below 9007199254740992 (2^53) alone; divide by "
                     "1 to make it a f64, or scale it",
                     v->name, x, (long long)row);
    else
        mlpipe__fail(ctx, MLPIPE_E_NUMERIC,
                     "%s is %g %s in row %lld, which is beyond what a time "
                     "can hold; check what it is made of",
                     v->name, x, mlpipe__unit_name(v->unit), (long long)row);
    return mlpipe__fail_at(ctx, row, v->name);
}

/* A whole number or a time; those that a double rounds are counted. */
static mlpipe_status compute_whole_value(mlpipe_ctx *ctx,
                                         const mlpipe__var *v, int64_t row,
                                         double x, int64_t *coarse,
                                         mlpipe__column_writer *w)
{
    const bool exact = x > -0x1p53 && x < 0x1p53;
    const bool time = v->type != MLPIPE_TYPE_I64;
    if (!exact && !(time && x >= -0x1p62 && x <= 0x1p62))
        return compute_too_large(ctx, v, row, x);
    if (!time && x != mlpipe__floor(x))
        return mlpipe__fail(ctx, MLPIPE_E_INTERNAL,
                            "%s is %g in row %lld, and was taken for whole; "
                            "please report this",
                            v->name, x, (long long)row);
    *coarse += !exact;
    return mlpipe__writer_i64(w, (int64_t)mlpipe__round_even(x))
               ? MLPIPE_OK : MLPIPE_E_NOMEM;
}

static mlpipe_status compute_value(mlpipe_ctx *ctx, const mlpipe__var *v,
                                   int64_t row, double x, int64_t *coarse,
                                   mlpipe__column_writer *w)
{
    bool ok;
    switch (v->type) {
    case MLPIPE_TYPE_BOOL:
        ok = mlpipe__writer_bool(w, x != 0);
        break;
    case MLPIPE_TYPE_F64:
        ok = mlpipe__writer_f64(w, x);
        break;
    case MLPIPE_TYPE_CATEGORY:
        ok = x < 0 || x >= v->dict->count
                 ? mlpipe__writer_null(w)
                 : mlpipe__writer_text(
                       w, mlpipe__dict_text(v->dict, (uint32_t)x),
                       mlpipe__dict_bytes(v->dict, (uint32_t)x));
        break;
    default:
        return compute_whole_value(ctx, v, row, x, coarse, w);
    }
    return ok ? MLPIPE_OK : MLPIPE_E_NOMEM;
}

mlpipe_status mlpipe__compute_column(mlpipe_ctx *ctx, const mlpipe__var *v,
                                     const mlpipe_dataset *d,
                                     const double *values,
                                     const int64_t *places,
                                     mlpipe__column **out)
{
    const int64_t stored = mlpipe__dataset_stored(d);
    mlpipe__column_writer *w =
        mlpipe__writer_new(ctx->env, v->name, strlen(v->name), v->type,
                           v->unit, NULL);
    int64_t coarse = 0;
    mlpipe_status st = w && mlpipe__writer_reserve(w, stored)
                           ? MLPIPE_OK : MLPIPE_E_NOMEM;
    for (int64_t p = 0; !st && p < stored; p++) {
        const int64_t row = places[p];
        if (p % MLPIPE__CHUNK_ROWS == 0)
            st = mlpipe__poll(ctx, "with_column", (uint64_t)p,
                              (uint64_t)stored);
        if (st)
            break;
        if (row < 0 || values[row] != values[row])
            st = mlpipe__writer_null(w) ? MLPIPE_OK : MLPIPE_E_NOMEM;
        else
            st = compute_value(ctx, v, row, values[row], &coarse, w);
    }
    if (st == MLPIPE_E_NOMEM)
        st = mlpipe__writer_failed(ctx, w);
    if (st) {
        mlpipe__writer_free(w);
        return st;
    }
    if (coarse)
        mlpipe__log_line(ctx, MLPIPE_LOG_WARN, "with_column",
                         "%s: %lld of %lld times are 2^53 %s or more from "
                         "1970 and may be rounded to what a double holds; in "
                         "a coarser unit they pass exactly",
                         v->name, (long long)coarse, (long long)d->rows,
                         mlpipe__unit_name(v->unit));
    *out = mlpipe__writer_finish(w);
    return *out ? MLPIPE_OK : mlpipe__nomem(ctx);
}
