/* SPDX-License-Identifier: MIT */
/*
 * Slots: one published pointer, hazard pointers on the workers' own cache
 * lines, and one writer at a time who tries and never waits.
 *
 * What is published is a deployment alone, or one and its canary. A worker
 * stores the one that it is about to use into its seat (a
 * sequentially consistent exchange), then reads the published pointer again.
 * The writer publishes first and then reads the seats. In the single order of
 * these four operations either the worker sees the new pointer and takes that
 * one, or the writer sees the seat and keeps the old deployment.
 */
#include "deploy_internal.h"

/* ---- deployments ------------------------------------------------------- */

static void slot_lane_free(mlpipe__env *env, mlpipe__lane *lane)
{
    mlpipe__free(env, lane->counters);
    mlpipe__free(env, lane->scratch);
    lane->counters = NULL;
    lane->scratch = NULL;
}

/* Memory for one seat at one deployment; nothing has changed on failure. */
static bool slot_lane_make(mlpipe__env *env, const mlpipe__deployment *d,
                           mlpipe__lane *lane)
{
    const size_t scratch = d->predictor->row_scratch;
    size_t bytes;

    if (lane->counters)
        return true;
    /* At least 256 bytes, which are then on cache lines of their own. */
    if (mlpipe__mul(d->recorder.total, sizeof(mlpipe__count), &bytes) ||
        mlpipe__add(bytes, 256, &bytes))
        return false;
    lane->counters = mlpipe__alloc(env, bytes);
    lane->scratch = mlpipe__alloc(env, scratch < 256 ? 256 : scratch);
    if (!lane->counters || !lane->scratch) {
        slot_lane_free(env, lane);
        return false;
    }
    for (uint32_t i = 0; i < d->recorder.total; i++)
        atomic_init(lane->counters + i, 0);
    return true;
}

void mlpipe__deployment_free(mlpipe_slot *slot, mlpipe__deployment *d)
{
    if (!d)
        return;
    for (uint32_t i = 0; d->lanes && i < slot->seat_room; i++)
        slot_lane_free(slot->env, &d->lanes[i]);
    mlpipe__free(slot->env, d->lanes);
    if (d->recorder.env)
        mlpipe__recorder_free(&d->recorder);
    mlpipe_predictor_free(d->predictor);
    mlpipe__free(slot->env, d);
}

/* Everything that can fail about a deployment, before it is published. */
static mlpipe_status slot_deployment_make(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                          const mlpipe_model *model,
                                          mlpipe__deployment **out)
{
    mlpipe__deployment *d = mlpipe__alloc(slot->env, sizeof *d);
    mlpipe_status st;

    if (!d)
        return mlpipe__nomem(ctx);
    st = mlpipe__predictor_make(ctx, model, slot->layout, slot->first,
                                &d->predictor);
    if (!st && !mlpipe__recorder_init(&d->recorder, slot->env,
                                      d->predictor->model))
        st = mlpipe__nomem(ctx);
    if (!st) {
        d->lanes = mlpipe__alloc_array(slot->env, slot->seat_room,
                                       sizeof *d->lanes);
        if (!d->lanes)
            st = mlpipe__nomem(ctx);
    }
    for (uint32_t i = 0; !st && i < slot->seat_room; i++)
        if (slot->seats[i] && !slot_lane_make(slot->env, d, &d->lanes[i]))
            st = mlpipe__nomem(ctx);
    if (st) {
        mlpipe__deployment_free(slot, d);
        return st;
    }
    d->number = slot->last_number + 1;
    d->alone.main = d;
    *out = d;
    return MLPIPE_OK;
}

void mlpipe__deployment_counts(const mlpipe_slot *slot,
                               const mlpipe__deployment *d, uint64_t *out)
{
    memset(out, 0, d->recorder.total * sizeof *out);
    for (uint32_t s = 0; s < slot->seat_room; s++)
        for (uint32_t i = 0; d->lanes[s].counters && i < d->recorder.total;
             i++)
            out[i] += mlpipe__count_get(d->lanes[s].counters + i);
}

void mlpipe__deployment_head(const mlpipe_slot *slot,
                             const mlpipe__deployment *d, uint64_t *head)
{
    for (uint32_t s = 0; d && s < slot->seat_room; s++)
        for (uint32_t i = 0; d->lanes[s].counters && i < MLPIPE__COUNT_HEAD;
             i++)
            head[i] += mlpipe__count_get(d->lanes[s].counters + i);
}

