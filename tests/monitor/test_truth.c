/* SPDX-License-Identifier: MIT */
/* The join of predictions and truths: every one is accounted for. */
#include "serve_support.h"

#include "monitor/monitor_internal.h"

static mlpipe__served served(uint64_t id, int64_t us, double score)
{
    return (mlpipe__served){id, us, 1, score};
}

static mlpipe__told told(uint64_t id, int64_t us, double truth)
{
    return (mlpipe__told){NULL, id, us, truth};
}

static bool predict(mlpipe__truths *t, uint64_t id, int64_t us, double score,
                    mlpipe__match *m)
{
    const mlpipe__served s = served(id, us, score);

    assert_true(mlpipe__truths_reserve(t));
    return mlpipe__truths_predicted(t, &s, NULL, id + 100, m);
}

static bool tell(mlpipe__truths *t, uint64_t id, int64_t us, double truth,
                 mlpipe__match *m)
{
    const mlpipe__told s = told(id, us, truth);

    assert_true(mlpipe__truths_reserve(t));
    return mlpipe__truths_told(t, &s, m);
}

/* The two sums of the header. */
static void check_sums(const mlpipe__truths *t)
{
    assert_int_equal(t->told, t->matched + t->duplicate + t->unmatched +
                                  t->count[MLPIPE__TRUTH_EARLY]);
    assert_int_equal(t->predictions, t->matched + t->expired + t->repeated +
                                         t->count[MLPIPE__TRUTH_WAITING]);
}

static void test_cases(void **state)
{
    mlpipe__truths t;
    mlpipe__match m;
    mlpipe_ctx *c;
    bool matched;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&t, c->env, 1000, 100, 0);
    assert_false(predict(&t, 1, 10, 0.5, &m));
    assert_true(tell(&t, 1, 20, 3.0, &m));
    assert_int_equal(m.id, 1);
    assert_int_equal(m.row, 101);
    assert_int_equal(m.label_us, 20);
    assert_same(m.score, 0.5);
    assert_same(m.truth, 3.0);
    assert_false(tell(&t, 1, 21, 4.0, &m)); /* twice */
    assert_int_equal(t.duplicate, 1);
    assert_false(tell(&t, 2, 30, 5.0, &m)); /* early */
    assert_false(tell(&t, 2, 31, 6.0, &m)); /* early twice: the first stays */
    assert_true(predict(&t, 2, 40, 0.25, &m));
    assert_same(m.truth, 5.0);
    assert_int_equal(m.label_us, 30);
    assert_false(predict(&t, 3, 50, 1, &m));
    assert_false(predict(&t, 3, 51, 2, &m)); /* repeated: the first stays */
    assert_int_equal(t.repeated, 1);
    assert_true(tell(&t, 3, 60, 7, &m));
    assert_same(m.score, 1.0);
    assert_false(predict(&t, 3, 70, 9, &m)); /* used again after its truth */
    assert_true(tell(&t, 3, 80, 8, &m));
    assert_same(m.score, 9.0);
    assert_false(predict(&t, 4, 90, 1, &m));
    assert_false(tell(&t, 5, 90, 1, &m));
    check_sums(&t);
    /* 100 us later the prediction expires and the truth is unmatched */
    while (mlpipe__truths_expire(&t, 189, &matched, &m))
        assert_false(matched);
    assert_int_equal(t.expired, 0);
    while (mlpipe__truths_expire(&t, 190, &matched, &m))
        assert_false(matched);
    assert_int_equal(t.expired, 1);
    assert_int_equal(t.unmatched, 1);
    assert_int_equal(t.count[MLPIPE__TRUTH_DONE], 0);
    check_sums(&t);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_expire_as_value(void **state)
{
    mlpipe__truths t;
    mlpipe__match m;
    mlpipe_ctx *c;
    bool matched = false;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&t, c->env, 1000, 100, 0);
    t.expire_as = true;
    t.expire_value = 0.0;
    assert_false(predict(&t, 4, 90, 0.75, &m));
    assert_true(mlpipe__truths_expire(&t, 1000, &matched, &m));
    assert_true(matched);
    assert_same(m.truth, 0.0);
    assert_same(m.score, 0.75);
    assert_int_equal(m.row, 104);
    assert_int_equal(m.label_us, 190);
    assert_false(mlpipe__truths_expire(&t, 1000, &matched, &m));
    check_sums(&t);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
    (void)state;
}

