/* SPDX-License-Identifier: MIT */
/* bucket() and map(): numbers to labels, labels to others. */
#include "expr_internal.h"

/* ---- bucket ------------------------------------------------------------- */

static uint32_t expr_item(const mlpipe__expr *e, uint32_t list, uint32_t i)
{
    return e->kids[e->values[list].a + i];
}

/* x; the word null is one of the type that the edges have. */
static uint32_t expr_bucket_of(mlpipe__expr *e, const mlpipe__expr_call *c)
{
    const mlpipe__expr_value list = e->values[c->args[1]];
    mlpipe__expr_value edge = {.type = EXPR_T_NUMBER};

    if (e->values[c->args[0]].type != EXPR_T_NULL)
        return c->args[0];
    if (list.count)
        edge = e->values[e->of_node[expr_item(e, c->args[1], 0)]];
    if (edge.type != EXPR_T_TIME && edge.type != EXPR_T_SPAN)
        edge = (mlpipe__expr_value){.type = EXPR_T_NUMBER};
    return mlpipe__expr_null(e, edge.type, edge.unit);
}

/* The edges in the type and unit of x; false: told. */
static bool expr_edges(mlpipe__expr *e, const mlpipe__expr_call *c,
                       uint32_t of, double *out)
{
    const mlpipe__expr_value x = e->values[of];
    const uint32_t count = e->values[c->args[1]].count;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t node = expr_item(e, c->args[1], i);
        const mlpipe__expr_node *n = &e->nodes[node];
        uint32_t edge = e->of_node[node];
        if (e->values[edge].type == EXPR_T_ERROR)
            return false;
        if (e->values[edge].type != (x.type == EXPR_T_BOOL
                                         ? (uint32_t)EXPR_T_NUMBER : x.type)) {
            mlpipe__expr_mismatch(e, "bucket", n->at, n->length, of, edge);
            return false;
        }
        if (x.type == EXPR_T_TIME || x.type == EXPR_T_SPAN)
            edge = mlpipe__expr_to_unit(e, edge, x.unit);
        if (!mlpipe__expr_is_const(e, edge) || mlpipe__expr_is_null(e, edge)) {
            mlpipe__expr_error(e, MLPIPE_DETAIL_NOT_CONSTANT, n->at,
                               n->length, c->f->doc,
                               "edges are written out, not computed");
            return false;
        }
        out[i] = e->values[edge].number;
        if (i && !(out[i - 1] < out[i])) {
            mlpipe__expr_error(e, MLPIPE_DETAIL_EDGES, n->at, n->length, "",
                               "edges rise, and %g does not follow %g",
                               out[i], out[i - 1]);
            return false;
        }
    }
    return !e->stop;
}

/* The dictionary of the labels, and the code of each cell. */
static mlpipe__dict *expr_labels(mlpipe__expr *e, const mlpipe__expr_call *c,
                                 uint32_t *codes)
{
    const uint32_t count = e->values[c->args[2]].count;
    mlpipe__dict *d = mlpipe__expr_dict_new(e);

    for (uint32_t i = 0; i < count && d; i++) {
        const uint32_t node = expr_item(e, c->args[2], i);
        const mlpipe__expr_value *v = &e->values[e->of_node[node]];
        if (v->type == EXPR_T_ERROR)
            return NULL;
        if (v->kind != EXPR_V_TEXT) {
            const mlpipe__expr_node *n = &e->nodes[node];
            mlpipe__expr_error(e, MLPIPE_DETAIL_LABELS, n->at, n->length,
                               c->f->doc, "labels are texts in quotes");
            return NULL;
        }
        codes[i] = mlpipe__dict_add(d, mlpipe__expr_text(e, v->text),
                                    v->bytes);
        if (codes[i] == UINT32_MAX) {
            mlpipe__expr_nomem(e);
            return NULL;
        }
    }
    return d;
}

/* Which side the cells are closed on; false: told. */
static bool expr_closed(mlpipe__expr *e, const mlpipe__expr_call *c,
                        bool *right)
{
    const mlpipe__expr_value *v;
    const mlpipe__expr_node *n;

    *right = false;
    if (c->named == EXPR_NONE)
        return true;
    v = &e->values[c->named];
    n = &e->nodes[c->node->named];
    if (v->type == EXPR_T_ERROR)
        return false;
    if (v->kind == EXPR_V_TEXT) {
        const char *side = mlpipe__expr_text(e, v->text);
        *right = !strcmp(side, "right");
        if (*right || !strcmp(side, "left"))
            return true;
    }
    mlpipe__expr_error(e, MLPIPE_DETAIL_VALUE, n->at, n->length,
                       "left: an edge belongs to the cell above it",
                       "closed is \"left\" or \"right\"");
    return false;
}

