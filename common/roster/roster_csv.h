/*
 * A roster from CSV: students (`id,name,class`) or classes (`class,coordinator,start,late_after,close_after,weekdays`).
 * Which of the two is told from the header line. Pure: bytes in, records and remarks out. For a set of files in the
 * OneRoster format see oneroster.h.
 *
 * A server knows more of its students than a station (cm_roster_parse_full): the columns `roll_number`, `parent_name`,
 * `parent_phone` (E.164), `parent_email`, `note`, `consent_by` and `consent_date` (who gave consent for a face template, on
 * which day). Its ids stand in addresses, so not every printable one will do (fields.h).
 *
 * - Columns are found by name, in any order; a column that is not known is passed over with a note.
 * - A file is taken whole or not at all. Every line is looked at: the report names up to CM_ROSTER_REMARKS problems, each
 *   with its line, and counts the rest.
 * - Classes: only `class` and `start` are needed ("09:00"). late_after and close_after are minutes from the start,
 *   weekdays is like "Mon-Sat", "Mon,Wed,Fri" or "1-5" (1 is Monday). Columns left out give the defaults below.
 * - A student whose class is neither known nor made before gets it made with the defaults, and a note says so.
 * - Spaces at both ends of a field are dropped. Names and ids hold printable characters only (base/utf8.h).
 */
#ifndef CM_ROSTER_CSV_H
#define CM_ROSTER_CSV_H

#include "base/err.h"
#include "record/record.h"
#include "roster/fields.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    CM_ROSTER_ROWS_MAX = 50000,
    CM_ROSTER_REMARKS = 20, /* problems, and notes, that are kept word by word */
    CM_ROSTER_REMARK_SIZE = 320,
    CM_ROSTER_START_MINUTE = 9 * 60,
    CM_ROSTER_LATE_AFTER_MIN = 10,
    CM_ROSTER_CLOSE_AFTER_MIN = 60,
    CM_ROSTER_WEEKDAYS = 0x3f, /* Monday to Saturday */
};

enum cm_roster_kind { CM_ROSTER_STUDENTS = 1, CM_ROSTER_CLASSES };

enum cm_roster_has { /* what a file said of a student: the rest is to stay as it is */
                     CM_ROSTER_HAS_NAME = 1,
                     CM_ROSTER_HAS_CLASS = 2,
                     CM_ROSTER_HAS_ROLL_NUMBER = 4,
                     CM_ROSTER_HAS_PARENT_NAME = 8,
                     CM_ROSTER_HAS_PARENT_PHONE = 16,
                     CM_ROSTER_HAS_NOTE = 32,
                     CM_ROSTER_HAS_PARENT_EMAIL = 64,
};

struct cm_roster_details { /* of one student, for a server */
    uint32_t has;          /* bits of enum cm_roster_has */
    bool gone;             /* the file says that he left */
    char roll_number[16];
    char parent_name[CM_NAME_SIZE];
    char parent_phone[CM_PHONE_SIZE];
    char parent_email[CM_EMAIL_SIZE];
    char note[CM_TEXT_SIZE];
    char consent_by[CM_NAME_SIZE]; /* who gave consent for a face template; empty: the file does not say */
    int32_t consent_date;          /* on which day; 0 */
};

struct cm_roster { /* ours: cm_roster_finish */
    enum cm_roster_kind kind;
    struct cm_class *classes; /* of a student file: those that had to be made */
    size_t class_count;
    struct cm_student *students;
    size_t student_count;
    struct cm_roster_details *details; /* one for each student; NULL for a station */
};

struct cm_roster_remarks {
    char text[CM_ROSTER_REMARKS][CM_ROSTER_REMARK_SIZE];
    size_t count; /* all; only the first CM_ROSTER_REMARKS have a text */
};

struct cm_roster_report {
    struct cm_roster_remarks problems; /* "line 7: the name is empty"; any problem refuses the file */
    struct cm_roster_remarks notes;    /* "the column \"phone\" is not used" */
};

/* Does the store have a class of this id? */
typedef bool cm_class_known_fn(void *arg, const char *class_id);

/* The report is written in any case. CM_INVALID with the number of problems and the first of them; CM_NOMEM. */
enum cm_code cm_roster_parse(const char *data, size_t size, cm_class_known_fn *class_known, void *arg,
                             struct cm_roster *ret_roster, struct cm_roster_report *report,
                             struct cm_err *err);
/* The same with everything that a server keeps of its students. country: of telephone numbers without one (fields.h). */
enum cm_code cm_roster_parse_full(const char *data, size_t size, const char *country,
                                  cm_class_known_fn *class_known, void *arg, struct cm_roster *ret_roster,
                                  struct cm_roster_report *report, struct cm_err *err);
void cm_roster_finish(struct cm_roster *roster);

/* "Mon-Sat", "Mon,Wed,Fri", "1-5", "Mon Tue", "Sat-Mon" as bits from Monday up. CM_INVALID with what is wrong. */
enum cm_code cm_weekdays_parse(const char *text, uint32_t *ret_weekdays, struct cm_err *err);

#endif
