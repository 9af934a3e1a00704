/* SPDX-License-Identifier: MIT */
/*
 * mlpipe_synth_dirty: which defect goes into which column, which rows go and
 * which come, and the dataset that is put together of it. What is random
 * depends on seed and row id, so that the order of the rows changes nothing.
 */
#include "synth_internal.h"

const mlpipe__param mlpipe__dirty_params[] = {
    {"defects", MLPIPE_PARAM_NAMES, "all", 0, 0, NULL, 0x000100,
     "names by comma, each with a share behind a colon or without: "
     "missing:0.1,typos; all: what the columns allow"},
    {"share", MLPIPE_PARAM_REAL, "0.02", 0, 1, NULL, 0x000100,
     "of the rows, for defects without a share of their own; of imbalance the "
     "share that the rarest class is left with"},
    {"columns", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "which columns may get a defect; default: all but target="},
    {"target", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,
     "the column that imbalance, leak and label_conflicts are about"},
    {"seed", MLPIPE_PARAM_INT, "", 0, 9.2e18, NULL, 0x000100,
     "of everything random; default: the seed of the context"},
};
const uint32_t mlpipe__dirty_param_count =
    sizeof mlpipe__dirty_params / sizeof mlpipe__dirty_params[0];

enum { DIRTY_DEFECTS_MAX = 32, DIRTY_LABELS_MAX = 1000,
       DIRTY_ORDER_STREAM = 3000 };

/* What was asked for. */
typedef struct dirty_wish {
    double share[DIRTY_DEFECTS_MAX]; /* below 0: not asked for */
    bool all;                        /* what cannot be is left out */
    mlpipe__text skipped;
} dirty_wish;

/* ---- parameters --------------------------------------------------------- */

static mlpipe_status dirty_find(mlpipe_ctx *ctx, const char *word, size_t n,
                                uint32_t *which)
{
    const char *names[DIRTY_DEFECTS_MAX];
    const uint32_t count = mlpipe__dirty_defect_count;
    mlpipe__text list;

    for (uint32_t i = 0; i < count; i++) {
        names[i] = mlpipe__dirty_defects[i].name;
        *which = i;
        if (strlen(names[i]) == n && !memcmp(names[i], word, n))
            return MLPIPE_OK;
    }
    const char *near = mlpipe__nearest(word, n, names, count);
    if (near)
        return mlpipe__fail(ctx, MLPIPE_E_PARAM, "there is no defect "
                            "\"%.*s\"; did you mean %q?", (int)n, word, near);
    mlpipe__text_init(&list, ctx->env);
    for (uint32_t i = 0; i < count; i++)
        mlpipe__text_add(&list, "%s%s", i ? ", " : "", names[i]);
    const mlpipe_status st = list.failed ? mlpipe__nomem(ctx)
        : mlpipe__fail(ctx, MLPIPE_E_PARAM, "there is no defect \"%.*s\"; "
                       "there are: %s", (int)(n < 64 ? n : 64), word,
                       list.data);
    mlpipe__text_free(&list);
    return st;
}

static mlpipe_status dirty_wishes(mlpipe_ctx *ctx, const mlpipe__params *p,
                                  dirty_wish *wish)
{
    const mlpipe__setting *s = mlpipe__params_get(p, "defects");
    const double share = mlpipe__params_get(p, "share")->number;
    mlpipe_status st = MLPIPE_OK;
    uint32_t which = 0;

    wish->all = s->count == 1 && !strcmp(s->names[0], "all");
    for (uint32_t i = 0; i < DIRTY_DEFECTS_MAX; i++)
        wish->share[i] = wish->all ? share : -1.0;
    for (uint32_t i = 0; !st && !wish->all && i < s->count; i++) {
        const char *word = s->names[i], *colon = word;
        double own = share;
        while (*colon && *colon != ':')
            colon++;
        st = dirty_find(ctx, word, (size_t)(colon - word), &which);
        if (st)
            break;
        if (*colon && (!mlpipe__parse_f64(colon + 1, strlen(colon + 1), false,
                                          &own) || !(own >= 0 && own <= 1)))
            st = mlpipe__fail(ctx, MLPIPE_E_PARAM, "%q: the share behind the "
                              "colon must be a number from 0 to 1", word);
        else if (wish->share[which] >= 0.0)
            st = mlpipe__fail(ctx, MLPIPE_E_PARAM, "defect %q is named twice",
                              mlpipe__dirty_defects[which].name);
        wish->share[which] = own;
    }
    return st;
}

