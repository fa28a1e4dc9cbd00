/*
 * Rows that are written either as objects of JSON or as lines of CSV: the same cells in the same order. CSV is guarded as in
 * attendance_csv.h: no cell is a formula. A failure (no memory) is remembered until the answer.
 */
#ifndef SRV_SHEET_H
#define SRV_SHEET_H

#include "api/reply.h"

struct srv_sheet {
    bool csv;
    struct srv_reply json; /* what is around the rows is written there, and nowhere in CSV */
    struct cm_buf text;
    bool failed, comma;
};

void srv_sheet_init(struct srv_sheet *sheet, bool csv);
void srv_sheet_finish(struct srv_sheet *sheet);
void srv_sheet_row(struct srv_sheet *sheet);
void srv_sheet_row_end(struct srv_sheet *sheet);
/* name: of the member; in CSV it is said by a row of names at the top. */
void srv_sheet_text(struct srv_sheet *sheet, const char *name, const char *text);
void srv_sheet_int(struct srv_sheet *sheet, const char *name, int64_t value);
void srv_sheet_real(struct srv_sheet *sheet, const char *name, double value,
                    int decimals); /* not a number: null, "" */
void srv_sheet_date(struct srv_sheet *sheet, const char *name, int32_t date);
/* In CSV alone: several cells of a row, such as the names. */
void srv_sheet_cells(struct srv_sheet *sheet, const char *const *cells, size_t count);
/* Answers, and finishes it. file: the name without its ending. */
void srv_sheet_answer(struct srv_call *call, struct srv_sheet *sheet, const char *file);

#endif