uint64_t mlpipe__slot_total(const mlpipe_slot *slot, uint32_t counter)
{
    const mlpipe__deployed *s =
        mlpipe__slot_deployed((mlpipe_slot *)(uintptr_t)slot);
    uint64_t head[MLPIPE__COUNT_HEAD];

    memcpy(head, slot->folded, sizeof head);
    mlpipe__deployment_head(slot, s->main, head);
    mlpipe__deployment_head(slot, s->canary, head);
    mlpipe__deployment_head(slot, slot->previous, head);
    for (const mlpipe__deployment *d = slot->retired; d; d = d->next)
        mlpipe__deployment_head(slot, d, head);
    return head[counter];
}

/* ---- the writer's side ------------------------------------------------- */

const mlpipe__deployed *mlpipe__slot_deployed(mlpipe_slot *slot)
{
    return atomic_load_explicit(&slot->current, memory_order_acquire);
}

mlpipe__deployment *mlpipe__slot_current(mlpipe_slot *slot)
{
    return mlpipe__slot_deployed(slot)->main;
}

mlpipe_status mlpipe__slot_lock(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    const mlpipe_status st = mlpipe__slot_here(ctx, slot->env, "slot");

    if (!st && atomic_flag_test_and_set_explicit(&slot->writer,
                                                 memory_order_acquire))
        return mlpipe__fail(ctx, MLPIPE_E_BUSY,
                            "another thread is changing or reading the slot; "
                            "try again");
    return st;
}

void mlpipe__slot_unlock(mlpipe_slot *slot)
{
    atomic_flag_clear_explicit(&slot->writer, memory_order_release);
}

mlpipe_status mlpipe__slot_here(mlpipe_ctx *ctx, const mlpipe__env *env,
                                const char *what)
{
    if (env->pid != mlpipe__os_pid())
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "this %s was made before fork, in process %lld; "
                            "make one of its own in the child",
                            what, (long long)env->pid);
    return MLPIPE_OK;
}

static bool slot_in_use(const mlpipe_slot *slot, const mlpipe__deployed *s)
{
    for (uint32_t i = 0; i < slot->seat_room; i++)
        if (slot->seats[i] && atomic_load_explicit(&slot->seats[i]->active,
                                                   memory_order_seq_cst) == s)
            return true;
    return false;
}

/* Alone, or in a pair that a worker may still be in. */
static bool slot_needs(const mlpipe_slot *slot, const mlpipe__deployment *d)
{
    for (const mlpipe__deployed *s = slot->pairs; s; s = s->next)
        if (s->main == d || s->canary == d)
            return true;
    return slot_in_use(slot, &d->alone);
}

void mlpipe__slot_sweep(mlpipe_slot *slot)
{
    mlpipe__deployed **pair = &slot->pairs;
    mlpipe__deployment **at = &slot->retired;

    while (*pair) {
        mlpipe__deployed *s = *pair;
        if (slot_in_use(slot, s)) {
            pair = &s->next;
            continue;
        }
        *pair = s->next;
        slot->retired_count--;
        mlpipe__free(slot->env, s);
    }
    while (*at) {
        mlpipe__deployment *d = *at;
        if (slot_needs(slot, d)) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        slot->retired_count--;
        mlpipe__deployment_head(slot, d, slot->folded);
        mlpipe__deployment_free(slot, d);
    }
}

void mlpipe__slot_retire(mlpipe_slot *slot, mlpipe__deployment *d)
{
    if (!d)
        return;
    d->next = slot->retired;
    slot->retired = d;
    slot->retired_count++;
}

/* A pair that was published goes to the retired ones; the deployments are the
 * caller's to place. */
void mlpipe__slot_publish(mlpipe_slot *slot, mlpipe__deployed *s)
{
    mlpipe__deployed *old = atomic_exchange_explicit(&slot->current, s,
                                                    memory_order_seq_cst);

    atomic_store_explicit(&slot->version, s->main->number,
                          memory_order_release);
    atomic_store_explicit(&slot->canary_version,
                          s->canary ? s->canary->number : 0,
                          memory_order_release);
    if (!old || !old->canary)
        return;
    old->next = slot->pairs;
    slot->pairs = old;
    slot->retired_count++;
}