static mlpipe_status dirty_columns(mlpipe__dirty *j, const mlpipe__params *p)
{
    const mlpipe__setting *may = mlpipe__params_get(p, "columns");
    const mlpipe__setting *target = mlpipe__params_get(p, "target");
    const uint32_t n = j->d->column_count;
    mlpipe_status st = MLPIPE_OK;
    uint32_t at;

    j->may = mlpipe__alloc_array(j->env, n, 1);
    j->of = mlpipe__alloc_array(j->env, n, sizeof j->of[0]);
    j->share = mlpipe__alloc_array(j->env, n, sizeof j->share[0]);
    j->facts = mlpipe__alloc_array(j->env, n, sizeof j->facts[0]);
    if (!j->may || !j->of || !j->share || !j->facts)
        return mlpipe__nomem(j->ctx);
    memset(j->may, !may->count, n);
    for (uint32_t i = 0; !st && i < may->count; i++) {
        st = mlpipe__dataset_column(j->ctx, j->d, may->names[i], &at);
        if (!st)
            j->may[at] = 1;
    }
    j->target = UINT32_MAX;
    if (!st && target->count > 1)
        return mlpipe__fail(j->ctx, MLPIPE_E_PARAM, "\"target\" names %u "
                            "columns; it takes one", target->count);
    if (!st && target->count) {
        st = mlpipe__dataset_column(j->ctx, j->d, target->names[0],
                                    &j->target);
        if (!st)
            j->may[j->target] = 0;
    }
    return st;
}

/* ---- what is known of the columns --------------------------------------- */

static mlpipe_status dirty_fact(mlpipe__dirty *j, uint32_t column)
{
    mlpipe__dirty_facts *f = &j->facts[column];
    mlpipe__stats s;
    double values[512];
    uint8_t valid[512];
    bool fine = true;

    mlpipe__stats_init(&s, j->env, MLPIPE__NEED_MOMENTS
                       | MLPIPE__NEED_QUANTILES, 0);
    for (int64_t at = 0; fine && at < j->d->rows; at += 512) {
        const int64_t left = j->d->rows - at;
        const uint32_t n = (uint32_t)(left < 512 ? left : 512);
        mlpipe__dataset_block(j->d, column, at, n, values, valid);
        fine = mlpipe__stats_update(&s, values, valid, n);
    }
    fine = fine && mlpipe__stats_finish(&s);
    if (fine && mlpipe__stats_finite(&s)) {
        f->count = mlpipe__stats_finite(&s);
        f->low = s.low;
        f->high = s.high;
        f->spread = mlpipe__stats_quantile(&s, 0.75)
            - mlpipe__stats_quantile(&s, 0.25);
        if (!(f->spread > 0.0))
            f->spread = f->high > f->low ? f->high - f->low : 1.0;
    }
    mlpipe__stats_free(&s);
    return fine ? MLPIPE_OK : mlpipe__nomem(j->ctx);
}

static mlpipe_status dirty_facts(mlpipe__dirty *j)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < j->d->column_count; i++) {
        const int32_t type = j->d->columns[i]->type;
        st = mlpipe__poll(j->ctx, "synth_dirty", i, j->d->column_count);
        if (!st && (type == MLPIPE_TYPE_F64 || type == MLPIPE_TYPE_I64))
            st = dirty_fact(j, i);
    }
    return st;
}

