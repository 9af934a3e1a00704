/* SPDX-License-Identifier: MIT */
/*
 * A model card as JSON in the layout of the Model Card Toolkit. The card is a
 * flat report, in which everything is found by its name; here is where each
 * name belongs.
 */
#include "report_types.h"

/* How an item is written. */
enum {
    CARD_PLAIN,  /* as in any report */
    CARD_LIST,   /* a text: [{"inner": text}] */
    CARD_OBJECT, /* a text: {"inner": text} */
    CARD_JSON,   /* a text that is JSON: as it is, if it is */
    CARD_MAP,    /* a table of two columns: [{"key": .., "value": ..}] */
    CARD_ROWS    /* a table: an object for each row */
};

typedef struct card_place {
    const char *name;
    uint32_t section;
    const char *key; /* NULL: the name */
    uint32_t form;
    const char *inner;
} card_place;

static const card_place card_places[] = {
    {"name", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"overview", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"documentation", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"version", MLPIPE__CARD_DETAILS, NULL, CARD_OBJECT, "name"},
    {"owner", MLPIPE__CARD_DETAILS, "owners", CARD_LIST, "name"},
    {"license", MLPIPE__CARD_DETAILS, "licenses", CARD_LIST, "custom_text"},
    {"reference", MLPIPE__CARD_DETAILS, "references", CARD_LIST,
     "reference"},
    {"citation", MLPIPE__CARD_DETAILS, "citations", CARD_LIST, "citation"},
    {"task", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"target", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"positive_class", MLPIPE__CARD_DETAILS, NULL, CARD_PLAIN, NULL},
    {"learner", MLPIPE__CARD_PARAMETERS, "model_architecture", CARD_PLAIN,
     NULL},
    {"steps", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"id_column", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"time_column", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"group_column", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"weight_column", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"baseline", MLPIPE__CARD_PARAMETERS, NULL, CARD_PLAIN, NULL},
    {"data", MLPIPE__CARD_PARAMETERS, NULL, CARD_ROWS, NULL},
    {"inputs", MLPIPE__CARD_PARAMETERS, "input_format_map", CARD_MAP, NULL},
    {"outputs", MLPIPE__CARD_PARAMETERS, "output_format_map", CARD_MAP,
     NULL},
    {"users", MLPIPE__CARD_CONSIDERATIONS, NULL, CARD_LIST, "description"},
    {"intended_use", MLPIPE__CARD_CONSIDERATIONS, "use_cases", CARD_LIST,
     "description"},
    {"limitations", MLPIPE__CARD_CONSIDERATIONS, NULL, CARD_LIST,
     "description"},
    {"tradeoffs", MLPIPE__CARD_CONSIDERATIONS, NULL, CARD_LIST,
     "description"},
    {"ethics", MLPIPE__CARD_CONSIDERATIONS, "ethical_considerations",
     CARD_LIST, "name"},
    {"recipe", MLPIPE__CARD_PROVENANCE, NULL, CARD_JSON, NULL},
    {"info", MLPIPE__CARD_PROVENANCE, NULL, CARD_JSON, NULL},
};
enum { CARD_PLACES = sizeof card_places / sizeof *card_places };

static const char *const card_sections[MLPIPE__CARD_SECTIONS] = {
    "model_details", "model_parameters", "quantitative_analysis",
    "considerations", "provenance"};

static const char card_held_out[] = "fit.held_out_";
enum { CARD_HELD_OUT = sizeof card_held_out - 1 };

bool mlpipe__render_is_card(const mlpipe_report *r)
{
    return !strcmp(mlpipe__dict_text(&r->texts, r->kind), "card");
}

static const char *card_name(const mlpipe_report *r,
                             const mlpipe__report_item *item)
{
    return mlpipe__dict_text(&r->texts, item->name);
}

static const card_place *card_find(const mlpipe_report *r,
                                   const mlpipe__report_item *item)
{
    for (uint32_t i = 0; i < CARD_PLACES; i++)
        if (!strcmp(card_places[i].name, card_name(r, item)))
            return &card_places[i];
    return NULL;
}

/* "test.", "test2." ...: how many bytes in front of the metric's name. */
static size_t card_test(const char *name)
{
    size_t n = 4;

    if (strncmp(name, "test", 4))
        return 0;
    while (name[n] >= '0' && name[n] <= '9')
        n++;
    return name[n] == '.' ? n + 1 : 0;
}

uint32_t mlpipe__card_section(const mlpipe_report *r,
                              const mlpipe__report_item *item)
{
    const card_place *place = card_find(r, item);
    const char *name = card_name(r, item);

    if (place)
        return place->section;
    if (card_test(name) || !strncmp(name, card_held_out, CARD_HELD_OUT))
        return MLPIPE__CARD_ANALYSIS;
    return strncmp(name, "fit.", 4) ? MLPIPE__CARD_PROVENANCE
                                    : MLPIPE__CARD_PARAMETERS;
}

bool mlpipe__card_is_json(const mlpipe_report *r,
                          const mlpipe__report_item *item)
{
    const card_place *place = card_find(r, item);

    return mlpipe__render_is_card(r) && place && place->form == CARD_JSON &&
           item->kind == MLPIPE__ITEM_TEXT;
}

/* ---- metrics ------------------------------------------------------------ */

/* A figure of rows that the learner did not see. */
static bool card_is_metric(const mlpipe_report *r,
                           const mlpipe__report_item *item)
{
    return item->kind == MLPIPE__ITEM_NUMBER &&
           item->figure.n == item->figure.n &&
           mlpipe__card_section(r, item) == MLPIPE__CARD_ANALYSIS;
}

