/* SPDX-License-Identifier: MIT */
/* What looks wrong with rows and with pairs of columns. */
#include "profile_types.h"

enum { PAIRS_SHOWN = 20, PAIRS_BLOCK = 512, PAIRS_MAPPED = 1000 };

/* ---- equal rows --------------------------------------------------------- */

/* The columns that are looked at, without one (-1: all), by name. */
static mlpipe_status pairs_groups(mlpipe__profile *p, int32_t without,
                                  mlpipe__row_groups *g)
{
    mlpipe__setting on = {0};
    mlpipe_status st;

    memset(g, 0, sizeof *g);
    g->env = p->ctx->env;
    on.names = mlpipe__alloc_array(p->ctx->env, p->column_count,
                                   sizeof *on.names);
    if (!on.names)
        return mlpipe__nomem(p->ctx);
    for (uint32_t i = 0; i < p->column_count; i++)
        if ((int32_t)p->columns[i] != without)
            on.names[on.count++] = p->data->columns[p->columns[i]]->name;
    st = on.count ? mlpipe__row_groups_find(p->ctx, "mlpipe_dataset_profile",
                                            p->data, &on, NULL, g)
                  : MLPIPE_OK;
    mlpipe__free(p->ctx->env, on.names);
    return st;
}

/* Would columns that know nothing of each other show as many equal rows? The
 * chance of `extra` or more, where two rows are equal with the chance
 * `collisions`, is above one in ten thousand. */
static bool pairs_by_chance(const mlpipe__profile *p, double collisions,
                            uint64_t extra)
{
    const double n = (double)p->data->rows;

    return mlpipe__gamma_p((double)extra, collisions * n * (n - 1) / 2) >
           1e-4;
}

static mlpipe_status pairs_rows(mlpipe__profile *p)
{
    mlpipe_report *r = p->part[MLPIPE__PROFILE_PART_DUPLICATES];
    mlpipe__row_figures f;
    mlpipe__row_groups g;
    uint32_t shown = 0;
    mlpipe_status st = pairs_groups(p, -1, &g);

    if (!st && g.count)
        st = mlpipe__row_groups_figures(p->ctx, &g, -1, &f);
    for (int64_t i = 0; !st && g.count && i < p->data->rows; i++) {
        if (g.count[i] < 2 || shown == PAIRS_SHOWN)
            continue;
        mlpipe__report_cell_number(r, (double)i);
        mlpipe__report_cell_number(r, (double)g.count[i]);
        if (!shown++)
            mlpipe__profile_find(
                p, MLPIPE__PROFILE_DUPLICATE_ROWS,
                !pairs_by_chance(p, p->collisions, f.rows - f.distinct),
                UINT32_MAX, f.rows - f.distinct,
                (double)(f.rows - f.distinct) / (double)f.rows,
                "row %lld is there %u times", (long long)i, g.count[i]);
    }
    if (!st && g.count) {
        p->duplicate_rows = f.rows - f.distinct;
        p->duplicate_groups = f.groups;
    }
    mlpipe__row_groups_free(&g);
    return st;
}

/* Rows whose group has several targets: they are wrong, and no column is to
 * be judged by them, unless they are so many that little else is left. */
static mlpipe_status pairs_dispute(mlpipe__profile *p,
                                   const mlpipe__row_groups *g)
{
    const int64_t n = p->data->rows;
    uint8_t *rows = mlpipe__alloc(p->ctx->env, (size_t)n);
    int64_t disputed = 0;

    if (!rows)
        return mlpipe__nomem(p->ctx);
    for (int64_t i = 0; i < n; i++)
        if (!mlpipe__dataset_cell_equal(p->data, (uint32_t)p->target,
                                        g->first[i], i))
            rows[g->first[i]] = 1;
    for (int64_t i = 0; i < n; i++) {
        rows[i] = rows[g->first[i]];
        disputed += rows[i];
    }
    if (disputed * 10 <= n) {
        p->disputed = rows;
        return MLPIPE_OK;
    }
    mlpipe__free(p->ctx->env, rows);
    return MLPIPE_OK;
}

/* Equal in all but the target. A feature's groups that are as large as chance
 * makes them are no conflict but a bound on what can be known. */
