#include "live/entry.h"

#include "http_json/json.h"
#include "roll/receipt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item { /* of the feed, copied out of the visit */
    uint64_t feed;
    char station_id[40];
    struct cm_event event;
    bool erased;
};

struct load {
    struct srv_app *app;
    uint64_t after, last;
    struct srv_entry **entries;
    size_t count;
    struct item items[SRV_ENTRIES_MAX];
};

/* What was about somebody who was erased is for nobody any more. */
static bool is_shown(const struct item *item)
{
    enum cm_event_type type = item->event.type;
    return !item->erased &&
           (type == CM_EVENT_MARK || type == CM_EVENT_CORRECTION || type == CM_EVENT_ACTIVITY);
}

static bool copy_item(void *arg, const struct srv_feed_item *item)
{
    struct load *load = arg;
    if (item->feed > load->last || load->count == SRV_ENTRIES_MAX)
        return false;
    struct item *copy = &load->items[load->count++];
    copy->feed = item->feed;
    snprintf(copy->station_id, sizeof copy->station_id, "%s", item->station_id);
    copy->event = *item->event;
    copy->erased = item->erased;
    return true;
}

/* ---- data of each kind ---- */

static json_t *real_or_null(float value)
{
    return isfinite(value) ? json_real(round((double)value * 1e4) / 1e4) : json_null();
}

/* Of someone whom the server does not know only the id is there. */
static const char *student_name(struct srv_store *store, const char *id, char out[static CM_NAME_SIZE])
{
    struct srv_student student;
    bool known = srv_store_get_student(store, id, &student, NULL) == CM_OK;
    snprintf(out, CM_NAME_SIZE, "%s", known ? student.base.name : id);
    return out;
}

static bool take_day(void *arg, const struct srv_day *day)
{
    *(struct cm_roll_entry *)arg = day->roll;
    return false;
}

static json_t *mark_data(const struct load *load, const struct item *item, const struct srv_station *station)
{
    const struct cm_mark *mark = &item->event.body.mark;
    struct cm_roll_entry roll = {.status = CM_ROLL_NONE};
    char name[CM_NAME_SIZE], receipt[CM_RECEIPT_SIZE], date[CM_DATE_ISO_SIZE];
    srv_store_each_day(load->app->store, mark->student_id, mark->date, mark->date, take_day, &roll, NULL);
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:s, s:s, s:o, s:o}", "feed",
                     (json_int_t)item->feed, "station_id", item->station_id, "station", station->name,
                     "student_id", mark->student_id, "name",
                     student_name(load->app->store, mark->student_id, name), "class_id", mark->class_id,
                     "date", cm_date_iso(mark->date, date), "captured",
                     srv_json_instant(load->app->zone, mark->captured_wall_ms), "status",
                     cm_roll_status_name(roll.status), "points", (int)roll.points, "method",
                     cm_method_name(mark->method), "receipt", cm_receipt(item->event.id, receipt), "distance",
                     real_or_null(mark->distance), "margin", real_or_null(mark->margin));
}

static json_t *correction_data(const struct load *load, const struct item *item)
{
    const struct cm_correction *correction = &item->event.body.correction;
    char name[CM_NAME_SIZE], date[CM_DATE_ISO_SIZE];
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "feed", (json_int_t)item->feed, "student_id",
        correction->student_id, "name", student_name(load->app->store, correction->student_id, name),
        "class_id", correction->class_id, "date", cm_date_iso(correction->date, date), "status",
        cm_roll_status_name(correction->status), "by", correction->by, "reason", correction->reason, "at",
        srv_json_instant(load->app->zone, correction->corrected_wall_ms));
}

static json_t *activity_data(const struct load *load, const struct item *item,
                             const struct srv_station *station)
{
    const struct cm_activity *activity = &item->event.body.activity;
    char name[CM_NAME_SIZE];
    json_t *data =
        json_pack("{s:I, s:s, s:s, s:s, s:o, s:s}", "feed", (json_int_t)item->feed, "kind",
                  cm_activity_name(activity->kind), "station_id", station->id, "station", station->name, "at",
                  srv_json_instant(load->app->zone, activity->started_wall_ms), "reason", activity->reason);
    if (data != NULL && activity->student_id[0] != '\0') {
        json_object_set_new(data, "student_id", json_string(activity->student_id));
        json_object_set_new(data, "student",
                            json_string(student_name(load->app->store, activity->student_id, name)));
    }
    return data;
}

/* ---- entries ---- */

static struct srv_chunk *chunk_of(uint64_t feed, const char *event, json_t *data)
{
    char *text = data != NULL ? json_dumps(data, JSON_COMPACT) : NULL, *line = NULL;
    struct srv_chunk *chunk = NULL;
    json_decref(data);
    int size = text != NULL ? asprintf(&line, "id: %llu\nevent: %s\ndata: %s\n\n", (unsigned long long)feed,
                                       event, text)
                            : -1;
    if (size > 0) {
        chunk = srv_chunk_create(line, (size_t)size);
        free(line);
    }
    free(text);
    return chunk;
}

