/* SPDX-License-Identifier: MIT */
/*
 * A script of puts, commits, tags, reports, gc and diffs, and the power that
 * fails behind every change of the disk, in many ways: what is there then
 * opens, each name is at its old or its new version, verify finds nothing, and
 * a writer goes on. The same where the disk is full or a sync fails.
 */
#include "support.h"

#include "base/base_internal.h"
#include "store/store_internal.h"
#include "golden_text.h"

enum { CRASH_STEPS = 13, CRASH_SEEDS = 64, CRASH_ROWS = 40 };

typedef struct crash_world {
    mlpipe_ctx *host;
    mlpipe_dataset *data[3];
    char print[3][33];
    uint64_t states, opened;
} crash_world;

static mlpipe_dataset *crash_data(mlpipe_ctx *c, uint32_t which)
{
    static const char *const words[3] = {"red", "green", NULL};
    const char *text[CRASH_ROWS];
    double x[CRASH_ROWS];
    int64_t n[CRASH_ROWS];
    mlpipe_builder *b;
    mlpipe_dataset *d;

    for (int64_t i = 0; i < CRASH_ROWS; i++) {
        x[i] = (double)i / 4 + which;
        n[i] = i * i;
        text[i] = words[(i + which / 2) % 3];
    }
    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL,
                                       CRASH_ROWS));
    assert_ok(c, mlpipe_builder_column(c, b, "n", MLPIPE_I64, n, NULL,
                                       CRASH_ROWS));
    assert_ok(c, mlpipe_builder_texts(c, b, "word", text, CRASH_ROWS));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static void crash_begin(crash_world *w)
{
    memset(w, 0, sizeof *w);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &w->host));
    for (uint32_t i = 0; i < 3; i++) {
        mlpipe_buffer *print;

        w->data[i] = crash_data(w->host, i);
        assert_ok(w->host, mlpipe_dataset_fingerprint(w->host, w->data[i],
                                                      &print));
        memcpy(w->print[i], mlpipe_buffer_data(print), 33);
        mlpipe_buffer_free(print);
    }
}

static void crash_end(crash_world *w)
{
    for (uint32_t i = 0; i < 3; i++)
        mlpipe_dataset_free(w->data[i]);
    mlpipe_ctx_free(w->host);
}

/* Which of the three a name may have behind each step: bits. 8: none yet. */
static const uint8_t crash_daily[CRASH_STEPS + 1] = {
    8, 8, 1, 1, 2, 2, 4, 4, 4, 4, 4, 1, 1, 1};

static mlpipe_status crash_step(const crash_world *w, mlpipe_ctx *c,
                                mlpipe_store **s, uint32_t step)
{
    mlpipe_report *r = NULL;
    mlpipe_status st = MLPIPE_OK;

    switch (step) {
    case 0:
        return mlpipe_store_open(c, "at/s", NULL, s);
    case 1:
        return mlpipe_store_put_dataset(c, *s, "daily", w->data[0]);
    case 2:
        return mlpipe_store_tag(c, *s, "daily", "first");
    case 3:
        return mlpipe_store_commit(c, *s, "daily", w->data[1],
                                   "note='a second one' author=ada key=n",
                                   NULL);
    case 4:
        return mlpipe_store_commit(c, *s, "other", w->data[1], NULL, NULL);
    case 5:
        return mlpipe_store_commit(c, *s, "daily", w->data[2], NULL, NULL);
    case 6:
        st = mlpipe_store_verify(c, *s, &r);
        if (!st)
            st = mlpipe_store_put_report(c, *s, "check", "daily", r);
        break;
    case 7:
        st = mlpipe_store_history(c, *s, "daily", &r);
        break;
    case 8:
        st = mlpipe_store_commit(c, *s, "gone", w->data[0], NULL, NULL);
        break;
    case 9:
        st = mlpipe_store_gc(c, *s, "keep=1", &r);
        break;
    case 10: /* back to what has gone from the name, but not from the tag */
        st = mlpipe_store_commit(c, *s, "daily", w->data[0], "note=back",
                                 NULL);
        break;
    case 11:
        st = mlpipe_store_gc(c, *s, "keep=1", &r);
        break;
    default:
        st = mlpipe_store_tag(c, *s, "other", "second");
        break;
    }
    mlpipe_report_free(r);
    return st;
}