/* Against a plain array, with every case mixed and little room. */
static void test_against_plain(uint64_t room, bool crowded)
{
    enum { IDS = 64, STEPS = 200000 };
    struct {
        int state; /* 0 none, 1 waiting, 2 early, 3 done */
        double value;
    } plain[IDS] = {0};
    uint64_t matched = 0, duplicate = 0, repeated = 0;
    mlpipe__truths t;
    mlpipe__match m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&t, c->env, room, 1, 0);
    for (uint64_t i = 0; i < STEPS; i++) {
        const uint64_t r =
            mlpipe__random64(3, MLPIPE__FOR_TEST, 0, i, 0);
        const uint32_t id = (uint32_t)(r >> 32) % IDS;
        const double value = (double)i;
        bool hit;
        if (r & 1) {
            /* ids far apart and ids that collide */
            hit = predict(&t, id * UINT64_C(0x100000000), 0, value, &m);
            if (crowded)
                continue;
            assert_int_equal(hit, plain[id].state == 2);
            if (hit)
                assert_same(m.truth, plain[id].value);
            matched += hit;
            repeated += plain[id].state == 1;
            if (plain[id].state != 1)
                plain[id].value = value;
            plain[id].state = plain[id].state == 2 ? 3 : 1;
        } else {
            hit = tell(&t, id * UINT64_C(0x100000000), 0, value, &m);
            if (crowded)
                continue;
            assert_int_equal(hit, plain[id].state == 1);
            if (hit)
                assert_same(m.score, plain[id].value);
            matched += hit;
            duplicate += plain[id].state > 1;
            if (plain[id].state < 1)
                plain[id].value = value;
            plain[id].state = plain[id].state == 0 ? 2
                              : plain[id].state == 1 ? 3
                                                     : plain[id].state;
        }
        if (i % 1000 == 0)
            check_sums(&t);
    }
    check_sums(&t);
    if (!crowded) {
        assert_int_equal(t.matched, matched);
        assert_int_equal(t.duplicate, duplicate);
        assert_int_equal(t.repeated, repeated);
    }
    assert_true(t.count[MLPIPE__TRUTH_WAITING] + t.count[MLPIPE__TRUTH_EARLY] +
                    t.count[MLPIPE__TRUTH_DONE] <=
                room);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
}

static void test_random(void **state)
{
    test_against_plain(1000, false);
    test_against_plain(16, true);
    (void)state;
}

/* More predictions than there is room for: the oldest give way, counted. */
static void test_bounded(void **state)
{
    mlpipe__truths t;
    mlpipe__match m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&t, c->env, 5000, 100, 0);
    for (uint64_t i = 1; i <= 20000; i++)
        assert_false(predict(&t, i, 0, (double)i, &m));
    assert_int_equal(t.count[MLPIPE__TRUTH_WAITING], 5000);
    assert_int_equal(t.expired, 15000);
    for (uint64_t i = 15001; i <= 20000; i++) {
        assert_true(tell(&t, i, 0, 1, &m));
        assert_same(m.score, (double)i);
    }
    check_sums(&t);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
    (void)state;
}

/* One id as it should be. */
typedef struct account {
    int state; /* 0 none, 1 waiting, 2 early, 3 done */
    int64_t us;
    double value;
    uint64_t number, pane;
} account;

enum { ACCOUNTS = 3000 };

typedef struct world {
    mlpipe__truths t;
    account of[ACCOUNTS];
    uint64_t matched, duplicate, repeated, expired, unmatched;
    bool keeps_done; /* the table has room for all that met its truth */
} world;

static void account_predict(world *w, uint32_t id, int64_t us, double value,
                            uint64_t number)
{
    const mlpipe__served s = {id * UINT64_C(0x100000001), us, number, value};
    account *a = &w->of[id];
    mlpipe__match m;

    assert_true(mlpipe__truths_reserve(&w->t));
    const bool hit = mlpipe__truths_predicted(&w->t, &s, NULL, id, &m);
    assert_int_equal(hit, a->state == 2);
    if (hit) {
        assert_same(m.truth, a->value);
        assert_same(m.score, value);
        assert_int_equal(m.label_us, a->us);
        assert_int_equal(m.pane, w->t.pane);
    }
    w->matched += hit;
    w->repeated += a->state == 1;
    if (a->state != 1)
        *a = (account){hit ? 3 : 1, us, value, number, w->t.pane};
}