static mlpipe_status pairs_conflicts(mlpipe__profile *p)
{
    mlpipe__row_figures f;
    mlpipe__row_groups g;
    mlpipe_status st = pairs_groups(p, p->target, &g);

    if (!st && g.count)
        st = mlpipe__row_groups_figures(p->ctx, &g, p->target, &f);
    if (!st && g.count && f.conflicts &&
        !pairs_by_chance(p, p->other_collisions, f.conflicts))
        st = pairs_dispute(p, &g);
    for (int64_t i = 0; !st && g.count && f.conflicts && i < p->data->rows;
         i++) {
        const uint32_t first = g.first[i];
        if (mlpipe__dataset_cell_equal(p->data, (uint32_t)p->target, first,
                                       i))
            continue;
        mlpipe__profile_find(p, MLPIPE__PROFILE_LABEL_CONFLICTS,
                             !pairs_by_chance(p, p->other_collisions,
                                              f.conflicts),
                             (uint32_t)p->target, f.conflicts,
                             (double)f.conflicts / (double)f.distinct,
                             "rows %u and %lld differ in the target alone",
                             first, (long long)i);
        break;
    }
    mlpipe__row_groups_free(&g);
    return st;
}

/* ---- equal columns ------------------------------------------------------ */

enum pairs_kind { PAIRS_OTHER, PAIRS_EQUAL, PAIRS_LINEAR, PAIRS_MAPPING };

static bool pairs_texts(const mlpipe__profile *p, uint32_t i)
{
    return mlpipe__profile_is_text(p->data->columns[p->columns[i]]->type);
}

/* Equal in all rows where both are there, which are nine of ten of those
 * where either is. The first row that differs ends it, so that unrelated
 * columns cost nothing. */
static bool pairs_equal(const mlpipe__profile *p, uint32_t a, uint32_t b)
{
    const mlpipe_dataset *d = p->data;
    int64_t both = 0, one = 0;

    if (d->columns[p->columns[a]]->type != d->columns[p->columns[b]]->type &&
        !(pairs_texts(p, a) && pairs_texts(p, b)))
        return false;
    for (int64_t i = 0; i < d->rows && one * 10 <= d->rows; i++) {
        const bool there = mlpipe__profile_there(p, p->columns[a], i);
        if (mlpipe__dataset_cell_hash(d, p->columns[a], i, 0) ==
            mlpipe__dataset_cell_hash(d, p->columns[b], i, 0))
            both += there;
        else if (there && mlpipe__profile_there(p, p->columns[b], i))
            return false;
        else
            one++;
    }
    return one * 9 <= both;
}

/* Two finite numbers of a row, as doubles. */
static bool pairs_numbers(const mlpipe__profile *p, uint32_t a, uint32_t b,
                          int64_t row, double x[2])
{
    uint8_t valid[2];

    mlpipe__dataset_block(p->data, p->columns[a], row, 1, &x[0], &valid[0]);
    mlpipe__dataset_block(p->data, p->columns[b], row, 1, &x[1], &valid[1]);
    return valid[0] && valid[1] && mlpipe__finite(x[0]) &&
           mlpipe__finite(x[1]);
}

/* b = b0 + slope (a - a0) within 1e-9 deviations of b; the slope from the first
 * two rows that are half a deviation apart. */
static bool pairs_linear(const mlpipe__profile *p, uint32_t a, uint32_t b)
{
    double start[2] = {0, 0}, x[2], slope = 0;
    int64_t both = 0;
    bool started = false, sloped = false;

    if (!(p->sd[a] > 0 && p->sd[b] > 0) || !mlpipe__finite(p->sd[a]) ||
        !mlpipe__finite(p->sd[b]))
        return false;
    for (int64_t i = 0; i < p->data->rows && !sloped; i++) {
        if (!pairs_numbers(p, a, b, i, x))
            continue;
        if (!started) {
            memcpy(start, x, sizeof start);
            started = true;
        }
        const double apart = x[0] - start[0];
        if (apart < 0.5 * p->sd[a] && -apart < 0.5 * p->sd[a])
            continue;
        slope = (x[1] - start[1]) / apart;
        sloped = true;
    }
    for (int64_t i = 0; i < p->data->rows && sloped; i++) {
        if (!pairs_numbers(p, a, b, i, x))
            continue;
        const double off = x[1] - start[1] - slope * (x[0] - start[0]);
        if (!(off <= 1e-9 * p->sd[b] && -off <= 1e-9 * p->sd[b]))
            return false;
        both++;
    }
    return sloped && both * 10 >= p->data->rows * 9;
}