/* The different values of the target, where it is one of classes. */
static mlpipe_status dirty_labels(mlpipe__dirty *j)
{
    const int32_t type = j->target == UINT32_MAX ? 0
        : j->d->columns[j->target]->type;
    uint8_t valid;

    if (type != MLPIPE_TYPE_BOOL && type != MLPIPE_TYPE_I64
        && type != MLPIPE_TYPE_CATEGORY)
        return MLPIPE_OK;
    j->labels = mlpipe__alloc_array(j->env, DIRTY_LABELS_MAX,
                                    sizeof j->labels[0]);
    if (!j->labels)
        return mlpipe__nomem(j->ctx);
    for (int64_t i = 0; i < j->d->rows; i++) {
        int64_t label;
        uint32_t at = 0;
        mlpipe__dataset_block_i64(j->d, j->target, i, 1, &label, &valid);
        while (valid && at < j->label_count && j->labels[at] < label)
            at++;
        if (!valid || (at < j->label_count && j->labels[at] == label))
            continue;
        if (j->label_count == DIRTY_LABELS_MAX) {
            j->label_count = 0; /* numbers, not classes */
            return MLPIPE_OK;
        }
        memmove(j->labels + at + 1, j->labels + at,
                (j->label_count - at) * sizeof j->labels[0]);
        j->labels[at] = label;
        j->label_count++;
    }
    return MLPIPE_OK;
}

/* ---- the plan ----------------------------------------------------------- */

/* A defect that cannot be: left out under all, else an error. */
static mlpipe_status dirty_cannot(mlpipe__dirty *j, dirty_wish *wish,
                                  uint32_t which)
{
    const mlpipe__dirty_defect *defect = &mlpipe__dirty_defects[which];

    wish->share[which] = -1.0;
    if (!wish->all)
        return mlpipe__fail(j->ctx, MLPIPE_E_SCHEMA, "the defect %q cannot "
                            "be put in: it needs %s%s", defect->name,
                            defect->needs, defect->takes
                                ? " that columns= allows and no other defect "
                                  "has taken" : "");
    mlpipe__text_add(&wish->skipped, "%s%s", wish->skipped.size ? "," : "",
                     defect->name);
    return wish->skipped.failed ? mlpipe__nomem(j->ctx) : MLPIPE_OK;
}

/* Can one of its cells have the defect? */
static bool dirty_has_cell(const mlpipe__dirty *j, uint32_t column,
                           const mlpipe__dirty_defect *defect)
{
    mlpipe__dirty_cell c;

    for (int64_t i = 0; i < j->d->rows; i++) {
        mlpipe__dirty_read(j, column, i, &c);
        if (!c.null && (!defect->cell || defect->cell(j, column, &c)))
            return true;
    }
    return false;
}

static uint32_t dirty_column_for(const mlpipe__dirty *j, uint32_t which)
{
    const mlpipe__dirty_defect *defect = &mlpipe__dirty_defects[which];
    uint32_t best = UINT32_MAX;
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < j->d->column_count; i++) {
        const uint64_t draw = mlpipe__random64(j->seed, MLPIPE__FOR_DIRT,
                                               which, i, 7);
        if (j->may[i] && !j->of[i] && draw <= least && defect->takes(j, i)
            && dirty_has_cell(j, i, defect)) {
            least = draw;
            best = i;
        }
    }
    return best;
}

static mlpipe_status dirty_assign(mlpipe__dirty *j, dirty_wish *wish)
{
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t i = 0; !st && i < mlpipe__dirty_defect_count; i++) {
        if (wish->share[i] < 0.0 || !mlpipe__dirty_defects[i].takes)
            continue;
        const uint32_t at = dirty_column_for(j, i);
        if (at == UINT32_MAX) {
            st = dirty_cannot(j, wish, i);
            continue;
        }
        j->of[at] = &mlpipe__dirty_defects[i];
        j->share[at] = wish->share[i];
    }
    return st;
}

/* ---- rows --------------------------------------------------------------- */

static uint32_t dirty_defect_at(const char *name)
{
    uint32_t i = 0;

    while (strcmp(mlpipe__dirty_defects[i].name, name))
        i++;
    return i;
}

