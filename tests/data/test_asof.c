/* SPDX-License-Identifier: MIT */
/* As-of joins against an oracle that tries all pairs, and against pandas. */
#include "support.h"

#include "base/base_internal.h"
#include "golden/asof.h"

static mlpipe_ctx *ctx;
static char logged[4096];

static void on_log(void *user, uint32_t level, const char *component,
                   const char *text)
{
    (void)user;
    (void)level;
    (void)component;
    strncat(logged, text, sizeof logged - strlen(logged) - 1);
}

static int set_up(void **state)
{
    mlpipe_ctx_options o = {.size = sizeof o,
                            .log_level = MLPIPE_LOG_WARN,
                            .log = on_log};
    (void)state;
    logged[0] = 0;
    return mlpipe_ctx_new(&o, &ctx);
}

static int tear_down(void **state)
{
    (void)state;
    mlpipe_ctx_free(ctx);
    return 0;
}

/* ---- rows of one side --------------------------------------------------- */

enum { ROWS_MAX = 200 };

typedef struct side {
    int64_t n, time[ROWS_MAX], known[ROWS_MAX], key[ROWS_MAX], id[ROWS_MAX];
    uint8_t time_ok[ROWS_MAX], known_ok[ROWS_MAX], key_ok[ROWS_MAX];
} side;

/* Columns t, known, k (a text) and k2, and the row's number. */
static mlpipe_dataset *dataset(const side *s, const char *number,
                               int32_t unit)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    const char *texts[ROWS_MAX];
    int64_t rows[ROWS_MAX];
    mlpipe_builder *b;
    mlpipe_dataset *d;
    for (int64_t i = 0; i < s->n; i++) {
        texts[i] = s->key_ok[i] ? names[s->key[i] % 4] : NULL;
        rows[i] = i;
    }
    assert_ok(ctx, mlpipe_builder_new(ctx, NULL, "first_row_id=7", &b));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "t", unit, s->time,
                                        s->time_ok, s->n));
    assert_ok(ctx, mlpipe_builder_times(ctx, b, "known", unit, s->known,
                                        s->known_ok, s->n));
    assert_ok(ctx, mlpipe_builder_texts(ctx, b, "k", texts, s->n));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, "k2", MLPIPE_I64, s->key,
                                         NULL, s->n));
    assert_ok(ctx, mlpipe_builder_column(ctx, b, number, MLPIPE_I64, rows,
                                         NULL, s->n));
    assert_ok(ctx, mlpipe_builder_finish(ctx, b, &d));
    mlpipe_builder_free(b);
    return d;
}

static uint64_t drawn;
static int64_t draw(int64_t below)
{
    return (int64_t)(mlpipe__random64(11, MLPIPE__FOR_TEST, 0, drawn++, 0)
                     % (uint64_t)below);
}

static void random_side(side *s, int64_t n, int64_t span, int64_t keys)
{
    s->n = n;
    for (int64_t i = 0; i < n; i++) {
        s->time[i] = draw(span);
        s->known[i] = s->time[i] + draw(span / 2 + 1) - span / 8;
        s->key[i] = draw(keys);
        s->time_ok[i] = draw(12) != 0;
        s->known_ok[i] = draw(12) != 0;
        s->key_ok[i] = draw(12) != 0;
    }
}

/* ---- the oracle --------------------------------------------------------- */

typedef struct plan {
    bool known, strict, keyed;
    int direction;
    int64_t tolerance; /* -1: none */
} plan;

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* Is right row a a better match of time t than b? */
static bool better(const plan *p, const side *r, int64_t t, int64_t a,
                   int64_t b)
{
    if (apart(r->time[a], t) != apart(r->time[b], t))
        return apart(r->time[a], t) < apart(r->time[b], t);
    if (r->time[a] != r->time[b]) /* as near: the earlier one */
        return r->time[a] < r->time[b];
    if (p->known && r->known[a] != r->known[b])
        return r->known[a] > r->known[b];
    return r->id[a] > r->id[b];
}

static int64_t oracle(const plan *p, const side *l, int64_t i, const side *r)
{
    int64_t found = -1;
    if (!l->time_ok[i] || (p->known && !l->known_ok[i])
        || (p->keyed && !l->key_ok[i]))
        return -1;
    for (int64_t k = 0; k < r->n; k++) {
        const int64_t t = l->time[i], u = r->time[k];
        if (!r->time_ok[k] || (p->known && !r->known_ok[k])
            || (p->keyed && (!r->key_ok[k] || r->key[k] != l->key[i])))
            continue;
        if ((p->direction == 0 && u > t) || (p->direction == 1 && u < t)
            || (p->strict && u == t)
            || (p->tolerance >= 0 && apart(u, t) > p->tolerance)
            || (p->known && r->known[k] > l->known[i]))
            continue;
        if (found < 0 || better(p, r, t, k, found))
            found = k;
    }
    return found;
}

