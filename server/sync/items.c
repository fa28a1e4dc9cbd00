#include "sync/items.h"

#include "crypt/seal.h"
#include "record/codec.h"
#include "store/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cm_item *new_item(struct srv_items *items, enum cm_item_kind kind, const char *id)
{
    struct cm_item *item = &items->changes->items[items->changes->count];
    *item = (struct cm_item){.kind = kind};
    snprintf(item->id, sizeof item->id, "%s", id);
    items->offsets[items->changes->count++] = items->bodies.size;
    return item;
}

static void add_gone(struct srv_items *items, enum cm_item_kind kind, const struct srv_change *change)
{
    if (items->silent && !change->erased)
        return;
    struct cm_item *item = new_item(items, kind, change->id);
    item->gone = true;
    item->erased = change->erased;
    item->at_ms = change->erased_wall_ms;
}

static enum cm_code no_room(struct cm_err *err)
{
    return cm_fail(err, CM_NOMEM, "out of memory for an answer to a station");
}

static enum cm_code add_record(struct srv_items *items, enum cm_item_kind kind, const char *id,
                               enum cm_record_kind record_kind, const void *record, struct cm_err *err)
{
    uint8_t bytes[2048];
    size_t size;
    enum cm_code code = cm_record_encode(record_kind, record, bytes, sizeof bytes, &size, err);
    if (code != CM_OK)
        return code;
    struct cm_item *item = new_item(items, kind, id);
    item->body.size = size;
    return cm_buf_append(&items->bodies, bytes, size) == CM_OK ? CM_OK : no_room(err);
}

static enum cm_code add_message(struct srv_items *items, enum cm_item_kind kind, const char *id,
                                enum cm_message_kind message_kind, const void *message, struct cm_err *err)
{
    struct cm_item *item = new_item(items, kind, id);
    size_t before = items->bodies.size;
    enum cm_code code = cm_message_encode(message_kind, message, &items->bodies, err);
    item->body.size = items->bodies.size - before;
    return code;
}

/* ---- classes, students, templates ---- */

static enum cm_code add_class(struct srv_items *items, const struct srv_change *change, struct cm_err *err)
{
    struct cm_class class_;
    enum cm_code code = srv_store_get_class(items->core->store, change->id, &class_, err);
    if (code == CM_NOTFOUND || (code == CM_OK && !srv_station_serves(&items->station, change->id))) {
        add_gone(items, CM_ITEM_CLASS, change);
        return CM_OK;
    }
    return code == CM_OK ? add_record(items, CM_ITEM_CLASS, change->id, CM_RECORD_CLASS, &class_, err) : code;
}

struct templates {
    size_t count;
    struct cm_template list[CM_SYNC_TEMPLATES_MAX];
};

static bool keep(void *arg, const struct cm_template *template_)
{
    struct templates *templates = arg;
    if (templates->count < CM_SYNC_TEMPLATES_MAX)
        templates->list[templates->count++] = *template_;
    return true;
}

static bool has_student(const struct srv_items *items, const char *id)
{
    for (int i = 0; i < items->changes->count; i++) {
        const struct cm_item *item = &items->changes->items[i];
        if (item->kind == CM_ITEM_STUDENT && !item->gone && strcmp(item->id, id) == 0)
            return true;
    }
    return false;
}

static enum cm_code add_templates(struct srv_items *items, const struct srv_student *student,
                                  struct cm_err *err)
{
    const char *student_id = student->base.id;
    struct templates *templates = calloc(1, sizeof *templates);
    if (templates == NULL)
        return no_room(err);
    enum cm_code code = srv_store_each_template(items->core->store, student_id, keep, templates, err);
    if (code == CM_OK) {
        struct cm_item *item = new_item(items, CM_ITEM_TEMPLATES, student_id);
        size_t before = items->bodies.size;
        item->at_ms = student->unenrolled_wall_ms;
        if (templates->count > 0)
            code = cm_templates_seal(items->box_key, templates->list, templates->count, &items->bodies, err);
        item->body.size = items->bodies.size - before;
    }
    cm_wipe(templates, sizeof *templates);
    free(templates);
    return code;
}

