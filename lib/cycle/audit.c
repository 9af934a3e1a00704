/* SPDX-License-Identifier: MIT */
/*
 * The audit log: a JSON object a line for every decision, with all figures
 * that it was made from, so that it can be made again without any data.
 */
#include "cycle_internal.h"

void mlpipe__audit_begin(mlpipe__text *log, int64_t now_us,
                         const char *action, uint64_t deployment)
{
    mlpipe__text_add(log,
                     "{\"now_us\":%lld,\"action\":\"%s\","
                     "\"deployment\":%llu",
                     (long long)now_us, action,
                     (unsigned long long)deployment);
}

static void audit_key(mlpipe__text *log, const char *key)
{
    mlpipe__text_add(log, ",");
    mlpipe__text_json(log, key, strlen(key));
    mlpipe__text_add(log, ":");
}

void mlpipe__audit_text(mlpipe__text *log, const char *key, const char *text)
{
    audit_key(log, key);
    mlpipe__text_json(log, text, strlen(text));
}

static void audit_value(mlpipe__text *log, double value)
{
    if (mlpipe__finite(value))
        mlpipe__text_add(log, "%g", value);
    else
        mlpipe__text_add(log, "null");
}

void mlpipe__audit_number(mlpipe__text *log, const char *key, double value)
{
    audit_key(log, key);
    audit_value(log, value);
}

void mlpipe__audit_values(mlpipe__text *log, const mlpipe_trigger *trigger,
                          const double *values, const double *memory,
                          bool pane)
{
    mlpipe__audit_text(log, "rule", trigger->rule);
    mlpipe__text_add(log, ",\"values\":{");
    for (uint32_t i = 0; i < trigger->names.count; i++) {
        const char *name = mlpipe__dict_text(&trigger->names, i);
        if (i)
            mlpipe__text_add(log, ",");
        mlpipe__text_json(log, name, strlen(name));
        mlpipe__text_add(log, ":");
        if (trigger->kinds[i] != MLPIPE__NAME_VERDICT)
            audit_value(log, values[i]);
        else if (values[i] != values[i])
            mlpipe__text_add(log, "\"INSUFFICIENT_DATA\"");
        else
            mlpipe__text_add(log, values[i] == 1.0 ? "\"DRIFT\"" : "\"OK\"");
    }
    mlpipe__text_add(log, "}");
    if (!trigger->memory_count)
        return;
    mlpipe__audit_number(log, "pane", pane);
    mlpipe__text_add(log, ",\"memory\":[");
    for (uint32_t i = 0; i < trigger->memory_count; i++) {
        if (i)
            mlpipe__text_add(log, ",");
        audit_value(log, memory[i]);
    }
    mlpipe__text_add(log, "]");
}

void mlpipe__audit_gate(mlpipe__text *log, const mlpipe__gate *g,
                        const mlpipe__metric *metric, uint64_t least,
                        double alpha)
{
    mlpipe__audit_text(log, "metric", metric->name);
    mlpipe__audit_number(log, "rows", (double)g->rows);
    mlpipe__audit_number(log, "least", (double)least);
    mlpipe__audit_number(log, "removed", (double)g->removed);
    mlpipe__audit_number(log, "unlabelled", (double)g->unlabelled);
    mlpipe__audit_number(log, "unweighted", (double)g->unweighted);
    mlpipe__audit_number(log, "silent_a", (double)g->silent_a);
    mlpipe__audit_number(log, "silent_b", (double)g->silent_b);
    mlpipe__audit_number(log, "alpha", alpha);
    if (!g->enough)
        return;
    mlpipe__audit_text(log, "test", g->compared.test);
    mlpipe__audit_number(log, "a", g->compared.a);
    mlpipe__audit_number(log, "b", g->compared.b);
    mlpipe__audit_number(log, "mean", g->compared.mean);
    mlpipe__audit_number(log, "se", g->compared.se);
    mlpipe__audit_number(log, "serial_se", g->serial_se);
    mlpipe__audit_number(log, "serial_df", g->serial_df);
    mlpipe__audit_number(log, "p", g->compared.p);
    mlpipe__audit_number(log, "differs", g->differs);
}

