/* A school's roster from anywhere: one CSV as a station or as a server reads it, or a OneRoster set. The first byte of the
 * input chooses; the files of a set are parted by a byte 0x1e. What is taken must keep the promises of the headers: ids and
 * names that can be shown, students in classes, nobody twice. */
#include "base/utf8.h"
#include "roster/oneroster.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PART = 0x1e, SHOWN_MAX = 200 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void fine_text(const char *text, size_t room)
{
    must(memchr(text, '\0', room) != NULL && cm_utf8_printable(text, strlen(text)));
}

static void fine_remarks(const struct cm_roster_remarks *remarks)
{
    for (size_t i = 0; i < remarks->count && i < CM_ROSTER_REMARKS; i++)
        fine_text(remarks->text[i], sizeof remarks->text[i]);
}

static void fine_class(const struct cm_class *class_)
{
    fine_text(class_->id, sizeof class_->id);
    fine_text(class_->coordinator, sizeof class_->coordinator);
    must(class_->id[0] != '\0' && class_->weekdays > 0 && class_->weekdays <= 0x7f);
    must(class_->start_minute >= 0 && class_->start_minute < 24 * 60);
    must(class_->late_after_min >= 0 && class_->close_after_min >= class_->late_after_min);
}

static void fine_details(const struct cm_roster_details *details)
{
    fine_text(details->roll_number, sizeof details->roll_number);
    fine_text(details->parent_name, sizeof details->parent_name);
    fine_text(details->note, sizeof details->note);
    must(details->parent_phone[0] == '\0' || cm_phone_fine(details->parent_phone));
}

static void fine_student(const struct cm_roster *roster, size_t i)
{
    const struct cm_student *student = &roster->students[i];
    fine_text(student->id, sizeof student->id);
    fine_text(student->name, sizeof student->name);
    fine_text(student->class_id, sizeof student->class_id);
    must(student->id[0] != '\0');
    for (size_t other = 0; other < i && other < SHOWN_MAX; other++)
        must(strcmp(roster->students[other].id, student->id) != 0);
    if (roster->details != NULL)
        fine_details(&roster->details[i]);
    if (roster->details != NULL)
        must(cm_roster_id_fine(student->id));
}

static void fine_roster(const struct cm_roster *roster)
{
    must(roster->student_count <= CM_ROSTER_ROWS_MAX && roster->class_count <= CM_ROSTER_ROWS_MAX);
    for (size_t i = 0; i < roster->class_count; i++)
        fine_class(&roster->classes[i]);
    for (size_t i = 0; i < roster->student_count; i++)
        fine_student(roster, i);
}

static bool class_known(void *arg, const char *class_id)
{
    (void)arg;
    return strcmp(class_id, "10-B") == 0;
}

static void one_file(const uint8_t *data, size_t size, bool full)
{
    static struct cm_roster_report report;
    struct cm_roster roster;
    struct cm_err err = CM_ERR_INIT;
    const char *text = (const char *)data;
    enum cm_code code =
        full ? cm_roster_parse_full(text, size, "91", class_known, NULL, &roster, &report, &err)
             : cm_roster_parse(text, size, class_known, NULL, &roster, &report, &err);
    fine_remarks(&report.problems);
    fine_remarks(&report.notes);
    must(code == CM_OK || code == CM_INVALID);
    must((code == CM_OK) == (report.problems.count == 0));
    if (code != CM_OK)
        return;
    fine_roster(&roster);
    cm_roster_finish(&roster);
}

static bool class_of(void *arg, const char *sourced_id, char ret_id[CM_ID_SIZE])
{
    (void)arg;
    if (strcmp(sourced_id, "c2") != 0)
        return false;
    strcpy(ret_id, "9 A");
    return true;
}

static void set_of_files(const uint8_t *data, size_t size)
{
    static struct cm_oneroster_file files[CM_ONEROSTER_FILES_MAX];
    const struct cm_oneroster_known known = {.class_of = class_of, .today = 20261123, .country = "91"};
    struct cm_oneroster set;
    size_t count = 0, at = 0;
    struct cm_err err = CM_ERR_INIT;
    while (at <= size && count < CM_ONEROSTER_FILES_MAX) {
        const uint8_t *end = size > at ? memchr(data + at, PART, size - at) : NULL;
        size_t length = end != NULL ? (size_t)(end - (data + at)) : size - at;
        memset(&files[count].report, 0, sizeof files[count].report);
        files[count].data = (const char *)data + at;
        files[count++].size = length;
        at += length + 1;
    }
    enum cm_code code = cm_oneroster_parse(files, count, &known, &set, &err);
    must(code == CM_OK || code == CM_INVALID);
    for (size_t i = 0; i < count; i++) {
        fine_remarks(&files[i].report.problems);
        fine_remarks(&files[i].report.notes);
    }
    if (code != CM_OK)
        return;
    fine_roster(&set.roster);
    for (size_t i = 0; i < set.class_count; i++)
        must(cm_roster_class_fine(set.classes[i].id));
    cm_oneroster_finish(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 3 == 2)
        set_of_files(data + 1, size - 1);
    else
        one_file(data + 1, size - 1, data[0] % 3 == 1);
    return 0;
}
