#include "api/import_plan.h"

#include "roster/id_index.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the map of classes ---- */

static const char map_name[] = "oneroster.classes";

enum cm_code srv_class_map_load(struct srv_store *store, struct srv_class_map *ret_map, struct cm_err *err)
{
    size_t size = 0;
    uint8_t *bytes = malloc(SRV_CLASS_MAP_MAX);
    if (bytes == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the roster");
    enum cm_code code = srv_store_get_meta(store, map_name, bytes, SRV_CLASS_MAP_MAX, &size, err);
    cm_buf_init(&ret_map->text, SRV_CLASS_MAP_MAX);
    if (code == CM_NOTFOUND)
        code = CM_OK;
    else if (code == CM_OK && cm_buf_append(&ret_map->text, bytes, size) != CM_OK)
        code = cm_fail(err, CM_NOMEM, "out of memory for the roster");
    free(bytes);
    return code;
}

bool srv_class_map_find(const struct srv_class_map *map, const char *sourced_id, char ret_id[CM_ID_SIZE])
{
    size_t length = strlen(sourced_id);
    const char *line = (const char *)map->text.data;
    for (; line != NULL && *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, sourced_id, length) != 0 || line[length] != '\t')
            continue;
        const char *id = line + length + 1;
        size_t size = strcspn(id, "\n");
        if (size == 0 || size >= CM_ID_SIZE)
            return false;
        memcpy(ret_id, id, size);
        ret_id[size] = '\0';
        return true;
    }
    return false;
}

/* Those of the set first: they win over what a class was called before. */
static enum cm_code save_map(struct srv_store *store, const struct srv_import_plan *plan, struct cm_err *err)
{
    struct cm_buf text;
    enum cm_code code = CM_OK;
    cm_buf_init(&text, SRV_CLASS_MAP_MAX);
    for (size_t i = 0; i < plan->oneroster.class_count && code == CM_OK; i++)
        code = cm_buf_appendf(&text, "%s\t%s\n", plan->oneroster.classes[i].sourced_id,
                              plan->oneroster.classes[i].id);
    if (code == CM_OK && !plan->oneroster.whole && plan->class_map.text.size > 0)
        code = cm_buf_append(&text, plan->class_map.text.data, plan->class_map.text.size);
    if (code != CM_OK)
        code = cm_fail(err, CM_NOMEM, "too many classes for one school");
    else if (text.size > 0)
        code = srv_store_put_meta(store, map_name, text.data, text.size, err);
    cm_buf_finish(&text);
    return code;
}

/* ---- classes ---- */

struct run {
    struct srv_store *store;
    struct srv_import *import;
    struct srv_import_plan *plan;
    bool write;
};

static bool same_class(const struct cm_class *a, const struct cm_class *b)
{
    return strcmp(a->coordinator, b->coordinator) == 0 && a->start_minute == b->start_minute &&
           a->late_after_min == b->late_after_min && a->close_after_min == b->close_after_min &&
           a->weekdays == b->weekdays;
}

enum class_source { CLASS_WITH_TIMES, CLASS_MADE, CLASS_OF_ONEROSTER };

static enum cm_code apply_class(const struct run *run, const struct cm_class *class_,
                                enum class_source source, struct cm_err *err)
{
    struct cm_class before, after = *class_;
    enum cm_code code = srv_store_get_class(run->store, class_->id, &before, err);
    bool is_new = code == CM_NOTFOUND;
    if (code != CM_OK && !is_new)
        return code;
    if (!is_new && source != CLASS_WITH_TIMES) { /* its times are the school's own */
        after = before;
        if (source == CLASS_OF_ONEROSTER && class_->coordinator[0] != '\0')
            strcpy(after.coordinator, class_->coordinator);
    }
    if (!is_new)
        after.extra = before.extra;
    bool changes = is_new || !same_class(&before, &after);
    if (run->write)
        return changes ? srv_store_put_class(run->store, &after, err) : CM_OK;
    run->import->classes.added += is_new;
    run->import->classes.changed += changes && !is_new;
    return CM_OK;
}

static enum cm_code apply_classes(const struct run *run, const struct cm_roster *roster,
                                  enum class_source source, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < roster->class_count && code == CM_OK; i++)
        code = apply_class(run, &roster->classes[i], source, err);
    return code;
}

/* ---- students ---- */

static bool same_student(const struct srv_student *a, const struct srv_student *b)
{
    return strcmp(a->base.name, b->base.name) == 0 && strcmp(a->base.class_id, b->base.class_id) == 0 &&
           strcmp(a->roll_number, b->roll_number) == 0 && strcmp(a->parent_name, b->parent_name) == 0 &&
           strcmp(a->parent_phone, b->parent_phone) == 0 && strcmp(a->parent_email, b->parent_email) == 0 &&
           strcmp(a->note, b->note) == 0 && a->archived == b->archived;
}

