/* SPDX-License-Identifier: MIT */
/* The doors of the expression compiler. */
#include "expr_internal.h"

static void expr_free(mlpipe__expr *e)
{
    for (uint32_t i = 0; i < e->value_count; i++)
        if (e->values[i].kind == EXPR_V_CHAIN)
            mlpipe__text_steps_free(e->env, e->values[i].step, 1);
    mlpipe__text_free(&e->texts);
    mlpipe__free(e->env, e->nodes);
    mlpipe__free(e->env, e->kids);
    mlpipe__free(e->env, e->pushed);
    mlpipe__free(e->env, e->scope);
    mlpipe__free(e->env, e->definitions);
    mlpipe__free(e->env, e->of_node);
    mlpipe__free(e->env, e->values);
    mlpipe__free(e->env, e->consts);
    mlpipe__free(e->env, e->words);
    mlpipe__free(e->env, e->slots);
}

/* What can be told before a token is read. */
static void expr_admit(mlpipe__expr *e)
{
    const uint64_t most = e->env->limits.expression_bytes;

    if (e->bytes > most) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_TOO_LONG, 0, 0,
                           "spread it over several steps",
                           "the text has %zu bytes; the most is %llu",
                           e->bytes, (unsigned long long)most);
        e->stop = true;
        return;
    }
    for (size_t at = 0; at < e->bytes && !e->stop;) {
        const size_t n = mlpipe__utf8_char(e->text + at, e->bytes - at);
        if (!n) {
            mlpipe__expr_error(e, MLPIPE_DETAIL_CHARACTER, at, 1, "",
                               "the text is no UTF-8 from here on");
            e->stop = true;
        }
        at += n ? n : 1;
    }
}

/* A compiler that has read the text; to be freed in any case. */
static void expr_open(mlpipe__expr *e, mlpipe_ctx *ctx, mlpipe__plan *plan,
                      const char *owner, const char *text, bool derive,
                      const mlpipe__expr_sink *sink)
{
    const uint64_t depth = ctx->env->limits.expression_depth;

    memset(e, 0, sizeof *e);
    e->ctx = ctx;
    e->env = ctx->env;
    e->plan = plan;
    e->owner = owner;
    e->text = text;
    e->bytes = strlen(text);
    e->sink = sink;
    e->root = EXPR_NONE;
    /* the stack of the machine bounds what a host may allow */
    e->depth_max = depth < EXPR_DEPTH ? (uint32_t)depth : EXPR_DEPTH;
    mlpipe__text_init(&e->texts, e->env);
    mlpipe__expr_keep(e, "", 0);
    if (!e->stop)
        expr_admit(e);
    if (!e->stop)
        mlpipe__expr_parse(e, derive);
}

static mlpipe_status expr_close_with(mlpipe__expr *e)
{
    const mlpipe_status st = e->status;

    expr_free(e);
    return st;
}

mlpipe_status mlpipe__expr_check(mlpipe_ctx *ctx, const char *owner,
                                 const char *text, bool derive,
                                 const mlpipe__expr_sink *sink)
{
    mlpipe__expr e;

    expr_open(&e, ctx, NULL, owner, text, derive, sink);
    return expr_close_with(&e);
}

mlpipe_status mlpipe__expr_names(mlpipe_ctx *ctx, const char *owner,
                                 const char *text, bool derive,
                                 mlpipe_status (*each)(void *user,
                                                       const char *name,
                                                       size_t bytes),
                                 void *user)
{
    mlpipe__expr e;
    mlpipe_status st = MLPIPE_OK;

    expr_open(&e, ctx, NULL, owner, text, derive, NULL);
    for (uint32_t i = 0; i < e.node_count && !e.status && !st; i++)
        if (e.nodes[i].kind == EXPR_N_COLUMN)
            st = each(user, mlpipe__expr_text(&e, e.nodes[i].text),
                      e.nodes[i].bytes);
    if (!e.status)
        e.status = st;
    return expr_close_with(&e);
}

/* ---- derive ------------------------------------------------------------- */

/* In place of the variable of that name, or behind the others. */
static mlpipe_status expr_define(mlpipe__expr *e,
                                 const mlpipe__expr_definition *d,
                                 mlpipe__var *var)
{
    const char *name = mlpipe__expr_text(e, d->text);
    const int32_t at = mlpipe__plan_find(e->plan, name);
    mlpipe__var *made;

    if (at < 0)
        return mlpipe__plan_add(e->ctx, e->plan, var, name, var->reg, &made);
    var->name = e->plan->vars[at].name;
    e->plan->vars[at] = *var;
    return MLPIPE_OK;
}

/* All variables as they are before one of them is replaced. */
static void expr_define_all(mlpipe__expr *e, const uint32_t *roots)
{
    const uint32_t count = e->definition_count;
    mlpipe__var *vars = mlpipe__alloc_array(e->env, count, sizeof *vars);

    if (!vars) {
        mlpipe__expr_nomem(e);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        mlpipe__expr_variable(e, roots[i], &vars[i]);
    for (uint32_t i = 0; i < count && !e->status; i++)
        e->status = expr_define(e, &e->definitions[i], &vars[i]);
    mlpipe__free(e->env, vars);
}

static void expr_derive_all(mlpipe__expr *e)
{
    uint32_t *roots = mlpipe__alloc_array(e->env, e->definition_count,
                                          sizeof *roots);

    if (!roots) {
        mlpipe__expr_nomem(e);
        return;
    }
    for (uint32_t i = 0; i < e->definition_count && !e->stop; i++)
        if (e->definitions[i].node != EXPR_NONE)
            roots[i] = mlpipe__expr_result(e, e->definitions[i].node);
    if (mlpipe__expr_emit(e, roots, e->definition_count))
        expr_define_all(e, roots);
    mlpipe__free(e->env, roots);
}

mlpipe_status mlpipe__expr_derive(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                  const char *owner, const char *text,
                                  const mlpipe__expr_sink *sink)
{
    mlpipe__expr e;

    expr_open(&e, ctx, plan, owner, text, true, sink);
    if (!e.stop)
        mlpipe__expr_check_nodes(&e);
    if (!e.stop)
        expr_derive_all(&e);
    return expr_close_with(&e);
}

/* ---- conditions --------------------------------------------------------- */

mlpipe_status mlpipe__expr_condition(mlpipe_ctx *ctx, mlpipe__plan *plan,
                                     const char *owner, const char *text,
                                     const mlpipe__expr_sink *sink,
                                     mlpipe__var *out)
{
    mlpipe__expr e;
    uint32_t root;

    *out = (mlpipe__var){0};
    expr_open(&e, ctx, plan, owner, text, false, sink);
    if (!e.stop)
        mlpipe__expr_check_nodes(&e);
    if (!e.stop && e.root != EXPR_NONE) {
        root = mlpipe__expr_truth(&e, e.of_node[e.root], e.root, owner);
        if (mlpipe__expr_emit(&e, &root, 1))
            mlpipe__expr_variable(&e, root, out);
    }
    return expr_close_with(&e);
}
