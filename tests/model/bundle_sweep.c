/* SPDX-License-Identifier: MIT */
/*
 * Every way to damage a bundle of at most 4 KiB: all 255 wrong values of each
 * byte, each truncation, and 1 to 64 bytes behind its end. As it is, all of
 * it is refused. With the hashes made right again, and with the sections cut
 * or extended on their own, a bundle is refused or gives 16 clean answers.
 *
 *     bundle_sweep PART PARTS     the damage whose number mod PARTS is PART
 *
 * A sanitizer makes each case ten times as slow and looks at the same paths:
 * under it a byte takes about 60 of the 255 values, unless MLPIPE_SWEEP_ALL
 * is set.
 */
#include "model_support.h"

#ifdef __SANITIZE_ADDRESS__
/* What a case frees is not looked at by the next ones: a small quarantine
 * finds as much and takes no page faults. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}
#endif

enum {
    SWEEP_BYTES_MAX = 6144,
    SWEEP_HEADER = 64,
    SWEEP_ENTRY = 64,
    SWEEP_ROWS = 16
};

/* Together they have every kind of section, op and learner. */
static const struct sweep_model {
    const char *name, *roles, *steps[8][2], *metrics;
    uint32_t rows, sections;
} sweep_models[] = {
    {"number",
     "target=sqrt(price) features=rooms,town",
     {{"gbt", "trees=2 leaves=4 min_rows=2"}},
     NULL,
     12,
     8},
    {"class",
     "target=risk features=new holdout=0",
     {{"gbt", "trees=1 leaves=2 min_rows=2"}},
     NULL,
     5,
     8},
    {"scored",
     "target=price features=rooms holdout=0",
     {{"ridge", NULL}},
     "metrics=mae",
     5,
     9},
    {"linear",
     "target=log(price) features=size,town holdout=0",
     {{"impute", "columns=size"},
      {"scale", "columns=size"},
      {"onehot", NULL},
      {"ridge", NULL}},
     NULL,
     8,
     8},
    /* feeds of a text and of the time, ops of expressions, a derived code */
    {"derived",
     "target=price time=day features=rooms holdout=0",
     {{"derive",
       "expressions='a = rooms / len(town) + year(as_of); "
       "b = clamp(a, 0, 9)'"},
      {"gbt", "trees=1 leaves=2 min_rows=2"}},
     NULL,
     4,
     8},
    {"near",
     "target=price features=rooms holdout=0",
     {{"knn", "k=2"}},
     NULL,
     4,
     8},
    {"bayes",
     "target=risk features=new,town holdout=0",
     {{"naive_bayes", NULL}},
     NULL,
     4,
     8},
};
enum { SWEEP_MODELS = sizeof sweep_models / sizeof *sweep_models };

static size_t sweep_part, sweep_parts = 1;
static bool sweep_all = true;

/* One bundle under damage, and what became of it. */
typedef struct sweep {
    mlpipe_ctx *ctx;
    const struct sweep_model *model;
    mlpipe_buffer *buffer;
    const uint8_t *right;
    uint8_t *bytes; /* right, but for the damage; room for 64 more */
    size_t size, head; /* head: bytes of header and table */
    uint64_t live;
    size_t refused, loaded;
} sweep;

static uint64_t sweep_clock(void *user)
{
    (void)user;
    return 0;
}

/* The same bytes in each process, but for what INFO says of the machine. */
static mlpipe_buffer *sweep_bundle(mlpipe_ctx *c, const struct sweep_model *w)
{
    mlpipe_dataset *d = made_dataset(c, 0, w->rows), *test;
    mlpipe_pipeline *p;
    mlpipe_model *m, *best;
    mlpipe_report *r;
    mlpipe_buffer *b;
    test = made_dataset(c, 16, 8);
    assert_ok(c, mlpipe_pipeline_new(c, w->roles, &p));
    for (uint32_t i = 0; w->steps[i][0]; i++)
        assert_ok(c, mlpipe_pipeline_add(c, p, w->steps[i][0],
                                         w->steps[i][1]));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    if (w->metrics) {
        assert_ok(c, mlpipe_evaluate(c, m, test, w->metrics, &r));
        assert_ok(c, mlpipe_model_attach(c, m, r, &best));
        mlpipe_report_free(r);
        mlpipe_model_free(m);
        m = best;
    }
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_dataset_free(test);
    return b;
}

