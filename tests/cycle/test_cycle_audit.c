/* SPDX-License-Identifier: MIT */
/* What was changed in a log is found, or decides nothing. */
#include "cycle_world.h"
#include "golden_text.h"

#define BASE "when=performance gate_min=100 probation=1000 cooldown=300"

/* A retrain, a swap (or stages), and the end of probation by a law. */
static mlpipe_buffer *log_of(const char *params, double after)
{
    mlpipe_buffer *log;
    int32_t action = 0;
    world d;

    world_make(&d, params);
    assert_int_equal(world_until(&d, 6, -2.0), MLPIPE_ACTION_RETRAIN);
    assert_ok(d.c, mlpipe_cycle_retrain(d.c, d.cycle));
    for (int i = 0; i < 12 && action != MLPIPE_ACTION_SWAPPED; i++)
        action = world_live(&d, i ? 500 : 0, -2.0);
    assert_int_equal(action, MLPIPE_ACTION_SWAPPED);
    assert_true(world_until(&d, 8, after) != MLPIPE_ACTION_NONE);
    log = world_log(&d);
    world_drop(&d);
    return log;
}

/* Keys of figures that decide nothing by themselves, with the reason. */
static const char *const free_keys[] = {
    "now_us",     /* a time between those of its neighbours */
    "deployment", /* of a line that speaks of what the host may swap */
    "labelled",   /* told beside a decision, and none is made from it */
    "removed",    /* rows that were not compared */
    "unlabelled", "unweighted", "differs",
    "silent_a",   /* within the 1 % that is allowed */
    "silent_b",   "served", "served_silent", "canary", "canary_silent",
    "rows", "se", /* the other of two tests decides: p is the same */
    "serial_se",  "least", /* still reached */
    "alpha",      /* the decision stays, and no other line has one */
    "margin",     "final_alpha", "errors_alpha", "over",
    "champion",   "challenger", /* names of models */
    "previous",
};

static bool is_free(const char *key, size_t n)
{
    for (size_t i = 0; i < sizeof free_keys / sizeof *free_keys; i++)
        if (strlen(free_keys[i]) == n && !memcmp(free_keys[i], key, n))
            return true;
    return false;
}

/* The key of the value at `at`. */
static const char *key_of(const char *log, const char *at, size_t *n)
{
    const char *end = at - 1, *from;

    while (end > log && *end != ':')
        end--;
    end--; /* the quote */
    for (from = end - 1; *from != '"'; from--)
        continue;
    *n = (size_t)(end - from - 1);
    return from + 1;
}

typedef struct tally {
    uint32_t found, free;
} tally;

/* Every number with each of its digits changed. */
static void change_numbers(mlpipe_ctx *c, const char *text, size_t bytes,
                           tally *t)
{
    char *bent = malloc(bytes + 1);

    assert_non_null(bent);
    for (size_t i = 1; i < bytes; i++) {
        const char *key;
        size_t n;
        if (text[i - 1] != ':' || !strchr("-0123456789", text[i]))
            continue;
        key = key_of(text, text + i, &n);
        for (size_t k = i; strchr("-.e0123456789", text[k]); k++) {
            /* digits behind the ninth of a number are rounding */
            if (text[k] < '0' || text[k] > '9' || k - i > 8)
                continue;
            memcpy(bent, text, bytes + 1);
            bent[k] = text[k] == '9' ? '8' : (char)(text[k] + 1);
            if (mlpipe_cycle_audit(c, bent, bytes, NULL)) {
                t->found++;
                continue;
            }
            t->free++;
            if (!is_free(key, n))
                fail_msg("%.*s: %.40s, digit %zu, was not found", (int)n, key,
                         text + i, k - i);
        }
    }
    free(bent);
}