const char *mlpipe__canary_reason(uint32_t verdict)
{
    static const char *const words[] = {"", "errors", "worse",
                                        "not shown to be no worse", ""};

    return words[verdict];
}

void mlpipe__audit_canary(mlpipe__text *log, const mlpipe__canary_trial *t)
{
    mlpipe__audit_number(log, "two_sided", t->g.compared.two.p);
    mlpipe__audit_number(log, "scale", t->g.scale);
    mlpipe__audit_number(log, "margin", t->margin);
    mlpipe__audit_number(log, "p_margin",
                         mlpipe__gate_no_worse(&t->g, t->margin));
    mlpipe__audit_number(log, "final_alpha", t->final_alpha);
    mlpipe__audit_number(log, "over", t->over);
    mlpipe__audit_number(log, "errors_alpha", t->errors_alpha);
    mlpipe__audit_number(log, "served", (double)t->of_main.rows);
    mlpipe__audit_number(log, "served_silent", (double)t->of_main.silent);
    mlpipe__audit_number(log, "canary", (double)t->of_canary.rows);
    mlpipe__audit_number(log, "canary_silent", (double)t->of_canary.silent);
}

void mlpipe__audit_end(mlpipe__text *log)
{
    mlpipe__text_add(log, "}\n");
}

/* ---- replay ------------------------------------------------------------ */

/* A count of rows; 0 where the log has none that could be one. */
static uint64_t audit_count(const mlpipe__json *line, const char *key)
{
    const double n = audit_get(line, key);

    return n >= 0 && n <= 0x1p53 ? (uint64_t)n : 0;
}

/* The figures of a gate, read back. */
static void audit_read_gate(const mlpipe__json *line, mlpipe__gate *g)
{
    memset(g, 0, sizeof *g);
    g->rows = audit_count(line, "rows");
    g->silent_a = audit_count(line, "silent_a");
    g->silent_b = audit_count(line, "silent_b");
    g->compared.mean = audit_get(line, "mean");
    g->compared.p = audit_get(line, "p");
    g->enough = (double)g->rows >= audit_get(line, "least") && g->rows >= 2;
}

/* Does what was done with a canary follow from its figures? */
static bool audit_canary_follows(const mlpipe__json *line, const char *action)
{
    const char *reason = mlpipe__json_text(mlpipe__json_get(line, "reason"));
    mlpipe__canary_trial t = {0};
    uint32_t verdict;

    audit_read_gate(line, &t.g);
    t.g.compared.se = audit_get(line, "se");
    t.g.compared.two.p = audit_get(line, "two_sided");
    t.g.serial_se = audit_get(line, "serial_se");
    t.g.serial_df = audit_get(line, "serial_df");
    t.g.scale = audit_get(line, "scale");
    t.alpha = audit_get(line, "alpha");
    t.margin = audit_get(line, "margin");
    t.final_alpha = audit_get(line, "final_alpha");
    t.errors_alpha = audit_get(line, "errors_alpha");
    t.of_main.rows = audit_count(line, "served");
    t.of_main.silent = audit_count(line, "served_silent");
    t.of_canary.rows = audit_count(line, "canary");
    t.of_canary.silent = audit_count(line, "canary_silent");
    t.over = audit_get(line, "over") == 1.0;
    verdict = mlpipe__canary_judge(&t);
    if (!strcmp(action, "promoted"))
        return verdict == MLPIPE__CANARY_GOOD;
    if (strcmp(action, "dropped") || !reason)
        return false;
    return !strncmp(reason, "MLPIPE_E_", 9) ||
           !strcmp(reason, mlpipe__canary_reason(verdict));
}

/* Is it what follows where a challenger is better? */
static bool audit_for_better(const char *action)
{
    static const char *const forward[] = {"swapped", "rolled_back",
                                          "shadow_started", "canary_started"};

    for (size_t i = 0; i < sizeof forward / sizeof *forward; i++)
        if (!strcmp(action, forward[i]))
            return true;
    return false;
}

