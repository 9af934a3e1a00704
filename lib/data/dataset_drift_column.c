/* SPDX-License-Identifier: MIT */
/* One column of two datasets: counts in the same cells, and what they say. */
#include "dataset_drift_types.h"

/* ---- numbers and times -------------------------------------------------- */

/* Cells between the reference's quantiles; equal ones make one cell. */
static void compare_edges(const mlpipe__profile_column *ref, uint32_t bins,
                          mlpipe__drift_column *out)
{
    for (uint32_t i = 1; i < bins; i++) {
        const double at = mlpipe__quantile_sorted(ref->values, ref->count,
                                                  (double)i / bins);
        if (!out->cells || at > out->edge[out->cells - 1])
            out->edge[out->cells++] = at;
    }
    out->edge[out->cells++] = mlpipe__inf();
}

static void compare_bin(const mlpipe__profile_column *c,
                        mlpipe__drift_column *out, uint32_t which)
{
    uint32_t cell = 0;

    for (uint64_t i = 0; i < c->count; i++) {
        while (c->values[i] > out->edge[cell])
            cell++;
        out->count[which][cell]++;
    }
}

static void compare_numbers(const mlpipe__profile_column *ref,
                            const mlpipe__profile_column *now, uint32_t bins,
                            mlpipe__drift_column *out)
{
    const double rows[2] = {(double)ref->count, (double)now->count};

    if (!ref->count || !now->count)
        return;
    compare_edges(ref, bins, out);
    compare_bin(ref, out, 0);
    compare_bin(now, out, 1);
    out->ks = mlpipe__ks(ref->values, ref->count, now->values, now->count,
                         &out->ks_p);
    out->below = 1 - (double)mlpipe__profile_between(now, ref->values[0],
                                                     mlpipe__inf()) / rows[1];
    out->above = 1 - (double)mlpipe__profile_between(
                         now, -mlpipe__inf(),
                         ref->values[ref->count - 1]) / rows[1];
    if (ref->sd > 0 && mlpipe__finite(ref->sd)) {
        /* in deviations of the reference, before anything is squared */
        const double mean[2] = {0, (now->mean - ref->mean) / ref->sd};
        const double sd[2] = {1, now->sd / ref->sd};
        mlpipe__welch(mean, sd, rows, &out->shift);
        out->sd_ratio = sd[1];
    }
    out->p = out->ks_p;
}

/* ---- categories --------------------------------------------------------- */

static void compare_label(char out[48], const char *text, size_t bytes)
{
    size_t n = bytes < 47 ? bytes : 47;

    while (n && n < bytes && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    if (n)
        memcpy(out, text, n);
    out[n] = 0;
}

/* A text of either dataset, and how often each has it. */
typedef struct compare_entry {
    const mlpipe__profile_entry *entry;
    uint64_t count[2];
    uint32_t cell;
} compare_entry;

/* Both datasets' texts; now's that the reference has not are unseen. */
static mlpipe_status compare_gather(mlpipe_ctx *ctx,
                                    const mlpipe__profile_column c[2],
                                    compare_entry *texts, uint32_t *count,
                                    mlpipe__drift_column *out)
{
    uint64_t unseen = 0, once = 0;
    mlpipe__dict known;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&known, ctx->env);
    for (uint32_t which = 0; which < 2; which++)
        for (uint32_t i = 0; i < c[which].entry_count && !st; i++) {
            const mlpipe__profile_entry *e = &c[which].entries[i];
            const uint32_t before = known.count;
            const uint32_t at = mlpipe__dict_add(&known, e->text, e->bytes);

            if (at == UINT32_MAX) {
                st = mlpipe__nomem(ctx);
                break;
            }
            if (at == before)
                texts[at].entry = e;
            texts[at].count[which] = e->count;
            once += !which && e->count == 1;
            if (which && at == before) {
                if (!unseen)
                    compare_label(out->example, e->text, e->bytes);
                unseen += e->count;
            }
        }
    *count = known.count;
    mlpipe__dict_free(&known);
    out->unseen = (double)unseen / (double)c[1].count;
    /* I. J. Good, Biometrika 40, 1953: what is left to be seen */
    out->unseen_by_chance = (double)once / (double)c[0].count;
    return st;
}

