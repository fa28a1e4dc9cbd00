#include "api/import.h"

#include "api/import_plan.h"
#include "base/csv.h"
#include "base/utf8.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- remarks ---- */

static void remark(struct srv_import_remarks *remarks, const char *file, const char *text)
{
    size_t i = remarks->count++;
    if (i >= SRV_IMPORT_REMARKS_MAX)
        return;
    struct srv_import_remark *to = &remarks->list[i];
    unsigned long line = 0;
    int length = 0;
    if (sscanf(text, "line %9lu: %n", &line, &length) != 1 || length == 0)
        line = 0, length = 0;
    to->line = line;
    cm_utf8_escape(file, strlen(file), to->file, sizeof to->file);
    snprintf(to->text, sizeof to->text, "%s", text + length);
}

static void take_remarks(struct srv_import_remarks *to, const char *file,
                         const struct cm_roster_remarks *from)
{
    size_t shown = from->count < CM_ROSTER_REMARKS ? from->count : CM_ROSTER_REMARKS;
    for (size_t i = 0; i < shown; i++)
        remark(to, file, from->text[i]);
    to->count += from->count - shown;
}

static void take_report(struct srv_import *import, const char *file, const struct cm_roster_report *report)
{
    take_remarks(&import->problems, file, &report->problems);
    take_remarks(&import->notes, file, &report->notes);
}

/* ---- what the files say ---- */

struct reading {
    struct srv_store *store;
    struct srv_import *import;
    struct srv_import_plan *plan;
    struct cm_roster_report report;
    struct cm_oneroster_file set[SRV_IMPORT_FILES_MAX];
    size_t set_places[SRV_IMPORT_FILES_MAX]; /* of the set's files among all */
    size_t set_count;
    char country[4]; /* of telephone numbers without one */
};

static bool class_known(void *arg, const char *class_id)
{
    const struct reading *reading = arg;
    struct cm_class class_;
    for (size_t i = 0; i < reading->plan->roster_count; i++)
        for (size_t k = 0; k < reading->plan->rosters[i].class_count; k++)
            if (strcmp(reading->plan->rosters[i].classes[k].id, class_id) == 0)
                return true;
    return srv_store_get_class(reading->store, class_id, &class_, NULL) == CM_OK;
}

static bool student_known(void *arg, const char *id)
{
    const struct reading *reading = arg;
    struct srv_student student;
    return srv_store_get_student(reading->store, id, &student, NULL) == CM_OK;
}

static bool class_of(void *arg, const char *sourced_id, char ret_id[CM_ID_SIZE])
{
    const struct reading *reading = arg;
    return srv_class_map_find(&reading->plan->class_map, sourced_id, ret_id);
}

static enum cm_code read_plain(struct reading *reading, const struct srv_import_file *file,
                               struct cm_err *err)
{
    struct cm_roster roster = {.kind = 0};
    enum cm_code code = cm_roster_parse_full(file->text, file->size, reading->country, class_known, reading,
                                             &roster, &reading->report, err);
    take_report(reading->import, file->name, &reading->report);
    if (code == CM_OK)
        reading->plan->rosters[reading->plan->roster_count++] = roster;
    return code == CM_INVALID ? CM_OK : code; /* the problems are noted, the other files are looked at too */
}

static enum cm_code read_set(struct reading *reading, struct cm_err *err)
{
    const struct cm_oneroster_known known = {.student = student_known,
                                             .class_of = class_of,
                                             .arg = reading,
                                             .today = reading->import->today,
                                             .country = reading->country};
    if (reading->set_count == 0)
        return CM_OK;
    enum cm_code code =
        cm_oneroster_parse(reading->set, reading->set_count, &known, &reading->plan->oneroster, err);
    for (size_t i = 0; i < reading->set_count; i++)
        take_report(reading->import, reading->import->files[reading->set_places[i]].name,
                    &reading->set[i].report);
    return code == CM_INVALID ? CM_OK : code;
}

/* Classes are read before students, so that students find theirs. */
static bool is_of_students(const struct srv_import_file *file)
{
    struct cm_csv *csv = malloc(sizeof *csv);
    if (csv == NULL)
        return true;
    cm_csv_init(csv, file->text, file->size);
    bool students = cm_csv_next(csv, NULL) == CM_OK && cm_csv_column(csv, "id") >= 0;
    cm_csv_finish(csv);
    free(csv);
    return students;
}

