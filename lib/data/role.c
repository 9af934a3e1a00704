/* SPDX-License-Identifier: MIT */
/* Which role a column looks made for: a hint for people, never a decision. */
#include "data_internal.h"

enum { ROLE_TIMES = 1, ROLE_NUMBERS = 2, ROLE_KEYS = 4,
       ROLE_TRUTHS = 8, ROLE_ANY = 15 };

/* Names, in lower case, that say a role for columns of certain types. */
static const struct {
    const char *name;
    uint32_t types;
    int32_t role;
} role_names[] = {
    {"id", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"uuid", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"guid", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"row_id", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"rowid", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"record_id", ROLE_KEYS, MLPIPE_ROLE_ID},
    {"target", ROLE_ANY, MLPIPE_ROLE_TARGET},
    {"label", ROLE_ANY, MLPIPE_ROLE_TARGET},
    {"class", ROLE_ANY, MLPIPE_ROLE_TARGET},
    {"outcome", ROLE_ANY, MLPIPE_ROLE_TARGET},
    {"y", ROLE_ANY, MLPIPE_ROLE_TARGET},
    {"label_time", ROLE_TIMES, MLPIPE_ROLE_LABEL_TIME},
    {"known_time", ROLE_TIMES, MLPIPE_ROLE_KNOWN_TIME},
    {"sample_weight", ROLE_NUMBERS, MLPIPE_ROLE_WEIGHT},
    {"sample_weights", ROLE_NUMBERS, MLPIPE_ROLE_WEIGHT},
    {"case_weight", ROLE_NUMBERS, MLPIPE_ROLE_WEIGHT},
    {"offset", ROLE_NUMBERS, MLPIPE_ROLE_OFFSET},
    {"split", ROLE_KEYS, MLPIPE_ROLE_SPLIT},
    {"fold", ROLE_KEYS, MLPIPE_ROLE_SPLIT},
    {"segment", ROLE_KEYS, MLPIPE_ROLE_SEGMENT},
    {"group", ROLE_KEYS, MLPIPE_ROLE_GROUP},
};

static uint32_t role_types(int32_t type)
{
    switch (type) {
    case MLPIPE_TYPE_TIMESTAMP:
        return ROLE_TIMES;
    case MLPIPE_TYPE_F64:
        return ROLE_NUMBERS;
    case MLPIPE_TYPE_I64:
        return ROLE_NUMBERS | ROLE_KEYS;
    case MLPIPE_TYPE_TEXT:
    case MLPIPE_TYPE_CATEGORY:
        return ROLE_KEYS;
    case MLPIPE_TYPE_BOOL:
        return ROLE_TRUTHS;
    default:
        return 0;
    }
}

/* Are the texts equal when A .. Z count as a .. z? `lower` has no capitals. */
static bool role_same(const char *name, const char *lower)
{
    for (; *name && *lower; name++, lower++) {
        const char c = *name >= 'A' && *name <= 'Z'
            ? (char)(*name + ('a' - 'A')) : *name;
        if (c != *lower)
            return false;
    }
    return *name == *lower;
}

/* Is it the only timestamp that no name claims for another role? */
static bool role_sole_time(const mlpipe_dataset *d)
{
    uint32_t times = 0;

    for (uint32_t i = 0; i < d->column_count; i++) {
        const mlpipe__column *c = d->columns[i];
        times += c->type == MLPIPE_TYPE_TIMESTAMP
            && !role_same(c->name, "label_time")
            && !role_same(c->name, "known_time");
    }
    return times == 1;
}

int32_t mlpipe_dataset_role(const mlpipe_dataset *d, uint32_t column)
{
    if (!d || column >= d->column_count)
        return MLPIPE_ROLE_NONE;
    const mlpipe__column *c = d->columns[column];
    const uint32_t types = role_types(c->type);
    for (size_t i = 0; i < sizeof role_names / sizeof role_names[0]; i++)
        if (types & role_names[i].types
            && role_same(c->name, role_names[i].name))
            return role_names[i].role;
    if (c->type == MLPIPE_TYPE_TIMESTAMP
        && (role_sole_time(d) || role_same(c->name, "time")
            || role_same(c->name, "timestamp")
            || role_same(c->name, "date") || role_same(c->name, "datetime")))
        return MLPIPE_ROLE_TIME;
    const size_t n = strlen(c->name);
    if (types & ROLE_KEYS && n > 3 && role_same(c->name + n - 3, "_id"))
        return MLPIPE_ROLE_GROUP;
    return MLPIPE_ROLE_NONE;
}
