#include "roster/oneroster_set.h"

#include "base/date.h"
#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one file, row by row ---- */

#define COLUMNS_MAX 12

struct table {
    struct cm_oneroster_set *set;
    struct cm_row row;
    const char *const *names;
    int at[COLUMNS_MAX];
    size_t rows;
};

typedef enum cm_code row_fn(struct table *table);

void *cm_oneroster_room(void *records, size_t count, size_t *room, size_t record_size)
{
    if (count < *room)
        return records;
    size_t wanted = *room > 0 ? *room * 2 : 64;
    void *grown = realloc(records, wanted * record_size);
    if (grown != NULL)
        *room = wanted;
    return grown;
}

static void problem_of_file(struct cm_roster_report *report, const char *text)
{
    if (report->problems.count++ < CM_ROSTER_REMARKS)
        strcpy(report->problems.text[report->problems.count - 1], text);
}

static void find_columns(struct table *table, int count, int needed)
{
    for (int i = 0; i < count; i++) {
        table->at[i] = cm_csv_column(&table->row.csv, table->names[i]);
        if (table->at[i] < 0 && i < needed)
            cm_row_problem(&table->row, "the header has no column \"%s\"", table->names[i]);
    }
}

static enum cm_code read_rows(struct table *table, size_t header_fields, row_fn *take, struct cm_err *err)
{
    struct cm_row *row = &table->row;
    enum cm_code code;
    while ((code = cm_csv_next(&row->csv, err)) == CM_OK) {
        if (cm_row_blank_from(row, 0))
            continue;
        if (++table->rows > CM_ROSTER_ROWS_MAX) {
            cm_row_problem(row, "more than %d rows", CM_ROSTER_ROWS_MAX);
            return CM_EOF;
        }
        if (row->csv.field_count < header_fields) {
            cm_row_problem(row, "%zu fields where the header has %zu", row->csv.field_count, header_fields);
            continue;
        }
        if (take(table) != CM_OK)
            return cm_fail(err, CM_NOMEM, "out of memory for the roster");
    }
    return code;
}

