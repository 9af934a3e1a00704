/* SPDX-License-Identifier: MIT */
/*
 * What a column alone says of the target: the rows are cut in halves by their
 * ids, each half is predicted from the other's groups, so that a column of
 * many values gains nothing by knowing its own rows.
 */
#include "profile_types.h"

enum { LEAK_BINS = 64, LEAK_CLASSES = 20, LEAK_ROWS = 50,
       LEAK_CLASS_ROWS = 10, LEAK_OUT = 2 };

typedef struct leak_job {
    mlpipe__profile *p;
    uint32_t n;
    uint32_t *group, groups;  /* of each row, by the column */
    uint32_t *class, classes; /* by the target, where it has classes */
    double *rank;             /* else its rank, 0 to 1; NaN: none */
    uint8_t *half;            /* 0, 1, or LEAK_OUT: not to be judged by */
    uint64_t total[LEAK_CLASSES + 1]; /* rows of each class */
    uint64_t *scratch;        /* 4 n */
    double *values;
    uint32_t *order;
    uint32_t *counts;         /* 2 x groups x classes */
    double *sums;             /* 2 x groups x {n, sum} */
} leak_job;

/* ---- groups of rows ----------------------------------------------------- */

/* A number for each different value; null is one of its own. */
static mlpipe_status leak_codes(leak_job *j, uint32_t column, uint32_t *code,
                                uint32_t *codes)
{
    mlpipe__dict dict;
    mlpipe_status st = MLPIPE_OK;

    mlpipe__dict_init(&dict, j->p->ctx->env);
    for (uint32_t i = 0; i < j->n && !st; i++) {
        const uint64_t h =
            mlpipe__dataset_cell_hash(j->p->data, column, i, 0);
        code[i] = mlpipe__dict_add(&dict, (const char *)&h, sizeof h);
        if (code[i] == UINT32_MAX)
            st = mlpipe__nomem(j->p->ctx);
    }
    *codes = dict.count;
    mlpipe__dict_free(&dict);
    return st;
}

/* The column as doubles, NaN where there is none, and their order. */
static void leak_order(leak_job *j, uint32_t column)
{
    uint8_t valid[512];

    for (uint32_t at = 0; at < j->n; at += 512) {
        const uint32_t run = j->n - at < 512 ? j->n - at : 512;
        mlpipe__dataset_block(j->p->data, column, at, run, j->values + at,
                              valid);
        for (uint32_t i = 0; i < run; i++)
            if (!valid[i])
                j->values[at + i] = mlpipe__nan();
    }
    mlpipe__argsort_f64(j->values, j->order, j->n, j->scratch);
}

/* Bins of equally many rows, equal values together; NaN in the last. */
static void leak_bins(leak_job *j, uint32_t column)
{
    const uint32_t bins = j->n / 8 < LEAK_BINS ? j->n / 8 : LEAK_BINS;
    uint32_t bin = 0;

    leak_order(j, column);
    for (uint32_t i = 0; i < j->n; i++) {
        const double x = j->values[j->order[i]];
        if (!i || x != j->values[j->order[i - 1]])
            bin = (uint32_t)((uint64_t)i * bins / j->n);
        j->group[j->order[i]] = x == x ? bin : bins;
    }
    j->groups = bins + 1;
}

/* Mid-ranks of the target, from 0 to 1. */
static void leak_ranks(leak_job *j)
{
    uint32_t start = 0;

    leak_order(j, (uint32_t)j->p->target);
    for (uint32_t i = 1; i <= j->n; i++) {
        const double x = j->values[j->order[start]];
        if (i < j->n && j->values[j->order[i]] == x)
            continue;
        for (uint32_t k = start; k < i; k++)
            j->rank[j->order[k]] =
                x == x ? (start + i - 1) / 2.0 / j->n : mlpipe__nan();
        start = i;
    }
}

/* ---- how much is known -------------------------------------------------- */

/* What the other half has of the row's group. */
static const uint32_t *leak_seen(const leak_job *j, uint32_t row)
{
    return j->counts +
           ((size_t)!j->half[row] * j->groups + j->group[row]) * j->classes;
}

/* 1 - (wrong by the groups) / (wrong by the commonest class): lambda of L.
 * Goodman and W. Kruskal (JASA 49, 1954), of rows that were not seen. */
