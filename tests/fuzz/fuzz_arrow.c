/* SPDX-License-Identifier: MIT */
/*
 * Arrow arrays made of bytes: a schema, and arrays whose buffers have exactly
 * the size that lengths and offsets promise (a sanitizer sees any byte beyond
 * them), filled with what follows. Lengths, counts and offsets lie now and
 * then; sizes stay true to what they tell. Whatever comes is refused with all
 * left where it was, or makes a dataset that goes out and in again unchanged.
 */
#include "fuzz.h"

#include <mlpipe/arrow.h>

enum { NODES = 40, CHILDREN = 3, BUFFERS = 5, MOST = 1 << 16 };

typedef struct fuzz_node {
    struct ArrowSchema schema, *schema_children[CHILDREN];
    struct ArrowArray array, *children[CHILDREN];
    const void *buffers[BUFFERS];
    void *own[BUFFERS];
    char name[2];
} fuzz_node;

typedef struct fuzz_world {
    const uint8_t *at, *end;
    fuzz_node nodes[NODES];
    int used, released;
} fuzz_world;

static const char *const fuzz_formats[] = {
    "n", "b", "c", "C", "s", "S", "i", "I", "l", "L", "e", "f", "g", "u",
    "U", "vu", "tdD", "tdm", "tts", "ttn", "tsu:", "tsn:UTC", "tDs",
    "d:9,2,32", "d:38,3", "d:70,-9,256", "+s", "+l", "+L", "+m", "+vl",
    "+vL", "+w:2", "+w:0", "+r", "z", "w:3", "q", "u", "l", "+s", "i"
};

static uint8_t fuzz_byte(fuzz_world *w)
{
    return w->at < w->end ? *w->at++ : 0;
}

/* Nothing here is shared: a release only says that it was called. */
static void fuzz_release_schema(struct ArrowSchema *s)
{
    s->release = NULL;
}

static void fuzz_release_array(struct ArrowArray *a)
{
    fuzz_world *w = a->private_data;

    w->released++;
    a->release = NULL;
}

/* A buffer of n bytes: zeros, small steps or what the input has. */
static void *fuzz_buffer(fuzz_world *w, fuzz_node *node, int i, int64_t n,
                         int32_t width)
{
    const uint8_t how = fuzz_byte(w);
    uint8_t *b;

    if (n < 0 || n > MOST)
        n = 0;
    b = malloc((size_t)n + !n);
    fuzz_require(b);
    node->own[i] = b;
    memset(b, 0, (size_t)n + !n);
    if (how % 4 == 1) /* offsets that rise */
        for (int64_t k = 0; width && (k + 1) * width <= n; k++)
            b[k * width] = (uint8_t)(k * (how >> 4) / 4);
    else if (how % 4 == 2)
        memset(b, 0xff, (size_t)n);
    else if (how % 4 == 3)
        for (int64_t k = 0; k < n; k++)
            b[k] = fuzz_byte(w);
    node->buffers[i] = how == 0xfc && n ? NULL : b;
    return b;
}

/* The largest of n + 1 offsets, as far as a buffer may be made for it. */
static int64_t fuzz_last(const void *offsets, int32_t width, int64_t n)
{
    int64_t most = 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t v = 0;
        int32_t v4;
        memcpy(width == 8 ? (void *)&v : (void *)&v4,
               (const char *)offsets + i * width, (size_t)width);
        if (width == 4)
            v = v4;
        if (v > most && v <= MOST)
            most = v;
        /* Beyond it no buffer could be as long as is promised. */
        if (v > MOST)
            return -1;
    }
    return most;
}

/* Buffers of format f for `total` elements; false: impossible sizes. */
static bool fuzz_buffers(fuzz_world *w, fuzz_node *node, const char *f,
                         int64_t total)
{
    static const struct {
        const char *letters;
        int32_t bytes;
    } widths[] = {{"cC", 1}, {"sSe", 2}, {"iIf", 4}, {"lLg", 8}};
    struct ArrowArray *a = &node->array;
    int32_t width = 8;
    int64_t last;

    a->n_buffers = 0;
    if (*f == 'n' || !strcmp(f, "+r"))
        return true;
    a->n_buffers = 1;
    if (fuzz_byte(w) % 2)
        fuzz_buffer(w, node, 0, (total + 7) / 8, 0);
    if (!strcmp(f, "+s") || !strncmp(f, "+w", 2))
        return true;
    a->n_buffers = 2;
    for (size_t i = 0; i < 4 && !f[1]; i++)
        if (strchr(widths[i].letters, *f))
            width = widths[i].bytes;
    if (!strcmp(f, "tdD") || !strcmp(f, "tts") || !strcmp(f, "d:9,2,32"))
        width = 4;
    if (!strcmp(f, "d:38,3"))
        width = 16;
    if (!strcmp(f, "d:70,-9,256"))
        width = 32;
    if (*f == 'b') {
        fuzz_buffer(w, node, 1, (total + 7) / 8, 0);
        return true;
    }
    if (!strcmp(f, "vu")) {
        int64_t *sizes;
        a->n_buffers = 4;
        fuzz_buffer(w, node, 1, total * 16, 16);
        fuzz_buffer(w, node, 2, 40, 0);
        sizes = fuzz_buffer(w, node, 3, 8, 0);
        *sizes = node->buffers[2] ? 40 : 0;
        return true;
    }
    if (*f == 'u' || *f == 'U' || !strcmp(f, "+l") || !strcmp(f, "+L")
        || !strcmp(f, "+m")) {
        width = *f == 'U' || f[1] == 'L' ? 8 : 4;
        void *offsets = fuzz_buffer(w, node, 1, (total + 1) * width, width);
        last = fuzz_last(offsets, width, total + 1);
        if (*f == '+')
            return true;
        a->n_buffers = 3;
        if (last >= 0)
            fuzz_buffer(w, node, 2, last, 0);
        return last >= 0;
    }
    if (!strncmp(f, "+v", 2)) {
        width = f[2] == 'L' ? 8 : 4;
        a->n_buffers = 3;
        fuzz_buffer(w, node, 2, total * width, width);
    }
    fuzz_buffer(w, node, 1, total * width, width);
    return true;
}

