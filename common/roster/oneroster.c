#include "roster/oneroster.h"

#include "roster/oneroster_set.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which file is which ---- */

static bool has(const struct cm_csv *csv, const char *column)
{
    return cm_csv_column(csv, column) >= 0;
}

static enum cm_oneroster_kind kind_of_header(const struct cm_csv *csv)
{
    if (has(csv, "propertyName"))
        return CM_ONEROSTER_MANIFEST;
    if (!has(csv, "sourcedId"))
        return CM_ONEROSTER_NONE;
    if (has(csv, "classSourcedId") && has(csv, "userSourcedId"))
        return CM_ONEROSTER_ENROLLMENTS;
    if (has(csv, "userSourcedId") && has(csv, "roleType"))
        return CM_ONEROSTER_ROLES;
    if (has(csv, "familyName"))
        return CM_ONEROSTER_USERS;
    return has(csv, "classType") ? CM_ONEROSTER_CLASSES : CM_ONEROSTER_OTHER;
}

enum cm_oneroster_kind cm_oneroster_kind_of(const char *data, size_t size)
{
    struct cm_csv *csv = malloc(sizeof *csv);
    enum cm_oneroster_kind kind = CM_ONEROSTER_NONE;
    if (csv == NULL)
        return kind;
    cm_csv_init(csv, data, size);
    if (cm_csv_next(csv, NULL) == CM_OK)
        kind = kind_of_header(csv);
    cm_csv_finish(csv);
    free(csv);
    return kind;
}

static void say(struct cm_roster_remarks *remarks, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct cm_roster_remarks *remarks, const char *fmt, ...)
{
    size_t i = remarks->count++;
    va_list arguments;
    if (i >= CM_ROSTER_REMARKS)
        return;
    va_start(arguments, fmt);
    vsnprintf(remarks->text[i], CM_ROSTER_REMARK_SIZE, fmt, arguments);
    va_end(arguments);
}

static void sort_files(struct cm_oneroster_set *set, struct cm_oneroster_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cm_oneroster_file *file = &files[i];
        enum cm_oneroster_kind kind = cm_oneroster_kind_of(file->data, file->size);
        memset(&file->report, 0, sizeof file->report);
        if (kind == CM_ONEROSTER_NONE)
            say(&file->report.problems, "this is no file of the OneRoster format");
        else if (kind == CM_ONEROSTER_OTHER)
            say(&file->report.notes, "this file of the format is not used");
        else if (set->of[kind] != NULL)
            say(&file->report.problems, "there are two files of this kind");
        else
            set->of[kind] = file;
    }
}

/* ---- reading in the order in which they speak of each other ---- */

static enum cm_code read_all(struct cm_oneroster_set *set, struct cm_err *err)
{
    static const struct {
        enum cm_oneroster_kind kind;
        enum cm_code (*read)(struct cm_oneroster_set *set, struct cm_err *err);
    } steps[] = {
        {CM_ONEROSTER_MANIFEST, cm_oneroster_read_manifest},
        {CM_ONEROSTER_USERS, cm_oneroster_read_users},
        {CM_ONEROSTER_ROLES, cm_oneroster_read_roles},
        {CM_ONEROSTER_CLASSES, cm_oneroster_read_classes},
        {CM_ONEROSTER_ENROLLMENTS, cm_oneroster_read_enrollments},
    };
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == CM_OK; i++)
        if (set->of[steps[i].kind] != NULL)
            code = steps[i].read(set, err);
    return code;
}

/* A whole school needs all of these. The remark goes to the first file that is there. */
static void check_files(const struct cm_oneroster_set *set, struct cm_oneroster_file *first)
{
    static const struct {
        enum cm_oneroster_kind kind;
        const char *name;
    } needed[] = {{CM_ONEROSTER_USERS, "users.csv"},
                  {CM_ONEROSTER_CLASSES, "classes.csv"},
                  {CM_ONEROSTER_ENROLLMENTS, "enrollments.csv"}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && !set->delta; i++)
        if (set->of[needed[i].kind] == NULL)
            say(&first->report.problems, "the set has no %s", needed[i].name);
    if (!set->delta && set->of[CM_ONEROSTER_CLASSES] != NULL && set->homeroom_count == 0)
        say(&set->of[CM_ONEROSTER_CLASSES]->report.problems,
            "there is no class of type \"homeroom\": the day's attendance is taken in those");
}

