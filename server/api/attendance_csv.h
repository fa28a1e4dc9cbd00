/*
 * The attendance of a span of days as CSV, made piece by piece: one class on one day at a time, so that memory is bounded
 * by a class and not by a school year. For the API's stream and for `export attendance`.
 *
 *     date,class,student_id,name,status,captured,method,points,corrected_by,reason
 *
 * RFC 4180 with CRLF, UTF-8. A cell that a spreadsheet would take for a formula (it begins with = + - @, a tab or a
 * carriage return) gets a ' before it. Days go in order, within a day the classes, within a class the students. A student
 * who was erased keeps his line, with his id and without a name.
 */
#ifndef SRV_ATTENDANCE_CSV_H
#define SRV_ATTENDANCE_CSV_H

#include "base/buf.h"
#include "base/localdate.h"
#include "record/record.h"
#include "store/store.h"

enum { SRV_CSV_PIECE_MAX = 16 << 20 };

struct srv_attendance_csv { /* private but for what the maker fills in */
    struct srv_store *store;
    const struct cm_zone *zone;
    const struct cm_class *classes; /* borrowed until the end */
    int class_count;
    int32_t from, to;
    int64_t now_ms; /* what is over by then and settled by nothing is "unjudged" */
    /* where it is */
    bool begun;
    int32_t date;
    int next_class;
};

/* Appends the next piece: the header, then each class and day, of which many have nobody in them and give nothing. CM_EOF
 * at the end. CM_NOMEM: a class larger than the buffer may be, or no memory. */
enum cm_code srv_attendance_csv_next(struct srv_attendance_csv *csv, struct cm_buf *buf, struct cm_err *err);

/* One cell and what separates it from the next. */
enum cm_code srv_csv_cell(struct cm_buf *buf, const char *text, const char *separator);

#endif
