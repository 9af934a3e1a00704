/* SPDX-License-Identifier: MIT */
/*
 * Defects in cells of one column: which columns can have them, and what they
 * make of a value. The names are those of the findings of a profile.
 */
#include "synth_internal.h"

/* 2090-01-01 in seconds: in the future for as long as this is used. */
#define DIRTY_FUTURE INT64_C(3786912000)
enum { DIRTY_TEN_YEARS = 315360000, DIRTY_DAY = 86400,
       DIRTY_OUTLIER = 10, DIRTY_UNIT = 1000 };

/* ---- which columns ------------------------------------------------------ */

static bool dirty_number(const mlpipe__dirty *j, uint32_t column)
{
    const int32_t type = j->d->columns[column]->type;

    return (type == MLPIPE_TYPE_F64 || type == MLPIPE_TYPE_I64)
        && j->facts[column].count > 0;
}

static bool dirty_real(const mlpipe__dirty *j, uint32_t column)
{
    return j->d->columns[column]->type == MLPIPE_TYPE_F64;
}

/* Room for outliers and other units within 2^53. */
static bool dirty_moderate(const mlpipe__dirty *j, uint32_t column)
{
    const mlpipe__dirty_facts *f = &j->facts[column];

    return dirty_number(j, column) && f->high < 0x1p40 && f->low > -0x1p40
        && f->high > f->low;
}

/* Values so near to each other that a thousandfold of them is apart. */
static bool dirty_measured(const mlpipe__dirty *j, uint32_t column)
{
    const mlpipe__dirty_facts *f = &j->facts[column];

    return dirty_moderate(j, column) && f->low > 0.0
        && f->high / f->low < DIRTY_UNIT / 2;
}

static bool dirty_category(const mlpipe__dirty *j, uint32_t column)
{
    const mlpipe__column *c = j->d->columns[column];

    return c->type == MLPIPE_TYPE_CATEGORY && c->dictionary->dict.count > 0;
}

static bool dirty_texts(const mlpipe__dirty *j, uint32_t column)
{
    return j->d->columns[column]->type == MLPIPE_TYPE_TEXT
        || dirty_category(j, column);
}

static bool dirty_times(const mlpipe__dirty *j, uint32_t column)
{
    return j->d->columns[column]->type == MLPIPE_TYPE_TIMESTAMP;
}

static bool dirty_any(const mlpipe__dirty *j, uint32_t column)
{
    (void)j;
    (void)column;
    return true;
}

/* ---- which cells -------------------------------------------------------- */

static bool dirty_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool dirty_has_letters(const mlpipe__dirty *j, uint32_t column,
                              const mlpipe__dirty_cell *c)
{
    (void)j;
    (void)column;
    for (size_t i = 0; i < c->bytes; i++)
        if (dirty_letter(c->text[i]))
            return true;
    return false;
}

/* Letters alone: a changed one is then another word and no other date. */
static bool dirty_is_word(const mlpipe__dirty *j, uint32_t column,
                          const mlpipe__dirty_cell *c)
{
    (void)j;
    (void)column;
    for (size_t i = 0; i < c->bytes; i++)
        if (!dirty_letter(c->text[i]))
            return false;
    return c->bytes >= 4;
}

/* ---- what becomes of them ----------------------------------------------- */

static void dirty_set(mlpipe__dirty_cell *c, double x)
{
    if (c->whole)
        c->integer = (int64_t)mlpipe__round_even(x);
    c->number = c->whole ? (double)c->integer : x;
}

static void dirty_missing(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                          bool chosen, mlpipe__dirty_cell *c)
{
    (void)j;
    (void)column;
    (void)draw;
    c->null = c->null || chosen;
}

/* The first of -999, 9999, -99999 ... that no value comes near to. */
static void dirty_sentinel(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                           bool chosen, mlpipe__dirty_cell *c)
{
    const mlpipe__dirty_facts *f = &j->facts[column];
    double x = -999.0;

    (void)draw;
    while (x > f->low - f->spread && x < f->high + f->spread)
        x = -(x < 0.0 ? x * 10.0 - 9.0 : x * 10.0 + 9.0);
    if (chosen)
        dirty_set(c, x);
}

static void dirty_outlier(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                          bool chosen, mlpipe__dirty_cell *c)
{
    const mlpipe__dirty_facts *f = &j->facts[column];
    const double u = (double)(draw >> 11) * 0x1p-53;

    if (chosen)
        dirty_set(c, f->high + (DIRTY_OUTLIER * (1.0 + u)) * f->spread);
}

static void dirty_unit(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                       bool chosen, mlpipe__dirty_cell *c)
{
    (void)j;
    (void)column;
    (void)draw;
    if (chosen)
        dirty_set(c, c->number * DIRTY_UNIT);
}

