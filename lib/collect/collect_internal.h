/* SPDX-License-Identifier: MIT */
/* Sources of rows; and the parts of the CSV reader, one file each. */
#ifndef MLPIPE_COLLECT_INTERNAL_H
#define MLPIPE_COLLECT_INTERNAL_H

#include "../data/data_internal.h"
#include "json_tokens.h"

/* ---- sources (source.c) ------------------------------------------------- */

/* What a kind of source does; a new kind is one such table. */
typedef struct mlpipe__source_class {
    const char *name; /* "csv" */
    /* The next block, or NULL at the end. After a failure the same block can
     * be asked for again. */
    mlpipe_status (*next)(mlpipe_ctx *ctx, void *state, mlpipe_dataset **out);
    mlpipe_status (*reading)(mlpipe_ctx *ctx, const void *state,
                             mlpipe_report **out);
    void (*free)(void *state);
} mlpipe__source_class;

/* takes the state, also on failure. */
mlpipe_status mlpipe__source_new(mlpipe_ctx *ctx,
                                 const mlpipe__source_class *kind,
                                 void *state, mlpipe_source **out);

/* ---- options (csv_options.c) -------------------------------------------- */

extern const mlpipe__param mlpipe__csv_params[];
extern const uint32_t mlpipe__csv_param_count;

enum { MLPIPE__CSV_AUTO = 0, MLPIPE__CSV_HEADER = 1, MLPIPE__CSV_NO_HEADER };
enum {
    MLPIPE__CSV_TEXT_AUTO,
    MLPIPE__CSV_TEXT_CATEGORY,
    MLPIPE__CSV_TEXT_TEXT
};

/* Bytes of a dialect that are none, are to be found out, cannot be. */
enum { MLPIPE__CSV_NONE = -1, MLPIPE__CSV_FIND = -2, MLPIPE__CSV_REFUSED = -3 };
/* How a quote stands inside quotes. */
enum { MLPIPE__CSV_DOUBLE, MLPIPE__CSV_BACKSLASH, MLPIPE__CSV_BARE };
/* What becomes of bad rows. */
enum { MLPIPE__CSV_FAIL, MLPIPE__CSV_QUARANTINE, MLPIPE__CSV_PAD };
enum { MLPIPE__CSV_AUTO_LINES = -1, MLPIPE__CSV_MOST_LINES = 10000 };

typedef struct mlpipe__csv_options {
    mlpipe__params params;  /* owns the texts */
    int32_t delimiter;      /* a byte or MLPIPE__CSV_FIND */
    int32_t quote, comment; /* a byte, MLPIPE__CSV_NONE or _FIND */
    int32_t escape;         /* MLPIPE__CSV_DOUBLE ... or _FIND */
    bool pad;               /* a space behind a delimiter belongs to it */
    uint32_t header, text;  /* MLPIPE__CSV_ */
    uint32_t header_rows;   /* 0 = found out */
    int64_t skip, footer;   /* lines, or MLPIPE__CSV_AUTO_LINES */
    char decimal, thousands; /* thousands: 0 = none */
    bool find_comma;        /* is decimal found out? */
    uint32_t encoding;      /* MLPIPE__ENCODING_ */
    uint32_t orders;        /* MLPIPE__CSV_ orders of dates that are tried */
    bool trim;
    uint32_t policy;        /* MLPIPE__CSV_FAIL ... */
    bool quoted_text;       /* a cell in quotes is never null */
    uint64_t max_rejects;
    mlpipe__dict na;        /* tokens that mean null */
    bool na_first[256];     /* is there one that starts with this byte? */
    size_t na_longest;
} mlpipe__csv_options;

mlpipe_status mlpipe__csv_options_parse(mlpipe_ctx *ctx, const char *params,
                                        mlpipe__csv_options *out);
void mlpipe__csv_options_free(mlpipe__csv_options *o);
/* MLPIPE__CSV_TIMES that the choice of dates= tries. */
uint32_t mlpipe__csv_orders(uint32_t choice);
/* Index of the token that the cell is, or -1 where it holds a value. */
static inline int32_t mlpipe__csv_na(const mlpipe__csv_options *o,
                                     const char *s, size_t n)
{
    if (n > o->na_longest || (n && !o->na_first[(unsigned char)*s]))
        return -1;
    return (int32_t)mlpipe__dict_find(&o->na, s, n);
}

/* ---- bytes (input.c, input_*.c) ----------------------------------------- */

