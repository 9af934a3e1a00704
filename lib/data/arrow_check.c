/* SPDX-License-Identifier: MIT */
/*
 * An array against its node, before any value of it is used: lengths, buffers,
 * bitmaps, offsets, indices, texts, children. What cannot be seen through the
 * interface is how long a buffer is.
 */
#include "arrow_types.h"

/* So that an offset times the bits of any element fits. */
static const int64_t arrow_most_rows = INT64_MAX >> 10;

/* Bits that are set, without an instruction that not every machine has. */
static inline int64_t arrow_ones(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333))
        + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int64_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

int64_t mlpipe__arrow_count_nulls(const void *bits, int64_t from, int64_t n)
{
    const uint8_t *b = bits;
    int64_t set = 0, i = from;
    const int64_t end = from + n;

    for (; i < end && i % 8; i++)
        set += mlpipe__bit(b, (uint64_t)i);
    for (; end - i >= 64; i += 64) {
        uint64_t word;
        memcpy(&word, b + i / 8, sizeof word);
        set += arrow_ones(word);
    }
    for (; i < end; i++)
        set += mlpipe__bit(b, (uint64_t)i);
    return n - set;
}

/* An array on the way down. */
typedef struct arrow_walk {
    mlpipe_ctx *ctx;
    bool is_rows;     /* element i is row first + i of the dataset, */
    int64_t first;
    int64_t from, to; /* if that is within the batch's rows */
} arrow_walk;

static mlpipe_status arrow_bad(const arrow_walk *w,
                               const mlpipe__arrow_node *node,
                               const char *what, int64_t is, int64_t must)
{
    return mlpipe__fail(w->ctx, MLPIPE_E_FORMAT,
                        "column %q, format %q: %s: %lld, against %lld",
                        node->path, node->format, what, (long long)is,
                        (long long)must);
}

/* The row of the dataset that an element is; -1: it is part of one. */
static int64_t arrow_walk_row(const arrow_walk *w, int64_t at)
{
    const int64_t row = w->first + at;

    return w->is_rows && row >= w->from && row < w->to ? row : -1;
}

/* Ends a message about an element. */
static mlpipe_status arrow_blame(const arrow_walk *w,
                                 const mlpipe__arrow_node *node, int64_t at)
{
    return mlpipe__fail_at(w->ctx, arrow_walk_row(w, at), node->path);
}

/* Where an element is, in words of a message and their number. */
static const char *arrow_where(const arrow_walk *w, int64_t at,
                               int64_t *number)
{
    const int64_t row = arrow_walk_row(w, at);

    *number = row < 0 ? at : row;
    return row < 0 ? "element" : "row";
}

/* The same where an element is to blame. */
static mlpipe_status arrow_bad_at(const arrow_walk *w,
                                  const mlpipe__arrow_node *node, int64_t at,
                                  const char *what, int64_t is, int64_t must)
{
    int64_t number;
    const char *where = arrow_where(w, at, &number);

    (void)mlpipe__fail(w->ctx, MLPIPE_E_FORMAT,
                       "column %q, format %q, %s %lld: %s: %lld, against "
                       "%lld", node->path, node->format, where,
                       (long long)number, what, (long long)is,
                       (long long)must);
    return arrow_blame(w, node, at);
}

/* In loops over elements: every 65,536 of them, was it cancelled? */
static inline mlpipe_status arrow_walk_poll(const arrow_walk *w, int64_t at,
                                            int64_t end)
{
    return at % MLPIPE__CHUNK_ROWS ? MLPIPE_OK
        : mlpipe__poll(w->ctx, "arrow", (uint64_t)at, (uint64_t)end);
}

mlpipe_status mlpipe__arrow_ratio(mlpipe_ctx *ctx,
                                  const mlpipe__arrow_node *node,
                                  uint64_t items, uint64_t stored)
{
    const uint64_t limit = ctx->env->limits.unpacked_ratio;

    if (items <= MLPIPE__ARROW_FREE_ITEMS || items / limit <= stored)
        return MLPIPE_OK;
    return mlpipe__fail(ctx, MLPIPE_E_LIMIT,
                        "column %q, format %q: %llu elements or more are "
                        "unpacked of %llu that are stored; the limit "
                        "unpacked_ratio is %llu to one; raise it, or store "
                        "the values without lists that overlap and runs",
                        node->path, node->format, (unsigned long long)items,
                        (unsigned long long)stored,
                        (unsigned long long)limit);
}

