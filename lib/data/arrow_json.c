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

static void arrow_json_struct(const mlpipe__arrow_place *p,
                              mlpipe__text *out)
{
    for (uint32_t i = 0; i < p->node->child_count; i++) {
        const mlpipe__arrow_node *child = &p->node->children[i];
        const mlpipe__arrow_place at =
            mlpipe__arrow_row(child, p->array->children[i], p->at);
        mlpipe__text_put(out, i ? "," : "{", 1);
        mlpipe__text_json(out, child->name, strlen(child->name));
        mlpipe__text_put(out, ":", 1);
        mlpipe__arrow_json(&at, out);
    }
    mlpipe__text_add(out, p->node->child_count ? "}" : "{}");
}

static void arrow_json_list(const mlpipe__arrow_place *p, mlpipe__text *out)
{
    int64_t from, count;

    mlpipe__arrow_list(p, &from, &count);
    mlpipe__text_put(out, "[", 1);
    for (int64_t i = 0; i < count && !out->failed
         && out->size <= out->env->limits.cell_bytes; i++) {
        const mlpipe__arrow_place at = mlpipe__arrow_row(
            &p->node->children[0], p->array->children[0], from + i);
        if (i)
            mlpipe__text_put(out, ",", 1);
        mlpipe__arrow_json(&at, out);
    }
    mlpipe__text_put(out, "]", 1);
}

void mlpipe__arrow_json(const mlpipe__arrow_place *p, mlpipe__text *out)
{
    char digits[MLPIPE__ARROW_DIGITS];
    size_t n;
    const char *text;

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
        arrow_json_struct(p, out);
        break;
    default:
        arrow_json_list(p, out);
    }
}