/* Runs to the file's end, whatever the rows are like. */
static enum cm_code read_table(struct cm_oneroster_set *set, enum cm_oneroster_kind kind,
                               const char *const *names, int count, int needed, row_fn *take,
                               struct cm_err *err)
{
    struct cm_oneroster_file *file = set->of[kind];
    struct table *table = calloc(1, sizeof *table);
    struct cm_err syntax = CM_ERR_INIT;
    if (table == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the roster");
    table->set = set;
    table->names = names;
    table->row.report = &file->report;
    cm_csv_init(&table->row.csv, file->data, file->size);
    enum cm_code code = cm_csv_next(&table->row.csv, &syntax);
    if (code == CM_OK) {
        find_columns(table, count, needed);
        if (file->report.problems.count == 0)
            code = read_rows(table, table->row.csv.field_count, take, &syntax);
    }
    if (code == CM_INVALID)
        problem_of_file(&file->report, syntax.msg);
    else if (code == CM_NOMEM)
        cm_fail(err, code, "%s", syntax.msg);
    cm_csv_finish(&table->row.csv);
    free(table);
    return code == CM_NOMEM ? code : CM_OK;
}

/* ---- fields ---- */

/* The field's text, or "" when the file has no such column. */
static const char *field(struct table *table, int column)
{
    if (!cm_row_load(&table->row, table->at[column]))
        table->row.text[0] = '\0';
    return table->row.text;
}

static bool is(const char *text, const char *word)
{
    for (; *word != '\0'; text++, word++)
        if ((*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text) != *word)
            return false;
    return *text == '\0';
}

/* The id of something that must have one. */
static bool take_id(struct table *table, int column, char ret_id[CM_ID_SIZE])
{
    return cm_row_take_text(&table->row, table->at[column], table->names[column], false, ret_id, CM_ID_SIZE);
}

/* False: the row speaks of something that is gone. A status at all makes the set a delta, unless the manifest knew better. */
static bool is_active(struct table *table, int column)
{
    const char *status = field(table, column);
    if (status[0] != '\0' && !table->set->delta_said)
        table->set->delta = true;
    return !is(status, "tobedeleted");
}

static uint32_t role_of(const char *text)
{
    static const struct {
        const char *word;
        uint32_t role;
    } roles[] = {{"student", CM_PERSON_STUDENT},
                 {"teacher", CM_PERSON_TEACHER},
                 {"parent", CM_PERSON_PARENT},
                 {"guardian", CM_PERSON_PARENT}};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (is(text, roles[i].word))
            return roles[i].role;
    return 0;
}

/* ---- manifest ---- */

enum { MANIFEST_NAME, MANIFEST_VALUE };

static enum cm_code take_property(struct table *table)
{
    char name[64] = "";
    if (!cm_row_take_text(&table->row, table->at[MANIFEST_NAME], "propertyName", true, name, sizeof name))
        return CM_OK;
    const char *value = field(table, MANIFEST_VALUE);
    if (is(name, "oneroster.version") && strcmp(value, "1.1") != 0 && strcmp(value, "1.2") != 0)
        cm_row_note(&table->row, "written for versions 1.1 and 1.2 of the format");
    if (is(name, "file.users") || is(name, "file.enrollments")) {
        table->set->delta |= is(value, "delta");
        table->set->delta_said |= is(value, "delta") || is(value, "bulk");
    }
    return CM_OK;
}

enum cm_code cm_oneroster_read_manifest(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const char *const names[] = {[MANIFEST_NAME] = "propertyName", [MANIFEST_VALUE] = "value"};
    return read_table(set, CM_ONEROSTER_MANIFEST, names, 2, 2, take_property, err);
}

/* ---- users ---- */

enum {
    USER_ID,
    USER_GIVEN,
    USER_FAMILY,
    USER_STATUS,
    USER_ROLE,
    USER_IDENTIFIER,
    USER_SMS,
    USER_PHONE,
    USER_EMAIL,
    USER_AGENTS,
    USER_PREFERRED_GIVEN,
    USER_PREFERRED_FAMILY,
    USER_COLUMNS
};
_Static_assert(USER_COLUMNS <= COLUMNS_MAX, "columns have their places");

static bool take_name(struct table *table, struct cm_person *person)
{
    char given[CM_NAME_SIZE] = "", family[CM_NAME_SIZE] = "", name[2 * CM_NAME_SIZE];
    struct cm_row *row = &table->row;
    bool preferred = field(table, USER_PREFERRED_GIVEN)[0] != '\0';
    int given_at = preferred ? USER_PREFERRED_GIVEN : USER_GIVEN;
    int family_at = field(table, USER_PREFERRED_FAMILY)[0] != '\0' ? USER_PREFERRED_FAMILY : USER_FAMILY;
    if (!cm_row_take_name(row, table->at[given_at], "givenName", true, given) ||
        !cm_row_take_name(row, table->at[family_at], "familyName", true, family))
        return false;
    snprintf(name, sizeof name, "%s%s%s", given, given[0] != '\0' && family[0] != '\0' ? " " : "", family);
    size_t count = cm_utf8_count(name, strlen(name));
    if (count == 0 || count > CM_NAME_CHARS) {
        if (count == 0)
            cm_row_problem(row, "the name is empty");
        else
            cm_row_problem(row, "the name is too long, %zu characters of at most %d", count, CM_NAME_CHARS);
        return false;
    }
    strcpy(person->name, name);
    return true;
}

static void take_phone(struct table *table, struct cm_person *person)
{
    static const int columns[] = {USER_SMS, USER_PHONE};
    bool any = false;
    for (size_t i = 0; i < 2 && person->phone[0] == '\0'; i++) {
        const char *text = field(table, columns[i]);
        any |= text[0] != '\0';
        if (!cm_phone_normal(text, table->set->known->country, person->phone))
            person->phone[0] = '\0';
    }
    if (any && person->phone[0] == '\0' && (person->roles & CM_PERSON_PARENT) != 0)
        cm_row_note(&table->row,
                    "a telephone number that is none, or has no country code (like +91), is left out");
}

static void take_email(struct table *table, struct cm_person *person)
{
    const char *text = field(table, USER_EMAIL);
    if (cm_email_fine(text))
        snprintf(person->email, sizeof person->email, "%s", text);
    else if (text[0] != '\0' && (person->roles & CM_PERSON_PARENT) != 0)
        cm_row_note(&table->row, "an e-mail address that is none is left out");
}

/* "a,b,c" within one cell; who comes after CM_AGENTS_MAX is passed over. */
static void take_agents(struct table *table, struct cm_person *person)
{
    const char *at = field(table, USER_AGENTS);
    for (int i = 0; i < CM_AGENTS_MAX && *at != '\0'; i++) {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ", ");
        if (size > 0 && size < CM_ID_SIZE)
            memcpy(person->agents[i], at, size);
        at += size;
    }
}