/* Rows of the rarest class by their random numbers, and how many stay. */
static mlpipe_status dirty_thin(mlpipe__dirty *j, uint32_t which,
                                int64_t rare, uint64_t rows, uint64_t stay)
{
    uint64_t *draws = mlpipe__alloc_array(j->env, rows, sizeof draws[0]);
    uint64_t *scratch = mlpipe__alloc_array(j->env, rows, sizeof scratch[0]);
    uint64_t n = 0, left = stay;
    int64_t label;
    uint8_t valid;

    if (!draws || !scratch) {
        mlpipe__free(j->env, draws);
        mlpipe__free(j->env, scratch);
        return mlpipe__nomem(j->ctx);
    }
    for (int64_t i = 0; i < j->d->rows; i++) {
        mlpipe__dataset_block_i64(j->d, j->target, i, 1, &label, &valid);
        if (valid && label == rare)
            draws[n++] = mlpipe__dirty_random(j, which, i, 0);
    }
    mlpipe__sort_u64(draws, n, scratch);
    const uint64_t least = draws[stay - 1];
    j->kept = 0;
    for (int64_t i = 0; i < j->d->rows; i++) {
        mlpipe__dataset_block_i64(j->d, j->target, i, 1, &label, &valid);
        if (!valid || label != rare
            || (left && mlpipe__dirty_random(j, which, i, 0) <= least)) {
            left -= valid && label == rare;
            j->source[j->kept++] = i;
        }
    }
    mlpipe__free(j->env, draws);
    mlpipe__free(j->env, scratch);
    return MLPIPE_OK;
}

static mlpipe_status dirty_imbalance(mlpipe__dirty *j, dirty_wish *wish)
{
    const uint32_t which = dirty_defect_at("imbalance");
    const double share = wish->share[which];
    uint64_t counts[DIRTY_LABELS_MAX] = {0}, all = 0;
    uint32_t rare = 0;

    for (int64_t i = 0; share >= 0.0 && j->label_count > 1
         && i < j->d->rows; i++) {
        int64_t label;
        uint32_t at = 0;
        uint8_t valid;
        mlpipe__dataset_block_i64(j->d, j->target, i, 1, &label, &valid);
        while (valid && j->labels[at] != label)
            at++;
        counts[at] += valid;
        all += valid;
    }
    if (share < 0.0)
        return MLPIPE_OK;
    for (uint32_t i = 1; i < j->label_count; i++)
        if (counts[i] < counts[rare])
            rare = i;
    const double rest = (double)(all - counts[rare]);
    const double wanted = share < 1.0
        ? mlpipe__floor(share * rest / (1.0 - share) + 0.5) : 0x1p60;
    const uint64_t stay = wanted < 1.0 ? 1 : (uint64_t)wanted;
    if (j->label_count < 2 || stay >= counts[rare])
        return dirty_cannot(j, wish, which);
    const mlpipe__dirty_cell old = {
        .number = (double)counts[rare] / (double)all};
    const mlpipe__dirty_cell now = {
        .number = (double)stay / (rest + (double)stay)};
    mlpipe__dirty_tell(j, "imbalance", j->d->columns[j->target]->name, -1,
                       &old, &now);
    return dirty_thin(j, which, j->labels[rare], counts[rare], stay);
}

/* How many rows a share adds. */
static int64_t dirty_more(const mlpipe__dirty *j, double share)
{
    const double n = mlpipe__floor(share * (double)j->kept + 0.5);

    return share < 0.0 ? 0 : n < 1.0 ? 1 : (int64_t)n;
}

/* Another class than that of the row that it copies. */
static int64_t dirty_other_label(const mlpipe__dirty *j, int64_t from,
                                 uint64_t draw)
{
    int64_t label;
    uint8_t valid;
    uint32_t at = 0;

    mlpipe__dataset_block_i64(j->d, j->target, from, 1, &label, &valid);
    while (valid && j->labels[at] != label)
        at++;
    return j->labels[(at + valid * (1 + draw % (j->label_count - 1)))
                     % j->label_count];
}

