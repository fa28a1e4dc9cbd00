/*
 * One row of a roster file, field by field: trimmed, checked, and every fault put into the report with its line. Private
 * to the roster parser.
 */
#ifndef CM_ROSTER_ROW_H
#define CM_ROSTER_ROW_H

#include "base/csv.h"
#include "record/record.h"
#include "roster/roster_csv.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CM_ROW_SHOWN_SIZE = 100 };

struct cm_row {
    struct cm_csv csv;
    struct cm_roster_report *report;
    char text[CM_CSV_FIELD_LENGTH_MAX + 1]; /* the field loaded last */
};

void cm_row_problem(struct cm_row *row, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cm_row_note(struct cm_row *row, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text of a file as it may be shown in a message: cut short, nothing invisible in it. Returns out. */
char *cm_row_shown(const char *text, char out[static CM_ROW_SHOWN_SIZE]);

/* Puts the field into row->text without the spaces around it. False when the row has no such field (index -1 too). */
bool cm_row_load(struct cm_row *row, int index);
/* All fields from this one on are empty. */
bool cm_row_blank_from(struct cm_row *row, size_t index);

/* These read field `index`, called `name` in messages, into *ret. False: a problem was reported. A column that the file
 * does not have (index -1) leaves *ret, which holds the default. */
bool cm_row_take_text(struct cm_row *row, int index, const char *name, bool may_be_empty, char *ret,
                      size_t ret_size);
/* The same of what people are called: at most CM_NAME_CHARS. */
bool cm_row_take_name(struct cm_row *row, int index, const char *name, bool may_be_empty,
                      char ret[static CM_NAME_SIZE]);
bool cm_row_take_minutes(struct cm_row *row, int index, const char *name, int32_t *ret);
bool cm_row_take_time(struct cm_row *row, int index, const char *name, int32_t *ret);
bool cm_row_take_weekdays(struct cm_row *row, int index, const char *name, uint32_t *ret);

#endif