/* Which dataset a name has: its bit, 8 for none. */
static uint32_t crash_which(const crash_world *w, mlpipe_ctx *c,
                            mlpipe_store *s, const char *name)
{
    mlpipe_dataset *d;
    mlpipe_buffer *print;
    uint32_t which = 0;
    const mlpipe_status st = mlpipe_store_get_dataset(c, s, name, &d);

    if (st == MLPIPE_E_NOT_FOUND)
        return 8;
    assert_ok(c, st);
    assert_ok(c, mlpipe_dataset_fingerprint(c, d, &print));
    for (uint32_t i = 0; i < 3; i++)
        if (!strcmp(w->print[i], mlpipe_buffer_data(print)))
            which = 1u << i;
    assert_true(which != 0);
    mlpipe_buffer_free(print);
    mlpipe_dataset_free(d);
    return which;
}

static void crash_clean(mlpipe_ctx *c, mlpipe_store *s)
{
    mlpipe_report *r;
    mlpipe_buffer *b;

    assert_ok(c, mlpipe_store_verify(c, s, &r));
    if (mlpipe_report_get(r, "damaged") > 0) {
        assert_ok(c, mlpipe_report_render(c, r, "text", &b));
        fail_msg("%s", mlpipe_buffer_data(b));
    }
    mlpipe_report_free(r);
}

/* It opens, daily is among `may`, all is whole, and it can be written. */
static void crash_look(crash_world *w, const mlpipe__crash_io *crash,
                       uint32_t events, uint32_t how, uint32_t may)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(w->host->env, &io);
    mlpipe_store *s = NULL;
    mlpipe_report *r;
    mlpipe_ctx *c;
    uint32_t which;

    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_ok(c, mlpipe__crash_io_build(c, crash, events, how, &io));
    w->states++;
    if (mlpipe_store_open(c, "at/s", "create=false", &s)) {
        assert_true(may & 8);
        assert_ok(c, mlpipe_store_open(c, "at/s", NULL, &s));
    }
    which = crash_which(w, c, s, "daily");
    if (!(which & may))
        fail_msg("behind %u events, state %u: daily is %u, not of %u", events,
                 how, which, may);
    w->opened++;
    crash_clean(c, s);
    assert_ok(c, mlpipe_store_commit(c, s, "daily", w->data[1], NULL, NULL));
    assert_ok(c, mlpipe_store_gc(c, s, "keep=1", &r));
    mlpipe_report_free(r);
    assert_int_equal(2, crash_which(w, c, s, "daily"));
    crash_clean(c, s);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
}

/* Runs the script on a recording disk; ends[i]: events behind step i. */
static mlpipe__crash_io *crash_record(const crash_world *w,
                                      uint32_t ends[CRASH_STEPS + 1])
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io io;
    mlpipe__crash_io *crash = mlpipe__crash_io_new(w->host->env, &io);
    mlpipe_store *s = NULL;
    mlpipe_ctx *c;

    assert_non_null(crash);
    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_int_equal(io.make_dir(io.user, "at"), 0);
    assert_int_equal(io.sync_dir(io.user, "."), 0);
    ends[0] = mlpipe__crash_io_events(crash);
    for (uint32_t i = 0; i < CRASH_STEPS; i++) {
        assert_ok(c, crash_step(w, c, &s, i));
        ends[i + 1] = mlpipe__crash_io_events(crash);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    return crash;
}

/* How many mixed states are drawn behind each event. Which of them is opened at
 * a wrong version does not need a sanitizer, which takes five times as long. */
static uint32_t crash_seeds(void)
{
#ifdef __SANITIZE_ADDRESS__
    if (!getenv("MLPIPE_SWEEP_ALL"))
        return CRASH_SEEDS / 4;
#endif
    return CRASH_SEEDS;
}