/* ---- comparing ---------------------------------------------------------- */

static double figure(const mlpipe_dataset *d, const char *name)
{
    mlpipe_report *r;
    assert_ok(ctx, mlpipe_dataset_reading(ctx, d, &r));
    const double x = mlpipe_report_get(r, name);
    mlpipe_report_free(r);
    if (x != x)
        fail_msg("no figure %s", name);
    return x;
}

static double number(const mlpipe_dataset *d, int64_t row, const char *name)
{
    mlpipe_value v;
    const int32_t at = mlpipe_dataset_find(d, name);
    assert_true(at >= 0);
    assert_int_equal(0, mlpipe_dataset_cell(d, row, (uint32_t)at, &v));
    return v.kind == MLPIPE_VALUE_NULL ? -1 : v.num;
}

static void accounted(const mlpipe_dataset *d)
{
    assert_same(figure(d, "left_rows"),
                figure(d, "matched") + figure(d, "unmatched"));
    assert_same(figure(d, "unmatched"),
                figure(d, "left_null_time") + figure(d, "left_null_key")
                    + figure(d, "no_key") + figure(d, "no_row")
                    + figure(d, "not_known"));
}

static void params_of(const plan *p, char out[256])
{
    static const char *const names[] = {"backward", "forward", "nearest"};
    char tolerance[64] = "";
    if (p->tolerance >= 0)
        snprintf(tolerance, sizeof tolerance, " tolerance='%d s'",
                 (int)p->tolerance);
    snprintf(out, 256, "on=t direction=%s strict=%s%s%s%s columns=r,known,t "
             "suffix=_r", names[p->direction], p->strict ? "true" : "false",
             p->keyed ? " by=k,k2" : "",
             p->known ? " known=known known_at=known" : " known=none",
             tolerance);
}

static void compare(const plan *p, const side *l, const side *r,
                    const mlpipe_dataset *left, const mlpipe_dataset *right)
{
    char params[256];
    mlpipe_dataset *joined;
    int64_t matched = 0;
    params_of(p, params);
    assert_ok(ctx, mlpipe_dataset_asof(ctx, left, right, params, &joined));
    assert_int_equal(l->n, mlpipe_dataset_rows(joined));
    for (int64_t i = 0; i < l->n; i++) {
        const int64_t row = (int64_t)number(joined, i, "l");
        const int64_t expected = oracle(p, l, row, r);
        const int64_t found = (int64_t)number(joined, i, "r");
        if (found != expected)
            fail_msg("%s: left %d gets %d, not %d", params, (int)row,
                     (int)found, (int)expected);
        assert_true(mlpipe_dataset_row_id(joined, i)
                    == mlpipe_dataset_row_id(left, i));
        matched += found >= 0;
        if (found >= 0 && p->known) /* nothing from the future */
            assert_true(r->known[found] <= l->known[row]);
    }
    assert_same((double)matched, figure(joined, "matched"));
    accounted(joined);
    mlpipe_dataset_free(joined);
}

static void every_pair_is_tried(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        side l = {0}, r = {0};
        const int64_t span = round % 3 ? 20 : 500;
        random_side(&l, draw(60), span, 3);
        random_side(&r, draw(150), span, 2 + draw(3));
        mlpipe_dataset *left = dataset(&l, "l", MLPIPE_UNIT_S), *shuffled;
        mlpipe_dataset *right = dataset(&r, "r", MLPIPE_UNIT_S);
        for (int64_t i = 0; i < r.n; i++)
            r.id[i] = 7 + i;
        /* The order of rows decides nothing. */
        assert_ok(ctx, mlpipe_dataset_sort(ctx, right, "by=-k,known,-r",
                                           &shuffled));
        for (int which = 0; which < 24; which++) {
            const plan p = {which & 1, (which & 2) != 0, (which & 4) != 0,
                            which / 8,
                            draw(2) ? -1 : draw(span / 4)};
            compare(&p, &l, &r, left, which % 3 ? right : shuffled);
        }
        mlpipe_dataset_free(shuffled);
        mlpipe_dataset_free(right);
        mlpipe_dataset_free(left);
    }
}