mlpipe_status mlpipe__slot_has_room(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    const bool pair = mlpipe__slot_deployed(slot)->canary != NULL;

    mlpipe__slot_sweep(slot);
    /* a pair retires with its canary, and the previous deployment */
    if (slot->retired_count + (pair ? 3 : 1) > MLPIPE__RETIRED_MOST)
        return mlpipe__fail(ctx, MLPIPE_E_BUSY,
                            "%u retired deployments wait for a worker that is "
                            "inside a prediction; the most is %u; try again "
                            "when it has ended",
                            slot->retired_count,
                            (unsigned)MLPIPE__RETIRED_MOST);
    return MLPIPE_OK;
}

/*
 * Truths are joined by what the monitor's host tells of one target, so that a
 * slot that is watched goes on predicting it.
 */
static mlpipe_status slot_same_target(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                      const mlpipe_model *model)
{
    static const char *const kinds[] = {"a number", "a class"};
    const mlpipe_model *now = mlpipe__slot_current(slot)->predictor->model;
    const uint32_t classes = now->classes.count;
    const bool was_class = now->task != MLPIPE__TASK_REGRESSION;
    const bool is_class = model->task != MLPIPE__TASK_REGRESSION;

    if (strcmp(now->target, model->target) || was_class != is_class)
        return mlpipe__fail(
            ctx, MLPIPE_E_SCHEMA,
            "the model predicts %q (%s), and a monitor joins the truths of "
            "%q (%s) here; deploy it in a slot of its own, or free the "
            "monitor first",
            model->target, kinds[is_class], now->target, kinds[was_class]);
    if (classes != model->classes.count)
        return mlpipe__fail(
            ctx, MLPIPE_E_SCHEMA,
            "the model knows %u classes of %q, and a monitor watches %u here; "
            "train it on rows of all classes, deploy it in a slot of its own, "
            "or free the monitor first",
            model->classes.count, now->target, classes);
    for (uint32_t i = 0; i < classes; i++) {
        const char *was = mlpipe__dict_text(&now->classes, i);
        const char *is = mlpipe__dict_text(&model->classes, i);
        if (!strcmp(was, is))
            continue;
        return mlpipe__fail(
            ctx, MLPIPE_E_SCHEMA,
            "class %u of the target %q is %q to the model and %q to the one "
            "that a monitor watches here, and a truth is told by its number; "
            "deploy it in a slot of its own, or free the monitor first",
            i, now->target, is, was);
    }
    return MLPIPE_OK;
}

/*
 * The host gives each prediction room for the outputs of the first model, and
 * a worker cannot ask how much that is: no model writes more or fewer.
 */
static mlpipe_status slot_fits(mlpipe_ctx *ctx, mlpipe_slot *slot,
                               const mlpipe_model *model)
{
    const uint32_t room =
        mlpipe__slot_current(slot)->predictor->model->program->output_count;

    if (atomic_load_explicit(&slot->watched, memory_order_acquire)) {
        const mlpipe_status st = slot_same_target(ctx, slot, model);
        if (st)
            return st;
    }
    if (model->program->output_count == room)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_SCHEMA,
                        "the model has %u outputs a row, and whoever predicts "
                        "through this slot has room for %u; deploy it in a "
                        "slot of its own",
                        model->program->output_count, room);
}

/* d serves alone from now on; what served stays to go back to. */
void mlpipe__slot_succeed(mlpipe_slot *slot, mlpipe__deployment *d)
{
    const mlpipe__deployed now = *mlpipe__slot_deployed(slot);

    mlpipe__slot_publish(slot, &d->alone);
    if (now.canary != d)
        mlpipe__slot_retire(slot, now.canary);
    mlpipe__slot_retire(slot, slot->previous);
    slot->previous = now.main;
    mlpipe__slot_sweep(slot);
}

mlpipe_status mlpipe__slot_prepare(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                   const mlpipe_model *model,
                                   mlpipe__deployment **out)
{
    mlpipe_status st = slot_fits(ctx, slot, model);

    if (!st)
        st = mlpipe__slot_has_room(ctx, slot);
    if (!st)
        st = slot_deployment_make(ctx, slot, model, out);
    return st;
}

static mlpipe_status slot_swap_locked(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                      const mlpipe_model *model)
{
    mlpipe__deployment *d;
    const mlpipe_status st = mlpipe__slot_prepare(ctx, slot, model, &d);

    if (st)
        return st;
    slot->last_number = d->number;
    mlpipe__slot_succeed(slot, d);
    return MLPIPE_OK;
}