static void every_power_loss(void **state)
{
    const uint32_t seeds = crash_seeds();
    crash_world w;
    uint32_t ends[CRASH_STEPS + 1], step = 0, n, how;
    mlpipe__crash_io *crash;

    (void)state;
    crash_begin(&w);
    crash = crash_record(&w, ends);
    for (n = ends[0]; n <= ends[CRASH_STEPS]; n++) {
        uint32_t may;

        while (step < CRASH_STEPS && ends[step + 1] <= n)
            step++;
        /* Behind step - 1 for certain; step is under way. */
        may = crash_daily[step];
        if (step < CRASH_STEPS)
            may |= crash_daily[step + 1];
        for (how = 0; how < MLPIPE__CRASH_STATES + seeds; how++)
            crash_look(&w, crash, n,
                       how < MLPIPE__CRASH_STATES
                           ? how
                           : (how - MLPIPE__CRASH_STATES + 1) *
                                 MLPIPE__CRASH_MIXED,
                       may);
    }
    print_message("%llu crash states of %u events: all opened at the old or "
                  "the new version, and clean\n",
                  (unsigned long long)w.states, ends[CRASH_STEPS]);
    assert_true(w.states >= 70 * (MLPIPE__CRASH_STATES + seeds));
    assert_true(w.states == w.opened);
    mlpipe__crash_io_free(crash);
    crash_end(&w);
}

/* The n-th operation fails, alone or with all after it; then the power does. */
static bool crash_fault(crash_world *w, int64_t n, int32_t result,
                        bool persistent)
{
    mlpipe_ctx_options o = {.size = sizeof o};
    mlpipe_io disk, io;
    mlpipe__crash_io *crash = mlpipe__crash_io_new(w->host->env, &disk);
    mlpipe__fault_io fault = {.inner = &disk, .fail_at = -1,
                              .result = result, .persistent = persistent};
    mlpipe_store *s = NULL;
    mlpipe_ctx *c;
    uint32_t step, may = 0, how;
    bool reached;

    mlpipe__fault_io_table(&fault, &io);
    o.io = &io;
    assert_int_equal(mlpipe_ctx_new(&o, &c), 0);
    assert_int_equal(disk.make_dir(disk.user, "at"), 0);
    assert_int_equal(disk.sync_dir(disk.user, "."), 0);
    fault.count = 0;
    fault.fail_at = n;
    for (step = 0; step < CRASH_STEPS; step++)
        if (crash_step(w, c, &s, step))
            break;
    may = crash_daily[step];
    if (step < CRASH_STEPS)
        golden_gist(__BASE_FILE__, "a disk that fails",
                     mlpipe_ctx_error(c)->text);
    if (step < CRASH_STEPS)
        may |= crash_daily[step + 1];
    reached = fault.count > n;
    fault.fail_at = -1;
    fault.persistent = false;
    for (how = 0; how < 3; how++)
        crash_look(w, crash, mlpipe__crash_io_events(crash),
                   how == 0   ? MLPIPE__CRASH_KEPT
                   : how == 1 ? MLPIPE__CRASH_LOST | MLPIPE__CRASH_OLD_NAMES
                              : MLPIPE__CRASH_MIXED * (uint32_t)(n + 1),
                   may);
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
    mlpipe__crash_io_free(crash);
    return reached;
}

static void every_failure(void **state)
{
    static const int32_t results[] = {MLPIPE_IO_NO_SPACE, MLPIPE_IO_FAILED};
    crash_world w;

    (void)state;
    crash_begin(&w);
    for (uint32_t k = 0; k < 4; k++) {
        int64_t n = 0;

        while (crash_fault(&w, n, results[k / 2], k % 2))
            n += 3 + k;
        assert_true(n > 300);
    }
    print_message("%llu states behind a full disk or a failed sync: all "
                  "opened at the old or the new version, and clean\n",
                  (unsigned long long)w.states);
    assert_true(w.states >= 500);
    crash_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_power_loss),
        cmocka_unit_test(every_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
