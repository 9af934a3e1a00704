/* SPDX-License-Identifier: MIT */
/*
 * Customers: a column of each type, with what real ones have (mass at zero,
 * long tails, whole numbers, cents, days, levels that follow from others), and
 * two targets whose law is known.
 */
#include "synth_internal.h"

enum { MIXED_ID, MIXED_NAME, MIXED_EMAIL, MIXED_REGION, MIXED_CITY,
       MIXED_PLAN, MIXED_JOINED, MIXED_SEEN, MIXED_AGE, MIXED_INCOME,
       MIXED_VISITS, MIXED_DISCOUNT, MIXED_ACTIVE, MIXED_SPEND, MIXED_CHURN,
       MIXED_COLUMNS };

/* 2018-01-01, and how many days people join and are seen in. */
#define MIXED_FIRST_DAY INT64_C(1514764800)
enum { MIXED_DAY = 86400, MIXED_JOIN_DAYS = 2000, MIXED_DAYS = 2500,
       MIXED_NAMES = 32 };

/* In the order of their bytes, as codes are. */
static const char *const mixed_regions[] = {"east", "north", "south", "west"};
static const char *const mixed_cities[] = {
    "Ashford", "Bexley", "Corby", "Dunmore", "Elgin", "Forres", "Galway",
    "Harlow", "Ilford", "Kelso", "Luton", "Margate"};
static const char *const mixed_plans[] = {"basic", "plus", "premium"};

static const char *const mixed_first[MIXED_NAMES] = {
    "Ada", "Boris", "Clara", "Daniel", "Emil", "Frida", "Georg", "Hanna",
    "Ivan", "Jana", "Karl", "Lena", "Marta", "Nils", "Olga", "Paul",
    "Quentin", "Rosa", "Stefan", "Tanja", "Ulrich", "Vera", "Walter", "Xenia",
    "Yann", "Zora", "Agnes", "Bruno", "Celia", "Dora", "Erik", "Fiona"};
static const char *const mixed_last[MIXED_NAMES] = {
    "Abbott", "Barnes", "Carver", "Dalton", "Ellis", "Farrow", "Grant",
    "Hughes", "Ingram", "Jarvis", "Keller", "Lambert", "Mercer", "Norton",
    "Osborne", "Porter", "Quinn", "Reeves", "Sutton", "Turner", "Underwood",
    "Vaughn", "Walsh", "Xander", "Yates", "Zimmer", "Archer", "Bishop",
    "Cooper", "Draper", "Eaton", "Fisher"};

static mlpipe__dictionary *mixed_dictionary(mlpipe__env *env,
                                            const char *const *texts,
                                            uint32_t n)
{
    mlpipe__dictionary *d = mlpipe__dictionary_new(env);

    for (uint32_t i = 0; d && i < n; i++)
        if (mlpipe__dict_add(&d->dict, texts[i], strlen(texts[i]))
            == UINT32_MAX) {
            mlpipe__dictionary_drop(d);
            return NULL;
        }
    return d;
}