static mlpipe_status slot_rollback_locked(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    mlpipe__deployment *bad = mlpipe__slot_current(slot);
    mlpipe__deployment *canary = mlpipe__slot_deployed(slot)->canary;
    mlpipe_status st;

    if (!slot->previous)
        return mlpipe__fail(ctx, MLPIPE_E_STATE,
                            "deployment %llu has no previous one to go back "
                            "to; swap a model in instead",
                            (unsigned long long)bad->number);
    st = slot_fits(ctx, slot, slot->previous->predictor->model);
    if (!st)
        st = mlpipe__slot_has_room(ctx, slot);
    if (st)
        return st;
    mlpipe__slot_publish(slot, &slot->previous->alone);
    slot->previous = NULL;
    mlpipe__slot_retire(slot, canary);
    mlpipe__slot_retire(slot, bad);
    mlpipe__slot_sweep(slot);
    return MLPIPE_OK;
}

mlpipe_status mlpipe__slot_expect(mlpipe_ctx *ctx, uint64_t expected,
                                  uint64_t now)
{
    if (!expected || now == expected)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_BUSY,
                        "deployment %llu took the place of %llu meanwhile; "
                        "look at it first",
                        (unsigned long long)now,
                        (unsigned long long)expected);
}

mlpipe_status mlpipe__slot_change(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                  const mlpipe_model *model,
                                  uint64_t expected, uint64_t *number)
{
    mlpipe_status st = mlpipe__slot_lock(ctx, slot);

    if (st)
        return st;
    st = mlpipe__slot_expect(ctx, expected, mlpipe__slot_current(slot)->number);
    if (!st)
        st = model ? slot_swap_locked(ctx, slot, model)
                   : slot_rollback_locked(ctx, slot);
    if (number)
        *number = mlpipe__slot_current(slot)->number;
    mlpipe__slot_unlock(slot);
    if (!st && model)
        mlpipe__layout_tell_unread(ctx, slot->layout, model);
    return st;
}

mlpipe_status mlpipe_slot_swap(mlpipe_ctx *ctx, mlpipe_slot *slot,
                               const mlpipe_model *model)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_swap");

    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st)
        st = mlpipe__slot_change(ctx, slot, model, 0, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_slot_rollback(mlpipe_ctx *ctx, mlpipe_slot *slot)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_rollback");

    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st)
        st = mlpipe__slot_change(ctx, slot, NULL, 0, NULL);
    return mlpipe__end(ctx, st);
}

mlpipe_status mlpipe_slot_reclaim(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                  uint32_t *waiting)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_reclaim");

    if (waiting)
        *waiting = 0;
    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st)
        st = mlpipe__slot_lock(ctx, slot);
    if (!st) {
        mlpipe__slot_sweep(slot);
        if (waiting)
            *waiting = slot->retired_count;
        mlpipe__slot_unlock(slot);
    }
    return mlpipe__end(ctx, st);
}

uint64_t mlpipe_slot_version(const mlpipe_slot *slot)
{
    if (!slot)
        return 0;
    return atomic_load_explicit(
        &((mlpipe_slot *)(uintptr_t)slot)->version, memory_order_acquire);
}

mlpipe_status mlpipe_slot_model(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                mlpipe_model **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_model");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !slot)
        st = mlpipe__null_arg(ctx, "slot");
    if (!st)
        st = mlpipe__slot_lock(ctx, slot);
    if (!st) {
        *out = mlpipe__model_keep(
            mlpipe__slot_current(slot)->predictor->model);
        mlpipe__slot_unlock(slot);
    }
    return mlpipe__end(ctx, st);
}

/* ---- seats and rings --------------------------------------------------- */

size_t mlpipe__slot_record_bytes(const mlpipe_slot *slot)
{
    return slot->layout
               ? slot->layout->record_bytes
               : slot->first->program->input_count * sizeof(double);
}