/* Each value of one column stands beside one value of the other. */
static mlpipe_status pairs_mapping(const mlpipe__profile *p, uint32_t a,
                                   uint32_t b, bool *maps)
{
    const uint32_t most = PAIRS_MAPPED + 2;
    mlpipe__dict from, to;
    uint32_t *image = mlpipe__alloc_array(p->ctx->env, most, sizeof *image);
    mlpipe_status st = image ? MLPIPE_OK : mlpipe__nomem(p->ctx);

    mlpipe__dict_init(&from, p->ctx->env);
    mlpipe__dict_init(&to, p->ctx->env);
    *maps = !st;
    for (int64_t i = 0; i < p->data->rows && *maps; i++) {
        const uint64_t h =
            mlpipe__dataset_cell_hash(p->data, p->columns[a], i, 0);
        const uint64_t k =
            mlpipe__dataset_cell_hash(p->data, p->columns[b], i, 0);
        const uint32_t known = from.count, other = to.count;
        const uint32_t x = mlpipe__dict_add(&from, (const char *)&h, 8);
        const uint32_t y = mlpipe__dict_add(&to, (const char *)&k, 8);

        if (x == UINT32_MAX || y == UINT32_MAX) {
            st = mlpipe__nomem(p->ctx);
            *maps = false;
        } else if ((x == known) != (y == other) || from.count >= most) {
            *maps = false;
        } else if (x == known) {
            image[x] = y;
        } else {
            *maps = image[x] == y;
        }
    }
    mlpipe__dict_free(&from);
    mlpipe__dict_free(&to);
    mlpipe__free(p->ctx->env, image);
    return st;
}

/* Two columns of few values are equal by chance where hardly a row has
 * another value than most. */
static bool pairs_tells(const mlpipe__profile *p, uint32_t i)
{
    return p->distinct[i] > 1 && p->data->rows >= 20 &&
           (double)p->data->rows * (1 - p->alike[i]) >= 20;
}

static mlpipe_status pairs_of(const mlpipe__profile *p, uint32_t a,
                              uint32_t b, enum pairs_kind *kind)
{
    const uint64_t values = p->distinct[a];
    bool maps = false;
    mlpipe_status st = MLPIPE_OK;

    *kind = PAIRS_OTHER;
    if (pairs_equal(p, a, b))
        *kind = PAIRS_EQUAL;
    else if (!pairs_texts(p, a) && !pairs_texts(p, b) &&
             pairs_linear(p, a, b))
        *kind = PAIRS_LINEAR;
    else if (values == p->distinct[b] && values >= 3 &&
             values <= PAIRS_MAPPED &&
             values * 10 <= (uint64_t)p->data->rows)
        st = pairs_mapping(p, a, b, &maps);
    if (maps)
        *kind = PAIRS_MAPPING;
    return st;
}

static mlpipe_status pairs_columns(mlpipe__profile *p)
{
    static const char *const says[] = {
        "", "equals \"%s\"", "is a multiple of \"%s\" and a constant",
        "each value stands beside one of \"%s\""};
    mlpipe_status st = MLPIPE_OK;

    for (uint32_t b = 1; b < p->column_count && !st; b++) {
        for (uint32_t a = 0; a < b && !st && pairs_tells(p, b); a++) {
            enum pairs_kind kind = PAIRS_OTHER;
            st = mlpipe__poll(p->ctx, "profile", b, p->column_count);
            if (!st && pairs_tells(p, a))
                st = pairs_of(p, a, b, &kind);
            if (st || kind == PAIRS_OTHER)
                continue;
            mlpipe__profile_find(p, MLPIPE__PROFILE_DUPLICATE_COLUMNS,
                                 kind != PAIRS_MAPPING, p->columns[b],
                                 (uint64_t)p->data->rows, 1, says[kind],
                                 p->data->columns[p->columns[a]]->name);
            break;
        }
    }
    return st;
}

mlpipe_status mlpipe__profile_pairs(mlpipe__profile *p)
{
    mlpipe_status st = pairs_rows(p);

    if (!st)
        st = pairs_columns(p);
    if (!st && p->target >= 0)
        st = pairs_conflicts(p);
    if (!st && p->target >= 0)
        st = mlpipe__profile_leaks(p);
    return st;
}
