/* What an event changes: a student's day, a station's coverage, the indexes of activities and of a student's history. */
#include "store/derive_work.h"

#include <stdio.h>
#include <string.h>

static const int64_t hour_ms = 60 * 60 * 1000, day_ms = 24 * 60 * 60 * 1000;

struct subject { /* of a mark or a correction */
    const char *student_id, *class_id;
    int32_t date;
};

/* ---- history ---- */

static enum cm_code put_history(struct srv_tx *tx, const char *student_id, int32_t date, uint64_t feed,
                                const struct srv_place *place, struct cm_err *err)
{
    struct srv_key key = {0};
    uint8_t bytes[SRV_PLACE_SIZE];
    srv_key_text(&key, student_id);
    srv_key_u32(&key, (uint32_t)date);
    srv_key_u64(&key, feed);
    srv_place_put(place, bytes);
    return srv_put(tx, SRV_T_HISTORY, &key, bytes, sizeof bytes, err);
}

/* The day names the events that count; the history those that do not. `other` was pushed out, or never came in. */
static enum cm_code keep_other(struct srv_tx *tx, const struct subject *subject, uint64_t other,
                               uint64_t feed, const struct srv_place *place, struct cm_err *err)
{
    struct srv_place found = *place;
    enum cm_code code = other != feed ? srv_find_feed(tx, other, &found, err) : CM_OK;
    if (code == CM_NOTFOUND)
        return srv_damaged("a day names an event that is not there", err);
    return code == CM_OK ? put_history(tx, subject->student_id, subject->date, other, &found, err) : code;
}

/* ---- days ---- */

static bool counted(const struct srv_slot *slot, enum srv_relation relation, enum cm_roll_status status)
{
    return status != CM_ROLL_NONE || (relation == SRV_MEMBER && slot->day == CM_DAY_SCHOOL);
}

/* The row of one student in a session that is otherwise as it was. */
static enum cm_code change_day(struct srv_tx *tx, struct srv_slot *slot, const char *student_id,
                               enum srv_relation relation, bool changed, struct srv_day_row *row,
                               struct cm_err *err)
{
    enum cm_roll_status before = row->status;
    enum cm_code code = srv_rederive(tx, slot, student_id, relation, changed, row, err);
    if (code != CM_OK || before == row->status)
        return code;
    if (counted(slot, relation, before))
        srv_count_day(&slot->info, before, -1);
    if (counted(slot, relation, row->status))
        srv_count_day(&slot->info, row->status, 1);
    slot->counts = true;
    slot->full =
        slot->full || srv_day_says_nothing(row); /* the session may have no reason left to have a row */
    return CM_OK;
}

