/* SPDX-License-Identifier: MIT */
/*
 * Purge, gap and embargo against every pair of rows: runs of tested rows are
 * formed here, one by one, as the books have them.
 */
#include "split_rig.h"
#include "golden_text.h"

enum { CASES = 5000, LEAST = 4, MOST = 40 };

typedef struct purge_case {
    int64_t begin[MOST], end[MOST];
    int n, place[MOST], at[MOST]; /* position in the order, and back */
    bool spans, gap_time, embargo_time;
    int64_t gap, embargo;
} purge_case;

/* Rows by (begin, id): each against each. */
static void places(purge_case *p)
{
    for (int i = 0; i < p->n; i++) {
        p->place[i] = 0;
        for (int k = 0; k < p->n; k++)
            p->place[i] += p->begin[k] < p->begin[i] ||
                           (p->begin[k] == p->begin[i] && k < i);
    }
    for (int i = 0; i < p->n; i++)
        p->at[p->place[i]] = i;
}

static bool meets_run(const purge_case *p, int row, int first, int last)
{
    const int64_t begin = p->begin[row],
                  end = p->spans ? p->end[row] : p->begin[row];
    int64_t low = p->begin[p->at[first]], high = low;
    int after = p->spans ? first : last + 1;
    for (int k = first; k <= last; k++) {
        const int test = p->at[k];
        const int64_t e = p->spans ? p->end[test] : p->begin[test];
        if (e > high)
            high = e;
    }
    while (p->spans && after < p->n && p->begin[p->at[after]] <= high)
        after++;
    if (p->spans && begin <= high && end >= low)
        return true;
    if (p->gap && p->gap_time && low - end < p->gap && begin - high < p->gap)
        return true;
    if (p->gap && !p->gap_time &&
        ((p->place[row] < first && first - p->place[row] <= p->gap) ||
         (p->place[row] >= after && p->place[row] < after + p->gap)))
        return true;
    /* a row that begins with the last of the run is within the embargo */
    if (p->embargo && p->embargo_time && p->place[row] > last &&
        begin - high <= p->embargo)
        return true;
    if (p->embargo && p->embargo_time && !p->spans && begin >= low &&
        begin <= high + p->embargo)
        return true;
    return p->embargo && !p->embargo_time && p->place[row] >= after &&
           p->place[row] < after + p->embargo;
}

/* mark: 2 tested, 1 else; clears what must not train; true: some may. */
static bool purge_each(const purge_case *p, uint8_t *mark)
{
    uint8_t keep[MOST];
    bool some = false;
    for (int i = 0; i < p->n; i++) {
        keep[i] = mark[i];
        for (int a = 0; mark[i] == 1 && a < p->n; a++) {
            int b = a;
            if (mark[p->at[a]] != 2 || (a && mark[p->at[a - 1]] == 2))
                continue;
            while (b + 1 < p->n && mark[p->at[b + 1]] == 2)
                b++;
            if (meets_run(p, i, a, b))
                keep[i] = 0;
        }
        some = some || keep[i] == 1;
    }
    for (int i = 0; i < p->n; i++)
        mark[i] = keep[i];
    return some;
}

static void draw(purge_case *p, uint32_t number)
{
    const int64_t wide = 1 + rig_whole(number, 0, 0, 200);
    const int64_t longest = 1 + rig_whole(number, 1, 0, 1 + wide / 3);
    p->n = LEAST + (int)rig_whole(number, 2, 0, MOST - LEAST + 1);
    for (int i = 0; i < p->n; i++) {
        p->begin[i] = rig_whole(number, 3, i, wide);
        p->end[i] = p->begin[i] + rig_whole(number, 4, i, longest);
    }
    p->spans = rig_whole(number, 5, 0, 4) != 0;
    p->gap_time = rig_whole(number, 6, 0, 2);
    p->embargo_time = rig_whole(number, 7, 0, 2);
    p->gap = rig_whole(number, 8, 0, 3) ? 0 : rig_whole(number, 9, 0, 8);
    p->embargo = rig_whole(number, 10, 0, 2) ? 0 : rig_whole(number, 11, 0, 8);
    places(p);
}