/* How a text is written; the choices of the parameter encoding. */
enum {
    MLPIPE__ENCODING_AUTO,
    MLPIPE__ENCODING_UTF8,
    MLPIPE__ENCODING_UTF16LE,
    MLPIPE__ENCODING_UTF16BE,
    MLPIPE__ENCODING_LATIN1,
    MLPIPE__ENCODING_CP1252
};
/* Rows for the table of every reader of texts: types, and that encoding. */
#define MLPIPE__PARAMS_OF_TEXTS                                              \
    {"dates", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,mdy,dmy,ymd",         \
     0x000100,                                                               \
     "Order of dates such as 3/4/2015; auto: the one that fits the whole "   \
     "column, day first where dots part them and it fits."},                 \
    {"text", MLPIPE_PARAM_CHOICE, "auto", 0, 0, "auto,category,text",        \
     0x000100,                                                               \
     "How texts are kept; auto: as categories up to 65,536 different ones."},\
    {"as", MLPIPE_PARAM_NAMES, "", 0, 0, NULL, 0x000100,                     \
     "Types of single columns, as in as=zipcode:category,id:text; of bool, " \
     "i64, f64, text, category, timestamp."},                                \
    {"encoding", MLPIPE_PARAM_CHOICE, "auto", 0, 0,                          \
     "auto,utf8,utf16le,utf16be,latin1,cp1252", 0x000100,                    \
     "How the text is written; auto: by its byte order mark, UTF-16 where "  \
     "zero bytes give it away, else UTF-8."}

/* Unpacks and transcodes; input_internal.h. */
typedef struct mlpipe__decoder mlpipe__decoder;

/*
 * A window on a text: [at, end) is there to be read, in UTF-8, however the
 * file is packed and written. Offsets are those of the text as it was written:
 * of the file, or of what it unpacks to. One may go to any offset that the
 * input once told; elsewhere in a text that is transcoded there may be the
 * middle of a character, and in one that is packed the way there is long.
 */
typedef struct mlpipe__input {
    mlpipe__env *env;
    char *path;            /* NULL: memory */
    char *name;            /* of a stream, for messages */
    void *file;
    mlpipe_io_stat found;  /* when it was opened */
    const char *memory;
    char *spool;           /* of a stream: what memory then is */
    char *buffer;
    size_t room, block;
    const char *at, *end;
    uint64_t offset;       /* of `at` in the text as it was written */
    uint64_t total;        /* bytes of the whole as it is stored */
    uint64_t text_bytes;   /* of the text as it was written; 0 = not known */
    bool eof;              /* nothing comes behind `end` */
    uint32_t encoding;     /* MLPIPE__ENCODING_, never AUTO */
    bool mark;             /* a byte order mark was skipped */
    bool guessed;          /* nothing but the bytes told the encoding */
    bool controls;         /* Latin-1 with bytes 80 to 9f */
    mlpipe__decoder *decoder; /* NULL: stored as UTF-8 */
} mlpipe__input;

/* Where an input comes from: the one that is given of path, stream, bytes. */
typedef struct mlpipe__input_from {
    const char *path;
    const mlpipe_stream *stream;
    const void *bytes;
    size_t size;
    uint32_t encoding;     /* MLPIPE__ENCODING_ */
    size_t block;          /* bytes that are read at once; 0: the default */
} mlpipe__input_from;

/* Behind a byte order mark. What is there can be closed, even after a failure;
 * the stream is at its end. */
mlpipe_status mlpipe__input_open(mlpipe_ctx *ctx,
                                 const mlpipe__input_from *from,
                                 mlpipe__input *out);
/* The two with encoding=auto. */
mlpipe_status mlpipe__input_file(mlpipe_ctx *ctx, const char *path,
                                     mlpipe__input *out);
mlpipe_status mlpipe__input_memory(mlpipe_ctx *ctx, const void *bytes,
                                       size_t size, mlpipe__input *out);
/* One more block behind `end`; sets eof where there is none. */
mlpipe_status mlpipe__input_more(mlpipe_ctx *ctx, mlpipe__input *in);
void mlpipe__input_seek(mlpipe__input *in, uint64_t offset);
/* How many bytes the next n of the window were as they were written. */
uint64_t mlpipe__input_written(const mlpipe__input *in, size_t n);
static inline void mlpipe__input_skip(mlpipe__input *in, size_t n)
{
    in->offset += in->encoding > MLPIPE__ENCODING_UTF8
        ? mlpipe__input_written(in, n) : n;
    in->at += n;
}
/* How many of `total` bytes were read so far, for progress. */
uint64_t mlpipe__input_passed(const mlpipe__input *in);
/* E_CONFLICT where the file is not what it was when it was opened. */
mlpipe_status mlpipe__input_check(mlpipe_ctx *ctx,
                                      const mlpipe__input *in);
/* The same where two readings of one place differed: never OK. */
mlpipe_status mlpipe__input_changed(mlpipe_ctx *ctx,
                                        const mlpipe__input *in);
void mlpipe__input_close(mlpipe__input *in);
/* Name of the input for messages. */
const char *mlpipe__input_name(const mlpipe__input *in);
/* After a failure: says so where UTF-16 was a guess, which a short text may
 * mislead. Gives the status. */
mlpipe_status mlpipe__input_doubt(mlpipe_ctx *ctx, const mlpipe__input *in,
                                  mlpipe_status st);
/* For reports: "utf-8", where wide says whether a byte above 0x7f was met;
 * and "none", "gzip" or "zstd". */
const char *mlpipe__input_encoding(const mlpipe__input *in, bool wide);
const char *mlpipe__input_compression(const mlpipe__input *in);
/* Why n bytes that begin at `offset` are no UTF-8, and what to do. */
enum { MLPIPE__INPUT_WHY = 160 };
void mlpipe__input_no_utf8(const char *s, size_t n, uint64_t offset,
                           char why[MLPIPE__INPUT_WHY]);

/* ---- records (csv_scan.c, csv_reader.c) --------------------------------- */

enum { MLPIPE__CSV_BLANK = 1, MLPIPE__CSV_STOP = 2, MLPIPE__CSV_ESCAPE = 4 };

typedef struct mlpipe__csv_dialect {
    char delimiter;
    int32_t quote;        /* MLPIPE__CSV_NONE or a byte; comment too */
    int32_t comment;
    uint32_t escape;      /* MLPIPE__CSV_DOUBLE ... */
    bool trim;
    bool pad;             /* a space behind a delimiter belongs to it */
    bool loose;           /* quotes that close nothing are characters */
    uint8_t class[256];   /* MLPIPE__CSV_BLANK: dropped at the edges of a
                             cell; _STOP: ends a cell without quotes;
                             _ESCAPE: takes the next byte as it is */
} mlpipe__csv_dialect;

void mlpipe__csv_dialect_init(mlpipe__csv_dialect *d, char delimiter,
                              int32_t quote, bool trim);
void mlpipe__csv_dialect_escape(mlpipe__csv_dialect *d, uint32_t escape);

/* A cell as it lies in the record. */
enum { MLPIPE__CSV_QUOTED = 1, MLPIPE__CSV_DOUBLED = 2,
       MLPIPE__CSV_TRIMMED = 4, MLPIPE__CSV_ESCAPED = 16 /* backslashes */ };
/* What a cell of JSON is; a cell of CSV is none of them. */
enum {
    MLPIPE__CSV_STRING = 8,
    MLPIPE__CSV_NUMBER = 32,
    MLPIPE__CSV_TRUTH = 64,
    MLPIPE__CSV_NESTED = 128, /* an array or object as it stands */
    MLPIPE__CSV_NULL = 256,
    MLPIPE__CSV_ABSENT = 512, /* the row has no such key */
    MLPIPE__CSV_VALUE = MLPIPE__CSV_STRING | MLPIPE__CSV_NUMBER
        | MLPIPE__CSV_TRUTH | MLPIPE__CSV_NESTED
};
typedef struct mlpipe__csv_field {
    const char *data; /* of a string of JSON: inside the quotes */
    size_t size;
    uint32_t flags;
} mlpipe__csv_field;

/* What a scan of one record ended in. */
enum mlpipe__csv_found {
    MLPIPE__CSV_ROW,      /* cells, maybe too many or too few */
    MLPIPE__CSV_EMPTY,    /* a blank line */
    MLPIPE__CSV_COMMENT,  /* a line that is a comment */
    MLPIPE__CSV_BAD,      /* the record breaks the format; see bad */
    MLPIPE__CSV_MORE,     /* its end is not in the window */
    MLPIPE__CSV_TOO_MANY, /* cells than the limit */
    MLPIPE__CSV_NOMEM,
    MLPIPE__CSV_END       /* no more records (reader) */
};

typedef struct mlpipe__csv_record {
    mlpipe__env *env;
    mlpipe__csv_field *fields;
    uint32_t count, room;
    size_t size;          /* bytes with the line's end */
    uint64_t lines;       /* lines that it spans */
    bool stray;           /* a quote that closes nothing (loose) */
    bool unclosed;        /* a loose search for a closing quote came to the
                             end of all: it is not tried again, or many
                             stray quotes were quadratic work */
    const char *bad;      /* why it is BAD */
    uint32_t bad_field;
} mlpipe__csv_record;

enum mlpipe__csv_found mlpipe__csv_scan(mlpipe__csv_record *r,
                                        const mlpipe__csv_dialect *d,
                                        const char *p, const char *end,
                                        bool eof);

/* Record after record of an input. */
typedef struct mlpipe__csv_reader {
    mlpipe__input *input;
    mlpipe__csv_dialect dialect;
    mlpipe__csv_record record;
    uint64_t line;         /* of the record, from 1 */
    uint64_t next_line;
    uint64_t begin, end;   /* of the record, in bytes */
    uint64_t polled;       /* offset of the last poll */
    uint64_t unclosed;     /* behind it no loose search is tried; 0: nowhere */
    uint32_t pass, passes; /* for progress */
    const char *raw;       /* the record's bytes */
    bool wide;             /* a byte above 0x7f was met */
    char no_utf8[MLPIPE__INPUT_WHY]; /* record.bad where that is why */
    bool between;          /* JSON: a comma belongs before the next row */
    mlpipe__text scratch;  /* of mlpipe__csv_cell */
} mlpipe__csv_reader;

/* Tells progress and asks for a stop. mlpipe__csv_next does so once a MiB; a
 * pass calls it at its start, so that a short file can be stopped too. */
mlpipe_status mlpipe__csv_poll(mlpipe_ctx *ctx, mlpipe__csv_reader *r);
mlpipe_status mlpipe__csv_next(mlpipe_ctx *ctx, mlpipe__csv_reader *r,
                               enum mlpipe__csv_found *found);
/* E_LIMIT: the record that begins here is longer than csv_line_bytes. */
mlpipe_status mlpipe__csv_too_long(mlpipe_ctx *ctx,
                                   const mlpipe__csv_reader *r);
/* Bytes of a cell, quotes undone; valid until the next call. False = nomem. */
bool mlpipe__csv_cell(mlpipe__csv_reader *r, uint32_t field, const char **s,
                      size_t *n);
/* Flags of a cell; a short row that is padded has none behind its last. */
static inline uint32_t mlpipe__csv_flags(const mlpipe__csv_reader *r,
                                         uint32_t field)
{
    return field < r->record.count ? r->record.fields[field].flags : 0;
}

/* ---- the dialect (csv_sniff.c, csv_measure.c) --------------------------- */

/* How a sample looks when it is cut by one dialect. */
typedef struct mlpipe__csv_look {
    mlpipe__csv_dialect dialect;
    bool told;           /* the delimiter was told: one cell is a number of
                            cells like any other */
    uint32_t cells;      /* the most frequent number of cells; 0: no record */
    uint64_t records;    /* blank ones and comments are none */
    uint64_t regular;    /* of them have that many cells */
    uint64_t misfit;     /* bytes of records that do not fit */
    uint64_t bad;        /* records that break the format */
    uint64_t stray;      /* with a quote at the edge of a plain cell */
    uint64_t doubled;    /* cells with a doubled quote */
    uint64_t inner, padded; /* cells behind the first; those of them that
                               start with a space */
    double credit;       /* mean over the regular records' cells: does it
                            look like a value of its own? */
    double hard;         /* the share of numbers and dates */
    double score;
} mlpipe__csv_look;

/* A stretch of the input that begins with a line. */
typedef struct mlpipe__csv_sample {
    const char *p, *end;
    bool eof;            /* nothing comes behind it */
} mlpipe__csv_sample;

/* look->dialect and told are given. */
mlpipe_status mlpipe__csv_measure(mlpipe_ctx *ctx,
                                  const mlpipe__csv_sample *sample,
                                  mlpipe__csv_record *record,
                                  mlpipe__csv_look *look);

enum { MLPIPE__CSV_GUESSES = 8, MLPIPE__CSV_SHOWN = 100 };

/* What was found out about the dialect. */
typedef struct mlpipe__csv_guess {
    mlpipe__csv_look best[MLPIPE__CSV_GUESSES]; /* by falling score */
    uint32_t count;
    double margin;       /* 1 - second score / first; 1 without a second */
    bool asked;          /* the delimiter was told */
    bool ambiguous;
    uint64_t lf, crlf, cr; /* line ends in the sample */
    char shown[2][MLPIPE__CSV_SHOWN]; /* a record as the best two cut it */
    uint32_t windows;    /* further on that were looked at; of them */
    uint32_t confirmed, against; /* fit; are written by another delimiter */
    uint64_t against_offset; /* of the first that is */
} mlpipe__csv_guess;

/* Bytes at the start by which a dialect is chosen. */
enum { MLPIPE__CSV_SNIFFED = 1 << 20 };
/* Below this margin two dialects are equally good. */
#define MLPIPE__CSV_MARGIN 0.25

/* A delimiter that cuts nothing, of a table of one column. */
enum { MLPIPE__CSV_UNCUT = 0x1f };

/* Finds the dialect of a sample. */
mlpipe_status mlpipe__csv_sniff(mlpipe_ctx *ctx,
                                const mlpipe__csv_sample *sample,
                                const mlpipe__csv_options *o,
                                mlpipe__csv_record *record,
                                mlpipe__csv_guess *out);
/* E_AMBIGUOUS with what each of the best two would give. */
mlpipe_status mlpipe__csv_ambiguous(mlpipe_ctx *ctx, const mlpipe__input *in,
                                    const mlpipe__csv_guess *g);
/* ",", "tab", "space", ", ", "none" */
const char *mlpipe__csv_delimiter_name(const mlpipe__csv_dialect *d,
                                       char room[4]);

/* ---- values (csv_value.c, csv_time.c) ----------------------------------- */

/* What all values of a column may still be. */
enum {
    MLPIPE__CSV_I64 = 1,
    MLPIPE__CSV_F64 = 2,
    MLPIPE__CSV_YES_NO = 4,
    MLPIPE__CSV_TRUE_FALSE = 8,
    MLPIPE__CSV_Y_N = 16,
    MLPIPE__CSV_T_F = 32,
    MLPIPE__CSV_YMD = 64,
    MLPIPE__CSV_MDY = 128,
    MLPIPE__CSV_DMY = 256,
    MLPIPE__CSV_COMMA = 512,  /* numbers with a decimal comma */
    MLPIPE__CSV_NUMBERS = 3,
    MLPIPE__CSV_BOOLS = 60,
    MLPIPE__CSV_TIMES = 448
};

/* The kind of number that a text looks like. */
enum mlpipe__csv_number {
    MLPIPE__CSV_NO_NUMBER,
    MLPIPE__CSV_INTEGER,    /* fits into i64 */
    MLPIPE__CSV_HUGE,       /* digits, but does not fit */
    MLPIPE__CSV_CODE,       /* digits that start with a needless 0 */
    MLPIPE__CSV_REAL        /* point, exponent, inf or nan */
};
enum mlpipe__csv_number mlpipe__csv_number_kind(const char *s, size_t n);
/* Is it a number, a date or a time? */
bool mlpipe__csv_hard(const char *s, size_t n);
/*
 * A number in the form that all else reads: without the signs between groups
 * of three digits, with a point. NULL where a sign stands where it must not
 * or the number has more than MLPIPE__CSV_DIGITS bytes; else room or s.
 */
enum { MLPIPE__CSV_DIGITS = 900 };
const char *mlpipe__csv_plain(const char *s, size_t *n, char decimal,
                              char thousands, char *room);
/* One of the MLPIPE__CSV_BOOLS sets, 0 where it is in none. */
uint32_t mlpipe__csv_bool(const char *s, size_t n, bool *value);

typedef struct mlpipe__csv_time {
    int64_t seconds;   /* since 1970-01-01 UTC */
    uint32_t nanos;
    uint32_t digits;   /* of the fraction */
    bool zone;         /* Z or an offset was given */
    bool clock;        /* a time of day was given */
} mlpipe__csv_time;
/* order: one of MLPIPE__CSV_TIMES. */
bool mlpipe__csv_parse_time(const char *s, size_t n, uint32_t order,
                            mlpipe__csv_time *out);
/* Count of the unit; false where it does not fit. */
bool mlpipe__csv_time_value(const mlpipe__csv_time *t, int32_t unit,
                            int64_t *out);

/* ---- columns (csv_infer.c) and rows (csv_rows.c) ------------------------ */

enum { MLPIPE__CSV_EXAMPLE = 40 };

/* What the values of a column that became a text would be but for a few. */
typedef struct mlpipe__csv_doubt {
    bool open;               /* values are still looked at */
    uint32_t kinds;          /* MLPIPE__CSV_ kinds that the others may be */
    uint32_t broken;         /* values that are of none of them */
    uint32_t groups;         /* bit: a way to write numbers that fits all */
    uint64_t line;           /* of the first that broke them */
    uint64_t more;           /* values behind those of the column */
    char text[MLPIPE__CSV_EXAMPLE]; /* of the first, cut */
} mlpipe__csv_doubt;

typedef struct mlpipe__csv_column {
    char *name;
    uint32_t numbered;       /* last number given to a column of this name */
    int32_t forced;          /* MLPIPE_TYPE_ that `as` asks for, or 0 */
    int32_t type, unit;      /* decided */
    uint32_t may;            /* MLPIPE__CSV_ kinds that fit so far */
    uint32_t order;          /* of a TIMESTAMP */
    uint64_t values;
    uint32_t kinds;          /* MLPIPE__CSV_VALUE kinds that occur */
    uint32_t kind;           /* that of the first value */
    uint32_t fraction;       /* most digits of a second's fraction */
    bool real, huge, rounded; /* cells with a point; beyond i64, 2^53 */
    bool comma;              /* its numbers have a decimal comma */
    bool grouped;            /* 1,234: the comma may part thousands */
    bool ungrouped;          /* 1,5: it can only be a decimal one */
    bool parted, unparted;   /* the same of the point: 1.234; 1.5 or 1234 */
    bool yes, no;            /* bools that occur */
    bool zone, naive;        /* times with and without a zone */
    bool dots;               /* a date such as 1.2.2015, day first */
    bool beyond_ns;          /* a time that ns cannot hold */
    bool texts;              /* its texts are gathered */
    bool late;               /* some texts were missed: gather them again */
    bool many;               /* more texts than a category may have */
    uint64_t example_line;   /* of a date that reads in two orders */
    uint64_t mixed_line;     /* of a date of another order than before */
    uint64_t lost_line;      /* of the value that made it a text */
    uint32_t lost;           /* what it was before: MLPIPE__CSV_ kinds */
    uint64_t empty, empty_line; /* nulls of the first pass; the last one's */
    mlpipe__csv_doubt doubt;
    char example[MLPIPE__CSV_EXAMPLE];
    mlpipe__dictionary *dictionary;
} mlpipe__csv_column;

/* What happened to a row that is no row like the others. */
enum mlpipe__csv_fate {
    MLPIPE__CSV_REJECTED,
    MLPIPE__CSV_PADDED,   /* was short and loaded with nulls behind it */
    MLPIPE__CSV_CUT,      /* was long and loaded without its last cells */
    MLPIPE__CSV_MENDED,   /* had quotes that close nothing */
    MLPIPE__CSV_KINDS
};

typedef struct mlpipe__csv_reject {
    enum mlpipe__csv_fate kind;
    uint64_t line, begin, end;
    uint64_t row;                /* of the data, from 0, bad and empty too */
    int32_t column;              /* -1: the whole row */
    bool cell;                   /* the reason shows the cell */
    size_t reason, reason_bytes; /* in reject_text */
    size_t raw, raw_bytes;
} mlpipe__csv_reject;

/* Lines that are no rows: titles before the header, notes behind the rows,
 * comments. */
enum mlpipe__csv_part {
    MLPIPE__CSV_PREAMBLE, MLPIPE__CSV_FOOTER, MLPIPE__CSV_NOTE
};
typedef struct mlpipe__csv_line {
    enum mlpipe__csv_part part;
    uint64_t line, begin, end;
    size_t raw, raw_bytes;       /* in line_text */
} mlpipe__csv_line;
enum { MLPIPE__CSV_LINES = 100 }; /* that are listed; all are counted */

/* The law: rows_in = loaded + rejected + skipped. */
typedef struct mlpipe__csv_tally {
    uint64_t rows_in, loaded, rejected, skipped, trimmed;
    uint64_t mended[MLPIPE__CSV_KINDS]; /* loaded, but listed */
    uint64_t quoted_empty;
    uint64_t empty_objects; /* of JSON: keys without a column */
    uint32_t reject_count;
    size_t reject_bytes;
    uint32_t line_count;
    size_t line_bytes;
} mlpipe__csv_tally;

typedef struct mlpipe__csv mlpipe__csv;

/*
 * A format of text whose rows become columns. Types, texts, rejects, the
 * account of rows and the blocks of a source are the same for all formats;
 * what is told here is how rows are found and what is in them.
 */
typedef struct mlpipe__csv_kind {
    const char *name; /* "csv", "json" */
    mlpipe_status (*options)(mlpipe_ctx *ctx, const char *params,
                             mlpipe__csv *csv);
    /* Up to the first row: sets data_offset and data_line. */
    mlpipe_status (*begin)(mlpipe_ctx *ctx, mlpipe__csv *csv);
    /* The next record as cells of the columns. */
    mlpipe_status (*next)(mlpipe_ctx *ctx, mlpipe__csv *csv,
                          enum mlpipe__csv_found *found);
    /* All rows were seen for the first time: are the columns those that the
     * parameters speak of? */
    mlpipe_status (*seen)(mlpipe_ctx *ctx, mlpipe__csv *csv);
    void (*report)(mlpipe_report *r, const mlpipe__csv *csv);
    void (*free)(mlpipe__csv *csv);
} mlpipe__csv_kind;

/* A table that is being read: CSV, or JSON where json is set. */
struct mlpipe__csv {
    mlpipe__env *env;
    const mlpipe__csv_kind *kind;
    struct mlpipe__ndjson *json;
    mlpipe__csv_options options;
    mlpipe__input input;
    mlpipe__csv_guess guess;
    mlpipe__csv_reader reader;
    uint32_t cells;                    /* of most rows; 0: not known */
    uint64_t footer_offset;            /* no rows from there on */
    mlpipe__csv_tally before;          /* what lies before the header */
    uint64_t data_offset, data_line;   /* behind the header */
    bool header, tolerant;             /* tolerant: of a dialect in doubt */
    uint32_t header_rows;              /* lines that name the columns */
    uint32_t renamed;                  /* columns that got another name */
    uint32_t column_count, forced_count;
    mlpipe__csv_column *columns;
    mlpipe__csv_tally tally;
    uint64_t *nulls;                   /* column x token */
    uint64_t *nulls_before;            /* at the start of a block */
    mlpipe__csv_reject *rejects;
    uint32_t reject_room;
    mlpipe__text reject_text;
    mlpipe__csv_line *lines;
    mlpipe__text line_text;
    bool done;                         /* the last record was read */
    uint64_t last_begin, last_line;    /* of the last row of a pass */
};

/* Index of the token by which the cell is null, or -1. Of JSON 0 is a key
 * that is absent and 1 a null, which no text of the tokens can equal. */
static inline int32_t mlpipe__csv_null(const mlpipe__csv *csv, uint32_t i,
                                       const char *s, size_t n)
{
    const uint32_t flags = mlpipe__csv_flags(&csv->reader, i);

    if (flags & (MLPIPE__CSV_ABSENT | MLPIPE__CSV_NULL))
        return flags & MLPIPE__CSV_NULL ? 1 : 0;
    if (flags & MLPIPE__CSV_VALUE && !(flags & MLPIPE__CSV_STRING))
        return -1;
    if (flags & MLPIPE__CSV_QUOTED && csv->options.quoted_text)
        return -1;
    return mlpipe__csv_na(&csv->options, s, n);
}

/* ---- rows of JSON (json_rows.c, json_place.c, json_read.c) --------------- */

enum { MLPIPE__JSON_AUTO, MLPIPE__JSON_LINES, MLPIPE__JSON_ARRAY_OF_ROWS };
enum { MLPIPE__JSON_FLATTEN, MLPIPE__JSON_AS_TEXT, MLPIPE__JSON_REFUSE };
enum { MLPIPE__JSON_LEVELS = 32, MLPIPE__JSON_WHY = 200 };

/* One value of a row, and the column that its key names. */
typedef struct mlpipe__json_item {
    mlpipe__csv_field cell;
    uint32_t column; /* UINT32_MAX: no column yet, but `fresh` */
    uint32_t fresh;
} mlpipe__json_item;

typedef struct mlpipe__ndjson {
    uint32_t format, nested, levels;
    bool mixed_bad;
    bool complete;           /* all rows were seen once: no key is new */
    const char *at;          /* JSON pointer; NULL: none */
    mlpipe__dict as;         /* names of which as= tells the types */
    int32_t *as_types;       /* by entry of it; the last one told */
    mlpipe__dict names;      /* of columns; entry i is column i */
    mlpipe__dict fresh;      /* keys of this row that are no columns yet */
    uint32_t column_room;
    uint64_t *met;           /* by column: the last row that had it */
    uint32_t *order;         /* columns of the row before, in its order */
    uint32_t order_count;
    mlpipe__json_item *items;
    uint32_t item_count, item_room;
    mlpipe__dict objects;    /* paths of objects within rows */
    uint64_t *object_met;    /* by object: the last row that had it */
    uint32_t *object_order;  /* objects of the row, as they were entered */
    uint32_t object_count, object_room;
    uint64_t serial;         /* of the row, counted over all passes */
    uint64_t cells;          /* of rows since the last poll */
    mlpipe__text path, key;  /* of the key under way */
    uint32_t empty_objects;  /* in the row under way */
    char why[MLPIPE__JSON_WHY]; /* the row is bad */
    char steps[MLPIPE__JSON_DEPTH]; /* [ or { of each level of `at` */
} mlpipe__ndjson;

extern const mlpipe__param mlpipe__json_params[];
extern const uint32_t mlpipe__json_param_count;

mlpipe_status mlpipe__json_next(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                enum mlpipe__csv_found *found);
/* To the first row; and from the end of an array to that of the input. */
mlpipe_status mlpipe__json_begin(mlpipe_ctx *ctx, mlpipe__csv *csv);
mlpipe_status mlpipe__json_finish(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* Passes n bytes and counts their lines. */
void mlpipe__json_take(mlpipe__csv *csv, size_t n);
/* Passes what is no value; *c is the next byte, or -1 at the end. */
mlpipe_status mlpipe__json_ahead(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                 int32_t *c);
/* More bytes behind `end`, at least twice as many as there are. */
mlpipe_status mlpipe__json_more(mlpipe_ctx *ctx, mlpipe__csv *csv);
mlpipe_status mlpipe__json_broken(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                  const char *why);

/* The exported call of that name for a kind of rows, whole or as a source: its
 * arguments are checked as well (csv.c). */
mlpipe_status mlpipe__csv_read_file(mlpipe_ctx *ctx, const char *call,
                                    const mlpipe__csv_kind *kind,
                                    const char *path, const char *params,
                                    mlpipe_dataset **out);
mlpipe_status mlpipe__csv_read_memory(mlpipe_ctx *ctx, const char *call,
                                      const mlpipe__csv_kind *kind,
                                      const void *bytes, size_t size,
                                      const char *params,
                                      mlpipe_dataset **out);
mlpipe_status mlpipe__csv_read_stream(mlpipe_ctx *ctx, const char *call,
                                      const mlpipe__csv_kind *kind,
                                      const mlpipe_stream *stream,
                                      const char *params,
                                      mlpipe_dataset **out);
mlpipe_status mlpipe__csv_source(mlpipe_ctx *ctx, const char *call,
                                 const mlpipe__csv_kind *kind,
                                 const char *path, const char *params,
                                 mlpipe_source **out);
/* What a report tells of a table as it is read (csv_report.c). */
void mlpipe__csv_report_encoding(mlpipe_report *r, const mlpipe__csv *csv);
void mlpipe__csv_report_dialect(mlpipe_report *r, const mlpipe__csv *csv);
/* The dialect and what became of rows that did not fit it. */
void mlpipe__csv_report_rows(mlpipe_report *r, const mlpipe__csv *csv);

/* Everything up to where the table begins and ends (csv.c). */
mlpipe_status mlpipe__csv_open(mlpipe_ctx *ctx, const mlpipe__csv_kind *kind,
                               mlpipe__input_from from, const char *params,
                               bool tolerant, mlpipe__csv **out);
extern const mlpipe__csv_kind mlpipe__csv_rows;
void mlpipe__csv_free(void *csv);
/* Confirms or doubts the guess by windows over the file, of which the start
 * is in the input's window; goes back there (csv_windows.c). */
mlpipe_status mlpipe__csv_windows(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* Where the table begins and ends (csv_frame.c, csv_footer.c). */
mlpipe_status mlpipe__csv_frame(mlpipe_ctx *ctx, mlpipe__csv *csv);
mlpipe_status mlpipe__csv_footer(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* Lists the reader's current record among the lines that are no rows. */
mlpipe_status mlpipe__csv_list_line(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                    enum mlpipe__csv_part part);
/* A record as text that can be shown: cut, without the line's end. */
void mlpipe__csv_put_raw(mlpipe__text *t, const char *s, size_t n);
/* Names of columns from the header; resolves `as` (csv_header.c). */
mlpipe_status mlpipe__csv_header(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* name:type of `as`; E_PARAM where it is not. */
mlpipe_status mlpipe__csv_forced(mlpipe_ctx *ctx, const char *item,
                                 size_t *name_bytes, int32_t *type);
/* E_SCHEMA: an item of `as` names none of these, with the nearest of them. */
mlpipe_status mlpipe__csv_unknown(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                  const mlpipe__dict *names, const char *item,
                                  size_t n, const char *what);
/* Types from the whole file (csv_infer.c). */
mlpipe_status mlpipe__csv_infer(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* The kinds that the column may be, among `can`, and a value is. */
uint32_t mlpipe__csv_fit(const mlpipe__csv *csv, mlpipe__csv_column *c,
                         const char *s, size_t n, uint32_t can);
/* The value that ended all kinds of the column, and each behind it
 * (csv_doubt.c). */
void mlpipe__csv_doubt_begin(const mlpipe__csv *csv, mlpipe__csv_column *c,
                             uint32_t before, const char *s, size_t n);
void mlpipe__csv_doubt_value(const mlpipe__csv *csv, mlpipe__csv_column *c,
                             const char *s, size_t n, uint32_t can);
/* The text that is told; and may points part thousands (csv_doubt.c)? */
void mlpipe__csv_doubt_show(const mlpipe__csv *csv, mlpipe__csv_column *c,
                            const char *s, size_t n);
void mlpipe__csv_part(mlpipe__csv_column *c, const char *s, size_t n);
void mlpipe__csv_doubt_points(mlpipe__csv *csv);
/* Does but one value, of the last row, make a text of the column? */
bool mlpipe__csv_broken_last(const mlpipe__csv *csv,
                             const mlpipe__csv_column *c);
/* Warns of columns that a few values, or a way to write numbers, made texts.
 */
void mlpipe__csv_doubts(mlpipe_ctx *ctx, const mlpipe__csv *csv);
/* "thousands='.' decimal=','", or NULL where they are no such numbers. */
const char *mlpipe__csv_groups_name(const mlpipe__csv_column *c);
/* Is the last row one of sums? *footer where that is certain; then it begins
 * at footer_offset (csv_total.c). */
mlpipe_status mlpipe__csv_total(mlpipe_ctx *ctx, mlpipe__csv *csv,
                                bool *footer);
/* What the column may be before any value was seen; false = no memory. */
bool mlpipe__csv_start_column(mlpipe__csv *csv, mlpipe__csv_column *c);
/* Goes to the first record; clears the tally. */
void mlpipe__csv_rewind(mlpipe__csv *csv, uint32_t pass);
/*
 * The next row with as many cells as there are columns (rows=pad: any, the
 * cells that are missing are empty), whose cells suit the columns of a forced
 * type; all others are tallied. False in *row at the end.
 */
mlpipe_status mlpipe__csv_row(mlpipe_ctx *ctx, mlpipe__csv *csv, bool *row);
/* May the cell go into a column of its forced type? */
bool mlpipe__csv_suits(const mlpipe__csv_column *c,
                       const mlpipe__csv_options *o, const char *s, size_t n);
/* At most max rows as columns; 0 rows and NULL at the end (csv_fill.c). */
mlpipe_status mlpipe__csv_fill(mlpipe_ctx *ctx, mlpipe__csv *csv,
                               int64_t max, mlpipe__column ***columns,
                               int64_t *rows);
mlpipe_status mlpipe__csv_report(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                 mlpipe_report **out);
/* The error of rows=fail: names the first rejects and how many there are. */
mlpipe_status mlpipe__csv_rejected(mlpipe_ctx *ctx, const mlpipe__csv *csv);

/* ---- writing (write_table.c, write_csv.c, write_json.c) ------------------ */

extern const mlpipe__param mlpipe__write_csv_params[];
extern const uint32_t mlpipe__write_csv_param_count;
extern const mlpipe__param mlpipe__write_json_params[];
extern const uint32_t mlpipe__write_json_param_count;

/* What is done with NaN and the infinities; the order of nan= is each
 * format's own. */
enum { MLPIPE__NAN_FAIL, MLPIPE__NAN_NULL, MLPIPE__NAN_STRING };

/* A cell as text. */
enum mlpipe__cell_kind {
    MLPIPE__CELL_NULL,
    MLPIPE__CELL_PLAIN, /* a number, true or false */
    MLPIPE__CELL_NAN,   /* nan, inf, -inf, to be written as a string */
    MLPIPE__CELL_TIME,
    MLPIPE__CELL_TEXT
};
typedef struct mlpipe__cell {
    enum mlpipe__cell_kind kind;
    const char *s;
    size_t n;
    char room[48];
} mlpipe__cell;

typedef struct mlpipe__table_writer mlpipe__table_writer;
struct mlpipe__table_writer {
    mlpipe_ctx *ctx;
    const mlpipe_dataset *dataset;
    mlpipe__params params;
    mlpipe__text text;     /* what is still to be written */
    uint32_t nan;          /* MLPIPE__NAN_ */
    const void *format;    /* of the kind of file */
    /* What stands before, for and behind the rows. */
    mlpipe_status (*begin)(mlpipe__table_writer *w);
    mlpipe_status (*row)(mlpipe__table_writer *w, int64_t row);
    void (*end)(mlpipe__table_writer *w);
};

/* The cell as text; E_NUMERIC for NaN under nan=fail, E_UNSUPPORTED for a
 * time beyond the years 1 to 9999. */
mlpipe_status mlpipe__table_cell(mlpipe__table_writer *w, uint32_t column,
                                 int64_t row, mlpipe__cell *out);
/* Everything, to a file (out NULL) or to memory (path NULL). */
mlpipe_status mlpipe__table_write(mlpipe__table_writer *w, const char *path,
                                  mlpipe_buffer **out);

#endif
