/* SPDX-License-Identifier: MIT */
/*
 * What a line of the audit log says beyond its decision: that p follows from
 * mean, deviation and rows, and that lines follow one another as the loop
 * goes. A log may begin anywhere, so that its first line is believed.
 */
#include "cycle_internal.h"

static const char *check_text(const mlpipe__json *line, const char *key)
{
    const char *text = mlpipe__json_text(mlpipe__json_get(line, key));

    return text ? text : "";
}

static mlpipe_status check_fail(mlpipe_ctx *ctx, uint64_t at, const char *key,
                                double says, double is)
{
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "line %llu of the log says %s = %g, which does not "
                        "follow from its figures: it should be %g",
                        (unsigned long long)at + 1, key, says, is);
}

static bool check_near(double x, double y, double of)
{
    const double d = x < y ? y - x : x - y;

    return d <= 1e-9 * (of < 0 ? -of : of) || (x != x && y != y) || x == y;
}

/* ---- the figures of a test ----------------------------------------------- */

/* Differences of right and wrong are 1, 0 and -1: their mean and deviation
 * tell how many there are of each. */
static void check_counts(double mean, double se, double n, mlpipe__test *out)
{
    const double off = mean * n;
    const double all = se * se * n * (n - 1.0) + mean * mean * n;
    const double a = 0.5 * (all + off), b = 0.5 * (all - off);

    if (!(a > -0.5 && a < 0x1p53 && b > -0.5 && b < 0x1p53))
        return;
    mlpipe__mcnemar((uint64_t)(a + 0.5), (uint64_t)(b + 0.5), out);
}

static double check_student(double t, double df)
{
    return df > 0 ? mlpipe__student_tail(t, df) : mlpipe__normal_tail(t);
}

/* p of the test that a line names, one-sided (below) and two-sided, again. */
static void check_test(const mlpipe__json *line, mlpipe__test *out)
{
    const char *test = check_text(line, "test");
    const double mean = audit_get(line, "mean"), se = audit_get(line, "se");
    const double serial = audit_get(line, "serial_se");
    const double n = audit_get(line, "rows"), nan = mlpipe__nan();
    const double z = se > 0      ? mean / se
                     : mean == 0 ? 0.0
                     : mean > 0  ? mlpipe__inf()
                                 : -mlpipe__inf();
    const double df = strcmp(test, "DeLong") ? n - 1.0 : 0.0;

    *out = (mlpipe__test){nan, nan, nan, nan};
    if (!strncmp(test, "McNemar", 7)) {
        check_counts(mean, se, n, out);
    } else if (se > 0 || (se == 0 && !df)) {
        out->below = check_student(-z, df);
        out->p = 2.0 * check_student(z < 0 ? -z : z, df);
        out->p = out->p < 1.0 ? out->p : 1.0;
    } else if (se == 0) {
        out->below = mean < 0 ? 0.0 : 1.0;
        out->p = mean == 0 ? 1.0 : 0.0;
    }
    if (serial > 0 && out->below == out->below) {
        const double t = mean / serial, d = audit_get(line, "serial_df");
        const double one = mlpipe__student_tail(-t, d);
        const double two = 2.0 * mlpipe__student_tail(t < 0 ? -t : t, d);
        out->below = one > out->below ? one : out->below;
        out->p = two > out->p ? two : out->p;
    }
}

/* By how much b exceeds a, as a metric's losses do; NaN: not known here. */
static double check_difference(const char *metric, double a, double b)
{
    static const char *const losses[] = {"logloss", "brier", "mae"};

    if (!strcmp(metric, "rmse"))
        return b * b - a * a;
    if (!strcmp(metric, "accuracy") || !strcmp(metric, "auc"))
        return a - b;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (!strcmp(metric, losses[i]))
            return b - a;
    return mlpipe__nan();
}

/* The mean loss of a by its metric; NaN: not known here. */
static double check_loss(const char *metric, double a)
{
    if (!strcmp(metric, "rmse"))
        return a * a;
    return check_difference(metric, 0.0, a) >= 0 ? a : 1.0 - a;
}

