/* SPDX-License-Identifier: MIT */
/* The journal of a search: killed, torn, lengthened, after a power loss. */
#include "search_rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "golden_text.h"

static const char journal[] = "search-journal.jsonl";
static const char kept[] = "trials=9 halving=3 min_rows=40 batch=5 "
                           "journal=search-journal.jsonl";
static const char kept_not[] = "trials=9 halving=3 min_rows=40 batch=5";

/* Die without a word once so many lines of the journal are written. */
static void die_after(int lines)
{
    const pid_t pid = fork();
    int status;
    if (!pid) {
        mlpipe_ctx *c = made(1);
        mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
        mlpipe_pipeline *p = recipe(c, ""), *tuned;
        mlpipe_report *r;
        char params[160];
        const pid_t child = fork();
        if (!child) {
            for (;;) {
                FILE *f = fopen(journal, "r");
                int n = 0, ch;
                while (f && (ch = getc(f)) != EOF)
                    n += ch == '\n';
                if (f)
                    fclose(f);
                if (n >= lines)
                    kill(getppid(), SIGKILL);
                if (n >= lines)
                    _exit(0);
                usleep(200);
            }
        }
        snprintf(params, sizeof params, "%s", kept);
        if (mlpipe_search(c, p, d, v, usual, params, &tuned, &r))
            _exit(1);
        kill(child, SIGKILL);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void resumed(void **state)
{
    mlpipe_ctx *c = made(1);
    char *plain = searched(c, true, "", usual, kept_not);
    (void)state;
    for (int lines = 1; lines < 14; lines += 3) {
        char *out;
        remove(journal);
        die_after(lines);
        out = searched(c, true, "", usual, kept);
        assert_string_equal(plain, out);
        free(out);
        out = searched(c, true, "", usual, kept); /* nothing left to do */
        assert_string_equal(plain, out);
        free(out);
    }
    remove(journal);
    free(plain);
    mlpipe_ctx_free(c);
}

/* With halving the last batch of the shorter search was cut, so that others
 * went on to more rows than do in the longer one. */
static void lengthened(void **state)
{
    static const char *const shorter[] = {"trials=3", "trials=7", "trials=8",
                                          "trials=12"};
    mlpipe_ctx *c = made(1);
    char *plain, *out, params[160];
    (void)state;
    plain = searched(c, true, "", usual,
                     "trials=13 halving=3 min_rows=40 batch=5");
    remove(journal);
    for (size_t i = 0; i < sizeof shorter / sizeof *shorter; i++) {
        snprintf(params, sizeof params,
                 "%s halving=3 min_rows=40 batch=5 journal=%s", shorter[i],
                 journal);
        out = searched(c, true, "", usual, params);
        free(out);
    }
    snprintf(params, sizeof params,
             "trials=13 halving=3 min_rows=40 batch=5 journal=%s", journal);
    for (int twice = 0; twice < 2; twice++) {
        out = searched(c, true, "", usual, params);
        assert_string_equal(plain, out);
        free(out);
    }
    remove(journal);
    free(plain);
    mlpipe_ctx_free(c);
}

static char *slurp(size_t *n)
{
    FILE *f = fopen(journal, "rb");
    char *data = calloc(1 << 20, 1);
    assert_non_null(f);
    *n = fread(data, 1, 1 << 20, f);
    fclose(f);
    return data;
}

static void spit(const char *data, size_t n)
{
    FILE *f = fopen(journal, "wb");
    assert_non_null(f);
    assert_int_equal(n, fwrite(data, 1, n, f));
    fclose(f);
}

static mlpipe_status asked(mlpipe_ctx *c, const char *roles,
                           const char *space, const char *params)
{
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p = recipe(c, roles), *tuned;
    mlpipe_report *r;
    mlpipe_status st;
    st = mlpipe_search(c, p, d, v, space, params, &tuned, &r);
    mlpipe_report_free(r);
    mlpipe_pipeline_free(tuned);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
    return st;
}

static mlpipe_status again(mlpipe_ctx *c, const char *roles,
                           const char *space, const char *more)
{
    char params[200];
    snprintf(params, sizeof params, "%s %s", kept, more);
    return asked(c, roles, space, params);
}

static const char brief[] = "trials=3 journal=search-journal.jsonl";

static mlpipe_ctx *on_disk(const mlpipe_io *io)
{
    mlpipe_ctx_options o = {.size = sizeof o, .io = io};
    mlpipe_ctx *c;
    assert_int_equal(0, mlpipe_ctx_new(&o, &c));
    return c;
}

/* What the search comes to on what a power loss has left; gives the bytes of
 * the journal before that. */
static uint64_t after_loss(mlpipe_ctx *host, const mlpipe__crash_io *crash,
                           uint32_t events, uint32_t how, const char *plain)
{
    mlpipe_io io;
    mlpipe__memory_io *files = mlpipe__memory_io_new(host->env, &io);
    mlpipe_ctx *c = on_disk(&io);
    mlpipe_io_stat info = {0};
    char *out;
    assert_ok(c, mlpipe__crash_io_build(c, crash, events, how, &io));
    if (io.stat(io.user, journal, &info))
        info.size = 0;
    out = searched(c, true, "", usual, brief);
    assert_string_equal(plain, out);
    free(out);
    mlpipe_ctx_free(c);
    mlpipe__memory_io_free(files);
    return info.size;
}

/* A search whose n-th call of the disk failed, once more, and then a power
 * loss: behind any event where `any`, else when it was through. */
static void lost_after(mlpipe_ctx *host, int64_t n, bool any,
                       const char *plain)
{
    mlpipe_io disk, io;
    mlpipe__crash_io *crash = mlpipe__crash_io_new(host->env, &disk);
    mlpipe__fault_io fault = {.inner = &disk, .fail_at = n,
                              .result = MLPIPE_IO_FAILED};
    mlpipe_ctx *c;
    uint64_t whole;
    uint32_t events;
    mlpipe_status st;
    char *out;
    mlpipe__fault_io_table(&fault, &io);
    c = on_disk(&io);
    st = asked(c, "", usual, brief);
    assert_true(!st || st == MLPIPE_E_IO);
    if (st)
        golden_gist(__BASE_FILE__, "a disk that fails",
                     mlpipe_ctx_error(c)->text);
    fault.fail_at = -1;
    out = searched(c, true, "", usual, brief);
    assert_string_equal(plain, out);
    free(out);
    events = mlpipe__crash_io_events(crash);
    whole = after_loss(host, crash, events, MLPIPE__CRASH_KEPT, plain);
    for (uint32_t k = any ? 0 : events; k <= events; k++)
        for (uint32_t how = 0; how < MLPIPE__CRASH_STATES; how++) {
            const uint64_t left = after_loss(host, crash, k, how, plain);
            if (k == events)
                assert_int_equal(whole, left);
        }
    mlpipe_ctx_free(c);
    mlpipe__crash_io_free(crash);
}

/* Whatever a power loss takes, the search goes on and comes to the same; once
 * it is through, nothing is taken. */
static void power_loss(void **state)
{
    mlpipe_ctx *host = made(1);
    char *plain = searched(host, true, "", usual, "trials=3");
    (void)state;
    lost_after(host, -1, true, plain);
    for (int64_t n = 0; n < 12; n++) /* lock, stat, open, ... sync_dir */
        lost_after(host, n, false, plain);
    free(plain);
    mlpipe_ctx_free(host);
}

/* Cut anywhere, it is made whole; changed anywhere, it is refused or, in its
 * last line, measured again. */
static void torn(void **state)
{
    mlpipe_ctx *c = made(1);
    char *plain = searched(c, true, "", usual, kept), *whole, *damaged;
    size_t n, m, last;
    (void)state;
    whole = slurp(&n);
    for (last = n - 1; last && whole[last - 1] != '\n'; last--)
        ;
    for (size_t cut = 0; cut <= n; cut += cut < 400 ? 37 : 61) {
        char *out;
        spit(whole, cut);
        out = searched(c, true, "", usual, kept);
        assert_string_equal(plain, out);
        free(out);
    }
    for (size_t at = 3; at < n; at += 97) {
        damaged = malloc(n);
        memcpy(damaged, whole, n);
        damaged[at] = damaged[at] == 'q' ? 'p' : 'q';
        spit(damaged, n);
        const mlpipe_status st = again(c, "", usual, "");
        if (at < last)
            golden_gist(__BASE_FILE__, "a damaged journal",
                        mlpipe_ctx_error(c)->text);
        if (at < last)
            assert_true(st == MLPIPE_E_CORRUPT || st == MLPIPE_E_FORMAT);
        else
            assert_ok(c, st);
        if (st) { /* and is left as it was */
            char *left = slurp(&m);
            assert_int_equal(n, m);
            assert_memory_equal(left, damaged, n);
            free(left);
        }
        free(damaged);
    }
    free(whole);
    free(plain);
    remove(journal);
    mlpipe_ctx_free(c);
}

/* An editor made CR LF of the line ends. */
static void changed_ends(mlpipe_ctx *c)
{
    static char data[1 << 16];
    char *out = searched(c, true, "", usual, kept);
    FILE *f = fopen(journal, "rb");
    size_t n = 0;
    int byte;
    assert_non_null(f);
    while ((byte = fgetc(f)) != EOF) {
        assert_true(n + 2 < sizeof data);
        if (byte == '\n')
            data[n++] = '\r';
        data[n++] = (char)byte;
    }
    fclose(f);
    spit(data, n);
    assert_told(c, MLPIPE_E_FORMAT, again(c, "", usual, ""));
    check_cell(mlpipe_ctx_error(c)->text, "line 1 of the journal");
    check_cell(mlpipe_ctx_error(c)->text, "CR LF");
    remove(journal);
    free(out);
}

static void not_a_file(mlpipe_ctx *c)
{
    static const char *const paths[] = {".", "/dev/null"};
    static const char *const what[] = {"the journal \".\" is a folder",
                                       "as that of a device or a pipe"};
    mlpipe_dataset *d = wave(c, 0), *v = wave(c, 1000);
    mlpipe_pipeline *p = recipe(c, ""), *tuned;
    mlpipe_report *r;
    char params[80];
    for (int i = 0; i < 2; i++) {
        snprintf(params, sizeof params, "trials=2 journal=%s", paths[i]);
        assert_told(c, MLPIPE_E_IO,
                    mlpipe_search(c, p, d, v, usual, params, &tuned, &r));
        check_cell(mlpipe_ctx_error(c)->text, what[i]);
        assert_true(!tuned && !r);
    }
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(v);
}

static void other_searches(void **state)
{
    static const struct {
        const char *roles, *space, *more, *what;
    } cases[] = {
        {"seed=5", usual, "", "another recipe"},
        {"", "gbt.leaves=2..12", "", "another space"},
        {"", usual, "seed=5", "another choice of parameters"},
        {"", usual, "metric=mae", "another choice of parameters"},
    };
    mlpipe_ctx *c = made(1);
    char *out = searched(c, true, "", usual, kept);
    mlpipe__search s = {.ctx = c};
    (void)state;
    free(out);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(MLPIPE_E_CONFLICT,
                    again(c, cases[i].roles, cases[i].space,
                          cases[i].more));
        check_cell(mlpipe_ctx_error(c)->text, cases[i].what);
        check_cell(mlpipe_ctx_error(c)->text, "there, ");
    }
    spit("hello\n", 6);
    assert_told(c, MLPIPE_E_FORMAT, again(c, "", usual, ""));
    spit("hello", 5);
    assert_told(c, MLPIPE_E_FORMAT, again(c, "", usual, ""));
    remove(journal);
    changed_ends(c);
    not_a_file(c);
    /* who holds it has it alone */
    assert_int_equal(0, c->env->io.lock(c->env->io.user, journal,
                                        &s.journal.lock));
    assert_status(MLPIPE_E_BUSY, again(c, "", usual, ""));
    mlpipe__journal_close(&s);
    remove(journal);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed),
        cmocka_unit_test(lengthened),
        cmocka_unit_test(power_loss),
        cmocka_unit_test(torn),
        cmocka_unit_test(other_searches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