static void sweep_open(sweep *s, uint32_t k)
{
    const mlpipe_ctx_options o = {.size = sizeof o, .clock_ns = sweep_clock};
    uint32_t sections;
    memset(s, 0, sizeof *s);
    assert_int_equal(0, mlpipe_ctx_new(&o, &s->ctx));
    s->model = &sweep_models[k];
    s->buffer = sweep_bundle(s->ctx, s->model);
    s->right = (const uint8_t *)mlpipe_buffer_data(s->buffer);
    s->size = mlpipe_buffer_size(s->buffer);
    memcpy(&sections, s->right + 32, 4);
    s->head = SWEEP_HEADER + SWEEP_ENTRY * (size_t)sections;
    s->bytes = malloc(s->size + 64);
    memcpy(s->bytes, s->right, s->size);
    s->live = made_live(s->ctx);
    print_message("%s: %zu bytes, %u sections\n", s->model->name, s->size,
                  sections);
    assert_int_equal(s->model->sections, sections);
    assert_true(s->size <= SWEEP_BYTES_MAX);
}

static void sweep_close(sweep *s)
{
    free(s->bytes);
    mlpipe_buffer_free(s->buffer);
    mlpipe_ctx_free(s->ctx);
}

/* In turns, so that each part has the same share of each section. */
static bool sweep_mine(size_t number)
{
    return number % sweep_parts == sweep_part;
}

/* ---- what loads --------------------------------------------------------- */

static void sweep_row(const mlpipe__program *p, void *scratch, uint32_t width,
                      uint32_t at, uint32_t row)
{
    static const double odd[] = {0, -1, 1, 3, 1e300, -1e300, 0.5, 7};
    for (uint32_t i = 0; i < p->input_count + p->feed_count; i++) {
        const uint32_t reg =
            i < p->input_count ? i : p->feeds[i - p->input_count].reg;
        mlpipe__program_lane(p, scratch, width, reg)[at] =
            row == 9 ? mlpipe__nan() : odd[(row + i) % 8];
    }
}

/* 16 rows of any numbers: finite or null, the same alone and in a block. */
static void sweep_predict(const mlpipe__program *p, size_t at)
{
    static const uint32_t width[] = {1, SWEEP_ROWS};
    const size_t outputs = p->output_count;
    double *out[2];
    for (uint32_t k = 0; k < 2; k++) {
        out[k] = malloc(SWEEP_ROWS * outputs * sizeof *out[k]);
        void *scratch;
        const size_t bytes = mlpipe__program_scratch(p, width[k]);
        assert_int_equal(0, posix_memalign(&scratch, 64, bytes));
        for (uint32_t i = 0; i < SWEEP_ROWS; i++) {
            sweep_row(p, scratch, width[k], k ? i : 0, i);
            if (!k)
                mlpipe__program_run(p, scratch, 1, 1, out[0] + i * outputs,
                                    NULL);
        }
        if (k)
            mlpipe__program_run(p, scratch, width[k], SWEEP_ROWS, out[1],
                                NULL);
        free(scratch);
    }
    for (size_t i = 0; i < SWEEP_ROWS * outputs; i++) {
        const double x = out[1][i];
        if (x == x && !mlpipe__finite(x))
            fail_msg("damage at %zu: number %zu is %g", at, i, x);
    }
    if (memcmp(out[0], out[1], SWEEP_ROWS * outputs * sizeof *out[0]))
        fail_msg("damage at %zu: rows and blocks differ", at);
    free(out[0]);
    free(out[1]);
}