/* A ring for the seat: one that it had, or a new one. */
static mlpipe_status slot_seat_ring(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                    mlpipe__seat *seat, mlpipe__ring **out)
{
    mlpipe__ring *r = seat->rings;

    while (r && (r->more_bytes != slot->ring_more_bytes ||
                 r->record_bytes != slot->ring_record_bytes))
        r = r->next;
    if (!r) {
        r = mlpipe__ring_new(slot->env, slot->ring_room,
                             slot->ring_more_bytes, slot->ring_record_bytes);
        if (!r)
            return mlpipe__nomem(ctx);
        r->next = seat->rings;
        seat->rings = r;
    }
    while (mlpipe__ring_peek(r))
        mlpipe__ring_pop(r); /* of a monitor that is gone */
    *out = r;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__slot_watch(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                 size_t more_bytes, size_t record_bytes)
{
    mlpipe__ring **rings;
    mlpipe_status st = MLPIPE_OK;

    rings = mlpipe__alloc_array(slot->env, slot->seat_room, sizeof *rings);
    if (!rings)
        return mlpipe__nomem(ctx);
    slot->ring_more_bytes = more_bytes;
    slot->ring_record_bytes = record_bytes;
    for (uint32_t i = 0; !st && i < slot->seat_room; i++)
        if (slot->seats[i])
            st = slot_seat_ring(ctx, slot, slot->seats[i], &rings[i]);
    for (uint32_t i = 0; !st && i < slot->seat_room; i++)
        if (slot->seats[i])
            atomic_store_explicit(&slot->seats[i]->ring, rings[i],
                                  memory_order_release);
    slot->has_rings = !st;
    mlpipe__free(slot->env, rings);
    return st;
}

void mlpipe__slot_unwatch(mlpipe_slot *slot)
{
    slot->has_rings = false;
    for (uint32_t i = 0; i < slot->seat_room; i++)
        if (slot->seats[i])
            atomic_store_explicit(&slot->seats[i]->ring, NULL,
                                  memory_order_release);
}

static mlpipe_status slot_seat_make(mlpipe_ctx *ctx, mlpipe_slot *slot,
                                    uint32_t index)
{
    mlpipe__seat *seat = mlpipe__alloc(slot->env, sizeof *seat);
    mlpipe__ring *ring = NULL;
    mlpipe_status st = MLPIPE_OK;

    if (!seat)
        return mlpipe__nomem(ctx);
    atomic_init(&seat->active, NULL);
    atomic_init(&seat->taken, false);
    if (slot->has_rings)
        st = slot_seat_ring(ctx, slot, seat, &ring);
    if (st) {
        mlpipe__free(slot->env, seat);
        return st;
    }
    atomic_init(&seat->ring, ring);
    slot->seats[index] = seat;
    return MLPIPE_OK;
}

mlpipe_status mlpipe__slot_sit(mlpipe_ctx *ctx, mlpipe_slot *slot,
                               uint32_t *index)
{
    const mlpipe__deployed *s = mlpipe__slot_deployed(slot);
    mlpipe__deployment *const used[] = {s->main, s->canary, slot->previous};
    mlpipe_status st = MLPIPE_OK;
    uint32_t i = 0;

    while (i < slot->seat_room && slot->seats[i] &&
           atomic_load_explicit(&slot->seats[i]->taken, memory_order_acquire))
        i++;
    if (i == slot->seat_room)
        return mlpipe__fail(ctx, MLPIPE_E_BUSY,
                            "all %u seats of the slot are taken; free a "
                            "worker, or make the slot with workers=%u",
                            slot->seat_room, slot->seat_room + 1);
    /* Lanes that are made before a failure serve the next try. */
    for (uint32_t k = 0; k < 3; k++)
        if (used[k] &&
            !slot_lane_make(slot->env, used[k], &used[k]->lanes[i]))
            return mlpipe__nomem(ctx);
    if (!slot->seats[i])
        st = slot_seat_make(ctx, slot, i);
    if (st)
        return st;
    atomic_store_explicit(&slot->seats[i]->taken, true, memory_order_relaxed);
    *index = i;
    return MLPIPE_OK;
}

/* ---- making and freeing ------------------------------------------------ */

const mlpipe__param mlpipe__slot_params[] = {
    {"workers", MLPIPE_PARAM_INT, "64", 1, 4096, NULL, 1,
     "the most workers that may sit at once"},
    {"ring", MLPIPE_PARAM_INT, "4096", 16, 16777216, NULL, 1,
     "ids that wait between two ticks, a power of two"},
    {"latency", MLPIPE_PARAM_INT, "0", 0, 1000000000, NULL, 1,
     "every so many calls of a worker are timed; 0 = none"},
};
const uint32_t mlpipe__slot_param_count =
    sizeof mlpipe__slot_params / sizeof *mlpipe__slot_params;

static void slot_destroy(mlpipe_slot *slot)
{
    mlpipe__env *env = slot->env;
    mlpipe__deployed *now =
        atomic_load_explicit(&slot->current, memory_order_acquire);

    if (now && now->canary) { /* the last pair is not a deployment's own */
        now->next = slot->pairs;
        slot->pairs = now;
        mlpipe__deployment_free(slot, now->canary);
    }
    if (now)
        mlpipe__deployment_free(slot, now->main);
    while (slot->pairs) {
        mlpipe__deployed *s = slot->pairs;
        slot->pairs = s->next;
        mlpipe__free(env, s);
    }
    mlpipe__deployment_free(slot, slot->previous);
    while (slot->retired) {
        mlpipe__deployment *d = slot->retired;
        slot->retired = d->next;
        mlpipe__deployment_free(slot, d);
    }
    for (uint32_t i = 0; slot->seats && i < slot->seat_room; i++) {
        mlpipe__seat *seat = slot->seats[i];
        while (seat && seat->rings) {
            mlpipe__ring *r = seat->rings;
            seat->rings = r->next;
            mlpipe__free(env, r);
        }
        mlpipe__free(env, seat);
    }
    mlpipe__free(env, slot->seats);
    mlpipe_model_free(slot->first);
    if (slot->layout)
        mlpipe__layout_drop(slot->layout);
    mlpipe__free(env, slot);
    mlpipe__env_drop(env);
}

mlpipe_slot *mlpipe__slot_keep(mlpipe_slot *slot)
{
    atomic_fetch_add_explicit(&slot->refs, 1, memory_order_relaxed);
    return slot;
}

void mlpipe__slot_drop(mlpipe_slot *slot)
{
    if (atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel) == 1)
        slot_destroy(slot);
}

