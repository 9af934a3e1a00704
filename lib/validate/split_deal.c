/* SPDX-License-Identifier: MIT */
/*
 * Dealing rows into parts. Every draw is a function of the seed and of a row
 * id, or of the seed and the value of a group; sums run over strata in the
 * order of their numbers, so that sorting the file changes nothing.
 */
#include "validate_internal.h"

enum { DEAL_POLL = 4096, DEAL_EXPONENT = 52 };
/* Streams of draws by group; rows draw from the stream 0. */
enum { DEAL_BY_SIZE = 1, DEAL_BY_BLOCK, DEAL_BY_QUOTA, DEAL_BY_FIRST };

/* The part that a share of [0, 1) falls into. */
static uint32_t deal_share(const mlpipe__deal *d, double x)
{
    double sum = 0;
    uint32_t k;
    for (k = 0; k + 1 < d->parts; k++) {
        sum += d->shares[k];
        if (x < sum)
            break;
    }
    return k;
}

static void deal_alone(const mlpipe__deal *d, uint32_t *part)
{
    uint32_t i;
    for (i = 0; i < d->rows->rows; i++) {
        const uint64_t id = mlpipe_dataset_row_id(d->rows->data, i);
        part[i] = d->purpose == MLPIPE__FOR_FOLD
                      ? mlpipe__fold_of(d->seed, id, d->parts)
                      : deal_share(d, mlpipe__share_of(d->seed, d->purpose,
                                                       id));
    }
}

/* ---- strata ------------------------------------------------------------- */

static void deal_class_name(const mlpipe__split_rows *r, uint32_t stratum,
                            char out[64])
{
    const int32_t type = mlpipe_dataset_type(r->data, r->stratify);
    mlpipe_value value;
    uint32_t row = 0;
    while (row + 1 < r->rows && r->stratum[row] != stratum)
        row++;
    if (mlpipe_dataset_cell(r->data, row, r->stratify, &value))
        value.num = 0;
    if (type == MLPIPE_TYPE_TEXT || type == MLPIPE_TYPE_CATEGORY)
        mlpipe__format(out, 64, "class %q", value.str);
    else
        mlpipe__format(out, 64, "the stratum of the value %g", value.num);
}

/* counts: rows, or groups, of each stratum; every part needs one of each. */
static mlpipe_status deal_check(const mlpipe__deal *d, const uint64_t *counts,
                                const char *members)
{
    const mlpipe__split_rows *r = d->rows;
    char name[64];
    uint32_t s;
    for (s = 0; s < r->strata; s++) {
        if (counts[s] >= d->parts || s == r->null_stratum)
            continue;
        deal_class_name(r, s, name);
        mlpipe__fail(r->ctx, MLPIPE_E_EMPTY,
                     "%s: stratify=%s: %s has %llu %s and %u %s need one "
                     "each; take fewer %s, or join what is rare",
                     r->owner, mlpipe_dataset_name(r->data, r->stratify),
                     name, (unsigned long long)counts[s], members, d->parts,
                     d->what, d->what);
        return mlpipe__fail_at(r->ctx, -1,
                               mlpipe_dataset_name(r->data, r->stratify));
    }
    return MLPIPE_OK;
}

/*
 * How many of n rows each part takes: its share rounded down, and the rest
 * one each to the parts that are furthest below their share of all rows.
 */
static void deal_quota(const mlpipe__deal *d, uint64_t n, uint64_t dealt,
                       uint64_t *have, uint64_t *take)
{
    uint64_t left = n;
    uint32_t j;
    for (j = 0; j < d->parts; j++) {
        take[j] = (uint64_t)((double)n * d->shares[j]);
        if (take[j] > left)
            take[j] = left;
        left -= take[j];
        have[j] += take[j];
    }
    for (; left; left--) {
        double most = 0;
        uint32_t best = UINT32_MAX;
        for (j = 0; j < d->parts; j++) {
            const double below =
                d->shares[j] * (double)(dealt + n) - (double)have[j];
            const bool more =
                take[j] > (uint64_t)((double)n * d->shares[j]);
            if (!more && (best == UINT32_MAX || below > most)) {
                best = j;
                most = below;
            }
        }
        best = best == UINT32_MAX ? 0 : best;
        take[best]++;
        have[best]++;
    }
}