static uint64_t compare_rows_of(const compare_entry *e)
{
    return e->count[0] + e->count[1];
}

/* The most frequent ones of both together are cells: those of the reference
 * alone would be the ones that chance made frequent there. For the same
 * reason none stays that is as frequent as one that finds no room. */
static void compare_choose(compare_entry *texts, uint32_t count,
                           mlpipe__drift_column *out)
{
    const uint32_t most = MLPIPE__DRIFT_CELLS - 1;
    uint32_t top[MLPIPE__DRIFT_CELLS], used = 0;

    /* one more than there is room for, to see what finds none */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = used;
        while (at && compare_rows_of(&texts[top[at - 1]]) <
                         compare_rows_of(&texts[i]))
            at--;
        if (at > most)
            continue;
        used += used <= most;
        memmove(top + at + 1, top + at, (used - 1 - at) * sizeof *top);
        top[at] = i;
    }
    if (used > most) {
        const uint64_t cut = compare_rows_of(&texts[top[most]]);
        while (used && compare_rows_of(&texts[top[used - 1]]) == cut)
            used--;
    }
    for (uint32_t i = 0; i < count; i++)
        texts[i].cell = used;
    for (uint32_t i = 0; i < used; i++) {
        texts[top[i]].cell = i;
        compare_label(out->label[i], texts[top[i]].entry->text,
                      texts[top[i]].entry->bytes);
    }
    out->others = count > used;
    out->cells = used + out->others;
    compare_label(out->label[used], "(others)", 8);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t which = 0; which < 2; which++)
            out->count[which][texts[i].cell] += texts[i].count[which];
}

static mlpipe_status compare_cells(mlpipe_ctx *ctx,
                                   const mlpipe__profile_column c[2],
                                   mlpipe__drift_column *out)
{
    const size_t room = (size_t)c[0].entry_count + c[1].entry_count;
    compare_entry *texts =
        mlpipe__alloc_array(ctx->env, room, sizeof *texts);
    uint32_t count = 0;
    mlpipe_status st = texts ? compare_gather(ctx, c, texts, &count, out)
                             : mlpipe__nomem(ctx);

    out->values = count;
    if (!st)
        compare_choose(texts, count, out);
    mlpipe__free(ctx->env, texts);
    return st;
}

static void compare_truths(const mlpipe__profile_column *c,
                           mlpipe__drift_column *out, uint32_t which)
{
    out->cells = 2;
    compare_label(out->label[0], "false", 5);
    compare_label(out->label[1], "true", 4);
    out->count[which][0] = c->zeros;
    out->count[which][1] = c->count - c->zeros;
}

/* Was there something to test? */
static void compare_tested(mlpipe__drift_column *out)
{
    const uint32_t last = out->cells - 1;
    const double rows = (double)out->n[0] + (double)out->n[1];
    const double other = (double)out->count[0][last] +
                         (double)out->count[1][last];

    /* One value in all rows of both is as equal as can be. */
    for (uint32_t i = 0; i < last + !out->others && out->p != out->p; i++)
        if (out->count[0][i] == out->n[0] && out->count[1][i] == out->n[1])
            out->p = 1;
    /* Nine rows in ten beside all cells are not spoken of by the others. */
    out->untested = out->p != out->p || (out->others && other > 0.9 * rows);
}

/* Rare cells are one until 5 rows are expected in each (W. G. Cochran,
 * Biometrics 10, 1954), so that the limiting distribution holds. */