/* Copies behind the rows that stay: n of them, of rows in a random order. */
static mlpipe_status dirty_copies(mlpipe__dirty *j, uint32_t which,
                                  int64_t n)
{
    const char *name = mlpipe__dirty_defects[which].name;
    const bool relabel = j->conflicts > 0;
    uint64_t *keys = mlpipe__alloc_array(j->env, (size_t)j->kept,
                                         sizeof keys[0]);
    uint64_t *scratch = mlpipe__alloc_array(j->env, (size_t)j->kept,
                                            sizeof scratch[0]);

    if (!keys || !scratch) {
        mlpipe__free(j->env, keys);
        mlpipe__free(j->env, scratch);
        return mlpipe__nomem(j->ctx);
    }
    for (int64_t i = 0; i < j->kept; i++)
        keys[i] = (mlpipe__dirty_random(j, which, j->source[i], 0)
                   & ~UINT64_C(0xffffffff)) | (uint64_t)i;
    mlpipe__sort_u64(keys, (uint64_t)j->kept, scratch);
    for (int64_t k = 0; k < n; k++) {
        const int64_t from = (int64_t)(uint32_t)keys[k % j->kept];
        const int64_t row = j->rows++;
        j->source[row] = j->source[from];
        j->copy_of[row] = from;
        if (relabel)
            j->label[row] = dirty_other_label(
                j, j->source[from],
                mlpipe__dirty_random(j, which, j->source[from], 1));
        const mlpipe__dirty_cell old = {.number = (double)from};
        const mlpipe__dirty_cell now = {.number = (double)row};
        if (!relabel)
            mlpipe__dirty_tell(j, name, "", row, &old, &now);
    }
    mlpipe__free(j->env, keys);
    mlpipe__free(j->env, scratch);
    return MLPIPE_OK;
}

static mlpipe_status dirty_rows(mlpipe__dirty *j, dirty_wish *wish)
{
    const uint32_t twice = dirty_defect_at("duplicate_rows");
    const uint32_t conflict = dirty_defect_at("label_conflicts");
    const size_t room = (size_t)j->d->rows * 3; /* shares are at most 1 */
    mlpipe_status st = MLPIPE_OK;

    j->source = mlpipe__alloc_array(j->env, room, sizeof j->source[0]);
    j->copy_of = mlpipe__alloc_array(j->env, room, sizeof j->copy_of[0]);
    j->label = mlpipe__alloc_array(j->env, room, sizeof j->label[0]);
    if (!j->source || !j->copy_of || !j->label)
        return mlpipe__nomem(j->ctx);
    j->kept = j->d->rows;
    for (int64_t i = 0; i < j->kept; i++)
        j->source[i] = i;
    st = dirty_imbalance(j, wish);
    if (!st && wish->share[conflict] >= 0.0 && j->label_count < 2)
        st = dirty_cannot(j, wish, conflict);
    j->rows = j->kept;
    for (int64_t i = 0; i < j->kept; i++)
        j->copy_of[i] = i;
    if (!st)
        st = dirty_copies(j, twice, dirty_more(j, wish->share[twice]));
    j->conflicts = dirty_more(j, wish->share[conflict]);
    if (!st && j->conflicts)
        st = dirty_copies(j, conflict, j->conflicts);
    j->whole = j->kept == j->d->rows && j->rows == j->kept && !j->d->rowset
        && !j->d->start
        && (!j->d->column_count || j->d->columns[0]->rows == j->d->rows);
    return st;
}

/* ---- the dataset -------------------------------------------------------- */

static mlpipe_status dirty_ids(mlpipe__dirty *j, mlpipe__rowset **out)
{
    uint64_t next = 0;

    *out = mlpipe__rowset_new(j->env, j->rows);
    if (!*out)
        return mlpipe__nomem(j->ctx);
    for (int64_t i = 0; i < j->d->rows; i++) {
        const uint64_t id = mlpipe_dataset_row_id(j->d, i);
        next = id > next ? id : next;
    }
    for (int64_t i = 0; i < j->rows; i++) {
        if (i >= j->kept && next == UINT64_MAX)
            return mlpipe__fail(j->ctx, MLPIPE_E_CONFLICT, "no row id is "
                                "left behind 2^64 - 1 for rows that are "
                                "added");
        (*out)->rows[i] = (int64_t)(i < j->kept
            ? mlpipe_dataset_row_id(j->d, j->source[i]) : ++next);
    }
    return MLPIPE_OK;
}