static void account_tell(world *w, uint32_t id, int64_t us, double value)
{
    const mlpipe__told s = told(id * UINT64_C(0x100000001), us, value);
    account *a = &w->of[id];
    mlpipe__match m;

    assert_true(mlpipe__truths_reserve(&w->t));
    const bool hit = mlpipe__truths_told(&w->t, &s, &m);
    assert_int_equal(hit, a->state == 1);
    if (hit) {
        assert_same(m.score, a->value);
        assert_int_equal(m.now_us, a->us);
        assert_int_equal(m.label_us, us);
        assert_int_equal(m.number, a->number);
        assert_int_equal(m.pane, a->pane);
        assert_int_equal(m.row, id);
    }
    w->matched += hit;
    w->duplicate += a->state > 1;
    if (hit)
        a->state = 3;
    else if (!a->state)
        *a = (account){2, us, value, 0, 0};
}

static void account_expire(world *w, int64_t now)
{
    uint64_t values = 0, due = 0;
    mlpipe__match m;
    bool matched;

    while (mlpipe__truths_expire(&w->t, now, &matched, &m)) {
        const account *a = &w->of[m.id % ACCOUNTS];
        if (!matched)
            continue;
        a = &w->of[m.id / UINT64_C(0x100000001)];
        assert_int_equal(a->state, 1);
        assert_same(m.score, a->value);
        assert_int_equal(m.number, a->number);
        assert_int_equal(m.label_us, a->us + w->t.delay_us);
        values++;
    }
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        account *a = &w->of[i];
        if (!a->state || a->us > now - w->t.delay_us)
            continue;
        due += a->state == 1;
        w->unmatched += a->state == 2;
        a->state = 0;
    }
    w->expired += due;
    assert_int_equal(values, w->t.expire_as ? due : 0);
}

/* Every input is in one of the sums, and each sum is the plain one's. */
static void account_check(const world *w)
{
    uint64_t live[4] = {0};

    for (uint32_t i = 0; i < ACCOUNTS; i++)
        live[w->of[i].state]++;
    check_sums(&w->t);
    assert_int_equal(w->t.matched, w->matched);
    assert_int_equal(w->t.duplicate, w->duplicate);
    assert_int_equal(w->t.repeated, w->repeated);
    assert_int_equal(w->t.expired, w->expired);
    assert_int_equal(w->t.unmatched, w->unmatched);
    for (int k = 1; k < 4; k++)
        assert_int_equal(w->t.count[k], live[k]);
}

/*
 * Random orders of predictions and truths, early, late, repeated, unknown,
 * with a clock that goes on, stands still and sometimes back, and expiry in
 * between. far: times of seconds and of centuries in one table.
 */
static void account_run(uint64_t seed, bool as_value, int64_t step)
{
    static world w;
    int64_t now = 0;
    mlpipe_ctx *c;

    memset(&w, 0, sizeof w);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&w.t, c->env, ACCOUNTS + 700, 500 * step, 0);
    w.t.expire_as = as_value;
    w.t.expire_value = -1;
    for (uint64_t i = 0; i < 60000; i++) {
        const uint64_t r =
            mlpipe__random64(seed, MLPIPE__FOR_TEST, 0, i, 0);
        const uint32_t id = (uint32_t)(r >> 32) % ACCOUNTS;
        now += ((int64_t)(r >> 8) % 5 - 1) * step;
        if (r & 1)
            account_predict(&w, id, now, (double)i, 1 + (r >> 4) % 3);
        else
            account_tell(&w, id, now - (int64_t)(r >> 16) % 9, (double)i);
        if ((r >> 1) % 8 == 0)
            w.t.pane++;
        if ((r >> 20) % 97 == 0)
            account_expire(&w, now);
        if (i % 997 == 0)
            account_check(&w);
    }
    account_expire(&w, now);
    account_check(&w);
    account_expire(&w, now + 5000 * step);
    account_check(&w);
    assert_int_equal(w.t.count[MLPIPE__TRUTH_HOLE], w.t.places);
    mlpipe__truths_free(&w.t);
    mlpipe_ctx_free(c);
}