/* CM_NOTFOUND: none whom the station should know. */
static enum cm_code find_student(struct srv_items *items, const char *id, struct srv_student *ret_student,
                                 struct cm_err *err)
{
    enum cm_code code = srv_store_get_student(items->core->store, id, ret_student, err);
    if (code == CM_OK &&
        (ret_student->archived || !srv_station_serves(&items->station, ret_student->base.class_id)))
        return CM_NOTFOUND;
    return code;
}

/* Record and templates always go together: he may come from a class that the station does not serve, or from the archive,
 * long after he was enrolled; and the station knows him when his templates come. */
static enum cm_code add_student(struct srv_items *items, const struct srv_change *change, struct cm_err *err)
{
    struct srv_student student;
    if (change->erased) { /* also if somebody has the id again: his own change comes later */
        add_gone(items, CM_ITEM_STUDENT, change);
        return CM_OK;
    }
    enum cm_code code = find_student(items, change->id, &student, err);
    if (code == CM_NOTFOUND && change->kind == SRV_CHANGE_STUDENT)
        add_gone(items, CM_ITEM_STUDENT, change);
    if (code == CM_NOTFOUND || (code == CM_OK && has_student(items, change->id)))
        return CM_OK;
    if (code == CM_OK)
        code = add_record(items, CM_ITEM_STUDENT, change->id, CM_RECORD_STUDENT, &student.base, err);
    return code == CM_OK ? add_templates(items, &student, err) : code;
}

/* ---- calendar, settings, the station itself ---- */

struct calendar {
    const struct srv_station *station;
    struct cm_calendar message;
};

static bool keep_closure(void *arg, const struct cm_closure *closure)
{
    struct calendar *calendar = arg;
    struct cm_calendar *message = &calendar->message;
    if (closure->class_id[0] != '\0' && !srv_station_serves(calendar->station, closure->class_id))
        return true;
    if (closure->kind == CM_CLOSURE_CLOSED)
        message->closures[message->count++] = *closure;
    else
        message->shorts[message->short_count++] = *closure;
    return message->count < CM_SYNC_CLOSURES_MAX && message->short_count < CM_SYNC_CLOSURES_MAX;
}

static enum cm_code add_calendar(struct srv_items *items, struct cm_err *err)
{
    struct calendar *calendar = calloc(1, sizeof *calendar);
    if (calendar == NULL)
        return no_room(err);
    int32_t today = cm_zone_date(items->core->zone, cm_wall_ms(items->core->clock));
    calendar->station = &items->station;
    enum cm_code code =
        srv_store_each_closure(items->core->store, cm_date_add(today, -CM_SYNC_CALENDAR_BACK_DAYS), 99991231,
                               keep_closure, calendar, err);
    if (code == CM_OK)
        code = add_message(items, CM_ITEM_CALENDAR, "", CM_MESSAGE_CALENDAR, &calendar->message, err);
    free(calendar);
    return code;
}

static enum cm_code read_setting(struct srv_items *items, const char *name, char *out, size_t size,
                                 struct cm_err *err)
{
    char value[SRV_SETTING_SIZE];
    enum cm_code code = srv_store_get_setting(items->core->store, name, value, err);
    if (code == CM_OK)
        snprintf(out, size, "%.*s", (int)size - 1, value);
    return code == CM_NOTFOUND ? CM_OK : code;
}