static void dirty_infinite(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                           bool chosen, mlpipe__dirty_cell *c)
{
    (void)j;
    (void)column;
    if (chosen)
        c->number = draw & 1 ? mlpipe__inf() : -mlpipe__inf();
}

/* What stands in j->text becomes the cell's. */
static void dirty_take_text(mlpipe__dirty *j, mlpipe__dirty_cell *c)
{
    c->text = j->text.data ? j->text.data : "";
    c->bytes = j->text.size;
}

static void dirty_case(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                       bool chosen, mlpipe__dirty_cell *c)
{
    bool lower = false;

    (void)column;
    (void)draw;
    if (!chosen)
        return;
    for (size_t i = 0; i < c->bytes; i++)
        lower = lower || (c->text[i] >= 'a' && c->text[i] <= 'z');
    j->text.size = 0;
    for (size_t i = 0; i < c->bytes; i++) {
        const char b = c->text[i];
        const char turned = !dirty_letter(b) ? b
            : lower ? (char)(b & ~0x20) : (char)(b | 0x20);
        mlpipe__text_put(&j->text, &turned, 1);
    }
    dirty_take_text(j, c);
}

/* One letter is left out, doubled, or another: not the first, and no word that
 * the column has already. */
static void dirty_typo(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                       bool chosen, mlpipe__dirty_cell *c)
{
    const mlpipe__dict *known = &j->d->columns[column]->dictionary->dict;

    for (uint32_t turn = 0; chosen && turn < 32; turn++) {
        draw = draw * UINT64_C(6364136223846793005)
            + UINT64_C(1442695040888963407);
        const size_t at = 1 + (draw >> 8) % (c->bytes - 1);
        const char other = (char)('a' + (draw >> 32) % 26);
        j->text.size = 0;
        mlpipe__text_put(&j->text, c->text, at);
        if ((draw >> 20) % 3 == 1)
            mlpipe__text_put(&j->text, c->text + at, 1);
        if ((draw >> 20) % 3 == 2)
            mlpipe__text_put(&j->text, &other, 1);
        else if ((draw >> 20) % 3 == 1)
            mlpipe__text_put(&j->text, c->text + at, 1);
        mlpipe__text_put(&j->text, c->text + at + 1, c->bytes - at - 1);
        if (j->text.failed || mlpipe__dict_find(known, j->text.data,
                                                j->text.size) == UINT32_MAX) {
            dirty_take_text(j, c);
            return;
        }
    }
}

static void dirty_blank(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                        bool chosen, mlpipe__dirty_cell *c)
{
    (void)column;
    if (!chosen)
        return;
    j->text.size = 0;
    if (draw % 3 != 0)
        mlpipe__text_put(&j->text, " ", 1);
    mlpipe__text_put(&j->text, c->text, c->bytes);
    if (draw % 3 != 1)
        mlpipe__text_put(&j->text, "  ", 2);
    dirty_take_text(j, c);
}

static void dirty_placeholder(mlpipe__dirty *j, uint32_t column,
                              uint64_t draw, bool chosen,
                              mlpipe__dirty_cell *c)
{
    static const char *const words[] = {"n/a", "unknown", "-", "none"};

    (void)j;
    (void)column;
    if (!chosen)
        return;
    c->text = words[draw % 4];
    c->bytes = strlen(c->text);
}

static void dirty_number_text(mlpipe__dirty *j, uint32_t column,
                              uint64_t draw, bool chosen,
                              mlpipe__dirty_cell *c)
{
    (void)column;
    (void)draw;
    (void)chosen;
    if (c->null)
        return;
    j->text.size = 0;
    if (c->whole)
        mlpipe__text_add(&j->text, "%lld", (long long)c->integer);
    else
        mlpipe__text_add(&j->text, "%g", c->number);
    dirty_take_text(j, c);
}

static int64_t dirty_per_second(int32_t unit)
{
    return unit == MLPIPE_UNIT_NS ? 1000000000 : unit == MLPIPE_UNIT_US
        ? 1000000 : unit == MLPIPE_UNIT_MS ? 1000 : 1;
}

static void dirty_two_digits(mlpipe__text *t, int32_t x)
{
    mlpipe__text_add(t, "%s%d", x < 10 ? "0" : "", x);
}

