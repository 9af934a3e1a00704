/* SPDX-License-Identifier: MIT */
/* The runner; see torture.h. */
#include "torture.h"

enum { AT_END_MAX = 64, SAY_MAX = 10 };

/* Every folder that has scenarios; meson defines what it found. */
typedef struct folder {
    const char *name;
    const torture_scenario *scenarios;
} folder;

#define FOLDER(name) extern const torture_scenario torture_##name[];
#include "folders.h"
#undef FOLDER
static const folder folders[] = {
#define FOLDER(name) {#name, torture_##name},
#include "folders.h"
#undef FOLDER
    {NULL, NULL},
};

/* In front of each block of the allocator under test. */
typedef struct block {
    size_t size, align;
    char *start;
} block;

typedef struct torture_state {
    int64_t calls, fail_at; /* allocations; -1: none fails */
    bool persistent, calm, wrong_sizes;
    uint64_t live; /* bytes */
    mlpipe__fault_io fault;
    int32_t fault_calm; /* what fail_at was before calm */
    mlpipe__text out;
    uint32_t broken; /* checks that did not hold */
} torture_state;

/* What a run came to. */
typedef struct outcome {
    mlpipe_status status;
    int64_t calls, operations;
    mlpipe__hash128 bytes;
    bool retried; /* and the retry gave these */
    mlpipe_status again;
    mlpipe__hash128 bytes_again;
} outcome;

static mlpipe_ctx *forever;
static void (*at_end[AT_END_MAX])(void);
static uint32_t at_end_count;
static uint32_t failures; /* of the scenario under way */

static void say(const char *name, const char *how, int64_t n,
                const char *what)
{
    if (failures++ < SAY_MAX)
        printf("# %s: %s %lld: %s\n", name, how, (long long)n, what);
}

/* Is this allocation one that fails? */
static bool alloc_fails(torture_state *s)
{
    int64_t index;
    if (s->calm)
        return false;
    index = s->calls++;
    if (s->fail_at < 0)
        return false;
    return s->persistent ? index >= s->fail_at : index == s->fail_at;
}

static void *torture_alloc(void *user, void *ptr, size_t old_size,
                           size_t new_size, size_t align)
{
    torture_state *s = user;
    block *b = NULL;
    char *start, *made;
    if (old_size) {
        b = (block *)(void *)((char *)ptr - sizeof *b);
        if (b->size != old_size || b->align != align)
            s->wrong_sizes = true;
    }
    if (!new_size) {
        if (b) {
            s->live -= b->size;
            free(b->start);
        }
        return NULL;
    }
    if (alloc_fails(s))
        return NULL;
    start = malloc(new_size + align + sizeof *b);
    if (!start)
        return NULL;
    made = start + sizeof *b;
    made += (align - (uintptr_t)made % align) % align;
    memset(made, 0xa5, new_size);
    if (b) {
        memcpy(made, ptr, old_size < new_size ? old_size : new_size);
        s->live -= b->size;
        free(b->start);
    }
    b = (block *)(void *)(made - sizeof *b);
    b->size = new_size;
    b->align = align;
    b->start = start;
    s->live += new_size;
    return made;
}

void torture_record(torture *t, const void *bytes, size_t size)
{
    mlpipe__text_put(&t->state->out, &size, sizeof size);
    mlpipe__text_put(&t->state->out, bytes, size);
}

void torture_text(torture *t, const char *text)
{
    torture_record(t, text ? text : "(null)", text ? strlen(text) : 6);
}

void torture_print(torture *t, const mlpipe_dataset *dataset)
{
    mlpipe_buffer *b = NULL;
    if (!dataset)
        return;
    torture_check(t, !mlpipe_dataset_fingerprint(t->plain, dataset, &b));
    torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
}

void torture_tell(torture *t, const mlpipe_report *report)
{
    mlpipe_buffer *b = NULL;
    if (!report)
        return;
    torture_check(t, !mlpipe_report_render(t->plain, report, "json", &b));
    torture_text(t, mlpipe_buffer_data(b));
    mlpipe_buffer_free(b);
}

void torture_calm(torture *t)
{
    t->state->calm = true;
    t->state->fault.fail_at = -1;
}