/* A name that no column has: this, or with a number behind it. */
static void dirty_name(const mlpipe__dirty *j, const char *word,
                       char out[64])
{
    (void)mlpipe__format(out, 64, "%s", word);
    for (uint32_t k = 2; mlpipe_dataset_find(j->d, out) >= 0; k++)
        (void)mlpipe__format(out, 64, "%s_%u", word, k);
}

static mlpipe_status dirty_build(mlpipe__dirty *j, dirty_wish *wish,
                                 mlpipe__column **columns, uint32_t *count,
                                 uint32_t *shared)
{
    mlpipe_status st = MLPIPE_OK;
    char name[64];

    for (uint32_t i = 0; !st && i < j->d->column_count; i++) {
        if (j->whole && !j->of[i]) {
            columns[(*count)++] = mlpipe__column_keep(j->d->columns[i]);
            ++*shared;
            continue;
        }
        st = mlpipe__dirty_column(j, i, j->of[i], j->share[i],
                                  j->d->columns[i]->name, &columns[*count]);
        *count += !st;
        if (!st && j->of[i] && j->of[i]->how == MLPIPE__DIRTY_COLUMN) {
            const char *type = mlpipe__type_name(j->d->columns[i]->type);
            const mlpipe__dirty_cell old = {.text = type,
                                            .bytes = strlen(type)};
            const mlpipe__dirty_cell now = {.text = "text", .bytes = 4};
            mlpipe__dirty_tell(j, j->of[i]->name, j->d->columns[i]->name, -1,
                               &old, &now);
        }
    }
    for (uint32_t i = 0; !st && i < mlpipe__dirty_defect_count; i++) {
        if (wish->share[i] < 0.0
            || mlpipe__dirty_defects[i].how != MLPIPE__DIRTY_ADDS)
            continue;
        dirty_name(j, mlpipe__dirty_defects[i].name, name);
        st = mlpipe__dirty_add(j, i, wish->share[i], name,
                               &columns[*count]);
        if (!st && !columns[*count])
            st = dirty_cannot(j, wish, i);
        else
            *count += !st;
    }
    return st;
}

static mlpipe_status dirty_finish(mlpipe__dirty *j, dirty_wish *wish,
                                  uint32_t shared, mlpipe_dataset **dirty,
                                  mlpipe_report **key)
{
    mlpipe_report *r = j->key;

    mlpipe__report_number(r, "rows_in", (double)j->d->rows);
    mlpipe__report_number(r, "rows_out", (double)j->rows);
    mlpipe__report_number(r, "rows_added", (double)(j->rows - j->kept));
    mlpipe__report_number(r, "rows_removed", (double)(j->d->rows - j->kept));
    mlpipe__report_number(r, "columns_shared", shared);
    mlpipe__report_text(r, "skipped", wish->skipped.data
                        ? wish->skipped.data : "", wish->skipped.size);
    j->key = NULL;
    const mlpipe_status st = mlpipe__report_seal(j->ctx, r, key);
    if (st) {
        mlpipe_dataset_free(*dirty);
        *dirty = NULL;
    }
    return st;
}

static mlpipe_status dirty_make(mlpipe__dirty *j, dirty_wish *wish,
                                mlpipe_dataset **dirty, mlpipe_report **key)
{
    const uint32_t room = j->d->column_count + mlpipe__dirty_defect_count;
    mlpipe__column **columns = mlpipe__alloc_array(j->env, room,
                                                   sizeof columns[0]);
    mlpipe__rowset *ids = NULL;
    uint32_t count = 0, shared = 0;
    mlpipe_status st = columns ? dirty_ids(j, &ids) : mlpipe__nomem(j->ctx);

    if (!st)
        st = dirty_build(j, wish, columns, &count, &shared);
    if (!st) {
        st = mlpipe__dataset_new_ids(j->ctx, columns, count, ids, NULL,
                                     dirty);
    } else {
        for (uint32_t i = 0; i < count; i++)
            mlpipe__column_drop(columns[i]);
        mlpipe__rowset_drop(ids);
    }
    mlpipe__free(j->env, columns);
    return st ? st : dirty_finish(j, wish, shared, dirty, key);
}

