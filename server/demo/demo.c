#include "demo/demo_private.h"

#include "crypt/keyfile.h"
#include "roll/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one synced commit: a trial's hundreds of days take as long as their commits. */
enum { STUDENTS_OF_A_WRITE = 500, STATIONS_OF_A_WRITE = 8 };

/* ---- people, classes, stations ---- */

static void make_student(struct demo *demo, int index, int32_t joined)
{
    struct demo_student *student = &demo->students[index];
    struct srv_student *record = &student->record;
    snprintf(record->base.id, sizeof record->base.id, "S%04d", index + 1);
    demo_name(&demo->random, record->base.name, sizeof record->base.name);
    memcpy(record->base.class_id, demo->classes[index / SRV_DEMO_CLASS_SIZE].id,
           sizeof record->base.class_id);
    snprintf(record->roll_number, sizeof record->roll_number, "%d", index % SRV_DEMO_CLASS_SIZE + 1);
    record->joined_date = joined;
    record->created_wall_ms = record->changed_wall_ms = demo->options->now_wall_ms;
    demo_name(&demo->random, record->parent_name, sizeof record->parent_name);
    /* 91 + 00000: no such numbers are given out, so nobody is called by a trial */
    snprintf(record->parent_phone, sizeof record->parent_phone, "+9100000%05d", index);
    record->board_hidden = demo_chance(&demo->random, 40);
    if (demo_chance(&demo->random, 200))
        snprintf(record->nickname, sizeof record->nickname, "%.*s", 6, record->base.name);
    cm_uuid7(&demo->uuids, cm_zone_instant(demo->options->zone, joined, 0), student->consent_id);
    student->absent_of_thousand = 8 + demo_below(&demo->random, 40);
    student->late_of_thousand = demo_chance(&demo->random, 120) ? 250 : 20 + demo_below(&demo->random, 40);
}

static enum cm_code make_station(struct demo *demo, int index, struct cm_err *err)
{
    struct demo_station *station = &demo->stations[index];
    const enum cm_code code = cm_keys_create(&station->keys, err);
    if (code != CM_OK)
        return code;
    station->first_class = index * DEMO_CLASSES_PER_STATION;
    const int left = demo->class_count - station->first_class;
    station->class_count = left < DEMO_CLASSES_PER_STATION ? left : DEMO_CLASSES_PER_STATION;
    struct srv_station *record = &station->record;
    uint8_t id[16];
    cm_uuid7(&demo->uuids, demo->options->now_wall_ms, id);
    cm_uuid_text(id, record->id);
    snprintf(record->name, sizeof record->name, "Door %d", index + 1);
    record->class_count = station->class_count;
    for (int i = 0; i < station->class_count; i++)
        memcpy(record->classes[i], demo->classes[station->first_class + i].id, sizeof record->classes[i]);
    record->paired = true;
    record->created_wall_ms = record->paired_wall_ms = demo->options->now_wall_ms;
    memcpy(record->public_key, cm_keys_public(station->keys), sizeof record->public_key);
    /* a hash of no token: nobody can speak for this station */
    cm_key_random(record->token_hash);
    cm_chain_start(record->public_key, station->hash);
    return CM_OK;
}

/* The first of so many school days that end with `last`. */
static int32_t first_day(const struct demo *demo, int32_t last)
{
    int32_t date = last;
    for (int left = demo->options->days; left > 0;) {
        if (cm_class_meets(&demo->classes[0], date) && --left == 0)
            break;
        date = cm_date_add(date, -1);
    }
    return date;
}