/* Figures are written together: where one is, all are. */
static mlpipe_status check_together(mlpipe_ctx *ctx, const mlpipe__json *line,
                                    const char *const *keys, size_t n,
                                    uint64_t at)
{
    const char *there = NULL, *gone = NULL;

    for (size_t i = 0; i < n; i++)
        *(mlpipe__json_get(line, keys[i]) ? &there : &gone) = keys[i];
    if (!there || !gone)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "line %llu of the log has %q and no %q; it should "
                        "have both, as a loop writes them",
                        (unsigned long long)at + 1, there, gone);
}

static mlpipe_status check_keys(mlpipe_ctx *ctx, const mlpipe__json *line,
                                uint64_t at)
{
    static const char *const head[] = {"metric",   "rows",     "least",
                                       "silent_a", "silent_b", "alpha"};
    static const char *const figures[] = {"test", "a",         "b",
                                          "mean", "se",        "serial_se",
                                          "p",    "serial_df", "differs"};
    static const char *const canary[] = {
        "two_sided",   "scale",  "margin",       "p_margin",
        "final_alpha", "over",   "errors_alpha", "served",
        "canary",      "served_silent", "canary_silent"};
    mlpipe_status st = check_together(ctx, line, head,
                                      sizeof head / sizeof *head, at);

    if (!st)
        st = check_together(ctx, line, figures,
                            sizeof figures / sizeof *figures, at);
    return st ? st
              : check_together(ctx, line, canary,
                               sizeof canary / sizeof *canary, at);
}

/* Metric and test are words that a loop knows. */
static mlpipe_status check_names(mlpipe_ctx *ctx, const mlpipe__json *line,
                                 uint64_t at)
{
    static const char *const tests[] = {"paired t of losses", "DeLong",
                                        "McNemar, exact",
                                        "McNemar, chi-squared"};
    const char *metric = check_text(line, "metric");
    const char *test = check_text(line, "test");
    mlpipe__metric m;
    bool found = false, known = false;
    mlpipe_status st = mlpipe__metric_read(ctx, metric, &m, &found);

    if (st == MLPIPE_E_NOMEM)
        return st;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        known = known || !strcmp(test, tests[i]);
    if (!st && found && known)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "line %llu of the log says metric = %q and test = %q; "
                        "it should be a metric and the test that "
                        "mlpipe_compare takes for it",
                        (unsigned long long)at + 1, metric, test);
}

/* What a canary is no worse by, and the chance of it, again. */
static mlpipe_status check_margin(mlpipe_ctx *ctx, const mlpipe__json *line,
                                  uint64_t at)
{
    const char *metric = check_text(line, "metric");
    const double scale = audit_get(line, "scale"), a = audit_get(line, "a");
    const double p = audit_get(line, "p_margin"), loss = check_loss(metric, a);
    mlpipe__gate g = {.enough = true, .scale = scale};
    double is;

    if (!mlpipe__json_get(line, "p_margin"))
        return MLPIPE_OK;
    if (check_difference(metric, a, a) == 0 && !check_near(scale, loss, 1.0))
        return check_fail(ctx, at, "scale", scale, loss);
    g.rows = (uint64_t)audit_get(line, "rows");
    g.compared.mean = audit_get(line, "mean");
    g.compared.se = audit_get(line, "se");
    g.serial_se = audit_get(line, "serial_se");
    g.serial_df = audit_get(line, "serial_df");
    is = mlpipe__gate_no_worse(&g, audit_get(line, "margin"));
    return check_near(p, is, is) ? MLPIPE_OK
                                 : check_fail(ctx, at, "p_margin", p, is);
}