/* ---- the call ----------------------------------------------------------- */

static mlpipe_status dirty_run(mlpipe__dirty *j, const mlpipe__params *p,
                               dirty_wish *wish, mlpipe_dataset **dirty,
                               mlpipe_report **key)
{
    mlpipe_status st = dirty_wishes(j->ctx, p, wish);

    if (!st)
        st = dirty_columns(j, p);
    if (!st && !j->d->rows)
        st = mlpipe__fail(j->ctx, MLPIPE_E_EMPTY, "the dataset has no rows "
                          "for defects");
    if (!st)
        st = mlpipe__most_rows(j->ctx, "mlpipe_synth_dirty",
                               (uint64_t)j->d->rows, UINT32_MAX / 3);
    j->seed = mlpipe__synth_seed(j->ctx, p);
    if (st)
        return st;
    j->key = mlpipe__report_new(j->env, "dirty");
    if (!j->key)
        return mlpipe__nomem(j->ctx);
    mlpipe__report_table(j->key, "defects", "defect,column,row,old,new");
    st = dirty_facts(j);
    if (!st)
        st = dirty_labels(j);
    if (!st)
        st = dirty_assign(j, wish);
    if (!st)
        st = dirty_rows(j, wish);
    return st ? st : dirty_make(j, wish, dirty, key);
}

static mlpipe_status dirty_open(mlpipe_ctx *ctx, const mlpipe_dataset *d,
                                const char *params, mlpipe_dataset **dirty,
                                mlpipe_report **key)
{
    mlpipe__dirty j = {.ctx = ctx, .env = ctx->env, .d = d};
    dirty_wish wish;
    mlpipe__params p;
    mlpipe_status st = mlpipe__params_parse(
        ctx, "mlpipe_synth_dirty", mlpipe__dirty_params,
        mlpipe__dirty_param_count, params, &p);

    if (st)
        return st;
    mlpipe__text_init(&wish.skipped, ctx->env);
    mlpipe__text_init(&j.text, ctx->env);
    mlpipe__text_init(&j.old, ctx->env);
    st = dirty_run(&j, &p, &wish, dirty, key);
    mlpipe__params_free(&p);
    mlpipe__text_free(&wish.skipped);
    mlpipe__text_free(&j.text);
    mlpipe__text_free(&j.old);
    mlpipe__free(ctx->env, j.source);
    mlpipe__free(ctx->env, j.copy_of);
    mlpipe__free(ctx->env, j.label);
    mlpipe__free(ctx->env, j.labels);
    mlpipe__free(ctx->env, j.facts);
    mlpipe__free(ctx->env, (void *)j.of);
    mlpipe__free(ctx->env, j.share);
    mlpipe__free(ctx->env, j.may);
    mlpipe_report_free(j.key);
    return st;
}

mlpipe_status mlpipe_synth_dirty(mlpipe_ctx *ctx,
                                 const mlpipe_dataset *dataset,
                                 const char *params, mlpipe_dataset **dirty,
                                 mlpipe_report **key)
{
    mlpipe_status st = mlpipe__begin(ctx, "mlpipe_synth_dirty");

    if (dirty)
        *dirty = NULL;
    if (key)
        *key = NULL;
    if (!st && !dirty)
        st = mlpipe__null_arg(ctx, "dirty");
    if (!st && !key)
        st = mlpipe__null_arg(ctx, "key");
    if (!st && !dataset)
        st = mlpipe__null_arg(ctx, "dataset");
    if (!st)
        st = dirty_open(ctx, dataset, params, dirty, key);
    return mlpipe__end(ctx, st);
}