/* A left view takes what its rows would have taken in the whole. */
static void views_join_as_they_are(void **state)
{
    side l = {0}, r = {0};
    const plan p = {true, false, true, 0, -1};
    mlpipe_dataset *left, *right, *view, *twice;
    (void)state;
    random_side(&l, 100, 50, 3);
    random_side(&r, 150, 50, 3);
    for (int64_t i = 0; i < r.n; i++)
        r.id[i] = 7 + i;
    left = dataset(&l, "l", MLPIPE_UNIT_S);
    right = dataset(&r, "r", MLPIPE_UNIT_S);
    assert_ok(ctx, mlpipe_dataset_sort(ctx, left, "by=known,-l", &view));
    l.n = 100;
    compare(&p, &l, &r, view, right);
    mlpipe_dataset_free(view);
    assert_ok(ctx, mlpipe_dataset_slice(ctx, left, 13, 60, &view));
    assert_ok(ctx, mlpipe_dataset_sample(ctx, view, "rows=80 replace=true",
                                         &twice));
    l.n = 80;
    compare(&p, &l, &r, twice, right);
    mlpipe_dataset_free(twice);
    mlpipe_dataset_free(view);
    mlpipe_dataset_free(left);
    mlpipe_dataset_free(right);
}

/* Changing what was known later changes nothing. */
static void the_future_is_not_seen(void **state)
{
    side l = {0}, r = {0};
    mlpipe_buffer *before, *after;
    (void)state;
    random_side(&l, 50, 100, 3);
    random_side(&r, 150, 100, 3);
    for (int pass = 0; pass < 2; pass++) {
        mlpipe_dataset *left = dataset(&l, "l", MLPIPE_UNIT_S), *joined;
        mlpipe_dataset *right = dataset(&r, "r", MLPIPE_UNIT_S);
        assert_ok(ctx, mlpipe_dataset_asof(
            ctx, left, right, "on=t by=k known=known columns=t,k2,known "
            "prefix=r_", &joined));
        assert_true(mlpipe_dataset_find(joined, "r_t") > 0);
        assert_ok(ctx, mlpipe_dataset_fingerprint(ctx, joined,
                                                  pass ? &after : &before));
        mlpipe_dataset_free(joined);
        mlpipe_dataset_free(left);
        mlpipe_dataset_free(right);
        /* all left times are below 100 */
        for (int64_t i = 0; i < r.n; i++)
            if (r.known[i] >= 100) {
                r.time[i] = draw(100);
                r.key[i] = draw(3);
                r.time_ok[i] = draw(2) != 0;
            }
    }
    assert_memory_equal(mlpipe_buffer_data(before),
                        mlpipe_buffer_data(after), 32);
    mlpipe_buffer_free(before);
    mlpipe_buffer_free(after);
}

static void pandas_agrees(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof golden_asof / sizeof *golden_asof; c++) {
        side l = {.n = GOLDEN_LEFT}, r = {.n = GOLDEN_RIGHT};
        char params[160];
        mlpipe_dataset *joined;
        memset(l.time_ok, 1, sizeof l.time_ok);
        memset(l.key_ok, 1, sizeof l.key_ok);
        memset(r.time_ok, 1, sizeof r.time_ok);
        memset(r.key_ok, 1, sizeof r.key_ok);
        for (int i = 0; i < GOLDEN_LEFT; i++) {
            l.time[i] = golden_asof[c].left_time[i];
            l.key[i] = golden_asof[c].left_key[i];
        }
        for (int i = 0; i < GOLDEN_RIGHT; i++) {
            r.time[i] = golden_asof[c].right_time[i] * 1000;
            r.key[i] = golden_asof[c].right_key[i];
        }
        /* seconds on one side, milliseconds on the other */
        mlpipe_dataset *left = dataset(&l, "l", MLPIPE_UNIT_S);
        mlpipe_dataset *right = dataset(&r, "r", MLPIPE_UNIT_MS);
        snprintf(params, sizeof params, "on=t by=k2 known=none %s",
                 golden_asof[c].params);
        assert_ok(ctx, mlpipe_dataset_asof(ctx, left, right, params,
                                           &joined));
        for (int i = 0; i < GOLDEN_LEFT; i++)
            assert_int_equal(golden_asof[c].match[i],
                             (int)number(joined, i, "r"));
        accounted(joined);
        mlpipe_dataset_free(joined);
        mlpipe_dataset_free(left);
        mlpipe_dataset_free(right);
    }
}

/* ---- two clocks by hand ------------------------------------------------- */

