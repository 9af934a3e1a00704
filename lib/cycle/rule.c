/* SPDX-License-Identifier: MIT */
/* Triggers: making a rule for a model, and asking it of a report. */
#include "cycle_internal.h"

mlpipe_status mlpipe__rule_make(mlpipe_ctx *ctx, const mlpipe_model *model,
                                const mlpipe_monitor *monitor,
                                const char *rule, mlpipe_trigger **out)
{
    mlpipe__rule_world world;
    mlpipe__report_names names;
    mlpipe_status st = mlpipe__rule_world_init(ctx, model, monitor, &world);

    if (!st)
        st = mlpipe__report_names_init(ctx, model, &names);
    if (st)
        return st;
    st = mlpipe__rule_compile(ctx, &names, &world, rule, out);
    mlpipe__report_names_free(&names);
    return st;
}

mlpipe_status mlpipe_trigger_new(mlpipe_ctx *ctx, const mlpipe_model *model,
                                 const char *rule, mlpipe_trigger **out)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_trigger_new");

    if (out)
        *out = NULL;
    if (!st && !out)
        st = mlpipe__null_arg(ctx, "out");
    if (!st && !model)
        st = mlpipe__null_arg(ctx, "model");
    if (!st && !rule)
        st = mlpipe__null_arg(ctx, "rule");
    if (!st)
        st = mlpipe__rule_make(ctx, model, NULL, rule, out);
    return mlpipe__end(ctx, st);
}

void mlpipe_trigger_free(mlpipe_trigger *trigger)
{
    mlpipe__env *env;

    if (!trigger)
        return;
    env = trigger->env;
    mlpipe__free(env, trigger->rule);
    mlpipe__free(env, trigger->ops);
    mlpipe__free(env, trigger->numbers);
    mlpipe__free(env, trigger->kinds);
    mlpipe__free(env, trigger->panes);
    mlpipe__free(env, trigger->memory);
    mlpipe__dict_free(&trigger->names);
    mlpipe__free(env, trigger);
    mlpipe__env_drop(env);
}

/* ---- values ------------------------------------------------------------ */

static bool rule_find_number(const mlpipe_report *report, const char *name,
                             double *out)
{
    mlpipe_figure f;

    if (!mlpipe__report_find_figure(report, name, &f))
        return false;
    *out = f.value;
    return true;
}

/* DRIFT is true, INSUFFICIENT_DATA is not known. */
static bool rule_find_verdict(const mlpipe_report *report, const char *name,
                              double *out)
{
    const char *text = mlpipe_report_text(report, name);

    if (!text)
        return false;
    *out = 0.0;
    if (!strcmp(text, mlpipe__verdict_name(MLPIPE__VERDICT_DRIFT)))
        *out = 1.0;
    if (!strcmp(text, mlpipe__verdict_name(MLPIPE__VERDICT_INSUFFICIENT)))
        *out = mlpipe__nan();
    return true;
}

mlpipe_status mlpipe__rule_values(mlpipe_ctx *ctx,
                                  const mlpipe_trigger *trigger,
                                  const mlpipe_report *report, double *out)
{
    for (uint32_t i = 0; i < trigger->names.count; i++) {
        const char *name = mlpipe__dict_text(&trigger->names, i);
        const bool found =
            trigger->kinds[i] == MLPIPE__NAME_VERDICT
                ? rule_find_verdict(report, name, &out[i])
                : rule_find_number(report, name, &out[i]);
        if (!found && mlpipe__report_name_zero(name))
            out[i] = 0.0;
        else if (!found)
            return mlpipe__fail(ctx, MLPIPE_E_ARG,
                                "the report has no %q, which the rule %q "
                                "needs; give it a report of "
                                "mlpipe_monitor_report",
                                name, trigger->rule);
    }
    return MLPIPE_OK;
}

/* ---- evaluation -------------------------------------------------------- */

static double rule_truth(bool unknown, bool value)
{
    return unknown ? mlpipe__nan() : value ? 1.0 : 0.0;
}