static void merge(const struct srv_import *import, const struct cm_student *said,
                  const struct cm_roster_details *details, struct srv_student *student)
{
    if (details->has & CM_ROSTER_HAS_NAME)
        strcpy(student->base.name, said->name);
    if (details->has & CM_ROSTER_HAS_ROLL_NUMBER)
        strcpy(student->roll_number, details->roll_number);
    if (details->has & CM_ROSTER_HAS_PARENT_NAME)
        strcpy(student->parent_name, details->parent_name);
    if (details->has & CM_ROSTER_HAS_PARENT_PHONE)
        strcpy(student->parent_phone, details->parent_phone);
    if (details->has & CM_ROSTER_HAS_PARENT_EMAIL)
        strcpy(student->parent_email, details->parent_email);
    if (details->has & CM_ROSTER_HAS_NOTE)
        strcpy(student->note, details->note);
    bool moves =
        (details->has & CM_ROSTER_HAS_CLASS) != 0 && strcmp(student->base.class_id, said->class_id) != 0;
    if (moves)
        strcpy(student->base.class_id, said->class_id);
    if (moves || student->archived) /* new there, or back again */
        student->joined_date = import->today;
    student->archived = false;
    student->left_date = 0;
}

static void archive(const struct srv_import *import, struct srv_student *student)
{
    student->archived = true;
    student->left_date = import->today;
}

/* The class may have gone since the files were read. */
static enum cm_code put(const struct run *run, struct srv_student *student, struct cm_err *err)
{
    struct cm_class class_;
    enum cm_code code = srv_store_get_class(run->store, student->base.class_id, &class_, err);
    if (code == CM_NOTFOUND && !student->archived)
        return cm_fail(err, CM_INVALID, "there is no class %.60s any more: import again",
                       student->base.class_id);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    student->changed_wall_ms = run->import->now_ms;
    return srv_store_put_student(run->store, student, err);
}

/* ---- consent ---- */

static const int64_t day_ms = 24 * 60 * 60 * 1000;

struct said {
    int64_t said_wall_ms;
    bool found;
};

static bool look_for(void *arg, const struct srv_feed_item *item)
{
    struct said *said = arg;
    const struct cm_consent *consent = &item->event->body.consent;
    said->found =
        said->found || (consent->state == CM_CONSENT_GIVEN && consent->said_wall_ms == said->said_wall_ms);
    return !said->found;
}

/* The same line of the same file has the same id, wherever and however often it is read. */
static void make_id(const char *student_id, int64_t said_wall_ms, uint8_t ret_id[16])
{
    char text[CM_ID_SIZE + 32];
    snprintf(text, sizeof text, "%s\n%lld", student_id, (long long)said_wall_ms);
    static const char use[] = "rollcall consent of a roster";
    crypto_generichash(ret_id, 16, (const uint8_t *)text, strlen(text), (const uint8_t *)use, sizeof use - 1);
    ret_id[6] = (uint8_t)((ret_id[6] & 0x0f) | 0x80);
    ret_id[8] = (uint8_t)((ret_id[8] & 0x3f) | 0x80);
}

/* A file says on which day; it counts from then, so that it does not undo a withdrawal that came later. *ret_new: it was not
 * known. */
static enum cm_code find_consent(const struct run *run, const char *student_id,
                                 const struct cm_roster_details *details, int64_t *ret_said_wall_ms,
                                 bool *ret_new, struct cm_err *err)
{
    *ret_new = false;
    if (details->consent_by[0] == '\0')
        return CM_OK;
    if (details->consent_date > run->import->today)
        return cm_fail(err, CM_INVALID, "the consent_date of %.60s is still to come", student_id);
    struct said said = {.said_wall_ms =
                            cm_date_days_between(19700101, details->consent_date) * day_ms + day_ms / 2};
    enum cm_code code = srv_store_each_consent(run->store, student_id, look_for, &said, err);
    *ret_said_wall_ms = said.said_wall_ms;
    *ret_new = code == CM_OK && !said.found;
    return code;
}

static enum cm_code say_consent(const struct run *run, const char *student_id,
                                const struct cm_roster_details *details, int64_t said_wall_ms,
                                struct cm_err *err)
{
    struct cm_event event = {
        .version = CM_RECORD_VERSION, .type = CM_EVENT_CONSENT, .wall_ms = run->import->now_ms};
    struct cm_consent *consent = &event.body.consent;
    make_id(student_id, said_wall_ms, event.id);
    *consent =
        (struct cm_consent){.state = CM_CONSENT_GIVEN, .by = "roster file", .said_wall_ms = said_wall_ms};
    memcpy(consent->student_id, student_id, strlen(student_id) + 1);
    memcpy(consent->given_by, details->consent_by, sizeof consent->given_by);
    return srv_store_append_own(run->store, &event, NULL, err);
}

static void count_student(struct srv_import *import, bool is_new, bool changes, bool removed)
{
    import->students.added += is_new;
    import->students.removed += !is_new && removed && changes;
    import->students.changed += !is_new && !removed && changes;
    import->students.unchanged += !is_new && !changes;
}