static void sweep_reference(const mlpipe__reference *r)
{
    for (uint32_t i = 0; i < r->input_count; i++) {
        const mlpipe__ref_input *in = &r->inputs[i];
        for (int x = -3; in->kind && x < 9; x++)
            assert_true(mlpipe__ref_cell(in, x, x != 0) < in->cells);
    }
}

/* A card is JSON, whatever is written in it. */
static void sweep_json(mlpipe_ctx *c, const mlpipe_report *card)
{
    mlpipe_buffer *b;
    mlpipe__json *j = NULL;
    assert_ok(c, mlpipe_report_render(c, card, "json", &b));
    const mlpipe_status st = mlpipe__json_parse(
        c, mlpipe_buffer_data(b), mlpipe_buffer_size(b), &j);
    /* JSON may hold these, which our own strict parser refuses */
    if (st && !strstr(mlpipe_ctx_error(c)->text, "twice") &&
        !strstr(mlpipe_ctx_error(c)->text, "u0000 is not allowed"))
        fail_msg("%s\n%s", mlpipe_ctx_error(c)->text, mlpipe_buffer_data(b));
    mlpipe__json_free(j);
    mlpipe_buffer_free(b);
}

/* It is written, read again, and told of; its recipe may be none. */
static void sweep_use(mlpipe_ctx *c, const mlpipe_model *m)
{
    mlpipe_model *again;
    mlpipe_buffer *b;
    mlpipe_report *card;
    mlpipe_pipeline *p;
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    assert_ok(c, mlpipe_model_load_bytes(c, mlpipe_buffer_data(b),
                                         mlpipe_buffer_size(b), &again));
    assert_ok(c, mlpipe_model_card(c, again, &card));
    sweep_json(c, card);
    if (!mlpipe_model_recipe(c, again, &p))
        mlpipe_pipeline_free(p);
    mlpipe_report_free(card);
    mlpipe_model_free(again);
    mlpipe_buffer_free(b);
}

/* Damaged bytes: refused for what they are, or, where they may load, used. */
static void sweep_try(sweep *s, const void *bytes, size_t n, bool may_load,
                      bool closely, const char *how, size_t at)
{
    mlpipe_model *m;
    const mlpipe_status st = mlpipe_model_load_bytes(s->ctx, bytes, n, &m);
    if (st) {
        if (m || (st != MLPIPE_E_CORRUPT && st != MLPIPE_E_FORMAT &&
                  st != MLPIPE_E_VERSION && st != MLPIPE_E_LIMIT))
            fail_msg("%s, %s at %zu: %s", s->model->name, how, at,
                     mlpipe_status_name(st));
        if (may_load &&
            strstr(mlpipe_ctx_error(s->ctx)->text, "does not hold"))
            fail_msg("%s, %s at %zu: a hash is not repaired", s->model->name,
                     how, at);
        s->refused++;
    } else {
        if (!may_load)
            fail_msg("%s, %s at %zu: loaded", s->model->name, how, at);
        sweep_predict(m->program, at);
        sweep_reference(m->reference);
        if (closely)
            sweep_use(s->ctx, m);
        mlpipe_model_free(m);
        s->loaded++;
    }
    if (made_live(s->ctx) != s->live)
        fail_msg("%s, %s at %zu: memory is left", s->model->name, how, at);
}

/* ---- hashes that hold --------------------------------------------------- */

static void sweep_hash(uint8_t *to, mlpipe__hash128 h)
{
    memcpy(to, &h.lo, 8);
    memcpy(to + 8, &h.hi, 8);
}

/* Of one section where its entry says that it is, if that is anywhere. */
static void sweep_repair_section(uint8_t *bytes, size_t size, size_t entry)
{
    uint64_t at, n;
    memcpy(&at, bytes + entry + 8, 8);
    memcpy(&n, bytes + entry + 16, 8);
    if (at <= size && n <= size - at)
        sweep_hash(bytes + entry + 40, mlpipe__hash(bytes + at, (size_t)n));
}

/*
 * After damage at a byte: the hash of its section, or of all where the table
 * itself is hit, then the one of header and table, with as many entries as
 * the header counts now.
 */