static enum cm_code make(struct demo *demo, int32_t first, struct cm_err *err)
{
    for (int i = 0; i < demo->options->students; i++)
        make_student(demo, i, first);
    for (int i = 0; i < demo->station_count; i++) {
        const enum cm_code code = make_station(demo, i, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

/* ---- into the store ---- */

struct roster_write {
    const struct demo *demo;
    int first, count; /* students; classes and stations go with the first */
};

/* Given by the parent on the first day, before anybody was seen. */
static enum cm_code give_consent(struct srv_store *store, const struct demo *demo,
                                 const struct demo_student *student, struct cm_err *err)
{
    uint64_t feed;
    struct cm_event event = {.version = CM_RECORD_VERSION,
                             .type = CM_EVENT_CONSENT,
                             .wall_ms = cm_zone_instant(demo->options->zone, student->record.joined_date, 0)};
    struct cm_consent *consent = &event.body.consent;
    memcpy(event.id, student->consent_id, sizeof event.id);
    memcpy(consent->student_id, student->record.base.id, sizeof consent->student_id);
    memcpy(consent->given_by, student->record.parent_name, sizeof consent->given_by);
    snprintf(consent->by, sizeof consent->by, "Demo");
    consent->state = CM_CONSENT_GIVEN;
    consent->said_wall_ms = event.wall_ms;
    return srv_store_append_own(store, &event, &feed, err);
}

static enum cm_code write_roster(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct roster_write *write = arg;
    const struct demo *demo = write->demo;
    enum cm_code code = CM_OK;
    for (int i = 0; write->first == 0 && i < demo->class_count && code == CM_OK; i++)
        code = srv_store_put_class(store, &demo->classes[i], err);
    for (int i = 0; write->first == 0 && i < demo->station_count && code == CM_OK; i++)
        code = srv_store_put_station(store, &demo->stations[i].record, err);
    for (int i = write->first; i < write->first + write->count && code == CM_OK; i++)
        if ((code = srv_store_put_student(store, &demo->students[i].record, err)) == CM_OK)
            code = give_consent(store, demo, &demo->students[i], err);
    return code;
}

static enum cm_code write_day(struct srv_store *store, const struct demo *demo,
                              const struct demo_station *station, struct demo_day *day, struct cm_err *err)
{
    if (day->count > 0) {
        struct srv_append appended;
        const enum cm_code code =
            srv_store_append_events(store, station->record.id, day->first_seq, day->first_hash, day->events,
                                    (size_t)day->count, &appended, err);
        if (code != CM_OK)
            return code;
        if (appended.gap || appended.forked)
            return cm_fail(err, CM_CORRUPT, "the demo's events do not fit to one another");
    }
    for (int i = 0; i < day->own_count; i++) {
        uint64_t feed;
        const enum cm_code code = srv_store_append_own(store, &day->own[i], &feed, err);
        if (code != CM_OK)
            return code;
    }
    for (int i = 0; i < day->close_count; i++) {
        for (int c = 0; c < demo->class_count; c++) {
            if (demo->classes[c].id != day->closed_by[i])
                continue;
            const struct cm_session session =
                cm_session_of(&demo->classes[c], demo->options->zone, day->date);
            const enum cm_code code =
                srv_store_close_session(store, demo->classes[c].id, day->date, demo->classes[c].coordinator,
                                        session.close_wall_ms + 60000, err);
            if (code != CM_OK)
                return code;
        }
    }
    return CM_OK;
}

struct days_write { /* one date, stations in a row */
    const struct demo *demo;
    int first, count;
    struct demo_day *days;
};

static enum cm_code write_days(struct srv_store *store, void *arg, struct cm_err *err)
{
    const struct days_write *write = arg;
    enum cm_code code = CM_OK;
    for (int i = 0; i < write->count && code == CM_OK; i++)
        code = write_day(store, write->demo, &write->demo->stations[write->first + i], &write->days[i], err);
    return code;
}

static enum cm_code fill_roster(struct srv_store *store, const struct demo *demo, struct cm_err *err)
{
    for (int first = 0; first < demo->options->students; first += STUDENTS_OF_A_WRITE) {
        const int left = demo->options->students - first;
        struct roster_write write = {demo, first, left < STUDENTS_OF_A_WRITE ? left : STUDENTS_OF_A_WRITE};
        const enum cm_code code = srv_store_write(store, write_roster, &write, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static enum cm_code fill_date(struct srv_store *store, struct demo *demo, int32_t date, struct demo_day *days,
                              struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int first = 0; first < demo->station_count && code == CM_OK; first += STATIONS_OF_A_WRITE) {
        const int left = demo->station_count - first;
        struct days_write write = {demo, first, left < STATIONS_OF_A_WRITE ? left : STATIONS_OF_A_WRITE,
                                   days};
        for (int i = 0; i < write.count && code == CM_OK; i++)
            code = demo_day_make(demo, &demo->stations[first + i], date, &days[i], err);
        if (code == CM_OK)
            code = srv_store_write(store, write_days, &write, err);
    }
    return code;
}

static enum cm_code fill_days(struct srv_store *store, struct demo *demo, int32_t first, int32_t last,
                              srv_store_progress_fn *progress, void *arg, struct cm_err *err)
{
    struct demo_day *days = calloc(STATIONS_OF_A_WRITE, sizeof *days);
    enum cm_code code = days == NULL ? cm_fail(err, CM_NOMEM, "out of memory") : CM_OK;
    uint64_t done = 0;
    for (int32_t date = first; code == CM_OK && date <= last; date = cm_date_add(date, 1)) {
        if (!cm_class_meets(&demo->classes[0], date))
            continue;
        code = fill_date(store, demo, date, days, err);
        if (code == CM_OK && progress != NULL)
            progress(arg, ++done, (uint64_t)demo->options->days);
    }
    free(days);
    return code;
}

static void finish(struct demo *demo)
{
    for (int i = 0; demo->stations != NULL && i < demo->station_count; i++)
        cm_keys_destroy(demo->stations[i].keys);
    free(demo->stations);
    free(demo->students);
    free(demo->classes);
}

enum cm_code srv_demo_fill(struct srv_store *store, const struct srv_demo_options *options,
                           srv_store_progress_fn *progress, void *arg, struct cm_err *err)
{
    size_t students, classes, enrolled;
    enum cm_code code = srv_store_count(store, &students, &classes, &enrolled, err);
    if (code == CM_OK && students > 0)
        return cm_fail(err, CM_EXISTS,
                       "this store has %zu students already: demo data go into an empty one (--data DIR)",
                       students);
    if (code != CM_OK)
        return code;
    struct demo demo = {.options = options, .random = {options->seed}};
    demo.class_count = (options->students + SRV_DEMO_CLASS_SIZE - 1) / SRV_DEMO_CLASS_SIZE;
    demo.station_count = (demo.class_count + DEMO_CLASSES_PER_STATION - 1) / DEMO_CLASSES_PER_STATION;
    demo.classes = calloc((size_t)demo.class_count, sizeof *demo.classes);
    demo.students = calloc((size_t)options->students, sizeof *demo.students);
    demo.stations = calloc((size_t)demo.station_count, sizeof *demo.stations);
    if (demo.classes == NULL || demo.students == NULL || demo.stations == NULL) {
        code = cm_fail(err, CM_NOMEM, "out of memory");
        goto out;
    }
    for (int i = 0; i < demo.class_count; i++)
        demo_class(i, &demo.classes[i]);
    const int32_t last = cm_zone_date(options->zone, options->now_wall_ms);
    const int32_t first = first_day(&demo, last);
    code = make(&demo, first, err);
    if (code == CM_OK)
        code = fill_roster(store, &demo, err);
    if (code == CM_OK)
        code = fill_days(store, &demo, first, last, progress, arg, err);
out:
    finish(&demo);
    return code;
}
