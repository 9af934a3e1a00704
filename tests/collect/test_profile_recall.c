/* SPDX-License-Identifier: MIT */
/* Defects of a known list: how many of them the findings of a profile name. */
#include "report_table.h"

#include <mlpipe/profile.h>
#include <mlpipe/synth.h>

enum { SEEDS = 40, KINDS_MAX = 32 };
#define LEAST 0.95 /* share of the defects of each kind */

/* Tables that differ in what they hold and in how many rows. */
static const struct {
    const char *kind, *params, *target, *defects;
} tables[] = {
    {"mixed", "rows=1500", "churn", "all"},
    {"mixed", "rows=4000", "plan", "all"},
    {"mixed", "rows=800", "spend", "all"},
    /* under all, other defects take the two columns of times */
    {"mixed", "rows=1200", "churn", "future_dates,imbalance,leak,"
                                    "label_conflicts,numbers_as_text"},
    {"classification", "rows=2000", "class", "all"},
    {"regression", "rows=1000", "y", "all"},
    {"friedman1", "rows=3000", "y", "all"},
    {"agrawal", "rows=2500 concepts=6", "class", "all"},
};

/* What is so in the clean tables, and no mistake of the profile's: one column
 * names the rows, and one of numbers is a code. */
static const struct {
    const char *finding, *column;
} true_of_clean[] = {
    {"id_like", "customer_id"},
    {"code_like", "zipcode"},
};

static struct {
    char name[32];
    uint32_t put, found;
} kinds[KINDS_MAX];
static uint32_t kind_count;
static mlpipe_ctx *c;

static int open_ctx(void **state)
{
    (void)state;
    return mlpipe_ctx_new(NULL, &c);
}

static int close_ctx(void **state)
{
    (void)state;
    mlpipe_ctx_free(c);
    return 0;
}

static const mlpipe__report_cell *findings(const mlpipe_report *r,
                                           uint32_t *rows)
{
    return table_cells(r, "findings",
                       "column,finding,severity,count,share,example,advice",
                       rows);
}

static bool names(const mlpipe_report *profile, const char *what,
                  const char *column)
{
    uint32_t n;
    const mlpipe__report_cell *f = findings(profile, &n);

    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(table_text(profile, &f[7 * i]), column)
            && !strcmp(table_text(profile, &f[7 * i + 1]), what))
            return true;
    return false;
}

static uint32_t kind_of(const char *name)
{
    uint32_t i = 0;

    while (i < kind_count && strcmp(kinds[i].name, name))
        i++;
    if (i == kind_count) {
        assert_true(kind_count < KINDS_MAX);
        snprintf(kinds[kind_count++].name, sizeof kinds[i].name, "%s", name);
    }
    return i;
}

/* Counts each defect once, of however many cells of its column it is. */
static void count(const mlpipe_report *key, const mlpipe_report *profile,
                  const char *where)
{
    uint32_t n;
    const mlpipe__report_cell *k =
        table_cells(key, "defects", "defect,column,row,old,new", &n);

    for (uint32_t i = 0; i < n; i++) {
        const char *what = table_text(key, &k[5 * i]);
        const char *column = table_text(key, &k[5 * i + 1]);
        uint32_t before = 0;
        while (k[5 * before].text != k[5 * i].text
               || k[5 * before + 1].text != k[5 * i + 1].text)
            before++;
        if (before < i)
            continue;
        const uint32_t at = kind_of(what);
        const bool found = names(profile, what, column);
        kinds[at].put++;
        kinds[at].found += found;
        if (!found)
            print_message("%s: no %s of \"%s\"\n", where, what, column);
    }
}

static bool is_true_of_clean(const char *finding, const char *column)
{
    for (size_t i = 0; i < sizeof true_of_clean / sizeof *true_of_clean; i++)
        if (!strcmp(finding, true_of_clean[i].finding)
            && !strcmp(column, true_of_clean[i].column))
            return true;
    return false;
}

/* A clean table has nothing above info. */
static uint32_t false_alarms(const mlpipe_dataset *d, const char *params,
                             const char *where)
{
    mlpipe_report *profile = NULL;
    uint32_t n, alarms = 0;

    assert_ok(c, mlpipe_dataset_profile(c, d, params, &profile));
    const mlpipe__report_cell *f = findings(profile, &n);
    for (uint32_t i = 0; i < n; i++, f += 7) {
        if (!strcmp(table_text(profile, &f[2]), "info")
            || is_true_of_clean(table_text(profile, &f[1]),
                                table_text(profile, &f[0])))
            continue;
        print_message("%s: clean, but %s of \"%s\": %s\n", where,
                      table_text(profile, &f[1]), table_text(profile, &f[0]),
                      table_text(profile, &f[5]));
        alarms++;
    }
    mlpipe_report_free(profile);
    return alarms;
}

static uint32_t one(uint32_t table, uint32_t seed)
{
    mlpipe_dataset *clean = NULL, *dirty = NULL;
    mlpipe_report *key = NULL, *profile = NULL;
    char params[192], target[32], where[96];

    snprintf(where, sizeof where, "%s seed=%u target=%s", tables[table].kind,
             seed, tables[table].target);
    snprintf(params, sizeof params, "%s seed=%u", tables[table].params, seed);
    snprintf(target, sizeof target, "target=%s", tables[table].target);
    assert_ok(c, mlpipe_synth(c, tables[table].kind, params, &clean));
    const uint32_t alarms = false_alarms(clean, target, where);
    snprintf(params, sizeof params, "%s defects=%s seed=%u", target,
             tables[table].defects, seed + 1000);
    assert_ok(c, mlpipe_synth_dirty(c, clean, params, &dirty, &key));
    assert_ok(c, mlpipe_dataset_profile(c, dirty, target, &profile));
    count(key, profile, where);
    mlpipe_report_free(profile);
    mlpipe_report_free(key);
    mlpipe_dataset_free(dirty);
    mlpipe_dataset_free(clean);
    return alarms;
}

static void findings_name_the_defects(void **state)
{
    uint32_t short_of = 0, alarms = 0;
    (void)state;

    for (uint32_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (uint32_t seed = 1; seed <= SEEDS; seed++)
            alarms += one(i, seed);
    for (uint32_t i = 0; i < kind_count; i++) {
        const double share = (double)kinds[i].found / kinds[i].put;
        print_message("%-18s %4u of %4u = %.3f\n", kinds[i].name,
                      kinds[i].found, kinds[i].put, share);
        assert_true(kinds[i].put >= 30);
        short_of += share < LEAST;
    }
    assert_int_equal(22, kind_count);
    assert_int_equal(0, short_of);
    assert_int_equal(0, alarms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_name_the_defects),
    };
    return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
