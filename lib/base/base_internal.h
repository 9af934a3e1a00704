/* SPDX-License-Identifier: MIT */
/*
 * What every other folder builds on: the environment, errors, memory,
 * parameters, JSON, hashes, random numbers, files and containers.
 */
#ifndef MLPIPE_BASE_INTERNAL_H
#define MLPIPE_BASE_INTERNAL_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <mlpipe/mlpipe.h>

/* ---- environment and memory (alloc.c) --------------------------------- */

/*
 * What outlives a context: every object holds a counted reference to it and
 * to nothing else of the context. Frees take no context.
 */
typedef struct mlpipe__env {
    atomic_uint_fast64_t refs;
    atomic_uint_fast64_t live, peak; /* bytes */
    uint64_t cap;                    /* 0 = none */
    void *user;
    void *(*alloc)(void *user, void *ptr, size_t old_size, size_t new_size,
                   size_t align);
    uint64_t (*clock_ns)(void *user);
    int32_t (*entropy)(void *user, void *bytes, size_t size);
    mlpipe_io io;          /* io.open is NULL where there are no files */
    mlpipe_limits limits;  /* defaults filled in */
    int64_t pid;           /* of the process that made it */
    uint32_t vector;       /* mlpipe__cpu_vector, asked once */
} mlpipe__env;

/* A copy of initial with one reference; NULL: no memory. */
mlpipe__env *mlpipe__env_new(const mlpipe__env *initial);
mlpipe__env *mlpipe__env_keep(mlpipe__env *env);
void mlpipe__env_drop(mlpipe__env *env); /* NULL is allowed */

/*
 * Memory, always zeroed, 64-byte aligned from 256 bytes on (16 below). NULL
 * on failure; a size of 0 gives a valid pointer. The caller reports with
 * mlpipe__nomem. mlpipe__grow keeps the old block on failure and zeroes the
 * new tail.
 */
void *mlpipe__alloc(mlpipe__env *env, size_t bytes);
void *mlpipe__alloc_array(mlpipe__env *env, size_t count, size_t bytes);
void *mlpipe__grow(mlpipe__env *env, void *ptr, size_t count, size_t bytes);
void mlpipe__free(mlpipe__env *env, void *ptr); /* NULL is allowed */
char *mlpipe__strdup(mlpipe__env *env, const char *text, size_t bytes);

/* Overflow-checked sizes: true = overflow, *out is then SIZE_MAX. */
static inline bool mlpipe__mul(size_t a, size_t b, size_t *out)
{
    const bool over = __builtin_mul_overflow(a, b, out);
    if (over)
        *out = SIZE_MAX;
    return over;
}

static inline bool mlpipe__add(size_t a, size_t b, size_t *out)
{
    const bool over = __builtin_add_overflow(a, b, out);
    if (over)
        *out = SIZE_MAX;
    return over;
}

/* ---- context, errors, polls (ctx.c, error.c, executor.c) --------------- */

enum { MLPIPE__ERROR_BYTES = 1024, MLPIPE__ERROR_NAME = 128 };

typedef struct mlpipe__pool mlpipe__pool;

struct mlpipe_ctx {
    mlpipe__env *env;
    uint64_t seed;
    uint32_t threads; /* at least 1; how many tasks may run at once */
    uint32_t log_level;
    void *user;
    int32_t (*parallel)(void *user, mlpipe_task task, void *arg,
                        uint32_t count);
    void (*log)(void *user, uint32_t level, const char *component,
                const char *text);
    int32_t (*progress)(void *user, const char *stage, double fraction);
    atomic_int cancel;
    mlpipe__pool *pool; /* NULL unless threads > 1 without a host executor */
    uint32_t depth;     /* public calls under way on this context */
    uint32_t fp_saved;  /* rounding mode of the host */
    mlpipe_error error;
    char error_text[MLPIPE__ERROR_BYTES];
    char error_column[MLPIPE__ERROR_NAME];
    char error_where[MLPIPE__ERROR_NAME];
};

/*
 * Every exported function that takes a context is
 *
 *     mlpipe_status st = mlpipe__begin(ctx, "function");
 *     if (!st)
 *         st = the_work(ctx, ...);
 *     return mlpipe__end(ctx, st);
 *
 * begin refuses a NULL context and one inherited over fork (only where
 * the call is one that law 12 refuses: mlpipe__begin_here), clears the last
 * error and sets the rounding mode; end restores it. Nested calls are fine:
 * only the outermost clears and restores.
 */
mlpipe_status mlpipe__begin(mlpipe_ctx *ctx, const char *where);
mlpipe_status mlpipe__begin_here(mlpipe_ctx *ctx, const char *where);
mlpipe_status mlpipe__end(mlpipe_ctx *ctx, mlpipe_status status);

/*
 * Copy a struct of the host's whose first member is its size; see ctx.c.
 * `first` is the size that its first version had. False where it is too
 * small, or asks for what this library does not know.
 */
bool mlpipe__struct_copy(void *out, size_t ours, size_t first,
                         const void *from);