static double leak_lambda(const leak_job *j)
{
    uint64_t n = 0, most = 0, right = 0;

    for (uint32_t c = 0; c < j->classes; c++) {
        n += j->total[c];
        most = j->total[c] > most ? j->total[c] : most;
    }
    for (uint32_t i = 0; i < j->n; i++) {
        uint32_t best = 0;
        if (j->half[i] == LEAK_OUT)
            continue;
        const uint32_t *seen = leak_seen(j, i);
        for (uint32_t c = 1; c < j->classes; c++)
            if (seen[c] > seen[best] ||
                (seen[c] == seen[best] && j->total[c] > j->total[best]))
                best = c;
        right += best == j->class[i];
    }
    return most == n ? mlpipe__nan()
                     : ((double)right - (double)most) / (double)(n - most);
}

/* The class of which the group has the greatest part; where it has none of
 * any, there is no guess. */
static uint32_t leak_guess(const leak_job *j, const uint32_t *seen)
{
    uint32_t best = UINT32_MAX;
    double most = 0;

    for (uint32_t c = 0; c < j->classes; c++) {
        const double part = (double)seen[c] / (double)j->total[c];
        if (j->total[c] < LEAK_CLASS_ROWS || !(part > most))
            continue;
        most = part;
        best = c;
    }
    return best;
}

/* The mean share of each class that is found by that guess, from 0 by chance
 * to 1: where one class is rare, a few wrong rows of the others outnumber it
 * and hide from lambda that it is known. Of a class of few rows nothing is
 * said. */
static double leak_recall(const leak_job *j)
{
    uint64_t right[LEAK_CLASSES + 1] = {0};
    double mean = 0, classes = 0;

    for (uint32_t i = 0; i < j->n; i++)
        if (j->half[i] != LEAK_OUT &&
            leak_guess(j, leak_seen(j, i)) == j->class[i])
            right[j->class[i]]++;
    for (uint32_t c = 0; c < j->classes; c++) {
        if (j->total[c] < LEAK_CLASS_ROWS)
            continue;
        mean += (double)right[c] / (double)j->total[c];
        classes++;
    }
    return classes < 2 ? mlpipe__nan()
                       : (mean - 1) / (classes - 1);
}

/* Counts rows by half, group and class, and asks how much is known. */
static mlpipe_status leak_count(leak_job *j, double *known, double *recall)
{
    mlpipe__env *env = j->p->ctx->env;

    j->counts = mlpipe__alloc_array(env, 2 * (size_t)j->groups,
                                    j->classes * sizeof *j->counts);
    if (!j->counts)
        return mlpipe__nomem(j->p->ctx);
    for (uint32_t i = 0; i < j->n; i++)
        if (j->half[i] != LEAK_OUT)
            j->counts[((size_t)j->half[i] * j->groups + j->group[i]) *
                          j->classes + j->class[i]]++;
    *known = leak_lambda(j);
    *recall = leak_recall(j);
    mlpipe__free(env, j->counts);
    j->counts = NULL;
    return MLPIPE_OK;
}

/* The same of whether the column has a value; 0 where it always has one, or
 * never, or where the rarest class is a handful of rows. */
static mlpipe_status leak_presence(leak_job *j, uint32_t column,
                                   double *known)
{
    uint32_t there = 0, classes = 0;
    double recall;

    *known = 0;
    for (uint32_t i = 0; i < j->n; i++) {
        j->group[i] = mlpipe__profile_value(j->p, column, i);
        there += j->group[i];
    }
    for (uint32_t c = 0; c < j->classes; c++)
        classes += j->total[c] >= LEAK_CLASS_ROWS;
    if (!there || there == j->n || classes < 2)
        return MLPIPE_OK;
    j->groups = 2;
    return leak_count(j, known, &recall);
}

