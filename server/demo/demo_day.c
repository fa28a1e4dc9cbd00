/* What happens on a school day at one station's doors, and what people write into the roll afterwards. */
#include "demo/demo_private.h"
#include "roll/session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum cm_code append(struct demo *demo, struct demo_station *station, struct demo_day *day,
                           struct cm_event *event, struct cm_err *err)
{
    if (day->count == DEMO_EVENTS_MAX)
        return cm_fail(err, CM_NOMEM, "more than %d events of a station on a day", DEMO_EVENTS_MAX);
    event->version = CM_RECORD_VERSION;
    event->seq = ++station->seq;
    event->mono_us = event->wall_ms * 1000;
    cm_uuid7(&demo->uuids, event->wall_ms, event->id);
    size_t size;
    const enum cm_code code =
        cm_event_encode(event, day->bytes[day->count], sizeof day->bytes[0], &size, err);
    if (code != CM_OK)
        return code;
    uint8_t next[CM_HASH_SIZE];
    cm_chain_next(station->hash, day->bytes[day->count], size, next);
    memcpy(station->hash, next, sizeof next);
    day->events[day->count] = (struct srv_event_bytes){day->bytes[day->count], size};
    day->count++;
    return CM_OK;
}

static enum cm_code mark(struct demo *demo, struct demo_station *station, struct demo_day *day,
                         const struct srv_student *student, int64_t captured_wall_ms, struct cm_err *err)
{
    struct demo_random *random = &demo->random;
    struct cm_event event = {.type = CM_EVENT_MARK, .wall_ms = captured_wall_ms + 180};
    struct cm_mark *mark = &event.body.mark;
    *mark = (struct cm_mark){.date = day->date,
                             .captured_wall_ms = captured_wall_ms,
                             .method = CM_METHOD_FACE,
                             .policy = "strict",
                             .live_reason = "blink and turn",
                             .distance = 0.28F + (float)demo_below(random, 140) / 1000,
                             .margin = 0.08F + (float)demo_below(random, 200) / 1000,
                             .threshold = 0.46F,
                             .blink_ms = 120 + demo_below(random, 160),
                             .first_try = demo_chance(random, 850),
                             .eye_contact = demo_chance(random, 800)};
    memcpy(mark->student_id, student->base.id, sizeof mark->student_id);
    memcpy(mark->class_id, student->base.class_id, sizeof mark->class_id);
    return append(demo, station, day, &event, err);
}

static void excuse(struct demo *demo, struct demo_day *day, const struct srv_student *student,
                   int64_t wall_ms, const char *by)
{
    if (day->own_count == DEMO_EVENTS_MAX)
        return;
    struct cm_event *event = &day->own[day->own_count++];
    *event = (struct cm_event){.version = CM_RECORD_VERSION, .type = CM_EVENT_CORRECTION, .wall_ms = wall_ms};
    cm_uuid7(&demo->uuids, wall_ms, event->id);
    struct cm_correction *correction = &event->body.correction;
    memcpy(correction->student_id, student->base.id, sizeof correction->student_id);
    memcpy(correction->class_id, student->base.class_id, sizeof correction->class_id);
    correction->date = day->date;
    correction->status = CM_ROLL_EXCUSED;
    correction->corrected_wall_ms = wall_ms;
    snprintf(correction->by, sizeof correction->by, "%s", by);
    snprintf(correction->reason, sizeof correction->reason, "fever, note of the parents");
}

/* Whether the student is away today; illness comes in spans. */
static bool away(struct demo_random *random, struct demo_student *student)
{
    if (student->ill_days == 0 && demo_chance(random, student->absent_of_thousand)) {
        student->ill_days = 1 + (demo_chance(random, 250) ? demo_below(random, DEMO_ILL_DAYS_MAX) : 0);
        student->note = demo_chance(random, 450);
    }
    if (student->ill_days == 0)
        return false;
    student->ill_days--;
    return true;
}

static enum cm_code one_class(struct demo *demo, struct demo_station *station, struct demo_day *day,
                              int class_index, struct cm_err *err)
{
    const struct cm_class *class_ = &demo->classes[class_index];
    const struct cm_session session = cm_session_of(class_, demo->options->zone, day->date);
    const int64_t now_ms = demo->options->now_wall_ms;
    const int first = class_index * SRV_DEMO_CLASS_SIZE;
    for (int i = first; i < first + SRV_DEMO_CLASS_SIZE && i < demo->options->students; i++) {
        struct demo_student *student = &demo->students[i];
        const bool is_away = away(&demo->random, student),
                   late = demo_chance(&demo->random, student->late_of_thousand);
        const int64_t from = late ? session.late_wall_ms + 1000 : session.start_wall_ms - 12 * 60000;
        const int64_t at = from + demo_below(&demo->random, late ? 20 * 60 : 20 * 60) * 1000LL;
        if (!is_away && at < now_ms) {
            const enum cm_code code = mark(demo, station, day, &student->record, at, err);
            if (code != CM_OK)
                return code;
        }
        if (is_away && student->note && session.close_wall_ms + 3600000 < now_ms)
            excuse(demo, day, &student->record, session.close_wall_ms + 3600000, class_->coordinator);
    }
    return CM_OK;
}

