#include "api/show.h"

#include "roll/points.h"
#include "roll/receipt.h"
#include "roll/roll.h"
#include <math.h>
#include <string.h>

/* ---- words ---- */

const char *srv_show_state(enum srv_session_state state)
{
    static const char *const words[] = {
        [SRV_SESSION_OPEN] = "open", [SRV_SESSION_CLOSED] = "closed", [SRV_SESSION_UNJUDGED] = "unjudged"};
    return words[state];
}

const char *srv_show_review(enum srv_review_state state)
{
    static const char *const words[] = {[SRV_REVIEW_OPEN] = "open",
                                        [SRV_REVIEW_CONFIRMED] = "confirmed",
                                        [SRV_REVIEW_DISMISSED] = "dismissed"};
    return words[state];
}

bool srv_show_status_parse(const char *word, enum cm_roll_status *ret_status)
{
    static const enum cm_roll_status can_be[] = {CM_ROLL_PRESENT, CM_ROLL_LATE, CM_ROLL_EXCUSED,
                                                 CM_ROLL_ABSENT};
    for (size_t i = 0; i < sizeof can_be / sizeof can_be[0]; i++)
        if (strcmp(word, cm_roll_status_name(can_be[i])) == 0) {
            *ret_status = can_be[i];
            return true;
        }
    return false;
}

/* ---- state and status ---- */

enum srv_session_state srv_show_state_at(enum srv_session_state state, const struct cm_session *session,
                                         int64_t now_ms)
{
    return state == SRV_SESSION_OPEN && now_ms >= session->close_wall_ms ? SRV_SESSION_UNJUDGED : state;
}

enum cm_roll_status srv_show_status_at(const struct srv_day *day, const struct cm_session *session,
                                       int64_t now_ms)
{
    if (day->roll.status != CM_ROLL_NONE)
        return day->roll.status;
    switch (srv_show_state_at(day->session, session, now_ms)) {
    case SRV_SESSION_CLOSED:
        return CM_ROLL_ABSENT;
    case SRV_SESSION_UNJUDGED:
        return CM_ROLL_UNJUDGED;
    case SRV_SESSION_OPEN:
        break;
    }
    return CM_ROLL_NONE;
}

/* ---- times and rules ---- */

struct cm_session srv_show_times(struct srv_store *store, const struct cm_zone *zone,
                                 const struct cm_class *class_, int32_t date)
{
    struct srv_school_day day;
    return srv_store_get_school_day(store, class_, date, &day, NULL) == CM_OK
               ? day.day.times
               : cm_session_of(class_, zone, date);
}

void srv_show_rules_of(const struct srv_app *app, const struct cm_class *class_, int32_t date,
                       struct srv_show_rules *ret_rules)
{
    if (srv_store_get_points(app->store, &ret_rules->points, NULL) != CM_OK)
        ret_rules->points = cm_points_rules_default;
    if (srv_store_get_school_day(app->store, class_, date, &ret_rules->day, NULL) != CM_OK)
        ret_rules->day = (struct srv_school_day){.no_session = false};
    ret_rules->rules = (struct cm_roll_rules){
        .class_ = class_,
        .zone = app->zone,
        .points = &ret_rules->points,
        .closure = ret_rules->day.closure.date != 0 ? &ret_rules->day.closure : NULL,
        .no_session = ret_rules->day.no_session,
    };
}

/* ---- how many ---- */

void srv_counts_add(struct srv_counts *counts, enum cm_roll_status status)
{
    int64_t *of[] = {
        [CM_ROLL_NONE] = &counts->none,       [CM_ROLL_PRESENT] = &counts->present,
        [CM_ROLL_LATE] = &counts->late,       [CM_ROLL_EXCUSED] = &counts->excused,
        [CM_ROLL_ABSENT] = &counts->absent,   [CM_ROLL_UNJUDGED] = &counts->unjudged,
        [CM_ROLL_PENDING] = &counts->pending,
    };
    (*of[status])++;
    counts->students++;
}

void srv_counts_sum(struct srv_counts *counts, const struct srv_counts *more)
{
    counts->students += more->students;
    counts->present += more->present;
    counts->late += more->late;
    counts->excused += more->excused;
    counts->absent += more->absent;
    counts->unjudged += more->unjudged;
    counts->pending += more->pending;
    counts->none += more->none;
}

struct srv_counts srv_counts_of(const struct srv_session_info *info, const struct cm_session *session,
                                int64_t now_ms)
{
    struct srv_counts counts = {
        .present = info->present,
        .late = info->late,
        .excused = info->excused,
        .absent = info->absent,
        .unjudged = info->unjudged,
        .pending = info->pending,
    };
    struct srv_day unseen = {.session = info->state};
    counts.students =
        counts.present + counts.late + counts.excused + counts.absent + counts.unjudged + counts.pending;
    for (int32_t i = 0; i < info->none; i++)
        srv_counts_add(&counts, srv_show_status_at(&unseen, session, now_ms));
    return counts;
}

double srv_show_rate(int64_t present, int64_t late, int64_t absent)
{
    int64_t of = present + late + absent;
    return of > 0 ? (double)(present + late) / (double)of : (double)NAN;
}