static double rule_apply(uint32_t code, double a, double b)
{
    const bool unknown = a != a || b != b;

    switch (code) {
    case MLPIPE__RULE_MUL:
        return a * b;
    case MLPIPE__RULE_DIV:
        return b == 0.0 ? mlpipe__nan() : a / b;
    case MLPIPE__RULE_ADD:
        return a + b;
    case MLPIPE__RULE_SUB:
        return a - b;
    case MLPIPE__RULE_LT:
        return rule_truth(unknown, a < b);
    case MLPIPE__RULE_LE:
        return rule_truth(unknown, a <= b);
    case MLPIPE__RULE_GT:
        return rule_truth(unknown, a > b);
    case MLPIPE__RULE_GE:
        return rule_truth(unknown, a >= b);
    case MLPIPE__RULE_EQ:
        return rule_truth(unknown, a == b);
    case MLPIPE__RULE_NE:
        return rule_truth(unknown, a != b);
    case MLPIPE__RULE_AND: /* false and unknown is false */
        return a == 0.0 || b == 0.0 ? 0.0 : rule_truth(unknown, true);
    default: /* or: true or unknown is true */
        return a == 1.0 || b == 1.0 ? 1.0 : rule_truth(unknown, false);
    }
}

/* At least k of n; what is not known may be either. */
static double rule_of(const double *each, uint32_t n, uint32_t k)
{
    uint32_t held = 0, unknown = 0;

    for (uint32_t i = 0; i < n; i++) {
        held += each[i] == 1.0;
        unknown += each[i] != each[i];
    }
    if (held >= k)
        return 1.0;
    return held + unknown < k ? 0.0 : mlpipe__nan();
}

/* It holds now, and did at the end of each of the last panes. */
static double rule_for(double now, uint32_t panes, double *memory, bool pane)
{
    if (!memory)
        return now == 1.0 && panes > 1 ? mlpipe__nan() : now;
    if (pane)
        *memory = now == 1.0 ? *memory + 1.0 : 0.0;
    return now == 1.0 ? (double)(*memory >= panes) : now;
}

/* On with a, off with b. */
static double rule_until(double a, double b, double *memory)
{
    const bool on = (a == 1.0 || (memory && *memory == 1.0)) && b != 1.0;

    if (memory)
        *memory = on;
    if (on)
        return 1.0;
    return b == 1.0 || a == a ? 0.0 : a;
}

double mlpipe__rule_value(const mlpipe_trigger *trigger, const double *values,
                          double *memory, bool pane)
{
    double stack[MLPIPE__RULE_DEPTH];
    uint32_t n = 0;

    for (uint32_t i = 0; i < trigger->op_count; i++) {
        const mlpipe__rule_op *op = &trigger->ops[i];
        switch (op->code) {
        case MLPIPE__RULE_NUMBER:
            stack[n++] = trigger->numbers[op->arg];
            break;
        case MLPIPE__RULE_NAME:
            stack[n++] = values[op->arg];
            break;
        case MLPIPE__RULE_NEGATE:
            stack[n - 1] = -stack[n - 1];
            break;
        case MLPIPE__RULE_NOT:
            stack[n - 1] = 1.0 - stack[n - 1];
            break;
        case MLPIPE__RULE_OF:
            n -= (op->arg >> 16) - 1;
            stack[n - 1] = rule_of(stack + n - 1, op->arg >> 16,
                                   op->arg & 0xffff);
            break;
        case MLPIPE__RULE_FOR:
            stack[n - 1] = rule_for(stack[n - 1], trigger->panes[op->arg],
                                    memory ? memory + op->arg : NULL, pane);
            break;
        case MLPIPE__RULE_UNTIL:
            n--;
            stack[n - 1] = rule_until(stack[n - 1], stack[n],
                                      memory ? memory + op->arg : NULL);
            break;
        default:
            n--;
            stack[n - 1] = rule_apply(op->code, stack[n - 1], stack[n]);
            break;
        }
    }
    return stack[0];
}

static mlpipe_status rule_test(mlpipe_ctx *ctx, const mlpipe_trigger *trigger,
                               const mlpipe_report *report, int32_t *fired)
{
    double *values = mlpipe__alloc_array(ctx->env, trigger->names.count,
                                         sizeof *values);
    mlpipe_status st;

    if (!values)
        return mlpipe__nomem(ctx);
    st = mlpipe__rule_values(ctx, trigger, report, values);
    if (!st)
        *fired = mlpipe__rule_value(trigger, values, NULL, false) == 1.0;
    mlpipe__free(ctx->env, values);
    return st;
}

mlpipe_status mlpipe_trigger_test(mlpipe_ctx *ctx,
                                  const mlpipe_trigger *trigger,
                                  const mlpipe_report *report, int32_t *fired)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_trigger_test");

    if (fired)
        *fired = 0;
    if (!st && !trigger)
        st = mlpipe__null_arg(ctx, "trigger");
    if (!st && !report)
        st = mlpipe__null_arg(ctx, "report");
    if (!st && !fired)
        st = mlpipe__null_arg(ctx, "fired");
    if (!st)
        st = rule_test(ctx, trigger, report, fired);
    return mlpipe__end(ctx, st);
}