mlpipe_status mlpipe__synth_mixed_columns(mlpipe_ctx *ctx,
                                          mlpipe__synth_spec *s)
{
    static const mlpipe__synth_column column[MIXED_COLUMNS] = {
        {"customer_id", MLPIPE_TYPE_I64, 0, NULL, 100001, 1},
        {"name", MLPIPE_TYPE_TEXT, 0, NULL, 0, 1},
        {"email", MLPIPE_TYPE_TEXT, 0, NULL, 0, 1},
        {"region", MLPIPE_TYPE_CATEGORY, 0, NULL, 0, 1},
        {"city", MLPIPE_TYPE_CATEGORY, 0, NULL, 0, 1},
        {"plan", MLPIPE_TYPE_CATEGORY, 0, NULL, 0, 1},
        {"joined", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_S, NULL,
         MIXED_FIRST_DAY, MIXED_DAY},
        {"last_seen", MLPIPE_TYPE_TIMESTAMP, MLPIPE_UNIT_S, NULL,
         MIXED_FIRST_DAY, 1},
        {"age", MLPIPE_TYPE_I64, 0, NULL, 0, 1},
        {"income", MLPIPE_TYPE_F64, 0, NULL, 0, 1},
        {"visits", MLPIPE_TYPE_I64, 0, NULL, 0, 1},
        {"discount", MLPIPE_TYPE_F64, 0, NULL, 0, 1},
        {"active", MLPIPE_TYPE_BOOL, 0, NULL, 0, 1},
        {"spend", MLPIPE_TYPE_F64, 0, NULL, 0, 1},
        {"churn", MLPIPE_TYPE_BOOL, 0, NULL, 0, 1},
    };
    const uint32_t lead = s->order ? 1 : 0;

    s->columns = MIXED_COLUMNS + lead;
    s->column = mlpipe__alloc_array(s->env, s->columns, sizeof *s->column);
    s->dictionary[0] = mixed_dictionary(s->env, mixed_regions, 4);
    s->dictionary[1] = mixed_dictionary(s->env, mixed_cities, 12);
    s->dictionary[2] = mixed_dictionary(s->env, mixed_plans, 3);
    if (!s->column || !s->dictionary[0] || !s->dictionary[1]
        || !s->dictionary[2])
        return mlpipe__nomem(ctx);
    memcpy(s->column + lead, column, sizeof column);
    s->column[lead + MIXED_REGION].dictionary = s->dictionary[0];
    s->column[lead + MIXED_CITY].dictionary = s->dictionary[1];
    s->column[lead + MIXED_PLAN].dictionary = s->dictionary[2];
    return MLPIPE_OK;
}

/* The value of both texts is the row. */
size_t mlpipe__synth_mixed_text(const void *spec, uint32_t column,
                                double value, char out[MLPIPE__SYNTH_TEXT])
{
    const mlpipe__synth_spec *s = spec;
    const uint64_t row = (uint64_t)value;
    const char *first = mixed_first[(uint32_t)(
        mlpipe__synth_unit(s, row, 0) * MIXED_NAMES)];
    const char *last = mixed_last[(uint32_t)(
        mlpipe__synth_unit(s, row, 1) * MIXED_NAMES)];

    if (column - (s->order ? 1 : 0) == MIXED_NAME)
        return mlpipe__format(out, MLPIPE__SYNTH_TEXT, "%s %s", first, last);
    return mlpipe__format(out, MLPIPE__SYNTH_TEXT, "%s.%s.%llu@example.org",
                          first, last, (unsigned long long)(row + 1));
}

/* Which of n cells u falls into, by the upper ends of all but the last. */
static uint32_t mixed_cell(double u, const double *ends, uint32_t n)
{
    uint32_t i = 0;

    while (i + 1 < n && u >= ends[i])
        i++;
    return i;
}

static double mixed_cents(double x)
{
    return mlpipe__round_digits(x, 2);
}

static void mixed_person(const mlpipe__synth_spec *s, uint64_t row, double *x)
{
    static const double regions[] = {0.2, 0.6, 0.9}, cities[] = {0.5, 0.8};
    static const double plans[] = {0.2, 1.2};
    const double age = mlpipe__floor(45.5 + 15.0 * mlpipe__synth_normal(
        s, row, 2));

    x[MIXED_ID] = x[MIXED_NAME] = x[MIXED_EMAIL] = (double)row;
    x[MIXED_REGION] = mixed_cell(mlpipe__synth_unit(s, row, 3), regions, 4);
    x[MIXED_CITY] = 3.0 * x[MIXED_REGION]
        + mixed_cell(mlpipe__synth_unit(s, row, 4), cities, 3);
    x[MIXED_AGE] = age < 18.0 ? 18.0 : age > 90.0 ? 90.0 : age;
    const double rich = 0.01 * (x[MIXED_AGE] - 45.0)
        + 0.2 * (x[MIXED_REGION] == 1.0)
        + 0.4 * mlpipe__synth_normal(s, row, 5);
    x[MIXED_INCOME] = mixed_cents(36000.0 * mlpipe__exp(rich));
    x[MIXED_PLAN] = mixed_cell(2.0 * rich
                               + mlpipe__synth_normal(s, row, 6), plans, 3);
}