static enum cm_code add_person(struct table *table, const struct cm_person *person)
{
    struct cm_oneroster_set *set = table->set;
    size_t first = 0;
    struct cm_person *people =
        cm_oneroster_room(set->people, set->person_count, &set->person_room, sizeof *people);
    if (people == NULL)
        return CM_NOMEM;
    set->people = people;
    if (cm_id_index_add(&set->person_at, person->id, set->person_count + 1, &first) != CM_OK)
        return CM_NOMEM;
    if (first > 0)
        cm_row_problem(&table->row, "the user \"%s\" is on line %zu already", person->id,
                       people[first - 1].line);
    else
        people[set->person_count++] = *person;
    return CM_OK;
}

static enum cm_code take_user(struct table *table)
{
    struct cm_person person = {.line = table->row.csv.line};
    const char *role = field(table, USER_ROLE);
    person.roles = role_of(role);
    if (table->at[USER_ROLE] >= 0 && person.roles == 0)
        return CM_OK; /* an administrator, an aide: nobody of ours */
    if (!take_id(table, USER_ID, person.id))
        return CM_OK;
    person.gone = !is_active(table, USER_STATUS);
    if (!person.gone && !take_name(table, &person))
        return CM_OK;
    if (strlen(field(table, USER_IDENTIFIER)) < sizeof person.identifier)
        cm_row_take_text(&table->row, table->at[USER_IDENTIFIER], "identifier", true, person.identifier,
                         sizeof person.identifier);
    take_phone(table, &person);
    take_email(table, &person);
    take_agents(table, &person);
    return add_person(table, &person);
}

enum cm_code cm_oneroster_read_users(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const char *const names[USER_COLUMNS] = {
        [USER_ID] = "sourcedId",
        [USER_GIVEN] = "givenName",
        [USER_FAMILY] = "familyName",
        [USER_STATUS] = "status",
        [USER_ROLE] = "role",
        [USER_IDENTIFIER] = "identifier",
        [USER_SMS] = "sms",
        [USER_PHONE] = "phone",
        [USER_EMAIL] = "email",
        [USER_AGENTS] = "agentSourcedIds",
        [USER_PREFERRED_GIVEN] = "preferredGivenName",
        [USER_PREFERRED_FAMILY] = "preferredFamilyName",
    };
    return read_table(set, CM_ONEROSTER_USERS, names, USER_COLUMNS, USER_STATUS, take_user, err);
}

struct cm_person *cm_oneroster_person(struct cm_oneroster_set *set, const char *id)
{
    size_t place = cm_id_index_find(&set->person_at, id);
    return place > 0 ? &set->people[place - 1] : NULL;
}

/* ---- roles, of 1.2 ---- */

enum { ROLE_USER, ROLE_ROLE, ROLE_STATUS, ROLE_COLUMNS };

static enum cm_code take_role(struct table *table)
{
    char id[CM_ID_SIZE];
    uint32_t role = role_of(field(table, ROLE_ROLE));
    if (role == 0 || !is_active(table, ROLE_STATUS) || !take_id(table, ROLE_USER, id))
        return CM_OK;
    struct cm_person *person = cm_oneroster_person(table->set, id);
    if (person != NULL)
        person->roles |= role;
    return CM_OK;
}

enum cm_code cm_oneroster_read_roles(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const char *const names[ROLE_COLUMNS] = {
        [ROLE_USER] = "userSourcedId", [ROLE_ROLE] = "role", [ROLE_STATUS] = "status"};
    return read_table(set, CM_ONEROSTER_ROLES, names, ROLE_COLUMNS, ROLE_STATUS, take_role, err);
}

/* ---- classes ---- */

enum { CLASS_ID, CLASS_TYPE, CLASS_TITLE, CLASS_CODE, CLASS_STATUS, CLASS_COLUMNS };

/* The class's id with us: what people call it. */
static bool take_class_id(struct table *table, char ret_id[CM_ID_SIZE])
{
    char shown[CM_ROW_SHOWN_SIZE];
    int column = field(table, CLASS_CODE)[0] != '\0' ? CLASS_CODE : CLASS_TITLE;
    if (!take_id(table, column, ret_id))
        return false;
    if (cm_roster_class_fine(ret_id))
        return true;
    cm_row_problem(
        &table->row,
        "the %s \"%s\" may have letters, digits, \".\", \"_\" and \"-\" only, and single spaces and \"/\" "
        "between them",
        table->names[column], cm_row_shown(ret_id, shown));
    return false;
}