/* Rows by (stratum, draw); start: strata + 1 places. */
static mlpipe_status deal_sort(const mlpipe__deal *d, const uint64_t *start,
                               uint32_t *order)
{
    const mlpipe__split_rows *r = d->rows;
    mlpipe__env *env = r->env;
    int64_t *draw = mlpipe__alloc_array(env, r->rows, sizeof *draw);
    uint32_t *drawn = mlpipe__alloc_array(env, r->rows, sizeof *drawn);
    uint64_t *scratch =
        mlpipe__alloc_array(env, r->rows, 4 * sizeof *scratch);
    uint64_t *at = mlpipe__alloc_array(env, r->strata, sizeof *at);
    mlpipe_status st =
        draw && drawn && scratch && at ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    uint32_t i;
    for (i = 0; !st && i < r->rows; i++)
        draw[i] = (int64_t)mlpipe__random64(
            d->seed, d->purpose, 0, mlpipe_dataset_row_id(r->data, i), 0);
    if (!st) {
        mlpipe__argsort_i64(draw, drawn, r->rows, scratch);
        memcpy(at, start, r->strata * sizeof *at);
        for (i = 0; i < r->rows; i++)
            order[at[r->stratum[drawn[i]]]++] = drawn[i];
    }
    mlpipe__free(env, at);
    mlpipe__free(env, scratch);
    mlpipe__free(env, drawn);
    mlpipe__free(env, draw);
    return st;
}

/* start[s + 1] holds the rows of stratum s; makes places of them. */
static void deal_places(uint64_t *start, uint32_t strata)
{
    uint32_t s;
    for (s = 0; s < strata; s++)
        start[s + 1] += start[s];
}

static mlpipe_status deal_strata(const mlpipe__deal *d, uint32_t *part)
{
    const mlpipe__split_rows *r = d->rows;
    mlpipe__env *env = r->env;
    uint64_t *start = mlpipe__alloc_array(env, (size_t)r->strata + 1,
                                          sizeof *start);
    uint64_t *have = mlpipe__alloc_array(env, d->parts, 2 * sizeof *have);
    uint32_t *order = mlpipe__alloc_array(env, r->rows, sizeof *order);
    mlpipe_status st =
        start && have && order ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    uint32_t s, j, i;
    for (i = 0; !st && i < r->rows; i++)
        start[r->stratum[i] + 1]++;
    if (!st)
        st = deal_check(d, start + 1, "rows");
    if (!st) {
        deal_places(start, r->strata);
        st = deal_sort(d, start, order);
    }
    for (s = 0; !st && s < r->strata; s++) {
        uint64_t *take = have + d->parts, at = start[s];
        deal_quota(d, start[s + 1] - at, at, have, take);
        for (j = 0; j < d->parts; j++)
            for (; take[j]; take[j]--)
                part[order[at++]] = j;
    }
    mlpipe__free(env, order);
    mlpipe__free(env, have);
    mlpipe__free(env, start);
    return st;
}

/* ---- groups ------------------------------------------------------------- */

/* How many rows of a stratum a group has: sparse, by group, then stratum. */
typedef struct deal_cell {
    uint32_t stratum, count;
} deal_cell;

typedef struct deal_groups {
    const mlpipe__deal *deal;
    uint32_t strata;
    uint32_t *row;      /* rows by (group, stratum) */
    uint64_t *start;    /* groups + 1: the cells of each */
    deal_cell *cell;
    uint64_t *size;     /* strata: rows of each */
    uint64_t *held;     /* strata: groups that have such rows */
    uint64_t *have;     /* parts x strata: rows dealt */
    uint64_t *rows;     /* parts: rows dealt */
    uint32_t *order;    /* groups as they are dealt */
    uint32_t *home;     /* part of each group */
    double *dealt;      /* strata: rows up to the end of the block */
    uint32_t *quota;    /* parts: groups that it still takes of a block */
    uint32_t block;     /* groups of a block; 0: parts are equal */
    uint32_t first;     /* of equal parts: who wins ties */
} deal_groups;

static void deal_groups_free(deal_groups *g)
{
    mlpipe__env *env = g->deal->rows->env;
    mlpipe__free(env, g->row);
    mlpipe__free(env, g->start);
    mlpipe__free(env, g->cell);
    mlpipe__free(env, g->size);
    mlpipe__free(env, g->held);
    mlpipe__free(env, g->have);
    mlpipe__free(env, g->rows);
    mlpipe__free(env, g->order);
    mlpipe__free(env, g->home);
    mlpipe__free(env, g->dealt);
    mlpipe__free(env, g->quota);
}

