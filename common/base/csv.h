/*
 * CSV as in RFC 4180, read from memory one record at a time.
 *
 * Accepts CRLF and LF, a UTF-8 byte order mark, quoted fields with "" and line breaks inside; skips blank
 * lines; the last line may lack its line break. Refuses what usually means a damaged or foreign file, with
 * the line it is on: UTF-16, bytes that are not UTF-8, NUL, a quote inside an unquoted field, text after a
 * closing quote, a quote that is never closed, a lone carriage return. Spaces around a field belong to it.
 *
 * It does not judge names: control characters and direction overrides in a field are the importer's business
 * (cm_utf8_printable).
 *
 *     struct cm_csv csv;
 *     cm_csv_init(&csv, data, size);
 *     code = cm_csv_next(&csv, err);                      // the header
 *     int id = cm_csv_column(&csv, "student_id");         // -1: no such column
 *     while ((code = cm_csv_next(&csv, err)) == CM_OK)
 *         use(csv.line, csv.field[id].text);              // after checking id < csv.field_count
 *     cm_csv_finish(&csv);                                // code is CM_EOF when all was well
 *
 * Memory is the caller's, scratch is ours until finish. Not thread safe; two readers are independent.
 */
#ifndef CM_CSV_H
#define CM_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>

enum {
    CM_CSV_FIELDS_MAX = 64,         /* fields of one record */
    CM_CSV_FIELD_LENGTH_MAX = 4096, /* bytes of one field, without the NUL */
};

struct cm_csv_field {
    const char *text; /* valid UTF-8, NUL terminated; valid until the next cm_csv_next or cm_csv_finish */
    size_t length;
};

struct cm_csv {
    /* the record read last */
    struct cm_csv_field field[CM_CSV_FIELDS_MAX];
    size_t field_count;
    size_t line; /* on which the record begins; the first line is 1 */

    /* private */
    const char *next, *end;
    size_t next_line;
    size_t starts[CM_CSV_FIELDS_MAX];
    struct cm_buf text;
    enum cm_code failed;
};

/* data is borrowed until cm_csv_finish. */
void cm_csv_init(struct cm_csv *csv, const char *data, size_t size);
void cm_csv_finish(struct cm_csv *csv);

/* The next record. CM_EOF after the last (err untouched); CM_INVALID with "line 7: …"; CM_NOMEM. After a
 * failure every further call fails with the same code. */
enum cm_code cm_csv_next(struct cm_csv *csv, struct cm_err *err);

/* Index of the field of the present record that is `name`, whatever its case (ASCII) and the spaces around
 * it; -1 when there is none. For the header record. */
int cm_csv_column(const struct cm_csv *csv, const char *name);

#endif