static void sweep_repair(const sweep *s, uint8_t *bytes, size_t size,
                         size_t where)
{
    mlpipe__hasher h;
    uint32_t count;
    for (size_t e = SWEEP_HEADER;
         e + SWEEP_ENTRY <= s->head && e + SWEEP_ENTRY <= size;
         e += SWEEP_ENTRY) {
        uint64_t at, n;
        memcpy(&at, s->right + e + 8, 8);
        memcpy(&n, s->right + e + 16, 8);
        if (where < s->head || (where >= at && where < at + n))
            sweep_repair_section(bytes, size, e);
    }
    memcpy(&count, bytes + 32, 4);
    if (size < SWEEP_HEADER || count > (size - SWEEP_HEADER) / SWEEP_ENTRY)
        return;
    mlpipe__hasher_init(&h);
    mlpipe__hasher_add(&h, bytes, 48);
    mlpipe__hasher_add(&h, bytes + SWEEP_HEADER, SWEEP_ENTRY * (size_t)count);
    sweep_hash(bytes + 48, mlpipe__hasher_end(&h));
}

/* ---- damage ------------------------------------------------------------- */

/*
 * Which wrong values a byte takes: all; or one and two flipped bits, all bits
 * flipped, and every eighth of the others, from another one for each byte.
 */
static bool sweep_takes(size_t at, int x)
{
    const int rest = x & (x - 1);
    return sweep_all || !(rest & (rest - 1)) || x == 255 || (at + x) % 8 == 0;
}

static void sweep_bytes(sweep *s, bool repaired)
{
    for (size_t i = sweep_part; i < s->size; i += sweep_parts) {
        for (int x = 1; x < 256; x++) {
            if (!sweep_takes(i, x))
                continue;
            s->bytes[i] = (uint8_t)(s->right[i] ^ x);
            if (repaired)
                sweep_repair(s, s->bytes, s->size, i);
            sweep_try(s, s->bytes, s->size, repaired, !(x & (x - 1)), "byte",
                      i);
            if (repaired)
                memcpy(s->bytes, s->right, s->head);
            s->bytes[i] = s->right[i];
        }
    }
}

/* Each truncation in a block of its own, so that a sanitizer sees its end. */
static void sweep_cuts(sweep *s, bool repaired)
{
    for (size_t n = sweep_part; n < s->size; n += sweep_parts) {
        const uint64_t now = n;
        uint8_t *cut = malloc(n + 1);
        memcpy(cut + 1, s->right, n);
        if (repaired && n >= SWEEP_HEADER) {
            memcpy(cut + 1 + 16, &now, 8);
            sweep_repair(s, cut + 1, n, n < s->head ? 0 : n);
        }
        sweep_try(s, cut + 1, n, repaired, true, "cut", n);
        free(cut);
    }
}

static void sweep_appends(sweep *s, bool repaired)
{
    for (size_t k = 1; k <= 64; k++) {
        const uint64_t now = s->size + k;
        for (int fill = 0; fill < 256; fill += 85) {
            if (!sweep_mine(k))
                continue;
            memset(s->bytes + s->size, fill, k);
            if (repaired) {
                memcpy(s->bytes + 16, &now, 8);
                sweep_repair(s, s->bytes, (size_t)now, (size_t)now);
            }
            sweep_try(s, s->bytes, (size_t)now, repaired, true, "appended",
                      k);
            memcpy(s->bytes, s->right, s->head);
        }
    }
}