static enum cm_code odd_things(struct demo *demo, struct demo_station *station, struct demo_day *day,
                               int64_t start_ms, struct cm_err *err)
{
    static const struct {
        enum cm_activity_kind kind;
        int of_thousand;
        const char *reason;
    } things[] = {
        {CM_ACTIVITY_UNKNOWN_FACE, 350, "no match within budget"},
        {CM_ACTIVITY_SPOOF_SUSPECTED, 60, "never blinked when asked three times"},
        {CM_ACTIVITY_CAMERA_COVERED, 50, "covered for 12 s"},
        {CM_ACTIVITY_CAMERA_DARK, 40, "the light was off"},
        {CM_ACTIVITY_LOCKOUT, 30, "five failed tries"},
    };
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++) {
        if (!demo_chance(&demo->random, things[i].of_thousand))
            continue;
        const int64_t at = start_ms + demo_below(&demo->random, 40 * 60) * 1000LL;
        struct cm_event event = {.type = CM_EVENT_ACTIVITY, .wall_ms = at + 5000};
        event.body.activity = (struct cm_activity){
            .kind = things[i].kind, .started_wall_ms = at, .ended_wall_ms = at + 5000, .distance = NAN};
        if (things[i].kind == CM_ACTIVITY_UNKNOWN_FACE)
            event.body.activity.distance = 0.58F + (float)demo_below(&demo->random, 200) / 1000;
        snprintf(event.body.activity.reason, sizeof event.body.activity.reason, "%s", things[i].reason);
        if (event.wall_ms >= demo->options->now_wall_ms)
            continue;
        const enum cm_code code = append(demo, station, day, &event, err);
        if (code != CM_OK)
            return code;
    }
    return CM_OK;
}

static enum cm_code cover(struct demo *demo, struct demo_station *station, struct demo_day *day,
                          const struct cm_session *session, struct cm_err *err)
{
    const bool worked =
        demo_chance(&demo->random, 985); /* now and then the camera is away for most of the session */
    const int64_t wanted_ms = worked ? session->close_wall_ms : session->start_wall_ms + 12 * 60000;
    const int64_t until_ms = wanted_ms < demo->options->now_wall_ms ? wanted_ms : demo->options->now_wall_ms;
    if (until_ms <= session->opens_wall_ms)
        return CM_OK;
    struct cm_event event = {.type = CM_EVENT_COVERAGE, .wall_ms = until_ms + 1000};
    event.body.coverage =
        (struct cm_coverage){.from_wall_ms = session->opens_wall_ms, .to_wall_ms = until_ms, .able = true};
    return append(demo, station, day, &event, err);
}

enum cm_code demo_day_make(struct demo *demo, struct demo_station *station, int32_t date,
                           struct demo_day *ret_day, struct cm_err *err)
{
    ret_day->date = date;
    ret_day->first_seq = station->seq + 1;
    memcpy(ret_day->first_hash, station->hash, sizeof ret_day->first_hash);
    ret_day->count = ret_day->own_count = ret_day->close_count = 0;
    struct cm_session session = {0};
    for (int i = 0; i < station->class_count; i++) {
        const int index = station->first_class + i;
        session = cm_session_of(&demo->classes[index], demo->options->zone, date);
        if (session.opens_wall_ms >= demo->options->now_wall_ms)
            continue;
        const enum cm_code code = one_class(demo, station, ret_day, index, err);
        if (code != CM_OK)
            return code;
        const bool by_hand = demo_chance(&demo->random, 300);
        if (by_hand && session.close_wall_ms + 60000 < demo->options->now_wall_ms)
            ret_day->closed_by[ret_day->close_count++] = demo->classes[index].id;
    }
    if (session.opens_wall_ms >= demo->options->now_wall_ms)
        return CM_OK;
    enum cm_code code = odd_things(demo, station, ret_day, session.start_wall_ms, err);
    if (code == CM_OK)
        code = cover(demo, station, ret_day, &session, err);
    return code;
}