void torture_storm(torture *t)
{
    t->state->calm = false;
    t->state->fault.fail_at = t->state->fault_calm;
}

void torture_check_at(torture *t, bool holds, const char *what,
                      const char *file, int line)
{
    if (holds)
        return;
    t->state->broken++;
    printf("# %s:%d: does not hold: %s\n", file, line, what);
}

mlpipe_ctx *torture_forever(void)
{
    return forever;
}

void torture_at_end(void (*end)(void))
{
    uint32_t i;
    for (i = 0; i < at_end_count; i++)
        if (at_end[i] == end)
            return;
    if (at_end_count < AT_END_MAX)
        at_end[at_end_count++] = end;
    else
        abort(); /* a defect of the tests */
}

static mlpipe__hash128 take_bytes(torture_state *s)
{
    const mlpipe__hash128 hash = mlpipe__hash(
        s->out.data ? s->out.data : "", s->out.size);
    mlpipe__text_free(&s->out);
    return hash;
}

/*
 * One run on a fresh context and fresh files. fail_at counts allocations or
 * file operations; -1 disturbs nothing.
 */
static outcome run_once(const torture_scenario *sc, int64_t fail_alloc,
                        int64_t fail_io, bool persistent)
{
    torture_state s = {.fail_at = -1, .persistent = persistent};
    mlpipe_ctx_options plain = {.size = sizeof plain};
    mlpipe_io inner, outer;
    torture t = {.state = &s};
    outcome o = {0};
    mlpipe__memory_io *files = mlpipe__memory_io_new(forever->env, &inner);
    plain.io = &inner;
    if (!files || mlpipe_ctx_new(&plain, &t.plain))
        abort();
    mlpipe__text_init(&s.out, forever->env);
    s.fault.inner = &inner;
    s.fault.fail_at = -1;
    s.fault.result = fail_io % 2 ? MLPIPE_IO_NO_SPACE : MLPIPE_IO_FAILED;
    s.fault.persistent = persistent;
    mlpipe__fault_io_table(&s.fault, &outer);
    t.options.size = sizeof t.options;
    t.options.user = &s;
    t.options.alloc = torture_alloc;
    t.options.io = &outer;
    s.calm = true;
    if (!(sc->flags & TORTURE_OWN_CTX) && mlpipe_ctx_new(&t.options, &t.c))
        abort();
    s.calm = false;
    s.fail_at = fail_alloc;
    s.fault.fail_at = fail_io;
    s.fault_calm = (int32_t)fail_io;
    o.status = sc->run(&t);
    o.calls = s.calls;
    o.operations = s.fault.count;
    o.bytes = take_bytes(&s);
    if (o.status && t.c && !mlpipe_ctx_error(t.c)->text[0])
        torture_check(&t, !"an error has a text");
    if (o.status && fail_io < 0 && !o.operations &&
        !(sc->flags & TORTURE_NO_RETRY)) {
        o.retried = true;
        s.fail_at = -1;
        o.again = sc->run(&t);
        o.bytes_again = take_bytes(&s);
    }
    mlpipe_ctx_free(t.c);
    torture_check(&t, s.live == 0);
    torture_check(&t, !s.wrong_sizes);
    mlpipe_ctx_free(t.plain);
    mlpipe__memory_io_free(files);
    failures += s.broken;
    return o;
}