/* The session of his own class may count what another class's station saw. */
static enum cm_code change_own_class(struct srv_tx *tx, const char *class_on, const struct subject *subject,
                                     struct cm_err *err)
{
    struct srv_slot *slot;
    struct srv_key key;
    struct srv_day_row row = {0};
    enum cm_code code = srv_slot_of(tx, class_on, subject->date, &slot, err);
    if (code != CM_OK || slot->full)
        return code;
    srv_day_key(class_on, subject->date, subject->student_id, &key);
    code = srv_day_load(tx, &key, &row, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    return change_day(tx, slot, subject->student_id, SRV_MEMBER, false, &row, err);
}

static enum cm_code apply(struct srv_tx *tx, const struct subject *subject, const struct srv_key *key,
                          bool mark, struct srv_day_row *row, struct cm_err *err)
{
    struct srv_slot *slot;
    enum srv_relation relation;
    char class_on[CM_ID_SIZE];
    enum cm_code code =
        srv_relation_of(tx, subject->student_id, subject->class_id, subject->date, &relation, class_on, err);
    if (code == CM_OK)
        code = srv_slot_of(tx, subject->class_id, subject->date, &slot, err);
    if (code != CM_OK)
        return code;
    if (slot->full) { /* looked at as a whole when the write ends, but what was captured before is then forgotten */
        code = srv_day_save(tx, key, row, err);
        if (code == CM_OK && mark && row->status != CM_ROLL_NONE)
            code = srv_dirty_student(tx->store->work, subject->student_id, subject->date, err);
    } else {
        code = change_day(tx, slot, subject->student_id, relation, true, row, err);
    }
    if (code == CM_OK && relation == SRV_LENT && class_on[0] != '\0')
        code = change_own_class(tx, class_on, subject, err);
    return code;
}

static int64_t said_wall_ms(const struct cm_event *event)
{
    return event->type == CM_EVENT_MARK ? event->body.mark.captured_wall_ms
                                        : event->body.correction.corrected_wall_ms;
}

/* A mark is of the day on which it was captured (or the next one to it: a session may pass midnight), and nothing was captured
 * or said a day after it arrived. What is otherwise is kept, and counts for nothing. */
static bool believable(const struct srv_tx *tx, const struct srv_place *place, const struct cm_event *event)
{
    int64_t wall_ms = said_wall_ms(event);
    if (wall_ms > place->received_wall_ms + day_ms)
        return false;
    if (event->type != CM_EVENT_MARK)
        return true;
    int32_t days = cm_date_days_between(cm_zone_date(tx->store->zone, wall_ms), event->body.mark.date);
    return days >= -1 && days <= 1;
}

static enum cm_code derive_subject(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                                   const struct cm_event *event, const struct subject *subject,
                                   struct cm_err *err)
{
    struct srv_key key;
    struct srv_day_row row = {0};
    struct cm_evidence *evidence = &row.evidence;
    bool erased;
    if (subject->student_id[0] == '\0' || subject->class_id[0] == '\0' || !cm_date_valid(subject->date))
        return CM_OK;
    enum cm_code code = srv_erased_is(tx, subject->student_id, feed, event, &erased, err);
    if (code != CM_OK || erased)
        return code;
    if (!believable(tx, place, event))
        return keep_other(tx, subject, feed, feed, place, err);
    srv_day_key(subject->class_id, subject->date, subject->student_id, &key);
    code = srv_day_load(tx, &key, &row, err);
    if (code != CM_OK && code != CM_NOTFOUND)
        return code;
    if (!evidence->has_mark && !evidence->has_correction)
        code = srv_note_seen(tx, subject->student_id, subject->class_id, err);
    else
        code = CM_OK;
    if (code != CM_OK)
        return code;
    bool mark = event->type == CM_EVENT_MARK;
    bool had = mark ? evidence->has_mark : evidence->has_correction;
    uint64_t other = mark ? evidence->mark_number : evidence->correction_number;
    bool counts = mark ? cm_evidence_add_mark(evidence, &event->body.mark, event->id, feed)
                       : cm_evidence_add_correction(evidence, &event->body.correction, event->id, feed);
    if (!counts)
        return keep_other(tx, subject, feed, feed, place, err);
    if (had && (code = keep_other(tx, subject, other, feed, place, err)) != CM_OK)
        return code;
    if (tx->replay)
        return srv_day_save(tx, &key, &row, err);
    return apply(tx, subject, &key, mark, &row, err);
}

/* ---- coverage ---- */

static enum cm_code concern_window(struct srv_tx *tx, const char *class_id, const struct cm_coverage *span,
                                   struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    int32_t last = cm_zone_date(tx->store->zone, span->to_wall_ms);
    enum cm_code code = CM_OK;
    for (int32_t date = cm_date_add(cm_zone_date(tx->store->zone, span->from_wall_ms), -1);
         code == CM_OK && date <= last; date = cm_date_add(date, 1)) {
        struct srv_rules *rules = srv_rules_of(work, class_id);
        if (rules == NULL || !cm_class_meets(&rules->class_, date))
            continue;
        const struct cm_day *day;
        code = srv_rules_day(tx, rules, date, &day, err);
        if (code == CM_OK && span->from_wall_ms < day->times.close_wall_ms &&
            span->to_wall_ms > day->times.start_wall_ms)
            code = srv_derive_session(tx, class_id, date, err);
    }
    return code;
}

static enum cm_code put_pieces(struct srv_tx *tx, const struct srv_place *place,
                               const struct cm_coverage *span, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    for (int64_t from = span->from_wall_ms, to; code == CM_OK && from < span->to_wall_ms; from = to) {
        struct srv_key key = {0};
        uint8_t bytes[9];
        int64_t hour = from / hour_ms;
        to = (hour + 1) * hour_ms < span->to_wall_ms ? (hour + 1) * hour_ms : span->to_wall_ms;
        srv_key_u32(&key, place->log);
        srv_key_u32(&key, (uint32_t)hour);
        srv_key_instant(&key, from);
        srv_key_u64(&key, place->seq);
        srv_put_u64(bytes, (uint64_t)to ^ UINT64_C(1) << 63);
        bytes[8] = span->able;
        code = srv_put(tx, SRV_T_COVERAGE, &key, bytes, sizeof bytes, err);
    }
    return code;
}

/* A station closes a span after minutes; one of more than a day, or in the future, says nothing to rely on. */
static enum cm_code derive_coverage(struct srv_tx *tx, const struct srv_place *place,
                                    const struct cm_coverage *span, struct cm_err *err)
{
    struct srv_work *work = tx->store->work;
    if (span->from_wall_ms < 0 || span->to_wall_ms <= span->from_wall_ms ||
        span->to_wall_ms > place->received_wall_ms + day_ms || span->to_wall_ms - span->from_wall_ms > day_ms)
        return CM_OK;
    enum cm_code code = put_pieces(tx, place, span, err);
    if (code != CM_OK || tx->replay)
        return code;
    code = srv_rules_read(tx, err);
    for (size_t i = 0; i < work->rule_count && code == CM_OK; i++) {
        if (srv_log_serves(work, place->log, work->rules[i].id))
            code = concern_window(tx, work->rules[i].id, span, err);
    }
    return code;
}

/* ---- what people say of sessions ---- */

static enum cm_code derive_word(struct srv_tx *tx, const struct srv_place *place,
                                const struct cm_event *event, struct cm_err *err)
{
    const struct cm_session_said *said = &event->body.session;
    struct cm_word word;
    if (said->class_id[0] == '\0' || !cm_date_valid(said->date) ||
        said->said_wall_ms > place->received_wall_ms + day_ms)
        return CM_OK;
    enum cm_code code = srv_word_load(tx, said->class_id, said->date, &word, err);
    bool before = word.word == CM_WORD_NO_SESSION;
    if (code != CM_OK || !cm_word_add(&word, said, event->id))
        return code;
    code = srv_word_save(tx, said->class_id, said->date, &word, err);
    if (code != CM_OK || tx->replay)
        return code;
    return before == (word.word == CM_WORD_NO_SESSION)
               ? srv_derive_session(tx, said->class_id, said->date, err)
               : srv_derive_closure(tx, said->class_id, said->date, err);
}

/* ---- activities ---- */

/* The reason of a dispute begins with the date that is disputed. */
static int32_t date_of_dispute(const struct srv_tx *tx, const struct cm_activity *activity)
{
    char text[CM_DATE_ISO_SIZE];
    int32_t date;
    snprintf(text, sizeof text, "%.10s", activity->reason);
    if (cm_date_parse(text, &date, NULL) == CM_OK)
        return date;
    return cm_zone_date(tx->store->zone, activity->started_wall_ms);
}

static enum cm_code derive_activity(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                                    const struct cm_event *event, struct cm_err *err)
{
    const struct cm_activity *activity = &event->body.activity;
    struct srv_key key = {0};
    uint8_t bytes[SRV_PLACE_SIZE];
    bool erased;
    srv_key_u64(&key, feed);
    srv_place_put(place, bytes);
    enum cm_code code = srv_put(tx, SRV_T_ACTIVITIES, &key, bytes, sizeof bytes, err);
    if (code != CM_OK || activity->kind != CM_ACTIVITY_DISPUTE || activity->student_id[0] == '\0')
        return code;
    code = srv_erased_is(tx, activity->student_id, feed, event, &erased, err);
    if (code != CM_OK || erased)
        return code;
    return put_history(tx, activity->student_id, date_of_dispute(tx, activity), feed, place, err);
}

enum cm_code srv_derive_event(struct srv_tx *tx, uint64_t feed, const struct srv_place *place,
                              const struct cm_event *event, struct cm_err *err)
{
    const struct cm_mark *mark = &event->body.mark;
    const struct cm_correction *correction = &event->body.correction;
    struct subject subject;
    switch (event->type) {
    case CM_EVENT_MARK:
        subject = (struct subject){mark->student_id, mark->class_id, mark->date};
        return derive_subject(tx, feed, place, event, &subject, err);
    case CM_EVENT_CORRECTION:
        subject = (struct subject){correction->student_id, correction->class_id, correction->date};
        return derive_subject(tx, feed, place, event, &subject, err);
    case CM_EVENT_ACTIVITY:
        return derive_activity(tx, feed, place, event, err);
    case CM_EVENT_COVERAGE:
        return derive_coverage(tx, place, &event->body.coverage, err);
    case CM_EVENT_SESSION:
        return derive_word(tx, place, event, err);
    case CM_EVENT_CONSENT:
        return srv_derive_consent(tx, feed, place, event, err);
    case CM_EVENT_ENROLLED:
    case CM_EVENT_ROSTER:
        break;
    }
    return CM_OK;
}