static void test_accounts(void **state)
{
    for (uint64_t seed = 0; seed < 6; seed++) {
        account_run(seed, false, 1);
        account_run(seed + 100, true, 1000);
    }
    (void)state;
}

/* Times that lie far apart keep their order and never come early by more than
 * one part in 2^32 of their span. */
static void test_far_times(void **state)
{
    static const int64_t times[] = {0, 1, INT64_MIN, INT64_MAX - 1000, -5,
                                    INT64_C(1700000000000000)};
    enum { N = sizeof times / sizeof *times };
    mlpipe__truths t;
    mlpipe__match m;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe__truths_init(&t, c->env, 100, 1000, 0);
    for (uint64_t i = 0; i < N; i++)
        assert_false(predict(&t, i + 1, times[i], (double)i, &m));
    for (uint64_t i = 0; i < N; i++) {
        assert_true(tell(&t, i + 1, 0, 1, &m));
        assert_same(m.score, (double)i);
        assert_true(m.now_us <= times[i]);
        assert_true((double)times[i] - (double)m.now_us <= 4294967296.0);
    }
    check_sums(&t);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
    (void)state;
}

/* A million predictions wait in at most 32 MB, and all of them are found. */
static void test_million(void **state)
{
    enum { N = 1000000 };
    mlpipe__truths t;
    mlpipe__match m;
    uint64_t before, after;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    mlpipe_ctx_memory(c, &before, NULL);
    mlpipe__truths_init(&t, c->env, N, 100, 0);
    for (uint64_t i = 1; i <= N; i++)
        assert_false(predict(&t, i * 7919, (int64_t)i, (double)i, &m));
    mlpipe_ctx_memory(c, &after, NULL);
    print_message("%.1f bytes a prediction that waits\n",
                  (double)(after - before) / N);
    assert_in_range(after - before, N, 32 * N);
    assert_int_equal(t.count[MLPIPE__TRUTH_WAITING], N);
    for (uint64_t i = 1; i <= N; i++) {
        const uint64_t id = 1 + i * UINT64_C(611953) % N; /* a permutation */
        assert_true(tell(&t, id * 7919, 0, 1, &m));
        assert_same(m.score, (double)id);
    }
    check_sums(&t);
    /* and a second million takes the place of those that met their truth */
    for (uint64_t i = N + 1; i <= 2 * N; i++)
        assert_false(predict(&t, i * 7919, (int64_t)i, (double)i, &m));
    assert_int_equal(t.count[MLPIPE__TRUTH_WAITING], N);
    assert_int_equal(t.expired, 0);
    mlpipe__truths_free(&t);
    mlpipe_ctx_free(c);
    (void)state;
}

static void test_sort(void **state)
{
    enum { N = 3000 };
    static mlpipe__told node[N];
    mlpipe__told *list = NULL, *end = NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < N; i++) {
        const uint64_t r = mlpipe__random64(9, MLPIPE__FOR_TEST, 0, i, 0);
        node[i] = told(r % 7, (int64_t)(r >> 40) % 5 - 2, i);
        if (end)
            end->next = &node[i];
        else
            list = &node[i];
        end = &node[i];
    }
    list = mlpipe__told_sort(list);
    for (const mlpipe__told *t = list; t; t = t->next) {
        const mlpipe__told *n = t->next;
        count++;
        if (!n)
            break;
        assert_true(t->label_us <= n->label_us);
        if (t->label_us == n->label_us) {
            assert_true(t->id <= n->id);
            if (t->id == n->id)
                assert_true(t->truth < n->truth);
        }
    }
    assert_int_equal(count, N);
    assert_null(mlpipe__told_sort(NULL));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),   cmocka_unit_test(test_expire_as_value),
        cmocka_unit_test(test_random),  cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_accounts), cmocka_unit_test(test_far_times),
        cmocka_unit_test(test_million), cmocka_unit_test(test_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