/* Names and values of a rule, read back. */
static mlpipe_status audit_read_rule(mlpipe_ctx *ctx,
                                     const mlpipe__json *values,
                                     mlpipe__report_names *names)
{
    const uint32_t n = mlpipe__json_kind_of(values) == MLPIPE__JSON_OBJECT
                           ? mlpipe__json_count(values)
                           : 0;

    memset(names, 0, sizeof *names);
    mlpipe__dict_init(&names->names, ctx->env);
    names->has_performance = true;
    names->kinds = mlpipe__alloc_array(ctx->env, n, 1);
    names->performance = mlpipe__alloc_array(ctx->env, n, 1);
    if (!names->kinds || !names->performance)
        return mlpipe__nomem(ctx);
    for (uint32_t i = 0; i < n; i++) {
        const mlpipe__json *v = mlpipe__json_at(values, i);
        const char *key = mlpipe__json_key(v);
        if (mlpipe__dict_add(&names->names, key, strlen(key)) == UINT32_MAX)
            return mlpipe__nomem(ctx);
        names->kinds[i] = mlpipe__json_kind_of(v) == MLPIPE__JSON_TEXT
                              ? MLPIPE__NAME_VERDICT
                              : MLPIPE__NAME_NUMBER;
    }
    return MLPIPE_OK;
}

/* What the rule remembered when it looked. */
static void audit_read_memory(const mlpipe__json *memory, mlpipe_trigger *t)
{
    for (uint32_t i = 0; i < t->memory_count; i++)
        if (i < mlpipe__json_count(memory))
            t->memory[i] =
                mlpipe__json_number(mlpipe__json_at(memory, i), 0.0);
}

/* Was it the schedule or the number of new labels that asked? */
static bool audit_due(const mlpipe__json *line)
{
    return audit_get(line, "since") >= audit_get(line, "every") ||
           audit_get(line, "fresh") >= audit_get(line, "volume");
}

/* Did what was asked for have to wait? Limits are reached from below. */
static bool audit_waits(const mlpipe__json *line)
{
    const char *why = mlpipe__json_text(mlpipe__json_get(line, "reason"));
    const double has = audit_get(line, "has"), needs = audit_get(line, "needs");

    if (why && (!strcmp(why, "budget") || !strcmp(why, "retrains")))
        return has >= needs;
    return has < needs;
}

static mlpipe_status audit_fired(mlpipe_ctx *ctx, const mlpipe__json *line,
                                 bool *fired)
{
    const mlpipe__json *values = mlpipe__json_get(line, "values");
    const char *rule = mlpipe__json_text(mlpipe__json_get(line, "rule"));
    mlpipe__report_names names;
    mlpipe_trigger *t = NULL;
    double *v = NULL;
    mlpipe_status st = audit_read_rule(ctx, values, &names);

    if (!st)
        st = mlpipe__rule_compile(ctx, &names, NULL, rule ? rule : "", &t);
    if (!st) {
        v = mlpipe__alloc_array(ctx->env, t->names.count, sizeof *v);
        st = v ? MLPIPE_OK : mlpipe__nomem(ctx);
    }
    for (uint32_t i = 0; !st && i < t->names.count; i++) {
        const mlpipe__json *j =
            mlpipe__json_get(values, mlpipe__dict_text(&t->names, i));
        const char *text = mlpipe__json_text(j);
        if (t->kinds[i] == MLPIPE__NAME_NUMBER)
            v[i] = mlpipe__json_number(j, mlpipe__nan());
        else
            v[i] = !strcmp(text, "DRIFT")               ? 1.0
                   : !strcmp(text, "INSUFFICIENT_DATA") ? mlpipe__nan()
                                                        : 0.0;
    }
    if (!st)
        audit_read_memory(mlpipe__json_get(line, "memory"), t);
    *fired = !st && mlpipe__rule_value(t, v, t->memory,
                                       audit_get(line, "pane") == 1) == 1.0;
    mlpipe__free(ctx->env, v);
    mlpipe_trigger_free(t);
    mlpipe__report_names_free(&names);
    return st;
}

