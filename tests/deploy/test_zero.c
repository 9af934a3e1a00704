/* SPDX-License-Identifier: MIT */
/*
 * Serving allocates nothing and makes no system call: memory is counted twice
 * (the context's allocator, and malloc itself), and a child runs under a
 * filter that kills it on any call but exit_group.
 */
#include "serve_support.h"

#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ZERO_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||  \
    __has_feature(memory_sanitizer)
#define ZERO_SANITIZED 1
#endif
#endif
#ifndef ZERO_SANITIZED
#define ZERO_SANITIZED 0
#endif

static uint64_t zero_context, zero_malloc;

#if !ZERO_SANITIZED && defined(__GLIBC__)
/* malloc itself, for whatever does not ask the context. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t n)
{
    zero_malloc++;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t m)
{
    zero_malloc++;
    return __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
    zero_malloc++;
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    zero_malloc++;
    return __libc_memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    zero_malloc++;
    *out = __libc_memalign(align, n);
    return *out ? 0 : 12;
}
#endif

static void *zero_alloc(void *user, void *ptr, size_t old_size,
                        size_t new_size, size_t align)
{
    void *p;

    (void)user;
    zero_context++;
    if (!new_size) {
        free(ptr);
        return NULL;
    }
    p = aligned_alloc(align < 64 ? 64 : align, (new_size + 63) / 64 * 64);
    if (p && ptr) {
        memcpy(p, ptr, old_size < new_size ? old_size : new_size);
        free(ptr);
    }
    return p;
}

enum { ZERO_RECORDS = 1000 };

typedef struct zero_world {
    mlpipe_ctx *c;
    mlpipe_model *m;
    mlpipe_layout *l;
    mlpipe_predictor *p, *doubles;
    mlpipe_slot *slot;
    mlpipe_monitor *monitor;
    mlpipe_worker *w;
    void *scratch;
    serve_record records[ZERO_RECORDS];
    double out[ZERO_RECORDS];
} zero_world;

static void zero_make(zero_world *z)
{
    mlpipe_ctx_options options = {.size = sizeof options};
    size_t bytes;

    options.alloc = zero_alloc;
    assert_ok(NULL, mlpipe_ctx_new(&options, &z->c));
    z->m = serve_model(z->c, 2, 1, true);
    z->l = serve_layout(z->c);
    const uint32_t red = serve_token(z->c, z->l, "red");
    for (uint32_t i = 0; i < ZERO_RECORDS; i++)
        z->records[i] = (serve_record){serve_random(i, 0), i % 3 ? red : 0,
                                       (int16_t)(i % 12 - 1)};
    assert_ok(z->c, mlpipe_predictor_new(z->c, z->m, z->l, &z->p));
    assert_ok(z->c, mlpipe_predictor_new(z->c, z->m, NULL, &z->doubles));
    assert_ok(z->c, mlpipe_slot_new(z->c, z->m, z->l, NULL, &z->slot));
    assert_ok(z->c, mlpipe_monitor_new(z->c, z->slot, "capture=5000",
                                       &z->monitor));
    assert_ok(z->c, mlpipe_worker_new(z->c, z->slot, NULL, &z->w));
    bytes = (mlpipe_predictor_scratch(z->p) + 63) / 64 * 64;
    z->scratch = aligned_alloc(64, bytes);
    assert_non_null(z->scratch);
    memset(z->scratch, 0, bytes);
}

static void zero_free(zero_world *z)
{
    mlpipe_worker_free(z->w);
    mlpipe_monitor_free(z->monitor);
    mlpipe_slot_free(z->slot);
    mlpipe_predictor_free(z->p);
    mlpipe_predictor_free(z->doubles);
    mlpipe_layout_free(z->l);
    mlpipe_model_free(z->m);
    mlpipe_ctx_free(z->c);
    free(z->scratch);
}

/* Every call that may stand in a host's hot path; nonzero = one failed. */
static int zero_serve(zero_world *z, uint32_t rounds)
{
    int bad = 0;

    for (uint32_t k = 0; k < rounds; k++) {
        const serve_record *r = &z->records[k % ZERO_RECORDS];
        const double row[3] = {r->x, r->n, 1};
        const mlpipe_value v[3] = {{r->x, NULL, 0, MLPIPE_VALUE_NUMBER},
                                   {0, NULL, 0, MLPIPE_VALUE_NULL},
                                   {0, "green", 5, MLPIPE_VALUE_TEXT}};
        bad |= mlpipe_predict_row(z->p, z->scratch, r, z->out);
        bad |= mlpipe_predict_row(z->doubles, z->scratch, row, z->out);
        bad |= mlpipe_predict_values(z->doubles, z->scratch, v, z->out);
        bad |= mlpipe_predictor_code(z->doubles, 2, "blue", 4) != 2;
        bad |= mlpipe_worker_predict(z->w, k + 1, k, r, z->out, 1);
        bad |= mlpipe_worker_predict(z->w, 0, k, z->records, z->out, 3);
        bad |= mlpipe_worker_version(z->w) != 1;
        bad |= mlpipe_slot_version(z->slot) != 1;
        bad |= (int)(mlpipe_worker_flags(z->w) >> 8);
        if (k % 64 == 0)
            bad |= mlpipe_predict_rows(z->p, z->scratch, z->records,
                                       sizeof *r, ZERO_RECORDS, z->out);
    }
    return bad;
}

static void test_no_allocation(void **state)
{
    static zero_world z;
    uint64_t context, all;

    zero_make(&z);
    context = zero_context;
    all = zero_malloc;
    const int bad = zero_serve(&z, 20000);
    const uint64_t context_after = zero_context, all_after = zero_malloc;
    assert_int_equal(bad, 0);
    assert_int_equal(context_after - context, 0);
    assert_int_equal(all_after - all, 0);
#if !ZERO_SANITIZED && defined(__GLIBC__)
    void *volatile one = malloc(1); /* kept: the counter counts */
    free(one);
    assert_true(zero_malloc > all_after);
#endif
    zero_free(&z);
    (void)state;
}

/* Allow exit_group alone; anything else kills. */
static int zero_forbid(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    };
    const struct sock_fprog program = {
        .len = sizeof filter / sizeof *filter, .filter = filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int zero_child(zero_world *z, int forbidden)
{
    int status = 0;
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid) {
        if (zero_forbid())
            _exit(77);
        if (forbidden)
            (void)syscall(SYS_getppid);
        _exit(zero_serve(z, 250000) ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_no_system_call(void **state)
{
    static zero_world z;
    int status;

    if (ZERO_SANITIZED || getenv("LD_PRELOAD")) {
        print_message("skipped: a sanitizer or preload makes calls itself\n");
        skip();
    }
    zero_make(&z);
    status = zero_child(&z, 1); /* the filter bites */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("skipped: this kernel gives no seccomp filter\n");
        zero_free(&z);
        skip();
    }
    assert_true(WIFSIGNALED(status));
    status = zero_child(&z, 0); /* 10^6 rows and more */
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    zero_free(&z);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_no_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