uint64_t mlpipe__arrow_stored(const struct ArrowArray *array)
{
    uint64_t sum = (uint64_t)array->length;

    for (int64_t i = 0; i < array->n_children; i++)
        sum += mlpipe__arrow_stored(array->children[i]);
    return array->dictionary ? sum + mlpipe__arrow_stored(array->dictionary)
                             : sum;
}

/* How many buffers an array of this kind has; a view may have more. */
static int64_t arrow_buffers(const mlpipe__arrow_node *node)
{
    switch (node->kind) {
    case MLPIPE__ARROW_NULL:
    case MLPIPE__ARROW_RUNS:
        return 0;
    case MLPIPE__ARROW_STRUCT:
    case MLPIPE__ARROW_LIST_FIXED:
        return 1;
    case MLPIPE__ARROW_TEXT:
    case MLPIPE__ARROW_VIEW:
    case MLPIPE__ARROW_LIST_VIEW:
        return 3;
    default:
        return 2;
    }
}

/* Lengths and pointers of the struct itself. */
static mlpipe_status arrow_check_struct(const arrow_walk *w,
                                        const mlpipe__arrow_node *node,
                                        const struct ArrowArray *a,
                                        int64_t least)
{
    const int64_t buffers = arrow_buffers(node);

    if (!a)
        return mlpipe__fail(w->ctx, MLPIPE_E_FORMAT,
                            "column %q: its array is a NULL pointer",
                            node->path);
    if (!a->release)
        return mlpipe__fail(w->ctx, MLPIPE_E_STATE,
                            "column %q: its array was released or moved",
                            node->path);
    if (a->length < 0 || a->length > arrow_most_rows)
        return arrow_bad(w, node, "length", a->length, arrow_most_rows);
    if (a->offset < 0 || a->offset > arrow_most_rows)
        return arrow_bad(w, node, "offset", a->offset, arrow_most_rows);
    if (a->length < least)
        return arrow_bad(w, node, "fewer rows than the array that holds "
                         "it needs", a->length, least);
    if (a->null_count < -1 || a->null_count > a->length)
        return arrow_bad(w, node, "null_count", a->null_count, a->length);
    if (node->kind == MLPIPE__ARROW_VIEW
            ? a->n_buffers < buffers || a->n_buffers > INT32_MAX
            : a->n_buffers != buffers && (a->n_buffers != 1 || buffers))
        return arrow_bad(w, node, "n_buffers", a->n_buffers, buffers);
    if (buffers && !a->buffers)
        return arrow_bad(w, node, "buffers is a NULL pointer", 0, buffers);
    if (a->n_children != (int64_t)node->child_count)
        return arrow_bad(w, node, "n_children", a->n_children,
                         node->child_count);
    if (a->n_children && !a->children)
        return arrow_bad(w, node, "children is a NULL pointer", 0,
                         a->n_children);
    if (!a->dictionary != !node->dictionary)
        return arrow_bad(w, node, "dictionaries", a->dictionary != NULL,
                         node->dictionary != NULL);
    return MLPIPE_OK;
}

/* The bitmap of nulls, and the number that the producer tells. */
static mlpipe_status arrow_check_nulls(const arrow_walk *w,
                                       const mlpipe__arrow_node *node,
                                       const struct ArrowArray *a)
{
    if (node->kind == MLPIPE__ARROW_NULL)
        return MLPIPE_OK;
    if (node->kind == MLPIPE__ARROW_RUNS)
        return a->null_count > 0
            ? arrow_bad(w, node, "runs have no nulls of their own",
                        a->null_count, 0)
            : MLPIPE_OK;
    if (!a->buffers[0])
        return a->null_count > 0
            ? arrow_bad(w, node, "nulls without a bitmap", a->null_count,
                        0)
            : MLPIPE_OK;
    const int64_t nulls =
        mlpipe__arrow_count_nulls(a->buffers[0], a->offset, a->length);
    return a->null_count >= 0 && a->null_count != nulls
        ? arrow_bad(w, node, "null_count does not fit its bitmap",
                    a->null_count, nulls)
        : MLPIPE_OK;
}

