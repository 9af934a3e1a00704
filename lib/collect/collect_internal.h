/* SPDX-License-Identifier: MIT */
/* Sources of rows; and the parts of the CSV reader, one file each. */
#ifndef MLPIPE_COLLECT_INTERNAL_H
#define MLPIPE_COLLECT_INTERNAL_H

#include "../data/data_internal.h"

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

typedef struct mlpipe__csv_options {
    mlpipe__params params;  /* owns the texts */
    int32_t delimiter;      /* a byte; -1 = found out */
    int32_t quote;          /* a byte; -1 = none */
    uint32_t header, text;  /* MLPIPE__CSV_ */
    uint32_t encoding;      /* MLPIPE__ENCODING_ */
    uint32_t orders;        /* MLPIPE__CSV_ orders of dates that are tried */
    bool trim, quarantine;
    uint64_t max_rejects;
    mlpipe__dict na;        /* tokens that mean null */
    bool na_first[256];     /* is there one that starts with this byte? */
    size_t na_longest;
} mlpipe__csv_options;

mlpipe_status mlpipe__csv_options_parse(mlpipe_ctx *ctx, const char *params,
                                        mlpipe__csv_options *out);
void mlpipe__csv_options_free(mlpipe__csv_options *o);
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
/* The row of that parameter, for the table of every reader of texts. */
#define MLPIPE__PARAM_ENCODING                                             \
    {"encoding", MLPIPE_PARAM_CHOICE, "auto", 0, 0,                        \
     "auto,utf8,utf16le,utf16be,latin1,cp1252", 0x000100,                  \
     "How the text is written; auto: by its byte order mark, UTF-16 where " \
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
/* For reports: "utf-8", where wide says whether a byte above 0x7f was met;
 * and "none", "gzip" or "zstd". */
const char *mlpipe__input_encoding(const mlpipe__input *in, bool wide);
const char *mlpipe__input_compression(const mlpipe__input *in);
/* Why n bytes that begin at `offset` are no UTF-8, and what to do. */
enum { MLPIPE__INPUT_WHY = 160 };
void mlpipe__input_no_utf8(const char *s, size_t n, uint64_t offset,
                           char why[MLPIPE__INPUT_WHY]);

/* ---- records (csv_scan.c, csv_reader.c) --------------------------------- */

enum { MLPIPE__CSV_BLANK = 1, MLPIPE__CSV_STOP = 2 };

typedef struct mlpipe__csv_dialect {
    char delimiter;
    int32_t quote;        /* -1 = none */
    bool trim;
    uint8_t class[256];   /* MLPIPE__CSV_BLANK: dropped at the edges of a
                             cell; _STOP: ends a cell without quotes */
} mlpipe__csv_dialect;

void mlpipe__csv_dialect_init(mlpipe__csv_dialect *d, char delimiter,
                              int32_t quote, bool trim);

/* A cell as it lies in the record. */
enum { MLPIPE__CSV_QUOTED = 1, MLPIPE__CSV_DOUBLED = 2,
       MLPIPE__CSV_TRIMMED = 4 };
typedef struct mlpipe__csv_field {
    const char *data;
    size_t size;
    uint32_t flags;
} mlpipe__csv_field;

/* What a scan of one record ended in. */
enum mlpipe__csv_found {
    MLPIPE__CSV_ROW,      /* cells, maybe too many or too few */
    MLPIPE__CSV_EMPTY,    /* a blank line */
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
    uint32_t pass, passes; /* for progress */
    const char *raw;       /* the record's bytes */
    bool wide;             /* a byte above 0x7f was met */
    char no_utf8[MLPIPE__INPUT_WHY]; /* record.bad where that is why */
    mlpipe__text scratch;  /* of mlpipe__csv_cell */
} mlpipe__csv_reader;

/* Tells progress and asks for a stop. mlpipe__csv_next does so once a MiB; a
 * pass calls it at its start, so that a short file can be stopped too. */
mlpipe_status mlpipe__csv_poll(mlpipe_ctx *ctx, mlpipe__csv_reader *r);
mlpipe_status mlpipe__csv_next(mlpipe_ctx *ctx, mlpipe__csv_reader *r,
                               enum mlpipe__csv_found *found);
/* Bytes of a cell, quotes undone; valid until the next call. False = nomem. */
bool mlpipe__csv_cell(mlpipe__csv_reader *r, uint32_t field, const char **s,
                      size_t *n);
/* Which of , ; tab | separates the cells; E_AMBIGUOUS names two. */
mlpipe_status mlpipe__csv_sniff(mlpipe_ctx *ctx, mlpipe__input *in,
                                const mlpipe__csv_options *o,
                                mlpipe__csv_record *record, char *out);

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

typedef struct mlpipe__csv_column {
    char *name;
    uint32_t numbered;       /* last number given to a column of this name */
    int32_t forced;          /* MLPIPE_TYPE_ that `as` asks for, or 0 */
    int32_t type, unit;      /* decided */
    uint32_t may;            /* MLPIPE__CSV_ kinds that fit so far */
    uint32_t order;          /* of a TIMESTAMP */
    uint64_t values;
    uint32_t fraction;       /* most digits of a second's fraction */
    bool real, huge, rounded; /* cells with a point; beyond i64, 2^53 */
    bool yes, no;            /* bools that occur */
    bool zone, naive;        /* times with and without a zone */
    bool beyond_ns;          /* a time that ns cannot hold */
    bool texts;              /* its texts are gathered */
    bool late;               /* some texts were missed: gather them again */
    bool many;               /* more texts than a category may have */
    uint64_t example_line;   /* of a date that reads in two orders */
    char example[MLPIPE__CSV_EXAMPLE];
    mlpipe__dictionary *dictionary;
} mlpipe__csv_column;

typedef struct mlpipe__csv_reject {
    uint64_t line, begin, end;
    uint64_t row;                /* of the data, from 0, bad and empty too */
    int32_t column;              /* -1: the whole row */
    size_t reason, reason_bytes; /* in reject_text */
    size_t raw, raw_bytes;
} mlpipe__csv_reject;

/* The law: rows_in = loaded + rejected + skipped. */
typedef struct mlpipe__csv_tally {
    uint64_t rows_in, loaded, rejected, skipped, trimmed;
    uint32_t reject_count;
    size_t reject_bytes;
} mlpipe__csv_tally;

/* A CSV that is being read. */
typedef struct mlpipe__csv {
    mlpipe__env *env;
    mlpipe__csv_options options;
    mlpipe__input input;
    mlpipe__csv_reader reader;
    uint64_t data_offset, data_line;   /* behind the header */
    bool header;
    uint32_t renamed;                  /* columns that got another name */
    uint32_t column_count, forced_count;
    mlpipe__csv_column *columns;
    mlpipe__csv_tally tally;
    uint64_t *nulls;                   /* column x token */
    uint64_t *nulls_before;            /* at the start of a block */
    mlpipe__csv_reject *rejects;
    uint32_t reject_room;
    mlpipe__text reject_text;
    bool done;                         /* the last record was read */
} mlpipe__csv;

/* Names of columns from the header; resolves `as` (csv_header.c). */
mlpipe_status mlpipe__csv_header(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* Types from the whole file (csv_infer.c). */
mlpipe_status mlpipe__csv_infer(mlpipe_ctx *ctx, mlpipe__csv *csv);
/* Goes to the first record; clears the tally. */
void mlpipe__csv_rewind(mlpipe__csv *csv, uint32_t pass);
/*
 * The next row with as many cells as there are columns, whose cells suit the
 * columns of a forced type; all others are tallied. False in *row at
 * the end.
 */
mlpipe_status mlpipe__csv_row(mlpipe_ctx *ctx, mlpipe__csv *csv, bool *row);
/* May the cell go into a column of its forced type? */
bool mlpipe__csv_suits(const mlpipe__csv_column *c, const char *s, size_t n,
                       uint32_t orders);
/* At most max rows as columns; 0 rows and NULL at the end (csv_fill.c). */
mlpipe_status mlpipe__csv_fill(mlpipe_ctx *ctx, mlpipe__csv *csv,
                               int64_t max, mlpipe__column ***columns,
                               int64_t *rows);
mlpipe_status mlpipe__csv_report(mlpipe_ctx *ctx, const mlpipe__csv *csv,
                                 mlpipe_report **out);
/* The error of rows=fail: names the first rejects and how many there are. */
mlpipe_status mlpipe__csv_rejected(mlpipe_ctx *ctx, const mlpipe__csv *csv);

#endif