static mlpipe_status slot_make(mlpipe_ctx *ctx, const mlpipe_model *model,
                               const mlpipe_layout *layout,
                               const mlpipe__params *params, mlpipe_slot **out)
{
    const int64_t ring = mlpipe__params_get(params, "ring")->integer;
    mlpipe_slot *slot;
    mlpipe__deployment *d = NULL;
    mlpipe_status st;

    if (ring & (ring - 1))
        return mlpipe__fail(ctx, MLPIPE_E_PARAM,
                            "ring = %lld is no power of two; 4096 is one",
                            (long long)ring);
    slot = mlpipe__alloc(ctx->env, sizeof *slot);
    if (!slot)
        return mlpipe__nomem(ctx);
    slot->env = mlpipe__env_keep(ctx->env);
    atomic_init(&slot->refs, 1);
    atomic_init(&slot->current, NULL);
    atomic_init(&slot->version, 0);
    atomic_init(&slot->canary_version, 0);
    atomic_init(&slot->watched, false);
    atomic_flag_clear(&slot->writer);
    slot->seat_room =
        (uint32_t)mlpipe__params_get(params, "workers")->integer;
    slot->ring_room = (uint64_t)ring;
    slot->latency_every =
        (uint32_t)mlpipe__params_get(params, "latency")->integer;
    if (slot->env->clock_ns == mlpipe__os_clock_ns &&
        !mlpipe__os_clock_ns(NULL))
        slot->latency_every = 0; /* no clock in libmlpipe-serve */
    slot->layout = layout ? mlpipe__layout_keep(layout) : NULL;
    slot->first = layout ? NULL : mlpipe__model_keep(model);
    st = mlpipe__layout_learn(ctx, layout, model->program);
    slot->seats = mlpipe__alloc_array(slot->env, slot->seat_room,
                                      sizeof *slot->seats);
    if (!slot->seats)
        st = mlpipe__nomem(ctx);
    if (!st)
        st = slot_deployment_make(ctx, slot, model, &d);
    if (st) {
        slot_destroy(slot);
        return st;
    }
    slot->last_number = d->number;
    mlpipe__slot_publish(slot, &d->alone);
    if (slot->layout)
        mlpipe__layout_bind(slot->layout);
    mlpipe__layout_tell_unread(ctx, slot->layout, model);
    *out = slot;
    return MLPIPE_OK;
}

mlpipe_status mlpipe_slot_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                              const mlpipe_layout *layout, const char *params,
                              mlpipe_slot **out)
{
    mlpipe_status st = mlpipe__begin_here(ctx, "mlpipe_slot_new");
    mlpipe__params parsed;

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st)
        st = mlpipe__params_parse(
            ctx, "mlpipe_slot_new", mlpipe__slot_params,
            mlpipe__slot_param_count, params, &parsed);
    if (!st) {
        st = slot_make(ctx, model, layout, &parsed, out);
        mlpipe__params_free(&parsed);
    }
    return mlpipe__end(ctx, st);
}

void mlpipe_slot_free(mlpipe_slot *slot)
{
    if (slot)
        mlpipe__slot_drop(slot);
}