static enum cm_code read_files(struct reading *reading, struct cm_err *err)
{
    struct srv_import *import = reading->import;
    bool plain[SRV_IMPORT_FILES_MAX];
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < import->file_count; i++) {
        const struct srv_import_file *file = &import->files[i];
        plain[i] = cm_oneroster_kind_of(file->text, file->size) == CM_ONEROSTER_NONE;
        if (plain[i])
            continue;
        reading->set_places[reading->set_count] = i;
        reading->set[reading->set_count++] =
            (struct cm_oneroster_file){.data = file->text, .size = file->size};
    }
    for (int students = 0; students <= 1; students++)
        for (size_t i = 0; i < import->file_count && code == CM_OK; i++)
            if (plain[i] && is_of_students(&import->files[i]) == (students == 1))
                code = read_plain(reading, &import->files[i], err);
    return code == CM_OK ? read_set(reading, err) : code;
}

/* ---- the run ---- */

static void check_removals(struct srv_import *import, int64_t active)
{
    char text[CM_ROSTER_REMARK_SIZE];
    if (import->allow_removals || import->students.removed * 100 <= active * SRV_IMPORT_REMOVED_PERCENT)
        return;
    snprintf(text, sizeof text,
             "%lld of %lld students would be removed, more than %d %%: say %s if that is meant",
             (long long)import->students.removed, (long long)active, SRV_IMPORT_REMOVED_PERCENT,
             import->removals_option);
    import->removals_refused = true;
    remark(&import->problems, "", text);
}

static enum cm_code refuse(const struct srv_import *import, struct cm_err *err)
{
    const struct srv_import_remark *first = &import->problems.list[0];
    return cm_fail(err, CM_INVALID, "nothing was imported, %zu problem%s: %.40s%s%.140s",
                   import->problems.count, import->problems.count == 1 ? "" : "s", first->file,
                   first->file[0] != '\0' ? ": " : "", first->text);
}

static void forget_counts(struct srv_import *import)
{
    memset(&import->classes, 0, sizeof import->classes);
    memset(&import->students, 0, sizeof import->students);
}

/* Counts what changes, and refuses what is too much of it. */
static enum cm_code count(struct srv_store *store, struct srv_import *import, struct cm_err *err)
{
    int64_t active = 0;
    forget_counts(import);
    import->removals_refused = false;
    enum cm_code code = srv_import_plan_run(store, import, import->plan, false, &active, err);
    if (code != CM_OK)
        return code;
    check_removals(import, active);
    return import->problems.count > 0 ? refuse(import, err) : CM_OK;
}

enum cm_code srv_import_read(struct srv_store *store, struct srv_import *import, struct cm_err *err)
{
    struct reading *reading = calloc(1, sizeof *reading);
    import->plan = calloc(1, sizeof *import->plan);
    if (reading == NULL || import->plan == NULL) {
        free(reading);
        return cm_fail(err, CM_NOMEM, "out of memory for the roster");
    }
    reading->store = store;
    srv_setting_phone_country(store, reading->country);
    reading->import = import;
    reading->plan = import->plan;
    import->problems.count = import->notes.count = 0;
    forget_counts(import);
    enum cm_code code = srv_class_map_load(store, &import->plan->class_map, err);
    if (code == CM_OK)
        code = read_files(reading, err);
    if (code == CM_OK)
        code = import->problems.count > 0 ? refuse(import, err) : count(store, import, err);
    free(reading);
    return code;
}

enum cm_code srv_import_write(struct srv_store *store, struct srv_import *import, struct cm_err *err)
{
    int64_t active = 0;
    import->problems.count = 0; /* of an earlier run; reading found none */
    cm_buf_finish(&import->plan->class_map.text);
    enum cm_code code = srv_class_map_load(store, &import->plan->class_map, err);
    if (code == CM_OK)
        code = count(store, import, err);
    return code == CM_OK ? srv_import_plan_run(store, import, import->plan, true, &active, err) : code;
}

void srv_import_finish(struct srv_import *import)
{
    if (import->plan == NULL)
        return;
    srv_import_plan_finish(import->plan);
    free(import->plan);
    import->plan = NULL;
}