/* What is wrong within a line, with the line before it. */
static mlpipe_status audit_fail_line(mlpipe_ctx *ctx, mlpipe_status st,
                                     uint64_t at)
{
    mlpipe__text t;

    mlpipe__text_init(&t, ctx->env);
    mlpipe__text_add(&t, "%s", mlpipe_ctx_error(ctx)->text);
    st = t.failed ? mlpipe__nomem(ctx)
                  : mlpipe__fail(ctx, st, "line %llu of the log: %s",
                                 (unsigned long long)at + 1, t.data);
    mlpipe__text_free(&t);
    return st;
}

/* Lines that say what happened, and no figure speaks for it: a retrain that
 * failed, another model that took the place, a rule or challenger refused. */
static bool audit_is_told(const mlpipe__json *line, const char *action)
{
    static const char *const told[] = {"retrain_failed", "superseded",
                                       "rule_refused"};
    const char *reason = mlpipe__json_text(mlpipe__json_get(line, "reason"));

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (!strcmp(action, told[i]))
            return true;
    return !strcmp(action, "rejected") && reason &&
           !strncmp(reason, "MLPIPE_E_", 9);
}

/* A challenger that lost, and why. */
static bool audit_reason_follows(const mlpipe__json *line, const char *action,
                                 bool enough)
{
    const char *why = mlpipe__json_text(mlpipe__json_get(line, "reason"));

    if (strcmp(action, "rejected") && strcmp(action, "dropped"))
        return true;
    return why && !strcmp(why, enough ? "no better" : "INSUFFICIENT_DATA");
}

/* What a line says and what its figures make of it. */
static mlpipe_status audit_wrong(mlpipe_ctx *ctx, const mlpipe__json *line,
                                 const char *action, uint64_t at)
{
    const char *should = "no figure speaks for it, or no loop "
                         "writes such a line";
    mlpipe__gate g;

    if (!action)
        return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                            "line %llu of the log has no action",
                            (unsigned long long)at + 1);
    audit_read_gate(line, &g);
    if (!strcmp(action, "retrain"))
        should = "neither rule nor schedule asks for one: no line should be "
                 "here";
    else if (!strcmp(action, "held"))
        should = "nothing asks for a retrain, or nothing holds it: it should "
                 "be retrain, or no line";
    else if (mlpipe__json_get(line, "errors_alpha"))
        should = "the figures of the canary lead elsewhere: promoted is for "
                 "one that was shown to be no worse, dropped for one that has "
                 "its reason";
    else if (mlpipe__json_get(line, "alpha"))
        should = mlpipe__gate_passes(&g, audit_get(line, "alpha"))
                     ? "p is at most alpha, so that it should be swapped, "
                       "shadow_started, canary_started or rolled_back"
                     : "p is above alpha, mean not below 0, rows below least "
                       "or b too silent, so that it should be rejected, "
                       "dropped or confirmed";
    return mlpipe__fail(ctx, MLPIPE_E_CORRUPT,
                        "line %llu of the log: %q does not follow from its "
                        "figures: %s",
                        (unsigned long long)at + 1, action, should);
}