/* Cells, and where labels repeat a map of them to their codes. */
static uint32_t expr_cells(mlpipe__expr *e, const mlpipe__expr_call *c,
                           uint32_t of, const double *edges, uint32_t *codes,
                           const mlpipe__dict *labels, bool right)
{
    const uint32_t count = e->values[c->args[1]].count;
    mlpipe__dict *cells = NULL;
    uint32_t a;

    if (labels->count == count + 1)
        return mlpipe__expr_cells(e, of, edges, count, right, labels);
    cells = mlpipe__expr_dict_new(e); /* names that nobody sees */
    for (uint32_t i = 0; i <= count && cells; i++) {
        char name[16];
        const size_t n = mlpipe__format(name, sizeof name, "%u", i);
        if (mlpipe__dict_add(cells, name, n) == UINT32_MAX) {
            mlpipe__expr_nomem(e);
            return 0;
        }
    }
    if (!cells)
        return 0;
    a = mlpipe__expr_cells(e, of, edges, count, right, cells);
    codes[count + 1] = MLPIPE__MAP_UNSEEN;
    codes[count + 2] = MLPIPE__MAP_NULL;
    return mlpipe__expr_map(e, a, codes, labels);
}

static uint32_t expr_bucket(mlpipe__expr *e, const mlpipe__expr_call *c,
                            double *edges, uint32_t *codes)
{
    const uint32_t count = e->values[c->args[1]].count;
    const uint32_t labels = e->values[c->args[2]].count;
    const mlpipe__expr_node *n = &e->nodes[c->nodes[2]];
    const mlpipe__dict *dict;
    const uint32_t of = expr_bucket_of(e, c);
    bool right;

    if (labels != count + 1) {
        mlpipe__expr_error(e, MLPIPE_DETAIL_LABELS, n->at, n->length,
                           "there is a cell below the first edge and one "
                           "above the last",
                           "with %u edges there are %u labels, not %u",
                           count, count + 1, labels);
        return 0;
    }
    if (!expr_edges(e, c, of, edges) || !expr_closed(e, c, &right))
        return 0;
    dict = expr_labels(e, c, codes);
    return dict ? expr_cells(e, c, of, edges, codes, dict, right) : 0;
}

EXPR_BUILD(bucket)
{
    const uint32_t count = e->values[c->args[1]].count;
    double *edges = mlpipe__alloc_array(e->env, (size_t)count + 1,
                                        sizeof *edges);
    uint32_t *codes = mlpipe__alloc_array(e->env, (size_t)count + 3,
                                          sizeof *codes);
    uint32_t made = 0;

    if (!edges || !codes)
        mlpipe__expr_nomem(e);
    else
        made = expr_bucket(e, c, edges, codes);
    mlpipe__free(e->env, edges);
    mlpipe__free(e->env, codes);
    return made;
}

/* ---- map ---------------------------------------------------------------- */

/* What becomes of the rest: the default, or x itself where values are texts,
 * or null. */
static uint32_t expr_map_rest(mlpipe__expr *e, const mlpipe__expr_call *c)
{
    const uint32_t type = e->values[c->args[2]].type;

    if (c->count % 2 == 0)
        return c->args[c->count - 1];
    return mlpipe__expr_textual(type) ? c->args[0]
                                      : mlpipe__expr_null(e, EXPR_T_NULL, 0);
}

/* "old", new pairs are literals behind x. */
static bool expr_map_olds(mlpipe__expr *e, const mlpipe__expr_call *c,
                          uint32_t pairs)
{
    for (uint32_t i = 0; i < pairs; i++) {
        const mlpipe__expr_node *n = &e->nodes[c->nodes[1 + 2 * i]];
        if (e->values[c->args[1 + 2 * i]].kind == EXPR_V_TEXT)
            continue;
        mlpipe__expr_error(e, MLPIPE_DETAIL_NOT_CONSTANT, n->at, n->length,
                           c->f->doc,
                           "argument %u of map is a text in quotes: one of "
                           "the old ones",
                           2 + 2 * i);
        return false;
    }
    return true;
}