/* Offsets of a text or list: from 0 on, never back, not past `end`. */
static mlpipe_status arrow_check_offsets(const arrow_walk *w,
                                         const mlpipe__arrow_node *node,
                                         const struct ArrowArray *a,
                                         int64_t end, int64_t *last)
{
    mlpipe_status st = MLPIPE_OK;
    int64_t before = 0;

    *last = 0;
    /* An empty array may have no offsets at all. */
    if (!a->buffers[1])
        return a->length + a->offset
            ? arrow_bad(w, node, "rows without a buffer of offsets",
                        a->length, 0)
            : MLPIPE_OK;
    if (!a->length)
        return MLPIPE_OK;
    for (int64_t i = 0; !st && i <= a->length; i++) {
        const int64_t at = mlpipe__arrow_offset(a->buffers[1], node->bytes,
                                                a->offset + i);
        if (at < before)
            return arrow_bad_at(w, node, i, "an offset below the one "
                                "before, or below 0", at, before);
        before = at;
        st = arrow_walk_poll(w, i, a->length);
    }
    *last = before;
    if (st || before <= end)
        return st;
    return arrow_bad(w, node, "the last offset is past the end", before, end);
}

/* One text: its length, and that it is UTF-8. */
static mlpipe_status arrow_check_text(const arrow_walk *w,
                                      const mlpipe__arrow_node *node,
                                      int64_t at, const char *text,
                                      int64_t bytes)
{
    int64_t number;
    const char *where = arrow_where(w, at, &number);
    const uint64_t limit = w->ctx->env->limits.cell_bytes;

    if ((uint64_t)bytes > limit) {
        (void)mlpipe__fail(w->ctx, MLPIPE_E_LIMIT,
                           "column %q, %s %lld: a text of %lld bytes; the "
                           "limit cell_bytes is %llu; raise it in "
                           "mlpipe_limits, or shorten the text",
                           node->path, where,
                           (long long)number, (long long)bytes,
                           (unsigned long long)limit);
        return arrow_blame(w, node, at);
    }
    if (!bytes || mlpipe__utf8_valid(text, (size_t)bytes))
        return MLPIPE_OK;
    (void)mlpipe__fail(w->ctx, MLPIPE_E_FORMAT,
                       "column %q, %s %lld is no UTF-8; cast it to binary "
                       "and decode it, or leave it out", node->path, where,
                       (long long)number);
    return arrow_blame(w, node, at);
}

static bool arrow_check_has(const struct ArrowArray *a, int64_t i)
{
    return !a->buffers[0] || mlpipe__bit(a->buffers[0],
                                         (uint64_t)(a->offset + i));
}

static mlpipe_status arrow_check_texts(const arrow_walk *w,
                                       const mlpipe__arrow_node *node,
                                       const struct ArrowArray *a)
{
    int64_t last;
    mlpipe_status st = arrow_check_offsets(w, node, a, INT64_MAX / 2,
                                           &last);

    if (!st && last && !a->buffers[2])
        st = arrow_bad(w, node, "bytes of text without a buffer", last, 0);
    for (int64_t i = 0; !st && last && i < a->length; i++) {
        const int64_t from = mlpipe__arrow_offset(a->buffers[1], node->bytes,
                                                  a->offset + i);
        const int64_t to = mlpipe__arrow_offset(a->buffers[1], node->bytes,
                                                a->offset + i + 1);
        if (arrow_check_has(a, i))
            st = arrow_check_text(w, node, i,
                                  (const char *)a->buffers[2] + from,
                                  to - from);
        if (!st)
            st = arrow_walk_poll(w, i, a->length);
    }
    return st;
}

/* One view of 16 bytes: length, then the text or prefix, buffer, offset. */
static mlpipe_status arrow_check_view(const arrow_walk *w,
                                      const mlpipe__arrow_node *node,
                                      const struct ArrowArray *a, int64_t i)
{
    const char *view = (const char *)a->buffers[1] + (a->offset + i) * 16;
    const int64_t n = mlpipe__arrow_i32_at(view, 0);
    const int64_t more = a->n_buffers - 3;

    if (n < 0)
        return arrow_bad_at(w, node, i, "the length of a text", n, 0);
    if (n <= 12)
        return arrow_check_text(w, node, i, view + 4, n);
    const int64_t buffer = mlpipe__arrow_i32_at(view, 2);
    const int64_t at = mlpipe__arrow_i32_at(view, 3);
    if (buffer < 0 || buffer >= more)
        return arrow_bad_at(w, node, i, "the buffer of a text", buffer,
                            more);
    const int64_t room =
        mlpipe__arrow_i64_at(a->buffers[a->n_buffers - 1], buffer);
    if (at < 0 || at > room || n > room - at)
        return arrow_bad_at(w, node, i, "a text ends past its buffer",
                            at + n, room);
    const char *text = (const char *)a->buffers[2 + buffer] + at;
    if (memcmp(text, view + 4, 4))
        return arrow_bad_at(w, node, i, "the prefix of a text is not what "
                            "the text begins with", at, buffer);
    return arrow_check_text(w, node, i, text, n);
}

