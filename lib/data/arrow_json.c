/* SPDX-License-Identifier: MIT */
/*
 * A nested value as JSON. A decimal keeps its digits, times are the integers
 * that they are stored as, and what is no finite number is a text, since JSON
 * has none. Depth is limited where the schema is read.
 */
#include "arrow_types.h"

static void arrow_json_float(double x, mlpipe__text *out)
{
    if (x != x)
        mlpipe__text_add(out, "\"NaN\"");
    else if (x - x != 0)
        mlpipe__text_add(out, x > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        mlpipe__text_add(out, "%g", x);
}

static void arrow_json_struct(mlpipe__arrow_unpacking *u,
                              const mlpipe__arrow_place *p,
                              mlpipe__text *out)
{
    for (uint32_t i = 0; i < p->node->child_count && !u->status; i++) {
        const mlpipe__arrow_node *child = &p->node->children[i];
        const mlpipe__arrow_place at =
            mlpipe__arrow_row(child, p->array->children[i], p->at);
        mlpipe__text_put(out, i ? "," : "{", 1);
        mlpipe__text_json(out, child->name, strlen(child->name));
        mlpipe__text_put(out, ":", 1);
        mlpipe__arrow_json(u, &at, out);
    }
    mlpipe__text_add(out, p->node->child_count ? "}" : "{}");
}

static void arrow_json_list(mlpipe__arrow_unpacking *u,
                            const mlpipe__arrow_place *p, mlpipe__text *out)
{
    int64_t from, count;

    mlpipe__arrow_list(p, &from, &count);
    mlpipe__text_put(out, "[", 1);
    for (int64_t i = 0; i < count && !out->failed && !u->status
         && out->size <= out->env->limits.cell_bytes; i++) {
        const mlpipe__arrow_place at = mlpipe__arrow_row(
            &p->node->children[0], p->array->children[0], from + i);
        if (i)
            mlpipe__text_put(out, ",", 1);
        mlpipe__arrow_json(u, &at, out);
    }
    mlpipe__text_put(out, "]", 1);
}

/* One more value; every 65,536 of them, was it cancelled, are they too many? */
static void arrow_json_count(mlpipe__arrow_unpacking *u)
{
    if (++u->items % MLPIPE__CHUNK_ROWS)
        return;
    u->status = mlpipe__poll(u->ctx, "arrow", 0, 0);
    if (!u->status)
        u->status = mlpipe__arrow_ratio(u->ctx, u->node, u->items,
                                        u->stored);
}

void mlpipe__arrow_json(mlpipe__arrow_unpacking *u,
                        const mlpipe__arrow_place *p, mlpipe__text *out)
{
    char digits[MLPIPE__ARROW_DIGITS];
    size_t n;
    const char *text;

    arrow_json_count(u);
    if (!mlpipe__arrow_valid(p)) {
        mlpipe__text_add(out, "null");
        return;
    }
    switch (p->node->kind) {
    case MLPIPE__ARROW_BOOL:
        mlpipe__text_add(out, mlpipe__bit(p->array->buffers[1],
                                          (uint64_t)p->at)
                                  ? "true" : "false");
        break;
    case MLPIPE__ARROW_INT:
        mlpipe__text_add(out, p->node->is_signed ? "%lld" : "%llu",
                         (long long)mlpipe__arrow_int(p));
        break;
    case MLPIPE__ARROW_FLOAT:
        arrow_json_float(mlpipe__arrow_float(p), out);
        break;
    case MLPIPE__ARROW_DECIMAL:
        n = mlpipe__arrow_decimal(p, digits);
        mlpipe__text_put(out, digits, n);
        break;
    case MLPIPE__ARROW_TEXT:
    case MLPIPE__ARROW_VIEW:
        text = mlpipe__arrow_text(p, &n);
        mlpipe__text_json(out, text, n);
        break;
    case MLPIPE__ARROW_STRUCT:
        arrow_json_struct(u, p, out);
        break;
    default:
        arrow_json_list(u, p, out);
    }
}
