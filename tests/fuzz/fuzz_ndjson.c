/* SPDX-License-Identifier: MIT */
/*
 * Rows of JSON: the first byte chooses the parameters, the rest is the text.
 * Whatever is read keeps the law of rows, has a report that is valid UTF-8,
 * and comes back with the same fingerprint after it was written as NDJSON, as
 * an array and as CSV, each with the types told.
 */
#include "fuzz.h"

static const char *const fuzz_params[] = {
    NULL, "rows=quarantine", "rows=quarantine mixed=bad",
    "rows=quarantine nested=text text=text", "nested=fail rows=quarantine",
    "format=array rows=quarantine", "format=ndjson rows=quarantine na=?,NA",
    "at=/a rows=quarantine", "at=/a/0/b~1c rows=quarantine depth=2",
    "rows=quarantine dates=dmy max_rejects=3 text=category",
    "rows=quarantine as=a:i64", "rows=quarantine as=a:timestamp,b:bool",
};
enum { FUZZ_PARAMS = sizeof fuzz_params / sizeof fuzz_params[0] };

static void fuzz_check_report(mlpipe_ctx *c, const mlpipe_dataset *d)
{
    mlpipe_report *r = NULL;
    mlpipe_buffer *b = NULL;

    fuzz_require(!mlpipe_dataset_reading(c, d, &r));
    fuzz_require(mlpipe_report_get(r, "rows_in")
                 == mlpipe_report_get(r, "loaded")
                        + mlpipe_report_get(r, "rejected")
                        + mlpipe_report_get(r, "skipped"));
    fuzz_require(mlpipe_report_get(r, "loaded")
                 == (double)mlpipe_dataset_rows(d));
    fuzz_require(!mlpipe_report_render(c, r, "json", &b));
    fuzz_require(mlpipe__utf8_valid(mlpipe_buffer_data(b),
                                    mlpipe_buffer_size(b)));
    mlpipe_buffer_free(b);
    mlpipe_report_free(r);
}

/* as= of all columns, or false where a name cannot be said there. */
static bool fuzz_types(const mlpipe_dataset *d, mlpipe__text *t)
{
    static const char *const types[] = {
        [MLPIPE_TYPE_BOOL] = "bool", [MLPIPE_TYPE_I64] = "i64",
        [MLPIPE_TYPE_F64] = "f64", [MLPIPE_TYPE_TEXT] = "text",
        [MLPIPE_TYPE_CATEGORY] = "category",
        [MLPIPE_TYPE_TIMESTAMP] = "timestamp"};
    for (uint32_t i = 0; i < mlpipe_dataset_columns(d); i++) {
        const char *name = mlpipe_dataset_name(d, i);
        for (const char *p = name; *p; p++)
            if (!(*p >= 'a' && *p <= 'z') && *p != '.')
                return false;
        /* A column without values has no digits that tell its unit. */
        if (mlpipe_dataset_type(d, i) == MLPIPE_TYPE_TIMESTAMP
            && mlpipe_dataset_nulls(d, i) == mlpipe_dataset_rows(d))
            return false;
        mlpipe__text_add(t, "%s%s:%s", i ? "," : " as=", name,
                         types[mlpipe_dataset_type(d, i)]);
    }
    return !t->failed;
}

static void fuzz_same(mlpipe_ctx *c, const char *print, mlpipe_dataset *d)
{
    mlpipe_buffer *b = NULL;

    fuzz_require(!mlpipe_dataset_fingerprint(c, d, &b));
    fuzz_require(!strcmp(print, mlpipe_buffer_data(b)));
    mlpipe_buffer_free(b);
    mlpipe_dataset_free(d);
}

/* Written and read again, whole: 0 NDJSON, 1 an array, 2 CSV. */
static void fuzz_return(mlpipe_ctx *c, const mlpipe_dataset *d,
                        const char *print, int format, const char *as)
{
    mlpipe_dataset *back = NULL;
    mlpipe_buffer *b = NULL;
    mlpipe__text params;
    mlpipe_status st = format == 2
        ? mlpipe_write_csv_memory(c, d, NULL, &b)
        : mlpipe_write_json_memory(c, d, format ? "format=array" : NULL, &b);

    if (st == MLPIPE_E_PARAM && format == 2)
        return; /* a null alone in its row */
    fuzz_require(!st);
    fuzz_require(mlpipe__utf8_valid(mlpipe_buffer_data(b),
                                    mlpipe_buffer_size(b)));
    mlpipe__text_init(&params, c->env);
    mlpipe__text_add(&params, "max_rejects=0%s%s", as, format == 2
                     ? " header=true skip=0 footer=0 escape=doubled comment=''"
                       " delimiter=, quoted=text" : "");
    fuzz_require(!params.failed);
    st = format == 2
        ? mlpipe_read_csv_memory(c, mlpipe_buffer_data(b),
                                 mlpipe_buffer_size(b), params.data, &back)
        : mlpipe_read_json_memory(c, mlpipe_buffer_data(b),
                                  mlpipe_buffer_size(b), params.data, &back);
    if (st)
        fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
    fuzz_require(!st);
    fuzz_same(c, print, back);
    mlpipe__text_free(&params);
    mlpipe_buffer_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    mlpipe_dataset *d = NULL, *again = NULL;
    mlpipe_buffer *print = NULL;
    mlpipe__text as;

    if (!size)
        return 0;
    mlpipe_ctx *c = fuzz_begin(&live);
    const char *params = fuzz_params[data[0] % FUZZ_PARAMS];
    mlpipe__text_init(&as, c->env);
    const mlpipe_status st = mlpipe_read_json_memory(c, data + 1, size - 1,
                                                     params, &d);
    fuzz_require(!st == (d != NULL));
    if (st) {
        const mlpipe_error *e = mlpipe_ctx_error(c);
        fuzz_require(st != MLPIPE_E_INTERNAL && st != MLPIPE_E_CONFLICT);
        fuzz_require(e->text[0]
                     && mlpipe__utf8_valid(e->text, strlen(e->text)));
    } else {
        fuzz_check_report(c, d);
        fuzz_require(!mlpipe_dataset_fingerprint(c, d, &print));
        fuzz_require(!mlpipe_read_json_memory(c, data + 1, size - 1, params,
                                              &again));
        fuzz_same(c, mlpipe_buffer_data(print), again);
        for (int i = 0; fuzz_types(d, &as) && i < 3; i++) {
            fuzz_return(c, d, mlpipe_buffer_data(print), i, as.data);
            as.size = 0;
        }
    }
    mlpipe_buffer_free(print);
    mlpipe_dataset_free(d);
    mlpipe__text_free(&as);
    fuzz_end(c, live);
    return 0;
}