static mlpipe_status arrow_check_views(const arrow_walk *w,
                                       const mlpipe__arrow_node *node,
                                       const struct ArrowArray *a)
{
    const int64_t more = a->n_buffers - 3;
    const void *sizes = a->buffers[a->n_buffers - 1];
    mlpipe_status st = MLPIPE_OK;

    if (!a->buffers[1] && a->length + a->offset)
        return arrow_bad(w, node, "rows without a buffer of views",
                         a->length, 0);
    if (more && !sizes)
        return arrow_bad(w, node, "buffers without their lengths", more,
                         0);
    for (int64_t i = 0; !st && i < more; i++) {
        const int64_t room = mlpipe__arrow_i64_at(sizes, i);
        if (room < 0 || (room && !a->buffers[2 + i]))
            st = arrow_bad(w, node, "the length of a buffer of text", room,
                           0);
    }
    for (int64_t i = 0; !st && i < a->length; i++) {
        st = arrow_walk_poll(w, i, a->length);
        if (!st && arrow_check_has(a, i))
            st = arrow_check_view(w, node, a, i);
    }
    return st;
}

/* Starts and lengths of a list view, whose lists may overlap. */
static mlpipe_status arrow_check_list_views(const arrow_walk *w,
                                            const mlpipe__arrow_node *node,
                                            const struct ArrowArray *a)
{
    const int64_t end = a->children[0]->length;
    mlpipe_status st = MLPIPE_OK;
    uint64_t items = 0;

    if (a->length && (!a->buffers[1] || !a->buffers[2]))
        return arrow_bad(w, node, "rows without buffers", a->length, 0);
    for (int64_t i = 0; !st && i < a->length; i++) {
        const int64_t at = mlpipe__arrow_offset(a->buffers[1], node->bytes,
                                                a->offset + i);
        const int64_t n = mlpipe__arrow_offset(a->buffers[2], node->bytes,
                                               a->offset + i);
        if (arrow_check_has(a, i)
            && (at < 0 || n < 0 || at > end || n > end - at))
            return arrow_bad_at(w, node, i, "a list ends past its values",
                                at < 0 || n < 0 ? -1 : at, end);
        if (arrow_check_has(a, i) && items < UINT64_MAX / 2)
            items += (uint64_t)n;
        st = arrow_walk_poll(w, i, a->length);
    }
    return st ? st : mlpipe__arrow_ratio(w->ctx, node, items,
                                         (uint64_t)(end + a->length));
}

/* Run ends rise from above 0 to the end; a value for each. */
static mlpipe_status arrow_check_runs(const arrow_walk *w,
                                      const mlpipe__arrow_node *node,
                                      const struct ArrowArray *a)
{
    const struct ArrowArray *ends = a->children[0];
    const arrow_walk below = {.ctx = w->ctx};
    mlpipe_status st = MLPIPE_OK;
    int64_t before = 0;

    if (a->children[1]->length < ends->length)
        return arrow_bad(w, node, "fewer values than runs",
                         a->children[1]->length, ends->length);
    for (int64_t i = 0; !st && i < ends->length; i++) {
        const mlpipe__arrow_place p = {&node->children[0], ends,
                                       ends->offset + i};
        const int64_t end = mlpipe__arrow_int(&p);
        if (!mlpipe__arrow_valid(&p) || end <= before)
            return arrow_bad_at(&below, node, i, "a run that ends before "
                                "it begins", end, before);
        before = end;
        st = arrow_walk_poll(w, i, ends->length);
    }
    if (!st && before < a->offset + a->length)
        st = arrow_bad(w, node, "the last run ends before the last row",
                       before, a->offset + a->length);
    return st ? st : mlpipe__arrow_ratio(w->ctx, node, (uint64_t)a->length,
                                         (uint64_t)ends->length);
}