/* E_STATE where the context was made before a fork. */
mlpipe_status mlpipe__check_process(mlpipe_ctx *ctx);
/* No error any more; `where` is the function under way. */
void mlpipe__error_clear(mlpipe_ctx *ctx, const char *where);

/* Rounding mode and flush-to-zero: save and set the defaults; restore. */
uint32_t mlpipe__fp_enter(void);
void mlpipe__fp_leave(uint32_t saved);

/*
 * Set the error and return its status. The format knows %s %.*s %c %d %u %x
 * %zu %lld %llu %g (shortest exact double) %q (a text quoted, odd bytes
 * escaped, cut at 64 bytes) and %%. ctx may be NULL.
 */
mlpipe_status mlpipe__fail(mlpipe_ctx *ctx, mlpipe_status status,
                           const char *format, ...);
/* Name the row and column of the error just set; returns its status. */
mlpipe_status mlpipe__fail_at(mlpipe_ctx *ctx, int64_t row,
                              const char *column);
/* Name the file or pointer in place of the function; returns its status. */
mlpipe_status mlpipe__fail_where(mlpipe_ctx *ctx, const char *where);
/* Set the finer cause of the error just set; returns its status. */
mlpipe_status mlpipe__fail_detail(mlpipe_ctx *ctx, int32_t detail);
mlpipe_status mlpipe__nomem(mlpipe_ctx *ctx);
/* A NULL argument by name: E_ARG. */
mlpipe_status mlpipe__null_arg(mlpipe_ctx *ctx, const char *name);
/* E_LIMIT where rows are more than most; who is what works on them. */
mlpipe_status mlpipe__most_rows(mlpipe_ctx *ctx, const char *who,
                                uint64_t rows, uint64_t most);

/*
 * Called once for each block of a long loop, on the calling thread: tells
 * progress, returns MLPIPE_E_CANCELLED (error set) where a stop was asked.
 */
mlpipe_status mlpipe__poll(mlpipe_ctx *ctx, const char *stage,
                           uint64_t done, uint64_t total);
void mlpipe__log_line(mlpipe_ctx *ctx, uint32_t level, const char *component,
                      const char *format, ...);

/*
 * Run task(arg, i) for each i < count, on the host's executor, the pool, or
 * here. Tasks set their own rounding mode through this. They never allocate,
 * poll or log. E_HOST where the executor failed.
 */
mlpipe_status mlpipe__parallel(mlpipe_ctx *ctx, mlpipe_task task, void *arg,
                               uint32_t count);
/* The same, while the calling thread first does beside(with), which may call
 * back and allocate: beside the tasks on a pool only, else before them. All
 * are done whatever it returns; its status comes first. */
mlpipe_status mlpipe__parallel_beside(mlpipe_ctx *ctx, mlpipe_task task,
    void *arg, uint32_t count, mlpipe_status (*beside)(void *with), void *with);

/* ---- text (text.c): a growing string, and the formatter ---------------- */

typedef struct mlpipe__text {
    mlpipe__env *env;
    char *data; /* NUL behind it; NULL before the first byte */
    size_t size, room;
    bool failed; /* out of memory; later calls do nothing */
} mlpipe__text;

void mlpipe__text_init(mlpipe__text *t, mlpipe__env *env);
void mlpipe__text_free(mlpipe__text *t);
void mlpipe__text_put(mlpipe__text *t, const void *bytes, size_t size);
void mlpipe__text_add(mlpipe__text *t, const char *format, ...);
void mlpipe__text_vadd(mlpipe__text *t, const char *format, va_list args);
void mlpipe__text_json(mlpipe__text *t, const char *s, size_t n); /* "s" */
/* Gives the bytes as a buffer and empties t; E_NOMEM where it failed. */
mlpipe_status mlpipe__text_give(mlpipe_ctx *ctx, mlpipe__text *t,
                                mlpipe_buffer **out);
/* Format into a fixed buffer; always ends in NUL; returns bytes written. */
size_t mlpipe__format(char *out, size_t room, const char *format, ...);
size_t mlpipe__vformat(char *out, size_t room, const char *format,
                       va_list args);
/* The formatter with any sink; format.c. */
void mlpipe__format_to(void (*put)(void *user, const char *bytes,
                                   size_t size),
                       void *user, const char *format, va_list args);
/* Bytes of the valid UTF-8 character at s, or 0. */
size_t mlpipe__utf8_char(const char *s, size_t n);

/* ---- work on texts (text_case.c, text_cut.c, text_find.c) ---------------- */

/*
 * UTF-8 in, UTF-8 out; bytes that are none pass unchanged. Each writes to
 * out and returns how many bytes, without a NUL; SIZE_MAX where they do not
 * fit into room, and out then holds anything. s may be NULL where n is 0.
 */
/* Simple case pairs of ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic; at
 * most n bytes. */
size_t mlpipe__text_lower(const char *s, size_t n, char *out, size_t room);
size_t mlpipe__text_upper(const char *s, size_t n, char *out, size_t room);
/* Latin-1 and Latin Extended-A letters in ASCII, without U+0300 to U+036F;
 * at most n bytes. */
size_t mlpipe__text_strip_accents(const char *s, size_t n, char *out,
                                  size_t room);