static mlpipe_status deal_groups_memory(deal_groups *g)
{
    const mlpipe__split_rows *r = g->deal->rows;
    mlpipe__env *env = r->env;
    size_t cells;
    const bool over = mlpipe__mul(g->deal->parts, g->strata, &cells);
    g->row = mlpipe__alloc_array(env, r->rows, sizeof *g->row);
    g->start = mlpipe__alloc_array(env, (size_t)r->groups + 1,
                                   sizeof *g->start);
    g->cell = mlpipe__alloc_array(env, r->rows, sizeof *g->cell);
    g->size = mlpipe__alloc_array(env, g->strata, sizeof *g->size);
    g->held = mlpipe__alloc_array(env, g->strata, sizeof *g->held);
    g->have =
        over ? NULL : mlpipe__alloc_array(env, cells, sizeof *g->have);
    g->rows = mlpipe__alloc_array(env, g->deal->parts, sizeof *g->rows);
    g->order = mlpipe__alloc_array(env, r->groups, sizeof *g->order);
    g->home = mlpipe__alloc_array(env, r->groups, sizeof *g->home);
    g->dealt = mlpipe__alloc_array(env, g->strata, sizeof *g->dealt);
    g->quota = mlpipe__alloc_array(env, g->deal->parts, sizeof *g->quota);
    return g->row && g->start && g->cell && g->size && g->held && g->have &&
                   g->rows && g->order && g->home && g->dealt && g->quota
               ? MLPIPE_OK
               : mlpipe__nomem(r->ctx);
}

static uint32_t deal_stratum(const mlpipe__split_rows *r, uint32_t row)
{
    return r->stratum ? r->stratum[row] : 0;
}

/* Rows sorted by group and, within it, by stratum. */
static mlpipe_status deal_groups_sort(const deal_groups *g)
{
    const mlpipe__split_rows *r = g->deal->rows;
    mlpipe__env *env = r->env;
    int64_t *key = mlpipe__alloc_array(env, r->rows, sizeof *key);
    uint64_t *scratch =
        mlpipe__alloc_array(env, r->rows, 4 * sizeof *scratch);
    mlpipe_status st = key && scratch ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    uint32_t i;
    for (i = 0; !st && i < r->rows; i++)
        key[i] = (int64_t)r->group[i] << 32 | deal_stratum(r, i);
    if (!st)
        mlpipe__argsort_i64(key, g->row, r->rows, scratch);
    mlpipe__free(env, scratch);
    mlpipe__free(env, key);
    return st;
}

static void deal_groups_count(deal_groups *g)
{
    const mlpipe__split_rows *r = g->deal->rows;
    uint64_t cells = 0;
    uint32_t i, k;
    for (i = 0; i < r->rows; i = k) {
        const uint32_t group = r->group[g->row[i]];
        const uint32_t stratum = deal_stratum(r, g->row[i]);
        for (k = i + 1; k < r->rows && r->group[g->row[k]] == group &&
                        deal_stratum(r, g->row[k]) == stratum;)
            k++;
        g->cell[cells++] = (deal_cell){stratum, k - i};
        g->start[group + 1] = cells;
        g->size[stratum] += k - i;
        g->held[stratum]++;
    }
}

/* The sum of a group's shares of the strata that it has rows of. */
static double deal_weight(const deal_groups *g, uint32_t group)
{
    double sum = 0;
    uint64_t c;
    for (c = g->start[group]; c < g->start[group + 1]; c++)
        sum += (double)g->cell[c].count /
               (double)g->size[g->cell[c].stratum];
    return sum;
}

/* Groups by their key; of equal ones, as the seed draws them. */
static mlpipe_status deal_by_key(const deal_groups *g, uint32_t stream,
                                 const int64_t *key)
{
    const mlpipe__split_rows *r = g->deal->rows;
    mlpipe__env *env = r->env;
    const uint32_t n = r->groups;
    int64_t *draw = mlpipe__alloc_array(env, n, sizeof *draw);
    uint32_t *drawn = mlpipe__alloc_array(env, n, sizeof *drawn);
    uint64_t *scratch = mlpipe__alloc_array(env, n, 4 * sizeof *scratch);
    mlpipe_status st =
        draw && drawn && scratch ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    uint32_t i;
    for (i = 0; !st && i < n; i++)
        draw[i] = (int64_t)mlpipe__random64(g->deal->seed, g->deal->purpose,
                                            stream, r->group_key[i], 0);
    if (!st) {
        mlpipe__argsort_i64(draw, drawn, n, scratch);
        for (i = 0; i < n; i++)
            draw[i] = key[drawn[i]];
        mlpipe__argsort_i64(draw, g->order, n, scratch);
        for (i = 0; i < n; i++)
            g->order[i] = drawn[g->order[i]];
    }
    mlpipe__free(env, scratch);
    mlpipe__free(env, drawn);
    mlpipe__free(env, draw);
    return st;
}

