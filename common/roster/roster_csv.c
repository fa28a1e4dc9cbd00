#include "roster/roster_csv.h"

#include "base/localdate.h"
#include "roll/session.h"
#include "roster/id_index.h"
#include "roster/roster_row.h"
#include <stdlib.h>
#include <string.h>

enum column { /* of either kind of file */
              COLUMN_ID,
              COLUMN_NAME,
              COLUMN_CLASS,
              COLUMN_COORDINATOR,
              COLUMN_START,
              COLUMN_LATE_AFTER,
              COLUMN_CLOSE_AFTER,
              COLUMN_WEEKDAYS,
              COLUMN_ROLL_NUMBER, /* from here on only a server's */
              COLUMN_PARENT_NAME,
              COLUMN_PARENT_PHONE,
              COLUMN_PARENT_EMAIL,
              COLUMN_NOTE,
              COLUMN_CONSENT_BY,
              COLUMN_CONSENT_DATE,
              COLUMNS,
              COLUMNS_OF_STATION = COLUMN_ROLL_NUMBER,
};

enum use { UNUSED, OPTIONAL, NEEDED };

static const struct {
    const char *name;
    enum use in_students, in_classes;
} columns[COLUMNS] = {
    [COLUMN_ID] = {"id", NEEDED, UNUSED},
    [COLUMN_NAME] = {"name", NEEDED, UNUSED},
    [COLUMN_CLASS] = {"class", NEEDED, NEEDED},
    [COLUMN_COORDINATOR] = {"coordinator", UNUSED, OPTIONAL},
    [COLUMN_START] = {"start", UNUSED, NEEDED},
    [COLUMN_LATE_AFTER] = {"late_after", UNUSED, OPTIONAL},
    [COLUMN_CLOSE_AFTER] = {"close_after", UNUSED, OPTIONAL},
    [COLUMN_WEEKDAYS] = {"weekdays", UNUSED, OPTIONAL},
    [COLUMN_ROLL_NUMBER] = {"roll_number", OPTIONAL, UNUSED},
    [COLUMN_PARENT_NAME] = {"parent_name", OPTIONAL, UNUSED},
    [COLUMN_PARENT_PHONE] = {"parent_phone", OPTIONAL, UNUSED},
    [COLUMN_PARENT_EMAIL] = {"parent_email", OPTIONAL, UNUSED},
    [COLUMN_NOTE] = {"note", OPTIONAL, UNUSED},
    [COLUMN_CONSENT_BY] = {"consent_by", OPTIONAL, UNUSED},
    [COLUMN_CONSENT_DATE] = {"consent_date", OPTIONAL, UNUSED},
};

struct parser {
    struct cm_row row;
    bool full; /* for a server */
    const char *country;
    int at[COLUMNS]; /* index of the field; -1: the file has no such column, or it is not used */
    size_t header_fields, rows;
    struct cm_roster roster;
    size_t class_capacity, student_capacity, details_capacity;
    struct cm_id_index ids;     /* of the file's own rows */
    struct cm_id_index classes; /* of a student file: those that were looked up already */
    cm_class_known_fn *class_known;
    void *class_known_arg;
};

/* ---- the header ---- */

static enum use use_of(int column, enum cm_roster_kind kind)
{
    return kind == CM_ROSTER_STUDENTS ? columns[column].in_students : columns[column].in_classes;
}

/* Names of columns are told apart without regard to case. */
static int column_named(const char *text, bool full)
{
    for (int column = 0; column < (full ? COLUMNS : COLUMNS_OF_STATION); column++) {
        const char *name = columns[column].name;
        size_t i = 0;
        while (name[i] != '\0' && (text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]) == name[i])
            i++;
        if (name[i] == '\0' && text[i] == '\0')
            return column;
    }
    return -1;
}

static void find_columns(struct parser *parser)
{
    for (int column = 0; column < COLUMNS; column++)
        parser->at[column] = -1;
    for (int i = 0; cm_row_load(&parser->row, i); i++) {
        int column = column_named(parser->row.text, parser->full);
        if (column < 0)
            continue;
        if (parser->at[column] < 0)
            parser->at[column] = i;
        else
            cm_row_problem(&parser->row, "the column \"%s\" comes twice", columns[column].name);
    }
}