static enum cm_code apply_student(const struct run *run, const struct cm_student *said,
                                  const struct cm_roster_details *details, struct cm_err *err)
{
    struct srv_student before = {.template_count = 0};
    enum cm_code code = srv_store_get_student(run->store, said->id, &before, err);
    bool is_new = code == CM_NOTFOUND;
    if ((code != CM_OK && !is_new) || (is_new && details->gone))
        return is_new ? CM_OK : code;
    struct srv_student after = before;
    if (is_new) {
        strcpy(after.base.id, said->id);
        after.created_wall_ms = run->import->now_ms;
    }
    if (!details->gone)
        merge(run->import, said, details, &after);
    else if (!before.archived)
        archive(run->import, &after);
    bool changes = is_new || !same_student(&before, &after), consents;
    int64_t said_wall_ms;
    code = find_consent(run, said->id, details, &said_wall_ms, &consents, err);
    if (code == CM_OK && run->write && changes)
        code = put(run, &after, err);
    if (code == CM_OK && run->write && consents)
        code = say_consent(run, said->id, details, said_wall_ms, err);
    if (code == CM_OK && !run->write)
        count_student(run->import, is_new, changes || consents, details->gone);
    return code;
}

static enum cm_code apply_students(const struct run *run, const struct cm_roster *roster, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (size_t i = 0; i < roster->student_count && code == CM_OK; i++)
        code = apply_student(run, &roster->students[i], &roster->details[i], err);
    return code;
}

/* ---- who is not in a whole school's set ---- */

struct missing {
    const struct cm_id_index *said;
    char (*ids)[CM_ID_SIZE];
    size_t count, room;
    int64_t active;
    bool failed;
};

static bool take_missing(void *arg, const struct srv_student *student)
{
    struct missing *missing = arg;
    missing->active += !student->archived;
    if (student->archived || missing->said == NULL || cm_id_index_find(missing->said, student->base.id) > 0)
        return true;
    if (missing->count == missing->room) {
        size_t room = missing->room > 0 ? missing->room * 2 : 64;
        char(*ids)[CM_ID_SIZE] = realloc(missing->ids, room * sizeof *ids);
        missing->failed = ids == NULL;
        if (missing->failed)
            return false;
        missing->ids = ids;
        missing->room = room;
    }
    strcpy(missing->ids[missing->count++], student->base.id);
    return true;
}

static enum cm_code archive_all(const struct run *run, const struct missing *missing, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    if (!run->write) {
        run->import->students.removed += (int64_t)missing->count;
        return CM_OK;
    }
    for (size_t i = 0; i < missing->count && code == CM_OK; i++) {
        struct srv_student student;
        code = srv_store_get_student(run->store, missing->ids[i], &student, err);
        if (code != CM_OK)
            break;
        archive(run->import, &student);
        code = put(run, &student, err);
    }
    return code;
}

static enum cm_code apply_missing(const struct run *run, int64_t *ret_active, struct cm_err *err)
{
    const struct cm_oneroster *set = &run->plan->oneroster;
    struct cm_id_index said;
    enum cm_code code = CM_OK;
    cm_id_index_init(&said);
    for (size_t i = 0; i < set->roster.student_count && code == CM_OK; i++) {
        size_t first;
        code = cm_id_index_add(&said, set->roster.students[i].id, 1, &first);
    }
    struct missing missing = {.said = set->whole ? &said : NULL};
    if (code == CM_OK)
        code = srv_store_each_student(run->store, NULL, "", take_missing, &missing, err);
    if (missing.failed)
        code = CM_NOMEM;
    if (code == CM_NOMEM)
        cm_fail(err, code, "out of memory for the roster");
    if (code == CM_OK)
        code = archive_all(run, &missing, err);
    *ret_active = missing.active;
    cm_id_index_finish(&said);
    free(missing.ids);
    return code;
}

/* ---- all of it ---- */

enum cm_code srv_import_plan_run(struct srv_store *store, struct srv_import *import,
                                 struct srv_import_plan *plan, bool write, int64_t *ret_active,
                                 struct cm_err *err)
{
    const struct run run = {.store = store, .import = import, .plan = plan, .write = write};
    enum cm_code code = apply_missing(&run, ret_active, err); /* first: later ones are new, not missing */
    for (size_t i = 0; i < plan->roster_count && code == CM_OK; i++) {
        const struct cm_roster *roster = &plan->rosters[i];
        code = apply_classes(&run, roster, roster->kind == CM_ROSTER_CLASSES ? CLASS_WITH_TIMES : CLASS_MADE,
                             err);
        if (code == CM_OK)
            code = apply_students(&run, roster, err);
    }
    if (code == CM_OK)
        code = apply_classes(&run, &plan->oneroster.roster, CLASS_OF_ONEROSTER, err);
    if (code == CM_OK)
        code = apply_students(&run, &plan->oneroster.roster, err);
    return code == CM_OK && write && plan->oneroster.class_count > 0 ? save_map(store, plan, err) : code;
}

void srv_import_plan_finish(struct srv_import_plan *plan)
{
    for (size_t i = 0; i < plan->roster_count; i++)
        cm_roster_finish(&plan->rosters[i]);
    cm_oneroster_finish(&plan->oneroster);
    cm_buf_finish(&plan->class_map.text);
}