/* Every index that is not null must have an entry. */
static mlpipe_status arrow_check_indices(const arrow_walk *w,
                                         const mlpipe__arrow_node *node,
                                         const struct ArrowArray *a)
{
    const uint64_t entries = (uint64_t)a->dictionary->length;
    mlpipe_status st = MLPIPE_OK;

    for (int64_t i = 0; !st && i < a->length; i++) {
        st = arrow_walk_poll(w, i, a->length);
        const mlpipe__arrow_place p = {node, a, a->offset + i};
        if (!mlpipe__arrow_valid(&p))
            continue;
        const int64_t index = mlpipe__arrow_int(&p);
        if ((uint64_t)index >= entries)
            return arrow_bad_at(w, node, i, "an index past the dictionary",
                                index, (int64_t)entries);
    }
    return st;
}

static mlpipe_status arrow_check_at(const arrow_walk *w,
                                    const mlpipe__arrow_node *node,
                                    const struct ArrowArray *a,
                                    int64_t least);

/* What is left once the children are known to be sound. */
static mlpipe_status arrow_check_kind(const arrow_walk *w,
                                      const mlpipe__arrow_node *node,
                                      const struct ArrowArray *a)
{
    int64_t last;

    switch (node->kind) {
    case MLPIPE__ARROW_TEXT:
        return arrow_check_texts(w, node, a);
    case MLPIPE__ARROW_VIEW:
        return arrow_check_views(w, node, a);
    case MLPIPE__ARROW_LIST:
        return arrow_check_offsets(w, node, a, a->children[0]->length,
                                   &last);
    case MLPIPE__ARROW_LIST_VIEW:
        return arrow_check_list_views(w, node, a);
    case MLPIPE__ARROW_RUNS:
        return arrow_check_runs(w, node, a);
    case MLPIPE__ARROW_NULL:
    case MLPIPE__ARROW_STRUCT:
    case MLPIPE__ARROW_LIST_FIXED:
        return MLPIPE_OK;
    default:
        if (!a->buffers[1] && a->length + a->offset)
            return arrow_bad(w, node, "rows without a buffer", a->length,
                             0);
        return node->dictionary ? arrow_check_indices(w, node, a)
                                : MLPIPE_OK;
    }
}

/* Rows that a child must have for its parent's. */
static mlpipe_status arrow_check_least(const arrow_walk *w,
                                       const mlpipe__arrow_node *node,
                                       const struct ArrowArray *a,
                                       int64_t *least)
{
    const int64_t rows = a->offset + a->length;

    *least = node->kind == MLPIPE__ARROW_STRUCT ? rows : 0;
    if (node->kind != MLPIPE__ARROW_LIST_FIXED)
        return MLPIPE_OK;
    if (node->size && rows > arrow_most_rows / node->size)
        return arrow_bad(w, node, "rows of lists of a fixed size", rows,
                         arrow_most_rows / node->size);
    *least = rows * node->size;
    return MLPIPE_OK;
}

static mlpipe_status arrow_check_at(const arrow_walk *w,
                                    const mlpipe__arrow_node *node,
                                    const struct ArrowArray *a,
                                    int64_t least)
{
    arrow_walk below = {.ctx = w->ctx};
    mlpipe_status st = arrow_check_struct(w, node, a, least);

    if (!st)
        st = arrow_check_nulls(w, node, a);
    if (!st)
        st = arrow_check_least(w, node, a, &least);
    if (!st && node->kind == MLPIPE__ARROW_STRUCT) {
        below = *w; /* a struct's offset counts in its children */
        below.first -= a->offset;
    }
    for (uint32_t i = 0; !st && i < node->child_count; i++)
        st = arrow_check_at(&below, &node->children[i], a->children[i],
                            least);
    if (!st && node->dictionary)
        st = arrow_check_at(&below, node->dictionary, a->dictionary, 0);
    return st ? st : arrow_check_kind(w, node, a);
}

mlpipe_status mlpipe__arrow_check(mlpipe_ctx *ctx,
                                  const mlpipe__arrow_node *node,
                                  const struct ArrowArray *array,
                                  int64_t first)
{
    /* The length is not checked yet. */
    const int64_t rows = array->length < arrow_most_rows ? array->length
                                                         : arrow_most_rows;
    const arrow_walk w = {ctx, true, first, first, first + rows};

    return arrow_check_at(&w, node, array, 0);
}