/* ---- putting together ---- */

static enum cm_code add_classes(struct cm_oneroster_set *set, struct cm_oneroster *result)
{
    size_t count = set->homeroom_count;
    struct cm_class *classes = calloc(count + 1, sizeof *classes);
    result->roster.classes = classes;
    result->classes = calloc(count + 1, sizeof *result->classes);
    if (classes == NULL || result->classes == NULL)
        return CM_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct cm_homeroom *homeroom = &set->homerooms[i];
        const struct cm_person *teacher = cm_oneroster_person(set, homeroom->teacher);
        if (!homeroom->of_this_set || homeroom->gone)
            continue;
        result->classes[result->class_count++] = homeroom->names;
        struct cm_class *class_ = &classes[result->roster.class_count++];
        *class_ = (struct cm_class){.start_minute = CM_ROSTER_START_MINUTE,
                                    .late_after_min = CM_ROSTER_LATE_AFTER_MIN,
                                    .close_after_min = CM_ROSTER_CLOSE_AFTER_MIN,
                                    .weekdays = CM_ROSTER_WEEKDAYS};
        strcpy(class_->id, homeroom->names.id);
        if (teacher != NULL)
            strcpy(class_->coordinator, teacher->name);
    }
    return CM_OK;
}

static void add_parent(struct cm_oneroster_set *set, const struct cm_person *person,
                       struct cm_roster_details *details)
{
    for (int i = 0; i < CM_AGENTS_MAX; i++) {
        const struct cm_person *agent =
            person->agents[i][0] != '\0' ? cm_oneroster_person(set, person->agents[i]) : NULL;
        if (agent == NULL || agent->gone || (agent->roles & CM_PERSON_PARENT) == 0)
            continue;
        strcpy(details->parent_name, agent->name);
        details->has |= CM_ROSTER_HAS_PARENT_NAME;
        if (agent->phone[0] != '\0') {
            strcpy(details->parent_phone, agent->phone);
            details->has |= CM_ROSTER_HAS_PARENT_PHONE;
        }
        if (agent->email[0] != '\0') {
            strcpy(details->parent_email, agent->email);
            details->has |= CM_ROSTER_HAS_PARENT_EMAIL;
        }
        return;
    }
}

static bool is_known(const struct cm_oneroster_set *set, const char *id)
{
    return set->known->student != NULL && set->known->student(set->known->arg, id);
}

static void fill_details(struct cm_oneroster_set *set, const struct cm_person *person,
                         struct cm_roster_details *details)
{
    if (person->name[0] != '\0')
        details->has |= CM_ROSTER_HAS_NAME;
    if (person->homeroom > 0)
        details->has |= CM_ROSTER_HAS_CLASS;
    if (person->identifier[0] != '\0') {
        details->has |= CM_ROSTER_HAS_ROLL_NUMBER;
        strcpy(details->roll_number, person->identifier);
    }
    add_parent(set, person, details);
}