/* Does the decision of a line follow from its figures? */
static mlpipe_status audit_check(mlpipe_ctx *ctx, const mlpipe__json *line,
                                 uint64_t at, bool *decided)
{
    const char *action = mlpipe__json_text(mlpipe__json_get(line, "action"));
    const double alpha = audit_get(line, "alpha");
    mlpipe_status st = MLPIPE_OK;
    mlpipe__gate g;
    bool ok = true;

    *decided = true;
    if (!action)
        ok = false;
    else if (!strcmp(action, "retrain") || !strcmp(action, "held")) {
        ok = false;
        if (mlpipe__json_get(line, "rule"))
            st = audit_fired(ctx, line, &ok);
        ok = (ok || audit_due(line)) &&
             (strcmp(action, "held") || audit_waits(line));
    } else if (mlpipe__json_get(line, "errors_alpha")) {
        ok = audit_canary_follows(line, action);
    } else if (mlpipe__json_get(line, "alpha")) {
        audit_read_gate(line, &g);
        ok = mlpipe__gate_passes(&g, alpha) == audit_for_better(action) &&
             audit_reason_follows(line, action, g.enough);
    } else {
        *decided = false;
        ok = audit_is_told(line, action);
    }
    if (st && st != MLPIPE_E_NOMEM)
        return audit_fail_line(ctx, st, at);
    if (!st && !ok)
        st = audit_wrong(ctx, line, action, at);
    return st;
}

mlpipe_status mlpipe__audit_next(mlpipe_ctx *ctx, const char *log,
                                 size_t bytes, size_t *at, mlpipe__json **out)
{
    const char *line = log + *at;
    const char *end = memchr(line, '\n', bytes - *at);
    const size_t n = end ? (size_t)(end - line) : bytes - *at;

    *at += n + 1;
    return mlpipe__json_parse(ctx, line, n, out);
}

/* A line without any text. */
static bool audit_blank(const char *log, size_t bytes, size_t at)
{
    for (; at < bytes && log[at] != '\n'; at++)
        if (log[at] != ' ' && log[at] != '\t' && log[at] != '\r')
            return false;
    return true;
}

static mlpipe_status audit_line(mlpipe_ctx *ctx, mlpipe__audit_order *order,
                                const mlpipe__json *j, uint64_t line,
                                bool *decided)
{
    mlpipe_status st = audit_check(ctx, j, line, decided);

    if (!st)
        st = mlpipe__audit_figures(ctx, j, line);
    return st ? st : mlpipe__audit_follows(ctx, order, j, line);
}

static mlpipe_status audit_lines(mlpipe_ctx *ctx, const char *log,
                                 size_t bytes, mlpipe__audit_order *order,
                                 uint64_t *decisions)
{
    uint64_t line = 0, blank = 0; /* the first blank one, from 1 */

    for (size_t at = 0; at < bytes; line++) {
        mlpipe__json *j;
        bool decided = false;
        mlpipe_status st;
        if (audit_blank(log, bytes, at)) {
            const char *end = memchr(log + at, '\n', bytes - at);
            at = end ? (size_t)(end - log) + 1 : bytes;
            blank = blank ? blank : line + 1;
            continue;
        }
        if (blank)
            return mlpipe__fail(ctx, MLPIPE_E_FORMAT,
                                "line %llu of the log is blank, and line %llu "
                                "is not; it should be an object as the others "
                                "are",
                                (unsigned long long)blank,
                                (unsigned long long)line + 1);
        st = mlpipe__audit_next(ctx, log, bytes, &at, &j);
        if (st)
            return st == MLPIPE_E_NOMEM ? st : audit_fail_line(ctx, st, line);
        st = audit_line(ctx, order, j, line, &decided);
        mlpipe__json_free(j);
        if (st)
            return st;
        *decisions += decided;
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__audit_replay(mlpipe_ctx *ctx, const char *log,
                                   size_t bytes, uint64_t *decisions)
{
    mlpipe__audit_order order;
    mlpipe_status st;

    *decisions = 0;
    mlpipe__audit_order_init(&order, ctx);
    st = audit_lines(ctx, log, bytes, &order, decisions);
    mlpipe__audit_order_free(&order);
    return st;
}

mlpipe_status mlpipe_cycle_audit(mlpipe_ctx *ctx, const char *log,
                                 size_t bytes, uint64_t *decisions)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_cycle_audit");
    uint64_t n = 0;

    if (!st && !log)
        st = mlpipe__null_arg(ctx, "log");
    if (!st)
        st = mlpipe__audit_replay(ctx, log, bytes, &n);
    if (decisions)
        *decisions = n;
    return mlpipe__end(ctx, st);
}