/* Texts to texts on a text that is still one: a step that leaves others. */
static uint32_t expr_map_step(mlpipe__expr *e, const mlpipe__expr_call *c,
                              uint32_t pairs)
{
    const char **texts =
        mlpipe__alloc_array(e->env, 2 * (size_t)pairs, sizeof *texts);
    uint32_t made = 0;

    if (!texts) {
        mlpipe__expr_nomem(e);
        return 0;
    }
    for (uint32_t i = 0; i < 2 * pairs; i++)
        texts[i] = mlpipe__expr_text(e, e->values[c->args[1 + i]].text);
    made = mlpipe__expr_step(
        e, c->args[0],
        mlpipe__expr_step_new(e, MLPIPE__TEXT_MAP, 0, 0, texts, 2 * pairs),
        EXPR_T_CATEGORY, c->node->at, c->node->length);
    mlpipe__free(e->env, (void *)texts);
    return made;
}

static bool expr_map_is_step(const mlpipe__expr *e,
                             const mlpipe__expr_call *c, uint32_t pairs)
{
    for (uint32_t i = 0; i < pairs; i++)
        if (e->values[c->args[2 + 2 * i]].kind != EXPR_V_TEXT)
            return false;
    return c->count % 2 == 1;
}

/* A case over the old texts; a missing x stays missing. */
static uint32_t expr_map_cases(mlpipe__expr *e, const mlpipe__expr_call *c,
                               uint32_t pairs, uint32_t *conditions,
                               uint32_t *values, uint32_t *nodes)
{
    conditions[0] = mlpipe__expr_is_missing(e, c->args[0]);
    values[0] = mlpipe__expr_null(e, EXPR_T_NULL, 0);
    nodes[0] = c->nodes[0];
    for (uint32_t i = 0; i < pairs && !e->stop; i++) {
        const uint32_t old = c->args[1 + 2 * i];
        const mlpipe__expr_node *k = &e->nodes[c->nodes[1 + 2 * i]];
        conditions[i + 1] = mlpipe__expr_same_text(e, c->args[0], old, k->at,
                                                   k->length);
        values[i + 1] = c->args[2 + 2 * i];
        nodes[i + 1] = c->nodes[2 + 2 * i];
    }
    values[pairs + 1] = expr_map_rest(e, c);
    nodes[pairs + 1] = c->nodes[c->count - 1];
    return e->stop ? 0
                   : mlpipe__expr_cases(e, conditions, values, nodes,
                                        pairs + 1, "map");
}

/* Of the word null: null, of the type that the new values have. */
static uint32_t expr_map_null(mlpipe__expr *e, const mlpipe__expr_call *c,
                              uint32_t pairs, uint32_t *values,
                              uint32_t *nodes)
{
    for (uint32_t i = 0; i < pairs; i++) {
        values[i] = c->args[2 + 2 * i];
        nodes[i] = c->nodes[2 + 2 * i];
    }
    values[pairs] = c->args[c->count % 2 ? 0 : c->count - 1];
    nodes[pairs] = c->nodes[c->count - 1];
    values[pairs + 1] = c->args[0];
    nodes[pairs + 1] = c->nodes[0];
    return mlpipe__expr_common(e, values, nodes, pairs + 2, "map")
               ? values[pairs + 1] : 0;
}

EXPR_BUILD(map)
{
    const uint32_t pairs = (c->count - 1) / 2;
    const bool null = e->values[c->args[0]].type == EXPR_T_NULL;
    uint32_t *all;
    uint32_t made = 0;

    if (!expr_map_olds(e, c, pairs))
        return 0;
    if (!null && expr_map_is_step(e, c, pairs))
        return expr_map_step(e, c, pairs);
    all = mlpipe__alloc_array(e->env, 3 * ((size_t)pairs + 2), sizeof *all);
    if (!all)
        mlpipe__expr_nomem(e);
    else if (null)
        made = expr_map_null(e, c, pairs, all, all + pairs + 2);
    else
        made = expr_map_cases(e, c, pairs, all, all + pairs + 2,
                              all + 2 * (pairs + 2));
    mlpipe__free(e->env, all);
    return made;
}