static void compare_homogeneity(mlpipe__drift_column *out)
{
    uint64_t pooled[2][MLPIPE__DRIFT_CELLS + 1] = {{0}, {0}};
    const double n = (double)out->n[0], m = (double)out->n[1];
    const double least = (n < m ? n : m) / (n + m);
    uint64_t rare[2] = {0, 0};
    uint32_t used = 0;
    double apart = 0;

    for (uint32_t i = 0; i < out->cells; i++) {
        const uint64_t a = out->count[0][i], b = out->count[1][i];
        const double off = (double)a / n - (double)b / m;
        apart += off < 0 ? -off : off;
        if ((double)(a + b) * least >= 5) {
            pooled[0][used] = a;
            pooled[1][used++] = b;
        } else {
            rare[0] += a;
            rare[1] += b;
        }
    }
    if ((double)(rare[0] + rare[1]) * least >= 5 || !used) {
        pooled[0][used] = rare[0];
        pooled[1][used++] = rare[1];
    } else {
        pooled[0][used - 1] += rare[0];
        pooled[1][used - 1] += rare[1];
    }
    out->variation = apart / 2;
    out->chi2 = mlpipe__chi2_table(pooled[0], pooled[1], used, &out->df,
                                   &out->chi2_p);
    out->p = out->chi2_p;
    compare_tested(out);
}

/* ---- both --------------------------------------------------------------- */

static void compare_nulls(const mlpipe__profile_column c[2],
                          mlpipe__drift_column *out)
{
    uint64_t null[2][2];
    double df;

    for (uint32_t i = 0; i < 2; i++) {
        null[i][0] = c[i].nulls + c[i].nan + c[i].infinite;
        null[i][1] = c[i].rows - null[i][0];
        out->nulls[i] = (double)null[i][0] / (double)c[i].rows;
        out->n[i] = null[i][1];
    }
    if (null[0][0] + null[1][0])
        (void)mlpipe__chi2_table(null[0], null[1], 2, &df, &out->null_p);
}

static mlpipe_status compare_both(mlpipe_ctx *ctx,
                                 const mlpipe__profile_column c[2],
                                 uint32_t bins, mlpipe__drift_column *out)
{
    mlpipe_status st = MLPIPE_OK;

    compare_nulls(c, out);
    if (!out->n[0] || !out->n[1]) {
        out->p = out->null_p;
        return MLPIPE_OK;
    }
    if (c[0].type == MLPIPE_TYPE_BOOL) {
        compare_truths(&c[0], out, 0);
        compare_truths(&c[1], out, 1);
    } else if (mlpipe__profile_is_text(c[0].type)) {
        st = compare_cells(ctx, c, out);
    } else {
        out->numeric = true;
        compare_numbers(&c[0], &c[1], bins, out);
    }
    if (st)
        return st;
    out->psi = mlpipe__psi(out->count[0], out->count[1], out->cells, NULL);
    if (!out->numeric)
        compare_homogeneity(out);
    if (out->null_p == out->null_p) {
        const double less =
            out->p < out->null_p || out->null_p != out->null_p ? out->p
                                                               : out->null_p;
        out->p = 2 * less < 1 ? 2 * less : 1;
    }
    return MLPIPE_OK;
}

mlpipe_status mlpipe__drift_compare(mlpipe_ctx *ctx,
                                    const mlpipe_dataset *const data[2],
                                    const uint32_t column[2], uint32_t bins,
                                    mlpipe__drift_column *out)
{
    const double nan = mlpipe__nan();
    mlpipe__profile_column c[2];
    mlpipe_status st;

    memset(out, 0, sizeof *out);
    out->name = data[0]->columns[column[0]]->name;
    out->type = data[0]->columns[column[0]]->type;
    out->psi = out->p = out->q = out->null_p = nan;
    out->ks = out->ks_p = out->sd_ratio = out->below = out->above = nan;
    out->shift.value = out->shift.low = out->shift.high = out->shift.n = nan;
    out->variation = out->chi2 = out->df = out->chi2_p = out->unseen = nan;
    st = mlpipe__profile_column_make(ctx, data[0], column[0], &c[0]);
    if (st)
        return st;
    st = mlpipe__profile_column_make(ctx, data[1], column[1], &c[1]);
    if (!st) {
        st = compare_both(ctx, c, bins, out);
        mlpipe__profile_column_free(&c[1]);
    }
    mlpipe__profile_column_free(&c[0]);
    return st;
}
