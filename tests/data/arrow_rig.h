/* SPDX-License-Identifier: MIT */
/*
 * Arrow arrays made by hand, as a foreign producer would make them: each
 * struct is counted while it lives, so that a test sees what was released.
 */
#ifndef MLPIPE_TESTS_ARROW_RIG_H
#define MLPIPE_TESTS_ARROW_RIG_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <mlpipe/arrow.h>

enum { RIG_CHILDREN = 8, RIG_BUFFERS = 6 };

static atomic_int rig_schemas, rig_arrays; /* alive */

typedef struct rig_schema {
    struct ArrowSchema children[RIG_CHILDREN], *pointers[RIG_CHILDREN];
    struct ArrowSchema dictionary;
} rig_schema;

static inline void rig_schema_release(struct ArrowSchema *s)
{
    rig_schema *p = s->private_data;

    for (int64_t i = 0; i < s->n_children; i++)
        if (p->children[i].release)
            p->children[i].release(&p->children[i]);
    if (p->dictionary.release)
        p->dictionary.release(&p->dictionary);
    free(p);
    s->release = NULL;
    rig_schemas--;
}

/* Format and name must outlive it. */
static inline struct ArrowSchema *rig_type(struct ArrowSchema *s,
                                           const char *format,
                                           const char *name)
{
    rig_schema *p = calloc(1, sizeof *p);

    memset(s, 0, sizeof *s);
    for (int i = 0; i < RIG_CHILDREN; i++)
        p->pointers[i] = &p->children[i];
    s->format = format;
    s->name = name;
    s->flags = ARROW_FLAG_NULLABLE;
    s->children = p->pointers;
    s->release = rig_schema_release;
    s->private_data = p;
    rig_schemas++;
    return s;
}

/* Adds a field and gives it. */
static inline struct ArrowSchema *rig_field(struct ArrowSchema *s,
                                            const char *format,
                                            const char *name)
{
    rig_schema *p = s->private_data;

    return rig_type(&p->children[s->n_children++], format, name);
}

static inline struct ArrowSchema *rig_values(struct ArrowSchema *s,
                                             const char *format)
{
    rig_schema *p = s->private_data;

    s->dictionary = &p->dictionary;
    return rig_type(&p->dictionary, format, "");
}

typedef struct rig_array {
    struct ArrowArray children[RIG_CHILDREN], *pointers[RIG_CHILDREN];
    struct ArrowArray dictionary;
    const void *buffers[RIG_BUFFERS];
    void *own[RIG_BUFFERS];
} rig_array;

static inline void rig_array_release(struct ArrowArray *a)
{
    rig_array *p = a->private_data;

    for (int64_t i = 0; i < RIG_CHILDREN; i++)
        if (p->children[i].release)
            p->children[i].release(&p->children[i]);
    if (p->dictionary.release)
        p->dictionary.release(&p->dictionary);
    for (int i = 0; i < RIG_BUFFERS; i++)
        free(p->own[i]);
    free(p);
    a->release = NULL;
    rig_arrays--;
}

static inline struct ArrowArray *rig_rows(struct ArrowArray *a, int64_t rows,
                                          int64_t buffers)
{
    rig_array *p = calloc(1, sizeof *p);

    memset(a, 0, sizeof *a);
    for (int i = 0; i < RIG_CHILDREN; i++)
        p->pointers[i] = &p->children[i];
    a->length = rows;
    a->null_count = -1;
    a->n_buffers = buffers;
    a->buffers = p->buffers;
    a->children = p->pointers;
    a->release = rig_array_release;
    a->private_data = p;
    rig_arrays++;
    return a;
}

static inline struct ArrowArray *rig_child(struct ArrowArray *a,
                                           int64_t rows, int64_t buffers)
{
    rig_array *p = a->private_data;

    return rig_rows(&p->children[a->n_children++], rows, buffers);
}

static inline struct ArrowArray *rig_entries(struct ArrowArray *a,
                                             int64_t rows, int64_t buffers)
{
    rig_array *p = a->private_data;

    a->dictionary = &p->dictionary;
    return rig_rows(&p->dictionary, rows, buffers);
}

/* A buffer of exactly these bytes, so that a sanitizer sees its end. */
static inline void *rig_buffer(struct ArrowArray *a, int i,
                               const void *bytes, size_t n)
{
    rig_array *p = a->private_data;

    free(p->own[i]);
    p->own[i] = malloc(n ? n : 1);
    if (n && bytes)
        memcpy(p->own[i], bytes, n);
    p->buffers[i] = p->own[i];
    return p->own[i];
}

#define RIG(array, i, ...)                                                 \
    rig_buffer((array), (i), __VA_ARGS__, sizeof(__VA_ARGS__))

/* A stream over arrays that were made before; takes them. */
typedef struct rig_stream {
    void (*make)(struct ArrowSchema *);
    struct ArrowArray *arrays;
    int count, at, fail_at;
} rig_stream;

static inline int rig_get_schema(struct ArrowArrayStream *s,
                                 struct ArrowSchema *out)
{
    ((rig_stream *)s->private_data)->make(out);
    return 0;
}

static inline int rig_get_next(struct ArrowArrayStream *s,
                               struct ArrowArray *out)
{
    rig_stream *p = s->private_data;

    memset(out, 0, sizeof *out);
    if (p->at == p->fail_at)
        return 5;
    if (p->at < p->count) {
        *out = p->arrays[p->at];
        p->arrays[p->at++].release = NULL;
    }
    return 0;
}

static inline const char *rig_last_error(struct ArrowArrayStream *s)
{
    (void)s;
    return "the tape is torn";
}

static inline void rig_stream_release(struct ArrowArrayStream *s)
{
    rig_stream *p = s->private_data;

    for (int i = 0; i < p->count; i++)
        if (p->arrays[i].release)
            p->arrays[i].release(&p->arrays[i]);
    s->release = NULL;
}

static inline void rig_open(struct ArrowArrayStream *s, rig_stream *p)
{
    memset(s, 0, sizeof *s);
    s->get_schema = rig_get_schema;
    s->get_next = rig_get_next;
    s->get_last_error = rig_last_error;
    s->release = rig_stream_release;
    s->private_data = p;
}

#endif