static enum cm_code add_settings(struct srv_items *items, struct cm_err *err)
{
    struct cm_school school = {.name = ""};
    snprintf(school.timezone, sizeof school.timezone, "%s", cm_zone_name(items->core->zone));
    char percent[8] = "";
    bool required = true;
    enum cm_code code = read_setting(items, SRV_SETTING_SCHOOL_NAME, school.name, sizeof school.name, err);
    if (code == CM_OK)
        code = read_setting(items, SRV_SETTING_POINTS, school.points, sizeof school.points, err);
    if (code == CM_OK)
        code = read_setting(items, SRV_SETTING_COVERAGE_PERCENT, percent, sizeof percent, err);
    school.coverage_percent = (int32_t)strtol(percent, NULL, 10);
    if (school.coverage_percent < 0 || school.coverage_percent > 100)
        school.coverage_percent = 0;
    if (code == CM_OK)
        code = read_setting(items, SRV_SETTING_CONSENT_TEXT, school.consent_text, sizeof school.consent_text,
                            err);
    if (code == CM_OK)
        code = srv_setting_flag(items->core->store, SRV_SETTING_CONSENT_REQUIRED, true, &required, err);
    if (code == CM_OK)
        code =
            srv_setting_flag(items->core->store, SRV_SETTING_CARD_FOR_ALL, false, &school.card_for_all, err);
    school.consent_optional = !required;
    return code == CM_OK ? add_message(items, CM_ITEM_SETTINGS, "", CM_MESSAGE_SCHOOL, &school, err) : code;
}

/* ---- rolls ---- */

struct roll {
    struct cm_roll_news news;
    bool too_many;
};

static bool keep_line(void *arg, const struct srv_day_evidence *day)
{
    struct roll *roll = arg;
    roll->too_many = roll->news.count == CM_SYNC_ROLL_MAX;
    if (roll->too_many)
        return false;
    struct cm_roll_line *line = &roll->news.lines[roll->news.count++];
    memcpy(line->student_id, day->student_id, sizeof line->student_id);
    line->member = day->member;
    line->evidence = day->evidence;
    line->standing = day->standing;
    return true;
}

static enum cm_code fill_roll(struct srv_items *items, const struct srv_change *change, struct roll *roll,
                              struct cm_err *err)
{
    struct srv_session_info info = {.state = SRV_SESSION_OPEN};
    enum cm_code code = CM_OK;
    roll->news.date = change->date;
    if (change->date != 0)
        code = srv_store_get_session_info(items->core->store, change->id, change->date, &info, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    roll->news.verdict = (enum cm_verdict)info.state;
    roll->news.able_min = info.able_min;
    roll->news.word = info.word;
    return srv_store_each_evidence(items->core->store, change->id, change->date, keep_line, roll, err);
}

static enum cm_code add_roll(struct srv_items *items, const struct srv_change *change, struct cm_err *err)
{
    int32_t today = cm_zone_date(items->core->zone, cm_wall_ms(items->core->clock));
    if (!items->rolls || !srv_station_serves(&items->station, change->id) ||
        (change->date != 0 && change->date < cm_date_add(today, -SRV_ROLL_BACK_DAYS)))
        return CM_OK;
    struct roll *roll = calloc(1, sizeof *roll);
    if (roll == NULL)
        return no_room(err);
    enum cm_code code = fill_roll(items, change, roll, err);
    if (code == CM_OK && !roll->too_many)
        code = add_message(items, CM_ITEM_ROLL, change->id, CM_MESSAGE_ROLL, &roll->news, err);
    free(roll);
    return code;
}

/* ---- the station ---- */

static enum cm_code add_station(struct srv_items *items, struct cm_err *err)
{
    struct cm_station_info info = {.revoked = items->station.revoked,
                                   .class_count = items->station.class_count};
    memcpy(info.name, items->station.name, sizeof info.name);
    memcpy(info.classes, items->station.classes, sizeof info.classes);
    return add_message(items, CM_ITEM_STATION, items->station.id, CM_MESSAGE_STATION_INFO, &info, err);
}

enum cm_code srv_items_add(struct srv_items *items, const struct srv_change *change, struct cm_err *err)
{
    switch (change->kind) {
    case SRV_CHANGE_CLASS:
        return add_class(items, change, err);
    case SRV_CHANGE_STUDENT:
    case SRV_CHANGE_TEMPLATES:
        return add_student(items, change, err);
    case SRV_CHANGE_CALENDAR:
        return add_calendar(items, err);
    case SRV_CHANGE_SETTINGS:
        return add_settings(items, err);
    case SRV_CHANGE_ROLL:
        return add_roll(items, change, err);
    case SRV_CHANGE_STATION:
        return strcmp(change->id, items->station.id) == 0 ? add_station(items, err) : CM_OK;
    }
    return CM_OK;
}