static enum cm_code add_homeroom(struct table *table, const struct cm_homeroom *homeroom)
{
    struct cm_oneroster_set *set = table->set;
    size_t first = 0, line = 0;
    struct cm_homeroom *homerooms =
        cm_oneroster_room(set->homerooms, set->homeroom_count, &set->homeroom_room, sizeof *homerooms);
    if (homerooms == NULL)
        return CM_NOMEM;
    set->homerooms = homerooms;
    if (cm_id_index_add(&set->homeroom_at, homeroom->names.sourced_id, set->homeroom_count + 1, &first) !=
            CM_OK ||
        cm_id_index_add(&set->class_ids, homeroom->names.id, table->row.csv.line, &line) != CM_OK)
        return CM_NOMEM;
    if (line > 0 && first == 0 && !homeroom->gone)
        cm_row_problem(&table->row, "the homeroom \"%s\" is on line %zu already", homeroom->names.id, line);
    if (first > 0)
        cm_row_problem(&table->row, "the class \"%s\" is there twice", homeroom->names.sourced_id);
    else /* also one that refuses the set: enrolments find it by its place */
        homerooms[set->homeroom_count++] = *homeroom;
    return CM_OK;
}

static enum cm_code take_class(struct table *table)
{
    struct cm_homeroom homeroom = {.of_this_set = true};
    size_t first;
    if (!take_id(table, CLASS_ID, homeroom.names.sourced_id))
        return CM_OK;
    homeroom.gone = !is_active(table, CLASS_STATUS);
    if (!is(field(table, CLASS_TYPE), "homeroom"))
        return cm_id_index_add(&table->set->other_classes, homeroom.names.sourced_id, table->row.csv.line,
                               &first);
    return take_class_id(table, homeroom.names.id) ? add_homeroom(table, &homeroom) : CM_OK;
}

enum cm_code cm_oneroster_read_classes(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const char *const names[CLASS_COLUMNS] = {[CLASS_ID] = "sourcedId",
                                                     [CLASS_TYPE] = "classType",
                                                     [CLASS_TITLE] = "title",
                                                     [CLASS_CODE] = "classCode",
                                                     [CLASS_STATUS] = "status"};
    return read_table(set, CM_ONEROSTER_CLASSES, names, CLASS_COLUMNS, CLASS_CODE, take_class, err);
}

/* ---- enrolments ---- */

enum {
    ENROLLMENT_CLASS,
    ENROLLMENT_USER,
    ENROLLMENT_ROLE,
    ENROLLMENT_STATUS,
    ENROLLMENT_PRIMARY,
    ENROLLMENT_BEGIN,
    ENROLLMENT_END,
    ENROLLMENT_COLUMNS
};

/* Index + 1 of the homeroom, which may be one of an import before. 0: it is no homeroom, or unknown. */
static enum cm_code find_homeroom(struct table *table, const char *sourced_id, size_t *ret_place)
{
    struct cm_oneroster_set *set = table->set;
    const struct cm_oneroster_known *known = set->known;
    struct cm_homeroom homeroom = {.gone = false};
    *ret_place = cm_id_index_find(&set->homeroom_at, sourced_id);
    if (*ret_place > 0 || cm_id_index_find(&set->other_classes, sourced_id) > 0)
        return CM_OK;
    strcpy(homeroom.names.sourced_id, sourced_id);
    bool before =
        set->delta && known->class_of != NULL && known->class_of(known->arg, sourced_id, homeroom.names.id);
    if (before) {
        struct cm_homeroom *homerooms =
            cm_oneroster_room(set->homerooms, set->homeroom_count, &set->homeroom_room, sizeof *homerooms);
        size_t first;
        if (homerooms == NULL ||
            cm_id_index_add(&set->homeroom_at, sourced_id, set->homeroom_count + 1, &first) != CM_OK)
            return CM_NOMEM;
        set->homerooms = homerooms;
        homerooms[set->homeroom_count++] = homeroom;
        *ret_place = set->homeroom_count;
    } else if (!set->delta) {
        cm_row_problem(&table->row, "there is no class \"%s\"", sourced_id);
    }
    return CM_OK;
}