static void mixed_account(const mlpipe__synth_spec *s, uint64_t row,
                          double *x)
{
    const double mean = 3.0 + 3.0 * x[MIXED_PLAN];
    const double saved = mlpipe__synth_unit(s, row, 10);

    x[MIXED_JOINED] = mlpipe__floor(mlpipe__synth_unit(s, row, 7)
                                    * MIXED_JOIN_DAYS);
    x[MIXED_SEEN] = mlpipe__floor(
        (x[MIXED_JOINED] + (MIXED_DAYS - x[MIXED_JOINED])
         * mlpipe__synth_unit(s, row, 8)) * MIXED_DAY);
    /* geometric: the chance of k falls by mean / (1 + mean) */
    x[MIXED_VISITS] = mlpipe__floor(mlpipe__log(mlpipe__synth_unit(s, row, 9))
                                    / mlpipe__log(mean / (1.0 + mean)));
    x[MIXED_DISCOUNT] = saved < 0.6 ? 0.0
        : mixed_cents(0.05 + 0.4 * (saved - 0.6) / 0.4);
    x[MIXED_ACTIVE] = mlpipe__synth_unit(s, row, 11) < 0.8;
}

static void mixed_targets(const mlpipe__synth_spec *s, uint64_t row,
                          double *x)
{
    const double logit = -0.5 - 1.2 * x[MIXED_ACTIVE]
        + 0.9 * (x[MIXED_PLAN] == 0.0) - 0.03 * (x[MIXED_AGE] - 45.0)
        - 0.1 * x[MIXED_VISITS];

    x[MIXED_SPEND] = mixed_cents(
        20.0 + 0.002 * x[MIXED_INCOME] + 5.0 * x[MIXED_VISITS]
        + 30.0 * x[MIXED_PLAN] - 80.0 * x[MIXED_DISCOUNT]
        + 10.0 * s->noise * mlpipe__synth_normal(s, row,
                                                 MLPIPE__SYNTH_NOISE));
    x[MIXED_CHURN] = mlpipe__synth_unit(s, row, 12) < mlpipe__sigmoid(logit);
}

static void mixed_row(const mlpipe__synth_spec *s, uint64_t row, double *x)
{
    static const uint32_t holes[] = {MIXED_CITY, MIXED_SEEN, MIXED_AGE,
                                     MIXED_INCOME};

    mixed_person(s, row, x);
    mixed_account(s, row, x);
    mixed_targets(s, row, x);
    for (uint32_t i = 0; s->nulls > 0.0 && i < 4; i++)
        if (mlpipe__synth_unit(s, row, 20 + i) < s->nulls)
            x[holes[i]] = mlpipe__nan();
}

static mlpipe_status mixed_set_up(mlpipe_ctx *ctx, mlpipe__synth_spec *s)
{
    (void)ctx;
    (void)s;
    return MLPIPE_OK;
}

static void mixed_truth(const mlpipe__synth_spec *s, mlpipe_report *r)
{
    static const struct {
        const char *target, *term;
        double value;
    } law[] = {
        {"spend", "1", 20.0}, {"spend", "income", 0.002},
        {"spend", "visits", 5.0}, {"spend", "plan = plus", 30.0},
        {"spend", "plan = premium", 60.0}, {"spend", "discount", -80.0},
        {"logit(churn)", "1", -0.5}, {"logit(churn)", "active", -1.2},
        {"logit(churn)", "plan = basic", 0.9},
        {"logit(churn)", "age - 45", -0.03},
        {"logit(churn)", "visits", -0.1},
    };

    mlpipe__report_number(r, "spend_sd", 10.0 * s->noise);
    mlpipe__report_table(r, "truth", "target,term,coefficient");
    for (size_t i = 0; i < sizeof law / sizeof law[0]; i++) {
        mlpipe__report_cell_text(r, law[i].target, strlen(law[i].target));
        mlpipe__report_cell_text(r, law[i].term, strlen(law[i].term));
        mlpipe__report_cell_number(r, law[i].value);
    }
}

const mlpipe__synth_kind mlpipe__synth_mixed = {
    .name = "mixed",
    .takes = "noise,nulls",
    .noise = 1.0,
    .features = MIXED_COLUMNS,
    .set_up = mixed_set_up,
    .row = mixed_row,
    .truth = mixed_truth,
};