/* The container of the bundle with one section of other bytes. */
static void sweep_try_section(sweep *s, const mlpipe__container *whole,
                              uint32_t which, const void *data, size_t n)
{
    mlpipe__container b;
    mlpipe__text file;
    uint8_t *bytes;
    mlpipe__container_init(&b, s->ctx->env);
    mlpipe__text_init(&file, s->ctx->env);
    for (uint32_t i = 0; i < whole->count; i++) {
        const mlpipe__section *from = &whole->sections[i];
        assert_ok(s->ctx, mlpipe__container_add(
                              s->ctx, &b, from->name, from->flags,
                              i == which ? data : from->data,
                              i == which ? n : from->bytes));
    }
    assert_ok(s->ctx, mlpipe__container_write(s->ctx, &b, "MODL", &file));
    mlpipe__container_free(&b);
    bytes = malloc(file.size);
    memcpy(bytes, file.data, file.size);
    const size_t size = file.size;
    mlpipe__text_free(&file);
    sweep_try(s, bytes, size, true, true, whole->sections[which].name, n);
    free(bytes);
}

/* Each section shorter by every length, and longer by 1 to 64 bytes. */
static void sweep_sections(sweep *s)
{
    mlpipe__container whole;
    uint8_t *data = malloc(s->size + 64);
    assert_ok(s->ctx, mlpipe__container_read(s->ctx, "MODL", s->right,
                                             s->size, &whole));
    s->live = made_live(s->ctx); /* with the sections */
    for (uint32_t i = 0; i < whole.count; i++) {
        const mlpipe__section *of = &whole.sections[i];
        memcpy(data, of->data, of->bytes);
        for (size_t n = 0; n < of->bytes; n++)
            if (sweep_mine(n))
                sweep_try_section(s, &whole, i, data, n);
        for (int fill = 0; fill < 256; fill += 85) {
            memset(data + of->bytes, fill, 64);
            for (size_t k = 1; k <= 64; k++)
                if (sweep_mine(k))
                    sweep_try_section(s, &whole, i, data, of->bytes + k);
        }
    }
    mlpipe__container_free(&whole);
    free(data);
}

/* ---- the tests ---------------------------------------------------------- */

/* How much there is to refuse: see sweep_bytes, sweep_cuts, sweep_appends. */
static size_t sweep_expected(const sweep *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->size; i++) {
        for (int x = 1; x < 256; x++)
            n += sweep_mine(i) && sweep_takes(i, x);
        n += sweep_mine(i);
    }
    for (size_t k = 1; k <= 64; k++)
        n += sweep_mine(k) ? 4 : 0;
    return n;
}

static void damaged(void **state)
{
    size_t refused = 0;
    for (uint32_t k = 0; k < SWEEP_MODELS; k++) {
        sweep s;
        sweep_open(&s, k);
        sweep_bytes(&s, false);
        sweep_cuts(&s, false);
        sweep_appends(&s, false);
        assert_int_equal(0, s.loaded);
        assert_int_equal(sweep_expected(&s), s.refused);
        refused += s.refused;
        sweep_close(&s);
    }
    print_message("sweep %zu/%zu, damaged: %zu refused, 0 loaded\n",
                  sweep_part, sweep_parts, refused);
}

static void repaired(void **state)
{
    size_t refused = 0, loaded = 0;
    for (uint32_t k = 0; k < SWEEP_MODELS; k++) {
        sweep s;
        sweep_open(&s, k);
        sweep_bytes(&s, true);
        sweep_cuts(&s, true);
        sweep_appends(&s, true);
        sweep_sections(&s);
        assert_true(s.loaded > 0 && s.refused > 0);
        assert_true(s.loaded + s.refused >= sweep_expected(&s));
        print_message("%s: %zu refused, %zu predict\n", s.model->name,
                      s.refused, s.loaded);
        refused += s.refused;
        loaded += s.loaded;
        sweep_close(&s);
    }
    print_message("sweep %zu/%zu, repaired: %zu refused, %zu gave 16 clean "
                  "predictions\n",
                  sweep_part, sweep_parts, refused, loaded);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged),
        cmocka_unit_test(repaired),
    };
    if (argc == 3) {
        sweep_part = (size_t)atoi(argv[1]);
        sweep_parts = (size_t)atoi(argv[2]);
    }
#ifdef __SANITIZE_ADDRESS__
    sweep_all = getenv("MLPIPE_SWEEP_ALL") != NULL;
#endif
    if (!sweep_parts || sweep_part >= sweep_parts)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
