/* SPDX-License-Identifier: MIT */
/* What a tick found that a host would want to mend: said once nothing is
 * held, since a log may be slow. */
#include "watch_internal.h"

/* Seconds of the years from 2001 to 2099, in which now is. */
static const int64_t warn_first_s = 978307200, warn_last_s = 4102444799;

/* The unit in which such a count from 1970 would be now; NULL: none. */
static const char *warn_unit(int64_t us)
{
    if (us >= warn_first_s && us <= warn_last_s)
        return "seconds";
    if (us / 1000 >= warn_first_s && us / 1000 <= warn_last_s)
        return "milliseconds";
    if (us / 1000000000 >= warn_first_s && us / 1000000000 <= warn_last_s)
        return "nanoseconds";
    return NULL;
}

void mlpipe__watch_listen(const mlpipe_ctx *ctx, mlpipe_monitor *m,
                          int64_t now_us)
{
    m->odd = (mlpipe__watch_odd){.now_us = now_us};
    m->heard = ctx->log && ctx->log_level >= MLPIPE_LOG_WARN;
    if (!m->heard || m->times_told || m->ticked || !warn_unit(now_us))
        return;
    m->odd.time = "the tick itself";
    m->odd.time_us = now_us;
    m->times_told = true;
}

void mlpipe__watch_count_lost(mlpipe_monitor *m)
{
    uint64_t lost;

    if (!m->heard)
        return;
    lost = mlpipe__slot_total(m->slot, MLPIPE__COUNT_LOST);
    m->odd.lost = lost - m->lost;
    m->odd.room = m->slot->ring_room;
    m->lost = lost;
}

void mlpipe__watch_warn(mlpipe_ctx *ctx, const mlpipe__watch_odd *odd)
{
    const char *unit = odd->time ? warn_unit(odd->time_us) : NULL;
    uint64_t room = odd->room ? odd->room : 1;

    /* all of them may be one worker's */
    while (room < odd->room + odd->lost && room <= UINT64_MAX / 2)
        room *= 2;

    if (odd->lost)
        mlpipe__log_line(
            ctx, MLPIPE_LOG_WARN, "monitor",
            "%llu ids were lost since the tick before, so that their truths "
            "will meet no prediction: a worker keeps ring=%llu ids from tick "
            "to tick; make the slot with ring=%llu, or tick more often",
            (unsigned long long)odd->lost, (unsigned long long)odd->room,
            (unsigned long long)room);
    if (odd->time)
        mlpipe__log_line(
            ctx, MLPIPE_LOG_WARN, "monitor",
            "the time of %s is %lld at a tick of %lld%s%s; both are "
            "microseconds since 1970",
            odd->time, (long long)odd->time_us, (long long)odd->now_us,
            unit ? ", which looks like " : ", more than ten years from it",
            unit ? unit : "");
}