/* Right: at 10 known at 12, corrected at 30; at 20 known at 20. */
static void corrections_wait(void **state)
{
    side l = {.n = 5, .time = {11, 12, 29, 30, 9}};
    side r = {.n = 3, .time = {10, 10, 20}, .known = {12, 30, 20}};
    static const int expected[] = {-1, 0, 2, 2, -1};
    mlpipe_dataset *joined;
    (void)state;
    memset(l.time_ok, 1, sizeof l.time_ok);
    memset(r.time_ok, 1, sizeof r.time_ok);
    memset(r.known_ok, 1, sizeof r.known_ok);
    mlpipe_dataset *left = dataset(&l, "l", MLPIPE_UNIT_S);
    mlpipe_dataset *right = dataset(&r, "r", MLPIPE_UNIT_S);
    assert_ok(ctx, mlpipe_dataset_asof(ctx, left, right,
                                       "on=t known=known columns=r",
                                       &joined));
    for (int i = 0; i < 5; i++)
        assert_int_equal(expected[i], (int)number(joined, i, "r"));
    assert_same(3, figure(joined, "matched"));
    assert_same(1, figure(joined, "not_known"));
    assert_same(1, figure(joined, "no_row"));
    assert_same(1, figure(joined, "held_back")); /* 12 has not the correction */
    assert_same(1, figure(joined, "known_checked"));
    assert_string_equal("", logged);
    mlpipe_dataset_free(joined);

    /* Without the clock the correction leaks, which is told. */
    assert_ok(ctx, mlpipe_dataset_asof(ctx, left, right, "on=t columns=r",
                                       &joined));
    assert_int_equal(1, (int)number(joined, 0, "r"));
    assert_same(0, figure(joined, "known_checked"));
    assert_non_null(strstr(logged, "without known="));
    mlpipe_dataset_free(joined);
    logged[0] = 0;
    assert_ok(ctx, mlpipe_dataset_asof(ctx, left, right, "on=t known=none",
                                       &joined));
    assert_string_equal("", logged);
    mlpipe_dataset_free(joined);
    mlpipe_dataset_free(left);
    mlpipe_dataset_free(right);
}

/* ---- names, types, mistakes --------------------------------------------- */

static void says(mlpipe_status expected, const char *part,
                 const mlpipe_dataset *left, const mlpipe_dataset *right,
                 const char *params)
{
    mlpipe_dataset *out = (mlpipe_dataset *)(void *)&ctx;
    const mlpipe_status st = mlpipe_dataset_asof(ctx, left, right, params,
                                                 &out);
    if (st != expected || !strstr(mlpipe_ctx_error(ctx)->text, part))
        fail_msg("%s: %s: %s", params, mlpipe_status_name(st),
                 mlpipe_ctx_error(ctx)->text);
    assert_null(out);
}

static void mistakes_are_told(void **state)
{
    side l = {.n = 3, .time = {1, INT64_MAX / 2, 3}}, r = {.n = 2};
    mlpipe_dataset *bare;
    (void)state;
    memset(l.time_ok, 1, sizeof l.time_ok);
    mlpipe_dataset *left = dataset(&l, "l", MLPIPE_UNIT_S);
    mlpipe_dataset *right = dataset(&r, "r", MLPIPE_UNIT_NS);
    says(MLPIPE_E_PARAM, "on", left, right, NULL);
    says(MLPIPE_E_SCHEMA, "no column \"tt\"", left, right, "on=tt");
    says(MLPIPE_E_SCHEMA, "no column \"l\"", left, right, "on=l");
    says(MLPIPE_E_SCHEMA, "right_on=r is i64, and on= is timestamp", left,
         right, "on=t right_on=r");
    says(MLPIPE_E_SCHEMA, "is category; a time is", left, right,
         "on=k right_on=k");
    says(MLPIPE_E_SCHEMA, "\"k\" is category on the left, and \"k2\" is i64",
         left, right, "on=k2 by=k right_by=k2");
    says(MLPIPE_E_PARAM, "lists 1 columns and right_by= 2", left, right,
         "on=t by=k right_by=k,k2");
    says(MLPIPE_E_PARAM, "known_at=t has nothing", left, right,
         "on=t known_at=t");
    says(MLPIPE_E_PARAM, "has a unit", left, right,
         "on=k2 tolerance='2 h' known=none");
    says(MLPIPE_E_NUMERIC, "of row 1 is 4611686018427387903 s", left, right,
         "on=t known=none");
    mlpipe_dataset_free(right);
    right = dataset(&r, "r", MLPIPE_UNIT_S);
    says(MLPIPE_E_PARAM, "tolerance=5 has no unit, and on= is times; say "
                         "tolerance='5 s'", left, right,
         "on=t tolerance=5 known=none");
    says(MLPIPE_E_PARAM, "lists \"r\" twice", left, right,
         "on=t known=none columns=r,r");
    says(MLPIPE_E_CONFLICT, "both named \"k2\"", left, right,
         "on=t known=none suffix=2 columns=k");
    assert_ok(ctx, mlpipe_dataset_select(ctx, right, "columns=t", &bare));
    mlpipe_dataset *joined;
    assert_ok(ctx, mlpipe_dataset_asof(ctx, left, bare, "on=t known=none",
                                       &joined));
    assert_int_equal(5, mlpipe_dataset_columns(joined));
    assert_same(2, figure(joined, "right_null_time"));
    mlpipe_dataset_free(joined);
    mlpipe_dataset_free(bare);
    mlpipe_dataset_free(right);
    mlpipe_dataset_free(left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_pair_is_tried, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(views_join_as_they_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_future_is_not_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pandas_agrees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(corrections_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