static void concern_student(const struct load *load, const struct item *item, struct srv_entry *entry)
{
    const struct cm_event *event = &item->event;
    struct srv_student student;
    switch (event->type) {
    case CM_EVENT_MARK:
        memcpy(entry->student_id, event->body.mark.student_id, CM_ID_SIZE);
        memcpy(entry->class_id, event->body.mark.class_id, CM_ID_SIZE);
        entry->of_students = true;
        break;
    case CM_EVENT_CORRECTION:
        memcpy(entry->student_id, event->body.correction.student_id, CM_ID_SIZE);
        memcpy(entry->class_id, event->body.correction.class_id, CM_ID_SIZE);
        entry->of_students = true;
        break;
    case CM_EVENT_ACTIVITY:
        memcpy(entry->student_id, event->body.activity.student_id, CM_ID_SIZE);
        if (entry->student_id[0] != '\0' &&
            srv_store_get_student(load->app->store, entry->student_id, &student, NULL) == CM_OK)
            memcpy(entry->class_id, student.base.class_id, CM_ID_SIZE);
        break;
    default:
        break;
    }
}

static struct srv_chunk *render(const struct load *load, const struct item *item,
                                const struct srv_station *station)
{
    switch (item->event.type) {
    case CM_EVENT_MARK:
        return chunk_of(item->feed, "mark", mark_data(load, item, station));
    case CM_EVENT_CORRECTION:
        return chunk_of(item->feed, "correction", correction_data(load, item));
    default:
        return chunk_of(item->feed, "activity", activity_data(load, item, station));
    }
}

static struct srv_entry *make_entry(const struct load *load, const struct item *item)
{
    struct srv_station station = {0};
    bool shown = is_shown(item);
    const char *station_id = srv_feed_station(item->station_id, &item->event);
    bool of_station = shown && station_id[0] != '\0' &&
                      srv_store_get_station(load->app->store, station_id, &station, NULL) == CM_OK;
    struct srv_entry *entry = calloc(1, sizeof *entry + (size_t)station.class_count * CM_ID_SIZE);
    if (entry == NULL)
        return NULL;
    atomic_init(&entry->refs, 1);
    entry->feed = item->feed;
    entry->every_class = of_station && station.class_count == 0;
    entry->class_count = station.class_count;
    memcpy(entry->classes, station.classes, (size_t)station.class_count * CM_ID_SIZE);
    if (!shown)
        return entry;
    concern_student(load, item, entry);
    entry->chunk = render(load, item, &station);
    if (entry->chunk != NULL)
        return entry;
    free(entry);
    return NULL;
}

static enum cm_code load_all(struct srv_store *store, void *arg, struct cm_err *err)
{
    struct load *load = arg;
    load->count = 0;
    if (srv_store_each_feed(store, load->after, copy_item, load, err) != CM_OK)
        return err->code;
    for (size_t i = 0; i < load->count; i++) {
        load->entries[i] = make_entry(load, &load->items[i]);
        if (load->entries[i] != NULL)
            continue;
        while (i > 0)
            srv_entry_unref(load->entries[--i]);
        return cm_fail(err, CM_NOMEM, "out of memory for an event of the feed");
    }
    return CM_OK;
}

enum cm_code srv_entries_load(struct srv_app *app, uint64_t after, uint64_t last,
                              struct srv_entry *ret_entries[static SRV_ENTRIES_MAX], size_t *ret_count,
                              struct cm_err *err)
{
    struct load *load = malloc(sizeof *load); /* 100 kB */
    if (load == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    load->app = app;
    load->after = after;
    load->last = last;
    load->entries = ret_entries;
    enum cm_code code = srv_store_read(app->store, load_all, load, err);
    if (code == CM_OK)
        *ret_count = load->count;
    free(load);
    return code;
}

void srv_entry_ref(struct srv_entry *entry)
{
    atomic_fetch_add(&entry->refs, 1);
}

void srv_entry_unref(struct srv_entry *entry)
{
    if (entry == NULL || atomic_fetch_sub(&entry->refs, 1) != 1)
        return;
    srv_chunk_unref(entry->chunk);
    free(entry);
}

/* ---- who sees it ---- */

static bool coordinator_sees(const struct srv_entry *entry, const struct srv_viewer *viewer)
{
    if (entry->class_id[0] != '\0')
        return srv_viewer_has_class(viewer, entry->class_id);
    if (entry->student_id[0] != '\0') /* of a student who is in no class: erased */
        return false;
    for (int i = 0; i < entry->class_count; i++)
        if (srv_viewer_has_class(viewer, entry->classes[i]))
            return true;
    return entry->every_class;
}

bool srv_entry_seen_by(const struct srv_entry *entry, const struct srv_viewer *viewer)
{
    if (entry->chunk == NULL)
        return false;
    switch (viewer->role) {
    case SRV_ROLE_ADMIN:
        return true;
    case SRV_ROLE_COORDINATOR:
        return coordinator_sees(entry, viewer);
    case SRV_ROLE_STUDENT:
        return entry->of_students && strcmp(entry->student_id, viewer->student_id) == 0;
    default:
        return false;
    }
}