void srv_counts_out(struct srv_reply *out, const struct srv_counts *counts)
{
    srv_reply_int(out, "students", counts->students);
    srv_reply_int(out, "present", counts->present);
    srv_reply_int(out, "late", counts->late);
    srv_reply_int(out, "excused", counts->excused);
    srv_reply_int(out, "absent", counts->absent);
    srv_reply_int(out, "unjudged", counts->unjudged);
    srv_reply_int(out, "pending", counts->pending);
    srv_reply_int(out, "none", counts->none);
    srv_reply_real(out, "rate", srv_show_rate(counts->present, counts->late, counts->absent), 4);
}

void srv_show_session(struct srv_reply *out, const char *name, const struct srv_app *app,
                      const struct srv_session_info *info, const struct cm_session *session, int64_t now_ms)
{
    srv_reply_begin(out, name);
    srv_reply_text(
        out, "state",
        srv_show_state(info->school ? srv_show_state_at(info->state, session, now_ms) : info->state));
    srv_reply_instant(out, "start", app->zone, session->start_wall_ms);
    srv_reply_instant(out, "late_after", app->zone, session->late_wall_ms);
    srv_reply_instant(out, "close", app->zone, session->close_wall_ms);
    srv_reply_words(out, "closed_by", info->closed_by);
    srv_reply_instant(out, "closed_at", app->zone, info->closed_wall_ms);
    srv_reply_int(out, "able_min", info->able_min);
    srv_reply_int(out, "window_min", info->window_min);
    srv_reply_bool(out, "school", info->school);
    if (info->word.word != 0) {
        srv_reply_begin(out, "word");
        srv_reply_text(out, "word", cm_session_word_name(info->word.word));
        srv_reply_text(out, "by", info->word.by);
        srv_reply_text(out, "reason", info->word.reason);
        srv_reply_instant(out, "at", app->zone, info->word.said_wall_ms);
        srv_reply_end(out);
    } else {
        srv_reply_null(out, "word");
    }
    srv_reply_end(out);
}

void srv_show_silent(struct srv_reply *out, const struct srv_app *app, const char *id,
                     const struct srv_station *station)
{
    srv_reply_begin(out, NULL);
    srv_reply_text(out, "id", id);
    srv_reply_text(out, "name", station != NULL ? station->name : NULL);
    srv_reply_instant(out, "last_event", app->zone, station != NULL ? station->last_event_wall_ms : 0);
    srv_reply_end(out);
}

void srv_show_half_day(struct srv_reply *out, const struct srv_school_day *day)
{
    bool half =
        day->day.kind == CM_DAY_SCHOOL && day->closure.date != 0 && day->closure.kind == CM_CLOSURE_SHORT;
    srv_reply_text(out, "half_day", half ? day->closure.label : NULL);
}

/* ---- what is behind a day ---- */

static bool take_mark(void *arg, const struct srv_feed_item *item)
{
    struct srv_evidence *evidence = arg;
    if (item->event->type != CM_EVENT_MARK)
        return true;
    evidence->has_mark = true;
    evidence->mark = item->event->body.mark;
    memcpy(evidence->mark_id, item->event->id, sizeof evidence->mark_id);
    strncpy(evidence->station_id, item->station_id, sizeof evidence->station_id - 1);
    return true;
}

static bool take_correction(void *arg, const struct srv_feed_item *item)
{
    struct srv_evidence *evidence = arg;
    if (item->event->type != CM_EVENT_CORRECTION)
        return true;
    evidence->has_correction = true;
    evidence->correction = item->event->body.correction;
    return true;
}

enum cm_code srv_show_evidence(struct srv_store *store, const struct cm_roll_entry *roll,
                               struct srv_evidence *ret_evidence, struct cm_err *err)
{
    enum cm_code code = CM_OK;
    ret_evidence->has_mark = ret_evidence->has_correction = false;
    memset(ret_evidence->station_id, 0, sizeof ret_evidence->station_id);
    if (roll->mark_seq > 0)
        code = srv_store_get_feed(store, roll->mark_seq, take_mark, ret_evidence, err);
    if (code == CM_OK && roll->correction_seq > 0)
        code = srv_store_get_feed(store, roll->correction_seq, take_correction, ret_evidence, err);
    return code;
}

void srv_show_evidence_out(struct srv_reply *out, const struct srv_app *app, const struct cm_class *class_,
                           const struct cm_roll_entry *roll, const struct srv_evidence *evidence)
{
    const struct cm_mark *mark = evidence->has_mark ? &evidence->mark : NULL;
    const struct cm_correction *correction = evidence->has_correction ? &evidence->correction : NULL;
    struct srv_show_rules show;
    char points[CM_POINTS_TEXT_SIZE], receipt[CM_RECEIPT_SIZE];
    srv_show_rules_of(app, class_, roll->date, &show);
    srv_reply_instant(out, "captured", app->zone, mark != NULL ? mark->captured_wall_ms : 0);
    srv_reply_text(out, "method", mark != NULL ? cm_method_name(mark->method) : NULL);
    srv_reply_int(out, "points", roll->points);
    srv_reply_text(out, "points_text",
                   mark != NULL || correction != NULL
                       ? cm_roll_points_text(mark, correction, &show.rules, points)
                       : NULL);
    srv_reply_text(out, "receipt", mark != NULL ? cm_receipt(evidence->mark_id, receipt) : NULL);
    srv_reply_text(out, "corrected_by", correction != NULL ? correction->by : NULL);
    srv_reply_text(out, "reason", correction != NULL ? correction->reason : NULL);
}