/* Do the figures of a gate's line go together? */
mlpipe_status mlpipe__audit_figures(mlpipe_ctx *ctx, const mlpipe__json *line,
                                    uint64_t at)
{
    const double mean = audit_get(line, "mean"), p = audit_get(line, "p");
    const double a = audit_get(line, "a"), b = audit_get(line, "b");
    const double n = audit_get(line, "rows"), two = audit_get(line,
                                                              "two_sided");
    const double df = audit_get(line, "serial_df");
    const double d = check_difference(check_text(line, "metric"), a, b);
    mlpipe__test test;
    mlpipe_status st = check_keys(ctx, line, at);

    if (st)
        return st;
    /* Of too few rows nothing was tested, and nothing is said. */
    if (!mlpipe__json_get(line, "test"))
        return MLPIPE_OK;
    st = check_names(ctx, line, at);
    if (st)
        return st;
    if (!(n >= 2 && n <= 0x1p53))
        return check_fail(ctx, at, "rows", n, audit_get(line, "least"));
    if (df > 0 && df != mlpipe__gate_waves(n))
        return check_fail(ctx, at, "serial_df", df, mlpipe__gate_waves(n));
    check_test(line, &test);
    if (!check_near(p, test.below, test.below))
        return check_fail(ctx, at, "p", p, test.below);
    if (mlpipe__json_get(line, "two_sided") && !check_near(two, test.p,
                                                           test.p))
        return check_fail(ctx, at, "two_sided", two, test.p);
    if (d == d && !check_near(mean, d, a * a + b * b + (a < 0 ? -a : a) +
                                           (b < 0 ? -b : b)))
        return check_fail(ctx, at, "mean", mean, d);
    return check_margin(ctx, line, at);
}

/* ---- the order of lines -------------------------------------------------- */

enum {
    ORDER_WATCH = 1, /* nothing is under way */
    ORDER_ASKED = 2, /* a retrain was asked for */
    ORDER_SHADOW = 4,
    ORDER_CANARY = 8,
    ORDER_TRIAL = 16, /* on probation */
    ORDER_ANY = 31
};

/* From what a line may come, and what is then; 0: as it was. */
typedef struct order_rule {
    const char *action;
    uint8_t from, to;
    const char *needs; /* in words */
} order_rule;

static const order_rule order_rules[] = {
    {"retrain", ORDER_WATCH, ORDER_ASKED,
     "the end of the retrain, stage or probation that is under way"},
    {"held", ORDER_WATCH, 0,
     "the end of the retrain, stage or probation that is under way"},
    {"rule_refused", ORDER_WATCH, 0,
     "the end of the retrain, stage or probation that is under way"},
    {"retrain_failed", ORDER_WATCH | ORDER_ASKED, ORDER_WATCH, "a retrain"},
    {"rejected", ORDER_ANY - ORDER_TRIAL, ORDER_WATCH, "a retrain"},
    {"shadow_started", ORDER_WATCH | ORDER_ASKED, ORDER_SHADOW, "a retrain"},
    {"canary_started", ORDER_WATCH | ORDER_ASKED | ORDER_SHADOW, ORDER_CANARY,
     "a retrain or a shadow"},
    {"swapped", ORDER_WATCH | ORDER_ASKED | ORDER_SHADOW, ORDER_TRIAL,
     "a retrain or a shadow"},
    {"promoted", ORDER_CANARY, ORDER_TRIAL, "canary_started"},
    {"dropped", ORDER_SHADOW | ORDER_CANARY, ORDER_WATCH,
     "shadow_started or canary_started"},
    {"confirmed", ORDER_TRIAL, ORDER_WATCH, "swapped or promoted"},
    {"rolled_back", ORDER_TRIAL, ORDER_WATCH, "swapped or promoted"},
    {"superseded", ORDER_SHADOW | ORDER_CANARY | ORDER_TRIAL, ORDER_WATCH,
     "a stage or a probation"},
};

void mlpipe__audit_order_init(mlpipe__audit_order *o, mlpipe_ctx *ctx)
{
    memset(o, 0, sizeof *o);
    o->now_us = mlpipe__nan();
    mlpipe__text_init(&o->champion, ctx->env);
}

void mlpipe__audit_order_free(mlpipe__audit_order *o)
{
    mlpipe__text_free(&o->champion);
}

