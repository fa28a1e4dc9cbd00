#include "engine/marking.h"

#include "roll/points.h"
#include "roll/receipt.h"
#include "roll/roll.h"
#include "roll/session.h"
#include "store/store_roll.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static struct cm_mark make_mark(const struct stn_marking *marking, const struct cm_student *student,
                                const struct stn_accept *accept, int32_t date, bool clock_suspect)
{
    struct cm_mark mark = {
        .date = date,
        .captured_wall_ms = accept->captured_wall_ms,
        .method = CM_METHOD_FACE,
        .distance = accept->distance,
        .margin = isfinite(accept->margin) ? accept->margin : NAN, /* nobody else is enrolled: no margin */
        .threshold = accept->threshold,
        .blink_ms = accept->blink_ms,
        .first_try = accept->first_try,
        .eye_contact = accept->eye_contact,
        .clock_suspect = clock_suspect,
    };
    copy(mark.student_id, sizeof mark.student_id, student->id);
    copy(mark.class_id, sizeof mark.class_id, student->class_id);
    copy(mark.policy, sizeof mark.policy, stn_policy_name(marking->policy));
    copy(mark.live_reason, sizeof mark.live_reason, stn_live_reason_name(STN_REASON_CLEAN_BLINK));
    return mark;
}

static bool take_receipt(void *arg, const struct cm_event *event)
{
    cm_receipt(event->id, arg);
    return false; /* the first one is the one */
}

struct found_correction {
    bool any;
    struct cm_correction correction;
};

static bool take_correction(void *arg, const struct cm_event *event)
{
    struct found_correction *found = arg;
    found->any = event->type == CM_EVENT_CORRECTION;
    if (found->any)
        found->correction = event->body.correction;
    return false;
}

/* A teacher may have spoken before the student came: then the mark counts for points, and the word stands. */
static struct cm_roll_entry make_entry(const struct stn_marking *marking, const struct cm_mark *mark,
                                       const struct cm_class *class_, const struct cm_closures *calendar)
{
    struct cm_points_rules points = stn_store_points(marking->store);
    struct cm_roll_rules rules = {.class_ = class_,
                                  .zone = marking->zone,
                                  .points = &points,
                                  .closure = cm_closure_of(calendar, class_->id, mark->date)};
    struct cm_roll_entry before = {0};
    struct found_correction found = {0};
    stn_store_get_roll(marking->store, mark->date, mark->class_id, mark->student_id, &before, NULL);
    if (before.correction_seq != 0)
        stn_store_each_event(marking->store, before.correction_seq, take_correction, &found, NULL);
    struct cm_roll_entry entry = cm_roll_from(mark, found.any ? &found.correction : NULL, &rules);
    if (found.any)
        entry.correction_seq = before.correction_seq;
    return entry;
}

/* As the roll has it: with what the server knows besides. */
static void describe_by_roll(const struct stn_marking *marking, const struct cm_class *class_,
                             struct cm_roll_entry *entry)
{
    struct stn_roll_line line;
    if (stn_roll_read_line(marking->store, marking->zone, class_, entry->date, entry->student_id, &line,
                           NULL) != CM_OK)
        return; /* as it was written */
    entry->status = line.status;
    entry->points = line.points;
    if (line.evidence.has_mark)
        entry->captured_wall_ms = line.evidence.captured_wall_ms;
}

static void describe(const struct stn_marking *marking, const struct cm_student *student,
                     const struct cm_roll_entry *entry, const struct stn_accept *accept,
                     struct stn_ev_marked *marked)
{
    *marked = (struct stn_ev_marked){
        .status = entry->status,
        .points = entry->points,
        .captured_wall_ms = entry->captured_wall_ms,
        .date = entry->date,
        .method = CM_METHOD_FACE,
        .distance = accept->distance,
        .margin = accept->margin,
        .threshold = accept->threshold,
        .blink_ms = accept->blink_ms,
        .seq = entry->mark_seq,
    };
    copy(marked->student_id, sizeof marked->student_id, student->id);
    copy(marked->student_name, sizeof marked->student_name, student->name);
    copy(marked->class_id, sizeof marked->class_id, student->class_id);
    copy(marked->policy, sizeof marked->policy, stn_policy_name(marking->policy));
    if (entry->mark_seq != 0) /* a receipt is a convenience: without one the mark stands */
        stn_store_each_event(marking->store, entry->mark_seq, take_receipt, marked->receipt, NULL);
}

enum stn_marking_outcome stn_marking_accept(const struct stn_marking *marking, const char *student_id,
                                            uint32_t track_id, const struct stn_accept *accept,
                                            bool clock_suspect, struct stn_ev_marked *ret_marked,
                                            struct cm_err *err)
{
    struct cm_student student;
    struct cm_class class_;
    if (stn_store_get_student(marking->store, student_id, &student, err) != CM_OK ||
        stn_store_get_class(marking->store, student.class_id, &class_, err) != CM_OK)
        return STN_MARKING_FAILED;
    struct cm_session session;
    struct cm_closures calendar;
    struct cm_closure *list = NULL;
    int32_t today = cm_zone_date(marking->zone, accept->captured_wall_ms);
    if (stn_store_get_calendar(marking->store, cm_date_add(today, -1), &list, &calendar, err) != CM_OK)
        return STN_MARKING_FAILED;
    if (cm_session_at(&class_, &calendar, marking->zone, accept->captured_wall_ms, &session) !=
        CM_SESSION_OPEN) {
        char text[CM_SESSION_TEXT_SIZE];
        cm_fail(err, CM_INVALID, "%s",
                cm_session_text(&class_, &calendar, marking->zone, accept->captured_wall_ms, text));
        free(list);
        return STN_MARKING_NO_SESSION;
    }
    struct cm_mark mark = make_mark(marking, &student, accept, session.date, clock_suspect);
    struct cm_roll_entry entry = make_entry(marking, &mark, &class_, &calendar), stored = entry;
    free(list);
    enum cm_code code = stn_store_append_mark(marking->store, &mark, &entry, &stored, err);
    if (code != CM_OK && code != CM_EXISTS)
        return STN_MARKING_FAILED;
    describe_by_roll(marking, &class_, &stored);
    describe(marking, &student, &stored, accept, ret_marked);
    ret_marked->track_id = track_id;
    return code == CM_OK ? STN_MARKING_MARKED : STN_MARKING_ALREADY;
}