static mlpipe_status leak_classes(leak_job *j, uint32_t column)
{
    double known, recall, there;
    mlpipe_status st = leak_count(j, &known, &recall);

    if (!st)
        st = leak_presence(j, column, &there);
    if (st)
        return st;
    /* A null that follows half of a class is no accident of measuring. */
    if (there >= 0.5 && (there >= 0.95 * known || known < 0.8))
        mlpipe__profile_find(j->p, MLPIPE__PROFILE_LEAK, there > 0.8, column,
                             j->n, there,
                             "whether there is a value alone avoids %g %% of "
                             "the errors",
                             mlpipe__round_digits(100 * there, 2));
    else if (known >= 0.8)
        mlpipe__profile_find(j->p, MLPIPE__PROFILE_LEAK, known > 0.9,
                             column, j->n, known,
                             "alone avoids %g %% of the errors",
                             mlpipe__round_digits(100 * known, 2));
    else if (recall >= 0.9)
        mlpipe__profile_find(j->p, MLPIPE__PROFILE_LEAK, false, column, j->n,
                             recall, "alone finds the classes, %g %% of the "
                             "way from chance to all of them",
                             mlpipe__round_digits(100 * recall, 2));
    return MLPIPE_OK;
}

/* 1 - (squared error of the other half's group means) / (variance) of the
 * target's ranks. */
static double leak_share(leak_job *j)
{
    double wrong = 0, all = 0, n = 0, sum = 0;

    for (uint32_t i = 0; i < j->n; i++) {
        if (j->half[i] == LEAK_OUT || j->rank[i] != j->rank[i])
            continue;
        double *cell =
            j->sums + 2 * ((size_t)j->half[i] * j->groups + j->group[i]);
        cell[0]++;
        cell[1] += j->rank[i];
        n++;
        sum += j->rank[i];
    }
    for (uint32_t i = 0; i < j->n; i++) {
        const double y = j->rank[i];
        if (j->half[i] == LEAK_OUT || y != y)
            continue;
        const double *cell =
            j->sums + 2 * ((size_t)!j->half[i] * j->groups + j->group[i]);
        const double guess = cell[0] > 0 ? cell[1] / cell[0] : sum / n;
        wrong += (y - guess) * (y - guess);
        all += (y - sum / n) * (y - sum / n);
    }
    return all > 0 ? 1 - wrong / all : mlpipe__nan();
}

static mlpipe_status leak_number(leak_job *j, uint32_t column)
{
    mlpipe__env *env = j->p->ctx->env;

    j->sums = mlpipe__alloc_array(env, 4 * (size_t)j->groups,
                                  sizeof *j->sums);
    if (!j->sums)
        return mlpipe__nomem(j->p->ctx);
    const double known = leak_share(j);
    mlpipe__free(env, j->sums);
    j->sums = NULL;
    if (known >= 0.96)
        mlpipe__profile_find(j->p, MLPIPE__PROFILE_LEAK, known >= 0.98,
                             column, j->n, known,
                             "alone tells %g %% of the variance of the "
                             "target's ranks",
                             mlpipe__round_digits(100 * known, 2));
    return MLPIPE_OK;
}

static mlpipe_status leak_one(leak_job *j, uint32_t column)
{
    mlpipe_status st = MLPIPE_OK;

    if (mlpipe__profile_is_text(j->p->data->columns[column]->type))
        st = leak_codes(j, column, j->group, &j->groups);
    else
        leak_bins(j, column);
    if (st)
        return st;
    return j->classes ? leak_classes(j, column) : leak_number(j, column);
}

/* ---- imbalance ---------------------------------------------------------- */

static bool leak_has_target(const leak_job *j, uint32_t row)
{
    return mlpipe__profile_value(j->p, (uint32_t)j->p->target, row);
}

/* By the rows that have a target: a null is no class. */
static void leak_imbalance(const leak_job *j)
{
    uint64_t count[LEAK_CLASSES + 1] = {0}, least = UINT64_MAX, n = 0;
    uint32_t classes = 0;

    for (uint32_t i = 0; i < j->n; i++)
        count[j->class[i]] += leak_has_target(j, i);
    for (uint32_t c = 0; c < j->classes; c++) {
        if (!count[c])
            continue;
        classes++;
        n += count[c];
        least = count[c] < least ? count[c] : least;
    }
    const double share = n ? (double)least / (double)n : 1;
    if (classes > 1 && share < 0.1)
        mlpipe__profile_find(j->p, MLPIPE__PROFILE_IMBALANCE,
                             classes == 2 && share < 0.05,
                             (uint32_t)j->p->target, least, share,
                             "the rarest of %u classes has %llu of %llu rows",
                             classes, (unsigned long long)least,
                             (unsigned long long)n);
}