static bool tell_kind(struct parser *parser)
{
    struct cm_row *row = &parser->row;
    if (parser->at[COLUMN_ID] >= 0)
        parser->roster.kind = CM_ROSTER_STUDENTS;
    else if (parser->at[COLUMN_START] >= 0)
        parser->roster.kind = CM_ROSTER_CLASSES;
    else if (row->csv.field_count == 1 && strpbrk(row->csv.field[0].text, ";\t") != NULL)
        cm_row_problem(row,
                       "the fields are not separated by commas: save the file as \"CSV (comma delimited)\"");
    else
        cm_row_problem(row, "the header must be like id,name,class for students, or class,start for classes");
    return parser->roster.kind != 0;
}

static void read_header(struct parser *parser)
{
    struct cm_row *row = &parser->row;
    char shown[CM_ROW_SHOWN_SIZE];
    parser->header_fields = row->csv.field_count;
    find_columns(parser);
    if (!tell_kind(parser))
        return;
    bool used[CM_CSV_FIELDS_MAX] = {false};
    for (int column = 0; column < COLUMNS; column++) {
        enum use use = use_of(column, parser->roster.kind);
        if (use == NEEDED && parser->at[column] < 0)
            cm_row_problem(row, "the header has no column \"%s\"", columns[column].name);
        if (use == UNUSED)
            parser->at[column] = -1;
        if (parser->at[column] >= 0)
            used[parser->at[column]] = true;
    }
    for (int i = 0; cm_row_load(row, i); i++)
        if (!used[i] && row->text[0] != '\0')
            cm_row_note(row, "the column \"%s\" is not used", cm_row_shown(row->text, shown));
}

/* ---- rows ---- */