/* Does the enrolment hold today? False also where a date cannot be read. */
static bool holds_today(struct table *table)
{
    static const int columns[] = {ENROLLMENT_BEGIN, ENROLLMENT_END};
    int32_t dates[2] = {0, 0}, today = table->set->known->today;
    for (size_t i = 0; i < 2; i++) {
        const char *text = field(table, columns[i]);
        if (text[0] != '\0' && cm_date_parse(text, &dates[i], NULL) != CM_OK) {
            cm_row_problem(&table->row, "%s must be a date like 2026-11-23", table->names[columns[i]]);
            return false;
        }
    }
    return (dates[0] == 0 || dates[0] <= today) &&
           (dates[1] == 0 || dates[1] > today); /* the end is exclusive */
}

/* In a delta, somebody of whom only the enrolment changed. */
static enum cm_code find_student(struct table *table, const char *id, struct cm_person **ret_person)
{
    struct cm_oneroster_set *set = table->set;
    const struct cm_oneroster_known *known = set->known;
    struct cm_person *person = cm_oneroster_person(set, id);
    if (person == NULL && set->delta && known->student != NULL && known->student(known->arg, id)) {
        struct cm_person known_one = {.line = table->row.csv.line, .roles = CM_PERSON_STUDENT};
        strcpy(known_one.id, id);
        if (add_person(table, &known_one) != CM_OK)
            return CM_NOMEM;
        person = cm_oneroster_person(set, id);
    }
    if (person == NULL && !set->delta)
        cm_row_problem(&table->row, "there is no user \"%s\"", id);
    *ret_person = person;
    return CM_OK;
}

static void join(struct table *table, struct cm_person *person, size_t homeroom)
{
    const struct cm_homeroom *homerooms = table->set->homerooms;
    if (person->homeroom > 0 && person->homeroom != homeroom) {
        cm_row_problem(&table->row, "the student \"%s\" is in two homerooms, \"%s\" and, on line %zu, \"%s\"",
                       person->id, homerooms[homeroom - 1].names.id, person->homeroom_line,
                       homerooms[person->homeroom - 1].names.id);
        return;
    }
    person->homeroom = homeroom;
    person->homeroom_line = table->row.csv.line;
    person->roles |= CM_PERSON_STUDENT;
}

static void teach(struct table *table, size_t place, const char *id)
{
    struct cm_homeroom *homeroom = &table->set->homerooms[place - 1];
    bool primary = is(field(table, ENROLLMENT_PRIMARY), "true");
    if (homeroom->teacher[0] != '\0' && (homeroom->teacher_is_primary || !primary))
        return;
    strcpy(homeroom->teacher, id);
    homeroom->teacher_is_primary = primary;
}

static enum cm_code take_enrollment(struct table *table)
{
    char class_id[CM_ID_SIZE], user_id[CM_ID_SIZE];
    size_t place = 0;
    struct cm_person *person = NULL;
    uint32_t role = role_of(field(table, ENROLLMENT_ROLE));
    if ((role & (CM_PERSON_STUDENT | CM_PERSON_TEACHER)) == 0)
        return CM_OK;
    if (!take_id(table, ENROLLMENT_CLASS, class_id) || !take_id(table, ENROLLMENT_USER, user_id))
        return CM_OK;
    bool holds = is_active(table, ENROLLMENT_STATUS) && holds_today(table);
    if (find_homeroom(table, class_id, &place) != CM_OK)
        return CM_NOMEM;
    if (place == 0)
        return CM_OK;
    if (role == CM_PERSON_TEACHER) {
        if (holds)
            teach(table, place, user_id);
        return CM_OK;
    }
    enum cm_code code = find_student(table, user_id, &person);
    if (person != NULL && holds)
        join(table, person, place);
    else if (person != NULL)
        person->left_homeroom = true;
    return code;
}

enum cm_code cm_oneroster_read_enrollments(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const char *const names[ENROLLMENT_COLUMNS] = {
        [ENROLLMENT_CLASS] = "classSourcedId",
        [ENROLLMENT_USER] = "userSourcedId",
        [ENROLLMENT_ROLE] = "role",
        [ENROLLMENT_STATUS] = "status",
        [ENROLLMENT_PRIMARY] = "primary",
        [ENROLLMENT_BEGIN] = "beginDate",
        [ENROLLMENT_END] = "endDate",
    };
    return read_table(set, CM_ONEROSTER_ENROLLMENTS, names, ENROLLMENT_COLUMNS, ENROLLMENT_STATUS,
                      take_enrollment, err);
}