/* ---- the door ----------------------------------------------------------- */

/* Doubles that are 0 and 1 alone are classes, as they are to a fit. */
static bool leak_flags(const leak_job *j)
{
    const uint32_t target = (uint32_t)j->p->target;
    bool seen[2] = {false, false};

    for (uint32_t i = 0; i < j->n; i++) {
        double x;
        uint8_t valid;
        mlpipe__dataset_block(j->p->data, target, i, 1, &x, &valid);
        if (!valid || x != x)
            continue;
        if (x != 0 && x != 1)
            return false;
        seen[x != 0] = true;
    }
    return seen[0] && seen[1];
}

/* A text, a truth, or whole numbers of few values are classes. */
static mlpipe_status leak_target(leak_job *j)
{
    const uint32_t target = (uint32_t)j->p->target;
    const int32_t type = j->p->data->columns[target]->type;
    mlpipe_status st = leak_codes(j, target, j->class, &j->classes);

    if (st)
        return st;
    if (j->classes <= LEAK_CLASSES &&
        (type != MLPIPE_TYPE_F64 || leak_flags(j)) &&
        type != MLPIPE_TYPE_TIMESTAMP && type != MLPIPE_TYPE_DURATION) {
        leak_imbalance(j);
        for (uint32_t i = 0; i < j->n; i++) {
            if (!leak_has_target(j, i))
                j->half[i] = LEAK_OUT;
            j->total[j->class[i]] += j->half[i] != LEAK_OUT;
        }
        return MLPIPE_OK;
    }
    j->classes = 0;
    if (!mlpipe__profile_is_text(type))
        leak_ranks(j);
    return MLPIPE_OK;
}

static bool leak_room(leak_job *j)
{
    mlpipe__env *env = j->p->ctx->env;
    const size_t n = j->n;

    j->group = mlpipe__alloc_array(env, n, sizeof *j->group);
    j->class = mlpipe__alloc_array(env, n, sizeof *j->class);
    j->rank = mlpipe__alloc_array(env, n, sizeof *j->rank);
    j->half = mlpipe__alloc(env, n);
    j->scratch = mlpipe__alloc_array(env, n, 4 * sizeof *j->scratch);
    j->values = mlpipe__alloc_array(env, n, sizeof *j->values);
    j->order = mlpipe__alloc_array(env, n, sizeof *j->order);
    return j->group && j->class && j->rank && j->half && j->scratch &&
           j->values && j->order;
}

static void leak_free(leak_job *j)
{
    mlpipe__env *env = j->p->ctx->env;

    mlpipe__free(env, j->group);
    mlpipe__free(env, j->class);
    mlpipe__free(env, j->rank);
    mlpipe__free(env, j->half);
    mlpipe__free(env, j->scratch);
    mlpipe__free(env, j->values);
    mlpipe__free(env, j->order);
}

mlpipe_status mlpipe__profile_leaks(mlpipe__profile *p)
{
    const int32_t type = p->data->columns[p->target]->type;
    leak_job j = {.p = p, .n = (uint32_t)p->data->rows};
    mlpipe_status st = MLPIPE_OK;

    if (j.n < LEAK_ROWS)
        return st;
    if (!leak_room(&j))
        st = mlpipe__nomem(p->ctx);
    for (uint32_t i = 0; i < j.n && !st; i++)
        j.half[i] = p->disputed && p->disputed[i]
            ? LEAK_OUT
            : (uint8_t)mlpipe__fold_of(0, mlpipe_dataset_row_id(p->data, i),
                                       2);
    if (!st)
        st = leak_target(&j);
    /* texts of more than 20 values: nothing to rank, and no classes */
    const bool free_text = !j.classes && mlpipe__profile_is_text(type);
    for (uint32_t i = 0; i < p->column_count && !st && !free_text; i++) {
        if (!st)
            st = mlpipe__poll(p->ctx, "profile", i, p->column_count);
        if (!st && (int32_t)p->columns[i] != p->target)
            st = leak_one(&j, p->columns[i]);
    }
    leak_free(&j);
    return st;
}