static bool same_bytes(mlpipe__hash128 a, mlpipe__hash128 b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static bool may_fail_so(const torture_scenario *sc, mlpipe_status status,
                        bool io)
{
    if (!io)
        return status == MLPIPE_E_NOMEM;
    return status == MLPIPE_E_IO || (sc->flags & TORTURE_ANY_STATUS);
}

/* A disturbed run against the undisturbed one. */
static void judge(const torture_scenario *sc, const outcome *plain,
                  const outcome *o, const char *how, int64_t n, bool io)
{
    if (o->status != plain->status && !may_fail_so(sc, o->status, io))
        say(sc->name, how, n, mlpipe_status_name(o->status));
    if (o->status == plain->status && !same_bytes(o->bytes, plain->bytes))
        say(sc->name, how, n, "succeeds with other bytes");
    if (o->retried && o->again != plain->status)
        say(sc->name, how, n, "a retry on the same context fails");
    else if (o->retried && !same_bytes(o->bytes_again, plain->bytes))
        say(sc->name, how, n, "a retry gives other bytes");
}

static void run_all(const torture_scenario *sc, const outcome *plain,
                    bool persistent)
{
    int64_t n;
    uint32_t before;
    outcome o;
    for (n = 0; n < plain->calls; n++) {
        before = failures;
        o = run_once(sc, n, -1, persistent);
        judge(sc, plain, &o, "allocation", n, false);
        if (before != failures)
            printf("#   at allocation %lld of %lld%s\n", (long long)n,
                   (long long)plain->calls, persistent ? ", and on" : "");
    }
    for (n = 0; n < plain->operations; n++) {
        before = failures;
        o = run_once(sc, -1, n, persistent);
        judge(sc, plain, &o, "file operation", n, true);
        if (before != failures)
            printf("#   at file operation %lld of %lld%s\n", (long long)n,
                   (long long)plain->operations,
                   persistent ? ", and on" : "");
    }
}

static bool torture_one(const torture_scenario *sc, uint32_t number)
{
    outcome plain, last;
    failures = 0;
    plain = run_once(sc, -1, -1, false);
    if (plain.status)
        say(sc->name, "undisturbed", 0, mlpipe_status_name(plain.status));
    if ((sc->flags & TORTURE_NO_ALLOC) && plain.calls)
        say(sc->name, "undisturbed", plain.calls, "allocations, not 0");
    if (!failures) {
        run_all(sc, &plain, false);
        run_all(sc, &plain, true);
        last = run_once(sc, -1, -1, false);
        judge(sc, &plain, &last, "undisturbed", 1, false);
    }
    printf("%s %u - %s # %lld allocations, %lld file operations\n",
           failures ? "not ok" : "ok", number, sc->name,
           (long long)plain.calls, (long long)plain.operations);
    fflush(stdout);
    return !failures;
}

static bool has_scenario(const char *name)
{
    const folder *f;
    const torture_scenario *sc;
    for (f = folders; f->name; f++)
        for (sc = f->scenarios; sc->name; sc++)
            if (!strcmp(sc->name, name))
                return true;
    return false;
}

/* Every function of the map has a scenario. */
static int check_coverage(const char *path, bool strict)
{
    char line[256], name[256];
    uint32_t all = 0, missing = 0;
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("Bail out! cannot read %s\n", path);
        return 1;
    }
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, " %255[a-z0-9_];", name) != 1 ||
            strncmp(name, "mlpipe_", 7))
            continue;
        all++;
        if (has_scenario(name)) {
            printf("ok %u - %s has a scenario\n", all, name);
            continue;
        }
        missing++;
        printf(strict ? "not ok %u - %s has a scenario\n"
                      : "ok %u - %s # SKIP no scenario yet\n",
               all, name);
    }
    fclose(f);
    printf("1..%u\n# %u of %u exported functions have no scenario\n", all,
           missing, all);
    return !all || (strict && missing);
}

static int run_folder(const char *name, const char *only)
{
    const folder *f = folders;
    const torture_scenario *sc;
    uint32_t number = 0, bad = 0;
    while (f->name && strcmp(f->name, name))
        f++;
    if (!f->name) {
        printf("Bail out! no scenarios of %s\n", name);
        return 1;
    }
    for (sc = f->scenarios; sc->name; sc++)
        if (!only || !strcmp(only, sc->name))
            bad += !torture_one(sc, ++number);
    printf("1..%u\n", number);
    return !number || bad;
}

int main(int argc, char **argv)
{
    int result = 2;
    if (argc < 3) {
        fprintf(stderr, "usage: %s folder NAME [FUNCTION]\n"
                        "       %s coverage|pending MAP\n",
                argv[0], argv[0]);
        return result;
    }
    if (mlpipe_ctx_new(NULL, &forever))
        return 1;
    if (!strcmp(argv[1], "folder"))
        result = run_folder(argv[2], argc > 3 ? argv[3] : NULL);
    else
        result = check_coverage(argv[2], !strcmp(argv[1], "coverage"));
    while (at_end_count)
        at_end[--at_end_count]();
    mlpipe_ctx_free(forever);
    return result;
}