/* order 0: 2015-02-28; 1: 28/02/2015; 2: 02/28/2015. */
static void dirty_date_text(mlpipe__dirty *j, uint32_t column, int order,
                            mlpipe__dirty_cell *c)
{
    const int64_t day = DIRTY_DAY
        * dirty_per_second(j->d->columns[column]->unit);
    const int64_t days = c->integer / day - (c->integer % day < 0);
    int32_t y, m, d;

    if (c->null)
        return;
    mlpipe__civil_from_days(days, &y, &m, &d);
    j->text.size = 0;
    if (!order)
        mlpipe__text_add(&j->text, "%d-", y);
    dirty_two_digits(&j->text, order == 1 ? d : m);
    mlpipe__text_put(&j->text, order ? "/" : "-", 1);
    dirty_two_digits(&j->text, order == 1 ? m : d);
    if (order)
        mlpipe__text_add(&j->text, "/%d", y);
    dirty_take_text(j, c);
}

static void dirty_date(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                       bool chosen, mlpipe__dirty_cell *c)
{
    (void)draw;
    (void)chosen;
    dirty_date_text(j, column, 0, c);
}

static void dirty_date_order(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                             bool chosen, mlpipe__dirty_cell *c)
{
    (void)draw;
    dirty_date_text(j, column, chosen ? 2 : 1, c);
}

static void dirty_future(mlpipe__dirty *j, uint32_t column, uint64_t draw,
                         bool chosen, mlpipe__dirty_cell *c)
{
    if (!chosen)
        return;
    c->integer = (DIRTY_FUTURE + (int64_t)(draw % DIRTY_TEN_YEARS))
        * dirty_per_second(j->d->columns[column]->unit);
    c->number = (double)c->integer;
}

/* Those that few columns can have come first, so that something is left. */
const mlpipe__dirty_defect mlpipe__dirty_defects[] = {
    {"infinite", MLPIPE__DIRTY_CELLS, dirty_real, NULL, dirty_infinite, 0,
     "a column of real numbers"},
    {"units", MLPIPE__DIRTY_CELLS, dirty_measured, NULL, dirty_unit, 0,
     "a column of numbers above 0 whose largest is below 500 times the "
     "smallest"},
    {"outliers", MLPIPE__DIRTY_CELLS, dirty_moderate, NULL, dirty_outlier, 0,
     "a column of different numbers below 2^40"},
    {"sentinel", MLPIPE__DIRTY_CELLS, dirty_moderate, NULL, dirty_sentinel, 0,
     "a column of different numbers below 2^40"},
    {"numbers_as_text", MLPIPE__DIRTY_COLUMN, dirty_number, NULL,
     dirty_number_text, MLPIPE_TYPE_TEXT, "a column of numbers"},
    {"typos", MLPIPE__DIRTY_CELLS, dirty_category, dirty_is_word, dirty_typo,
     MLPIPE_TYPE_CATEGORY, "a category whose texts are words of four letters "
     "or more"},
    {"case_variants", MLPIPE__DIRTY_CELLS, dirty_category, dirty_has_letters,
     dirty_case, MLPIPE_TYPE_CATEGORY, "a category of texts with letters"},
    {"whitespace", MLPIPE__DIRTY_CELLS, dirty_texts, NULL, dirty_blank, 0,
     "a column of texts"},
    {"placeholder_text", MLPIPE__DIRTY_CELLS, dirty_texts, NULL,
     dirty_placeholder, 0, "a column of texts"},
    {"mixed_date_orders", MLPIPE__DIRTY_CELLS, dirty_times, NULL,
     dirty_date_order, MLPIPE_TYPE_TEXT, "a timestamp"},
    {"dates_as_text", MLPIPE__DIRTY_COLUMN, dirty_times, NULL, dirty_date,
     MLPIPE_TYPE_TEXT, "a timestamp"},
    {"future_dates", MLPIPE__DIRTY_CELLS, dirty_times, NULL, dirty_future, 0,
     "a timestamp"},
    {"missing", MLPIPE__DIRTY_CELLS, dirty_any, NULL, dirty_missing, 0,
     "a column"},
    {"constant", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0, ""},
    {"almost_constant", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0,
     "two rows or more"},
    {"id_like", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0, ""},
    {"high_cardinality", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0, ""},
    {"duplicate_columns", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0,
     "a column without a defect"},
    {"leak", MLPIPE__DIRTY_ADDS, NULL, NULL, NULL, 0,
     "target=, of numbers or classes"},
    {"imbalance", MLPIPE__DIRTY_ROWS, NULL, NULL, NULL, 0,
     "target=, of two classes or more, and the rarest more frequent than "
     "its share"},
    {"duplicate_rows", MLPIPE__DIRTY_ROWS, NULL, NULL, NULL, 0, ""},
    {"label_conflicts", MLPIPE__DIRTY_ROWS, NULL, NULL, NULL, 0,
     "target=, of two classes or more"},
};
const uint32_t mlpipe__dirty_defect_count =
    sizeof mlpipe__dirty_defects / sizeof mlpipe__dirty_defects[0];