/* At most n bytes each, and out may be s. Spaces are the six of ASCII and
 * U+00A0; squeeze makes one blank of each run of them. */
size_t mlpipe__text_trim(const char *s, size_t n, char *out, size_t room);
size_t mlpipe__text_squeeze(const char *s, size_t n, char *out, size_t room);
/* In code points: from the from-th, 0 being the first and -1 the last; one
 * before the text is its first. INT64_MAX: the rest; negative: nothing. */
size_t mlpipe__text_substr(const char *s, size_t n, int64_t from,
                           int64_t count, char *out, size_t room);
/* Part 1 is the first, -1 the last; nothing where there is no such part. */
size_t mlpipe__text_split_part(const char *s, size_t n, const char *by,
                               size_t by_n, int64_t part, char *out,
                               size_t room);
uint64_t mlpipe__text_length(const char *s, size_t n); /* code points */
/* Every occurrence, from the left; none where from is empty. */
size_t mlpipe__text_replace(const char *s, size_t n, const char *from,
                            size_t from_n, const char *to, size_t to_n,
                            char *out, size_t room);
/* The byte where the first occurrence starts, or SIZE_MAX; linear time. */
size_t mlpipe__text_find(const char *s, size_t n, const char *what, size_t m);
bool mlpipe__utf8_valid(const char *s, size_t n);
/* A code point, which is no surrogate, in UTF-8: how many bytes. Inline, since
 * whole files are transcoded by it. */