static fuzz_node *fuzz_make(fuzz_world *w, int depth, int64_t rows);

/* Children, a dictionary, and a lie now and then. */
static bool fuzz_rest(fuzz_world *w, fuzz_node *node, const char *f,
                      int depth, int64_t rows)
{
    const int children = !strcmp(f, "+s") ? fuzz_byte(w) % (CHILDREN + 1)
        : !strcmp(f, "+r") ? 2 : *f == '+' ? 1 : 0;
    const uint8_t lie = fuzz_byte(w);

    node->schema.children = node->schema_children;
    node->array.children = node->children;
    for (int i = 0; i < children; i++) {
        fuzz_node *child = fuzz_make(w, depth + 1, rows);
        if (!child)
            return false;
        node->schema_children[i] = &child->schema;
        node->children[i] = &child->array;
    }
    node->schema.n_children = node->array.n_children = children;
    if (lie % 8 == 1 && strchr("cCsSiIlL", *f) && !f[1]) {
        fuzz_node *entries = fuzz_make(w, depth + 1, 1 + lie / 32);
        if (!entries)
            return false;
        node->schema.dictionary = &entries->schema;
        node->array.dictionary = &entries->array;
    }
    /* Lengths may shrink, or be impossible: no buffer is read for them. */
    if (lie == 0xf2)
        node->array.length = -5;
    if (lie == 0xf3)
        node->array.offset = INT64_MAX - 3;
    if (lie == 0xf4)
        node->array.n_children = 7;
    if (lie == 0xf5)
        node->array.n_buffers = lie % 7;
    if (lie == 0xf6)
        node->array.length = INT64_MAX;
    if (lie == 0xf7)
        node->array.release = NULL;
    return true;
}

static fuzz_node *fuzz_make(fuzz_world *w, int depth, int64_t rows)
{
    fuzz_node *node;
    const char *f = fuzz_formats[fuzz_byte(w)
                                 % (sizeof fuzz_formats
                                    / sizeof fuzz_formats[0])];
    const uint8_t shape = fuzz_byte(w);

    if (w->used >= NODES || depth > 6)
        return NULL;
    node = &w->nodes[w->used++];
    if (shape % 4 == 3)
        rows = fuzz_byte(w);
    node->name[0] = (char)('a' + w->used % 26);
    node->schema.format = f;
    node->schema.name = node->name;
    node->schema.release = fuzz_release_schema;
    node->array.length = rows;
    node->array.offset = shape / 4 % 4 == 1 ? shape / 16 : 0;
    node->array.null_count = shape / 4 % 4 == 2 ? shape / 16 : -1;
    node->array.buffers = node->buffers;
    node->array.release = fuzz_release_array;
    node->array.private_data = w;
    return fuzz_buffers(w, node, f, rows + node->array.offset)
            && fuzz_rest(w, node, f, depth, rows)
        ? node : NULL;
}

/* What came in goes out and comes in again. */
static void fuzz_round(mlpipe_ctx *c, const mlpipe_dataset *d)
{
    struct ArrowArrayStream stream;
    mlpipe_dataset *again = NULL;
    mlpipe_buffer *one = NULL, *two = NULL;

    if (mlpipe_dataset_to_arrow_stream(c, d, NULL, &stream))
        return; /* out of memory */
    if (!mlpipe_dataset_from_arrow_stream(c, &stream, "text=text", &again)
        && !mlpipe_dataset_fingerprint(c, d, &one)
        && !mlpipe_dataset_fingerprint(c, again, &two))
        fuzz_require(!strcmp(mlpipe_buffer_data(one),
                             mlpipe_buffer_data(two)));
    else
        fuzz_require(mlpipe_ctx_error(c)->status == MLPIPE_E_NOMEM);
    if (stream.release)
        stream.release(&stream);
    mlpipe_buffer_free(one);
    mlpipe_buffer_free(two);
    mlpipe_dataset_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const how[] = {
        NULL, "text=text", "text=category nested=text", "copy=always",
        "copy=never", "nested=fail", "nested=text text=text",
        "decimals=f64"
    };
    fuzz_world *w = calloc(1, sizeof *w);
    uint64_t live;
    mlpipe_ctx *c = fuzz_begin(&live);
    mlpipe_dataset *d = NULL;

    fuzz_require(w);
    w->at = data;
    w->end = data + size;
    const uint8_t params = fuzz_byte(w);
    fuzz_node *root = fuzz_make(w, 0, fuzz_byte(w));
    if (root && root->array.release) {
        const mlpipe_status st = mlpipe_dataset_from_arrow(
            c, &root->schema, &root->array, how[params % 8], &d);
        fuzz_require(!st == (d != NULL) && !st == !root->array.release);
        fuzz_require(root->schema.release != NULL);
        if (d && mlpipe_dataset_columns(d))
            fuzz_round(c, d);
        mlpipe_dataset_free(d);
        fuzz_require(w->released == !st);
    }
    fuzz_end(c, live);
    for (int i = 0; i < NODES; i++)
        for (int k = 0; k < BUFFERS; k++)
            free(w->nodes[i].own[k]);
    free(w);
    return 0;
}
