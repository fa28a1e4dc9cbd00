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

struct stn_claim stn_claim_without_face(enum cm_method method, int64_t captured_wall_ms, bool clock_suspect)
{
    return (struct stn_claim){.method = method,
                              .captured_wall_ms = captured_wall_ms,
                              .clock_suspect = clock_suspect,
                              .accept = {.distance = NAN, .margin = NAN, .threshold = NAN}};
}

static void fill_face(const struct stn_marking *marking, const struct stn_accept *accept,
                      struct cm_mark *mark)
{
    mark->distance = accept->distance;
    mark->margin = isfinite(accept->margin) ? accept->margin : NAN; /* nobody else is enrolled: no margin */
    mark->threshold = accept->threshold;
    mark->blink_ms = accept->blink_ms;
    mark->first_try = accept->first_try;
    mark->eye_contact = accept->eye_contact;
    copy(mark->policy, sizeof mark->policy, stn_policy_name(marking->policy));
    copy(mark->live_reason, sizeof mark->live_reason, stn_live_reason_name(STN_REASON_CLEAN_BLINK));
}

static struct cm_mark make_mark(const struct stn_marking *marking, const struct cm_student *student,
                                const struct stn_claim *claim, int32_t date)
{
    struct cm_mark mark = {
        .date = date,
        .captured_wall_ms = claim->captured_wall_ms,
        .method = claim->method,
        .distance = NAN,
        .margin = NAN,
        .threshold = NAN,
        .clock_suspect = claim->clock_suspect,
    };
    copy(mark.student_id, sizeof mark.student_id, student->id);
    copy(mark.class_id, sizeof mark.class_id, student->class_id);
    if (claim->method == CM_METHOD_FACE)
        fill_face(marking, &claim->accept, &mark);
    if (claim->method == CM_METHOD_MANUAL) {
        copy(mark.by, sizeof mark.by, claim->by);
        copy(mark.reason, sizeof mark.reason, claim->reason != NULL ? claim->reason : "");
    }
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

struct found_mark {
    bool any;
    struct cm_mark mark;
};

static bool take_mark(void *arg, const struct cm_event *event)
{
    struct found_mark *found = arg;
    found->any = event->type == CM_EVENT_MARK;
    if (found->any)
        found->mark = event->body.mark;
    return false;
}

static void describe(const struct stn_marking *marking, const struct cm_student *student,
                     const struct cm_roll_entry *entry, const struct stn_claim *claim,
                     struct stn_ev_marked *marked)
{
    bool face = claim->method == CM_METHOD_FACE;
    *marked = (struct stn_ev_marked){
        .track_id = claim->track_id,
        .status = entry->status,
        .points = entry->points,
        .captured_wall_ms = entry->captured_wall_ms,
        .date = entry->date,
        .method = claim->method,
        .distance = claim->accept.distance,
        .margin = claim->accept.margin,
        .threshold = claim->accept.threshold,
        .blink_ms = claim->accept.blink_ms,
        .seq = entry->mark_seq,
    };
    copy(marked->student_id, sizeof marked->student_id, student->id);
    copy(marked->student_name, sizeof marked->student_name, student->name);
    copy(marked->class_id, sizeof marked->class_id, student->class_id);
    copy(marked->policy, sizeof marked->policy, face ? stn_policy_name(marking->policy) : "");
    if (entry->mark_seq != 0) /* a receipt is a convenience: without one the mark stands */
        stn_store_each_event(marking->store, entry->mark_seq, take_receipt, marked->receipt, NULL);
}

enum stn_marking_outcome stn_marking_mark(const struct stn_marking *marking, const char *student_id,
                                          const struct stn_claim *claim, struct stn_ev_marked *ret_marked,
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
    int32_t today = cm_zone_date(marking->zone, claim->captured_wall_ms);
    if (stn_store_get_calendar(marking->store, cm_date_add(today, -1), &list, &calendar, err) != CM_OK)
        return STN_MARKING_FAILED;
    if (cm_session_at(&class_, &calendar, marking->zone, claim->captured_wall_ms, &session) !=
        CM_SESSION_OPEN) {
        char text[CM_SESSION_TEXT_SIZE];
        cm_fail(err, CM_INVALID, "%s",
                cm_session_text(&class_, &calendar, marking->zone, claim->captured_wall_ms, text));
        free(list);
        return STN_MARKING_NO_SESSION;
    }
    struct cm_mark mark = make_mark(marking, &student, claim, session.date);
    struct cm_roll_entry entry = make_entry(marking, &mark, &class_, &calendar), stored = entry;
    free(list);
    enum cm_code code = stn_store_append_mark(marking->store, &mark, &entry, &stored, err);
    if (code != CM_OK && code != CM_EXISTS)
        return STN_MARKING_FAILED;
    describe_by_roll(marking, &class_, &stored);
    if (code == CM_OK) /* of several doors the first mark counts; the time is that of the mark just made */
        stored.captured_wall_ms = mark.captured_wall_ms;
    describe(marking, &student, &stored, claim, ret_marked);
    return code == CM_OK ? STN_MARKING_MARKED : STN_MARKING_ALREADY;
}

enum cm_code stn_marking_session(const struct stn_marking *marking, const struct cm_class *class_,
                                 int64_t wall_ms, struct cm_session *ret_session, bool *ret_open,
                                 struct cm_err *err)
{
    struct cm_closures calendar;
    struct cm_closure *list = NULL;
    int32_t today = cm_zone_date(marking->zone, wall_ms);
    enum cm_code code = stn_store_get_calendar(marking->store, cm_date_add(today, -1), &list, &calendar, err);
    if (code != CM_OK)
        return code;
    struct cm_session session = cm_session_of(class_, marking->zone, today);
    *ret_open = cm_session_at(class_, &calendar, marking->zone, wall_ms, &session) == CM_SESSION_OPEN;
    *ret_session = session;
    free(list);
    return CM_OK;
}

enum cm_roll_status stn_marking_now(const struct stn_marking *marking, const struct cm_class *class_,
                                    int64_t wall_ms)
{
    struct cm_session session;
    bool open;
    if (stn_marking_session(marking, class_, wall_ms, &session, &open, NULL) != CM_OK || !open)
        return CM_ROLL_NONE;
    return cm_session_status(&session, wall_ms, false);
}

enum cm_code stn_marking_correct(const struct stn_marking *marking, const struct cm_correction *correction,
                                 struct cm_roll_entry *ret_entry, struct cm_err *err)
{
    struct cm_class class_;
    struct cm_roll_entry before = {0};
    struct found_mark found = {0};
    enum cm_code code = stn_store_get_class(marking->store, correction->class_id, &class_, err);
    if (code != CM_OK)
        return code;
    code = stn_store_get_roll(marking->store, correction->date, correction->class_id, correction->student_id,
                              &before, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (before.mark_seq != 0 &&
        stn_store_each_event(marking->store, before.mark_seq, take_mark, &found, err) != CM_OK)
        return err->code;
    struct cm_points_rules points = stn_store_points(marking->store);
    struct cm_roll_rules rules = {.class_ = &class_, .zone = marking->zone, .points = &points};
    struct cm_roll_entry entry = cm_roll_from(found.any ? &found.mark : NULL, correction, &rules);
    entry.mark_seq = before.mark_seq;
    code = stn_store_append_correction(marking->store, correction, &entry, ret_entry, err);
    if (code == CM_OK)
        describe_by_roll(marking, &class_, ret_entry);
    return code;
}

/* ---- sessions ---- */

static enum cm_code check_said(const struct stn_marking *marking, const struct cm_session_said *said,
                               const struct stn_session *session, struct cm_err *err)
{
    char date[CM_DATE_ISO_SIZE];
    cm_date_iso(said->date, date);
    if (said->word == CM_WORD_CLOSED && session->day.kind != CM_DAY_SCHOOL &&
        session->word.word != CM_WORD_NO_SESSION)
        return cm_fail(err, CM_INVALID, "%s has no session on %s: there is nothing to close", said->class_id,
                       date);
    if (said->word == CM_WORD_CLOSED && said->said_wall_ms < session->day.times.start_wall_ms)
        return cm_fail(err, CM_INVALID, "the session of %s on %s has not begun yet", said->class_id, date);
    if (said->word == CM_WORD_REOPENED && session->verdict != CM_VERDICT_CLOSED &&
        session->word.word != CM_WORD_NO_SESSION)
        return cm_fail(err, CM_INVALID, "the roll of %s on %s is not closed", said->class_id, date);
    if (said->date > cm_date_add(cm_zone_date(marking->zone, said->said_wall_ms), 366))
        return cm_fail(err, CM_INVALID, "%s is too far away", date);
    return CM_OK;
}

enum cm_code stn_marking_say(const struct stn_marking *marking, const struct cm_session_said *said,
                             struct stn_session *ret_session, struct cm_err *err)
{
    struct cm_class class_;
    struct stn_session session;
    enum cm_code code = stn_store_get_class(marking->store, said->class_id, &class_, err);
    if (code == CM_OK)
        code = stn_roll_read(marking->store, marking->zone, &class_, said->date, NULL, NULL, &session, err);
    if (code == CM_OK)
        code = check_said(marking, said, &session, err);
    if (code == CM_OK)
        code = stn_store_append_session(marking->store, said, err);
    if (code == CM_OK)
        code =
            stn_roll_read(marking->store, marking->zone, &class_, said->date, NULL, NULL, ret_session, err);
    return code;
}