static inline size_t mlpipe__utf8_put(char out[4], uint32_t code)
{
    char *p = out;
    if (code < 0x80) {
        *p = (char)code;
        return 1;
    }
    if (code < 0x800) {
        *p++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *p++ = (char)(0xe0 | code >> 12);
        } else {
            *p++ = (char)(0xf0 | code >> 18);
            *p++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *p++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *p++ = (char)(0x80 | (code & 0x3f));
    return (size_t)(p - out);
}

/* ---- numbers as text (number.c) ---------------------------------------- */

enum { MLPIPE__NUMBER_BYTES = 32 };

/* Shortest text that reads back as the same double; returns its length. */
size_t mlpipe__print_f64(double x, char out[MLPIPE__NUMBER_BYTES]);
size_t mlpipe__print_i64(int64_t x, char out[MLPIPE__NUMBER_BYTES]);
/*
 * Correctly rounded; the whole of s must be a decimal number
 * [+-]digits[.digits][e[+-]digits], where "5." and ".5" are numbers too; also
 * inf, infinity, nan in any case where words is true. False where it is none,
 * *out is then untouched; beyond range gives inf.
 */
bool mlpipe__parse_f64(const char *s, size_t n, bool words, double *out);
/* [+-]digits; false where it is none or does not fit. */
bool mlpipe__parse_i64(const char *s, size_t n, int64_t *out);

/* ---- numbers and units in human text (text_number.c, units.c) ------------ */

/*
 * "$1,234.50", "1.234,50 EUR" (decimal ','), "(1,200)" = -1200, "12%" = 0.12,
 * "1 234", "1_000", "1'000", "-5", "1.5e3": a sign or parentheses, one
 * currency before or behind (a sign, or one of 45 codes in capitals), groups
 * of three digits by one separator. decimal is '.' or ','. Rounded once.
 * False for all else, *value is then untouched; also beyond the range.
 */
bool mlpipe__parse_number_text(const char *s, size_t n, char decimal,
                               double *value);
/* "12.5 km", "1,200sqft": such a number without currency, % or parentheses,
 * and a unit. */
bool mlpipe__parse_quantity(const char *s, size_t n, char decimal, double *x,
                            uint32_t *unit);
/* Units by name: as written, and words of four letters on in any case. */
bool mlpipe__unit_find(const char *name, size_t n, uint32_t *unit);
/* Rounded once, or nearly; false where the dimensions differ. */
bool mlpipe__unit_convert(uint32_t from, uint32_t to, double x, double *out);
uint32_t mlpipe__unit_count(void); /* units are numbered below it */
const char *mlpipe__quantity_name(uint32_t unit); /* "km"; NULL: no unit */
const char *mlpipe__quantity_dimension(uint32_t unit); /* "length" */

/* ---- dates (dates.c, date_format.c, date_guess.c) ------------------------ */

/*
 * The proleptic Gregorian calendar; days count from 1970-01-01. False where
 * there is no such day; years are 1 to 9999. civil_from_days takes any day
 * whose year fits, and the nearest such day for others.
 */
bool mlpipe__days_from_civil(int32_t y, int32_t m, int32_t d, int64_t *days);
void mlpipe__civil_from_days(int64_t days, int32_t *y, int32_t *m,
                             int32_t *d);
int32_t mlpipe__day_of_week(int64_t days); /* Monday = 1 .. Sunday = 7 */
int32_t mlpipe__day_of_year(int64_t days); /* from 1 */
/* Of ISO 8601: weeks from 1, and the year that they are counted in. */
void mlpipe__iso_week(int64_t days, int32_t *year, int32_t *week);
bool mlpipe__days_from_week(int32_t year, int32_t week, int32_t weekday,
                            int64_t *days);
/* The same day of another month, or its last; false beyond year 9999 or
 * before year 1. */
bool mlpipe__add_months(int64_t days, int64_t months, int64_t *out);

/*
 * Patterns of dates. All letters match in any case, a blank matches one or
 * more, and blanks at both ends of a text are skipped.
 *     %Y 2015   %y 15 (69 is 1969, 68 is 2068)   %m 2 or 02   %d 1 or 01
 *     %b %B Feb, February, both take both   %j 032, day of the year
 *     %G-W%V-%u 2015-W05-7, year, week and day of ISO 8601
 *     %a %A Sun, Sunday, both take both; must be the day's
 *     %H 9 or 09   %I 9 or 09 of 1 to 12, with %p AM or PM   %M 05   %S 07
 *     %f 1 to 9 digits of a fraction, cut after microseconds
 *     %z Z, UTC, GMT, UT, +01, +0100 or +01:00; without it all is UTC
 *     [...] a part that may be missing   %% %[ %] these signs themselves
 * Digits side by side, as in %Y%m%d, have all their zeros. A pattern without
 * %d means the first of the month. Year and month, year and %j, or %G %V %u
 * stand outside of brackets. Parts in brackets are taken where they match,
 * and not tried again where what follows does not.
 */
bool mlpipe__date_pattern_ok(const char *pattern, size_t *bad_at);
/* Microseconds since 1970 UTC; false where the whole text does not match, or
 * there is no such day or time. Any pattern is safe. */
bool mlpipe__date_parse(const char *pattern, const char *s, size_t n,
                        int64_t *us);
uint32_t mlpipe__date_formats(void); /* how many are built in */
const char *mlpipe__date_format(uint32_t i); /* NULL past the last */

/*
 * The format of a whole column: init, add each text with its row, merge
 * states of other rows in any order, finish. No memory but this. Texts kept
 * as examples are trimmed, cut to 63 bytes, and end in NUL.
 */
enum {
    MLPIPE__DATE_FORMATS_MAX = 64,
    MLPIPE__DATE_EXAMPLE = 64,
    MLPIPE__DATE_PAIRS = 4 /* three formats parse a text at most */
};
typedef struct mlpipe__date_pair {
    bool used;
    uint32_t first, second;
    uint64_t row; /* the lowest where they differ */
    int64_t first_value, second_value;
    char example[MLPIPE__DATE_EXAMPLE];
} mlpipe__date_pair;
typedef struct mlpipe__date_guess {
    uint64_t count; /* texts */
    uint64_t alive; /* bit i: format i parsed all of them */
    uint64_t parsed[MLPIPE__DATE_FORMATS_MAX];
    uint64_t failed_row[MLPIPE__DATE_FORMATS_MAX]; /* the lowest, if any */
    char failed[MLPIPE__DATE_FORMATS_MAX][MLPIPE__DATE_EXAMPLE];
    mlpipe__date_pair pairs[MLPIPE__DATE_PAIRS];
} mlpipe__date_guess;
enum mlpipe__date_verdict {
    MLPIPE__DATE_EMPTY,     /* no texts */
    MLPIPE__DATE_CHOSEN,    /* format parses all, and any other one that does
                               gives the same values */
    MLPIPE__DATE_AMBIGUOUS, /* format and other parse all, but example, of
                               that row, as value and other_value */
    MLPIPE__DATE_NONE       /* format parsed most; example, of that row, is
                               the first that it does not */
};
typedef struct mlpipe__date_choice {
    uint32_t format, other;
    uint64_t parsed, row;
    int64_t value, other_value; /* microseconds */
    char example[MLPIPE__DATE_EXAMPLE];
} mlpipe__date_choice;
void mlpipe__date_guess_init(mlpipe__date_guess *g);
void mlpipe__date_guess_add(mlpipe__date_guess *g, uint64_t row,
                            const char *s, size_t n);
void mlpipe__date_guess_merge(mlpipe__date_guess *g,
                              const mlpipe__date_guess *other);
enum mlpipe__date_verdict
mlpipe__date_guess_finish(const mlpipe__date_guess *g,
                          mlpipe__date_choice *out);

/* ---- hash (hash.c, the only user of xxHash) ----------------------------- */

typedef struct mlpipe__hash128 {
    uint64_t lo, hi;
} mlpipe__hash128;

uint64_t mlpipe__hash64(const void *data, size_t bytes, uint64_t seed);
mlpipe__hash128 mlpipe__hash(const void *data, size_t bytes);

/* Bytes of the widest vectors here: 64 (F and DQ of AVX-512), 32 (AVX2) or 16.
 * Never cheap, under a hypervisor above all: mlpipe__env keeps it. */
uint32_t mlpipe__cpu_vector(void);
bool mlpipe__has_avx2(void), mlpipe__has_avx512(void);

/* Streaming XXH3-128; the state is plain memory, no free needed. */
typedef struct mlpipe__hasher {
    _Alignas(64) unsigned char state[640];
    uint32_t vector; /* bytes of the widest that may be used; 0: any machine */
} mlpipe__hasher;

void mlpipe__hasher_init(mlpipe__hasher *h);
/* Begun, and to be fast on long runs of bytes: mlpipe__cpu_vector. */
void mlpipe__hasher_wide(mlpipe__hasher *h, uint32_t vector);
void mlpipe__hasher_add(mlpipe__hasher *h, const void *data, size_t bytes);
mlpipe__hash128 mlpipe__hasher_end(const mlpipe__hasher *h);
void mlpipe__hash_hex(mlpipe__hash128 hash, char out[33]); /* hi first */
bool mlpipe__hash_from_hex(const char *hex, size_t n, mlpipe__hash128 *out);

/*
 * A map from bytes to dense indices 0, 1, 2 ... in order of insertion: the
 * dictionary of categories, of layout tokens, of names.
 */
typedef struct mlpipe__dict {
    mlpipe__env *env;
    uint32_t count;
    uint64_t *offsets; /* count + 1 */
    char *bytes;       /* each text is followed by a NUL */
    uint32_t *slots;   /* open addressing, pairs {index + 1, hash bits} */
    uint32_t slot_count;
    size_t bytes_room, offsets_room;
} mlpipe__dict;

void mlpipe__dict_init(mlpipe__dict *d, mlpipe__env *env);
void mlpipe__dict_free(mlpipe__dict *d);
/* UINT32_MAX where there is none. */
uint32_t mlpipe__dict_find(const mlpipe__dict *d, const char *s, size_t n);
/* Finds or adds; UINT32_MAX on out of memory. */
uint32_t mlpipe__dict_add(mlpipe__dict *d, const char *s, size_t n);
static inline const char *mlpipe__dict_text(const mlpipe__dict *d,
                                            uint32_t i)
{
    return d->bytes + d->offsets[i];
}
static inline size_t mlpipe__dict_bytes(const mlpipe__dict *d, uint32_t i)
{
    return (size_t)(d->offsets[i + 1] - d->offsets[i] - 1);
}

/* Is text a before text b, byte by byte? A prefix comes first. */
bool mlpipe__dict_before(const mlpipe__dict *d, uint32_t a, uint32_t b);
/* Adds the texts of `from` to an empty out in that order, without those with
 * used[i] = 0 (NULL: all); map[old] = new or -1. False: no memory. */
bool mlpipe__dict_sorted(const mlpipe__dict *from, const uint8_t *used,
                         int32_t *map, mlpipe__dict *out);

/* ---- random numbers (rng.c): Philox4x32-10, counter based --------------- */

/* What a stream is for; part of the counter, never renumbered. */
enum mlpipe__purpose {
    MLPIPE__FOR_SPLIT = 1,
    MLPIPE__FOR_FOLD = 2,
    MLPIPE__FOR_HOLDOUT = 3,
    MLPIPE__FOR_SAMPLE = 4,
    MLPIPE__FOR_JITTER = 5,
    MLPIPE__FOR_GRADIENT = 6,
    MLPIPE__FOR_BAGGING = 7,
    MLPIPE__FOR_COLUMNS = 8,
    MLPIPE__FOR_SCORES = 9,
    MLPIPE__FOR_PERMUTE = 20,
    MLPIPE__FOR_CENTRES = 30,
    MLPIPE__FOR_SEARCH = 40,
    MLPIPE__FOR_PREFIX = 41,
    MLPIPE__FOR_SYNTH = 60,
    MLPIPE__FOR_DIRT = 61,
    MLPIPE__FOR_COPULA = 62,
    MLPIPE__FOR_TEST = 99
};

/*
 * 128 random bits that depend on (seed, purpose, stream, row, draw) alone.
 * key = seed; counter = {row lo, row hi, draw, purpose << 24 ^ stream}.
 */
void mlpipe__philox(uint64_t seed, uint32_t purpose, uint32_t stream,
                    uint64_t row, uint32_t draw, uint32_t out[4]);
uint64_t mlpipe__random64(uint64_t seed, uint32_t purpose, uint32_t stream,
                          uint64_t row, uint32_t draw);
/* Uniform in (0, 1), 52 bits, never 0 or 1. */
double mlpipe__random_unit(uint64_t seed, uint32_t purpose, uint32_t stream,
                           uint64_t row, uint32_t draw);

/* ---- parameters (params.c) ---------------------------------------------- */

/* A row of a parameter table; see mlpipe_catalog_parameter. */
typedef struct mlpipe__param {
    const char *name;
    int32_t type;        /* MLPIPE_PARAM_ */
    const char *initial; /* NULL = required, "" = not set */
    double low, high;    /* both 0: no range */
    const char *choices; /* "a,b,c" or NULL */
    uint32_t since;
    const char *doc;
} mlpipe__param;

/* One parsed parameter. Texts are owned by the mlpipe__params. */
typedef struct mlpipe__setting {
    const mlpipe__param *param;
    bool given;          /* by the caller, not by default */
    const char *text;    /* as written or the default; "" = not set */
    double number;       /* INT, REAL, BOOL (0/1), SPAN (in seconds) */
    int64_t integer;     /* INT */
    uint32_t choice;     /* CHOICE: index into choices; else UINT32_MAX */
    uint32_t count;      /* NAMES, REALS: how many */
    const char **names;  /* NAMES: count texts */
    double *reals;       /* REALS: count numbers */
} mlpipe__setting;

/* Parsed parameters of one call or step, in the table's order. */
typedef struct mlpipe__params {
    mlpipe__env *env;
    uint32_t count;
    mlpipe__setting *items;
} mlpipe__params;

/*
 * Parse `NULL | JSON object | key=value {space key=value}` against a table.
 * `owner` names the call or step in messages. E_PARAM names the nearest
 * parameter or choice, the range and the place with a caret.
 */
mlpipe_status mlpipe__params_parse(mlpipe_ctx *ctx, const char *owner,
                                   const mlpipe__param *table, uint32_t count,
                                   const char *text, mlpipe__params *out);
void mlpipe__params_free(mlpipe__params *p);
/* The setting of that name; it is in the table by construction. */
const mlpipe__setting *mlpipe__params_get(const mlpipe__params *p,
                                          const char *name);
/* Canonical {"a":1,"b":"x"} with every default written out. */
void mlpipe__params_json(const mlpipe__params *p, mlpipe__text *out);
/* Closest of the names by edit distance, else one that begins as the word
 * does; NULL where none is near. A word of one letter is near to itself. */
const char *mlpipe__nearest(const char *word, size_t n,
                            const char *const *names, uint32_t count);
/* A table row as the catalog shows it. */
void mlpipe__param_describe(const mlpipe__param *param,
                            mlpipe_catalog_parameter *out);
/* us ms s min h d w for these and for words such as hour, days; else NULL. */
const char *mlpipe__time_unit(const char *s, size_t n);
/* A number and a unit of time (none: s), in seconds. */
bool mlpipe__parse_span(const char *s, size_t n, double *seconds);

/*
 * Two more lines for a message: the surroundings of `at` in a text, and a
 * caret below it. Starts with a newline, ends without one.
 */
enum { MLPIPE__CARET_BYTES = 160 };
void mlpipe__caret(const char *text, size_t bytes, size_t at,
                   char out[MLPIPE__CARET_BYTES]);

/* ---- JSON (json.c, the only user of cJSON) ------------------------------ */

/*
 * A tree that was parsed strictly: RFC 8259, UTF-8, no duplicate keys, no
 * \u0000, no number beyond the range of a double. Its memory is cJSON's own,
 * outside the context's allocator; it needs no context once it is made.
 */
typedef struct mlpipe__json mlpipe__json;

enum mlpipe__json_kind {
    MLPIPE__JSON_NULL,
    MLPIPE__JSON_BOOL,
    MLPIPE__JSON_NUMBER,
    MLPIPE__JSON_TEXT,
    MLPIPE__JSON_ARRAY,
    MLPIPE__JSON_OBJECT
};

/* E_FORMAT with line, column and caret; E_LIMIT. */
mlpipe_status mlpipe__json_parse(mlpipe_ctx *ctx, const char *text,
                                 size_t bytes, mlpipe__json **out);
/* The same; *at is the byte of the error. */
mlpipe_status mlpipe__json_parse_at(mlpipe_ctx *ctx, const char *text,
                                    size_t bytes, mlpipe__json **out,
                                    size_t *at);
void mlpipe__json_free(mlpipe__json *root);
/* The number of the four hex digits behind \u; -1 where they are none. */
int32_t mlpipe__json_hex(const char *four);
enum mlpipe__json_kind mlpipe__json_kind_of(const mlpipe__json *j);
/* Member by key, or NULL; j may be NULL. */
const mlpipe__json *mlpipe__json_get(const mlpipe__json *j, const char *key);
uint32_t mlpipe__json_count(const mlpipe__json *j); /* members or elements */
const mlpipe__json *mlpipe__json_at(const mlpipe__json *j, uint32_t i);
const char *mlpipe__json_key(const mlpipe__json *member);
/* Text of a TEXT; of a NUMBER the exact source text. NULL otherwise. */
const char *mlpipe__json_text(const mlpipe__json *j);
size_t mlpipe__json_place(const mlpipe__json *j); /* byte of the value */
/* Line and column (in characters), from 1, of a byte of a text. */
void mlpipe__line_column(const char *text, size_t bytes, size_t at,
                         uint32_t *line, uint32_t *column);
double mlpipe__json_number(const mlpipe__json *j, double otherwise);
bool mlpipe__json_bool(const mlpipe__json *j, bool otherwise);

/* ---- files (io_*.c, file.c) --------------------------------------------- */

/* Maps an MLPIPE_IO_ result to a status with a message that names path. */
mlpipe_status mlpipe__io_fail(mlpipe_ctx *ctx, int32_t result,
                              const char *doing, const char *path);
/* E_ARG for no path, E_UNSUPPORTED where the context has no files. */
mlpipe_status mlpipe__io_check(mlpipe_ctx *ctx, const char *path);
/* Appends the name of a temporary beside path; another for each attempt. */
mlpipe_status mlpipe__temp_name(mlpipe_ctx *ctx, const char *path,
                                uint32_t attempt, mlpipe__text *out);
/* The whole of a file, at most limit bytes. gives: mlpipe__free(env, data) */
mlpipe_status mlpipe__file_read(mlpipe_ctx *ctx, const char *path,
                                uint64_t limit, char **data, size_t *bytes);
/* Old or new after a crash: temp, sync, rename, sync folder. */
mlpipe_status mlpipe__file_write(mlpipe_ctx *ctx, const char *path,
                                 const void *data, size_t bytes, bool sync);
/* The same piece by piece. end frees f in any case; where st is a failure the
 * old file stays, and st is what it returns. */
typedef struct mlpipe__new_file {
    const char *path;
    mlpipe__text name; /* of the temporary */
    void *file;
} mlpipe__new_file;
mlpipe_status mlpipe__file_begin(mlpipe_ctx *ctx, const char *path,
                                 mlpipe__new_file *f);
mlpipe_status mlpipe__file_put(mlpipe_ctx *ctx, mlpipe__new_file *f,
                               const void *data, size_t bytes);
mlpipe_status mlpipe__file_end(mlpipe_ctx *ctx, mlpipe__new_file *f,
                               mlpipe_status st, bool sync);
/* The same but for the folder, which the caller syncs after many files. */
mlpipe_status mlpipe__file_write_ahead(mlpipe_ctx *ctx, const char *path,
                                       const void *data, size_t bytes,
                                       bool sync);
/* Waits until the disk knows the name at the end of path. */
mlpipe_status mlpipe__file_sync_folder(mlpipe_ctx *ctx, const char *path);

/* Tables for tests and hosts: files in memory; a wrapper that fails the n-th
 * operation; a wrapper that records for crash states. All take an env. */
typedef struct mlpipe__memory_io mlpipe__memory_io;
mlpipe__memory_io *mlpipe__memory_io_new(mlpipe__env *env, mlpipe_io *out);
void mlpipe__memory_io_free(mlpipe__memory_io *m);
typedef struct mlpipe__fault_io {
    const mlpipe_io *inner;
    int64_t fail_at;  /* which operation fails, from 0; -1 = none */
    int32_t result;   /* MLPIPE_IO_ that it fails with */
    bool persistent;  /* every later one too */
    int64_t count;    /* operations seen */
} mlpipe__fault_io;
void mlpipe__fault_io_table(mlpipe__fault_io *f, mlpipe_io *out);
/*
 * Files in memory that record. After `events` of the recorded changes the
 * power fails: build writes into target (an empty io) what a disk may hold.
 * A sync of a file makes its bytes durable, a sync of a folder its names.
 */
enum {
    MLPIPE__CRASH_KEPT = 0,      /* nothing is lost: the process was killed */
    MLPIPE__CRASH_LOST = 1,      /* bytes that were not synced are lost */
    MLPIPE__CRASH_TORN = 2,      /* or half of them are */
    MLPIPE__CRASH_OLD_NAMES = 4, /* names that were not synced are lost */
    MLPIPE__CRASH_STATES = 8,    /* LOST wins over TORN */
    /* Or each file and each name for itself: kept, torn or lost, new or old,
     * as if the disk had reordered them; by MIXED times a seed from 1 on. */
    MLPIPE__CRASH_MIXED = 8
};
typedef struct mlpipe__crash_io mlpipe__crash_io;
mlpipe__crash_io *mlpipe__crash_io_new(mlpipe__env *env, mlpipe_io *out);
void mlpipe__crash_io_free(mlpipe__crash_io *m);
uint32_t mlpipe__crash_io_events(const mlpipe__crash_io *m);
mlpipe_status mlpipe__crash_io_build(mlpipe_ctx *ctx,
                                     const mlpipe__crash_io *m,
                                     uint32_t events, uint32_t state,
                                     const mlpipe_io *target);
/* Skips "./", gives the length without closing slashes; "." is "". */
size_t mlpipe__path_clean(const char **path);

/* ---- the operating system (os_posix.c; os_none.c in libmlpipe-serve) ---- */

void *mlpipe__os_alloc(void *user, void *ptr, size_t old_size,
                       size_t new_size, size_t align); /* NULL: no default */
bool mlpipe__os_has_alloc(void);
uint64_t mlpipe__os_clock_ns(void *user);
int64_t mlpipe__os_pid(void);
void mlpipe__os_nap(uint32_t us); /* about so long; not in libmlpipe-serve */
bool mlpipe__os_io(mlpipe_io *out); /* false: no files */
bool mlpipe__os_has_threads(void);
mlpipe__pool *mlpipe__os_pool_new(mlpipe__env *env, uint32_t threads);
void mlpipe__os_pool_free(mlpipe__pool *pool);
/* first(arg), unless NULL, is what the calling thread does first. */
int32_t mlpipe__os_pool_run(mlpipe__pool *pool, mlpipe_task task, void *arg,
                            uint32_t count, void (*first)(void *arg));

/* ---- containers (container.c): sections, hashes ------------------------- */

/*
 * The one format of saved things, little-endian. Every byte is hashed, is a
 * hash, or must be zero.
 *
 *   header, 64 bytes: magic 89 4D 4C 50 0D 0A 1A 0A; u16 major, u16 minor;
 *     u32 header bytes (64); u64 file bytes; u64 table offset (64);
 *     u32 sections; u32 feature flags (none yet); fourcc kind; u32 zero;
 *     XXH3-128, low word first, of these 48 bytes and the table
 *   table, 64 bytes a section: fourcc name; u32 flags; u64 offset; u64 bytes;
 *     u64 elements (= bytes); u32 element type (0); u32 element bytes (1);
 *     XXH3-128 of the payload; u64 zero
 *   payloads, ascending, each at the next multiple of 64, zeros between; the
 *     file ends where the last one does
 */
enum {
    MLPIPE__FOURCC_BYTES = 4,
    MLPIPE__SECTION_REQUIRED = 1, /* who does not know it must not go on */
    MLPIPE__CONTAINER_MAJOR = 0,
    MLPIPE__CONTAINER_MINOR = 1,
    MLPIPE__CONTAINER_WRAP = 128 /* bytes in front of a single section */
};

typedef struct mlpipe__section {
    char name[8]; /* fourcc and NUL */
    uint32_t flags;
    const void *data;
    size_t bytes;
    mlpipe__hash128 hash;
} mlpipe__section;

typedef struct mlpipe__container {
    mlpipe__env *env;
    uint32_t count;
    mlpipe__section *sections;
    char *bytes; /* 64-byte aligned; sections point into it */
    size_t size;
} mlpipe__container;

/* Build: add sections in order (data is borrowed until written and hashed
 * here, so that it must not change), then write into an empty text. kind is
 * "MODL", "DATA" ...; the identity hash covers all sections whose name is not
 * "INFO". */
void mlpipe__container_init(mlpipe__container *b, mlpipe__env *env);
mlpipe_status mlpipe__container_add(mlpipe_ctx *ctx, mlpipe__container *b,
                                    const char *name, uint32_t flags,
                                    const void *data, size_t bytes);
mlpipe_status mlpipe__container_write(mlpipe_ctx *ctx,
                                      const mlpipe__container *b,
                                      const char *kind, mlpipe__text *out);
/* A container of one required section, in place: its payload lies behind
 * MLPIPE__CONTAINER_WRAP bytes of the `size`, and goes on with `more` bytes at
 * tail (NULL where more is 0), which are to be written behind it. Tells its
 * id; vector: mlpipe__cpu_vector, or 0. */
mlpipe__hash128 mlpipe__container_wrap(const char *kind, const char *name,
                                       char *record, size_t size,
                                       const void *tail, size_t more,
                                       uint32_t vector);
/* Does it begin as a container of this kind? Nothing else is checked. */
bool mlpipe__container_is(const char *kind, const void *bytes, size_t size);
/* Read: copies and checks everything; sections point into the copy. */
mlpipe_status mlpipe__container_read(mlpipe_ctx *ctx, const char *kind,
                                     const void *bytes, size_t size,
                                     mlpipe__container *out);
const mlpipe__section *mlpipe__container_find(const mlpipe__container *b,
                                              const char *name);
/* E_VERSION where a required section is none of names, "PROG,SCHM,INFO". */
mlpipe_status mlpipe__container_known(mlpipe_ctx *ctx,
                                      const mlpipe__container *b,
                                      const char *names);
mlpipe__hash128 mlpipe__container_id(const mlpipe__container *b);
void mlpipe__container_free(mlpipe__container *b);

/*
 * A cursor over section bytes: fixed little-endian fields, arrays aligned to
 * their element, texts. A read past the end or a count that does not fit sets
 * failed and gives zeros, so that a reader checks once at its end.
 */
typedef struct mlpipe__cursor {
    const unsigned char *at, *end, *start;
    bool failed;
} mlpipe__cursor;

void mlpipe__cursor_init(mlpipe__cursor *r, const void *data, size_t bytes);
uint32_t mlpipe__get_u32(mlpipe__cursor *r);
uint64_t mlpipe__get_u64(mlpipe__cursor *r);
double mlpipe__get_f64(mlpipe__cursor *r);
/* count elements of `bytes` each, in place; pads to 8 before; NULL = failed */
const void *mlpipe__get_array(mlpipe__cursor *r, uint64_t count,
                              size_t bytes);
/* A NUL stands behind it; "" where it failed; bytes may be NULL. */
const char *mlpipe__get_text(mlpipe__cursor *r, uint32_t *bytes);
bool mlpipe__cursor_done(const mlpipe__cursor *r); /* all read, not failed */

/* The writers of the same, into a text. */
void mlpipe__put_u32(mlpipe__text *t, uint32_t v);
void mlpipe__put_u64(mlpipe__text *t, uint64_t v);
void mlpipe__put_f64(mlpipe__text *t, double v);
void mlpipe__put_array(mlpipe__text *t, const void *data, uint64_t count,
                       size_t bytes);
void mlpipe__put_text(mlpipe__text *t, const char *s, size_t n);

#endif
