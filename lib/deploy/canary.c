/* SPDX-License-Identifier: MIT */
/*
 * A canary: a second model that answers a share of the requests. Both are
 * published by the one pointer of the slot, as a pair that is never changed,
 * so that a worker enters as ever and no row is answered by a mixture. To end
 * it publishes what serves alone, which every deployment carries with it: to
 * promote, to drop and to roll back take no memory.
 */
#include "deploy_internal.h"

/* A host that gets answers of either must be able to read both. */
static mlpipe_status canary_fits(mlpipe_ctx *ctx,
                                 const mlpipe__deployment *main,
                                 const mlpipe__deployment *canary)
{
    const mlpipe_model *a = main->predictor->model;
    const mlpipe_model *b = canary->predictor->model;
    bool same = !strcmp(a->target, b->target) && a->task == b->task &&
                a->classes.count == b->classes.count;

    for (uint32_t i = 0; same && i < a->classes.count; i++)
        same = !strcmp(mlpipe__dict_text(&a->classes, i),
                       mlpipe__dict_text(&b->classes, i));
    if (same)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                        "the canary predicts %q of %u classes, the model that "
                        "serves %q of %u; both must have one target and the "
                        "same classes",
                        b->target, b->classes.count, a->target,
                        a->classes.count);
}

static mlpipe_status canary_publish(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                    mlpipe__deployment *canary, uint32_t cut)
{
    mlpipe__deployed *pair = mlpipe__alloc(slot->env, sizeof *pair);

    if (!pair)
        return mlpipe__nomem(ctx);
    pair->main = mlpipe__slot_current(slot);
    pair->canary = canary;
    pair->cut = cut;
    mlpipe__slot_publish(slot, pair);
    mlpipe__slot_sweep(slot);
    return MLPIPE_OK;
}

static mlpipe_status canary_start(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                  const mlpipe_model *model, uint32_t cut)
{
    mlpipe__deployment *d;
    mlpipe_status st = mlpipe__slot_prepare(ctx, slot, model, &d);

    if (st)
        return st;
    st = canary_fits(ctx, mlpipe__slot_current(slot), d);
    if (!st) {
        mlpipe__deployment_head(slot, mlpipe__slot_current(slot), d->beside);
        st = canary_publish(ctx, slot, d, cut);
    }
    if (st)
        mlpipe__deployment_free(slot, d);
    else
        slot->last_number = d->number;
    return st;
}

/* E_STATE where there is none, E_BUSY where it is another. */
static mlpipe_status canary_there(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                  uint64_t expected)
{
    const mlpipe__deployment *d = mlpipe__slot_deployed(slot)->canary;

    if (!d)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "no canary runs in the slot; start one with "
                            "mlpipe_slot_canary");
    return mlpipe__slot_expect(ctx, expected, d->number);
}

mlpipe_status mlpipe__slot_begin_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                        const mlpipe_model *model,
                                        uint32_t cut, uint64_t expected,
                                        uint64_t *number)
{
    mlpipe_status st = mlpipe__slot_lock(ctx, slot);
    mlpipe__deployment *runs;

    if (st)
        return st;
    runs = mlpipe__slot_deployed(slot)->canary;
    st = mlpipe__slot_expect(ctx, expected,
                             mlpipe__slot_current(slot)->number);
    if (!st && !model) {
        st = canary_there(ctx, slot, 0);
        if (!st)
            st = mlpipe__slot_has_room(ctx, slot);
        if (!st)
            st = canary_publish(ctx, slot, runs, cut);
    } else if (!st && runs) {
        st = mlpipe__fail(ctx, MLPIPE_E_CONFLICT,
                          "deployment %llu is the canary of the slot; promote "
                          "or drop it first",
                          (unsigned long long)runs->number);
    } else if (!st) {
        st = canary_start(ctx, slot, model, cut);
    }
    if (!st && number)
        *number = slot->last_number;
    mlpipe__slot_unlock(slot);
    if (!st && model)
        mlpipe__layout_tell_unread(ctx, slot->layout, model);
    return st;
}

mlpipe_status mlpipe__slot_end_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                      bool promote, uint64_t expected)
{
    mlpipe_status st = mlpipe__slot_lock(ctx, slot);

    if (st)
        return st;
    st = canary_there(ctx, slot, expected);
    if (!st)
        st = mlpipe__slot_has_room(ctx, slot);
    if (!st) {
        const mlpipe__deployed now = *mlpipe__slot_deployed(slot);
        if (promote) {
            mlpipe__slot_succeed(slot, now.canary);
        } else {
            mlpipe__slot_publish(slot, &now.main->alone);
            mlpipe__slot_retire(slot, now.canary);
            mlpipe__slot_sweep(slot);
        }
    }
    mlpipe__slot_unlock(slot);
    return st;
}

/* ---- the calls ----------------------------------------------------------- */

mlpipe_status mlpipe_slot_canary(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                 const mlpipe_model *model, double share)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_canary");

    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st && !(share >= 0.0001 && share <= 0.9999))
        st = mlpipe__fail(ctx, MLPIPE_E_ARG,
                          "share = %g is not between 0.0001 and 0.9999",
                          share);
    if (!st)
        st = mlpipe__slot_begin_canary(ctx, slot, model,
                                       (uint32_t)(share * 10000 + 0.5), 0,
                                       NULL);
    return mlpipe__end(ctx, st);
}

static mlpipe_status canary_end(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                bool promote, const char *call)
{
    mlpipe_status st = mlpipe__begin_here(ctx, call);

    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st)
        st = mlpipe__slot_end_canary(ctx, slot, promote, 0);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_slot_promote(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    return canary_end(ctx, slot, true, "mlpipe_slot_promote");
}

mlpipe_status mlpipe_slot_drop(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    return canary_end(ctx, slot, false, "mlpipe_slot_drop");
}

uint64_t mlpipe_slot_canary_version(const mlpipe_slot *slot)
{
    if (!slot)
        return 0;
    return atomic_load_explicit(
        &((mlpipe_slot *)(uintptr_t)slot)->canary_version,
        memory_order_acquire);
}