static void card_metric(const mlpipe_report *r, mlpipe__text *t,
                        const mlpipe__report_item *item)
{
    const mlpipe_figure *f = &item->figure;
    const char *name = card_name(r, item);
    const size_t test = card_test(name);
    const char *type = name + (test ? test : CARD_HELD_OUT);

    mlpipe__text_add(t, "{\"type\":");
    mlpipe__text_json(t, type, strlen(type));
    mlpipe__text_add(t, ",\"slice\":");
    if (test)
        mlpipe__text_json(t, name, test - 1);
    else
        mlpipe__text_add(t, "\"held_out\"");
    mlpipe__text_add(t, ",\"value\":");
    mlpipe__render_json_number(t, f->value);
    if (f->low == f->low) {
        mlpipe__text_add(t, ",\"confidence_interval\":{\"lower_bound\":");
        mlpipe__render_json_number(t, f->low);
        mlpipe__text_add(t, ",\"upper_bound\":");
        mlpipe__render_json_number(t, f->high);
        mlpipe__text_add(t, "}");
    }
    mlpipe__text_add(t, ",\"n\":");
    mlpipe__render_json_number(t, f->n);
    mlpipe__text_add(t, "}");
}

static bool card_metrics(const mlpipe_report *r, mlpipe__text *t)
{
    bool any = false;

    for (uint32_t i = 0; i < r->count; i++) {
        if (!card_is_metric(r, &r->items[i]))
            continue;
        mlpipe__text_add(t, "%s", any ? "," : "\"performance_metrics\":[");
        card_metric(r, t, &r->items[i]);
        any = true;
    }
    if (any)
        mlpipe__text_add(t, "]");
    return any;
}

/* ---- tables and texts --------------------------------------------------- */

static void card_rows(const mlpipe_report *r, mlpipe__text *t,
                      const mlpipe__report_item *item, bool map)
{
    const char *names = mlpipe__dict_text(&r->texts, item->text);
    size_t n;

    mlpipe__text_add(t, "[");
    for (uint32_t i = 0; i < item->cells; i++) {
        const uint32_t c = i % item->columns;
        const char *name = mlpipe__render_column(names, c, &n);

        mlpipe__text_add(t, "%s", c ? "," : i ? ",{" : "{");
        if (map)
            mlpipe__text_add(t, "%s", c ? "\"value\"" : "\"key\"");
        else
            mlpipe__text_json(t, name, n);
        mlpipe__text_add(t, ":");
        mlpipe__render_json_cell(r, t, &r->cells[item->first_cell + i]);
        if (c + 1 == item->columns)
            mlpipe__text_add(t, "}");
    }
    mlpipe__text_add(t, "]");
}

static void card_json(mlpipe_ctx *ctx, const mlpipe_report *r,
                      mlpipe__text *t, uint32_t text)
{
    const char *s = mlpipe__dict_text(&r->texts, text);
    const size_t n = mlpipe__dict_bytes(&r->texts, text);
    mlpipe__json *j = NULL;
    const mlpipe_status st = mlpipe__json_parse(ctx, s, n, &j);

    mlpipe__json_free(j);
    t->failed = t->failed || st == MLPIPE_E_NOMEM;
    if (st)
        mlpipe__render_json_text(r, t, text);
    else
        mlpipe__text_put(t, s, n);
}

static void card_item(mlpipe_ctx *ctx, const mlpipe_report *r,
                      mlpipe__text *t, const mlpipe__report_item *item)
{
    const card_place *place = card_find(r, item);
    const char *key = place && place->key ? place->key : card_name(r, item);
    const uint32_t form = place ? place->form : CARD_PLAIN;
    const bool text = item->kind == MLPIPE__ITEM_TEXT;
    const bool table = item->kind == MLPIPE__ITEM_TABLE;

    mlpipe__text_json(t, key, strlen(key));
    mlpipe__text_add(t, ":");
    if (text && form == CARD_JSON) {
        card_json(ctx, r, t, item->text);
    } else if (text && (form == CARD_LIST || form == CARD_OBJECT)) {
        mlpipe__text_add(t, form == CARD_LIST ? "[{\"%s\":" : "{\"%s\":",
                         place->inner);
        mlpipe__render_json_text(r, t, item->text);
        mlpipe__text_add(t, form == CARD_LIST ? "}]" : "}");
    } else if (table && (form == CARD_ROWS || form == CARD_MAP)) {
        card_rows(r, t, item, form == CARD_MAP && item->columns == 2);
    } else {
        mlpipe__render_json_item(r, t, item);
    }
}

void mlpipe__render_card(mlpipe_ctx *ctx, const mlpipe_report *r,
                         mlpipe__text *t)
{
    mlpipe__text_add(t, "{\"report\":\"card\"");
    for (uint32_t s = 0; s < MLPIPE__CARD_SECTIONS; s++) {
        bool any;

        mlpipe__text_add(t, ",\"%s\":{", card_sections[s]);
        any = s == MLPIPE__CARD_ANALYSIS && card_metrics(r, t);
        for (uint32_t i = 0; i < r->count; i++) {
            const mlpipe__report_item *item = &r->items[i];

            if (mlpipe__card_section(r, item) != s ||
                card_is_metric(r, item))
                continue;
            mlpipe__text_add(t, "%s", any ? "," : "");
            card_item(ctx, r, t, item);
            any = true;
        }
        mlpipe__text_add(t, "}");
    }
    mlpipe__text_add(t, "}");
}
