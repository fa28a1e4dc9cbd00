#include "engine/marking.h"

#include "roll/points.h"
#include "roll/receipt.h"
#include "roll/roll.h"
#include "roll/session.h"
#include "store/store_sync.h"

#include <math.h>
#include <stdio.h>
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

static bool is_closed(const struct stn_marking *marking, const struct cm_class *class_, int32_t date,
                      struct cm_err *err)
{
    char label[CM_LABEL_SIZE] = "", text[CM_DATE_ISO_SIZE];
    if (!stn_store_is_closed(marking->store, date, class_->id, label))
        return false;
    cm_fail(err, CM_INVALID, "%s has no session on %s: %s", class_->id, cm_date_iso(date, text),
            label[0] != '\0' ? label : "no school");
    return true;
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
                                       const struct cm_class *class_)
{
    struct cm_roll_rules rules = {
        .class_ = class_, .zone = marking->zone, .points = &cm_points_rules_default};
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
    enum cm_session_state state = cm_session_at(&class_, marking->zone, accept->captured_wall_ms, &session);
    if (state != CM_SESSION_OPEN) {
        char text[CM_SESSION_TEXT_SIZE];
        cm_fail(err, CM_INVALID, "%s",
                cm_session_text(&class_, marking->zone, accept->captured_wall_ms, text));
        return STN_MARKING_NO_SESSION;
    }
    if (is_closed(marking, &class_, session.date, err))
        return STN_MARKING_NO_SESSION;
    struct cm_mark mark = make_mark(marking, &student, accept, session.date, clock_suspect);
    struct cm_roll_entry entry = make_entry(marking, &mark, &class_), stored = entry;
    enum cm_code code = stn_store_append_mark(marking->store, &mark, &entry, &stored, err);
    if (code != CM_OK && code != CM_EXISTS)
        return STN_MARKING_FAILED;
    describe(marking, &student, &stored, accept, ret_marked);
    ret_marked->track_id = track_id;
    return code == CM_OK ? STN_MARKING_MARKED : STN_MARKING_ALREADY;
}
