/* SPDX-License-Identifier: MIT */
/*
 * Writers, collectors and readers in processes of their own, killed at any
 * time: what was told to be there stays, and nothing is damaged.
 */
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base_internal.h"

enum { KILL_ROUNDS = 40, KILL_WRITERS = 3, OPEN_ROUNDS = 300 };

static mlpipe_dataset *one_number(mlpipe_ctx *c, double x)
{
    const double values[2] = {x, -x};
    mlpipe_builder *b;
    mlpipe_dataset *d;

    assert_ok(c, mlpipe_builder_new(c, NULL, NULL, &b));
    assert_ok(c, mlpipe_builder_column(c, b, "x", MLPIPE_F64, values, NULL,
                                       2));
    assert_ok(c, mlpipe_builder_finish(c, b, &d));
    mlpipe_builder_free(b);
    return d;
}

/* The process ends here, and says why. */
static void give_up(mlpipe_ctx *c)
{
    fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
    _exit(1);
}

/* Commits rising numbers to a name, collects, and tells the last number that
 * is there through the pipe, until it is killed. Ends with 1 on an error. */
static void work(const char *path, int who, double first, int out)
{
    char name[8];
    mlpipe_ctx *c;
    mlpipe_store *s;
    mlpipe_report *r;

    snprintf(name, sizeof name, "n%d", who);
    if (mlpipe_ctx_new(NULL, &c) ||
        mlpipe_store_open(c, path, "sync=false", &s))
        give_up(c);
    for (double x = first;; x++) {
        mlpipe_dataset *d = one_number(c, x);

        if (mlpipe_store_put_dataset(c, s, name, d) ||
            write(out, &x, sizeof x) != sizeof x)
            give_up(c);
        mlpipe_dataset_free(d);
        if (who == 0 && mlpipe_store_gc(c, s, "keep=2", &r))
            give_up(c);
        if (who == 0)
            mlpipe_report_free(r);
        else if (mlpipe_store_get_dataset(c, s, name, &d))
            give_up(c);
        else
            mlpipe_dataset_free(d);
    }
}

/* The last number that came through the pipe. */
static double drain(int in, double last)
{
    double x;

    while (read(in, &x, sizeof x) == sizeof x)
        last = x;
    return last;
}

static void check(const char *path, double last[KILL_WRITERS],
                  double first[KILL_WRITERS])
{
    mlpipe_ctx *c;
    mlpipe_store *s;
    mlpipe_report *r;
    mlpipe_dataset *d;
    char name[8];

    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_store_open(c, path, "sync=false", &s));
    assert_ok(c, mlpipe_store_verify(c, s, &r));
    assert_near(mlpipe_report_get(r, "damaged"), 0, 0);
    mlpipe_report_free(r);
    for (int i = 0; i < KILL_WRITERS; i++) {
        mlpipe_value v;

        snprintf(name, sizeof name, "n%d", i);
        if (last[i] == 0)
            continue;
        assert_ok(c, mlpipe_store_get_dataset(c, s, name, &d));
        assert_ok(c, mlpipe_dataset_cell(d, 0, 0, &v));
        assert_true(v.num == last[i] || v.num == last[i] + 1);
        last[i] = v.num;
        first[i] = v.num + 1;
        mlpipe_dataset_free(d);
    }
    mlpipe_store_free(s);
    mlpipe_ctx_free(c);
}

static void remove_all(mlpipe_ctx *c, const char *path);

static int32_t remove_one(void *arg, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", (char *)((void **)arg)[1], name);
    remove_all(((void **)arg)[0], path);
    return 0;
}

static void remove_all(mlpipe_ctx *c, const char *path)
{
    const mlpipe_io *io = &c->env->io;
    mlpipe_io_stat stat;
    char copy[256];
    void *arg[2] = {c, copy};

    snprintf(copy, sizeof copy, "%s", path);
    if (!io->stat(io->user, path, &stat) && stat.is_dir)
        (void)io->list(io->user, path, remove_one, arg);
    (void)io->remove(io->user, path);
}

static void killed_at_any_time(void **state)
{
    char path[] = "/tmp/mlpipe-kill-XXXXXX", all[64];
    double last[KILL_WRITERS] = {0}, first[KILL_WRITERS] = {1, 1, 1};

    mlpipe_ctx *c;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(all, sizeof all, "%s/store", path);
    for (int round = 0; round < KILL_ROUNDS; round++) {
        const long ms = 1 + round * 13 % 37;
        pid_t pids[KILL_WRITERS];
        int ends[KILL_WRITERS][2], status;

        for (int i = 0; i < KILL_WRITERS; i++) {
            assert_int_equal(0, pipe(ends[i]));
            pids[i] = fork();
            assert_true(pids[i] >= 0);
            if (!pids[i]) {
                /* So that it ends with who reads from it, however that is. */
                for (int k = 0; k <= i; k++)
                    close(ends[k][0]);
                work(all, i, first[i], ends[i][1]);
            }
            close(ends[i][1]);
        }
        nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
        for (int i = 0; i < KILL_WRITERS; i++) {
            kill(pids[i], SIGKILL);
            assert_int_equal(pids[i], waitpid(pids[i], &status, 0));
            if (!WIFSIGNALED(status))
                fail_msg("writer %d ended with %d in round %d", i,
                         WEXITSTATUS(status), round);
            last[i] = drain(ends[i][0], last[i]);
            close(ends[i][0]);
        }
        check(all, last, first);
    }
    print_message("numbers that were put: %g, %g, %g\n", last[0], last[1],
                  last[2]);
    assert_true(last[0] > 0 && last[1] > 0 && last[2] > 0);
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    remove_all(c, path);
    mlpipe_ctx_free(c);
}

/* Nobody is told that the others' half-made store is somebody's folder. */
static void made_by_all_at_once(void **state)
{
    char path[] = "/tmp/mlpipe-kill-XXXXXX", all[64];
    mlpipe_ctx *c;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (int round = 0; round < OPEN_ROUNDS; round++) {
        pid_t pids[KILL_WRITERS];
        int status;

        snprintf(all, sizeof all, "%s/store", path);
        for (int i = 0; i < KILL_WRITERS; i++) {
            pids[i] = fork();
            assert_true(pids[i] >= 0);
            if (!pids[i]) {
                mlpipe_ctx *own;
                mlpipe_store *s;
                char name[8];

                snprintf(name, sizeof name, "n%d", i);
                if (mlpipe_ctx_new(NULL, &own) ||
                    mlpipe_store_open(own, all, "sync=false", &s) ||
                    mlpipe_store_put_dataset(own, s, name,
                                             one_number(own, i)))
                    give_up(own);
                _exit(0);
            }
        }
        for (int i = 0; i < KILL_WRITERS; i++) {
            assert_int_equal(pids[i], waitpid(pids[i], &status, 0));
            assert_int_equal(0, status);
        }
        remove_all(c, all);
    }
    remove_all(c, path);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_time),
        cmocka_unit_test(made_by_all_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