static uint64_t deal_group_rows(const deal_groups *g, uint32_t group)
{
    uint64_t rows = 0, c;
    for (c = g->start[group]; c < g->start[group + 1]; c++)
        rows += g->cell[c].count;
    return rows;
}

/*
 * Large groups first, since small ones can still even out what they do. Equal
 * parts take them as they come, those within one power of two of weight as
 * the seed draws them. Of unequal parts the largest would take all the large
 * ones: groups of like size then form blocks, which are drawn within.
 */
static mlpipe_status deal_groups_order(const deal_groups *g)
{
    const mlpipe__split_rows *r = g->deal->rows;
    int64_t *key = mlpipe__alloc_array(r->env, r->groups, sizeof *key);
    mlpipe_status st = key ? MLPIPE_OK : mlpipe__nomem(r->ctx);
    uint32_t i;
    for (i = 0; !st && i < r->groups; i++) {
        const double weight = deal_weight(g, i);
        memcpy(&key[i], &weight, sizeof key[i]);
        key[i] = g->block ? -(int64_t)deal_group_rows(g, i)
                          : -(key[i] >> DEAL_EXPONENT);
    }
    if (!st)
        st = deal_by_key(g, DEAL_BY_SIZE, key);
    if (!st && g->block) {
        for (i = 0; i < r->groups; i++)
            key[g->order[i]] = i / g->block;
        st = deal_by_key(g, DEAL_BY_BLOCK, key);
    }
    mlpipe__free(r->env, key);
    return st;
}

/* As many groups as the smallest part takes one of; 0 where all parts are
 * equal. */
static uint32_t deal_block(const mlpipe__deal *d)
{
    double least = d->shares[0], most = d->shares[0];
    uint32_t j;
    for (j = 1; j < d->parts; j++) {
        least = d->shares[j] < least ? d->shares[j] : least;
        most = d->shares[j] > most ? d->shares[j] : most;
    }
    if (most - least <= 1e-9 * most)
        return 0;
    const double groups = 1 / least - 1e-9; /* 1 / 0.1 is no more than 10 */
    return groups >= d->rows->groups ? d->rows->groups
                                     : (uint32_t)groups + 1;
}

/* Rows that a part lacks of its share. */
static double deal_rest(const deal_groups *g, uint32_t part)
{
    const double rest =
        g->deal->shares[part] * (double)g->deal->rows->rows -
        (double)g->rows[part];
    return rest > 0 ? rest : 0;
}

/*
 * How many of the next n groups each part takes: by the rows that it lacks,
 * rounded at random so that no part is favoured. A group of any size comes to
 * a part with the probability of its share, since what parts lack keeps its
 * proportions in the mean. The first block leaves no part without a group.
 */
static void deal_quotas(deal_groups *g, uint32_t begin, uint32_t n)
{
    const mlpipe__deal *d = g->deal;
    const double draw = mlpipe__random_unit(d->seed, d->purpose,
                                            DEAL_BY_QUOTA, begin, 0);
    double lack = 0, sum = 0;
    uint32_t j, least = 0, most = 0, before = 0;
    for (j = 0; j < d->parts; j++)
        lack += deal_rest(g, j);
    for (j = 0; j < d->parts; j++) {
        sum += deal_rest(g, j);
        uint32_t upto = lack > 0 ? (uint32_t)(n * (sum / lack) + draw) : n;
        upto = j + 1 == d->parts || upto > n ? n : upto;
        g->quota[j] = upto - before;
        before = upto;
    }
    while (!begin) {
        for (j = 0; j < d->parts; j++) {
            least = g->quota[j] < g->quota[least] ? j : least;
            most = g->quota[j] > g->quota[most] ? j : most;
        }
        if (g->quota[least])
            return;
        g->quota[least]++;
        g->quota[most]--;
    }
}

/*
 * Of equal parts: by how much the sum over strata and parts of (rows of the
 * stratum in the part / rows of the stratum - share)^2 grows, less what all
 * share. Within a block: how full the part is of the strata of this group, as
 * a part of what it should have at the block's end. The group's own rows are
 * not in it, or large ones would be drawn to large parts.
 */
static double deal_cost(const deal_groups *g, uint32_t group, uint32_t part)
{
    const double share = g->deal->shares[part];
    double sum = 0;
    uint64_t c;
    for (c = g->start[group]; c < g->start[group + 1]; c++) {
        const uint32_t s = g->cell[c].stratum;
        const double all = (double)g->size[s];
        const double have = (double)g->have[(size_t)part * g->strata + s];
        sum += (double)g->cell[c].count / all *
               (g->block ? have / (share * g->dealt[s])
                         : have / all - share);
    }
    return sum;
}