/* False: nothing is to be done about him. */
static bool make_student(struct cm_oneroster_set *set, const struct cm_person *person,
                         struct cm_student *student, struct cm_roster_details *details)
{
    struct cm_oneroster_file *users = set->of[CM_ONEROSTER_USERS];
    struct cm_roster_report *report = &(users != NULL ? users : set->of[CM_ONEROSTER_ENROLLMENTS])->report;
    bool known = is_known(set, person->id);
    bool moved_out = set->delta && person->left_homeroom && person->homeroom == 0;
    details->gone = person->gone || moved_out;
    strcpy(student->id, person->id);
    if (details->gone)
        return known;
    if (!cm_roster_id_fine(person->id)) {
        say(&report->problems,
            "line %zu: the sourcedId \"%s\" may have letters, digits, \".\", \"_\" and \"-\" only",
            person->line, person->id);
        return false;
    }
    bool needs_class = !(set->delta && known);
    if (person->homeroom == 0 && needs_class) {
        say(&report->notes, "line %zu: \"%s\" is in no homeroom and is left out", person->line, person->id);
        return false;
    }
    fill_details(set, person, details);
    strcpy(student->name, person->name);
    if (person->homeroom > 0)
        strcpy(student->class_id, set->homerooms[person->homeroom - 1].names.id);
    return true;
}

static enum cm_code add_students(struct cm_oneroster_set *set, struct cm_oneroster *result)
{
    struct cm_roster *roster = &result->roster;
    roster->students = calloc(set->person_count + 1, sizeof *roster->students);
    roster->details = calloc(set->person_count + 1, sizeof *roster->details);
    if (roster->students == NULL || roster->details == NULL)
        return CM_NOMEM;
    for (size_t i = 0; i < set->person_count; i++) {
        struct cm_person *person = &set->people[i];
        if (person->roles == 0 && set->delta && is_known(set, person->id))
            person->roles = CM_PERSON_STUDENT; /* 1.2, and his role did not change */
        if ((person->roles & CM_PERSON_STUDENT) == 0)
            continue;
        struct cm_student student = {.id = ""};
        struct cm_roster_details details = {.has = 0};
        if (!make_student(set, person, &student, &details))
            continue;
        roster->students[roster->student_count] = student;
        roster->details[roster->student_count++] = details;
    }
    return CM_OK;
}

/* ---- the set ---- */

static enum cm_code verdict(const struct cm_oneroster_file *files, size_t count, struct cm_err *err)
{
    size_t problems = 0;
    const char *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (first == NULL && files[i].report.problems.count > 0)
            first = files[i].report.problems.text[0];
        problems += files[i].report.problems.count;
    }
    if (problems == 0)
        return CM_OK;
    return cm_fail(err, CM_INVALID, "nothing was imported, there %s %zu problem%s: %.180s",
                   problems == 1 ? "is" : "are", problems, problems == 1 ? "" : "s", first);
}

static void set_finish(struct cm_oneroster_set *set)
{
    free(set->people);
    free(set->homerooms);
    cm_id_index_finish(&set->person_at);
    cm_id_index_finish(&set->homeroom_at);
    cm_id_index_finish(&set->other_classes);
    cm_id_index_finish(&set->class_ids);
}

enum cm_code cm_oneroster_parse(struct cm_oneroster_file *files, size_t count,
                                const struct cm_oneroster_known *known, struct cm_oneroster *ret_set,
                                struct cm_err *err)
{
    struct cm_oneroster_set set = {.known = known};
    struct cm_oneroster result = {.whole = false};
    if (count == 0)
        return cm_fail(err, CM_INVALID, "there is no file");
    sort_files(&set, files, count);
    enum cm_code code = read_all(&set, err);
    if (code == CM_OK) {
        check_files(&set, &files[0]);
        code = verdict(files, count, err);
    }
    if (code == CM_OK) {
        result.whole = !set.delta;
        if (add_classes(&set, &result) != CM_OK || add_students(&set, &result) != CM_OK)
            code = cm_fail(err, CM_NOMEM, "out of memory for the roster");
    }
    if (code == CM_OK)
        code = verdict(files, count, err); /* putting together finds problems too */
    set_finish(&set);
    if (code == CM_OK)
        *ret_set = result;
    else
        cm_oneroster_finish(&result);
    return code;
}

void cm_oneroster_finish(struct cm_oneroster *set)
{
    cm_roster_finish(&set->roster);
    free(set->classes);
    *set = (struct cm_oneroster){.whole = false};
}