static void against_pairs(void **state)
{
    mlpipe_ctx *c;
    purge_case p;
    uint8_t plain[RIG_MAX], got[RIG_MAX];
    long rows = 0, dropped = 0, empty = 0, compared = 0;
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (uint32_t number = 0; number < CASES; number++) {
        const char *kind = number % 3 ? "contiguous" : "random";
        const int folds = 2 + (int)rig_whole(number, 12, 0, 3);
        char base[120], full[240];
        rig_column columns[] = {{"t", p.begin, MLPIPE_UNIT_MS},
                                {"end", p.end, MLPIPE_UNIT_MS}};
        mlpipe_dataset *d, *mixed;
        draw(&p, number);
        d = rig_dataset(c, columns, 2, p.n);
        mixed = rig_shuffled(c, d, number);
        rows += p.n;
        snprintf(base, sizeof base, "kind=%s order=t folds=%d gap=0", kind,
                 folds);
        snprintf(full, sizeof full,
                 "kind=%s order=t folds=%d gap=%d%s embargo=%d%s %s", kind,
                 folds, (int)p.gap, p.gap_time ? "ms" : "", (int)p.embargo,
                 p.embargo_time ? "ms" : "", p.spans ? "label_end=end" : "");
        for (int k = 0; k < folds; k++) {
            if (!rig_fold(c, d, base, (uint32_t)k, plain)) {
                assert_false(rig_fold(c, mixed, full, (uint32_t)k, got));
                continue;
            }
            for (int i = 0; i < p.n; i++)
                dropped += plain[i] == 1;
            if (!purge_each(&p, plain)) {
                assert_false(rig_fold(c, mixed, full, (uint32_t)k, got));
                empty++;
                continue;
            }
            assert_true(rig_fold(c, mixed, full, (uint32_t)k, got));
            if (memcmp(plain, got, (size_t)p.n))
                fail_msg("case %u, fold %d: %s", number, k, full);
            for (int i = 0; i < p.n; i++)
                dropped -= plain[i] == 1;
            compared++;
        }
        mlpipe_dataset_free(mixed);
        mlpipe_dataset_free(d);
    }
    print_message("# %ld spans, %ld folds equal, %ld without training rows, "
                  "%ld rows dropped\n",
                  rows, compared, empty, dropped);
    assert_true(rows > 100000 && compared > 5000 && dropped > 20000);
    mlpipe_ctx_free(c);
}

/* In a split, earlier parts give way; a gap lies between each two. */
static void parts(void **state)
{
    int64_t t[100], end[100];
    const rig_column columns[] = {{"t", t, MLPIPE_UNIT_S},
                                  {"end", end, MLPIPE_UNIT_MS}};
    static const struct {
        const char *params;
        int64_t rows[3];
    } cases[] = {
        {"order=t parts=0.5,0.3,0.2 gap=4", {46, 26, 20}},
        {"order=t parts=0.5,0.3,0.2 gap=20s", {49, 29, 20}},
        {"order=t parts=0.5,0.3,0.2 gap=21s", {48, 28, 20}},
        {"order=t parts=0.5,0.3,0.2 gap=0", {50, 30, 20}},
        /* the span of a row reaches the third after it */
        {"order=t parts=0.5,0.3,0.2 label_end=end", {47, 27, 20}},
        {"order=t at=500,800 label_end=end gap=25s", {45, 25, 20}},
    };
    mlpipe_ctx *c;
    mlpipe_dataset *d, *part[3];
    (void)state;
    assert_int_equal(0, mlpipe_ctx_new(NULL, &c));
    for (int i = 0; i < 100; i++) {
        t[i] = 10 * i;
        end[i] = 10000 * i + 30000; /* in ms */
    }
    d = rig_dataset(c, columns, 2, 100);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(c, mlpipe_dataset_split(c, d, cases[i].params, part, 3));
        for (int k = 0; k < 3; k++) {
            if (mlpipe_dataset_rows(part[k]) != cases[i].rows[k])
                fail_msg("%s: part %d has %d rows", cases[i].params, k,
                         (int)mlpipe_dataset_rows(part[k]));
            mlpipe_dataset_free(part[k]);
        }
    }
    assert_told(c, MLPIPE_E_EMPTY,
                mlpipe_dataset_split(c, d, "order=t at=10,20 gap=5", part,
                                     3));
    assert_non_null(strstr(mlpipe_ctx_error(c)->text, "lie in the gap"));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_dataset_split(c, d, "parts=0.5,0.5 gap=3", part, 2));
    assert_told(c, MLPIPE_E_PARAM,
                mlpipe_dataset_split(
                    c, d, "parts=0.5,0.5 order=t stratify=t", part, 2));
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_pairs),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