/* May it take this group: of its block and, but for the last rows, below its
 * share, so that none exceeds that by a whole group? */
static bool deal_takes(const deal_groups *g, uint32_t part, int pass)
{
    return !g->block || pass > 1 ||
           (deal_rest(g, part) > 0 && (pass || g->quota[part]));
}

static void deal_begin_block(deal_groups *g, uint32_t begin)
{
    const uint32_t left = g->deal->rows->groups - begin;
    const uint32_t n = left < g->block ? left : g->block;
    uint32_t i;
    uint64_t c;
    for (i = begin; i < begin + n; i++) {
        const uint32_t group = g->order[i];
        for (c = g->start[group]; c < g->start[group + 1]; c++)
            g->dealt[g->cell[c].stratum] += g->cell[c].count;
    }
    deal_quotas(g, begin, n);
}

static uint32_t deal_choose(const deal_groups *g, uint32_t group)
{
    const mlpipe__deal *d = g->deal;
    double least = 0, least_rows = 0;
    uint32_t best = UINT32_MAX, k;
    for (int pass = 0; best == UINT32_MAX; pass++)
        for (k = 0; k < d->parts; k++) {
            const uint32_t j = (g->first + k) % d->parts;
            if (!deal_takes(g, j, pass))
                continue;
            const double cost = deal_cost(g, group, j);
            const double full = (double)g->rows[j] -
                                d->shares[j] * (double)d->rows->rows;
            if (best != UINT32_MAX &&
                (cost > least || (cost == least && full >= least_rows)))
                continue;
            best = j;
            least = cost;
            least_rows = full;
        }
    return best;
}

static void deal_group(deal_groups *g, uint32_t group)
{
    const uint32_t best = deal_choose(g, group);
    uint64_t c;
    g->home[group] = best;
    g->quota[best] -= g->quota[best] > 0;
    for (c = g->start[group]; c < g->start[group + 1]; c++) {
        g->have[(size_t)best * g->strata + g->cell[c].stratum] +=
            g->cell[c].count;
        g->rows[best] += g->cell[c].count;
    }
}

static mlpipe_status deal_groups_run(deal_groups *g, uint32_t *part)
{
    const mlpipe__split_rows *r = g->deal->rows;
    mlpipe_status st = deal_groups_memory(g);
    uint32_t i;
    if (!st)
        st = deal_groups_sort(g);
    if (!st) {
        deal_groups_count(g);
        if (r->stratum)
            st = deal_check(g->deal, g->held, "groups");
    }
    if (!st)
        st = deal_groups_order(g);
    for (i = 0; !st && i < r->groups; i++) {
        if (i % DEAL_POLL == 0)
            st = mlpipe__poll(r->ctx, "deal", i, r->groups);
        if (!st && g->block && i % g->block == 0)
            deal_begin_block(g, i);
        if (!st)
            deal_group(g, g->order[i]);
    }
    for (i = 0; !st && i < r->rows; i++)
        part[i] = g->home[r->group[i]];
    return st;
}

static mlpipe_status deal_whole_groups(const mlpipe__deal *d, uint32_t *part)
{
    const mlpipe__split_rows *r = d->rows;
    deal_groups g = {.deal = d, .strata = r->stratum ? r->strata : 1};
    mlpipe_status st;
    if (r->groups < d->parts)
        return mlpipe__fail(r->ctx, MLPIPE_E_EMPTY,
                            "%s: group=: %u groups cannot make %u %s; take "
                            "fewer %s, or a finer group",
                            r->owner, r->groups, d->parts, d->what, d->what);
    g.block = deal_block(d);
    /* Of two halves neither has the largest group by its name. */
    if (d->purpose == MLPIPE__FOR_SPLIT)
        g.first = (uint32_t)(mlpipe__random64(d->seed, d->purpose,
                                              DEAL_BY_FIRST, 0, 0) % d->parts);
    st = deal_groups_run(&g, part);
    deal_groups_free(&g);
    return st;
}

mlpipe_status mlpipe__deal_rows(const mlpipe__deal *deal, uint32_t *part)
{
    if (deal->rows->group)
        return deal_whole_groups(deal, part);
    if (deal->rows->stratum)
        return deal_strata(deal, part);
    deal_alone(deal, part);
    return MLPIPE_OK;
}