/* Every text in its last letter, the keys too. */
static void change_words(mlpipe_ctx *c, const char *text, size_t bytes,
                         tally *t)
{
    char *bent = malloc(bytes + 1);

    assert_non_null(bent);
    for (size_t i = 2; i < bytes; i++) {
        const char *key;
        size_t n;
        if (text[i] != '"' || text[i - 1] == ':' || text[i - 1] == ',' ||
            text[i - 1] == '{')
            continue;
        memcpy(bent, text, bytes + 1);
        bent[i - 1] = text[i - 1] == 'x' ? 'y' : 'x';
        if (mlpipe_cycle_audit(c, bent, bytes, NULL)) {
            t->found++;
            continue;
        }
        t->free++;
        if (text[i + 1] == ':') { /* a key: what it held is missed or free */
            for (key = text + i; key[-1] != '"'; key--)
                continue;
            n = (size_t)(text + i - key);
        } else {
            key = key_of(text, text + i, &n);
        }
        if (!is_free(key, n))
            fail_msg("the word of %.*s at %.60s was not found", (int)n, key,
                     text + i - 20);
    }
    free(bent);
}

static void test_every_change(void **state)
{
    static const struct {
        const char *params;
        double after;
    } runs[] = {
        {BASE, -2.0},
        {BASE, 2.0},
        {BASE " canary=0.3 canary_rows=300 shadow=300", -2.0},
    };
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        mlpipe_buffer *log = log_of(runs[i].params, runs[i].after);
        tally numbers = {0, 0}, words = {0, 0};
        assert_ok(c, mlpipe_cycle_audit(c, mlpipe_buffer_data(log),
                                        mlpipe_buffer_size(log), NULL));
        change_numbers(c, mlpipe_buffer_data(log), mlpipe_buffer_size(log),
                       &numbers);
        change_words(c, mlpipe_buffer_data(log), mlpipe_buffer_size(log),
                     &words);
        print_message("numbers: %u found, %u decide nothing; words: %u, %u\n",
                      numbers.found, numbers.free, words.found, words.free);
        assert_true(numbers.found > numbers.free);
        mlpipe_buffer_free(log);
    }
    mlpipe_ctx_free(c);
    (void)state;
}

/* Lines that were taken out, doubled or put elsewhere. */
static void test_order(void **state)
{
    static const struct {
        const char *log, *says;
    } bad[] = {
        {"{\"now_us\":5,\"action\":\"superseded\"}\n"
         "{\"now_us\":4,\"action\":\"retrain_failed\"}\n",
         "line 2 of the log says now_us = 4, before"},
        {"{\"action\":\"retrain_failed\"}\n{\"action\":\"superseded\"}\n",
         "line 2 of the log says \"superseded\""},
        {"{\"action\":\"superseded\"}\n\n\n{\"action\":\"retrain_failed\"}\n",
         "line 2 of the log is blank, and line 4 is not"},
        {"{\"action\":\"retrain_failed\",\"deployment\":1}\n"
         "{\"action\":\"superseded\",\"deployment\":2}\n",
         "line 2"},
    };
    static const char good[] = "{\"action\":\"superseded\"}\n"
                               "{\"action\":\"retrain_failed\"}\n \r\n\n";
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_ok(c, mlpipe_cycle_audit(c, good, strlen(good), NULL));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        TOLD(c, mlpipe_cycle_audit(c, bad[i].log, strlen(bad[i].log), NULL));
        assert_non_null(strstr(mlpipe_ctx_error(c)->text, bad[i].says));
    }
    mlpipe_ctx_free(c);
    (void)state;
}

/* Each line of a real log left out, or told twice. */
static void test_lines(void **state)
{
    mlpipe_buffer *log = log_of(BASE, 2.0);
    const char *text = mlpipe_buffer_data(log);
    const size_t bytes = mlpipe_buffer_size(log);
    char *bent = malloc(2 * bytes);
    mlpipe_ctx *c;

    assert_non_null(bent);
    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    for (size_t at = 0; at < bytes;) {
        const size_t n = (size_t)(strchr(text + at, '\n') - (text + at)) + 1;
        memcpy(bent, text, at + n);
        memcpy(bent + at + n, text + at, bytes - at);
        if (!mlpipe_cycle_audit(c, bent, bytes + n, NULL))
            fail_msg("not found twice: %.60s", text + at);
        memcpy(bent + at, text + at + n, bytes - at - n);
        /* the first and last may be cut off, and a retrain be the host's */
        if (at && at + n < bytes && !strstr(text + at, "retrain\"") &&
            !mlpipe_cycle_audit(c, bent, bytes - n, NULL))
            fail_msg("not missed: %.60s", text + at);
        at += n;
    }
    free(bent);
    mlpipe_buffer_free(log);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
