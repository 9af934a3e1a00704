/* SPDX-License-Identifier: MIT */
/* Values of arrays that were checked, one at a time and of any alignment. */
#include "arrow_types.h"

/* ---- places ------------------------------------------------------------- */

/* The run that holds logical place `at`: the first that ends behind it. */
static int64_t arrow_run(const mlpipe__arrow_node *node,
                         const struct ArrowArray *a, int64_t at)
{
    const struct ArrowArray *ends = a->children[0];
    int64_t low = 0, high = ends->length - 1;

    while (low < high) {
        const int64_t mid = low + (high - low) / 2;
        const mlpipe__arrow_place p = {&node->children[0], ends,
                                       ends->offset + mid};
        if (mlpipe__arrow_int(&p) > at)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

mlpipe__arrow_place mlpipe__arrow_row(const mlpipe__arrow_node *node,
                                      const struct ArrowArray *array,
                                      int64_t i)
{
    mlpipe__arrow_place p = {node, array, array->offset + i};

    for (;;) {
        const mlpipe__arrow_node *n = p.node;
        const struct ArrowArray *a = p.array;
        if (n->kind == MLPIPE__ARROW_RUNS) {
            const int64_t run = arrow_run(n, a, p.at);
            p.node = &n->children[1];
            p.array = a->children[1];
            p.at = p.array->offset + run;
        } else if (n->dictionary && mlpipe__arrow_valid(&p)) {
            const int64_t index = mlpipe__arrow_int(&p);
            p.node = n->dictionary;
            p.array = a->dictionary;
            p.at = p.array->offset + index;
        } else {
            return p;
        }
    }
}

bool mlpipe__arrow_valid(const mlpipe__arrow_place *p)
{
    if (p->node->kind == MLPIPE__ARROW_NULL)
        return false;
    if (p->node->kind == MLPIPE__ARROW_RUNS)
        return true;
    const void *bits = p->array->buffers[0];
    return !bits || mlpipe__bit(bits, (uint64_t)p->at);
}

/* ---- numbers ------------------------------------------------------------ */

int64_t mlpipe__arrow_int(const mlpipe__arrow_place *p)
{
    const mlpipe__arrow_node *n = p->node;
    const unsigned char *at =
        (const unsigned char *)p->array->buffers[1] + p->at * n->bytes;
    int16_t two;

    switch (n->bytes) {
    case 8:
        return mlpipe__arrow_i64_at(at, 0);
    case 4: {
        const int64_t v = mlpipe__arrow_i32_at(at, 0);
        return (n->is_signed ? v : (int64_t)(uint32_t)v) * n->seconds;
    }
    case 2:
        memcpy(&two, at, sizeof two);
        return n->is_signed ? two : (uint16_t)two;
    default:
        return n->is_signed ? (int8_t)*at : *at;
    }
}

/* IEEE half precision; every value of it is a float. */
static double arrow_half(uint16_t bits)
{
    const uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    double x;

    if (exponent == 31)
        x = fraction ? mlpipe__nan() : __builtin_inf();
    else if (!exponent)
        x = fraction / 16777216.0; /* 2^-24 */
    else
        x = (1024 + fraction) * (double)(UINT32_C(1) << exponent)
            / 33554432.0; /* 2^-25, of a mantissa of 11 bits */
    return bits >> 15 ? -x : x;
}

double mlpipe__arrow_float(const mlpipe__arrow_place *p)
{
    const char *at = (const char *)p->array->buffers[1]
        + p->at * p->node->bytes;
    uint16_t half;
    float narrow;
    double wide;

    switch (p->node->bytes) {
    case 2:
        memcpy(&half, at, sizeof half);
        return arrow_half(half);
    case 4:
        memcpy(&narrow, at, sizeof narrow);
        return (double)narrow;
    default:
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
}

/* ---- texts -------------------------------------------------------------- */

const char *mlpipe__arrow_text(const mlpipe__arrow_place *p, size_t *bytes)
{
    const void *const *buffers = p->array->buffers;

    if (p->node->kind == MLPIPE__ARROW_VIEW) {
        const char *view = (const char *)buffers[1] + p->at * 16;
        *bytes = (size_t)mlpipe__arrow_i32_at(view, 0);
        return *bytes <= 12
            ? view + 4
            : (const char *)buffers[2 + mlpipe__arrow_i32_at(view, 2)]
                + mlpipe__arrow_i32_at(view, 3);
    }
    const int64_t from = mlpipe__arrow_offset(buffers[1], p->node->bytes,
                                              p->at);
    *bytes = (size_t)(mlpipe__arrow_offset(buffers[1], p->node->bytes,
                                           p->at + 1) - from);
    return *bytes ? (const char *)buffers[2] + from : "";
}

/* ---- decimals ----------------------------------------------------------- */

/* Divides a little-endian number of words by ten; gives the remainder. */
static uint32_t arrow_divide(uint32_t *words, int32_t n)
{
    uint64_t rest = 0;

    while (n--) {
        rest = rest << 32 | words[n];
        words[n] = (uint32_t)(rest / 10);
        rest %= 10;
    }
    return (uint32_t)rest;
}

size_t mlpipe__arrow_decimal(const mlpipe__arrow_place *p,
                             char out[MLPIPE__ARROW_DIGITS])
{
    const int32_t n = p->node->bytes / 4;
    uint32_t words[8] = {0}, any = 0;
    uint64_t carry = 1;
    char digits[80];
    int32_t count = 0;

    memcpy(words, (const char *)p->array->buffers[1]
           + p->at * p->node->bytes, (size_t)p->node->bytes);
    const bool negative = words[n - 1] >> 31;
    for (int32_t i = 0; negative && i < n; i++) {
        carry += (uint32_t)~words[i];
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    do {
        digits[count++] = (char)('0' + arrow_divide(words, n));
        any = 0;
        for (int32_t i = 0; i < n; i++)
            any |= words[i];
    } while (any);
    size_t used = 0;
    if (negative)
        out[used++] = '-';
    while (count)
        out[used++] = digits[--count];
    return used + (p->node->scale
        ? mlpipe__format(out + used, MLPIPE__ARROW_DIGITS - used, "e%d",
                         -p->node->scale)
        : 0);
}

/* ---- lists -------------------------------------------------------------- */

void mlpipe__arrow_list(const mlpipe__arrow_place *p, int64_t *from,
                        int64_t *count)
{
    const mlpipe__arrow_node *n = p->node;
    const void *const *buffers = p->array->buffers;

    if (n->kind == MLPIPE__ARROW_LIST_FIXED) {
        *from = p->at * n->size;
        *count = n->size;
        return;
    }
    *from = mlpipe__arrow_offset(buffers[1], n->bytes, p->at);
    *count = n->kind == MLPIPE__ARROW_LIST_VIEW
        ? mlpipe__arrow_offset(buffers[2], n->bytes, p->at)
        : mlpipe__arrow_offset(buffers[1], n->bytes, p->at + 1) - *from;
}