static mlpipe_status order_number(mlpipe_ctx *ctx, mlpipe__audit_order *o,
                                  const char *action, double number,
                                  uint64_t at)
{
    const bool comes = !strcmp(action, "swapped") ||
                       !strcmp(action, "canary_started");
    const bool ends = !strcmp(action, "promoted") ||
                      !strcmp(action, "confirmed") ||
                      !strcmp(action, "rolled_back") ||
                      (!strcmp(action, "dropped") &&
                       o->state == ORDER_CANARY);

    if (number != number)
        return MLPIPE_OK;
    if (comes && number <= o->highest)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log says that deployment %g "
                            "came, and lines before it speak of %g; it should "
                            "be a higher one",
                            (unsigned long long)at + 1, number, o->highest);
    if (ends && o->number > 0 && number != o->number)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log says that %q is of "
                            "deployment %g; it should be %g, which came "
                            "before it",
                            (unsigned long long)at + 1, action, number,
                            o->number);
    o->highest = number > o->highest ? number : o->highest;
    if (comes)
        o->number = number;
    return MLPIPE_OK;
}

/* Who was replaced is who must judge, and comes back. */
static mlpipe_status order_previous(mlpipe_ctx *ctx, mlpipe__audit_order *o,
                                    const mlpipe__json *line,
                                    const char *action, uint64_t at)
{
    const char *previous = check_text(line, "previous");

    if (!strcmp(action, "swapped") || !strcmp(action, "promoted")) {
        o->champion.size = 0;
        mlpipe__text_add(&o->champion, "%s", check_text(line, "champion"));
        if (o->champion.failed)
            return mlpipe__nomem(ctx);
    }
    if (!*previous || !o->champion.size || o->state != ORDER_TRIAL ||
        !strcmp(previous, o->champion.data))
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "line %llu of the log says that the model before was "
                        "%q; it should be %q, as in the line of the swap",
                        (unsigned long long)at + 1, previous,
                        o->champion.data);
}

/* One loop has one metric, and one alpha and least for each kind of test. */
static mlpipe_status order_limits(mlpipe_ctx *ctx, mlpipe__audit_order *o,
                                  const mlpipe__json *line, uint64_t at)
{
    static const char *const keys[] = {"alpha", "least"};
    const uint32_t kind = mlpipe__json_get(line, "previous")       ? 0
                          : mlpipe__json_get(line, "errors_alpha") ? 1
                                                                   : 2;

    if (!mlpipe__json_get(line, "alpha"))
        return MLPIPE_OK;
    for (uint32_t k = 0; k < 2; k++) {
        double *known = &o->limit[kind][k];
        const double says = audit_get(line, keys[k]);
        if (*known > 0 && says != *known)
            return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                                "line %llu of the log says %s = %g; it should "
                                "be %g, as in the lines before it",
                                (unsigned long long)at + 1, keys[k], says,
                                *known);
        *known = says;
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__audit_follows(mlpipe_ctx *ctx, mlpipe__audit_order *o,
                                    const mlpipe__json *line, uint64_t at)
{
    const char *action = check_text(line, "action");
    const double now = audit_get(line, "now_us");
    const order_rule *rule = NULL;
    mlpipe_status st;

    for (size_t i = 0; i < sizeof order_rules / sizeof *order_rules; i++)
        if (!strcmp(action, order_rules[i].action))
            rule = &order_rules[i];
    if (!rule)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log says %q, which no loop "
                            "writes; it should be an action such as swapped",
                            (unsigned long long)at + 1, action);
    if (now < o->now_us && now >= -0x1p62 && o->now_us <= 0x1p62)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log says now_us = %lld, before "
                            "the line above it; it should be at least %lld",
                            (unsigned long long)at + 1, (long long)now,
                            (long long)o->now_us);
    if (o->state && !(rule->from & o->state))
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log says %q, and the lines "
                            "before it do not lead there; it should come "
                            "behind %s",
                            (unsigned long long)at + 1, action, rule->needs);
    st = order_number(ctx, o, action, audit_get(line, "deployment"), at);
    if (!st)
        st = order_limits(ctx, o, line, at);
    if (!st)
        st = order_previous(ctx, o, line, action, at);
    o->now_us = now;
    o->state = rule->to ? rule->to : o->state ? o->state : ORDER_WATCH;
    return st;
}