/* The array, grown where it has no room for one more record; NULL without memory. */
static void *room_for_one(void *records, size_t count, size_t *capacity, size_t record_size)
{
    if (count < *capacity)
        return records;
    size_t wanted = *capacity > 0 ? *capacity * 2 : 64;
    void *grown = realloc(records, wanted * record_size);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

static enum cm_code add_class(struct parser *parser, const struct cm_class *class_)
{
    struct cm_roster *roster = &parser->roster;
    struct cm_class *classes =
        room_for_one(roster->classes, roster->class_count, &parser->class_capacity, sizeof *classes);
    if (classes == NULL)
        return CM_NOMEM;
    roster->classes = classes;
    classes[roster->class_count++] = *class_;
    return CM_OK;
}

static enum cm_code add_details(struct parser *parser, const struct cm_roster_details *details)
{
    struct cm_roster *roster = &parser->roster;
    struct cm_roster_details *all =
        room_for_one(roster->details, roster->student_count, &parser->details_capacity, sizeof *all);
    if (all == NULL)
        return CM_NOMEM;
    roster->details = all;
    all[roster->student_count] = *details;
    return CM_OK;
}

static enum cm_code add_student(struct parser *parser, const struct cm_student *student,
                                const struct cm_roster_details *details)
{
    struct cm_roster *roster = &parser->roster;
    if (parser->full && add_details(parser, details) != CM_OK)
        return CM_NOMEM;
    struct cm_student *students =
        room_for_one(roster->students, roster->student_count, &parser->student_capacity, sizeof *students);
    if (students == NULL)
        return CM_NOMEM;
    roster->students = students;
    students[roster->student_count++] = *student;
    return CM_OK;
}

static struct cm_class default_class(void)
{
    return (struct cm_class){.start_minute = CM_ROSTER_START_MINUTE,
                             .late_after_min = CM_ROSTER_LATE_AFTER_MIN,
                             .close_after_min = CM_ROSTER_CLOSE_AFTER_MIN,
                             .weekdays = CM_ROSTER_WEEKDAYS};
}

/* Reports an id that was there before, with both lines. */
static enum cm_code check_new(struct parser *parser, const char *what, const char *id, bool *ret_new)
{
    size_t first_line = 0;
    enum cm_code code = cm_id_index_add(&parser->ids, id, parser->row.csv.line, &first_line);
    if (code != CM_OK)
        return code;
    if (first_line > 0)
        cm_row_problem(&parser->row, "the %s \"%s\" is on line %zu already", what, id, first_line);
    *ret_new = first_line == 0;
    return CM_OK;
}

/* An id of a student or a class, CM_ID_SIZE large. */
static bool take_id(struct parser *parser, enum column column, char *ret_id)
{
    char shown[CM_ROW_SHOWN_SIZE];
    const char *name = columns[column].name;
    if (!cm_row_take_text(&parser->row, parser->at[column], name, false, ret_id, CM_ID_SIZE))
        return false;
    bool of_class = column == COLUMN_CLASS;
    bool fine = !parser->full || (of_class ? cm_roster_class_fine(ret_id) : cm_roster_id_fine(ret_id));
    if (!fine)
        cm_row_problem(&parser->row, "the %s \"%s\" may have letters, digits, \".\", \"_\" and \"-\" only%s",
                       name, cm_row_shown(ret_id, shown),
                       of_class ? ", and single spaces and \"/\" between them" : "");
    return fine;
}

static bool take_class_fields(struct parser *parser, struct cm_class *class_)
{
    struct cm_row *row = &parser->row;
    bool fine =
        cm_row_take_name(row, parser->at[COLUMN_COORDINATOR], "coordinator", true, class_->coordinator);
    fine &= cm_row_take_time(row, parser->at[COLUMN_START], "start", &class_->start_minute);
    fine &= cm_row_take_minutes(row, parser->at[COLUMN_LATE_AFTER], "late_after", &class_->late_after_min);
    fine &= cm_row_take_minutes(row, parser->at[COLUMN_CLOSE_AFTER], "close_after", &class_->close_after_min);
    fine &= cm_row_take_weekdays(row, parser->at[COLUMN_WEEKDAYS], "weekdays", &class_->weekdays);
    return fine;
}

static enum cm_code take_class(struct parser *parser)
{
    struct cm_row *row = &parser->row;
    struct cm_class class_ = default_class();
    bool is_new = false;
    bool named = take_id(parser, COLUMN_CLASS, class_.id);
    enum cm_code code = named ? check_new(parser, "class", class_.id, &is_new) : CM_OK;
    if (code != CM_OK || !take_class_fields(parser, &class_) || !is_new)
        return code;
    struct cm_err err = CM_ERR_INIT;
    if (cm_class_check(&class_, &err) != CM_OK) {
        cm_row_problem(row, "%s", err.msg);
        return CM_OK;
    }
    return add_class(parser, &class_);
}

/* Makes the class of a student unless it is known. */
static enum cm_code want_class(struct parser *parser, const char *class_id)
{
    size_t first_line = 0;
    enum cm_code code = cm_id_index_add(&parser->classes, class_id, parser->row.csv.line, &first_line);
    if (code != CM_OK || first_line > 0 || parser->class_known(parser->class_known_arg, class_id))
        return code;
    struct cm_class class_ = default_class();
    strcpy(class_.id, class_id);
    cm_row_note(&parser->row,
                "the class \"%s\" is new and gets 09:00 from Monday to Saturday, unless a file of classes "
                "sets its times",
                class_id);
    return add_class(parser, &class_);
}

static bool take_phone(struct parser *parser, struct cm_roster_details *details)
{
    char shown[CM_ROW_SHOWN_SIZE], text[64] = "";
    if (!cm_row_take_text(&parser->row, parser->at[COLUMN_PARENT_PHONE], "parent_phone", true, text,
                          sizeof text))
        return false;
    if (text[0] == '\0' || cm_phone_normal(text, parser->country, details->parent_phone))
        return true;
    cm_row_problem(&parser->row,
                   "parent_phone must be a number with its country code, like +919876543210, not \"%s\"",
                   cm_row_shown(text, shown));
    return false;
}

static bool take_email(struct parser *parser, struct cm_roster_details *details)
{
    char shown[CM_ROW_SHOWN_SIZE];
    if (!cm_row_take_text(&parser->row, parser->at[COLUMN_PARENT_EMAIL], "parent_email", true,
                          details->parent_email, sizeof details->parent_email))
        return false;
    if (details->parent_email[0] == '\0' || cm_email_fine(details->parent_email))
        return true;
    cm_row_problem(&parser->row, "parent_email must be an address like meera@example.org, not \"%s\"",
                   cm_row_shown(details->parent_email, shown));
    return false;
}

/* Who gave consent and when belong together. */
static bool take_consent(struct parser *parser, struct cm_roster_details *details)
{
    struct cm_row *row = &parser->row;
    char date[32] = "", shown[CM_ROW_SHOWN_SIZE];
    bool fine = cm_row_take_text(row, parser->at[COLUMN_CONSENT_BY], "consent_by", true, details->consent_by,
                                 sizeof details->consent_by);
    fine &= cm_row_take_text(row, parser->at[COLUMN_CONSENT_DATE], "consent_date", true, date, sizeof date);
    if (!fine)
        return false;
    if ((details->consent_by[0] == '\0') != (date[0] == '\0')) {
        cm_row_problem(row,
                       "consent_by and consent_date belong together: who gave consent, and on which day");
        return false;
    }
    if (date[0] == '\0' || cm_date_parse(date, &details->consent_date, NULL) == CM_OK)
        return true;
    cm_row_problem(row, "consent_date must be a day like 2026-06-01, not \"%s\"", cm_row_shown(date, shown));
    return false;
}

static bool take_details(struct parser *parser, struct cm_roster_details *details)
{
    static const struct {
        enum column column;
        enum cm_roster_has has;
    } given[] = {{COLUMN_ROLL_NUMBER, CM_ROSTER_HAS_ROLL_NUMBER},
                 {COLUMN_PARENT_NAME, CM_ROSTER_HAS_PARENT_NAME},
                 {COLUMN_PARENT_PHONE, CM_ROSTER_HAS_PARENT_PHONE},
                 {COLUMN_PARENT_EMAIL, CM_ROSTER_HAS_PARENT_EMAIL},
                 {COLUMN_NOTE, CM_ROSTER_HAS_NOTE}};
    struct cm_row *row = &parser->row;
    details->has = CM_ROSTER_HAS_NAME | CM_ROSTER_HAS_CLASS;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        details->has |= parser->at[given[i].column] >= 0 ? given[i].has : 0;
    bool fine = cm_row_take_text(row, parser->at[COLUMN_ROLL_NUMBER], "roll_number", true,
                                 details->roll_number, sizeof details->roll_number);
    fine &= cm_row_take_name(row, parser->at[COLUMN_PARENT_NAME], "parent_name", true, details->parent_name);
    fine &= cm_row_take_text(row, parser->at[COLUMN_NOTE], "note", true, details->note, sizeof details->note);
    fine &= take_phone(parser, details);
    fine &= take_email(parser, details);
    fine &= take_consent(parser, details);
    return fine;
}

static enum cm_code take_student(struct parser *parser)
{
    struct cm_row *row = &parser->row;
    struct cm_student student = {.id = ""};
    struct cm_roster_details details = {.has = 0};
    bool is_new = false;
    bool fine = take_id(parser, COLUMN_ID, student.id);
    enum cm_code code = fine ? check_new(parser, "id", student.id, &is_new) : CM_OK;
    if (code != CM_OK)
        return code;
    fine &= cm_row_take_name(row, parser->at[COLUMN_NAME], "name", false, student.name);
    fine &= take_id(parser, COLUMN_CLASS, student.class_id);
    if (parser->full)
        fine &= take_details(parser, &details);
    if (!fine || !is_new)
        return CM_OK;
    code = want_class(parser, student.class_id);
    return code == CM_OK ? add_student(parser, &student, &details) : code;
}

static enum cm_code take_row(struct parser *parser)
{
    struct cm_row *row = &parser->row;
    if (cm_row_blank_from(row, 0)) /* ",,,": spreadsheets leave such lines behind */
        return CM_OK;
    parser->rows++;
    size_t fields = row->csv.field_count;
    if (fields < parser->header_fields || !cm_row_blank_from(row, parser->header_fields)) {
        cm_row_problem(row, "%zu field%s where the header has %zu; a field with a comma in it needs quotes",
                       fields, fields == 1 ? "" : "s", parser->header_fields);
        return CM_OK;
    }
    return parser->roster.kind == CM_ROSTER_STUDENTS ? take_student(parser) : take_class(parser);
}

static enum cm_code take_rows(struct parser *parser, struct cm_err *err)
{
    enum cm_code code;
    while ((code = cm_csv_next(&parser->row.csv, err)) == CM_OK) {
        code = take_row(parser);
        if (code != CM_OK)
            return cm_fail(err, code, "out of memory for the roster");
        if (parser->rows > CM_ROSTER_ROWS_MAX) {
            cm_row_problem(&parser->row, "more than %d rows: split the file", CM_ROSTER_ROWS_MAX);
            return CM_EOF;
        }
    }
    return code;
}

/* ---- the file ---- */

static void problem_of_file(struct cm_roster_report *report, const char *text)
{
    struct cm_roster_remarks *problems = &report->problems;
    if (problems->count++ < CM_ROSTER_REMARKS)
        strcpy(problems->text[problems->count - 1], text);
}

/* Runs to the file's end, whatever the rows are like. CM_OK, or CM_NOMEM. */
static enum cm_code parse(struct parser *parser, struct cm_err *err)
{
    struct cm_roster_report *report = parser->row.report;
    struct cm_err syntax = CM_ERR_INIT;
    enum cm_code code = cm_csv_next(&parser->row.csv, &syntax);
    if (code == CM_EOF) {
        problem_of_file(report, "the file is empty");
        return CM_OK;
    }
    if (code == CM_OK) {
        read_header(parser);
        if (report->problems.count > 0) /* the rows would only repeat it */
            return CM_OK;
        code = take_rows(parser, &syntax);
    }
    if (code == CM_NOMEM)
        return cm_fail(err, code, "%s", syntax.msg);
    if (code != CM_EOF)
        problem_of_file(report, syntax.msg);
    else if (parser->rows == 0)
        problem_of_file(report, "there is nothing below the header");
    return CM_OK;
}

static enum cm_code verdict(const struct cm_roster_report *report, struct cm_err *err)
{
    size_t count = report->problems.count;
    if (count == 0)
        return CM_OK;
    if (count == 1)
        return cm_fail(err, CM_INVALID, "nothing was imported: %s", report->problems.text[0]);
    return cm_fail(err, CM_INVALID, "nothing was imported, there are %zu problems: %s", count,
                   report->problems.text[0]);
}

static enum cm_code parse_file(const char *data, size_t size, bool full, const char *country,
                               cm_class_known_fn *class_known, void *arg, struct cm_roster *ret_roster,
                               struct cm_roster_report *report, struct cm_err *err)
{
    *report = (struct cm_roster_report){.problems = {.count = 0}};
    struct parser *parser = calloc(1, sizeof *parser);
    if (parser == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the roster");
    parser->row.report = report;
    parser->full = full;
    parser->country = country;
    parser->class_known = class_known;
    parser->class_known_arg = arg;
    cm_csv_init(&parser->row.csv, data, size);
    enum cm_code code = parse(parser, err);
    if (code == CM_OK)
        code = verdict(report, err);
    if (code == CM_OK)
        *ret_roster = parser->roster;
    else
        cm_roster_finish(&parser->roster);
    cm_csv_finish(&parser->row.csv);
    cm_id_index_finish(&parser->ids);
    cm_id_index_finish(&parser->classes);
    free(parser);
    return code;
}

enum cm_code cm_roster_parse(const char *data, size_t size, cm_class_known_fn *class_known, void *arg,
                             struct cm_roster *ret_roster, struct cm_roster_report *report,
                             struct cm_err *err)
{
    return parse_file(data, size, false, "", class_known, arg, ret_roster, report, err);
}

enum cm_code cm_roster_parse_full(const char *data, size_t size, const char *country,
                                  cm_class_known_fn *class_known, void *arg, struct cm_roster *ret_roster,
                                  struct cm_roster_report *report, struct cm_err *err)
{
    return parse_file(data, size, true, country, class_known, arg, ret_roster, report, err);
}

void cm_roster_finish(struct cm_roster *roster)
{
    free(roster->classes);
    free(roster->students);
    free(roster->details);
    *roster = (struct cm_roster){.kind = 0};
}
